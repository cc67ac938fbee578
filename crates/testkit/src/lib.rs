//! What tests share.

pub mod lots;
pub mod postgres;
pub mod store;

pub use store::Store;
pub use territory;
