//! SQL of the released addresses and NDs, read for one release.

use storage::{Error, Row, Tx, first, sql};

use super::{Address, CopperState, Nd, Street};
use crate::access::shared;
use crate::release::Release;

/// Rows of one page of a street's addresses.
pub const PAGE_ROWS: usize = 500;
/// Rows of one page of [`list_streets`].
pub const STREETS_PAGE: usize = 2_000;
/// NDs read of one building at most.
pub const NDS_PER_BUILDING_MAX: usize = 500;

macro_rules! address_columns {
    () => {
        "ban_key, insee, street_code, number, complement, street_name, afnor_name, place_name, \
         postcode, commune, delivery_name, old_insee, old_commune, lon, lat, certified"
    };
}

/// The copper line of an ND.
pub fn nd_by_number(tx: &mut dyn Tx, release: Release, number: &str) -> Result<Option<Nd>, Error> {
    let stmt = sql!(
        "select nd, building_ref, pto_ref, copper_state from nd
         where nd = ?1 and from_release <= ?2 and to_release > ?2"
    );
    first(tx.query(&shared(), stmt, &[number.into(), release.0.into()])?)
        .map(|row| nd(&row))
        .transpose()
}

/// The NDs of a building, at most [`NDS_PER_BUILDING_MAX`].
pub fn list_nds_of_building(
    tx: &mut dyn Tx,
    release: Release,
    building_ref: &str,
) -> Result<Vec<Nd>, Error> {
    let stmt = sql!(
        "select nd, building_ref, pto_ref, copper_state from nd
         where building_ref = ?1 and from_release <= ?2 and to_release > ?2
         order by nd limit 500"
    );
    let params = [building_ref.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?.iter().map(nd).collect()
}

/// The address of a BAN key.
pub fn address_by_key(
    tx: &mut dyn Tx,
    release: Release,
    key: &str,
) -> Result<Option<Address>, Error> {
    let stmt = sql!(concat!(
        "select ",
        address_columns!(),
        " from ban_address where ban_key = ?1 and from_release <= ?2 and to_release > ?2"
    ));
    first(tx.query(&shared(), stmt, &[key.into(), release.0.into()])?)
        .map(|row| address(&row))
        .transpose()
}

/// The addresses of a street after the key `after` (empty for the first page), by key, at most
/// [`PAGE_ROWS`].
pub fn list_addresses_of_street(
    tx: &mut dyn Tx,
    release: Release,
    (insee, street_code): (&str, &str),
    after: &str,
) -> Result<Vec<Address>, Error> {
    let stmt = sql!(concat!(
        "select ",
        address_columns!(),
        " from ban_address
         where insee = ?1 and street_code = ?2 and ban_key > ?3
           and from_release <= ?4 and to_release > ?4
         order by ban_key limit 500"
    ));
    let params = [
        insee.into(),
        street_code.into(),
        after.into(),
        release.0.into(),
    ];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(address)
        .collect()
}

/// The addresses of a street that has no code, by its name, as [`list_addresses_of_street`].
pub fn list_addresses_of_named_street(
    tx: &mut dyn Tx,
    release: Release,
    (insee, name): (&str, &str),
    after: &str,
) -> Result<Vec<Address>, Error> {
    let stmt = sql!(concat!(
        "select ",
        address_columns!(),
        " from ban_address
         where insee = ?1 and street_code = '' and street_name = ?2 and ban_key > ?3
           and from_release <= ?4 and to_release > ?4
         order by ban_key limit 500"
    ));
    let params = [insee.into(), name.into(), after.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(address)
        .collect()
}

/// The streets of `release` after (INSEE code, street code), in that order, at most
/// [`STREETS_PAGE`]. Those of a commune that have no code are one: see [`list_named_streets`].
pub fn list_streets(
    tx: &mut dyn Tx,
    release: Release,
    (insee, code): (&str, &str),
) -> Result<Vec<Street>, Error> {
    let stmt = sql!(
        "select insee, street_code, min(street_name) as street_name, min(commune) as commune,
           min(postcode) as postcode, count(*) as addresses,
           min(lon) as west, min(lat) as south, max(lon) as east, max(lat) as north
         from ban_address
         where from_release <= ?1 and to_release > ?1 and (insee, street_code) > (?2, ?3)
         group by insee, street_code order by insee, street_code limit 2000"
    );
    let params = [release.0.into(), insee.into(), code.into()];
    let rows = tx.query(&shared(), stmt, &params)?;
    debug_assert!(rows.len() <= STREETS_PAGE);
    rows.iter().map(street).collect()
}

/// The streets of a commune that have no code, after a name, by name, at most [`STREETS_PAGE`].
pub fn list_named_streets(
    tx: &mut dyn Tx,
    release: Release,
    insee: &str,
    after: Option<&str>,
) -> Result<Vec<Street>, Error> {
    let stmt = sql!(
        "select insee, street_code, street_name, min(commune) as commune,
           min(postcode) as postcode, count(*) as addresses,
           min(lon) as west, min(lat) as south, max(lon) as east, max(lat) as north
         from ban_address
         where insee = ?2 and street_code = '' and from_release <= ?1 and to_release > ?1
           and (cast(?3 as text) is null or street_name > ?3)
         group by insee, street_code, street_name order by street_name limit 2000"
    );
    let params = [release.0.into(), insee.into(), after.into()];
    let rows = tx.query(&shared(), stmt, &params)?;
    rows.iter().map(street).collect()
}

fn street(row: &Row) -> Result<Street, Error> {
    let side = |name| row.opt_real(name);
    let sides = (side("west")?, side("south")?, side("east")?, side("north")?);
    Ok(Street {
        insee: row.text("insee")?,
        code: row.text("street_code")?,
        name: row.text("street_name")?,
        commune: row.text("commune")?,
        postcode: row.text("postcode")?,
        addresses: row.int("addresses")?,
        bounds: match sides {
            (Some(west), Some(south), Some(east), Some(north)) => Some([west, south, east, north]),
            _ => None,
        },
    })
}

fn nd(row: &Row) -> Result<Nd, Error> {
    Ok(Nd {
        number: row.text("nd")?,
        building_ref: row.text("building_ref")?,
        pto_ref: row.text("pto_ref")?,
        copper_state: CopperState::from_store(&row.text("copper_state")?)?,
    })
}

fn address(row: &Row) -> Result<Address, Error> {
    Ok(Address {
        key: row.text("ban_key")?,
        insee: row.text("insee")?,
        street_code: row.text("street_code")?,
        number: row.text("number")?,
        complement: row.text("complement")?,
        street_name: row.text("street_name")?,
        afnor_name: row.text("afnor_name")?,
        place_name: row.text("place_name")?,
        postcode: row.text("postcode")?,
        commune: row.text("commune")?,
        delivery_name: row.text("delivery_name")?,
        old_insee: row.text("old_insee")?,
        old_commune: row.text("old_commune")?,
        lon: row.opt_real("lon")?,
        lat: row.opt_real("lat")?,
        certified: row.flag("certified")?,
    })
}
