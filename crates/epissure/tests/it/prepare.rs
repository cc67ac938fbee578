//! Every statement of the program is prepared on the engine under test, whether or not another test
//! runs it.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::path::Path;

use storage::{STATEMENTS, Statement};

use crate::goldens::root;
use crate::house;

/// What a column of an answer may be, on both engines.
const PORTABLE: [&str; 5] = ["TEXT", "BIGINT", "BOOLEAN", "BYTEA", "DOUBLE PRECISION"];

/// The statements of the program's own stores.
fn ours() -> Vec<&'static Statement> {
    let apart = ["crates/storage/", "crates/testkit/", "/tests/"];
    let ours = |stmt: &&Statement| {
        stmt.file.ends_with("store.rs") && !apart.iter().any(|part| stmt.file.contains(part))
    };
    STATEMENTS.iter().filter(ours).collect()
}

#[tokio::test]
async fn every_statement_of_every_store_is_accepted_by_the_engine() {
    let Some(store) = house::store() else { return };
    let mut faults = Vec::new();
    for stmt in ours() {
        let place = format!("{}:{}", stmt.file, stmt.line);
        let columns = match store.db.prepare(stmt).await {
            Ok(columns) => columns,
            Err(error) => {
                faults.push(format!("{place}: {error}"));
                continue;
            }
        };
        for column in columns {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if column.name.is_empty() || !column.name.chars().all(plain) {
                faults.push(format!("{place}: column {:?}", column.name));
            }
            let kind = column.kind.map(|kind| kind.to_uppercase());
            if kind.as_deref().is_some_and(|k| !PORTABLE.contains(&k)) {
                faults.push(format!("{place}: {} is {kind:?}", column.name));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_statements_that_are_prepared_are_those_that_the_sources_hold() {
    let mut written = 0;
    for folder in ["crates", "services"] {
        for member in std::fs::read_dir(root().join(folder)).unwrap() {
            let member = member.unwrap();
            if !["storage", "testkit"].contains(&&*member.file_name().to_string_lossy()) {
                written += count(&member.path().join("src"));
            }
        }
    }
    assert!(written > 0);
    assert_eq!(ours().len(), written);
}

/// How often `sql!(` stands in the stores under `folder`, comments and tests left out.
fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let of = |path: &Path| {
        if path.is_dir() {
            return count(path);
        }
        if path.file_name().is_none_or(|name| name != "store.rs") {
            return 0;
        }
        let text = std::fs::read_to_string(path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        let code = product.lines().map(|line| line.split("//").next().unwrap());
        code.map(|line| line.matches("sql!(").count()).sum()
    };
    entries.map(|entry| of(&entry.path())).sum()
}
