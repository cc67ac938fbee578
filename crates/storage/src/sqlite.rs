//! SQLite: one writer thread per file with group commit, a small pool of read-only connections.
//!
//! Business tables live in `epissure.db`, released tables in `reference.db`, which every connection
//! but its own writer attaches read-only: an import never holds a lock that a booking waits for.

mod connection;
mod writer;

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

pub use connection::{Connection, SqliteTx, error_of};
use tokio::sync::Semaphore;
use writer::Writer;

use crate::queue::Mode;
use crate::unit::{Unit, caught};
use crate::{Error, Lane, Tx};

/// Business tables.
pub const MAIN_FILE: &str = "epissure.db";
/// Released tables.
pub const REFERENCE_FILE: &str = "reference.db";
const LOCK_FILE: &str = "lock";
/// Read-only connections kept open between uses.
const READERS_KEPT_MAX: usize = 8;
/// Long reads at once; further ones wait.
const READS_AT_ONCE_MAX: usize = 8;

/// An open folder.
pub struct Store {
    dir: PathBuf,
    readers: Readers,
    writers: Option<Writers>,
}

/// The last field keeps the folder until both threads have ended.
struct Writers {
    main: Writer,
    reference: Writer,
    _lock: Lock,
}

impl Store {
    /// Opens the folder for this process alone, making it if need be.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let lock = lock(dir)?;
        // The reference file comes first: the other connections attach it read-only.
        let reference = Connection::bulk_writer(&dir.join(REFERENCE_FILE))?;
        let reference = Writer::start_bulk("reference", reference)?;
        let main = Connection::writer(&dir.join(MAIN_FILE))?;
        main.attach_reference(dir)?;
        let main = Writer::start("main", main)?;
        let writers = Some(Writers {
            main,
            reference,
            _lock: lock,
        });
        Ok(Self {
            dir: dir.to_owned(),
            readers: Readers::new(dir),
            writers,
        })
    }

    /// Opens the folder for reading only, beside a process that holds it.
    pub fn open_read_only(dir: &Path) -> Result<Self, Error> {
        let readers = Readers::new(dir);
        readers.put_back(Connection::reader(dir)?);
        Ok(Self {
            dir: dir.to_owned(),
            readers,
            writers: None,
        })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Hands a unit to the writer of its file.
    pub fn submit(&self, lane: Lane, mode: Mode, unit: Box<dyn Unit>) -> Result<(), Error> {
        let Some(writers) = &self.writers else {
            return Err(Error::Unavailable(
                "the store is open for reading only".to_owned(),
            ));
        };
        let writer = if matches!(mode, Mode::Reference | Mode::Slice) {
            &writers.reference
        } else {
            &writers.main
        };
        writer.queue().push(lane, mode, unit)
    }

    /// Reads on this thread, from one snapshot of each file.
    pub fn get<T>(&self, f: impl FnMut(&mut dyn Tx) -> Result<T, Error>) -> Result<T, Error> {
        self.readers.with(f)
    }

    /// Waits for leave to make a long read.
    pub async fn read_permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
        let permit = self.readers.permits.acquire().await;
        permit.map_err(|e| Error::Unavailable(e.to_string()))
    }
}

/// The folder is ours until this is dropped.
pub struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that is just being started holds a copy.
        let _ = self.0.unlock();
    }
}

/// Takes the folder for this process: a second one would break the single-writer rule.
pub fn lock(dir: &Path) -> Result<Lock, Error> {
    let failed = |e: std::io::Error| Error::Unavailable(format!("{}: {e}", dir.display()));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(failed)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(dir.join(LOCK_FILE))
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(TryLockError::WouldBlock) => Err(Error::Unavailable(format!(
            "another process uses {}",
            dir.display()
        ))),
        Err(TryLockError::Error(e)) => Err(failed(e)),
    }
}

struct Readers {
    dir: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Readers {
    fn new(dir: &Path) -> Self {
        let permits = Semaphore::new(READS_AT_ONCE_MAX);
        Self {
            dir: dir.to_owned(),
            idle: Mutex::default(),
            permits,
        }
    }

    fn with<T>(&self, mut f: impl FnMut(&mut dyn Tx) -> Result<T, Error>) -> Result<T, Error> {
        let taken = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let mut connection = taken.map_or_else(|| Connection::reader(&self.dir), Ok)?;
        connection.again("begin")?;
        let mut tx = SqliteTx::new(&mut connection);
        let result = caught(|| f(&mut tx));
        let result = tx.outcome(result);
        // Nothing was written: the end of the transaction only gives the snapshot back. A
        // connection that cannot do that is not used again.
        if connection.again("commit").is_ok() {
            self.put_back(connection);
        }
        result
    }

    fn put_back(&self, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < READERS_KEPT_MAX {
            idle.push(connection);
        }
    }
}
