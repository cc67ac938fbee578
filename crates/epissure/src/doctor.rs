//! `epissure doctor`: looks at an installation and changes nothing. Each check has a fixed name, a
//! verdict, what was found, and what to do about it; the same checks judge a backup's copy and what
//! a restore has put back.

mod store;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use domain::access::{Ctx, Duty, StaffScope, authenticate_local, system};
use domain::audit::seal;
use domain::release::Release;
use domain::{Platform, setting, upload};
use kernel::{Clock, Millis};
use serde::Serialize;
use storage::{Engine, MAIN_FILE, Migration, TenantTable, Tx};

use crate::backup::{LAST_SETTING, archive::digest_of};
use crate::config::Config;
use crate::house::{self, MIGRATIONS, TENANT_TABLES};
use crate::request::Answer;
use crate::workers::Signer;
use crate::{files, tls};

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// Every page and index, every link of the journal, every file's bytes
    #[arg(long)]
    pub full: bool,
    /// Print the checks as JSON
    #[arg(long)]
    pub json: bool,
}

/// Exit code when something is wrong (interfaces §5).
pub const PROBLEMS: u8 = 9;
/// Links of the journal read again without `--full`.
const TAIL_LINKS: i64 = 10_000;
/// Free space below which the next import or backup may fail, in KiB.
const FREE_KIB: u64 = 1024 * 1024;
/// Days left at which a certificate is to be replaced.
const EXPIRY_DAYS: i64 = 30;
/// Days after which the last backup is old.
const BACKUP_DAYS: i64 = 7;
/// A message that has been due for so long is late, in milliseconds.
const LATE_MS: i64 = 3_600_000;
/// A head older than this, in milliseconds, while newer rows are sealed: no server signs.
const HEAD_MS: i64 = 600_000;
/// The journal may be this far ahead of the clock, in milliseconds: clocks of two nodes differ.
const SKEW_MS: i64 = 60_000;
/// Uploads looked at in one page.
const PAGE: i64 = 5_000;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Nothing is broken yet.
    Warning,
    /// Something is broken.
    Problem,
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name, which never changes.
    pub id: &'static str,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty when all is well.
    pub remedy: String,
}

/// What a check says, before it has a name.
type Finding = (Verdict, String, &'static str);

fn fine(found: impl Into<String>) -> Finding {
    (Verdict::Ok, found.into(), "")
}
fn warning(found: impl Into<String>, remedy: &'static str) -> Finding {
    (Verdict::Warning, found.into(), remedy)
}
fn problem(found: impl Into<String>, remedy: &'static str) -> Finding {
    (Verdict::Problem, found.into(), remedy)
}

/// How far to look.
#[derive(Clone, Copy, Debug, Default)]
pub struct Depth {
    /// Every page, every link of the journal, every file's digest.
    pub full: bool,
    /// A copy that no server will use as it lies there: its folder, disk and backups say nothing.
    pub copy: bool,
}

impl Depth {
    /// For a copy: all of it, where it lies.
    #[must_use]
    pub fn of_copy() -> Self {
        Self {
            full: true,
            copy: true,
        }
    }
}

/// The checks of an installation, in order.
pub async fn examine(config: &Config, clock: Arc<dyn Clock>, depth: Depth) -> Vec<Check> {
    let mut checks = Checks::default();
    if !depth.copy {
        checks.put("folder", folder(config));
        checks.put("lock", lock(config));
        checks.put("disk", disk(&config.data));
        checks.put("certificate", certificate(config, clock.real_now()));
    }
    let platform = match house::open_read_only(config, clock) {
        Ok(platform) => platform,
        Err(error) => {
            checks.put("store", Err(error));
            return checks.0;
        }
    };
    checks.put("migrations", migrations(&platform).await);
    checks.put("files", integrity(&platform, depth.full).await);
    if platform.db.engine() == Engine::Postgres {
        checks.put("policies", policies(&platform).await);
    }
    match Inside::open(config, &platform).await {
        Ok(inside) => inside.examine(&mut checks, depth).await,
        Err(error) => checks.put("store", Err(error)),
    }
    checks.0
}

/// Whether something is broken.
#[must_use]
pub fn is_broken(checks: &[Check]) -> bool {
    checks.iter().any(|check| check.verdict == Verdict::Problem)
}

/// The checks as a table, with the exit code.
#[must_use]
pub fn answer(checks: &[Check]) -> Answer {
    let row = |check: &Check| {
        let verdict = match check.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "PROBLEM",
        };
        [
            check.id.to_owned(),
            verdict.to_owned(),
            check.found.clone(),
            check.remedy.clone(),
        ]
    };
    let rows = checks.iter().map(row).collect();
    let mut answer = Answer::table(["check", "verdict", "found", "remedy"], rows);
    if is_broken(checks) {
        answer.code = PROBLEMS;
    }
    answer
}

#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    /// Adds a check; one that cannot be made is a problem.
    fn put(&mut self, id: &'static str, finding: Result<Finding>) {
        let (verdict, found, remedy) = finding.unwrap_or_else(|error| {
            problem(format!("{error:#}"), "the message says what is in the way")
        });
        self.0.push(Check {
            id,
            verdict,
            found,
            remedy: remedy.to_owned(),
        });
    }
}

/// The data folder, its keys and the folder of heads are for their owner, who is who runs this.
fn folder(config: &Config) -> Result<Finding> {
    let mut open = Vec::new();
    for path in [&config.data, &config.head_dir] {
        let meta = fs::metadata(path).with_context(|| path.display().to_string())?;
        if meta.permissions().mode() & 0o077 != 0 {
            open.push(format!("{} is open to others", path.display()));
        }
        if meta.uid() != house::own_uid() {
            let owner = house::os_user(meta.uid());
            open.push(format!("{} belongs to {owner}", path.display()));
        }
    }
    for name in ["audit.key", "tls/server.key"] {
        let path = config.data.join(name);
        if !path.exists() {
            open.push(format!("{} is missing", path.display()));
        } else if let Err(error) = files::read_private(&path, files::OWNER_ONLY) {
            open.push(error.to_string());
        }
    }
    Ok(if open.is_empty() {
        fine(config.data.display().to_string())
    } else {
        let remedy = "run as the user who serves; chmod 700 the folders, chmod 600 the keys";
        problem(open.join("; "), remedy)
    })
}

/// Who holds the folder, if anybody.
fn lock(config: &Config) -> Result<Finding> {
    if UnixStream::connect(config.socket()).is_ok() {
        return Ok(fine("a server answers"));
    }
    let held = match File::open(config.data.join("lock")) {
        Ok(file) => file.try_lock().is_err(),
        Err(_) => false,
    };
    Ok(if held {
        let remedy = "wait for the command that runs, or end the server that no longer answers";
        warning("a process holds the folder and answers to nobody", remedy)
    } else {
        fine("nobody holds the folder")
    })
}

/// Free space, as `df` tells it: the standard library does not.
fn disk(data: &Path) -> Result<Finding> {
    let output = Command::new("df")
        .arg("-Pk")
        .arg(data)
        .output()
        .context("df")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let free = text
        .lines()
        .nth(1)
        .and_then(|line| line.split_whitespace().nth(3));
    let free: u64 = free
        .and_then(|free| free.parse().ok())
        .context("df says nothing")?;
    let store = fs::metadata(data.join(MAIN_FILE)).map_or(0, |meta| meta.len() / 1024);
    let found = format!("{} MiB free", free / 1024);
    Ok(if free < FREE_KIB.max(store) {
        warning(
            found,
            "make room: an import and a backup need as much as the store again",
        )
    } else {
        fine(found)
    })
}

fn certificate(config: &Config, now: Millis) -> Result<Finding> {
    let path = config.data.join("tls/server.pem");
    let pem = fs::read(&path).with_context(|| path.display().to_string())?;
    let days = tls::read_certificate(&pem)?.not_after.since(now) / Millis::DAY;
    let remedy = "replace tls/server.pem and tls/server.key, restart";
    Ok(match days {
        ..=0 => problem(format!("ended {} days ago", -days), remedy),
        1..=EXPIRY_DAYS => warning(format!("ends in {days} days"), remedy),
        _ => fine(format!("good for {days} days")),
    })
}

async fn migrations(platform: &Platform) -> Result<Finding> {
    let steps: &'static [Migration] = &MIGRATIONS;
    let faults = platform.db.migration_faults(steps).await?;
    Ok(if faults.is_empty() {
        fine(format!("{} steps", steps.len()))
    } else {
        let remedy = "run the version that made the store, or a newer one with migrate_url set";
        problem(faults.join("; "), remedy)
    })
}

async fn integrity(platform: &Platform, full: bool) -> Result<Finding> {
    let faults = platform.db.file_faults(full).await?;
    if platform.db.engine() == Engine::Postgres {
        return Ok(fine("kept by the server: pg_amcheck examines them"));
    }
    Ok(if !faults.is_empty() {
        problem(
            faults.join("; "),
            "stop the server, keep the folder, restore the last backup",
        )
    } else if full {
        fine("every page and index")
    } else {
        fine("every page; --full compares indexes too")
    })
}

async fn policies(platform: &Platform) -> Result<Finding> {
    let tenants: &'static [TenantTable] = &TENANT_TABLES;
    Ok(match platform.db.check_policies(tenants).await {
        Ok(()) => fine(format!("{} tables guarded", tenants.len())),
        Err(error) => problem(error.to_string(), "run once with database.migrate_url"),
    })
}

/// What is inside the store, for whoever may look.
struct Inside<'a> {
    config: &'a Config,
    platform: &'a Platform,
    staff: StaffScope,
    sealer: Ctx,
}

impl<'a> Inside<'a> {
    async fn open(config: &'a Config, platform: &'a Platform) -> Result<Self> {
        let user = house::os_user(house::own_uid());
        let ctx = authenticate_local(platform, &user, "doctor").await?;
        let staff = ctx
            .staff()
            .map_err(|refusal| anyhow::anyhow!(refusal))?
            .clone();
        let sealer = system(platform, Duty::Sealer, ctx.owner())?;
        Ok(Self {
            config,
            platform,
            staff,
            sealer,
        })
    }

    async fn examine(&self, checks: &mut Checks, depth: Depth) {
        checks.put("release", self.release().await);
        checks.put("live", self.live().await);
        checks.put("uploads", self.uploads(depth.full).await);
        checks.put("journal", self.journal(depth).await);
        if !depth.copy {
            checks.put("clock", self.clock().await);
            checks.put("jobs", self.jobs().await);
            checks.put("outbox", self.outbox().await);
            checks.put("backup", self.backup().await);
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        f: impl Fn(&mut dyn Tx, &StaffScope) -> Result<T, storage::Error> + Send + 'static,
    ) -> Result<T> {
        let staff = self.staff.clone();
        Ok(self.platform.db.read(move |tx| f(tx, &staff)).await?)
    }

    /// Pointer and released tables are of one history: what is in force was once claimed there, and
    /// nothing was claimed that the list of releases does not know.
    async fn release(&self) -> Result<Finding> {
        let found = self.read(|tx, staff| store::releases(tx, staff)).await?;
        let store::Releases {
            pointer,
            state,
            last,
            claimed,
        } = found;
        let told = format!("in force {pointer}, last begun {last}, last written {claimed}");
        let published = pointer == 0 || state == "published";
        Ok(if published && pointer <= claimed && claimed <= last {
            fine(told)
        } else {
            let remedy = "the two halves are of different times: restore one backup of both";
            problem(told, remedy)
        })
    }

    async fn live(&self) -> Result<Finding> {
        let counted = |tx: &mut dyn Tx, staff: &StaffScope| {
            let release: Release = domain::release::store::current(tx)?;
            store::live(tx, staff, release)
        };
        let live = self.read(counted).await?;
        let wrong = [
            (
                live.orphans,
                "fibres are held for orders that are not there",
            ),
            (live.twice, "fibres are under two lines in service"),
            (live.unseeded, "released fibres or PTOs have no live row"),
        ];
        let wrong: Vec<_> = wrong.iter().filter(|(n, _)| *n > 0).collect();
        if !wrong.is_empty() {
            let told = wrong.iter().map(|(n, what)| format!("{n} {what}"));
            let remedy = "keep the folder and report it; restore if it came with a repair by hand";
            return Ok(problem(told.collect::<Vec<_>>().join("; "), remedy));
        }
        Ok(fine(match live.unreleased {
            0 => "as released, but for what orders changed".to_owned(),
            n => format!("{n} live rows are in no file of the release in force"),
        }))
    }

    /// Every upload has its bytes; bytes that no upload names are counted.
    async fn uploads(&self, full: bool) -> Result<Finding> {
        let Some(data) = self.platform.db.folder() else {
            let missing = self
                .read(|tx, staff| store::count_incomplete(tx, staff))
                .await?;
            return Ok(match missing {
                0 => fine("bytes in the database"),
                n => problem(format!("{n} uploads have lost bytes"), "restore a backup"),
            });
        };
        let dir = data.join(upload::FOLDER);
        let mut names = BTreeSet::new();
        if dir.is_dir() {
            for entry in fs::read_dir(&dir)? {
                names.insert(entry?.file_name().to_string_lossy().into_owned());
            }
        }
        let (mut count, mut bad, mut after) = (0, Vec::new(), String::new());
        loop {
            let from = after.clone();
            let list = move |tx: &mut dyn Tx, staff: &StaffScope| {
                store::list_named(tx, staff, &from, PAGE)
            };
            let page = self.read(list).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.id);
            for named in page {
                count += 1;
                names.remove(&named.id);
                if let Err(error) = bytes_of(&dir, &named, full) {
                    bad.push(format!("{}: {error}", named.id));
                }
            }
        }
        Ok(if !bad.is_empty() {
            bad.truncate(20);
            problem(bad.join("; "), "restore them from a backup: files/<id>")
        } else {
            fine(format!(
                "{count} files, {} that none names yet",
                names.len()
            ))
        })
    }

    /// The journal holds, and a head was signed for what was sealed.
    async fn journal(&self, depth: Depth) -> Result<Finding> {
        if !self.config.data.join("audit.key").exists() {
            let remedy = "restore it from a backup: without it no signed head can be checked";
            return Ok(problem("audit.key is missing", remedy));
        }
        if !self.config.head_dir.is_dir() {
            let remedy = "restore them from where they are copied, or from a backup";
            return Ok(problem("the folder of signed heads is missing", remedy));
        }
        let signer = Signer::open(&self.config.data, &self.config.head_dir)?;
        let heads = signer.heads()?;
        let tail = (!(depth.full || depth.copy)).then_some(TAIL_LINKS);
        let (platform, ctx) = (self.platform, &self.sealer);
        let found = seal::verify_tail(platform, ctx, &heads, signer.key(), tail).await?;
        if !found.faults.is_empty() {
            let told: Vec<_> = found.faults.iter().take(20).cloned().collect();
            return Ok(problem(
                told.join("; "),
                "epissure audit verify; keep the folder as it is",
            ));
        }
        let told = format!("{} links, {} heads", found.links, found.heads);
        let signed = heads
            .last()
            .map_or(Millis(0), |head| Millis(head.real_at_ms));
        let last = self.read(|tx, staff| store::last_sealed(tx, staff)).await?;
        if !depth.copy && last.is_some_and(|at| at.since(signed) > HEAD_MS) {
            let remedy = "run a server, or look at its log: heads are signed every minute";
            return Ok(warning(
                format!("{told}; sealed rows have no head yet"),
                remedy,
            ));
        }
        Ok(fine(told))
    }

    /// The journal is not of the future.
    async fn clock(&self) -> Result<Finding> {
        let now = self.platform.clock.real_now();
        let last = self.read(|tx, staff| store::last_sealed(tx, staff)).await?;
        let ahead = last.map_or(0, |last| last.since(now));
        Ok(if ahead > SKEW_MS {
            let remedy = "set the machine's clock, and have it kept (chrony, systemd-timesyncd)";
            problem(format!("the journal is {} s ahead", ahead / 1_000), remedy)
        } else {
            fine("not behind the journal")
        })
    }

    async fn jobs(&self) -> Result<Finding> {
        let failed = self
            .read(|tx, staff| store::count_failed_jobs(tx, staff))
            .await?;
        Ok(match failed {
            0 => fine("none was given up"),
            n => warning(
                format!("{n} were given up"),
                "table job, state failed, column error",
            ),
        })
    }

    async fn outbox(&self) -> Result<Finding> {
        let late = self.platform.clock.real_now().plus(-LATE_MS);
        let count =
            move |tx: &mut dyn Tx, staff: &StaffScope| store::count_stuck_messages(tx, staff, late);
        let (parked, late) = self.read(count).await?;
        Ok(if parked + late == 0 {
            fine("nothing is late")
        } else {
            let remedy = "mail.smtp_url and the mail server's log; table outbox, column error";
            warning(format!("{parked} were given up, {late} are late"), remedy)
        })
    }

    async fn backup(&self) -> Result<Finding> {
        let scope = self.sealer.duty(Duty::Upkeep);
        let last = move |tx: &mut dyn Tx| setting::store::by_name(tx, &scope, LAST_SETTING);
        let last = self.platform.db.read(last).await?;
        let remedy = "epissure backup create --to DIR, every day, on another disk";
        let at = last
            .as_deref()
            .and_then(|last| last.split(' ').next()?.parse().ok());
        let Some(at) = at.map(Millis) else {
            return Ok(warning("none was ever taken", remedy));
        };
        let days = self.platform.clock.real_now().since(at) / Millis::DAY;
        let told = format!("{days} days old");
        Ok(if days > BACKUP_DAYS {
            warning(told, remedy)
        } else {
            fine(told)
        })
    }
}

/// Whether a file has the bytes its row speaks of; their digest too when `full`.
fn bytes_of(dir: &Path, named: &store::Named, full: bool) -> Result<()> {
    let path = dir.join(&named.id);
    let meta = fs::metadata(&path).context("its file is missing")?;
    if i64::try_from(meta.len()).ok() != Some(named.size) {
        bail!("{} bytes out of {}", meta.len(), named.size);
    }
    if full && digest_of(&path)? != named.digest {
        bail!("its bytes are not those that were received");
    }
    Ok(())
}
