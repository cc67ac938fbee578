//! Keys under which a request is done only once (trust D9): per operator and door, for 30 days.

pub mod labels;
pub mod store;

use kernel::Millis;

/// How long a key and its answer are kept, in milliseconds of real time.
pub const KEPT_MS: i64 = 30 * Millis::DAY;
