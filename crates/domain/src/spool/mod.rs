//! Rows that tell of what was looked at: tests of eligibility, calls of web services. The answer
//! does not wait for them (architecture §7): they are kept in memory, bounded, and written together
//! within a second and when the process ends. What a crash takes is the last second of them; what
//! changes anything is never told this way.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::Fault;
use storage::{Error, Lane, Tx};

use crate::Platform;

/// Bytes of rows kept at most; beyond, new ones are lost, and counted.
pub const BYTES_MAX: usize = 16 * 1024 * 1024;
/// Rows written in one unit of work, which on SQLite everybody waits for.
const SLICE_ROWS: usize = 100;
/// What a row takes beside its texts, in bytes.
const ROW_BYTES: usize = 256;

/// Writes one row; may run again.
pub type Write = Arc<dyn Fn(&mut dyn Tx) -> Result<(), Error> + Send + Sync>;

#[derive(Default)]
struct Rows {
    waiting: VecDeque<(usize, Write)>,
    bytes: usize,
}

/// The rows of one process that wait to be written.
#[derive(Default)]
pub struct Spool {
    rows: Mutex<Rows>,
    lost: AtomicU64,
    /// One flush at a time, so that rows are written in their order.
    flushing: tokio::sync::Mutex<()>,
}

impl Spool {
    /// Keeps a row of `bytes` of text until the next flush; false when there is no room for it.
    pub fn push(&self, bytes: usize, write: Write) -> bool {
        let bytes = bytes + ROW_BYTES;
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.bytes + bytes > BYTES_MAX {
            drop(rows);
            if self.lost.fetch_add(1, Ordering::Relaxed) == 0 {
                tracing::warn!("no room for the trace of a consultation");
            }
            return false;
        }
        rows.bytes += bytes;
        rows.waiting.push_back((bytes, write));
        true
    }

    /// Rows for which there was no room since the start.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn first(&self) -> Vec<Write> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let first = rows.waiting.iter().take(SLICE_ROWS);
        first.map(|(_, write)| Arc::clone(write)).collect()
    }

    fn forget(&self, count: usize) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: usize = rows.waiting.drain(..count).map(|(bytes, _)| bytes).sum();
        rows.bytes -= gone;
    }
}

/// Writes all that waits. A list of such rows calls it first, so that who just looked is told so.
///
/// # Errors
/// The store is away: what waits goes on waiting. A row that the store refuses by itself is told in
/// the log and dropped.
pub async fn flush(platform: &Platform) -> Result<(), Fault> {
    let spool = &platform.spool;
    let _one = spool.flushing.lock().await;
    loop {
        let slice = spool.first();
        if slice.is_empty() {
            return Ok(());
        }
        let count = slice.len();
        let all = slice.clone();
        let together = move |tx: &mut dyn Tx| all.iter().try_for_each(|write| write(tx));
        match platform.db.write(Lane::Background, None, together).await {
            Ok(()) => {}
            Err(Error::Unavailable(why)) => return Err(Error::Unavailable(why).into()),
            Err(_) => {
                for write in slice {
                    let alone = move |tx: &mut dyn Tx| write(tx);
                    if let Err(error) = platform.db.write(Lane::Background, None, alone).await {
                        tracing::warn!("the trace of a consultation is dropped: {error}");
                    }
                }
            }
        }
        spool.forget(count);
    }
}
