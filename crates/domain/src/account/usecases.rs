//! What the OI's staff does with accounts, at the command line.

use std::sync::Arc;

use kernel::{AccountId, Fault, Refusal, codes};

use super::{Account, store};
use crate::access::{self, Ctx, Duty, Profile};
use crate::operator::rules::is_email;
use crate::operator::usecases::{is_name, staff_on};
use crate::{Outcome, Platform, Unit, Verdict, consult, write};

/// An account to open.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The operator's code.
    pub operator: String,
    /// The login: an address, unique on the platform.
    pub login: String,
    /// The person, see [`is_name`].
    pub name: String,
    /// What the person may do.
    pub profile: Profile,
    /// The e-services in which the profile's rights are given.
    pub services: Vec<&'static str>,
    /// The PHC string of the first password.
    pub password_hash: String,
}

/// Opens an account on the operator's lowest free seat.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `5` unknown operator, `3` a
/// malformed login or name, `7` no seat left, `13` a login that is taken.
pub async fn add_account(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: NewAccount,
) -> Result<Outcome<AccountId>, Fault> {
    write(platform, ctx, Unit::new("account.add"), move |work| {
        let (staff, operator) = match staff_on(work, &new.operator)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let refused = |code, field| Ok(Verdict::Refused(Refusal::new(code).on(field)));
        let login = new.login.to_ascii_lowercase();
        if !is_email(&login) {
            return refused(&codes::RC03, "login");
        }
        if !is_name(&new.name) {
            return refused(&codes::RC03, "name");
        }
        let Some(seat) = store::free_seat(work.tx, &staff, &operator.id)? else {
            return refused(&codes::RC07, "account");
        };
        let account = Account {
            id: work.id(),
            email: login.clone(),
            login,
            name: new.name.trim().to_owned(),
            seat,
            state: "active".to_owned(),
            password_hash: Some(new.password_hash.clone()),
            created: work.ctx.now,
        };
        let permissions = new.profile.permissions(&new.services);
        if !store::insert(work.tx, &staff, &operator.id, &account, &permissions)? {
            return refused(&codes::RC13, "login");
        }
        work.about(account.id.as_str());
        Ok(Verdict::Accepted(account.id))
    })
    .await
}

/// The accounts of an operator: personal data, so the consultation is on record first.
///
/// # Errors
/// A fault when the store does not answer; `5` unknown operator, `11` anyone but the OI's staff.
pub async fn list_accounts(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator: &str,
) -> Result<Result<Vec<Account>, Refusal>, Fault> {
    let staff = match ctx.staff() {
        Ok(staff) => staff.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    consult(platform, ctx, "account.list", operator, None).await?;
    let code = operator.to_owned();
    let found = platform
        .db
        .read(move |tx| {
            let operator = crate::operator::store::by_code(tx, &staff, &code)?;
            operator
                .map(|operator| store::list(tx, &staff, &operator.id))
                .transpose()
        })
        .await?;
    Ok(found.ok_or_else(|| Refusal::new(&codes::RC05).on("operator")))
}

/// Disables an account; its sessions end within a second on every node.
///
/// # Errors
/// A fault when it is not known to be committed; `5` for an unknown login is in the outcome.
pub async fn disable_account(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    login: String,
) -> Result<Outcome<()>, Fault> {
    let login = login.to_ascii_lowercase();
    let outcome = write(platform, ctx, Unit::new("account.disable"), move |work| {
        let staff = match work.ctx.staff() {
            Ok(staff) => staff.clone(),
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let sign_in = work.ctx.duty(Duty::SignIn);
        let found = access::store::credentials_by_login(work.tx, &sign_in, &login)?;
        let Some(found) = found else {
            return Ok(Verdict::Refused(Refusal::new(&codes::RC05).on("login")));
        };
        work.about(found.account.as_str());
        store::update_state(work.tx, &staff, &login, "disabled")?;
        Ok(Verdict::Accepted(()))
    })
    .await;
    platform.forget_identities();
    outcome
}
