//! French texts of an import's report and refusals.

use std::collections::BTreeMap;

use domain::release::history::Past;
use domain::release::{ReleaseState, Source, Table};
use kernel::Millis;
use kernel::working_time::paris_datetime;
use web::Tone;

use crate::differences::What;
use crate::effect::{Part, Sum, Touched};
use crate::files::gracethd::GracethdFault;
use crate::pages::{ByCode, Figure};
use crate::report::{AnomalyCode, RejectCode};
use crate::runs::{Run, RunState, Summary};

/// The area's name.
pub const TITLE: &str = "Référentiel du réseau";

/// Header of the CSV report.
pub const REPORT_HEADER: [&str; 5] = ["Ligne", "Colonne ou objet", "Code", "Motif", "Précision"];

/// What is added to each refused line, in the file to correct and send again.
pub const REJECT_COLUMNS: [&str; 2] = ["CodeRejet", "Motif"];

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
            Self::PmMissing => "ReferencePM absente alors que le déploiement a commencé",
            Self::PmTooEarly => "ReferencePM communiquée avant le déploiement du PM",
            Self::PmNotDeployed => "Immeuble déployé sur un PM qui ne l’est pas",
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
            Self::AbandonedTooLong => "Immeuble abandonné depuis plus de trois mois",
            Self::DwellingsDiffer => "Nombre de logements différent de la structure",
            Self::DwellingSumDiffers => {
                "Somme des logements d’un Hexaclé différente de la structure"
            }
            Self::NoticeTooShort => "Délai de prévenance du PM inférieur à trois mois",
            Self::UnknownProjection => "Projection géographique inconnue",
            Self::OutsideProjection => "Coordonnées hors de la zone de leur projection",
            Self::UnknownEnd => "Route vers une prise ou une fibre inconnue du référentiel",
            Self::FibreStateDiffers => {
                "État de fibre différent de celui de la plateforme, conservé"
            }
            Self::LineDiffers => "Ligne différente de celle de la plateforme, conservée",
            Self::OriginDiffers => "Objet repris d’un fichier d’une autre nature",
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
    /// The named line is in another encoding than lines before it.
    MixedEncodings(u64),
    /// It has so many columns.
    TooManyColumns(usize),
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
            Self::MixedEncodings(line) => {
                format!("ligne {line} dans un autre codage de caractères que les précédentes")
            }
            Self::TooManyColumns(count) => format!("{count} colonnes"),
            Self::OpenQuote(line) => format!("guillemet non fermé à la ligne {line}"),
            Self::MissingColumns(names) => format!("colonnes absentes : {}", names.join(", ")),
            Self::RepeatedColumn(name) => format!("colonne en double : {name}"),
            Self::TooManyRejects(rejected, read) => {
                format!("{rejected} lignes refusées sur {read}")
            }
        }
    }
}

/// Titles of the pages.
pub const IMPORTS: &str = "Imports";
/// The list of releases.
pub const RELEASES: &str = "Versions du référentiel";
/// What operators fetch.
pub const PUBLIC: &str = "Référentiel en vigueur";
/// One release, before its number.
pub const RELEASE: &str = "Version";
/// One import, before the file's name.
pub const IMPORT: &str = "Import";
/// Every state, in the filter.
pub const ALL_STATES: &str = "Tous";
/// A form without a file.
pub const NO_FILE: &str = "choisissez un fichier";
/// A name that says no kind.
pub const NO_KIND: &str = "indiquez la nature du fichier : son nom ne la dit pas";
/// An operator without a contract.
pub const NO_CONTRACT: &str = "aucun contrat en vigueur";

/// Columns of the list of imports: key and heading.
pub const IMPORT_COLUMNS: [(&str, &str); 14] = [
    ("import", "Import"),
    ("nature", "Nature"),
    ("fichier", "Fichier"),
    ("extraction", "Extrait le"),
    ("etat", "État"),
    ("version", "Version"),
    ("lues", "Lignes lues"),
    ("ajouts", "Ajouts"),
    ("modifications", "Modifications"),
    ("suppressions", "Suppressions"),
    ("rejets", "Rejets"),
    ("depose_par", "Déposé par"),
    ("depose_le", "Déposé le"),
    ("empreinte", "Empreinte SHA-256"),
];

/// Columns of the list of releases: key and heading.
pub const RELEASE_COLUMNS: [(&str, &str); 10] = [
    ("version", "Version"),
    ("nature", "Nature"),
    ("etat", "État"),
    ("base", "Construite sur"),
    ("creee_le", "Créée le"),
    ("publiee_le", "Publiée le"),
    ("publiee_par", "Publiée par"),
    ("retiree_le", "Retirée le"),
    ("retiree_par", "Retirée par"),
    ("motif", "Motif"),
];

/// Columns of differences as a file: key and heading.
pub const DIFFERENCE_COLUMNS: [(&str, &str); 6] = [
    ("table", "Table"),
    ("objet", "Objet"),
    ("changement", "Changement"),
    ("champ", "Champ"),
    ("avant", "Avant"),
    ("apres", "Après"),
];

/// Columns of what a release touches: key and heading.
pub const TOUCHED_COLUMNS: [(&str, &str); 9] = [
    ("operateur", "Opérateur"),
    ("situation", "Situation"),
    ("reference", "Commande"),
    ("etat", "État"),
    ("immeuble", "Immeuble"),
    ("pm", "PM"),
    ("pto", "PTO"),
    ("cause", "Ce qui part"),
    ("objet", "Objet"),
];

/// Title of the list of what a release touches.
pub const TOUCHED: &str = "Commandes et lignes touchées";

/// The values a setting may have.
#[must_use]
pub fn one_of(allowed: &[&str]) -> String {
    format!("valeurs admises : {}", allowed.join(", "))
}

/// What is wrong with an order of columns.
#[must_use]
pub fn layout_fault(fault: &crate::outgoing::LayoutFault) -> String {
    use crate::outgoing::LayoutFault;
    match fault {
        LayoutFault::Unknown(names) => format!("colonnes inconnues : {}", names.join(", ")),
        LayoutFault::Repeated(name) => format!("colonne en double : {name}"),
        LayoutFault::Missing(name) => format!("colonne absente : {name}"),
    }
}

/// Why a release touches an order or a line.
#[must_use]
pub fn cause(one: &Touched) -> &'static str {
    match (one.by_building, one.by_pm, one.by_pto) {
        (true, ..) => "Immeuble",
        (_, true, _) => "PM",
        (.., true) => "PTO",
        _ => "Fibre",
    }
}

impl Part {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::UnderWay => "Commande en cours",
            Self::InService => "Ligne en service",
        }
    }

    /// All of them, in a filter.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::UnderWay => "Commandes en cours",
            Self::InService => "Lignes en service",
        }
    }
}

/// The sentence about what a release touches.
#[must_use]
pub fn effect(sum: &Sum) -> String {
    let count = |n: usize| web::french::count(&n.to_string());
    let counted = |n: usize, one: &str, many: &str| match n {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{} {many}", count(n))),
    };
    let parts = [
        counted(sum.under_way, "commande en cours", "commandes en cours"),
        counted(sum.in_service, "ligne en service", "lignes en service"),
    ];
    let told: Vec<String> = parts.into_iter().flatten().collect();
    if told.is_empty() {
        let what = "Aucune commande en cours ni ligne en service";
        return format!("{what} ne touche ce que cette version retire.");
    }
    let at_least = if sum.more { "Au moins " } else { "" };
    let whose = match sum.operators {
        1 => "d’un opérateur".to_owned(),
        n => format!("de {n} opérateurs"),
    };
    let verb = match sum.under_way + sum.in_service {
        1 => "touche",
        _ => "touchent",
    };
    let told = told.join(" et ");
    format!("{at_least}{told} {whose} {verb} ce que cette version retire.")
}

/// `O` or `N`, as the trade writes flags.
#[must_use]
pub fn flag(flag: bool) -> &'static str {
    if flag { "O" } else { "N" }
}

/// Columns of released tables that are flags.
#[must_use]
pub fn is_flag(column: &str) -> bool {
    matches!(
        column,
        "is_new"
            | "agreement_needed"
            | "active_place"
            | "oi_patching"
            | "dedicated"
            | "certified"
            | "presence_needed"
            | "active_place_needed"
    )
}

/// An instant in a mail: `23/11/2026 à 09:14:07`, Paris time.
#[must_use]
pub fn instant(at: Millis) -> String {
    let local = paris_datetime(at);
    format!(
        "{:02}/{:02}/{} à {:02}:{:02}:{:02}",
        local.day(),
        local.month(),
        local.year(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

/// What a job is at.
#[must_use]
pub fn phase(phase: &str) -> &str {
    match phase {
        "read" => "Lecture du fichier",
        "checked" => "Contrôle des lignes",
        "compared" => "Comparaison terminée",
        "release begun" => "Préparation de la version",
        "written" => "Écriture de la version",
        "release ready" => "Version complète",
        "live rows seeded" => "Amorçage du parc",
        "published" => "Publication",
        other => other,
    }
}

impl RunState {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Received => "Reçu",
            Self::Running => "En cours",
            Self::Checked => "Contrôlé à blanc",
            Self::Waiting => "À approuver",
            Self::Publishing => "Publication en cours",
            Self::Published => "Publié",
            Self::Refused => "Refusé",
            Self::Failed => "Échoué",
            Self::Withdrawn => "Retiré",
        }
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Received | Self::Running | Self::Publishing => Tone::Info,
            Self::Waiting => Tone::Warn,
            Self::Published => Tone::Ok,
            Self::Refused | Self::Failed => Tone::Bad,
            Self::Checked | Self::Withdrawn => Tone::Neutral,
        }
    }
}

impl What {
    /// As written on screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Added => "Ajout",
            Self::Changed => "Modification",
            Self::Removed => "Suppression",
        }
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Added => Tone::Ok,
            Self::Changed => Tone::Info,
            Self::Removed => Tone::Bad,
        }
    }
}

/// A released table on screen.
#[must_use]
pub fn table(table: Table) -> &'static str {
    match table {
        Table::Building => "Immeubles",
        Table::Pm => "PM",
        Table::Dwelling => "Logements",
        Table::Fibre => "Fibres",
        Table::Pto => "PTO",
        Table::Presence => "Adductions",
        Table::Pbo => "PBO",
        Table::Cable => "Câbles",
        Table::Route => "Routes optiques",
        Table::Nd => "ND",
        Table::Address => "Adresses BAN",
        Table::Offer => "Offres",
    }
}

impl GracethdFault {
    /// The sentence that goes with `EIMP01`.
    #[must_use]
    pub fn detail(&self) -> String {
        match self {
            Self::MissingTable(table) => format!("table absente du dossier : {table}"),
            Self::Table(table, fault) => format!("{table} : {}", fault.detail()),
            Self::TooLarge(table) => format!("{table} : trop de lignes"),
            Self::Repeated { table, line, code } => {
                format!("{table}, ligne {line} : code vide ou en double « {code} »")
            }
            Self::Dangling {
                table,
                line,
                column,
                code,
            } => format!("{table}, ligne {line}, {column} : « {code} » n'existe pas"),
            Self::Width { table, line } => {
                format!("{table}, ligne {line} : nombre de champs différent de l'en-tête")
            }
            Self::NoPm => "aucun site SRO, SROL ou NRO dans t_sitetech.csv".to_owned(),
            Self::Io(_) => "fichier illisible".to_owned(),
        }
    }
}

/// The colour of a release's state.
#[must_use]
pub fn release_tone(state: ReleaseState) -> Tone {
    match state {
        ReleaseState::Building => Tone::Info,
        ReleaseState::Ready => Tone::Warn,
        ReleaseState::Published => Tone::Ok,
        ReleaseState::Withdrawn => Tone::Neutral,
    }
}

/// What an import counted.
#[must_use]
pub fn figures(summary: &Summary) -> Vec<Figure> {
    let looked_at = |label, number: u64, note, tone| Figure {
        label,
        number,
        note,
        tone: if number > 0 { tone } else { Tone::Neutral },
    };
    let plain = |label, number, note| looked_at(label, number, note, Tone::Neutral);
    let unchanged = counted(summary.unchanged, "inchangée", "inchangées");
    let kept = counted(summary.kept, "objet maintenu", "objets maintenus");
    vec![
        plain("Lignes lues", summary.read, unchanged),
        plain("Ajouts", summary.added, String::new()),
        plain("Modifications", summary.changed, String::new()),
        looked_at("Suppressions", summary.removed, String::new(), Tone::Warn),
        looked_at("Lignes refusées", summary.rejected, kept, Tone::Bad),
        looked_at("Anomalies", summary.anomalies, String::new(), Tone::Warn),
    ]
}

/// A count and its noun; nothing for none.
fn counted(count: u64, one: &str, many: &str) -> String {
    match count {
        0 => String::new(),
        1 => format!("1 {one}"),
        count => format!("{} {many}", web::french::count(&count.to_string())),
    }
}

/// What is counted of one code: label, code, number. `by_code` has both families.
#[must_use]
pub fn rejects_by_code(by_code: &BTreeMap<String, u64>) -> Vec<ByCode> {
    let all = RejectCode::ALL.map(|code| (code.label(), code.as_str()));
    of_family(&all, by_code)
}

/// The same of anomalies.
#[must_use]
pub fn anomalies_by_code(by_code: &BTreeMap<String, u64>) -> Vec<ByCode> {
    let all = AnomalyCode::ALL.map(|code| (code.label(), code.as_str()));
    of_family(&all, by_code)
}

fn of_family(
    family: &[(&'static str, &'static str)],
    by_code: &BTreeMap<String, u64>,
) -> Vec<ByCode> {
    let counted = |&(label, code): &(&'static str, &'static str)| {
        let number = *by_code.get(code)?;
        Some(ByCode {
            label,
            code,
            number,
        })
    };
    let mut all: Vec<ByCode> = family.iter().filter_map(counted).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.number));
    all
}

/// The label of a refused line's code; the code itself when a later version wrote it.
#[must_use]
pub fn reject(code: &str) -> &str {
    let known = RejectCode::ALL.iter().find(|one| one.as_str() == code);
    known.map_or(code, |one| one.label())
}

/// Facts of an import: label, value, whether it is a reference.
#[must_use]
pub fn run_facts(run: &Run) -> Vec<(&'static str, String, bool)> {
    let door = match run.channel.as_str() {
        "portal" => "portail",
        "local" => "ligne de commande",
        other => other,
    };
    let mut facts = vec![
        ("Nature", run.kind.label().to_owned(), false),
        ("Extrait le", web::french::date(run.extracted_on), false),
        (
            "Déposé",
            format!(
                "{}, par {} ({door})",
                web::french::stamp(run.created),
                run.uploaded_name
            ),
            false,
        ),
        ("Empreinte SHA-256", run.digest.clone(), true),
        ("Import", run.id.to_string(), true),
    ];
    if run.dry_run {
        facts.push((
            "Mode",
            "contrôle à blanc : rien n’est préparé".to_owned(),
            false,
        ));
    }
    if !run.decided_name.is_empty() {
        facts.push(("Décision de", run.decided_name.clone(), false));
    }
    if let Some(at) = run.ended {
        facts.push(("Terminé", web::french::stamp(at), false));
    }
    facts
}

/// Facts of a release: label, value, whether it is a reference.
#[must_use]
pub fn release_facts(past: &Past, source: Option<&Source>) -> Vec<(&'static str, String, bool)> {
    let info = &past.info;
    let mut facts = vec![
        ("Fichier", info.kind.label().to_owned(), false),
        ("Construite sur", format!("version {}", info.base.0), false),
        ("Créée", web::french::stamp(info.created_at), false),
    ];
    if let Some(source) = source {
        facts.push(("Nom", source.file_name.clone(), true));
        facts.push(("Extrait le", web::french::date(source.extracted_on), false));
        facts.push(("Empreinte SHA-256", source.digest.clone(), true));
        let rows = web::french::count(&source.rows.to_string());
        facts.push(("Objets en vigueur", rows, false));
    }
    if let Some(at) = info.published_at {
        let by = match past.published_by.as_str() {
            "" => String::new(),
            name => format!(", par {name}"),
        };
        facts.push(("Publiée", format!("{}{by}", web::french::stamp(at)), false));
    }
    if let Some(at) = past.withdrawn_at {
        let text = format!("{}, par {}", web::french::stamp(at), past.withdrawn_by);
        facts.push(("Retirée", text, false));
        facts.push(("Motif", past.withdrawn_why.clone(), false));
    }
    facts
}
