//! A migrated store of its own for a test, on the engine that `EPISSURE_TEST_ENGINE` names.

use std::path::Path;

use storage::{Config, Db, MigrateConfig, Migration, TenantTable};

use crate::postgres::{self, TestDatabase};

/// An open store and what it stands on, which goes with it.
pub struct Store {
    /// The store.
    pub db: Db,
    /// How it was opened: a second node opens PostgreSQL's the same way.
    pub config: Config,
    /// Its folder on SQLite; an empty one on PostgreSQL.
    pub dir: tempfile::TempDir,
    /// The test's own handle on the database, as its owner.
    pub database: Option<TestDatabase>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "the harness names the engine by its environment"
)]
fn wants_postgres() -> bool {
    std::env::var("EPISSURE_TEST_ENGINE").is_ok_and(|engine| engine == "postgres")
}

fn to_migrate(dir: &Path, database: Option<&TestDatabase>) -> MigrateConfig {
    match database {
        None => MigrateConfig::Sqlite {
            dir: dir.to_owned(),
        },
        Some(database) => MigrateConfig::Postgres {
            owner_url: database.owner_url.clone(),
            app_role: database.app_role.clone(),
        },
    }
}

impl Store {
    /// Migrates it again, closed meanwhile, as a newer version finds it.
    ///
    /// # Panics
    /// When it cannot be migrated or opened again.
    #[must_use]
    pub fn upgraded(self, migrations: &[Migration], tenants: &[TenantTable]) -> Self {
        drop(self.db);
        let to = to_migrate(self.dir.path(), self.database.as_ref());
        storage::migrate(&to, migrations, tenants).expect("migrations");
        let db = Db::open(&self.config).expect("an open store");
        Self { db, ..self }
    }

    /// An empty store with these tables; `None`, after the line that says it is skipped, when
    /// PostgreSQL is wanted and cannot be had.
    ///
    /// # Panics
    /// When the store cannot be made: the test is then broken.
    #[must_use]
    pub fn open(migrations: &[Migration], tenants: &[TenantTable]) -> Option<Self> {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = dir.path().to_owned();
        let database = if wants_postgres() {
            Some(postgres::database()?)
        } else {
            None
        };
        let to = to_migrate(&path, database.as_ref());
        let config = match &database {
            None => Config::Sqlite { dir: path },
            Some(database) => Config::Postgres {
                url: database.app_url.clone(),
            },
        };
        storage::migrate(&to, migrations, tenants).expect("migrations");
        let db = Db::open(&config).expect("an open store");
        Some(Self {
            db,
            config,
            dir,
            database,
        })
    }
}
