//! Fibres, PTOs and lines. What the referential says of them is released; which fibre is free, who
//! holds a line and which route is in force are *live rows*, changed by orders one at a time and
//! never by an import, which only seeds the ones it did not know.

pub mod labels;
pub mod store;

use kernel::{OperatorId, OrderId};
use storage::Value;

use crate::release::{Kind, Released, Table, stored_enum};

stored_enum! {
    /// What may be done with a fibre.
    FibreState {
        /// Free.
        Available = "disponible",
        /// Promised to an order.
        Reserved = "reservee",
        /// In use.
        Occupied = "occupee",
        /// Broken.
        OutOfOrder = "hors_service",
    }
}

stored_enum! {
    /// Whether an operator holds a line.
    LineState {
        /// Nobody does.
        Free = "libre",
        /// An operator does.
        InService = "en_service",
    }
}

/// A fibre at a PBO, as released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fibre {
    /// IdentifiantFibre.
    pub id: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PBO.
    pub pbo_ref: String,
    /// Cable at the PBO (ReferenceCablePBO).
    pub cable: String,
    /// Tube: rank and colour (InformationTubePBO).
    pub tube: String,
    /// Fibre: rank and colour (InformationFibrePBO).
    pub colour: String,
    /// What the referential says of it.
    pub state: FibreState,
    /// Kept for one dwelling or operator.
    pub dedicated: bool,
    /// The PTO it ends in, if built.
    pub pto_ref: String,
    /// The kind of file it comes from.
    pub origin: Kind,
}

/// A PTO, as released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pto {
    /// ReferencePrise; never changes, whatever happens to the line.
    pub reference: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PBO.
    pub pbo_ref: String,
    /// Its fibre, if known.
    pub fibre_id: String,
    /// What the referential says of its line.
    pub state: LineState,
    /// The operator that holds it, by the referential.
    pub oc_code: String,
}

/// The state of a fibre now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveFibre {
    /// The fibre.
    pub fibre_id: String,
    /// What may be done with it.
    pub state: FibreState,
    /// Kept for one dwelling or operator.
    pub dedicated: bool,
    /// The PTO it ends in, if built: such a fibre is never taken for another dwelling.
    pub pto_ref: String,
    /// The operator it was given to.
    pub holder: Option<OperatorId>,
    /// The order it was given to.
    pub order: Option<OrderId>,
    /// Counts its changes.
    pub version: i64,
}

/// A line now: its route, its holder, the order that is to change its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveLine {
    /// Its PTO.
    pub pto_ref: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PBO.
    pub pbo_ref: String,
    /// The fibre of the route in force; empty when unknown.
    pub fibre_id: String,
    /// Whether an operator holds it.
    pub state: LineState,
    /// The operator that took it through the platform.
    pub holder: Option<OperatorId>,
    /// The holder's code, when it only comes from the referential; else empty.
    pub holder_code: String,
    /// The order by which it is held.
    pub order: Option<OrderId>,
    /// The order under way on it.
    pub pending_order: Option<OrderId>,
    /// Counts its changes.
    pub version: i64,
}

impl Released for Fibre {
    const TABLE: Table = Table::Fibre;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.id).into(),
            (&self.pm_ref).into(),
            (&self.pbo_ref).into(),
            (&self.cable).into(),
            (&self.tube).into(),
            (&self.colour).into(),
            self.state.as_str().into(),
            self.dedicated.into(),
            (&self.pto_ref).into(),
            self.origin.as_str().into(),
        ]
    }
}

impl Released for Pto {
    const TABLE: Table = Table::Pto;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.reference).into(),
            (&self.pm_ref).into(),
            (&self.pbo_ref).into(),
            (&self.fibre_id).into(),
            self.state.as_str().into(),
            (&self.oc_code).into(),
        ]
    }
}
