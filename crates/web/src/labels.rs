//! The French words that are not in a template: dates, badges, choices.

use crate::map::Phase;
use crate::{Environment, Theme};

/// Name of the operators' portal under the brand.
pub const SPACE: &str = "Espace Opérateurs";

/// Days of the week, Monday first, abbreviated as the calendar of the post office does.
pub const DAYS: [&str; 7] = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];

/// Months, abbreviated.
pub const MONTHS: [&str; 12] = [
    "janv.", "févr.", "mars", "avril", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.",
    "déc.",
];

/// The first of a month.
pub const FIRST: &str = "1er";

/// A flag in an export.
#[must_use]
pub fn yes_no(flag: bool) -> &'static str {
    if flag { "oui" } else { "non" }
}

pub(crate) fn environment(environment: Environment) -> &'static str {
    match environment {
        Environment::Production => "Production",
        Environment::Sandbox => "Bac à sable",
        Environment::Demo => "Démonstration",
    }
}

pub(crate) fn theme(theme: Theme) -> &'static str {
    match theme {
        Theme::Auto => "Automatique",
        Theme::Light => "Clair",
        Theme::Dark => "Sombre",
    }
}

/// Titles of the error pages, by HTTP status.
#[must_use]
pub fn error_title(status: u16) -> &'static str {
    match status {
        400 => "Demande illisible",
        403 => "Accès refusé",
        404 => "Page introuvable",
        409 => "Demande en conflit",
        413 => "Envoi trop volumineux",
        422 => "Demande refusée",
        429 => "Trop de demandes",
        503 => "Service momentanément indisponible",
        _ => "Erreur interne",
    }
}

/// Title of the code catalogue.
pub const CATALOGUE: &str = "Catalogue des codes";
/// Title of one code's page, before the code.
pub const CODE: &str = "Code";

/// Families of the catalogue: prefix of the codes, title. A code belongs to the first that fits;
/// the empty prefix, the last, takes the common return codes.
pub const FAMILIES: &[(&str, &str)] = &[
    ("FADR", "Adresse"),
    ("FIMP", "Traitement impossible"),
    ("FINT", "Échec de production"),
    ("FCLI", "Client final"),
    ("FRDV", "Rendez-vous"),
    ("FAUT", "Autre motif"),
    ("E", "Codes propres à la plateforme"),
    ("", "Codes retour communs"),
];

/// Said when a form's token is not the session's: an old page, or another site's.
pub const FORM_EXPIRED: &str = "ce formulaire a expiré, rechargez la page puis recommencez";

/// The heading of a group of the menu.
#[must_use]
pub fn menu_group(group: crate::entry::MenuGroup) -> &'static str {
    use crate::entry::MenuGroup;
    match group {
        MenuGroup::Home => "",
        MenuGroup::Journey => "Parcours client",
        MenuGroup::Exchange => "Échanges",
        MenuGroup::Relation => "Relation",
        MenuGroup::Network => "Réseau",
    }
}

/// What a page says was just done; only these sentences, so that a link cannot make it say others.
#[must_use]
pub fn done(name: &str) -> Option<&'static str> {
    Some(match name {
        "commande" => "Commande déposée.",
        "annulation" => "Commande annulée.",
        "cr-stoc" => "Compte rendu de raccordement déposé.",
        "cr-mes" => "Mise en service déclarée.",
        "session" => "Session fermée.",
        "connexion" => "Vous êtes connecté.",
        "depot" => "Fichier reçu : son import commence.",
        "lot" => "Fichier reçu : le lot commence à son tour.",
        "approbation" => "Version approuvée : sa publication commence.",
        "refus" => "Version refusée.",
        "retrait" => "Version retirée : la précédente est de nouveau en vigueur.",
        "avis" => "Préférence enregistrée.",
        "gel" => "Gel posé : les commandes y sont refusées dès son premier jour.",
        "levee" => "Gel levé.",
        "veille" => "Ce lieu est en veille : vous serez prévenu si son verdict change.",
        "veilles" => "Ces lieux sont en veille : vous serez prévenu si un verdict change.",
        "veille-lue" => "Changement marqué comme lu.",
        "veilles-lues" => "Tous les changements sont marqués comme lus.",
        "veille-arretee" => "Veille arrêtée.",
        "anomalie" => "Anomalie signalée : vous serez averti de chaque étape.",
        "anomalie-suite" => "Enregistré dans l’historique de l’anomalie.",
        "horloge" => "L’horloge de la démonstration a avancé.",
        _ => return None,
    })
}

/// How far a building is.
pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Deployed => "Déployé",
        Phase::OnDemand => "Sur demande",
        Phase::UnderWay => "En travaux",
        Phase::Planned => "Prévu",
        Phase::Abandoned => "Abandonné",
    }
}
