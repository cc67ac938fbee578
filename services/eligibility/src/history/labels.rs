//! The French words of the history.

use super::{Door, End};
use crate::labels::day;
use web::Tone;

/// Title of the page.
pub const TITLE: &str = "Historique des éligibilités";
/// Its entry in the menu.
pub const MENU: &str = "Historique";
/// Every end, in the filter.
pub const ALL: &str = "Tous";

/// How a test ended.
#[must_use]
pub fn end(end: End) -> &'static str {
    match end {
        End::Eligible => "Éligible",
        End::Later => "Plus tard",
        End::NotEligible => "Non éligible",
        End::Choice => "Choix à faire",
        End::Refused => "Refusée",
    }
}

/// The colour of an end.
#[must_use]
pub fn tone(end: End) -> Tone {
    match end {
        End::Eligible => Tone::Ok,
        End::Later => Tone::Warn,
        End::NotEligible | End::Refused => Tone::Bad,
        End::Choice => Tone::Info,
    }
}

/// A door.
#[must_use]
pub fn door(door: Door) -> &'static str {
    match door {
        Door::Portal => "Portail",
        Door::Xml => "Service web",
    }
}

/// From when on.
#[must_use]
pub fn opens(on: jiff::civil::Date) -> String {
    format!("à partir du {}", day(on))
}

/// How many places.
#[must_use]
pub fn places(n: i64) -> String {
    match n {
        0 | 1 => String::new(),
        n => format!("{n} lieux possibles"),
    }
}

/// Columns of the file: names for machines, and headings.
pub const COLUMNS: [(&str, &str); 14] = [
    ("quand", "Demandée le"),
    ("instant_reel", "Instant réel"),
    ("porte", "Canal"),
    ("demandeur", "Demandeur"),
    ("identifiant_demandeur", "Identifiant du demandeur"),
    ("question", "Question"),
    ("identifiant_immeuble", "IdentifiantImmeuble"),
    ("adresse", "Adresse"),
    ("immeubles", "Immeubles"),
    ("verdict", "Verdict"),
    ("code", "Code"),
    ("ouverture", "Ouverture"),
    ("extraction", "Date d’extraction"),
    ("version", "Version du référentiel"),
];
