//! What the OI's network data does to live orders: what a release would take away.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::{Ctx, StaffScope, authenticate_local};
use domain::line::LineState;
use domain::order::PlaceOrder;
use domain::release::history::store as history;
use domain::release::{Kind, Release};
use domain::upload::{Purpose, Receiver};
use epissure::releases::{Told, diff};
use reference::effect::{self, Effect, Filter, Part, Sum, Touched};
use reference::runs::store as runs;
use reference::runs::usecases::{Submission, submit};
use storage::Tx;
use testkit::territory::{Case, Spot, Territory};

use crate::house::{HIRO, House, LINB, TODAY, house, order_at};

const REFERENCE: &str = "ReferenceCommandePriseInterneOC";

async fn ctx(house: &House) -> Arc<Ctx> {
    let ctx = authenticate_local(&house.platform, "alice", "essai").await;
    Arc::new(ctx.unwrap())
}

/// Imports a file; the release it made waits.
async fn imported(house: &House, kind: Kind, text: &str) -> Release {
    let (platform, ctx) = (&house.platform, ctx(house).await);
    let name = format!("{}.csv", kind.as_str());
    let mut receiver = Receiver::begin(platform, &ctx, Purpose::Reference, &name).unwrap();
    receiver.push(text.as_bytes()).await.unwrap();
    let new = Submission {
        kind,
        file_name: name,
        uploads: vec![receiver.finish().await.unwrap()],
        extracted_on: Some(TODAY),
        dry_run: false,
        approve: false,
    };
    let id = submit(platform, &ctx, new, None).await.unwrap();
    let id = id.into_result().unwrap().to_string();
    house.run_jobs().await;
    let find = move |tx: &mut dyn Tx| runs::by_id(tx, &id);
    let run = platform.db.get(find).await.unwrap().unwrap();
    run.release.unwrap_or_else(|| panic!("{run:?}"))
}

async fn effect_of(house: &House, number: Release) -> Effect {
    let find = move |tx: &mut dyn Tx| history::by_number(tx, number);
    let past = house.platform.db.get(find).await.unwrap().unwrap();
    let staff = ctx(house).await.staff().unwrap().clone();
    Effect::of(&house.platform.db, staff, &past.info)
        .await
        .unwrap()
}

/// All that a release touches, by pages of two.
async fn all(house: &House, effect: &Effect, filter: &Filter) -> Vec<Touched> {
    let mut rows: Vec<Touched> = Vec::new();
    loop {
        let after = rows.last().map(|one| one.place.clone());
        let page = effect.page(&house.platform.db, filter, after.as_ref(), 2);
        let page = page.await.unwrap();
        let last = page.len() < 2;
        rows.extend(page);
        if last {
            return rows;
        }
    }
}

/// Part, operator, reference of the order or else PTO, and what goes.
fn told(rows: &[Touched]) -> BTreeSet<(&str, &str, &str, &str)> {
    rows.iter()
        .map(|one| {
            let name = match one.reference.as_str() {
                "" => one.pto_ref.as_str(),
                reference => reference,
            };
            let cause = reference::labels::cause(one);
            (one.part.as_str(), one.operator.as_str(), name, cause)
        })
        .collect()
}

async fn report(house: &House, reference: &str, fields: &[(&str, &str)]) {
    let mut sent = vec![(REFERENCE, reference)];
    sent.extend(fields);
    let answer = house.fci(HIRO, "deposerCrStoc", &sent).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    house.run_jobs().await;
}

async fn in_service(house: &House, code: &str, reference: &str) {
    let fields = [(REFERENCE, reference), ("DateMiseEnService", "20261123")];
    let answer = house.fci(code, "deposerCrMes", &fields).await;
    assert_eq!(answer.text("Etat"), "MES", "{}", answer.body);
}

const CONNECTED: [(&str, &str); 2] = [
    ("CrRaccordementPrise", "OK"),
    ("DateRaccordementPrise", "20261123"),
];
const FAILED: [(&str, &str); 2] = [
    ("CrRaccordementPrise", "KO"),
    ("MotifKoCrRaccordementPrise", "FCLI01"),
];

/// Orders in every state an order can rest at, each at a building of its own.
struct Stock {
    /// Buildings of orders, the last of which is to stay.
    buildings: Vec<String>,
}

/// The first place of each building that shows `case`.
fn one_each(spots: Vec<Spot<'_>>, taken: &mut BTreeSet<String>) -> Vec<PlaceOrder> {
    let fresh = spots.into_iter().filter(|spot| {
        let empty = spot.dwelling.is_some();
        empty && taken.insert(spot.building.reference.clone())
    });
    fresh.map(|spot| order_at(&spot, "?")).collect()
}

fn building_of(order: &PlaceOrder) -> String {
    order.get("IdentifiantImmeuble").to_owned()
}

async fn place(house: &House, code: &str, order: &PlaceOrder, reference: &str) {
    let order = order.clone().with(REFERENCE, reference);
    let answer = house.place(code, &order).await;
    assert_eq!(answer.text("EtatArCommandePrise"), "OK", "{}", answer.body);
    house.run_jobs().await;
}

async fn stock(house: &House) -> Stock {
    let mut taken = BTreeSet::new();
    let linb = house.territory.spots(Case::FreePto, LINB);
    let existing = one_each(linb, &mut taken).swap_remove(0);
    let later = one_each(house.spots(Case::ReportedLater), &mut taken).swap_remove(0);
    let to_build = one_each(house.spots(Case::Buildable), &mut taken);
    let names = ["STOC", "KO", "MAD", "MES", "ANNULEE", "OI", "RESTE"];
    let mut buildings = vec![building_of(&existing), building_of(&later)];
    place(house, LINB, &existing, "L-MES").await;
    in_service(house, LINB, "L-MES").await;
    place(house, HIRO, &later, "AR").await;
    for (name, order) in names.iter().zip(&to_build) {
        let order = match *name {
            "OI" => order.clone().with("TypeRacco", "OI"),
            _ => order.clone(),
        };
        place(house, HIRO, &order, name).await;
        buildings.push(building_of(&order));
    }
    report(house, "KO", &FAILED).await;
    for name in ["MAD", "MES"] {
        report(house, name, &CONNECTED).await;
    }
    in_service(house, HIRO, "MES").await;
    let cancelled = [(REFERENCE, "ANNULEE")];
    house.fci(HIRO, "annulerCommande", &cancelled).await;
    for (name, state) in [
        ("AR", "AR_OK"),
        ("STOC", "STOC_EMISE"),
        ("KO", "RACCO_KO"),
        ("MAD", "MAD"),
        ("MES", "MES"),
        ("ANNULEE", "ANNULEE"),
        ("OI", "RACCO_OI_PLANIFIE"),
        ("RESTE", "STOC_EMISE"),
    ] {
        assert_eq!(house.state(HIRO, name).await, state);
    }
    house.mails().await;
    Stock { buildings }
}

/// Lines that the referential has in service in these buildings: holder, PTO.
fn held(territory: &Territory, buildings: &[String]) -> BTreeSet<(String, String)> {
    let here = |pto: &str| {
        let mut dwellings = territory.dwellings.iter();
        dwellings.any(|d| d.pto_ref == pto && buildings.contains(&d.building_ref))
    };
    let ptos = territory.ptos.iter();
    ptos.filter(|pto| pto.state == LineState::InService && here(&pto.reference))
        .map(|pto| (pto.oc_code.clone(), pto.reference.clone()))
        .collect()
}

#[tokio::test]
async fn a_release_tells_every_order_and_line_in_service_it_would_take_away() {
    let house = house!();
    let Stock { mut buildings } = stock(&house).await;
    buildings.pop();
    let flats = house.spot(Case::HeldByAnother).building.reference.clone();
    buildings.push(flats);
    let mut after = Territory::clone(&house.territory);
    after
        .buildings
        .retain(|b| !buildings.contains(&b.reference));
    let number = imported(&house, Kind::Ipe, &after.file(Kind::Ipe)).await;

    let effect = effect_of(&house, number).await;
    let rows = all(&house, &effect, &Filter::default()).await;
    let mut expected = BTreeSet::new();
    for name in ["AR", "STOC", "KO", "MAD", "OI"] {
        expected.insert(("en_cours", HIRO, name, "Immeuble"));
    }
    expected.insert(("en_service", HIRO, "MES", "Immeuble"));
    expected.insert(("en_service", LINB, "L-MES", "Immeuble"));
    let held = held(&house.territory, &buildings);
    assert!(!held.is_empty(), "lines that only the referential knows");
    for (code, pto_ref) in &held {
        expected.insert(("en_service", code, pto_ref, "Immeuble"));
    }
    assert_eq!(told(&rows), expected);
    assert_eq!(rows.len(), expected.len(), "each once");
    let sum = effect.sum(&house.platform.db).await.unwrap();
    let operators: BTreeSet<_> = expected.iter().map(|(_, code, ..)| *code).collect();
    let counted = Sum {
        under_way: 5,
        in_service: 2 + held.len(),
        operators: operators.len(),
        more: false,
    };
    assert_eq!(sum, counted);

    let of = |part, operator: &str| Filter {
        part,
        operator: operator.to_owned(),
    };
    for part in Part::ALL {
        for code in [HIRO, LINB, "", "PERSONNE"] {
            let some = all(&house, &effect, &of(Some(part), code)).await;
            let wanted = expected
                .iter()
                .filter(|(p, c, ..)| *p == part.as_str() && (code.is_empty() || *c == code))
                .copied()
                .collect();
            assert_eq!(told(&some), wanted, "{part:?} {code}");
        }
    }
    along_the_lines(&house, number, &rows).await;
    doors(&house, number, &rows, &counted).await;
    house.close().await;
}

/// The lines are the same when they are walked, as for a release that takes very much away.
async fn along_the_lines(house: &House, number: Release, rows: &[Touched]) {
    let staff = ctx(house).await.staff().unwrap().clone();
    let base = Release(number.0 - 1);
    let walk = move |tx: &mut dyn Tx| walked(tx, &staff, (number, base));
    let found = house.platform.db.read(walk).await.unwrap();
    let lines = rows.iter().filter(|one| one.part == Part::InService);
    assert_eq!(found, lines.cloned().collect::<Vec<_>>());
}

fn walked(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    numbers: (Release, Release),
) -> Result<Vec<Touched>, storage::Error> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    while let Some(end) = effect::store::line_slice_end(tx, staff, &after)? {
        let slice = (after.as_str(), end.as_str());
        let found = effect::store::list_lines_of_slice(tx, staff, numbers, "", slice)?;
        rows.extend(found);
        after = end;
    }
    Ok(rows)
}

/// The page of the import, the list, its files and the command line say the same.
async fn doors(house: &House, number: Release, rows: &[Touched], sum: &Sum) {
    let mut browser = house.sign_in("administrateur", "F2V").await;
    let sentence = reference::labels::effect(sum);
    assert!(
        sentence.starts_with("5 commandes en cours et "),
        "{sentence}"
    );
    let list = format!("/oi/versions/{}/commandes", number.0);
    let page = browser.get(&format!("{list}?par=2")).await;
    assert!(page.body.contains(&sentence), "{}", page.body);
    let next = page.link(&format!("{list}?par=2&#38;apres=c"));
    let next = browser.get(&next).await;
    let third = &rows[2];
    assert!(next.body.contains(&third.reference), "{}", next.body);
    let lines = browser.get(&format!("{list}?part=en_service")).await;
    assert!(lines.body.contains("L-MES") && !lines.body.contains(">STOC<"));
    let imports = browser.get("/oi/imports").await;
    let import = browser.get(&imports.link("/oi/imports/imp_")).await;
    assert!(import.body.contains(&sentence), "{}", import.body);
    assert!(import.body.contains(&list));
    let file = browser.get(&format!("{list}?format=json")).await;
    let file: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(file.as_array().unwrap().len(), rows.len());
    assert_eq!(file[0]["situation"], "en_cours");

    let staff = ctx(house).await.staff().unwrap().clone();
    let told = |orders, json| Told {
        number: number.0,
        orders,
        json,
    };
    for (json, lines) in [(true, rows.len()), (false, rows.len() + 1)] {
        let mut out = Vec::new();
        let answer = diff(&house.platform, &staff, told(true, json), &mut out).await;
        let note = answer.unwrap().notes.remove(0);
        assert!(
            note.starts_with("touches 5 orders under way and "),
            "{note}"
        );
        let out = String::from_utf8(out).unwrap();
        assert_eq!(out.lines().count(), lines, "{out}");
        assert!(out.contains("MES") && out.contains("Immeuble"));
    }
    let mut out = Vec::new();
    let answer = diff(&house.platform, &staff, told(false, true), &mut out).await;
    assert!(answer.unwrap().notes[0].starts_with("touches 5 orders"));
    assert!(String::from_utf8(out).unwrap().contains("\"suppression\""));
    house.mails().await;
}

#[tokio::test]
async fn a_pm_a_pto_or_a_fibre_that_goes_touches_its_orders_and_a_state_that_goes_on_does_not() {
    let house = house!();
    let spot = house.spot(Case::Buildable);
    place(&house, HIRO, &order_at(&spot, "?"), "BATIE").await;
    let free = house.spot(Case::FreePto);
    place(&house, HIRO, &order_at(&free, "?"), "PTO").await;
    in_service(&house, HIRO, "PTO").await;
    house.mails().await;
    let own = async |number| {
        let rows = all(&house, &effect_of(&house, number).await, &Filter::default()).await;
        let own = told(&rows)
            .into_iter()
            .filter(|(_, _, name, _)| ["BATIE", "PTO"].contains(name));
        own.map(|(_, _, name, cause)| format!("{name} by its {cause}"))
            .collect::<Vec<_>>()
    };

    let mut after = Territory::clone(&house.territory);
    let gone = spot.building.pm_ref.clone();
    let other = after.pms.iter().find(|pm| pm.reference != gone).unwrap();
    let other = other.reference.clone();
    for building in after.buildings.iter_mut().filter(|b| b.pm_ref == gone) {
        building.pm_ref.clone_from(&other);
    }
    let number = imported(&house, Kind::Ipe, &after.file(Kind::Ipe)).await;
    let touched = own(number).await;
    assert!(
        touched.contains(&"BATIE by its PM".to_owned()),
        "{touched:?}"
    );

    let pto_ref = free.dwelling.unwrap().pto_ref.clone();
    let mut after = Territory::clone(&house.territory);
    after.ptos.retain(|pto| pto.reference != pto_ref);
    let number = imported(&house, Kind::Prises, &after.file(Kind::Prises)).await;
    assert_eq!(own(number).await, ["PTO by its PTO"]);

    let fibre = house.order(HIRO, "BATIE").await;
    let pbo = fibre.text("ReferencePBO").to_owned();
    let mut after = Territory::clone(&house.territory);
    after.fibres.retain(|fibre| fibre.pbo_ref != pbo);
    let number = imported(&house, Kind::Fibres, &after.file(Kind::Fibres)).await;
    let touched = own(number).await;
    assert!(
        touched.contains(&"BATIE by its Fibre".to_owned()),
        "{touched:?}"
    );

    let mut after = Territory::clone(&house.territory);
    let of = |b: &&mut domain::building::Building| b.reference == spot.building.reference;
    let building = after.buildings.iter_mut().find(of).unwrap();
    building.dwellings += 1;
    building.state = domain::building::BuildingState::OnDemandUnderWay;
    let number = imported(&house, Kind::Ipe, &after.file(Kind::Ipe)).await;
    assert_eq!(own(number).await, Vec::<String>::new());
    house.close().await;
}
