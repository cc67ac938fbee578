//! The trade's literals of cables and connectors: colours by their rank.

use super::{ColourCode, ConnectorColour};

/// Colours of one round; from the thirteenth on they come again, with a ring.
pub const COLOURS: usize = 12;

const ORANGE: [&str; COLOURS] = [
    "ROUGE",
    "BLEU",
    "VERT",
    "JAUNE",
    "VIOLET",
    "BLANC",
    "ORANGE",
    "GRIS",
    "MARRON",
    "NOIR",
    "TURQUOISE",
    "ROSE",
];

const FOTAG: [&str; COLOURS] = [
    "BLEU",
    "ORANGE",
    "VERT",
    "MARRON",
    "GRIS",
    "BLANC",
    "ROUGE",
    "NOIR",
    "JAUNE",
    "VIOLET",
    "ROSE",
    "TURQUOISE",
];

impl ColourCode {
    /// CodeCouleur, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Orange => "ORANGE",
            Self::Fotag => "FOTAG",
        }
    }

    /// The colours of one round, in its order.
    #[must_use]
    pub fn colours(self) -> &'static [&'static str; COLOURS] {
        match self {
            Self::Orange => &ORANGE,
            Self::Fotag => &FOTAG,
        }
    }

    /// The `rank`-th tube or fibre as files and CRs write it (`4 JAUNE`); none below 1.
    #[must_use]
    pub fn place(self, rank: usize) -> Option<String> {
        let at = rank.checked_sub(1)? % COLOURS;
        Some(format!("{rank} {}", self.colours()[at]))
    }
}

impl ConnectorColour {
    /// ConnecteurPriseCouleur, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Red => "ROUGE",
            Self::Blue => "BLEU",
            Self::Green => "VERT",
            Self::Yellow => "JAUNE",
        }
    }
}
