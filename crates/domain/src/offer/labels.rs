//! The trade's literals and French labels of offers.

use super::Family;

/// The passive access.
pub const ACCES_FTTH: &str = "Accès FTTH passif à la ligne";

impl Family {
    /// Famille, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Passive => "PASSIVE",
            Self::Active => "ACTIVE",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Passive => "Passive",
            Self::Active => "Activée",
        }
    }
}
