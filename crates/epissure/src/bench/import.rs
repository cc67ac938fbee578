//! `import`: an invented IPE in a process of its own, with the memory it takes, beside PostgreSQL's
//! COPY when there is one; then orders and eligibility tests through the real server while it
//! imports, beside idle.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use domain::Platform;
use domain::access::{Ctx, Duty, system};
use domain::release::store::{current, each_in_force};
use domain::release::{Kind, Release, Table};
use jiff::Span;
use jiff::civil::Date;
use kernel::{Clock, OperatorId, SystemClock};
use reference::differences::{Filter, changes_of, page as page_of};
use reference::report::ImportReport;
use reference::usecases::{ImportRequest, Phase, import};
use serde_json::{Value, json};
use storage::Tx;
use territory::Territory;

use super::child::Child;
use super::client::{Reply, Target};
use super::ipe::{self, Edition};
use super::load::{self, Series, Traffic};
use super::orders::{KEY, Orders};
use super::peers::PostgresCopy;
use super::{Bench, say};
use crate::{config, demo, house};

/// Rows of the smaller import.
const FEW: u64 = 100_000;
/// How much more memory a million rows may take than [`FEW`], in MiB.
const MORE_MEMORY_MAX: f64 = 32.0;
/// The re-import should be so many times as fast as the first.
const FASTER: f64 = 10.0;
/// Places at which the differences are looked at.
const VIEWED: u64 = 50;
/// Rows of a page of differences.
const PAGE: usize = 50;
/// Orders a second while importing, and as many eligibility tests.
const PER_SECOND: usize = 200;
/// How many times as long as on an idle server they may take.
const SLOWER: usize = 2;

/// Measures and prints.
///
/// # Errors
/// A process fails, or an import says anything but what it should.
pub async fn run(bench: &Bench) -> Result<Value> {
    let rows = bench.effort.import_rows;
    let sizes: BTreeSet<u64> = [FEW, rows].into();
    let mut figures = json!({ "sizes": [] });
    let mut peaks = Vec::new();
    for &rows in &sizes {
        let alone = alone(bench, rows)?;
        peaks.push(alone["peak_mib"].as_f64().unwrap_or_default());
        if let Some(all) = figures["sizes"].as_array_mut() {
            all.push(alone);
        }
    }
    if let [few, many] = peaks[..] {
        let more = many - few;
        say(&format!(
            "import peak memory {more:.1} MiB above that of {FEW} rows (goal {MORE_MEMORY_MAX})"
        ))?;
        figures["more_mib"] = more.into();
    }
    if let Some(server) = &bench.peer {
        let file = bench.data.join("peer.csv");
        write_file(&file, rows, Edition::First)?;
        let copy = PostgresCopy::measure(server, &file, &ipe::columns())?;
        fs::remove_file(&file)?;
        let ours = figures["sizes"][sizes.len() - 1]["first"]["rows_per_s"].as_f64();
        let theirs = per_second(rows, copy.took);
        let ratio = ours.unwrap_or_default() / theirs;
        say(&format!(
            "import PostgreSQL COPY + 3 indexes {theirs:.0} rows/s: ours {ratio:.2} of it (goal 2)"
        ))?;
        figures["postgres_copy"] = json!({ "rows_per_s": theirs, "ratio": ratio });
    }
    figures["meanwhile"] = meanwhile(bench).await?;
    Ok(figures)
}

#[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
fn per_second(rows: u64, took: Duration) -> f64 {
    rows as f64 / took.as_secs_f64()
}

fn write_file(path: &Path, rows: u64, edition: Edition) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    ipe::write(&mut file, rows, edition)?;
    Ok(file.flush()?)
}

/// This program again, with `args`, on a data folder.
pub fn again(args: &[&str], data: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    for (name, _) in config::environment() {
        command.env_remove(name);
    }
    command
        .args(args)
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    Ok(command)
}

/// The imports of a store that grows, in their order. Between the two that are compared with the
/// first, it comes back, so that what changes is 1 % again.
const STEPS: [(&str, Edition); 5] = [
    ("first", Edition::First),
    ("next", Edition::Next),
    ("back", Edition::First),
    ("scattered", Edition::Scattered),
    ("faulty", Edition::Faulty),
];

/// Imports so many rows again and again, each time in a process of its own, and prints what they
/// tell.
fn alone(bench: &Bench, rows: u64) -> Result<Value> {
    let data = bench.data.join(format!("import-{rows}"));
    let mut figures = json!({ "rows": rows });
    let mut peak = 0.0_f64;
    for (step, (name, _)) in STEPS.iter().enumerate() {
        let (rows, step) = (rows.to_string(), step.to_string());
        let args = ["bench", "--import-rows", &rows, "--import-step", &step];
        let told = again(&args, &data)?.output()?;
        ensure!(
            told.status.success(),
            "importing {rows} rows, {name}: {}",
            String::from_utf8_lossy(&told.stderr)
        );
        let own: Value = serde_json::from_slice(&told.stdout)?;
        peak = peak.max(own["peak_mib"].as_f64().unwrap_or_default());
        figures[name] = own;
    }
    fs::remove_dir_all(&data)?;
    let number = |name: &str, of: &str| figures[name][of].as_f64().unwrap_or_default();
    let ratio = number("first", "s") / number("next", "s");
    for (name, what) in [
        ("first", "first"),
        ("next", "1 % by streets"),
        ("scattered", "1 % scattered"),
    ] {
        say(&format!(
            "import {rows:>7} rows  {what:<14} {:>8.0} rows/s  {:.2} s  cpu {:.1} us/row  peak \
             {:.1} MiB",
            number(name, "rows_per_s"),
            number(name, "s"),
            number(name, "cpu_us"),
            number(name, "peak_mib"),
        ))?;
    }
    say(&format!(
        "import {rows:>7} rows  again {ratio:.1} times as fast (goal {FASTER}); what changed, and \
         the planted faults, named exactly"
    ))?;
    say(&format!(
        "import {rows:>7} rows  differences, {} pages: p50 {:.1} ms, max {:.1} ms a page",
        2 * VIEWED,
        number("first", "page_p50_ms"),
        number("first", "page_max_ms"),
    ))?;
    figures["peak_mib"] = peak.into();
    figures["again_faster"] = ratio.into();
    Ok(figures)
}

/// Imports the edition of a step into the store in `data`, checks what the import says, and prints
/// its figures as JSON: what `epissure bench --import-rows --import-step` does.
///
/// # Errors
/// There is no such step, the import fails, or it says anything but what it should.
pub async fn child(data: &Path, rows: u64, step: usize) -> Result<()> {
    let (name, edition) = *STEPS.get(step).context("no such step")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let platform = house::open(&demo::config_of(data)?, clock).await?;
    let provider = OperatorId::from_store("opr_bench".to_owned());
    let own = Own {
        ctx: Arc::new(system(&platform, Duty::Import, &provider)?),
        platform: &platform,
        data,
        rows,
        step,
    };
    let before = platform.db.get(current).await?;
    let (report, mut figures) = own.import(edition).await?;
    match name {
        "first" => {
            ensure!(report.added == rows && report.rejected == 0, "{report:?}");
            own.view(&mut figures).await?;
        }
        "faulty" => own.check_rejects(&report)?,
        "back" => {}
        _ => {
            let changed = (0..rows).filter(|&n| ipe::is_changed(n, edition));
            let counts = (report.changed, report.added, report.removed);
            ensure!(counts == (changed.count() as u64, 0, 0), "{report:?}");
            own.check_difference(before, edition).await?;
        }
    }
    crate::output::data(&format!("{figures}\n"))
}

/// The store that is imported into.
struct Own<'a> {
    platform: &'a Platform,
    ctx: Arc<Ctx>,
    data: &'a Path,
    rows: u64,
    step: usize,
}

impl Own<'_> {
    /// Imports an edition; the faulty one is only compared.
    async fn import(&self, edition: Edition) -> Result<(ImportReport, Value)> {
        let path = self.data.join("ipe.csv");
        write_file(&path, self.rows, edition)?;
        let source = Box::new(File::open(&path)?);
        let mut request = ImportRequest::new(Kind::Ipe, "ipe.csv".to_owned(), source);
        // Each file was extracted a day after the one before.
        let days = Span::new().days(i64::try_from(self.step)?);
        request.extracted_on = Some(Date::new(2026, 11, 1)?.saturating_add(days));
        request.dry_run = edition == Edition::Faulty;
        request.approve = true;
        let (begun, cpu) = (Instant::now(), own_cpu()?);
        let mut phases = serde_json::Map::new();
        let mut progress = |phase| {
            if let Some(name) = ended_by(phase) {
                phases.insert(name.to_owned(), begun.elapsed().as_secs_f64().into());
            }
            ControlFlow::Continue(())
        };
        let report = import(self.platform, &self.ctx, request, &mut progress).await?;
        let (took, cpu) = (begun.elapsed(), own_cpu()?.saturating_sub(cpu));
        let figures = json!({
            "s": took.as_secs_f64(),
            "rows_per_s": per_second(self.rows, took),
            "cpu_us": 1e6 / per_second(self.rows, cpu),
            "peak_mib": own_peak_mib()?,
            "ended_at_s": phases,
        });
        Ok((report, figures))
    }

    /// Pages of the differences of the release in force, which added every row: from the first to
    /// the last, plain and looking for an object.
    async fn view(&self, figures: &mut Value) -> Result<()> {
        let db = &self.platform.db;
        let release = db.get(current).await?;
        let changes = changes_of(db, release).await?;
        let change = changes.iter().find(|one| one.table == Table::Building);
        let change = *change.context("buildings")?;
        let mut took = Vec::new();
        for page in 0..VIEWED {
            let n = page * self.rows / VIEWED;
            let looked_for = Filter {
                key: ipe::reference(n),
                ..Filter::default()
            };
            for (filter, after) in [
                (Filter::default(), ipe::reference(n)),
                (looked_for, String::new()),
            ] {
                let begun = Instant::now();
                let seen = page_of(db, release, change, &filter, &after, PAGE).await?;
                took.push(begun.elapsed());
                let first = if after.is_empty() { n } else { n + 1 };
                let named = seen
                    .rows
                    .first()
                    .is_some_and(|row| row.key == ipe::reference(first));
                ensure!(named, "a page does not begin where it should");
            }
        }
        took.sort_unstable();
        let ms = |at: usize| took.get(at).map_or(0.0, |one| one.as_secs_f64() * 1e3);
        figures["page_p50_ms"] = ms(took.len() / 2).into();
        figures["page_max_ms"] = ms(took.len() - 1).into();
        Ok(())
    }

    /// The rows in force differ from those of `before` where they were changed, and nowhere else.
    async fn check_difference(&self, before: Release, edition: Edition) -> Result<()> {
        let now = self.platform.db.get(current).await?;
        let (mut n, mut next) = (0, Some(String::new()));
        while let Some(after) = next {
            let pages = self.platform.db.read(move |tx| {
                let (old, _) = page(tx, before, &after)?;
                let (new, next) = page(tx, now, &after)?;
                Ok((old, new, next))
            });
            let (old, new);
            (old, new, next) = pages.await?;
            ensure!(old.len() == new.len(), "rows came or went");
            for ((key, was), (same, is)) in old.iter().zip(&new) {
                ensure!(key == same && *key == ipe::reference(n), "{key} {same}");
                let changed = ipe::is_changed(n, edition);
                ensure!((was != is) == changed, "{key} is wrong");
                n += 1;
            }
        }
        ensure!(n == self.rows, "{n} rows of {}", self.rows);
        Ok(())
    }

    /// The lines with a fault are refused, each for its own, and no other.
    fn check_rejects(&self, report: &ImportReport) -> Result<()> {
        let wanted = (0..self.rows).filter_map(|n| Some((n, ipe::fault(n)?)));
        let mut found = report.rejects.iter();
        for (n, (column, _, code)) in wanted {
            let Some(reject) = found.next() else {
                bail!("line {} was not refused", n + 2);
            };
            let said = (reject.line, reject.column, reject.code.as_str());
            ensure!(
                said == (n + 2, column, code),
                "{said:?} for {column} {code}"
            );
        }
        ensure!(found.next().is_none(), "a line too many was refused");
        Ok(())
    }
}

/// Keys and digests of the buildings in force after a key, and the key to go on after.
type Page = (Vec<(String, i64)>, Option<String>);

fn page(tx: &mut dyn Tx, release: Release, after: &str) -> Result<Page, storage::Error> {
    let mut rows = Vec::new();
    let next = each_in_force(tx, Table::Building, release, after, |row| {
        rows.push((row.key.to_owned(), row.digest));
        Ok(())
    })?;
    Ok((rows, next))
}

/// What `phase` is the end of.
fn ended_by(phase: Phase) -> Option<&'static str> {
    match phase {
        Phase::Scanned(_) => Some("scan"),
        Phase::Compared => Some("comparison"),
        Phase::Begun => Some("beginning"),
        Phase::Ready => Some("staging"),
        Phase::Published => Some("publication"),
        Phase::Read(_) | Phase::Staged(_) | Phase::Seeded(_) => None,
    }
}

/// Processor time of this process.
fn own_cpu() -> Result<Duration> {
    super::child::cpu_of("self")
}

/// The most memory this process has held at once.
fn own_peak_mib() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next());
    let kib: f64 = kib.context("VmHWM")?.parse()?;
    Ok(kib / 1_024.0)
}

/// Orders and eligibility tests at a steady rate while nothing else happens, then while the server
/// imports.
async fn meanwhile(bench: &Bench) -> Result<Value> {
    let server = Child::serve(&bench.data)?;
    let (ca, dir) = (bench.data.join("acces/ca.pem"), bench.data.join("acces"));
    let target = Target::new(&server.url("xml")?, &ca, Some((&dir, KEY)))?;
    let file = bench.data.join("F2V_PM_IPEZMD_V31_20270101.csv");
    write_file(&file, bench.effort.import_rows, Edition::First)?;
    let steady = Steady {
        target: &target,
        server: &server,
        places: demo::order_bodies(&bench.territory),
        reads: Arc::new(Tests::everywhere(&target, &bench.territory)),
    };

    let lasts = bench.effort.orders;
    let idle = steady.run(IDLE, &|begun| begun.elapsed() < lasts).await?;
    let importing = Importing::start(&bench.data, &file)?;
    let busy = steady.run(BUSY, &|_| importing.is_running()).await?;
    importing.end()?;
    fs::remove_file(&file)?;

    let mut figures = json!({});
    for ((name, idle), (_, busy)) in idle.into_iter().zip(busy) {
        let ratio = busy.percentile(99).as_secs_f64() / idle.percentile(99).as_secs_f64();
        say(&format!("{name} while idle       {}", idle.line()))?;
        say(&format!("{name} while importing  {}", busy.line()))?;
        say(&format!(
            "{name} p99 while importing {ratio:.1} times that of idle (goal {SLOWER})"
        ))?;
        figures[name] =
            json!({ "idle": idle.json(), "importing": busy.json(), "p99_ratio": ratio });
    }
    Ok(figures)
}

/// Repetitions that no other section uses.
const IDLE: usize = 1_000;
const BUSY: usize = 1_001;

/// Orders and eligibility tests at once, each [`PER_SECOND`].
struct Steady<'a> {
    target: &'a Target,
    server: &'a Child,
    places: Vec<[String; 3]>,
    reads: Arc<Tests>,
}

impl Steady<'_> {
    async fn run(
        &self,
        repetition: usize,
        goes_on: &(dyn Fn(Instant) -> bool + Sync),
    ) -> Result<[(&'static str, Series); 2]> {
        let orders = Arc::new(Orders::new(self.target, repetition, &self.places));
        let (orders, reads) = tokio::join!(
            load::steady(self.target, self.server, PER_SECOND, &orders, goes_on),
            load::steady(self.target, self.server, PER_SECOND, &self.reads, goes_on),
        );
        let series = |measured| super::http::right(measured).map(|one| Series::of(&[one]));
        Ok([("orders", series(orders?)?), ("tests ", series(reads?)?)])
    }
}

/// Eligibility tests of every building in turn.
struct Tests(Vec<Vec<u8>>);

impl Tests {
    fn everywhere(target: &Target, territory: &Territory) -> Self {
        let request = |building: &domain::building::Building| {
            let body = demo::eligibility_body(&building.reference, "bench-eligibilite");
            target.post("/ws/eligibilite", "", "text/xml; charset=utf-8", &body)
        };
        Self(territory.buildings.iter().map(request).collect())
    }
}

impl Traffic for Tests {
    fn request(&self, client: usize, n: usize) -> Vec<u8> {
        // A stride without common divisor: every building in turn, no two clients side by side.
        self.0[(client * 7_919 + n) % self.0.len()].clone()
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        let text = String::from_utf8_lossy(reply.body);
        reply.status == 200 && text.contains("<Verdict>")
    }
}

/// An import under way, asked for at the command line.
struct Importing(std::sync::Mutex<Process>);

impl Importing {
    fn start(data: &Path, file: &Path) -> Result<Self> {
        let file: PathBuf = file.to_owned();
        let mut command = again(&["import", "ipe"], data)?;
        command.arg(file).args(["--config", "/dev/null"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        Ok(Self(std::sync::Mutex::new(command.spawn()?)))
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Process> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn is_running(&self) -> bool {
        matches!(self.process().try_wait(), Ok(None))
    }

    /// # Errors
    /// The import failed.
    fn end(&self) -> Result<()> {
        let mut process = self.process();
        let ended = process.wait()?;
        let mut said = String::new();
        if let Some(stderr) = process.stderr.take() {
            std::io::Read::read_to_string(&mut BufReader::new(stderr), &mut said)?;
        }
        ensure!(ended.success(), "the import ended with {ended}: {said}");
        Ok(())
    }
}
