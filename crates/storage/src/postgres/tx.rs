//! The transaction of one unit on PostgreSQL.

use std::error::Error as StdError;
use std::io::Write as _;
use std::sync::Arc;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::connection::{Connection, Prepared, ends_connection, error_of};
use crate::dialect::{column_list, copy_line, identifier, literal, to_postgres};
use crate::queue::Mode;
use crate::{Cells, Column, Error, ROWS_MAX, Rls, Row, Statement, Tx, Value};

/// Bytes of COPY gathered before they are sent.
const COPY_CHUNK_BYTES: usize = 64 * 1024;
/// Rows of one INSERT where COPY is not possible.
const INSERT_ROWS_MAX: usize = 500;
/// Parameters of one statement that the protocol can count.
const PARAMETERS_MAX: usize = 32_767;

/// A unit's view of a transaction. BEGIN, the savepoint and the scope wait in `pending` and leave
/// in one message with the first statement that needs them.
pub struct PostgresTx<'c> {
    connection: &'c mut Connection,
    pending: String,
    begun: bool,
    mode: Mode,
    current: Rls,
    at_savepoint: Rls,
    failed: Option<Error>,
    /// The connection is of no more use.
    pub broken: bool,
}

impl<'c> PostgresTx<'c> {
    /// A transaction that begins with its first statement, all three scope settings empty.
    pub fn new(connection: &'c mut Connection, mode: Mode) -> Self {
        let begin = match mode {
            Mode::Write => "begin isolation level serializable;",
            // Rows of a release to come are seen by nobody else: snapshot isolation is enough, and
            // millions of rows would burden the conflict tracking of bookings.
            Mode::Reference => {
                "begin isolation level repeatable read; set local statement_timeout = 0;"
            }
            Mode::Slice => {
                "begin isolation level repeatable read; set local statement_timeout = 0; \
                 set local synchronous_commit = off;"
            }
            Mode::Read => "begin isolation level repeatable read read only;",
        };
        Self {
            connection,
            pending: begin.to_owned(),
            begun: false,
            mode,
            current: Rls::Shared,
            at_savepoint: Rls::Shared,
            failed: None,
            broken: false,
        }
    }

    /// The unit's result: a failed statement counts even when the closure hid it, and a conflict
    /// counts as one even when the closure made another error of it.
    pub fn outcome<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        match (result, self.failed.take()) {
            (Ok(_), Some(failed)) | (Err(_), Some(failed @ Error::Retry(_))) => Err(failed),
            (result, _) => result,
        }
    }

    /// Sends what is left before COMMIT; false when no transaction was ever begun.
    pub fn finish(&mut self) -> Result<bool, Error> {
        if self.begun {
            self.send_pending()?;
        }
        Ok(self.begun)
    }

    /// Undoes everything; a connection that cannot is of no more use.
    pub fn rollback(&mut self) {
        if self.begun && !self.broken {
            self.broken = self.connection.batch("rollback").is_err();
        }
    }

    /// Does one step, remembering its failure: PostgreSQL's transaction is dead after it.
    fn step<T>(
        &mut self,
        f: impl FnOnce(&mut Connection) -> Result<T, ::postgres::Error>,
    ) -> Result<T, Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        f(self.connection).map_err(|error| {
            self.broken |= ends_connection(&error);
            let meaning = error_of(&error);
            self.failed = Some(meaning.clone());
            meaning
        })
    }

    fn send_pending(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let sql = std::mem::take(&mut self.pending);
        self.begun = true;
        self.step(|c| c.client.batch_execute(&sql))
    }

    /// Makes `rls` the scope of the statements to come, and begins if need be.
    fn enter(&mut self, rls: &Rls) -> Result<(), Error> {
        if *rls != self.current {
            self.pending.push_str(&scope(rls));
            self.current = rls.clone();
        }
        self.send_pending()
    }

    fn prepared(&mut self, stmt: &'static Statement) -> Result<Prepared, Error> {
        let key = std::ptr::from_ref(stmt).addr();
        if let Some(found) = self.connection.prepared.get(&key) {
            return Ok(found.clone());
        }
        let prepared = self.step(|c| {
            let raw = c.client.prepare(&to_postgres(stmt.sql))?;
            let names = raw
                .columns()
                .iter()
                .map(|column| column.name().to_owned())
                .collect();
            Ok(Prepared { raw, names })
        })?;
        self.connection.prepared.insert(key, prepared.clone());
        Ok(prepared)
    }

    /// Binds and runs; parameters that do not fit the statement are a defect of the caller.
    fn run<T>(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
        f: impl FnOnce(
            &mut Connection,
            &Prepared,
            &[&(dyn ToSql + Sync)],
        ) -> Result<T, ::postgres::Error>,
    ) -> Result<T, Error> {
        self.enter(rls)?;
        let prepared = self.prepared(stmt)?;
        if prepared.raw.params().len() != params.len() {
            let text = format!(
                "{} parameters for {}",
                params.len(),
                prepared.raw.params().len()
            );
            return Err(Error::Internal(text));
        }
        let bound: Vec<&(dyn ToSql + Sync)> = params.iter().map(|p| p as _).collect();
        self.step(|c| f(c, &prepared, &bound))
    }

    fn at<T>(result: Result<T, Error>, stmt: &Statement) -> Result<T, Error> {
        if let Err(Error::Internal(text)) = result {
            let Statement { file, line, .. } = stmt;
            return Err(Error::Internal(format!("{file}:{line}: {text}")));
        }
        result
    }

    /// COPY cannot check policies row by row, so PostgreSQL refuses it on a guarded table.
    fn is_guarded(&mut self, table: &'static str) -> Result<bool, Error> {
        if let Some(guarded) = self.connection.guarded.get(table) {
            return Ok(*guarded);
        }
        let sql = format!("select row_security_active('{table}')");
        let row = self.step(|c| c.client.query_one(&sql, &[]))?;
        let guarded: bool = row.try_get(0).map_err(|e| Error::Decode(e.to_string()))?;
        self.connection.guarded.insert(table, guarded);
        Ok(guarded)
    }

    fn copy(
        &mut self,
        into: &str,
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        self.step(|c| {
            let mut writer = c.client.copy_in(&format!("copy {into} from stdin"))?;
            let mut buffer = Vec::with_capacity(COPY_CHUNK_BYTES + 4_096);
            for row in rows {
                copy_line(&row, &mut buffer);
                if buffer.len() >= COPY_CHUNK_BYTES {
                    // The writer keeps its error and reports it at the end.
                    if writer.write_all(&buffer).is_err() {
                        break;
                    }
                    buffer.clear();
                }
            }
            let _ = writer.write_all(&buffer);
            writer.finish()
        })
    }

    fn insert(
        &mut self,
        into: &str,
        width: usize,
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        let height = INSERT_ROWS_MAX.min(PARAMETERS_MAX / width.max(1));
        let mut full = None;
        let mut count = 0;
        loop {
            let chunk: Vec<Vec<Value>> = rows.take(height).collect();
            if chunk.is_empty() {
                return Ok(count);
            }
            if chunk.iter().any(|row| row.len() != width) {
                return Err(Error::Internal(format!("{into}: a row of another width")));
            }
            let statement = match &full {
                Some(statement) if chunk.len() == height => ::postgres::Statement::clone(statement),
                _ => self.step(|c| c.client.prepare(&insert_text(into, width, chunk.len())))?,
            };
            if chunk.len() == height {
                full = Some(statement.clone());
            }
            let bound: Vec<&(dyn ToSql + Sync)> = chunk.iter().flatten().map(|v| v as _).collect();
            count += self.step(|c| c.client.execute(&statement, &bound))?;
        }
    }
}

fn insert_text(into: &str, width: usize, height: usize) -> String {
    let line = |row: usize| {
        let places: Vec<String> = (1..=width)
            .map(|i| format!("${}", row * width + i))
            .collect();
        format!("({})", places.join(","))
    };
    let lines: Vec<String> = (0..height).map(line).collect();
    format!("insert into {into} values {}", lines.join(","))
}

/// The three settings that every policy reads, local to the transaction.
fn scope(rls: &Rls) -> String {
    let (operator, staff, duty) = match rls {
        Rls::Operator(id) => (id.as_str(), "", ""),
        Rls::Staff => ("", "on", ""),
        Rls::Duty(name) => ("", "", *name),
        Rls::Shared => ("", "", ""),
    };
    format!(
        "select set_config('epissure.op', {}, true), set_config('epissure.staff', {}, true), \
         set_config('epissure.duty', {}, true);",
        literal(operator),
        literal(staff),
        literal(duty)
    )
}

impl Tx for PostgresTx<'_> {
    fn query(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<Vec<Row>, Error> {
        let rows = self.run(rls, stmt, params, |c, prepared, bound| {
            let rows = c.client.query(&prepared.raw, bound)?;
            Ok((rows, Arc::clone(&prepared.names)))
        });
        let rows = rows.and_then(|(rows, names)| {
            rows.iter()
                .take(ROWS_MAX + 1)
                .map(|row| row_of(row, &names))
                .collect()
        });
        Self::at(rows.and_then(crate::bounded), stmt)
    }

    fn each(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
        f: &mut dyn FnMut(&dyn Cells) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let rows = self.run(rls, stmt, params, |c, prepared, bound| {
            c.client.query(&prepared.raw, bound)
        });
        let shown = rows.and_then(|rows| {
            crate::within_bounds(rows.len())?;
            rows.iter().try_for_each(|row| f(row))
        });
        Self::at(shown, stmt)
    }

    fn execute(
        &mut self,
        rls: &Rls,
        stmt: &'static Statement,
        params: &[Value],
    ) -> Result<u64, Error> {
        let changed = self.run(rls, stmt, params, |c, prepared, bound| {
            c.client.execute(&prepared.raw, bound)
        });
        Self::at(changed, stmt)
    }

    fn bulk_insert(
        &mut self,
        rls: &Rls,
        table: &'static str,
        columns: &'static [&'static str],
        rows: &mut dyn Iterator<Item = Vec<Value>>,
    ) -> Result<u64, Error> {
        let into = format!("{} ({})", identifier(table)?, column_list(columns)?);
        self.pending.push_str("set local statement_timeout = 0;");
        self.enter(rls)?;
        let count = if self.is_guarded(table)? {
            self.insert(&into, columns.len(), rows)?
        } else {
            self.copy(&into, rows)?
        };
        if !matches!(self.mode, Mode::Reference | Mode::Slice) {
            self.pending.push_str("set local statement_timeout = '5s';");
        }
        Ok(count)
    }

    fn savepoint(&mut self) -> Result<(), Error> {
        self.pending.push_str("savepoint within;");
        self.at_savepoint = self.current.clone();
        Ok(())
    }

    fn rollback_to_savepoint(&mut self) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.pending.push_str("rollback to savepoint within;");
        // Settings made since are undone with the rest.
        self.current = self.at_savepoint.clone();
        Ok(())
    }

    fn describe(&mut self, stmt: &'static Statement) -> Result<Vec<Column>, Error> {
        let prepared = Self::at(
            self.enter(&Rls::Shared).and_then(|()| self.prepared(stmt)),
            stmt,
        )?;
        let column = |c: &::postgres::Column| Column {
            name: c.name().to_owned(),
            kind: Some(portable_type(c.type_())),
        };
        Ok(prepared.raw.columns().iter().map(column).collect())
    }
}

/// The name that the migrations give to a type.
fn portable_type(ty: &Type) -> String {
    match *ty {
        Type::TEXT => "TEXT".to_owned(),
        Type::INT8 => "BIGINT".to_owned(),
        Type::INT4 => "INTEGER".to_owned(),
        Type::BOOL => "BOOLEAN".to_owned(),
        Type::FLOAT8 => "DOUBLE PRECISION".to_owned(),
        Type::BYTEA => "BYTEA".to_owned(),
        ref other => other.name().to_uppercase(),
    }
}

/// A row under its own names, for catalogue queries.
pub fn row_of_any(row: &::postgres::Row) -> Result<Row, Error> {
    let names: Vec<String> = row.columns().iter().map(|c| c.name().to_owned()).collect();
    row_of(row, &names.into())
}

fn row_of(row: &::postgres::Row, names: &Arc<[String]>) -> Result<Row, Error> {
    let values = (0..row.len())
        .map(|i| value_of(row, i))
        .collect::<Result<_, _>>()?;
    Ok(Row::new(Arc::clone(names), values))
}

fn value_of(row: &::postgres::Row, i: usize) -> Result<Value, Error> {
    let ty = row.columns()[i].type_();
    let value = match *ty {
        Type::TEXT | Type::VARCHAR | Type::NAME | Type::BPCHAR => {
            row.try_get(i).map(|v: Option<String>| v.map(Value::Text))
        }
        Type::INT8 => row.try_get(i).map(|v: Option<i64>| v.map(Value::Int)),
        Type::INT4 => row
            .try_get(i)
            .map(|v: Option<i32>| v.map(|v| Value::Int(v.into()))),
        Type::BOOL => row.try_get(i).map(|v: Option<bool>| v.map(Value::Bool)),
        Type::FLOAT8 => row.try_get(i).map(|v: Option<f64>| v.map(Value::Real)),
        Type::BYTEA => row.try_get(i).map(|v: Option<Vec<u8>>| v.map(Value::Bytes)),
        ref other => {
            let name = row.columns()[i].name();
            return Err(Error::Decode(format!(
                "column {name} has the type {other}: cast it"
            )));
        }
    };
    value
        .map(|v| v.unwrap_or(Value::Null))
        .map_err(|e| Error::Decode(e.to_string()))
}

impl Cells for ::postgres::Row {
    fn text(&self, at: usize) -> Result<&str, Error> {
        self.try_get(at).map_err(|e| Error::Decode(e.to_string()))
    }

    fn int(&self, at: usize) -> Result<i64, Error> {
        self.try_get(at).map_err(|e| Error::Decode(e.to_string()))
    }

    fn opt_real(&self, at: usize) -> Result<Option<f64>, Error> {
        self.try_get(at).map_err(|e| Error::Decode(e.to_string()))
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Text(v) if <&str as ToSql>::accepts(ty) => v.to_sql(ty, out),
            Self::Int(v) if *ty == Type::INT8 => v.to_sql(ty, out),
            Self::Int(v) if *ty == Type::INT4 => i32::try_from(*v)?.to_sql(ty, out),
            Self::Bool(v) if *ty == Type::BOOL => v.to_sql(ty, out),
            Self::Real(v) if *ty == Type::FLOAT8 => v.to_sql(ty, out),
            Self::Bytes(v) if *ty == Type::BYTEA => v.to_sql(ty, out),
            // The value itself is not named: it may be personal data.
            _ => Err(format!("a parameter of the type {ty} got a value of another kind").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
