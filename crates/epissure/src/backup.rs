//! Backups: one file with the store as it was at one instant, the bytes its rows name, the keys,
//! and the signed heads of the journal. Taken while the server answers, put in its place only when
//! it is whole and durable; the journal tells who took it.
//!
//! The order makes the parts agree. Both files of a SQLite store are copied as of one instant (see
//! [`storage::Db::copy_files`]). File bytes never change and are on disk before the row that names
//! them, so those that the copied rows name are taken afterwards. Heads signed after that instant
//! speak of rows that the copy has not: they stay out, and one is signed for the copy's own end.

pub mod archive;
pub(crate) mod command;
mod postgres;
pub mod restore;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use archive::{Builder, DATA, DUMP, HEADS, Manifest, Staging};
use domain::access::{Ctx, Duty, system};
use domain::audit::seal::{self, Head};
use domain::{Platform, Unit, Verdict, audit, release, setting, upload};
use jiff::Timestamp;
use kernel::Millis;
use storage::{Db, MAIN_FILE, REFERENCE_FILE, Tx};
use tokio::sync::mpsc::UnboundedSender;

use crate::config::{Config, FILE_NAME};
use crate::house;
use crate::request::{Answer, Progress};
use crate::workers::Signer;

/// The setting that tells when the last backup was taken: milliseconds, then its seal.
pub const LAST_SETTING: &str = "backup.last";
/// Ids of uploads read at once.
const PAGE: i64 = 5_000;
/// Files of the data folder that go along, where there are any.
const KEPT: [&str; 4] = ["audit.key", "tls/server.key", "tls/server.pem", FILE_NAME];

/// A backup that was taken.
pub struct Made {
    /// Where it is.
    pub file: PathBuf,
    /// Its size, in bytes.
    pub bytes: u64,
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its seal.
    pub seal: String,
}

impl Made {
    /// As the command line tells it.
    #[must_use]
    pub fn answer(self) -> Answer {
        let columns = ["file", "bytes", "taken_at", "release", "audit_seq", "seal"];
        let values = [
            self.file.display().to_string(),
            self.bytes.to_string(),
            self.manifest.taken_at,
            self.manifest.release.to_string(),
            self.manifest.audit_seq.to_string(),
            self.seal,
        ];
        Answer::row(columns, values)
    }
}

/// What is asked for.
pub struct Asked<'a> {
    /// The configuration of the store.
    pub config: &'a Config,
    /// A file that is not there yet, or a folder.
    pub to: &'a Path,
    /// Whether somebody waits for answers meanwhile: the copy then rests as long as it works.
    pub gently: bool,
    /// Hears how far it is.
    pub tell: UnboundedSender<Progress>,
}

/// Takes a backup.
///
/// # Errors
/// There is such a file, `pg_dump` is missing, the disk is full, the store does not answer.
pub async fn create(platform: &Arc<Platform>, ctx: &Arc<Ctx>, asked: Asked<'_>) -> Result<Made> {
    let file = target(asked.to, asked.config, platform.clock.real_now())?;
    let staging = Staging::beside(&file)?;
    let copied = match &asked.config.postgres {
        None => copy_files(platform, &asked, staging.dir()).await?,
        Some(_) => copy_server(platform, &asked, staging.dir()).await?,
    };
    let packed = staging.dir().join("packed");
    let (config, to, tell) = (asked.config.clone(), packed.clone(), asked.tell.clone());
    let gently = asked.gently;
    let pack = move || pack(&config, copied, &to, gently, &tell);
    let (manifest, seal) = tokio::task::spawn_blocking(pack)
        .await
        .context("packing")??;
    // Whoever holds the file holds everybody's data: the journal has it before anyone can.
    record(platform, ctx, "backup.create", &file, &seal).await?;
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    fs::rename(&packed, &file).with_context(|| file.display().to_string())?;
    let dir = file.parent().unwrap_or_else(|| Path::new("."));
    File::open(dir)?.sync_all()?;
    Ok(Made {
        bytes: file.metadata()?.len(),
        file,
        manifest,
        seal,
    })
}

/// The file to write: the one asked for, or one named by the time in the folder asked for.
fn target(to: &Path, config: &Config, now: Millis) -> Result<PathBuf> {
    let file = if to.is_dir() {
        let at = Timestamp::from_millisecond(now.0)?;
        to.join(format!("epissure-{}.zip", at.strftime("%Y%m%dT%H%M%SZ")))
    } else {
        to.to_owned()
    };
    if file.exists() {
        bail!("{} is there already", file.display());
    }
    let dir = file
        .parent()
        .context("a file in a folder is wanted")?
        .canonicalize();
    let dir = dir.with_context(|| file.display().to_string())?;
    if config
        .data
        .canonicalize()
        .is_ok_and(|data| dir.starts_with(data))
    {
        bail!("a backup inside the data folder would be lost with it");
    }
    Ok(dir.join(file.file_name().context("a file name is wanted")?))
}

/// A copy of the store, not packed yet.
struct Copied {
    manifest: Manifest,
    /// Archive names and places of the store's own parts and of the bytes its rows name.
    parts: Vec<(String, PathBuf)>,
    /// A head signed for the copy's own end.
    head: Option<Head>,
}

fn said(phase: &str, done: u64, total: u64) -> Progress {
    Progress {
        phase: phase.to_owned(),
        done,
        total,
    }
}

async fn copy_files(platform: &Platform, asked: &Asked<'_>, to: &Path) -> Result<Copied> {
    let taken_at = platform.clock.real_now();
    let tell = asked.tell.clone();
    let progress = move |at: storage::Copied| {
        // Whoever asked may be gone; the backup goes on.
        let _ = tell.send(said(&format!("copied {}", at.file), at.done, at.total));
    };
    platform.db.copy_files(to, asked.gently, progress).await?;
    // Read from the copy itself: it opens, and says what it holds.
    let db = Db::open_read_only(&storage::Config::Sqlite { dir: to.to_owned() })?;
    let copy = Platform::new(db, Arc::clone(&platform.clock));
    let (manifest, head) = facts(&copy, asked.config, "sqlite", taken_at).await?;
    let mut parts = [MAIN_FILE, REFERENCE_FILE]
        .map(|name| (format!("{DATA}/{name}"), to.join(name)))
        .to_vec();
    let folder = asked.config.data.join(upload::FOLDER);
    for id in named_files(&copy).await? {
        let path = folder.join(&id);
        if !path.is_file() {
            bail!(
                "{} went while the store was copied: run this again",
                path.display()
            );
        }
        parts.push((format!("{DATA}/{}/{id}", upload::FOLDER), path));
    }
    Ok(Copied {
        manifest,
        parts,
        head,
    })
}

async fn copy_server(platform: &Platform, asked: &Asked<'_>, to: &Path) -> Result<Copied> {
    let postgres = asked.config.postgres.as_ref().context("no server")?;
    let url = postgres.migrate_url.clone().context(
        "database.migrate_url is not set: pg_dump needs the owner of the tables; set it for \
         this command alone by EPISSURE__DATABASE__MIGRATE_URL with the server stopped, or in the \
         server's configuration",
    )?;
    let taken_at = platform.clock.real_now();
    // Before the dump: what was sealed by then is in it.
    let (manifest, head) = facts(platform, asked.config, "postgres", taken_at).await?;
    let _ = asked.tell.send(said("pg_dump", 0, 0));
    let (dump, sealed) = (to.join(DUMP), manifest.audit_seq);
    let path = dump.clone();
    let work = move || {
        postgres::dump(&url, &path)?;
        postgres::check(&path, sealed)
    };
    tokio::task::spawn_blocking(work)
        .await
        .context("pg_dump")??;
    Ok(Copied {
        manifest,
        parts: vec![(DUMP.to_owned(), dump)],
        head,
    })
}

/// What a store says of itself, and a head signed for its end.
async fn facts(
    platform: &Platform,
    config: &Config,
    engine: &str,
    taken_at: Millis,
) -> Result<(Manifest, Option<Head>)> {
    let (provider, _) = house::provider(platform).await?;
    let ctx = system(platform, Duty::Sealer, &provider)?;
    let scope = ctx.duty(Duty::Sealer);
    let signer = Signer::open(&config.data, &config.head_dir)?;
    let head = seal::sign_head(platform, &ctx, signer.key()).await?;
    let read = move |tx: &mut dyn Tx| {
        let release = release::store::current(tx)?;
        Ok((release, audit::store::head(tx, &scope)?))
    };
    let (release, _) = platform.db.get(read).await?;
    let mut manifest = Manifest::new(engine, Timestamp::from_millisecond(taken_at.0)?.to_string());
    manifest.release = release.0;
    if let Some(head) = &head {
        manifest.audit_seq = head.seq;
        manifest.audit_hash.clone_from(&head.hash);
    }
    Ok((manifest, head))
}

/// Ids of the uploads whose bytes are kept.
async fn named_files(platform: &Platform) -> Result<Vec<String>> {
    let (provider, _) = house::provider(platform).await?;
    let scope = system(platform, Duty::Upkeep, &provider)?.duty(Duty::Upkeep);
    let mut all: Vec<String> = Vec::new();
    loop {
        let after = all.last().cloned().unwrap_or_default();
        let list = move |tx: &mut dyn Tx| upload::store::list_kept(tx, &scope, &after, PAGE);
        let page = platform.db.read(list).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page.iter().map(|id| id.as_str().to_owned()));
    }
}

fn pack(
    config: &Config,
    copied: Copied,
    to: &Path,
    gently: bool,
    tell: &UnboundedSender<Progress>,
) -> Result<(Manifest, String)> {
    let mut builder = Builder::create(to, gently)?;
    let total = copied.parts.len() as u64;
    for (done, (name, path)) in (1..).zip(&copied.parts) {
        builder.add_file(name, path)?;
        let _ = tell.send(said("packed", done, total));
    }
    for name in KEPT {
        let path = config.data.join(name);
        if path.is_file() {
            builder.add_file(&format!("{DATA}/{name}"), &path)?;
        }
    }
    let signer = Signer::open(&config.data, &config.head_dir)?;
    let mut heads = signer.heads()?;
    heads.retain(|head| head.seq < copied.manifest.audit_seq);
    heads.extend(copied.head);
    for head in heads {
        let text = serde_json::to_vec(&head)?;
        let name = format!("{HEADS}/head-{}.json", head.seq);
        builder.add(&name, &mut text.as_slice(), 0o600)?;
    }
    builder.finish(copied.manifest)
}

/// Leaves the journal's row, and when it was, in one unit of work.
async fn record(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    action: &'static str,
    file: &Path,
    seal: &str,
) -> Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let (target, scope) = (format!("{name} {seal}"), ctx.duty(Duty::Upkeep));
    let last = format!("{} {seal}", platform.clock.real_now().0);
    let done = domain::write(platform, ctx, Unit::new(action), move |work| {
        work.about(&target);
        setting::store::update(work.tx, &scope, LAST_SETTING, &last)?;
        Ok(Verdict::Accepted(()))
    });
    done.await?
        .into_result()
        .map_err(|refusal| anyhow::anyhow!(refusal))
}
