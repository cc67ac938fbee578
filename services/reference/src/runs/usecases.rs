//! Submitting an import, carrying it out, approving, declining and taking back its release.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use domain::access::{Ctx, Duty, StaffScope, SystemScope};
use domain::release::history::store as history;
use domain::release::{Kind, Release, ReleaseState, store as releases};
use domain::upload::{self, PIECE_BYTES, Purpose, Readable, Receiver, Upload, UploadError};
use domain::{Idempotency, Outcome, Platform, Unit, Verdict, Work, job};
use jiff::civil::Date;
use kernel::{Fault, ImportId, Refusal, UploadId, codes};
use service_api::JobEnd;
use sha2::{Digest, Sha256};
use storage::{Error, Lane, Tx};
use tokio::sync::watch;

use super::store::{self, Left};
use super::{FOUR_EYES_SETTING, Reached, Run, RunState, Summary, reached, told};
use crate::files::gracethd::{self, GracethdFault};
use crate::publication::{News, tell};
use crate::report::{ImportOutcome, ImportReport};
use crate::usecases::{ImportError, ImportRequest, Part, Phase, Source, approve, import};
use crate::{differences, files};

/// The job that imports a file.
pub const IMPORT_JOB: &str = "reference.import";
/// The job that publishes an approved release.
pub const PUBLISH_JOB: &str = "reference.publish";
/// Between two notes of how far a job is.
const NOTE_EVERY: Duration = Duration::from_secs(1);
/// Longest reason, in characters.
pub const REASON_MAX: usize = 500;

/// An import to submit: its files have passed the quarantine.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The kind of file.
    pub kind: Kind,
    /// The name it came with.
    pub file_name: String,
    /// One file, or those of a folder.
    pub uploads: Vec<Upload>,
    /// When it was extracted; else the date in its name.
    pub extracted_on: Option<Date>,
    /// Compare and report only.
    pub dry_run: bool,
    /// Publish without waiting: the command line alone may ask.
    pub approve: bool,
}

/// Puts an import on record and starts its job.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `EIMP03` without a date, `EIMP05` when it may not be published by the one who brought it.
pub async fn submit(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: Submission,
    once: Option<Idempotency>,
) -> Result<Outcome<ImportId>, Fault> {
    let unit = Unit::new("reference.submit").once(once);
    domain::write(platform, ctx, unit, move |work| {
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let dated = new
            .extracted_on
            .or_else(|| files::date_in_name(&new.file_name));
        let Some(extracted_on) = dated else {
            let refusal = Refusal::new(&codes::EIMP03).on("DateExtraction");
            return Ok(Verdict::Refused(refusal));
        };
        let scope = work.ctx.duty(Duty::Import);
        if new.approve && four_eyes(work.tx, &scope)? == FourEyes::Always {
            return Ok(Verdict::Refused(Refusal::new(&codes::EIMP05)));
        }
        let run = received(work, &new, extracted_on);
        store::insert(work.tx, &staff, &run)?;
        start(work, &staff, IMPORT_JOB, run.id.as_str(), run.id.as_str())?;
        work.about(&format!("{} {}", run.kind.as_str(), run.id));
        Ok(Verdict::Accepted(run.id))
    })
    .await
}

fn received(work: &mut Work<'_>, new: &Submission, extracted_on: Date) -> Run {
    let ctx = work.ctx;
    Run {
        id: work.id(),
        kind: new.kind,
        file_name: new.file_name.clone(),
        uploads: new.uploads.iter().map(|upload| upload.id.clone()).collect(),
        digest: digest(&new.uploads),
        extracted_on,
        dry_run: new.dry_run,
        approve: new.approve,
        state: RunState::Received,
        phase: String::new(),
        done: 0,
        total: 0,
        summary: Summary::default(),
        release: None,
        seeded: 0,
        report_upload: None,
        rejects_upload: None,
        refusal: None,
        uploaded_by: who(ctx),
        uploaded_name: ctx.actor.name.clone(),
        decided_name: String::new(),
        channel: ctx.channel.as_str().to_owned(),
        created: ctx.now,
        created_real: ctx.real_now,
        ended: None,
        touched_real: ctx.real_now,
        version: 1,
    }
}

fn digest(uploads: &[Upload]) -> String {
    if let [only] = uploads {
        return only.digest.clone();
    }
    let mut hash = Sha256::new();
    for upload in uploads {
        hash.update(&upload.digest);
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Who acts, as one person is told from another.
fn who(ctx: &Ctx) -> String {
    format!("{}:{}", ctx.actor.kind, ctx.actor.id)
}

fn start(
    work: &mut Work<'_>,
    staff: &StaffScope,
    kind: &'static str,
    dedup_key: &str,
    payload: &str,
) -> Result<(), Error> {
    let new = job::New {
        kind,
        dedup_key,
        payload,
        track: job::Track::Long,
    };
    let due = work.ctx.now;
    work.enqueue(staff, staff.provider(), &new, due)
}

/// Where approving asks for a second person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FourEyes {
    Off,
    Pages,
    Always,
}

fn four_eyes(tx: &mut dyn Tx, scope: &SystemScope) -> Result<FourEyes, Error> {
    let set = domain::setting::store::by_name(tx, scope, FOUR_EYES_SETTING)?;
    Ok(match set.as_deref() {
        Some("off") => FourEyes::Off,
        Some("always") => FourEyes::Always,
        _ => FourEyes::Pages,
    })
}

impl FourEyes {
    /// Whether the caller may not approve what it brought itself.
    fn binds(self, ctx: &Ctx) -> bool {
        match self {
            Self::Off => false,
            Self::Pages => ctx.account().is_some(),
            Self::Always => true,
        }
    }
}

/// Whether another person than the caller must approve what this import made.
///
/// # Errors
/// The store does not answer.
pub async fn needs_another(platform: &Platform, ctx: &Ctx, run: &Run) -> Result<bool, Fault> {
    if run.uploaded_by != who(ctx) {
        return Ok(false);
    }
    let scope = ctx.duty(Duty::Import);
    let set = platform.db.get(move |tx| four_eyes(tx, &scope)).await?;
    Ok(set.binds(ctx))
}

/// Approves a release that waits, and starts its publication.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `5` no such release, `EIMP05` the person who brought the file, `EVER01` it does not wait.
pub async fn approve_release(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    number: Release,
    once: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("reference.approve").once(once);
    domain::write(platform, ctx, unit, move |work| {
        work.about(&number.0.to_string());
        let (staff, run) = match waiting(work, number)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let scope = work.ctx.duty(Duty::Import);
        let same = run.uploaded_by == who(work.ctx);
        if same && four_eyes(work.tx, &scope)?.binds(work.ctx) {
            return Ok(Verdict::Refused(Refusal::new(&codes::EIMP05)));
        }
        let states = (RunState::Waiting, RunState::Publishing);
        let (by, name, now) = (who(work.ctx), work.ctx.actor.name.clone(), work.ctx.now);
        let to = RunState::Publishing;
        store::update_decision(work.tx, &staff, number, states, to, (&by, &name, now))?;
        history::update_publisher(work.tx, &staff, number, &name)?;
        let (key, payload) = (
            format!("{}:{}", number.0, run.version),
            number.0.to_string(),
        );
        start(work, &staff, PUBLISH_JOB, &key, &payload)?;
        Ok(Verdict::Accepted(()))
    })
    .await
}

/// The import of a release that waits, for the OI's staff. One whose publication was begun and
/// did not end waits too.
fn waiting(
    work: &mut Work<'_>,
    number: Release,
) -> Result<Result<(StaffScope, Run), Refusal>, Error> {
    let staff = match work.ctx.staff() {
        Ok(staff) => staff.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let info = releases::by_number(work.tx, number)?;
    let run = store::by_release(work.tx, number)?;
    let (Some(info), Some(run)) = (info, run) else {
        return Ok(Err(Refusal::new(&codes::RC05).on("version")));
    };
    let waits = matches!(run.state, RunState::Waiting | RunState::Publishing);
    if info.state != ReleaseState::Ready || !waits {
        return Ok(Err(Refusal::new(&codes::EVER01)));
    }
    Ok(Ok((staff, run)))
}

fn checked_reason(reason: &str) -> Result<String, Refusal> {
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Refusal::new(&codes::RC01).on("motif"));
    }
    if reason.chars().count() > REASON_MAX {
        return Err(Refusal::new(&codes::RC03).on("motif"));
    }
    Ok(reason.to_owned())
}

/// Gives up a release that waits.
///
/// # Errors
/// As [`approve_release`]; and `1` or `3` for a missing or too long reason.
pub async fn decline_release(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    number: Release,
    reason: String,
    once: Option<Idempotency>,
) -> Result<Outcome<()>, Fault> {
    let unit = Unit::new("reference.decline").once(once);
    domain::write(platform, ctx, unit, move |work| {
        work.about(&number.0.to_string());
        let why = match checked_reason(&reason) {
            Ok(why) => why,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let (staff, _) = match waiting(work, number)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let (by, name, now) = (who(work.ctx), work.ctx.actor.name.clone(), work.ctx.now);
        let decision = history::Decision {
            by: &name,
            now,
            why: &why,
        };
        history::decline(work.tx, &staff, number, decision)?;
        let states = (RunState::Waiting, RunState::Publishing);
        let to = RunState::Withdrawn;
        store::update_decision(work.tx, &staff, number, states, to, (&by, &name, now))?;
        Ok(Verdict::Accepted(()))
    })
    .await
}

/// Takes the release in force back: the one it was built on is in force again, at one instant for
/// everybody, and every operator is told. Live rows stay as they are. Answers the number in force.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `11` anyone but the OI's staff,
/// `5` no such release, `1` or `3` for a missing or too long reason, `EIMP06` not in force.
pub async fn roll_back(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    number: Release,
    reason: String,
    once: Option<Idempotency>,
) -> Result<Outcome<i64>, Fault> {
    let unit = Unit::new("reference.roll_back").once(once);
    domain::write(platform, ctx, unit, move |work| {
        work.about(&number.0.to_string());
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let why = match checked_reason(&reason) {
            Ok(why) => why,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let Some(info) = releases::by_number(work.tx, number)? else {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC05).on("version")));
        };
        let (by, name, now) = (who(work.ctx), work.ctx.actor.name.clone(), work.ctx.now);
        let decision = history::Decision {
            by: &name,
            now,
            why: &why,
        };
        if !history::roll_back(work.tx, &staff, number, decision)? {
            return Ok(Verdict::Refused(Refusal::new(&codes::EIMP06)));
        }
        let states = (RunState::Published, RunState::Published);
        let to = RunState::Withdrawn;
        store::update_decision(work.tx, &staff, number, states, to, (&by, &name, now))?;
        tell(work, &info, News::Withdrawn)?;
        Ok(Verdict::Accepted(info.base.0))
    })
    .await
}

/// The job that imports.
///
/// # Errors
/// The store is away: the job is tried again.
pub async fn run_import(
    platform: Arc<Platform>,
    ctx: Arc<Ctx>,
    id: String,
) -> Result<JobEnd, Fault> {
    let wanted = id.clone();
    let run = platform.db.get(move |tx| store::by_id(tx, &wanted)).await?;
    let Some(run) = run else {
        return Ok(JobEnd::GiveUp(format!("no import {id}")));
    };
    if !run.state.is_busy() {
        return close(&platform, &ctx, &run, run.state, run.refusal.clone()).await;
    }
    let asked = run.clone();
    if platform
        .db
        .get(move |tx| store::has_newer(tx, &asked))
        .await?
    {
        // It died before a newer file was imported: what it says is out of date by now.
        note(&platform, &ctx, &run, Left::at(RunState::Withdrawn)).await?;
        return close(&platform, &ctx, &run, RunState::Withdrawn, None).await;
    }
    let (done, rejects) = match carry_out(&platform, &ctx, &run).await {
        Ok((done, rejects)) => (done, Some(rejects)),
        Err(error) => (Err(error), None),
    };
    let left = match done {
        Ok(report) => left_by(&platform, &ctx, &run, &report, rejects).await?,
        Err(ImportError::Refused { refusal, report }) => {
            let mut left = match report {
                Some(report) => left_by(&platform, &ctx, &run, &report, rejects).await?,
                None => Left::at(RunState::Refused),
            };
            (left.state, left.refusal, left.release) = (RunState::Refused, Some(refusal), None);
            left
        }
        Err(ImportError::Interrupted) => return Ok(JobEnd::Retry("interrupted".to_owned())),
        Err(ImportError::Fault(fault @ Fault::Unavailable(_))) => return Err(fault),
        Err(error) => {
            tracing::error!(import = %run.id, "failed: {error}");
            Left::at(RunState::Failed)
        }
    };
    let (state, refusal) = (left.state, left.refusal.clone());
    note(&platform, &ctx, &run, left).await?;
    match run.approve && state == RunState::Waiting {
        true => publish_at_once(&platform, &ctx, &run).await,
        false => close(&platform, &ctx, &run, state, refusal).await,
    }
}

/// Reads and compares on a thread of its own: that is work for the processor, and answers must not
/// wait for it.
async fn carry_out(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    run: &Run,
) -> Result<(Result<ImportReport, ImportError>, File), ImportError> {
    note(platform, ctx, run, Left::at(RunState::Running)).await?;
    let mut request = request(platform, ctx, run).await?;
    let rejects = upload::spool(platform)?;
    let own = rejects.try_clone().map_err(Fault::internal)?;
    request.rejected_to = Some(Box::new(BufWriter::new(own)));
    let (here, importing) = (Arc::clone(platform), Arc::clone(ctx));
    let id = run.id.clone();
    let done = watched(platform, ctx, &run.id, move |tell| {
        let runtime = tokio::runtime::Handle::current();
        let mut lines = 0;
        let mut progress = |phase: Phase| heard(&here, &id, phase, &mut lines, &tell);
        runtime.block_on(import(&here, &importing, request, &mut progress))
    })
    .await?;
    Ok((done, rejects))
}

/// Runs `work` on a thread of its own while what it tells is noted, at most once a second.
async fn watched<T: Send + 'static>(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    id: &ImportId,
    work: impl FnOnce(watch::Sender<Reached>) -> T + Send + 'static,
) -> Result<T, Fault> {
    let (tell, told) = watch::channel(Reached::default());
    let mut work = tokio::task::spawn_blocking(move || work(tell));
    let mut noted = Reached::default();
    loop {
        let waited = tokio::time::timeout(NOTE_EVERY, &mut work).await;
        if let Ok(done) = waited {
            return done.map_err(Fault::internal);
        }
        let reached = told.borrow().clone();
        if reached == noted {
            continue;
        }
        noted = reached.clone();
        let (scope, id, real_now) = (
            ctx.duty(Duty::Import),
            id.clone(),
            platform.clock.real_now(),
        );
        let put =
            move |tx: &mut dyn Tx| store::update_progress(tx, &scope, &id, &reached, real_now);
        // A note that is lost is made up for by the next.
        if let Err(error) = platform.db.write(Lane::Background, None, put).await {
            tracing::warn!("progress not noted: {error}");
        }
    }
}

fn heard(
    platform: &Platform,
    id: &ImportId,
    phase: Phase,
    lines: &mut u64,
    tell: &watch::Sender<Reached>,
) -> ControlFlow<()> {
    if let Phase::Scanned(read) = phase {
        *lines = read;
    }
    let reached = reached(phase, *lines);
    told(id, &reached);
    let _ = tell.send_replace(reached);
    match platform.is_ending() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    }
}

async fn request(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    run: &Run,
) -> Result<ImportRequest, ImportError> {
    let mut sources = Vec::new();
    for id in &run.uploads {
        let upload = upload_of(platform, ctx, id).await?;
        let upload = upload::admit(platform, ctx.scope(), upload).await;
        let upload = upload.map_err(not_received)?;
        let bytes = upload::open(platform, ctx.scope(), &upload).await;
        sources.push((upload.file_name, bytes.map_err(not_received)?));
    }
    let kind = run.kind;
    let read = tokio::task::spawn_blocking(move || parts(kind, sources));
    Ok(ImportRequest {
        parts: read.await.map_err(Fault::internal)??,
        extracted_on: Some(run.extracted_on),
        dry_run: run.dry_run,
        ..ImportRequest::new(run.kind, run.file_name.clone(), Box::new(io::empty()))
    })
}

/// What an import reads: the one file of its kind, or what a folder holds.
fn parts(kind: Kind, sources: Vec<(String, Box<dyn Readable>)>) -> Result<Vec<Part>, ImportError> {
    if kind == Kind::Gracethd {
        let opened = sources.into_iter().map(|(name, source)| {
            let source: Box<dyn Source> = Box::new(source);
            (name.to_ascii_lowercase(), source)
        });
        let read = gracethd::convert(opened.collect());
        let read = read.map_err(|fault| match fault {
            GracethdFault::Io(error) => ImportError::Io(error),
            fault => Refusal::new(&codes::EIMP01).because(fault.detail()).into(),
        })?;
        let part = |(kind, text): (Kind, Vec<u8>)| Part {
            kind,
            source: Box::new(io::Cursor::new(text)),
        };
        return Ok(read.into_iter().map(part).collect());
    }
    let part = |source: Box<dyn Readable>| Part {
        kind,
        source: Box::new(source),
    };
    Ok(sources
        .into_iter()
        .map(|(_, source)| part(source))
        .collect())
}

fn not_received(error: UploadError) -> ImportError {
    match error {
        UploadError::Refused(refusal) => refusal.into(),
        UploadError::Fault(fault) => fault.into(),
    }
}

async fn upload_of(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    id: &UploadId,
) -> Result<Upload, ImportError> {
    let (reach, owner, wanted) = (ctx.scope().clone(), ctx.owner().clone(), id.clone());
    let find = move |tx: &mut dyn Tx| upload::store::by_id(tx, &reach, &owner, &wanted);
    let found = platform.db.get(find).await?;
    found.ok_or_else(|| Fault::internal(format!("no upload {id}")).into())
}

/// What an import leaves in its row: its counts, its release, its report as a file.
async fn left_by(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    run: &Run,
    report: &ImportReport,
    rejects: Option<File>,
) -> Result<Left, Fault> {
    let scope = ctx.duty(Duty::Import);
    let (state, release) = match report.outcome {
        ImportOutcome::Checked => (RunState::Checked, None),
        ImportOutcome::Waiting(n) | ImportOutcome::Published(n) => (RunState::Waiting, Some(n)),
    };
    if let Some(number) = release {
        differences::keep_count(&platform.db, scope, number).await?;
    }
    let (superseded, now) = (report.superseded.clone(), ctx.now);
    let forget = move |tx: &mut dyn Tx| {
        superseded
            .iter()
            .try_for_each(|number| store::update_superseded(tx, &scope, *number, now).map(drop))
    };
    platform.db.write(Lane::Background, None, forget).await?;
    let mut text = Vec::new();
    report.write_csv(&mut text).map_err(Fault::internal)?;
    let name = format!("compte-rendu-{}.csv", run.id);
    Ok(Left {
        state,
        summary: Some(Summary::from(report)),
        release,
        report_upload: Some(kept(platform, ctx, &name, &mut text.as_slice()).await?),
        rejects_upload: match rejects {
            Some(file) if report.rejected > 0 => Some(rejected(platform, ctx, run, file).await?),
            _ => None,
        },
        refusal: None,
    })
}

/// The refused lines as a file of their own, named after the one they stood in.
async fn rejected(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    run: &Run,
    mut file: File,
) -> Result<UploadId, Fault> {
    file.seek(SeekFrom::Start(0)).map_err(Fault::internal)?;
    let name = format!("rejets-{}", run.file_name);
    kept(platform, ctx, &name, &mut file).await
}

async fn kept(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    name: &str,
    bytes: &mut (dyn Read + Send),
) -> Result<UploadId, Fault> {
    let keep = async {
        let mut receiver = Receiver::begin(platform, ctx, Purpose::Report, name)?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let read = bytes.read(&mut piece).map_err(Fault::internal)?;
            if read == 0 {
                break;
            }
            receiver.push(&piece[..read]).await?;
        }
        Ok::<_, UploadError>(receiver.finish().await?.id)
    };
    keep.await.map_err(|error| match error {
        UploadError::Refused(refusal) => Fault::internal(refusal),
        UploadError::Fault(fault) => fault,
    })
}

async fn note(platform: &Platform, ctx: &Arc<Ctx>, run: &Run, left: Left) -> Result<(), Fault> {
    let (scope, id, now) = (ctx.duty(Duty::Import), run.id.clone(), ctx.now);
    let put = move |tx: &mut dyn Tx| store::update_left(tx, &scope, &id, &left, now);
    platform.db.write(Lane::Background, None, put).await?;
    Ok(())
}

/// The job's own unit: its end, and the audit row of what became of the import.
async fn close(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    run: &Run,
    state: RunState,
    refusal: Option<Refusal>,
) -> Result<JobEnd, Fault> {
    let target = format!("{} {} {}", run.kind.as_str(), state.as_str(), run.id);
    let unit = Unit::new("reference.import");
    domain::write(platform, ctx, unit, move |work| {
        work.about(&target);
        Ok(refusal
            .clone()
            .map_or(Verdict::Accepted(()), Verdict::Refused))
    })
    .await?;
    Ok(JobEnd::Done)
}

async fn publish_at_once(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    run: &Run,
) -> Result<JobEnd, Fault> {
    let id = run.id.to_string();
    let run = platform.db.get(move |tx| store::by_id(tx, &id)).await?;
    let found = run.and_then(|run| run.release.map(|number| (run, number)));
    let Some((run, number)) = found else {
        return Ok(JobEnd::GiveUp("its release is gone".to_owned()));
    };
    let (scope, name) = (ctx.duty(Duty::Import), run.uploaded_name.clone());
    let (by, now) = (run.uploaded_by.clone(), ctx.now);
    let sign = move |tx: &mut dyn Tx| {
        let states = (RunState::Waiting, RunState::Publishing);
        let (to, who) = (RunState::Publishing, (&*by, &*name, now));
        store::update_decision(tx, &scope, number, states, to, who)?;
        history::update_publisher(tx, &scope, number, &name)
    };
    platform.db.write(Lane::Background, None, sign).await?;
    publish(platform, ctx, &run, number).await
}

/// The job that publishes; its payload is the release's number.
///
/// # Errors
/// The store is away: the job is tried again.
pub async fn run_publish(
    platform: Arc<Platform>,
    ctx: Arc<Ctx>,
    number: String,
) -> Result<JobEnd, Fault> {
    let Ok(number) = number.parse().map(Release) else {
        return Ok(JobEnd::GiveUp("no number of a release".to_owned()));
    };
    let run = platform
        .db
        .get(move |tx| store::by_release(tx, number))
        .await?;
    match run {
        Some(run) if run.state == RunState::Publishing => {
            publish(&platform, &ctx, &run, number).await
        }
        Some(run) => close(&platform, &ctx, &run, run.state, None).await,
        None => Ok(JobEnd::GiveUp("a release without its import".to_owned())),
    }
}

async fn publish(
    platform: &Arc<Platform>,
    ctx: &Arc<Ctx>,
    run: &Run,
    number: Release,
) -> Result<JobEnd, Fault> {
    let (here, publishing) = (Arc::clone(platform), Arc::clone(ctx));
    let id = run.id.clone();
    let work = move |tell: watch::Sender<Reached>| {
        let runtime = tokio::runtime::Handle::current();
        let mut rows = 0;
        let mut progress = |phase: Phase| heard(&here, &id, phase, &mut rows, &tell);
        runtime.block_on(approve(&here, &publishing, number, &mut progress))
    };
    let left = match watched(platform, ctx, &run.id, work).await? {
        // The unit that moved the pointer has ended the job and noted the import.
        Ok(_) => return Ok(JobEnd::Done),
        Err(ImportError::Interrupted) => return Ok(JobEnd::Retry("interrupted".to_owned())),
        Err(ImportError::Fault(fault)) => return Err(fault),
        Err(ImportError::Refused { refusal, .. }) => Left {
            refusal: Some(refusal),
            ..Left::at(RunState::Failed)
        },
        Err(error) => return Err(Fault::internal(error)),
    };
    note(platform, ctx, run, left).await?;
    Ok(JobEnd::Done)
}
