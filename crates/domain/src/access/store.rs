//! SQL of sign-in, sessions, certificates and throttles. Every statement runs under a named duty.

use kernel::{AccountId, CertificateId, Millis, OperatorId, SessionId};
use storage::{Error, Row, Tx, first, sql};

use super::SystemScope;

/// What a session or a certificate resolves to: the operator and its standing.
pub struct Standing {
    /// The operator.
    pub operator: OperatorId,
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// `oi` or `oc`.
    pub role: String,
    /// Whether its access is suspended.
    pub suspended: bool,
}

fn standing(row: &Row) -> Result<Standing, Error> {
    Ok(Standing {
        operator: OperatorId::from_store(row.text("operator_id")?),
        code: row.text("code")?,
        name: row.text("operator_name")?,
        role: row.text("role")?,
        suspended: row.opt_int("suspended_at_ms")?.is_some(),
    })
}

/// A session found by the hash of its token.
pub struct SessionRow {
    /// The session.
    pub id: SessionId,
    /// Its account.
    pub account: AccountId,
    /// The account's login.
    pub login: String,
    /// The person's name.
    pub person: String,
    /// Whether the account is active.
    pub active: bool,
    /// The form token bound to the session.
    pub csrf_token: String,
    /// When it was last used, real time, flushed at intervals.
    pub seen: Millis,
    /// When it ends at the latest, real time.
    pub expires: Millis,
    /// The operator.
    pub standing: Standing,
}

/// The live session whose token hashes to `token_hash`.
pub fn session_by_token(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    token_hash: &str,
) -> Result<Option<SessionRow>, Error> {
    let stmt = sql!(
        "select s.id, s.account_id, s.csrf_token, s.seen_real_at_ms, s.expires_real_at_ms,
                a.login, a.name as person, a.state, o.operator_id, o.code,
                o.name as operator_name, o.role, o.suspended_at_ms
         from session s
         join account a on a.operator_id = s.operator_id and a.id = s.account_id
         join operator o on o.operator_id = s.operator_id
         where s.token_hash = ?1 and s.revoked_real_at_ms is null"
    );
    first(tx.query(&scope.rls(), stmt, &[token_hash.into()])?)
        .map(|row| {
            Ok(SessionRow {
                id: SessionId::from_store(row.text("id")?),
                account: AccountId::from_store(row.text("account_id")?),
                login: row.text("login")?,
                person: row.text("person")?,
                active: row.text("state")? == "active",
                csrf_token: row.text("csrf_token")?,
                seen: Millis(row.int("seen_real_at_ms")?),
                expires: Millis(row.int("expires_real_at_ms")?),
                standing: standing(&row)?,
            })
        })
        .transpose()
}

/// A certificate found by its SHA-256 fingerprint.
pub struct CertificateRow {
    /// The certificate.
    pub id: CertificateId,
    /// What it is called.
    pub label: String,
    /// The natural person who answers for it.
    pub responsible: String,
    /// `active`, `disabled` or `revoked`.
    pub state: String,
    /// When it ends, real time.
    pub not_after: Millis,
    /// The operator.
    pub standing: Standing,
}

/// The certificate with `fingerprint` (lower-case hexadecimal SHA-256).
pub fn certificate_by_fingerprint(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    fingerprint: &str,
) -> Result<Option<CertificateRow>, Error> {
    let stmt = sql!(
        "select c.id, c.label, c.responsible, c.state, c.not_after_real_at_ms, o.operator_id,
                o.code, o.name as operator_name, o.role, o.suspended_at_ms
         from certificate c join operator o on o.operator_id = c.operator_id
         where c.fingerprint = ?1"
    );
    first(tx.query(&scope.rls(), stmt, &[fingerprint.into()])?)
        .map(|row| {
            Ok(CertificateRow {
                id: CertificateId::from_store(row.text("id")?),
                label: row.text("label")?,
                responsible: row.text("responsible")?,
                state: row.text("state")?,
                not_after: Millis(row.int("not_after_real_at_ms")?),
                standing: standing(&row)?,
            })
        })
        .transpose()
}

/// The standing of one operator.
pub fn standing_of(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
) -> Result<Option<Standing>, Error> {
    let stmt = sql!(
        "select operator_id, code, name as operator_name, role, suspended_at_ms
         from operator where operator_id = ?1"
    );
    first(tx.query(&scope.rls(), stmt, &[operator.as_str().into()])?)
        .map(|row| standing(&row))
        .transpose()
}

/// The OI's own operator row.
pub fn provider(tx: &mut dyn Tx, scope: &SystemScope) -> Result<Option<OperatorId>, Error> {
    let stmt = sql!("select operator_id from operator where role = 'oi'");
    first(tx.query(&scope.rls(), stmt, &[])?)
        .map(|row| row.text("operator_id").map(OperatorId::from_store))
        .transpose()
}

/// The permissions of an account.
pub fn permissions_of(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    account: &AccountId,
) -> Result<Vec<String>, Error> {
    let stmt = sql!(
        "select permission from account_permission where operator_id = ?1 and account_id = ?2"
    );
    tx.query(
        &scope.rls(),
        stmt,
        &[operator.as_str().into(), account.as_str().into()],
    )?
    .iter()
    .map(|row| row.text("permission"))
    .collect()
}

/// The e-services an operator may use at `now` (business time): activated, neither suspended nor
/// ended.
pub fn services_of(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    now: Millis,
) -> Result<Vec<String>, Error> {
    let stmt = sql!(
        "select service from subscription
         where operator_id = ?1 and activated_at_ms <= ?2 and suspended_at_ms is null
           and (ended_at_ms is null or ended_at_ms > ?2)"
    );
    tx.query(
        &scope.rls(),
        stmt,
        &[operator.as_str().into(), now.0.into()],
    )?
    .iter()
    .map(|row| row.text("service"))
    .collect()
}

/// What sign-in needs of an account.
pub struct Credentials {
    /// The operator.
    pub operator: OperatorId,
    /// The account.
    pub account: AccountId,
    /// The person.
    pub person: String,
    /// The PHC string; `None` before the first password is set.
    pub password_hash: Option<String>,
    /// Whether the account is active.
    pub active: bool,
}

/// The account with this login, whatever its operator.
pub fn credentials_by_login(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    login: &str,
) -> Result<Option<Credentials>, Error> {
    let stmt =
        sql!("select operator_id, id, name, password_hash, state from account where login = ?1");
    first(tx.query(&scope.rls(), stmt, &[login.into()])?)
        .map(|row| {
            Ok(Credentials {
                operator: OperatorId::from_store(row.text("operator_id")?),
                account: AccountId::from_store(row.text("id")?),
                person: row.text("name")?,
                password_hash: row.opt_text("password_hash")?,
                active: row.text("state")? == "active",
            })
        })
        .transpose()
}

/// A session to open.
pub struct NewSession<'a> {
    /// Its id.
    pub id: &'a SessionId,
    /// Its account.
    pub account: &'a AccountId,
    /// Hash of its token.
    pub token_hash: &'a str,
    /// Its form token.
    pub csrf_token: &'a str,
    /// Opened at, real time.
    pub opened: Millis,
    /// Ends at the latest, real time.
    pub expires: Millis,
}

/// Opens a session.
pub fn insert_session(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    new: &NewSession<'_>,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into session (operator_id, id, token_hash, account_id, csrf_token,
           opened_real_at_ms, seen_real_at_ms, expires_real_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7)"
    );
    tx.execute(
        &scope.rls(),
        stmt,
        &[
            operator.as_str().into(),
            new.id.as_str().into(),
            new.token_hash.into(),
            new.account.as_str().into(),
            new.csrf_token.into(),
            new.opened.0.into(),
            new.expires.0.into(),
        ],
    )?;
    Ok(())
}

/// Notes that a session was used; flushed at intervals, never within a request's own unit.
pub fn touch_session(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    token_hash: &str,
    seen: Millis,
) -> Result<(), Error> {
    let stmt = sql!(
        "update session set seen_real_at_ms = ?2 where token_hash = ?1 and seen_real_at_ms < ?2"
    );
    tx.execute(&scope.rls(), stmt, &[token_hash.into(), seen.0.into()])?;
    Ok(())
}

/// A session as its holder sees it.
pub struct OwnSession {
    /// The session.
    pub id: SessionId,
    /// Opened at, real time.
    pub opened: Millis,
    /// Last used, real time.
    pub seen: Millis,
}

/// How often sign-in failed under one throttle key, and from when it may be tried again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Throttle {
    /// Failures in a row.
    pub failures: i64,
    /// Real time before which any attempt is answered like a wrong password.
    pub next: Millis,
    /// Real time of the last failure.
    pub seen: Millis,
}

/// The throttle under `key`.
pub fn throttle(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    key: &str,
) -> Result<Option<Throttle>, Error> {
    let stmt = sql!(
        "select failures, next_real_at_ms, seen_real_at_ms from login_throttle
         where throttle_key = ?1"
    );
    first(tx.query(&scope.rls(), stmt, &[key.into()])?)
        .map(|row| {
            Ok(Throttle {
                failures: row.int("failures")?,
                next: Millis(row.int("next_real_at_ms")?),
                seen: Millis(row.int("seen_real_at_ms")?),
            })
        })
        .transpose()
}

/// Keeps the throttle under `key`.
pub fn update_throttle(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    key: &str,
    throttle: Throttle,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into login_throttle (throttle_key, failures, next_real_at_ms, seen_real_at_ms)
         values (?1, ?2, ?3, ?4)
         on conflict (throttle_key) do update set failures = excluded.failures,
           next_real_at_ms = excluded.next_real_at_ms, seen_real_at_ms = excluded.seen_real_at_ms"
    );
    let params = [
        key.into(),
        throttle.failures.into(),
        throttle.next.0.into(),
        throttle.seen.0.into(),
    ];
    tx.execute(&scope.rls(), stmt, &params)?;
    Ok(())
}

/// Forgets the throttle under `key`.
pub fn delete_throttle(tx: &mut dyn Tx, scope: &SystemScope, key: &str) -> Result<(), Error> {
    let stmt = sql!("delete from login_throttle where throttle_key = ?1");
    tx.execute(&scope.rls(), stmt, &[key.into()])?;
    Ok(())
}

/// Forgets every throttle last touched before `stale` (real time).
pub fn delete_stale_throttles(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    stale: Millis,
) -> Result<(), Error> {
    let stmt = sql!("delete from login_throttle where seen_real_at_ms < ?1");
    tx.execute(&scope.rls(), stmt, &[stale.0.into()])?;
    Ok(())
}
