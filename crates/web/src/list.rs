//! Lists whose whole state is in their address: search, filters, order, page, export.

use crate::export::Format;
use crate::server::FLASH_FIELD;

/// Rows of a page unless the address says otherwise.
pub const PER_PAGE: usize = 50;
/// Rows of a page at most (trust D14).
pub const PER_PAGE_MAX: usize = 100;

const SEARCH: &str = "q";
const SORT: &str = "tri";
const DIRECTION: &str = "sens";
const DESCENDING: &str = "desc";
const AFTER: &str = "apres";
const ROWS: &str = "par";
const FORMAT: &str = "format";

/// What a list is asked to show, read from the query of its address.
#[derive(Clone, Debug)]
pub struct ListQuery {
    path: String,
    pairs: Vec<(String, String)>,
    /// The column that orders the rows.
    pub sort: String,
    /// Whether the order is descending.
    pub desc: bool,
    /// Rows of a page, 1 to [`PER_PAGE_MAX`].
    pub per_page: usize,
    /// The key after which the page begins; `None` for the first page.
    pub after: Option<String>,
    /// The file wanted instead of the page.
    pub format: Option<Format>,
}

impl ListQuery {
    /// Reads the decoded `pairs` of a query. `sortable` are the columns that may order the rows;
    /// the first is the default, descending when `desc`. Unknown columns fall back to it.
    #[must_use]
    pub fn parse(path: &str, pairs: Vec<(String, String)>, sortable: &[&str], desc: bool) -> Self {
        let mut pairs = pairs;
        // What was just done is said once, and narrows nothing.
        pairs.retain(|(name, value)| name != FLASH_FIELD && !value.trim().is_empty());
        let get = |name: &str| find(&pairs, name);
        let default = sortable.first().copied().unwrap_or_default();
        let asked = get(SORT).filter(|sort| sortable.contains(sort));
        let rows = get(ROWS).and_then(|text| text.parse().ok());
        Self {
            path: path.to_owned(),
            sort: asked.unwrap_or(default).to_owned(),
            desc: asked.map_or(desc, |_| get(DIRECTION) == Some(DESCENDING)),
            per_page: rows.unwrap_or(PER_PAGE).clamp(1, PER_PAGE_MAX),
            after: get(AFTER).map(str::to_owned),
            format: get(FORMAT).and_then(Format::parse),
            pairs,
        }
    }

    /// The text searched for.
    #[must_use]
    pub fn search(&self) -> &str {
        self.filter(SEARCH)
    }

    /// The value of a filter; empty when it is not set.
    #[must_use]
    pub fn filter(&self, name: &str) -> &str {
        find(&self.pairs, name).unwrap_or_default()
    }

    /// Whether a search or a filter narrows the list.
    #[must_use]
    pub fn is_narrowed(&self) -> bool {
        let neutral = [SORT, DIRECTION, AFTER, ROWS, FORMAT];
        self.pairs
            .iter()
            .any(|(name, _)| !neutral.contains(&name.as_str()))
    }

    /// The address of the whole list, without search or filter.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The address of the first page with one filter changed; an empty value removes it.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        self.address(&[(name, value), (AFTER, ""), (FORMAT, "")])
    }

    /// The address that orders by `column`: ascending first, then the other way.
    #[must_use]
    pub fn sorted_by(&self, column: &str) -> String {
        let turn = self.sort == column && !self.desc;
        let direction = if turn { DESCENDING } else { "" };
        let changes = [
            (SORT, column),
            (DIRECTION, direction),
            (AFTER, ""),
            (FORMAT, ""),
        ];
        self.address(&changes)
    }

    /// The `aria-sort` of a column's heading.
    #[must_use]
    pub fn order_of(&self, column: &str) -> &'static str {
        match (self.sort == column, self.desc) {
            (false, _) => "none",
            (true, false) => "ascending",
            (true, true) => "descending",
        }
    }

    /// The icon of a column's heading.
    #[must_use]
    pub fn order_icon(&self, column: &str) -> &'static str {
        match self.order_of(column) {
            "ascending" => "arrow-up",
            "descending" => "arrow-down",
            _ => "arrow-up-down",
        }
    }

    /// The address of the page that begins after `key`.
    #[must_use]
    pub fn page_after(&self, key: &str) -> String {
        self.address(&[(AFTER, key), (FORMAT, "")])
    }

    /// The address of the same list, whole, as a file.
    #[must_use]
    pub fn exported(&self, format: &str) -> String {
        self.address(&[(AFTER, ""), (ROWS, ""), (FORMAT, format)])
    }

    /// The address of this same page, saying that `what` was just done; empty for nothing.
    #[must_use]
    pub fn done(&self, what: &str) -> String {
        self.address(&[(FORMAT, ""), (FLASH_FIELD, what)])
    }

    fn address(&self, changes: &[(&str, &str)]) -> String {
        let changed = |name: &str| changes.iter().any(|(known, _)| *known == name);
        let kept = self
            .pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let kept = kept.filter(|(name, _)| !changed(name));
        let added = changes
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        let pairs: Vec<(&str, &str)> = kept.chain(added).collect();
        link(&self.path, &pairs)
    }
}

/// The address of a page with a query; pairs without a value are left out.
#[must_use]
pub fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let query: Vec<String> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    if query.is_empty() {
        return path.to_owned();
    }
    format!("{path}?{}", query.join("&"))
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.trim())
}

/// Percent-encodes everything but unreserved characters.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Where a page stands in its list.
#[derive(Clone, Debug, Default)]
pub struct Pager {
    /// Rows on this page.
    pub shown: usize,
    /// Rows of the whole list, when counted.
    pub total: Option<u64>,
    /// Key of the last row, when another page follows.
    pub next: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> ListQuery {
        let pairs = pairs
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        ListQuery::parse("/commandes", pairs.collect(), &["depot", "etat"], true)
    }

    #[test]
    fn links_keep_the_filters_and_drop_the_page() {
        let list = query(&[
            ("q", "rue é&"),
            ("etat", "MAD"),
            ("apres", "k1"),
            ("vide", " "),
        ]);
        assert_eq!(list.with("etat", ""), "/commandes?q=rue%20%C3%A9%26");
        let exported = list.exported("csv");
        assert_eq!(exported, "/commandes?q=rue%20%C3%A9%26&etat=MAD&format=csv");
        let done = list.done("veille");
        assert_eq!(
            done,
            "/commandes?q=rue%20%C3%A9%26&etat=MAD&apres=k1&fait=veille"
        );
        let next = list.page_after("k2");
        assert_eq!(next, "/commandes?q=rue%20%C3%A9%26&etat=MAD&apres=k2");
    }

    #[test]
    fn what_was_just_done_narrows_nothing_and_is_said_once() {
        let list = query(&[("fait", "depot")]);
        assert!(!list.is_narrowed());
        assert_eq!(list.page_after("k"), "/commandes?apres=k");
    }

    #[test]
    fn a_heading_sorts_up_then_down() {
        let list = query(&[]);
        assert_eq!((list.sort.as_str(), list.desc), ("depot", true));
        assert_eq!(list.sorted_by("etat"), "/commandes?tri=etat");
        let list = query(&[("tri", "etat")]);
        assert_eq!(list.order_of("etat"), "ascending");
        assert_eq!(list.sorted_by("etat"), "/commandes?tri=etat&sens=desc");
    }

    #[test]
    fn a_page_is_bounded_and_an_unknown_column_is_ignored() {
        let list = query(&[("par", "5000"), ("tri", "mot_de_passe")]);
        assert_eq!(list.per_page, PER_PAGE_MAX);
        assert_eq!(list.sort, "depot");
        assert!(!list.is_narrowed());
        let list = query(&[("fait", "depot")]);
        assert!(!list.is_narrowed(), "what was done is no filter");
        assert_eq!(list.with("etat", "MAD"), "/commandes?etat=MAD");
    }
}
