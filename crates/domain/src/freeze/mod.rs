//! Freezes: times during which the OI takes no order on a building or a PM (FIMP11). They are live:
//! acts of its staff, named by the reference of what they bear on, that no import or release
//! touches.

pub mod labels;
pub mod rules;
pub mod store;
pub mod usecases;

use jiff::civil::Date;
use kernel::Millis;

use crate::release::stored_enum;

/// The end of a freeze without one.
pub const FOREVER: Millis = Millis(i64::MAX);
/// Longest reason, in characters.
pub const REASON_MAX: usize = 300;

stored_enum! {
    /// What a freeze bears on.
    FreezeKind {
        /// One building.
        Building = "building",
        /// A PM and all its buildings.
        Pm = "pm",
    }
}

/// A time during which the OI takes no order on a building or a PM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// What it bears on.
    pub kind: FreezeKind,
    /// Reference of the building or PM.
    pub reference: String,
    /// From this instant.
    pub from: Millis,
    /// Up to, and without, this instant; [`FOREVER`] when no end is known.
    pub to: Millis,
    /// Why, in the OI's words.
    pub reason: String,
    /// The reason is for the OI's staff: operators are told the end alone.
    pub internal: bool,
}

impl Freeze {
    /// Where it stands at `now`.
    #[must_use]
    pub fn stage(&self, now: Millis) -> Stage {
        if self.to <= now || self.to <= self.from {
            Stage::Over
        } else if self.from > now {
            Stage::ToCome
        } else {
            Stage::InForce
        }
    }
}

stored_enum! {
    /// Where a freeze stands.
    Stage {
        /// Orders are refused.
        InForce = "en_vigueur",
        /// It has not begun.
        ToCome = "a_venir",
        /// It has ended, or was lifted.
        Over = "termine",
    }
}

/// A freeze, who put it and who ended it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// The freeze; its end is the one it came to.
    pub freeze: Freeze,
    /// Up to when it was meant to last.
    pub until: Millis,
    /// Who put it; empty when it was there before that was noted.
    pub set_by: String,
    /// When.
    pub set_at: Option<Millis>,
    /// Who lifted it and when, before its end.
    pub lifted: Option<(String, Millis)>,
}

/// A freeze as asked for.
#[derive(Clone, Debug)]
pub struct NewFreeze {
    /// What it bears on.
    pub kind: FreezeKind,
    /// Its reference.
    pub reference: String,
    /// Why.
    pub reason: String,
    /// Whether operators are not told why.
    pub internal: bool,
    /// Its first day; at once when left out.
    pub from: Option<Date>,
    /// Its last day; without end when left out.
    pub until: Option<Date>,
}
