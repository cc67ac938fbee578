//! How the file of a lot is read: its heading, its separator, its encoding, and what a line asks.
//! Pure.

use kernel::{Refusal, codes};

use super::labels;
use crate::order::{PLACE_FIELDS, PlaceOrder, address_key, existing_pto};
use crate::place;

/// Lines of one lot at most, its heading apart.
pub const LINES_MAX: u64 = 50_000;
/// Longest line, in bytes; a quoted field may hold line ends, its line is then as long as all.
pub const LINE_BYTES: usize = 4 * 1024;
/// Longest `ReferenceClient`, in characters.
pub const REFERENCE_MAX: usize = 30;

/// The column of a line's own reference.
pub const REFERENCE: &str = "ReferenceClient";
/// The column of what the search box takes.
pub const ADDRESS: &str = "Adresse";
const PTO: &str = "ReferencePrise";
const STREET: [&str; 3] = [
    "CodeInseeImmeuble",
    "CodeVoieRivoliImmeuble",
    "NumeroVoieImmeuble",
];

/// The columns that are read, in the order of the model; any subset, in any order.
pub const COLUMNS: [&str; 2 + PLACE_FIELDS.len()] = {
    let mut all = [REFERENCE; 2 + PLACE_FIELDS.len()];
    all[1] = ADDRESS;
    let mut i = 0;
    while i < PLACE_FIELDS.len() {
        all[2 + i] = PLACE_FIELDS[i];
        i += 1;
    }
    all
};

/// Separates nothing: a file of one column is read whole lines at a time, whatever they hold.
const NO_SEPARATOR: u8 = 0x1f;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// What the heading of a file says of the lines after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Between two fields.
    pub separator: u8,
    /// The column of each field; `None` for one that is not read.
    pub columns: Vec<Option<&'static str>>,
    /// Headings that are not read, as they are written.
    pub unknown: Vec<String>,
    /// Where the first line after the heading begins, in bytes.
    pub body: u64,
}

/// Why a file is refused, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFault {
    /// The line at fault, numbered as [`Line::number`]; 0 when it is about the whole.
    pub number: u64,
    /// What is wrong.
    pub what: String,
}

impl FileFault {
    pub(super) fn at(number: u64, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { number, what }
    }

    /// `ELOT01`, with what is wrong and where.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let detail = match self.number {
            0 => self.what.clone(),
            number => labels::at_line(number, &self.what),
        };
        Refusal::new(&codes::ELOT01).because(detail).on("fichier")
    }
}

/// Whether the heading at the beginning of a file names a column of lots, and none that orders
/// alone have.
#[must_use]
pub fn is_lot(head: &[u8]) -> bool {
    let line = head.strip_prefix(BOM).unwrap_or(head);
    let line = line.split(|byte| *byte == b'\n').next();
    let (text, _) = decoded(line.unwrap_or_default());
    let text = text.trim_end_matches('\r');
    let names = split(text, separator(text));
    let order = |name: &String| {
        crate::order::FIELDS
            .iter()
            .any(|field| field.name == name.trim())
    };
    names.iter().any(|name| known(name).is_some())
        && names
            .iter()
            .all(|name| known(name).is_some() || !order(name))
}

/// Reads the heading at the beginning of a file: `head` holds its first line, if that is within
/// [`LINE_BYTES`].
///
/// # Errors
/// No heading, a column twice, or none that names a place.
pub fn layout(head: &[u8]) -> Result<Layout, FileFault> {
    let start = if head.starts_with(BOM) { BOM.len() } else { 0 };
    let rest = &head[start..];
    let end = rest.iter().position(|byte| *byte == b'\n');
    let line = &rest[..end.unwrap_or(rest.len())];
    if line.len() > LINE_BYTES {
        return Err(FileFault::at(1, labels::LONG_LINE));
    }
    let (text, _) = decoded(line);
    let text = text.trim_end_matches('\r');
    let separator = separator(text);
    let names = split(text, separator);
    let mut layout = Layout {
        separator,
        columns: Vec::new(),
        unknown: Vec::new(),
        body: (start + end.map_or(line.len(), |at| at + 1)) as u64,
    };
    for name in &names {
        let known = known(name);
        if let Some(known) = known
            && layout.columns.contains(&Some(known))
        {
            return Err(FileFault::at(1, labels::twice(known)));
        }
        if known.is_none() && !name.trim().is_empty() {
            layout.unknown.push(shown(name));
        }
        layout.columns.push(known);
    }
    // One column of free texts needs no name of the trade; a first line that holds a digit is no
    // name at all.
    let one = names.len() == 1 && layout.columns == [None];
    if one && !text.trim().is_empty() && !text.contains(|c: char| c.is_ascii_digit()) {
        layout.columns = vec![Some(ADDRESS)];
        layout.unknown.clear();
    }
    let has = |name: &str| layout.columns.contains(&Some(name));
    let alone = [ADDRESS, "IdentifiantImmeuble", "CodeAdresseImmeuble", PTO];
    if !alone.into_iter().any(has) && !STREET.into_iter().all(has) {
        return Err(FileFault::at(1, labels::no_key(&layout.unknown)));
    }
    Ok(layout)
}

/// A heading as it is told, bounded.
fn shown(name: &str) -> String {
    let plain = name.trim().trim_matches('"').chars();
    plain.filter(|c| !c.is_control()).take(60).collect()
}

/// What separates the names of a heading: the first of `;`, tab and comma that separates any, when
/// the names it makes are known; a comma may stand in a name of the sender's own.
fn separator(text: &str) -> u8 {
    for separator in [b';', b'\t', b','] {
        let names = split(text, separator);
        let sure = separator != b',' || names.iter().any(|name| known(name).is_some());
        if names.len() > 1 && sure {
            return separator;
        }
    }
    NO_SEPARATOR
}

/// The fields of one line of text, without the quotes around them.
fn split(text: &str, separator: u8) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    for c in text.chars() {
        match c {
            '"' => quoted = !quoted,
            c if c == char::from(separator) && !quoted => {
                fields.push(std::mem::take(&mut field));
            }
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// The column a heading names: letters and digits count, accents and case do not.
fn known(name: &str) -> Option<&'static str> {
    let plain: String = name
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'é' | 'è' | 'ê' => 'e',
            'à' | 'â' => 'a',
            'î' => 'i',
            c => c,
        })
        .filter(|c| c.is_alphanumeric())
        .collect();
    if matches!(plain.as_str(), "adresses" | "adressecomplete") {
        return Some(ADDRESS);
    }
    let same = |column: &&str| column.to_lowercase() == plain;
    COLUMNS.into_iter().find(|column| same(column))
}

/// A text in UTF-8, else in Windows-1252; and whether it was UTF-8.
#[must_use]
pub fn decoded(bytes: &[u8]) -> (String, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.to_owned(), true),
        Err(_) => {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
            (text.into_owned(), false)
        }
    }
}

/// Whether a text holds what no keyboard writes: it was in another encoding, or is no text.
#[must_use]
pub fn is_garbled(text: &str) -> bool {
    let strange = |c: char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    text.contains(strange) || text.contains('\u{fffd}')
}

/// What one line asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its place in the file: the heading is line 1, as in a spreadsheet.
    pub number: u64,
    /// The operator's own reference.
    pub reference: String,
    /// What the search box is given, when no key is.
    pub address: String,
    /// The trade's fields.
    pub fields: PlaceOrder,
    /// It cannot be asked.
    pub refusal: Option<Refusal>,
}

impl Line {
    /// Whether a key of the trade names the place.
    #[must_use]
    pub fn has_key(&self) -> bool {
        [
            "IdentifiantImmeuble",
            "CodeAdresseImmeuble",
            "CodeInseeImmeuble",
            "CodeVoieRivoliImmeuble",
        ]
        .into_iter()
        .any(|name| self.fields.given(name).is_some())
    }

    /// What it is refused for before the network is looked at.
    ///
    /// # Errors
    /// `FIMP15` when it names no place, `FIMP16` for what cannot be read.
    pub fn check(&self) -> Result<(), Refusal> {
        if let Some(refusal) = &self.refusal {
            return Err(refusal.clone());
        }
        if self.has_key() {
            address_key(&self.fields)?;
        } else {
            place::usecases::readable(&self.address)?;
        }
        existing_pto(&self.fields).map(drop)
    }

    /// What was asked, in one text.
    #[must_use]
    pub fn asked(&self) -> String {
        let pair = |(name, value): (&str, &str)| format!("{name} {value}");
        let address = (!self.address.is_empty()).then(|| self.address.clone());
        let parts: Vec<String> = address
            .into_iter()
            .chain(self.fields.pairs().map(pair))
            .collect();
        parts.join(", ")
    }
}

/// Reads the fields of a line. A line that cannot be read is answered by its own refusal: the
/// others are not concerned.
#[must_use]
pub fn line(layout: &Layout, number: u64, fields: &[String]) -> Line {
    let named = |name: &str| {
        let at = layout.columns.iter().position(|one| *one == Some(name));
        at.and_then(|at| fields.get(at))
            .map_or("", |text| text.trim())
    };
    let trade = COLUMNS
        .iter()
        .filter(|name| ![REFERENCE, ADDRESS].contains(name));
    let mut line = Line {
        number,
        reference: named(REFERENCE).chars().take(REFERENCE_MAX).collect(),
        address: named(ADDRESS).to_owned(),
        fields: PlaceOrder::from_pairs(trade.map(|name| (*name, named(name)))),
        refusal: None,
    };
    let refuse = |name: &str, detail: &str| {
        let refusal = Refusal::new(&codes::FIMP16).on(name);
        Some(if detail.is_empty() {
            refusal
        } else {
            refusal.because(detail)
        })
    };
    if named(REFERENCE).chars().count() > REFERENCE_MAX {
        line.refusal = refuse(REFERENCE, labels::LONG_REFERENCE);
    }
    if fields.len() > layout.columns.len() {
        line.refusal = refuse(ADDRESS, labels::MANY_FIELDS);
    }
    if line.address.is_empty() && !line.has_key() {
        // A PTO alone is a place too: the search box takes it.
        line.address = line.fields.get(PTO).to_owned();
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(head: &str) -> Vec<Option<&'static str>> {
        layout(head.as_bytes()).unwrap().columns
    }

    fn detail(head: &[u8]) -> String {
        let refusal = layout(head).unwrap_err().refusal();
        assert_eq!(refusal.code, "ELOT01");
        refusal.detail.unwrap()
    }

    #[test]
    fn a_heading_is_read_whatever_separates_it_and_however_it_is_written() {
        let expected = vec![
            Some(REFERENCE),
            Some("IdentifiantImmeuble"),
            None,
            Some("Etage"),
        ];
        for (head, separator) in [
            ("ReferenceClient;IdentifiantImmeuble;Note;Etage\n", b';'),
            (
                "referenceclient\tIdentifiant Immeuble\tNote\tÉtage\r\n",
                b'\t',
            ),
            (
                "\"ReferenceClient\",\"IdentifiantImmeuble\",\"Note, et suite\",\"Etage\"",
                b',',
            ),
            (
                "\u{feff}reference_client;identifiant-immeuble;Note;etage",
                b';',
            ),
        ] {
            let read = layout(head.as_bytes()).unwrap();
            assert_eq!(
                (&read.columns, read.separator),
                (&expected, separator),
                "{head}"
            );
            assert_eq!(read.unknown.len(), 1, "{head}");
            assert_eq!(read.body as usize, head.len(), "{head}");
        }
    }

    #[test]
    fn one_free_column_is_enough_and_its_commas_separate_nothing() {
        for head in ["Adresse", "adresses", "Clients à démarcher", "Rue, commune"] {
            assert_eq!(columns(head), [Some(ADDRESS)], "{head}");
        }
        let read = layout("Adresse\n12 rue; la Tour, Laval".as_bytes()).unwrap();
        assert_eq!(read.separator, NO_SEPARATOR);
        // A file without a heading would lose its first address.
        assert!(detail("12 rue des Tilleuls, Laval\n".as_bytes()).contains("ligne 1"));
    }

    #[test]
    fn a_file_that_names_no_place_is_refused_with_the_columns_that_do() {
        for head in [
            "",
            "\n",
            "ReferenceClient;Etage",
            "a;b;c",
            "CodeInseeImmeuble;Etage",
        ] {
            let said = detail(head.as_bytes());
            assert!(said.contains("IdentifiantImmeuble"), "{head}: {said}");
        }
        assert!(detail(b"a;b;c").contains("« a »"));
        assert!(detail(b"Adresse;Etage;\xc9tage").contains("Etage"));
        assert!(detail(&vec![b'a'; LINE_BYTES + 1]).contains("ligne 1"));
    }

    #[test]
    fn a_line_is_read_by_its_columns_and_refused_by_itself() {
        let head = layout(b"Etage;ReferenceClient;ReferencePrise;Adresse").unwrap();
        let read = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
            line(&head, 2, &fields)
        };
        let one = read(&["2", " A1 ", "", " 12 rue X "]);
        assert_eq!(
            (one.reference.as_str(), one.address.as_str()),
            ("A1", "12 rue X")
        );
        assert_eq!(one.asked(), "12 rue X, Etage 2");
        // A PTO alone is looked for like any text.
        assert_eq!(read(&["", "", "FI-AAAA-BBBB", ""]).address, "FI-AAAA-BBBB");
        // Missing fields are empty, fields beyond the heading refuse the line.
        assert_eq!(read(&["2"]).refusal, None);
        let codes = |line: Line| line.refusal.map(|refusal| refusal.code);
        assert_eq!(
            codes(read(&["", "", "", "", "x"])).as_deref(),
            Some("FIMP16")
        );
        assert_eq!(
            codes(read(&["", &"r".repeat(31)])).as_deref(),
            Some("FIMP16")
        );
    }

    #[test]
    fn texts_are_utf8_or_windows_1252() {
        assert_eq!(decoded("été".as_bytes()), ("été".to_owned(), true));
        assert_eq!(decoded(b"\xe9t\xe9 \x80"), ("été €".to_owned(), false));
        assert!(is_garbled(&decoded(b"\xe9\x81").0) && is_garbled("a\u{1}"));
        assert!(!is_garbled("a\tb"));
    }
}
