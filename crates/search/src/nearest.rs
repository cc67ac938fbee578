//! Addresses around a point.

use crate::answer::{Candidate, Kind, NumberMatch};
use crate::index::Index;
use crate::tables::NONE;

/// Addresses farther than so many metres are not near.
pub const NEAR_METRES_MAX: u32 = 500;
/// Metres of a degree of latitude.
const DEGREE_METRES: f64 = 111_320.0;

impl Index {
    /// The addresses nearest to a point (WGS84, degrees), with how many metres they are from it,
    /// the nearest first; none beyond [`NEAR_METRES_MAX`]. Every street is looked at, but only the
    /// addresses of those that come near: about a millisecond for 200,000 streets.
    #[must_use]
    pub fn nearest(&self, lon: f64, lat: f64, limit: usize) -> Vec<(Candidate, u32)> {
        let metres_lon = DEGREE_METRES * lat.to_radians().cos().abs().max(0.01);
        let reach = f64::from(NEAR_METRES_MAX);
        let (wide, high) = (reach / metres_lon, reach / DEGREE_METRES);
        let mut near: Vec<(u32, u32)> = Vec::new();
        for street in 0..self.t.street_lon.len() {
            let whole = |micro: i32| f64::from(micro) / 1e6;
            let size = f64::from(u16::MAX) * f64::from(1_u32 << self.t.street_shift[street]) / 1e6;
            let (west, south) = (
                whole(self.t.street_lon[street]),
                whole(self.t.street_lat[street]),
            );
            let beside = lon < west - wide || lon > west + size + wide;
            if beside || lat < south - high || lat > south + size + high {
                continue;
            }
            let from = self.t.street_addresses_at[street];
            let to = self.t.street_addresses_at.get(street + 1).copied();
            for address in from..to.unwrap_or(from) {
                let one = candidate(street, address, self);
                let Some((x, y)) = self.found(&one).lon_lat() else {
                    continue;
                };
                let (east, north) = ((x - lon) * metres_lon, (y - lat) * DEGREE_METRES);
                let metres = east.mul_add(east, north * north).sqrt();
                if metres <= reach {
                    near.push((metres.round() as u32, address));
                    // No more are kept than are wanted, or nearly.
                    if near.len() > 64 + 4 * limit {
                        near.sort_unstable();
                        near.truncate(limit);
                    }
                }
            }
        }
        near.sort_unstable();
        near.truncate(limit);
        let given = near.into_iter().map(|(metres, address)| {
            let at = &self.t.street_addresses_at;
            let street = at.partition_point(|from| *from <= address) - 1;
            (candidate(street, address, self), metres)
        });
        given.collect()
    }

    /// The streets (INSEE and RIVOLI codes) of the `looked_at` addresses nearest to a point, the
    /// nearest street first; those without RIVOLI code are left out.
    #[must_use]
    pub fn streets_around(&self, lon: f64, lat: f64, looked_at: usize) -> Vec<(String, String)> {
        let mut streets: Vec<(String, String)> = Vec::new();
        let mut seen = Vec::new();
        for (candidate, _) in self.nearest(lon, lat, looked_at) {
            if seen.contains(&candidate.street) {
                continue;
            }
            seen.push(candidate.street);
            let found = self.found(&candidate);
            let street = (found.insee().to_owned(), found.rivoli().to_owned());
            if !street.1.is_empty() && !streets.contains(&street) {
                streets.push(street);
            }
        }
        streets
    }
}

fn candidate(street: usize, address: u32, index: &Index) -> Candidate {
    let commune = index.t.street_commune.get(street).copied();
    Candidate {
        kind: Kind::HouseNumber,
        number: NumberMatch::NotAsked,
        cost: 0,
        assumed: Vec::new(),
        unmatched: 0,
        street: u32::try_from(street).unwrap_or(NONE),
        address,
        commune: commune.unwrap_or(NONE),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Builder, Entry};

    #[test]
    fn the_nearest_addresses_come_first_and_far_ones_not_at_all() {
        let mut builder = Builder::new();
        let numbers = ["1", "2", "3", "4"];
        let lons = [-0.770, -0.7701, -0.7703, -0.9];
        for (number, lon) in numbers.iter().zip(lons) {
            builder.add(&Entry {
                insee: "53130",
                postcode: "53000",
                commune: "Laval",
                street_code: "0952",
                street_name: "Rue des Tilleuls",
                number,
                lon: Some(lon),
                lat: Some(48.07),
                ..Entry::default()
            });
        }
        let index = builder.finish();
        let near = index.nearest(-0.77, 48.07, 5);
        let found: Vec<(Option<u32>, u32)> = near
            .iter()
            .map(|(one, metres)| (index.found(one).number(), *metres))
            .collect();
        let numbers: Vec<Option<u32>> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [Some(1), Some(2), Some(3)]);
        assert!(
            found[0].1 <= 3 && (5..=10).contains(&found[1].1),
            "{found:?}"
        );
        assert_eq!(index.nearest(-0.77, 48.07, 1).len(), 1);
        let street = ("53130".to_owned(), "0952".to_owned());
        assert_eq!(index.streets_around(-0.77, 48.07, 3), [street]);
        assert!(index.nearest(2.35, 48.85, 5).is_empty());
        assert!(index.nearest(f64::NAN, 91.0, 5).is_empty());
    }
}
