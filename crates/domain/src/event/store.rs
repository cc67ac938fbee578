//! SQL of the event feed.

use kernel::{EventId, Millis, OperatorId};
use storage::{Error, Tx, first, sql};

use super::Told;
use crate::access::{OperatorScope, Reach, SystemScope};
use crate::params;

/// Adds an event to `operator`'s feed, to be numbered.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &EventId,
    at: Millis,
    told: &Told<'_>,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into event (operator_id, id, at_ms, kind, subject, payload)
         values (?1, ?2, ?3, ?4, ?5, ?6)"
    );
    let params = params![
        operator.as_str(),
        id.as_str(),
        at.0,
        told.kind,
        told.subject,
        told.payload
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    let stmt = sql!("insert into event_unnumbered (operator_id, event_id) values (?1, ?2)");
    tx.execute(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])?;
    Ok(())
}

/// One event of the feed.
#[derive(Clone, Debug)]
pub struct Numbered {
    /// Its number, from 1, without gaps.
    pub n: i64,
    /// When, business time.
    pub at: Millis,
    /// What.
    pub kind: String,
    /// The operator's own reference.
    pub subject: String,
    /// The rest, as JSON.
    pub payload: String,
}

/// At most `limit` events of the caller's feed after number `after`.
pub fn list_after(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    after: i64,
    limit: i64,
) -> Result<Vec<Numbered>, Error> {
    let stmt = sql!(
        "select n.n, e.at_ms, e.kind, e.subject, e.payload
         from event_number n
         join event e on e.operator_id = n.operator_id and e.id = n.event_id
         where n.operator_id = ?1 and n.n > ?2 order by n.n limit ?3"
    );
    tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), after, limit],
    )?
    .iter()
    .map(|row| {
        Ok(Numbered {
            n: row.int("n")?,
            at: Millis(row.int("at_ms")?),
            kind: row.text("kind")?,
            subject: row.text("subject")?,
            payload: row.text("payload")?,
        })
    })
    .collect()
}

/// At most `limit` events that have no number yet, oldest first.
pub fn list_unnumbered(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    limit: i64,
) -> Result<Vec<(OperatorId, EventId)>, Error> {
    let stmt =
        sql!("select operator_id, event_id from event_unnumbered order by event_id limit ?1");
    tx.query(&scope.rls(), stmt, params![limit])?
        .iter()
        .map(|row| {
            Ok((
                OperatorId::from_store(row.text("operator_id")?),
                EventId::from_store(row.text("event_id")?),
            ))
        })
        .collect()
}

/// The last number of an operator's feed; 0 when it is empty.
pub fn last_number(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
) -> Result<i64, Error> {
    let stmt = sql!("select n from event_number where operator_id = ?1 order by n desc limit 1");
    first(tx.query(&scope.rls(), stmt, params![operator.as_str()])?)
        .map_or(Ok(0), |row| row.int("n"))
}

/// Gives an event its number.
pub fn number(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    n: i64,
    event: &EventId,
) -> Result<(), Error> {
    let stmt = sql!("insert into event_number (operator_id, n, event_id) values (?1, ?2, ?3)");
    tx.execute(
        &scope.rls(),
        stmt,
        params![operator.as_str(), n, event.as_str()],
    )?;
    let stmt = sql!("delete from event_unnumbered where event_id = ?1");
    tx.execute(&scope.rls(), stmt, params![event.as_str()])?;
    Ok(())
}
