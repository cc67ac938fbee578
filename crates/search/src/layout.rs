//! The tables that are made of all communes together, once the last one was laid out.

use crate::build::{Builder, Map, TOWN_OLD, TOWN_TODAY, Texts};
use crate::sound::Sound;
use crate::tables::{
    NONE, PART, SOUND, SUFFIX_BITS, Tables, WEIGHT_MAX, WHOLE, WORD_LITTLE, WORD_TYPE, hash, tag,
};
use crate::{lexicon, near};

pub(crate) fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

/// Tables that communes may be laid out in: every list of what is owned begins at nothing.
pub(crate) fn begun() -> Tables {
    let from_nothing = || vec![0];
    Tables {
        name_words_at: from_nothing(),
        town_words_at: from_nothing(),
        commune_towns_at: from_nothing(),
        commune_streets_at: from_nothing(),
        commune_postcodes_at: from_nothing(),
        street_addresses_at: from_nothing(),
        street_hexacles_at: from_nothing(),
        street_members_at: from_nothing(),
        ..Tables::default()
    }
}

/// Makes room for so many addresses.
pub(crate) fn reserve(t: &mut Tables, addresses: usize) {
    t.address_number.reserve(addresses);
    t.address_lon.reserve(addresses);
    t.address_lat.reserve(addresses);
    t.address_buildings.reserve(addresses);
    t.address_flags.reserve(addresses);
    t.hexacle.reserve(addresses);
}

pub(crate) fn lay_out(b: Builder) -> Tables {
    let (mut t, mut texts) = (b.t, b.texts);
    let order = Order::of(b.words);
    lay_words(&mut t, &order.words);
    for word in t.town_words.iter_mut().chain(&mut t.name_words) {
        *word = order.new_word[*word as usize];
    }
    for name in 0..to_u32(t.name_text.len()) {
        let words = t.name_words(name).iter();
        let letters = words.map(|word| crate::letters(&order.words[*word as usize]));
        let letters = letters.fold(0, |all, of_word| all | of_word);
        t.name_letters.push(letters);
    }
    lay_postcodes(&mut t);
    lay_postings(&mut t);
    let suffixes = b.suffixes.iter();
    t.suffix_text = suffixes
        .map(|suffix| texts.keep_even_empty(suffix))
        .collect();
    t.text = texts.bytes;
    t
}

impl Texts {
    /// As [`Texts::keep`], with a place for the empty text.
    fn keep_even_empty(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            self.bytes.push(0);
            return to_u32(self.bytes.len() - 1);
        }
        self.keep(text)
    }
}

/// The words in the order of the tables, and what the number of each became.
struct Order {
    words: Vec<Vec<u8>>,
    new_word: Vec<u32>,
}

impl Order {
    fn of(words: Map<Vec<u8>, u32>) -> Self {
        let mut words: Vec<(Vec<u8>, u32)> = words.into_iter().collect();
        words.sort_unstable();
        let mut new_word = vec![0; words.len()];
        for (at, (_, id)) in words.iter().enumerate() {
            new_word[*id as usize] = to_u32(at);
        }
        let words = words.into_iter().map(|(word, _)| word).collect();
        Self { words, new_word }
    }
}

fn lay_words(t: &mut Tables, words: &[Vec<u8>]) {
    t.word_at.push(0);
    for word in words {
        t.word_text.extend_from_slice(word);
        t.word_at.push(to_u32(t.word_text.len()));
        let little = if lexicon::is_little(word) {
            WORD_LITTLE
        } else {
            0
        };
        let full = if lexicon::is_full_type(word) {
            WORD_TYPE
        } else {
            0
        };
        t.word_flags.push(little | full);
    }
    let slots = (words.len() * 2 + 2).next_power_of_two();
    t.word_slots = vec![0; slots];
    for (word, text) in words.iter().enumerate() {
        let mut at = hash(text, WHOLE) as usize & (slots - 1);
        while t.word_slots[at] != 0 {
            at = (at + 1) & (slots - 1);
        }
        t.word_slots[at] = to_u32(word + 1);
    }
    lay_remainders(t, words);
}

fn lay_remainders(t: &mut Tables, words: &[Vec<u8>]) {
    let mut found: Vec<(u64, u32)> = Vec::new();
    for (id, word) in words.iter().enumerate() {
        let id = to_u32(id);
        if word.len() < near::LETTERS_MIN || word[0].is_ascii_digit() {
            continue;
        }
        near::once(word, |rest| found.push((hash(rest, PART), id)));
        if word.len() >= near::TWICE_FROM {
            near::twice(word, |rest| found.push((hash(rest, PART), id)));
        }
        let sound = Sound::of(word);
        if sound.as_bytes().len() >= 4 {
            near::once(sound.as_bytes(), |rest| found.push((hash(rest, SOUND), id)));
        } else {
            found.push((hash(sound.as_bytes(), SOUND), id));
        }
    }
    let buckets = (found.len() / 2).next_power_of_two().max(1);
    let mask = buckets as u64 - 1;
    found.sort_unstable_by_key(|(hash, id)| (hash & mask, *id, *hash));
    found.dedup();
    t.fuzzy_at = vec![0; buckets + 1];
    for (hash, id) in found {
        t.fuzzy_at[(hash & mask) as usize + 1] += 1;
        t.fuzzy.push(id | tag(hash) << 24);
    }
    sum_up(&mut t.fuzzy_at);
}

/// From counts, one after the other, to where each begins.
fn sum_up(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}

/// Postcodes lead to communes.
fn lay_postcodes(t: &mut Tables) {
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for commune in 0..t.commune_insee.len() {
        let of = |at: usize| t.commune_postcodes_at[at] as usize;
        let own = &t.commune_postcodes[of(commune)..of(commune + 1)];
        pairs.extend(own.iter().map(|postcode| (*postcode, to_u32(commune))));
    }
    pairs.sort_unstable();
    for (postcode, commune) in pairs {
        if t.postcode.last() != Some(&postcode) {
            t.postcode.push(postcode);
            t.postcode_communes_at
                .push(to_u32(t.postcode_communes.len()));
        }
        t.postcode_communes.push(commune);
    }
    t.postcode_communes_at
        .push(to_u32(t.postcode_communes.len()));
}

/// Words lead to names, streets and towns; names lead to streets.
fn lay_postings(t: &mut Tables) {
    let words = t.word_flags.len();
    let names = t.name_text.len();
    let mut of_names = Vec::new();
    for (street, name) in t.street_name.iter().enumerate() {
        of_names.push((*name, to_u32(street)));
    }
    of_names.extend(
        t.alias_name
            .iter()
            .copied()
            .zip(t.alias_street.iter().copied()),
    );
    (t.name_streets_at, t.name_streets) = gathered(of_names, names);
    t.name_lasts = t
        .name_streets
        .iter()
        .map(|street| last_number(t, *street))
        .collect();
    let mut of_words = Vec::new();
    for name in 0..to_u32(names) {
        telling(t, name, |word| of_words.push((word, name)));
    }
    (t.word_names_at, t.word_names) = gathered(of_words, words);
    let mut of_words = Vec::new();
    for name in 0..to_u32(names) {
        let streets = t.name_streets(name);
        telling(t, name, |word| {
            of_words.extend(streets.iter().map(|street| (word, *street)))
        });
    }
    (t.word_streets_at, t.word_streets) = gathered(of_words, words);
    let mut of_words = Vec::new();
    for town in 0..to_u32(t.town_text.len()) {
        let words = t.town_words(town);
        let plain = |word: &&u32| t.word_flags[**word as usize] & WORD_LITTLE == 0;
        let only_little = !words.iter().any(|word| plain(&word));
        let told = words.iter().filter(|word| only_little || plain(word));
        of_words.extend(told.map(|word| (*word, town)));
    }
    (t.word_towns_at, t.word_towns) = gathered(of_words, words);
    let streets = t.street_name.len().max(1) as f64;
    for word in 0..words {
        let count = t.word_streets_at[word + 1] - t.word_streets_at[word];
        let count = f64::from(count.max(1));
        let weight = (7.0 * (streets / count).log2()).clamp(10.0, f64::from(WEIGHT_MAX));
        t.word_weight.push(weight as u8);
    }
}

/// The highest number of a street.
fn last_number(t: &Tables, street: u32) -> u32 {
    let end = t.street_addresses_at[street as usize + 1];
    let own = t.street_addresses_at[street as usize] < end;
    let address = if own {
        Some(end - 1)
    } else {
        t.members(street).last().copied()
    };
    address.map_or(0, |address| {
        t.address_number[address as usize] >> SUFFIX_BITS
    })
}

/// The words by which a name is found: neither little words nor its type, unless it has no other.
fn telling(t: &Tables, name: u32, mut f: impl FnMut(u32)) {
    let words = t.name_words(name);
    let flags = |word: u32| t.word_flags[word as usize];
    let type_at = words
        .iter()
        .position(|word| flags(*word) & WORD_LITTLE == 0);
    let type_at = type_at.filter(|at| flags(words[*at]) & WORD_TYPE != 0);
    let plain = |at: usize, word: u32| flags(word) & WORD_LITTLE == 0 && Some(at) != type_at;
    let any = words.iter().enumerate().any(|(at, word)| plain(at, *word));
    for (at, word) in words.iter().enumerate() {
        let seen = words[..at].contains(word);
        if !seen && (plain(at, *word) || (!any && (Some(at) == type_at || type_at.is_none()))) {
            f(*word);
        }
    }
}

/// Items by owner.
fn gathered(mut pairs: Vec<(u32, u32)>, owners: usize) -> (Vec<u32>, Vec<u32>) {
    pairs.sort_unstable();
    pairs.dedup();
    let mut at = vec![0; owners + 1];
    for (owner, _) in &pairs {
        at[*owner as usize + 1] += 1;
    }
    sum_up(&mut at);
    (at, pairs.into_iter().map(|(_, item)| item).collect())
}

const _: () = assert!(TOWN_TODAY < TOWN_OLD);
