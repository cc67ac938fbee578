//! Settings the platform keeps in its store, because every node must agree on them. What each is
//! called stands with the noun that reads it.

pub mod store;
