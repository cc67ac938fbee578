//! Messages: a SOAP envelope, or what stands in its body.

use domain::order::{PlaceOrder, well_formed};
use kernel::{Refusal, codes};
use service_api::{Repeat, XmlOperation, XmlService};
use soap::{Contract, ENVELOPE_NAMESPACE, Envelope, Limits, Pairs, SoapFault, broken_rule};

use super::{BYTES_MAX, FINDINGS_MAX, Finding, Report, excerpt};
use crate::labels::verdict;

/// The operation whose fields an order's own control reads.
const ORDER: (&str, &str) = ("fci", "deposerCommande");

/// A text and the envelope it is read in.
struct Sent<'t> {
    text: &'t str,
    /// Characters put before the text on its first line, beyond its XML declaration.
    added: usize,
}

impl Sent<'_> {
    fn finding(&self, code: &str, message: String, (line, column): (usize, usize)) -> Finding {
        let column = if line == 1 {
            column.saturating_sub(self.added).max(1)
        } else {
            column
        };
        Finding {
            line,
            column,
            code: code.to_owned(),
            message,
            excerpt: excerpt(self.text, line, column),
            ..Finding::default()
        }
    }

    fn fault(&self, fault: &SoapFault) -> Finding {
        let code = fault.code.number().to_string();
        match fault.place.as_deref() {
            Some(place) => self.finding(&code, fault.message.clone(), *place),
            None => Finding {
                code,
                message: fault.message.clone(),
                ..Finding::default()
            },
        }
    }

    /// A refusal about a field: where the field stands, when it does.
    fn refusal(&self, refusal: &Refusal, element: &str) -> Finding {
        let field = refusal.field.clone().unwrap_or_default();
        let place = tag(self.text, &field).or_else(|| tag(self.text, element));
        let (line, column) = place.unwrap_or_default();
        Finding {
            line,
            column,
            field,
            code: refusal.code.clone(),
            message: refusal.message(),
            rule: String::new(),
            excerpt: excerpt(self.text, line, column),
        }
    }
}

/// Looks at a message.
pub(super) fn check(text: &str, services: &[&'static XmlService]) -> Report {
    let (sent, whole) = enveloped(text);
    let limits = Limits {
        bytes: BYTES_MAX + whole.len().saturating_sub(text.len()),
        ..Limits::DEFAULT
    };
    let mut report = Report::default();
    let envelope = match Envelope::read(whole.as_bytes(), &limits) {
        Ok(envelope) => envelope,
        Err(fault) => {
            report.add(sent.fault(&fault));
            return report;
        }
    };
    let named = |xml: &&&'static XmlService| xml.contract.namespace == envelope.namespace();
    let Some(xml) = services.iter().find(named) else {
        let known: Vec<&str> = services.iter().map(|xml| xml.contract.namespace).collect();
        let message = verdict::namespace(envelope.namespace(), &known);
        report.add(here(&sent, envelope.name(), message));
        return report;
    };
    let (contract, name) = (xml.contract, envelope.name());
    if !contract.elements().iter().any(|known| known == name) {
        report.add(here(&sent, name, verdict::element(name)));
        return report;
    }
    report.subject = verdict::message(contract.service, name);
    match contract.errors(&envelope, FINDINGS_MAX) {
        Err(fault) => {
            report.add(sent.fault(&fault));
        }
        Ok(errors) => {
            report.more = errors.len() >= FINDINGS_MAX;
            for error in errors {
                // What an unknown element breaks besides is no other thing to correct.
                let last = report.findings.last();
                if last.is_some_and(|last| last.field == error.element && last.line == error.line) {
                    continue;
                }
                let message = broken_rule(error.rule).to_owned();
                let found = sent.finding("22", message, (error.line, error.column));
                report.add(Finding {
                    field: error.element,
                    rule: error.rule.to_owned(),
                    ..found
                });
            }
        }
    }
    let operation = xml.operations.iter().find(|known| known.element == name);
    if let Some(operation) = operation.filter(|_| report.is_valid()) {
        beyond_schema(&sent, &envelope, contract, operation, &mut report);
    }
    report
}

/// What a request is refused for before its operation looks at anything.
fn beyond_schema(
    sent: &Sent<'_>,
    envelope: &Envelope,
    contract: &Contract,
    operation: &XmlOperation,
    report: &mut Report,
) {
    let header = match envelope.header() {
        Ok(header) => header,
        Err(fault) => {
            report.add(sent.fault(&fault));
            return;
        }
    };
    if matches!(operation.repeat, Repeat::MessageId)
        && let Err(refusal) = header.idempotency_key()
    {
        report.add(sent.refusal(&refusal, operation.element));
    }
    if (contract.service, operation.element) == ORDER
        && let Ok(fields) = envelope.body::<Pairs>()
        && let Err(refusal) = well_formed(&PlaceOrder::from_pairs(fields.iter()))
    {
        report.add(sent.refusal(&refusal, operation.element));
    }
}

/// A finding of code 22 at an element.
fn here(sent: &Sent<'_>, element: &str, message: String) -> Finding {
    let refusal = Refusal::new(&codes::RC22).on(element);
    Finding {
        message,
        ..sent.refusal(&refusal, element)
    }
}

/// The message, put in an envelope when it is not one. What is put there stands on the text's own
/// first line, so that lines are counted alike.
fn enveloped(text: &str) -> (Sent<'_>, String) {
    let bare = || (Sent { text, added: 0 }, text.to_owned());
    let start = text.len() - text.trim_start().len();
    let mut declaration = start;
    if text[start..].starts_with("<?xml")
        && let Some(end) = text[start..].find("?>")
    {
        declaration = start + end + 2;
    }
    let root = root_name(&text[declaration..]);
    if root.is_empty() || root == "Envelope" || text[..declaration].contains('\n') {
        return bare();
    }
    let (open, close) = (
        format!("<s:Envelope xmlns:s=\"{ENVELOPE_NAMESPACE}\"><s:Body>"),
        "</s:Body></s:Envelope>",
    );
    let (before, after) = text.split_at(declaration);
    let whole = format!("{before}{open}{after}{close}");
    let added = open.chars().count();
    (Sent { text, added }, whole)
}

/// The local name of the first element; empty when there is none before something else.
fn root_name(text: &str) -> &str {
    let mut rest = text.trim_start();
    while let Some(inner) = rest.strip_prefix("<!--") {
        let Some((_, after)) = inner.split_once("-->") else {
            return "";
        };
        rest = after.trim_start();
    }
    let Some(inner) = rest.strip_prefix('<') else {
        return "";
    };
    let end = inner.find(|c: char| c.is_whitespace() || "/>!?".contains(c));
    let name = &inner[..end.unwrap_or(inner.len())];
    name.rsplit(':').next().unwrap_or_default()
}

/// Line and column of the first start tag of an element.
fn tag(text: &str, name: &str) -> Option<(usize, usize)> {
    if name.is_empty() {
        return None;
    }
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        at += found;
        if root_name(&text[at..]) == name {
            let before = &text[..at];
            let start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line = before.matches('\n').count() + 1;
            return Some((line, before[start..].chars().count() + 1));
        }
        at += 1;
    }
    None
}
