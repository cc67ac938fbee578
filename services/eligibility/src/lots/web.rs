//! The pages of lots: the list with its form, one lot, its files. No decision here.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use domain::Platform;
use domain::access::{OperatorScope, require};
use domain::lot::rules::COLUMNS;
use kernel::{Fault, Refusal, codes};
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Tx};
use web::export::{Cell, Column, Format, ROWS_MAX, Sheet, attached, attachment, csv, gather, json};
use web::{Form, ListQuery, PER_PAGE_MAX, Pager, RefusalView, Tag};

use super::pages::{Answer, Choice, LotLine, LotList, LotPage};
use super::rules::{self, Answered};
use super::store::{self, Lines, Listing};
use super::{KEPT_DAYS, Lot, LotRow, LotState, drawing, labels, links, usecases};
use crate::watches::{self, Watch};

/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;
/// Candidates of a line on its page; its files have them all.
const CANDIDATES_SHOWN: usize = 2;
/// Communes offered by the filter.
const COMMUNES_MAX: i64 = 500;
/// Lines of a lot's page that is not asked for another number: they are long.
const PER_PAGE: usize = 30;

fn scope(call: &PageCall) -> Result<OperatorScope, PageError> {
    Ok(call.ctx()?.operator()?.clone())
}

/// The form of those who hold a permission.
fn form_for(
    call: &PageCall,
    needed: domain::access::Permission,
) -> Result<Option<Form>, PageError> {
    match require(call.ctx()?, needed) {
        Ok(()) => Ok(Some(call.new_form()?)),
        Err(_) => Ok(None),
    }
}

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let shown = |state: &LotState| *state != LotState::Deleted;
    let state = LotState::parse(query.filter("etat")).filter(shown);
    Listing {
        state: state.map_or("", LotState::as_str).to_owned(),
        name: query.search().to_owned(),
        ascending: !query.desc,
        after: query.after.as_deref().and_then(|place| {
            let (at, id) = place.split_once('~')?;
            Some((at.parse().ok()?, id.to_owned()))
        }),
        limit,
    }
}

fn place(lot: &Lot) -> (i64, String) {
    (lot.created.0, lot.id.to_string())
}

pub(crate) async fn list(call: PageCall) -> PageResult {
    let form = form_for(&call, crate::CREATE)?;
    list_page(&call, form, StatusCode::OK).await
}

async fn read(call: &PageCall, wanted: Listing) -> Result<Vec<Lot>, PageError> {
    let scope = scope(call)?;
    let list = move |tx: &mut dyn Tx| store::list(tx, &scope, &wanted);
    Ok(call.platform.db.read(list).await.map_err(Fault::from)?)
}

async fn list_page(call: &PageCall, form: Option<Form>, status: StatusCode) -> PageResult {
    let query = ListQuery::parse(links::LOTS, call.query.clone(), &["depot"], true);
    if let Some(format) = query.format {
        let wanted = listing(&query, EXPORT_PAGE);
        let lots = gather(ROWS_MAX, place, |after| {
            let wanted = Listing {
                after,
                ..wanted.clone()
            };
            read(call, wanted)
        });
        let rows: Vec<_> = lots.await?.iter().map(lot_cells).collect();
        let columns = labels::LOT_COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, "lots", &columns, &rows).map_err(Fault::internal)?);
    }
    let per_page = query.per_page;
    let limit = i64::try_from(per_page).unwrap_or(EXPORT_PAGE) + 1;
    let mut lots = read(call, listing(&query, limit)).await?;
    let more = lots.len() > per_page;
    lots.truncate(per_page);
    let next = lots.last().filter(|_| more).map(|lot| {
        let (at, id) = place(lot);
        format!("{at}~{id}")
    });
    let scope = scope(call)?;
    let count = move |tx: &mut dyn Tx| store::count_by_state(tx, &scope);
    let counts = call.platform.db.read(count).await.map_err(Fault::from)?;
    let states = states(&counts);
    let of = states.iter().find(|one| one.value == query.filter("etat"));
    let total = of.and_then(|one| u64::try_from(one.count).ok());
    let page = LotList {
        shell: call
            .shell(labels::TITLE)
            .under(crate::labels::TITLE, "/eligibilite"),
        form,
        columns: labels::columns(),
        rows: lots.iter().map(lot_line).collect(),
        pager: Pager {
            shown: lots.len(),
            total: total.filter(|_| query.search().is_empty()),
            next,
        },
        states,
        query,
        kept_days: KEPT_DAYS,
        scanner: call.platform.scanner().name().to_owned(),
    };
    Ok(web::page(status, &page))
}

fn states(counts: &[(LotState, i64)]) -> Vec<Choice> {
    let all = Choice {
        value: String::new(),
        label: labels::ALL.to_owned(),
        count: counts.iter().map(|(_, n)| n).sum(),
    };
    let each = LotState::SHOWN.iter().map(|state| Choice {
        value: state.as_str().to_owned(),
        label: state.label().to_owned(),
        count: counts
            .iter()
            .find(|(of, _)| of == state)
            .map_or(0, |(_, n)| *n),
    });
    [all].into_iter().chain(each).collect()
}

fn lot_line(lot: &Lot) -> LotLine {
    LotLine {
        href: links::lot(lot.id.as_str()),
        file_name: lot.file_name.clone(),
        state: Tag::new(lot.state.tone(), lot.state.label()),
        lines: lot.lines,
        done: (lot.state != LotState::Done).then_some(lot.done),
        eligible: lot.counts[0],
        created: lot.created,
        by: lot.by.clone(),
    }
}

fn lot_cells(lot: &Lot) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        lot.id.to_string().into(),
        lot.file_name.clone().into(),
        lot.state.label().into(),
        lot.created.into(),
        lot.by.clone().into(),
        lot.lines.into(),
        lot.done.into(),
        lot.release.map(|release| release.0).into(),
        lot.extracted_on.into(),
    ];
    cells.extend(lot.counts.map(Cell::Number));
    cells
}

/// An example of the file, with each column.
pub(crate) async fn model(_: PageCall) -> PageResult {
    let columns = COLUMNS.map(|heading| Column {
        key: heading,
        heading,
    });
    let rows = labels::MODEL.map(|row| row.map(Cell::from).to_vec());
    let file = attachment(Format::Csv, "modele", &columns, &rows);
    Ok(file.map_err(Fault::internal)?)
}

/// Receives the form: its file has passed the quarantine.
pub(crate) async fn submit(call: PageCall) -> PageResult {
    let refusal = match sent(&call) {
        Ok(file) => {
            let once = call.form_key();
            match usecases::submit(&call.platform, call.ctx()?, file, once).await? {
                Ok(id) => {
                    let to = format!("{}?fait=lot", links::lot(id.as_str()));
                    return Ok(Redirect::to(&to).into_response());
                }
                Err(refusal) => refusal,
            }
        }
        Err(refusal) => refusal,
    };
    let mut form = call.new_form()?.with_values(call.form.clone());
    form.refuse(&refusal);
    list_page(&call, Some(form), web::errors::status_of(&refusal)).await
}

fn sent(call: &PageCall) -> Result<domain::upload::Upload, Refusal> {
    let mut files = call.files.clone()?;
    match (files.pop(), files.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Refusal::new(&codes::RC01)
            .because(labels::NO_FILE)
            .on("fichier")),
        (Some(_), false) => Err(Refusal::new(&codes::RC04)
            .because(labels::ONE_FILE)
            .on("fichier")),
    }
}

pub(crate) async fn delete(call: PageCall) -> PageResult {
    let id = call.param("id").to_owned();
    let done = usecases::delete(&call.platform, call.ctx()?, id, call.form_key()).await?;
    done?;
    Ok(Redirect::to(&format!("{}?fait=suppression", links::LOTS)).into_response())
}

/// Watches the place of a line, or of each of some, and shows the same lines again.
pub(crate) async fn watch(call: PageCall) -> PageResult {
    let lot = lot_of(&call).await?;
    let lines = call.field("ligne").split(',').take(PER_PAGE_MAX);
    let lines: Result<Vec<i64>, _> = lines.map(str::parse).collect();
    let lines = lines.map_err(|_| PageError::NotFound)?;
    let done = usecases::watch(
        &call.platform,
        call.ctx()?,
        (&lot.id, &lines),
        call.form_key(),
    );
    done.await?.ok_or(PageError::NotFound)??;
    let query = query(&call, &links::lot(lot.id.as_str()));
    let done = if lines.len() == 1 {
        "veille"
    } else {
        "veilles"
    };
    Ok(Redirect::to(&query.done(done)).into_response())
}

/// What lines of a lot are asked for; `path` is where.
fn query(call: &PageCall, path: &str) -> ListQuery {
    ListQuery::parse(path, call.query.clone(), &["ligne"], false)
}

async fn lot_of(call: &PageCall) -> Result<Lot, PageError> {
    let (scope, id) = (scope(call)?, call.param("id").to_owned());
    let find = move |tx: &mut dyn Tx| store::by_id(tx, &scope, &id);
    let found = call.platform.db.get(find).await.map_err(Fault::from)?;
    found.ok_or(PageError::NotFound)
}

fn wanted(query: &ListQuery, limit: i64) -> Lines {
    let verdict = Answered::parse(query.filter("verdict"));
    Lines {
        verdict: verdict.map_or("", Answered::as_str).to_owned(),
        code: query.filter("code").to_owned(),
        insee: query.filter("commune").to_owned(),
        text: query.search().to_owned(),
        after: query
            .after
            .as_deref()
            .and_then(|at| at.parse().ok())
            .unwrap_or(0),
        limit,
    }
}

/// What the page of a lot reads at one instant.
struct Seen {
    /// Each with the watch of its place.
    rows: Vec<(LotRow, Option<Watch>)>,
    codes: Vec<(String, i64)>,
    communes: Vec<(String, String, i64)>,
    points: Vec<store::Point>,
}

pub(crate) async fn lot(call: PageCall) -> PageResult {
    let lot = lot_of(&call).await?;
    let href = links::lot(lot.id.as_str());
    let mut query = query(&call, &href);
    if call.asked("par").is_empty() {
        query.per_page = PER_PAGE;
    }
    if let Some(format) = query.format {
        return result(&call, &lot, &query, format).await;
    }
    let per_page = query.per_page;
    let lines = wanted(&query, i64::try_from(per_page).unwrap_or(EXPORT_PAGE) + 1);
    let (scope, id, open) = (scope(&call)?, lot.id.clone(), lot.state.is_open());
    // The map is of the whole lot: it stands above its first lines. What is under way is looked at
    // every few seconds: its map comes with its end.
    let filters = ["verdict", "code", "commune", "q"];
    let whole = query.after.is_none() && filters.iter().all(|name| query.filter(name).is_empty());
    let mapped = whole && !open;
    let read = call.platform.db.read(move |tx| {
        let rows = store::rows(tx, &scope, &id, &lines)?.into_iter();
        let watched = rows.map(|row| {
            let watch = match rules::place(&row) {
                Ok(place) => watches::store::by_place(tx, &scope, &place.query)?,
                Err(_) => None,
            };
            Ok((row, watch))
        });
        Ok(Seen {
            rows: watched.collect::<Result<_, Error>>()?,
            codes: store::count_by_code(tx, &scope, &id)?,
            communes: store::count_by_commune(tx, &scope, &id, COMMUNES_MAX)?,
            points: if mapped {
                store::points(tx, &scope, &id)?
            } else {
                Vec::new()
            },
        })
    });
    let mut seen = read.await.map_err(Fault::from)?;
    let more = seen.rows.len() > per_page;
    seen.rows.truncate(per_page);
    let next = seen
        .rows
        .last()
        .filter(|_| more)
        .map(|(row, _)| row.line.to_string());
    let page = LotPage {
        shell: call.shell(&lot.file_name).under(labels::TITLE, links::LOTS),
        state: Tag::new(lot.state.tone(), lot.state.label()),
        open,
        whole: lot.state == LotState::Done,
        done: lot.done,
        lines: lot.lines,
        percent: lot.done * 100 / lot.lines.max(1),
        refusal: lot.refusal.as_ref().map(RefusalView::from),
        submitted: (lot.created, lot.by.clone()),
        times: (lot.started, lot.ended),
        release: (lot.release.map(|release| release.0), lot.extracted_on),
        digest: lot.digest.clone(),
        unknown: lot.unknown.clone(),
        verdicts: verdicts(&lot),
        filtered: Answered::parse(query.filter("verdict")).map_or("", Answered::label),
        codes: seen.codes.into_iter().map(code_choice).collect(),
        communes: seen.communes.into_iter().map(commune_choice).collect(),
        drawing: drawing::draw(&seen.points),
        unplaced: lot.done - i64::try_from(seen.points.len()).unwrap_or(0),
        pager: Pager {
            shown: seen.rows.len(),
            total: total(&lot, &query),
            next,
        },
        unwatched: seen
            .rows
            .iter()
            .filter(|one| is_watchable(one))
            .map(|one| one.0.line)
            .collect(),
        rows: seen.rows.iter().map(answer).collect(),
        watch: form_for(&call, crate::CREATE)?,
        watch_at: self::query(&call, &format!("{href}/veiller")).done(""),
        query,
        delete: form_for(&call, crate::CLOSE)?,
        kept_days: KEPT_DAYS,
        href,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn verdicts(lot: &Lot) -> Vec<(Choice, &'static str)> {
    let all = Choice {
        value: String::new(),
        label: labels::ALL_LINES.to_owned(),
        count: lot.done,
    };
    let each = Answered::ALL
        .into_iter()
        .zip(lot.counts)
        .map(|(one, count)| {
            let choice = Choice {
                value: one.as_str().to_owned(),
                label: one.label().to_owned(),
                count,
            };
            (choice, one.tone().class())
        });
    [(all, "")].into_iter().chain(each).collect()
}

/// How many lines the list has, where that was counted.
fn total(lot: &Lot, query: &ListQuery) -> Option<u64> {
    let others = ["code", "commune", "q"];
    if others.iter().any(|name| !query.filter(name).is_empty()) {
        return None;
    }
    let of = Answered::ALL.into_iter().zip(lot.counts);
    let verdict = Answered::parse(query.filter("verdict"));
    let n: i64 = of
        .filter(|(one, _)| verdict.is_none_or(|wanted| wanted == *one))
        .map(|(_, n)| n)
        .sum();
    u64::try_from(n).ok()
}

fn code_choice((code, count): (String, i64)) -> Choice {
    let label = codes::by_code(&code).map_or("", |known| known.label);
    Choice {
        label: format!("{code} {label}"),
        value: code,
        count,
    }
}

fn commune_choice((insee, commune, count): (String, String, i64)) -> Choice {
    Choice {
        value: insee,
        label: commune,
        count,
    }
}

/// What to do about a line, and who must.
fn remedy(row: &LotRow) -> (&'static str, &'static str) {
    match (row.verdict, codes::by_code(&row.code)) {
        (Answered::ToPrecise, _) => (labels::PRECISE, kernel::codes::WhoActs::Operator.label()),
        (_, Some(code)) => (code.remedy, code.who.label()),
        (_, None) => ("", ""),
    }
}

/// Whether a line has a place that nobody watches yet.
fn is_watchable((row, watch): &(LotRow, Option<Watch>)) -> bool {
    watch.is_none() && rules::place(row).is_ok()
}

fn answer((row, watch): &(LotRow, Option<Watch>)) -> Answer {
    let told = &row.told;
    let shown = told.candidates.iter().take(CANDIDATES_SHOWN);
    let candidates = shown.map(|one| {
        let href = match one.building.as_str() {
            "" => links::text(&one.label),
            building => links::building(building),
        };
        (one.label.clone(), href)
    });
    Answer {
        line: row.line,
        reference: row.reference.clone(),
        asked: told.asked.clone(),
        understood: told.understood.clone(),
        href: links::building(&row.building),
        building: row.building.clone(),
        address: told.address.clone(),
        verdict: Tag::new(row.verdict.tone(), row.verdict.label()),
        from: told.from.parse().ok(),
        code: row.code.clone(),
        reason: told.reason.clone(),
        remedy: remedy(row).0.to_owned(),
        candidates: candidates.collect(),
        more: told.candidates.len().saturating_sub(CANDIDATES_SHOWN),
        watch: watch.as_ref().map(|watch| watches::web::href(&watch.id)),
    }
}

/// One line of a result. Everything in it is of the lot: the same lines make the same bytes.
fn cells(lot: &Lot, row: &LotRow) -> Vec<Cell> {
    let told = &row.told;
    let offer = |one: &super::OfferTold| {
        let all = [&one.offer, &one.verdict, &one.from, &one.code];
        let given = all.into_iter().filter(|part| !part.is_empty());
        given.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let offers: Vec<String> = told.offers.iter().map(offer).collect();
    let candidate = |one: &super::CandidateTold| match one.building.as_str() {
        "" => one.label.clone(),
        building => format!("{building} {}", one.label),
    };
    let candidates: Vec<String> = told.candidates.iter().map(candidate).collect();
    let (remedy, who) = remedy(row);
    let degrees = |at: i64| Cell::Text(format!("{:.6}", at as f64 / 1e6));
    let place = row.place;
    vec![
        row.line.into(),
        row.reference.clone().into(),
        told.asked.clone().into(),
        told.understood.clone().into(),
        row.verdict.as_str().into(),
        told.from.parse().ok().map(Cell::Day).unwrap_or(Cell::Empty),
        row.code.clone().into(),
        told.reason.clone().into(),
        remedy.into(),
        who.into(),
        row.building.clone().into(),
        told.address.clone().into(),
        row.insee.clone().into(),
        row.commune.clone().into(),
        told.state.clone().into(),
        told.pm.clone().into(),
        offers.join(" | ").into(),
        told.required.join(", ").into(),
        candidates.join(" | ").into(),
        place.map_or(Cell::Empty, |(lon, _)| degrees(lon)),
        place.map_or(Cell::Empty, |(_, lat)| degrees(lat)),
        lot.release.map(|release| release.0).into(),
        lot.extracted_on.into(),
    ]
}

/// The result as a file, once it is whole: text is read and sent page by page.
async fn result(call: &PageCall, lot: &Lot, query: &ListQuery, format: Format) -> PageResult {
    if lot.state != LotState::Done {
        let refusal = lot.refusal.clone();
        return Err(refusal
            .unwrap_or_else(|| Refusal::new(&codes::ELOT05))
            .into());
    }
    let walk = Walk {
        platform: Arc::clone(&call.platform),
        scope: scope(call)?,
        lot: lot.clone(),
        lines: Lines {
            after: 0,
            ..wanted(query, EXPORT_PAGE)
        },
        format,
        first: true,
        ended: false,
    };
    if format == Format::Xlsx {
        return workbook(walk).await;
    }
    let stem = lot.id.to_string();
    let pieces = futures_util::stream::try_unfold(walk, async |mut walk| {
        let piece = walk.piece().await?;
        Ok::<_, Fault>(piece.map(|piece| (piece, walk)))
    });
    Ok(attached(format, &stem, Body::from_stream(pieces)))
}

/// The result as a workbook. Its rows lie in the data folder until it is whole.
async fn workbook(mut walk: Walk) -> PageResult {
    let folder = walk.platform.db.folder().map(Path::to_owned);
    let folder = folder.unwrap_or_else(std::env::temp_dir);
    let mut sheet = Sheet::new(&columns(), Some(&folder)).map_err(Fault::internal)?;
    if let Some(ended) = walk.lot.ended {
        sheet.made_at(ended).map_err(Fault::internal)?;
    }
    loop {
        let rows = walk.page().await?;
        if rows.is_empty() {
            break;
        }
        let written = move || sheet.push(&rows).map(|()| sheet);
        let written = tokio::task::spawn_blocking(written).await;
        sheet = written.map_err(Fault::internal)?.map_err(Fault::internal)?;
    }
    let made = tokio::task::spawn_blocking(move || sheet.finish()).await;
    let made = made.map_err(Fault::internal)?.map_err(Fault::internal)?;
    Ok(attached(Format::Xlsx, walk.lot.id.as_str(), made))
}

fn columns() -> Vec<Column> {
    let columns = labels::RESULT_COLUMNS.iter();
    columns
        .map(|&(key, heading)| Column { key, heading })
        .collect()
}

/// A result that is being sent: what is still to come.
struct Walk {
    platform: Arc<Platform>,
    scope: OperatorScope,
    lot: Lot,
    lines: Lines,
    format: Format,
    /// Nothing was sent yet.
    first: bool,
    /// All was.
    ended: bool,
}

impl Walk {
    /// The next lines; none at the end. A lot that was deleted meanwhile breaks the file off: it
    /// must not pass for whole.
    async fn page(&mut self) -> Result<Vec<Vec<Cell>>, Fault> {
        let (scope, id, lines) = (self.scope.clone(), self.lot.id.clone(), self.lines.clone());
        let read = self.platform.db.read(move |tx| {
            let there = store::by_id(tx, &scope, id.as_str())?.is_some();
            Ok((there, store::rows(tx, &scope, &id, &lines)?))
        });
        let (there, rows) = read.await?;
        if !there {
            return Err(Fault::internal("the lot was deleted meanwhile"));
        }
        if let Some(last) = rows.last() {
            self.lines.after = last.line;
        }
        Ok(rows.iter().map(|row| cells(&self.lot, row)).collect())
    }

    /// The next piece of the file; `None` at its end.
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.ended {
            return Ok(None);
        }
        let rows = self.page().await?;
        let first = std::mem::replace(&mut self.first, false);
        self.ended = rows.is_empty();
        if self.format == Format::Json {
            let text = json(&columns(), &rows).map_err(Fault::internal)?;
            return Ok(Some(part(&text, first, self.ended)));
        }
        if self.ended && !first {
            return Ok(None);
        }
        let text = csv(&columns(), &rows).map_err(Fault::internal)?;
        Ok(Some(if first { text } else { without_heading(&text) }))
    }
}

/// An array of JSON as a part of the one array of a file.
fn part(array: &[u8], first: bool, last: bool) -> Vec<u8> {
    // `[`, the rows, a line feed and `]`; of an empty one, `[` and `]` alone.
    let rows = array
        .get(1..array.len().saturating_sub(2))
        .unwrap_or_default();
    match (first, last) {
        (true, true) => b"[]\n".to_vec(),
        (true, false) => [b"[", rows].concat(),
        (false, false) => [b",", rows].concat(),
        (false, true) => b"\n]\n".to_vec(),
    }
}

/// The headings of a result hold no line end.
fn without_heading(text: &[u8]) -> Vec<u8> {
    let end = text.iter().position(|byte| *byte == b'\n');
    text[end.map_or(0, |at| at + 1)..].to_vec()
}
