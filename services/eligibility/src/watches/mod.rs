//! Watches (« veilles »): an operator is told when the verdict of a place changes with a release,
//! or when a day that its verdict announced comes. It is told three ways in one unit of work: a
//! change on the watch's page, an event `veille_eligibilite` in its feed, a mail to who watches.
//!
//! A place is put under watch by `POST /eligibilite/veilles`, a form of any page. Its fields:
//! - `csrf` and `cle`, as of every form;
//! - `IdentifiantImmeuble`, required, of at most 30 characters;
//! - `Batiment` (60), `Escalier` (25), `Etage` (25), `ReferencePrise` (30), `PriseExistante` (`O`
//!   or `N`): what narrows the question, each optional, spelt as the eligibility spells them;
//! - `reference`, the operator's own, optional, at most [`REFERENCE_MAX_CHARS`] characters;
//! - `note`, optional, at most [`NOTE_MAX_CHARS`] characters.
//!
//! The place is the key: the same place asked again is the same watch, whoever asks, and keeps the
//! reference and note it has. A place unknown to the referential can be watched: its coming is a
//! change. Watches and their unread marks are the operator's, not the account's.
//!
//! What is compared is the verdict of each offer at one evaluation with that of the one before,
//! computed by the very use case that answers a test. Evaluations follow the release in force (a
//! roll back moves it too) and, for verdicts that hold an opening date, the business day. What
//! happened to fibres and orders in between is part of what is seen then, and starts none.
//!
//! A round is one such move. The reconciler numbers it and enqueues a job for each operator
//! concerned, in one transaction. A job tests a slice of [`SLICE`] watches; its unit of work writes
//! what changed and starts the job of the next slice, so that a process that dies anywhere takes up
//! where the last committed slice ended, and nothing is told twice. The job of the last slice posts
//! one mail for each active account whose watches changed in the round; changes of watches whose
//! account is not active go to the operator's active administrators.

pub mod labels;
pub mod pages;
pub mod rules;
pub mod store;
pub mod usecases;
pub(crate) mod web;

use jiff::civil::Date;
use kernel::{Millis, WatchId};

/// Watches of one operator at most.
pub const WATCHES_MAX: i64 = 5_000;
/// Characters of the operator's own reference.
pub const REFERENCE_MAX_CHARS: usize = 30;
/// Characters of a note.
pub const NOTE_MAX_CHARS: usize = 100;
/// Watches tested in one job.
pub const SLICE: i64 = 100;
/// Changes named in one mail; the others are counted.
pub const MAIL_LINES_MAX: usize = 20;
/// Operators of one round at most; there are hundreds in all of France.
pub const OPERATORS_MAX: i64 = 10_000;
/// Changes shown on the page of a watch, the latest.
pub const CHANGES_MAX: i64 = 100;
/// The kind of the job that tests a slice.
pub const EVALUATE_JOB: &str = "eligibility.veilles";
/// The kind of the event that tells of a change.
pub const CHANGED_EVENT: &str = "veille_eligibilite";

kernel::words! {
    /// The best that can be said of a place.
    State {
        /// An offer can be ordered now.
        Eligible = "eligible",
        /// None now, one from a day on.
        Later = "later",
        /// None.
        NotEligible = "not_eligible",
        /// The place is unknown, or its question has no answer.
        Refused = "refused",
    }
}

/// A verdict in one text, the same for the same verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canon {
    /// What is compared and kept; see [`rules::canon`].
    pub text: String,
    /// The best of it.
    pub state: State,
    /// The earliest day it announces.
    pub opens_on: Option<Date>,
}

/// A place that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Its id.
    pub id: WatchId,
    /// The place, as the query that asks for it.
    pub place: String,
    /// Its building.
    pub building_ref: String,
    /// In one line; empty when the referential does not know it.
    pub address: String,
    /// The operator's own reference.
    pub reference: String,
    /// What a person wrote beside it.
    pub note: String,
    /// The account that asked for it.
    pub account_id: String,
    /// Its name, as it was then.
    pub account_name: String,
    /// The verdict at the last evaluation that changed it.
    pub verdict: String,
    /// The best of it.
    pub state: State,
    /// The release it was seen with.
    pub release: i64,
    /// The verdict before; empty when none changed yet.
    pub verdict_before: String,
    /// Whether its last change was marked as read by nobody.
    pub unread: bool,
    /// Since when, business time.
    pub created: Millis,
    /// Its last change, or its beginning, business time.
    pub moved: Millis,
}

/// One change of a watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When it was seen, business time.
    pub at: Millis,
    /// The verdict before.
    pub before: String,
    /// The verdict after.
    pub after: String,
    /// The release it was seen with.
    pub release: i64,
}

/// The release and day for which watches were last set to be tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Counts from 1.
    pub number: i64,
    /// The release in force.
    pub release: i64,
    /// The business day, as ISO 8601 writes it.
    pub day: String,
}

/// By what watches are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Their last change, or their beginning.
    #[default]
    Moved,
    /// Their address.
    Address,
    /// Their verdict.
    State,
}

impl Sort {
    /// Every sort, with its name in addresses; the first is the list's own.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Moved, "date"),
        (Self::Address, "adresse"),
        (Self::State, "verdict"),
    ];

    /// The sort column's value in `watch`, as a page key.
    #[must_use]
    pub fn key_of(self, watch: &Watch) -> String {
        match self {
            Self::Moved => watch.moved.0.to_string(),
            Self::Address => watch.address.clone(),
            Self::State => watch.state.as_str().to_owned(),
        }
    }
}

/// What a list of watches shows, in which order, and from where on.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Part of the address, the building's reference, the own reference or the note, in lower
    /// case; empty for all.
    pub text: String,
    /// Only this state; empty for all.
    pub state: String,
    /// Only those with a change that nobody read.
    pub unread: bool,
    /// By what.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// The key after which the page begins: the sort column of the last row shown, and its id.
    pub after: Option<(String, String)>,
    /// Most rows.
    pub limit: i64,
}
