//! French words for an order's states and events, as people at an operator read them.

use super::{Event, Status};

/// A state in one or two words.
#[must_use]
pub fn status(status: Status) -> &'static str {
    match status {
        Status::Deposee => "Déposée",
        Status::ArKo => "Refusée (AR KO)",
        Status::ArOk => "Recevable",
        Status::CrKo => "Refusée (CR KO)",
        Status::CrOk => "Route affectée",
        Status::StocEmise => "Raccordement à faire",
        Status::RaccoOiPlanifie => "Raccordement planifié",
        Status::RaccoKo => "Raccordement en échec",
        Status::RaccoOk => "Raccordée",
        Status::Mad => "Mise à disposition",
        Status::Mes => "En service",
        Status::AnnulDemandee => "Annulation demandée",
        Status::Annulee => "Annulée",
        Status::Ecrasee => "Écrasée",
    }
}

/// The look of a state's tag: `ok`, `info`, `warn`, `bad` or `neu`.
#[must_use]
pub fn tone(status: Status) -> &'static str {
    match status {
        Status::ArKo | Status::CrKo | Status::RaccoKo | Status::Ecrasee => "bad",
        Status::StocEmise | Status::Mad => "warn",
        Status::Mes | Status::RaccoOk => "ok",
        Status::Deposee | Status::ArOk | Status::CrOk | Status::RaccoOiPlanifie => "info",
        Status::AnnulDemandee | Status::Annulee => "neu",
    }
}

/// Who has the next move.
#[must_use]
pub fn holder(status: Status) -> &'static str {
    match status {
        Status::Deposee
        | Status::ArOk
        | Status::CrOk
        | Status::RaccoOiPlanifie
        | Status::RaccoOk
        | Status::AnnulDemandee => "Le fournisseur",
        Status::StocEmise | Status::RaccoKo | Status::Mad => "Vous",
        Status::ArKo | Status::CrKo | Status::Mes | Status::Annulee | Status::Ecrasee => "Personne",
    }
}

/// What comes next.
#[must_use]
pub fn next_step(status: Status) -> &'static str {
    match status {
        Status::Deposee => "Contrôle de la commande.",
        Status::ArOk => "Affectation d’une route optique et compte rendu de commande.",
        Status::CrOk => "Mise à disposition de la ligne.",
        Status::StocEmise => "Raccordez le logement, puis déposez le compte rendu (CR STOC).",
        Status::RaccoOiPlanifie => "Le fournisseur construit le raccordement.",
        Status::RaccoKo => {
            "Le raccordement a échoué : retournez sur place et déposez un nouveau CR STOC, ou \
             annulez."
        }
        Status::RaccoOk => "Mise à disposition de la ligne.",
        Status::Mad => "Mettez la ligne en service, puis déclarez-le (CR MES).",
        Status::AnnulDemandee => "Annulation en cours.",
        Status::ArKo => "Commande refusée : corrigez et déposez une nouvelle commande.",
        Status::CrKo => "Aucune route n’a pu être affectée.",
        Status::Mes => "Ligne en service : rien à faire.",
        Status::Annulee => "Commande annulée.",
        Status::Ecrasee => "Un autre opérateur a repris cette ligne.",
    }
}

/// A line of the timeline; the empty event is the order's arrival.
#[must_use]
pub fn event(event: &str) -> &'static str {
    match Event::parse(event) {
        None => "Commande déposée",
        Some(Event::Admitted) => "Accusé de réception : commande recevable (AR OK)",
        Some(Event::Rejected) => "Accusé de réception : commande refusée (AR KO)",
        Some(Event::RouteAssigned) => "Route optique affectée (CR OK)",
        Some(Event::RouteRefused) => "Compte rendu : aucune route possible (CR KO)",
        Some(Event::Subcontracted) => "Raccordement confié à l’opérateur (CMD STOC)",
        Some(Event::ConnectionPlanned) => "Raccordement planifié par le fournisseur",
        Some(Event::Connected) => "Raccordement réalisé (CR STOC OK)",
        Some(Event::ConnectionFailed) => "Raccordement en échec (CR STOC KO)",
        Some(Event::HandedOver) => "Ligne mise à disposition (CR MAD)",
        Some(Event::PutInService) => "Ligne mise en service (CR MES)",
        Some(Event::CancelRequested) => "Annulation demandée",
        Some(Event::Cancelled) => "Commande annulée",
        Some(Event::Overwritten) => "Ligne reprise par un autre opérateur (écrasement)",
    }
}

/// A door, as people call it.
#[must_use]
pub fn channel(channel: &str) -> &'static str {
    match channel {
        "portal" => "portail",
        "xml" => "service XML",
        "local" => "exploitation",
        "simulator" => "simulateur (SIMULÉ)",
        _ => "automatique",
    }
}

/// What is said of one very case beside a code's own label.
pub mod why {
    use jiff::civil::Date;

    use crate::order::Status;

    /// A character that no field holds.
    pub const CONTROL_CHARACTER: &str = "caractère de commande interdit";
    /// A PTO in an order for a line to build.
    pub const PTO_WITHOUT_EXISTING: &str = "PTO indiquée alors que PriseExistante = N";
    /// The characters of an operator's reference.
    pub const REFERENCE: &str = "lettres sans accent, chiffres, - _ . / seulement";
    /// The complement of a number.
    pub const ONE_LETTER: &str = "une lettre attendue";
    /// A date of the trade's files.
    pub const DATE: &str = "AAAAMMJJ ou AAAAMMJJ HH:MM attendu";
    /// A telephone number.
    pub const PHONE: &str = "numéro de téléphone attendu";
    /// A number in a street.
    pub const NUMBER: &str = "1 à 5 chiffres attendus";
    /// The outcome of a report.
    pub const OK_OR_KO: &str = "OK ou KO attendu";
    /// A report from the party that does not build the drop.
    pub const BUILT_BY_THE_OTHER: &str =
        "le compte rendu vient de celui qui construit le raccordement (TypeRacco)";
    /// A motive that is none of a failure's.
    pub const UNKNOWN_FAILURE: &str = "motif d’échec inconnu";
    /// A building that the key does not name.
    pub const NOT_AT_ADDRESS: &str = "cet immeuble n’est pas à l’adresse donnée";
    /// No such block, or several and none named.
    pub const BLOCK_TO_NAME: &str =
        "aucun bâtiment de ce nom à cette adresse, ou bâtiment à préciser";
    /// Several buildings fit.
    pub const SEVERAL_BUILDINGS: &str =
        "plusieurs immeubles à cette adresse : précisez IdentifiantImmeuble";
    /// The operator is not at the PM.
    pub const NOT_PRESENT: &str = "votre société n’est pas présente à ce PM";
    /// The PM is not open.
    pub const PM_NOT_OPEN: &str = "PM avant sa date de mise en service commerciale";
    /// The building is not open.
    pub const NOT_ORDERABLE: &str = "immeuble non ouvert à la commande";
    /// No such offer.
    pub const UNKNOWN_OFFER: &str = "offre inconnue du catalogue";
    /// Not proposed in the building's zone.
    pub const OFFER_ZONE: &str = "elle n’est pas proposée dans cette zone";
    /// Nor while the building is at this step.
    pub const OFFER_STATE: &str = "elle n’est pas proposée à un immeuble de cet état";
    /// Nor in such a building.
    pub const OFFER_KIND: &str = "elle n’est pas proposée dans un immeuble de ce type";
    /// Its PM cannot host active equipment.
    pub const OFFER_ACTIVE_PLACE: &str = "le PM n’a pas d’emplacement actif";

    /// Too long.
    #[must_use]
    pub fn at_most(max: usize) -> String {
        format!("{max} caractères au plus")
    }

    /// Not of the one length allowed.
    #[must_use]
    pub fn exactly(len: usize) -> String {
        format!("{len} caractères attendus")
    }

    /// None of the values allowed.
    #[must_use]
    pub fn one_of(allowed: &[&str]) -> String {
        format!("valeurs admises : {}", allowed.join(", "))
    }

    /// Another PTO than the order's.
    #[must_use]
    pub fn other_pto(pto_ref: &str) -> String {
        format!("la PTO de cette commande est {pto_ref}")
    }

    /// The day orders open.
    #[must_use]
    pub fn opens_on(day: Date) -> String {
        format!("ouverture le {}", day.strftime("%d/%m/%Y"))
    }

    /// The state that does not allow it.
    #[must_use]
    pub fn standing_at(status: Status) -> String {
        format!(
            "la commande est à l’état {}",
            status.as_str().to_uppercase()
        )
    }

    /// What a CR MES says.
    #[must_use]
    pub fn in_service_since(since: jiff::civil::Date) -> String {
        format!("Mise en service le {}", since.strftime("%d/%m/%Y"))
    }
}
