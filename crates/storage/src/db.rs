//! The handle that the rest of the program holds.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::queue::Mode;
use crate::unit::{Answer, caught, unit};
use crate::{Error, TenantTable, Tx, catalogue, postgres, sqlite};

/// Where the data is.
#[derive(Clone, Debug)]
pub enum Config {
    /// A folder of this machine, for one process.
    Sqlite {
        /// Holds `epissure.db` and `reference.db`; made when missing, readable by its owner alone.
        dir: PathBuf,
    },
    /// A server, for several nodes.
    Postgres {
        /// `postgresql://` URL of the application role, with several hosts and
        /// `target_session_attrs` where there is a standby. `sslmode=verify-full` and
        /// `sslrootcert=FILE` are understood; TLS is required of any server that is elsewhere.
        url: String,
    },
}

/// The engine behind a [`Db`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// Which units go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for the answer.
    Foreground,
    /// Jobs and imports: on SQLite at most 10 ms of them in a commit, so each unit stays short.
    Background,
}

/// Answers "was this unit committed?" by looking up its audit row, after a COMMIT whose outcome was
/// lost. Without a proof such a unit ends in [`Error::Unknown`].
pub type Proof = Box<dyn FnMut(&mut dyn Tx) -> Result<bool, Error> + Send>;

enum Store {
    Sqlite(sqlite::Store),
    Postgres(postgres::Store),
}

/// An open store. Clones share it; the last one to go finishes what was handed over, then closes.
#[derive(Clone)]
pub struct Db(Arc<Store>);

impl Db {
    /// Opens the store for this process. The schema is not touched: see [`crate::migrate`].
    ///
    /// # Errors
    /// Another process holds the folder, the server cannot be reached, or the role is one that
    /// row-level security does not bind (superuser, BYPASSRLS, owner of a table).
    pub fn open(config: &Config) -> Result<Self, Error> {
        Self::open_as(config, false)
    }

    /// Opens the store for reading only, also while a server holds the folder: for the command
    /// line. Every write is refused.
    ///
    /// # Errors
    /// As [`Db::open`]; and the folder must exist.
    pub fn open_read_only(config: &Config) -> Result<Self, Error> {
        Self::open_as(config, true)
    }

    fn open_as(config: &Config, read_only: bool) -> Result<Self, Error> {
        let store = match config {
            Config::Sqlite { dir } if read_only => {
                Store::Sqlite(sqlite::Store::open_read_only(dir)?)
            }
            Config::Sqlite { dir } => Store::Sqlite(sqlite::Store::open(dir)?),
            Config::Postgres { url } => Store::Postgres(postgres::Store::open(url, read_only)?),
        };
        Ok(Self(Arc::new(store)))
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> Engine {
        match *self.0 {
            Store::Sqlite(_) => Engine::Sqlite,
            Store::Postgres(_) => Engine::Postgres,
        }
    }

    /// The folder the data lies in, on SQLite: files that belong to rows lie in it too.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        match &*self.0 {
            Store::Sqlite(store) => Some(store.dir()),
            Store::Postgres(_) => None,
        }
    }

    fn submit<T: Send + 'static>(
        &self,
        lane: Lane,
        mode: Mode,
        proof: Option<Proof>,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<Answer<T>, Error> {
        let (unit, answer) = unit(f, proof);
        match &*self.0 {
            Store::Sqlite(store) => store.submit(lane, mode, unit)?,
            Store::Postgres(store) => store.submit(lane, mode, unit)?,
        }
        Ok(answer)
    }

    /// A unit of work. The closure may run several times; when this answers `Ok`, its last run is
    /// committed and durable. Dropping the future does not stop the unit. SQLite commits units
    /// together; PostgreSQL runs each SERIALIZABLE, again after a conflict, for 3 s.
    ///
    /// # Errors
    /// The closure's own error, [`Error::Unavailable`], or [`Error::Unknown`].
    pub async fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        proof: Option<Proof>,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(lane, Mode::Write, proof, f)?.wait().await
    }

    /// Writes released reference tables: on SQLite through the writer of `reference.db`, which
    /// sees no other table; on PostgreSQL in a transaction of its own without statement timeout.
    /// Business rows are written by [`Db::write`].
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_reference<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(Lane::Background, Mode::Reference, None, f)?
            .wait()
            .await
    }

    /// As [`Db::write_reference`], for one slice of many: whoever waits for the disk does not wait
    /// for each of them. A power cut may take back the last slices, those before them never without
    /// them; the next [`Db::write_reference`] that changes a row makes all of them durable.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_reference_slice<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.submit(Lane::Background, Mode::Slice, None, f)?
            .wait()
            .await
    }

    /// A short look-up by index, read-only, from one snapshot. On SQLite it runs on the caller's
    /// thread.
    ///
    /// # Errors
    /// The closure's own error or [`Error::Unavailable`].
    pub async fn get<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &*self.0 {
            Store::Sqlite(store) => store.get(f),
            Store::Postgres(_) => {
                self.submit(Lane::Foreground, Mode::Read, None, f)?
                    .wait()
                    .await
            }
        }
    }

    /// A list or a page of an export, read-only, from one snapshot, beside the short look-ups. Must
    /// be awaited in a tokio runtime.
    ///
    /// # Errors
    /// As [`Db::get`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &*self.0 {
            Store::Sqlite(store) => {
                let _permit = store.read_permit().await?;
                let here = self.clone();
                let reading = move || match &*here.0 {
                    Store::Sqlite(store) => store.get(f),
                    Store::Postgres(_) => Err(Error::Internal("the engine changed".to_owned())),
                };
                let read = tokio::task::spawn_blocking(reading).await;
                read.unwrap_or_else(|e| Err(Error::Internal(e.to_string())))
            }
            Store::Postgres(_) => {
                self.submit(Lane::Background, Mode::Read, None, f)?
                    .wait()
                    .await
            }
        }
    }

    /// As [`Db::read`], for work that has a thread of its own and its own priority
    /// ([`crate::step_aside`]): on SQLite it runs on that thread.
    ///
    /// # Errors
    /// As [`Db::get`].
    pub async fn read_here<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        match &*self.0 {
            Store::Sqlite(store) => store.get(f),
            Store::Postgres(_) => self.read(f).await,
        }
    }

    /// Checks that on PostgreSQL every table that belongs to operators (it is in `tenants`, or has
    /// a column `operator_id`) has forced row-level security with a policy (D3). SQLite has none.
    ///
    /// # Errors
    /// [`Error::Internal`] naming the tables without.
    pub async fn check_policies(&self, tenants: &'static [TenantTable]) -> Result<(), Error> {
        match self.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.get(|tx| catalogue::check_policies(tx, tenants)).await,
        }
    }

    /// Every column of every table as (table, column, type), sorted; the same on both engines
    /// after the same migrations.
    ///
    /// # Errors
    /// As [`Db::get`].
    pub async fn columns(&self) -> Result<Vec<(String, String, String)>, Error> {
        let engine = self.engine();
        self.read(move |tx| catalogue::columns(tx, engine)).await
    }

    /// Prepares a statement without running it: the columns of its answer.
    ///
    /// # Errors
    /// [`Error::Internal`] with the statement's place when the engine refuses it.
    pub async fn prepare(
        &self,
        stmt: &'static crate::Statement,
    ) -> Result<Vec<crate::Column>, Error> {
        self.get(|tx| tx.describe(stmt)).await
    }
}

/// Waits for a thread to end, unless it is the one that waits: a unit may hold the last handle.
pub fn join(thread: Option<JoinHandle<()>>) {
    if let Some(thread) = thread
        && thread.thread().id() != std::thread::current().id()
    {
        // Its panic, if any, has been seen by the callers.
        let _ = thread.join();
    }
}

/// Runs `f` on a thread of its own: the PostgreSQL client refuses to work inside a runtime.
pub fn off_runtime<T: Send>(f: impl FnOnce() -> Result<T, Error> + Send) -> Result<T, Error> {
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| caught(f));
        thread
            .join()
            .unwrap_or_else(|_| Err(Error::Internal("a thread panicked".to_owned())))
    })
}
