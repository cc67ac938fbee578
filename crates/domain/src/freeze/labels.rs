//! French words of freezes.

use kernel::Millis;
use kernel::working_time::paris_datetime;

use super::{FOREVER, Freeze, FreezeKind, Stage};

impl FreezeKind {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Building => "Immeuble",
            Self::Pm => "PM",
        }
    }
}

impl Stage {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::InForce => "En vigueur",
            Self::ToCome => "À venir",
            Self::Over => "Terminé",
        }
    }
}

/// The end of a freeze: its last day, or its last minute when it does not end with a day.
#[must_use]
pub fn until(to: Millis) -> String {
    if to == FOREVER {
        return "sans date de fin annoncée".to_owned();
    }
    let end = paris_datetime(to);
    let whole = end.time() == jiff::civil::Time::midnight();
    match end.date().yesterday() {
        Ok(day) if whole => format!("jusqu’au {} inclus", day.strftime("%d/%m/%Y")),
        _ => format!("jusqu’au {}", end.strftime("%d/%m/%Y à %H:%M")),
    }
}

/// What an operator is told of a freeze that stands in its way.
#[must_use]
pub fn told(freeze: &Freeze) -> String {
    let what = match freeze.kind {
        FreezeKind::Building => "immeuble gelé",
        FreezeKind::Pm => "PM gelé",
    };
    let end = until(freeze.to);
    match freeze.internal {
        true => format!("{what} {end}"),
        false => format!("{} ({what} {end})", freeze.reason),
    }
}

/// A first day that is past.
pub const PAST: &str = "un gel commence aujourd’hui au plus tôt";
/// A last day before the first.
pub const BACKWARDS: &str = "le dernier jour précède le premier";
/// Nothing to lift.
pub const NOT_FROZEN: &str = "aucun gel en vigueur ou à venir";

/// Too long a reason.
#[must_use]
pub fn at_most(max: usize) -> String {
    format!("{max} caractères au plus, sans retour à la ligne")
}
