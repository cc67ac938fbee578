use std::collections::{HashMap, HashSet};
use std::convert::Infallible;

use super::*;
use crate::base::{self, Row};
use crate::read::Base;
use crate::text::fold;

const ADDRESSES: usize = 20_000;

fn rows(addresses: usize, seed: u64) -> Vec<Row> {
    let mut out = Vec::new();
    let done = base::rows(addresses, seed, |row| {
        out.push(row.clone());
        Ok::<_, Infallible>(())
    });
    assert!(done.is_ok());
    out
}

fn clean_form(row: &Row) -> String {
    let suffix = match row.suffix.len() {
        1 => row.suffix.to_uppercase(),
        _ => row.suffix.clone(),
    };
    let number = match row.number {
        0 => String::new(),
        number => number.to_string(),
    };
    let parts = [&number, &suffix, &row.street, &row.postcode, &row.commune];
    let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts
        .iter()
        .map(|part| part.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn every_class_is_produced_and_expects_an_address_that_exists() {
    let rows = rows(ADDRESSES, 2);
    let by_key: HashMap<_, _> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let cases = cases(&Base::invented(ADDRESSES, 2), 700, 1);
    assert!(cases.len() > 690, "{}", cases.len());
    let classes: HashSet<_> = cases.iter().map(|case| case.class).collect();
    assert_eq!(classes.len(), Class::ALL.len());
    for case in &cases {
        assert_eq!(case.ban_key.is_none(), case.class.is_absent(), "{case:?}");
        assert_eq!(case.expect == Expect::Absent, case.class.is_absent());
        assert_eq!(case.hard, case.class.is_hard());
        let Some(key) = &case.ban_key else {
            continue;
        };
        let row = by_key.get(key.as_str());
        let clean = clean_form(row.unwrap());
        assert_eq!(case.query == clean, case.class == Class::Clean, "{case:?}");
        assert_eq!(case.fits == 1, case.expect == Expect::Unique);
    }
}

#[test]
fn the_same_seed_makes_the_same_queries() {
    let base = Base::invented(2_000, 2);
    assert_eq!(cases(&base, 200, 1), cases(&base, 200, 1));
    assert_ne!(cases(&base, 200, 1), cases(&base, 200, 2));
}

#[test]
fn a_file_makes_the_same_queries_as_the_base_it_was_written_from() {
    let mut file = Vec::new();
    base::write_csv(2_000, 4, &mut file).unwrap();
    let read = Base::read(file.as_slice()).unwrap();
    assert_eq!(read.addresses(), 2_000);
    let invented = Base::invented(2_000, 4);
    assert_eq!(cases(&read, 100, 1), cases(&invented, 100, 1));
}

/// Plain comparisons of what is written, with nothing of the distances that made the cases.
#[test]
fn what_is_left_of_an_address_is_as_unique_as_the_rows_say() {
    let rows = rows(ADDRESSES, 6);
    let by_key: HashMap<_, _> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let mut folded = rows.clone();
    folded
        .iter_mut()
        .for_each(|row| row.street = fold(&row.street));
    let (mut unique, mut ambiguous) = (0, 0);
    for case in cases(&Base::invented(ADDRESSES, 6), 1_400, 3) {
        let row = case.ban_key.as_deref().map(|key| by_key[key]);
        let Some(row) = row.filter(|row| !row.commune.ends_with("Arrondissement")) else {
            continue;
        };
        let (by_commune, by_postcode) = match case.class {
            Class::Clean | Class::Capitals | Class::Blanks => (true, true),
            Class::NoCommune => (false, true),
            Class::NoPostcode => (true, false),
            Class::NoPlace => (false, false),
            _ => continue,
        };
        let street = fold(&row.street);
        let same = |other: &&Row| {
            (other.number, &other.suffix) == (row.number, &row.suffix)
                && other.street == street
                && (!by_postcode || other.postcode == row.postcode)
                && (!by_commune || other.commune == row.commune)
        };
        let fits = folded.iter().filter(same).count();
        match case.expect {
            Expect::Unique => assert_eq!(fits, 1, "{case:?}"),
            _ => assert!(fits > 1, "{case:?}"),
        }
        unique += usize::from(case.expect == Expect::Unique);
        ambiguous += usize::from(case.expect == Expect::Ambiguous);
    }
    assert!(unique > 100 && ambiguous > 10, "{unique} {ambiguous}");
}

#[test]
fn what_is_absent_is_in_no_row() {
    let rows = rows(ADDRESSES, 6);
    let forms: HashSet<_> = rows.iter().map(|row| fold(&clean_form(row))).collect();
    let communes: HashSet<_> = rows.iter().map(|row| fold(&row.commune)).collect();
    let base = Base::invented(ADDRESSES, 6);
    let mut seen = 0;
    for case in cases(&base, 1_000, 3) {
        if case.class.is_absent() {
            assert!(!forms.contains(&fold(&case.query)), "{case:?}");
            seen += 1;
        }
        if case.class == Class::AbsentCommune {
            let query = fold(&case.query);
            let ends = |commune: &String| query.ends_with(&format!(" {commune}"));
            assert!(!communes.iter().any(ends), "{case:?}");
        }
    }
    assert!(seen > 50);
}

#[test]
fn lines_are_json() {
    let case = Case {
        query: "12 \"rue\"\tdu\u{a0}Moulin".to_owned(),
        class: Class::Blanks,
        hard: false,
        expect: Expect::Unique,
        fits: 1,
        ban_key: None,
    };
    let mut out = Vec::new();
    case.write_json(&mut out).unwrap();
    let expected = "{\"query\":\"12 \\\"rue\\\"\\u0009du\u{a0}Moulin\",\"class\":\"blanks\",\
        \"hard\":false,\"expect\":\"unique\",\"fits\":1,\"ban_key\":null}\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    assert_eq!(Class::by_name("blanks"), Some(Class::Blanks));
}

#[test]
fn a_file_that_is_no_base_is_refused() {
    let error = Base::read("a;b\n1;2\n".as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "no column id");
    assert!(cases(&Base::default(), 10, 1).is_empty());
}
