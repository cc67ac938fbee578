//! Rate limits at both doors (trust D15): whoever asks too often is told when to ask again and has
//! changed nothing; nobody else is told anything.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::net::SocketAddr;

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use domain::rate::BURST_SECONDS;
use kernel::Millis;
use testkit::territory::Case;
use web::server::Remote;

use crate::house::{Answer, Browser, HIRO, House, LINB, Page, order_at};

/// Requests a second of an operator's machines, of an account, of a visitor.
const ALLOWANCES: [u32; 3] = [1, 2, 1];
const BURST: usize = BURST_SECONDS as usize;

fn wait(headers: &axum::http::HeaderMap) -> i64 {
    headers[RETRY_AFTER].to_str().unwrap().parse().unwrap()
}

/// Reads a page from a network address.
async fn from(browser: &mut Browser, address: &str, path: &str) -> Page {
    let remote = Remote(SocketAddr::new(address.parse().unwrap(), 40_000));
    let request = browser.request("GET", path).extension(remote);
    browser.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn machines_that_call_too_often_get_a_fault_and_nothing_is_done() {
    let Some(house) = House::limited(ALLOWANCES).await else {
        return;
    };
    let spot = house.spot(Case::Buildable);
    let order = order_at(&spot, "VITE-1");
    let asked = order_at(&spot, "");
    let tested = async |code| house.eligibility(code, &asked).await;
    for n in 0..BURST {
        let answer = tested(HIRO).await;
        assert_eq!(answer.status, StatusCode::OK, "{n}: {}", answer.body);
    }
    let before = house.audited().await;
    let id = house.new_id();
    let refused = house.place_as(HIRO, Some(&id), &order).await;
    assert!(refused.is_fault(), "{}", refused.body);
    assert_eq!((refused.code(), wait(&refused.headers)), (14, 1));
    let said = "seuil de saturation atteint, recommencez dans 1 seconde";
    assert!(refused.body.contains(said), "{}", refused.body);
    assert_eq!(house.audited().await, before, "it leaves nothing");
    // Neither another operator's machines nor the operator's own people wait for it.
    assert_eq!(tested(LINB).await.status, StatusCode::OK);
    let mut agent = house.sign_in("agent", HIRO).await;
    assert_eq!(agent.get("/commandes").await.status, StatusCode::OK);
    // The same request, sent again when it was told to, is carried out once.
    house.clock.advance(2 * Millis::SECOND);
    let placed = house.place_as(HIRO, Some(&id), &order).await;
    assert_eq!(placed.code(), 0, "{}", placed.body);
    house.clock.advance(Millis::SECOND);
    let again = house.place_as(HIRO, Some(&id), &order).await;
    assert_eq!(again.code(), 0, "{}", again.body);
    assert_eq!(placed.text("EtatArCommandePrise"), "OK");
    let dated = |answer: &Answer| answer.text("DateArCommandePrise").to_owned();
    assert_eq!(dated(&again), dated(&placed), "one order");
    house.run_jobs().await;
    house.close().await;
}

#[tokio::test]
async fn people_who_ask_too_often_are_told_when_to_ask_again_and_nobody_else_is() {
    let Some(house) = House::limited(ALLOWANCES).await else {
        return;
    };
    let (mut agent, mut reader) = (
        house.sign_in("agent", HIRO).await,
        house.sign_in("lecteur", HIRO).await,
    );
    house.clock.advance(Millis::MINUTE);
    let pages = 2 * BURST;
    for n in 0..pages {
        let page = agent.get("/adresses").await;
        assert_eq!(page.status, StatusCode::OK, "{n}");
    }
    let refused = agent.get("/adresses").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(wait(&refused.headers), 1);
    assert_eq!(web::lint::faults(&refused.body), Vec::<String>::new());
    for said in ["Trop de demandes", "/erreurs/7", "recommencez dans 1"] {
        assert!(refused.body.contains(said), "{said}: {}", refused.body);
    }
    let json = agent
        .get("/eligibilite?format=json&IdentifiantImmeuble=X")
        .await;
    assert_eq!(json.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(json.body.starts_with("{\"code\":\"7\""), "{}", json.body);
    let form = agent.post("/eligibilite/veilles", &[("cle", "k")]).await;
    assert_eq!(form.status, StatusCode::TOO_MANY_REQUESTS);
    // Nor does one that leads nowhere, or to the catalogue of codes, cost the platform more.
    for path in ["/nulle-part", "/erreurs", "/erreurs/FADR01"] {
        let page = agent.get(path).await;
        assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS, "{path}");
    }
    // What a page is drawn with is never refused.
    let style = refused.link("/assets/");
    assert_eq!(agent.get(&style).await.status, StatusCode::OK);
    assert_eq!(reader.get("/adresses").await.status, StatusCode::OK);
    house.clock.advance(Millis::SECOND);
    assert_eq!(agent.get("/adresses").await.status, StatusCode::OK);
    house.close().await;
}

#[tokio::test]
async fn a_visitor_is_counted_by_its_address() {
    let Some(house) = House::limited(ALLOWANCES).await else {
        return;
    };
    let mut visitor = house.browser();
    let (one, other) = ("192.0.2.1", "2001:db8::1");
    for n in 0..BURST {
        let page = from(&mut visitor, one, "/connexion").await;
        assert_eq!(page.status, StatusCode::OK, "{n}");
    }
    let refused = from(&mut visitor, one, "/connexion").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    // No cookie changes whom it is counted for; what is behind the gate is not shown either.
    let mut new = house.browser();
    let again = from(&mut new, one, "/commandes").await;
    assert_eq!(again.status, StatusCode::TOO_MANY_REQUESTS);
    let page = from(&mut visitor, other, "/connexion").await;
    assert_eq!(page.status, StatusCode::OK);
    house.close().await;
}
