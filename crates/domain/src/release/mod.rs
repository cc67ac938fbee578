//! Releases of the reference data (Art. 13, I-1): what the referential says, numbered, published at
//! one instant for everybody, with the date each kind of file was extracted.
//!
//! A released row is in force from `from_release` up to, and without, `to_release`. Building
//! release N closes and inserts intervals that no reader of an earlier release sees; publishing it
//! moves one pointer row. The edits of a release that is not in force can be undone, and are before
//! another release is built.

pub mod history;
pub mod labels;
mod rows;
pub mod store;

pub use rows::{Released, Row, Table, first_part, join_key};

use jiff::civil::Date;
use kernel::Millis;

/// An enum stored as text, with the text of each variant in one place.
macro_rules! stored_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value, in the order of the trade.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// As stored.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// Reads what [`Self::as_str`] wrote.
            ///
            /// # Errors
            /// [`storage::Error::Decode`] for anything else.
            pub fn from_store(text: &str) -> Result<Self, storage::Error> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    other => Err(storage::Error::Decode(
                        format!("{other} is no {}", stringify!($name)),
                    )),
                }
            }
        }
    };
}
pub(crate) use stored_enum;

/// The number of a release; every released row is read for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release(pub i64);

impl Release {
    /// What is in force before anything was imported: nothing.
    pub const EMPTY: Self = Self(0);
}

stored_enum! {
    /// The kinds of reference file, each with its own extraction date.
    Kind {
        /// Addresses, buildings and PMs (IPE).
        Ipe = "ipe",
        /// Dwellings of each building, as TAO gives them.
        Structure = "structure",
        /// Fibres of each PBO.
        Fibres = "fibres",
        /// PTOs.
        Prises = "prises",
        /// Which operator is present at which PM.
        Adduction = "adduction",
        /// PMs, where the IPE does not describe them yet.
        Pm = "pm",
        /// PBOs.
        Pbo = "pbo",
        /// Distribution cables, with the colour code of each.
        Cables = "cables",
        /// Optical routes of PTOs.
        Routes = "routes",
        /// NDs of copper lines.
        Nd = "nd",
        /// Addresses of the national address base.
        Ban = "ban",
        /// The OI's offers and what makes a place eligible for each.
        Catalogue = "catalogue",
        /// A GraceTHD folder: PMs, PBOs, cables, fibres and routes at once.
        Gracethd = "gracethd",
    }
}

impl Kind {
    /// What an order or an eligibility rests on: its extraction date is the oldest of theirs (I-1).
    pub const DECISIVE: &'static [Self] = &[
        Self::Ipe,
        Self::Structure,
        Self::Fibres,
        Self::Prises,
        Self::Adduction,
    ];
}

stored_enum! {
    /// Where a release stands.
    ReleaseState {
        /// Its intervals are being written.
        Building = "building",
        /// Complete, waiting for approval.
        Ready = "ready",
        /// Published, now or once.
        Published = "published",
        /// Given up, superseded or rolled back.
        Withdrawn = "withdrawn",
    }
}

/// One release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseInfo {
    /// Its number; never reused.
    pub number: Release,
    /// The release it was built on.
    pub base: Release,
    /// The kind of file that made it.
    pub kind: Kind,
    /// Where it stands.
    pub state: ReleaseState,
    /// When its import began.
    pub created_at: Millis,
    /// When it was published.
    pub published_at: Option<Millis>,
}

/// The file a release's rows of one kind come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The kind.
    pub kind: Kind,
    /// The date the OI extracted it.
    pub extracted_on: Date,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// Rows in force of this kind.
    pub rows: i64,
}

/// A release just begun, and what must be undone in the released tables before it is built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The new release.
    pub number: Release,
    /// The release it is built on: the one in force.
    pub base: Release,
    /// Releases begun earlier and never published, withdrawn by this one.
    pub superseded: Vec<Release>,
    /// Withdrawn releases whose edits are still there.
    pub to_undo: Vec<Release>,
}
