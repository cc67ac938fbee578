//! Everything that must be green before a change lands.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use crate::{shell, test, tidy};

/// Format, lints, house rules, tests with nothing skipped.
pub fn run(trade: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    step("fmt", || {
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check"]))
    })?;
    step("clippy", || {
        let lints = [
            "clippy",
            "--workspace",
            "--all-targets",
            "--",
            "-D",
            "warnings",
        ];
        shell::run(&mut shell::cargo(&lints))
    })?;
    step("tidy", tidy::check)?;
    test::run(&test::Options {
        no_skip: true,
        trade,
        ..test::Options::default()
    })
}

fn step(name: &str, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    println!("== {name}");
    let start = Instant::now();
    work()?;
    println!("{name}: {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
