//! The building of an index: entries are interned as they come, merged, sorted and laid out.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::entry::Entry;
use crate::fold::Folded;
use crate::layout;
use crate::names;
use crate::tables::{NONE, NUMBER_END, SUFFIX_BITS};
use crate::{Index, lexicon};

/// Bytes of a text that is kept; what is beyond is cut off.
const TEXT_MAX: usize = 250;

/// Hashes with XXH3: faster than the standard hasher, for keys that nobody can choose to collide.
#[derive(Default)]
pub(crate) struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = xxhash_rust::xxh3::xxh3_64_with_seed(bytes, self.0);
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0.rotate_left(23) ^ u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Texts, each kept once.
#[derive(Default)]
pub(crate) struct Texts {
    pub bytes: Vec<u8>,
    known: Map<String, u32>,
}

impl Texts {
    /// Where `text` is kept; [`NONE`] when it is empty.
    pub fn keep(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return NONE;
        }
        let mut end = text.len().min(TEXT_MAX);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = &text[..end];
        if let Some(at) = self.known.get(text) {
            return *at;
        }
        let at = u32::try_from(self.bytes.len()).unwrap_or(NONE);
        self.bytes.push(u8::try_from(end).unwrap_or(0));
        self.bytes.extend_from_slice(text.as_bytes());
        self.known.insert(text.to_owned(), at);
        at
    }
}

/// A name: its words, and how it is best shown.
pub(crate) struct Name {
    pub words: Vec<u32>,
    pub text: u32,
    pub mixed: bool,
}

/// A name of a commune.
pub(crate) struct Town {
    pub commune: u32,
    pub kind: u8,
    pub words: Vec<u32>,
    pub text: u32,
}

/// What is known of a commune.
pub(crate) struct Commune {
    pub insee: String,
    pub towns: Vec<u32>,
}

/// A street as it is gathered, with all its postcodes.
pub(crate) struct Group {
    pub commune: u32,
    pub ban: u32,
    pub rivoli: u32,
    pub name: u32,
    /// How good the source of the name is.
    pub rank: u8,
    pub aliases: Vec<u32>,
    /// Another group that is the same street.
    pub same: u32,
}

/// The key of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    None,
    /// Made of the commune, this street code, the number and the suffix.
    Plain(u32),
    Text(u32),
    Uuid(u128),
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub group: u32,
    pub number: u32,
    pub suffix: u32,
    pub postcode: u32,
    pub old: u32,
    pub place: u32,
    pub lon: i32,
    pub lat: i32,
    pub hexacle: u32,
    pub key: Key,
    pub buildings: u32,
    pub letter: bool,
}

/// Coordinate that is not known.
pub(crate) const NOWHERE: i32 = i32::MIN;

/// Gathers entries, in any order, and builds the index.
#[derive(Default)]
pub struct Builder {
    pub(crate) texts: Texts,
    pub(crate) words: Map<Vec<u8>, u32>,
    pub(crate) names: Vec<Name>,
    by_words: Map<Vec<u32>, u32>,
    /// Name by the text it was read from, since most come again and again.
    by_text: Map<String, u32>,
    pub(crate) towns: Vec<Town>,
    town_by_words: Map<(u32, u32, Vec<u32>), u32>,
    town_by_text: Map<(u32, u32, String), u32>,
    pub(crate) communes: Vec<Commune>,
    commune_by_insee: Map<String, u32>,
    pub(crate) groups: Vec<Group>,
    group_by_key: Map<(u32, u32, u32), u32>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) rows: Vec<Row>,
    left_out: u64,
    folded: Folded,
    cut: Vec<Vec<u8>>,
    whole: String,
}

impl Builder {
    /// One that has nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            suffixes: vec![String::new()],
            ..Self::default()
        }
    }

    /// Entries that were left out: no commune, or neither street nor place.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Takes an entry.
    pub fn add(&mut self, entry: &Entry<'_>) {
        let Some(row) = self.row(entry) else {
            self.left_out += 1;
            return;
        };
        self.rows.push(row);
    }

    /// The index of what was added.
    #[must_use]
    pub fn finish(self) -> Index {
        Index::of_tables(layout::lay_out(self))
    }

    fn row(&mut self, entry: &Entry<'_>) -> Option<Row> {
        let insee = entry.insee.trim();
        if insee.len() != 5 || !insee.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        let place = entry.place_name.trim();
        let street = [entry.street_name, entry.afnor_name, place].map(str::trim);
        let street = street.into_iter().find(|name| !name.is_empty())?;
        let type_name = entry.street_type.trim();
        let name = self.name(type_name, street)?;
        let commune = self.commune(insee, entry.commune.trim(), entry.delivery_name.trim());
        let old = self.old(commune, insee, entry);
        let place = if place.is_empty() {
            None
        } else {
            self.name("", place)
        };
        let (number, suffix) = number_of(entry.number.trim(), entry.complement.trim());
        let suffix = self.suffix(&suffix);
        let key = entry.ban_key.trim();
        let ban_code = street_of_key(key).unwrap_or_default();
        let group = self.group(
            commune,
            ban_code,
            entry.street_code.trim(),
            name,
            !key.is_empty(),
        );
        let key = self.key(insee, ban_code, number, suffix, key);
        let postcode = entry.postcode.trim();
        let postcode = postcode.parse().ok().filter(|_| postcode.len() == 5);
        let (lon, lat) = match (entry.lon, entry.lat) {
            (Some(lon), Some(lat)) if lon.abs() <= 180.0 && lat.abs() <= 90.0 => {
                ((lon * 1e6).round() as i32, (lat * 1e6).round() as i32)
            }
            _ => (NOWHERE, NOWHERE),
        };
        Some(Row {
            group,
            number,
            suffix,
            postcode: postcode.unwrap_or(0),
            old,
            place: place.filter(|place| *place != name).unwrap_or(NONE),
            lon,
            lat,
            hexacle: hexacle(insee, entry.hexacle.trim()),
            key,
            buildings: entry.buildings,
            letter: false,
        })
    }

    fn word(&mut self, word: &[u8]) -> u32 {
        if let Some(id) = self.words.get(word) {
            return *id;
        }
        let id = u32::try_from(self.words.len()).unwrap_or(NONE);
        self.words.insert(word.to_vec(), id);
        id
    }

    fn cut_words(&mut self) -> Vec<u32> {
        let cut = std::mem::take(&mut self.cut);
        let ids = cut.iter().map(|word| self.word(word)).collect();
        self.cut = cut;
        ids
    }

    fn name(&mut self, type_name: &str, rest: &str) -> Option<u32> {
        let mut whole = std::mem::take(&mut self.whole);
        whole.clear();
        // Some referentials repeat the type at the head of the name.
        let repeats = rest.len() > type_name.len()
            && rest
                .get(..type_name.len())
                .is_some_and(|h| h.eq_ignore_ascii_case(type_name))
            && rest.as_bytes().get(type_name.len()) == Some(&b' ');
        if !type_name.is_empty() && !repeats {
            let full = lexicon::street_type(type_name.to_ascii_lowercase().as_bytes());
            // In the case that the name has, so that the two are shown alike.
            match full {
                Some(full) if names::is_capitals(rest) => {
                    whole.extend(full.chars().map(|c| c.to_ascii_uppercase()));
                }
                Some(full) => whole.push_str(&names::shown(&full.to_ascii_uppercase())),
                None => whole.push_str(type_name),
            }
            whole.push(' ');
        }
        whole.push_str(rest);
        let found = self.by_text.get(&whole).copied();
        let name = found.or_else(|| {
            let mixed = !names::is_capitals(&whole);
            names::street_words(
                &whole,
                !type_name.is_empty(),
                &mut self.folded,
                &mut self.cut,
            );
            let words = self.cut_words();
            if words.is_empty() {
                return None;
            }
            let text = self.texts.keep(&names::shown(&whole));
            let name = match self.by_words.get(&words) {
                Some(name) => {
                    let kept = &mut self.names[*name as usize];
                    // The mixed case has accents that capitals lack.
                    if mixed && !kept.mixed {
                        (kept.text, kept.mixed) = (text, true);
                    }
                    *name
                }
                None => {
                    let name = u32::try_from(self.names.len()).unwrap_or(NONE);
                    self.by_words.insert(words.clone(), name);
                    self.names.push(Name { words, text, mixed });
                    name
                }
            };
            self.by_text.insert(whole.clone(), name);
            Some(name)
        });
        self.whole = whole;
        name
    }

    fn commune(&mut self, insee: &str, name: &str, delivery: &str) -> u32 {
        let commune = match self.commune_by_insee.get(insee) {
            Some(commune) => *commune,
            None => {
                let commune = u32::try_from(self.communes.len()).unwrap_or(NONE);
                self.commune_by_insee.insert(insee.to_owned(), commune);
                self.communes.push(Commune {
                    insee: insee.to_owned(),
                    towns: Vec::new(),
                });
                commune
            }
        };
        if !name.is_empty() {
            self.town(commune, TOWN_TODAY, name);
        }
        if !delivery.is_empty() {
            self.town(commune, TOWN_DELIVERY, delivery);
        }
        commune
    }

    /// The commune of before a merger; the commune's own name when nothing changed.
    fn old(&mut self, commune: u32, insee: &str, entry: &Entry<'_>) -> u32 {
        let name = entry.old_commune.trim();
        if name.is_empty() || (entry.old_insee.trim() == insee && name == entry.commune.trim()) {
            return NONE;
        }
        self.town(commune, TOWN_OLD, name)
    }

    fn town(&mut self, commune: u32, kind: u8, name: &str) -> u32 {
        let as_told = (commune, u32::from(kind), name.to_owned());
        if let Some(town) = self.town_by_text.get(&as_told) {
            return *town;
        }
        names::town_words(name, &mut self.folded, &mut self.cut);
        let words = self.cut_words();
        if words.is_empty() {
            return NONE;
        }
        // An office that bears the commune's name tells nothing new; an old commune does.
        let family = u32::from(kind == TOWN_OLD);
        let key = (commune, family, words.clone());
        let town = match self.town_by_words.get(&key) {
            Some(town) => *town,
            None => {
                let town = u32::try_from(self.towns.len()).unwrap_or(NONE);
                self.town_by_words.insert(key, town);
                let text = self.texts.keep(&names::shown(name));
                self.towns.push(Town {
                    commune,
                    kind,
                    words,
                    text,
                });
                self.communes[commune as usize].towns.push(town);
                town
            }
        };
        let kept = &mut self.towns[town as usize];
        if kind < kept.kind {
            kept.kind = kind;
            kept.text = self.texts.keep(&names::shown(name));
        }
        self.town_by_text.insert(as_told, town);
        town
    }

    fn suffix(&mut self, suffix: &str) -> u32 {
        let known = self.suffixes.iter().position(|one| one == suffix);
        let at = known.unwrap_or_else(|| {
            let end = 1 << SUFFIX_BITS;
            if self.suffixes.len() < end {
                self.suffixes.push(suffix.to_owned());
                self.suffixes.len() - 1
            } else {
                0
            }
        });
        u32::try_from(at).unwrap_or(0)
    }

    fn group(&mut self, commune: u32, ban: &str, code: &str, name: u32, from_ban: bool) -> u32 {
        let ban = self.texts.keep(ban);
        let code = self.texts.keep(code);
        let main = if ban == NONE { code } else { ban };
        let by_name = if main == NONE { name } else { NONE };
        let group = self.group_at(commune, main, by_name, name);
        if code != NONE && code != main {
            let other = self.group_at(commune, code, NONE, name);
            let (one, other) = (self.root(group), self.root(other));
            if one != other {
                self.groups[one.max(other) as usize].same = one.min(other);
            }
        }
        let mixed = self.names[name as usize].mixed;
        let kept = &mut self.groups[group as usize];
        if ban != NONE {
            kept.ban = ban;
        }
        if code != NONE {
            kept.rivoli = code;
        }
        let rank = 1 + u8::from(mixed) + 2 * u8::from(from_ban);
        if kept.name != name && rank > kept.rank {
            let before = std::mem::replace(&mut kept.name, name);
            kept.aliases.push(before);
        } else if kept.name != name && !kept.aliases.contains(&name) {
            kept.aliases.push(name);
        }
        kept.rank = kept.rank.max(rank);
        group
    }

    fn group_at(&mut self, commune: u32, code: u32, by_name: u32, name: u32) -> u32 {
        let fresh = u32::try_from(self.groups.len()).unwrap_or(NONE);
        let group = *self
            .group_by_key
            .entry((commune, code, by_name))
            .or_insert(fresh);
        if group == fresh {
            self.groups.push(Group {
                commune,
                ban: NONE,
                rivoli: NONE,
                name,
                rank: 0,
                aliases: Vec::new(),
                same: NONE,
            });
        }
        group
    }

    /// The group that stands for `group`.
    pub(crate) fn root(&self, group: u32) -> u32 {
        let mut at = group;
        while self.groups[at as usize].same != NONE {
            at = self.groups[at as usize].same;
        }
        at
    }

    fn key(&mut self, insee: &str, code: &str, number: u32, suffix: u32, key: &str) -> Key {
        if key.is_empty() {
            return Key::None;
        }
        let suffix = &self.suffixes[suffix as usize];
        if !code.is_empty() && plain_key(insee, code, number, suffix) == key {
            return Key::Plain(self.texts.keep(code));
        }
        uuid(key).map_or_else(|| Key::Text(self.texts.keep(key)), Key::Uuid)
    }
}

/// The name of today, the one of the delivery office, the one of before a merger.
pub(crate) const TOWN_TODAY: u8 = 0;
pub(crate) const TOWN_DELIVERY: u8 = 1;
pub(crate) const TOWN_OLD: u8 = 2;

/// The key that the national base makes of an address.
pub(crate) fn plain_key(insee: &str, code: &str, number: u32, suffix: &str) -> String {
    if suffix.is_empty() {
        format!("{insee}_{code}_{number:05}")
    } else {
        format!("{insee}_{code}_{number:05}_{suffix}")
    }
}

/// The street code in a key of the national base.
fn street_of_key(key: &str) -> Option<&str> {
    let mut parts = key.split('_');
    let (insee, street, number) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = insee.len() == 5
        && matches!(street.len(), 4 | 6)
        && number.bytes().all(|b| b.is_ascii_digit());
    plain.then_some(street)
}

fn uuid(key: &str) -> Option<u128> {
    if key.len() != 36 || key != key.to_ascii_lowercase() {
        return None;
    }
    let mut value = 0_u128;
    for (at, byte) in key.bytes().enumerate() {
        if matches!(at, 8 | 13 | 18 | 23) {
            (byte == b'-').then_some(())?;
            continue;
        }
        value = value << 4 | u128::from((byte as char).to_digit(16)?);
    }
    Some(value)
}

/// The five last characters of a hexaclé of `insee`, in base 36.
fn hexacle(insee: &str, hexacle: &str) -> u32 {
    if hexacle.len() != 10 || !hexacle.is_ascii() || &hexacle[..5] != insee {
        return NONE;
    }
    let digit = |b: u8| (b as char).to_digit(36).filter(|_| !b.is_ascii_lowercase());
    let value = hexacle
        .bytes()
        .skip(5)
        .try_fold(0, |n, b| Some(n * 36 + digit(b)?));
    value.unwrap_or(NONE)
}

/// Number and suffix of an address; a number that is none stands in the suffix.
fn number_of(number: &str, complement: &str) -> (u32, String) {
    let digits = number.bytes().take_while(u8::is_ascii_digit).count();
    let (head, tail) = number.split_at(digits);
    let mut suffix = String::new();
    for c in tail.chars().chain(complement.chars()) {
        if c.is_alphanumeric() || (c == '_' && !suffix.is_empty()) {
            suffix.extend(c.to_lowercase());
        }
    }
    match head.parse::<u32>() {
        // What the national base writes where a place has no number.
        Ok(99_999) => (0, suffix),
        Ok(value) if value < NUMBER_END => (value, suffix),
        _ => (0, format!("{head}{suffix}")),
    }
}
