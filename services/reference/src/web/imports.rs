//! Imports: the list with its form, one import, the files it left.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use domain::release::Kind;
use domain::upload::{self, Readable, Upload, UploadError};
use kernel::{Fault, Refusal, UploadId, codes};
use service_api::{PageCall, PageError, PageResult};
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, RefusalView, Tag};

use super::{found, releases, settled, staff};
use crate::pages::{Choice, ImportList, ImportPage, ImportRow, RefusedLine};
use crate::runs::store::{self, Listing};
use crate::runs::usecases::{Submission, needs_another, submit};
use crate::runs::{Run, RunState};
use crate::{kind_of_name, labels};

/// Columns that may order the list.
const SORTABLE: &[&str] = &["depot"];
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let after = query.after.as_deref().and_then(|place| {
        let (at, id) = place.split_once('~')?;
        Some((at.parse().ok()?, id.to_owned()))
    });
    let known = |text: &str| Kind::from_store(text).map_or("", Kind::as_str).to_owned();
    Listing {
        kind: known(query.filter("nature")),
        state: RunState::parse(query.filter("etat"))
            .map_or("", RunState::as_str)
            .to_owned(),
        ascending: !query.desc,
        after,
        limit,
    }
}

fn place(run: &Run) -> (i64, String) {
    (run.created.0, run.id.to_string())
}

pub(crate) async fn imports(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    list(&call, form, StatusCode::OK).await
}

async fn list(call: &PageCall, form: Form, status: StatusCode) -> PageResult {
    let query = ListQuery::parse("/oi/imports", call.query.clone(), SORTABLE, true);
    if let Some(format) = query.format {
        let wanted = listing(&query, EXPORT_PAGE);
        let runs = gather(ROWS_MAX, place, |after| {
            let wanted = Listing {
                after,
                ..wanted.clone()
            };
            async move { Ok(read(call, wanted).await?) }
        });
        let rows: Vec<_> = runs.await?.iter().map(cells).collect();
        let columns = labels::IMPORT_COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, "imports", &columns, &rows).map_err(Fault::internal)?);
    }
    let per_page = query.per_page;
    let mut runs = read(
        call,
        listing(&query, i64::try_from(per_page).unwrap_or(50) + 1),
    )
    .await?;
    let more = runs.len() > per_page;
    runs.truncate(per_page);
    let next = runs.last().filter(|_| more).map(|run| {
        let (at, id) = place(run);
        format!("{at}~{id}")
    });
    let states = states(call).await?;
    let of_state = states.iter().find(|one| one.value == query.filter("etat"));
    let total = of_state
        .and_then(|one| one.count)
        .filter(|_| query.filter("nature").is_empty());
    let page = ImportList {
        shell: call.shell(labels::IMPORTS),
        rows: runs.iter().map(row).collect(),
        pager: Pager {
            shown: runs.len(),
            total,
            next,
        },
        kinds: kinds(),
        states,
        query,
        form,
        scanner: call.platform.scanner().name().to_owned(),
    };
    Ok(web::page(status, &page))
}

async fn read(call: &PageCall, wanted: Listing) -> Result<Vec<Run>, Fault> {
    Ok(call
        .platform
        .db
        .read(move |tx| store::list(tx, &wanted))
        .await?)
}

fn kinds() -> Vec<Choice> {
    let kind = |kind: &Kind| Choice {
        value: kind.as_str().to_owned(),
        label: kind.label().to_owned(),
        count: None,
    };
    // PMs come with the IPE or with a GraceTHD folder.
    Kind::ALL.iter().map(kind).collect()
}

async fn states(call: &PageCall) -> Result<Vec<Choice>, Fault> {
    let counts = call.platform.db.read(store::count_by_state).await?;
    let all: i64 = counts.iter().map(|(_, n)| n).sum();
    let choice = |value: &str, label: &str, n: i64| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        count: u64::try_from(n).ok(),
    };
    let mut choices = vec![choice("", labels::ALL_STATES, all)];
    for state in RunState::ALL {
        if let Some((_, n)) = counts.iter().find(|(known, _)| known == state) {
            choices.push(choice(state.as_str(), state.label(), *n));
        }
    }
    Ok(choices)
}

fn row(run: &Run) -> ImportRow {
    let share = run.done.saturating_mul(100).checked_div(run.total);
    let progress = match (run.state.is_busy(), share) {
        (true, Some(share)) => format!("{} {share} %", labels::phase(&run.phase)),
        (true, None) => labels::phase(&run.phase).to_owned(),
        (false, _) => String::new(),
    };
    ImportRow {
        href: format!("/oi/imports/{}", run.id),
        file_name: run.file_name.clone(),
        kind: run.kind.label(),
        extracted: run.extracted_on,
        state: Tag::new(run.state.tone(), run.state.label()),
        progress,
        release: run.release.map(|release| release.0),
        added: run.summary.added,
        changed: run.summary.changed,
        removed: run.summary.removed,
        rejected: run.summary.rejected,
        by: run.uploaded_name.clone(),
        created: run.created,
    }
}

fn cells(run: &Run) -> Vec<Cell> {
    let count = |n: u64| Cell::Number(i64::try_from(n).unwrap_or(i64::MAX));
    vec![
        run.id.to_string().into(),
        run.kind.label().into(),
        run.file_name.clone().into(),
        run.extracted_on.into(),
        run.state.label().into(),
        run.release.map(|release| release.0).into(),
        count(run.summary.read),
        count(run.summary.added),
        count(run.summary.changed),
        count(run.summary.removed),
        count(run.summary.rejected),
        run.uploaded_name.clone().into(),
        run.created.into(),
        run.digest.clone().into(),
    ]
}

/// Receives the form: its files have passed the quarantine.
pub(crate) async fn upload(call: PageCall) -> PageResult {
    let refuse = async |refusal: Refusal| {
        let status = web::errors::status_of(&refusal);
        let mut form = call.new_form()?.with_values(call.form.clone());
        form.refuse(&refusal);
        list(&call, form, status).await
    };
    let new = match submission(&call) {
        Ok(new) => new,
        Err(refusal) => return refuse(refusal).await,
    };
    match settled(submit(&call.platform, call.ctx()?, new, call.form_key()).await)? {
        Ok(id) => Ok(Redirect::to(&format!("/oi/imports/{id}?fait=depot")).into_response()),
        Err(refusal) => refuse(refusal).await,
    }
}

fn submission(call: &PageCall) -> Result<Submission, Refusal> {
    let missing = |detail: &str| Refusal::new(&codes::RC01).because(detail);
    let uploads = call.files.clone()?;
    let Some(first) = uploads.first() else {
        return Err(missing(labels::NO_FILE).on("fichier"));
    };
    let several = uploads.len() > 1;
    let file_name = first.file_name.clone();
    let guessed = match several {
        true => Some(Kind::Gracethd),
        false => kind_of_name(&file_name),
    };
    let kind = match call.field("nature") {
        "" => guessed.ok_or_else(|| missing(labels::NO_KIND).on("nature"))?,
        text => Kind::from_store(text).map_err(|_| Refusal::new(&codes::RC02).on("nature"))?,
    };
    if several && kind != Kind::Gracethd {
        return Err(Refusal::new(&codes::RC04).on("fichier"));
    }
    let extracted_on = match call.field("DateExtraction") {
        "" => None,
        text => Some(
            text.parse()
                .map_err(|_| Refusal::new(&codes::RC03).on("DateExtraction"))?,
        ),
    };
    Ok(Submission {
        kind,
        file_name,
        uploads,
        extracted_on,
        dry_run: call.field("a_blanc") == "oui",
        approve: false,
    })
}

async fn run_of(call: &PageCall) -> Result<Run, PageError> {
    let id = call.param("id").to_owned();
    let run = call.platform.db.get(move |tx| store::by_id(tx, &id)).await;
    found(run.map_err(Fault::from)?)
}

pub(crate) async fn import(call: PageCall) -> PageResult {
    let run = run_of(&call).await?;
    let forms = (call.new_form()?, call.new_form()?);
    import_page(&call, &run, forms, StatusCode::OK).await
}

/// The page of an import with its two forms, approval and refusal.
pub(super) async fn import_page(
    call: &PageCall,
    run: &Run,
    (approve, decline): (Form, Form),
    status: StatusCode,
) -> PageResult {
    let waits = run.state == RunState::Waiting;
    let effect = match run.release.filter(|_| waits) {
        Some(number) => releases::effect_panel(call, number).await?,
        None => None,
    };
    let href = format!("/oi/imports/{}", run.id);
    let file = |upload: &Option<UploadId>, name: &str| {
        upload.as_ref().map(|_| format!("{href}/{name}.csv"))
    };
    let page = ImportPage {
        shell: call
            .shell(&run.file_name)
            .under(labels::IMPORTS, "/oi/imports"),
        file_name: run.file_name.clone(),
        state: Tag::new(run.state.tone(), run.state.label()),
        busy: run.state.is_busy(),
        phase: labels::phase(&run.phase).to_owned(),
        done: run.done,
        total: run.total,
        refusal: run.refusal.as_ref().map(RefusalView::from),
        kind: (run.kind.label(), run.extracted_on),
        figures: labels::figures(&run.summary),
        facts: labels::run_facts(run),
        report: file(&run.report_upload, "compte-rendu"),
        rejects: file(&run.rejects_upload, "rejets"),
        refused: run.summary.first_rejects.iter().map(refused_line).collect(),
        refused_count: run.summary.rejected,
        refused_by_code: labels::rejects_by_code(&run.summary.by_code),
        anomalies: run.summary.first_anomalies.clone(),
        anomaly_count: run.summary.anomalies,
        anomalies_by_code: labels::anomalies_by_code(&run.summary.by_code),
        unknown_columns: run.summary.unknown_columns.clone(),
        release: run.release.map(|release| release.0),
        effect,
        approve: waits.then_some(approve),
        own: waits && needs_another(&call.platform, call.ctx()?, run).await?,
        decline: waits.then_some(decline),
        href,
    };
    Ok(web::page(status, &page))
}

fn refused_line((line, column, code): &(u64, String, String)) -> RefusedLine {
    RefusedLine {
        line: *line,
        column: column.clone(),
        code: code.clone(),
        why: labels::reject(code).to_owned(),
    }
}

pub(crate) async fn report(call: PageCall) -> PageResult {
    let run = run_of(&call).await?;
    download(&call, found(run.report_upload)?).await
}

pub(crate) async fn rejects(call: PageCall) -> PageResult {
    let run = run_of(&call).await?;
    download(&call, found(run.rejects_upload)?).await
}

async fn download(call: &PageCall, id: UploadId) -> PageResult {
    let staff = staff(call)?;
    let (reach, owner, wanted) = (staff.clone(), staff.provider().clone(), id);
    let find = move |tx: &mut dyn storage::Tx| upload::store::by_id(tx, &reach, &owner, &wanted);
    let upload = found(call.platform.db.get(find).await.map_err(Fault::from)?)?;
    match upload::open(&call.platform, &staff, &upload).await {
        Ok(bytes) => Ok(file_answer(&upload, bytes)),
        Err(UploadError::Refused(refusal)) => Err(refusal.into()),
        Err(UploadError::Fault(fault)) => Err(fault.into()),
    }
}

/// A kept file as an attachment, piece by piece.
fn file_answer(upload: &Upload, bytes: Box<dyn Readable>) -> Response {
    let pieces = futures_util::stream::try_unfold(bytes, async |mut bytes| {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; 64 * 1024];
            let length = bytes.read(&mut piece)?;
            piece.truncate(length);
            Ok::<_, std::io::Error>((piece, bytes))
        });
        let (piece, bytes) = read.await.map_err(std::io::Error::other)??;
        Ok::<_, std::io::Error>((!piece.is_empty()).then_some((piece, bytes)))
    });
    csv_answer(&upload.file_name, Body::from_stream(pieces))
}

/// A body as an attachment of CSV.
pub(super) fn csv_answer(name: &str, body: Body) -> Response {
    text_answer(name, "text/csv; charset=utf-8", body)
}

/// A body as an attachment of text.
pub(super) fn text_answer(name: &str, kind: &'static str, body: Body) -> Response {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let safe: String = name
        .chars()
        .map(|c| if plain(c) { c } else { '-' })
        .collect();
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{safe}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, disposition),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::OK, headers, body).into_response()
}
