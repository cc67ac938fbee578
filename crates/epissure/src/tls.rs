//! TLS: the certificate the platform makes for itself at first start, and the two kinds of
//! listener. The XML port asks for a client certificate and checks that the caller holds its key;
//! who that is, and whether it is still welcome, is decided at each request by fingerprint, so any
//! issuer and any date pass the handshake (interfaces §0).

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use jiff::{Timestamp, tz::TimeZone};
use kernel::Millis;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::SignatureScheme;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName as Subject, Error, ServerConfig};

use crate::files;

/// How long a certificate made here is good for, in days: browsers refuse more than 825.
const SELF_MADE_DAYS: i64 = 800;
/// How long a client certificate made here is good for, in days.
const CLIENT_DAYS: i64 = 730;

/// The platform's own certificate and key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    /// Reads `<data>/tls/server.pem` and `server.key`, made when missing: a certificate for
    /// `localhost`, to be replaced by one that the users' browsers know.
    ///
    /// # Errors
    /// A key open to others, a file that cannot be read or written.
    pub fn load(data: &Path, now: Millis) -> Result<Self> {
        let dir = data.join("tls");
        let (pem, key) = (dir.join("server.pem"), dir.join("server.key"));
        if !pem.exists() && !key.exists() {
            files::make_private_dir(&dir)?;
            let made = server_certificate(now)?;
            files::write_whole(&key, made.key.as_bytes(), 0o600)?;
            files::write_whole(&pem, made.certificate.as_bytes(), 0o644)?;
        }
        let read = std::fs::read(&pem).with_context(|| pem.display().to_string())?;
        let chain = CertificateDer::pem_slice_iter(&read).collect::<Result<Vec<_>, _>>();
        let key_bytes = files::read_private(&key, files::OWNER_ONLY)?;
        Ok(Self {
            chain: chain.with_context(|| pem.display().to_string())?,
            key: PrivateKeyDer::from_pem_slice(&key_bytes)
                .with_context(|| key.display().to_string())?,
        })
    }

    /// The portal's side: no client certificate, HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    /// The key is not the certificate's.
    pub fn portal(&self) -> Result<Arc<ServerConfig>> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth();
        let config = builder.with_single_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(with_protocols(config))
    }

    /// The XML port's side: a client certificate, and proof of its key.
    ///
    /// # Errors
    /// As [`Identity::portal`].
    pub fn machines(&self) -> Result<Arc<ServerConfig>> {
        let verifier = KeyHolder {
            provider: provider(),
        };
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(Arc::new(verifier));
        let config = builder.with_single_cert(self.chain.clone(), self.key.clone_key())?;
        Ok(with_protocols(config))
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn with_protocols(mut config: ServerConfig) -> Arc<ServerConfig> {
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// Lets in whoever proves to hold the key of the certificate it shows.
#[derive(Debug)]
struct KeyHolder {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for KeyHolder {
    fn root_hint_subjects(&self) -> &[Subject] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A certificate and its key, in PEM.
pub struct Made {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

fn server_certificate(now: Millis) -> Result<Made> {
    made(server_params()?, now, SELF_MADE_DAYS, None)
}

fn server_params() -> Result<CertificateParams> {
    let names = ["localhost", "127.0.0.1", "::1"]
        .map(str::to_owned)
        .to_vec();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named("localhost");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// A client certificate of its own issuing, for tests: partners make theirs with the tools they
/// have.
///
/// # Errors
/// The machine gives no randomness, or the name cannot be written in a certificate.
pub fn client_certificate(common_name: &str, now: Millis) -> Result<Made> {
    made(client_params(common_name)?, now, CLIENT_DAYS, None)
}

fn client_params(common_name: &str) -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = named(common_name);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(params)
}

/// An authority that lives as long as it is held: its key is written nowhere.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// An authority called `common_name`.
    ///
    /// # Errors
    /// As [`client_certificate`].
    pub fn new(common_name: &str, now: Millis) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = named(common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let params = dated(params, now, SELF_MADE_DAYS)?;
        Ok(Self(CertifiedIssuer::self_signed(
            params,
            KeyPair::generate()?,
        )?))
    }

    /// Its certificate, in PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this machine as a server.
    ///
    /// # Errors
    /// As [`client_certificate`].
    pub fn server(&self, now: Millis) -> Result<Made> {
        made(server_params()?, now, SELF_MADE_DAYS, Some(&self.0))
    }

    /// A client certificate.
    ///
    /// # Errors
    /// As [`client_certificate`].
    pub fn client(&self, common_name: &str, now: Millis) -> Result<Made> {
        made(client_params(common_name)?, now, CLIENT_DAYS, Some(&self.0))
    }
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn dated(mut params: CertificateParams, now: Millis, days: i64) -> Result<CertificateParams> {
    let on = |at: Millis| -> Result<_> {
        let date = Timestamp::from_millisecond(at.0)?
            .to_zoned(TimeZone::UTC)
            .date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        Ok(rcgen::date_time_ymd(i32::from(date.year()), month, day))
    };
    params.not_before = on(now.plus(-Millis::DAY))?;
    params.not_after = on(now.plus(days * Millis::DAY))?;
    Ok(params)
}

/// A new key and its certificate, signed by `issuer` or, without one, by the key itself.
fn made(
    params: CertificateParams,
    now: Millis,
    days: i64,
    issuer: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> Result<Made> {
    let mut params = dated(params, now, days)?;
    params.use_authority_key_identifier_extension = issuer.is_some();
    let key = KeyPair::generate()?;
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer)?,
        None => params.self_signed(&key)?,
    };
    Ok(Made {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    })
}

/// What the platform keeps of a client certificate.
pub struct Seen {
    /// SHA-256 of its DER form, in lower-case hexadecimal.
    pub fingerprint: String,
    /// Its subject's common name, or the whole subject.
    pub name: String,
    /// Its end.
    pub not_after: Millis,
}

/// Reads the first certificate of a PEM text.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn read_certificate(pem: &[u8]) -> Result<Seen> {
    let der = CertificateDer::from_pem_slice(pem).context("no certificate in PEM form")?;
    let (_, x509) = x509_parser::parse_x509_certificate(&der).context("unreadable certificate")?;
    let common_name = x509
        .subject()
        .iter_common_name()
        .next()
        .and_then(|cn| cn.as_str().ok());
    Ok(Seen {
        fingerprint: domain::access::certificate_fingerprint(&der),
        name: common_name.map_or_else(|| x509.subject().to_string(), str::to_owned),
        not_after: Millis(x509.validity().not_after.timestamp().saturating_mul(1_000)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_790_000_000_000);

    #[test]
    fn a_certificate_made_here_is_read_back() {
        let made = client_certificate("hirondelle", NOW).unwrap();
        let seen = read_certificate(made.certificate.as_bytes()).unwrap();
        assert_eq!(
            (seen.name.as_str(), seen.fingerprint.len()),
            ("hirondelle", 64)
        );
        let days = seen.not_after.since(NOW) / Millis::DAY;
        assert!((CLIENT_DAYS - 1..=CLIENT_DAYS).contains(&days), "{days}");
        assert!(read_certificate(made.key.as_bytes()).is_err());
    }

    #[test]
    fn the_platforms_own_certificate_is_made_once_and_serves_both_ports() {
        let dir = tempfile::tempdir().unwrap();
        let first = Identity::load(dir.path(), NOW).unwrap();
        let second = Identity::load(dir.path(), NOW).unwrap();
        assert_eq!(first.chain, second.chain);
        assert_eq!(second.portal().unwrap().alpn_protocols.len(), 2);
        assert!(second.machines().is_ok());
    }
}
