//! SQL of the released PBOs, cables and optical routes, read for one release.

use storage::{Error, Row, Tx, first, sql};

use super::{Cable, ColourCode, ConnectorColour, OpticalRoute, Pbo};
use crate::access::shared;
use crate::release::{Kind, Release};

/// Rows of one page of a PM's PBOs or cables.
pub const PAGE_ROWS: usize = 500;

macro_rules! route_columns {
    () => {
        "pto_ref, rank, pm_ref, pbo_ref, module, position, module_cable, module_tube, \
         module_fibre, cable_ref, tube, fibre, fibre_id, connector, connector_colour, origin"
    };
}

/// The PBO `pbo_ref` of a PM.
pub fn pbo_by_reference(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    pbo_ref: &str,
) -> Result<Option<Pbo>, Error> {
    let stmt = sql!(
        "select pm_ref, pbo_ref, kind, capacity, lon, lat, origin from pbo
         where pm_ref = ?1 and pbo_ref = ?2 and from_release <= ?3 and to_release > ?3"
    );
    let params = [pm_ref.into(), pbo_ref.into(), release.0.into()];
    first(tx.query(&shared(), stmt, &params)?)
        .map(|row| pbo(&row))
        .transpose()
}

/// Whether any PM has a PBO `pbo_ref`.
pub fn pbo_exists(tx: &mut dyn Tx, release: Release, pbo_ref: &str) -> Result<bool, Error> {
    let stmt = sql!(
        "select pbo_ref from pbo
         where pbo_ref = ?1 and from_release <= ?2 and to_release > ?2 limit 1"
    );
    let rows = tx.query(&shared(), stmt, &[pbo_ref.into(), release.0.into()])?;
    Ok(!rows.is_empty())
}

/// The PBOs of a PM after the reference `after` (empty for the first page), at most [`PAGE_ROWS`].
pub fn list_pbos_of_pm(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    after: &str,
) -> Result<Vec<Pbo>, Error> {
    let stmt = sql!(
        "select pm_ref, pbo_ref, kind, capacity, lon, lat, origin from pbo
         where pm_ref = ?1 and pbo_ref > ?2 and from_release <= ?3 and to_release > ?3
         order by pbo_ref limit 500"
    );
    let params = [pm_ref.into(), after.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(pbo)
        .collect()
}

/// The PBOs of `pm_ref` that serve a dwelling of the building.
pub fn list_pbos_of_building(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    building_ref: &str,
) -> Result<Vec<Pbo>, Error> {
    let stmt = sql!(
        "select pm_ref, pbo_ref, kind, capacity, lon, lat, origin from pbo
         where pm_ref = ?1 and from_release <= ?2 and to_release > ?2
           and pbo_ref in (select d.pbo_ref from dwelling d where d.building_ref = ?3
             and d.from_release <= ?2 and d.to_release > ?2)
         order by pbo_ref"
    );
    let params = [pm_ref.into(), release.0.into(), building_ref.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(pbo)
        .collect()
}

/// The cable `reference`.
pub fn cable_by_reference(
    tx: &mut dyn Tx,
    release: Release,
    reference: &str,
) -> Result<Option<Cable>, Error> {
    let stmt = sql!(
        "select cable_ref, pm_ref, from_ref, to_ref, capacity, modulo, colour_code, origin
         from cable where cable_ref = ?1 and from_release <= ?2 and to_release > ?2"
    );
    first(tx.query(&shared(), stmt, &[reference.into(), release.0.into()])?)
        .map(|row| cable(&row))
        .transpose()
}

/// The cables of a PM after the reference `after` (empty for the first page), at most
/// [`PAGE_ROWS`].
pub fn list_cables_of_pm(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    after: &str,
) -> Result<Vec<Cable>, Error> {
    let stmt = sql!(
        "select cable_ref, pm_ref, from_ref, to_ref, capacity, modulo, colour_code, origin
         from cable
         where pm_ref = ?1 and cable_ref > ?2 and from_release <= ?3 and to_release > ?3
         order by cable_ref limit 500"
    );
    let params = [pm_ref.into(), after.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(cable)
        .collect()
}

/// The routes of a PTO by rank, at most [`super::ROUTES_PER_PTO_MAX`].
pub fn list_routes_of_pto(
    tx: &mut dyn Tx,
    release: Release,
    pto_ref: &str,
) -> Result<Vec<OpticalRoute>, Error> {
    let stmt = sql!(concat!(
        "select ",
        route_columns!(),
        " from optical_route
         where pto_ref = ?1 and from_release <= ?2 and to_release > ?2
         order by rank limit 4"
    ));
    tx.query(&shared(), stmt, &[pto_ref.into(), release.0.into()])?
        .iter()
        .map(route)
        .collect()
}

/// The route a fibre is part of, if one is told.
pub fn route_by_fibre(
    tx: &mut dyn Tx,
    release: Release,
    fibre_id: &str,
) -> Result<Option<OpticalRoute>, Error> {
    let stmt = sql!(concat!(
        "select ",
        route_columns!(),
        " from optical_route
         where fibre_id = ?1 and from_release <= ?2 and to_release > ?2
         order by pto_ref, rank limit 1"
    ));
    first(tx.query(&shared(), stmt, &[fibre_id.into(), release.0.into()])?)
        .map(|row| route(&row))
        .transpose()
}

fn pbo(row: &Row) -> Result<Pbo, Error> {
    Ok(Pbo {
        pm_ref: row.text("pm_ref")?,
        reference: row.text("pbo_ref")?,
        kind: row.text("kind")?,
        capacity: row.int("capacity")?,
        lon: row.opt_real("lon")?,
        lat: row.opt_real("lat")?,
        origin: Kind::from_store(&row.text("origin")?)?,
    })
}

fn cable(row: &Row) -> Result<Cable, Error> {
    Ok(Cable {
        reference: row.text("cable_ref")?,
        pm_ref: row.text("pm_ref")?,
        from_ref: row.text("from_ref")?,
        to_ref: row.text("to_ref")?,
        capacity: row.int("capacity")?,
        modulo: row.int("modulo")?,
        colour_code: ColourCode::from_store(&row.text("colour_code")?)?,
        origin: Kind::from_store(&row.text("origin")?)?,
    })
}

fn route(row: &Row) -> Result<OpticalRoute, Error> {
    let colour = row.text("connector_colour")?;
    let (key_ref, fibre_id) = (row.text("pto_ref")?, row.text("fibre_id")?);
    Ok(OpticalRoute {
        pto_ref: match key_ref == fibre_id {
            true => String::new(),
            false => key_ref,
        },
        rank: row.int("rank")?,
        pm_ref: row.text("pm_ref")?,
        pbo_ref: row.text("pbo_ref")?,
        module: row.text("module")?,
        position: row.text("position")?,
        module_cable: row.text("module_cable")?,
        module_tube: row.text("module_tube")?,
        module_fibre: row.text("module_fibre")?,
        cable_ref: row.text("cable_ref")?,
        tube: row.text("tube")?,
        fibre: row.text("fibre")?,
        fibre_id,
        connector: row.int("connector")?,
        connector_colour: match colour.as_str() {
            "" => None,
            colour => Some(ConnectorColour::from_store(colour)?),
        },
        origin: Kind::from_store(&row.text("origin")?)?,
    })
}
