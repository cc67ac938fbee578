//! What a file would change: its lines against the rows in force, one pass, nothing written. Only
//! keys and digests are held in memory, never the rows.

use std::collections::{HashMap, HashSet};

use domain::access::SystemScope;
use domain::line::store::{list_live_fibres, list_live_lines};
use domain::line::{FibreState, LineState};
use domain::release::store::{PAGE_ROWS, in_force_page};
use domain::release::{Kind, Release, Row, Table};
use storage::{Db, Error};

use crate::files::{self, Lines, ReadError, Scan, Source};
use crate::labels::FileFault;
use crate::report::{ImportReport, RejectCode};

/// A file more than one line in so many of which is refused is refused whole.
const REJECTED_ONE_IN: u64 = 5;

/// What lines of a file may refer to.
#[derive(Default)]
pub struct Known {
    /// Buildings in force.
    pub buildings: HashSet<String>,
    /// PMs in force.
    pub pms: HashSet<String>,
    /// Fibres in force.
    pub fibres: HashSet<String>,
    /// The platform's own state of fibres, and whether they are dedicated.
    pub live_fibres: HashMap<String, (FibreState, bool)>,
    /// The platform's own state of lines, with the holder's code when it came from the referential.
    pub live_lines: HashMap<String, (LineState, Option<String>)>,
}

impl Known {
    /// Loads what files of `kind` refer to.
    pub async fn load(
        db: &Db,
        scope: SystemScope,
        kind: Kind,
        base: Release,
    ) -> Result<Self, Error> {
        let mut known = Self::default();
        match kind {
            Kind::Ipe => {}
            Kind::Structure => known.buildings = keys(db, Table::Building, base).await?,
            Kind::Fibres => {
                known.pms = keys(db, Table::Pm, base).await?;
                known.live_fibres = live_fibres(db, scope).await?;
            }
            Kind::Prises => {
                known.pms = keys(db, Table::Pm, base).await?;
                known.fibres = keys(db, Table::Fibre, base).await?;
                known.live_lines = live_lines(db, scope).await?;
            }
            Kind::Adduction => known.pms = keys(db, Table::Pm, base).await?,
        }
        Ok(known)
    }
}

async fn keys(db: &Db, table: Table, base: Release) -> Result<HashSet<String>, Error> {
    Ok(in_force(db, table, base).await?.into_keys().collect())
}

/// Keys and digests of the rows of `table` in force at `base`.
pub async fn in_force(db: &Db, table: Table, base: Release) -> Result<HashMap<String, i64>, Error> {
    let mut rows = HashMap::new();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = db
            .read(move |tx| in_force_page(tx, table, base, &from))
            .await?;
        let full = page.len() == PAGE_ROWS;
        if let Some((last, _)) = page.last() {
            after.clone_from(last);
        }
        rows.extend(page);
        if !full {
            return Ok(rows);
        }
    }
}

async fn live_fibres(
    db: &Db,
    scope: SystemScope,
) -> Result<HashMap<String, (FibreState, bool)>, Error> {
    let mut all = HashMap::new();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = db
            .read(move |tx| list_live_fibres(tx, &scope, &from))
            .await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after.clone_from(&last.fibre_id);
        all.extend(
            page.into_iter()
                .map(|live| (live.fibre_id, (live.state, live.dedicated))),
        );
    }
}

async fn live_lines(
    db: &Db,
    scope: SystemScope,
) -> Result<HashMap<String, (LineState, Option<String>)>, Error> {
    let mut all = HashMap::new();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = db
            .read(move |tx| list_live_lines(tx, &scope, &from))
            .await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after.clone_from(&last.pto_ref);
        all.extend(page.into_iter().map(|live| {
            let code = if live.holder.is_none() {
                Some(live.holder_code)
            } else {
                None
            };
            (live.pto_ref, (live.state, code))
        }));
    }
}

/// What is to become of one line's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: refused, or already in force.
    Skip,
    /// Insert a row that is new.
    Add,
    /// End the row in force and insert this one.
    Replace,
}

/// What the file would change.
#[derive(Debug, Default)]
pub struct Plan {
    /// For each line in turn.
    pub actions: Vec<Action>,
    /// Keys in force that the file no longer has.
    pub removed: Vec<String>,
    /// PM rows the lines describe, with what is to become of them.
    pub pms: Vec<(Action, Row)>,
    /// PMs in force that no line describes any more.
    pub removed_pms: Vec<String>,
    /// Rows in force once published.
    pub rows: u64,
}

/// Compares a file with what is in force at `base`; counts and refusals go to the report.
pub async fn compare(
    db: &Db,
    base: Release,
    source: &mut dyn Source,
    scan: &Scan,
    known: &Known,
    report: &mut ImportReport,
) -> Result<Result<Plan, Error>, ReadError> {
    let mut reader = files::reader(report.kind);
    let in_force_rows = match in_force(db, reader.table(), base).await {
        Ok(rows) => rows,
        Err(error) => return Ok(Err(error)),
    };
    let mut plan = read_all(source, scan, known, reader.as_mut(), in_force_rows, report)?;
    let pms = reader.take_pms();
    if !pms.is_empty() {
        match in_force(db, Table::Pm, base).await {
            Ok(rows) => compare_pms(&mut plan, pms, rows, report),
            Err(error) => return Ok(Err(error)),
        }
    }
    check_rejects(report)?;
    Ok(Ok(plan))
}

fn read_all(
    source: &mut dyn Source,
    scan: &Scan,
    known: &Known,
    reader: &mut dyn files::RowReader,
    mut in_force: HashMap<String, i64>,
    report: &mut ImportReport,
) -> Result<Plan, ReadError> {
    let mut lines = Lines::open(source, scan.utf8, &files::columns(report.kind))?;
    report.unknown_columns = std::mem::take(&mut lines.unknown);
    let mut plan = Plan::default();
    let mut seen = HashSet::new();
    while let Some(line) = lines.next()? {
        report.read += 1;
        let key = reader.key(&line);
        let fresh = !seen.contains(&key);
        let read = line.check_width().and_then(|()| match fresh {
            true => reader.read(&line, known, report),
            false => Err(line.reject(reader.key_column(), RejectCode::Duplicate)),
        });
        let before = in_force.remove(&key);
        let action = match read {
            Ok(row) => {
                debug_assert_eq!(row.key, key);
                plan.rows += 1;
                count(report, before, row.digest)
            }
            Err(reject) => {
                report.reject(reject);
                report.kept += u64::from(before.is_some());
                plan.rows += u64::from(before.is_some());
                Action::Skip
            }
        };
        plan.actions.push(action);
        seen.insert(key);
    }
    plan.removed = in_force.into_keys().collect();
    plan.removed.sort_unstable();
    report.removed += plan.removed.len() as u64;
    Ok(plan)
}

fn count(report: &mut ImportReport, before: Option<i64>, digest: i64) -> Action {
    match before {
        None => {
            report.added += 1;
            Action::Add
        }
        Some(before) if before == digest => {
            report.unchanged += 1;
            Action::Skip
        }
        Some(_) => {
            report.changed += 1;
            Action::Replace
        }
    }
}

/// PMs are counted with the buildings that describe them only where they change.
fn compare_pms(
    plan: &mut Plan,
    pms: Vec<Row>,
    mut in_force: HashMap<String, i64>,
    report: &ImportReport,
) {
    for row in pms {
        let action = match in_force.remove(&row.key) {
            None => Action::Add,
            Some(before) if before == row.digest => Action::Skip,
            Some(_) => Action::Replace,
        };
        if action != Action::Skip {
            plan.pms.push((action, row));
        }
    }
    // A refused line may have been the only one to describe its PM.
    if report.rejected == 0 {
        plan.removed_pms = in_force.into_keys().collect();
        plan.removed_pms.sort_unstable();
    }
}

fn check_rejects(report: &ImportReport) -> Result<(), FileFault> {
    if report.read == 0 {
        return Err(FileFault::Empty);
    }
    let too_many = report.rejected == report.read
        || report.rejected.saturating_mul(REJECTED_ONE_IN) > report.read;
    if too_many {
        return Err(FileFault::TooManyRejects(report.rejected, report.read));
    }
    Ok(())
}
