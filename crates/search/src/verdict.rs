//! From candidates that were weighed to an answer: how sure it is, what it assumed, what it offers
//! for a number that does not exist.

use crate::align::{FIT_COMPARED, FIT_EXACT, Told};
use crate::answer::{
    Answer, Assumption, CANDIDATES_MAX, Candidate, Kind, NEAREST_MAX, NumberMatch, QUERY_CHARS_MAX,
    QUERY_WORDS_MAX, Refused, SUGGESTIONS_MAX, Verdict,
};
use crate::build::TOWN_OLD;
use crate::index::Index;
use crate::number;
use crate::query::{COST_END, Scratch, Search};
use crate::tables::NONE;
use crate::weigh::{Cand, NO_HOUSE, OLD_OTHER, POSTCODE_DIFFERS, TOWN_ABSENT, TOWN_INEXACT};

/// What a certain answer may cost: little words.
const CERTAIN_COST: u16 = 14;
/// Candidates this close to the best fit as well.
const AS_GOOD: u16 = 10;
/// A candidate this close to the best takes certainty away.
const RIVAL: u16 = 36;
/// Candidates this far from the best are given as well.
const GIVEN: u16 = 70;
/// From here on nothing fits.
const NOTHING_FITS: u16 = 125;

impl Index {
    /// Searches what somebody typed: an address, a street, a place, a commune or a postcode.
    ///
    /// `scratch` is kept by the caller from one query to the next.
    #[must_use]
    pub fn query(&self, scratch: &mut Scratch, text: &str) -> Answer {
        if let Some(refused) = read_text(scratch, text) {
            return Answer::refused(refused);
        }
        Search {
            index: self,
            s: scratch,
            typing: false,
        }
        .run();
        self.answer(scratch)
    }

    /// Completes what somebody is typing, at most `limit` and [`SUGGESTIONS_MAX`] candidates, best
    /// first: streets, then their numbers once one was begun. The last word is a beginning.
    #[must_use]
    pub fn suggest(&self, scratch: &mut Scratch, text: &str, limit: usize) -> Vec<Candidate> {
        if read_text(scratch, text).is_some() {
            return Vec::new();
        }
        Search {
            index: self,
            s: scratch,
            typing: true,
        }
        .run();
        let limit = limit.min(SUGGESTIONS_MAX);
        let mut out: Vec<Candidate> = Vec::new();
        for cand in &scratch.cands {
            if out.len() >= limit {
                break;
            }
            let begun = cand.number == NumberMatch::Absent && cand.house != NO_HOUSE;
            if begun {
                let typed = scratch.reading.houses[usize::from(cand.house)].number;
                self.numbers_beginning(cand.street, typed, limit - out.len(), |address| {
                    out.push(Candidate {
                        kind: Kind::HouseNumber,
                        number: NumberMatch::Nearest,
                        address,
                        ..self.candidate(scratch, cand)
                    });
                });
            } else {
                out.push(self.candidate(scratch, cand));
            }
        }
        out
    }

    /// Numbers of a street whose digits begin with those of `typed`.
    fn numbers_beginning(&self, street: u32, typed: u32, max: usize, mut f: impl FnMut(u32)) {
        let numbers = self.numbers(street);
        let (mut low, mut high, mut given) = (typed, typed, 0);
        while low > 0 && low < 1_000_000 && given < max {
            let mut at = numbers.first_from(low);
            while at < numbers.len && numbers.number(at) <= high && given < max {
                f(numbers.address(at));
                given += 1;
                at += 1;
            }
            (low, high) = (low * 10, high * 10 + 9);
        }
    }

    fn answer(&self, s: &Scratch) -> Answer {
        let tokens = &s.folded.tokens;
        let words = tokens
            .iter()
            .take(s.reading.count)
            .map(|token| token.typed_from..token.typed_to);
        let mut answer = Answer {
            words: words.collect(),
            cut: tokens.len() > QUERY_WORDS_MAX,
            ..Answer::default()
        };
        let Some(best) = s.cands.first() else {
            return answer;
        };
        answer.verdict = self.judge(s, best);
        let most = match answer.verdict {
            Verdict::Certain => best.cost,
            _ => best.cost.saturating_add(GIVEN).min(COST_END),
        };
        for cand in s.cands.iter().take_while(|cand| cand.cost <= most) {
            if answer.candidates.len() >= CANDIDATES_MAX {
                answer.more = true;
                break;
            }
            let one = self.candidate(s, cand);
            let known = |old: &Candidate| old.address != NONE && old.address == one.address;
            if answer.candidates.iter().any(known) {
                continue;
            }
            if cand.number == NumberMatch::Absent && answer.candidates.len() < CANDIDATES_MAX / 2 {
                self.offer_nearest(s, cand, &one, &mut answer);
            }
            if cand.number != NumberMatch::Absent {
                answer.candidates.push(one);
            }
            if answer.verdict == Verdict::Certain {
                break;
            }
        }
        answer.candidates.truncate(CANDIDATES_MAX);
        let several = answer.candidates.len() > 1;
        if best.number == NumberMatch::Absent && answer.verdict != Verdict::None {
            answer.verdict = if several {
                Verdict::Ambiguous
            } else {
                Verdict::Probable
            };
        }
        answer
    }

    fn offer_nearest(&self, s: &Scratch, cand: &Cand, one: &Candidate, answer: &mut Answer) {
        let asked = s
            .reading
            .houses
            .get(usize::from(cand.house))
            .map_or(0, |house| house.number);
        let before = answer.candidates.len();
        number::nearest(self, cand.street, asked, NEAREST_MAX, |address| {
            answer.candidates.push(Candidate {
                kind: Kind::HouseNumber,
                number: NumberMatch::Nearest,
                address,
                ..one.clone()
            });
        });
        if answer.candidates.len() == before {
            answer.candidates.push(one.clone());
        }
    }

    fn judge(&self, s: &Scratch, best: &Cand) -> Verdict {
        let only_commune = best.kind == Kind::Commune;
        let typed_more = best.cost > 40 && only_commune;
        if best.cost >= NOTHING_FITS || typed_more {
            return Verdict::None;
        }
        let mut certain = is_exact(s, best);
        for other in &s.cands[1..] {
            if other.cost > best.cost + RIVAL && other.text_cost > best.text_cost + RIVAL {
                continue;
            }
            if self.same_place(best, other) {
                continue;
            }
            // A commune is no rival of what lies in it.
            if (other.kind == Kind::Commune) != only_commune && other.commune == best.commune {
                continue;
            }
            if other.cost <= best.cost + AS_GOOD {
                return Verdict::Ambiguous;
            }
            certain &= other.cost > best.cost + RIVAL && other.text_cost > best.text_cost + AS_GOOD;
        }
        if certain {
            Verdict::Certain
        } else {
            Verdict::Probable
        }
    }

    /// Whether two candidates are one street, parted by postcodes, or one address.
    fn same_place(&self, one: &Cand, other: &Cand) -> bool {
        if one.address != NONE && one.address == other.address {
            return true;
        }
        if one.street == NONE || other.street == NONE {
            return false;
        }
        let t = &self.t;
        let (a, b) = (one.street as usize, other.street as usize);
        let code = t.street_ban[a] != NONE || t.street_rivoli[a] != NONE;
        let same = code
            && t.street_commune[a] == t.street_commune[b]
            && t.street_ban[a] == t.street_ban[b]
            && t.street_rivoli[a] == t.street_rivoli[b];
        same && (one.address == NONE || other.address == NONE || !other.number.is_found())
    }

    fn candidate(&self, s: &Scratch, cand: &Cand) -> Candidate {
        Candidate {
            kind: cand.kind,
            number: cand.number,
            cost: cand.cost,
            assumed: self.assumed(s, cand),
            unmatched: cand.unmatched | s.reading.aside & !cand.fit.used,
            street: cand.street,
            address: cand.address,
            commune: cand.commune,
        }
    }

    fn assumed(&self, s: &Scratch, cand: &Cand) -> Vec<Assumption> {
        let mut out = Vec::new();
        self.assumed_of_number(s, cand, &mut out);
        if cand.street != NONE {
            self.assumed_of_name(s, cand, &mut out);
        }
        let t = &self.t;
        let town_text = |town: u32| t.text(t.town_text[town as usize]).to_owned();
        let commune = || town_text(t.town_of(cand.commune));
        if cand.bits & TOWN_ABSENT != 0 {
            out.push(match s.reading.postcode {
                Some(postcode) => Assumption::CommuneOfPostcode {
                    postcode,
                    commune: commune(),
                },
                None => Assumption::CommuneGuessed { commune: commune() },
            });
        } else if cand.town != NONE && t.town_kind[cand.town as usize] == TOWN_OLD {
            out.push(Assumption::OldCommune {
                old: town_text(cand.town),
                now: commune(),
            });
        } else if cand.bits & TOWN_INEXACT != 0 {
            out.push(Assumption::CommuneCutShort {
                commune: town_text(cand.town),
            });
        }
        if let Some(typed) = s
            .reading
            .postcode
            .filter(|_| cand.bits & POSTCODE_DIFFERS != 0)
        {
            let own = t
                .postcodes_of(cand.commune)
                .first()
                .map_or(0, |postcode| *postcode);
            let found = t
                .street_postcode
                .get(cand.street as usize)
                .map_or(own, |found| *found);
            out.push(Assumption::PostcodeDiffers { typed, found });
        }
        out
    }

    fn assumed_of_number(&self, s: &Scratch, cand: &Cand, out: &mut Vec<Assumption>) {
        let Some(house) = s.reading.houses.get(usize::from(cand.house)) else {
            return;
        };
        if house.in_words {
            out.push(Assumption::NumberInWords {
                number: house.number,
            });
        }
        let typed = || {
            let spaced = if house.suffix.len() > 1 { " " } else { "" };
            format!("{}{spaced}{}", house.number, house.suffix)
        };
        let found = self.t.address_number.get(cand.address as usize);
        let group = found.map_or(0, |packed| packed >> crate::tables::SUFFIX_BITS);
        match cand.number {
            NumberMatch::SameSuffix => {
                let suffix =
                    found.map_or(0, |packed| packed & ((1 << crate::tables::SUFFIX_BITS) - 1));
                let read = self.t.text(self.t.suffix_text[suffix as usize]).to_owned();
                out.push(Assumption::SuffixReadAs {
                    typed: house.suffix.clone(),
                    read,
                });
            }
            NumberMatch::OfRange => {
                let last = house.last.unwrap_or(house.number);
                out.push(Assumption::RangeRead {
                    first: house.number,
                    last,
                });
            }
            NumberMatch::InGroup => {
                out.push(Assumption::GroupRead {
                    typed: house.number,
                    group,
                });
            }
            NumberMatch::OtherSuffix => out.push(Assumption::SuffixAbsent { typed: typed() }),
            NumberMatch::Nearest | NumberMatch::Absent | NumberMatch::NoNumbers => {
                out.push(Assumption::NumberAbsent { typed: typed() });
            }
            NumberMatch::NotAsked | NumberMatch::Exact => {}
        }
    }

    fn assumed_of_name(&self, s: &Scratch, cand: &Cand, out: &mut Vec<Assumption>) {
        let t = &self.t;
        let name_text = t.text(t.name_text[cand.name as usize]);
        if cand.fit.flags & FIT_COMPARED != 0 {
            out.push(Assumption::NameCompared {
                found: name_text.to_owned(),
            });
            return;
        }
        if t.street_name[cand.street as usize] != cand.name {
            out.push(Assumption::OtherName {
                found: name_text.to_owned(),
            });
        }
        if cand.fit.flags & FIT_EXACT != 0 {
            return;
        }
        let mut told = Vec::new();
        let free = u64::MAX >> (64 - s.reading.count) & !s.reading.postcode_mask;
        s.aligner(self)
            .name(t.name_words(cand.name), free, Some(&mut told));
        let word = |word: u32| String::from_utf8_lossy(t.word(word)).into_owned();
        let typed = |first: u8, last: u8| {
            let text = (first..=last).map(|at| s.folded.word(usize::from(at)));
            String::from_utf8_lossy(&text.collect::<Vec<_>>().join(&b' ')).into_owned()
        };
        for one in told {
            out.push(match one {
                Told::Read {
                    first,
                    last,
                    word: read,
                } => Assumption::Corrected {
                    typed: typed(first, last),
                    read: word(read),
                },
                Told::Missing { word: missing } => Assumption::WordMissing {
                    word: word(missing),
                },
                Told::TypeDiffers {
                    typed: at,
                    word: found,
                } => Assumption::TypeDiffers {
                    typed: typed(at, at),
                    found: word(found),
                },
                Told::TypeMissing { word: found } => Assumption::TypeGuessed { found: word(found) },
            });
        }
    }
}

/// Whether everything was typed as it is, and everything typed is explained.
fn is_exact(s: &Scratch, cand: &Cand) -> bool {
    let inexact = TOWN_INEXACT | POSTCODE_DIFFERS | OLD_OTHER;
    let located = cand.bits & TOWN_ABSENT == 0 || s.reading.postcode.is_some();
    let number = matches!(
        cand.number,
        NumberMatch::NotAsked | NumberMatch::Exact | NumberMatch::SameSuffix
    );
    let loose = s.reading.aside | s.reading.little;
    // A number set aside may be the house's own where none was found.
    let hidden = cand.number == NumberMatch::NotAsked && s.reading.aside & s.reading.digits != 0;
    cand.fit.flags & FIT_EXACT != 0
        && cand.bits & inexact == 0
        && located
        && number
        && !hidden
        && cand.cost <= CERTAIN_COST
        && cand.unmatched & !loose == 0
}

/// Cuts `text` into words; why it is not searched.
fn read_text(scratch: &mut Scratch, text: &str) -> Option<Refused> {
    // Counting stops early: a text may be of any length.
    if text.chars().nth(QUERY_CHARS_MAX).is_some() {
        return Some(Refused::TooLong);
    }
    scratch.folded.read(text, QUERY_WORDS_MAX + 1);
    scratch.folded.tokens.is_empty().then_some(Refused::Empty)
}
