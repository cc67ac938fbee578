//! Writing the intervals of one release, in slices.
//!
//! A slice reads its own lines of the file while it writes them, one thread each: no row waits in
//! memory for more than a batch. A slice that runs again goes back to where it began.

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::SystemScope;
use domain::release::store as releases;
use domain::release::{Kind, Release, Row, Table};
use jiff::civil::Date;
use kernel::{Refusal, codes};
use storage::{Db, Error, Tx};

use crate::compare::{Known, Plan, said_by};
use crate::files::{self, Lines, ReadError, RowReader, Source};
use crate::index::{Action, Actions, Index};
use crate::report::ImportReport;
use crate::usecases::{ImportError, Phase, Progress, tell};

/// Rows written, and rows ended, in one unit of work: orders wait for the same disk while it is
/// made durable.
const SLICE_ROWS: usize = 10_000;
/// Rows handed from the reading thread to the writing one.
const BATCH_ROWS: usize = 500;

/// Writes the intervals of one release.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    /// The store.
    pub db: &'a Db,
    /// Who writes.
    pub scope: SystemScope,
    /// The release that is built.
    pub number: Release,
    /// The one it is built on.
    pub base: Release,
}

impl Writer<'_> {
    /// One unit of work, if the released tables are still this import's.
    async fn unit<T: Send + 'static>(
        &self,
        mut f: impl FnMut(&mut dyn Tx) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, ImportError> {
        let number = self.number;
        let held = self.db.write_reference_slice(move |tx| {
            if releases::is_claimed(tx, number)? {
                f(tx).map(Some)
            } else {
                Ok(None)
            }
        });
        let lost = || Refusal::new(&codes::EVER01).into();
        held.await?.ok_or_else(lost)
    }

    /// Writes what a file changes; `done` lines of the files before it are written.
    pub async fn stage(
        &self,
        plan: Plan,
        done: u64,
        progress: &mut Progress<'_>,
    ) -> Result<u64, ImportError> {
        let table = files::reader(plan.kind).table();
        if let Some(index) = plan.gone {
            self.end_gone(table, index).await?;
            tell(progress, Phase::Staged(done))?;
        }
        if let Some(index) = plan.gone_pms {
            self.end_gone(Table::Pm, index).await?;
        }
        self.write_pms(plan.pms).await?;
        let staging = Staging {
            kind: plan.kind,
            extracted_on: plan.extracted_on,
            origin: plan.origin,
            utf8: plan.utf8,
            known: plan.known,
            actions: Arc::new(plan.actions),
        };
        let cursor = Arc::new(Mutex::new(Cursor::new(staging, plan.source)));
        let mut at = 0;
        loop {
            let (scope, number, cursor) = (self.scope, self.number, Arc::clone(&cursor));
            let slice = self.unit(move |tx| {
                let mut cursor = cursor.lock().unwrap_or_else(PoisonError::into_inner);
                write_slice(tx, scope, (table, number), &mut cursor, at)
            });
            let end;
            (at, end) = slice.await?;
            tell(progress, Phase::Staged(done + at as u64))?;
            if end {
                return Ok(done + at as u64);
            }
        }
    }

    /// Makes all slices durable.
    pub async fn settle(&self) -> Result<(), ImportError> {
        let (scope, number) = (self.scope, self.number);
        let held = self
            .db
            .write_reference(move |tx| releases::confirm(tx, &scope, number));
        match held.await? {
            true => Ok(()),
            false => Err(Refusal::new(&codes::EVER01).into()),
        }
    }

    /// Ends the rows in force that a file has not any more.
    async fn end_gone(&self, table: Table, index: Index) -> Result<(), ImportError> {
        let (scope, number, base) = (self.scope, self.number, self.base);
        let (index, mut next) = (Arc::new(index), Some((0, String::new())));
        while let Some((mut at, after)) = next {
            let index = Arc::clone(&index);
            let slice = self.unit(move |tx| {
                let mut gone = Vec::new();
                let (from, mut next) = (at, Some(after.clone()));
                while gone.len() < SLICE_ROWS
                    && let Some(after) = next
                {
                    next = releases::each_in_force(tx, table, base, &after, |row| {
                        let changed =
                            || Error::Internal("the rows in force have changed".to_owned());
                        if index.is_gone(at, row.key).ok_or_else(changed)? {
                            gone.push(row.key.to_owned());
                        }
                        at += 1;
                        Ok(())
                    })?;
                }
                for key in &gone {
                    releases::close(tx, &scope, table, key, number)?;
                }
                // Should it run again, it begins where it did.
                let to = std::mem::replace(&mut at, from);
                Ok(next.map(|after| (to, after)))
            });
            next = slice.await?;
        }
        Ok(())
    }

    async fn write_pms(&self, pms: Vec<(Action, Row)>) -> Result<(), ImportError> {
        let mut batch = Batch::default();
        for (action, row) in pms {
            batch.push(action, row);
        }
        let (scope, number, batch) = (self.scope, self.number, Arc::new(batch));
        self.unit(move |tx| {
            let batch = Batch::clone(&batch);
            write_batch(tx, &scope, (Table::Pm, number), batch)
        })
        .await
    }
}

/// Rows to write, in the order of the file.
#[derive(Clone, Default)]
struct Batch {
    closed: Vec<String>,
    renewed: Vec<(String, i64)>,
    rows: Vec<Row>,
}

impl Batch {
    fn push(&mut self, action: Action, row: Row) {
        match action {
            Action::Skip => {}
            Action::Renew => self.renewed.push((row.key, row.line_digest)),
            Action::Add => self.rows.push(row),
            Action::Replace => {
                self.closed.push(row.key.clone());
                self.rows.push(row);
            }
        }
    }

    fn len(&self) -> usize {
        self.renewed.len() + self.rows.len()
    }
}

fn write_batch(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    (table, number): (Table, Release),
    batch: Batch,
) -> Result<(), Error> {
    for key in &batch.closed {
        releases::close(tx, scope, table, key, number)?;
    }
    for (key, line_digest) in &batch.renewed {
        releases::renew_line(tx, scope, table, key, *line_digest)?;
    }
    if !batch.rows.is_empty() {
        releases::insert(tx, scope, table, &mut batch.rows.into_iter(), number)?;
    }
    Ok(())
}

/// Writes the slice that begins at line `at`; where the next one begins, and whether none is left.
fn write_slice(
    tx: &mut dyn Tx,
    scope: SystemScope,
    place: (Table, Release),
    cursor: &mut Cursor,
    at: usize,
) -> Result<(usize, bool), Error> {
    cursor.go_to(at)?;
    let (send, receive) = sync_channel(1);
    let end = std::thread::scope(|threads| {
        let reading = threads.spawn(|| cursor.read_slice(send));
        let written = receive
            .into_iter()
            .try_for_each(|batch| write_batch(tx, &scope, place, batch));
        let read = reading
            .join()
            .unwrap_or_else(|_| Err(Error::Internal("reading panicked".to_owned())));
        written.and(read)
    })?;
    Ok((cursor.at, end))
}

/// How the lines are to be read.
struct Staging {
    kind: Kind,
    extracted_on: Date,
    origin: Kind,
    utf8: bool,
    known: Arc<Known>,
    actions: Arc<Actions>,
}

/// A place in the file.
struct Cursor {
    staging: Staging,
    source: Option<Box<dyn Source>>,
    open: Option<(Lines, Box<dyn RowReader>)>,
    /// Lines before this place.
    at: usize,
    /// What reading notes was already reported while comparing.
    notes: ImportReport,
}

fn broken(error: &ReadError) -> Error {
    Error::Unavailable(format!("the file cannot be read again: {error:?}"))
}

impl Cursor {
    fn new(staging: Staging, source: Box<dyn Source>) -> Self {
        Self {
            notes: ImportReport::new(
                staging.origin,
                String::new(),
                String::new(),
                staging.extracted_on,
            ),
            staging,
            source: Some(source),
            open: None,
            at: 0,
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        let open = self.open.take().map(|(lines, _)| lines.into_source());
        let source = open.or_else(|| self.source.take());
        let source = source.ok_or_else(|| Error::Internal("the file is gone".to_owned()))?;
        let Staging {
            kind, origin, utf8, ..
        } = self.staging;
        let said_by = format!("{} {}", origin.as_str(), kind.as_str());
        let lines = Lines::open(source, utf8, &files::columns(kind), &said_by);
        self.open = Some((lines.map_err(|e| broken(&e))?, files::reader(kind)));
        self.at = 0;
        Ok(())
    }

    /// Goes to line `at`, from the beginning when it was passed.
    fn go_to(&mut self, at: usize) -> Result<(), Error> {
        if self.open.is_none() || self.at != at {
            self.open()?;
        }
        while self.at < at && self.next(true)?.is_some() {}
        Ok(())
    }

    /// The next line, with its action; `None` at the end. Rows only of lines to be written.
    fn next(&mut self, passing: bool) -> Result<Option<Option<(Action, Row)>>, Error> {
        let Some((lines, reader)) = &mut self.open else {
            return Ok(None);
        };
        let Some(action) = self.staging.actions.get(self.at) else {
            return Ok(None);
        };
        let changed = || Error::Internal("the file changed while it was imported".to_owned());
        if !lines.advance().map_err(|e| broken(&e))? {
            return Err(changed());
        }
        self.at += 1;
        let skipped = passing || action == Action::Skip;
        if skipped && reader.has_own_keys() {
            return Ok(Some(None));
        }
        let line = lines.line().map_err(|e| broken(&e))?;
        reader.key(&line);
        if skipped {
            return Ok(Some(None));
        }
        let anomalies = self.notes.anomaly_count;
        let row = reader.read(&line, &self.staging.known, &mut self.notes);
        let row = row.map_err(|_| changed())?;
        let Staging { kind, origin, .. } = self.staging;
        let mut row = said_by(row, reader.table(), kind, origin);
        if self.notes.anomaly_count == anomalies {
            row.line_digest = lines.digest();
        }
        Ok(Some(Some((action, row))))
    }

    /// Sends the rows of one slice; true at the end of the file.
    fn read_slice(&mut self, send: SyncSender<Batch>) -> Result<bool, Error> {
        let mut left = SLICE_ROWS;
        let mut batch = Batch::default();
        let end = loop {
            let Some(line) = self.next(false)? else {
                break true;
            };
            let Some((action, row)) = line else { continue };
            batch.push(action, row);
            if batch.len() == BATCH_ROWS {
                left = left.saturating_sub(BATCH_ROWS);
                // Whoever writes has failed, and says so.
                if send.send(std::mem::take(&mut batch)).is_err() || left == 0 {
                    break false;
                }
            }
        };
        let _ = send.send(batch);
        Ok(end)
    }
}
