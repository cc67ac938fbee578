//! What every change of an order brings with it: its timeline, its events, its mails, its jobs.

use kernel::{Millis, OperatorId, Refusal, TimelineId, codes};
use storage::Error;

use crate::access::{OperatorScope, Reach};
use crate::order::store::{self, Key, NewTimelineRow};
use crate::order::{Event, Order, Status, states};
use crate::{Work, account, event, job, operator, outbox};

pub(super) fn start(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    operator: &OperatorId,
    kind: &'static str,
    order: &Order,
    due: Millis,
) -> Result<(), Error> {
    let id = order.id.as_str();
    let new = job::New {
        kind,
        dedup_key: id,
        payload: id,
        track: job::Track::Quick,
    };
    work.enqueue(reach, operator, &new, due)
}

/// One line to add to a timeline.
pub(super) struct Change<'a> {
    pub(super) event: &'a str,
    pub(super) from: Option<Status>,
    pub(super) to: Status,
    pub(super) code: &'a str,
    pub(super) comment: &'a str,
}

pub(super) fn note(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    operator: &OperatorId,
    order: &Order,
    change: &Change<'_>,
) -> Result<(), Error> {
    let id: TimelineId = work.id();
    let ctx = work.ctx;
    let row = NewTimelineRow {
        id,
        order: &order.id,
        at: ctx.now,
        event: change.event,
        from: change.from.map_or("", Status::as_str),
        to: change.to,
        actor_kind: ctx.actor.kind,
        actor_name: &ctx.actor.name,
        channel: ctx.channel.as_str(),
        code: change.code,
        comment: change.comment,
    };
    store::append_timeline(work.tx, reach, operator, &row)
}

/// Writes what `event` brings about, the order itself being written already.
pub(super) fn follow(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    operator: &OperatorId,
    order: &Order,
    (from, event): (Status, Event),
) -> Result<(), Error> {
    let decision = states::next(from, event).map_err(|r| Error::Internal(r.to_string()))?;
    let change = Change {
        event: event.as_str(),
        from: Some(from),
        to: decision.status,
        code: &order.motive,
        comment: &order.comment,
    };
    note(work, reach, operator, order, &change)?;
    if let Some(kind) = decision.told {
        let payload = serde_json::json!({
            "prestation": order.prestation,
            "etat": decision.status.as_str(),
            "code": order.motive,
            "commentaire": order.comment,
            "pto": order.pto_ref,
        });
        let told = event::Told {
            kind,
            subject: &order.reference,
            payload: &payload.to_string(),
        };
        work.event(reach, operator, &told)?;
    }
    if let Some(template) = decision.mail {
        mail(work, reach, operator, order, template)?;
    }
    Ok(())
}

/// Mails the person who placed the order; a machine's order is told by its feed alone, but for the
/// loss of a line, which is always mailed to the operator.
fn mail(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    operator: &OperatorId,
    order: &Order,
    template: &str,
) -> Result<(), Error> {
    let recipient = if order.account.is_empty() && template == "ecrasement" {
        operator::store::by_id(work.tx, reach, operator)?.map(|o| o.contact_email)
    } else {
        account::store::email_of(work.tx, reach, operator, &order.account)?
    };
    let Some(recipient) = recipient else {
        return Ok(());
    };
    let label = codes::by_code(&order.motive).map_or("", |code| code.label);
    let values = [
        ("reference", order.reference.as_str()),
        ("prestation", order.prestation.as_deref().unwrap_or("")),
        ("pto", &order.pto_ref),
        ("motif", &order.motive),
        ("libelle", label),
        ("id", order.id.as_str()),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let message = outbox::Message {
        template: template.to_owned(),
        recipient,
        values: values.into(),
    };
    work.post(reach, operator, &message)
}

/// Changes an order by `event` and writes everything that follows.
pub(super) fn advance(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    operator: &OperatorId,
    order: &mut Order,
    event: Event,
) -> Result<Result<(), Refusal>, Error> {
    let from = order.status;
    let decision = match states::next(from, event) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    order.status = decision.status;
    order.updated = work.ctx.now;
    if !store::update(work.tx, reach, operator, order)? {
        return Ok(Err(Refusal::new(&codes::EVER01)));
    }
    order.version += 1;
    follow(work, reach, operator, order, (from, event))?;
    Ok(Ok(()))
}

/// The caller's order, or FIMP14 in the same words for an absent one and for another operator's.
pub(super) fn own_order(
    work: &mut Work<'_>,
    key: &Key,
) -> Result<Result<(OperatorScope, Order), Refusal>, Error> {
    let scope = match work.ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = store::by_key(work.tx, &scope, key)?;
    if let Some(order) = &found {
        work.about(&order.reference);
    }
    Ok(found
        .map(|order| (scope, order))
        .ok_or_else(|| Refusal::new(&codes::FIMP14)))
}
