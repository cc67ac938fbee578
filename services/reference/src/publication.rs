//! Telling operators of a publication (non-discrimination, Art. 13): in the very unit that moves
//! the pointer, each operator with an active contract gets an event that names the release and the
//! instant, the same for all; and a mail, unless it does not want any.

use std::collections::BTreeMap;

use domain::access::Duty;
use domain::release::{Release, ReleaseInfo, store as releases};
use domain::{Work, event, outbox};
use storage::Error;

use crate::store;

/// The event of a release that came into force.
pub const PUBLISHED: &str = "referentiel.publie";
/// The event of a release that was taken back.
pub const WITHDRAWN: &str = "referentiel.retire";
/// Operators told in one unit at most; there are hundreds in all of France.
const OPERATORS_MAX: i64 = 10_000;

/// What happened to a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// It is in force.
    Published,
    /// It was taken back, the one it was built on is in force again.
    Withdrawn,
}

/// Tells every operator with an active contract; answers how many that is.
///
/// # Errors
/// Those of the store.
pub fn tell(work: &mut Work<'_>, release: &ReleaseInfo, news: News) -> Result<usize, Error> {
    let duty = work.ctx.duty(Duty::Import);
    let now = work.ctx.now;
    let sources = releases::sources(work.tx, release.number)?;
    let source = sources.iter().find(|source| source.kind == release.kind);
    let extracted = source
        .map(|s| s.extracted_on.to_string())
        .unwrap_or_default();
    let in_force = match news {
        News::Published => release.number,
        News::Withdrawn => release.base,
    };
    let payload = payload(release, in_force, &extracted, now.0);
    let subject = release.number.0.to_string();
    let (kind, template) = match news {
        News::Published => (PUBLISHED, "referentiel_publie"),
        News::Withdrawn => (WITHDRAWN, "referentiel_retire"),
    };
    let values: BTreeMap<String, String> = [
        ("version", subject.clone()),
        ("precedente", release.base.0.to_string()),
        ("nature", release.kind.label().to_owned()),
        ("extraction", extracted),
        ("quand", crate::labels::instant(now)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let told = store::list_told(work.tx, &duty, now, OPERATORS_MAX)?;
    for one in &told {
        let event = event::Told {
            kind,
            subject: &subject,
            payload: &payload,
        };
        work.event(&duty, &one.operator, &event)?;
        if let Some(recipient) = &one.recipient {
            let message = outbox::Message {
                template: template.to_owned(),
                recipient: recipient.clone(),
                values: values.clone(),
            };
            work.post(&duty, &one.operator, &message)?;
        }
    }
    Ok(told.len())
}

/// The same text for every operator: the journal shows that they were told the same.
fn payload(release: &ReleaseInfo, in_force: Release, extracted: &str, at_ms: i64) -> String {
    serde_json::json!({
        "version": release.number.0,
        "en_vigueur": in_force.0,
        "nature": release.kind.as_str(),
        "extraction": extracted,
        "instant_ms": at_ms,
    })
    .to_string()
}
