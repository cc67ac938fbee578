//! Calls of the XML web services, as an operator's own developers see them: what was sent, what was
//! answered, how long it took, where the message left its contract. Kept behind the answer
//! ([`crate::spool`]), masked ([`rules`]), for [`DAYS_KEPT`] and within a cap for each operator: a
//! help to whoever integrates, not a proof. Proofs are the audit's.

pub mod rules;
pub mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use kernel::{CertificateId, Fault, Millis, RequestId};
use storage::{Error, Lane, Tx};

use crate::Platform;
use crate::access::{Ctx, SystemScope};

/// Days of real time for which a call is kept.
pub const DAYS_KEPT: i64 = 30;
/// Most calls kept of one operator; the oldest go first.
pub const CALLS_MAX: i64 = 20_000;
/// Most bytes of messages kept of one operator; the oldest calls go first.
pub const BYTES_MAX: i64 = 256 * 1024 * 1024;
/// Bytes kept of a request, and of an answer.
pub const TEXT_MAX: usize = 64 * 1024;
/// Calls forgotten in one unit of work.
const PURGE_SLICE: i64 = 500;

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOutcome {
    /// Return code 0.
    Accepted,
    /// A normal answer with another return code.
    Refused,
    /// A Fault.
    Fault,
}

impl CallOutcome {
    /// Every outcome, in the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Accepted, Self::Refused, Self::Fault];

    /// As stored, and as addresses name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Fault => "fault",
        }
    }

    /// As stored, read back.
    ///
    /// # Errors
    /// Another text.
    pub fn from_store(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|known| known.as_str() == text);
        found.ok_or_else(|| Error::Internal(format!("call outcome {text}")))
    }
}

/// Where a message left its contract, or stopped being readable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: i64,
    /// Column, from 1, in characters.
    pub column: i64,
    /// The element at fault; empty when the message cannot be read.
    pub element: String,
    /// The rule of XML Schema that it breaks; empty when the message cannot be read.
    pub rule: String,
}

/// One call, without its texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The request's own id, which the answer quotes: `IdentifiantReponse`, or the Fault's
    /// `Reference`.
    pub id: RequestId,
    /// When, in business time.
    pub at: Millis,
    /// When, in real time, from which it is kept.
    pub real_at: Millis,
    /// The web service of the address, as it was asked for.
    pub service: String,
    /// The operation; empty when the message does not say.
    pub operation: String,
    /// The certificate presented.
    pub certificate_id: CertificateId,
    /// Its label and the person responsible for it.
    pub certificate: String,
    /// `IdentifiantRequete`, as it was written; empty when there is none.
    pub request_key: String,
    /// How it ended.
    pub outcome: CallOutcome,
    /// `0`, the motive, or the Fault's code.
    pub code: String,
    /// What the answer says of it.
    pub message: String,
    /// From the message received to the answer ready, in microseconds.
    pub duration_us: i64,
    /// Bytes received.
    pub request_size: i64,
    /// Bytes answered.
    pub reply_size: i64,
    /// Where the message is at fault.
    pub place: Option<Place>,
}

/// The texts of a call: masked, [`TEXT_MAX`] bytes of each at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// The request.
    pub request: String,
    /// The answer.
    pub reply: String,
}

/// Keeps a call of the caller's, soon.
pub fn log(platform: &Platform, ctx: &Ctx, call: Call, texts: Texts) {
    let Ok(scope) = ctx.operator() else {
        return;
    };
    let scope = scope.clone();
    let bytes = texts.request.len() + texts.reply.len();
    let write = move |tx: &mut dyn Tx| store::insert(tx, &scope, &call, &texts);
    platform.spool.push(bytes, Arc::new(write));
}

/// Forgets a slice of what is too old, or beyond an operator's cap; how many calls that was.
///
/// # Errors
/// The store does not answer.
pub async fn purge(platform: &Platform, scope: SystemScope) -> Result<usize, Fault> {
    let before = Millis(platform.clock.real_now().0 - DAYS_KEPT * Millis::DAY);
    let due = move |tx: &mut dyn Tx| store::is_due(tx, &scope, before, (CALLS_MAX, BYTES_MAX));
    if !platform.db.get(due).await? {
        return Ok(0);
    }
    let forget = move |tx: &mut dyn Tx| forget(tx, &scope, before, (CALLS_MAX, BYTES_MAX));
    Ok(platform.db.write(Lane::Background, None, forget).await?)
}

/// One slice: what is older than `before`, else the first calls of an operator beyond its cap.
fn forget(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    (calls_max, bytes_max): (i64, i64),
) -> Result<usize, Error> {
    let mut gone = store::list_old(tx, scope, before, PURGE_SLICE)?;
    if gone.is_empty() {
        for volume in store::list_over(tx, scope, (calls_max, bytes_max))? {
            let (mut calls, mut bytes) = (volume.calls - calls_max, volume.bytes - bytes_max);
            for kept in store::list_first(tx, scope, &volume.operator, PURGE_SLICE)? {
                if calls <= 0 && bytes <= 0 {
                    break;
                }
                calls -= 1;
                bytes -= kept.bytes;
                gone.push(kept);
            }
        }
    }
    for kept in &gone {
        store::delete(tx, scope, kept)?;
    }
    Ok(gone.len())
}
