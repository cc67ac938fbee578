//! What a candidate costs: the name of its street, its commune, its postcode, its number, and the
//! typed words that none of them explains.

use crate::align::{FIT_EXACT, Fit};
use crate::answer::{Kind, NumberMatch};
use crate::build::{TOWN_OLD, TOWN_TODAY};
use crate::number::{self, NumberFit};
use crate::query::{COST_END, Search, sum_hits};
use crate::reading;
use crate::tables::{NONE, WORD_LITTLE};

/// Communes that are looked into.
const COMMUNES_MAX: usize = 64;
/// Communes of a postcode whose names are compared even if no word of theirs was found.
const POSTCODE_COMMUNES_MAX: usize = 24;
/// Names of communes that are kept.
const TOWNS_MAX: usize = 24;

/// Added for a commune alone.
const UNMATCHED_MORE: u16 = 30;
/// No commune was typed, and a postcode was; neither was; another old commune was.
const COMMUNE_OF_POSTCODE: u16 = 2;
const COMMUNE_GUESSED: u16 = 20;
const OTHER_OLD: u16 = 24;
/// Another commune bears the name that this one bore, or that its office bears.
const SECOND_NAME: u16 = 12;
/// Another postcode of the same department, of another.
const POSTCODE_NEAR: u16 = 26;
const POSTCODE_FAR: u16 = 40;
const POSTCODE_UNKNOWN: u16 = 5;
/// Another arrondissement than the one typed.
const OTHER_PART: u16 = 50;

/// A commune's name that was typed, more or less.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TownHit {
    pub town: u32,
    pub commune: u32,
    pub cost: u16,
    rank: i32,
    /// What it costs more because another commune bears the name.
    second: u16,
}

/// A candidate while it is compared with others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cand {
    pub kind: Kind,
    pub number: NumberMatch,
    pub street: u32,
    pub address: u32,
    pub commune: u32,
    /// The name by which the street was found.
    pub name: u32,
    /// The name by which the commune was found.
    pub town: u32,
    /// Without and with the number.
    pub text_cost: u16,
    pub cost: u16,
    pub unmatched: u64,
    pub fit: Fit,
    pub house: u8,
    pub bits: u16,
}

pub(crate) const TOWN_INEXACT: u16 = 1;
pub(crate) const TOWN_ABSENT: u16 = 2;
pub(crate) const POSTCODE_DIFFERS: u16 = 4;
pub(crate) const OLD_OTHER: u16 = 8;
/// No house number was chosen.
pub(crate) const NO_HOUSE: u8 = u8::MAX;

impl Search<'_> {
    /// The names of communes among the words, and the communes to look into.
    pub(crate) fn find_towns(&mut self) {
        let t = &self.index.t;
        let all = self.all();
        let s = &mut *self.s;
        s.hits.clear();
        for m in &s.matcher.all {
            let towns = t.word_towns(m.word);
            let digits = s.reading.digits >> m.first & 1 == 1;
            if digits
                || m.cost > 56
                || towns.len() > 1500
                || t.word_flags[m.word as usize] & WORD_LITTLE != 0
            {
                continue;
            }
            let rare = 64 - (towns.len() as u64 + 1).leading_zeros();
            let gain = 20_u32.saturating_sub(rare) * u32::from(100 - m.cost);
            s.hits.extend(towns.iter().map(|town| (*town, gain)));
        }
        // What lies at the postcode is compared whatever was typed of its name.
        let postcode = s
            .reading
            .postcode
            .map_or(&[][..], |postcode| t.communes_at(postcode));
        for commune in postcode.iter().take(POSTCODE_COMMUNES_MAX) {
            let towns =
                t.commune_towns_at[*commune as usize]..t.commune_towns_at[*commune as usize + 1];
            s.hits.extend(towns.map(|town| (town, 4000)));
        }
        sum_hits(&mut s.hits, 64);
        let hits = std::mem::take(&mut s.hits);
        let mut towns = std::mem::take(&mut self.s.towns);
        towns.clear();
        let free = all & !self.s.reading.digits & !self.s.reading.suffixes;
        let aligner = self.s.aligner(self.index);
        for (town, _) in &hits {
            let Some(fit) = aligner.town(t.town_words(*town), free) else {
                continue;
            };
            let commune = t.town_commune[*town as usize];
            let near = if postcode.contains(&commune) { 0 } else { 12 };
            let near = near
                + self
                    .part(commune, all & !self.s.reading.postcode_mask & !fit.used)
                    .1;
            if fit.cost < 80 {
                let told = self.unmatched_cost(fit.used) / 2;
                let rank = i32::from(fit.cost + near) - i32::from(told);
                let cost = fit.cost + near;
                towns.push(TownHit {
                    town: *town,
                    commune,
                    cost,
                    rank,
                    second: 0,
                });
            }
        }
        // A name that explains more of what was typed may cost more itself.
        towns.sort_unstable_by_key(|hit| (hit.rank, hit.cost, hit.town));
        towns.truncate(TOWNS_MAX);
        self.s.hits = hits;
        let anchor = |hit: &TownHit| hit.cost <= 8 && postcode.contains(&hit.commune);
        self.s.anchored = towns.iter().any(anchor);
        // The likeliest first: named and at the postcode, then the postcode's, then the others.
        let communes = &mut self.s.communes;
        communes.clear();
        let both = towns
            .iter()
            .map(|hit| hit.commune)
            .filter(|commune| postcode.contains(commune));
        let others = towns.iter().map(|hit| hit.commune);
        for commune in both.chain(postcode.iter().copied()).chain(others) {
            if communes.len() < COMMUNES_MAX && !communes.contains(&commune) {
                communes.push(commune);
            }
        }
        // A commune is known by its own name before another is by its office's or its past.
        for at in 0..towns.len() {
            let hit = towns[at];
            let same = |other: &TownHit| {
                other.commune != hit.commune
                    && t.town_kind[other.town as usize] == TOWN_TODAY
                    && t.town_words(other.town) == t.town_words(hit.town)
            };
            if t.town_kind[hit.town as usize] != TOWN_TODAY && towns.iter().any(same) {
                towns[at].second = SECOND_NAME;
            }
        }
        self.s.towns = towns;
    }

    pub(crate) fn weigh_hits(&mut self) {
        let hits = std::mem::take(&mut self.s.hits);
        for (street, _) in &hits {
            self.weigh_street(*street);
        }
        self.s.hits = hits;
    }

    /// Adds a street under the name that fits best.
    fn weigh_street(&mut self, street: u32) {
        let t = &self.index.t;
        let name = t.street_name[street as usize];
        let mut best = self.weigh(street, name);
        if t.street_flags[street as usize] & crate::tables::STREET_ALIAS != 0 {
            let from = t.alias_street.partition_point(|one| *one < street);
            for at in from..t.alias_street.len() {
                if t.alias_street[at] != street {
                    break;
                }
                let other = self.weigh(street, t.alias_name[at]);
                if other.cost < best.cost {
                    best = other;
                }
            }
        }
        self.push(best);
    }

    pub(crate) fn push(&mut self, cand: Cand) {
        if cand.cost < COST_END {
            self.s.cands.push(cand);
        }
    }

    pub(crate) fn fit_of(&mut self, name: u32) -> Fit {
        if let Some((_, fit)) = self.s.fits.iter().find(|(one, _)| *one == name) {
            return *fit;
        }
        let free = self.words();
        let fit = self
            .s
            .aligner(self.index)
            .name(self.index.t.name_words(name), free, None);
        if self.s.fits.len() < 64 {
            self.s.fits.push((name, fit));
        }
        fit
    }

    fn weigh(&mut self, street: u32, name: u32) -> Cand {
        let fit = self.fit_of(name);
        self.weigh_fit(street, name, fit)
    }

    /// A street whose name fits so, with its commune, postcode and number.
    pub(crate) fn weigh_fit(&mut self, street: u32, name: u32, fit: Fit) -> Cand {
        let t = &self.index.t;
        let commune = t.street_commune[street as usize];
        let free = self.all() & !fit.used & !self.s.reading.postcode_mask;
        let old = t.street_old[street as usize];
        let (mut postcode, mut bits) = self.postcode_cost(t.street_postcode[street as usize]);
        let place = self.place(commune, old, free);
        bits |= place.bits;
        if bits & TOWN_ABSENT != 0 && bits & POSTCODE_DIFFERS != 0 {
            // Nothing typed says that it is here.
            postcode += COMMUNE_GUESSED + POSTCODE_NEAR;
        }
        let left = free & !place.used;
        let house = self.house_among(left);
        let (number, house_mask) = self.number_of(street, house, left);
        let left = left & !house_mask;
        let text_cost = fit.cost + place.cost + postcode + self.unmatched_cost(left);
        let plain = self.index.type_at(t.name_words(name)).is_none();
        let numbered = number.kind != NumberMatch::NotAsked || number.address != NONE;
        let kind = match number.kind {
            NumberMatch::NoNumbers => Kind::Place,
            NumberMatch::Absent => Kind::Street,
            NumberMatch::NotAsked if plain || numbered => Kind::Place,
            NumberMatch::NotAsked => Kind::Street,
            _ => Kind::HouseNumber,
        };
        Cand {
            kind,
            number: number.kind,
            street,
            address: number.address,
            commune,
            name,
            town: place.town,
            text_cost,
            cost: text_cost.saturating_add(number.cost),
            unmatched: left,
            fit,
            house: if number.kind == NumberMatch::NotAsked {
                NO_HOUSE
            } else {
                house.unwrap_or(NO_HOUSE)
            },
            bits,
        }
    }

    /// The first house number of which no word is used otherwise.
    pub(crate) fn house_among(&self, left: u64) -> Option<u8> {
        let houses = &self.s.reading.houses;
        houses
            .iter()
            .position(|house| house.mask & !left == 0)
            .and_then(|at| u8::try_from(at).ok())
    }

    fn number_of(&self, street: u32, house: Option<u8>, left: u64) -> (NumberFit, u64) {
        let Some(house) = house else {
            // A place with one address and no number is that address.
            let numbers = self.index.numbers(street);
            let alone = numbers.len == 1 && numbers.number(0) == 0;
            let address = if alone { numbers.address(0) } else { NONE };
            return (
                NumberFit {
                    address,
                    ..NumberFit::NOT_ASKED
                },
                0,
            );
        };
        let house = &self.s.reading.houses[usize::from(house)];
        let suffix_free = house.suffix_mask != 0 && house.suffix_mask & !left == 0;
        let fit = number::fit(self.index, street, house, suffix_free);
        let loose = house.loose && fit.kind == NumberMatch::Exact && fit.cost > 0;
        let suffix = if loose || !suffix_free {
            0
        } else {
            house.suffix_mask
        };
        // The loose letter is left unexplained, and has been paid for.
        let cost = if loose { 0 } else { fit.cost };
        (NumberFit { cost, ..fit }, house.mask | suffix)
    }

    pub(crate) fn postcode_cost(&self, found: u32) -> (u16, u16) {
        match self.s.reading.postcode {
            None => (0, 0),
            Some(typed) if typed == found => (0, 0),
            Some(_) if found == 0 => (POSTCODE_UNKNOWN, 0),
            Some(typed) if typed / 1000 == found / 1000 => (POSTCODE_NEAR, POSTCODE_DIFFERS),
            Some(_) => (POSTCODE_FAR, POSTCODE_DIFFERS),
        }
    }

    /// How the commune's names fit the words that the street left.
    pub(crate) fn place(&self, commune: u32, old: u32, free: u64) -> PlaceFit {
        let t = &self.index.t;
        let known = self.s.reading.postcode.is_some();
        let absent = if known {
            COMMUNE_OF_POSTCODE
        } else {
            COMMUNE_GUESSED
        };
        let (part_mask, part_cost) = self.part(commune, free);
        let mut best = PlaceFit {
            town: NONE,
            cost: absent,
            used: 0,
            bits: TOWN_ABSENT,
        };
        let mut least = absent + self.unmatched_cost(free);
        let aligner = self.s.aligner(self.index);
        for hit in self.s.towns.iter().filter(|hit| hit.commune == commune) {
            let plain = free & !self.s.reading.digits & !self.s.reading.suffixes;
            let Some(fit) = aligner.town(t.town_words(hit.town), plain) else {
                continue;
            };
            let other_old = t.town_kind[hit.town as usize] == TOWN_OLD && old != hit.town;
            let cost = fit.cost + hit.second + if other_old { OTHER_OLD } else { 0 };
            let whole = cost + self.unmatched_cost(free & !fit.used);
            if whole < least {
                least = whole;
                let inexact = if fit.flags & FIT_EXACT == 0 {
                    TOWN_INEXACT
                } else {
                    0
                };
                let bits = inexact | if other_old { OLD_OTHER } else { 0 };
                best = PlaceFit {
                    town: hit.town,
                    cost,
                    used: fit.used,
                    bits,
                };
            }
        }
        best.used |= part_mask;
        best.cost += part_cost;
        best
    }

    /// The number of an arrondissement after the town's name.
    fn part(&self, commune: u32, free: u64) -> (u64, u16) {
        let part = u32::from(self.index.t.commune_part[commune as usize]);
        if part == 0 {
            return (0, 0);
        }
        let r = &self.s.reading;
        let town = self.index.t.town_words(self.index.t.town_of(commune));
        let named = |at: usize| {
            let mut own = town
                .first()
                .map_or(&[][..], |word| self.s.matcher.of_word(*word))
                .iter();
            own.any(|m| usize::from(m.last) == at)
        };
        for at in 1..r.count {
            if r.digits >> at & 1 == 0 || free >> at & 1 == 0 || !named(at - 1) {
                continue;
            }
            let value = reading::value_of(self.s.folded.word(at));
            let next = at + 1;
            let ordinal = next < r.count
                && matches!(
                    self.s.folded.word(next),
                    b"e" | b"er" | b"eme" | b"ieme" | b"arrondissement"
                );
            let other_house = r
                .houses
                .iter()
                .any(|house| house.mask >> at & 1 == 0 && house.mask & !free == 0);
            let last = next == r.count;
            if value > 20 || !(ordinal || last || (other_house && value == part)) {
                continue;
            }
            let mut mask = 1 << at;
            if ordinal {
                mask |= 1 << next;
                let after = next + 1;
                if after < r.count && self.s.folded.word(after).starts_with(b"arr") {
                    mask |= 1 << after;
                }
            }
            return (mask, if value == part { 0 } else { OTHER_PART });
        }
        (0, 0)
    }

    /// The communes themselves, for who types nothing else.
    pub(crate) fn commune_cands(&mut self) {
        let free = self.all() & !self.s.reading.postcode_mask;
        let communes = std::mem::take(&mut self.s.communes);
        let t = &self.index.t;
        for commune in &communes {
            let place = self.place(*commune, NONE, free);
            let typed = self.s.reading.postcode;
            let of_postcode = typed.is_some_and(|p| t.postcodes_of(*commune).contains(&p));
            if place.town == NONE && !of_postcode {
                continue;
            }
            let (postcode, bits) = match typed {
                Some(_) if of_postcode => (0, 0),
                Some(p) => self.postcode_cost(t.postcodes_of(*commune).first().map_or(p, |p| *p)),
                None => (0, 0),
            };
            let left = free & !place.used;
            let old = if place.bits & OLD_OTHER == 0 {
                0
            } else {
                OTHER_OLD
            };
            // Who types a street, a number or a name means more than the commune.
            let r = &self.s.reading;
            let more = left & (r.types | r.named | r.digits);
            let cost = place.cost - old
                + postcode
                + self.unmatched_cost(left)
                + UNMATCHED_MORE * u16::try_from(more.count_ones()).unwrap_or(0);
            let fit = Fit {
                flags: FIT_EXACT,
                ..Fit::default()
            };
            self.push(Cand {
                kind: Kind::Commune,
                number: NumberMatch::NotAsked,
                street: NONE,
                address: NONE,
                commune: *commune,
                name: NONE,
                town: place.town,
                text_cost: cost,
                cost,
                unmatched: left,
                fit,
                house: NO_HOUSE,
                bits: bits | place.bits & !OLD_OTHER,
            });
        }
        self.s.communes = communes;
    }
}

/// How a commune fits the words that a street left.
pub(crate) struct PlaceFit {
    pub town: u32,
    pub cost: u16,
    pub used: u64,
    pub bits: u16,
}
