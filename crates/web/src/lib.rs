//! The portal's face: the shell every page extends, forms, lists and their exports, refusals and
//! errors, the code catalogue, static files, security headers. It knows nothing of any e-service:
//! pages belong to the services, which extend `layout.html` and hold a [`Shell`].
#![warn(missing_docs)]

pub mod assets;
pub mod catalogue;
pub mod clock;
mod colour;
pub mod entry;
pub mod errors;
pub mod export;
pub mod filters;
mod form;
pub mod french;
pub mod headers;
pub mod labels;
pub mod lint;
mod list;
pub mod map;
mod multipart;
pub mod search_box;
pub mod server;
mod shell;
mod tag;

use askama::Template;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

pub use colour::Colour;
pub use errors::RefusalView;
pub use form::{FieldError, Form};
pub use list::{ListQuery, PER_PAGE, PER_PAGE_MAX, Pager, link};
pub use shell::{
    Brand, ClockBanner, Crumb, Environment, Flash, MenuEntry, MenuGroup, Person, Shell, Theme,
};
pub use tag::{Tag, Tone};

/// The answer that carries `template` as an HTML page with `status`. A template that cannot be
/// rendered is a defect: it answers 500 with an empty body and is logged by the caller's layer.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(CONTENT_TYPE, kind)], html).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
