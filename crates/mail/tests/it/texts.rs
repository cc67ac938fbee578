//! Every mail text of every e-service can be rendered, and none names a person in its subject.

use std::collections::BTreeSet;
use std::path::Path;

/// What the subject of a mail may show: nothing about a person (trust P1).
const IN_SUBJECTS: &[&str] = &["reference", "version", "quoi"];
/// The values that mails about orders carry.
const ORDER_VALUES: &[&str] = &["reference", "prestation", "pto", "motif", "libelle", "id"];
/// The values that mails about releases carry.
const RELEASE_VALUES: &[&str] = &["version", "precedente", "nature", "extraction", "quand"];

/// The values that mails about watches carry.
const WATCH_VALUES: &[&str] = &["lignes", "version", "quoi"];
/// The values that mails about address anomalies carry.
const ANOMALY_VALUES: &[&str] = &["reference", "quoi", "texte", "motif", "version", "echeance"];

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split("{{")
        .skip(1)
        .map(|rest| rest.split("}}").next().unwrap().trim())
        .collect()
}

#[test]
fn every_mail_text_asks_only_for_what_it_is_given() {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services");
    let mut seen = 0;
    for service in std::fs::read_dir(services).unwrap() {
        let Ok(mails) = std::fs::read_dir(service.unwrap().path().join("mails")) else {
            continue;
        };
        for mail in mails {
            let folder = mail.unwrap().path();
            let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
            let (subject, body) = (read("subject.txt"), read("body.txt"));
            let shown = folder.display();
            assert_eq!(subject.trim().lines().count(), 1, "{shown}");
            assert!(subject.chars().count() <= 100, "{shown}");
            assert!(
                placeholders(&subject)
                    .iter()
                    .all(|n| IN_SUBJECTS.contains(n)),
                "{shown}"
            );
            let of = |service: &str| shown.to_string().contains(service);
            let known = match () {
                () if of("/reference/mails") => RELEASE_VALUES,
                () if of("/eligibility/mails") => WATCH_VALUES,
                () if of("/tao/mails") => ANOMALY_VALUES,
                () => ORDER_VALUES,
            };
            assert!(
                placeholders(&body).iter().all(|n| known.contains(n)),
                "{shown}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 9, "{seen} mails");
}
