//! Lots: a file of addresses of any kind, answered line by line behind the portal. A lot is a row
//! with its counts and one row a line; the work is a chain of short jobs, one operator's lots after
//! each other, which goes on where a process died. What each line is answered is what
//! [`crate::usecases::test_in`] says, on the release and at the instant of the lot's start.

mod drawing;
pub mod labels;
mod links;
mod pages;
pub mod rules;
mod runs;
pub mod store;
pub mod usecases;
pub(crate) mod web;

use domain::release::Release;
use jiff::civil::Date;
use kernel::{LotId, Millis, OperatorId, Refusal, UploadId, codes};
use serde::{Deserialize, Serialize};
use service_api::{Duty, JobKind, Reconciler};
use storage::{Migration, Target, TenantTable};

use rules::Answered;

/// Lots of one operator that wait or run, at most.
pub const OPEN_MAX: i64 = 5;
/// A lot is kept so many days, then it goes with its lines.
pub const KEPT_DAYS: i64 = 90;
/// Candidates told of one line.
pub const CANDIDATES_MAX: usize = 5;

/// The job that carries out an operator's lots.
pub const JOB: JobKind = JobKind {
    kind: usecases::JOB,
    run: |platform, ctx, lot| Box::pin(runs::run(platform, ctx, lot)),
};

/// What is seen to at intervals: lots that nobody carries out any more, and those to be removed.
pub const RECONCILER: Reconciler = Reconciler {
    name: "eligibility lots",
    duty: Duty::Upkeep,
    run: |platform, ctx| Box::pin(runs::reconcile(platform, ctx)),
};

/// The tables.
pub const MIGRATION: Migration = Migration {
    owner: "eligibility",
    step: 3,
    name: "lot",
    sql: include_str!("../../migrations/0003_lot.sql"),
    postgres_sql: None,
    target: Target::Main,
};

const fn table(table: &'static str) -> TenantTable {
    TenantTable {
        table,
        operator_column: "operator_id",
        duties: &["upkeep"],
        append_only: false,
    }
}

/// Whose rows they hold.
pub const TABLES: [TenantTable; 2] = [table("eligibility_lot"), table("eligibility_lot_row")];

/// Where a lot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LotState {
    /// Its file is kept, its turn is to come.
    Waiting,
    /// Lines are answered.
    Running,
    /// Every line is.
    Done,
    /// It was given up: its refusal says why.
    Failed,
    /// It is gone for everybody, its lines are being removed.
    Deleted,
}

impl LotState {
    /// Every state that is shown.
    pub const SHOWN: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    /// As stored, and as named in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Deleted => "deleted",
        }
    }

    /// Reads what [`LotState::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let all = Self::SHOWN.into_iter().chain([Self::Deleted]);
        all.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether work is under way or to come.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Running)
    }
}

/// Lines by their answer, in the order of [`Answered::ALL`].
pub type Counts = [i64; Answered::ALL.len()];

/// One lot.
#[derive(Clone, Debug)]
pub struct Lot {
    /// Its id.
    pub id: LotId,
    /// Whose.
    pub operator: OperatorId,
    /// Where it stands.
    pub state: LotState,
    /// The name its file came with.
    pub file_name: String,
    /// Its file, which goes when the lot ends.
    pub upload: UploadId,
    /// SHA-256 of its file, in hexadecimal.
    pub digest: String,
    /// Its lines, the heading apart.
    pub lines: i64,
    /// Headings that are not read.
    pub unknown: Vec<String>,
    /// Lines answered.
    pub done: i64,
    /// Where the next line begins, in bytes.
    pub at_byte: u64,
    /// The release that answers, from its start on.
    pub release: Option<Release>,
    /// The extraction date of that release.
    pub extracted_on: Option<Date>,
    /// Lines by their answer.
    pub counts: Counts,
    /// Why it was given up.
    pub refusal: Option<Refusal>,
    /// Who submitted it, as shown.
    pub by: String,
    /// When, business time.
    pub created: Millis,
    /// When its first line was answered: the instant of every verdict.
    pub started: Option<Millis>,
    /// When it ended.
    pub ended: Option<Millis>,
}

/// A refusal as a row keeps it.
pub(crate) fn refusal_of(code: &str) -> Option<Refusal> {
    codes::by_code(code).map(Refusal::new)
}

/// An offer at the place of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferTold {
    /// Its code.
    pub offer: String,
    /// As [`Answered::as_str`].
    pub verdict: String,
    /// From which day, AAAA-MM-JJ; empty for none.
    pub from: String,
    /// The refusal's code; empty when eligible.
    pub code: String,
}

/// A place that a line may mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateTold {
    /// The place, in one line.
    pub label: String,
    /// Its building; empty where several stand, or none.
    pub building: String,
}

/// What only a reader of one line needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Told {
    /// What was asked.
    pub asked: String,
    /// What it was taken for; empty when a key named it.
    pub understood: String,
    /// The address as the referential has it.
    pub address: String,
    /// State of the building, as in the IPE.
    pub state: String,
    /// The PM.
    pub pm: String,
    /// The day it can be ordered from, AAAA-MM-JJ; empty for none.
    pub from: String,
    /// Fields of the line that narrow its place, as a watch spells them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub narrowed: Vec<(String, String)>,
    /// The field at fault.
    pub field: String,
    /// Why, in French.
    pub reason: String,
    /// Each offer.
    pub offers: Vec<OfferTold>,
    /// Fields that an order there needs.
    pub required: Vec<String>,
    /// Places it may mean.
    pub candidates: Vec<CandidateTold>,
}

/// One line, answered.
#[derive(Clone, Debug, PartialEq)]
pub struct LotRow {
    /// Its place in the file: the heading is line 1.
    pub line: i64,
    /// The operator's own reference.
    pub reference: String,
    /// What is answered.
    pub verdict: Answered,
    /// The refusal's code; empty when eligible.
    pub code: String,
    /// IdentifiantImmeuble; empty when no one building is meant.
    pub building: String,
    /// INSEE code of its commune.
    pub insee: String,
    /// Its commune.
    pub commune: String,
    /// Longitude and latitude, in millionths of a degree.
    pub place: Option<(i64, i64)>,
    /// The rest.
    pub told: Told,
}
