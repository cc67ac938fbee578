//! The demonstration: its data on the engine under test, its clock, and the command itself.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use domain::Platform;
use domain::access::{Ctx, authenticate_certificate};
use domain::audit::seal;
use domain::operator::usecases::{NewOperator, found_provider};
use domain::order::store::{Key, Listing};
use domain::order::usecases::{Consulted, consult_order, list_orders, place_order};
use domain::order::{PlaceOrder, Status};
use epissure::demo::{self, ClientKey, Cure, Example};
use epissure::edges::Post;
use epissure::request::{Desk, Request};
use epissure::services::SERVICES;
use epissure::workers::{Crew, Signer};
use kernel::{Clock, FakeClock, Millis};
use mail::{Memory, Transport};
use testkit::Store;
use testkit::territory::{Size, Territory};

use crate::house::{START, certificate_of, encode, house, store};
use crate::server::{Client, Reply, binary, said};

/// Small, and with room for every example.
const SIZE: Size = Size {
    addresses: 3_000,
    dwellings: 4_500,
    pms: 10,
};
const REFERENCE: &str = "ReferenceCommandePriseInterneOC";

/// The demonstration in this process.
struct Demo {
    crew: Crew,
    territory: Arc<Territory>,
    _store: Store,
}

impl Demo {
    async fn open() -> Option<Self> {
        let store = store()?;
        let clock: Arc<dyn Clock> = Arc::new(FakeClock::at(START));
        let platform = Arc::new(Platform::new(store.db.clone(), clock));
        let provider = NewOperator {
            code: "F2V".to_owned(),
            name: "Fibre des Deux Vallées".to_owned(),
            contact_email: "exploitation@deuxvallees.example".to_owned(),
            sirens: Vec::new(),
        };
        let founded = found_provider(&platform, provider).await.unwrap();
        let heads = store.dir.path().join("heads");
        let transport = Transport::Memory(Memory::default());
        let crew = Crew {
            platform,
            services: demo::services().leak(),
            provider: founded.into_result().unwrap(),
            signer: Arc::new(Signer::open(store.dir.path(), &heads).unwrap()),
            post: Arc::new(Post::through(transport, SERVICES, "F2V <a@f2v.example>")),
        };
        let keys = ["HIRO", "LINB"].map(|name| ClientKey {
            der: certificate_of(name),
            fingerprint: domain::access::certificate_fingerprint(&certificate_of(name)),
            not_after: START.plus(700 * Millis::DAY),
        });
        let territory = demo::fill(&crew, SIZE, &keys).await.unwrap();
        Some(Self {
            crew,
            territory,
            _store: store,
        })
    }

    fn clock(&self) -> &dyn Clock {
        &*self.crew.platform.clock
    }

    /// The machine of an operator, now.
    async fn machine(&self, code: &str) -> Arc<Ctx> {
        let known = authenticate_certificate(&self.crew.platform, &certificate_of(code)).await;
        Arc::new(known.unwrap().unwrap())
    }

    async fn order(&self, code: &str, reference: &str) -> Consulted {
        let key = Key::Reference(reference.to_owned());
        let found = consult_order(&self.crew.platform, &self.machine(code).await, key).await;
        found.unwrap().unwrap()
    }

    /// Places `order` under `reference` and gives its CR; the code it got, empty when it passed.
    async fn verdict(&self, code: &str, order: &PlaceOrder, reference: &str) -> String {
        let order = order.clone().with(REFERENCE, reference);
        let ctx = self.machine(code).await;
        let placed = place_order(&self.crew.platform, &ctx, order, None).await;
        placed.unwrap().into_result().unwrap();
        while self.crew.run_due_jobs().await.unwrap() > 0 {}
        self.order(code, reference).await.order.motive
    }

    async fn cured(&self, example: &Example) -> String {
        let reference = format!("CURED-{}", example.code);
        let order = &example.order;
        match &example.cure {
            Cure::Field(name, value) => {
                let order = order.clone().with(name, value);
                self.verdict("HIRO", &order, &reference).await
            }
            Cure::Operator(code) => self.verdict(code, order, &reference).await,
            Cure::Days(days) => {
                let before = self.clock().offset_ms();
                self.clock()
                    .set_offset_ms(before + i64::from(*days) * Millis::DAY);
                let code = self.verdict("HIRO", order, &reference).await;
                self.clock().set_offset_ms(before);
                code
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_order_and_one_input_changes_its_verdict() {
    let Some(demo) = Demo::open().await else {
        return;
    };
    let examples = demo::examples(&demo.territory);
    let codes: Vec<_> = examples.iter().map(|example| example.code).collect();
    let wanted = [
        "FADR01", "FADR02", "FADR03", "FADR04", "FIMP07", "FIMP08", "FIMP09", "FIMP10", "FIMP11",
        "FINT01",
    ];
    assert_eq!(codes, wanted);
    for example in &examples {
        let shown = demo.order("HIRO", example.order.get(REFERENCE)).await;
        assert_eq!(shown.order.motive, example.code, "as the visitor sees it");
        let again = format!("AGAIN-{}", example.code);
        let same = demo.verdict("HIRO", &example.order, &again).await;
        assert_eq!(same, example.code, "the same order again");
        assert_eq!(demo.cured(example).await, "", "{}", example.code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_rests_in_every_state_and_is_whole() {
    let Some(demo) = Demo::open().await else {
        return;
    };
    let mut seen = Vec::new();
    for code in ["HIRO", "LINB"] {
        let listing = Listing {
            to: Millis(i64::MAX),
            limit: 500,
            ..Listing::default()
        };
        let listed = list_orders(&demo.crew.platform, &*demo.machine(code).await, listing).await;
        for order in listed.unwrap().unwrap() {
            seen.push(order.status);
            let shown = demo.order(code, &order.reference).await;
            let times: Vec<_> = shown.timeline.iter().map(|row| row.at).collect();
            assert!(times.is_sorted(), "{}", order.reference);
            assert!(times.iter().all(|at| *at < START), "{}", order.reference);
            let last = shown.timeline.last().map(|row| row.to);
            assert_eq!(last, Some(order.status), "{}", order.reference);
            let lit = [Status::StocEmise, Status::Mad, Status::Mes].contains(&order.status);
            assert!(!lit || shown.fibre.is_some(), "{}", order.reference);
        }
    }
    for status in [
        Status::ArKo,
        Status::ArOk,
        Status::CrKo,
        Status::StocEmise,
        Status::RaccoOiPlanifie,
        Status::RaccoKo,
        Status::Mad,
        Status::Mes,
        Status::Annulee,
        Status::Ecrasee,
    ] {
        assert!(seen.contains(&status), "{status:?}");
    }
    demo.crew.close_journal().await.unwrap();
    let duty = domain::access::Duty::Sealer;
    let ctx = domain::access::system(&demo.crew.platform, duty, &demo.crew.provider).unwrap();
    let heads = demo.crew.signer.heads().unwrap();
    let found = seal::verify(&demo.crew.platform, &ctx, &heads, demo.crew.signer.key()).await;
    assert_eq!(found.unwrap().faults, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn moving_the_day_does_on_the_way_what_comes_due() {
    let Some(demo) = Demo::open().await else {
        return;
    };
    let examples = demo::examples(&demo.territory);
    let example = examples.iter().find(|e| e.code == "FADR04").unwrap();
    let Cure::Field(name, value) = &example.cure else {
        panic!("a field cures {}", example.code);
    };
    let order = example.order.clone().with(name, value);
    assert_eq!(demo.verdict("HIRO", &order, "VISITOR-1").await, "");
    assert_eq!(
        demo.order("HIRO", "VISITOR-1").await.order.status,
        Status::StocEmise
    );
    demo::advance(&demo.crew, Millis::DAY).await.unwrap();
    assert_eq!(demo.clock().business_now(), START.plus(Millis::DAY));
    let shown = demo.order("HIRO", "VISITOR-1").await;
    assert_eq!(shown.order.status, Status::Mad);
    let built = shown.timeline.iter().find(|row| row.to == Status::RaccoOk);
    let built = built.unwrap();
    assert_eq!(built.channel, "simulator");
    assert!(built.actor_name.contains("SIMULÉ"), "{}", built.actor_name);
    assert_eq!(
        built.at,
        START.plus(3 * Millis::HOUR),
        "three working hours later, not at the end of the step"
    );
}

/// The command, running in a folder of its own; on SQLite whatever the engine under test.
struct Running {
    child: Child,
    portal: String,
    xml: String,
}

impl Running {
    fn start(dir: &Path, more: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command
            .args(["demo", "--portal-port", "0", "--xml-port", "0"])
            .args(more);
        command.current_dir(dir).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().unwrap().unwrap();
        let url = |line: String| {
            let url = line.split_whitespace().nth(1).unwrap();
            url.trim_end_matches(['/', 'w', 's']).to_owned()
        };
        let (portal, xml) = (url(next()), url(next()));
        assert!(next().starts_with("ready in "));
        // What it still prints is small enough for the pipe.
        Self { child, portal, xml }
    }

    fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command on the demonstration's folder.
fn command(dir: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(binary());
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.output().unwrap()
}

/// The value of the first hidden field of this name.
fn hidden(page: &Reply, name: &str) -> String {
    let before = format!("name=\"{name}\" value=\"");
    let (_, after) = page.body.split_once(&before).unwrap();
    after.split('"').next().unwrap().to_owned()
}

/// A browser without pages: one connection, the cookies it was given.
struct Visitor {
    client: Client,
    cookies: Vec<String>,
}

impl Visitor {
    async fn get(&mut self, path: &str) -> Reply {
        self.send(axum::http::Request::get(path), String::new())
            .await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let kind = "application/x-www-form-urlencoded";
        let request = axum::http::Request::post(path).header("content-type", kind);
        self.send(request, encode(fields)).await
    }

    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Reply {
        let request = request.header("cookie", self.cookies.join("; "));
        let reply = self.client.send(request.body(body.into()).unwrap()).await;
        let reply = reply.unwrap();
        for cookie in reply.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let name = pair.split('=').next().unwrap();
            self.cookies.retain(|kept| !kept.starts_with(name));
            self.cookies.push(pair.to_owned());
        }
        reply
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_makes_its_data_once_keeps_it_and_starts_over_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let acces = dir.join("epissure-demo/acces");
    let show = ["order", "show", "CMD-XML-1", "--operator", "HIRO"];
    let show = [&show[..], &["--data", "epissure-demo"]].concat();

    let running = Running::start(dir, &[]);
    let (pem, key) = (acces.join("hirondelle.pem"), acces.join("hirondelle.key"));
    let mut machine = Client::new(&running.xml, &acces.join("ca.pem"), Some((&pem, &key)));
    for (service, file, wanted) in [
        ("eligibilite", "tester-eligibilite.xml", ("CodeRetour", "0")),
        ("fci", "deposer-commande.xml", ("EtatArCommandePrise", "OK")),
    ] {
        let text = fs::read_to_string(acces.join(file)).unwrap();
        let path = format!("/ws/{service}");
        let reply = machine.post(&path, "text/xml", &text).await.unwrap();
        assert_eq!(reply.text(wanted.0), wanted.1, "{}", reply.body);
    }

    let login = &demo::LOGINS[0];
    let notice = fs::read_to_string(acces.join("LISEZMOI.txt")).unwrap();
    assert!(notice.contains(login.login) && notice.contains(login.password));
    let client = Client::new(&running.portal, &acces.join("ca.pem"), None);
    let cookies = Vec::new();
    let mut visitor = Visitor { client, cookies };
    let page = visitor.get("/connexion").await;
    assert!(page.body.contains(login.password), "shown to the visitor");
    let csrf = hidden(&page, "csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("identifiant", login.login),
        ("mot_de_passe", login.password),
    ];
    let reply = visitor.post("/connexion", &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    let csrf = hidden(&visitor.get("/commandes").await, "csrf");
    let step = [("avance", "1j"), ("retour", "/commandes")];
    let reply = visitor.post("/demo/horloge", &step).await;
    assert_eq!(reply.status, 403, "without the page's token");
    let step = [&step[..], &[("csrf", &csrf)]].concat();
    let reply = visitor.post("/demo/horloge", &step).await;
    assert_eq!(reply.status, 303, "{}", reply.body);
    assert_eq!(reply.headers["location"], "/commandes?fait=horloge");
    running.stop();

    let running = Running::start(dir, &[]);
    let output = command(dir, &["demo", "clock", "+1d", "--output", "csv"]);
    assert!(output.status.success(), "{}", said(&output));
    let now = String::from_utf8(output.stdout).unwrap();
    let now: jiff::Timestamp = now.lines().nth(1).unwrap().parse().unwrap();
    let real = kernel::SystemClock::default().real_now();
    let ahead = Millis(now.as_millisecond()).since(real);
    let two_days = 2 * Millis::DAY;
    assert!(
        (two_days - Millis::HOUR..=two_days).contains(&ahead),
        "the first day was kept: {ahead} ms"
    );
    let output = command(dir, &show);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("simulator"), "{}", said(&output));
    running.stop();

    let running = Running::start(dir, &["--reset"]);
    assert_eq!(command(dir, &show).status.code(), Some(4), "gone");
    running.stop();
    let output = command(dir, &["demo", "clock", "+1d"]);
    assert_eq!(output.status.code(), Some(1), "nobody to ask");
}

#[tokio::test]
async fn outside_the_demonstration_time_does_not_move() {
    let house = house!();
    let mut browser = house.sign_in("agent", "HIRO").await;
    let page = browser.post("/demo/horloge", &[("avance", "1j")]).await;
    assert_eq!(page.status, 404);
    let desk = Desk::new(Arc::clone(&house.platform), SERVICES, String::new());
    let (tell, _told) = tokio::sync::mpsc::unbounded_channel();
    let step_ms = Millis::DAY;
    let answer = desk.carry_out("root", "test", Request::DemoClock { step_ms }, tell);
    assert_eq!(answer.await.code, 1);
    assert_eq!(house.platform.clock.business_now(), START);
    house.close().await;
}
