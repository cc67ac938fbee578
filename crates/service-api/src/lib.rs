//! What an e-service is made of. Each e-service declares itself in one `pub static SERVICE`, and
//! from these declarations come the routers, the menu, the WSDL's authorisation, the permission
//! matrix, the documentation and the tests that walk every entry. Nothing has a default: each entry
//! says its permission, what it leaves in the audit and how a repeat of it has one effect.
#![warn(missing_docs)]

pub mod place;

use std::sync::Arc;

use domain::Platform;
use domain::access::Ctx;
pub use domain::access::Duty;
pub use domain::access::entry::{Access, Audited, Pending, Repeat};
pub use domain::access::{Permission, Right};
use kernel::Fault;
pub use soap::server::{XmlCall, XmlOperation, XmlService};
use storage::{Migration, TenantTable};
pub use web::entry::{MenuEntry, MenuGroup, Method, PageCall, PageError, PageResult, Route};

/// The commercial thing an operator subscribes to, or one of the platform's own areas.
pub struct EService {
    /// Its code, in permissions, subscriptions and addresses: `fci`.
    pub code: &'static str,
    /// Its name on screen, in French.
    pub title: &'static str,
    /// The clause it carries out.
    pub clause: &'static str,
    /// Whether an operator must have subscribed and activated it (C-6).
    pub subscribed: bool,
    /// Portal pages and forms.
    pub routes: &'static [Route],
    /// Its XML web service.
    pub xml: Option<&'static XmlService>,
    /// Jobs it runs.
    pub jobs: &'static [JobKind],
    /// What it sees to at intervals.
    pub reconcilers: &'static [Reconciler],
    /// Tables of its own.
    pub migrations: &'static [Migration],
    /// Which of them hold operators' rows.
    pub tenant_tables: &'static [TenantTable],
    /// Its entries in the menu.
    pub menu: &'static [MenuEntry],
    /// Mails it sends.
    pub mails: &'static [MailTemplate],
}

/// One kind of job.
pub struct JobKind {
    /// As enqueued: `fci.compte_rendu`.
    pub kind: &'static str,
    /// Runs it; its unit of work marks the job done.
    pub run: RunJob,
}

/// Runs a job: the platform, the context its lease resumes, and its payload.
pub type RunJob = fn(Arc<Platform>, Arc<Ctx>, String) -> Pending<Result<JobEnd, Fault>>;

/// A duty without input that is looked at every second, on every node: it looks at the whole state,
/// does what is due in bounded steps, and changes nothing when nothing is.
pub struct Reconciler {
    /// As the log names it.
    pub name: &'static str,
    /// For what it may reach rows of any operator.
    pub duty: Duty,
    /// Runs it.
    pub run: RunReconciler,
}

/// Runs a reconciler: how much it did, 0 when nothing was due.
pub type RunReconciler = fn(Arc<Platform>, Arc<Ctx>) -> Pending<Result<usize, Fault>>;

/// How a run of a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobEnd {
    /// Its unit of work committed, and marked it done.
    Done,
    /// To be tried again later.
    Retry(String),
    /// No use trying again: left failed, in sight.
    GiveUp(String),
}

/// One mail: a subject and a body with `{{placeholders}}`, in French, kept in `mails/`.
#[derive(Clone, Copy, Debug)]
pub struct MailTemplate {
    /// Its name in outbox messages.
    pub name: &'static str,
    /// The subject: never personal data (trust P1).
    pub subject: &'static str,
    /// The text.
    pub text: &'static str,
}
