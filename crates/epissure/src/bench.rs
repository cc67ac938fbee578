//! `epissure bench`: the real server as a child process, over real TLS with the real security, on
//! this machine alone. What a machine can do varies by the hour, so every figure stands beside one
//! measured in the same minute. A wrong answer fails the bench; a slow one never does.

mod addok;
mod calibrate;
mod child;
mod client;
mod http;
mod import;
mod ipe;
mod load;
mod orders;
mod paths;
mod peers;
mod search;
mod store;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::{demo, output};

pub use child::serve_hello;
pub use import::child as import_alone;

/// The folder when none is given; it is made, and removed at the end.
pub const DEFAULT_DIR: &str = "epissure-bench";
/// What there is to measure.
pub const SECTIONS: [&str; 4] = ["http", "search", "import", "orders"];

/// How long to measure.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// Each repetition of `http`.
    pub http: Duration,
    /// How many there are.
    pub repetitions: usize,
    /// Each repetition of `orders`.
    pub orders: Duration,
    /// Rows of `import`.
    pub import_rows: u64,
    /// Addresses of `search`, a measure each.
    pub addresses: &'static [usize],
    /// Queries of each measure of `search`.
    pub typed: usize,
}

impl Effort {
    /// Within a minute.
    pub const QUICK: Self = Self {
        http: Duration::from_millis(1_200),
        repetitions: 3,
        orders: Duration::from_secs(3),
        import_rows: 100_000,
        addresses: &[200_000],
        typed: 3_000,
    };
    /// A few minutes.
    pub const USUAL: Self = Self {
        http: Duration::from_secs(3),
        repetitions: 5,
        orders: Duration::from_secs(6),
        import_rows: 1_000_000,
        addresses: &[200_000],
        typed: 10_000,
    };
    /// Within ten minutes.
    pub const FULL: Self = Self {
        http: Duration::from_secs(6),
        repetitions: 5,
        orders: Duration::from_secs(30),
        import_rows: 1_000_000,
        addresses: &[200_000, 2_000_000],
        typed: 10_000,
    };
}

/// What the command line asks for.
pub struct Options {
    /// The folder, on the disk to be measured.
    pub data: PathBuf,
    /// How long.
    pub effort: Effort,
    /// Which of [`SECTIONS`]; all when empty.
    pub only: Vec<String>,
    /// A PostgreSQL server to compare with, as `psql` is told of it; then addok too, where it is
    /// installed.
    pub peer: Option<String>,
    /// Where the figures go as JSON.
    pub json: Option<PathBuf>,
}

/// Measures and prints; the figures also go to a file when asked.
///
/// # Errors
/// The server cannot be started, or gave a wrong answer.
pub async fn run(options: &Options) -> Result<()> {
    for name in &options.only {
        ensure!(
            SECTIONS.contains(&name.as_str()),
            "no section {name}: {}",
            SECTIONS.join(", ")
        );
    }
    ensure!(
        !options.data.exists(),
        "{} is there already",
        options.data.display()
    );
    let folder = Folder(&options.data);
    let territory = demo::prepare(&options.data).await?;
    let bench = Bench {
        data: options.data.clone(),
        effort: options.effort,
        peer: options.peer.clone(),
        territory,
        hello: child::Child::hello(&options.data)?,
    };
    let figures = bench.measure(&options.only).await;
    drop(bench);
    drop(folder);
    let figures = figures?;
    if let Some(path) = &options.json {
        let text = serde_json::to_string_pretty(&figures)? + "\n";
        std::fs::write(path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// The folder of a run, removed with it.
struct Folder<'a>(&'a Path);

impl Drop for Folder<'_> {
    fn drop(&mut self) {
        // What cannot be removed is in the way of nothing but the next run, which says so.
        let _ = std::fs::remove_dir_all(self.0);
        let heads = format!("{}-audit", self.0.display());
        let _ = std::fs::remove_dir_all(heads);
    }
}

/// One run.
struct Bench {
    data: PathBuf,
    effort: Effort,
    peer: Option<String>,
    territory: std::sync::Arc<territory::Territory>,
    hello: child::Child,
}

impl Bench {
    async fn measure(&self, only: &[String]) -> Result<Value> {
        let wants = |name: &str| only.is_empty() || only.iter().any(|wanted| wanted == name);
        let mut figures = json!({ "version": env!("CARGO_PKG_VERSION") });
        let before = calibrate::run(self, "before").await?;
        figures["calibration"]["before"] = before.json();
        if wants("http") {
            figures["http"] = http::run(self).await?;
        }
        if wants("search") {
            figures["search"] = search::run(self).await?;
        }
        if wants("import") {
            figures["import"] = import::run(self).await?;
        }
        let between = calibrate::run(self, "between").await?;
        figures["calibration"]["between"] = between.json();
        if wants("orders") {
            let orders = orders::run(self).await?;
            let after = calibrate::run(self, "after").await?;
            figures["calibration"]["after"] = after.json();
            figures["orders"] = orders.compared(&[&between, &after])?;
        }
        Ok(figures)
    }
}

/// Prints a line of the report.
fn say(line: &str) -> Result<()> {
    output::data(&format!("{line}\n"))
}
