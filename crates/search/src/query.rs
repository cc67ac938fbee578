//! The search: which communes may be meant, which streets of theirs, which number; then everywhere.

use crate::align::{Aligner, FIT_COMPARED, FIT_SPELT, Fit};
use crate::answer::{CANDIDATES_MAX, Kind, NumberMatch, QUERY_WORDS_MAX};
use crate::distance::Pattern;
use crate::fold::Folded;
use crate::index::Index;
use crate::matching::{self, COST_SAME, Matcher, Reach};
use crate::reading::{self, Reading};
use crate::tables::{NONE, Tables, WORD_LITTLE, WORD_TYPE};
use crate::weigh::{Cand, TOWN_ABSENT, TOWN_INEXACT, TownHit};
use crate::{letters, lexicon};

/// Streets that are compared word by word, each time.
const STREETS_MAX: usize = 32;
/// Names that are compared word by word when no commune is known.
const NAMES_MAX: usize = 32;
/// Streets of those names that are looked at.
const HOMONYMS_MAX: usize = 200;
/// Homonyms without the number that are kept.
const ABSENT_MAX: u32 = 12;
/// References from words that are followed in one search.
const POSTINGS_MAX: usize = 1500;
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
const UNMATCHED_TYPE: u8 = 36;
const UNMATCHED_NUMBER: u8 = 20;
const UNMATCHED_NAMED: u8 = 10;

/// What one search needs; kept from one to the next so that none allocates.
#[derive(Default)]
pub struct Scratch {
    pub(crate) folded: Folded,
    pub(crate) reading: Reading,
    pub(crate) matcher: Matcher,
    pub(crate) unmatched: Vec<u8>,
    pub(crate) towns: Vec<TownHit>,
    /// Commune and postcode were both typed as they are: no other place is meant.
    pub(crate) anchored: bool,
    pub(crate) communes: Vec<u32>,
    pub(crate) hits: Vec<(u32, u32)>,
    pub(crate) fits: Vec<(u32, Fit)>,
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
        let aside =
            r.postcode_mask | r.aside | r.houses.first().map_or(0, |h| h.mask | h.suffix_mask);
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
            let best = self
                .s
                .cands
                .iter()
                .map(|c| c.cost)
                .min()
                .unwrap_or(COST_END);
            if best > COST_POOR {
                self.compare_names();
            }
        }
        // The same street may have been weighed under several readings.
        self.s
            .cands
            .sort_unstable_by_key(|c| (c.street, c.commune, c.cost));
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
            && self.unmatched_cost(best.unmatched) < u16::from(UNMATCHED_NUMBER);
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
            let glued = cost > 24
                && text.len() >= 5
                && !text[0].is_ascii_digit()
                && !last
                && !matching::is_beginning(t, text);
            if glued
                && s.folded.tokens.len() < QUERY_WORDS_MAX - 8
                && matching::cut_run(t, text, &mut s.ends)
            {
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
                s.matcher.all.push(matching::Match {
                    word,
                    first,
                    last,
                    cost: 3,
                });
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
                s.matcher.all.push(matching::Match {
                    word,
                    first,
                    last,
                    cost: 6,
                });
            } else if run.len() >= 6 && (other.glued || !(known(at - 1) && known(at))) {
                s.run.clear();
                s.run.extend_from_slice(run);
                let before = s.matcher.all.len();
                let run = std::mem::take(&mut s.run);
                s.matcher.look_up(t, &run, (at - 1, at), Reach::Written);
                s.run = run;
                s.matcher.all[before..]
                    .iter_mut()
                    .for_each(|m| m.cost = m.cost.saturating_add(8));
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
                s.matcher
                    .beginnings(t, text, at, if text.len() == 3 { 22 } else { 12 });
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

    pub(crate) fn all(&self) -> u64 {
        let count = self.s.reading.count;
        if count == 0 {
            0
        } else {
            u64::MAX >> (64 - count)
        }
    }

    /// The words that names may explain.
    pub(crate) fn words(&self) -> u64 {
        self.all() & !self.s.reading.postcode_mask & !self.s.reading.suffixes
    }

    pub(crate) fn unmatched_cost(&self, mask: u64) -> u16 {
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
            let town = s
                .towns
                .iter()
                .filter(|hit| hit.commune == commune)
                .map(|hit| hit.cost)
                .min();
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
                let of_type = words
                    .first()
                    .is_some_and(|word| s.seen.iter().any(|(w, _)| w == word));
                *gain += if of_type { 1500 } else { 0 };
            }
        }
        keep_highest(&mut s.hits, STREETS_MAX);
        self.weigh_hits();
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
                s.seen
                    .push((u32::try_from(names).unwrap_or(u32::MAX), m.word));
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
            let cost = s
                .matcher
                .of_word(*word)
                .iter()
                .map(|m| m.cost)
                .min()
                .unwrap_or(99);
            let gain = gain_of(u32::from(t.word_weight[*word as usize]), cost);
            s.hits
                .extend(names.iter().take(left).map(|name| (*name, gain)));
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
                let telling = words
                    .iter()
                    .filter(|word| t.word_flags[**word as usize] & (WORD_LITTLE | WORD_TYPE) == 0);
                let whole: u32 = telling
                    .map(|word| u32::from(t.word_weight[*word as usize]))
                    .sum();
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
                m.mask() >> at & 1 == 1
                    && m.cost < 44
                    && !self.index.t.word_towns(m.word).is_empty()
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
        let postcode = self
            .s
            .reading
            .postcode
            .map_or(&[][..], |postcode| t.communes_at(postcode));
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
            let fit = Fit {
                cost,
                used: part,
                flags: FIT_COMPARED,
                told: 1,
            };
            fit_before = Some(fit);
            let cand = self.weigh_fit(street, name, fit);
            self.push(cand);
        }
        self.s.run = run;
    }
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
pub(crate) fn sum_hits(hits: &mut Vec<(u32, u32)>, max: usize) {
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
