//! Every entry of every e-service, walked: who may not enter is refused as declared, and what is
//! another operator's is answered like what does not exist. The walker itself is tried on a leak.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderName, StatusCode};
use axum::response::IntoResponse;
use domain::access::{Duty, Profile, authenticate_certificate, authenticate_local};
use domain::order::store::order_of;
use domain::upload::{Purpose, Receiver};
use epissure::services::SERVICES;
use kernel::{Fault, OrderId, Refusal, codes};
use service_api::{Access, Audited, Method, PageCall, PageError, PageResult, Repeat, Route};
use soap::Pairs;
use storage::Tx;
use tao::anomaly::store::{Listing, Reader};
use testkit::territory::Case;

use crate::house::{
    Answer, BARE, Browser, HIRO, House, LINB, Page, SUSP, certificate_of, encode, house, order_at,
};

const REFERENCE: &str = "ReferenceCommandePriseInterneOC";

/// Every page and form of every e-service.
fn routes() -> Vec<&'static Route> {
    SERVICES.iter().flat_map(|service| service.routes).collect()
}

/// What belongs to HIRO, and must not be seen through LINB's eyes.
struct Victim {
    /// Ids of its objects: orders at two stages, a session, a watch, a lot, a call, and the
    /// reference of an anomaly.
    ids: Vec<String>,
    /// Words that only it knows.
    words: Vec<String>,
}

/// Two orders of HIRO, one waiting for the CR STOC and one handed over, an open session, and an
/// address anomaly.
async fn victim(house: &House) -> (Victim, Browser) {
    let mut owner = house.sign_in("administrateur", HIRO).await;
    let other_session = house.sign_in("administrateur", HIRO).await;
    let mut ids = Vec::new();
    let mut words = vec!["Hirondelle".to_owned(), "hiro.example".to_owned()];
    let spots = [house.spot(Case::Buildable), house.spot(Case::FreePto)];
    for (n, spot) in spots.iter().enumerate() {
        let reference = format!("HIRO-SECRET-{n}");
        let answer = house.place(HIRO, &order_at(spot, &reference)).await;
        assert_eq!(answer.code(), 0, "{}", answer.body);
        words.push(reference);
    }
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "HIRO-SECRET-0").await, "STOC_EMISE");
    assert_eq!(house.state(HIRO, "HIRO-SECRET-1").await, "MAD");
    let list = owner.get("/commandes").await;
    for (n, _) in spots.iter().enumerate() {
        let order = house.order(HIRO, &format!("HIRO-SECRET-{n}")).await;
        words.push(order.text("ReferencePrestationPrise").to_owned());
        words.push(order.text("ReferencePrise").to_owned());
    }
    ids.extend(ids_in(&list.body, "/commandes/"));
    let account = owner.get("/compte").await;
    ids.extend(ids_in(&account.body, "/compte/sessions/"));
    let (key, watched) = (house.new_id(), &spots[0].building.reference);
    let fields = [
        ("cle", key.as_str()),
        ("IdentifiantImmeuble", watched),
        ("note", "HIRO-SECRET-NOTE"),
    ];
    owner.post("/eligibilite/veilles", &fields).await;
    words.push("HIRO-SECRET-NOTE".to_owned());
    let list = owner.get("/eligibilite/veilles").await;
    ids.extend(ids_in(&list.body, "/eligibilite/veilles/"));
    ids.push(lot(house).await);
    house.run_jobs().await;
    words.push("hiro-secret.csv".to_owned());
    let calls = owner.get("/developpeurs/appels").await;
    ids.extend(
        ids_in(&calls.body, "/developpeurs/appels/")
            .into_iter()
            .take(1),
    );
    words.push("SI HIRO".to_owned());
    assert_eq!(ids.len(), 6, "{ids:?}");
    let reported = report_anomaly(house, HIRO, &spots[0].building.reference).await;
    ids.push(reported.clone());
    words.extend([reported, ANOMALY.to_owned()]);
    drop(other_session);
    (Victim { ids, words }, owner)
}

/// A lot of HIRO; its id.
pub async fn lot(house: &House) -> String {
    let known = authenticate_certificate(&house.platform, &certificate_of(HIRO)).await;
    let ctx = Arc::new(known.unwrap().unwrap());
    let begun = Receiver::begin(&house.platform, &ctx, Purpose::Lot, "hiro-secret.csv");
    let mut receiver = begun.unwrap();
    receiver.push(b"Adresse\nHIRO-SECRET-0\n").await.unwrap();
    let file = receiver.finish().await.unwrap();
    let lot = eligibility::lots::usecases::submit(&house.platform, &ctx, file, None).await;
    lot.unwrap().unwrap().to_string()
}

/// What HIRO alone says of its anomaly.
const ANOMALY: &str = "HIRO-SECRET-ANOMALIE";

/// The reference of an anomaly that `who` reports at a building.
async fn report_anomaly(house: &House, who: &str, building: &str) -> String {
    let body = tao::messages::AnomalyReport {
        kind: Some("modification".to_owned()),
        address: Some(service_api::place::Address {
            building: Some(building.to_owned()),
            ..Default::default()
        }),
        expected: Some(ANOMALY.to_owned()),
        ..Default::default()
    };
    let (contract, id) = (&tao::messages::CONTRACT, house.new_id());
    let operation = "signalerAnomalieAdresse";
    let answer = house.call(who, contract, operation, Some(&id), &body).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    answer.text("ReferenceAnomalie").to_owned()
}

/// The ids in paths that begin with `start`, once each.
fn ids_in(html: &str, start: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for rest in html.split(start).skip(1) {
        let id = rest.split(['/', '"', '?', '#']).next().unwrap();
        if id.contains('_') && !found.iter().any(|known| known == id) {
            found.push(id.to_owned());
        }
    }
    found
}

/// An id of the same kind that nothing has.
fn absent(id: &str) -> String {
    let Some((kind, rest)) = id.split_once('_') else {
        return kernel::reference::make(&id[..3], id.len() - 4, 4_321);
    };
    let (first, last) = rest.split_at(rest.len() - 12);
    let other = if last == "000000000000" { "1" } else { "0" };
    format!("{kind}_{first}{}", other.repeat(12))
}

/// Without what is new in each answer: ids, tokens and keys are all long runs of digits.
fn mask(text: &str) -> String {
    let mut masked = String::new();
    let mut run = String::new();
    for c in text.chars().chain(['\n']) {
        if c.is_ascii_hexdigit() {
            run.push(c);
            continue;
        }
        masked.push_str(if run.len() >= 32 { "#" } else { &run });
        run.clear();
        masked.push(c);
    }
    masked
}

/// Fields that satisfy every form there is, far enough to reach its object.
const FORM: [(&str, &str); 8] = [
    ("acte", "accepted"),
    ("confirmation", "HIRO-SECRET-0"),
    ("CrRaccordementPrise", "OK"),
    ("DateRaccordementPrise", "2026-11-23"),
    ("DateMiseEnService", "2026-11-23"),
    ("theme", "dark"),
    ("retour", "/compte"),
    ("ligne", "2"),
];

async fn enter(house: &House, browser: &mut Browser, route: &Route, path: &str) -> Page {
    match route.method {
        Method::Get => browser.get(path).await,
        Method::Post | Method::Upload(_) => {
            let key = house.new_id();
            let mut fields = vec![("cle", key.as_str())];
            fields.extend(FORM);
            browser.post(path, &fields).await
        }
    }
}

/// A path that names an operation, naming one.
fn of_an_operation(path: &str) -> String {
    let path = path.replace("{service}", "fci");
    path.replace("{operation}", "deposerCommande")
}

/// Whether only the OI's own staff may enter.
fn is_staff_only(route: &Route) -> bool {
    matches!(route.access, Access::Needs(permission) if permission.staff_only)
}

fn name(route: &Route) -> String {
    format!("{:?} {}", route.method, route.path)
}

/// Whether a page refuses with this code, in the refusal's block or on a page of its own.
fn says(page: &Page, status: StatusCode, code: &str) -> bool {
    page.status == status && page.body.contains(&format!("href=\"/erreurs/{code}\""))
}

/// Reads and writes HIRO's objects as LINB, beside objects that do not exist.
async fn walk_foreign(house: &House, victim: &Victim, owner: &mut Browser) -> Vec<String> {
    let mut faults = Vec::new();
    let mut stranger = house.sign_in("administrateur", LINB).await;
    let before = seen_by_owner(house).await;
    let bound: Vec<_> = routes()
        .into_iter()
        .filter(|route| route.path.contains("{id}"))
        .collect();
    assert!(bound.len() >= 5, "routes that name an object");
    for route in &bound {
        for id in &victim.ids {
            let path = |id: &str| route.path.replace("{id}", id);
            let theirs = enter(house, &mut stranger, route, &path(id)).await;
            let nothing = enter(house, &mut stranger, route, &path(&absent(id))).await;
            let alike = theirs.status == nothing.status
                && theirs.location.replace(id, "") == nothing.location.replace(&absent(id), "")
                && mask(&theirs.body) == mask(&nothing.body);
            if !alike {
                faults.push(format!(
                    "{} tells another operator's object from an absent one: {} and {}",
                    name(route),
                    theirs.status,
                    nothing.status
                ));
            }
            if let Some(word) = victim.words.iter().find(|word| theirs.body.contains(*word)) {
                faults.push(format!("{} shows {word} to a stranger", name(route)));
            }
        }
    }
    if seen_by_owner(house).await != before {
        faults.push("an object of another operator was changed".to_owned());
    }
    for route in &bound {
        let mut reached = false;
        for id in &victim.ids {
            let page = enter(house, owner, route, &route.path.replace("{id}", id)).await;
            reached |= page.status != StatusCode::NOT_FOUND;
        }
        if !reached {
            faults.push(format!("{}: even its owner finds nothing", name(route)));
        }
    }
    faults
}

/// Both orders and the anomaly as HIRO reads them.
async fn seen_by_owner(house: &House) -> Vec<String> {
    let mut all = Vec::new();
    let hiro = authenticate_certificate(&house.platform, &certificate_of(HIRO)).await;
    let reader = Reader::of(&hiro.unwrap().unwrap()).unwrap();
    let anomalies = tao::anomaly::usecases::list(&house.platform, &reader, listing()).await;
    all.extend(anomalies.unwrap().iter().map(|one| format!("{one:?}")));
    for n in 0..2 {
        let order = house.order(HIRO, &format!("HIRO-SECRET-{n}")).await;
        all.push(order.text("Commande").to_owned());
    }
    all
}

/// Every anomaly.
fn listing() -> Listing {
    Listing {
        limit: 100,
        ..Listing::default()
    }
}

/// Knocks at every route as those who may not enter.
async fn walk_gates(house: &House, victim: &Victim) -> Vec<String> {
    let mut faults = Vec::new();
    let mut anonymous = house.browser();
    anonymous.get("/connexion").await;
    let visitor = anonymous.cookies.first().map(|(_, token)| token.clone());
    anonymous.csrf = visitor.unwrap_or_default();
    let mut callers = vec![
        (house.sign_in("administrateur", BARE).await, "19"),
        (house.sign_in("administrateur", SUSP).await, "15"),
        (house.sign_in("aucun", HIRO).await, "11"),
    ];
    let mut profiles = Vec::new();
    for profile in Profile::ALL {
        profiles.push((profile, house.sign_in(profile.code(), LINB).await));
    }
    for route in routes() {
        let path = of_an_operation(route.path).replace("{id}", &victim.ids[0]);
        let permission = match route.access {
            Access::Public(_) => {
                if route.method == Method::Get {
                    let page = enter(house, &mut anonymous, route, &path).await;
                    expect(
                        &mut faults,
                        route,
                        "anyone",
                        page.status.is_success(),
                        &page,
                    );
                }
                continue;
            }
            Access::SignedIn(_) => None,
            Access::Needs(permission) => Some(permission),
        };
        let page = enter(house, &mut anonymous, route, &path).await;
        let sent = page.status == StatusCode::SEE_OTHER && page.location.starts_with("/connexion");
        expect(&mut faults, route, "anonymous", sent, &page);
        let Some(permission) = permission else {
            continue;
        };
        for (caller, code) in &mut callers {
            if *code == "19" && !permission.subscribed {
                continue;
            }
            let page = enter(house, caller, route, &path).await;
            let right = says(&page, StatusCode::FORBIDDEN, code);
            expect(&mut faults, route, code, right, &page);
        }
        for (profile, caller) in &mut profiles {
            let page = enter(house, caller, route, &path).await;
            let denied = says(&page, StatusCode::FORBIDDEN, "11");
            let holds = !permission.staff_only && profile.rights().contains(&permission.right);
            expect(&mut faults, route, profile.code(), denied != holds, &page);
        }
    }
    faults
}

fn expect(faults: &mut Vec<String>, route: &Route, who: &str, right: bool, page: &Page) {
    if !right {
        let (status, to) = (page.status, &page.location);
        faults.push(format!("{} for {who}: {status} {to}", name(route)));
    }
}

#[tokio::test]
async fn no_page_or_form_opens_to_whom_it_is_not_declared_for() {
    let house = house!();
    let (victim, _) = victim(&house).await;
    let faults = walk_gates(&house, &victim).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    house.close().await;
}

#[tokio::test]
async fn another_operators_object_is_answered_like_one_that_does_not_exist() {
    let house = house!();
    let (victim, mut owner) = victim(&house).await;
    let faults = walk_foreign(&house, &victim, &mut owner).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    house.run_jobs().await;
    house.mails().await;
    house.close().await;
}

/// Loads an order through the scope of whichever operator has it, as no route may.
async fn whoever_has(call: &PageCall) -> Result<Option<domain::order::Order>, PageError> {
    let id = OrderId::from_store(call.param("id").to_owned());
    let staff = authenticate_local(&call.platform, "root", "planted").await?;
    let (staff, reach) = (staff.staff()?.clone(), call.ctx()?.duty(Duty::Overwriting));
    let run = move |tx: &mut dyn Tx| {
        for operator in domain::operator::store::list(tx, &staff)? {
            if let Some(order) = order_of(tx, &reach, &operator.id, &id)? {
                return Ok(Some(order));
            }
        }
        Ok(None)
    };
    let found = call.platform.db.get(run).await;
    Ok(found.map_err(Fault::from)?)
}

/// Shows the order of whoever has it.
async fn shows(call: PageCall) -> PageResult {
    let found = whoever_has(&call).await?;
    let order = found.ok_or(PageError::NotFound)?;
    Ok(order.reference.into_response())
}

/// Shows nothing, but says of another operator's order that it is forbidden.
async fn hints(call: PageCall) -> PageResult {
    let found = whoever_has(&call).await?;
    found.ok_or(PageError::NotFound)?;
    Err(PageError::Refused(Refusal::new(&codes::RC11)))
}

/// A copy of the order's page with another handler.
fn planted(handler: fn(PageCall) -> service_api::Pending<PageResult>) -> &'static Route {
    let all = routes();
    let page = |r: &&&'static Route| r.path == "/commandes/{id}" && r.method == Method::Get;
    let original = all.iter().find(page).unwrap();
    Box::leak(Box::new(Route {
        handler,
        method: original.method,
        path: original.path,
        access: original.access,
        audit: original.audit,
        repeat: original.repeat,
    }))
}

#[tokio::test]
async fn a_route_that_leaks_is_found_by_the_walker() {
    let plants = [
        (planted(|call| Box::pin(shows(call))), "shows HIRO-SECRET-0"),
        (planted(|call| Box::pin(hints(call))), "tells another"),
    ];
    for (route, fault) in plants {
        let Some(house) = House::open(vec![route]).await else {
            return;
        };
        let (victim, mut owner) = victim(&house).await;
        let faults = walk_foreign(&house, &victim, &mut owner).await;
        let found = |f: &String| f.starts_with("Get /commandes/{id} ") && f.contains(fault);
        assert!(faults.iter().any(found), "{faults:?}");
        assert!(faults.iter().all(|f| f.starts_with("Get /commandes/{id} ")));
        house.run_jobs().await;
        house.mails().await;
        house.close().await;
    }
}

/// Every operation of every web service.
fn operations() -> Vec<(&'static soap::Contract, &'static service_api::XmlOperation)> {
    let services = SERVICES.iter().filter_map(|service| service.xml);
    services
        .flat_map(|xml| xml.operations.iter().map(move |op| (xml.contract, op)))
        .collect()
}

/// A full message of an operation, made from its own schema.
fn message(contract: &soap::Contract, element: &str) -> String {
    contract.sample(element, &mut || true).unwrap()
}

#[tokio::test]
async fn no_operation_opens_to_whom_it_is_not_declared_for() {
    let house = house!();
    let mut faults = Vec::new();
    for (contract, operation) in operations() {
        let element = operation.element;
        let cases = [
            ("", true, 12),
            ("NOBODY", true, 12),
            ("HIRO-2", true, 16),
            (BARE, !operation.permission.subscribed, 19),
            (SUSP, false, 15),
        ];
        for (who, is_fault, code) in cases {
            if who == BARE && is_fault {
                continue;
            }
            let text = message(contract, element);
            let answer = house.send_xml(who, contract.service, text).await;
            if (answer.is_fault(), answer.code()) != (is_fault, code) {
                faults.push(format!("{element} for {who:?}: {}", answer.body));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(operations().len() >= 7);
    house.close().await;
}

/// How an operation names an order, by `reference` or by `prestation`; `None` for one that names
/// no object. An operation that is new here says so, and is taught.
fn naming<'a>(element: &str, field: &'a str, value: &'a str) -> Option<Vec<(&'a str, &'a str)>> {
    let key = (field, value);
    Some(match element {
        "testerEligibilite"
        | "testerEligibiliteLot"
        | "rechercherAdresse"
        | "consulterStructure"
        | "signalerAnomalieAdresse"
        | "deposerCommande"
        | "listerEvenements" => return None,
        "consulterCommande" | "annulerCommande" => vec![key],
        "deposerCrStoc" => vec![
            key,
            ("CrRaccordementPrise", "OK"),
            ("DateRaccordementPrise", "20261123"),
        ],
        "deposerCrMes" => vec![key, ("DateMiseEnService", "20261123")],
        other => panic!("teach the walker how {other} names its object"),
    })
}

/// Without what differs between two sendings, nor the value that was asked for.
fn plain(answer: &Answer, value: &str) -> String {
    let mut text = answer.body.replace(value, "?");
    for name in ["IdentifiantRequete", "IdentifiantReponse"] {
        text = text.replace(answer.text(name), "#");
    }
    text
}

#[tokio::test]
async fn no_operation_tells_another_operators_order_from_an_absent_one() {
    let house = house!();
    let (victim, _) = victim(&house).await;
    let before = seen_by_owner(&house).await;
    let prestation = house.order(HIRO, "HIRO-SECRET-0").await;
    let prestation = prestation.text("ReferencePrestationPrise").to_owned();
    let named = [
        (REFERENCE, "HIRO-SECRET-0", "HIRO-SECRET-9"),
        ("ReferencePrestationPrise", &prestation, "PRS-0000000000"),
    ];
    for (contract, operation) in operations() {
        for (field, theirs, nothing) in named {
            let element = operation.element;
            let (Some(theirs_by), Some(nothing_by)) = (
                naming(element, field, theirs),
                naming(element, field, nothing),
            ) else {
                continue;
            };
            assert_eq!(contract.service, "fci", "the walker calls fci");
            let foreign = house.fci(LINB, element, &theirs_by).await;
            let absent = house.fci(LINB, element, &nothing_by).await;
            assert_eq!((foreign.code(), foreign.text("Motif")), (9, "FIMP14"));
            assert_eq!(plain(&foreign, theirs), plain(&absent, nothing));
        }
    }
    house.seal().await;
    assert!(house.feed(LINB).await.is_empty());
    let list = house.sign_in("administrateur", LINB).await;
    let watches = ["/eligibilite/veilles", "/eligibilite/historique"];
    for path in ["/", "/commandes", "/commandes?format=csv", "/compte"]
        .into_iter()
        .chain(watches)
    {
        let page = list.clone().get(path).await;
        let word = victim.words.iter().find(|word| page.body.contains(*word));
        assert_eq!(word, None, "{path}");
    }
    assert_eq!(seen_by_owner(&house).await, before);
    house.close().await;
}

#[tokio::test]
async fn a_form_that_is_not_ours_is_refused_and_changes_nothing() {
    let house = house!();
    let (victim, owner) = victim(&house).await;
    let (before, audited) = (seen_by_owner(&house).await, house.audited().await);
    let reads = 2;
    let other = house.sign_in("administrateur", LINB).await.csrf;
    let staff = house.sign_in("administrateur", "F2V").await;
    let opened = 2;
    let site = HeaderName::from_static("sec-fetch-site");
    for route in routes().iter().filter(|r| r.method.changes()) {
        let owner = if is_staff_only(route) { &staff } else { &owner };
        let cases: [(&str, Option<(HeaderName, &str)>); 6] = [
            ("", None),
            ("0123456789abcdef", None),
            (&other, None),
            (&owner.csrf, Some((site.clone(), "cross-site"))),
            (&owner.csrf, Some((site.clone(), "same-site"))),
            (&owner.csrf, Some((ORIGIN, "https://autre.example"))),
        ];
        for id in &victim.ids {
            let path = route.path.replace("{id}", id);
            for (token, header) in &cases {
                let mut fields = vec![("csrf", *token), ("cle", "k")];
                fields.extend(FORM);
                let mut request = owner
                    .request("POST", &path)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
                if let Some((name, value)) = header {
                    request = request.header(name, *value);
                }
                let request = request.body(Body::from(encode(&fields))).unwrap();
                let page = owner.clone().send(request).await;
                assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", name(route));
                assert!(page.cookies().is_empty());
            }
        }
    }
    assert_eq!(house.audited().await, audited + opened);
    assert_eq!(seen_by_owner(&house).await, before);
    assert_eq!(house.audited().await, audited + opened + reads);
    house.close().await;
}

#[tokio::test]
async fn the_session_is_a_cookie_that_neither_scripts_nor_other_sites_reach() {
    let house = house!();
    let mut browser = house.browser();
    let csrf = browser.get("/connexion").await.input("csrf");
    let login = crate::house::login_of("agent", HIRO);
    let fields = [
        ("csrf", csrf.as_str()),
        ("identifiant", login.as_str()),
        ("mot_de_passe", crate::house::PASSWORD),
    ];
    let page = browser.post_raw("/connexion", &fields).await;
    let cookies = page.cookies();
    let session = cookies.iter().find(|c| c.starts_with("__Host-epissure="));
    let session = session.unwrap();
    for flag in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(session.contains(flag), "{session}");
    }
    assert!(!session.contains("Domain"));
    assert!(browser.session().unwrap().len() >= 43, "256 bits");
    house.close().await;
}

#[tokio::test]
async fn every_page_carries_the_policy_and_nothing_inline() {
    let house = house!();
    let (victim, owner) = victim(&house).await;
    let mut paths: Vec<String> = ["/erreurs", "/erreurs/FADR01", "/nulle-part"]
        .map(str::to_owned)
        .into();
    for route in routes().iter().filter(|r| r.method == Method::Get) {
        for id in &victim.ids {
            paths.push(of_an_operation(route.path).replace("{id}", id));
        }
    }
    let building = &house.spot(Case::Buildable).building.reference;
    let asked = encode(&[("IdentifiantImmeuble", building)]);
    paths.push(format!("/eligibilite?{asked}"));
    paths.push("/eligibilite?IdentifiantImmeuble=IMB/0".to_owned());
    paths.sort();
    paths.dedup();
    for caller in [&owner, &house.browser()] {
        for path in &paths {
            let page = caller.clone().get(path).await;
            let header = |name| page.headers.get(name).map(|v| v.to_str().unwrap());
            let policy = header(CONTENT_SECURITY_POLICY);
            assert_eq!(policy, Some(web::headers::POLICY), "{path}");
            if header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
                let mut faults = web::lint::faults(&page.body);
                // No page, but a part that the script of every page adds to it.
                faults.retain(|fault| path != "/compte/outils" || !fault.starts_with("0 times"));
                assert_eq!(faults, Vec::<String>::new(), "{path}");
            }
        }
    }
    house.close().await;
}

#[tokio::test]
async fn every_page_that_is_read_leaves_the_trace_it_declares() {
    let house = house!();
    let (victim, mut owner) = victim(&house).await;
    let mut staff = house.sign_in("administrateur", "F2V").await;
    for route in routes().iter().filter(|r| r.method == Method::Get) {
        let path = of_an_operation(route.path).replace("{id}", &victim.ids[0]);
        let before = house.traces().await;
        let reader = if is_staff_only(route) {
            &mut staff
        } else {
            &mut owner
        };
        let page = reader.get(&path).await;
        assert!(!page.status.is_server_error(), "{path}");
        // Rows of one millisecond stand in any order.
        let mut traces = house.traces().await;
        for old in &before {
            let at = traces.iter().position(|one| one == old).unwrap();
            traces.remove(at);
        }
        let actions: Vec<_> = traces.iter().map(|(action, ..)| action.as_str()).collect();
        let declared = match route.audit {
            Audited::Nothing(_) => vec![],
            Audited::Consultation(action) | Audited::Unit(action) => vec![action],
        };
        assert_eq!(actions, declared, "{path}");
    }
    house.close().await;
}

/// The form of an order as a browser sends it.
fn form<'a>(order: &'a domain::order::PlaceOrder, key: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut fields: Vec<_> = order.pairs().collect();
    fields.push(("cle", key));
    fields
}

#[tokio::test]
async fn a_form_sent_twice_is_done_once_and_answered_alike() {
    let house = house!();
    let mut browser = house.sign_in("agent", HIRO).await;
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    let first = browser.post("/commandes", &form(&order, "une-cle")).await;
    let again = browser.post("/commandes", &form(&order, "une-cle")).await;
    assert_eq!(first.status, StatusCode::SEE_OTHER, "{}", first.body);
    assert_eq!(
        (first.status, &first.location),
        (again.status, &again.location)
    );
    let other = order.with(REFERENCE, "R-2");
    let changed = browser.post("/commandes", &form(&other, "une-cle")).await;
    assert!(
        says(&changed, StatusCode::CONFLICT, "13"),
        "{}",
        changed.body
    );
    let list = browser.get("/commandes").await;
    assert_eq!(ids_in(&list.body, "/commandes/").len(), 1);
    house.run_jobs().await;
    house.mails().await;
    house.close().await;
}

#[tokio::test]
async fn a_message_sent_twice_is_done_once_and_answered_alike() {
    let house = house!();
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    let id = house.new_id();
    let first = house.place_as(HIRO, Some(&id), &order).await;
    house.run_jobs().await;
    let braced = format!("{{{}}}", id.to_uppercase());
    for written in [id.as_str(), &braced] {
        let again = house.place_as(HIRO, Some(written), &order).await;
        let told = ["CodeRetour", "EtatArCommandePrise", "DateArCommandePrise"];
        for name in told {
            assert_eq!(again.text(name), first.text(name), "{}", again.body);
        }
    }
    let other = order.clone().with(REFERENCE, "R-2");
    let changed = house.place_as(HIRO, Some(&id), &other).await;
    assert_eq!(changed.code(), 13, "{}", changed.body);
    assert_eq!(changed.text("Champ"), "IdentifiantRequete");
    let without = house.place_as(HIRO, None, &other).await;
    assert_eq!(without.code(), 1, "{}", without.body);
    assert_eq!(without.text("Champ"), "IdentifiantRequete");
    let theirs = house
        .place_as(LINB, Some(&id), &order.with(REFERENCE, "L-1"))
        .await;
    assert_eq!(theirs.code(), 0, "an id is its sender's own");
    let key = (REFERENCE, "R-2");
    let nothing = house.fci(HIRO, "consulterCommande", &[key]).await;
    assert_eq!(nothing.text("Motif"), "FIMP14");
    house.run_jobs().await;
    house.close().await;
}

#[tokio::test]
async fn every_operation_that_changes_something_wants_an_id_of_its_own() {
    let house = house!();
    for (contract, operation) in operations() {
        let changes = matches!(operation.audit, Audited::Unit(_));
        let keyed = matches!(operation.repeat, Repeat::MessageId | Repeat::Natural(_));
        assert_eq!(changes, keyed, "{}", operation.element);
        if matches!(operation.repeat, Repeat::MessageId) {
            let nothing = Pairs::default();
            let answer = house
                .call(HIRO, contract, operation.element, None, &nothing)
                .await;
            assert_eq!(
                (answer.code(), answer.text("Champ")),
                (1, "IdentifiantRequete")
            );
        }
    }
    for route in routes().iter().filter(|r| r.method.changes()) {
        let keyed = matches!(route.repeat, Repeat::FormKey | Repeat::Natural(_));
        assert!(keyed, "{}", name(route));
    }
    house.close().await;
}
