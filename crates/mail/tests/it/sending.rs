//! The outbox is emptied, whatever the mail server does.

use std::sync::Arc;

use domain::Platform;
use domain::access::{Duty, system};
use domain::outbox::{self, LEASE_MS, Message, TRIED_FOR_MS, retry_delay_ms};
use kernel::{FakeClock, Millis, OperatorId, OutboxId};
use mail::{Memory, Template, Transport, send_due};
use storage::Lane;

use crate::store::{Store, store};

const FROM: &str = "portail@f2v.example";
const TEMPLATES: &[Template] = &[Template {
    name: "mad",
    subject: "Commande {{reference}}",
    text: "Ligne livrée : {{pto}}\n",
}];

struct Post {
    platform: Platform,
    clock: Arc<FakeClock>,
    provider: OperatorId,
    memory: Memory,
    transport: Transport,
    _store: Store,
}

fn post() -> Post {
    let store = store();
    let clock = Arc::new(FakeClock::at(Millis(1_795_421_640_000)));
    let memory = Memory::default();
    Post {
        platform: Platform::new(
            store.db.clone(),
            Arc::<FakeClock>::clone(&clock) as Arc<dyn kernel::Clock>,
        ),
        clock,
        provider: OperatorId::from_store("opr_1".to_owned()),
        transport: Transport::Memory(memory.clone()),
        memory,
        _store: store,
    }
}

impl Post {
    async fn leave(&self, template: &str) -> OutboxId {
        let ctx = system(&self.platform, Duty::Outbox, &self.provider).unwrap();
        let id: OutboxId = ctx.ids().next();
        let values = [("reference", "HT-1"), ("pto", "F2-0001")];
        let message = Message {
            template: template.to_owned(),
            recipient: "agent@hirondelle.example".to_owned(),
            values: values.map(|(n, v)| (n.to_owned(), v.to_owned())).into(),
        };
        let (scope, owner, left) = (ctx.duty(Duty::Outbox), self.provider.clone(), id.clone());
        let insert = move |tx: &mut dyn storage::Tx| {
            outbox::store::insert(tx, &scope, &owner, &left, ctx.real_now, &message)
        };
        self.platform
            .db
            .write(Lane::Foreground, None, insert)
            .await
            .unwrap();
        id
    }

    async fn send(&self) -> usize {
        let (to, from) = (&self.transport, FROM);
        send_due(&self.platform, &self.provider, to, TEMPLATES, from)
            .await
            .unwrap()
    }

    async fn waiting(&self) -> i64 {
        let scope = system(&self.platform, Duty::Outbox, &self.provider).unwrap();
        let scope = scope.duty(Duty::Outbox);
        self.platform
            .db
            .get(move |tx| outbox::store::count_waiting(tx, &scope))
            .await
            .unwrap()
    }

    /// Leases what is due, as a process that dies before sending does.
    async fn lease_and_die(&self) -> usize {
        let ctx = system(&self.platform, Duty::Outbox, &self.provider).unwrap();
        let (scope, now) = (ctx.duty(Duty::Outbox), ctx.real_now);
        let lease =
            move |tx: &mut dyn storage::Tx| outbox::store::lease(tx, &scope, "dead", now, 100);
        self.platform
            .db
            .write(Lane::Background, None, lease)
            .await
            .unwrap()
            .len()
    }
}

#[tokio::test]
async fn a_mail_is_sent_once_under_its_outbox_id() {
    let post = post();
    let id = post.leave("mad").await;
    assert_eq!(post.send().await, 1);
    assert_eq!(post.send().await, 0);
    let mails = post.memory.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].id, id.as_str());
    assert_eq!(mails[0].subject, "Commande HT-1");
    assert_eq!(post.waiting().await, 0);
}

#[tokio::test]
async fn a_server_that_fails_delays_each_time_longer_and_loses_nothing() {
    let post = post();
    let id = post.leave("mad").await;
    post.memory.fail_next(5);
    for attempts in 0..5 {
        assert_eq!(post.send().await, 1);
        assert_eq!(post.send().await, 0, "not due before its delay");
        post.clock.advance(retry_delay_ms(attempts));
    }
    assert_eq!(post.send().await, 1);
    let mails = post.memory.take();
    assert_eq!((mails.len(), post.memory.tries()), (1, 6));
    assert_eq!(mails[0].id, id.as_str());
    assert_eq!(post.waiting().await, 0);
}

#[tokio::test]
async fn a_server_that_fails_for_three_days_leaves_the_mail_parked() {
    let post = post();
    post.leave("mad").await;
    post.memory.fail_next(usize::MAX);
    assert_eq!(post.send().await, 1);
    assert_eq!(post.waiting().await, 1);
    post.clock.advance(TRIED_FOR_MS);
    assert_eq!(post.send().await, 1);
    assert_eq!(post.waiting().await, 0);
    post.clock.advance(TRIED_FOR_MS);
    assert_eq!(post.send().await, 0);
}

#[tokio::test]
async fn a_sender_that_died_gives_its_mails_back_under_the_same_id() {
    let post = post();
    let id = post.leave("mad").await;
    assert_eq!(post.lease_and_die().await, 1);
    assert_eq!(post.send().await, 0, "the lease still holds");
    post.clock.advance(LEASE_MS + 1);
    assert_eq!(post.send().await, 1);
    assert_eq!(post.memory.take()[0].id, id.as_str());
}

#[tokio::test]
async fn an_unknown_template_is_parked_and_the_others_leave() {
    let post = post();
    post.leave("inconnu").await;
    post.leave("mad").await;
    assert_eq!(post.send().await, 2);
    assert_eq!(post.memory.take().len(), 1);
    assert_eq!(post.waiting().await, 0);
}

#[tokio::test]
async fn a_folder_receives_whole_files_named_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let mut post = post();
    post.transport = Transport::folder(dir.path().join("mails"));
    let id = post.leave("mad").await;
    assert_eq!(post.send().await, 1);
    let names: Vec<_> = std::fs::read_dir(dir.path().join("mails"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, [format!("{id}.eml")]);
    let eml = std::fs::read_to_string(dir.path().join("mails").join(&names[0])).unwrap();
    assert!(eml.contains(&format!("Message-ID: <{id}@f2v.example>")));
}

#[tokio::test]
async fn a_mail_server_that_is_not_there_is_an_error_of_the_try() {
    let mut post = post();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = taken.local_addr().unwrap();
    drop(taken);
    post.transport = Transport::smtp(&format!("smtp://{closed}")).unwrap();
    post.leave("mad").await;
    assert_eq!(post.send().await, 1);
    assert_eq!(post.waiting().await, 1);
    assert!(Transport::smtp("nonsense").is_err());
}
