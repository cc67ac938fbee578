//! `cargo xtask test`: every test, on both engines, with the real clients, in stages.
//!
//! A crate whose tests open a database depends on the test kit: those crates run once per engine,
//! under `EPISSURE_TEST_ENGINE`, the others once. Tests that need more than a database stand in
//! crates/epissure/tests/it in a module that is a stage of its own (see [`MODULES`]). A test whose
//! tool is missing prints a line `SKIPPED: <tool>` and passes; it is counted here.

mod outcome;
mod postgres;
mod run;
pub mod tools;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::ensure;

use crate::shell;
use outcome::{Count, Line};
use run::Runner;

#[derive(clap::Args, Default)]
pub struct Options {
    /// A test that was skipped for want of a tool is a failure
    #[arg(long)]
    pub no_skip: bool,
    /// The long forms: 100 kills rather than 10
    #[arg(long)]
    pub full: bool,
    /// Folder of the trade's own files: runs the tests that read them
    #[arg(long, value_name = "DIR")]
    pub trade: Option<PathBuf>,
    /// Only these stages (besides tools and build)
    #[arg(long = "stage", value_name = "NAME")]
    pub stages: Vec<String>,
}

/// Which tests a stage runs.
pub enum Tests {
    /// Those of crates without a database.
    EngineFree,
    /// Those of crates with one, but the modules that are stages.
    PerEngine,
    /// Those of one module of an integration-test binary.
    Module(&'static str),
}

pub struct Stage {
    name: &'static str,
    tests: Tests,
    engine: Option<&'static str>,
}

/// Modules of crates/epissure/tests/it that are stages of their own.
const MODULES: &[&str] = &["kill9", "clients", "browser", "readme", "trade"];

fn stages() -> Vec<Stage> {
    let stage = |name, tests, engine| Stage {
        name,
        tests,
        engine,
    };
    vec![
        stage("no engine", Tests::EngineFree, None),
        stage("sqlite", Tests::PerEngine, Some("sqlite")),
        stage("postgres", Tests::PerEngine, Some("postgres")),
        stage("kill9 sqlite", Tests::Module("kill9"), Some("sqlite")),
        stage("kill9 postgres", Tests::Module("kill9"), Some("postgres")),
        stage("clients", Tests::Module("clients"), None),
        stage("browser", Tests::Module("browser"), None),
        stage("readme", Tests::Module("readme"), None),
        stage("trade", Tests::Module("trade"), None),
    ]
}

impl Options {
    fn wants(&self, stage: &str) -> bool {
        let asked = self.stages.is_empty() || self.stages.iter().any(|name| name == stage);
        asked && (stage != "trade" || self.trade.is_some())
    }

    fn check(&self) -> anyhow::Result<()> {
        for name in &self.stages {
            ensure!(
                stages().iter().any(|stage| stage.name == name),
                "no stage named {name}"
            );
        }
        if let Some(folder) = &self.trade {
            ensure!(folder.is_dir(), "--trade: no folder {}", folder.display());
        }
        Ok(())
    }
}

/// Runs the stages and prints the summary, which says what failed.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    options.check()?;
    let mut lines = Vec::new();
    let mut problems = Vec::new();

    let start = Instant::now();
    let tools = tools::find_or_install(&shell::target()?.join("tools"))?;
    lines.push(Line::new("tools", start, None));

    let start = Instant::now();
    let built = build(&Runner::find());
    lines.push(Line::new("build", start, None));
    match built {
        Ok(binary) => {
            let environment = tools.environment(options, &binary)?;
            let runner = Runner::find();
            for stage in stages().iter().filter(|stage| options.wants(stage.name)) {
                println!("\n== {}", stage.name);
                let start = Instant::now();
                let count = runner.run(stage, &environment)?;
                lines.push(Line::new(stage.name, start, Some(count)));
            }
            problems.extend(unequal_engines(&lines));
        }
        Err(error) => problems.push(format!("build: {error:#}")),
    }
    drop(tools);
    let green = finish(&lines, problems, options.no_skip);
    Ok(if green {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The release binary, once, and every test binary.
fn build(runner: &Runner) -> anyhow::Result<PathBuf> {
    shell::run(&mut shell::cargo(&[
        "build",
        "--release",
        "--package",
        "epissure",
    ]))?;
    shell::run(&mut runner.build())?;
    Ok(shell::target()?.join("release/epissure"))
}

/// One SQL text for two engines is proven by the same tests on each.
fn unequal_engines(lines: &[Line]) -> Option<String> {
    let ran = |name: &str| lines.iter().find(|line| line.stage == name)?.count.as_ref();
    let (sqlite, postgres) = (ran("sqlite")?.total(), ran("postgres")?.total());
    (sqlite != postgres).then(|| format!("{sqlite} tests on SQLite, {postgres} on PostgreSQL"))
}

/// Prints the one summary, whose last line is `N passed, N failed, N skipped`; true when green.
fn finish(lines: &[Line], mut problems: Vec<String>, no_skip: bool) -> bool {
    let mut all = Count::default();
    println!(
        "\n{:<16}{:>8}{:>8}{:>8}{:>8}{:>10}",
        "stage", "tests", "passed", "failed", "skipped", "seconds"
    );
    for line in lines {
        println!("{line}");
        if let Some(count) = &line.count {
            all.add(count);
        }
    }
    for (reason, times) in all.reasons() {
        println!("skipped for want of {reason}: {times}");
    }
    if no_skip && all.skipped() > 0 {
        problems.push(format!("{} skipped under --no-skip", all.skipped()));
    }
    for problem in &problems {
        println!("PROBLEM {problem}");
    }
    // A stage that could not run is a failure that no test could report.
    all.failed += problems.len();
    println!(
        "{} passed, {} failed, {} skipped",
        all.passed,
        all.failed,
        all.skipped()
    );
    all.failed == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(stage: &'static str, passed: usize) -> Line {
        let count = Count {
            passed,
            ..Count::default()
        };
        Line::new(stage, Instant::now(), Some(count))
    }

    #[test]
    fn fewer_tests_on_one_engine_is_a_problem() {
        assert!(unequal_engines(&[line("sqlite", 3), line("postgres", 2)]).is_some());
        assert!(unequal_engines(&[line("sqlite", 3), line("postgres", 3)]).is_none());
        assert!(unequal_engines(&[line("sqlite", 3)]).is_none());
    }

    #[test]
    fn a_failure_a_problem_and_a_skip_that_may_not_be_are_errors() {
        assert!(finish(&[line("sqlite", 3)], vec![], true));
        assert!(!finish(
            &[line("sqlite", 3)],
            vec!["build".to_owned()],
            false
        ));
        let failed = Count {
            failed: 1,
            ..Count::default()
        };
        let lines = [Line::new("sqlite", Instant::now(), Some(failed))];
        assert!(!finish(&lines, vec![], false));
        let skipped = Count {
            skips: vec!["zeep".to_owned()],
            ..Count::default()
        };
        let lines = [Line::new("clients", Instant::now(), Some(skipped))];
        assert!(finish(&lines, vec![], false));
        assert!(!finish(&lines, vec![], true));
    }

    #[test]
    fn tests_on_the_trades_files_need_their_folder() {
        assert!(!Options::default().wants("trade"));
        let with = Options {
            trade: Some("/".into()),
            ..Options::default()
        };
        assert!(with.wants("trade") && with.wants("sqlite"));
        let only = Options {
            stages: vec!["browser".to_owned()],
            ..with
        };
        assert!(only.wants("browser") && !only.wants("trade"));
        assert!(
            Options {
                stages: vec!["x".to_owned()],
                ..Options::default()
            }
            .check()
            .is_err()
        );
    }
}
