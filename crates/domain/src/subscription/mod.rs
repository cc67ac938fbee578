//! Subscriptions to e-services: nothing of an e-service answers the operator before the activation
//! of its own (C-5, C-6).

pub mod store;
pub mod usecases;
