//! The public catalogue of codes: `/erreurs` and a page for each code.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use kernel::{Code, RefusalKind, codes};

use crate::{Shell, errors, filters, labels};

/// Path of the catalogue; a code's page is below it.
pub const PATH: &str = "/erreurs";

struct Family {
    prefix: &'static str,
    title: &'static str,
    codes: Vec<&'static Code>,
}

#[derive(Template)]
#[template(path = "catalogue.html")]
struct CataloguePage {
    shell: Shell,
    families: Vec<Family>,
}

#[derive(Template)]
#[template(path = "catalogue_code.html")]
struct CodePage {
    shell: Shell,
    row: &'static Code,
    later: bool,
}

/// The page `/erreurs`.
pub fn index(shell: Shell) -> Response {
    let page = CataloguePage {
        shell: shell.page(labels::CATALOGUE, PATH),
        families: families(),
    };
    crate::page(StatusCode::OK, &page)
}

/// The page `/erreurs/{code}`; 404 for a code the table has not.
pub fn code(shell: Shell, code: &str) -> Response {
    let Some(row) = codes::by_code(code) else {
        return errors::status(shell, StatusCode::NOT_FOUND, "");
    };
    let title = format!("{} {}", labels::CODE, row.code);
    let page = CodePage {
        shell: shell
            .page(title, format!("{PATH}/{}", row.code))
            .under(labels::CATALOGUE, PATH),
        row,
        later: row.kind == RefusalKind::Unavailable,
    };
    crate::page(StatusCode::OK, &page)
}

fn families() -> Vec<Family> {
    let family_of = |code: &str| {
        let known = labels::FAMILIES.iter();
        known
            .map(|(prefix, _)| *prefix)
            .find(|prefix| code.starts_with(prefix))
    };
    let grouped = labels::FAMILIES.iter().map(|(prefix, title)| {
        let own = codes::ALL.iter().copied();
        Family {
            prefix,
            title,
            codes: own
                .filter(|row| family_of(row.code) == Some(prefix))
                .collect(),
        }
    });
    grouped.filter(|family| !family.codes.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_in_exactly_one_family() {
        let listed: usize = families().iter().map(|family| family.codes.len()).sum();
        assert_eq!(listed, codes::ALL.len());
    }
}
