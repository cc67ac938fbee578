//! A store with one operator and a small territory.

use std::sync::Arc;

use domain::access::{self, Ctx, Duty, certificate_fingerprint};
use domain::certificate::Certificate;
use domain::contract::Contract;
use domain::operator::Operator;
use domain::{Platform, certificate, contract, operator, schema, subscription};
use jiff::civil::date;
use kernel::{FakeClock, IdSource, Millis, OperatorId, working_time};
use storage::{Db, Lane};
use testkit::Store;
use testkit::territory::{Size, Territory};

/// A certificate is known by the digest of its bytes; these are some.
const CERTIFICATE: &[u8] = b"the certificate of HIRO";

/// The operator HIRO over a small territory.
pub struct Park {
    pub territory: Arc<Territory>,
    platform: Platform,
    _store: Store,
}

impl Park {
    /// `None` when the engine cannot be had.
    pub async fn open() -> Option<Self> {
        let store = Store::open(schema::MIGRATIONS, schema::TENANT_TABLES)?;
        let today = date(2026, 11, 23);
        let now = working_time::at_paris(today.at(10, 0, 0, 0));
        let platform = Platform::new(store.db.clone(), Arc::new(FakeClock::at(now)));
        let owner = OperatorId::from_store("opr_fournisseur".to_owned());
        let ctx = access::system(&platform, Duty::Demo, &owner).unwrap();
        add_operator(&platform.db, &ctx, now).await;
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
            platform,
            _store: store,
        })
    }

    pub fn platform(&self) -> &Platform {
        &self.platform
    }

    pub fn db(&self) -> &Db {
        &self.platform.db
    }

    /// A call of HIRO's own machine.
    pub async fn ctx(&self) -> Ctx {
        access::authenticate_certificate(&self.platform, CERTIFICATE)
            .await
            .unwrap()
            .unwrap()
    }
}

async fn add_operator(db: &Db, ctx: &Ctx, now: Millis) {
    let scope = ctx.duty(Duty::Demo);
    let insert = move |tx: &mut dyn storage::Tx| {
        let mut ids = IdSource::new(now, 1);
        let hiro = Operator {
            id: ids.next(),
            code: "HIRO".to_owned(),
            name: "Hirondelle".to_owned(),
            is_provider: false,
            contact_email: "contact@hirondelle.example".to_owned(),
            created: now,
        };
        operator::store::insert(tx, &scope, &hiro)?;
        let held = Contract {
            id: ids.next(),
            reference: "C1".to_owned(),
            signed: Millis(0),
        };
        contract::store::insert(tx, &scope, &hiro.id, &held, &["ACCES_FTTH"])?;
        for service in ["eligibilite", "fci"] {
            let id = ids.next();
            subscription::store::insert(tx, &scope, &hiro.id, &id, service, Millis(0))?;
        }
        let machine = Certificate {
            id: ids.next(),
            fingerprint: certificate_fingerprint(CERTIFICATE),
            label: "si".to_owned(),
            responsible: "Camille Roussel".to_owned(),
            not_after: Millis(i64::MAX),
            state: "active".to_owned(),
        };
        certificate::store::insert(tx, &scope, &hiro.id, &machine, now)?;
        Ok(())
    };
    db.write(Lane::Foreground, None, insert).await.unwrap();
}
