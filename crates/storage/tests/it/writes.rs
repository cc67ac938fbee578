//! Units of work: what is committed, what is undone, what is run again.

use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};

use storage::{Db, Error, Lane, Rls, Value, sql};
use tokio::join;

use crate::backend::*;

/// A unit that keeps its worker until told to go on.
async fn gate(db: &Db, open: mpsc::Receiver<()>) -> Result<(), Error> {
    let open = std::sync::Mutex::new(open);
    db.write(Lane::Foreground, None, move |tx| {
        tx.execute(&Rls::Shared, add_audit(), &["gate".into(), "held".into()])?;
        open.lock().unwrap().recv().unwrap();
        Ok(())
    })
    .await
}

#[test]
fn every_caller_of_a_group_commit_is_answered() {
    each_backend(async |b| {
        let mut calls: Vec<_> = (0..300)
            .map(|i| {
                let db = b.db.clone();
                Box::pin(async move { write_audit(&db, &format!("{i:03}")).await })
            })
            .collect();
        for call in &mut calls {
            assert!(start(call.as_mut()).is_none());
        }
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(audits(&b.db).await.split(',').count(), 300);
    });
}

#[test]
fn a_refused_unit_leaves_its_audit_row_alone() {
    each_backend(async |b| {
        let write = b.db.write(Lane::Foreground, None, |tx| {
            let mine = operator("a");
            tx.savepoint()?;
            tx.execute(&mine, add_parcel(), &parcel("a", "1"))?;
            tx.rollback_to_savepoint()?;
            tx.execute(
                &mine,
                sql!("insert into trace (operator_id, id) values ('a', '1')"),
                &[],
            )?;
            tx.execute(&Rls::Shared, add_audit(), &["refused".into(), "x".into()])?;
            Ok(())
        });
        write.await.unwrap();
        assert_eq!(audits(&b.db).await, "refused");
        let count =
            sql!("select (select count(*) from parcel) as p, (select count(*) from trace) as t");
        let rows =
            b.db.get(|tx| tx.query(&Rls::Staff, count, &[]))
                .await
                .unwrap();
        assert_eq!(
            (rows[0].int("p").unwrap(), rows[0].int("t").unwrap()),
            (0, 1)
        );
    });
}

#[test]
fn a_unit_that_fails_or_panics_hurts_no_other() {
    each_backend(async |b| {
        let (open, wait) = mpsc::channel();
        let failing = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, add_audit(), &["lost".into(), "x".into()])?;
            Err::<(), _>(Error::Decode("no".to_owned()))
        });
        let panicking =
            b.db.write(Lane::Foreground, None, |tx| -> Result<(), Error> {
                tx.execute(&Rls::Shared, add_audit(), &["lost too".into(), "x".into()])?;
                panic!("a defect")
            });
        // The branches are polled in this order: all are waiting when the gate opens.
        let (gate, before, failed, panicked, after, ()) = join!(
            gate(&b.db, wait),
            write_audit(&b.db, "before"),
            failing,
            panicking,
            write_audit(&b.db, "later"),
            async { open.send(()).unwrap() }
        );
        for good in [gate, before, after] {
            good.unwrap();
        }
        assert!(matches!(failed, Err(Error::Decode(_))), "{failed:?}");
        let Err(Error::Internal(text)) = panicked else {
            panic!("{panicked:?}")
        };
        assert!(text.contains("a defect"), "{text}");
        assert_eq!(audits(&b.db).await, "before,gate,later");
    });
}

#[test]
fn an_error_that_undid_the_whole_transaction_fails_the_whole_batch() {
    on(&sqlite(), async |b| {
        let (open, wait) = mpsc::channel();
        let undoing = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, sql!("rollback"), &[])?;
            Ok(())
        });
        let (gate, before, undoing, ()) = join!(
            gate(&b.db, wait),
            write_audit(&b.db, "before"),
            undoing,
            async { open.send(()).unwrap() }
        );
        for failed in [gate, before] {
            assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");
        }
        assert!(undoing.is_err());
        assert_eq!(audits(&b.db).await, "");
        write_audit(&b.db, "next").await.unwrap();
        assert_eq!(audits(&b.db).await, "next");
    });
}

#[test]
fn one_unit_more_than_the_queue_holds_is_refused() {
    on(&sqlite(), async |b| {
        let (open, wait) = mpsc::channel();
        let mut gate = pin!(gate(&b.db, wait));
        assert!(start(gate.as_mut()).is_none());
        let mut calls = Vec::new();
        let refused = loop {
            let (db, id) = (b.db.clone(), calls.len().to_string());
            let mut call = Box::pin(async move { write_audit(&db, &id).await });
            match start(call.as_mut()) {
                None => calls.push(call),
                Some(answer) => break answer,
            }
            assert!(calls.len() < 10_000, "the queue has no bound");
        };
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        open.send(()).unwrap();
        gate.await.unwrap();
        for call in calls {
            call.await.unwrap();
        }
        write_audit(&b.db, "room again").await.unwrap();
    });
}

#[test]
fn background_units_wait_for_the_foreground() {
    on(&sqlite(), async |b| {
        let (open, wait) = mpsc::channel();
        let (db, handle) = (b.db.clone(), tokio::runtime::Handle::current());
        let background = b.db.write(Lane::Background, None, move |_| {
            // Another connection sees only what is committed: the foreground already is.
            let look = || handle.block_on(audits(&db));
            Ok(std::thread::scope(|scope| {
                scope.spawn(look).join().unwrap()
            }))
        });
        let (gate, seen, one, two, ()) = join!(
            gate(&b.db, wait),
            background,
            write_audit(&b.db, "1"),
            write_audit(&b.db, "2"),
            async { open.send(()).unwrap() }
        );
        for good in [gate, one, two] {
            good.unwrap();
        }
        assert_eq!(seen.unwrap(), "1,2,gate");
    });
}

#[test]
fn an_error_that_the_closure_hides_still_undoes_it() {
    each_backend(async |b| {
        write_audit(&b.db, "taken").await.unwrap();
        let hiding = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, add_audit(), &["mine".into(), "x".into()])?;
            let _ = tx.execute(&Rls::Shared, add_audit(), &["taken".into(), "x".into()]);
            let _ = tx.execute(&Rls::Shared, add_audit(), &["other".into(), "x".into()]);
            Ok(())
        });
        let hidden = hiding.await;
        assert!(matches!(hidden, Err(Error::Constraint(_))), "{hidden:?}");
        assert_eq!(audits(&b.db).await, "taken");
    });
}

#[test]
fn concurrent_increments_are_all_counted() {
    each_backend(async |b| {
        let zero = sql!("insert into counter (id, n) values ('c', 0)");
        let write = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, zero, &[])
        });
        assert_eq!(write.await.unwrap(), 1);
        let mut calls: Vec<_> = (0..40)
            .map(|i| {
                let lane = if i % 4 == 0 {
                    Lane::Background
                } else {
                    Lane::Foreground
                };
                let db = b.db.clone();
                Box::pin(async move { db.write(lane, None, increment).await })
            })
            .collect();
        for call in &mut calls {
            assert!(start(call.as_mut()).is_none());
        }
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(counter(&b.db).await, 40);
    });
}

fn increment(tx: &mut dyn storage::Tx) -> Result<i64, Error> {
    let rows = tx.query(
        &Rls::Shared,
        sql!("select n from counter where id = 'c'"),
        &[],
    )?;
    let n = rows[0].int("n")? + 1;
    tx.execute(
        &Rls::Shared,
        sql!("update counter set n = ?1 where id = 'c'"),
        &[n.into()],
    )?;
    Ok(n)
}

async fn counter(db: &Db) -> i64 {
    let select = sql!("select n from counter where id = 'c'");
    db.get(|tx| tx.query(&Rls::Shared, select, &[]))
        .await
        .unwrap()[0]
        .int("n")
        .unwrap()
}

#[test]
fn a_serialization_failure_runs_the_unit_again() {
    on_postgres(async |b| {
        let zero = sql!("insert into counter (id, n) values ('c', 0)");
        let write = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, zero, &[])
        });
        write.await.unwrap();
        let both_have_read = Arc::new(Barrier::new(2));
        let runs = Arc::new(AtomicU32::new(0));
        let conflicting = || {
            let (both_have_read, runs) = (both_have_read.clone(), runs.clone());
            let mut first = true;
            b.db.write(Lane::Foreground, None, move |tx| {
                runs.fetch_add(1, Ordering::Relaxed);
                tx.query(
                    &Rls::Shared,
                    sql!("select n from counter where id = 'c'"),
                    &[],
                )?;
                if std::mem::take(&mut first) {
                    both_have_read.wait();
                }
                increment(tx)
            })
        };
        let (one, other) = join!(conflicting(), conflicting());
        let mut answers = [one.unwrap(), other.unwrap()];
        answers.sort_unstable();
        assert_eq!(answers, [1, 2]);
        assert_eq!(counter(&b.db).await, 2);
        assert!(runs.load(Ordering::Relaxed) > 2, "nothing was run again");
    });
}

#[test]
fn a_caller_that_goes_away_does_not_stop_its_unit() {
    each_backend(async |b| {
        let (open, wait) = mpsc::channel();
        {
            let mut gate = pin!(gate(&b.db, wait));
            assert!(start(gate.as_mut()).is_none());
        }
        open.send(()).unwrap();
        let again = loop {
            let seen = audits(&b.db).await;
            if !seen.is_empty() {
                break seen;
            }
        };
        assert_eq!(again, "gate");
    });
}

#[test]
fn many_rows_go_in_at_once() {
    each_backend(async |b| {
        let streets = b.db.write_reference(|tx| {
            let mut rows = (0..12_345).map(|i| {
                vec![
                    format!("s{i}").into(),
                    "rue\tde l'Épi\\n\n".into(),
                    7.into(),
                ]
            });
            let columns = &["id", "name", "since_release"];
            tx.bulk_insert(&Rls::Shared, "street", columns, &mut rows)
        });
        assert_eq!(streets.await.unwrap(), 12_345);
        let count = sql!("select count(*) as n, min(name) as a, max(name) as z from street");
        let rows =
            b.db.read(|tx| tx.query(&Rls::Shared, count, &[]))
                .await
                .unwrap();
        assert_eq!(rows[0].int("n").unwrap(), 12_345);
        assert_eq!(rows[0].text("a").unwrap(), "rue\tde l'Épi\\n\n");
        assert_eq!(rows[0].text("z").unwrap(), "rue\tde l'Épi\\n\n");

        // A guarded table takes another road on PostgreSQL.
        let parcels = b.db.write(Lane::Background, None, |tx| {
            let mut rows = (0..1_234).map(|i| parcel("a", &i.to_string()));
            let columns = &[
                "operator_id",
                "id",
                "label",
                "count",
                "weight",
                "fragile",
                "seal",
            ];
            tx.bulk_insert(&operator("a"), "parcel", columns, &mut rows)
        });
        assert_eq!(parcels.await.unwrap(), 1_234);
        let same = sql!(
            "select count(*) as n from parcel where operator_id = ?1 and label = ?2
             and count = ?3 and weight = ?4 and fragile = ?5 and seal = ?6"
        );
        let rows = b.db.read(|tx| {
            let mut like = parcel("a", "");
            like.remove(1);
            tx.query(&operator("a"), same, &like)
        });
        assert_eq!(rows.await.unwrap()[0].int("n").unwrap(), 1_234);
    });
}

#[test]
fn a_bulk_row_of_another_width_or_kind_is_refused() {
    each_backend(async |b| {
        let narrow = b.db.write_reference(|tx| {
            let mut rows = std::iter::once(vec![Value::from("s")]);
            let columns = &["id", "name", "since_release"];
            tx.bulk_insert(&Rls::Shared, "street", columns, &mut rows)
        });
        assert!(narrow.await.is_err());
        let rows =
            b.db.get(|tx| tx.query(&Rls::Shared, sql!("select count(*) as n from street"), &[]));
        assert_eq!(rows.await.unwrap()[0].int("n").unwrap(), 0);
    });
}
