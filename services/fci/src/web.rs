//! The pages of orders: forms in, the same use cases as every door, pages out.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::access::{Permission, Right};
use domain::offer::Offer;
use domain::order::store::{Key, Listing, Side, Sort};
use domain::order::usecases::{self, Consulted};
use domain::order::{Order, PlaceOrder, Status, labels as words, store};
use kernel::{Fault, Millis, Refusal, codes};
use service_api::{PageCall, PageError, PageResult};
use web::export::{Cell, Column, ROWS_MAX, attachment, gather};
use web::{Form, ListQuery, Pager, RefusalView, Tag, Tone};

use crate::labels;
use crate::pages::{
    Customer, Fact, NewOrder, Next, OrderList, OrderPage, OrderRow, Route, RoutePoint, SORTABLE,
    StateChoice, Step, StepState, TimelineEntry,
};

/// Rows an export reads at once.
const EXPORT_PAGE: i64 = 1_000;

fn listing(query: &ListQuery, limit: i64) -> Listing {
    let sort = Sort::ALL.into_iter().find(|(_, name)| *name == query.sort);
    let status = Status::parse(query.filter("etat")).map_or("", Status::as_str);
    let day = |name: &str| query.filter(name).parse::<jiff::civil::Date>().ok();
    let start = kernel::working_time::start_of_day;
    let next = |day: jiff::civil::Date| start(day.tomorrow().unwrap_or(day));
    Listing {
        status: status.to_owned(),
        waiting_for: match query.filter("main") {
            "operateur" => Some(Side::Operator),
            "fournisseur" => Some(Side::Provider),
            _ => None,
        },
        text: query.search().to_owned(),
        from: day("du").map_or(Millis(0), start),
        to: day("au").map_or(Millis(i64::MAX), next),
        sort: sort.map_or(Sort::Placed, |(sort, _)| sort),
        descending: query.desc,
        after: query.after.as_deref().and_then(page_key),
        limit,
    }
}

/// A page's key: the id of its last row, a tilde, the value it was sorted by.
fn page_key(text: &str) -> Option<(String, String)> {
    let (id, value) = text.split_once('~')?;
    store::is_id(id).then(|| (value.to_owned(), id.to_owned()))
}

pub(crate) async fn list(call: PageCall) -> PageResult {
    let query = ListQuery::parse("/commandes", call.query.clone(), SORTABLE, true);
    let ctx = call.ctx()?;
    if let Some(format) = query.format {
        let rows = export(&call, &query).await?;
        let columns = labels::COLUMNS.map(|(key, heading)| Column { key, heading });
        return Ok(attachment(format, "commandes", &columns, &rows).map_err(Fault::internal)?);
    }
    let per_page = query.per_page;
    let wanted = listing(&query, i64::try_from(per_page).unwrap_or(50) + 1);
    let sort = wanted.sort;
    let mut orders = usecases::list_orders(&call.platform, ctx, wanted).await??;
    let more = orders.len() > per_page;
    orders.truncate(per_page);
    let next = orders
        .last()
        .filter(|_| more)
        .map(|o| format!("{}~{}", o.id, sort.key_of(o)));
    let states = states(&call).await?;
    let total = states
        .iter()
        .find(|s| s.value == query.filter("etat"))
        .and_then(|s| s.count);
    let total = total.filter(|_| {
        ["q", "du", "au", "main"]
            .iter()
            .all(|f| query.filter(f).is_empty())
    });
    let page = OrderList {
        shell: call.shell(labels::TITLE),
        rows: orders.iter().map(row).collect(),
        pager: Pager {
            shown: orders.len(),
            total,
            next,
        },
        states,
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

async fn states(call: &PageCall) -> Result<Vec<StateChoice>, PageError> {
    let scope = call.ctx()?.operator()?.clone();
    let counts = call
        .platform
        .db
        .read(move |tx| store::count_by_status(tx, &scope))
        .await;
    let counts = counts.map_err(Fault::from)?;
    let all: i64 = counts.iter().map(|(_, n)| n).sum();
    let choice = |value: &str, label: &str, n: i64| StateChoice {
        value: value.to_owned(),
        label: label.to_owned(),
        count: u64::try_from(n).ok(),
    };
    let mut choices = vec![choice("", labels::ALL_STATES, all)];
    for status in Status::ALL {
        if let Some((_, n)) = counts.iter().find(|(s, _)| s == status) {
            choices.push(choice(status.as_str(), words::status(*status), *n));
        }
    }
    Ok(choices)
}

fn row(order: &Order) -> OrderRow {
    OrderRow {
        href: format!("/commandes/{}", order.id),
        reference: order.reference.clone(),
        line: order.prestation.clone(),
        product: labels::product(order),
        address: format!("{}{}", order.address, labels::place(order)),
        state: Tag::new(labels::tone(order.status), labels::state(order)),
        ball: words::holder(order.status).to_owned(),
        yours: words::holder(order.status) == words::holder(Status::Mad),
        placed: order.placed,
        last_step: words::status(order.status).to_owned(),
        last_at: order.updated,
    }
}

async fn export(call: &PageCall, query: &ListQuery) -> Result<Vec<Vec<Cell>>, PageError> {
    let ctx = call.ctx()?;
    let wanted = listing(query, EXPORT_PAGE);
    let place = |order: &Order| (wanted.sort.key_of(order), order.id.to_string());
    let orders = gather(ROWS_MAX, place, |after| {
        let wanted = Listing {
            after,
            ..wanted.clone()
        };
        async { Ok(usecases::list_orders(&call.platform, ctx, wanted).await??) }
    });
    Ok(orders.await?.iter().map(cells).collect())
}

fn cells(order: &Order) -> Vec<Cell> {
    vec![
        order.reference.clone().into(),
        order.prestation.clone().into(),
        words::status(order.status).into(),
        order.motive.clone().into(),
        order.building_ref.clone().into(),
        order.address.clone().into(),
        order.pm_ref.clone().into(),
        order.pto_ref.clone().into(),
        order.offer.clone().into(),
        order.placed.into(),
        order.updated.into(),
    ]
}

pub(crate) async fn new_order(call: PageCall) -> PageResult {
    let mut form = call.new_form()?.with_values(call.query.clone());
    for (name, value) in [("TypeCommandeDemande", "LOCA"), ("TypeRacco", "OC")] {
        if form.value(name).is_empty() {
            form.set(name, value);
        }
    }
    if form.value("PriseExistante").is_empty() {
        form.set("PriseExistante", "N");
    }
    new_order_page(&call, form, None, StatusCode::OK).await
}

async fn new_order_page(
    call: &PageCall,
    form: Form,
    refusal: Option<RefusalView>,
    status: StatusCode,
) -> PageResult {
    let overwriting = is_in_service(call, form.value("ReferencePrise")).await?;
    let offers = orderable_offers(call).await?;
    let shell = call
        .shell(labels::NEW_ORDER)
        .under(labels::TITLE, "/commandes");
    let page = NewOrder {
        shell,
        form,
        refusal,
        dwelling: None,
        offers: offers.into_iter().map(|o| (o.code, o.label)).collect(),
        overwriting,
    };
    Ok(web::page(status, &page))
}

/// What the operator may order; nothing for whoever is none.
async fn orderable_offers(call: &PageCall) -> Result<Vec<Offer>, PageError> {
    let Ok(scope) = call.ctx()?.operator().cloned() else {
        return Ok(Vec::new());
    };
    let now = call.ctx()?.now;
    let read = move |tx: &mut dyn storage::Tx| usecases::orderable_offers(tx, &scope, now);
    Ok(call.platform.db.get(read).await.map_err(Fault::from)?)
}

/// Whether the PTO's line is in use, by whomever: taking it would overwrite it.
async fn is_in_service(call: &PageCall, pto_ref: &str) -> Result<bool, PageError> {
    if pto_ref.is_empty() {
        return Ok(false);
    }
    let (ctx, pto_ref) = (call.ctx()?.clone(), domain::order::pto::normalise(pto_ref));
    let found = call
        .platform
        .db
        .get(move |tx| {
            let release = domain::release::store::current(tx)?;
            usecases::load_pto(tx, &ctx, release, &pto_ref)
        })
        .await
        .map_err(Fault::from)?;
    let line = found.and_then(|pto| pto.line);
    Ok(line.is_some_and(|line| line.state == domain::line::LineState::InService))
}

/// A date of a form (`2026-11-26`) as the trade's files write it (`20261126`).
fn trade_date(text: &str) -> String {
    let plain: String = text.chars().filter(char::is_ascii_digit).collect();
    if plain.len() == 8 && text.len() == 10 {
        plain
    } else {
        text.to_owned()
    }
}

fn sent(call: &PageCall) -> Vec<(String, String)> {
    let dated = ["DateInstall", "DateRaccordementPrise", "DateMiseEnService"];
    let value = |name: &str, value: &str| {
        if dated.contains(&name) {
            trade_date(value)
        } else {
            value.to_owned()
        }
    };
    call.form
        .iter()
        .map(|(name, v)| (name.clone(), value(name, v)))
        .collect()
}

pub(crate) async fn place(call: PageCall) -> PageResult {
    let sent = sent(&call);
    let pairs = sent
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let order = PlaceOrder::from_pairs(pairs);
    let wants_pto = order.get("PriseExistante") == "O";
    let in_service = wants_pto && is_in_service(&call, order.get("ReferencePrise")).await?;
    if in_service && call.field("confirmation_ecrasement") != "oui" {
        let form = call.new_form()?.with_values(call.form.clone());
        return new_order_page(&call, form, None, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let ctx = call.ctx()?;
    let outcome = usecases::place_order(&call.platform, ctx, order, call.form_key()).await?;
    match outcome.into_result() {
        // An AR KO has its own page, which shows the motive and what to do.
        Ok(placed) => Ok(to_order(&placed.id, "commande")),
        Err(refusal) => {
            let mut form = call.new_form()?.with_values(call.form.clone());
            form.refuse(&refusal);
            let status = web::errors::status_of(&refusal);
            new_order_page(&call, form, Some(RefusalView::from(&refusal)), status).await
        }
    }
}

fn to_order(id: &str, done: &str) -> Response {
    let field = web::server::FLASH_FIELD;
    Redirect::to(&format!("/commandes/{id}?{field}={done}")).into_response()
}

pub(crate) async fn order(call: PageCall) -> PageResult {
    order_page(&call, None).await
}

/// The order's page, with what a form of it was just refused for.
async fn order_page(call: &PageCall, refused: Option<(&str, Refusal)>) -> PageResult {
    let id = call.param("id").to_owned();
    if !store::is_id(&id) {
        return Err(PageError::NotFound);
    }
    let ctx = call.ctx()?;
    let found = usecases::consult_order(&call.platform, ctx, Key::Id(id)).await??;
    let may = |right| ctx.holds(Permission::subscribed("fci", right));
    let order = &found.order;
    let mut page = order_view(call, &found)?;
    let ready = |wanted: bool, right| (wanted && may(right)).then(|| call.new_form()).transpose();
    let ours = order.built_by == domain::order::BuiltBy::Oc;
    let stoc = ours && matches!(order.status, Status::StocEmise | Status::RaccoKo);
    page.cr_stoc = ready(stoc, Right::Modify)?;
    page.cr_mes = ready(order.status == Status::Mad, Right::Modify)?;
    page.cancel = ready(order.status.can_cancel(), Right::Close)?;
    if let Some(form) = &mut page.cr_stoc {
        form.set("CrRaccordementPrise", "OK");
        form.set("ReferencePrise", order.pto_ref.clone());
    }
    let Some((which, refusal)) = refused else {
        return Ok(web::page(StatusCode::OK, &page));
    };
    let form = match which {
        "cr-stoc" => &mut page.cr_stoc,
        "cr-mes" => &mut page.cr_mes,
        _ => &mut page.cancel,
    };
    if let Some(form) = form {
        *form = std::mem::take(form).with_values(call.form.clone());
        form.refuse(&refusal);
    }
    page.refusal = Some(RefusalView::from(&refusal));
    Ok(web::page(web::errors::status_of(&refusal), &page))
}

pub(crate) async fn cancel(call: PageCall) -> PageResult {
    let key = own_key(&call)?;
    let ctx = call.ctx()?;
    let found = usecases::consult_order(&call.platform, ctx, key.clone()).await??;
    if call.field("confirmation") != found.order.reference {
        let refusal = Refusal::new(&codes::RC03)
            .on("confirmation")
            .because(labels::NOT_CONFIRMED);
        return order_page(&call, Some(("annuler", refusal))).await;
    }
    let reason = call.field("motif").to_owned();
    let moved = usecases::cancel_order(&call.platform, ctx, key, reason, call.form_key()).await?;
    after(
        &call,
        moved.into_result().map(|moved| moved.id),
        "annuler",
        "annulation",
    )
    .await
}

pub(crate) async fn report_connection(call: PageCall) -> PageResult {
    let key = own_key(&call)?;
    let sent = sent(&call);
    let known = ["csrf", "cle"];
    let pairs = sent
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()));
    let report = crate::xml::stoc_report(pairs.map(|(n, v)| (n.as_str(), v.as_str())));
    let ctx = call.ctx()?;
    let moved =
        usecases::report_connection(&call.platform, ctx, key, report, call.form_key()).await?;
    after(
        &call,
        moved.into_result().map(|moved| moved.id),
        "cr-stoc",
        "cr-stoc",
    )
    .await
}

pub(crate) async fn put_in_service(call: PageCall) -> PageResult {
    let key = own_key(&call)?;
    let since = trade_date(call.field("DateMiseEnService"));
    let ctx = call.ctx()?;
    let moved = usecases::put_in_service(&call.platform, ctx, key, since, call.form_key()).await?;
    after(
        &call,
        moved.into_result().map(|moved| moved.id),
        "cr-mes",
        "cr-mes",
    )
    .await
}

fn own_key(call: &PageCall) -> Result<Key, PageError> {
    let id = call.param("id").to_owned();
    if store::is_id(&id) {
        Ok(Key::Id(id))
    } else {
        Err(PageError::NotFound)
    }
}

async fn after(
    call: &PageCall,
    result: Result<String, Refusal>,
    form: &str,
    done: &str,
) -> PageResult {
    match result {
        Ok(id) => Ok(to_order(&id, done)),
        Err(refusal) if refusal.code == codes::FIMP14.code => Err(PageError::NotFound),
        Err(refusal) => order_page(call, Some((form, refusal))).await,
    }
}

fn order_view(call: &PageCall, found: &Consulted) -> Result<OrderPage, PageError> {
    let order = &found.order;
    let mut shell = call
        .shell(&order.reference)
        .under(labels::TITLE, "/commandes");
    shell.extracted = found.extracted_on;
    let refused = matches!(order.status, Status::ArKo | Status::CrKo | Status::RaccoKo);
    let refusal = codes::by_code(&order.motive)
        .filter(|_| refused)
        .map(|code| {
            let mut refusal = Refusal::new(code);
            if !order.comment.is_empty() {
                refusal = refusal.because(order.comment.clone());
            }
            RefusalView::from(&refusal)
        });
    let customer = Customer {
        name: [
            order.request.get("PrenomClient"),
            order.request.get("NomClient"),
        ]
        .join(" "),
        phones: ["ContactClient1", "ContactClient2"]
            .into_iter()
            .filter_map(|name| order.request.given(name).map(str::to_owned))
            .collect(),
        comment: order.request.get("CommentaireCmdAcces").to_owned(),
    };
    Ok(OrderPage {
        shell,
        id: order.id.to_string(),
        reference: order.reference.clone(),
        product: labels::product(order),
        address: format!("{}{}", order.address, labels::place(order)),
        state: Tag::new(labels::tone(order.status), labels::state(order)),
        steps: steps(found),
        next: next(order),
        refusal,
        timeline: found.timeline.iter().rev().map(entry).collect(),
        facts: facts(found),
        routes: routes(found),
        customer: Some(customer),
        cancel: None,
        cr_stoc: None,
        failures: failures(),
        cr_mes: None,
        xml: xml_call(&order.reference, call.ctx()?.now),
        curl: curl(&call.site.xml_url),
    })
}

/// The motives of failure that a CR STOC may give.
fn failures() -> Vec<(String, String)> {
    let family = ["FCLI", "FINT", "FIMP17", "FIMP18", "FAUT"];
    codes::ALL
        .iter()
        .filter(|code| family.iter().any(|f| code.code.starts_with(f)))
        .map(|code| (code.code.to_owned(), code.label.to_owned()))
        .collect()
}

fn steps(found: &Consulted) -> Vec<Step> {
    let order = &found.order;
    let mut ended = false;
    let mut now_shown = false;
    labels::STEPS
        .iter()
        .map(|(label, states)| {
            let row = found
                .timeline
                .iter()
                .rev()
                .find(|row| states.contains(&row.to));
            let current = states.contains(&order.status);
            let bad = matches!(order.status, Status::ArKo | Status::CrKo | Status::RaccoKo);
            let skipped = order.existing_pto
                && states
                    .iter()
                    .any(|s| matches!(s, Status::StocEmise | Status::RaccoOk));
            let state = match row {
                Some(_) if current && bad => {
                    ended = true;
                    StepState::Ended
                }
                Some(_) if order.status == Status::Mes || !current => StepState::Done,
                Some(_) => {
                    now_shown = true;
                    StepState::Now
                }
                None => StepState::Later,
            };
            let note = match row {
                None if skipped => labels::NOT_NEEDED,
                None if ended || order.status.is_final() => "–",
                None => labels::LATER,
                Some(_) => "",
            };
            let _ = now_shown;
            Step {
                label: (*label).to_owned(),
                state,
                at: row.map(|row| row.at),
                note: note.to_owned(),
            }
        })
        .collect()
}

fn next(order: &Order) -> Next {
    let tone = labels::tone(order.status);
    let icon = match tone {
        Tone::Bad => "circle-x",
        Tone::Ok => "circle-check",
        _ => "arrow-right",
    };
    Next {
        tone,
        icon: icon.to_owned(),
        title: words::status(order.status).to_owned(),
        text: words::next_step(order.status).to_owned(),
        ball: words::holder(order.status).to_owned(),
        ball_note: format!("depuis le {}", web::french::datetime(order.updated)),
    }
}

fn entry(row: &domain::order::TimelineRow) -> TimelineEntry {
    let tone = labels::tone(row.to);
    TimelineEntry {
        at: row.at,
        tone,
        icon: tone.icon().to_owned(),
        title: words::event(&row.event).to_owned(),
        actor: row.actor_name.clone(),
        channel: words::channel(&row.channel).to_owned(),
        code: (!row.code.is_empty()).then(|| row.code.clone()),
        comment: row.comment.clone(),
    }
}

fn facts(found: &Consulted) -> Vec<Fact> {
    let order = &found.order;
    let first = found.timeline.first();
    let by = first.map(|row| format!("{}, {}", row.actor_name, words::channel(&row.channel)));
    let values = [
        (order.reference.clone(), true),
        (order.prestation.clone().unwrap_or_default(), true),
        (order.pto_ref.clone(), true),
        (order.pm_ref.clone(), true),
        (order.pbo_ref.clone(), true),
        (order.building_ref.clone(), true),
        (order.offer.clone(), true),
        (by.unwrap_or_default(), false),
    ];
    let facts = labels::FACTS.into_iter().zip(values);
    facts
        .filter(|(_, (value, _))| !value.is_empty())
        .map(|(label, (value, mono))| Fact {
            label: label.to_owned(),
            value,
            mono,
        })
        .collect()
}

fn routes(found: &Consulted) -> Vec<Route> {
    let Some(fibre) = &found.fibre else {
        return Vec::new();
    };
    let order = &found.order;
    let point = |icon: &str, title: String, note: String, fibres| RoutePoint {
        icon: icon.to_owned(),
        title,
        note,
        fibres,
    };
    let colours = vec![
        web::Colour::read("tube", &fibre.tube),
        web::Colour::read("fibre", &fibre.colour),
    ];
    let mut points = vec![
        point(
            "layers",
            format!("PM {}", fibre.pm_ref),
            match &found.route {
                Some(route) => labels::at_pm(route),
                None => order.pmt_ref.clone(),
            },
            Vec::new(),
        ),
        point(
            "plug",
            format!("PBO {}", fibre.pbo_ref),
            fibre.cable.clone(),
            colours,
        ),
    ];
    if !order.pto_ref.is_empty() {
        let place = labels::place(order).trim_start_matches(", ").to_owned();
        points.push(point(
            "house",
            format!("PTO {}", order.pto_ref),
            place,
            Vec::new(),
        ));
    }
    vec![Route {
        title: String::new(),
        points,
    }]
}

fn xml_call(reference: &str, now: Millis) -> String {
    let now = soap::Instant(now);
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\n  <s:Body>\n    \
         <consulterCommande xmlns=\"urn:epissure:ws:fci:1\" \
         xmlns:c=\"urn:epissure:ws:commun:1\">\n      <c:Entete>\n        \
         <c:VersionWS>1</c:VersionWS>\n        \
         <c:HorodatageRequete>{now}</c:HorodatageRequete>\n      \
         </c:Entete>\n      <ReferenceCommandePriseInterneOC>{reference}\
         </ReferenceCommandePriseInterneOC>\n    </consulterCommande>\n  </s:Body>\n</s:Envelope>"
    )
}

fn curl(url: &str) -> String {
    format!(
        "curl --cert client.pem --key client.key --cacert ca.pem \\\n  \
         --header 'Content-Type: text/xml; charset=utf-8' \\\n  \
         --data @demande.xml {url}/ws/fci"
    )
}
