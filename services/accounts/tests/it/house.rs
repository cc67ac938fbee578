//! A platform with the OI and two operators, whose accounts share one password.

use std::sync::Arc;

use accounts::usecases::{self, Denied, SignedIn};
use domain::access::{Ctx, Duty, Profile, SessionIdentity, authenticate_session, system};
use domain::account::Account;
use domain::operator::Operator;
use domain::{Platform, account, audit, operator, subscription};
use kernel::{AccountId, Clock, FakeClock, Millis, OperatorId};
use storage::{Lane, Tx};

use crate::store::{Store, store};

pub const PASSWORD: &str = "un renard traverse la cour";
pub const HERE: &str = "192.0.2.17";
pub const ELSEWHERE: &str = "198.51.100.4";
const NOON: Millis = Millis(1_795_435_200_000);

pub struct House {
    pub platform: Arc<Platform>,
    pub clock: Arc<FakeClock>,
    pub provider: OperatorId,
    pub hirondelle: OperatorId,
    store: Store,
}

/// An audit row, in short.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    pub owner: String,
    pub action: String,
    pub outcome: String,
    pub code: String,
    pub has_target: bool,
}

pub async fn house() -> House {
    let store = store();
    let clock = Arc::new(FakeClock::at(NOON));
    let shared: Arc<dyn Clock> = clock.clone();
    let platform = Arc::new(Platform::new(store.db.clone(), shared));
    let nobody = OperatorId::from_store(String::new());
    let ctx = system(&platform, Duty::Demo, &nobody).unwrap();
    let hash = accounts::password::hash(PASSWORD).await.unwrap();
    let fill = move |tx: &mut dyn Tx| {
        let mut ids = ctx.ids();
        let mut made = Vec::new();
        for (code, name) in [("F2V", "agent f2v"), ("HIRO", "camille"), ("LINB", "lin")] {
            let scope = ctx.duty(Duty::Demo);
            let id: OperatorId = ids.next();
            let new = Operator {
                id: id.clone(),
                code: code.to_owned(),
                name: format!("{code} Télécom"),
                is_provider: code == "F2V",
                contact_email: "contact@f2v.example".to_owned(),
                created: ctx.now,
            };
            operator::store::insert(tx, &scope, &new)?;
            let services = ["fci", "eligibilite"];
            for service in services {
                let sub = ids.next();
                subscription::store::insert(tx, &scope, &id, &sub, service, ctx.now)?;
            }
            let accounts = [
                ("active", "active"),
                ("disabled", "disabled"),
                ("created", "created"),
                ("colleague", "active"),
            ];
            for (seat, (who, state)) in (1..).zip(accounts) {
                let new = Account {
                    id: ids.next::<AccountId>(),
                    login: format!("{who}@{}.example", code.to_lowercase()),
                    name: name.to_owned(),
                    email: format!("{who}@{}.example", code.to_lowercase()),
                    seat,
                    state: state.to_owned(),
                    password_hash: (state != "created").then(|| hash.clone()),
                    created: ctx.now,
                };
                let rights = Profile::Agent.permissions(&services);
                account::store::insert(tx, &scope, &id, &new, &rights)?;
            }
            made.push(id);
        }
        Ok(made)
    };
    let made = platform
        .db
        .write(Lane::Foreground, None, fill)
        .await
        .unwrap();
    House {
        platform,
        clock,
        provider: made[0].clone(),
        hirondelle: made[1].clone(),
        store,
    }
}

impl House {
    pub async fn sign_in(
        &self,
        login: &str,
        password: &str,
        from: &str,
    ) -> Result<SignedIn, Denied> {
        usecases::sign_in(&self.platform, login, password, from)
            .await
            .unwrap()
    }

    pub async fn enter(&self, login: &str) -> SignedIn {
        self.sign_in(login, PASSWORD, HERE).await.unwrap()
    }

    pub async fn caller(&self, token: &str) -> Option<(Arc<Ctx>, Arc<SessionIdentity>)> {
        let found = authenticate_session(&self.platform, token).await.unwrap();
        found.map(|(ctx, identity)| (Arc::new(ctx), identity))
    }

    /// Every audit row so far, oldest first.
    pub async fn traces(&self) -> Vec<Trace> {
        let scope = system(&self.platform, Duty::Sealer, &self.provider).unwrap();
        let scope = scope.duty(Duty::Sealer);
        let read = move |tx: &mut dyn Tx| audit::store::list_unsealed(tx, &scope, 1_000);
        let rows = self.platform.db.read(read).await.unwrap();
        rows.into_iter()
            .map(|row| {
                let from_end = |n: usize| row.columns[row.columns.len() - n].clone();
                Trace {
                    owner: row.operator.to_string(),
                    action: from_end(5),
                    outcome: from_end(3),
                    code: from_end(2),
                    has_target: !from_end(4).is_empty(),
                }
            })
            .collect()
    }

    /// The bytes of every file of the store; none on PostgreSQL, whose files are not ours.
    pub fn everything_stored(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.store.dir.path()).unwrap();
        files
            .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
            .collect()
    }
}
