//! The front-end files of others, exact and locked: building needs neither Node nor npm.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, ensure};

use crate::shell;
use crate::tidy::sha256;

/// The lock: package, version, npm's integrity, and the SHA-256 of each file we keep.
pub const LOCK: &str = "crates/web/assets/vendor/lock.json";

/// One npm package of which we keep some files.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Package {
    pub package: String,
    pub version: String,
    /// As npm gives it; empty before the first `--update`.
    pub integrity: String,
    /// Under the folder of the lock.
    pub folder: String,
    pub files: Vec<Kept>,
}

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Kept {
    /// In the package.
    pub from: String,
    /// In our folder; a name in [`BROTLI`] is kept compressed, as it is embedded and served.
    pub name: String,
    /// Of the file as kept, in lower-case hexadecimal.
    pub sha256: String,
    /// Of the package's file, where it is kept compressed: compressors differ, their input does
    /// not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_sha256: Option<String>,
}

/// What a compressed file's name ends in.
const BROTLI: &str = ".br";

/// Reads the lock.
pub fn parse(text: &str) -> anyhow::Result<Vec<Package>> {
    serde_json::from_str(text).context("unreadable vendor lock")
}

/// Fetches every package again. What differs from the lock is an error, or with `update` the new
/// content of the folder and of the lock; a new version is asked for by writing it in the lock.
pub fn run(update: bool) -> anyhow::Result<()> {
    let lock = shell::root().join(LOCK);
    let mut packages = parse(&std::fs::read_to_string(&lock)?)?;
    let vendor = lock.parent().context("the lock has no folder")?;
    let work = shell::target()?.join("tools/vendor");
    std::fs::create_dir_all(&work)?;
    for package in &mut packages {
        fetch(package, &work, vendor, update)?;
        println!(
            "{} {}: {} files",
            package.package,
            package.version,
            package.files.len()
        );
    }
    if update {
        std::fs::write(lock, serde_json::to_string_pretty(&packages)? + "\n")?;
    }
    Ok(())
}

fn fetch(package: &mut Package, work: &Path, vendor: &Path, update: bool) -> anyhow::Result<()> {
    let wanted = format!("{}@{}", package.package, package.version);
    let mut npm = Command::new("npm");
    npm.args(["pack", "--json", "--ignore-scripts", &wanted])
        .current_dir(work);
    let said: serde_json::Value = serde_json::from_str(&shell::output(&mut npm)?)?;
    // Older npm answers a list, newer ones an object by package name.
    let entry = match &said {
        serde_json::Value::Array(list) => list.first(),
        serde_json::Value::Object(map) => map.values().next(),
        _ => None,
    };
    let entry = entry.context("npm pack said nothing")?;
    let integrity = entry["integrity"]
        .as_str()
        .context("npm gave no integrity")?;
    let archive = entry["filename"]
        .as_str()
        .context("npm gave no file name")?;
    ensure!(
        update || integrity == package.integrity,
        "{wanted}: another integrity than locked"
    );
    integrity.clone_into(&mut package.integrity);
    let folder = vendor.join(&package.folder);
    std::fs::create_dir_all(&folder)?;
    for kept in &mut package.files {
        let mut tar = Command::new("tar");
        let member = format!("package/{}", kept.from);
        let output = tar
            .arg("-xzOf")
            .arg(work.join(archive))
            .arg(&member)
            .output()?;
        ensure!(output.status.success(), "{wanted} holds no {}", kept.from);
        let digest = sha256(&output.stdout);
        let locked = kept.plain_sha256.as_ref().unwrap_or(&kept.sha256);
        let same = digest == *locked;
        ensure!(
            update || same,
            "{wanted}: {} differs from the lock",
            kept.from
        );
        let place = folder.join(&kept.name);
        if !kept.name.ends_with(BROTLI) {
            kept.sha256 = digest;
            std::fs::write(place, &output.stdout)?;
        } else if !same || !place.exists() {
            std::fs::write(&place, &output.stdout)?;
            compress(&place)?;
            kept.sha256 = sha256(&std::fs::read(&place)?);
            kept.plain_sha256 = Some(digest);
        }
    }
    Ok(())
}

/// Compresses a file in place, by the compressor of the runtime that npm runs on.
fn compress(place: &Path) -> anyhow::Result<()> {
    const SCRIPT: &str = "const fs = require('fs'), at = process.argv[1]; \
         fs.writeFileSync(at, require('zlib').brotliCompressSync(fs.readFileSync(at)))";
    let mut node = Command::new("node");
    shell::run(node.args(["-e", SCRIPT]).arg(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_reads_back_as_written() {
        let text = r#"[{"package":"p","version":"1","integrity":"sha512-x","folder":"p-1",
            "files":[{"from":"a/b.js","name":"b.js","sha256":"00"}]}]"#;
        let packages = parse(text).expect("lock");
        let again = parse(&serde_json::to_string(&packages).expect("json")).expect("lock");
        assert_eq!(again[0].files[0].from, "a/b.js");
        assert!(parse("{}").is_err());
    }
}
