//! The developers' pages over the registry as it is: every contract, every operation, the log of
//! the calls that were really made, and the validator on what the doors really refuse.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use axum::body::Body;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use developers::validator::{BYTES_MAX, Report, check, check_lot};
use domain::access::store::permissions_of;
use domain::access::{Duty, system};
use domain::account::Account;
use domain::call::rules::{Side, is_masked};
use domain::call::{DAYS_KEPT, store};
use domain::operator::Operator;
use domain::order::{PlaceOrder, well_formed};
use domain::{Platform, spool};
use epissure::edges::xml_services;
use epissure::house::{MIGRATIONS, TENANT_TABLES};
use epissure::services::SERVICES;
use kernel::{AccountId, Clock, FakeClock, Millis, OperatorId, codes};
use soap::{Envelope, Limits, Pairs, RequestHeader};
use storage::{Lane, Migration, Tx};
use testkit::territory::Case;

use crate::house::{Browser, HIRO, House, LINB, Page, START, house, order_at};

const CALLS: &str = "/developpeurs/appels";
const VALIDATOR: &str = "/developpeurs/validateur";

/// The ids of the calls that a list shows, in its order.
fn listed(body: &str) -> Vec<String> {
    let rest = body.split("href=\"/developpeurs/appels/").skip(1);
    rest.map(|rest| rest.split('"').next().unwrap().to_owned())
        .collect()
}

/// How many calls the file of all calls has, and how many of them have this code.
async fn exported(browser: &mut Browser, code: &str) -> (usize, usize) {
    let page = browser.get(&format!("{CALLS}?format=csv")).await;
    assert_eq!(page.status, StatusCode::OK);
    let rows: Vec<&str> = page.body.lines().skip(1).collect();
    let coded = |row: &&&str| row.split(';').nth(4) == Some(code);
    (rows.len(), rows.iter().filter(coded).count())
}

async fn validated(browser: &mut Browser, text: &str) -> (StatusCode, String) {
    let page = browser.post(VALIDATOR, &[("texte", text)]).await;
    (page.status, page.body)
}

#[test]
fn the_examples_of_every_operation_conform_both_ways_and_every_operation_says_what_it_does() {
    let mut seen = 0;
    for xml in xml_services(SERVICES) {
        for operation in xml.operations {
            let element = operation.element;
            for message in [element.to_owned(), format!("{element}Reponse")] {
                let example = xml.contract.example(&message).unwrap();
                let read = xml.contract.accept(&example);
                assert!(read.is_ok(), "{read:?}\n{example}");
                let fields = xml.contract.describe(&message);
                assert!(
                    fields.iter().any(|field| field.name == "VersionWS"),
                    "{message}"
                );
                let typed = |field: &soap::Element| {
                    let holds = fields.iter().any(|other| other.depth > field.depth);
                    !field.kind.is_empty() || !field.values.is_empty() || holds
                };
                assert!(fields.iter().all(typed), "{message}");
                seen += 1;
            }
            let said = xml.contract.documentation(element);
            assert!(said.len() > 20, "{element} has no wsdl:documentation");
        }
    }
    assert!(seen >= 20);
}

#[test]
fn the_example_of_an_order_passes_the_control_that_orders_pass() {
    let example = fci::messages::CONTRACT.example("deposerCommande").unwrap();
    let envelope = fci::messages::CONTRACT.accept(&example).unwrap();
    let fields: Pairs = envelope.body().unwrap();
    well_formed(&PlaceOrder::from_pairs(fields.iter())).unwrap();
    assert_eq!(
        check(example.as_bytes(), &xml_services(SERVICES)).findings,
        []
    );
}

/// A name that is new in a contract and looks personal is either masked or said not to be.
#[test]
fn what_is_masked_of_the_contracts_is_known() {
    let mut masked = std::collections::BTreeSet::new();
    let mut shown = std::collections::BTreeSet::new();
    let looks = [
        "client",
        "contact",
        "nom",
        "prenom",
        "telephone",
        "courriel",
        "mail",
    ];
    for xml in xml_services(SERVICES) {
        for element in xml.contract.elements() {
            for field in xml.contract.describe(&element) {
                let lower = field.name.to_lowercase();
                if is_masked(&field.name, Side::Answer) {
                    masked.insert(field.name);
                } else if looks.iter().any(|part| lower.contains(part)) {
                    shown.insert(field.name);
                }
            }
        }
    }
    let masked: Vec<&str> = masked.iter().map(String::as_str).collect();
    let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
    let expected = [
        "Commentaire",
        "CommentaireCmdAcces",
        "ContactClient1",
        "ContactClient2",
        "InfoCmdAcces1",
        "InfoCmdAcces2",
        "InfoCmdAcces3",
        "InfoCmdAcces4",
        "InfoCmdAcces5",
        "InfoCmdAcces6",
        "InfoCmdAcces7",
        "InfoCmdAcces8",
        "NomClient",
        "PrenomClient",
    ];
    assert_eq!(masked, expected);
    let harmless = [
        "Nom",
        "NomModulePM",
        "NombreLogements",
        "ReferenceAnomalie",
        "TypeAnomalie",
    ];
    assert_eq!(shown, harmless);
}

#[tokio::test]
async fn every_contract_is_listed_downloaded_and_explained_without_a_certificate() {
    let house = house!();
    let mut visitor = house.browser();
    let list = visitor.get("/developpeurs/contrats/").await;
    assert_eq!(list.status, StatusCode::OK);
    assert_eq!(visitor.get("/developpeurs").await.status, StatusCode::OK);
    for xml in xml_services(SERVICES) {
        let service = xml.contract.service;
        for (file, kind) in [
            (format!("{service}.wsdl"), "text/xml; charset=utf-8"),
            (format!("{service}.xsd"), "text/xml; charset=utf-8"),
            (format!("{service}.zip"), "application/zip"),
            ("commun.xsd".to_owned(), "text/xml; charset=utf-8"),
            ("contrats.zip".to_owned(), "application/zip"),
        ] {
            let path = format!("/developpeurs/contrats/{file}");
            assert!(list.body.contains(&format!("href=\"{path}\"")), "{path}");
            let got = visitor.get(&path).await;
            assert_eq!(
                (got.status, &got.headers[CONTENT_TYPE]),
                (StatusCode::OK, &kind.parse().unwrap())
            );
            assert!(!got.body.is_empty() && got.body.starts_with("PK") == file.ends_with("zip"));
        }
        for operation in xml.operations {
            let path = format!("/developpeurs/operations/{service}/{}", operation.element);
            assert!(list.body.contains(&path));
            let page = visitor.get(&path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            let listed = operation.codes();
            assert!(listed.len() >= 8, "{path}");
            for code in codes::ALL {
                let href = format!("/erreurs/{}", code.code);
                let known = listed.iter().any(|(row, _)| row.code == code.code);
                let shown = page.body.contains(&format!("href=\"{href}\""));
                assert_eq!(shown, known, "{path}: {}", code.code);
                if shown {
                    assert_eq!(visitor.get(&href).await.status, StatusCode::OK);
                }
            }
        }
    }
    for nothing in ["fci/rien", "rien/deposerCommande", "tao/deposerCommande"] {
        let path = format!("/developpeurs/operations/{nothing}");
        assert_eq!(visitor.get(&path).await.status, StatusCode::NOT_FOUND);
    }
    house.close().await;
}

#[tokio::test]
async fn every_call_is_in_the_log_of_its_operator_masked_with_what_was_answered() {
    let house = house!();
    let order = order_at(&house.spot(Case::Buildable), "R-1")
        .with("NomClient", "Xanthippe")
        .with("ContactClient1", "0299123456");
    let first = house.place(HIRO, &order).await;
    assert_eq!(first.code(), 0);
    let again = house.place(HIRO, &order).await;
    assert_eq!(again.text("Motif"), "FIMP13");
    let mut browser = house.sign_in("agent", HIRO).await;
    let list = browser.get(CALLS).await;
    let ids = listed(&list.body);
    assert_eq!(
        ids,
        [
            again.text("IdentifiantReponse"),
            first.text("IdentifiantReponse")
        ]
    );
    assert!(list.body.contains("href=\"/erreurs/FIMP13\""));
    let page = browser.get(&format!("{CALLS}/{}", ids[1])).await;
    assert_eq!(page.status, StatusCode::OK);
    let request_id = first.text("IdentifiantRequete");
    for shown in [
        "deposerCommande",
        "R-1",
        request_id,
        "SI HIRO",
        "*********",
        "\u{202f}",
    ] {
        assert!(page.body.contains(shown), "{shown}");
    }
    for hidden in ["Xanthippe", "0299123456"] {
        assert!(!page.body.contains(hidden), "{hidden}");
    }
    for (filter, found) in [
        ("operation=deposerCommande", 2),
        ("operation=consulterCommande", 0),
        ("service=fci&resultat=refused", 1),
        ("code=FIMP13", 1),
        ("du=2026-11-23&au=2026-11-23", 2),
        ("du=2026-11-24", 0),
        (&format!("q={request_id}"), 1),
        (&format!("q={}", ids[0]), 1),
        ("tri=duree&par=1", 1),
    ] {
        let page = browser.get(&format!("{CALLS}?{filter}")).await;
        assert_eq!(listed(&page.body).len(), found, "{filter}");
    }
    let page = browser.get(&format!("{CALLS}?par=1")).await;
    let next = page
        .link(&format!("{CALLS}?par=1&#38;apres="))
        .replace("&#38;", "&");
    let next = browser.get(&next).await;
    assert_eq!(listed(&next.body), [ids[1].clone()]);
    assert_eq!(exported(&mut browser, "FIMP13").await, (2, 1));
    let board = browser.get("/").await;
    for shown in ["Appels XML, 24 h", "50,0\u{202f}% acceptés"] {
        assert!(board.body.contains(shown), "{shown}");
    }
    house.run_jobs().await;
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn what_is_refused_before_an_operation_is_in_the_log_with_its_line_and_column() {
    let house = house!();
    let envelope = |body: &str| {
        format!(
            "<s:Envelope xmlns:s=\"{}\"><s:Body>\n{body}\n</s:Body></s:Envelope>",
            soap::ENVELOPE_NAMESPACE
        )
    };
    let lost = envelope(
        "<deposerCommande xmlns=\"urn:epissure:ws:fci:1\" xmlns:c=\"urn:epissure:ws:commun:1\">\
         <c:Entete><c:VersionWS>1</c:VersionWS>\
         <c:HorodatageRequete>2026-11-23T10:00:00</c:HorodatageRequete>\
         <c:IdentifiantRequete>cle-perdue</c:IdentifiantRequete></c:Entete>\n  \
         <NomClient>Xanthippe</NomClient>\n  <Inconnu>1</Inconnu></deposerCommande>",
    );
    for (service, text, status) in [
        ("fci", lost.as_str(), 500),
        ("fci", "<a>\n<NomClient>Xanthippe", 500),
        ("fci", &envelope("<rien xmlns=\"urn:x\"/>"), 500),
        ("nulle-part", "<a/>", 404),
    ] {
        let answer = house.send_xml(HIRO, service, text.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    // Nobody knows whose these are.
    assert!(
        house
            .send_xml("NOBODY", "fci", lost.clone())
            .await
            .is_fault()
    );
    assert!(house.send_xml("HIRO-2", "fci", lost).await.is_fault());
    let mut browser = house.sign_in("agent", HIRO).await;
    let ids = listed(&browser.get(CALLS).await.body);
    assert_eq!(ids.len(), 4);
    let schema = browser.get(&format!("{CALLS}/{}", ids[3])).await;
    for shown in [
        "ligne 4, colonne 3",
        "Inconnu",
        "cvc-complex-type.2.4",
        "cle-perdue",
        "/erreurs/22\"",
    ] {
        assert!(schema.body.contains(shown), "{shown}\n{}", schema.body);
    }
    let marks: Vec<&str> = schema.body.split("<mark>").skip(1).collect();
    assert_eq!(marks.len(), 2, "laid out and as it was");
    assert!(
        marks
            .iter()
            .all(|mark| mark.trim_start().starts_with("&#60;Inconnu&#62;"))
    );
    let cut = browser.get(&format!("{CALLS}/{}", ids[2])).await;
    assert!(cut.body.contains("/erreurs/18\"") && cut.body.contains("*********"));
    assert!(!schema.body.contains("Xanthippe") && !cut.body.contains("Xanthippe"));
    assert_eq!(exported(&mut browser, "22").await, (4, 3));
    house.close().await;
}

/// An installation of before the area: its accounts get the right with the rest of the upgrade, the
/// one that may nothing gets nothing, and one that has it already keeps it.
#[tokio::test]
async fn accounts_made_before_the_area_may_see_it_after_the_upgrade() {
    let before: Vec<Migration> = MIGRATIONS
        .iter()
        .filter(|step| step.owner != "developpeurs")
        .copied()
        .collect();
    let Some(store) = testkit::Store::open(&before, &TENANT_TABLES) else {
        return;
    };
    let nobody = OperatorId::from_store(String::new());
    let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(START));
    let platform = Platform::new(store.db.clone(), clock);
    let ctx = system(&platform, Duty::Demo, &nobody).unwrap();
    let (demo, sign_in) = (ctx.duty(Duty::Demo), ctx.duty(Duty::SignIn));
    let accounts = [
        ("un", "o1", vec!["comptes.view", "fci.create", "fci.view"]),
        ("deux", "o1", vec!["comptes.view"]),
        ("trois", "o2", vec!["developpeurs.view", "tao.view"]),
        (
            "quatre",
            "o2",
            vec!["eligibilite.view", "fci.view", "tao.view"],
        ),
        ("cinq", "o2", vec![]),
    ];
    let made = accounts.clone();
    let fill = move |tx: &mut dyn Tx| {
        for (seat, (name, of, rights)) in (1..).zip(&made) {
            let operator = Operator {
                id: OperatorId::from_store((*of).to_owned()),
                code: (*of).to_owned(),
                name: (*of).to_owned(),
                is_provider: false,
                contact_email: String::new(),
                created: START,
            };
            if ["un", "trois"].contains(name) {
                domain::operator::store::insert(tx, &demo, &operator)?;
            }
            let account = Account {
                id: AccountId::from_store((*name).to_owned()),
                login: format!("{name}@essai.example"),
                name: (*name).to_owned(),
                email: String::new(),
                seat,
                state: "active".to_owned(),
                password_hash: None,
                created: START,
            };
            let rights: Vec<String> = rights.iter().map(ToString::to_string).collect();
            domain::account::store::insert(tx, &demo, &operator.id, &account, &rights)?;
        }
        Ok(())
    };
    platform
        .db
        .write(Lane::Foreground, None, fill)
        .await
        .unwrap();
    drop(platform);
    let store = store.upgraded(&MIGRATIONS, &TENANT_TABLES);
    for (name, of, mut rights) in accounts {
        let (account, of) = (name.to_owned(), of.to_owned());
        let (account, of) = (AccountId::from_store(account), OperatorId::from_store(of));
        let scope = sign_in;
        let held = move |tx: &mut dyn Tx| permissions_of(tx, &scope, &of, &account);
        let mut held = store.db.get(held).await.unwrap();
        held.sort();
        if rights.len() > 1 && name != "trois" {
            rights.push("developpeurs.view");
        }
        rights.sort_unstable();
        assert_eq!(held, rights, "{name}");
    }
}

/// What is absent and what is another operator's are one page, and the OI's staff reads neither.
#[tokio::test]
async fn a_call_of_another_operators_is_absent() {
    let house = house!();
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    house.eligibility(HIRO, &order).await;
    let mut owner = house.sign_in("lecteur", HIRO).await;
    let id = listed(&owner.get(CALLS).await.body).remove(0);
    let mut stranger = house.sign_in("administrateur", LINB).await;
    assert_eq!(
        listed(&stranger.get(CALLS).await.body),
        Vec::<String>::new()
    );
    assert_eq!(exported(&mut stranger, "0").await, (0, 0));
    let last = if id.ends_with('0') { "1" } else { "0" };
    let absent = format!("{}{last}", &id[..id.len() - 1]);
    let mut bodies = Vec::new();
    for path in [id.as_str(), &absent, "req_1", "%00"] {
        let page = stranger.get(&format!("{CALLS}/{path}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        bodies.push(page.body);
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    let mut staff = house.sign_in("administrateur", "F2V").await;
    for path in [CALLS.to_owned(), format!("{CALLS}/{id}")] {
        assert_eq!(staff.get(&path).await.status, StatusCode::FORBIDDEN);
    }
    assert_eq!(
        owner.get(&format!("{CALLS}/{id}")).await.status,
        StatusCode::OK
    );
    house.close().await;
}

#[tokio::test]
async fn calls_older_than_they_are_kept_are_forgotten_by_the_workers() {
    let house = house!();
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    house.eligibility(HIRO, &order).await;
    spool::flush(&house.platform).await.unwrap();
    assert_eq!(house.crew.reconcile().await.unwrap(), 0);
    house.clock.advance(DAYS_KEPT * Millis::DAY + 1);
    house.crew.reconcile().await.unwrap();
    let upkeep = upkeep(&house);
    let left = move |tx: &mut dyn Tx| store::list_over(tx, &upkeep, (0, 0));
    assert_eq!(house.platform.db.read(left).await.unwrap(), []);
    house.close().await;
}

fn upkeep(house: &House) -> domain::access::SystemScope {
    let duty = domain::access::Duty::Upkeep;
    let ctx = domain::access::system(&house.platform, duty, &house.crew.provider).unwrap();
    ctx.duty(duty)
}

#[tokio::test]
async fn the_validator_says_what_the_door_says_and_sends_nothing() {
    let house = house!();
    let services = xml_services(SERVICES);
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    let contract = &fci::messages::CONTRACT;
    let header = RequestHeader {
        version: "1".to_owned(),
        ..RequestHeader::default()
    };
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let body = |order: &PlaceOrder| Pairs(order.pairs().map(owned).collect());
    let text = |order: &PlaceOrder, id: &str| {
        let header = RequestHeader {
            request_id: (!id.is_empty()).then(|| id.to_owned()),
            ..header.clone()
        };
        contract
            .write_request("deposerCommande", &header, &body(order))
            .unwrap()
    };
    let sound = text(&order, "k");
    let faulty = order.clone().with("ContactClient1", "abc");
    for (sent, code, field) in [
        (sound.clone(), "", ""),
        (text(&order, ""), "1", "IdentifiantRequete"),
        (text(&faulty, "k"), "FIMP16", "ContactClient1"),
        (
            text(&order.clone().with("NomClient", ""), "k"),
            "FIMP15",
            "NomClient",
        ),
        (sound.replace("<Etage>", "<Etaj>"), "18", ""),
        (sound.replace("Etage>", "Etaj>"), "22", "Etaj"),
        (
            sound.replace("urn:epissure:ws:fci:1", "urn:x"),
            "22",
            "deposerCommande",
        ),
    ] {
        let report = check(sent.as_bytes(), &services);
        let found = report.findings.first().cloned().unwrap_or_default();
        assert_eq!(
            (found.code.as_str(), found.field.as_str()),
            (code, field),
            "{sent}"
        );
        let own = house.new_id();
        let sent = sent.replace(">k<", &format!(">{own}<"));
        let sent = sent.replace(">R-1<", &format!(">{}<", &own[28..]));
        let door = house.send_xml(HIRO, "fci", sent).await;
        let said = door.all("Motif").first().cloned().unwrap_or_default();
        let said = if door.is_fault() {
            door.code().to_string()
        } else {
            said.to_owned()
        };
        assert_eq!(said, code, "{}", door.body);
    }
    let before = house.audited().await;
    let mut browser = house.sign_in("lecteur", HIRO).await;
    let other = order_at(&house.spot(Case::Buildable), "R-9");
    let (status, page) = validated(&mut browser, &text(&other, "k9")).await;
    assert!(status.is_success() && page.contains("Valide"), "{page}");
    let (status, page) = validated(&mut browser, "<a><b></a>").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.contains("href=\"/erreurs/18\"") && page.contains("<mark>"));
    assert!(
        !browser
            .get("/commandes?q=R-9")
            .await
            .body
            .contains("R-9</a>")
    );
    assert_eq!(house.audited().await, before + 1, "the sign-in alone");
    let calls = browser.get(CALLS).await;
    assert!(!calls.body.contains("k9"));
    house.run_jobs().await;
    house.mails().await;
    house.close().await;
}

/// What a body is told is told at the same lines and columns as in an envelope.
#[test]
fn a_body_alone_is_read_as_if_it_stood_in_an_envelope() {
    let services = xml_services(SERVICES);
    let example = fci::messages::CONTRACT.example("deposerCommande").unwrap();
    let (_, rest) = example.split_once("<s:Body>").unwrap();
    let (body, _) = rest.split_once("</s:Body>").unwrap();
    let body = body.trim();
    assert_eq!(check(body.as_bytes(), &services).findings, []);
    let declared = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- a --> {body}");
    assert_eq!(check(declared.as_bytes(), &services).findings, []);
    let one_line = body.replace('\n', "").replace("<Etage>", "<Rien/><Etage>");
    let place = |text: &str| {
        let report = check(text.as_bytes(), &services);
        (report.findings[0].line, report.findings[0].column)
    };
    let expected =
        one_line.chars().count() - one_line.split_once("<Rien/>").unwrap().1.chars().count();
    assert_eq!(place(&one_line), (1, expected - "<Rien/>".len() + 1));
    let lines = body.replace("<Etage>", "<Rien/><Etage>");
    let at = lines
        .lines()
        .position(|line| line.contains("<Rien/>"))
        .unwrap();
    assert_eq!(place(&lines).0, at + 1);
}

#[test]
fn several_faults_of_one_message_are_told_together() {
    let example = tao::messages::CONTRACT
        .example("rechercherAdresse")
        .unwrap();
    let faulty = example
        .replace("<c:VersionWS>1<", "<c:VersionWS>12345678901<")
        .replace("<Texte>", "<Texte lang=\"fr\">");
    let report = check(faulty.as_bytes(), &xml_services(SERVICES));
    let found: Vec<&str> = report.findings.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(found, ["VersionWS", "Texte"]);
    let lines: Vec<&str> = report.findings.iter().map(|f| f.excerpt.as_str()).collect();
    assert!(lines[0].contains("12345678901") && lines[1].contains("lang"));
}

/// Submits the file of a lot as the form does.
async fn submitted(browser: &mut Browser, key: &str, file: &[u8]) -> Page {
    let mut body = Vec::new();
    for (name, value) in [("csrf", browser.csrf.as_str()), ("cle", key)] {
        let part = format!("name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend(format!("--bord\r\nContent-Disposition: form-data; {part}").bytes());
    }
    body.extend_from_slice(
        b"--bord\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"lot.csv\"\r\n\
          Content-Type: text/csv\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--bord--\r\n");
    let request = browser.request("POST", "/eligibilite/lots");
    let request = request.header(CONTENT_TYPE, "multipart/form-data; boundary=bord");
    browser.send(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn what_the_validator_says_of_a_lot_is_what_the_lot_says() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    for (n, (file, told)) in testkit::lots::hostile().iter().enumerate() {
        let door = submitted(&mut browser, &format!("h{n}"), file).await;
        assert!(door.body.contains("/erreurs/ELOT01"), "{told}");
        let report = check_lot(file);
        let [found] = report.findings.as_slice() else {
            panic!("{told}: {report:?}");
        };
        assert!(
            found.code == "ELOT01" && found.message.contains(told),
            "{found:?}"
        );
        assert!(!found.remedy().is_empty());
        // As it is recognised, it is valid no more than as it is said to be a lot.
        assert!(!check(file, &xml_services(SERVICES)).is_valid(), "{told}");
    }
    let spot = house.spot(Case::Buildable);
    let building = &spot.building.reference;
    let lines = [
        (3, "", format!("A-1;;{building};;")),
        (4, "FIMP16", format!("\"{}\";;{building};;", "r".repeat(31))),
        (5, "", "A-3;\"12 rue\ndes Tilleuls\";;;".to_owned()),
        (7, "FIMP16", format!("A-4;;{building};;X")),
        (8, "FIMP16", ";;;123;".to_owned()),
        (9, "FIMP15", "A-6;;;;".to_owned()),
        (10, "FIMP16", format!("A-7;{};;;", "é".repeat(300))),
        (11, "FIMP16", format!("A-8;;{building};;;;;")),
        (12, "", "A-9;rien de connu".to_owned()),
    ];
    let head = "ReferenceClient;Adresse;IdentifiantImmeuble;CodeAdresseImmeuble;PriseExistante\n";
    let all: Vec<&str> = lines.iter().map(|(_, _, line)| line.as_str()).collect();
    let file = format!("{head}\n{}\r\n", all.join("\n"));
    let report = check(file.as_bytes(), &xml_services(SERVICES));
    assert_eq!(report, check_lot(file.as_bytes()));
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|f| (f.line, f.code.as_str()))
        .collect();
    let expected = lines.iter().filter(|(_, code, _)| !code.is_empty());
    let expected: Vec<_> = expected.map(|(line, code, _)| (*line, *code)).collect();
    assert_eq!(found, expected, "{report:?}");
    let put = submitted(&mut browser, "lot", file.as_bytes()).await;
    assert_eq!(put.status, StatusCode::SEE_OTHER, "{}", put.body);
    house.run_jobs().await;
    let lot = put.location.split('?').next().unwrap();
    let result = browser.get(&format!("{lot}?format=json")).await.body;
    let result: serde_json::Value = serde_json::from_str(&result).unwrap();
    let answered = result.as_array().unwrap().iter().map(|row| &row["code"]);
    for (code, (_, expected, line)) in answered.zip(&lines) {
        let unread = ["FIMP15", "FIMP16"].contains(&code.as_str().unwrap());
        let same = if unread {
            code == expected
        } else {
            expected.is_empty()
        };
        assert!(same, "{line}: {code}");
    }
    assert_eq!(result.as_array().unwrap().len(), lines.len());
    house.mails().await;
    house.close().await;
}

/// Whatever is pasted is answered, within bounds.
#[test]
fn hostile_texts_are_refused_like_any_other() {
    let services = xml_services(SERVICES);
    let verdict = |text: &[u8]| -> Report { check(text, &services) };
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><a>&c;</a>";
    let deep = "<a>".repeat(50_000);
    let wide = format!("<a {}/>", "x='1' ".repeat(20_000));
    let many = format!("<a>{}</a>", "<b/>".repeat(40_000));
    let foreign = "<a xmlns='file:///etc/passwd' xmlns:x='http://www.w3.org/2001/XInclude'>\
                   <x:include href='file:///etc/passwd'/></a>";
    let large = "x".repeat(BYTES_MAX + 1);
    let texts: [&[u8]; 13] = [
        bomb.as_bytes(),
        b"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>",
        deep.as_bytes(),
        wide.as_bytes(),
        many.as_bytes(),
        foreign.as_bytes(),
        large.as_bytes(),
        b"<a>\xC3\x28</a>",
        b"\xFF\xFE<\0a\0>\0",
        b"<?php echo 1 ?>",
        b"<a>\0</a>",
        b"]]>",
        b"",
    ];
    for text in texts {
        let report = verdict(text);
        assert!(
            !report.is_valid(),
            "{}",
            String::from_utf8_lossy(&text[..text.len().min(80)])
        );
        assert!(report.findings.len() <= developers::validator::FINDINGS_MAX);
        assert!(
            report
                .findings
                .iter()
                .all(|f| f.excerpt.chars().count() <= 160)
        );
        let told = format!("{:?}", report.findings.first().map(|f| &f.message));
        assert!(!told.contains("root:"), "{told}");
    }
    let read = Envelope::read(bomb.as_bytes(), &Limits::DEFAULT);
    assert!(read.is_err());
}

#[test]
fn a_file_of_orders_is_controlled_line_by_line() {
    let services = xml_services(SERVICES);
    let found = |text: &str| -> Vec<(usize, String, String)> {
        let report = check(text.as_bytes(), &services);
        let all = report.findings.into_iter();
        all.map(|f| (f.line, f.code, f.field)).collect()
    };
    let head = "ReferenceCommandePriseInterneOC;IdentifiantImmeuble;TypeRacco;NomClient;\
                ContactClient1;PriseExistante;TypeCommandeDemande";
    let good = "R-1;IMB/1;OC;Martin;0299000000;N;LOCA";
    let told = |line, code: &str, field: &str| (line, code.to_owned(), field.to_owned());
    assert_eq!(found(&format!("\u{feff}{head}\r\n{good}\r\n")), []);
    let file = format!(
        "{head}\n{good}\n\nR-2;IMB/1;XX;Martin;0299000000;N;LOCA\n{good}\nR-4;IMB/1\n\
         R-5;IMB/1;OC;;0299000000;N;LOCA\n"
    );
    let expected = [
        told(4, "FIMP16", "TypeRacco"),
        told(5, "FIMP13", "ReferenceCommandePriseInterneOC"),
        told(6, "3", ""),
        told(7, "FIMP15", "NomClient"),
    ];
    assert_eq!(found(&file), expected);
    assert_eq!(found("a,b,c\n1,2,3"), [told(1, "22", "")]);
    assert_eq!(
        found(&format!("{head};Couleur\n{good};x")),
        [told(1, "22", "Couleur")]
    );
    assert_eq!(found(head), [told(1, "1", "")]);
    let many = format!("{head}\n{}", "x\n".repeat(5_000));
    let report = check(many.as_bytes(), &services);
    assert!(report.more && report.findings.len() == developers::validator::FINDINGS_MAX);
}
