//! SQL of orders and their timelines.

use kernel::{Id, Millis, OperatorId, OrderId, TimelineId};
use storage::{Error, Row, Tx, Value, first, sql};

use super::rules::{BuiltPto, Spot};
use super::{BuiltBy, Order, PlaceOrder, Status, TimelineRow};
use crate::access::{OperatorScope, Reach, SystemScope};
use crate::params;

fn status(text: &str) -> Result<Status, Error> {
    Status::parse(text).ok_or_else(|| Error::Decode(format!("order status {text}")))
}

fn order(row: &Row) -> Result<Order, Error> {
    let request: PlaceOrder = serde_json::from_str(&row.text("request")?)
        .map_err(|e| Error::Decode(format!("order request: {e}")))?;
    Ok(Order {
        id: OrderId::from_store(row.text("id")?),
        reference: row.text("reference")?,
        prestation: row.opt_text("prestation")?,
        status: status(&row.text("status")?)?,
        version: row.int("version")?,
        offer: row.text("offer")?,
        order_type: row.text("order_type")?,
        existing_pto: row.flag("existing_pto")?,
        built_by: BuiltBy::from_store(&row.text("built_by")?),
        building_ref: row.text("building_ref")?,
        address: row.text("address_label")?,
        batiment: row.text("batiment")?,
        escalier: row.text("escalier")?,
        etage: row.text("etage")?,
        pm_ref: row.text("pm_ref")?,
        pmt_ref: row.text("pmt_ref")?,
        pbo_ref: row.text("pbo_ref")?,
        pto_ref: row.text("pto_ref")?,
        fibre_id: row.text("fibre_id")?,
        release: row.int("reference_release")?,
        request,
        stoc: row.text("stoc")?,
        motive: row.text("motive")?,
        comment: row.text("comment")?,
        account: row.text("account_id")?,
        channel: row.text("channel")?,
        placed: Millis(row.int("placed_at_ms")?),
        updated: Millis(row.int("updated_at_ms")?),
    })
}

/// Adds an order; false when the operator has used its reference before (FIMP13).
pub fn insert(tx: &mut dyn Tx, scope: &OperatorScope, new: &Order) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into access_order (operator_id, id, reference, prestation, status, version, offer,
           order_type, existing_pto, built_by, building_ref, address_label, batiment, escalier,
           etage, pm_ref, pmt_ref, pbo_ref, pto_ref, fibre_id, reference_release, request, stoc,
           motive, comment, account_id, channel, placed_at_ms, updated_at_ms)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
           ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29)
         on conflict (operator_id, reference) do nothing"
    );
    let request = serde_json::to_string(&new.request)
        .map_err(|e| Error::Internal(format!("order request: {e}")))?;
    let params = params![
        scope.operator().as_str(),
        new.id.as_str(),
        new.reference.as_str(),
        new.prestation.clone(),
        new.status.as_str(),
        new.version,
        new.offer.as_str(),
        new.order_type.as_str(),
        new.existing_pto,
        new.built_by.as_str(),
        new.building_ref.as_str(),
        new.address.as_str(),
        new.batiment.as_str(),
        new.escalier.as_str(),
        new.etage.as_str(),
        new.pm_ref.as_str(),
        new.pmt_ref.as_str(),
        new.pbo_ref.as_str(),
        new.pto_ref.as_str(),
        new.fibre_id.as_str(),
        new.release,
        request,
        new.stoc.as_str(),
        new.motive.as_str(),
        new.comment.as_str(),
        new.account.as_str(),
        new.channel.as_str(),
        new.placed.0,
        new.updated.0,
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// Writes back an order that was read at `order.version`; false when it has changed since.
pub fn update(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    order: &Order,
) -> Result<bool, Error> {
    let stmt = sql!(
        "update access_order set prestation = ?4, status = ?5, pbo_ref = ?6, pto_ref = ?7,
           fibre_id = ?8, stoc = ?9, motive = ?10, comment = ?11, updated_at_ms = ?12,
           version = version + 1
         where operator_id = ?1 and id = ?2 and version = ?3"
    );
    let params = params![
        operator.as_str(),
        order.id.as_str(),
        order.version,
        order.prestation.clone(),
        order.status.as_str(),
        order.pbo_ref.as_str(),
        order.pto_ref.as_str(),
        order.fibre_id.as_str(),
        order.stoc.as_str(),
        order.motive.as_str(),
        order.comment.as_str(),
        order.updated.0,
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// By what an order is asked for.
#[derive(Clone, Debug)]
pub enum Key {
    /// Its id, in the portal's addresses.
    Id(String),
    /// `ReferenceCommandePriseInterneOC`.
    Reference(String),
    /// `ReferencePrestationPrise`.
    Prestation(String),
}

/// The caller's order under `key`; another operator's is not found.
pub fn by_key(tx: &mut dyn Tx, scope: &OperatorScope, key: &Key) -> Result<Option<Order>, Error> {
    let (stmt, text) = match key {
        Key::Id(id) => (
            sql!("select * from access_order where operator_id = ?1 and id = ?2"),
            id,
        ),
        Key::Reference(reference) => (
            sql!("select * from access_order where operator_id = ?1 and reference = ?2"),
            reference,
        ),
        Key::Prestation(prestation) => (
            sql!("select * from access_order where operator_id = ?1 and prestation = ?2"),
            prestation,
        ),
    };
    first(tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), text.as_str()],
    )?)
    .map(|row| order(&row))
    .transpose()
}

/// An order of `operator`, for the OI's staff, and for the duty of telling a holder that it lost
/// its line.
pub fn order_of(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    id: &OrderId,
) -> Result<Option<Order>, Error> {
    let stmt = sql!("select * from access_order where operator_id = ?1 and id = ?2");
    first(tx.query(&reach.rls(), stmt, params![operator.as_str(), id.as_str()])?)
        .map(|row| order(&row))
        .transpose()
}

fn built(row: &Row) -> Result<BuiltPto, Error> {
    Ok(BuiltPto {
        pto_ref: row.text("pto_ref")?,
        spot: Spot {
            building_ref: row.text("building_ref")?,
            batiment: row.text("batiment")?,
            escalier: row.text("escalier")?,
            etage: row.text("etage")?,
        },
    })
}

/// The PTOs that orders of any operator built in a building.
pub fn list_built(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    building_ref: &str,
) -> Result<Vec<BuiltPto>, Error> {
    let stmt = sql!(
        "select distinct pto_ref, building_ref, batiment, escalier, etage from access_order
         where building_ref = ?1 and status in ('mad', 'mes', 'ecrasee')
           and existing_pto = false"
    );
    tx.query(&scope.rls(), stmt, params![building_ref])?
        .iter()
        .map(built)
        .collect()
}

/// Where the PTO `pto_ref` was built, if an order built it.
pub fn built_pto(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    pto_ref: &str,
) -> Result<Option<BuiltPto>, Error> {
    let stmt = sql!(
        "select pto_ref, building_ref, batiment, escalier, etage from access_order
         where pto_ref = ?1 and pto_ref <> '' and status in ('mad', 'mes', 'ecrasee')
           and existing_pto = false"
    );
    first(tx.query(&scope.rls(), stmt, params![pto_ref])?)
        .map(|row| built(&row))
        .transpose()
}

/// Whether a PTO reference was ever given to an order.
pub fn pto_is_used(tx: &mut dyn Tx, scope: &SystemScope, pto_ref: &str) -> Result<bool, Error> {
    let stmt = sql!("select id from access_order where pto_ref = ?1 and pto_ref <> '' limit 1");
    Ok(!tx.query(&scope.rls(), stmt, params![pto_ref])?.is_empty())
}

/// A line to add to an order's timeline.
pub struct NewTimelineRow<'a> {
    /// Its id.
    pub id: TimelineId,
    /// The order.
    pub order: &'a OrderId,
    /// When, business time.
    pub at: Millis,
    /// What happened.
    pub event: &'a str,
    /// Before; empty when the order began.
    pub from: &'a str,
    /// After.
    pub to: Status,
    /// Who.
    pub actor_kind: &'a str,
    /// Who, by name.
    pub actor_name: &'a str,
    /// Through which door.
    pub channel: &'a str,
    /// The trade's code.
    pub code: &'a str,
    /// What was said.
    pub comment: &'a str,
}

/// Appends to an order's timeline, at the next place.
pub fn append_timeline(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    operator: &OperatorId,
    new: &NewTimelineRow<'_>,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into order_timeline (operator_id, id, order_id, seq, at_ms, event, from_status,
           to_status, actor_kind, actor_name, channel, code, comment)
         select ?1, ?2, ?3, coalesce(max(seq), 0) + 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
         from order_timeline where operator_id = ?1 and order_id = ?3"
    );
    let params = params![
        operator.as_str(),
        new.id.as_str(),
        new.order.as_str(),
        new.at.0,
        new.event,
        new.from,
        new.to.as_str(),
        new.actor_kind,
        new.actor_name,
        new.channel,
        new.code,
        new.comment,
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// An order's timeline, oldest first.
pub fn list_timeline(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    order: &OrderId,
) -> Result<Vec<TimelineRow>, Error> {
    let stmt = sql!(
        "select seq, at_ms, event, from_status, to_status, actor_kind, actor_name, channel, code,
                comment
         from order_timeline where operator_id = ?1 and order_id = ?2 order by seq"
    );
    tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), order.as_str()],
    )?
    .iter()
    .map(|row| {
        Ok(TimelineRow {
            seq: row.int("seq")?,
            at: Millis(row.int("at_ms")?),
            event: row.text("event")?,
            from: Status::parse(&row.text("from_status")?),
            to: status(&row.text("to_status")?)?,
            actor_kind: row.text("actor_kind")?,
            actor_name: row.text("actor_name")?,
            channel: row.text("channel")?,
            code: row.text("code")?,
            comment: row.text("comment")?,
        })
    })
    .collect()
}

/// What a list of orders shows, in which order, and from where on.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Only this status; empty for all.
    pub status: String,
    /// Only the orders that wait for one side; all when not said.
    pub waiting_for: Option<Side>,
    /// Beginning of the reference, or a whole prestation or PTO; empty for all.
    pub text: String,
    /// Placed at or after, business time.
    pub from: Millis,
    /// Placed before, business time.
    pub to: Millis,
    /// By what.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// The key after which the page begins: the sort column of the last row shown, and its id.
    pub after: Option<(String, String)>,
    /// Most rows.
    pub limit: i64,
}

/// Who has the next move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The operator.
    Operator,
    /// The OI.
    Provider,
}

impl Side {
    fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Provider => "provider",
        }
    }
}

/// By what orders are sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Last change.
    #[default]
    Updated,
    /// When placed.
    Placed,
    /// The operator's reference.
    Reference,
    /// Where they stand.
    Status,
}

impl Sort {
    /// Every sort, with its name in addresses.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Updated, "etape"),
        (Self::Placed, "depot"),
        (Self::Reference, "reference"),
        (Self::Status, "etat"),
    ];

    /// The sort column's value in `order`, as a page key.
    #[must_use]
    pub fn key_of(self, order: &Order) -> String {
        match self {
            Self::Updated => order.updated.0.to_string(),
            Self::Placed => order.placed.0.to_string(),
            Self::Reference => order.reference.clone(),
            Self::Status => order.status.as_str().to_owned(),
        }
    }
}

macro_rules! page_by {
    ($column:literal, $compare:literal, $direction:literal) => {
        concat!(
            "select * from access_order
             where operator_id = ?1 and (?2 = '' or status = ?2)
               and (?3 = '' or (reference >= ?3 and reference < ?4) or prestation = ?3
                 or pto_ref = ?3)
               and placed_at_ms >= ?5 and placed_at_ms < ?6
               and (?11 = ''
                 or (?11 = 'operator' and status in ('stoc_emise', 'racco_ko', 'mad'))
                 or (?11 = 'provider' and status in ('deposee', 'ar_ok', 'cr_ok',
                   'racco_oi_planifie', 'racco_ok', 'annul_demandee')))
               and (?7 = false or (",
            $column,
            ", id) ",
            $compare,
            " (?8, ?9))
             order by ",
            $column,
            " ",
            $direction,
            ", id ",
            $direction,
            " limit ?10"
        )
    };
}

/// One page of the caller's orders.
pub fn list(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    listing: &Listing,
) -> Result<Vec<Order>, Error> {
    let stmt = match (listing.sort, listing.descending) {
        (Sort::Updated, true) => sql!(page_by!("updated_at_ms", "<", "desc")),
        (Sort::Updated, false) => sql!(page_by!("updated_at_ms", ">", "asc")),
        (Sort::Placed, true) => sql!(page_by!("placed_at_ms", "<", "desc")),
        (Sort::Placed, false) => sql!(page_by!("placed_at_ms", ">", "asc")),
        (Sort::Reference, true) => sql!(page_by!("reference", "<", "desc")),
        (Sort::Reference, false) => sql!(page_by!("reference", ">", "asc")),
        (Sort::Status, true) => sql!(page_by!("status", "<", "desc")),
        (Sort::Status, false) => sql!(page_by!("status", ">", "asc")),
    };
    let (key, id) = listing.after.clone().unwrap_or_default();
    let key = match listing.sort {
        Sort::Reference | Sort::Status => Value::Text(key),
        Sort::Updated | Sort::Placed => Value::Int(key.parse().unwrap_or_default()),
    };
    let upper = format!("{}\u{10FFFF}", listing.text);
    let params = &[
        scope.operator().as_str().into(),
        listing.status.as_str().into(),
        listing.text.as_str().into(),
        upper.into(),
        listing.from.0.into(),
        listing.to.0.into(),
        listing.after.is_some().into(),
        key,
        id.into(),
        listing.limit.into(),
        listing.waiting_for.map_or("", Side::as_str).into(),
    ];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(order)
        .collect()
}

/// How many of the caller's orders stand at each status.
pub fn count_by_status(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
) -> Result<Vec<(Status, i64)>, Error> {
    let stmt = sql!(
        "select status, count(*) as n from access_order where operator_id = ?1
         group by status order by status"
    );
    tx.query(&scope.rls(), stmt, params![scope.operator().as_str()])?
        .iter()
        .map(|row| Ok((status(&row.text("status")?)?, row.int("n")?)))
        .collect()
}

/// The caller's orders that wait for the caller, oldest first.
pub fn list_waiting(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    limit: i64,
) -> Result<Vec<Order>, Error> {
    let stmt = sql!(
        "select * from access_order
         where operator_id = ?1 and status in ('stoc_emise', 'racco_ko', 'mad')
         order by updated_at_ms, id limit ?2"
    );
    tx.query(
        &scope.rls(),
        stmt,
        params![scope.operator().as_str(), limit],
    )?
    .iter()
    .map(order)
    .collect()
}

/// Whether `text` could be an order's id at all.
#[must_use]
pub fn is_id(text: &str) -> bool {
    OrderId::parse(text).is_some()
}
