//! SQL of idempotency keys.

use kernel::Millis;
use storage::{Error, Tx, first, sql};

use crate::access::{Ctx, Reach, SystemScope};
use crate::{Idempotency, params};

/// What was answered before under a key.
pub struct Kept {
    /// Digest of the request it came with.
    pub digest: String,
    /// The verdict, as JSON.
    pub answer: String,
}

/// The answer kept under `key` for the caller's operator and door.
pub fn by_key(tx: &mut dyn Tx, ctx: &Ctx, key: &str) -> Result<Option<Kept>, Error> {
    let stmt = sql!(
        "select digest, answer from idempotency
         where operator_id = ?1 and channel = ?2 and key = ?3"
    );
    let params = params![ctx.owner().as_str(), ctx.channel.as_str(), key];
    first(tx.query(&ctx.scope().rls(), stmt, params)?)
        .map(|row| {
            Ok(Kept {
                digest: row.text("digest")?,
                answer: row.text("answer")?,
            })
        })
        .transpose()
}

/// Keeps `answer` under `key`.
pub fn insert(tx: &mut dyn Tx, ctx: &Ctx, key: &Idempotency, answer: &str) -> Result<(), Error> {
    let stmt = sql!(
        "insert into idempotency (operator_id, channel, key, digest, answer, real_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6)"
    );
    let params = params![
        ctx.owner().as_str(),
        ctx.channel.as_str(),
        key.key.as_str(),
        key.digest.as_str(),
        answer,
        ctx.real_now.0,
    ];
    tx.execute(&ctx.scope().rls(), stmt, params)?;
    Ok(())
}

/// Forgets at most `limit` keys older than `before` (real time).
pub fn delete_older(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    limit: i64,
) -> Result<u64, Error> {
    let stmt = sql!(
        "delete from idempotency where (operator_id, channel, key) in (
           select operator_id, channel, key from idempotency where real_at_ms < ?1
           order by real_at_ms limit ?2)"
    );
    tx.execute(&scope.rls(), stmt, params![before.0, limit])
}
