//! The French words of the eligibility page.

pub use domain::building::labels::{Level, dwelling, lines, place};
use domain::building::store::Neighbour;
use domain::building::{Building, Pm};
use domain::network::OpticalRoute;
use domain::order::rules::{Control, Side};
use jiff::civil::Date;
use web::{Tag, Tone};

use crate::rules::{Assessed, Rule, Way};

/// The e-service's name.
pub const TITLE: &str = "Éligibilité";

/// How many questions a lot holds.
#[must_use]
pub fn lot_size(max: usize) -> String {
    format!("de 1 à {max} questions par lot")
}

/// A day as people write it.
#[must_use]
pub fn day(date: Date) -> String {
    web::french::date(date)
}

/// The banner when something can be ordered.
#[must_use]
pub fn eligible(offers: usize) -> String {
    match offers {
        1 => "Éligible : une offre commandable".to_owned(),
        n => format!("Éligible : {n} offres commandables"),
    }
}

/// The banner when it will be.
#[must_use]
pub fn eligible_from(date: Date) -> String {
    format!("Éligible à partir du {}", day(date))
}

/// The banner when nothing can be ordered.
pub const NOT_ELIGIBLE: &str = "Non éligible : aucune offre commandable";
/// The sentence under a favourable banner.
pub const ELIGIBLE_REASON: &str =
    "Une commande bien formée passée maintenant sur ce logement est recevable.";
/// Tags of offers.
pub const TAG_ELIGIBLE: &str = "Éligible";
/// Eligible later.
pub const TAG_LATER: &str = "Plus tard";
/// Not eligible.
pub const TAG_NO: &str = "Non éligible";
/// A line to build.
pub const TO_BUILD: &str = "À construire";
/// A line to build, but no fibre is left.
pub const NO_FIBRE: &str = "Plus de fibre";
/// A PTO that nobody uses.
pub const FREE_PTO: &str = "PTO existante, libre";
/// A PTO in use.
pub const BUSY_PTO: &str = "PTO en service";

/// What it waits for.
#[must_use]
pub fn opens(date: Date) -> String {
    format!("Ouverture le {}, par le fournisseur", day(date))
}

/// How many dwellings and blocks.
#[must_use]
pub fn summary(dwellings: i64, blocks: usize) -> String {
    let dwellings = if dwellings > 1 {
        format!("{dwellings} logements")
    } else {
        "un logement".to_owned()
    };
    if blocks > 1 {
        format!("{dwellings} dans {blocks} bâtiments")
    } else {
        dwellings
    }
}

/// Labels of the facts.
pub const FACT_STATE: &str = "État de l’immeuble";
/// The PM.
pub const FACT_PM: &str = "PM";
/// Orders accepted from.
pub const FACT_ORDERS: &str = "Commandes acceptées";
/// The operator's own prestation.
pub const FACT_PRESENCE: &str = "Votre prestation au PM";
/// Not present.
pub const ABSENT: &str = "Vous n’êtes pas présent à ce PM";

/// From a day on.
#[must_use]
pub fn since(date: Option<Date>) -> String {
    date.map_or_else(
        || "non datées".to_owned(),
        |date| format!("depuis le {}", day(date)),
    )
}

/// Free fibres of a PBO.
#[must_use]
pub fn free(n: i64) -> String {
    match n {
        0 => "saturé".to_owned(),
        1 => "une fibre libre".to_owned(),
        n => format!("{n} fibres libres"),
    }
}

/// A rule, as what it asks for.
#[must_use]
pub fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::Address => "Un immeuble du référentiel est à cette adresse",
        Rule::Structure => "Bâtiment, escalier et étage sont connus, ou n’ont pas à l’être",
        Rule::Left => "Une fibre est libre, ou la ligne n’a pas d’autre commande en cours",
        Rule::Control(control) => match control {
            Control::QuotedPm => "Le PM cité est celui de l’immeuble",
            Control::QuotedPrestation => "La prestation PM citée est la vôtre",
            Control::Presence => "Votre société est présente au PM, si l’offre le demande",
            Control::PmOpening => "Le PM est en service commercial",
            Control::BuildingState => "L’immeuble est déployé, ou raccordable sur demande",
            Control::OrdersFrom => "Les commandes y sont acceptées",
            Control::Freeze => "Ni l’immeuble ni son PM n’est gelé",
            Control::OrderType => "Le type de commande est admis",
            Control::OfferKnown => "L’offre est au catalogue",
            Control::OfferSold => "L’offre est en vente",
            Control::OfferHere => "L’offre est proposée à une telle adresse",
            Control::OfferHeld => "Votre société détient l’offre par un contrat",
            Control::Pto => "La PTO est bien là, ou reste à construire",
        },
    }
}

/// The number of a building in its street.
#[must_use]
pub fn number(one: &Neighbour) -> String {
    format!("{}{}", one.number, one.complement.to_lowercase())
}

/// What a map says of a building.
#[must_use]
pub fn neighbour(one: &Neighbour) -> String {
    let place = web::french::address(&format!("{} {}", number(one).to_uppercase(), one.street));
    let dwellings = lines(usize::try_from(one.dwellings).unwrap_or(0));
    format!("{} : {}, {dwellings}", place.trim(), one.state.label())
}

/// A PBO.
#[must_use]
pub fn pbo(reference: &str) -> String {
    format!("PBO {reference}")
}

/// A PM and where it stands.
#[must_use]
pub fn pm(pm: &Pm) -> String {
    format!("PM {} {}", pm.reference, pm.kind)
        .trim_end()
        .to_owned()
}

/// How many lines a PM can hold.
#[must_use]
pub fn capacity(lines: i64) -> String {
    match lines {
        0 => "capacité non dite".to_owned(),
        n => format!("{n} lignes au plus"),
    }
}

/// Drawer and position at the PM.
#[must_use]
pub fn drawer(route: &OpticalRoute) -> String {
    let mut words = Vec::new();
    if !route.module.is_empty() {
        words.push(route.module.to_lowercase());
    }
    if !route.position.is_empty() {
        words.push(format!("position {}", route.position));
    }
    words.join(", ")
}

/// Where a PBO is and the cable that reaches it.
#[must_use]
pub fn at_pbo(kind: &str, cable: &str) -> String {
    let cable = match cable {
        "" => String::new(),
        cable => format!("câble {cable}"),
    };
    let words = [web::french::sentence(kind), cable].into_iter();
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The connector of a PTO.
#[must_use]
pub fn connector(route: &OpticalRoute) -> String {
    match (route.connector, route.connector_colour) {
        (0, _) => String::new(),
        (n, None) => format!("connecteur {n}"),
        (n, Some(colour)) => format!("connecteur {n} {}", colour.literal().to_lowercase()),
    }
}

/// No PTO yet.
pub const PTO_TO_BUILD: &str = "PTO à construire";

/// A dwelling in words, from the block to the door, and what else there is to say of it.
#[must_use]
pub fn whole_spot(way: &Way, more: &str) -> String {
    let spot = &way.spot;
    let levels = [
        (Level::Block, &spot.batiment),
        (Level::Stair, &spot.escalier),
        (Level::Floor, &spot.etage),
    ];
    let named = levels
        .into_iter()
        .filter(|(_, value)| *value != domain::building::NOT_APPLICABLE && !value.is_empty());
    let mut words: Vec<String> = named.map(|(level, value)| place(level, value)).collect();
    if !way.porte.is_empty() {
        words.push(format!("porte {}", way.porte));
    }
    if !more.is_empty() {
        words.push(more.to_owned());
    }
    words.join(", ")
}

/// What is left at a PBO.
#[must_use]
pub fn free_tag(free_fibres: i64) -> Tag {
    let tone = match free_fibres {
        0 => Tone::Bad,
        1 => Tone::Warn,
        _ => Tone::Ok,
    };
    Tag::new(tone, free(free_fibres))
}

/// The network allows it.
pub const COMPATIBLE: &str = "Compatible";
/// It does not.
pub const INCOMPATIBLE: &str = "Incompatible";
/// The operator holds the offer and is present.
pub const CONTRACT: &str = "Contrat actif";
/// It is not present at the PM.
pub const NOT_AT_PM: &str = "Absent du PM";
/// It does not hold the offer.
pub const NOT_HELD: &str = "Non souscrite";
/// What a free fibre promises.
pub const LIKELY: &str =
    "Fibre pressentie : la prochaine libre au PBO. Celle de la ligne est donnée au compte rendu.";
/// How the line is connected.
pub const FACT_CONNECTION: &str = "Raccordement";
/// Who patches at the PM.
pub const OI_PATCHING: &str = "brassage par le fournisseur uniquement";
/// The technical PM.
pub const FACT_PMT: &str = "PM technique";
/// PTOs of the building.
pub const FACT_PTOS: &str = "Prises (PTO)";
/// No fibre left for what is to be built.
pub const SATURATED: &str = "plus de fibre libre pour construire";

/// A side of the control.
#[must_use]
pub fn side(side: Side) -> &'static str {
    match side {
        Side::Technical => "technique",
        Side::Commercial => "commerciale",
    }
}

/// The kinds of PBO and of connection.
#[must_use]
pub fn connection(building: &Building) -> String {
    let words = [&building.pbo_kind, &building.connection_kind];
    let told: Vec<&str> = words
        .into_iter()
        .map(String::as_str)
        .filter(|word| !word.is_empty())
        .collect();
    let told = match told.as_slice() {
        [] => "mode non dit".to_owned(),
        [one, other] if one == other => (*one).to_owned(),
        words => words.join(", "),
    };
    web::french::sentence(&told)
}

/// The manager's agreement, when it is needed.
#[must_use]
pub fn agreement(building: &Building) -> String {
    match (building.agreement_needed, building.agreement_signed_on) {
        (false, _) => String::new(),
        (true, Some(date)) => format!("accord du gestionnaire signé le {}", day(date)),
        (true, None) => "accord du gestionnaire attendu".to_owned(),
    }
}

/// How far a PM is and its dates.
#[must_use]
pub fn pm_dates(pm: &Pm) -> String {
    let mut words = vec![pm.state.label().to_lowercase()];
    let mut dated = |what: &str, date: Option<Date>| {
        words.extend(date.map(|date| format!("{what} {}", day(date))));
    };
    dated("installé le", pm.installed_on);
    dated("mis à disposition le", pm.first_handed_over_on);
    dated("en service commercial le", pm.opened_on);
    words.join(", ")
}

/// From when reports are given.
#[must_use]
pub fn reports(date: Option<Date>) -> String {
    date.map_or_else(String::new, |date| {
        format!("comptes rendus depuis le {}", day(date))
    })
}

/// How many PTOs there are and how many are to be built, never whose they are.
#[must_use]
pub fn ptos(assessed: &Assessed) -> String {
    let existing = assessed
        .ways
        .iter()
        .filter(|way| way.pto_ref.is_some())
        .count();
    let to_build = assessed.ways.len() - existing;
    format!("{existing} existantes, {to_build} à construire")
}
