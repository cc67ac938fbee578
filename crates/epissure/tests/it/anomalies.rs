//! Address anomalies through their doors: reported by XML and by a form, followed on both portals.

use axum::http::StatusCode;
use kernel::Millis;
use service_api::place::Address;
use tao::messages::AnomalyReport;
use testkit::territory::Case;

use crate::house::{Answer, Browser, HIRO, House, LINB, Page, house};

const NEW: &str = "/adresses/anomalies/nouvelle";
const LIST: &str = "/adresses/anomalies";
const QUEUE: &str = "/oi/anomalies";

fn wrong(building: &str) -> AnomalyReport {
    AnomalyReport {
        kind: Some("modification".to_owned()),
        address: Some(Address {
            building: Some(building.to_owned()),
            ..Address::default()
        }),
        expected: Some("12 bis & suite".to_owned()),
        ..AnomalyReport::default()
    }
}

async fn report(house: &House, who: &str, id: &str, body: &AnomalyReport) -> Answer {
    let contract = &tao::messages::CONTRACT;
    let operation = "signalerAnomalieAdresse";
    house.call(who, contract, operation, Some(id), body).await
}

/// The reference of an anomaly that `who` reports by XML at a building.
async fn reported(house: &House, who: &str, building: &str) -> String {
    let answer = report(house, who, &house.new_id(), &wrong(building)).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    answer.text("ReferenceAnomalie").to_owned()
}

/// Buildings of the territory.
fn buildings(house: &House, n: usize) -> Vec<String> {
    let all = house.territory.buildings.iter();
    all.map(|one| one.reference.clone()).take(n).collect()
}

/// Posts under a key of its own.
async fn post(house: &House, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let key = house.new_id();
    let fields = [&[("cle", key.as_str())], fields].concat();
    browser.post(path, &fields).await
}

fn goes_to(page: &Page, path: &str) {
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
    assert!(page.location.starts_with(path), "{}", page.location);
}

#[tokio::test]
async fn a_message_reports_an_anomaly_once() {
    let house = house!();
    let all = buildings(&house, 2);
    let id = house.new_id();
    let first = report(&house, HIRO, &id, &wrong(&all[0])).await;
    assert_eq!((first.code(), first.text("Statut")), (0, "ACKNOWLEDGED"));
    let again = report(&house, HIRO, &id, &wrong(&all[0])).await;
    let reference = first.text("ReferenceAnomalie");
    assert_eq!(
        (again.code(), again.text("ReferenceAnomalie")),
        (0, reference)
    );
    let other = report(&house, HIRO, &id, &wrong(&all[1])).await;
    assert_eq!(
        (other.code(), other.text("Champ")),
        (13, "IdentifiantRequete")
    );
    let twice = report(&house, HIRO, &house.new_id(), &wrong(&all[0])).await;
    assert_eq!((twice.code(), twice.text("Motif")), (100, "100"));
    assert_eq!(twice.text("ReferenceAnomalie"), reference);
    let theirs = report(&house, LINB, &house.new_id(), &wrong(&all[0])).await;
    assert_eq!(theirs.code(), 0, "another operator's is not told");
    assert!(!theirs.body.contains(reference));
    for (body, motive, field) in [
        (AnomalyReport::default(), "FIMP15", "TypeAnomalie"),
        (
            AnomalyReport {
                kind: Some("autre".to_owned()),
                ..wrong(&all[1])
            },
            "FIMP16",
            "TypeAnomalie",
        ),
        (wrong("IMB/00000/X/0000"), "FADR01", "IdentifiantImmeuble"),
        (
            AnomalyReport {
                expected: None,
                ..wrong(&all[1])
            },
            "FIMP15",
            "ValeurAttendue",
        ),
        (
            AnomalyReport {
                comment: Some("x".repeat(1_001)),
                ..wrong(&all[1])
            },
            "FIMP16",
            "Commentaire",
        ),
    ] {
        let answer = report(&house, HIRO, &house.new_id(), &body).await;
        let told = (answer.text("Motif"), answer.text("Champ"));
        assert_eq!(told, (motive, field), "{}", answer.body);
    }
    house.close().await;
}

#[tokio::test]
async fn both_sides_follow_an_anomaly_to_its_end_and_are_told() {
    let house = house!();
    let spot = house.spot(Case::Buildable);
    let building = &spot.building.reference;
    let mut agent = house.sign_in("agent", HIRO).await;
    let mut desk = house.sign_in("administrateur", "F2V").await;
    let asked = format!("{NEW}?genre=modification&q=12+bis&IdentifiantImmeuble={building}");
    let form = agent.get(&asked).await;
    assert_eq!(form.input("IdentifiantImmeuble"), *building);
    assert_eq!(form.input("TexteSaisi"), "12 bis");
    assert!(form.body.contains(r#"value="modification" checked"#));
    let fields = [
        ("TypeAnomalie", "modification"),
        ("IdentifiantImmeuble", building),
        ("ValeurAttendue", "<b>12 bis</b>"),
        ("cle", "une-cle"),
    ];
    let first = agent.post(LIST, &fields).await;
    goes_to(&first, "/adresses/anomalies/ADR");
    let again = agent.post(LIST, &fields).await;
    assert_eq!(again.location, first.location, "the same form twice");
    let sheet = first.location.split('?').next().unwrap().to_owned();
    let reference = sheet.rsplit('/').next().unwrap().to_owned();
    let twice = post(&house, &mut agent, LIST, &fields[..3]).await;
    assert_eq!(twice.status, StatusCode::CONFLICT);
    assert!(
        twice.body.contains(&format!("href=\"{sheet}\"")),
        "{}",
        twice.body
    );
    let page = agent.get(&sheet).await;
    assert!(
        page.body.contains("&#60;b&#62;12 bis&#60;/b&#62;"),
        "{}",
        page.body
    );
    assert!(page.body.contains("signalerAnomalieAdresse"));

    let of_desk = format!("{QUEUE}/{reference}");
    let queue = desk.get(QUEUE).await;
    assert!(queue.body.contains(&of_desk));
    let early = post(&house, &mut desk, &of_desk, &[("acte", "asked")]).await;
    assert_eq!(early.status, StatusCode::CONFLICT, "it was not taken yet");
    let bare = post(&house, &mut desk, &of_desk, &[("acte", "taken")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.body.contains("href=\"#Complexite\""));
    let acts: [(bool, &[(&str, &str)]); 7] = [
        (true, &[("acte", "taken"), ("Complexite", "COMPLEX")]),
        (true, &[("acte", "asked"), ("Question", "Quel portail ?")]),
        (false, &[("acte", "answered"), ("Reponse", "Le vert")]),
        (
            true,
            &[
                ("acte", "resolved"),
                ("Resolution", "Indice ajouté"),
                ("VersionReferentiel", "9"),
            ],
        ),
        (false, &[("acte", "disputed"), ("Contestation", "Non")]),
        (
            true,
            &[
                ("acte", "resolved"),
                ("Resolution", "Vraiment ajouté"),
                ("VersionReferentiel", "10"),
            ],
        ),
        (false, &[("acte", "accepted")]),
    ];
    for (by_desk, fields) in acts {
        house.clock.advance(Millis::HOUR / 30);
        let page = match by_desk {
            true => post(&house, &mut desk, &of_desk, fields).await,
            false => post(&house, &mut agent, &sheet, fields).await,
        };
        goes_to(&page, if by_desk { &of_desk } else { &sheet });
    }
    let page = agent.get(&sheet).await;
    for word in [
        "Quel portail",
        "Le vert",
        "Vraiment ajouté",
        "version 10",
        "Personne",
    ] {
        assert!(page.body.contains(word), "{word}");
    }
    let late = post(&house, &mut agent, &sheet, &[("acte", "accepted")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT);

    let mails = house.mails().await;
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    let subject = |what: &str| format!("Anomalie d’adresse {reference} : {what}");
    let resolved = subject("résolue, à valider");
    let wanted = [
        subject("une question du fournisseur"),
        resolved.clone(),
        resolved,
    ];
    assert_eq!(subjects, wanted);
    assert!(mails[0].text.contains("Quel portail ?"));
    assert!(
        mails
            .iter()
            .all(|mail| mail.to == crate::house::login_of("agent", HIRO))
    );
    house.seal().await;
    let feed = house.feed(HIRO).await;
    let told = feed
        .iter()
        .filter(|(_, kind, of)| kind == "ANOMALIE_ADRESSE" && *of == reference);
    assert_eq!(told.count(), 1 + acts.len());
    assert!(
        house
            .feed(LINB)
            .await
            .iter()
            .all(|(_, kind, _)| kind != "ANOMALIE_ADRESSE")
    );
    house.close().await;
}

#[tokio::test]
async fn a_batch_does_each_anomaly_by_itself_and_says_which_it_did_not() {
    let house = house!();
    let mut found = Vec::new();
    for (n, building) in buildings(&house, 4).iter().enumerate() {
        let who = if n == 3 { LINB } else { HIRO };
        found.push(reported(&house, who, building).await);
    }
    let mut desk = house.sign_in("administrateur", "F2V").await;
    let none = post(
        &house,
        &mut desk,
        QUEUE,
        &[("acte", "taken"), ("Complexite", "SIMPLE")],
    )
    .await;
    assert_eq!(none.status, StatusCode::UNPROCESSABLE_ENTITY);
    let choice = |from: usize| {
        let chosen = found[from..].iter().map(|one| ("choix", one.as_str()));
        chosen.collect::<Vec<_>>()
    };
    let bare = [&choice(0)[..], &[("acte", "refused"), ("Motif", "INVALID")]].concat();
    let bare = post(&house, &mut desk, QUEUE, &bare).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.body.contains("href=\"#Explication\""));
    assert_eq!(
        bare.body.matches(" checked").count(),
        4,
        "what was ticked stays so"
    );
    let take = [
        &choice(0)[..2],
        &[("acte", "taken"), ("Complexite", "MASSE")],
    ]
    .concat();
    let taken = post(&house, &mut desk, QUEUE, &take).await;
    assert!(taken.body.contains("2 sur 2"), "{}", taken.body);
    let resolve = [
        ("acte", "resolved"),
        ("Resolution", "Fait en masse"),
        ("VersionReferentiel", "9"),
        ("choix", "ADR00000000"),
    ];
    let resolve = [&choice(0)[..], &resolve].concat();
    let key = [&[("cle", "lot")], &resolve[..]].concat();
    let listed = format!("{QUEUE}?genre=modification");
    let done = desk.post(&listed, &key).await;
    assert!(done.body.contains("2 sur 5"), "{}", done.body);
    assert_eq!(done.body.matches("href=\"/erreurs/13\"").count(), 2);
    assert_eq!(done.body.matches("href=\"/erreurs/9\"").count(), 1);
    assert!(
        done.body.contains(&format!("href=\"{listed}\"")),
        "the way back"
    );
    let again = desk.post(&listed, &key).await;
    assert!(
        again.body.contains("2 sur 5"),
        "the same batch twice is done once"
    );
    let file = desk
        .get(&format!("{QUEUE}?etat=resolved&format=json"))
        .await;
    let rows: serde_json::Value = serde_json::from_str(&file.body).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row["complexite"] == "En masse" && row["version"] == 9)
    );
    let figures = desk.get("/oi/anomalies/communes?format=json").await;
    let figures: serde_json::Value = serde_json::from_str(&figures.body).unwrap();
    let sum = |name: &str| {
        let all = figures.as_array().unwrap().iter();
        all.map(|row| row[name].as_i64().unwrap()).sum::<i64>()
    };
    assert_eq!(
        (sum("signalees"), sum("ouvertes"), sum("resolues")),
        (4, 4, 2)
    );
    let page = desk.get("/oi/anomalies/communes").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<svg class=\"bar\""));
    house.close().await;
}

#[tokio::test]
async fn an_operator_s_list_and_files_hold_its_own_anomalies_only() {
    let house = house!();
    let all = buildings(&house, 3);
    let own = reported(&house, LINB, &all[0]).await;
    let theirs = reported(&house, HIRO, &all[1]).await;
    let mut browser = house.sign_in("lecteur", LINB).await;
    for path in [
        LIST.to_owned(),
        format!("{LIST}?format=csv"),
        format!("{LIST}?format=json"),
        format!("{LIST}?q=ADR&etat=acknowledged&genre=modification&tri=reference"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains(&own), "{path}");
        assert!(!page.body.contains(&theirs), "{path}");
    }
    let sheet = browser.get(&format!("{LIST}/{own}")).await;
    assert_eq!(sheet.status, StatusCode::OK);
    assert!(!sheet.body.contains("annuler\""), "a reader may not cancel");
    for path in ["nouvelle2", "ADR1", "ADR000000000", "' or 1=1 --"] {
        let path = format!("{LIST}/{}", path.replace(' ', "%20"));
        let page = browser.get(&path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    house.close().await;
}

#[tokio::test]
async fn the_platform_closes_what_nobody_answered() {
    let house = house!();
    let found = reported(&house, HIRO, &buildings(&house, 1)[0]).await;
    let mut desk = house.sign_in("administrateur", "F2V").await;
    let sheet = format!("{QUEUE}/{found}");
    let take = [("acte", "taken"), ("Complexite", "SIMPLE")];
    goes_to(&post(&house, &mut desk, &sheet, &take).await, &sheet);
    let resolve = [
        ("acte", "resolved"),
        ("Resolution", "Fait"),
        ("VersionReferentiel", "9"),
    ];
    goes_to(&post(&house, &mut desk, &sheet, &resolve).await, &sheet);
    assert_eq!(house.crew.reconcile().await.unwrap(), 0);
    house.travel_to(jiff::civil::date(2026, 12, 8));
    assert_eq!(house.crew.reconcile().await.unwrap(), 1);
    assert_eq!(house.crew.reconcile().await.unwrap(), 0);
    house.seal().await;
    let feed = house.feed(HIRO).await;
    assert_eq!(feed.last().unwrap().2, found);
    let traces = house.traces().await;
    assert!(
        traces
            .iter()
            .all(|(action, ..)| action != "tao.lapse_anomaly"),
        "sealed"
    );
    house.close().await;
}
