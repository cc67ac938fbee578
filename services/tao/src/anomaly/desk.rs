//! The OI's pages of anomalies: the queue with its batches, the sheet, the figures per commune.

use axum::http::StatusCode;
use domain::Idempotency;
use kernel::{Millis, Refusal, codes};
use service_api::{PageCall, PageError, PageResult};
use storage::Tx;
use web::export::Cell;
use web::{Form, ListQuery, Pager, RefusalView, Tone};

use super::pages::{Bar, BatchDone, Choice, FigurePage, FigureRow, Queue};
use super::rules::{self, Complexity, Kind};
use super::states::{Event, Side};
use super::store::{self, Figures, Listing, Reader};
use super::web::{
    act as act_on, all_of, cells, complexities, file, kinds, listing, page_of, read_act, reasons,
    row, sheet_page, states, unknown_act,
};
use super::{Anomaly, labels, usecases};

/// The OI's pages.
pub(super) const PATH: &str = "/oi/anomalies";
const FIGURES: &str = "/oi/anomalies/communes";
/// Columns that may order the queue, the default first.
const SORTABLE: [&str; 4] = ["age", "depot", "mouvement", "reference"];
/// Columns that may order the figures, the default first.
const FIGURES_BY: [&str; 4] = ["signalees", "ouvertes", "delai", "commune"];
/// Anomalies of one batch: as many as a page of the queue shows at most.
const BATCH_MAX: usize = web::PER_PAGE_MAX;
/// Communes whose figures are read at most: more than an OI's network has.
const COMMUNES_MAX: i64 = 40_000;
/// The colours of the kinds in the bars, in the order of [`Kind::ALL`].
const TONES: [Tone; 4] = [Tone::Bad, Tone::Warn, Tone::Info, Tone::Ok];

fn asked(query: &ListQuery) -> Listing {
    Listing {
        operator_code: query.filter("operateur").to_owned(),
        complexity: Complexity::parse(query.filter("complexite")),
        ..listing(query, 0)
    }
}

pub(crate) async fn queue(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    queue_page(&call, form, StatusCode::OK).await
}

async fn queue_page(call: &PageCall, form: Form, status: StatusCode) -> PageResult {
    let query = ListQuery::parse(PATH, call.query.clone(), &SORTABLE, false);
    let (scope, now) = (call.ctx()?.staff()?.clone(), call.ctx()?.now);
    let reader = Reader::All(scope.clone());
    let wanted = asked(&query);
    if query.format.is_some() {
        let all = all_of(call, &reader, wanted).await?;
        let rows: Vec<_> = all.iter().map(|one| desk_cells(one, now)).collect();
        let columns = [&labels::COLUMNS[..], &labels::OI_COLUMNS[..]].concat();
        return file(&query, &columns, &rows)?.ok_or(PageError::NotFound);
    }
    let (found, next) = page_of(call, &reader, &query, wanted).await?;
    let (states, total) = states(call, &reader, &query).await?;
    let operators = move |tx: &mut dyn Tx| store::list_operators(tx, &scope);
    let operators = call.platform.db.read(operators).await;
    let operators = operators.map_err(kernel::Fault::from)?.into_iter();
    let here = query.with("", "");
    let page = Queue {
        shell: call.shell(labels::QUEUE),
        states,
        kinds: kinds(),
        complexities: complexities(),
        reasons: reasons(),
        operators: operators
            .map(|(value, label)| Choice {
                value,
                label,
                note: "",
                count: None,
            })
            .collect(),
        pager: Pager {
            shown: found.len(),
            total,
            next,
        },
        rows: found
            .iter()
            .map(|one| row(one, Side::Provider, now))
            .collect(),
        chosen: chosen(call),
        form,
        here,
        query,
    };
    Ok(web::page(status, &page))
}

/// Whole working hours, for files.
fn hours(ms: i64) -> i64 {
    ms / Millis::HOUR
}

fn desk_cells(anomaly: &Anomaly, now: Millis) -> Vec<Cell> {
    let mut cells = cells(anomaly, Side::Provider);
    cells.extend([
        anomaly.operator_code.clone().into(),
        anomaly.complexity.map(labels::complexity).into(),
        anomaly.reason.map(labels::reason).into(),
        hours(rules::age_ms(anomaly, now)).into(),
        hours(anomaly.acknowledged_ms).into(),
        hours(anomaly.in_progress_ms).into(),
    ]);
    cells
}

fn event_of(name: &str) -> Option<Event> {
    let event = Event::parse(name)?;
    (event.by() == Side::Provider).then_some(event)
}

pub(crate) async fn sheet(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    sheet_page(&call, Side::Provider, form, None).await
}

/// What the OI does with one anomaly; the form says which act it is.
pub(crate) async fn act(call: PageCall) -> PageResult {
    match event_of(call.field("acte")) {
        Some(event) => act_on(&call, Side::Provider, event).await,
        None => unknown_act(&call, Side::Provider).await,
    }
}

/// The references that were ticked, each once.
fn chosen(call: &PageCall) -> Vec<String> {
    let mut chosen: Vec<String> = Vec::new();
    for (name, value) in &call.form {
        if name == "choix" && !chosen.contains(value) {
            chosen.push(value.clone());
        }
    }
    chosen
}

/// One act on every anomaly that was chosen, each by itself: a refusal of one stops no other.
pub(crate) async fn batch(call: PageCall) -> PageResult {
    let ctx = call.ctx()?;
    let chosen = chosen(&call);
    let act = match event_of(call.field("acte")) {
        _ if chosen.is_empty() => Err(Refusal::new(&codes::FIMP15)
            .on("choix")
            .because(labels::NONE_CHOSEN)),
        _ if chosen.len() > BATCH_MAX => Err(Refusal::new(&codes::FIMP16)
            .on("choix")
            .because(labels::TOO_MANY)),
        None | Some(Event::Asked) => Err(Refusal::new(&codes::RC02).because(labels::NO_ACT)),
        Some(event) => {
            let act = read_act(&call, event);
            rules::step(event, &act).map(|_| (event, act))
        }
    };
    let (event, act) = match act {
        Ok(act) => act,
        Err(refusal) => {
            let mut form = call.new_form()?.with_values(call.form.clone());
            form.refuse(&refusal);
            return queue_page(&call, form, web::errors::status_of(&refusal)).await;
        }
    };
    let mut refused = Vec::new();
    for reference in &chosen {
        // The form's key does the whole batch once; under its reference, each anomaly.
        let once = call.form_key().map(|whole| Idempotency {
            key: format!("{} {reference}", whole.key),
            digest: whole.digest,
        });
        let once = once.filter(|once| once.key.len() <= Idempotency::KEY_MAX);
        let asked = (event, act.clone());
        let outcome = usecases::act(&call.platform, ctx, reference.clone(), asked, once).await?;
        if let Err(refusal) = outcome.into_result() {
            refused.push((reference.clone(), RefusalView::from(&refusal)));
        }
    }
    let page = BatchDone {
        shell: call.shell(labels::BATCH).under(labels::QUEUE, PATH),
        done: chosen.len() - refused.len(),
        chosen: chosen.len(),
        refused,
        back: ListQuery::parse(PATH, call.query.clone(), &SORTABLE, false).with("", ""),
    };
    Ok(web::page(StatusCode::OK, &page))
}

pub(crate) async fn figures(call: PageCall) -> PageResult {
    let query = ListQuery::parse(FIGURES, call.query.clone(), &FIGURES_BY, true);
    let scope = call.ctx()?.staff()?.clone();
    let mut all = usecases::figures(&call.platform, &scope, COMMUNES_MAX).await?;
    let asked = query.search().to_lowercase();
    all.retain(|one| {
        one.insee.starts_with(query.search()) || one.commune.to_lowercase().starts_with(&asked)
    });
    match query.sort.as_str() {
        "ouvertes" => all.sort_by_key(|one| one.open),
        "delai" => all.sort_by_key(|one| one.total_ms.unwrap_or(-1)),
        "commune" => all.sort_by(|a, b| a.commune.cmp(&b.commune)),
        _ => all.sort_by_key(|one| one.reported),
    }
    if query.desc {
        all.reverse();
    }
    let rows: Vec<_> = match query.format {
        Some(_) => all.iter().map(figure_cells).collect(),
        None => Vec::new(),
    };
    if let Some(file) = file(&query, &labels::FIGURE_COLUMNS, &rows)? {
        return Ok(file);
    }
    let sum = |of: fn(&Figures) -> i64| all.iter().map(of).sum();
    let after = query.after.as_deref().unwrap_or_default();
    let begin = all.iter().position(|one| one.insee == after);
    let begin = begin.map_or(0, |at| at + 1);
    let end = all.len().min(begin + query.per_page);
    let shown = &all[begin..end];
    let more = (end < all.len()).then(|| shown.last()).flatten();
    let page = FigurePage {
        shell: call.shell(labels::FIGURES).under(labels::QUEUE, PATH),
        sums: [
            sum(|one| one.reported),
            sum(|one| one.open),
            sum(|one| one.resolved),
            sum(|one| one.rejected),
        ],
        rows: shown.iter().map(figure_row).collect(),
        pager: Pager {
            shown: shown.len(),
            total: u64::try_from(all.len()).ok(),
            next: more.map(|one| one.insee.clone()),
        },
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn median(ms: Option<i64>) -> String {
    ms.map_or_else(|| "–".to_owned(), labels::hours)
}

fn figure_row(of: &Figures) -> FigureRow {
    let parts: Vec<_> = TONES.into_iter().zip(of.kinds).collect();
    let named = Kind::ALL.iter().zip(of.kinds).filter(|(_, n)| *n > 0);
    let shares: Vec<String> = named
        .map(|(kind, n)| labels::share(*kind, n * 100 / of.reported.max(1)))
        .collect();
    FigureRow {
        commune: match of.commune.as_str() {
            "" => of.insee.clone(),
            name => name.to_owned(),
        },
        insee: of.insee.clone(),
        href: format!("{PATH}?commune={}", of.insee),
        counts: [of.reported, of.open, of.resolved, of.rejected],
        taking: median(of.taking_ms),
        total: median(of.total_ms),
        bar: Bar::new(&parts),
        shares: shares.join(", "),
    }
}

fn figure_cells(of: &Figures) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![of.insee.clone().into(), of.commune.clone().into()];
    cells.extend([of.reported, of.open, of.resolved, of.rejected].map(Cell::from));
    cells.extend([
        of.taking_ms.map(hours).into(),
        of.total_ms.map(hours).into(),
    ]);
    cells.extend(of.kinds.map(Cell::from));
    cells
}
