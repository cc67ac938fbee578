//! Lists held in memory: already filtered, sorted, then cut at the page that is asked for, or
//! written whole to a file.

pub mod labels;

use std::cmp::Ordering;

use axum::response::Response;
use kernel::Fault;
use service_api::{PageCall, PageError};
use web::export::{Cell, Column, Format, ROWS_MAX, attachment};
use web::{ListQuery, Pager};

/// Rows of a page that does not say how many: each shows a bar, and a page has a budget.
const PER_PAGE: usize = 30;

/// What the list at `path` is asked to show, ascending unless it says otherwise.
pub fn query(path: &str, call: &PageCall, sortable: &[&str]) -> ListQuery {
    let mut query = ListQuery::parse(path, call.query.clone(), sortable, false);
    if query.filter("par").is_empty() {
        query.per_page = PER_PAGE;
    }
    query
}

/// Puts `rows` in the order `compare` gives, the other way round when the list is descending.
pub fn sort<T>(rows: &mut [T], query: &ListQuery, compare: impl Fn(&T, &T) -> Ordering) {
    rows.sort_by(|a, b| match query.desc {
        true => compare(b, a),
        false => compare(a, b),
    });
}

/// The rows of the page that is asked for. `key` names each row alike from one page to the next.
pub fn page<T>(rows: Vec<T>, query: &ListQuery, key: impl Fn(&T) -> String) -> (Vec<T>, Pager) {
    let total = rows.len();
    let after = query.after.as_deref();
    let place = after.and_then(|after| rows.iter().position(|row| key(row) == after));
    let start = place.map_or(0, |at| at + 1);
    let shown: Vec<T> = rows.into_iter().skip(start).take(query.per_page).collect();
    let more = start + shown.len() < total;
    let pager = Pager {
        shown: shown.len(),
        total: u64::try_from(total).ok(),
        next: shown.last().filter(|_| more).map(key),
    };
    (shown, pager)
}

/// The whole list as a file.
///
/// # Errors
/// Refused `EEXP01` beyond [`ROWS_MAX`] rows; a fault when the file cannot be made.
pub fn file<T>(
    format: Format,
    stem: &str,
    columns: &[(&'static str, &'static str)],
    rows: &[T],
    cells: impl Fn(&T) -> Vec<Cell>,
) -> Result<Response, PageError> {
    if rows.len() > ROWS_MAX {
        return Err(kernel::Refusal::new(&kernel::codes::EEXP01).into());
    }
    let columns: Vec<Column> = columns
        .iter()
        .map(|&(key, heading)| Column { key, heading })
        .collect();
    let rows: Vec<Vec<Cell>> = rows.iter().map(cells).collect();
    Ok(attachment(format, stem, &columns, &rows).map_err(Fault::internal)?)
}

/// Numbers before letters, and 9 before 10.
#[must_use]
pub fn natural(a: &str, b: &str) -> Ordering {
    let number = |text: &str| {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        text[..digits].parse().unwrap_or(u64::MAX)
    };
    number(a).cmp(&number(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> ListQuery {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        ListQuery::parse("/x", pairs.collect(), &["nom"], false)
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repeat() {
        let rows: Vec<u32> = (0..7).collect();
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let query = query(&[("par", "3"), ("apres", &after)]);
            let (shown, pager) = page(rows.clone(), &query, u32::to_string);
            assert_eq!(pager.total, Some(7));
            seen.extend(shown);
            let Some(next) = pager.next else { break };
            after = next;
        }
        assert_eq!(seen, rows);
    }

    #[test]
    fn numbers_are_in_the_order_of_the_street() {
        let mut numbers = vec!["10", "9", "9B", "100", "A", ""];
        numbers.sort_by(|a, b| natural(a, b));
        assert_eq!(numbers, ["9", "9B", "10", "100", "", "A"]);
    }
}
