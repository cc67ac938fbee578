//! SQL of settings.

use storage::{Error, Tx, first, sql};

use crate::access::SystemScope;
use crate::params;

/// The value of a setting.
pub fn by_name(tx: &mut dyn Tx, scope: &SystemScope, name: &str) -> Result<Option<String>, Error> {
    let stmt = sql!("select value from setting where name = ?1");
    first(tx.query(&scope.rls(), stmt, params![name])?)
        .map(|row| row.text("value"))
        .transpose()
}

/// Sets a setting.
pub fn update(tx: &mut dyn Tx, scope: &SystemScope, name: &str, value: &str) -> Result<(), Error> {
    let stmt = sql!(
        "insert into setting (name, value) values (?1, ?2)
         on conflict (name) do update set value = excluded.value"
    );
    tx.execute(&scope.rls(), stmt, params![name, value])?;
    Ok(())
}
