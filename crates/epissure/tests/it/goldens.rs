//! What is printed from the code and kept beside it. `UPDATE_GOLDENS=1` writes the files anew; the
//! difference then shows in review.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use domain::order::labels;
use domain::order::states::{self, Event, Status};

use crate::house;

/// The head of `docs/etats-commande.md`.
const STATES_HEAD: &str = "# États d’une commande d’accès\n\n\
    Ce document est produit à partir de la fonction qui décide de chaque changement ; un test le \
    compare au code. Une case vide est un refus FIMP06 (code retour 13) : l’événement n’est pas \
    admis dans cet état.\n";

/// The head of `docs/etats-anomalie.md`.
const ANOMALY_HEAD: &str = "# États d’une anomalie d’adresse\n\n\
    Ce document est produit à partir de la fonction qui décide de chaque changement ; un test le \
    compare au code. Une case vide est un refus 13 : l’événement n’est pas admis dans cet état.\n";

/// The root of the repository.
pub fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.join("../..").canonicalize().unwrap()
}

/// Compares `text` with the committed file at `path`, from the root of the repository.
pub fn check(path: &str, text: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if kept == text {
        return;
    }
    let lines = kept.lines().zip(text.lines());
    let line = lines.take_while(|(kept, made)| kept == made).count();
    panic!(
        "{path} differs from the code at line {}; UPDATE_GOLDENS=1 writes it anew\n- {}\n+ {}",
        line + 1,
        kept.lines().nth(line).unwrap_or("(end)"),
        text.lines().nth(line).unwrap_or("(end)"),
    );
}

/// `text` in lines of at most 90 characters, indented.
pub fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut column = usize::MAX;
    for word in text.split(' ') {
        let wide = word.chars().count() + 1;
        if column.saturating_add(wide) > 90 {
            lines.push_str("\n   ");
            column = 3;
        }
        lines.push(' ');
        lines.push_str(word);
        column += wide;
    }
    lines
}

/// What a command of the program prints.
fn printed(command: &str) -> String {
    let built = env!("CARGO_BIN_EXE_epissure").to_owned();
    let program = std::env::var("EPISSURE_BIN").unwrap_or(built);
    let output = Command::new(program).arg(command).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_permission_matrix_is_the_documented_one() {
    check("docs/permissions.txt", &printed("permissions"));
}

#[test]
fn the_catalogue_of_codes_is_the_documented_one() {
    check("docs/codes-erreur.md", &printed("errors"));
}

#[test]
fn the_routes_are_the_documented_ones() {
    let mut text = String::new();
    for row in printed("routes").lines().skip(1) {
        let mut cells = row.split("  ").map(str::trim).filter(|c| !c.is_empty());
        let entry: Vec<_> = cells.by_ref().take(3).collect();
        let _ = writeln!(text, "{}", entry.join(" "));
        for cell in cells {
            let _ = writeln!(text, "    {cell}");
        }
    }
    check("crates/epissure/tests/it/goldens/routes.txt", &text);
}

#[test]
fn the_order_s_life_is_the_documented_one() {
    let mut text = STATES_HEAD.to_owned();
    text.push_str("\n| État | Libellé | Événement | Devient | Message | Courriel |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for status in Status::ALL {
        let mut rows = 0;
        for event in Event::ALL {
            let Ok(decision) = states::next(*status, *event) else {
                continue;
            };
            rows += 1;
            let cells = [
                status.as_str(),
                labels::status(*status),
                event.as_str(),
                decision.status.as_str(),
                decision.told.unwrap_or(""),
                decision.mail.unwrap_or(""),
            ];
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        if rows == 0 {
            assert!(status.is_final(), "{status:?} leads nowhere");
            let _ = writeln!(
                text,
                "| {} | {} | | état final | | |",
                status.as_str(),
                labels::status(*status)
            );
        }
    }
    text.push_str("\n## Tous les couples\n\n| État |");
    for event in Event::ALL {
        let _ = write!(text, " {} |", event.as_str());
    }
    let _ = write!(text, "\n| --- |{}\n", " --- |".repeat(Event::ALL.len()));
    for status in Status::ALL {
        let _ = write!(text, "| {} |", status.as_str());
        for event in Event::ALL {
            let decision = states::next(*status, *event);
            let cell = decision.map_or(String::new(), |d| format!("{} ", d.status.as_str()));
            let _ = write!(text, " {cell}|");
        }
        text.push('\n');
    }
    check("docs/etats-commande.md", &text);
}

#[test]
fn the_anomaly_s_life_is_the_documented_one() {
    use tao::anomaly::labels;
    use tao::anomaly::states::{Event, Side, Status, next};
    let name = |from: Option<Status>| from.map_or("–", Status::as_str);
    let all: Vec<Option<Status>> = std::iter::once(None)
        .chain(Status::ALL.iter().copied().map(Some))
        .collect();
    let mut text = ANOMALY_HEAD.to_owned();
    text.push_str("\n| État | Libellé | Événement | Par | Devient | Courriel |\n");
    text.push_str("| --- | --- | --- | --- | --- | --- |\n");
    for from in &all {
        let label = from.map_or("", labels::status);
        for event in Event::ALL {
            let Ok(decision) = next(*from, *event) else {
                continue;
            };
            let by = match event.by() {
                Side::Operator => "l’opérateur",
                Side::Provider => "le fournisseur",
                Side::Platform => "le délai",
            };
            let becomes = decision.status.as_str();
            let mail = decision.mail.unwrap_or("");
            let cells = [name(*from), label, event.as_str(), by, becomes, mail];
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        if from.is_some_and(Status::is_final) {
            let _ = writeln!(text, "| {} | {label} | | | état final | |", name(*from));
        }
    }
    text.push_str("\n## Tous les couples\n\n| État |");
    for event in Event::ALL {
        let _ = write!(text, " {} |", event.as_str());
    }
    let _ = write!(text, "\n| --- |{}\n", " --- |".repeat(Event::ALL.len()));
    for from in &all {
        let _ = write!(text, "| {} |", name(*from));
        for event in Event::ALL {
            let cell = next(*from, *event).map(|d| format!("{} ", d.status.as_str()));
            let _ = write!(text, " {}|", cell.unwrap_or_default());
        }
        text.push('\n');
    }
    check("docs/etats-anomalie.md", &text);
}

#[tokio::test]
async fn both_engines_have_the_columns_that_were_reviewed() {
    let Some(store) = house::store() else { return };
    let columns = store.db.columns().await.unwrap();
    let mut text = String::new();
    for (table, column, kind) in columns {
        let _ = writeln!(text, "{table}.{column} {kind}");
    }
    check("crates/epissure/tests/it/goldens/columns.txt", &text);
}
