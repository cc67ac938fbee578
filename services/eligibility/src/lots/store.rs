//! SQL of lots and of their lines.

use domain::access::{OperatorScope, Reach, SystemScope};
use domain::params;
use domain::release::Release;
use kernel::{LotId, Millis, OperatorId, UploadId};
use storage::{Error, Row, Tx, first, sql};

use super::rules::Answered;
use super::{Counts, Lot, LotRow, LotState, refusal_of};

/// Adds a lot whose file was read through.
pub fn insert(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    lot: &Lot,
    real: Millis,
    channel: &str,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into eligibility_lot (operator_id, id, state, file_name, upload_id, digest, lines,
           unknown_columns, done, at_byte, release, extracted_on, eligible, eligible_le,
           non_eligible, a_preciser, refuse, refusal_code, submitted_name, channel,
           created_at_ms, touched_real_at_ms)
         values (?1, ?2, 'waiting', ?3, ?4, ?5, ?6, ?7, 0, ?8, null, '', 0, 0, 0, 0, 0, '', ?9,
           ?10, ?11, ?12)"
    );
    let unknown = serde_json::to_string(&lot.unknown);
    let params = params![
        scope.operator().as_str(),
        lot.id.as_str(),
        lot.file_name.as_str(),
        lot.upload.as_str(),
        lot.digest.as_str(),
        lot.lines,
        unknown.map_err(|e| Error::Internal(format!("columns: {e}")))?,
        byte(lot.at_byte),
        lot.by.as_str(),
        channel,
        lot.created.0,
        real.0
    ];
    tx.execute(&scope.rls(), stmt, params)?;
    Ok(())
}

fn byte(at: u64) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

/// The lot with this id, where the scope reaches it and it is not being removed.
pub fn by_id(tx: &mut dyn Tx, scope: &OperatorScope, id: &str) -> Result<Option<Lot>, Error> {
    let stmt = sql!(
        "select operator_id, id, state, file_name, upload_id, digest, lines, unknown_columns, done,
           at_byte, release, extracted_on, eligible, eligible_le, non_eligible, a_preciser, refuse,
           refusal_code, submitted_name, created_at_ms, started_at_ms, ended_at_ms
         from eligibility_lot where operator_id = ?1 and id = ?2 and state <> 'deleted'"
    );
    first(tx.query(&scope.rls(), stmt, params![scope.operator().as_str(), id])?)
        .map(|row| lot(&row))
        .transpose()
}

/// The lot whose turn it is: the first submitted of those that wait or run.
pub fn next_open(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<Option<Lot>, Error> {
    let stmt = sql!(
        "select operator_id, id, state, file_name, upload_id, digest, lines, unknown_columns, done,
           at_byte, release, extracted_on, eligible, eligible_le, non_eligible, a_preciser, refuse,
           refusal_code, submitted_name, created_at_ms, started_at_ms, ended_at_ms
         from eligibility_lot where operator_id = ?1 and state in ('waiting', 'running')
         order by created_at_ms, id limit 1"
    );
    first(tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?)
        .map(|row| lot(&row))
        .transpose()
}

/// How many lots wait or run.
pub fn count_open(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<i64, Error> {
    let stmt = sql!(
        "select count(*) as n from eligibility_lot
         where operator_id = ?1 and state in ('waiting', 'running')"
    );
    first(tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?)
        .map_or(Ok(0), |row| row.int("n"))
}

/// What a list of lots is asked for.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// In this state; empty for all.
    pub state: String,
    /// Whose file's name begins so; empty for all.
    pub name: String,
    /// The oldest first.
    pub ascending: bool,
    /// After this place: created, id.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub limit: i64,
}

/// Lots by age.
pub fn list(tx: &mut dyn Tx, scope: &OperatorScope, wanted: &Listing) -> Result<Vec<Lot>, Error> {
    let stmt = if wanted.ascending {
        sql!(
            "select operator_id, id, state, file_name, upload_id, digest, lines, unknown_columns,
               done, at_byte, release, extracted_on, eligible, eligible_le, non_eligible,
               a_preciser, refuse, refusal_code, submitted_name, created_at_ms, started_at_ms,
               ended_at_ms
             from eligibility_lot
             where operator_id = ?1 and state <> 'deleted' and (?2 = '' or state = ?2)
               and (?3 = '' or (file_name >= ?3 and file_name < ?4))
               and (created_at_ms, id) > (?5, ?6)
             order by created_at_ms, id limit ?7"
        )
    } else {
        sql!(
            "select operator_id, id, state, file_name, upload_id, digest, lines, unknown_columns,
               done, at_byte, release, extracted_on, eligible, eligible_le, non_eligible,
               a_preciser, refuse, refusal_code, submitted_name, created_at_ms, started_at_ms,
               ended_at_ms
             from eligibility_lot
             where operator_id = ?1 and state <> 'deleted' and (?2 = '' or state = ?2)
               and (?3 = '' or (file_name >= ?3 and file_name < ?4))
               and (created_at_ms, id) < (?5, ?6)
             order by created_at_ms desc, id desc limit ?7"
        )
    };
    let edge = if wanted.ascending { i64::MIN } else { i64::MAX };
    let (at, id) = wanted.after.clone().unwrap_or((edge, String::new()));
    let params = params![
        scope.operator().as_str(),
        wanted.state.as_str(),
        wanted.name.as_str(),
        format!("{}\u{10FFFF}", wanted.name),
        at,
        id,
        wanted.limit
    ];
    let rows = tx.query(&scope.rls(), stmt, params)?;
    rows.iter().map(lot).collect()
}

/// How many lots stand in each state.
pub fn count_by_state(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
) -> Result<Vec<(LotState, i64)>, Error> {
    let stmt = sql!(
        "select state, count(*) as n from eligibility_lot
         where operator_id = ?1 and state <> 'deleted' group by state order by state"
    );
    tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?
        .iter()
        .map(|row| Ok((state(&row.text("state")?)?, row.int("n")?)))
        .collect()
}

fn state(text: &str) -> Result<LotState, Error> {
    LotState::parse(text).ok_or_else(|| Error::Decode(format!("{text} is no state of a lot")))
}

fn lot(row: &Row) -> Result<Lot, Error> {
    let unknown = serde_json::from_str(&row.text("unknown_columns")?);
    Ok(Lot {
        operator: OperatorId::from_store(row.text("operator_id")?),
        id: LotId::from_store(row.text("id")?),
        state: state(&row.text("state")?)?,
        file_name: row.text("file_name")?,
        upload: UploadId::from_store(row.text("upload_id")?),
        digest: row.text("digest")?,
        lines: row.int("lines")?,
        unknown: unknown.map_err(|e| Error::Decode(format!("columns: {e}")))?,
        done: row.int("done")?,
        at_byte: u64::try_from(row.int("at_byte")?).unwrap_or(0),
        release: row.opt_int("release")?.map(Release),
        extracted_on: row.text("extracted_on")?.parse().ok(),
        counts: [
            row.int("eligible")?,
            row.int("eligible_le")?,
            row.int("non_eligible")?,
            row.int("a_preciser")?,
            row.int("refuse")?,
        ],
        refusal: refusal_of(&row.text("refusal_code")?),
        by: row.text("submitted_name")?,
        created: Millis(row.int("created_at_ms")?),
        started: row.opt_int("started_at_ms")?.map(Millis),
        ended: row.opt_int("ended_at_ms")?.map(Millis),
    })
}

/// Starts a lot that waits: what it answers on and at which instant is settled; false when it does
/// not wait any more.
pub fn start(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    (release, extracted_on): (Release, &str),
    (now, real_now): (Millis, Millis),
) -> Result<bool, Error> {
    let stmt = sql!(
        "update eligibility_lot set state = 'running', release = ?3, extracted_on = ?4,
           started_at_ms = ?5, touched_real_at_ms = ?6
         where operator_id = ?1 and id = ?2 and state = 'waiting'"
    );
    let params = params![
        scope.operator().as_str(),
        id.as_str(),
        release.0,
        extracted_on,
        now.0,
        real_now.0
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// Notes that the lines from the one after `from` to `to` are answered; false when they were
/// already, or the lot does not run any more.
pub fn advance(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    (from, to, at_byte): (i64, i64, u64),
    counts: &Counts,
    real_now: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update eligibility_lot set done = ?4, at_byte = ?5, eligible = eligible + ?6,
           eligible_le = eligible_le + ?7, non_eligible = non_eligible + ?8,
           a_preciser = a_preciser + ?9, refuse = refuse + ?10, touched_real_at_ms = ?11
         where operator_id = ?1 and id = ?2 and state = 'running' and done = ?3"
    );
    let params = params![
        scope.operator().as_str(),
        id.as_str(),
        from,
        to,
        byte(at_byte),
        counts[0],
        counts[1],
        counts[2],
        counts[3],
        counts[4],
        real_now.0
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// Ends a lot that waits or runs; false when it does neither any more.
pub fn end(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    (operator, id): (&OperatorId, &LotId),
    (to, code): (LotState, &str),
    now: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update eligibility_lot set state = ?3, refusal_code = ?4, ended_at_ms = ?5
         where operator_id = ?1 and id = ?2 and state in ('waiting', 'running')"
    );
    let params = params![operator.as_str(), id.as_str(), to.as_str(), code, now.0];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// Takes a lot away from everybody; its lines go by and by.
pub fn mark_deleted(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    (operator, id): (&OperatorId, &LotId),
) -> Result<bool, Error> {
    let stmt = sql!(
        "update eligibility_lot set state = 'deleted'
         where operator_id = ?1 and id = ?2 and state <> 'deleted'"
    );
    Ok(tx.execute(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])? == 1)
}

/// Keeps the answers to a slice of lines.
pub fn insert_rows(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    rows: &[LotRow],
) -> Result<(), Error> {
    const COLUMNS: [&str; 12] = [
        "operator_id",
        "lot_id",
        "line",
        "reference",
        "verdict",
        "code",
        "building_ref",
        "insee",
        "commune",
        "lon_e6",
        "lat_e6",
        "answer",
    ];
    let mut answers = Vec::with_capacity(rows.len());
    for row in rows {
        let answer = serde_json::to_string(&row.told);
        answers.push(answer.map_err(|e| Error::Internal(format!("answer: {e}")))?);
    }
    let values = |(row, answer): (&LotRow, String)| {
        vec![
            scope.operator().as_str().into(),
            id.as_str().into(),
            row.line.into(),
            row.reference.as_str().into(),
            row.verdict.as_str().into(),
            row.code.as_str().into(),
            row.building.as_str().into(),
            row.insee.as_str().into(),
            row.commune.as_str().into(),
            row.place.map(|(lon, _)| lon).into(),
            row.place.map(|(_, lat)| lat).into(),
            answer.into(),
        ]
    };
    let mut all = rows.iter().zip(answers).map(values);
    tx.bulk_insert(&scope.rls(), "eligibility_lot_row", &COLUMNS, &mut all)?;
    Ok(())
}

/// Which lines of a lot are wanted; empty texts ask for all.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    /// Answered so.
    pub verdict: String,
    /// With this code.
    pub code: String,
    /// In the commune of this INSEE code.
    pub insee: String,
    /// Whose reference begins so, or whose building is this.
    pub text: String,
    /// After this line.
    pub after: i64,
    /// At most so many.
    pub limit: i64,
}

/// Lines of a lot, in the order of its file.
pub fn rows(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    wanted: &Lines,
) -> Result<Vec<LotRow>, Error> {
    let stmt = sql!(
        "select line, reference, verdict, code, building_ref, insee, commune, lon_e6, lat_e6,
           answer
         from eligibility_lot_row
         where operator_id = ?1 and lot_id = ?2 and (?3 = '' or verdict = ?3)
           and (?4 = '' or code = ?4) and (?5 = '' or insee = ?5)
           and (?6 = '' or (reference >= ?6 and reference < ?7) or building_ref = ?6)
           and line > ?8
         order by line limit ?9"
    );
    let params = params![
        scope.operator().as_str(),
        id.as_str(),
        wanted.verdict.as_str(),
        wanted.code.as_str(),
        wanted.insee.as_str(),
        wanted.text.as_str(),
        format!("{}\u{10FFFF}", wanted.text),
        wanted.after,
        wanted.limit
    ];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(lot_row)
        .collect()
}

/// One line of a lot, by its number.
pub fn row(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    line: i64,
) -> Result<Option<LotRow>, Error> {
    let wanted = Lines {
        after: line.saturating_sub(1),
        limit: 1,
        ..Lines::default()
    };
    let found = rows(tx, scope, id, &wanted)?.pop();
    Ok(found.filter(|row| row.line == line))
}

fn lot_row(row: &Row) -> Result<LotRow, Error> {
    let told = serde_json::from_str(&row.text("answer")?);
    Ok(LotRow {
        line: row.int("line")?,
        reference: row.text("reference")?,
        verdict: verdict(row)?,
        code: row.text("code")?,
        building: row.text("building_ref")?,
        insee: row.text("insee")?,
        commune: row.text("commune")?,
        place: row.opt_int("lon_e6")?.zip(row.opt_int("lat_e6")?),
        told: told.map_err(|e| Error::Decode(format!("answer: {e}")))?,
    })
}

fn verdict(row: &Row) -> Result<Answered, Error> {
    let text = row.text("verdict")?;
    Answered::parse(&text).ok_or_else(|| Error::Decode(format!("{text} is no answer of a line")))
}

/// The codes of a lot with how many lines each has.
pub fn count_by_code(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
) -> Result<Vec<(String, i64)>, Error> {
    let stmt = sql!(
        "select code, count(*) as n from eligibility_lot_row
         where operator_id = ?1 and lot_id = ?2 and code <> '' group by code order by code"
    );
    tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), id.as_str()],
    )?
    .iter()
    .map(|row| Ok((row.text("code")?, row.int("n")?)))
    .collect()
}

/// The communes of a lot: INSEE code, name, lines; at most `limit`.
pub fn count_by_commune(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &LotId,
    limit: i64,
) -> Result<Vec<(String, String, i64)>, Error> {
    let stmt = sql!(
        "select insee, min(commune) as commune, count(*) as n from eligibility_lot_row
         where operator_id = ?1 and lot_id = ?2 and insee <> ''
         group by insee order by min(commune), insee limit ?3"
    );
    let params = params![scope.operator().as_str(), id.as_str(), limit];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(|row| Ok((row.text("insee")?, row.text("commune")?, row.int("n")?)))
        .collect()
}

/// One building of a lot's map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Longitude and latitude, in millionths of a degree.
    pub place: (i64, i64),
    /// IdentifiantImmeuble.
    pub building: String,
    /// What its line is answered.
    pub verdict: Answered,
}

/// Lines read in one query of a map.
const POINTS_PAGE: i64 = 5_000;

/// The lines of a lot whose building has coordinates: some fifty bytes each.
pub fn points(tx: &mut dyn Tx, scope: &OperatorScope, id: &LotId) -> Result<Vec<Point>, Error> {
    let stmt = sql!(
        "select line, lon_e6, lat_e6, building_ref, verdict from eligibility_lot_row
         where operator_id = ?1 and lot_id = ?2 and line > ?3 and lon_e6 is not null
           and lat_e6 is not null
         order by line limit ?4"
    );
    let (mut points, mut after) = (Vec::new(), 0);
    loop {
        let params = params![scope.operator().as_str(), id.as_str(), after, POINTS_PAGE];
        let page = tx.query(&scope.rls(), stmt, params)?;
        let Some(last) = page.last() else {
            return Ok(points);
        };
        after = last.int("line")?;
        for row in &page {
            points.push(Point {
                place: (row.int("lon_e6")?, row.int("lat_e6")?),
                building: row.text("building_ref")?,
                verdict: verdict(row)?,
            });
        }
    }
}

/// Lots that wait or run and that nothing has touched since `before`: whose, which, and where they
/// stand; the first submitted of an operator first.
pub fn list_still(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    limit: i64,
) -> Result<Vec<(OperatorId, LotId, LotState)>, Error> {
    let stmt = sql!(
        "select operator_id, id, state from eligibility_lot
         where state in ('waiting', 'running') and touched_real_at_ms < ?1
         order by operator_id, created_at_ms, id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![before.0, limit])?
        .iter()
        .map(|row| {
            let (operator, id) = (row.text("operator_id")?, row.text("id")?);
            let state = state(&row.text("state")?)?;
            Ok((
                OperatorId::from_store(operator),
                LotId::from_store(id),
                state,
            ))
        })
        .collect()
}

/// A lot that ended and was submitted before `before`, if there is one.
pub fn an_old_one(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
) -> Result<Option<(OperatorId, LotId)>, Error> {
    let stmt = sql!(
        "select operator_id, id from eligibility_lot
         where created_at_ms < ?1 and state in ('done', 'failed')
         order by created_at_ms limit 1"
    );
    first(tx.query(&scope.rls(), stmt, params![before.0])?)
        .map(|row| {
            let (operator, id) = (row.text("operator_id")?, row.text("id")?);
            Ok((OperatorId::from_store(operator), LotId::from_store(id)))
        })
        .transpose()
}

/// A lot that is being removed, if there is one, with its file.
pub fn a_deleted_one(
    tx: &mut dyn Tx,
    scope: &SystemScope,
) -> Result<Option<(OperatorId, LotId, UploadId)>, Error> {
    let stmt = sql!(
        "select operator_id, id, upload_id from eligibility_lot where state = 'deleted'
         order by operator_id, id limit 1"
    );
    first(tx.query(&scope.rls(), stmt, params![])?)
        .map(|row| {
            let upload = UploadId::from_store(row.text("upload_id")?);
            let (operator, id) = (row.text("operator_id")?, row.text("id")?);
            Ok((
                OperatorId::from_store(operator),
                LotId::from_store(id),
                upload,
            ))
        })
        .transpose()
}

/// Removes at most `limit` lines of a lot; how many there were.
pub fn delete_rows(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    (operator, id): (&OperatorId, &LotId),
    limit: i64,
) -> Result<u64, Error> {
    let stmt = sql!(
        "delete from eligibility_lot_row
         where operator_id = ?1 and lot_id = ?2 and line in (
           select line from eligibility_lot_row where operator_id = ?1 and lot_id = ?2
           order by line limit ?3)"
    );
    tx.execute(
        &scope.rls(),
        stmt,
        params![operator.as_str(), id.as_str(), limit],
    )
}

/// Removes a lot whose lines are gone.
pub fn delete(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    (operator, id): (&OperatorId, &LotId),
) -> Result<u64, Error> {
    let stmt = sql!(
        "delete from eligibility_lot where operator_id = ?1 and id = ?2 and state = 'deleted'"
    );
    tx.execute(&scope.rls(), stmt, params![operator.as_str(), id.as_str()])
}
