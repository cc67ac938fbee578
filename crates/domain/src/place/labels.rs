//! French names of what a text was recognised as.

use super::Named;

/// How far an address is from a point.
#[must_use]
pub fn away(metres: u32) -> String {
    format!("à {metres} m")
}

impl Named {
    /// As in « Reconnu comme… ».
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Housenumber => "adresse",
            Self::Street => "voie",
            Self::Place => "lieu-dit",
            Self::Commune => "commune",
            Self::Nd => "numéro de ligne (ND)",
            Self::Pto => "prise (PTO)",
            Self::Building => "identifiant d’immeuble",
            Self::Pm => "point de mutualisation (PM)",
            Self::Pbo => "point de branchement (PBO)",
            Self::Hexacle => "Hexaclé",
            Self::BanKey => "clé de la Base adresse nationale",
            Self::Coordinates => "coordonnées",
            Self::Order => "commande",
        }
    }
}
