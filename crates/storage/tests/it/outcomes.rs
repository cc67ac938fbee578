//! The outcome table of a PostgreSQL unit: rerun, looked up, or given back as unknown.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use storage::{Config, Db, Error, Lane, Proof, Rls, Value, administer, sql};

use crate::backend::*;
use crate::proxy::{Loss, Proxy};

fn proof(id: &'static str) -> Option<Proof> {
    let select = sql!("select id from audit where id = ?1");
    Some(Box::new(move |tx| {
        Ok(!tx.query(&Rls::Shared, select, &[id.into()])?.is_empty())
    }))
}

/// A unit that counts its runs and leaves one audit row.
async fn counted(
    db: &Db,
    id: &'static str,
    proof: Option<Proof>,
) -> (Result<&'static str, Error>, u32) {
    let runs = Arc::new(AtomicU32::new(0));
    let counter = runs.clone();
    let answer = db
        .write(Lane::Foreground, proof, move |tx| {
            counter.fetch_add(1, Ordering::Relaxed);
            tx.execute(&Rls::Shared, add_audit(), &[Value::from(id), "x".into()])?;
            Ok(id)
        })
        .await;
    (answer, runs.load(Ordering::Relaxed))
}

/// The store behind a proxy.
fn behind_proxy(b: &Backend) -> (Proxy, Db) {
    let Config::Postgres { url } = &b.config else {
        panic!()
    };
    let proxy = Proxy::before(url);
    let db = Db::open(&Config::Postgres {
        url: proxy.url.clone(),
    })
    .unwrap();
    (proxy, db)
}

#[test]
fn a_commit_whose_answer_was_lost_is_found_by_its_proof() {
    on_postgres(async |b| {
        let (proxy, db) = behind_proxy(b);
        proxy.lose(Loss::Answer);
        let (answer, runs) = counted(&db, "kept", proof("kept")).await;
        assert_eq!((answer.unwrap(), runs), ("kept", 1));
        assert_eq!(audits(&db).await, "kept");
    });
}

#[test]
fn a_commit_that_never_arrived_is_run_again() {
    on_postgres(async |b| {
        let (proxy, db) = behind_proxy(b);
        proxy.lose(Loss::Commit);
        let (answer, runs) = counted(&db, "again", proof("again")).await;
        assert_eq!((answer.unwrap(), runs), ("again", 2));
        assert_eq!(audits(&db).await, "again");
    });
}

#[test]
fn without_a_proof_a_lost_commit_is_unknown() {
    on_postgres(async |b| {
        let (proxy, db) = behind_proxy(b);
        for (loss, id) in [(Loss::Answer, "there"), (Loss::Commit, "not there")] {
            proxy.lose(loss);
            let (answer, runs) = counted(&db, id, None).await;
            assert!(matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
            assert_eq!(runs, 1);
        }
        assert_eq!(audits(&db).await, "there");
    });
}

#[test]
fn a_connection_cut_before_commit_is_run_again() {
    on_postgres(async |b| {
        let mut first = true;
        let write = b.db.write(Lane::Foreground, None, move |tx| {
            tx.execute(&Rls::Shared, add_audit(), &["1".into(), "x".into()])?;
            if std::mem::take(&mut first) {
                let cut = sql!("select pg_terminate_backend(pg_backend_pid()) as cut");
                tx.query(&Rls::Shared, cut, &[])?;
            }
            Ok(())
        });
        write.await.unwrap();
        assert_eq!(audits(&b.db).await, "1");
    });
}

#[test]
fn idle_connections_that_were_cut_are_replaced_unseen() {
    on_postgres(async |b| {
        let admin_url = &b.server.as_ref().unwrap().admin_url;
        for id in ["1", "2", "3"] {
            write_audit(&b.db, id).await.unwrap();
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                       where datname = current_database() and pid <> pg_backend_pid()";
            administer(admin_url, cut).unwrap();
        }
        assert_eq!(audits(&b.db).await, "1,2,3");
    });
}

#[test]
fn a_warning_at_commit_is_no_success() {
    on_postgres(async |b| {
        let server = b.server.as_ref().unwrap();
        let warn = "create function warn() returns trigger language plpgsql
                        as $$ begin raise warning 'not replicated'; return null; end $$;
                    create constraint trigger warn after insert on audit
                        deferrable initially deferred for each row execute function warn();";
        administer(&server.admin_url, warn).unwrap();
        let (answer, runs) = counted(&b.db, "doubtful", None).await;
        assert!(matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
        assert_eq!(runs, 1);
        // The proof's own commit comes through without a warning, so everything before it has too.
        let (answer, runs) = counted(&b.db, "sure", proof("sure")).await;
        assert_eq!((answer.unwrap(), runs), ("sure", 1));
    });
}

/// A server whose commits wait for a standby that does not exist; normal again when dropped.
struct NoStandby<'a>(&'a str);

impl<'a> NoStandby<'a> {
    fn of(admin_url: &'a str) -> Self {
        let on = "do $$ begin execute format('alter database %I set synchronous_commit = on',
                  current_database()); end $$";
        administer(admin_url, on).unwrap();
        let waiting = Self(admin_url);
        waiting.set("nobody");
        waiting
    }

    fn set(&self, names: &str) {
        let alter = format!("alter system set synchronous_standby_names = '{names}'");
        administer(self.0, &alter).unwrap();
        administer(self.0, "select pg_reload_conf()").unwrap();
    }

    /// Gives up every wait, again and again, until `done`.
    fn cancel_waits(&self, done: &AtomicBool) {
        let cancel = "select pg_cancel_backend(pid) from pg_stat_activity
                      where datname = current_database() and wait_event = 'SyncRep'";
        while !done.load(Ordering::SeqCst) {
            administer(self.0, cancel).unwrap();
        }
    }
}

impl Drop for NoStandby<'_> {
    fn drop(&mut self) {
        self.set("");
    }
}

#[test]
fn a_commit_that_no_standby_has_is_never_a_success() {
    on_postgres(async |b| {
        let server = b.server.as_ref().unwrap();
        if server.is_shared() {
            // Somebody else's server is not ours to reconfigure.
            return;
        }
        let standby = NoStandby::of(&server.admin_url);
        let db = Db::open(&b.config).unwrap();
        let done = AtomicBool::new(false);
        let handle = tokio::runtime::Handle::current();
        std::thread::scope(|scope| {
            scope.spawn(|| standby.cancel_waits(&done));
            let outcome = handle.clone();
            let answers = scope.spawn(move || {
                // The server takes its new settings in its own time.
                let first = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
                    .into_iter()
                    .map(|id| outcome.block_on(counted(&db, id, None)).0)
                    .find(Result::is_err);
                let proven = outcome.block_on(counted(&db, "there", proof("there")));
                (first, proven)
            });
            let (first, (answer, runs)) = answers.join().unwrap();
            done.store(true, Ordering::SeqCst);
            assert!(matches!(first, Some(Err(Error::Unknown(_)))), "{first:?}");
            // Its row is to be seen here, and yet would be gone with this server.
            assert!(matches!(answer, Err(Error::Unknown(_))), "{answer:?}");
            assert_eq!(runs, 1);
        });
        assert!(audits(&b.db).await.contains("there"));
    });
}

#[test]
fn a_database_that_is_away_is_reported_within_a_second() {
    on_postgres(async |b| {
        let server = b.server.as_ref().unwrap();
        write_audit(&b.db, "before").await.unwrap();
        administer(
            &server.admin_url,
            &format!("alter role {} nologin", server.app_role),
        )
        .unwrap();
        let cut = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = '{}'",
            server.app_role
        );
        administer(&server.admin_url, &cut).unwrap();
        let began = Instant::now();
        let (one, two, three) = tokio::join!(
            write_audit(&b.db, "1"),
            write_audit(&b.db, "2"),
            write_audit(&b.db, "3")
        );
        assert!(began.elapsed() < Duration::from_secs(2));
        for answer in [one, two, three] {
            assert!(matches!(answer, Err(Error::Unavailable(_))), "{answer:?}");
        }
        administer(
            &server.admin_url,
            &format!("alter role {} login", server.app_role),
        )
        .unwrap();
        write_audit(&b.db, "after").await.unwrap();
        assert_eq!(audits(&b.db).await, "after,before");
    });
}

#[test]
fn a_constraint_that_refuses_at_commit_is_no_unknown() {
    on_postgres(async |b| {
        let server = b.server.as_ref().unwrap();
        let refuse = "alter table counter add constraint once unique (n)
                      deferrable initially deferred";
        administer(&server.admin_url, refuse).unwrap();
        let write = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(
                &Rls::Shared,
                sql!("insert into counter values ('a', 1), ('b', 1)"),
                &[],
            )
        });
        let answer = write.await;
        assert!(matches!(answer, Err(Error::Constraint(_))), "{answer:?}");
    });
}
