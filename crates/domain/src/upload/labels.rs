//! French sentences of what is refused at reception.

use super::text::TextFault;

/// An empty file.
pub const EMPTY: &str = "le fichier est vide";
/// What the antivirus found goes after it.
pub const INFECTED: &str = "le contrôle antivirus l’a refusé";
/// A file that is gone or was refused before.
pub const NOT_CLEAN: &str = "ce fichier n’a pas passé la quarantaine";

/// A file beyond its purpose's limit.
#[must_use]
pub fn too_large(max: u64) -> String {
    format!("plus de {} Mio", max / (1024 * 1024))
}

impl TextFault {
    /// The sentence that goes with the refusal.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Binary(line) => format!("octet nul à la ligne {line} : ce n’est pas un texte"),
            Self::LongLine(line) => format!("ligne {line} trop longue"),
            Self::ManyColumns(line) => format!("trop de colonnes à la ligne {line}"),
            Self::ManyRows(_) => "trop de lignes pour un fichier de cette nature".to_owned(),
        }
    }
}
