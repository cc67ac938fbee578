//! Migrations, forward only: each step in its own transaction with its row in a ledger, so that a
//! run that was killed is simply run again. On PostgreSQL the policies and the grants follow.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::catalogue::LEDGER;
use crate::db::off_runtime;
use crate::dialect::{identifier, literal};
use crate::postgres::{self, Settings};
use crate::sqlite::{self, MAIN_FILE, REFERENCE_FILE};
use crate::{Error, Row};

/// Which file a step belongs to on SQLite; PostgreSQL has one database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Business tables.
    Main,
    /// Released tables.
    Reference,
}

/// One step of one owner.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Whose tables: `domain` or the code of an e-service.
    pub owner: &'static str,
    /// 1, 2, 3... within the owner.
    pub step: u32,
    /// What the file is called.
    pub name: &'static str,
    /// One text for both engines.
    pub sql: &'static str,
    /// The text for PostgreSQL where one text cannot serve both.
    pub postgres_sql: Option<&'static str>,
    /// Where it goes on SQLite.
    pub target: Target,
}

/// A table guarded by row-level security on PostgreSQL.
#[derive(Clone, Copy, Debug)]
pub struct TenantTable {
    /// The table.
    pub table: &'static str,
    /// The column that holds the operator's id; empty when its rows belong to no operator, so that
    /// only the OI's staff and the duties are admitted.
    pub operator_column: &'static str,
    /// The duties that its policy admits, see [`crate::Rls::Duty`].
    pub duties: &'static [&'static str],
    /// The application may read and insert, never change or delete.
    pub append_only: bool,
}

/// Where and as whom to migrate.
#[derive(Clone, Debug)]
pub enum MigrateConfig {
    /// The folder; no server may be using it.
    Sqlite {
        /// As [`crate::Config::Sqlite`].
        dir: PathBuf,
    },
    /// The server.
    Postgres {
        /// URL of the role that owns the tables.
        owner_url: String,
        /// The role that the server connects as; it must exist.
        app_role: String,
    },
}

/// Applies the steps that are missing, in the given order, then on PostgreSQL sets policies and
/// grants.
///
/// # Errors
/// A step fails (it alone is undone), an applied step's text has changed, a missing step comes
/// before an applied one of the same owner, or the store is unavailable.
pub fn migrate(
    config: &MigrateConfig,
    migrations: &[Migration],
    tenants: &[TenantTable],
) -> Result<(), Error> {
    match config {
        MigrateConfig::Sqlite { dir } => {
            let _lock = sqlite::lock(dir)?;
            migrate_file(&dir.join(REFERENCE_FILE), migrations, Target::Reference)?;
            migrate_file(&dir.join(MAIN_FILE), migrations, Target::Main)
        }
        MigrateConfig::Postgres {
            owner_url,
            app_role,
        } => {
            let settings = Settings::parse(owner_url)?;
            off_runtime(|| migrate_server(&settings, app_role, migrations, tenants))
        }
    }
}

/// A step with the text for the engine at hand.
struct Step<'m> {
    migration: &'m Migration,
    sql: &'m str,
    digest: String,
}

impl<'m> Step<'m> {
    fn new(migration: &'m Migration, sql: &'m str) -> Self {
        let digest = Sha256::digest(sql.as_bytes())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        Self {
            migration,
            sql,
            digest,
        }
    }

    fn failed(&self, error: &Error) -> Error {
        let Migration {
            owner, step, name, ..
        } = self.migration;
        let text = format!("migration {owner} {step} ({name}): {error}");
        match error {
            Error::Unavailable(_) | Error::Retry(_) => Error::Unavailable(text),
            _ => Error::Internal(text),
        }
    }

    /// The ledger's row; `applied_at` is the engine's expression for UTC milliseconds.
    fn ledger_row(&self, applied_at: &str) -> String {
        let Migration {
            owner, step, name, ..
        } = self.migration;
        let (owner, name, digest) = (literal(owner), literal(name), literal(&self.digest));
        format!(
            "insert into {LEDGER} (owner, step, name, digest, applied_at_ms)
             values ({owner}, {step}, {name}, {digest}, {applied_at}) on conflict do nothing;"
        )
    }
}

fn create_ledger() -> String {
    format!(
        "create table if not exists {LEDGER} (owner TEXT not null, step BIGINT not null,
         name TEXT not null, digest TEXT not null, applied_at_ms BIGINT not null,
         primary key (owner, step))"
    )
}

/// Owner and step of what was applied, with the digest of its text.
type Applied = BTreeMap<(String, u32), String>;

/// The first step that is missing.
fn pending<'s, 'm>(
    steps: &'s [Step<'m>],
    applied: &Applied,
) -> Result<Option<&'s Step<'m>>, Error> {
    let mut first = None;
    let mut last: BTreeMap<&str, u32> = BTreeMap::new();
    for step in steps {
        let Migration {
            owner,
            step: number,
            name,
            ..
        } = *step.migration;
        let refuse = |why| {
            Err(Error::Internal(format!(
                "migration {owner} {number} {name}: {why}"
            )))
        };
        if last
            .insert(owner, number)
            .is_some_and(|before| before >= number)
        {
            return refuse("listed out of order");
        }
        match applied.get(&(owner.to_owned(), number)) {
            Some(digest) if *digest != step.digest => {
                return refuse("changed since it was applied");
            }
            Some(_) => {}
            None if applied.keys().any(|(o, n)| o == owner && *n > number) => {
                return refuse("comes before one that was applied");
            }
            None => first = first.or(Some(step)),
        }
    }
    Ok(first)
}

fn applied(rows: &[Row]) -> Result<Applied, Error> {
    rows.iter()
        .map(|row| {
            let step = row.text("step")?.parse();
            let step = step.map_err(|_| Error::Decode("ledger: step".to_owned()))?;
            Ok(((row.text("owner")?, step), row.text("digest")?))
        })
        .collect()
}

/// What a store's ledger says against `migrations`, one line each: steps that are missing, whose
/// text is another, or that this version does not know. On SQLite each file has its ledger.
pub(crate) fn ledger_faults(migrations: &[Migration], rows: &[Row]) -> Result<Vec<String>, Error> {
    let mut applied = applied(rows)?;
    let mut faults = Vec::new();
    for migration in migrations {
        let Migration {
            owner, step, name, ..
        } = *migration;
        let texts = [Some(migration.sql), migration.postgres_sql];
        let known = texts.map(|sql| sql.map(|sql| Step::new(migration, sql).digest));
        match applied.remove(&(owner.to_owned(), step)) {
            None => faults.push(format!("{owner} {step} ({name}) is not applied")),
            digest if known.contains(&digest) => {}
            Some(_) => faults.push(format!(
                "{owner} {step} ({name}) was applied with another text"
            )),
        }
    }
    let unknown = applied.into_keys();
    faults.extend(unknown.map(|(owner, step)| format!("{owner} {step} is of a newer version")));
    Ok(faults)
}

const LEDGER_ROWS: &str = "select owner, cast(step as TEXT) as step, digest from migration_ledger";

fn migrate_file(file: &Path, migrations: &[Migration], target: Target) -> Result<(), Error> {
    let mut connection = sqlite::Connection::writer(file)?;
    connection.batch(&create_ledger())?;
    let steps: Vec<Step<'_>> = migrations
        .iter()
        .filter(|m| m.target == target)
        .map(|m| Step::new(m, m.sql))
        .collect();
    while let Some(step) = pending(&steps, &applied(&connection.texts(LEDGER_ROWS)?)?)? {
        let row = step.ledger_row("cast(unixepoch('subsec') * 1000 as integer)");
        connection
            .within(&format!("{}\n;{row}", step.sql))
            .map_err(|e| step.failed(&e))?;
    }
    Ok(())
}

fn migrate_server(
    settings: &Settings,
    app_role: &str,
    migrations: &[Migration],
    tenants: &[TenantTable],
) -> Result<(), Error> {
    let mut connection = postgres::Connection::open_plain(settings)?;
    // A step that cannot get its lock must not queue every reader behind it. Policies bind the
    // tables' owner too: a step that moves rows must see those of every operator.
    connection.batch(
        "set lock_timeout = '10s'; set client_min_messages = 'warning';
         set epissure.staff = 'on'",
    )?;
    connection.batch(&create_ledger())?;
    let steps: Vec<Step<'_>> = migrations
        .iter()
        .map(|m| Step::new(m, m.postgres_sql.unwrap_or(m.sql)))
        .collect();
    while let Some(step) = pending(&steps, &applied(&connection.texts(LEDGER_ROWS)?)?)? {
        // The ledger's row goes first: a second migrator waits for it, then finds it there.
        let row = step.ledger_row("(extract(epoch from now()) * 1000)::bigint");
        connection
            .within(&row, step.sql)
            .map_err(|e| step.failed(&e))?;
    }
    for tenant in tenants {
        guard(&mut connection, tenant)?;
    }
    grant(&mut connection, app_role, tenants)
}

/// The condition that a row must meet to be seen or written.
fn policy(tenant: &TenantTable) -> Result<String, Error> {
    let mut admitted = Vec::new();
    if !tenant.operator_column.is_empty() {
        let column = identifier(tenant.operator_column)?;
        admitted.push(format!(
            "{column} = nullif(current_setting('epissure.op', true), '')"
        ));
    }
    admitted.push("current_setting('epissure.staff', true) = 'on'".to_owned());
    if !tenant.duties.is_empty() {
        let duties: Vec<String> = tenant.duties.iter().map(|d| literal(d)).collect();
        let duties = duties.join(", ");
        admitted.push(format!(
            "current_setting('epissure.duty', true) in ({duties})"
        ));
    }
    Ok(admitted.join(" or "))
}

/// Forces row-level security on a table. The policy's text is kept as its comment, for PostgreSQL
/// gives it back in another form.
fn guard(connection: &mut postgres::Connection, tenant: &TenantTable) -> Result<(), Error> {
    let table = identifier(tenant.table)?;
    let text = policy(tenant)?;
    let found = connection.texts(&format!(
        "select (c.relrowsecurity and c.relforcerowsecurity)::text as forced,
                obj_description(p.oid, 'pg_policy') as text
           from pg_class c left join pg_policy p on p.polrelid = c.oid and p.polname = 'tenant'
          where c.oid = '{table}'::regclass"
    ))?;
    let row = found
        .first()
        .ok_or_else(|| Error::Internal(format!("no table {table}")))?;
    if row.text("forced")? == "true" && row.opt_text("text")?.as_deref() == Some(&text) {
        return Ok(());
    }
    let comment = literal(&text);
    connection.batch(&format!(
        "begin;
         alter table {table} enable row level security;
         alter table {table} force row level security;
         drop policy if exists tenant on {table};
         create policy tenant on {table} using ({text}) with check ({text});
         comment on policy tenant on {table} is {comment};
         commit"
    ))
}

/// Gives the application role what it needs on each table, and takes the rest away.
fn grant(
    connection: &mut postgres::Connection,
    app_role: &str,
    tenants: &[TenantTable],
) -> Result<(), Error> {
    let role = format!("\"{}\"", app_role.replace('"', "\"\""));
    let role_text = literal(app_role);
    let tables = connection.texts(&format!(
        "select c.relname::text as tab, array_to_string(array(
             select x.privilege_type from aclexplode(c.relacl) x
               join pg_roles r on r.oid = x.grantee
             where r.rolname = {role_text} order by 1), ', ') as granted
           from pg_class c
          where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p')
          order by 1"
    ))?;
    let append_only = |table: &str| tenants.iter().any(|t| t.append_only && t.table == table);
    let mut sql = format!("begin; grant usage on schema public to {role};");
    for row in tables {
        let table = row.text("tab")?;
        let wanted = match table.as_str() {
            LEDGER => "SELECT",
            table if append_only(table) => "INSERT, SELECT",
            _ => "DELETE, INSERT, SELECT, UPDATE",
        };
        if row.text("granted")? != wanted {
            let table = identifier(&table)?;
            sql.push_str(&format!("revoke all on {table} from {role};"));
            sql.push_str(&format!("grant {wanted} on {table} to {role};"));
        }
    }
    sql.push_str("commit");
    connection.batch(&sql)
}

impl sqlite::Connection {
    /// Runs `sql` in a transaction of its own.
    fn within(&self, sql: &str) -> Result<(), Error> {
        self.batch("begin immediate")?;
        let done = self.batch(sql).and_then(|()| self.batch("commit"));
        if done.is_err() {
            // The connection is closed with the error; an open transaction goes with it.
            let _ = self.batch("rollback");
        }
        done
    }
}

impl postgres::Connection {
    /// Inserts the ledger's `row` and runs `sql` in one transaction; does nothing when another
    /// migrator has put the row there first.
    fn within(&mut self, row: &str, sql: &str) -> Result<(), Error> {
        self.batch("begin")?;
        let done = self.count(row).and_then(|inserted| match inserted {
            0 => self.batch("rollback"),
            _ => self.batch(sql).and_then(|()| self.batch("commit")),
        });
        if done.is_err() {
            let _ = self.batch("rollback");
        }
        done
    }
}
