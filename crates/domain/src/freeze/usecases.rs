//! Putting and lifting freezes, from whichever door.

use std::sync::Arc;

use kernel::{Fault, Refusal, codes};

use super::{FreezeKind, NewFreeze, labels, rules, store};
use crate::access::Ctx;
use crate::{Idempotency, Outcome, Platform, Unit, Verdict, building, release, write};

/// Freezes a building or a PM of the release in force. An object has one freeze at a time, in force
/// or to come.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `5` no such object, `EGEL01` it is frozen already, those of [`rules::freeze`].
pub async fn freeze(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: NewFreeze,
    once: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("reference.freeze").once(once);
    write(platform, ctx, unit, move |work| {
        work.about(&format!("{} {}", new.kind.as_str(), new.reference));
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let freeze = match rules::freeze(&new, work.ctx.now) {
            Ok(freeze) => freeze,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let (kind, reference) = (new.kind, new.reference.as_str());
        let release = release::store::current(work.tx)?;
        let exists = match kind {
            FreezeKind::Building => {
                building::store::building_by_reference(work.tx, release, reference)?.is_some()
            }
            FreezeKind::Pm => building::store::pm_exists(work.tx, release, reference)?,
        };
        if !exists {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC05).on("ref")));
        }
        let put = (work.ctx.actor.name.as_str(), work.ctx.now);
        let open = store::open_at(work.tx, kind, reference, work.ctx.now)?;
        if open.is_some() || !store::insert(work.tx, &staff, &freeze, put)? {
            return Ok(Verdict::Refused(Refusal::new(&codes::EGEL01)));
        }
        Ok(Verdict::Accepted(()))
    })
    .await
}

/// Lifts the freeze of a building or a PM, in force or to come, whether or not the referential
/// still has the object.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `5` no freeze.
pub async fn lift(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    (kind, reference): (FreezeKind, String),
    once: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("reference.lift_freeze").once(once);
    write(platform, ctx, unit, move |work| {
        work.about(&format!("{} {reference}", kind.as_str()));
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let lifted = (work.ctx.actor.name.as_str(), work.ctx.now);
        match store::lift(work.tx, &staff, (kind, &reference), lifted)? {
            0 => Ok(Verdict::Refused(
                Refusal::new(&codes::RC05)
                    .on("ref")
                    .because(labels::NOT_FROZEN),
            )),
            _ => Ok(Verdict::Accepted(())),
        }
    })
    .await
}
