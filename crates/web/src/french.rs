//! Dates, counts and punctuation as French readers expect them. Times are Paris times.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Millis;
use kernel::working_time::{paris, paris_datetime};
pub use search::shown_line as address;

use crate::labels::{DAYS, FIRST, MONTHS};

/// The narrow no-break space.
pub const THIN: char = '\u{202f}';
const NO_BREAK: char = '\u{a0}';

/// `lun. 23 nov. 2026`, its spaces not breaking.
#[must_use]
pub fn date(day: Date) -> String {
    let weekday = DAYS[usize::try_from(day.weekday().to_monday_zero_offset()).unwrap_or(0)];
    let month = MONTHS[usize::try_from(day.month() - 1).unwrap_or(0)];
    let number = match day.day() {
        1 => FIRST.to_owned(),
        n => n.to_string(),
    };
    [weekday, &number, month, &day.year().to_string()].join(&NO_BREAK.to_string())
}

/// `09:14`.
#[must_use]
pub fn time(at: Millis) -> String {
    let local = paris_datetime(at);
    format!("{:02}:{:02}", local.hour(), local.minute())
}

/// `lun. 23 nov. 2026, 09:14`.
#[must_use]
pub fn datetime(at: Millis) -> String {
    format!("{}, {}", date(paris_datetime(at).date()), time(at))
}

/// `23/11/2026 09:14`, for columns.
#[must_use]
pub fn stamp(at: Millis) -> String {
    paris_datetime(at).strftime("%d/%m/%Y %H:%M").to_string()
}

/// `2026-11-23T09:14:00+01:00`, for machines.
#[must_use]
pub fn iso(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(paris()).strftime("%FT%T%:z").to_string()
}

/// Groups the digits of a whole number by three: `18 304`.
#[must_use]
pub fn count(digits: &str) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", digits),
    };
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    out
}

/// A term that files write in capitals, as a sentence begins: `Souterrain chambre`. Anything with a
/// letter in lower case or a digit is left as it is.
#[must_use]
pub fn sentence(term: &str) -> String {
    if term.chars().any(|c| c.is_lowercase() || c.is_ascii_digit()) {
        return term.to_owned();
    }
    let lower = term.to_lowercase();
    let mut letters = lower.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters.clone()).collect()
}

/// Puts narrow no-break spaces where French typography wants them: before `; : ! ? » % €` when
/// there is already a space, and after `«`.
#[must_use]
pub fn typography(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let bound = |i: usize| {
        let after = chars.get(i + 1);
        let before = i.checked_sub(1).and_then(|j| chars.get(j));
        after.is_some_and(|c| ";:!?»%€".contains(*c)) || before == Some(&'«')
    };
    let spaced = chars.iter().enumerate().map(|(i, &c)| match c {
        ' ' if bound(i) => THIN,
        c => c,
    });
    spaced.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as civil;
    use kernel::working_time::at_paris;

    #[test]
    fn dates_are_written_the_french_way_in_paris() {
        let at = at_paris(civil(2026, 11, 23).at(9, 14, 0, 0));
        assert_eq!(datetime(at), "lun.\u{a0}23\u{a0}nov.\u{a0}2026, 09:14");
        assert_eq!(stamp(at), "23/11/2026 09:14");
        assert_eq!(iso(at), "2026-11-23T09:14:00+01:00");
        assert_eq!(
            date(civil(2026, 2, 1)),
            "dim.\u{a0}1er\u{a0}févr.\u{a0}2026"
        );
    }

    #[test]
    fn digits_are_grouped_by_three() {
        assert_eq!(count("7"), "7");
        assert_eq!(count("18304"), "18\u{202f}304");
        assert_eq!(count("-1200300"), "\u{2212}1\u{202f}200\u{202f}300");
    }

    #[test]
    fn terms_in_capitals_begin_as_sentences() {
        assert_eq!(sentence("SOUTERRAIN CHAMBRE"), "Souterrain chambre");
        assert_eq!(sentence("Façade"), "Façade");
        assert_eq!(sentence("ZA 12"), "ZA 12");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn double_punctuation_never_starts_a_line() {
        assert_eq!(
            typography("Pourquoi ? « ainsi » : voilà"),
            "Pourquoi\u{202f}? «\u{202f}ainsi\u{202f}»\u{202f}: voilà"
        );
    }
}
