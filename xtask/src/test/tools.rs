//! Finding, or on Debian as root installing, what the tests need.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::Options;
use super::postgres::{Cluster, is_root};
use super::run::Environment;
use crate::shell;

const ZEEP: &str = "zeep==4.3.3";
const NODE_PROJECT: &str = r#"{
  "private": true,
  "dependencies": { "axe-core": "4.14.1", "playwright-core": "1.65.1", "soap": "1.13.0" }
}
"#;
const POSTGRES_MAJOR_MIN: u32 = 15;

/// What was found; what was not is `None`, and said on the screen.
pub struct Tools {
    postgres: Option<Cluster>,
    python: Option<PathBuf>,
    node_modules: Option<PathBuf>,
    chromium: Option<PathBuf>,
    chromedriver: Option<PathBuf>,
    xmllint: Option<PathBuf>,
}

/// Installs what is missing where it can, makes the two client environments in `folder`, and starts
/// the PostgreSQL server of the run.
pub fn find_or_install(folder: &Path) -> anyhow::Result<Tools> {
    std::fs::create_dir_all(folder)?;
    if let Err(error) = install_missing() {
        println!("cannot install Debian packages: {error:#}");
    }
    let server = postgres_binaries().context("no PostgreSQL server binaries");
    Ok(Tools {
        postgres: said("postgresql", server.and_then(|bin| Cluster::start(&bin))),
        python: said("zeep", python_with_zeep(&folder.join("venv"))),
        node_modules: said("node soap, axe-core", node_modules(&folder.join("node"))),
        chromium: said("chromium", found("chromium")),
        chromedriver: said("chromedriver", found("chromedriver")),
        xmllint: said("xmllint", found("xmllint")),
    })
}

fn said<T>(tool: &str, found: anyhow::Result<T>) -> Option<T> {
    match found {
        Ok(found) => {
            println!("{tool}: found");
            Some(found)
        }
        Err(error) => {
            println!("{tool}: SKIPPED, cannot be had: {error:#}");
            None
        }
    }
}

fn found(program: &str) -> anyhow::Result<PathBuf> {
    shell::which(program).with_context(|| format!("no {program} on the PATH"))
}

impl Tools {
    /// What the tests read. A missing tool is a missing variable.
    pub fn environment(&self, options: &Options, binary: &Path) -> anyhow::Result<Environment> {
        let url = self
            .postgres
            .as_ref()
            .map(|cluster| OsString::from(&cluster.url));
        let trade = options
            .trade
            .as_ref()
            .map(|folder| folder.canonicalize())
            .transpose()?;
        let path = |path: &Option<PathBuf>| path.clone().map(OsString::from);
        let all = [
            ("EPISSURE_BIN", Some(binary.into())),
            ("EPISSURE_TEST_PG_ADMIN_URL", url),
            ("EPISSURE_PYTHON", path(&self.python)),
            ("EPISSURE_NODE_MODULES", path(&self.node_modules)),
            ("EPISSURE_CHROMIUM", path(&self.chromium)),
            ("EPISSURE_CHROMEDRIVER", path(&self.chromedriver)),
            ("EPISSURE_XMLLINT", path(&self.xmllint)),
            ("EPISSURE_TRADE", path(&trade)),
            ("EPISSURE_FULL", options.full.then(|| "1".into())),
        ];
        Ok(all
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }
}

/// The newest server from Debian's place, else the one on the `PATH`.
fn postgres_binaries() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten();
    let newest = versions
        .filter_map(|entry| {
            Some((
                entry.file_name().to_str()?.parse::<u32>().ok()?,
                entry.path(),
            ))
        })
        .filter(|(major, path)| *major >= POSTGRES_MAJOR_MIN && path.join("bin/initdb").exists())
        .max();
    match newest {
        Some((_, path)) => Some(path.join("bin")),
        None => Some(shell::which("initdb")?.parent()?.to_owned()),
    }
}

/// The Debian packages whose work nothing on the machine does.
fn missing_packages() -> Vec<&'static str> {
    let lacks = |program: &str| shell::which(program).is_none();
    let mut packages = Vec::new();
    if postgres_binaries().is_none() {
        packages.push("postgresql");
    }
    for (program, package) in [
        ("chromium", "chromium"),
        ("chromedriver", "chromium-driver"),
        ("xmllint", "libxml2-utils"),
        ("curl", "curl"),
        ("python3", "python3"),
        ("node", "nodejs"),
        ("npm", "npm"),
    ] {
        if lacks(program) {
            packages.push(package);
        }
    }
    let venv = Command::new("python3")
        .args(["-c", "import venv, ensurepip"])
        .output();
    if !venv.is_ok_and(|output| output.status.success()) {
        packages.push("python3-venv");
    }
    packages
}

fn install_missing() -> anyhow::Result<()> {
    let packages = missing_packages();
    if packages.is_empty() {
        return Ok(());
    }
    println!("missing: {}", packages.join(" "));
    ensure!(
        is_root()? && shell::which("apt-get").is_some(),
        "that takes root on Debian"
    );
    keep_default_cluster_away()?;
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command
            .args(["-o", "Dpkg::Options::=--force-confold"])
            .args(arguments);
        shell::run(
            command
                .env("DEBIAN_FRONTEND", "noninteractive")
                .env("UCF_FORCE_CONFFOLD", "1"),
        )
    };
    apt(&["-q", "update"])?;
    let install = ["-q", "-y", "--no-install-recommends", "install"];
    apt(&[&install[..], &packages].concat())
}

/// Debian's package would make a cluster of its own and start it; nobody asked for one.
fn keep_default_cluster_away() -> anyhow::Result<()> {
    let folder = Path::new("/etc/postgresql-common");
    if !folder.exists() {
        std::fs::create_dir(folder)?;
        std::fs::write(
            folder.join("createcluster.conf"),
            "create_main_cluster = false\n",
        )?;
    }
    Ok(())
}

/// A Python of its own, so that nothing is installed on the machine.
fn python_with_zeep(folder: &Path) -> anyhow::Result<PathBuf> {
    let python = folder.join("bin/python");
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == ZEEP) {
        return Ok(python);
    }
    shell::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )?;
    let pip = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        ZEEP,
    ];
    shell::run(Command::new(&python).args(pip))?;
    std::fs::write(stamp, ZEEP)?;
    Ok(python)
}

/// The npm packages of the tests; none of them runs a script at its installation.
pub fn node_modules(folder: &Path) -> anyhow::Result<PathBuf> {
    let modules = folder.join("node_modules");
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == NODE_PROJECT) {
        return Ok(modules);
    }
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("package.json"), NODE_PROJECT)?;
    let install = [
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
    ];
    shell::run(
        Command::new("npm")
            .args(install)
            .arg("--no-package-lock")
            .current_dir(folder),
    )?;
    std::fs::write(stamp, NODE_PROJECT)?;
    Ok(modules)
}
