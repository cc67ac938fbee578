//! Messages laid out for reading: an element on each line, indented. What stands in them is copied
//! as it was written, so that nothing is lost or repaired on the way.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// Bytes of a message that is laid out.
const BYTES_MAX: usize = 128 * 1024;
/// Levels that are indented; deeper ones stand no further right.
const INDENT_MAX: usize = 32;

/// A message laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pretty {
    /// Its lines.
    pub lines: Vec<String>,
    /// Where in them, from 1, the element stands that was asked for.
    pub marked: Option<usize>,
}

/// Lays out a message, and finds in it the element that begins at a line and column (from 1, in
/// characters) of what was sent. `None` for what is not well formed, was cut, or is too large.
#[must_use]
pub fn pretty(text: &str, place: Option<(usize, usize)>) -> Option<Pretty> {
    if text.is_empty() || text.len() > BYTES_MAX {
        return None;
    }
    let mark = place.and_then(|(line, column)| offset(text, line, column));
    let mut reader = Reader::from_str(text);
    let mut out = Pretty::default();
    let (mut depth, mut leaf) = (0_usize, false);
    loop {
        let from = position(&reader);
        let event = reader.read_event().ok()?;
        let raw = text.get(from..position(&reader))?;
        match event {
            Event::Eof if depth == 0 && !out.lines.is_empty() => return Some(out),
            Event::Eof => return None,
            Event::End(_) if leaf => {
                depth = depth.checked_sub(1)?;
                leaf = false;
                out.append(raw);
            }
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                out.line(depth, raw);
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) if leaf => out.append(raw),
            Event::Text(_) if raw.trim().is_empty() => {}
            Event::Text(_) | Event::CData(_) if depth == 0 => return None,
            Event::Start(_) => {
                out.close_leaf(leaf);
                out.mark(mark == Some(from), depth, raw);
                depth += 1;
                leaf = true;
            }
            _ => {
                out.close_leaf(leaf);
                leaf = false;
                out.mark(mark == Some(from), depth, raw.trim());
            }
        }
    }
}

/// A message of our own, laid out for reading.
///
/// ```
/// let shown = soap::indented("<s:E><a><b>1 &gt; 0</b><c/></a></s:E>");
/// assert_eq!(shown, "<s:E>\n  <a>\n    <b>1 &gt; 0</b>\n    <c/>\n  </a>\n</s:E>");
/// ```
#[must_use]
pub fn indented(text: &str) -> String {
    pretty(text, None).map_or_else(|| text.to_owned(), |pretty| pretty.lines.join("\n"))
}

impl Pretty {
    fn line(&mut self, depth: usize, raw: &str) {
        let mut line = "  ".repeat(depth.min(INDENT_MAX));
        line.push_str(raw);
        self.lines.push(line);
    }

    fn append(&mut self, raw: &str) {
        if let Some(last) = self.lines.last_mut() {
            last.push_str(raw);
        }
    }

    fn mark(&mut self, marked: bool, depth: usize, raw: &str) {
        self.line(depth, raw);
        if marked {
            self.marked = Some(self.lines.len());
        }
    }

    /// What stands before an element inside another is only its sender's own layout.
    fn close_leaf(&mut self, leaf: bool) {
        if let Some(last) = self.lines.last_mut().filter(|_| leaf) {
            last.truncate(last.trim_end().len());
        }
    }
}

fn position(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

/// The byte at a line and column.
fn offset(text: &str, line: usize, column: usize) -> Option<usize> {
    let mut start = 0;
    for _ in 1..line {
        start += text[start..].find('\n')? + 1;
    }
    let (at, _) = text[start..].char_indices().nth(column.checked_sub(1)?)?;
    Some(start + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_a_line_and_the_one_that_was_asked_for_is_found() {
        let sent = "<?xml version=\"1.0\"?><a x='1'>\n\
                    <b>é &amp; <![CDATA[<]]></b><c/> <d> <e>1</e></d></a>";
        let found = pretty(sent, Some((2, 29))).unwrap();
        let lines = [
            "<?xml version=\"1.0\"?>",
            "<a x='1'>",
            "  <b>é &amp; <![CDATA[<]]></b>",
            "  <c/>",
            "  <d>",
            "    <e>1</e>",
            "  </d>",
            "</a>",
        ];
        assert_eq!(found.lines, lines);
        assert_eq!(found.marked, Some(4));
        assert_eq!(pretty(sent, None).unwrap().marked, None);
        assert_eq!(pretty(sent, Some((9, 1))).unwrap().marked, None);
    }

    #[test]
    fn what_cannot_be_read_is_not_laid_out() {
        let deep = "<a>".repeat(9_000);
        for sent in ["", "a", "<a>", "<a></b>", "</a>", "<a", &deep] {
            assert_eq!(pretty(sent, Some((1, 1))), None, "{:.20}", sent);
        }
        assert_eq!(pretty(&" ".repeat(BYTES_MAX + 1), None), None);
    }
}
