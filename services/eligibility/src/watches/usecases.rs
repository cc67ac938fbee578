//! Watching places, and finding out what changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::{self, Ctx, Duty, OperatorScope};
use domain::order::address_line;
use domain::release::{self, Release};
use domain::{Idempotency, Outcome, Platform, Unit, Verdict, Work, account, event, job, outbox};
use kernel::{Fault, JobId, Refusal, WatchChangeId, WatchId, codes, working_time};
use serde::{Deserialize, Serialize};
use service_api::JobEnd;
use storage::{Error, Lane, Tx};

use super::rules::{self, Place};
use super::{
    CHANGED_EVENT, Canon, Change, EVALUATE_JOB, MAIL_LINES_MAX, OPERATORS_MAX, Round, SLICE,
    WATCHES_MAX, Watch, labels, store,
};
use crate::usecases::test;

/// A place to watch, with what was written beside it.
#[derive(Clone, Debug)]
pub struct NewWatch {
    /// The place.
    pub place: Place,
    /// The operator's own reference.
    pub reference: String,
    /// A note.
    pub note: String,
}

/// What a place's verdict is now, with its address.
struct Now {
    canon: Canon,
    address: String,
    release: Release,
}

/// Tests a place as its operator would.
fn look_at(tx: &mut dyn Tx, ctx: &Ctx, fields: &domain::order::PlaceOrder) -> Result<Now, Error> {
    let release = release::store::current(tx)?;
    let tested = match crate::usecases::question(fields) {
        Ok(question) => test(tx, ctx, &question)?,
        Err(refusal) => Err(refusal),
    };
    let address = match &tested {
        Ok(tested) => tested
            .buildings
            .first()
            .map(|b| address_line(&b.site.building)),
        Err(_) => None,
    };
    Ok(Now {
        canon: rules::canon(&tested),
        address: labels::place(&address.unwrap_or_default(), fields),
        release,
    })
}

/// Watches a place from now on; the id of its watch, which may have been there before.
///
/// # Errors
/// Refused `EVEI01` beyond [`WATCHES_MAX`], FIMP16 for a place that cannot be read; a fault when
/// the store does not answer.
pub async fn watch(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: NewWatch,
    key: Option<Idempotency>,
) -> Result<Outcome<WatchId>, Fault> {
    let unit = Unit::new("eligibility.watch").once(key);
    domain::write(platform, ctx, unit, move |work| {
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        if let Err(refusal) = crate::usecases::question(&new.place.fields) {
            return Ok(Verdict::Refused(refusal));
        }
        if let Some(known) = store::by_place(work.tx, &scope, &new.place.query)? {
            work.about(known.id.as_str());
            return Ok(Verdict::Accepted(known.id));
        }
        if store::count(work.tx, &scope)?.0 >= WATCHES_MAX {
            return Ok(Verdict::Refused(Refusal::new(&codes::EVEI01)));
        }
        let now = look_at(work.tx, work.ctx, &new.place.fields)?;
        let id: WatchId = work.id();
        work.about(id.as_str());
        let account = work.ctx.account();
        let watch = Watch {
            id: id.clone(),
            place: new.place.query.clone(),
            building_ref: new.place.fields.get("IdentifiantImmeuble").to_owned(),
            address: now.address,
            reference: new.reference.clone(),
            note: new.note.clone(),
            account_id: account.map(ToString::to_string).unwrap_or_default(),
            account_name: work.ctx.actor.name.clone(),
            verdict: now.canon.text,
            state: now.canon.state,
            release: now.release.0,
            verdict_before: String::new(),
            unread: false,
            created: work.ctx.now,
            moved: work.ctx.now,
        };
        store::insert(work.tx, &scope, &watch, now.canon.opens_on)?;
        Ok(Verdict::Accepted(id))
    })
    .await
}

/// Marks the last change of a watch as read, or with `None` those of all watches.
///
/// # Errors
/// Refused `9` for a watch that the operator has not; a fault when the store does not answer.
pub async fn mark_read(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    id: Option<WatchId>,
    key: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("eligibility.read_watch").once(key);
    domain::write(platform, ctx, unit, move |work| {
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let known = match &id {
            Some(id) => {
                work.about(id.as_str());
                store::mark_read(work.tx, &scope, id)? == 1
            }
            None => {
                store::mark_all_read(work.tx, &scope, work.ctx.now)?;
                true
            }
        };
        Ok(found(known))
    })
    .await
}

/// Stops a watch; what it told stays told.
///
/// # Errors
/// As [`mark_read`].
pub async fn stop(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    id: WatchId,
    key: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("eligibility.stop_watch").once(key);
    domain::write(platform, ctx, unit, move |work| {
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        work.about(id.as_str());
        Ok(found(store::delete(work.tx, &scope, &id)? == 1))
    })
    .await
}

fn found(known: bool) -> Verdict<()> {
    match known {
        true => Verdict::Accepted(()),
        false => Verdict::Refused(Refusal::new(&codes::RC09)),
    }
}

/// One part of a round: a slice of an operator's watches.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Part {
    /// Which round.
    round: i64,
    /// The day whose announced openings alone are looked at; empty for every watch.
    due: String,
    /// The id after which the slice begins.
    after: String,
}

impl Part {
    fn key(&self) -> String {
        format!("{}:{}", self.round, self.after)
    }

    fn payload(&self) -> Result<String, Error> {
        serde_json::to_string(self).map_err(|e| Error::Internal(format!("a slice: {e}")))
    }
}

/// Begins a round when the release in force or the business day is no longer that of the last one:
/// a job for each operator that has something to be tested; how many.
///
/// # Errors
/// The store does not answer.
pub async fn reconcile(platform: Arc<Platform>, ctx: Arc<Ctx>) -> Result<usize, Fault> {
    let day = working_time::paris_date(ctx.now).to_string();
    let stands = {
        let day = day.clone();
        move |tx: &mut dyn Tx| {
            let release = release::store::current(tx)?;
            let last = store::round(tx)?;
            Ok(last.is_some_and(|last| last.release == release.0 && last.day == day))
        }
    };
    if platform.db.get(stands).await? {
        return Ok(0);
    }
    let (scope, now, first) = (ctx.duty(Duty::Watch), ctx.now, ctx.ids());
    let begin = move |tx: &mut dyn Tx| {
        let mut ids = first.clone();
        let release = release::store::current(tx)?.0;
        let last = store::round(tx)?;
        let same = last.as_ref().is_some_and(|last| last.release == release);
        if same && last.as_ref().is_some_and(|last| last.day == day) {
            // Another node was faster.
            return Ok(0);
        }
        let round = Round {
            number: last.map_or(0, |last| last.number) + 1,
            release,
            day: day.clone(),
        };
        let part = Part {
            round: round.number,
            due: if same { day.clone() } else { String::new() },
            after: String::new(),
        };
        let (key, payload) = (part.key(), part.payload()?);
        let operators = store::list_operators(tx, &scope, &part.due, OPERATORS_MAX)?;
        let mut begun = 0;
        for operator in &operators {
            // Whoever may not test is told nothing; once it may again, the next round tells it.
            let open = access::store::services_of(tx, &scope, operator, now)?;
            if !open.iter().any(|service| service == "eligibilite") {
                continue;
            }
            begun += 1;
            let id: JobId = ids.next();
            let new = job::New {
                kind: EVALUATE_JOB,
                dedup_key: &key,
                payload: &payload,
                track: job::Track::Quick,
            };
            job::store::insert(tx, &scope, operator, &id, &new, now)?;
        }
        store::update_round(tx, &scope, &round)?;
        Ok(begun)
    };
    Ok(platform.db.write(Lane::Background, None, begin).await?)
}

/// What a slice holds that changed.
#[derive(Clone)]
struct Seen {
    /// The release it was tested with.
    release: Release,
    /// Watches with their verdict and address now.
    changed: Vec<(Watch, Canon, String)>,
    /// The last watch of a full slice: another follows.
    last: Option<WatchId>,
}

/// Tests the watches of a slice.
fn look(tx: &mut dyn Tx, ctx: &Ctx, scope: &OperatorScope, part: &Part) -> Result<Seen, Error> {
    let release = release::store::current(tx)?;
    let watches = store::list_to_test(tx, scope, (&part.after, &part.due), SLICE)?;
    let full = i64::try_from(watches.len()).unwrap_or(i64::MAX) >= SLICE;
    let last = watches.last().filter(|_| full).map(|w| w.id.clone());
    let mut changed = Vec::new();
    for watch in watches {
        let now = look_at(tx, ctx, &rules::fields(&watch.place))?;
        if now.canon.text != watch.verdict {
            // A place that is gone keeps the address it had.
            let address = match now.canon.state {
                super::State::Refused => watch.address.clone(),
                _ => now.address,
            };
            changed.push((watch, now.canon, address));
        }
    }
    Ok(Seen {
        release,
        changed,
        last,
    })
}

/// Runs the job of a slice: what changed is told in the unit of work that ends it.
///
/// # Errors
/// The store does not answer, or the payload is not ours.
pub async fn evaluate(
    platform: Arc<Platform>,
    ctx: Arc<Ctx>,
    payload: String,
) -> Result<JobEnd, Fault> {
    let Ok(part) = serde_json::from_str::<Part>(&payload) else {
        return Ok(JobEnd::GiveUp("not a slice of watches".to_owned()));
    };
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(JobEnd::GiveUp(refusal.to_string())),
    };
    // Testing takes longest and is done where nobody waits for it.
    let seen = {
        let (ctx, scope, part) = (Arc::clone(&ctx), scope.clone(), part.clone());
        let read = move |tx: &mut dyn Tx| look(tx, &ctx, &scope, &part);
        platform.db.read(read).await?
    };
    let unit = Unit::new("eligibility.evaluate_watches");
    let outcome = domain::write(&platform, &ctx, unit, move |work| {
        work.about(&part.key());
        // What was tested with a release that is in force no more is tested again.
        let seen = match release::store::current(work.tx)? == seen.release {
            true => seen.clone(),
            false => look(work.tx, work.ctx, &scope, &part)?,
        };
        conclude(work, &scope, &part, &seen)?;
        Ok(Verdict::Accepted(()))
    });
    match outcome.await?.into_result() {
        Ok(()) => Ok(JobEnd::Done),
        Err(refusal) => Ok(JobEnd::GiveUp(refusal.to_string())),
    }
}

/// Writes what changed, tells of it, and goes on with the next slice or ends the round.
fn conclude(
    work: &mut Work<'_>,
    scope: &OperatorScope,
    part: &Part,
    seen: &Seen,
) -> Result<(), Error> {
    let at = work.ctx.now;
    for (watch, canon, address) in &seen.changed {
        let to = (seen.release.0, address.as_str());
        if !store::update_verdict(work.tx, scope, watch, canon, to, at)? {
            continue;
        }
        let change = Change {
            at,
            before: watch.verdict.clone(),
            after: canon.text.clone(),
            release: seen.release.0,
        };
        let id: WatchChangeId = work.id();
        store::insert_change(work.tx, scope, &id, (&watch.id, part.round), &change)?;
        tell(work, scope, watch, &change)?;
    }
    let Some(last) = &seen.last else {
        return post(work, scope, part.round);
    };
    let next = Part {
        after: last.to_string(),
        ..part.clone()
    };
    let new = job::New {
        kind: EVALUATE_JOB,
        dedup_key: &next.key(),
        payload: &next.payload()?,
        track: job::Track::Quick,
    };
    work.enqueue(scope, scope.operator(), &new, at)
}

/// The event of a change. `code` and `commentaire` are what `listerEvenements` shows of it.
fn tell(
    work: &mut Work<'_>,
    scope: &OperatorScope,
    watch: &Watch,
    change: &Change,
) -> Result<(), Error> {
    let best = rules::best(&change.after);
    let payload = serde_json::json!({
        "veille": watch.id.as_str(),
        "reference": watch.reference,
        "lieu": watch.place,
        "avant": change.before,
        "apres": change.after,
        "version": change.release,
        "code": best.map(|best| best.code).unwrap_or_default(),
        "commentaire": labels::change(&change.before, &change.after),
    });
    let told = event::Told {
        kind: CHANGED_EVENT,
        subject: &watch.building_ref,
        payload: &payload.to_string(),
    };
    work.event(scope, scope.operator(), &told)
}

/// The mails of a round: one for each person told of something. A change is told to who watches,
/// while that account is active; after that to the operator's active administrators, since the
/// watch is the operator's and goes on.
fn post(work: &mut Work<'_>, scope: &OperatorScope, round: i64) -> Result<(), Error> {
    let changed = store::list_changed(work.tx, scope, round)?;
    let of_one = |a: &(Watch, Change), b: &(Watch, Change)| a.0.account_id == b.0.account_id;
    let mut mails: BTreeMap<String, Vec<&(Watch, Change)>> = BTreeMap::new();
    for theirs in changed.chunk_by(of_one) {
        let (operator, account) = (scope.operator(), &theirs[0].0.account_id);
        let to = match account::store::active_email_of(work.tx, scope, operator, account)? {
            Some(watcher) => vec![watcher],
            None => {
                let permission = crate::ADMINISTER.to_string();
                account::store::list_active_emails(work.tx, scope, operator, &permission)?
            }
        };
        for recipient in to {
            mails.entry(recipient).or_default().extend(theirs);
        }
    }
    for (recipient, told) in mails {
        let message = mail(recipient, &told);
        work.post(scope, scope.operator(), &message)?;
    }
    Ok(())
}

fn mail(recipient: String, told: &[&(Watch, Change)]) -> outbox::Message {
    let shown = told.iter().take(MAIL_LINES_MAX);
    let mut lines: Vec<String> = shown
        .map(|(watch, change)| {
            let (before, after) = (&change.before, &change.after);
            labels::mail_line(&watch.reference, &watch.address, before, after)
        })
        .collect();
    let others = told.len().saturating_sub(MAIL_LINES_MAX);
    if others > 0 {
        lines.push(labels::others(others));
    }
    let latest = told.iter().map(|(_, change)| change.release).max();
    let values = [
        ("quoi", labels::changed(told.len())),
        ("version", latest.unwrap_or_default().to_string()),
        ("lignes", lines.join("\n")),
    ];
    outbox::Message {
        template: "veille_changee".to_owned(),
        recipient,
        values: BTreeMap::from(values.map(|(name, value)| (name.to_owned(), value))),
    }
}
