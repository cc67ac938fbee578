//! What the lines of a lot are answered. Pure.

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
