//! What people read, in French.

use domain::call::{CallOutcome, Place};
use kernel::Millis;
use kernel::working_time::paris_datetime;
use service_api::{Audited, Repeat};
use soap::Element;

/// The e-service, in menus and titles.
pub const TITLE: &str = "Développeurs";
/// Title of the list of contracts.
pub const CONTRACTS: &str = "Contrats";
/// Title of the list of calls.
pub const CALLS: &str = "Journal des appels";
/// Title of the validator.
pub const VALIDATOR: &str = "Validateur";
/// Before an operation that no message named.
pub const NO_OPERATION: &str = "opération non reconnue";
/// Every outcome, in the filter.
pub const ALL: &str = "Tous";

/// The pages of the area, in their order: address and title.
pub const TABS: [(&str, &str); 5] = [
    ("/developpeurs", "Premiers pas"),
    ("/developpeurs/contrats", CONTRACTS),
    ("/developpeurs/appels", CALLS),
    ("/developpeurs/validateur", VALIDATOR),
    ("/erreurs", "Codes d’erreur"),
];

/// Columns of the file of calls.
pub const COLUMNS: &[(&str, &str)] = &[
    ("recu", "Reçu le"),
    ("service", "Service"),
    ("operation", "Opération"),
    ("resultat", "Résultat"),
    ("code", "Code"),
    ("libelle", "Libellé"),
    ("duree_us", "Durée (µs)"),
    ("octets_recus", "Octets reçus"),
    ("octets_rendus", "Octets rendus"),
    ("identifiant_requete", "IdentifiantRequete"),
    ("identifiant_reponse", "IdentifiantReponse"),
    ("certificat", "Certificat"),
    ("ligne", "Ligne"),
    ("colonne", "Colonne"),
];

/// How a call ended.
#[must_use]
pub fn outcome(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Accepted => "Accepté",
        CallOutcome::Refused => "Refusé",
        CallOutcome::Fault => "Faute",
    }
}

/// How calls ended, in the filter.
#[must_use]
pub fn outcomes(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Accepted => "Acceptés",
        CallOutcome::Refused => "Refusés",
        CallOutcome::Fault => "Fautes SOAP",
    }
}

/// The two texts of a call: their ids on its page, and their titles.
pub const TEXTS: [(&str, &str); 2] = [("demande", "Demande reçue"), ("reponse", "Réponse rendue")];

/// The request on an operation's page: its id, and its title.
pub const REQUEST: (&str, &str) = ("demande", "Demande");
/// The answer likewise.
pub const ANSWER: (&str, &str) = ("reponse", "Réponse");

/// A permission that a subscription goes with.
#[must_use]
pub fn subscribed(permission: &str, title: &str) -> String {
    format!("{permission}, e-service « {title} » souscrit")
}

/// What a call's page says of it.
pub mod facts {
    /// When.
    pub const AT: &str = "Reçu";
    /// How long it took.
    pub const DURATION: &str = "Durée";
    /// The caller's key.
    pub const KEY: &str = "IdentifiantRequete";
    /// Our own id.
    pub const TRACE: &str = "Référence de trace";
    /// Where the message is at fault.
    pub const PLACE: &str = "Erreur";
    /// Who presented what.
    pub const CERTIFICATE: &str = "Certificat";
    /// Of the certificate.
    pub const FINGERPRINT: &str = "Empreinte SHA-256";
    /// What was called.
    pub const ADDRESS: &str = "Adresse";
    /// The header that names an operation.
    pub const ACTION: &str = "SOAPAction";
    /// What a certificate needs.
    pub const PERMISSION: &str = "Droit du certificat";
    /// What a repeat does.
    pub const REPEAT: &str = "Renvoi";
    /// What it leaves.
    pub const AUDIT: &str = "Trace";
}

/// An instant to the second, for columns.
#[must_use]
pub fn second(at: Millis) -> String {
    let local = paris_datetime(at);
    local.strftime("%d/%m/%Y %H:%M:%S").to_string()
}

/// An instant to the millisecond.
#[must_use]
pub fn moment(at: Millis) -> String {
    let local = paris_datetime(at);
    let millis = at.0.rem_euclid(1_000);
    format!(
        "{} à {},{millis:03}",
        web::french::date(local.date()),
        local.strftime("%H:%M:%S")
    )
}

/// The end of an id, by which people tell two of them apart.
#[must_use]
pub fn tail(id: &str) -> String {
    let kept = id.len().saturating_sub(10);
    format!("…{}", id.get(kept..).unwrap_or(id))
}

/// The beginning of a fingerprint, in pairs as tools show it.
#[must_use]
pub fn fingerprint(hex: &str) -> String {
    let start = hex.get(..16).unwrap_or(hex).to_uppercase();
    let pairs: Vec<&str> = (0..start.len() / 2)
        .filter_map(|n| start.get(2 * n..2 * n + 2))
        .collect();
    format!("{}…", pairs.join(":"))
}

/// Where a message is at fault.
#[must_use]
pub fn place(place: &Place) -> String {
    let at = format!("ligne {}, colonne {}", place.line, place.column);
    match (place.element.as_str(), place.rule.as_str()) {
        ("", _) => format!("message illisible à partir de la {at}"),
        (element, rule) => format!("{at} : {element}, {} ({rule})", soap::broken_rule(rule)),
    }
}

/// A duration: microseconds below a millisecond, then milliseconds.
#[must_use]
pub fn duration(us: i64) -> String {
    if us < 1_000 {
        return format!("{us}\u{202f}µs");
    }
    let tenths = (us + 50) / 100;
    format!("{},{}\u{202f}ms", tenths / 10, tenths % 10)
}

/// A size in bytes.
#[must_use]
pub fn size(bytes: i64) -> String {
    format!("{}\u{202f}o", web::french::count(&bytes.to_string()))
}

/// The share of calls that were accepted.
#[must_use]
pub fn share(accepted: i64, all: i64) -> String {
    let tenths = accepted * 1_000 / all.max(1);
    format!("{},{}\u{202f}% acceptés", tenths / 10, tenths % 10)
}

/// Why a repeat of an operation has one effect.
#[must_use]
pub fn repeat(repeat: Repeat) -> &'static str {
    match repeat {
        Repeat::ReadOnly => "Lecture seule : un renvoi ne change rien.",
        Repeat::MessageId => {
            "IdentifiantRequete obligatoire : le même identifiant redonne la première réponse, et \
             porte un seul contenu (code 13)."
        }
        Repeat::FormKey | Repeat::Natural(_) => "Un renvoi de la même demande n’a qu’un effet.",
    }
}

/// What an operation leaves in the access journal.
#[must_use]
pub fn audit(audit: Audited) -> String {
    match audit {
        Audited::Nothing(_) => "Aucune : rien de personnel n’est lu ni changé.".to_owned(),
        Audited::Consultation(action) => format!("Consultation « {action} »."),
        Audited::Unit(action) => format!("Changement « {action} », dans la même transaction."),
    }
}

/// The type of an element's value.
#[must_use]
pub fn kind(element: &Element) -> String {
    if !element.values.is_empty() {
        return element.values.join(", ");
    }
    match element.kind.as_str() {
        "" => "groupe".to_owned(),
        "string" => "texte".to_owned(),
        "dateTime" => "date et heure".to_owned(),
        "date" => "date".to_owned(),
        "long" | "unsignedShort" | "unsignedInt" | "positiveInteger" => "entier".to_owned(),
        other => other.to_owned(),
    }
}

/// What bounds an element's value.
#[must_use]
pub fn bounds(element: &Element) -> String {
    let bound = |(facet, value): &(String, String)| match facet.as_str() {
        "length" => format!("{value} caractères"),
        "minLength" => format!("au moins {value}"),
        "maxLength" => format!("{value} caractères au plus"),
        "minInclusive" => format!("à partir de {value}"),
        "maxInclusive" => format!("jusqu’à {value}"),
        "pattern" => format!("motif {value}"),
        _ => format!("{value} chiffres"),
    };
    let all: Vec<String> = element.facets.iter().map(bound).collect();
    all.join(", ")
}

/// How long a field of an order is, at most.
#[must_use]
pub fn characters(max: usize) -> String {
    match max {
        1 => "1 caractère".to_owned(),
        max => format!("{max} caractères au plus"),
    }
}

/// How often an element stands.
#[must_use]
pub fn cardinality(element: &Element) -> String {
    let max = match element.max.as_str() {
        "unbounded" => "n",
        max => max,
    };
    match (element.min.as_str(), max) {
        (min, max) if min == max => min.to_owned(),
        (min, max) => format!("{min} à {max}"),
    }
}

/// Words of the trade's names whose accents the names leave out.
const ACCENTS: [(&str, &str); 32] = [
    ("reference", "référence"),
    ("numero", "numéro"),
    ("libelle", "libellé"),
    ("etage", "étage"),
    ("etat", "état"),
    ("etape", "étape"),
    ("batiment", "bâtiment"),
    ("entete", "en-tête"),
    ("requete", "requête"),
    ("reponse", "réponse"),
    ("prenom", "prénom"),
    ("complement", "complément"),
    ("evenement", "événement"),
    ("evenements", "événements"),
    ("decharge", "décharge"),
    ("resultat", "résultat"),
    ("remede", "remède"),
    ("repere", "repère"),
    ("requise", "requise"),
    ("reception", "réception"),
    ("eligibilite", "éligibilité"),
    ("depuis", "depuis"),
    ("suppose", "supposé"),
    ("utilise", "utilisé"),
    ("reserve", "réserve"),
    ("cable", "câble"),
    ("cle", "clé"),
    ("debut", "début"),
    ("premiere", "première"),
    ("racco", "raccordement"),
    ("cmd", "commande"),
    ("acces", "accès"),
];

/// A name of the trade in words: `ReferencePrise` is « référence prise ».
#[must_use]
pub fn words(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at));
        let after = chars.get(at + 1);
        let lower = |c: Option<&char>| c.is_some_and(|c| c.is_lowercase());
        let begins = c.is_uppercase() && (lower(before) || lower(after))
            || c.is_ascii_digit() && before.is_some_and(|c| !c.is_ascii_digit());
        match words.last_mut().filter(|_| !begins) {
            Some(word) => word.push(*c),
            None => words.push(c.to_string()),
        }
    }
    let word = |word: &String| {
        let acronym = word.chars().count() > 1 && word.chars().all(char::is_uppercase);
        if acronym {
            return word.clone();
        }
        let lower = word.to_lowercase();
        let accented = ACCENTS.iter().find(|(plain, _)| *plain == lower);
        accented.map_or(lower, |(_, accented)| (*accented).to_owned())
    };
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// The words of the validator.
pub mod verdict {
    /// What was pasted holds nothing.
    pub const EMPTY: &str = "rien à valider";
    /// What was pasted is not UTF-8.
    pub const ENCODING: &str = "le fichier n’est pas en UTF-8";
    /// A header without the separator of the trade's files.
    pub const SEPARATOR: &str = "le séparateur attendu est « ; »";
    /// A header that holds no column of the trade.
    pub const NO_COLUMN: &str = "aucune colonne de CMD_ACCES ni d’un lot d’éligibilité";
    /// A column that the trade does not have.
    pub const COLUMN: &str = "colonne inconnue de CMD_ACCES";
    /// A column that stands twice.
    pub const TWICE: &str = "colonne en double";
    /// A reference that stands twice.
    pub const REFERENCE: &str = "référence déjà portée par une ligne précédente";
    /// A file with a header and nothing else.
    pub const NO_LINE: &str = "aucune ligne après l’en-tête";
    /// A line that is no line of a CSV file.
    pub const LINE: &str = "ligne illisible (guillemets ?)";

    /// More bytes than are looked at.
    #[must_use]
    pub fn too_large(max: usize) -> String {
        format!("plus de {} Kio", max / 1024)
    }

    /// A namespace of no contract.
    #[must_use]
    pub fn namespace(found: &str, known: &[&str]) -> String {
        let found = if found.is_empty() { "aucun" } else { found };
        format!(
            "espace de noms {found} : aucun contrat ne l’a (contrats : {})",
            known.join(", ")
        )
    }

    /// An element that the contract does not have.
    #[must_use]
    pub fn element(name: &str) -> String {
        format!("élément {name} : le contrat ne l’a pas")
    }

    /// A line that has not as many fields as the header.
    #[must_use]
    pub fn fields(found: usize, expected: usize) -> String {
        format!("{found} champs, {expected} attendus d’après l’en-tête")
    }

    /// What an XML message was recognised as.
    #[must_use]
    pub fn message(service: &str, element: &str) -> String {
        match element.strip_suffix("Reponse") {
            Some(operation) => format!("réponse de {operation} (service {service})"),
            None => format!("demande {element} (service {service})"),
        }
    }

    /// What the file of a lot was recognised as, and which of its columns are not read.
    #[must_use]
    pub fn lot(lines: u64, unknown: &[String]) -> String {
        let plural = if lines > 1 { "s" } else { "" };
        let file = format!("fichier d’un lot d’éligibilité, {lines} ligne{plural}");
        match unknown {
            [] => file,
            some => format!("{file}, colonnes non lues : « {} »", some.join(" », « ")),
        }
    }

    /// What a CSV file was recognised as.
    #[must_use]
    pub fn file(lines: usize) -> String {
        match lines {
            0 | 1 => format!("fichier de commandes CMD_ACCES, {lines} ligne"),
            lines => format!("fichier de commandes CMD_ACCES, {lines} lignes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_durations_and_shares_are_written_in_french() {
        assert_eq!(
            words("ReferenceCommandePriseInterneOC"),
            "référence commande prise interne OC"
        );
        assert_eq!(words("ContactClient1"), "contact client 1");
        assert_eq!(words("IdentifiantImmeuble"), "identifiant immeuble");
        assert_eq!(words("ReferencePMTechnique"), "référence PM technique");
        assert_eq!(duration(840), "840\u{202f}µs");
        assert_eq!(duration(12_349), "12,3\u{202f}ms");
        assert_eq!(share(997, 1_000), "99,7\u{202f}% acceptés");
        assert_eq!(share(0, 0), "0,0\u{202f}% acceptés");
    }
}
