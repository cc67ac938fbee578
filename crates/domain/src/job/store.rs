//! SQL of jobs.

use kernel::{JobId, Millis, OperatorId};
use storage::{Error, Tx, first, sql};

use super::{LEASE_MS, Leased, New, Track};
use crate::access::{JobLease, Reach, SystemScope};
use crate::params;

/// Enqueues a job due at `due` (business time), unless its kind and key already have one.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &JobId,
    new: &New<'_>,
    due: Millis,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into job (operator_id, id, kind, dedup_key, payload, state, attempts, due_at_ms,
           retry_real_at_ms, lease_token, error, long, turns)
         values (?1, ?2, ?3, ?4, ?5, 'pending', 0, ?6, 0, '', '', ?7, ?8)
         on conflict (operator_id, kind, dedup_key) do nothing"
    );
    let (long, turns) = new.track.marks();
    let params = params![
        operator.as_str(),
        id.as_str(),
        new.kind,
        new.dedup_key,
        new.payload,
        due.0,
        long,
        turns
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// Leases at most `limit` jobs of a track due at `now` (business time) under `token`; a lease whose
/// real time is past is due again. The token begins with the node's name and a colon: see
/// [`take_back`].
pub fn lease(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    token: &str,
    now: Millis,
    real_now: Millis,
    (track, limit): (Track, i64),
) -> Result<Vec<Leased>, Error> {
    let stmt = sql!(
        "update job set state = 'leased', lease_token = ?1, retry_real_at_ms = ?4,
           attempts = attempts + 1
         where (operator_id, id) in (
           select operator_id, id from job
           where state in ('pending', 'leased') and due_at_ms <= ?2 and retry_real_at_ms <= ?3
             and long = ?6 and turns = ?7
           order by due_at_ms limit ?5)
         returning operator_id, id, kind, payload, attempts"
    );
    let until = real_now.plus(LEASE_MS).0;
    let (long, turns) = track.marks();
    let params = params![token, now.0, real_now.0, until, limit, long, turns];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(|row| {
            Ok(Leased {
                operator: OperatorId::from_store(row.text("operator_id")?),
                id: JobId::from_store(row.text("id")?),
                kind: row.text("kind")?,
                payload: row.text("payload")?,
                attempts: row.int("attempts")?,
                token: token.to_owned(),
            })
        })
        .collect()
}

/// Makes a lease last again as long as a new one; false when it was lost.
pub fn renew(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    lease: &JobLease,
    real_now: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update job set retry_real_at_ms = ?4
         where operator_id = ?1 and id = ?2 and lease_token = ?3 and state = 'leased'"
    );
    let params = params![
        lease.operator.as_str(),
        lease.id.as_str(),
        lease.token.as_str(),
        real_now.plus(LEASE_MS).0
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// Ends the leases whose token begins with `node` and a colon, so that their jobs are due at once.
pub fn take_back(tx: &mut dyn Tx, scope: &SystemScope, node: &str) -> Result<u64, Error> {
    let stmt = sql!(
        "update job set state = 'pending', retry_real_at_ms = 0
         where state = 'leased' and substr(lease_token, 1, length(?1)) = ?1"
    );
    let prefix = format!("{node}:");
    tx.execute(&scope.rls(), stmt, params![prefix])
}

/// Marks a job done within its own unit of work; false when the lease was lost meanwhile.
pub fn finish(tx: &mut dyn Tx, reach: &dyn Reach, lease: &JobLease) -> Result<bool, Error> {
    let stmt = sql!(
        "update job set state = 'done', lease_token = ''
         where operator_id = ?1 and id = ?2 and lease_token = ?3 and state = 'leased'"
    );
    let params = params![
        lease.operator.as_str(),
        lease.id.as_str(),
        lease.token.as_str()
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// Gives a job back to be tried again at `retry` (real time), or leaves it failed.
pub fn give_back(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    leased: &Leased,
    retry: Option<Millis>,
    error: &str,
) -> Result<(), Error> {
    let stmt = sql!(
        "update job set state = ?4, retry_real_at_ms = ?5, error = ?6
         where operator_id = ?1 and id = ?2 and lease_token = ?3 and state = 'leased'"
    );
    let state = if retry.is_some() { "pending" } else { "failed" };
    let params = params![
        leased.operator.as_str(),
        leased.id.as_str(),
        leased.token.as_str(),
        state,
        retry.unwrap_or_default().0,
        error
    ];
    tx.execute(&scope.rls(), stmt, params)?;
    Ok(())
}

/// Whether a job of a track is due at `now` (business time) and not done.
pub fn is_due(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    now: Millis,
    track: Track,
) -> Result<bool, Error> {
    let stmt = sql!(
        "select cast(1 as bigint) as found from job
         where state in ('pending', 'leased') and due_at_ms <= ?1 and long = ?2 and turns = ?3
         limit 1"
    );
    let (long, turns) = track.marks();
    let params = params![now.0, long, turns];
    Ok(first(tx.query(&scope.rls(), stmt, params)?).is_some())
}

/// Whether an operator has a job of a kind that waits or runs.
pub fn is_under_way(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    kind: &str,
) -> Result<bool, Error> {
    let stmt = sql!(
        "select cast(1 as bigint) as found from job
         where operator_id = ?1 and kind = ?2 and state in ('pending', 'leased') limit 1"
    );
    Ok(first(tx.query(&scope.rls(), stmt, params![operator.as_str(), kind])?).is_some())
}

/// How many jobs are due at `now` (business time) and not done.
pub fn count_due(tx: &mut dyn Tx, scope: &SystemScope, now: Millis) -> Result<i64, Error> {
    let stmt = sql!(
        "select count(*) as n from job where state in ('pending', 'leased') and due_at_ms <= ?1"
    );
    first(tx.query(&scope.rls(), stmt, params![now.0])?).map_or(Ok(0), |row| row.int("n"))
}

/// When the next job after `now` is due (business time).
pub fn next_due(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    now: Millis,
) -> Result<Option<Millis>, Error> {
    let stmt = sql!(
        "select due_at_ms from job where state in ('pending', 'leased') and due_at_ms > ?1
         order by due_at_ms limit 1"
    );
    first(tx.query(&scope.rls(), stmt, params![now.0])?)
        .map(|row| row.int("due_at_ms").map(Millis))
        .transpose()
}
