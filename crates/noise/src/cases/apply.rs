//! What each class does to what is typed.

use super::Class;
use crate::letters::{letters_max, long_words, misheard, mistyped};
use crate::names::RURAL;
use crate::read::{Base, Place};
use crate::rng::Rng;
use crate::text::{self, fold};
use crate::typing::{Flat, Order, Typed};
use crate::words::{is_given, is_type, number_in_words, short_forms};

/// Columns of the old systems that cut names.
const CUT_COLUMNS: usize = 18;
const TRIES: usize = 30;

/// Types people take for each other.
const TAKEN_FOR: &[&str] = &[
    "Rue",
    "Avenue",
    "Chemin",
    "Route",
    "Impasse",
    "Allée",
    "Place",
    "Boulevard",
    "Square",
];

/// Does to `typed` what `class` does to its parts; whether it could.
pub(super) fn to_parts(
    class: Class,
    typed: &mut Typed,
    place: &Place,
    base: &Base,
    rng: &mut Rng,
) -> bool {
    match class {
        Class::Abbreviations => abbreviate(typed, rng),
        Class::OneTypo => mistype(typed, rng),
        Class::TwoTypos => mistype_twice(typed, rng),
        Class::Phonetic => mishear(typed, rng),
        Class::Swapped => swap(typed, rng),
        Class::WrongPostcode => wrong_postcode(typed, base, rng),
        Class::NoCommune => typed.postcode.is_some() && typed.commune.take().is_some(),
        Class::NoPostcode => typed.commune.is_some() && typed.postcode.take().is_some(),
        Class::NoPlace => {
            let had = typed.commune.take().is_some();
            typed.postcode.take().is_some() || had
        }
        Class::Suffix => suffix(typed, rng),
        Class::Hamlet => hamlet(typed, rng),
        Class::Flat => flat(typed, rng),
        Class::NumberWords => number_words(typed, rng),
        Class::Glued => glue(typed, rng),
        Class::WrongType => wrong_type(typed, rng),
        Class::NoType => no_type(typed, rng),
        Class::FirstName => first_name(typed, rng),
        Class::Truncated => truncate(typed, rng),
        Class::OldCommune => other_name(typed, &place.old_commune),
        Class::Delivery => other_name(typed, &place.delivery),
        _ => true,
    }
}

/// Does to the whole text what `class` does to it; `None` when it could not.
pub(super) fn to_text(class: Class, text: &str, rng: &mut Rng) -> Option<String> {
    match class {
        Class::Capitals => {
            let text = match rng.chance(50) {
                true => text::without_accents(text),
                false => text.to_owned(),
            };
            Some(text.to_uppercase())
        }
        Class::NoAccents => text::has_accents(text).then(|| text::without_accents(text)),
        Class::Decomposed => text::has_accents(text).then(|| text::decomposed(text)),
        Class::Ligatures => crate::typing::with_other_ligatures(text, rng),
        Class::Blanks => Some(crate::typing::with_blanks(text, rng)),
        _ => Some(text.to_owned()),
    }
}

/// Words with a short form, in the street and in the commune.
fn abbreviate(typed: &mut Typed, rng: &mut Rng) -> bool {
    let mut changed = false;
    let mut shorten = |text: &str, percent: usize| -> String {
        let mut out = String::new();
        for (word, separator) in words_with_separators(text) {
            let forms = short_forms(&fold(word));
            if forms.is_empty() || !rng.chance(percent) {
                out.push_str(word);
                out.push_str(separator);
                continue;
            }
            changed = true;
            let short = rng.pick(forms);
            let capital = word.chars().next().is_some_and(char::is_uppercase);
            match capital && rng.chance(60) {
                true => out.extend([&short[..1].to_uppercase(), &short[1..]]),
                false => out.push_str(short),
            }
            match (short, separator) {
                ("s", _) => out.push_str("/ "),
                (_, " ") if rng.chance(25) => out.push_str(". "),
                _ => out.push_str(separator),
            }
        }
        out
    };
    let street = shorten(&typed.street, 90);
    let commune = typed.commune.as_deref().map(|commune| shorten(commune, 80));
    typed.street = street;
    typed.commune = commune;
    changed
}

/// Words with the blank, hyphen or apostrophe after each.
fn words_with_separators(text: &str) -> Vec<(&str, &str)> {
    let is_separator = |c: char| !c.is_alphanumeric();
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(is_separator).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let next = after.find(|c| !is_separator(c)).unwrap_or(after.len());
        let (separator, after) = after.split_at(next);
        out.push((word, separator));
        rest = after;
    }
    out
}

/// Changes one long word of the street or commune that nothing else changed.
fn change_word(
    typed: &mut Typed,
    rng: &mut Rng,
    change: &mut dyn FnMut(&str, &mut Rng) -> Option<String>,
) -> bool {
    for _ in 0..TRIES {
        let in_commune = typed.commune.is_some() && rng.chance(35);
        let text = match (&typed.commune, in_commune) {
            (Some(commune), true) => commune.clone(),
            _ => typed.street.clone(),
        };
        let words = long_words(&text);
        if words.is_empty() {
            continue;
        }
        let range = words[rng.below(words.len())].clone();
        let word = &text[range.clone()];
        if typed.touched.contains(&fold(word)) {
            continue;
        }
        let Some(changed) = change(word, rng) else {
            continue;
        };
        typed.touched.push(fold(&changed));
        let text = format!("{}{changed}{}", &text[..range.start], &text[range.end..]);
        match in_commune {
            true => typed.commune = Some(text),
            false => typed.street = text,
        }
        return true;
    }
    false
}

fn mistype(typed: &mut Typed, rng: &mut Rng) -> bool {
    change_word(typed, rng, &mut mistyped)
}

/// Two mistakes: in two words, or in one long word.
fn mistype_twice(typed: &mut Typed, rng: &mut Rng) -> bool {
    if rng.chance(50) {
        return mistype(typed, rng) && mistype(typed, rng);
    }
    change_word(typed, rng, &mut |word, rng| {
        if letters_max(word.chars().count()) < 2 {
            return None;
        }
        let twice = mistyped(&mistyped(word, rng)?, rng)?;
        (text::edits(&fold(word), &fold(&twice), 2) == 2).then_some(twice)
    })
}

fn mishear(typed: &mut Typed, rng: &mut Rng) -> bool {
    change_word(typed, rng, &mut misheard)
}

fn swap(typed: &mut Typed, rng: &mut Rng) -> bool {
    let figures = typed.street.bytes().any(|b| b.is_ascii_digit());
    let orders = [
        Order::PostcodeLast,
        Order::PlaceFirst,
        Order::CommuneFirst,
        Order::NumberAfter,
        Order::NumberLast,
    ];
    let order = orders[rng.below(orders.len())];
    let number_moves = matches!(order, Order::NumberAfter | Order::NumberLast);
    if number_moves && (figures || typed.number.is_none()) {
        return false;
    }
    if typed.commune.is_none() && matches!(order, Order::PostcodeLast | Order::CommuneFirst) {
        return false;
    }
    if typed.postcode.is_none() && order == Order::PostcodeLast {
        return false;
    }
    let placeless = typed.commune.is_none() && typed.postcode.is_none();
    if placeless && order != Order::NumberAfter {
        return false;
    }
    typed.order = order;
    true
}

fn wrong_postcode(typed: &mut Typed, base: &Base, rng: &mut Rng) -> bool {
    let Some(right) = typed.postcode.clone().filter(|code| code.len() == 5) else {
        return false;
    };
    if typed.commune.is_none() {
        return false;
    }
    let mut digits = right.clone().into_bytes();
    match rng.below(10) {
        0..5 => {
            for _ in 0..TRIES * 10 {
                let other = &base.places[rng.below(base.places.len())].postcode;
                if other.get(..2) == right.get(..2) && *other != right {
                    typed.postcode = Some(other.clone());
                    return true;
                }
            }
            return false;
        }
        5..8 => {
            let at = rng.between(2, 4);
            digits[at] = b'0' + ((digits[at] - b'0' + rng.between(1, 9) as u8) % 10);
        }
        _ => {
            let at = rng.between(1, 3);
            digits.swap(at, at + 1);
        }
    }
    let Ok(wrong) = String::from_utf8(digits) else {
        return false;
    };
    let changed = wrong != right;
    typed.postcode = Some(wrong);
    changed
}

fn suffix(typed: &mut Typed, rng: &mut Rng) -> bool {
    let Some(number) = typed.number else {
        return false;
    };
    let suffix = typed.suffix.clone();
    let large = suffix.to_uppercase();
    let forms = match suffix.as_str() {
        "" => return false,
        "bis" | "ter" | "quater" => vec![
            format!("{number}{suffix}"),
            format!("{number} {large}"),
            format!("{number}{large}"),
            format!("{number} {}", &large[..1]),
            format!("{number}{}", &large[..1]),
            format!("{number}{}", &suffix[..1]),
            format!("{number}-{suffix}"),
        ],
        _ => vec![
            format!("{number}{large}"),
            format!("{number}{suffix}"),
            format!("{number} {suffix}"),
            format!("{number}-{large}"),
        ],
    };
    let at = rng.below(forms.len());
    if suffix.len() > 2 && (3..6).contains(&at) {
        suffix[..1].clone_into(&mut typed.suffix);
    }
    typed.number_shown.clone_from(&forms[at]);
    true
}

fn hamlet(typed: &mut Typed, rng: &mut Rng) -> bool {
    let articles = ["Le ", "La ", "Les ", "L'"];
    let bare = articles
        .iter()
        .find_map(|article| typed.street.strip_prefix(article));
    let street = typed.street.clone();
    typed.street = match (rng.below(5), bare) {
        (0 | 1, Some(bare)) => bare.to_owned(),
        (2, _) => format!("lieu-dit {street}"),
        (3, _) => format!("lieu dit {street}"),
        (0, None) => format!("LD {street}"),
        _ => format!("Lieudit {street}"),
    };
    typed
        .touched
        .extend(["lieu", "dit", "lieudit"].map(str::to_owned));
    true
}

fn flat(typed: &mut Typed, rng: &mut Rng) -> bool {
    let letter = char::from(b'A' + rng.below(6) as u8);
    let number = rng.between(1, 48);
    let level = rng.between(1, 9);
    let one = |rng: &mut Rng| match rng.below(12) {
        0 => format!("Appt {number}"),
        1 => format!("Apt {number}"),
        2 => format!("appartement {number}"),
        3 => format!("Bât {letter}"),
        4 => format!("Bat. {letter}"),
        5 => format!("Bâtiment {letter}"),
        6 => format!("Esc {level}"),
        7 => format!("Étage {level}"),
        8 => format!("{level}e étage"),
        9 => format!("Porte {}", level * 100 + number),
        10 => "RDC gauche".to_owned(),
        _ => format!("Entrée {letter}"),
    };
    let mut words = one(rng);
    if rng.chance(35) {
        words = format!("{words} {}", one(rng));
    }
    typed.flat = Some(match rng.below(3) {
        0 => Flat::Before(words),
        1 => Flat::AfterStreet(words),
        _ => Flat::Last(words),
    });
    true
}

fn number_words(typed: &mut Typed, rng: &mut Rng) -> bool {
    let read = typed.street.clone();
    let mut in_street = false;
    let words: Vec<String> = typed
        .street
        .split(' ')
        .map(|word| match word.parse() {
            Ok(number) if number < 100 => match number_in_words(number) {
                Some(words) => {
                    in_street = true;
                    words
                }
                None => word.to_owned(),
            },
            _ => word.to_owned(),
        })
        .collect();
    if in_street && (typed.number.is_none() || rng.chance(60)) {
        typed.street = words.join(" ");
        typed.street_read = Some(read);
        return true;
    }
    let Some(words) = typed.number.and_then(number_in_words) else {
        return false;
    };
    typed.number_shown = match typed.suffix.as_str() {
        "" => words,
        suffix => format!("{words} {suffix}"),
    };
    true
}

fn glue(typed: &mut Typed, rng: &mut Rng) -> bool {
    let blanks = |text: &str| {
        let places = text.match_indices([' ', '-', '\'']).map(|(at, _)| at);
        places.collect::<Vec<_>>()
    };
    match rng.below(6) {
        0 if typed.number.is_some() && typed.suffix.is_empty() => {
            let first = typed.street.split(' ').next().unwrap_or_default();
            typed.number_glued = is_type(&fold(first));
            typed.number_glued
        }
        1 if typed.commune.is_some() && typed.postcode.is_some() => {
            typed.postcode_glued = typed.order == Order::Usual;
            typed.postcode_glued
        }
        2 => {
            let Some(commune) = &mut typed.commune else {
                return false;
            };
            let places = blanks(commune);
            if places.is_empty() {
                return false;
            }
            commune.remove(places[rng.below(places.len())]);
            true
        }
        _ => {
            let places = blanks(&typed.street);
            if places.is_empty() {
                return false;
            }
            let at = places[rng.below(places.len())];
            // Two numbers would be another number.
            let around = typed.street[..at].ends_with(|c: char| c.is_ascii_digit())
                || typed.street[at + 1..].starts_with(|c: char| c.is_ascii_digit());
            if around {
                return false;
            }
            typed.street.remove(at);
            true
        }
    }
}

fn wrong_type(typed: &mut Typed, rng: &mut Rng) -> bool {
    let Some((first, rest)) = typed.street.split_once(' ') else {
        return false;
    };
    let other = rng.pick(TAKEN_FOR);
    // `Chemin Rural` is a type of two words.
    if RURAL.iter().any(|rural| typed.street.starts_with(rural)) {
        return false;
    }
    if !is_type(&fold(first)) || fold(other) == fold(first) {
        return false;
    }
    typed.street = format!("{other} {rest}");
    typed.touched.push(fold(other));
    true
}

fn no_type(typed: &mut Typed, rng: &mut Rng) -> bool {
    let Some((first, rest)) = typed.street.split_once(' ') else {
        return false;
    };
    let long = fold(rest)
        .split(' ')
        .any(|word| word.len() > 3 && word.parse::<u32>().is_err());
    if !is_type(&fold(first)) || !long {
        return false;
    }
    let articles = ["de la ", "de l'", "du ", "des ", "de ", "d'"];
    let bare = articles
        .iter()
        .find_map(|article| rest.strip_prefix(article));
    typed.street = match bare {
        Some(bare) if rng.chance(50) => bare.to_owned(),
        _ => rest.to_owned(),
    };
    true
}

fn first_name(typed: &mut Typed, rng: &mut Rng) -> bool {
    let words: Vec<&str> = typed.street.split(' ').collect();
    let given = |word: &str| {
        let word = word.trim_start_matches("l'").trim_start_matches("d'");
        fold(word).split(' ').all(is_given)
    };
    let places: Vec<usize> = (1..words.len().saturating_sub(1))
        .filter(|&at| given(words[at]))
        .collect();
    if places.is_empty() {
        return false;
    }
    let shorten = rng.chance(50);
    let mut out: Vec<String> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !places.contains(&at) {
            out.push((*word).to_owned());
            continue;
        }
        let title = crate::names::TITLES
            .iter()
            .any(|title| word.ends_with(title));
        if shorten && !title {
            let dot = rng.pick(&[".", "", "."]);
            let initials: Vec<String> = word
                .split('-')
                .filter_map(|part| part.chars().next())
                .map(|first| format!("{first}{dot}"))
                .collect();
            out.push(initials.join(match dot {
                "" => " ",
                _ => "",
            }));
        } else if shorten {
            out.push((*word).to_owned());
        } else {
            while out.len() > 1
                && matches!(out.last().map(String::as_str), Some("du" | "de" | "la"))
            {
                out.pop();
            }
        }
    }
    let changed = out.join(" ");
    let different = changed != typed.street && out.len() > 1;
    typed.street = changed;
    different
}

fn truncate(typed: &mut Typed, rng: &mut Rng) -> bool {
    let whole = text::capitals(&typed.street);
    if whole.len() < CUT_COLUMNS + 2 || !whole.is_ascii() {
        return false;
    }
    let cut = whole[..CUT_COLUMNS].trim_end();
    typed.street = match rng.chance(60) {
        true => cut.to_owned(),
        false => cut.to_lowercase(),
    };
    typed.cut = true;
    true
}

fn other_name(typed: &mut Typed, name: &str) -> bool {
    let Some(commune) = &mut typed.commune else {
        return false;
    };
    if name.is_empty() || fold(name) == fold(commune) {
        return false;
    }
    name.clone_into(commune);
    true
}
