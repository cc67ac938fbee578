//! The nouns of wholesale fibre that two e-services or more share, a folder each: types, pure
//! rules, the SQL, the use cases. No channel is known here, and no I/O but the store's.
#![warn(missing_docs)]

pub mod access;
pub mod account;
pub mod address;
pub mod audit;
pub mod building;
pub mod call;
pub mod certificate;
pub mod contract;
pub mod event;
pub mod freeze;
pub mod idempotency;
pub mod job;
pub mod line;
pub mod lot;
pub mod network;
pub mod offer;
pub mod operator;
pub mod order;
pub mod outbox;
pub mod place;
mod platform;
pub mod rate;
pub mod release;
pub mod schema;
pub mod setting;
pub mod spool;
pub mod subscription;
pub mod upload;
mod write;

pub use platform::Platform;
pub use write::{Idempotency, Outcome, Unit, Verdict, Work, consult, write};
