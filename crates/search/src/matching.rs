//! From what was typed to words of the index: as written, in full for an abbreviation, alike in
//! sound, or a letter or two away.

use crate::distance::edits;
use crate::fold::{Folded, Token};
use crate::lexicon;
use crate::near;
use crate::sound::Sound;
use crate::tables::{PART, SOUND, Tables, WORD_LITTLE, WORD_TYPE};

/// Words that one typed word may stand for.
const MATCHES_MAX: usize = 12;
/// Words that begin with a typed beginning.
const BEGINNINGS_MAX: usize = 48;
/// Words among which those are chosen.
const RANGE_MAX: usize = 4096;
/// Close words that are looked at for one typed word.
const NEAR_MAX: usize = 400;

/// A word of the index that a run of typed words stands for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Match {
    pub word: u32,
    /// The typed words, first and last.
    pub first: u8,
    pub last: u8,
    /// 0 as written, about 100 for another word.
    pub cost: u8,
}

impl Match {
    pub fn mask(&self) -> u64 {
        (u64::MAX >> (63 - (self.last - self.first))) << self.first
    }
}

/// How far to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// As written, and close words for what is no word.
    Written,
    /// Close words for every typed word.
    Close,
}

/// Cost of an abbreviation written in full: none, but the word as written goes first.
const COST_LONG: u8 = 1;
/// Up to here a match says the same as what was typed.
pub(crate) const COST_SAME: u8 = 4;
/// A word that sounds the same.
const COST_SOUND: u8 = 18;
/// A word that sounds almost the same.
const COST_NEAR_SOUND: u8 = 38;
/// What is not worth being looked at.
const COST_END: u8 = 60;

/// Cost of `edits` typing errors in a word of `len` letters.
pub(crate) fn typing_cost(edits: usize, len: usize) -> u8 {
    match (edits, len) {
        (0, _) => 0,
        (1, 0..=3) => 42,
        (1, 4) => 32,
        (1, 5) => 26,
        (1, _) => 20,
        (2, 0..=4) => COST_END,
        (2, 5) => 56,
        (2, 6) => 48,
        (2, 7) => 42,
        (2, _) => 34,
        _ => COST_END,
    }
}

#[derive(Default)]
pub(crate) struct Matcher {
    /// By word, once sorted.
    pub all: Vec<Match>,
    own: Vec<Match>,
    seen: Vec<u32>,
}

impl Matcher {
    pub fn clear(&mut self) {
        self.all.clear();
    }

    pub fn sort(&mut self) {
        self.all
            .sort_unstable_by_key(|m| (m.word, m.first, m.last, m.cost));
        self.all.dedup_by_key(|m| (m.word, m.first, m.last));
    }

    /// What the words of the index that are `word` match.
    pub fn of_word(&self, word: u32) -> &[Match] {
        let from = self.all.partition_point(|m| m.word < word);
        let rest = &self.all[from..];
        let count = rest.iter().take_while(|m| m.word == word).count();
        &rest[..count]
    }

    fn keep(&mut self, word: u32, cost: u8) {
        match self.own.iter_mut().find(|m| m.word == word) {
            Some(m) => m.cost = m.cost.min(cost),
            None => self.own.push(Match {
                word,
                first: 0,
                last: 0,
                cost,
            }),
        }
    }

    /// Looks `text` up, typed as the words `first` to `last`; the cost of its best match.
    pub fn look_up(
        &mut self,
        t: &Tables,
        text: &[u8],
        (first, last): (usize, usize),
        reach: Reach,
    ) -> u8 {
        self.own.clear();
        let written = t.find_word(text);
        if let Some(word) = written {
            self.keep(word, 0);
        }
        if text.len() <= 7 {
            let known = lexicon::known(text);
            for long in known.long {
                self.keep_written(t, long, COST_LONG);
            }
            if let Some(full) = known.street_type {
                self.keep_written(t, full, COST_LONG);
            }
        }
        let digits = text[0].is_ascii_digit();
        if text.len() <= 8 {
            for other in lexicon::same_number(text) {
                self.keep_written(t, other, 3);
            }
        }
        let known = !self.own.is_empty();
        if !digits && text.len() >= near::LETTERS_MIN && (!known || reach == Reach::Close) {
            self.near_words(t, text, known, reach);
        }
        self.own.sort_unstable_by_key(|m| m.cost);
        self.own.truncate(MATCHES_MAX);
        let (first, last) = (first as u8, last as u8);
        self.all
            .extend(self.own.iter().map(|m| Match { first, last, ..*m }));
        self.own.first().map_or(COST_END, |m| m.cost)
    }

    fn keep_written(&mut self, t: &Tables, word: &str, cost: u8) {
        if let Some(word) = t.find_word(word.as_bytes()) {
            self.keep(word, cost);
        }
    }

    fn near_words(&mut self, t: &Tables, text: &[u8], known: bool, reach: Reach) {
        let sound = Sound::of(text);
        let mut seen = std::mem::take(&mut self.seen);
        seen.clear();
        let take = |seen: &mut Vec<u32>, rest: &[u8], what| {
            if seen.len() < NEAR_MAX {
                seen.extend(t.near(rest, what));
            }
        };
        near::once(text, |rest| take(&mut seen, rest, PART));
        let far = text.len() >= near::TWICE_FROM && reach == Reach::Close;
        if far {
            near::twice(text, |rest| take(&mut seen, rest, PART));
        }
        seen.sort_unstable();
        seen.dedup();
        let max = if text.len() >= 5 { 2 } else { 1 };
        for word in &seen {
            let other = t.word(*word);
            let count = edits(text, other, max);
            if count > max {
                continue;
            }
            // The first letter is seldom wrong.
            let head = if text[0] == other[0] || count == 0 {
                0
            } else {
                8
            };
            // A word of the index is seldom another mistyped.
            let head = if known && count > 0 { head + 12 } else { head };
            let cost = typing_cost(count, text.len().min(other.len() + 1)).saturating_add(head);
            if cost < COST_END {
                self.keep(*word, cost);
            }
        }
        let best = self.own.iter().map(|m| m.cost).min().unwrap_or(COST_END);
        seen.clear();
        if sound.as_bytes().len() >= 2 {
            take(&mut seen, sound.as_bytes(), SOUND);
            if sound.as_bytes().len() >= 4 && (reach == Reach::Close || best > COST_SOUND) && !known
            {
                near::once(sound.as_bytes(), |rest| take(&mut seen, rest, SOUND));
            }
        }
        seen.sort_unstable();
        seen.dedup();
        for word in &seen {
            let other = t.word(*word);
            let sounds = Sound::of(other);
            if sounds == sound {
                let apart = u8::try_from(edits(text, other, 4)).unwrap_or(5);
                let another = if known && apart > 0 { 12 } else { 0 };
                self.keep(*word, COST_SOUND + 3 * apart.saturating_sub(1) + another);
            } else if edits(sounds.as_bytes(), sound.as_bytes(), 1) <= 1
                && edits(text, other, 3) <= 3
            {
                self.keep(*word, COST_NEAR_SOUND);
            }
        }
        self.seen = seen;
    }

    /// Adds the words that begin with `text`.
    pub fn beginnings(&mut self, t: &Tables, text: &[u8], at: usize, cost: u8) {
        let words = t.word_weight.len();
        let (mut low, mut high) = (0, words);
        while low < high {
            let middle = low.midpoint(high);
            if t.word(middle as u32) < text {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let mut found: Vec<(usize, u32)> = Vec::new();
        for word in low..words.min(low + RANGE_MAX) {
            let word = word as u32;
            let full = t.word(word);
            if !full.starts_with(text) {
                break;
            }
            if full.len() > text.len() {
                let uses = t.word_streets(word).len() + 8 * t.word_towns(word).len();
                found.push((uses, word));
            }
        }
        if found.len() > BEGINNINGS_MAX {
            found.select_nth_unstable_by_key(BEGINNINGS_MAX, |(uses, _)| std::cmp::Reverse(*uses));
            found.truncate(BEGINNINGS_MAX);
        }
        let at = at as u8;
        self.all.extend(found.into_iter().map(|(_, word)| {
            let rest = u8::try_from(t.word(word).len() - text.len()).unwrap_or(u8::MAX);
            let cost = cost.saturating_add(rest.min(8) * 2);
            Match {
                word,
                first: at,
                last: at,
                cost,
            }
        }));
    }
}

/// Whether a word of the index begins with `text`.
pub(crate) fn is_beginning(t: &Tables, text: &[u8]) -> bool {
    let (mut low, mut high) = (0, t.word_weight.len());
    while low < high {
        let middle = low.midpoint(high);
        if t.word(middle as u32) < text {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low < t.word_weight.len() && t.word(low as u32).starts_with(text)
}

/// Letters of a run that is cut into words at most.
const RUN_MAX: usize = 40;

/// Cuts a run of words typed without spaces into words of the index; whether it could be.
pub(crate) fn cut_run(t: &Tables, run: &[u8], ends: &mut Vec<usize>) -> bool {
    ends.clear();
    let len = run.len();
    if !(5..=RUN_MAX).contains(&len) {
        return false;
    }
    // The least cost up to each letter, and where its last word begins.
    let mut best = [(u32::MAX, 0_usize); RUN_MAX + 1];
    best[0] = (0, 0);
    for from in 0..len {
        let (before, _) = best[from];
        if before == u32::MAX {
            continue;
        }
        for to in from + 1..=len {
            let piece = &run[from..to];
            let Some(cost) = piece_cost(t, piece, from == 0, to == len) else {
                continue;
            };
            if before + cost < best[to].0 {
                best[to] = (before + cost, from);
            }
        }
    }
    let (cost, _) = best[len];
    if cost == u32::MAX {
        return false;
    }
    let mut at = len;
    while at > 0 {
        ends.push(at);
        at = best[at].1;
    }
    ends.reverse();
    let last = ends.len().checked_sub(2).map_or(0, |at| ends[at]);
    // What is no word is a name only behind a street type: elsewhere it is a word mistyped.
    let known = t.find_word(&run[last..]).is_some();
    ends.len() > 1 && (known || lexicon::is_full_type(&run[..ends[0]]))
}

/// What a piece of a run costs; `None` when it is no word and cannot be left as it is.
fn piece_cost(t: &Tables, piece: &[u8], at_head: bool, at_end: bool) -> Option<u32> {
    let len = piece.len() as u32;
    if len <= 3 && lexicon::is_little(piece) {
        let elided = lexicon::ELIDED.iter().any(|one| one.as_bytes() == piece);
        let joined = matches!(
            piece,
            b"d" | b"l"
                | b"de"
                | b"du"
                | b"des"
                | b"la"
                | b"le"
                | b"les"
                | b"et"
                | b"sur"
                | b"aux"
                | b"au"
                | b"en"
        );
        return joined.then_some(if elided { 8 } else { 5 });
    }
    if let Some(word) = t.find_word(piece) {
        let flags = t.word_flags[word as usize];
        if flags & WORD_TYPE != 0 {
            return Some(4);
        }
        if flags & WORD_LITTLE == 0 && len >= 3 {
            // Long words are seldom there by chance.
            return Some(if len >= 5 { 6 } else { 14 });
        }
    }
    if at_head && len >= 2 && lexicon::street_type(piece).is_some() {
        return Some(12);
    }
    if matches!(piece, b"st" | b"ste") {
        return Some(10);
    }
    // A name with a typing error, or one that the index lacks, after a type.
    (len >= 4 && at_end && !at_head).then_some(14 + 6 * len)
}

/// Replaces the word at `at` by the pieces that end at `ends`.
pub(crate) fn split(folded: &mut Folded, at: usize, ends: &[usize]) {
    let whole = folded.tokens[at];
    let same = whole.typed_to - whole.typed_from == u32::from(whole.to - whole.from);
    let mut from = 0_u16;
    let pieces: Vec<Token> = ends
        .iter()
        .map(|end| {
            let end = u16::try_from(*end).unwrap_or(0);
            let mut piece = whole;
            (piece.from, piece.to) = (whole.from + from, whole.from + end);
            // Letters that were folded into several leave no place for each piece.
            if same {
                piece.typed_from = whole.typed_from + u32::from(from);
                piece.typed_to = whole.typed_from + u32::from(end);
            }
            piece.glued = from > 0 || whole.glued;
            piece.after_break = from == 0 && whole.after_break;
            piece.after_dash = from == 0 && whole.after_dash;
            from = end;
            piece
        })
        .collect();
    folded.tokens.splice(at..=at, pieces);
}
