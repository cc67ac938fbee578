//! The index as flat tables, and their reading from and writing to a file.
//!
//! A file is the magic, the version of the format, the length of what follows, the tables each with
//! its count of items, and the XXH3 of everything before. Nothing of it is trusted: what a table
//! says of another is checked before the index answers.

use std::io::{self, Write};

use xxhash_rust::xxh3::Xxh3Default;

/// Why a file is not an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Another kind of file.
    #[error("not an address index")]
    Foreign,
    /// Written by another version of the program: it is to be built again.
    #[error("an address index of format {0}, this program reads format {FORMAT}")]
    Version(u32),
    /// Cut short, or longer than it says.
    #[error("a truncated address index")]
    Truncated,
    /// A byte is not what was written.
    #[error("a damaged address index")]
    Damaged,
}

const MAGIC: &[u8; 8] = b"EPIADRS\n";
/// Changes whenever a table, or what a word is made of, changes.
pub(crate) const FORMAT: u32 = 1;
const HEAD: usize = 8 + 4 + 8;
const TAIL: usize = 8;

/// No item: an old commune that is not known, a code that is not there.
pub(crate) const NONE: u32 = u32::MAX;

pub(crate) trait Item: Copy + Sized {
    const SIZE: usize;
    fn put(self, out: &mut Vec<u8>);
    fn get(bytes: &[u8]) -> Self;
}

macro_rules! item {
    ($($type:ty),*) => { $(
        impl Item for $type {
            const SIZE: usize = size_of::<$type>();
            fn put(self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
            fn get(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_le_bytes(own)
            }
        }
    )* };
}
item!(u8, u16, u32, i32);

macro_rules! tables {
    ($($(#[$doc:meta])* $name:ident: $item:ty,)*) => {
        #[derive(Default)]
        pub(crate) struct Tables { $($(#[$doc])* pub $name: Vec<$item>,)* }

        impl Tables {
            /// Bytes that the tables hold.
            pub fn bytes(&self) -> usize {
                0 $(+ self.$name.len() * size_of::<$item>())*
            }

            fn sections(&self) -> usize {
                0 $(+ 8 + self.$name.len() * size_of::<$item>())*
            }

            pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
                let mut out = Summed { out, sum: Xxh3Default::new() };
                out.put(MAGIC)?;
                out.put(&FORMAT.to_le_bytes())?;
                out.put(&(self.sections() as u64).to_le_bytes())?;
                $(out.table(&self.$name)?;)*
                let sum = out.sum.digest();
                out.out.write_all(&sum.to_le_bytes())
            }

            pub fn read(bytes: &[u8]) -> Result<Self, FileError> {
                let mut body = body(bytes)?;
                let tables = Self { $($name: table(&mut body)?,)* };
                if !body.is_empty() {
                    return Err(FileError::Damaged);
                }
                if !tables.agree() {
                    return Err(FileError::Damaged);
                }
                Ok(tables)
            }
        }
    };
}

tables! {
    /// Texts shown, each after its length in bytes.
    text: u8,
    // Words, in alphabetical order.
    word_at: u32,
    word_text: u8,
    /// A hash table of word + 1; a power of two long.
    word_slots: u32,
    /// How much a word tells, 1 to [`WEIGHT_MAX`].
    word_weight: u8,
    word_flags: u8,
    word_names_at: u32,
    word_names: u32,
    word_streets_at: u32,
    word_streets: u32,
    word_towns_at: u32,
    word_towns: u32,
    /// Words by what is left of them or of their sound without a letter or two: 24 bits of word,
    /// 8 bits of hash.
    fuzzy_at: u32,
    fuzzy: u32,
    // Names of streets and places, each once.
    name_text: u32,
    name_words_at: u32,
    name_words: u32,
    name_streets_at: u32,
    name_streets: u32,
    /// The highest number of each of those streets.
    name_lasts: u32,
    /// The letters that a name is written with, a bit each.
    name_letters: u32,
    // Names of communes, by commune.
    town_text: u32,
    town_commune: u32,
    town_kind: u8,
    town_words_at: u32,
    town_words: u32,
    // Communes, by INSEE code.
    commune_insee: u32,
    commune_towns_at: u32,
    commune_streets_at: u32,
    /// Number of the arrondissement, 0 elsewhere.
    commune_part: u8,
    commune_postcodes_at: u32,
    commune_postcodes: u32,
    // Postcodes in order.
    postcode: u32,
    postcode_communes_at: u32,
    postcode_communes: u32,
    // Streets and places, by commune.
    street_name: u32,
    street_commune: u32,
    street_postcode: u32,
    street_old: u32,
    street_ban: u32,
    street_rivoli: u32,
    street_lon: i32,
    street_lat: i32,
    street_shift: u8,
    street_flags: u8,
    street_addresses_at: u32,
    street_hexacles_at: u32,
    // Other names that streets are written with.
    alias_street: u32,
    alias_name: u32,
    /// Addresses of places that have streets of their own.
    street_members_at: u32,
    street_members: u32,
    // Addresses, by street and number.
    address_number: u32,
    address_lon: u16,
    address_lat: u16,
    address_buildings: u8,
    address_flags: u8,
    /// The five last characters of hexaclés, in base 36, of the addresses that have one.
    hexacle: u32,
    suffix_text: u32,
    // Keys of the national base that are not made of the address.
    uuid_address: u32,
    uuid: u8,
    odd_address: u32,
    odd_text: u32,
}

/// What a word tells at most.
pub(crate) const WEIGHT_MAX: u8 = 100;
/// A word that tells nothing alone.
pub(crate) const WORD_LITTLE: u8 = 1;
/// A street type.
pub(crate) const WORD_TYPE: u8 = 2;
/// The street is a place whose addresses stand in other streets.
pub(crate) const STREET_MEMBERS: u8 = 1;
/// The street has other names.
pub(crate) const STREET_ALIAS: u8 = 2;
/// The address has a key of the national base.
pub(crate) const ADDRESS_KEY: u8 = 1;
/// That key is made of the commune, street, number and suffix.
pub(crate) const ADDRESS_PLAIN_KEY: u8 = 2;
/// The address has a hexaclé.
pub(crate) const ADDRESS_HEXACLE: u8 = 4;
/// The referential of buildings writes its suffix with the first letter alone.
pub(crate) const ADDRESS_LETTER: u8 = 8;
/// Bits of the suffix in `address_number`.
pub(crate) const SUFFIX_BITS: u32 = 12;
/// Numbers are below.
pub(crate) const NUMBER_END: u32 = 1 << (32 - SUFFIX_BITS);

struct Summed<'a> {
    out: &'a mut dyn Write,
    sum: Xxh3Default,
}

impl Summed<'_> {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.out.write_all(bytes)
    }

    fn table<T: Item>(&mut self, items: &[T]) -> io::Result<()> {
        self.put(&(items.len() as u64).to_le_bytes())?;
        let mut bytes = Vec::new();
        for part in items.chunks(1 << 14) {
            bytes.clear();
            part.iter().for_each(|item| item.put(&mut bytes));
            self.put(&bytes)?;
        }
        Ok(())
    }
}

/// The tables of a file, once its head and its sum were found right.
fn body(bytes: &[u8]) -> Result<&[u8], FileError> {
    if bytes.get(..MAGIC.len()) != Some(MAGIC) {
        let begun = bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes);
        return Err(if begun {
            FileError::Truncated
        } else {
            FileError::Foreign
        });
    }
    if bytes.len() < HEAD + TAIL {
        return Err(FileError::Truncated);
    }
    let version = u32::get(&bytes[8..12]);
    if version != FORMAT {
        return Err(FileError::Version(version));
    }
    let (told, tail) = bytes.split_at(bytes.len() - TAIL);
    let length = u64::from(u32::get(&told[12..16])) | u64::from(u32::get(&told[16..20])) << 32;
    if length != (told.len() - HEAD) as u64 {
        return Err(FileError::Truncated);
    }
    if xxhash_rust::xxh3::xxh3_64(told).to_le_bytes() != tail {
        return Err(FileError::Damaged);
    }
    Ok(&told[HEAD..])
}

fn table<T: Item>(body: &mut &[u8]) -> Result<Vec<T>, FileError> {
    let (count, rest) = body.split_at_checked(8).ok_or(FileError::Damaged)?;
    let high = u32::get(&count[4..]);
    let bytes = (u32::get(&count[..4]) as usize).checked_mul(T::SIZE);
    let split = bytes
        .filter(|_| high == 0)
        .and_then(|bytes| rest.split_at_checked(bytes));
    let (items, rest) = split.ok_or(FileError::Damaged)?;
    *body = rest;
    Ok(items.chunks_exact(T::SIZE).map(T::get).collect())
}

/// Whether `at` parts `total` items among `count` owners.
fn parts(at: &[u32], count: usize, total: usize) -> bool {
    at.len() == count + 1
        && at[0] == 0
        && at[count] as usize == total
        && at.windows(2).all(|pair| pair[0] <= pair[1])
}

fn below(items: &[u32], end: usize) -> bool {
    items.iter().all(|item| (*item as usize) < end)
}

fn below_or_none(items: &[u32], end: usize) -> bool {
    items
        .iter()
        .all(|item| *item == NONE || (*item as usize) < end)
}

impl Tables {
    /// Whether no table names what another does not hold, so that no answer reads beside one.
    fn agree(&self) -> bool {
        let t = self;
        let words = t.word_weight.len();
        let names = t.name_text.len();
        let towns = t.town_text.len();
        let communes = t.commune_insee.len();
        let postcodes = t.postcode.len();
        let streets = t.street_name.len();
        let addresses = t.address_number.len();
        let texts = |items: &[u32]| items.iter().all(|item| self.has_text(*item));
        let lengths = t.word_flags.len() == words
            && t.name_letters.len() == names
            && t.town_commune.len() == towns
            && t.town_kind.len() == towns
            && t.commune_part.len() == communes
            && [
                t.street_commune.len(),
                t.street_postcode.len(),
                t.street_old.len(),
                t.street_ban.len(),
                t.street_rivoli.len(),
                t.street_lon.len(),
                t.street_lat.len(),
                t.street_shift.len(),
                t.street_flags.len(),
            ]
            .iter()
            .all(|len| *len == streets)
            && [
                t.address_lon.len(),
                t.address_lat.len(),
                t.address_buildings.len(),
                t.address_flags.len(),
            ]
            .iter()
            .all(|len| *len == addresses)
            && t.uuid.len() == t.uuid_address.len() * 16
            && t.odd_text.len() == t.odd_address.len()
            && t.alias_name.len() == t.alias_street.len()
            && !t.fuzzy_at.is_empty();
        if !lengths {
            return false;
        }
        parts(&t.word_at, words, t.word_text.len())
            && t.word_text.is_ascii()
            && t.word_slots.len().is_power_of_two()
            && t.word_slots.len() > words
            && t.word_slots.contains(&0)
            && t.word_slots.iter().all(|slot| (*slot as usize) <= words)
            && parts(&t.word_names_at, words, t.word_names.len())
            && below(&t.word_names, names)
            && parts(&t.word_streets_at, words, t.word_streets.len())
            && below(&t.word_streets, streets)
            && parts(&t.word_towns_at, words, t.word_towns.len())
            && below(&t.word_towns, towns)
            && (t.fuzzy_at.len() - 1).is_power_of_two()
            && parts(&t.fuzzy_at, t.fuzzy_at.len() - 1, t.fuzzy.len())
            && t.fuzzy
                .iter()
                .all(|item| ((*item & 0x00ff_ffff) as usize) < words)
            && texts(&t.name_text)
            && parts(&t.name_words_at, names, t.name_words.len())
            && below(&t.name_words, words)
            && parts(&t.name_streets_at, names, t.name_streets.len())
            && below(&t.name_streets, streets)
            && t.name_lasts.len() == t.name_streets.len()
            && texts(&t.town_text)
            && below(&t.town_commune, communes)
            && parts(&t.town_words_at, towns, t.town_words.len())
            && below(&t.town_words, words)
            && texts(&t.commune_insee)
            && parts(&t.commune_towns_at, communes, towns)
            && t.commune_towns_at.windows(2).all(|pair| pair[0] < pair[1])
            && parts(&t.commune_streets_at, communes, streets)
            && parts(&t.commune_postcodes_at, communes, t.commune_postcodes.len())
            && parts(
                &t.postcode_communes_at,
                postcodes,
                t.postcode_communes.len(),
            )
            && below(&t.postcode_communes, communes)
            && self.streets_agree(names, communes, towns)
            && below(&t.uuid_address, addresses)
            && below(&t.odd_address, addresses)
            && texts(&t.odd_text)
            && texts(&t.suffix_text)
            && !t.suffix_text.is_empty()
    }

    fn streets_agree(&self, names: usize, communes: usize, towns: usize) -> bool {
        let t = self;
        let streets = t.street_name.len();
        let addresses = t.address_number.len();
        let codes = |items: &[u32]| items.iter().all(|i| *i == NONE || self.has_text(*i));
        let own = |street: usize| t.street_addresses_at[street + 1] - t.street_addresses_at[street];
        below(&t.street_name, names)
            && below(&t.street_commune, communes)
            && below_or_none(&t.street_old, towns)
            && below(&t.alias_street, streets)
            && below(&t.alias_name, names)
            && codes(&t.street_ban)
            && codes(&t.street_rivoli)
            && t.street_shift.iter().all(|shift| *shift < 16)
            && parts(&t.street_addresses_at, streets, addresses)
            && parts(&t.street_hexacles_at, streets, t.hexacle.len())
            && parts(&t.street_members_at, streets, t.street_members.len())
            && below(&t.street_members, addresses)
            && (0..streets)
                .all(|street| t.street_flags[street] & STREET_MEMBERS == 0 || own(street) == 0)
            && t.address_number
                .iter()
                .all(|number| ((number & ((1 << SUFFIX_BITS) - 1)) as usize) < t.suffix_text.len())
            && (0..streets).all(|street| {
                let range = t.street_addresses_at[street] as usize
                    ..t.street_addresses_at[street + 1] as usize;
                let flagged = |flags: &&u8| **flags & ADDRESS_HEXACLE != 0;
                let count = t.address_flags[range].iter().filter(flagged).count();
                count == (t.street_hexacles_at[street + 1] - t.street_hexacles_at[street]) as usize
            })
    }

    fn has_text(&self, at: u32) -> bool {
        let at = at as usize;
        let length = self.text.get(at).map(|length| usize::from(*length));
        length.is_some_and(|length| at + 1 + length <= self.text.len())
    }

    /// The text at `at`; empty at [`NONE`].
    pub fn text(&self, at: u32) -> &str {
        if at == NONE {
            return "";
        }
        let at = at as usize;
        let length = usize::from(self.text[at]);
        std::str::from_utf8(&self.text[at + 1..at + 1 + length]).unwrap_or_default()
    }

    pub fn word(&self, word: u32) -> &[u8] {
        let word = word as usize;
        &self.word_text[self.word_at[word] as usize..self.word_at[word + 1] as usize]
    }

    /// The word written `text`.
    pub fn find_word(&self, text: &[u8]) -> Option<u32> {
        let mask = self.word_slots.len() - 1;
        let mut at = hash(text, WHOLE) as usize & mask;
        loop {
            match self.word_slots[at] {
                0 => return None,
                slot if self.word(slot - 1) == text => return Some(slot - 1),
                _ => at = (at + 1) & mask,
            }
        }
    }

    pub fn name_words(&self, name: u32) -> &[u32] {
        of(&self.name_words_at, &self.name_words, name)
    }

    pub fn name_streets(&self, name: u32) -> &[u32] {
        of(&self.name_streets_at, &self.name_streets, name)
    }

    pub fn name_lasts(&self, name: u32) -> &[u32] {
        of(&self.name_streets_at, &self.name_lasts, name)
    }

    pub fn word_names(&self, word: u32) -> &[u32] {
        of(&self.word_names_at, &self.word_names, word)
    }

    pub fn word_streets(&self, word: u32) -> &[u32] {
        of(&self.word_streets_at, &self.word_streets, word)
    }

    pub fn word_towns(&self, word: u32) -> &[u32] {
        of(&self.word_towns_at, &self.word_towns, word)
    }

    pub fn town_words(&self, town: u32) -> &[u32] {
        of(&self.town_words_at, &self.town_words, town)
    }

    pub fn members(&self, street: u32) -> &[u32] {
        of(&self.street_members_at, &self.street_members, street)
    }

    /// The streets of a commune, from and up to.
    pub fn streets_of(&self, commune: u32) -> (u32, u32) {
        let commune = commune as usize;
        (
            self.commune_streets_at[commune],
            self.commune_streets_at[commune + 1],
        )
    }

    /// The name a commune bears today.
    pub fn town_of(&self, commune: u32) -> u32 {
        self.commune_towns_at[commune as usize]
    }

    pub fn postcodes_of(&self, commune: u32) -> &[u32] {
        of(&self.commune_postcodes_at, &self.commune_postcodes, commune)
    }

    /// The communes of a postcode.
    pub fn communes_at(&self, postcode: u32) -> &[u32] {
        self.postcode.binary_search(&postcode).map_or(&[], |at| {
            of(
                &self.postcode_communes_at,
                &self.postcode_communes,
                u32::try_from(at).unwrap_or(0),
            )
        })
    }

    /// Words of which what is left may be `text`: to be verified.
    pub fn near(&self, text: &[u8], of_what: u64) -> impl Iterator<Item = u32> {
        let hash = hash(text, of_what);
        let buckets = self.fuzzy_at.len() - 1;
        let bucket = hash as usize & (buckets - 1);
        let range = self.fuzzy_at[bucket] as usize..self.fuzzy_at[bucket + 1] as usize;
        let tag = tag(hash);
        let told = move |item: &&u32| **item >> 24 == tag;
        self.fuzzy[range]
            .iter()
            .filter(told)
            .map(|item| item & 0x00ff_ffff)
    }
}

fn of<'a>(at: &[u32], items: &'a [u32], owner: u32) -> &'a [u32] {
    let owner = owner as usize;
    &items[at[owner] as usize..at[owner + 1] as usize]
}

/// What is hashed: a word, a part of one, a part of a sound.
pub(crate) const WHOLE: u64 = 0;
pub(crate) const PART: u64 = 1;
pub(crate) const SOUND: u64 = 2;

/// Stored in the tables, so never to change within a format.
pub(crate) fn hash(text: &[u8], of_what: u64) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(text, of_what)
}

/// The hash as it is kept beside a word.
pub(crate) fn tag(hash: u64) -> u32 {
    (hash >> 56) as u32
}
