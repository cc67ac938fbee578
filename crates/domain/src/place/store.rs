//! SQL of what the address index is built from.

use storage::{Cells, Error, Tx, sql};

use crate::access::shared;
use crate::release::Release;

/// The columns of [`TEXTS`], `lon`, `lat`, then what pages go by: street and key.
macro_rules! base_columns {
    () => {
        "select ban_key, insee, postcode, commune, old_insee, old_commune, delivery_name, \
         street_code, '' as street_type, street_name, afnor_name, place_name, number, complement, \
         '' as hexacle, lon, lat, street_code as street, ban_key as row_key from ban_address"
    };
}

macro_rules! building_columns {
    () => {
        "select ban_key, insee, postcode, commune, '' as old_insee, '' as old_commune, \
         '' as delivery_name, rivoli as street_code, street_type, street_name, \
         '' as afnor_name, '' as place_name, number, complement, hexacle, lon, lat, \
         street_name as street, building_ref as row_key from building"
    };
}

/// Rows of one page.
const PAGE_ROWS: usize = 1_000;
/// Texts of a row, in the order of the columns.
const TEXTS: usize = 15;
/// Where the number is among them.
const NUMBER: usize = 12;

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

/// Addresses as one table tells them, their texts one after the other.
pub struct Page {
    batch: Batch,
    texts: String,
    rows: Vec<Told>,
}

struct Told {
    /// Where its texts begin in those of the page.
    begin: usize,
    lengths: [u16; TEXTS],
    lon: Option<f64>,
    lat: Option<f64>,
}

impl Page {
    fn push(&mut self, cells: &dyn Cells) -> Result<(), Error> {
        let begin = self.texts.len();
        let mut lengths = [0; TEXTS];
        for (at, length) in lengths.iter_mut().enumerate() {
            let text = cells.text(at)?;
            // A text beyond all measure is no part of an address.
            if let Ok(measured) = u16::try_from(text.len()) {
                *length = measured;
                self.texts.push_str(text);
            }
        }
        self.rows.push(Told {
            begin,
            lengths,
            lon: cells.opt_real(TEXTS)?,
            lat: cells.opt_real(TEXTS + 1)?,
        });
        Ok(())
    }

    /// The addresses as the index takes them.
    pub fn entries(&self) -> impl Iterator<Item = search::Entry<'_>> {
        self.rows.iter().map(|row| {
            let mut rest = &self.texts[row.begin..];
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
            ] = row.lengths.map(|length| {
                let text;
                (text, rest) = rest.split_at(usize::from(length));
                text
            });
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
                lon: row.lon,
                lat: row.lat,
                buildings: u32::from(self.batch == Batch::Buildings),
            }
        })
    }
}

/// Rows of both tables, of all releases: addresses are no more.
pub fn rows(tx: &mut dyn Tx) -> Result<usize, Error> {
    let mut sum = 0;
    for stmt in [
        sql!("select count(*) as rows from ban_address"),
        sql!("select count(*) as rows from building"),
    ] {
        let rows = tx.query(&shared(), stmt, &[])?;
        let count = rows.first().map(|row| row.int("rows")).transpose()?;
        sum += usize::try_from(count.unwrap_or(0)).unwrap_or(0);
    }
    Ok(sum)
}

/// The commune that comes after `passed` by INSEE code, in any release.
pub fn next_commune(tx: &mut dyn Tx, passed: &str) -> Result<Option<String>, Error> {
    let mut next: Option<String> = None;
    for stmt in [
        sql!("select insee from ban_address where insee > ?1 order by insee limit 1"),
        sql!("select insee from building where insee > ?1 order by insee limit 1"),
    ] {
        let rows = tx.query(&shared(), stmt, &[passed.into()])?;
        let found = rows.first().map(|row| row.text("insee")).transpose()?;
        next = match (next, found) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(next)
}

/// Where a page of a commune's addresses ended: street, number and key of the last.
#[derive(Clone, Debug, Default)]
pub struct After([String; 3]);

/// The addresses of a commune that a table tells of `release`, by street and number, after `after`;
/// and where to go on, when there may be more.
pub fn entries(
    tx: &mut dyn Tx,
    batch: Batch,
    release: Release,
    insee: &str,
    after: &After,
) -> Result<(Page, Option<After>), Error> {
    let stmt = match batch {
        Batch::Base => sql!(concat!(
            base_columns!(),
            " where insee = ?1 and (street_code, number, ban_key) > (?2, ?3, ?4)
             and from_release <= ?5 and to_release > ?5
             order by street_code, number, ban_key limit 1000"
        )),
        Batch::Buildings => sql!(concat!(
            building_columns!(),
            " where insee = ?1 and (street_name, number, building_ref) > (?2, ?3, ?4)
             and from_release <= ?5 and to_release > ?5
             order by street_name, number, building_ref limit 1000"
        )),
    };
    let [street, number, key] = after.0.each_ref().map(|part| part.as_str().into());
    let params = [insee.into(), street, number, key, release.0.into()];
    let mut page = Page {
        batch,
        texts: String::new(),
        rows: Vec::new(),
    };
    let mut next = None;
    tx.each(&shared(), stmt, &params, &mut |cells| {
        page.push(cells)?;
        if page.rows.len() == PAGE_ROWS {
            let last = [TEXTS + 2, NUMBER, TEXTS + 3].map(|at| cells.text(at).map(str::to_owned));
            let [street, number, key] = last;
            next = Some(After([street?, number?, key?]));
        }
        Ok(())
    })?;
    Ok((page, next))
}

/// Whether `release` changes no address of the one it was built on: each row that it began says
/// what one that it ended said, and the other way round.
pub fn addresses_are_unchanged(tx: &mut dyn Tx, release: Release) -> Result<bool, Error> {
    for stmt in [
        sql!(
            "select cast(1 as bigint) as found from ban_address n
             where n.from_release = ?1 and not exists (
               select 1 from ban_address o
               where o.ban_key = n.ban_key and o.to_release = ?1
                 and (o.insee, o.postcode, o.commune, o.old_insee, o.old_commune,
                      o.delivery_name, o.street_code, o.street_name, o.afnor_name,
                      o.place_name, o.number, o.complement)
                   = (n.insee, n.postcode, n.commune, n.old_insee, n.old_commune,
                      n.delivery_name, n.street_code, n.street_name, n.afnor_name,
                      n.place_name, n.number, n.complement)
                 and o.lon is not distinct from n.lon and o.lat is not distinct from n.lat)
             limit 1"
        ),
        sql!(
            "select cast(1 as bigint) as found from ban_address o
             where o.to_release = ?1 and o.to_release < 9223372036854775807 and not exists (
               select 1 from ban_address n where n.ban_key = o.ban_key and n.from_release = ?1)
             limit 1"
        ),
        sql!(
            "select cast(1 as bigint) as found from building n
             where n.from_release = ?1 and not exists (
               select 1 from building o
               where o.building_ref = n.building_ref and o.to_release = ?1
                 and (o.ban_key, o.insee, o.postcode, o.commune, o.rivoli, o.street_type,
                      o.street_name, o.number, o.complement, o.hexacle)
                   = (n.ban_key, n.insee, n.postcode, n.commune, n.rivoli, n.street_type,
                      n.street_name, n.number, n.complement, n.hexacle)
                 and o.lon is not distinct from n.lon and o.lat is not distinct from n.lat)
             limit 1"
        ),
        sql!(
            "select cast(1 as bigint) as found from building o
             where o.to_release = ?1 and o.to_release < 9223372036854775807 and not exists (
               select 1 from building n
               where n.building_ref = o.building_ref and n.from_release = ?1)
             limit 1"
        ),
    ] {
        if !tx.query(&shared(), stmt, &[release.0.into()])?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
