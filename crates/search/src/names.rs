//! Names of the reference made words, and shown in good case.

use crate::fold::Folded;
use crate::{labels, lexicon};

/// Words of a name; what is beyond does not count.
pub(crate) const NAME_WORDS_MAX: usize = 16;

/// Whether a name is written in capitals.
pub(crate) fn is_capitals(name: &str) -> bool {
    !name.chars().any(char::is_lowercase)
}

/// The words of a street's name: abbreviations in full where only one word can be meant.
/// `type_apart` when the first word was given as the street's type.
pub(crate) fn street_words(
    name: &str,
    type_apart: bool,
    folded: &mut Folded,
    words: &mut Vec<Vec<u8>>,
) {
    folded.read(name, NAME_WORDS_MAX);
    words.clear();
    let short_types = type_apart || is_capitals(name);
    let count = folded.tokens.len();
    for at in 0..count {
        let word = folded.word(at);
        let long = match lexicon::street_type(word) {
            Some(full) if at == 0 && short_types && count > 1 => Some(full),
            _ => lexicon::sure_long_form(word).filter(|_| count > 1),
        };
        words.push(long.map_or(word, str::as_bytes).to_vec());
    }
}

/// The words of a commune's name, without what follows CEDEX and the number of an arrondissement.
pub(crate) fn town_words(name: &str, folded: &mut Folded, words: &mut Vec<Vec<u8>>) {
    folded.read(name, NAME_WORDS_MAX);
    words.clear();
    for at in 0..folded.tokens.len() {
        let word = folded.word(at);
        if word == b"cedex" {
            break;
        }
        if at > 0 && folded.tokens[at].digits {
            break;
        }
        let long = lexicon::sure_long_form(word);
        words.push(long.map_or(word, str::as_bytes).to_vec());
    }
}

/// `name` with single spaces; in good French case when it came in capitals.
pub(crate) fn shown(name: &str) -> String {
    let capitals = is_capitals(name);
    let mut out = String::with_capacity(name.len());
    for part in name.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if !capitals {
            out.push_str(part);
            continue;
        }
        let mut word = String::new();
        for c in part.chars() {
            if c.is_alphanumeric() {
                word.extend(c.to_lowercase());
                continue;
            }
            push_word(&mut out, &word);
            word.clear();
            out.push(c);
        }
        push_word(&mut out, &word);
    }
    out
}

fn push_word(out: &mut String, word: &str) {
    let long = lexicon::sure_long_form(word.as_bytes());
    let word = long.unwrap_or(word);
    let first = out.is_empty();
    if !first && labels::stays_small(word) {
        out.push_str(word);
        return;
    }
    let mut chars = word.chars();
    out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(chars.as_str());
}

/// An address that came in capitals as people write it: « 2 rue des Tilleuls, 53990 Val de
/// Lierre ». What follows the first word in lower case is left as it is, and so is an address that
/// came in good case.
#[must_use]
pub fn shown_line(line: &str) -> String {
    let capitals = |word: &&str| is_capitals(word);
    let head: Vec<&str> = line.split(' ').take_while(capitals).collect();
    let is_postcode = |word: &&str| word.len() == 5 && word.bytes().all(|b| b.is_ascii_digit());
    let postcode = head.iter().position(is_postcode);
    let (street, town) = head.split_at(postcode.unwrap_or(head.len()));
    let is_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let number = street
        .iter()
        .take_while(|word| is_number(word) || word.len() == 1);
    let (number, street) = street.split_at(number.count());
    let street = shown(&street.join(" "));
    let street = match number.is_empty() {
        true => street,
        false => labels::with_small_type(&street),
    };
    let place = [number.join(" "), street];
    let place: Vec<_> = place
        .iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let mut out = place.join(" ");
    if let Some((postcode, town)) = town.split_first() {
        if !out.is_empty() {
            out.push_str(", ");
        }
        out.push_str(postcode);
        let town = shown(&town.join(" "));
        if !town.is_empty() {
            out.push(' ');
            out.push_str(&town);
        }
    }
    let rest: Vec<&str> = line.split(' ').skip(head.len()).collect();
    if !rest.is_empty() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&rest.join(" "));
    }
    out
}

/// Number of the arrondissement that an INSEE code is of; 0 elsewhere.
pub(crate) fn part_of(insee: &str) -> u8 {
    let code: u32 = insee.parse().unwrap_or(0);
    let part = match code {
        75101..=75120 => code - 75100,
        69381..=69389 => code - 69380,
        13201..=13216 => code - 13200,
        _ => 0,
    };
    u8::try_from(part).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_are_shown_in_french_case() {
        for (name, expected) in [
            ("RUE DES TILLEULS", "Rue des Tilleuls"),
            ("RUE DE L'EGLISE", "Rue de l'Eglise"),
            ("PLACE JEANNE D'ARC", "Place Jeanne d'Arc"),
            ("AVENUE DU GAL LECLERC", "Avenue du General Leclerc"),
            ("Rue  de l’Église", "Rue de l’Église"),
            ("LE BOURG", "Le Bourg"),
            ("SAINT-DENIS-D'ANJOU", "Saint-Denis-d'Anjou"),
        ] {
            assert_eq!(shown(name), expected);
        }
    }

    #[test]
    fn a_line_in_capitals_is_shown_as_people_write_it_and_nothing_else_is_changed() {
        for (line, expected) in [
            (
                "2 RUE DES TILLEULS 53990 VAL DE LIERRE",
                "2 rue des Tilleuls, 53990 Val de Lierre",
            ),
            (
                "17 B ALLEE DE LA PETITE VALLEE 53991 ST AUBERT SUR BRUME",
                "17 B allée de la Petite Vallee, 53991 Saint Aubert sur Brume",
            ),
            ("LE BOURG 53130 LAVAL", "Le Bourg, 53130 Laval"),
            ("RUE DU GUE", "Rue du Gue"),
            (
                "12 RUE NEUVE 53000 LAVAL, bâtiment A, RDC",
                "12 rue Neuve, 53000 Laval, bâtiment A, RDC",
            ),
            (
                "12 bis rue des Tilleuls, 53000 Laval",
                "12 bis rue des Tilleuls, 53000 Laval",
            ),
            ("53000 LAVAL", "53000 Laval"),
            ("", ""),
        ] {
            assert_eq!(shown_line(line), expected);
        }
    }
}
