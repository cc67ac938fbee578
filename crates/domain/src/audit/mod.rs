//! The access journal (Ann. 2 §5): append-only, written with the unit of work it tells of, sealed
//! behind the writers in one hash chain whose signed head is kept elsewhere than the data.

pub mod seal;
pub mod store;

use kernel::AuditId;
use storage::{Proof, Tx};

use crate::access::{Ctx, Reach};

/// What a unit of work says of itself; who, when and through which door come from its `Ctx`.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The row, which is also the unit's commit proof.
    pub id: &'a AuditId,
    /// `fci.place_order`...
    pub action: &'a str,
    /// The object, by its own id or reference; never personal data.
    pub target: &'a str,
    /// `accepted`, `refused`, `denied` or `consulted`.
    pub outcome: &'a str,
    /// The refusal's code.
    pub code: &'a str,
    /// The field at fault.
    pub detail: &'a str,
}

/// Answers, after an unknown COMMIT outcome, whether this unit's audit row is there.
#[must_use]
pub fn proof(ctx: &Ctx, id: &AuditId) -> Proof {
    let (rls, owner, id) = (ctx.scope().rls(), ctx.owner().clone(), id.clone());
    Box::new(move |tx: &mut dyn Tx| store::exists(tx, &rls, &owner, &id))
}
