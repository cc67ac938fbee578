//! The house rules that no compiler checks. Each rule is one function from the tree to its faults,
//! with a test that sees it fail on a planted fault.
//!
//! Widths: 100 columns in Rust, 240 in HTML, 160 in the other texts that people edit (Markdown and
//! JSON are free, vendored files are not ours).

mod docs;
mod graph;
mod places;
mod source;
mod text;

use std::fmt;

use anyhow::{Context, bail};

use crate::shell;
use graph::Crate;
use source::File;
pub use text::sha256;

/// Everything the rules look at.
#[derive(Default)]
pub struct Tree {
    files: Vec<File>,
    crates: Vec<Crate>,
    /// Third-party crates in the binary's normal Linux tree.
    third_party: usize,
}

/// One breach of one rule.
#[derive(Debug, PartialEq)]
pub struct Fault {
    path: String,
    /// 1 for the first line, 0 for the whole file.
    line: usize,
    what: String,
}

impl Fault {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

type Rule = fn(&Tree) -> Vec<Fault>;

const RULES: &[Rule] = &[
    text::lines_are_narrow,
    text::files_are_short,
    text::nothing_is_left_for_later,
    text::vendored_files_match_their_lock,
    places::sql_stays_in_stores,
    places::rules_are_pure,
    places::attributes_silence_nothing,
    places::row_security_is_set_by_scopes,
    places::french_stays_in_its_files,
    places::services_are_registered,
    places::migrations_follow_each_other,
    docs::named_paths_exist,
    docs::glossary_identifiers_exist,
    graph::edges_go_one_way,
    graph::dependencies_are_within_budget,
];

/// Checks every rule; an error when one is broken.
pub fn check() -> anyhow::Result<()> {
    let tree = Tree {
        files: read_files()?,
        crates: graph::read(&shell::metadata()?),
        third_party: graph::third_party()?,
    };
    let faults: Vec<_> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("tidy: {} faults", faults.len());
    }
    println!(
        "tidy: {} files, {} rules, {} third-party crates, no fault",
        tree.files.len(),
        RULES.len(),
        tree.third_party
    );
    Ok(())
}

/// Prints how many statements the program must have registered.
pub fn print_statement_count() -> anyhow::Result<()> {
    let tree = Tree {
        files: read_files()?,
        ..Tree::default()
    };
    println!("{}", places::count_statements(&tree));
    Ok(())
}

/// The texts that git tracks, or would: what is ignored is nobody's.
fn read_files() -> anyhow::Result<Vec<File>> {
    let mut git = shell::command("git");
    git.args([
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]);
    let listing = shell::output(&mut git).context("tidy asks git for the tracked files")?;
    let mut files = Vec::new();
    for path in listing.split('\0').filter(|path| !path.is_empty()) {
        // A tracked file may have been deleted in the working tree.
        let Ok(bytes) = std::fs::read(shell::root().join(path)) else {
            continue;
        };
        files.push(File::new(path, bytes));
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

#[cfg(test)]
impl Tree {
    /// A tree of these paths and texts.
    fn of(files: &[(&str, &str)]) -> Self {
        let files = files
            .iter()
            .map(|(path, text)| File::new(path, (*text).into()))
            .collect();
        Self {
            files,
            ..Self::default()
        }
    }
}
