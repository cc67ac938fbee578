//! A migrated store on each engine.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use storage::{
    Config, Db, Error, Lane, MigrateConfig, Migration, Rls, Statement, Target, TenantTable, Value,
    migrate, sql,
};
use tempfile::TempDir;
use testkit::postgres::TestDatabase;

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        owner: "domain",
        step: 1,
        name: "0001_start",
        sql: "create table counter (id TEXT not null primary key, n BIGINT not null);
              create table audit (id TEXT not null primary key, what TEXT not null);
              create table parcel (operator_id TEXT not null, id TEXT not null, label TEXT,
                  count BIGINT, weight DOUBLE PRECISION, fragile BOOLEAN not null, seal BYTEA,
                  primary key (operator_id, id));
              create table trace (operator_id TEXT not null, id TEXT not null,
                  primary key (operator_id, id));",
        postgres_sql: None,
        target: Target::Main,
    },
    Migration {
        owner: "domain",
        step: 2,
        name: "0002_streets",
        sql: "create table street (id TEXT not null primary key, name TEXT not null,
                  since_release BIGINT not null);",
        postgres_sql: None,
        target: Target::Reference,
    },
];

pub const TENANTS: &[TenantTable] = &[
    TenantTable {
        table: "parcel",
        operator_column: "operator_id",
        duties: &["carrier", "sorter"],
        append_only: false,
    },
    TenantTable {
        table: "trace",
        operator_column: "operator_id",
        duties: &[],
        append_only: true,
    },
];

/// A store with the means to open it again.
pub struct Backend {
    pub db: Db,
    pub config: Config,
    pub migrate: MigrateConfig,
    pub server: Option<TestDatabase>,
    pub dir: Option<TempDir>,
}

pub fn sqlite_config() -> (TempDir, Config, MigrateConfig) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data");
    (
        dir,
        Config::Sqlite { dir: path.clone() },
        MigrateConfig::Sqlite { dir: path },
    )
}

pub fn postgres_config() -> Option<(TestDatabase, Config, MigrateConfig)> {
    let server = testkit::postgres::database()?;
    let config = Config::Postgres {
        url: server.app_url.clone(),
    };
    let (owner_url, app_role) = (server.owner_url.clone(), server.app_role.clone());
    Some((
        server,
        config,
        MigrateConfig::Postgres {
            owner_url,
            app_role,
        },
    ))
}

pub fn sqlite() -> Backend {
    let (dir, config, to) = sqlite_config();
    migrate(&to, MIGRATIONS, TENANTS).unwrap();
    let db = Db::open(&config).unwrap();
    Backend {
        db,
        config,
        migrate: to,
        server: None,
        dir: Some(dir),
    }
}

pub fn postgres() -> Option<Backend> {
    let (server, config, to) = postgres_config()?;
    migrate(&to, MIGRATIONS, TENANTS).unwrap();
    let db = Db::open(&config).unwrap();
    Some(Backend {
        db,
        config,
        migrate: to,
        server: Some(server),
        dir: None,
    })
}

/// Runs `test` on each engine in turn.
pub fn each_backend(test: impl AsyncFn(&Backend)) {
    on(&sqlite(), &test);
    on_postgres(test);
}

pub fn on_postgres(test: impl AsyncFn(&Backend)) {
    if let Some(backend) = postgres() {
        on(&backend, test);
    }
}

pub fn on(backend: &Backend, test: impl AsyncFn(&Backend)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test(backend));
}

/// Lets a future hand its unit over without waiting for the answer.
pub fn start<T>(future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

pub fn add_audit() -> &'static Statement {
    sql!("insert into audit (id, what) values (?1, ?2)")
}

pub async fn write_audit(db: &Db, id: &str) -> Result<(), Error> {
    let id = id.to_owned();
    db.write(Lane::Foreground, None, move |tx| {
        tx.execute(
            &Rls::Shared,
            add_audit(),
            &[Value::from(&id), "written".into()],
        )?;
        Ok(())
    })
    .await
}

/// The ids of the audit rows, in order, between commas.
pub async fn audits(db: &Db) -> String {
    let rows = db
        .get(|tx| tx.query(&Rls::Shared, sql!("select id from audit order by id"), &[]))
        .await
        .unwrap();
    rows.iter()
        .map(|row| row.text("id").unwrap())
        .collect::<Vec<_>>()
        .join(",")
}

pub fn operator(id: &str) -> Rls {
    Rls::Operator(id.to_owned())
}

pub fn add_parcel() -> &'static Statement {
    sql!(
        "insert into parcel (operator_id, id, label, count, weight, fragile, seal)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
    )
}

pub fn parcel(operator: &str, id: &str) -> Vec<Value> {
    let seal: &[u8] = b"\x00\xff\\";
    vec![
        operator.into(),
        id.into(),
        "a\tb\nc\\d\re 'é'".into(),
        i64::MIN.into(),
        0.1.into(),
        true.into(),
        seal.into(),
    ]
}
