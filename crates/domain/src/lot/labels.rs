//! The French words of a lot's file.

/// What is wrong, and where.
pub fn at_line(number: u64, what: &str) -> String {
    format!("ligne {number} : {what}")
}

/// A line beyond the bound.
pub const LONG_LINE: &str = "trop longue, ou guillemet qui ne se ferme pas";
/// A line in no encoding that is read.
pub const GARBLED: &str = "ni UTF-8, ni Windows-1252";
/// Nothing after the heading.
pub const NO_LINE: &str = "aucune ligne après celle des titres";
/// A reference that is too long.
pub const LONG_REFERENCE: &str = "30 caractères au plus";
/// More fields than the heading has.
pub const MANY_FIELDS: &str = "plus de champs que de colonnes";

/// A column that is there twice.
pub fn twice(column: &str) -> String {
    format!("la colonne {column} y est deux fois")
}

/// No column names a place.
pub fn no_key(unknown: &[String]) -> String {
    let read = match unknown {
        [] => String::new(),
        some => format!(" (lu : « {} »)", some.join(" », « ")),
    };
    format!(
        "aucune colonne n’y désigne un lieu{read}. Il en faut une : Adresse, \
         IdentifiantImmeuble, CodeAdresseImmeuble, ReferencePrise, ou ensemble \
         CodeInseeImmeuble, CodeVoieRivoliImmeuble et NumeroVoieImmeuble"
    )
}

/// More lines than a lot holds.
pub fn many_lines(max: u64) -> String {
    format!("plus de {max} lignes")
}
