//! Mails: what waits in the outbox is rendered, sent and settled, behind the unit of work that
//! wrote it. Delivered at least once under a stable id; a failing server delays and never drops
//! (trust D8, D20).
#![warn(missing_docs)]

mod render;
mod send;
mod transport;

pub use render::{Mail, Template, render};
pub use send::send_due;
pub use transport::{Memory, Transport};

/// Why a mail cannot be made, or a transport cannot be opened. None of these goes away by waiting.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The message names a template that nobody declares.
    #[error("unknown template {0}")]
    UnknownTemplate(String),
    /// The template asks for a value that the message does not hold.
    #[error("template {template} wants {value}")]
    MissingValue {
        /// The template.
        template: &'static str,
        /// The value it wants.
        value: String,
    },
    /// A placeholder is opened and never closed.
    #[error("template {0} has an open placeholder")]
    OpenPlaceholder(&'static str),
    /// A subject would hold a line break or another control character.
    #[error("control character in the subject of {0}")]
    ControlCharacter(&'static str),
    /// An address cannot be written to. It is not repeated here: this text is kept and shown.
    #[error("malformed address of the {0}")]
    Address(&'static str),
    /// The parts do not make a mail.
    #[error("mail: {0}")]
    Build(#[from] lettre::error::Error),
    /// The mail server's URL is wrong.
    #[error("mail server: {0}")]
    Server(#[from] lettre::transport::smtp::Error),
}
