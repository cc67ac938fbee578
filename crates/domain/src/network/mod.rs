//! The passive network between PMs and PTOs as the referential released it: PBOs, distribution
//! cables with their colour code, optical routes.

pub mod labels;
pub mod store;

use storage::Value;

use crate::release::{Kind, Released, Table, stored_enum};

/// Fibres, hence routes, of a PTO at most (Interop, CR).
pub const ROUTES_PER_PTO_MAX: i64 = 4;

stored_enum! {
    /// Which colour the first, second... tube or fibre of a cable has.
    ColourCode {
        /// Red, blue, green...: the usual one.
        Orange = "orange",
        /// Blue, orange, green...: IEEE 802.8.
        Fotag = "fotag",
    }
}

stored_enum! {
    /// Colour of a connector in a PTO.
    ConnectorColour {
        /// First.
        Red = "rouge",
        /// Second.
        Blue = "bleu",
        /// Third.
        Green = "vert",
        /// Fourth.
        Yellow = "jaune",
    }
}

/// A PBO.
#[derive(Clone, Debug, PartialEq)]
pub struct Pbo {
    /// Its PM.
    pub pm_ref: String,
    /// ReferencePBO, at most 100 characters.
    pub reference: String,
    /// Where it stands, in the words of the trade (TypePBO).
    pub kind: String,
    /// Lines it can hold; 0 unknown.
    pub capacity: i64,
    /// Longitude (WGS84, degrees).
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// The kind of file it comes from.
    pub origin: Kind,
}

/// A cable of the distribution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cable {
    /// ReferenceCable, at most 50 characters.
    pub reference: String,
    /// The PM it belongs to.
    pub pm_ref: String,
    /// The box or PM it comes from, if told.
    pub from_ref: String,
    /// The box it leads to, if told.
    pub to_ref: String,
    /// Fibres; 0 unknown.
    pub capacity: i64,
    /// Fibres of a tube; 0 unknown.
    pub modulo: i64,
    /// Its colour code.
    pub colour_code: ColourCode,
    /// The kind of file it comes from.
    pub origin: Kind,
}

/// How one fibre runs from the PM to the connector of its PTO, or to the PBO where it waits for
/// one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpticalRoute {
    /// The PTO; empty while the fibre waits for one: the fibre's own id then stands for it as key.
    pub pto_ref: String,
    /// From 1 to [`ROUTES_PER_PTO_MAX`].
    pub rank: i64,
    /// Its PM.
    pub pm_ref: String,
    /// Its PBO.
    pub pbo_ref: String,
    /// Drawer of the PM (NomModulePM).
    pub module: String,
    /// Place in the drawer (PositionModulePM).
    pub position: String,
    /// Cable behind the drawer.
    pub module_cable: String,
    /// Its tube.
    pub module_tube: String,
    /// Its fibre.
    pub module_fibre: String,
    /// Cable at the PBO.
    pub cable_ref: String,
    /// Its tube: rank and colour.
    pub tube: String,
    /// Its fibre: rank and colour.
    pub fibre: String,
    /// IdentifiantFibre, if told.
    pub fibre_id: String,
    /// Number of the connector; 0 unknown.
    pub connector: i64,
    /// Its colour, if told.
    pub connector_colour: Option<ConnectorColour>,
    /// The kind of file it comes from.
    pub origin: Kind,
}

impl OpticalRoute {
    /// What its key begins with: the PTO, or else the fibre.
    #[must_use]
    pub fn key_ref(&self) -> &str {
        match self.pto_ref.as_str() {
            "" => &self.fibre_id,
            pto_ref => pto_ref,
        }
    }
}

impl Released for Pbo {
    const TABLE: Table = Table::Pbo;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.pm_ref).into(),
            (&self.reference).into(),
            (&self.kind).into(),
            self.capacity.into(),
            self.lon.into(),
            self.lat.into(),
            self.origin.as_str().into(),
        ]
    }
}

impl Released for Cable {
    const TABLE: Table = Table::Cable;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.reference).into(),
            (&self.pm_ref).into(),
            (&self.from_ref).into(),
            (&self.to_ref).into(),
            self.capacity.into(),
            self.modulo.into(),
            self.colour_code.as_str().into(),
            self.origin.as_str().into(),
        ]
    }
}

impl Released for OpticalRoute {
    const TABLE: Table = Table::Route;

    fn values(&self) -> Vec<Value> {
        vec![
            self.key_ref().into(),
            self.rank.into(),
            (&self.pm_ref).into(),
            (&self.pbo_ref).into(),
            (&self.module).into(),
            (&self.position).into(),
            (&self.module_cable).into(),
            (&self.module_tube).into(),
            (&self.module_fibre).into(),
            (&self.cable_ref).into(),
            (&self.tube).into(),
            (&self.fibre).into(),
            (&self.fibre_id).into(),
            self.connector.into(),
            self.connector_colour
                .map_or("", ConnectorColour::as_str)
                .into(),
            self.origin.as_str().into(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fibres_are_named_by_rank_and_colour_in_either_code() {
        let orange = |k| ColourCode::Orange.place(k);
        assert_eq!(orange(1).as_deref(), Some("1 ROUGE"));
        assert_eq!(orange(12).as_deref(), Some("12 ROSE"));
        assert_eq!(orange(14).as_deref(), Some("14 BLEU"));
        assert_eq!(orange(0), None);
        assert_eq!(ColourCode::Fotag.place(1).as_deref(), Some("1 BLEU"));
        assert_eq!(ColourCode::Fotag.place(2).as_deref(), Some("2 ORANGE"));
    }
}
