//! The OI's pages of imports and releases: forms in, the use cases of every door, pages out.

mod files;
mod imports;
mod releases;
mod streams;

use domain::Outcome;
use kernel::{Fault, Refusal, codes};
use service_api::{PageCall, PageError};

pub(crate) use files::{differences, ipe, notice, public};
pub(crate) use imports::{import, imports, rejects, report, upload};
pub(crate) use releases::{approve, changes, decline, release, releases, roll_back, touched};

/// What is not where a page looks for it.
fn found<T>(found: Option<T>) -> Result<T, PageError> {
    found.ok_or(PageError::NotFound)
}

/// The number in a path.
fn number(call: &PageCall) -> Result<domain::release::Release, PageError> {
    let number = call.param("id").parse().ok();
    found(number.filter(|n| *n > 0)).map(domain::release::Release)
}

/// The scope of a member of the OI's staff; the gate has let nobody else in.
fn staff(call: &PageCall) -> Result<domain::access::StaffScope, PageError> {
    Ok(call.ctx()?.staff()?.clone())
}

fn settled<T>(outcome: Result<Outcome<T>, Fault>) -> Result<Result<T, Refusal>, PageError> {
    let result = outcome?.into_result();
    match result {
        Err(refusal) if refusal.code == codes::RC05.code => Err(PageError::NotFound),
        other => Ok(other),
    }
}
