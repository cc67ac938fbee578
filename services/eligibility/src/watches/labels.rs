//! The French words of watches.

use super::State;
use super::rules::{self, Best};
use crate::labels::day;
use web::Tone;

/// Title of the list and of its entry in the menu.
pub const TITLE: &str = "Veilles";
/// Every watch, in the filter.
pub const ALL: &str = "Toutes";
/// Those with a change that nobody read.
pub const UNREAD: &str = "Non lues";

/// Why a text is refused.
#[must_use]
pub fn at_most(max: usize) -> String {
    format!("{max} caractères au plus, sans caractère de contrôle")
}

/// The best of a verdict.
#[must_use]
pub fn state(state: State) -> &'static str {
    match state {
        State::Eligible => "Éligible",
        State::Later => "Plus tard",
        State::NotEligible => "Non éligible",
        State::Refused => "Sans réponse",
    }
}

/// Its colour.
#[must_use]
pub fn tone(state: State) -> Tone {
    match state {
        State::Eligible => Tone::Ok,
        State::Later => Tone::Warn,
        State::NotEligible | State::Refused => Tone::Bad,
    }
}

/// A kept verdict in words: `éligible à partir du 4 janv. 2027`, `non éligible (FINT01)`.
#[must_use]
pub fn verdict(text: &str) -> String {
    let Some(Best {
        state,
        opens_on,
        code,
    }) = rules::best(text)
    else {
        return String::new();
    };
    let said = match (state, opens_on) {
        (State::Eligible, _) => "éligible".to_owned(),
        (State::Later, Some(on)) => format!("éligible à partir du {}", day(on)),
        (State::Later, None) => "éligible plus tard".to_owned(),
        (State::NotEligible, _) => "non éligible".to_owned(),
        (State::Refused, _) => "sans réponse".to_owned(),
    };
    match code.as_str() {
        "" => said,
        code => format!("{said} ({code})"),
    }
}

/// A change in words.
#[must_use]
pub fn change(before: &str, after: &str) -> String {
    format!("{} → {}", verdict(before), verdict(after))
}

/// Where a watch is, in one line.
#[must_use]
pub fn place(address: &str, fields: &domain::order::PlaceOrder) -> String {
    use crate::labels::{Level, place};
    let building = match address {
        "" => fields.get("IdentifiantImmeuble").to_owned(),
        address => address.to_owned(),
    };
    let level = |level, name| fields.given(name).map(|value| place(level, value));
    let parts = [
        Some(building),
        level(Level::Block, "Batiment"),
        level(Level::Stair, "Escalier"),
        level(Level::Floor, "Etage"),
        fields
            .given("ReferencePrise")
            .map(|pto| format!("PTO {pto}")),
        match fields.get("PriseExistante") {
            "O" if fields.given("ReferencePrise").is_none() => Some("prise existante".to_owned()),
            "N" => Some("ligne à construire".to_owned()),
            _ => None,
        },
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// How many changed, in a mail.
#[must_use]
pub fn changed(n: usize) -> String {
    match n {
        1 => "le verdict d’un lieu en veille a changé".to_owned(),
        n => format!("le verdict de {n} lieux en veille a changé"),
    }
}

/// A line of the mail.
#[must_use]
pub fn mail_line(reference: &str, address: &str, before: &str, after: &str) -> String {
    let change = change(before, after);
    match reference {
        "" => format!("- {address} : {change}"),
        reference => format!("- {address} ({reference}) : {change}"),
    }
}

/// The changes that a mail does not name.
#[must_use]
pub fn others(n: usize) -> String {
    match n {
        0 => String::new(),
        1 => "- et un autre lieu".to_owned(),
        n => format!("- et {n} autres lieux"),
    }
}

/// What was seen with which release.
#[must_use]
pub fn seen_with(release: i64) -> String {
    format!("version {release} du référentiel")
}

/// Columns of the file: names for machines, and headings.
pub const COLUMNS: [(&str, &str); 15] = [
    ("identifiant_immeuble", "IdentifiantImmeuble"),
    ("adresse", "Lieu"),
    ("batiment", "Bâtiment"),
    ("escalier", "Escalier"),
    ("etage", "Étage"),
    ("prise", "ReferencePrise"),
    ("reference", "Votre référence"),
    ("note", "Note"),
    ("verdict", "Verdict"),
    ("detail", "Détail"),
    ("avant", "Avant le dernier changement"),
    ("version", "Version du référentiel"),
    ("mouvement", "Dernier mouvement"),
    ("lue", "Lue"),
    ("demandeur", "Mise en veille par"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_said_in_words() {
        let said = change("A later 2027-01-04 FIMP10", "A eligible - -");
        assert!(said.starts_with("éligible à partir du"), "{said}");
        assert!(said.ends_with("(FIMP10) → éligible"), "{said}");
        let gone = change("A eligible - -", "refused - FADR01");
        assert_eq!(gone, "éligible → sans réponse (FADR01)");
    }

    #[test]
    fn a_place_is_named_by_its_address_and_what_narrows_it() {
        let fields = rules::fields("IdentifiantImmeuble=IMB&Batiment=A&Etage=2");
        let said = place("12 rue des Tanneurs", &fields);
        assert_eq!(said, "12 rue des Tanneurs, Bâtiment A, 2e étage");
        assert_eq!(place("", &rules::fields("IdentifiantImmeuble=IMB")), "IMB");
    }
}
