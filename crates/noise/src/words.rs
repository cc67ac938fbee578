//! What a person knows of the words of French addresses: types of streets, short forms, articles,
//! numbers in words.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::names;
use crate::text::fold;

/// Long forms and the short ones people type, all folded; the post's own comes first.
pub const SHORT_FORMS: &[(&str, &[&str])] = &[
    ("rue", &["r"]),
    ("avenue", &["av", "ave"]),
    ("boulevard", &["bd", "bld", "boul", "bvd"]),
    ("place", &["pl"]),
    ("allee", &["all"]),
    ("allees", &["all"]),
    ("impasse", &["imp"]),
    ("chemin", &["che", "chem", "ch"]),
    ("route", &["rte"]),
    ("lotissement", &["lot"]),
    ("residence", &["res", "resid"]),
    ("square", &["sq"]),
    ("passage", &["pass", "pas"]),
    ("faubourg", &["fg", "fbg"]),
    ("quartier", &["qua", "quart"]),
    ("hameau", &["ham"]),
    ("cours", &["crs"]),
    ("esplanade", &["esp"]),
    ("promenade", &["prom"]),
    ("traverse", &["tra"]),
    ("sentier", &["sen"]),
    ("venelle", &["ven"]),
    ("ruelle", &["rle"]),
    ("saint", &["st"]),
    ("sainte", &["ste"]),
    ("general", &["gal", "gen"]),
    ("marechal", &["mal", "mar"]),
    ("docteur", &["dr", "doct"]),
    ("commandant", &["cdt", "cmdt"]),
    ("colonel", &["col"]),
    ("capitaine", &["cne", "cap"]),
    ("lieutenant", &["lt"]),
    ("professeur", &["pr", "prof"]),
    ("president", &["pdt", "pres"]),
    ("monseigneur", &["mgr"]),
    ("sergent", &["sgt"]),
    ("adjudant", &["adj"]),
    ("grand", &["gd"]),
    ("grande", &["gde"]),
    ("petit", &["pt"]),
    ("petite", &["pte"]),
    ("vieux", &["vx"]),
    ("sur", &["s"]),
    ("sous", &["ss"]),
    ("departementale", &["dep"]),
];

static SHORT: LazyLock<HashMap<&'static str, &'static [&'static str]>> =
    LazyLock::new(|| SHORT_FORMS.iter().copied().collect());

/// The short forms of a folded word.
#[must_use]
pub fn short_forms(word: &str) -> &'static [&'static str] {
    SHORT.get(word).copied().unwrap_or(&[])
}

/// The post's short form of a folded word.
#[must_use]
pub fn shortest(word: &str) -> Option<&'static str> {
    short_forms(word).first().copied()
}

/// Whether `typed` is a short form of `word`, both folded.
#[must_use]
pub fn is_short_for(typed: &str, word: &str) -> bool {
    short_forms(word).contains(&typed)
}

/// Types of streets, folded.
static TYPES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let others = [
        "quartier", "allees", "chaussee", "porte", "zone", "rond", "hent", "straed", "strada",
    ];
    let mut types: Vec<_> = names::TYPES.iter().map(|(name, _)| fold(name)).collect();
    types.extend(others.map(str::to_owned));
    types.sort();
    types.dedup();
    types
});

/// Whether a folded word is a type of street.
#[must_use]
pub fn is_type(word: &str) -> bool {
    TYPES.binary_search_by(|one| one.as_str().cmp(word)).is_ok()
}

/// Articles and small words between others, folded.
const LINKS: &[&str] = &[
    "d", "l", "de", "du", "des", "la", "le", "les", "a", "au", "aux", "en", "et", "sur", "sous",
    "les", "lez", "n",
];

/// Whether a folded word only ties others.
#[must_use]
pub fn is_link(word: &str) -> bool {
    LINKS.contains(&word)
}

static GIVEN: LazyLock<Vec<String>> = LazyLock::new(|| {
    let all = names::TITLES.iter().chain(names::FIRST_NAMES);
    let mut given: Vec<_> = all.map(|name| fold(name)).collect();
    given.retain(|name| !name.contains(' '));
    given.sort();
    given.dedup();
    given
});

/// Whether a folded word is a first name or a title, which people leave out.
#[must_use]
pub fn is_given(word: &str) -> bool {
    GIVEN.binary_search_by(|one| one.as_str().cmp(word)).is_ok()
}

const UNITS: &[&str] = &[
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze",
    "douze", "treize", "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
];
const TENS: &[(u32, &str)] = &[
    (20, "vingt"),
    (30, "trente"),
    (40, "quarante"),
    (50, "cinquante"),
    (60, "soixante"),
];

/// A number below 200 in words; `None` above.
#[must_use]
pub fn number_in_words(number: u32) -> Option<String> {
    let unit = |n: u32| UNITS.get(n as usize).copied().unwrap_or_default();
    Some(match number {
        0..=19 => unit(number).to_owned(),
        20..=69 => {
            let (ten, word) = *TENS.iter().rev().find(|(ten, _)| *ten <= number)?;
            match number - ten {
                0 => word.to_owned(),
                1 => format!("{word} et un"),
                rest => format!("{word}-{}", unit(rest)),
            }
        }
        71 => "soixante et onze".to_owned(),
        70..=79 => format!("soixante-{}", unit(number - 60)),
        80 => "quatre-vingts".to_owned(),
        81..=99 => format!("quatre-vingt-{}", unit(number - 80)),
        100 => "cent".to_owned(),
        101..=199 => format!("cent {}", number_in_words(number - 100)?),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_french_people_do() {
        for (number, words) in [
            (1, "un"),
            (17, "dix-sept"),
            (21, "vingt et un"),
            (48, "quarante-huit"),
            (71, "soixante et onze"),
            (75, "soixante-quinze"),
            (80, "quatre-vingts"),
            (91, "quatre-vingt-onze"),
            (142, "cent quarante-deux"),
        ] {
            assert_eq!(number_in_words(number).as_deref(), Some(words));
        }
        assert_eq!(number_in_words(200), None);
    }

    #[test]
    fn words_are_of_their_kind() {
        assert!(is_type("rue") && is_type("allee") && !is_type("moulin"));
        assert!(is_link("du") && !is_link("moulin"));
        assert!(is_given("jean") && is_given("general") && !is_given("moulin"));
        assert!(is_short_for("bd", "boulevard") && !is_short_for("bd", "avenue"));
    }
}
