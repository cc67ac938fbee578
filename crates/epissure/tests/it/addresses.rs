//! The page of addresses: it says what the web service says, under the names of an order, and never
//! whose a line is.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use axum::http::StatusCode;
use domain::building::Building;
use domain::order::address_line;
use serde_json::Value;
use service_api::place::Address;
use tao::messages::{ReadStructure, StructureRead};
use testkit::territory::Case;

use crate::house::{Browser, HIRO, House, LINB, encode, house};

/// Buildings looked at: one in so many.
const SAMPLED: usize = 9;

fn asked(fields: &[(&str, &str)]) -> String {
    format!("/adresses?{}", encode(fields))
}

/// The page as it stands, sound.
async fn look(browser: &mut Browser, path: &str, status: StatusCode) -> String {
    let page = browser.get(path).await;
    assert_eq!(page.status, status, "{path}: {}", page.body);
    assert_eq!(
        web::lint::faults(&page.body),
        Vec::<String>::new(),
        "{path}"
    );
    page.body
}

async fn rows(browser: &mut Browser, path: &str) -> Vec<Value> {
    let page = browser.get(&format!("{path}&format=json")).await;
    assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.body);
    serde_json::from_str(&page.body).unwrap()
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or("")
}

/// Block, staircase, floor, door and PTO of every dwelling, as the web service says them.
async fn said(house: &House, reference: &str) -> Vec<[String; 5]> {
    let contract = &tao::messages::CONTRACT;
    let body = ReadStructure {
        address: Some(Address {
            building: Some(reference.to_owned()),
            ..Address::default()
        }),
        ..ReadStructure::default()
    };
    let answer = house
        .call(HIRO, contract, "consulterStructure", None, &body)
        .await;
    let read: StructureRead = contract.accept(&answer.body).unwrap().body().unwrap();
    let mut all = Vec::new();
    for block in &read.buildings[0].blocks {
        for stair in &block.stairs {
            for floor in &stair.floors {
                for one in &floor.dwellings {
                    let [porte, pto] = [&one.porte, &one.pto].map(Option::clone);
                    let [porte, pto] = [porte, pto].map(Option::unwrap_or_default);
                    let names = [&block.name, &stair.name, &floor.name].map(String::clone);
                    let [batiment, escalier, etage] = names;
                    all.push([batiment, escalier, etage, porte, pto]);
                }
            }
        }
    }
    all
}

/// A building with more dwellings than its page shows unfolded, else the one with the most.
fn largest(house: &House) -> &Building {
    let count = |one: &&Building| {
        let inside = house.territory.dwellings.iter();
        inside.filter(|d| d.building_ref == one.reference).count()
    };
    house.territory.buildings.iter().max_by_key(count).unwrap()
}

#[tokio::test]
async fn the_page_and_its_files_say_what_the_web_service_says() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let mut shown = 0;
    for building in house.territory.buildings.iter().step_by(SAMPLED) {
        let path = asked(&[("IdentifiantImmeuble", &building.reference)]);
        let said = said(&house, &building.reference).await;
        let body = look(&mut browser, &path, StatusCode::OK).await;
        let rows = rows(&mut browser, &path).await;
        let csv = browser.get(&format!("{path}&format=csv")).await.body;
        let names = ["batiment", "escalier", "etage", "porte", "reference_prise"];
        let told: Vec<[String; 5]> = rows
            .iter()
            .map(|row| names.map(|name| text(row, name).to_owned()))
            .collect();
        assert_eq!(told, said, "{path}");
        assert_eq!(csv.lines().count(), said.len() + 1, "{csv}");
        assert_eq!(body.matches("<li data-porte=").count(), said.len());
        // Whatever the size of the building, its anomaly is one click away.
        let key = encode(&[("IdentifiantImmeuble", &building.reference)]);
        let reported = format!("nouvelle?{key}\"");
        assert!(body.contains(&reported), "{path} lacks {reported}");
        for [batiment, escalier, etage, porte, pto] in &said {
            assert!(body.contains(&format!("data-porte=\"{porte}\"")), "{porte}");
            for name in [batiment, escalier, etage, pto] {
                assert!(body.contains(name.as_str()), "{path} lacks {name}");
            }
        }
        shown += said.len();
    }
    assert!(shown > 20, "{shown} dwellings");
    house.close().await;
}

#[tokio::test]
async fn whose_a_line_is_is_never_shown() {
    let house = house!();
    let mut browser = house.sign_in("agent", LINB).await;
    for case in [Case::HeldByAnother, Case::HeldByItself] {
        let spot = house.spot(case);
        let path = asked(&[("IdentifiantImmeuble", &spot.building.reference)]);
        let body = look(&mut browser, &path, StatusCode::OK).await;
        let (_, main) = body.split_once("<main").unwrap();
        // The order form is filled in with the asker's own reference at the PM.
        let own = format!("&#38;ReferencePrestationPm=P{LINB}");
        assert!(main.contains(&own), "{main}");
        let mut all = vec![main.replace(&own, "")];
        for format in ["json", "csv"] {
            all.push(browser.get(&format!("{path}&format={format}")).await.body);
        }
        for text in all {
            for code in [HIRO, LINB] {
                assert!(!text.contains(code), "{code} in {text}");
            }
            for word in ["Hirondelle", "NomClient", "Client"] {
                assert!(!text.contains(word), "{word} in {text}");
            }
        }
    }
    house.close().await;
}

#[tokio::test]
async fn a_door_a_pto_or_a_floor_narrows_the_structure() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let spot = house.spot(Case::FreePto);
    let (building, dwelling) = (&spot.building.reference, spot.dwelling.unwrap());
    let pto = dwelling.pto_ref.to_lowercase();
    let key = ("IdentifiantImmeuble", building.as_str());
    for narrowed in [
        asked(&[key, ("pto", &pto)]),
        asked(&[key, ("ReferencePrise", &pto)]),
        asked(&[("pto", &pto)]),
        asked(&[("q", building), ("ReferencePrise", &pto)]),
    ] {
        let rows = rows(&mut browser, &narrowed).await;
        assert_eq!(rows.len(), 1, "{narrowed}");
        assert_eq!(text(&rows[0], "reference_prise"), dwelling.pto_ref);
        let body = look(&mut browser, &narrowed, StatusCode::OK).await;
        assert_eq!(body.matches("<li data-porte=").count(), 1);
        let fields = format!(
            "IdentifiantImmeuble;{building}\nBatiment;{}\nEscalier;{}\nEtage;{}\n\
             PriseExistante;O\nReferencePrise;{}",
            dwelling.batiment, dwelling.escalier, dwelling.etage, dwelling.pto_ref
        );
        assert!(body.contains(&fields), "{fields} in {body}");
        assert!(body.contains("/commandes/nouvelle?IdentifiantImmeuble="));
        assert!(body.contains("/adresses/anomalies/nouvelle?IdentifiantImmeuble="));
        assert!(body.contains("consulterStructure"));
    }
    let all = rows(&mut browser, &asked(&[key])).await;
    for (name, column, value) in [
        ("porte", "porte", &dwelling.porte),
        ("etage", "etage", &dwelling.etage),
        ("Escalier", "escalier", &dwelling.escalier),
    ] {
        let narrowed = asked(&[key, (name, &value.to_lowercase())]);
        let kept = rows(&mut browser, &narrowed).await;
        let wanted = all.iter().filter(|row| text(row, column) == value);
        assert_eq!(kept.len(), wanted.count(), "{narrowed}");
        assert!(!kept.is_empty());
    }
    house.close().await;
}

#[tokio::test]
async fn many_dwellings_stay_within_a_page_and_one_is_a_link_away_from_its_actions() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let building = largest(&house);
    let path = asked(&[("IdentifiantImmeuble", &building.reference)]);
    let body = look(&mut browser, &path, StatusCode::OK).await;
    let dwellings = body.matches("<li data-porte=").count();
    let acts = |body: &str| body.matches("Copier pour la commande").count();
    if acts(&body) == 0 {
        let page = browser.get(&path).await;
        let alone = page.link("/adresses?IdentifiantImmeuble=");
        let body = look(&mut browser, &alone, StatusCode::OK).await;
        assert!(acts(&body) > 0, "{alone}");
    } else {
        assert_eq!(acts(&body), dwellings);
    }
    let unfolded = look(&mut browser, &format!("{path}&deplie=oui"), StatusCode::OK).await;
    let (_, tree) = unfolded.split_once("<address-tree").unwrap();
    assert!(
        !tree
            .split("</address-tree>")
            .next()
            .unwrap()
            .contains("<details><")
    );
    house.close().await;
}

#[tokio::test]
async fn several_buildings_are_shown_and_none_is_chosen() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let shared = house.spot(Case::SharedAddress).building;
    for path in [
        asked(&[("CodeAdresseImmeuble", &shared.hexacle)]),
        asked(&[("q", &shared.hexacle)]),
        asked(&[
            ("CodeInseeImmeuble", &shared.insee),
            ("CodeVoieRivoliImmeuble", &shared.rivoli),
            ("NumeroVoieImmeuble", &shared.number),
            ("ComplementNumeroVoieImmeuble", &shared.complement),
        ]),
    ] {
        let body = look(&mut browser, &path, StatusCode::OK).await;
        assert!(body.contains("immeubles portent cette adresse"), "{path}");
        assert!(!body.contains("<address-tree"), "{path}");
        assert!(body.contains(&shared.reference), "{path}");
        let rows = rows(&mut browser, &path).await;
        let of = |row: &Value| text(row, "identifiant_immeuble").to_owned();
        let mut buildings: Vec<String> = rows.iter().map(of).collect();
        buildings.dedup();
        assert!(buildings.len() > 1, "{buildings:?}");
    }
    house.close().await;
}

#[tokio::test]
async fn whatever_is_typed_is_answered_in_the_trades_words() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let building = house.spot(Case::FreePto).building;
    let reference = building.reference.as_str();
    let key = ("IdentifiantImmeuble", reference);
    let long = "a".repeat(3_000);
    let html = "<script>alert(1)</script>";
    let control = "12 rue\u{0}\u{7}\u{1b}[31m\u{202e}";
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    for (fields, status, wanted) in [
        (vec![], StatusCode::OK, "Dictez"),
        (
            vec![("q", address_line(building).as_str())],
            StatusCode::OK,
            reference,
        ),
        (vec![("q", "zzyzx")], StatusCode::OK, "Adresse inconnue"),
        (vec![("q", html)], StatusCode::OK, "&#60;script&#62;"),
        (vec![("q", control)], StatusCode::OK, "FADR01"),
        (vec![("q", long.as_str())], refused, "/erreurs/FIMP16"),
        (
            vec![("IdentifiantImmeuble", "IMB/0")],
            refused,
            "/erreurs/FADR01",
        ),
        (
            vec![("NumeroVoieImmeuble", "12")],
            refused,
            "/erreurs/FIMP15",
        ),
        (vec![("pto", html)], refused, "/erreurs/FIMP02"),
        (
            vec![key, ("porte", "nulle part")],
            StatusCode::NOT_FOUND,
            "Voir toute la structure",
        ),
    ] {
        let path = asked(&fields);
        let body = look(&mut browser, &path, status).await;
        assert!(body.contains(wanted), "{path} lacks {wanted}: {body}");
        assert!(!body.contains(html), "{path}");
    }
    for format in ["json", "csv", "xlsx"] {
        let path = format!("{}&format={format}", asked(&[("q", "zzyzx")]));
        let page = browser.get(&path).await;
        assert!(!page.body.starts_with("PK"), "{path}");
        let none = browser.get(&format!("/adresses?format={format}")).await;
        assert_eq!(none.status, refused, "{format}: {}", none.body);
    }
    let address = address_line(building);
    let begun = encode(&[("q", &address[..address.len() - 3])]);
    let lines = browser.get(&format!("/adresses/suggestions?{begun}")).await;
    let lines: Vec<String> = serde_json::from_str(&lines.body).unwrap();
    assert!(!lines.is_empty());
    house.close().await;
}
