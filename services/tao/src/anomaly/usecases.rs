//! Reporting an anomaly, following it, closing what lapsed: the same through every door.

use std::sync::Arc;

use domain::access::{Ctx, Duty, Reach, Scope};
use domain::building::{Building, store as buildings};
use domain::order::AddressKey;
use domain::release::{self, Release};
use domain::{Idempotency, Outcome, Platform, Unit, Verdict, Work, account, event, outbox, write};
use kernel::{AnomalyId, Fault, OperatorId, Refusal, TimelineId, codes, reference};
use serde::{Deserialize, Serialize};
use storage::{Error, Tx};

use super::rules::{self, Act, Sent, Spent, Step, Where};
use super::states::{Event, Side, Status, next};
use super::store::{self, Figures, Listing, NewTimelineRow, Reader};
use super::{Anomaly, PREFIX, REFERENCE_LEN, TOLD, TimelineRow, labels};

/// The audited action of reporting.
pub const REPORT: &str = "tao.report_anomaly";
/// Of answering, accepting, refusing a resolution, taking back.
pub const FOLLOW: &str = "tao.follow_anomaly";
/// Of what the OI does.
pub const HANDLE: &str = "tao.handle_anomaly";
const LAPSE: &str = "tao.lapse_anomaly";

/// Resolutions closed at one look of the reconciler, in anomalies.
const LAPSED_AT_ONCE: i64 = 50;
/// Lines of a timeline beyond which an anomaly goes back and forth no more, in lines.
const STEPS_MAX: i64 = 200;
/// References drawn before one is found that is free, in draws.
const DRAWS: usize = 4;

/// What a report is answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reported {
    /// The anomaly's reference: the new one, or the one that is open already.
    pub reference: String,
    /// Where that stands, as stored.
    pub status: String,
    /// 100 when it was open already.
    pub refusal: Option<Refusal>,
}

/// Reports an anomaly. An operator has one open anomaly of a kind at a place: a second report is
/// answered 100 with the first one's reference, and adds nothing.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: those of [`rules::read`], FADR01
/// when the referential has no such address, `11` for anyone but an operator.
pub async fn report(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    sent: Sent,
    once: Option<Idempotency>,
) -> Result<Outcome<Reported>, Fault> {
    write(
        platform,
        ctx,
        Unit::new(REPORT).once(once),
        move |work| match put(work, &sent)? {
            Ok(reported) => {
                work.about(&reported.reference);
                Ok(Verdict::Accepted(reported))
            }
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        },
    )
    .await
}

fn put(work: &mut Work<'_>, sent: &Sent) -> Result<Result<Reported, Refusal>, Error> {
    let scope = match work.ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let wanted = match rules::read(sent) {
        Ok(wanted) => wanted,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let release = release::store::current(work.tx)?;
    let place = match locate(work.tx, release, &wanted.place)? {
        Ok(place) => place,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let decision = match next(None, Event::Reported) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let ctx = work.ctx;
    let place_key = rules::place_key(&wanted, &place);
    let mut anomaly = Anomaly {
        operator: scope.operator().clone(),
        operator_code: scope.code().to_owned(),
        operator_name: String::new(),
        id: work.id(),
        reference: String::new(),
        kind: wanted.kind,
        complexity: None,
        status: decision.status,
        version: 1,
        place,
        place_key,
        batiment: wanted.batiment,
        escalier: wanted.escalier,
        etage: wanted.etage,
        porte: wanted.porte,
        pto_ref: wanted.pto_ref,
        typed: wanted.typed,
        expected: wanted.expected,
        dwellings: wanted.dwellings,
        comment: wanted.comment,
        release: release.0,
        resolution: String::new(),
        seen_in: None,
        reason: None,
        account: ctx.account().map_or_else(String::new, ToString::to_string),
        reporter: ctx.actor.name.clone(),
        channel: ctx.channel.as_str().to_owned(),
        created: ctx.now,
        updated: ctx.now,
        lapses: None,
        acknowledged_ms: 0,
        in_progress_ms: 0,
        pending_ms: 0,
    };
    for _ in 0..DRAWS {
        if let Some(open) = store::open_at(work.tx, &scope, anomaly.kind, &anomaly.place_key)? {
            return Ok(Ok(already(&open)));
        }
        anomaly.reference = reference::make(PREFIX, REFERENCE_LEN, work.bits());
        if store::insert(work.tx, &scope, &anomaly)? {
            let comment = anomaly.comment.clone();
            note(work, &scope, &anomaly, (None, Event::Reported), &comment)?;
            return Ok(Ok(Reported {
                status: anomaly.status.as_str().to_owned(),
                reference: anomaly.reference,
                refusal: None,
            }));
        }
    }
    Err(Error::Internal("no free reference was drawn".to_owned()))
}

fn already(open: &Anomaly) -> Reported {
    let refusal = Refusal::new(&codes::RC100).because(labels::already(&open.reference));
    Reported {
        reference: open.reference.clone(),
        status: open.status.as_str().to_owned(),
        refusal: Some(refusal),
    }
}

/// Where an anomaly is; FADR01 when the referential lacks an address that it is said to have.
fn locate(
    tx: &mut dyn Tx,
    release: Release,
    place: &Where,
) -> Result<Result<rules::Place, Refusal>, Error> {
    let unknown = |field: &str| Err(Refusal::new(&codes::FADR01).on(field));
    match place {
        Where::Known(key) => {
            let found = buildings_of(tx, release, key)?;
            Ok(rules::place_of(&found).map_or_else(|| unknown(key.field()), Ok))
        }
        Where::Free { place, beside } => {
            if let Some(reference) = beside
                && buildings::building_by_reference(tx, release, reference)?.is_none()
            {
                return Ok(unknown("IdentifiantImmeuble"));
            }
            Ok(Ok(place.clone()))
        }
    }
}

fn buildings_of(
    tx: &mut dyn Tx,
    release: Release,
    key: &AddressKey,
) -> Result<Vec<Building>, Error> {
    match key {
        AddressKey::Hexacle(hexacle) => buildings::buildings_by_hexacle(tx, release, hexacle),
        AddressKey::Rivoli {
            insee,
            rivoli,
            number,
            complement,
        } => {
            let number = (number.as_str(), complement.as_str());
            buildings::buildings_by_street_number(tx, release, (insee, rivoli), number)
        }
        AddressKey::Building(reference) => {
            let found = buildings::building_by_reference(tx, release, reference)?;
            Ok(found.into_iter().collect())
        }
    }
}

/// Writes what every change brings about: its line, what is told and mailed.
fn note(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    anomaly: &Anomaly,
    (from, event): (Option<Status>, Event),
    comment: &str,
) -> Result<(), Error> {
    let id: TimelineId = work.id();
    let ctx = work.ctx;
    let reason = anomaly.reason.filter(|_| event == Event::Refused);
    let row = NewTimelineRow {
        id,
        anomaly,
        at: ctx.now,
        event,
        from,
        actor_kind: ctx.actor.kind,
        actor_name: &ctx.actor.name,
        channel: ctx.channel.as_str(),
        reason,
        comment,
    };
    store::append_timeline(work.tx, reach, &row)?;
    let payload = serde_json::json!({
        "etat": anomaly.status.as_str(),
        "code": reason.map(rules::Reason::as_str),
        "commentaire": labels::told(anomaly, event, comment),
    });
    let told = event::Told {
        kind: TOLD,
        subject: &anomaly.reference,
        payload: &payload.to_string(),
    };
    work.event(reach, &anomaly.operator, &told)
}

/// Mails the person who reported an anomaly; a machine is told by its feed.
fn mail(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    anomaly: &Anomaly,
    template: &str,
    text: &str,
) -> Result<(), Error> {
    let email = account::store::email_of(work.tx, reach, &anomaly.operator, &anomaly.account)?;
    let Some(recipient) = email else {
        return Ok(());
    };
    let seen_in = anomaly.seen_in.map_or_else(String::new, |n| n.to_string());
    let lapses = anomaly.lapses.map_or_else(String::new, labels::lapses);
    let values = [
        ("reference", anomaly.reference.as_str()),
        ("texte", text),
        ("version", &seen_in),
        ("echeance", &lapses),
        ("motif", anomaly.reason.map_or("", labels::reason)),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let message = outbox::Message {
        template: template.to_owned(),
        recipient,
        values: values.into(),
    };
    work.post(reach, &anomaly.operator, &message)
}

/// Changes an anomaly by a step and writes everything that follows.
fn advance(
    work: &mut Work<'_>,
    reach: &dyn Reach,
    anomaly: &mut Anomaly,
    step: &Step,
) -> Result<Result<(), Refusal>, Error> {
    let (from, now) = (anomaly.status, work.ctx.now);
    let decision = match next(Some(from), step.event) {
        Ok(decision) => decision,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let spent = Spent::default().standing(from, anomaly.updated, now);
    anomaly.acknowledged_ms += spent.acknowledged.working_ms;
    anomaly.in_progress_ms += spent.in_progress.working_ms;
    anomaly.pending_ms += spent.pending.working_ms;
    (anomaly.status, anomaly.updated) = (decision.status, now);
    anomaly.complexity = step.complexity.or(anomaly.complexity);
    anomaly.reason = step.reason.or(anomaly.reason);
    anomaly.lapses = (decision.status == Status::Resolved).then(|| rules::lapses_at(now));
    if step.event == Event::Resolved {
        anomaly.resolution.clone_from(&step.text);
        anomaly.seen_in = step.release;
    }
    if !store::update(work.tx, reach, anomaly)? {
        return Ok(Err(Refusal::new(&codes::EVER01)));
    }
    anomaly.version += 1;
    note(work, reach, anomaly, (Some(from), step.event), &step.text)?;
    if let Some(template) = decision.mail {
        mail(work, reach, anomaly, template, &step.text)?;
    }
    Ok(Ok(()))
}

/// Whom a change is made by, and what its unit is called.
fn side(ctx: &Ctx) -> (Side, &'static str) {
    match ctx.scope() {
        Scope::Operator(_) => (Side::Operator, FOLLOW),
        Scope::Staff(_) => (Side::Provider, HANDLE),
        Scope::System(_) => (Side::Platform, LAPSE),
    }
}

/// Does something with the anomaly `reference`, as its operator or as the OI's staff.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `9` in the same words for an
/// absent anomaly and for another operator's, `11` for what is the other side's to do, 13 when the
/// state does not allow it, those of [`rules::step`], EVER01.
pub async fn act(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    reference: String,
    (event, act): (Event, Act),
    once: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let (side, action) = side(ctx);
    write(platform, ctx, Unit::new(action).once(once), move |work| {
        let reader = match Reader::of(work.ctx) {
            Ok(reader) => reader,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let Some(mut anomaly) = store::by_reference(work.tx, &reader, &reference)? else {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC09)));
        };
        work.about(&anomaly.reference);
        if event.by() != side {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC11)));
        }
        if anomaly.version > STEPS_MAX && matches!(event, Event::Asked | Event::Disputed) {
            let refusal = Refusal::new(&codes::RC07).because(labels::TOO_LONG);
            return Ok(Verdict::Refused(refusal));
        }
        let step = match next(Some(anomaly.status), event).and_then(|_| rules::step(event, &act)) {
            Ok(step) => step,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        match advance(work, &reader, &mut anomaly, &step)? {
            Ok(()) => Ok(Verdict::Accepted(())),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    })
    .await
}

/// Closes what was resolved and neither accepted nor refused in time; how many that were.
///
/// # Errors
/// The store does not answer.
pub async fn lapse(platform: Arc<Platform>, ctx: Arc<Ctx>) -> Result<usize, Fault> {
    let (scope, now) = (ctx.duty(Duty::AddressAnomalies), ctx.now);
    let due = move |tx: &mut dyn Tx| store::list_lapsed(tx, &scope, now, LAPSED_AT_ONCE);
    let due = platform.db.get(due).await?;
    let mut closed = 0;
    for (operator, id) in due {
        closed += usize::from(lapse_one(&platform, &ctx, operator, id).await?);
    }
    Ok(closed)
}

async fn lapse_one(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator: OperatorId,
    id: AnomalyId,
) -> Result<bool, Fault> {
    let scope = ctx.duty(Duty::AddressAnomalies);
    let unit = Unit::new(LAPSE);
    let outcome = write(platform, ctx, unit, move |work| {
        let found = store::by_id(work.tx, &scope, &operator, &id)?;
        // Another node, or its operator, may have been first.
        let due = |one: &Anomaly| one.lapses.is_some_and(|at| at <= work.ctx.now);
        let Some(mut anomaly) = found.filter(due) else {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC13)));
        };
        work.about(&anomaly.reference);
        let step = Step {
            event: Event::Lapsed,
            complexity: None,
            reason: None,
            text: String::new(),
            release: None,
        };
        match advance(work, &scope, &mut anomaly, &step)? {
            Ok(()) => Ok(Verdict::Accepted(())),
            Err(refusal) => Ok(Verdict::Refused(refusal)),
        }
    });
    Ok(outcome.await?.into_result().is_ok())
}

/// An anomaly with all that happened to it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The anomaly.
    pub anomaly: Anomaly,
    /// Its timeline, oldest first.
    pub timeline: Vec<TimelineRow>,
    /// The release in force.
    pub current: i64,
}

impl Seen {
    /// How long it stood where, until `now`.
    #[must_use]
    pub fn spent(&self, now: kernel::Millis) -> Spent {
        let steps: Vec<_> = self.timeline.iter().map(|row| (row.at, row.to)).collect();
        rules::spent(&steps, now)
    }
}

/// The anomaly `reference`.
///
/// # Errors
/// `9` in the same words for an absent one and for another operator's; a fault when the store does
/// not answer.
pub async fn see(
    platform: &Platform,
    ctx: &Ctx,
    reference: &str,
) -> Result<Result<Seen, Refusal>, Fault> {
    let reader = match Reader::of(ctx) {
        Ok(reader) => reader,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let reference = reference.to_owned();
    let run = move |tx: &mut dyn Tx| {
        let Some(anomaly) = store::by_reference(tx, &reader, &reference)? else {
            return Ok(None);
        };
        Ok(Some(Seen {
            timeline: store::list_timeline(tx, &reader, &anomaly)?,
            current: release::store::current(tx)?.0,
            anomaly,
        }))
    };
    let seen = platform.db.get(run).await?;
    Ok(seen.ok_or_else(|| Refusal::new(&codes::RC09)))
}

/// One page of the reader's anomalies.
///
/// # Errors
/// The store does not answer.
pub async fn list(
    platform: &Platform,
    reader: &Reader,
    wanted: Listing,
) -> Result<Vec<Anomaly>, Fault> {
    let reader = reader.clone();
    let run = move |tx: &mut dyn Tx| store::list(tx, &reader, &wanted);
    Ok(platform.db.read(run).await?)
}

/// How many of the reader's anomalies stand at each status.
///
/// # Errors
/// The store does not answer.
pub async fn counts(platform: &Platform, reader: &Reader) -> Result<Vec<(Status, i64)>, Fault> {
    let reader = reader.clone();
    let run = move |tx: &mut dyn Tx| store::count_by_status(tx, &reader);
    Ok(platform.db.read(run).await?)
}

/// What happened in each commune; at most `limit` communes.
///
/// # Errors
/// The store does not answer.
pub async fn figures(
    platform: &Platform,
    scope: &domain::access::StaffScope,
    limit: i64,
) -> Result<Vec<Figures>, Fault> {
    let scope = scope.clone();
    let run = move |tx: &mut dyn Tx| store::list_figures(tx, &scope, limit);
    Ok(platform.db.read(run).await?)
}
