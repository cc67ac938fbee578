//! SQL of operators.

use kernel::{Millis, OperatorId};
use storage::{Error, Row, Tx, first, sql};

use super::Operator;
use crate::access::{Reach, StaffScope};
use crate::params;

fn operator(row: &Row) -> Result<Operator, Error> {
    Ok(Operator {
        id: OperatorId::from_store(row.text("operator_id")?),
        code: row.text("code")?,
        name: row.text("name")?,
        is_provider: row.text("role")? == "oi",
        contact_email: row.text("contact_email")?,
        created: Millis(row.int("created_at_ms")?),
    })
}

/// Adds an operator; false when its code is taken.
pub fn insert(tx: &mut dyn Tx, reach: &dyn Reach, new: &Operator) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into operator (operator_id, code, name, role, contact_email, created_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6) on conflict (code) do nothing"
    );
    let params = params![
        new.id.as_str(),
        new.code.as_str(),
        new.name.as_str(),
        if new.is_provider { "oi" } else { "oc" },
        new.contact_email.as_str(),
        new.created.0,
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// Adds a SIREN to an operator's perimeter.
pub fn insert_siren(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    siren: &str,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into operator_siren (operator_id, siren) values (?1, ?2) on conflict do nothing"
    );
    tx.execute(&reach.rls(), stmt, params![operator.as_str(), siren])?;
    Ok(())
}

/// The operator with this code.
pub fn by_code(tx: &mut dyn Tx, reach: &dyn Reach, code: &str) -> Result<Option<Operator>, Error> {
    let stmt = sql!(
        "select operator_id, code, name, role, contact_email, created_at_ms
         from operator where code = ?1"
    );
    first(tx.query(&reach.rls(), stmt, params![code])?)
        .map(|row| operator(&row))
        .transpose()
}

/// The operator with this id.
pub fn by_id(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    id: &OperatorId,
) -> Result<Option<Operator>, Error> {
    let stmt = sql!(
        "select operator_id, code, name, role, contact_email, created_at_ms
         from operator where operator_id = ?1"
    );
    first(tx.query(&reach.rls(), stmt, params![id.as_str()])?)
        .map(|row| operator(&row))
        .transpose()
}

/// Every operator, by code. There are hundreds at most.
pub fn list(tx: &mut dyn Tx, scope: &StaffScope) -> Result<Vec<Operator>, Error> {
    let stmt = sql!(
        "select operator_id, code, name, role, contact_email, created_at_ms
         from operator order by code"
    );
    tx.query(&scope.rls(), stmt, &[])?
        .iter()
        .map(operator)
        .collect()
}

/// Suspends an operator's access from `at`, or lifts the suspension.
pub fn update_suspension(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    id: &OperatorId,
    at: Option<Millis>,
) -> Result<u64, Error> {
    let stmt = sql!("update operator set suspended_at_ms = ?2 where operator_id = ?1");
    tx.execute(&scope.rls(), stmt, params![id.as_str(), at.map(|at| at.0)])
}
