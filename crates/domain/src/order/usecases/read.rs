//! Reading orders.

use std::sync::Arc;

use kernel::{Fault, Refusal, codes};
use storage::Tx;

use super::load::extraction_date;
use crate::access::Ctx;
use crate::order::store::{self, Key};
use crate::order::{Order, TimelineRow};
use crate::{Platform, event, line, network, release};

/// An order with its timeline and route, as its operator reads it.
pub struct Consulted {
    /// The order.
    pub order: Order,
    /// Its timeline, oldest first.
    pub timeline: Vec<TimelineRow>,
    /// The fibre of its route.
    pub fibre: Option<line::Fibre>,
    /// How that fibre leaves the PM, where the referential tells.
    pub route: Option<network::OpticalRoute>,
    /// The extraction date of the data it rests on.
    pub extracted_on: Option<jiff::civil::Date>,
}

/// Reads an order; the consultation is journaled before the answer leaves, for an order names an
/// end customer.
///
/// # Errors
/// FIMP14 for an order that is not the caller's; a fault when the store does not answer.
pub async fn consult_order(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    key: Key,
) -> Result<Result<Consulted, Refusal>, Fault> {
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = platform
        .db
        .get(move |tx| {
            let Some(order) = store::by_key(tx, &scope, &key)? else {
                return Ok(None);
            };
            let timeline = store::list_timeline(tx, &scope, &order.id)?;
            let release = release::store::current(tx)?;
            let fibre = line::store::fibre_by_id(tx, release, &order.fibre_id)?;
            let route = match order.fibre_id.as_str() {
                "" => None,
                fibre_id => network::store::route_by_fibre(tx, release, fibre_id)?,
            };
            let extracted_on = extraction_date(tx, release)?;
            Ok(Some(Consulted {
                order,
                timeline,
                fibre,
                route,
                extracted_on,
            }))
        })
        .await?;
    let target = found
        .as_ref()
        .map_or("", |found| found.order.reference.as_str());
    let refusal = found.is_none().then(|| Refusal::new(&codes::FIMP14));
    crate::consult(platform, ctx, "fci.consult_order", target, refusal.as_ref()).await?;
    Ok(found.ok_or_else(|| Refusal::new(&codes::FIMP14)))
}

/// One page of the caller's orders.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn list_orders(
    platform: &Platform,
    ctx: &Ctx,
    listing: store::Listing,
) -> Result<Result<Vec<Order>, Refusal>, Fault> {
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(platform
        .db
        .read(move |tx| store::list(tx, &scope, &listing))
        .await?))
}

/// The caller's feed after number `after`.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn list_events(
    platform: &Platform,
    ctx: &Ctx,
    after: i64,
    limit: i64,
) -> Result<Result<Vec<event::store::Numbered>, Refusal>, Fault> {
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let limit = limit.clamp(1, event::PAGE_MAX);
    let read = move |tx: &mut dyn Tx| event::store::list_after(tx, &scope, after, limit);
    Ok(Ok(platform.db.get(read).await?))
}
