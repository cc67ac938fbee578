//! The operator's own calls. What was just asked is written before it is listed.

use axum::http::StatusCode;
use domain::access::OperatorScope;
use domain::call::store::{self, Listing, Order};
use domain::call::{Call, CallOutcome, TEXT_MAX, Texts};
use domain::spool;
use kernel::{Fault, Id, Millis, RequestId, codes};
use service_api::{PageCall, PageError, PageResult};
use storage::Tx;
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{ListQuery, Pager, Tag, Tone};

use crate::pages::{CallList, CallPage, CallRow, Choice, Source, Text};
use crate::{explorer, labels, published};

const PATH: &str = "/developpeurs/appels";
/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let day = |name: &str| query.filter(name).parse::<jiff::civil::Date>().ok();
    let start = kernel::working_time::start_of_day;
    let next = |day: jiff::civil::Date| start(day.tomorrow().unwrap_or(day));
    Listing {
        service: query.filter("service").to_owned(),
        operation: query.filter("operation").to_owned(),
        outcome: CallOutcome::from_store(query.filter("resultat")).ok(),
        code: query.filter("code").to_owned(),
        text: query.search().to_owned(),
        from: day("du").map_or(Millis(i64::MIN), start),
        to: day("au").map_or(Millis(i64::MAX), next),
        order: match (query.sort.as_str(), query.desc) {
            ("duree", true) => Order::Slowest,
            ("duree", false) => Order::Quickest,
            (_, true) => Order::Last,
            (_, false) => Order::First,
        },
        after: query.after.as_deref().and_then(place),
        limit,
    }
}

/// A place as an address writes it: the id, a tilde, what the list is ordered by.
fn place(text: &str) -> Option<(i64, String)> {
    let (id, by) = text.split_once('~')?;
    let id = RequestId::parse(id)?;
    Some((by.parse().ok()?, id.to_string()))
}

async fn read(
    call: &PageCall,
    scope: &OperatorScope,
    wanted: Listing,
) -> Result<Vec<Call>, PageError> {
    let scope = scope.clone();
    let list = move |tx: &mut dyn Tx| store::list(tx, &scope, &wanted);
    Ok(call.platform.db.read(list).await.map_err(Fault::from)?)
}

pub(crate) async fn list(call: PageCall) -> PageResult {
    let ctx = call.ctx()?.clone();
    let scope = ctx.operator()?.clone();
    let query = ListQuery::parse(PATH, call.query.clone(), &["recu", "duree"], true);
    spool::flush(&call.platform).await?;
    if let Some(format) = query.format {
        let (call, scope, wanted) = (&call, &scope, listing(&query, EXPORT_PAGE));
        let all = gather(
            ROWS_MAX,
            |row: &Call| wanted.place_of(row),
            |after| {
                let wanted = Listing {
                    after,
                    ..wanted.clone()
                };
                read(call, scope, wanted)
            },
        );
        let rows: Vec<_> = all.await?.iter().map(cells).collect();
        let column = |&(key, heading)| Column { key, heading };
        let columns: Vec<Column> = labels::COLUMNS.iter().map(column).collect();
        return Ok(attachment(format, "appels", &columns, &rows).map_err(Fault::internal)?);
    }
    let wanted = listing(&query, i64::try_from(query.per_page).unwrap_or(50) + 1);
    let mut calls = read(&call, &scope, wanted.clone()).await?;
    let more = calls.len() > query.per_page;
    calls.truncate(query.per_page);
    let next = calls.last().filter(|_| more).map(|last| {
        let (by, id) = wanted.place_of(last);
        format!("{id}~{by}")
    });
    let yesterday = Millis(ctx.now.0 - Millis::DAY);
    let count = move |tx: &mut dyn Tx| {
        let all = store::count_by_outcome(tx, &scope, Millis(i64::MIN))?;
        Ok((all, store::count_by_outcome(tx, &scope, yesterday)?))
    };
    let (all, recent) = call.platform.db.read(count).await.map_err(Fault::from)?;
    let identity = call.identity.as_ref();
    let page = CallList {
        shell: call
            .shell(labels::CALLS)
            .under(labels::TITLE, "/developpeurs"),
        operator: identity.map_or_else(String::new, |who| who.operator_name.clone()),
        day: recent.iter().sum(),
        share: share(recent),
        outcomes: outcomes(all),
        services: services(),
        rows: calls.iter().map(row).collect(),
        pager: Pager {
            shown: calls.len(),
            total: total(&query, all),
            next,
        },
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

type Counts = [i64; CallOutcome::ALL.len()];

fn share(counts: Counts) -> Option<Tag> {
    let all: i64 = counts.iter().sum();
    let tone = if counts[2] > 0 { Tone::Warn } else { Tone::Ok };
    let text = labels::share(counts[0], all);
    (all > 0).then(|| Tag::new(tone, text))
}

fn outcomes(counts: Counts) -> Vec<Choice> {
    let each = CallOutcome::ALL.into_iter().zip(counts);
    let each = each.map(|(outcome, count)| Choice {
        value: outcome.as_str(),
        label: labels::outcomes(outcome),
        count,
    });
    let all = Choice {
        value: "",
        label: labels::ALL,
        count: counts.iter().sum(),
    };
    [all].into_iter().chain(each).collect()
}

/// How many calls the list has, where that was counted.
fn total(query: &ListQuery, counts: Counts) -> Option<u64> {
    let narrowed = ["q", "service", "operation", "code", "du", "au"];
    if narrowed.iter().any(|name| !query.filter(name).is_empty()) {
        return None;
    }
    let wanted = CallOutcome::from_store(query.filter("resultat")).ok();
    let of = CallOutcome::ALL.iter().zip(counts);
    let of = of.filter(|(outcome, _)| wanted.is_none_or(|wanted| wanted == **outcome));
    u64::try_from(of.map(|(_, count)| count).sum::<i64>()).ok()
}

fn services() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let elements = published().map(|(service, xml)| {
        let elements = xml.operations.iter().map(|operation| operation.element);
        (xml.contract.service, service.title, elements.collect())
    });
    elements.collect()
}

fn state(call: &Call) -> Tag {
    let tone = match call.outcome {
        CallOutcome::Accepted => Tone::Ok,
        CallOutcome::Refused => Tone::Warn,
        CallOutcome::Fault => Tone::Bad,
    };
    Tag::new(tone, labels::outcome(call.outcome))
}

/// The operation as it is shown.
fn operation(call: &Call) -> String {
    match call.operation.as_str() {
        "" => labels::NO_OPERATION.to_owned(),
        name => name.to_owned(),
    }
}

fn row(call: &Call) -> CallRow {
    let refused = call.outcome != CallOutcome::Accepted;
    let code = codes::by_code(&call.code).filter(|_| refused);
    let id = call.id.as_str();
    CallRow {
        href: format!("{PATH}/{id}"),
        at: labels::second(call.at),
        operation: operation(call),
        service: call.service.clone(),
        state: state(call),
        code: code.map(|row| row.code.to_owned()),
        message: if refused {
            call.message.clone()
        } else {
            String::new()
        },
        duration: labels::duration(call.duration_us),
        key: call.request_key.clone(),
        trace: labels::tail(id),
    }
}

fn cells(call: &Call) -> Vec<Cell> {
    let place = call.place.as_ref();
    vec![
        call.at.into(),
        call.service.clone().into(),
        call.operation.clone().into(),
        labels::outcome(call.outcome).into(),
        call.code.clone().into(),
        call.message.clone().into(),
        call.duration_us.into(),
        call.request_size.into(),
        call.reply_size.into(),
        call.request_key.clone().into(),
        call.id.to_string().into(),
        call.certificate.clone().into(),
        place.map(|place| place.line).into(),
        place.map(|place| place.column).into(),
    ]
}

pub(crate) async fn one(call: PageCall) -> PageResult {
    let scope = call.ctx()?.operator()?.clone();
    let id = RequestId::parse(call.param("id")).ok_or(PageError::NotFound)?;
    spool::flush(&call.platform).await?;
    let find = move |tx: &mut dyn Tx| {
        let Some((found, texts)) = store::by_id(tx, &scope, &id)? else {
            return Ok(None);
        };
        let shown = store::certificate(tx, &scope, &found.certificate_id)?;
        Ok(Some((found, texts, shown)))
    };
    let found = call.platform.db.read(find).await.map_err(Fault::from)?;
    let (found, texts, certificate) = found.ok_or(PageError::NotFound)?;
    let known = published().any(|(_, xml)| {
        let mut operations = xml.operations.iter();
        xml.contract.service == found.service
            && operations.any(|known| known.element == found.operation)
    });
    let accepted = found.outcome == CallOutcome::Accepted;
    let page = CallPage {
        shell: call
            .shell(&operation(&found))
            .under(labels::TITLE, "/developpeurs")
            .under(labels::CALLS, PATH),
        state: state(&found),
        code: codes::by_code(&found.code).filter(|_| !accepted),
        message: found.message.clone(),
        accepted,
        id: found.id.to_string(),
        explained: known.then(|| explorer::href(&found.service, &found.operation)),
        facts: facts(&found, certificate.as_deref()),
        texts: shown(&found, texts),
        operation: operation(&found),
        service: found.service,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn facts(call: &Call, certificate: Option<&str>) -> Vec<(&'static str, String, bool)> {
    let fingerprint = certificate.map(labels::fingerprint).unwrap_or_default();
    let place = call.place.as_ref().map(labels::place).unwrap_or_default();
    let all = [
        (labels::facts::AT, labels::moment(call.at), false),
        (
            labels::facts::DURATION,
            labels::duration(call.duration_us),
            false,
        ),
        (labels::facts::KEY, call.request_key.clone(), true),
        (labels::facts::TRACE, call.id.to_string(), true),
        (labels::facts::PLACE, place, false),
        (labels::facts::CERTIFICATE, call.certificate.clone(), false),
        (labels::facts::FINGERPRINT, fingerprint, true),
        (
            labels::facts::ADDRESS,
            format!("/ws/{}", call.service),
            true,
        ),
    ];
    let all = all.into_iter().filter(|(_, value, _)| !value.is_empty());
    all.collect()
}

fn shown(call: &Call, texts: Texts) -> Vec<Text> {
    let at = |n: i64| usize::try_from(n).unwrap_or(0);
    let place = call.place.as_ref();
    let place = place.map(|place| (at(place.line), at(place.column)));
    let [request, reply] = labels::TEXTS;
    vec![
        text(request, &texts.request, call.request_size, place),
        text(reply, &texts.reply, call.reply_size, None),
    ]
}

fn text(
    (id, title): (&'static str, &'static str),
    kept: &str,
    size: i64,
    place: Option<(usize, usize)>,
) -> Text {
    let cut = usize::try_from(size).is_ok_and(|size| size > TEXT_MAX);
    let pretty = soap::pretty(kept, place).map(|pretty| {
        let marked: Vec<usize> = pretty.marked.into_iter().collect();
        let text = pretty.lines.join("\n");
        // A value of several lines stands on as many.
        let before = pretty
            .lines
            .iter()
            .take(marked.first().map_or(0, |line| line - 1));
        let shift: usize = before.map(|line| line.matches('\n').count()).sum();
        let marked: Vec<usize> = marked.iter().map(|line| line + shift).collect();
        Source::new(text.lines(), &marked)
    });
    let marked: Vec<usize> = place.map(|(line, _)| line).into_iter().collect();
    Text {
        id,
        title,
        size: labels::size(size),
        pretty,
        raw: Source::new(kept.lines(), &marked),
        cut: cut && !kept.is_empty(),
        unkept: kept.is_empty() && size > 0,
    }
}
