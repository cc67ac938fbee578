//! What every entry of the platform (page, XML operation, later file flow) declares of itself.
//! There is no default: an entry that does not say all of it does not compile.

use std::future::Future;
use std::pin::Pin;

use super::Permission;

/// A boxed future of an edge.
pub type Pending<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Who may enter.
#[derive(Clone, Copy, Debug)]
pub enum Access {
    /// Anyone, for the reason given.
    Public(&'static str),
    /// Anyone signed in, for the reason given.
    SignedIn(&'static str),
    /// Holders of a permission, subject to their operator's subscription.
    Needs(Permission),
}

/// What an entry leaves in the audit.
#[derive(Clone, Copy, Debug)]
pub enum Audited {
    /// Nothing, for the reason given.
    Nothing(&'static str),
    /// A row of this action, committed before the answer leaves (personal data).
    Consultation(&'static str),
    /// The row of the unit of work it runs.
    Unit(&'static str),
}

/// Why doing it twice has one effect.
#[derive(Clone, Copy, Debug)]
pub enum Repeat {
    /// It changes nothing.
    ReadOnly,
    /// The form carries a key made with the page.
    FormKey,
    /// `IdentifiantRequete` is the key.
    MessageId,
    /// The change itself is the same the second time, for the reason given.
    Natural(&'static str),
}
