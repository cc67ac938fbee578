//! Two operators at both doors of the e-service, over a small territory of which releases can be
//! made; jobs and reconcilers run by hand.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{Request, StatusCode};
use domain::access::store::{NewSession, insert_session};
use domain::access::{
    Ctx, Duty, JobLease, authenticate_certificate, authenticate_local, authenticate_session,
    certificate_fingerprint, resume_job, system, token_hash,
};
use domain::account::Account;
use domain::audit::seal::seal_slice;
use domain::building::Building;
use domain::certificate::Certificate;
use domain::contract::Contract;
use domain::event::store::Numbered;
use domain::job::{Leased, Track};
use domain::operator::Operator;
use domain::outbox::Message;
use domain::release::history::store as history;
use domain::release::{Kind, Release, Released, Source, Table, store as releases};
use domain::{
    Platform, account, certificate, contract, event, job, operator, outbox, schema, subscription,
};
use eligibility::SERVICE;
use eligibility::messages::{CONTRACT, LotTest, TestEligibility, TestLot};
use jiff::civil::{Date, date};
use kernel::{AccountId, Clock, FakeClock, Millis, OperatorId, SessionId, working_time};
use serde::Serialize;
use service_api::JobEnd;
use service_api::place::Address;
use soap::server::ClientCertificate;
use soap::{Instant, RequestHeader};
use storage::{Lane, Tx};
use testkit::Store;
use testkit::territory::{Size, Territory};
use tower::ServiceExt;
use web::server::{Portal, SESSION_COOKIE, Site};
use web::{Brand, Environment};

/// The day the territory is seen from.
pub const TODAY: Date = date(2026, 11, 23);
const AT: &str = "portail.example";
const CSRF: &str = "jeton";
/// The field of the account's name in a session's cookie, and in the form's key.
pub const CAMILLE: &str = "camille";
/// Who may only look, at the same operator.
pub const LECTEUR: &str = "lecteur";
/// The administrator of the same operator, who watches nothing.
pub const ODILE: &str = "odile";
/// Of another operator.
pub const INES: &str = "ines";
/// The operators.
pub const HIRO: &str = "HIRO";
/// The other one.
pub const LINB: &str = "LINB";

/// A page as it came.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub status: StatusCode,
    pub location: String,
    pub attached: String,
    pub body: String,
}

pub struct Desk {
    pub territory: Territory,
    pub platform: Arc<Platform>,
    pub clock: Arc<FakeClock>,
    portal: Router,
    xml: Router,
    provider: OperatorId,
    _store: Store,
}

fn certificate_of(code: &str) -> Vec<u8> {
    format!("the certificate of {code}").into_bytes()
}

fn add_operator(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    (code, people): (&str, &[(&str, &[&str])]),
) -> Result<(), storage::Error> {
    let (scope, entry) = (ctx.duty(Duty::Demo), ctx.duty(Duty::SignIn));
    let id = OperatorId::from_store(format!("opr_{}", code.to_lowercase()));
    let mut ids = ctx.ids();
    let new = Operator {
        id: id.clone(),
        code: code.to_owned(),
        name: format!("Télécom {code}"),
        is_provider: false,
        contact_email: format!("contact@{}.example", code.to_lowercase()),
        created: ctx.now,
    };
    operator::store::insert(tx, &scope, &new)?;
    let held = Contract {
        id: ids.next(),
        reference: format!("C-{code}"),
        signed: Millis(0),
    };
    contract::store::insert(tx, &scope, &id, &held, &["ACCES_FTTH"])?;
    let subscribed = ids.next();
    subscription::store::insert(tx, &scope, &id, &subscribed, "eligibilite", Millis(0))?;
    let machine = Certificate {
        id: ids.next(),
        fingerprint: certificate_fingerprint(&certificate_of(code)),
        label: "si".to_owned(),
        responsible: "Dominique Lefort".to_owned(),
        not_after: Millis(i64::MAX),
        state: "active".to_owned(),
    };
    certificate::store::insert(tx, &scope, &id, &machine, ctx.now)?;
    for (seat, (name, rights)) in (1..).zip(people) {
        let new = Account {
            id: AccountId::from_store(format!("cpt_{name}")),
            login: format!("{name}@essai.example"),
            name: format!("{name} Roussel"),
            email: format!("{name}@essai.example"),
            seat,
            state: "active".to_owned(),
            password_hash: None,
            created: ctx.now,
        };
        let rights: Vec<String> = rights.iter().map(|r| format!("eligibilite.{r}")).collect();
        account::store::insert(tx, &scope, &id, &new, &rights)?;
        let session = NewSession {
            id: &SessionId::from_store(format!("ses_{name}")),
            token_hash: &token_hash(name),
            account: &new.id,
            csrf_token: CSRF,
            opened: ctx.real_now,
            expires: ctx.real_now.plus(Millis::HOUR),
        };
        insert_session(tx, &entry, &id, &session)?;
    }
    Ok(())
}

impl Desk {
    /// `None` when the engine cannot be had.
    pub async fn open() -> Option<Self> {
        let migrations = [schema::MIGRATIONS, SERVICE.migrations].concat();
        let tenants = [schema::TENANT_TABLES, SERVICE.tenant_tables].concat();
        let store = Store::open(&migrations, &tenants)?;
        let now = working_time::at_paris(TODAY.at(10, 0, 0, 0));
        let clock = Arc::new(FakeClock::at(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let platform = Arc::new(Platform::new(store.db.clone(), shared));
        let provider = OperatorId::from_store("opr_fournisseur".to_owned());
        let ctx = system(&platform, Duty::Demo, &provider).unwrap();
        let territory = Territory::generate(7, Size::SMALL, TODAY, &[HIRO, LINB]);
        let load = Arc::new(territory.clone());
        load.load(&platform.db, ctx.duty(Duty::Import), now)
            .await
            .unwrap();
        let all = ["view", "create", "modify", "close"];
        let owner = provider.clone();
        let fill = move |tx: &mut dyn Tx| {
            let oi = Operator {
                id: owner.clone(),
                code: "F2V".to_owned(),
                name: "Fibre des Deux Vallées".to_owned(),
                is_provider: true,
                contact_email: "exploitation@f2v.example".to_owned(),
                created: ctx.now,
            };
            operator::store::insert(tx, &ctx.duty(Duty::Demo), &oi)?;
            let hiro: [(&str, &[&str]); 3] = [
                (CAMILLE, &all),
                (LECTEUR, &["view"]),
                (ODILE, &["view", "administer"]),
            ];
            add_operator(tx, &ctx, (HIRO, &hiro))?;
            add_operator(tx, &ctx, (LINB, &[(INES, &all)]))
        };
        let filled = platform.db.write(Lane::Foreground, None, fill);
        filled.await.unwrap();
        let site = Site {
            brand: Brand::new("Fibre des Deux Vallées"),
            environment: Environment::Production,
            menu: SERVICE.menu.iter().collect(),
            demo_logins: Vec::new(),
            advance_clock: None,
            xml_url: "https://ws.example".to_owned(),
            contracts: Vec::new(),
        };
        let portal = web::server::router(Portal {
            platform: Arc::clone(&platform),
            site,
            routes: SERVICE.routes.iter().collect(),
        });
        let services = [SERVICE.xml.unwrap()];
        let xml = soap::server::router(Arc::clone(&platform), &services, "https://ws.example");
        Some(Self {
            territory,
            platform,
            clock,
            portal,
            xml: xml.unwrap(),
            provider,
            _store: store,
        })
    }

    async fn send(&self, who: &str, method: &str, path: &str, form: String) -> Page {
        self.clock.advance(1);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, AT)
            .header(ACCEPT, "text/html,*/*;q=0.8")
            .header(COOKIE, format!("{SESSION_COOKIE}={who}"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        let answer = self.portal.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let text = |name| parts.headers.get(name).map_or("", |v| v.to_str().unwrap());
        let bytes = to_bytes(body, 1 << 24).await.unwrap();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if text(CONTENT_TYPE).starts_with("text/html") {
            assert_eq!(web::lint::faults(&body), Vec::<String>::new(), "{path}");
        }
        Page {
            status: parts.status,
            location: text(LOCATION).to_owned(),
            attached: text(CONTENT_DISPOSITION).to_owned(),
            body,
        }
    }

    /// A page as `who` sees it.
    pub async fn get(&self, who: &str, path: &str) -> Page {
        self.send(who, "GET", path, String::new()).await
    }

    /// A form sent by `who` under `key`.
    pub async fn post(&self, who: &str, path: &str, key: &str, fields: &[(&str, &str)]) -> Page {
        let mut all = vec![("csrf", CSRF), ("cle", key)];
        all.extend(fields);
        let form = serde_urlencoded::to_string(all).unwrap();
        self.send(who, "POST", path, form).await
    }

    /// Disables somebody's account, or sets it active again.
    pub async fn set_account(&self, who: &str, state: &'static str) {
        let staff = authenticate_local(&self.platform, "root", "desk").await;
        let staff = staff.unwrap().staff().unwrap().clone();
        let login = format!("{who}@essai.example");
        let set = move |tx: &mut dyn Tx| account::store::update_state(tx, &staff, &login, state);
        let set = self.platform.db.write(Lane::Foreground, None, set).await;
        assert_eq!(set.unwrap(), 1);
    }

    /// A question by the portal.
    pub async fn ask(&self, who: &str, fields: &[(&str, &str)]) -> Page {
        let query = serde_urlencoded::to_string(fields).unwrap();
        self.get(who, &format!("/eligibilite?{query}")).await
    }

    /// What a message is answered.
    async fn call<T: Serialize>(&self, code: &str, operation: &str, body: &T) -> String {
        self.clock.advance(1);
        let header = RequestHeader {
            version: "1".to_owned(),
            requested_at: Instant(self.clock.business_now()),
            request_id: None,
        };
        let text = CONTRACT.write_request(operation, &header, body).unwrap();
        let request = Request::post("/ws/eligibilite")
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .extension(ClientCertificate(Some(Arc::from(certificate_of(code)))))
            .body(Body::from(text));
        let answer = self.xml.clone().oneshot(request.unwrap()).await.unwrap();
        let bytes = to_bytes(answer.into_body(), 1 << 24).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// A question by XML.
    pub async fn ask_xml(&self, code: &str, building: &str) -> String {
        let body = question(building);
        self.call(code, "testerEligibilite", &body).await
    }

    /// Questions of one lot.
    pub async fn ask_lot(&self, code: &str, buildings: &[&str]) -> String {
        let test = |building: &&str| {
            let asked = question(building);
            LotTest {
                mark: None,
                address: asked.address,
                batiment: None,
                escalier: None,
                etage: None,
                pto: None,
                existing_pto: None,
            }
        };
        let body = TestLot {
            tests: buildings.iter().map(test).collect(),
        };
        self.call(code, "testerEligibiliteLot", &body).await
    }

    /// A call of an operator's machine.
    pub async fn ctx(&self, code: &str) -> Arc<Ctx> {
        let known = authenticate_certificate(&self.platform, &certificate_of(code)).await;
        Arc::new(known.unwrap().unwrap())
    }

    /// A call of a person.
    pub async fn person(&self, who: &str) -> Arc<Ctx> {
        let known = authenticate_session(&self.platform, who).await.unwrap();
        Arc::new(known.unwrap().0)
    }

    /// A duty of the platform's own.
    pub fn duty(&self, duty: Duty) -> Arc<Ctx> {
        Arc::new(system(&self.platform, duty, &self.provider).unwrap())
    }

    /// Moves business time to the beginning of `day`; sessions do not age.
    pub fn travel_to(&self, day: Date) {
        let at = working_time::start_of_day(day);
        self.clock.set_offset_ms(at.since(self.clock.real_now()));
    }

    /// Publishes a release in which the buildings are what `change` makes of them.
    pub async fn release(&mut self, change: impl FnOnce(&mut Vec<Building>)) -> Release {
        let before = self.territory.buildings.clone();
        change(&mut self.territory.buildings);
        let after = self.territory.buildings.clone();
        let kept = |one: &&Building| !after.contains(one);
        let gone: Vec<String> = before
            .iter()
            .filter(kept)
            .map(|b| b.reference.clone())
            .collect();
        let new: Vec<Building> = after
            .iter()
            .filter(|one| !before.contains(one))
            .cloned()
            .collect();
        let (db, scope) = (
            &self.platform.db,
            self.duty(Duty::Import).duty(Duty::Import),
        );
        let now = self.clock.business_now();
        let source = Source {
            kind: Kind::Ipe,
            extracted_on: TODAY,
            file_name: "ipe.csv".to_owned(),
            digest: String::new(),
            rows: 1,
        };
        let begin = move |tx: &mut dyn Tx| releases::begin(tx, &scope, &source, now);
        let begun = db.write(Lane::Foreground, None, begin).await.unwrap();
        let (number, undo) = (begun.number, begun.to_undo.clone());
        let build = move |tx: &mut dyn Tx| {
            assert!(releases::claim(tx, &scope, number, &undo)?);
            for key in &gone {
                releases::close(tx, &scope, Table::Building, key, number)?;
            }
            let rows = &mut new.iter().map(Released::to_row);
            releases::insert(tx, &scope, Table::Building, rows, number)
        };
        db.write_reference(build).await.unwrap();
        let publish = move |tx: &mut dyn Tx| {
            releases::mark_undone(tx, &scope, &begun.to_undo)?;
            releases::mark_ready(tx, &scope, number)?;
            releases::publish(tx, &scope, number, now)
        };
        assert!(db.write(Lane::Foreground, None, publish).await.unwrap());
        number
    }

    /// Takes a release back.
    pub async fn roll_back(&self, number: Release) {
        let (scope, now) = (
            self.duty(Duty::Import).duty(Duty::Import),
            self.clock.business_now(),
        );
        let back = move |tx: &mut dyn Tx| {
            let decision = history::Decision {
                by: "solene",
                now,
                why: "essai",
            };
            history::roll_back(tx, &scope, number, decision)
        };
        let db = &self.platform.db;
        assert!(db.write(Lane::Foreground, None, back).await.unwrap());
    }

    /// Ends an operator's subscription after so many milliseconds.
    pub async fn end_subscription(&self, code: &str, after_ms: i64) {
        let staff = authenticate_local(&self.platform, "root", "essai").await;
        let staff = staff.unwrap().staff().unwrap().clone();
        let at = self.clock.business_now().plus(after_ms);
        let id = OperatorId::from_store(format!("opr_{}", code.to_lowercase()));
        let end =
            move |tx: &mut dyn Tx| subscription::store::end(tx, &staff, &id, "eligibilite", at);
        let db = &self.platform.db;
        db.write(Lane::Foreground, None, end).await.unwrap();
    }

    /// Runs every reconciler once; how much they did.
    pub async fn reconcile(&self) -> usize {
        let mut done = 0;
        for one in SERVICE.reconcilers {
            let ctx = self.duty(one.duty);
            done += (one.run)(Arc::clone(&self.platform), ctx).await.unwrap();
        }
        done
    }

    /// Leases the jobs that are due, under a token of its own.
    pub async fn lease(&self, token: &'static str) -> Vec<Leased> {
        let scope = self.duty(Duty::Jobs).duty(Duty::Jobs);
        let (now, real) = (self.clock.business_now(), self.clock.real_now());
        let lease = move |tx: &mut dyn Tx| {
            job::store::lease(tx, &scope, token, now, real, (Track::Quick, 64))
        };
        let leased = self.platform.db.write(Lane::Background, None, lease);
        leased.await.unwrap()
    }

    /// Runs one leased job.
    pub async fn run(&self, leased: &Leased) -> Result<JobEnd, kernel::Fault> {
        let lease = JobLease {
            id: leased.id.clone(),
            operator: leased.operator.clone(),
            token: leased.token.clone(),
        };
        let ctx = resume_job(&self.platform, lease).await.unwrap();
        let kind = SERVICE.jobs.iter().find(|kind| kind.kind == leased.kind);
        let (platform, payload) = (Arc::clone(&self.platform), leased.payload.clone());
        (kind.unwrap().run)(platform, Arc::new(ctx), payload).await
    }

    /// Reconcilers and jobs until nothing is due; how many jobs ran.
    pub async fn settle(&self) -> usize {
        let mut ran = 0;
        loop {
            self.clock.advance(1);
            let began = self.reconcile().await;
            let jobs = self.lease("n:1").await;
            if began == 0 && jobs.is_empty() {
                return ran;
            }
            for leased in jobs {
                assert_eq!(self.run(&leased).await.unwrap(), JobEnd::Done);
                ran += 1;
            }
        }
    }

    /// The whole feed of an operator, numbered.
    pub async fn events(&self, code: &str) -> Vec<Numbered> {
        let sealer = self.duty(Duty::Sealer);
        while seal_slice(&self.platform, &sealer, "n").await.unwrap() {}
        let scope = self.ctx(code).await.operator().unwrap().clone();
        let list = move |tx: &mut dyn Tx| event::store::list_after(tx, &scope, 0, 1_000);
        self.platform.db.get(list).await.unwrap()
    }

    /// Takes the mails that wait.
    pub async fn mails(&self) -> Vec<Message> {
        let scope = self.duty(Duty::Outbox).duty(Duty::Outbox);
        let real = self.clock.real_now();
        let take = move |tx: &mut dyn Tx| {
            let leased = outbox::store::lease(tx, &scope, "n:m", real, 1_000)?;
            for one in &leased {
                outbox::store::settle(tx, &scope, one, &outbox::store::After::Sent)?;
            }
            Ok(leased)
        };
        let leased = self.platform.db.write(Lane::Background, None, take).await;
        leased.unwrap().into_iter().map(|one| one.message).collect()
    }
}

fn question(building: &str) -> TestEligibility {
    TestEligibility {
        address: Some(Address {
            building: Some(building.to_owned()),
            ..Address::default()
        }),
        ..TestEligibility::default()
    }
}
