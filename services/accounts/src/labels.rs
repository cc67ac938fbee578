//! French words of this e-service that are not in a template.

use domain::access::{Profile, Right};
use domain::order::Status;

/// The e-service.
pub const TITLE: &str = "Comptes";
/// Title of the sign-in page.
pub const SIGN_IN: &str = "Connexion";
/// Title of the first page.
pub const DASHBOARD: &str = "Tableau de bord";
/// Title of one's own account.
pub const ACCOUNT: &str = "Mon compte";
/// What a session is called: neither its browser nor its address is kept.
pub const SESSION: &str = "Navigateur";
/// Where a session was opened from.
pub const NO_ADDRESS: &str = "une adresse non conservée";
/// A set of rights that is no profile.
pub const OWN_PROFILE: &str = "Personnalisé";

/// Why a password is refused.
pub const TOO_SHORT: &str = "il a moins de 14 caractères";
/// Why a password is refused.
pub const TOO_LONG: &str = "il dépasse 1 024 octets";
/// Why a password is refused.
pub const HOLDS_LOGIN: &str = "il contient l’identifiant";
/// Why a password is refused.
pub const TOO_COMMON: &str = "il est trop répandu ou trop répétitif";

/// A profile, as people call it.
#[must_use]
pub fn profile(profile: Profile) -> &'static str {
    match profile {
        Profile::Agent => "Agent",
        Profile::Technician => "Technicien",
        Profile::Administrator => "Administrateur",
        Profile::Reader => "Lecteur",
    }
}

/// A right, as a verb.
#[must_use]
pub fn right(right: Right) -> &'static str {
    match right {
        Right::View => "consulter",
        Right::Create => "créer",
        Right::Modify => "modifier",
        Right::Close => "clore",
        Right::Administer => "administrer",
    }
}

/// An e-service by its code; one that has no name here is shown by its code.
#[must_use]
pub fn service(code: &str) -> &str {
    match code {
        "comptes" => TITLE,
        "eligibilite" => "Éligibilité",
        "fci" => "Commandes",
        "referentiel" => "Référentiel",
        "tao" => "Adresses (TAO)",
        other => other,
    }
}

/// A line of the rights: `Commandes : consulter, créer`.
#[must_use]
pub fn rights(code: &str, rights: &[Right]) -> String {
    let verbs: Vec<_> = rights.iter().copied().map(right).collect();
    format!("{} : {}", service(code), verbs.join(", "))
}

/// Since how many days something waits.
#[must_use]
pub fn since_days(days: i64) -> String {
    match days {
        ..=0 => "aujourd’hui".to_owned(),
        days => format!("depuis {days}\u{a0}j"),
    }
}

/// What an order that waits for its operator wants: the thing, and the button.
#[must_use]
pub fn awaited(status: Status) -> (&'static str, &'static str) {
    match status {
        Status::StocEmise => ("Compte rendu de raccordement", "Déposer le CR STOC"),
        Status::RaccoKo => ("Raccordement en échec : nouvel essai", "Déposer le CR STOC"),
        Status::Mad => ("Mise en service", "Déposer le CR MES"),
        Status::Deposee
        | Status::ArKo
        | Status::ArOk
        | Status::CrKo
        | Status::CrOk
        | Status::RaccoOiPlanifie
        | Status::RaccoOk
        | Status::Mes
        | Status::AnnulDemandee
        | Status::Annulee
        | Status::Ecrasee => ("", "Ouvrir"),
    }
}

/// `commande` or `commandes`.
#[must_use]
pub fn orders(n: i64) -> &'static str {
    if n > 1 { "commandes" } else { "commande" }
}

/// `ligne` or `lignes`.
#[must_use]
pub fn lines(n: i64) -> &'static str {
    if n > 1 { "lignes" } else { "ligne" }
}

/// Headings of the figures at the top of the first page.
pub const FIGURES: [&str; 4] = [
    "À traiter de votre côté",
    "Chez le fournisseur",
    "En service",
    "Refusées",
];
/// What stands under each.
pub const FIGURE_NOTES: [&str; 4] = [
    "CR STOC et CR MES attendus",
    "rien à faire de votre côté",
    "mises en service et déclarées",
    "au contrôle (AR KO) ou au compte rendu (CR KO)",
];

/// The figure of the calls by XML.
pub const CALLS: &str = "Appels XML, 24 h";

/// What it counts.
#[must_use]
pub fn calls(n: i64) -> &'static str {
    if n > 1 { "appels" } else { "appel" }
}

/// How many of some calls were accepted.
#[must_use]
pub fn accepted(accepted: i64, all: i64) -> String {
    match all {
        0 => "aucun en mode intégré depuis hier".to_owned(),
        _ => {
            let tenths = accepted * 1_000 / all;
            format!("{},{} % acceptés", tenths / 10, tenths % 10)
        }
    }
}

/// Headings of the figures of the OI's staff.
pub const STAFF_FIGURES: [&str; 4] = [
    "Version à approuver",
    "Gels en vigueur",
    "Logements décrits",
    "PTO au référentiel",
];
/// Under what waits.
pub const WAITING_NOTE: &str = "une autre personne que son déposant l’approuve";
/// Under the dwellings.
pub const DWELLINGS_NOTE: &str = "lignes du fichier de structure";
/// Under the PTOs.
pub const PTOS_NOTE: &str = "lignes du fichier des prises";

/// Freezes that have not begun.
#[must_use]
pub fn freezes_to_come(n: i64) -> String {
    match n {
        0 => "aucun à venir".to_owned(),
        n => format!("{n} à venir"),
    }
}

/// Stages of an order that is under way, with the statuses each holds; the first one is the filter
/// of the list.
pub const STAGES: &[(&str, &[Status])] = &[
    ("Recevables", &[Status::ArOk, Status::Deposee]),
    ("Route affectée", &[Status::CrOk]),
    (
        "Raccordement à faire",
        &[Status::StocEmise, Status::RaccoOiPlanifie],
    ),
    ("Raccordement en échec", &[Status::RaccoKo]),
    ("Raccordées", &[Status::RaccoOk]),
    ("Mises à disposition", &[Status::Mad]),
];

/// A word under a stage: how many there wait for the operator.
#[must_use]
pub fn to_do(n: i64) -> String {
    if n > 0 {
        format!("{n} à rendre")
    } else {
        String::new()
    }
}

/// A PTO under an awaited action.
#[must_use]
pub fn pto(reference: &str) -> String {
    if reference.is_empty() {
        String::new()
    } else {
        format!("PTO {reference}")
    }
}
