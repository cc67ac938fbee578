//! Many at once for one thing, through real servers: one gets it, whatever the engine and however
//! many servers share the store.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::building::{Building, Dwelling};
use domain::line::FibreState;
use storage::Engine;
use testkit::territory::{Case, Territory};
use tokio::sync::Barrier;

use crate::server::{Client, Process, Reply, Server, engine, territory};

/// How many at once.
const RACERS: usize = 64;
/// Between two looks at what the workers have done.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Sendings of one message that is put off each time, at most.
const SENDINGS_MAX: usize = 20;

/// An order as sent, in the order of the contract.
pub type Fields = Vec<(&'static str, String)>;

/// An order to build a line for a dwelling.
pub fn to_build(reference: &str, building: &Building, dwelling: &Dwelling) -> Fields {
    order(reference, building, dwelling, "")
}

/// An order for a dwelling, on its PTO `pto_ref` when there is one.
pub fn order(reference: &str, building: &Building, spot: &Dwelling, pto_ref: &str) -> Fields {
    let all = [
        ("ReferenceCommandePriseInterneOC", reference),
        ("Batiment", &spot.batiment),
        ("Escalier", &spot.escalier),
        ("Etage", &spot.etage),
        ("TypeRacco", "OC"),
        ("NomClient", "MARTIN"),
        ("ContactClient1", "0243000000"),
        ("ReferencePrise", pto_ref),
        ("PriseExistante", if pto_ref.is_empty() { "N" } else { "O" }),
        ("TypeCommandeDemande", "AUTO"),
        ("IdentifiantImmeuble", &building.reference),
    ];
    let given = all.into_iter().filter(|(_, value)| !value.is_empty());
    given
        .map(|(name, value)| (name, value.to_owned()))
        .collect()
}

/// Sends an order under the message id `id`.
pub async fn place(client: &mut Client, id: &str, fields: &Fields) -> anyhow::Result<Reply> {
    let fields: Vec<_> = fields
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    client.fci("deposerCommande", Some(id), &fields).await
}

/// A territory in which one PBO has one free fibre, and a dwelling it serves that both operators
/// may order.
fn last_fibre() -> (Territory, Building, Dwelling) {
    let mut territory = territory();
    let of_other: BTreeSet<_> = territory
        .spots(Case::Buildable, "LINB")
        .iter()
        .map(|s| &s.building.reference)
        .collect();
    let spots = territory.spots(Case::Buildable, "HIRO");
    let spot = spots
        .iter()
        .find(|s| of_other.contains(&s.building.reference))
        .unwrap();
    let (building, dwelling) = (spot.building.clone(), spot.dwelling.unwrap().clone());
    let free = territory.fibres.iter_mut().filter(|fibre| {
        let same_pbo = fibre.pbo_ref == dwelling.pbo_ref && fibre.pm_ref == building.pm_ref;
        same_pbo && fibre.state == FibreState::Available && fibre.pto_ref.is_empty()
    });
    for fibre in free.skip(1) {
        fibre.state = FibreState::OutOfOrder;
    }
    (territory, building, dwelling)
}

/// Sends as a partner must: told to come again (Fault 14), it sends the same message again.
async fn insist(client: &mut Client, id: &str, fields: &Fields) -> Reply {
    for _ in 0..SENDINGS_MAX {
        let reply = place(client, id, fields).await.unwrap();
        if reply.text("Code") != "14" {
            return reply;
        }
    }
    panic!("{id} was put off {SENDINGS_MAX} times");
}

/// Has every racer send its order at once, half of them by each of `urls`; their answers.
async fn race(server: &Server, urls: [&str; 2], orders: Vec<(&'static str, Fields)>) -> Vec<Reply> {
    let start = Arc::new(Barrier::new(orders.len()));
    let mut racers = Vec::new();
    for (i, (operator, fields)) in orders.into_iter().enumerate() {
        let mut client = server.machine(operator);
        client.turn_to(urls[i % 2]);
        client.fci("listerEvenements", None, &[]).await.unwrap();
        let start = Arc::clone(&start);
        racers.push(tokio::spawn(async move {
            start.wait().await;
            let id = format!("{}-envoi-{i}", fields[0].1);
            insist(&mut client, &id, &fields).await
        }));
    }
    let mut replies = Vec::new();
    for racer in racers {
        replies.push(racer.await.unwrap());
    }
    replies
}

/// Waits until every order has its CR and every event its number.
pub async fn settled(server: &Server) {
    let waiting = "select (select count(*) from job where state in ('pending', 'leased'))
       + (select count(*) from access_order where status in ('deposee', 'ar_ok', 'cr_ok'))
       + (select count(*) from event_unnumbered) + (select count(*) from audit_unsealed)";
    while server.count(waiting) > 0 {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What holds after any race: no fibre, no line, no prestation twice, and live rows that say what
/// the orders say.
pub fn assert_nothing_is_held_twice(server: &Server) {
    let twice = "select fibre_id from access_order
       where existing_pto = false and status in
         ('stoc_emise', 'racco_oi_planifie', 'racco_ko', 'racco_ok', 'mad', 'mes')
       group by fibre_id having count(*) > 1
       union all select prestation from access_order where prestation is not null
       group by prestation having count(*) > 1
       union all select pto_ref from access_order where existing_pto = false and pto_ref <> ''
       group by pto_ref having count(*) > 1";
    assert_eq!(server.rows(twice), Vec::<Vec<String>>::new());
    let untrue = "select l.fibre_id, l.order_id, o.fibre_id, o.status from live_fibre l
       left join access_order o on o.id = l.order_id and o.operator_id = l.holder_operator_id
       where l.order_id is not null and (o.fibre_id is null or o.fibre_id <> l.fibre_id)";
    assert_eq!(server.rows(untrue), Vec::<Vec<String>>::new());
    let unheld = "select o.id from access_order o
       where o.status in ('stoc_emise', 'racco_oi_planifie', 'racco_ko', 'racco_ok')
         and not exists (select 1 from live_fibre l
           where l.fibre_id = o.fibre_id and l.order_id = o.id and l.state = 'reservee')";
    assert_eq!(server.rows(unheld), Vec::<Vec<String>>::new());
    let gaps = "select order_id from order_timeline
       group by operator_id, order_id having max(seq) <> count(*)";
    assert_eq!(server.rows(gaps), Vec::<Vec<String>>::new());
}

async fn assert_one_gets_the_last_fibre(
    server: &Server,
    urls: [&str; 2],
    (building, dwelling): (&Building, &Dwelling),
) {
    let orders = (0..RACERS).map(|i| {
        let operator = if i % 4 < 2 { "HIRO" } else { "LINB" };
        (
            operator,
            to_build(&format!("DERNIERE-{i}"), building, dwelling),
        )
    });
    let replies = race(server, urls, orders.collect()).await;
    for reply in &replies {
        assert_eq!(reply.text("EtatArCommandePrise"), "OK", "{}", reply.body);
    }
    settled(server).await;
    let verdicts = "select status, motive, count(*) from access_order
       where reference like 'DERNIERE-%' group by status, motive order by status";
    let row = |status: &str, motive: &str, count: usize| {
        [status, motive, &count.to_string()]
            .map(str::to_owned)
            .to_vec()
    };
    let expected = [row("cr_ko", "FINT01", RACERS - 1), row("stoc_emise", "", 1)];
    assert_eq!(server.rows(verdicts), expected);
    let held = "select count(*) from live_fibre where order_id is not null";
    assert_eq!(server.count(held), 1);
    assert_nothing_is_held_twice(server);
}

async fn assert_one_order_bears_a_reference(server: &Server, urls: [&str; 2]) {
    let spots = server.territory.spots(Case::Buildable, "HIRO");
    let orders = (0..RACERS).map(|i| {
        let spot = spots[i % spots.len()];
        (
            "HIRO",
            to_build("LA-MEME", spot.building, spot.dwelling.unwrap()),
        )
    });
    let replies = race(server, urls, orders.collect()).await;
    let accepted = replies
        .iter()
        .filter(|r| r.text("EtatArCommandePrise") == "OK")
        .count();
    let used = replies
        .iter()
        .filter(|r| r.text("Motif") == "FIMP13")
        .count();
    assert_eq!((accepted, used), (1, RACERS - 1));
    settled(server).await;
    let of_it = "select count(*) from access_order o
       join job j on j.dedup_key = o.id and j.operator_id = o.operator_id
       where o.reference = 'LA-MEME'";
    assert_eq!(server.count(of_it), 1);
    assert_nothing_is_held_twice(server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_orders_for_the_last_fibre_one_gets_it() {
    let (territory, building, dwelling) = last_fibre();
    let Some(mut server) = Server::start_in(engine(), territory) else {
        return;
    };
    let url = server.xml_url().to_owned();
    assert_one_gets_the_last_fibre(&server, [&url, &url], (&building, &dwelling)).await;
    assert!(server.stop().success());
    server.assert_journal_is_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_orders_with_one_reference_one_is_taken() {
    let Some(mut server) = Server::start(engine()) else {
        return;
    };
    let url = server.xml_url().to_owned();
    assert_one_order_bears_a_reference(&server, [&url, &url]).await;
    assert!(server.stop().success());
    server.assert_journal_is_whole();
}

/// Nodes that answer under one name show one certificate.
fn share_certificate(from: &Path, to: &Path) {
    fs::create_dir_all(to.join("tls")).unwrap();
    for name in ["tls/server.pem", "tls/server.key"] {
        fs::copy(from.join(name), to.join(name)).unwrap();
    }
}

/// SQLite is for one process, and a second one is refused; on PostgreSQL two servers share the
/// store, and what only one may have is still had by one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_one_store_is_refused_or_races_fairly() {
    let (territory, building, dwelling) = last_fibre();
    let Some(mut server) = Server::start_in(engine(), territory) else {
        return;
    };
    if engine() == Engine::Sqlite {
        let refused = Process::start(&server.house, &server.data).err();
        let refused = refused.expect("refused");
        assert!(refused.contains("another process"), "{refused}");
        return;
    }
    let data = server.house.path("data2");
    share_certificate(&server.data, &data);
    let beside = Process::start(&server.house, &data).unwrap();
    let (here, there) = (server.xml_url().to_owned(), beside.xml_url.clone());
    assert_one_gets_the_last_fibre(&server, [&here, &there], (&building, &dwelling)).await;
    assert_one_order_bears_a_reference(&server, [&here, &there]).await;
    assert!(beside.stop().success());
    assert!(server.stop().success());
    server.assert_journal_is_whole();
}
