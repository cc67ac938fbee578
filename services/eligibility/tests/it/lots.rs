//! Lots: what each line is answered, what a file may be, whose a lot is, and that one which dies
//! anywhere goes on to the same bytes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION};
use axum::http::{Request, StatusCode};
use domain::access::store::{NewSession, insert_session};
use domain::access::{Ctx, Duty, JobLease, resume_job, system, token_hash};
use domain::account::Account;
use domain::job::{self, Track};
use domain::order::{PlaceOrder, address_line};
use domain::upload::{Purpose, Receiver, Upload};
use domain::{Idempotency, Platform};
use eligibility::SERVICE;
use eligibility::lots::rules::Answered;
use eligibility::lots::store::Lines;
use eligibility::lots::usecases::{delete, submit};
use eligibility::lots::{JOB, KEPT_DAYS, Lot, LotRow, LotState, OPEN_MAX, RECONCILER, Told, store};
use eligibility::rules::Verdict;
use eligibility::usecases::{question, test_eligibility};
use kernel::{AccountId, Clock, Fault, Millis, OperatorId, SessionId};
use service_api::JobEnd;
use storage::{Lane, Tx};
use testkit::territory::Case;
use tower::ServiceExt;
use web::server::{Portal, SESSION_COOKIE, Site};
use web::{Brand, Environment};

use crate::support::Park;

async fn sent(platform: &Platform, ctx: &Arc<Ctx>, text: &[u8]) -> Upload {
    let begun = Receiver::begin(platform, ctx, Purpose::Lot, "lot.csv");
    let mut receiver = begun.unwrap();
    receiver.push(text).await.unwrap();
    receiver.finish().await.unwrap()
}

/// Submits a lot; its id, or the code of the refusal.
pub async fn put(park: &Park, ctx: &Arc<Ctx>, text: &str) -> Result<String, String> {
    // What is submitted first is first.
    park.clock.advance(1);
    let mut now = (**ctx).clone();
    now.now = park.clock.business_now();
    let now = Arc::new(now);
    let file = sent(park.platform(), &now, text.as_bytes()).await;
    let done = submit(park.platform(), &now, file, None).await.unwrap();
    done.map(|id| id.to_string())
        .map_err(|refusal| refusal.code)
}

async fn lot(park: &Park, ctx: &Ctx, id: &str) -> Option<Lot> {
    let (scope, id) = (ctx.operator().unwrap().clone(), id.to_owned());
    let find = move |tx: &mut dyn Tx| store::by_id(tx, &scope, &id);
    park.db().read(find).await.unwrap()
}

async fn rows(park: &Park, ctx: &Ctx, id: &str) -> Vec<LotRow> {
    let Some(lot) = lot(park, ctx, id).await else {
        return Vec::new();
    };
    let scope = ctx.operator().unwrap().clone();
    let all = Lines {
        limit: 100_000,
        ..Lines::default()
    };
    let find = move |tx: &mut dyn Tx| store::rows(tx, &scope, &lot.id, &all);
    park.db().read(find).await.unwrap()
}

/// Leases the job that is due, as the workers do; its payload and the context of its lease.
pub async fn leased(park: &Park) -> Option<(Arc<Ctx>, String)> {
    let platform = park.platform();
    let owner = OperatorId::from_store("opr_fournisseur".to_owned());
    let jobs = system(platform, Duty::Jobs, &owner)
        .unwrap()
        .duty(Duty::Jobs);
    let (now, real_now) = (platform.clock.business_now(), platform.clock.real_now());
    let token = format!("essai:{}", platform.token().unwrap());
    let lease = move |tx: &mut dyn Tx| {
        job::store::lease(tx, &jobs, &token, now, real_now, (Track::Turns, 1))
    };
    let all = park
        .db()
        .write(Lane::Background, None, lease)
        .await
        .unwrap();
    let job = all.into_iter().next()?;
    assert_eq!(job.kind, JOB.kind);
    let lease = JobLease {
        id: job.id,
        operator: job.operator,
        token: job.token,
    };
    let ctx = resume_job(platform, lease).await.unwrap();
    Some((Arc::new(ctx), job.payload))
}

/// Runs every job that is due; whose turns there were, in order.
pub async fn work(park: &Park) -> Vec<String> {
    let mut turns = Vec::new();
    while let Some((ctx, payload)) = leased(park).await {
        turns.push(ctx.operator().unwrap().code().to_owned());
        let end: Result<JobEnd, Fault> = (JOB.run)(Arc::clone(park.platform()), ctx, payload).await;
        assert_eq!(end.unwrap(), JobEnd::Done);
    }
    turns
}

async fn reconcile(park: &Park) -> usize {
    let owner = OperatorId::from_store("opr_fournisseur".to_owned());
    let ctx = system(park.platform(), RECONCILER.duty, &owner).unwrap();
    (RECONCILER.run)(Arc::clone(park.platform()), Arc::new(ctx))
        .await
        .unwrap()
}

/// Every building of the territory by every kind of key, `times` over.
fn every_building(park: &Park, times: usize) -> String {
    let mut text = "ReferenceClient;Adresse;IdentifiantImmeuble;CodeAdresseImmeuble;\
                    CodeInseeImmeuble;CodeVoieRivoliImmeuble;NumeroVoieImmeuble;\
                    ComplementNumeroVoieImmeuble\n"
        .to_owned();
    for round in 0..times {
        for (n, b) in park.territory.buildings.iter().enumerate() {
            let line = match (n + round) % 4 {
                0 => format!(";{};;;;;", b.reference),
                1 => format!(";;{};;;;", b.hexacle),
                2 => format!(";;;{};{};{};{}", b.insee, b.rivoli, b.number, b.complement),
                _ => format!("\"{}\";;;;;;", address_line(b)),
            };
            text.push_str(&format!("{round}-{n};{line}\n"));
        }
    }
    text
}

#[tokio::test]
async fn each_line_is_answered_what_the_test_of_its_building_says() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let id = put(&park, &ctx, &every_building(&park, 4)).await.unwrap();
    work(&park).await;
    let done = lot(&park, &ctx, &id).await.unwrap();
    assert_eq!(done.state, LotState::Done);
    let rows = rows(&park, &ctx, &id).await;
    assert_eq!(rows.len() as i64, done.lines);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for (n, row) in rows.iter().enumerate() {
        assert_eq!(row.line, n as i64 + 2, "in the order of the file");
        *seen.entry(row.verdict.as_str()).or_default() += 1;
        if row.building.is_empty() {
            let several = row.told.candidates.len() > 1 && row.told.candidates.len() <= 5;
            let unknown = row.code == "FADR01" || row.code == "FIMP15";
            assert!(several || unknown, "{row:?}");
            continue;
        }
        let fields = PlaceOrder::from_pairs([("IdentifiantImmeuble", row.building.as_str())]);
        let tested = test_eligibility(park.platform(), &ctx, question(&fields).unwrap());
        let tested = tested.await.unwrap().unwrap();
        let best = &tested.buildings[0].best[0];
        let (verdict, day) = match best {
            Verdict::Eligible => (Answered::Eligible, String::new()),
            Verdict::EligibleFrom(day, _) => (Answered::EligibleFrom, day.to_string()),
            Verdict::NotEligible(_) => (Answered::NotEligible, String::new()),
        };
        let code = best.refusal().map_or("", |refusal| refusal.code.as_str());
        assert_eq!(
            (row.verdict, row.code.as_str(), row.told.from.as_str()),
            (verdict, code, day.as_str()),
            "{row:?}"
        );
    }
    for one in [
        Answered::Eligible,
        Answered::EligibleFrom,
        Answered::NotEligible,
    ] {
        assert!(seen.contains_key(one.as_str()), "{seen:?}");
    }
    assert!(seen.contains_key("a_preciser"), "{seen:?}");
    for (one, n) in Answered::ALL.iter().zip(done.counts) {
        assert_eq!(
            seen.get(one.as_str()).copied().unwrap_or(0) as i64,
            n,
            "{one:?}"
        );
    }
}

#[tokio::test]
async fn texts_are_understood_as_on_the_page_and_never_chosen_among() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let spot = park.territory.spots(Case::FreePto, "HIRO")[0];
    let (building, pto) = (spot.building, &spot.dwelling.unwrap().pto_ref);
    let mut absent = building.clone();
    absent.number = "9871".to_owned();
    let text = format!(
        "Adresse\tReferencePrise\tPriseExistante\n{pto}\n\t{pto}\tO\n{}\n{}\n0199999999\n{}\n\n\
         {}\n\t\tX\n{}\tZZ-AAA1-BBB2\n",
        address_line(&absent),
        building.street_name,
        building.pm_ref,
        "é".repeat(300),
        building.reference,
    );
    let id = put(&park, &ctx, &text).await.unwrap();
    work(&park).await;
    let told: Vec<_> = rows(&park, &ctx, &id)
        .await
        .into_iter()
        .map(|row| {
            (
                row.building,
                row.verdict,
                row.code,
                row.told.candidates.len(),
            )
        })
        .collect();
    let found = (
        building.reference.clone(),
        Answered::Eligible,
        String::new(),
        0,
    );
    assert_eq!(told[0], found, "a PTO leads to its building");
    assert_eq!(told[1], found, "and alone in its column too");
    assert_eq!(
        (told[2].1, told[2].2.as_str()),
        (Answered::Refused, "FADR01")
    );
    assert!(told[2].3 > 0, "the nearest numbers are offered: {told:?}");
    assert_ne!(told[3].1, Answered::Eligible, "a street is no building");
    assert_eq!(
        (told[4].1, told[4].2.as_str()),
        (Answered::Refused, "FADR01")
    );
    assert_eq!(
        (told[5].1, told[5].2.as_str()),
        (Answered::Refused, "FIMP16")
    );
    assert_eq!(
        (told[6].1, told[6].2.as_str()),
        (Answered::Refused, "FIMP16")
    );
    assert_eq!(
        (told[7].1, told[7].2.as_str()),
        (Answered::Refused, "FIMP15")
    );
    assert_eq!(
        (told[8].1, told[8].2.as_str()),
        (Answered::Refused, "FIMP02")
    );
    assert_eq!(told.len(), 9);
}

/// What a result says of its lines, whenever it was made.
async fn result(park: &Park, ctx: &Ctx, id: &str) -> (Vec<LotRow>, Option<i64>) {
    let lot = lot(park, ctx, id).await.unwrap();
    assert_eq!(lot.state, LotState::Done);
    (
        rows(park, ctx, id).await,
        lot.release.map(|release| release.0),
    )
}

#[tokio::test]
async fn a_lot_that_dies_anywhere_goes_on_to_the_same_result() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let text = every_building(&park, 4);
    let undisturbed = put(&park, &ctx, &text).await.unwrap();
    work(&park).await;
    let expected = result(&park, &ctx, &undisturbed).await;
    let id = put(&park, &ctx, &text).await.unwrap();
    let mut died_at = Vec::new();
    for pause in [2, 30, 90, 40, 150, 20] {
        let Some((job, payload)) = leased(&park).await else {
            break;
        };
        // The process dies: whatever the job was at is never heard of again.
        let run = (JOB.run)(Arc::clone(park.platform()), job, payload);
        let ended = tokio::time::timeout(Duration::from_millis(pause), run).await;
        died_at.push(lot(&park, &ctx, &id).await.unwrap().done);
        if ended.is_ok() {
            break;
        }
        // Another day, once its lease is over: the instant of the verdicts stays.
        park.clock.advance(Millis::DAY);
    }
    work(&park).await;
    assert!(died_at.len() > 1, "it never died");
    let resumed = result(&park, &ctx, &id).await;
    assert!(resumed == expected, "died at {died_at:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "time goes by meanwhile")]
async fn lots_of_one_operator_wait_for_each_other_and_operators_take_turns() {
    let Some(park) = Park::open().await else {
        return;
    };
    let (hiro, linb) = (park.ctx_of("HIRO").await, park.ctx_of("LINB").await);
    let (hiro, linb) = (Arc::new(hiro), Arc::new(linb));
    let text = every_building(&park, 3);
    let first = put(&park, &hiro, &text).await.unwrap();
    let second = put(&park, &hiro, &text).await.unwrap();
    let other = put(&park, &linb, &text).await.unwrap();
    // Time goes by while they work, so that turns end.
    let clock = Arc::clone(&park.clock);
    let ticking = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            clock.advance(Millis::SECOND);
        }
    });
    let (ctx, payload) = leased(&park).await.unwrap();
    (JOB.run)(Arc::clone(park.platform()), ctx, payload)
        .await
        .unwrap();
    let state = async |ctx: &Ctx, id: &str| lot(&park, ctx, id).await.unwrap();
    let begun = state(&hiro, &first).await;
    assert_eq!(begun.state, LotState::Running);
    assert!(begun.done > 0 && begun.done < begun.lines, "{begun:?}");
    assert_eq!(state(&hiro, &second).await.state, LotState::Waiting);
    let turns = work(&park).await;
    ticking.abort();
    assert_eq!(&turns[..2], ["LINB", "HIRO"], "{turns:?}");
    for (ctx, id) in [(&hiro, &first), (&hiro, &second), (&linb, &other)] {
        assert_eq!(state(ctx, id).await.state, LotState::Done);
    }
    assert!(state(&hiro, &second).await.started >= state(&hiro, &first).await.ended);
    // So many may wait, no more.
    for _ in 0..OPEN_MAX {
        put(&park, &hiro, "Adresse\nx\n").await.unwrap();
    }
    let more = put(&park, &hiro, "Adresse\nx\n").await;
    assert_eq!(more, Err("ELOT02".to_owned()));
    put(&park, &linb, "Adresse\nx\n").await.unwrap();
}

/// Files kept, whoever sent them.
async fn kept(park: &Park) -> usize {
    let files = park
        .db()
        .folder()
        .map(|folder| folder.join(domain::upload::FOLDER));
    let names = files.map(|folder| std::fs::read_dir(folder).map_or(0, Iterator::count));
    match names {
        Some(names) => names,
        None => {
            let owner = OperatorId::from_store("opr_fournisseur".to_owned());
            let scope = system(park.platform(), Duty::Upkeep, &owner).unwrap();
            let scope = scope.duty(Duty::Upkeep);
            let list = move |tx: &mut dyn Tx| domain::upload::store::list_kept(tx, &scope, "", 99);
            park.db().read(list).await.unwrap().len()
        }
    }
}

#[tokio::test]
async fn a_lot_is_put_once_and_what_is_refused_or_over_keeps_no_file() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let once = Idempotency::new("clé", b"le formulaire");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let file = sent(park.platform(), &ctx, b"Adresse\nx\n").await;
        let done = submit(park.platform(), &ctx, file, Some(once.clone()))
            .await
            .unwrap();
        ids.push(done.unwrap().to_string());
    }
    assert_eq!(ids[0], ids[1]);
    assert_eq!(kept(&park).await, 1);
    assert_eq!(
        put(&park, &ctx, "Etage\n1\n").await,
        Err("ELOT01".to_owned())
    );
    assert_eq!(kept(&park).await, 1);
    work(&park).await;
    assert_eq!(kept(&park).await, 0);
    // Deleted before its turn, its file goes at once, and the next is not held up.
    let gone = put(&park, &ctx, "Adresse\nx\n").await.unwrap();
    let next = put(&park, &ctx, "Adresse\nx\n").await.unwrap();
    delete(park.platform(), &ctx, gone.clone(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept(&park).await, 1);
    assert!(lot(&park, &ctx, &gone).await.is_none());
    work(&park).await;
    assert_eq!(lot(&park, &ctx, &next).await.unwrap().state, LotState::Done);
    let again = delete(park.platform(), &ctx, gone, None).await.unwrap();
    assert_eq!(again.unwrap_err().code, "5");
    // Of several that came at one instant, the first to have a job need not be the first.
    for _ in 0..OPEN_MAX {
        let file = sent(park.platform(), &ctx, b"Adresse\nx\n").await;
        submit(park.platform(), &ctx, file, None)
            .await
            .unwrap()
            .unwrap();
    }
    assert_eq!(work(&park).await.len() as i64, OPEN_MAX);
}

#[tokio::test]
async fn what_is_deleted_or_old_goes_and_what_lost_its_job_is_seen_to() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let id = put(&park, &ctx, &every_building(&park, 4)).await.unwrap();
    work(&park).await;
    assert_eq!(reconcile(&park).await, 0, "nothing is due");
    delete(park.platform(), &ctx, id, None)
        .await
        .unwrap()
        .unwrap();
    let mut steps = 0;
    while reconcile(&park).await > 0 {
        steps += 1;
    }
    assert!(steps > 1, "its lines go by and by");
    let old = put(&park, &ctx, "Adresse\nx\n").await.unwrap();
    work(&park).await;
    park.clock.advance(KEPT_DAYS * Millis::DAY);
    assert_eq!(reconcile(&park).await, 0);
    park.clock.advance(Millis::DAY);
    while reconcile(&park).await > 0 {}
    assert!(lot(&park, &ctx, &old).await.is_none());
    // A job that was given up leaves its lot given up, and the next one its turn.
    let lost = put(&park, &ctx, &every_building(&park, 1)).await.unwrap();
    let next = put(&park, &ctx, "Adresse\nx\n").await.unwrap();
    let (job, _) = leased(&park).await.unwrap();
    let scope = ctx.operator().unwrap().clone();
    let running = lot(&park, &ctx, &lost).await.unwrap().id;
    let begin = move |tx: &mut dyn Tx| {
        let (on, now) = ((domain::release::Release(1), ""), (Millis(1), Millis(1)));
        store::start(tx, &scope, &running, on, now)?;
        job::store::finish(tx, &scope, job.job().unwrap())
    };
    assert!(
        park.db()
            .write(Lane::Foreground, None, begin)
            .await
            .unwrap()
    );
    park.clock.advance(2 * Millis::MINUTE);
    while reconcile(&park).await > 0 {}
    let given_up = lot(&park, &ctx, &lost).await.unwrap();
    assert_eq!(given_up.state, LotState::Failed);
    assert_eq!(given_up.refusal.unwrap().code, "ELOT04");
    work(&park).await;
    assert_eq!(lot(&park, &ctx, &next).await.unwrap().state, LotState::Done);
}

#[tokio::test]
async fn a_map_has_every_line_however_many_there_are() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = Arc::new(park.ctx().await);
    let id = put(&park, &ctx, "Adresse\nx\n").await.unwrap();
    let (scope, lot) = (
        ctx.operator().unwrap().clone(),
        lot(&park, &ctx, &id).await.unwrap(),
    );
    // More than one query of the store may answer.
    let lines = i64::try_from(storage::ROWS_MAX).unwrap() + 1;
    let fill = move |tx: &mut dyn Tx| {
        let row = |line| LotRow {
            line,
            reference: String::new(),
            verdict: Answered::Eligible,
            code: String::new(),
            building: format!("FI-{line}"),
            insee: "53130".to_owned(),
            commune: "Laval".to_owned(),
            place: Some((line, line)),
            told: Told::default(),
        };
        let rows: Vec<LotRow> = (1..=lines).map(row).collect();
        store::insert_rows(tx, &scope, &lot.id, &rows)?;
        let points = store::points(tx, &scope, &lot.id)?;
        Ok(points.len() as i64)
    };
    let drawn = park.db().write(Lane::Background, None, fill).await.unwrap();
    assert_eq!(drawn, lines);
}

/// The portal with a person of each operator, each with the rights in `rights`.
pub async fn portal(park: &Park, people: &[(&'static str, &'static str, &[&str])]) -> Router {
    let platform = park.platform();
    let owner = OperatorId::from_store("opr_fournisseur".to_owned());
    let demo = system(platform, Duty::Demo, &owner).unwrap();
    let (demo, entry) = (demo.duty(Duty::Demo), demo.duty(Duty::SignIn));
    let now = platform.clock.real_now();
    for (seat, (name, code, rights)) in (1..).zip(people) {
        let operator = park
            .ctx_of(code)
            .await
            .operator()
            .unwrap()
            .operator()
            .clone();
        let rights: Vec<String> = rights
            .iter()
            .map(|right| format!("eligibilite.{right}"))
            .collect();
        let name = (*name).to_owned();
        let fill = move |tx: &mut dyn Tx| {
            let account = Account {
                id: AccountId::from_store(format!("cpt_{name}")),
                login: format!("{name}@essai.example"),
                name: name.clone(),
                email: format!("{name}@essai.example"),
                seat,
                state: "active".to_owned(),
                password_hash: None,
                created: now,
            };
            domain::account::store::insert(tx, &demo, &operator, &account, &rights)?;
            let session = NewSession {
                id: &SessionId::from_store(format!("ses_{name}")),
                token_hash: &token_hash(&name),
                account: &account.id,
                csrf_token: "jeton",
                opened: now,
                expires: now.plus(Millis::HOUR),
            };
            insert_session(tx, &entry, &operator, &session)
        };
        park.db().write(Lane::Foreground, None, fill).await.unwrap();
    }
    let site = Site {
        brand: Brand::new("Fibre des Deux Vallées"),
        environment: Environment::Production,
        menu: SERVICE.menu.iter().collect(),
        demo_logins: Vec::new(),
        advance_clock: None,
        xml_url: String::new(),
        contracts: Vec::new(),
    };
    web::server::router(Portal {
        platform: Arc::clone(platform),
        site,
        routes: SERVICE.routes.iter().collect(),
    })
}

pub async fn ask(
    portal: &Router,
    who: &str,
    (method, path): (&str, &str),
    (kind, body): (&str, Vec<u8>),
) -> (StatusCode, String, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "portail.example")
        .header(COOKIE, format!("{SESSION_COOKIE}={who}"))
        .header(CONTENT_TYPE, kind);
    let answer = portal
        .clone()
        .oneshot(request.body(Body::from(body)).unwrap())
        .await
        .unwrap();
    let (parts, body) = answer.into_parts();
    let text = |name| {
        parts
            .headers
            .get(name)
            .map_or("", |v| v.to_str().unwrap())
            .to_owned()
    };
    let bytes = to_bytes(body, 1 << 26).await.unwrap();
    let body = String::from_utf8_lossy(&bytes).into_owned();
    if text(CONTENT_TYPE).starts_with("text/html") {
        assert_eq!(web::lint::faults(&body), Vec::<String>::new(), "{path}");
    }
    (parts.status, text(LOCATION), body)
}

pub async fn get(portal: &Router, who: &str, path: &str) -> (StatusCode, String) {
    let (status, _, body) = ask(portal, who, ("GET", path), ("", Vec::new())).await;
    (status, body)
}

async fn send(portal: &Router, who: &str, text: &[u8]) -> (StatusCode, String, String) {
    let mut body = Vec::new();
    for (name, value) in [("csrf", "jeton"), ("cle", "envoi")] {
        let part =
            format!("--bord\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    body.extend_from_slice(
        b"--bord\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"mon lot.csv\"\r\n\
          Content-Type: text/csv\r\n\r\n",
    );
    body.extend_from_slice(text);
    body.extend_from_slice(b"\r\n--bord--\r\n");
    let form = ("multipart/form-data; boundary=bord", body);
    ask(portal, who, ("POST", "/eligibilite/lots"), form).await
}

pub const ALL: &[&str] = &["view", "create", "close"];

#[tokio::test]
async fn a_lot_goes_from_its_form_to_its_files_and_is_another_operators_nothing() {
    let Some(park) = Park::open().await else {
        return;
    };
    let people = [
        ("ines", "HIRO", ALL),
        ("mael", "LINB", ALL),
        ("leo", "HIRO", &["view"][..]),
    ];
    let portal = portal(&park, &people).await;
    let (_, model) = get(&portal, "ines", "/eligibilite/lots/modele.csv").await;
    let buildings = &park.territory.buildings;
    let lines = buildings
        .iter()
        .map(|b| format!("\"=1+1\";{}\n", b.reference));
    let text = format!(
        "ReferenceClient;IdentifiantImmeuble\n{}",
        lines.collect::<String>()
    );
    let (status, to, body) = send(&portal, "ines", text.as_bytes()).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let path = to.strip_suffix("?fait=lot").unwrap().to_owned();
    // The same form again is the same lot.
    assert_eq!(send(&portal, "ines", text.as_bytes()).await.1, to);
    let (_, page) = get(&portal, "ines", &path).await;
    assert!(
        page.contains("<live-part>") && page.contains("En attente"),
        "{page}"
    );
    let (status, early) = get(&portal, "ines", &format!("{path}?format=csv")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(
        early.contains("ELOT05"),
        "part of a result must not pass for the whole"
    );

    work(&park).await;
    let (_, page) = get(&portal, "ines", &path).await;
    assert!(
        page.contains("Terminé") && !page.contains("<live-part>"),
        "{page}"
    );
    assert!(
        page.contains("<svg class=\"map\" viewBox=\"0 0 1000 620\""),
        "its map"
    );
    assert!(page.len() <= 40 << 10, "{} bytes", page.len());
    let (_, csv) = get(&portal, "ines", &format!("{path}?format=csv")).await;
    assert_eq!(csv.lines().count(), buildings.len() + 1);
    assert!(csv.contains(";'=1+1;"), "neutralised");
    for (line, building) in csv.lines().skip(1).zip(buildings) {
        assert!(line.contains(&building.reference), "{line}");
    }
    let (_, json) = get(&portal, "ines", &format!("{path}?format=json")).await;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json.as_array().unwrap().len(), buildings.len());
    assert_eq!(json[0]["reference_client"], "=1+1");
    let (status, workbook) = get(&portal, "ines", &format!("{path}?format=xlsx")).await;
    assert!(status == StatusCode::OK && workbook.starts_with("PK"));
    let (_, again) = get(&portal, "ines", &format!("{path}?format=xlsx")).await;
    assert!(again == workbook, "the same bytes whenever it is made");
    let (_, only) = get(&portal, "ines", &format!("{path}?format=csv&code=FIMP11")).await;
    assert!(only.lines().count() > 1 && only.lines().skip(1).all(|l| l.contains(";FIMP11;")));
    let (_, none) = get(&portal, "ines", &format!("{path}?format=json&code=FCLI01")).await;
    assert_eq!(none, "[]\n");
    let (_, filtered) = get(&portal, "ines", &format!("{path}?verdict=eligible&par=2")).await;
    assert!(filtered.contains("Page suivante") && filtered.contains("aria-current"));
    let (_, list) = get(&portal, "ines", "/eligibilite/lots").await;
    assert!(list.contains("mon lot.csv") && list.contains(&path));
    let (_, list) = get(&portal, "leo", "/eligibilite/lots").await;
    assert!(list.contains("mon lot.csv") && !list.contains("Déposer un lot"));

    // To another operator it is as absent: the same bytes as what never was.
    let never = "/eligibilite/lots/lot_0197a000000070008000000000000000";
    for end in [
        "",
        "?format=csv",
        "?format=json",
        "?format=xlsx",
        "?verdict=eligible",
    ] {
        let theirs = get(&portal, "mael", &format!("{path}{end}")).await;
        assert_eq!(theirs, get(&portal, "mael", &format!("{never}{end}")).await);
        assert_eq!(theirs.0, StatusCode::NOT_FOUND);
    }
    let (_, list) = get(&portal, "mael", "/eligibilite/lots").await;
    assert!(!list.contains("mon lot.csv") && list.contains("Aucun lot"));
    let form = |key: &str| {
        let kind = "application/x-www-form-urlencoded";
        (kind, format!("csrf=jeton&cle={key}").into_bytes())
    };
    let remove = async |who: &str, path: &str, key: &str| {
        ask(
            &portal,
            who,
            ("POST", &format!("{path}/supprimer")),
            form(key),
        )
        .await
    };
    assert_eq!(
        remove("mael", &path, "a").await,
        remove("mael", never, "b").await
    );
    assert_eq!(remove("leo", &path, "c").await.0, StatusCode::FORBIDDEN);
    assert_eq!(get(&portal, "ines", &path).await.0, StatusCode::OK);
    let removed = remove("ines", &path, "d").await;
    assert_eq!(removed.0, StatusCode::SEE_OTHER);
    assert_eq!(
        remove("ines", &path, "d").await.1,
        removed.1,
        "twice is once"
    );
    assert_eq!(
        get(&portal, "ines", &path).await,
        get(&portal, "ines", never).await
    );
    // The model is a lot that is accepted.
    assert_eq!(
        put(&park, &Arc::new(park.ctx().await), &model)
            .await
            .map(drop),
        Ok(())
    );
}

#[tokio::test]
async fn a_hostile_file_is_refused_on_its_field_and_nothing_of_it_is_kept() {
    let Some(park) = Park::open().await else {
        return;
    };
    let portal = portal(&park, &[("ines", "HIRO", ALL)]).await;
    for (text, told) in testkit::lots::hostile() {
        let (status, _, body) = send(&portal, "ines", &text).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(
            body.contains("/erreurs/ELOT01") && body.contains(told),
            "{told}: {body}"
        );
    }
    let (_, list) = get(&portal, "ines", "/eligibilite/lots").await;
    assert!(list.contains("Aucun lot n’a encore été déposé"));
    assert_eq!(kept(&park).await, 0);
    let names = "<script>alert(1)</script>;Adresse\nx;'\"><b>oups\n";
    let (status, to, _) = send(&portal, "ines", names.as_bytes()).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    work(&park).await;
    let (_, page) = get(&portal, "ines", &to).await;
    assert!(
        !page.contains("<script>alert") && !page.contains("<b>oups"),
        "{page}"
    );
}
