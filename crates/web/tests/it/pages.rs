use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::Response;
use axum::routing::get;
use kernel::{Fault, Refusal, codes};
use tower::ServiceExt;
use web::{Brand, Environment, Person, Shell, Theme, assets, catalogue, errors, headers};

fn bare() -> Shell {
    let brand = Brand::new("Fibre des Deux Vallées");
    Shell::bare(brand, Environment::Production, Theme::Auto)
}

fn signed_in() -> Shell {
    let person = Person {
        name: "Camille <Roussel>".to_owned(),
        operator: "Hirondelle Télécom · HIRO".to_owned(),
    };
    bare().signed_in(person, Vec::new(), "jeton".to_owned())
}

async fn html(name: &str, response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let html = String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(web::lint::faults(&html), Vec::<String>::new(), "{name}");
    if let Some(dir) = std::env::var_os("EPISSURE_PAGES") {
        std::fs::write(std::path::Path::new(&dir).join(name), &html).unwrap();
    }
    html
}

#[tokio::test]
async fn a_refusal_page_says_the_code_the_remedy_and_who_acts() {
    let refusal = Refusal::new(&codes::FIMP13).because("HT-1 <b>");
    let response = errors::refused(signed_in(), &refusal, "req_1");
    assert_eq!(response.status(), StatusCode::CONFLICT);
    let page = html("erreur-conflit.html", response).await;
    assert!(page.contains(r#"href="/erreurs/FIMP13""#));
    assert!(page.contains("À faire par l’opérateur"));
    assert!(page.contains("req_1") && page.contains("HT-1 &#60;b&#62;"));
    assert!(page.contains("Camille &#60;Roussel&#62;"));
}

#[tokio::test]
async fn each_status_has_its_page_bare_or_in_the_shell() {
    for status in [400, 403, 404, 413, 429] {
        let code = StatusCode::from_u16(status).unwrap();
        let response = errors::status(bare(), code, "");
        assert_eq!(response.status(), code);
        let page = html(&format!("erreur-{status}.html"), response).await;
        assert!(page.contains("Se connecter") && !page.contains("Navigation principale"));
    }
    let page = html(
        "erreur-404-shell.html",
        errors::status(signed_in(), StatusCode::NOT_FOUND, ""),
    )
    .await;
    assert!(page.contains("Navigation principale"));
}

#[tokio::test]
async fn a_fault_shows_the_reference_and_never_the_cause() {
    let away = errors::failed(bare(), &Fault::Unavailable("disk".to_owned()), "req_2");
    assert_eq!(away.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(away.headers()[header::RETRY_AFTER], "5");
    assert!(!html("erreur-503.html", away).await.contains("disk"));
    let broken = errors::failed(bare(), &Fault::internal("secret"), "req_3");
    assert_eq!(broken.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let page = html("erreur-500.html", broken).await;
    assert!(page.contains("req_3") && !page.contains("secret"));
}

#[tokio::test]
async fn every_code_has_a_public_page_and_is_in_the_index() {
    let index = html("erreurs.html", catalogue::index(bare())).await;
    for row in codes::ALL {
        assert!(
            index.contains(&format!(r#"href="/erreurs/{}""#, row.code)),
            "{}",
            row.code
        );
        let response = catalogue::code(bare(), row.code);
        assert_eq!(response.status(), StatusCode::OK);
        html(&format!("erreurs-{}.html", row.code), response).await;
    }
    let absent = catalogue::code(bare(), "FADR99");
    assert_eq!(absent.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_answer_carries_the_security_headers_and_only_files_are_kept() {
    let app: Router = Router::new()
        .route("/", get(|| async { "bonjour" }))
        .route(assets::ROUTE, get(assets::handler))
        .layer(from_fn(headers::secure));
    let ask = async |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.clone().oneshot(request).await.unwrap()
    };
    let page = ask("/").await;
    assert_eq!(
        page.headers()[header::CONTENT_SECURITY_POLICY],
        headers::POLICY
    );
    assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    let style = ask(&assets::url("app.css")).await;
    assert_eq!(style.status(), StatusCode::OK);
    let kept = style.headers()[header::CACHE_CONTROL].to_str().unwrap();
    assert!(kept.contains("immutable"));
    assert_eq!(
        ask("/assets/x/absent.js").await.status(),
        StatusCode::NOT_FOUND
    );
}

#[test]
fn the_style_names_only_files_that_are_embedded_and_nothing_elsewhere() {
    let files: Vec<_> = assets::files().collect();
    let style = files.iter().find(|(name, _)| name == "app.css").unwrap();
    let style = std::str::from_utf8(&style.1).unwrap();
    for (i, _) in style.match_indices("url(") {
        let path = style[i + 4..].split(')').next().unwrap();
        assert!(files.iter().any(|(name, _)| name == path), "{path}");
    }
    assert!(!style.contains("//") && !style.contains("@import"));
}
