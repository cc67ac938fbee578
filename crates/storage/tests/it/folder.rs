//! The SQLite folder: one process writes, others may read.

use std::pin::pin;

use storage::{Db, Error, Lane, Rls, migrate, sql};

use crate::backend::*;

#[test]
fn a_folder_in_use_is_refused() {
    let backend = sqlite();
    assert!(matches!(
        Db::open(&backend.config),
        Err(Error::Unavailable(_))
    ));
    let migrated = migrate(&backend.migrate, MIGRATIONS, TENANTS);
    assert!(matches!(migrated, Err(Error::Unavailable(_))));
}

#[test]
fn a_folder_is_readable_by_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let backend = sqlite();
    let storage::Config::Sqlite { dir } = &backend.config else {
        panic!()
    };
    assert_eq!(dir.metadata().unwrap().permissions().mode() & 0o777, 0o700);
}

#[test]
fn a_second_reader_sees_what_is_committed_and_writes_nothing() {
    each_backend(async |b| {
        write_audit(&b.db, "1").await.unwrap();
        let reader = Db::open_read_only(&b.config).unwrap();
        assert_eq!(audits(&reader).await, "1");
        write_audit(&b.db, "2").await.unwrap();
        assert_eq!(audits(&reader).await, "1,2");
        assert!(matches!(
            write_audit(&reader, "3").await,
            Err(Error::Unavailable(_))
        ));
    });
}

/// Closes the store, finishing what was handed over, and keeps its folder.
fn close(backend: Backend) -> (tempfile::TempDir, storage::Config) {
    drop(backend.db);
    (backend.dir.unwrap(), backend.config)
}

#[test]
fn a_folder_nobody_holds_can_be_read() {
    let backend = sqlite();
    on(&backend, async |b| write_audit(&b.db, "1").await.unwrap());
    let (dir, config) = close(backend);
    let db = Db::open_read_only(&config).unwrap();
    on(
        &Backend {
            db,
            config,
            dir: Some(dir),
            ..sqlite()
        },
        async |b| {
            assert_eq!(audits(&b.db).await, "1");
        },
    );
}

#[test]
fn what_was_handed_over_is_finished_before_closing() {
    let backend = sqlite();
    {
        let mut call = pin!(write_audit(&backend.db, "last"));
        assert!(start(call.as_mut()).is_none());
    }
    let (dir, config) = close(backend);
    let db = Db::open(&config).unwrap();
    on(
        &Backend {
            db,
            config,
            dir: Some(dir),
            ..sqlite()
        },
        async |b| {
            assert_eq!(audits(&b.db).await, "last");
        },
    );
}

#[test]
fn released_tables_need_no_prefix_and_have_one_writer() {
    each_backend(async |b| {
        let add = sql!("insert into street (id, name, since_release) values ('s', 'rue', 1)");
        b.db.write_reference(|tx| tx.execute(&Rls::Shared, add, &[]))
            .await
            .unwrap();
        let joined = sql!(
            "insert into audit (id, what) select id, name from street where since_release <= ?1"
        );
        let write = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, joined, &[1.into()])
        });
        assert_eq!(write.await.unwrap(), 1);
        assert_eq!(audits(&b.db).await, "s");
    });
    on(&sqlite(), async |b| {
        let add = sql!("insert into street (id, name, since_release) values ('t', 'rue', 1)");
        let write = b.db.write(Lane::Foreground, None, |tx| {
            tx.execute(&Rls::Shared, add, &[])
        });
        assert!(matches!(write.await, Err(Error::Unavailable(_))));
    });
}

#[test]
fn an_import_under_way_delays_no_other_write() {
    on(&sqlite(), async |b| {
        let db = b.db.clone();
        let handle = tokio::runtime::Handle::current();
        let import = b.db.write_reference(move |tx| {
            let add = sql!("insert into street (id, name, since_release) values ('u', 'rue', 1)");
            tx.execute(&Rls::Shared, add, &[])?;
            // The reference file is locked here; a business write must not care.
            std::thread::scope(|scope| {
                scope
                    .spawn(|| handle.block_on(write_audit(&db, "booked")))
                    .join()
                    .unwrap()
            })
        });
        import.await.unwrap();
        assert_eq!(audits(&b.db).await, "booked");
    });
}
