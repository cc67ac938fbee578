//! What leaves the platform: mails now. Written in the same transaction as the change it tells of,
//! sent behind it, delivered at least once under a stable id, retried for 72 hours, then parked in
//! sight (trust D8).

pub mod store;

use kernel::{Millis, OperatorId, OutboxId};

/// How long a lease on a message holds, in milliseconds of real time.
pub const LEASE_MS: i64 = 2 * Millis::MINUTE;
/// How long sending is tried before the message is parked, in milliseconds of real time.
pub const TRIED_FOR_MS: i64 = 72 * Millis::HOUR;
/// Shortest wait before another try, in milliseconds; doubled each time up to [`RETRY_MAX_MS`].
pub const RETRY_MIN_MS: i64 = Millis::SECOND;
/// Longest wait before another try, in milliseconds.
pub const RETRY_MAX_MS: i64 = Millis::HOUR;

/// A mail to render and send: the template's name and its values, never the rendered text.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Message {
    /// The mail's template.
    pub template: String,
    /// The address it goes to.
    pub recipient: String,
    /// Values of the template, in order of its placeholders' names.
    pub values: std::collections::BTreeMap<String, String>,
}

/// A message leased for sending.
#[derive(Clone, Debug)]
pub struct Leased {
    /// Its operator.
    pub operator: OperatorId,
    /// Its id, stable over retries.
    pub id: OutboxId,
    /// The message.
    pub message: Message,
    /// Tries so far.
    pub attempts: i64,
    /// Written at, real time.
    pub created: Millis,
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
