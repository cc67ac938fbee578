//! SQL of accounts.

use kernel::{AccountId, Millis, OperatorId};
use storage::{Error, Row, Tx, first, sql};

use super::{ACCOUNTS_PER_OPERATOR_MAX, Account};
use crate::access::{Reach, StaffScope};
use crate::params;

fn account(row: &Row) -> Result<Account, Error> {
    Ok(Account {
        id: AccountId::from_store(row.text("id")?),
        login: row.text("login")?,
        name: row.text("name")?,
        email: row.text("email")?,
        seat: row.int("seat")?,
        state: row.text("state")?,
        password_hash: None,
        created: Millis(row.int("created_at_ms")?),
    })
}

/// The lowest free seat of an operator; `None` when all are taken. Two takers of one seat meet at
/// the unique key.
pub fn free_seat(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
) -> Result<Option<i64>, Error> {
    let stmt = sql!("select seat from account where operator_id = ?1 order by seat");
    let mut free = 1;
    for row in tx.query(&reach.rls(), stmt, params![operator.as_str()])? {
        if row.int("seat")? == free {
            free += 1;
        }
    }
    Ok((free <= ACCOUNTS_PER_OPERATOR_MAX).then_some(free))
}

/// Adds an account with its permissions; false when the login is taken.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    new: &Account,
    permissions: &[String],
) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into account (operator_id, id, login, name, email, seat, state, password_hash,
           created_at_ms, version)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1) on conflict (login) do nothing"
    );
    let params = params![
        operator.as_str(),
        new.id.as_str(),
        new.login.as_str(),
        new.name.as_str(),
        new.email.as_str(),
        new.seat,
        new.state.as_str(),
        new.password_hash.clone(),
        new.created.0,
    ];
    if tx.execute(&reach.rls(), stmt, params)? == 0 {
        return Ok(false);
    }
    for permission in permissions {
        let stmt = sql!(
            "insert into account_permission (operator_id, account_id, permission)
             values (?1, ?2, ?3)"
        );
        let params = params![operator.as_str(), new.id.as_str(), permission.as_str()];
        tx.execute(&reach.rls(), stmt, params)?;
    }
    Ok(true)
}

/// The accounts of one operator, by login.
pub fn list(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    operator: &OperatorId,
) -> Result<Vec<Account>, Error> {
    let stmt = sql!(
        "select id, login, name, email, seat, state, created_at_ms
         from account where operator_id = ?1 order by login"
    );
    tx.query(&scope.rls(), stmt, params![operator.as_str()])?
        .iter()
        .map(account)
        .collect()
}

/// The address of an account's person.
pub fn email_of(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    account: &str,
) -> Result<Option<String>, Error> {
    let stmt = sql!("select email from account where operator_id = ?1 and id = ?2");
    first(tx.query(&reach.rls(), stmt, params![operator.as_str(), account])?)
        .map(|row| row.text("email"))
        .transpose()
}

/// The address of an account's person, while the account is active.
pub fn active_email_of(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    account: &str,
) -> Result<Option<String>, Error> {
    let stmt =
        sql!("select email from account where operator_id = ?1 and id = ?2 and state = 'active'");
    first(tx.query(&reach.rls(), stmt, params![operator.as_str(), account])?)
        .map(|row| row.text("email"))
        .transpose()
}

/// The addresses of an operator's active accounts that hold `permission`, as stored, by login.
pub fn list_active_emails(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    permission: &str,
) -> Result<Vec<String>, Error> {
    let stmt = sql!(
        "select a.email as email from account a
         join account_permission p on p.operator_id = a.operator_id and p.account_id = a.id
         where a.operator_id = ?1 and a.state = 'active' and p.permission = ?2
         order by a.login limit ?3"
    );
    let params = params![operator.as_str(), permission, ACCOUNTS_PER_OPERATOR_MAX];
    tx.query(&reach.rls(), stmt, params)?
        .iter()
        .map(|row| row.text("email"))
        .collect()
}

/// Disables the account with this login, or sets it active again.
pub fn update_state(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    login: &str,
    state: &str,
) -> Result<u64, Error> {
    let stmt = sql!("update account set state = ?2, version = version + 1 where login = ?1");
    tx.execute(&scope.rls(), stmt, params![login, state])
}

/// Sets the password of the account with this login and makes it active.
pub fn update_password(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    login: &str,
    password_hash: &str,
) -> Result<u64, Error> {
    let stmt = sql!(
        "update account set password_hash = ?2, state = 'active', version = version + 1
         where login = ?1"
    );
    tx.execute(&scope.rls(), stmt, params![login, password_hash])
}
