//! The portal in a real browser: Chromium, driven by the scripts of tests/browser, against a real
//! server. Each script says what is wrong, one line each, and ends well when nothing is.

use std::collections::HashMap;

use serde_json::{Value, json};
use testkit::territory::{Case, Spot, Territory};

use crate::clients::{fed, node, tool};
use crate::server::{Server, engine};

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
    json!({
        "buildable": of(Case::Buildable),
        "held": of(Case::HeldByAnother),
        "free": of(Case::FreePto),
        "later": of(Case::OpensLater),
        "absent": of(Case::NotPresent),
        "saturated": of(Case::Saturated),
        "shared": of(Case::SharedAddress),
    })
}

/// Runs a script of tests/browser against a server of its own.
fn browse(script: &str) {
    let Some(chromium) = tool("EPISSURE_CHROMIUM", "chromium") else {
        return;
    };
    let Some(command) = node(&format!("tests/browser/{script}")) else {
        return;
    };
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let login = |operator, profile| {
        let login = server.login(operator, profile);
        json!({ "login": login.login, "password": login.password })
    };
    let told = json!({
        "portal": server.portal_url(),
        "chromium": chromium,
        "shots": std::env::var("EPISSURE_SHOTS").ok(),
        "agent": login("HIRO", "agent"),
        "reader": login("HIRO", "lecteur"),
        "other": login("LINB", "agent"),
        "staff": login("F2V", "administrateur"),
        "places": places(&server.territory),
    });
    let said = fed(command, &told.to_string());
    assert!(said.ends_with("nothing wrong\n"), "{said}");
}

#[test]
fn every_page_and_state_of_the_journey_is_accessible_and_clean() {
    browse("journey.mjs");
}

#[test]
fn the_journey_works_without_javascript() {
    browse("without_scripts.mjs");
}

#[test]
fn the_journey_works_from_the_keyboard_alone() {
    browse("keyboard.mjs");
}
