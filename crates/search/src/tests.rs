mod bounds;
mod cases;
mod files;

use crate::{Answer, Builder, Entry, Index, Scratch};

/// Rows of a small base on real communes: street, numbers, postcode, commune and what was before.
const STREETS: &[(&str, &str, &str, &str, &str, &str)] = &[
    (
        "Rue des Tilleuls",
        "1 2 3 5 5bis 5ter 12 14 16",
        "53000",
        "53130",
        "Laval",
        "",
    ),
    ("Rue de l'Église", "1 2 3 4", "53000", "53130", "Laval", ""),
    (
        "Avenue du Général Leclerc",
        "8 10 12",
        "53000",
        "53130",
        "Laval",
        "",
    ),
    ("Rue Victor Hugo", "3 5 7", "53000", "53130", "Laval", ""),
    ("Place du 8 Mai 1945", "1 2", "53000", "53130", "Laval", ""),
    (
        "Boulevard Jean Jaurès",
        "20 22 24",
        "53000",
        "53130",
        "Laval",
        "",
    ),
    ("Rue du Sacré-Cœur", "4 6", "53000", "53130", "Laval", ""),
    ("Impasse Saint-Martin", "1 3", "53000", "53130", "Laval", ""),
    ("Rue de Paris", "166170 2", "53000", "53130", "Laval", ""),
    (
        "Rue des Tilleuls",
        "1 2 40",
        "53940",
        "53001",
        "Ahuillé",
        "",
    ),
    ("Rue de l'Église", "2 4", "53940", "53001", "Ahuillé", ""),
    ("La Bellangerie", "0", "53940", "53001", "Ahuillé", ""),
    (
        "Rue de l'Église",
        "1 2",
        "53200",
        "53062",
        "Château-Gontier-sur-Mayenne",
        "Azé",
    ),
    (
        "Rue de l'Église",
        "7",
        "53200",
        "53062",
        "Château-Gontier-sur-Mayenne",
        "Saint-Fort",
    ),
    (
        "Rue du Port",
        "12",
        "53200",
        "53062",
        "Château-Gontier-sur-Mayenne",
        "Azé",
    ),
    (
        "Rue de la Paix",
        "12",
        "75002",
        "75102",
        "Paris 2e Arrondissement",
        "",
    ),
    (
        "Rue de la Gare",
        "12",
        "75012",
        "75112",
        "Paris 12e Arrondissement",
        "",
    ),
    (
        "Rue de la Gare",
        "12",
        "75013",
        "75113",
        "Paris 13e Arrondissement",
        "",
    ),
    (
        "Hent Kerc'hoat",
        "3",
        "29470",
        "29189",
        "Plougastel-Daoulas",
        "",
    ),
    (
        "Rue du Maréchal Fœch",
        "9",
        "67000",
        "67482",
        "Strasbourg",
        "",
    ),
    ("Strada di l'Ortu", "4", "20200", "2B033", "Bastia", ""),
    (
        "Chemin Bois Rouge",
        "31",
        "97440",
        "97409",
        "Saint-André",
        "",
    ),
    ("Rue du Moulin", "1", "72200", "72154", "La Flèche", ""),
];

pub(crate) fn index() -> Index {
    let mut builder = Builder::new();
    let mut streets: Vec<_> = STREETS.iter().enumerate().collect();
    streets.sort_by_key(|(_, (_, _, _, insee, ..))| *insee);
    for (at, (street, numbers, postcode, insee, commune, old)) in streets {
        let code = format!("{:04}", 10 + at);
        for number in numbers.split(' ') {
            let digits = number.trim_end_matches(char::is_alphabetic);
            let complement = &number[digits.len()..];
            let mut key = format!("{insee}_{code}_{digits:0>5}");
            if !complement.is_empty() {
                key.push_str(&format!("_{complement}"));
            }
            builder.add(&Entry {
                ban_key: &key,
                street_code: &code,
                number: digits,
                complement,
                street_name: street,
                postcode,
                insee,
                commune,
                old_commune: old,
                old_insee: if old.is_empty() { "" } else { "53014" },
                lon: Some(-0.77 + at as f64 / 1000.0),
                lat: Some(48.07),
                ..Entry::default()
            });
        }
    }
    builder.finish()
}

pub(crate) fn ask(index: &Index, text: &str) -> Answer {
    index.query(&mut Scratch::new(), text)
}

/// The label of the best candidate, or nothing.
pub(crate) fn best(index: &Index, answer: &Answer) -> String {
    answer
        .candidates
        .first()
        .map(|one| index.found(one).label())
        .unwrap_or_default()
}
