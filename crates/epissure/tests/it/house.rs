//! The whole platform in this process: a fresh store on the engine under test, two operators, an
//! invented territory, both edges called without a network, workers run one round at a time.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

mod callers;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Request, StatusCode};
use domain::access::{Ctx, Duty, Profile, StaffScope, SystemScope, authenticate_local, system};
use domain::account::Account;
use domain::audit::seal;
use domain::certificate::Certificate;
use domain::contract::Contract;
use domain::operator::Operator;
use domain::order::PlaceOrder;
use domain::rate::Allowances;
use domain::{Platform, account, audit, certificate, contract, operator, outbox, subscription};
use eligibility::messages::{LotTest, TestEligibility, TestLot};
use epissure::edges::{self, Post};
use epissure::house::{MIGRATIONS, TENANT_TABLES};
use epissure::services::SERVICES;
use epissure::workers::{Crew, Sealed, Signer};
use jiff::civil::Date;
use kernel::{Clock, FakeClock, Millis, OperatorId, working_time};
use mail::{Mail, Memory, Transport};
use serde::Serialize;
use service_api::place::Address;
use soap::server::ClientCertificate;
use soap::{Instant, Pairs, RequestHeader};
use storage::{Lane, TenantTable, Tx};
use testkit::Store;
use testkit::territory::{Case, Size, Spot, Territory};
use tokio::sync::OnceCell;
use tower::ServiceExt;
use web::server::Site;
use web::{Brand, Environment};

pub use callers::{Answer, Browser, Page, encode, texts};

/// 2026-11-23 at 10:00 in Paris, a Monday.
pub const START: Millis = Millis(1_795_424_400_000);
/// The day of [`START`].
pub const TODAY: Date = jiff::civil::date(2026, 11, 23);
/// Everybody's password.
pub const PASSWORD: &str = "un renard traverse la cour";
/// The two operators that hold everything they need.
pub const HIRO: &str = "HIRO";
/// The other one.
pub const LINB: &str = "LINB";
/// The e-services that operators subscribe to, whichever they are.
fn subscribed() -> Vec<&'static str> {
    let all = epissure::services::SERVICES.iter();
    all.filter(|service| service.subscribed)
        .map(|service| service.code)
        .collect()
}

/// An operator without any subscription.
pub const BARE: &str = "BARE";
/// An operator whose access is suspended.
pub const SUSP: &str = "SUSP";
/// The host that browsers believe they talk to.
pub const AT: &str = "portail.example";
/// The field by which an operator knows its order.
pub const REFERENCE: &str = "ReferenceCommandePriseInterneOC";

const OPERATORS: [(&str, &str); 4] = [
    (HIRO, "Hirondelle Télécom"),
    (LINB, "Lin Bleu Télécom"),
    (BARE, "Sans Service Télécom"),
    (SUSP, "Suspendu Télécom"),
];
const FROM: &str = "Fibre des Deux Vallées <ne-pas-repondre@f2v.example>";

/// The platform under test.
pub struct House {
    /// The platform.
    pub platform: Arc<Platform>,
    /// Stands still until a test moves it.
    pub clock: Arc<FakeClock>,
    /// The workers, run by hand.
    pub crew: Crew,
    /// The portal.
    pub portal: Router,
    /// The certificate port.
    pub xml: Router,
    /// What the referential says.
    pub territory: Arc<Territory>,
    /// Operators by code, `F2V` among them.
    pub operators: BTreeMap<String, OperatorId>,
    mailbox: Memory,
    calls: AtomicU32,
    closed: bool,
    _store: Store,
}

/// A house ready for business at [`START`]; the test ends here when PostgreSQL is wanted and there
/// is none, after the line that says so.
macro_rules! house {
    () => {
        match $crate::house::House::open(Vec::new()).await {
            Some(house) => house,
            None => return,
        }
    };
}
pub(crate) use house;

/// An empty store with every table; `None` when PostgreSQL is wanted and there is none.
pub fn store() -> Option<Store> {
    Store::open(&MIGRATIONS, &TENANT_TABLES)
}

/// The territory of every house of this process.
fn territory() -> Arc<Territory> {
    static TERRITORY: OnceLock<Arc<Territory>> = OnceLock::new();
    let make = || Arc::new(Territory::generate(7, Size::SMALL, TODAY, &[HIRO, LINB]));
    Arc::clone(TERRITORY.get_or_init(make))
}

/// A real hash, made once for this process.
async fn password_hash() -> String {
    static HASH: OnceCell<String> = OnceCell::const_new();
    let make = async || accounts::password::hash(PASSWORD).await.unwrap();
    HASH.get_or_init(make).await.clone()
}

/// The certificate of `name`: its bytes are its identity.
pub fn certificate_of(name: &str) -> Vec<u8> {
    format!("a certificate in DER of {name}").into_bytes()
}

/// The login of the account of `code` that was given `profile`; `aucun` holds no permission.
pub fn login_of(profile: &str, code: &str) -> String {
    format!("{profile}@{}.example", code.to_lowercase())
}

fn fill_operator(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    ids: &mut kernel::IdSource,
    (code, name): (&str, &str),
    hash: &str,
) -> Result<OperatorId, storage::Error> {
    let scope = ctx.duty(Duty::Demo);
    let id: OperatorId = ids.next();
    let new = Operator {
        id: id.clone(),
        code: code.to_owned(),
        name: name.to_owned(),
        is_provider: code == "F2V",
        contact_email: login_of("contact", code),
        created: ctx.now,
    };
    operator::store::insert(tx, &scope, &new)?;
    let services = if code == BARE {
        Vec::new()
    } else {
        subscribed()
    };
    for service in services {
        let sub = ids.next();
        subscription::store::insert(tx, &scope, &id, &sub, service, ctx.now)?;
    }
    let signed = Contract {
        id: ids.next(),
        reference: format!("ACCES-{code}-1"),
        signed: ctx.now,
    };
    contract::store::insert(tx, &scope, &id, &signed, &["ACCES_FTTH"])?;
    let profiles = Profile::ALL.map(|profile| (profile.code(), Some(profile)));
    for (seat, (profile, rights)) in (1..).zip(profiles.into_iter().chain([("aucun", None)])) {
        let new = Account {
            id: ids.next(),
            login: login_of(profile, code),
            name: format!("Camille {profile}"),
            email: login_of(profile, code),
            seat,
            state: "active".to_owned(),
            password_hash: Some(hash.to_owned()),
            created: ctx.now,
        };
        let services: Vec<&str> = subscribed()
            .into_iter()
            .chain(["comptes", "referentiel", "developpeurs"])
            .collect();
        let rights = rights.map(|p| p.permissions(&services));
        account::store::insert(tx, &scope, &id, &new, &rights.unwrap_or_default())?;
    }
    for (name, state) in [
        (code.to_owned(), "active"),
        (format!("{code}-2"), "revoked"),
    ] {
        let known = Certificate {
            id: ids.next(),
            fingerprint: domain::access::certificate_fingerprint(&certificate_of(&name)),
            label: format!("SI {code}"),
            responsible: "Dominique Lefort".to_owned(),
            not_after: START.plus(400 * Millis::DAY),
            state: state.to_owned(),
        };
        certificate::store::insert(tx, &scope, &id, &known, ctx.now)?;
    }
    Ok(id)
}

async fn fill(platform: &Platform) -> BTreeMap<String, OperatorId> {
    let nobody = OperatorId::from_store(String::new());
    let ctx = system(platform, Duty::Demo, &nobody).unwrap();
    let hash = password_hash().await;
    let run = move |tx: &mut dyn Tx| {
        let mut ids = ctx.ids();
        let mut made = BTreeMap::new();
        for (code, name) in [("F2V", "Fibre des Deux Vallées")]
            .into_iter()
            .chain(OPERATORS)
        {
            let id = fill_operator(tx, &ctx, &mut ids, (code, name), &hash)?;
            made.insert(code.to_owned(), id);
        }
        Ok(made)
    };
    let write = platform.db.write(Lane::Foreground, None, run);
    write.await.unwrap()
}

impl House {
    /// A house, with `replaced` in the place of the routes of the same method and path.
    pub async fn open(replaced: Vec<&'static service_api::Route>) -> Option<Self> {
        Self::made(replaced, Allowances::default()).await
    }

    /// A house whose callers may ask so much a second.
    pub async fn limited(allowances: Allowances) -> Option<Self> {
        Self::made(Vec::new(), allowances).await
    }

    async fn made(
        replaced: Vec<&'static service_api::Route>,
        allowances: Allowances,
    ) -> Option<Self> {
        let store = store()?;
        let clock = Arc::new(FakeClock::at(START));
        let shared: Arc<dyn Clock> = clock.clone();
        let platform = Platform::new(store.db.clone(), shared).with_rates(allowances);
        let platform = Arc::new(platform);
        let tenants: &'static [TenantTable] = &TENANT_TABLES;
        platform.db.check_policies(tenants).await.unwrap();
        let operators = fill(&platform).await;
        let provider = operators["F2V"].clone();
        let demo = system(&platform, Duty::Demo, &provider).unwrap();
        let territory = territory();
        let load = Arc::clone(&territory).load(&platform.db, demo.duty(Duty::Import), START);
        load.await.unwrap();
        let mailbox = Memory::default();
        let transport = Transport::Memory(mailbox.clone());
        let heads = store.dir.path().join("heads");
        let crew = Crew {
            platform: Arc::clone(&platform),
            services: SERVICES,
            provider,
            signer: Arc::new(Signer::open(store.dir.path(), &heads).unwrap()),
            post: Arc::new(Post::through(transport, SERVICES, FROM)),
        };
        let house = Self {
            portal: portal(&platform, &replaced),
            xml: xml(&platform),
            platform,
            clock,
            crew,
            territory,
            operators,
            mailbox,
            calls: AtomicU32::new(0),
            closed: false,
            _store: store,
        };
        let suspend = operator::store::update_suspension;
        let (staff, id) = (house.staff().await, house.operators[SUSP].clone());
        let run = move |tx: &mut dyn Tx| suspend(tx, &staff, &id, Some(START));
        let suspended = house.platform.db.write(Lane::Foreground, None, run);
        suspended.await.unwrap();
        Some(house)
    }

    /// The places of the territory that show `case` to HIRO, in its order.
    pub fn spots(&self, case: Case) -> Vec<Spot<'_>> {
        self.territory.spots(case, HIRO)
    }

    /// The OI's staff.
    pub async fn staff(&self) -> StaffScope {
        let ctx = authenticate_local(&self.platform, "root", "test").await;
        ctx.unwrap().staff().unwrap().clone()
    }

    /// The first place of the territory that shows `case` to HIRO.
    pub fn spot(&self, case: Case) -> Spot<'_> {
        *self
            .spots(case)
            .first()
            .unwrap_or_else(|| panic!("no {case:?}"))
    }

    /// Moves business time to `at`; real time, and so the sessions, stand still.
    pub fn travel(&self, at: Millis) {
        self.clock.set_offset_ms(at.since(self.clock.real_now()));
    }

    /// Moves business time to the beginning of `day`.
    pub fn travel_to(&self, day: Date) {
        self.travel(working_time::start_of_day(day));
    }

    /// Runs jobs until none is due. What comes after something comes at least a millisecond after.
    pub async fn run_jobs(&self) {
        self.clock.advance(1);
        while self.crew.run_due_jobs().await.unwrap() > 0 {
            self.clock.advance(1);
        }
    }

    /// What may lease jobs.
    pub fn jobs_scope(&self) -> SystemScope {
        let jobs = system(&self.platform, Duty::Jobs, &self.crew.provider).unwrap();
        jobs.duty(Duty::Jobs)
    }

    /// Seals and numbers whatever waits.
    pub async fn seal(&self) {
        while self.crew.seal_slice().await.unwrap() != Sealed::Nothing {}
    }

    /// Sends what waits in the outbox and takes what arrived.
    pub async fn mails(&self) -> Vec<Mail> {
        let (post, provider) = (&self.crew.post, &self.crew.provider);
        while post.send_due(&self.platform, provider).await.unwrap() > 0 {}
        self.mailbox.take()
    }

    /// How many rows the audit holds: whatever changes something leaves one.
    pub async fn audited(&self) -> i64 {
        let ctx = system(&self.platform, Duty::Sealer, &self.crew.provider).unwrap();
        let findings = seal::verify(&self.platform, &ctx, &[], self.crew.signer.key());
        let findings = findings.await.unwrap();
        assert_eq!(findings.faults, Vec::<String>::new());
        findings.links + findings.unsealed
    }

    /// Actions and outcomes of the audit rows that wait for their seal, oldest first.
    pub async fn traces(&self) -> Vec<(String, String, String)> {
        let ctx = system(&self.platform, Duty::Sealer, &self.crew.provider).unwrap();
        let scope = ctx.duty(Duty::Sealer);
        let read = move |tx: &mut dyn Tx| audit::store::list_unsealed(tx, &scope, 10_000);
        let rows = self.platform.db.read(read).await.unwrap();
        let from_end = |columns: &[String], n: usize| columns[columns.len() - n].clone();
        rows.iter()
            .map(|row| {
                let columns = &row.columns;
                (
                    from_end(columns, 5),
                    from_end(columns, 3),
                    from_end(columns, 2),
                )
            })
            .collect()
    }

    /// The end of every test: no job due, every mail read, a journal that holds.
    pub async fn close(mut self) {
        self.closed = true;
        let jobs = system(&self.platform, Duty::Jobs, &self.crew.provider).unwrap();
        let (scope, now) = (self.jobs_scope(), self.clock.business_now());
        let due = move |tx: &mut dyn Tx| domain::job::store::count_due(tx, &scope, now);
        assert_eq!(self.platform.db.get(due).await.unwrap(), 0, "jobs are due");
        let scope = jobs.duty(Duty::Outbox);
        let waiting = move |tx: &mut dyn Tx| outbox::store::count_waiting(tx, &scope);
        let waiting = self.platform.db.get(waiting).await.unwrap();
        let unread = self.mailbox.take().len();
        assert_eq!((waiting, unread), (0, 0), "mails nobody has read");
        self.seal().await;
        self.crew.sign().await.unwrap();
        self.audited().await;
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser {
        Browser {
            portal: self.portal.clone(),
            cookies: Vec::new(),
            csrf: String::new(),
        }
    }

    /// A browser in which the account of `code` with `profile` has signed in.
    pub async fn sign_in(&self, profile: &str, code: &str) -> Browser {
        let mut browser = self.browser();
        let page = browser.sign_in(&login_of(profile, code)).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        browser
    }

    /// A request id that was not used before.
    pub fn new_id(&self) -> String {
        let n = self.calls.fetch_add(1, Ordering::Relaxed);
        format!("6b1f0000-0000-4000-8000-{n:012x}")
    }

    /// Sends `text` to a web service with the certificate of `code`, or none for an empty one.
    pub async fn send_xml(&self, code: &str, service: &str, text: String) -> Answer {
        self.clock.advance(1);
        let certificate = (!code.is_empty()).then(|| Arc::from(certificate_of(code)));
        let request = Request::post(format!("/ws/{service}"))
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .extension(ClientCertificate(certificate))
            .body(Body::from(text));
        let response = self.xml.clone().oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        };
        assert_listed(service, &answer);
        answer
    }

    /// Calls an operation of `contract` and checks the answer against its schema.
    pub async fn call<T: Serialize>(
        &self,
        code: &str,
        contract: &soap::Contract,
        operation: &str,
        id: Option<&str>,
        body: &T,
    ) -> Answer {
        let header = RequestHeader {
            version: "1".to_owned(),
            requested_at: Instant(START),
            request_id: id.map(str::to_owned),
        };
        let text = contract.write_request(operation, &header, body).unwrap();
        let answer = self.send_xml(code, contract.service, text).await;
        if answer.status == StatusCode::OK {
            let read = contract.accept(&answer.body);
            assert!(read.is_ok(), "{read:?}\n{}", answer.body);
        }
        answer
    }

    /// Calls an operation of `fci` under an id of its own; `fields` in the contract's order.
    pub async fn fci(&self, code: &str, operation: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Pairs = fields.iter().copied().collect();
        let contract = &fci::messages::CONTRACT;
        let id = self.new_id();
        self.call(code, contract, operation, Some(&id), &body).await
    }

    /// Places an order by XML under the request id `id`.
    pub async fn place_as(&self, code: &str, id: Option<&str>, order: &PlaceOrder) -> Answer {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let body = Pairs(order.pairs().map(owned).collect());
        let contract = &fci::messages::CONTRACT;
        self.call(code, contract, "deposerCommande", id, &body)
            .await
    }

    /// Places an order by XML.
    pub async fn place(&self, code: &str, order: &PlaceOrder) -> Answer {
        let id = self.new_id();
        self.place_as(code, Some(&id), order).await
    }

    /// The order of `code` under its own reference, as `consulterCommande` tells it.
    pub async fn order(&self, code: &str, reference: &str) -> Answer {
        let key = ("ReferenceCommandePriseInterneOC", reference);
        let answer = self.fci(code, "consulterCommande", &[key]).await;
        assert_eq!(answer.code(), 0, "{}", answer.body);
        answer
    }

    /// Where that order stands.
    pub async fn state(&self, code: &str, reference: &str) -> String {
        self.order(code, reference).await.text("Etat").to_owned()
    }

    /// Tests the address of `order` by XML.
    pub async fn eligibility(&self, code: &str, order: &PlaceOrder) -> Answer {
        let contract = &eligibility::messages::CONTRACT;
        let body = question_of(order);
        self.call(code, contract, "testerEligibilite", None, &body)
            .await
    }

    /// Tests the addresses of several orders in one message.
    pub async fn eligibility_lot(&self, code: &str, orders: &[PlaceOrder]) -> Answer {
        let tests = orders.iter().map(|order| {
            let asked = question_of(order);
            LotTest {
                mark: order.given(REFERENCE).map(str::to_owned),
                address: asked.address,
                batiment: asked.batiment,
                escalier: asked.escalier,
                etage: asked.etage,
                pto: asked.pto,
                existing_pto: asked.existing_pto,
            }
        });
        let body = TestLot {
            tests: tests.collect(),
        };
        let contract = &eligibility::messages::CONTRACT;
        self.call(code, contract, "testerEligibiliteLot", None, &body)
            .await
    }

    /// The feed of `code` from its beginning: number, kind, reference.
    pub async fn feed(&self, code: &str) -> Vec<(i64, String, String)> {
        let mut all = Vec::new();
        loop {
            let after = all.len().to_string();
            let fields = [("DepuisNumero", after.as_str()), ("Limite", "7")];
            let page = self.fci(code, "listerEvenements", &fields).await;
            let events = page.all("Evenement");
            if events.is_empty() {
                return all;
            }
            for event in events {
                let text = |tag| texts(event, tag).first().copied().unwrap_or("").to_owned();
                let n = text("Numero").parse().unwrap();
                all.push((n, text("Type"), text("ReferenceCommandePriseInterneOC")));
            }
        }
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !self.closed && !std::thread::panicking() {
            panic!("a test must close its house");
        }
    }
}

/// An order for a line at `spot`: to build, or on the dwelling's PTO when it has one.
pub fn order_at(spot: &Spot<'_>, reference: &str) -> PlaceOrder {
    let pairs = [
        ("ReferenceCommandePriseInterneOC", reference),
        ("TypeRacco", "OC"),
        ("NomClient", "MARTIN"),
        ("PrenomClient", "Claude"),
        ("ContactClient1", "0243000000"),
        ("PriseExistante", "N"),
        ("TypeCommandeDemande", "LOCA"),
        ("IdentifiantImmeuble", &spot.building.reference),
    ];
    let order = PlaceOrder::from_pairs(pairs);
    let Some(dwelling) = spot.dwelling else {
        return order;
    };
    let order = order
        .with("Batiment", &dwelling.batiment)
        .with("Escalier", &dwelling.escalier)
        .with("Etage", &dwelling.etage);
    if dwelling.pto_ref.is_empty() {
        return order;
    }
    order
        .with("PriseExistante", "O")
        .with("ReferencePrise", &dwelling.pto_ref)
}

fn portal(platform: &Arc<Platform>, replaced: &[&'static service_api::Route]) -> Router {
    let site = Site {
        brand: Brand::new("Fibre des Deux Vallées"),
        environment: Environment::Production,
        menu: SERVICES.iter().flat_map(|service| service.menu).collect(),
        demo_logins: Vec::new(),
        advance_clock: None,
        xml_url: "https://ws.example".to_owned(),
        contracts: edges::contracts(SERVICES, "https://ws.example").unwrap(),
    };
    if replaced.is_empty() {
        return edges::portal(platform, SERVICES, site);
    }
    let swap = |route: &'static service_api::Route| {
        let same =
            |r: &&&'static service_api::Route| r.path == route.path && r.method == route.method;
        replaced.iter().find(same).copied().unwrap_or(route)
    };
    let routes = SERVICES.iter().flat_map(|service| service.routes).map(swap);
    web::server::router(web::server::Portal {
        platform: Arc::clone(platform),
        site,
        routes: routes.collect(),
    })
}

fn xml(platform: &Arc<Platform>) -> Router {
    let services = edges::xml_services(SERVICES);
    soap::server::router(Arc::clone(platform), &services, "https://ws.example").unwrap()
}

/// Whatever a test gets from an operation is among the codes that the operation lists.
fn assert_listed(service: &str, answer: &Answer) {
    let of = |xml: &&soap::server::XmlService| xml.contract.service == service;
    let xml = edges::xml_services(SERVICES).into_iter().find(of);
    let mut operations = xml.iter().flat_map(|xml| xml.operations);
    let named = |element: &str| answer.body.contains(&format!("{element}Reponse xmlns"));
    let Some(operation) = operations.find(|operation| named(operation.element)) else {
        return;
    };
    // What an order's life tells of itself is no answer to who consults it.
    let parts = ["testerEligibilite", "testerEligibiliteLot"].contains(&operation.element);
    let motives = answer.all("Motif").into_iter();
    let mut got: Vec<String> = motives.map(str::to_owned).collect();
    if answer.code() == 0 && !parts {
        got.clear();
    } else if answer.code() != 0 && got.is_empty() {
        got.push(answer.code().to_string());
    }
    let listed = operation.codes();
    for code in got {
        let known = listed.iter().any(|(row, fault)| !fault && row.code == code);
        assert!(known, "{} does not list {code}", operation.element);
    }
}

/// What `testerEligibilite` is asked before `order`.
fn question_of(order: &PlaceOrder) -> TestEligibility {
    let given = |name: &str| order.given(name).map(str::to_owned);
    TestEligibility {
        address: Some(Address {
            building: given("IdentifiantImmeuble"),
            hexacle: given("CodeAdresseImmeuble"),
            insee: given("CodeInseeImmeuble"),
            rivoli: given("CodeVoieRivoliImmeuble"),
            number: given("NumeroVoieImmeuble"),
            complement: given("ComplementNumeroVoieImmeuble"),
        }),
        batiment: given("Batiment"),
        escalier: given("Escalier"),
        etage: given("Etage"),
        pto: given("ReferencePrise"),
        existing_pto: given("PriseExistante"),
    }
}
