//! Tests of the mail crate against a real store.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

mod sending;
mod store;
mod texts;
