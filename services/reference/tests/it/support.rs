//! A migrated store, and short ways to import into it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::sync::Arc;

use domain::access::{self, Ctx, Duty, SystemScope};
use domain::release::store as releases;
use domain::release::{Kind, Release, Table};
use domain::{Platform, line, schema};
use jiff::civil::{Date, date};
use kernel::{FakeClock, Millis, OperatorId};
use reference::SERVICE;
use reference::report::ImportReport;
use reference::usecases::{ImportError, ImportRequest, Phase, import};
use storage::Db;
use testkit::territory::{Size, Territory};

/// The day the tests' territories are seen from.
pub const DAY: Date = date(2026, 11, 23);
/// When the tests' imports happen.
pub const NOW: Millis = Millis(1_795_424_400_000);
/// Operators of the tests' territories.
pub const OPERATORS: [&str; 3] = ["HIRO", "LINB", "AUTR"];

/// A store of its own, empty and migrated.
pub struct Store {
    pub db: Db,
    pub platform: Platform,
    pub ctx: Arc<Ctx>,
    pub scope: SystemScope,
    pub live: SystemScope,
    _store: testkit::Store,
}

impl Store {
    /// `None` when PostgreSQL is wanted and cannot be had.
    pub fn open() -> Option<Self> {
        let (own, tenants) = (SERVICE.migrations, SERVICE.tenant_tables);
        let migrations = [schema::MIGRATIONS, own].concat();
        let tenants = [schema::TENANT_TABLES, tenants].concat();
        let store = testkit::Store::open(&migrations, &tenants)?;
        let db = store.db.clone();
        let platform = Platform::new(db.clone(), Arc::new(FakeClock::at(NOW)));
        let provider = OperatorId::from_store("opr_fournisseur".to_owned());
        let ctx = Arc::new(access::system(&platform, Duty::Import, &provider).unwrap());
        let (scope, live) = (ctx.duty(Duty::Import), ctx.duty(Duty::FibreOccupancy));
        Some(Self {
            db,
            platform,
            ctx,
            scope,
            live,
            _store: store,
        })
    }

    /// Imports `text` and publishes it.
    pub async fn publish(&self, kind: Kind, text: &str) -> Result<ImportReport, ImportError> {
        self.import(request(kind, text.as_bytes()), None).await
    }

    /// Imports, stopping at the `stop`-th thing told.
    pub async fn import(
        &self,
        request: ImportRequest,
        stop: Option<usize>,
    ) -> Result<ImportReport, ImportError> {
        let mut told = 0;
        let mut progress = |_: Phase| {
            told += 1;
            if stop == Some(told) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        import(&self.platform, &self.ctx, request, &mut progress).await
    }

    /// Imports the files of `territory`.
    pub async fn publish_all(&self, territory: &Territory) {
        for kind in Territory::KINDS {
            self.publish(kind, &territory.file(kind)).await.unwrap();
        }
    }

    pub async fn current(&self) -> Release {
        self.db.get(releases::current).await.unwrap()
    }

    /// Keys and digests of all that is in force, and the live rows: two stores that answer alike
    /// hold the same.
    pub async fn contents(&self) -> BTreeMap<String, String> {
        let (scope, release) = (self.scope, self.current().await);
        self.db
            .read(move |tx| {
                let mut all = BTreeMap::new();
                for table in Table::ALL {
                    let mut next = Some(String::new());
                    while let Some(after) = next {
                        next = releases::each_in_force(tx, table, release, &after, |row| {
                            let name = format!("{} {}", table.name(), row.key);
                            all.insert(name, row.digest.to_string());
                            Ok(())
                        })?;
                    }
                }
                let mut after = String::new();
                loop {
                    let page = line::store::list_live_fibres(tx, &scope, &after)?;
                    let Some(last) = page.last() else { break };
                    after.clone_from(&last.fibre_id);
                    for live in page {
                        all.insert(format!("live {}", live.fibre_id), format!("{live:?}"));
                    }
                }
                after.clear();
                loop {
                    let page = line::store::list_live_lines(tx, &scope, &after)?;
                    let Some(last) = page.last() else { break };
                    after.clone_from(&last.pto_ref);
                    for live in page {
                        all.insert(format!("live {}", live.pto_ref), format!("{live:?}"));
                    }
                }
                Ok(all)
            })
            .await
            .unwrap()
    }
}

/// A request to publish `bytes`, extracted on [`DAY`].
pub fn request(kind: Kind, bytes: &[u8]) -> ImportRequest {
    let source = Box::new(Cursor::new(bytes.to_vec()));
    let mut request = ImportRequest::new(kind, format!("{}.csv", kind.as_str()), source);
    (request.extracted_on, request.approve) = (Some(DAY), true);
    request
}

/// A territory with every case.
pub fn small() -> Territory {
    Territory::generate(7, Size::SMALL, DAY, &OPERATORS)
}

/// The refusal an import must end with.
pub fn refusal(result: Result<ImportReport, ImportError>) -> kernel::Refusal {
    match result {
        Err(ImportError::Refused { refusal, .. }) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
