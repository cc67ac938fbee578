//! Imports as they are followed: one row each, whichever door the file came through, from its
//! reception to what became of its release. The work itself is a job, which begins again where a
//! process died; the pipeline undoes what was half done.

pub mod store;
pub mod usecases;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use domain::release::{Kind, Release};
use jiff::civil::Date;
use kernel::{ImportId, Millis, Refusal, UploadId, codes};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::report::ImportReport;
use crate::usecases::Phase;

/// The setting that says where approving asks for a second person: `pages` (the default), `always`
/// or `off`.
pub const FOUR_EYES_SETTING: &str = "reference.four_eyes";
/// Anomalies kept in a summary; the report has them all.
pub const ANOMALIES_SHOWN_MAX: usize = 200;
/// Refused lines shown on the page of an import; the report has more.
pub const REJECTS_SHOWN_MAX: usize = 50;

kernel::words! {
    /// Where an import stands, in the order it goes through them.
    RunState {
        /// Its file is kept, its job waits.
        Received = "received",
        /// Its job works.
        Running = "running",
        /// A dry run that is over.
        Checked = "checked",
        /// Its release waits for approval.
        Waiting = "waiting",
        /// Its release was approved and is being published.
        Publishing = "publishing",
        /// Its release was published.
        Published = "published",
        /// Its file was refused.
        Refused = "refused",
        /// The platform failed.
        Failed = "failed",
        /// Its release was declined, superseded or rolled back.
        Withdrawn = "withdrawn",
    }
}

impl RunState {
    /// Whether work is under way or about to be.
    #[must_use]
    pub fn is_busy(self) -> bool {
        matches!(self, Self::Received | Self::Running | Self::Publishing)
    }
}

/// What an import counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Summary {
    /// Data lines read.
    pub read: u64,
    /// Objects that were not in force.
    pub added: u64,
    /// Objects that change.
    pub changed: u64,
    /// Objects in force that the file no longer has.
    pub removed: u64,
    /// Objects that stay as they are.
    pub unchanged: u64,
    /// Refused lines.
    pub rejected: u64,
    /// Among them, those whose object stays in force as it was.
    pub kept: u64,
    /// Anomalies.
    pub anomalies: u64,
    /// Columns the platform does not read.
    pub unknown_columns: Vec<String>,
    /// The first anomalies: label, object, precision.
    pub first_anomalies: Vec<(String, String, String)>,
    /// The first refused lines: number, column, code.
    pub first_rejects: Vec<(u64, String, String)>,
    /// Anomalies and refused lines by code, as far as the report keeps them.
    pub by_code: BTreeMap<String, u64>,
}

impl From<&ImportReport> for Summary {
    fn from(report: &ImportReport) -> Self {
        let mut by_code = BTreeMap::new();
        let rejects = report.rejects.iter().map(|reject| reject.code.as_str());
        let anomalies = report.anomalies.iter().map(|anomaly| anomaly.code.as_str());
        for code in rejects.chain(anomalies) {
            *by_code.entry(code.to_owned()).or_insert(0) += 1;
        }
        let shown = report.anomalies.iter().take(ANOMALIES_SHOWN_MAX);
        let told = |a: &crate::report::Anomaly| {
            (a.code.label().to_owned(), a.key.clone(), a.detail.clone())
        };
        let refused =
            |r: &crate::report::Reject| (r.line, r.column.to_owned(), r.code.as_str().to_owned());
        let first_rejects = report.rejects.iter().take(REJECTS_SHOWN_MAX);
        Self {
            read: report.read,
            added: report.added,
            changed: report.changed,
            removed: report.removed,
            unchanged: report.unchanged,
            rejected: report.rejected,
            kept: report.kept,
            anomalies: report.anomaly_count,
            unknown_columns: report.unknown_columns.clone(),
            first_anomalies: shown.map(told).collect(),
            first_rejects: first_rejects.map(refused).collect(),
            by_code,
        }
    }
}

/// One import.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its id.
    pub id: ImportId,
    /// The kind of file.
    pub kind: Kind,
    /// The name it came with; for a folder, the folder's.
    pub file_name: String,
    /// Its bytes: one file, or those of a folder.
    pub uploads: Vec<UploadId>,
    /// SHA-256 of the file, in hexadecimal; of the files' digests for a folder.
    pub digest: String,
    /// When the OI extracted it.
    pub extracted_on: Date,
    /// Compare and report only.
    pub dry_run: bool,
    /// Publish without waiting.
    pub approve: bool,
    /// Where it stands.
    pub state: RunState,
    /// What its job is at; empty before and after.
    pub phase: String,
    /// How much of that is done, in lines or rows.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
    /// What it counted.
    pub summary: Summary,
    /// The release it made.
    pub release: Option<Release>,
    /// Live rows it was the first to know.
    pub seeded: u64,
    /// Its report, once there is one: refused lines and anomalies.
    pub report_upload: Option<UploadId>,
    /// Its refused lines in their own format, to correct and send again.
    pub rejects_upload: Option<UploadId>,
    /// Why it was refused.
    pub refusal: Option<Refusal>,
    /// Who brought it: account, or OS user.
    pub uploaded_by: String,
    /// As shown.
    pub uploaded_name: String,
    /// Who approved, declined or rolled it back, as shown; empty before.
    pub decided_name: String,
    /// Through which door.
    pub channel: String,
    /// When, business time.
    pub created: Millis,
    /// When, real time.
    pub created_real: Millis,
    /// When it came to its end, business time.
    pub ended: Option<Millis>,
    /// When its job last said how far it was, real time.
    pub touched_real: Millis,
    /// Counts its changes of state.
    pub version: i64,
}

/// How far a job is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// What it is at: a word of the list in [`reached`].
    pub phase: &'static str,
    /// How much of it is done.
    pub done: u64,
    /// Of how much; 0 when that is not known.
    pub total: u64,
}

/// What a phase of the pipeline says of a file of so many lines.
pub(crate) fn reached(phase: Phase, lines: u64) -> Reached {
    let (phase, done, total) = match phase {
        Phase::Scanned(read) => ("read", read, lines),
        Phase::Read(read) => ("checked", read, lines),
        Phase::Compared => ("compared", lines, lines),
        Phase::Begun => ("release begun", 0, lines),
        Phase::Staged(written) => ("written", written, lines),
        Phase::Ready => ("release ready", lines, lines),
        Phase::Seeded(rows) => ("live rows seeded", rows, 0),
        Phase::Published => ("published", lines, lines),
    };
    Reached { phase, done, total }
}

/// Steps told that a slow listener may be behind by.
const TOLD_MAX: usize = 1_024;

static TOLD: LazyLock<broadcast::Sender<(ImportId, Reached)>> =
    LazyLock::new(|| broadcast::channel(TOLD_MAX).0);

/// Hears every step of the imports that this process carries out; those of other nodes are in their
/// rows, once a second.
#[must_use]
pub fn listen() -> broadcast::Receiver<(ImportId, Reached)> {
    TOLD.subscribe()
}

pub(crate) fn told(id: &ImportId, reached: &Reached) {
    // Nobody may be listening.
    let _ = TOLD.send((id.clone(), reached.clone()));
}

/// A refusal as a row keeps it: code, field, detail.
pub(crate) fn refusal_of(code: &str, field: String, detail: String) -> Option<Refusal> {
    let mut refusal = Refusal::new(codes::by_code(code)?);
    if !field.is_empty() {
        refusal = refusal.on(&field);
    }
    if !detail.is_empty() {
        refusal = refusal.because(detail);
    }
    Some(refusal)
}
