//! A SQLite connection and the transaction it lends to a unit.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use rusqlite::{ErrorCode, OpenFlags, params_from_iter};

use super::{MAIN_FILE, REFERENCE_FILE};
use crate::dialect::{column_list, identifier};
use crate::{Cells, Column, Error, ROWS_MAX, Rls, Row, Statement, Tx, Value};

/// Only a foreign tool or a recovery can hold a lock that makes us wait.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements kept by each connection.
const STATEMENTS_KEPT: usize = 256;

/// A connection with its caches.
pub struct Connection {
    pub(crate) raw: rusqlite::Connection,
    names: HashMap<usize, Arc<[String]>>,
}

impl Connection {
    /// The only connection that writes to `file`.
    pub fn writer(file: &Path) -> Result<Self, Error> {
        let connection = Self::open(file, OpenFlags::default())?;
        let mode: String = connection
            .raw
            .query_row("pragma journal_mode = wal", [], |row| row.get(0))
            .map_err(|e| error_of(&e))?;
        if mode != "wal" {
            return Err(Error::Unavailable(format!(
                "{}: no WAL here",
                file.display()
            )));
        }
        // FULL: an acknowledged commit survives a power cut. A page that many commits change is
        // copied back into the file once for all of them: hence 16 MB between two checkpoints.
        connection.batch(
            "pragma synchronous = full; pragma journal_size_limit = 67108864;
             pragma wal_autocheckpoint = 4000; pragma cache_size = -16384;",
        )?;
        Ok(connection)
    }

    /// As [`Connection::writer`], for units that change many pages.
    pub fn bulk_writer(file: &Path) -> Result<Self, Error> {
        let connection = Self::writer(file)?;
        connection.batch("pragma cache_size = -20480;")?;
        Ok(connection)
    }

    /// A read-only connection to both files of a folder.
    pub fn reader(dir: &Path) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let connection = Self::open(&dir.join(MAIN_FILE), flags)?;
        connection.attach_reference(dir)?;
        connection.batch("pragma query_only = on")?;
        Ok(connection)
    }

    fn open(file: &Path, flags: OpenFlags) -> Result<Self, Error> {
        let raw = rusqlite::Connection::open_with_flags(file, flags).map_err(|e| error_of(&e))?;
        raw.busy_timeout(BUSY_TIMEOUT).map_err(|e| error_of(&e))?;
        raw.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
        // A plan never depends on the values bound: otherwise SQLite compiles many a statement
        // anew at each use, to look at them.
        raw.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
            .map_err(|e| error_of(&e))?;
        let connection = Self {
            raw,
            names: HashMap::new(),
        };
        // What savepoints may have to undo is kept in memory: a unit is small.
        connection.batch(
            "pragma foreign_keys = on; pragma trusted_schema = off; pragma temp_store = memory;",
        )?;
        Ok(connection)
    }

    /// Attaches the released tables, read-only: a transaction of this connection then takes no
    /// lock in their file, and their names need no prefix.
    pub fn attach_reference(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(REFERENCE_FILE).to_string_lossy().into_owned();
        let path = path
            .replace('%', "%25")
            .replace('?', "%3f")
            .replace('#', "%23");
        self.raw
            .execute(
                "attach database ?1 as ref",
                [format!("file:{path}?mode=ro")],
            )
            .map_err(|e| error_of(&e))?;
        Ok(())
    }

    /// Runs statements without parameters.
    pub fn batch(&self, sql: &str) -> Result<(), Error> {
        self.raw.execute_batch(sql).map_err(|e| error_of(&e))
    }

    /// Runs one statement without parameters or result, compiled once.
    pub fn again(&self, sql: &'static str) -> Result<(), Error> {
        let mut prepared = self.raw.prepare_cached(sql).map_err(|e| error_of(&e))?;
        prepared.execute([]).map(drop).map_err(|e| error_of(&e))
    }

    /// Runs a query of texts; for migrations.
    pub fn texts(&mut self, sql: &'static str) -> Result<Vec<Row>, Error> {
        let mut prepared = self.raw.prepare(sql).map_err(|e| error_of(&e))?;
        let names: Arc<[String]> = prepared.column_names().map(str::to_owned).collect();
        let rows = prepared.query_map([], |row| {
            let values = (0..names.len()).map(|i| row.get_ref(i).map(value_of));
            Ok(Row::new(names.clone(), values.collect::<Result<_, _>>()?))
        });
        rows.and_then(Iterator::collect).map_err(|e| error_of(&e))
    }
}

/// What a SQLite error means to a caller.
pub fn error_of(error: &rusqlite::Error) -> Error {
    let text = error.to_string();
    let Some(failure) = error.sqlite_error() else {
        return Error::Internal(text);
    };
    match failure.code {
        ErrorCode::ConstraintViolation => Error::Constraint(text),
        ErrorCode::DiskFull
        | ErrorCode::SystemIoFailure
        | ErrorCode::ReadOnly
        | ErrorCode::CannotOpen
        | ErrorCode::DatabaseBusy
        | ErrorCode::DatabaseLocked
        | ErrorCode::OutOfMemory => Error::Unavailable(text),
        _ => Error::Internal(text),
    }
}

/// The transaction of one unit. Once a statement has failed every further one fails alike, as on
/// PostgreSQL.
pub struct SqliteTx<'c> {
    connection: &'c mut Connection,
    failed: Option<Error>,
}

impl<'c> SqliteTx<'c> {
    /// A unit's view of the transaction open on `connection`.
    pub fn new(connection: &'c mut Connection) -> Self {
        Self {
            connection,
            failed: None,
        }
    }

    /// The unit's result: a failed statement counts even when the closure hid it.
    pub fn outcome<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.and_then(|value| self.failed.take().map_or(Ok(value), Err))
    }

    fn step<T>(
        &mut self,
        f: impl FnOnce(&mut Connection) -> Result<T, rusqlite::Error>,
    ) -> Result<T, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = f(self.connection).map_err(|e| error_of(&e));
        if let Err(error) = &result {
            self.failed = Some(error.clone());
        }
        result
    }

    fn at<T>(result: Result<T, Error>, stmt: &Statement) -> Result<T, Error> {
        if let Err(Error::Internal(text)) = result {
            let Statement { file, line, .. } = stmt;
            return Err(Error::Internal(format!("{file}:{line}: {text}")));
        }
        result
    }
}

impl Tx for SqliteTx<'_> {
    fn query(
        &mut self,
        _rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<Vec<Row>, Error> {
        let rows = self.step(|connection| {
            let mut prepared = connection.raw.prepare_cached(stmt.sql)?;
            let key = std::ptr::from_ref(stmt).addr();
            let names = connection
                .names
                .entry(key)
                .or_insert_with(|| prepared.column_names().map(str::to_owned).collect())
                .clone();
            let mut found = Vec::new();
            let mut rows = prepared.query(params_from_iter(params))?;
            while let Some(row) = rows.next()? {
                let values = (0..names.len()).map(|i| row.get_ref(i).map(value_of));
                found.push(Row::new(names.clone(), values.collect::<Result<_, _>>()?));
                if found.len() > ROWS_MAX {
                    break;
                }
            }
            Ok(found)
        });
        Self::at(rows.and_then(crate::bounded), stmt)
    }

    fn each(
        &mut self,
        _rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
        f: &mut dyn FnMut(&dyn Cells) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let shown = self.step(|connection| {
            let mut prepared = connection.raw.prepare_cached(stmt.sql)?;
            let mut rows = prepared.query(params_from_iter(params))?;
            let mut count = 0;
            while let Some(row) = rows.next()? {
                count += 1;
                if let Err(error) = crate::within_bounds(count).and_then(|()| f(row)) {
                    return Ok(Err(error));
                }
            }
            Ok(Ok(()))
        });
        Self::at(shown.flatten(), stmt)
    }

    fn execute(
        &mut self,
        _rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<u64, Error> {
        let changed = self.step(|connection| {
            connection
                .raw
                .prepare_cached(stmt.sql)?
                .execute(params_from_iter(params))
        });
        Self::at(changed.map(|n| n as u64), stmt)
    }

    fn bulk_insert(
        &mut self,
        _rls: &Rls,
        table: &'static str,
        columns: &'static [&'static str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        let places: Vec<String> = (1..=columns.len()).map(|i| format!("?{i}")).collect();
        let (table, names) = (identifier(table)?, column_list(columns)?);
        let sql = format!(
            "insert into {table} ({names}) values ({})",
            places.join(", ")
        );
        self.step(|connection| {
            let mut insert = connection.raw.prepare_cached(&sql)?;
            let mut count = 0;
            for row in rows {
                count += insert.execute(params_from_iter(&row))? as u64;
            }
            Ok(count)
        })
    }

    fn savepoint(&mut self) -> Result<(), Error> {
        self.step(|connection| {
            connection
                .raw
                .prepare_cached("savepoint within")?
                .execute([])
        })
        .map(drop)
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), Error> {
        self.step(|connection| connection.raw.execute_batch("rollback to within"))
    }

    fn describe(&mut self, stmt: &'static Statement) -> Result<Vec<Column>, Error> {
        let columns = self.step(|connection| {
            let prepared = connection.raw.prepare(stmt.sql)?;
            let column = |c: rusqlite::Column<'_>| Column {
                name: c.name().to_owned(),
                kind: c.decl_type().map(str::to_uppercase),
            };
            Ok(prepared.columns().map(column).collect())
        });
        Self::at(columns, stmt)
    }
}

impl Cells for rusqlite::Row<'_> {
    fn text(&self, at: usize) -> Result<&str, Error> {
        let value = self.get_ref(at).map_err(|e| Error::Decode(e.to_string()))?;
        value.as_str().map_err(|e| Error::Decode(e.to_string()))
    }

    fn int(&self, at: usize) -> Result<i64, Error> {
        let value = self.get_ref(at).map_err(|e| Error::Decode(e.to_string()))?;
        value.as_i64().map_err(|e| Error::Decode(e.to_string()))
    }

    fn opt_real(&self, at: usize) -> Result<Option<f64>, Error> {
        let value = self.get_ref(at).map_err(|e| Error::Decode(e.to_string()))?;
        value
            .as_f64_or_null()
            .map_err(|e| Error::Decode(e.to_string()))
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Text(v) => ValueRef::Text(v.as_bytes()),
            Self::Int(v) => ValueRef::Integer(*v),
            Self::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Self::Real(v) => ValueRef::Real(*v),
            Self::Bytes(v) => ValueRef::Blob(v),
        }))
    }
}

fn value_of(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Real(v) => Value::Real(v),
        // All text was written by us as UTF-8; a foreign byte is shown, not dropped.
        ValueRef::Text(v) => Value::Text(String::from_utf8_lossy(v).into_owned()),
        ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
    }
}
