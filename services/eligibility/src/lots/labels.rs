//! The French words of lots.

use domain::lot::rules::COLUMNS;
use domain::place::Named;
use web::Tone;

use super::LotState;
use super::rules::Answered;

/// The pages' name.
pub const TITLE: &str = "Lots d’éligibilité";

/// The form came without a file.
pub const NO_FILE: &str = "choisissez un fichier";
/// More than one file.
pub const ONE_FILE: &str = "un seul fichier par lot";

/// Several buildings at one address.
pub const SEVERAL_BUILDINGS: &str = "Plusieurs immeubles à cette adresse : choisissez";
/// Several addresses.
pub const SEVERAL_PLACES: &str = "Plusieurs adresses possibles : précisez la commune";
/// A street or a commune.
pub const NO_NUMBER: &str = "Il manque le numéro dans la voie";
/// A point is nobody's address.
pub const A_POINT: &str = "Un point n’est l’adresse de personne : choisissez";
/// What to do about a question that fits several places.
pub const PRECISE: &str = "Reprenez la ligne avec l’un des candidats.";
/// A PM or PBO.
pub const PLANT: &str = "un équipement du réseau, pas une adresse";
/// An address without a building.
pub const NO_BUILDING: &str = "adresse connue, sans immeuble au référentiel";
/// Another number than the one asked for.
pub const OTHER_NUMBER: &str = "ce numéro n’existe pas dans la voie";
/// Something else may have been meant.
pub const ALIKE: &str = "voir les candidats";

/// A text that names nothing that is known.
pub fn unknown(named: Option<Named>) -> Option<String> {
    named.map(|named| format!("inconnu, lu comme {}", named.label()))
}

/// What was understood of a text.
pub fn understood(label: &str, assumed: &[String], unmatched: &[String]) -> String {
    let mut parts = vec![label.to_owned()];
    parts.extend(assumed.iter().cloned());
    if !unmatched.is_empty() {
        parts.push(format!("non utilisé : « {} »", unmatched.join(" », « ")));
    }
    parts.join(" ; ")
}

impl Answered {
    /// As read on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Eligible => "Éligible",
            Self::EligibleFrom => "Éligible plus tard",
            Self::NotEligible => "Non éligible",
            Self::ToPrecise => "À préciser",
            Self::Refused => "Refusé",
        }
    }

    /// How it is coloured.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Eligible => Tone::Ok,
            Self::EligibleFrom => Tone::Info,
            Self::NotEligible => Tone::Bad,
            Self::ToPrecise => Tone::Warn,
            Self::Refused => Tone::Neutral,
        }
    }
}

impl LotState {
    /// As read on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "En attente",
            Self::Running => "En cours",
            Self::Done => "Terminé",
            Self::Failed => "Arrêté",
            Self::Deleted => "Supprimé",
        }
    }

    /// How it is coloured.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Waiting | Self::Deleted => Tone::Neutral,
            Self::Running => Tone::Info,
            Self::Done => Tone::Ok,
            Self::Failed => Tone::Bad,
        }
    }
}

/// The tab of every lot.
pub const ALL: &str = "Tous";
/// The count of every line.
pub const ALL_LINES: &str = "Toutes";

/// A block of an address.
pub fn in_block(address: &str, batiment: &str) -> String {
    format!("{address}, bâtiment {batiment}")
}

/// How many lots may wait.
pub fn waiting(max: i64) -> String {
    format!("{max} lots au plus, en attente ou en cours")
}

/// What each column holds.
pub fn column(name: &str) -> &'static str {
    match name {
        "ReferenceClient" => "votre référence de ligne, rendue telle quelle, 30 caractères au plus",
        "Adresse" => "ce que prend la case de l’éligibilité : adresse, ND, PTO, toute référence",
        "IdentifiantImmeuble" => "référence de l’immeuble au fichier IPE",
        "CodeAdresseImmeuble" => "Hexaclé du numéro",
        "CodeInseeImmeuble" => "avec le code RIVOLI et le numéro",
        "CodeVoieRivoliImmeuble" => "code RIVOLI de la voie",
        "NumeroVoieImmeuble" => "numéro dans la voie",
        "ComplementNumeroVoieImmeuble" => "B pour bis, T pour ter",
        "Batiment" | "Escalier" | "Etage" => "précise la question, comme au référentiel",
        "ReferencePrise" => "une PTO : seule, elle désigne le lieu",
        _ => "O : seulement les PTO existantes, N : seulement les lignes à construire",
    }
}

/// The columns with what each holds.
pub fn columns() -> Vec<(&'static str, &'static str)> {
    COLUMNS.iter().map(|name| (*name, column(name))).collect()
}

/// The columns of the list's files.
pub const LOT_COLUMNS: [(&str, &str); 14] = [
    ("lot", "Lot"),
    ("fichier", "Fichier"),
    ("etat", "État"),
    ("depose_le", "Déposé le"),
    ("depose_par", "Déposé par"),
    ("lignes", "Lignes"),
    ("traitees", "Traitées"),
    ("version", "Version du référentiel"),
    ("date_extraction", "Date d’extraction"),
    ("eligible", "Éligibles"),
    ("eligible_le", "Éligibles plus tard"),
    ("non_eligible", "Non éligibles"),
    ("a_preciser", "À préciser"),
    ("refuse", "Refusées"),
];

/// The columns of a result.
pub const RESULT_COLUMNS: [(&str, &str); 23] = [
    ("ligne", "Ligne"),
    ("reference_client", "ReferenceClient"),
    ("demande", "Demande"),
    ("compris", "Compris"),
    ("verdict", "Verdict"),
    ("date", "Date"),
    ("code", "Code"),
    ("motif", "Motif"),
    ("remede", "Remède"),
    ("qui_agit", "Qui agit"),
    ("identifiant_immeuble", "IdentifiantImmeuble"),
    ("adresse", "Adresse au référentiel"),
    ("code_insee", "CodeInseeImmeuble"),
    ("commune", "CommuneImmeuble"),
    ("etat_immeuble", "EtatImmeuble"),
    ("reference_pm", "ReferencePM"),
    ("offres", "Offres"),
    ("champs_requis", "Champs requis"),
    ("candidats", "Candidats"),
    ("longitude", "Longitude"),
    ("latitude", "Latitude"),
    ("version", "Version du référentiel"),
    ("date_extraction", "Date d’extraction"),
];

/// How many addresses of a mark are answered how.
pub fn mark(counts: &[usize; 5]) -> String {
    let all: usize = counts.iter().sum();
    let each = Answered::ALL.iter().zip(counts).filter(|(_, n)| **n > 0);
    let each: Vec<String> = each
        .map(|(one, n)| format!("{n} {}", one.label().to_lowercase()))
        .collect();
    match all {
        1 => each.join(""),
        n => format!("{n} lignes : {}", each.join(", ")),
    }
}

/// The lines of the model, in the order of the columns: an address as it is said, a building, a
/// number in a street, a PTO.
pub const MODEL: [[&str; 13]; 4] = [
    [
        "A-1",
        "12 bis rue des Tilleuls, Laval",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ],
    [
        "A-2",
        "",
        "IMB/53130/X/0001",
        "",
        "",
        "",
        "",
        "",
        "A",
        "1",
        "2",
        "",
        "N",
    ],
    [
        "A-3", "", "", "", "53130", "0420", "7", "B", "", "", "", "", "",
    ],
    [
        "A-4",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "FI-0001-0001",
        "O",
    ],
];
