use std::collections::HashSet;
use std::convert::Infallible;

use super::*;

fn file(addresses: usize, seed: u64) -> String {
    let mut out = Vec::new();
    write_csv(addresses, seed, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn all(addresses: usize, seed: u64) -> Vec<Row> {
    let mut out = Vec::new();
    let done = rows(addresses, seed, |row| {
        out.push(row.clone());
        Ok::<_, Infallible>(())
    });
    assert!(done.is_ok());
    out
}

#[test]
fn every_line_has_the_23_columns_of_the_national_base() {
    assert_eq!(HEADER.split(';').count(), 23);
    let text = file(5_000, 1);
    assert!(text.lines().all(|line| line.split(';').count() == 23));
    assert_eq!(text.lines().count(), 5_001);
    assert!(!text.contains('"'));
}

#[test]
fn the_same_seed_makes_the_same_base() {
    assert_eq!(file(3_000, 7), file(3_000, 7));
    assert_ne!(file(3_000, 7), file(3_000, 8));
}

#[test]
fn keys_are_those_of_the_base_and_no_two_are_the_same() {
    let rows = all(40_000, 3);
    let keys: HashSet<_> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(keys.len(), rows.len());
    for row in &rows {
        if row.id.len() == 36 && row.id.contains('-') {
            continue;
        }
        let parts: Vec<&str> = row.id.split('_').collect();
        assert_eq!(parts[0], row.insee);
        assert!([4, 6].contains(&parts[1].len()), "{row:?}");
        assert_eq!(parts[2], format!("{:05}", row.number));
        assert_eq!(parts.get(3).copied().unwrap_or_default(), row.suffix);
        assert!(
            row.afnor.len() <= AFNOR_MAX + 8 && row.afnor.is_ascii(),
            "{row:?}"
        );
        assert!(row.lon.abs() <= 180.0 && row.lat.abs() <= 90.0);
        assert!(row.postcode.len() == 5 && row.insee.len() == 5);
    }
}

#[test]
fn a_base_has_something_of_every_kind() {
    let rows = all(40_000, 3);
    let some = |what: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| what(row)).count();
    for suffix in ["bis", "ter", "quater", "a", "f"] {
        assert!(some(&|row| row.suffix == suffix) > 0, "{suffix}");
    }
    assert!(some(&|row| row.number == 0) > 50);
    assert!(some(&|row| row.number > 500) > 20);
    assert!(some(&|row| !row.old_commune.is_empty()) > 1_000);
    assert!(some(&|row| row.street.starts_with("Hent ")) > 0);
    assert!(some(&|row| row.street.ends_with("gasse")) > 0);
    assert!(some(&|row| row.insee.starts_with("97")) > 100);
    assert!(some(&|row| row.insee.starts_with('2') && row.insee[1..2] == *"A") > 0);
    assert!(some(&|row| row.commune.ends_with("Arrondissement")) > 100);
    assert!(some(&|row| row.id.contains("_x")) > 0);
    assert!(some(&|row| !row.hamlet.is_empty()) > 0);
    let named = |name: &str| {
        let of = rows.iter().filter(|row| row.commune == name);
        of.map(|row| &row.insee).collect::<HashSet<_>>().len()
    };
    assert!(named("Saint-Martin") > 1);
    let mut postcodes: std::collections::HashMap<&str, HashSet<&str>> = Default::default();
    for row in &rows {
        postcodes
            .entry(&row.postcode)
            .or_default()
            .insert(&row.insee);
    }
    assert!(postcodes.values().any(|communes| communes.len() > 2));
}

#[test]
fn a_base_has_as_many_addresses_as_asked() {
    for addresses in [0, 1, 999, 20_000] {
        assert_eq!(all(addresses, 5).len(), addresses);
    }
}

#[test]
fn metres_are_those_of_the_mainland() {
    // The projection's origin, by definition.
    let (x, y) = lambert93(3.0, 46.5).unwrap();
    assert!(
        (x - 700_000.0).abs() < 1.0 && (y - 6_600_000.0).abs() < 1.0,
        "{x} {y}"
    );
    assert_eq!(lambert93(55.5, -21.1), None);
}
