//! Rules on the crate graph (architecture §1).

use std::collections::BTreeSet;

use anyhow::Context;

use super::{Fault, Tree};
use crate::shell;

/// A crate of ours and the direct dependencies it declares.
pub struct Crate {
    /// Its folder from the root: `crates/web`, `services/fci`, `xtask`.
    folder: String,
    dependencies: Vec<Dependency>,
}

struct Dependency {
    /// The package.
    name: String,
    dev: bool,
}

/// Drivers that only `storage` names.
const DRIVERS: &[&str] = &[
    "rusqlite",
    "libsqlite3-sys",
    "postgres",
    "tokio-postgres",
    "tokio-postgres-rustls",
];
/// Crates that speak HTTP, by folder.
const HTTP: &[&str] = &["web", "soap", "files", "service-api", "epissure", "testkit"];
/// What a service and an edge may stand on.
const EDGES: &[&str] = &["web", "soap", "files", "service-api"];
const CORE: &[&str] = &["domain", "storage", "search", "kernel"];

/// The folders of `crates/` that the crate in `folder` may depend on, besides tests.
fn may_use(folder: &str, other: &str) -> bool {
    let is = |set: &[&str]| set.contains(&other);
    match folder.strip_prefix("crates/") {
        Some("kernel") => false,
        Some("storage" | "search") => other == "kernel",
        Some("domain") => is(&["storage", "search", "kernel"]),
        Some("mail" | "territory") => is(CORE),
        Some("web" | "soap" | "files" | "service-api") => is(EDGES) || is(CORE),
        // The binary wires everything; the test kit is a door of its own to everything.
        Some("epissure" | "testkit") => true,
        _ => folder.starts_with("services/") && (is(EDGES) || is(CORE)),
    }
}

/// Services know nothing of each other, layers look one way, drivers and HTTP have their places.
/// Tests may use what they like, except that a service never uses another.
pub fn edges_go_one_way(tree: &Tree) -> Vec<Fault> {
    let folder_of = |name: &str| {
        let ours = name.strip_prefix("epissure-")?;
        let of = |folder: &str| {
            folder
                .rsplit_once('/')
                .is_some_and(|(_, last)| last == ours)
        };
        tree.crates
            .iter()
            .map(|one| one.folder.as_str())
            .find(|folder| of(folder))
    };
    let mut faults = Vec::new();
    for one in &tree.crates {
        for dependency in &one.dependencies {
            let allowed = match folder_of(&dependency.name) {
                Some(other) => our_edge(&one.folder, other, dependency.dev),
                None => dependency.dev || their_edge(&one.folder, &dependency.name),
            };
            if !allowed {
                let path = format!("{}/Cargo.toml", one.folder);
                faults.push(Fault::new(
                    &path,
                    0,
                    format!("may not use {}", dependency.name),
                ));
            }
        }
    }
    faults
}

fn our_edge(folder: &str, other: &str, dev: bool) -> bool {
    if other.starts_with("services/") {
        return folder == "crates/epissure";
    }
    dev || may_use(folder, other.trim_start_matches("crates/"))
}

fn their_edge(folder: &str, name: &str) -> bool {
    let last = folder.trim_start_matches("crates/");
    if DRIVERS.contains(&name) {
        return last == "storage" || last == "testkit";
    }
    !name.starts_with("axum") || HTTP.contains(&last) || folder.starts_with("services/")
}

/// ARCHITECTURE.md says how many third-party crates the binary may stand on.
pub fn dependencies_are_within_budget(tree: &Tree) -> Vec<Fault> {
    const PAGE: &str = "ARCHITECTURE.md";
    let text = tree
        .files
        .iter()
        .find(|file| file.path == PAGE)
        .map_or("", |file| &file.text);
    let budget = text
        .split_once("dependency budget: ")
        .and_then(|(_, rest)| {
            let (number, rest) = rest.split_once(' ')?;
            rest.starts_with("crates")
                .then(|| number.parse::<usize>().ok())
                .flatten()
        });
    let Some(budget) = budget else {
        return vec![Fault::new(PAGE, 0, "says no `dependency budget: N crates`")];
    };
    if tree.third_party > budget {
        let what = format!(
            "{} third-party crates > budget of {budget}",
            tree.third_party
        );
        return vec![Fault::new(PAGE, 0, what)];
    }
    Vec::new()
}

/// The workspace's crates as `cargo metadata` gives them.
pub fn read(metadata: &serde_json::Value) -> Vec<Crate> {
    let root = metadata["workspace_root"].as_str().unwrap_or("");
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages
        .map(|package| {
            let manifest = package["manifest_path"].as_str().unwrap_or("");
            let folder = manifest.strip_prefix(root).unwrap_or(manifest);
            let folder = folder.trim_end_matches("Cargo.toml");
            let dependencies = package["dependencies"].as_array().into_iter().flatten();
            Crate {
                folder: folder.trim_matches('/').to_owned(),
                dependencies: dependencies
                    .map(|one| Dependency {
                        name: one["name"].as_str().unwrap_or("").to_owned(),
                        dev: one["kind"].as_str() == Some("dev"),
                    })
                    .collect(),
            }
        })
        .collect()
}

/// How many crates of others the binary stands on, on Linux, without its tests and build scripts.
pub fn third_party() -> anyhow::Result<usize> {
    let arguments = [
        "tree",
        "--package",
        "epissure",
        "--edges",
        "normal",
        "--prefix",
        "none",
    ];
    let mut cargo = shell::cargo(&arguments);
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"]);
    let listing = shell::output(&mut cargo).context("tidy asks cargo for the dependency tree")?;
    Ok(count_third_party(&listing))
}

/// Distinct packages of a listing; those with a path are ours.
fn count_third_party(listing: &str) -> usize {
    let lines = listing
        .lines()
        .filter(|line| !line.is_empty() && !line.contains("(/"));
    lines
        .map(|line| line.trim_end_matches(" (*)"))
        .collect::<BTreeSet<_>>()
        .len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(edges: &[(&str, &str, bool)]) -> Tree {
        let folders = [
            "crates/kernel",
            "crates/storage",
            "crates/domain",
            "crates/web",
        ];
        let more = [
            "crates/epissure",
            "crates/testkit",
            "services/fci",
            "services/accounts",
        ];
        let crates = folders.iter().chain(&more).map(|folder| Crate {
            folder: (*folder).to_owned(),
            dependencies: edges
                .iter()
                .filter(|(from, ..)| from == folder)
                .map(|(_, name, dev)| Dependency {
                    name: (*name).to_owned(),
                    dev: *dev,
                })
                .collect(),
        });
        Tree {
            crates: crates.collect(),
            ..Tree::default()
        }
    }

    #[test]
    fn each_forbidden_edge_is_a_fault() {
        for edge in [
            ("services/fci", "epissure-accounts", false),
            ("services/fci", "epissure-accounts", true),
            ("services/fci", "epissure-testkit", false),
            ("crates/domain", "epissure-web", false),
            ("crates/web", "epissure-fci", false),
            ("crates/kernel", "epissure-storage", false),
            ("crates/storage", "epissure-domain", false),
            ("crates/domain", "rusqlite", false),
            ("services/fci", "postgres", false),
            ("crates/domain", "axum", false),
            ("crates/storage", "axum-server", false),
        ] {
            assert_eq!(edges_go_one_way(&tree(&[edge])).len(), 1, "{edge:?}");
        }
    }

    #[test]
    fn the_edges_of_the_architecture_are_no_fault() {
        let edges = [
            ("crates/epissure", "epissure-fci", false),
            ("services/fci", "epissure-web", false),
            ("services/fci", "epissure-testkit", true),
            ("services/fci", "axum", false),
            ("crates/web", "epissure-domain", false),
            ("crates/domain", "epissure-storage", false),
            ("crates/storage", "rusqlite", false),
            ("crates/domain", "rusqlite", true),
        ];
        assert_eq!(edges_go_one_way(&tree(&edges)), []);
    }

    #[test]
    fn a_crate_too_many_is_a_fault() {
        let page = "Now the dependency budget: 2 crates, watched by tidy.";
        let mut tree = Tree::of(&[("ARCHITECTURE.md", page)]);
        tree.third_party = 2;
        assert_eq!(dependencies_are_within_budget(&tree), []);
        tree.third_party = 3;
        assert_eq!(dependencies_are_within_budget(&tree).len(), 1);
        assert_eq!(
            dependencies_are_within_budget(&Tree::of(&[("ARCHITECTURE.md", "")])).len(),
            1
        );
    }

    #[test]
    fn only_crates_of_others_are_counted_once_each() {
        let listing = "epissure v0.1.0 (/x/crates/epissure)\nring v0.17.1\nserde v1.0.1\n\
            serde_derive v1.0.1 (proc-macro)\nserde v1.0.1 (*)\n";
        assert_eq!(count_third_party(listing), 3);
    }
}
