//! What is shown to people, in French.

use std::fmt;

use crate::answer::{Assumption, Kind, Refused, Verdict};
use crate::index::Found;
use crate::lexicon;

impl Found<'_> {
    /// The place in one line: « 12 bis rue des Tilleuls, 53000 Laval ».
    #[must_use]
    pub fn label(&self) -> String {
        let mut out = String::new();
        let street = self.street();
        if let Some(number) = self.number() {
            out.push_str(&number.to_string());
            let complement = self.complement();
            match complement.len() {
                0 => {}
                1 => out.push_str(&complement.to_ascii_uppercase()),
                _ => {
                    out.push(' ');
                    out.push_str(complement);
                }
            }
            out.push(' ');
            out.push_str(&with_small_type(street));
        } else {
            out.push_str(street);
        }
        if !self.old_commune().is_empty() && self.old_commune() != self.commune() {
            out.push_str(" (");
            out.push_str(self.old_commune());
            out.push(')');
        }
        if !out.is_empty() {
            out.push_str(", ");
        }
        if let Some(postcode) = self.postcode() {
            out.push_str(&format!("{postcode:05} "));
        }
        out.push_str(self.commune());
        out
    }
}

/// Words that stay in lower case inside a name.
pub(crate) fn stays_small(word: &str) -> bool {
    const SMALL: &[&str] = &[
        "a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "lez", "lès",
        "sous", "sur", "à", "ès",
    ];
    SMALL.contains(&word)
}

/// A street type is no proper noun: « rue des Tilleuls ».
pub(crate) fn with_small_type(street: &str) -> String {
    let (first, rest) = street.split_once(' ').unwrap_or((street, ""));
    let plain: String = first.to_lowercase().replace('é', "e").replace('ô', "o");
    if rest.is_empty() || !lexicon::is_full_type(plain.as_bytes()) {
        return street.to_owned();
    }
    format!("{} {rest}", accented(&first.to_lowercase()))
}

/// A street type with the accents that capitals lost.
fn accented(street_type: &str) -> &str {
    match street_type {
        "allee" => "allée",
        "allees" => "allées",
        "chaussee" => "chaussée",
        "cite" => "cité",
        "levee" => "levée",
        "montee" => "montée",
        "residence" => "résidence",
        _ => street_type,
    }
}

impl fmt::Display for Assumption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommuneOfPostcode { postcode, commune } => {
                write!(
                    f,
                    "commune déduite du code postal {postcode:05} : {commune}"
                )
            }
            Self::CommuneGuessed { commune } => {
                write!(
                    f,
                    "ni commune ni code postal indiqués : {commune} est supposée"
                )
            }
            Self::PostcodeDiffers { typed, found } => {
                write!(f, "code postal {typed:05} lu {found:05}")
            }
            Self::OldCommune { old, now } => {
                write!(f, "ancienne commune {old}, aujourd'hui {now}")
            }
            Self::CommuneCutShort { commune } => write!(f, "commune lue {commune}"),
            Self::TypeGuessed { found } => write!(f, "type de voie absent : {found}"),
            Self::TypeDiffers { typed, found } => write!(f, "« {typed} » lu « {found} »"),
            Self::Corrected { typed, read } => write!(f, "« {typed} » lu « {read} »"),
            Self::WordMissing { word } => write!(f, "mot absent de la saisie : « {word} »"),
            Self::NameCompared { found } => write!(f, "nom le plus proche : {found}"),
            Self::NumberInWords { number } => write!(f, "numéro en toutes lettres lu {number}"),
            Self::SuffixReadAs { typed, read } => write!(f, "« {typed} » lu « {read} »"),
            Self::RangeRead { first, last } => {
                write!(
                    f,
                    "numéros {first} à {last} : une seule adresse est retenue"
                )
            }
            Self::GroupRead { typed, group } => {
                write!(f, "numéro {typed} compris dans l'adresse groupée {group}")
            }
            Self::SuffixAbsent { typed } => {
                write!(f, "le {typed} n'existe pas : autre suffixe du même numéro")
            }
            Self::NumberAbsent { typed } => {
                write!(f, "numéro {typed} absent : les plus proches existants")
            }
            Self::OtherName { found } => write!(f, "voie aussi nommée {found}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HouseNumber => "adresse",
            Self::Street => "voie",
            Self::Place => "lieu-dit",
            Self::Commune => "commune",
        })
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certain => "adresse trouvée",
            Self::Probable => "adresse probable",
            Self::Ambiguous => "plusieurs adresses possibles",
            Self::None => "aucune adresse trouvée",
        })
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "rien à chercher",
            Self::TooLong => "saisie trop longue",
        })
    }
}
