//! The building of an index: entries are interned as they come, and a commune is merged, sorted and
//! laid out once the next one begins, so that only one is ever held as it came.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::entry::Entry;
use crate::fold::Folded;
use crate::tables::{NONE, NUMBER_END, SUFFIX_BITS, Tables};
use crate::{Index, lexicon};
use crate::{gathered, layout, names};

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

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0.rotate_left(23) ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
}

pub(crate) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// Texts, each kept once.
#[derive(Default)]
pub(crate) struct Texts {
    pub bytes: Vec<u8>,
    /// Where a text is kept, by its XXH3.
    known: Map<u64, u32>,
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
        let hash = xxhash_rust::xxh3::xxh3_64(text.as_bytes());
        let known = self.known.get(&hash).copied();
        // Of two texts with one hash, the second is kept each time that it comes.
        if let Some(at) = known.filter(|at| self.at(*at) == text.as_bytes()) {
            return at;
        }
        let at = u32::try_from(self.bytes.len()).unwrap_or(NONE);
        self.bytes.push(u8::try_from(end).unwrap_or(0));
        self.bytes.extend_from_slice(text.as_bytes());
        self.known.insert(hash, at);
        at
    }

    /// The text that is kept there.
    pub fn at(&self, at: u32) -> &[u8] {
        let at = at as usize;
        let length = usize::from(self.bytes[at]);
        &self.bytes[at + 1..at + 1 + length]
    }
}

/// A name of the commune.
pub(crate) struct Town {
    pub kind: u8,
    pub words: Vec<u32>,
    pub text: u32,
}

/// A street as it is gathered, with all its postcodes.
pub(crate) struct Group {
    pub ban: u32,
    pub rivoli: u32,
    pub name: u32,
    /// How good the source of the name is.
    pub rank: u8,
    pub aliases: Vec<u32>,
    /// Another group that is the same street.
    pub same: u32,
}

/// What has come of the commune that entries come of now.
#[derive(Default)]
pub(crate) struct Gathered {
    pub insee: String,
    pub towns: Vec<Town>,
    town_by_words: Map<(bool, Vec<u32>), u32>,
    town_by_text: Map<(u8, String), u32>,
    /// Name by the text it was read from, since most come again and again.
    name_by_text: Map<String, u32>,
    pub groups: Vec<Group>,
    group_by_key: Map<(u32, u32), u32>,
    pub rows: Vec<Row>,
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

/// Gathers entries, commune by commune, and builds the index.
///
/// Communes come by INSEE code, byte by byte; within one, entries come in any order. What it holds
/// beside the index grows with the largest commune and the number of names, not of addresses.
#[derive(Default)]
pub struct Builder {
    pub(crate) t: Tables,
    pub(crate) texts: Texts,
    pub(crate) words: Map<Vec<u8>, u32>,
    /// Of each name, whether it is shown in mixed case, which has accents that capitals lack.
    name_is_mixed: Vec<bool>,
    /// Name by the XXH3 of its words.
    name_by_words: Map<u64, u32>,
    pub(crate) suffixes: Vec<String>,
    pub(crate) commune: Gathered,
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
            t: layout::begun(),
            suffixes: vec![String::new()],
            ..Self::default()
        }
    }

    /// One that has room for so many addresses from the start: a table that has to grow is copied.
    #[must_use]
    pub fn for_about(addresses: usize) -> Self {
        let mut builder = Self::new();
        layout::reserve(&mut builder.t, addresses);
        builder
    }

    /// Entries that were left out: no commune, one that was passed already, or neither street nor
    /// place.
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
        self.commune.rows.push(row);
    }

    /// The index of what was added.
    #[must_use]
    pub fn finish(mut self) -> Index {
        gathered::lay(&mut self);
        Index::of_tables(layout::lay_out(self))
    }

    fn row(&mut self, entry: &Entry<'_>) -> Option<Row> {
        let insee = entry.insee.trim();
        if insee.len() != 5 || !insee.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return None;
        }
        if insee < self.commune.insee.as_str() {
            return None;
        }
        if insee > self.commune.insee.as_str() {
            gathered::lay(self);
            insee.clone_into(&mut self.commune.insee);
        }
        let place = entry.place_name.trim();
        let street = [entry.street_name, entry.afnor_name, place].map(str::trim);
        let street = street.into_iter().find(|name| !name.is_empty())?;
        let type_name = entry.street_type.trim();
        let name = self.name(type_name, street)?;
        self.towns(entry.commune.trim(), entry.delivery_name.trim());
        let old = self.old(insee, entry);
        let place = if place.is_empty() {
            None
        } else {
            self.name("", place)
        };
        let (number, suffix) = number_of(entry.number.trim(), entry.complement.trim());
        let suffix = self.suffix(&suffix);
        let key = entry.ban_key.trim();
        let ban_code = street_of_key(key).unwrap_or_default();
        let group = self.group(ban_code, entry.street_code.trim(), name, !key.is_empty());
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
        let found = self.commune.name_by_text.get(&whole).copied();
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
            let name = self.name_of(&words, text, mixed);
            self.commune.name_by_text.insert(whole.clone(), name);
            Some(name)
        });
        self.whole = whole;
        name
    }

    fn name_of(&mut self, words: &[u32], text: u32, mixed: bool) -> u32 {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let hash = xxhash_rust::xxh3::xxh3_64(&bytes);
        let known = self.name_by_words.get(&hash).copied();
        if let Some(name) = known.filter(|name| self.t.name_words(*name) == words) {
            let at = name as usize;
            if mixed && !self.name_is_mixed[at] {
                self.t.name_text[at] = text;
                self.name_is_mixed[at] = true;
            }
            return name;
        }
        let name = layout::to_u32(self.name_is_mixed.len());
        self.name_by_words.insert(hash, name);
        self.name_is_mixed.push(mixed);
        self.t.name_text.push(text);
        self.t.name_words.extend(words);
        self.t
            .name_words_at
            .push(layout::to_u32(self.t.name_words.len()));
        name
    }

    fn towns(&mut self, name: &str, delivery: &str) {
        if !name.is_empty() {
            self.town(TOWN_TODAY, name);
        }
        if !delivery.is_empty() {
            self.town(TOWN_DELIVERY, delivery);
        }
    }

    /// The commune of before a merger; the commune's own name when nothing changed.
    fn old(&mut self, insee: &str, entry: &Entry<'_>) -> u32 {
        let name = entry.old_commune.trim();
        if name.is_empty() || (entry.old_insee.trim() == insee && name == entry.commune.trim()) {
            return NONE;
        }
        self.town(TOWN_OLD, name)
    }

    fn town(&mut self, kind: u8, name: &str) -> u32 {
        let as_told = (kind, name.to_owned());
        if let Some(town) = self.commune.town_by_text.get(&as_told) {
            return *town;
        }
        names::town_words(name, &mut self.folded, &mut self.cut);
        let words = self.cut_words();
        if words.is_empty() {
            return NONE;
        }
        // An office that bears the commune's name tells nothing new; an old commune does.
        let key = (kind == TOWN_OLD, words.clone());
        let commune = &mut self.commune;
        let town = match commune.town_by_words.get(&key) {
            Some(town) => *town,
            None => {
                let town = u32::try_from(commune.towns.len()).unwrap_or(NONE);
                commune.town_by_words.insert(key, town);
                let text = self.texts.keep(&names::shown(name));
                commune.towns.push(Town { kind, words, text });
                town
            }
        };
        let kept = &mut commune.towns[town as usize];
        if kind < kept.kind {
            kept.kind = kind;
            kept.text = self.texts.keep(&names::shown(name));
        }
        commune.town_by_text.insert(as_told, town);
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

    fn group(&mut self, ban: &str, code: &str, name: u32, from_ban: bool) -> u32 {
        let ban = self.texts.keep(ban);
        let code = self.texts.keep(code);
        let main = if ban == NONE { code } else { ban };
        let by_name = if main == NONE { name } else { NONE };
        let mixed = self.name_is_mixed[name as usize];
        let commune = &mut self.commune;
        let group = commune.group_at(main, by_name, name);
        if code != NONE && code != main {
            let other = commune.group_at(code, NONE, name);
            let (one, other) = (commune.root(group), commune.root(other));
            if one != other {
                commune.groups[one.max(other) as usize].same = one.min(other);
            }
        }
        let kept = &mut commune.groups[group as usize];
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

impl Gathered {
    fn group_at(&mut self, code: u32, by_name: u32, name: u32) -> u32 {
        let fresh = u32::try_from(self.groups.len()).unwrap_or(NONE);
        let group = *self.group_by_key.entry((code, by_name)).or_insert(fresh);
        if group == fresh {
            self.groups.push(Group {
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
    pub fn root(&self, group: u32) -> u32 {
        let mut at = group;
        while self.groups[at as usize].same != NONE {
            at = self.groups[at as usize].same;
        }
        at
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
