//! What the engines say of the schema. These texts belong to one engine each, so they are not
//! registered with the portable statements.

use crate::{Engine, Error, Rls, Statement, TenantTable, Tx, Value};

/// The table of applied migrations; it belongs to no schema snapshot.
pub const LEDGER: &str = "migration_ledger";

macro_rules! own {
    ($sql:expr) => {
        Statement {
            sql: $sql,
            file: file!(),
            line: line!(),
        }
    };
}

static SQLITE_COLUMNS: Statement = own!(
    "select m.name as tab, c.name as col, upper(c.type) as kind
       from main.sqlite_schema m, pragma_table_info(m.name, 'main') c
      where m.type = 'table' and substr(m.name, 1, 7) <> 'sqlite_' and m.name <> ?1
     union all
     select m.name, c.name, upper(c.type)
       from ref.sqlite_schema m, pragma_table_info(m.name, 'ref') c
      where m.type = 'table' and substr(m.name, 1, 7) <> 'sqlite_' and m.name <> ?1"
);

static POSTGRES_COLUMNS: Statement = own!(
    "select c.relname::text as tab, a.attname::text as col,
            upper(format_type(a.atttypid, null)) as kind
       from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
        and a.attnum > 0 and not a.attisdropped and c.relname <> ?1"
);

static POSTGRES_GUARDS: Statement = own!(
    "select c.relname::text as tab,
            c.relrowsecurity and c.relforcerowsecurity
              and exists (select from pg_policy p where p.polrelid = c.oid) as guarded,
            exists (select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0
                    and not a.attisdropped and a.attname = 'operator_id') as owned
       from pg_class c
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')"
);

/// See [`crate::Db::columns`].
pub fn columns(tx: &mut dyn Tx, engine: Engine) -> Result<Vec<(String, String, String)>, Error> {
    let stmt = match engine {
        Engine::Sqlite => &SQLITE_COLUMNS,
        Engine::Postgres => &POSTGRES_COLUMNS,
    };
    let rows = tx.query(&Rls::Shared, stmt, &[Value::from(LEDGER)])?;
    let mut columns = rows
        .iter()
        .map(|row| Ok((row.text("tab")?, row.text("col")?, row.text("kind")?)))
        .collect::<Result<Vec<_>, Error>>()?;
    columns.sort();
    Ok(columns)
}

/// See [`crate::Db::check_policies`].
pub fn check_policies(tx: &mut dyn Tx, tenants: &[TenantTable]) -> Result<(), Error> {
    let mut missing: Vec<String> = tenants.iter().map(|t| t.table.to_owned()).collect();
    for row in tx.query(&Rls::Shared, &POSTGRES_GUARDS, &[])? {
        let table = row.text("tab")?;
        if row.flag("guarded")? {
            missing.retain(|t| *t != table);
        } else if row.flag("owned")? && !missing.contains(&table) {
            missing.push(table);
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    missing.sort();
    Err(Error::Internal(format!(
        "without row-level security: {}",
        missing.join(", ")
    )))
}
