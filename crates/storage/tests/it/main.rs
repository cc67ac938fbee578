//! The store on both engines.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

mod backend;
mod backup;
mod folder;
mod migrations;
mod outcomes;
mod proxy;
mod reads;
mod security;
mod writes;
