//! What the lines of a lot are answered. Pure.

use domain::order::PlaceOrder;
use kernel::Refusal;

use super::LotRow;
use crate::watches::rules as watched;

const BUILDING: &str = "IdentifiantImmeuble";

/// Those of a line's fields that narrow the place its building stands for.
#[must_use]
pub fn narrowed(fields: &PlaceOrder) -> Vec<(String, String)> {
    let narrows = |(name, _): &(&str, &str)| {
        *name != BUILDING && watched::FIELDS.iter().any(|(known, _)| known == name)
    };
    let pairs = fields.pairs().filter(narrows);
    pairs.map(|(n, v)| (n.to_owned(), v.to_owned())).collect()
}

/// The place that a line was answered for, as one puts it under watch.
///
/// # Errors
/// FIMP15 for a line that no one building answers.
pub fn place(row: &LotRow) -> Result<watched::Place, Refusal> {
    let narrowed = &row.told.narrowed;
    watched::place(|name| match name {
        BUILDING => &row.building,
        _ => {
            let given = narrowed.iter().find(|(known, _)| known == name);
            given.map_or("", |(_, value)| value)
        }
    })
}

/// What is answered to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It can be ordered now.
    Eligible,
    /// From a day on.
    EligibleFrom,
    /// It cannot be ordered.
    NotEligible,
    /// Several places fit: nothing is chosen.
    ToPrecise,
    /// The question leads nowhere, or cannot be read.
    Refused,
}

impl Answered {
    /// Every answer, the best first.
    pub const ALL: [Self; 5] = [
        Self::Eligible,
        Self::EligibleFrom,
        Self::NotEligible,
        Self::ToPrecise,
        Self::Refused,
    ];

    /// As stored, as in files and in addresses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eligible => "eligible",
            Self::EligibleFrom => "eligible_le",
            Self::NotEligible => "non_eligible",
            Self::ToPrecise => "a_preciser",
            Self::Refused => "refuse",
        }
    }

    /// Reads what [`Answered::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_line_is_its_building_and_what_the_line_narrowed_it_by() {
        let given = [
            ("CodeAdresseImmeuble", "5313000420"),
            ("Batiment", "A"),
            ("Etage", "2"),
            ("ReferencePrise", "fi-aaaa-bbbb"),
        ];
        let mut row = LotRow {
            line: 2,
            reference: String::new(),
            verdict: Answered::Eligible,
            code: String::new(),
            building: "IMB/1".to_owned(),
            insee: String::new(),
            commune: String::new(),
            place: None,
            told: crate::lots::Told {
                narrowed: narrowed(&PlaceOrder::from_pairs(given)),
                ..Default::default()
            },
        };
        let asked = "IdentifiantImmeuble=IMB%2F1&Batiment=A&Etage=2&ReferencePrise=FI-AAAA-BBBB";
        assert_eq!(place(&row).unwrap().query, asked);
        row.building.clear();
        assert_eq!(place(&row).unwrap_err().code, "FIMP15");
    }
}
