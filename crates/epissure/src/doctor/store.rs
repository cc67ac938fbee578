//! SQL of the doctor: counts, read-only.

use domain::access::{Reach, shared};
use domain::params;
use domain::release::Release;
use kernel::Millis;
use storage::{Error, Tx, first, sql};

/// The one number of a statement.
fn number(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    stmt: &'static storage::Statement,
    params: &[storage::Value],
) -> Result<i64, Error> {
    first(tx.query(&reach.rls(), stmt, params)?).map_or(Ok(0), |row| row.int("n"))
}

/// Jobs that were given up.
pub fn count_failed_jobs(tx: &mut dyn Tx, reach: &dyn Reach) -> Result<i64, Error> {
    let stmt = sql!("select count(*) as n from job where state = 'failed'");
    number(tx, reach, stmt, &[])
}

/// Messages that were given up, and those due since before `late`.
pub fn count_stuck_messages(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    late: Millis,
) -> Result<(i64, i64), Error> {
    let stmt = sql!("select count(*) as n from outbox where state = 'parked'");
    let parked = number(tx, reach, stmt, &[])?;
    let stmt = sql!(
        "select count(*) as n from outbox
         where state in ('pending', 'leased') and due_real_at_ms < ?1"
    );
    Ok((parked, number(tx, reach, stmt, params![late.0])?))
}

/// What the two files, or halves of the database, say of the releases.
pub struct Releases {
    /// The one in force; 0 before the first.
    pub pointer: i64,
    /// Its state; empty when the list has no such release.
    pub state: String,
    /// The last one begun.
    pub last: i64,
    /// The last one that took the released tables for itself.
    pub claimed: i64,
}

/// See [`Releases`].
pub fn releases(tx: &mut dyn Tx, reach: &dyn Reach) -> Result<Releases, Error> {
    let stmt = sql!(
        "select p.number, coalesce(r.state, '') as state,
           coalesce((select max(l.number) from release l), 0) as last
         from release_pointer p left join release r on r.number = p.number where p.slot = 1"
    );
    let row = first(tx.query(&reach.rls(), stmt, &[])?)
        .ok_or_else(|| Error::Decode("no release pointer".to_owned()))?;
    let stmt = sql!("select release as n from reference_build where slot = 1");
    let claimed = first(tx.query(&shared(), stmt, &[])?).map_or(Ok(-1), |row| row.int("n"))?;
    Ok(Releases {
        pointer: row.int("number")?,
        state: row.text("state")?,
        last: row.int("last")?,
        claimed,
    })
}

/// Live rows beside released ones: how many are wrong in each way.
pub struct Live {
    /// Fibres held for an order that is not there.
    pub orphans: i64,
    /// Fibres under more than one line in service.
    pub twice: i64,
    /// Fibres and lines of the release in force that no live row speaks of.
    pub unseeded: i64,
    /// Live rows of which the release in force says nothing.
    pub unreleased: i64,
}

/// See [`Live`].
pub fn live(tx: &mut dyn Tx, reach: &dyn Reach, release: Release) -> Result<Live, Error> {
    let orphans = sql!(
        "select count(*) as n from live_fibre l
         where l.order_id is not null and not exists (
           select 1 from access_order o
           where o.operator_id = l.holder_operator_id and o.id = l.order_id)"
    );
    let twice = sql!(
        "select count(*) as n from (
           select fibre_id from live_line where state = 'en_service' and fibre_id <> ''
           group by fibre_id having count(*) > 1) t"
    );
    let unseeded = sql!(
        "select (
           select count(*) from fibre f where f.from_release <= ?1 and f.to_release > ?1
             and not exists (select 1 from live_fibre l where l.fibre_id = f.fibre_id)) + (
           select count(*) from pto t where t.from_release <= ?1 and t.to_release > ?1
             and not exists (select 1 from live_line l where l.pto_ref = t.pto_ref)) as n"
    );
    let unreleased = sql!(
        "select (
           select count(*) from live_fibre l where not exists (
             select 1 from fibre f where f.fibre_id = l.fibre_id
               and f.from_release <= ?1 and f.to_release > ?1)) + (
           select count(*) from live_line l where l.order_id is null and not exists (
             select 1 from pto t where t.pto_ref = l.pto_ref
               and t.from_release <= ?1 and t.to_release > ?1)) as n"
    );
    let at = params![release.0];
    Ok(Live {
        orphans: number(tx, reach, orphans, &[])?,
        twice: number(tx, reach, twice, &[])?,
        unseeded: number(tx, reach, unseeded, at)?,
        unreleased: number(tx, reach, unreleased, at)?,
    })
}

/// When the last sealed row of the journal was written, real time.
pub fn last_sealed(tx: &mut dyn Tx, reach: &dyn Reach) -> Result<Option<Millis>, Error> {
    let stmt = sql!(
        "select a.real_at_ms from audit_seal s
         join audit a on a.operator_id = s.operator_id and a.id = s.audit_id
         order by s.seq desc limit 1"
    );
    first(tx.query(&reach.rls(), stmt, &[])?)
        .map(|row| row.int("real_at_ms").map(Millis))
        .transpose()
}

/// Bytes that an upload should have.
pub struct Named {
    /// Its id, which is also the name of its file.
    pub id: String,
    /// How many.
    pub size: i64,
    /// Their SHA-256, in hexadecimal.
    pub digest: String,
}

/// Uploads whose bytes are kept, after the id `after`, at most `limit`.
pub fn list_named(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    after: &str,
    limit: i64,
) -> Result<Vec<Named>, Error> {
    let stmt = sql!(
        "select id, size, digest from upload
         where state <> 'refused' and id > ?1 order by id limit ?2"
    );
    tx.query(&reach.rls(), stmt, params![after, limit])?
        .iter()
        .map(|row| {
            Ok(Named {
                id: row.text("id")?,
                size: row.int("size")?,
                digest: row.text("digest")?,
            })
        })
        .collect()
}

/// Uploads on PostgreSQL whose pieces do not add up to their size.
pub fn count_incomplete(tx: &mut dyn Tx, reach: &dyn Reach) -> Result<i64, Error> {
    let stmt = sql!(
        "select count(*) as n from upload u
         where u.state <> 'refused' and u.size > 0 and (
           select count(*) from upload_chunk c
           where c.operator_id = u.operator_id and c.upload_id = u.id) < (u.size + ?1 - 1) / ?1"
    );
    number(tx, reach, stmt, params![domain::upload::PIECE_BYTES as i64])
}
