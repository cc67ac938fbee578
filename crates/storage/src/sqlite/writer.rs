//! Group commit: the units that wait share one transaction and one fsync. Bulk units have a
//! transaction each: a savepoint would keep a copy of every page they touch.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::ffi;

use super::{Connection, SqliteTx};
use crate::queue::Mode;
use crate::queue::{CloseOnDrop, Queue, Ticket};
use crate::unit::Unit;
use crate::{Error, Lane};

/// Units of one commit.
const BATCH_MAX: usize = 256;
/// Time that background units may take in one commit.
const BACKGROUND_SLICE: Duration = Duration::from_millis(10);
/// Commits of a busy foreground after which a background slice joins in.
const BACKGROUND_EVERY: u32 = 8;

/// The thread that writes to one file.
pub struct Writer {
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts a thread that owns `connection` and commits units together.
    pub fn start(name: &str, connection: Connection) -> Result<Self, Error> {
        Self::start_as(name, connection, serve)
    }

    /// Starts a thread that owns `connection` and commits units one by one.
    pub fn start_bulk(name: &str, connection: Connection) -> Result<Self, Error> {
        Self::start_as(name, connection, serve_bulk)
    }

    fn start_as(
        name: &str,
        connection: Connection,
        serve: fn(&Queue, Connection),
    ) -> Result<Self, Error> {
        let queue = Arc::new(Queue::new(1));
        let served = Arc::clone(&queue);
        let thread = std::thread::Builder::new()
            .name(format!("write-{name}"))
            .spawn(move || serve(&served, connection))
            .map_err(|e| Error::Unavailable(format!("no thread: {e}")))?;
        Ok(Self {
            queue,
            thread: Some(thread),
        })
    }

    /// Where units are handed over.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.close();
        crate::db::join(self.thread.take());
    }
}

fn serve(queue: &Queue, mut connection: Connection) {
    let _close = CloseOnDrop(queue);
    let mut foreground_commits = 0;
    while queue.wait() {
        let starved = foreground_commits >= BACKGROUND_EVERY;
        let batch = Batch::new(queue, starved);
        foreground_commits = if batch.run(&mut connection) {
            0
        } else {
            foreground_commits + 1
        };
    }
}

fn serve_bulk(queue: &Queue, mut connection: Connection) {
    let _close = CloseOnDrop(queue);
    crate::step_aside();
    while queue.wait() {
        let ticket = queue
            .take(Lane::Foreground)
            .or_else(|| queue.take(Lane::Background));
        let Some(Ticket { mut unit, mode, .. }) = ticket else {
            continue;
        };
        let result = alone(&mut connection, unit.as_mut(), mode);
        if result.is_err() && !connection.raw.is_autocommit() {
            // The next BEGIN reports a connection that cannot even roll back.
            let _ = connection.batch("rollback");
        }
        unit.answer(result);
    }
}

/// Runs and commits one unit.
fn alone(connection: &mut Connection, unit: &mut dyn Unit, mode: Mode) -> Result<(), Error> {
    // A commit that waits for the disk makes what the log holds before it durable too.
    connection.batch(match mode {
        Mode::Slice => "pragma synchronous = normal",
        _ => "pragma synchronous = full",
    })?;
    connection.again("begin immediate")?;
    let mut tx = SqliteTx::new(connection);
    let result = unit.run(&mut tx);
    tx.outcome(result)?;
    if connection.raw.is_autocommit() {
        return Err(Error::Internal("a unit ended the transaction".to_owned()));
    }
    commit(connection)
}

/// The units of one transaction.
struct Batch<'q> {
    queue: &'q Queue,
    starved: bool,
    count: usize,
    foreground: bool,
    background_time: Duration,
    background: bool,
    /// Ran well; answered once committed.
    pending: Vec<Box<dyn Unit>>,
}

impl<'q> Batch<'q> {
    fn new(queue: &'q Queue, starved: bool) -> Self {
        Self {
            queue,
            starved,
            count: 0,
            foreground: false,
            background_time: Duration::ZERO,
            background: false,
            pending: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<Ticket> {
        if self.count >= BATCH_MAX {
            return None;
        }
        if let Some(ticket) = self.queue.take(Lane::Foreground) {
            self.foreground = true;
            return Some(ticket);
        }
        if (self.foreground && !self.starved) || self.background_time >= BACKGROUND_SLICE {
            return None;
        }
        let ticket = self.queue.take(Lane::Background)?;
        self.background = true;
        Some(ticket)
    }

    /// Runs and commits what waits; true when background units had their turn.
    fn run(mut self, connection: &mut Connection) -> bool {
        let mut result = connection.again("begin immediate");
        while result.is_ok() {
            let Some(ticket) = self.next() else { break };
            self.count += 1;
            result = self.run_unit(connection, ticket);
        }
        let result = result.and_then(|()| commit(connection));
        if result.is_err() && !connection.raw.is_autocommit() {
            // The next BEGIN reports a connection that cannot even roll back.
            let _ = connection.batch("rollback");
        }
        if result.is_err() && self.count == 0 {
            // Nothing could be begun: whoever waits is told, rather than tried again for ever.
            for lane in [Lane::Foreground, Lane::Background] {
                let waiting = std::iter::from_fn(|| self.queue.take(lane));
                self.pending.extend(waiting.map(|ticket| ticket.unit));
            }
        }
        if let Err(error) = &result {
            tracing::error!(%error, units = self.pending.len(), "a batch was not committed");
        }
        let background = self.background;
        for unit in self.pending {
            unit.answer(result.clone());
        }
        background
    }

    /// An error here is one that undid the whole transaction.
    fn run_unit(&mut self, connection: &mut Connection, ticket: Ticket) -> Result<(), Error> {
        let started = Instant::now();
        let Ticket { mut unit, lane, .. } = ticket;
        let outcome = within_savepoint(connection, unit.as_mut());
        if lane == Lane::Background {
            self.background_time += started.elapsed();
        }
        match outcome {
            Ok(()) => self.pending.push(unit),
            Err(error) => {
                let undone = connection.raw.is_autocommit();
                let all = format!("the shared transaction was undone: {error}");
                unit.answer(Err(error));
                if undone {
                    return Err(Error::Unavailable(all));
                }
            }
        }
        Ok(())
    }
}

/// Runs one unit; when it fails, only its own changes are undone.
fn within_savepoint(connection: &mut Connection, unit: &mut dyn Unit) -> Result<(), Error> {
    connection.again("savepoint unit")?;
    let mut tx = SqliteTx::new(connection);
    let result = unit.run(&mut tx);
    let result = tx.outcome(result);
    if connection.raw.is_autocommit() {
        return result.and(Err(Error::Internal(
            "a unit ended the transaction".to_owned(),
        )));
    }
    let ended = if result.is_ok() {
        connection.again("release unit")
    } else {
        connection.batch("rollback to unit; release unit")
    };
    result.and(ended)
}

fn commit(connection: &Connection) -> Result<(), Error> {
    let Err(error) = connection.raw.execute_batch("commit") else {
        return Ok(());
    };
    if let rusqlite::Error::SqliteFailure(failure, _) = &error
        && matches!(
            failure.extended_code,
            ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC
        )
    {
        // The commit record may or may not be on the disk, and asking again proves nothing: the
        // kernel has dropped the failed pages. Only a restart reads what is really there.
        tracing::error!(%error, "fsync failed: the process stops");
        std::process::abort();
    }
    match super::error_of(&error) {
        error @ Error::Unavailable(_) => Err(error),
        error => Err(Error::Unavailable(format!("commit failed: {error}"))),
    }
}
