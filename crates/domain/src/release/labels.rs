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
            Self::Pm => "PM",
            Self::Pbo => "PBO",
            Self::Cables => "Câbles de distribution",
            Self::Routes => "Routes optiques",
            Self::Nd => "ND (lignes cuivre)",
            Self::Ban => "Adresses (BAN)",
            Self::Catalogue => "Catalogue des offres",
            Self::Gracethd => "Dossier GraceTHD",
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
