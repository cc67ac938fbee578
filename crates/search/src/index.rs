//! The index, and what it says of a candidate.

use std::io::{self, Write};
use std::path::Path;

use crate::answer::{Candidate, Kind};
use crate::build::plain_key;
use crate::tables::{
    ADDRESS_HEXACLE, ADDRESS_KEY, ADDRESS_LETTER, ADDRESS_PLAIN_KEY, FileError, NONE, NUMBER_END,
    SUFFIX_BITS, Tables, WORD_LITTLE, WORD_TYPE,
};

/// Why an index could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file cannot be read.
    #[error("the address index cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is no index of this program.
    #[error(transparent)]
    File(#[from] FileError),
}

/// An index of addresses, in memory. Many may search it at once, each with a scratch of their own.
pub struct Index {
    pub(crate) t: Tables,
}

impl Index {
    pub(crate) fn of_tables(t: Tables) -> Self {
        debug_assert!(t.address_flags.len() == t.address_number.len());
        Self { t }
    }

    /// Reads a file whole.
    ///
    /// # Errors
    /// The file cannot be read, is of another kind or version, cut short or damaged.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self::from_bytes(&std::fs::read(path)?)?)
    }

    /// The index that `bytes` are a file of.
    ///
    /// # Errors
    /// They are of another kind or version, cut short or damaged.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        Ok(Self {
            t: Tables::read(bytes)?,
        })
    }

    /// Writes the index as [`Index::open`] reads it.
    ///
    /// # Errors
    /// `out` cannot be written.
    pub fn write(&self, mut out: impl Write) -> io::Result<()> {
        self.t.write(&mut out)?;
        out.flush()
    }

    /// Addresses.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.t.address_number.len()
    }

    /// Streets and places; one with several postcodes or old communes counts for each.
    #[must_use]
    pub fn streets(&self) -> usize {
        self.t.street_name.len()
    }

    /// Communes.
    #[must_use]
    pub fn communes(&self) -> usize {
        self.t.commune_insee.len()
    }

    /// Bytes in memory.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.t.bytes()
    }

    /// What the index says of a candidate that it gave.
    #[must_use]
    pub fn found(&self, candidate: &Candidate) -> Found<'_> {
        let limit = |id: u32, len: usize| if (id as usize) < len { id } else { NONE };
        Found {
            t: &self.t,
            kind: candidate.kind,
            street: limit(candidate.street, self.t.street_name.len()),
            address: limit(candidate.address, self.t.address_number.len()),
            commune: limit(candidate.commune, self.t.commune_insee.len()),
        }
    }

    /// The suffix written so, if an address has it.
    pub(crate) fn suffix(&self, suffix: &str) -> Option<u32> {
        if suffix.is_empty() {
            return Some(0);
        }
        let at = self
            .t
            .suffix_text
            .iter()
            .position(|at| self.t.text(*at) == suffix);
        at.and_then(|at| u32::try_from(at).ok())
    }

    /// Positions of the addresses of a street in the tables.
    pub(crate) fn numbers(&self, street: u32) -> Numbers<'_> {
        let members = self.t.members(street);
        let street = street as usize;
        Numbers {
            t: &self.t,
            members,
            from: self.t.street_addresses_at[street],
            len: if members.is_empty() {
                self.t.street_addresses_at[street + 1] - self.t.street_addresses_at[street]
            } else {
                u32::try_from(members.len()).unwrap_or(0)
            },
        }
    }
}

/// The addresses of a street, by number and suffix.
#[derive(Clone, Copy)]
pub(crate) struct Numbers<'a> {
    t: &'a Tables,
    members: &'a [u32],
    from: u32,
    pub len: u32,
}

impl Numbers<'_> {
    pub fn address(&self, at: u32) -> u32 {
        self.members
            .get(at as usize)
            .copied()
            .unwrap_or(self.from + at)
    }

    /// Number and suffix.
    pub fn packed(&self, at: u32) -> u32 {
        self.t.address_number[self.address(at) as usize]
    }

    pub fn number(&self, at: u32) -> u32 {
        self.packed(at) >> SUFFIX_BITS
    }

    /// The first address whose number is `number` or more.
    pub fn first_from(&self, number: u32) -> u32 {
        self.first_at(number.min(NUMBER_END - 1) << SUFFIX_BITS)
    }

    pub fn first_at(&self, packed: u32) -> u32 {
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.packed(middle) < packed {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// What the index knows of a candidate. Texts are empty where it knows nothing.
#[derive(Clone, Copy)]
pub struct Found<'a> {
    t: &'a Tables,
    kind: Kind,
    street: u32,
    address: u32,
    commune: u32,
}

impl<'a> Found<'a> {
    fn of_street<T: Copy>(&self, items: &[T]) -> Option<T> {
        items.get(self.street as usize).copied()
    }

    fn of_address<T: Copy>(&self, items: &[T]) -> Option<T> {
        items.get(self.address as usize).copied()
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// INSEE code of the commune.
    #[must_use]
    pub fn insee(&self) -> &'a str {
        self.t
            .commune_insee
            .get(self.commune as usize)
            .map_or("", |at| self.t.text(*at))
    }

    /// Name of the commune.
    #[must_use]
    pub fn commune(&self) -> &'a str {
        if self.commune == NONE {
            return "";
        }
        self.t
            .text(self.t.town_text[self.t.town_of(self.commune) as usize])
    }

    /// Name of the commune before a merger.
    #[must_use]
    pub fn old_commune(&self) -> &'a str {
        let old = self
            .of_street(&self.t.street_old)
            .filter(|old| *old != NONE);
        old.map_or("", |old| self.t.text(self.t.town_text[old as usize]))
    }

    /// Postcode of the address or street, the only one of the commune.
    #[must_use]
    pub fn postcode(&self) -> Option<u32> {
        let own = self
            .of_street(&self.t.street_postcode)
            .filter(|postcode| *postcode != 0);
        own.or_else(|| match self.commune {
            NONE => None,
            commune => match self.t.postcodes_of(commune) {
                [only] => Some(*only),
                _ => None,
            },
        })
    }

    /// Name of the street or place, with its type.
    #[must_use]
    pub fn street(&self) -> &'a str {
        let name = self.of_street(&self.t.street_name);
        name.map_or("", |name| self.t.text(self.t.name_text[name as usize]))
    }

    /// The street's code in the national base: FANTOIR, or the base's own.
    #[must_use]
    pub fn street_code(&self) -> &'a str {
        let street = self.own_street();
        let ban = self
            .t
            .street_ban
            .get(street as usize)
            .map_or(NONE, |code| *code);
        if ban == NONE {
            self.rivoli()
        } else {
            self.t.text(ban)
        }
    }

    /// The street's code in the referential of buildings (RIVOLI).
    #[must_use]
    pub fn rivoli(&self) -> &'a str {
        let street = self.own_street();
        self.t
            .street_rivoli
            .get(street as usize)
            .map_or("", |code| self.t.text(*code))
    }

    /// The street in which the address stands; for one of a place, the one that numbers it.
    fn own_street(&self) -> u32 {
        if self.address == NONE {
            return self.street;
        }
        let at = self
            .t
            .street_addresses_at
            .partition_point(|from| *from <= self.address);
        u32::try_from(at).unwrap_or(NONE).saturating_sub(1)
    }

    /// Number in the street; `None` for a street, a commune, or where there are no numbers.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        let packed = self.of_address(&self.t.address_number)?;
        Some(packed >> SUFFIX_BITS).filter(|number| *number != 0)
    }

    /// What follows the number, as the national base writes it.
    #[must_use]
    pub fn complement(&self) -> &'a str {
        let packed = self.of_address(&self.t.address_number).unwrap_or(0);
        self.t
            .text(self.t.suffix_text[(packed & ((1 << SUFFIX_BITS) - 1)) as usize])
    }

    /// What follows the number, as the referential of buildings writes it: one capital letter.
    #[must_use]
    pub fn building_complement(&self) -> String {
        let complement = self.complement();
        let letter = self.flags() & ADDRESS_LETTER != 0;
        let end = if letter { 1 } else { complement.len() };
        complement
            .get(..end)
            .unwrap_or_default()
            .to_ascii_uppercase()
    }

    fn flags(&self) -> u8 {
        self.of_address(&self.t.address_flags).unwrap_or(0)
    }

    /// Key of the national base, empty when the address has none.
    #[must_use]
    pub fn ban_key(&self) -> String {
        if self.flags() & ADDRESS_KEY == 0 {
            return String::new();
        }
        if self.flags() & ADDRESS_PLAIN_KEY != 0 {
            let ban = self.t.street_ban[self.own_street() as usize];
            let number = self.number().unwrap_or(0);
            return plain_key(self.insee(), self.t.text(ban), number, self.complement());
        }
        if let Ok(at) = self.t.uuid_address.binary_search(&self.address) {
            return uuid(&self.t.uuid[at * 16..at * 16 + 16]);
        }
        let odd = self.t.odd_address.binary_search(&self.address);
        odd.map_or_else(
            |_| String::new(),
            |at| self.t.text(self.t.odd_text[at]).to_owned(),
        )
    }

    /// Hexaclé of the number, empty when the address has none.
    #[must_use]
    pub fn hexacle(&self) -> String {
        if self.flags() & ADDRESS_HEXACLE == 0 {
            return String::new();
        }
        let street = self.own_street() as usize;
        let from = self.t.street_addresses_at[street] as usize;
        let before = &self.t.address_flags[from..self.address as usize];
        let before = before
            .iter()
            .filter(|flags| **flags & ADDRESS_HEXACLE != 0)
            .count();
        let at = self.t.street_hexacles_at[street] as usize + before;
        let mut value = self.t.hexacle.get(at).copied().unwrap_or(0);
        let mut tail = [b'0'; 5];
        for place in tail.iter_mut().rev() {
            let digit = char::from_digit(value % 36, 36).unwrap_or('0');
            *place = digit.to_ascii_uppercase() as u8;
            value /= 36;
        }
        format!("{}{}", self.insee(), String::from_utf8_lossy(&tail))
    }

    /// Longitude and latitude (WGS84, degrees) of an address, to a few metres.
    #[must_use]
    pub fn lon_lat(&self) -> Option<(f64, f64)> {
        let (lon, lat) = (
            self.of_address(&self.t.address_lon)?,
            self.of_address(&self.t.address_lat)?,
        );
        if lon == u16::MAX {
            return None;
        }
        let street = self.own_street() as usize;
        let shift = self.t.street_shift[street];
        let whole =
            |origin: i32, part: u16| f64::from(origin.wrapping_add(i32::from(part) << shift)) / 1e6;
        Some((
            whole(self.t.street_lon[street], lon),
            whole(self.t.street_lat[street], lat),
        ))
    }

    /// Buildings that stand there, 255 for as many or more.
    #[must_use]
    pub fn buildings(&self) -> u32 {
        u32::from(self.of_address(&self.t.address_buildings).unwrap_or(0))
    }
}

impl Index {
    /// Whether the name has a street type in front of what names it.
    pub(crate) fn type_at(&self, words: &[u32]) -> Option<usize> {
        let flags = |word: u32| self.t.word_flags[word as usize];
        let first = words
            .iter()
            .position(|word| flags(*word) & WORD_LITTLE == 0)?;
        let more = words[first + 1..]
            .iter()
            .any(|word| flags(*word) & WORD_LITTLE == 0);
        (more && flags(words[first]) & WORD_TYPE != 0).then_some(first)
    }
}

fn uuid(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        for half in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    out
}
