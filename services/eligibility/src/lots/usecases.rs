//! Submitting a lot, deleting it, and what each of its lines is answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::{Ctx, OperatorScope};
use domain::building::Building;
use domain::lot::{self, Line};
use domain::order::address_line;
use domain::place::usecases::find_in;
use domain::place::{Candidate, Indexes, Named, Place, Verdict as Sure};
use domain::release::Release;
use domain::upload::{self, Upload, UploadError};
use domain::{Idempotency, Outcome, Platform, Unit, Verdict as Ended, Work, job};
use kernel::{Fault, JobId, LotId, Millis, Refusal, codes};
use storage::{Error, Tx};

use super::rules::{self, Answered};
use super::{CANDIDATES_MAX, CandidateTold, Lot, LotRow, LotState, OPEN_MAX, OfferTold, Told};
use super::{labels, store};
use crate::history::rules::clean;
use crate::rules::{Assessed, Verdict};
use crate::usecases::{Tested, question, test_in};
use crate::watches::usecases::NewWatch;
use crate::watches::{self, REFERENCE_MAX_CHARS, WATCHES_MAX};

/// The job that carries out lots.
pub const JOB: &str = "eligibility.lot";

/// Reads a file through and puts its lot on record. A file that is refused, or that came twice, is
/// not kept.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `ELOT01` for a file that is
/// refused, `ELOT02` when [`OPEN_MAX`] lots wait or run, `11` for anyone but an operator.
pub async fn submit(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    sent: Upload,
    once: Option<Idempotency>,
) -> Result<Result<LotId, Refusal>, Fault> {
    let ended = match read_through(platform, ctx, &sent).await? {
        Ok((lines, unknown)) => put(platform, ctx, &sent, (lines, unknown), once).await?,
        Err(refusal) => Outcome {
            verdict: Ended::Refused(refusal),
            replayed: false,
        },
    };
    if ended.replayed || matches!(ended.verdict, Ended::Refused(_)) {
        let (reach, upload) = (ctx.scope().clone(), sent.clone());
        let forget =
            move |tx: &mut dyn Tx| upload::forget(tx, &reach, &upload.operator, &upload.id);
        let lane = storage::Lane::Background;
        platform.db.write(lane, None, forget).await?;
        upload::discard(platform, &sent.id).await;
    }
    Ok(ended.into_result())
}

async fn read_through(
    platform: &Platform,
    ctx: &Ctx,
    sent: &Upload,
) -> Result<Result<(u64, Vec<String>), Refusal>, Fault> {
    let bytes = match upload::open(platform, ctx.scope(), sent).await {
        Ok(bytes) => bytes,
        Err(UploadError::Refused(refusal)) => return Ok(Err(refusal)),
        Err(UploadError::Fault(fault)) => return Err(fault),
    };
    let read = tokio::task::spawn_blocking(move || lot::scan(bytes)).await;
    let read = read.map_err(Fault::internal)?.map_err(Fault::internal)?;
    Ok(read.map_err(|fault| fault.refusal()))
}

async fn put(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    sent: &Upload,
    (lines, unknown): (u64, Vec<String>),
    once: Option<Idempotency>,
) -> Result<Outcome<LotId>, Fault> {
    let sent = sent.clone();
    let unit = Unit::new("eligibility.submit_lot").once(once);
    domain::write(platform, ctx, unit, move |work| {
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Ended::Refused(refusal)),
        };
        let open = store::count_open(work.tx, &scope)?;
        if open >= OPEN_MAX {
            let refusal = Refusal::new(&codes::ELOT02).because(labels::waiting(OPEN_MAX));
            return Ok(Ended::Refused(refusal));
        }
        let lot = Lot {
            id: work.id(),
            operator: scope.operator().clone(),
            state: LotState::Waiting,
            file_name: sent.file_name.clone(),
            upload: sent.id.clone(),
            digest: sent.digest.clone(),
            lines: i64::try_from(lines).unwrap_or(i64::MAX),
            unknown: unknown.clone(),
            done: 0,
            at_byte: 0,
            release: None,
            extracted_on: None,
            counts: [0; 5],
            refusal: None,
            by: work.ctx.actor.name.clone(),
            created: work.ctx.now,
            started: None,
            ended: None,
        };
        let (real_now, channel) = (work.ctx.real_now, work.ctx.channel.as_str());
        store::insert(work.tx, &scope, &lot, real_now, channel)?;
        // Its turn comes after those before it; the job of the first goes on with the next.
        if open == 0 {
            let due = work.ctx.now;
            enqueue(work, &scope, &lot.id, due)?;
        }
        work.about(lot.id.as_str());
        Ok(Ended::Accepted(lot.id))
    })
    .await
}

/// The first job of a lot.
pub(super) fn enqueue(
    work: &mut Work<'_>,
    scope: &OperatorScope,
    id: &LotId,
    due: Millis,
) -> Result<(), Error> {
    let own: JobId = work.id();
    let key = turn_key(id, 0, &own);
    work.enqueue(scope, scope.operator(), &turn(id, &key), due)
}

/// One turn of a lot: short, so that other operators' lots wait for it no longer.
pub(super) fn turn<'a>(id: &'a LotId, key: &'a str) -> job::New<'a> {
    job::New {
        kind: JOB,
        dedup_key: key,
        payload: id.as_str(),
        track: job::Track::Turns,
    }
}

/// Every turn has a key of its own: each is queued by the unit that ends the one before, which
/// commits once.
pub(super) fn turn_key(id: &LotId, done: i64, own: &JobId) -> String {
    format!("{id}:{done}:{own}")
}

/// Deletes a lot: it is as absent at once, its file goes now and its lines by and by.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `5` no such lot of the caller's.
pub async fn delete(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    id: String,
    once: Option<Idempotency>,
) -> Result<Result<(), Refusal>, Fault> {
    let unit = Unit::new("eligibility.delete_lot").once(once);
    let done = domain::write(platform, ctx, unit, move |work| {
        work.about(&id);
        let scope = match work.ctx.operator() {
            Ok(scope) => scope.clone(),
            Err(refusal) => return Ok(Ended::Refused(refusal)),
        };
        let Some(lot) = store::by_id(work.tx, &scope, &id)? else {
            return Ok(Ended::Refused(Refusal::new(&codes::RC05).on("lot")));
        };
        store::mark_deleted(work.tx, &scope, (scope.operator(), &lot.id))?;
        upload::forget(work.tx, &scope, scope.operator(), &lot.upload)?;
        Ok(Ended::Accepted(lot.upload))
    })
    .await?;
    match done.into_result() {
        Ok(upload) => {
            upload::discard(platform, &upload).await;
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Watches the places of some lines, as they were answered, each under the line's own reference;
/// `None` when the caller has no such lot, or the lot not every one of the lines.
///
/// # Errors
/// None is watched when one is refused: FIMP15 without a building, `EVEI01` when there is not room
/// for all. A fault when it is not known to be committed: whoever asks again goes on from there.
pub async fn watch(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    (id, lines): (&LotId, &[i64]),
    once: Option<Idempotency>,
) -> Result<Option<Result<(), Refusal>>, Fault> {
    let (scope, id) = (ctx.operator().map_err(Fault::internal)?.clone(), id.clone());
    let wanted = lines.to_vec();
    let read = platform.db.get(move |tx| {
        let (mut places, mut new) = (Vec::new(), BTreeSet::new());
        for line in &wanted {
            let Some(row) = store::row(tx, &scope, &id, *line)? else {
                return Ok(None);
            };
            let place = match rules::place(&row) {
                Ok(place) => place,
                Err(refusal) => return Ok(Some(Err(refusal))),
            };
            if watches::store::by_place(tx, &scope, &place.query)?.is_none() {
                new.insert(place.query.clone());
            }
            places.push((*line, place, clean(&row.reference, REFERENCE_MAX_CHARS)));
        }
        let room = WATCHES_MAX - watches::store::count(tx, &scope)?.0;
        if i64::try_from(new.len()).unwrap_or(i64::MAX) > room {
            return Ok(Some(Err(Refusal::new(&codes::EVEI01))));
        }
        Ok(Some(Ok(places)))
    });
    let places = match read.await? {
        Some(Ok(places)) => places,
        Some(Err(refusal)) => return Ok(Some(Err(refusal))),
        None => return Ok(None),
    };
    for (line, place, reference) in places {
        // All lines of one page come under the one key of its form.
        let once = once.clone().map(|once| Idempotency {
            key: format!("{}:{line}", once.key),
            ..once
        });
        let new = NewWatch {
            place,
            reference,
            note: String::new(),
        };
        let watched = watches::usecases::watch(platform, ctx, new, once).await?;
        if let Err(refusal) = watched.into_result() {
            return Ok(Some(Err(refusal)));
        }
    }
    Ok(Some(Ok(())))
}

/// What a line is answered on a release; `None` when the release's address index is not in memory.
/// `ctx` is of the instant of the verdicts.
///
/// # Errors
/// Those of the store.
pub fn answer(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    places: &Indexes,
    release: Release,
    line: &Line,
) -> Result<Option<LotRow>, Error> {
    let mut row = LotRow {
        line: i64::try_from(line.number).unwrap_or(i64::MAX),
        reference: line.reference.clone(),
        verdict: Answered::Refused,
        code: String::new(),
        building: String::new(),
        insee: String::new(),
        commune: String::new(),
        place: None,
        told: Told {
            asked: line.asked(),
            narrowed: rules::narrowed(&line.fields),
            ..Told::default()
        },
    };
    if let Some(refusal) = &line.refusal {
        refuse(&mut row, refusal);
        return Ok(Some(row));
    }
    let mut fields = line.fields.clone();
    if !line.has_key() {
        let place = match find_in(tx, ctx, places, release, &line.address)? {
            None => return Ok(None),
            Some(Ok(place)) => place,
            Some(Err(refusal)) => {
                refuse(&mut row, &refusal);
                return Ok(Some(row));
            }
        };
        match meant(&place, &mut row) {
            Some(reference) => fields = fields.with("IdentifiantImmeuble", &reference),
            None => return Ok(Some(row)),
        }
    }
    let tested = match question(&fields) {
        Ok(question) => test_in(tx, ctx, release, &question)?,
        Err(refusal) => Err(refusal),
    };
    match tested {
        Ok(tested) => tell(&tested, &mut row),
        Err(refusal) => refuse(&mut row, &refusal),
    }
    Ok(Some(row))
}

fn refuse(row: &mut LotRow, refusal: &Refusal) {
    row.verdict = Answered::Refused;
    because(row, refusal);
}

fn because(row: &mut LotRow, refusal: &Refusal) {
    row.code = refusal.code.clone();
    row.told.field = refusal.field.clone().unwrap_or_default();
    row.told.reason = refusal.message();
}

/// The one building that a text means; otherwise the row says what else is answered.
fn meant(place: &Place, row: &mut LotRow) -> Option<String> {
    if let Some(best) = place.best() {
        let (assumed, unmatched) = (&best.assumed, &best.unmatched);
        row.told.understood = labels::understood(&best.label, assumed, unmatched);
        match best.buildings.as_slice() {
            [only] => return Some(only.reference.clone()),
            [] => nowhere(best.kind, row),
            several => {
                row.verdict = Answered::ToPrecise;
                row.told.reason = labels::SEVERAL_BUILDINGS.to_owned();
                let told = several.iter().take(CANDIDATES_MAX).map(building_told);
                row.told.candidates = told.collect();
            }
        }
        return None;
    }
    let first = place.candidates.first();
    let other_number = |one: &Candidate| one.kind == Named::Housenumber && one.is_other_number;
    let absent = first.is_some() && place.candidates.iter().all(other_number);
    let candidates = place.candidates.iter().take(CANDIDATES_MAX).map(place_told);
    row.told.candidates = candidates.collect();
    if place.verdict == Sure::Ambiguous && !absent {
        row.verdict = Answered::ToPrecise;
        row.told.reason = match place.named {
            Some(Named::Coordinates) => labels::A_POINT.to_owned(),
            _ => labels::SEVERAL_PLACES.to_owned(),
        };
        return None;
    }
    let alike = place.alike.iter().map(|reference| CandidateTold {
        label: reference.clone(),
        building: String::new(),
    });
    row.told.candidates.extend(alike);
    row.told.candidates.truncate(CANDIDATES_MAX);
    let mut refusal = Refusal::new(&codes::FADR01).on("Adresse");
    let detail = match (absent, row.told.candidates.is_empty()) {
        (true, _) => Some(labels::OTHER_NUMBER.to_owned()),
        (false, true) => labels::unknown(place.named),
        (false, false) => Some(labels::ALIKE.to_owned()),
    };
    if let Some(detail) = detail {
        refusal = refusal.because(detail);
    }
    refuse(row, &refusal);
    None
}

/// What is known by a name, and is no building.
fn nowhere(kind: Named, row: &mut LotRow) {
    let refusal = match kind {
        Named::Street | Named::Place | Named::Commune => {
            row.verdict = Answered::ToPrecise;
            row.told.reason = labels::NO_NUMBER.to_owned();
            return;
        }
        Named::Pm | Named::Pbo => Refusal::new(&codes::FIMP16).because(labels::PLANT),
        _ => Refusal::new(&codes::FADR01).because(labels::NO_BUILDING),
    };
    refuse(row, &refusal.on("Adresse"));
}

fn place_told(candidate: &Candidate) -> CandidateTold {
    CandidateTold {
        label: candidate.label.clone(),
        building: match candidate.buildings.as_slice() {
            [only] => only.reference.clone(),
            _ => String::new(),
        },
    }
}

fn building_told(building: &Building) -> CandidateTold {
    let mut label = address_line(building);
    if !building.batiment.is_empty() {
        label = labels::in_block(&label, &building.batiment);
    }
    CandidateTold {
        label,
        building: building.reference.clone(),
    }
}

/// The answer of a test as a line tells it.
fn tell(tested: &Tested, row: &mut LotRow) {
    let [assessed] = tested.buildings.as_slice() else {
        row.verdict = Answered::ToPrecise;
        row.told.reason = labels::SEVERAL_BUILDINGS.to_owned();
        let several = tested.buildings.iter().map(|one| &one.site.building);
        let told = several.take(CANDIDATES_MAX).map(building_told);
        row.told.candidates = told.collect();
        return;
    };
    let building = &assessed.site.building;
    row.building.clone_from(&building.reference);
    row.insee.clone_from(&building.insee);
    row.commune.clone_from(&building.commune);
    row.place = building
        .lon
        .map(millionths)
        .zip(building.lat.map(millionths));
    row.told.address = address_line(building);
    row.told.state = building.state.label().to_owned();
    row.told.pm.clone_from(&building.pm_ref);
    row.told.required = required(assessed);
    let offers = tested.offers.iter().zip(&assessed.best);
    row.told.offers = offers
        .map(|(offer, verdict)| OfferTold {
            offer: offer.code.to_owned(),
            verdict: answered(verdict).as_str().to_owned(),
            from: day_of(verdict),
            code: verdict.refusal().map_or(String::new(), |r| r.code.clone()),
        })
        .collect();
    let best = assessed.best.iter().min_by_key(|one| answered(one) as u8);
    let Some(best) = best else { return };
    row.verdict = answered(best);
    row.told.from = day_of(best);
    if let Some(refusal) = best.refusal() {
        because(row, refusal);
    }
}

fn answered(verdict: &Verdict) -> Answered {
    match verdict {
        Verdict::Eligible => Answered::Eligible,
        Verdict::EligibleFrom(..) => Answered::EligibleFrom,
        Verdict::NotEligible(_) => Answered::NotEligible,
    }
}

fn day_of(verdict: &Verdict) -> String {
    match verdict {
        Verdict::EligibleFrom(day, _) => day.to_string(),
        Verdict::Eligible | Verdict::NotEligible(_) => String::new(),
    }
}

fn millionths(degrees: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "degrees are within 180, and a cast saturates"
    )]
    let whole = (degrees * 1e6).round() as i64;
    whole
}

fn required(assessed: &Assessed) -> Vec<String> {
    let names = ["Batiment", "Escalier", "Etage"].into_iter();
    let needed = names.zip(assessed.site.required());
    needed
        .filter(|(_, needed)| *needed)
        .map(|(name, _)| name.to_owned())
        .collect()
}
