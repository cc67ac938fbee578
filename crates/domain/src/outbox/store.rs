//! SQL of the outbox.

use kernel::{Millis, OperatorId, OutboxId};
use storage::{Error, Tx, sql};

use super::{LEASE_MS, Leased, Message};
use crate::access::{Reach, SystemScope};
use crate::params;

/// Leaves a message to be sent.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &OutboxId,
    real_now: Millis,
    message: &Message,
) -> Result<(), Error> {
    let payload =
        serde_json::to_string(message).map_err(|e| Error::Internal(format!("message: {e}")))?;
    let stmt = sql!(
        "insert into outbox (operator_id, id, kind, recipient, payload, state, attempts,
           created_real_at_ms, due_real_at_ms, lease_token, error)
         values (?1, ?2, 'mail', ?3, ?4, 'pending', 0, ?5, ?5, '', '')"
    );
    let params = params![
        operator.as_str(),
        id.as_str(),
        message.recipient.as_str(),
        payload,
        real_now.0
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// Leases at most `limit` due messages under `token`, oldest first; an expired lease is due again.
pub fn lease(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    token: &str,
    real_now: Millis,
    limit: i64,
) -> Result<Vec<Leased>, Error> {
    let stmt = sql!(
        "update outbox set state = 'leased', lease_token = ?1, due_real_at_ms = ?3
         where (operator_id, id) in (
           select operator_id, id from outbox
           where state in ('pending', 'leased') and due_real_at_ms <= ?2
           order by due_real_at_ms limit ?4)
         returning operator_id, id, payload, attempts, created_real_at_ms"
    );
    let params = params![token, real_now.0, real_now.plus(LEASE_MS).0, limit];
    let mut leased = tx
        .query(&scope.rls(), stmt, params)?
        .iter()
        .map(|row| {
            let message: Message = serde_json::from_str(&row.text("payload")?)
                .map_err(|e| Error::Decode(format!("message: {e}")))?;
            Ok(Leased {
                operator: OperatorId::from_store(row.text("operator_id")?),
                id: OutboxId::from_store(row.text("id")?),
                message,
                attempts: row.int("attempts")?,
                created: Millis(row.int("created_real_at_ms")?),
                token: token.to_owned(),
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    // RETURNING keeps no order; ids sort in the order in which the messages were written.
    leased.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(leased)
}

/// Where a message stands after a try.
pub enum After<'a> {
    /// Sent.
    Sent,
    /// To be tried again at this real time, after this error.
    Again(Millis, &'a str),
    /// Given up, in sight, after this error.
    Parked(&'a str),
}

/// Notes the result of a try; false when the lease was lost meanwhile.
pub fn settle(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    leased: &Leased,
    after: &After<'_>,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update outbox set state = ?4, attempts = attempts + 1, due_real_at_ms = ?5, error = ?6
         where operator_id = ?1 and id = ?2 and lease_token = ?3 and state = 'leased'"
    );
    let (state, due, error) = match after {
        After::Sent => ("sent", 0, ""),
        After::Again(at, error) => ("pending", at.0, *error),
        After::Parked(error) => ("parked", 0, *error),
    };
    let params = params![
        leased.operator.as_str(),
        leased.id.as_str(),
        leased.token.as_str(),
        state,
        due,
        error
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// How many messages are not sent yet.
pub fn count_waiting(tx: &mut dyn Tx, scope: &SystemScope) -> Result<i64, Error> {
    let stmt = sql!("select count(*) as n from outbox where state in ('pending', 'leased')");
    storage::first(tx.query(&scope.rls(), stmt, params![])?).map_or(Ok(0), |row| row.int("n"))
}
