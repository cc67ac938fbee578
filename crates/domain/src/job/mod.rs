//! Work that goes on after the answer: enqueued in the transaction that asks for it, deduplicated
//! by key, idempotent, leased with a fencing token that its own unit of work checks on commit.

pub mod store;

use kernel::{JobId, Millis, OperatorId};

/// How long a lease on a job holds, in milliseconds of real time.
pub const LEASE_MS: i64 = 30 * Millis::SECOND;
/// How often the lease of a job that still runs is renewed, in milliseconds of real time.
pub const RENEW_MS: u64 = 10_000;
/// Tries before a job is left failed, in sight.
pub const ATTEMPTS_MAX: i64 = 50;
/// Shortest wait before another try, in milliseconds of real time.
pub const RETRY_MIN_MS: i64 = 200;
/// Longest wait before another try, in milliseconds of real time.
pub const RETRY_MAX_MS: i64 = 5 * Millis::MINUTE;

/// A job to start.
#[derive(Clone, Copy, Debug)]
pub struct New<'a> {
    /// Its kind, as registered by an e-service.
    pub kind: &'static str,
    /// Only one job of a kind lives under a key.
    pub dedup_key: &'a str,
    /// What it needs to know, as JSON.
    pub payload: &'a str,
    /// Which jobs it waits for.
    pub track: Track,
}

/// Jobs that do not wait for those of the other tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Track {
    /// Those somebody waits for.
    Quick,
    /// Each a turn of seconds of a work that takes minutes: one after the other, the longest due
    /// first, so that such works take turns.
    Turns,
    /// Those that take minutes, one after the other.
    Long,
}

impl Track {
    /// Every track.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Turns, Self::Long];

    /// As stored: `long` and `turns`.
    fn marks(self) -> (bool, bool) {
        match self {
            Self::Quick => (false, false),
            Self::Turns => (true, true),
            Self::Long => (true, false),
        }
    }
}

/// A job leased for running.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its operator.
    pub operator: OperatorId,
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// What it needs to know.
    pub payload: String,
    /// Tries so far.
    pub attempts: i64,
    /// The fencing token.
    pub token: String,
}

/// How long to wait after `attempts` failed tries, in milliseconds.
#[must_use]
pub fn retry_delay_ms(attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 20)).unwrap_or(20);
    RETRY_MIN_MS
        .saturating_mul(1_i64 << doublings)
        .min(RETRY_MAX_MS)
}
