//! What the OI's guide says of files and codes is what the program does.

use domain::release::Kind;

use crate::files::columns;
use crate::report::{AnomalyCode, RejectCode};

const GUIDE: &str = include_str!("../../../docs/guide/infrastructure.md");

/// The cells of the rows of tables that begin with `first`.
fn rows(first: &str) -> Vec<Vec<&'static str>> {
    let lines = GUIDE.lines().filter(|line| line.starts_with('|'));
    let rows = lines.map(|line| line.trim_matches('|').split('|').map(str::trim).collect());
    rows.filter(|cells: &Vec<&str>| cells[0] == first).collect()
}

#[test]
fn the_guide_has_every_kind_of_file_with_its_columns() {
    for kind in Kind::ALL {
        let found = rows(&format!("**{}**", kind.label()));
        let [row] = found.as_slice() else {
            panic!("{} stands {} times in the guide", kind.label(), found.len());
        };
        if *kind == Kind::Gracethd {
            continue;
        }
        let named: Vec<&str> = row[3].split('`').skip(1).step_by(2).collect();
        assert_eq!(named, columns(*kind).required, "{}", kind.label());
    }
}

#[test]
fn the_guide_has_every_code_of_refused_lines_and_anomalies() {
    let rejects = RejectCode::ALL.map(|code| (code.as_str(), code.label()));
    let anomalies = AnomalyCode::ALL.map(|code| (code.as_str(), code.label()));
    for (code, label) in rejects.into_iter().chain(anomalies) {
        let found = rows(&format!("`{code}`"));
        let [row] = found.as_slice() else {
            panic!("{code} stands {} times in the guide", found.len());
        };
        assert_eq!(row[1], label, "{code}");
    }
}

#[test]
fn the_guide_has_every_code_that_refuses_a_file_or_a_decision() {
    let of_the_oi = |code: &str| ["EIMP", "EGEL"].iter().any(|ours| code.starts_with(ours));
    let ours = |code: &&&kernel::codes::Code| of_the_oi(code.code);
    for code in kernel::codes::ALL.iter().filter(ours) {
        assert_eq!(rows(&format!("`{}`", code.code)).len(), 1, "{}", code.code);
    }
}
