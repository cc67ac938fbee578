//! Freezes of buildings and PMs: what their sheets show of them, putting and lifting them from
//! there, and the list of all. Freezes are live: what a release says does not touch them.

pub(super) mod labels;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use domain::access::StaffScope;
use domain::freeze::store::{self, Listing, Order, Place};
use domain::freeze::{Act, FOREVER, FreezeKind, NewFreeze, Stage, labels as words, usecases};
use jiff::civil::Date;
use kernel::{Fault, Millis, Refusal, codes};
use service_api::{PageCall, PageResult};
use storage::{Error, Tx};
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, Tag, Tone};

use super::pages::{Choice, FreezeList, FreezePanel, FreezeRow, Frozen};
use super::{links, objects, structure};

/// The list.
const PATH: &str = "/oi/gels";
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

/// The freezes a sheet shows: of the object itself, and of its PM.
pub(super) struct Seen {
    own: Option<Act>,
    of_pm: Option<Act>,
}

/// Reads what a building's sheet shows of freezes, or a PM's when `pm_ref` is empty.
pub(super) fn seen(
    tx: &mut dyn Tx,
    (kind, reference): (FreezeKind, &str),
    pm_ref: &str,
    now: Millis,
) -> Result<Seen, Error> {
    Ok(Seen {
        own: store::open_at(tx, kind, reference, now)?,
        of_pm: match pm_ref {
            "" => None,
            pm_ref => store::open_at(tx, FreezeKind::Pm, pm_ref, now)?,
        },
    })
}

/// The part of a sheet that shows freezes and puts or lifts them.
pub(super) fn panel(
    seen: &Seen,
    (kind, reference): (FreezeKind, &str),
    form: Form,
    now: Millis,
) -> FreezePanel {
    let of_pm = seen.of_pm.as_ref().map(|act| Frozen {
        href: Some(links::pm(&act.freeze.reference)),
        ..frozen(act, now)
    });
    FreezePanel {
        kind: kind.as_str(),
        reference: reference.to_owned(),
        own: seen.own.as_ref().map(|act| frozen(act, now)),
        of_pm,
        form,
    }
}

fn frozen(act: &Act, now: Millis) -> Frozen {
    let stage = act.freeze.stage(now);
    Frozen {
        in_force: stage == Stage::InForce,
        stage: Tag::new(tone(stage), stage.label()),
        sentence: labels::frozen(&act.freeze, stage),
        reason: act.freeze.reason.clone(),
        internal: act.freeze.internal,
        by: labels::put_by(act),
        href: None,
    }
}

fn tone(stage: Stage) -> Tone {
    match stage {
        Stage::InForce => Tone::Warn,
        Stage::ToCome => Tone::Info,
        Stage::Over => Tone::Neutral,
    }
}

/// The sheet of what is frozen.
fn sheet_of(kind: FreezeKind, reference: &str) -> String {
    match kind {
        FreezeKind::Building => links::building(reference, ""),
        FreezeKind::Pm => links::pm(reference),
    }
}

/// What a form of a sheet is about.
fn object(call: &PageCall) -> Result<(FreezeKind, String), Refusal> {
    let kind = FreezeKind::from_store(call.field("nature"));
    let kind = kind.map_err(|_| Refusal::new(&codes::RC02).on("nature"))?;
    Ok((kind, call.field("ref").to_owned()))
}

fn day(call: &PageCall, field: &str) -> Result<Option<Date>, Refusal> {
    match call.field(field) {
        "" => Ok(None),
        text => match text.parse() {
            Ok(day) => Ok(Some(day)),
            Err(_) => Err(Refusal::new(&codes::RC03).on(field)),
        },
    }
}

fn asked(call: &PageCall) -> Result<NewFreeze, Refusal> {
    let (kind, reference) = object(call)?;
    Ok(NewFreeze {
        kind,
        reference,
        reason: call.field("motif").to_owned(),
        internal: call.field("interne") == "oui",
        from: day(call, "du")?,
        until: day(call, "au")?,
    })
}

/// Puts a freeze, and goes back to the sheet.
pub(crate) async fn freeze(call: PageCall) -> PageResult {
    let result = match asked(&call) {
        Ok(new) => {
            let (platform, ctx) = (&call.platform, call.ctx()?);
            let outcome = usecases::freeze(platform, ctx, new, call.form_key()).await?;
            outcome.into_result()
        }
        Err(refusal) => Err(refusal),
    };
    back(call, result, "gel").await
}

/// Lifts a freeze, and goes back to the sheet.
pub(crate) async fn lift(call: PageCall) -> PageResult {
    let result = match object(&call) {
        Ok(object) => {
            let (platform, ctx) = (&call.platform, call.ctx()?);
            let outcome = usecases::lift(platform, ctx, object, call.form_key()).await?;
            outcome.into_result()
        }
        Err(refusal) => Err(refusal),
    };
    back(call, result, "levee").await
}

async fn back(mut call: PageCall, result: Result<(), Refusal>, done: &str) -> PageResult {
    let (kind, reference) = object(&call)?;
    let Err(refusal) = result else {
        let to = format!("{}&fait={done}", sheet_of(kind, &reference));
        return Ok(Redirect::to(&to).into_response());
    };
    let status = web::errors::status_of(&refusal);
    let mut form = call.new_form()?.with_values(call.form.clone());
    form.refuse(&refusal);
    // The sheet is asked for by its query.
    call.query = vec![("ref".to_owned(), reference)];
    match kind {
        FreezeKind::Building => structure::building_page(&call, form, status).await,
        FreezeKind::Pm => objects::pm_page(&call, form, status).await,
    }
}

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let order = match (query.sort.as_str(), query.desc) {
        ("fin", true) => Order::LastEnding,
        ("fin", false) => Order::FirstEnding,
        (_, false) => Order::FirstBegun,
        (_, true) => Order::LastBegun,
    };
    Listing {
        kind: FreezeKind::from_store(query.filter("nature")).ok(),
        stage: Stage::from_store(query.filter("etat")).ok(),
        reference: query.search().to_owned(),
        order,
        after: query.after.as_deref().and_then(place),
        limit,
    }
}

/// A place as an address writes it.
fn place(text: &str) -> Option<Place> {
    let mut parts = text.splitn(4, '~');
    let by = parts.next()?.parse().ok()?;
    let from = parts.next()?.parse().ok()?;
    let kind = parts.next()?.to_owned();
    Some((by, kind, parts.next()?.to_owned(), from))
}

async fn read(
    call: &PageCall,
    scope: &StaffScope,
    wanted: Listing,
    now: Millis,
) -> Result<Vec<Act>, Fault> {
    let scope = scope.clone();
    let list = move |tx: &mut dyn Tx| store::list(tx, &scope, &wanted, now);
    Ok(call.platform.db.read(list).await?)
}

/// All freezes.
pub(super) async fn list(call: PageCall) -> PageResult {
    let (scope, now) = (call.ctx()?.staff()?.clone(), call.ctx()?.now);
    let query = ListQuery::parse(PATH, call.query.clone(), &["debut", "fin"], true);
    if let Some(format) = query.format {
        let (call, scope, wanted) = (&call, &scope, listing(&query, EXPORT_PAGE));
        let all = gather(
            ROWS_MAX,
            |act: &Act| wanted.place_of(&act.freeze),
            |after| {
                let wanted = Listing {
                    after,
                    ..wanted.clone()
                };
                async move { Ok(read(call, scope, wanted, now).await?) }
            },
        );
        let rows: Vec<_> = all.await?.iter().map(|act| cells(act, now)).collect();
        let columns = labels::FREEZE_COLUMNS;
        let columns: Vec<Column> = columns
            .iter()
            .map(|&(key, heading)| Column { key, heading })
            .collect();
        return Ok(attachment(format, "gels", &columns, &rows).map_err(Fault::internal)?);
    }
    let wanted = listing(&query, i64::try_from(query.per_page).unwrap_or(50) + 1);
    let mut acts = read(&call, &scope, wanted.clone(), now).await?;
    let more = acts.len() > query.per_page;
    acts.truncate(query.per_page);
    let next = acts.last().filter(|_| more).map(|act| {
        let (by, kind, reference, from) = wanted.place_of(&act.freeze);
        format!("{by}~{from}~{kind}~{reference}")
    });
    let count = move |tx: &mut dyn Tx| store::count_by_stage(tx, &scope, now);
    let counts = call.platform.db.read(count).await.map_err(Fault::from)?;
    let page = FreezeList {
        shell: call.shell(labels::FREEZES),
        stages: stages(counts),
        rows: acts.iter().map(|act| row(act, now)).collect(),
        pager: Pager {
            shown: acts.len(),
            total: total(&query, counts),
            next,
        },
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

type Counts = [i64; Stage::ALL.len()];

fn stages(counts: Counts) -> Vec<Choice> {
    let choice = |(stage, count): (&Stage, i64)| Choice {
        value: stage.as_str(),
        label: stage.label(),
        count,
    };
    let all = Choice {
        value: "",
        label: labels::ALL_FREEZES,
        count: counts.iter().sum(),
    };
    let each = Stage::ALL.iter().zip(counts).map(choice);
    [all].into_iter().chain(each).collect()
}

/// How many freezes the list has, where that was counted.
fn total(query: &ListQuery, counts: Counts) -> Option<u64> {
    let counted = query.filter("nature").is_empty() && query.search().is_empty();
    let stage = Stage::from_store(query.filter("etat")).ok();
    let of = Stage::ALL.iter().zip(counts);
    let of = of.filter(|(known, _)| stage.is_none_or(|stage| stage == **known));
    let sum: i64 = of.map(|(_, count)| count).sum();
    u64::try_from(sum).ok().filter(|_| counted)
}

fn row(act: &Act, now: Millis) -> FreezeRow {
    let freeze = &act.freeze;
    let stage = freeze.stage(now);
    let lifted = act.lifted.as_ref();
    FreezeRow {
        kind: freeze.kind.label(),
        href: sheet_of(freeze.kind, &freeze.reference),
        reference: freeze.reference.clone(),
        reason: freeze.reason.clone(),
        internal: freeze.internal,
        stage: Tag::new(tone(stage), stage.label()),
        from: freeze.from,
        until: words::until(act.until),
        by: labels::put_by(act),
        lifted: lifted.map(|(by, at)| (by.clone(), *at)),
    }
}

fn cells(act: &Act, now: Millis) -> Vec<Cell> {
    let freeze = &act.freeze;
    let end = |at: Millis| (at != FOREVER).then_some(at);
    vec![
        freeze.kind.label().into(),
        freeze.reference.clone().into(),
        freeze.stage(now).label().into(),
        freeze.from.into(),
        end(act.until).into(),
        freeze.reason.clone().into(),
        freeze.internal.into(),
        act.set_by.clone().into(),
        act.set_at.into(),
        act.lifted.as_ref().map(|(by, _)| by.clone()).into(),
        act.lifted.as_ref().map(|(_, at)| *at).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let read = place("9223372036854775807~-5~pm~FI~0");
        let expected = (i64::MAX, "pm".to_owned(), "FI~0".to_owned(), -5);
        assert_eq!(read, Some(expected));
        assert_eq!(place("x~1~pm~A"), None);
        assert_eq!(place("1~1~pm"), None);
    }
}
