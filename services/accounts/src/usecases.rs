//! Signing in and out, and one's own sessions.

use std::sync::Arc;

use domain::access::store::{self as access_store, Credentials, NewSession, OwnSession, Throttle};
use domain::access::{Ctx, Duty, Permission, SESSION_MAX_MS, require, system, token_hash};
use domain::audit::{self, Record};
use domain::call::{self, CallOutcome};
use domain::freeze::{self, Freeze, Stage};
use domain::order::store::{Listing, Sort, count_by_status, list, list_waiting};
use domain::order::{Order, Status};
use domain::release::{self, ReleaseInfo, Source};
use domain::{Platform, Unit, Verdict, account, write};
use kernel::{AuditId, Fault, Millis, OperatorId, Refusal, SessionId, codes};
use service_api::Right;
use storage::{Error, Lane, Tx};

use crate::{password, rules, store};

/// Opening a session, or being refused one.
pub const SIGN_IN: &str = "comptes.sign_in";
/// Closing the session in use.
pub const SIGN_OUT: &str = "comptes.sign_out";
/// Closing another session of one's own.
pub const CLOSE_SESSION: &str = "comptes.close_session";
/// Closing all others.
pub const CLOSE_OTHERS: &str = "comptes.close_other_sessions";

/// Orders shown in each list of the first page.
const SHOWN: i64 = 8;
/// What seeing the calls of one's machines needs.
const SEE_CALLS: Permission = Permission::standing("developpeurs", Right::View);
/// What seeing orders needs.
const SEE_ORDERS: Permission = Permission::subscribed("fci", Right::View);
/// What seeing the network's data needs.
const SEE_NETWORK: Permission = Permission::staff("reseau", Right::View);

/// A session just opened.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The session.
    pub session: SessionId,
    /// The cookie's value: 256 bits, of which the store keeps the SHA-256.
    pub token: String,
    /// The token that the forms of this session carry.
    pub csrf_token: String,
}

/// Why nobody is signed in: the same for an unknown login, a wrong password, a disabled account
/// and a try that came too soon.
#[derive(Clone, Debug)]
pub struct Denied {
    /// Code 12.
    pub refusal: Refusal,
    /// Seconds before another try is looked at; it depends on the tries alone.
    pub wait_seconds: u32,
}

/// What is known before the password is looked at.
struct Found {
    credentials: Option<Credentials>,
    provider: Option<OperatorId>,
    throttle: Throttle,
}

/// Opens a session for whoever knows the password of `login`, calling from the address `remote`.
///
/// # Errors
/// `Ok(Err(_))` when nobody is signed in; a fault when the store does not answer.
pub async fn sign_in(
    platform: &Platform,
    login: &str,
    password: &str,
    remote: &str,
) -> Result<Result<SignedIn, Denied>, Fault> {
    let login = rules::login(login);
    let name = login.clone().unwrap_or_default();
    // Neither the login nor the address is kept: the key is a digest of both.
    let key = token_hash(&format!("{name}\n{}", rules::network(remote)));
    let found = look_up(platform, login, key.clone()).await?;
    let stored = found
        .credentials
        .as_ref()
        .and_then(|c| c.password_hash.as_deref());
    let proven = password::matches(password, stored).await?;
    let owner = found
        .credentials
        .as_ref()
        .map(|c| &c.operator)
        .or(found.provider.as_ref());
    let owner = owner.ok_or_else(|| Fault::internal("no provider: run epissure init"))?;
    let ctx = Arc::new(system(platform, Duty::SignIn, owner)?);
    let waits = rules::wait_seconds(found.throttle, ctx.real_now) > 0;
    match found.credentials {
        Some(account) if proven && account.active && !waits => {
            open(platform, &ctx, account, key).await
        }
        account => {
            let target = account.map(|a| a.account.to_string()).unwrap_or_default();
            Ok(Err(deny(platform, &ctx, target, key).await?))
        }
    }
}

async fn look_up(platform: &Platform, login: Option<String>, key: String) -> Result<Found, Fault> {
    // A look-up writes no audit row, so that it needs no owner.
    let nobody = OperatorId::from_store(String::new());
    let scope = system(platform, Duty::SignIn, &nobody)?.duty(Duty::SignIn);
    let run = move |tx: &mut dyn Tx| {
        let login = login.as_deref().unwrap_or("");
        Ok(Found {
            credentials: access_store::credentials_by_login(tx, &scope, login)?,
            provider: access_store::provider(tx, &scope)?,
            throttle: access_store::throttle(tx, &scope, &key)?.unwrap_or_default(),
        })
    };
    Ok(platform.db.get(run).await?)
}

/// Opens the session, unless another try under the same key has failed meanwhile.
async fn open(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    account: Credentials,
    key: String,
) -> Result<Result<SignedIn, Denied>, Fault> {
    let (token, csrf_token) = (platform.token()?, platform.token()?);
    let (hash, csrf) = (token_hash(&token), csrf_token.clone());
    let outcome = write(platform, ctx, Unit::new(SIGN_IN), move |work| {
        let (now, scope) = (work.ctx.real_now, work.ctx.duty(Duty::SignIn));
        work.about(account.account.as_str());
        let throttle = access_store::throttle(work.tx, &scope, &key)?;
        if rules::wait_seconds(throttle.unwrap_or_default(), now) > 0 {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC12)));
        }
        if throttle.is_some() {
            access_store::delete_throttle(work.tx, &scope, &key)?;
        }
        let id: SessionId = work.id();
        let new = NewSession {
            id: &id,
            account: &account.account,
            token_hash: &hash,
            csrf_token: &csrf,
            opened: now,
            expires: now.plus(SESSION_MAX_MS),
        };
        access_store::insert_session(work.tx, &scope, &account.operator, &new)?;
        Ok(Verdict::Accepted(id))
    });
    Ok(match outcome.await?.into_result() {
        Ok(session) => Ok(SignedIn {
            session,
            token,
            csrf_token,
        }),
        Err(refusal) => Err(Denied {
            refusal,
            wait_seconds: 1,
        }),
    })
}

/// Counts the failure and leaves its audit row, in one transaction that nothing undoes. A try that
/// came too soon does not lengthen the delay, so that nobody can hold it by insisting.
async fn deny(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    target: String,
    key: String,
) -> Result<Denied, Fault> {
    let refusal = Refusal::new(&codes::RC12);
    let id: AuditId = ctx.ids().next();
    let proof = audit::proof(ctx, &id);
    let (ctx, code) = (Arc::clone(ctx), refusal.code.clone());
    let run = move |tx: &mut dyn Tx| {
        let (now, scope) = (ctx.real_now, ctx.duty(Duty::SignIn));
        let mut throttle = access_store::throttle(tx, &scope, &key)?.unwrap_or_default();
        if rules::wait_seconds(throttle, now) == 0 {
            throttle = rules::after_failure(throttle, now);
            access_store::update_throttle(tx, &scope, &key, throttle)?;
        }
        let record = Record {
            id: &id,
            action: SIGN_IN,
            target: &target,
            outcome: "denied",
            code: &code,
            detail: "",
        };
        audit::store::insert(tx, &ctx, &record)?;
        Ok(rules::wait_seconds(throttle, now))
    };
    let wait_seconds = platform
        .db
        .write(Lane::Foreground, Some(proof), run)
        .await?;
    Ok(Denied {
        refusal,
        wait_seconds,
    })
}

/// Closes the session in use.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn sign_out(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    session: &SessionId,
) -> Result<(), Fault> {
    let session = session.clone();
    let closed = write(platform, ctx, Unit::new(SIGN_OUT), move |work| {
        work.about(session.as_str());
        if let Some(account) = work.ctx.account() {
            store::update_revoked(work.tx, work.ctx, account, session.as_str())?;
        }
        Ok(Verdict::Accepted(()))
    });
    closed.await?;
    platform.forget_identities();
    Ok(())
}

/// Closes another session of one's own.
///
/// # Errors
/// `Ok(Err(9))` when the caller has no such open session; a fault when the store does not answer.
pub async fn close_session(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    session: &str,
) -> Result<Result<(), Refusal>, Fault> {
    let session = session.to_owned();
    let closed = write(platform, ctx, Unit::new(CLOSE_SESSION), move |work| {
        work.about(&session);
        let closed = match work.ctx.account() {
            Some(account) => store::update_revoked(work.tx, work.ctx, account, &session)?,
            None => 0,
        };
        Ok(if closed == 1 {
            Verdict::Accepted(())
        } else {
            Verdict::Refused(Refusal::new(&codes::RC09))
        })
    });
    let outcome = closed.await?;
    platform.forget_identities();
    Ok(outcome.into_result())
}

/// Closes every session of one's own but `kept`.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn close_others(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    kept: &SessionId,
) -> Result<(), Fault> {
    let kept = kept.clone();
    let closed = write(platform, ctx, Unit::new(CLOSE_OTHERS), move |work| {
        work.about(kept.as_str());
        if let Some(account) = work.ctx.account() {
            store::update_others_revoked(work.tx, work.ctx, account, &kept)?;
        }
        Ok(Verdict::Accepted(()))
    });
    closed.await?;
    platform.forget_identities();
    Ok(())
}

/// What one's own account is made of.
#[derive(Default)]
pub struct OwnAccount {
    /// The person's address.
    pub email: String,
    /// SIREN numbers of the operator.
    pub sirens: Vec<String>,
    /// Permissions as stored, `fci.view`.
    pub permissions: Vec<String>,
    /// Open sessions, the latest first.
    pub sessions: Vec<OwnSession>,
}

/// The caller's own account.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn own_account(platform: &Platform, ctx: &Arc<Ctx>) -> Result<OwnAccount, Fault> {
    let ctx = Arc::clone(ctx);
    let run = move |tx: &mut dyn Tx| {
        let Some(id) = ctx.account() else {
            return Ok(OwnAccount::default());
        };
        let (owner, scope) = (ctx.owner(), ctx.duty(Duty::SignIn));
        let email = account::store::email_of(tx, ctx.scope(), owner, id.as_str())?;
        Ok(OwnAccount {
            email: email.unwrap_or_default(),
            sirens: store::list_sirens(tx, &ctx)?,
            permissions: access_store::permissions_of(tx, &scope, owner, id)?,
            sessions: store::list_sessions(tx, &ctx, id)?,
        })
    };
    Ok(platform.db.get(run).await?)
}

/// What the first page shows of the operator's orders.
pub struct Overview {
    /// How many stand at each status.
    pub counts: Vec<(Status, i64)>,
    /// Those that wait for the operator, the oldest first.
    pub waiting: Vec<Order>,
    /// Those last touched.
    pub recent: Vec<Order>,
    /// How the XML calls of the last 24 hours ended, in the order of [`CallOutcome::ALL`]; `None`
    /// for those who may not see them.
    pub calls: Option<[i64; CallOutcome::ALL.len()]>,
}

/// The operator's orders in short; `None` for those who may not see orders.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn overview(platform: &Platform, ctx: &Arc<Ctx>) -> Result<Option<Overview>, Fault> {
    let Ok(scope) = ctx.operator().cloned() else {
        return Ok(None);
    };
    if require(ctx, SEE_ORDERS).is_err() {
        return Ok(None);
    }
    let latest = Listing {
        to: Millis(i64::MAX),
        sort: Sort::Updated,
        descending: true,
        limit: SHOWN,
        ..Listing::default()
    };
    let sees_calls = require(ctx, SEE_CALLS).is_ok();
    let yesterday = Millis(ctx.now.0 - Millis::DAY);
    let run = move |tx: &mut dyn Tx| -> Result<Overview, Error> {
        Ok(Overview {
            calls: sees_calls
                .then(|| call::store::count_by_outcome(tx, &scope, yesterday))
                .transpose()?,
            counts: count_by_status(tx, &scope)?,
            waiting: list_waiting(tx, &scope, SHOWN)?,
            recent: list(tx, &scope, &latest)?,
        })
    };
    Ok(Some(platform.db.read(run).await?))
}

/// What the first page shows to the OI's staff.
pub struct NetworkOverview {
    /// The release in force; `None` before the first.
    pub in_force: Option<ReleaseInfo>,
    /// The one that waits for approval.
    pub waiting: Option<ReleaseInfo>,
    /// The files that what is in force comes from.
    pub sources: Vec<Source>,
    /// Freezes at each stage, in the order of `Stage::ALL`.
    pub freezes: [i64; Stage::ALL.len()],
    /// Freezes in force, the first to end first.
    pub ending: Vec<Freeze>,
}

/// The network's data in short; `None` for those who are not the OI's staff.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn network(
    platform: &Platform,
    ctx: &Arc<Ctx>,
) -> Result<Option<NetworkOverview>, Fault> {
    let Ok(scope) = ctx.staff().cloned() else {
        return Ok(None);
    };
    if require(ctx, SEE_NETWORK).is_err() {
        return Ok(None);
    }
    let now = ctx.now;
    let ending = freeze::store::Listing {
        stage: Some(Stage::InForce),
        order: freeze::store::Order::FirstEnding,
        limit: SHOWN,
        ..freeze::store::Listing::default()
    };
    let run = move |tx: &mut dyn Tx| -> Result<NetworkOverview, Error> {
        let current = release::store::current(tx)?;
        let waiting = match release::store::ready(tx)? {
            Some(number) => release::store::by_number(tx, number)?,
            None => None,
        };
        let acts = freeze::store::list(tx, &scope, &ending, now)?;
        Ok(NetworkOverview {
            in_force: release::store::by_number(tx, current)?,
            waiting,
            sources: release::store::sources(tx, current)?,
            freezes: freeze::store::count_by_stage(tx, &scope, now)?,
            ending: acts.into_iter().map(|act| act.freeze).collect(),
        })
    };
    Ok(Some(platform.db.read(run).await?))
}
