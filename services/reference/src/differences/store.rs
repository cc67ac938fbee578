//! SQL of what a release changed: for each key, the row it ended, the row it began, or both.

use domain::access::shared;
use domain::params;
use domain::release::{Release, Table};
use storage::{Error, Row, Statement, Tx, Value, first, sql};

use crate::store::Change;

/// Rows that `release` began or ended in `table`, by key after `after` (empty for the first page),
/// the ended before the begun, at most `limit`. `much` says that the release changed a good part of
/// the table.
pub fn walk(
    tx: &mut dyn Tx,
    table: Table,
    release: Release,
    after: &str,
    limit: i64,
    much: bool,
) -> Result<Vec<Row>, Error> {
    let mut params: Vec<Value> = vec![release.0.into()];
    if after.is_empty() {
        let blank = table.columns()[..table.key_len()].iter();
        // The rank is the one key column that is a number.
        params.extend(blank.map(|name| match *name {
            "rank" => Value::Int(i64::MIN),
            _ => Value::from(""),
        }));
    } else {
        params.extend(table.key_values(after));
    }
    params.push(limit.into());
    let stmt = if much { many(table) } else { few(table) };
    tx.query(&shared(), stmt, &params)
}

/// What `release` changed in `table`.
pub fn count(tx: &mut dyn Tx, table: Table, release: Release) -> Result<Change, Error> {
    let row = first(tx.query(&shared(), counting(table), params![release.0])?);
    let row = row.ok_or_else(|| Error::Internal("a count without a row".to_owned()))?;
    let (began, ended, both) = (row.int("began")?, row.int("ended")?, row.int("both")?);
    Ok(Change {
        table,
        added: began - both,
        changed: both,
        removed: ended - both,
    })
}

/// By the indexes of what a release began and ended, sorted: for a release that changed little. The
/// expressions on the key keep the planner from walking the whole table in its order.
fn few(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "select building_ref, state, insee, rivoli, postcode, commune, hexacle, street_hexacle,
               ban_key, street_type, street_name, number, complement, batiment, kind, is_new,
               dwellings, wired_on, agreement_needed, agreement_signed_on, zone, oi_code,
               pm_ref, pmt_ref, pbo_kind, connection_kind, x, y, projection, orders_from,
               reports_from, opened_on, changed_on, lon, lat, delivery_on, manager, from_release,
               to_release
             from building
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and building_ref || '' > ?2
             order by building_ref, from_release limit ?3"
        ),
        Table::Pm => sql!(
            "select pm_ref, state, kind, installed_on, capacity, engineering, dwellings,
               first_handed_over_on, opened_on, insee, active_place, pmt_refs, lon, lat,
               origin, hexacle, street_hexacle, ban_key, rivoli, number, complement, street_type,
               street_name, batiment, postcode, commune, address_quality, oi_patching,
               from_release, to_release
             from pm
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and pm_ref || '' > ?2
             order by pm_ref, from_release limit ?3"
        ),
        Table::Dwelling => sql!(
            "select building_ref, batiment, escalier, etage, porte, rank, pbo_ref, pto_ref, state,
               from_release, to_release
             from dwelling
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and (building_ref || '', batiment, escalier, etage, porte, rank)
               > (?2, ?3, ?4, ?5, ?6, ?7)
             order by building_ref, batiment, escalier, etage, porte, rank, from_release limit ?8"
        ),
        Table::Fibre => sql!(
            "select fibre_id, pm_ref, pbo_ref, cable, tube, colour, state, dedicated, pto_ref,
               origin, from_release, to_release
             from fibre
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and fibre_id || '' > ?2
             order by fibre_id, from_release limit ?3"
        ),
        Table::Pto => sql!(
            "select pto_ref, pm_ref, pbo_ref, fibre_id, state, oc_code, from_release, to_release
             from pto
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and pto_ref || '' > ?2
             order by pto_ref, from_release limit ?3"
        ),
        Table::Presence => sql!(
            "select oc_code, pm_ref, prestation_ref, from_release, to_release
             from presence
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and (oc_code || '', pm_ref, prestation_ref)
               > (?2, ?3, ?4)
             order by oc_code, pm_ref, prestation_ref, from_release limit ?5"
        ),
        Table::Pbo => sql!(
            "select pm_ref, pbo_ref, kind, capacity, lon, lat, origin, from_release, to_release
             from pbo
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and (pm_ref || '', pbo_ref)
               > (?2, ?3)
             order by pm_ref, pbo_ref, from_release limit ?4"
        ),
        Table::Cable => sql!(
            "select cable_ref, pm_ref, from_ref, to_ref, capacity, modulo, colour_code, origin,
               from_release, to_release
             from cable
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and cable_ref || '' > ?2
             order by cable_ref, from_release limit ?3"
        ),
        Table::Route => sql!(
            "select pto_ref, rank, pm_ref, pbo_ref, module, position, module_cable, module_tube,
               module_fibre, cable_ref, tube, fibre, fibre_id, connector, connector_colour,
               origin, from_release, to_release
             from optical_route
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and (pto_ref || '', rank)
               > (?2, ?3)
             order by pto_ref, rank, from_release limit ?4"
        ),
        Table::Nd => sql!(
            "select nd, building_ref, pto_ref, copper_state, from_release, to_release
             from nd
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and nd || '' > ?2
             order by nd, from_release limit ?3"
        ),
        Table::Address => sql!(
            "select ban_key, insee, street_code, number, complement, street_name, afnor_name,
               place_name, postcode, commune, delivery_name, old_insee, old_commune, lon, lat,
               certified, from_release, to_release
             from ban_address
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and ban_key || '' > ?2
             order by ban_key, from_release limit ?3"
        ),
        Table::Offer => sql!(
            "select code, label, family, technology, zones, building_states, building_kinds,
               presence_needed, active_place_needed, from_day, to_day, from_release, to_release
             from offer
             where (from_release = ?1
               or to_release = ?1 and to_release < 9223372036854775807)
               and code || '' > ?2
             order by code, from_release limit ?3"
        ),
    }
}

/// Along the key, keeping what the release began or ended: for a release that changed much, where a
/// page ends soon.
fn many(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "select building_ref, state, insee, rivoli, postcode, commune, hexacle, street_hexacle,
               ban_key, street_type, street_name, number, complement, batiment, kind, is_new,
               dwellings, wired_on, agreement_needed, agreement_signed_on, zone, oi_code,
               pm_ref, pmt_ref, pbo_kind, connection_kind, x, y, projection, orders_from,
               reports_from, opened_on, changed_on, lon, lat, delivery_on, manager, from_release,
               to_release
             from building
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and building_ref > ?2
             order by building_ref, from_release limit ?3"
        ),
        Table::Pm => sql!(
            "select pm_ref, state, kind, installed_on, capacity, engineering, dwellings,
               first_handed_over_on, opened_on, insee, active_place, pmt_refs, lon, lat,
               origin, hexacle, street_hexacle, ban_key, rivoli, number, complement, street_type,
               street_name, batiment, postcode, commune, address_quality, oi_patching,
               from_release, to_release
             from pm
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and pm_ref > ?2
             order by pm_ref, from_release limit ?3"
        ),
        Table::Dwelling => sql!(
            "select building_ref, batiment, escalier, etage, porte, rank, pbo_ref, pto_ref, state,
               from_release, to_release
             from dwelling
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and (building_ref, batiment, escalier, etage, porte, rank)
               > (?2, ?3, ?4, ?5, ?6, ?7)
             order by building_ref, batiment, escalier, etage, porte, rank, from_release limit ?8"
        ),
        Table::Fibre => sql!(
            "select fibre_id, pm_ref, pbo_ref, cable, tube, colour, state, dedicated, pto_ref,
               origin, from_release, to_release
             from fibre
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and fibre_id > ?2
             order by fibre_id, from_release limit ?3"
        ),
        Table::Pto => sql!(
            "select pto_ref, pm_ref, pbo_ref, fibre_id, state, oc_code, from_release, to_release
             from pto
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and pto_ref > ?2
             order by pto_ref, from_release limit ?3"
        ),
        Table::Presence => sql!(
            "select oc_code, pm_ref, prestation_ref, from_release, to_release
             from presence
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and (oc_code, pm_ref, prestation_ref)
               > (?2, ?3, ?4)
             order by oc_code, pm_ref, prestation_ref, from_release limit ?5"
        ),
        Table::Pbo => sql!(
            "select pm_ref, pbo_ref, kind, capacity, lon, lat, origin, from_release, to_release
             from pbo
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and (pm_ref, pbo_ref)
               > (?2, ?3)
             order by pm_ref, pbo_ref, from_release limit ?4"
        ),
        Table::Cable => sql!(
            "select cable_ref, pm_ref, from_ref, to_ref, capacity, modulo, colour_code, origin,
               from_release, to_release
             from cable
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and cable_ref > ?2
             order by cable_ref, from_release limit ?3"
        ),
        Table::Route => sql!(
            "select pto_ref, rank, pm_ref, pbo_ref, module, position, module_cable, module_tube,
               module_fibre, cable_ref, tube, fibre, fibre_id, connector, connector_colour,
               origin, from_release, to_release
             from optical_route
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and (pto_ref, rank)
               > (?2, ?3)
             order by pto_ref, rank, from_release limit ?4"
        ),
        Table::Nd => sql!(
            "select nd, building_ref, pto_ref, copper_state, from_release, to_release
             from nd
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and nd > ?2
             order by nd, from_release limit ?3"
        ),
        Table::Address => sql!(
            "select ban_key, insee, street_code, number, complement, street_name, afnor_name,
               place_name, postcode, commune, delivery_name, old_insee, old_commune, lon, lat,
               certified, from_release, to_release
             from ban_address
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and ban_key > ?2
             order by ban_key, from_release limit ?3"
        ),
        Table::Offer => sql!(
            "select code, label, family, technology, zones, building_states, building_kinds,
               presence_needed, active_place_needed, from_day, to_day, from_release, to_release
             from offer
             where (from_release + 0 = ?1 or to_release + 0 = ?1)
               and code > ?2
             order by code, from_release limit ?3"
        ),
    }
}

fn counting(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "select (select count(*) from building where from_release = ?1) as began,
               (select count(*) from building where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from building n where n.from_release = ?1 and exists (
                 select 1 from building o
                 where o.building_ref = n.building_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Pm => sql!(
            "select (select count(*) from pm where from_release = ?1) as began,
               (select count(*) from pm where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from pm n where n.from_release = ?1 and exists (
                 select 1 from pm o
                 where o.pm_ref = n.pm_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Dwelling => sql!(
            "select (select count(*) from dwelling where from_release = ?1) as began,
               (select count(*) from dwelling where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from dwelling n where n.from_release = ?1 and exists (
                 select 1 from dwelling o
                 where o.building_ref = n.building_ref
                   and o.batiment = n.batiment
                   and o.escalier = n.escalier
                   and o.etage = n.etage
                   and o.porte = n.porte
                   and o.rank = n.rank
                   and o.to_release = ?1)) as both"
        ),
        Table::Fibre => sql!(
            "select (select count(*) from fibre where from_release = ?1) as began,
               (select count(*) from fibre where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from fibre n where n.from_release = ?1 and exists (
                 select 1 from fibre o
                 where o.fibre_id = n.fibre_id
                   and o.to_release = ?1)) as both"
        ),
        Table::Pto => sql!(
            "select (select count(*) from pto where from_release = ?1) as began,
               (select count(*) from pto where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from pto n where n.from_release = ?1 and exists (
                 select 1 from pto o
                 where o.pto_ref = n.pto_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Presence => sql!(
            "select (select count(*) from presence where from_release = ?1) as began,
               (select count(*) from presence where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from presence n where n.from_release = ?1 and exists (
                 select 1 from presence o
                 where o.oc_code = n.oc_code
                   and o.pm_ref = n.pm_ref
                   and o.prestation_ref = n.prestation_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Pbo => sql!(
            "select (select count(*) from pbo where from_release = ?1) as began,
               (select count(*) from pbo where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from pbo n where n.from_release = ?1 and exists (
                 select 1 from pbo o
                 where o.pm_ref = n.pm_ref
                   and o.pbo_ref = n.pbo_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Cable => sql!(
            "select (select count(*) from cable where from_release = ?1) as began,
               (select count(*) from cable where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from cable n where n.from_release = ?1 and exists (
                 select 1 from cable o
                 where o.cable_ref = n.cable_ref
                   and o.to_release = ?1)) as both"
        ),
        Table::Route => sql!(
            "select (select count(*) from optical_route where from_release = ?1) as began,
               (select count(*) from optical_route where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from optical_route n where n.from_release = ?1 and exists (
                 select 1 from optical_route o
                 where o.pto_ref = n.pto_ref
                   and o.rank = n.rank
                   and o.to_release = ?1)) as both"
        ),
        Table::Nd => sql!(
            "select (select count(*) from nd where from_release = ?1) as began,
               (select count(*) from nd where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from nd n where n.from_release = ?1 and exists (
                 select 1 from nd o
                 where o.nd = n.nd
                   and o.to_release = ?1)) as both"
        ),
        Table::Address => sql!(
            "select (select count(*) from ban_address where from_release = ?1) as began,
               (select count(*) from ban_address where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from ban_address n where n.from_release = ?1 and exists (
                 select 1 from ban_address o
                 where o.ban_key = n.ban_key
                   and o.to_release = ?1)) as both"
        ),
        Table::Offer => sql!(
            "select (select count(*) from offer where from_release = ?1) as began,
               (select count(*) from offer where to_release = ?1
                 and to_release < 9223372036854775807) as ended,
               (select count(*) from offer n where n.from_release = ?1 and exists (
                 select 1 from offer o
                 where o.code = n.code
                   and o.to_release = ?1)) as both"
        ),
    }
}
