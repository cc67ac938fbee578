//! The pages of what does not succeed: a refusal in the trade's words, or a fault with only the
//! request's reference. Shown in the shell when somebody is signed in, bare otherwise.

use askama::Template;
use askama::filters::HtmlSafe;
use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use kernel::{Fault, Refusal, RefusalKind};
use serde::Serialize;

use crate::{Shell, filters, labels};

/// Seconds a browser is told to wait when the store cannot answer.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// A refusal as every page shows it; `{{ refusal }}` in a template.
#[derive(Clone, Debug, Serialize, Template)]
#[template(path = "refusal.html")]
pub struct RefusalView {
    /// The trade's code.
    pub code: String,
    /// The code's label, with what is said of this very case.
    pub message: String,
    /// The field at fault, as the trade names it.
    pub field: Option<String>,
    /// What to do.
    pub remedy: String,
    /// Who must act.
    pub who: String,
}

impl HtmlSafe for RefusalView {}

impl From<&Refusal> for RefusalView {
    fn from(refusal: &Refusal) -> Self {
        let label = refusal.spec().label;
        let message = match &refusal.detail {
            Some(detail) => format!("{label} : {detail}"),
            None => label.to_owned(),
        };
        Self {
            code: refusal.code.clone(),
            message,
            field: refusal.field.clone(),
            remedy: refusal.remedy().to_owned(),
            who: refusal.who_acts().label().to_owned(),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    status: u16,
    refusal: Option<RefusalView>,
    reference: String,
}

/// The HTTP status of a refusal. What is absent and what is another operator's answer the same.
#[must_use]
pub fn status_of(refusal: &Refusal) -> StatusCode {
    match refusal.kind() {
        RefusalKind::Invalid | RefusalKind::Unavailable => StatusCode::UNPROCESSABLE_ENTITY,
        RefusalKind::Forbidden => StatusCode::FORBIDDEN,
        RefusalKind::NotFound => StatusCode::NOT_FOUND,
        RefusalKind::Conflict => StatusCode::CONFLICT,
    }
}

/// The page of a refusal. `reference` is the request's, empty to show none.
pub fn refused(shell: Shell, refusal: &Refusal, reference: &str) -> Response {
    let view = RefusalView::from(refusal);
    error_page(shell, status_of(refusal), Some(view), reference)
}

/// A refusal for a program, which asked for JSON.
pub fn refused_as_json(refusal: &Refusal) -> Response {
    (status_of(refusal), Json(RefusalView::from(refusal))).into_response()
}

/// The answer to whoever asks too often: 429 and after how many seconds to ask again, as a page or
/// as JSON.
pub fn too_often(shell: Shell, seconds: i64, as_json: bool) -> Response {
    let view = RefusalView::from(&domain::rate::refusal(seconds));
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = match as_json {
        true => (status, Json(view)).into_response(),
        false => error_page(shell, status, Some(view), ""),
    };
    let after = HeaderValue::from(seconds);
    response.headers_mut().insert(RETRY_AFTER, after);
    response
}

/// The page of a fault: 503 with `Retry-After` when the store cannot answer now, else 500.
pub fn failed(shell: Shell, fault: &Fault, reference: &str) -> Response {
    let status = match fault {
        Fault::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Fault::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = error_page(shell, status, None, reference);
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response
            .headers_mut()
            .insert(RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    response
}

/// The page of a bare HTTP status: 400, 403, 404, 413, 429...
pub fn status(shell: Shell, status: StatusCode, reference: &str) -> Response {
    error_page(shell, status, None, reference)
}

fn error_page(
    shell: Shell,
    status: StatusCode,
    refusal: Option<RefusalView>,
    reference: &str,
) -> Response {
    let mut shell = shell;
    shell.title = labels::error_title(status.as_u16()).to_owned();
    let page = ErrorPage {
        shell,
        status: status.as_u16(),
        refusal,
        reference: reference.to_owned(),
    };
    crate::page(status, &page)
}
