//! The OI's catalogue as released: each offer with the days it is sold and what makes a place
//! eligible for it (annex 1, E-7).

pub mod labels;
pub mod store;

use jiff::civil::Date;
use storage::Value;

use crate::building::{BuildingKind, BuildingState};
use crate::release::{Released, Table, stored_enum};

/// Between the parts of a list kept in one column or one field of a file.
pub const LIST_SEPARATOR: &str = "|";

stored_enum! {
    /// Whether the OI lights the fibre.
    Family {
        /// The operator does.
        Passive = "passive",
        /// The OI does.
        Active = "active",
    }
}

/// An offer of the catalogue. An empty list asks for nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its code, at most 30 characters.
    pub code: String,
    /// Its name.
    pub label: String,
    /// Who lights the fibre.
    pub family: Family,
    /// FTTH, FTTE, BLOM...
    pub technology: String,
    /// Zone types where it is sold: 1, 2, 3.
    pub zones: Vec<String>,
    /// States a building must be in.
    pub building_states: Vec<BuildingState>,
    /// Kinds a building must be of.
    pub building_kinds: Vec<BuildingKind>,
    /// The operator must be present at the PM.
    pub presence_needed: bool,
    /// The PM must host active equipment.
    pub active_place_needed: bool,
    /// First day it is sold.
    pub from_day: Option<Date>,
    /// First day it is no longer sold.
    pub to_day: Option<Date>,
}

/// The passive access to a line, which every catalogue has.
pub const ACCES_FTTH: &str = "ACCES_FTTH";

impl Offer {
    /// What can be ordered while no catalogue was imported: the passive access, without conditions.
    #[must_use]
    pub fn before_any_catalogue() -> Self {
        Self {
            code: ACCES_FTTH.to_owned(),
            label: labels::ACCES_FTTH.to_owned(),
            family: Family::Passive,
            technology: "FTTH".to_owned(),
            zones: Vec::new(),
            building_states: Vec::new(),
            building_kinds: Vec::new(),
            presence_needed: true,
            active_place_needed: false,
            from_day: None,
            to_day: None,
        }
    }

    /// Whether it is sold on `day`.
    #[must_use]
    pub fn is_sold_on(&self, day: Date) -> bool {
        self.from_day.is_none_or(|from| from <= day) && self.to_day.is_none_or(|to| day < to)
    }
}

impl Released for Offer {
    const TABLE: Table = Table::Offer;

    fn values(&self) -> Vec<Value> {
        let states = self.building_states.iter().map(|state| state.as_str());
        let kinds = self.building_kinds.iter().map(|kind| kind.as_str());
        let day = |day: Option<Date>| Value::from(day.map(|d| d.to_string()));
        vec![
            (&self.code).into(),
            (&self.label).into(),
            self.family.as_str().into(),
            (&self.technology).into(),
            self.zones.join(LIST_SEPARATOR).into(),
            states.collect::<Vec<_>>().join(LIST_SEPARATOR).into(),
            kinds.collect::<Vec<_>>().join(LIST_SEPARATOR).into(),
            self.presence_needed.into(),
            self.active_place_needed.into(),
            day(self.from_day),
            day(self.to_day),
        ]
    }
}
