//! The French words of the eligibility page.

use domain::place::{Named, Verdict};
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

/// A reference that is easily taken for the one typed.
pub const ALIKE: &str = "référence proche, qui existe";

/// Parts of the text that were not used.
#[must_use]
pub fn unmatched(parts: &[String]) -> String {
    format!("non utilisé : « {} »", parts.join(" », « "))
}

/// How many buildings stand at an address.
#[must_use]
pub fn standing(buildings: usize) -> String {
    match buildings {
        0 => "aucun immeuble au référentiel".to_owned(),
        1 => "un immeuble".to_owned(),
        n => format!("{n} immeubles"),
    }
}

/// The title of addresses whose number is not the one that was asked for.
pub const NUMBER_UNKNOWN: (&str, &str) = (
    "Ce numéro n’existe pas dans la voie",
    "Voici les numéros existants les plus proches.",
);

/// The title and what to do, for a text that names no building by itself: `known` is what it names
/// for sure, `named` what it looks like, with so many `lines` to choose from.
#[must_use]
pub fn places(
    verdict: Verdict,
    known: Option<Named>,
    named: Option<Named>,
    lines: usize,
) -> (String, &'static str) {
    match (verdict, known, named) {
        (_, Some(Named::Pm | Named::Pbo), _) => (
            "Un équipement du réseau, pas une adresse".to_owned(),
            "L’éligibilité se teste à une adresse ou sur une prise : indiquez l’une d’elles.",
        ),
        (_, Some(Named::Housenumber), _) => (
            "Adresse connue, sans immeuble au référentiel".to_owned(),
            "L’adresse existe dans la Base adresse nationale, mais aucun immeuble n’y est décrit.",
        ),
        (_, Some(_), _) => (
            "Il manque le numéro".to_owned(),
            "Ajoutez le numéro dans la voie devant son nom.",
        ),
        (Verdict::Ambiguous, _, Some(Named::Coordinates)) => (
            "Adresses autour de ce point".to_owned(),
            "Un point n’est l’adresse de personne : choisissez.",
        ),
        (Verdict::Ambiguous, ..) => (
            format!("{lines} adresses possibles"),
            "Choisissez, ou précisez la commune ou le code postal : la plateforme ne choisit \
             jamais à votre place.",
        ),
        (_, _, Some(named)) if lines == 0 => (
            format!("Inconnu : {}", named.label()),
            "Vérifiez la saisie, ou indiquez l’adresse.",
        ),
        (..) if lines == 0 => (
            "Adresse inconnue".to_owned(),
            "Vérifiez le nom de la voie et celui de la commune.",
        ),
        (..) => (
            "Adresse inconnue telle quelle".to_owned(),
            "Voici ce qui s’en approche le plus.",
        ),
    }
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
    if value == domain::building::NOT_APPLICABLE {
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

/// How many lines.
#[must_use]
pub fn lines(n: usize) -> String {
    if n > 1 {
        format!("{n} logements")
    } else {
        "un logement".to_owned()
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
