//! PostgreSQL 15 and newer: pools of worker threads, each owning a synchronous connection.

mod connection;
mod pool;
mod tx;

pub use connection::{Connection, Settings};
use pool::Pool;

use crate::db::off_runtime;
use crate::queue::Mode;
use crate::unit::Unit;
use crate::{Error, Lane};

/// Threads, and so connections, that write.
const WRITE_WORKERS: usize = 4;
/// Background units that the write workers run at once.
const BACKGROUND_WRITES_MAX: usize = 2;
/// Threads, and so connections, that read.
const READ_WORKERS: usize = 4;
/// Long reads at once: one worker at least is left to short look-ups.
const LONG_READS_MAX: usize = READ_WORKERS - 1;

/// An open server. `get` and `read` are the two lanes of the reading pool.
pub struct Store {
    write: Option<Pool>,
    read: Pool,
}

impl Store {
    /// Opens the pools after checking that the role cannot step over row-level security.
    pub fn open(url: &str, read_only: bool) -> Result<Self, Error> {
        let settings = Settings::parse(url)?;
        off_runtime(|| check_role(&settings))?;
        let write = (!read_only)
            .then(|| Pool::start("write", WRITE_WORKERS, BACKGROUND_WRITES_MAX, &settings))
            .transpose()?;
        Ok(Self {
            write,
            read: Pool::start("read", READ_WORKERS, LONG_READS_MAX, &settings)?,
        })
    }

    /// Hands a unit to the pool of its mode.
    pub fn submit(&self, lane: Lane, mode: Mode, unit: Box<dyn Unit>) -> Result<(), Error> {
        let pool = match (mode, &self.write) {
            (Mode::Read, _) => &self.read,
            (_, Some(write)) => write,
            (_, None) => {
                return Err(Error::Unavailable(
                    "the store is open for reading only".to_owned(),
                ));
            }
        };
        pool.queue().push(lane, mode, unit)
    }
}

/// Refuses a role that is a superuser, bypasses row-level security, or owns (itself or through a
/// role it may become) a table: for such a role the policies would be no belt at all (D3).
fn check_role(settings: &Settings) -> Result<(), Error> {
    let mut connection = Connection::open(settings, Mode::Read)?;
    let row = connection.one(
        "select current_user::text, r.rolsuper, r.rolbypassrls, exists (
             select from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p') and n.nspname <> 'information_schema'
               and n.nspname not like 'pg\\_%' and pg_has_role(current_user, c.relowner, 'MEMBER'))
         from pg_roles r where r.rolname = current_user",
    )?;
    let faults = [
        (1, "is a superuser"),
        (2, "bypasses row-level security"),
        (3, "owns tables"),
    ];
    for (column, fault) in faults {
        if row
            .try_get::<_, bool>(column)
            .map_err(|e| Error::Internal(e.to_string()))?
        {
            let role: String = row.try_get(0).map_err(|e| Error::Internal(e.to_string()))?;
            return Err(Error::Internal(format!(
                "role {role} {fault}: the server must connect as the application role"
            )));
        }
    }
    Ok(())
}

/// Runs SQL text as whoever `url` names, outside any unit: creating databases and roles, for the
/// test harness and the operations guide's first steps. Never for the server.
pub fn administer(url: &str, sql: &str) -> Result<(), Error> {
    let settings = Settings::parse(url)?;
    off_runtime(|| Connection::open_plain(&settings)?.batch(sql))
}
