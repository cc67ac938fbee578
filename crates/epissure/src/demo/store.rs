//! SQL of the simulator.

use domain::access::SystemScope;
use domain::params;
use kernel::{Millis, OperatorId};
use storage::{Error, Tx, sql};

/// An order whose drop its operator is asked to build.
pub struct Subcontracted {
    /// Its operator.
    pub operator: OperatorId,
    /// Its id.
    pub order: String,
    /// Since when, business time.
    pub since: Millis,
}

/// Orders asked to be built for which no job of `kind` was ever started, at most `limit`.
pub fn list_subcontracted(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    kind: &str,
    limit: i64,
) -> Result<Vec<Subcontracted>, Error> {
    let stmt = sql!(
        "select o.operator_id, o.id, o.updated_at_ms from access_order o
         where o.status = 'stoc_emise' and not exists (
           select 1 from job j
           where j.operator_id = o.operator_id and j.kind = ?1 and j.dedup_key = o.id)
         order by o.updated_at_ms limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![kind, limit])?
        .iter()
        .map(|row| {
            Ok(Subcontracted {
                operator: OperatorId::from_store(row.text("operator_id")?),
                order: row.text("id")?,
                since: Millis(row.int("updated_at_ms")?),
            })
        })
        .collect()
}
