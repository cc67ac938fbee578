//! Telling of a test, listing what was told, forgetting what is old.

use std::sync::Arc;

use domain::access::{Channel, Ctx, Duty};
use domain::{Platform, spool};
use kernel::{EligibilityId, Fault, Refusal};
use storage::{Lane, Tx};

use super::{Door, Entry, KEPT_MS, Led, Listing, PURGE_SLICE, Question, rules, store};
use crate::usecases::Tested;

/// Notes a test that is about to be answered. Nothing is read or written here.
pub fn told(platform: &Platform, ctx: &Ctx, question: Question, tested: &Result<Tested, Refusal>) {
    led(platform, ctx, question, rules::led(tested));
}

/// Notes the tests of a lot, in their order.
pub fn told_lot(platform: &Platform, ctx: &Ctx, tests: impl Iterator<Item = (Question, Led)>) {
    let mut ids = ctx.ids();
    for (question, led) in tests {
        keep(platform, ctx, ids.next(), question, led);
    }
}

/// Notes a question and what it led to.
pub fn led(platform: &Platform, ctx: &Ctx, question: Question, led: Led) {
    keep(platform, ctx, ctx.ids().next(), question, led);
}

/// Hands a row to the spool; the OI's staff has no history.
fn keep(platform: &Platform, ctx: &Ctx, id: EligibilityId, question: Question, led: Led) {
    let Ok(scope) = ctx.operator().cloned() else {
        return;
    };
    let entry = Entry {
        id,
        at: ctx.now,
        real_at: ctx.real_now,
        door: match ctx.channel {
            Channel::Xml => Door::Xml,
            _ => Door::Portal,
        },
        asked_by: ctx.actor.id.clone(),
        asked_name: ctx.actor.name.clone(),
        question,
        led,
    };
    // The text is kept twice: to be shown, and to be searched.
    let bytes = 2 * (entry.question.shown.len() + entry.led.address.len())
        + entry.question.query.len()
        + 2 * entry.asked_name.len();
    let write = move |tx: &mut dyn Tx| store::insert(tx, &scope, &entry);
    platform.spool.push(bytes, Arc::new(write));
}

/// One page of the caller's history, its own last test included.
///
/// # Errors
/// Refused `11` for who has no operator; a fault when the store does not answer.
pub async fn list(
    platform: &Platform,
    ctx: &Ctx,
    listing: Listing,
) -> Result<Result<Vec<Entry>, Refusal>, Fault> {
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    spool::flush(platform).await?;
    let read = move |tx: &mut dyn Tx| store::list(tx, &scope, &listing);
    Ok(Ok(platform.db.read(read).await?))
}

/// Forgets a slice of what is older than [`KEPT_MS`]; how much that was.
///
/// # Errors
/// The store does not answer.
pub async fn purge(platform: Arc<Platform>, ctx: Arc<Ctx>) -> Result<usize, Fault> {
    let (scope, before) = (ctx.duty(Duty::Upkeep), ctx.real_now.plus(-KEPT_MS));
    let look = move |tx: &mut dyn Tx| store::has_older(tx, &scope, before);
    if !platform.db.get(look).await? {
        return Ok(0);
    }
    let forget = move |tx: &mut dyn Tx| store::delete_older(tx, &scope, before, PURGE_SLICE);
    let gone = platform.db.write(Lane::Background, None, forget).await?;
    Ok(usize::try_from(gone).unwrap_or(usize::MAX))
}
