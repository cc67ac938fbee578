//! Rules on what may stand where.

use std::collections::{BTreeMap, BTreeSet};

use super::source::has_word;
use super::{Fault, File, Tree};

/// Where French that reaches people may stand in Rust, besides tests (architecture §9).
const FRENCH_FILES: &[(&str, &str)] = &[
    ("/labels.rs", "labels of enums"),
    ("/codes.rs", "the refusal table"),
    ("/pages.rs", "view models of the templates"),
    (
        "crates/web/src/french.rs",
        "French months, spaces and quotes",
    ),
    (
        "crates/epissure/src/demo",
        "invented people, and what the demo prints to a visitor",
    ),
    (
        "crates/noise/src",
        "invented street names, and what people type of them",
    ),
];

fn rust(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.files.iter().filter(|file| file.extension() == "rs")
}

/// `crates/storage` speaks SQL by trade; every other crate keeps it in `store.rs` and migrations.
pub fn sql_stays_in_stores(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let elsewhere =
        |file: &&File| file.name() != "store.rs" && !file.path.starts_with("crates/storage/");
    for file in rust(tree).filter(elsewhere) {
        for (line, code) in file.product_code() {
            if code.contains("sql!(") {
                faults.push(Fault::new(&file.path, line, "sql! outside a store.rs"));
            }
        }
        for (line, literal) in file.product_literals() {
            if looks_like_sql(literal) {
                faults.push(Fault::new(
                    &file.path,
                    *line,
                    "SQL outside a store.rs or migration",
                ));
            }
        }
    }
    faults
}

fn looks_like_sql(literal: &str) -> bool {
    let lower = literal.to_lowercase();
    let words: Vec<&str> = lower
        .split_whitespace()
        .filter(|word| *word != "\\")
        .collect();
    let has = |word: &str| words.contains(&word);
    match words.as_slice() {
        ["select", rest @ ..] => has("from") || rest.first().is_some_and(|w| w.contains('(')),
        ["insert", "into", ..] | ["delete", "from", ..] => true,
        ["update", _, "set", ..] => true,
        ["with", _, "as", next, ..] => next.starts_with('('),
        ["create" | "drop" | "alter", what, ..] => [
            "table", "index", "unique", "view", "role", "policy", "database",
        ]
        .contains(what),
        ["pragma", _, ..] => true,
        _ => false,
    }
}

/// Statements that the program registers: those of its stores. `crates/storage` and the test kit
/// are not counted.
pub fn count_statements(tree: &Tree) -> usize {
    let registered = |file: &&File| {
        let apart = ["crates/storage/", "crates/testkit/", "xtask/"];
        file.name() == "store.rs" && !apart.iter().any(|folder| file.path.starts_with(folder))
    };
    let lines = rust(tree).filter(registered).flat_map(File::product_code);
    lines.map(|(_, code)| code.matches("sql!(").count()).sum()
}

pub fn rules_are_pure(tree: &Tree) -> Vec<Fault> {
    let banned = [
        "Tx",
        "Db",
        "async",
        "await",
        "Clock",
        "SystemTime",
        "Instant",
    ];
    let pure = |file: &&File| file.name() == "rules.rs" || file.path.contains("/rules/");
    let mut faults = Vec::new();
    for file in rust(tree).filter(pure) {
        for (line, code) in file.product_code() {
            let word = banned.iter().find(|word| has_word(code, word));
            if let Some(word) = word.or(code.contains("::now(").then_some(&"::now()")) {
                faults.push(Fault::new(
                    &file.path,
                    line,
                    format!("rules name no {word}"),
                ));
            }
        }
    }
    faults
}

pub fn attributes_silence_nothing(tree: &Tree) -> Vec<Fault> {
    let banned = [
        ("[allow(", "#[expect(.., reason)], never #[allow]"),
        ("[ignore", "no test sleeps"),
    ];
    let mut faults = Vec::new();
    for file in rust(tree) {
        for (i, code) in file.code.lines().enumerate() {
            for (attribute, what) in banned {
                if code.contains(&format!("#{attribute}"))
                    || code.contains(&format!("#!{attribute}"))
                {
                    faults.push(Fault::new(&file.path, i + 1, what));
                }
            }
        }
    }
    faults
}

/// Only a scope says what row-level security admits; only `storage` reads it.
pub fn row_security_is_set_by_scopes(tree: &Tree) -> Vec<Fault> {
    let allowed = [
        "crates/domain/src/access.rs",
        "crates/domain/src/access/",
        "crates/storage/",
    ];
    let outside = |file: &&File| !allowed.iter().any(|path| file.path.starts_with(path));
    let mut faults = Vec::new();
    for file in rust(tree).filter(outside) {
        for (i, code) in file.code.lines().enumerate() {
            if code
                .match_indices("Rls::")
                .any(|(at, _)| !ends_in_word(&code[..at]))
            {
                faults.push(Fault::new(
                    &file.path,
                    i + 1,
                    "Rls is made by domain::access only",
                ));
            }
        }
    }
    faults
}

fn ends_in_word(text: &str) -> bool {
    text.ends_with(|c: char| c.is_alphanumeric() || c == '_')
}

pub fn french_stays_in_its_files(tree: &Tree) -> Vec<Fault> {
    let allowed = |path: &str| FRENCH_FILES.iter().any(|(place, _)| path.contains(place));
    let mut faults = Vec::new();
    for file in rust(tree).filter(|file| !allowed(&file.path)) {
        for (line, literal) in file.product_literals() {
            if literal.contains(is_french_letter) {
                let what = "French in a literal: templates, mails, labels.rs or codes.rs";
                faults.push(Fault::new(&file.path, *line, what));
            }
        }
    }
    faults
}

/// The letters of Latin-1 that ASCII lacks, without its two signs, and the joined o and e.
fn is_french_letter(c: char) -> bool {
    let latin = ('\u{c0}'..='\u{ff}').contains(&c) && !['\u{d7}', '\u{f7}'].contains(&c);
    latin || ['\u{152}', '\u{153}'].contains(&c)
}

pub fn services_are_registered(tree: &Tree) -> Vec<Fault> {
    const REGISTRY: &str = "crates/epissure/src/services.rs";
    let registry = tree.files.iter().find(|file| file.path == REGISTRY);
    let code = registry.map_or("", |file| file.code.as_str());
    let folders: BTreeSet<_> = tree
        .files
        .iter()
        .filter_map(|file| file.path.strip_prefix("services/")?.split('/').next())
        .collect();
    folders
        .into_iter()
        .filter(|folder| !has_word(code, &format!("{}::SERVICE", folder.replace('-', "_"))))
        .map(|folder| {
            Fault::new(
                &format!("services/{folder}"),
                0,
                format!("not registered in {REGISTRY}"),
            )
        })
        .collect()
}

/// `NNNN_name.sql`, from 0001 on without a gap; `NNNN_name.postgres.sql` only beside its twin.
pub fn migrations_follow_each_other(tree: &Tree) -> Vec<Fault> {
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &tree.files {
        if let Some((folder, name)) = file.path.rsplit_once('/')
            && folder.ends_with("/migrations")
            && file.extension() == "sql"
        {
            folders.entry(folder).or_default().push(name);
        }
    }
    let mut faults = Vec::new();
    for (folder, names) in folders {
        let (twins, steps): (Vec<&str>, Vec<&str>) = names
            .iter()
            .partition(|name| name.ends_with(".postgres.sql"));
        for (i, name) in steps.iter().enumerate() {
            let number = format!("{:04}_", i + 1);
            if !name.starts_with(&number) || !name.ends_with(".sql") {
                let path = format!("{folder}/{name}");
                faults.push(Fault::new(
                    &path,
                    0,
                    format!("wanted {number}name.sql here"),
                ));
            }
        }
        for twin in twins {
            let base = twin.replace(".postgres.sql", ".sql");
            if !steps.contains(&base.as_str()) {
                faults.push(Fault::new(
                    &format!("{folder}/{twin}"),
                    0,
                    format!("no {base}"),
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_outside_a_store_is_a_fault() {
        let tree = Tree::of(&[
            (
                "services/x/src/usecases.rs",
                "fn a() { tx.query(sql!(\"select a from b\")) }",
            ),
            (
                "services/x/src/store.rs",
                "fn a() { tx.query(sql!(\"select a from b\")) }",
            ),
            (
                "services/x/src/web.rs",
                "const A: &str = \"UPDATE b \\\n  SET c = 1\";",
            ),
            (
                "services/x/src/jobs.rs",
                "const A: &str = \"select an offer\"; // select a from b",
            ),
            (
                "services/x/tests/it/main.rs",
                "const A: &str = \"delete from b\";",
            ),
        ]);
        let faults = sql_stays_in_stores(&tree);
        let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
        let usecases = "services/x/src/usecases.rs";
        assert_eq!(paths, [usecases, usecases, "services/x/src/web.rs"]);
    }

    #[test]
    fn statements_of_stores_are_counted() {
        let store =
            "fn a() { sql!(\"a\"); sql!(\n\"b\") } // sql!(\n#[cfg(test)]\nmod t { sql!(); }";
        let tree = Tree::of(&[
            ("crates/domain/src/order/store.rs", store),
            ("crates/storage/src/store.rs", store),
            ("crates/domain/src/order/rules.rs", store),
        ]);
        assert_eq!(count_statements(&tree), 2);
    }

    #[test]
    fn a_rule_that_touches_the_world_is_a_fault() {
        let tree = Tree::of(&[
            (
                "crates/domain/src/order/rules.rs",
                "// async Tx\nfn a(tx: &mut dyn Tx) {}\n",
            ),
            (
                "crates/domain/src/line/rules.rs",
                "fn a() { b.await; Zoned::now() }\n",
            ),
            (
                "crates/domain/src/line/store.rs",
                "fn a(tx: &mut dyn Tx) {}\n",
            ),
        ]);
        assert_eq!(rules_are_pure(&tree).len(), 2);
    }

    #[test]
    fn an_allow_or_an_ignored_test_is_a_fault() {
        let text = "#[allow(dead_code)]\nfn a() {}\n#[ignore]\nfn b() {}\n#![allow(x)]\n";
        let tree = Tree::of(&[
            ("a.rs", text),
            ("b.rs", "#[expect(x, reason = \"#[allow(\")]"),
        ]);
        let lines: Vec<_> = attributes_silence_nothing(&tree)
            .iter()
            .map(|f| f.line)
            .collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    #[test]
    fn row_security_set_outside_a_scope_is_a_fault() {
        let tree = Tree::of(&[
            ("crates/domain/src/access/mod.rs", "Rls::Staff"),
            ("services/x/src/store.rs", "tx.query(&Rls::Staff)"),
            (
                "services/y/src/store.rs",
                "tx.query(&storage::Rls::Staff); MyRls::A",
            ),
        ]);
        assert_eq!(row_security_is_set_by_scopes(&tree).len(), 2);
    }

    #[test]
    fn french_outside_its_files_is_a_fault() {
        let tree = Tree::of(&[
            ("services/x/src/labels.rs", "const A: &str = \"livrée\";"),
            (
                "services/x/src/web.rs",
                "const A: &str = \"livrée\"; // livrée",
            ),
        ]);
        assert_eq!(french_stays_in_its_files(&tree).len(), 1);
    }

    #[test]
    fn a_service_that_is_not_registered_is_a_fault() {
        let tree = Tree::of(&[
            ("services/one/src/lib.rs", ""),
            ("services/two-b/src/lib.rs", ""),
            ("services/three/src/lib.rs", ""),
            (
                "crates/epissure/src/services.rs",
                "[&one::SERVICE, &two_b::SERVICE] // three::SERVICE",
            ),
        ]);
        let faults = services_are_registered(&tree);
        assert_eq!(faults.len(), 1);
        assert_eq!(faults[0].path, "services/three");
    }

    #[test]
    fn a_gap_between_migrations_is_a_fault() {
        let tree = Tree::of(&[
            ("services/a/migrations/0001_one.sql", ""),
            ("services/a/migrations/0002_two.postgres.sql", ""),
            ("services/a/migrations/0002_two.sql", ""),
            ("services/b/migrations/0001_one.sql", ""),
            ("services/b/migrations/0003_three.sql", ""),
            ("services/c/migrations/0001_one.sql", ""),
            ("services/c/migrations/0002_two.postgres.sql", ""),
        ]);
        let paths: Vec<_> = migrations_follow_each_other(&tree);
        let paths: Vec<_> = paths.iter().map(|fault| fault.path.as_str()).collect();
        let gap = "services/b/migrations/0003_three.sql";
        assert_eq!(paths, [gap, "services/c/migrations/0002_two.postgres.sql"]);
    }
}
