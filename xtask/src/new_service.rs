//! `cargo xtask new-service NAME`: an e-service that compiles, is registered, answers under /NAME
//! and whose tests pass. It is made of the files of xtask/templates/new-service: their names lose
//! `.tmpl`, and in their texts `@@code@@`, `@@crate@@` and `@@title@@` are replaced.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::shell;

const REGISTRY: &str = "crates/epissure/src/services.rs";
const BINARY: &str = "crates/epissure/Cargo.toml";
const NAME_CHARS_MAX: usize = 30;

/// What the new e-service is called.
struct Names {
    /// In addresses and permissions: `plan-de-charge`.
    code: String,
    /// In Rust and SQL: `plan_de_charge`.
    krate: String,
    /// On screen, until somebody writes a better one.
    title: String,
}

impl Names {
    fn new(code: &str) -> anyhow::Result<Self> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let starts = code.starts_with(|c: char| c.is_ascii_lowercase());
        let ends = !code.ends_with('-') && code.len() <= NAME_CHARS_MAX;
        ensure!(
            starts && ends && code.chars().all(plain),
            "no code of an e-service: {code}"
        );
        let words = code.replace('-', " ");
        let (first, rest) = words.split_at(1);
        let title = first.to_uppercase() + rest;
        Ok(Self {
            code: code.to_owned(),
            krate: code.replace('-', "_"),
            title,
        })
    }

    fn fill(&self, text: &str) -> String {
        let text = text
            .replace("@@code@@", &self.code)
            .replace("@@crate@@", &self.krate);
        text.replace("@@title@@", &self.title)
    }
}

/// Makes and registers the e-service `code`.
pub fn run(code: &str) -> anyhow::Result<()> {
    make(&shell::root(), &Names::new(code)?)?;
    let package = format!("epissure-{code}");
    shell::run(&mut shell::cargo(&["fmt", "--package", &package]))?;
    println!("made services/{code} and registered it; next:");
    println!("  cargo test --package epissure-{code}");
    println!("  the goldens that list every entry and column will show it: review, then accept");
    Ok(())
}

fn make(root: &Path, names: &Names) -> anyhow::Result<()> {
    let folder = root.join("services").join(&names.code);
    ensure!(!folder.exists(), "services/{} exists", names.code);
    let read = |path: &str| fs::read_to_string(root.join(path)).with_context(|| path.to_owned());
    // Everything that can refuse comes before the first write.
    let workspace = declare(&read("Cargo.toml")?, names)?;
    let binary = depend(&read(BINARY)?, names)?;
    let registry = register(&read(REGISTRY)?, names)?;
    let templates = root.join("xtask/templates/new-service");
    for template in files_under(&templates)? {
        let relative = template.strip_prefix(&templates)?.with_extension("");
        let file = folder.join(relative);
        fs::create_dir_all(file.parent().context("a file stands in a folder")?)?;
        fs::write(&file, names.fill(&fs::read_to_string(&template)?))?;
    }
    fs::write(root.join("Cargo.toml"), workspace)?;
    fs::write(root.join(BINARY), binary)?;
    fs::write(root.join(REGISTRY), registry)?;
    Ok(())
}

fn files_under(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(files_under(&path)?)
        } else {
            files.push(path)
        }
    }
    Ok(files)
}

/// The workspace manifest with the crate among its dependencies, after the other services.
fn declare(manifest: &str, names: &Names) -> anyhow::Result<String> {
    let Names { code, krate, .. } = names;
    let taken = manifest.lines().any(|line| {
        let name = line.split([' ', '=', '.']).next().unwrap_or("");
        name.replace('-', "_") == *krate
    });
    ensure!(!taken, "{code} is the name of another dependency");
    let line = format!("{code} = {{ path = \"services/{code}\", package = \"epissure-{code}\" }}");
    insert_after_last(manifest, |line| line.contains("path = \"services/"), &line)
        .context("no service in the workspace manifest")
}

/// The binary's manifest with the crate among its dependencies.
fn depend(manifest: &str, names: &Names) -> anyhow::Result<String> {
    let line = format!("{}.workspace = true", names.code);
    insert_after_last(manifest, |line| line == "[dependencies]", &line)
        .with_context(|| format!("no [dependencies] in {BINARY}"))
}

/// The registry with one line more.
fn register(registry: &str, names: &Names) -> anyhow::Result<String> {
    let line = format!("    &{}::SERVICE,", names.krate);
    let is_entry = |line: &str| line.starts_with("    &") && line.ends_with("::SERVICE,");
    insert_after_last(registry, is_entry, &line)
        .with_context(|| format!("no line `&<crate>::SERVICE,` in {REGISTRY}"))
}

fn insert_after_last(text: &str, is: impl Fn(&str) -> bool, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().rposition(|line| is(line))?;
    lines.insert(at + 1, line);
    Some(lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_lower_case_words_with_hyphens() {
        let names = Names::new("plan-de-charge").expect("a code");
        assert_eq!(
            names.fill("@@code@@ @@crate@@"),
            "plan-de-charge plan_de_charge"
        );
        assert_eq!(names.fill("« @@title@@ »"), "« Plan de charge »");
        for wrong in ["", "Tao", "1ao", "a/b", "tao-", "-tao", &"x".repeat(31)] {
            assert!(Names::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_service_is_declared_depended_on_and_registered() {
        let names = Names::new("tao").expect("a code");
        let manifest = "fci = { path = \"services/fci\" }\n\nanyhow = \"1\"\n";
        let declared = declare(manifest, &names).expect("declared");
        let line = "tao = { path = \"services/tao\", package = \"epissure-tao\" }";
        assert_eq!(declared.lines().nth(1), Some(line));
        assert!(declare(&declared, &names).is_err());
        assert!(declare(manifest, &Names::new("anyhow").expect("a code")).is_err());
        let binary = depend("[dependencies]\nfci.workspace = true\n", &names).expect("binary");
        assert_eq!(
            binary,
            "[dependencies]\ntao.workspace = true\nfci.workspace = true\n"
        );
        let registry = "pub const ALL: &[&EService] = &[\n    &fci::SERVICE,\n];\n";
        let registered = register(registry, &names).expect("registered");
        assert!(registered.contains("    &fci::SERVICE,\n    &tao::SERVICE,\n];"));
        assert!(register("", &names).is_err());
    }

    #[test]
    fn no_placeholder_is_left_in_a_new_service() {
        let templates = shell::root().join("xtask/templates/new-service");
        let names = Names::new("tao").expect("a code");
        for file in files_under(&templates).expect("templates") {
            let text = fs::read_to_string(&file).expect("a text");
            assert!(!names.fill(&text).contains("@@"), "{}", file.display());
            assert!(
                file.extension().is_some_and(|e| e == "tmpl"),
                "{}",
                file.display()
            );
        }
    }
}
