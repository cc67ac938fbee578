//! PostgreSQL's own tools: `pg_dump` takes the database, `pg_restore` gives it back. Both connect
//! as the owner of the tables, whom the row-level policies bind too: the session says that it is
//! staff, which every policy admits, and what came out is counted against the journal's last seal.

use std::io::{BufRead, BufReader, ErrorKind};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use super::archive::Damaged;

/// What the session says of itself.
const AS_STAFF: &str = "-c epissure.staff=on";

/// Dumps the database `url` names, as its owner, into the new file `to`.
///
/// # Errors
/// `pg_dump` is not installed, is older than the server, or fails.
pub fn dump(url: &str, to: &Path) -> Result<()> {
    let mut command = on_database("pg_dump", url)?;
    command
        .args(["--format=custom", "--enable-row-security", "--no-owner"])
        .args(["--no-privileges", "--file"])
        .arg(to);
    run(command)?;
    let dump = std::fs::File::open(to)?;
    Ok(dump.sync_all()?)
}

/// Fills the empty database `url` names from a dump, all of it or nothing.
///
/// # Errors
/// `pg_restore` is not installed, or fails.
pub fn restore(url: &str, dump: &Path) -> Result<()> {
    let mut command = on_database("pg_restore", url)?;
    command
        .args([
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
        ])
        .arg(dump);
    run(command)
}

/// Counts the seals of the journal in a dump: at least `wanted`, or the dump was made by a role
/// that policies hid rows from.
///
/// # Errors
/// [`Damaged`] with fewer seals or an unreadable dump; `pg_restore` is not installed.
pub fn check(dump: &Path, wanted: i64) -> Result<()> {
    let mut command = Command::new("pg_restore");
    command
        .args(["--data-only", "--table=audit_seal", "--file=-"])
        .arg(dump)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().map_err(|e| absent("pg_restore", &e))?;
    let said = child.stdout.take().context("pg_restore says nothing")?;
    let (mut inside, mut found) = (false, 0);
    for line in BufReader::new(said).lines() {
        match line?.as_str() {
            "\\." => inside = false,
            copy if copy.starts_with("COPY ") => inside = true,
            _ if inside => found += 1,
            _ => {}
        }
    }
    if !child.wait()?.success() {
        return Err(Damaged("pg_restore cannot read the dump".to_owned()).into());
    }
    if found < wanted {
        return Err(Damaged(format!("{found} seals of the journal out of {wanted}")).into());
    }
    Ok(())
}

/// A command of PostgreSQL's on the database `url`, whose password no list of processes shows.
fn on_database(tool: &str, url: &str) -> Result<Command> {
    if url.contains("options=") {
        bail!("database.migrate_url: options in the URL would hide those that {tool} needs");
    }
    let (url, password) = without_password(url);
    let mut command = Command::new(tool);
    command.arg("--dbname").arg(url).env("PGOPTIONS", AS_STAFF);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    Ok(command)
}

fn run(mut command: Command) -> Result<()> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|e| absent(&tool, &e))?;
    if output.status.success() {
        return Ok(());
    }
    bail!("{tool}: {}", String::from_utf8_lossy(&output.stderr).trim())
}

fn absent(tool: &str, error: &std::io::Error) -> anyhow::Error {
    if error.kind() == ErrorKind::NotFound {
        return anyhow!(
            "{tool} is not installed: install the server's client tools (Debian: \
             postgresql-client), of its version or newer, and run this again"
        );
    }
    anyhow!("{tool}: {error}")
}

/// Takes the password out of a URL, as the environment wants it.
fn without_password(url: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = url.split_once("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, after) = rest.split_at(end);
        let (who, place) = authority.rsplit_once('@')?;
        let (user, password) = who.split_once(':')?;
        let url = format!("{scheme}://{user}@{place}{after}");
        Some((url, decoded(password)))
    };
    match parts() {
        Some((url, password)) => (url, Some(password)),
        None => (url.to_owned(), None),
    }
}

/// Undoes percent signs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.get(..2).filter(|_| *first == b'%');
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_the_url() {
        let split = |url: &str| without_password(url);
        let (url, password) = split("postgresql://o:p%40ss@h1:1,h2:2/db?sslmode=verify-full");
        assert_eq!(url, "postgresql://o@h1:1,h2:2/db?sslmode=verify-full");
        assert_eq!(password.as_deref(), Some("p@ss"));
        assert_eq!(split("postgresql://o@h/db").1, None);
    }

    #[test]
    fn a_tool_that_is_not_there_is_told_with_what_to_do() {
        let error = std::io::Error::from(ErrorKind::NotFound);
        assert!(
            absent("pg_dump", &error)
                .to_string()
                .contains("postgresql-client")
        );
    }
}
