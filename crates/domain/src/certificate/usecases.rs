//! What the OI's staff does with client certificates, at the command line.

use std::sync::Arc;

use kernel::{CertificateId, Fault, Millis, Refusal, codes};

use super::{Certificate, store};
use crate::access::Ctx;
use crate::operator::usecases::{is_name, staff_on};
use crate::{Outcome, Platform, Unit, Verdict, consult, write};

/// A certificate to make known.
#[derive(Clone, Debug)]
pub struct NewCertificate {
    /// The operator's code.
    pub operator: String,
    /// SHA-256 of its DER form, in lower-case hexadecimal.
    pub fingerprint: String,
    /// What the machine is called.
    pub label: String,
    /// The natural person who answers for it.
    pub responsible: String,
    /// Its end, real time.
    pub not_after: Millis,
}

/// Makes a client certificate known.
///
/// # Errors
/// A fault when it is not known to be committed. In the outcome: `5` unknown operator, `3` a
/// malformed label, `1` no responsible person, `12` a certificate that has expired, `13` one that
/// is already known, to whichever operator.
pub async fn add_certificate(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    new: NewCertificate,
) -> Result<Outcome<CertificateId>, Fault> {
    let outcome = write(platform, ctx, Unit::new("certificate.add"), move |work| {
        let (staff, operator) = match staff_on(work, &new.operator)? {
            Ok(found) => found,
            Err(refusal) => return Ok(Verdict::Refused(refusal)),
        };
        let refused = |code, field| Ok(Verdict::Refused(Refusal::new(code).on(field)));
        if !is_name(&new.label) {
            return refused(&codes::RC03, "label");
        }
        if !is_name(&new.responsible) {
            return refused(&codes::RC01, "responsible");
        }
        if work.ctx.real_now > new.not_after {
            return refused(&codes::RC12, "certificate");
        }
        let certificate = Certificate {
            id: work.id(),
            fingerprint: new.fingerprint.clone(),
            label: new.label.trim().to_owned(),
            responsible: new.responsible.trim().to_owned(),
            not_after: new.not_after,
            state: "active".to_owned(),
        };
        let now = work.ctx.now;
        if !store::insert(work.tx, &staff, &operator.id, &certificate, now)? {
            return refused(&codes::RC13, "certificate");
        }
        work.about(certificate.id.as_str());
        Ok(Verdict::Accepted(certificate.id))
    })
    .await;
    platform.forget_identities();
    outcome
}

/// The certificates of an operator. Their responsible persons are personal data, so the
/// consultation is on record first.
///
/// # Errors
/// A fault when the store does not answer; `5` unknown operator, `11` anyone but the OI's staff.
pub async fn list_certificates(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    operator: &str,
) -> Result<Result<Vec<Certificate>, Refusal>, Fault> {
    let staff = match ctx.staff() {
        Ok(staff) => staff.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    consult(platform, ctx, "certificate.list", operator, None).await?;
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

/// Revokes a certificate for good; it is refused within a second on every node.
///
/// # Errors
/// A fault when it is not known to be committed; `5` for an unknown fingerprint is in the outcome.
pub async fn revoke_certificate(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    fingerprint: String,
) -> Result<Outcome<()>, Fault> {
    let fingerprint = fingerprint.replace(':', "").to_ascii_lowercase();
    let outcome = write(
        platform,
        ctx,
        Unit::new("certificate.revoke"),
        move |work| {
            work.about(&fingerprint);
            let staff = match work.ctx.staff() {
                Ok(staff) => staff.clone(),
                Err(refusal) => return Ok(Verdict::Refused(refusal)),
            };
            if store::update_state(work.tx, &staff, &fingerprint, "revoked")? == 0 {
                return Ok(Verdict::Refused(
                    Refusal::new(&codes::RC05).on("fingerprint"),
                ));
            }
            Ok(Verdict::Accepted(()))
        },
    )
    .await;
    platform.forget_identities();
    outcome
}
