//! Reading reference files: `;` between fields, a header in any order, UTF-8 with or without byte
//! order mark or else Windows-1252 (of which Latin-1's texts are a part), decimal comma, dates
//! AAAAMMJJ. Column names are the trade's.

mod ipe;
mod network;

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use domain::release::{Kind, Row, Table};
use jiff::civil::Date;
use sha2::{Digest, Sha256};

use crate::compare::Known;
use crate::labels::FileFault;
use crate::report::{ImportReport, Reject, RejectCode};

/// Longest line read, in bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

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
#[derive(Debug)]
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
    let mut reader = BufReader::new(source);
    let (mut hash, mut utf8, mut lines) = (Sha256::new(), true, 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = (&mut reader)
            .take(LINE_BYTES_MAX + 1)
            .read_until(b'\n', &mut line)?;
        if length == 0 {
            break;
        }
        lines += 1;
        if length as u64 > LINE_BYTES_MAX || line.contains(&0) {
            return Err(FileFault::Unreadable(lines).into());
        }
        hash.update(&line);
        utf8 = utf8 && std::str::from_utf8(&line).is_ok();
    }
    let digest = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(Scan {
        digest,
        utf8,
        lines,
    })
}

/// The columns a kind of file has.
pub struct Columns {
    /// Without one of these, the file is of another kind.
    pub required: &'static [&'static str],
    /// Read when they are there.
    pub optional: &'static [&'static str],
}

/// The columns of `kind`.
pub fn columns(kind: Kind) -> Columns {
    match kind {
        Kind::Ipe => ipe::COLUMNS,
        Kind::Structure => network::STRUCTURE,
        Kind::Fibres => network::FIBRES,
        Kind::Prises => network::PRISES,
        Kind::Adduction => network::ADDUCTION,
    }
}

/// Turns the lines of one kind of file into rows.
pub trait RowReader: Send {
    /// The table the rows go to.
    fn table(&self) -> Table;

    /// The key of a line, valid or not; called once a line, before [`RowReader::read`].
    fn key(&mut self, line: &Line<'_>) -> String;

    /// The row of a line, or why it is refused. Anomalies go to the report.
    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject>;

    /// The column that names the key in a refusal.
    fn key_column(&self) -> &'static str;

    /// PM rows gathered from the lines read, for the one kind that describes PMs.
    fn take_pms(&mut self) -> Vec<Row> {
        Vec::new()
    }
}

/// The reader of `kind`.
pub fn reader(kind: Kind) -> Box<dyn RowReader> {
    match kind {
        Kind::Ipe => Box::<ipe::IpeReader>::default(),
        Kind::Structure => Box::<network::StructureReader>::default(),
        Kind::Fibres => Box::new(network::FibreReader),
        Kind::Prises => Box::new(network::PtoReader),
        Kind::Adduction => Box::new(network::PresenceReader),
    }
}

/// The lines of a file after its header.
pub struct Lines<'a> {
    csv: csv::Reader<&'a mut dyn Source>,
    utf8: bool,
    positions: HashMap<&'static str, usize>,
    width: usize,
    raw: csv::ByteRecord,
    record: csv::StringRecord,
    /// Columns the platform does not read.
    pub unknown: Vec<String>,
}

impl<'a> Lines<'a> {
    /// Reads the header.
    pub fn open(
        source: &'a mut dyn Source,
        utf8: bool,
        columns: &Columns,
    ) -> Result<Self, ReadError> {
        source.seek(SeekFrom::Start(0))?;
        let csv = csv::ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            // With its default the reader counts the lines of CRLF files wrong.
            .terminator(csv::Terminator::Any(b'\n'))
            .has_headers(false)
            .from_reader(source);
        let mut lines = Self {
            csv,
            utf8,
            positions: HashMap::new(),
            width: 0,
            raw: csv::ByteRecord::new(),
            record: csv::StringRecord::new(),
            unknown: Vec::new(),
        };
        if !lines.advance()? {
            return Err(FileFault::Empty.into());
        }
        lines.read_header(columns)?;
        Ok(lines)
    }

    fn read_header(&mut self, columns: &Columns) -> Result<(), FileFault> {
        let known = || columns.required.iter().chain(columns.optional).copied();
        self.width = self.record.len();
        for (position, name) in self.record.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}').trim();
            match known().find(|known| known.eq_ignore_ascii_case(name)) {
                Some(known) if self.positions.insert(known, position).is_some() => {
                    return Err(FileFault::RepeatedColumn(known));
                }
                Some(_) => {}
                None => self.unknown.push(name.to_owned()),
            }
        }
        let missing = |name: &&&'static str| !self.positions.contains_key(**name);
        let missing: Vec<_> = columns.required.iter().filter(missing).copied().collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(FileFault::MissingColumns(missing))
        }
    }

    /// The next line, if any.
    pub fn next(&mut self) -> Result<Option<Line<'_>>, ReadError> {
        if !self.advance()? {
            return Ok(None);
        }
        while self.record.len() == 1 && self.record.iter().all(|f| f.trim().is_empty()) {
            if !self.advance()? {
                return Ok(None);
            }
        }
        let number = self.raw.position().map_or(0, csv::Position::line);
        if self.raw.as_slice().contains(&b'\n') {
            return Err(FileFault::OpenQuote(number).into());
        }
        let (positions, record, width) = (&self.positions, &self.record, self.width);
        Ok(Some(Line {
            positions,
            record,
            width,
            number,
        }))
    }

    fn advance(&mut self) -> Result<bool, ReadError> {
        let more = self.csv.read_byte_record(&mut self.raw).map_err(|error| {
            let line = error.position().map_or(0, csv::Position::line);
            match error.into_kind() {
                csv::ErrorKind::Io(error) => ReadError::Io(error),
                _ => FileFault::Unreadable(line).into(),
            }
        })?;
        self.record.clear();
        for field in &self.raw {
            match std::str::from_utf8(field) {
                Ok(text) if self.utf8 => self.record.push_field(text),
                _ => {
                    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(field);
                    self.record.push_field(&text);
                }
            }
        }
        Ok(more)
    }
}

/// One line, read by column name.
pub struct Line<'a> {
    positions: &'a HashMap<&'static str, usize>,
    record: &'a csv::StringRecord,
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
        let same = self.record.len() == self.width;
        if same {
            Ok(())
        } else {
            Err(self.reject("", RejectCode::Format))
        }
    }

    /// The field as it stands, without surrounding blanks; empty when there is no such column.
    pub fn raw(&self, column: &'static str) -> &str {
        let position = self.positions.get(column);
        position
            .and_then(|&at| self.record.get(at))
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

/// The date a file's name carries: the last of its runs of eight digits that is one.
pub fn date_in_name(name: &str) -> Option<Date> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(compact_date)
        .next_back()
}
