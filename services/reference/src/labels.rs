//! French texts of an import's report and refusals.

use crate::report::{AnomalyCode, RejectCode};

/// The area's name.
pub const TITLE: &str = "Référentiel du réseau";

/// Header of the CSV report.
pub const REPORT_HEADER: [&str; 5] = ["Ligne", "Colonne ou objet", "Code", "Motif", "Précision"];

impl RejectCode {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::MissingField => "Champ obligatoire vide",
            Self::Format => "Format invalide ou valeur trop longue",
            Self::Value => "Valeur non prévue ou incohérente",
            Self::Duplicate => "Déjà présent sur une ligne précédente",
            Self::UnknownReference => "Référence inconnue du référentiel",
        }
    }
}

impl AnomalyCode {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::PmContradicted => "Lignes contradictoires pour un même PM",
            Self::SignedWithoutAgreement => "Immeuble signé sans accord nécessaire",
            Self::FibreStateDiffers => {
                "État de fibre différent de celui de la plateforme, conservé"
            }
            Self::LineDiffers => "Ligne différente de celle de la plateforme, conservée",
            Self::OlderExtraction => "Extraction antérieure à celle en vigueur",
        }
    }
}

/// Why a whole file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// It has no line, or no line but its header.
    Empty,
    /// It is no text, or the named line is too long.
    Unreadable(u64),
    /// A field that begins on the named line holds a line break: a quote is not closed.
    OpenQuote(u64),
    /// Columns this kind of file must have are absent: it is of another kind.
    MissingColumns(Vec<&'static str>),
    /// A column stands twice.
    RepeatedColumn(&'static str),
    /// Too many lines are refused: so many of so many.
    TooManyRejects(u64, u64),
}

impl FileFault {
    /// The sentence that goes with `EIMP01`.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::Empty => "aucune ligne de données".to_owned(),
            Self::Unreadable(line) => format!("ligne {line} illisible ou trop longue"),
            Self::OpenQuote(line) => format!("guillemet non fermé à la ligne {line}"),
            Self::MissingColumns(names) => format!("colonnes absentes : {}", names.join(", ")),
            Self::RepeatedColumn(name) => format!("colonne en double : {name}"),
            Self::TooManyRejects(rejected, read) => {
                format!("{rejected} lignes refusées sur {read}")
            }
        }
    }
}
