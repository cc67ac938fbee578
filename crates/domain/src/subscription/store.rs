//! SQL of subscriptions.

use kernel::{Millis, OperatorId, SubscriptionId};
use storage::{Error, Tx, sql};

use crate::access::{Reach, StaffScope};
use crate::params;

/// Subscribes an operator to `service`, active from `activated` (business time).
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &SubscriptionId,
    service: &str,
    activated: Millis,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into subscription (operator_id, id, service, ordered_at_ms, activated_at_ms)
         values (?1, ?2, ?3, ?4, ?4) on conflict (operator_id, service) do nothing"
    );
    let params = params![operator.as_str(), id.as_str(), service, activated.0];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// Ends an operator's subscription to `service` at `at` (business time).
pub fn end(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    operator: &OperatorId,
    service: &str,
    at: Millis,
) -> Result<u64, Error> {
    let stmt =
        sql!("update subscription set ended_at_ms = ?3 where operator_id = ?1 and service = ?2");
    tx.execute(
        &scope.rls(),
        stmt,
        params![operator.as_str(), service, at.0],
    )
}
