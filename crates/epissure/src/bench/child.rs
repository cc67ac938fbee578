//! The processes that are measured: the platform's own server, and one that only says hello.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{self, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::routing::get;
use domain::rate::Class;
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use kernel::{Clock, SystemClock};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::tasks::Tasks;
use crate::tls::Identity;
use crate::{config, output};

/// What the other server answers.
pub const HELLO: &str = "hello";
/// Processor time is counted in these, on every Linux.
const TICKS_A_SECOND: u64 = 100;

/// A process of ours, ended with its handle.
pub struct Child {
    child: process::Child,
    /// Kept open: a server that cannot write would die of it.
    _stdout: BufReader<ChildStdout>,
    ready: String,
}

impl Child {
    /// The platform's server on the data folder `data`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn serve(data: &Path) -> Result<Self> {
        let ports = ["--portal-port", "0", "--xml-port", "0"];
        Self::start(
            data,
            &[&["serve", "--config", "/dev/null"][..], &ports].concat(),
        )
    }

    /// The server that only says hello, with the certificate in `data`.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn hello(data: &Path) -> Result<Self> {
        Self::start(data, &["bench", "--hello"])
    }

    fn start(data: &Path, args: &[&str]) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        for (name, _) in config::environment() {
            command.env_remove(name);
        }
        // One caller asks for all: it is counted as ever, and never too fast.
        for class in Class::ALL.map(|class| class.as_str().to_uppercase()) {
            command.env(format!("EPISSURE__LIMITS__{class}"), "1000000");
        }
        command
            .args(args)
            .arg("--data")
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().context("its output")?);
        let mut ready = String::new();
        stdout.read_line(&mut ready)?;
        Ok(Self {
            child,
            _stdout: stdout,
            ready,
        })
    }

    /// The address that its ready line names after `word`.
    ///
    /// # Errors
    /// There is none: it did not start.
    pub fn url(&self, word: &str) -> Result<String> {
        let mut words = self.ready.split_whitespace();
        words
            .find(|one| *one == word)
            .context("the server did not start")?;
        Ok(words
            .next()
            .context("an address")?
            .trim_end_matches("/ws/")
            .to_owned())
    }

    /// Processor time it has taken so far.
    ///
    /// # Errors
    /// It is gone.
    pub fn cpu(&self) -> Result<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// It is gone already.
    pub fn kill9(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Processor time that a process, by its id or `self`, has taken so far.
///
/// # Errors
/// It is gone.
pub fn cpu_of(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Its name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(") ").context("/proc/PID/stat")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks = |i: usize| -> Result<u64> { Ok(fields.get(i).context("/proc/PID/stat")?.parse()?) };
    Ok(Duration::from_millis(
        (ticks(11)? + ticks(12)?) * 1_000 / TICKS_A_SECOND,
    ))
}

/// Says hello over the same TLS as the portal, and does nothing else, until ended.
///
/// # Errors
/// There is no certificate in `data`, or no port.
pub async fn serve_hello(data: &Path) -> Result<()> {
    let identity = Identity::load(data, SystemClock::default().real_now())?;
    let tls = TlsAcceptor::from(identity.portal()?);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    output::data(&format!("ready: hello https://localhost:{port}\n"))?;
    let router = Router::new().route("/", get(async || HELLO));
    let (tasks, _ender) = Tasks::new();
    loop {
        let (stream, _) = listener.accept().await?;
        let (tls, executor) = (tls.clone(), tasks.clone());
        let service = TowerToHyperService::new(router.clone());
        tasks.spawn(async move {
            let _ = stream.set_nodelay(true);
            if let Ok(stream) = tls.accept(stream).await {
                let builder = Builder::new(executor);
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            }
        });
    }
}
