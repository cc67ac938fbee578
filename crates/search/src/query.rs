//! The search: which communes may be meant, which streets of theirs, which number; then everywhere.

use crate::align::{Aligner, FIT_COMPARED, FIT_EXACT, FIT_SPELT, Fit};
use crate::answer::{CANDIDATES_MAX, Kind, NumberMatch, QUERY_WORDS_MAX};
use crate::build::{TOWN_OLD, TOWN_TODAY};
use crate::distance::Pattern;
use crate::fold::Folded;
use crate::index::Index;
use crate::matching::{self, COST_SAME, Matcher, Reach};
use crate::number::{self, NumberFit};
use crate::reading::{self, Reading};
use crate::tables::{NONE, Tables, WORD_LITTLE, WORD_TYPE};
use crate::{letters, lexicon};

/// Communes that are looked into.
const COMMUNES_MAX: usize = 64;
/// Communes of a postcode whose names are compared even if no word of theirs was found.
const POSTCODE_COMMUNES_MAX: usize = 24;
/// Names of communes that are kept.
const TOWNS_MAX: usize = 24;
/// Streets that are compared word by word, each time.
const STREETS_MAX: usize = 32;
/// Names that are compared word by word when no commune is known.
const NAMES_MAX: usize = 48;
/// Streets of those names that are looked at.
const HOMONYMS_MAX: usize = 500;
/// Homonyms without the number that are kept.
const ABSENT_MAX: u32 = 12;
/// References from words that are followed in one search.
const POSTINGS_MAX: usize = 3000;
/// Streets of a commune whose names are compared letter by letter.
const COMPARED_MAX: u32 = 3000;
/// Communes of which that is done.
const COMPARED_COMMUNES_MAX: usize = 8;
/// A commune's name farther than this is not looked into letter by letter.
const COST_TOWN_NEAR: u16 = 36;

/// A candidate below this is good: nothing closer is looked for.
const COST_GOOD: u16 = 34;
/// The same when no postcode was typed.
const COST_ALONE: u16 = 12;
/// Streets elsewhere are looked for, by words near in writing, from here on.
const COST_CLOSE: u16 = 30;
/// From here on names are compared letter by letter.
const COST_POOR: u16 = 52;
/// No candidate from here on is one.
pub(crate) const COST_END: u16 = 190;

/// What a typed word costs that nothing explains.
const UNMATCHED_WORD: u8 = 100;
const UNMATCHED_UNKNOWN: u8 = 80;
const UNMATCHED_TWO_LETTERS: u8 = 28;
const UNMATCHED_LETTER: u8 = 16;
const UNMATCHED_LITTLE: u8 = 3;
const UNMATCHED_TYPE: u8 = 22;
const UNMATCHED_NUMBER: u8 = 20;
const UNMATCHED_NAMED: u8 = 10;
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
struct TownHit {
    town: u32,
    commune: u32,
    cost: u16,
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

/// What one search needs; kept from one to the next so that none allocates.
#[derive(Default)]
pub struct Scratch {
    pub(crate) folded: Folded,
    pub(crate) reading: Reading,
    pub(crate) matcher: Matcher,
    unmatched: Vec<u8>,
    towns: Vec<TownHit>,
    /// Commune and postcode were both typed as they are: no other place is meant.
    anchored: bool,
    communes: Vec<u32>,
    hits: Vec<(u32, u32)>,
    fits: Vec<(u32, Fit)>,
    pub(crate) cands: Vec<Cand>,
    seen: Vec<(u32, u32)>,
    ends: Vec<usize>,
    run: Vec<u8>,
}

impl Scratch {
    /// One for any index.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn aligner<'a>(&'a self, index: &'a Index) -> Aligner<'a> {
        Aligner {
            index,
            folded: &self.folded,
            reading: &self.reading,
            matcher: &self.matcher,
            cut_short: self.cut_short(),
        }
    }

    /// Whether the street's part has the length at which many files cut names.
    fn cut_short(&self) -> bool {
        let r = &self.reading;
        let aside = r.postcode_mask | r.aside | r.houses.first().map_or(0, |h| h.mask | h.suffix_mask);
        let (mut len, mut longest) = (0, 0);
        for at in 0..r.count {
            if aside >> at & 1 == 1 {
                len = 0;
                continue;
            }
            len += usize::from(len > 0) + self.folded.word(at).len();
            longest = longest.max(len);
            // The street's part may be followed by the commune's.
            if (15..=18).contains(&len) {
                return true;
            }
        }
        (15..=18).contains(&longest)
    }
}

pub(crate) struct Search<'a> {
    pub index: &'a Index,
    pub s: &'a mut Scratch,
    /// The last word may go on.
    pub typing: bool,
}

impl Search<'_> {
    /// Fills the scratch's candidates, best first.
    pub fn run(&mut self) {
        self.s.cands.clear();
        self.read();
        self.look(Reach::Written);
        if !self.is_good() {
            self.read_close();
            self.look(Reach::Close);
            let best = self.s.cands.iter().map(|c| c.cost).min().unwrap_or(COST_END);
            if best > COST_POOR {
                self.compare_names();
            }
        }
        // The same street may have been weighed under several readings.
        self.s.cands.sort_unstable_by_key(|c| (c.street, c.commune, c.cost));
        self.s.cands.dedup_by_key(|c| (c.street, c.commune));
        let order = |c: &Cand| (c.cost, c.text_cost, c.address == NONE, c.street);
        self.s.cands.sort_unstable_by_key(order);
    }

    /// Whether no other spelling of what was typed can fit better: what is wrong is not a word.
    fn is_good(&self) -> bool {
        let Some(best) = self.s.cands.iter().min_by_key(|c| c.cost) else {
            return false;
        };
        let spelt = best.kind != Kind::Commune
            && best.fit.flags & FIT_SPELT != 0
            && best.bits & TOWN_INEXACT == 0
            && self.unmatched_cost(best.unmatched) < u16::from(UNMATCHED_TYPE);
        best.cost <= COST_GOOD || (spelt && best.text_cost < 100)
    }

    /// Cuts glued words, reads numbers, looks every word up.
    fn read(&mut self) {
        let t = &self.index.t;
        let s = &mut *self.s;
        s.matcher.clear();
        let mut at = 0;
        while at < s.folded.tokens.len().min(QUERY_WORDS_MAX) {
            let last = self.typing && at + 1 == s.folded.tokens.len();
            let text = s.folded.word(at);
            let before = s.matcher.all.len();
            let cost = s.matcher.look_up(t, text, (at, at), Reach::Written);
            let glued = cost > 24 && text.len() >= 5 && !text[0].is_ascii_digit() && !last
                && !matching::is_beginning(t, text);
            if glued && s.folded.tokens.len() < QUERY_WORDS_MAX - 8 && matching::cut_run(t, text, &mut s.ends) {
                s.matcher.all.truncate(before);
                matching::split(&mut s.folded, at, &s.ends);
                // Its pieces are looked up in their turn.
                continue;
            }
            if last {
                let text = s.folded.word(at);
                s.matcher.beginnings(t, text, at, 2);
            }
            at += 1;
        }
        s.reading.read(t, &s.folded);
        // What can only be a suffix or a postcode stands for no word.
        let taken = s.reading.suffixes | s.reading.postcode_mask;
        s.matcher.all.retain(|m| m.mask() & taken == 0);
        Self::join_words(self.index, s);
        s.matcher.sort();
        self.price();
    }

    /// Words that are one word of the index with a space in it; « dix-huit » for « 18 ».
    fn join_words(index: &Index, s: &mut Scratch) {
        let t = &index.t;
        for at in 0..s.reading.count {
            if lexicon::number_word(s.folded.word(at)).is_none() {
                continue;
            }
            let (value, end) = reading::number_in_words(&s.folded, at, s.reading.count);
            if end > at + 1
                && let Some(word) = t.find_word(value.to_string().as_bytes())
            {
                let (first, last) = (at as u8, end as u8 - 1);
                s.matcher.all.push(matching::Match { word, first, last, cost: 3 });
            }
        }
        for at in 1..s.reading.count {
            let digits = s.reading.digits;
            if digits >> at & 1 == 1 || digits >> (at - 1) & 1 == 1 {
                continue;
            }
            let (one, other) = (s.folded.tokens[at - 1], s.folded.tokens[at]);
            if one.to != other.from {
                continue;
            }
            let run = &s.folded.text[usize::from(one.from)..usize::from(other.to)];
            if run.len() > near_max() {
                continue;
            }
            let known = |i: usize| t.find_word(s.folded.word(i)).is_some();
            if let Some(word) = t.find_word(run) {
                let (first, last) = (at as u8 - 1, at as u8);
                s.matcher.all.push(matching::Match { word, first, last, cost: 6 });
            } else if run.len() >= 6 && (other.glued || !(known(at - 1) && known(at))) {
                s.run.clear();
                s.run.extend_from_slice(run);
                let before = s.matcher.all.len();
                let run = std::mem::take(&mut s.run);
                s.matcher.look_up(t, &run, (at - 1, at), Reach::Written);
                s.run = run;
                s.matcher.all[before..].iter_mut().for_each(|m| m.cost = m.cost.saturating_add(8));
            }
        }
    }

    /// Looks up what is close to each word, known or not.
    fn read_close(&mut self) {
        let t = &self.index.t;
        let s = &mut *self.s;
        let cut_short = s.cut_short();
        for at in 0..s.reading.count {
            let skipped = s.reading.digits | s.reading.postcode_mask | s.reading.suffixes;
            let text = s.folded.word(at);
            if skipped >> at & 1 == 1 || text.len() < 3 {
                continue;
            }
            s.matcher.look_up(t, text, (at, at), Reach::Close);
            if cut_short || t.find_word(text).is_none() {
                s.matcher.beginnings(t, text, at, if text.len() == 3 { 22 } else { 12 });
            }
        }
        s.matcher.sort();
    }

    /// What each word costs if nothing explains it.
    fn price(&mut self) {
        let t = &self.index.t;
        let s = &mut *self.s;
        s.unmatched.clear();
        let cut_short = s.cut_short();
        let r = &s.reading;
        for at in 0..r.count {
            let bit = 1_u64 << at;
            let text = s.folded.word(at);
            let cost = if (r.aside | r.postcode_mask) & bit != 0 {
                0
            } else if r.named & bit != 0 || lexicon::known(text).within {
                UNMATCHED_NAMED
            } else if r.digits & bit != 0 {
                UNMATCHED_NUMBER
            } else if r.little & bit != 0 && !(cut_short && text.len() == 1) {
                UNMATCHED_LITTLE
            } else if r.types & bit != 0 {
                UNMATCHED_TYPE
            } else if text.len() == 1 {
                UNMATCHED_LETTER
            } else if text.len() == 2 {
                UNMATCHED_TWO_LETTERS
            } else if t.find_word(text).is_some() {
                UNMATCHED_WORD
            } else {
                UNMATCHED_UNKNOWN
            };
            s.unmatched.push(cost);
        }
    }

    fn all(&self) -> u64 {
        let count = self.s.reading.count;
        if count == 0 { 0 } else { u64::MAX >> (64 - count) }
    }

    /// The words that names may explain.
    fn words(&self) -> u64 {
        self.all() & !self.s.reading.postcode_mask & !self.s.reading.suffixes
    }

    fn unmatched_cost(&self, mask: u64) -> u16 {
        let (mut left, mut sum) = (mask, 0);
        while left != 0 {
            sum += u16::from(self.s.unmatched[left.trailing_zeros() as usize]);
            left &= left - 1;
        }
        sum
    }

    /// One search with the words found so far.
    fn look(&mut self, reach: Reach) {
        self.find_towns();
        self.s.fits.clear();
        self.s.seen.clear();
        self.commune_cands();
        self.streets_of_communes();
        let best = self.s.cands.iter().min_by_key(|c| c.cost);
        let postcode = self.s.reading.postcode.is_some();
        // A commune's name alone may be a hamlet's elsewhere.
        let unplaced = |best: &Cand| best.bits & TOWN_ABSENT != 0 || best.kind == Kind::Commune;
        let nowhere = !postcode && best.is_none_or(unplaced);
        let cost = best.map_or(COST_END, |best| best.cost);
        let everywhere = match reach {
            // With a postcode, what is near in writing is looked for there first.
            Reach::Written => nowhere || (!postcode && cost > COST_ALONE),
            Reach::Close => !self.s.anchored && cost > COST_CLOSE,
        };
        if everywhere {
            self.streets_of_names();
        }
    }

    /// The names of communes among the words, and the communes to look into.
    fn find_towns(&mut self) {
        let t = &self.index.t;
        let all = self.all();
        let s = &mut *self.s;
        s.hits.clear();
        for m in &s.matcher.all {
            let towns = t.word_towns(m.word);
            let digits = s.reading.digits >> m.first & 1 == 1;
            if digits || m.cost > 56 || towns.len() > 1500 || t.word_flags[m.word as usize] & WORD_LITTLE != 0 {
                continue;
            }
            let rare = 64 - (towns.len() as u64 + 1).leading_zeros();
            let gain = 20_u32.saturating_sub(rare) * u32::from(100 - m.cost);
            s.hits.extend(towns.iter().map(|town| (*town, gain)));
        }
        // What lies at the postcode is compared whatever was typed of its name.
        let postcode = s.reading.postcode.map_or(&[][..], |postcode| t.communes_at(postcode));
        for commune in postcode.iter().take(POSTCODE_COMMUNES_MAX) {
            let towns = t.commune_towns_at[*commune as usize]..t.commune_towns_at[*commune as usize + 1];
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
            let near = near + self.part(commune, all & !self.s.reading.postcode_mask & !fit.used).1;
            if fit.cost < 80 {
                let told = self.unmatched_cost(fit.used) / 2;
                let rank = i32::from(fit.cost + near) - i32::from(told);
                let cost = fit.cost + near;
                towns.push(TownHit { town: *town, commune, cost, rank, second: 0 });
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
        let both = towns.iter().map(|hit| hit.commune).filter(|commune| postcode.contains(commune));
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

    /// Streets of the communes that share a word with what was typed.
    fn streets_of_communes(&mut self) {
        let t = &self.index.t;
        let s = &mut *self.s;
        s.hits.clear();
        let mut followed = 0;
        s.seen.clear();
        for m in &s.matcher.all {
            let known = s.seen.last().is_some_and(|(word, _)| *word == m.word);
            if !known && m.cost <= 58 && !t.word_streets(m.word).is_empty() {
                // In one commune a frequent word tells nearly as much as a rare one.
                let weight = 40 + u32::from(t.word_weight[m.word as usize]) / 2;
                s.seen.push((m.word, gain_of(weight, m.cost)));
            }
        }
        for commune in &s.communes {
            let (from, to) = t.streets_of(*commune);
            for (word, gain) in &s.seen {
                let streets = t.word_streets(*word);
                let begin = streets.partition_point(|street| *street < from);
                for street in streets[begin..].iter().take_while(|street| **street < to) {
                    s.hits.push((*street, *gain));
                    followed += 1;
                }
            }
            if followed > POSTINGS_MAX {
                break;
            }
        }
        sum_hits(&mut s.hits, usize::MAX);
        // Among streets of one name, those of the likeliest communes go first.
        let postcode = s.reading.postcode;
        for (street, gain) in &mut s.hits {
            let commune = t.street_commune[*street as usize];
            let town = s.towns.iter().filter(|hit| hit.commune == commune).map(|hit| hit.cost).min();
            *gain += town.map_or(0, |cost| 100 * u32::from(90_u16.saturating_sub(cost)));
            if postcode == Some(t.street_postcode[*street as usize]) {
                *gain += 8000;
            }
        }
        if s.hits.len() > STREETS_MAX {
            s.seen.clear();
            keep_types(t, &s.matcher, &mut s.seen);
            for (street, gain) in &mut s.hits {
                let words = t.name_words(t.street_name[*street as usize]);
                let of_type = words.first().is_some_and(|word| s.seen.iter().any(|(w, _)| w == word));
                *gain += if of_type { 1500 } else { 0 };
            }
        }
        keep_highest(&mut s.hits, STREETS_MAX);
        self.weigh_hits();
    }

    fn weigh_hits(&mut self) {
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

    fn push(&mut self, cand: Cand) {
        if cand.cost < COST_END {
            self.s.cands.push(cand);
        }
    }

    fn fit_of(&mut self, name: u32) -> Fit {
        if let Some((_, fit)) = self.s.fits.iter().find(|(one, _)| *one == name) {
            return *fit;
        }
        let free = self.words();
        let fit = self.s.aligner(self.index).name(self.index.t.name_words(name), free, None);
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
    fn weigh_fit(&mut self, street: u32, name: u32, fit: Fit) -> Cand {
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
            house: if number.kind == NumberMatch::NotAsked { NO_HOUSE } else { house.unwrap_or(NO_HOUSE) },
            bits,
        }
    }

    /// The first house number of which no word is used otherwise.
    fn house_among(&self, left: u64) -> Option<u8> {
        let houses = &self.s.reading.houses;
        houses.iter().position(|house| house.mask & !left == 0).and_then(|at| u8::try_from(at).ok())
    }

    fn number_of(&self, street: u32, house: Option<u8>, left: u64) -> (NumberFit, u64) {
        let Some(house) = house else {
            // A place with one address and no number is that address.
            let numbers = self.index.numbers(street);
            let alone = numbers.len == 1 && numbers.number(0) == 0;
            let address = if alone { numbers.address(0) } else { NONE };
            return (NumberFit { address, ..NumberFit::NOT_ASKED }, 0);
        };
        let house = &self.s.reading.houses[usize::from(house)];
        let suffix_free = house.suffix_mask != 0 && house.suffix_mask & !left == 0;
        let fit = number::fit(self.index, street, house, suffix_free);
        let loose = house.loose && fit.kind == NumberMatch::Exact && fit.cost > 0;
        let suffix = if loose || !suffix_free { 0 } else { house.suffix_mask };
        // The loose letter is left unexplained, and has been paid for.
        let cost = if loose { 0 } else { fit.cost };
        (NumberFit { cost, ..fit }, house.mask | suffix)
    }

    fn postcode_cost(&self, found: u32) -> (u16, u16) {
        match self.s.reading.postcode {
            None => (0, 0),
            Some(typed) if typed == found => (0, 0),
            Some(_) if found == 0 => (POSTCODE_UNKNOWN, 0),
            Some(typed) if typed / 1000 == found / 1000 => (POSTCODE_NEAR, POSTCODE_DIFFERS),
            Some(_) => (POSTCODE_FAR, POSTCODE_DIFFERS),
        }
    }

    /// How the commune's names fit the words that the street left.
    fn place(&self, commune: u32, old: u32, free: u64) -> PlaceFit {
        let t = &self.index.t;
        let known = self.s.reading.postcode.is_some();
        let absent = if known { COMMUNE_OF_POSTCODE } else { COMMUNE_GUESSED };
        let (part_mask, part_cost) = self.part(commune, free);
        let mut best = PlaceFit { town: NONE, cost: absent, used: 0, bits: TOWN_ABSENT };
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
                let inexact = if fit.flags & FIT_EXACT == 0 { TOWN_INEXACT } else { 0 };
                let bits = inexact | if other_old { OLD_OTHER } else { 0 };
                best = PlaceFit { town: hit.town, cost, used: fit.used, bits };
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
            let mut own = town.first().map_or(&[][..], |word| self.s.matcher.of_word(*word)).iter();
            own.any(|m| usize::from(m.last) == at)
        };
        for at in 1..r.count {
            if r.digits >> at & 1 == 0 || free >> at & 1 == 0 || !named(at - 1) {
                continue;
            }
            let value = reading::value_of(self.s.folded.word(at));
            let next = at + 1;
            let ordinal = next < r.count
                && matches!(self.s.folded.word(next), b"e" | b"er" | b"eme" | b"ieme" | b"arrondissement");
            let other_house =
                r.houses.iter().any(|house| house.mask >> at & 1 == 0 && house.mask & !free == 0);
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
    fn commune_cands(&mut self) {
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
            let old = if place.bits & OLD_OTHER == 0 { 0 } else { OTHER_OLD };
            // Who types a street, a number or a name means more than the commune.
            let r = &self.s.reading;
            let more = left & (r.types | r.named | r.digits);
            let cost = place.cost - old + postcode + self.unmatched_cost(left)
                + UNMATCHED_MORE * u16::try_from(more.count_ones()).unwrap_or(0);
            let fit = Fit { flags: FIT_EXACT, ..Fit::default() };
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

    /// Streets wherever they are, by their names.
    fn streets_of_names(&mut self) {
        let t = &self.index.t;
        let s = &mut *self.s;
        s.hits.clear();
        s.seen.clear();
        let mut last = None;
        for m in &s.matcher.all {
            let names = t.word_names(m.word).len();
            if last != Some(m.word) && m.cost < 56 && names > 0 {
                s.seen.push((u32::try_from(names).unwrap_or(u32::MAX), m.word));
            }
            last = Some(m.word);
        }
        // The rarest words first: they leave the fewest names.
        s.seen.sort_unstable();
        let mut left = POSTINGS_MAX;
        for (count, word) in &s.seen {
            let names = t.word_names(*word);
            if *count as usize > left && left < POSTINGS_MAX {
                break;
            }
            let cost = s.matcher.of_word(*word).iter().map(|m| m.cost).min().unwrap_or(99);
            let gain = gain_of(u32::from(t.word_weight[*word as usize]), cost);
            s.hits.extend(names.iter().take(left).map(|name| (*name, gain)));
            left = left.saturating_sub(names.len());
        }
        sum_hits(&mut s.hits, usize::MAX);
        if s.hits.len() > NAMES_MAX * 2 {
            s.seen.clear();
            keep_types(t, &s.matcher, &mut s.seen);
            let seen = &s.seen;
            let typed = |word: u32| seen.iter().any(|(one, _)| *one == word);
            for (name, gain) in &mut s.hits {
                let words = t.name_words(*name);
                let of_type = words.first().is_some_and(|word| typed(*word));
                // A name of which every word was typed, before a longer one with a rarer word.
                let telling = words.iter().filter(|word| {
                    t.word_flags[**word as usize] & (WORD_LITTLE | WORD_TYPE) == 0
                });
                let whole: u32 = telling.map(|word| u32::from(t.word_weight[*word as usize])).sum();
                let share = (*gain / (whole + 1)).min(100);
                *gain += 100 * share + if of_type { 1500 } else { 0 };
            }
            keep_highest(&mut s.hits, NAMES_MAX * 2);
        }
        let hits = std::mem::take(&mut s.hits);
        let mut best: Vec<(u16, u32)> = Vec::with_capacity(hits.len());
        for (name, _) in &hits {
            let fit = self.fit_of(*name);
            let left = self.all() & !fit.used & !self.s.reading.postcode_mask;
            let _ = left;
            best.push((fit.cost.saturating_add(self.floor(fit)), *name));
        }
        self.s.hits = hits;
        best.sort_unstable();
        best.truncate(NAMES_MAX);
        let least = best.first().map_or(0, |(cost, _)| *cost);
        let mut streets = 0;
        for (cost, name) in best {
            if cost > least + 60 || streets > HOMONYMS_MAX {
                break;
            }
            let fit = self.fit_of(name);
            let (mut found, mut absent) = (0, 0);
            let number = self.house_among(self.all() & !fit.used);
            let number = number.map_or(0, |house| self.s.reading.houses[usize::from(house)].number);
            let lasts = t.name_lasts(name).iter();
            for (street, last) in t.name_streets(name).iter().zip(lasts) {
                // Most homonyms end before the number, and need not be looked at.
                let short = *last < number && *last > 0;
                if short && absent >= ABSENT_MAX {
                    continue;
                }
                if streets > HOMONYMS_MAX {
                    break;
                }
                let cand = self.weigh_fit(*street, name, fit);
                streets += 1;
                if cand.number == NumberMatch::Absent {
                    absent += 1;
                    if absent > ABSENT_MAX {
                        continue;
                    }
                }
                found += usize::from(cand.cost == cand.text_cost);
                self.push(cand);
                if found > CANDIDATES_MAX {
                    break;
                }
            }
        }
    }

    /// What a name leaves at least unexplained, whatever commune it is in.
    fn floor(&self, fit: Fit) -> u16 {
        let mut left = self.all() & !fit.used & !self.s.reading.postcode_mask;
        let mut sum = 0_u16;
        for house in &self.s.reading.houses {
            left &= !(house.mask | house.suffix_mask);
        }
        let mut rest = left;
        while rest != 0 {
            let at = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let of_town = self.s.matcher.all.iter().any(|m| {
                m.mask() >> at & 1 == 1 && m.cost < 44 && !self.index.t.word_towns(m.word).is_empty()
            });
            if !of_town {
                sum += u16::from(self.s.unmatched[at]);
            }
        }
        sum
    }

    /// Compares the street's part with the names of a commune's streets, spaces apart.
    fn compare_names(&mut self) {
        let t = &self.index.t;
        let communes = std::mem::take(&mut self.s.communes);
        let mut looked = 0;
        let postcode = self.s.reading.postcode.map_or(&[][..], |postcode| t.communes_at(postcode));
        for commune in communes.iter().take(COMPARED_COMMUNES_MAX) {
            let (from, to) = t.streets_of(*commune);
            let near = |hit: &TownHit| hit.commune == *commune && hit.cost <= COST_TOWN_NEAR;
            if !postcode.contains(commune) && !self.s.towns.iter().any(near) {
                continue;
            }
            looked += to - from;
            if looked > COMPARED_MAX {
                break;
            }
            let free = self.all() & !self.s.reading.postcode_mask;
            let place = self.place(*commune, NONE, free);
            let r = &self.s.reading;
            let mut part = free & !place.used & !r.aside;
            let house = r.houses.iter().find(|house| house.mask & !part == 0);
            if let Some(house) = house {
                // « 12 l église »: an article, not a suffix.
                let article = house.loose && matches!(house.suffix.as_str(), "l" | "d");
                let suffix = if article { 0 } else { house.suffix_mask };
                part &= !(house.mask | suffix);
            }
            self.compare_with(part, from, to);
        }
        self.s.communes = communes;
    }

    fn compare_with(&mut self, part: u64, from: u32, to: u32) {
        let t = &self.index.t;
        let mut run = std::mem::take(&mut self.s.run);
        run.clear();
        let mut plain = 0;
        for at in (0..self.s.reading.count).filter(|at| part >> at & 1 == 1) {
            let word = self.s.folded.word(at);
            let full = if plain == 0 && self.s.reading.types >> at & 1 == 1 {
                lexicon::street_type(word).map_or(word, str::as_bytes)
            } else {
                word
            };
            run.extend_from_slice(full);
            if self.s.reading.types >> at & 1 == 0 {
                plain += full.len();
            }
        }
        run.truncate(64);
        let least_letters = letters(&run);
        let pattern = Pattern::new(&run);
        let most = (plain / 3).clamp(1, 6) as u32;
        let plain = u16::try_from(plain.max(1)).unwrap_or(1);
        let cut_short = self.s.cut_short();
        let (mut name_before, mut fit_before) = (NONE, None);
        for street in from..to {
            let name = t.street_name[street as usize];
            if run.len() < 5 {
                break;
            }
            // The same name in another old commune, at another postcode.
            if name == name_before {
                if let Some(fit) = fit_before {
                    let cand = self.weigh_fit(street, name, fit);
                    self.push(cand);
                }
                continue;
            }
            (name_before, fit_before) = (name, None);
            let other = t.name_letters[name as usize];
            let lacking = (least_letters & !other).count_ones();
            if lacking > most {
                continue;
            }
            let words = t.name_words(name);
            let letters = words.iter().flat_map(|word| t.word(*word));
            let (apart, beginning) = pattern.distance(letters);
            let price = |apart: u32| 110 * u16::try_from(apart).unwrap_or(99) / plain;
            let cost = if cut_short && beginning < most.min(3) && beginning < apart {
                price(beginning) + 24
            } else if apart <= most {
                price(apart) + 16
            } else {
                continue;
            };
            let fit = Fit { cost, used: part, flags: FIT_COMPARED, told: 1 };
            fit_before = Some(fit);
            let cand = self.weigh_fit(street, name, fit);
            self.push(cand);
        }
        self.s.run = run;
    }
}

struct PlaceFit {
    town: u32,
    cost: u16,
    used: u64,
    bits: u16,
}

fn near_max() -> usize {
    crate::near::LETTERS_MAX
}

/// What a word of this weight, found at this cost, speaks for a name.
fn gain_of(weight: u32, cost: u8) -> u32 {
    let left = u32::from(100 - cost.min(99));
    weight * left * left / 100
}

/// The street types that were typed.
fn keep_types(t: &Tables, matcher: &Matcher, seen: &mut Vec<(u32, u32)>) {
    let of_type = |m: &&matching::Match| {
        m.cost <= COST_SAME && t.word_flags[m.word as usize] & WORD_TYPE != 0
    };
    seen.extend(matcher.all.iter().filter(of_type).map(|m| (m.word, 0)));
}

/// Sums gains by owner and leaves the `max` highest.
fn sum_hits(hits: &mut Vec<(u32, u32)>, max: usize) {
    hits.sort_unstable();
    let mut kept = 0;
    for at in 0..hits.len() {
        if kept > 0 && hits[kept - 1].0 == hits[at].0 {
            hits[kept - 1].1 += hits[at].1;
        } else {
            hits[kept] = hits[at];
            kept += 1;
        }
    }
    hits.truncate(kept);
    keep_highest(hits, max);
}

fn keep_highest(hits: &mut Vec<(u32, u32)>, max: usize) {
    if hits.len() > max {
        hits.select_nth_unstable_by_key(max, |(_, gain)| std::cmp::Reverse(*gain));
        hits.truncate(max);
    }
}
