//! Importing a reference file, and approving the release it made.
//!
//! A file is read three times: once for its digest and encoding, once to compare, once to write.
//! Between the first and the last write anything may die: the pointer has not moved, nobody sees
//! the new rows, and the next import undoes them before it writes its own.

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use domain::access::{Ctx, Duty, SystemScope};
use domain::line::store as lines;
use domain::release::store as releases;
use domain::release::{Begun, Kind, Release, ReleaseState, Table};
use domain::{Platform, Unit, Verdict};
use jiff::civil::Date;
use kernel::{Fault, Millis, Refusal, codes};
use sha2::{Digest, Sha256};
use storage::{Db, Error, Lane};
use tokio::sync::{mpsc, oneshot};

use crate::compare::{self, Comparison, Known, Plan, RejectedTo};
pub use crate::files::Source;
use crate::files::{self, ReadError, Scan};
use crate::index::Index;
use crate::known::{self, Added};
use crate::labels::FileFault;
use crate::publication::{self, News};
use crate::report::{AnomalyCode, ImportOutcome, ImportReport};
use crate::runs;
use crate::stage::Writer;

/// Live rows seeded in one unit of work: short, because orders share their writer.
const SEED_ROWS: u32 = 500;
/// A file more than so many lines in a hundred of which are refused is refused whole, unless the
/// request says otherwise.
pub const REJECTED_PERCENT_MAX: u8 = 20;

/// One file of an import.
pub struct Part {
    /// Its kind.
    pub kind: Kind,
    /// Its bytes.
    pub source: Box<dyn Source>,
}

/// A file to import, or several that make one release together.
///
/// A file removes the rows of its own kind that it does not have, unless it is a list of refused
/// lines sent back (it has the column `CodeRejet`) or a part of a GraceTHD folder, which describes
/// an area.
pub struct ImportRequest {
    /// Its kind.
    pub kind: Kind,
    /// Its name, without folders.
    pub file_name: String,
    /// One file of that kind, or the parts of a folder, in the order they refer to each other.
    pub parts: Vec<Part>,
    /// When the OI extracted it; else the date in its name.
    pub extracted_on: Option<Date>,
    /// Compare and report only.
    pub dry_run: bool,
    /// Publish at once; else the release waits.
    pub approve: bool,
    /// The share of refused lines, in percent, beyond which all is refused.
    pub rejected_percent_max: u8,
    /// Where refused lines go as they stand, each with its code and reason, under the file's own
    /// header: once corrected, what is written there can be imported.
    pub rejected_to: Option<RejectedTo>,
}

impl ImportRequest {
    /// One file, which makes a release that waits for approval.
    #[must_use]
    pub fn new(kind: Kind, file_name: String, source: Box<dyn Source>) -> Self {
        Self {
            kind,
            file_name,
            parts: vec![Part { kind, source }],
            extracted_on: None,
            dry_run: false,
            approve: false,
            rejected_percent_max: REJECTED_PERCENT_MAX,
            rejected_to: None,
        }
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its bytes were read: so many lines, header included.
    Scanned(u64),
    /// So many of its lines are compared with what is in force.
    Read(u64),
    /// Its lines were compared with what is in force.
    Compared,
    /// Its release is begun, and what earlier ones left is undone.
    Begun,
    /// So many of its lines are written.
    Staged(u64),
    /// Its release is complete.
    Ready,
    /// So many live rows are seeded.
    Seeded(u64),
    /// Its release is in force.
    Published,
}

/// Hears how far an import is, and may stop it there: what is begun is left as it stands, for the
/// next import to undo.
pub type Progress<'a> = &'a mut (dyn FnMut(Phase) -> ControlFlow<()> + Send);

/// Why an import did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file or the request is refused; the report tells what was seen of it.
    #[error("{refusal}")]
    Refused {
        /// Why.
        refusal: Refusal,
        /// What was read of the file, when it was read at all.
        report: Option<Box<ImportReport>>,
    },
    /// The platform is broken or away.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The file cannot be read.
    #[error("file unreadable: {0}")]
    Io(#[from] io::Error),
    /// The caller stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl From<Error> for ImportError {
    fn from(error: Error) -> Self {
        Self::Fault(match error {
            Error::Unavailable(_) | Error::Retry(_) => Fault::Unavailable(error.to_string()),
            _ => Fault::internal(error),
        })
    }
}

impl From<Refusal> for ImportError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            refusal,
            report: None,
        }
    }
}

fn refused_file(fault: &FileFault, report: Option<&ImportReport>) -> ImportError {
    ImportError::Refused {
        refusal: Refusal::new(&codes::EIMP01).because(fault.detail()),
        report: report.cloned().map(Box::new),
    }
}

fn refused_read(error: ReadError, report: Option<&ImportReport>) -> ImportError {
    match error {
        ReadError::Io(error) => ImportError::Io(error),
        ReadError::File(fault) => refused_file(&fault, report),
    }
}

pub(crate) fn tell(progress: &mut Progress<'_>, phase: Phase) -> Result<(), ImportError> {
    match progress(phase) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ImportError::Interrupted),
    }
}

/// Imports a reference file: checks it, compares it, builds a release, and publishes it when asked.
///
/// # Errors
/// Refused `EIMP01` when the file is unreadable, of another kind, or more of its lines are refused
/// than the request allows; `EIMP02` when its bytes are those in force and its extraction is no
/// newer; `EIMP03` without an extraction date; `EVER01` when another import was first.
pub async fn import(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    mut request: ImportRequest,
    mut progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    let (db, scope, now) = (&platform.db, ctx.duty(Duty::Import), ctx.now);
    let extracted_on = request
        .extracted_on
        .or_else(|| files::date_in_name(&request.file_name))
        .ok_or_else(|| Refusal::new(&codes::EIMP03).on(&request.file_name))?;
    let (base, parts) = scanned(db, request.kind, std::mem::take(&mut request.parts)).await?;
    let (kind, name) = (request.kind, request.file_name.clone());
    let mut report = ImportReport::new(kind, name, digest(&parts), extracted_on);
    check_source(db, base, &mut report).await?;
    let lines = parts.iter().map(|part| part.scan.lines).sum();
    tell(&mut progress, Phase::Scanned(lines))?;

    let plans = compared(
        db,
        scope,
        base,
        parts,
        &mut request,
        &mut report,
        &mut progress,
    )
    .await?;
    compare::check_rejects(&report, request.rejected_percent_max)
        .map_err(|fault| refused_file(&fault, Some(&report)))?;
    tell(&mut progress, Phase::Compared)?;
    if request.dry_run {
        return Ok(report);
    }

    let rows = plans.iter().map(|plan| plan.rows).sum();
    let begun = begin(db, scope, now, base, rows, &report).await?;
    report.superseded.clone_from(&begun.superseded);
    tell(&mut progress, Phase::Begun)?;
    let number = begun.number;
    let writer = Writer {
        db,
        scope,
        number,
        base,
    };
    let mut done = 0;
    for plan in plans {
        done = writer.stage(plan, done, &mut progress).await?;
    }
    writer.settle().await?;
    let ready = db
        .write(Lane::Background, None, move |tx| {
            releases::mark_ready(tx, &scope, number)
        })
        .await?;
    if !ready {
        return Err(Refusal::new(&codes::EVER01).into());
    }
    tell(&mut progress, Phase::Ready)?;
    report.outcome = ImportOutcome::Waiting(number);
    if request.approve {
        report.seeded = approve(platform, ctx, number, progress).await?;
        report.outcome = ImportOutcome::Published(number);
    }
    Ok(report)
}

/// Runs `f` on a thread that gives way to those on which people wait.
fn aside<T: Send + 'static>(
    f: impl FnOnce() -> T + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    let (send, answer) = oneshot::channel();
    let work = move || {
        storage::step_aside();
        // Whoever asked may be gone.
        let _ = send.send(f());
    };
    std::thread::Builder::new()
        .name("import".to_owned())
        .spawn(work)?;
    Ok(answer)
}

/// A file read once, and what is in force of its table.
struct Scanned {
    part: Part,
    scan: Scan,
    index: Index,
    pm_index: Option<Index>,
}

/// Reads the files a first time while what they are compared with is loaded.
async fn scanned(
    db: &Db,
    origin: Kind,
    parts: Vec<Part>,
) -> Result<(Release, Vec<Scanned>), ImportError> {
    let (base, sources) = sources_in_force(db).await?;
    let rows = sources.iter().find(|source| source.kind == origin);
    let rows = rows.map_or(0, |source| usize::try_from(source.rows).unwrap_or(0));
    let mut all = Vec::new();
    for mut part in parts {
        let kind = part.kind;
        let scan = aside(move || {
            let scan = files::scan(part.source.as_mut());
            (part, scan)
        })?;
        let index = known::index(db, files::reader(kind).table(), base, origin, rows).await?;
        let pm_index = match kind {
            Kind::Ipe => Some(known::index(db, Table::Pm, base, origin, 0).await?),
            _ => None,
        };
        let (part, scan) = scan.await.map_err(Fault::internal)?;
        let scan = scan.map_err(|e| refused_read(e, None))?;
        all.push(Scanned {
            part,
            scan,
            index,
            pm_index,
        });
    }
    Ok((base, all))
}

/// The file's digest; of several, that of their digests.
fn digest(parts: &[Scanned]) -> String {
    if let [only] = parts {
        return only.scan.digest.clone();
    }
    let mut hash = Sha256::new();
    for Scanned { part, scan, .. } in parts {
        hash.update(format!("{} {}\n", part.kind.as_str(), scan.digest));
    }
    let digest = hash.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Compares each file with what is in force, on a thread of its own.
async fn compared(
    db: &Db,
    scope: SystemScope,
    base: Release,
    parts: Vec<Scanned>,
    request: &mut ImportRequest,
    report: &mut ImportReport,
    progress: &mut Progress<'_>,
) -> Result<Vec<Plan>, ImportError> {
    let (mut added, mut plans) = (Added::default(), Vec::new());
    let mut before = 0;
    for scanned in parts {
        let kind = scanned.part.kind;
        let comparison = Comparison {
            origin: request.kind,
            kind,
            source: scanned.part.source,
            scan: scanned.scan,
            known: Arc::new(Known::load(db, scope, kind, base, &added).await?),
            index: scanned.index,
            pm_index: scanned.pm_index,
        };
        let (send, mut told) = mpsc::channel(16);
        let (mut own, mut rejected_to) = (report.clone(), request.rejected_to.take());
        let work = aside(move || {
            let plan = comparison.run(&mut own, rejected_to.as_mut(), &send);
            (plan, own, rejected_to)
        })?;
        while let Some(read) = told.recv().await {
            tell(progress, Phase::Read(before + read))?;
        }
        let plan;
        (plan, *report, request.rejected_to) = work.await.map_err(Fault::internal)?;
        let mut plan = plan.map_err(|e| refused_read(e, Some(report)))?;
        before = report.read;
        let keys = std::mem::take(&mut plan.added);
        added.note(files::reader(kind).table(), keys);
        plans.push(plan);
    }
    Ok(plans)
}

async fn sources_in_force(db: &Db) -> Result<(Release, Vec<domain::release::Source>), Error> {
    db.get(|tx| {
        let base = releases::current(tx)?;
        Ok((base, releases::sources(tx, base)?))
    })
    .await
}

/// Refuses the bytes that are those in force already.
async fn check_source(
    db: &Db,
    base: Release,
    report: &mut ImportReport,
) -> Result<(), ImportError> {
    let sources = db.get(move |tx| releases::sources(tx, base)).await?;
    if let Some(source) = sources.iter().find(|source| source.kind == report.kind) {
        if source.digest == report.digest && report.extracted_on <= source.extracted_on {
            return Err(Refusal::new(&codes::EIMP02).on(&report.file_name).into());
        }
        if report.extracted_on < source.extracted_on {
            let name = report.file_name.clone();
            let detail = source.extracted_on.to_string();
            report.anomaly(AnomalyCode::OlderExtraction, &name, detail);
        }
    }
    Ok(())
}

/// Begins a release on `base` and undoes what unpublished ones left.
async fn begin(
    db: &Db,
    scope: SystemScope,
    now: Millis,
    base: Release,
    rows: u64,
    report: &ImportReport,
) -> Result<Begun, ImportError> {
    let source = domain::release::Source {
        kind: report.kind,
        extracted_on: report.extracted_on,
        file_name: report.file_name.clone(),
        digest: report.digest.clone(),
        rows: i64::try_from(rows).unwrap_or(i64::MAX),
    };
    let begun = db
        .write(Lane::Background, None, move |tx| {
            if releases::current(tx)? != base {
                return Ok(None);
            }
            releases::begin(tx, &scope, &source, now).map(Some)
        })
        .await?
        .ok_or_else(|| Refusal::new(&codes::EVER01))?;
    let (number, to_undo) = (begun.number, begun.to_undo.clone());
    let claimed = db
        .write_reference(move |tx| releases::claim(tx, &scope, number, &to_undo))
        .await?;
    if !claimed {
        return Err(Refusal::new(&codes::EVER01).into());
    }
    let undone = begun.to_undo.clone();
    db.write(Lane::Background, None, move |tx| {
        releases::mark_undone(tx, &scope, &undone)
    })
    .await?;
    Ok(begun)
}

/// Publishes a release that waits: seeds the live rows it is the first to know, then moves the
/// pointer and leaves its audit row in one transaction. Answers how many rows were seeded.
///
/// # Errors
/// Refused `EVER01` when the release is not waiting, or was not built on the one in force.
pub async fn approve(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    number: Release,
    mut progress: Progress<'_>,
) -> Result<u64, ImportError> {
    let (db, scope) = (&platform.db, ctx.duty(Duty::Import));
    let info = db.get(move |tx| releases::by_number(tx, number)).await?;
    let info = info
        .filter(|info| info.state == ReleaseState::Ready)
        .ok_or_else(|| Refusal::new(&codes::EVER01))?;
    // Whoever searches once the pointer has moved finds the index there.
    platform.places.prepare(db, number).await?;
    let seeded = seed(db, scope, info.kind, number, &mut progress).await?;
    let published = domain::write(platform, ctx, Unit::new("reference.publish"), move |work| {
        work.about(&format!("{} {}", info.kind.as_str(), number.0));
        let now = work.ctx.now;
        if !releases::publish(work.tx, &scope, number, now)? {
            return Ok(Verdict::Refused(Refusal::new(&codes::EVER01)));
        }
        publication::tell(work, &info, News::Published)?;
        runs::store::update_published(work.tx, &scope, number, now, seeded)?;
        Ok(Verdict::Accepted(()))
    });
    published.await?.into_result()?;
    tell(&mut progress, Phase::Published)?;
    Ok(seeded)
}

/// Seeds the live rows of a release in short slices; rows already there stay as they are.
async fn seed(
    db: &Db,
    scope: SystemScope,
    kind: Kind,
    number: Release,
    progress: &mut Progress<'_>,
) -> Result<u64, ImportError> {
    let (slice_end, seed_slice): (SliceEnd, SeedSlice) = match kind {
        Kind::Fibres | Kind::Gracethd => (lines::fibre_slice_end, lines::seed_fibres),
        Kind::Prises => (lines::line_slice_end, lines::seed_lines),
        _ => return Ok(0),
    };
    let (mut seeded, mut after) = (0, String::new());
    loop {
        let from = after.clone();
        let end = db
            .read(move |tx| slice_end(tx, number, &from, SEED_ROWS))
            .await?;
        let Some(end) = end else { return Ok(seeded) };
        let (from, to) = (after, end.clone());
        seeded += db
            .write(Lane::Background, None, move |tx| {
                seed_slice(tx, &scope, number, &from, &to)
            })
            .await?;
        after = end;
        tell(progress, Phase::Seeded(seeded))?;
    }
}

type SliceEnd = fn(&mut dyn storage::Tx, Release, &str, u32) -> Result<Option<String>, Error>;
type SeedSlice = fn(&mut dyn storage::Tx, &SystemScope, Release, &str, &str) -> Result<u64, Error>;
