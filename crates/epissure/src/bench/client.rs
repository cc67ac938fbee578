//! A client that costs little, since it shares the machine with what it measures: HTTP/1.1 on one
//! TLS connection, one request at a time, answers of a known length.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest answer, in bytes.
const REPLY_MAX: usize = 4 * 1024 * 1024;
/// Read at once.
const CHUNK: usize = 16 * 1024;

/// A server, and how it is spoken to.
#[derive(Clone)]
pub struct Target {
    authority: String,
    tls: TlsConnector,
}

impl Target {
    /// The server at `url`, whose certificate `ca` vouches for; `key` is the folder and name of the
    /// client certificate to show.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn new(url: &str, ca: &Path, key: Option<(&Path, &str)>) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match key {
            None => builder.with_no_client_auth(),
            Some((dir, name)) => {
                let chain = CertificateDer::from_pem_file(dir.join(format!("{name}.pem")))?;
                let key = PrivateKeyDer::from_pem_file(dir.join(format!("{name}.key")))?;
                builder.with_client_auth_cert(vec![chain], key)?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let authority = url.strip_prefix("https://").context("an https address")?;
        Ok(Self {
            authority: authority.trim_end_matches('/').to_owned(),
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// A GET request, with `headers` as lines that end in CRLF.
    #[must_use]
    pub fn get(&self, path: &str, headers: &str) -> Vec<u8> {
        format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\n{headers}\r\n",
            self.authority
        )
        .into_bytes()
    }

    /// A POST request of a body of this type.
    #[must_use]
    pub fn post(&self, path: &str, headers: &str, kind: &str, body: &str) -> Vec<u8> {
        let (host, length) = (&self.authority, body.len());
        format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\n\
             content-length: {length}\r\n{headers}\r\n{body}"
        )
        .into_bytes()
    }

    /// A connection, its handshake done.
    ///
    /// # Errors
    /// The server does not answer, or is not who it should be.
    pub async fn connect(&self) -> Result<Connection> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let host = self
            .authority
            .split(':')
            .next()
            .unwrap_or_default()
            .to_owned();
        let stream = self
            .tls
            .connect(ServerName::try_from(host)?, stream)
            .await?;
        Ok(Connection {
            stream,
            buffer: Vec::with_capacity(CHUNK),
        })
    }
}

/// A connection that carries one request after the other.
pub struct Connection {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

/// An answer.
pub struct Reply<'a> {
    /// The status.
    pub status: u16,
    /// The head, without the status line.
    pub head: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Reply<'_> {
    /// The values of a header, its name given in small letters.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &str> {
        self.head.lines().filter_map(move |line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Connection {
    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// The connection ends, or the answer is not one this client reads.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = std::str::from_utf8(&self.buffer[..head_end])?;
        let (first, rest) = head.split_once("\r\n").context("a status line")?;
        let status: u16 = first.split(' ').nth(1).context("a status")?.parse()?;
        let length = rest.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>())
        });
        let length = match (status, length) {
            (204 | 304, _) => 0,
            (_, Some(length)) => length?,
            (_, None) => bail!("an answer without length: {head}"),
        };
        while self.buffer.len() < head_end + length {
            self.fill().await?;
        }
        let head = std::str::from_utf8(&self.buffer[..head_end])?;
        let head = head.split_once("\r\n").map_or("", |(_, rest)| rest);
        Ok(Reply {
            status,
            head,
            body: &self.buffer[head_end..head_end + length],
        })
    }

    async fn fill(&mut self) -> Result<()> {
        if self.buffer.len() > REPLY_MAX {
            bail!("an answer without end");
        }
        self.buffer.reserve(CHUNK);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}
