//! The French words of address anomalies.

use kernel::Millis;
use web::Tone;

use super::rules::{Complexity, Kind, Lasted, Reason};
use super::states::{Event, Side, Status};
use super::{Anomaly, TimelineRow};

/// Title of an operator's list, and its entry in the menu.
pub const TITLE: &str = "Anomalies d’adresse";
/// Title of the form.
pub const NEW: &str = "Signaler une anomalie d’adresse";
/// Title of the OI's queue, and its entry in the menu.
pub const QUEUE: &str = "Anomalies signalées";
/// Title of the figures.
pub const FIGURES: &str = "Anomalies par commune";
/// Title of what a batch did.
pub const BATCH: &str = "Traitement par lot";
/// Every state.
pub const ALL: &str = "Toutes";
/// The stages of an anomaly's life, with the states of each; the last is named by how it ended.
pub const STAGES: [(&str, &[Status]); 4] = [
    ("Signalée", &[Status::Acknowledged]),
    ("En traitement", &[Status::InProgress, Status::Pending]),
    ("Résolue", &[Status::Resolved]),
    (
        "Close",
        &[Status::Closed, Status::Rejected, Status::Canceled],
    ),
];

/// A stage to come.
pub const LATER: &str = "à venir";
/// A stage that an anomaly did not pass.
pub const NEVER: &str = "–";

/// Columns of an operator's file.
pub const COLUMNS: [(&str, &str); 18] = [
    ("reference", "Référence"),
    ("nature", "Nature"),
    ("etat", "État"),
    ("main", "Qui a la main"),
    ("immeuble", "IdentifiantImmeuble"),
    ("adresse", "Adresse"),
    ("commune", "Commune"),
    ("code_insee", "Code INSEE"),
    ("batiment", "Bâtiment"),
    ("escalier", "Escalier"),
    ("etage", "Étage"),
    ("porte", "Porte"),
    ("valeur_attendue", "Valeur attendue"),
    ("nombre_logements", "Nombre de logements"),
    ("resolution", "Résolution"),
    ("version", "Visible dans la version"),
    ("signalee_le", "Signalée le"),
    ("dernier_mouvement", "Dernier mouvement"),
];
/// Columns that the OI's file adds.
pub const OI_COLUMNS: [(&str, &str); 6] = [
    ("operateur", "Opérateur"),
    ("complexite", "Complexité"),
    ("motif", "Motif de refus"),
    ("age_heures", "Âge en heures ouvrables"),
    (
        "prise_en_charge_heures",
        "Prise en charge en heures ouvrables",
    ),
    ("traitement_heures", "Traitement en heures ouvrables"),
];
/// Columns of the file of figures.
pub const FIGURE_COLUMNS: [(&str, &str); 12] = [
    ("code_insee", "Code INSEE"),
    ("commune", "Commune"),
    ("signalees", "Signalées"),
    ("ouvertes", "Ouvertes"),
    ("resolues", "Résolues"),
    ("refusees", "Refusées"),
    (
        "prise_en_charge_heures",
        "Prise en charge médiane (heures ouvrables)",
    ),
    (
        "delai_heures",
        "Délai médian du fournisseur (heures ouvrables)",
    ),
    ("creations", "Adresses absentes"),
    ("batiments", "Bâtiments absents"),
    ("modifications", "Adresses à corriger"),
    ("logements", "Nombres de logements"),
];

/// A character that nobody reads.
pub const CONTROL_CHARACTER: &str = "un caractère de commande n’est pas admis";
/// A count of dwellings that is none.
pub const DWELLINGS: &str = "un nombre de logements, de 0 à 9999";
/// A number of a street that is none.
pub const NUMBER: &str = "des chiffres seulement, l’indice va dans le complément";
/// A complement that is none.
pub const ONE_LETTER: &str = "une lettre : B pour bis";
/// A release that is none.
pub const RELEASE: &str = "le numéro d’une version du référentiel";
/// A value that is not in its list.
pub const NOT_A_CHOICE: &str = "cette valeur n’est pas dans la liste";
/// No act is named so.
pub const NO_ACT: &str = "cette action n’existe pas";
/// Nothing was chosen for a batch.
pub const NONE_CHOSEN: &str = "cochez au moins une anomalie";
/// Too many were.
pub const TOO_MANY: &str = "cent anomalies au plus par lot";
/// An anomaly that went back and forth too often.
pub const TOO_LONG: &str = "cette anomalie a déjà deux cents étapes : signalez-en une nouvelle";

/// A value that is too long.
#[must_use]
pub fn at_most(max: usize) -> String {
    format!("{max} caractères au plus")
}

/// A code of another length, or of other characters.
#[must_use]
pub fn exactly(len: usize) -> String {
    format!("{len} lettres ou chiffres attendus")
}

/// A kind that is none.
#[must_use]
pub fn one_of_kinds() -> String {
    let all: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    format!("valeurs admises : {}", all.join(", "))
}

/// Where an anomaly stands that something cannot happen to.
#[must_use]
pub fn standing_at(from: Status) -> String {
    format!("l’anomalie est à l’état « {} »", status(from))
}

/// Which one is open already.
#[must_use]
pub fn already(reference: &str) -> String {
    format!("{reference} porte déjà sur ce lieu")
}

/// A status.
#[must_use]
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Acknowledged => "Signalée",
        Status::InProgress => "En traitement",
        Status::Pending => "Question posée",
        Status::Resolved => "Résolue, à valider",
        Status::Closed => "Close",
        Status::Rejected => "Refusée",
        Status::Canceled => "Annulée",
    }
}

/// The look of a status.
#[must_use]
pub fn tone(status: Status) -> Tone {
    match status {
        Status::Acknowledged | Status::InProgress => Tone::Info,
        Status::Pending | Status::Resolved => Tone::Warn,
        Status::Closed => Tone::Ok,
        Status::Rejected => Tone::Bad,
        Status::Canceled => Tone::Neutral,
    }
}

/// A kind, in a few words.
#[must_use]
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Creation => "Adresse absente",
        Kind::NewBuilding => "Bâtiment absent",
        Kind::Modification => "Adresse à corriger",
        Kind::Dwellings => "Nombre de logements",
    }
}

/// What a kind is for, in the form.
#[must_use]
pub fn kind_note(kind: Kind) -> &'static str {
    match kind {
        Kind::Creation => {
            "L’adresse n’est pas dans le référentiel : décrivez-la, code INSEE et voie compris."
        }
        Kind::NewBuilding => "L’adresse existe, un de ses bâtiments manque : donnez son nom.",
        Kind::Modification => "Un élément de l’adresse est faux : dites ce qui devrait être écrit.",
        Kind::Dwellings => "Le nombre de logements est faux : donnez celui du terrain.",
    }
}

/// How hard it is.
#[must_use]
pub fn complexity(of: Complexity) -> &'static str {
    match of {
        Complexity::Simple => "Simple",
        Complexity::Complex => "Complexe",
        Complexity::Mass => "En masse",
    }
}

/// Why it is refused.
#[must_use]
pub fn reason(of: Reason) -> &'static str {
    match of {
        Reason::AlreadyResolved => "Déjà corrigée dans le référentiel",
        Reason::Duplicate => "Déjà signalée",
        Reason::Invalid => "Le signalement ne correspond pas au terrain",
        Reason::UnknownResource => "L’immeuble n’existe pas sur le terrain",
        Reason::UnknownZone => "Lieu hors de la zone du fournisseur",
        Reason::Unresolvable => "Correction impossible",
        Reason::Other => "Autre motif",
    }
}

/// Who has the next move, as `reader` is told.
#[must_use]
pub fn ball(status: Status, reader: Side) -> &'static str {
    match (status.ball(), reader) {
        (None, _) => "Personne",
        (Some(Side::Operator), Side::Operator) | (Some(Side::Provider), Side::Provider) => "Vous",
        (Some(Side::Operator), _) => "L’opérateur",
        (Some(Side::Provider), _) => "Le fournisseur",
        (Some(Side::Platform), _) => "La plateforme",
    }
}

/// What comes next, as `reader` is told.
#[must_use]
pub fn next_step(status: Status, reader: Side) -> &'static str {
    let ours = reader == Side::Provider;
    match status {
        Status::Acknowledged if ours => {
            "Prenez-la en charge en disant si elle est simple, complexe ou en masse."
        }
        Status::Acknowledged => "Le fournisseur va la prendre en charge.",
        Status::InProgress if ours => {
            "Corrigez le référentiel, puis dites ce qui a été fait et dans quelle version."
        }
        Status::InProgress => "Le fournisseur vérifie et corrige.",
        Status::Pending if ours => "L’opérateur doit répondre à votre question.",
        Status::Pending => "Le fournisseur attend votre réponse pour continuer.",
        Status::Resolved if ours => {
            "L’opérateur peut accepter ou contester ; sans avis, elle se clôt seule."
        }
        Status::Resolved => {
            "Acceptez la résolution, ou contestez-la ; sans avis de vous, elle se clôt seule."
        }
        Status::Closed => "La correction est acquise.",
        Status::Rejected => "Le fournisseur n’y donne pas suite, le motif est dans l’historique.",
        Status::Canceled => "L’opérateur l’a retirée.",
    }
}

/// What happened.
#[must_use]
pub fn event(event: Event) -> &'static str {
    match event {
        Event::Reported => "Anomalie signalée",
        Event::Taken => "Prise en charge",
        Event::Requalified => "Complexité revue",
        Event::Asked => "Question du fournisseur",
        Event::Answered => "Réponse de l’opérateur",
        Event::Resolved => "Résolue",
        Event::Refused => "Refusée par le fournisseur",
        Event::Accepted => "Résolution acceptée",
        Event::Disputed => "Résolution contestée",
        Event::Lapsed => "Close sans avis de l’opérateur",
        Event::Cancelled => "Annulée par l’opérateur",
    }
}

/// What the feed says of an event, in one line.
#[must_use]
pub fn told(anomaly: &Anomaly, happened: Event, comment: &str) -> String {
    let what = event(happened);
    let where_ = &anomaly.place.label;
    match comment {
        "" => format!("{what} : {where_}"),
        comment => format!("{what} : {where_}. {comment}"),
    }
}

/// What a line of the timeline adds to its event.
#[must_use]
pub fn detail(row: &TimelineRow) -> String {
    match (row.reason, row.comment.as_str()) {
        (None, comment) => comment.to_owned(),
        (Some(of), "") => reason(of).to_owned(),
        (Some(of), comment) => format!("{} : {comment}", reason(of)),
    }
}

/// The last day to accept or refuse a resolution.
#[must_use]
pub fn lapses(at: Millis) -> String {
    web::french::date(kernel::working_time::paris_date(at.plus(-1)))
}

/// A duration in working time: `3 h 20`.
#[must_use]
pub fn hours(ms: i64) -> String {
    let minutes = ms / Millis::MINUTE;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes}\u{a0}min"),
        (hours, 0) => format!("{}\u{a0}h", web::french::count(&hours.to_string())),
        (hours, minutes) => {
            let hours = web::french::count(&hours.to_string());
            format!("{hours}\u{a0}h\u{a0}{minutes:02}")
        }
    }
}

/// A duration by the calendar: `2 j 4 h`.
#[must_use]
pub fn days(ms: i64) -> String {
    let hours = ms / Millis::HOUR;
    match (hours / 24, hours % 24) {
        (0, _) => self::hours(ms),
        (days, 0) => format!("{days}\u{a0}j"),
        (days, hours) => format!("{days}\u{a0}j {hours}\u{a0}h"),
    }
}

/// A duration both ways.
#[must_use]
pub fn lasted(of: Lasted) -> (String, String) {
    (hours(of.working_ms), days(of.calendar_ms))
}

/// Names of the durations, as `reader` is told.
#[must_use]
pub fn durations(reader: Side) -> [&'static str; 5] {
    let ours = reader == Side::Provider;
    [
        "Avant prise en charge",
        "En traitement",
        if ours {
            "Attente de l’opérateur"
        } else {
            "Attente de votre réponse"
        },
        if ours {
            "À valider par l’opérateur"
        } else {
            "À valider par vous"
        },
        "Délai du fournisseur",
    ]
}

/// The spot inside a building: `bât. A, esc. 1, étage 2, porte 21`.
#[must_use]
pub fn spot(anomaly: &Anomaly) -> String {
    let parts = [
        ("bât.", &anomaly.batiment),
        ("esc.", &anomaly.escalier),
        ("étage", &anomaly.etage),
        ("porte", &anomaly.porte),
    ];
    let named = |(_, value): &(&str, &String)| {
        !value.is_empty() && *value != domain::building::NOT_APPLICABLE
    };
    let parts: Vec<String> = parts
        .into_iter()
        .filter(named)
        .map(|(kind, value)| format!("{kind} {value}"))
        .collect();
    parts.join(", ")
}

/// What is expected, on one line.
#[must_use]
pub fn expected(anomaly: &Anomaly) -> String {
    match anomaly.dwellings {
        Some(n) if anomaly.expected.is_empty() => format!("{n} logements"),
        Some(n) => format!("{n} logements. {}", anomaly.expected),
        None => anomaly.expected.clone(),
    }
}

/// Names of the facts of a sheet.
pub const FACTS: [&str; 15] = [
    "Nature",
    "Complexité",
    "Adresse",
    "Dans l’immeuble",
    "IdentifiantImmeuble",
    "CodeAdresseImmeuble",
    "CodeInseeImmeuble",
    "CodeVoieRivoliImmeuble",
    "ReferencePrise",
    "Texte saisi",
    "Ce qui est attendu",
    "Commentaire",
    "Signalée par",
    "Version au signalement",
    "Correction visible dans",
];

/// A release, in words.
#[must_use]
pub fn release(number: i64, current: i64) -> String {
    match number <= current {
        true => format!("version {number}, en vigueur"),
        false => format!("version {number}, à venir"),
    }
}

/// Since when the ball lies where it is.
#[must_use]
pub fn since(at: Millis) -> String {
    format!("depuis le {}", web::french::datetime(at))
}

/// The most that can be said of a resolution waiting for its operator.
#[must_use]
pub fn until(at: Millis) -> String {
    format!("jusqu’au {} inclus", lapses(at))
}

/// The share of a kind in a commune.
#[must_use]
pub fn share(of: Kind, hundredths: i64) -> String {
    format!("{} {hundredths}\u{a0}%", kind(of).to_lowercase())
}
