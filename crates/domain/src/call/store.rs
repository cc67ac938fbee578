//! SQL of calls.

use kernel::{CertificateId, Millis, OperatorId, RequestId};
use storage::{Error, Row, Tx, first, sql};

use super::{Call, CallOutcome, Place, Texts};
use crate::access::{OperatorScope, SystemScope};
use crate::params;

/// Keeps a call; nothing happens to one that is kept.
pub fn insert(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    call: &Call,
    texts: &Texts,
) -> Result<(), Error> {
    let operator = scope.operator().as_str();
    let bytes = i64::try_from(texts.request.len() + texts.reply.len()).unwrap_or(i64::MAX);
    let place = call.place.as_ref();
    let stmt = sql!(
        "insert into call_log (operator_id, id, at_ms, real_at_ms, service, operation,
           certificate_id, certificate, request_key, outcome, code, message, duration_us,
           request_size, reply_size, error_line, error_column, error_element, error_rule,
           kept_bytes)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
           ?19, ?20)
         on conflict (operator_id, id) do nothing"
    );
    let params = params![
        operator,
        call.id.as_str(),
        call.at.0,
        call.real_at.0,
        call.service.as_str(),
        call.operation.as_str(),
        call.certificate_id.as_str(),
        call.certificate.as_str(),
        call.request_key.as_str(),
        call.outcome.as_str(),
        call.code.as_str(),
        call.message.as_str(),
        call.duration_us,
        call.request_size,
        call.reply_size,
        place.map(|place| place.line),
        place.map(|place| place.column),
        place.map_or("", |place| place.element.as_str()),
        place.map_or("", |place| place.rule.as_str()),
        bytes
    ];
    if tx.execute(&scope.rls(), stmt, params)? == 0 {
        return Ok(());
    }
    let stmt = sql!(
        "insert into call_text (operator_id, call_id, request, reply) values (?1, ?2, ?3, ?4)"
    );
    let params = params![
        operator,
        call.id.as_str(),
        texts.request.as_str(),
        texts.reply.as_str()
    ];
    tx.execute(&scope.rls(), stmt, params)?;
    let stmt = sql!(
        "insert into call_volume (operator_id, calls, bytes) values (?1, 1, ?2)
         on conflict (operator_id) do update set calls = call_volume.calls + 1,
           bytes = call_volume.bytes + excluded.bytes"
    );
    tx.execute(&scope.rls(), stmt, params![operator, bytes])?;
    Ok(())
}

/// A call of the operator's, and its texts.
pub fn by_id(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &RequestId,
) -> Result<Option<(Call, Texts)>, Error> {
    let stmt = sql!(
        "select l.id as id, l.at_ms as at_ms, l.real_at_ms as real_at_ms, l.service as service,
           l.operation as operation, l.certificate_id as certificate_id,
           l.certificate as certificate, l.request_key as request_key, l.outcome as outcome,
           l.code as code, l.message as message, l.duration_us as duration_us,
           l.request_size as request_size, l.reply_size as reply_size,
           l.error_line as error_line, l.error_column as error_column,
           l.error_element as error_element, l.error_rule as error_rule, t.request as request,
           t.reply as reply
         from call_log l
         join call_text t on t.operator_id = l.operator_id and t.call_id = l.id
         where l.operator_id = ?1 and l.id = ?2"
    );
    let params = params![scope.operator().as_str(), id.as_str()];
    let read = |row: Row| {
        let texts = Texts {
            request: row.text("request")?,
            reply: row.text("reply")?,
        };
        Ok((call(&row)?, texts))
    };
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(read)
        .transpose()
}

/// The fingerprint of a certificate of the operator's, in hexadecimal.
pub fn certificate(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    id: &CertificateId,
) -> Result<Option<String>, Error> {
    let stmt = sql!("select fingerprint from certificate where operator_id = ?1 and id = ?2");
    let params = params![scope.operator().as_str(), id.as_str()];
    first(tx.query(&scope.rls(), stmt, params)?)
        .map(|row| row.text("fingerprint"))
        .transpose()
}

/// What orders a list of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The last first.
    #[default]
    Last,
    /// The first first.
    First,
    /// The slowest first.
    Slowest,
    /// The quickest first.
    Quickest,
}

/// What a list of calls is asked for; empty texts ask for everything.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of this web service.
    pub service: String,
    /// Of this operation.
    pub operation: String,
    /// That ended so.
    pub outcome: Option<CallOutcome>,
    /// With this code.
    pub code: String,
    /// Whose `IdentifiantRequete` begins so, or whose own id is this.
    pub text: String,
    /// From this instant of business time.
    pub from: Millis,
    /// Until before this one.
    pub to: Millis,
    /// In this order.
    pub order: Order,
    /// After this place: what it is ordered by, and the id.
    pub after: Option<(i64, String)>,
    /// At most so many.
    pub limit: i64,
}

impl Listing {
    /// The place of a call in this list.
    #[must_use]
    pub fn place_of(&self, call: &Call) -> (i64, String) {
        let by = match self.order {
            Order::Last | Order::First => call.at.0,
            Order::Slowest | Order::Quickest => call.duration_us,
        };
        (by, call.id.to_string())
    }
}

macro_rules! wanted {
    () => {
        "select id, at_ms, real_at_ms, service, operation, certificate_id, certificate,
           request_key, outcome, code, message, duration_us, request_size, reply_size,
           error_line, error_column, error_element, error_rule
         from call_log
         where operator_id = ?1 and (?2 = '' or service = ?2) and (?3 = '' or operation = ?3)
           and (?4 = '' or outcome = ?4) and (?5 = '' or code = ?5)
           and (?6 = '' or id = ?6
             or substr(request_key, 1, length(cast(?6 as text))) = cast(?6 as text))
           and at_ms >= ?7 and at_ms < ?8 and "
    };
}

/// Calls of the operator's.
pub fn list(tx: &mut dyn Tx, scope: &OperatorScope, wanted: &Listing) -> Result<Vec<Call>, Error> {
    let stmt = match wanted.order {
        Order::Last => sql!(concat!(
            wanted!(),
            "(at_ms, id) < (?9, ?10) order by at_ms desc, id desc limit ?11"
        )),
        Order::First => sql!(concat!(
            wanted!(),
            "(at_ms, id) > (?9, ?10) order by at_ms, id limit ?11"
        )),
        Order::Slowest => sql!(concat!(
            wanted!(),
            "(duration_us, id) < (?9, ?10) order by duration_us desc, id desc limit ?11"
        )),
        Order::Quickest => sql!(concat!(
            wanted!(),
            "(duration_us, id) > (?9, ?10) order by duration_us, id limit ?11"
        )),
    };
    let edge = match wanted.order {
        Order::First | Order::Quickest => i64::MIN,
        Order::Last | Order::Slowest => i64::MAX,
    };
    let (by, id) = wanted.after.clone().unwrap_or((edge, String::new()));
    let params = params![
        scope.operator().as_str(),
        wanted.service.as_str(),
        wanted.operation.as_str(),
        wanted.outcome.map_or("", CallOutcome::as_str),
        wanted.code.as_str(),
        wanted.text.as_str(),
        wanted.from.0,
        wanted.to.0,
        by,
        id,
        wanted.limit
    ];
    tx.query(&scope.rls(), stmt, params)?
        .iter()
        .map(call)
        .collect()
}

/// How the operator's calls since `from` ended, in the order of [`CallOutcome::ALL`].
pub fn count_by_outcome(
    tx: &mut dyn Tx,
    scope: &OperatorScope,
    from: Millis,
) -> Result<[i64; CallOutcome::ALL.len()], Error> {
    let stmt = sql!(
        "select count(*) filter (where outcome = 'accepted') as accepted,
           count(*) filter (where outcome = 'refused') as refused,
           count(*) filter (where outcome = 'fault') as fault
         from call_log where operator_id = ?1 and at_ms >= ?2"
    );
    let params = params![scope.operator().as_str(), from.0];
    let row = first(tx.query(&scope.rls(), stmt, params)?);
    let row = row.ok_or_else(|| Error::Internal("a count without a row".to_owned()))?;
    Ok([row.int("accepted")?, row.int("refused")?, row.int("fault")?])
}

/// What is kept of one operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Whose.
    pub operator: OperatorId,
    /// Calls.
    pub calls: i64,
    /// Bytes of their texts.
    pub bytes: i64,
}

/// A call to forget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Whose.
    pub operator: OperatorId,
    /// Which.
    pub id: RequestId,
    /// Bytes of its texts.
    pub bytes: i64,
}

/// Whether a call is older than `before`, or an operator has more calls or bytes than it may.
pub fn is_due(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    (calls_max, bytes_max): (i64, i64),
) -> Result<bool, Error> {
    let stmt = sql!(
        "select exists (select 1 from call_log where real_at_ms < ?1)
           or exists (select 1 from call_volume where calls > ?2 or bytes > ?3) as due"
    );
    let row = first(tx.query(&scope.rls(), stmt, params![before.0, calls_max, bytes_max])?);
    row.map_or(Ok(false), |row| row.flag("due"))
}

/// Operators that have more calls or bytes than they may.
pub fn list_over(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    (calls_max, bytes_max): (i64, i64),
) -> Result<Vec<Volume>, Error> {
    let stmt = sql!(
        "select operator_id, calls, bytes from call_volume where calls > ?1 or bytes > ?2
         order by operator_id limit 100"
    );
    let volume = |row: &Row| {
        Ok(Volume {
            operator: OperatorId::from_store(row.text("operator_id")?),
            calls: row.int("calls")?,
            bytes: row.int("bytes")?,
        })
    };
    tx.query(&scope.rls(), stmt, params![calls_max, bytes_max])?
        .iter()
        .map(volume)
        .collect()
}

/// Calls older than `before`, the oldest first.
pub fn list_old(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    before: Millis,
    limit: i64,
) -> Result<Vec<Kept>, Error> {
    let stmt = sql!(
        "select operator_id, id, kept_bytes from call_log where real_at_ms < ?1
         order by real_at_ms, id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![before.0, limit])?
        .iter()
        .map(kept)
        .collect()
}

/// The first calls of an operator: ids sort as they were made.
pub fn list_first(
    tx: &mut dyn Tx,
    scope: &SystemScope,
    operator: &OperatorId,
    limit: i64,
) -> Result<Vec<Kept>, Error> {
    let stmt = sql!(
        "select operator_id, id, kept_bytes from call_log where operator_id = ?1
         order by id limit ?2"
    );
    tx.query(&scope.rls(), stmt, params![operator.as_str(), limit])?
        .iter()
        .map(kept)
        .collect()
}

/// Forgets a call.
pub fn delete(tx: &mut dyn Tx, scope: &SystemScope, kept: &Kept) -> Result<(), Error> {
    let key = params![kept.operator.as_str(), kept.id.as_str()];
    let stmt = sql!("delete from call_text where operator_id = ?1 and call_id = ?2");
    tx.execute(&scope.rls(), stmt, key)?;
    let stmt = sql!("delete from call_log where operator_id = ?1 and id = ?2");
    if tx.execute(&scope.rls(), stmt, key)? == 1 {
        let stmt = sql!(
            "update call_volume set calls = calls - 1, bytes = bytes - ?2 where operator_id = ?1"
        );
        let params = params![kept.operator.as_str(), kept.bytes];
        tx.execute(&scope.rls(), stmt, params)?;
    }
    Ok(())
}

fn kept(row: &Row) -> Result<Kept, Error> {
    Ok(Kept {
        operator: OperatorId::from_store(row.text("operator_id")?),
        id: RequestId::from_store(row.text("id")?),
        bytes: row.int("kept_bytes")?,
    })
}

fn call(row: &Row) -> Result<Call, Error> {
    let place = match (row.opt_int("error_line")?, row.opt_int("error_column")?) {
        (Some(line), Some(column)) => Some(Place {
            line,
            column,
            element: row.text("error_element")?,
            rule: row.text("error_rule")?,
        }),
        _ => None,
    };
    Ok(Call {
        id: RequestId::from_store(row.text("id")?),
        at: Millis(row.int("at_ms")?),
        real_at: Millis(row.int("real_at_ms")?),
        service: row.text("service")?,
        operation: row.text("operation")?,
        certificate_id: CertificateId::from_store(row.text("certificate_id")?),
        certificate: row.text("certificate")?,
        request_key: row.text("request_key")?,
        outcome: CallOutcome::from_store(&row.text("outcome")?)?,
        code: row.text("code")?,
        message: row.text("message")?,
        duration_us: row.int("duration_us")?,
        request_size: row.int("request_size")?,
        reply_size: row.int("reply_size")?,
        place,
    })
}
