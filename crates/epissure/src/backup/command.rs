//! `backup`, `restore` and `doctor` at the command line.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, bail};
use domain::Platform;
use storage::Db;
use tokio::sync::mpsc;

use super::archive::Damaged;
use super::restore::{self, InTheWay};
use crate::cli::Global;
use crate::commands::{clock, close_journal, log, print, runtime};
use crate::config::Config;
use crate::control;
use crate::doctor::{self, Check, Depth};
use crate::house;
use crate::output::{self, Format, Meter};
use crate::request::{Answer, Desk, Request, exit};
use crate::services::SERVICES;

/// Has the server that holds the data take a backup or, when there is none, takes it here. The
/// schema is left as it is: a backup before an upgrade is one of the older version's store.
pub fn create(global: &Global, to: &Path) -> Result<u8> {
    let config = global.load(&[])?;
    let request = Request::BackupCreate {
        to: std::path::absolute(to)?,
    };
    let mut meter = Meter::new();
    let mut show = |progress: &_| meter.show(progress);
    let asked = control::ask(&config.socket(), &global.reason, &request, &mut show)?;
    let answer = match asked {
        Some(answer) => answer,
        None => {
            log("warn", false)?;
            runtime()?.block_on(create_alone(&config, &global.reason, request, &mut meter))?
        }
    };
    drop(meter);
    print(&answer, global)
}

async fn create_alone(
    config: &Config,
    reason: &str,
    request: Request,
    meter: &mut Meter,
) -> Result<Answer> {
    if config.postgres.is_none() && !config.data.join(storage::MAIN_FILE).exists() {
        bail!("no store in {}: run epissure init", config.data.display());
    }
    let platform = Arc::new(Platform::new(Db::open(&config.store())?, clock()));
    let desk = Desk::new(Arc::clone(&platform), SERVICES, String::new());
    let desk = desk.with_backups(config, false);
    let user = house::os_user(house::own_uid());
    let (tell, mut told) = mpsc::unbounded_channel();
    let answer = {
        let work = desk.carry_out(&user, reason, request, tell);
        tokio::pin!(work);
        loop {
            tokio::select! {
                answer = &mut work => break answer,
                Some(progress) = told.recv() => meter.show(&progress),
            }
        }
    };
    drop(desk);
    close_journal(config, platform).await?;
    Ok(answer)
}

/// Verifies a backup: exit code 3 when it is not whole.
pub fn verify(global: &Global, file: &Path) -> Result<u8> {
    log("warn", false)?;
    let config = global.load(&[])?;
    let found = runtime()?.block_on(restore::verify(file, &config, clock()));
    let found = match found {
        Ok(found) => found,
        Err(error) => return failed(&error),
    };
    let manifest = &found.manifest;
    output::note(&format!(
        "{} of {}, taken {}, release {}, journal up to {}, {} members, seal {}",
        manifest.engine,
        manifest.version,
        manifest.taken_at,
        manifest.release,
        manifest.audit_seq,
        manifest.members.len(),
        found.seal,
    ));
    if found.checks.is_empty() {
        output::note("the dump is readable and whole; only a restore opens it");
    }
    let mut answer = doctor::answer(&found.checks);
    if answer.code != exit::OK {
        answer.code = exit::INVALID;
    }
    print(&answer, global)
}

/// Restores a backup, then examines what is there.
pub fn restore(global: &Global, file: &Path, force: bool) -> Result<u8> {
    log("warn", false)?;
    let before = global.load(&[])?;
    let asked = restore::Asked {
        file,
        data: &before.data,
        force,
        reason: &global.reason,
        load: &|own| global.load_with(own),
        clock: clock(),
    };
    let runtime = runtime()?;
    let done = runtime.block_on(restore::restore(&asked, &output::note));
    let done = match done {
        Ok(done) => done,
        Err(error) => return failed(&error),
    };
    for moved in &done.moved {
        output::note(&format!("moved away: {}", moved.display()));
    }
    let taken_at = &done.manifest.taken_at;
    output::note(&format!(
        "restored as of {taken_at}: {}",
        done.config.data.display()
    ));
    let checks = runtime.block_on(doctor::examine(&done.config, clock(), Depth::default()));
    print(&doctor::answer(&checks), global)
}

fn failed(error: &anyhow::Error) -> Result<u8> {
    let code = if error.is::<Damaged>() {
        exit::INVALID
    } else if error.is::<InTheWay>() {
        exit::CONFLICT
    } else {
        exit::FAILED
    };
    output::note(&format!("failed: {error:#}"));
    Ok(code)
}

/// Examines the installation: exit code 9 when something is broken.
pub fn doctor(global: &Global, asked: &doctor::Asked) -> Result<u8> {
    log("error", false)?;
    let config = global.load(&[])?;
    let depth = Depth {
        full: asked.full,
        copy: false,
    };
    let checks: Vec<Check> = runtime()?.block_on(doctor::examine(&config, clock(), depth));
    let answer = doctor::answer(&checks);
    if asked.json || global.output == Format::Json {
        output::data(&(serde_json::to_string_pretty(&checks)? + "\n"))?;
        return Ok(answer.code);
    }
    print(&answer, global)
}
