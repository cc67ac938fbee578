//! Mistakes of the hand and of the ear, in one word.

use crate::rng::Rng;
use crate::text::{edits, fold, without_ligatures};

/// Keys beside each other on a French keyboard.
const ROWS: [&str; 3] = ["azertyuiop", "qsdfghjklm", "wxcvbn"];

/// How many letters of a word of that length may be wrong for it to stay that word.
#[must_use]
pub fn letters_max(length: usize) -> usize {
    match length {
        0..=3 => 0,
        4..=5 => 1,
        _ => 2,
    }
}

/// Where the words of at least four letters are in `text`: byte ranges.
#[must_use]
pub fn long_words(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (c.is_alphabetic(), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                if text[from..at].chars().count() >= 4 {
                    words.push(from..at);
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

/// `word` with one mistake of the hand; `None` when it came out the same.
pub fn mistyped(word: &str, rng: &mut Rng) -> Option<String> {
    let mut chars: Vec<char> = word.chars().collect();
    // People seldom miss the first letter.
    let first = usize::from(!rng.chance(8));
    let at = rng.between(first, chars.len().checked_sub(1)?);
    match rng.below(6) {
        0 | 1 => chars[at] = beside(chars[at], rng)?,
        2 => {
            chars.remove(at);
        }
        3 => chars.insert(at, chars[at].to_ascii_lowercase()),
        4 if at + 1 < chars.len() => chars.swap(at, at + 1),
        _ => {
            let key = beside(chars[at], rng)?;
            let capitals = chars.get(at + 1).is_some_and(|c| c.is_uppercase());
            chars.insert(
                at + 1,
                if capitals {
                    key
                } else {
                    key.to_ascii_lowercase()
                },
            );
        }
    }
    let typed: String = chars.into_iter().collect();
    (edits(&fold(word), &fold(&typed), 1) == 1).then_some(typed)
}

/// A key beside that of `c`, in the same case.
fn beside(c: char, rng: &mut Rng) -> Option<char> {
    let folded = fold(&c.to_string());
    let key = folded.chars().next()?;
    let row = ROWS.iter().find(|row| row.contains(key))?;
    let at = row.find(key)?;
    let next = match at {
        0 => 1,
        _ if at + 1 == row.len() => at - 1,
        _ if rng.chance(50) => at - 1,
        _ => at + 1,
    };
    let near = row[next..].chars().next()?;
    Some(match c.is_uppercase() {
        true => near.to_ascii_uppercase(),
        false => near,
    })
}

/// Spellings that are read alike: what is written and what people write, at the end of the word
/// when it ends with `$`, at its beginning when it begins with `^`.
const ALIKE: &[(&str, &str)] = &[
    ("ph", "f"),
    ("th", "t"),
    ("rh", "r"),
    ("^h", ""),
    ("eau", "o"),
    ("eau", "au"),
    ("au", "o"),
    ("ai", "é"),
    ("ai", "ei"),
    ("ei", "ai"),
    ("ss", "s"),
    ("ss", "c"),
    ("ce", "se"),
    ("ci", "si"),
    ("ç", "s"),
    ("sc", "s"),
    ("y", "i"),
    ("i", "y"),
    ("ent", "ant"),
    ("ant", "ent"),
    ("en", "an"),
    ("an", "en"),
    ("em", "am"),
    ("qu", "k"),
    ("ca", "ka"),
    ("co", "ko"),
    ("cl", "kl"),
    ("cr", "kr"),
    ("ka", "ca"),
    ("ko", "co"),
    ("ll", "l"),
    ("nn", "n"),
    ("tt", "t"),
    ("rr", "r"),
    ("mm", "m"),
    ("pp", "p"),
    ("l", "ll"),
    ("n", "nn"),
    ("z", "s"),
    ("œ", "e"),
    ("ge", "je"),
    ("er$", "é"),
    ("et$", "é"),
    ("s$", ""),
    ("t$", ""),
    ("d$", ""),
    ("x$", ""),
    ("e$", ""),
    ("ain$", "in"),
    ("in$", "ain"),
    ("o$", "eau"),
    ("o$", "ot"),
];

/// `word` as one who heard it writes it; `None` when no rule applies.
pub fn misheard(word: &str, rng: &mut Rng) -> Option<String> {
    let small = word.to_lowercase();
    let (from, to) = ALIKE[rng.below(ALIKE.len())];
    let at = match (from.strip_prefix('^'), from.strip_suffix('$')) {
        (Some(start), _) => small.starts_with(start).then_some(0)?,
        (_, Some(end)) => small.ends_with(end).then(|| small.len() - end.len())?,
        _ => {
            let places: Vec<_> = small.match_indices(from).map(|(at, _)| at).collect();
            *places.get(rng.below(places.len()))?
        }
    };
    let length = from.trim_matches(['^', '$']).len();
    // A third of the same letter, or a vowel more before `an`, would be read otherwise.
    let around = (
        small[..at].chars().next_back(),
        small[at + length..].chars().next(),
    );
    let doubled = to.len() == 2 && to.as_bytes()[0] == to.as_bytes()[1];
    let same = |c: Option<char>| c.is_some_and(|c| to.contains(c));
    let vowel = around.0.is_some_and(|c| "aeiouyéèêëïîôûâà".contains(c));
    if (doubled && (same(around.0) || same(around.1)))
        || (vowel && ["an", "en", "em", "i"].contains(&from))
    {
        return None;
    }
    let mut typed = format!("{}{to}{}", &small[..at], &small[at + length..]);
    let capital = word.chars().next().is_some_and(char::is_uppercase);
    if capital {
        let mut chars = typed.chars();
        let first = chars.next()?;
        typed = first.to_uppercase().chain(chars).collect();
    }
    let (meant, written) = (fold(word), fold(&typed));
    let max = match from {
        // Three letters, one sound.
        "eau" if meant.len() > 6 => 3,
        _ => letters_max(without_ligatures(word).chars().count()),
    };
    let letters = edits(&meant, &written, max);
    ((1..=max).contains(&letters) && written.len() > 3).then_some(typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_recognisable() {
        let mut rng = Rng::new(1);
        for word in [
            "Moulin", "Église", "Château", "Rousseau", "Philippe", "Gare",
        ] {
            let typed: Vec<_> = (0..300).filter_map(|_| mistyped(word, &mut rng)).collect();
            assert!(typed.len() > 100);
            for typed in typed {
                assert_eq!(edits(&fold(word), &fold(&typed), 3), 1, "{word} {typed}");
            }
            for heard in (0..300).filter_map(|_| misheard(word, &mut rng)) {
                assert!(edits(&fold(word), &fold(&heard), 9) <= 3, "{word} {heard}");
                assert_ne!(fold(word), fold(&heard));
            }
        }
        assert_eq!(letters_max(3), 0);
    }

    #[test]
    fn long_words_are_found_between_apostrophes_and_hyphens() {
        let text = "Rue de l'Église Saint-Exupéry";
        let words: Vec<_> = long_words(text)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(words, ["Église", "Saint", "Exupéry"]);
    }
}
