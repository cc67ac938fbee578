//! A real server: the binary under test, in a folder of its own, prepared by its own command line
//! with two operators and an invented territory. Its processes end with it, by their own ids.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, request};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use kernel::{Clock, SystemClock, working_time};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use storage::Engine;
use testkit::postgres::TestDatabase;
use testkit::territory::{Size, Territory};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::house::encode;

/// What the territory is made from.
const SEED: u64 = 20_261_123;
/// Most bytes of an answer.
const ANSWER_MAX: usize = 16 * 1024 * 1024;
/// The OI's first account.
const STAFF_LOGIN: &str = "exploitation@f2v.example";

/// The engine this run of the tests is for.
pub fn engine() -> Engine {
    match std::env::var("EPISSURE_TEST_ENGINE").as_deref() {
        Ok("postgres") => Engine::Postgres,
        _ => Engine::Sqlite,
    }
}

/// The binary under test.
pub fn binary() -> PathBuf {
    let given = std::env::var_os("EPISSURE_BIN").map(PathBuf::from);
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_epissure").into())
}

/// Somebody who can sign in.
pub struct Login {
    /// The operator's code.
    pub operator: &'static str,
    /// The profile's code.
    pub profile: &'static str,
    /// The login.
    pub login: String,
    /// The password.
    pub password: String,
}

/// Where everything of one server lies: its folder and, on PostgreSQL, its database.
pub struct House {
    dir: tempfile::TempDir,
    /// The database; `None` on SQLite.
    pub database: Option<TestDatabase>,
}

impl House {
    /// An empty one; `None`, said as a skip, without the engine.
    pub fn new(engine: Engine) -> Option<Self> {
        let database = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => Some(testkit::postgres::database()?),
        };
        Some(Self {
            dir: tempfile::tempdir().unwrap(),
            database,
        })
    }

    /// A place in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A command of the binary on the data folder `data`, on free ports.
    pub fn command(&self, data: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        let ours = std::env::vars_os().map(|(name, _)| name);
        for name in ours.filter(|name| name.to_string_lossy().starts_with("EPISSURE__")) {
            command.env_remove(name);
        }
        command
            .arg("--data")
            .arg(data)
            .args(args)
            .current_dir(self.dir.path())
            .env("EPISSURE__PORTAL__PORT", "0")
            .env("EPISSURE__XML__PORT", "0")
            .env("EPISSURE__LIMITS__MACHINES", "0")
            .env("EPISSURE__LIMITS__ACCOUNT", "0")
            .env("EPISSURE__LIMITS__VISITOR", "0")
            .env("EPISSURE__LOG__FILTER", "warn")
            .stdin(Stdio::null());
        if let Some(database) = &self.database {
            command.env("EPISSURE__DATABASE__URL", &database.app_url);
            command.env("EPISSURE__DATABASE__MIGRATE_URL", &database.owner_url);
        }
        command
    }

    /// What the store answers to a query, every value as text: past row-level security, from
    /// outside the program.
    pub fn rows(&self, data: &Path, sql: &str) -> Vec<Vec<String>> {
        match &self.database {
            Some(database) => postgres_rows(&database.admin_url, sql),
            None => sqlite_rows(data, sql),
        }
    }

    /// Changes the store behind the program's back.
    pub fn tamper(&self, data: &Path, sql: &str) {
        match &self.database {
            Some(database) => drop(postgres_rows(&database.admin_url, sql)),
            None => {
                let store = rusqlite::Connection::open(data.join("epissure.db")).unwrap();
                store.execute_batch(sql).unwrap();
            }
        }
    }
}

fn sqlite_rows(data: &Path, sql: &str) -> Vec<Vec<String>> {
    use rusqlite::types::ValueRef;
    let read_only = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let path = data.join("epissure.db");
    let store = rusqlite::Connection::open_with_flags(path, read_only).unwrap();
    let released = data.join("reference.db");
    let attach = "attach database ?1 as released";
    store.execute(attach, [released.to_str().unwrap()]).unwrap();
    let mut statement = store.prepare(sql).unwrap();
    let width = statement.column_count();
    let text = |value: ValueRef<'_>| match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
    };
    let row = |row: &rusqlite::Row<'_>| (0..width).map(|i| Ok(text(row.get_ref(i)?))).collect();
    statement
        .query_map([], row)
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// On a thread of its own: the client brings its runtime with it.
fn postgres_rows(url: &str, sql: &str) -> Vec<Vec<String>> {
    use postgres::SimpleQueryMessage;
    let ask = || {
        let mut client = postgres::Client::connect(url, postgres::NoTls).unwrap();
        client.simple_query(sql).unwrap()
    };
    let messages = std::thread::scope(|scope| scope.spawn(ask).join().unwrap());
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => {
            let value = |i| row.get(i).unwrap_or_default().to_owned();
            Some((0..row.len()).map(value).collect())
        }
        _ => None,
    });
    rows.collect()
}

/// Runs a command that must end well; its standard output.
pub fn succeed(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Everything a command said.
pub fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!(
        "{} {}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    )
}

/// A process that serves.
pub struct Process {
    child: Child,
    /// Kept open: a server that cannot write would die of it.
    _stdout: BufReader<ChildStdout>,
    /// Where the portal is, without a slash at the end.
    pub portal_url: String,
    /// Where the XML web services are, likewise.
    pub xml_url: String,
}

impl Process {
    /// Starts `serve` and waits until it says it is ready; else what it said.
    pub fn start(house: &House, data: &Path) -> Result<Self, String> {
        let log = data.with_extension("log");
        let file = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut command = house.command(data, &["serve"]);
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut ready = String::new();
        stdout.read_line(&mut ready).unwrap();
        let url = |after: &str| {
            let (_, rest) = ready.split_once(after)?;
            Some(
                rest.split_whitespace()
                    .next()?
                    .trim_end_matches('/')
                    .to_owned(),
            )
        };
        match (url("ready: portal "), url(" xml ")) {
            (Some(portal_url), Some(xml_url)) => {
                let xml_url = xml_url.trim_end_matches("/ws").to_owned();
                Ok(Self {
                    child,
                    _stdout: stdout,
                    portal_url,
                    xml_url,
                })
            }
            _ => {
                let status = child.wait().unwrap();
                Err(format!(
                    "{status} {ready}{}",
                    fs::read_to_string(log).unwrap()
                ))
            }
        }
    }

    /// Ends it as a power cut would.
    pub fn kill9(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().signal(), Some(9));
    }

    /// Asks it to end (SIGTERM), and waits.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(&pid).status().unwrap().success());
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server with operators HIRO and LINB, their accounts, certificates, contracts and
/// subscriptions, and a territory where both hold lines.
pub struct Server {
    /// Where it lies.
    pub house: House,
    /// Its data folder.
    pub data: PathBuf,
    /// The territory, as imported.
    pub territory: Territory,
    /// Who can sign in.
    pub logins: Vec<Login>,
    process: Option<Process>,
}

impl Server {
    /// Prepares and starts one; `None`, said as a skip, without the engine.
    pub fn start(engine: Engine) -> Option<Self> {
        let territory = territory();
        Self::start_in(engine, territory)
    }

    /// The same in a given territory.
    pub fn start_in(engine: Engine, territory: Territory) -> Option<Self> {
        let mut server = Self::prepare(engine, territory)?;
        server.restart();
        Some(server)
    }

    /// Prepares one that does not serve yet.
    pub fn prepare(engine: Engine, territory: Territory) -> Option<Self> {
        let house = House::new(engine)?;
        let data = house.path("data");
        let mut server = Self {
            house,
            data,
            territory,
            logins: Vec::new(),
            process: None,
        };
        server.found();
        server.add_operator("HIRO", "Hirondelle Télécom", "hirondelle");
        server.add_operator("LINB", "Lin Bleu Télécom", "linbleu");
        server.write_territory();
        for kind in domain::release::Kind::DECISIVE {
            server.run(&[
                "import",
                kind.as_str(),
                &server.territory.file_name(*kind),
                "--approve",
            ]);
        }
        Some(server)
    }

    /// `init`, which answers the OI's first account.
    fn found(&mut self) {
        let name = "Fibre des Deux Vallées";
        let init = [
            "init",
            "--name",
            name,
            "--code",
            "F2V",
            "--login",
            STAFF_LOGIN,
        ];
        let answer = self.run(&[&init[..], &["--pto-prefix", "F2", "--output", "json"]].concat());
        self.keep_login("F2V", "administrateur", &answer);
    }

    fn add_operator(&mut self, code: &'static str, name: &str, host: &str) {
        let email = format!("si@{host}.example");
        self.run(&["operator", "add", code, "--name", name, "--email", &email]);
        self.run(&["contract", "add", code, &format!("CO-{code}")]);
        self.run(&["subscribe", code, "eligibilite", "fci", "tao"]);
        for profile in ["agent", "technicien", "administrateur", "lecteur"] {
            let login = format!("{profile}@{host}.example");
            let person = format!("{profile} {code}");
            let add = [
                "account",
                "add",
                code,
                &login,
                "--name",
                &person,
                "--profile",
                profile,
            ];
            let answer = self.run(&[&add[..], &["--output", "json"]].concat());
            self.keep_login(code, profile, &answer);
        }
        fs::create_dir_all(self.house.path("acces")).unwrap();
        self.run(&["cert", "make", code, "--dir", "acces"]);
        let (pem, _) = self.certificate(code);
        let add = ["cert", "add", code, pem.to_str().unwrap()];
        self.run(&[&add[..], &["--responsible", "Ana Ruiz"]].concat());
    }

    fn keep_login(&mut self, operator: &'static str, profile: &'static str, answer: &str) {
        let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
        let text = |name: &str| answer[0][name].as_str().unwrap().to_owned();
        let (login, password) = (text("login"), text("password"));
        self.logins.push(Login {
            operator,
            profile,
            login,
            password,
        });
    }

    fn write_territory(&self) {
        for kind in domain::release::Kind::DECISIVE {
            let path = self.house.path(&self.territory.file_name(*kind));
            fs::write(path, self.territory.file(*kind)).unwrap();
        }
    }

    /// A command of the binary on this server's data.
    pub fn command(&self, args: &[&str]) -> Command {
        self.house.command(&self.data, args)
    }

    /// Runs a command that must end well; its standard output.
    pub fn run(&self, args: &[&str]) -> String {
        succeed(self.command(args))
    }

    /// See [`House::rows`].
    pub fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        self.house.rows(&self.data, sql)
    }

    /// The one number that a query answers.
    pub fn count(&self, sql: &str) -> i64 {
        self.rows(sql)[0][0].parse().unwrap()
    }

    /// The journal is whole: `audit verify` says so.
    pub fn assert_journal_is_whole(&self) {
        let output = self.command(&["audit", "verify"]).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    }

    /// Where the portal is, without a slash at the end.
    pub fn portal_url(&self) -> &str {
        &self.process().portal_url
    }

    /// Where the XML web services are, likewise: `<xml_url>/ws/fci?wsdl`.
    pub fn xml_url(&self) -> &str {
        &self.process().xml_url
    }

    /// The server's own certificate, to be trusted by clients.
    pub fn ca(&self) -> PathBuf {
        self.data.join("tls/server.pem")
    }

    /// The client certificate of an operator and its key, in PEM.
    pub fn certificate(&self, operator: &str) -> (PathBuf, PathBuf) {
        let path = |kind: &str| self.house.path(&format!("acces/{operator}.{kind}"));
        (path("pem"), path("key"))
    }

    /// The account of an operator with a profile.
    pub fn login(&self, operator: &str, profile: &str) -> &Login {
        let wanted = |login: &&Login| login.operator == operator && login.profile == profile;
        self.logins.iter().find(wanted).unwrap()
    }

    /// Whether it serves.
    pub fn serves(&self) -> bool {
        self.process.is_some()
    }

    fn process(&self) -> &Process {
        self.process.as_ref().expect("a server that serves")
    }

    /// Ends the server as a power cut would.
    pub fn kill9(&mut self) {
        self.process.take().expect("a server that serves").kill9();
    }

    /// Asks the server to end, and waits; how it ended.
    pub fn stop(&mut self) -> ExitStatus {
        self.process.take().expect("a server that serves").stop()
    }

    /// Serves again, on other ports.
    pub fn restart(&mut self) {
        let process = Process::start(&self.house, &self.data);
        self.process = Some(process.unwrap_or_else(|said| panic!("no server: {said}")));
    }

    /// A client of the XML web services with the certificate of `operator`.
    pub fn machine(&self, operator: &str) -> Client {
        let (pem, key) = self.certificate(operator);
        Client::new(self.xml_url(), &self.ca(), Some((&pem, &key)))
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        for entry in fs::read_dir(self.dir.path()).unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|kind| kind == "log") {
                let said = fs::read_to_string(&path).unwrap_or_default();
                eprintln!("the server of {} said:\n{said}", path.display());
            }
        }
    }
}

/// The territory of these tests, seen from today.
pub fn territory() -> Territory {
    territory_of(Size::SMALL)
}

/// The same of another size.
pub fn territory_of(size: Size) -> Territory {
    let today = working_time::paris_date(SystemClock::default().real_now());
    Territory::generate(SEED, size, today, &["HIRO", "LINB"])
}

/// An HTTPS client with one connection, made at need and kept.
pub struct Client {
    tls: TlsConnector,
    authority: String,
    sender: Option<SendRequest<Body>>,
}

/// An answer.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client of `url` that trusts `ca` and shows a certificate, with its key, if given one.
    pub fn new(url: &str, ca: &Path, certificate: Option<(&Path, &Path)>) -> Self {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_file(ca).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match certificate {
            None => builder.with_no_client_auth(),
            Some((pem, key)) => {
                let chain = vec![CertificateDer::from_pem_file(pem).unwrap()];
                let key = PrivateKeyDer::from_pem_file(key).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let authority = url.trim_start_matches("https://").to_owned();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            authority,
            sender: None,
        }
    }

    /// Turns to a server that came back elsewhere.
    pub fn turn_to(&mut self, url: &str) {
        url.trim_start_matches("https://")
            .clone_into(&mut self.authority);
        self.sender = None;
    }

    async fn connect(&self) -> anyhow::Result<SendRequest<Body>> {
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
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // It ends with its sender; its error is the sender's too.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// Sends a request, whose URI is a path; the host is filled in.
    pub async fn send(&mut self, mut request: Request<Body>) -> anyhow::Result<Reply> {
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.connect().await?,
        };
        request
            .headers_mut()
            .insert("host", self.authority.parse()?);
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(Body::new(body), ANSWER_MAX).await?;
        self.sender = Some(sender);
        let body = String::from_utf8(bytes.to_vec())?;
        Ok(Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        })
    }

    /// Gets a page.
    pub async fn get(&mut self, path: &str) -> anyhow::Result<Reply> {
        self.send(Request::get(path).body(Body::empty())?).await
    }

    /// Posts a body of the given type.
    pub async fn post(&mut self, path: &str, kind: &str, body: &str) -> anyhow::Result<Reply> {
        let request = Request::post(path).header("content-type", kind);
        self.send(request.body(Body::from(body.to_owned()))?).await
    }

    /// Calls an operation of the `fci` web service, under `id` when given one, with `fields` in the
    /// order of the contract.
    pub async fn fci(
        &mut self,
        operation: &str,
        id: Option<&str>,
        fields: &[(&str, &str)],
    ) -> anyhow::Result<Reply> {
        let id = id.map_or_else(String::new, |id| element("c:IdentifiantRequete", id));
        let fields: String = fields
            .iter()
            .map(|(name, value)| element(name, value))
            .collect();
        let body = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
             <{operation} xmlns=\"urn:epissure:ws:fci:1\" xmlns:c=\"urn:epissure:ws:commun:1\">\
             <c:Entete><c:VersionWS>1.0</c:VersionWS>\
             <c:HorodatageRequete>2026-11-23T10:00:00Z</c:HorodatageRequete>{id}</c:Entete>\
             {fields}</{operation}></s:Body></s:Envelope>"
        );
        self.post("/ws/fci", "text/xml; charset=utf-8", &body).await
    }
}

fn element(name: &str, value: &str) -> String {
    let value = value.replace('&', "&amp;").replace('<', "&lt;");
    format!("<{name}>{value}</{name}>")
}

impl Reply {
    /// The text of every element of this name, whatever its prefix, in order.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        let mut rest = self.body.as_str();
        let mut found = Vec::new();
        while let Some((_, after)) = rest.split_once('<') {
            let Some((tag, after)) = after.split_once('>') else {
                break;
            };
            if tag.rsplit(':').next() == Some(name) && !tag.starts_with('/') {
                found.push(after.split('<').next().unwrap_or_default());
            }
            rest = after;
        }
        found
    }

    /// The text of the only element of this name; empty without one.
    pub fn text(&self, name: &str) -> &str {
        self.texts(name).first().copied().unwrap_or_default()
    }

    /// The value of an input of the page.
    pub fn input(&self, name: &str) -> String {
        let before = format!("name=\"{name}\" value=\"");
        let (_, after) = self.body.split_once(&before).unwrap();
        after.split('"').next().unwrap().to_owned()
    }
}

/// A person at the portal, whatever address it has.
pub struct Visitor {
    /// What it connects with.
    pub client: Client,
    cookies: Vec<String>,
    /// The token of its forms.
    pub csrf: String,
}

impl Visitor {
    /// The agent of an operator, signed in.
    pub async fn sign_in(server: &Server, operator: &str) -> Self {
        let mut visitor = Self {
            client: Client::new(server.portal_url(), &server.ca(), None),
            cookies: Vec::new(),
            csrf: String::new(),
        };
        let login = server.login(operator, "agent");
        let csrf = visitor.get("/connexion").await.input("csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("identifiant", &login.login),
            ("mot_de_passe", &login.password),
        ];
        let request = Request::post("/connexion");
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let done = visitor.send(request, encode(&fields)).await;
        assert_eq!(done.status, 303, "{}", done.body);
        visitor.csrf = visitor.get("/compte").await.input("csrf");
        visitor
    }

    /// Reads a page.
    pub async fn get(&mut self, path: &str) -> Reply {
        self.send(Request::get(path), String::new()).await
    }

    /// Sends a request with its cookies, and keeps those that come back.
    pub async fn send(&mut self, request: request::Builder, body: String) -> Reply {
        let request = request.header("cookie", self.cookies.join("; "));
        let request = request.body(Body::from(body)).unwrap();
        let reply = self.client.send(request).await.unwrap();
        for cookie in reply.headers.get_all("set-cookie") {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let name = pair.split('=').next().unwrap();
            self.cookies.retain(|kept| !kept.starts_with(name));
            self.cookies.push(pair.to_owned());
        }
        reply
    }
}
