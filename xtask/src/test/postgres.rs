//! One throw-away PostgreSQL cluster for the whole run. What tests kill is our server, never this
//! one: its files lie in memory where there is room, and each test's database is made faster.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

use crate::shell;

/// Makes the cluster, starts it, says so, and waits for the end of its standard input: that comes
/// when the run ends, however it ends. Then nothing is left.
const SCRIPT: &str = r#"
set -eu
bin=$1 port=$2
umask 077
room=$(df --output=avail -k /dev/shm 2> /dev/null | tail -n 1)
test "${room:-0}" -lt 4000000 || export TMPDIR=/dev/shm
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
read -r password
printf '%s\n' "$password" > "$folder/password"
"$bin/initdb" --pgdata="$folder/db" --username=postgres --pwfile="$folder/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 > "$folder/log" \
    || { cat "$folder/log" >&2; exit 1; }
"$bin/pg_ctl" start --wait --silent --pgdata="$folder/db" --log="$folder/log" --options="\
    -p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='$folder' \
    -c max_connections=400" < /dev/null > "$folder/start" 2>&1 \
    || { cat "$folder/start" "$folder/log" >&2; exit 1; }
echo READY
cat > /dev/null || true
"$bin/pg_ctl" stop --mode=immediate --silent --pgdata="$folder/db"
"#;

/// The running cluster; dropping it stops it and deletes its files.
pub struct Cluster {
    keeper: Child,
    /// As superuser, on the database `postgres`.
    pub url: String,
}

impl Cluster {
    /// Starts the server of `binaries`, as user `postgres` when we are root: it refuses root.
    pub fn start(binaries: &Path) -> anyhow::Result<Self> {
        let password = random_hex()?;
        // Free now; nobody else on a test machine is expected to take it within the second.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut command = Command::new("sh");
        if is_root()? {
            command = Command::new("runuser");
            command.args(["-u", "postgres", "--", "sh"]);
        }
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(binaries)
            .arg(port.to_string());
        // A group of its own: an interrupt from the terminal reaches us, and we let go of it.
        command
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut keeper = command
            .spawn()
            .context("cannot start a throw-away PostgreSQL")?;
        let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        writeln!(
            keeper.stdin.as_mut().context("no standard input")?,
            "{password}"
        )?;
        let stdout = keeper.stdout.take().context("no standard output")?;
        let cluster = Self { keeper, url };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line.trim() == "READY", "PostgreSQL did not start");
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        if let Err(error) = self.keeper.wait() {
            println!("the throw-away PostgreSQL may still run: {error}");
        }
    }
}

/// Whether we may install packages and must lay down our rights to run a server.
pub fn is_root() -> anyhow::Result<bool> {
    Ok(shell::output(Command::new("id").arg("-u"))?.trim() == "0")
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}
