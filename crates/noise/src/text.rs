//! Letters and words: without accents, in capitals, decomposed, and how far two words are apart.

/// Accented letters with the letter below and the combining mark.
const ACCENTS: &[(char, char, char)] = &[
    ('à', 'a', '\u{300}'),
    ('â', 'a', '\u{302}'),
    ('ä', 'a', '\u{308}'),
    ('ã', 'a', '\u{303}'),
    ('á', 'a', '\u{301}'),
    ('ç', 'c', '\u{327}'),
    ('é', 'e', '\u{301}'),
    ('è', 'e', '\u{300}'),
    ('ê', 'e', '\u{302}'),
    ('ë', 'e', '\u{308}'),
    ('í', 'i', '\u{301}'),
    ('ì', 'i', '\u{300}'),
    ('î', 'i', '\u{302}'),
    ('ï', 'i', '\u{308}'),
    ('ñ', 'n', '\u{303}'),
    ('ó', 'o', '\u{301}'),
    ('ò', 'o', '\u{300}'),
    ('ô', 'o', '\u{302}'),
    ('ö', 'o', '\u{308}'),
    ('ú', 'u', '\u{301}'),
    ('ù', 'u', '\u{300}'),
    ('û', 'u', '\u{302}'),
    ('ü', 'u', '\u{308}'),
    ('ÿ', 'y', '\u{308}'),
    ('À', 'A', '\u{300}'),
    ('Â', 'A', '\u{302}'),
    ('Ä', 'A', '\u{308}'),
    ('Ç', 'C', '\u{327}'),
    ('É', 'E', '\u{301}'),
    ('È', 'E', '\u{300}'),
    ('Ê', 'E', '\u{302}'),
    ('Ë', 'E', '\u{308}'),
    ('Î', 'I', '\u{302}'),
    ('Ï', 'I', '\u{308}'),
    ('Ô', 'O', '\u{302}'),
    ('Ö', 'O', '\u{308}'),
    ('Ù', 'U', '\u{300}'),
    ('Û', 'U', '\u{302}'),
    ('Ü', 'U', '\u{308}'),
];

/// Two letters written as one.
pub const LIGATURES: &[(&str, &str)] = &[
    ("œ", "oe"),
    ("Œ", "Oe"),
    ("æ", "ae"),
    ("Æ", "Ae"),
    ("ﬁ", "fi"),
    ("ﬂ", "fl"),
];

fn accent(c: char) -> Option<(char, char)> {
    if c.is_ascii() {
        return None;
    }
    let found = ACCENTS.iter().find(|(accented, ..)| *accented == c)?;
    Some((found.1, found.2))
}

/// Whether a letter of `text` bears an accent.
#[must_use]
pub fn has_accents(text: &str) -> bool {
    text.chars().any(|c| accent(c).is_some())
}

/// `text` without its accents; ligatures stay.
#[must_use]
pub fn without_accents(text: &str) -> String {
    text.chars()
        .map(|c| accent(c).map_or(c, |(letter, _)| letter))
        .collect()
}

/// `text` with accents apart from their letters (NFD).
#[must_use]
pub fn decomposed(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match accent(c) {
            Some((letter, mark)) => out.extend([letter, mark]),
            None => out.push(c),
        }
    }
    out
}

/// `text` with ligatures as two letters.
#[must_use]
pub fn without_ligatures(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut out = text.to_owned();
    for (one, two) in LIGATURES {
        out = out.replace(one, two);
    }
    out
}

/// Small letters and digits alone, words apart by one space.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in without_ligatures(text).chars() {
        if ('\u{300}'..='\u{36f}').contains(&c) {
            continue;
        }
        let c = accent(c).map_or(c, |(letter, _)| letter);
        if c.is_alphanumeric() {
            if gap && !out.is_empty() {
                out.push(' ');
            }
            gap = false;
            out.extend(c.to_lowercase());
        } else {
            gap = true;
        }
    }
    out
}

/// [`fold`] in capitals, as the post writes.
#[must_use]
pub fn capitals(text: &str) -> String {
    fold(text).to_uppercase()
}

/// How many letters are to be added, taken, changed, or swapped with their neighbour to make `a`
/// of `b`; more than `max` is said as `max + 1`.
#[must_use]
pub fn edits(a: &str, b: &str, max: usize) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let (n, m) = (a.len(), b.len());
    if n.abs_diff(m) > max || n >= ROW || m >= ROW {
        return max + 1;
    }
    let mut before = [0_u8; ROW];
    let mut last = [0_u8; ROW];
    let mut row = [0_u8; ROW];
    for (j, cell) in last.iter_mut().enumerate().take(m + 1) {
        *cell = j as u8;
    }
    for i in 1..=n {
        row[0] = i as u8;
        let mut least = i as u8;
        for j in 1..=m {
            let change = last[j - 1] + u8::from(a[i - 1] != b[j - 1]);
            let mut cost = change.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost;
            least = least.min(cost);
        }
        if usize::from(least) > max {
            return max + 1;
        }
        before = last;
        last = row;
    }
    usize::from(last[m]).min(max + 1)
}

/// Longer words are not compared letter by letter.
const ROW: usize = 64;

/// What a folded word sounds like, roughly: enough to see that two spellings are read alike.
#[must_use]
pub fn sound(word: &str) -> String {
    let mut text = word.to_owned();
    for (from, to) in SOUNDS {
        if text.contains(from) {
            text = text.replace(from, to);
        }
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != 'h' && !out.ends_with(c) {
            out.push(c);
        }
    }
    while out.len() > 2 && out.ends_with(['s', 't', 'd', 'x', 'e', 'z', 'p']) {
        out.pop();
    }
    out
}

/// Spellings and how they are read, in this order.
const SOUNDS: &[(&str, &str)] = &[
    ("sch", "ch"),
    ("ph", "f"),
    ("eau", "o"),
    ("au", "o"),
    ("aix", "e"),
    ("ai", "e"),
    ("ei", "e"),
    ("oe", "e"),
    ("ain", "in"),
    ("ein", "in"),
    ("en", "an"),
    ("em", "an"),
    ("am", "an"),
    ("y", "i"),
    ("qu", "k"),
    ("q", "k"),
    ("ce", "se"),
    ("ci", "si"),
    ("c", "k"),
    ("kh", "ch"),
    ("z", "s"),
    ("ge", "je"),
    ("gi", "ji"),
    ("w", "v"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_keeps_letters_and_digits() {
        assert_eq!(fold("L'Haÿ-les-Roses  (94)"), "l hay les roses 94");
        assert_eq!(fold("Sacré-C\u{153}ur"), "sacre coeur");
        assert_eq!(fold(&decomposed("Évêché")), fold("Évêché"));
        assert_eq!(capitals("Saint-Ouën"), "SAINT OUEN");
    }

    #[test]
    fn edits_count_swaps_as_one() {
        assert_eq!(edits("moulin", "mouiln", 2), 1);
        assert_eq!(edits("moulin", "molin", 2), 1);
        assert_eq!(edits("moulin", "moullin", 2), 1);
        assert_eq!(edits("moulin", "melon", 2), 3);
        assert_eq!(edits("", "abc", 3), 3);
    }

    #[test]
    fn spellings_read_alike_sound_alike() {
        for (a, b) in [
            ("chateau", "chato"),
            ("philippe", "filipe"),
            ("thomas", "tomas"),
            ("henri", "anri"),
            ("fontaine", "fontene"),
        ] {
            assert_eq!(sound(a), sound(b), "{a} {b}");
        }
        assert_ne!(sound("moulin"), sound("maison"));
    }
}
