//! The pages of lots.

use askama::Template;
use jiff::civil::Date;
use kernel::Millis;
use web::{Form, ListQuery, Pager, RefusalView, Shell, Tag, filters};

use super::drawing::Drawing;

/// A choice of a filter, with how many there are.
#[derive(Debug)]
pub struct Choice {
    /// In the address.
    pub value: String,
    /// As read.
    pub label: String,
    /// How many.
    pub count: i64,
}

/// `/eligibilite/lots`.
#[derive(Debug, Template)]
#[template(path = "lots.html")]
pub struct LotList {
    /// The shell.
    pub shell: Shell,
    /// The form, for those who may submit.
    pub form: Option<Form>,
    /// The columns that are read, and what each holds.
    pub columns: Vec<(&'static str, &'static str)>,
    /// States with their lots.
    pub states: Vec<Choice>,
    /// The lots.
    pub rows: Vec<LotLine>,
    /// The list's address.
    pub query: ListQuery,
    /// Where this page stands.
    pub pager: Pager,
    /// How long a lot is kept.
    pub kept_days: i64,
    /// What looks at files.
    pub scanner: String,
}

/// One lot of the list.
#[derive(Debug)]
pub struct LotLine {
    /// Its page.
    pub href: String,
    /// Its file.
    pub file_name: String,
    /// Where it stands.
    pub state: Tag,
    /// Its lines.
    pub lines: i64,
    /// How many are answered; `None` once all are.
    pub done: Option<i64>,
    /// How many can be ordered now.
    pub eligible: i64,
    /// When it was submitted.
    pub created: Millis,
    /// By whom.
    pub by: String,
}

/// `/eligibilite/lots/{id}`.
#[derive(Debug, Template)]
#[template(path = "lot.html")]
pub struct LotPage {
    /// The shell.
    pub shell: Shell,
    /// The address of this page.
    pub href: String,
    /// Where it stands.
    pub state: Tag,
    /// Whether it waits or runs.
    pub open: bool,
    /// Whether its result can be fetched.
    pub whole: bool,
    /// Lines answered.
    pub done: i64,
    /// Lines.
    pub lines: i64,
    /// In percent.
    pub percent: i64,
    /// Why it was given up.
    pub refusal: Option<RefusalView>,
    /// When it was submitted, and by whom.
    pub submitted: (Millis, String),
    /// When its first line was answered, and the last.
    pub times: (Option<Millis>, Option<Millis>),
    /// The release that answers, and its extraction date.
    pub release: (Option<i64>, Option<Date>),
    /// SHA-256 of its file.
    pub digest: String,
    /// Headings that are not read.
    pub unknown: Vec<String>,
    /// Answers with their lines and their tone.
    pub verdicts: Vec<(Choice, &'static str)>,
    /// The answer the lines are narrowed to; empty for all.
    pub filtered: &'static str,
    /// Codes with their lines.
    pub codes: Vec<Choice>,
    /// Communes with their lines.
    pub communes: Vec<Choice>,
    /// The map.
    pub drawing: Option<Drawing>,
    /// Lines without coordinates.
    pub unplaced: i64,
    /// The lines of this page.
    pub rows: Vec<Answer>,
    /// Those of them whose place may be put under watch.
    pub unwatched: Vec<i64>,
    /// The list's address.
    pub query: ListQuery,
    /// Where this page stands.
    pub pager: Pager,
    /// The form that puts lines under watch, for those who may.
    pub watch: Option<Form>,
    /// Where it is sent.
    pub watch_at: String,
    /// The form that deletes it, for those who may.
    pub delete: Option<Form>,
    /// How long it is kept.
    pub kept_days: i64,
}

impl LotPage {
    /// The lines that may be put under watch, as the form sends them.
    #[must_use]
    pub fn all_unwatched(&self) -> String {
        let lines: Vec<String> = self.unwatched.iter().map(ToString::to_string).collect();
        lines.join(",")
    }
}

/// One line of the table.
#[derive(Debug)]
pub struct Answer {
    /// Its place in the file.
    pub line: i64,
    /// The operator's own reference.
    pub reference: String,
    /// What was asked.
    pub asked: String,
    /// What it was taken for.
    pub understood: String,
    /// IdentifiantImmeuble.
    pub building: String,
    /// Where the building's test is.
    pub href: String,
    /// The address as the referential has it.
    pub address: String,
    /// The answer.
    pub verdict: Tag,
    /// From which day.
    pub from: Option<Date>,
    /// The code.
    pub code: String,
    /// Why.
    pub reason: String,
    /// What to do, and by whom.
    pub remedy: String,
    /// Places it may mean: label, and where its test is.
    pub candidates: Vec<(String, String)>,
    /// How many more the files have.
    pub more: usize,
    /// The watch of its place.
    pub watch: Option<String>,
}
