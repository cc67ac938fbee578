//! Placing an order.

use std::sync::Arc;

use kernel::{Fault, Millis, Refusal, codes, working_time};
use serde::{Deserialize, Serialize};
use storage::Error;

use super::REPORT_JOB;
use super::follow::{Change, follow, note, start};
use super::load::control;
use crate::access::Ctx;
use crate::order::command::FIELDS;
use crate::order::rules::{Place, Rejection};
use crate::order::{
    BuiltBy, Event, Order, PlaceOrder, Status, WellFormed, address_line, pto, store, well_formed,
};
use crate::release::{self, Release};
use crate::{Idempotency, Outcome, Platform, Unit, Verdict, Work, write};

/// The AR of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Acknowledged {
    /// The order's id.
    pub id: String,
    /// The operator's reference.
    pub reference: String,
    /// `ArOk` or `ArKo`.
    pub status: Status,
    /// The motive of a KO.
    pub refusal: Option<Refusal>,
    /// When, business time.
    pub at: Millis,
}

/// Places an order: control, AR, and the job that will give the CR, in one unit. An order answered
/// AR KO is kept with its motive; only a missing or unusable reference and a reference already used
/// (FIMP13) leave nothing behind.
///
/// # Errors
/// A fault when it is not known to be committed; the refusal is in the outcome.
pub async fn place_order(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    command: PlaceOrder,
    key: Option<Idempotency>,
) -> Result<Outcome<Acknowledged>, Fault> {
    let unit = Unit::new("fci.place_order").once(key);
    write(platform, ctx, unit, move |work| place(work, &command)).await
}

fn place(work: &mut Work<'_>, command: &PlaceOrder) -> Result<Verdict<Acknowledged>, Error> {
    let scope = match work.ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Verdict::Refused(refusal)),
    };
    let reference = command.get("ReferenceCommandePriseInterneOC");
    work.about(reference);
    if let Some(refusal) = unusable_reference(reference) {
        return Ok(Verdict::Refused(refusal));
    }
    let release = release::store::current(work.tx)?;
    let checked = match well_formed(command) {
        Ok(order) => {
            control(work.tx, work.ctx, &scope, release, &order)?.map(|admission| (order, admission))
        }
        Err(refusal) => Err(Rejection {
            refusal,
            place: None,
        }),
    };
    let mut order = draft(work, command, release);
    let refusal = match &checked {
        Ok((wellformed, admission)) => {
            describe(&mut order, wellformed, &admission.place);
            order.order_type.clone_from(&admission.order_type);
            None
        }
        Err(rejection) => {
            if let Some(place) = &rejection.place {
                locate(&mut order, place);
            }
            Some(rejection.refusal.clone())
        }
    };
    if let Some(refusal) = &refusal {
        order.motive.clone_from(&refusal.code);
        order.comment = said(refusal);
    }
    order.status = if refusal.is_some() {
        Status::ArKo
    } else {
        Status::ArOk
    };
    if !store::insert(work.tx, &scope, &order)? {
        let refusal = Refusal::new(&codes::FIMP13).on("ReferenceCommandePriseInterneOC");
        return Ok(Verdict::Refused(refusal));
    }
    let arrived = Change {
        event: "",
        from: None,
        to: Status::Deposee,
        code: "",
        comment: "",
    };
    note(work, &scope, scope.operator(), &order, &arrived)?;
    let event = if refusal.is_some() {
        Event::Rejected
    } else {
        Event::Admitted
    };
    follow(
        work,
        &scope,
        scope.operator(),
        &order,
        (Status::Deposee, event),
    )?;
    if let Ok((_, admission)) = &checked {
        let from = admission
            .place
            .building
            .reports_from
            .map(working_time::start_of_day);
        let due = from.unwrap_or(work.ctx.now).max(work.ctx.now);
        start(work, &scope, scope.operator(), REPORT_JOB, &order, due)?;
    }
    Ok(Verdict::Accepted(Acknowledged {
        id: order.id.to_string(),
        reference: order.reference,
        status: order.status,
        refusal,
        at: order.placed,
    }))
}

fn unusable_reference(reference: &str) -> Option<Refusal> {
    let name = "ReferenceCommandePriseInterneOC";
    if reference.is_empty() {
        return Some(Refusal::new(&codes::FIMP15).on(name));
    }
    let too_long = FIELDS
        .iter()
        .any(|f| f.name == name && reference.chars().count() > f.max);
    let unreadable = reference.chars().any(char::is_control);
    (too_long || unreadable).then(|| Refusal::new(&codes::FIMP16).on(name))
}

/// What the operator reads beside a motive: the field at fault first, as the trade's files do.
fn said(refusal: &Refusal) -> String {
    let field = refusal.field.as_deref().unwrap_or("");
    match &refusal.detail {
        None => field.to_owned(),
        Some(detail) if field.is_empty() => detail.clone(),
        Some(detail) => format!("{field} : {detail}"),
    }
}

fn draft(work: &mut Work<'_>, command: &PlaceOrder, release: Release) -> Order {
    let ctx = work.ctx;
    Order {
        id: work.id(),
        reference: command.get("ReferenceCommandePriseInterneOC").to_owned(),
        prestation: None,
        status: Status::Deposee,
        version: 1,
        offer: command.get("OffreAccesCommandee").to_owned(),
        order_type: command.get("TypeCommandeDemande").to_owned(),
        existing_pto: command.get("PriseExistante") == "O",
        built_by: if command.get("TypeRacco") == "OI" {
            BuiltBy::Oi
        } else {
            BuiltBy::Oc
        },
        building_ref: command.get("IdentifiantImmeuble").to_owned(),
        address: sent_address(command),
        batiment: command.get("Batiment").to_owned(),
        escalier: command.get("Escalier").to_owned(),
        etage: command.get("Etage").to_owned(),
        pm_ref: command.get("ReferencePm").to_owned(),
        pmt_ref: String::new(),
        pbo_ref: String::new(),
        pto_ref: pto::normalise(command.get("ReferencePrise")),
        fibre_id: String::new(),
        release: release.0,
        request: command.clone(),
        stoc: String::new(),
        motive: String::new(),
        comment: String::new(),
        account: ctx.account().map(ToString::to_string).unwrap_or_default(),
        channel: ctx.channel.as_str().to_owned(),
        placed: ctx.now,
        updated: ctx.now,
    }
}

fn sent_address(command: &PlaceOrder) -> String {
    const LINE: [&str; 6] = [
        "NumeroVoieImmeuble",
        "ComplementNumeroVoieImmeuble",
        "TypeVoieImmeuble",
        "LibelleVoieImmeuble",
        "CodePostalImmeuble",
        "CommuneImmeuble",
    ];
    let given: Vec<&str> = LINE.iter().filter_map(|name| command.given(name)).collect();
    given.join(" ")
}

fn describe(order: &mut Order, wellformed: &WellFormed, place: &Place) {
    locate(order, place);
    order.offer.clone_from(&wellformed.offer);
}

fn locate(order: &mut Order, place: &Place) {
    let building = &place.building;
    order.building_ref.clone_from(&building.reference);
    order.address = address_line(building);
    order.batiment.clone_from(&place.batiment);
    order.escalier.clone_from(&place.escalier);
    order.etage.clone_from(&place.etage);
    order.pm_ref.clone_from(&building.pm_ref);
    order.pmt_ref.clone_from(&building.pmt_ref);
}
