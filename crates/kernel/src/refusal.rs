//! The two ways a request does not succeed. A [`Refusal`] is the business saying no, in the trade's
//! words; a [`Fault`] is the platform being broken. Each edge maps each of them once.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::codes::{self, Code, WhoActs};

/// What an edge does with a refusal, whatever its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Something in the request is missing, malformed or incoherent.
    Invalid,
    /// The caller may not do this, whatever the object.
    Forbidden,
    /// There is no such object in the caller's own park; also said of another operator's object.
    NotFound,
    /// The object is in a state that does not allow it, or somebody was first.
    Conflict,
    /// The network or the contract does not allow it.
    Unavailable,
}

/// The business says no: a code of the trade, the field it is about, what to do and who must act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The motive, as written in files and on screen: `FADR01`, `FIMP13`, `9`...
    pub code: String,
    /// The trade's field name (`CodeAdresseImmeuble`), when one field is at fault.
    pub field: Option<String>,
    /// What is said of this very case beside the code's own label, in French.
    pub detail: Option<String>,
}

impl Refusal {
    /// The refusal of `code`, about nothing in particular.
    #[must_use]
    pub fn new(code: &'static Code) -> Self {
        Self {
            code: code.code.to_owned(),
            field: None,
            detail: None,
        }
    }

    /// The same refusal, about the field named as the trade names it.
    #[must_use]
    pub fn on(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// The same refusal with a sentence about this very case, in French, without personal data.
    #[must_use]
    pub fn because(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The row of the code table this refusal carries.
    #[must_use]
    pub fn spec(&self) -> &'static Code {
        codes::by_code(&self.code).unwrap_or(&codes::AUTRE)
    }

    /// What an edge does with it.
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        self.spec().kind
    }

    /// The common return code of the trade's services (GT SAV "Harmonisation").
    #[must_use]
    pub fn return_code(&self) -> u16 {
        self.spec().return_code
    }

    /// One French sentence: the code's label, the field, the detail.
    #[must_use]
    pub fn message(&self) -> String {
        let mut text = self.spec().label.to_owned();
        if let Some(field) = &self.field {
            text.push_str(&format!(" (champ {field})"));
        }
        if let Some(detail) = &self.detail {
            text.push_str(&format!("\u{202f}: {detail}"));
        }
        text
    }

    /// What the caller can do about it, in French.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        self.spec().remedy
    }

    /// Who must act.
    #[must_use]
    pub fn who_acts(&self) -> WhoActs {
        self.spec().who
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused[{}] {}", self.code, self.message())
    }
}

/// The platform is broken, or something it stands on is away. The chain is for the log; a caller
/// only ever sees the request's reference.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The store cannot answer now (full queue, database away, disk full): come again later.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A defect: an invariant does not hold, a row cannot be read, a statement failed.
    #[error("internal: {0}")]
    Internal(String),
}

impl Fault {
    /// A defect, told to the log.
    pub fn internal(what: impl fmt::Display) -> Self {
        Self::Internal(what.to_string())
    }
}
