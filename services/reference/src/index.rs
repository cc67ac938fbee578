//! What is in force, small enough to be held whole: 24 to 30 bytes a row, no key.
//!
//! Rows are found by the 64-bit hash of their key ([`crate::hash`] tells the odds).

use domain::release::Kind;
use domain::release::store::InForce;

use crate::hash::key_hash;

/// One row in force.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    key: u64,
    /// Of its values.
    pub digest: i64,
    /// Of the line it was read from.
    pub line_digest: i64,
}

/// Another kind of file brought the row: the lowest bit of its key's hash.
const FOREIGN: u64 = 1;

impl Entry {
    /// The row, for comparing a file of the kind `origin` with.
    pub fn new(row: &InForce<'_>, origin: Kind) -> Self {
        let foreign = row.origin.is_some_and(|of| of != origin);
        Self {
            key: (key_hash(row.key) & !FOREIGN) | u64::from(foreign),
            digest: row.digest,
            line_digest: row.line_digest,
        }
    }

    /// Whether another kind of file brought the row.
    pub fn is_foreign(&self) -> bool {
        self.key & FOREIGN != 0
    }
}

/// The rows of one table in force, and which of them a file names.
pub struct Index {
    /// In the order of their keys.
    entries: Vec<Entry>,
    /// Where the row after the last one found is: files are often in the order of their keys too,
    /// and reading on costs much less than a search.
    next: usize,
    /// Positions in `entries`, by hash, from 1, 0 being an empty place; made at the first search.
    places: Vec<u32>,
    seen: Vec<u64>,
    /// Rows of this kind of file that no line has named so far.
    pub unseen: u64,
}

impl Entry {
    fn is_of(&self, key: u64) -> bool {
        self.key | FOREIGN == key | FOREIGN
    }
}

impl Index {
    /// Of rows in the order of their keys.
    pub fn new(entries: Vec<Entry>) -> Self {
        let unseen = entries.iter().filter(|e| !e.is_foreign()).count() as u64;
        Self {
            seen: vec![0; entries.len().div_ceil(64)],
            entries,
            next: 0,
            places: Vec::new(),
            unseen,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    fn position(&mut self, key: u64) -> Option<usize> {
        let next = self.entries.get(self.next);
        let found = if next.is_some_and(|entry| entry.is_of(key)) {
            Some(self.next)
        } else {
            self.search(key)
        };
        self.next = found.map_or(self.next, |at| at + 1);
        found
    }

    fn search(&mut self, key: u64) -> Option<usize> {
        if self.places.is_empty() {
            self.fill_places();
        }
        let mut place = place(key, self.places.len());
        loop {
            let at = (self.places[place] as usize).checked_sub(1)?;
            if self.entries[at].is_of(key) {
                return Some(at);
            }
            place = (place + 1) % self.places.len();
        }
    }

    fn fill_places(&mut self) {
        let rows = self.entries.len();
        self.places = vec![0; rows + rows / 3 + 8];
        for (at, entry) in (1..).zip(&self.entries) {
            let mut place = place(entry.key, self.places.len());
            while self.places[place] != 0 {
                place = (place + 1) % self.places.len();
            }
            self.places[place] = at;
        }
    }

    /// The row of a key, by the key's hash, and whether this is the first time it is asked for.
    pub fn take(&mut self, key: u64) -> Option<(Entry, bool)> {
        let at = self.position(key)?;
        let (word, bit) = (at / 64, 1 << (at % 64));
        let fresh = self.seen[word] & bit == 0;
        self.seen[word] |= bit;
        let entry = self.entries[at];
        self.unseen -= u64::from(fresh && !entry.is_foreign());
        Some((entry, fresh))
    }

    /// Whether row `at`, in the order of keys, is one that a file of this kind says is gone, by not
    /// naming it; `None` when `key` is not the key of that row.
    pub fn is_gone(&self, at: usize, key: &str) -> Option<bool> {
        let entry = self.entries.get(at)?;
        let seen = self.seen[at / 64] & (1 << (at % 64)) != 0;
        entry
            .is_of(key_hash(key))
            .then(|| !seen && !entry.is_foreign())
    }
}

/// Where among `places` a hash is looked for first. Its lowest bit has no say.
fn place(hash: u64, places: usize) -> usize {
    let wide = u128::from(hash & !FOREIGN) * places as u128;
    usize::try_from(wide >> 64).unwrap_or(0)
}

/// A set of keys: 8 bytes each and a third more.
#[derive(Clone, Debug, Default)]
pub struct KeySet {
    /// 0 is an empty place.
    places: Vec<u64>,
    len: usize,
}

impl KeySet {
    /// With room for `keys` without growing.
    pub fn with_capacity(keys: usize) -> Self {
        let places = vec![0; (keys + keys / 3 + 8).max(16)];
        Self { places, len: 0 }
    }

    /// Where `key` is, or would be put.
    fn place(&self, key: u64) -> usize {
        let mut at = place(key, self.places.len());
        while self.places[at] != 0 && self.places[at] != key {
            at = (at + 1) % self.places.len();
        }
        at
    }

    /// Adds the hash of a key; false when it is there already.
    pub fn insert(&mut self, key: u64) -> bool {
        if self.len + self.len / 3 + 8 > self.places.len() {
            self.grow();
        }
        let at = self.place(key);
        let fresh = self.places[at] == 0;
        self.places[at] = key;
        self.len += usize::from(fresh);
        fresh
    }

    fn grow(&mut self) {
        let mut larger = Self::with_capacity(2 * self.len.max(8));
        for &key in self.places.iter().filter(|&&key| key != 0) {
            larger.insert(key);
        }
        *self = larger;
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: &Self) {
        for &key in other.places.iter().filter(|&&key| key != 0) {
            self.insert(key);
        }
    }

    /// Whether it has this key.
    #[must_use]
    pub fn contains(&self, key: &str) -> bool {
        self.contains_hash(key_hash(key))
    }

    /// Whether it has the key of this hash.
    #[must_use]
    pub fn contains_hash(&self, key: u64) -> bool {
        !self.places.is_empty() && self.places[self.place(key)] == key
    }
}

/// What is to become of one line's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Nothing: refused, or already in force.
    Skip,
    /// Insert a row that is new.
    Add,
    /// End the row in force and insert this one.
    Replace,
    /// The row in force stays; it is noted that this line says it.
    Renew,
}

/// An action for each line in turn, two bits each.
#[derive(Debug, Default)]
pub struct Actions {
    packed: Vec<u8>,
    len: usize,
}

impl Actions {
    /// The action of the next line.
    pub fn push(&mut self, action: Action) {
        if self.len.is_multiple_of(4) {
            self.packed.push(0);
        }
        if let Some(last) = self.packed.last_mut() {
            *last |= (action as u8) << (2 * (self.len % 4));
        }
        self.len += 1;
    }

    /// The action of line `at`, from 0; `None` after the last.
    pub fn get(&self, at: usize) -> Option<Action> {
        if at >= self.len {
            return None;
        }
        Some(match (self.packed[at / 4] >> (2 * (at % 4))) & 3 {
            0 => Action::Skip,
            1 => Action::Add,
            2 => Action::Replace,
            _ => Action::Renew,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: u64, origin: Kind) -> Entry {
        let row = InForce {
            key: &format!("K{n}"),
            digest: i64::try_from(n).unwrap(),
            line_digest: -1,
            origin: Some(origin),
        };
        Entry::new(&row, Kind::Fibres)
    }

    #[test]
    fn each_row_is_found_once_and_what_is_not_named_is_gone() {
        for rows in [0, 1, 2, 3, 100, 5_000] {
            let of = |n| match n % 10 {
                9 => Kind::Gracethd,
                _ => Kind::Fibres,
            };
            let mut index = Index::new((0..rows).map(|n| entry(n, of(n))).collect());
            let mut even: Vec<u64> = (0..rows).step_by(2).collect();
            if rows % 3 == 0 {
                even.reverse();
            }
            for n in even {
                let (entry, fresh) = index.take(key_hash(&format!("K{n}"))).unwrap();
                assert_eq!((entry.digest, fresh), (i64::try_from(n).unwrap(), true));
                assert!(!index.take(key_hash(&format!("K{n}"))).unwrap().1);
            }
            assert!(index.take(key_hash("absent")).is_none());
            let gone = (0..rows)
                .filter(|&n| {
                    let at = usize::try_from(n).unwrap();
                    index.is_gone(at, &format!("K{n}")).unwrap()
                })
                .count() as u64;
            assert_eq!(
                gone,
                (0..rows).filter(|n| n % 2 == 1 && n % 10 != 9).count() as u64
            );
            assert_eq!(gone, index.unseen);
        }
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let mut set = KeySet::default();
        assert!(!set.contains("0"));
        for n in 0..3_000 {
            assert!(set.insert(key_hash(&n.to_string())));
            assert!(!set.insert(key_hash(&n.to_string())));
        }
        let mut other = KeySet::with_capacity(1);
        other.extend(&set);
        for n in 0..6_000 {
            assert_eq!(other.contains(&n.to_string()), n < 3_000);
        }
    }

    #[test]
    fn actions_are_kept_in_their_order() {
        let all = [Action::Skip, Action::Add, Action::Replace, Action::Renew];
        let mut actions = Actions::default();
        for n in 0..1_000 {
            actions.push(all[n * n % 4]);
        }
        for n in 0..1_000 {
            assert_eq!(actions.get(n), Some(all[n * n % 4]));
        }
        assert_eq!(actions.get(1_000), None);
    }
}
