//! Static files, embedded in the binary. Their addresses carry a digest of the whole set, so that
//! they may be kept for ever and files may name each other by relative paths.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Files;

/// Where the files are served, before the digest.
pub const PREFIX: &str = "/assets";
/// The route of [`handler`].
pub const ROUTE: &str = "/assets/{digest}/{*name}";

/// Ends the name of a file that is kept compressed.
const COMPRESSED: &str = ".br";

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

static DIGEST: LazyLock<String> = LazyLock::new(digest);

/// The low 40 bits of FNV-1a over the names and SHA-256 digests of all files, in their order.
fn digest() -> String {
    let mut names: Vec<_> = Files::iter().collect();
    names.sort_unstable();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for name in names {
        let sha = Files::get(&name).map(|file| file.metadata.sha256_hash());
        for byte in name.bytes().chain(sha.into_iter().flatten()) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    format!("{:010x}", hash & 0xff_ffff_ffff)
}

/// The address of the file `name`, relative to the assets folder.
#[must_use]
pub fn url(name: &str) -> String {
    format!("{PREFIX}/{}/{name}", *DIGEST)
}

/// Every file: its name and its bytes.
pub fn files() -> impl Iterator<Item = (String, Vec<u8>)> {
    Files::iter().filter_map(|name| {
        let file = Files::get(&name)?;
        Some((name.into_owned(), file.data.into_owned()))
    })
}

/// Serves a file under [`ROUTE`]. A page of another version still finds the file, uncached.
pub async fn handler(Path((digest, name)): Path<(String, String)>) -> Response {
    let Some(kind) = content_type(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (file, compressed) = match Files::get(&name) {
        Some(file) => (file, false),
        None => match Files::get(&format!("{name}{COMPRESSED}")) {
            Some(file) => (file, true),
            None => return StatusCode::NOT_FOUND.into_response(),
        },
    };
    let cache = if digest == *DIGEST {
        FOR_EVER
    } else {
        NO_CACHE
    };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CACHE_CONTROL, cache),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let mut response = (headers, file.data.into_owned()).into_response();
    if compressed {
        let brotli = HeaderValue::from_static("br");
        response.headers_mut().insert(CONTENT_ENCODING, brotli);
    }
    response
}

fn content_type(name: &str) -> Option<&'static str> {
    let known = match name.rsplit_once('.')?.1 {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => return None,
    };
    Some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(digest: &str, name: &str) -> Response {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        let path = Path((digest.to_owned(), name.to_owned()));
        runtime.block_on(handler(path))
    }

    #[test]
    fn the_current_set_is_kept_for_ever_and_another_is_not() {
        let response = serve(&DIGEST, "app.css");
        assert_eq!(response.headers()[CACHE_CONTROL], FOR_EVER);
        assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
        let response = serve("0", "app.css");
        assert_eq!(response.headers()[CACHE_CONTROL], NO_CACHE);
    }

    #[test]
    fn a_file_kept_compressed_is_sent_so_under_its_own_name() {
        let name = "vendor/maplibre-gl-5.24.1/maplibre-gl-csp.js";
        let response = serve(&DIGEST, name);
        assert_eq!(response.status(), StatusCode::OK);
        let headers = response.headers();
        assert_eq!(headers[CONTENT_ENCODING], "br");
        assert_eq!(headers[CONTENT_TYPE], "text/javascript; charset=utf-8");
        let plain = serve(&DIGEST, "map.js");
        assert!(!plain.headers().contains_key(CONTENT_ENCODING));
        let raw = serve(&DIGEST, &format!("{name}{COMPRESSED}"));
        assert_eq!(raw.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn what_is_not_a_page_file_is_absent() {
        for name in [
            "vendor/lucide-1.62.0/LICENSE",
            "../Cargo.toml",
            "app.map",
            "",
        ] {
            assert_eq!(
                serve(&DIGEST, name).status(),
                StatusCode::NOT_FOUND,
                "{name}"
            );
        }
    }
}
