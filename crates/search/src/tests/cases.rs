//! What people type, and what they mean.

use super::{ask, best, index};
use crate::{Assumption, Kind, NumberMatch, Scratch, Verdict};

const TILLEULS: &str = "12 rue des Tilleuls, 53000 Laval";
const LECLERC: &str = "12 avenue du Général Leclerc, 53000 Laval";
const JAURES: &str = "22 boulevard Jean Jaurès, 53000 Laval";

#[test]
fn an_address_typed_as_it_is_is_certain() {
    let index = index();
    for (text, label) in [
        ("12 Rue des Tilleuls 53000 Laval", TILLEULS),
        ("12 RUE DES TILLEULS, 53000 LAVAL", TILLEULS),
        ("12, rue des tilleuls - LAVAL", TILLEULS),
        ("  12  rue des   tilleuls   53000 laval ", TILLEULS),
        ("53000 Laval, 12 rue des Tilleuls", TILLEULS),
        ("Laval 12 rue des tilleuls", TILLEULS),
        ("rue des Tilleuls 12 53000 Laval", TILLEULS),
        ("12 r. des tilleuls 53000 laval cedex 9", TILLEULS),
        ("douze rue des tilleuls 53000 laval", TILLEULS),
        ("n° 12 rue des Tilleuls 53000 Laval", TILLEULS),
        ("12 av du gal leclerc 53000 laval", LECLERC),
        ("12 avenue du general leclerc laval", LECLERC),
        ("22 bd jean jaures 53000 laval", JAURES),
        ("22 bld Jean-Jaur\u{e8}s 53000 Laval", JAURES),
        ("22 Bd Jean Jaure\u{300}s 53000 Laval", JAURES),
        (
            "1 pl du huit mai 1945 laval",
            "1 place du 8 Mai 1945, 53000 Laval",
        ),
        (
            "4 rue du sacré coeur laval",
            "4 rue du Sacré-Cœur, 53000 Laval",
        ),
        (
            "3 imp st martin 53000 laval",
            "3 impasse Saint-Martin, 53000 Laval",
        ),
        (
            "2 rue de l’eglise ahuille",
            "2 rue de l'Église, 53940 Ahuillé",
        ),
        (
            "5 bis rue des tilleuls laval",
            "5 bis rue des Tilleuls, 53000 Laval",
        ),
        (
            "5bis rue des tilleuls laval",
            "5 bis rue des Tilleuls, 53000 Laval",
        ),
        (
            "5 B rue des tilleuls laval",
            "5 bis rue des Tilleuls, 53000 Laval",
        ),
        (
            "5ter, rue des tilleuls laval",
            "5 ter rue des Tilleuls, 53000 Laval",
        ),
        (
            "12 rue de la gare paris 12e",
            "12 rue de la Gare, 75012 Paris 12e Arrondissement",
        ),
        (
            "12 rue de la paix 75002 paris",
            "12 rue de la Paix, 75002 Paris 2e Arrondissement",
        ),
        (
            "La Bellangerie 53940 Ahuillé",
            "La Bellangerie, 53940 Ahuillé",
        ),
        (
            "3 hent kerc'hoat plougastel daoulas",
            "3 hent Kerc'hoat, 29470 Plougastel-Daoulas",
        ),
        (
            "31 chemin bois rouge 97440 st andre",
            "31 chemin Bois Rouge, 97440 Saint-André",
        ),
        ("bât B appt 3 12 rue des tilleuls 53000 laval", TILLEULS),
        ("12 rue des tilleuls 2e étage 53000 laval", TILLEULS),
    ] {
        let answer = ask(&index, text);
        let found = (answer.verdict, best(&index, &answer));
        assert_eq!(found, (Verdict::Certain, label.to_owned()), "{text}");
    }
}

#[test]
fn what_is_wrongly_written_is_found_and_not_certain() {
    let index = index();
    for (text, label) in [
        ("12 rue des tileuls 53000 laval", TILLEULS),
        ("12 rue des tillelus laval", TILLEULS),
        ("12 ruedestilleuls 53000 laval", TILLEULS),
        ("12 ruedestileuls 53000 laval", TILLEULS),
        ("12 rue des til leuls 53000 laval", TILLEULS),
        ("12 allée des tilleuls 53000 laval", TILLEULS),
        ("12 tilleuls 53000 laval", TILLEULS),
        ("12 rue des tilleuls 53100 laval", TILLEULS),
        ("12 rue des tilleuls lavall", TILLEULS),
        ("12 rue des tiyeul laval", TILLEULS),
        ("12 avenu du jénéral lecler 53000 laval", LECLERC),
        ("12 av leclerc laval", LECLERC),
        ("12 avenue du general lecl 53000 laval", LECLERC),
        ("22 bd j jaures laval", JAURES),
        (
            "5 rue v. hugo 53000 laval",
            "5 rue Victor Hugo, 53000 Laval",
        ),
        ("5 rue hugo 53000 laval", "5 rue Victor Hugo, 53000 Laval"),
        (
            "4 strada di l ortu 20200 bastya",
            "4 strada di l'Ortu, 20200 Bastia",
        ),
        (
            "9 rue du marechal foech strassbourg",
            "9 rue du Maréchal Fœch, 67000 Strasbourg",
        ),
    ] {
        let answer = ask(&index, text);
        assert_eq!(best(&index, &answer), label, "{text}");
        // The same letters with the spaces elsewhere are no error.
        let spaced = text.contains("ruedestilleuls") || text.contains("til leuls");
        assert!(
            spaced || answer.verdict != Verdict::Certain,
            "{text}: {answer:?}"
        );
    }
}

#[test]
fn what_does_not_exist_is_never_certain() {
    let index = index();
    for text in [
        "13 rue des tilleuls 53000 laval",
        "12 bis rue des tilleuls 53000 laval",
        "12 rue des peupliers 53000 laval",
        "12 rue des tilleuls 72000 le mans",
        "12 rue du pont 53200 chateau gontier sur mayenne",
        "12 rue des tilleuls",
        "rue de l'église",
        "12",
        "rue",
        "zzzz",
    ] {
        let answer = ask(&index, text);
        assert_ne!(
            answer.verdict,
            Verdict::Certain,
            "{text}: {}",
            best(&index, &answer)
        );
    }
}

#[test]
fn the_nearest_numbers_are_offered_for_one_that_does_not_exist() {
    let index = index();
    let answer = ask(&index, "13 rue des tilleuls 53000 laval");
    assert_eq!(answer.verdict, Verdict::Ambiguous);
    let numbers: Vec<_> = answer
        .candidates
        .iter()
        .map(|one| index.found(one).number())
        .collect();
    assert_eq!(numbers[..3], [Some(12), Some(14), Some(16)], "{numbers:?}");
    let first = &answer.candidates[0];
    assert_eq!(first.number, NumberMatch::Nearest);
    let absent = Assumption::NumberAbsent {
        typed: "13".to_owned(),
    };
    assert!(first.assumed.contains(&absent), "{first:?}");
}

#[test]
fn what_was_assumed_is_told() {
    let index = index();
    let told = |text: &str| {
        let answer = ask(&index, text);
        let first = answer
            .candidates
            .first()
            .unwrap_or_else(|| panic!("{text}: nothing"));
        first
            .assumed
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ; ")
    };
    for (text, expected) in [
        (
            "12 rue des tilleuls 53000",
            "commune déduite du code postal 53000 : Laval",
        ),
        ("5 b rue des tilleuls laval", "« b » lu « bis »"),
        ("12 allee des tilleuls laval", "« allee » lu « rue »"),
        ("12 tilleuls laval", "type de voie absent : rue"),
        (
            "12 rue des tilleuls 53100 laval",
            "code postal 53100 lu 53000",
        ),
        (
            "7 rue de l'eglise st fort",
            "ancienne commune Saint-Fort, aujourd'hui Château-Gontier-sur-Mayenne",
        ),
        (
            "168 rue de paris laval",
            "numéro 168 compris dans l'adresse groupée 166170",
        ),
        (
            "12-14 rue des tilleuls laval",
            "numéros 12 à 14 : une seule adresse est retenue",
        ),
        ("3 rue hugo laval", "mot absent de la saisie : « victor »"),
        ("40 rue des tileuls ahuille", "« tileuls » lu « tilleuls »"),
    ] {
        assert_eq!(told(text), expected, "{text}");
    }
}

#[test]
fn what_is_left_over_is_told() {
    let index = index();
    for (text, expected) in [
        ("12 rue des tilleuls apt 3 53000 laval", vec!["apt 3"]),
        ("bât. B, 12 rue des tilleuls laval", vec!["bât. B"]),
        (
            "chez M. Dupont 12 rue des tilleuls laval",
            vec!["chez M. Dupont"],
        ),
        ("12 rue des tilleuls laval", vec![]),
    ] {
        let answer = ask(&index, text);
        assert_eq!(best(&index, &answer), TILLEULS, "{text}");
        let parts = answer.unmatched(&answer.candidates[0]);
        let parts: Vec<&str> = parts.into_iter().map(|part| &text[part]).collect();
        assert_eq!(parts, expected, "{text}");
    }
}

#[test]
fn homonyms_are_left_to_choose_from() {
    let index = index();
    let answer = ask(&index, "2 rue de l'église");
    assert_eq!(answer.verdict, Verdict::Ambiguous);
    let communes: Vec<_> = answer
        .candidates
        .iter()
        .map(|one| index.found(one).commune())
        .collect();
    for commune in ["Laval", "Ahuillé", "Château-Gontier-sur-Mayenne"] {
        assert!(communes.contains(&commune), "{communes:?}");
    }
}

#[test]
fn parts_of_an_address_are_answered_too() {
    let index = index();
    for (text, kind, label) in [
        ("Laval", Kind::Commune, "53000 Laval"),
        ("53000", Kind::Commune, "53000 Laval"),
        ("53940 ahuille", Kind::Commune, "53940 Ahuillé"),
        (
            "rue des tilleuls laval",
            Kind::Street,
            "Rue des Tilleuls, 53000 Laval",
        ),
        (
            "la bellangerie ahuille",
            Kind::Place,
            "La Bellangerie, 53940 Ahuillé",
        ),
        ("12 rue des tilleuls laval", Kind::HouseNumber, TILLEULS),
    ] {
        let answer = ask(&index, text);
        let first = answer.candidates.first().map(|one| one.kind);
        assert_eq!(
            (first, best(&index, &answer)),
            (Some(kind), label.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn an_address_is_told_by_all_its_keys() {
    let index = index();
    let answer = ask(&index, "5 bis rue des tilleuls 53000 laval");
    let found = index.found(&answer.candidates[0]);
    assert_eq!(found.ban_key(), "53130_0010_00005_bis");
    assert_eq!((found.insee(), found.street_code()), ("53130", "0010"));
    assert_eq!((found.number(), found.complement()), (Some(5), "bis"));
    assert_eq!(found.postcode(), Some(53_000));
    let (lon, lat) = found.lon_lat().unwrap_or_default();
    assert!(
        (lon + 0.77).abs() < 1e-4 && (lat - 48.07).abs() < 1e-4,
        "{lon} {lat}"
    );
}

#[test]
fn what_is_being_typed_is_completed() {
    let index = index();
    let mut scratch = Scratch::new();
    for (text, label) in [
        ("rue des til", "Rue des Tilleuls, 53000 Laval"),
        ("12 rue des tilleuls lav", TILLEULS),
        ("12 rue des til", TILLEULS),
        ("la bell", "La Bellangerie, 53940 Ahuillé"),
        ("lav", "53000 Laval"),
    ] {
        let given = index.suggest(&mut scratch, text, 8);
        let labels: Vec<_> = given.iter().map(|one| index.found(one).label()).collect();
        assert!(labels.iter().any(|one| one == label), "{text}: {labels:?}");
        assert!(given.len() <= 8);
    }
}
