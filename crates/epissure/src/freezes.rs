//! Freezes at the command line: the use cases of the pages, and their list.

use std::sync::Arc;

use anyhow::Result;
use domain::Platform;
use domain::access::{Ctx, StaffScope};
use domain::freeze::store::{Listing, Order, list as list_freezes};
use domain::freeze::{Act, FOREVER, FreezeKind, NewFreeze, Stage, usecases};
use jiff::civil::Date;
use kernel::{Refusal, codes};
use storage::Tx;

use crate::cli::{FreezeOf, NO_REASON};
use crate::request::{Answer, Failure, Request, shown};

/// Freezes read at once.
const PAGE: i64 = 1_000;
/// Freezes listed at most.
const LISTED_MAX: usize = 20_000;

/// A freeze as asked for.
pub(crate) struct Asked {
    pub kind: String,
    pub reference: String,
    pub from: Option<String>,
    pub until: Option<String>,
    pub internal: bool,
}

/// The request of a command.
pub(crate) fn request(kind: FreezeKind, of: FreezeOf) -> Request {
    let kind = kind.as_str().to_owned();
    match of.lift {
        true => Request::FreezeLift {
            kind,
            reference: of.reference,
        },
        false => Request::Freeze {
            kind,
            reference: of.reference,
            from: of.from,
            until: of.until,
            internal: of.internal,
        },
    }
}

fn kind_of(text: &str) -> Result<FreezeKind, Refusal> {
    FreezeKind::from_store(text).map_err(|_| Refusal::new(&codes::RC02).on("kind"))
}

fn day(text: Option<&str>, field: &str) -> Result<Option<Date>, Refusal> {
    let read = |text: &str| text.parse();
    let day = text.map(read).transpose();
    day.map_err(|_| Refusal::new(&codes::RC03).on(field))
}

/// Puts a freeze.
pub(crate) async fn put(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    asked: Asked,
    reason: &str,
) -> Result<Answer, Failure> {
    let new = NewFreeze {
        kind: kind_of(&asked.kind)?,
        reference: asked.reference,
        reason: match reason {
            NO_REASON => String::new(),
            given => given.to_owned(),
        },
        internal: asked.internal,
        from: day(asked.from.as_deref(), "from")?,
        until: day(asked.until.as_deref(), "until")?,
    };
    let note = format!("{} {}: frozen", new.kind.as_str(), new.reference);
    usecases::freeze(platform, ctx, new, None)
        .await?
        .into_result()?;
    Ok(Answer::note(note))
}

/// Lifts a freeze.
pub(crate) async fn lift(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    kind: &str,
    reference: String,
) -> Result<Answer, Failure> {
    let note = format!("{kind} {reference}: freeze lifted");
    usecases::lift(platform, ctx, (kind_of(kind)?, reference), None)
        .await?
        .into_result()?;
    Ok(Answer::note(note))
}

const COLUMNS: [&str; 9] = [
    "kind",
    "reference",
    "stage",
    "from",
    "until",
    "reason",
    "internal",
    "set_by",
    "lifted_by",
];

/// Freezes in force and to come, or `all` of them, the last that began first.
///
/// # Errors
/// The store does not answer.
pub async fn list(platform: &Platform, staff: &StaffScope, all: bool) -> Result<Answer> {
    let now = platform.clock.business_now();
    let mut acts: Vec<Act> = Vec::new();
    let stages = [Stage::InForce, Stage::ToCome, Stage::Over];
    for stage in &stages[..if all { 3 } else { 2 }] {
        let mut wanted = Listing {
            stage: Some(*stage),
            order: Order::LastBegun,
            limit: PAGE,
            ..Listing::default()
        };
        loop {
            let (staff, asked) = (staff.clone(), wanted.clone());
            let read = move |tx: &mut dyn Tx| list_freezes(tx, &staff, &asked, now);
            let page = platform.db.read(read).await?;
            wanted.after = page.last().map(|act| wanted.place_of(&act.freeze));
            acts.extend(page);
            if wanted.after.is_none() || acts.len() >= LISTED_MAX {
                break;
            }
        }
    }
    let row = |act: &Act| {
        let freeze = &act.freeze;
        let until = (act.until != FOREVER).then(|| shown(act.until));
        let lifted = act.lifted.as_ref().map(|(by, _)| by.clone());
        [
            freeze.kind.as_str().to_owned(),
            freeze.reference.clone(),
            freeze.stage(now).as_str().to_owned(),
            shown(freeze.from),
            until.unwrap_or_default(),
            freeze.reason.clone(),
            if freeze.internal { "yes" } else { "no" }.to_owned(),
            act.set_by.clone(),
            lifted.unwrap_or_default(),
        ]
    };
    Ok(Answer::table(COLUMNS, acts.iter().map(row).collect()))
}
