//! Wholesale-offer contracts and the offers an operator holds by them. (Signatures, notices and
//! prices come with the contract module.)

pub mod store;
pub mod usecases;

use kernel::{ContractId, Millis};

/// A wholesale-offer contract.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Its id.
    pub id: ContractId,
    /// Its reference between the parties.
    pub reference: String,
    /// Signed at, business time.
    pub signed: Millis,
}
