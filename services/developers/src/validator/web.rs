//! The validator's page.

use axum::http::StatusCode;
use service_api::{PageCall, PageResult};

use super::{BYTES_MAX, Report, check, check_lot};
use crate::pages::{Source, Validator};
use crate::{labels, web_services};

/// The field of the form.
const TEXT: &str = "texte";
/// The field that says what the text is taken for.
const KIND: &str = "nature";
/// Its value for a lot, whatever its columns.
const LOT: &str = "lot";

pub(crate) async fn form(call: PageCall) -> PageResult {
    show(&call, String::new(), false, None)
}

pub(crate) async fn validate(call: PageCall) -> PageResult {
    // As it was pasted: lines are counted from its very beginning.
    let sent = call.form.iter().find(|(name, _)| name == TEXT);
    let text = sent.map(|(_, text)| text.clone()).unwrap_or_default();
    let is_lot = call
        .form
        .iter()
        .any(|(name, value)| name == KIND && value == LOT);
    let report = match is_lot {
        true => check_lot(text.as_bytes()),
        false => check(text.as_bytes(), &web_services()),
    };
    show(&call, text, is_lot, Some(report))
}

fn show(call: &PageCall, text: String, is_lot: bool, report: Option<Report>) -> PageResult {
    let status = match report.as_ref().is_none_or(Report::is_valid) {
        true => StatusCode::OK,
        false => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let marked = report.as_ref().map(Report::lines).unwrap_or_default();
    // What is too large is not sent back.
    let text = if text.len() > BYTES_MAX {
        String::new()
    } else {
        text
    };
    let shown = report.is_some() && !marked.is_empty();
    let page = Validator {
        shell: call
            .shell(labels::VALIDATOR)
            .under(labels::TITLE, "/developpeurs"),
        csrf: call.new_form()?.csrf,
        source: Source::new(text.lines().filter(|_| shown), &marked),
        text,
        is_lot,
        report,
        max: BYTES_MAX / 1024,
    };
    Ok(web::page(status, &page))
}
