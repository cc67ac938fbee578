//! What tests share.

pub mod postgres;
pub mod store;

pub use store::Store;
pub use territory;
