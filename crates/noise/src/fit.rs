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

    /// Whether `self`, typed, is a commune's name up to its `sur`, `en`, `lès`…
    fn is_head_of(&self, name: &Words) -> bool {
        let typed = &self.words;
        let tied = name.words.get(typed.len());
        tied.is_some_and(|word| word.kind == Kind::Link)
            && typed
                .iter()
                .zip(&name.words)
                .all(|(a, b)| word_distance(a, b, false) == 0)
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

/// How far a place is from what was typed of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Placed {
    /// Commune and postcode as they are.
    plain: u32,
    /// As much at most as another commune of the same postcode: the commune may be what is wrong.
    capped: u32,
    /// The postcode is not the one that was typed.
    otherwise: bool,
}

impl Placed {
    fn new(asked: &Asked, place: &Place, named: u32) -> Self {
        let posted = postcode_distance(asked, place);
        let plain = (named + posted).min(FAR);
        Self {
            plain,
            capped: match asked.postcode.is_some() && posted == 0 {
                true => plain.min(OTHER_COMMUNE),
                false => plain,
            },
            otherwise: posted > 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Distances {
    street: u32,
    place: Placed,
    suffix: u32,
}

impl Distances {
    fn plain(&self) -> u32 {
        self.street + self.place.plain + self.suffix
    }
}

/// Compares what is meant with all else that is near.
struct Comparison {
    target: Distances,
    equal: usize,
    near: bool,
}

impl Comparison {
    fn with(target: Distances) -> Self {
        Self {
            target,
            equal: 0,
            near: false,
        }
    }

    /// How far another place is: when its street is nearer, or the postcode that was typed is not
    /// that of the commune that is meant, the commune may be what is wrong.
    fn place(&self, street: u32, place: Placed) -> u32 {
        match self.target.place.otherwise || street < self.target.street {
            true => place.capped,
            false => place.plain,
        }
    }

    /// A better street makes one wonder, though it has not the number.
    fn street(&mut self, street: u32, place: Placed) {
        let meant = self.target.street + self.target.place.plain;
        let other = street + self.place(street, place);
        self.near |= self.target.plain() > 0 && other < meant;
    }

    fn door(&mut self, other: Distances) {
        let (meant, place) = (self.target.plain(), self.place(other.street, other.place));
        let sum = other.street + place + other.suffix;
        let alike = (other.street, place, other.suffix)
            == (
                self.target.street,
                self.target.place.plain,
                self.target.suffix,
            );
        if alike {
            self.equal += 1;
        } else if sum <= meant || (meant > 0 && sum == meant + 1) {
            self.near = true;
        }
    }

    fn reading(&self) -> Reading {
        match (self.near, self.equal) {
            (true, _) => Reading::Unclear,
            (false, 0) => Reading::Unique,
            (false, others) => Reading::Ambiguous(others + 1),
        }
    }
}

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
        let base = self.base;
        let places = self.places(asked);
        let meant = &base.ways[way as usize];
        let Some(suffix) = door_distance(base, asked, door) else {
            return Reading::Unclear;
        };
        let target = Distances {
            street: street_distance(asked, &base.name(meant).words),
            place: places[meant.place as usize],
            suffix,
        };
        if target.street >= FAR || target.place.plain >= FAR {
            return Reading::Unclear;
        }
        let mut verdict = Comparison::with(target);
        let limit = target.plain() + 1;
        self.each_near(asked, &places, limit, &mut |other, street, place| {
            verdict.street(street, place);
            for &one in &base.ways[other as usize].doors {
                if let Some(suffix) = door_distance(base, asked, one)
                    && base.key(one) != base.key(door)
                {
                    verdict.door(Distances {
                        street,
                        place,
                        suffix,
                    });
                }
            }
        });
        verdict.reading()
    }

    /// Whether nothing in the base is within `distance` of what was asked.
    pub(crate) fn is_absent(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        let mut found = false;
        self.each_near(asked, &places, distance, &mut |way, street, place| {
            let doors = &self.base.ways[way as usize].doors;
            let fits = |&door: &Door| {
                let suffix = door_distance(self.base, asked, door);
                suffix.is_some_and(|suffix| street + place.capped + suffix <= distance)
            };
            found |= doors.iter().any(fits);
        });
        !found
    }

    /// Whether no street in the base is within `distance` of what was asked, whatever its numbers.
    pub(crate) fn is_no_street(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        let mut found = false;
        self.each_near(asked, &places, distance, &mut |_, _, _| found = true);
        !found
    }

    /// Whether no place in the base is within `distance` of what was asked.
    pub(crate) fn is_no_place(&mut self, asked: &Asked, distance: u32) -> bool {
        let places = self.places(asked);
        places.iter().all(|place| place.capped > distance)
    }

    /// Calls `each` with the streets whose distance is at most `max`.
    fn each_near(
        &self,
        asked: &Asked,
        places: &[Placed],
        max: u32,
        each: &mut dyn FnMut(u32, u32, Placed),
    ) {
        let base = self.base;
        if asked.commune.is_none() && asked.postcode.is_none() {
            for name in &base.names {
                let street = street_distance(asked, &name.words);
                if street <= max {
                    let anywhere = Placed::default();
                    name.ways
                        .iter()
                        .for_each(|&way| each(way, street, anywhere));
                }
            }
            return;
        }
        for (place, &placed) in base.places.iter().zip(places) {
            if placed.capped > max {
                continue;
            }
            for &way in &place.ways {
                let name = base.name(&base.ways[way as usize]);
                let street = street_distance(asked, &name.words);
                if street + placed.capped <= max {
                    each(way, street, placed);
                }
            }
        }
    }

    /// The distance of each place.
    fn places(&mut self, asked: &Asked) -> Vec<Placed> {
        let base = self.base;
        let Some(commune) = &asked.commune else {
            let places = base.places.iter();
            return places.map(|place| Placed::new(asked, place, 0)).collect();
        };
        if self.communes.len() > REMEMBERED_MAX {
            self.communes.clear();
        }
        let known = self.communes.entry(asked.commune_text.clone());
        let named = known.or_insert_with(|| {
            let places = base.places.iter();
            let distances = places.map(|place| commune_distance(commune, place) as u8);
            distances.collect()
        });
        let both = base.places.iter().zip(named.iter());
        both.map(|(place, &named)| Placed::new(asked, place, u32::from(named)))
            .collect()
    }
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
    let by_name = match typed.is_head_of(&place.commune_words) {
        true => LEFT_OUT,
        false => typed.distance(&place.commune_words),
    };
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

/// The same by looking at every address of the base, for tests.
#[cfg(test)]
pub(crate) fn read_all(base: &Base, asked: &Asked, key: &str) -> Reading {
    let mut all = all_distances(base, asked);
    let Some(at) = all.iter().position(|(of, _)| of == key) else {
        return Reading::Unclear;
    };
    let (_, target) = all.swap_remove(at);
    let mut comparison = Comparison::with(target);
    for (_, other) in all {
        comparison.street(other.street, other.place);
        comparison.door(other);
    }
    comparison.reading()
}

/// How near the nearest address is, for tests.
#[cfg(test)]
pub(crate) fn nearest_of_all(base: &Base, asked: &Asked) -> u32 {
    let all = all_distances(base, asked);
    let sums = all
        .iter()
        .map(|(_, one)| one.street + one.place.capped + one.suffix);
    sums.min().unwrap_or(u32::MAX)
}

#[cfg(test)]
fn all_distances(base: &Base, asked: &Asked) -> Vec<(String, Distances)> {
    let places = base.places.iter().map(|place| {
        let named = asked.commune.as_ref();
        let named = named.map_or(0, |typed| commune_distance(typed, place));
        Placed::new(asked, place, named)
    });
    let places: Vec<Placed> = places.collect();
    let mut all = Vec::new();
    for way in &base.ways {
        let street = street_distance(asked, &base.name(way).words);
        for &door in &way.doors {
            let distances = Distances {
                street,
                place: places[way.place as usize],
                // Another number is not it.
                suffix: door_distance(base, asked, door).unwrap_or(1_000),
            };
            all.push((base.key(door).to_owned(), distances));
        }
    }
    all
}

/// Whether the name begins with no type of street.
pub(crate) fn is_hamlet(base: &Base, way: &Way) -> bool {
    let words = &base.name(way).words.words;
    words.first().is_none_or(|word| word.kind != Kind::Type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(typed: &str, name: &str) -> u32 {
        Words::of_way(typed).distance(&Words::of_way(name))
    }

    #[test]
    fn what_says_the_same_is_at_no_distance() {
        for (typed, name) in [
            ("rue du moulin", "Rue du Moulin"),
            ("av du gal leclerc", "Avenue du Général Leclerc"),
            ("bd st-michel", "Boulevard Saint-Michel"),
            ("lieu-dit La Haie", "La Haie"),
            ("ALL DES OEILLETS", "Allée des Œillets"),
        ] {
            assert_eq!(distance(typed, name), 0, "{typed}");
        }
    }

    #[test]
    fn distances_grow_with_what_is_wrong() {
        let name = "Rue du Général Leclerc";
        let mut last = 0;
        for typed in [
            "rue du general leclerc",
            "rue general leclerc",
            "rue du general leclrc",
            "rue leclerc",
            "place du general leclerc",
            "rue du general lecourbe",
        ] {
            let distance = distance(typed, name);
            assert!(distance >= last, "{typed}");
            last = distance;
        }
        assert!(distance("rue du moulin", "Rue du Moulin Neuf") >= WORD);
        assert!(distance("rue du 8 mai", "Rue du 9 Mai") > LETTER);
        assert_eq!(distance("ruedu moulin", "Rue du Moulin"), SMALL);
        assert_eq!(distance("rue v. hugo", "Rue Victor Hugo"), SMALL);
    }

    #[test]
    fn a_cut_name_is_the_beginning_of_the_whole() {
        let name = Words::of_way("Rue du Général Leclerc");
        assert!(name.begins_with("rue du general lec"));
        assert!(name.begins_with("rue du general"));
        assert!(!name.begins_with("rue du general lac"));
        assert!(!name.begins_with("ru"));
    }
}
