//! What the OI's staff sees of an operator's order without opening it: where it stands and how it
//! got there, and nothing of the end customer.

pub mod store;

use kernel::Millis;

/// Where an order stands.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Overview {
    /// The order's id.
    pub id: String,
    /// `ReferenceCommandePriseInterneOC`.
    pub reference: String,
    /// `ReferencePrestationPrise`, from the CR on.
    pub prestation: Option<String>,
    /// Its status, as stored.
    pub status: String,
    /// The motive of a KO.
    pub motive: String,
    /// The dwelling's building.
    pub building_ref: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PBO.
    pub pbo_ref: String,
    /// Its PTO.
    pub pto_ref: String,
    /// Its fibre.
    pub fibre_id: String,
    /// When it was placed, business time.
    pub placed: Millis,
}

/// One step of it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Step {
    /// Its place, from 1.
    pub seq: i64,
    /// When, business time.
    pub at: Millis,
    /// What happened.
    pub event: String,
    /// The status after.
    pub status: String,
    /// Through which door.
    pub channel: String,
    /// The trade's code.
    pub code: String,
}
