//! A store with two operators and a small territory.

use std::sync::Arc;

use domain::access::{self, Ctx, Duty, certificate_fingerprint};
use domain::certificate::Certificate;
use domain::contract::Contract;
use domain::operator::Operator;
use domain::{Platform, certificate, contract, operator as operators, schema, subscription};
use eligibility::SERVICE;
use jiff::civil::date;
use kernel::{FakeClock, IdSource, Millis, OperatorId, working_time};
use storage::{Db, Lane};
use testkit::Store;
use testkit::territory::{Size, Territory};

/// The operators.
const OPERATORS: [(&str, &str); 2] = [("HIRO", "Hirondelle"), ("LINB", "Lin Bleu")];

/// A certificate is known by the digest of its bytes; these are some.
fn certificate_of(code: &str) -> Vec<u8> {
    format!("the certificate of {code}").into_bytes()
}

/// Two operators over a small territory.
pub struct Park {
    pub territory: Arc<Territory>,
    pub clock: Arc<FakeClock>,
    platform: Arc<Platform>,
    _store: Store,
}

impl Park {
    /// `None` when the engine cannot be had.
    pub async fn open() -> Option<Self> {
        let (steps, tables) = (schema::MIGRATIONS.iter(), schema::TENANT_TABLES.iter());
        let steps: Vec<_> = steps.chain(SERVICE.migrations).copied().collect();
        let tables: Vec<_> = tables.chain(SERVICE.tenant_tables).copied().collect();
        let store = Store::open(&steps, &tables)?;
        let today = date(2026, 11, 23);
        let now = working_time::at_paris(today.at(10, 0, 0, 0));
        let clock = Arc::new(FakeClock::at(now));
        let platform = Arc::new(Platform::new(store.db.clone(), clock.clone()));
        let owner = OperatorId::from_store("opr_fournisseur".to_owned());
        let ctx = access::system(&platform, Duty::Demo, &owner).unwrap();
        for (seed, operator) in (1..).zip(OPERATORS) {
            add_operator(&platform.db, &ctx, (now, seed), operator).await;
        }
        let territory = Arc::new(Territory::generate(
            7,
            Size::SMALL,
            today,
            &["HIRO", "LINB"],
        ));
        Arc::clone(&territory)
            .load(&platform.db, ctx.duty(Duty::Import), now)
            .await
            .unwrap();
        Some(Self {
            territory,
            clock,
            platform,
            _store: store,
        })
    }

    pub fn platform(&self) -> &Arc<Platform> {
        &self.platform
    }

    pub fn db(&self) -> &Db {
        &self.platform.db
    }

    /// A call of HIRO's own machine.
    pub async fn ctx(&self) -> Ctx {
        self.ctx_of("HIRO").await
    }

    /// A call of an operator's own machine.
    pub async fn ctx_of(&self, code: &str) -> Ctx {
        access::authenticate_certificate(&self.platform, &certificate_of(code))
            .await
            .unwrap()
            .unwrap()
    }
}

async fn add_operator(db: &Db, ctx: &Ctx, (now, seed): (Millis, u64), of: (&str, &str)) {
    let (code, name) = (of.0.to_owned(), of.1.to_owned());
    let scope = ctx.duty(Duty::Demo);
    let insert = move |tx: &mut dyn storage::Tx| {
        let mut ids = IdSource::new(now, seed);
        let operator = Operator {
            id: ids.next(),
            code: code.clone(),
            name: name.clone(),
            is_provider: false,
            contact_email: format!("contact@{}.example", code.to_lowercase()),
            created: now,
        };
        operators::store::insert(tx, &scope, &operator)?;
        let held = Contract {
            id: ids.next(),
            reference: format!("C-{code}"),
            signed: Millis(0),
        };
        contract::store::insert(tx, &scope, &operator.id, &held, &["ACCES_FTTH"])?;
        for service in ["eligibilite", "fci"] {
            let id = ids.next();
            subscription::store::insert(tx, &scope, &operator.id, &id, service, Millis(0))?;
        }
        let machine = Certificate {
            id: ids.next(),
            fingerprint: certificate_fingerprint(&certificate_of(&code)),
            label: "si".to_owned(),
            responsible: "Camille Roussel".to_owned(),
            not_after: Millis(i64::MAX),
            state: "active".to_owned(),
        };
        certificate::store::insert(tx, &scope, &operator.id, &machine, now)?;
        Ok(())
    };
    db.write(Lane::Foreground, None, insert).await.unwrap();
}
