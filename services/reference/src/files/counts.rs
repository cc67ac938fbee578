//! Dwellings of each building by the structure in force, beside what an IPE says of them.

use std::collections::BTreeMap;

use crate::hash::key_hash;
use crate::report::{AnomalyCode, ImportReport};

/// Dwellings of each building: 16 bytes a building, found by the hash of its reference.
#[derive(Default)]
pub struct DwellingCounts {
    counts: Vec<(u64, u32)>,
}

impl DwellingCounts {
    /// One more dwelling, by the hash of its building's reference; those of a building follow one
    /// another.
    pub fn push(&mut self, hash: u64) {
        match self.counts.last_mut() {
            Some((last, count)) if *last == hash => *count += 1,
            _ => self.counts.push((hash, 1)),
        }
    }

    /// Must be called once all are there.
    pub fn sort(&mut self) {
        self.counts.sort_unstable();
    }

    /// Whether no structure is in force.
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Dwellings of a building; 0 for one that has none.
    pub fn of(&self, building_ref: &str) -> i64 {
        let hash = key_hash(building_ref);
        let found = self.counts.binary_search_by_key(&hash, |(hash, _)| *hash);
        found.map_or(0, |at| i64::from(self.counts[at].1))
    }
}

/// What buildings of each Hexaclé have too many or too few. Those that have what the structure says
/// take no room.
#[derive(Default)]
pub struct Sums {
    differences: BTreeMap<String, i64>,
}

impl Sums {
    /// A building of `hexacle` has so many more dwellings in the IPE than in the structure.
    pub fn add(&mut self, hexacle: &str, difference: i64) {
        if difference == 0 || hexacle.is_empty() {
            return;
        }
        *self.differences.entry(hexacle.to_owned()).or_default() += difference;
    }

    /// Tells the Hexaclés whose lines do not add up.
    pub fn tell(self, report: &mut ImportReport) {
        for (hexacle, difference) in self.differences {
            if difference != 0 {
                let detail = format!("{difference:+}");
                report.anomaly(AnomalyCode::DwellingSumDiffers, &hexacle, detail);
            }
        }
    }
}
