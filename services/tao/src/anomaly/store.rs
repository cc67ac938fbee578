//! SQL of address anomalies and their timelines.

use domain::access::{Ctx, OperatorScope, Reach, Scope, StaffScope, SystemScope};
use domain::params;
use kernel::{AnomalyId, Millis, OperatorId, Refusal, TimelineId, codes};
use storage::{Error, Rls, Row, Tx, Value, first, sql};

use super::rules::{Complexity, Kind, Place, Reason};
use super::states::{Event, Status};
use super::{Anomaly, TimelineRow};

/// Whose anomalies somebody reads: an operator its own, the OI's staff all.
#[derive(Clone, Debug)]
pub enum Reader {
    /// An operator.
    Own(OperatorScope),
    /// The OI's staff.
    All(StaffScope),
}

impl Reader {
    /// Whose the caller of a page or message reads.
    ///
    /// # Errors
    /// Refused `11` for the platform itself.
    pub fn of(ctx: &Ctx) -> Result<Self, Refusal> {
        match ctx.scope() {
            Scope::Operator(scope) => Ok(Self::Own(scope.clone())),
            Scope::Staff(scope) => Ok(Self::All(scope.clone())),
            Scope::System(_) => Err(Refusal::new(&codes::RC11)),
        }
    }

    /// The operator whose rows they are; empty for all.
    fn owner(&self) -> &str {
        match self {
            Self::Own(scope) => scope.operator().as_str(),
            Self::All(_) => "",
        }
    }
}

impl Reach for Reader {
    fn rls(&self) -> Rls {
        match self {
            Self::Own(scope) => scope.rls(),
            Self::All(scope) => scope.rls(),
        }
    }
}

macro_rules! columns {
    () => {
        "select a.operator_id as operator_id, o.code as operator_code, o.name as operator_name,
           a.id as id, a.reference as reference, a.kind as kind, a.complexity as complexity,
           a.status as status, a.version as version, a.building_ref as building_ref,
           a.hexacle as hexacle, a.insee as insee, a.rivoli as rivoli, a.number as number,
           a.complement as complement, a.street as street, a.postcode as postcode,
           a.commune as commune, a.address_label as address_label, a.place_key as place_key,
           a.batiment as batiment, a.escalier as escalier, a.etage as etage, a.porte as porte,
           a.pto_ref as pto_ref, a.typed as typed, a.expected as expected,
           a.dwellings as dwellings, a.comment as comment,
           a.reference_release as reference_release, a.resolution as resolution,
           a.seen_in_release as seen_in_release, a.reason as reason, a.account_id as account_id,
           a.reporter as reporter, a.channel as channel, a.created_at_ms as created_at_ms,
           a.updated_at_ms as updated_at_ms, a.lapses_at_ms as lapses_at_ms,
           a.acknowledged_ms as acknowledged_ms, a.in_progress_ms as in_progress_ms,
           a.pending_ms as pending_ms
         from tao_anomaly a join operator o on o.operator_id = a.operator_id
         "
    };
}

fn known<T>(what: &str, text: &str, found: Option<T>) -> Result<T, Error> {
    found.ok_or_else(|| Error::Decode(format!("{text} is no {what}")))
}

fn status(text: &str) -> Result<Status, Error> {
    known("status", text, Status::parse(text))
}

fn anomaly(row: &Row) -> Result<Anomaly, Error> {
    let kind = row.text("kind")?;
    Ok(Anomaly {
        operator: OperatorId::from_store(row.text("operator_id")?),
        operator_code: row.text("operator_code")?,
        operator_name: row.text("operator_name")?,
        id: AnomalyId::from_store(row.text("id")?),
        reference: row.text("reference")?,
        kind: known("kind", &kind, Kind::parse(&kind))?,
        complexity: Complexity::parse(&row.text("complexity")?),
        status: status(&row.text("status")?)?,
        version: row.int("version")?,
        place: Place {
            building_ref: row.text("building_ref")?,
            hexacle: row.text("hexacle")?,
            insee: row.text("insee")?,
            rivoli: row.text("rivoli")?,
            number: row.text("number")?,
            complement: row.text("complement")?,
            street: row.text("street")?,
            postcode: row.text("postcode")?,
            commune: row.text("commune")?,
            label: row.text("address_label")?,
        },
        place_key: row.text("place_key")?,
        batiment: row.text("batiment")?,
        escalier: row.text("escalier")?,
        etage: row.text("etage")?,
        porte: row.text("porte")?,
        pto_ref: row.text("pto_ref")?,
        typed: row.text("typed")?,
        expected: row.text("expected")?,
        dwellings: row.opt_int("dwellings")?,
        comment: row.text("comment")?,
        release: row.int("reference_release")?,
        resolution: row.text("resolution")?,
        seen_in: row.opt_int("seen_in_release")?,
        reason: Reason::parse(&row.text("reason")?),
        account: row.text("account_id")?,
        reporter: row.text("reporter")?,
        channel: row.text("channel")?,
        created: Millis(row.int("created_at_ms")?),
        updated: Millis(row.int("updated_at_ms")?),
        lapses: row.opt_int("lapses_at_ms")?.map(Millis),
        acknowledged_ms: row.int("acknowledged_ms")?,
        in_progress_ms: row.int("in_progress_ms")?,
        pending_ms: row.int("pending_ms")?,
    })
}

/// Adds an anomaly; false when its reference is taken, or when its operator has an open one of the
/// same kind at the same place.
pub fn insert(tx: &mut dyn Tx, scope: &OperatorScope, new: &Anomaly) -> Result<bool, Error> {
    let stmt = sql!(
        "insert into tao_anomaly (operator_id, id, reference, kind, complexity, status, version,
           building_ref, hexacle, insee, rivoli, number, complement, street, postcode, commune,
           address_label, place_key, batiment, escalier, etage, porte, pto_ref, typed, expected,
           dwellings, comment, reference_release, resolution, seen_in_release, reason, account_id,
           reporter, channel, created_at_ms, updated_at_ms, lapses_at_ms, acknowledged_ms,
           in_progress_ms, pending_ms, searched)
         values (?1, ?2, ?3, ?4, '', ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
           ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, '', null, '', ?27, ?28, ?29, ?30, ?30,
           null, 0, 0, 0, ?31)
         on conflict do nothing"
    );
    let place = &new.place;
    let params = params![
        scope.operator().as_str(),
        new.id.as_str(),
        new.reference.as_str(),
        new.kind.as_str(),
        new.status.as_str(),
        place.building_ref.as_str(),
        place.hexacle.as_str(),
        place.insee.as_str(),
        place.rivoli.as_str(),
        place.number.as_str(),
        place.complement.as_str(),
        place.street.as_str(),
        place.postcode.as_str(),
        place.commune.as_str(),
        place.label.as_str(),
        new.place_key.as_str(),
        new.batiment.as_str(),
        new.escalier.as_str(),
        new.etage.as_str(),
        new.porte.as_str(),
        new.pto_ref.as_str(),
        new.typed.as_str(),
        new.expected.as_str(),
        new.dwellings,
        new.comment.as_str(),
        new.release,
        new.account.as_str(),
        new.reporter.as_str(),
        new.channel.as_str(),
        new.created.0,
        searched(new),
    ];
    Ok(tx.execute(&scope.rls(), stmt, params)? == 1)
}

/// What a list is searched in. A search of one of its words never runs into the next.
fn searched(anomaly: &Anomaly) -> String {
    let place = &anomaly.place;
    let parts = [
        &anomaly.reference,
        &place.label,
        &place.commune,
        &place.insee,
        &place.building_ref,
        &anomaly.pto_ref,
    ];
    parts.map(|text| text.to_lowercase()).join(" | ")
}

/// Writes back an anomaly that was read at `anomaly.version`; false when it has changed since.
pub fn update(tx: &mut dyn Tx, reach: &dyn Reach, anomaly: &Anomaly) -> Result<bool, Error> {
    let stmt = sql!(
        "update tao_anomaly set status = ?4, complexity = ?5, resolution = ?6,
           seen_in_release = ?7, reason = ?8, updated_at_ms = ?9, lapses_at_ms = ?10,
           acknowledged_ms = ?11, in_progress_ms = ?12, pending_ms = ?13, version = version + 1
         where operator_id = ?1 and id = ?2 and version = ?3"
    );
    let params = params![
        anomaly.operator.as_str(),
        anomaly.id.as_str(),
        anomaly.version,
        anomaly.status.as_str(),
        anomaly.complexity.map_or("", Complexity::as_str),
        anomaly.resolution.as_str(),
        anomaly.seen_in,
        anomaly.reason.map_or("", Reason::as_str),
        anomaly.updated.0,
        anomaly.lapses.map(|at| at.0),
        anomaly.acknowledged_ms,
        anomaly.in_progress_ms,
        anomaly.pending_ms,
    ];
    Ok(tx.execute(&reach.rls(), stmt, params)? == 1)
}

/// The anomaly with this reference, if the reader may see it.
pub fn by_reference(
    tx: &mut dyn Tx,
    reader: &Reader,
    reference: &str,
) -> Result<Option<Anomaly>, Error> {
    let stmt = sql!(concat!(
        columns!(),
        "where a.reference = ?1 and (?2 = '' or a.operator_id = ?2)"
    ));
    first(tx.query(&reader.rls(), stmt, params![reference, reader.owner()])?)
        .map(|row| anomaly(&row))
        .transpose()
}

/// The caller's open anomaly of a kind at a place.
pub fn open_at(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    kind: Kind,
    place_key: &str,
) -> Result<Option<Anomaly>, Error> {
    let stmt = sql!(concat!(
        columns!(),
        "where a.operator_id = ?1 and a.kind = ?2 and a.place_key = ?3
           and a.status in ('acknowledged', 'in_progress', 'pending', 'resolved')"
    ));
    let params = params![scope.operator().as_str(), kind.as_str(), place_key];
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(|row| anomaly(&row))
        .transpose()
}

/// At most `limit` anomalies whose resolution lapsed before `now`, the first to lapse first.
pub fn list_lapsed(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    now: Millis,
    limit: i64,
) -> Result<Vec<(OperatorId, AnomalyId)>, Error> {
    let stmt = sql!(
        "select operator_id, id from tao_anomaly
         where lapses_at_ms is not null and lapses_at_ms <= ?1 order by lapses_at_ms, id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![now.0, limit])?
        .iter()
        .map(|row| {
            let operator = OperatorId::from_store(row.text("operator_id")?);
            Ok((operator, AnomalyId::from_store(row.text("id")?)))
        })
        .collect()
}

/// An anomaly of `operator`, for the duty that closes it.
pub fn by_id(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    id: &AnomalyId,
) -> Result<Option<Anomaly>, Error> {
    let stmt = sql!(concat!(
        columns!(),
        "where a.operator_id = ?1 and a.id = ?2"
    ));
    first(tx.query(&scope.rls(), stmt, params![operator.as_str(), id.as_str()])?)
        .map(|row| anomaly(&row))
        .transpose()
}

/// A line to add to a timeline.
pub struct NewTimelineRow<'a> {
    /// Its id.
    pub id: TimelineId,
    /// The anomaly, as it stands after.
    pub anomaly: &'a Anomaly,
    /// When, business time.
    pub at: Millis,
    /// What happened.
    pub event: Event,
    /// Before.
    pub from: Option<Status>,
    /// Who.
    pub actor_kind: &'a str,
    /// Who, by name.
    pub actor_name: &'a str,
    /// Through which door.
    pub channel: &'a str,
    /// Why it is refused.
    pub reason: Option<Reason>,
    /// What is said.
    pub comment: &'a str,
}

/// Appends to an anomaly's timeline, at the next place.
pub fn append_timeline(
    tx: &mut dyn Tx,
    reach: &dyn Reach,
    new: &NewTimelineRow<'_>,
) -> Result<(), Error> {
    let stmt = sql!(
        "insert into tao_anomaly_timeline (operator_id, id, anomaly_id, seq, at_ms, event,
           from_status, to_status, actor_kind, actor_name, channel, reason, comment)
         select ?1, ?2, ?3, coalesce(max(seq), 0) + 1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
         from tao_anomaly_timeline where operator_id = ?1 and anomaly_id = ?3"
    );
    let params = params![
        new.anomaly.operator.as_str(),
        new.id.as_str(),
        new.anomaly.id.as_str(),
        new.at.0,
        new.event.as_str(),
        new.from.map_or("", Status::as_str),
        new.anomaly.status.as_str(),
        new.actor_kind,
        new.actor_name,
        new.channel,
        new.reason.map_or("", Reason::as_str),
        new.comment,
    ];
    tx.execute(&reach.rls(), stmt, params)?;
    Ok(())
}

/// An anomaly's timeline, oldest first.
pub fn list_timeline(
    tx: &mut dyn Tx,
    reader: &Reader,
    anomaly: &Anomaly,
) -> Result<Vec<TimelineRow>, Error> {
    let stmt = sql!(
        "select seq, at_ms, event, from_status, to_status, actor_name, channel, reason, comment
         from tao_anomaly_timeline where operator_id = ?1 and anomaly_id = ?2 order by seq"
    );
    let params = params![anomaly.operator.as_str(), anomaly.id.as_str()];
    tx.query(&reader.rls(), stmt, params)?
        .iter()
        .map(|row| {
            let event = row.text("event")?;
            Ok(TimelineRow {
                seq: row.int("seq")?,
                at: Millis(row.int("at_ms")?),
                event: known("event", &event, Event::parse(&event))?,
                from: Status::parse(&row.text("from_status")?),
                to: status(&row.text("to_status")?)?,
                actor: row.text("actor_name")?,
                channel: row.text("channel")?,
                reason: Reason::parse(&row.text("reason")?),
                comment: row.text("comment")?,
            })
        })
        .collect()
}

/// By what a list of anomalies is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// The open ones, then the others, each from the oldest.
    #[default]
    Turn,
    /// When reported.
    Created,
    /// When something last happened.
    Updated,
    /// Their reference.
    Reference,
}

/// Added to the date of an anomaly that ended, so that it stands after every open one: a time no
/// anomaly was reported at, in milliseconds.
const ENDED: i64 = 4_000_000_000_000_000;

impl Sort {
    /// Every sort, with its name in addresses.
    pub const ALL: [(Self, &'static str); 4] = [
        (Self::Turn, "age"),
        (Self::Created, "depot"),
        (Self::Updated, "mouvement"),
        (Self::Reference, "reference"),
    ];

    /// The sort column's value in `anomaly`, as a page key.
    #[must_use]
    pub fn key_of(self, anomaly: &Anomaly) -> String {
        let created = anomaly.created.0;
        match self {
            Self::Turn if anomaly.status.is_final() => (created + ENDED).to_string(),
            Self::Turn | Self::Created => created.to_string(),
            Self::Updated => anomaly.updated.0.to_string(),
            Self::Reference => anomaly.reference.clone(),
        }
    }
}

/// What a list of anomalies shows; empty texts ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of the operator with this code.
    pub operator_code: String,
    /// At this status.
    pub status: Option<Status>,
    /// Of this kind.
    pub kind: Option<Kind>,
    /// That hard.
    pub complexity: Option<Complexity>,
    /// In this commune, by its INSEE code.
    pub insee: String,
    /// Whose reference, address, commune, building or PTO has this in it, in any case.
    pub text: String,
    /// By what.
    pub sort: Sort,
    /// Largest first.
    pub descending: bool,
    /// The key after which the page begins, and the id of the last row shown.
    pub after: Option<(String, String)>,
    /// Most rows.
    pub limit: i64,
}

macro_rules! page_by {
    ($key:literal, $compare:literal, $direction:literal) => {
        concat!(
            columns!(),
            "where (?1 = '' or a.operator_id = ?1) and (?2 = '' or o.code = ?2)
               and (?3 = '' or a.status = ?3) and (?4 = '' or a.kind = ?4)
               and (?5 = '' or a.complexity = ?5) and (?6 = '' or a.insee = ?6)
               and (?7 = '' or replace(a.searched, ?7, '') <> a.searched)
               and (?8 = false or (",
            $key,
            ", a.id) ",
            $compare,
            " (?9, ?10)) order by ",
            $key,
            " ",
            $direction,
            ", a.id ",
            $direction,
            " limit ?11"
        )
    };
}

/// `a.created_at_ms`, with [`ENDED`] added once the anomaly ended.
macro_rules! by_turn {
    ($compare:literal, $direction:literal) => {
        page_by!(
            "case when a.status in ('closed', 'rejected', 'canceled')
               then a.created_at_ms + 4000000000000000 else a.created_at_ms end",
            $compare,
            $direction
        )
    };
}

/// One page of the reader's anomalies.
pub fn list(tx: &mut dyn Tx, reader: &Reader, wanted: &Listing) -> Result<Vec<Anomaly>, Error> {
    let stmt = match (wanted.sort, wanted.descending) {
        (Sort::Turn, true) => sql!(by_turn!("<", "desc")),
        (Sort::Turn, false) => sql!(by_turn!(">", "asc")),
        (Sort::Created, true) => sql!(page_by!("a.created_at_ms", "<", "desc")),
        (Sort::Created, false) => sql!(page_by!("a.created_at_ms", ">", "asc")),
        (Sort::Updated, true) => sql!(page_by!("a.updated_at_ms", "<", "desc")),
        (Sort::Updated, false) => sql!(page_by!("a.updated_at_ms", ">", "asc")),
        (Sort::Reference, true) => sql!(page_by!("a.reference", "<", "desc")),
        (Sort::Reference, false) => sql!(page_by!("a.reference", ">", "asc")),
    };
    let (key, id) = wanted.after.clone().unwrap_or_default();
    let key = match wanted.sort {
        Sort::Reference => Value::Text(key),
        Sort::Turn | Sort::Created | Sort::Updated => Value::Int(key.parse().unwrap_or_default()),
    };
    let params = &[
        reader.owner().into(),
        wanted.operator_code.as_str().into(),
        wanted.status.map_or("", Status::as_str).into(),
        wanted.kind.map_or("", Kind::as_str).into(),
        wanted.complexity.map_or("", Complexity::as_str).into(),
        wanted.insee.as_str().into(),
        wanted.text.to_lowercase().into(),
        wanted.after.is_some().into(),
        key,
        id.into(),
        wanted.limit.into(),
    ];
    tx.query(&reader.rls(), stmt, params)?
        .iter()
        .map(anomaly)
        .collect()
}

/// How many of the reader's anomalies stand at each status.
pub fn count_by_status(tx: &mut dyn Tx, reader: &Reader) -> Result<Vec<(Status, i64)>, Error> {
    let stmt = sql!(
        "select status, count(*) as n from tao_anomaly where (?1 = '' or operator_id = ?1)
         group by status order by status"
    );
    tx.query(&reader.rls(), stmt, params![reader.owner()])?
        .iter()
        .map(|row| Ok((status(&row.text("status")?)?, row.int("n")?)))
        .collect()
}

/// What happened in a commune.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Its INSEE code.
    pub insee: String,
    /// Its name, as the last of its names in order.
    pub commune: String,
    /// Anomalies reported.
    pub reported: i64,
    /// Not ended yet.
    pub open: i64,
    /// Resolved, accepted or not yet.
    pub resolved: i64,
    /// Refused by the OI.
    pub rejected: i64,
    /// Of each kind, in the order of [`Kind::ALL`].
    pub kinds: [i64; 4],
    /// Median working time to be taken, in milliseconds, of those resolved or refused.
    pub taking_ms: Option<i64>,
    /// Median working time in the OI's hands in all, in milliseconds, of the same.
    pub total_ms: Option<i64>,
}

/// The median of an expression for each commune, over the anomalies that the OI is done with: the
/// middle value, or between the two middle ones.
macro_rules! median {
    ($value:literal) => {
        concat!(
            "select insee, (min(value) + max(value)) / 2 as median
             from (select insee, ",
            $value,
            " as value, row_number() over (partition by insee order by ",
            $value,
            ", id) as place, count(*) over (partition by insee) as many
               from tao_anomaly where status in ('resolved', 'closed', 'rejected')) ended
             where place in ((many + 1) / 2, (many + 2) / 2)
             group by insee order by insee"
        )
    };
}

/// What happened in each commune, by INSEE code; at most `limit` communes.
pub fn list_figures(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    limit: i64,
) -> Result<Vec<Figures>, Error> {
    let stmt = sql!(
        "select insee, max(commune) as commune, count(*) as reported,
           count(*) filter (where status in
             ('acknowledged', 'in_progress', 'pending', 'resolved')) as open_now,
           count(*) filter (where status in ('resolved', 'closed')) as resolved,
           count(*) filter (where status = 'rejected') as rejected,
           count(*) filter (where kind = 'creation') as creations,
           count(*) filter (where kind = 'newBuilding') as blocks,
           count(*) filter (where kind = 'modification') as changes,
           count(*) filter (where kind = 'nbLogements') as dwellings
         from tao_anomaly group by insee order by insee limit ?1"
    );
    let mut all = Vec::new();
    for row in tx.query(&scope.rls(), stmt, params![limit])? {
        all.push(Figures {
            insee: row.text("insee")?,
            commune: row.text("commune")?,
            reported: row.int("reported")?,
            open: row.int("open_now")?,
            resolved: row.int("resolved")?,
            rejected: row.int("rejected")?,
            kinds: [
                row.int("creations")?,
                row.int("blocks")?,
                row.int("changes")?,
                row.int("dwellings")?,
            ],
            taking_ms: None,
            total_ms: None,
        });
    }
    let taking = sql!(median!("acknowledged_ms"));
    let total = sql!(median!("acknowledged_ms + in_progress_ms"));
    for (is_total, stmt) in [(false, taking), (true, total)] {
        for row in tx.query(&scope.rls(), stmt, params![])? {
            let (insee, median) = (row.text("insee")?, row.int("median")?);
            if let Ok(at) = all.binary_search_by(|one| one.insee.cmp(&insee)) {
                let of = &mut all[at];
                *(if is_total {
                    &mut of.total_ms
                } else {
                    &mut of.taking_ms
                }) = Some(median);
            }
        }
    }
    Ok(all)
}

/// The operators that reported anomalies: codes and names, by name.
pub fn list_operators(tx: &mut dyn Tx, scope: &StaffScope) -> Result<Vec<(String, String)>, Error> {
    let stmt = sql!(
        "select o.code as code, o.name as name from operator o
         where exists (select 1 as found from tao_anomaly a where a.operator_id = o.operator_id)
         order by o.name, o.code"
    );
    tx.query(&scope.rls(), stmt, params![])?
        .iter()
        .map(|row| Ok((row.text("code")?, row.text("name")?)))
        .collect()
}
