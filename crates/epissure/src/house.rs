//! The store as this program uses it: whose tables there are, opening it, the folder it lies in.

use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use domain::access::{Duty, authenticate_local, system};
use domain::{Platform, schema};
use kernel::{Clock, OperatorId};
use storage::{Db, Lane, MigrateConfig, Migration, TenantTable, Tx};

use crate::config::Config;
use crate::files;
use crate::services::SERVICES;

/// Every migration: the shared nouns', then each e-service's, in the order of the registry.
pub static MIGRATIONS: LazyLock<Vec<Migration>> = LazyLock::new(|| {
    let own = SERVICES.iter().flat_map(|service| service.migrations);
    schema::MIGRATIONS.iter().chain(own).copied().collect()
});

/// Every table that holds operators' rows.
pub static TENANT_TABLES: LazyLock<Vec<TenantTable>> = LazyLock::new(|| {
    let own = SERVICES.iter().flat_map(|service| service.tenant_tables);
    schema::TENANT_TABLES.iter().chain(own).copied().collect()
});

/// Applies the migrations that are missing: always on SQLite, and on PostgreSQL when the owner's
/// URL is configured.
///
/// # Errors
/// A step fails, or the store cannot be reached.
pub fn migrate(config: &Config) -> Result<()> {
    let target = match &config.postgres {
        None => MigrateConfig::Sqlite {
            dir: config.data.clone(),
        },
        Some(postgres) => {
            let Some(owner_url) = postgres.migrate_url.clone() else {
                return Ok(());
            };
            MigrateConfig::Postgres {
                owner_url,
                app_role: postgres.app_role.clone(),
            }
        }
    };
    storage::migrate(&target, &MIGRATIONS, &TENANT_TABLES).context("migrations")
}

/// Migrates and opens the store for writing.
///
/// # Errors
/// Another process holds it, it cannot be reached, or a table lacks its policy.
pub async fn open(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<Platform>> {
    files::make_private_dir(&config.data)?;
    migrate(config)?;
    let db = Db::open(&config.store())?;
    let tenants: &'static [TenantTable] = &TENANT_TABLES;
    db.check_policies(tenants).await?;
    let platform = Platform::new(db, clock).with_indexes_in(&config.data);
    Ok(Arc::new(platform.with_rates(config.allowances)))
}

/// Opens the store for reading only, also beside a server.
///
/// # Errors
/// There is no store, or it cannot be reached.
pub fn open_read_only(config: &Config, clock: Arc<dyn Clock>) -> Result<Arc<Platform>> {
    let db = Db::open_read_only(&config.store())
        .with_context(|| format!("no store in {}: run epissure init", config.data.display()))?;
    let platform = Platform::new(db, clock).with_indexes_in(&config.data);
    Ok(Arc::new(platform))
}

/// The OI's operator and the name it goes by.
///
/// # Errors
/// There is none before `epissure init`.
pub async fn provider(platform: &Platform) -> Result<(OperatorId, String)> {
    let ctx = authenticate_local(platform, &os_user(own_uid()), "start").await?;
    let (staff, id) = (
        ctx.staff().map_err(|r| anyhow::anyhow!(r))?.clone(),
        ctx.owner().clone(),
    );
    let wanted = id.clone();
    let find = move |tx: &mut dyn Tx| domain::operator::store::by_id(tx, &staff, &wanted);
    let operator = platform
        .db
        .get(find)
        .await?
        .context("no provider: run epissure init")?;
    Ok((id, operator.name))
}

/// Writes the settings that come from the configuration.
///
/// # Errors
/// The store does not answer.
pub async fn configure(platform: &Platform, config: &Config, provider: &OperatorId) -> Result<()> {
    let prefix = config.pto_prefix.clone();
    if prefix.is_empty() {
        return Ok(());
    }
    let scope = system(platform, Duty::Upkeep, provider)?.duty(Duty::Upkeep);
    let name = domain::order::usecases::PTO_PREFIX_SETTING;
    let put = move |tx: &mut dyn Tx| {
        if domain::setting::store::by_name(tx, &scope, name)?.as_deref() == Some(&prefix) {
            return Ok(());
        }
        domain::setting::store::update(tx, &scope, name, &prefix)
    };
    Ok(platform.db.write(Lane::Foreground, None, put).await?)
}

/// The user this process runs as.
#[must_use]
pub fn own_uid() -> u32 {
    std::fs::metadata("/proc/self").map_or(u32::MAX, |meta| meta.uid())
}

/// The name of an OS user, or its number when it has none.
#[must_use]
pub fn os_user(uid: u32) -> String {
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = uid.to_string();
    let line = users
        .lines()
        .find(|line| line.split(':').nth(2) == Some(&number));
    let name = line.and_then(|line| line.split(':').next());
    name.map_or_else(|| format!("uid {uid}"), str::to_owned)
}
