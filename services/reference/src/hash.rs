//! A fast 64-bit hash of bytes, the same on every machine and in every version: it is stored.
//!
//! It tells lines and keys apart, it protects nothing: whoever makes two lines of his own file
//! collide only hides his own change. By chance, a line is taken for the one in force under its key
//! once in 2^64; among a million keys, two are taken for one with a probability of 5e-8.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// XXH3 of `bytes`; another `seed` makes another hash.
pub fn hash(seed: u64, bytes: &[u8]) -> u64 {
    xxh3_64_with_seed(bytes, seed)
}

/// The hash of a key; never 0.
pub fn key_hash(key: &str) -> u64 {
    hash(0, key.as_bytes()).max(1)
}

/// For small tables that live as long as one reading.
#[derive(Default)]
pub struct Quick(u64);

/// A map by [`hash`].
pub type QuickBuild = BuildHasherDefault<Quick>;

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = hash(self.0, bytes);
    }

    fn write_u8(&mut self, byte: u8) {
        // The end mark of a text: its length is in its hash.
        self.0 ^= u64::from(byte);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = hash(self.0, &word.to_le_bytes());
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_hash_is_the_one_that_is_stored() {
        assert_eq!(
            hash(7, b"IMB/53901/X/0001;DEPLOYE"),
            851_105_688_044_198_390
        );
    }

    #[test]
    fn texts_that_differ_little_have_hashes_that_differ_everywhere() {
        let base: Vec<u8> = (0..75).collect();
        let before = hash(1, &base);
        let mut seen = HashSet::from([before]);
        for at in 0..base.len() {
            for bit in 0..8 {
                let mut other = base.clone();
                other[at] ^= 1 << bit;
                let after = hash(1, &other);
                assert!(seen.insert(after));
                let differing = (before ^ after).count_ones();
                assert!((12..=52).contains(&differing), "{differing} bits at {at}");
            }
            assert!(seen.insert(hash(1, &base[..at])), "cut at {at}");
        }
        let numbers: HashSet<u64> = (0..100_000)
            .map(|n| key_hash(&format!("IMB/53901/X/{n:06}")) >> 24)
            .collect();
        assert!(numbers.len() > 99_900, "{} of 100000", numbers.len());
    }
}
