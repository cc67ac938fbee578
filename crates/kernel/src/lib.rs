//! What every other crate stands on: ids, clocks, refusals and faults, references with a check
//! character, working time. No I/O, no async; nothing here knows of a database or a channel.
#![warn(missing_docs)]

mod clock;
pub mod codes;
mod ids;
pub mod reference;
mod refusal;
mod words;
pub mod working_time;

pub use clock::{Clock, FakeClock, Millis, SystemClock};
pub use codes::{Code, WhoActs};
pub use ids::*;
pub use refusal::{Fault, Refusal, RefusalKind};
