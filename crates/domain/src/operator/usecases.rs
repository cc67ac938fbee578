//! What the OI's staff does with operators. Each is one unit of work, so each leaves its audit row.

use std::sync::Arc;

use kernel::{Fault, IdSource, OperatorId, Refusal, codes};
use storage::Error;

use super::{Operator, rules, store};
use crate::access::{self, Ctx, Duty, StaffScope};
use crate::{Outcome, Platform, Unit, Verdict, Work, write};

/// An operator to add, or the OI itself.
#[derive(Clone, Debug)]
pub struct NewOperator {
    /// Its code, see [`rules::is_code`].
    pub code: String,
    /// Its name, 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// Where the platform writes to it.
    pub contact_email: String,
    /// Its SIREN numbers; none for the OI.
    pub sirens: Vec<String>,
}

/// Longest name of an operator, a person or a machine, in characters.
pub const NAME_MAX: usize = 80;

/// Whether `name` can be shown on one line: 1 to [`NAME_MAX`] characters, none of them a control.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let count = name.trim().chars().count();
    (1..=NAME_MAX).contains(&count) && !name.chars().any(char::is_control)
}

fn check(new: &NewOperator) -> Result<(), Refusal> {
    let bad = |field: &str| Err(Refusal::new(&codes::RC03).on(field));
    if !rules::is_code(&new.code) {
        return bad("code");
    }
    if !is_name(&new.name) {
        return bad("name");
    }
    if !rules::is_email(&new.contact_email) {
        return bad("email");
    }
    match new.sirens.iter().find(|siren| !rules::is_siren(siren)) {
        Some(_) => bad("siren"),
        None => Ok(()),
    }
}

/// The OI's own operator, made once before anything else (`epissure init`).
///
/// # Errors
/// A fault when it is not known to be committed; `3` for a malformed field and `13` when the store
/// already has its OI are in the outcome.
pub async fn found_provider(
    platform: &Platform,
    new: NewOperator,
) -> Result<Outcome<OperatorId>, Fault> {
    let seed = u64::from_be_bytes(platform.random()?);
    let id: OperatorId = IdSource::new(platform.clock.real_now(), seed).next();
    let ctx = Arc::new(access::system(platform, Duty::Upkeep, &id)?);
    let unit = Unit::new("operator.found_provider");
    write(platform, &ctx, unit, move |work| {
        work.about(&new.code);
        if let Err(refusal) = check(&new) {
            return Ok(Verdict::Refused(refusal));
        }
        let scope = work.ctx.duty(Duty::Upkeep);
        let operator = operator(id.clone(), &new, true, work.ctx);
        let first = access::store::provider(work.tx, &scope)?.is_none();
        if !first || !store::insert(work.tx, &scope, &operator)? {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC13).on("code")));
        }
        Ok(Verdict::Accepted(id.clone()))
    })
    .await
}

fn operator(id: OperatorId, new: &NewOperator, is_provider: bool, ctx: &Ctx) -> Operator {
    Operator {
        id,
        code: new.code.clone(),
        name: new.name.trim().to_owned(),
        is_provider,
        contact_email: new.contact_email.clone(),
        created: ctx.now,
    }
}

/// Adds an operator with its SIREN numbers.
///
/// # Errors
/// As [`found_provider`]; `13` is for a code that is taken.
pub async fn add_operator(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: NewOperator,
) -> Result<Outcome<OperatorId>, Fault> {
    write(platform, ctx, Unit::new("operator.add"), move |work| {
        work.about(&new.code);
        let staff = match work
            .ctx
            .staff()
            .cloned()
            .and_then(|s| check(&new).map(|()| s))
        {
            Ok(staff) => staff,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let id: OperatorId = work.id();
        let operator = operator(id.clone(), &new, false, work.ctx);
        if !store::insert(work.tx, &staff, &operator)? {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC13).on("code")));
        }
        for siren in &new.sirens {
            store::insert_siren(work.tx, &staff, &id, siren)?;
        }
        Ok(Verdict::Accepted(id))
    })
    .await
}

/// Suspends the access of an operator, or gives it back. Orders under way go on.
///
/// # Errors
/// A fault when it is not known to be committed; `5` for an unknown code and `11` for the OI itself
/// are in the outcome.
pub async fn suspend_operator(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    code: String,
    suspended: bool,
) -> Result<Outcome<()>, Fault> {
    let action = if suspended {
        "operator.suspend"
    } else {
        "operator.resume"
    };
    let outcome = write(platform, ctx, Unit::new(action), move |work| {
        let (staff, operator) = match staff_on(work, &code)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        if operator.is_provider {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC11).on("operator")));
        }
        let at = suspended.then_some(work.ctx.now);
        store::update_suspension(work.tx, &staff, &operator.id, at)?;
        Ok(Verdict::Accepted(()))
    })
    .await;
    platform.forget_identities();
    outcome
}

/// Every operator, the OI included, by code.
///
/// # Errors
/// A fault when the store does not answer; `11` for anyone but the OI's staff.
pub async fn list_operators(
    platform: &Platform,
    ctx: &Ctx,
) -> Result<Result<Vec<Operator>, Refusal>, Fault> {
    let staff = match ctx.staff() {
        Ok(staff) => staff.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    Ok(Ok(platform
        .db
        .read(move |tx| store::list(tx, &staff))
        .await?))
}

/// The caller's staff scope and the operator with this code, which becomes what the audit row is
/// about.
pub(crate) fn staff_on(
    work: &mut Work<'_>,
    code: &str,
) -> Result<Result<(StaffScope, Operator), Refusal>, Error> {
    work.about(code);
    let staff = match work.ctx.staff() {
        Ok(staff) => staff.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let found = store::by_code(work.tx, &staff, code)?;
    Ok(found
        .map(|operator| (staff, operator))
        .ok_or_else(|| Refusal::new(&codes::RC05).on("operator")))
}
