//! An import that dies anywhere changes nothing that anybody sees, and is made up for by the next.

use domain::release::store as releases;
use domain::release::{Kind, Release};
use reference::usecases::ImportError;

use crate::support::{Store, request, small};

#[tokio::test]
async fn an_import_that_dies_at_any_step_leaves_no_trace_after_the_next() {
    let mut changed = small();
    changed.fibres.remove(0);
    for fibre in changed.fibres.iter_mut().step_by(3) {
        fibre.cable.push_str("-BIS");
    }
    let mut added = changed.fibres[0].clone();
    added.id = "ZZ-NOUVELLE".to_owned();
    changed.fibres.push(added);
    let file = changed.file(Kind::Fibres);

    let Some(straight) = Store::open() else {
        return;
    };
    straight.publish_all(&small()).await;
    straight.publish(Kind::Fibres, &file).await.unwrap();
    let expected = straight.contents().await;

    let Some(store) = Store::open() else { return };
    store.publish_all(&small()).await;
    let (base, before) = (store.current().await, store.contents().await);
    let mut deaths = 0;
    let published = loop {
        let stop = Some(deaths + 1);
        match store
            .import(request(Kind::Fibres, file.as_bytes()), stop)
            .await
        {
            Err(ImportError::Interrupted) if store.current().await == base => {
                let mut seen = store.contents().await;
                // A live row may be seeded early; no lookup finds it before the pointer moves.
                seen.remove("live ZZ-NOUVELLE");
                assert_eq!(seen, before, "after death at step {stop:?}");
                deaths += 1;
            }
            // The last step only tells that the pointer has moved.
            Err(ImportError::Interrupted) => break store.current().await,
            other => panic!("{other:?}"),
        }
    };
    assert!(deaths >= 6, "only {deaths} steps were told");
    assert!(published > base);
    assert_eq!(store.contents().await, expected);
}

#[tokio::test]
async fn an_importer_that_lost_its_place_can_write_nothing_more() {
    let Some(store) = Store::open() else { return };
    let scope = store.scope;
    let claim = |number: i64| {
        store
            .db
            .write_reference(move |tx| releases::claim(tx, &scope, Release(number), &[]))
    };
    assert!(claim(4).await.unwrap());
    assert!(claim(5).await.unwrap());
    assert!(!claim(4).await.unwrap());
    let held = store
        .db
        .write_reference(|tx| {
            Ok((
                releases::is_claimed(tx, Release(4))?,
                releases::is_claimed(tx, Release(5))?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(held, (false, true));
}
