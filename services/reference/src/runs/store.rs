//! SQL of imports as they are followed. They belong to no operator: only the OI's pages, commands
//! and jobs come here.

use domain::access::{Reach, shared};
use domain::params;
use domain::release::{Kind, Release};
use kernel::{ImportId, Millis, Refusal, UploadId};
use storage::{Error, Row, Tx, first, sql};

use super::{Reached, Run, RunState, Summary, refusal_of};

/// Adds an import that was just received.
pub fn insert(tx: &mut dyn Tx, reach: &dyn Reach, run: &Run) -> Result<(), Error> {
    let stmt = sql!(
        "insert into import_run (id, kind, file_name, uploads, digest, extracted_on, dry_run,
           approve, state, phase, done, total, summary, release, seeded, report_upload,
           rejects_upload, refusal_code, refusal_field, refusal_detail, uploaded_by,
           uploaded_name, decided_by, decided_name, channel, created_at_ms, created_real_at_ms,
           touched_real_at_ms, version)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'received', '', 0, 0, '{}', null, 0, '', '',
           '', '', '', ?9, ?10, '', '', ?11, ?12, ?13, ?13, 1)"
    );
    let params = params![
        run.id.as_str(),
        run.kind.as_str(),
        run.file_name.as_str(),
        joined(&run.uploads),
        run.digest.as_str(),
        run.extracted_on.to_string(),
        run.dry_run,
        run.approve,
        run.uploaded_by.as_str(),
        run.uploaded_name.as_str(),
        run.channel.as_str(),
        run.created.0,
        run.created_real.0
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

fn joined(ids: &[UploadId]) -> String {
    let ids: Vec<&str> = ids.iter().map(UploadId::as_str).collect();
    ids.join(" ")
}

/// The import with this id.
pub fn by_id(tx: &mut dyn Tx, id: &str) -> Result<Option<Run>, Error> {
    let stmt = sql!(
        "select id, kind, file_name, uploads, digest, extracted_on, dry_run, approve, state, phase,
           done, total, summary, release, seeded, report_upload, rejects_upload, refusal_code,
           refusal_field, refusal_detail, uploaded_by, uploaded_name, decided_name, channel,
           created_at_ms, created_real_at_ms, ended_at_ms, touched_real_at_ms, version
         from import_run where id = ?1"
    );
    first(tx.query(&shared(), stmt, params![id])?)
        .map(|row| run(&row))
        .transpose()
}

/// The import that made a release.
pub fn by_release(tx: &mut dyn Tx, release: Release) -> Result<Option<Run>, Error> {
    let stmt = sql!(
        "select id, kind, file_name, uploads, digest, extracted_on, dry_run, approve, state, phase,
           done, total, summary, release, seeded, report_upload, rejects_upload, refusal_code,
           refusal_field, refusal_detail, uploaded_by, uploaded_name, decided_name, channel,
           created_at_ms, created_real_at_ms, ended_at_ms, touched_real_at_ms, version
         from import_run where release = ?1 order by created_at_ms desc, id desc limit 1"
    );
    first(tx.query(&shared(), stmt, params![release.0])?)
        .map(|row| run(&row))
        .transpose()
}

/// What a list of imports is asked for; empty texts ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of this kind.
    pub kind: String,
    /// In this state.
    pub state: String,
    /// The oldest first.
    pub ascending: bool,
    /// After this place: created, id.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub limit: i64,
}

/// Imports by age.
pub fn list(tx: &mut dyn Tx, wanted: &Listing) -> Result<Vec<Run>, Error> {
    let stmt = if wanted.ascending {
        sql!(
            "select id, kind, file_name, uploads, digest, extracted_on, dry_run, approve, state,
               phase, done, total, summary, release, seeded, report_upload, rejects_upload,
               refusal_code, refusal_field, refusal_detail, uploaded_by, uploaded_name,
               decided_name, channel,
               created_at_ms, created_real_at_ms, ended_at_ms, touched_real_at_ms, version
             from import_run
             where (?1 = '' or kind = ?1) and (?2 = '' or state = ?2)
               and (created_at_ms, id) > (?3, ?4)
             order by created_at_ms, id limit ?5"
        )
    } else {
        sql!(
            "select id, kind, file_name, uploads, digest, extracted_on, dry_run, approve, state,
               phase, done, total, summary, release, seeded, report_upload, rejects_upload,
               refusal_code, refusal_field, refusal_detail, uploaded_by, uploaded_name,
               decided_name, channel,
               created_at_ms, created_real_at_ms, ended_at_ms, touched_real_at_ms, version
             from import_run
             where (?1 = '' or kind = ?1) and (?2 = '' or state = ?2)
               and (created_at_ms, id) < (?3, ?4)
             order by created_at_ms desc, id desc limit ?5"
        )
    };
    let edge = if wanted.ascending { i64::MIN } else { i64::MAX };
    let (at, id) = wanted.after.clone().unwrap_or((edge, String::new()));
    let params = params![
        wanted.kind.as_str(),
        wanted.state.as_str(),
        at,
        id,
        wanted.limit
    ];
    tx.query(&shared(), stmt, params)?.iter().map(run).collect()
}

/// How many imports stand in each state.
pub fn count_by_state(tx: &mut dyn Tx) -> Result<Vec<(RunState, i64)>, Error> {
    let stmt = sql!("select state, count(*) as n from import_run group by state order by state");
    tx.query(&shared(), stmt, params![])?
        .iter()
        .map(|row| Ok((state(&row.text("state")?)?, row.int("n")?)))
        .collect()
}

fn state(text: &str) -> Result<RunState, Error> {
    RunState::parse(text).ok_or_else(|| Error::Decode(format!("{text} is no state of an import")))
}

fn run(row: &Row) -> Result<Run, Error> {
    let ids = |name: &str| {
        let text = row.text(name)?;
        let all = text.split_whitespace().map(str::to_owned);
        Ok::<_, Error>(all.map(UploadId::from_store).collect::<Vec<_>>())
    };
    let count = |name: &str| row.int(name).map(|n| u64::try_from(n).unwrap_or(0));
    let decode = |e: &dyn std::fmt::Display| Error::Decode(format!("import: {e}"));
    Ok(Run {
        id: ImportId::from_store(row.text("id")?),
        kind: Kind::from_store(&row.text("kind")?)?,
        file_name: row.text("file_name")?,
        uploads: ids("uploads")?,
        digest: row.text("digest")?,
        extracted_on: row.text("extracted_on")?.parse().map_err(|e| decode(&e))?,
        dry_run: row.flag("dry_run")?,
        approve: row.flag("approve")?,
        state: state(&row.text("state")?)?,
        phase: row.text("phase")?,
        done: count("done")?,
        total: count("total")?,
        summary: serde_json::from_str(&row.text("summary")?).map_err(|e| decode(&e))?,
        release: row.opt_int("release")?.map(Release),
        seeded: count("seeded")?,
        report_upload: ids("report_upload")?.pop(),
        rejects_upload: ids("rejects_upload")?.pop(),
        refusal: refusal_of(
            &row.text("refusal_code")?,
            row.text("refusal_field")?,
            row.text("refusal_detail")?,
        ),
        uploaded_by: row.text("uploaded_by")?,
        uploaded_name: row.text("uploaded_name")?,
        decided_name: row.text("decided_name")?,
        channel: row.text("channel")?,
        created: Millis(row.int("created_at_ms")?),
        created_real: Millis(row.int("created_real_at_ms")?),
        ended: row.opt_int("ended_at_ms")?.map(Millis),
        touched_real: Millis(row.int("touched_real_at_ms")?),
        version: row.int("version")?,
    })
}

/// Whether an import of this kind that was submitted after `run` has come to a release already.
pub fn has_newer(tx: &mut dyn Tx, run: &Run) -> Result<bool, Error> {
    let stmt = sql!(
        "select cast(1 as bigint) as found from import_run
         where kind = ?1 and created_real_at_ms > ?2
           and state in ('waiting', 'publishing', 'published') limit 1"
    );
    let params = params![run.kind.as_str(), run.created_real.0];
    Ok(first(tx.query(&shared(), stmt, params)?).is_some())
}

/// Notes how far the job of a busy import is.
pub fn update_progress(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    id: &ImportId,
    reached: &Reached,
    real_now: Millis,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update import_run set phase = ?2, done = ?3, total = ?4, touched_real_at_ms = ?5
         where id = ?1 and state in ('received', 'running', 'publishing')"
    );
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let params = params![
        id.as_str(),
        reached.phase,
        number(reached.done),
        number(reached.total),
        real_now.0
    ];
    tx.execute(&reach.rls(), stmt, params)
}

/// What a job leaves in its import.
#[derive(Clone, Debug)]
pub struct Left {
    /// The state it goes to.
    pub state: RunState,
    /// What was counted; `None` leaves what was.
    pub summary: Option<Summary>,
    /// The release made.
    pub release: Option<Release>,
    /// The report.
    pub report_upload: Option<UploadId>,
    /// The refused lines in their own format.
    pub rejects_upload: Option<UploadId>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
}

impl Left {
    /// A state and nothing else.
    #[must_use]
    pub fn at(state: RunState) -> Self {
        Self {
            state,
            summary: None,
            release: None,
            report_upload: None,
            rejects_upload: None,
            refusal: None,
        }
    }
}

/// Writes what a job leaves; nothing happens to an import that is not busy any more.
pub fn update_left(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    id: &ImportId,
    left: &Left,
    now: Millis,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update import_run set state = ?2, phase = '', done = 0, total = 0,
           summary = coalesce(cast(?3 as text), summary),
           release = coalesce(cast(?4 as bigint), release),
           report_upload = coalesce(cast(?5 as text), report_upload),
           rejects_upload = coalesce(cast(?6 as text), rejects_upload),
           refusal_code = ?7, refusal_field = ?8, refusal_detail = ?9,
           ended_at_ms = cast(?10 as bigint), version = version + 1
         where id = ?1 and state in ('received', 'running', 'publishing')"
    );
    let summary = left.summary.as_ref().map(serde_json::to_string).transpose();
    let summary = summary.map_err(|e| Error::Internal(format!("summary: {e}")))?;
    let refusal = left.refusal.as_ref();
    let upload = |id: &Option<UploadId>| id.as_ref().map(|id| id.as_str().to_owned());
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let params = params![
        id.as_str(),
        left.state.as_str(),
        summary,
        left.release.map(|release| release.0),
        upload(&left.report_upload),
        upload(&left.rejects_upload),
        text(refusal.map(|r| &r.code)),
        text(refusal.and_then(|r| r.field.as_ref())),
        text(refusal.and_then(|r| r.detail.as_ref())),
        (!left.state.is_busy()).then_some(now.0)
    ];
    tx.execute(&reach.rls(), stmt, params)
}

/// Moves the import of a release from one of two states to another, in the name of who decides;
/// false when it is in neither.
pub fn update_decision(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    release: Release,
    (from, or_from): (RunState, RunState),
    to: RunState,
    (by, name, now): (&str, &str, Millis),
) -> Result<bool, Error> {
    let stmt = sql!(
        "update import_run set state = ?4, decided_by = ?5, decided_name = ?6,
           ended_at_ms = cast(?7 as bigint), version = version + 1
         where release = ?1 and state in (?2, ?3)"
    );
    let ended = (!to.is_busy()).then_some(now.0);
    let params = params![
        release.0,
        from.as_str(),
        or_from.as_str(),
        to.as_str(),
        by,
        name,
        ended
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? > 0)
}

/// Notes that a release is in force, and how many live rows it was the first to know.
pub fn update_published(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    release: Release,
    now: Millis,
    seeded: u64,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update import_run set state = 'published', phase = '', done = 0, total = 0,
           ended_at_ms = ?2, seeded = ?3, version = version + 1
         where release = ?1 and state in ('running', 'waiting', 'publishing')"
    );
    let seeded = i64::try_from(seeded).unwrap_or(i64::MAX);
    tx.execute(&reach.rls(), stmt, params![release.0, now.0, seeded])
}

/// Notes that a release which waited was superseded.
pub fn update_superseded(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    release: Release,
    now: Millis,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update import_run set state = 'withdrawn', ended_at_ms = ?2, version = version + 1
         where release = ?1 and state in ('waiting', 'publishing')"
    );
    tx.execute(&reach.rls(), stmt, params![release.0, now.0])
}
