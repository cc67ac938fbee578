//! Wholesale-offer contracts and the offers an operator holds by them. (Signatures, notices and
//! prices come with the contract module.)

pub mod labels;
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

/// One row of the catalogue of wholesale offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// `OffreAccesCommandee`.
    pub code: &'static str,
    /// On screen.
    pub label: &'static str,
}

/// The offers that can be ordered here. The full catalogue, with its predicates, is reference data.
pub const OFFERS: &[Offer] = &[Offer {
    code: "ACCES_FTTH",
    label: labels::ACCES_FTTH,
}];

/// The offer with this code.
#[must_use]
pub fn offer(code: &str) -> Option<&'static Offer> {
    OFFERS.iter().find(|offer| offer.code == code)
}
