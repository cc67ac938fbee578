//! Search of addresses by free text: an index of a release's addresses, built once, written to a
//! file and read whole, that answers what people type, with what it assumed and how sure it is.
//!
//! Streets are ten times fewer than addresses, and their words a hundred times fewer: words typed
//! lead to words of the index (as written, in full, alike in sound, a letter or two away), those to
//! streets, and numbers are looked up inside the chosen streets alone.
//!
//! The crate is pure: no clock, no network, no database, and of the disk only the index's file.

mod align;
mod answer;
mod build;
mod distance;
mod entry;
mod fold;
mod gathered;
mod index;
mod labels;
mod layout;
mod lexicon;
mod matching;
mod names;
mod near;
mod nearest;
mod number;
mod query;
mod reading;
mod recognise;
mod sound;
mod tables;
mod verdict;
mod weigh;

pub use answer::{
    Answer, Assumption, CANDIDATES_MAX, Candidate, Kind, NEAREST_MAX, NumberMatch, QUERY_CHARS_MAX,
    QUERY_WORDS_MAX, Refused, SUGGESTIONS_MAX, Verdict,
};
pub use build::Builder;
pub use entry::Entry;
pub use index::{Found, Index, OpenError};
pub use names::shown_line;
pub use nearest::NEAR_METRES_MAX;
pub use query::Scratch;
pub use recognise::{PTO_SUGGESTIONS_MAX, Reading, recognise};
pub use tables::FileError;

/// The letters of a text, a bit each; digits share the bits that are left.
pub(crate) fn letters(text: &[u8]) -> u32 {
    text.iter().fold(0, |bits, letter| {
        bits | match letter {
            b'a'..=b'z' => 1 << (letter - b'a'),
            b'0'..=b'9' => 1 << (26 + (letter - b'0') % 6),
            _ => 0,
        }
    })
}

#[cfg(test)]
mod tests;
