//! SQL of the released buildings, PMs, dwellings and presences, read for one release.

use storage::{Error, Row, Tx, first, sql};

use super::{
    Building, BuildingKind, BuildingState, Dwelling, DwellingState, Pm, PmAddress, PmState,
    Presence,
};
use crate::access::shared;
use crate::release::store::date;
use crate::release::{Kind, Release};

macro_rules! building_columns {
    () => {
        "building_ref, state, insee, rivoli, postcode, commune, hexacle, street_hexacle, \
         ban_key, street_type, street_name, number, complement, batiment, kind, is_new, \
         dwellings, wired_on, agreement_needed, agreement_signed_on, zone, oi_code, \
         pm_ref, pmt_ref, pbo_kind, connection_kind, x, y, projection, orders_from, \
         reports_from, opened_on, changed_on, lon, lat, delivery_on, manager"
    };
}

macro_rules! pm_columns {
    () => {
        "pm_ref, state, kind, installed_on, capacity, engineering, dwellings, \
         first_handed_over_on, opened_on, insee, active_place, pmt_refs, lon, lat, \
         origin, hexacle, street_hexacle, ban_key, rivoli, number, complement, street_type, \
         street_name, batiment, postcode, commune, address_quality, oi_patching"
    };
}

macro_rules! dwelling_columns {
    () => {
        "building_ref, batiment, escalier, etage, porte, rank, pbo_ref, pto_ref, state"
    };
}

/// Between the parts of a list kept in one column.
pub(super) const LIST_SEPARATOR: &str = "|";

/// Buildings of one address key that are read at most; more than one is never chosen from silently.
pub const BUILDINGS_PER_KEY_MAX: u32 = 200;

/// The building `reference` (IdentifiantImmeuble).
pub fn building_by_reference(
    tx: &mut dyn Tx,
    release: Release,
    reference: &str,
) -> Result<Option<Building>, Error> {
    let stmt = sql!(concat!(
        "select ",
        building_columns!(),
        " from building
         where building_ref = ?1 and from_release <= ?2 and to_release > ?2"
    ));
    let rows = tx.query(&shared(), stmt, &[reference.into(), release.0.into()])?;
    first(rows).map(|row| building(&row)).transpose()
}

/// The buildings of a Hexaclé, at most [`BUILDINGS_PER_KEY_MAX`].
pub fn buildings_by_hexacle(
    tx: &mut dyn Tx,
    release: Release,
    hexacle: &str,
) -> Result<Vec<Building>, Error> {
    let stmt = sql!(concat!(
        "select ",
        building_columns!(),
        " from building
         where hexacle = ?1 and from_release <= ?2 and to_release > ?2
         order by building_ref limit ?3"
    ));
    let params = [
        hexacle.into(),
        release.0.into(),
        BUILDINGS_PER_KEY_MAX.into(),
    ];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(building)
        .collect()
}

/// The buildings at a number of a street, at most [`BUILDINGS_PER_KEY_MAX`]. The complement is
/// empty for none.
pub fn buildings_by_street_number(
    tx: &mut dyn Tx,
    release: Release,
    (insee, rivoli): (&str, &str),
    (number, complement): (&str, &str),
) -> Result<Vec<Building>, Error> {
    let stmt = sql!(concat!(
        "select ",
        building_columns!(),
        " from building
         where insee = ?1 and rivoli = ?2 and number = ?3 and complement = ?4
           and from_release <= ?5 and to_release > ?5
         order by building_ref limit ?6"
    ));
    let params = [
        insee.into(),
        rivoli.into(),
        number.into(),
        complement.into(),
        release.0.into(),
        BUILDINGS_PER_KEY_MAX.into(),
    ];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(building)
        .collect()
}

/// A building as a map of its surroundings shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbour {
    /// IdentifiantImmeuble.
    pub reference: String,
    /// How far it is.
    pub state: BuildingState,
    /// Number in the street.
    pub number: String,
    /// Letter after the number.
    pub complement: String,
    /// Street, type and name.
    pub street: String,
    /// INSEE and RIVOLI codes of the street.
    pub street_key: (String, String),
    /// Dwellings.
    pub dwellings: i64,
    /// Longitude and latitude (degrees).
    pub place: (f64, f64),
}

/// Streets of a commune that [`list_near`] reads together.
pub const STREETS_MAX: usize = 12;

/// Buildings of a frame (west, south, east, north, in degrees) behind one PM or in some streets of
/// a commune (INSEE code, and RIVOLI codes of which the first [`STREETS_MAX`] count), which have an
/// index each; in no order, at most `limit`.
pub fn list_near(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    (insee, rivolis): (&str, &[String]),
    [west, south, east, north]: [f64; 4],
    limit: i64,
) -> Result<Vec<Neighbour>, Error> {
    let stmt = sql!(
        "select building_ref, state, number, complement, street_type, street_name, insee, rivoli,
           dwellings, lon, lat
         from building
         where ((pm_ref = ?1 and ?1 <> '') or (insee = ?2 and rivoli in
             (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)))
           and from_release <= ?3 and to_release > ?3
           and lon >= ?4 and lat >= ?5 and lon <= ?6 and lat <= ?7
         limit ?8"
    );
    let mut params = vec![
        pm_ref.into(),
        insee.into(),
        release.0.into(),
        west.into(),
        south.into(),
        east.into(),
        north.into(),
        limit.into(),
    ];
    // Buildings without a code are in no street, and no street has this one.
    let none = "-".to_owned();
    let known = rivolis.iter().filter(|rivoli| !rivoli.is_empty());
    let padded = known.chain(std::iter::repeat(&none));
    params.extend(padded.take(STREETS_MAX).map(Into::into));
    let mut found = Vec::new();
    tx.each(&shared(), stmt, &params, &mut |row| {
        let street = [row.text(4)?, row.text(5)?];
        let place = row.opt_real(9)?.zip(row.opt_real(10)?);
        found.push(Neighbour {
            reference: row.text(0)?.to_owned(),
            state: BuildingState::from_store(row.text(1)?)?,
            number: row.text(2)?.to_owned(),
            complement: row.text(3)?.to_owned(),
            street: street.join(" ").trim().to_owned(),
            street_key: (row.text(6)?.to_owned(), row.text(7)?.to_owned()),
            dwellings: row.int(8)?,
            place: place.unwrap_or_default(),
        });
        Ok(())
    })?;
    Ok(found)
}

/// The PM `reference`.
pub fn pm_by_reference(
    tx: &mut dyn Tx,
    release: Release,
    reference: &str,
) -> Result<Option<Pm>, Error> {
    let stmt = sql!(concat!(
        "select ",
        pm_columns!(),
        " from pm where pm_ref = ?1 and from_release <= ?2 and to_release > ?2"
    ));
    let rows = tx.query(&shared(), stmt, &[reference.into(), release.0.into()])?;
    first(rows).map(|row| pm(&row)).transpose()
}

/// Whether there is a PM `reference` (FIMP07).
pub fn pm_exists(tx: &mut dyn Tx, release: Release, reference: &str) -> Result<bool, Error> {
    let stmt =
        sql!("select pm_ref from pm where pm_ref = ?1 and from_release <= ?2 and to_release > ?2");
    Ok(!tx
        .query(&shared(), stmt, &[reference.into(), release.0.into()])?
        .is_empty())
}

/// The dwellings of a building, in the order of block, staircase, floor and door.
pub fn dwellings_of(
    tx: &mut dyn Tx,
    release: Release,
    building_ref: &str,
) -> Result<Vec<Dwelling>, Error> {
    let stmt = sql!(concat!(
        "select ",
        dwelling_columns!(),
        " from dwelling
         where building_ref = ?1 and from_release <= ?2 and to_release > ?2
         order by batiment, escalier, etage, porte, rank"
    ));
    let params = [building_ref.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(dwelling)
        .collect()
}

/// Where the referential places a PTO (FIMP03).
pub fn dwelling_of_pto(
    tx: &mut dyn Tx,
    release: Release,
    pto_ref: &str,
) -> Result<Option<Dwelling>, Error> {
    let stmt = sql!(concat!(
        "select ",
        dwelling_columns!(),
        " from dwelling
         where pto_ref = ?1 and from_release <= ?2 and to_release > ?2
         order by building_ref limit 1"
    ));
    let rows = tx.query(&shared(), stmt, &[pto_ref.into(), release.0.into()])?;
    first(rows).map(|row| dwelling(&row)).transpose()
}

/// An operator's prestations at a PM; none when it is not present there (FIMP09).
pub fn presences(
    tx: &mut dyn Tx,
    release: Release,
    oc_code: &str,
    pm_ref: &str,
) -> Result<Vec<Presence>, Error> {
    let stmt = sql!(
        "select oc_code, pm_ref, prestation_ref from presence
         where oc_code = ?1 and pm_ref = ?2 and from_release <= ?3 and to_release > ?3
         order by prestation_ref"
    );
    let params = [oc_code.into(), pm_ref.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(presence)
        .collect()
}

/// An operator's prestation by its reference (FIMP04).
pub fn presence_by_prestation(
    tx: &mut dyn Tx,
    release: Release,
    oc_code: &str,
    prestation_ref: &str,
) -> Result<Option<Presence>, Error> {
    let stmt = sql!(
        "select oc_code, pm_ref, prestation_ref from presence
         where oc_code = ?1 and prestation_ref = ?2 and from_release <= ?3 and to_release > ?3
         order by pm_ref limit 1"
    );
    let params = [oc_code.into(), prestation_ref.into(), release.0.into()];
    first(tx.query(&shared(), stmt, &params)?)
        .map(|row| presence(&row))
        .transpose()
}

fn building(row: &Row) -> Result<Building, Error> {
    Ok(Building {
        reference: row.text("building_ref")?,
        state: BuildingState::from_store(&row.text("state")?)?,
        insee: row.text("insee")?,
        rivoli: row.text("rivoli")?,
        postcode: row.text("postcode")?,
        commune: row.text("commune")?,
        hexacle: row.text("hexacle")?,
        street_hexacle: row.text("street_hexacle")?,
        ban_key: row.text("ban_key")?,
        street_type: row.text("street_type")?,
        street_name: row.text("street_name")?,
        number: row.text("number")?,
        complement: row.text("complement")?,
        batiment: row.text("batiment")?,
        kind: BuildingKind::from_store(&row.text("kind")?)?,
        is_new: row.flag("is_new")?,
        dwellings: row.int("dwellings")?,
        wired_on: date(row, "wired_on")?,
        agreement_needed: row.flag("agreement_needed")?,
        agreement_signed_on: date(row, "agreement_signed_on")?,
        zone: row.text("zone")?,
        oi_code: row.text("oi_code")?,
        pm_ref: row.text("pm_ref")?,
        pmt_ref: row.text("pmt_ref")?,
        pbo_kind: row.text("pbo_kind")?,
        connection_kind: row.text("connection_kind")?,
        x: row.opt_real("x")?,
        y: row.opt_real("y")?,
        projection: row.text("projection")?,
        orders_from: date(row, "orders_from")?,
        reports_from: date(row, "reports_from")?,
        opened_on: date(row, "opened_on")?,
        changed_on: date(row, "changed_on")?,
        lon: row.opt_real("lon")?,
        lat: row.opt_real("lat")?,
        delivery_on: date(row, "delivery_on")?,
        manager: row.text("manager")?,
    })
}

fn pm(row: &Row) -> Result<Pm, Error> {
    let pmt_refs = row.text("pmt_refs")?;
    Ok(Pm {
        reference: row.text("pm_ref")?,
        state: PmState::from_store(&row.text("state")?)?,
        kind: row.text("kind")?,
        installed_on: date(row, "installed_on")?,
        capacity: row.int("capacity")?,
        engineering: row.text("engineering")?,
        dwellings: row.int("dwellings")?,
        first_handed_over_on: date(row, "first_handed_over_on")?,
        opened_on: date(row, "opened_on")?,
        insee: row.text("insee")?,
        active_place: row.flag("active_place")?,
        pmt_refs: pmt_refs
            .split(LIST_SEPARATOR)
            .filter(|pmt| !pmt.is_empty())
            .map(str::to_owned)
            .collect(),
        lon: row.opt_real("lon")?,
        lat: row.opt_real("lat")?,
        origin: Kind::from_store(&row.text("origin")?)?,
        address: PmAddress {
            hexacle: row.text("hexacle")?,
            street_hexacle: row.text("street_hexacle")?,
            ban_key: row.text("ban_key")?,
            rivoli: row.text("rivoli")?,
            number: row.text("number")?,
            complement: row.text("complement")?,
            street_type: row.text("street_type")?,
            street_name: row.text("street_name")?,
            batiment: row.text("batiment")?,
            postcode: row.text("postcode")?,
            commune: row.text("commune")?,
            quality: row.text("address_quality")?,
        },
        oi_patching: row.flag("oi_patching")?,
    })
}

fn dwelling(row: &Row) -> Result<Dwelling, Error> {
    Ok(Dwelling {
        building_ref: row.text("building_ref")?,
        batiment: row.text("batiment")?,
        escalier: row.text("escalier")?,
        etage: row.text("etage")?,
        porte: row.text("porte")?,
        rank: row.int("rank")?,
        pbo_ref: row.text("pbo_ref")?,
        pto_ref: row.text("pto_ref")?,
        state: DwellingState::from_store(&row.text("state")?)?,
    })
}

fn presence(row: &Row) -> Result<Presence, Error> {
    Ok(Presence {
        oc_code: row.text("oc_code")?,
        pm_ref: row.text("pm_ref")?,
        prestation_ref: row.text("prestation_ref")?,
    })
}
