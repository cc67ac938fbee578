//! SQL of the history of releases, and of taking one back.

use kernel::Millis;
use storage::{Error, Row, Tx, first, sql};

use super::Past;
use crate::access::{Reach, shared};
use crate::params;
use crate::release::{Kind, Release, ReleaseInfo, ReleaseState};

/// Releases before `before`, newest first, at most `limit`; an empty `state` asks for all.
pub fn list(tx: &mut dyn Tx, state: &str, before: Release, limit: i64) -> Result<Vec<Past>, Error> {
    let stmt = sql!(
        "select number, base, kind, state, undone, created_at_ms, published_at_ms, published_by,
           withdrawn_by, withdrawn_at_ms, withdrawn_why
         from release where (?1 = '' or state = ?1) and number < ?2
         order by number desc limit ?3"
    );
    tx.query(&shared(), stmt, params![state, before.0, limit])?
        .iter()
        .map(past)
        .collect()
}

/// The release `number`, if it was ever begun.
pub fn by_number(tx: &mut dyn Tx, number: Release) -> Result<Option<Past>, Error> {
    let stmt = sql!(
        "select number, base, kind, state, undone, created_at_ms, published_at_ms, published_by,
           withdrawn_by, withdrawn_at_ms, withdrawn_why
         from release where number = ?1"
    );
    first(tx.query(&shared(), stmt, params![number.0])?)
        .map(|row| past(&row))
        .transpose()
}

fn past(row: &Row) -> Result<Past, Error> {
    Ok(Past {
        info: ReleaseInfo {
            number: Release(row.int("number")?),
            base: Release(row.int("base")?),
            kind: Kind::from_store(&row.text("kind")?)?,
            state: ReleaseState::from_store(&row.text("state")?)?,
            created_at: Millis(row.int("created_at_ms")?),
            published_at: row.opt_int("published_at_ms")?.map(Millis),
        },
        published_by: row.text("published_by")?,
        withdrawn_by: row.text("withdrawn_by")?,
        withdrawn_at: row.opt_int("withdrawn_at_ms")?.map(Millis),
        withdrawn_why: row.text("withdrawn_why")?,
        undone: row.flag("undone")?,
    })
}

/// Who takes a release back, when and why.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// As shown.
    pub by: &'a str,
    /// Business time.
    pub now: Millis,
    /// As given.
    pub why: &'a str,
}

/// Notes who published a release.
pub fn update_publisher(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    number: Release,
    by: &str,
) -> Result<u64, Error> {
    let stmt = sql!("update release set published_by = ?2 where number = ?1");
    tx.execute(&reach.rls(), stmt, params![number.0, by])
}

/// Gives up a release that waits; false when it does not wait.
pub fn decline(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    number: Release,
    decision: Decision<'_>,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update release set state = 'withdrawn', withdrawn_by = ?2, withdrawn_at_ms = ?3,
           withdrawn_why = ?4
         where number = ?1 and state = 'ready'"
    );
    let params = params![number.0, decision.by, decision.now.0, decision.why];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// Moves the pointer from the release in force back to the one it was built on, and withdraws it;
/// false, with nothing changed, when `number` is not the one in force. Its intervals stay until the
/// next release is begun, which undoes them; live rows are not touched.
pub fn roll_back(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    number: Release,
    decision: Decision<'_>,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update release_pointer
         set number = (select base from release where number = ?1), version = version + 1
         where slot = 1 and number = ?1
           and exists (select 1 from release where number = ?1 and state = 'published')"
    );
    if tx.execute(&reach.rls(), stmt, params![number.0])? == 0 {
        return Ok(false);
    }
    let stmt = sql!(
        "update release set state = 'withdrawn', withdrawn_by = ?2, withdrawn_at_ms = ?3,
           withdrawn_why = ?4
         where number = ?1"
    );
    let params = params![number.0, decision.by, decision.now.0, decision.why];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(true)
}
