//! Files of lots: the bounds of their reception, and the reader that carries a lot out. A line is
//! controlled as far as it can be without the network.

use std::io::Cursor;

use domain::lot::{FileFault, Line, Lines, scan};
use domain::upload::labels::EMPTY;
use domain::upload::text::{Bounds, Checker};
use kernel::codes;

use super::{BYTES_MAX, Finding, Report, excerpt};
use crate::labels::verdict;

/// Looks at a file as a lot's is looked at when it is submitted, whatever it is.
#[must_use]
pub fn check_lot(bytes: &[u8]) -> Report {
    if bytes.len() > BYTES_MAX {
        return Report::whole("", verdict::too_large(BYTES_MAX));
    }
    if bytes.is_empty() {
        return Report::whole(codes::ELOT01.code, EMPTY.to_owned());
    }
    let text = String::from_utf8_lossy(bytes);
    if let Err(fault) = Checker::new(Bounds::LOT).feed(bytes) {
        let line = usize::try_from(fault.line()).unwrap_or(usize::MAX);
        return refused(&text, line, fault.detail());
    }
    let lines = read(bytes).unwrap_or_default();
    let file = Cursor::new(bytes.to_vec());
    let (count, unknown) = match scan(Box::new(file)) {
        Ok(Ok(found)) => found,
        Ok(Err(FileFault { number, what })) => {
            let known = lines.iter().find(|(_, line)| line.number == number);
            let line = known.map_or(usize::from(number > 0), |(line, _)| *line);
            return refused(&text, line, what);
        }
        Err(_) => return refused(&text, 0, verdict::LINE.to_owned()),
    };
    let mut report = Report {
        subject: verdict::lot(count, &unknown),
        ..Report::default()
    };
    for (at, line) in &lines {
        if let Err(refusal) = line.check()
            && !report.add(Finding {
                line: *at,
                code: refusal.code.clone(),
                message: refusal.message(),
                excerpt: excerpt(&text, *at, 0),
                field: refusal.field.unwrap_or_default(),
                ..Finding::default()
            })
        {
            break;
        }
    }
    report
}

fn refused(text: &str, line: usize, message: String) -> Report {
    let mut report = Report::whole(codes::ELOT01.code, message);
    report.findings[0].line = line;
    report.findings[0].excerpt = excerpt(text, line, 0);
    report
}

/// The lines with where each begins in the text: a lot numbers them without those that are blank,
/// and counts one that holds line ends once.
fn read(bytes: &[u8]) -> Option<Vec<(usize, Line)>> {
    let file = Box::new(Cursor::new(bytes.to_vec()));
    let mut lines = Lines::open(file, 0, 0).ok()?.ok()?;
    let (mut found, mut line, mut from) = (Vec::new(), 1, 0);
    let mut begins = usize::try_from(lines.next_byte()).ok()?;
    loop {
        let (slice, next) = lines.slice(1).ok()?;
        let Some(one) = slice.into_iter().next() else {
            return Some(found);
        };
        let blank = bytes[begins..].iter().take_while(|b| b"\r\n".contains(b));
        let start = begins + blank.count();
        line += bytes[from..start].iter().filter(|b| **b == b'\n').count();
        found.push((line, one));
        (from, begins) = (start, usize::try_from(next).ok()?);
    }
}
