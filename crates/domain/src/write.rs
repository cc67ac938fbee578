//! The unit of work: one transaction holds the business change, its audit row, its events, what
//! leaves by the outbox, the jobs it starts and its idempotency row (trust D7). Edges and jobs
//! write through [`write`] and nothing else.

use std::sync::Arc;

use kernel::{AuditId, EventId, Fault, Id, IdSource, JobId, Millis, OperatorId, OutboxId, Refusal};
use serde::Serialize;
use serde::de::DeserializeOwned;
use storage::{Error, Lane, Tx};

use crate::access::{Ctx, Reach};
use crate::audit::{self, Record};
use crate::platform::hex;
use crate::{Platform, event, idempotency, job, outbox};

/// What a unit of work is called, and under which key it is done only once.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The audited action, `fci.place_order`.
    pub action: &'static str,
    /// The idempotency key, for entries that have one.
    pub idempotency: Option<Idempotency>,
}

impl Unit {
    /// A unit without an idempotency key: its business key already makes it happen once.
    #[must_use]
    pub fn new(action: &'static str) -> Self {
        Self {
            action,
            idempotency: None,
        }
    }

    /// The same unit, done once under `key`.
    #[must_use]
    pub fn once(self, key: Option<Idempotency>) -> Self {
        Self {
            idempotency: key,
            ..self
        }
    }
}

/// A key chosen by the caller and the digest of what it sent under it.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// At most 255 characters.
    pub key: String,
    /// SHA-256 of the request, in hexadecimal.
    pub digest: String,
}

impl Idempotency {
    /// Longest key accepted, in characters.
    pub const KEY_MAX: usize = 255;

    /// The key with the digest of `body`.
    #[must_use]
    pub fn new(key: &str, body: &[u8]) -> Self {
        use sha2::Digest;
        Self {
            key: key.to_owned(),
            digest: hex(&sha2::Sha256::digest(body)),
        }
    }
}

/// How a unit of work ends.
#[derive(Clone, Debug, Serialize, serde::Deserialize)]
pub enum Verdict<T> {
    /// Its rows are kept. An order answered AR KO is accepted too: its row tells the refusal.
    Accepted(T),
    /// Its business rows are undone; the audit and idempotency rows say so.
    Refused(Refusal),
}

/// What [`write`] answers.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// The verdict, as first given under this idempotency key.
    pub verdict: Verdict<T>,
    /// Whether it had been given before.
    pub replayed: bool,
}

impl<T> Outcome<T> {
    /// The accepted value or the refusal.
    ///
    /// # Errors
    /// The refusal.
    pub fn into_result(self) -> Result<T, Refusal> {
        match self.verdict {
            Verdict::Accepted(value) => Ok(value),
            Verdict::Refused(refusal) => Err(refusal),
        }
    }
}

/// A unit of work under way: the transaction and what is written beside the business rows.
pub struct Work<'a> {
    /// The transaction.
    pub tx: &'a mut dyn Tx,
    /// The request.
    pub ctx: &'a Ctx,
    ids: IdSource,
    target: String,
}

impl Work<'_> {
    /// The next id of this unit.
    pub fn id<T: Id>(&mut self) -> T {
        self.ids.next()
    }

    /// Bits for a reference people read.
    pub fn bits(&mut self) -> u64 {
        self.ids.next_bits()
    }

    /// Names the object the audit row is about.
    pub fn about(&mut self, target: &str) {
        target.clone_into(&mut self.target);
    }

    /// Tells `operator` of something, in its own feed and by nothing else.
    ///
    /// # Errors
    /// Those of the store.
    pub fn event(
        &mut self,
        reach: &dyn Reach,
        operator: &OperatorId,
        told: &event::Told<'_>,
    ) -> Result<(), Error> {
        let id: EventId = self.ids.next();
        event::store::insert(self.tx, reach, operator, &id, self.ctx.now, told)
    }

    /// Leaves a message for the outbox.
    ///
    /// # Errors
    /// Those of the store.
    pub fn post(
        &mut self,
        reach: &dyn Reach,
        operator: &OperatorId,
        message: &outbox::Message,
    ) -> Result<(), Error> {
        let id: OutboxId = self.ids.next();
        outbox::store::insert(self.tx, reach, operator, &id, self.ctx.real_now, message)
    }

    /// Starts a job at `due` (business time), once per kind and `dedup_key`.
    ///
    /// # Errors
    /// Those of the store.
    pub fn enqueue(
        &mut self,
        reach: &dyn Reach,
        operator: &OperatorId,
        new: &job::New<'_>,
        due: Millis,
    ) -> Result<(), Error> {
        let id: JobId = self.ids.next();
        job::store::insert(self.tx, reach, operator, &id, new, due)
    }
}

/// Runs `f` as one durable unit of work and answers once it is committed. A job's unit waits behind
/// those somebody waits for.
///
/// # Errors
/// A fault when the store cannot say that it is committed; nothing is then acknowledged, and the
/// same request may be sent again.
pub async fn write<T, F>(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    unit: Unit,
    mut f: F,
) -> Result<Outcome<T>, Fault>
where
    T: Serialize + DeserializeOwned + Send + 'static,
    F: FnMut(&mut Work<'_>) -> Result<Verdict<T>, Error> + Send + 'static,
{
    let first = ctx.ids();
    let audit_id: AuditId = first.clone().next();
    let proof = audit::proof(ctx, &audit_id);
    let lane = if ctx.job().is_some() {
        Lane::Background
    } else {
        Lane::Foreground
    };
    let ctx = Arc::clone(ctx);
    let run = move |tx: &mut dyn Tx| {
        let mut ids = first.clone();
        let audit_id: AuditId = ids.next();
        if let Some(lease) = ctx.job()
            && !job::store::finish(tx, ctx.scope(), lease)?
        {
            return Err(Error::Internal(format!("job {} lost its lease", lease.id)));
        }
        if let Some(answer) = replay(tx, &ctx, &unit)? {
            return Ok(Outcome {
                verdict: answer,
                replayed: true,
            });
        }
        tx.savepoint()?;
        let mut work = Work {
            tx: &mut *tx,
            ctx: &ctx,
            ids,
            target: String::new(),
        };
        let verdict = f(&mut work)?;
        let target = std::mem::take(&mut work.target);
        let (outcome, refusal) = match &verdict {
            Verdict::Accepted(_) => ("accepted", None),
            Verdict::Refused(refusal) => {
                tx.rollback_to_savepoint()?;
                ("refused", Some(refusal))
            }
        };
        let record = Record {
            id: &audit_id,
            action: unit.action,
            target: &target,
            outcome,
            code: refusal.map_or("", |r| r.code.as_str()),
            detail: refusal.and_then(|r| r.field.as_deref()).unwrap_or(""),
        };
        audit::store::insert(tx, &ctx, &record)?;
        keep(tx, &ctx, &unit, &verdict)?;
        Ok(Outcome {
            verdict,
            replayed: false,
        })
    };
    Ok(platform.db.write(lane, Some(proof), run).await?)
}

/// The answer given before under this key; code 13 when the key carried something else.
fn replay<T: DeserializeOwned>(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    unit: &Unit,
) -> Result<Option<Verdict<T>>, Error> {
    let Some(key) = &unit.idempotency else {
        return Ok(None);
    };
    let Some(kept) = idempotency::store::by_key(tx, ctx, &key.key)? else {
        return Ok(None);
    };
    if kept.digest != key.digest {
        let refusal = Refusal::new(&kernel::codes::RC13)
            .on("IdentifiantRequete")
            .because(idempotency::labels::OTHER_REQUEST);
        return Ok(Some(Verdict::Refused(refusal)));
    }
    serde_json::from_str(&kept.answer)
        .map(Some)
        .map_err(|e| Error::Decode(format!("idempotency answer: {e}")))
}

fn keep<T: Serialize>(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    unit: &Unit,
    verdict: &Verdict<T>,
) -> Result<(), Error> {
    let Some(key) = &unit.idempotency else {
        return Ok(());
    };
    let answer = serde_json::to_string(verdict)
        .map_err(|e| Error::Internal(format!("idempotency answer: {e}")))?;
    idempotency::store::insert(tx, ctx, key, &answer)
}

/// Commits the audit row of a consultation of personal data, or of a denial, before the answer
/// leaves (architecture §7).
///
/// # Errors
/// A fault when it cannot be written: the answer then does not leave.
pub async fn consult(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    action: &'static str,
    target: &str,
    refusal: Option<&Refusal>,
) -> Result<(), Fault> {
    let audit_id: AuditId = ctx.ids().next();
    let proof = audit::proof(ctx, &audit_id);
    let ctx = Arc::clone(ctx);
    let target = target.to_owned();
    let code = refusal.map(|r| r.code.clone()).unwrap_or_default();
    let outcome = if refusal.is_some() {
        "denied"
    } else {
        "consulted"
    };
    let run = move |tx: &mut dyn Tx| {
        let record = Record {
            id: &audit_id,
            action,
            target: &target,
            outcome,
            code: &code,
            detail: "",
        };
        audit::store::insert(tx, &ctx, &record)
    };
    Ok(platform
        .db
        .write(Lane::Foreground, Some(proof), run)
        .await?)
}

/// Text and numbers to bind; shorthand for stores.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$(storage::Value::from($value)),*] };
}
