//! What a page or form of the portal declares, and what its handler receives: a call already
//! authenticated, authorised, bounded and read.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::response::Response;
use domain::access::entry::{Access, Audited, Pending, Repeat};
use domain::access::{Ctx, SessionIdentity};
use domain::upload::{Purpose, Upload};
use domain::{Idempotency, Platform};
use kernel::{Fault, Refusal, RefusalKind, codes};

use crate::server::Site;

/// GET or POST; the portal needs no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes.
    Post,
    /// Changes, and carries files for this purpose, which pass the quarantine on their way in.
    Upload(Purpose),
}

impl Method {
    /// Whether it changes something.
    #[must_use]
    pub fn changes(self) -> bool {
        self != Self::Get
    }
}

/// One page or form of the portal.
pub struct Route {
    /// GET or POST.
    pub method: Method,
    /// Its path, `/commandes/{id}`.
    pub path: &'static str,
    /// Who may enter.
    pub access: Access,
    /// What it leaves in the audit.
    pub audit: Audited,
    /// Why a repeat has one effect.
    pub repeat: Repeat,
    /// What answers.
    pub handler: fn(PageCall) -> Pending<PageResult>,
}

/// Which part of the menu an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MenuGroup {
    /// At the top, without a heading.
    Home,
    /// « Parcours client ».
    Journey,
    /// « Échanges ».
    Exchange,
    /// « Relation ».
    Relation,
    /// « Réseau »: the OI's own work.
    Network,
}

/// One entry of the menu, shown to those who may enter.
#[derive(Clone, Copy, Debug)]
pub struct MenuEntry {
    /// Where it stands.
    pub group: MenuGroup,
    /// On screen, in French.
    pub label: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// Its icon in the sprite.
    pub icon: &'static str,
    /// Whom it is shown to.
    pub access: Access,
    /// How much waits there for whoever opens a page; `None` for an entry without a figure.
    pub waiting: Option<Waiting>,
}

/// Counts what waits behind an entry of the menu: it runs at every page, and so reads little.
pub type Waiting = fn(Arc<Platform>, Arc<Ctx>) -> Pending<Result<u64, Fault>>;

/// A call of a portal page or form.
pub struct PageCall {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The portal the call came to.
    pub site: Arc<Site>,
    /// The request's context; `None` for a visitor who is not signed in.
    pub ctx: Option<Arc<Ctx>>,
    /// The signed-in person.
    pub identity: Option<Arc<SessionIdentity>>,
    /// The path as requested.
    pub path: String,
    /// Segments bound in the route's path, by name.
    pub params: BTreeMap<String, String>,
    /// The query, in order.
    pub query: Vec<(String, String)>,
    /// The form, in order; empty on GET.
    pub form: Vec<(String, String)>,
    /// The files that came with the form, clean, and the refusal of the first that was not.
    pub files: Result<Vec<Upload>, Refusal>,
    /// Every cookie.
    pub cookies: Arc<BTreeMap<String, String>>,
    /// The caller's network address.
    pub remote: String,
    /// What waits behind entries of the menu, by where they lead.
    pub waiting: Vec<(&'static str, u64)>,
}

/// What a page handler ends with.
pub type PageResult = Result<Response, PageError>;

/// How a page does not answer; the portal's edge maps each once.
#[derive(Debug)]
pub enum PageError {
    /// The business said no, and the page has no better place to show it.
    Refused(Refusal),
    /// No such page or object, or somebody else's: the same bytes.
    NotFound,
    /// The platform is broken.
    Broken(Fault),
}

impl From<Refusal> for PageError {
    fn from(refusal: Refusal) -> Self {
        match refusal.kind() {
            RefusalKind::NotFound => Self::NotFound,
            _ => Self::Refused(refusal),
        }
    }
}

impl From<Fault> for PageError {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

impl PageCall {
    /// The context of a signed-in caller.
    ///
    /// # Errors
    /// Refused `12` on a page that forgot to ask for a signed-in caller.
    pub fn ctx(&self) -> Result<&Arc<Ctx>, PageError> {
        self.ctx
            .as_ref()
            .ok_or_else(|| PageError::Refused(Refusal::new(&codes::RC12)))
    }

    /// A segment of the path.
    #[must_use]
    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    /// The first value of a query field, trimmed.
    #[must_use]
    pub fn asked(&self, name: &str) -> &str {
        first_of(&self.query, name)
    }

    /// The first value of a form field, trimmed.
    #[must_use]
    pub fn field(&self, name: &str) -> &str {
        first_of(&self.form, name)
    }

    /// The command that sends the message of a page to the same operator's XML web service.
    #[must_use]
    pub fn curl(&self, service: &str) -> String {
        let url = &self.site.xml_url;
        format!(
            "curl --cert client.pem --key client.key --cacert ca.pem \\\n  \
             --header 'Content-Type: text/xml; charset=utf-8' \\\n  \
             --data @demande.xml {url}/ws/{service}"
        )
    }

    /// The key of a form that has one, and the digest of its other fields.
    #[must_use]
    pub fn form_key(&self) -> Option<Idempotency> {
        let key = self.field(crate::server::KEY_FIELD);
        let ours = [crate::server::KEY_FIELD, crate::server::CSRF_FIELD];
        let rest: Vec<_> = self
            .form
            .iter()
            .filter(|(name, _)| !ours.contains(&name.as_str()))
            .collect();
        let body = serde_urlencoded::to_string(rest).unwrap_or_default();
        let body = format!("{} {body}", self.path);
        (!key.is_empty() && key.len() <= Idempotency::KEY_MAX)
            .then(|| Idempotency::new(key, body.as_bytes()))
    }
}

fn first_of<'a>(pairs: &'a [(String, String)], name: &str) -> &'a str {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map_or("", |(_, v)| v.trim())
}
