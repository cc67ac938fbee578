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
use domain::release::{Begun, Kind, Release, ReleaseState, Row, Table};
use domain::{Platform, Unit, Verdict};
use jiff::civil::Date;
use kernel::{Fault, Millis, Refusal, codes};
use storage::{Db, Error, Lane};

use crate::compare::{self, Action, Known, Plan};
pub use crate::files::Source;
use crate::files::{self, Lines, ReadError, Scan};
use crate::labels::FileFault;
use crate::report::{AnomalyCode, ImportOutcome, ImportReport};

/// Rows written in one unit of work.
const SLICE_ROWS: usize = 2_000;
/// Live rows seeded in one unit of work: short, because orders share their writer.
const SEED_ROWS: u32 = 500;

/// A file to import.
pub struct ImportRequest {
    /// Its kind.
    pub kind: Kind,
    /// Its name, without folders.
    pub file_name: String,
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// When the OI extracted it; else the date in its name.
    pub extracted_on: Option<Date>,
    /// Compare and report only.
    pub dry_run: bool,
    /// Publish at once; else the release waits.
    pub approve: bool,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its bytes were read: so many lines, header included.
    Scanned(u64),
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

fn tell(progress: &mut Progress<'_>, phase: Phase) -> Result<(), ImportError> {
    match progress(phase) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ImportError::Interrupted),
    }
}

/// Imports a reference file: checks it, compares it, builds a release, and publishes it when asked.
///
/// # Errors
/// Refused `EIMP01` when the file is unreadable, of another kind, or more than a fifth of its lines
/// are refused; `EIMP02` when its bytes are those in force and its extraction is no newer; `EIMP03`
/// without an extraction date; `EVER01` when another import was first.
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
    let scan = files::scan(request.source.as_mut()).map_err(|e| refused_read(e, None))?;
    let digest = scan.digest.clone();
    let mut report = ImportReport::new(
        request.kind,
        request.file_name.clone(),
        digest,
        extracted_on,
    );
    let base = check_source(db, &mut report).await?;
    tell(&mut progress, Phase::Scanned(scan.lines))?;

    let known = Known::load(db, scope, request.kind, base).await?;
    let source = request.source.as_mut();
    let plan = compare::compare(db, base, source, &scan, &known, &mut report)
        .await
        .map_err(|e| refused_read(e, Some(&report)))??;
    tell(&mut progress, Phase::Compared)?;
    if request.dry_run {
        return Ok(report);
    }

    let begun = begin(db, scope, now, base, plan.rows, &report).await?;
    report.superseded.clone_from(&begun.superseded);
    tell(&mut progress, Phase::Begun)?;
    let writer = Writer {
        db,
        scope,
        number: begun.number,
    };
    stage(&writer, &mut request, &scan, &known, plan, &mut progress).await?;
    let number = begun.number;
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

/// The release in force; refuses the bytes that are already its own.
async fn check_source(db: &Db, report: &mut ImportReport) -> Result<Release, ImportError> {
    let (base, sources) = db
        .get(|tx| {
            let base = releases::current(tx)?;
            Ok((base, releases::sources(tx, base)?))
        })
        .await?;
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
    Ok(base)
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

/// Writes the intervals of one release, in slices.
struct Writer<'a> {
    db: &'a Db,
    scope: SystemScope,
    number: Release,
}

impl Writer<'_> {
    /// Ends the rows of `closed` and inserts `rows`, in one unit of work.
    async fn slice(
        &self,
        table: Table,
        closed: Vec<String>,
        rows: Vec<Row>,
    ) -> Result<(), ImportError> {
        let (scope, number) = (self.scope, self.number);
        let (closed, rows) = (Arc::new(closed), Arc::new(rows));
        let held = self
            .db
            .write_reference(move |tx| {
                if !releases::is_claimed(tx, number)? {
                    return Ok(false);
                }
                for key in closed.iter() {
                    releases::close(tx, &scope, table, key, number)?;
                }
                let rows = &mut rows.iter().cloned();
                releases::insert(tx, &scope, table, rows, number)?;
                Ok(true)
            })
            .await?;
        if held {
            Ok(())
        } else {
            Err(Refusal::new(&codes::EVER01).into())
        }
    }

    async fn close_all(&self, table: Table, keys: &[String]) -> Result<(), ImportError> {
        for keys in keys.chunks(SLICE_ROWS) {
            self.slice(table, keys.to_vec(), Vec::new()).await?;
        }
        Ok(())
    }
}

async fn stage(
    writer: &Writer<'_>,
    request: &mut ImportRequest,
    scan: &Scan,
    known: &Known,
    plan: Plan,
    progress: &mut Progress<'_>,
) -> Result<(), ImportError> {
    let mut reader = files::reader(request.kind);
    let table = reader.table();
    writer.close_all(table, &plan.removed).await?;
    writer.close_all(Table::Pm, &plan.removed_pms).await?;
    let (mut closed, mut pms) = (Vec::new(), Vec::new());
    for (action, row) in plan.pms {
        if action == Action::Replace {
            closed.push(row.key.clone());
        }
        pms.push(row);
    }
    writer.slice(Table::Pm, closed, pms).await?;

    // What reading notes was already reported while comparing.
    let mut notes = ImportReport::new(request.kind, String::new(), String::new(), Date::MIN);
    let columns = files::columns(request.kind);
    let unread = |e| refused_read(e, None);
    let mut lines = Lines::open(request.source.as_mut(), scan.utf8, &columns).map_err(unread)?;
    let (mut done, mut closed, mut rows) = (0, Vec::new(), Vec::new());
    for action in plan.actions {
        let Some(line) = lines.next().map_err(unread)? else {
            break;
        };
        done += 1;
        let key = reader.key(&line);
        if action == Action::Skip {
            continue;
        }
        let row = reader.read(&line, known, &mut notes);
        let row = row.map_err(|_| Fault::internal("the file changed while it was imported"))?;
        if action == Action::Replace {
            closed.push(key);
        }
        rows.push(row);
        if rows.len() == SLICE_ROWS {
            writer
                .slice(
                    table,
                    std::mem::take(&mut closed),
                    std::mem::take(&mut rows),
                )
                .await?;
            tell(progress, Phase::Staged(done))?;
        }
    }
    writer.slice(table, closed, rows).await?;
    tell(progress, Phase::Staged(done))
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
    let seeded = seed(db, scope, info.kind, number, &mut progress).await?;
    let published = domain::write(platform, ctx, Unit::new("reference.publish"), move |work| {
        work.about(&format!("{} {}", info.kind.as_str(), number.0));
        let now = work.ctx.now;
        Ok(if releases::publish(work.tx, &scope, number, now)? {
            Verdict::Accepted(())
        } else {
            Verdict::Refused(Refusal::new(&codes::EVER01))
        })
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
        Kind::Fibres => (lines::fibre_slice_end, lines::seed_fibres),
        Kind::Prises => (lines::line_slice_end, lines::seed_lines),
        Kind::Ipe | Kind::Structure | Kind::Adduction => return Ok(0),
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
