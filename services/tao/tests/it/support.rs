//! A store with the OI, two operators and a small territory.

use std::sync::Arc;

use domain::access::{self, Ctx, Duty, certificate_fingerprint};
use domain::building::Building;
use domain::certificate::Certificate;
use domain::operator::Operator;
use domain::{Idempotency, Platform, certificate, operator, schema, subscription};
use jiff::civil::{Date, date};
use kernel::{Clock, FakeClock, IdSource, Millis, Refusal, working_time};
use storage::{Lane, Tx};
use tao::SERVICE;
use tao::anomaly::Anomaly;
use tao::anomaly::rules::{Act, Sent};
use tao::anomaly::states::Event;
use tao::anomaly::store::{Listing, Reader};
use tao::anomaly::usecases::{self, Reported, Seen};
use testkit::Store;
use testkit::territory::{Size, Territory};

/// The day of the tests: a Monday.
pub const TODAY: Date = date(2026, 11, 23);
/// Whose certificates are these bytes.
pub const CODES: [&str; 3] = ["F2V", "HIRO", "LINB"];

/// The platform over a small territory.
pub struct Park {
    pub territory: Arc<Territory>,
    pub platform: Arc<Platform>,
    clock: Arc<FakeClock>,
    _store: Store,
}

/// The pairs of a report.
pub type Pairs<'a> = Vec<(&'a str, &'a str)>;

impl Park {
    /// `None` when the engine cannot be had.
    pub async fn open() -> Option<Self> {
        let migrations = [schema::MIGRATIONS, SERVICE.migrations].concat();
        let tenants = [schema::TENANT_TABLES, SERVICE.tenant_tables].concat();
        let store = Store::open(&migrations, &tenants)?;
        let now = working_time::at_paris(TODAY.at(10, 0, 0, 0));
        let clock = Arc::new(FakeClock::at(now));
        let shared: Arc<dyn Clock> = clock.clone();
        let platform = Arc::new(Platform::new(store.db.clone(), shared));
        let nobody = kernel::OperatorId::from_store(String::new());
        let ctx = access::system(&platform, Duty::Demo, &nobody).unwrap();
        let scope = ctx.duty(Duty::Demo);
        let fill = move |tx: &mut dyn Tx| {
            let mut ids = IdSource::new(now, 1);
            for code in CODES {
                let one = Operator {
                    id: ids.next(),
                    code: code.to_owned(),
                    name: format!("Société {code}"),
                    is_provider: code == "F2V",
                    contact_email: format!("contact@{code}.example"),
                    created: now,
                };
                operator::store::insert(tx, &scope, &one)?;
                let id = ids.next();
                subscription::store::insert(tx, &scope, &one.id, &id, "tao", Millis(0))?;
                let machine = Certificate {
                    id: ids.next(),
                    fingerprint: certificate_fingerprint(code.as_bytes()),
                    label: format!("SI {code}"),
                    responsible: "Camille Roussel".to_owned(),
                    not_after: Millis(i64::MAX),
                    state: "active".to_owned(),
                };
                certificate::store::insert(tx, &scope, &one.id, &machine, now)?;
            }
            Ok(())
        };
        let filled = platform.db.write(Lane::Foreground, None, fill);
        filled.await.unwrap();
        let territory = Territory::generate(7, Size::SMALL, TODAY, &["HIRO", "LINB"]);
        let territory = Arc::new(territory);
        let load = Arc::clone(&territory).load(&platform.db, ctx.duty(Duty::Import), now);
        load.await.unwrap();
        Some(Self {
            territory,
            platform,
            clock,
            _store: store,
        })
    }

    /// A building that has its address for itself.
    pub fn building(&self, n: usize) -> &Building {
        &self.territory.buildings[n]
    }

    /// Moves business time on by `ms`.
    pub fn wait(&self, ms: i64) {
        self.clock.set_offset_ms(self.clock.offset_ms() + ms);
    }

    pub fn now(&self) -> Millis {
        self.clock.business_now()
    }

    /// A call of an operator's machine.
    pub async fn machine(&self, code: &str) -> Arc<Ctx> {
        let known = access::authenticate_certificate(&self.platform, code.as_bytes()).await;
        Arc::new(known.unwrap().unwrap())
    }

    /// A member of the OI's staff.
    pub async fn staff(&self) -> Arc<Ctx> {
        let known = access::authenticate_local(&self.platform, "zoe", "test").await;
        Arc::new(known.unwrap())
    }

    /// The duty that closes what lapsed.
    pub async fn duty(&self) -> Arc<Ctx> {
        let owner = self.staff().await.owner().clone();
        let duty = Duty::AddressAnomalies;
        Arc::new(access::system(&self.platform, duty, &owner).unwrap())
    }

    pub async fn try_report(
        &self,
        code: &str,
        pairs: &[(&str, &str)],
        once: Option<Idempotency>,
    ) -> Result<Reported, Refusal> {
        let sent = Sent::from_pairs(pairs.iter().copied());
        let ctx = self.machine(code).await;
        let outcome = usecases::report(&self.platform, &ctx, sent, once).await;
        outcome.unwrap().into_result()
    }

    /// The reference of a new anomaly.
    pub async fn report(&self, code: &str, pairs: &[(&str, &str)]) -> String {
        let reported = self.try_report(code, pairs, None).await.unwrap();
        assert_eq!(reported.refusal, None);
        reported.reference
    }

    pub async fn act(
        &self,
        ctx: &Arc<Ctx>,
        reference: &str,
        event: Event,
        act: Act,
    ) -> Result<(), Refusal> {
        let act = (event, act);
        let done = usecases::act(&self.platform, ctx, reference.to_owned(), act, None).await;
        done.unwrap().into_result()
    }

    /// What the OI does, with everything that any of its acts needs.
    pub async fn handle(&self, reference: &str, event: Event) -> Result<(), Refusal> {
        let ctx = self.staff().await;
        self.act(&ctx, reference, event, whole()).await
    }

    /// What an operator does.
    pub async fn follow(&self, code: &str, reference: &str, event: Event) -> Result<(), Refusal> {
        let ctx = self.machine(code).await;
        self.act(&ctx, reference, event, whole()).await
    }

    pub async fn see(&self, ctx: &Ctx, reference: &str) -> Result<Seen, Refusal> {
        let seen = usecases::see(&self.platform, ctx, reference).await;
        seen.unwrap()
    }

    /// All that a caller may see, as `wanted`.
    pub async fn list(&self, ctx: &Ctx, wanted: Listing) -> Vec<Anomaly> {
        let reader = Reader::of(ctx).unwrap();
        let listed = usecases::list(&self.platform, &reader, wanted).await;
        listed.unwrap()
    }
}

/// An act with everything that any act needs.
pub fn whole() -> Act {
    Act {
        complexity: "SIMPLE".to_owned(),
        reason: "INVALID".to_owned(),
        text: "vu sur place".to_owned(),
        release: "7".to_owned(),
    }
}

/// A report that something of a building is wrong.
pub fn wrong(building: &str) -> Pairs<'_> {
    vec![
        ("TypeAnomalie", "modification"),
        ("IdentifiantImmeuble", building),
        ("ValeurAttendue", "12 bis"),
    ]
}
