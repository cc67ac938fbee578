//! What an operator is told of, in a numbered feed it reads at its own pace (`listerEvenements`).
//! Numbers are given behind the writers by the sealer, so that counting never makes two orders
//! conflict; no synchronous answer carries one.

pub mod store;

/// One thing told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// `AR_CMD_ACCES`, `CR_CMD_ACCES`, `CR_MAD_LIGNE`, `NOTIF_ECRASEMENT`...
    pub kind: &'a str,
    /// The operator's own reference of what it is about.
    pub subject: &'a str,
    /// The rest, as JSON.
    pub payload: &'a str,
}

/// Largest page of the feed, in events.
pub const PAGE_MAX: i64 = 100;
