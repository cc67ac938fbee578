//! Differences as files of any length, written page by page while they are read: what they take
//! from the store is never held whole.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use domain::Platform;
use domain::release::history::{Past, store as history};
use domain::release::{ReleaseInfo, ReleaseState};
use kernel::Fault;
use storage::Tx;
use web::export::{Column, csv, json};

use super::imports::text_answer;
use super::releases::difference_cells;
use crate::differences::{self, Filter};
use crate::labels;
use crate::outgoing::without_header;
use crate::store::Change;

/// Differences read at once.
const PAGE: usize = 1_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// As spreadsheets open it.
    Csv,
    /// One array of objects.
    Json,
}

/// A file of differences: what it still has to walk.
pub(super) struct Walk {
    platform: Arc<Platform>,
    info: ReleaseInfo,
    left: Vec<Change>,
    filter: Filter,
    text: Text,
    public: bool,
    after: String,
    /// Nothing was written yet.
    first: bool,
    /// No row was.
    empty: bool,
}

impl Walk {
    /// What a release changed, of these tables, as the filter wants it.
    pub(super) fn new(
        platform: &Arc<Platform>,
        past: &Past,
        mut changes: Vec<Change>,
        filter: Filter,
        text: Text,
    ) -> Self {
        changes.reverse();
        Self {
            platform: Arc::clone(platform),
            info: past.info.clone(),
            left: changes,
            filter,
            text,
            public: false,
            after: String::new(),
            first: true,
            empty: true,
        }
    }

    /// The same, as operators are told of it.
    pub(super) fn public(self) -> Self {
        Self {
            public: true,
            ..self
        }
    }

    /// The file, under a name without its extension.
    pub(super) fn answer(self, stem: &str) -> Response {
        let (extension, kind) = match self.text {
            Text::Csv => ("csv", "text/csv; charset=utf-8"),
            Text::Json => ("json", "application/json"),
        };
        let pieces = futures_util::stream::try_unfold(self, async |mut walk| {
            let piece = walk.piece().await?;
            Ok::<_, Fault>(piece.map(|piece| (piece, walk)))
        });
        text_answer(
            &format!("{stem}.{extension}"),
            kind,
            Body::from_stream(pieces),
        )
    }

    /// The next piece of the file; `None` at its end.
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        let columns = labels::DIFFERENCE_COLUMNS.map(|(key, heading)| Column { key, heading });
        let head = std::mem::take(&mut self.first);
        let mut rows = Vec::new();
        while let Some(change) = self.left.last().copied() {
            let (db, number) = (&self.platform.db, self.info.number);
            let after = &self.after;
            let page = differences::page(db, number, change, &self.filter, after, PAGE).await?;
            self.still_there().await?;
            match page.next {
                Some(next) => self.after = next,
                None => {
                    self.left.pop();
                    self.after.clear();
                }
            }
            for one in page.rows {
                let told = match self.public {
                    true => differences::public(one),
                    false => Some(one),
                };
                rows.extend(told.iter().flat_map(difference_cells));
            }
            if !rows.is_empty() {
                break;
            }
        }
        let last = rows.is_empty();
        if last && !head && (self.text == Text::Csv || self.empty) {
            return Ok(None);
        }
        let text = match self.text {
            Text::Csv => csv(&columns, &rows).map_err(Fault::internal)?,
            Text::Json => json(&columns, &rows).map_err(Fault::internal)?,
        };
        Ok(Some(match (self.text, head) {
            (Text::Csv, true) => text,
            (Text::Csv, false) => without_header(text),
            (Text::Json, _) => self.within(text, last),
        }))
    }

    /// Rows as a part of the one array: `empty` is set again when it has been closed.
    fn within(&mut self, array: Vec<u8>, last: bool) -> Vec<u8> {
        let started = !std::mem::replace(&mut self.empty, last);
        if last {
            return match started {
                true => b"\n]\n".to_vec(),
                false => b"[]\n".to_vec(),
            };
        }
        // `[`, the rows, a line feed and `]`.
        let rows = &array[1..array.len() - 2];
        let mut text = if started {
            b",".to_vec()
        } else {
            b"[".to_vec()
        };
        text.extend_from_slice(rows);
        text
    }

    /// The release must still be there once its rows were read, or the file would be short without
    /// a word: the stream then breaks, and the download fails.
    async fn still_there(&self) -> Result<(), Fault> {
        let number = self.info.number;
        let find = move |tx: &mut dyn Tx| history::by_number(tx, number);
        let past = self.platform.db.get(find).await?;
        let there = past.is_some_and(|past| {
            let state = past.info.state;
            !past.undone && (state == self.info.state || state == ReleaseState::Published)
        });
        match there {
            true => Ok(()),
            false => Err(Fault::internal("the release was taken back meanwhile")),
        }
    }
}
