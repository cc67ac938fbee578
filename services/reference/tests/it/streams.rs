//! Differences as files of any length.

use axum::body::Body;
use axum::http::StatusCode;
use domain::release::{Kind, Table};
use futures_util::StreamExt;

use crate::pages::{HIRO, House, SOLENE};
use crate::support::small;

/// Largest piece of a file: what is held of it at once.
const PIECE_MAX: usize = 1 << 20;

/// The whole of a file, that comes in pieces.
async fn whole(house: &House, path: &str) -> String {
    let (parts, body) = house
        .ask(SOLENE, ("GET", path), "text/plain", Body::empty())
        .await;
    assert_eq!(parts.status, StatusCode::OK, "{path}");
    let (mut text, mut pieces) = (Vec::new(), body.into_data_stream());
    while let Some(piece) = pieces.next().await {
        let piece = piece.unwrap();
        assert!(piece.len() <= PIECE_MAX, "{} bytes at once", piece.len());
        text.extend_from_slice(&piece);
    }
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn every_difference_is_exported_however_many_there_are() {
    // More than a list exports.
    const ROWS: usize = web::export::ROWS_MAX + 1;
    let Some(house) = House::open().await else {
        return;
    };
    let territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    let pm = &territory.pms[0].reference;
    let mut text = "CodeOC;ReferencePM;ReferencePrestationPM\n".to_owned();
    for n in 0..ROWS {
        text.push_str(&format!("HIRO;{pm};P{n:06}\n"));
    }
    house.desk.publish(Kind::Adduction, &text).await;

    for path in ["/oi/versions/2/differences", "/oi/versions/2"] {
        let (csv, json) = match path.ends_with("differences") {
            true => (format!("{path}.csv"), format!("{path}.json")),
            false => {
                let query = "?table=presence&changement=ajout&format=";
                (format!("{path}{query}csv"), format!("{path}{query}json"))
            }
        };
        let csv = whole(&house, &csv).await;
        assert_eq!(csv.lines().count(), ROWS + 1, "and the heading, once");
        assert_eq!(csv.matches('\u{feff}').count(), 1);
        let json: serde_json::Value = serde_json::from_str(&whole(&house, &json).await).unwrap();
        let rows = json.as_array().unwrap();
        assert_eq!(rows.len(), ROWS);
        let last = format!("HIRO · {pm} · P{:06}", ROWS - 1);
        assert_eq!(rows[ROWS - 1]["objet"], last.as_str());
        assert_eq!(
            csv.lines().last().unwrap(),
            format!("presence;{last};ajout;;;")
        );
    }
    let workbook = house.get(SOLENE, "/oi/versions/2?format=xlsx").await;
    assert_eq!(workbook.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        workbook.body.contains("/erreurs/EEXP01"),
        "{}",
        workbook.body
    );
}

#[tokio::test]
async fn the_whole_of_a_release_is_in_one_file_table_after_table() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    let gone = territory.buildings.remove(5).reference;
    territory.buildings[10].street_name = "=DU NOUVEAU NOM".to_owned();
    let changed = territory.buildings[10].reference.clone();
    for building in &mut territory.buildings {
        building.delivery_on = None;
    }
    territory.pms[1].capacity += 1;
    let pm = territory.pms[1].reference.clone();
    house.publish(&territory.file(Kind::Ipe)).await;

    let csv = whole(&house, "/oi/versions/2/differences.csv").await;
    let json = whole(&house, "/oi/versions/2/differences.json").await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let rows = json.as_array().unwrap();
    assert_eq!(rows.len() + 1, csv.lines().count());
    let told = |object: &str, change: &str, field: &str| {
        let mut rows = rows.iter();
        let (object, change) = (object.to_owned(), change.to_owned());
        let wanted = (object.into(), change.into());
        rows.any(|row| {
            (row["objet"].clone(), row["changement"].clone()) == wanted
                && (field.is_empty() || row["champ"] == field)
        })
    };
    assert!(told(&gone, "suppression", ""));
    assert!(told(&changed, "modification", "street_name"));
    assert!(told(&pm, "modification", "capacity"));
    assert!(csv.contains("'=DU NOUVEAU NOM"), "neutralised");
    let tables: Vec<_> = rows
        .iter()
        .map(|row| row["table"].as_str().unwrap())
        .collect();
    assert_eq!(
        (tables[0], *tables.last().unwrap()),
        ("building", Table::Pm.name())
    );

    // A filter that nothing answers makes an empty file, not a broken one.
    let path = "/oi/versions/2?table=pm&changement=ajout&format=";
    assert_eq!(whole(&house, &format!("{path}json")).await, "[]\n");
    assert_eq!(
        whole(&house, &format!("{path}csv")).await.lines().count(),
        1
    );
    let page = house.get(SOLENE, "/oi/versions/2").await;
    assert!(page.body.contains("/oi/versions/2/differences.json"));
    let outside = house.get(HIRO, "/oi/versions/2/differences.csv").await;
    assert_eq!(outside.status, StatusCode::FORBIDDEN);
    let absent = house.get(SOLENE, "/oi/versions/9/differences.csv").await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_file_of_a_release_that_is_taken_back_meanwhile_breaks_off() {
    let Some(house) = House::open().await else {
        return;
    };
    house.publish(&small().file(Kind::Ipe)).await;
    let mut begun = Vec::new();
    for (who, path) in [
        (SOLENE, "/oi/versions/1/differences.json"),
        (HIRO, "/referentiel/differences/1.csv"),
    ] {
        let asked = house.ask(who, ("GET", path), "text/plain", Body::empty());
        let (parts, body) = asked.await;
        assert_eq!(parts.status, StatusCode::OK);
        let mut pieces = body.into_data_stream();
        assert!(pieces.next().await.unwrap().is_ok(), "the buildings");
        begun.push((path, pieces));
    }
    let number = house.desk.store.current().await;
    house.desk.roll_back(number, "essai").await.unwrap();
    for (path, mut pieces) in begun {
        assert!(pieces.next().await.unwrap().is_err(), "{path}");
    }
    // The next import undoes what was taken back.
    house.publish(&small().file(Kind::Ipe)).await;
    let gone = house.get(SOLENE, "/oi/versions/1/differences.csv").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}
