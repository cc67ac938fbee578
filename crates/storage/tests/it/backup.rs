//! Copies of a store in use.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use storage::{Config, Db, Error, Lane, Rls, Tx, Value, sql};

use crate::backend::*;

/// Copies taken while the writers are at it.
const COPIES: usize = 12;

/// One round of what an import does: begun in the one file, written in the other, ended in the
/// first.
async fn round(db: &Db, n: usize) -> Result<(), Error> {
    write_audit(db, &format!("begun-{n:06}")).await?;
    let id = format!("{n:06}");
    db.write_reference(move |tx| {
        let add = sql!("insert into street (id, name, since_release) values (?1, 'rue', 1)");
        tx.execute(&Rls::Shared, add, &[Value::from(&id)])
    })
    .await?;
    write_audit(db, &format!("ended-{n:06}")).await
}

async fn counts(dir: &Path) -> (i64, i64, i64) {
    let db = Db::open_read_only(&Config::Sqlite {
        dir: dir.to_owned(),
    })
    .unwrap();
    assert_eq!(db.file_faults(true).await.unwrap(), Vec::<String>::new());
    assert_eq!(
        db.migration_faults(MIGRATIONS).await.unwrap(),
        Vec::<String>::new()
    );
    let count = sql!(
        "select (select count(*) from audit where id < 'c') as begun,
                (select count(*) from street) as written,
                (select count(*) from audit where id > 'c') as ended"
    );
    let read = move |tx: &mut dyn Tx| {
        let row = tx.query(&Rls::Shared, count, &[])?.remove(0);
        Ok((row.int("begun")?, row.int("written")?, row.int("ended")?))
    };
    db.get(read).await.unwrap()
}

/// Whatever the moment, a copy holds both files as they stood together: what is written in one was
/// begun in the other, and not ended unless it is written.
#[test]
fn both_files_are_copied_as_of_one_instant() {
    on(&sqlite(), async |b| {
        let stop = AtomicBool::new(false);
        let writing = async {
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                round(&b.db, n).await.unwrap();
                n += 1;
            }
        };
        let dir = tempfile::tempdir().unwrap();
        let copying = async {
            let mut last = 0;
            for n in 0..COPIES {
                let to = dir.path().join(n.to_string());
                std::fs::create_dir(&to).unwrap();
                b.db.copy_files(&to, n % 2 == 0, |_| ()).await.unwrap();
                let (begun, written, ended) = counts(&to).await;
                let told = format!("begun {begun}, written {written}, ended {ended}");
                let agree = begun >= written && written >= ended && begun - ended <= 1;
                assert!(agree && ended >= last, "{told}, before {last}");
                last = ended;
            }
            stop.store(true, Ordering::Relaxed);
            last
        };
        let ((), last) = tokio::join!(writing, copying);
        assert!(last > 0, "nothing was written meanwhile");
    });
}

/// While the snapshot is taken the writer of the released tables stands still; while the copy goes
/// on, nobody does.
#[test]
fn writes_go_on_while_the_store_is_copied() {
    on(&sqlite(), async |b| {
        write_audit(&b.db, "before").await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let (handle, db) = (tokio::runtime::Handle::current(), b.db.clone());
        let mut n = 0;
        let during = move |_| {
            n += 1;
            // The copy waits here for a whole round of writes in both files.
            handle.block_on(round(&db, n)).unwrap();
        };
        b.db.copy_files(dir.path(), false, during).await.unwrap();
        assert_eq!(counts(dir.path()).await, (1, 0, 0));
        let add = add_audit();
        let more =
            move |tx: &mut dyn Tx| tx.execute(&Rls::Shared, add, &["after".into(), "x".into()]);
        b.db.write(Lane::Foreground, None, more).await.unwrap();
    });
}

#[test]
fn a_page_that_was_changed_is_found() {
    let backend = sqlite();
    let dir = tempfile::tempdir().unwrap();
    on(&backend, async |b| {
        for n in 0..200 {
            round(&b.db, n).await.unwrap();
        }
        b.db.copy_files(dir.path(), false, |_| ()).await.unwrap();
    });
    let path = dir.path().join(storage::MAIN_FILE);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = bytes
        .windows(12)
        .position(|w| w == b"ended-000123")
        .unwrap()
        & !4095;
    bytes[page + 3] ^= 0xff;
    std::fs::write(&path, bytes).unwrap();
    let config = Config::Sqlite {
        dir: dir.path().to_owned(),
    };
    on(&backend, async |_| {
        let db = Db::open_read_only(&config).unwrap();
        assert_ne!(db.file_faults(false).await.unwrap(), Vec::<String>::new());
    });
}
