//! Running the tests of one stage, by nextest when it is there.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::Context;

use super::outcome::Count;
use super::{MODULES, Stage, Tests};
use crate::shell;

/// Names and values that the tests find in their environment.
pub type Environment = Vec<(&'static str, std::ffi::OsString)>;

pub enum Runner {
    Nextest,
    /// What every machine with cargo has.
    CargoTest,
}

impl Runner {
    pub fn find() -> Self {
        let nextest = shell::cargo(&["nextest", "--version"]).output();
        let found = nextest.is_ok_and(|output| output.status.success());
        if found {
            Self::Nextest
        } else {
            Self::CargoTest
        }
    }

    /// Builds every test, runs none.
    pub fn build(&self) -> Command {
        shell::cargo(match self {
            Self::Nextest => &["nextest", "run", "--no-run", "--workspace"],
            Self::CargoTest => &["test", "--no-run", "--workspace"],
        })
    }

    /// Runs a stage. A run that could not even report is one failure.
    pub fn run(&self, stage: &Stage, environment: &Environment) -> anyhow::Result<Count> {
        let with_database = packages_with_database(&shell::metadata()?);
        let mut cargo = match self {
            Self::Nextest => nextest(stage, &with_database),
            Self::CargoTest => cargo_test(stage, &with_database),
        };
        cargo.envs(environment.iter().map(|(name, value)| (name, value)));
        cargo.env_remove("EPISSURE_TEST_ENGINE");
        if let Some(engine) = stage.engine {
            cargo.env("EPISSURE_TEST_ENGINE", engine);
        }
        let (mut count, green) = match self {
            Self::Nextest => run_nextest(&mut cargo)?,
            Self::CargoTest => run_cargo_test(&mut cargo)?,
        };
        if !green && count.failed == 0 {
            count.failed = 1;
        }
        Ok(count.or_skipped_if_empty())
    }
}

/// The whole workspace is always selected, so that features never change between stages and
/// nothing is built twice.
fn nextest(stage: &Stage, with_database: &[String]) -> Command {
    let mut cargo = shell::cargo(&["nextest", "run", "--workspace", "--no-tests=pass"]);
    cargo.args(["--config-file", "xtask/nextest.toml", "--profile", "xtask"]);
    cargo.args(["--filterset", &filter(&stage.tests, with_database)]);
    cargo
}

fn filter(tests: &Tests, with_database: &[String]) -> String {
    let packages = with_database.iter().map(|name| format!("package(={name})"));
    let packages = packages.collect::<Vec<_>>().join(" | ");
    let packages = if packages.is_empty() {
        "none()".to_owned()
    } else {
        packages
    };
    let modules = MODULES.join("|");
    match tests {
        Tests::EngineFree => format!("not ({packages})"),
        Tests::PerEngine => format!("({packages}) and not test(/^({modules})::/)"),
        Tests::Module(module) => format!("test(/^{module}::/)"),
    }
}

fn cargo_test(stage: &Stage, with_database: &[String]) -> Command {
    let mut cargo = shell::cargo(&["test", "--workspace", "--no-fail-fast"]);
    if let Tests::EngineFree = stage.tests {
        cargo.args(with_database.iter().flat_map(|name| ["--exclude", name]));
    }
    if let Tests::PerEngine = stage.tests {
        cargo = shell::cargo(&["test", "--no-fail-fast"]);
        cargo.args(with_database.iter().flat_map(|name| ["--package", name]));
    }
    cargo.args(["--tests", "--", "--show-output"]);
    match stage.tests {
        Tests::Module(module) => cargo.arg(format!("{module}::")),
        _ => cargo.args(
            MODULES
                .iter()
                .flat_map(|name| ["--skip".to_owned(), format!("{name}::")]),
        ),
    };
    cargo
}

fn run_nextest(cargo: &mut Command) -> anyhow::Result<(Count, bool)> {
    let report = shell::target()?.join("nextest/xtask/junit.xml");
    if report.exists() {
        std::fs::remove_file(&report)?;
    }
    let status = cargo.status().context("cannot start cargo nextest")?;
    // Nothing selected: no report, and a green status.
    let text = std::fs::read_to_string(&report).unwrap_or_default();
    Ok((Count::from_junit(&text), status.success()))
}

fn run_cargo_test(cargo: &mut Command) -> anyhow::Result<(Count, bool)> {
    let mut child = cargo
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start cargo test")?;
    let stdout = child.stdout.take().context("no standard output")?;
    let mut printed = String::new();
    for line in BufReader::new(stdout).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        printed.push_str(&line);
        printed.push('\n');
    }
    Ok((Count::from_cargo_test(&printed), child.wait()?.success()))
}

/// The crates that use the test kit, and so the engine they are told to.
fn packages_with_database(metadata: &serde_json::Value) -> Vec<String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let uses_test_kit = |package: &&serde_json::Value| {
        let mut dependencies = package["dependencies"].as_array().into_iter().flatten();
        dependencies.any(|one| one["name"] == "epissure-testkit")
    };
    let names = packages
        .filter(uses_test_kit)
        .filter_map(|package| package["name"].as_str());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_with_a_database_runs_once_per_engine() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "epissure-kernel", "dependencies": [{ "name": "jiff" }] },
            { "name": "epissure-fci", "dependencies": [{ "name": "epissure-testkit" }] },
        ]});
        let packages = packages_with_database(&metadata);
        assert_eq!(packages, ["epissure-fci"]);
        assert_eq!(
            filter(&Tests::EngineFree, &packages),
            "not (package(=epissure-fci))"
        );
        let engine = filter(&Tests::PerEngine, &packages);
        assert!(
            engine.starts_with("(package(=epissure-fci)) and not test("),
            "{engine}"
        );
        assert_eq!(
            filter(&Tests::Module("kill9"), &packages),
            "test(/^kill9::/)"
        );
    }

    #[test]
    fn each_module_with_a_stage_is_kept_from_the_engine_stages() {
        for stage in super::super::stages() {
            if let Tests::Module(module) = stage.tests {
                assert!(MODULES.contains(&module), "{module}");
            }
        }
    }
}
