//! What can go wrong in the store.

/// An error of the store. A caller that gets one has changed nothing, except for
/// [`Error::Unknown`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Come again later: full queue, database away, read-only, disk full, too many connections.
    #[error("store unavailable: {0}")]
    Unavailable(String),
    /// A serialization failure or deadlock; the store itself runs the unit again.
    #[error("serialization failure: {0}")]
    Retry(String),
    /// The outcome of a commit could not be learnt within the deadline.
    #[error("commit outcome unknown: {0}")]
    Unknown(String),
    /// A constraint refused the row.
    #[error("constraint violated: {0}")]
    Constraint(String),
    /// A row did not have the shape its reader wants.
    #[error("unreadable row: {0}")]
    Decode(String),
    /// Anything else: a defect.
    #[error("store defect: {0}")]
    Internal(String),
}

impl From<Error> for kernel::Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(what) | Error::Retry(what) | Error::Unknown(what) => {
                Self::Unavailable(what)
            }
            Error::Constraint(_) | Error::Decode(_) | Error::Internal(_) => Self::internal(error),
        }
    }
}
