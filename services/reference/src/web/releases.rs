//! Releases: the list, what one changes, approving, declining, taking back.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use domain::order::labels as order_labels;
use domain::release::history::{Past, store as history};
use domain::release::{Release, ReleaseState, store as releases_store};
use kernel::{Fault, Refusal};
use service_api::{PageCall, PageError, PageResult};
use storage::Value;
use web::export::{Cell, Column, Format, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, Tag, Tone};

use super::imports::import_page;
use super::streams::{Text, Walk};
use super::{found, number, settled, staff};
use crate::browse::labels as network;
use crate::differences::{self, Difference, Filter, What};
use crate::effect::{self, Effect, Part, Place, Touched};
use crate::labels;
use crate::pages::{
    Choice, DifferenceRow, EffectPanel, ReleaseList, ReleasePage, ReleaseRow, TableChoice,
    TouchedPage, TouchedRow,
};
use crate::runs;
use crate::runs::usecases::{approve_release, decline_release, roll_back as take_back};
use crate::store::Change;

/// Orders and lines that a release touches which its import's page shows.
const TOUCHED_SHOWN: usize = 20;
/// Of those, read at once for a file.
const TOUCHED_PAGE: usize = 1_000;
/// Fields shown of an object that comes or goes: enough to know it by.
const FIELDS_SHOWN: usize = 6;
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

fn listing(query: &ListQuery) -> (String, Release) {
    let state = query.filter("etat");
    let state = ReleaseState::from_store(state).map_or("", ReleaseState::as_str);
    let before = query.after.as_deref().and_then(|text| text.parse().ok());
    (state.to_owned(), Release(before.unwrap_or(i64::MAX)))
}

async fn read(
    call: &PageCall,
    (state, before): (String, Release),
    limit: i64,
) -> Result<Vec<Past>, Fault> {
    let list = move |tx: &mut dyn storage::Tx| history::list(tx, &state, before, limit);
    Ok(call.platform.db.read(list).await?)
}

pub(crate) async fn releases(call: PageCall) -> PageResult {
    let query = ListQuery::parse("/oi/versions", call.query.clone(), &["version"], true);
    let wanted = listing(&query);
    if let Some(format) = query.format {
        let call = &call;
        let all = gather(
            ROWS_MAX,
            |past: &Past| past.info.number,
            |after| {
                let from = (wanted.0.clone(), after.unwrap_or(Release(i64::MAX)));
                async move { Ok(read(call, from, EXPORT_PAGE).await?) }
            },
        );
        let rows: Vec<_> = all.await?.iter().map(cells).collect();
        let columns = labels::RELEASE_COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, "versions", &columns, &rows).map_err(Fault::internal)?);
    }
    let limit = i64::try_from(query.per_page).unwrap_or(50);
    let mut all = read(&call, wanted, limit + 1).await?;
    let more = all.len() > query.per_page;
    all.truncate(query.per_page);
    let next = all
        .last()
        .filter(|_| more)
        .map(|past| past.info.number.0.to_string());
    let current = call.platform.db.get(releases_store::current).await;
    let state = |state: &ReleaseState| Choice {
        value: state.as_str().to_owned(),
        label: state.label().to_owned(),
        count: None,
    };
    let mut states: Vec<_> = ReleaseState::ALL.iter().map(state).collect();
    states.insert(
        0,
        Choice {
            value: String::new(),
            label: labels::ALL_STATES.to_owned(),
            count: None,
        },
    );
    let page = ReleaseList {
        shell: call.shell(labels::RELEASES),
        states,
        current: current.map_err(Fault::from)?.0,
        pager: Pager {
            shown: all.len(),
            total: None,
            next,
        },
        rows: all.iter().map(row).collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn row(past: &Past) -> ReleaseRow {
    let info = &past.info;
    let withdrawn = past
        .withdrawn_at
        .map(|at| (at, past.withdrawn_by.clone(), past.withdrawn_why.clone()));
    ReleaseRow {
        number: info.number.0,
        kind: info.kind.label(),
        state: state(past),
        base: info.base.0,
        created: info.created_at,
        published: info.published_at.map(|at| (at, past.published_by.clone())),
        withdrawn,
    }
}

fn state(past: &Past) -> Tag {
    let state = past.info.state;
    Tag::new(labels::release_tone(state), state.label())
}

fn cells(past: &Past) -> Vec<Cell> {
    let info = &past.info;
    vec![
        info.number.0.into(),
        info.kind.label().into(),
        info.state.label().into(),
        info.base.0.into(),
        info.created_at.into(),
        info.published_at.into(),
        past.published_by.clone().into(),
        past.withdrawn_at.into(),
        past.withdrawn_by.clone().into(),
        past.withdrawn_why.clone().into(),
    ]
}

async fn past_of(call: &PageCall) -> Result<Past, PageError> {
    let number = number(call)?;
    let find = move |tx: &mut dyn storage::Tx| history::by_number(tx, number);
    found(call.platform.db.get(find).await.map_err(Fault::from)?)
}

pub(crate) async fn release(call: PageCall) -> PageResult {
    let past = past_of(&call).await?;
    let form = call.new_form()?;
    release_page(&call, &past, form, StatusCode::OK).await
}

async fn release_page(call: &PageCall, past: &Past, form: Form, status: StatusCode) -> PageResult {
    let info = past.info.clone();
    let number = info.number;
    let path = format!("/oi/versions/{}", number.0);
    let query = ListQuery::parse(&path, call.query.clone(), &["objet"], false);
    let changes = match past.undone {
        true => Vec::new(),
        false => differences::changes_of(&call.platform.db, number).await?,
    };
    let asked = changes
        .iter()
        .find(|one| one.table.name() == query.filter("table"));
    let shown = asked.or(changes.first()).copied();
    let filter = filter(&query);
    if let (Some(format), Some(change)) = (query.format, shown) {
        let name = format!("version-{}-{}", number.0, change.table.name());
        let streamed = match format {
            Format::Csv => Some(Text::Csv),
            Format::Json => Some(Text::Json),
            Format::Xlsx => None,
        };
        if let Some(text) = streamed {
            let walk = Walk::new(&call.platform, past, vec![change], filter, text);
            return Ok(walk.answer(&name));
        }
        let rows = export(call, number, change, &filter).await?;
        let columns = labels::DIFFERENCE_COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, &name, &columns, &rows).map_err(Fault::internal)?);
    }
    let after = query.after.clone().unwrap_or_default();
    let found = match shown {
        Some(change) => {
            let db = &call.platform.db;
            differences::page(db, number, change, &filter, &after, query.per_page).await?
        }
        None => differences::Page::default(),
    };
    let read = move |tx: &mut dyn storage::Tx| {
        let current = releases_store::current(tx)?;
        let sources = releases_store::sources(tx, number)?;
        let run = runs::store::by_release(tx, number)?;
        Ok((current, sources, run))
    };
    let (current, sources, run) = call.platform.db.get(read).await.map_err(Fault::from)?;
    let source = sources.into_iter().find(|source| source.kind == info.kind);
    let in_force = current == number;
    let page = ReleasePage {
        shell: call
            .shell(&format!("{} {}", labels::RELEASE, number.0))
            .under(labels::RELEASES, "/oi/versions"),
        number: number.0,
        base: info.base.0,
        state: state(past),
        in_force,
        facts: labels::release_facts(past, source.as_ref()),
        import: run.map(|run| format!("/oi/imports/{}", run.id)),
        tables: changes
            .iter()
            .map(|one| table(one, shown.as_ref()))
            .collect(),
        table: shown.map_or("", |change| labels::table(change.table)),
        whats: shown.as_ref().map_or_else(Vec::new, whats),
        fields: shown.as_ref().map_or_else(Vec::new, fields),
        narrowed: filter.what.is_some() || !filter.field.is_empty() || !filter.key.is_empty(),
        pager: Pager {
            shown: found.rows.len(),
            total: shown.and_then(|change| total(&change, &filter)),
            next: found.next,
        },
        rows: found.rows.iter().map(difference).collect(),
        undone: past.undone,
        roll_back: in_force.then_some(form),
        query,
    };
    Ok(web::page(status, &page))
}

fn filter(query: &ListQuery) -> Filter {
    Filter {
        what: What::parse(query.filter("changement")),
        field: query.filter("champ").to_owned(),
        key: query.search().to_owned(),
    }
}

/// How many differences there are, where that was counted.
fn total(change: &Change, filter: &Filter) -> Option<u64> {
    let counted = filter.field.is_empty() && filter.key.is_empty();
    let total = match filter.what {
        None => change.total(),
        Some(What::Added) => change.added,
        Some(What::Changed) => change.changed,
        Some(What::Removed) => change.removed,
    };
    u64::try_from(total).ok().filter(|_| counted)
}

fn unsigned(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn table(change: &Change, shown: Option<&Change>) -> TableChoice {
    TableChoice {
        value: change.table.name(),
        label: labels::table(change.table),
        added: unsigned(change.added),
        changed: unsigned(change.changed),
        removed: unsigned(change.removed),
        shown: shown.is_some_and(|one| one.table == change.table),
    }
}

fn whats(_: &Change) -> Vec<Choice> {
    let what = |what: What| Choice {
        value: what.as_str().to_owned(),
        label: what.label().to_owned(),
        count: None,
    };
    What::ALL.into_iter().map(what).collect()
}

fn fields(change: &Change) -> Vec<Choice> {
    let field = |field: &&'static str| Choice {
        value: (*field).to_owned(),
        label: network::field(field).to_owned(),
        count: None,
    };
    differences::fields(change.table)
        .iter()
        .map(field)
        .collect()
}

fn difference(one: &Difference) -> DifferenceRow {
    let value = |field, text: &str| match text {
        "" => String::new(),
        text => network::value(one.table, field, &Value::from(text)),
    };
    let field = |f: &differences::FieldChange| {
        (
            network::field(f.field).to_owned(),
            value(f.field, &f.before),
            value(f.field, &f.after),
        )
    };
    let telling = differences::telling(one.table);
    let fields: Vec<&differences::FieldChange> = match one.what {
        What::Added | What::Removed if !telling.is_empty() => {
            let named = |name: &&str| one.fields.iter().find(|f| f.field == *name);
            telling.iter().filter_map(named).collect()
        }
        What::Added | What::Removed => one.fields.iter().take(FIELDS_SHOWN).collect(),
        What::Changed => one.fields.iter().collect(),
    };
    DifferenceRow {
        name: one.name(),
        what: Tag::new(one.what.tone(), one.what.label()),
        fields: fields.into_iter().map(field).collect(),
        both: one.what == What::Changed,
    }
}

/// Rows of a file of differences: one a field of an object that changes, one an object else.
pub(super) fn difference_cells(one: &Difference) -> Vec<Vec<Cell>> {
    let head = |field: &str, before: &str, after: &str| -> Vec<Cell> {
        vec![
            one.table.name().into(),
            one.name().into(),
            one.what.as_str().into(),
            field.into(),
            before.into(),
            after.into(),
        ]
    };
    match one.what {
        What::Changed => {
            let line = |f: &differences::FieldChange| head(f.field, &f.before, &f.after);
            one.fields.iter().map(line).collect()
        }
        What::Added | What::Removed => vec![head("", "", "")],
    }
}

/// The rows of a workbook, which is made whole in memory.
async fn export(
    call: &PageCall,
    number: Release,
    change: Change,
    filter: &Filter,
) -> Result<Vec<Vec<Cell>>, PageError> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let db = &call.platform.db;
        let limit = usize::try_from(EXPORT_PAGE).unwrap_or(1_000);
        let page = differences::page(db, number, change, filter, &after, limit).await?;
        rows.extend(page.rows.iter().flat_map(difference_cells));
        if rows.len() > ROWS_MAX {
            return Err(Refusal::new(&kernel::codes::EEXP01).into());
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(rows),
        }
    }
}

/// All that a release changes, in one file.
pub(crate) async fn changes(call: PageCall) -> PageResult {
    let past = past_of(&call).await?;
    if past.undone {
        return Err(PageError::NotFound);
    }
    let text = match call.path.ends_with(".json") {
        true => Text::Json,
        false => Text::Csv,
    };
    let all = differences::changes_of(&call.platform.db, past.info.number).await?;
    let walk = Walk::new(&call.platform, &past, all, Filter::default(), text);
    Ok(walk.answer(&format!("version-{}", past.info.number.0)))
}

/// What publishing a release would do to orders and lines.
pub(super) async fn effect_panel(
    call: &PageCall,
    number: Release,
) -> Result<Option<EffectPanel>, PageError> {
    let find = move |tx: &mut dyn storage::Tx| history::by_number(tx, number);
    let past = call.platform.db.get(find).await.map_err(Fault::from)?;
    let Some(past) = past else {
        return Ok(None);
    };
    let db = &call.platform.db;
    let effect = Effect::of(db, staff(call)?, &past.info).await?;
    let (sum, everything) = (effect.sum(db).await?, effect::Filter::default());
    let rows = effect.page(db, &everything, None, TOUCHED_SHOWN).await?;
    Ok(Some(EffectPanel {
        sentence: labels::effect(&sum),
        rows: rows.iter().map(touched_row).collect(),
        href: format!("/oi/versions/{}/commandes", number.0),
    }))
}

fn status(one: &Touched) -> Tag {
    match (one.part, domain::order::Status::parse(&one.status)) {
        (Part::UnderWay, Some(status)) => Tag::new(Tone::Info, order_labels::status(status)),
        _ => Tag::new(Tone::Ok, one.part.label()),
    }
}

fn touched_row(one: &Touched) -> TouchedRow {
    TouchedRow {
        operator: one.operator.clone(),
        reference: one.reference.clone(),
        status: status(one),
        pto: one.pto_ref.clone(),
        object: one.object().to_owned(),
        cause: labels::cause(one),
    }
}

fn touched_cells(one: &Touched) -> Vec<Cell> {
    vec![
        one.operator.clone().into(),
        one.part.as_str().into(),
        one.reference.clone().into(),
        one.status.clone().into(),
        one.building_ref.clone().into(),
        one.pm_ref.clone().into(),
        one.pto_ref.clone().into(),
        labels::cause(one).into(),
        one.object().into(),
    ]
}

/// The orders and lines a release touches, as a list and as files.
pub(crate) async fn touched(call: PageCall) -> PageResult {
    let past = past_of(&call).await?;
    let number = past.info.number.0;
    let path = format!("/oi/versions/{number}/commandes");
    let query = ListQuery::parse(&path, call.query.clone(), &[], false);
    let filter = effect::Filter {
        part: Part::parse(query.filter("part")),
        operator: query.filter("operateur").to_uppercase(),
    };
    let db = &call.platform.db;
    let effect = Effect::of(db, staff(&call)?, &past.info).await?;
    if let Some(format) = query.format {
        let (effect, filter) = (&effect, &filter);
        let all = gather(
            ROWS_MAX,
            |one: &Touched| one.place.clone(),
            |after| async move {
                Ok(effect
                    .page(db, filter, after.as_ref(), TOUCHED_PAGE)
                    .await?)
            },
        );
        let rows: Vec<_> = all.await?.iter().map(touched_cells).collect();
        let columns = labels::TOUCHED_COLUMNS.map(|(key, heading)| Column { key, heading });
        let stem = format!("commandes-version-{number}");
        return Ok(attachment(format, &stem, &columns, &rows).map_err(Fault::internal)?);
    }
    let after = query.after.as_deref().and_then(Place::parse);
    let limit = query.per_page + 1;
    let mut all = effect.page(db, &filter, after.as_ref(), limit).await?;
    let more = all.len() > query.per_page;
    all.truncate(query.per_page);
    let sum = effect.sum(db).await?;
    let name = format!("{} {number}", labels::RELEASE);
    let page = TouchedPage {
        shell: call
            .shell(labels::TOUCHED)
            .under(labels::RELEASES, "/oi/versions")
            .under(&name, format!("/oi/versions/{number}")),
        sentence: labels::effect(&sum),
        parts: parts(&sum),
        pager: Pager {
            shown: all.len(),
            total: counted(&sum, &filter),
            next: all.last().filter(|_| more).map(|one| one.place.to_text()),
        },
        rows: all.iter().map(touched_row).collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn parts(sum: &effect::Sum) -> Vec<Choice> {
    let choice = |value: &str, label: &str, count: usize| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        count: u64::try_from(count).ok().filter(|_| !sum.more),
    };
    let mut all = vec![choice(
        "",
        labels::ALL_STATES,
        sum.under_way + sum.in_service,
    )];
    for (part, count) in Part::ALL.into_iter().zip([sum.under_way, sum.in_service]) {
        all.push(choice(part.as_str(), part.plural(), count));
    }
    all
}

/// How many rows the list has, where that was counted.
fn counted(sum: &effect::Sum, filter: &effect::Filter) -> Option<u64> {
    let count = match filter.part {
        None => sum.under_way + sum.in_service,
        Some(Part::UnderWay) => sum.under_way,
        Some(Part::InService) => sum.in_service,
    };
    let whole = filter.operator.is_empty() && !sum.more;
    u64::try_from(count).ok().filter(|_| whole)
}

/// After a decision: to `there` when it stands, else the import's page with what is wrong.
async fn decided(
    call: &PageCall,
    number: Release,
    result: Result<(), Refusal>,
    done: &str,
    approving: bool,
) -> PageResult {
    let find = move |tx: &mut dyn storage::Tx| runs::store::by_release(tx, number);
    let run = found(call.platform.db.get(find).await.map_err(Fault::from)?)?;
    let Err(refusal) = result else {
        let to = format!("/oi/imports/{}?fait={done}", run.id);
        return Ok(Redirect::to(&to).into_response());
    };
    if run.state != runs::RunState::Waiting {
        return Err(PageError::Refused(refusal));
    }
    let mut forms = (call.new_form()?, call.new_form()?);
    let form = if approving {
        &mut forms.0
    } else {
        &mut forms.1
    };
    form.refuse(&refusal);
    import_page(call, &run, forms, web::errors::status_of(&refusal)).await
}

pub(crate) async fn approve(call: PageCall) -> PageResult {
    let number = number(&call)?;
    let outcome = approve_release(&call.platform, call.ctx()?, number, call.form_key()).await;
    let result = settled(outcome)?;
    decided(&call, number, result, "approbation", true).await
}

pub(crate) async fn decline(call: PageCall) -> PageResult {
    let (number, why) = (number(&call)?, call.field("motif").to_owned());
    let outcome = decline_release(&call.platform, call.ctx()?, number, why, call.form_key()).await;
    let result = settled(outcome)?;
    decided(&call, number, result, "refus", false).await
}

pub(crate) async fn roll_back(call: PageCall) -> PageResult {
    let (past, why) = (past_of(&call).await?, call.field("motif").to_owned());
    let number = past.info.number;
    let outcome = take_back(&call.platform, call.ctx()?, number, why, call.form_key()).await;
    match settled(outcome)? {
        Ok(_) => {
            let to = format!("/oi/versions/{}?fait=retrait", number.0);
            Ok(Redirect::to(&to).into_response())
        }
        Err(refusal) => {
            let mut form = call.new_form()?.with_values(call.form.clone());
            form.refuse(&refusal);
            let status = web::errors::status_of(&refusal);
            if refusal.code == kernel::codes::EIMP06.code {
                return Err(PageError::Refused(refusal));
            }
            release_page(&call, &past, form, status).await
        }
    }
}
