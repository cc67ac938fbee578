//! What the OI's staff does with subscriptions, at the command line.

use std::sync::Arc;

use kernel::{Fault, Refusal, SubscriptionId, codes};

use super::store;
use crate::access::Ctx;
use crate::operator::usecases::staff_on;
use crate::{Outcome, Platform, Unit, Verdict, write};

/// Subscribes an operator to e-services, active at once. A service it already has stays as it is.
///
/// # Errors
/// A fault when it is not known to be committed; `5` for an unknown operator and `17` for a service
/// that is not in `known` are in the outcome.
pub async fn subscribe(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator: String,
    services: Vec<String>,
    known: Vec<&'static str>,
) -> Result<Outcome<()>, Fault> {
    let outcome = write(platform, ctx, Unit::new("subscription.add"), move |work| {
        let (staff, operator) = match staff_on(work, &operator)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        for service in &services {
            if !known.contains(&service.as_str()) {
                return Ok(Verdict::Refused(Refusal::new(&codes::RC17).on(service)));
            }
            let id: SubscriptionId = work.id();
            let now = work.ctx.now;
            store::insert(work.tx, &staff, &operator.id, &id, service, now)?;
        }
        Ok(Verdict::Accepted(()))
    })
    .await;
    platform.forget_identities();
    outcome
}
