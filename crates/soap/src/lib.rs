//! SOAP 1.1, document/literal, contract first (architecture §10): bytes in, bytes out. An
//! [`Envelope`] is read within [`Limits`], validated by the [`Contract`] it was sent to, then read
//! into plain structs made with [`message!`]; answers are written the same way, and what cannot be
//! answered becomes a [`SoapFault`].
//!
//! Only [`server`] knows of HTTP, and nothing of TLS or the store. Prefixes, comments, CDATA and a
//! byte-order mark are the sender's business; a DOCTYPE, a processing instruction or an entity of
//! its own is refused before anything is built from it, and no schema named by a message is ever
//! fetched.
#![warn(missing_docs)]

mod contract;
mod envelope;
mod fault;
mod journal;
mod labels;
mod message;
mod pairs;
mod pretty;
mod sample;
mod schema;
pub mod server;
mod time;

pub use contract::{COMMON_NAMESPACE, COMMON_XSD, Contract, SchemaError};
pub use envelope::{Envelope, Limits};
pub use fault::{FaultCode, SoapFault};
pub use labels::broken_rule;
pub use message::{Field, Head, ReplyHeader, RequestHeader, Return, Stamp, YesNo};
pub use pairs::Pairs;
pub use pretty::{Pretty, indented, pretty};
pub use schema::Element;
pub use time::{Day, Instant};

/// Namespace of the SOAP 1.1 envelope.
pub const ENVELOPE_NAMESPACE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// What every answer is sent as, faults included.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";
