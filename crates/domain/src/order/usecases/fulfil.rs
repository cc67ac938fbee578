//! What the platform does with an admitted order: the route (CR), then handing the line over (MAD).

use std::sync::Arc;

use kernel::{Fault, Refusal, codes};
use storage::Error;

use super::follow::{advance, own_order, start};
use super::{HAND_OVER_JOB, PTO_PREFIX_SETTING};
use crate::access::{Ctx, Duty, OperatorScope, SystemScope};
use crate::line::{self, LineState, LiveLine};
use crate::order::store::{self, Key};
use crate::order::{BuiltBy, Event, Order, Status, pto, rules, states};
use crate::release::{self, Release};
use crate::{
    Outcome, Platform, Unit, Verdict, Work, building, event, operator, outbox, setting, write,
};

/// Tries to find a PTO reference that nobody uses; one in 34^8 is taken at random.
const PTO_TRIES: usize = 8;
const PTO_PREFIX_DEFAULT: &str = "F2";

/// Gives the CR of an admitted order: a route, atomically, or the refusal. Run by its job; doing it
/// again changes nothing.
///
/// # Errors
/// A fault when it is not known to be committed.
pub async fn report_order(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    order: String,
) -> Result<Outcome<Status>, Fault> {
    write(platform, ctx, Unit::new("fci.report_order"), move |work| {
        report(work, &order)
    })
    .await
}

fn report(work: &mut Work<'_>, id: &str) -> Result<Verdict<Status>, Error> {
    let (scope, mut order) = match own_order(work, &Key::Id(id.to_owned()))? {
        Ok(found) => found,
        Err(refusal) => return Ok(Verdict::Refused(refusal)),
    };
    if order.status != Status::ArOk {
        return Ok(Verdict::Accepted(order.status));
    }
    let assigned = if order.existing_pto {
        assign_existing(work, &mut order)?
    } else {
        assign_new(work, &scope, &mut order)?
    };
    if let Err(refusal) = &assigned {
        order.motive.clone_from(&refusal.code);
        order.comment = refusal.detail.clone().unwrap_or_default();
    }
    let mut events = vec![Event::RouteRefused];
    if assigned.is_ok() {
        order.prestation = Some(kernel::reference::make("PRS", 10, work.bits()));
        events = vec![Event::RouteAssigned];
        match (order.existing_pto, order.built_by) {
            (true, _) => start(
                work,
                &scope,
                scope.operator(),
                HAND_OVER_JOB,
                &order,
                work.ctx.now,
            )?,
            (false, BuiltBy::Oc) => events.push(Event::Subcontracted),
            (false, BuiltBy::Oi) => events.push(Event::ConnectionPlanned),
        }
    }
    for event in events {
        if let Err(refusal) = advance(work, &scope, scope.operator(), &mut order, event)? {
            return Ok(Verdict::Refused(refusal));
        }
    }
    Ok(Verdict::Accepted(order.status))
}

/// An existing PTO keeps its route; only one order at a time is under way on a line (FINT06).
fn assign_existing(work: &mut Work<'_>, order: &mut Order) -> Result<Result<(), Refusal>, Error> {
    let duty = work.ctx.duty(Duty::FibreOccupancy);
    if !line::store::reserve_line(work.tx, &duty, &order.pto_ref, &order.id)? {
        return Ok(Err(Refusal::new(&codes::FINT06)));
    }
    if let Some(line) = line::store::line_by_pto(work.tx, &duty, &order.pto_ref)? {
        order.fibre_id = line.fibre_id;
        order.pbo_ref = line.pbo_ref;
    }
    Ok(Ok(()))
}

/// A line to build takes a free fibre of a PBO that serves the place (FINT01 when none is left).
fn assign_new(
    work: &mut Work<'_>,
    scope: &OperatorScope,
    order: &mut Order,
) -> Result<Result<(), Refusal>, Error> {
    let duty = work.ctx.duty(Duty::FibreOccupancy);
    let release = release::store::current(work.tx)?;
    let dwellings = building::store::dwellings_of(work.tx, release, &order.building_ref)?;
    let here = |d: &building::Dwelling| {
        d.batiment == order.batiment && d.escalier == order.escalier && d.etage == order.etage
    };
    let dwellings: Vec<_> = dwellings.into_iter().filter(here).collect();
    let pbos = rules::pbos_of(&dwellings);
    let served = (order.pm_ref.as_str(), pbos.as_slice());
    let taken =
        line::store::take_fibre(work.tx, &duty, release, served, scope.operator(), &order.id)?;
    order.pbo_ref = pbos.into_iter().next().unwrap_or_default();
    let Some(fibre) = taken else {
        return Ok(Err(Refusal::new(&codes::FINT01)));
    };
    order.pbo_ref = fibre.pbo_ref;
    order.fibre_id = fibre.id;
    order.pto_ref = new_pto(work, release)?;
    Ok(Ok(()))
}

fn new_pto(work: &mut Work<'_>, release: Release) -> Result<String, Error> {
    let duty = work.ctx.duty(Duty::FibreOccupancy);
    let prefix = setting::store::by_name(work.tx, &duty, PTO_PREFIX_SETTING)?;
    let prefix = prefix.as_deref().unwrap_or(PTO_PREFIX_DEFAULT);
    for _ in 0..PTO_TRIES {
        let reference = pto::new_reference(prefix, work.bits());
        let released = line::store::pto_by_reference(work.tx, release, &reference)?.is_some();
        if !released && !store::pto_is_used(work.tx, &duty, &reference)? {
            return Ok(reference);
        }
    }
    Err(Error::Internal("no free PTO reference".to_owned()))
}

/// Hands a line over (CR MAD) and tells the previous holder, if another operator was one, that it
/// lost it. Run by its job; doing it again changes nothing.
///
/// # Errors
/// A fault when it is not known to be committed.
pub async fn hand_over(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    order: String,
) -> Result<Outcome<Status>, Fault> {
    write(platform, ctx, Unit::new("fci.hand_over"), move |work| {
        deliver(work, &order)
    })
    .await
}

fn deliver(work: &mut Work<'_>, id: &str) -> Result<Verdict<Status>, Error> {
    let (scope, mut order) = match own_order(work, &Key::Id(id.to_owned()))? {
        Ok(found) => found,
        Err(refusal) => return Ok(Verdict::Refused(refusal)),
    };
    if !matches!(order.status, Status::CrOk | Status::RaccoOk) {
        return Ok(Verdict::Accepted(order.status));
    }
    let duty = work.ctx.duty(Duty::FibreOccupancy);
    if order.existing_pto {
        let (pto_ref, holder) = (&order.pto_ref, scope.operator());
        let before = line::store::hand_over_line(work.tx, &duty, pto_ref, holder, &order.id)?;
        let before = before.ok_or_else(|| Error::Internal(format!("line of {id} is gone")))?;
        overwrite(work, &before)?;
    } else {
        let line = LiveLine {
            pto_ref: order.pto_ref.clone(),
            pm_ref: order.pm_ref.clone(),
            pbo_ref: order.pbo_ref.clone(),
            fibre_id: order.fibre_id.clone(),
            state: LineState::InService,
            holder: Some(scope.operator().clone()),
            holder_code: String::new(),
            order: Some(order.id.clone()),
            pending_order: None,
            version: 1,
        };
        if !line::store::insert_line(work.tx, &duty, &line)? {
            return Err(Error::Internal(format!("PTO of {id} has a line already")));
        }
    }
    if !order.fibre_id.is_empty() {
        let at = (order.fibre_id.as_str(), order.pto_ref.as_str());
        line::store::occupy_fibre(work.tx, &duty, at, scope.operator(), &order.id)?;
    }
    match advance(
        work,
        &scope,
        scope.operator(),
        &mut order,
        Event::HandedOver,
    )? {
        Ok(()) => Ok(Verdict::Accepted(order.status)),
        Err(refusal) => Ok(Verdict::Refused(refusal)),
    }
}

fn overwrite(work: &mut Work<'_>, before: &LiveLine) -> Result<(), Error> {
    let duty = work.ctx.duty(Duty::Overwriting);
    let (Some(holder), Some(order)) = (&before.holder, &before.order) else {
        return tell_loss(work, &duty, before);
    };
    let Some(mut lost) = store::order_of(work.tx, &duty, holder, order)? else {
        return Ok(());
    };
    if states::next(lost.status, Event::Overwritten).is_ok()
        && let Err(refusal) = advance(work, &duty, holder, &mut lost, Event::Overwritten)?
    {
        return Err(Error::Retry(refusal.to_string()));
    }
    Ok(())
}

/// Tells a holder that only the referential knew, and so has no order here, if it is an operator of
/// the platform.
fn tell_loss(work: &mut Work<'_>, duty: &SystemScope, before: &LiveLine) -> Result<(), Error> {
    let code = before.holder_code.as_str();
    let holder = match code {
        "" => None,
        code => operator::store::by_code(work.tx, duty, code)?,
    };
    let Some(holder) = holder else {
        return Ok(());
    };
    let payload = serde_json::json!({ "pto": before.pto_ref }).to_string();
    let told = event::Told {
        kind: "NOTIF_ECRASEMENT",
        subject: &before.pto_ref,
        payload: &payload,
    };
    work.event(duty, &holder.id, &told)?;
    let message = outbox::Message {
        template: "ecrasement_ligne".to_owned(),
        recipient: holder.contact_email,
        values: [("pto".to_owned(), before.pto_ref.clone())].into(),
    };
    work.post(duty, &holder.id, &message)
}
