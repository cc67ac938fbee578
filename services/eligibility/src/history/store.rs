//! SQL of the history.

use domain::access::{OperatorScope, SystemScope};
use domain::params;
use kernel::{EligibilityId, Millis};
use storage::{Error, Row, Tx, Value, sql};

use super::{Door, End, Entry, Led, Listing, Question, Sort};

/// Adds a row; the same once more changes nothing.
pub fn insert(tx: &mut dyn Tx, scope: &OperatorScope, entry: &Entry) -> Result<(), Error> {
    let stmt = sql!(
        "insert into eligibility_request (operator_id, id, at_ms, real_at_ms, door, asked_by,
           asked_name, asked_query, shown, searched, verdict, code, opens_on, building_ref, address,
           buildings, extracted_on, release)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         on conflict (operator_id, id) do nothing"
    );
    let led = &entry.led;
    let searched = [
        &entry.question.shown,
        &led.address,
        &led.building_ref,
        &entry.asked_name,
    ];
    let searched = searched.map(|text| text.to_lowercase()).join("\n");
    let day = |day: Option<jiff::civil::Date>| day.map(|d| d.to_string()).unwrap_or_default();
    let params = params![
        scope.operator().as_str(),
        entry.id.as_str(),
        entry.at.0,
        entry.real_at.0,
        entry.door.as_str(),
        entry.asked_by.as_str(),
        entry.asked_name.as_str(),
        entry.question.query.as_str(),
        entry.question.shown.as_str(),
        searched,
        led.end.as_str(),
        led.code.as_str(),
        day(led.opens_on),
        led.building_ref.as_str(),
        led.address.as_str(),
        led.buildings,
        day(led.extracted_on),
        led.release,
    ];
    tx.execute(&scope.rls(), stmt, params)?;
    Ok(())
}

macro_rules! page_by {
    ($column:literal, $compare:literal, $direction:literal) => {
        concat!(
            "select id, at_ms, real_at_ms, door, asked_by, asked_name, asked_query, shown, verdict,
               code, opens_on, building_ref, address, buildings, extracted_on, release
             from eligibility_request
             where operator_id = ?1 and (?2 = '' or replace(searched, ?2, '') <> searched)
               and (?3 = '' or verdict = ?3) and (?4 = '' or code = ?4)
               and (?5 = '' or door = ?5) and (?6 = '' or asked_by = ?6)
               and at_ms >= ?7 and at_ms < ?8
               and (?9 = false or (",
            $column,
            ", id) ",
            $compare,
            " (?10, ?11))
             order by ",
            $column,
            " ",
            $direction,
            ", id ",
            $direction,
            " limit ?12"
        )
    };
}

/// One page of the caller's history.
pub fn list(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    listing: &Listing,
) -> Result<Vec<Entry>, Error> {
    let stmt = match (listing.sort, listing.descending) {
        (Sort::At, true) => sql!(page_by!("at_ms", "<", "desc")),
        (Sort::At, false) => sql!(page_by!("at_ms", ">", "asc")),
        (Sort::Address, true) => sql!(page_by!("address", "<", "desc")),
        (Sort::Address, false) => sql!(page_by!("address", ">", "asc")),
        (Sort::End, true) => sql!(page_by!("verdict", "<", "desc")),
        (Sort::End, false) => sql!(page_by!("verdict", ">", "asc")),
    };
    let (key, id) = listing.after.clone().unwrap_or_default();
    let key = match listing.sort {
        Sort::Address | Sort::End => Value::Text(key),
        Sort::At => Value::Int(key.parse().unwrap_or_default()),
    };
    let params = &[
        scope.operator().as_str().into(),
        listing.text.as_str().into(),
        listing.end.as_str().into(),
        listing.code.as_str().into(),
        listing.door.as_str().into(),
        listing.asked_by.as_str().into(),
        listing.from.0.into(),
        listing.to.0.into(),
        listing.after.is_some().into(),
        key,
        id.into(),
        listing.limit.into(),
    ];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(entry)
        .collect()
}

fn entry(row: &Row) -> Result<Entry, Error> {
    let unknown = |what: &str| Error::Decode(format!("eligibility_request: {what}"));
    let day = |name: &str| row.text(name).map(|text| text.parse().ok());
    Ok(Entry {
        id: EligibilityId::from_store(row.text("id")?),
        at: Millis(row.int("at_ms")?),
        real_at: Millis(row.int("real_at_ms")?),
        door: Door::parse(&row.text("door")?).ok_or_else(|| unknown("door"))?,
        asked_by: row.text("asked_by")?,
        asked_name: row.text("asked_name")?,
        question: Question {
            query: row.text("asked_query")?,
            shown: row.text("shown")?,
        },
        led: Led {
            end: End::parse(&row.text("verdict")?).ok_or_else(|| unknown("verdict"))?,
            code: row.text("code")?,
            opens_on: day("opens_on")?,
            building_ref: row.text("building_ref")?,
            address: row.text("address")?,
            buildings: row.int("buildings")?,
            extracted_on: day("extracted_on")?,
            release: row.int("release")?,
        },
    })
}

/// How many of the caller's rows ended each way.
pub fn count_by_end(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<Vec<(End, i64)>, Error> {
    let stmt = sql!(
        "select verdict, count(*) as n from eligibility_request where operator_id = ?1
         group by verdict order by verdict"
    );
    let rows = tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?;
    let mut counts = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(end) = End::parse(&row.text("verdict")?) {
            counts.push((end, row.int("n")?));
        }
    }
    Ok(counts)
}

/// Whether a row of any operator is older than `before` (real time).
pub fn has_older(tx: &mut dyn Tx, scope: &SystemScope, before: Millis) -> Result<bool, Error> {
    let stmt = sql!(
        "select cast(1 as bigint) as found from eligibility_request where real_at_ms < ?1 limit 1"
    );
    let found = tx.query(&scope.rls(), stmt, params![before.0])?;
    Ok(!found.is_empty())
}

/// Forgets at most `limit` rows of any operator older than `before` (real time); how many.
pub fn delete_older(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    limit: i64,
) -> Result<u64, Error> {
    let stmt = sql!(
        "delete from eligibility_request where (operator_id, id) in (
           select operator_id, id from eligibility_request where real_at_ms < ?1
           order by real_at_ms limit ?2)"
    );
    tx.execute(&scope.rls(), stmt, params![before.0, limit])
}
