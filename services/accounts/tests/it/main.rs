//! Sign-in, sessions and first pages, against a real store and through the portal's own router.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

mod house;
mod portal;
mod sessions;
mod sign_in;
mod store;
