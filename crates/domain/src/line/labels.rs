//! The trade's eight fibre states and the labels of a line.

use super::{FibreState, LineState};

impl FibreState {
    /// EtatFibre, as exchanged: one of the trade's eight literals.
    #[must_use]
    pub fn literal(self, dedicated: bool) -> &'static str {
        match (self, dedicated) {
            (Self::Available, false) => "fibre disponible",
            (Self::Reserved, false) => "fibre réservée",
            (Self::Occupied, false) => "fibre occupée",
            (Self::OutOfOrder, false) => "fibre hors service",
            (Self::Available, true) => "fibre dédiée disponible",
            (Self::Reserved, true) => "fibre dédiée réservée",
            (Self::Occupied, true) => "fibre dédiée occupée",
            (Self::OutOfOrder, true) => "fibre dédiée hors service",
        }
    }

    /// Reads one of the eight literals: the state, and whether the fibre is dedicated.
    #[must_use]
    pub fn from_literal(text: &str) -> Option<(Self, bool)> {
        Self::ALL
            .iter()
            .flat_map(|&state| [(state, false), (state, true)])
            .find(|&(state, dedicated)| state.literal(dedicated) == text)
    }
}

impl LineState {
    /// EtatLigne, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Free => "LIBRE",
            Self::InService => "EN SERVICE",
        }
    }

    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Free => "Libre",
            Self::InService => "En service",
        }
    }
}
