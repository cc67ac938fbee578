//! SQL of contracts.

use kernel::{Millis, OperatorId};
use storage::{Error, Tx, sql};

use super::Contract;
use crate::access::{OperatorScope, Reach};
use crate::params;

/// Adds a contract and the offers it opens; false when its reference is taken.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    contract: &Contract,
    offers: &[&str],
) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into contract (operator_id, id, reference, signed_at_ms) values (?1, ?2, ?3, ?4)
         on conflict (operator_id, reference) do nothing"
    );
    let params = params![
        operator.as_str(),
        contract.id.as_str(),
        contract.reference.as_str(),
        contract.signed.0
    ];
    if tx.execute(&reach.rls(), stmt, params)? == 0 {
        return Ok(false);
    }
    for offer in offers {
        let stmt = sql!(
            "insert into contract_offer (operator_id, contract_id, offer_code)
             values (?1, ?2, ?3)"
        );
        let params = params![operator.as_str(), contract.id.as_str(), *offer];
        tx.execute(&reach.rls(), stmt, params)?;
    }
    Ok(true)
}

/// The offers the caller's operator holds at `now` (business time).
pub fn list_offers(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    now: Millis,
) -> Result<Vec<String>, Error> {
    let stmt = sql!(
        "select distinct o.offer_code from contract_offer o
         join contract c on c.operator_id = o.operator_id and c.id = o.contract_id
         where o.operator_id = ?1 and c.signed_at_ms <= ?2
           and (c.ended_at_ms is null or c.ended_at_ms > ?2)
         order by o.offer_code"
    );
    tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), now.0],
    )?
    .iter()
    .map(|row| row.text("offer_code"))
    .collect()
}
