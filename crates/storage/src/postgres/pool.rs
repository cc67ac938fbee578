//! Worker threads and the outcome rules: what is rerun, what is looked up, what is given back.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::connection::{Committed, Connection, Settings};
use super::tx::PostgresTx;
use crate::Error;
use crate::queue::{CloseOnDrop, Mode, Queue, Ticket};
use crate::unit::Unit;

/// Reruns stop when the unit is this old: the request's deadline.
const RERUN_FOR: Duration = Duration::from_secs(3);
/// Reruns of one unit.
const TRIES_MAX: u32 = 200;
/// A database that cannot be reached is reported when the unit is this old, within a second.
const CONNECT_FOR: Duration = Duration::from_millis(800);
/// The pause before a rerun grows by this with each try...
const PAUSE_STEP: Duration = Duration::from_millis(2);
/// ...up to this.
const PAUSE_MAX: Duration = Duration::from_millis(60);

/// Threads that serve one queue.
pub struct Pool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `workers` threads; each connects when its first unit comes.
    pub fn start(
        name: &str,
        workers: usize,
        background_max: usize,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let queue = Arc::new(Queue::new(background_max));
        let turn = Arc::new(Mutex::new(()));
        let mut pool = Self {
            queue: Arc::clone(&queue),
            threads: Vec::new(),
        };
        for n in 1..=workers {
            let (served, settings) = (Arc::clone(&queue), settings.clone());
            let turn = Arc::clone(&turn);
            let thread = std::thread::Builder::new()
                .name(format!("pg-{name}-{n}"))
                .spawn(move || serve(&served, &turn, settings))
                .map_err(|e| Error::Unavailable(format!("no thread: {e}")))?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// Where units are handed over.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            crate::db::join(Some(thread));
        }
    }
}

fn serve(queue: &Queue, turn: &Mutex<()>, settings: Settings) {
    let _close = CloseOnDrop(queue);
    let mut worker = Worker {
        queue,
        turn,
        settings,
        connection: None,
    };
    while let Some(mut ticket) = queue.next() {
        let outcome = worker.run(&mut ticket);
        ticket.unit.answer(outcome);
        queue.done(ticket.lane);
    }
}

/// How one attempt ended.
enum Attempt {
    Done,
    /// Certainly nothing was changed, and trying again would not help.
    Refused(Error),
    /// Certainly nothing was changed; try again.
    Again(Error),
    /// As [`Attempt::Again`], and there was no connection to try with.
    Away(Error),
    /// COMMIT was sent and its outcome is not known.
    Unknown(String),
}

struct Worker<'q> {
    queue: &'q Queue,
    /// Held while a unit that met a conflict runs again: units that all conflict with each other
    /// are then rerun one after the other, instead of failing each other until their time is over.
    turn: &'q Mutex<()>,
    settings: Settings,
    connection: Option<Connection>,
}

impl Worker<'_> {
    /// Attempts the unit until its outcome is certain or its time is over.
    fn run(&mut self, ticket: &mut Ticket) -> Result<(), Error> {
        // Set once a COMMIT has been left in doubt: from then on every failure is in doubt too,
        // for the lost transaction may still be finishing on the server.
        let mut doubt: Option<String> = None;
        let waited_for = self.turn;
        let mut turn = None;
        for tries in 1.. {
            let attempt = if doubt.is_some() {
                self.look_up_then_attempt(ticket)
            } else {
                self.attempt(ticket)
            };
            let conflict = matches!(attempt, Attempt::Again(_)) && ticket.mode == Mode::Write;
            let (error, patience) = match attempt {
                Attempt::Done => return Ok(()),
                Attempt::Refused(error) if doubt.is_none() => return Err(error),
                Attempt::Refused(error) | Attempt::Again(error) => (error, RERUN_FOR),
                Attempt::Away(error) if doubt.is_none() => (error, CONNECT_FOR),
                Attempt::Away(error) => (error, RERUN_FOR),
                Attempt::Unknown(text) => {
                    tracing::warn!(%text, "the outcome of a COMMIT is not known");
                    if !ticket.unit.has_proof() {
                        return Err(Error::Unknown(text));
                    }
                    doubt = Some(text.clone());
                    (Error::Unknown(text), RERUN_FOR)
                }
            };
            if tries >= TRIES_MAX || ticket.since.elapsed() >= patience {
                return Err(given_up(error, doubt, tries));
            }
            if !conflict {
                turn = None;
            } else if turn.is_none() {
                turn = Some(waited_for.lock().unwrap_or_else(PoisonError::into_inner));
                continue;
            }
            std::thread::sleep(pause(tries));
        }
        Err(Error::Internal("no attempt was made".to_owned()))
    }

    fn connection(&mut self, mode: Mode) -> Result<&mut Connection, Error> {
        let connection = match self.connection.take() {
            Some(connection) if !connection.client.is_closed() => connection,
            _ => {
                let opened = Connection::open(&self.settings, mode);
                self.queue.set_away(opened.is_err());
                opened?
            }
        };
        Ok(self.connection.insert(connection))
    }

    fn attempt(&mut self, ticket: &mut Ticket) -> Attempt {
        let mode = ticket.mode;
        let connection = match self.connection(mode) {
            Ok(connection) => connection,
            Err(error) => return Attempt::Away(error),
        };
        let mut tx = PostgresTx::new(connection, mode);
        let result = ticket.unit.run(&mut tx);
        let result = tx.outcome(result).and_then(|()| tx.finish());
        let attempt = match result {
            Err(error) => {
                tx.rollback();
                if tx.broken {
                    self.connection = None;
                }
                return match error {
                    Error::Retry(_) => Attempt::Again(error),
                    error => Attempt::Refused(error),
                };
            }
            Ok(false) => return Attempt::Done,
            Ok(true) => match connection.commit() {
                Committed::Yes => Attempt::Done,
                // A read has its answer whatever becomes of its transaction.
                _ if mode == Mode::Read => {
                    self.connection = None;
                    return Attempt::Done;
                }
                Committed::No(error @ Error::Retry(_)) => Attempt::Again(error),
                Committed::No(error) => Attempt::Refused(error),
                Committed::Unknown(text) => Attempt::Unknown(text),
            },
        };
        if matches!(attempt, Attempt::Unknown(_)) {
            self.connection = None;
        }
        attempt
    }

    /// Asks the caller's proof whether an earlier attempt was committed; runs again if not.
    fn look_up_then_attempt(&mut self, ticket: &mut Ticket) -> Attempt {
        let connection = match self.connection(ticket.mode) {
            Ok(connection) => connection,
            Err(error) => return Attempt::Away(error),
        };
        match proven(connection, ticket.unit.as_mut()) {
            Ok(true) => Attempt::Done,
            Ok(false) => self.attempt(ticket),
            Err(error) => {
                self.connection = None;
                Attempt::Again(error)
            }
        }
    }
}

/// Whether the unit's proof is there, and so safe as any other commit: a row that this server shows
/// may be missing on its standby, when the wait for the standby was given up. An empty logical
/// message gives the look-up a commit record of its own, and its COMMIT waits until the standby has
/// everything up to there.
fn proven(connection: &mut Connection, unit: &mut dyn Unit) -> Result<bool, Error> {
    let mut tx = PostgresTx::new(connection, Mode::Write);
    let found = unit.prove(&mut tx);
    let found = tx
        .outcome(found)
        .and_then(|found| tx.finish().map(|begun| found && begun));
    if !matches!(found, Ok(true)) {
        tx.rollback();
        return found;
    }
    connection.batch("select pg_logical_emit_message(true, 'epissure', '')")?;
    match connection.commit() {
        Committed::Yes => Ok(true),
        Committed::No(error) => Err(error),
        Committed::Unknown(text) => Err(Error::Unknown(text)),
    }
}

fn given_up(error: Error, doubt: Option<String>, tries: u32) -> Error {
    match (doubt, error) {
        (Some(text), error) => Error::Unknown(format!("{text}; then {error}")),
        (None, Error::Retry(text)) => {
            Error::Unavailable(format!("gave up after {tries} tries: {text}"))
        }
        (None, error) => error,
    }
}

/// A random pause that grows with the tries, so that units in conflict part.
fn pause(tries: u32) -> Duration {
    let longest = (PAUSE_STEP * tries).min(PAUSE_MAX);
    let random = RandomState::new().build_hasher().finish() % 1_000;
    longest.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 1_000.0)
}
