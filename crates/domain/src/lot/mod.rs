//! The file of a lot of eligibility tests: what it may be and what each of its lines asks, for
//! whoever carries a lot out and for whoever only looks at its file.

mod file;
mod labels;
pub mod rules;

pub use file::{Lines, scan};
pub use rules::{FileFault, Line};
