//! Watches: told once, by the three ways, of what a release or an announced day changes; of nothing
//! else; to their operator alone.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use domain::building::{Building, BuildingState};
use domain::event::store::Numbered;
use eligibility::watches::usecases::{NewWatch, watch};
use eligibility::watches::{
    CHANGED_EVENT, MAIL_LINES_MAX, SLICE, WATCHES_MAX, Watch, rules, store,
};
use jiff::civil::date;
use kernel::Millis;
use service_api::JobEnd;
use testkit::territory::Case;

use crate::desk::{CAMILLE, Desk, HIRO, INES, LECTEUR, LINB, ODILE, Page};

const PATH: &str = "/eligibilite/veilles";

fn building_of(desk: &Desk, case: Case) -> String {
    desk.territory.spots(case, HIRO)[0]
        .building
        .reference
        .clone()
}

/// Watches a building as `who`; the path of its watch.
async fn add(desk: &Desk, who: &str, building: &str) -> String {
    let key = format!("{who} {building}");
    let page = desk
        .post(who, PATH, &key, &[("IdentifiantImmeuble", building)])
        .await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    page.location.split('?').next().unwrap().to_owned()
}

/// Gives a building up, or takes it up again.
fn set(buildings: &mut [Building], reference: &str, state: BuildingState) {
    let found = buildings.iter_mut().find(|b| b.reference == reference);
    found.unwrap().state = state;
}

/// The changes told in a feed: number, subject, before and after.
fn told(events: &[Numbered]) -> Vec<(i64, &str, String, String)> {
    let ours = events.iter().filter(|event| event.kind == CHANGED_EVENT);
    ours.map(|event| {
        let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
        let text = |name: &str| payload[name].as_str().unwrap().to_owned();
        (
            event.n,
            event.subject.as_str(),
            text("avant"),
            text("apres"),
        )
    })
    .collect()
}

#[tokio::test]
async fn a_release_that_changes_a_verdict_is_told_once_by_three_ways() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let frozen = building_of(&desk, Case::FrozenBuilding);
    let page = desk
        .post(
            CAMILLE,
            PATH,
            "k",
            &[
                ("IdentifiantImmeuble", &open),
                ("reference", "DOSSIER-7"),
                ("note", "rappeler le syndic"),
            ],
        )
        .await;
    let href = page.location.split('?').next().unwrap().to_owned();
    add(&desk, INES, &open).await;
    add(&desk, CAMILLE, &frozen).await;
    desk.settle().await;
    assert_eq!(
        desk.mails().await.len(),
        0,
        "a watch that begins tells nothing"
    );

    // A release that changes nothing of what is watched.
    desk.release(|all| all.iter_mut().for_each(|b| b.manager = "Syndic".to_owned()))
        .await;
    assert_eq!(desk.settle().await, 2, "both operators are looked at");
    assert_eq!(told(&desk.events(HIRO).await), []);
    assert_eq!(desk.mails().await.len(), 0);

    let number = desk
        .release(|all| set(all, &open, BuildingState::Abandoned))
        .await;
    desk.settle().await;
    let events = desk.events(HIRO).await;
    let before = told(&events)[0].2.clone();
    assert!(before.starts_with("ACCES_FTTH eligible - -"), "{before}");
    let after = told(&events)[0].3.clone();
    assert!(after.starts_with("ACCES_FTTH not_eligible - "), "{after}");
    assert_eq!(
        told(&events),
        [(1, open.as_str(), before.clone(), after.clone())]
    );
    assert!(events[0].payload.contains("DOSSIER-7"));
    assert!(
        events[0]
            .payload
            .contains(&format!("\"version\":{}", number.0))
    );
    let linb = desk.events(LINB).await;
    assert_eq!(told(&linb).len(), 1, "each in its own feed");

    let mails = desk.mails().await;
    let to: BTreeSet<_> = mails.iter().map(|mail| mail.recipient.as_str()).collect();
    let expected = ["camille@essai.example", "ines@essai.example"];
    assert_eq!((mails.len(), to), (2, BTreeSet::from(expected)));
    let mine = mails.iter().find(|m| m.recipient == expected[0]).unwrap();
    assert_eq!(mine.template, "veille_changee");
    assert_eq!(mine.values["lignes"].lines().count(), 1);
    assert!(mine.values["lignes"].contains("DOSSIER-7"));
    assert_eq!(mine.values["version"], number.0.to_string());

    let list = desk.get(LECTEUR, &format!("{PATH}?lecture=non")).await;
    assert!(list.body.contains("Un verdict a changé"), "{}", list.body);
    assert!(list.body.contains(">Non lu<") && list.body.contains("DOSSIER-7"));
    for page in ["/eligibilite", "/eligibilite/lots"] {
        let badge = desk.get(CAMILLE, page).await;
        let counted = badge.body.contains("<b class=\"count\">1");
        assert!(counted, "{page}: {}", badge.body);
    }
    let one = desk.get(CAMILLE, &href).await;
    assert!(one.body.contains("rappeler le syndic"));
    assert!(
        one.body
            .contains(&format!("version {} du référentiel", number.0))
    );

    // Nothing moved: neither the reconcilers nor a job that is asked for again tell more.
    assert_eq!(desk.settle().await, 0);
    assert_eq!(desk.events(HIRO).await.len(), 1);
    assert_eq!(desk.mails().await.len(), 0);

    // A reader may not mark it as read; who may does, once and for the whole operator.
    let denied = desk.post(LECTEUR, &format!("{href}/lire"), "r1", &[]).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
    for _ in 0..2 {
        let read = desk.post(CAMILLE, &format!("{href}/lire"), "r2", &[]).await;
        assert_eq!(read.status, StatusCode::SEE_OTHER);
    }
    let list = desk.get(LECTEUR, &format!("{PATH}?lecture=non")).await;
    assert!(list.body.contains("Aucune veille ne répond"));

    // Taking the release back is a change too, to the verdict of before.
    desk.roll_back(number).await;
    desk.settle().await;
    let events = desk.events(HIRO).await;
    let changes = told(&events);
    assert_eq!(changes[1], (2, open.as_str(), after, before));
    assert_eq!(desk.mails().await.len(), 2);
    let one = desk.get(CAMILLE, &href).await;
    assert_eq!(one.body.matches("data-label=\"Avant\"").count(), 2);
    let all = desk.post(CAMILLE, &format!("{PATH}/lues"), "r3", &[]).await;
    assert_eq!(all.location, format!("{PATH}?fait=veilles-lues"));
    let list = desk.get(CAMILLE, PATH).await;
    assert!(!list.body.contains(">Non lu<"));
}

#[tokio::test]
async fn who_has_left_gets_no_mail_and_the_administrators_are_told_instead() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    add(&desk, CAMILLE, &open).await;
    add(&desk, INES, &open).await;
    desk.settle().await;
    let states = [BuildingState::Abandoned, BuildingState::Deployed];
    let mut states = states.into_iter().cycle();
    let mut to = async |desk: &mut Desk| {
        let state = states.next().unwrap();
        desk.release(|all| set(all, &open, state)).await;
        desk.settle().await;
        let mails = desk.mails().await;
        let mut to: Vec<_> = mails.into_iter().map(|mail| mail.recipient).collect();
        to.sort();
        to
    };
    let (camille, ines) = ("camille@essai.example", "ines@essai.example");
    assert_eq!(to(&mut desk).await, [camille, ines]);
    desk.set_account(CAMILLE, "disabled").await;
    assert_eq!(to(&mut desk).await, [ines, "odile@essai.example"]);
    desk.set_account(ODILE, "disabled").await;
    assert_eq!(to(&mut desk).await, [ines], "nobody is left to be told");
    // The change stays on the portal and in the feed.
    assert_eq!(told(&desk.events(HIRO).await).len(), 3);
    let list = desk.get(LECTEUR, &format!("{PATH}?lecture=non")).await;
    assert!(list.body.contains("Un verdict a changé"), "{}", list.body);
    desk.set_account(CAMILLE, "active").await;
    assert_eq!(to(&mut desk).await, [camille, ines]);
}

#[tokio::test]
async fn the_day_that_a_verdict_announced_is_told_when_it_comes() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let later = building_of(&desk, Case::OpensLater);
    let open = building_of(&desk, Case::Buildable);
    let on = date(2027, 1, 4);
    desk.release(|all| {
        let found = all.iter_mut().find(|b| b.reference == later).unwrap();
        found.orders_from = Some(on);
    })
    .await;
    add(&desk, CAMILLE, &later).await;
    add(&desk, CAMILLE, &open).await;
    desk.settle().await;
    desk.travel_to(on.yesterday().unwrap());
    assert_eq!(desk.settle().await, 0, "no day that was announced has come");
    desk.travel_to(on);
    assert_eq!(desk.settle().await, 1);
    let events = desk.events(HIRO).await;
    let changes = told(&events);
    assert_eq!(changes.len(), 1);
    assert!(
        changes[0]
            .2
            .starts_with("ACCES_FTTH later 2027-01-04 FIMP10")
    );
    assert!(changes[0].3.starts_with("ACCES_FTTH eligible - -"));
    assert_eq!(desk.mails().await.len(), 1);
    desk.travel_to(on.tomorrow().unwrap());
    assert_eq!(desk.settle().await, 0);
    assert_eq!(desk.events(HIRO).await.len(), 1);
}

#[tokio::test]
async fn a_building_that_goes_and_one_that_comes_are_changes() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let mut coming = desk.territory.buildings[0].clone();
    coming.reference = "IMB/53901/X/NEUF".to_owned();
    let gone = add(&desk, CAMILLE, &open).await;
    add(&desk, CAMILLE, &coming.reference).await;
    let address = desk.get(CAMILLE, &gone).await.body;
    let address = address
        .split("<h1>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    desk.release(|all| {
        all.retain(|b| b.reference != open);
        all.push(coming.clone());
    })
    .await;
    desk.settle().await;
    let events = desk.events(HIRO).await;
    let changes = told(&events);
    let of = |reference: &str| changes.iter().find(|c| c.1 == reference).unwrap();
    assert_eq!(of(&open).3, "refused - FADR01");
    assert_eq!(of(&coming.reference).2, "refused - FADR01");
    assert_eq!(changes.len(), 2);
    let mails = desk.mails().await;
    assert_eq!(mails.len(), 1, "one mail for both");
    assert_eq!(mails[0].values["lignes"].lines().count(), 2);
    let page = desk.get(CAMILLE, &gone).await;
    assert!(
        page.body.contains(address),
        "a place that is gone keeps its address"
    );
}

/// Watches many places of one building as Camille.
async fn many(desk: &Desk, building: &str, count: usize) {
    let ctx = desk.person(CAMILLE).await;
    for n in 0..count {
        let escalier = n.to_string();
        let value = |name: &str| match name {
            "IdentifiantImmeuble" => building,
            "Escalier" => escalier.as_str(),
            _ => "",
        };
        // Answered FADR03, but for the house that has no staircase to name: a verdict like another.
        let place = rules::place(value).unwrap();
        let new = NewWatch {
            place,
            reference: String::new(),
            note: String::new(),
        };
        let kept = watch(&desk.platform, &ctx, new, None).await.unwrap();
        kept.into_result().unwrap();
    }
}

#[tokio::test]
async fn a_round_that_is_killed_between_and_within_slices_tells_each_change_once() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let count = usize::try_from(SLICE).unwrap() * 2 + 30;
    many(&desk, &open, count).await;
    desk.settle().await;
    desk.release(|all| all.retain(|b| b.reference != open))
        .await;
    assert_eq!(desk.reconcile().await, 1);
    assert_eq!(desk.reconcile().await, 0, "a round begins once");

    // The first node tests the first slice and dies within the second.
    let [first] = desk.lease("a:1").await.try_into().unwrap();
    assert_eq!(desk.run(&first).await.unwrap(), JobEnd::Done);
    let again = desk.run(&first).await;
    assert!(
        again.is_err(),
        "a job that is done is not done again: {again:?}"
    );
    let [second] = desk.lease("a:2").await.try_into().unwrap();
    assert_eq!(desk.events(HIRO).await.len(), 100);
    assert_eq!(desk.mails().await.len(), 0, "the mail closes the round");
    desk.clock.advance(Millis::MINUTE);
    // Another node takes it up; what the first then still tries is undone.
    let [taken] = desk.lease("b:1").await.try_into().unwrap();
    assert_eq!(taken.id, second.id);
    assert!(desk.run(&second).await.is_err(), "its lease is lost");
    assert_eq!(desk.events(HIRO).await.len(), 100);
    assert_eq!(desk.run(&taken).await.unwrap(), JobEnd::Done);
    desk.settle().await;

    let events = desk.events(HIRO).await;
    let numbers: Vec<i64> = events.iter().map(|event| event.n).collect();
    assert_eq!(
        numbers,
        (1..=i64::try_from(count).unwrap()).collect::<Vec<_>>()
    );
    let watches: BTreeSet<String> = events
        .iter()
        .map(|event| {
            let payload: serde_json::Value = serde_json::from_str(&event.payload).unwrap();
            payload["veille"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(watches.len(), count, "each watch once");
    let [mail] = desk.mails().await.try_into().unwrap();
    assert_eq!(mail.values["lignes"].lines().count(), MAIL_LINES_MAX + 1);
    assert!(mail.values["lignes"].ends_with(&format!("{} autres lieux", count - MAIL_LINES_MAX)));
}

#[tokio::test]
async fn an_operator_that_may_not_test_is_told_nothing_until_it_may_again() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    add(&desk, CAMILLE, &open).await;
    add(&desk, INES, &open).await;
    desk.settle().await;
    desk.end_subscription(HIRO, 0).await;
    desk.release(|all| set(all, &open, BuildingState::Abandoned))
        .await;
    assert_eq!(desk.settle().await, 1, "LINB alone");
    assert_eq!(desk.mails().await.len(), 1);
    desk.end_subscription(HIRO, Millis::DAY).await;
    desk.release(|all| all[0].manager = "Syndic".to_owned())
        .await;
    desk.settle().await;
    assert_eq!(told(&desk.events(HIRO).await).len(), 1);
    assert_eq!(desk.mails().await.len(), 1);
}

#[tokio::test]
async fn a_release_that_moves_while_a_slice_waits_is_what_the_slice_is_tested_with() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    add(&desk, CAMILLE, &open).await;
    desk.settle().await;
    let number = desk
        .release(|all| set(all, &open, BuildingState::Abandoned))
        .await;
    desk.reconcile().await;
    desk.roll_back(number).await;
    desk.settle().await;
    assert_eq!(told(&desk.events(HIRO).await), []);
    assert_eq!(desk.mails().await.len(), 0);
}

#[tokio::test]
async fn the_same_place_is_one_watch_whoever_asks_and_however_often() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let first = add(&desk, CAMILLE, &open).await;
    assert_eq!(
        add(&desk, CAMILLE, &open).await,
        first,
        "the form sent twice"
    );
    let fields = [("IdentifiantImmeuble", open.as_str()), ("note", "autre")];
    let again = desk.post(CAMILLE, PATH, "another key", &fields).await;
    assert!(again.location.starts_with(&first));
    let other = desk
        .post(
            CAMILLE,
            PATH,
            "another key",
            &[("IdentifiantImmeuble", "X")],
        )
        .await;
    assert_eq!(
        other.status,
        StatusCode::CONFLICT,
        "the key of another form"
    );
    let narrowed = [
        ("IdentifiantImmeuble", open.as_str()),
        ("PriseExistante", "N"),
    ];
    let narrowed = desk.post(CAMILLE, PATH, "k3", &narrowed).await;
    assert!(!narrowed.location.starts_with(&first), "another question");
    let theirs = add(&desk, INES, &open).await;
    assert_ne!(theirs, first);
    let csv = desk.get(CAMILLE, &format!("{PATH}?format=csv")).await;
    assert_eq!(csv.body.lines().count(), 3, "{}", csv.body);

    let stop = format!("{first}/arreter");
    for _ in 0..2 {
        let stopped = desk.post(CAMILLE, &stop, "k4", &[]).await;
        assert_eq!(stopped.location, format!("{PATH}?fait=veille-arretee"));
    }
    let gone = desk.get(CAMILLE, &first).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
    assert_eq!(desk.get(INES, &theirs).await.status, StatusCode::OK);
}

/// A page without what is new in each.
fn bare(page: Page, id: &str) -> (StatusCode, String, String) {
    let body = page.body.replace(id, "#");
    (page.status, page.location.replace(id, "#"), body)
}

#[tokio::test]
async fn another_operators_watch_is_absent_in_the_same_bytes() {
    let Some(mut desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let theirs = add(&desk, CAMILLE, &open).await;
    let id = theirs.rsplit('/').next().unwrap().to_owned();
    let absent = format!("vei_{}", "0".repeat(32));
    for action in ["", "/lire", "/arreter"] {
        let path = |id: &str| format!("{PATH}/{id}{action}");
        let (known, unknown) = match action {
            "" => (
                desk.get(INES, &path(&id)).await,
                desk.get(INES, &path(&absent)).await,
            ),
            _ => (
                desk.post(INES, &path(&id), &format!("1{action}"), &[])
                    .await,
                desk.post(INES, &path(&absent), &format!("2{action}"), &[])
                    .await,
            ),
        };
        assert_eq!(known.status, StatusCode::NOT_FOUND);
        assert_eq!(bare(known, &id), bare(unknown, &absent), "{action}");
    }
    let malformed = desk.get(INES, &format!("{PATH}/cmd_1")).await;
    assert_eq!(malformed.status, StatusCode::NOT_FOUND);
    desk.post(INES, &format!("{PATH}/lues"), "k3", &[]).await;
    let csv = desk.get(INES, &format!("{PATH}?format=json")).await;
    assert_eq!(csv.body, "[]");
    // What HIRO watches tells LINB nothing.
    desk.release(|all| set(all, &open, BuildingState::Abandoned))
        .await;
    desk.settle().await;
    assert!(desk.events(LINB).await.is_empty());
    let mails = desk.mails().await;
    assert!(
        mails
            .iter()
            .all(|mail| mail.recipient == "camille@essai.example")
    );
    assert!(
        desk.get(CAMILLE, &theirs)
            .await
            .body
            .contains("Marquer comme lu")
    );
}

/// Fields of a form.
type Fields<'a> = &'a [(&'a str, &'a str)];

#[tokio::test]
async fn what_cannot_be_a_place_is_refused_on_its_field_and_kept_nowhere() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let long = "9".repeat(101);
    let cases: [(Fields<'_>, &str, &str); 6] = [
        (&[], "FIMP15", "IdentifiantImmeuble"),
        (
            &[("IdentifiantImmeuble", &long)],
            "FIMP16",
            "IdentifiantImmeuble",
        ),
        (
            &[("IdentifiantImmeuble", "IMB"), ("Etage", "1\u{0}")],
            "FIMP16",
            "Etage",
        ),
        (
            &[("IdentifiantImmeuble", "IMB"), ("PriseExistante", "X")],
            "FIMP16",
            "PriseExistante",
        ),
        (
            &[("IdentifiantImmeuble", "IMB"), ("note", &long)],
            "3",
            "note",
        ),
        (
            &[("IdentifiantImmeuble", "IMB"), ("reference", "a\nb")],
            "3",
            "reference",
        ),
    ];
    for (fields, code, field) in cases {
        let page = desk
            .post(CAMILLE, PATH, &format!("{fields:?}"), fields)
            .await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert!(
            page.body.contains(&format!("/erreurs/{code}\"")),
            "{code} {field}"
        );
        assert!(
            page.body
                .contains(&format!("<span class=\"sub mono\">{field}</span>"))
        );
    }
    let script = "<script>alert(1)</script>";
    let fields = [
        ("IdentifiantImmeuble", "IMB<b>"),
        ("note", script),
        ("reference", "=1+1"),
    ];
    let kept = desk.post(CAMILLE, PATH, "k", &fields).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER);
    let csv = desk.get(CAMILLE, &format!("{PATH}?format=csv")).await;
    assert_eq!(csv.body.lines().count(), 2);
    assert!(csv.body.contains("'=1+1"));
    // Pages are checked for scripts as they come.
    desk.get(CAMILLE, &kept.location).await;
    for hostile in [
        "apres=vei_1~x",
        "q=%00%27",
        "verdict=x",
        "tri=zut&sens=desc",
        "par=99999",
    ] {
        let page = desk.get(CAMILLE, &format!("{PATH}?{hostile}")).await;
        assert_eq!(page.status, StatusCode::OK, "{hostile}");
    }
    let denied = desk.post(LECTEUR, PATH, "k", &fields).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_operator_watches_a_bounded_number_of_places() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let open = building_of(&desk, Case::Buildable);
    let first = add(&desk, CAMILLE, &open).await;
    let ctx = desk.person(CAMILLE).await;
    let fill = move |tx: &mut dyn storage::Tx| {
        let scope = ctx.operator().unwrap();
        let known = store::list_to_test(tx, scope, ("", ""), 1)?.remove(0);
        let mut ids = ctx.ids();
        for n in 1..WATCHES_MAX {
            let one = Watch {
                id: ids.next(),
                place: format!("IdentifiantImmeuble={n}"),
                ..known.clone()
            };
            assert!(store::insert(tx, scope, &one, None)?);
        }
        Ok(())
    };
    let filled = desk
        .platform
        .db
        .write(storage::Lane::Background, None, fill);
    filled.await.unwrap();
    let beyond = desk
        .post(CAMILLE, PATH, "k", &[("IdentifiantImmeuble", "IMB/0")])
        .await;
    assert_eq!(beyond.status, StatusCode::CONFLICT);
    assert!(beyond.body.contains("/erreurs/EVEI01"));
    // What is watched already is answered as ever, and stopping one makes room.
    let again = desk
        .post(CAMILLE, PATH, "k2", &[("IdentifiantImmeuble", &open)])
        .await;
    assert!(again.location.starts_with(&first));
    desk.post(CAMILLE, &format!("{first}/arreter"), "k3", &[])
        .await;
    add(&desk, CAMILLE, "IMB/0").await;
    add(&desk, INES, "IMB/0").await;
}
