//! SQL of what surrounds releases: whom a publication is told to, what a release changed, which
//! orders it touches, and the IPE as operators fetch it.

use domain::access::{OperatorScope, StaffScope, SystemScope, shared};
use domain::params;
use domain::release::{Release, Table};
use kernel::{Millis, OperatorId};
use storage::{Error, Row, Tx, first, sql};

/// An operator that is told of a publication.
#[derive(Clone, Debug)]
pub struct Told {
    /// The operator.
    pub operator: OperatorId,
    /// Where the mail goes; `None` when it wants none.
    pub recipient: Option<String>,
}

/// Operators with a contract active at `now` (business time), by id.
pub fn list_told(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    now: Millis,
    limit: i64,
) -> Result<Vec<Told>, Error> {
    let stmt = sql!(
        "select o.operator_id, o.contact_email, n.wanted, n.recipient
         from operator o left join publication_notice n on n.operator_id = o.operator_id
         where o.role = 'oc' and exists (
           select 1 from contract c
           where c.operator_id = o.operator_id and c.signed_at_ms <= ?1
             and (c.ended_at_ms is null or c.ended_at_ms > ?1))
         order by o.operator_id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![now.0, limit])?
        .iter()
        .map(|row| {
            let recipient = match row.opt_text("recipient")? {
                Some(_) if !row.flag("wanted")? => None,
                Some(other) if !other.is_empty() => Some(other),
                _ => Some(row.text("contact_email")?),
            };
            Ok(Told {
                operator: OperatorId::from_store(row.text("operator_id")?),
                recipient,
            })
        })
        .collect()
}

/// Whether the caller's operator has a contract active at `now` (business time).
pub fn has_contract(tx: &mut dyn Tx, scope: &OperatorScope, now: Millis) -> Result<bool, Error> {
    let stmt = sql!(
        "select cast(1 as bigint) as found from contract
         where operator_id = ?1 and signed_at_ms <= ?2
           and (ended_at_ms is null or ended_at_ms > ?2) limit 1"
    );
    let params = params![scope.operator().as_str(), now.0];
    Ok(first(tx.query(&scope.rls(), stmt, params)?).is_some())
}

/// Whether the caller's operator wants a mail at each publication, and where when not at its own
/// contact.
pub fn notice_of(tx: &mut dyn Tx, scope: &OperatorScope) -> Result<Option<(bool, String)>, Error> {
    let stmt = sql!("select wanted, recipient from publication_notice where operator_id = ?1");
    first(tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?)
        .map(|row| Ok((row.flag("wanted")?, row.text("recipient")?)))
        .transpose()
}

/// Sets what [`notice_of`] answers.
pub fn update_notice(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    wanted: bool,
    recipient: &str,
) -> Result<u64, Error> {
    let stmt = sql!(
        "insert into publication_notice (operator_id, wanted, recipient) values (?1, ?2, ?3)
         on conflict (operator_id) do update
         set wanted = excluded.wanted, recipient = excluded.recipient"
    );
    let params = params![scope.operator().as_str(), wanted, recipient];
    tx.execute(&scope.rls(), stmt, params)
}

/// What a release changed in one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table.
    pub table: Table,
    /// Objects that were not in force.
    pub added: i64,
    /// Objects that change.
    pub changed: i64,
    /// Objects that are not in force any more.
    pub removed: i64,
}

impl Change {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.added + self.changed + self.removed
    }
}

/// What was counted of a release; empty when nothing was yet.
pub fn changes(tx: &mut dyn Tx, release: Release) -> Result<Vec<Change>, Error> {
    let stmt = sql!(
        "select released_table, added, changed, removed from release_change
         where release = ?1 order by released_table"
    );
    let rows = tx.query(&shared(), stmt, params![release.0])?;
    let mut all = rows.iter().map(change).collect::<Result<Vec<_>, Error>>()?;
    all.retain(|change| change.total() > 0);
    Ok(all)
}

fn change(row: &Row) -> Result<Change, Error> {
    let name = row.text("released_table")?;
    let table = Table::ALL.into_iter().find(|table| table.name() == name);
    Ok(Change {
        table: table.ok_or_else(|| Error::Decode(format!("{name} is no released table")))?,
        added: row.int("added")?,
        changed: row.int("changed")?,
        removed: row.int("removed")?,
    })
}

/// Keeps what was counted of a release, which does not change any more.
pub fn insert_change(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    release: Release,
    change: &Change,
) -> Result<u64, Error> {
    let stmt = sql!(
        "insert into release_change (release, released_table, added, changed, removed)
         values (?1, ?2, ?3, ?4, ?5) on conflict (release, released_table) do nothing"
    );
    let params = params![
        release.0,
        change.table.name(),
        change.added,
        change.changed,
        change.removed
    ];
    tx.execute(&scope.rls(), stmt, params)
}

/// An order under way that a release touches.
#[derive(Clone, Debug)]
pub struct Touched {
    /// The operator's id, for paging.
    pub operator: String,
    /// The operator's code.
    pub operator_code: String,
    /// The operator's reference.
    pub reference: String,
    /// Where it stands.
    pub status: String,
    /// Its building.
    pub building_ref: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PTO.
    pub pto_ref: String,
    /// Whether its building goes or cannot be ordered any more.
    pub by_building: bool,
    /// Whether its PM goes or is not deployed any more.
    pub by_pm: bool,
}

/// Orders that are not ended and whose building, PM or PTO `release` takes away or makes
/// unorderable, by operator and id, at most `limit`. An order looks its own objects
/// up, so that the time is that of the orders under way, however much the release changes.
pub fn list_touched(
    tx: &mut dyn Tx,
    staff: &StaffScope,
    release: Release,
    limit: i64,
) -> Result<Vec<Touched>, Error> {
    let stmt = sql!(
        "with busy as (
           select a.operator_id, a.id, a.reference, a.status, a.building_ref, a.pm_ref, a.pto_ref,
             case when exists (
               select 1 from building b
               where b.building_ref = a.building_ref and b.to_release = ?1
                 and b.state in ('deploye', 'raccordable_demande')) and not exists (
               select 1 from building n
               where n.building_ref = a.building_ref and n.from_release = ?1
                 and n.state in ('deploye', 'raccordable_demande'))
               then cast(1 as bigint) else cast(0 as bigint) end as by_building,
             case when a.pm_ref <> '' and exists (
               select 1 from pm b
               where b.pm_ref = a.pm_ref and b.to_release = ?1 and b.state = 'deploye')
               and not exists (
               select 1 from pm n
               where n.pm_ref = a.pm_ref and n.from_release = ?1 and n.state = 'deploye')
               then cast(1 as bigint) else cast(0 as bigint) end as by_pm,
             case when a.pto_ref <> '' and exists (
               select 1 from pto b where b.pto_ref = a.pto_ref and b.to_release = ?1)
               and not exists (
               select 1 from pto n where n.pto_ref = a.pto_ref and n.from_release = ?1)
               then cast(1 as bigint) else cast(0 as bigint) end as by_pto
           from access_order a
           where a.status in ('deposee', 'ar_ok', 'cr_ok', 'stoc_emise', 'racco_oi_planifie',
               'racco_ko', 'racco_ok', 'mad', 'annul_demandee'))
         select b.operator_id, b.id, b.reference, b.status, b.building_ref, b.pm_ref, b.pto_ref,
           b.by_building, b.by_pm, o.code
         from busy b join operator o on o.operator_id = b.operator_id
         where b.by_building + b.by_pm + b.by_pto > 0
         order by b.operator_id, b.id limit ?2"
    );
    let params = params![release.0, limit];
    tx.query(&staff.rls(), stmt, params)?
        .iter()
        .map(|row| {
            Ok(Touched {
                operator: row.text("operator_id")?,
                operator_code: row.text("code")?,
                reference: row.text("reference")?,
                status: row.text("status")?,
                building_ref: row.text("building_ref")?,
                pm_ref: row.text("pm_ref")?,
                pto_ref: row.text("pto_ref")?,
                by_building: row.int("by_building")? == 1,
                by_pm: row.int("by_pm")? == 1,
            })
        })
        .collect()
}

/// Rows of one page of [`ipe_page`].
pub const IPE_PAGE: usize = 2_000;

/// Buildings in force at `release` after the reference `after`, with the PM of each, by reference:
/// the lines of an IPE.
pub fn ipe_page(tx: &mut dyn Tx, release: Release, after: &str) -> Result<Vec<Row>, Error> {
    let stmt = sql!(
        "select b.building_ref, b.state, b.insee, b.rivoli, b.postcode, b.commune, b.hexacle,
           b.street_hexacle, b.ban_key, b.street_type, b.street_name, b.number, b.complement,
           b.batiment, b.kind, b.is_new, b.dwellings, b.wired_on, b.agreement_needed,
           b.agreement_signed_on, b.zone, b.oi_code, b.pm_ref, b.pmt_ref, b.pbo_kind,
           b.connection_kind, b.x, b.y, b.projection, b.orders_from, b.reports_from, b.opened_on,
           b.changed_on, p.state as pm_state, p.kind as pm_kind, p.installed_on, p.capacity,
           p.engineering, p.dwellings as pm_dwellings, p.first_handed_over_on,
           p.opened_on as pm_opened_on, p.insee as pm_insee, p.active_place
         from building b left join pm p
           on p.pm_ref = b.pm_ref and p.from_release <= ?1 and p.to_release > ?1
         where b.from_release <= ?1 and b.to_release > ?1 and b.building_ref > ?2
         order by b.building_ref limit 2000"
    );
    tx.query(&shared(), stmt, params![release.0, after])
}
