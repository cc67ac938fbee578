//! kill -9 of the real binary, again and again, under a stream of orders and during imports: what
//! was acknowledged is there, once, and goes on to its end.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::building::{Building, Dwelling};
use domain::release::Kind;
use testkit::territory::{Case, Size, Spot, Territory};
use tokio::sync::watch;

use crate::races::{Fields, assert_nothing_is_held_twice, order, place, settled};
use crate::server::{Client, Reply, Server, engine, territory_of};

/// Kills under orders; with `EPISSURE_FULL`, [`KILLS_FULL`].
const KILLS: u64 = 10;
const KILLS_FULL: u64 = 100;
/// Clients that order at once.
const CLIENTS: u64 = 8;
/// Orders acknowledged between two kills, at most.
const BETWEEN_KILLS: u64 = 40;
/// Time from the last of them to the kill, at most, in microseconds: any phase of a commit.
const PHASE_US: u64 = 20_000;
/// Events asked for at once.
const EVENTS_PAGE: &str = "100";

/// splitmix64: the same kills at the same counts, each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % n
    }
}

/// Places to order, each with the PTO to order there, if any.
type Places = Vec<(Building, Dwelling, String)>;

/// Lines to build and lines to take over, in turn.
fn places(territory: &Territory) -> Places {
    let spots = |case| territory.spots(case, "HIRO").into_iter();
    let place = |spot: &Spot<'_>, pto: bool| {
        let dwelling = spot.dwelling.unwrap().clone();
        let pto_ref = if pto {
            dwelling.pto_ref.clone()
        } else {
            String::new()
        };
        (spot.building.clone(), dwelling, pto_ref)
    };
    let held = spots(Case::FreePto).chain(spots(Case::HeldByAnother));
    let existing: Places = held.map(|spot| place(&spot, true)).collect();
    let built: Places = spots(Case::Buildable)
        .map(|spot| place(&spot, false))
        .collect();
    let pairs = built.into_iter().zip(existing.into_iter().cycle());
    pairs
        .flat_map(|(built, existing)| [built, existing])
        .collect()
}

/// An order that was acknowledged: what was sent, and the AR.
struct Acknowledged {
    operator: &'static str,
    id: String,
    fields: Fields,
    receipt: [String; 4],
    /// Whether it had to be sent more than once.
    repeated: bool,
}

/// What must not change between two answers to one request.
fn receipt(reply: &Reply) -> [String; 4] {
    let names = [
        "ReferenceCommandePriseInterneOC",
        "EtatArCommandePrise",
        "MotifKoArCommandePrise",
        "DateArCommandePrise",
    ];
    names.map(|name| reply.text(name).to_owned())
}

/// Where the server is now; the end of it means that it is not killed any more.
type Address = watch::Receiver<String>;

/// Orders one line after the other until told to stop. A broken connection or a Fault is no
/// answer: the same request is sent again to the server that comes back.
async fn client(
    number: u64,
    mut client: Client,
    mut address: Address,
    places: Arc<Places>,
    stop: Arc<AtomicBool>,
    count: watch::Sender<u64>,
) -> Vec<Acknowledged> {
    let operator = operator_of(number);
    let mut done = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let i = done.len() as u64;
        let at = &places[usize::try_from(number + i * CLIENTS).unwrap() % places.len()];
        let reference = format!("TUE9-{number}-{i}");
        let fields = order(&reference, &at.0, &at.1, &at.2);
        let mut tries = 0;
        let reply = loop {
            tries += 1;
            match place(&mut client, &reference, &fields).await {
                Ok(reply) if reply.status.is_success() => break reply,
                Ok(reply) => assert!(!reply.texts("Code").contains(&"10"), "{}", reply.body),
                Err(_) => {}
            }
            address
                .changed()
                .await
                .expect("an answer from a server that is not killed");
            client.turn_to(&address.borrow_and_update());
        };
        let receipt = receipt(&reply);
        assert!(!receipt[1].is_empty(), "{}", reply.body);
        let id = reference;
        done.push(Acknowledged {
            operator,
            id,
            fields,
            receipt,
            repeated: tries > 1,
        });
        count.send_modify(|count| *count += 1);
    }
    done
}

fn operator_of(number: u64) -> &'static str {
    if number.is_multiple_of(2) {
        "HIRO"
    } else {
        "LINB"
    }
}

/// Kills and restarts the server at seeded moments while clients order, then lets them end.
async fn orders_under_kills(server: &mut Server, kills: u64) -> Vec<Acknowledged> {
    let places = Arc::new(places(&server.territory));
    let stop = Arc::new(AtomicBool::new(false));
    let (tell, address) = watch::channel(server.xml_url().to_owned());
    let (count, mut counted) = watch::channel(0);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let machine = server.machine(operator_of(n));
            let (places, stop) = (Arc::clone(&places), Arc::clone(&stop));
            tokio::spawn(client(
                n,
                machine,
                address.clone(),
                places,
                stop,
                count.clone(),
            ))
        })
        .collect();
    drop((address, count));
    let mut dice = Dice(20_261_123);
    for _ in 0..kills {
        let wanted = *counted.borrow() + 1 + dice.below(BETWEEN_KILLS);
        counted.wait_for(|count| *count >= wanted).await.unwrap();
        // Not a synchronisation: the moment of the kill itself.
        tokio::time::sleep(Duration::from_micros(dice.below(PHASE_US))).await;
        server.kill9();
        server.restart();
        tell.send_replace(server.xml_url().to_owned());
    }
    let wanted = *counted.borrow() + BETWEEN_KILLS;
    counted.wait_for(|count| *count >= wanted).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    drop(tell);
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    all
}

/// Every order that was acknowledged is there once, with the AR that was given, and has its CR; and
/// there is no other.
fn assert_each_is_there_once(server: &Server, all: &[Acknowledged]) {
    let stored = server.rows(
        "select p.code, o.reference, o.status, o.motive from access_order o
         join operator p on p.operator_id = o.operator_id",
    );
    assert_eq!(stored.len(), all.len());
    let stored: BTreeMap<_, _> = stored
        .iter()
        .map(|row| ((row[0].as_str(), row[1].as_str()), row))
        .collect();
    for order in all {
        let row = stored[&(order.operator, order.id.as_str())];
        let (status, motive) = (row[2].as_str(), row[3].as_str());
        match order.receipt[1].as_str() {
            "OK" => assert!(
                !["deposee", "ar_ko", "ar_ok", "cr_ok"].contains(&status),
                "{row:?}"
            ),
            _ => assert_eq!(
                (status, motive),
                ("ar_ko", order.receipt[2].as_str()),
                "{row:?}"
            ),
        }
    }
    let not_one_receipt = "select order_id from order_timeline
       group by order_id
       having sum(case when to_status in ('ar_ok', 'ar_ko') then 1 else 0 end) <> 1
         or sum(case when to_status in ('cr_ok', 'cr_ko') then 1 else 0 end) > 1";
    assert_eq!(server.rows(not_one_receipt), Vec::<Vec<String>>::new());
}

/// The feed of an operator is numbered from 1 without a gap, and tells each thing once.
async fn assert_feed_is_whole(server: &Server, operator: &str, all: &[Acknowledged]) {
    let mut machine = server.machine(operator);
    let (mut last, mut told) = (0_u64, BTreeSet::new());
    loop {
        let after = last.to_string();
        let fields = [("DepuisNumero", after.as_str()), ("Limite", EVENTS_PAGE)];
        let page = machine
            .fci("listerEvenements", None, &fields)
            .await
            .unwrap();
        let numbers = page.texts("Numero");
        if numbers.is_empty() {
            break;
        }
        let of = page.texts("ReferenceCommandePriseInterneOC");
        for ((number, kind), reference) in numbers.into_iter().zip(page.texts("Type")).zip(of) {
            last += 1;
            assert_eq!(number, last.to_string());
            assert!(
                told.insert((kind.to_owned(), reference.to_owned())),
                "{kind} {reference}"
            );
        }
    }
    for order in all.iter().filter(|order| order.operator == operator) {
        let is_told = |kind: &str| told.contains(&(kind.to_owned(), order.id.clone()));
        assert!(is_told("AR_CMD_ACCES"), "{}", order.id);
        assert_eq!(
            is_told("CR_CMD_ACCES"),
            order.receipt[1] == "OK",
            "{}",
            order.id
        );
    }
}

/// A request sent again long after gets the first answer, and orders nothing.
async fn assert_repeats_change_nothing(server: &Server, all: &[Acknowledged]) {
    for operator in ["HIRO", "LINB"] {
        let mut machine = server.machine(operator);
        let of_it = |order: &&Acknowledged| order.operator == operator && order.repeated;
        for order in all
            .iter()
            .filter(of_it)
            .chain(all.iter().rfind(|o| o.operator == operator))
        {
            let reply = place(&mut machine, &order.id, &order.fields).await.unwrap();
            assert_eq!(receipt(&reply), order.receipt);
        }
    }
    let orders = server.count("select count(*) from access_order");
    assert_eq!(usize::try_from(orders).unwrap(), all.len());
}

fn is_full() -> bool {
    std::env::var_os("EPISSURE_FULL").is_some()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_acknowledged_before_a_kill_is_there_once_and_goes_on() {
    let Some(mut server) = Server::start(engine()) else {
        return;
    };
    let kills = if is_full() { KILLS_FULL } else { KILLS };
    let all = orders_under_kills(&mut server, kills).await;
    assert!(
        all.iter().any(|order| order.repeated),
        "no kill hit an order under way"
    );
    settled(&server).await;
    assert_each_is_there_once(&server, &all);
    assert_nothing_is_held_twice(&server);
    for operator in ["HIRO", "LINB"] {
        assert_feed_is_whole(&server, operator, &all).await;
    }
    assert_repeats_change_nothing(&server, &all).await;
    server.assert_journal_is_whole();
    assert!(server.stop().success());
    server.assert_journal_is_whole();
}

/// Phases of an import, as it tells them.
const PHASES: [&str; 7] = [
    "read",
    "compared",
    "release begun",
    "written",
    "release ready",
    "live rows seeded",
    "published",
];
/// From the telling of a phase to the kill, at most, in microseconds.
const AFTER_PHASE_US: u64 = 4_000;
/// Times each phase is killed in, with `EPISSURE_FULL`.
const ROUNDS_FULL: usize = 5;
/// Fibres written in several slices.
const LARGE: Size = Size {
    addresses: 1_500,
    dwellings: 2_500,
    pms: 6,
};

/// What an import of fibres puts in force: their ids and cables.
type Fibres = BTreeSet<(String, String)>;

/// The `n`th file of fibres: each differs from the one before in a third of its lines, and by
/// fibres that are gone and others that are back.
fn write_fibres(base: &Territory, n: usize, path: &Path) -> Fibres {
    let mut territory = base.clone();
    let mut i = 0;
    territory.fibres.retain_mut(|fibre| {
        i += 1;
        if i % 3 == n % 3 {
            fibre.cable = format!("CABLE-{n}");
        }
        i % 11 != n % 11 || !fibre.pto_ref.is_empty()
    });
    fs::write(path, territory.file(Kind::Fibres)).unwrap();
    territory
        .fibres
        .into_iter()
        .map(|fibre| (fibre.id, fibre.cable))
        .collect()
}

fn in_force(server: &Server) -> Fibres {
    let rows = server.rows(
        "select f.fibre_id, f.cable from release_pointer p
         join fibre f on f.from_release <= p.number and f.to_release > p.number",
    );
    let count = rows.len();
    let fibres: Fibres = rows
        .into_iter()
        .map(|row| (row[0].clone(), row[1].clone()))
        .collect();
    assert_eq!(fibres.len(), count, "a fibre is in force twice");
    fibres
}

/// Starts an import, and kills it, or the server that carries it out, when it tells of `phase`.
fn kill_import(server: &mut Server, path: &Path, phase: &str, after: Duration) {
    let import = ["import", "fibres", path.to_str().unwrap(), "--approve"];
    let mut command = server.command(&import);
    command.args(["--extracted-at", "2026-11-23"]);
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    let mut told = told.lines().map(Result::unwrap);
    assert!(
        told.any(|line| line.starts_with(phase)),
        "{phase} is not told"
    );
    // Not a synchronisation: the moment of the kill itself.
    std::thread::sleep(after);
    if server.serves() {
        server.kill9();
    } else {
        child.kill().unwrap();
    }
    // A server that is gone is told of; an import that had ended is not.
    told.for_each(drop);
    child.wait().unwrap();
}

/// Kills an import in each phase: what is in force is the old or the new, whole, and the next
/// import succeeds.
fn imports_under_kills(server: &mut Server, rounds: usize) {
    let serves = server.serves();
    let base = server.territory.clone();
    let mut dice = Dice(7);
    let mut before: Fibres = base
        .fibres
        .iter()
        .map(|f| (f.id.clone(), f.cable.clone()))
        .collect();
    assert_eq!(in_force(server), before);
    for (n, phase) in std::iter::repeat_n(PHASES, rounds).flatten().enumerate() {
        let file = server.house.path(&format!("fibres-{n}.csv"));
        let new = write_fibres(&base, 2 * n + 1, &file);
        let after = Duration::from_micros(dice.below(AFTER_PHASE_US));
        kill_import(server, &file, phase, after);
        if serves {
            server.restart();
        }
        let found = in_force(server);
        assert!(
            found == before || found == new,
            "neither old nor new after a kill at {phase}"
        );
        assert!(
            found == before || serves || ["live rows seeded", "published"].contains(&phase),
            "{phase}: only a server takes an import up again by itself"
        );
        assert!(
            found == new || phase != "published",
            "told as published, and not in force"
        );

        let file = server.house.path(&format!("fibres-{n}-again.csv"));
        let new = write_fibres(&base, 2 * n + 2, &file);
        let import = ["import", "fibres", file.to_str().unwrap(), "--approve"];
        server.run(&[&import[..], &["--extracted-at", "2026-11-23"]].concat());
        assert_eq!(in_force(server), new);
        before = new;
    }
}

fn rounds() -> usize {
    if is_full() { ROUNDS_FULL } else { 1 }
}

#[test]
fn an_import_that_is_killed_leaves_the_old_release_or_the_new_one() {
    let Some(mut server) = Server::prepare(engine(), territory_of(LARGE)) else {
        return;
    };
    imports_under_kills(&mut server, rounds());
    server.assert_journal_is_whole();
}

#[test]
fn a_server_killed_during_an_import_leaves_the_old_release_or_the_new_one() {
    let Some(mut server) = Server::start_in(engine(), territory_of(LARGE)) else {
        return;
    };
    imports_under_kills(&mut server, rounds());
    assert!(server.stop().success());
    server.assert_journal_is_whole();
}
