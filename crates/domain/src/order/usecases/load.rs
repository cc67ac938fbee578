//! What control needs to know, read in the transaction that decides.

use std::sync::Arc;

use storage::{Error, Tx};

use crate::access::{Ctx, Duty, OperatorScope};
use crate::building;
use crate::freeze::FreezeKind;
use crate::freeze::store::freeze_at;
use crate::line::LiveLine;
use crate::order::rules::{self, Admission, Asker, Quoted, QuotedPto, Rejection, Site};
use crate::order::{AddressKey, WellFormed, store};
use crate::release::{self, Release};
use crate::{contract, line, offer};
use kernel::{Millis, working_time};

/// Who asks, as control sees it.
///
/// # Errors
/// Those of the store.
pub fn asker(tx: &mut dyn Tx, scope: &OperatorScope, now: Millis) -> Result<Asker, Error> {
    Ok(Asker {
        operator: scope.operator().clone(),
        code: scope.code().to_owned(),
        offers: contract::store::list_offers(tx, scope, now)?,
        today: working_time::paris_date(now),
    })
}

/// Everything control needs of the places an address key names.
///
/// # Errors
/// Those of the store.
pub fn load_sites(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    key: &AddressKey,
    oc_code: &str,
) -> Result<Vec<Site>, Error> {
    use building::store as from;
    let buildings = match key {
        AddressKey::Hexacle(hexacle) => from::buildings_by_hexacle(tx, release, hexacle)?,
        AddressKey::Rivoli {
            insee,
            rivoli,
            number,
            complement,
        } => from::buildings_by_street_number(tx, release, (insee, rivoli), (number, complement))?,
        AddressKey::Building(reference) => from::building_by_reference(tx, release, reference)?
            .into_iter()
            .collect(),
    };
    let scope = ctx.duty(Duty::FibreOccupancy);
    buildings
        .into_iter()
        .map(|building| {
            let dwellings = from::dwellings_of(tx, release, &building.reference)?;
            let pm = from::pm_by_reference(tx, release, &building.pm_ref)?;
            let presence = from::presences(tx, release, oc_code, &building.pm_ref)?
                .into_iter()
                .next();
            let of_building = freeze_at(tx, FreezeKind::Building, &building.reference, ctx.now)?;
            let freeze = match of_building {
                Some(freeze) => Some(freeze),
                None => freeze_at(tx, FreezeKind::Pm, &building.pm_ref, ctx.now)?,
            };
            let released = |pto: &str| dwellings.iter().any(|d| d.pto_ref == pto);
            let built = store::list_built(tx, &scope, &building.reference)?
                .into_iter()
                .filter(|built| !released(&built.pto_ref))
                .collect();
            Ok(Site {
                building,
                dwellings,
                pm,
                presence,
                freeze,
                built,
            })
        })
        .collect()
}

/// The lines of a place now, whoever holds them.
///
/// # Errors
/// Those of the store.
pub fn load_lines(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    site: &Site,
) -> Result<Vec<LiveLine>, Error> {
    let scope = ctx.duty(Duty::FibreOccupancy);
    let mut lines = line::store::lines_of_building(tx, &scope, release, &site.building.reference)?;
    for built in &site.built {
        lines.extend(line::store::line_by_pto(tx, &scope, &built.pto_ref)?);
    }
    Ok(lines)
}

/// Where a PTO is and who holds its line: from the referential, or from the order that built it.
///
/// # Errors
/// Those of the store.
pub fn load_pto(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    pto_ref: &str,
) -> Result<Option<QuotedPto>, Error> {
    let scope = ctx.duty(Duty::FibreOccupancy);
    let line = line::store::line_by_pto(tx, &scope, pto_ref)?;
    if line::store::pto_by_reference(tx, release, pto_ref)?.is_some() {
        let dwelling = building::store::dwelling_of_pto(tx, release, pto_ref)?;
        return Ok(Some(QuotedPto {
            spot: dwelling.as_ref().map(Into::into),
            line,
        }));
    }
    let built = store::built_pto(tx, &scope, pto_ref)?;
    Ok(built.map(|built| QuotedPto {
        spot: Some(built.spot),
        line,
    }))
}

fn load_quoted(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    order: &WellFormed,
    oc_code: &str,
) -> Result<Quoted, Error> {
    let mut quoted = Quoted {
        offer: offer::store::offered(tx, release, &order.offer)?.map(Arc::new),
        ..Quoted::default()
    };
    if let Some(pm) = &order.pm_ref {
        quoted.pm_exists = Some(building::store::pm_exists(tx, release, pm)?);
    }
    if let Some(prestation) = &order.pm_prestation {
        let found = building::store::presence_by_prestation(tx, release, oc_code, prestation)?;
        quoted.prestation = Some(found);
    }
    if let Some(pto_ref) = &order.pto_ref {
        quoted.pto = Some(load_pto(tx, ctx, release, pto_ref)?);
    }
    Ok(quoted)
}

/// Controls an order on the data in force, without placing it.
///
/// # Errors
/// Those of the store; the inner result is control's own verdict.
pub fn control(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    scope: &OperatorScope,
    release: Release,
    order: &WellFormed,
) -> Result<Result<Admission, Rejection>, Error> {
    let asker = asker(tx, scope, ctx.now)?;
    let sites = load_sites(tx, ctx, release, &order.key, scope.code())?;
    let quoted = load_quoted(tx, ctx, release, order, scope.code())?;
    Ok(rules::admit(order, &sites, &quoted, &asker))
}

/// The offers of the catalogue that the operator holds and that are sold today: what it may order.
///
/// # Errors
/// Those of the store.
pub fn orderable_offers(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    now: Millis,
) -> Result<Vec<offer::Offer>, Error> {
    let asker = asker(tx, scope, now)?;
    let release = release::store::current(tx)?;
    let mut offers = offer::store::catalogue(tx, release)?;
    offers.retain(|one| asker.offers.contains(&one.code) && one.is_sold_on(asker.today));
    Ok(offers)
}

/// The oldest extraction date among the kinds an order or an eligibility rests on (I-1).
///
/// # Errors
/// Those of the store.
pub fn extraction_date(
    tx: &mut dyn Tx,
    release: Release,
) -> Result<Option<jiff::civil::Date>, Error> {
    release::store::extraction_date(tx, release, release::Kind::DECISIVE)
}
