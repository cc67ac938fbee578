//! Copies of a store in use, and what its files say of themselves.
//!
//! On SQLite a store is two files, each with its own writer, so that copying one after the other
//! gives a pair that never stood side by side: a release begun in between is claimed in the one
//! and unknown to the other. Here both are copied as they were at one instant: while the writer of
//! the released tables stands still, which takes a fraction of a millisecond, a connection begins
//! to read both files; they are then copied from those two snapshots at leisure. What is copied is
//! what a power cut at that instant would have left.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rusqlite::MAIN_DB;
use rusqlite::backup::{Backup, StepResult};

use crate::db::off_runtime;
use crate::migrate::ledger_faults;
use crate::postgres::{self, Settings};
use crate::sqlite::{Connection, error_of};
pub use crate::sqlite::{MAIN_FILE, REFERENCE_FILE};
use crate::{Db, Engine, Error, Migration, Rls, Statement, Tx};

/// Pages copied between two pauses: 1 MiB.
const STEP_PAGES: i32 = 256;

/// How far a copy is, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The file that is being copied.
    pub file: &'static str,
    /// Copied so far.
    pub done: u64,
    /// Of so many.
    pub total: u64,
}

macro_rules! own {
    ($sql:expr) => {
        Statement {
            sql: $sql,
            file: file!(),
            line: line!(),
        }
    };
}

/// Reads of both files.
const PIN: &str = "select (select count(*) from main.sqlite_schema),
                          (select count(*) from ref.sqlite_schema)";
static QUICK: [Statement; 2] = [
    own!("pragma main.quick_check(20)"),
    own!("pragma ref.quick_check(20)"),
];
static FULL: [Statement; 2] = [
    own!("pragma main.integrity_check(20)"),
    own!("pragma ref.integrity_check(20)"),
];
static FOREIGN_KEYS: Statement =
    own!("select \"table\" as child, parent from pragma_foreign_key_check() limit 20");
static LEDGERS: Statement = own!(
    "select owner, cast(step as text) as step, digest from main.migration_ledger
     union all select owner, cast(step as text), digest from ref.migration_ledger"
);
static LEDGER: Statement =
    own!("select owner, cast(step as text) as step, digest from migration_ledger");

impl Db {
    /// Copies both files of a folder, as they are at one instant, into the folder `to`, which
    /// exists and holds neither. Reading and writing go on meanwhile; with `gently` the copy rests
    /// as long as it works, for the sake of those who wait for answers. The copies are durable
    /// when this answers.
    ///
    /// # Errors
    /// The store is on PostgreSQL or open for reading only, or a file cannot be read or written.
    pub async fn copy_files(
        &self,
        to: &Path,
        gently: bool,
        mut progress: impl FnMut(Copied) + Send + 'static,
    ) -> Result<(), Error> {
        let pinned = self.pin().await?;
        let to = to.to_owned();
        let copy = move || {
            for (name, file) in [("main", MAIN_FILE), ("ref", REFERENCE_FILE)] {
                copy(&pinned, name, file, &to, gently, &mut progress)?;
            }
            File::open(&to)
                .and_then(|dir| dir.sync_all())
                .map_err(|e| unavailable(&e))
        };
        let copied = tokio::task::spawn_blocking(copy).await;
        copied.unwrap_or_else(|e| Err(Error::Internal(e.to_string())))
    }

    /// A connection that reads both files as they were at one instant.
    async fn pin(&self) -> Result<Connection, Error> {
        let dir = self
            .folder()
            .ok_or_else(|| Error::Internal("the store is not a folder".to_owned()))?
            .to_owned();
        let pinned = Arc::new(Mutex::new(None));
        let kept = Arc::clone(&pinned);
        // A unit of the writer of the released tables: nothing is committed there while it runs.
        self.write_reference(move |_| {
            let connection = Connection::reader(&dir)?;
            connection.again("begin")?;
            let pin = connection.raw.query_row(PIN, [], |_| Ok(()));
            pin.map_err(|e| error_of(&e))?;
            *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
            Ok(())
        })
        .await?;
        let mut pinned = pinned.lock().unwrap_or_else(PoisonError::into_inner);
        pinned
            .take()
            .ok_or_else(|| Error::Internal("no snapshot was taken".to_owned()))
    }

    /// What the files of a SQLite store say is wrong with themselves, at most some lines for each:
    /// every page and index with `full`, else without comparing indexes with their tables; and
    /// rows whose foreign key leads nowhere. PostgreSQL checks itself, by its own tools: none.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn file_faults(&self, full: bool) -> Result<Vec<String>, Error> {
        if self.engine() == Engine::Postgres {
            return Ok(Vec::new());
        }
        let examined = self.read(move |tx| {
            let mut faults = Vec::new();
            let checks = if full { &FULL } else { &QUICK };
            let column = if full {
                "integrity_check"
            } else {
                "quick_check"
            };
            for (stmt, file) in checks.iter().zip([MAIN_FILE, REFERENCE_FILE]) {
                for row in tx.query(&Rls::Shared, stmt, &[])? {
                    let said = row.text(column)?;
                    if said != "ok" {
                        faults.push(format!("{file}: {said}"));
                    }
                }
            }
            for row in tx.query(&Rls::Shared, &FOREIGN_KEYS, &[])? {
                let (child, parent) = (row.text("child")?, row.text("parent")?);
                faults.push(format!("a row of {child} names one that {parent} has not"));
            }
            Ok(faults)
        });
        match examined.await {
            // A file too broken to be examined.
            Err(Error::Internal(text)) => Ok(vec![text]),
            examined => examined,
        }
    }

    /// What differs between `migrations` and those applied, one line each.
    ///
    /// # Errors
    /// As [`Db::read`]; and there is no ledger.
    pub async fn migration_faults(
        &self,
        migrations: &'static [Migration],
    ) -> Result<Vec<String>, Error> {
        let engine = self.engine();
        let read = move |tx: &mut dyn Tx| {
            let stmt = match engine {
                Engine::Sqlite => &LEDGERS,
                Engine::Postgres => &LEDGER,
            };
            ledger_faults(migrations, &tx.query(&Rls::Shared, stmt, &[])?)
        };
        self.read(read).await
    }
}

fn unavailable(error: &std::io::Error) -> Error {
    Error::Unavailable(error.to_string())
}

fn copy(
    from: &Connection,
    name: &str,
    file: &'static str,
    to: &Path,
    gently: bool,
    progress: &mut impl FnMut(Copied),
) -> Result<(), Error> {
    let failed = |e: rusqlite::Error| error_of(&e);
    let path = to.join(file);
    let mut copy = rusqlite::Connection::open(&path).map_err(failed)?;
    // Nobody reads the copy before it is whole, and it is made durable in one piece.
    copy.execute_batch("pragma journal_mode = off; pragma synchronous = off")
        .map_err(failed)?;
    {
        let backup = Backup::new_with_names(&from.raw, name, &mut copy, MAIN_DB).map_err(failed)?;
        loop {
            let began = Instant::now();
            let step = backup.step(STEP_PAGES).map_err(failed)?;
            let at = backup.progress();
            let (total, left) = (at.pagecount.unsigned_abs(), at.remaining.unsigned_abs());
            progress(Copied {
                file,
                done: u64::from(total.saturating_sub(left)),
                total: u64::from(total),
            });
            match step {
                StepResult::Done => break,
                StepResult::More if gently => std::thread::sleep(began.elapsed()),
                StepResult::More => {}
                _ => return Err(Error::Unavailable(format!("{file} is locked"))),
            }
        }
    }
    copy.close().map_err(|(_, e)| error_of(&e))?;
    let copied = File::options().write(true).open(&path);
    copied
        .and_then(|file| file.sync_all())
        .map_err(|e| unavailable(&e))
}

/// Whether the database that `url` names holds no table yet, once a `pg_restore` that outlived the
/// process that had started it there is ended: it would bring the same tables a moment later.
///
/// # Errors
/// The server cannot be reached.
pub fn is_empty(url: &str) -> Result<bool, Error> {
    let settings = Settings::parse(url)?;
    off_runtime(|| {
        let mut connection = postgres::Connection::open_plain(&settings)?;
        connection.one(
            "select count(pg_terminate_backend(pid)) from pg_stat_activity
             where datname = current_database() and application_name = 'pg_restore'
               and usename = current_user and pid <> pg_backend_pid()",
        )?;
        let row = connection.one(
            "select count(*) from pg_class c
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')",
        )?;
        let tables: i64 = row.try_get(0).map_err(|e| Error::Internal(e.to_string()))?;
        Ok(tables == 0)
    })
}
