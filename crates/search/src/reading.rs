//! The parts of what was typed: house numbers, postcode, what names a dwelling inside a building.

use crate::answer::QUERY_WORDS_MAX;
use crate::fold::Folded;
use crate::lexicon;
use crate::tables::Tables;

/// House numbers that a query may hold.
const HOUSES_MAX: usize = 4;

/// A house number as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct House {
    pub number: u32,
    /// The other end of a range.
    pub last: Option<u32>,
    /// Suffix as it is kept; empty when none was typed.
    pub suffix: String,
    /// The suffix may be a word of what follows.
    pub loose: bool,
    pub in_words: bool,
    /// Words that say the number, and those that say the suffix.
    pub mask: u64,
    pub suffix_mask: u64,
}

/// What each word of a query is, as far as it can be told before anything is found.
#[derive(Default)]
pub(crate) struct Reading {
    pub count: usize,
    pub postcode: Option<u32>,
    pub postcode_mask: u64,
    /// Words that nothing need explain: a flat, a post box.
    pub aside: u64,
    /// Words that may be somebody's name or a building's.
    pub named: u64,
    pub houses: Vec<House>,
    /// Words that can only be suffixes of numbers: `bis`, a letter glued to the number.
    pub suffixes: u64,
    pub little: u64,
    pub types: u64,
    pub digits: u64,
}

fn bit(at: usize) -> u64 {
    1 << at
}

impl Reading {
    pub fn read(&mut self, t: &Tables, folded: &Folded) {
        let count = folded.tokens.len().min(QUERY_WORDS_MAX);
        let houses = std::mem::take(&mut self.houses);
        *self = Self {
            count,
            houses,
            ..Self::default()
        };
        self.houses.clear();
        for at in 0..count {
            let word = folded.word(at);
            if folded.tokens[at].digits {
                self.digits |= bit(at);
                continue;
            }
            let known = lexicon::known(word);
            // « l » and « d » before a consonant are initials.
            let next = (at + 1 < count).then(|| folded.word(at + 1)[0]);
            let elided =
                next.is_none_or(|b| matches!(b, b'a' | b'e' | b'h' | b'i' | b'o' | b'u' | b'y'));
            let initial = matches!(word, b"l" | b"d") && !elided;
            if known.little && !initial {
                self.little |= bit(at);
            } else if known.street_type.is_some() {
                self.types |= bit(at);
            }
        }
        self.read_postcode(t, folded);
        self.read_aside(folded);
        self.read_houses(folded);
        let sure = self.houses.iter().filter(|house| !house.loose);
        self.suffixes = sure.fold(0, |mask, house| mask | house.suffix_mask);
    }

    fn read_postcode(&mut self, t: &Tables, folded: &Folded) {
        let mut best: Option<(u8, u32, u64)> = None;
        for at in 0..self.count {
            if self.digits & bit(at) == 0 {
                continue;
            }
            let word = folded.word(at);
            let after_letter = at > 0 && matches!(folded.word(at - 1), b"bp" | b"cs" | b"tsa");
            let value = value_of(word);
            if word.len() == 5 && !after_letter {
                let known = !t.communes_at(value).is_empty();
                // Corsica writes 20; nothing begins with 00 or 99.
                let plausible = (1_000..98_900).contains(&value);
                let rank = u8::from(known) * 2 + u8::from(plausible) + u8::from(at > 0);
                if plausible && best.as_ref().is_none_or(|(old, ..)| rank >= *old) {
                    best = Some((rank, value, bit(at)));
                }
            }
            let next = at + 1;
            if word.len() == 2 && next < self.count && self.digits & bit(next) != 0 {
                let rest = folded.word(next);
                let value = (value * 1000).saturating_add(value_of(rest));
                let apart = !folded.tokens[next].glued;
                if rest.len() == 3 && apart && !t.communes_at(value).is_empty() && best.is_none() {
                    best = Some((2, value, bit(at) | bit(next)));
                }
            }
            // A spreadsheet ate the zero of the first departments.
            if word.len() == 4 && best.is_none() && at + 1 < self.count && at > 0 {
                let known = !t.communes_at(value).is_empty();
                let earlier = (0..at).any(|i| self.digits & bit(i) != 0);
                if known && value < 10_000 && earlier {
                    best = Some((1, value, bit(at)));
                }
            }
        }
        if let Some((_, value, mask)) = best {
            self.postcode = Some(value);
            self.postcode_mask = mask;
        }
    }

    fn read_aside(&mut self, folded: &Folded) {
        let mut at = 0;
        while at < self.count {
            let word = folded.word(at);
            // Pieces of a word that was cut are no words for a flat.
            let cut =
                |i: usize| i < self.count && folded.tokens[i].glued && self.digits & bit(i) == 0;
            if self.digits & bit(at) == 0
                && (cut(at + 1) || (cut(at) && at > 0 && self.digits & bit(at - 1) == 0))
            {
                at += 1;
                continue;
            }
            if matches!(word, b"n" | b"no" | b"num" | b"numero") && self.digits & bit(at + 1) != 0 {
                // « n° 12 ».
                self.aside |= bit(at);
                at += 1;
                continue;
            }
            if self.read_floor(folded, at) {
                at += 1;
                continue;
            }
            let next = at + 1;
            let has_next = next < self.count;
            let known = lexicon::known(word);
            let plain = self.digits & bit(at) == 0;
            if plain && known.postal && has_next && self.digits & bit(next) != 0 {
                self.aside |= bit(at) | bit(next);
                // Post boxes are often written in two groups.
                at += 2;
                continue;
            }
            if word == b"cedex" {
                self.aside |= bit(at);
                if has_next && self.digits & bit(next) != 0 && folded.word(next).len() <= 2 {
                    self.aside |= bit(next);
                }
            } else if plain && known.within && has_next && !self.is_of_street(folded, at) {
                let value = folded.word(next);
                let free = self.postcode_mask & bit(next) == 0;
                let numbered = self.digits & bit(next) != 0 && value.len() <= 4 && free;
                let lettered = value.len() == 1
                    && self.digits & bit(next) == 0
                    && (!matches!(value, b"d" | b"l") || self.ends_at(folded, at + 2));
                // « n° 3 » and « numero 3 » are the house's own.
                let own = matches!(word, b"numero");
                if (numbered || lettered) && !own {
                    self.aside |= bit(at) | bit(next);
                    if numbered && self.is_letter(folded, at + 2) && folded.tokens[at + 2].glued {
                        self.aside |= bit(at + 2);
                    }
                    if lettered
                        && at + 2 < self.count
                        && self.digits & bit(at + 2) != 0
                        && folded.tokens[at + 2].glued
                    {
                        self.aside |= bit(at + 2);
                    }
                    at += 2;
                    continue;
                }
                if lexicon::known(value).within_alone {
                    self.aside |= bit(at) | bit(next);
                }
            } else if known.within_alone {
                self.aside |= bit(at);
            }
            if known.named && !self.is_of_street(folded, at) {
                self.read_named(folded, at);
            }
            at += 1;
        }
    }

    /// « 2e étage », « 3ème porte »: the number stands before the word.
    fn read_floor(&mut self, folded: &Folded, at: usize) -> bool {
        let word = folded.word(at);
        if at == 0
            || folded.tokens[at].after_break
            || !matches!(word, b"etage" | b"etg" | b"porte" | b"ascenseur")
        {
            return false;
        }
        let mut back = at - 1;
        let ordinal = matches!(
            folded.word(back),
            b"e" | b"er" | b"eme" | b"ieme" | b"nd" | b"ere" | b"emes"
        );
        if ordinal && back > 0 {
            back -= 1;
        }
        let number = (self.digits & !self.aside) & bit(back) != 0 && folded.word(back).len() <= 2;
        // « 1 étage 5 »: the floor is behind.
        let behind =
            at + 1 < self.count && self.digits & bit(at + 1) != 0 && folded.word(at + 1).len() <= 2;
        let number = number && (ordinal || !behind);
        let said = matches!(
            folded.word(back),
            b"premier" | b"deuxieme" | b"troisieme" | b"dernier"
        );
        if !(said || (number && (ordinal || word != b"porte"))) {
            return false;
        }
        for i in back..=at {
            self.aside |= bit(i);
        }
        true
    }

    /// Whether a street type leads to the word at `at`: « rue de la Tour ».
    fn is_of_street(&self, folded: &Folded, at: usize) -> bool {
        let mut back = at;
        while back > 0 && self.little & bit(back - 1) != 0 && !folded.tokens[back].after_break {
            back -= 1;
        }
        back > 0 && !folded.tokens[back].after_break && self.types & bit(back - 1) != 0
    }

    /// The name after « chez », « résidence »...: up to a comma, a number or a street type.
    fn read_named(&mut self, folded: &Folded, at: usize) {
        const NAME_WORDS_MAX: usize = 5;
        self.named |= bit(at);
        for next in at + 1..self.count.min(at + 1 + NAME_WORDS_MAX) {
            let stops = folded.tokens[next].after_break
                || self.digits & bit(next) != 0
                || (self.types & bit(next) != 0 && folded.word(next).len() > 2);
            if stops {
                break;
            }
            self.named |= bit(next);
        }
    }

    /// Whether no name goes on at `at`.
    fn ends_at(&self, folded: &Folded, at: usize) -> bool {
        at >= self.count
            || (self.digits | self.types) & bit(at) != 0
            || folded.tokens[at].after_break
    }

    fn is_letter(&self, folded: &Folded, at: usize) -> bool {
        at < self.count && self.digits & bit(at) == 0 && folded.word(at).len() == 1
    }

    fn read_houses(&mut self, folded: &Folded) {
        let mut at = 0;
        let taken = self.postcode_mask | self.aside;
        while at < self.count && self.houses.len() < HOUSES_MAX {
            let word = folded.word(at);
            let free = taken & bit(at) == 0;
            // A grouped number has six digits: 166170.
            if !free || self.digits & bit(at) == 0 || word.len() > 6 {
                at += 1;
                continue;
            }
            let mut house = House {
                number: value_of(word),
                mask: bit(at),
                ..House::default()
            };
            let mut next = at + 1;
            next = self.read_suffix(folded, &mut house, next);
            next = self.read_range(folded, &mut house, next, taken);
            self.houses.push(house);
            at = next;
        }
        self.read_number_words(folded);
    }

    fn read_suffix(&self, folded: &Folded, house: &mut House, at: usize) -> usize {
        if at >= self.count || self.digits & bit(at) != 0 || self.aside & bit(at) != 0 {
            return at;
        }
        let word = folded.word(at);
        let Some(suffix) = lexicon::suffix(word) else {
            return at;
        };
        let glued = folded.tokens[at].glued;
        // « 1er », « 2e étage » and « 3ème » are no suffixes; « 4 quatre » is no house.
        let ordinal = matches!(word, b"e")
            && glued
            && folded.tokens.get(at + 1).is_some_and(|_| {
                matches!(folded.word(at + 1), b"etage" | b"etg" | b"arrondissement")
            });
        if ordinal || word == b"quatre" {
            return at;
        }
        house.suffix = suffix.to_owned();
        house.suffix_mask = bit(at);
        let before_type = at + 1 < self.count
            && (self.types & bit(at + 1) != 0 || self.digits & bit(at + 1) != 0);
        house.loose = word.len() == 1 && !glued && !before_type;
        // « 12 bis A » is one suffix of several.
        let more = at + 1;
        let letter = self.is_letter(folded, more) && self.types & bit(more) == 0;
        if word.len() > 1 && letter && more + 1 < self.count && self.types & bit(more + 1) != 0 {
            house
                .suffix
                .push_str(std::str::from_utf8(folded.word(more)).unwrap_or_default());
            house.suffix_mask |= bit(more);
            return more + 1;
        }
        // « 12 A1 »: letters and digits in one.
        if word.len() == 1
            && more < self.count
            && self.digits & bit(more) != 0
            && folded.tokens[more].glued
            && folded.word(more).len() <= 2
        {
            house
                .suffix
                .push_str(std::str::from_utf8(folded.word(more)).unwrap_or_default());
            house.suffix_mask |= bit(more);
            return more + 1;
        }
        at + 1
    }

    /// « 12-14 », « 12/14 », « 12 à 14 », « 12 et 14 ».
    fn read_range(&self, folded: &Folded, house: &mut House, at: usize, taken: u64) -> usize {
        let joint = at < self.count && matches!(folded.word(at), b"a" | b"et" | b"au");
        let other = if joint { at + 1 } else { at };
        if other >= self.count || self.digits & bit(other) == 0 || taken & bit(other) != 0 {
            return at;
        }
        // « 2 11 Novembre » is no range: something must join the two.
        if !joint && !folded.tokens[other].after_dash {
            return at;
        }
        let value = value_of(folded.word(other));
        let near = value > house.number && value - house.number <= 60;
        if !near || folded.word(other).len() > 4 {
            return at;
        }
        house.last = Some(value);
        house.mask |= bit(other);
        if joint {
            house.mask |= bit(at);
        }
        other + 1
    }

    /// « douze bis rue »: at the head or before a street type it goes before digits, which are then
    /// the street's; elsewhere it is a number only when there is no other.
    fn read_number_words(&mut self, folded: &Folded) {
        let mut at = 0;
        while at < self.count {
            if lexicon::number_word(folded.word(at)).is_none() {
                at += 1;
                continue;
            }
            let head = at == 0 || folded.tokens[at].after_break || self.aside & bit(at - 1) != 0;
            let (value, end) = number_in_words(folded, at, self.count);
            let mut house = House {
                number: value,
                in_words: true,
                ..House::default()
            };
            (at..end).for_each(|i| house.mask |= bit(i));
            let next = self.read_suffix(folded, &mut house, end);
            let before_type = next < self.count && self.types & bit(next) != 0;
            if value > 0 && (head || before_type) {
                self.houses.insert(0, house);
                return;
            }
            if value > 0 && self.houses.len() < HOUSES_MAX {
                self.houses.push(house);
            }
            at = end.max(at + 1);
        }
    }
}

/// The number said by the words from `from` on, and where they end.
pub(crate) fn number_in_words(folded: &Folded, from: usize, count: usize) -> (u32, usize) {
    let (mut total, mut part, mut at) = (0_u32, 0_u32, from);
    while at < count {
        let word = folded.word(at);
        if word == b"et" {
            let next = at + 1;
            let goes_on = next < count && matches!(folded.word(next), b"un" | b"une" | b"onze");
            if !goes_on || part < 20 {
                break;
            }
            at += 1;
            continue;
        }
        match lexicon::number_word(word) {
            Some(1000) => {
                total += part.max(1) * 1000;
                part = 0;
            }
            Some(100) => part = if part == 0 { 100 } else { part % 100 * 100 },
            Some(20) if part % 100 == 4 => part += 76,
            // Sixty and fourscore go on with ten to nineteen; other tens with units.
            Some(value) => {
                let last = part % 100;
                let fits = match value {
                    1..=9 => last == 0 || (last >= 20 && last.is_multiple_of(10)) || last == 10,
                    10..=19 => matches!(last, 0 | 60 | 80),
                    _ => last == 0,
                };
                if !fits {
                    break;
                }
                part += value;
            }
            None => break,
        }
        at += 1;
    }
    (total + part, at)
}

pub(crate) fn value_of(digits: &[u8]) -> u32 {
    let digit = |n: u32, b: &u8| n.saturating_mul(10).saturating_add(u32::from(b - b'0'));
    digits.iter().fold(0, digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_words() {
        for (text, expected, words) in [
            ("douze", 12, 1),
            ("vingt et un", 21, 3),
            ("soixante dix sept", 77, 3),
            ("soixante et onze", 71, 3),
            ("quatre vingt dix neuf", 99, 4),
            ("quatre-vingts", 80, 2),
            ("cent vingt trois", 123, 3),
            ("deux cent quatre", 204, 3),
            ("dix huit", 18, 2),
            ("trois rue", 3, 1),
            ("mille deux cents", 1200, 3),
        ] {
            let mut folded = Folded::default();
            folded.read(text, 20);
            let count = folded.tokens.len();
            assert_eq!(
                number_in_words(&folded, 0, count),
                (expected, words),
                "{text}"
            );
        }
    }
}
