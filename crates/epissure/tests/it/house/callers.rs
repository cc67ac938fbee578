//! Callers of the house: a browser and its pages, the answers of web services.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode, request};
use axum::response::Response;
use tower::ServiceExt;
use web::server::SESSION_COOKIE;

use super::{AT, PASSWORD};

/// A page as it came.
#[derive(Debug)]
pub struct Page {
    /// Its status.
    pub status: StatusCode,
    /// Where it sends to.
    pub location: String,
    /// Every header.
    pub headers: HeaderMap,
    /// Its text.
    pub body: String,
}

impl Page {
    async fn read(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, 1 << 22).await.unwrap();
        let location = parts.headers.get(LOCATION);
        Self {
            status: parts.status,
            location: location.map_or("", |l| l.to_str().unwrap()).to_owned(),
            headers: parts.headers,
            body: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Every cookie it sets, whole.
    pub fn cookies(&self) -> Vec<&str> {
        let all = self.headers.get_all(SET_COOKIE).iter();
        all.map(|value| value.to_str().unwrap()).collect()
    }

    /// The value of the first input of this name.
    pub fn input(&self, name: &str) -> String {
        let marked = format!("name=\"{name}\"");
        let tags = self.body.split('<').skip(1);
        let tag = tags
            .map(|tag| tag.split('>').next().unwrap())
            .find(|tag| tag.starts_with("input") && tag.contains(&marked));
        let tag = tag.unwrap_or_else(|| panic!("no input {name} in {}", self.body));
        let (_, value) = tag.split_once(" value=\"").unwrap_or(("", ""));
        unescape(value.split('"').next().unwrap())
    }

    /// Where the first link that begins with `start` leads.
    pub fn link(&self, start: &str) -> String {
        let wanted = format!("href=\"{start}");
        let (_, rest) = self
            .body
            .split_once(&wanted)
            .unwrap_or_else(|| panic!("no link {start} in {}", self.body));
        unescape(&format!("{start}{}", rest.split('"').next().unwrap()))
    }
}

fn unescape(text: &str) -> String {
    let plain = [("&#38;", "&"), ("&amp;", "&"), ("&#39;", "'")];
    plain
        .iter()
        .fold(text.to_owned(), |t, (from, to)| t.replace(from, to))
}

/// A browser: the portal, and the cookies it gave.
#[derive(Clone)]
pub struct Browser {
    pub(super) portal: Router,
    /// Names and values.
    pub cookies: Vec<(String, String)>,
    /// The token of its session's forms.
    pub csrf: String,
}

impl Browser {
    /// A request with the cookies.
    pub fn request(&self, method: &str, path: &str) -> request::Builder {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, AT)
            .header(ACCEPT, "text/html,*/*;q=0.8")
            .header(COOKIE, cookies.join("; "))
    }

    /// Sends `request` and keeps the cookies that come back.
    pub async fn send(&mut self, request: Request<Body>) -> Page {
        let page = Page::read(self.portal.clone().oneshot(request).await.unwrap()).await;
        for cookie in page.cookies() {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        page
    }

    /// Reads a page.
    pub async fn get(&mut self, path: &str) -> Page {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    /// Sends a form as it is.
    pub async fn post_raw(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = "application/x-www-form-urlencoded";
        let request = self.request("POST", path).header(CONTENT_TYPE, form);
        let body = Body::from(encode(fields));
        self.send(request.body(body).unwrap()).await
    }

    /// Sends a form with the session's token.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        self.post_raw(path, &all).await
    }

    /// Fills in the sign-in form.
    pub async fn sign_in(&mut self, login: &str) -> Page {
        let csrf = self.get("/connexion").await.input("csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("identifiant", login),
            ("mot_de_passe", PASSWORD),
        ];
        let page = self.post_raw("/connexion", &fields).await;
        if page.status == StatusCode::SEE_OTHER {
            self.csrf = self.get("/compte").await.input("csrf");
        }
        page
    }

    /// The session's cookie.
    pub fn session(&self) -> Option<&str> {
        let found = self
            .cookies
            .iter()
            .find(|(name, _)| name == SESSION_COOKIE)?;
        Some(&found.1)
    }
}

/// Fields as a browser sends them.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let text = |text: &str| -> String {
        text.bytes()
            .map(|byte| match byte {
                b' ' => "+".to_owned(),
                byte if plain(byte) => char::from(byte).to_string(),
                byte => format!("%{byte:02X}"),
            })
            .collect()
    };
    let pairs: Vec<_> = fields
        .iter()
        .map(|(n, v)| format!("{}={}", text(n), text(v)))
        .collect();
    pairs.join("&")
}

/// What a web service answered.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Every header.
    pub headers: HeaderMap,
    /// The envelope.
    pub body: String,
}

impl Answer {
    /// The text of the first element of this local name; empty without one.
    pub fn text(&self, name: &str) -> &str {
        self.all(name).first().copied().unwrap_or("")
    }

    /// What stands in each element of this local name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        texts(&self.body, name)
    }

    /// The return code, of an answer or of a Fault.
    pub fn code(&self) -> u16 {
        let name = if self.is_fault() {
            "Code"
        } else {
            "CodeRetour"
        };
        self.text(name)
            .parse()
            .unwrap_or_else(|_| panic!("{}", self.body))
    }

    /// Whether it is a Fault.
    pub fn is_fault(&self) -> bool {
        self.status == StatusCode::INTERNAL_SERVER_ERROR && self.body.contains("Fault>")
    }
}

/// What stands in each element of `xml` with this local name; elements of one name do not nest.
pub fn texts<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let Some((tag, content)) = after.split_once('>') else {
            return found;
        };
        let given = tag.split(' ').next().unwrap_or("");
        if given.rsplit(':').next() == Some(name) && !tag.ends_with('/') && !tag.starts_with('/') {
            let end = content.find(&format!("</{given}>")).unwrap_or(0);
            found.push(&content[..end]);
        }
    }
    found
}
