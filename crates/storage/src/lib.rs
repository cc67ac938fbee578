//! One SQL text, two engines: SQLite embedded (default) or PostgreSQL 15 and newer. The only crate
//! that names a database driver.
//!
//! A caller hands a *synchronous* closure over [`Tx`] to [`Db::write`], [`Db::get`] or
//! [`Db::read`]; the closure may run again, so it does no I/O of its own and derives its ids from
//! its context. What is committed when `write` answers survives kill -9 and power cuts.
#![warn(missing_docs)]

mod backup;
mod catalogue;
mod db;
mod dialect;
mod error;
mod migrate;
mod postgres;
mod queue;
mod sqlite;
mod statement;
mod unit;
mod value;

pub use backup::{Copied, MAIN_FILE, REFERENCE_FILE, is_empty};
pub use db::{Config, Db, Engine, Lane, Proof};
pub use error::Error;
pub use linkme;
pub use migrate::{MigrateConfig, Migration, Target, TenantTable, migrate};
pub use postgres::administer;
pub use statement::{STATEMENTS, Statement};
pub use value::{Cells, Row, Value};

/// Lets every other thread go before this one, and before those it starts: an import has time,
/// people have not. Without effect where the system does not allow it.
pub fn step_aside() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, LOWEST_PRIORITY);
}

/// The nicest that a thread can be.
#[cfg(target_os = "linux")]
const LOWEST_PRIORITY: i32 = 19;

/// What row-level security admits in this statement. On PostgreSQL it becomes three settings local
/// to the transaction, which every policy reads; SQLite relies on the scopes alone.
/// Made only by `domain::access`, from its scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rls {
    /// Rows of one operator.
    Operator(String),
    /// Rows of all operators, read or written by the OI's staff.
    Staff,
    /// Rows a named duty of the platform itself may touch; each policy names its duties.
    Duty(&'static str),
    /// Tables that belong to no operator (released reference data).
    Shared,
}

/// A transaction under way on either engine.
///
/// Any error that a method returns ends the closure: on PostgreSQL the transaction is dead after
/// an error, so nothing may be caught and carried on. An expected duplicate is
/// `ON CONFLICT DO NOTHING` and a row count, never a caught error.
pub trait Tx {
    /// Runs a statement that returns rows, at most [`ROWS_MAX`]: lists are paged by key.
    fn query(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<Vec<Row>, Error>;

    /// Runs a statement that returns rows, at most [`ROWS_MAX`], and shows each to `f` where the
    /// engine has it: nothing is copied. For those who read a table through.
    fn each(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
        f: &mut dyn FnMut(&dyn Cells) -> Result<(), Error>,
    ) -> Result<(), Error>;

    /// Runs a statement that returns no rows; the number of rows it changed.
    fn execute(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<u64, Error>;

    /// Inserts many rows into `table`: COPY on PostgreSQL, one prepared insert on SQLite. For
    /// imports; the caller bounds the number of rows of one call.
    fn bulk_insert(
        &mut self,
        rls: &Rls,
        table: &'static str,
        columns: &'static [&'static str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error>;

    /// Marks a point to come back to. One level only.
    fn savepoint(&mut self) -> Result<(), Error>;

    /// Undoes everything since [`Tx::savepoint`].
    fn rollback_to_savepoint(&mut self) -> Result<(), Error>;

    /// Prepares a statement without running it; see [`Db::prepare`].
    fn describe(&mut self, stmt: &'static Statement) -> Result<Vec<Column>, Error>;
}

/// A column of a statement's answer, as the engine sees it before running it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as migrations write it (`TEXT`, `BIGINT`...); `None` for an expression on SQLite.
    pub kind: Option<String>,
}

/// Rows of one answer; a statement that finds more is a defect of its caller.
pub const ROWS_MAX: usize = 20_000;

fn bounded(rows: Vec<Row>) -> Result<Vec<Row>, Error> {
    within_bounds(rows.len()).map(|()| rows)
}

fn within_bounds(rows: usize) -> Result<(), Error> {
    if rows > ROWS_MAX {
        let text = format!("more than {ROWS_MAX} rows in one answer");
        return Err(Error::Internal(text));
    }
    Ok(())
}

/// The first row, if any.
pub fn first(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().next()
}
