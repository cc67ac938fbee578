//! The bounded queue between callers and worker threads, in two lanes.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::unit::Unit;
use crate::{Error, Lane};

/// Foreground units that may wait; one more is refused.
pub const FOREGROUND_WAITING_MAX: usize = 2_048;
/// Background units that may wait; one more is refused.
pub const BACKGROUND_WAITING_MAX: usize = 256;

/// How a unit's transaction is to be opened. SQLite's writers know it from their file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A business transaction.
    Write,
    /// A bulk write of released tables.
    Reference,
    /// The same, made durable by the next [`Mode::Reference`] only.
    Slice,
    /// Read-only.
    Read,
}

/// A unit in the queue.
pub struct Ticket {
    /// The work.
    pub unit: Box<dyn Unit>,
    /// How to run it.
    pub mode: Mode,
    /// When the caller handed it over; deadlines count from here.
    pub since: Instant,
    /// The lane it came through.
    pub lane: Lane,
}

#[derive(Default)]
struct State {
    foreground: VecDeque<Ticket>,
    background: VecDeque<Ticket>,
    background_running: usize,
    closed: bool,
    away: bool,
}

/// A queue of two lanes.
pub struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    background_running_max: usize,
}

impl Queue {
    /// A queue whose workers run at most `background_running_max` background units at once.
    pub fn new(background_running_max: usize) -> Self {
        Self {
            state: Mutex::default(),
            ready: Condvar::new(),
            background_running_max,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a unit over, or refuses it: the queue is full, the database is away, the store stops.
    pub fn push(&self, lane: Lane, mode: Mode, unit: Box<dyn Unit>) -> Result<(), Error> {
        let refuse = |why: &str| Err(Error::Unavailable(why.to_owned()));
        let mut state = self.state();
        if state.closed {
            return refuse("the store is stopping");
        }
        // While the database is away one waiting unit is enough to find out when it is back.
        if state.away && !(state.foreground.is_empty() && state.background.is_empty()) {
            return refuse("the database is away");
        }
        let (waiting, max) = match lane {
            Lane::Foreground => (&mut state.foreground, FOREGROUND_WAITING_MAX),
            Lane::Background => (&mut state.background, BACKGROUND_WAITING_MAX),
        };
        if waiting.len() >= max {
            return refuse("too many units are waiting");
        }
        waiting.push_back(Ticket {
            unit,
            mode,
            since: Instant::now(),
            lane,
        });
        drop(state);
        self.ready.notify_one();
        Ok(())
    }

    /// Says whether the database can be reached.
    pub fn set_away(&self, away: bool) {
        self.state().away = away;
    }

    /// Waits until a unit of any lane is there; false once closed and empty.
    pub fn wait(&self) -> bool {
        let mut state = self.state();
        while state.foreground.is_empty() && state.background.is_empty() {
            if state.closed {
                return false;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        true
    }

    /// The next unit of `lane`, without waiting.
    pub fn take(&self, lane: Lane) -> Option<Ticket> {
        let mut state = self.state();
        match lane {
            Lane::Foreground => state.foreground.pop_front(),
            Lane::Background => state.background.pop_front(),
        }
    }

    /// Waits for the next unit for one of several workers, foreground first; `None` once closed
    /// and empty. Each unit is followed by [`Queue::done`].
    pub fn next(&self) -> Option<Ticket> {
        let mut state = self.state();
        loop {
            if let Some(ticket) = state.foreground.pop_front() {
                return Some(ticket);
            }
            if state.background_running < self.background_running_max
                && let Some(ticket) = state.background.pop_front()
            {
                state.background_running += 1;
                return Some(ticket);
            }
            if state.closed && state.background.is_empty() {
                return None;
            }
            state = self
                .ready
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// A unit taken by [`Queue::next`] has been served.
    pub fn done(&self, lane: Lane) {
        if lane == Lane::Background {
            self.state().background_running -= 1;
            self.ready.notify_one();
        }
    }

    /// Accepts nothing more; what is waiting is still served.
    pub fn close(&self) {
        self.state().closed = true;
        self.ready.notify_all();
    }
}

/// Closes the queue and drops what waits in it when a worker thread ends, however it ends, so
/// that no caller waits for ever.
pub struct CloseOnDrop<'a>(pub &'a Queue);

impl Drop for CloseOnDrop<'_> {
    fn drop(&mut self) {
        self.0.close();
        let mut state = self.0.state();
        state.foreground.clear();
        state.background.clear();
    }
}
