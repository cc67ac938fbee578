//! What is kept of a message: its beginning, with the values that name or reach an end customer
//! put out of sight. The message may be anything, well formed or not, so nothing here parses it: a
//! value is what stands between a tag and its end, and to the end of the text where there is none.

/// What is written for each character of a masked value. As many of them as the value has, and its
/// line ends, so that the line and column told of an error still point to it.
const MASK: char = '*';

/// A name that holds one of these, in whatever case, has its value masked: what our contracts name,
/// and what a sender may name by mistake. Free text of operators is masked too, for it may say
/// anything of anybody.
const MASKED: [&str; 11] = [
    "client",
    "contact",
    "nom",
    "telephone",
    "portable",
    "courriel",
    "mail",
    "naissance",
    "commentaire",
    "infocmdacces",
    "codeacces",
];

/// Names of our answers that hold one of them and neither name nor reach anybody: parts of
/// buildings and of the network, and numbers of dwellings. No request of a contract has them: in a
/// request, they are somebody's mistake.
const SHOWN: [&str; 5] = [
    "nom",
    "nommodulepm",
    "nombrelogements",
    "referenceanomalie",
    "typeanomalie",
];

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The operator: it may be anything.
    Request,
    /// The platform.
    Answer,
}

/// Whether the value of an element or attribute is masked.
#[must_use]
pub fn is_masked(name: &str, side: Side) -> bool {
    let shown = || side == Side::Answer && SHOWN.iter().any(|one| name.eq_ignore_ascii_case(one));
    MASKED.iter().any(|part| holds(name, part)) && !shown()
}

/// Whether `name` holds `part`, in whatever case; asked of every tag of every message.
fn holds(name: &str, part: &str) -> bool {
    let first = part.as_bytes().first().map(u8::to_ascii_lowercase);
    let mut windows = name.as_bytes().windows(part.len().max(1));
    windows.any(|found| {
        found.first().map(u8::to_ascii_lowercase) == first
            && found.eq_ignore_ascii_case(part.as_bytes())
    })
}

/// What is kept of a message: the first `max` bytes of it, masked. A message that holds NUL bytes
/// is no text that can be masked (UTF-16, a compressed file): nothing of it is kept.
#[must_use]
pub fn kept(message: &[u8], max: usize, side: Side) -> String {
    let cut = &message[..message.len().min(max)];
    if cut.contains(&0) {
        return String::new();
    }
    let text = match std::str::from_utf8(cut) {
        Ok(text) => text.into(),
        // Nothing but a character cut in two.
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&cut[..error.valid_up_to()])
        }
        Err(_) => String::from_utf8_lossy(cut),
    };
    masked(&text, side)
}

/// The same text with what is personal in it masked.
#[must_use]
pub fn masked(text: &str, side: Side) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = name_of(rest);
        if name.is_empty() {
            out.push('<');
            rest = &rest[1..];
            continue;
        }
        let Some(end) = tag_end(rest) else {
            // A tag that never ends: what follows may be anything.
            mask(rest, &mut out);
            return out;
        };
        tag(&rest[..end], side, &mut out);
        let empty = rest[..end].ends_with("/>");
        rest = &rest[end..];
        if !empty && is_masked(name, side) {
            let value = value_end(rest, name);
            mask(&rest[..value], &mut out);
            rest = &rest[value..];
        }
    }
    out.push_str(rest);
    out
}

/// The local name of the start tag that `text` begins with; empty when it begins with none.
fn name_of(text: &str) -> &str {
    let inner = &text[1..];
    let end = inner.find(|c: char| c.is_whitespace() || "/><=\"'".contains(c));
    let name = &inner[..end.unwrap_or(inner.len())];
    if name.starts_with(['!', '?']) {
        return "";
    }
    name.rsplit(':').next().unwrap_or_default()
}

/// Where the tag that `text` begins with ends, quotes respected.
fn tag_end(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Writes a start tag, the values of its personal attributes masked.
fn tag(text: &str, side: Side, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = if rest[at..].starts_with('"') {
            '"'
        } else {
            '\''
        };
        let before = rest[..at].trim_end().trim_end_matches('=').trim_end();
        let name = before
            .rsplit(|c: char| c.is_whitespace() || c == ':')
            .next();
        out.push_str(&rest[..=at]);
        rest = &rest[at + 1..];
        let end = rest.find(quote).unwrap_or(rest.len());
        if name.is_some_and(|name| is_masked(name, side)) {
            mask(&rest[..end], out);
        } else {
            out.push_str(&rest[..end]);
        }
        rest = &rest[end..];
        if !rest.is_empty() {
            out.push(quote);
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
}

/// Where the end tag of `name` begins, elements of that name inside it counted, comments and CDATA
/// sections not looked into.
fn value_end(text: &str, name: &str) -> usize {
    let (mut at, mut inside) = (0, 0_usize);
    while let Some(found) = text[at..].find('<') {
        at += found;
        let here = &text[at..];
        let section = [("<!--", "-->"), ("<![CDATA[", "]]>")];
        if let Some((open, close)) = section.into_iter().find(|(open, _)| here.starts_with(open)) {
            let Some(end) = here[open.len()..].find(close) else {
                return text.len();
            };
            at += open.len() + end + close.len();
            continue;
        }
        if here.starts_with("</") && name_of(&here[1..]) == name {
            if inside == 0 {
                return at;
            }
            inside -= 1;
        } else if name_of(here) == name {
            let empty = tag_end(here).is_some_and(|end| here[..end].ends_with("/>"));
            inside += usize::from(!empty);
        }
        at += 1;
    }
    text.len()
}

fn mask(value: &str, out: &mut String) {
    let hidden = |c: char| if c.is_whitespace() { c } else { MASK };
    out.extend(value.chars().map(hidden));
}
