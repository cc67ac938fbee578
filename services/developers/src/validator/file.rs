//! Files of orders: the columns of `CMD_ACCES`, one order a line, each under the control that an
//! order passes at every door before the network is looked at.

use std::collections::BTreeSet;

use csv::{Position, ReaderBuilder, StringRecord};
use domain::order::{FIELDS, PlaceOrder, well_formed};
use kernel::codes;

use super::{Finding, Report, excerpt};
use crate::labels::verdict;

/// The column by which an operator knows its order.
const REFERENCE: &str = "ReferenceCommandePriseInterneOC";
/// The separator of the trade's files.
const SEPARATOR: u8 = b';';

/// Looks at a file.
pub(super) fn check(text: &str) -> Report {
    let mut report = Report::default();
    let mut reader = ReaderBuilder::new()
        .delimiter(SEPARATOR)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut record = StringRecord::new();
    if !matches!(reader.read_record(&mut record), Ok(true)) {
        report.add(at(text, 1, "18", verdict::LINE.to_owned()));
        return report;
    }
    let header: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    if !columns(text, &header, &mut report) {
        return report;
    }
    let mut references = BTreeSet::new();
    let mut lines = 0_usize;
    loop {
        let started = usize::try_from(reader.position().line()).unwrap_or(usize::MAX);
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(_) => {
                report.add(at(text, started, "18", verdict::LINE.to_owned()));
                break;
            }
        }
        lines += 1;
        let line = started + blank_lines(text, record.position().map_or(0, Position::byte));
        if let Some(finding) = order(text, line, &header, &record, &mut references)
            && !report.add(finding)
        {
            break;
        }
    }
    report.subject = verdict::file(lines);
    if lines == 0 {
        report.add(at(text, 1, "1", verdict::NO_LINE.to_owned()));
    }
    report
}

/// The blank lines that the reader passes over before the record which it says begins at `byte`.
fn blank_lines(text: &str, byte: u64) -> usize {
    let from = usize::try_from(byte).unwrap_or(usize::MAX);
    let rest = text.as_bytes().get(from..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| b"\r\n".contains(byte));
    blank.filter(|byte| **byte == b'\n').count()
}

fn at(text: &str, line: usize, code: &str, message: String) -> Finding {
    Finding {
        line,
        code: code.to_owned(),
        message,
        excerpt: excerpt(text, line, 0),
        ..Finding::default()
    }
}

/// Looks at the header; false when the lines mean nothing under it.
fn columns(text: &str, header: &[String], report: &mut Report) -> bool {
    let known = |name: &str| FIELDS.iter().any(|field| field.name == name);
    if !header.iter().any(|name| known(name)) {
        let first = header.first().map_or("", String::as_str);
        let other = header.len() == 1 && first.contains([',', '\t', '|']);
        let message = if other {
            verdict::SEPARATOR
        } else {
            verdict::NO_COLUMN
        };
        report.add(at(text, 1, "22", message.to_owned()));
        return false;
    }
    let mut seen = BTreeSet::new();
    for name in header {
        let message = match (known(name), seen.insert(name)) {
            (false, _) => verdict::COLUMN,
            (true, false) => verdict::TWICE,
            (true, true) => continue,
        };
        let column = text.find(name.as_str()).map_or(0, |byte| {
            text.get(..byte)
                .map_or(0, |before| before.chars().count() + 1)
        });
        report.add(Finding {
            column,
            field: name.clone(),
            ..at(text, 1, "22", message.to_owned())
        });
    }
    true
}

/// What is wrong with one line, if anything: what an order would be refused for first.
fn order(
    text: &str,
    line: usize,
    header: &[String],
    record: &StringRecord,
    references: &mut BTreeSet<String>,
) -> Option<Finding> {
    if record.len() != header.len() {
        let message = verdict::fields(record.len(), header.len());
        return Some(at(text, line, "3", message));
    }
    let pairs = header.iter().map(String::as_str).zip(record);
    let order = PlaceOrder::from_pairs(pairs);
    if let Err(refusal) = well_formed(&order) {
        let message = refusal.message();
        return Some(Finding {
            field: refusal.field.unwrap_or_default(),
            ..at(text, line, &refusal.code, message)
        });
    }
    if !references.insert(order.get(REFERENCE).to_owned()) {
        return Some(Finding {
            field: REFERENCE.to_owned(),
            ..at(
                text,
                line,
                codes::FIMP13.code,
                verdict::REFERENCE.to_owned(),
            )
        });
    }
    None
}
