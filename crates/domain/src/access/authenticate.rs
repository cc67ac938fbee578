//! The only constructors of a scope: from a session, a client certificate, the command line, a
//! job, or a duty of the platform.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use kernel::{AccountId, CertificateId, Fault, Millis, OperatorId, SessionId, codes};
use sha2::{Digest, Sha256};

use super::store::{self, Standing};
use super::{Actor, Channel, Ctx, Duty, JobLease, OperatorScope, Scope, StaffScope, SystemScope};
use crate::Platform;
use crate::platform::hex;

/// A session is over after this long without use, in milliseconds of real time (Ann. 2 §3).
pub const SESSION_IDLE_MS: i64 = 15 * Millis::MINUTE;
/// A session is over this long after sign-in, used or not, in milliseconds of real time.
pub const SESSION_MAX_MS: i64 = 10 * Millis::HOUR;

/// What a valid session says of its holder; believed for at most a second.
#[derive(Debug)]
pub struct SessionIdentity {
    /// The session.
    pub session: SessionId,
    /// The account.
    pub account: AccountId,
    /// Its login.
    pub login: String,
    /// The person.
    pub person: String,
    /// The operator's name.
    pub operator_name: String,
    /// The operator's code.
    pub operator_code: String,
    /// Whether the account belongs to the OI.
    pub is_staff: bool,
    /// The token its forms must carry.
    pub csrf_token: String,
    operator: OperatorId,
    suspended: bool,
    permissions: Arc<BTreeSet<String>>,
    services: Arc<BTreeSet<String>>,
    expires: Millis,
    seen: Millis,
}

/// What a known certificate says of the machine that presents it.
#[derive(Debug)]
pub struct CertificateIdentity {
    id: CertificateId,
    label: String,
    responsible: String,
    state: String,
    not_after: Millis,
    operator: OperatorId,
    operator_code: String,
    suspended: bool,
    permissions: Arc<BTreeSet<String>>,
    services: Arc<BTreeSet<String>>,
}

fn duty(duty: Duty) -> SystemScope {
    SystemScope { duty }
}

/// SHA-256 of a session token, in hexadecimal: what the store keeps of it.
#[must_use]
pub fn token_hash(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

/// SHA-256 of a certificate in DER, in hexadecimal: what the store knows it by.
#[must_use]
pub fn certificate_fingerprint(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

fn operator_scope(operator: &OperatorId, code: &str) -> Scope {
    Scope::Operator(OperatorScope {
        operator: operator.clone(),
        code: code.to_owned(),
    })
}

/// Who holds the session whose token is `token`; `None` for an unknown, ended, idle or revoked one.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn authenticate_session(
    platform: &Platform,
    token: &str,
) -> Result<Option<(Ctx, Arc<SessionIdentity>)>, Fault> {
    let real_now = platform.clock.real_now();
    let hash = token_hash(token);
    let identity = match platform.sessions.get(&hash, real_now) {
        Some(identity) => identity,
        None => {
            let identity = resolve_session(platform, hash.clone()).await?;
            platform
                .sessions
                .put(hash.clone(), real_now, identity.clone());
            identity
        }
    };
    let Some(identity) = identity else {
        return Ok(None);
    };
    let mut seen = platform.seen.lock().unwrap_or_else(PoisonError::into_inner);
    let last = seen
        .get(&hash)
        .copied()
        .unwrap_or_default()
        .max(identity.seen);
    let idle = real_now.since(last) > SESSION_IDLE_MS;
    if idle || real_now > identity.expires {
        return Ok(None);
    }
    seen.insert(hash, real_now);
    drop(seen);
    Ok(Some((session_ctx(platform, &identity)?, identity)))
}

async fn resolve_session(
    platform: &Platform,
    hash: String,
) -> Result<Option<Arc<SessionIdentity>>, Fault> {
    let now = platform.clock.business_now();
    let scope = duty(Duty::SignIn);
    let found = platform
        .db
        .get(move |tx| {
            let Some(row) = store::session_by_token(tx, &scope, &hash)? else {
                return Ok(None);
            };
            let operator = row.standing.operator.clone();
            let permissions = store::permissions_of(tx, &scope, &operator, &row.account)?;
            let services = store::services_of(tx, &scope, &operator, now)?;
            Ok(Some((row, permissions, services)))
        })
        .await?;
    Ok(found
        .filter(|(row, ..)| row.active)
        .map(|(row, permissions, services)| {
            let Standing {
                operator,
                code,
                name,
                role,
                suspended,
            } = row.standing;
            Arc::new(SessionIdentity {
                session: row.id,
                account: row.account,
                login: row.login,
                person: row.person,
                operator_name: name,
                operator_code: code,
                is_staff: role == "oi",
                csrf_token: row.csrf_token,
                operator,
                suspended,
                permissions: Arc::new(permissions.into_iter().collect()),
                services: Arc::new(services.into_iter().collect()),
                expires: row.expires,
                seen: row.seen,
            })
        }))
}

fn session_ctx(platform: &Platform, identity: &SessionIdentity) -> Result<Ctx, Fault> {
    let scope = if identity.is_staff {
        Scope::Staff(StaffScope {
            staff: identity.login.clone(),
            reason: "portail".to_owned(),
            provider: identity.operator.clone(),
        })
    } else {
        operator_scope(&identity.operator, &identity.operator_code)
    };
    let kind = if identity.is_staff { "staff" } else { "person" };
    let actor = Actor {
        kind,
        id: identity.account.to_string(),
        name: identity.person.clone(),
    };
    Ok(Ctx {
        account: Some(identity.account.clone()),
        permissions: Arc::clone(&identity.permissions),
        services: Arc::clone(&identity.services),
        suspended: identity.suspended,
        ..bare(
            platform,
            Channel::Portal,
            actor,
            scope,
            identity.operator.clone(),
        )?
    })
}

/// A context with no permission, no subscription, no account.
fn bare(
    platform: &Platform,
    channel: Channel,
    actor: Actor,
    scope: Scope,
    owner: OperatorId,
) -> Result<Ctx, Fault> {
    let (request_id, seed) = platform.new_request()?;
    Ok(Ctx {
        now: platform.clock.business_now(),
        real_now: platform.clock.real_now(),
        channel,
        request_id,
        actor,
        scope,
        owner,
        account: None,
        certificate: None,
        permissions: Arc::default(),
        services: Arc::default(),
        suspended: false,
        job: None,
        seed,
        units: Arc::default(),
    })
}

/// Who presents the certificate `der`, found by its fingerprint alone, never by its name.
///
/// # Errors
/// `Ok(Err(12))` unknown or expired, `Ok(Err(16))` revoked or disabled; a fault when the store does
/// not answer.
pub async fn authenticate_certificate(
    platform: &Platform,
    der: &[u8],
) -> Result<Result<Ctx, kernel::Refusal>, Fault> {
    let real_now = platform.clock.real_now();
    let fingerprint = certificate_fingerprint(der);
    let identity = match platform.certificates.get(&fingerprint, real_now) {
        Some(identity) => identity,
        None => {
            let identity = resolve_certificate(platform, fingerprint.clone()).await?;
            platform
                .certificates
                .put(fingerprint, real_now, identity.clone());
            identity
        }
    };
    let refused = |code| Ok(Err(kernel::Refusal::new(code)));
    let Some(identity) = identity else {
        return refused(&codes::RC12);
    };
    if identity.state != "active" {
        return refused(&codes::RC16);
    }
    if real_now > identity.not_after {
        return refused(&codes::RC12);
    }
    let actor = Actor {
        kind: "machine",
        id: identity.id.to_string(),
        name: format!("{} ({})", identity.label, identity.responsible),
    };
    let scope = operator_scope(&identity.operator, &identity.operator_code);
    Ok(Ok(Ctx {
        certificate: Some(identity.id.clone()),
        permissions: Arc::clone(&identity.permissions),
        services: Arc::clone(&identity.services),
        suspended: identity.suspended,
        ..bare(
            platform,
            Channel::Xml,
            actor,
            scope,
            identity.operator.clone(),
        )?
    }))
}

async fn resolve_certificate(
    platform: &Platform,
    fingerprint: String,
) -> Result<Option<Arc<CertificateIdentity>>, Fault> {
    let now = platform.clock.business_now();
    let scope = duty(Duty::CertificateLookUp);
    let found = platform
        .db
        .get(move |tx| {
            let Some(row) = store::certificate_by_fingerprint(tx, &scope, &fingerprint)? else {
                return Ok(None);
            };
            let services = store::services_of(tx, &scope, &row.standing.operator, now)?;
            Ok(Some((row, services)))
        })
        .await?;
    Ok(found.map(|(row, services)| {
        // A machine does all that its operator is subscribed to, but administers nothing.
        let rights = super::Right::ALL.iter();
        let rights = rights.filter(|right| **right != super::Right::Administer);
        let permissions = rights.flat_map(|right| {
            let of = |service: &String| format!("{service}.{}", right.as_str());
            services.iter().map(of)
        });
        Arc::new(CertificateIdentity {
            permissions: Arc::new(permissions.collect()),
            id: row.id,
            label: row.label,
            responsible: row.responsible,
            state: row.state,
            not_after: row.not_after,
            operator: row.standing.operator,
            operator_code: row.standing.code,
            suspended: row.standing.suspended,
            services: Arc::new(services.into_iter().collect()),
        })
    }))
}

/// A member of the OI's staff at the machine itself: the OS user and a reason.
///
/// # Errors
/// A fault when the store does not answer or holds no OI (before `epissure init`).
pub async fn authenticate_local(
    platform: &Platform,
    os_user: &str,
    reason: &str,
) -> Result<Ctx, Fault> {
    let scope = duty(Duty::Upkeep);
    let provider = platform
        .db
        .get(move |tx| store::provider(tx, &scope))
        .await?;
    let provider = provider.ok_or_else(|| Fault::internal("no provider: run epissure init"))?;
    let staff = StaffScope {
        staff: os_user.to_owned(),
        reason: reason.to_owned(),
        provider: provider.clone(),
    };
    let actor = Actor {
        kind: "staff",
        id: os_user.to_owned(),
        name: os_user.to_owned(),
    };
    bare(
        platform,
        Channel::Local,
        actor,
        Scope::Staff(staff),
        provider,
    )
}

/// A duty the platform carries out by itself; the OI owns its audit rows.
///
/// # Errors
/// A fault when there is no randomness for its ids.
pub fn system(platform: &Platform, kind: Duty, provider: &OperatorId) -> Result<Ctx, Fault> {
    let name = kind.as_str();
    let actor = Actor {
        kind: "platform",
        id: name.to_owned(),
        name: "Plateforme".to_owned(),
    };
    bare(
        platform,
        Channel::System,
        actor,
        Scope::System(duty(kind)),
        provider.clone(),
    )
}

/// The context in which a leased job acts: its operator's rows, in the name of the platform. Each
/// attempt draws ids of its own; only the one that still holds the lease commits.
///
/// # Errors
/// A fault when the store does not answer, or the operator is gone.
pub async fn resume_job(platform: &Platform, lease: JobLease) -> Result<Ctx, Fault> {
    let scope = duty(Duty::Jobs);
    let operator = lease.operator.clone();
    let standing = platform
        .db
        .get(move |tx| store::standing_of(tx, &scope, &operator))
        .await?;
    let standing = standing.ok_or_else(|| Fault::internal("job of an unknown operator"))?;
    let actor = Actor {
        kind: "platform",
        id: lease.id.to_string(),
        name: "Plateforme".to_owned(),
    };
    let scope = operator_scope(&standing.operator, &standing.code);
    let ctx = bare(platform, Channel::System, actor, scope, standing.operator)?;
    Ok(Ctx {
        job: Some(lease),
        ..ctx
    })
}

impl Ctx {
    /// The same caller through another door: the demonstration's simulator.
    #[must_use]
    pub fn through(&self, channel: Channel) -> Self {
        Self {
            channel,
            ..self.clone()
        }
    }
}

/// Notes in the store which sessions were used lately; called at intervals by the server.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn flush_seen(platform: &Platform) -> Result<(), Fault> {
    let seen: Vec<_> = {
        let mut seen = platform.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.drain().collect()
    };
    if seen.is_empty() {
        return Ok(());
    }
    let scope = duty(Duty::SignIn);
    platform
        .db
        .write(storage::Lane::Background, None, move |tx| {
            for (hash, at) in &seen {
                store::touch_session(tx, &scope, hash, *at)?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}
