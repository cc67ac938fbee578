//! The validator's page.

use axum::http::StatusCode;
use service_api::{PageCall, PageResult};

use super::{BYTES_MAX, Report, check};
use crate::pages::{Source, Validator};
use crate::{labels, web_services};

/// The field of the form.
const TEXT: &str = "texte";

pub(crate) async fn form(call: PageCall) -> PageResult {
    show(&call, String::new(), None)
}

pub(crate) async fn validate(call: PageCall) -> PageResult {
    // As it was pasted: lines are counted from its very beginning.
    let sent = call.form.iter().find(|(name, _)| name == TEXT);
    let text = sent.map(|(_, text)| text.clone()).unwrap_or_default();
    let report = check(text.as_bytes(), &web_services());
    show(&call, text, Some(report))
}

fn show(call: &PageCall, text: String, report: Option<Report>) -> PageResult {
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
        report,
        max: BYTES_MAX / 1024,
    };
    Ok(web::page(status, &page))
}
