//! View models of the templates.

use askama::Template;
use kernel::Code;
use web::{ListQuery, Pager, Shell, Tag, filters};

use crate::labels;
use crate::validator::Report;

/// One operation in a list.
pub struct OperationLink {
    /// Its element.
    pub element: &'static str,
    /// Its page.
    pub href: String,
    /// What it does.
    pub summary: String,
    /// Whether it changes something.
    pub changes: bool,
}

/// One web service.
pub struct ServiceCard {
    /// As its address names it.
    pub name: &'static str,
    /// Its e-service's title.
    pub title: &'static str,
    /// Its namespace.
    pub namespace: &'static str,
    /// Its version.
    pub version: String,
    /// Where it answers.
    pub url: String,
    /// Its files: name and what it is.
    pub files: Vec<(String, &'static str)>,
    /// Its operations.
    pub operations: Vec<OperationLink>,
}

/// The first page of the area.
#[derive(Template)]
#[template(path = "developpeurs.html")]
pub struct Home {
    /// What surrounds it.
    pub shell: Shell,
    /// The web services.
    pub services: Vec<ServiceCard>,
    /// A first call.
    pub curl: String,
    /// Its message.
    pub sample: String,
}

/// The contracts.
#[derive(Template)]
#[template(path = "contrats.html")]
pub struct Contracts {
    /// What surrounds it.
    pub shell: Shell,
    /// The web services.
    pub services: Vec<ServiceCard>,
}

/// One element of a message.
pub struct FieldRow {
    /// What sets it under the element that holds it.
    pub indent: String,
    /// Its name.
    pub name: String,
    /// Its name in words.
    pub words: String,
    /// The type of its value.
    pub kind: String,
    /// What bounds its value.
    pub bounds: String,
    /// How often it stands.
    pub cardinality: String,
    /// Whether its value is masked in the log.
    pub masked: bool,
}

/// A message of an operation.
pub struct Message {
    /// Its id on the page.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// An example of it.
    pub sample: String,
    /// Its elements.
    pub fields: Vec<FieldRow>,
}

/// A code that an operation may answer.
pub struct CodeRow {
    /// The code.
    pub row: &'static Code,
    /// Whether it comes as a Fault.
    pub fault: bool,
}

/// One operation.
#[derive(Template)]
#[template(path = "operation.html")]
pub struct Operation {
    /// What surrounds it.
    pub shell: Shell,
    /// Its web service.
    pub service: &'static str,
    /// Its element.
    pub element: &'static str,
    /// What it does.
    pub summary: String,
    /// Label and value, in this order.
    pub facts: Vec<(&'static str, String)>,
    /// Its request, then its answer.
    pub messages: Vec<Message>,
    /// The command that sends the request.
    pub curl: String,
    /// Every code it may answer.
    pub codes: Vec<CodeRow>,
    /// Its contract's files.
    pub files: Vec<(String, &'static str)>,
}

/// A choice of a filter, with how many rows it has.
pub struct Choice {
    /// Its value.
    pub value: &'static str,
    /// Its label.
    pub label: &'static str,
    /// How many.
    pub count: i64,
}

/// A call in the list.
pub struct CallRow {
    /// Its page.
    pub href: String,
    /// When, to the second.
    pub at: String,
    /// Its operation.
    pub operation: String,
    /// Its service.
    pub service: String,
    /// How it ended.
    pub state: Tag,
    /// The code, when it has a page.
    pub code: Option<String>,
    /// What the answer says.
    pub message: String,
    /// How long it took.
    pub duration: String,
    /// `IdentifiantRequete`.
    pub key: String,
    /// The end of its own id.
    pub trace: String,
}

/// The list of calls.
#[derive(Template)]
#[template(path = "appels.html")]
pub struct CallList {
    /// What surrounds it.
    pub shell: Shell,
    /// The operator's name.
    pub operator: String,
    /// Calls of the last day.
    pub day: i64,
    /// How many of them were accepted.
    pub share: Option<Tag>,
    /// The outcomes to choose from.
    pub outcomes: Vec<Choice>,
    /// The services and operations to choose from.
    pub services: Vec<(&'static str, &'static str, Vec<&'static str>)>,
    /// The calls.
    pub rows: Vec<CallRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// What is asked for.
    pub query: ListQuery,
}

impl CallList {
    /// Whether a filter has this value.
    fn is(&self, filter: &str, value: &str) -> bool {
        self.query.filter(filter) == value
    }
}

/// A text shown line by line.
#[derive(Default)]
pub struct Source {
    /// Its lines, the first of them.
    pub lines: Vec<Line>,
    /// Whether there are more.
    pub more: bool,
}

/// One line.
pub struct Line {
    /// Its text.
    pub text: String,
    /// Whether it is the one at fault.
    pub marked: bool,
}

impl Source {
    /// Lines shown of a text.
    const LINES_MAX: usize = 1_500;

    /// The lines of `lines`, of which those of `marked`, from 1, are at fault.
    pub fn new<'t>(lines: impl IntoIterator<Item = &'t str>, marked: &[usize]) -> Self {
        let mut source = Self::default();
        for (number, text) in (1..).zip(lines) {
            if number > Self::LINES_MAX {
                source.more = true;
                break;
            }
            source.lines.push(Line {
                text: text.to_owned(),
                marked: marked.contains(&number),
            });
        }
        source
    }
}

/// One of the two texts of a call.
pub struct Text {
    /// Its id on the page.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its size, whole.
    pub size: String,
    /// Laid out, when it could be.
    pub pretty: Option<Source>,
    /// As it was, masked.
    pub raw: Source,
    /// Whether only its beginning was kept.
    pub cut: bool,
    /// Whether nothing was kept although something came.
    pub unkept: bool,
}

/// One call.
#[derive(Template)]
#[template(path = "appel.html")]
pub struct CallPage {
    /// What surrounds it.
    pub shell: Shell,
    /// Its operation.
    pub operation: String,
    /// Its service.
    pub service: String,
    /// How it ended.
    pub state: Tag,
    /// Its code in the catalogue, when the call was not accepted and the code has a page.
    pub code: Option<&'static Code>,
    /// What the answer says.
    pub message: String,
    /// Whether it was accepted.
    pub accepted: bool,
    /// Its own id.
    pub id: String,
    /// Label, value, whether it is a reference.
    pub facts: Vec<(&'static str, String, bool)>,
    /// The operation's own page, when there is one.
    pub explained: Option<String>,
    /// The request, then the answer.
    pub texts: Vec<Text>,
}

/// The validator.
#[derive(Template)]
#[template(path = "validateur.html")]
pub struct Validator {
    /// What surrounds it.
    pub shell: Shell,
    /// The session's token.
    pub csrf: String,
    /// What was pasted.
    pub text: String,
    /// Whether it is taken for a lot, whatever its columns.
    pub is_lot: bool,
    /// Its lines, those at fault marked.
    pub source: Source,
    /// What was found.
    pub report: Option<Report>,
    /// Bytes at most.
    pub max: usize,
}
