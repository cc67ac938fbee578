//! French labels of kinds and states.

use super::{Kind, ReleaseState};

impl Kind {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Ipe => "Adresses et PM (IPE)",
            Self::Structure => "Structure des immeubles (TAO)",
            Self::Fibres => "Fibres des PBO",
            Self::Prises => "Prises (PTO)",
            Self::Adduction => "Adduction des opérateurs",
        }
    }
}

impl ReleaseState {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Building => "En préparation",
            Self::Ready => "À approuver",
            Self::Published => "Publiée",
            Self::Withdrawn => "Retirée",
        }
    }
}
