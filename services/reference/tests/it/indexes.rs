//! The address index of each release: it moves with the pointer, is shared while addresses do not
//! change, and is built again from the store when its file is no good.

use std::sync::Arc;

use domain::place::usecases::find;
use domain::place::{Place, Verdict};
use domain::release::Kind;

use crate::support::{Store, small};

async fn place(store: &Store, text: &str) -> Place {
    find(&store.platform, &store.ctx, text)
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test]
async fn a_search_answers_from_the_release_in_force_alone() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let first = store.current().await;
    let before = store.platform.places.loaded(first).unwrap();

    // More dwellings are the same addresses: the index is the same.
    territory.buildings[3].dwellings += 1;
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let second = store.current().await;
    assert!(second > first);
    let same = store.platform.places.loaded(second).unwrap();
    assert!(Arc::ptr_eq(&before, &same));

    territory.buildings[3].street_name = "DES CORMORANS BLEUS".to_owned();
    let building = territory.buildings[3].clone();
    let text = format!(
        "{} rue des cormorans bleus {}",
        building.number, building.commune
    );
    assert_eq!(place(&store, &text).await.verdict, Verdict::None);
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let third = store.platform.places.loaded(store.current().await).unwrap();
    assert!(!Arc::ptr_eq(&before, &third));
    let found = place(&store, &text).await;
    let all = found.candidates.iter().flat_map(|one| &one.buildings);
    let references: Vec<&str> = all.map(|one| one.reference.as_str()).collect();
    assert_eq!(references, [building.reference.as_str()]);
}

#[tokio::test]
async fn a_file_that_is_no_good_is_replaced_from_the_store() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let Some(folder) = store.db.folder() else {
        return;
    };
    let files: Vec<_> = std::fs::read_dir(folder.join("search")).unwrap().collect();
    let [file] = &files[..] else {
        panic!("{files:?}")
    };
    let path = file.as_ref().unwrap().path();
    let whole = std::fs::read(&path).unwrap();
    let release = store.current().await;
    for spoilt in [&b""[..], &whole[..whole.len() / 2], &[7; 64][..]] {
        std::fs::write(&path, spoilt).unwrap();
        let others = domain::place::Indexes::new(Some(folder.join("search")));
        let index = others.of(&store.db, release).await.unwrap();
        assert!(index.addresses() > 0);
        assert_eq!(std::fs::read(&path).unwrap(), whole);
    }
    std::fs::write(folder.join("search/999-1.index"), b"left by another").unwrap();
    store
        .platform
        .places
        .tidy(&store.db, release)
        .await
        .unwrap();
    assert_eq!(std::fs::read_dir(folder.join("search")).unwrap().count(), 1);
}

#[tokio::test]
async fn a_process_that_only_publishes_gives_an_unchanged_index_its_new_name() {
    let Some(store) = Store::open() else { return };
    let mut territory = small();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let Some(folder) = store.db.folder() else {
        return;
    };
    let folder = folder.join("search");
    let first = store.current().await;
    let file = |number: i64| {
        let files = std::fs::read_dir(&folder).unwrap().flatten();
        let mut paths = files.map(|file| file.path());
        let begins = format!("{number}-");
        paths.find(|path| {
            path.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with(&begins)
        })
    };
    let whole = std::fs::read(file(first.0).unwrap()).unwrap();
    for changes_an_address in [false, true] {
        territory.buildings[3].dwellings += 1;
        if changes_an_address {
            territory.buildings[3].street_name = "DES CORMORANS BLEUS".to_owned();
        }
        store
            .publish(Kind::Ipe, &territory.file(Kind::Ipe))
            .await
            .unwrap();
        let release = store.current().await;
        std::fs::remove_file(file(release.0).unwrap()).unwrap();
        let others = domain::place::Indexes::new(Some(folder.clone()));
        others.prepare(&store.db, release).await.unwrap();
        let made = std::fs::read(file(release.0).unwrap()).unwrap();
        assert_eq!(made == whole, !changes_an_address);
        assert_eq!(others.loaded(release).is_some(), changes_an_address);
    }
}
