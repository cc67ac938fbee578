//! What is answered.

use std::ops::Range;

/// Characters of a query; a longer one is refused.
pub const QUERY_CHARS_MAX: usize = 256;
/// Words of a query that are read; what follows is as if it had not been typed, and is told.
pub const QUERY_WORDS_MAX: usize = 48;
/// Candidates of an answer.
pub const CANDIDATES_MAX: usize = 50;
/// Existing numbers offered, in one street, for one that does not exist.
pub const NEAREST_MAX: usize = 4;
/// Suggestions while typing.
pub const SUGGESTIONS_MAX: usize = 20;

/// How sure an answer is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// Everything typed was found as typed, and nothing else fits.
    Certain,
    /// One place fits best, with something assumed, corrected or left over.
    Probable,
    /// Several places fit as well.
    Ambiguous,
    /// No place fits. Candidates may still say which commune was meant.
    #[default]
    None,
}

/// Why a query was not searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing but spaces and signs.
    Empty,
    /// More than [`QUERY_CHARS_MAX`] characters.
    TooLong,
}

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A number in a street or place.
    HouseNumber,
    /// A street.
    Street,
    /// A hamlet or place: a name without a street type.
    Place,
    /// A commune.
    Commune,
}

/// How the number asked for was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberMatch {
    /// None was asked for.
    NotAsked,
    /// Number and suffix are those of the address.
    Exact,
    /// The suffix is another spelling of the same: `B` for `bis`.
    SameSuffix,
    /// A range was asked for; the address is one of its ends, or is numbered so.
    OfRange,
    /// The address is numbered as a group, in which the number lies.
    InGroup,
    /// The number exists with another suffix or with none.
    OtherSuffix,
    /// The number does not exist; this is one of the nearest.
    Nearest,
    /// The street has no such number, and none near to offer.
    Absent,
    /// The place has no numbers.
    NoNumbers,
}

impl NumberMatch {
    /// Whether the address bears the number that was asked for.
    #[must_use]
    pub fn is_found(self) -> bool {
        !matches!(
            self,
            Self::OtherSuffix | Self::Nearest | Self::Absent | Self::NoNumbers
        )
    }
}

/// What was taken for granted to make a candidate fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assumption {
    /// No commune was typed; it is the one, or one of those, of the postcode.
    CommuneOfPostcode {
        /// The postcode.
        postcode: u32,
        /// The commune.
        commune: String,
    },
    /// Neither commune nor postcode was typed.
    CommuneGuessed {
        /// The commune.
        commune: String,
    },
    /// The postcode is another than the one typed.
    PostcodeDiffers {
        /// As typed.
        typed: u32,
        /// The street's.
        found: u32,
    },
    /// What was typed is the commune of before a merger.
    OldCommune {
        /// The name typed.
        old: String,
        /// The commune of today.
        now: String,
    },
    /// Only part of the commune's name was typed.
    CommuneCutShort {
        /// The commune.
        commune: String,
    },
    /// No street type was typed.
    TypeGuessed {
        /// The street's type.
        found: String,
    },
    /// The street is of another type.
    TypeDiffers {
        /// As typed.
        typed: String,
        /// The street's.
        found: String,
    },
    /// A word was read as another.
    Corrected {
        /// As typed.
        typed: String,
        /// As the index has it.
        read: String,
    },
    /// A word of the name was not typed.
    WordMissing {
        /// The word.
        word: String,
    },
    /// The whole name was compared, letter by letter.
    NameCompared {
        /// The name found.
        found: String,
    },
    /// The number was typed in words.
    NumberInWords {
        /// The number read.
        number: u32,
    },
    /// A suffix was read as another spelling of it.
    SuffixReadAs {
        /// As typed.
        typed: String,
        /// The address's.
        read: String,
    },
    /// The number is one of a range.
    RangeRead {
        /// First number typed.
        first: u32,
        /// Last number typed.
        last: u32,
    },
    /// The number lies in an address numbered as a group.
    GroupRead {
        /// As typed.
        typed: u32,
        /// The number of the group.
        group: u32,
    },
    /// The number exists with another suffix or with none.
    SuffixAbsent {
        /// Number and suffix as typed.
        typed: String,
    },
    /// The number does not exist: the nearest ones are offered.
    NumberAbsent {
        /// Number and suffix as typed.
        typed: String,
    },
    /// A name of the street besides the one shown was typed.
    OtherName {
        /// The name found.
        found: String,
    },
}

/// A place that may be meant. It is read with [`crate::Index::found`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What it is.
    pub kind: Kind,
    /// How its number was found.
    pub number: NumberMatch,
    /// How far it is from what was typed: 0 is the very same, about 100 a word for another.
    pub cost: u16,
    /// What was assumed, in the order of the label.
    pub assumed: Vec<Assumption>,
    /// Words of the query that it does not explain, a bit each.
    pub(crate) unmatched: u64,
    pub(crate) street: u32,
    pub(crate) address: u32,
    pub(crate) commune: u32,
}

/// The answer to a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// How sure it is.
    pub verdict: Verdict,
    /// Candidates, best first, at most [`CANDIDATES_MAX`].
    pub candidates: Vec<Candidate>,
    /// More places fitted than are given.
    pub more: bool,
    /// Why nothing was searched.
    pub refused: Option<Refused>,
    /// Where each word stood in the query, bytes.
    pub(crate) words: Vec<Range<u32>>,
    /// The query went on after the last word that was read.
    pub cut: bool,
}

impl Answer {
    pub(crate) fn refused(why: Refused) -> Self {
        Self {
            refused: Some(why),
            ..Self::default()
        }
    }

    /// Parts of the query, bytes, that `candidate` does not explain, in order. Words that follow
    /// each other are one part.
    #[must_use]
    pub fn unmatched(&self, candidate: &Candidate) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut last = None;
        for (at, word) in self.words.iter().enumerate() {
            if candidate.unmatched >> at & 1 == 0 {
                continue;
            }
            let (from, to) = (word.start as usize, word.end as usize);
            match parts.last_mut() {
                Some(part) if last == Some(at.wrapping_sub(1)) => part.end = part.end.max(to),
                _ => parts.push(from..to),
            }
            last = Some(at);
        }
        parts
    }
}
