//! What others reach on this machine in the same minute.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::store;

/// The same file into PostgreSQL, as text, without any check.
pub struct PostgresCopy {
    /// COPY and its three indexes.
    pub took: Duration,
}

impl PostgresCopy {
    /// Loads `file` into a table of its own, indexed by its key, its Hexaclé and its PM, then drops
    /// it. `server` is a URL that `psql` understands.
    ///
    /// # Errors
    /// There is no `psql`, or the server refuses.
    pub fn measure(server: &str, file: &Path, columns: &[&str]) -> Result<Self> {
        psql(server, &store::peer_table(columns))?;
        let begun = Instant::now();
        let copied = psql(server, &store::peer_copy(&file.display().to_string()));
        let copied = copied.and_then(|()| psql(server, store::PEER_INDEXES));
        let took = begun.elapsed();
        psql(server, store::PEER_DROP)?;
        copied.map(|()| Self { took })
    }
}

fn psql(server: &str, text: &str) -> Result<()> {
    let ended = Command::new("psql")
        .args([server, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", text])
        .output()
        .context("psql")?;
    let said = String::from_utf8_lossy(&ended.stderr);
    ensure!(ended.status.success(), "psql: {said}");
    Ok(())
}
