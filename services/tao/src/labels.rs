//! The French words of the e-service.

/// Its name.
pub const TITLE: &str = "Adresses (TAO)";
/// Why a door, a part or a PTO finds nothing at an address.
pub const NOT_HERE: &str = "aucun logement de cette adresse";
/// The name of its exported files.
pub const FILE: &str = "structure";

/// Columns of the exported structure: name for machines, heading as the order spells it.
pub const COLUMNS: [(&str, &str); 12] = [
    ("identifiant_immeuble", "IdentifiantImmeuble"),
    ("etat_immeuble", "EtatImmeuble"),
    ("reference_pm", "ReferencePm"),
    ("batiment", "Batiment"),
    ("escalier", "Escalier"),
    ("etage", "Etage"),
    ("porte", "Porte"),
    ("prise_existante", "PriseExistante"),
    ("reference_prise", "ReferencePrise"),
    ("etat_ligne", "EtatLigne"),
    ("reference_pbo", "ReferencePBO"),
    ("date_extraction", "DateExtraction"),
];

/// A PTO that nobody uses.
pub const FREE: &str = "PTO existante, libre";
/// A PTO in use, by whom is never said.
pub const IN_SERVICE: &str = "PTO en service";
/// No PTO yet.
pub const TO_BUILD: &str = "À construire";

/// Labels of the facts.
pub const FACT_STATE: &str = "État de l’immeuble";
/// Dwellings.
pub const FACT_DWELLINGS: &str = "Logements";
/// PTOs.
pub const FACT_PTOS: &str = "PTO existantes";
/// PBOs.
pub const FACT_PBOS: &str = "PBO";
/// The PM.
pub const FACT_PM: &str = "PM";
/// What an order must name.
pub const FACT_REQUIRED: &str = "La commande doit préciser";
/// It need name none of them.
pub const NOTHING_REQUIRED: &str = "rien de plus que l’immeuble";
/// There is none.
pub const NONE: &str = "aucun";

/// Lines that the structure describes, when their number is not that of the dwellings.
#[must_use]
pub fn described(lines: usize) -> String {
    match lines {
        0 => "structure non décrite".to_owned(),
        1 => "une ligne décrite".to_owned(),
        n => format!("{n} lignes décrites"),
    }
}

/// Lines without PTO.
#[must_use]
pub fn to_build(lines: usize) -> String {
    match lines {
        0 => "toutes les lignes".to_owned(),
        n => format!("{n} à construire"),
    }
}

/// The first names of a list, and how many more there are.
#[must_use]
pub fn some_of(names: &[String], shown: usize) -> (String, String) {
    let more = names.len().saturating_sub(shown);
    let first = names.iter().take(shown).map(String::as_str);
    let note = match more {
        0 => String::new(),
        1 => "et un autre".to_owned(),
        n => format!("et {n} autres"),
    };
    (first.collect::<Vec<_>>().join(", "), note)
}

/// A part to keep, in a choice.
pub const ALL_PARTS: [(&str, &str); 3] = [
    ("Batiment", "Bâtiment"),
    ("Escalier", "Escalier"),
    ("Etage", "Étage"),
];
