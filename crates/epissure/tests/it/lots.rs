//! kill -9 of the real binary while a lot of eligibility tests is carried out: it goes on after the
//! last lines that were kept, to the bytes of a lot that nothing disturbed. Nor does it wait for an
//! import.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::fmt::Write as _;
use std::time::Duration;

use axum::http::Request;
use domain::job::{self, Track};
use domain::order::address_line;
use epissure::workers::Crew;
use kernel::{Clock, JobId};
use service_api::{EService, JobEnd, JobKind};
use storage::{Lane, Tx};
use testkit::territory::Territory;
use tokio::sync::Semaphore;

use crate::house::{HIRO, house};
use crate::server::{Server, Visitor, engine};

/// Kills; with `EPISSURE_FULL`, [`KILLS_FULL`].
const KILLS: usize = 4;
const KILLS_FULL: usize = 30;
/// Lines of the lot.
const LINES: usize = 2_000;
/// Longest wait for a lot, in tenths of a second.
const WAIT: usize = 3_000;

impl Visitor {
    /// Submits a lot under a form's key; where its page is.
    pub async fn submit(&mut self, key: &str, text: &str) -> String {
        let mut body = String::new();
        for (name, value) in [("csrf", self.csrf.as_str()), ("cle", key)] {
            let _ = write!(
                body,
                "--bord\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        let _ = write!(
            body,
            "--bord\r\nContent-Disposition: form-data; name=\"fichier\"; filename=\"lot.csv\"\r\n\
             Content-Type: text/csv\r\n\r\n{text}\r\n--bord--\r\n"
        );
        let kind = "multipart/form-data; boundary=bord";
        let request = Request::post("/eligibilite/lots").header("content-type", kind);
        let done = self.send(request, body).await;
        assert_eq!(done.status, 303, "{}", done.body);
        let to = done.headers["location"].to_str().unwrap();
        to.split('?').next().unwrap().to_owned()
    }

    /// The result of a lot, once it is whole.
    async fn result(&mut self, lot: &str) -> String {
        for _ in 0..WAIT {
            let reply = self.get(&format!("{lot}?format=csv")).await;
            if reply.status == 200 {
                return reply.body;
            }
            assert_eq!(reply.status, 409, "{}", reply.body);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{lot} never ends");
    }
}

/// Addresses as they are said, and keys, of every building again and again.
pub fn file(territory: &Territory, lines: usize) -> String {
    let mut text = "ReferenceClient;Adresse;IdentifiantImmeuble\n".to_owned();
    for (n, building) in (0..lines).zip(territory.buildings.iter().cycle()) {
        let line = match n % 2 {
            0 => format!("\"{}\";", address_line(building)),
            _ => format!(";{}", building.reference),
        };
        let _ = writeln!(text, "L{n};{line}");
    }
    text
}

fn done(server: &Server) -> i64 {
    server.count("select cast(sum(done) as bigint) from eligibility_lot")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lot_that_is_killed_again_and_again_ends_with_the_same_bytes() {
    let Some(mut server) = Server::start(engine()) else {
        return;
    };
    let text = file(&server.territory, LINES);
    let mut visitor = Visitor::sign_in(&server, "HIRO").await;
    let undisturbed = visitor.submit("essai-1", &text).await;
    let expected = visitor.result(&undisturbed).await;
    assert_eq!(expected.lines().count(), LINES + 1);
    let lot = visitor.submit("essai-2", &text).await;
    let full = std::env::var_os("EPISSURE_FULL").is_some();
    let kills = if full { KILLS_FULL } else { KILLS };
    let (mut killed_at, before) = (Vec::new(), LINES as i64);
    for n in 0..kills {
        let wanted = before + (LINES * n / (kills + 1)) as i64;
        while done(&server) < wanted {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Not a synchronisation: the moment of the kill itself.
        tokio::time::sleep(Duration::from_micros(7_919 * (n as u64 + 1) % 20_000)).await;
        server.kill9();
        killed_at.push(done(&server) - before);
        server.restart();
        visitor.client.turn_to(server.portal_url());
    }
    // The same form, sent again because its answer was lost, is the same lot.
    assert_eq!(visitor.submit("essai-2", &text).await, lot);
    let resumed = visitor.result(&lot).await;
    assert!(
        killed_at.iter().any(|at| (1..before).contains(at)),
        "{killed_at:?}"
    );
    assert!(resumed == expected, "killed at {killed_at:?}");
    let (of, row) = ("from eligibility_lot_row", 2 * before);
    assert_eq!(server.count(&format!("select count(*) {of}")), row);
    assert_eq!(
        server.count("select count(*) from upload where purpose = 'lot'"),
        0,
        "its file is gone"
    );
    server.assert_journal_is_whole();
}

/// A job of minutes: it says that it began, and goes on until it is let go.
static BEGUN: Semaphore = Semaphore::const_new(0);
static LET_GO: Semaphore = Semaphore::const_new(0);
const HELD: &str = "essai.held";
static HOLDING: EService = EService {
    code: "essai",
    title: "",
    clause: "",
    subscribed: false,
    routes: &[],
    xml: None,
    jobs: &[JobKind {
        kind: HELD,
        run: |_, _, _| {
            Box::pin(async {
                BEGUN.add_permits(1);
                LET_GO.acquire().await.unwrap().forget();
                Ok(JobEnd::GiveUp("let go".to_owned()))
            })
        },
    }],
    reconcilers: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[],
    mails: &[],
};
static BOTH: [&EService; 2] = [&eligibility::SERVICE, &HOLDING];

#[tokio::test]
async fn a_lot_ends_while_an_import_or_another_long_job_goes_on() {
    let house = house!();
    let (jobs, now) = (house.jobs_scope(), house.clock.business_now());
    let owner = house.crew.provider.clone();
    let insert = move |tx: &mut dyn Tx| {
        let new = job::New {
            kind: HELD,
            dedup_key: "held",
            payload: "",
            track: Track::Long,
        };
        let id = JobId::from_store("job_held".to_owned());
        job::store::insert(tx, &jobs, &owner, &id, &new, now)
    };
    let lane = Lane::Background;
    house.platform.db.write(lane, None, insert).await.unwrap();
    let crew = Crew {
        services: &BOTH,
        ..house.crew.clone()
    };
    let lot = crate::gates::lot(&house).await;
    house.clock.advance(1);
    // As the workers do, each track by itself.
    let long = crew.clone();
    let long = tokio::spawn(async move { long.run_track(Track::Long).await });
    BEGUN.acquire().await.unwrap().forget();
    let mut turns = 0;
    loop {
        let ran = crew.run_track(Track::Turns).await.unwrap();
        if ran == 0 {
            break;
        }
        turns += ran;
        house.clock.advance(1);
    }
    assert_eq!(turns, 1, "one turn is enough for one line");
    let mut owner = house.sign_in("administrateur", HIRO).await;
    let page = owner.get(&format!("/eligibilite/lots/{lot}")).await;
    assert!(page.body.contains("Terminé"), "{}", page.body);
    assert!(!long.is_finished(), "the long job still runs");
    LET_GO.add_permits(1);
    assert_eq!(long.await.unwrap().unwrap(), 1);
    house.close().await;
}
