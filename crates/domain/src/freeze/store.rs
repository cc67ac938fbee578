//! SQL of freezes.

use kernel::Millis;
use storage::{Error, Row, Tx, first, sql};

use super::{Act, Freeze, FreezeKind, Stage};
use crate::access::{Reach, shared};
use crate::params;

/// The freeze that bears on a building or PM at `at`, if any (FIMP11): of several, the one that
/// lasts longest.
pub fn freeze_at(
    tx: &mut dyn Tx,
    kind: FreezeKind,
    reference: &str,
    at: Millis,
) -> Result<Option<Freeze>, Error> {
    let stmt = sql!(
        "select kind, reference, from_at_ms, to_at_ms, reason, internal from order_freeze
         where kind = ?1 and reference = ?2 and from_at_ms <= ?3 and to_at_ms > ?3
         order by to_at_ms desc limit 1"
    );
    let params = params![kind.as_str(), reference, at.0];
    first(tx.query(&shared(), stmt, params)?)
        .map(|row| freeze(&row))
        .transpose()
}

/// The freeze of a building or PM that is in force at `now`, else the next to come.
pub fn open_at(
    tx: &mut dyn Tx,
    kind: FreezeKind,
    reference: &str,
    now: Millis,
) -> Result<Option<Act>, Error> {
    let stmt = sql!(
        "select kind, reference, from_at_ms, to_at_ms, reason, internal, until_at_ms, set_by,
           set_at_ms, lifted_by, lifted_at_ms
         from order_freeze
         where kind = ?1 and reference = ?2 and to_at_ms > ?3 and to_at_ms > from_at_ms
         order by from_at_ms limit 1"
    );
    let params = params![kind.as_str(), reference, now.0];
    first(tx.query(&shared(), stmt, params)?)
        .map(|row| act(&row))
        .transpose()
}

/// Puts a freeze, by whom and when; false when one of the same object begins at the same instant.
pub fn insert(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    freeze: &Freeze,
    (by, at): (&str, Millis),
) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into order_freeze (kind, reference, from_at_ms, to_at_ms, reason, internal,
           until_at_ms, set_by, set_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?4, ?7, ?8) on conflict do nothing"
    );
    let params = params![
        freeze.kind.as_str(),
        freeze.reference.as_str(),
        freeze.from.0,
        freeze.to.0,
        freeze.reason.as_str(),
        freeze.internal,
        by,
        at.0
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// Lifts at `at` every freeze of a building or PM that has not ended: one to come never begins. How
/// many that is.
pub fn lift(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    (kind, reference): (FreezeKind, &str),
    (by, at): (&str, Millis),
) -> Result<u64, Error> {
    let stmt = sql!(
        "update order_freeze set lifted_by = ?4, lifted_at_ms = ?3,
           to_at_ms = case when from_at_ms > ?3 then from_at_ms else ?3 end
         where kind = ?1 and reference = ?2 and to_at_ms > ?3 and to_at_ms > from_at_ms"
    );
    let params = params![kind.as_str(), reference, at.0, by];
    tx.execute(&reach.rls(), stmt, params)
}

/// What orders a list of freezes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The last that began first.
    #[default]
    LastBegun,
    /// The first that began first.
    FirstBegun,
    /// The last to end first.
    LastEnding,
    /// The first to end first.
    FirstEnding,
}

/// Where a freeze stands in a list: its first or last instant, kind, reference, first instant.
pub type Place = (i64, String, String, i64);

/// What a list of freezes is asked for; empty texts ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of buildings or of PMs.
    pub kind: Option<FreezeKind>,
    /// At this stage.
    pub stage: Option<Stage>,
    /// Of objects whose reference begins so.
    pub reference: String,
    /// In this order.
    pub order: Order,
    /// After this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: i64,
}

impl Listing {
    /// The place of a freeze in this list.
    #[must_use]
    pub fn place_of(&self, freeze: &Freeze) -> Place {
        let by = match self.order {
            Order::LastBegun | Order::FirstBegun => freeze.from,
            Order::LastEnding | Order::FirstEnding => freeze.to,
        };
        let kind = freeze.kind.as_str().to_owned();
        (by.0, kind, freeze.reference.clone(), freeze.from.0)
    }
}

macro_rules! wanted {
    () => {
        "select kind, reference, from_at_ms, to_at_ms, reason, internal, until_at_ms, set_by,
           set_at_ms, lifted_by, lifted_at_ms
         from order_freeze
         where (?1 = '' or kind = ?1)
           and (?2 = '' or case when to_at_ms <= ?3 or to_at_ms <= from_at_ms then 'termine'
             when from_at_ms > ?3 then 'a_venir' else 'en_vigueur' end = ?2)
           and (?4 = '' or substr(reference, 1, length(cast(?4 as text))) = ?4)
           and "
    };
}

/// Freezes as they stand at `now`.
pub fn list(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    wanted: &Listing,
    now: Millis,
) -> Result<Vec<Act>, Error> {
    let ascending = matches!(wanted.order, Order::FirstBegun | Order::FirstEnding);
    let stmt = match wanted.order {
        Order::LastBegun => sql!(concat!(
            wanted!(),
            "(from_at_ms, kind, reference, from_at_ms) < (?5, ?6, ?7, ?8)
             order by from_at_ms desc, kind desc, reference desc limit ?9"
        )),
        Order::FirstBegun => sql!(concat!(
            wanted!(),
            "(from_at_ms, kind, reference, from_at_ms) > (?5, ?6, ?7, ?8)
             order by from_at_ms, kind, reference limit ?9"
        )),
        Order::LastEnding => sql!(concat!(
            wanted!(),
            "(to_at_ms, kind, reference, from_at_ms) < (?5, ?6, ?7, ?8)
             order by to_at_ms desc, kind desc, reference desc, from_at_ms desc limit ?9"
        )),
        Order::FirstEnding => sql!(concat!(
            wanted!(),
            "(to_at_ms, kind, reference, from_at_ms) > (?5, ?6, ?7, ?8)
             order by to_at_ms, kind, reference, from_at_ms limit ?9"
        )),
    };
    // Kinds are small letters: `~` comes after every one, and no freeze is before all time.
    let edge = match ascending {
        true => (i64::MIN, String::new(), String::new(), i64::MIN),
        false => (i64::MAX, "~".to_owned(), String::new(), i64::MAX),
    };
    let (by, kind, reference, from) = wanted.after.clone().unwrap_or(edge);
    let params = params![
        wanted.kind.map_or("", FreezeKind::as_str),
        wanted.stage.map_or("", Stage::as_str),
        now.0,
        wanted.reference.as_str(),
        by,
        kind,
        reference,
        from,
        wanted.limit
    ];
    tx.query(&reach.rls(), stmt, params)?
        .iter()
        .map(act)
        .collect()
}

/// How many freezes there are at each stage at `now`, in the order of [`Stage::ALL`].
pub fn count_by_stage(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    now: Millis,
) -> Result<[i64; Stage::ALL.len()], Error> {
    let stmt = sql!(
        "select count(*) filter (where from_at_ms <= ?1 and to_at_ms > ?1
             and to_at_ms > from_at_ms) as in_force,
           count(*) filter (where from_at_ms > ?1 and to_at_ms > from_at_ms) as to_come,
           count(*) filter (where to_at_ms <= ?1 or to_at_ms <= from_at_ms) as ended
         from order_freeze"
    );
    let row = first(tx.query(&reach.rls(), stmt, params![now.0])?);
    let row = row.ok_or_else(|| Error::Internal("a count without a row".to_owned()))?;
    Ok([row.int("in_force")?, row.int("to_come")?, row.int("ended")?])
}

fn freeze(row: &Row) -> Result<Freeze, Error> {
    Ok(Freeze {
        kind: FreezeKind::from_store(&row.text("kind")?)?,
        reference: row.text("reference")?,
        from: Millis(row.int("from_at_ms")?),
        to: Millis(row.int("to_at_ms")?),
        reason: row.text("reason")?,
        internal: row.flag("internal")?,
    })
}

fn act(row: &Row) -> Result<Act, Error> {
    let freeze = freeze(row)?;
    let lifted_at = row.opt_int("lifted_at_ms")?;
    let lifted_by = row.text("lifted_by")?;
    Ok(Act {
        until: row.opt_int("until_at_ms")?.map_or(freeze.to, Millis),
        set_by: row.text("set_by")?,
        set_at: row.opt_int("set_at_ms")?.map(Millis),
        lifted: lifted_at.map(|at| (lifted_by, Millis(at))),
        freeze,
    })
}
