//! SQL of the browser: summaries and look-ups of one release, and the live rows beside them, which
//! the OI's staff may read for every operator.

use domain::access::{StaffScope, shared};
use domain::building::{BuildingState, PmAddress};
use domain::line::{FibreState, LineState};
use domain::release::{Kind, Release, ReleaseInfo, Source, Table, store as releases};
use storage::{Error, Row, Statement, Tx, Value, first, sql};

use super::atlas::{PmSpot, Street};
use super::history::{Origin, Version};
use super::labels;

/// Streets or PMs of one page of a summary.
const SUMMARY_ROWS: usize = 2_000;
/// Buildings read at once.
pub const BUILDINGS_PAGE: usize = 2_000;
/// PBOs of a PM, fibres of a PBO and presences at a PM that are shown at most.
pub const CHILDREN_MAX: usize = 5_000;

/// A building of a street, as lists and maps show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Plot {
    /// IdentifiantImmeuble.
    pub reference: String,
    /// How far it is.
    pub state: BuildingState,
    /// Number in the street.
    pub number: String,
    /// Letter after the number.
    pub complement: String,
    /// Block.
    pub batiment: String,
    /// Dwellings.
    pub dwellings: i64,
    /// Its PM.
    pub pm_ref: String,
    /// Its key in the national address base, if told.
    pub ban_key: String,
    /// Longitude and latitude (degrees).
    pub place: Option<(f64, f64)>,
}

/// The fibres of a PBO, counted by what may be done with them now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PboUse {
    /// The PBO.
    pub pbo_ref: String,
    /// Fibres an order to build may take.
    pub free: i64,
    /// Available, but kept for one use or already ended in a PTO.
    pub kept: i64,
    /// Promised to an order.
    pub reserved: i64,
    /// In use.
    pub occupied: i64,
    /// Broken.
    pub broken: i64,
}

/// A fibre, released and live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FibreNow {
    /// IdentifiantFibre.
    pub id: String,
    /// Cable at the PBO.
    pub cable: String,
    /// Tube: rank and colour.
    pub tube: String,
    /// Fibre: rank and colour.
    pub colour: String,
    /// What the referential says, and whether it is dedicated.
    pub released: (FibreState, bool),
    /// What it is now, once the platform follows it.
    pub live: Option<(FibreState, bool)>,
    /// The PTO it ends in now, else by the referential.
    pub pto_ref: String,
    /// Code of the operator it was given to.
    pub holder: String,
}

/// The line of a PTO of a building.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineNow {
    /// The PTO.
    pub pto_ref: String,
    /// Whether an operator holds it.
    pub state: LineState,
    /// The fibre of its route.
    pub fibre_id: String,
    /// Code of the operator that holds it.
    pub holder: String,
    /// An order is under way on it.
    pub pending: bool,
}

/// The streets of `release` after (INSEE, RIVOLI), summed up; empty at the end.
pub fn list_streets(
    tx: &mut dyn Tx,
    release: Release,
    after: (&str, &str),
) -> Result<Vec<Street>, Error> {
    let stmt = sql!(
        "select insee, rivoli, min(commune) as commune, min(postcode) as postcode,
           min(street_type) as street_type, min(street_name) as street_name,
           max(street_hexacle) as hexacle,
           count(*) as buildings, cast(sum(dwellings) as bigint) as dwellings,
           count(*) filter (where state = 'cible') as cible,
           count(*) filter (where state = 'signe') as signe,
           count(*) filter (where state = 'en_cours_de_deploiement') as en_cours_de_deploiement,
           count(*) filter (where state = 'raccordable_demande') as raccordable_demande,
           count(*) filter (where state = 'rad_en_cours_de_deploiement')
             as rad_en_cours_de_deploiement,
           count(*) filter (where state = 'deploye') as deploye,
           count(*) filter (where state = 'abandonne') as abandonne,
           min(lon) as west, min(lat) as south, max(lon) as east, max(lat) as north
         from building
         where from_release <= ?1 and to_release > ?1 and (insee, rivoli) > (?2, ?3)
         group by insee, rivoli order by insee, rivoli limit 2000"
    );
    let params = [release.0.into(), after.0.into(), after.1.into()];
    let rows = tx.query(&shared(), stmt, &params)?;
    debug_assert!(rows.len() <= SUMMARY_ROWS);
    rows.iter().map(street).collect()
}

fn street(row: &Row) -> Result<Street, Error> {
    let mut states = [0; BuildingState::ALL.len()];
    for (slot, state) in states.iter_mut().zip(BuildingState::ALL) {
        *slot = row.int(state.as_str())?;
    }
    let (kind, name) = (row.text("street_type")?, row.text("street_name")?);
    let side = |name| row.opt_real(name);
    let sides = (side("west")?, side("south")?, side("east")?, side("north")?);
    Ok(Street {
        insee: row.text("insee")?,
        rivoli: row.text("rivoli")?,
        commune: row.text("commune")?,
        postcode: row.text("postcode")?,
        name: format!("{kind} {name}").trim().to_owned(),
        named: false,
        hexacle: row.text("hexacle")?,
        addresses: 0,
        buildings: row.int("buildings")?,
        dwellings: row.int("dwellings")?,
        states,
        bounds: match sides {
            (Some(west), Some(south), Some(east), Some(north)) => Some([west, south, east, north]),
            _ => None,
        },
    })
}

/// The PMs of `release` after a reference; empty at the end.
pub fn list_pms(tx: &mut dyn Tx, release: Release, after: &str) -> Result<Vec<PmSpot>, Error> {
    let stmt = sql!(
        "select pm_ref, state, kind, insee, capacity, dwellings, lon, lat, number, complement,
           street_type, street_name, batiment, postcode, commune
         from pm
         where from_release <= ?1 and to_release > ?1 and pm_ref > ?2
         order by pm_ref limit 2000"
    );
    let rows = tx.query(&shared(), stmt, &[release.0.into(), after.into()])?;
    let spot = |row: &Row| {
        Ok(PmSpot {
            reference: row.text("pm_ref")?,
            state: domain::building::PmState::from_store(&row.text("state")?)?,
            kind: row.text("kind")?,
            insee: row.text("insee")?,
            address: labels::pm_address(&PmAddress {
                number: row.text("number")?,
                complement: row.text("complement")?,
                street_type: row.text("street_type")?,
                street_name: row.text("street_name")?,
                batiment: row.text("batiment")?,
                postcode: row.text("postcode")?,
                commune: row.text("commune")?,
                ..PmAddress::default()
            }),
            capacity: row.int("capacity")?,
            dwellings: row.int("dwellings")?,
            place: place(row)?,
        })
    };
    rows.iter().map(spot).collect()
}

fn place(row: &Row) -> Result<Option<(f64, f64)>, Error> {
    Ok(row.opt_real("lon")?.zip(row.opt_real("lat")?))
}

/// The buildings of a street after a reference, at most [`BUILDINGS_PAGE`].
pub fn list_plots(
    tx: &mut dyn Tx,
    release: Release,
    (insee, rivoli): (&str, &str),
    after: &str,
) -> Result<Vec<Plot>, Error> {
    let stmt = sql!(
        "select building_ref, state, number, complement, batiment, dwellings, pm_ref, ban_key, lon,
           lat
         from building
         where insee = ?1 and rivoli = ?2 and from_release <= ?3 and to_release > ?3
           and building_ref > ?4
         order by building_ref limit 2000"
    );
    let params = [insee.into(), rivoli.into(), release.0.into(), after.into()];
    let plot = |row: &Row| {
        Ok(Plot {
            reference: row.text("building_ref")?,
            state: BuildingState::from_store(&row.text("state")?)?,
            number: row.text("number")?,
            complement: row.text("complement")?,
            batiment: row.text("batiment")?,
            dwellings: row.int("dwellings")?,
            pm_ref: row.text("pm_ref")?,
            ban_key: row.text("ban_key")?,
            place: place(row)?,
        })
    };
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(plot)
        .collect()
}

/// How many buildings and dwellings stand behind a PM.
pub fn count_behind_pm(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
) -> Result<(i64, i64), Error> {
    let stmt = sql!(
        "select count(*) as buildings, cast(coalesce(sum(dwellings), 0) as bigint) as dwellings
         from building where pm_ref = ?1 and from_release <= ?2 and to_release > ?2"
    );
    let row = first(tx.query(&shared(), stmt, &[pm_ref.into(), release.0.into()])?);
    row.map_or(Ok((0, 0)), |row| {
        Ok((row.int("buildings")?, row.int("dwellings")?))
    })
}

/// The fibres of each PBO of a PM, counted, at most [`CHILDREN_MAX`] PBOs.
pub fn list_pbo_uses(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    release: Release,
    pm_ref: &str,
) -> Result<Vec<PboUse>, Error> {
    let stmt = sql!(
        "select now.pbo_ref as pbo_ref,
           count(*) filter (where now.state = 'disponible' and now.open) as free,
           count(*) filter (where now.state = 'disponible' and not now.open) as kept,
           count(*) filter (where now.state = 'reservee') as reserved,
           count(*) filter (where now.state = 'occupee') as occupied,
           count(*) filter (where now.state = 'hors_service') as broken
         from (
           select f.pbo_ref as pbo_ref, coalesce(l.state, f.state) as state,
             (coalesce(l.dedicated, f.dedicated) = false
               and coalesce(l.pto_ref, f.pto_ref) = '') as open
           from fibre f left join live_fibre l on l.fibre_id = f.fibre_id
           where f.pm_ref = ?1 and f.from_release <= ?2 and f.to_release > ?2) now
         group by now.pbo_ref order by now.pbo_ref limit 5000"
    );
    let rows = tx.query(&scope.rls(), stmt, &[pm_ref.into(), release.0.into()])?;
    let counted = |row: &Row| {
        Ok(PboUse {
            pbo_ref: row.text("pbo_ref")?,
            free: row.int("free")?,
            kept: row.int("kept")?,
            reserved: row.int("reserved")?,
            occupied: row.int("occupied")?,
            broken: row.int("broken")?,
        })
    };
    rows.iter().map(counted).collect()
}

/// Code and prestation of each operator present at a PM, at most [`CHILDREN_MAX`].
pub fn list_presences(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
) -> Result<Vec<(String, String)>, Error> {
    let stmt = sql!(
        "select oc_code, prestation_ref from presence
         where pm_ref = ?1 and from_release <= ?2 and to_release > ?2
         order by oc_code, prestation_ref limit 5000"
    );
    tx.query(&shared(), stmt, &[pm_ref.into(), release.0.into()])?
        .iter()
        .map(|row| Ok((row.text("oc_code")?, row.text("prestation_ref")?)))
        .collect()
}

/// The fibres of a PBO, released and live, at most [`CHILDREN_MAX`].
pub fn list_fibres(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    release: Release,
    (pm_ref, pbo_ref): (&str, &str),
) -> Result<Vec<FibreNow>, Error> {
    let stmt = sql!(
        "select f.fibre_id as fibre_id, f.cable as cable, f.tube as tube, f.colour as colour,
           f.state as state, f.dedicated as dedicated, l.state as live_state,
           coalesce(l.dedicated, f.dedicated) as live_dedicated,
           coalesce(l.pto_ref, f.pto_ref) as pto_ref,
           coalesce(o.code, n.holder_code, '') as holder
         from fibre f
         left join live_fibre l on l.fibre_id = f.fibre_id
         left join live_line n on n.pto_ref = coalesce(l.pto_ref, f.pto_ref) and n.pto_ref <> ''
         left join operator o
           on o.operator_id = coalesce(l.holder_operator_id, n.holder_operator_id)
         where f.pm_ref = ?1 and f.pbo_ref = ?2 and f.from_release <= ?3 and f.to_release > ?3
         order by f.fibre_id limit 5000"
    );
    let params = [pm_ref.into(), pbo_ref.into(), release.0.into()];
    let fibre = |row: &Row| {
        let live = row.opt_text("live_state")?;
        let live = live.map(|state| FibreState::from_store(&state));
        let dedicated = row.flag("live_dedicated")?;
        let released = FibreState::from_store(&row.text("state")?)?;
        Ok(FibreNow {
            id: row.text("fibre_id")?,
            cable: row.text("cable")?,
            tube: row.text("tube")?,
            colour: row.text("colour")?,
            released: (released, row.flag("dedicated")?),
            live: live.transpose()?.map(|state| (state, dedicated)),
            pto_ref: row.text("pto_ref")?,
            holder: row.text("holder")?,
        })
    };
    tx.query(&scope.rls(), stmt, &params)?
        .iter()
        .map(fibre)
        .collect()
}

/// The lines of a building's PTOs now, at most [`CHILDREN_MAX`].
pub fn list_lines(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    release: Release,
    building_ref: &str,
) -> Result<Vec<LineNow>, Error> {
    let stmt = sql!(
        "select l.pto_ref as pto_ref, l.state as state, l.fibre_id as fibre_id,
           coalesce(o.code, l.holder_code) as holder,
           (l.pending_order_id is not null) as pending
         from dwelling d
         join live_line l on l.pto_ref = d.pto_ref
         left join operator o on o.operator_id = l.holder_operator_id
         where d.building_ref = ?1 and d.from_release <= ?2 and d.to_release > ?2
         order by l.pto_ref limit 5000"
    );
    let params = [building_ref.into(), release.0.into()];
    let line = |row: &Row| {
        Ok(LineNow {
            pto_ref: row.text("pto_ref")?,
            state: LineState::from_store(&row.text("state")?)?,
            fibre_id: row.text("fibre_id")?,
            holder: row.text("holder")?,
            pending: row.flag("pending")?,
        })
    };
    tx.query(&scope.rls(), stmt, &params)?
        .iter()
        .map(line)
        .collect()
}

/// The PMs that have a PBO of this reference, which is unique within a PM alone; at most 20.
pub fn list_pms_of_pbo(
    tx: &mut dyn Tx,
    release: Release,
    pbo_ref: &str,
) -> Result<Vec<String>, Error> {
    let stmt = sql!(
        "select p.pm_ref as pm_ref from pm p
         where p.from_release <= ?2 and p.to_release > ?2
           and (exists (select 1 from fibre f where f.pm_ref = p.pm_ref and f.pbo_ref = ?1
               and f.from_release <= ?2 and f.to_release > ?2)
             or exists (select 1 from pbo b where b.pm_ref = p.pm_ref and b.pbo_ref = ?1
               and b.from_release <= ?2 and b.to_release > ?2))
         order by p.pm_ref limit 20"
    );
    tx.query(&shared(), stmt, &[pbo_ref.into(), release.0.into()])?
        .iter()
        .map(|row| row.text("pm_ref"))
        .collect()
}

/// Every version of the object `key` of `table` that a release published and not rolled back began,
/// oldest first, at most 500.
pub fn versions(tx: &mut dyn Tx, table: Table, key: &str) -> Result<Vec<Version>, Error> {
    let rows = tx.query(&shared(), all_versions(table), &table.key_values(key))?;
    let columns = table.columns();
    // Digests and `from_release`, the last three, are no fields of the object.
    let fields = &columns[table.key_len()..columns.len() - 3];
    let mut versions: Vec<Version> = Vec::new();
    for row in &rows {
        let Some(begun) = published(tx, table, row, "from_release")? else {
            continue;
        };
        let ended = published(tx, table, row, "to_release")?;
        let value = |name: &&'static str| Ok((*name, row.value(name)?.clone()));
        let values: Result<Vec<(&'static str, Value)>, Error> = fields.iter().map(value).collect();
        versions.push(Version {
            begun,
            ended,
            values: values?,
        });
    }
    Ok(versions)
}

/// The release a column names and the file it took the table's rows from, if it was published and
/// not rolled back since.
fn published(
    tx: &mut dyn Tx,
    table: Table,
    row: &Row,
    column: &str,
) -> Result<Option<Origin>, Error> {
    let number = Release(row.int(column)?);
    let Some(info) = releases::by_number(tx, number)? else {
        return Ok(None);
    };
    if info.state != domain::release::ReleaseState::Published {
        return Ok(None);
    }
    let source = source(&releases::sources(tx, number)?, &info, table);
    Ok(Some(Origin { info, source }))
}

/// The file of the release's own kind, else of the kind that feeds the table.
fn source(sources: &[Source], info: &ReleaseInfo, table: Table) -> Option<Source> {
    let feeds: &[Kind] = match table {
        Table::Building => &[Kind::Ipe],
        Table::Pm => &[Kind::Pm, Kind::Ipe, Kind::Gracethd],
        Table::Dwelling => &[Kind::Structure],
        Table::Fibre => &[Kind::Fibres, Kind::Gracethd],
        Table::Pto => &[Kind::Prises],
        Table::Presence => &[Kind::Adduction],
        Table::Pbo => &[Kind::Pbo, Kind::Gracethd],
        Table::Cable => &[Kind::Cables, Kind::Gracethd],
        Table::Route => &[Kind::Routes, Kind::Gracethd],
        Table::Nd => &[Kind::Nd],
        Table::Address => &[Kind::Ban],
        Table::Offer => &[Kind::Catalogue],
    };
    let of = |kind: Kind| sources.iter().find(|source| source.kind == kind);
    let own = of(info.kind).filter(|source| feeds.contains(&source.kind));
    own.or_else(|| feeds.iter().find_map(|kind| of(*kind)))
        .cloned()
}

fn all_versions(table: Table) -> &'static Statement {
    match table {
        Table::Building => {
            sql!("select * from building where building_ref = ?1 order by from_release limit 500")
        }
        Table::Pm => sql!("select * from pm where pm_ref = ?1 order by from_release limit 500"),
        Table::Dwelling => sql!(
            "select * from dwelling
             where building_ref = ?1 and batiment = ?2 and escalier = ?3 and etage = ?4
               and porte = ?5 and rank = ?6
             order by from_release limit 500"
        ),
        Table::Fibre => {
            sql!("select * from fibre where fibre_id = ?1 order by from_release limit 500")
        }
        Table::Pto => sql!("select * from pto where pto_ref = ?1 order by from_release limit 500"),
        Table::Presence => sql!(
            "select * from presence
             where oc_code = ?1 and pm_ref = ?2 and prestation_ref = ?3
             order by from_release limit 500"
        ),
        Table::Pbo => sql!(
            "select * from pbo where pm_ref = ?1 and pbo_ref = ?2 order by from_release limit 500"
        ),
        Table::Cable => {
            sql!("select * from cable where cable_ref = ?1 order by from_release limit 500")
        }
        Table::Route => sql!(
            "select * from optical_route
             where pto_ref = ?1 and rank = ?2 order by from_release limit 500"
        ),
        Table::Nd => sql!("select * from nd where nd = ?1 order by from_release limit 500"),
        Table::Address => {
            sql!("select * from ban_address where ban_key = ?1 order by from_release limit 500")
        }
        Table::Offer => sql!("select * from offer where code = ?1 order by from_release limit 500"),
    }
}
