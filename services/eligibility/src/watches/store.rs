//! SQL of watches.

use domain::access::{OperatorScope, SystemScope, shared};
use domain::params;
use jiff::civil::Date;
use kernel::{Millis, OperatorId, WatchChangeId, WatchId};
use storage::{Error, Row, Tx, Value, first, sql};

use super::{Canon, Change, Listing, Round, Sort, State, Watch};

fn watch(row: &Row) -> Result<Watch, Error> {
    let state = State::parse(&row.text("state")?);
    Ok(Watch {
        id: WatchId::from_store(row.text("id")?),
        place: row.text("place")?,
        building_ref: row.text("building_ref")?,
        address: row.text("address")?,
        reference: row.text("reference")?,
        note: row.text("note")?,
        account_id: row.text("account_id")?,
        account_name: row.text("account_name")?,
        verdict: row.text("verdict")?,
        state: state.ok_or_else(|| Error::Decode("eligibility_watch: state".to_owned()))?,
        release: row.int("release")?,
        verdict_before: row.text("verdict_before")?,
        unread: row.flag("unread")?,
        created: Millis(row.int("created_at_ms")?),
        moved: Millis(row.int("moved_at_ms")?),
    })
}

fn day(day: Option<Date>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

/// Adds a watch; false when the caller's operator watches this place already.
pub fn insert(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    new: &Watch,
    opens_on: Option<Date>,
) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into eligibility_watch (operator_id, id, place, building_ref, address, reference,
           note, searched, account_id, account_name, verdict, state, opens_on, release,
           verdict_before, unread, created_at_ms, moved_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, '', false, ?15, ?15)
         on conflict (operator_id, place) do nothing"
    );
    let searched = [&new.address, &new.building_ref, &new.reference, &new.note];
    let params = params![
        scope.operator().as_str(),
        new.id.as_str(),
        new.place.as_str(),
        new.building_ref.as_str(),
        new.address.as_str(),
        new.reference.as_str(),
        new.note.as_str(),
        searched.map(|text| text.to_lowercase()).join("\n"),
        new.account_id.as_str(),
        new.account_name.as_str(),
        new.verdict.as_str(),
        new.state.as_str(),
        day(opens_on),
        new.release,
        new.created.0,
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// The caller's watch of a place.
pub fn by_place(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    place: &str,
) -> Result<Option<Watch>, Error> {
    let stmt = sql!(
        "select id, place, building_ref, address, reference, note, account_id, account_name,
           verdict, state, release, verdict_before, unread, created_at_ms, moved_at_ms
         from eligibility_watch where operator_id = ?1 and place = ?2"
    );
    let params = params![scope.operator().as_str(), place];
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(|row| watch(&row))
        .transpose()
}

/// The caller's watch with this id.
pub fn by_id(tx: &mut dyn Tx, scope: &OperatorScope, id: &WatchId) -> Result<Option<Watch>, Error> {
    let stmt = sql!(
        "select id, place, building_ref, address, reference, note, account_id, account_name,
           verdict, state, release, verdict_before, unread, created_at_ms, moved_at_ms
         from eligibility_watch where operator_id = ?1 and id = ?2"
    );
    let params = params![scope.operator().as_str(), id.as_str()];
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(|row| watch(&row))
        .transpose()
}

/// How many watches the caller has, and how many of them hold a change that nobody read.
pub fn count(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<(i64, i64), Error> {
    let stmt = sql!(
        "select count(*) as n, count(case when unread then 1 end) as unread
         from eligibility_watch where operator_id = ?1"
    );
    let rows = tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?;
    first(rows).map_or(Ok((0, 0)), |row| Ok((row.int("n")?, row.int("unread")?)))
}

/// How many watches of the caller hold a change that nobody read, by their index.
pub fn count_unread(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<i64, Error> {
    let stmt =
        sql!("select count(*) as n from eligibility_watch where operator_id = ?1 and unread");
    let rows = tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?;
    first(rows).map_or(Ok(0), |row| row.int("n"))
}

macro_rules! page_by {
    ($column:literal, $compare:literal, $direction:literal) => {
        concat!(
            "select id, place, building_ref, address, reference, note, account_id, account_name,
               verdict, state, release, verdict_before, unread, created_at_ms, moved_at_ms
             from eligibility_watch
             where operator_id = ?1 and (?2 = '' or replace(searched, ?2, '') <> searched)
               and (?3 = '' or state = ?3) and (?4 = false or unread)
               and (?5 = false or (",
            $column,
            ", id) ",
            $compare,
            " (?6, ?7))
             order by ",
            $column,
            " ",
            $direction,
            ", id ",
            $direction,
            " limit ?8"
        )
    };
}

/// One page of the caller's watches.
pub fn list(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    listing: &Listing,
) -> Result<Vec<Watch>, Error> {
    let stmt = match (listing.sort, listing.descending) {
        (Sort::Moved, true) => sql!(page_by!("moved_at_ms", "<", "desc")),
        (Sort::Moved, false) => sql!(page_by!("moved_at_ms", ">", "asc")),
        (Sort::Address, true) => sql!(page_by!("address", "<", "desc")),
        (Sort::Address, false) => sql!(page_by!("address", ">", "asc")),
        (Sort::State, true) => sql!(page_by!("state", "<", "desc")),
        (Sort::State, false) => sql!(page_by!("state", ">", "asc")),
    };
    let (key, id) = listing.after.clone().unwrap_or_default();
    let key = match listing.sort {
        Sort::Address | Sort::State => Value::Text(key),
        Sort::Moved => Value::Int(key.parse().unwrap_or_default()),
    };
    let params = &[
        scope.operator().as_str().into(),
        listing.text.as_str().into(),
        listing.state.as_str().into(),
        listing.unread.into(),
        listing.after.is_some().into(),
        key,
        id.into(),
        listing.limit.into(),
    ];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(watch)
        .collect()
}

/// At most `limit` of the operator's watches after id `after`, by id: all of them, or with `due`
/// those whose verdict announces that day or an earlier one.
pub fn list_to_test(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    (after, due): (&str, &str),
    limit: i64,
) -> Result<Vec<Watch>, Error> {
    let stmt = sql!(
        "select id, place, building_ref, address, reference, note, account_id, account_name,
           verdict, state, release, verdict_before, unread, created_at_ms, moved_at_ms
         from eligibility_watch
         where operator_id = ?1 and id > ?2
           and (?3 = '' or (opens_on <> '' and opens_on <= ?3))
         order by id limit ?4"
    );
    let params = params![scope.operator().as_str(), after, due, limit];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(watch)
        .collect()
}

/// Moves a watch from the verdict that was compared to the one that was seen; false when it is gone
/// or was moved meanwhile.
pub fn update_verdict(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    seen: &Watch,
    canon: &Canon,
    (release, address): (i64, &str),
    at: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update eligibility_watch set verdict_before = verdict, verdict = ?4, state = ?5,
           opens_on = ?6, release = ?7, address = ?8, moved_at_ms = ?9, unread = true
         where operator_id = ?1 and id = ?2 and verdict = ?3"
    );
    let params = params![
        scope.operator().as_str(),
        seen.id.as_str(),
        seen.verdict.as_str(),
        canon.text.as_str(),
        canon.state.as_str(),
        day(canon.opens_on),
        release,
        address,
        at.0,
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// Adds a change to the history of a watch.
pub fn insert_change(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &WatchChangeId,
    (watch, round): (&WatchId, i64),
    change: &Change,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into eligibility_watch_change (operator_id, id, watch_id, round, at_ms,
           verdict_before, verdict_after, release)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
    );
    let params = params![
        scope.operator().as_str(),
        id.as_str(),
        watch.as_str(),
        round,
        change.at.0,
        change.before.as_str(),
        change.after.as_str(),
        change.release,
    ];
    tx.execute(&scope.rls(), stmt, params)?;
    Ok(())
}

/// The latest changes of one of the caller's watches, latest first.
pub fn list_changes(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    watch: &WatchId,
    limit: i64,
) -> Result<Vec<Change>, Error> {
    let stmt = sql!(
        "select at_ms, verdict_before, verdict_after, release from eligibility_watch_change
         where operator_id = ?1 and watch_id = ?2 order by at_ms desc, id desc limit ?3"
    );
    let params = params![scope.operator().as_str(), watch.as_str(), limit];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(|row| {
            Ok(Change {
                at: Millis(row.int("at_ms")?),
                before: row.text("verdict_before")?,
                after: row.text("verdict_after")?,
                release: row.int("release")?,
            })
        })
        .collect()
}

/// What changed in a round, with the watch of each as it is now, by account and address; a watch
/// that was stopped meanwhile tells nobody any more.
pub fn list_changed(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    round: i64,
) -> Result<Vec<(Watch, Change)>, Error> {
    let stmt = sql!(
        "select w.id as id, w.place as place, w.building_ref as building_ref, w.address as address,
           w.reference as reference, w.note as note, w.account_id as account_id,
           w.account_name as account_name, w.verdict as verdict, w.state as state,
           w.verdict_before as verdict_before, w.unread as unread,
           w.created_at_ms as created_at_ms, w.moved_at_ms as moved_at_ms,
           c.at_ms as at_ms, c.verdict_before as was, c.verdict_after as became,
           c.release as release
         from eligibility_watch_change c
         join eligibility_watch w on w.operator_id = c.operator_id and w.id = c.watch_id
         where c.operator_id = ?1 and c.round = ?2 order by w.account_id, w.address, w.id"
    );
    let params = params![scope.operator().as_str(), round];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(|row| {
            let change = Change {
                at: Millis(row.int("at_ms")?),
                before: row.text("was")?,
                after: row.text("became")?,
                release: row.int("release")?,
            };
            Ok((watch(row)?, change))
        })
        .collect()
}

/// Marks the last change of a watch as read; how many watches there were.
pub fn mark_read(tx: &mut dyn Tx, scope: &OperatorScope, id: &WatchId) -> Result<u64, Error> {
    let stmt =
        sql!("update eligibility_watch set unread = false where operator_id = ?1 and id = ?2");
    tx.execute(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), id.as_str()],
    )
}

/// Marks every change that came up to `until` (business time) as read.
pub fn mark_all_read(tx: &mut dyn Tx, scope: &OperatorScope, until: Millis) -> Result<u64, Error> {
    let stmt = sql!(
        "update eligibility_watch set unread = false
         where operator_id = ?1 and unread and moved_at_ms <= ?2"
    );
    tx.execute(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), until.0],
    )
}

/// Stops a watch; how many there were.
pub fn delete(tx: &mut dyn Tx, scope: &OperatorScope, id: &WatchId) -> Result<u64, Error> {
    let stmt = sql!("delete from eligibility_watch where operator_id = ?1 and id = ?2");
    tx.execute(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), id.as_str()],
    )
}

/// The last round; `None` before the first.
pub fn round(tx: &mut dyn Tx) -> Result<Option<Round>, Error> {
    let stmt = sql!("select number, release, day from eligibility_round where id = 'watch'");
    first(tx.query(&shared(), stmt, params![])?)
        .map(|row| {
            Ok(Round {
                number: row.int("number")?,
                release: row.int("release")?,
                day: row.text("day")?,
            })
        })
        .transpose()
}

/// Keeps a round as the last one.
pub fn update_round(tx: &mut dyn Tx, scope: &SystemScope, round: &Round) -> Result<(), Error> {
    let stmt = sql!(
        "insert into eligibility_round (id, number, release, day) values ('watch', ?1, ?2, ?3)
         on conflict (id) do update set number = ?1, release = ?2, day = ?3"
    );
    let params = params![round.number, round.release, round.day.as_str()];
    tx.execute(&scope.rls(), stmt, params)?;
    Ok(())
}

/// Operators that watch places; with `due`, places whose verdict announces that day or an earlier
/// one.
pub fn list_operators(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    due: &str,
    limit: i64,
) -> Result<Vec<OperatorId>, Error> {
    let stmt = sql!(
        "select distinct operator_id from eligibility_watch
         where ?1 = '' or (opens_on <> '' and opens_on <= ?1)
         order by operator_id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![due, limit])?
        .iter()
        .map(|row| Ok(OperatorId::from_store(row.text("operator_id")?)))
        .collect()
}
