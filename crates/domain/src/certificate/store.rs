//! SQL of client certificates.

use kernel::{CertificateId, Millis, OperatorId};
use storage::{Error, Row, Tx, sql};

use super::Certificate;
use crate::access::{Reach, StaffScope};
use crate::params;

fn certificate(row: &Row) -> Result<Certificate, Error> {
    Ok(Certificate {
        id: CertificateId::from_store(row.text("id")?),
        fingerprint: row.text("fingerprint")?,
        label: row.text("label")?,
        responsible: row.text("responsible")?,
        not_after: Millis(row.int("not_after_real_at_ms")?),
        state: row.text("state")?,
    })
}

/// Makes a certificate known; false when its fingerprint already is.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    new: &Certificate,
    now: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into certificate (operator_id, id, fingerprint, label, responsible,
           not_after_real_at_ms, state, created_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) on conflict (fingerprint) do nothing"
    );
    let params = params![
        operator.as_str(),
        new.id.as_str(),
        new.fingerprint.as_str(),
        new.label.as_str(),
        new.responsible.as_str(),
        new.not_after.0,
        new.state.as_str(),
        now.0,
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// The certificates of one operator.
pub fn list(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    operator: &OperatorId,
) -> Result<Vec<Certificate>, Error> {
    let stmt = sql!(
        "select id, fingerprint, label, responsible, not_after_real_at_ms, state
         from certificate where operator_id = ?1 order by id"
    );
    tx.query(&scope.rls(), stmt, params![operator.as_str()])?
        .iter()
        .map(certificate)
        .collect()
}

/// Changes the state of a certificate; 0 when there is none with this fingerprint.
pub fn update_state(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    fingerprint: &str,
    state: &str,
) -> Result<u64, Error> {
    let stmt = sql!("update certificate set state = ?2 where fingerprint = ?1");
    tx.execute(&scope.rls(), stmt, params![fingerprint, state])
}
