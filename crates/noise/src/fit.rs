//! What a careful person who has the whole base before them makes of a query: how far each address
//! is from what was typed, and so whether it is one address, several alike, or none.
//!
//! The one who judges knows which typed words are the street, the commune, the number: the cases
//! are made from them. Distances count halves of a misspelt letter. An address that is exactly what
//! was typed is it, if alone; one at a distance must be nearer than every other by a whole letter.
//! What is neither clearly one nor clearly several is unclear, and no case is made of it.

use std::collections::HashMap;

use crate::read::{Base, Door, Place, Way};
use crate::text::{edits, fold, sound};
use crate::words::{is_given, is_link, is_short_for, is_type};

/// An article or a small word too many or missing, a first name as its initial.
const SMALL: u32 = 1;
/// A misspelt letter.
const LETTER: u32 = 2;
/// A first name, a title, a year or the type left out.
const LEFT_OUT: u32 = 2;
/// A word left out or added, another type.
const WORD: u32 = 4;
/// Words that are not the same.
const OTHER: u32 = 6;
/// Nothing in common.
const FAR: u32 = 8;
/// The postcode is right, the commune another.
const OTHER_COMMUNE: u32 = 3;
const OTHER_POSTCODE: u32 = 2;
const OTHER_DEPARTMENT: u32 = 4;
/// Letters typed that a name does not have, beyond which it is not that name.
const LETTERS_MAX: u32 = 4;
const WORDS_MAX: usize = 16;

/// A name in folded words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    words: Vec<Word>,
    joined: String,
    /// Bit by letter, types of streets aside.
    letters: u32,
    way: bool,
}

#[derive(Clone, Debug)]
struct Word {
    text: String,
    sound: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Type,
    Link,
    Given,
    Number,
    Plain,
}

impl Words {
    /// Of a street or hamlet.
    pub(crate) fn of_way(text: &str) -> Self {
        Self::new(text, true)
    }

    /// Of a commune.
    pub(crate) fn of_place(text: &str) -> Self {
        Self::new(text, false)
    }

    fn new(text: &str, way: bool) -> Self {
        let folded = fold(text);
        let mut rest = folded.as_str();
        if way {
            for said in ["au lieu dit ", "lieu dit ", "lieudit ", "ld "] {
                rest = rest.strip_prefix(said).unwrap_or(rest);
            }
        }
        let mut words = Vec::new();
        let mut letters = 0;
        for (at, word) in rest.split(' ').take(WORDS_MAX).enumerate() {
            let short_type = way && at == 0 && short_type(word);
            let kind = match word {
                _ if way && at == 0 && (is_type(word) || short_type) => Kind::Type,
                _ if word.bytes().all(|b| b.is_ascii_digit()) => Kind::Number,
                _ if is_link(word) => Kind::Link,
                _ if way && is_given(word) => Kind::Given,
                _ => Kind::Plain,
            };
            if kind != Kind::Type {
                letters |= letters_of(word);
            }
            words.push(Word {
                text: word.to_owned(),
                sound: sound(word),
                kind,
            });
        }
        Self {
            words,
            joined: rest.replace(' ', ""),
            letters,
            way,
        }
    }

    /// How far `self`, typed, is from `name`; [`FAR`] when it is not it at all.
    fn distance(&self, name: &Words) -> u32 {
        if (self.letters & !name.letters).count_ones() > LETTERS_MAX {
            return FAR;
        }
        if self.joined == name.joined && self.words.len() == name.words.len() {
            return 0;
        }
        let by_words = self.aligned(name);
        if by_words > SMALL && self.words.len() != name.words.len() {
            let letters = edits(&self.joined, &name.joined, 2) as u32;
            if letters <= 2 {
                return by_words.min(SMALL + LETTER * letters);
            }
        }
        by_words.min(FAR)
    }

    fn aligned(&self, name: &Words) -> u32 {
        let (typed, name_words) = (&self.words, &name.words);
        let mut row = [0_u32; WORDS_MAX + 1];
        for (j, word) in name_words.iter().enumerate() {
            row[j + 1] = row[j] + missing(word, name.way);
        }
        for word in typed {
            let mut corner = row[0];
            row[0] += extra(word);
            for (j, other) in name_words.iter().enumerate() {
                let same = corner + word_distance(word, other, name.way);
                corner = row[j + 1];
                row[j + 1] = same
                    .min(row[j] + missing(other, name.way))
                    .min(corner + extra(word));
            }
        }
        row[name_words.len()]
    }

    /// Whether `typed`, cut at some column, is the beginning of this name.
    fn begins_with(&self, typed: &str) -> bool {
        let mut rest = typed;
        for (at, word) in self.words.iter().enumerate() {
            let text = word.text.as_str();
            if text.starts_with(rest) {
                return at > 0;
            }
            let Some(after) = rest.strip_prefix(text) else {
                return false;
            };
            rest = after.strip_prefix(' ').unwrap_or(after);
            if rest.is_empty() {
                return true;
            }
        }
        false
    }
}

fn short_type(word: &str) -> bool {
    const SHORT_TYPES: &[&str] = &[
        "r", "av", "ave", "bd", "bld", "boul", "bvd", "pl", "all", "imp", "che", "chem", "ch",
        "rte", "lot", "res", "resid", "sq", "pass", "pas", "fg", "fbg", "qua", "quart", "ham",
        "crs", "esp", "prom", "tra", "sen", "ven", "rle",
    ];
    SHORT_TYPES.contains(&word)
}

fn letters_of(word: &str) -> u32 {
    word.bytes()
        .filter(u8::is_ascii_lowercase)
        .fold(0, |letters, b| letters | 1 << (b - b'a'))
}

/// A word of the name was not typed.
fn missing(word: &Word, way: bool) -> u32 {
    match word.kind {
        Kind::Link => SMALL,
        Kind::Type | Kind::Given => LEFT_OUT,
        Kind::Number if way => LEFT_OUT,
        _ => WORD,
    }
}

/// A word was typed that the name has not.
fn extra(word: &Word) -> u32 {
    match word.kind {
        Kind::Link => SMALL,
        _ => WORD,
    }
}

fn word_distance(typed: &Word, word: &Word, way: bool) -> u32 {
    let (a, b) = (typed.text.as_str(), word.text.as_str());
    if a == b || is_short_for(a, b) || is_short_for(b, a) {
        return 0;
    }
    match (typed.kind, word.kind) {
        (Kind::Link, Kind::Link) => return SMALL,
        (Kind::Type, Kind::Type) => {
            return match misspelt(a, b) {
                Some(cost) => cost.min(WORD),
                None => WORD,
            };
        }
        (Kind::Number, _) | (_, Kind::Number) => return OTHER,
        _ => {}
    }
    if way && word.kind == Kind::Given && a.len() <= 3 && b.starts_with(a) {
        return SMALL;
    }
    let alike = a.len() > 3 && typed.sound == word.sound;
    match misspelt(a, b) {
        Some(_) if alike => SMALL,
        Some(cost) => cost,
        None if alike => LETTER,
        None => OTHER,
    }
}

/// The cost of reading `a` as `b`, if they are so near.
fn misspelt(a: &str, b: &str) -> Option<u32> {
    let longest = a.len().max(b.len());
    let max = match longest {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let letters = edits(a, b, max);
    (letters <= max).then_some(LETTER * letters as u32)
}

/// What was typed, as it is read.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub number: Option<u32>,
    /// Folded.
    pub suffix: String,
    pub street: Words,
    /// The street's text when it was cut at some column, folded.
    pub cut: Option<String>,
    pub commune: Option<Words>,
    /// What the commune's distances are remembered by.
    pub commune_text: String,
    pub postcode: Option<String>,
}

/// What a person makes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is the expected address and no other.
    Unique,
    /// So many addresses fit as well, the expected one among them.
    Ambiguous(usize),
    /// Hard to tell: not to be asked.
    Unclear,
}

/// Distances: of the street, of the place, of the number's suffix.
type Distances = (u32, u32, u32);

/// Reads queries against one base.
pub(crate) struct Reader<'a> {
    base: &'a Base,
    /// By the commune's typed text: the distance of each place's names.
    communes: HashMap<String, Vec<u8>>,
}

/// More texts of communes are forgotten.
const REMEMBERED_MAX: usize = 4_096;

impl<'a> Reader<'a> {
    pub(crate) fn new(base: &'a Base) -> Self {
        Self {
            base,
            communes: HashMap::new(),
        }
    }

    /// What `asked` is, when `door` of `way` is meant.
    pub(crate) fn read(&mut self, asked: &Asked, way: u32, door: Door) -> Reading {
        let places = self.places(asked);
        let meant = &self.base.ways[way as usize];
        let street = street_distance(asked, &self.base.name(meant).words);
        let place = places[meant.place as usize];
        let Some(suffix) = door_distance(self.base, asked, door) else {
            return Reading::Unclear;
        };
        let target = (street, place, suffix);
        let total = sum(target);
        if street >= FAR || place >= FAR {
            return Reading::Unclear;
        }
        let (mut equal, mut near) = (0, false);
        self.each_near(asked, &places, total + 1, &mut |other, distances| {
            let base = self.base;
            let found = &base.ways[other as usize];
            // A better street without the number makes one wonder as well.
            near |= total > 0 && distances.0 + distances.1 < street + place;
            for &one in &found.doors {
                if base.key(one) == base.key(door) {
                    continue;
                }
                let Some(suffix) = door_distance(base, asked, one) else {
                    continue;
                };
                let distances = (distances.0, distances.1, suffix);
                if distances == target {
                    equal += 1;
                } else if sum(distances) <= total || (total > 0 && sum(distances) == total + 1) {
                    near = true;
                }
            }
        });
        match (near, equal) {
            (true, _) => Reading::Unclear,
            (false, 0) => Reading::Unique,
            (false, others) => Reading::Ambiguous(others + 1),
        }
    }

    /// Whether nothing in the base is within `distance` of what was asked.
    pub(crate) fn is_absent(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        let mut found = false;
        self.each_near(asked, &places, distance, &mut |way, distances| {
            let doors = &self.base.ways[way as usize].doors;
            let fits = |&door: &Door| {
                let suffix = door_distance(self.base, asked, door);
                suffix.is_some_and(|suffix| distances.0 + distances.1 + suffix <= distance)
            };
            found |= doors.iter().any(fits);
        });
        !found
    }

    /// Whether no street in the base is within `distance` of what was asked, whatever its numbers.
    pub(crate) fn is_no_street(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        let mut found = false;
        self.each_near(asked, &places, distance, &mut |_, _| found = true);
        !found
    }

    /// Whether no place in the base is within `distance` of what was asked.
    pub(crate) fn is_no_place(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        places.iter().all(|&place| place > distance)
    }

    /// Calls `each` with the streets whose distance is at most `max`.
    fn each_near(
        &self,
        asked: &Asked,
        places: &[u32],
        max: u32,
        each: &mut dyn FnMut(u32, Distances),
    ) {
        let base = self.base;
        if asked.commune.is_none() && asked.postcode.is_none() {
            for name in &base.names {
                let street = street_distance(asked, &name.words);
                if street <= max {
                    name.ways.iter().for_each(|&way| each(way, (street, 0, 0)));
                }
            }
            return;
        }
        for (place, &distance) in base.places.iter().zip(places) {
            if distance > max {
                continue;
            }
            for &way in &place.ways {
                let name = base.name(&base.ways[way as usize]);
                let street = street_distance(asked, &name.words);
                if street + distance <= max {
                    each(way, (street, distance, 0));
                }
            }
        }
    }

    /// The distance of each place.
    fn places(&mut self, asked: &Asked) -> Vec<u32> {
        let base = self.base;
        let Some(commune) = &asked.commune else {
            let places = base.places.iter();
            return places
                .map(|place| postcode_distance(asked, place))
                .collect();
        };
        if self.communes.len() > REMEMBERED_MAX {
            self.communes.clear();
        }
        let known = self.communes.entry(asked.commune_text.clone());
        let named = known.or_insert_with(|| {
            let places = base.places.iter();
            places
                .map(|place| commune_distance(commune, place) as u8)
                .collect()
        });
        let both = base.places.iter().zip(named.iter());
        both.map(|(place, &named)| {
            let posted = postcode_distance(asked, place);
            let by_both = (u32::from(named) + posted).min(FAR);
            match asked.postcode.is_some() && posted == 0 {
                true => by_both.min(OTHER_COMMUNE),
                false => by_both,
            }
        })
        .collect()
    }
}

fn sum((street, place, suffix): Distances) -> u32 {
    street + place + suffix
}

fn street_distance(asked: &Asked, name: &Words) -> u32 {
    let distance = asked.street.distance(name);
    match &asked.cut {
        Some(cut) if distance > SMALL && name.begins_with(cut) => SMALL,
        _ => distance,
    }
}

fn commune_distance(typed: &Words, place: &Place) -> u32 {
    let others = place.others.iter();
    let others = others.map(|other| typed.distance(other) + SMALL).min();
    let by_name = typed.distance(&place.commune_words);
    by_name.min(others.unwrap_or(FAR)).min(FAR)
}

fn postcode_distance(asked: &Asked, place: &Place) -> u32 {
    match asked.postcode.as_deref() {
        None => 0,
        Some(typed) if typed == place.postcode => 0,
        _ if asked.commune.is_none() => FAR,
        Some(typed) if typed.get(..2) == place.postcode.get(..2) => OTHER_POSTCODE,
        Some(_) => OTHER_DEPARTMENT,
    }
}

/// `None` when the number is another.
fn door_distance(base: &Base, asked: &Asked, door: Door) -> Option<u32> {
    let Some(number) = asked.number else {
        // No number typed: the place as a whole, or whatever door it has.
        return Some(match door.number {
            0 => 0,
            _ => LEFT_OUT,
        });
    };
    if number != door.number || number == 0 {
        return None;
    }
    let (typed, suffix) = (asked.suffix.as_str(), base.suffix(door));
    let short = |long: &str, short: &str| {
        let pair = (long, short);
        matches!(pair, ("bis", "b") | ("ter", "t") | ("quater", "q"))
    };
    match typed == suffix {
        true => Some(0),
        false if short(typed, suffix) || short(suffix, typed) => Some(SMALL),
        false => None,
    }
}

/// The same by looking at every address, for tests.
#[cfg(test)]
pub(crate) fn fits_of_all(base: &Base, asked: &Asked) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    for way in &base.ways {
        let place = base.place(way);
        let posted = postcode_distance(asked, place);
        let placed = match &asked.commune {
            None => posted,
            Some(typed) => {
                let both = (commune_distance(typed, place) + posted).min(FAR);
                match asked.postcode.is_some() && posted == 0 {
                    true => both.min(OTHER_COMMUNE),
                    false => both,
                }
            }
        };
        let street = street_distance(asked, &base.name(way).words);
        for &door in &way.doors {
            if let Some(suffix) = door_distance(base, asked, door) {
                all.push((street + placed + suffix, base.key(door).to_owned()));
            }
        }
    }
    all.sort();
    all
}

/// Whether the name begins with no type of street.
pub(crate) fn is_hamlet(base: &Base, way: &Way) -> bool {
    let words = &base.name(way).words.words;
    words.first().is_none_or(|word| word.kind != Kind::Type)
}
