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
