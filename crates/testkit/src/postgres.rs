//! A throw-away PostgreSQL for tests: one server for each test process, started at the first need.
//!
//! A small shell wrapper owns the server and reads its standard input, whose other end this process
//! holds: however the process ends, the wrapper sees the end of file, stops the server and removes
//! its folder. `EPISSURE_TEST_PG_ADMIN_URL` names a running server to use instead
//! (`postgresql://superuser@host:port/postgres`).

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// An empty database of its own. Dropped with this value when the server outlives the process.
#[derive(Debug)]
pub struct TestDatabase {
    /// URL of the role that owns the database: migrations.
    pub owner_url: String,
    /// URL of the role that the server connects as; it owns nothing and is no superuser.
    pub app_url: String,
    /// That role's name.
    pub app_role: String,
    /// URL of a superuser in this database: cutting connections, changing settings.
    pub admin_url: String,
    name: String,
    server: &'static Server,
}

#[derive(Debug)]
struct Server {
    /// `(before, after)` the database's name in a URL; the user comes by [`Server::url`].
    scheme: String,
    place: String,
    parameters: String,
    superuser: String,
    outlives_us: bool,
    /// Held open for the wrapper.
    _wrapper: Option<ChildStdin>,
}

static SERVER: OnceLock<Option<Server>> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// An empty database, or `None` with a line `SKIPPED: postgresql` when there is no server to be
/// had on this machine.
///
/// # Panics
/// When there is a server but it refuses the database.
pub fn database() -> Option<TestDatabase> {
    let server = SERVER.get_or_init(|| {
        let server = given_server().or_else(start_server);
        if server.is_none() {
            report_skipped();
        }
        server
    });
    server.as_ref().map(TestDatabase::create)
}

#[expect(
    clippy::print_stdout,
    reason = "the summary of the tests counts these lines"
)]
fn report_skipped() {
    println!("SKIPPED: postgresql");
}

impl Server {
    fn url(&self, user: &str, database: &str) -> String {
        format!(
            "{}{user}@{}/{database}{}",
            self.scheme, self.place, self.parameters
        )
    }

    fn administer(&self, sql: &str) -> Result<(), storage::Error> {
        storage::administer(&self.url(&self.superuser, "postgres"), sql)
    }
}

impl TestDatabase {
    /// Whether the server is somebody else's, whose settings are not ours to change.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.server.outlives_us
    }

    fn create(server: &'static Server) -> Self {
        let n = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("t{}_{n}", std::process::id());
        let (owner, app_role) = (format!("owner_{name}"), format!("app_{name}"));
        let database = Self {
            owner_url: server.url(&format!("{owner}:test"), &name),
            app_url: server.url(&format!("{app_role}:test"), &name),
            admin_url: server.url(&server.superuser, &name),
            app_role: app_role.clone(),
            name: name.clone(),
            server,
        };
        if server.outlives_us {
            database.remove();
        }
        for sql in [
            format!("create role {owner} login password 'test'"),
            format!("create role {app_role} login password 'test'"),
            format!(
                "create database {name} owner {owner} template template0
                 encoding 'UTF8' locale 'C.UTF-8'"
            ),
        ] {
            server.administer(&sql).expect("a fresh database");
        }
        database
    }

    /// What an earlier process of the same id may have left is removed too.
    fn remove(&self) {
        let name = &self.name;
        for sql in [
            format!("drop database if exists {name} with (force)"),
            format!("drop role if exists app_{name}"),
            format!("drop role if exists owner_{name}"),
        ] {
            // A database that stays behind on somebody's server is a nuisance, not a failed test.
            let _ = self.server.administer(&sql);
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if self.server.outlives_us {
            self.remove();
        }
    }
}

fn given_server() -> Option<Server> {
    #[expect(
        clippy::disallowed_methods,
        reason = "the harness is told of a server by its environment"
    )]
    let url = std::env::var("EPISSURE_TEST_PG_ADMIN_URL").ok()?;
    let (scheme, rest) = url.split_once("://").expect("a postgresql:// URL");
    let (user, rest) = rest.rsplit_once('@').expect("a user in the URL");
    let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    Some(Server {
        scheme: format!("{scheme}://"),
        place: rest.split('/').next().unwrap_or(rest).to_owned(),
        parameters: if parameters.is_empty() {
            String::new()
        } else {
            format!("?{parameters}")
        },
        superuser: user.to_owned(),
        outlives_us: true,
        _wrapper: None,
    })
}

/// Starts a server that listens on a socket of its own folder only. Its data is worth nothing, so
/// it does not wait for the disk.
const WRAPPER: &str = r#"
set -eu
bin=$1
dir=$(mktemp -d /tmp/epissure-pg.XXXXXX)
pid=
trap 'test -z "$pid" || { kill -QUIT "$pid"; wait "$pid"; } 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
# A test process that died while the server was starting must not kill us by the echo below.
trap '' PIPE
cd "$dir"
"$bin/initdb" -D data -U postgres -A trust -E UTF8 --locale=C.UTF-8 -N >log 2>&1
"$bin/postgres" -D data -k "$dir" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c synchronous_commit=local \
    -c max_connections=300 -c shared_buffers=64MB -c max_wal_size=2GB </dev/null >>log 2>&1 &
pid=$!
until "$bin/pg_isready" -q -h "$dir"; do
    kill -0 "$pid"
    sleep 0.05
done
echo "$dir"
cat >/dev/null || true
"#;

fn start_server() -> Option<Server> {
    let bin = binaries()?;
    let mut command = if is_root()? {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", "sh"]);
        command
    } else {
        Command::new("sh")
    };
    let mut child = command
        .args(["-c", WRAPPER, "wrapper"])
        .arg(bin)
        .current_dir("/")
        // A Ctrl-C at the terminal is for the tests; the wrapper follows when they end.
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdin = child.stdin.take()?;
    let mut dir = String::new();
    BufReader::new(child.stdout.take()?)
        .read_line(&mut dir)
        .ok()?;
    let dir = dir.trim();
    if dir.is_empty() {
        return None;
    }
    Some(Server {
        scheme: "postgresql://".to_owned(),
        place: dir.replace('/', "%2F"),
        parameters: String::new(),
        superuser: "postgres".to_owned(),
        outlives_us: false,
        _wrapper: Some(stdin),
    })
}

/// PostgreSQL refuses to run as root.
fn is_root() -> Option<bool> {
    std::fs::metadata("/proc/self").ok().map(|m| m.uid() == 0)
}

/// Where the server's programs are: the newest version that Debian's packages have put here, else
/// the folder of `initdb` on the path.
fn binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .map(|version| {
            Path::new("/usr/lib/postgresql")
                .join(version.to_string())
                .join("bin")
        });
    newest
        .filter(|bin| bin.join("initdb").exists())
        .or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path).find(|dir| dir.join("initdb").exists())
        })
}
