//! Carrying lots out. An operator has one job at a time, which takes the first of its lots; a job
//! is a turn of about [`TURN_MS`], after which it queues again behind other operators' lots that
//! wait. Imports are on another track: neither waits for the other. Each slice of lines is answered
//! in one reading and kept, with how far the lot is, in one unit of work, so that whoever takes
//! over goes on after the last slice that was kept.

use std::sync::Arc;

use domain::access::{Ctx, Duty, OperatorScope};
use domain::lot::{Line, Lines};
use domain::order::usecases as orders;
use domain::release::{Release, ReleaseState, store as releases};
use domain::upload::{self, UploadError};
use domain::{Platform, Unit, Verdict, job};
use kernel::{Fault, JobId, LotId, Millis, OperatorId, Refusal, codes};
use service_api::JobEnd;
use storage::{Error, Lane, Tx};

use super::rules::Answered;
use super::usecases::{JOB, answer, enqueue, turn, turn_key};
use super::{Counts, KEPT_DAYS, Lot, LotRow, LotState, store};

/// Lines answered in one reading and kept in one unit of work.
pub const SLICE_LINES: usize = 200;
/// A turn ends with the first slice after so many milliseconds of real time.
pub const TURN_MS: i64 = 2 * Millis::SECOND;
/// A lot that nothing has touched for so many milliseconds of real time may have lost its job.
const STILL_MS: i64 = Millis::MINUTE;
/// Such lots looked at together.
const STILL_LIMIT: i64 = 50;
/// Lines of a deleted lot removed in one unit of work.
const PURGE_LINES: i64 = 1_000;

/// One turn of the operator's first lot.
///
/// # Errors
/// The store is away: the job is tried again, and goes on after the last slice that was kept.
pub async fn run(platform: Arc<Platform>, ctx: Arc<Ctx>, _: String) -> Result<JobEnd, Fault> {
    let until = platform.clock.real_now().plus(TURN_MS);
    turn_until(&platform, &ctx, until).await
}

async fn turn_until(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    until: Millis,
) -> Result<JobEnd, Fault> {
    let scope = ctx.operator().map_err(Fault::internal)?.clone();
    let find = scope.clone();
    let next = platform
        .db
        .get(move |tx| store::next_open(tx, &find))
        .await?;
    let Some(lot) = next else {
        // The one it was for was deleted.
        return hand_over(platform, ctx, &scope, None).await;
    };
    let Some(lot) = started(platform, ctx, &scope, lot).await? else {
        return hand_over(platform, ctx, &scope, None).await;
    };
    let mut at = (lot.done, lot.at_byte);
    let mut lines = match opened(platform, ctx, &lot).await? {
        Ok(lines) => lines,
        Err(refusal) => return conclude(platform, ctx, &scope, &lot, Some(refusal)).await,
    };
    // The verdicts are of the instant of the lot's start, whenever they are asked.
    let mut then = (**ctx).clone();
    then.now = lot.started.unwrap_or(ctx.now);
    let then = Arc::new(then);
    loop {
        if platform.is_ending() {
            return Ok(JobEnd::Retry("interrupted".to_owned()));
        }
        let read = tokio::task::spawn_blocking(move || (lines.slice(SLICE_LINES), lines)).await;
        let (slice, rest) = read.map_err(Fault::internal)?;
        lines = rest;
        let (slice, to_byte) = slice.map_err(Fault::internal)?;
        if slice.is_empty() {
            return conclude(platform, ctx, &scope, &lot, None).await;
        }
        let Some(rows) = answered(platform, &then, &lot, slice).await? else {
            let refusal = Refusal::new(&codes::ELOT03);
            return conclude(platform, ctx, &scope, &lot, Some(refusal)).await;
        };
        let to = at.0 + i64::try_from(rows.len()).unwrap_or(0);
        if !keep(platform, &scope, &lot.id, (at.0, to, to_byte), rows).await? {
            // It was deleted, or another node is at it.
            return hand_over(platform, ctx, &scope, None).await;
        }
        at = (to, to_byte);
        if at.0 < lot.lines && platform.clock.real_now() >= until {
            return hand_over(platform, ctx, &scope, Some((&lot.id, at.0))).await;
        }
    }
}

/// The lot with its release and instant settled; `None` when it does not wait any more.
async fn started(
    platform: &Platform,
    ctx: &Ctx,
    scope: &OperatorScope,
    lot: Lot,
) -> Result<Option<Lot>, Fault> {
    if lot.state == LotState::Running {
        return Ok(Some(lot));
    }
    let (scope, now) = (scope.clone(), ctx.now);
    let real_now = platform.clock.real_now();
    let begin = move |tx: &mut dyn Tx| {
        let release = releases::current(tx)?;
        let day = orders::extraction_date(tx, release)?;
        let extracted_on = day.map(|day| day.to_string()).unwrap_or_default();
        let on = (release, extracted_on.as_str());
        let begun = store::start(tx, &scope, &lot.id, on, (now, real_now))?;
        let mut lot = lot.clone();
        (lot.state, lot.release, lot.started) = (LotState::Running, Some(release), Some(now));
        Ok(begun.then_some(lot))
    };
    Ok(platform.db.write(Lane::Background, None, begin).await?)
}

async fn opened(
    platform: &Platform,
    ctx: &Ctx,
    lot: &Lot,
) -> Result<Result<Lines, Refusal>, Fault> {
    let (reach, operator, id) = (
        ctx.scope().clone(),
        lot.operator.clone(),
        lot.upload.clone(),
    );
    let find = move |tx: &mut dyn Tx| upload::store::by_id(tx, &reach, &operator, &id);
    let Some(sent) = platform.db.get(find).await? else {
        tracing::error!(lot = %lot.id, "its file is gone");
        return Ok(Err(Refusal::new(&codes::ELOT04)));
    };
    let bytes = match upload::open(platform, ctx.scope(), &sent).await {
        Ok(bytes) => bytes,
        Err(UploadError::Refused(refusal)) => return Ok(Err(refusal)),
        Err(UploadError::Fault(fault)) => return Err(fault),
    };
    let (done, at_byte) = (u64::try_from(lot.done).unwrap_or(0), lot.at_byte);
    let read = tokio::task::spawn_blocking(move || Lines::open(bytes, done, at_byte)).await;
    let read = read.map_err(Fault::internal)?.map_err(Fault::internal)?;
    Ok(read.map_err(|fault| fault.refusal()))
}

/// What one reading of a slice found.
enum Reading {
    Rows(Vec<LotRow>),
    /// The release's address index is to be loaded first.
    NoIndex,
    /// The release was taken back: its rows may change under whoever reads them.
    Withdrawn,
}

/// The answers to a slice, all of one state of the data; `None` when the lot's release was taken
/// back.
async fn answered(
    platform: &Platform,
    then: &Arc<Ctx>,
    lot: &Lot,
    slice: Vec<Line>,
) -> Result<Option<Vec<LotRow>>, Fault> {
    let release = lot.release.unwrap_or(Release::EMPTY);
    let slice = Arc::new(slice);
    loop {
        let (then, slice) = (Arc::clone(then), Arc::clone(&slice));
        let places = Arc::clone(&platform.places);
        let read = platform.db.read(move |tx| {
            if !is_readable(tx, release)? {
                return Ok(Reading::Withdrawn);
            }
            let mut rows = Vec::with_capacity(slice.len());
            for line in slice.iter() {
                match answer(tx, &then, &places, release, line)? {
                    Some(row) => rows.push(row),
                    None => return Ok(Reading::NoIndex),
                }
            }
            Ok(Reading::Rows(rows))
        });
        match read.await? {
            Reading::Rows(rows) => return Ok(Some(rows)),
            Reading::Withdrawn => return Ok(None),
            Reading::NoIndex => platform.places.of(&platform.db, release).await?,
        };
    }
}

/// A release that is or was in force stays as it was, until it is taken back.
fn is_readable(tx: &mut dyn Tx, release: Release) -> Result<bool, Error> {
    if release == Release::EMPTY {
        return Ok(true);
    }
    let info = releases::by_number(tx, release)?;
    Ok(info.is_some_and(|info| info.state == ReleaseState::Published))
}

/// Keeps a slice and how far the lot is, together; false when it was kept already.
async fn keep(
    platform: &Platform,
    scope: &OperatorScope,
    id: &LotId,
    reached: (i64, i64, u64),
    rows: Vec<LotRow>,
) -> Result<bool, Fault> {
    let mut counts: Counts = [0; 5];
    for row in &rows {
        let at = Answered::ALL.iter().position(|one| *one == row.verdict);
        counts[at.unwrap_or(0)] += 1;
    }
    let (scope, id, real_now) = (scope.clone(), id.clone(), platform.clock.real_now());
    let put = move |tx: &mut dyn Tx| {
        if !store::advance(tx, &scope, &id, reached, &counts, real_now)? {
            return Ok(false);
        }
        store::insert_rows(tx, &scope, &id, &rows)?;
        Ok(true)
    };
    Ok(platform.db.write(Lane::Background, None, put).await?)
}

/// Ends a turn and queues the next: of the lot it was at, else of the first that waits. No decision
/// is taken and nothing shows of it, so it leaves no audit row.
async fn hand_over(
    platform: &Platform,
    ctx: &Ctx,
    scope: &OperatorScope,
    at: Option<(&LotId, i64)>,
) -> Result<JobEnd, Fault> {
    let Some(lease) = ctx.job().cloned() else {
        return Err(Fault::internal("a turn without a job"));
    };
    let id: JobId = ctx.ids().next();
    let key = at.map(|(lot, done)| (lot.clone(), turn_key(lot, done, &id)));
    let (scope, due) = (scope.clone(), platform.clock.business_now());
    let put = move |tx: &mut dyn Tx| {
        if !job::store::finish(tx, &scope, &lease)? {
            return Err(Error::Internal(format!("job {} lost its lease", lease.id)));
        }
        let next = match &key {
            Some(key) => Some(key.clone()),
            None => store::next_open(tx, &scope)?.map(|lot| {
                let key = turn_key(&lot.id, lot.done, &id);
                (lot.id, key)
            }),
        };
        if let Some((lot, key)) = next {
            job::store::insert(tx, &scope, scope.operator(), &id, &turn(&lot, &key), due)?;
        }
        Ok(())
    };
    platform.db.write(Lane::Background, None, put).await?;
    Ok(JobEnd::Done)
}

/// Ends a lot, lets its file go, and starts the operator's next one.
async fn conclude(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    scope: &OperatorScope,
    lot: &Lot,
    refusal: Option<Refusal>,
) -> Result<JobEnd, Fault> {
    let state = match refusal {
        Some(_) => LotState::Failed,
        None => LotState::Done,
    };
    let code = refusal.map(|refusal| refusal.code).unwrap_or_default();
    let (scope, lot) = (scope.clone(), lot.clone());
    let sent = lot.upload.clone();
    domain::write(platform, ctx, Unit::new("eligibility.lot"), move |work| {
        work.about(&format!("{} {}", state.as_str(), lot.id));
        let (of, now) = ((&lot.operator, &lot.id), work.ctx.now);
        store::end(work.tx, &scope, of, (state, &code), now)?;
        upload::forget(work.tx, &scope, &lot.operator, &lot.upload)?;
        if let Some(next) = store::next_open(work.tx, &scope)? {
            enqueue(work, &scope, &next.id, now)?;
        }
        Ok(Verdict::Accepted(()))
    })
    .await?;
    upload::discard(platform, &sent).await;
    Ok(JobEnd::Done)
}

/// Sees to lots that lost their job, to those that are too old, and to those that were deleted, a
/// bounded step each; how many steps there were.
///
/// # Errors
/// The store does not answer.
pub async fn reconcile(platform: Arc<Platform>, ctx: Arc<Ctx>) -> Result<usize, Fault> {
    Ok(revive(&platform, &ctx).await?
        + age(&platform, &ctx).await?
        + purge(&platform, &ctx).await?)
}

/// A job that failed too often is not tried again: its lot is given up, and the next has its turn.
async fn revive(platform: &Platform, ctx: &Ctx) -> Result<usize, Fault> {
    let scope = ctx.duty(Duty::Upkeep);
    let before = platform.clock.real_now().plus(-STILL_MS);
    let find = move |tx: &mut dyn Tx| store::list_still(tx, &scope, before, STILL_LIMIT);
    let still = platform.db.get(find).await?;
    let mut done = 0;
    let mut seen: Option<OperatorId> = None;
    for (operator, id, state) in still {
        if seen.as_ref() == Some(&operator) {
            continue;
        }
        seen = Some(operator.clone());
        let (jobs, now) = (ctx.duty(Duty::Jobs), platform.clock.business_now());
        let whose = operator.clone();
        let alive = move |tx: &mut dyn Tx| job::store::is_under_way(tx, &jobs, &whose, JOB);
        if platform.db.get(alive).await? {
            continue;
        }
        tracing::warn!(lot = %id, "it lost its job");
        let new: JobId = ctx.ids().next();
        let put = move |tx: &mut dyn Tx| {
            // What ran and cannot go on is given up; what only waited is begun.
            if state == LotState::Running {
                let to = (LotState::Failed, codes::ELOT04.code);
                store::end(tx, &scope, (&operator, &id), to, now)?;
            }
            let key = turn_key(&id, 0, &new);
            job::store::insert(tx, &jobs, &operator, &new, &turn(&id, &key), now)
        };
        platform.db.write(Lane::Background, None, put).await?;
        done += 1;
    }
    Ok(done)
}

async fn age(platform: &Platform, ctx: &Ctx) -> Result<usize, Fault> {
    let scope = ctx.duty(Duty::Upkeep);
    let before = ctx.now.plus(-KEPT_DAYS * Millis::DAY);
    let find = move |tx: &mut dyn Tx| store::an_old_one(tx, &scope, before);
    let Some((operator, id)) = platform.db.get(find).await? else {
        return Ok(0);
    };
    let put = move |tx: &mut dyn Tx| store::mark_deleted(tx, &scope, (&operator, &id));
    Ok(usize::from(
        platform.db.write(Lane::Background, None, put).await?,
    ))
}

async fn purge(platform: &Platform, ctx: &Ctx) -> Result<usize, Fault> {
    let scope = ctx.duty(Duty::Upkeep);
    let find = move |tx: &mut dyn Tx| store::a_deleted_one(tx, &scope);
    let Some((operator, id, sent)) = platform.db.get(find).await? else {
        return Ok(0);
    };
    let gone = sent.clone();
    let remove = move |tx: &mut dyn Tx| {
        let of = (&operator, &id);
        let is_empty = store::delete_rows(tx, &scope, of, PURGE_LINES)? == 0;
        if is_empty {
            upload::forget(tx, &scope, &operator, &gone)?;
            store::delete(tx, &scope, of)?;
        }
        Ok(is_empty)
    };
    if platform.db.write(Lane::Background, None, remove).await? {
        upload::discard(platform, &sent).await;
    }
    Ok(1)
}
