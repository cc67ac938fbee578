//! What an operator asked of the eligibility: a row for each test that was answered, by the portal
//! or by XML, with what it led to. It tells of a look and proves nothing: rows are handed to
//! `domain::spool` and written behind the answer, so that a test never waits for its trace.
//!
//! Every account of the operator that may test sees the whole of it. What a person typed may hold
//! anything, a customer's name included: texts are bounded, and rows are kept for [`KEPT_MS`] only.

pub mod labels;
pub mod pages;
pub mod rules;
pub mod store;
pub mod usecases;
pub(crate) mod web;

use jiff::civil::Date;
use kernel::{EligibilityId, Millis};

pub use rules::Question;
pub use usecases::{told, told_lot};

/// How long rows are kept, in milliseconds of real time: twelve months.
pub const KEPT_MS: i64 = 365 * Millis::DAY;
/// Rows forgotten in one unit of work, which on SQLite everybody waits for.
pub const PURGE_SLICE: i64 = 500;
/// Characters of a value that are kept.
pub const VALUE_MAX_CHARS: usize = 256;
/// Characters of a question as it is shown.
pub const SHOWN_MAX_CHARS: usize = 300;

kernel::words! {
    /// Through which door it was asked.
    Door {
        /// The portal.
        Portal = "portal",
        /// The XML web service.
        Xml = "xml",
    }
}

kernel::words! {
    /// What a test ended with.
    End {
        /// An offer can be ordered now.
        Eligible = "eligible",
        /// None now, one from a day on.
        Later = "later",
        /// None.
        NotEligible = "not_eligible",
        /// Several places, none chosen.
        Choice = "choice",
        /// The question itself was refused.
        Refused = "refused",
    }
}

/// What a question led to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Led {
    /// The best there is.
    pub end: End,
    /// The trade's code behind it; empty for none.
    pub code: String,
    /// From when on, if later.
    pub opens_on: Option<Date>,
    /// The building, when there is one only.
    pub building_ref: String,
    /// Its address in one line.
    pub address: String,
    /// How many buildings, or places to choose from.
    pub buildings: i64,
    /// The extraction date of the data.
    pub extracted_on: Option<Date>,
    /// The release they are of; 0 when nothing was tested.
    pub release: i64,
}

/// One row of the history.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its id.
    pub id: EligibilityId,
    /// When, business time.
    pub at: Millis,
    /// When, real time: what its retention counts from.
    pub real_at: Millis,
    /// Through which door.
    pub door: Door,
    /// The account or certificate.
    pub asked_by: String,
    /// Its name, as it was then.
    pub asked_name: String,
    /// The question.
    pub question: Question,
    /// What it led to.
    pub led: Led,
}

/// By what the history is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// When it was asked.
    #[default]
    At,
    /// The address found.
    Address,
    /// How it ended.
    End,
}

impl Sort {
    /// Every sort, with its name in addresses; the first is the list's own.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::At, "quand"),
        (Self::Address, "adresse"),
        (Self::End, "verdict"),
    ];

    /// The sort column's value in `entry`, as a page key.
    #[must_use]
    pub fn key_of(self, entry: &Entry) -> String {
        match self {
            Self::At => entry.at.0.to_string(),
            Self::Address => entry.led.address.clone(),
            Self::End => entry.led.end.as_str().to_owned(),
        }
    }
}

/// What a list of the history shows, in which order, and from where on.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Part of the question, the address, the building's reference or the name of who asked, in
    /// lower case; empty for all.
    pub text: String,
    /// Only this end; empty for all.
    pub end: String,
    /// Only this code; empty for all.
    pub code: String,
    /// Only this door; empty for all.
    pub door: String,
    /// Only this account or certificate; empty for all.
    pub asked_by: String,
    /// Asked at or after, business time.
    pub from: Millis,
    /// Asked before, business time.
    pub to: Millis,
    /// By what.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// The key after which the page begins: the sort column of the last row shown, and its id.
    pub after: Option<(String, String)>,
    /// Most rows.
    pub limit: i64,
}
