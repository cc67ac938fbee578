//! FTTH access orders (E-4): what is asked, what is decided, where it stands. The order's key is
//! the pair (operator, its own reference), unique for ever; the OI answers with a
//! `ReferencePrestationPrise`, which keys everything after.

pub mod command;
pub mod labels;
pub mod overview;
pub mod pto;
pub mod rules;
pub mod states;
pub mod store;
pub mod usecases;
mod wellformed;

#[cfg(test)]
mod tests;

use kernel::{Millis, OrderId};

use crate::building::Building;

pub use command::{ADDRESS_KEYS, FIELDS, Field, PLACE_FIELDS, PlaceOrder};
pub use states::{Event, Status};
pub use wellformed::{
    AddressKey, BuiltBy, WellFormed, address_key, existing_pto, file_date, well_formed,
};

/// The type asked for in `TypeCommandeDemande`.
pub const ORDER_TYPES: [&str; 3] = ["AUTO", "LOCA", "COFI"];
/// The type retained when `AUTO` was asked for.
pub const TYPE_WHEN_AUTO: &str = "LOCA";
/// How long a line may be of what a caller wrote, in characters, on a page or in a message.
pub const COMMENT_MAX: usize = 512;

/// A building's address in one line, as it is shown and mailed.
#[must_use]
pub fn address_line(building: &Building) -> String {
    let parts = [
        &building.number,
        &building.complement,
        &building.street_type,
        &building.street_name,
        &building.postcode,
        &building.commune,
    ];
    let given: Vec<&str> = parts
        .into_iter()
        .map(String::as_str)
        .filter(|p| !p.is_empty())
        .collect();
    given.join(" ")
}

/// An order as it stands.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// `ReferenceCommandePriseInterneOC`.
    pub reference: String,
    /// `ReferencePrestationPrise`, from the CR on.
    pub prestation: Option<String>,
    /// Where it stands.
    pub status: Status,
    /// Counts its changes; a change of another count is a conflict.
    pub version: i64,
    /// `OffreAccesCommandee`.
    pub offer: String,
    /// The type retained.
    pub order_type: String,
    /// `PriseExistante`.
    pub existing_pto: bool,
    /// `TypeRacco`.
    pub built_by: BuiltBy,
    /// `IdentifiantImmeuble` found by control; empty after an AR KO that found none.
    pub building_ref: String,
    /// The address in one line.
    pub address: String,
    /// Building, staircase and floor, as the referential spells them.
    pub batiment: String,
    /// Staircase.
    pub escalier: String,
    /// Floor.
    pub etage: String,
    /// `ReferencePM`.
    pub pm_ref: String,
    /// `ReferencePMTechnique`.
    pub pmt_ref: String,
    /// `ReferencePBO`, from the CR on.
    pub pbo_ref: String,
    /// `ReferencePrise`.
    pub pto_ref: String,
    /// The fibre assigned.
    pub fibre_id: String,
    /// The release control rested on.
    pub release: i64,
    /// Every field as it was sent.
    pub request: PlaceOrder,
    /// The last CR STOC as it was sent, as JSON; empty before.
    pub stoc: String,
    /// The motive of a KO.
    pub motive: String,
    /// What was said with it.
    pub comment: String,
    /// The account that placed it; empty when a machine did.
    pub account: String,
    /// The door it came through.
    pub channel: String,
    /// When, business time.
    pub placed: Millis,
    /// Its last change, business time.
    pub updated: Millis,
}

/// One line of an order's history.
#[derive(Clone, Debug)]
pub struct TimelineRow {
    /// Its place, from 1.
    pub seq: i64,
    /// When, business time.
    pub at: Millis,
    /// What happened.
    pub event: String,
    /// Before.
    pub from: Option<Status>,
    /// After.
    pub to: Status,
    /// `person`, `machine`, `staff` or `platform`.
    pub actor_kind: String,
    /// Who, as the operator's people see it.
    pub actor_name: String,
    /// Through which door.
    pub channel: String,
    /// The trade's code, if one was given.
    pub code: String,
    /// What was said.
    pub comment: String,
}
