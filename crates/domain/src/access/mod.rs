//! Who is asking, and whose rows that lets them reach. The scopes are the only way to a tenant
//! row, and the `authenticate_*` functions and [`resume_job`] the only way to a scope: no function
//! takes a bare operator id from input (trust D1).

mod authenticate;
pub mod entry;
pub mod permission;
pub mod store;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{
    AccountId, CertificateId, IdSource, JobId, Millis, OperatorId, Refusal, RequestId, codes,
};
use storage::Rls;

pub use authenticate::{
    CertificateIdentity, SESSION_IDLE_MS, SESSION_MAX_MS, SessionIdentity,
    authenticate_certificate, authenticate_local, authenticate_session, certificate_fingerprint,
    flush_seen, resume_job, system, token_hash,
};
pub use permission::{Permission, Profile, Right};

/// Through which door a request came (Préambule, I-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The web portal.
    Portal,
    /// XML web services.
    Xml,
    /// The command line.
    Local,
    /// The platform itself.
    System,
    /// The demonstration's simulator.
    Simulator,
}

impl Channel {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Xml => "xml",
            Self::Local => "local",
            Self::System => "system",
            Self::Simulator => "simulator",
        }
    }
}

/// Who acts: a natural person, or a machine with a named responsible person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// `person`, `machine`, `staff` or `platform`.
    pub kind: &'static str,
    /// The account, certificate, OS user or duty.
    pub id: String,
    /// Whom a reader of the timeline sees.
    pub name: String,
}

/// A duty the platform itself carries out across operators: a closed list, each admitted by name in
/// the policies of the tables it needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Finding the account that signs in, its throttle and its session.
    SignIn,
    /// Finding the operator of a client certificate.
    CertificateLookUp,
    /// Leasing jobs.
    Jobs,
    /// Sending what waits in the outbox.
    Outbox,
    /// Sealing the audit and numbering events.
    Sealer,
    /// Who holds which fibre and line.
    FibreOccupancy,
    /// Telling the previous holder of a line that it lost it.
    Overwriting,
    /// Seeding live rows from an import.
    Import,
    /// Closing what was resolved of addresses and left unanswered.
    AddressAnomalies,
    /// Checking the platform's own state: migrations, verification, start.
    Upkeep,
    /// Filling the demonstration with its invented operators.
    Demo,
    /// Finding the operators whose watched places are to be tested again.
    Watch,
}

impl Duty {
    /// As named in policies and audit rows.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::CertificateLookUp => "certificate_look_up",
            Self::Jobs => "jobs",
            Self::Outbox => "outbox",
            Self::Sealer => "sealer",
            Self::FibreOccupancy => "fibre_occupancy",
            Self::Overwriting => "overwriting",
            Self::Import => "import",
            Self::AddressAnomalies => "address_anomalies",
            Self::Upkeep => "upkeep",
            Self::Demo => "demo",
            Self::Watch => "watch",
        }
    }
}

/// The rows of one operator.
#[derive(Clone, Debug)]
pub struct OperatorScope {
    operator: OperatorId,
    code: String,
}

impl OperatorScope {
    /// Whose rows.
    #[must_use]
    pub fn operator(&self) -> &OperatorId {
        &self.operator
    }

    /// The operator's code in the referential (`FREE`, `HIRO`...).
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What row-level security admits.
    #[must_use]
    pub fn rls(&self) -> Rls {
        Rls::Operator(self.operator.as_str().to_owned())
    }
}

/// The rows of every operator, for a member of the OI's staff who gives a reason.
#[derive(Clone, Debug)]
pub struct StaffScope {
    staff: String,
    reason: String,
    provider: OperatorId,
}

impl StaffScope {
    /// Who.
    #[must_use]
    pub fn staff(&self) -> &str {
        &self.staff
    }

    /// Why, as given.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The OI's own operator row, which owns rows that concern no operator.
    #[must_use]
    pub fn provider(&self) -> &OperatorId {
        &self.provider
    }

    /// What row-level security admits.
    #[must_use]
    pub fn rls(&self) -> Rls {
        Rls::Staff
    }
}

/// What one named duty of the platform needs, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct SystemScope {
    duty: Duty,
}

impl SystemScope {
    /// Which duty.
    #[must_use]
    pub fn duty(&self) -> Duty {
        self.duty
    }

    /// What row-level security admits.
    #[must_use]
    pub fn rls(&self) -> Rls {
        Rls::Duty(self.duty.as_str())
    }
}

/// Released reference data belongs to no operator: the same for all, at the same instant.
#[must_use]
pub fn shared() -> Rls {
    Rls::Shared
}

/// Whose rows a request reaches.
#[derive(Clone, Debug)]
pub enum Scope {
    /// One operator's.
    Operator(OperatorScope),
    /// All, for the OI's staff.
    Staff(StaffScope),
    /// A duty's.
    System(SystemScope),
}

/// Any scope that can own a row it writes (an audit row, an outbox row).
pub trait Reach {
    /// What row-level security admits.
    fn rls(&self) -> Rls;
}

impl Reach for OperatorScope {
    fn rls(&self) -> Rls {
        OperatorScope::rls(self)
    }
}
impl Reach for StaffScope {
    fn rls(&self) -> Rls {
        StaffScope::rls(self)
    }
}
impl Reach for SystemScope {
    fn rls(&self) -> Rls {
        SystemScope::rls(self)
    }
}
impl Reach for Scope {
    fn rls(&self) -> Rls {
        match self {
            Self::Operator(scope) => scope.rls(),
            Self::Staff(scope) => scope.rls(),
            Self::System(scope) => scope.rls(),
        }
    }
}

/// A job's lease, which its unit of work must still hold when it commits.
#[derive(Clone, Debug)]
pub struct JobLease {
    /// The job.
    pub id: JobId,
    /// Its operator.
    pub operator: OperatorId,
    /// The fencing token.
    pub token: String,
}

/// Everything a use case may know of its request: who, through which door, when, and where its ids
/// come from. Cheap to clone; immutable.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// Business time of the request.
    pub now: Millis,
    /// Real time of the request.
    pub real_now: Millis,
    /// The door.
    pub channel: Channel,
    /// The request's reference, shown to the caller when something breaks.
    pub request_id: RequestId,
    /// Who acts.
    pub actor: Actor,
    scope: Scope,
    owner: OperatorId,
    account: Option<AccountId>,
    certificate: Option<CertificateId>,
    permissions: Arc<BTreeSet<String>>,
    services: Arc<BTreeSet<String>>,
    suspended: bool,
    job: Option<JobLease>,
    seed: u64,
    units: Arc<AtomicU64>,
}

impl Ctx {
    /// Ids for one unit of work of this request: a source of its own at each call, to be cloned for
    /// each run of the unit, so that a unit run again makes the same ids.
    #[must_use]
    pub fn ids(&self) -> IdSource {
        let unit = self.units.fetch_add(1, Ordering::Relaxed);
        let mut seeds = IdSource::new(self.real_now, self.seed ^ unit.rotate_left(40));
        IdSource::new(self.real_now, seeds.next_bits())
    }

    /// The operator whose rows this request reaches.
    ///
    /// # Errors
    /// Refused `11` for the OI's staff and the platform, who have no park of their own.
    pub fn operator(&self) -> Result<&OperatorScope, Refusal> {
        match &self.scope {
            Scope::Operator(scope) => Ok(scope),
            Scope::Staff(_) | Scope::System(_) => Err(Refusal::new(&codes::RC11)),
        }
    }

    /// The staff scope.
    ///
    /// # Errors
    /// Refused `11` for anyone else.
    pub fn staff(&self) -> Result<&StaffScope, Refusal> {
        match &self.scope {
            Scope::Staff(scope) => Ok(scope),
            Scope::Operator(_) | Scope::System(_) => Err(Refusal::new(&codes::RC11)),
        }
    }

    /// The scope, whichever it is.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Who owns the audit row of this request: the operator, or the OI for staff and platform.
    #[must_use]
    pub fn owner(&self) -> &OperatorId {
        &self.owner
    }

    /// The account that acts, when it is a person's.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        self.account.as_ref()
    }

    /// The certificate that was presented, when a machine calls.
    #[must_use]
    pub fn certificate(&self) -> Option<&CertificateId> {
        self.certificate.as_ref()
    }

    /// The job this unit of work carries out.
    #[must_use]
    pub fn job(&self) -> Option<&JobLease> {
        self.job.as_ref()
    }

    /// Whether the operator may use `service` now: an active subscription, and no suspension.
    #[must_use]
    pub fn subscribes(&self, service: &str) -> bool {
        self.services.contains(service)
    }

    /// Whether the caller holds `permission`, whatever the subscriptions.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission.to_string())
    }

    /// The same request with the scope of a named duty, for the rows its rules need beyond the
    /// caller's own: fibre occupancy, overwriting.
    #[must_use]
    pub fn duty(&self, duty: Duty) -> SystemScope {
        SystemScope { duty }
    }
}

/// The gate every entry passes before its use case runs: subscription first (C-6), then the
/// permission. It depends on the caller alone, never on an object.
///
/// # Errors
/// `15` suspended, `19` not subscribed or not activated, `11` permission missing.
pub fn require(ctx: &Ctx, permission: Permission) -> Result<(), Refusal> {
    if ctx.suspended {
        return Err(Refusal::new(&codes::RC15));
    }
    let staff = matches!(ctx.scope, Scope::Staff(_));
    if !staff && permission.subscribed && !ctx.subscribes(permission.service) {
        return Err(Refusal::new(&codes::RC19));
    }
    if staff || !permission.staff_only && ctx.holds(permission) {
        return Ok(());
    }
    Err(Refusal::new(&codes::RC11))
}
