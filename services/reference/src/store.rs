//! SQL of what surrounds releases: whom a publication is told to, what a release changed, and the
//! IPE as operators fetch it.

use domain::access::{OperatorScope, SystemScope, shared};
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
           b.changed_on, b.delivery_on, p.state as pm_state, p.kind as pm_kind, p.installed_on,
           p.capacity, p.engineering, p.dwellings as pm_dwellings, p.first_handed_over_on,
           p.opened_on as pm_opened_on, p.insee as pm_insee, p.active_place,
           p.hexacle as pm_hexacle, p.street_hexacle as pm_street_hexacle,
           p.ban_key as pm_ban_key, p.rivoli as pm_rivoli, p.number as pm_number,
           p.complement as pm_complement, p.street_type as pm_street_type,
           p.street_name as pm_street_name, p.batiment as pm_batiment,
           p.postcode as pm_postcode, p.commune as pm_commune, p.address_quality, p.oi_patching
         from building b left join pm p
           on p.pm_ref = b.pm_ref and p.from_release <= ?1 and p.to_release > ?1
         where b.from_release <= ?1 and b.to_release > ?1 and b.building_ref > ?2
         order by b.building_ref limit 2000"
    );
    tx.query(&shared(), stmt, params![release.0, after])
}
