//! The pages, through the portal's own edge: a file sent by a form, followed, approved, taken back;
//! what operators fetch.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::response::Parts;
use axum::http::{Request, StatusCode};
use domain::access::store::{NewSession, insert_session};
use domain::access::{Duty, system, token_hash};
use domain::account::Account;
use domain::building::BuildingState;
use domain::release::Kind;
use kernel::{AccountId, Millis, OperatorId, SessionId};
use reference::SERVICE;
use reference::runs::{FOUR_EYES_SETTING, RunState};
use reference::settings;
use storage::{Lane, Tx};
use tower::ServiceExt;
use web::server::{Portal, SESSION_COOKIE, Site};
use web::{Brand, Environment};

use crate::runs::Desk;
use crate::support::{NOW, small};

const AT: &str = "portail.example";
const CSRF: &str = "jeton";

pub struct Page {
    pub status: StatusCode,
    location: String,
    pub attached: String,
    pub body: String,
}

pub struct House {
    pub desk: Desk,
    portal: Router,
}

/// A person signed in.
#[derive(Clone, Copy)]
pub struct Person(&'static str);

pub const SOLENE: Person = Person("solene");
const MARC: Person = Person("marc");
pub const HIRO: Person = Person("hiro");
const SANS: Person = Person("sans");

impl House {
    pub async fn open() -> Option<Self> {
        let desk = Desk::open().await?;
        let site = Site {
            brand: Brand::new("Fibre des Deux Vallées"),
            environment: Environment::Production,
            menu: SERVICE.menu.iter().collect(),
            demo_logins: Vec::new(),
            advance_clock: None,
            xml_url: String::new(),
            contracts: Vec::new(),
        };
        let portal = web::server::router(Portal {
            platform: Arc::clone(&desk.platform),
            site,
            routes: SERVICE.routes.iter().collect(),
        });
        let people = [
            (SOLENE, "opr_fournisseur"),
            (MARC, "opr_fournisseur"),
            (HIRO, "opr_hiro"),
            (SANS, "opr_sans"),
        ];
        let demo = system(&desk.platform, Duty::Demo, desk.staff.owner()).unwrap();
        let (demo, entry) = (demo.duty(Duty::Demo), demo.duty(Duty::SignIn));
        let fill = move |tx: &mut dyn Tx| {
            for (seat, (Person(name), operator)) in (1..).zip(people) {
                let operator = OperatorId::from_store(operator.to_owned());
                let account = Account {
                    id: AccountId::from_store(format!("cpt_{name}")),
                    login: format!("{name}@essai.example"),
                    name: name.to_owned(),
                    email: format!("{name}@essai.example"),
                    seat,
                    state: "active".to_owned(),
                    password_hash: None,
                    created: NOW,
                };
                // An operator's account that was given the OI's own rights has no use of them.
                let rights = ["referentiel.view", "referentiel.modify", "reseau.view"];
                let rights = rights.map(str::to_owned);
                domain::account::store::insert(tx, &demo, &operator, &account, &rights)?;
                let session = NewSession {
                    id: &SessionId::from_store(format!("ses_{name}")),
                    token_hash: &token_hash(name),
                    account: &account.id,
                    csrf_token: CSRF,
                    opened: NOW,
                    expires: NOW.plus(Millis::HOUR),
                };
                insert_session(tx, &entry, &operator, &session)?;
            }
            Ok(())
        };
        let done = desk.store.db.write(Lane::Foreground, None, fill);
        done.await.unwrap();
        Some(Self { desk, portal })
    }

    /// The head of an answer, and its body as it comes.
    pub async fn ask(
        &self,
        who: Person,
        (method, path): (&str, &str),
        kind: &str,
        body: Body,
    ) -> (Parts, Body) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, AT)
            .header(COOKIE, format!("{SESSION_COOKIE}={}", who.0))
            .header(CONTENT_TYPE, kind);
        let request = request.body(body).unwrap();
        let answer = self.portal.clone().oneshot(request).await;
        answer.unwrap().into_parts()
    }

    async fn send(&self, who: Person, method: &str, path: &str, kind: &str, body: Body) -> Page {
        let (parts, body) = self.ask(who, (method, path), kind, body).await;
        let text = |name| {
            parts
                .headers
                .get(name)
                .map_or("", |v| v.to_str().unwrap())
                .to_owned()
        };
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        if text(CONTENT_TYPE).starts_with("text/html") {
            assert_eq!(web::lint::faults(&body), Vec::<String>::new(), "{path}");
        }
        Page {
            status: parts.status,
            location: text(LOCATION),
            attached: text(CONTENT_DISPOSITION),
            body,
        }
    }

    pub async fn get(&self, who: Person, path: &str) -> Page {
        self.send(who, "GET", path, "text/plain", Body::empty())
            .await
    }

    async fn post(&self, who: Person, path: &str, fields: &[(&str, &str)]) -> Page {
        let key = format!("{} {path} {}", who.0, fields.len());
        let mut all = vec![("csrf", CSRF), ("cle", key.as_str())];
        all.extend(fields);
        let body = serde_urlencoded::to_string(all).unwrap();
        let kind = "application/x-www-form-urlencoded";
        self.send(who, "POST", path, kind, Body::from(body)).await
    }

    /// Sends the form of imports with one file.
    async fn upload(&self, who: Person, fields: &[(&str, &str)], name: &str, text: &str) -> Page {
        let mut body = String::new();
        for (field, value) in fields {
            body.push_str(&format!(
                "--bord\r\nContent-Disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--bord\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"{name}\"\r\n\
             Content-Type: text/csv\r\n\r\n{text}\r\n--bord--\r\n"
        ));
        let kind = "multipart/form-data; boundary=bord";
        self.send(who, "POST", "/oi/imports", kind, Body::from(body))
            .await
    }

    pub async fn publish(&self, text: &str) {
        self.desk.publish(Kind::Ipe, text).await;
    }
}

const KEYS: [(&str, &str); 2] = [("csrf", CSRF), ("cle", "envoi")];

#[tokio::test]
async fn a_file_sent_by_the_form_is_followed_approved_by_another_and_taken_back() {
    let Some(house) = House::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    let sent = house
        .upload(SOLENE, &KEYS, "F2V_PM_IPEZMD_V31_20261116.csv", &text)
        .await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.body);
    let (import, _) = sent.location.split_once('?').unwrap();
    let page = house.get(SOLENE, import).await;
    assert!(
        page.body.contains("<live-part>") && page.body.contains("Reçu"),
        "{}",
        page.body
    );

    house.desk.work().await;
    let page = house.get(SOLENE, import).await;
    assert!(page.body.contains("À approuver") && !page.body.contains("<live-part>"));
    assert!(
        page.body.contains("Aucune commande en cours"),
        "{}",
        page.body
    );
    let told = "Une autre personne doit approuver";
    assert!(page.body.contains(told) && !page.body.contains("Approuver et publier"));
    let page = house.get(MARC, import).await;
    assert!(page.body.contains("Approuver et publier") && !page.body.contains(told));
    let own = house.post(SOLENE, "/oi/versions/1/approuver", &[]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    assert!(own.body.contains("/erreurs/EIMP05"));
    let done = house.post(MARC, "/oi/versions/1/approuver", &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    house.desk.work().await;
    let list = house.get(SOLENE, "/oi/versions").await;
    assert!(list.body.contains("La version 1 est en vigueur"));
    let version = house.get(SOLENE, "/oi/versions/1").await;
    assert!(version.body.contains("Retirer la version 1") && version.body.contains("marc"));

    let no_reason = house.post(MARC, "/oi/versions/1/retirer", &[]).await;
    assert_eq!(no_reason.status, StatusCode::UNPROCESSABLE_ENTITY);
    let back = house
        .post(MARC, "/oi/versions/1/retirer", &[("motif", "essai")])
        .await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    let list = house.get(SOLENE, "/oi/versions").await;
    assert!(list.body.contains("Aucune version n’est en vigueur"));
    assert!(list.body.contains("essai"));
}

#[tokio::test]
async fn a_form_with_a_file_that_is_not_ours_leaves_nothing() {
    let Some(house) = House::open().await else {
        return;
    };
    let text = small().file(Kind::Ipe);
    for fields in [&[("csrf", "autre"), ("cle", "k")][..], &[("cle", "k")][..]] {
        let page = house
            .upload(SOLENE, fields, "IPE_20261116.csv", &text)
            .await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
    }
    if let Some(dir) = house.desk.store.db.folder() {
        assert!(!dir.join(domain::upload::FOLDER).exists());
    }
    let list = house.get(SOLENE, "/oi/imports").await;
    assert!(list.body.contains("Aucun fichier n’a encore été importé"));
}

#[tokio::test]
async fn a_hostile_file_is_refused_on_the_field_it_came_by() {
    let Some(house) = House::open().await else {
        return;
    };
    let long = "x".repeat(70_000);
    let cases = [
        ("IPE_20261116.csv", "a;b\0\n", "/erreurs/EIMP04"),
        ("IPE_20261116.csv", &*long, "/erreurs/EIMP04"),
        ("IPE_20261116.csv", "", "/erreurs/EIMP04"),
        ("sans-nature_20261116.csv", "a;b\n", "indiquez la nature"),
        ("IPE.csv", "a;b\n", "/erreurs/EIMP03"),
        ("", "", "choisissez un fichier"),
    ];
    for (name, text, told) in cases {
        let page = house.upload(SOLENE, &KEYS, name, text).await;
        assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        assert!(page.body.contains(told), "{told} in {}", page.body);
    }
    let list = house.get(SOLENE, "/oi/imports").await;
    assert!(list.body.contains("Aucun fichier n’a encore été importé"));
}

#[tokio::test]
async fn the_page_of_an_import_shows_its_refused_lines_and_anomalies() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    territory.buildings[3].insee = "5390".to_owned();
    let signed = &mut territory.buildings[4];
    (signed.state, signed.agreement_needed) = (BuildingState::Signed, false);
    signed.pm_ref.clear();
    let text = territory.file(Kind::Ipe);
    let new = house.desk.submission(Kind::Ipe, &text).await;
    let id = house.desk.submit(new).await;
    house.desk.work().await;
    let page = house.get(SOLENE, &format!("/oi/imports/{id}")).await.body;
    let row = "<td class=\"right\" data-label=\"Ligne\">5</td>";
    for told in [row, "CodeInseeImmeuble", "format", "signe_sans_accord"] {
        assert!(page.contains(told), "{told} in {page}");
    }
    assert!(page.contains(&territory.buildings[4].reference));
}

#[tokio::test]
async fn the_viewer_shows_and_exports_what_differs() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    let gone = territory.buildings.remove(5).reference;
    territory.buildings[10].street_name = "=DU NOUVEAU NOM".to_owned();
    house.publish(&territory.file(Kind::Ipe)).await;
    let page = house.get(SOLENE, "/oi/versions/2?table=building").await;
    assert!(page.body.contains(&gone) && page.body.contains("<ins>=DU NOUVEAU NOM</ins>"));
    let only = house
        .get(
            SOLENE,
            "/oi/versions/2?table=building&changement=suppression",
        )
        .await;
    assert!(only.body.contains(&gone) && !only.body.contains("NOUVEAU"));
    let csv = house
        .get(SOLENE, "/oi/versions/2?table=building&format=csv")
        .await;
    assert!(csv.attached.contains("version-2-building.csv"));
    assert!(csv.body.contains(";modification;street_name;"));
    assert!(csv.body.contains("'=DU NOUVEAU NOM"), "neutralised");
    let json = house
        .get(SOLENE, "/oi/versions/2?table=building&format=json")
        .await;
    assert!(json.body.contains("\"champ\": \"street_name\""));
    let runs = house.get(SOLENE, "/oi/imports?format=csv").await;
    assert_eq!(runs.body.lines().count(), 3);
}

#[tokio::test]
async fn operators_with_a_contract_fetch_what_is_in_force_and_nobody_else_does() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    territory.buildings.remove(5);
    house.publish(&territory.file(Kind::Ipe)).await;
    let page = house.get(HIRO, "/referentiel").await;
    assert!(page.body.contains("La version 2") && page.body.contains("differences/2.csv"));
    let ipe = house.get(HIRO, "/referentiel/ipe.csv").await;
    assert!(ipe.attached.contains("IPE_20261123.csv"));
    assert_eq!(ipe.body.lines().count(), territory.buildings.len() + 1);
    let differences = house.get(HIRO, "/referentiel/differences/2.csv").await;
    assert_eq!(differences.body.matches(";suppression;").count(), 1);
    assert_eq!(
        house
            .get(HIRO, "/referentiel/differences/9.csv")
            .await
            .status,
        404
    );
    for path in [
        "/referentiel",
        "/referentiel/ipe.csv",
        "/referentiel/differences/2.csv",
    ] {
        let page = house.get(SANS, path).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.body.contains("/erreurs/15"));
    }
    for path in ["/oi/imports", "/oi/versions/1"] {
        let page = house.get(HIRO, path).await;
        assert_eq!(
            page.status,
            StatusCode::FORBIDDEN,
            "the OI's staff only: {path}"
        );
    }
    let fields = [("adresse", "reseau@hiro.example"), ("avis", "oui")];
    let set = house.post(HIRO, "/referentiel/avis", &fields).await;
    assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
    assert!(
        house
            .get(HIRO, "/referentiel")
            .await
            .body
            .contains("reseau@hiro.example")
    );
}

#[tokio::test]
async fn operators_fetch_where_pms_stand_and_nothing_of_managers() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    let managed = |b: &&mut domain::building::Building| !b.manager.is_empty();
    let mut managed = territory.buildings.iter_mut().filter(managed);
    let (first, second) = (managed.next().unwrap(), managed.next().unwrap());
    let (first_ref, second_ref) = (first.reference.clone(), second.reference.clone());
    first.manager = "NOUVEAU SYNDIC".to_owned();
    second.manager = "NOUVEAU SYNDIC".to_owned();
    second.street_name = "DU NOUVEAU NOM".to_owned();
    house.publish(&territory.file(Kind::Ipe)).await;

    let ipe = house.get(HIRO, "/referentiel/ipe.csv").await.body;
    let header = ipe.lines().next().unwrap();
    for column in ["NomVoiePM", "CodePostalPM", "BrassageOIUniquement"] {
        assert!(header.split(';').any(|name| name == column), "{header}");
    }
    let at = header
        .split(';')
        .position(|name| name == "NomVoiePM")
        .unwrap();
    let streets = ipe
        .lines()
        .skip(1)
        .map(|line| line.split(';').nth(at).unwrap());
    let known = territory
        .pms
        .iter()
        .map(|pm| pm.address.street_name.as_str());
    let known: std::collections::BTreeSet<_> = known.collect();
    let told: std::collections::BTreeSet<_> = streets.filter(|name| !name.is_empty()).collect();
    assert_eq!(told, known);
    let told = house.get(HIRO, "/referentiel/differences/2.csv").await.body;
    for text in [&ipe, &told] {
        assert!(
            !text.contains("SYNDIC") && !text.contains("manager"),
            "{text}"
        );
    }
    assert!(told.contains("DU NOUVEAU NOM") && told.contains(&second_ref));
    assert!(
        !told.contains(&first_ref),
        "only its manager changed: {told}"
    );
    let own = house
        .get(SOLENE, "/oi/versions/2?table=building&format=csv")
        .await;
    assert_eq!(own.body.matches("NOUVEAU SYNDIC").count(), 2);
}

#[tokio::test]
async fn the_ipe_that_operators_fetch_has_the_columns_and_the_order_that_are_set() {
    let Some(house) = House::open().await else {
        return;
    };
    let territory = small();
    house.publish(&territory.file(Kind::Ipe)).await;
    let set = async |who: &Arc<domain::access::Ctx>, name: &str, value: &str| {
        let (name, value) = (name.to_owned(), value.to_owned());
        let done = settings::set(&house.desk.platform, who, name, value).await;
        done.unwrap()
            .into_result()
            .map_err(|refusal| (refusal.code.clone(), refusal.message()))
    };
    let header = async || {
        let ipe = house.get(HIRO, "/referentiel/ipe.csv").await.body;
        let mut lines = ipe.lines().map(str::to_owned);
        (
            lines.next().unwrap(),
            lines.next().unwrap(),
            lines.count() + 1,
        )
    };
    let usual = header().await;
    let staff = &house.desk.staff;
    let name = settings::IPE_COLUMNS_SETTING;
    let columns = "EtatImmeuble, IdentifiantImmeuble, ContactGestionnaireImmeuble, ReferencePM";
    set(staff, name, columns).await.unwrap();
    let (first, line, count) = header().await;
    assert_eq!(
        first,
        "EtatImmeuble;IdentifiantImmeuble;ContactGestionnaireImmeuble;ReferencePM"
    );
    let cells: Vec<_> = line.split(';').collect();
    assert!(cells[1].starts_with("IMB/") && cells[2].is_empty() && cells.len() == 4);
    assert_eq!((count, usual.2), (territory.buildings.len(), count));

    let refused = [
        ("IdentifiantImmeuble;NomDuChien;Age", "NomDuChien, Age"),
        ("IdentifiantImmeuble;CodeBAN;CodeBAN", "CodeBAN"),
        ("CodeBAN", "IdentifiantImmeuble"),
    ];
    for (value, told) in refused {
        let (code, message) = set(staff, name, value).await.unwrap_err();
        assert!(code == "EREG01" && message.contains(told), "{message}");
    }
    assert_eq!(
        set(staff, "reference.autre", "x").await.unwrap_err().0,
        "EREG01"
    );
    assert_eq!(
        set(staff, FOUR_EYES_SETTING, "non").await.unwrap_err().0,
        "EREG01"
    );
    let provider = house.desk.staff.owner();
    let machine = system(&house.desk.platform, Duty::Import, provider).unwrap();
    assert_eq!(
        set(&Arc::new(machine), name, columns).await.unwrap_err().0,
        "11"
    );
    assert_eq!(header().await.0, first, "what was refused changed nothing");
    set(staff, name, " ").await.unwrap();
    assert_eq!(header().await, usual);
}

#[tokio::test]
async fn the_ipe_that_operators_fetch_is_the_one_in_force() {
    let Some(house) = House::open().await else {
        return;
    };
    let mut territory = small();
    // Operators are not told of managers.
    for building in &mut territory.buildings {
        building.manager.clear();
    }
    house.publish(&territory.file(Kind::Ipe)).await;
    let ipe = house.get(HIRO, "/referentiel/ipe.csv").await.body;
    let mut again = house.desk.submission(Kind::Ipe, &ipe).await;
    again.dry_run = true;
    let id = house.desk.submit(again).await;
    house.desk.work().await;
    let run = house.desk.run(&id).await;
    assert_eq!(run.state, RunState::Checked, "{:?}", run.refusal);
    let told = (
        run.summary.added,
        run.summary.changed,
        run.summary.removed,
        run.summary.rejected,
    );
    assert_eq!(told, (0, 0, 0, 0), "{:?}", run.summary);
}
