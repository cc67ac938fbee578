//! SQL of releases: the pointer and the sources in the main database, the intervals in the released
//! tables, which on SQLite are a database of their own with its own writer.

use jiff::civil::Date;
use kernel::Millis;
use storage::{Error, Row as StoredRow, Statement, Tx, Value, first, sql};

use super::rows::KEY_SEPARATOR;
use super::{Begun, Kind, Release, ReleaseInfo, ReleaseState, Row, Source, Table};
use crate::access::{SystemScope, shared};

/// Rows of one page of [`in_force_page`].
pub const PAGE_ROWS: usize = 5_000;

/// The release in force; [`Release::EMPTY`] before the first publication.
pub fn current(tx: &mut dyn Tx) -> Result<Release, Error> {
    let stmt = sql!("select number from release_pointer where slot = 1");
    let row = first(tx.query(&shared(), stmt, &[])?);
    row.map_or(Ok(Release::EMPTY), |row| row.int("number").map(Release))
}

/// The release `number`, if it was ever begun.
pub fn by_number(tx: &mut dyn Tx, number: Release) -> Result<Option<ReleaseInfo>, Error> {
    let stmt = sql!(
        "select number, base, kind, state, created_at_ms, published_at_ms
         from release where number = ?1"
    );
    first(tx.query(&shared(), stmt, &[number.0.into()])?)
        .map(|row| info(&row))
        .transpose()
}

/// The last `limit` releases, newest first.
pub fn list(tx: &mut dyn Tx, limit: u32) -> Result<Vec<ReleaseInfo>, Error> {
    let stmt = sql!(
        "select number, base, kind, state, created_at_ms, published_at_ms
         from release order by number desc limit ?1"
    );
    tx.query(&shared(), stmt, &[limit.into()])?
        .iter()
        .map(info)
        .collect()
}

fn info(row: &StoredRow) -> Result<ReleaseInfo, Error> {
    Ok(ReleaseInfo {
        number: Release(row.int("number")?),
        base: Release(row.int("base")?),
        kind: Kind::from_store(&row.text("kind")?)?,
        state: ReleaseState::from_store(&row.text("state")?)?,
        created_at: Millis(row.int("created_at_ms")?),
        published_at: row.opt_int("published_at_ms")?.map(Millis),
    })
}

/// The release that waits to be published, if one does.
pub fn ready(tx: &mut dyn Tx) -> Result<Option<Release>, Error> {
    let stmt =
        sql!("select number from release where state = 'ready' order by number desc limit 1");
    Ok(numbers(&tx.query(&shared(), stmt, &[])?)?.pop())
}

/// The files the rows of `release` come from, one of each kind imported so far.
pub fn sources(tx: &mut dyn Tx, release: Release) -> Result<Vec<Source>, Error> {
    let stmt = sql!(
        "select kind, extracted_on, file_name, digest, row_count
         from release_source where release = ?1 order by kind"
    );
    tx.query(&shared(), stmt, &[release.0.into()])?
        .iter()
        .map(|row| {
            Ok(Source {
                kind: Kind::from_store(&row.text("kind")?)?,
                extracted_on: date(row, "extracted_on")?
                    .ok_or_else(|| Error::Decode("extracted_on is empty".to_owned()))?,
                file_name: row.text("file_name")?,
                digest: row.text("digest")?,
                rows: row.int("row_count")?,
            })
        })
        .collect()
}

/// The extraction date of an answer that rests on `kinds` of `release`: the oldest of theirs (I-1).
/// `None` when none of them was imported.
pub fn extraction_date(
    tx: &mut dyn Tx,
    release: Release,
    kinds: &[Kind],
) -> Result<Option<Date>, Error> {
    let sources = sources(tx, release)?;
    Ok(sources
        .iter()
        .filter(|s| kinds.contains(&s.kind))
        .map(|s| s.extracted_on)
        .min())
}

/// A nullable ISO date column.
pub(crate) fn date(row: &StoredRow, name: &str) -> Result<Option<Date>, Error> {
    let Some(text) = row.opt_text(name)? else {
        return Ok(None);
    };
    let date = text
        .parse()
        .map_err(|e| Error::Decode(format!("column {name}: {e}")))?;
    Ok(Some(date))
}

/// Begins a release on the one in force, after withdrawing those begun and never published. The
/// sources of the other kinds stay what they are.
pub fn begin(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    source: &Source,
    now: Millis,
) -> Result<Begun, Error> {
    let rls = scope.rls();
    let base = current(tx)?;
    let stmt = sql!(
        "update release set state = 'withdrawn' where state in ('building', 'ready')
         returning number"
    );
    let superseded = numbers(&tx.query(&rls, stmt, &[])?)?;
    let stmt = sql!(
        "select number from release where state = 'withdrawn' and undone = false
         order by number desc"
    );
    let to_undo = numbers(&tx.query(&rls, stmt, &[])?)?;
    let stmt = sql!(
        "insert into release (number, base, kind, state, undone, created_at_ms)
         select coalesce(max(number), 0) + 1, cast(?1 as bigint), cast(?2 as text), 'building',
           false, cast(?3 as bigint)
         from release
         returning number"
    );
    let params = [base.0.into(), source.kind.as_str().into(), now.0.into()];
    let number = numbers(&tx.query(&rls, stmt, &params)?)?
        .pop()
        .ok_or_else(|| Error::Internal("no release number".to_owned()))?;
    let stmt = sql!(
        "insert into release_source (release, kind, extracted_on, file_name, digest, row_count)
         select cast(?1 as bigint), kind, extracted_on, file_name, digest, row_count
         from release_source where release = ?2 and kind <> ?3"
    );
    let params = [number.0.into(), base.0.into(), source.kind.as_str().into()];
    tx.execute(&rls, stmt, &params)?;
    insert_source(tx, scope, number, source)?;
    Ok(Begun {
        number,
        base,
        superseded,
        to_undo,
    })
}

/// Notes the file that gave `number` its rows of one kind.
pub fn insert_source(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    number: Release,
    source: &Source,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into release_source (release, kind, extracted_on, file_name, digest, row_count)
         values (?1, ?2, ?3, ?4, ?5, ?6)"
    );
    let params = [
        number.0.into(),
        source.kind.as_str().into(),
        source.extracted_on.to_string().into(),
        (&source.file_name).into(),
        (&source.digest).into(),
        source.rows.into(),
    ];
    tx.execute(&scope.rls(), stmt, &params)?;
    Ok(())
}

fn numbers(rows: &[StoredRow]) -> Result<Vec<Release>, Error> {
    rows.iter()
        .map(|row| row.int("number").map(Release))
        .collect()
}

/// Notes that the edits of withdrawn releases are undone.
pub fn mark_undone(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    releases: &[Release],
) -> Result<(), Error> {
    let stmt = sql!("update release set undone = true where number = ?1 and state = 'withdrawn'");
    for release in releases {
        tx.execute(&scope.rls(), stmt, &[release.0.into()])?;
    }
    Ok(())
}

/// Notes that every interval of `number` is written; false when it was withdrawn meanwhile.
pub fn mark_ready(tx: &mut dyn Tx, scope: &SystemScope, number: Release) -> Result<bool, Error> {
    let stmt = sql!("update release set state = 'ready' where number = ?1 and state = 'building'");
    Ok(tx.execute(&scope.rls(), stmt, &[number.0.into()])? == 1)
}

/// Moves the pointer to a ready release; false, with nothing changed, when it is not ready or was
/// not built on the release in force.
pub fn publish(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    number: Release,
    now: Millis,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update release_pointer set number = ?1, version = version + 1
         where slot = 1
           and number = (select base from release where number = ?1 and state = 'ready')"
    );
    if tx.execute(&scope.rls(), stmt, &[number.0.into()])? == 0 {
        return Ok(false);
    }
    let stmt =
        sql!("update release set state = 'published', published_at_ms = ?2 where number = ?1");
    tx.execute(&scope.rls(), stmt, &[number.0.into(), now.0.into()])?;
    Ok(true)
}

/// Takes the released tables for building `number`, and undoes there the edits of `to_undo`
/// (newest first). One unit of work on the reference writer.
pub fn claim(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    number: Release,
    to_undo: &[Release],
) -> Result<bool, Error> {
    let stmt = sql!("update reference_build set release = ?1 where slot = 1 and release < ?1");
    if tx.execute(&scope.rls(), stmt, &[number.0.into()])? == 0 {
        return Ok(false);
    }
    for release in to_undo {
        for table in Table::ALL {
            let params = [release.0.into()];
            tx.execute(&scope.rls(), delete_from(table), &params)?;
            tx.execute(&scope.rls(), reopen(table), &params)?;
        }
    }
    Ok(true)
}

/// Whether the released tables are still taken for building `number`. Every slice asks first, so
/// that an importer that lost its place can write nothing more.
pub fn is_claimed(tx: &mut dyn Tx, number: Release) -> Result<bool, Error> {
    let stmt = sql!("select release from reference_build where slot = 1");
    let row = first(tx.query(&shared(), stmt, &[])?);
    row.map_or(Ok(false), |row| Ok(row.int("release")? == number.0))
}

/// As [`is_claimed`], by a write: once it is durable, so are all the slices before it.
pub fn confirm(tx: &mut dyn Tx, scope: &SystemScope, number: Release) -> Result<bool, Error> {
    let stmt = sql!("update reference_build set release = ?1 where slot = 1 and release = ?1");
    Ok(tx.execute(&scope.rls(), stmt, &[number.0.into()])? == 1)
}

/// A row in force, as an import compares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InForce<'a> {
    /// Its key.
    pub key: &'a str,
    /// Of its values.
    pub digest: i64,
    /// Of the line it was read from.
    pub line_digest: i64,
    /// The kind of file it came from, where the table is fed by several.
    pub origin: Option<Kind>,
}

/// Shows `f` the rows of `table` in force at `release` after the key `after` (empty for the first
/// page), by key, at most [`PAGE_ROWS`]. The last key of a full page; `None` when no row is left.
pub fn each_in_force(
    tx: &mut dyn Tx,
    table: Table,
    release: Release,
    after: &str,
    mut f: impl FnMut(InForce<'_>) -> Result<(), Error>,
) -> Result<Option<String>, Error> {
    let mut params = match (after, table) {
        // The rank is the one key column that is a number.
        ("", Table::Dwelling | Table::Route) => {
            let mut params = vec![Value::from(""); table.key_len() - 1];
            params.push(Value::Int(0));
            params
        }
        ("", _) => vec![Value::from(""); table.key_len()],
        (after, _) => table.key_values(after),
    };
    params.push(release.0.into());
    let (key_len, shares) = (table.key_len(), Table::SHARED.contains(&table));
    let ranked = matches!(table, Table::Dwelling | Table::Route);
    let (mut key, mut rows) = (String::new(), 0);
    tx.each(&shared(), page(table), &params, &mut |cells| {
        key.clear();
        for at in 0..key_len {
            if at > 0 {
                key.push(KEY_SEPARATOR);
            }
            match ranked && at + 1 == key_len {
                true => key.push_str(&cells.int(at)?.to_string()),
                false => key.push_str(cells.text(at)?),
            }
        }
        rows += 1;
        f(InForce {
            key: &key,
            digest: cells.int(key_len)?,
            line_digest: cells.int(key_len + 1)?,
            origin: match shares {
                true => Some(Kind::from_store(cells.text(key_len + 2)?)?),
                false => None,
            },
        })
    })?;
    Ok((rows == PAGE_ROWS).then_some(key))
}

/// Ends the interval of the newest row of `key` at `number`.
pub fn close(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    table: Table,
    key: &str,
    number: Release,
) -> Result<u64, Error> {
    let mut params = table.key_values(key);
    params.push(number.0.into());
    tx.execute(&scope.rls(), close_one(table), &params)
}

/// Notes of which line the newest row of `key` would be read today, its values being the same. What
/// is noted is true whatever becomes of the release that is being built.
pub fn renew_line(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    table: Table,
    key: &str,
    line_digest: i64,
) -> Result<u64, Error> {
    let mut params = table.key_values(key);
    params.push(line_digest.into());
    tx.execute(&scope.rls(), renew_one(table), &params)
}

/// Inserts rows in force from `number` on.
pub fn insert(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    table: Table,
    rows: &mut dyn Iterator<Item = Row>,
    number: Release,
) -> Result<u64, Error> {
    let mut values = rows.map(|row| {
        let mut values = row.values;
        values.extend([row.digest.into(), row.line_digest.into(), number.0.into()]);
        values
    });
    tx.bulk_insert(&scope.rls(), table.name(), table.columns(), &mut values)
}

fn page(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "select building_ref, digest, line_digest from building
             where from_release <= ?2 and to_release > ?2 and building_ref > ?1
             order by building_ref limit 5000"
        ),
        Table::Pm => sql!(
            "select pm_ref, digest, line_digest, origin from pm
             where from_release <= ?2 and to_release > ?2 and pm_ref > ?1
             order by pm_ref limit 5000"
        ),
        Table::Dwelling => sql!(
            "select building_ref, batiment, escalier, etage, porte, rank, digest, line_digest
             from dwelling
             where from_release <= ?7 and to_release > ?7
               and (building_ref, batiment, escalier, etage, porte, rank)
                 > (?1, ?2, ?3, ?4, ?5, ?6)
             order by building_ref, batiment, escalier, etage, porte, rank limit 5000"
        ),
        Table::Fibre => sql!(
            "select fibre_id, digest, line_digest, origin from fibre
             where from_release <= ?2 and to_release > ?2 and fibre_id > ?1
             order by fibre_id limit 5000"
        ),
        Table::Pto => sql!(
            "select pto_ref, digest, line_digest from pto
             where from_release <= ?2 and to_release > ?2 and pto_ref > ?1
             order by pto_ref limit 5000"
        ),
        Table::Presence => sql!(
            "select oc_code, pm_ref, prestation_ref, digest, line_digest from presence
             where from_release <= ?4 and to_release > ?4
               and (oc_code, pm_ref, prestation_ref) > (?1, ?2, ?3)
             order by oc_code, pm_ref, prestation_ref limit 5000"
        ),
        Table::Pbo => sql!(
            "select pm_ref, pbo_ref, digest, line_digest, origin from pbo
             where from_release <= ?3 and to_release > ?3 and (pm_ref, pbo_ref) > (?1, ?2)
             order by pm_ref, pbo_ref limit 5000"
        ),
        Table::Cable => sql!(
            "select cable_ref, digest, line_digest, origin from cable
             where from_release <= ?2 and to_release > ?2 and cable_ref > ?1
             order by cable_ref limit 5000"
        ),
        Table::Route => sql!(
            "select pto_ref, rank, digest, line_digest, origin from optical_route
             where from_release <= ?3 and to_release > ?3 and (pto_ref, rank) > (?1, ?2)
             order by pto_ref, rank limit 5000"
        ),
        Table::Nd => sql!(
            "select nd, digest, line_digest from nd
             where from_release <= ?2 and to_release > ?2 and nd > ?1
             order by nd limit 5000"
        ),
        Table::Address => sql!(
            "select ban_key, digest, line_digest from ban_address
             where from_release <= ?2 and to_release > ?2 and ban_key > ?1
             order by ban_key limit 5000"
        ),
        Table::Offer => sql!(
            "select code, digest, line_digest from offer
             where from_release <= ?2 and to_release > ?2 and code > ?1
             order by code limit 5000"
        ),
    }
}

fn close_one(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "update building set to_release = ?2
             where building_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Pm => sql!(
            "update pm set to_release = ?2
             where pm_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Dwelling => sql!(
            "update dwelling set to_release = ?7
             where building_ref = ?1 and batiment = ?2 and escalier = ?3 and etage = ?4
               and porte = ?5 and rank = ?6 and to_release = 9223372036854775807"
        ),
        Table::Fibre => sql!(
            "update fibre set to_release = ?2
             where fibre_id = ?1 and to_release = 9223372036854775807"
        ),
        Table::Pto => sql!(
            "update pto set to_release = ?2
             where pto_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Presence => sql!(
            "update presence set to_release = ?4
             where oc_code = ?1 and pm_ref = ?2 and prestation_ref = ?3
               and to_release = 9223372036854775807"
        ),
        Table::Pbo => sql!(
            "update pbo set to_release = ?3
             where pm_ref = ?1 and pbo_ref = ?2 and to_release = 9223372036854775807"
        ),
        Table::Cable => sql!(
            "update cable set to_release = ?2
             where cable_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Route => sql!(
            "update optical_route set to_release = ?3
             where pto_ref = ?1 and rank = ?2 and to_release = 9223372036854775807"
        ),
        Table::Nd => sql!(
            "update nd set to_release = ?2
             where nd = ?1 and to_release = 9223372036854775807"
        ),
        Table::Address => sql!(
            "update ban_address set to_release = ?2
             where ban_key = ?1 and to_release = 9223372036854775807"
        ),
        Table::Offer => sql!(
            "update offer set to_release = ?2
             where code = ?1 and to_release = 9223372036854775807"
        ),
    }
}

fn renew_one(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!(
            "update building set line_digest = ?2
             where building_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Pm => sql!(
            "update pm set line_digest = ?2
             where pm_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Dwelling => sql!(
            "update dwelling set line_digest = ?7
             where building_ref = ?1 and batiment = ?2 and escalier = ?3 and etage = ?4
               and porte = ?5 and rank = ?6 and to_release = 9223372036854775807"
        ),
        Table::Fibre => sql!(
            "update fibre set line_digest = ?2
             where fibre_id = ?1 and to_release = 9223372036854775807"
        ),
        Table::Pto => sql!(
            "update pto set line_digest = ?2
             where pto_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Presence => sql!(
            "update presence set line_digest = ?4
             where oc_code = ?1 and pm_ref = ?2 and prestation_ref = ?3
               and to_release = 9223372036854775807"
        ),
        Table::Pbo => sql!(
            "update pbo set line_digest = ?3
             where pm_ref = ?1 and pbo_ref = ?2 and to_release = 9223372036854775807"
        ),
        Table::Cable => sql!(
            "update cable set line_digest = ?2
             where cable_ref = ?1 and to_release = 9223372036854775807"
        ),
        Table::Route => sql!(
            "update optical_route set line_digest = ?3
             where pto_ref = ?1 and rank = ?2 and to_release = 9223372036854775807"
        ),
        Table::Nd => sql!(
            "update nd set line_digest = ?2
             where nd = ?1 and to_release = 9223372036854775807"
        ),
        Table::Address => sql!(
            "update ban_address set line_digest = ?2
             where ban_key = ?1 and to_release = 9223372036854775807"
        ),
        Table::Offer => sql!(
            "update offer set line_digest = ?2
             where code = ?1 and to_release = 9223372036854775807"
        ),
    }
}

fn delete_from(table: Table) -> &'static Statement {
    match table {
        Table::Building => sql!("delete from building where from_release = ?1"),
        Table::Pm => sql!("delete from pm where from_release = ?1"),
        Table::Dwelling => sql!("delete from dwelling where from_release = ?1"),
        Table::Fibre => sql!("delete from fibre where from_release = ?1"),
        Table::Pto => sql!("delete from pto where from_release = ?1"),
        Table::Presence => sql!("delete from presence where from_release = ?1"),
        Table::Pbo => sql!("delete from pbo where from_release = ?1"),
        Table::Cable => sql!("delete from cable where from_release = ?1"),
        Table::Route => sql!("delete from optical_route where from_release = ?1"),
        Table::Nd => sql!("delete from nd where from_release = ?1"),
        Table::Address => sql!("delete from ban_address where from_release = ?1"),
        Table::Offer => sql!("delete from offer where from_release = ?1"),
    }
}

fn reopen(table: Table) -> &'static Statement {
    match table {
        Table::Building => {
            sql!("update building set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Pm => sql!("update pm set to_release = 9223372036854775807 where to_release = ?1"),
        Table::Dwelling => {
            sql!("update dwelling set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Fibre => {
            sql!("update fibre set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Pto => {
            sql!("update pto set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Presence => {
            sql!("update presence set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Pbo => sql!("update pbo set to_release = 9223372036854775807 where to_release = ?1"),
        Table::Cable => {
            sql!("update cable set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Route => {
            sql!("update optical_route set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Nd => sql!("update nd set to_release = 9223372036854775807 where to_release = ?1"),
        Table::Address => {
            sql!("update ban_address set to_release = 9223372036854775807 where to_release = ?1")
        }
        Table::Offer => {
            sql!("update offer set to_release = 9223372036854775807 where to_release = ?1")
        }
    }
}
