//! The trade's literals, as in files and XML, and French labels of buildings, PMs and dwellings.

use super::{BuildingKind, BuildingState, DwellingState, PmState};

impl BuildingState {
    /// EtatImmeuble, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Targeted => "CIBLE",
            Self::Signed => "SIGNE",
            Self::UnderWay => "EN COURS DE DEPLOIEMENT",
            Self::OnDemand => "RACCORDABLE DEMANDE",
            Self::OnDemandUnderWay => "RAD EN COURS DE DEPLOIEMENT",
            Self::Deployed => "DEPLOYE",
            Self::Abandoned => "ABANDONNE",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Targeted => "Ciblé",
            Self::Signed => "Signé",
            Self::UnderWay => "En cours de déploiement",
            Self::OnDemand => "Raccordable sur demande",
            Self::OnDemandUnderWay => "Raccordable sur demande, PBO en cours de pose",
            Self::Deployed => "Déployé",
            Self::Abandoned => "Abandonné",
        }
    }
}

impl BuildingKind {
    /// TypeImmeuble, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::House => "P",
            Self::Flats => "I",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::House => "Pavillon",
            Self::Flats => "Immeuble",
        }
    }
}

impl PmState {
    /// EtatPM, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Planned => "PLANIFIE",
            Self::UnderWay => "EN COURS DE DEPLOIEMENT",
            Self::Deployed => "DEPLOYE",
            Self::Abandoned => "ABANDONNE",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Planned => "Planifié",
            Self::UnderWay => "En cours de déploiement",
            Self::Deployed => "Déployé",
            Self::Abandoned => "Abandonné",
        }
    }
}

impl DwellingState {
    /// EtatLigne, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::ToBuild => "A CONSTRUIRE",
            Self::Free => "LIBRE",
            Self::InService => "EN SERVICE",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::ToBuild => "À construire",
            Self::Free => "Libre",
            Self::InService => "En service",
        }
    }
}

/// A level of an address's structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Bâtiment.
    Block,
    /// Escalier.
    Stair,
    /// Étage.
    Floor,
}

/// A block, a staircase, a floor, in words; `_NA_` is not applicable.
#[must_use]
pub fn place(level: Level, value: &str) -> String {
    let kind = match level {
        Level::Block => "Bâtiment",
        Level::Stair => "Escalier",
        Level::Floor => "Étage",
    };
    if value == super::NOT_APPLICABLE {
        return format!("{kind} unique");
    }
    match (level, value) {
        (Level::Floor, "RDC") => "Rez-de-chaussée".to_owned(),
        (Level::Floor, "1") => "1er étage".to_owned(),
        (Level::Floor, n) if n.parse::<u8>().is_ok() => format!("{n}e étage"),
        _ => format!("{kind} {value}"),
    }
}

/// A dwelling by its door, or by its floor when doors are not named.
#[must_use]
pub fn dwelling(porte: &str, etage: &str) -> String {
    if porte.is_empty() {
        place(Level::Floor, etage)
    } else {
        format!("Porte {porte}")
    }
}

/// How many dwellings, or lines of them.
#[must_use]
pub fn lines(n: usize) -> String {
    if n > 1 {
        format!("{n} logements")
    } else {
        "un logement".to_owned()
    }
}
