//! The French words of the pages of orders, beside those of `domain::order::labels`.

use domain::network::OpticalRoute;
use domain::order::{Order, Status};
use web::Tone;

/// The list's name.
pub const TITLE: &str = "Commandes";
/// The e-service's name.
pub const SERVICE_TITLE: &str = "FCI : commandes d’accès";
/// The form's name.
pub const NEW_ORDER: &str = "Nouvelle commande";
/// All states.
pub const ALL_STATES: &str = "Toutes";

/// The look of a state.
#[must_use]
pub fn tone(status: Status) -> Tone {
    match domain::order::labels::tone(status) {
        "ok" => Tone::Ok,
        "info" => Tone::Info,
        "warn" => Tone::Warn,
        "bad" => Tone::Bad,
        _ => Tone::Neutral,
    }
}

/// What is ordered.
#[must_use]
pub fn product(order: &Order) -> String {
    let kind = match order.order_type.as_str() {
        "LOCA" => "location",
        "COFI" => "cofinancement",
        other => other,
    };
    let pto = if order.existing_pto {
        "PTO existante"
    } else {
        "PTO à construire"
    };
    format!("Ligne FTTH passive, {kind}, {pto}")
}

/// The place, after the address.
#[must_use]
pub fn place(order: &Order) -> String {
    let parts = [
        ("bât.", &order.batiment),
        ("esc.", &order.escalier),
        ("étage", &order.etage),
    ];
    parts
        .into_iter()
        .filter(|(_, value)| !value.is_empty() && *value != domain::building::NOT_APPLICABLE)
        .map(|(kind, value)| format!(", {kind} {value}"))
        .collect()
}

/// Where a fibre leaves the PM.
#[must_use]
pub fn at_pm(route: &OpticalRoute) -> String {
    format!("Module {}, position {}", route.module, route.position)
}

/// A refusal of a state in a few words, for the list.
#[must_use]
pub fn state(order: &Order) -> String {
    let label = domain::order::labels::status(order.status);
    match order.status {
        Status::ArKo | Status::CrKo | Status::RaccoKo => format!("{label} {}", order.motive),
        _ => label.to_owned(),
    }
}

/// The stages of a life, in the words of the stepper.
pub const STEPS: [(&str, &[Status]); 7] = [
    ("Déposée", &[Status::Deposee]),
    ("Recevable (AR)", &[Status::ArOk, Status::ArKo]),
    ("Route affectée (CR)", &[Status::CrOk, Status::CrKo]),
    (
        "Sous-traitance (STOC)",
        &[Status::StocEmise, Status::RaccoOiPlanifie],
    ),
    ("Raccordée", &[Status::RaccoOk, Status::RaccoKo]),
    ("Mise à disposition (MAD)", &[Status::Mad]),
    ("En service (MES)", &[Status::Mes]),
];
/// A stage to come.
pub const LATER: &str = "à venir";
/// A stage an existing PTO does not need.
pub const NOT_NEEDED: &str = "sans objet";

/// Labels of the facts of an order.
pub const FACTS: [&str; 8] = [
    "Votre référence",
    "Prestation",
    "PTO",
    "PM",
    "PBO",
    "Immeuble",
    "Offre",
    "Déposée par",
];

/// Columns of an exported list: name in JSON, heading.
pub const COLUMNS: [(&str, &str); 11] = [
    ("reference", "ReferenceCommandePriseInterneOC"),
    ("prestation", "ReferencePrestationPrise"),
    ("etat", "Etat"),
    ("motif", "Motif"),
    ("immeuble", "IdentifiantImmeuble"),
    ("adresse", "Adresse"),
    ("pm", "ReferencePM"),
    ("pto", "ReferencePrise"),
    ("offre", "OffreAccesCommandee"),
    ("depot", "DateDepot"),
    ("maj", "DateDernierChangement"),
];

/// Refused when the reference copied to confirm is not the order's.
pub const NOT_CONFIRMED: &str = "recopiez la référence de la commande pour confirmer";
