//! SQL of what each node let through lately.

use kernel::Millis;
use storage::{Error, Tx, sql};

use super::{Class, Taken};
use crate::access::shared;

/// Keeps what `node` let through of some callers since it counts them.
pub fn put(tx: &mut dyn Tx, node: &str, taken: &[Taken], real_now: Millis) -> Result<(), Error> {
    let stmt = sql!(
        "insert into rate_use (class, whose, node, used, told_real_at_ms)
         values (?1, ?2, ?3, ?4, ?5)
         on conflict (class, whose, node) do update set used = excluded.used,
           told_real_at_ms = excluded.told_real_at_ms"
    );
    for one in taken {
        let params = [
            one.class.as_str().into(),
            one.whose.as_str().into(),
            node.into(),
            one.used.into(),
            real_now.0.into(),
        ];
        tx.execute(&shared(), stmt, &params)?;
    }
    Ok(())
}

/// What other nodes than `node` told since `since`, at most `limit` callers, the latest first.
pub fn list_others(
    tx: &mut dyn Tx,
    node: &str,
    since: Millis,
    limit: i64,
) -> Result<Vec<(String, Taken)>, Error> {
    let stmt = sql!(
        "select class, whose, node, used from rate_use
         where told_real_at_ms >= ?1 and node <> ?2 order by told_real_at_ms desc limit ?3"
    );
    let rows = tx.query(
        &shared(),
        stmt,
        &[since.0.into(), node.into(), limit.into()],
    )?;
    let mut others = Vec::with_capacity(rows.len());
    for row in rows {
        // A class of a later version is not ours to count.
        let Some(class) = Class::parse(&row.text("class")?) else {
            continue;
        };
        let taken = Taken {
            class,
            whose: row.text("whose")?,
            used: row.int("used")?,
        };
        others.push((row.text("node")?, taken));
    }
    Ok(others)
}

/// Forgets what was last told before `before`.
pub fn delete_stale(tx: &mut dyn Tx, before: Millis) -> Result<u64, Error> {
    let stmt = sql!("delete from rate_use where told_real_at_ms < ?1");
    tx.execute(&shared(), stmt, &[before.0.into()])
}
