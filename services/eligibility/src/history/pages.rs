//! The page of the history.

use askama::Template;
use kernel::Millis;
use web::{ListQuery, Pager, Shell, Tag, filters};

/// `/eligibilite/historique`.
#[derive(Debug, Template)]
#[template(path = "historique.html")]
pub struct History {
    /// The shell.
    pub shell: Shell,
    /// What is asked: `q`, `verdict`, `code`, `porte`, `qui`, `du`, `au`.
    pub query: ListQuery,
    /// Ends with their counts.
    pub ends: Vec<Choice>,
    /// Whom the list may be narrowed to.
    pub askers: Vec<Asker>,
    /// The rows.
    pub rows: Vec<Line>,
    /// Where the page stands.
    pub pager: Pager,
}

/// An end in the filter.
#[derive(Debug)]
pub struct Choice {
    /// In the address; empty for all.
    pub value: &'static str,
    /// On screen.
    pub label: &'static str,
    /// How many.
    pub count: i64,
}

/// Who asked, in the filter.
#[derive(Debug)]
pub struct Asker {
    /// The account or certificate.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// One row.
#[derive(Debug)]
pub struct Line {
    /// When, business time.
    pub at: Millis,
    /// Through which door.
    pub door: &'static str,
    /// Who.
    pub name: String,
    /// The question.
    pub shown: String,
    /// Asks it again.
    pub again: String,
    /// The address found; empty for none.
    pub address: String,
    /// The building found, or how many places.
    pub found: String,
    /// How it ended.
    pub end: Tag,
    /// From when on; empty for now or never.
    pub opens: String,
    /// The trade's code; empty for none.
    pub code: String,
}
