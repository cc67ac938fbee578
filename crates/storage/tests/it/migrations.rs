//! Migrations on both engines.

use storage::{Db, Engine, Error, Lane, MigrateConfig, Migration, Rls, Target, Tx, migrate, sql};

use crate::backend::*;

fn step(step: u32, sql: &'static str) -> Migration {
    let target = Target::Main;
    Migration {
        owner: "domain",
        step,
        name: "step",
        sql,
        postgres_sql: None,
        target,
    }
}

/// An empty store of each engine, and how to open it.
fn each_empty(mut test: impl FnMut(&MigrateConfig, &dyn Fn() -> Db)) {
    let (_dir, config, to) = sqlite_config();
    test(&to, &|| Db::open_read_only(&config).unwrap());
    if let Some((_server, config, to)) = postgres_config() {
        test(&to, &|| Db::open_read_only(&config).unwrap());
    }
}

fn columns(db: &Db) -> Vec<(String, String, String)> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(db.columns()).unwrap()
}

#[test]
fn both_engines_get_the_same_columns() {
    let mut seen = Vec::new();
    each_empty(|to, open| {
        migrate(to, MIGRATIONS, TENANTS).unwrap();
        // A second run finds nothing to do.
        migrate(to, MIGRATIONS, TENANTS).unwrap();
        seen.push(columns(&open()));
    });
    let has = |t: &str, c: &str, k: &str| seen[0].contains(&(t.into(), c.into(), k.into()));
    assert!(has("street", "since_release", "BIGINT") && has("parcel", "seal", "BYTEA"));
    assert!(seen.iter().all(|columns| *columns == seen[0]), "{seen:?}");
}

#[test]
fn a_step_that_failed_half_way_is_done_again_in_full() {
    each_empty(|to, open| {
        let first = step(1, "create table a (id TEXT not null);");
        let broken = step(
            2,
            "create table b (id TEXT not null); create table b (id TEXT);",
        );
        let error = migrate(to, &[first, broken], &[]).unwrap_err();
        assert!(error.to_string().contains("domain 2"), "{error}");
        assert_eq!(columns(&open()).len(), 1, "half a step stayed");
        let mended = step(2, "create table b (id TEXT not null, n BIGINT); -- the end");
        migrate(to, &[first, mended], &[]).unwrap();
        migrate(to, &[first, mended], &[]).unwrap();
        let names: Vec<_> = columns(&open())
            .into_iter()
            .map(|c| format!("{}.{}", c.0, c.1))
            .collect();
        assert_eq!(names, ["a.id", "b.id", "b.n"]);
    });
}

#[test]
fn a_step_that_makes_a_table_again_moves_the_rows_of_every_operator() {
    for backend in [Some(sqlite()), postgres()].into_iter().flatten() {
        on(&backend, async |b| {
            for of in ["a", "b"] {
                let add = move |tx: &mut dyn Tx| {
                    tx.execute(&operator(of), add_parcel(), &parcel(of, "1"))
                };
                b.db.write(Lane::Foreground, None, add).await.unwrap();
            }
        });
        let Backend {
            db,
            config,
            migrate: to,
            server,
            dir,
        } = backend;
        drop(db);
        let again = step(
            3,
            "create table parcel_again (operator_id TEXT not null, id TEXT not null,
               primary key (operator_id, id));
             insert into parcel_again (operator_id, id) select operator_id, id from parcel;
             drop table parcel;
             alter table parcel_again rename to parcel;",
        );
        migrate(&to, &[MIGRATIONS, &[again]].concat(), TENANTS).unwrap();
        let db = Db::open(&config).unwrap();
        let backend = Backend {
            db,
            config,
            migrate: to,
            server,
            dir,
        };
        on(&backend, async |b| {
            let count =
                move |tx: &mut dyn Tx| tx.query(&Rls::Staff, sql!("select id from parcel"), &[]);
            assert_eq!(
                b.db.get(count).await.unwrap().len(),
                2,
                "{:?}",
                b.db.engine()
            );
        });
    }
}

#[test]
fn an_applied_step_may_not_change_and_none_may_be_slipped_in() {
    each_empty(|to, _| {
        let (one, three) = (
            step(1, "create table a (id TEXT);"),
            step(3, "create table c (id TEXT);"),
        );
        migrate(to, &[one, three], &[]).unwrap();
        let changed = step(1, "create table a (id TEXT );");
        let late = step(2, "create table b (id TEXT);");
        for (steps, why) in [
            (vec![changed, three], "changed"),
            (vec![one, late, three], "comes before"),
            (vec![three, one], "out of order"),
        ] {
            let error = migrate(to, &steps, &[]).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
            assert!(matches!(error, Error::Internal(_)));
        }
        // An older program meets a newer schema: that is no fault.
        migrate(to, &[one], &[]).unwrap();
    });
}

#[test]
fn a_text_for_postgresql_alone_is_used_there_alone() {
    each_empty(|to, open| {
        let mut only = step(1, "create table a (id TEXT);");
        only.postgres_sql = Some("create table a (id TEXT, more TEXT);");
        migrate(to, &[only], &[]).unwrap();
        let db = open();
        let want = if db.engine() == Engine::Sqlite { 1 } else { 2 };
        assert_eq!(columns(&db).len(), want);
    });
}
