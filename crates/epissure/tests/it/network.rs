//! What the OI does to live orders: what a release would take away, what a freeze refuses.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::{Ctx, StaffScope, authenticate_local};
use domain::freeze::FreezeKind;
use domain::freeze::store as freezes;
use domain::line::LineState;
use domain::order::PlaceOrder;
use domain::release::history::store as history;
use domain::release::{Kind, Release};
use domain::upload::{Purpose, Receiver};
use epissure::releases::{Told, diff};
use epissure::request::{Answer, Desk, Request, exit};
use epissure::services::SERVICES;
use reference::effect::{self, Effect, Filter, Part, Sum, Touched};
use reference::runs::store as runs;
use reference::runs::usecases::{Submission, submit};
use storage::Tx;
use testkit::territory::{Case, Spot, Territory};

use crate::clients::repository;
use crate::house::{Browser, HIRO, House, LINB, START, TODAY, encode, house, order_at};

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

/// Where nothing is shown, the OI's pages and those of developers say what to do next.
#[test]
fn every_empty_list_offers_a_next_action() {
    let mut seen = 0;
    for service in ["reference", "developers"] {
        let folder = repository(&format!("services/{service}/templates"));
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            for block in text.split("class=\"empty\"").skip(1) {
                let block = block.split("</div>").next().unwrap();
                assert!(
                    block.contains("class=\"actions\""),
                    "{}: {block}",
                    path.display()
                );
                // Each branch of the sentence has its own.
                let (said, offered) = (block.matches("<p>"), block.matches("<p class="));
                assert!(
                    said.count() <= offered.count(),
                    "{}: {block}",
                    path.display()
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 15);
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
    let version = browser.get(&format!("/oi/versions/{}", number.0)).await;
    assert!(version.body.contains(&list), "{}", version.body);
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

/// Has a command carried out for the OS user `alice`.
async fn command(house: &House, reason: &str, request: Request) -> Answer {
    let desk = Desk::new(Arc::clone(&house.platform), SERVICES, String::new());
    let (tell, _told) = tokio::sync::mpsc::unbounded_channel();
    desk.carry_out("alice", reason, request, tell).await
}

fn freeze(kind: &str, reference: &str, until: Option<&str>, internal: bool) -> Request {
    Request::Freeze {
        kind: kind.to_owned(),
        reference: reference.to_owned(),
        from: None,
        until: until.map(str::to_owned),
        internal,
    }
}

/// Every word an operator is given about an order at a place: eligibility and order by XML,
/// eligibility by the portal.
async fn words(house: &House, browser: &mut Browser, order: &PlaceOrder) -> String {
    let tested = house.eligibility(HIRO, order).await;
    assert_eq!(tested.text("Motif"), "FIMP11", "{}", tested.body);
    let id = house.new_id();
    let reference = format!("G-{}", &id[id.len() - 6..]);
    let answer = house
        .place(HIRO, &order.clone().with(REFERENCE, &reference))
        .await;
    assert_eq!(answer.text("MotifKoArCommandePrise"), "FIMP11");
    let key = [("IdentifiantImmeuble", order.get("IdentifiantImmeuble"))];
    let page = browser
        .get(&format!("/eligibilite?critere=immeuble&{}", encode(&key)))
        .await;
    assert!(page.body.contains("/erreurs/FIMP11"), "{}", page.body);
    let (xml, placed) = (tested.text("LibelleMotif"), answer.text("Commentaire"));
    format!("{xml}\n{placed}\n{}", page.body)
}

#[tokio::test]
async fn a_building_frozen_on_its_sheet_takes_no_order_by_any_door_until_it_is_lifted() {
    const REASON: &str = "Colonne à reprendre";
    let house = house!();
    let spot = house.spot(Case::Buildable);
    let (building, order) = (&spot.building.reference, order_at(&spot, "?"));
    let mut staff = house.sign_in("administrateur", "F2V").await;
    let mut agent = house.sign_in("agent", HIRO).await;
    let key = [("ref", building.as_str())];
    let sheet = format!("/oi/referentiel/immeubles?{}", encode(&key));
    let page = staff.get(&sheet).await;
    assert!(page.body.contains("Aucun gel.") && page.body.contains("action=\"/oi/gels\""));

    let object = [("nature", "building"), ("ref", building.as_str())];
    let put = async |staff: &mut Browser, cle: &str, more: &[(&str, &str)]| {
        let fields = [&object[..], &[("cle", cle)], more].concat();
        staff.post("/oi/gels", &fields).await
    };
    let wrong = put(&mut staff, "g1", &[("au", "2026-12-13")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.body.contains("/erreurs/1\"") && wrong.input("au") == "2026-12-13");
    let past = [("motif", REASON), ("du", "2026-11-22")];
    let past = put(&mut staff, "g2", &past).await;
    assert!(
        past.body.contains("aujourd’hui au plus tôt"),
        "{}",
        past.body
    );

    let fields = [("motif", REASON), ("au", "2026-12-13")];
    let done = put(&mut staff, "g3", &fields).await;
    assert_eq!(done.location, format!("{sheet}&fait=gel"));
    let page = staff.get(&done.location).await;
    for shown in [
        REASON,
        "13/12/2026 inclus",
        "Posé par Camille",
        "Lever le gel",
    ] {
        assert!(page.body.contains(shown), "{shown} in {}", page.body);
    }
    let said = words(&house, &mut agent, &order).await;
    let told = format!("{REASON} (immeuble gelé jusqu’au 13/12/2026 inclus)");
    // In the banner, in the offers, and rule by rule.
    assert!(said.matches(&told).count() >= 3, "{said}");
    let twice = put(&mut staff, "g4", &fields).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(twice.body.contains("/erreurs/EGEL01"));

    house.travel_to(jiff::civil::date(2026, 12, 14));
    place(&house, HIRO, &order, "APRES").await;
    house.travel(START);
    let lift = [&object[..], &[("cle", "l1")]].concat();
    let lifted = staff.post("/oi/gels/lever", &lift).await;
    assert_eq!(lifted.location, format!("{sheet}&fait=levee"));
    assert!(staff.get(&sheet).await.body.contains("Aucun gel."));
    place(&house, HIRO, &order, "LEVE").await;
    let lift = [&object[..], &[("cle", "l2")]].concat();
    assert_eq!(
        staff.post("/oi/gels/lever", &lift).await.status,
        StatusCode::NOT_FOUND
    );
    let traces = house.traces().await.into_iter();
    let of = traces.filter(|(action, ..)| action.starts_with("reference."));
    let mut of: Vec<_> = of.map(|(action, outcome, _)| (action, outcome)).collect();
    of.sort();
    let (freeze, lift) = ("reference.freeze", "reference.lift_freeze");
    let expected = [
        (freeze, "accepted"),
        (freeze, "refused"),
        (freeze, "refused"),
        (freeze, "refused"),
        (lift, "accepted"),
        (lift, "refused"),
    ];
    let expected = expected.map(|(a, b)| (a.to_owned(), b.to_owned()));
    assert_eq!(of, expected);
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn a_pm_frozen_at_the_command_line_for_an_internal_reason_tells_operators_its_end_alone() {
    const SECRET: &str = "litige avec le gestionnaire";
    let house = house!();
    let spot = house.spot(Case::Buildable);
    let pm = spot.building.pm_ref.clone();
    let order = order_at(&spot, "?");
    let mut agent = house.sign_in("agent", HIRO).await;
    let mut staff = house.sign_in("administrateur", "F2V").await;

    let nothing = command(&house, "command line", freeze("pm", &pm, None, true)).await;
    assert_eq!(nothing.code, exit::INVALID, "a reason: {:?}", nothing.notes);
    let absent = command(&house, SECRET, freeze("pm", "FI-0", None, true)).await;
    assert_eq!(absent.code, exit::NOT_FOUND);
    let until = Some("2026-11-30");
    let done = command(&house, SECRET, freeze("pm", &pm, until, true)).await;
    assert_eq!(
        (done.code, done.notes[0].as_str()),
        (exit::OK, &*format!("pm {pm}: frozen"))
    );
    let again = command(&house, SECRET, freeze("pm", &pm, until, true)).await;
    assert_eq!(again.code, exit::CONFLICT);

    let said = words(&house, &mut agent, &order).await;
    let told = said.matches("PM gelé jusqu’au 30/11/2026 inclus");
    assert!(told.count() >= 3, "{said}");
    assert!(!said.contains(SECRET), "{said}");
    for sheet in [
        format!("/oi/referentiel/pm?{}", encode(&[("ref", &pm)])),
        format!(
            "/oi/referentiel/immeubles?{}",
            encode(&[("ref", &spot.building.reference)])
        ),
    ] {
        let page = staff.get(&sheet).await.body;
        assert!(
            page.contains(SECRET) && page.contains("motif interne"),
            "{page}"
        );
    }

    // What a release says of the PM, and taking it back, leaves the freeze as it is.
    let frozen = async || {
        let (pm, now) = (pm.clone(), START);
        let read = move |tx: &mut dyn Tx| freezes::freeze_at(tx, FreezeKind::Pm, &pm, now);
        house.platform.db.read(read).await.unwrap().is_some()
    };
    let mut after = Territory::clone(&house.territory);
    after.buildings.retain(|b| b.pm_ref != pm);
    let number = imported(&house, Kind::Ipe, &after.file(Kind::Ipe)).await;
    let bruno = authenticate_local(&house.platform, "bruno", "essai").await;
    let bruno = Arc::new(bruno.unwrap());
    let approve = reference::runs::usecases::approve_release;
    let approved = approve(&house.platform, &bruno, number, None).await;
    approved.unwrap().into_result().unwrap();
    house.run_jobs().await;
    assert!(frozen().await);
    let back = reference::runs::usecases::roll_back;
    let back = back(&house.platform, &bruno, number, "essai".to_owned(), None).await;
    back.unwrap().into_result().unwrap();
    assert!(frozen().await);
    words(&house, &mut agent, &order).await;

    let lift = Request::FreezeLift {
        kind: "pm".to_owned(),
        reference: pm.clone(),
    };
    assert_eq!(command(&house, "fini", lift.clone()).await.code, exit::OK);
    assert_eq!(command(&house, "fini", lift).await.code, exit::NOT_FOUND);
    place(&house, HIRO, &order, "LEVE").await;
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn freezes_are_listed_by_stage_kind_and_reference_in_order_and_as_files() {
    let house = house!();
    let mut staff = house.sign_in("administrateur", "F2V").await;
    let spots = house.spots(Case::Buildable);
    let mut buildings: Vec<_> = spots.iter().map(|s| s.building.reference.clone()).collect();
    buildings.dedup();
    let later = Request::Freeze {
        kind: "building".to_owned(),
        reference: buildings[0].clone(),
        from: Some("2027-01-04".to_owned()),
        until: None,
        internal: false,
    };
    assert_eq!(command(&house, "plus tard", later).await.code, exit::OK);
    let brief = freeze("building", &buildings[1], Some("2026-11-24"), false);
    assert_eq!(command(&house, "bref", brief).await.code, exit::OK);
    let over = freeze("building", &buildings[2], None, true);
    assert_eq!(command(&house, "levé", over).await.code, exit::OK);
    let lift = Request::FreezeLift {
        kind: "building".to_owned(),
        reference: buildings[2].clone(),
    };
    house.clock.advance(1_000);
    assert_eq!(command(&house, "levé", lift).await.code, exit::OK);
    let invented = house.territory.freezes.len();

    let file = async |staff: &mut Browser, query: &str| -> Vec<serde_json::Value> {
        let page = staff.get(&format!("/oi/gels?{query}&format=json")).await;
        serde_json::from_str(&page.body).unwrap()
    };
    let all = file(&mut staff, "tri=debut").await;
    assert_eq!(all.len(), invented + 3);
    assert_eq!(all.last().unwrap()["reference"], buildings[0].as_str());
    assert_eq!(all.last().unwrap()["fin_prevue"], serde_json::Value::Null);
    let coming = file(&mut staff, "etat=a_venir").await;
    assert_eq!(coming.len(), 1);
    let ended = file(&mut staff, "etat=termine").await;
    let [ended] = ended.as_slice() else {
        panic!("{ended:?}")
    };
    assert_eq!(
        (&ended["leve_par"], &ended["pose_par"]),
        (&"alice".into(), &"alice".into())
    );
    let soonest = file(&mut staff, "etat=en_vigueur&tri=fin").await;
    assert_eq!(soonest.len(), invented + 1);
    assert_eq!(soonest[0]["reference"], buildings[1].as_str());
    let pms = file(&mut staff, "nature=pm").await;
    assert!(!pms.is_empty() && pms.iter().all(|one| one["nature"] == "PM"));
    let prefix = format!("q={}", &encode(&[("", &buildings[1])])[1..]);
    assert_eq!(file(&mut staff, &prefix).await.len(), 1);

    for order in [
        "tri=debut",
        "tri=debut&sens=desc",
        "tri=fin",
        "tri=fin&sens=desc",
    ] {
        let whole = file(&mut staff, order).await;
        let (mut seen, mut path) = (0, format!("/oi/gels?{order}&par=2"));
        loop {
            let page = staff.get(&path).await;
            assert_eq!(page.status, StatusCode::OK);
            for one in whole.iter().skip(seen).take(2) {
                let reference = one["reference"].as_str().unwrap();
                assert!(
                    page.body.contains(reference),
                    "{order}: {reference} at {seen}"
                );
                seen += 1;
            }
            let next = format!("/oi/gels?{order}&par=2&apres=").replace('&', "&#38;");
            if !page.body.contains(&next) {
                break;
            }
            path = page.link(&next);
        }
        assert_eq!(seen, whole.len(), "{order}");
    }
    let staff = ctx(&house).await.staff().unwrap().clone();
    let list = |all| epissure::freezes::list(&house.platform, &staff, all);
    assert_eq!(list(false).await.unwrap().rows.len(), invented + 2);
    assert_eq!(list(true).await.unwrap().rows.len(), invented + 3);
    house.close().await;
}

#[tokio::test]
async fn settings_are_set_and_listed_at_the_command_line_and_what_cannot_be_is_refused() {
    let house = house!();
    let set = async |name: &str, value: &str| {
        let request = Request::SettingSet {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        command(&house, "essai", request).await
    };
    let four_eyes = reference::runs::FOUR_EYES_SETTING;
    assert_eq!(set(four_eyes, "always").await.code, exit::OK);
    let refused = set("reference.ipe_columns", "IdentifiantImmeuble;Inconnue").await;
    assert_eq!(refused.code, exit::INVALID);
    assert!(refused.notes[0].contains("EREG01") && refused.notes[0].contains("Inconnue"));
    let scope = ctx(&house).await.duty(domain::access::Duty::Upkeep);
    let list = move |tx: &mut dyn Tx| reference::settings::list(tx, &scope);
    let all = house.platform.db.read(list).await.unwrap();
    let told = |one: &reference::settings::Setting| (one.name, one.is_default);
    let told: Vec<_> = all.iter().map(told).collect();
    assert_eq!(told, [(four_eyes, false), ("reference.ipe_columns", true)]);
    assert_eq!(all[0].value, "always");
    assert!(all[1].value.starts_with("IdentifiantImmeuble;"));
    house.close().await;
}
