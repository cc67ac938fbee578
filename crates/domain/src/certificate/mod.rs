//! Client certificates of operators' machines: known by fingerprint, each with a named responsible
//! person (X-1, I-3).

pub mod store;
pub mod usecases;

use kernel::{CertificateId, Millis};

/// A client certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// Its id.
    pub id: CertificateId,
    /// SHA-256 of its DER form, in lower-case hexadecimal.
    pub fingerprint: String,
    /// What the machine is called.
    pub label: String,
    /// The natural person who answers for it.
    pub responsible: String,
    /// Its end, real time.
    pub not_after: Millis,
    /// `active`, `disabled` or `revoked`.
    pub state: String,
}
