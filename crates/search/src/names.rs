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
}
