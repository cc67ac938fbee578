//! The same through the portal's router: cookies, tokens, redirects.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use tower::ServiceExt;
use web::server::{Portal, SESSION_COOKIE, Site, VISITOR_COOKIE, router};
use web::{Brand, Environment};

use crate::house::{House, PASSWORD, house};

const LOGIN: &str = "active@hiro.example";

/// A browser: one portal, and the cookies it gave.
struct Browser {
    portal: Router,
    cookies: Vec<(String, String)>,
}

struct Page {
    status: StatusCode,
    location: String,
    cookies: Vec<String>,
    body: String,
}

impl Page {
    async fn read(response: Response) -> Self {
        let header = |value: &axum::http::HeaderValue| value.to_str().unwrap().to_owned();
        Self {
            status: response.status(),
            location: response
                .headers()
                .get(LOCATION)
                .map(header)
                .unwrap_or_default(),
            cookies: response
                .headers()
                .get_all(SET_COOKIE)
                .iter()
                .map(header)
                .collect(),
            body: {
                let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
                String::from_utf8(bytes.to_vec()).unwrap()
            },
        }
    }

    /// The token in the page's own form.
    fn token(&self) -> &str {
        let (_, rest) = self.body.split_once("name=\"csrf\" value=\"").unwrap();
        rest.split('"').next().unwrap()
    }
}

impl Browser {
    fn of(house: &House) -> Self {
        let site = Site {
            brand: Brand::new("Fibre des Deux Vallées"),
            environment: Environment::Production,
            menu: accounts::SERVICE.menu.iter().collect(),
            demo_logins: Vec::new(),
            advance_clock: None,
            xml_url: String::new(),
            contracts: Vec::new(),
        };
        let routes = accounts::SERVICE.routes.iter().collect();
        let portal = router(Portal {
            platform: house.platform.clone(),
            site,
            routes,
        });
        Self {
            portal,
            cookies: Vec::new(),
        }
    }

    async fn send(&mut self, request: Request<Body>) -> Page {
        let page = Page::read(self.portal.clone().oneshot(request).await.unwrap()).await;
        for cookie in &page.cookies {
            let (name, rest) = cookie.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !cookie.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        page
    }

    fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(COOKIE, cookies.join("; "))
    }

    async fn get(&mut self, path: &str) -> Page {
        let request = self.request("GET", path).body(Body::empty()).unwrap();
        self.send(request).await
    }

    async fn post(&mut self, path: &str, body: &str) -> Page {
        let form = "application/x-www-form-urlencoded";
        let request = self.request("POST", path).header(CONTENT_TYPE, form);
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.send(request).await
    }

    async fn sign_in(&mut self, password: &str, next: &str) -> Page {
        let token = self.get("/connexion").await.token().to_owned();
        let password = password.replace(' ', "+");
        let body = format!("csrf={token}&identifiant={LOGIN}&mot_de_passe={password}&suite={next}");
        self.post("/connexion", &body).await
    }

    fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

#[tokio::test]
async fn signing_in_leads_to_the_page_that_was_asked_for_and_signing_out_ends_it() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    let sent = browser.get("/compte?x=1").await;
    assert_eq!(sent.location, "/connexion?suite=%2Fcompte%3Fx%3D1");
    let page = browser.sign_in(PASSWORD, "/compte?x=1").await;
    assert_eq!(
        (page.status, page.location.as_str()),
        (StatusCode::SEE_OTHER, "/compte?x=1")
    );
    let session = page
        .cookies
        .iter()
        .find(|c| c.starts_with("__Host-epissure="))
        .unwrap();
    assert!(
        session.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"),
        "{session}"
    );
    assert_eq!(browser.cookie(VISITOR_COOKIE), None);
    let account = browser.get("/compte").await;
    assert_eq!(account.status, StatusCode::OK);
    assert!(account.body.contains("active@hiro.example") && account.body.contains("Agent"));
    let kept = browser.cookies.clone();
    let out = browser
        .post("/deconnexion", &format!("csrf={}", account.token()))
        .await;
    assert_eq!(out.location, "/connexion");
    assert_eq!(browser.cookie(SESSION_COOKIE), None);
    browser.cookies = kept;
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn sign_in_never_sends_to_another_site() {
    let house = house().await;
    for next in [
        "//b.example",
        "https://b.example/",
        "/%5Cb.example",
        "%2F%2Fb.example",
    ] {
        let page = Browser::of(&house).sign_in(PASSWORD, next).await;
        assert_eq!(page.location, "/", "{next}");
    }
    let page = Browser::of(&house)
        .get("/connexion?suite=%2F%2Fb.example")
        .await;
    assert!(!page.body.contains("b.example"));
}

#[tokio::test]
async fn a_form_without_the_token_of_its_page_signs_nobody_in() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    let body = format!(
        "identifiant={LOGIN}&mot_de_passe={}",
        PASSWORD.replace(' ', "+")
    );
    for body in [
        body.clone(),
        format!("{body}&csrf="),
        format!("{body}&csrf=0123"),
    ] {
        browser.get("/connexion").await;
        let page = browser.post("/connexion", &body).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert_eq!(browser.cookie(SESSION_COOKIE), None);
    }
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_with_what_was_typed_but_the_password() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    let page = browser.sign_in("canari-secret", "/compte").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("Identifiant ou mot de passe incorrect."));
    assert!(page.body.contains(LOGIN) && page.body.contains("value=\"/compte\""));
    assert!(!page.body.contains("canari"));
    assert_eq!(browser.cookie(SESSION_COOKIE), None);
}

#[tokio::test]
async fn signing_in_again_closes_the_session_before() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    browser.sign_in(PASSWORD, "/").await;
    let before = browser.cookies.clone();
    let token = browser.get("/compte").await.token().to_owned();
    let password = PASSWORD.replace(' ', "+");
    let body = format!("csrf={token}&identifiant=active@linb.example&mot_de_passe={password}");
    assert_eq!(
        browser.post("/connexion", &body).await.status,
        StatusCode::SEE_OTHER
    );
    assert!(
        browser
            .get("/compte")
            .await
            .body
            .contains("active@linb.example")
    );
    browser.cookies = before;
    assert_eq!(browser.get("/compte").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn the_first_page_shows_an_operators_orders_and_the_network_to_staff() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    browser.sign_in(PASSWORD, "").await;
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("rien n’attend votre société"));
    let staff = house.enter("active@f2v.example").await;
    browser.cookies = vec![(SESSION_COOKIE.to_owned(), staff.token)];
    let page = browser.get("/").await;
    assert_eq!(page.status, StatusCode::OK);
    for said in [
        "Aucune version n’attend d’approbation",
        "Aucun gel en vigueur",
        "/oi/imports",
    ] {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    assert_eq!(web::lint::faults(&page.body), Vec::<String>::new());
    assert_eq!(browser.get("/compte").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_choice_of_colours_is_kept_in_a_cookie() {
    let house = house().await;
    let mut browser = Browser::of(&house);
    browser.sign_in(PASSWORD, "").await;
    let token = browser.get("/compte").await.token().to_owned();
    let body = format!("csrf={token}&theme=dark&retour=%2Fcompte");
    let page = browser.post("/compte/theme", &body).await;
    assert_eq!(page.location, "/compte");
    assert_eq!(browser.cookie("theme"), Some("dark"));
    assert!(
        browser
            .get("/compte")
            .await
            .body
            .contains("data-theme=\"dark\"")
    );
    let body = format!("csrf={token}&theme=%0d%0aX&retour=%2F%2Fb.example");
    assert_eq!(browser.post("/compte/theme", &body).await.location, "/");
    assert_eq!(browser.cookie("theme"), Some("auto"));
}

#[tokio::test]
async fn a_session_that_is_not_ones_own_is_a_page_that_does_not_exist() {
    let house = house().await;
    let other = house.enter("active@linb.example").await;
    let mut browser = Browser::of(&house);
    browser.sign_in(PASSWORD, "").await;
    let body = format!("csrf={}", browser.get("/compte").await.token());
    let foreign = browser
        .post(&format!("/compte/sessions/{}/fermer", other.session), &body)
        .await;
    let absent = browser.post("/compte/sessions/ses_0/fermer", &body).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(foreign.body, absent.body);
    assert!(house.caller(&other.token).await.is_some());
}
