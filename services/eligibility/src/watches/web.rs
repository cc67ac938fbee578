//! `/eligibilite/veilles`: the list, a watch, and the forms that begin, read and stop one.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::Platform;
use domain::access::{Ctx, Permission, Right};
use kernel::{Fault, Id, Refusal, WatchId};
use service_api::{PageCall, PageError, PageResult};
use storage::Tx;
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, Tag};

use super::pages::{Line, Step, WatchList, WatchPage};
use super::usecases::{self, NewWatch};
use super::{CHANGES_MAX, Change, Listing, Sort, State, Watch, labels, rules, store};
use crate::history::rules::clean;

/// The list.
const PATH: &str = "/eligibilite/veilles";
/// Columns that sort it.
const SORTABLE: &[&str] = &["date", "adresse", "verdict"];
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

fn may(call: &PageCall, right: Right) -> bool {
    let permission = Permission::subscribed("eligibilite", right);
    call.ctx.as_ref().is_some_and(|ctx| ctx.holds(permission))
}

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let sort = Sort::ALL.into_iter().find(|(_, name)| *name == query.sort);
    let state = State::parse(query.filter("verdict")).map_or("", State::as_str);
    Listing {
        text: clean(query.search(), 256).to_lowercase(),
        state: state.to_owned(),
        unread: query.filter("lecture") == "non",
        sort: sort.map_or(Sort::Moved, |(sort, _)| sort),
        descending: query.desc,
        after: query.after.as_deref().and_then(page_key),
        limit,
    }
}

/// A page's key: the id of its last row, a tilde, the value it was sorted by.
fn page_key(text: &str) -> Option<(String, String)> {
    let (id, value) = text.split_once('~')?;
    WatchId::parse(id)?;
    Some((clean(value, 1_000), id.to_owned()))
}

async fn read(call: &PageCall, wanted: Listing) -> Result<Vec<Watch>, PageError> {
    let scope = call.ctx()?.operator()?.clone();
    let list = move |tx: &mut dyn Tx| store::list(tx, &scope, &wanted);
    Ok(call.platform.db.read(list).await.map_err(Fault::from)?)
}

async fn counts(call: &PageCall) -> Result<(i64, i64), PageError> {
    let scope = call.ctx()?.operator()?.clone();
    let count = move |tx: &mut dyn Tx| store::count(tx, &scope);
    Ok(call.platform.db.get(count).await.map_err(Fault::from)?)
}

/// How many changes nobody of the operator has read: the figure of the menu.
pub(crate) async fn waiting(platform: Arc<Platform>, ctx: Arc<Ctx>) -> Result<u64, Fault> {
    let Ok(scope) = ctx.operator().cloned() else {
        return Ok(0);
    };
    let count = move |tx: &mut dyn Tx| store::count_unread(tx, &scope);
    let unread = platform.db.get(count).await?;
    Ok(u64::try_from(unread).unwrap_or(0))
}

/// The list of watches.
pub(crate) async fn list(call: PageCall) -> PageResult {
    let query = ListQuery::parse(PATH, call.query.clone(), SORTABLE, true);
    if let Some(format) = query.format {
        let wanted = listing(&query, EXPORT_PAGE);
        let place = |watch: &Watch| (wanted.sort.key_of(watch), watch.id.to_string());
        let watches = gather(ROWS_MAX, place, |after| {
            let wanted = Listing {
                after,
                ..wanted.clone()
            };
            read(&call, wanted)
        });
        let rows: Vec<_> = watches.await?.iter().map(cells).collect();
        let columns = labels::COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, "veilles", &columns, &rows).map_err(Fault::internal)?);
    }
    list_page(&call, query, call.new_form()?, StatusCode::OK).await
}

async fn list_page(call: &PageCall, query: ListQuery, add: Form, status: StatusCode) -> PageResult {
    let per_page = query.per_page;
    let wanted = listing(&query, i64::try_from(per_page).unwrap_or(50) + 1);
    let sort = wanted.sort;
    let mut watches = read(call, wanted).await?;
    let more = watches.len() > per_page;
    watches.truncate(per_page);
    let next = watches.last().filter(|_| more);
    let next = next.map(|watch| format!("{}~{}", watch.id, sort.key_of(watch)));
    let (all, unread) = counts(call).await?;
    let total = match (query.search(), query.filter("verdict")) {
        ("", "") if query.filter("lecture") == "non" => Some(unread),
        ("", "") => Some(all),
        _ => None,
    };
    let shell = call
        .shell(labels::TITLE)
        .under(crate::labels::TITLE, "/eligibilite");
    let readable = unread > 0 && may(call, Right::Modify);
    let page = WatchList {
        shell,
        all,
        unread,
        states: State::ALL
            .iter()
            .map(|state| (state.as_str(), labels::state(*state)))
            .collect(),
        rows: watches.iter().map(line).collect(),
        pager: Pager {
            shown: watches.len(),
            total: total.and_then(|n| u64::try_from(n).ok()),
            next,
        },
        read: readable.then(|| call.new_form()).transpose()?,
        add: may(call, Right::Create).then_some(add),
        query,
    };
    Ok(web::page(status, &page))
}

/// The page of a watch.
pub(crate) fn href(id: &WatchId) -> String {
    format!("{PATH}/{id}")
}

fn line(watch: &Watch) -> Line {
    Line {
        href: href(&watch.id),
        place: watch.address.clone(),
        building: watch.building_ref.clone(),
        reference: watch.reference.clone(),
        note: watch.note.clone(),
        state: Tag::new(labels::tone(watch.state), labels::state(watch.state)),
        verdict: match watch.state {
            // The tag says it all.
            State::Eligible => String::new(),
            _ => labels::verdict(&watch.verdict),
        },
        before: labels::verdict(&watch.verdict_before),
        release: watch.release,
        moved: watch.moved,
        unread: watch.unread,
    }
}

fn cells(watch: &Watch) -> Vec<Cell> {
    let fields = rules::fields(&watch.place);
    let field = |name| Cell::from(fields.get(name));
    vec![
        watch.building_ref.clone().into(),
        watch.address.clone().into(),
        field("Batiment"),
        field("Escalier"),
        field("Etage"),
        field("ReferencePrise"),
        watch.reference.clone().into(),
        watch.note.clone().into(),
        labels::state(watch.state).into(),
        labels::verdict(&watch.verdict).into(),
        labels::verdict(&watch.verdict_before).into(),
        watch.release.into(),
        watch.moved.into(),
        (!watch.unread).into(),
        watch.account_name.clone().into(),
    ]
}

fn own_id(call: &PageCall) -> Result<WatchId, PageError> {
    WatchId::parse(call.param("id")).ok_or(PageError::NotFound)
}

/// A watch and its changes.
pub(crate) async fn show(call: PageCall) -> PageResult {
    let (id, scope) = (own_id(&call)?, call.ctx()?.operator()?.clone());
    let find = move |tx: &mut dyn Tx| {
        let Some(watch) = store::by_id(tx, &scope, &id)? else {
            return Ok(None);
        };
        let changes = store::list_changes(tx, &scope, &id, CHANGES_MAX)?;
        Ok(Some((watch, changes)))
    };
    let found = call.platform.db.get(find).await.map_err(Fault::from)?;
    let (watch, changes) = found.ok_or(PageError::NotFound)?;
    let shell = call
        .shell(&web::french::address(&watch.address))
        .under(crate::labels::TITLE, "/eligibilite")
        .under(labels::TITLE, PATH);
    let form = |wanted: bool| wanted.then(|| call.new_form()).transpose();
    let page = WatchPage {
        shell,
        id: watch.id.to_string(),
        line: line(&watch),
        again: format!("/eligibilite?{}", watch.place),
        by: watch.account_name.clone(),
        since: watch.created,
        changes: changes.iter().map(step).collect(),
        read: form(watch.unread && may(&call, Right::Modify))?,
        stop: form(may(&call, Right::Close))?,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn step(change: &Change) -> Step {
    let best = rules::best(&change.after);
    Step {
        at: change.at,
        before: labels::verdict(&change.before),
        after: labels::verdict(&change.after),
        state: best.map(|best| Tag::new(labels::tone(best.state), labels::state(best.state))),
        with: labels::seen_with(change.release),
    }
}

fn asked(call: &PageCall) -> Result<NewWatch, Refusal> {
    let place = rules::place(|name| call.field(name))?;
    let (reference, note) = rules::remarks(call.field("reference"), call.field("note"))?;
    Ok(NewWatch {
        place,
        reference,
        note,
    })
}

/// Watches a place; the fields are those of the module's head.
pub(crate) async fn add(call: PageCall) -> PageResult {
    let result = match asked(&call) {
        Ok(new) => {
            let (platform, ctx) = (&call.platform, call.ctx()?);
            let outcome = usecases::watch(platform, ctx, new, call.form_key()).await?;
            outcome.into_result()
        }
        Err(refusal) => Err(refusal),
    };
    match result {
        Ok(id) => Ok(to(&href(&id), "veille")),
        Err(mut refusal) => {
            let mut form = call.new_form()?.with_values(call.form.clone());
            let shown = |name: &String| {
                let places = rules::FIELDS.map(|(name, _)| name);
                places
                    .iter()
                    .chain(&["reference", "note"])
                    .any(|one| one == name)
            };
            // The key of the form is no field that one could correct.
            refusal.field = refusal.field.filter(shown);
            form.refuse(&refusal);
            let query = ListQuery::parse(PATH, Vec::new(), SORTABLE, true);
            list_page(&call, query, form, web::errors::status_of(&refusal)).await
        }
    }
}

/// Marks the last change of a watch as read.
pub(crate) async fn mark_read(call: PageCall) -> PageResult {
    let id = own_id(&call)?;
    let outcome =
        usecases::mark_read(&call.platform, call.ctx()?, Some(id), call.form_key()).await?;
    outcome.into_result()?;
    Ok(to(PATH, "veille-lue"))
}

/// Marks every change as read.
pub(crate) async fn mark_all_read(call: PageCall) -> PageResult {
    let outcome = usecases::mark_read(&call.platform, call.ctx()?, None, call.form_key()).await?;
    outcome.into_result()?;
    Ok(to(PATH, "veilles-lues"))
}

/// Stops a watch.
pub(crate) async fn stop(call: PageCall) -> PageResult {
    let id = own_id(&call)?;
    let outcome = usecases::stop(&call.platform, call.ctx()?, id, call.form_key()).await?;
    outcome.into_result()?;
    Ok(to(PATH, "veille-arretee"))
}

fn to(path: &str, done: &str) -> Response {
    let field = web::server::FLASH_FIELD;
    Redirect::to(&format!("{path}?{field}={done}")).into_response()
}
