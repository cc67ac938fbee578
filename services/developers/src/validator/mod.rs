//! What is wrong with a message, a file of orders or the file of a lot before it is sent: the same
//! readers, schemas and controls as the doors use, with a line for each finding and a column where
//! there is one. Nothing is carried out, and nothing is kept.

mod file;
mod lot;
pub(crate) mod web;
mod xml;

use domain::lot::rules::is_lot;
use kernel::codes;
use service_api::XmlService;

use crate::labels::verdict;

pub use lot::check_lot;

/// Most bytes that are looked at.
pub const BYTES_MAX: usize = 256 * 1024;
/// Most findings that are told.
pub const FINDINGS_MAX: usize = 50;
/// Characters shown of a line: of a long one, those around the place.
const EXCERPT_MAX: usize = 160;

/// One thing that is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// Line, from 1; 0 when it is about the whole.
    pub line: usize,
    /// Column, from 1, in characters; 0 when it is about the whole line.
    pub column: usize,
    /// The element or field at fault; may be empty.
    pub field: String,
    /// The code with which the door would refuse it; empty when no code is given for it.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// The rule of XML Schema that is broken; empty otherwise.
    pub rule: String,
    /// The line, or what stands around the place in it.
    pub excerpt: String,
}

impl Finding {
    /// Whether its code has a page in the catalogue.
    #[must_use]
    pub fn has_page(&self) -> bool {
        codes::by_code(&self.code).is_some()
    }

    /// What to do about its code; empty when no code is given for it.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        codes::by_code(&self.code).map_or("", |row| row.remedy)
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// What it was recognised as; empty when it was not.
    pub subject: String,
    /// What is wrong, in the order of the text.
    pub findings: Vec<Finding>,
    /// Whether there is more than is told.
    pub more: bool,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.findings.is_empty()
    }

    /// The lines at fault.
    #[must_use]
    pub fn lines(&self) -> Vec<usize> {
        self.findings.iter().map(|finding| finding.line).collect()
    }

    fn whole(code: &str, message: String) -> Self {
        Self {
            findings: vec![Finding {
                code: code.to_owned(),
                message,
                ..Finding::default()
            }],
            ..Self::default()
        }
    }

    /// Adds a finding while there is room; false when there is none.
    fn add(&mut self, finding: Finding) -> bool {
        if self.findings.len() >= FINDINGS_MAX {
            self.more = true;
            return false;
        }
        self.findings.push(finding);
        true
    }
}

/// Looks at a message of one of `services`, a file of orders or that of a lot: which of them, the
/// text says. A heading that both files may have is a lot's; what a lot's own columns do not tell
/// is for [`check_lot`].
#[must_use]
pub fn check(bytes: &[u8], services: &[&'static XmlService]) -> Report {
    if bytes.len() > BYTES_MAX {
        return Report::whole("18", verdict::too_large(BYTES_MAX));
    }
    let markup = bytes.trim_ascii_start().starts_with(b"<");
    if !markup && is_lot(bytes) {
        return check_lot(bytes);
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let mut report = Report::whole("18", verdict::ENCODING.to_owned());
            report.findings[0].line = before.matches('\n').count() + 1;
            return report;
        }
    };
    match text.trim_start().chars().next() {
        None => Report::whole("", verdict::EMPTY.to_owned()),
        Some('<') => xml::check(text, services),
        Some(_) => file::check(text),
    }
}

/// What is shown of a line, around a column of it.
fn excerpt(text: &str, line: usize, column: usize) -> String {
    let Some(found) = line.checked_sub(1).and_then(|at| text.lines().nth(at)) else {
        return String::new();
    };
    let from = column.saturating_sub(EXCERPT_MAX / 2);
    found.chars().skip(from).take(EXCERPT_MAX).collect()
}
