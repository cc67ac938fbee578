//! A place, by whatever an agent has at hand: an address as it was said over the phone, or any
//! reference of the trade. E-1, E-7: everything begins there.
//!
//! Nothing is chosen silently: what was assumed, what was left over, and what else may have been
//! meant is said with the place.

mod indexes;
pub mod labels;
pub mod rules;
pub mod store;
mod told;
pub mod usecases;

use std::fmt;

pub use indexes::Indexes;
use serde::Serialize;
pub use told::Told;

use crate::building::Building;

/// How sure a place is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// All that was given was found as it was given, and nothing else fits.
    Certain,
    /// One place fits best, with something assumed.
    Probable,
    /// Several fit.
    Ambiguous,
    /// None fits.
    None,
}

impl Verdict {
    /// As in answers for machines.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Probable => "probable",
            Self::Ambiguous => "ambiguous",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a text was recognised as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Named {
    /// A number in a street or place.
    Housenumber,
    /// A street.
    Street,
    /// A hamlet.
    Place,
    /// A commune.
    Commune,
    /// A copper line (ND).
    Nd,
    /// A PTO.
    Pto,
    /// IdentifiantImmeuble.
    Building,
    /// A PM.
    Pm,
    /// A PBO.
    Pbo,
    /// A Hexaclé.
    Hexacle,
    /// A key of the national base.
    BanKey,
    /// Coordinates.
    Coordinates,
    /// An order of the operator's own.
    Order,
}

/// One place that may be meant.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is.
    pub kind: Named,
    /// In one line.
    pub label: String,
    /// Its key in the national base; empty for none.
    pub ban_key: String,
    /// INSEE code of its commune; empty when unknown.
    pub insee: String,
    /// Parts of the text that it does not explain.
    pub unmatched: Vec<String>,
    /// What was assumed, in French.
    pub assumed: Vec<String>,
    /// The number asked for is this place's.
    pub exact: bool,
    /// The number asked for is another: it does not exist.
    pub is_other_number: bool,
    /// Buildings that stand there.
    pub buildings: Vec<Building>,
}

/// What a text leads to.
#[derive(Clone, Debug)]
pub struct Place {
    /// How sure it is.
    pub verdict: Verdict,
    /// Places, best first.
    pub candidates: Vec<Candidate>,
    /// There are more than are given.
    pub more: bool,
    /// References the text is easily taken for, when what it names does not exist.
    pub alike: Vec<String>,
    /// The text was recognised as this.
    pub named: Option<Named>,
    /// An order of the operator's own that the text names: its id.
    pub order: Option<String>,
}

impl Place {
    /// The best candidate, when the verdict says that it is one.
    #[must_use]
    pub fn best(&self) -> Option<&Candidate> {
        match self.verdict {
            Verdict::Certain | Verdict::Probable => self.candidates.first(),
            Verdict::Ambiguous | Verdict::None => None,
        }
    }
}
