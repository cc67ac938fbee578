//! SQL of overviews.

use kernel::{Millis, OperatorId};
use storage::{Error, Tx, first, sql};

use super::{Overview, Step};
use crate::access::StaffScope;
use crate::params;

/// The order of `operator` under its own reference or its prestation.
pub fn by_reference(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    operator: &OperatorId,
    reference: &str,
) -> Result<Option<Overview>, Error> {
    let stmt = sql!(
        "select id, reference, prestation, status, motive, building_ref, pm_ref, pbo_ref, pto_ref,
                fibre_id, placed_at_ms
         from access_order where operator_id = ?1 and (reference = ?2 or prestation = ?2)"
    );
    first(tx.query(&scope.rls(), stmt, params![operator.as_str(), reference])?)
        .map(|row| {
            Ok(Overview {
                id: row.text("id")?,
                reference: row.text("reference")?,
                prestation: row.opt_text("prestation")?,
                status: row.text("status")?,
                motive: row.text("motive")?,
                building_ref: row.text("building_ref")?,
                pm_ref: row.text("pm_ref")?,
                pbo_ref: row.text("pbo_ref")?,
                pto_ref: row.text("pto_ref")?,
                fibre_id: row.text("fibre_id")?,
                placed: Millis(row.int("placed_at_ms")?),
            })
        })
        .transpose()
}

/// The steps of an order, oldest first.
pub fn list_steps(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    operator: &OperatorId,
    order: &str,
) -> Result<Vec<Step>, Error> {
    let stmt = sql!(
        "select seq, at_ms, event, to_status, channel, code from order_timeline
         where operator_id = ?1 and order_id = ?2 order by seq"
    );
    tx.query(&scope.rls(), stmt, params![operator.as_str(), order])?
        .iter()
        .map(|row| {
            Ok(Step {
                seq: row.int("seq")?,
                at: Millis(row.int("at_ms")?),
                event: row.text("event")?,
                status: row.text("to_status")?,
                channel: row.text("channel")?,
                code: row.text("code")?,
            })
        })
        .collect()
}
