//! The pages of imports and releases. Plain data and their templates.

use askama::Template;
use jiff::civil::Date;
use kernel::Millis;
use web::{Form, ListQuery, Pager, RefusalView, Shell, Tag, Tone, filters};

/// A choice of a filter: value, label, count when counted.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Value of the filter.
    pub value: String,
    /// In French.
    pub label: String,
    /// How many, when counted.
    pub count: Option<u64>,
}

/// `/oi/imports`. Query: `etat`, `nature`, and the toolkit's `tri`, `sens`, `apres`, `par`,
/// `format`. The form posts to `/oi/imports` with the file.
#[derive(Debug, Template)]
#[template(path = "imports.html")]
pub struct ImportList {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// States with their counts, the first being all of them.
    pub states: Vec<Choice>,
    /// Kinds of file.
    pub kinds: Vec<Choice>,
    /// The rows of this page.
    pub rows: Vec<ImportRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// The upload form.
    pub form: Form,
    /// What looks at files on their way in; `none` is said.
    pub scanner: String,
}

/// A row of the list of imports.
#[derive(Clone, Debug)]
pub struct ImportRow {
    /// Page of the import.
    pub href: String,
    /// The file's name.
    pub file_name: String,
    /// Its kind.
    pub kind: &'static str,
    /// When it was extracted.
    pub extracted: Date,
    /// Where it stands.
    pub state: Tag,
    /// What its job is at, with a share when known.
    pub progress: String,
    /// The release, with its page.
    pub release: Option<i64>,
    /// Counts.
    pub added: u64,
    /// Counts.
    pub changed: u64,
    /// Counts.
    pub removed: u64,
    /// Counts.
    pub rejected: u64,
    /// Who brought it.
    pub by: String,
    /// When.
    pub created: Millis,
}

/// `/oi/imports/{id}`.
#[derive(Debug, Template)]
#[template(path = "import.html")]
pub struct ImportPage {
    /// The shell.
    pub shell: Shell,
    /// The address of this page.
    pub href: String,
    /// The file's name.
    pub file_name: String,
    /// Where it stands.
    pub state: Tag,
    /// Whether the page comes again by itself.
    pub busy: bool,
    /// What its job is at.
    pub phase: String,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; 0 when not known.
    pub total: u64,
    /// Why it was refused.
    pub refusal: Option<RefusalView>,
    /// The kind of file, and when it was extracted.
    pub kind: (&'static str, Date),
    /// Counts.
    pub figures: Vec<Figure>,
    /// Facts: label and value, and whether it is a reference.
    pub facts: Vec<(&'static str, String, bool)>,
    /// Where the report is fetched.
    pub report: Option<String>,
    /// Where the refused lines are fetched, to correct.
    pub rejects: Option<String>,
    /// The first refused lines.
    pub refused: Vec<RefusedLine>,
    /// How many there are, and by code.
    pub refused_count: u64,
    /// Refused lines by code.
    pub refused_by_code: Vec<ByCode>,
    /// The first anomalies: what, object, precision.
    pub anomalies: Vec<(String, String, String)>,
    /// How many anomalies there are.
    pub anomaly_count: u64,
    /// Anomalies by code.
    pub anomalies_by_code: Vec<ByCode>,
    /// Columns the platform does not read.
    pub unknown_columns: Vec<String>,
    /// The release it made.
    pub release: Option<i64>,
    /// What publishing it would do to orders and lines.
    pub effect: Option<EffectPanel>,
    /// The approval form, while it waits.
    pub approve: Option<Form>,
    /// Whether the reader brought the file, and so may not approve it.
    pub own: bool,
    /// The refusal form, while it waits.
    pub decline: Option<Form>,
}

/// A count at the top of a page.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Of what.
    pub label: &'static str,
    /// How many.
    pub number: u64,
    /// What goes with it; may be empty.
    pub note: String,
    /// Whether it calls for a look.
    pub tone: Tone,
}

/// What is counted of one code.
#[derive(Clone, Debug)]
pub struct ByCode {
    /// Its label.
    pub label: &'static str,
    /// The code.
    pub code: &'static str,
    /// How many.
    pub number: u64,
}

/// A refused line.
#[derive(Clone, Debug)]
pub struct RefusedLine {
    /// Its number in the file, the header being 1.
    pub line: u64,
    /// The column at fault; empty for the whole line.
    pub column: String,
    /// The code.
    pub code: String,
    /// Why, in a sentence.
    pub why: String,
}

impl ImportPage {
    /// The share done, in percent.
    #[must_use]
    pub fn percent(&self) -> u64 {
        let done = self.done.min(self.total);
        done.saturating_mul(100)
            .checked_div(self.total)
            .unwrap_or(0)
    }
}

/// What a release does to orders under way and lines in service.
#[derive(Clone, Debug)]
pub struct EffectPanel {
    /// In one sentence.
    pub sentence: String,
    /// The first of them.
    pub rows: Vec<TouchedRow>,
    /// The page that lists them all.
    pub href: String,
}

/// An order or a line that a release touches.
#[derive(Clone, Debug)]
pub struct TouchedRow {
    /// The operator's code.
    pub operator: String,
    /// The operator's reference; empty for a line that only the referential knows.
    pub reference: String,
    /// Where it stands.
    pub status: Tag,
    /// Its PTO, if it has one.
    pub pto: String,
    /// The object that goes.
    pub object: String,
    /// What that is.
    pub cause: &'static str,
}

/// `/oi/versions/{id}/commandes`. Query: `part`, `operateur`, and the toolkit's `apres`, `par`,
/// `format`.
#[derive(Debug, Template)]
#[template(path = "version_commandes.html")]
pub struct TouchedPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// How much it touches, in one sentence.
    pub sentence: String,
    /// Orders and lines, both first.
    pub parts: Vec<Choice>,
    /// The rows of this page.
    pub rows: Vec<TouchedRow>,
    /// Where the page stands.
    pub pager: Pager,
}

/// `/oi/versions`. Query: `etat`, and the toolkit's.
#[derive(Debug, Template)]
#[template(path = "versions.html")]
pub struct ReleaseList {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// States.
    pub states: Vec<Choice>,
    /// The number in force; 0 for nothing.
    pub current: i64,
    /// The rows of this page.
    pub rows: Vec<ReleaseRow>,
    /// Where the page stands.
    pub pager: Pager,
}

/// A row of the list of releases.
#[derive(Clone, Debug)]
pub struct ReleaseRow {
    /// Its number.
    pub number: i64,
    /// The kind of file that made it.
    pub kind: &'static str,
    /// Where it stands.
    pub state: Tag,
    /// The release it was built on.
    pub base: i64,
    /// When its import began.
    pub created: Millis,
    /// When it was published, and by whom.
    pub published: Option<(Millis, String)>,
    /// When it was withdrawn, by whom and why.
    pub withdrawn: Option<(Millis, String, String)>,
}

/// `/oi/versions/{id}`. Query: `table`, `changement`, `champ`, `q` (a key's beginning), `apres`,
/// `par`, `format`.
#[derive(Debug, Template)]
#[template(path = "version.html")]
pub struct ReleasePage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// Its number.
    pub number: i64,
    /// The release it is compared with.
    pub base: i64,
    /// Where it stands.
    pub state: Tag,
    /// Whether it is in force.
    pub in_force: bool,
    /// Facts: label and value, and whether it is a reference.
    pub facts: Vec<(&'static str, String, bool)>,
    /// The page of its import.
    pub import: Option<String>,
    /// Tables it changes, with how much; the first is the one shown unless asked otherwise.
    pub tables: Vec<TableChoice>,
    /// Label of the table shown.
    pub table: &'static str,
    /// Kinds of change, with counts.
    pub whats: Vec<Choice>,
    /// Columns of the table shown.
    pub fields: Vec<Choice>,
    /// Whether a filter narrows what is shown of that table.
    pub narrowed: bool,
    /// The differences of this page.
    pub rows: Vec<DifferenceRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// Whether its rows are gone.
    pub undone: bool,
    /// The roll-back form, while it is in force.
    pub roll_back: Option<Form>,
}

/// A table that a release changes.
#[derive(Clone, Debug)]
pub struct TableChoice {
    /// Its name.
    pub value: &'static str,
    /// On screen.
    pub label: &'static str,
    /// Objects added.
    pub added: u64,
    /// Objects changed.
    pub changed: u64,
    /// Objects removed.
    pub removed: u64,
    /// Whether it is the one shown.
    pub shown: bool,
}

/// One object that differs.
#[derive(Clone, Debug)]
pub struct DifferenceRow {
    /// Its key.
    pub name: String,
    /// What became of it.
    pub what: Tag,
    /// Fields: label, before, after.
    pub fields: Vec<(String, String, String)>,
    /// Whether both sides are shown.
    pub both: bool,
}

/// `/referentiel`: what operators fetch.
#[derive(Debug, Template)]
#[template(path = "referentiel.html")]
pub struct PublicPage {
    /// The shell.
    pub shell: Shell,
    /// The number in force; 0 for nothing.
    pub current: i64,
    /// Files in force: kind, date, rows.
    pub sources: Vec<(&'static str, Date, i64)>,
    /// Releases whose differences can be fetched: number, kind, published at.
    pub releases: Vec<(i64, &'static str, Millis)>,
    /// The preference about mails.
    pub form: Form,
    /// Whether the reader may set it.
    pub may_set: bool,
}
