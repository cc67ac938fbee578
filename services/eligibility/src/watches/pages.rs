//! The pages of watches.

use askama::Template;
use kernel::Millis;
use web::{Form, ListQuery, Pager, Shell, Tag, filters};

/// `/eligibilite/veilles`.
#[derive(Debug, Template)]
#[template(path = "veilles.html")]
pub struct WatchList {
    /// The shell.
    pub shell: Shell,
    /// What is asked: `q`, `verdict`, `lecture`.
    pub query: ListQuery,
    /// How many watches there are.
    pub all: i64,
    /// How many hold a change that nobody read.
    pub unread: i64,
    /// States a verdict can have: in the address, and on screen.
    pub states: Vec<(&'static str, &'static str)>,
    /// The rows.
    pub rows: Vec<Line>,
    /// Where the page stands.
    pub pager: Pager,
    /// Marks all changes as read, when there are some and the caller may.
    pub read: Option<Form>,
    /// Watches a place, when the caller may; holds what was just refused.
    pub add: Option<Form>,
}

/// One row.
#[derive(Debug)]
pub struct Line {
    /// Its page.
    pub href: String,
    /// Where.
    pub place: String,
    /// The building.
    pub building: String,
    /// The operator's own reference; empty for none.
    pub reference: String,
    /// The note; empty for none.
    pub note: String,
    /// The verdict.
    pub state: Tag,
    /// In words, where there is more to say.
    pub verdict: String,
    /// The verdict before; empty when none changed yet.
    pub before: String,
    /// The release it was seen with.
    pub release: i64,
    /// Its last change, or its beginning.
    pub moved: Millis,
    /// Whether its last change is to be read.
    pub unread: bool,
}

/// `/eligibilite/veilles/{id}`.
#[derive(Debug, Template)]
#[template(path = "veille.html")]
pub struct WatchPage {
    /// The shell, titled with the place.
    pub shell: Shell,
    /// Its id.
    pub id: String,
    /// The row of the list.
    pub line: Line,
    /// Asks the question now.
    pub again: String,
    /// Who put it under watch.
    pub by: String,
    /// Since when.
    pub since: Millis,
    /// Its changes, latest first.
    pub changes: Vec<Step>,
    /// Marks its last change as read, when it is not and the caller may.
    pub read: Option<Form>,
    /// Stops it, when the caller may.
    pub stop: Option<Form>,
}

/// One change.
#[derive(Debug)]
pub struct Step {
    /// When it was seen.
    pub at: Millis,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
    /// What it became.
    pub state: Option<Tag>,
    /// With which release.
    pub with: String,
}
