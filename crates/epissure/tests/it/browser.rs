//! The portal in a real browser: Chromium, driven by the scripts of tests/browser, against a real
//! server. Each script says what is wrong, one line each, and ends well when nothing is.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::HashMap;
use std::path::PathBuf;

use axum::http::Request;
use domain::building::{BuildingState, PmState};
use domain::release::Kind;
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::{Clock, SystemClock, working_time};
use serde_json::{Value, json};
use testkit::territory::{Case, Size, Spot, Territory};

use crate::clients::{fed, node, repository, tool};
use crate::house::encode;
use crate::lots::file;
use crate::server::{Server, Visitor, engine, territory};

/// The OI's staff, by what the scripts call them: somebody brings a file, somebody else approves.
const STAFF: [(&str, &str, &str); 2] = [
    ("importer", "zoe@f2v.example", "Zoé Le Goff"),
    ("approver", "paul@f2v.example", "Paul Ndiaye"),
];
/// Days between the file in force and the next one.
const WEEK: i64 = 7;
/// Large enough for a map with more than one row of streets.
const TOWN: Size = Size {
    addresses: 1_600,
    dwellings: 2_600,
    pms: 9,
};

/// What the scripts are told of a place.
fn place(spot: &Spot<'_>) -> Value {
    let building = spot.building;
    let dwelling = spot.dwelling.map(|dwelling| {
        json!({
            "batiment": dwelling.batiment,
            "escalier": dwelling.escalier,
            "etage": dwelling.etage,
            "pto": dwelling.pto_ref,
        })
    });
    json!({
        "building": building.reference,
        "hexacle": building.hexacle,
        "insee": building.insee,
        "rivoli": building.rivoli,
        "number": building.number,
        "complement": building.complement,
        "street": building.street_name,
        "address": domain::order::address_line(building),
        "dwelling": dwelling,
    })
}

/// Places by case, as HIRO sees them; but for shared addresses, one building at each address.
fn places(territory: &Territory) -> Value {
    let mut standing: HashMap<&str, usize> = HashMap::new();
    for building in &territory.buildings {
        *standing.entry(&building.hexacle).or_default() += 1;
    }
    let of = |case: Case| -> Value {
        let spots = territory.spots(case, "HIRO");
        let alone = |spot: &&Spot<'_>| {
            case == Case::SharedAddress || standing[spot.building.hexacle.as_str()] == 1
        };
        let mut seen = std::collections::HashSet::new();
        let places = spots
            .iter()
            .filter(alone)
            .filter(|s| seen.insert(&s.building.reference));
        places.take(8).map(place).collect()
    };
    let inside = |spot: &Spot<'_>| {
        let all = territory.dwellings.iter();
        all.filter(|d| d.building_ref == spot.building.reference)
            .count()
    };
    let free = territory.spots(Case::FreePto, "HIRO").into_iter();
    json!({
        // A free PTO in a building of several dwellings.
        "flats": free.max_by_key(inside).map(|spot| place(&spot)),
        "buildable": of(Case::Buildable),
        "held": of(Case::HeldByAnother),
        "free": of(Case::FreePto),
        "later": of(Case::OpensLater),
        "absent": of(Case::NotPresent),
        "saturated": of(Case::Saturated),
        "shared": of(Case::SharedAddress),
    })
}

/// The next IPE of a territory, with three faulty lines, and what the scripts look for in it.
struct NextIpe {
    name: String,
    text: String,
    /// What the three lines should have been.
    corrected: Vec<String>,
    /// A place whose building the file has no more; an order may be under way there.
    leaving: Value,
    /// A building that is deployed since the file in force.
    moved: String,
}

/// What a week brings: buildings deployed, new, gone, and mistakes.
fn next_ipe(territory: &Territory, day: Date) -> NextIpe {
    let mut next = territory.clone();
    next.day = day;
    let leaving = territory.spots(Case::Buildable, "HIRO")[0];
    next.buildings
        .retain(|b| b.reference != leaving.building.reference);
    let deployed_pm = |pm_ref: &str| {
        let mut pms = territory.pms.iter();
        pms.any(|pm| pm.reference == pm_ref && pm.state == PmState::Deployed)
    };
    let under_way = |b: &&mut domain::building::Building| {
        b.state == BuildingState::UnderWay && deployed_pm(&b.pm_ref)
    };
    let mut moved = Vec::new();
    for building in next.buildings.iter_mut().filter(under_way).take(6) {
        building.state = BuildingState::Deployed;
        building.wired_on = Some(day);
        building.orders_from = Some(day);
        building.changed_on = Some(day);
        moved.push(building.reference.clone());
    }
    let standing = |b: &&domain::building::Building| b.state == BuildingState::Deployed;
    let mut new: Vec<_> = next
        .buildings
        .iter()
        .filter(standing)
        .take(3)
        .cloned()
        .collect();
    for (n, building) in new.iter_mut().enumerate() {
        building.reference = format!("{}-N{n}", building.reference);
        building.state = BuildingState::UnderWay;
        building.number = "98".to_owned();
    }
    next.buildings.append(&mut new);
    let text = with_remarks(&next.file(Kind::Ipe));
    let (text, corrected) = with_mistakes(&text, &moved[3..]);
    NextIpe {
        name: next.file_name(Kind::Ipe),
        text,
        corrected,
        leaving: place(&leaving),
        moved: moved[0].clone(),
    }
}

/// The file with one column more, which the platform does not read.
fn with_remarks(text: &str) -> String {
    let mut out = String::new();
    for (n, line) in text.lines().enumerate() {
        let remark = if n == 0 { "Remarque" } else { "" };
        out.push_str(&format!("{line};{remark}\r\n"));
    }
    out
}

/// The file with a mistake of its own in the line of each of `buildings`, and those lines as they
/// were.
fn with_mistakes(text: &str, buildings: &[String]) -> (String, Vec<String>) {
    let header: Vec<&str> = text.lines().next().unwrap().split(';').collect();
    let at = |name| header.iter().position(|column| *column == name).unwrap();
    let mistakes = [
        (at("CodeInseeImmeuble"), "5390"),
        (at("EtatImmeuble"), "RACCORDE"),
        (at("ReferencePM"), ""),
    ];
    let (mut out, mut corrected) = (String::new(), Vec::new());
    for line in text.lines() {
        let reference = line.split(';').next().unwrap();
        match buildings.iter().position(|one| one == reference) {
            Some(n) => {
                let mut fields: Vec<&str> = line.split(';').collect();
                fields[mistakes[n].0] = mistakes[n].1;
                out.push_str(&fields.join(";"));
                corrected.push(line.to_owned());
            }
            None => out.push_str(line),
        }
        out.push_str("\r\n");
    }
    (out, corrected)
}

fn today() -> Date {
    working_time::paris_date(SystemClock::default().real_now())
}

/// The names under which the guide speaks of things, and the things.
fn things(territory: &Territory, next: &NextIpe) -> Value {
    // Early in its street, so that it is on the first page of it.
    let early = |spot: &Spot<'_>| {
        let number: u32 = spot.building.number.parse().unwrap();
        let stays = next.leaving["building"] != spot.building.reference.as_str();
        stays && number < 20 && spot.building.dwellings > 3
    };
    let spots = territory.spots(Case::FreePto, "HIRO");
    let spot = spots.into_iter().find(early).unwrap();
    let (building, dwelling) = (spot.building, spot.dwelling.unwrap());
    let street = format!("{} {}", building.street_type, building.street_name);
    json!({
        "l’immeuble qui change": next.moved,
        "votre commune": building.commune,
        "une voie": street,
        "un immeuble": building.reference,
        "son PM": building.pm_ref,
        "un PBO": dwelling.pbo_ref,
    })
}

/// Opens the accounts of [`STAFF`].
fn staff(server: &Server) -> Value {
    let open = |(role, login, name): (&str, &str, &str)| {
        let add = ["account", "add", "F2V", login, "--name", name, "--profile"];
        let answer = server.run(&[&add[..], &["administrateur", "--output", "json"]].concat());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let password = answer[0]["password"].clone();
        (
            role.to_owned(),
            json!({ "login": login, "password": password }),
        )
    };
    Value::Object(STAFF.into_iter().map(open).collect())
}

/// Runs a script of tests/browser against a server of its own, once `before` was done there; what
/// was left there.
fn browse_in(
    script: &str,
    territory: Territory,
    before: impl FnOnce(&mut Server),
) -> Option<Server> {
    let chromium = tool("EPISSURE_CHROMIUM", "chromium")?;
    let command = node(&format!("tests/browser/{script}"))?;
    let mut server = Server::start_in(engine(), territory)?;
    // The pages of imports are looked at before the first.
    server.house.tamper(&server.data, "delete from import_run");
    before(&mut server);
    let login = |operator, profile| {
        let login = server.login(operator, profile);
        json!({ "login": login.login, "password": login.password })
    };
    let next = next_ipe(&server.territory, today());
    let ipe: PathBuf = server.house.path("next").join(&next.name);
    std::fs::create_dir_all(ipe.parent().unwrap()).unwrap();
    std::fs::write(&ipe, &next.text).unwrap();
    let images = std::env::var_os("UPDATE_IMAGES").map(|_| repository("docs/images"));
    let told = json!({
        "portal": server.portal_url(),
        "chromium": chromium,
        "shots": std::env::var("EPISSURE_SHOTS").ok(),
        "images": images,
        "agent": login("HIRO", "agent"),
        "reader": login("HIRO", "lecteur"),
        "other": login("LINB", "agent"),
        "staff": login("F2V", "administrateur"),
        "team": staff(&server),
        "places": places(&server.territory),
        "guide": repository("docs/guide/infrastructure.md"),
        "things": things(&server.territory, &next),
        "ipe": ipe,
        "corrected": next.corrected,
        "leaving": next.leaving,
    });
    let said = fed(command, &told.to_string());
    assert!(said.ends_with("nothing wrong\n"), "{said}");
    Some(server)
}

fn browse(script: &str) {
    browse_in(script, territory(), |_| {});
}

/// What was done before somebody looks: LINB has a lot under way, and HIRO a watch whose place was
/// since given up by a publication, and two calls of its machines, one of which leaves the schema.
async fn around(server: &mut Server) {
    under_way(server).await;
    let spots = server.territory.spots(Case::Buildable, "HIRO");
    let building = spots.last().unwrap().building.reference.as_str();
    let mut agent = Visitor::sign_in(server, "HIRO").await;
    let csrf = agent.csrf.clone();
    let fields = [
        ("csrf", csrf.as_str()),
        ("cle", "essai"),
        ("IdentifiantImmeuble", building),
    ];
    let form = Request::post("/eligibilite/veilles");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let put = agent.send(form, encode(&fields)).await;
    assert_eq!(put.status, 303, "{}", put.body);
    let mut next = server.territory.clone();
    let mut all = next.buildings.iter_mut();
    all.find(|b| b.reference == building).unwrap().state = BuildingState::Abandoned;
    let file = server.house.path("abandon.csv");
    std::fs::write(&file, next.file(Kind::Ipe)).unwrap();
    let day = today().to_string();
    let import = ["import", "ipe", file.to_str().unwrap(), "--approve"];
    server.run(&[&import[..], &["--extracted-at", &day]].concat());
    let unread = "/eligibilite/veilles?lecture=non";
    while !agent.get(unread).await.body.contains("Non lu<") {
        tokio::task::yield_now().await;
    }
    let mut machine = server.machine("HIRO");
    let order = [("ReferenceCommandePriseInterneOC", "R-1")];
    let consulted = machine
        .fci("consulterCommande", None, &order)
        .await
        .unwrap();
    assert_eq!(consulted.text("Motif"), "FIMP14");
    let wrong = [order[0], ("Inconnu", "1")];
    let refused = machine
        .fci("consulterCommande", None, &wrong)
        .await
        .unwrap();
    assert_eq!(refused.text("Code"), "22");
}

/// A lot whose process died among its lines and whose turn is not to come, with one that waits for
/// it: nobody goes on with either while they are looked at.
async fn under_way(server: &mut Server) {
    let mut agent = Visitor::sign_in(server, "LINB").await;
    agent
        .submit("en-cours", &file(&server.territory, 50_000))
        .await;
    while server.count("select cast(sum(done) as bigint) from eligibility_lot") == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    server.kill9();
    let held = "update job set state = 'pending', lease_token = '', due_at_ms = 9000000000000000
                where kind = 'eligibility.lot' and state in ('pending', 'leased')";
    server.house.tamper(&server.data, held);
    server.restart();
    agent.client.turn_to(server.portal_url());
    agent.submit("en-attente", "Adresse\nx\n").await;
    let states = "select state from eligibility_lot order by created_at_ms";
    assert_eq!(server.rows(states), [["running"], ["waiting"]]);
}

#[test]
fn every_page_and_state_of_the_journey_is_accessible_and_clean() {
    browse("journey.mjs");
}

#[test]
fn the_pages_around_an_eligibility_test_are_accessible_and_clean() {
    let before = |server: &mut Server| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(around(server));
    };
    browse_in("services.mjs", territory(), before);
}

#[test]
fn the_journey_works_without_javascript() {
    browse("without_scripts.mjs");
}

#[test]
fn the_journey_works_from_the_keyboard_alone() {
    browse("keyboard.mjs");
}

#[test]
fn the_guide_of_the_infrastructure_is_followed_to_the_letter() {
    let day = today().saturating_sub(WEEK.days());
    let territory = Territory::generate(20_261_123, TOWN, day, &["HIRO", "LINB"]);
    let Some(server) = browse_in("referential.mjs", territory, |_| {}) else {
        return;
    };
    // Five files before, then the next one and its corrected lines, taken back.
    let told = |kind: &str| {
        let sql = format!(
            "select o.code, count(*) from event e join operator o on o.operator_id = e.operator_id
             where e.kind = '{kind}' group by o.code order by o.code"
        );
        server.rows(&sql)
    };
    let each = |n: &str| [["HIRO", n], ["LINB", n]].map(|row| row.map(str::to_owned).to_vec());
    assert_eq!(told("referentiel.publie"), each("7"));
    assert_eq!(told("referentiel.retire"), each("1"));
    server.assert_journal_is_whole();
}
