//! The lines of a file: their bounds, their encoding, their fields.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};

use jiff::civil::Date;
use sha2::{Digest, Sha256};

use super::Columns;
use crate::hash::{QuickBuild, hash};
use crate::labels::{FileFault, REJECT_COLUMNS};
use crate::report::{Reject, RejectCode};

/// Longest line read, in bytes.
const LINE_BYTES_MAX: usize = 64 * 1024;
/// Most columns read.
const COLUMNS_MAX: usize = 500;
/// Lines handed at once from the thread that reads them to the one that checks them.
const BATCH_LINES: usize = 256;
/// Read from the disk at once.
const BUFFER_BYTES: usize = 256 * 1024;
/// What lines become when they are read: raised whenever a reader changes what it makes of a line,
/// so that lines which have not changed are read again.
const READING: u64 = 2;

/// A file that can be read more than once.
pub trait Source: Read + Seek + Send {}
impl<T: Read + Seek + Send> Source for T {}

/// Why reading stopped.
#[derive(Debug)]
pub enum ReadError {
    /// The file is at fault.
    File(FileFault),
    /// The disk is.
    Io(io::Error),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<FileFault> for ReadError {
    fn from(fault: FileFault) -> Self {
        Self::File(fault)
    }
}

/// What a first reading tells: all later ones rely on it.
#[derive(Clone, Debug)]
pub struct Scan {
    /// SHA-256, in hexadecimal.
    pub digest: String,
    /// Whether the whole file is UTF-8.
    pub utf8: bool,
    /// Lines, header included.
    pub lines: u64,
}

/// Reads the file once, bounding its lines.
pub fn scan(source: &mut dyn Source) -> Result<Scan, ReadError> {
    source.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(BUFFER_BYTES, source);
    let (mut hash, mut lines) = (Sha256::new(), 0);
    let (mut accented, mut foreign) = (false, false);
    let mut line = Vec::new();
    while read_line(&mut reader, lines + 1, &mut line)? {
        lines += 1;
        if memchr::memchr(0, &line).is_some() {
            return Err(FileFault::Unreadable(lines).into());
        }
        hash.update(&line);
        if line.is_ascii() {
            continue;
        }
        match std::str::from_utf8(&line) {
            // A byte order mark is no accent.
            Ok(text) => accented |= !text.trim_start_matches('\u{feff}').is_ascii(),
            Err(_) => foreign = true,
        }
        if accented && foreign {
            return Err(FileFault::MixedEncodings(lines).into());
        }
    }
    let digest = hash.finalize();
    Ok(Scan {
        digest: digest.iter().map(|byte| format!("{byte:02x}")).collect(),
        utf8: !foreign,
        lines,
    })
}

/// Reads line `number` with its end; false when there is none.
fn read_line(
    reader: &mut impl BufRead,
    number: u64,
    line: &mut Vec<u8>,
) -> Result<bool, ReadError> {
    line.clear();
    loop {
        let buffer = match reader.fill_buf() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            other => other?,
        };
        let end = memchr::memchr(b'\n', buffer);
        let taken = end.map_or(buffer.len(), |at| at + 1);
        if line.len() + taken > LINE_BYTES_MAX {
            return Err(FileFault::Unreadable(number).into());
        }
        line.extend_from_slice(&buffer[..taken]);
        reader.consume(taken);
        if end.is_some() || taken == 0 {
            return Ok(!line.is_empty());
        }
    }
}

/// Where each column is. Readers ask by the same few texts for every line: where such a text lies
/// in memory is remembered, which is quicker than its hash.
#[derive(Default)]
struct Positions {
    by_name: HashMap<&'static str, usize, QuickBuild>,
    /// Address and length of a name, and its position; `usize::MAX` for a column that is not there.
    asked: Box<[Cell<(usize, usize, usize)>]>,
}

/// Names remembered; a power of two.
const ASKED: usize = 512;

impl Positions {
    fn get(&self, column: &'static str) -> Option<usize> {
        let (address, length) = (column.as_ptr().addr(), column.len());
        let slot = &self.asked[(address ^ (address >> 9) ^ (length << 3)) % ASKED];
        let (same, as_long, position) = slot.get();
        if (same, as_long) == (address, length) {
            return Some(position).filter(|&at| at != usize::MAX);
        }
        let position = self.by_name.get(column).copied();
        slot.set((address, length, position.unwrap_or(usize::MAX)));
        position
    }
}

/// The lines of a file after its header.
pub struct Lines {
    feed: Feed,
    heading: Heading,
    raw: Raw,
    /// Columns the platform does not read.
    pub unknown: Vec<String>,
    /// The file is a list of refused lines that were corrected: it says nothing of the others.
    pub is_correction: bool,
}

/// Where lines come from.
struct Feed {
    reader: BufReader<Box<dyn Source>>,
    utf8: bool,
    seed: u64,
    number: u64,
}

/// Which columns there are.
pub struct Heading {
    positions: Positions,
    width: usize,
    bytes: Vec<u8>,
}

/// One line, its fields not named yet.
#[derive(Default)]
pub struct Raw {
    bytes: Vec<u8>,
    number: u64,
    record: Record,
    closed: bool,
    digest: i64,
}

/// The fields of one line.
#[derive(Default)]
struct Record {
    text: String,
    /// Where each field begins and ends in `text`.
    fields: Vec<(usize, usize)>,
}

impl Record {
    fn get(&self, at: usize) -> Option<&str> {
        let &(from, to) = self.fields.get(at)?;
        self.text.get(from..to)
    }

    /// Takes a line without its end; false when a quote is not closed.
    fn set(&mut self, line: &[u8], utf8: bool) -> bool {
        self.text.clear();
        self.fields.clear();
        match std::str::from_utf8(line) {
            Ok(text) if utf8 || line.is_ascii() => self.text.push_str(text),
            _ => {
                let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(line);
                self.text.push_str(&text);
            }
        }
        if memchr::memchr(b'"', line).is_some() {
            return self.split_quoted();
        }
        self.split_plain();
        true
    }

    /// Eight bytes at a time: fields are too short for a search that begins anew at each.
    fn split_plain(&mut self) {
        let mut from = 0;
        let mut end = |fields: &mut Vec<(usize, usize)>, to: usize| {
            fields.push((from, to));
            from = to + 1;
        };
        let (words, rest) = self.text.as_bytes().as_chunks::<8>();
        for (n, word) in words.iter().enumerate() {
            let mut marks = separators(u64::from_le_bytes(*word));
            while marks != 0 {
                end(
                    &mut self.fields,
                    8 * n + marks.trailing_zeros() as usize / 8,
                );
                marks &= marks - 1;
            }
        }
        let before = 8 * words.len();
        for (at, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == b';') {
            end(&mut self.fields, before + at);
        }
        end(&mut self.fields, self.text.len());
    }

    fn split_quoted(&mut self) -> bool {
        let line = std::mem::take(&mut self.text);
        let (mut from, mut quoted) = (0, false);
        let mut chars = line.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '"' if quoted && chars.peek() == Some(&'"') => {
                    chars.next();
                    self.text.push('"');
                }
                '"' if quoted => quoted = false,
                '"' if self.text.len() == from => quoted = true,
                ';' if !quoted => {
                    self.fields.push((from, self.text.len()));
                    from = self.text.len();
                }
                other => self.text.push(other),
            }
        }
        self.fields.push((from, self.text.len()));
        !quoted
    }
}

/// The highest bit of each byte of `word` that is a `;`, and no other bit.
fn separators(word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let differing = word ^ 0x3b3b_3b3b_3b3b_3b3b;
    !(((differing & LOW) + LOW) | differing | LOW)
}

impl Feed {
    /// Reads up to the next line that is not blank; false at the end.
    fn advance(&mut self, raw: &mut Raw) -> Result<bool, ReadError> {
        loop {
            if !read_line(&mut self.reader, self.number + 1, &mut raw.bytes)? {
                return Ok(false);
            }
            self.number += 1;
            if !raw.bytes.trim_ascii().is_empty() {
                raw.number = self.number;
                return Ok(true);
            }
        }
    }

    /// Finds the fields of a line.
    fn split(&self, raw: &mut Raw) {
        raw.digest = hash(self.seed, bare(&raw.bytes)).max(1).cast_signed();
        raw.closed = raw.record.set(bare(&raw.bytes), self.utf8);
    }

    /// Sends all lines, in batches that come back to be filled again.
    fn send_all(
        mut self,
        full: &SyncSender<Vec<Raw>>,
        emptied: &Receiver<Vec<Raw>>,
    ) -> Result<Self, ReadError> {
        loop {
            let mut batch = emptied.try_recv().unwrap_or_default();
            batch.resize_with(BATCH_LINES, Raw::default);
            let mut filled = 0;
            while filled < BATCH_LINES && self.advance(&mut batch[filled])? {
                self.split(&mut batch[filled]);
                filled += 1;
            }
            batch.truncate(filled);
            // Whoever takes them has failed, and says so.
            if full.send(batch).is_err() || filled < BATCH_LINES {
                return Ok(self);
            }
        }
    }
}

/// The line without its end.
fn bare(line: &[u8]) -> &[u8] {
    let bare = line.strip_suffix(b"\n").unwrap_or(line);
    bare.strip_suffix(b"\r").unwrap_or(bare)
}

impl Raw {
    /// Its fields, by name.
    ///
    /// # Errors
    /// A quote is not closed.
    pub fn line<'a>(&'a self, heading: &'a Heading) -> Result<Line<'a>, ReadError> {
        if !self.closed {
            return Err(FileFault::OpenQuote(self.number).into());
        }
        Ok(Line {
            positions: &heading.positions,
            record: &self.record,
            width: heading.width,
            number: self.number,
        })
    }

    /// Of its bytes, the header, the encoding and the way it is read: never 0.
    pub fn digest(&self) -> i64 {
        self.digest
    }

    /// Its bytes as they stand, without its end.
    pub fn bytes(&self) -> &[u8] {
        bare(&self.bytes)
    }
}

impl Heading {
    /// Its bytes as they stand, without byte order mark and end.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Lines {
    /// Reads the header. `said_by` tells apart the kinds of file that may say the same line.
    pub fn open(
        mut source: Box<dyn Source>,
        utf8: bool,
        columns: &Columns,
        said_by: &str,
    ) -> Result<Self, ReadError> {
        source.seek(SeekFrom::Start(0))?;
        let mut feed = Feed {
            reader: BufReader::with_capacity(BUFFER_BYTES, source),
            utf8,
            seed: 0,
            number: 0,
        };
        let mut raw = Raw::default();
        if !feed.advance(&mut raw)? {
            return Err(FileFault::Empty.into());
        }
        let mark = "\u{feff}".as_bytes();
        let header = bare(&raw.bytes);
        let header = header.strip_prefix(mark).unwrap_or(header).to_vec();
        if !raw.record.set(&header, utf8) {
            return Err(FileFault::OpenQuote(raw.number).into());
        }
        let version = hash(READING, env!("CARGO_PKG_VERSION").as_bytes());
        let seed = hash(version ^ u64::from(utf8), said_by.as_bytes());
        feed.seed = hash(seed, &header);
        let heading = Heading {
            positions: Positions {
                asked: vec![Cell::default(); ASKED].into(),
                ..Positions::default()
            },
            width: raw.record.fields.len(),
            bytes: header,
        };
        let mut lines = Self {
            feed,
            heading,
            raw,
            unknown: Vec::new(),
            is_correction: false,
        };
        lines.read_header(columns)?;
        Ok(lines)
    }

    fn read_header(&mut self, columns: &Columns) -> Result<(), FileFault> {
        let known = || columns.required.iter().chain(columns.optional).copied();
        let Heading {
            positions, width, ..
        } = &mut self.heading;
        if *width > COLUMNS_MAX {
            return Err(FileFault::TooManyColumns(*width));
        }
        for position in 0..*width {
            let name = self.raw.record.get(position).unwrap_or_default().trim();
            match known().find(|known| known.eq_ignore_ascii_case(name)) {
                Some(known) if positions.by_name.insert(known, position).is_some() => {
                    return Err(FileFault::RepeatedColumn(known));
                }
                Some(_) => {}
                None if REJECT_COLUMNS.contains(&name) => self.is_correction = true,
                None => self.unknown.push(name.to_owned()),
            }
        }
        let missing = |name: &&&'static str| !positions.by_name.contains_key(**name);
        let missing: Vec<_> = columns.required.iter().filter(missing).copied().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(FileFault::MissingColumns(missing))
        }
    }

    /// The header.
    pub fn heading(&self) -> &Heading {
        &self.heading
    }

    /// Reads up to the next line that is not blank; false at the end.
    pub fn advance(&mut self) -> Result<bool, ReadError> {
        self.feed.advance(&mut self.raw)
    }

    /// The line that [`Lines::advance`] came to.
    pub fn line(&mut self) -> Result<Line<'_>, ReadError> {
        self.feed.split(&mut self.raw);
        self.raw.line(&self.heading)
    }

    /// The digest of the line that [`Lines::line`] gave.
    pub fn digest(&self) -> i64 {
        self.raw.digest
    }

    /// Gives every line to `f`, while another thread reads those after it. The file comes back.
    pub fn each(
        self,
        mut f: impl FnMut(&Heading, &Raw) -> Result<(), ReadError>,
    ) -> Result<Box<dyn Source>, ReadError> {
        let Self { feed, heading, .. } = self;
        let (full, batches) = sync_channel(2);
        let (empty, emptied) = channel();
        std::thread::scope(|threads| {
            let reading = threads.spawn(move || feed.send_all(&full, &emptied));
            let taken = batches.into_iter().try_for_each(|batch: Vec<Raw>| {
                batch.iter().try_for_each(|raw| f(&heading, raw))?;
                // The last ones are not wanted any more.
                let _ = empty.send(batch);
                Ok(())
            });
            let panicked = |_| Err(ReadError::Io(io::Error::other("reading panicked")));
            let read = reading.join().unwrap_or_else(panicked);
            taken.and(read).map(|feed| feed.reader.into_inner())
        })
    }

    /// The file.
    pub fn into_source(self) -> Box<dyn Source> {
        self.feed.reader.into_inner()
    }
}

/// One line, read by column name.
pub struct Line<'a> {
    positions: &'a Positions,
    record: &'a Record,
    width: usize,
    number: u64,
}

impl Line<'_> {
    /// The refusal of this line.
    pub fn reject(&self, column: &'static str, code: RejectCode) -> Reject {
        Reject {
            line: self.number,
            column,
            code,
        }
    }

    /// Refuses a line that has another number of fields than the header.
    pub fn check_width(&self) -> Result<(), Reject> {
        let same = self.record.fields.len() == self.width;
        if same {
            Ok(())
        } else {
            Err(self.reject("", RejectCode::Format))
        }
    }

    /// Whether the file has the column.
    pub fn has(&self, column: &'static str) -> bool {
        self.positions.get(column).is_some()
    }

    /// The field as it stands, without surrounding blanks; empty when there is no such column.
    pub fn raw(&self, column: &'static str) -> &str {
        let position = self.positions.get(column);
        position
            .and_then(|at| self.record.get(at))
            .unwrap_or("")
            .trim()
    }

    /// A text of at most `max` characters.
    pub fn text(&self, column: &'static str, max: usize) -> Result<String, Reject> {
        let text = self.raw(column);
        if text.chars().count() > max || text.chars().any(char::is_control) {
            return Err(self.reject(column, RejectCode::Format));
        }
        Ok(text.to_owned())
    }

    /// As [`Line::text`], and not empty.
    pub fn required(&self, column: &'static str, max: usize) -> Result<String, Reject> {
        let text = self.text(column, max)?;
        if text.is_empty() {
            return Err(self.reject(column, RejectCode::MissingField));
        }
        Ok(text)
    }

    /// A code of exactly `length` ASCII letters and digits, or nothing.
    pub fn code(&self, column: &'static str, length: usize) -> Result<String, Reject> {
        let text = self.raw(column);
        let alnum = text.bytes().all(|b| b.is_ascii_alphanumeric());
        if !text.is_empty() && (text.len() != length || !alnum) {
            return Err(self.reject(column, RejectCode::Format));
        }
        Ok(text.to_ascii_uppercase())
    }

    /// As [`Line::code`], and not empty.
    pub fn required_code(&self, column: &'static str, length: usize) -> Result<String, Reject> {
        let text = self.code(column, length)?;
        if text.is_empty() {
            return Err(self.reject(column, RejectCode::MissingField));
        }
        Ok(text)
    }

    /// A whole number from 0 on; 0 for nothing.
    pub fn count(&self, column: &'static str) -> Result<i64, Reject> {
        let text = self.raw(column);
        if text.is_empty() {
            return Ok(0);
        }
        let number = text.parse::<u32>().map(i64::from);
        number.map_err(|_| self.reject(column, RejectCode::Format))
    }

    /// A number with a decimal comma or point.
    pub fn decimal(&self, column: &'static str) -> Result<Option<f64>, Reject> {
        let text = self.raw(column);
        if text.is_empty() {
            return Ok(None);
        }
        match text.replace(',', ".").parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.reject(column, RejectCode::Format)),
        }
    }

    /// A date AAAAMMJJ.
    pub fn date(&self, column: &'static str) -> Result<Option<Date>, Reject> {
        let text = self.raw(column);
        if text.is_empty() {
            return Ok(None);
        }
        let date = compact_date(text);
        date.map(Some)
            .ok_or_else(|| self.reject(column, RejectCode::Format))
    }

    /// `O` or `N`; nothing means no.
    pub fn flag(&self, column: &'static str) -> Result<bool, Reject> {
        match self.raw(column) {
            "O" => Ok(true),
            "N" | "" => Ok(false),
            _ => Err(self.reject(column, RejectCode::Value)),
        }
    }

    /// The one of `all` that is written so; the field must be filled.
    pub fn choice<T: Copy>(
        &self,
        column: &'static str,
        all: &[T],
        literal: impl Fn(T) -> &'static str,
    ) -> Result<T, Reject> {
        let text = self.raw(column);
        let code = if text.is_empty() {
            RejectCode::MissingField
        } else {
            RejectCode::Value
        };
        let found = all.iter().copied().find(|&value| literal(value) == text);
        found.ok_or_else(|| self.reject(column, code))
    }
}

/// Reads a date AAAAMMJJ.
pub fn compact_date(text: &str) -> Option<Date> {
    if text.len() != 8 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year = text[..4].parse().ok()?;
    let month = text[4..6].parse().ok()?;
    let day = text[6..].parse().ok()?;
    Date::new(year, month, day)
        .ok()
        .filter(|date| date.year() >= 1900)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_read_as_spreadsheets_write_them() {
        let fields = |line: &str| {
            let mut record = Record::default();
            let closed = record.set(line.as_bytes(), true);
            let all = (0..record.fields.len()).filter_map(|at| record.get(at));
            (closed, all.map(str::to_owned).collect::<Vec<_>>())
        };
        let all = |of: &[&str]| (true, of.iter().map(|&f| f.to_owned()).collect::<Vec<_>>());
        assert_eq!(fields("a;;c"), all(&["a", "", "c"]));
        assert_eq!(fields(""), all(&[""]));
        for length in 0..40 {
            let texts = ["é".repeat(length), String::new(), "x:<".repeat(length % 7)];
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            assert_eq!(fields(&texts.join(";")), all(&texts), "{length}");
        }
        assert_eq!(fields("\"a;b\";\"c\"\"d\";e"), all(&["a;b", "c\"d", "e"]));
        assert_eq!(fields("3\" 1/2;\"\";x"), all(&["3\" 1/2", "", "x"]));
        assert!(!fields("a;\"b").0);
    }
}
