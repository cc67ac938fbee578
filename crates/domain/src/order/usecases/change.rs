//! What an operator reports or asks of an order under way.

use std::sync::Arc;

use kernel::{Fault, Millis, OperatorId, OrderId, Refusal, codes};
use serde::{Deserialize, Serialize};
use storage::Error;

use super::HAND_OVER_JOB;
use super::follow::{advance, own_order, start};
use crate::access::{Ctx, Duty, Reach};
use crate::order::labels::why;
use crate::order::store::Key;
use crate::order::{BuiltBy, COMMENT_MAX, Event, Order, Status, file_date, overview, pto, store};
use crate::{Idempotency, Outcome, Platform, Unit, Verdict, Work, line, operator, write};

/// What an operation on an order answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Moved {
    /// The order's id.
    pub id: String,
    /// The operator's reference.
    pub reference: String,
    /// Where it stands now.
    pub status: Status,
    /// When, business time.
    pub at: Millis,
}

fn moved(order: &Order) -> Verdict<Moved> {
    Verdict::Accepted(Moved {
        id: order.id.to_string(),
        reference: order.reference.clone(),
        status: order.status,
        at: order.updated,
    })
}

/// Cancels an order before its line is handed over, for the `reason` given (512 characters at
/// most), and gives back what it had taken.
///
/// # Errors
/// A fault when it is not known to be committed; the refusal (FIMP14, FIMP06) is in the outcome.
pub async fn cancel_order(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    key: Key,
    reason: String,
    once: Option<Idempotency>,
) -> Result<Outcome<Moved>, Fault> {
    let unit = Unit::new("fci.cancel_order").once(once);
    write(platform, ctx, unit, move |work| {
        let (scope, mut order) = match own_order(work, &key)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        if reason.chars().count() > COMMENT_MAX {
            let refusal = Refusal::new(&codes::FIMP16)
                .on("Commentaire")
                .because(why::at_most(COMMENT_MAX));
            return Ok(Verdict::Refused(refusal));
        }
        order.motive.clear();
        order.comment.clone_from(&reason);
        for event in [Event::CancelRequested, Event::Cancelled] {
            if let Err(refusal) = advance(work, &scope, scope.operator(), &mut order, event)? {
                return Ok(Verdict::Refused(refusal));
            }
        }
        let duty = work.ctx.duty(Duty::FibreOccupancy);
        if order.existing_pto {
            line::store::clear_pending(work.tx, &duty, &order.pto_ref, &order.id)?;
        } else if !order.fibre_id.is_empty() {
            line::store::release_fibre(work.tx, &duty, &order.fibre_id, &order.id)?;
        }
        Ok(moved(&order))
    })
    .await
}

/// `CR_STOC`: how building the drop went (domain §3.3).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct StocReport {
    /// `CrRaccordementPrise`: OK or KO.
    pub outcome: String,
    /// `MotifKoCrRaccordementPrise`.
    pub motive: String,
    /// `ReferencePrise`.
    pub pto_ref: String,
    /// `DateRaccordementPrise`.
    pub connected_on: String,
    /// Every other field, by its trade name, as sent.
    pub others: std::collections::BTreeMap<String, String>,
    /// `Commentaire`.
    pub comment: String,
}

fn check_stoc(report: &StocReport, order: &Order) -> Result<Event, Refusal> {
    let bad = |field: &str, why: &str| Refusal::new(&codes::FIMP16).on(field).because(why);
    let missing = |field: &str| Refusal::new(&codes::FIMP15).on(field);
    if report.comment.chars().count() > COMMENT_MAX {
        return Err(bad("Commentaire", &why::at_most(COMMENT_MAX)));
    }
    match report.outcome.as_str() {
        "OK" => {
            let pto = pto::normalise(&report.pto_ref);
            if !pto.is_empty() && pto != order.pto_ref {
                return Err(bad("ReferencePrise", &why::other_pto(&order.pto_ref)));
            }
            if report.connected_on.is_empty() {
                return Err(missing("DateRaccordementPrise"));
            }
            if file_date(&report.connected_on).is_none() {
                return Err(bad("DateRaccordementPrise", why::DATE));
            }
            Ok(Event::Connected)
        }
        "KO" if report.motive.is_empty() => Err(missing("MotifKoCrRaccordementPrise")),
        "KO" => {
            let family = ["FCLI", "FINT", "FIMP17", "FIMP18", "FAUT"];
            let known = codes::by_code(&report.motive).is_some()
                && family.iter().any(|f| report.motive.starts_with(f));
            if !known {
                return Err(bad("MotifKoCrRaccordementPrise", why::UNKNOWN_FAILURE));
            }
            Ok(Event::ConnectionFailed)
        }
        "" => Err(missing("CrRaccordementPrise")),
        _ => Err(bad("CrRaccordementPrise", why::OK_OR_KO)),
    }
}

/// Takes the OC's report of the drop it built, or could not build.
///
/// # Errors
/// As [`cancel_order`]; FIMP15 and FIMP16 for a report that cannot be read, FIMP06 when the OI
/// builds the drop.
pub async fn report_connection(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    key: Key,
    report: StocReport,
    once: Option<Idempotency>,
) -> Result<Outcome<Moved>, Fault> {
    let unit = Unit::new("fci.report_connection").once(once);
    write(platform, ctx, unit, move |work| {
        let (scope, order) = match own_order(work, &key)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        take_report(
            work,
            (&scope, scope.operator()),
            order,
            &report,
            BuiltBy::Oc,
        )
    })
    .await
}

/// Takes the OI's own report of a drop that it builds itself (`TypeRacco` = OI).
///
/// # Errors
/// As [`report_connection`], FIMP06 when the OC builds the drop; `9` for an unknown operator.
pub async fn report_own_connection(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator_code: String,
    reference: String,
    report: StocReport,
) -> Result<Outcome<Moved>, Fault> {
    let unit = Unit::new("fci.report_own_connection");
    write(platform, ctx, unit, move |work| {
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        work.about(&reference);
        let Some(operator) = operator::store::by_code(work.tx, &staff, &operator_code)? else {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC09)));
        };
        let seen = overview::store::by_reference(work.tx, &staff, &operator.id, &reference)?;
        let id = seen.map(|seen| OrderId::from_store(seen.id));
        let order = match id {
            Some(id) => store::order_of(work.tx, &staff, &operator.id, &id)?,
            None => None,
        };
        match order {
            Some(order) => take_report(work, (&staff, &operator.id), order, &report, BuiltBy::Oi),
            None => Ok(Verdict::Refused(Refusal::new(&codes::FIMP14))),
        }
    })
    .await
}

fn take_report(
    work: &mut Work<'_>,
    (reach, operator): (&dyn Reach, &OperatorId),
    mut order: Order,
    report: &StocReport,
    by: BuiltBy,
) -> Result<Verdict<Moved>, Error> {
    if order.built_by != by {
        let refusal = Refusal::new(&codes::FIMP06).because(why::BUILT_BY_THE_OTHER);
        return Ok(Verdict::Refused(refusal));
    }
    let event = match check_stoc(report, &order) {
        Ok(event) => event,
        Err(refusal) => return Ok(Verdict::Refused(refusal)),
    };
    order.stoc =
        serde_json::to_string(report).map_err(|e| Error::Internal(format!("CR STOC: {e}")))?;
    order.motive.clone_from(&report.motive);
    order.comment.clone_from(&report.comment);
    if event == Event::Connected {
        order.motive.clear();
    }
    if let Err(refusal) = advance(work, reach, operator, &mut order, event)? {
        return Ok(Verdict::Refused(refusal));
    }
    if event == Event::Connected {
        start(work, reach, operator, HAND_OVER_JOB, &order, work.ctx.now)?;
    }
    Ok(moved(&order))
}

/// Takes the OC's word that the line is in service since `since` (`AAAAMMJJ`).
///
/// # Errors
/// As [`cancel_order`]; FIMP15 and FIMP16 for a date that is missing or cannot be read.
pub async fn put_in_service(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    key: Key,
    since: String,
    once: Option<Idempotency>,
) -> Result<Outcome<Moved>, Fault> {
    let unit = Unit::new("fci.put_in_service").once(once);
    write(platform, ctx, unit, move |work| {
        let (scope, mut order) = match own_order(work, &key)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        if since.is_empty() {
            let refusal = Refusal::new(&codes::FIMP15).on("DateMiseEnService");
            return Ok(Verdict::Refused(refusal));
        }
        let Some(day) = file_date(&since) else {
            let refusal = Refusal::new(&codes::FIMP16)
                .on("DateMiseEnService")
                .because(why::DATE);
            return Ok(Verdict::Refused(refusal));
        };
        order.motive.clear();
        order.comment = why::in_service_since(day.date());
        match advance(
            work,
            &scope,
            scope.operator(),
            &mut order,
            Event::PutInService,
        )? {
            Ok(()) => Ok(moved(&order)),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    })
    .await
}
