//! Imports and releases at the command line: the use cases of the pages, followed to their end.

use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use domain::Platform;
use domain::access::{Ctx, StaffScope};
use domain::job::Track;
use domain::release::history::{Past, store as history};
use domain::release::{Kind, Release, store as releases};
use domain::upload::{self, PIECE_BYTES, Purpose, Receiver, Upload, UploadError};
use kernel::{Fault, ImportId, Refusal, UploadId, codes};
use reference::differences::{self, Difference, Filter};
use reference::effect::{self, Effect, Sum};
use reference::runs::usecases::{Submission, approve_release, roll_back, submit};
use reference::runs::{Reached, Run, RunState, listen, store as runs};
use storage::Tx;
use tokio::sync::mpsc::UnboundedSender;

use crate::request::{Answer, Desk, Failure, Progress, exit, shown};

/// Between two looks at an import that is followed.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Releases listed at most.
const LISTED_MAX: i64 = 500;
/// Differences read at once.
const DIFFERENCES_PAGE: usize = 1_000;

/// Steps of imports as they are made in this process.
type Steps = tokio::sync::broadcast::Receiver<(ImportId, Reached)>;

/// An import as asked for.
pub(crate) struct Asked {
    pub kind: String,
    pub file: PathBuf,
    pub dry_run: bool,
    pub approve: bool,
    pub extracted_at: Option<String>,
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Refused(refusal) => Self::Refused(refusal),
            UploadError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl Desk {
    /// Takes a file, or those of a folder, through the quarantine, and follows their import.
    pub(crate) async fn import(
        &self,
        ctx: &Arc<Ctx>,
        asked: Asked,
        tell: UnboundedSender<Progress>,
    ) -> Result<Answer, Failure> {
        let bad = |code, field: &str| Failure::Refused(Refusal::new(code).on(field));
        let kind = Kind::from_store(&asked.kind).map_err(|_| bad(&codes::RC02, "kind"))?;
        let extracted_on = match &asked.extracted_at {
            Some(text) => Some(
                text.parse()
                    .map_err(|_| bad(&codes::RC03, "extracted-at"))?,
            ),
            None => None,
        };
        let mut uploads = Vec::new();
        for file in files_of(&asked.file, kind)? {
            uploads.push(self.receive(ctx, &file, &tell).await?);
        }
        let new = Submission {
            kind,
            file_name: name_of(&asked.file),
            uploads,
            extracted_on,
            dry_run: asked.dry_run,
            approve: asked.approve,
        };
        let steps = listen();
        let id = submit(&self.platform, ctx, new, None)
            .await?
            .into_result()?;
        let run = self.follow(&id, steps, &tell).await?;
        self.told(ctx, &run).await
    }

    async fn receive(
        &self,
        ctx: &Arc<Ctx>,
        path: &Path,
        tell: &UnboundedSender<Progress>,
    ) -> Result<Upload, Failure> {
        let shown = || path.display().to_string();
        let mut file = File::open(path).with_context(shown)?;
        let total = file.metadata().with_context(shown)?.len();
        let purpose = Purpose::Reference;
        let mut receiver = Receiver::begin(&self.platform, ctx, purpose, &name_of(path))?;
        let (mut piece, mut done) = (vec![0; PIECE_BYTES], 0);
        loop {
            let read = file.read(&mut piece).with_context(shown)?;
            if read == 0 {
                return Ok(receiver.finish().await?);
            }
            receiver.push(&piece[..read]).await?;
            done += read as u64;
            // Whoever asked may be gone; the import goes on.
            let _ = tell.send(Progress {
                phase: "bytes received".to_owned(),
                done,
                total,
            });
        }
    }

    /// Tells how far an import is until its job is over. Where no server runs, this desk carries
    /// the job out.
    async fn follow(
        &self,
        id: &ImportId,
        steps: Steps,
        tell: &UnboundedSender<Progress>,
    ) -> Result<Run, Failure> {
        let over = AtomicBool::new(false);
        let look = async {
            let run = self.look(id, steps, tell).await;
            over.store(true, Ordering::Relaxed);
            run
        };
        let work = async {
            let Some(crew) = &self.hands else {
                return Ok(());
            };
            // What a command that was killed had begun comes first.
            crew.take_back_jobs().await?;
            while !over.load(Ordering::Relaxed) {
                if crew.run_track(Track::Long).await? == 0 {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
            Ok::<_, Fault>(())
        };
        let (run, worked) = tokio::join!(look, work);
        worked?;
        Ok(run?)
    }

    async fn look(
        &self,
        id: &ImportId,
        mut steps: Steps,
        tell: &UnboundedSender<Progress>,
    ) -> Result<Run, Fault> {
        let told = |phase: &str, done: u64, total: u64| {
            let phase = phase.to_owned();
            let _ = tell.send(Progress { phase, done, total });
        };
        loop {
            let wanted = id.to_string();
            let run = self
                .platform
                .db
                .get(move |tx| runs::by_id(tx, &wanted))
                .await?;
            let run = run.ok_or_else(|| Fault::internal("the import is gone"))?;
            // One that is approved goes on from here by itself.
            let goes_on = run.approve && run.state == RunState::Waiting;
            if !run.state.is_busy() && !goes_on {
                while let Ok((of, reached)) = steps.try_recv() {
                    if of == *id {
                        told(reached.phase, reached.done, reached.total);
                    }
                }
                return Ok(run);
            }
            // Steps of this process come as they are made; those of another node by its row.
            let until = tokio::time::Instant::now() + LOOK_EVERY;
            let mut heard = false;
            while let Ok(Ok((of, reached))) = tokio::time::timeout_at(until, steps.recv()).await {
                if of == *id {
                    heard = true;
                    told(reached.phase, reached.done, reached.total);
                }
            }
            if !heard && !run.phase.is_empty() {
                told(&run.phase, run.done, run.total);
            }
        }
    }

    async fn told(&self, ctx: &Arc<Ctx>, run: &Run) -> Result<Answer, Failure> {
        let mut answer = summary(run);
        if let Some(id) = &run.report_upload {
            answer.report = Some(self.text_of(ctx, id).await?);
        }
        if let Some(refusal) = &run.refusal {
            let refused = Answer::refused(refusal, &self.portal_url);
            answer.notes.extend(refused.notes);
            answer.code = refused.code;
        } else if run.state == RunState::Failed {
            answer.notes.push("failed: see the log".to_owned());
            answer.code = exit::FAILED;
        }
        Ok(answer)
    }

    async fn text_of(&self, ctx: &Arc<Ctx>, id: &UploadId) -> Result<String, Failure> {
        let (reach, owner, id) = (ctx.scope().clone(), ctx.owner().clone(), id.clone());
        let find = move |tx: &mut dyn Tx| upload::store::by_id(tx, &reach, &owner, &id);
        let found = self.platform.db.get(find).await.map_err(Fault::from)?;
        let upload = found.ok_or_else(|| Fault::internal("the report is gone"))?;
        let mut text = String::new();
        let mut bytes = upload::open(&self.platform, ctx.scope(), &upload).await?;
        bytes.read_to_string(&mut text).context("report")?;
        Ok(text)
    }

    /// Approves a release and follows its publication.
    pub(crate) async fn approve(
        &self,
        ctx: &Arc<Ctx>,
        number: i64,
        tell: UnboundedSender<Progress>,
    ) -> Result<Answer, Failure> {
        let number = Release(number);
        let steps = listen();
        approve_release(&self.platform, ctx, number, None)
            .await?
            .into_result()?;
        let find = move |tx: &mut dyn Tx| runs::by_release(tx, number);
        let run = self.platform.db.get(find).await.map_err(Fault::from)?;
        let run = run.ok_or_else(|| Fault::internal("a release without its import"))?;
        let run = self.follow(&run.id, steps, &tell).await?;
        self.told(ctx, &run).await
    }

    /// Takes the release in force back.
    pub(crate) async fn roll_back(
        &self,
        ctx: &Arc<Ctx>,
        number: i64,
        reason: &str,
    ) -> Result<Answer, Failure> {
        let done = roll_back(
            &self.platform,
            ctx,
            Release(number),
            reason.to_owned(),
            None,
        )
        .await?;
        let in_force = done.into_result()?;
        let values = [number.to_string(), in_force.to_string()];
        Ok(Answer::row(["withdrawn", "in_force"], values))
    }
}

/// The files of an import: one, or the tables of a GraceTHD folder.
fn files_of(path: &Path, kind: Kind) -> Result<Vec<PathBuf>> {
    if kind != Kind::Gracethd {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).with_context(|| path.display().to_string())?;
    let mut all = Vec::new();
    for entry in entries {
        let file = entry?.path();
        let name = name_of(&file).to_ascii_lowercase();
        if name.starts_with("t_") && name.ends_with(".csv") {
            all.push(file);
        }
    }
    all.sort();
    Ok(all)
}

fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn summary(run: &Run) -> Answer {
    let mut answer = Answer::default();
    let state = match run.state {
        RunState::Waiting => "waiting for approval",
        other => other.as_str(),
    };
    let release = run.release.map(|release| release.0.to_string());
    let mut put = |name: &str, value: String| {
        answer.columns.push(name.to_owned());
        answer.rows.resize(1, Vec::new());
        answer.rows[0].push(value);
    };
    put("kind", run.kind.as_str().to_owned());
    put("state", state.to_owned());
    put("release", release.unwrap_or_default());
    put("extracted_on", run.extracted_on.to_string());
    let counts = &run.summary;
    for (name, count) in [
        ("read", counts.read),
        ("added", counts.added),
        ("changed", counts.changed),
        ("removed", counts.removed),
        ("unchanged", counts.unchanged),
        ("rejected", counts.rejected),
        ("anomalies", counts.anomalies),
        ("seeded", run.seeded),
    ] {
        put(name, count.to_string());
    }
    put("import", run.id.to_string());
    if !counts.unknown_columns.is_empty() {
        let names = counts.unknown_columns.join(", ");
        answer.notes.push(format!("columns not read: {names}"));
    }
    answer.code = match counts.rejected {
        0 => exit::OK,
        _ => exit::PARTIAL,
    };
    answer
}

fn row(past: &Past, current: Release) -> [String; 9] {
    let info = &past.info;
    let at = |at: Option<kernel::Millis>| at.map(shown).unwrap_or_default();
    let state = match info.number == current {
        true => "in force",
        false => info.state.as_str(),
    };
    [
        info.number.0.to_string(),
        info.base.0.to_string(),
        info.kind.as_str().to_owned(),
        state.to_owned(),
        at(Some(info.created_at)),
        at(info.published_at),
        past.published_by.clone(),
        at(past.withdrawn_at),
        past.withdrawn_by.clone(),
    ]
}

const COLUMNS: [&str; 9] = [
    "release",
    "base",
    "kind",
    "state",
    "created",
    "published",
    "published_by",
    "withdrawn",
    "withdrawn_by",
];

/// The releases, the newest first.
///
/// # Errors
/// The store does not answer.
pub async fn list(platform: &Platform) -> Result<Answer> {
    let read = |tx: &mut dyn Tx| {
        let current = releases::current(tx)?;
        let all = history::list(tx, "", Release(i64::MAX), LISTED_MAX)?;
        Ok((current, all))
    };
    let (current, all) = platform.db.read(read).await?;
    let rows = all.iter().map(|past| row(past, current)).collect();
    Ok(Answer::table(COLUMNS, rows))
}

fn absent() -> Answer {
    Answer::refused(&Refusal::new(&codes::RC05).on("release"), "")
}

/// One release: its history, its files with their digests, what it changed.
///
/// # Errors
/// The store does not answer.
pub async fn show(platform: &Platform, number: i64) -> Result<Answer> {
    let number = Release(number);
    let read = move |tx: &mut dyn Tx| {
        let past = history::by_number(tx, number)?;
        Ok((past, releases::current(tx)?, releases::sources(tx, number)?))
    };
    let (past, current, sources) = platform.db.read(read).await?;
    let Some(past) = past else {
        return Ok(absent());
    };
    let mut answer = Answer::table(COLUMNS, vec![row(&past, current)]);
    for source in sources {
        answer.notes.push(format!(
            "{} {} extracted {} sha256 {} rows {}",
            source.kind.as_str(),
            source.file_name,
            source.extracted_on,
            source.digest,
            source.rows
        ));
    }
    if !past.undone {
        for change in differences::changes_of(&platform.db, number).await? {
            answer.notes.push(format!(
                "{}: {} added, {} changed, {} removed",
                change.table.name(),
                change.added,
                change.changed,
                change.removed
            ));
        }
    }
    if !past.withdrawn_why.is_empty() {
        answer
            .notes
            .push(format!("withdrawn: {}", past.withdrawn_why));
    }
    Ok(answer)
}

/// What to tell of a release.
#[derive(Clone, Copy, Debug)]
pub struct Told {
    /// Its number.
    pub number: i64,
    /// The orders and lines it touches, instead of the objects it changes.
    pub orders: bool,
    /// As JSON lines, else as CSV.
    pub json: bool,
}

/// Writes what a release changed, object by object, or the orders and lines that touches, to
/// `out`. The answer says how many of these there are.
///
/// # Errors
/// The store does not answer, or the reader is gone.
pub async fn diff(
    platform: &Platform,
    staff: &StaffScope,
    told: Told,
    out: &mut dyn Write,
) -> Result<Answer> {
    let number = Release(told.number);
    let find = move |tx: &mut dyn Tx| history::by_number(tx, number);
    let Some(past) = platform.db.get(find).await? else {
        return Ok(absent());
    };
    if past.undone {
        return Err(anyhow!("the rows of a withdrawn release are gone"));
    }
    let effect = Effect::of(&platform.db, staff.clone(), &past.info).await?;
    let mut out = BufWriter::new(out);
    match told.orders {
        true => write_touched(platform, &effect, told.json, &mut out).await?,
        false => write_changed(platform, number, told.json, &mut out).await?,
    }
    out.flush()?;
    Ok(Answer::note(summed(&effect.sum(&platform.db).await?)))
}

fn summed(sum: &Sum) -> String {
    let at_least = if sum.more { "at least " } else { "" };
    format!(
        "touches {at_least}{} orders under way and {} lines in service, of {} operators",
        sum.under_way, sum.in_service, sum.operators
    )
}

async fn write_changed(
    platform: &Platform,
    number: Release,
    json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    if !json {
        out.write_all(b"table,object,change,field,before,after\r\n")?;
    }
    for change in differences::changes_of(&platform.db, number).await? {
        let mut after = String::new();
        loop {
            let (db, filter) = (&platform.db, Filter::default());
            let page =
                differences::page(db, number, change, &filter, &after, DIFFERENCES_PAGE).await?;
            for one in &page.rows {
                match json {
                    true => write_json(out, one)?,
                    false => write_csv(out, one)?,
                }
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    Ok(())
}

async fn write_touched(
    platform: &Platform,
    effect: &Effect,
    json: bool,
    out: &mut dyn Write,
) -> Result<()> {
    const COLUMNS: [&str; 9] = [
        "operator",
        "part",
        "reference",
        "status",
        "building",
        "pm",
        "pto",
        "cause",
        "object",
    ];
    if !json {
        write!(out, "{}\r\n", COLUMNS.join(","))?;
    }
    let (everything, mut after) = (effect::Filter::default(), None);
    loop {
        let db = &platform.db;
        let rows = effect
            .page(db, &everything, after.as_ref(), DIFFERENCES_PAGE)
            .await?;
        for one in &rows {
            let values = [
                &one.operator,
                one.part.as_str(),
                &one.reference,
                &one.status,
                &one.building_ref,
                &one.pm_ref,
                &one.pto_ref,
                reference::labels::cause(one),
                one.object(),
            ];
            if json {
                let pairs = COLUMNS.iter().zip(values);
                let pairs = pairs.map(|(name, value)| ((*name).to_owned(), value.into()));
                let line = serde_json::Value::Object(pairs.collect());
                writeln!(out, "{line}")?;
            } else {
                write!(out, "{}\r\n", values.map(quoted).join(","))?;
            }
        }
        after = rows.last().map(|one| one.place.clone());
        if rows.len() < DIFFERENCES_PAGE {
            return Ok(());
        }
    }
}

/// A cell of CSV.
fn quoted(text: &str) -> String {
    let text = web::export::neutralised(text).replace('"', "\"\"");
    format!("\"{text}\"")
}

fn write_json(out: &mut dyn Write, one: &Difference) -> Result<()> {
    let fields = one.fields.iter().map(|field| {
        let sides = serde_json::json!({ "before": field.before, "after": field.after });
        (field.field.to_owned(), sides)
    });
    let line = serde_json::json!({
        "table": one.table.name(),
        "object": one.name(),
        "change": one.what.as_str(),
        "fields": fields.collect::<serde_json::Map<_, _>>(),
    });
    Ok(writeln!(out, "{line}")?)
}

fn write_csv(out: &mut dyn Write, one: &Difference) -> Result<()> {
    let head = [one.table.name(), &one.name(), one.what.as_str()]
        .map(quoted)
        .join(",");
    let changed = one.what == differences::What::Changed;
    for field in one.fields.iter().filter(|_| changed) {
        let rest = [field.field, &field.before, &field.after]
            .map(quoted)
            .join(",");
        write!(out, "{head},{rest}\r\n")?;
    }
    if !changed {
        write!(out, "{head},,,\r\n")?;
    }
    Ok(())
}
