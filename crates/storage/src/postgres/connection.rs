//! One connection: how it is opened, what its errors mean.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::postgres::config::{Host, SslMode};
use ::postgres::error::{Severity, SqlState};
use ::postgres::{Client, Config, NoTls};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::queue::Mode;
use crate::{Error, Row};

/// Waiting for one host to accept a connection, unless the URL says otherwise.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Sent bytes that nobody acknowledges, unless the URL says otherwise.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(3);

/// What a unit may take. A cancelled statement is certainly not committed.
const SESSION: &str = "set standard_conforming_strings = on;
    set statement_timeout = '5s';
    set lock_timeout = '2s';
    set idle_in_transaction_session_timeout = '10s';";
/// A sequential scan of a small table would put all of it in the read set of a serializable
/// transaction.
const SESSION_WRITE: &str = "set enable_seqscan = off;";

/// A parsed URL.
#[derive(Clone)]
pub struct Settings {
    config: Config,
    tls: Option<Arc<ClientConfig>>,
}

impl Settings {
    /// Reads a `postgresql://` URL. Beside what the driver knows, `sslmode=verify-full` and
    /// `sslrootcert=FILE` are understood. A server that is not on this machine is spoken to by TLS
    /// only, and its name is always verified, unless the URL says `sslmode=disable`.
    pub fn parse(url: &str) -> Result<Self, Error> {
        let (url, root) = split_tls(url);
        let mut config: Config = url
            .parse()
            .map_err(|e| Error::Internal(format!("database URL: {e}")))?;
        let local = config.get_hosts().iter().all(is_local);
        let plain = match config.get_ssl_mode() {
            SslMode::Disable => true,
            SslMode::Prefer => local && root.is_none(),
            _ => false,
        };
        let tls = if plain {
            None
        } else {
            Some(client_config(root.as_deref())?)
        };
        config.ssl_mode(if plain {
            SslMode::Disable
        } else {
            SslMode::Require
        });
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(TCP_USER_TIMEOUT);
        }
        if config.get_application_name().is_none() {
            config.application_name("epissure");
        }
        Ok(Self { config, tls })
    }
}

/// Takes from the URL what the driver does not know.
fn split_tls(url: &str) -> (String, Option<String>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut root = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", file)) => root = Some(file.replace("%2F", "/")),
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            _ => kept.push(pair),
        }
    }
    (format!("{base}?{}", kept.join("&")), root)
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
        }
    }
}

fn client_config(root: Option<&str>) -> Result<Arc<ClientConfig>, Error> {
    let Some(root) = root else {
        return Err(Error::Internal(
            "database URL: TLS wants sslrootcert=FILE".to_owned(),
        ));
    };
    let failed = |e: &dyn std::fmt::Display| Error::Internal(format!("sslrootcert {root}: {e}"));
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(Path::new(root)).map_err(|e| failed(&e))? {
        store
            .add(certificate.map_err(|e| failed(&e))?)
            .map_err(|e| failed(&e))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| failed(&e))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// A prepared statement and the names of its columns.
#[derive(Clone)]
pub struct Prepared {
    pub(super) raw: ::postgres::Statement,
    pub(super) names: Arc<[String]>,
}

/// A connection with its caches. Opened, used and dropped by one thread that is in no runtime.
pub struct Connection {
    pub(super) client: Client,
    /// By the address of the statement.
    pub(super) prepared: HashMap<usize, Prepared>,
    /// Whether row-level security acts on a table for this role.
    pub(super) guarded: HashMap<&'static str, bool>,
    warned: Arc<AtomicBool>,
}

impl Connection {
    /// Connects and sets the session for `mode`.
    pub fn open(settings: &Settings, mode: Mode) -> Result<Self, Error> {
        let mut connection = Self::open_plain(settings)?;
        let write = if mode == Mode::Read {
            ""
        } else {
            SESSION_WRITE
        };
        connection.batch(&format!("{SESSION}{write}"))?;
        Ok(connection)
    }

    /// Connects with the server's own session settings.
    pub fn open_plain(settings: &Settings) -> Result<Self, Error> {
        let warned = Arc::new(AtomicBool::new(false));
        let mut config = settings.config.clone();
        let flag = Arc::clone(&warned);
        config.notice_callback(move |notice| {
            if notice.parsed_severity() == Some(Severity::Warning) {
                tracing::warn!(code = notice.code().code(), "{}", notice.message());
                flag.store(true, Ordering::Relaxed);
            }
        });
        let client = match &settings.tls {
            None => config.connect(NoTls),
            Some(tls) => config.connect(MakeRustlsConnect::new(ClientConfig::clone(tls))),
        };
        let client = client.map_err(|e| Error::Unavailable(format!("connect: {}", text_of(&e))))?;
        Ok(Self {
            client,
            prepared: HashMap::new(),
            guarded: HashMap::new(),
            warned,
        })
    }

    /// Runs statements without parameters, in one message.
    pub fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.client.batch_execute(sql).map_err(|e| error_of(&e))
    }

    /// Runs a statement; the number of rows it changed.
    pub fn count(&mut self, sql: &str) -> Result<u64, Error> {
        self.client.execute(sql, &[]).map_err(|e| error_of(&e))
    }

    /// Runs a query of one row.
    pub fn one(&mut self, sql: &str) -> Result<::postgres::Row, Error> {
        self.client.query_one(sql, &[]).map_err(|e| error_of(&e))
    }

    /// Runs a query of texts; for migrations and checks.
    pub fn texts(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let rows = self.client.query(sql, &[]).map_err(|e| error_of(&e))?;
        rows.iter().map(super::tx::row_of_any).collect()
    }

    /// Sends COMMIT. Never cancelled, never timed out: a cancelled wait for the standby would look
    /// like a success.
    pub fn commit(&mut self) -> Committed {
        if self.client.is_closed() {
            return Committed::No(Error::Retry("the connection was closed".to_owned()));
        }
        self.warned.store(false, Ordering::Relaxed);
        let result = self.client.batch_execute("commit");
        // Any warning counts, so that the server's language does not matter. The one that does
        // come here says that the wait for the synchronous standby was given up.
        let warned = self.warned.load(Ordering::Relaxed);
        match result {
            Ok(()) if !warned => Committed::Yes,
            Ok(()) => Committed::Unknown("COMMIT answered with a warning".to_owned()),
            Err(error) => match error.as_db_error().and_then(|e| e.parsed_severity()) {
                Some(Severity::Error) => Committed::No(error_of(&error)),
                _ => Committed::Unknown(text_of(&error)),
            },
        }
    }
}

/// How a COMMIT ended.
pub enum Committed {
    /// For certain.
    Yes,
    /// Certainly not.
    No(Error),
    /// Nobody knows from here.
    Unknown(String),
}

/// What an error means before COMMIT was sent: the transaction is certainly not committed.
pub fn error_of(error: &::postgres::Error) -> Error {
    let text = text_of(error);
    let Some(db) = error.as_db_error() else {
        let source = std::error::Error::source(error);
        let io = source.is_some_and(|e| e.is::<std::io::Error>());
        return if io || error.is_closed() {
            Error::Retry(text)
        } else {
            Error::Internal(text)
        };
    };
    let rerun = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
    ];
    if rerun.contains(db.code()) {
        return Error::Retry(text);
    }
    if [SqlState::QUERY_CANCELED, SqlState::LOCK_NOT_AVAILABLE].contains(db.code()) {
        return Error::Unavailable(text);
    }
    match &db.code().code()[..2] {
        "08" => Error::Retry(text),
        "23" => Error::Constraint(text),
        "53" => Error::Unavailable(text),
        _ => Error::Internal(text),
    }
}

/// Whether the connection is of no more use after this error.
pub fn ends_connection(error: &::postgres::Error) -> bool {
    error.as_db_error().is_none_or(|db| {
        db.parsed_severity() != Some(Severity::Error)
            || *db.code() == SqlState::READ_ONLY_SQL_TRANSACTION
    })
}

/// The message without the detail, which may quote personal data.
pub fn text_of(error: &::postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let constraint = db
                .constraint()
                .map(|c| format!(" ({c})"))
                .unwrap_or_default();
            format!("{} {}{constraint}", db.code().code(), db.message())
        }
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_left_out_only_on_this_machine_or_by_request() {
        for url in [
            "postgresql://a@localhost/db",
            "postgresql://a@127.0.0.1:5433/db?connect_timeout=2",
            "postgresql://a@%2Frun%2Fpg/db",
            "postgresql://a@db.example/db?sslmode=disable",
        ] {
            assert!(Settings::parse(url).unwrap().tls.is_none(), "{url}");
        }
        for url in [
            "postgresql://a@db.example/db",
            "postgresql://a@db.example/db?sslmode=verify-full",
            "postgresql://a@localhost,db.example/db?sslmode=require",
        ] {
            let error = Settings::parse(url).err().unwrap();
            assert!(error.to_string().contains("sslrootcert"), "{url}: {error}");
        }
    }

    #[test]
    fn several_hosts_stand_in_one_url() {
        let url = "postgresql://a@h1:5432,h2:5433/db?sslmode=disable\
                   &target_session_attrs=read-write&connect_timeout=2";
        let settings = Settings::parse(url).unwrap();
        assert_eq!(settings.config.get_hosts().len(), 2);
        assert_eq!(
            settings.config.get_connect_timeout(),
            Some(&Duration::from_secs(2))
        );
    }
}
