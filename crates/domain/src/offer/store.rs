//! SQL of the released catalogue, read for one release.

use storage::{Error, Row, Tx, first, sql};

use super::{Family, LIST_SEPARATOR, Offer};
use crate::access::shared;
use crate::building::{BuildingKind, BuildingState};
use crate::release::Release;
use crate::release::store::date;

/// Offers of a catalogue read at most.
pub const OFFERS_MAX: usize = 1_000;

macro_rules! offer_columns {
    () => {
        "code, label, family, technology, zones, building_states, building_kinds, \
         presence_needed, active_place_needed, from_day, to_day"
    };
}

/// The offer `code`, sold today or not.
pub fn offer_by_code(
    tx: &mut dyn Tx,
    release: Release,
    code: &str,
) -> Result<Option<Offer>, Error> {
    let stmt = sql!(concat!(
        "select ",
        offer_columns!(),
        " from offer where code = ?1 and from_release <= ?2 and to_release > ?2"
    ));
    first(tx.query(&shared(), stmt, &[code.into(), release.0.into()])?)
        .map(|row| offer(&row))
        .transpose()
}

/// The catalogue, by code, at most [`OFFERS_MAX`]: before its first file, the one access that asks
/// for nothing.
pub fn catalogue(tx: &mut dyn Tx, release: Release) -> Result<Vec<Offer>, Error> {
    let stmt = sql!(concat!(
        "select ",
        offer_columns!(),
        " from offer where from_release <= ?1 and to_release > ?1 order by code limit 1000"
    ));
    let rows = tx.query(&shared(), stmt, &[release.0.into()])?;
    if rows.is_empty() {
        return Ok(vec![Offer::before_any_catalogue()]);
    }
    rows.iter().map(offer).collect()
}

/// The offer `code` of [`catalogue`].
pub fn offered(tx: &mut dyn Tx, release: Release, code: &str) -> Result<Option<Offer>, Error> {
    if let Some(found) = offer_by_code(tx, release, code)? {
        return Ok(Some(found));
    }
    let stmt =
        sql!("select code as code from offer where from_release <= ?1 and to_release > ?1 limit 1");
    let alone = Offer::before_any_catalogue();
    let empty = alone.code == code && tx.query(&shared(), stmt, &[release.0.into()])?.is_empty();
    Ok(empty.then_some(alone))
}

fn offer(row: &Row) -> Result<Offer, Error> {
    let list = |name| {
        let text = row.text(name)?;
        let parts = text.split(LIST_SEPARATOR).filter(|part| !part.is_empty());
        Ok::<Vec<String>, Error>(parts.map(str::to_owned).collect())
    };
    let states = list("building_states")?;
    let kinds = list("building_kinds")?;
    Ok(Offer {
        code: row.text("code")?,
        label: row.text("label")?,
        family: Family::from_store(&row.text("family")?)?,
        technology: row.text("technology")?,
        zones: list("zones")?,
        building_states: states
            .iter()
            .map(|text| BuildingState::from_store(text))
            .collect::<Result<_, _>>()?,
        building_kinds: kinds
            .iter()
            .map(|text| BuildingKind::from_store(text))
            .collect::<Result<_, _>>()?,
        presence_needed: row.flag("presence_needed")?,
        active_place_needed: row.flag("active_place_needed")?,
        from_day: date(row, "from_day")?,
        to_day: date(row, "to_day")?,
    })
}
