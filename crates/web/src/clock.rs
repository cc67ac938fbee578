//! The demonstration's clock: one form, which exists only where a portal has a clock to move.

use axum::response::{IntoResponse, Redirect};
use domain::access::entry::{Access, Audited, Repeat};
use kernel::{Millis, Refusal, codes};

use crate::entry::{Method, PageCall, PageError, PageResult, Route};
use crate::server::FLASH_FIELD;

/// What the unit that moves the clock is called.
pub const ADVANCE: &str = "demo.advance_clock";
/// Longest path a form comes back to, in bytes.
const RETURN_MAX_BYTES: usize = 500;

/// The form of the banner.
pub static ROUTE: Route = Route {
    method: Method::Post,
    path: "/demo/horloge",
    access: Access::SignedIn("the demonstration's day is everybody's"),
    audit: Audited::Unit(ADVANCE),
    repeat: Repeat::Natural("a second press asks for a second step"),
    handler: |call| Box::pin(advance(call)),
};

/// `POST /demo/horloge`.
async fn advance(call: PageCall) -> PageResult {
    let step = match call.field("avance") {
        "1h" => Millis::HOUR,
        "1j" => Millis::DAY,
        "1s" => 7 * Millis::DAY,
        _ => return Err(Refusal::new(&codes::RC02).on("avance").into()),
    };
    let Some(advance) = &call.site.advance_clock else {
        return Err(PageError::NotFound);
    };
    advance(step).await?;
    let back = return_to(call.field("retour"));
    Ok(Redirect::to(&format!("{back}?{FLASH_FIELD}=horloge")).into_response())
}

/// A path of this portal without query, or the first page.
fn return_to(asked: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.".contains(&b);
    let local = asked.starts_with('/') && !asked.starts_with("//");
    let short = asked.len() <= RETURN_MAX_BYTES;
    if local && short && asked.bytes().all(plain) {
        asked
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_comes_back_to_a_page_of_this_portal_only() {
        for page in ["/", "/commandes", "/commandes/cmd_0123"] {
            assert_eq!(return_to(page), page);
        }
        for elsewhere in [
            "",
            "//x.example",
            "https://x.example",
            "/\\x",
            "/a?b",
            "/a\r\nb",
        ] {
            assert_eq!(return_to(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
