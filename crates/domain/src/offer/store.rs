//! SQL of the released catalogue, read for one release.

use jiff::civil::Date;
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

/// The offers sold on `day`, by code, at most [`OFFERS_MAX`].
pub fn list_sold_on(tx: &mut dyn Tx, release: Release, day: Date) -> Result<Vec<Offer>, Error> {
    let stmt = sql!(concat!(
        "select ",
        offer_columns!(),
        " from offer
         where from_release <= ?1 and to_release > ?1
           and (from_day is null or from_day <= ?2) and (to_day is null or to_day > ?2)
         order by code limit 1000"
    ));
    let params = [release.0.into(), day.to_string().into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(offer)
        .collect()
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
