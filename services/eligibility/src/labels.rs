//! The French words of the eligibility page.

pub use domain::building::labels::{Level, dwelling, lines, place};
use jiff::civil::Date;

/// The e-service's name.
pub const TITLE: &str = "Éligibilité";

/// How many questions a lot holds.
#[must_use]
pub fn lot_size(max: usize) -> String {
    format!("de 1 à {max} questions par lot")
}

/// A day as people write it.
#[must_use]
pub fn day(date: Date) -> String {
    web::french::date(date)
}

/// The banner when something can be ordered.
#[must_use]
pub fn eligible(offers: usize) -> String {
    match offers {
        1 => "Éligible : une offre commandable".to_owned(),
        n => format!("Éligible : {n} offres commandables"),
    }
}

/// The banner when it will be.
#[must_use]
pub fn eligible_from(date: Date) -> String {
    format!("Éligible à partir du {}", day(date))
}

/// The banner when nothing can be ordered.
pub const NOT_ELIGIBLE: &str = "Non éligible : aucune offre commandable";
/// The sentence under a favourable banner.
pub const ELIGIBLE_REASON: &str =
    "Une commande bien formée passée maintenant sur ce logement est recevable.";
/// Tags of offers.
pub const TAG_ELIGIBLE: &str = "Éligible";
/// Eligible later.
pub const TAG_LATER: &str = "Plus tard";
/// Not eligible.
pub const TAG_NO: &str = "Non éligible";
/// A line to build.
pub const TO_BUILD: &str = "À construire";
/// A line to build, but no fibre is left.
pub const NO_FIBRE: &str = "Plus de fibre";
/// A PTO that nobody uses.
pub const FREE_PTO: &str = "PTO existante, libre";
/// A PTO in use.
pub const BUSY_PTO: &str = "PTO en service";

/// What it waits for.
#[must_use]
pub fn opens(date: Date) -> String {
    format!("Ouverture le {}, par le fournisseur", day(date))
}

/// How many dwellings and blocks.
#[must_use]
pub fn summary(dwellings: i64, blocks: usize) -> String {
    let dwellings = if dwellings > 1 {
        format!("{dwellings} logements")
    } else {
        "un logement".to_owned()
    };
    if blocks > 1 {
        format!("{dwellings} dans {blocks} bâtiments")
    } else {
        dwellings
    }
}

/// Labels of the facts.
pub const FACT_STATE: &str = "État de l’immeuble";
/// The PM.
pub const FACT_PM: &str = "PM";
/// Orders accepted from.
pub const FACT_ORDERS: &str = "Commandes acceptées";
/// Reports given from.
pub const FACT_REPORTS: &str = "Comptes rendus fournis";
/// The operator's own prestation.
pub const FACT_PRESENCE: &str = "Votre prestation au PM";
/// Not present.
pub const ABSENT: &str = "Vous n’êtes pas présent à ce PM";

/// From a day on.
#[must_use]
pub fn since(date: Option<Date>) -> String {
    date.map_or_else(
        || "non datées".to_owned(),
        |date| format!("depuis le {}", day(date)),
    )
}

/// Free fibres of a PBO.
#[must_use]
pub fn free(n: i64) -> String {
    match n {
        0 => "saturé".to_owned(),
        1 => "une fibre libre".to_owned(),
        n => format!("{n} fibres libres"),
    }
}
