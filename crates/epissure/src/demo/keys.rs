//! The demonstration's own authority and what it signs: the server's certificate, which clients
//! can then check, and one client certificate an operator. The authority's key is kept nowhere.

use std::path::Path;

use anyhow::{Context, Result};
use kernel::Millis;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::people::OPERATORS;
use crate::files;
use crate::tls::{self, Authority};

/// The folder, in the data, of what a visitor may take.
pub const DIR: &str = "acces";

/// A client certificate as the platform and its holder know it.
#[derive(Clone)]
pub struct ClientKey {
    /// The certificate.
    pub der: Vec<u8>,
    /// SHA-256 of it, in hexadecimal.
    pub fingerprint: String,
    /// Its end, real time.
    pub not_after: Millis,
}

/// Makes the authority, the server's certificate in `<data>/tls` and those of [`OPERATORS`] in
/// `<data>/acces`.
///
/// # Errors
/// The folder cannot be written, or the machine gives no randomness.
pub fn make(data: &Path, now: Millis) -> Result<Vec<ClientKey>> {
    let authority = Authority::new("Fibre des Deux Vallées, démonstration", now)?;
    let (dir, own) = (data.join(DIR), data.join("tls"));
    files::make_private_dir(&dir)?;
    files::make_private_dir(&own)?;
    files::write_whole(&dir.join("ca.pem"), authority.pem().as_bytes(), 0o644)?;
    let server = authority.server(now)?;
    files::write_whole(&own.join("server.key"), server.key.as_bytes(), 0o600)?;
    files::write_whole(
        &own.join("server.pem"),
        server.certificate.as_bytes(),
        0o644,
    )?;
    let make = |name: &str| {
        let made = authority.client(name, now)?;
        let file = |extension: &str| dir.join(format!("{name}.{extension}"));
        files::write_whole(&file("key"), made.key.as_bytes(), 0o600)?;
        files::write_whole(&file("pem"), made.certificate.as_bytes(), 0o644)?;
        read(made.certificate.as_bytes())
    };
    OPERATORS
        .iter()
        .map(|operator| make(operator.file))
        .collect()
}

fn read(pem: &[u8]) -> Result<ClientKey> {
    let seen = tls::read_certificate(pem)?;
    let der = CertificateDer::from_pem_slice(pem).context("a certificate just made")?;
    Ok(ClientKey {
        der: der.to_vec(),
        fingerprint: seen.fingerprint,
        not_after: seen.not_after,
    })
}
