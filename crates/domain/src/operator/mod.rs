//! Organisations: the OI itself and the commercial operators (OC) it serves, with their SIREN
//! numbers.

pub mod rules;
pub mod store;
pub mod usecases;

use kernel::{Millis, OperatorId};

/// An operator.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// Its code in the referential and on screen, at most 10 characters.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Whether it is the OI itself.
    pub is_provider: bool,
    /// Where the platform writes to it.
    pub contact_email: String,
    /// Made at, business time.
    pub created: Millis,
}
