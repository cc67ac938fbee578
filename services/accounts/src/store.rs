//! SQL of one's own sessions and perimeter.

use domain::access::store::OwnSession;
use domain::access::{Ctx, Reach};
use domain::params;
use kernel::{AccountId, Millis, SessionId};
use storage::{Error, Tx, sql};

/// The live sessions of the caller's account, the latest opened first.
pub fn list_sessions(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    account: &AccountId,
) -> Result<Vec<OwnSession>, Error> {
    let stmt = sql!(
        "select id, opened_real_at_ms, seen_real_at_ms from session
         where operator_id = ?1 and account_id = ?2 and revoked_real_at_ms is null
           and expires_real_at_ms > ?3
         order by opened_real_at_ms desc, id desc limit 100"
    );
    let params = params![ctx.owner().as_str(), account.as_str(), ctx.real_now.0];
    tx.query(&ctx.scope().rls(), stmt, params)?
        .iter()
        .map(|row| {
            Ok(OwnSession {
                id: SessionId::from_store(row.text("id")?),
                opened: Millis(row.int("opened_real_at_ms")?),
                seen: Millis(row.int("seen_real_at_ms")?),
            })
        })
        .collect()
}

/// Ends one session of the caller's account; 0 when it is not its own or is over already.
pub fn update_revoked(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    account: &AccountId,
    session: &str,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update session set revoked_real_at_ms = ?4
         where operator_id = ?1 and account_id = ?2 and id = ?3 and revoked_real_at_ms is null"
    );
    let params = params![
        ctx.owner().as_str(),
        account.as_str(),
        session,
        ctx.real_now.0
    ];
    tx.execute(&ctx.scope().rls(), stmt, params)
}

/// Ends every session of the caller's account but `kept`.
pub fn update_others_revoked(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    account: &AccountId,
    kept: &SessionId,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update session set revoked_real_at_ms = ?4
         where operator_id = ?1 and account_id = ?2 and id <> ?3 and revoked_real_at_ms is null"
    );
    let params = params![
        ctx.owner().as_str(),
        account.as_str(),
        kept.as_str(),
        ctx.real_now.0
    ];
    tx.execute(&ctx.scope().rls(), stmt, params)
}

/// The SIREN numbers of the caller's operator.
pub fn list_sirens(tx: &mut dyn Tx, ctx: &Ctx) -> Result<Vec<String>, Error> {
    let stmt = sql!("select siren from operator_siren where operator_id = ?1 order by siren");
    tx.query(&ctx.scope().rls(), stmt, params![ctx.owner().as_str()])?
        .iter()
        .map(|row| row.text("siren"))
        .collect()
}
