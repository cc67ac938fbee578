//! Sizes of what is shipped, beside their budgets.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};

use crate::shell;

const CSS_GZIP_BYTES_MAX: usize = 8 * 1024;
const JS_GZIP_BYTES_MAX: usize = 25 * 1024;
const BINARY_BYTES_MAX: usize = 25 * 1000 * 1000;

/// Prints each size; an error when one is over its budget. Needs the release binary.
pub fn run() -> anyhow::Result<()> {
    let assets = files_under(&shell::root().join("crates/web/assets"))?;
    let target = shell::target()?;
    let binary = target.join("release/epissure");
    ensure!(binary.exists(), "build it first: cargo build --release");
    let stripped = target.join("epissure-stripped");
    shell::run(Command::new("strip").arg("-o").arg(&stripped).arg(&binary))?;
    let binary_bytes = usize::try_from(std::fs::metadata(&stripped)?.len())?;
    let mut within = true;
    for (what, bytes, max) in [
        ("CSS, gzip", gzip_total(&assets, "css")?, CSS_GZIP_BYTES_MAX),
        (
            "JavaScript, gzip",
            gzip_total(&assets, "js")?,
            JS_GZIP_BYTES_MAX,
        ),
        ("binary, stripped", binary_bytes, BINARY_BYTES_MAX),
    ] {
        println!("{what:<20}{bytes:>12} bytes, budget {max}");
        within &= bytes <= max;
    }
    ensure!(within, "over budget");
    Ok(())
}

fn files_under(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_under(&path)?)
        } else {
            files.push(path)
        }
    }
    Ok(files)
}

/// Each file compressed by itself, as it travels.
fn gzip_total(files: &[PathBuf], extension: &str) -> anyhow::Result<usize> {
    let mut total = 0;
    for file in files
        .iter()
        .filter(|file| file.extension().is_some_and(|e| e == extension))
    {
        total += gzip_bytes(&std::fs::read(file)?)?;
    }
    Ok(total)
}

fn gzip_bytes(bytes: &[u8]) -> anyhow::Result<usize> {
    let mut gzip = Command::new("gzip");
    let mut child = gzip
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let bytes = bytes.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&bytes));
    let compressed = child.wait_with_output()?.stdout.len();
    writer
        .join()
        .map_err(|_| anyhow::anyhow!("writing to gzip panicked"))??;
    Ok(compressed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetition_weighs_little_once_compressed() {
        assert!(gzip_bytes(&[b'x'; 200_000]).expect("gzip") < 1_000);
    }
}
