//! `epissure xml`: what integrators ask of the contracts, offline.

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use anyhow::{Context, Result};
use developers::validator::{BYTES_MAX, check, check_lot};

use crate::edges::xml_services;
use crate::request::{Answer, exit};
use crate::services::SERVICES;

/// Looks at a message, a file of orders or that of a lot, as the portal's validator does; `-` is
/// standard input. With `lot` it is taken for a lot's, whatever its columns.
///
/// # Errors
/// The file cannot be read.
pub fn validate(file: &Path, lot: bool) -> Result<Answer> {
    let mut bytes = Vec::new();
    // One byte more than is looked at, by which what is too large is known.
    let max = u64::try_from(BYTES_MAX).unwrap_or(u64::MAX) + 1;
    if file == Path::new("-") {
        stdin().lock().take(max).read_to_end(&mut bytes)?;
    } else {
        let opened = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        opened.take(max).read_to_end(&mut bytes)?;
    }
    let report = match lot {
        true => check_lot(&bytes),
        false => check(&bytes, &xml_services(SERVICES)),
    };
    let columns = ["line", "column", "code", "field", "message", "rule"];
    let rows = report.findings.iter().map(|found| {
        let number = |n: usize| match n {
            0 => String::new(),
            n => n.to_string(),
        };
        [
            number(found.line),
            number(found.column),
            found.code.clone(),
            found.field.clone(),
            found.message.clone(),
            found.rule.clone(),
        ]
    });
    let verdict = match (report.is_valid(), report.more) {
        (true, _) => "valid",
        (false, false) => "not valid",
        (false, true) => "not valid, and more than these errors",
    };
    let code = if report.is_valid() {
        exit::OK
    } else {
        exit::INVALID
    };
    let notes = match report.subject.as_str() {
        "" => vec![verdict.to_owned()],
        subject => vec![format!("{verdict}: {subject}")],
    };
    Ok(Answer {
        notes,
        code,
        ..Answer::table(columns, rows.collect())
    })
}
