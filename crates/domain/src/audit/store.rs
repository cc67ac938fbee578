//! SQL of the journal and its seals.

use kernel::{AuditId, Millis, OperatorId};
use storage::{Error, Rls, Row, Tx, first, sql};

use super::Record;
use crate::access::{Ctx, Reach, SystemScope};
use crate::params;

/// Appends a row, to be sealed.
pub fn insert(tx: &mut dyn Tx, ctx: &Ctx, record: &Record<'_>) -> Result<(), Error> {
    let rls = ctx.scope().rls();
    let owner = ctx.owner().as_str();
    let stmt = sql!(
        "insert into audit (operator_id, id, at_ms, real_at_ms, actor_kind, actor_id, actor_name,
           channel, request_id, action, target, outcome, code, detail)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
    );
    let params = params![
        owner,
        record.id.as_str(),
        ctx.now.0,
        ctx.real_now.0,
        ctx.actor.kind,
        ctx.actor.id.as_str(),
        ctx.actor.name.as_str(),
        ctx.channel.as_str(),
        ctx.request_id.as_str(),
        record.action,
        record.target,
        record.outcome,
        record.code,
        record.detail,
    ];
    tx.execute(&rls, stmt, params)?;
    let stmt = sql!("insert into audit_unsealed (operator_id, audit_id) values (?1, ?2)");
    tx.execute(&rls, stmt, params![owner, record.id.as_str()])?;
    Ok(())
}

/// Whether a row is there: the commit proof.
pub fn exists(
    tx: &mut dyn Tx,
    rls: &Rls,
    operator: &OperatorId,
    id: &AuditId,
) -> Result<bool, Error> {
    let stmt = sql!("select id from audit where operator_id = ?1 and id = ?2");
    Ok(!tx
        .query(rls, stmt, params![operator.as_str(), id.as_str()])?
        .is_empty())
}

/// A row with everything the seal covers, in the order the seal covers it.
pub struct Sealable {
    /// Its owner.
    pub operator: OperatorId,
    /// Its id.
    pub id: AuditId,
    /// Every column, as text.
    pub columns: Vec<String>,
}

const COLUMNS: [&str; 12] = [
    "operator_id",
    "id",
    "actor_kind",
    "actor_id",
    "actor_name",
    "channel",
    "request_id",
    "action",
    "target",
    "outcome",
    "code",
    "detail",
];

fn sealable(row: &Row) -> Result<Sealable, Error> {
    let mut columns = vec![
        row.int("at_ms")?.to_string(),
        row.int("real_at_ms")?.to_string(),
    ];
    for name in COLUMNS {
        columns.push(row.text(name)?);
    }
    Ok(Sealable {
        operator: OperatorId::from_store(row.text("operator_id")?),
        id: AuditId::from_store(row.text("id")?),
        columns,
    })
}

/// At most `limit` rows that bear no seal yet, oldest id first.
pub fn list_unsealed(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    limit: i64,
) -> Result<Vec<Sealable>, Error> {
    let stmt = sql!(
        "select a.operator_id, a.id, a.at_ms, a.real_at_ms, a.actor_kind, a.actor_id,
                a.actor_name, a.channel, a.request_id, a.action, a.target, a.outcome, a.code,
                a.detail
         from audit_unsealed u
         join audit a on a.operator_id = u.operator_id and a.id = u.audit_id
         order by u.audit_id limit ?1"
    );
    tx.query(&scope.rls(), stmt, params![limit])?
        .iter()
        .map(sealable)
        .collect()
}

/// One link of the chain and the row it seals, absent if somebody removed it.
pub struct Link {
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// Its hash, in hexadecimal.
    pub hash: String,
    /// The id of the row it seals.
    pub audit_id: String,
    /// The row.
    pub row: Option<Sealable>,
}

/// At most `limit` links after `seq`.
pub fn list_links(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    seq: i64,
    limit: i64,
) -> Result<Vec<Link>, Error> {
    let stmt = sql!(
        "select s.seq, s.hash, s.audit_id, a.operator_id, a.id, a.at_ms, a.real_at_ms,
                a.actor_kind, a.actor_id, a.actor_name, a.channel, a.request_id, a.action,
                a.target, a.outcome, a.code, a.detail
         from audit_seal s
         left join audit a on a.operator_id = s.operator_id and a.id = s.audit_id
         where s.seq > ?1 order by s.seq limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![seq, limit])?
        .iter()
        .map(|row| {
            let gone = row.opt_text("id")?.is_none();
            Ok(Link {
                seq: row.int("seq")?,
                hash: row.text("hash")?,
                audit_id: row.text("audit_id")?,
                row: if gone { None } else { Some(sealable(row)?) },
            })
        })
        .collect()
}

/// The head of the chain: its last place and hash.
pub fn head(tx: &mut dyn Tx, scope: &SystemScope) -> Result<Option<(i64, String)>, Error> {
    let stmt = sql!("select seq, hash from audit_seal order by seq desc limit 1");
    first(tx.query(&scope.rls(), stmt, &[])?)
        .map(|row| Ok((row.int("seq")?, row.text("hash")?)))
        .transpose()
}

/// Adds a link and takes its row off the list of those without one.
pub fn seal(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    seq: i64,
    row: &Sealable,
    hash: &str,
) -> Result<(), Error> {
    let stmt =
        sql!("insert into audit_seal (seq, operator_id, audit_id, hash) values (?1, ?2, ?3, ?4)");
    tx.execute(
        &scope.rls(),
        stmt,
        params![seq, row.operator.as_str(), row.id.as_str(), hash],
    )?;
    let stmt = sql!("delete from audit_unsealed where audit_id = ?1");
    tx.execute(&scope.rls(), stmt, params![row.id.as_str()])?;
    Ok(())
}

/// How many rows bear no seal, how many have neither seal nor place on the waiting list.
pub fn count_unsealed(tx: &mut dyn Tx, scope: &SystemScope) -> Result<(i64, i64), Error> {
    let stmt = sql!("select count(*) as n from audit_unsealed");
    let waiting = first(tx.query(&scope.rls(), stmt, &[])?).map_or(Ok(0), |row| row.int("n"))?;
    let stmt = sql!(
        "select count(*) as n from audit a
         where not exists (select 1 from audit_seal s where s.audit_id = a.id)
           and not exists (select 1 from audit_unsealed u where u.audit_id = a.id)"
    );
    let lost = first(tx.query(&scope.rls(), stmt, &[])?).map_or(Ok(0), |row| row.int("n"))?;
    Ok((waiting, lost))
}

/// Takes or keeps the lease `name` for `holder` until `until` (real time); its fencing token, or
/// `None` while another holds it.
pub fn take_lease(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    name: &str,
    holder: &str,
    real_now: Millis,
    until: Millis,
) -> Result<Option<i64>, Error> {
    let stmt = sql!(
        "insert into lease (name, holder, token, until_real_at_ms) values (?1, ?2, 1, ?4)
         on conflict (name) do update set holder = excluded.holder,
           token = lease.token + case when lease.holder = excluded.holder then 0 else 1 end,
           until_real_at_ms = excluded.until_real_at_ms
         where lease.holder = excluded.holder or lease.until_real_at_ms < ?3
         returning token"
    );
    let params = params![name, holder, real_now.0, until.0];
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(|row| row.int("token"))
        .transpose()
}

/// The newest rows of the journal, for `epissure audit` and tests.
pub fn list_recent(
    tx: &mut dyn Tx,
    rls: &Rls,
    limit: i64,
) -> Result<Vec<(String, String, String)>, Error> {
    let stmt = sql!("select action, outcome, code from audit order by id desc limit ?1");
    tx.query(rls, stmt, params![limit])?
        .iter()
        .map(|row| Ok((row.text("action")?, row.text("outcome")?, row.text("code")?)))
        .collect()
}
