//! The `fci` web service: messages in, the same use cases as every door, messages out.

use domain::event::store::Numbered;
use domain::network::ConnectorColour;
use domain::order::rules::{Control, LOCATE_CODES};
use domain::order::store::Key;
use domain::order::usecases::{self, Consulted, Moved, StocReport};
use domain::order::{PlaceOrder, Status, TimelineRow, file_date};
use kernel::{Code, Millis, Refusal, codes, working_time};
use soap::Instant;
use soap::server::{XmlCall, XmlError};

use crate::messages::{
    CancelOrder, Connection, ConsultOrder, DepositConnectionReport, DepositOrder,
    DepositServiceReport, EventsListed, Handover, InService, ListEvents, Order, OrderConsulted,
    OrderDeposited, OrderEvent, OrderMoved, Outcome, Progress, Receipt, Report, Route, Step,
    Subcontract,
};

/// Every code of an order that is placed: its reading, its place, each control.
pub(crate) fn place_codes() -> Vec<&'static Code> {
    let reading = [&codes::FIMP13, &codes::FIMP15, &codes::FIMP16];
    let controls = Control::ALL.iter().flat_map(|control| control.codes());
    let judged = LOCATE_CODES.into_iter().chain(controls);
    reading.into_iter().chain(judged).collect()
}

/// Every code of a step that an operator asks of its order.
pub(crate) fn move_codes() -> Vec<&'static Code> {
    let own = [&codes::FIMP14, &codes::FIMP06, &codes::EVER01];
    let reading = [&codes::FIMP15, &codes::FIMP16];
    own.into_iter().chain(reading).collect()
}

pub(crate) async fn place(call: XmlCall) -> Result<String, XmlError> {
    let fields: DepositOrder = call.body()?;
    let order = PlaceOrder::from_pairs(fields.iter());
    let outcome = usecases::place_order(&call.platform, &call.ctx, order, call.key()).await?;
    let placed = outcome.into_result()?;
    let ko = placed.refusal.as_ref();
    let body = OrderDeposited {
        outcome: Some(if ko.is_some() {
            Outcome::Ko
        } else {
            Outcome::Ok
        }),
        motive: ko.map(|refusal| refusal.code.clone()),
        answered_at: Some(Instant(placed.at)),
        comment: ko.and_then(|refusal| refusal.field.clone()),
        reference: Some(placed.reference),
    };
    match ko {
        Some(refusal) => call.refused(refusal, &body),
        None => call.accepted(&body, None),
    }
}

/// One of the two references; FIMP15 without either.
fn key(reference: Option<&String>, prestation: Option<&String>) -> Result<Key, Refusal> {
    match (reference, prestation) {
        (_, Some(prestation)) => Ok(Key::Prestation(prestation.clone())),
        (Some(reference), None) => Ok(Key::Reference(reference.clone())),
        (None, None) => Err(Refusal::new(&codes::FIMP15).on("ReferenceCommandePriseInterneOC")),
    }
}

pub(crate) async fn consult(call: XmlCall) -> Result<String, XmlError> {
    let message: ConsultOrder = call.body()?;
    let key = key(
        message.reference.as_ref(),
        message.service_reference.as_ref(),
    )?;
    let found = usecases::consult_order(&call.platform, &call.ctx, key).await??;
    let extracted = found
        .extracted_on
        .map(|d| Instant(working_time::start_of_day(d)));
    let body = OrderConsulted {
        order: Some(consulted(&found, &call)),
    };
    call.accepted(&body, extracted)
}

pub(crate) async fn cancel(call: XmlCall) -> Result<String, XmlError> {
    let message: CancelOrder = call.body()?;
    let key = key(
        message.reference.as_ref(),
        message.service_reference.as_ref(),
    )?;
    let reason = message.comment.unwrap_or_default();
    let moved = usecases::cancel_order(&call.platform, &call.ctx, key, reason, call.key()).await?;
    answer_moved(&call, moved.into_result()?)
}

pub(crate) async fn report_connection(call: XmlCall) -> Result<String, XmlError> {
    let fields: DepositConnectionReport = call.body()?;
    let get = |name: &str| fields.get(name).map(str::to_owned);
    let reference = get("ReferenceCommandePriseInterneOC");
    let key = key(reference.as_ref(), get("ReferencePrestationPrise").as_ref())?;
    let report = stoc_report(fields.iter());
    let moved =
        usecases::report_connection(&call.platform, &call.ctx, key, report, call.key()).await?;
    answer_moved(&call, moved.into_result()?)
}

/// A CR STOC of named values, from any door.
pub(crate) fn stoc_report<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> StocReport {
    let mut report = StocReport::default();
    for (name, value) in pairs.filter(|(_, value)| !value.trim().is_empty()) {
        let value = value.trim().to_owned();
        match name {
            "CrRaccordementPrise" => report.outcome = value,
            "MotifKoCrRaccordementPrise" => report.motive = value,
            "ReferencePrise" => report.pto_ref = value,
            "DateRaccordementPrise" => report.connected_on = value,
            "Commentaire" => report.comment = value,
            "ReferenceCommandePriseInterneOC" | "ReferencePrestationPrise" => {}
            _ => {
                report.others.insert(name.to_owned(), value);
            }
        }
    }
    report
}

pub(crate) async fn put_in_service(call: XmlCall) -> Result<String, XmlError> {
    let message: DepositServiceReport = call.body()?;
    let key = key(
        message.reference.as_ref(),
        message.service_reference.as_ref(),
    )?;
    let since = message.in_service_at.unwrap_or_default();
    let moved = usecases::put_in_service(&call.platform, &call.ctx, key, since, call.key()).await?;
    answer_moved(&call, moved.into_result()?)
}

fn answer_moved(call: &XmlCall, moved: Moved) -> Result<String, XmlError> {
    let progress = Progress {
        reference: Some(moved.reference),
        service_reference: None,
        status: stored(moved.status),
        since: Instant(moved.at),
    };
    call.accepted(
        &OrderMoved {
            progress: Some(progress),
        },
        None,
    )
}

fn stored(status: Status) -> String {
    status.as_str().to_uppercase()
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

pub(crate) async fn list_events(call: XmlCall) -> Result<String, XmlError> {
    let message: ListEvents = call.body()?;
    let after = message.after.unwrap_or(0);
    let limit = i64::from(message.limit.unwrap_or(100));
    let events = usecases::list_events(&call.platform, &call.ctx, after, limit).await??;
    let last = events.last().map_or(after, |event| event.n);
    let events = events.iter().map(event).collect();
    call.accepted(
        &EventsListed {
            events,
            last: Some(last),
        },
        None,
    )
}

fn event(numbered: &Numbered) -> OrderEvent {
    let payload: serde_json::Value =
        serde_json::from_str(&numbered.payload).unwrap_or(serde_json::Value::Null);
    let text = |name: &str| payload[name].as_str().and_then(some);
    OrderEvent {
        number: numbered.n,
        kind: numbered.kind.clone(),
        at: Instant(numbered.at),
        reference: numbered.subject.clone(),
        service_reference: text("prestation"),
        code: text("code"),
        comment: text("commentaire"),
    }
}

/// The line of the timeline at which the order reached one of these states.
fn reached<'a>(timeline: &'a [TimelineRow], states: &[Status]) -> Option<&'a TimelineRow> {
    timeline.iter().find(|row| states.contains(&row.to))
}

fn outcome(row: &TimelineRow, ko: Status) -> Outcome {
    if row.to == ko {
        Outcome::Ko
    } else {
        Outcome::Ok
    }
}

fn consulted(found: &Consulted, call: &XmlCall) -> Order {
    let order = &found.order;
    let at = |states: &[Status]| reached(&found.timeline, states);
    let report = at(&[Status::CrOk, Status::CrKo]);
    Order {
        reference: order.reference.clone(),
        service_reference: order.prestation.clone(),
        status: stored(order.status),
        received_at: Instant(order.placed),
        building: some(&order.building_ref),
        batiment: some(&order.batiment),
        escalier: some(&order.escalier),
        etage: some(&order.etage),
        pto: some(&order.pto_ref),
        existing_pto: some(if order.existing_pto { "O" } else { "N" }),
        order_type: some(order.request.get("TypeCommandeDemande")),
        offer: some(&order.offer),
        receipt: at(&[Status::ArOk, Status::ArKo]).map(|row| Receipt {
            outcome: outcome(row, Status::ArKo),
            motive: some(&row.code),
            at: Instant(row.at),
            comment: some(&row.comment),
        }),
        report: report.map(|row| Report {
            outcome: outcome(row, Status::CrKo),
            motive: some(&row.code),
            at: Instant(row.at),
            order_type: some(&order.order_type),
            pm: some(&order.pm_ref),
            technical_pm: some(&order.pmt_ref),
            pbo: some(&order.pbo_ref),
            comment: some(&row.comment),
        }),
        subcontract: at(&[Status::StocEmise]).map(|row| Subcontract {
            reference: order.prestation.clone().unwrap_or_default(),
            at: Instant(row.at),
        }),
        connection: connection(found),
        handover: at(&[Status::Mad]).map(|row| Handover {
            pto: order.pto_ref.clone(),
            at: Instant(row.at),
        }),
        in_service: at(&[Status::Mes]).map(|row| InService {
            at: Instant(row.at),
        }),
        routes: route(found, call).into_iter().collect(),
        timeline: found.timeline.iter().map(step).collect(),
    }
}

fn connection(found: &Consulted) -> Option<Connection> {
    let report: StocReport = serde_json::from_str(&found.order.stoc).ok()?;
    let other = |name: &str| report.others.get(name).cloned();
    let of_report = [Status::RaccoOk, Status::RaccoKo];
    let row = found
        .timeline
        .iter()
        .rev()
        .find(|row| of_report.contains(&row.to))?;
    Some(Connection {
        outcome: if report.outcome == "OK" {
            Outcome::Ok
        } else {
            Outcome::Ko
        },
        motive: some(&report.motive),
        pto: some(&report.pto_ref),
        connected_at: file_instant(&report.connected_on),
        pto_installed: other("PrisePosee"),
        optical_report: other("BilanOptique"),
        comment: some(&report.comment),
        reprovisioned: other("NotificationReprovisioningHL"),
        discharge: other("NumeroDecharge"),
        at: Instant(row.at),
    })
}

fn file_instant(text: &str) -> Option<Instant> {
    file_date(text)
        .map(working_time::at_paris)
        .map(|at: Millis| Instant(at))
}

/// The route in force: its single fibre, from the drawer of the PM, if the referential tells it, to
/// the connector, which is the first one unless told otherwise.
fn route(found: &Consulted, call: &XmlCall) -> Option<Route> {
    let fibre = found.fibre.as_ref()?;
    let code = call.ctx.operator().ok()?.code().to_owned();
    let told = found.route.as_ref();
    let connector = told.and_then(|route| u16::try_from(route.connector).ok());
    let colour = told.and_then(|route| route.connector_colour);
    Some(Route {
        operator: code,
        pm_module: told.map(|route| route.module.clone()).unwrap_or_default(),
        pm_position: told.map(|route| route.position.clone()).unwrap_or_default(),
        pbo_cable: some(&fibre.cable),
        pbo_tube: fibre.tube.clone(),
        pbo_fibre: fibre.colour.clone(),
        connector_number: Some(connector.filter(|number| *number > 0).unwrap_or(1)),
        connector_colour: Some(colour.unwrap_or(ConnectorColour::Red).literal().to_owned()),
    })
}

fn step(row: &TimelineRow) -> Step {
    Step {
        at: Instant(row.at),
        kind: domain::order::labels::event(&row.event).to_owned(),
        from: row.from.map(stored),
        to: Some(stored(row.to)),
        channel: domain::order::labels::channel(&row.channel).to_owned(),
        actor: row.actor_name.clone(),
        code: some(&row.code),
        comment: some(&row.comment),
    }
}
