//! Test queries: what people really type of an address of a base, and what the right answer is.

mod apply;
mod build;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

pub use build::cases;

/// What is done to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// As the base has it.
    Clean,
    /// In capitals.
    Capitals,
    /// `av`, `bd`, `st`, `gal`…
    Abbreviations,
    /// Without accents.
    NoAccents,
    /// One letter wrong.
    OneTypo,
    /// Two letters wrong.
    TwoTypos,
    /// Fields in another order.
    Swapped,
    /// The postcode is another.
    WrongPostcode,
    /// No commune.
    NoCommune,
    /// No postcode.
    NoPostcode,
    /// Neither commune nor postcode.
    NoPlace,
    /// A number with `bis`, `B`… written its own way.
    Suffix,
    /// A hamlet, as such.
    Hamlet,
    /// Written as it is heard.
    Phonetic,
    /// With the flat, the building, the stairs.
    Flat,
    /// Numbers in words.
    NumberWords,
    /// Words without the blank between them.
    Glued,
    /// Another type of street.
    WrongType,
    /// No type of street.
    NoType,
    /// First name or title left out or as an initial.
    FirstName,
    /// The street cut at 18 columns.
    Truncated,
    /// The commune by its name before the merger.
    OldCommune,
    /// The delivery office instead of the commune.
    Delivery,
    /// Blanks too many.
    Blanks,
    /// `œ` for `oe`, and the other way.
    Ligatures,
    /// Accents apart from their letters.
    Decomposed,
    /// Two or three of these together.
    Mixed,
    /// A number that is not in the street.
    AbsentNumber,
    /// A street that is not in the commune.
    AbsentStreet,
    /// A commune that is not in the base.
    AbsentCommune,
}

impl Class {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Clean,
        Self::Capitals,
        Self::Abbreviations,
        Self::NoAccents,
        Self::OneTypo,
        Self::TwoTypos,
        Self::Swapped,
        Self::WrongPostcode,
        Self::NoCommune,
        Self::NoPostcode,
        Self::NoPlace,
        Self::Suffix,
        Self::Hamlet,
        Self::Phonetic,
        Self::Flat,
        Self::NumberWords,
        Self::Glued,
        Self::WrongType,
        Self::NoType,
        Self::FirstName,
        Self::Truncated,
        Self::OldCommune,
        Self::Delivery,
        Self::Blanks,
        Self::Ligatures,
        Self::Decomposed,
        Self::Mixed,
        Self::AbsentNumber,
        Self::AbsentStreet,
        Self::AbsentCommune,
    ];

    /// As it is written in files and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Capitals => "capitals",
            Self::Abbreviations => "abbreviations",
            Self::NoAccents => "no_accents",
            Self::OneTypo => "one_typo",
            Self::TwoTypos => "two_typos",
            Self::Swapped => "swapped",
            Self::WrongPostcode => "wrong_postcode",
            Self::NoCommune => "no_commune",
            Self::NoPostcode => "no_postcode",
            Self::NoPlace => "no_place",
            Self::Suffix => "suffix",
            Self::Hamlet => "hamlet",
            Self::Phonetic => "phonetic",
            Self::Flat => "flat",
            Self::NumberWords => "number_words",
            Self::Glued => "glued",
            Self::WrongType => "wrong_type",
            Self::NoType => "no_type",
            Self::FirstName => "first_name",
            Self::Truncated => "truncated",
            Self::OldCommune => "old_commune",
            Self::Delivery => "delivery",
            Self::Blanks => "blanks",
            Self::Ligatures => "ligatures",
            Self::Decomposed => "decomposed",
            Self::Mixed => "mixed",
            Self::AbsentNumber => "absent_number",
            Self::AbsentStreet => "absent_street",
            Self::AbsentCommune => "absent_commune",
        }
    }

    /// By [`Class::name`].
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|class| class.name() == name)
    }

    /// Whether its queries are of the hard set.
    #[must_use]
    pub fn is_hard(self) -> bool {
        matches!(
            self,
            Self::Mixed | Self::Glued | Self::Truncated | Self::WrongType | Self::NoType
        )
    }

    /// Whether the right answer is none.
    #[must_use]
    pub fn is_absent(self) -> bool {
        matches!(
            self,
            Self::AbsentNumber | Self::AbsentStreet | Self::AbsentCommune
        )
    }
}

/// The right answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// The address, and no other fits as well.
    Unique,
    /// Several addresses fit equally; to choose one is to guess.
    Ambiguous,
    /// It does not exist: nothing may be called certain.
    Absent,
}

impl Expect {
    /// As it is written in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unique => "unique",
            Self::Ambiguous => "ambiguous",
            Self::Absent => "absent",
        }
    }
}

/// A query and its right answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// What is typed.
    pub query: String,
    /// What was done to the address.
    pub class: Class,
    /// Of the hard set.
    pub hard: bool,
    /// What the right answer is.
    pub expect: Expect,
    /// How many addresses fit equally, the expected one included.
    pub fits: usize,
    /// The address that was meant.
    pub ban_key: Option<String>,
}

impl Case {
    /// Writes it as one line of JSON.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let key = match &self.ban_key {
            Some(key) => quoted(key),
            None => "null".to_owned(),
        };
        writeln!(
            out,
            r#"{{"query":{},"class":"{}","hard":{},"expect":"{}","fits":{},"ban_key":{key}}}"#,
            quoted(&self.query),
            self.class.name(),
            self.hard,
            self.expect.name(),
            self.fits,
        )
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
