//! What a file would change: its lines against the rows in force, one pass, nothing written. Only
//! hashes and digests are held in memory, never keys nor rows.
//!
//! A line whose key and bytes are those in force is not read further, unless its reader wants to
//! ([`files::RowReader::is_settled`]); a line that made an anomaly is stored without its digest, so
//! that it is read in full, and the anomaly told, each time.

use std::io::{self, Write};
use std::sync::Arc;

use domain::release::{Kind, Row, Table};
use jiff::civil::Date;
use tokio::sync::mpsc::Sender;

use crate::files::{self, Heading, Line, Lines, Raw, ReadError, RowReader, Scan, Source};
use crate::hash::key_hash;
use crate::index::{Action, Actions, Index, KeySet};
pub use crate::known::Known;
use crate::labels::{FileFault, REJECT_COLUMNS};
use crate::report::{AnomalyCode, ImportReport, Reject, RejectCode};

/// Lines read between two tellings.
const TELL_LINES: u64 = 20_000;

/// Where refused lines go, as they stand.
pub type RejectedTo = Box<dyn Write + Send>;

/// One file of an import, and what it is compared with.
pub struct Comparison {
    /// The kind of the whole import: rows of tables fed by several kinds say it.
    pub origin: Kind,
    /// The kind of this file.
    pub kind: Kind,
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// What a first reading told of it.
    pub scan: Scan,
    /// What its lines may refer to.
    pub known: Arc<Known>,
    /// Rows in force of its table.
    pub index: Index,
    /// PMs in force, for the kind whose lines describe PMs.
    pub pm_index: Option<Index>,
}

/// What the file would change.
pub struct Plan {
    /// The kind of the whole import.
    pub origin: Kind,
    /// The kind of the file.
    pub kind: Kind,
    /// Its bytes.
    pub source: Box<dyn Source>,
    /// Whether it is UTF-8.
    pub utf8: bool,
    /// When it was extracted: some rules count from then.
    pub extracted_on: Date,
    /// What its lines may refer to.
    pub known: Arc<Known>,
    /// For each line in turn.
    pub actions: Actions,
    /// Rows in force, when some are not in the file any more.
    pub gone: Option<Index>,
    /// PM rows the lines describe, with what is to become of them.
    pub pms: Vec<(Action, Row)>,
    /// PMs in force, when some are not described any more.
    pub gone_pms: Option<Index>,
    /// Keys that are new.
    pub added: KeySet,
    /// Rows of this kind in force once published.
    pub rows: u64,
}

/// Whether a file of `origin` tells of all there is. A GraceTHD folder describes an area.
fn is_whole(origin: Kind) -> bool {
    origin != Kind::Gracethd
}

impl Comparison {
    /// Reads the file; counts and refusals go to the report, refused lines to `rejected_to`. Tells
    /// now and then how many lines it has read, and stops when nobody listens any more.
    pub fn run(
        self,
        report: &mut ImportReport,
        rejected_to: Option<&mut RejectedTo>,
        tell: &Sender<u64>,
    ) -> Result<Plan, ReadError> {
        let Self {
            origin,
            kind,
            source,
            scan,
            known,
            index,
            pm_index,
        } = self;
        let said_by = format!("{} {}", origin.as_str(), kind.as_str());
        let mut lines = Lines::open(source, scan.utf8, &files::columns(kind), &said_by)?;
        report.unknown_columns.append(&mut lines.unknown);
        let whole = is_whole(origin) && !lines.is_correction;
        let new = usize::try_from(scan.lines).map_or(0, |lines| lines.saturating_sub(index.len()));
        let rejected_to = rejected_to.map(|to| Rejected::new(to, lines.heading(), scan.utf8));
        let mut reading = Reading {
            origin,
            kind,
            reader: files::reader(kind),
            known: &known,
            index,
            fresh: KeySet::with_capacity(new),
            rejected_to: rejected_to.transpose()?,
            rejected: 0,
            rows: 0,
            report,
        };
        let mut actions = Actions::default();
        let mut read = 0;
        let source = lines.each(|heading, raw| {
            actions.push(reading.line(heading, raw)?);
            read += 1;
            if read % TELL_LINES == 0 {
                heard(tell, read)?;
            }
            Ok(())
        })?;
        heard(tell, read)?;
        reading.reader.finish(reading.report);
        let (pms, gone_pms) = reading.pms(pm_index, whole);
        let Reading {
            index, fresh, rows, ..
        } = reading;
        let (unseen, extracted_on) = (index.unseen, report.extracted_on);
        report.removed += if whole { unseen } else { 0 };
        Ok(Plan {
            origin,
            kind,
            source,
            utf8: scan.utf8,
            extracted_on,
            known,
            actions,
            gone: (whole && unseen > 0).then_some(index),
            pms,
            gone_pms,
            added: fresh,
            rows: rows + if whole { 0 } else { unseen },
        })
    }
}

fn heard(tell: &Sender<u64>, read: u64) -> Result<(), ReadError> {
    let gone = |_| ReadError::Io(io::ErrorKind::Interrupted.into());
    tell.blocking_send(read).map_err(gone)
}

struct Reading<'a> {
    origin: Kind,
    kind: Kind,
    reader: Box<dyn RowReader>,
    known: &'a Known,
    index: Index,
    /// Keys of the file that are not in force.
    fresh: KeySet,
    rejected_to: Option<Rejected<'a>>,
    rejected: u64,
    rows: u64,
    report: &'a mut ImportReport,
}

impl Reading<'_> {
    fn line(&mut self, heading: &Heading, raw: &Raw) -> Result<Action, ReadError> {
        let (line, line_digest) = (raw.line(heading)?, raw.digest());
        self.report.read += 1;
        let key = self.reader.key(&line);
        let hash = key_hash(&key);
        let (before, first) = match self.index.take(hash) {
            Some((entry, first)) => (Some(entry), first),
            // A key that is missing is not one that stands twice.
            None => (None, key.is_empty() || self.fresh.insert(hash)),
        };
        if first
            && let Some(entry) = before
            && entry.line_digest == line_digest
            && !entry.is_foreign()
            && self.reader.is_settled(&line, self.known, self.report)
        {
            self.rows += 1;
            self.report.unchanged += 1;
            return Ok(Action::Skip);
        }
        let anomalies = self.report.anomaly_count;
        match self.read(&line, first) {
            Ok(row) => {
                debug_assert_eq!(row.key, key);
                self.rows += 1;
                let quiet = self.report.anomaly_count == anomalies;
                let line_digest = if quiet { line_digest } else { 0 };
                let (report, foreign) = (&mut *self.report, before.is_some_and(|e| e.is_foreign()));
                if foreign {
                    report.anomaly(AnomalyCode::OriginDiffers, &key, self.origin.as_str());
                }
                let before = before.map(|e| (e.digest, e.line_digest));
                Ok(count(report, before, row.digest, line_digest))
            }
            Err(reject) => {
                let kept = first && before.is_some();
                self.rejected += 1;
                self.report.kept += u64::from(kept);
                self.rows += u64::from(kept);
                self.report.reject(reject.clone());
                if let Some(to) = &mut self.rejected_to {
                    to.write(raw, &reject)?;
                }
                Ok(Action::Skip)
            }
        }
    }

    fn read(&mut self, line: &Line<'_>, first: bool) -> Result<Row, Reject> {
        line.check_width()?;
        if !first {
            return Err(line.reject(self.reader.key_column(), RejectCode::Duplicate));
        }
        let row = self.reader.read(line, self.known, self.report)?;
        Ok(said_by(row, self.reader.table(), self.kind, self.origin))
    }

    /// PMs are counted with the buildings that describe them only where they change.
    fn pms(&mut self, index: Option<Index>, whole: bool) -> (Vec<(Action, Row)>, Option<Index>) {
        let Some(mut index) = index else {
            return (Vec::new(), None);
        };
        let mut pms = Vec::new();
        for row in self.reader.take_pms() {
            let action = match index.take(key_hash(&row.key)) {
                None => Action::Add,
                Some((before, _)) if before.digest == row.digest => continue,
                // A few lines do not tell all of a PM.
                Some(_) if !whole => continue,
                Some((before, _)) => {
                    if before.is_foreign() {
                        let (code, detail) = (AnomalyCode::OriginDiffers, self.origin.as_str());
                        self.report.anomaly(code, &row.key, detail);
                    }
                    Action::Replace
                }
            };
            pms.push((action, row));
        }
        // A refused line may have been the only one to describe its PM.
        let gone = whole && self.rejected == 0 && index.unseen > 0;
        (pms, gone.then_some(index))
    }
}

/// The row as a file of the kind `origin` says it, read by the reader of `kind`.
pub fn said_by(row: Row, table: Table, kind: Kind, origin: Kind) -> Row {
    if kind == origin {
        row
    } else {
        row.of_origin(table, origin)
    }
}

fn count(
    report: &mut ImportReport,
    before: Option<(i64, i64)>,
    digest: i64,
    line_digest: i64,
) -> Action {
    match before {
        None => {
            report.added += 1;
            Action::Add
        }
        Some((before, line_before)) if before == digest => {
            report.unchanged += 1;
            if line_before == line_digest {
                Action::Skip
            } else {
                Action::Renew
            }
        }
        Some(_) => {
            report.changed += 1;
            Action::Replace
        }
    }
}

/// Refused lines as they stand, in the file's own encoding, with why: once corrected, they can be
/// sent as a file.
struct Rejected<'a> {
    to: &'a mut RejectedTo,
    utf8: bool,
    /// The header has the two columns already: it was sent back once.
    again: bool,
}

impl<'a> Rejected<'a> {
    fn new(to: &'a mut RejectedTo, heading: &Heading, utf8: bool) -> io::Result<Self> {
        let header = heading.bytes();
        let ending = format!(";{}", REJECT_COLUMNS.join(";"));
        let again = header.ends_with(ending.as_bytes());
        to.write_all(header)?;
        if !again {
            to.write_all(ending.as_bytes())?;
        }
        to.write_all(b"\r\n")?;
        Ok(Self { to, utf8, again })
    }

    fn write(&mut self, raw: &Raw, reject: &Reject) -> io::Result<()> {
        let mut line = raw.bytes();
        if self.again {
            line = line.rsplitn(3, |byte| *byte == b';').last().unwrap_or(line);
        }
        self.to.write_all(line)?;
        let why = format!(";{};{}\r\n", reject.code.as_str(), reject.code.label());
        if self.utf8 {
            return self.to.write_all(why.as_bytes());
        }
        let (why, ..) = encoding_rs::WINDOWS_1252.encode(&why);
        self.to.write_all(&why)
    }
}

/// Refuses a file without lines, or with too many refused ones: all of them, or more than
/// `percent_max`.
pub fn check_rejects(report: &ImportReport, percent_max: u8) -> Result<(), FileFault> {
    if report.read == 0 {
        return Err(FileFault::Empty);
    }
    let too_many = report.rejected == report.read
        || report.rejected.saturating_mul(100) > report.read.saturating_mul(percent_max.into());
    if too_many {
        return Err(FileFault::TooManyRejects(report.rejected, report.read));
    }
    Ok(())
}
