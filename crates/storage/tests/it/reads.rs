//! Look-ups and lists.

use storage::{Cells, Error, Lane, Rls, Value, sql};

use crate::backend::*;

#[test]
fn values_come_back_as_they_went() {
    each_backend(async |b| {
        let full = parcel("é'\"", "full");
        let mut empty = vec![Value::Null; 7];
        empty[0] = "é'\"".into();
        empty[1] = "".into();
        empty[5] = false.into();
        let rows = [full, empty];
        let write = b.db.write(Lane::Foreground, None, move |tx| {
            for row in &rows {
                tx.execute(&operator("é'\""), add_parcel(), row)?;
            }
            Ok(())
        });
        write.await.unwrap();
        let select = sql!(
            "select operator_id, id, label, count, weight, fragile, seal from parcel
             where operator_id = ?1 order by id"
        );
        let rows =
            b.db.get(|tx| tx.query(&operator("é'\""), select, &["é'\"".into()]));
        let rows = rows.await.unwrap();
        let (empty, full) = (&rows[0], &rows[1]);
        assert_eq!(full.text("operator_id").unwrap(), "é'\"");
        assert_eq!(full.text("label").unwrap(), "a\tb\nc\\d\re 'é'");
        assert_eq!(full.int("count").unwrap(), i64::MIN);
        assert_eq!(full.opt_real("weight").unwrap(), Some(0.1));
        assert!(full.flag("fragile").unwrap());
        assert_eq!(full.bytes("seal").unwrap(), b"\x00\xff\\");
        assert_eq!(empty.text("id").unwrap(), "");
        assert_eq!(empty.opt_text("label").unwrap(), None);
        assert_eq!(empty.opt_int("count").unwrap(), None);
        assert_eq!(empty.opt_real("weight").unwrap(), None);
        assert!(!empty.flag("fragile").unwrap());
    });
}

#[test]
fn rows_are_shown_one_by_one_until_somebody_objects() {
    each_backend(async |b| {
        let fill = b.db.write_reference_slice(|tx| {
            let row = |i: i64| vec![format!("s{i:02}").into(), "é".into(), i.into()];
            let columns = &["id", "name", "since_release"];
            tx.bulk_insert(&Rls::Shared, "street", columns, &mut (0..20).map(row))
        });
        assert_eq!(fill.await.unwrap(), 20);
        let street = sql!("select id, since_release, null as empty from street order by id");
        let read = b.db.read(|tx| {
            let mut seen = Vec::new();
            tx.each(&Rls::Shared, street, &[], &mut |cells| {
                seen.push((cells.text(0)?.to_owned(), cells.int(1)?));
                Ok(())
            })?;
            Ok(seen)
        });
        let wanted: Vec<_> = (0..20).map(|i| (format!("s{i:02}"), i)).collect();
        assert_eq!(read.await.unwrap(), wanted);
        let reals = sql!(
            "select cast(1.5 as double precision) as there, cast(null as double precision) as none"
        );
        let read = b.db.read(|tx| {
            let mut seen = Vec::new();
            tx.each(&Rls::Shared, reals, &[], &mut |cells| {
                seen.extend([cells.opt_real(0)?, cells.opt_real(1)?]);
                Ok(())
            })?;
            Ok(seen)
        });
        assert_eq!(read.await.unwrap(), [Some(1.5), None]);
        for wrong in [2, 3] {
            let read = b.db.read(move |tx| {
                let mut looked = |cells: &dyn Cells| cells.text(wrong).map(drop);
                tx.each(&Rls::Shared, street, &[], &mut looked)
            });
            assert!(
                matches!(read.await, Err(Error::Decode(_))),
                "column {wrong}"
            );
        }
        let read = b.db.read(|tx| {
            let mut shown = 0;
            let error = tx.each(&Rls::Shared, street, &[], &mut |_| {
                shown += 1;
                match shown {
                    5 => Err(Error::Internal("enough".to_owned())),
                    _ => Ok(()),
                }
            });
            Ok((shown, error.is_err()))
        });
        assert_eq!(read.await.unwrap(), (5, true));
    });
}

#[test]
fn a_reader_cannot_write() {
    each_backend(async |b| {
        let id = [Value::from("x"), "x".into()];
        let ids = id.clone();
        let got =
            b.db.get(move |tx| tx.execute(&Rls::Shared, add_audit(), &id))
                .await;
        let read =
            b.db.read(move |tx| tx.execute(&Rls::Shared, add_audit(), &ids))
                .await;
        assert!(got.is_err() && read.is_err(), "{got:?} {read:?}");
        write_audit(&b.db, "1").await.unwrap();
        assert_eq!(audits(&b.db).await, "1");
    });
}

#[test]
fn one_read_sees_one_snapshot() {
    each_backend(async |b| {
        let db = b.db.clone();
        let handle = tokio::runtime::Handle::current();
        let read = b.db.read(move |tx| {
            let count = sql!("select count(*) as n from audit");
            let before = tx.query(&Rls::Shared, count, &[])?[0].int("n")?;
            let db = db.clone();
            // Another unit commits while this read is under way.
            std::thread::scope(|scope| {
                let meanwhile = scope.spawn(|| handle.block_on(write_audit(&db, "meanwhile")));
                meanwhile.join().unwrap()
            })?;
            Ok((before, tx.query(&Rls::Shared, count, &[])?[0].int("n")?))
        });
        assert_eq!(read.await.unwrap(), (0, 0));
        assert_eq!(audits(&b.db).await, "meanwhile");
    });
}

#[test]
fn a_panic_in_a_read_is_an_error() {
    each_backend(async |b| {
        for _ in 0..20 {
            let got: Result<(), Error> = b.db.get(|_| panic!("a defect")).await;
            assert!(matches!(got, Err(Error::Internal(_))), "{got:?}");
        }
        assert_eq!(audits(&b.db).await, "");
    });
}

#[test]
fn a_statement_tells_its_columns_and_where_it_is_wrong() {
    each_backend(async |b| {
        let good = sql!("select id, n from counter where id = ?1 and n > ?2");
        let columns = b.db.prepare(good).await.unwrap();
        let columns: Vec<_> = columns
            .iter()
            .map(|c| (c.name.as_str(), c.kind.as_deref().unwrap()))
            .collect();
        assert_eq!(columns, [("id", "TEXT"), ("n", "BIGINT")]);
        let bad = storage::Statement {
            sql: "select weight from counter",
            file: "f.rs",
            line: 7,
        };
        let error = b.db.prepare(Box::leak(Box::new(bad))).await.unwrap_err();
        assert!(error.to_string().contains("f.rs:7"), "{error}");
    });
}

#[test]
fn a_wrong_number_of_parameters_is_refused() {
    each_backend(async |b| {
        let get = b.db.get(|tx| {
            tx.query(
                &Rls::Shared,
                sql!("select n from counter where id = ?1"),
                &[],
            )
        });
        assert!(matches!(get.await, Err(Error::Internal(_))));
    });
}

#[test]
fn an_answer_without_bound_is_refused() {
    each_backend(async |b| {
        let fill = b.db.write_reference(|tx| {
            let mut rows =
                (0..=storage::ROWS_MAX).map(|i| vec![i.to_string().into(), "x".into(), 1.into()]);
            let columns = &["id", "name", "since_release"];
            tx.bulk_insert(&Rls::Shared, "street", columns, &mut rows)
        });
        fill.await.unwrap();
        let all =
            b.db.read(|tx| tx.query(&Rls::Shared, sql!("select id from street"), &[]))
                .await;
        assert!(matches!(all, Err(Error::Internal(_))));
    });
}
