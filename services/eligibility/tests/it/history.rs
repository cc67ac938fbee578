//! The history of eligibility tests: what is kept of each, from both doors, for whom and how long.

use axum::http::StatusCode;
use domain::access::Duty;
use domain::order::address_line;
use domain::spool;
use eligibility::history::{Door, End, Entry, KEPT_MS, Listing, PURGE_SLICE, usecases};
use kernel::{Clock, Millis};
use testkit::territory::Case;

use crate::desk::{CAMILLE, Desk, HIRO, INES, LECTEUR, LINB};

const PATH: &str = "/eligibilite/historique";

async fn entries(desk: &Desk, code: &str) -> Vec<Entry> {
    let wanted = Listing {
        to: Millis(i64::MAX),
        limit: 1_000,
        ..Listing::default()
    };
    let ctx = desk.ctx(code).await;
    let found = usecases::list(&desk.platform, &ctx, wanted).await;
    found.unwrap().unwrap()
}

/// A building where HIRO can order, one that opens later, one that is frozen.
fn buildings(desk: &Desk) -> [String; 3] {
    [Case::Buildable, Case::OpensLater, Case::FrozenBuilding].map(|case| {
        desk.territory.spots(case, HIRO)[0]
            .building
            .reference
            .clone()
    })
}

#[tokio::test]
async fn every_answered_test_of_both_doors_leaves_a_row() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let [open, later, frozen] = buildings(&desk);
    let key = |building: &str| [("IdentifiantImmeuble", building.to_owned())];
    for building in [&open, &later, &open] {
        let [(name, value)] = key(building);
        let page = desk.ask(CAMILLE, &[(name, value.as_str())]).await;
        assert_eq!(page.status, StatusCode::OK);
    }
    let json = desk
        .ask(
            LECTEUR,
            &[("IdentifiantImmeuble", &frozen), ("format", "json")],
        )
        .await;
    assert!(json.body.starts_with('{'));
    let found = desk
        .territory
        .buildings
        .iter()
        .find(|b| b.reference == open);
    let typed = address_line(found.unwrap());
    desk.ask(CAMILLE, &[("critere", "texte"), ("q", &typed)])
        .await;
    desk.ask(
        CAMILLE,
        &[("critere", "texte"), ("q", "rue Introuvable de Nulle Part")],
    )
    .await;
    desk.ask(CAMILLE, &[("IdentifiantImmeuble", "IMB/0/ABSENT")])
        .await;
    desk.ask_xml(HIRO, &later).await;
    desk.ask_lot(HIRO, &[&open, "IMB/0/ABSENT", ""]).await;
    // Looking at the form asks nothing.
    desk.get(CAMILLE, "/eligibilite").await;

    let rows = entries(&desk, HIRO).await;
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let led = &row.led;
            (
                row.door,
                led.end,
                led.code.as_str(),
                led.building_ref.as_str(),
            )
        })
        .collect();
    let expected = [
        (Door::Portal, End::Eligible, "", open.as_str()),
        (Door::Portal, End::Later, "FIMP10", &later),
        (Door::Portal, End::Eligible, "", &open),
        (Door::Portal, End::NotEligible, "FIMP11", &frozen),
        (Door::Portal, End::Eligible, "", &open),
        (Door::Portal, End::Refused, "FADR01", ""),
        (Door::Portal, End::Refused, "FADR01", ""),
        (Door::Xml, End::Later, "FIMP10", &later),
        (Door::Xml, End::Eligible, "", &open),
        (Door::Xml, End::Refused, "FADR01", ""),
        (Door::Xml, End::Refused, "FIMP15", ""),
    ];
    assert_eq!(told, expected);
    assert_eq!(rows[4].question.shown, typed);
    assert!(rows[1].led.opens_on.is_some());
    assert_eq!(rows[0].led.release, 1);
    assert_eq!(rows[0].led.extracted_on, Some(crate::desk::TODAY));
    let names: Vec<_> = [0, 3, 7].map(|i| rows[i].asked_name.as_str()).into();
    assert_eq!(
        names,
        [
            "camille Roussel",
            "lecteur Roussel",
            "si (Dominique Lefort)"
        ]
    );
    assert!(entries(&desk, LINB).await.is_empty());
}

#[tokio::test]
async fn a_test_does_not_wait_for_its_trace_and_a_flush_run_again_writes_it_once() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let [open, ..] = buildings(&desk);
    desk.ask_xml(HIRO, &open).await;
    let scope = desk.ctx(HIRO).await.operator().unwrap().clone();
    let count = {
        let scope = scope.clone();
        move |tx: &mut dyn storage::Tx| eligibility::history::store::count_by_end(tx, &scope)
    };
    assert_eq!(desk.platform.db.read(count.clone()).await.unwrap(), []);
    spool::flush(&desk.platform).await.unwrap();
    spool::flush(&desk.platform).await.unwrap();
    let after = desk.platform.db.read(count).await.unwrap();
    assert_eq!(after, [(End::Eligible, 1)]);
    // A unit whose outcome was not known is run again: the row is there once.
    let [row] = entries(&desk, HIRO).await.try_into().unwrap();
    let again =
        move |tx: &mut dyn storage::Tx| eligibility::history::store::insert(tx, &scope, &row);
    let written = desk
        .platform
        .db
        .write(storage::Lane::Background, None, again);
    written.await.unwrap();
    assert_eq!(entries(&desk, HIRO).await.len(), 1);
}

#[tokio::test]
async fn the_page_filters_sorts_pages_and_exports_what_its_address_says() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let [open, later, frozen] = buildings(&desk);
    let empty = desk.get(CAMILLE, PATH).await;
    assert!(empty.body.contains("pas encore testé"), "{}", empty.body);
    for building in [&open, &later, &frozen] {
        desk.ask(CAMILLE, &[("IdentifiantImmeuble", building)])
            .await;
        desk.ask_xml(HIRO, building).await;
    }
    let lines = async |query: &str| {
        let page = desk
            .get(CAMILLE, &format!("{PATH}?format=csv{query}"))
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page.body
            .lines()
            .skip(1)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(lines("").await.len(), 6);
    assert_eq!(lines("&porte=xml").await.len(), 3);
    assert_eq!(lines("&verdict=later").await.len(), 2);
    assert_eq!(lines("&code=fimp11").await.len(), 2);
    assert_eq!(lines("&qui=cpt_camille").await.len(), 3);
    assert_eq!(lines("&du=2026-11-23&au=2026-11-23").await.len(), 6);
    assert_eq!(lines("&au=2026-11-22").await.len(), 0);
    let part = serde_urlencoded::to_string([("q", open.to_lowercase())]).unwrap();
    assert_eq!(lines(&format!("&{part}")).await.len(), 2);
    assert_eq!(lines("&q=DOMINIQUE").await.len(), 3);
    let sorted = lines("&tri=verdict").await;
    let verdicts: Vec<_> = sorted
        .iter()
        .map(|l| l.split(';').nth(9).unwrap())
        .collect();
    assert_eq!(
        verdicts,
        [
            "Éligible",
            "Éligible",
            "Plus tard",
            "Plus tard",
            "Non éligible",
            "Non éligible"
        ]
    );

    // Page by page, everything once.
    let mut path = format!("{PATH}?par=4");
    let mut seen = 0;
    loop {
        let page = desk.get(LECTEUR, &path).await;
        seen += page.body.matches("<td><a href=\"/eligibilite?").count();
        let Some((_, rest)) = page.body.split_once("rel=\"next\" href=\"") else {
            break;
        };
        path = rest.split('"').next().unwrap().replace("&#38;", "&");
    }
    assert_eq!(seen, 6);

    // A full page stays within its bytes.
    desk.ask_lot(HIRO, &[later.as_str(); 60]).await;
    desk.get(CAMILLE, PATH).await;
    let page = desk.get(CAMILLE, &format!("{PATH}?porte=portal")).await;
    let again = serde_urlencoded::to_string([("IdentifiantImmeuble", &open)]).unwrap();
    assert!(page.body.contains(&format!("/eligibilite?{again}")));
    for (format, start) in [("xlsx", "PK"), ("json", "[")] {
        let file = desk.get(CAMILLE, &format!("{PATH}?format={format}")).await;
        assert!(file.body.starts_with(start));
        let name = format!("historique-eligibilites.{format}");
        assert!(file.attached.contains(&name), "{}", file.attached);
    }
    let theirs = desk.get(INES, PATH).await;
    assert!(!theirs.body.contains(&open) && !theirs.body.contains("camille"));
    let theirs = desk
        .get(INES, &format!("{PATH}?format=json&qui=cpt_camille"))
        .await;
    assert_eq!(theirs.body, "[]");
}

#[tokio::test]
async fn whatever_is_typed_is_kept_bounded_and_shown_as_text() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let long = "é".repeat(400);
    let typed = [
        "<script>alert(1)</script>",
        "=1+1",
        "a\u{0}b\u{202e}",
        "' or 1=1 --",
        &long,
    ];
    for text in typed {
        desk.ask(CAMILLE, &[("critere", "texte"), ("q", text)])
            .await;
        desk.ask(
            CAMILLE,
            &[("Batiment", text), ("IdentifiantImmeuble", "IMB/0")],
        )
        .await;
    }
    let rows = entries(&desk, HIRO).await;
    assert_eq!(rows.len(), 2 * typed.len());
    let bounded = |row: &Entry| row.question.shown.chars().count() <= 300;
    assert!(rows.iter().all(bounded));
    // The page is checked for scripts as it comes.
    let page = desk.get(CAMILLE, PATH).await;
    assert_eq!(page.status, StatusCode::OK);
    let csv = desk.get(CAMILLE, &format!("{PATH}?format=csv")).await;
    assert!(csv.body.contains("'=1+1"));
    for hostile in [
        "apres=elg_1~x",
        "apres=%00",
        "q=%00%27",
        "tri=x&sens=desc",
        "du=zut",
        "qui=%27",
    ] {
        let page = desk.get(CAMILLE, &format!("{PATH}?{hostile}")).await;
        assert_eq!(page.status, StatusCode::OK, "{hostile}");
    }
}

#[tokio::test]
async fn rows_are_forgotten_after_twelve_months_of_real_time_in_slices() {
    let Some(desk) = Desk::open().await else {
        return;
    };
    let [open, ..] = buildings(&desk);
    let refs = vec![open.as_str(); 100];
    for _ in 0..6 {
        desk.ask_lot(HIRO, &refs).await;
    }
    // Business time that runs ahead makes nothing older.
    desk.clock.set_offset_ms(2 * KEPT_MS);
    desk.ask_xml(LINB, &open).await;
    spool::flush(&desk.platform).await.unwrap();
    let purge = async || {
        let ctx = desk.duty(Duty::Upkeep);
        usecases::purge(desk.platform.clone(), ctx).await.unwrap()
    };
    assert_eq!(purge().await, 0);
    desk.clock.advance(KEPT_MS + Millis::DAY);
    desk.ask_xml(LINB, &open).await;
    spool::flush(&desk.platform).await.unwrap();
    assert_eq!(purge().await, usize::try_from(PURGE_SLICE).unwrap());
    assert_eq!(purge().await, 101);
    assert_eq!(purge().await, 0);
    assert_eq!(entries(&desk, HIRO).await.len(), 0);
    assert_eq!(entries(&desk, LINB).await.len(), 1);
}
