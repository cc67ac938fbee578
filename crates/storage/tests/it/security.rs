//! Row-level security on PostgreSQL (D3), and the roles it needs.

use storage::{Config, Db, Error, Lane, Rls, TenantTable, administer, sql};

use crate::backend::*;

async fn ids(db: &Db, rls: &Rls) -> String {
    let rls = rls.clone();
    let select = sql!("select operator_id, id from parcel order by operator_id, id");
    let rows = db.get(move |tx| tx.query(&rls, select, &[])).await.unwrap();
    rows.iter()
        .map(|row| row.text("operator_id").unwrap() + &row.text("id").unwrap())
        .collect::<Vec<_>>()
        .join(",")
}

async fn add(db: &Db, rls: Rls, of: &'static str, id: &'static str) -> Result<u64, Error> {
    let add = move |tx: &mut dyn storage::Tx| tx.execute(&rls, add_parcel(), &parcel(of, id));
    db.write(Lane::Foreground, None, add).await
}

#[test]
fn a_scope_sees_its_rows_and_no_scope_sees_none() {
    on_postgres(async |b| {
        add(&b.db, operator("a"), "a", "1").await.unwrap();
        add(&b.db, operator("b"), "b", "1").await.unwrap();
        add(&b.db, Rls::Staff, "b", "2").await.unwrap();
        add(&b.db, Rls::Duty("sorter"), "c", "1").await.unwrap();
        for (rls, seen) in [
            (operator("a"), "a1"),
            (Rls::Shared, ""),
            (operator("b"), "b1,b2"),
            (operator("nobody"), ""),
            (operator(""), ""),
            (operator("x' or 'a' = 'a"), ""),
            (operator("a\0"), "a1"),
            (Rls::Staff, "a1,b1,b2,c1"),
            (Rls::Duty("carrier"), "a1,b1,b2,c1"),
            (Rls::Duty("sorter"), "a1,b1,b2,c1"),
            (Rls::Duty("another"), ""),
            (Rls::Duty(""), ""),
            (Rls::Shared, ""),
        ] {
            // Eight times: each reading connection has served other scopes before.
            for _ in 0..8 {
                assert_eq!(ids(&b.db, &rls).await, seen, "{rls:?}");
            }
        }
    });
}

#[test]
fn a_row_of_another_operator_can_be_neither_written_nor_changed() {
    on_postgres(async |b| {
        add(&b.db, operator("b"), "b", "1").await.unwrap();
        for rls in [operator("a"), Rls::Shared, Rls::Duty("another")] {
            assert!(add(&b.db, rls.clone(), "b", "2").await.is_err(), "{rls:?}");
            let write = b.db.write(Lane::Foreground, None, move |tx| {
                let changed = tx.execute(&rls, sql!("update parcel set label = 'x'"), &[])?;
                Ok(changed + tx.execute(&rls, sql!("delete from parcel"), &[])?)
            });
            assert_eq!(write.await.unwrap(), 0);
        }
        let bulk = b.db.write(Lane::Foreground, None, |tx| {
            let columns = &[
                "operator_id",
                "id",
                "label",
                "count",
                "weight",
                "fragile",
                "seal",
            ];
            let mut rows = std::iter::once(parcel("b", "3"));
            tx.bulk_insert(&operator("a"), "parcel", columns, &mut rows)
        });
        assert!(bulk.await.is_err());
        let gift = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(
                &operator("b"),
                sql!("update parcel set operator_id = 'a'"),
                &[],
            )
        });
        assert!(gift.await.is_err());
        assert_eq!(ids(&b.db, &Rls::Staff).await, "b1");
    });
}

#[test]
fn scopes_may_change_within_a_unit() {
    on_postgres(async |b| {
        let write = b.db.write(Lane::Foreground, None, |tx| {
            let count = sql!("select count(*) as n from parcel");
            tx.execute(&operator("a"), add_parcel(), &parcel("a", "1"))?;
            tx.savepoint()?;
            tx.execute(&operator("b"), add_parcel(), &parcel("b", "1"))?;
            let both = tx.query(&Rls::Staff, count, &[])?[0].int("n")?;
            tx.rollback_to_savepoint()?;
            // The scope of before the savepoint is back; the next one is set anew.
            let a = tx.query(&operator("a"), count, &[])?[0].int("n")?;
            let b = tx.query(&operator("b"), count, &[])?[0].int("n")?;
            Ok((both, a, b, tx.query(&Rls::Shared, count, &[])?[0].int("n")?))
        });
        assert_eq!(write.await.unwrap(), (2, 1, 0, 0));
    });
}

#[test]
fn an_append_only_table_is_never_changed() {
    on_postgres(async |b| {
        for (change, allowed) in [
            (
                sql!("insert into trace (operator_id, id) values ('a', '1')"),
                true,
            ),
            (
                sql!("update trace set id = '2' where operator_id = 'a'"),
                false,
            ),
            (sql!("delete from trace where operator_id = 'a'"), false),
            (sql!("update migration_ledger set digest = ''"), false),
        ] {
            let write = b.db.write(Lane::Foreground, None, move |tx| {
                tx.execute(&Rls::Staff, change, &[])
            });
            assert_eq!(write.await.is_ok(), allowed, "{}", change.sql);
        }
    });
}

#[test]
fn a_role_that_policies_do_not_bind_is_refused() {
    let Some(b) = postgres() else { return };
    let server = b.server.as_ref().unwrap();
    for (url, fault) in [
        (&server.owner_url, "owns tables"),
        (&server.admin_url, "superuser"),
    ] {
        let error = Db::open(&Config::Postgres { url: url.clone() })
            .err()
            .unwrap();
        assert!(error.to_string().contains(fault), "{error}");
    }
    let admin = |sql: String| administer(&server.admin_url, &sql).unwrap();
    admin(format!("alter role {} bypassrls", server.app_role));
    let error = Db::open(&b.config).err().unwrap();
    assert!(error.to_string().contains("bypasses"), "{error}");
    admin(format!("alter role {} nobypassrls", server.app_role));
    admin(format!(
        "grant {} to {}",
        server.app_role.replace("app", "owner"),
        server.app_role
    ));
    let error = Db::open(&b.config).err().unwrap();
    assert!(error.to_string().contains("owns tables"), "{error}");
}

#[test]
fn a_table_without_a_policy_is_found() {
    on_postgres(async |b| {
        b.db.check_policies(TENANTS).await.unwrap();
        let admin_url = &b.server.as_ref().unwrap().admin_url;
        for (change, table, back) in [
            (
                "alter table parcel no force row level security",
                "parcel",
                "alter table parcel force row level security",
            ),
            (
                "drop policy tenant on trace",
                "trace",
                "create policy tenant on trace using (false)",
            ),
            (
                "create table stray (operator_id text)",
                "stray",
                "drop table stray",
            ),
        ] {
            administer(admin_url, change).unwrap();
            let error = b.db.check_policies(TENANTS).await.unwrap_err();
            assert!(
                error.to_string().ends_with(&format!(": {table}")),
                "{error}"
            );
            administer(admin_url, back).unwrap();
        }
        let more = &[TenantTable {
            table: "counter",
            operator_column: "",
            duties: &["counting"],
            append_only: false,
        }];
        assert!(b.db.check_policies(more).await.is_err());
        storage::migrate(&b.migrate, MIGRATIONS, more).unwrap();
        b.db.check_policies(more).await.unwrap();
    });
}
