//! The French words of what the box was taken for.

use domain::place::{Named, Verdict};

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
            "Indiquez une adresse ou une prise (PTO) de ce secteur.",
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
