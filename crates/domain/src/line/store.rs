//! SQL of fibres, PTOs and live lines. Live rows are found through the released fibres of the
//! release in force, so that what an unpublished import seeded is seen by nobody, and a fibre that
//! left the referential is given to nobody.

use kernel::{OperatorId, OrderId};
use storage::{Error, Row, Tx, first, sql};

use super::{Fibre, FibreState, LineState, LiveFibre, LiveLine, Pto};
use crate::access::{SystemScope, shared};
use crate::release::{Kind, Release};

/// The fibre `id`.
pub fn fibre_by_id(tx: &mut dyn Tx, release: Release, id: &str) -> Result<Option<Fibre>, Error> {
    let stmt = sql!(
        "select fibre_id, pm_ref, pbo_ref, cable, tube, colour, state, dedicated, pto_ref,
           origin
         from fibre where fibre_id = ?1 and from_release <= ?2 and to_release > ?2"
    );
    let rows = tx.query(&shared(), stmt, &[id.into(), release.0.into()])?;
    first(rows).map(|row| fibre(&row)).transpose()
}

/// The fibres of a PBO, by id.
pub fn fibres_of_pbo(
    tx: &mut dyn Tx,
    release: Release,
    pm_ref: &str,
    pbo_ref: &str,
) -> Result<Vec<Fibre>, Error> {
    let stmt = sql!(
        "select fibre_id, pm_ref, pbo_ref, cable, tube, colour, state, dedicated, pto_ref,
           origin
         from fibre
         where pm_ref = ?1 and pbo_ref = ?2 and from_release <= ?3 and to_release > ?3
         order by fibre_id"
    );
    let params = [pm_ref.into(), pbo_ref.into(), release.0.into()];
    tx.query(&shared(), stmt, &params)?
        .iter()
        .map(fibre)
        .collect()
}

/// The PTO `reference` (FIMP02).
pub fn pto_by_reference(
    tx: &mut dyn Tx,
    release: Release,
    reference: &str,
) -> Result<Option<Pto>, Error> {
    let stmt = sql!(
        "select pto_ref, pm_ref, pbo_ref, fibre_id, state, oc_code from pto
         where pto_ref = ?1 and from_release <= ?2 and to_release > ?2"
    );
    let rows = tx.query(&shared(), stmt, &[reference.into(), release.0.into()])?;
    first(rows).map(|row| pto(&row)).transpose()
}

/// The state of a fibre now.
pub fn live_fibre_by_id(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    fibre_id: &str,
) -> Result<Option<LiveFibre>, Error> {
    let stmt = sql!(
        "select fibre_id, state, dedicated, pto_ref, holder_operator_id, order_id, version
         from live_fibre where fibre_id = ?1"
    );
    first(tx.query(&scope.rls(), stmt, &[fibre_id.into()])?)
        .map(|row| live_fibre(&row))
        .transpose()
}

/// The fibre an order holds, if any.
pub fn fibre_of_order(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    order: &OrderId,
) -> Result<Option<LiveFibre>, Error> {
    let stmt = sql!(
        "select fibre_id, state, dedicated, pto_ref, holder_operator_id, order_id, version
         from live_fibre where order_id = ?1 order by fibre_id limit 1"
    );
    first(tx.query(&scope.rls(), stmt, &[order.as_str().into()])?)
        .map(|row| live_fibre(&row))
        .transpose()
}

/// How many fibres of a PBO an order to build a line may still take; 0 is FINT01.
pub fn free_fibres(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    pm_ref: &str,
    pbo_ref: &str,
) -> Result<i64, Error> {
    let stmt = sql!(
        "select count(*) as free from fibre f join live_fibre l on l.fibre_id = f.fibre_id
         where f.pm_ref = ?1 and f.pbo_ref = ?2 and f.from_release <= ?3 and f.to_release > ?3
           and l.state = 'disponible' and l.dedicated = false and l.pto_ref = ''"
    );
    let params = [pm_ref.into(), pbo_ref.into(), release.0.into()];
    first(tx.query(&scope.rls(), stmt, &params)?).map_or(Ok(0), |row| row.int("free"))
}

/// As [`free_fibres`], for each PBO of `pm_ref` that serves a dwelling of the building; a PBO with
/// none free is absent.
pub fn free_fibres_of_building(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    pm_ref: &str,
    building_ref: &str,
) -> Result<Vec<(String, i64)>, Error> {
    let stmt = sql!(
        "select f.pbo_ref as pbo_ref, count(*) as free
         from fibre f join live_fibre l on l.fibre_id = f.fibre_id
         where f.pm_ref = ?1 and f.from_release <= ?2 and f.to_release > ?2
           and f.pbo_ref in (select d.pbo_ref from dwelling d where d.building_ref = ?3
             and d.from_release <= ?2 and d.to_release > ?2)
           and l.state = 'disponible' and l.dedicated = false and l.pto_ref = ''
         group by f.pbo_ref order by f.pbo_ref"
    );
    let params = [pm_ref.into(), release.0.into(), building_ref.into()];
    tx.query(&scope.rls(), stmt, &params)?
        .iter()
        .map(|row| Ok((row.text("pbo_ref")?, row.int("free")?)))
        .collect()
}

/// The fibre that [`take_fibre`] would take at a PBO now, if any is left.
pub fn next_fibre(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    pm_ref: &str,
    pbo_ref: &str,
) -> Result<Option<Fibre>, Error> {
    let stmt = sql!(
        "select f.fibre_id as fibre_id from fibre f join live_fibre l on l.fibre_id = f.fibre_id
         where f.pm_ref = ?1 and f.pbo_ref = ?2 and f.from_release <= ?3 and f.to_release > ?3
           and l.state = 'disponible' and l.dedicated = false and l.pto_ref = ''
         order by f.fibre_id limit 1"
    );
    let params = [pm_ref.into(), pbo_ref.into(), release.0.into()];
    match first(tx.query(&scope.rls(), stmt, &params)?) {
        Some(row) => fibre_by_id(tx, release, &row.text("fibre_id")?),
        None => Ok(None),
    }
}

/// Takes a free fibre for an order to build a line: of the first PBO of `pbo_refs` that has one,
/// the first by id. `None`, with nothing changed, is FINT01. Of any number of orders that ask at
/// once for the last fibre, one gets it.
pub fn take_fibre(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    (pm_ref, pbo_refs): (&str, &[String]),
    holder: &OperatorId,
    order: &OrderId,
) -> Result<Option<Fibre>, Error> {
    let stmt = sql!(
        "update live_fibre set state = 'reservee', holder_operator_id = ?4, order_id = ?5,
           version = version + 1
         where state = 'disponible' and fibre_id = (
           select f.fibre_id from fibre f join live_fibre l on l.fibre_id = f.fibre_id
           where f.pm_ref = ?1 and f.pbo_ref = ?2 and f.from_release <= ?3 and f.to_release > ?3
             and l.state = 'disponible' and l.dedicated = false and l.pto_ref = ''
           order by f.fibre_id limit 1)
         returning fibre_id"
    );
    for pbo_ref in pbo_refs {
        let params = [
            pm_ref.into(),
            pbo_ref.into(),
            release.0.into(),
            holder.as_str().into(),
            order.as_str().into(),
        ];
        if let Some(row) = first(tx.query(&scope.rls(), stmt, &params)?) {
            return fibre_by_id(tx, release, &row.text("fibre_id")?);
        }
    }
    Ok(None)
}

/// Gives back the fibre an order had taken and not used; false when it had none.
pub fn release_fibre(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    fibre_id: &str,
    order: &OrderId,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update live_fibre set state = 'disponible', holder_operator_id = null, order_id = null,
           version = version + 1
         where fibre_id = ?1 and order_id = ?2 and state = 'reservee'"
    );
    Ok(tx.execute(
        &scope.rls(),
        stmt,
        &[fibre_id.into(), order.as_str().into()],
    )? == 1)
}

/// Puts a fibre to use behind a PTO for an order that took it, or that took over the PTO it ends
/// in; false, with nothing changed, otherwise.
pub fn occupy_fibre(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    (fibre_id, pto_ref): (&str, &str),
    holder: &OperatorId,
    order: &OrderId,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update live_fibre set state = 'occupee', pto_ref = ?2, holder_operator_id = ?3,
           order_id = ?4, version = version + 1
         where fibre_id = ?1 and state <> 'hors_service'
           and ((order_id = ?4 and state = 'reservee') or pto_ref = ?2)"
    );
    let params = [
        fibre_id.into(),
        pto_ref.into(),
        holder.as_str().into(),
        order.as_str().into(),
    ];
    Ok(tx.execute(&scope.rls(), stmt, &params)? == 1)
}

/// The line of a PTO now.
pub fn line_by_pto(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    pto_ref: &str,
) -> Result<Option<LiveLine>, Error> {
    let stmt = sql!(
        "select pto_ref, pm_ref, pbo_ref, fibre_id, state, holder_operator_id, holder_code,
           order_id, pending_order_id, version
         from live_line where pto_ref = ?1"
    );
    first(tx.query(&scope.rls(), stmt, &[pto_ref.into()])?)
        .map(|row| live_line(&row))
        .transpose()
}

/// The lines of a building's dwellings now, by PTO.
pub fn lines_of_building(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    building_ref: &str,
) -> Result<Vec<LiveLine>, Error> {
    let stmt = sql!(
        "select l.pto_ref as pto_ref, l.pm_ref as pm_ref, l.pbo_ref as pbo_ref,
           l.fibre_id as fibre_id, l.state as state, l.holder_operator_id as holder_operator_id,
           l.holder_code as holder_code, l.order_id as order_id,
           l.pending_order_id as pending_order_id, l.version as version
         from dwelling d join live_line l on l.pto_ref = d.pto_ref
         where d.building_ref = ?1 and d.from_release <= ?2 and d.to_release > ?2
         order by l.pto_ref"
    );
    let params = [building_ref.into(), release.0.into()];
    tx.query(&scope.rls(), stmt, &params)?
        .iter()
        .map(live_line)
        .collect()
}

/// Notes that an order is under way on a line; false, with nothing changed, when there is no such
/// line or another order is (FINT06).
pub fn reserve_line(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    pto_ref: &str,
    order: &OrderId,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update live_line set pending_order_id = ?2, version = version + 1
         where pto_ref = ?1 and pending_order_id is null"
    );
    Ok(tx.execute(&scope.rls(), stmt, &[pto_ref.into(), order.as_str().into()])? == 1)
}

/// Notes that the order under way on a line is over without having taken it; false when it was not
/// this one.
pub fn clear_pending(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    pto_ref: &str,
    order: &OrderId,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update live_line set pending_order_id = null, version = version + 1
         where pto_ref = ?1 and pending_order_id = ?2"
    );
    Ok(tx.execute(&scope.rls(), stmt, &[pto_ref.into(), order.as_str().into()])? == 1)
}

/// Gives a line to the operator whose order is under way on it (CR MAD). Answers the line as it
/// was, whose holder, if any, has lost it and must be told; `None`, with nothing changed, when the
/// order under way is not this one.
pub fn hand_over_line(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    pto_ref: &str,
    holder: &OperatorId,
    order: &OrderId,
) -> Result<Option<LiveLine>, Error> {
    let Some(before) = line_by_pto(tx, scope, pto_ref)? else {
        return Ok(None);
    };
    if before.pending_order.as_ref() != Some(order) {
        return Ok(None);
    }
    let stmt = sql!(
        "update live_line set state = 'en_service', holder_operator_id = ?2, holder_code = '',
           order_id = ?3, pending_order_id = null, version = version + 1
         where pto_ref = ?1 and version = ?4"
    );
    let params = [
        pto_ref.into(),
        holder.as_str().into(),
        order.as_str().into(),
        before.version.into(),
    ];
    let changed = tx.execute(&scope.rls(), stmt, &params)?;
    Ok((changed == 1).then_some(before))
}

/// Adds the line of a PTO just built; false, with nothing changed, when that PTO has one.
pub fn insert_line(tx: &mut dyn Tx, scope: &SystemScope, line: &LiveLine) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into live_line (pto_ref, pm_ref, pbo_ref, fibre_id, state, holder_operator_id,
           holder_code, order_id, pending_order_id, version)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) on conflict do nothing"
    );
    let params = [
        (&line.pto_ref).into(),
        (&line.pm_ref).into(),
        (&line.pbo_ref).into(),
        (&line.fibre_id).into(),
        line.state.as_str().into(),
        line.holder.as_ref().map(OperatorId::as_str).into(),
        (&line.holder_code).into(),
        line.order.as_ref().map(OrderId::as_str).into(),
        line.pending_order.as_ref().map(OrderId::as_str).into(),
        line.version.into(),
    ];
    Ok(tx.execute(&scope.rls(), stmt, &params)? == 1)
}

/// The key that ends the next slice of at most `limit` fibres first released at `release`, after
/// the key `after`; `None` at the end.
pub fn fibre_slice_end(
    tx: &mut dyn Tx,
    release: Release,
    after: &str,
    limit: u32,
) -> Result<Option<String>, Error> {
    let stmt = sql!(
        "select max(slice.fibre_id) as last_key from (
           select fibre_id from fibre where from_release = ?1 and fibre_id > ?2
           order by fibre_id limit ?3) slice"
    );
    let rows = tx.query(
        &shared(),
        stmt,
        &[release.0.into(), after.into(), limit.into()],
    )?;
    first(rows).map_or(Ok(None), |row| row.opt_text("last_key"))
}

/// Seeds the live rows of the fibres of one slice that have none; how many.
pub fn seed_fibres(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    after: &str,
    up_to: &str,
) -> Result<u64, Error> {
    let stmt = sql!(
        "insert into live_fibre (fibre_id, state, dedicated, pto_ref, version)
         select fibre_id, state, dedicated, pto_ref, 1 from fibre
         where from_release = ?1 and fibre_id > ?2 and fibre_id <= ?3
         order by fibre_id on conflict do nothing"
    );
    tx.execute(
        &scope.rls(),
        stmt,
        &[release.0.into(), after.into(), up_to.into()],
    )
}

/// As [`fibre_slice_end`], for PTOs.
pub fn line_slice_end(
    tx: &mut dyn Tx,
    release: Release,
    after: &str,
    limit: u32,
) -> Result<Option<String>, Error> {
    let stmt = sql!(
        "select max(slice.pto_ref) as last_key from (
           select pto_ref from pto where from_release = ?1 and pto_ref > ?2
           order by pto_ref limit ?3) slice"
    );
    let rows = tx.query(
        &shared(),
        stmt,
        &[release.0.into(), after.into(), limit.into()],
    )?;
    first(rows).map_or(Ok(None), |row| row.opt_text("last_key"))
}

/// As [`seed_fibres`], for the lines of PTOs.
pub fn seed_lines(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    after: &str,
    up_to: &str,
) -> Result<u64, Error> {
    let stmt = sql!(
        "insert into live_line
           (pto_ref, pm_ref, pbo_ref, fibre_id, state, holder_code, version)
         select pto_ref, pm_ref, pbo_ref, fibre_id, state, oc_code, 1 from pto
         where from_release = ?1 and pto_ref > ?2 and pto_ref <= ?3
         order by pto_ref on conflict do nothing"
    );
    tx.execute(
        &scope.rls(),
        stmt,
        &[release.0.into(), after.into(), up_to.into()],
    )
}

/// Live fibres after the key `after`, at most 5,000, for an import to compare with its file.
pub fn list_live_fibres(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    after: &str,
) -> Result<Vec<LiveFibre>, Error> {
    let stmt = sql!(
        "select fibre_id, state, dedicated, pto_ref, holder_operator_id, order_id, version
         from live_fibre where fibre_id > ?1 order by fibre_id limit 5000"
    );
    tx.query(&scope.rls(), stmt, &[after.into()])?
        .iter()
        .map(live_fibre)
        .collect()
}

/// As [`list_live_fibres`], for lines.
pub fn list_live_lines(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    after: &str,
) -> Result<Vec<LiveLine>, Error> {
    let stmt = sql!(
        "select pto_ref, pm_ref, pbo_ref, fibre_id, state, holder_operator_id, holder_code,
           order_id, pending_order_id, version
         from live_line where pto_ref > ?1 order by pto_ref limit 5000"
    );
    tx.query(&scope.rls(), stmt, &[after.into()])?
        .iter()
        .map(live_line)
        .collect()
}

fn fibre(row: &Row) -> Result<Fibre, Error> {
    Ok(Fibre {
        id: row.text("fibre_id")?,
        pm_ref: row.text("pm_ref")?,
        pbo_ref: row.text("pbo_ref")?,
        cable: row.text("cable")?,
        tube: row.text("tube")?,
        colour: row.text("colour")?,
        state: FibreState::from_store(&row.text("state")?)?,
        dedicated: row.flag("dedicated")?,
        pto_ref: row.text("pto_ref")?,
        origin: Kind::from_store(&row.text("origin")?)?,
    })
}

fn pto(row: &Row) -> Result<Pto, Error> {
    Ok(Pto {
        reference: row.text("pto_ref")?,
        pm_ref: row.text("pm_ref")?,
        pbo_ref: row.text("pbo_ref")?,
        fibre_id: row.text("fibre_id")?,
        state: LineState::from_store(&row.text("state")?)?,
        oc_code: row.text("oc_code")?,
    })
}

fn live_fibre(row: &Row) -> Result<LiveFibre, Error> {
    Ok(LiveFibre {
        fibre_id: row.text("fibre_id")?,
        state: FibreState::from_store(&row.text("state")?)?,
        dedicated: row.flag("dedicated")?,
        pto_ref: row.text("pto_ref")?,
        holder: row
            .opt_text("holder_operator_id")?
            .map(OperatorId::from_store),
        order: row.opt_text("order_id")?.map(OrderId::from_store),
        version: row.int("version")?,
    })
}

fn live_line(row: &Row) -> Result<LiveLine, Error> {
    Ok(LiveLine {
        pto_ref: row.text("pto_ref")?,
        pm_ref: row.text("pm_ref")?,
        pbo_ref: row.text("pbo_ref")?,
        fibre_id: row.text("fibre_id")?,
        state: LineState::from_store(&row.text("state")?)?,
        holder: row
            .opt_text("holder_operator_id")?
            .map(OperatorId::from_store),
        holder_code: row.text("holder_code")?,
        order: row.opt_text("order_id")?.map(OrderId::from_store),
        pending_order: row.opt_text("pending_order_id")?.map(OrderId::from_store),
        version: row.int("version")?,
    })
}
