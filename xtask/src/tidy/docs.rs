//! Rules on documents: they name no dead thing.

use super::source::has_word;
use super::{Fault, File, Tree};

/// Extensions by which a word with a slash in it is taken for a path.
const EXTENSIONS: &[&str] = &[
    "rs", "md", "toml", "sql", "html", "wsdl", "xsd", "mjs", "py", "css", "js", "tmpl",
];

/// A path in backticks or in a link, from the root or from the document's own folder.
pub fn named_paths_exist(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for file in tree
        .files
        .iter()
        .filter(|file| file.extension() == "md" && !file.is_vendored())
    {
        for (i, line) in prose(&file.text) {
            let quoted = quoted(line).filter(|word| looks_like_path(tree, word));
            for path in quoted.chain(links(line)) {
                if !exists(tree, file, path) {
                    faults.push(Fault::new(&file.path, i, format!("no such path: {path}")));
                }
            }
        }
    }
    faults
}

/// Lines outside fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    text.lines().enumerate().filter_map(move |(i, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((i + 1, line))
    })
}

/// What stands in backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The local targets of Markdown links.
fn links(line: &str) -> impl Iterator<Item = &str> {
    let targets = line
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'));
    let local = targets.map(|(target, _)| target.split('#').next().unwrap_or(""));
    local.filter(|target| !target.is_empty() && !target.contains(':') && !target.starts_with('/'))
}

fn looks_like_path(tree: &Tree, word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let Some((first, _)) = word.split_once('/') else {
        let (stem, extension) = word.rsplit_once('.').unwrap_or((word, ""));
        return ["md", "toml"].contains(&extension) && stem.chars().all(plain);
    };
    let known = |folder: &str| {
        !folder.is_empty()
            && tree
                .files
                .iter()
                .any(|file| file.path.split('/').next() == Some(folder))
    };
    let extension = word.rsplit_once('.').map_or("", |(_, extension)| extension);
    word.chars().all(plain)
        && !first.is_empty()
        && (known(first) || EXTENSIONS.contains(&extension))
}

fn exists(tree: &Tree, from: &File, path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_end_matches('/');
    let folder = from.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = resolve(folder, path);
    let is = |file: &File, path: &str| {
        file.path
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    tree.files
        .iter()
        .any(|file| is(file, path) || is(file, &beside))
}

/// `path` seen from `folder`, with its `..` taken away.
fn resolve(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

/// The second column of each table row of GLOSSARY.md: identifiers in backticks, one or more.
pub fn glossary_identifiers_exist(tree: &Tree) -> Vec<Fault> {
    let Some(glossary) = tree.files.iter().find(|file| file.path == "GLOSSARY.md") else {
        return vec![Fault::new("GLOSSARY.md", 0, "no glossary")];
    };
    let mut faults = Vec::new();
    for (i, line) in prose(&glossary.text).filter(|(_, line)| line.starts_with('|')) {
        let cell = line.split('|').nth(2).unwrap_or("");
        for identifier in quoted(cell) {
            let last = identifier.rsplit("::").next().unwrap_or(identifier);
            let names = |file: &File| match file.extension() {
                "rs" => has_word(&file.code, last),
                "sql" => has_word(&file.text, last),
                _ => false,
            };
            if !tree.files.iter().any(names) {
                let what = format!("`{identifier}` stands nowhere in the sources");
                faults.push(Fault::new("GLOSSARY.md", i, what));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_path_is_a_fault() {
        let readme = concat!(
            "See `crates/x/src/lib.rs`, `crates/x/`, `src/gone.rs` and `/commandes`.\n",
            "`crates/y` was moved; `SECURITY.md` too; [a](docs/gone.md).\n",
            "[b](https://x.example/y.md)\n",
            "```\n`crates/z`\n```\n`<data>/acces/ca.pem`, `a / b`, `target/debug`\n",
        );
        let tree = Tree::of(&[("crates/x/src/lib.rs", ""), ("README.md", readme)]);
        let faults: Vec<_> = named_paths_exist(&tree)
            .iter()
            .map(Fault::to_string)
            .collect();
        let expected = [
            "README.md:1: no such path: src/gone.rs",
            "README.md:2: no such path: crates/y",
            "README.md:2: no such path: SECURITY.md",
            "README.md:2: no such path: docs/gone.md",
        ];
        assert_eq!(faults, expected);
    }

    #[test]
    fn a_path_may_be_given_from_the_documents_folder() {
        let tree = Tree::of(&[
            ("services/x/src/rules.rs", ""),
            (
                "services/x/README.md",
                "`src/rules.rs`, [up](../../README.md#top)",
            ),
            ("README.md", ""),
        ]);
        assert!(named_paths_exist(&tree).is_empty());
    }

    #[test]
    fn a_glossary_entry_without_code_is_a_fault() {
        let glossary = concat!(
            "| French | English | Definition | Clause |\n|---|---|---|---|\n",
            "| commande | `order::Order` | x | y |\n| tirage | `cable_pull`, `Order` | x | y |\n",
        );
        let code = "struct Order; // cable_pull\n";
        let tree = Tree::of(&[("a.rs", code), ("GLOSSARY.md", glossary)]);
        let faults = glossary_identifiers_exist(&tree);
        let expected = "`cable_pull` stands nowhere in the sources";
        assert_eq!(faults, [Fault::new("GLOSSARY.md", 4, expected)]);
        assert_eq!(
            glossary_identifiers_exist(&Tree::of(&[("a.rs", "")])).len(),
            1
        );
    }
}
