//! TAO through its door: what it answers is what an order must say, and never whose a line is.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::BTreeSet;

use domain::order::{PlaceOrder, address_line};
use eligibility::messages::LotTested;
use service_api::place::Address;
use tao::messages::{AddressFound, Dwelling, ReadStructure, SearchAddress, StructureRead};
use testkit::territory::Case;

use crate::house::{Answer, HIRO, House, LINB, house};

/// Questions of one lot.
const LOT: usize = 100;

async fn search(house: &House, text: &str) -> Answer {
    let body = SearchAddress {
        text: Some(text.to_owned()),
    };
    let contract = &tao::messages::CONTRACT;
    house
        .call(HIRO, contract, "rechercherAdresse", None, &body)
        .await
}

async fn structure(house: &House, body: &ReadStructure) -> Answer {
    let contract = &tao::messages::CONTRACT;
    house
        .call(HIRO, contract, "consulterStructure", None, body)
        .await
}

fn of_building(reference: &str) -> ReadStructure {
    ReadStructure {
        address: Some(Address {
            building: Some(reference.to_owned()),
            ..Address::default()
        }),
        ..ReadStructure::default()
    }
}

fn read(answer: &Answer) -> StructureRead {
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let envelope = tao::messages::CONTRACT.accept(&answer.body).unwrap();
    envelope.body().unwrap()
}

/// Every place of a structure, with its dwellings.
fn places(read: &StructureRead) -> Vec<([String; 4], Vec<Dwelling>)> {
    let mut all = Vec::new();
    for building in &read.buildings {
        for block in &building.blocks {
            for stair in &block.stairs {
                for floor in &stair.floors {
                    let names = [&building.reference, &block.name, &stair.name, &floor.name];
                    all.push((names.map(String::clone), floor.dwellings.clone()));
                }
            }
        }
    }
    all
}

#[tokio::test]
async fn what_is_answered_is_never_refused_by_the_control_of_orders() {
    let house = house!();
    let mut orders = Vec::new();
    let mut dwellings = 0;
    for building in &house.territory.buildings {
        let read = read(&structure(&house, &of_building(&building.reference)).await);
        assert_eq!(read.buildings.len(), 1);
        for ([reference, batiment, escalier, etage], inside) in places(&read) {
            dwellings += inside.len();
            orders.push(PlaceOrder::from_pairs([
                ("IdentifiantImmeuble", reference.as_str()),
                ("Batiment", &batiment),
                ("Escalier", &escalier),
                ("Etage", &etage),
            ]));
        }
    }
    assert_eq!(dwellings, house.territory.dwellings.len());
    for lot in orders.chunks(LOT) {
        let answer = house.eligibility_lot(HIRO, lot).await;
        let contract = &eligibility::messages::CONTRACT;
        let tested: LotTested = contract.accept(&answer.body).unwrap().body().unwrap();
        for (result, order) in tested.results.iter().zip(lot) {
            assert_eq!(result.code, 0, "{order:?}");
            let offers = result.buildings.iter().flat_map(|one| &one.offers);
            for motive in offers.filter_map(|offer| offer.motive.as_deref()) {
                assert!(!motive.starts_with("FADR"), "{motive}: {order:?}");
            }
        }
    }
    house.close().await;
}

#[tokio::test]
async fn an_address_as_it_is_said_leads_to_its_structure() {
    let house = house!();
    let spot = house.spot(Case::FreePto);
    let (building, dwelling) = (spot.building, spot.dwelling.unwrap());
    let answer = search(&house, &address_line(building)).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    let found = tao::messages::CONTRACT.accept(&answer.body).unwrap();
    let found: AddressFound = found.body().unwrap();
    assert_eq!(found.verdict.as_deref(), Some("certain"), "{found:?}");
    assert!(found.proposals[0].buildings.contains(&building.reference));

    let by_pto = ReadStructure {
        pto: Some(dwelling.pto_ref.to_lowercase()),
        ..ReadStructure::default()
    };
    let by_both = ReadStructure {
        pto: by_pto.pto.clone(),
        ..of_building(&building.reference)
    };
    for asked in [by_pto, by_both] {
        let read = read(&structure(&house, &asked).await);
        let places = places(&read);
        let [(names, inside)] = places.as_slice() else {
            panic!("{read:?}");
        };
        let door = ReadStructure {
            porte: Some(dwelling.porte.to_lowercase()),
            ..of_building(&building.reference)
        };
        let by_door = self::read(&structure(&house, &door).await);
        let doors: Vec<Dwelling> = self::places(&by_door)
            .into_iter()
            .flat_map(|(_, at)| at)
            .collect();
        assert!(!doors.is_empty());
        assert!(
            doors
                .iter()
                .all(|one| one.porte.as_ref() == Some(&dwelling.porte))
        );
        let spelt = [&dwelling.batiment, &dwelling.escalier, &dwelling.etage];
        assert_eq!(names[0], building.reference);
        assert!(names[1..].iter().eq(spelt), "{names:?}");
        assert_eq!(inside.len(), 1);
        assert_eq!(inside[0].pto.as_ref(), Some(&dwelling.pto_ref));
    }
    let number = format!("9876 {} {}", building.street_name, building.commune);
    let other = search(&house, &number).await;
    assert_ne!(other.text("Verdict"), "certain", "{}", other.body);
    let told = other.all("AutreNumero");
    assert!(
        !told.is_empty() && told.iter().all(|one| *one == "O"),
        "{}",
        other.body
    );
    let nowhere = search(&house, "12 rue qui n'existe nulle part, 99999 Ailleurs").await;
    assert_ne!(nowhere.text("Verdict"), "certain", "{}", nowhere.body);
    house.close().await;
}

#[tokio::test]
async fn what_does_not_exist_is_refused_with_its_code() {
    let house = house!();
    let building = &house.spot(Case::FreePto).building.reference;
    let of = |porte: Option<&str>, pto: Option<&str>| ReadStructure {
        porte: porte.map(str::to_owned),
        pto: pto.map(str::to_owned),
        ..of_building(building)
    };
    for (asked, motive, field) in [
        (ReadStructure::default(), "FIMP15", "CodeAdresseImmeuble"),
        (
            of_building("IMB/00000/X/0000"),
            "FADR01",
            "IdentifiantImmeuble",
        ),
        (of(None, Some("F2-0000-0000")), "FIMP02", "ReferencePrise"),
        (of(Some("nulle part"), None), "5", "Porte"),
    ] {
        let answer = structure(&house, &asked).await;
        let told = (answer.text("Motif"), answer.text("Champ"));
        assert_eq!(told, (motive, field), "{}", answer.body);
        assert!(answer.all("Immeuble").is_empty());
    }
    assert_eq!(search(&house, " ").await.text("Motif"), "FIMP15");
    assert_eq!(
        search(&house, &"a".repeat(400)).await.text("Motif"),
        "FIMP16"
    );
    house.close().await;
}

#[tokio::test]
async fn whose_a_line_is_is_never_said() {
    let house = house!();
    let mut states = BTreeSet::new();
    for case in [Case::HeldByAnother, Case::HeldByItself, Case::FreePto] {
        let spot = house.spot(case);
        let asked = ReadStructure {
            pto: Some(spot.dwelling.unwrap().pto_ref.clone()),
            ..ReadStructure::default()
        };
        let answer = structure(&house, &asked).await;
        for code in [HIRO, LINB] {
            assert!(!answer.body.contains(code), "{}", answer.body);
        }
        states.insert((format!("{case:?}"), answer.text("EtatLigne").to_owned()));
    }
    let wanted = [
        ("FreePto", "LIBRE"),
        ("HeldByAnother", "EN SERVICE"),
        ("HeldByItself", "EN SERVICE"),
    ];
    let wanted = wanted.map(|(case, state)| (case.to_owned(), state.to_owned()));
    assert_eq!(states, BTreeSet::from(wanted));
    house.close().await;
}
