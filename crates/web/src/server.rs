//! The portal's edge: one router made of the routes that the e-services declare. It resolves the
//! session, checks where a form comes from, requires the declared permission, and maps refusals and
//! faults to pages, each once. Handlers only ever see a [`PageCall`].

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Router, middleware};
use domain::Platform;
use domain::access::entry::{Access, Pending};
use domain::access::{Ctx, SessionIdentity, authenticate_session, require};
use domain::rate::Class;
use kernel::{Fault, Refusal, codes};

use crate::entry::{MenuEntry, MenuGroup, Method, PageCall, PageError, Route};
use crate::multipart::{self, Fields, Sent, Unread};
use crate::{
    Brand, ClockBanner, Environment, Flash, Person, Shell, Theme, Tone, assets, catalogue, clock,
    errors, headers, labels,
};

/// The session's cookie: bound to this host, out of reach of scripts.
pub const SESSION_COOKIE: &str = "__Host-epissure";
/// The cookie that a form of a visitor who is not signed in must match.
pub const VISITOR_COOKIE: &str = "__Host-epissure-visite";
/// The form field of the session's token, or of the visitor's.
pub const CSRF_FIELD: &str = "csrf";
/// The form field of the key made with the page.
pub const KEY_FIELD: &str = "cle";
/// The query field by which a page is told what was just done, by name.
pub const FLASH_FIELD: &str = "fait";
/// Largest form, in bytes.
pub const FORM_MAX_BYTES: usize = 1024 * 1024;
/// Most fields of a form or a query.
pub const FIELDS_MAX: usize = 500;

/// The caller's address, put in each request by whoever accepts connections.
#[derive(Clone, Copy, Debug)]
pub struct Remote(pub SocketAddr);

/// Moves business time forward by so many milliseconds; the demonstration only.
pub type AdvanceClock = Arc<dyn Fn(i64) -> Pending<Result<(), Fault>> + Send + Sync>;

/// What every page of one portal shares.
pub struct Site {
    /// Whose portal.
    pub brand: Brand,
    /// Which installation.
    pub environment: Environment,
    /// Every entry of the menu.
    pub menu: Vec<&'static MenuEntry>,
    /// Accounts that the demonstration shows on its sign-in page: login, password, whose.
    pub demo_logins: Vec<(String, String, String)>,
    /// The demonstration's clock.
    pub advance_clock: Option<AdvanceClock>,
    /// Where XML web services answer, for the calls that pages show.
    pub xml_url: String,
    /// Contract files for download: name and content.
    pub contracts: Vec<(String, Vec<u8>)>,
}

/// A portal to serve.
pub struct Portal {
    /// The platform.
    pub platform: Arc<Platform>,
    /// What its pages share.
    pub site: Site,
    /// Every route of every e-service.
    pub routes: Vec<&'static Route>,
}

/// The router of a portal.
pub fn router(portal: Portal) -> Router {
    let clock = portal.site.advance_clock.is_some().then_some(&clock::ROUTE);
    let edge = Arc::new(Edge {
        platform: portal.platform,
        site: Arc::new(portal.site),
    });
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for route in portal.routes.into_iter().chain(clock) {
        let edge = Arc::clone(&edge);
        let answer = move |request: Request| {
            let edge = Arc::clone(&edge);
            async move { edge.answer(route, request).await }
        };
        let added = match route.method {
            Method::Get => get(answer),
            Method::Post | Method::Upload(_) => post(answer),
        };
        let known = paths.remove(route.path).unwrap_or_default();
        paths.insert(route.path, known.merge(added));
    }
    let mut router = Router::new();
    for (path, methods) in paths {
        router = router.route(path, methods);
    }
    let (codes, code) = (Arc::clone(&edge), Arc::clone(&edge));
    let (missing, wrong) = (Arc::clone(&edge), Arc::clone(&edge));
    let contracts = Arc::clone(&edge);
    router
        .route(assets::ROUTE, get(assets::handler))
        .route(
            "/erreurs",
            get(async move |request| codes.catalogue(request, None).await),
        )
        .route(
            "/erreurs/{code}",
            get(async move |params: RawPathParams, request| {
                let name = params
                    .iter()
                    .next()
                    .map(|(_, v)| v.to_owned())
                    .unwrap_or_default();
                code.catalogue(request, Some(name)).await
            }),
        )
        .route(
            "/developpeurs/contrats/{file}",
            get(async move |params: RawPathParams| contracts.contract(&params)),
        )
        .fallback(async move |request: Request| missing.nowhere(request).await)
        .method_not_allowed_fallback(async move |request: Request| wrong.nowhere(request).await)
        .layer(middleware::from_fn(headers::secure))
}

struct Edge {
    platform: Arc<Platform>,
    site: Arc<Site>,
}

/// Who calls, if a live session says so.
type Caller = Option<(Arc<Ctx>, Arc<SessionIdentity>)>;

impl Edge {
    async fn answer(&self, route: &'static Route, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let cookies = Arc::new(cookies(&parts.headers));
        let caller = match self.caller(&cookies).await {
            Ok(caller) => caller,
            Err(fault) => return self.broken(&cookies, None, parts.uri.path(), &fault),
        };
        let path = parts.uri.path().to_owned();
        let query = pairs(parts.uri.query().unwrap_or("").as_bytes());
        let remote = parts.extensions.get::<Remote>().copied();
        if let Err(seconds) = self.meter(&caller, remote) {
            let as_json = query.iter().any(|(n, v)| n == "format" && v == "json");
            return errors::too_often(self.shell(&cookies, &caller, ""), seconds, as_json);
        }
        if let Err(response) = self.admit(route, &caller, &cookies, &parts.uri).await {
            return *response;
        }
        let (form, files) = match self
            .form(route, &parts.headers, body, &caller, &cookies)
            .await
        {
            Ok(sent) => sent,
            Err(Unread::Status(status)) => {
                return errors::status(self.shell(&cookies, &caller, &path), status, "");
            }
            Err(Unread::Broken(fault)) => return self.broken(&cookies, caller, &path, &fault),
            Err(Unread::Foreign) => {
                let refusal = Refusal::new(&codes::RC11).because(labels::FORM_EXPIRED);
                return errors::refused(self.shell(&cookies, &caller, &path), &refusal, "");
            }
        };
        let bound = RawPathParams::from_request_parts(&mut parts, &()).await;
        let params = bound.map(|bound| {
            bound
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        });
        let waiting = match self.waiting(&caller, &parts.headers).await {
            Ok(waiting) => waiting,
            Err(fault) => return self.broken(&cookies, caller, &path, &fault),
        };
        let (ctx, identity) = caller.clone().unzip();
        let call = PageCall {
            platform: Arc::clone(&self.platform),
            site: Arc::clone(&self.site),
            ctx,
            identity,
            path: path.clone(),
            params: params.unwrap_or_default(),
            query,
            form,
            files,
            cookies: Arc::clone(&cookies),
            remote: remote.map(|r| r.0.ip().to_string()).unwrap_or_default(),
            waiting,
        };
        let as_json = call.asked("format") == "json";
        match (route.handler)(call).await {
            Ok(response) => response,
            Err(PageError::NotFound) => self.not_found(&cookies, &caller, &path),
            Err(PageError::Refused(refusal)) if as_json => errors::refused_as_json(&refusal),
            Err(PageError::Refused(refusal)) => {
                errors::refused(self.shell(&cookies, &caller, &path), &refusal, "")
            }
            Err(PageError::Broken(fault)) => self.broken(&cookies, caller, &path, &fault),
        }
    }

    /// What waits behind the menu of a caller who asks for a page, as browsers do.
    async fn waiting(
        &self,
        caller: &Caller,
        headers: &HeaderMap,
    ) -> Result<Vec<(&'static str, u64)>, Fault> {
        let mut waiting = Vec::new();
        let accepted = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let is_page = accepted.is_some_and(|kinds| kinds.contains("text/html"));
        if let (Some((ctx, _)), true) = (caller, is_page) {
            for entry in self.site.menu.iter().filter(|entry| leads(entry, ctx)) {
                if let Some(count) = entry.waiting {
                    let n = count(Arc::clone(&self.platform), Arc::clone(ctx)).await?;
                    waiting.push((entry.href, n));
                }
            }
        }
        Ok(waiting)
    }

    async fn caller(&self, cookies: &BTreeMap<String, String>) -> Result<Caller, Fault> {
        let Some(token) = cookies.get(SESSION_COOKIE) else {
            return Ok(None);
        };
        let found = authenticate_session(&self.platform, token).await?;
        Ok(found.map(|(ctx, identity)| (Arc::new(ctx), identity)))
    }

    /// Counts a request of an account, else of an address (trust D15).
    ///
    /// # Errors
    /// Too many: the seconds after which there is room again.
    fn meter(&self, caller: &Caller, remote: Option<Remote>) -> Result<(), i64> {
        let Platform { rates, clock, .. } = &*self.platform;
        if let Some((ctx, identity)) = caller {
            return rates.take(Class::Account, identity.account.as_str(), ctx.real_now);
        }
        let visitor = remote.map(|r| r.0.ip().to_string()).unwrap_or_default();
        rates.take(Class::Visitor, &visitor, clock.real_now())
    }

    /// The gate: sign-in, then subscription, then permission. It never looks at an object.
    async fn admit(
        &self,
        route: &Route,
        caller: &Caller,
        cookies: &BTreeMap<String, String>,
        uri: &axum::http::Uri,
    ) -> Result<(), Box<Response>> {
        let permission = match route.access {
            Access::Public(_) => return Ok(()),
            Access::SignedIn(_) => None,
            Access::Needs(permission) => Some(permission),
        };
        let Some((ctx, _)) = caller else {
            let next = if route.method == Method::Get {
                uri.path_and_query()
            } else {
                None
            };
            let next = next.map_or("/", axum::http::uri::PathAndQuery::as_str);
            let query = serde_urlencoded::to_string([("suite", next)]).unwrap_or_default();
            let to = if next == "/" {
                "/connexion".to_owned()
            } else {
                format!("/connexion?{query}")
            };
            return Err(Box::new(Redirect::to(&to).into_response()));
        };
        let Some(Err(refusal)) = permission.map(|needed| require(ctx, needed)) else {
            return Ok(());
        };
        let denied = domain::consult(
            &self.platform,
            ctx,
            "portal.denied",
            route.path,
            Some(&refusal),
        );
        let response = match denied.await {
            Ok(()) => {
                let shell = self.shell(cookies, caller, uri.path());
                errors::refused(shell, &refusal, ctx.request_id.as_str())
            }
            Err(fault) => self.broken(cookies, caller.clone(), uri.path(), &fault),
        };
        Err(Box::new(response))
    }

    async fn form(
        &self,
        route: &Route,
        headers: &HeaderMap,
        body: Body,
        caller: &Caller,
        cookies: &BTreeMap<String, String>,
    ) -> Result<Sent, Unread> {
        if route.method == Method::Get {
            return Ok((Vec::new(), Ok(Vec::new())));
        }
        let ours = |form: &Fields| is_ours(headers, cookies, caller, form);
        let kind = headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("");
        if let (Method::Upload(purpose), Ok(boundary)) =
            (route.method, multer::parse_boundary(kind))
        {
            let Some((ctx, _)) = caller else {
                return Err(Unread::Foreign);
            };
            return multipart::receive(&self.platform, ctx, purpose, body, boundary, ours).await;
        }
        if !kind.is_empty() && !kind.starts_with("application/x-www-form-urlencoded") {
            return Err(Unread::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = to_bytes(body, FORM_MAX_BYTES).await;
        let form = pairs(&bytes.map_err(|_| Unread::Status(StatusCode::PAYLOAD_TOO_LARGE))?);
        match ours(&form) {
            true => Ok((form, Ok(Vec::new()))),
            false => Err(Unread::Foreign),
        }
    }

    fn shell(&self, cookies: &BTreeMap<String, String>, caller: &Caller, path: &str) -> Shell {
        shell(&self.site, &self.platform, cookies, caller.as_ref()).page("", path)
    }

    fn not_found(
        &self,
        cookies: &BTreeMap<String, String>,
        caller: &Caller,
        path: &str,
    ) -> Response {
        let _ = path;
        errors::status(self.shell(cookies, caller, ""), StatusCode::NOT_FOUND, "")
    }

    fn broken(
        &self,
        cookies: &BTreeMap<String, String>,
        caller: Caller,
        path: &str,
        fault: &Fault,
    ) -> Response {
        let reference = caller.as_ref().map(|(ctx, _)| ctx.request_id.to_string());
        let reference = reference.unwrap_or_default();
        tracing::error!(request = reference, path, %fault, "page failed");
        errors::failed(self.shell(cookies, &caller, path), fault, &reference)
    }

    async fn nowhere(&self, request: Request) -> Response {
        let cookies = cookies(request.headers());
        let path = request.uri().path();
        let caller = match self.caller(&cookies).await {
            Ok(caller) => caller,
            Err(fault) => return self.broken(&cookies, None, path, &fault),
        };
        match self.meter(&caller, request.extensions().get().copied()) {
            Ok(()) => self.not_found(&cookies, &caller, path),
            Err(wait) => errors::too_often(self.shell(&cookies, &caller, ""), wait, false),
        }
    }

    async fn catalogue(&self, request: Request, code: Option<String>) -> Response {
        let cookies = cookies(request.headers());
        let path = request.uri().path().to_owned();
        let caller = match self.caller(&cookies).await {
            Ok(caller) => caller,
            Err(fault) => return self.broken(&cookies, None, &path, &fault),
        };
        let shell = self.shell(&cookies, &caller, &path);
        if let Err(seconds) = self.meter(&caller, request.extensions().get().copied()) {
            return errors::too_often(shell, seconds, false);
        }
        match code {
            None => catalogue::index(shell),
            Some(code) => catalogue::code(shell, &code),
        }
    }

    fn contract(&self, params: &RawPathParams) -> Response {
        let wanted = params.iter().next().map_or("", |(_, value)| value);
        let found = self.site.contracts.iter().find(|(name, _)| name == wanted);
        let Some((name, content)) = found else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let kind = match name.ends_with(".zip") {
            true => "application/zip",
            false => "text/xml; charset=utf-8",
        };
        ([(CONTENT_TYPE, kind)], content.clone()).into_response()
    }
}

/// Whether a form was sent from one of our own pages: the browser's word about its origin, then the
/// token that only our page knew (trust D18).
fn is_ours(
    headers: &HeaderMap,
    cookies: &BTreeMap<String, String>,
    caller: &Caller,
    form: &[(String, String)],
) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if header("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    if let (Some(origin), Some(host)) = (header(ORIGIN.as_str()), header(HOST.as_str()))
        && origin
            .strip_prefix("https://")
            .is_none_or(|from| from != host)
    {
        return false;
    }
    let expected = match caller {
        Some((_, identity)) => Some(identity.csrf_token.as_str()),
        None => cookies.get(VISITOR_COOKIE).map(String::as_str),
    };
    let sent = form
        .iter()
        .find(|(name, _)| name == CSRF_FIELD)
        .map(|(_, value)| value.as_str());
    expected.is_some_and(|token| !token.is_empty() && sent == Some(token))
}

fn cookies(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn pairs(bytes: &[u8]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = serde_urlencoded::from_bytes(bytes).unwrap_or_default();
    all.truncate(FIELDS_MAX);
    all
}

fn shell(
    site: &Site,
    platform: &Platform,
    cookies: &BTreeMap<String, String>,
    caller: Option<&(Arc<Ctx>, Arc<SessionIdentity>)>,
) -> Shell {
    let theme = cookies
        .get(Theme::COOKIE)
        .map_or(Theme::Auto, |text| Theme::parse(text));
    let mut shell = Shell::bare(site.brand.clone(), site.environment, theme);
    let Some((ctx, identity)) = caller else {
        shell.csrf = cookies.get(VISITOR_COOKIE).cloned().unwrap_or_default();
        return shell;
    };
    if site.advance_clock.is_some() {
        shell.clock = Some(ClockBanner {
            now: platform.clock.business_now(),
        });
    }
    let person = Person {
        name: identity.person.clone(),
        operator: format!("{} · {}", identity.operator_name, identity.operator_code),
    };
    shell.signed_in(person, menu(site, ctx), identity.csrf_token.clone())
}

/// Whether an entry of the menu leads somewhere for this caller.
fn leads(entry: &crate::entry::MenuEntry, ctx: &Ctx) -> bool {
    match entry.access {
        Access::Public(_) | Access::SignedIn(_) => true,
        // What is subscribed to is an operator's: the OI's staff has no such page.
        Access::Needs(permission) => {
            require(ctx, permission).is_ok() && (ctx.operator().is_ok() || !permission.subscribed)
        }
    }
}

/// The entries of the menu that lead somewhere for this caller.
fn menu(site: &Site, ctx: &Ctx) -> Vec<crate::MenuGroup> {
    let mut groups: BTreeMap<MenuGroup, Vec<crate::MenuEntry>> = BTreeMap::new();
    for entry in site.menu.iter().filter(|entry| leads(entry, ctx)) {
        let shown = crate::MenuEntry::new(entry.label, entry.href, entry.icon);
        groups.entry(entry.group).or_default().push(shown);
    }
    let titled = |(group, entries)| crate::MenuGroup {
        title: labels::menu_group(group).to_owned(),
        entries,
    };
    groups.into_iter().map(titled).collect()
}

impl PageCall {
    /// The shell of this call's page, titled `title`, at its own path.
    #[must_use]
    pub fn shell(&self, title: &str) -> Shell {
        let caller = self.ctx.clone().zip(self.identity.clone());
        let mut shell = shell(&self.site, &self.platform, &self.cookies, caller.as_ref())
            .page(title, self.path.clone());
        for entry in shell.menu.iter_mut().flat_map(|group| &mut group.entries) {
            let here = self.waiting.iter().find(|(href, _)| *href == entry.href);
            entry.count = here.map(|(_, n)| *n);
        }
        shell.flash = labels::done(self.asked(FLASH_FIELD)).map(|text| Flash {
            tone: Tone::Ok,
            text: text.to_owned(),
        });
        shell
    }

    /// A form of this page, with the caller's token and a key of its own.
    ///
    /// # Errors
    /// A fault when the machine gives no randomness.
    pub fn new_form(&self) -> Result<crate::Form, Fault> {
        let token = self
            .identity
            .as_ref()
            .map_or("", |identity| identity.csrf_token.as_str());
        Ok(crate::Form::new(token, self.platform.token()?))
    }
}
