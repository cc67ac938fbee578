//! What the OI's staff does with contracts, at the command line.

use std::sync::Arc;

use kernel::{ContractId, Fault, Refusal, codes};

use super::{Contract, store};
use crate::access::Ctx;
use crate::operator::usecases::{is_name, staff_on};
use crate::{Outcome, Platform, Unit, Verdict, offer, release, write};

/// Records a contract signed today and the offers it opens.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `5` unknown operator, `3` a
/// malformed reference, `2` an offer that is not in the catalogue, `13` a reference that is taken.
pub async fn add_contract(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator: String,
    reference: String,
    offers: Vec<String>,
) -> Result<Outcome<ContractId>, Fault> {
    write(platform, ctx, Unit::new("contract.add"), move |work| {
        let (staff, operator) = match staff_on(work, &operator)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let refused = |code, field| Ok(Verdict::Refused(Refusal::new(code).on(field)));
        if !is_name(&reference) {
            return refused(&codes::RC03, "reference");
        }
        let release = release::store::current(work.tx)?;
        let catalogue = offer::store::catalogue(work.tx, release)?;
        let unknown = |code: &String| catalogue.iter().all(|offer| offer.code != *code);
        if offers.is_empty() || offers.iter().any(unknown) {
            return refused(&codes::RC02, "offer");
        }
        let contract = Contract {
            id: work.id(),
            reference: reference.clone(),
            signed: work.ctx.now,
        };
        let mut opened: Vec<&str> = offers.iter().map(String::as_str).collect();
        opened.sort_unstable();
        opened.dedup();
        if !store::insert(work.tx, &staff, &operator.id, &contract, &opened)? {
            return refused(&codes::RC13, "reference");
        }
        work.about(contract.id.as_str());
        Ok(Verdict::Accepted(contract.id))
    })
    .await
}
