//! What became of releases: who published them, who took them back, when and why.

pub mod store;

use kernel::Millis;

use super::ReleaseInfo;

/// A release and who decided on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The release.
    pub info: ReleaseInfo,
    /// Who published it, as shown; empty when nobody did, or before this was kept.
    pub published_by: String,
    /// Who withdrew it; empty when nobody did, or it was superseded.
    pub withdrawn_by: String,
    /// When, business time.
    pub withdrawn_at: Option<Millis>,
    /// Why, as given.
    pub withdrawn_why: String,
    /// Whether its rows are gone: nothing can be said of what it changed any more.
    pub undone: bool,
}
