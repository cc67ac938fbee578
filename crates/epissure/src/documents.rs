//! Documents made from the declarations: permissions, codes, routes. The first two are kept in
//! `docs/` and compared with what is printed here.

use std::fmt::Write as _;

use domain::access::{Profile, Right};
use kernel::codes;
use service_api::{Access, Audited, EService, Method, Permission, Repeat};

use crate::labels;

/// One entry of an e-service, whatever its door.
struct Entry {
    door: &'static str,
    name: String,
    access: Access,
    audit: Audited,
    repeat: Repeat,
}

fn entries(service: &EService) -> Vec<Entry> {
    let pages = service.routes.iter().map(|route| Entry {
        door: "portal",
        name: format!("{} {}", method(route.method), route.path),
        access: route.access,
        audit: route.audit,
        repeat: route.repeat,
    });
    let operations = service.xml.into_iter().flat_map(|xml| {
        xml.operations.iter().map(|operation| Entry {
            door: "xml",
            name: format!("{} {}", xml.contract.service, operation.element),
            access: Access::Needs(operation.permission),
            audit: operation.audit,
            repeat: operation.repeat,
        })
    });
    pages.chain(operations).collect()
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Get => "GET",
        Method::Post | Method::Upload(_) => "POST",
    }
}

/// The permission matrix: what each permission opens, and which profile holds it.
#[must_use]
pub fn permissions(services: &[&'static EService]) -> String {
    let mut text = String::from(
        "Permissions, as printed by `epissure permissions`. The OI's staff holds all of them; an\n\
         operator's account holds those of its profile, in what its operator subscribes to.\n",
    );
    for service in services {
        let gate = if service.subscribed {
            "subscribed"
        } else {
            "no subscription"
        };
        let _ = write!(text, "\n{} ({gate})\n", service.code);
        let found = entries(service);
        for (head, entries) in [
            ("public", open(&found, true)),
            ("signed in", open(&found, false)),
        ] {
            put(&mut text, head, &entries);
        }
        for right in Right::ALL {
            let needed: Vec<&Entry> = found.iter().filter(|e| needs(e, right, false)).collect();
            let staff: Vec<&Entry> = found.iter().filter(|e| needs(e, right, true)).collect();
            put(
                &mut text,
                &format!("{}: the OI's staff only", right.as_str()),
                &staff,
            );
            if !needed.is_empty() {
                let holders = Profile::ALL.iter().filter(|p| p.rights().contains(&right));
                let holders: Vec<&str> = holders.map(|profile| profile.code()).collect();
                put(
                    &mut text,
                    &format!("{}: {}", right.as_str(), holders.join(" ")),
                    &needed,
                );
            }
        }
    }
    text
}

fn open(entries: &[Entry], public: bool) -> Vec<&Entry> {
    let wanted = |entry: &&Entry| match entry.access {
        Access::Public(_) => public,
        Access::SignedIn(_) => !public,
        Access::Needs(_) => false,
    };
    entries.iter().filter(wanted).collect()
}

fn needs(entry: &Entry, wanted: Right, staff: bool) -> bool {
    matches!(entry.access, Access::Needs(Permission { right, staff_only, .. })
        if right == wanted && staff_only == staff)
}

fn put(text: &mut String, head: &str, entries: &[&Entry]) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(text, "  {head}");
    for entry in entries {
        let foreign = match entry.access {
            Access::Needs(permission) => format!("  ({permission})"),
            Access::Public(_) | Access::SignedIn(_) => String::new(),
        };
        let _ = writeln!(text, "    {:<6} {}{foreign}", entry.door, entry.name);
    }
}

/// Every entry with what it declares, as rows of a table.
#[must_use]
pub fn routes(services: &[&'static EService]) -> Vec<[String; 6]> {
    let rows = services.iter().flat_map(|service| {
        entries(service).into_iter().map(|entry| {
            [
                service.code.to_owned(),
                entry.door.to_owned(),
                entry.name,
                access(entry.access),
                audit(entry.audit),
                repeat(entry.repeat),
            ]
        })
    });
    rows.collect()
}

fn access(access: Access) -> String {
    match access {
        Access::Public(why) => format!("public: {why}"),
        Access::SignedIn(why) => format!("signed in: {why}"),
        Access::Needs(permission) => permission.to_string(),
    }
}

fn audit(audit: Audited) -> String {
    match audit {
        Audited::Nothing(why) => format!("none: {why}"),
        Audited::Consultation(action) => format!("consultation {action}"),
        Audited::Unit(action) => format!("unit {action}"),
    }
}

fn repeat(repeat: Repeat) -> String {
    match repeat {
        Repeat::ReadOnly => "read only".to_owned(),
        Repeat::FormKey => "form key".to_owned(),
        Repeat::MessageId => "message id".to_owned(),
        Repeat::Natural(why) => format!("natural: {why}"),
    }
}

/// The catalogue of codes, as Markdown.
#[must_use]
pub fn errors() -> String {
    let mut text = String::from(labels::CODES_HEAD);
    for code in codes::ALL {
        let cells = [code.code, code.label, code.remedy, code.who.label()];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| {} | {} |", cells.join(" | "), code.return_code);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::SERVICES;

    #[test]
    fn every_entry_stands_once_in_the_matrix_and_in_the_table() {
        let (matrix, table) = (permissions(SERVICES), routes(SERVICES));
        assert!(!table.is_empty());
        for row in &table {
            let shown = matrix.lines().filter(|line| {
                let line = line
                    .trim()
                    .strip_prefix(row[1].as_str())
                    .unwrap_or("")
                    .trim();
                line.split("  (").next() == Some(row[2].as_str())
            });
            assert!(shown.count() >= 1, "{row:?}");
        }
    }

    #[test]
    fn every_code_has_its_line_in_the_catalogue() {
        let text = errors();
        for code in codes::ALL {
            assert!(
                text.contains(&format!("| {} | {}", code.code, code.label)),
                "{}",
                code.code
            );
        }
    }
}
