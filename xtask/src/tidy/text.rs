//! Rules on any text.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::source::has_word;
use super::{Fault, File, Tree};

const RUST_COLUMNS_MAX: usize = 100;
const TEXT_COLUMNS_MAX: usize = 160;
/// Inline markup cannot be broken anywhere: a line break is a space on screen.
const HTML_COLUMNS_MAX: usize = 240;
const FILE_LINES_MAX: usize = 800;
const TEXTS: &[&str] = &[
    "html", "css", "js", "mjs", "py", "sql", "toml", "txt", "wsdl", "xsd", "tmpl", "sh",
];

/// Columns of the widest line a file may have.
fn columns_max(file: &File) -> usize {
    match file.extension() {
        _ if file.is_vendored() => usize::MAX,
        "rs" => RUST_COLUMNS_MAX,
        "html" => HTML_COLUMNS_MAX,
        extension if TEXTS.contains(&extension) => TEXT_COLUMNS_MAX,
        _ => usize::MAX,
    }
}

pub fn lines_are_narrow(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in &tree.files {
        let max = columns_max(file);
        for (i, line) in file.text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > max {
                faults.push(Fault::new(
                    &file.path,
                    i + 1,
                    format!("{columns} columns > {max}"),
                ));
            }
        }
    }
    faults
}

pub fn files_are_short(tree: &Tree) -> Vec<Fault> {
    let of_ours = tree
        .files
        .iter()
        .filter(|file| file.extension() == "rs" && !file.is_vendored());
    let lengths = of_ours.map(|file| (file, file.text.lines().count()));
    lengths
        .filter(|(_, lines)| *lines > FILE_LINES_MAX)
        .map(|(file, lines)| {
            Fault::new(
                &file.path,
                0,
                format!("{lines} lines > {FILE_LINES_MAX}: split it"),
            )
        })
        .collect()
}

pub fn nothing_is_left_for_later(tree: &Tree) -> Vec<Fault> {
    // Written in two halves so that this file does not break its own rule.
    let words = [concat!("TO", "DO"), concat!("FIX", "ME")];
    let mut faults = Vec::new();
    for file in tree.files.iter().filter(|file| !file.is_vendored()) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| has_word(line, word)) {
                faults.push(Fault::new(
                    &file.path,
                    i + 1,
                    format!("{word}: do it or file it"),
                ));
            }
        }
    }
    faults
}

/// Nobody edits a vendored file by hand: its SHA-256 stands in the lock beside it.
pub fn vendored_files_match_their_lock(tree: &Tree) -> Vec<Fault> {
    let Some(lock) = tree
        .files
        .iter()
        .find(|file| file.path == crate::vendor::LOCK)
    else {
        return Vec::new();
    };
    let packages = match crate::vendor::parse(&lock.text) {
        Ok(packages) => packages,
        Err(error) => return vec![Fault::new(&lock.path, 0, error.to_string())],
    };
    let folder = lock.path.trim_end_matches("lock.json");
    let mut locked = BTreeMap::new();
    for package in &packages {
        for kept in &package.files {
            locked.insert(
                format!("{folder}{}/{}", package.folder, kept.name),
                &kept.sha256,
            );
        }
    }
    let mut faults = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.path.starts_with(folder))
    {
        if file.path != lock.path && locked.remove(&file.path) != Some(&sha256(&file.bytes)) {
            faults.push(Fault::new(
                &file.path,
                0,
                "not a file that the vendor lock names",
            ));
        }
    }
    faults.extend(
        locked
            .keys()
            .map(|path| Fault::new(path, 0, "locked, but gone")),
    );
    faults
}

/// In lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_line_is_a_fault() {
        let wide = "é".repeat(101);
        let tree = Tree::of(&[
            ("crates/x/src/a.rs", &format!("ok\n{wide}\n")),
            ("crates/x/templates/a.html", &wide),
            ("crates/x/assets/vendor/y-1/a.js", &"x".repeat(5000)),
        ]);
        let faults = lines_are_narrow(&tree);
        assert_eq!(
            faults,
            [Fault::new("crates/x/src/a.rs", 2, "101 columns > 100")]
        );
    }

    #[test]
    fn a_long_file_is_a_fault() {
        let tree = Tree::of(&[
            ("a/b.rs", &"x\n".repeat(801)),
            ("a/c.rs", &"x\n".repeat(800)),
        ]);
        assert_eq!(files_are_short(&tree).len(), 1);
    }

    #[test]
    fn work_left_for_later_is_a_fault() {
        let tree = Tree::of(&[
            ("a.md", concat!("one\nTO", "DO: two\n")),
            ("a.rs", concat!("// FIX", "ME\n")),
            ("b.rs", concat!("const TO", "DOS: u8 = 1;\n")),
        ]);
        assert_eq!(nothing_is_left_for_later(&tree).len(), 2);
    }

    #[test]
    fn a_vendored_file_that_was_touched_is_a_fault() {
        let lock = |digest: &str| {
            format!(
                r#"[{{"package": "y", "version": "1.0.0", "integrity": "sha512-x",
                "folder": "y-1.0.0",
                "files": [{{"from": "a.js", "name": "a.js", "sha256": "{digest}"}}]}}]"#
            )
        };
        let tree = |digest: &str, text: &str| {
            Tree::of(&[
                (crate::vendor::LOCK, &lock(digest)),
                ("crates/web/assets/vendor/y-1.0.0/a.js", text),
            ])
        };
        assert!(vendored_files_match_their_lock(&tree(&sha256(b"one"), "one")).is_empty());
        assert_eq!(
            vendored_files_match_their_lock(&tree(&sha256(b"one"), "two")).len(),
            1
        );
    }
}
