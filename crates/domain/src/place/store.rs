//! SQL of what the address index is built from.

use storage::{Error, Row, Statement, Tx, sql};

use crate::access::shared;
use crate::release::Release;

macro_rules! base_columns {
    () => {
        "select ban_key as row_key, ban_key, insee, postcode, commune, old_insee, old_commune, \
         delivery_name, street_code, '' as street_type, street_name, afnor_name, place_name, \
         number, complement, '' as hexacle, lon, lat from ban_address"
    };
}

macro_rules! building_columns {
    () => {
        "select building_ref as row_key, ban_key, insee, postcode, commune, '' as old_insee, \
         '' as old_commune, '' as delivery_name, rivoli as street_code, street_type, \
         street_name, '' as afnor_name, '' as place_name, number, complement, hexacle, lon, lat \
         from building"
    };
}

/// Rows of one page.
const PAGE_ROWS: usize = 5_000;
/// Changed rows that are compared at most; more are taken for a change.
const COMPARED_MAX: i64 = 15_000;

/// A table that addresses come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Batch {
    /// Addresses of the national base.
    Base,
    /// Buildings.
    Buildings,
}

impl Batch {
    /// Both, those that write their streets best first.
    pub const ALL: [Self; 2] = [Self::Base, Self::Buildings];
}

/// An address as one table tells it.
#[derive(Debug, PartialEq)]
pub struct Told {
    texts: [String; 15],
    lon: Option<f64>,
    lat: Option<f64>,
    buildings: u32,
}

/// The columns of [`Told`], in its order.
const TEXTS: [&str; 15] = [
    "ban_key",
    "insee",
    "postcode",
    "commune",
    "old_insee",
    "old_commune",
    "delivery_name",
    "street_code",
    "street_type",
    "street_name",
    "afnor_name",
    "place_name",
    "number",
    "complement",
    "hexacle",
];

impl Told {
    fn of(row: &Row, batch: Batch) -> Result<Self, Error> {
        let mut texts: [String; 15] = Default::default();
        for (text, name) in texts.iter_mut().zip(TEXTS) {
            *text = row.text(name)?;
        }
        Ok(Self {
            texts,
            lon: row.opt_real("lon")?,
            lat: row.opt_real("lat")?,
            buildings: u32::from(batch == Batch::Buildings),
        })
    }

    /// As the index takes it.
    #[must_use]
    pub fn entry(&self) -> search::Entry<'_> {
        let [
            ban_key,
            insee,
            postcode,
            commune,
            old_insee,
            old_commune,
            delivery_name,
            street_code,
            street_type,
            street_name,
            afnor_name,
            place_name,
            number,
            complement,
            hexacle,
        ] = self.texts.each_ref().map(String::as_str);
        search::Entry {
            ban_key,
            insee,
            postcode,
            commune,
            old_insee,
            old_commune,
            delivery_name,
            street_code,
            street_type,
            street_name,
            afnor_name,
            place_name,
            number,
            complement,
            hexacle,
            lon: self.lon,
            lat: self.lat,
            buildings: self.buildings,
        }
    }
}

/// The addresses that a table tells of `release` after the key `after`, by key; and the key to go
/// on after, when there may be more.
pub fn entries(
    tx: &mut dyn Tx,
    batch: Batch,
    release: Release,
    after: &str,
) -> Result<(Vec<Told>, Option<String>), Error> {
    let stmt = match batch {
        Batch::Base => sql!(concat!(
            base_columns!(),
            " where ban_key > ?1 and from_release <= ?2 and to_release > ?2
             order by ban_key limit 5000"
        )),
        Batch::Buildings => sql!(concat!(
            building_columns!(),
            " where building_ref > ?1 and from_release <= ?2 and to_release > ?2
             order by building_ref limit 5000"
        )),
    };
    let rows = tx.query(&shared(), stmt, &[after.into(), release.0.into()])?;
    let next = match rows.last() {
        Some(last) if rows.len() == PAGE_ROWS => Some(last.text("row_key")?),
        _ => None,
    };
    let told = rows.iter().map(|row| Told::of(row, batch));
    Ok((told.collect::<Result<_, _>>()?, next))
}

/// Whether `release` changes no address of the one it was built on: the rows that it ended tell the
/// same as those that it began.
pub fn addresses_are_unchanged(tx: &mut dyn Tx, release: Release) -> Result<bool, Error> {
    for batch in Batch::ALL {
        let (ended, begun) = changed(batch);
        let limit = COMPARED_MAX.into();
        let ended = tx.query(&shared(), ended, &[release.0.into(), limit])?;
        let limit = COMPARED_MAX.into();
        let begun = tx.query(&shared(), begun, &[release.0.into(), limit])?;
        if ended.len() != begun.len() || i64::try_from(ended.len()) == Ok(COMPARED_MAX) {
            return Ok(false);
        }
        for (before, after) in ended.iter().zip(&begun) {
            let same = before.text("row_key")? == after.text("row_key")?
                && Told::of(before, batch)? == Told::of(after, batch)?;
            if !same {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

/// The rows that a release ended, and those that it began.
fn changed(batch: Batch) -> (&'static Statement, &'static Statement) {
    match batch {
        Batch::Base => (
            sql!(concat!(
                base_columns!(),
                " where to_release = ?1 and to_release < 9223372036854775807
                 order by ban_key limit ?2"
            )),
            sql!(concat!(
                base_columns!(),
                " where from_release = ?1 order by ban_key limit ?2"
            )),
        ),
        Batch::Buildings => (
            sql!(concat!(
                building_columns!(),
                " where to_release = ?1 and to_release < 9223372036854775807
                 order by building_ref limit ?2"
            )),
            sql!(concat!(
                building_columns!(),
                " where from_release = ?1 order by building_ref limit ?2"
            )),
        ),
    }
}
