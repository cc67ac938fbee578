//! `/eligibilite/historique`, and what the eligibility page tells the history.

use axum::http::StatusCode;
use domain::order::PlaceOrder;
use jiff::civil::Date;
use kernel::{EligibilityId, Fault, Id, Millis, Refusal, working_time};
use service_api::{PageCall, PageError, PageResult};
use storage::Tx;
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{ListQuery, Pager, Tag};

use super::pages::{Asker, Choice, History, Line};
use super::{Door, End, Entry, Listing, Question, Sort, labels, rules, store, usecases};
use crate::pages::Outcome;
use crate::usecases::Tested;
use web::search_box;

/// The list.
const PATH: &str = "/eligibilite/historique";
/// Columns that sort it.
const SORTABLE: &[&str] = &["quand", "adresse", "verdict"];
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

/// The question of the eligibility page: its text, or its fields.
fn question(call: &PageCall, fields: &PlaceOrder) -> Question {
    match (call.asked("critere"), call.asked(search_box::FIELD)) {
        ("" | "texte", text) if !text.is_empty() => Question::text(text),
        _ => Question::fields(fields),
    }
}

/// Notes what the eligibility page is about to answer for `fields`.
pub(crate) fn told(call: &PageCall, fields: &PlaceOrder, tested: &Result<Tested, Refusal>) {
    if let Some(ctx) = &call.ctx {
        usecases::told(&call.platform, ctx, question(call, fields), tested);
    }
}

/// Notes what a text led to that named no building by itself.
pub(crate) fn led(call: &PageCall, outcome: Option<&Outcome>) {
    let led = match outcome {
        Some(Outcome::Places(places)) => match &places.refusal {
            Some(refusal) => super::Led {
                code: refusal.code.to_string(),
                end: End::Refused,
                ..rules::choice(places.lines.len())
            },
            None => rules::choice(places.lines.len()),
        },
        Some(Outcome::Choice(candidates)) => rules::choice(candidates.len()),
        _ => return,
    };
    if let Some(ctx) = &call.ctx {
        let question = Question::text(call.asked(search_box::FIELD));
        usecases::led(&call.platform, ctx, question, led);
    }
}

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let sort = Sort::ALL.into_iter().find(|(_, name)| *name == query.sort);
    let day = |name: &str| query.filter(name).parse::<Date>().ok();
    let start = working_time::start_of_day;
    let next = |day: Date| start(day.tomorrow().unwrap_or(day));
    let known = |text: &str| End::parse(text).map_or("", End::as_str);
    Listing {
        text: rules::clean(query.search(), super::VALUE_MAX_CHARS).to_lowercase(),
        end: known(query.filter("verdict")).to_owned(),
        code: rules::clean(query.filter("code"), 16).to_uppercase(),
        door: Door::parse(query.filter("porte"))
            .map_or("", Door::as_str)
            .to_owned(),
        asked_by: rules::clean(query.filter("qui"), 64),
        from: day("du").map_or(Millis(0), start),
        to: day("au").map_or(Millis(i64::MAX), next),
        sort: sort.map_or(Sort::At, |(sort, _)| sort),
        descending: query.desc,
        after: query.after.as_deref().and_then(page_key),
        limit,
    }
}

/// A page's key: the id of its last row, a tilde, the value it was sorted by.
fn page_key(text: &str) -> Option<(String, String)> {
    let (id, value) = text.split_once('~')?;
    EligibilityId::parse(id)?;
    Some((rules::clean(value, 1_000), id.to_owned()))
}

/// The history.
pub(crate) async fn history(call: PageCall) -> PageResult {
    let query = ListQuery::parse(PATH, call.query.clone(), SORTABLE, true);
    let ctx = call.ctx()?;
    if let Some(format) = query.format {
        let rows = export(&call, &query).await?;
        let columns = labels::COLUMNS.map(|(key, heading)| Column { key, heading });
        let file = attachment(format, "historique-eligibilites", &columns, &rows);
        return Ok(file.map_err(Fault::internal)?);
    }
    let per_page = query.per_page;
    let wanted = listing(&query, i64::try_from(per_page).unwrap_or(50) + 1);
    let sort = wanted.sort;
    let mut entries = usecases::list(&call.platform, ctx, wanted).await??;
    let more = entries.len() > per_page;
    entries.truncate(per_page);
    let next = entries.last().filter(|_| more);
    let next = next.map(|entry| format!("{}~{}", entry.id, sort.key_of(entry)));
    let scope = ctx.operator()?.clone();
    let count = move |tx: &mut dyn Tx| store::count_by_end(tx, &scope);
    let counts = call.platform.db.read(count).await.map_err(Fault::from)?;
    let narrowed = ["q", "code", "porte", "qui", "du", "au"];
    let whole = narrowed.iter().all(|name| query.filter(name).is_empty());
    let ends = ends(&counts);
    let total = ends.iter().find(|end| end.value == query.filter("verdict"));
    let total = total.and_then(|end| u64::try_from(end.count).ok());
    let shell = call
        .shell(labels::TITLE)
        .under(crate::labels::TITLE, "/eligibilite");
    let page = History {
        shell,
        askers: askers(&call, &query, &entries)?,
        rows: entries.iter().map(line).collect(),
        pager: Pager {
            shown: entries.len(),
            total: total.filter(|_| whole),
            next,
        },
        ends,
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn ends(counts: &[(End, i64)]) -> Vec<Choice> {
    let all = Choice {
        value: "",
        label: labels::ALL,
        count: counts.iter().map(|(_, n)| n).sum(),
    };
    let each = End::ALL.iter().map(|end| Choice {
        value: end.as_str(),
        label: labels::end(*end),
        count: counts
            .iter()
            .find(|(known, _)| known == end)
            .map_or(0, |(_, n)| *n),
    });
    [all].into_iter().chain(each).collect()
}

/// The caller, those of this page, and whoever the list is narrowed to.
fn askers(call: &PageCall, query: &ListQuery, entries: &[Entry]) -> Result<Vec<Asker>, PageError> {
    let actor = &call.ctx()?.actor;
    let here = entries.iter().map(|e| (&e.asked_by, &e.asked_name));
    let mut askers: Vec<Asker> = Vec::new();
    for (id, name) in [(&actor.id, &actor.name)].into_iter().chain(here) {
        if !askers.iter().any(|known| known.id == *id) {
            askers.push(Asker {
                id: id.clone(),
                name: name.clone(),
            });
        }
    }
    let asked = query.filter("qui");
    if !asked.is_empty() && !askers.iter().any(|known| known.id == asked) {
        askers.push(Asker {
            id: asked.to_owned(),
            name: asked.to_owned(),
        });
    }
    Ok(askers)
}

fn line(entry: &Entry) -> Line {
    let led = &entry.led;
    Line {
        at: entry.at,
        door: labels::door(entry.door),
        name: entry.asked_name.clone(),
        shown: entry.question.shown.clone(),
        again: format!("/eligibilite?{}", entry.question.query),
        address: led.address.clone(),
        found: match led.building_ref.as_str() {
            "" => labels::places(led.buildings),
            // Not twice, where it was the question.
            reference if reference == entry.question.shown => String::new(),
            reference => reference.to_owned(),
        },
        end: Tag::new(labels::tone(led.end), labels::end(led.end)),
        opens: led.opens_on.map(labels::opens).unwrap_or_default(),
        code: led.code.clone(),
    }
}

async fn export(call: &PageCall, query: &ListQuery) -> Result<Vec<Vec<Cell>>, PageError> {
    let ctx = call.ctx()?;
    let wanted = listing(query, EXPORT_PAGE);
    let place = |entry: &Entry| (wanted.sort.key_of(entry), entry.id.to_string());
    let entries = gather(ROWS_MAX, place, |after| {
        let wanted = Listing {
            after,
            ..wanted.clone()
        };
        async { Ok(usecases::list(&call.platform, ctx, wanted).await??) }
    });
    Ok(entries.await?.iter().map(cells).collect())
}

fn cells(entry: &Entry) -> Vec<Cell> {
    let led = &entry.led;
    vec![
        entry.at.into(),
        entry.real_at.into(),
        labels::door(entry.door).into(),
        entry.asked_name.clone().into(),
        entry.asked_by.clone().into(),
        entry.question.shown.clone().into(),
        led.building_ref.clone().into(),
        led.address.clone().into(),
        led.buildings.into(),
        labels::end(led.end).into(),
        led.code.clone().into(),
        led.opens_on.into(),
        led.extracted_on.into(),
        led.release.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_s_key_is_read_as_it_is_written() {
        let id = format!("elg_{}", "0".repeat(32));
        let key = page_key(&format!("{id}~12 rue ~ bis"));
        assert_eq!(key, Some(("12 rue ~ bis".to_owned(), id)));
        assert_eq!(page_key("elg_1~x"), None);
        assert_eq!(page_key("rien"), None);
    }
}
