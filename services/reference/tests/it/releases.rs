//! Releases: what they change, taking one back, whom they are told to.

use std::collections::BTreeSet;

use domain::access::{Duty, OperatorScope, system};
use domain::event;
use domain::release::history::store as history;
use domain::release::{Kind, Release, ReleaseState, Table};
use kernel::Millis;
use reference::differences::{Difference, Filter, What, changes_of, page};
use reference::publication::{PUBLISHED, WITHDRAWN};
use reference::store::update_notice;
use storage::{Lane, Tx};

use crate::runs::Desk;
use crate::support::{NOW, small};

/// Two releases: the second renames a street, loses a building and gains one.
async fn two(desk: &Desk) -> (Release, String, String, String) {
    let mut territory = small();
    desk.publish(Kind::Ipe, &territory.file(Kind::Ipe)).await;
    let gone = territory.buildings.remove(5).reference;
    territory.buildings[10].street_name = "DU NOUVEAU NOM".to_owned();
    let renamed = territory.buildings[10].reference.clone();
    let mut new = territory.buildings[10].clone();
    new.reference = "IMB/53901/X/NEUF".to_owned();
    territory.buildings.push(new);
    let number = desk.publish(Kind::Ipe, &territory.file(Kind::Ipe)).await;
    (number, gone, renamed, "IMB/53901/X/NEUF".to_owned())
}

async fn differences(desk: &Desk, number: Release, filter: &Filter) -> Vec<Difference> {
    let changes = changes_of(&desk.store.db, number).await.unwrap();
    let change = changes.into_iter().find(|one| one.table == Table::Building);
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let db = &desk.store.db;
        let found = page(db, number, change.unwrap(), filter, &after, 2)
            .await
            .unwrap();
        all.extend(found.rows);
        match found.next {
            Some(next) => after = next,
            None => return all,
        }
    }
}

#[tokio::test]
async fn a_release_names_exactly_what_it_changes_field_by_field() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let (number, gone, renamed, new) = two(&desk).await;
    let changes = changes_of(&desk.store.db, number).await.unwrap();
    let building = changes
        .iter()
        .find(|one| one.table == Table::Building)
        .unwrap();
    assert_eq!(
        (building.added, building.changed, building.removed),
        (1, 1, 1)
    );

    let all = differences(&desk, number, &Filter::default()).await;
    let seen: BTreeSet<_> = all
        .iter()
        .map(|one| (one.key.clone(), one.what.as_str()))
        .collect();
    let expected = [
        (gone, What::Removed.as_str()),
        (renamed.clone(), What::Changed.as_str()),
        (new, What::Added.as_str()),
    ];
    assert_eq!(seen, BTreeSet::from(expected));
    let changed = all.iter().find(|one| one.key == renamed).unwrap();
    let field = changed
        .fields
        .iter()
        .find(|f| f.field == "street_name")
        .unwrap();
    assert_eq!(field.after, "DU NOUVEAU NOM");
    assert_ne!(field.before, field.after);

    let only = |what, field: &str, key: &str| Filter {
        what,
        field: field.to_owned(),
        key: key.to_owned(),
    };
    let removed = differences(&desk, number, &only(Some(What::Removed), "", "")).await;
    assert_eq!(removed.len(), 1);
    assert_eq!(
        differences(&desk, number, &only(None, "insee", ""))
            .await
            .len(),
        2
    );
    assert_eq!(
        differences(&desk, number, &only(None, "", &renamed))
            .await
            .len(),
        1
    );
    let first = differences(&desk, Release(1), &Filter::default()).await;
    assert_eq!(first.len(), small().buildings.len());
    assert!(first.is_sorted_by(|a, b| a.key < b.key));
}

#[tokio::test]
async fn taking_a_release_back_gives_the_one_before_and_leaves_live_rows_alone() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let territory = small();
    for kind in Kind::DECISIVE {
        desk.publish(*kind, &territory.file(*kind)).await;
    }
    let before = desk.store.contents().await;
    let mut changed = territory.clone();
    changed.fibres.remove(0);
    changed.fibres[3].cable.push_str("-BIS");
    let number = desk
        .publish(Kind::Fibres, &changed.file(Kind::Fibres))
        .await;
    let after = desk.store.contents().await;
    assert_ne!(before, after);

    assert_eq!(desk.roll_back(number, " ").await.unwrap_err().code, "1");
    assert_eq!(
        desk.roll_back(number, "erreur du fichier").await.unwrap(),
        number.0 - 1
    );
    assert_eq!(desk.store.contents().await, before);
    let again = desk.roll_back(number, "encore").await.unwrap_err();
    assert_eq!(again.code, "EIMP06");
    let find = move |tx: &mut dyn Tx| history::by_number(tx, number);
    let past = desk.store.db.get(find).await.unwrap().unwrap();
    assert_eq!(past.info.state, ReleaseState::Withdrawn);
    assert_eq!(
        (past.withdrawn_by.as_str(), past.published_by.as_str()),
        ("alice", "bruno")
    );
    assert_eq!(past.withdrawn_why, "erreur du fichier");
    assert_eq!(past.withdrawn_at, Some(NOW));

    let next = desk
        .publish(Kind::Fibres, &changed.file(Kind::Fibres))
        .await;
    assert!(next > number);
    assert_eq!(desk.store.contents().await, after);
}

/// The feed of an operator: when, what, about which release, what was said.
async fn feed(desk: &Desk, code: &'static str) -> Vec<(Millis, String, String, String)> {
    let sealer = system(&desk.platform, Duty::Sealer, desk.staff.owner()).unwrap();
    let seal = domain::audit::seal::seal_slice;
    while seal(&desk.platform, &sealer, "essai").await.unwrap() {}
    let scope: OperatorScope = desk.scope_of(code).await;
    let list = move |tx: &mut dyn Tx| event::store::list_after(tx, &scope, 0, 100);
    let all = desk.store.db.get(list).await.unwrap();
    let mut all: Vec<_> = all
        .into_iter()
        .map(|e| (e.at, e.kind, e.subject, e.payload))
        .collect();
    // What happens in one instant of a clock that stands still has no order.
    all.sort();
    all
}

#[tokio::test]
async fn every_operator_with_a_contract_is_told_the_same_at_the_same_instant() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let number = desk.publish(Kind::Ipe, &small().file(Kind::Ipe)).await;
    desk.roll_back(number, "essai").await.unwrap();
    let (hiro, linb) = (feed(&desk, "HIRO").await, feed(&desk, "LINB").await);
    assert_eq!(hiro, linb);
    let kinds: Vec<_> = hiro
        .iter()
        .map(|(_, kind, subject, _)| (&**kind, &**subject))
        .collect();
    assert_eq!(kinds, [(PUBLISHED, "1"), (WITHDRAWN, "1")]);
    assert!(hiro.iter().all(|(at, ..)| *at == NOW));
    assert!(feed(&desk, "SANS").await.is_empty());
    let mut mails = desk.mails().await;
    mails.sort();
    let (a, b) = (
        "contact@hiro.example".to_owned(),
        "contact@linb.example".to_owned(),
    );
    assert_eq!(mails, [a.clone(), a, b.clone(), b]);
}

#[tokio::test]
async fn an_operator_that_wants_no_mail_gets_its_event_all_the_same() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let (hiro, linb) = (desk.scope_of("HIRO").await, desk.scope_of("LINB").await);
    let put = move |tx: &mut dyn Tx| {
        update_notice(tx, &hiro, false, "")?;
        update_notice(tx, &linb, true, "reseau@linb.example")
    };
    desk.store
        .db
        .write(Lane::Foreground, None, put)
        .await
        .unwrap();
    desk.publish(Kind::Ipe, &small().file(Kind::Ipe)).await;
    assert_eq!(desk.mails().await, ["reseau@linb.example"]);
    assert_eq!(feed(&desk, "HIRO").await.len(), 1);
}
