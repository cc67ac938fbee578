//! Looking into a backup, and putting it back. Everything is unpacked beside its place, compared,
//! opened and examined there; only then is the folder renamed to where a server looks for it. A
//! restore that dies before leaves nothing that starts, and is simply run again.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use domain::Platform;
use domain::access::authenticate_local;
use kernel::{Clock, Millis};

use super::archive::{Archive, DATA, DUMP, Damaged, HEADS, Manifest, Staging};
use super::{postgres, record};
use crate::config::{Config, FILE_NAME};
use crate::doctor::{self, Check, Depth};
use crate::files;
use crate::house;

/// In a data folder whose database is not there yet, on PostgreSQL.
const MARKER: &str = "restoring";

/// What was found in a backup.
pub struct Verified {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its seal.
    pub seal: String,
    /// What the checks of its copy say; none on PostgreSQL, whose dump only a server can open.
    pub checks: Vec<Check>,
}

/// Unpacks a backup beside itself, compares every byte, opens the copies and reads the journal
/// again; then removes what it unpacked.
///
/// # Errors
/// [`Damaged`] when it is not whole, or those of the file system.
pub async fn verify(file: &Path, config: &Config, clock: Arc<dyn Clock>) -> Result<Verified> {
    let file = file
        .canonicalize()
        .with_context(|| file.display().to_string())?;
    let staging = Staging::beside(&file)?;
    unpack(&file, staging.dir(), config, clock).await
}

async fn unpack(
    file: &Path,
    to: &Path,
    config: &Config,
    clock: Arc<dyn Clock>,
) -> Result<Verified> {
    let mut archive = Archive::open(file)?;
    archive.extract(to)?;
    let (manifest, seal) = (archive.manifest, archive.seal);
    let checks = match manifest.engine.as_str() {
        "sqlite" => doctor::examine(&copy_at(to, config), clock, Depth::of_copy()).await,
        _ => {
            postgres::check(&to.join(DUMP), manifest.audit_seq)?;
            Vec::new()
        }
    };
    Ok(Verified {
        manifest,
        seal,
        checks,
    })
}

/// The configuration of the copy below `dir`.
fn copy_at(dir: &Path, config: &Config) -> Config {
    let mut copy = config.clone();
    copy.data = dir.join(DATA);
    copy.head_dir = dir.join(HEADS);
    copy.postgres = None;
    copy
}

/// What to restore and where.
pub struct Asked<'a> {
    /// The backup.
    pub file: &'a Path,
    /// The data folder to be.
    pub data: &'a Path,
    /// Move away what is there already.
    pub force: bool,
    /// Why, for the journal.
    pub reason: &'a str,
    /// Reads the configuration, with the file given when there is no other.
    pub load: &'a dyn Fn(Option<PathBuf>) -> Result<Config>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// What was restored.
pub struct Restored {
    /// The configuration in force where it was restored.
    pub config: Config,
    /// What the backup says of itself.
    pub manifest: Manifest,
    /// What was there and was moved away.
    pub moved: Vec<PathBuf>,
}

/// There is something in the way: exit code 6.
#[derive(Debug)]
pub struct InTheWay(String);

impl std::fmt::Display for InTheWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InTheWay {}

/// Restores a backup. `tell` hears each step once it is done.
///
/// # Errors
/// [`Damaged`], [`InTheWay`], or those of the file system and of the store.
pub async fn restore(asked: &Asked<'_>, tell: &dyn Fn(&str)) -> Result<Restored> {
    let data = std::path::absolute(asked.data)?;
    let parent = data.parent().context("a folder in a folder is wanted")?;
    files::make_private_dir(parent)?;
    refuse_what_is_held(&data)?;
    if !asked.force && !is_free(&data)? {
        let data = data.display();
        return Err(InTheWay(format!("{data} holds data: --force moves it away first")).into());
    }
    let staging = Staging::beside(&data)?;
    let dir = staging.dir();
    // Its own configuration says where the heads go, unless another one is in force.
    let before = (asked.load)(None)?;
    let found = unpack(asked.file, dir, &before, Arc::clone(&asked.clock)).await?;
    tell("unpacked");
    if let Some(check) = found
        .checks
        .iter()
        .find(|check| check.verdict == doctor::Verdict::Problem)
    {
        return Err(Damaged(format!("{}: {}", check.id, check.found)).into());
    }
    tell("verified");
    let own = Some(dir.join(DATA).join(FILE_NAME)).filter(|path| path.exists());
    let config = (asked.load)(own)?;
    let mut moved = Vec::new();
    let now = asked.clock.real_now();
    let heads_in_the_way = !heads_agree(&dir.join(HEADS), &config.head_dir)?;
    if heads_in_the_way && !asked.force {
        let heads = config.head_dir.display();
        return Err(InTheWay(format!(
            "{heads} holds signed heads of another history: set EPISSURE__AUDIT__HEAD_DIR for a \
             drill, or --force moves them away first"
        ))
        .into());
    }
    let url = server(&found.manifest, &config)?;
    if !is_free(&data)? {
        moved.push(away(&data, now)?);
    }
    if heads_in_the_way {
        moved.push(away(&config.head_dir, now)?);
    }
    keep_heads(&dir.join(HEADS), &config.head_dir)?;
    match &url {
        None => journal(&copy_at(dir, &config), asked, &found.seal).await?,
        Some(_) => files::write_whole(&dir.join(DATA).join(MARKER), b"", 0o600)?,
    }
    tell("ready");
    clear(&data)?;
    fs::rename(dir.join(DATA), &data).with_context(|| data.display().to_string())?;
    File::open(parent)?.sync_all()?;
    // With the head that tells of the restore itself.
    keep_heads(&dir.join(HEADS), &config.head_dir)?;
    tell("in place");
    if let Some(url) = url {
        let dump = dir.join(DUMP);
        tokio::task::spawn_blocking(move || postgres::restore(&url, &dump)).await??;
        journal(&config, asked, &found.seal).await?;
        fs::remove_file(data.join(MARKER))?;
        tell("database restored");
    }
    Ok(Restored {
        config,
        manifest: found.manifest,
        moved,
    })
}

/// The URL of the empty database to fill, on PostgreSQL.
fn server(manifest: &Manifest, config: &Config) -> Result<Option<String>> {
    match (manifest.engine.as_str(), &config.postgres) {
        ("sqlite", None) => Ok(None),
        ("postgres", Some(postgres)) => {
            let url = postgres.migrate_url.clone();
            let url = url.context("database.migrate_url is not set: who would own the tables?")?;
            if !storage::is_empty(&url)? {
                let text = "the database holds tables: drop it and create it again, empty";
                return Err(InTheWay(text.to_owned()).into());
            }
            Ok(Some(url))
        }
        (engine, _) => bail!("a backup of {engine}, and database.url is for another engine"),
    }
}

/// Leaves the journal's row of the restore, sealed and signed.
async fn journal(config: &Config, asked: &Asked<'_>, seal: &str) -> Result<()> {
    let platform: Arc<Platform> = house::open(config, Arc::clone(&asked.clock)).await?;
    let user = house::os_user(house::own_uid());
    let ctx = Arc::new(authenticate_local(&platform, &user, asked.reason).await?);
    record(&platform, &ctx, "backup.restore", asked.file, seal).await?;
    crate::commands::close_journal(config, platform).await
}

/// Refuses a folder that a process uses.
fn refuse_what_is_held(data: &Path) -> Result<()> {
    if let Ok(lock) = File::open(data.join("lock"))
        && lock.try_lock().is_err()
    {
        let data = data.display();
        return Err(InTheWay(format!("a process uses {data}: stop it first")).into());
    }
    Ok(())
}

/// Whether nothing would be lost: no folder, an empty one, or one that a restore left unfinished.
fn is_free(data: &Path) -> Result<bool> {
    if !data.exists() || data.join(MARKER).exists() {
        return Ok(true);
    }
    Ok(fs::read_dir(data)?.next().is_none())
}

/// Removes what [`is_free`] found of no worth.
fn clear(data: &Path) -> Result<()> {
    if data.join(MARKER).exists() {
        fs::remove_dir_all(data)?;
    } else if data.exists() {
        fs::remove_dir(data)?;
    }
    Ok(())
}

/// Renames a folder out of the way; its new name.
fn away(path: &Path, now: Millis) -> Result<PathBuf> {
    let name = path.file_name().context("a folder's name is wanted")?;
    let to = path.with_file_name(format!("{}.before-{}", name.to_string_lossy(), now.0));
    fs::rename(path, &to).with_context(|| path.display().to_string())?;
    Ok(to)
}

/// Whether every head in `there` is also in `ours`, byte for byte but for when it was signed.
fn heads_agree(ours: &Path, there: &Path) -> Result<bool> {
    if !there.is_dir() {
        return Ok(true);
    }
    for entry in fs::read_dir(there)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with("head-") {
            continue;
        }
        let same = hash_of(&entry.path()).is_some()
            && hash_of(&entry.path()) == hash_of(&ours.join(entry.file_name()));
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn hash_of(path: &Path) -> Option<String> {
    let head: domain::audit::seal::Head = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    Some(head.hash)
}

fn keep_heads(from: &Path, to: &Path) -> Result<()> {
    files::make_private_dir(to)?;
    if !from.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let bytes = fs::read(entry.path())?;
        files::write_whole(&to.join(entry.file_name()), &bytes, 0o600)?;
    }
    Ok(())
}
