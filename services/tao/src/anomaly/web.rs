//! The pages of an operator's anomalies, and what both sides' pages share.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::order::labels::channel;
use kernel::{Fault, Millis, Refusal, RefusalKind, codes, reference};
use service_api::{PageCall, PageError, PageResult, Permission, Right};
use soap::{Instant, RequestHeader};
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, RefusalView, Tag, Tone};

use super::pages::{
    AnomalyList, Api, Choice, Duration, Fact, Happened, NewAnomaly, Row, Sheet, Stage,
};
use super::rules::{self, Act, Complexity, Kind, Reason, Sent};
use super::states::{Event, Side, Status};
use super::store::{Listing, Reader, Sort};
use super::usecases::{self, Seen};
use super::{Anomaly, CREATE, PREFIX, labels};
use crate::messages::{AnomalyReport, CONTRACT};

/// The operators' pages.
const PATH: &str = "/adresses/anomalies";
/// Columns that may order an operator's list, the default first.
const SORTABLE: [&str; 3] = ["depot", "mouvement", "reference"];
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

pub(super) fn sort_of(query: &ListQuery) -> Sort {
    let named = Sort::ALL.into_iter().find(|(_, name)| *name == query.sort);
    named.map_or(Sort::Turn, |(sort, _)| sort)
}

/// A page's key: the id of its last row, a tilde, the value it was sorted by.
pub(super) fn place(text: &str) -> Option<(String, String)> {
    let (id, value) = text.split_once('~')?;
    Some((value.to_owned(), id.to_owned()))
}

/// What a list is asked for, with what both sides may filter on.
pub(super) fn listing(query: &ListQuery, limit: i64) -> Listing {
    Listing {
        operator_code: String::new(),
        status: Status::parse(query.filter("etat")),
        kind: Kind::parse(query.filter("genre")),
        complexity: None,
        insee: query.filter("commune").to_uppercase(),
        text: query.search().to_owned(),
        sort: sort_of(query),
        descending: query.desc,
        after: query.after.as_deref().and_then(place),
        limit,
    }
}

/// One page of anomalies with the key of the next.
pub(super) async fn page_of(
    call: &PageCall,
    reader: &Reader,
    query: &ListQuery,
    mut wanted: Listing,
) -> Result<(Vec<Anomaly>, Option<String>), PageError> {
    wanted.limit = i64::try_from(query.per_page).unwrap_or(50) + 1;
    let sort = wanted.sort;
    let mut found = usecases::list(&call.platform, reader, wanted).await?;
    let more = found.len() > query.per_page;
    found.truncate(query.per_page);
    let last = found.last().filter(|_| more);
    let next = last.map(|one| format!("{}~{}", one.id, sort.key_of(one)));
    Ok((found, next))
}

/// Every anomaly of a list.
pub(super) async fn all_of(
    call: &PageCall,
    reader: &Reader,
    mut wanted: Listing,
) -> Result<Vec<Anomaly>, PageError> {
    wanted.limit = EXPORT_PAGE;
    let sort = wanted.sort;
    let place = |one: &Anomaly| (sort.key_of(one), one.id.to_string());
    gather(ROWS_MAX, place, |after| {
        let wanted = Listing {
            after,
            ..wanted.clone()
        };
        async { Ok(usecases::list(&call.platform, reader, wanted).await?) }
    })
    .await
}

/// The file of a list, whose columns are named in `labels`.
pub(super) fn file(
    query: &ListQuery,
    columns: &[(&'static str, &'static str)],
    rows: &[Vec<Cell>],
) -> Result<Option<Response>, Fault> {
    let Some(format) = query.format else {
        return Ok(None);
    };
    let columns = columns.iter();
    let columns: Vec<Column> = columns
        .map(|&(key, heading)| Column { key, heading })
        .collect();
    let made = attachment(format, "anomalies-adresse", &columns, rows);
    made.map(Some).map_err(Fault::internal)
}

/// Every status with its count, all of them first, and how many the list has when it is narrowed by
/// nothing else.
pub(super) async fn states(
    call: &PageCall,
    reader: &Reader,
    query: &ListQuery,
) -> Result<(Vec<Choice>, Option<u64>), PageError> {
    let counts = usecases::counts(&call.platform, reader).await?;
    let choice = |value: &str, label: &str, count| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        note: "",
        count: Some(count),
    };
    let all = counts.iter().map(|(_, n)| n).sum();
    let mut states = vec![choice("", labels::ALL, all)];
    for status in Status::ALL {
        if let Some((_, n)) = counts.iter().find(|(known, _)| known == status) {
            states.push(choice(status.as_str(), labels::status(*status), *n));
        }
    }
    let others = ["q", "genre", "complexite", "operateur", "commune"];
    let counted = others.iter().all(|name| query.filter(name).is_empty());
    let asked = states.iter().find(|one| one.value == query.filter("etat"));
    let total = asked.and_then(|one| one.count).filter(|_| counted);
    Ok((states, total.and_then(|n| u64::try_from(n).ok())))
}

fn choices(all: impl Iterator<Item = (&'static str, &'static str, &'static str)>) -> Vec<Choice> {
    all.map(|(value, label, note)| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        note,
        count: None,
    })
    .collect()
}

pub(super) fn kinds() -> Vec<Choice> {
    let all = Kind::ALL.iter();
    choices(all.map(|one| (one.as_str(), labels::kind(*one), labels::kind_note(*one))))
}

pub(super) fn complexities() -> Vec<Choice> {
    let all = Complexity::ALL.iter();
    choices(all.map(|one| (one.as_str(), labels::complexity(*one), "")))
}

pub(super) fn reasons() -> Vec<Choice> {
    let all = Reason::ALL.iter();
    choices(all.map(|one| (one.as_str(), labels::reason(*one), "")))
}

pub(super) fn row(anomaly: &Anomaly, reader: Side, now: Millis) -> Row {
    let path = match reader {
        Side::Provider => super::desk::PATH,
        Side::Operator | Side::Platform => PATH,
    };
    Row {
        href: format!("{path}/{}", anomaly.reference),
        reference: anomaly.reference.clone(),
        kind: labels::kind(anomaly.kind),
        complexity: anomaly.complexity.map(labels::complexity),
        address: anomaly.place.label.clone(),
        spot: labels::spot(anomaly),
        state: Tag::new(labels::tone(anomaly.status), labels::status(anomaly.status)),
        ball: labels::ball(anomaly.status, reader),
        yours: anomaly.status.ball() == Some(reader),
        open: !anomaly.status.is_final(),
        operator: anomaly.operator_code.clone(),
        created: anomaly.created,
        updated: anomaly.updated,
        age: labels::hours(rules::age_ms(anomaly, now)),
    }
}

/// The cells of both sides' files.
pub(super) fn cells(anomaly: &Anomaly, reader: Side) -> Vec<Cell> {
    let place = &anomaly.place;
    vec![
        anomaly.reference.clone().into(),
        labels::kind(anomaly.kind).into(),
        labels::status(anomaly.status).into(),
        labels::ball(anomaly.status, reader).into(),
        place.building_ref.clone().into(),
        place.label.clone().into(),
        place.commune.clone().into(),
        place.insee.clone().into(),
        anomaly.batiment.clone().into(),
        anomaly.escalier.clone().into(),
        anomaly.etage.clone().into(),
        anomaly.porte.clone().into(),
        anomaly.expected.clone().into(),
        anomaly.dwellings.into(),
        anomaly.resolution.clone().into(),
        anomaly.seen_in.into(),
        anomaly.created.into(),
        anomaly.updated.into(),
    ]
}

pub(crate) async fn list(call: PageCall) -> PageResult {
    let query = ListQuery::parse(PATH, call.query.clone(), &SORTABLE, true);
    let reader = Reader::Own(call.ctx()?.operator()?.clone());
    let wanted = listing(&query, 0);
    if query.format.is_some() {
        let all = all_of(&call, &reader, wanted).await?;
        let rows: Vec<_> = all.iter().map(|one| cells(one, Side::Operator)).collect();
        let file = file(&query, &labels::COLUMNS, &rows)?;
        return file.ok_or(PageError::NotFound);
    }
    let (found, next) = page_of(&call, &reader, &query, wanted).await?;
    let (states, total) = states(&call, &reader, &query).await?;
    let now = call.ctx()?.now;
    let page = AnomalyList {
        shell: call.shell(labels::TITLE),
        states,
        kinds: kinds(),
        pager: Pager {
            shown: found.len(),
            total,
            next,
        },
        rows: found
            .iter()
            .map(|one| row(one, Side::Operator, now))
            .collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

/// Other names of fields, in the links that lead to the form.
const ALIASES: [(&str, &str); 2] = [("genre", "TypeAnomalie"), ("q", "TexteSaisi")];

pub(crate) async fn new(call: PageCall) -> PageResult {
    let mut form = call.new_form()?.with_values(call.query.clone());
    for (alias, name) in ALIASES {
        if form.value(name).is_empty() {
            form.set(name, call.asked(alias));
        }
    }
    new_page(&call, form, None, StatusCode::OK)
}

fn new_page(call: &PageCall, form: Form, open: Option<String>, status: StatusCode) -> PageResult {
    let page = NewAnomaly {
        shell: call.shell(labels::NEW).under(labels::TITLE, PATH),
        form,
        kinds: kinds(),
        open,
    };
    Ok(web::page(status, &page))
}

pub(crate) async fn report(call: PageCall) -> PageResult {
    let pairs = call.form.iter();
    let sent = Sent::from_pairs(pairs.map(|(name, value)| (name.as_str(), value.as_str())));
    let (platform, ctx) = (&call.platform, call.ctx()?);
    let outcome = usecases::report(platform, ctx, sent, call.form_key()).await?;
    let (refusal, open) = match outcome.into_result() {
        Ok(reported) => match reported.refusal {
            None => return Ok(done(&format!("{PATH}/{}", reported.reference), "anomalie")),
            Some(refusal) => (refusal, Some(reported.reference)),
        },
        Err(refusal) => (refusal, None),
    };
    let mut form = call.new_form()?.with_values(call.form.clone());
    form.refuse(&refusal);
    new_page(&call, form, open, web::errors::status_of(&refusal))
}

pub(super) fn done(path: &str, what: &str) -> Response {
    let field = web::server::FLASH_FIELD;
    Redirect::to(&format!("{path}?{field}={what}")).into_response()
}

pub(crate) async fn sheet(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    sheet_page(&call, Side::Operator, form, None).await
}

/// What an operator does with its anomaly; the form says which act it is.
pub(crate) async fn follow(call: PageCall) -> PageResult {
    let event = match call.field("acte") {
        "answered" => Event::Answered,
        "accepted" => Event::Accepted,
        "disputed" => Event::Disputed,
        _ => return unknown_act(&call, Side::Operator).await,
    };
    act(&call, Side::Operator, event).await
}

pub(crate) async fn cancel(call: PageCall) -> PageResult {
    act(&call, Side::Operator, Event::Cancelled).await
}

/// A form whose act does not exist: the sheet again, where there is one.
pub(super) async fn unknown_act(call: &PageCall, side: Side) -> PageResult {
    let refusal = Refusal::new(&codes::RC02).because(labels::NO_ACT);
    refused(call, side, refusal).await
}

/// The fields of an act as a form names them.
pub(super) fn read_act(call: &PageCall, event: Event) -> Act {
    let (text, _) = rules::text_field(event);
    Act {
        complexity: call.field("Complexite").to_owned(),
        reason: call.field("Motif").to_owned(),
        text: call.field(text).to_owned(),
        release: call.field("VersionReferentiel").to_owned(),
    }
}

/// Does what a sheet's form asks, and shows the sheet again.
pub(super) async fn act(call: &PageCall, side: Side, event: Event) -> PageResult {
    let id = named(call)?;
    let asked = (event, read_act(call, event));
    let (platform, ctx) = (&call.platform, call.ctx()?);
    let outcome = usecases::act(platform, ctx, id.clone(), asked, call.form_key()).await?;
    match outcome.into_result() {
        Ok(()) => {
            let path = match side {
                Side::Provider => super::desk::PATH,
                Side::Operator | Side::Platform => PATH,
            };
            Ok(done(&format!("{path}/{id}"), "anomalie-suite"))
        }
        Err(refusal) if refusal.kind() == RefusalKind::NotFound => Err(PageError::NotFound),
        Err(refusal) => refused(call, side, refusal).await,
    }
}

async fn refused(call: &PageCall, side: Side, refusal: Refusal) -> PageResult {
    let mut form = call.new_form()?.with_values(call.form.clone());
    form.refuse(&refusal);
    sheet_page(call, side, form, Some(refusal)).await
}

/// The reference that the path names, if it could be one.
fn named(call: &PageCall) -> Result<String, PageError> {
    let id = call.param("id");
    match id.starts_with(PREFIX) && reference::is_valid(id) {
        true => Ok(id.to_owned()),
        false => Err(PageError::NotFound),
    }
}

pub(super) async fn sheet_page(
    call: &PageCall,
    side: Side,
    form: Form,
    refusal: Option<Refusal>,
) -> PageResult {
    let ctx = call.ctx()?;
    let is_desk = side == Side::Provider;
    if is_desk {
        ctx.staff()?;
    } else {
        ctx.operator()?;
    }
    let seen = usecases::see(&call.platform, ctx, &named(call)?).await??;
    let now = ctx.now;
    let anomaly = &seen.anomaly;
    let status = anomaly.status;
    let (title, above, path) = match is_desk {
        true => (labels::QUEUE, super::desk::PATH, super::desk::PATH),
        false => (labels::TITLE, PATH, PATH),
    };
    let may = |right| is_desk || ctx.holds(Permission::subscribed(CREATE.service, right));
    let allowed = |event: &&Event| match event {
        Event::Cancelled => may(Right::Close),
        _ => may(Right::Modify),
    };
    let acts = Event::ALL.iter().filter(|event| event.by() == side);
    let acts = acts.filter(|event| status.admits(**event)).filter(allowed);
    let mut form = form;
    if is_desk && form.value("VersionReferentiel").is_empty() {
        form.set("VersionReferentiel", (seen.current + 1).to_string());
    }
    if form.value("Complexite").is_empty() {
        let known = anomaly.complexity.map_or("", Complexity::as_str);
        form.set("Complexite", known);
    }
    let shown = refusal.as_ref().filter(|one| one.field.is_none());
    let page = Sheet {
        shell: call.shell(&anomaly.reference).under(title, above),
        is_desk,
        path: format!("{path}/{}", anomaly.reference),
        reference: anomaly.reference.clone(),
        kind: labels::kind(anomaly.kind),
        address: anomaly.place.label.clone(),
        operator: anomaly.operator_name.clone(),
        state: Tag::new(labels::tone(status), labels::status(status)),
        tone: labels::tone(status),
        stages: stages(&seen),
        next: labels::next_step(status, side),
        ball: labels::ball(status, side),
        ball_note: match anomaly.lapses {
            Some(at) => labels::until(at),
            None => labels::since(anomaly.updated),
        },
        timeline: seen.timeline.iter().rev().map(happened).collect(),
        facts: facts(&seen, is_desk),
        durations: durations(&seen, side, now),
        resolution: anomaly.resolution.clone(),
        seen_in: seen_in(&seen),
        acts: acts.map(|event| event.as_str()).collect(),
        complexities: complexities(),
        reasons: reasons(),
        refusal: shown.map(RefusalView::from),
        api: match is_desk {
            true => None,
            false => Some(api(anomaly, now, call.curl("tao"))?),
        },
        form,
    };
    let status = refusal
        .as_ref()
        .map_or(StatusCode::OK, web::errors::status_of);
    Ok(web::page(status, &page))
}

fn seen_in(seen: &Seen) -> String {
    let number = seen.anomaly.seen_in;
    number.map_or_else(String::new, |n| labels::release(n, seen.current))
}

fn stages(seen: &Seen) -> Vec<Stage> {
    let status = seen.anomaly.status;
    let at = |states: &[Status]| {
        let reached = seen
            .timeline
            .iter()
            .rev()
            .find(|row| states.contains(&row.to));
        reached.map(|row| row.at)
    };
    let now = labels::STAGES
        .iter()
        .position(|(_, states)| states.contains(&status));
    let now = now.unwrap_or_default();
    let mut stages = Vec::new();
    for (n, (label, states)) in labels::STAGES.iter().enumerate() {
        let reached = at(states).filter(|_| n <= now);
        let ended = status.is_final() && status != Status::Closed;
        let class = match (reached, n == now) {
            (None, _) => "later",
            (Some(_), true) if ended => "ended",
            (Some(_), true) if status != Status::Closed => "now",
            (Some(_), _) => "done",
        };
        let label = match n == now {
            true if n > 0 => labels::status(status),
            _ => label,
        };
        stages.push(Stage {
            label,
            class,
            at: reached,
            note: match status.is_final() {
                true => labels::NEVER,
                false => labels::LATER,
            },
        });
    }
    stages
}

fn happened(row: &super::TimelineRow) -> Happened {
    let tone = match row.event {
        Event::Disputed => Tone::Warn,
        _ => labels::tone(row.to),
    };
    Happened {
        at: row.at,
        tone,
        title: labels::event(row.event),
        actor: row.actor.clone(),
        channel: channel(&row.channel),
        comment: labels::detail(row),
    }
}

fn facts(seen: &Seen, is_desk: bool) -> Vec<Fact> {
    let anomaly = &seen.anomaly;
    let place = &anomaly.place;
    let complexity = anomaly.complexity.map_or("", labels::complexity);
    let by = format!("{}, {}", anomaly.reporter, channel(&anomaly.channel));
    let seen_in = seen_in(seen);
    let values = [
        (labels::kind(anomaly.kind).to_owned(), false),
        (complexity.to_owned(), false),
        (place.label.clone(), false),
        (labels::spot(anomaly), false),
        (place.building_ref.clone(), true),
        (place.hexacle.clone(), true),
        (place.insee.clone(), true),
        (place.rivoli.clone(), true),
        (anomaly.pto_ref.clone(), true),
        (anomaly.typed.clone(), false),
        (labels::expected(anomaly), false),
        (anomaly.comment.clone(), false),
        (by, false),
        (anomaly.release.to_string(), false),
        (seen_in, false),
    ];
    let named = labels::FACTS.into_iter().zip(values);
    let named = named.filter(|(_, (value, _))| !value.is_empty());
    let fact = |(label, (value, mono)): (&'static str, (String, bool))| {
        let is_building = mono && value == place.building_ref;
        Fact {
            label,
            href: is_building.then(|| building_href(&value, is_desk)),
            value,
            mono,
        }
    };
    named.map(fact).collect()
}

/// Where a building is shown: to the OI on the network's pages, to an operator by its eligibility.
fn building_href(reference: &str, is_desk: bool) -> String {
    let (path, name) = match is_desk {
        true => ("/oi/referentiel/immeubles", "ref"),
        false => ("/eligibilite", "IdentifiantImmeuble"),
    };
    let query = serde_urlencoded::to_string([(name, reference)]).unwrap_or_default();
    match is_desk {
        true => format!("{path}?{query}"),
        false => format!("{path}?critere=immeuble&{query}"),
    }
}

fn durations(seen: &Seen, side: Side, now: Millis) -> Vec<Duration> {
    let spent = seen.spent(now);
    let all = [
        spent.acknowledged,
        spent.in_progress,
        spent.pending,
        spent.resolved,
        spent.total(),
    ];
    let named = labels::durations(side).into_iter().zip(all);
    let named = named.filter(|(_, of)| of.calendar_ms > 0);
    named
        .map(|(label, of)| {
            let (working, calendar) = labels::lasted(of);
            Duration {
                label,
                working,
                calendar,
            }
        })
        .collect()
}

/// The message that reports the same anomaly, and its call by curl.
fn api(anomaly: &Anomaly, now: Millis, curl: String) -> Result<Api, Fault> {
    let header = RequestHeader {
        version: "1".to_owned(),
        requested_at: Instant(now),
        request_id: Some(anomaly.id.to_string()),
    };
    let body = AnomalyReport::of(anomaly);
    let line = CONTRACT.write_request("signalerAnomalieAdresse", &header, &body)?;
    Ok(Api {
        xml: soap::indented(&line),
        curl,
    })
}
