//! How well a name fits what was typed: each of its words is given typed words of its own, and
//! what stays on either side is paid for.

use crate::fold::Folded;
use crate::index::Index;
use crate::matching::{COST_SAME, Match, Matcher};
use crate::names::NAME_WORDS_MAX;
use crate::reading::Reading;
use crate::tables::{WORD_LITTLE, WORD_TYPE};

/// How a name fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fit {
    pub cost: u16,
    /// Typed words that it explains.
    pub used: u64,
    /// Bits below.
    pub flags: u8,
    /// Words of the name that were typed and tell something.
    pub told: u8,
}

/// Every word that tells something was typed as it is.
pub(crate) const FIT_EXACT: u8 = 1;
pub(crate) const FIT_TYPE_MISSING: u8 = 2;
pub(crate) const FIT_TYPE_DIFFERS: u8 = 4;
/// The name was compared as a whole.
pub(crate) const FIT_COMPARED: u8 = 8;

/// No word but the type is missing or otherwise spelt.
pub(crate) const FIT_SPELT: u8 = 16;

/// What a word of a name costs when it was not typed: at the end, elsewhere, a little one.
const MISSING_LAST: u16 = 62;
const MISSING_INNER: u16 = 34;
/// Who leaves out a first name leaves out the second and the title.
const MISSING_MORE: u16 = 14;
const MISSING_LITTLE: u16 = 2;
/// At the end of a name that was cut off.
const MISSING_CUT: u16 = 28;
/// Behind a word that was cut in the middle.
const MISSING_FRAGMENT: u16 = 5;
/// Words in another order.
const TURNED: u16 = 3;
const TYPE_MISSING: u16 = 12;
const TYPE_DIFFERS: u16 = 38;
/// A first name by its initial.
const INITIAL: u8 = 14;
/// Words written as one, or one as several.
const JOINED: u8 = 6;
/// A whole town name that lacks some of its letters costs up to this.
const TOWN_MISSING: u16 = 44;

/// A word of a name and what it was typed as, when that is not the same.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Told {
    Read { first: u8, last: u8, word: u32 },
    Missing { word: u32 },
    TypeDiffers { typed: u8, word: u32 },
    TypeMissing { word: u32 },
}

/// What is needed to compare names with a query.
pub(crate) struct Aligner<'a> {
    pub index: &'a Index,
    pub folded: &'a Folded,
    pub reading: &'a Reading,
    pub matcher: &'a Matcher,
    /// The street's part of what was typed was probably cut off at so many letters.
    pub cut_short: bool,
}

impl Aligner<'_> {
    fn little(&self, word: u32) -> bool {
        self.index.t.word_flags[word as usize] & WORD_LITTLE != 0
    }

    /// The best typed words for `word` among `free`, after the one at `last`, before `next`.
    fn best(
        &self,
        word: u32,
        free: u64,
        (last, next): (Option<u8>, Option<u8>),
        most: u8,
    ) -> Option<Match> {
        let near = |m: &Match| match last {
            _ if next == Some(m.last + 1) => 0,
            Some(last) if m.first == last + 1 => 0,
            Some(last) if m.first > last => 1,
            Some(_) => 2,
            None => u32::from(next.is_some()),
        };
        let own = self.matcher.of_word(word).iter();
        let fits = own.filter(|m| m.cost <= most && m.mask() & !free == 0);
        // Among words that say the same, the one in its place: « 8 rue du huit mai ».
        let cost = |m: &Match| {
            if m.cost <= COST_SAME {
                0
            } else {
                u32::from(m.cost)
            }
        };
        fits.min_by_key(|m| (cost(m) * 4 + 2 * near(m), m.cost))
            .copied()
    }

    /// A typed beginning, initial or skeleton of `word` among `free`.
    fn shortened(&self, word: u32, free: u64, last: Option<u8>) -> Option<Match> {
        let full = self.index.t.word(word);
        // An initial stands for a name, not for a type.
        let is_type = self.index.t.word_flags[word as usize] & WORD_TYPE != 0;
        let mut best: Option<Match> = None;
        let suffixes = self.reading.houses.iter().filter(|house| !house.loose);
        let suffixes = suffixes.fold(0, |mask, house| mask | house.suffix_mask);
        let mut left = free & !self.reading.digits & !self.reading.aside & !suffixes;
        while left != 0 {
            let at = left.trailing_zeros() as usize;
            left &= left - 1;
            let typed = self.folded.word(at);
            if typed[0] != full[0] {
                continue;
            }
            let rest = full.len().saturating_sub(typed.len());
            let cost = if full.len() == 1 && typed.len() > 2 {
                INITIAL
            } else if rest == 0 {
                continue;
            } else if typed.len() == 1 {
                // A letter that is an article as well is seldom an initial.
                if full.len() < 3 || is_type {
                    continue;
                }
                INITIAL
            } else if full.starts_with(typed) {
                let rest = u8::try_from(rest.min(8)).unwrap_or(8);
                match typed.len() {
                    2 => 26,
                    3 => 20,
                    _ => 10,
                }
                .max(8 + rest)
            } else if typed.len() <= 5 && full.len() >= 4 && is_skeleton(typed, full) {
                32
            } else {
                continue;
            };
            let far = last.is_some_and(|last| usize::from(last) + 1 != at);
            let cost = cost + if far { 2 } else { 0 };
            if best.is_none_or(|old| cost < old.cost) {
                best = Some(Match {
                    word,
                    first: at as u8,
                    last: at as u8,
                    cost,
                });
            }
        }
        best
    }

    /// A typed word that is two words of the name without the space.
    fn joined(&self, one: u32, other: u32, free: u64) -> Option<u8> {
        let t = &self.index.t;
        let (one, other) = (t.word(one), t.word(other));
        let mut left = free & !self.reading.digits;
        while left != 0 {
            let at = left.trailing_zeros() as u8;
            left &= left - 1;
            let typed = self.folded.word(usize::from(at));
            let same = typed.len() == one.len() + other.len()
                && typed.starts_with(one)
                && typed.ends_with(other);
            if same {
                return Some(at);
            }
        }
        None
    }

    /// Fits the name of a street or place to the typed words `free`.
    pub fn name(&self, words: &[u32], free: u64, tell: Option<&mut Vec<Told>>) -> Fit {
        let words = &words[..words.len().min(NAME_WORDS_MAX)];
        let type_at = self.index.type_at(words);
        let mut found = [None::<Match>; NAME_WORDS_MAX];
        let mut used = self.assign(words, free, true, &mut found);
        let mut fit = Fit {
            flags: FIT_EXACT | FIT_SPELT,
            ..Fit::default()
        };
        let tells = |at: usize| !self.little(words[at]) && Some(at) != type_at;
        let last_found = (0..words.len()).rev().find(|at| found[*at].is_some());
        let (mut cut, mut inner) = (false, false);
        // A type is written before the name.
        let first = found
            .iter()
            .flatten()
            .filter(|m| !self.little(m.word))
            .map(|m| m.first)
            .min();
        let ahead = first.map_or(u64::MAX, |first| (1 << first) - 1);
        let last_telling = (0..words.len()).rev().find(|at| tells(*at));
        let mut notes = Vec::new();
        let noting = tell.is_some();
        for (at, word) in words.iter().enumerate() {
            if let Some(m) = found[at] {
                fit.cost += u16::from(m.cost);
                if m.cost > COST_SAME && m.cost != JOINED {
                    fit.flags &= !(FIT_EXACT | FIT_SPELT);
                    if noting {
                        notes.push(Told::Read {
                            first: m.first,
                            last: m.last,
                            word: *word,
                        });
                    }
                }
                fit.told += u8::from(tells(at));
                continue;
            }
            if Some(at) == type_at {
                let (cost, flag, note) = self.other_type(*word, free & !used & ahead, &mut used);
                fit.cost += cost;
                fit.flags = fit.flags & !FIT_EXACT | flag;
                if noting {
                    notes.push(note);
                }
                continue;
            }
            if self.little(*word) && last_telling.is_some() {
                fit.cost += MISSING_LITTLE;
                continue;
            }
            fit.flags &= !(FIT_EXACT | FIT_SPELT);
            let fragment = last_found.and_then(|last| found[last]).is_some_and(|m| {
                let typed = self.folded.word(usize::from(m.first));
                m.cost > COST_SAME && self.index.t.word(m.word).starts_with(typed)
            });
            let behind = self.cut_short && last_found.is_some_and(|last| at > last);
            fit.cost += match last_telling {
                _ if behind && std::mem::replace(&mut cut, true) => MISSING_LITTLE,
                _ if behind && fragment => MISSING_FRAGMENT,
                _ if behind => MISSING_CUT,
                Some(last) if last == at => MISSING_LAST,
                _ if std::mem::replace(&mut inner, true) => MISSING_MORE,
                _ => MISSING_INNER,
            };
            if noting {
                notes.push(Told::Missing { word: *word });
            }
        }
        // « Grande Rue » is not « rue Grande ».
        let mut places = found
            .iter()
            .flatten()
            .filter(|m| !self.little(m.word))
            .map(|m| m.first);
        let mut before = places.next().unwrap_or(0);
        let turned = places.any(|place| place < std::mem::replace(&mut before, place));
        fit.cost += if turned { TURNED } else { 0 };
        fit.used = used;
        if let Some(tell) = tell {
            tell.append(&mut notes);
        }
        fit
    }

    /// Typed words of one letter: communes are not called by their initials.
    fn letters(&self) -> u64 {
        let single = |at: &usize| self.folded.word(*at).len() == 1;
        (0..self.reading.count)
            .filter(single)
            .fold(0, |mask, at| mask | 1 << at)
    }

    /// Gives words of a name typed words of their own: the sure ones first.
    fn assign(&self, words: &[u32], free: u64, initials: bool, found: &mut [Option<Match>]) -> u64 {
        let mut used = 0_u64;
        for (most, little) in [(COST_SAME, false), (COST_SAME, true), (u8::MAX, true)] {
            let mut last = None;
            for (at, word) in words.iter().enumerate() {
                // Little words and numbers go where their neighbours are: « 4, 4 Août ».
                let later = self.little(*word) || self.index.t.word(*word)[0].is_ascii_digit();
                if found[at].is_none() && (little || !later) {
                    let next = found.get(at + 1).copied().flatten().map(|m| m.first);
                    let m = self.best(*word, free & !used, (last, next), most);
                    used |= m.map_or(0, |m| m.mask());
                    found[at] = m;
                }
                last = found[at].map_or(last, |m| Some(m.last));
            }
            if used == free {
                break;
            }
        }
        let mut last = None;
        for at in 0..words.len() {
            if found[at].is_none() && free & !used != 0 {
                if let Some(m) = self.pair(words, at, found, free & !used) {
                    used |= m.mask();
                } else if !self.little(words[at]) {
                    let free = if initials {
                        free
                    } else {
                        free & !self.letters()
                    };
                    let m = self.shortened(words[at], free & !used & !self.reading.little, last);
                    let m = m.or_else(|| self.shortened(words[at], free & !used, last));
                    used |= m.map_or(0, |m| m.mask());
                    found[at] = m;
                }
            }
            last = found[at].map_or(last, |m| Some(m.last));
        }
        used
    }

    /// Gives the words at `at` and after it one typed word.
    fn pair(
        &self,
        words: &[u32],
        at: usize,
        found: &mut [Option<Match>],
        free: u64,
    ) -> Option<Match> {
        let next = *words.get(at + 1)?;
        if found[at + 1].is_some() {
            return None;
        }
        let typed = self.joined(words[at], next, free)?;
        let m = |cost| Match {
            word: words[at],
            first: typed,
            last: typed,
            cost,
        };
        found[at] = Some(m(JOINED));
        found[at + 1] = Some(m(0));
        Some(m(JOINED))
    }

    /// What another or no type costs.
    fn other_type(&self, word: u32, free: u64, used: &mut u64) -> (u16, u8, Told) {
        let typed = free & self.reading.types;
        if typed == 0 {
            return (TYPE_MISSING, FIT_TYPE_MISSING, Told::TypeMissing { word });
        }
        // The one that is next to it.
        let at = 63 - typed.leading_zeros() as u8;
        *used |= 1 << at;
        (
            TYPE_DIFFERS,
            FIT_TYPE_DIFFERS,
            Told::TypeDiffers { typed: at, word },
        )
    }

    /// Fits the name of a commune; `None` when nothing of it was typed.
    pub fn town(&self, words: &[u32], free: u64) -> Option<Fit> {
        let words = &words[..words.len().min(NAME_WORDS_MAX)];
        let mut found = [None::<Match>; NAME_WORDS_MAX];
        let used = self.assign(words, free, false, &mut found);
        let mut fit = Fit {
            used,
            flags: FIT_EXACT,
            ..Fit::default()
        };
        let (mut letters, mut missing) = (0, 0);
        let any_telling = words.iter().any(|word| !self.little(*word));
        for (at, word) in words.iter().enumerate() {
            let tells = !self.little(*word) || !any_telling;
            let len = self.index.t.word(*word).len();
            // « Saint » is in too many names to tell one.
            let weight = if tells { len.min(8) } else { 1 };
            letters += weight;
            match found[at] {
                Some(m) => {
                    fit.cost += u16::from(m.cost);
                    if m.cost > COST_SAME {
                        fit.flags &= !FIT_EXACT;
                    }
                    fit.told += u8::from(tells);
                }
                None => {
                    missing += weight;
                    if tells {
                        fit.flags &= !FIT_EXACT;
                    }
                }
            }
        }
        if fit.told == 0 {
            return None;
        }
        let share = u16::try_from(missing * 100 / letters.max(1)).unwrap_or(100);
        fit.cost += TOWN_MISSING * share / 100;
        Some(fit)
    }
}

/// Whether `short` is made of letters of `full` in order, beginning with its first.
fn is_skeleton(short: &[u8], full: &[u8]) -> bool {
    let mut rest = full.iter();
    let vowels = |word: &[u8]| {
        word.iter()
            .skip(1)
            .any(|b| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u'))
    };
    !vowels(short) && short.iter().all(|b| rest.any(|other| other == b))
}
