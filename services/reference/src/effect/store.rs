//! SQL of what a release does to live orders and lines. Two ways lead to the lines in service:
//! from what the release takes away, and along the lines themselves.

use domain::access::StaffScope;
use domain::params;
use domain::release::Release;
use storage::{Error, Row, Tx, first, sql};

use super::{Part, Place, Touched};

/// Lines looked at in one slice of [`line_slice_end`].
pub const LINES_SLICE: i64 = 2_000;

/// What of a row `t` the release `?1` takes away, each 1 or 0: its building (which goes, or to
/// which no drop can be built any more), its PM, its PTO, its fibre.
macro_rules! taken_away {
    () => {
        "case when exists (
             select 1 from building b
             where b.building_ref = t.building_ref and b.to_release = ?1 and b.state in
               ('deploye', 'raccordable_demande', 'rad_en_cours_de_deploiement'))
           and not exists (
             select 1 from building n
             where n.building_ref = t.building_ref and n.from_release = ?1 and n.state in
               ('deploye', 'raccordable_demande', 'rad_en_cours_de_deploiement'))
           then cast(1 as bigint) else cast(0 as bigint) end as by_building,
         case when exists (
             select 1 from pm b
             where b.pm_ref = t.pm_ref and b.to_release = ?1 and b.state = 'deploye')
           and not exists (
             select 1 from pm n
             where n.pm_ref = t.pm_ref and n.from_release = ?1 and n.state = 'deploye')
           then cast(1 as bigint) else cast(0 as bigint) end as by_pm,
         case when t.pto_ref <> '' and exists (
             select 1 from pto b where b.pto_ref = t.pto_ref and b.to_release = ?1)
           and not exists (
             select 1 from pto n where n.pto_ref = t.pto_ref and n.from_release = ?1)
           then cast(1 as bigint) else cast(0 as bigint) end as by_pto,
         case when t.fibre_id <> '' and exists (
             select 1 from fibre b where b.fibre_id = t.fibre_id and b.to_release = ?1)
           and not exists (
             select 1 from fibre n where n.fibre_id = t.fibre_id and n.from_release = ?1)
           then cast(1 as bigint) else cast(0 as bigint) end as by_fibre"
    };
}

/// What is said of a line `l` in service: its order, if one is known, and its building by it or by
/// the release `?2`. A line whose order is handed over and not in service yet is under way.
macro_rules! line_in_service {
    () => {
        "l.pto_ref as pto_ref, l.pm_ref as pm_ref, l.fibre_id as fibre_id,
         coalesce(o.code, l.holder_code) as code, coalesce(a.reference, '') as reference,
         coalesce(a.building_ref, (
           select min(d.building_ref) from dwelling d
           where d.pto_ref = l.pto_ref and d.from_release <= ?2 and d.to_release > ?2), '')
           as building_ref"
    };
}

macro_rules! line_joins {
    () => {
        "left join operator o on o.operator_id = l.holder_operator_id
         left join access_order a
           on a.operator_id = l.holder_operator_id and a.id = l.order_id
         where l.state = 'en_service' and (a.status is null or a.status = 'mes')"
    };
}

/// Orders under way that `release` touches, after the place (operator, id), by that place; of one
/// operator when a code is given. An order looks its own objects up, so that the time is that of
/// the orders under way, however much the release changes.
pub fn list_orders(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    release: Release,
    operator: &str,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<Touched>, Error> {
    let stmt = sql!(concat!(
        "select r.* from (
           select t.*, ",
        taken_away!(),
        " from (
             select a.operator_id as operator_id, a.id as id, o.code as code,
               a.reference as reference, a.status as status, a.building_ref as building_ref,
               a.pm_ref as pm_ref, a.pto_ref as pto_ref, a.fibre_id as fibre_id
             from operator o cross join access_order a
             where a.operator_id = o.operator_id
               and a.status in ('deposee', 'ar_ok', 'cr_ok', 'stoc_emise', 'racco_oi_planifie',
                 'racco_ko', 'racco_ok', 'mad', 'annul_demandee')
               and (?2 = '' or o.code = ?2)
               and (a.operator_id, a.id) > (?3, ?4)) t) r
         where r.by_building + r.by_pm + r.by_pto + r.by_fibre > 0
         order by r.operator_id, r.id limit ?5"
    ));
    let params = params![release.0, operator, after.0, after.1, limit];
    let rows = tx.query(&staff.rls(), stmt, params)?;
    let order = |row: &Row| {
        let place = Place::Order(row.text("operator_id")?, row.text("id")?);
        touched(row, Part::UnderWay, place, row.text("status")?)
    };
    rows.iter().map(order).collect()
}

/// Lines in service that `release`, built on `base`, touches, after a PTO, by PTO: found from what
/// the release takes away, so that the time is that of the release, however many lines there are.
pub fn list_lines(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    (release, base): (Release, Release),
    operator: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<Touched>, Error> {
    let stmt = sql!(concat!(
        "with place as (
           select b.building_ref as building_ref from building b
           where b.to_release = ?1 and b.to_release < 9223372036854775807
             and b.state in ('deploye', 'raccordable_demande', 'rad_en_cours_de_deploiement')
             and not exists (
               select 1 from building n
               where n.building_ref = b.building_ref and n.from_release = ?1 and n.state in
                 ('deploye', 'raccordable_demande', 'rad_en_cours_de_deploiement'))
           union
           select b.building_ref from pm p join building b on b.pm_ref = p.pm_ref
           where p.to_release = ?1 and p.to_release < 9223372036854775807
             and p.state = 'deploye' and not exists (
               select 1 from pm n
               where n.pm_ref = p.pm_ref and n.from_release = ?1 and n.state = 'deploye')
             and b.from_release <= ?2 and b.to_release > ?2),
         lost as (
           select d.pto_ref as pto_ref
           from place g join dwelling d on d.building_ref = g.building_ref
           where d.from_release <= ?2 and d.to_release > ?2 and d.pto_ref <> ''
           union
           select a.pto_ref from place g join access_order a on a.building_ref = g.building_ref
           where a.status = 'mes' and a.pto_ref <> ''
           union
           select p.pto_ref from pto p
           where p.to_release = ?1 and p.to_release < 9223372036854775807 and not exists (
             select 1 from pto n where n.pto_ref = p.pto_ref and n.from_release = ?1)
           union
           select v.pto_ref from fibre f join live_fibre v on v.fibre_id = f.fibre_id
           where f.to_release = ?1 and f.to_release < 9223372036854775807 and not exists (
             select 1 from fibre n where n.fibre_id = f.fibre_id and n.from_release = ?1)
             and v.pto_ref <> '')
         select r.* from (
           select t.*, ",
        taken_away!(),
        " from (
             select ",
        line_in_service!(),
        " from lost join live_line l on l.pto_ref = lost.pto_ref ",
        line_joins!(),
        "      and (?3 = '' or coalesce(o.code, l.holder_code) = ?3) and l.pto_ref > ?4) t) r
         where r.by_building + r.by_pm + r.by_pto + r.by_fibre > 0
         order by r.pto_ref limit ?5"
    ));
    let params = params![release.0, base.0, operator, after, limit];
    let rows = tx.query(&staff.rls(), stmt, params)?;
    rows.iter().map(line).collect()
}

/// The PTO that ends the next slice of [`LINES_SLICE`] lines after a PTO; `None` at the end.
pub fn line_slice_end(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    after: &str,
) -> Result<Option<String>, Error> {
    let stmt = sql!(
        "select max(slice.pto_ref) as last_key from (
           select pto_ref from live_line where pto_ref > ?1 order by pto_ref limit ?2) slice"
    );
    let rows = tx.query(&staff.rls(), stmt, params![after, LINES_SLICE])?;
    first(rows).map_or(Ok(None), |row| row.opt_text("last_key"))
}

/// As [`list_lines`], found along the lines of one slice: for a release that takes so much away
/// that the lines are fewer.
pub fn list_lines_of_slice(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    (release, base): (Release, Release),
    operator: &str,
    (after, up_to): (&str, &str),
) -> Result<Vec<Touched>, Error> {
    let stmt = sql!(concat!(
        "select r.* from (
           select t.*, ",
        taken_away!(),
        " from (
             select ",
        line_in_service!(),
        " from live_line l ",
        line_joins!(),
        "      and (?3 = '' or coalesce(o.code, l.holder_code) = ?3)
               and l.pto_ref > ?4 and l.pto_ref <= ?5) t) r
         where r.by_building + r.by_pm + r.by_pto + r.by_fibre > 0
         order by r.pto_ref"
    ));
    let params = params![release.0, base.0, operator, after, up_to];
    let rows = tx.query(&staff.rls(), stmt, params)?;
    rows.iter().map(line).collect()
}

fn line(row: &Row) -> Result<Touched, Error> {
    let place = Place::Line(row.text("pto_ref")?);
    touched(row, Part::InService, place, "mes".to_owned())
}

fn touched(row: &Row, part: Part, place: Place, status: String) -> Result<Touched, Error> {
    let is = |name| Ok::<_, Error>(row.int(name)? == 1);
    Ok(Touched {
        part,
        place,
        operator: row.text("code")?,
        reference: row.text("reference")?,
        status,
        building_ref: row.text("building_ref")?,
        pm_ref: row.text("pm_ref")?,
        pto_ref: row.text("pto_ref")?,
        fibre_id: row.text("fibre_id")?,
        by_building: is("by_building")?,
        by_pm: is("by_pm")?,
        by_pto: is("by_pto")?,
    })
}
