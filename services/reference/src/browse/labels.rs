//! French words of the browser that are not in a template.

use domain::building::{BuildingState, NOT_APPLICABLE, PmAddress};
use domain::line::FibreState;
use domain::network::ColourCode;
use domain::release::Table;
use storage::Value;
use web::Tone;
pub use web::map::Phase;

/// Title of the area's first page and of its entry in the menu.
pub const TERRITORY: &str = "Référentiel du réseau";
/// Title of the map.
pub const MAP: &str = "Carte du territoire";
/// Title of the page of what was found.
pub const RESULTS: &str = "Résultats de la recherche";
/// Title of a history, before the object.
pub const HISTORY: &str = "Historique";
/// What a street without name is called.
pub const NAMELESS: &str = "Sans voie";

/// The trade's word for a table's object.
#[must_use]
pub fn object(table: Table) -> &'static str {
    match table {
        Table::Building => "Immeuble",
        Table::Pm => "PM",
        Table::Dwelling => "Logement",
        Table::Fibre => "Fibre",
        Table::Pto => "PTO",
        Table::Presence => "Adduction",
        Table::Pbo => "PBO",
        Table::Cable => "Câble",
        Table::Route => "Route optique",
        Table::Nd => "ND",
        Table::Address => "Adresse (BAN)",
        Table::Offer => "Offre",
    }
}

/// The tone of a fibre's state.
#[must_use]
pub fn fibre_tone(state: FibreState) -> Tone {
    match state {
        FibreState::Available => Tone::Ok,
        FibreState::Reserved => Tone::Info,
        FibreState::Occupied => Tone::Neutral,
        FibreState::OutOfOrder => Tone::Bad,
    }
}

/// Free, promised, in use, broken, as a bar of a PBO tells them.
pub const USES: [(&str, &str, Tone); 5] = [
    ("libre", "libres", Tone::Ok),
    ("déjà posée ou dédiée", "déjà posées ou dédiées", Tone::Warn),
    ("réservée", "réservées", Tone::Info),
    ("occupée", "occupées", Tone::Neutral),
    ("hors service", "hors service", Tone::Bad),
];

/// The swatch of a colour's name, 1 to 12 in the usual order; 0 for a name the trade does not know.
#[must_use]
pub fn swatch(name: &str) -> usize {
    let colours = ColourCode::Orange.colours();
    let known = colours.iter().position(|colour| *colour == plain(name));
    known.map_or(0, |at| at + 1)
}

/// A block, staircase or floor.
#[must_use]
pub fn level(kind: &str, name: &str) -> String {
    match name {
        "" | NOT_APPLICABLE => format!("{kind} sans nom"),
        name => format!("{kind} {name}"),
    }
}

/// Block, staircase and floor of a structure.
pub const LEVELS: [&str; 3] = ["Bâtiment", "Escalier", "Étage"];
/// A dwelling whose door has no name.
pub const DOOR: &str = "Logement";

/// A count and its noun.
#[must_use]
pub fn counted(count: i64, one: &str, many: &str) -> String {
    let number = web::french::count(&count.to_string());
    format!("{number} {}", if count.abs() > 1 { many } else { one })
}

/// Capitals without accents; what is neither letter nor digit is one space.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_uppercase) {
        match c {
            'À' | 'Â' | 'Ä' => out.push('A'),
            'Ç' => out.push('C'),
            'È' | 'É' | 'Ê' | 'Ë' => out.push('E'),
            'Î' | 'Ï' => out.push('I'),
            'Ô' | 'Ö' => out.push('O'),
            'Ù' | 'Û' | 'Ü' => out.push('U'),
            'Ÿ' => out.push('Y'),
            'Œ' => out.push_str("OE"),
            'Æ' => out.push_str("AE"),
            c if c.is_alphanumeric() => out.push(c),
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    out.trim_end().to_owned()
}

/// A stored value as a person reads it in a history.
#[must_use]
pub fn value(table: Table, field: &str, value: &Value) -> String {
    const FLAGS: [&str; 8] = [
        "is_new",
        "agreement_needed",
        "active_place",
        "oi_patching",
        "dedicated",
        "certified",
        "presence_needed",
        "active_place_needed",
    ];
    match value {
        Value::Text(text) if !text.is_empty() => {
            let said = stated(table, field, text).map(str::to_owned);
            let day = || Some(web::french::date(text.parse().ok()?));
            said.or_else(day).unwrap_or_else(|| text.clone())
        }
        Value::Int(flag) if FLAGS.contains(&field) => web::labels::yes_no(*flag == 1).to_owned(),
        Value::Bool(flag) => web::labels::yes_no(*flag).to_owned(),
        Value::Int(number) => number.to_string(),
        Value::Real(real) => real.to_string().replace('.', ","),
        Value::Null | Value::Text(_) | Value::Bytes(_) => "–".to_owned(),
    }
}

/// The word of an enum that is stored as text.
fn stated(table: Table, field: &str, text: &str) -> Option<&'static str> {
    use domain::building::{BuildingKind, DwellingState, PmState};
    use domain::line::LineState;
    Some(match (table, field) {
        (Table::Building, "state") => BuildingState::from_store(text).ok()?.label(),
        (Table::Building, "kind") => BuildingKind::from_store(text).ok()?.label(),
        (Table::Pm, "state") => PmState::from_store(text).ok()?.label(),
        (Table::Dwelling, "state") => DwellingState::from_store(text).ok()?.label(),
        (Table::Fibre, "state") => fibre(FibreState::from_store(text).ok()?, false),
        (Table::Pto, "state") => LineState::from_store(text).ok()?.label(),
        (Table::Nd, "copper_state") => copper(domain::address::CopperState::from_store(text).ok()?),
        (_, "origin") => domain::release::Kind::from_store(text).ok()?.label(),
        _ => return None,
    })
}

/// Where a staircase or floor stands among others: the ground floor is below the first.
#[must_use]
pub fn storey(name: &str) -> &str {
    match name {
        "RDC" | "REZ DE CHAUSSEE" => "0",
        name => name,
    }
}

/// The field of a column, in the trade's words.
#[must_use]
pub fn field(column: &str) -> &str {
    let known = FIELDS.iter().find(|(name, _)| *name == column);
    known.map_or(column, |(_, label)| label)
}

const FIELDS: &[(&str, &str)] = &[
    ("state", "État"),
    ("insee", "Code INSEE"),
    ("rivoli", "Code RIVOLI"),
    ("postcode", "Code postal"),
    ("commune", "Commune"),
    ("hexacle", "Hexaclé"),
    ("street_hexacle", "Hexaclé de la voie"),
    ("ban_key", "Clé BAN"),
    ("street_type", "Type de voie"),
    ("street_name", "Voie"),
    ("number", "Numéro"),
    ("complement", "Complément"),
    ("batiment", "Bâtiment"),
    ("kind", "Type"),
    ("is_new", "Immeuble neuf"),
    ("dwellings", "Logements"),
    ("wired_on", "Câblage"),
    ("agreement_needed", "Accord du gestionnaire nécessaire"),
    ("agreement_signed_on", "Signature de la convention"),
    ("zone", "Zone"),
    ("oi_code", "Code OI"),
    ("pm_ref", "PM"),
    ("pmt_ref", "PM technique"),
    ("pbo_kind", "Type de PBO"),
    ("connection_kind", "Raccordement PBO à PTO"),
    ("x", "X"),
    ("y", "Y"),
    ("projection", "Projection"),
    ("orders_from", "Début d’acceptation des commandes"),
    ("reports_from", "Début de fourniture des CR"),
    ("opened_on", "Mise en service commerciale"),
    ("changed_on", "Dernière modification"),
    ("lon", "Longitude"),
    ("lat", "Latitude"),
    ("delivery_on", "Livraison prévue"),
    ("manager", "Gestionnaire"),
    ("address_quality", "Qualité de l’adresse"),
    ("oi_patching", "Brassage par l’OI seul"),
    ("installed_on", "Installation"),
    ("capacity", "Capacité"),
    ("engineering", "Ingénierie"),
    ("first_handed_over_on", "Première mise à disposition"),
    ("active_place", "Emplacement actif"),
    ("pmt_refs", "PM techniques"),
    ("origin", "Fichier d’origine"),
    ("pbo_ref", "PBO"),
    ("pto_ref", "PTO"),
    ("cable", "Câble"),
    ("tube", "Tube"),
    ("colour", "Fibre"),
    ("dedicated", "Dédiée"),
    ("fibre_id", "Identifiant de fibre"),
    ("oc_code", "Opérateur"),
    ("from_ref", "Origine"),
    ("to_ref", "Extrémité"),
    ("modulo", "Fibres par tube"),
    ("colour_code", "Code couleur"),
    ("module", "Module du PM"),
    ("position", "Position"),
    ("module_cable", "Câble au module"),
    ("module_tube", "Tube au module"),
    ("module_fibre", "Fibre au module"),
    ("cable_ref", "Câble au PBO"),
    ("fibre", "Fibre"),
    ("connector", "Connecteur de la prise"),
    ("connector_colour", "Couleur du connecteur"),
    ("building_ref", "Immeuble"),
    ("copper_state", "État de la ligne cuivre"),
    ("street_code", "Code de la voie"),
    ("afnor_name", "Voie (AFNOR)"),
    ("place_name", "Lieu-dit"),
    ("delivery_name", "Acheminement"),
    ("old_insee", "Ancien code INSEE"),
    ("old_commune", "Ancienne commune"),
    ("certified", "Certifiée"),
    ("label", "Libellé"),
    ("family", "Famille"),
    ("technology", "Technologie"),
    ("zones", "Zones"),
    ("building_states", "États d’immeuble admis"),
    ("building_kinds", "Types d’immeuble admis"),
    ("presence_needed", "Présence au PM exigée"),
    ("active_place_needed", "Emplacement actif exigé"),
    ("from_day", "Du"),
    ("to_day", "Au"),
];

/// Added, changed, removed.
pub const EVENTS: [&str; 3] = ["Ajouté", "Modifié", "Retiré"];
/// Every state.
pub const ALL: &str = "Tous les immeubles";
/// Figures of the territory.
pub const FIGURES: [&str; 5] = ["Communes", "Voies", "Immeubles", "Logements", "PM"];
/// Kinds of what a search finds.
pub const COMMUNE: &str = "Commune";
/// A street.
pub const STREET: &str = "Voie";
/// A building.
pub const BUILDING: &str = "Immeuble";
/// A building found by the Hexaclé of its number.
pub const HEXACLE: &str = "Hexaclé";
/// An address of the national base without a building.
pub const UNBUILT: &str = "Sans immeuble";
/// A building found by its key of the national address base.
pub const BAN: &str = "Clé BAN";
/// A fibre.
pub const FIBRE: &str = "Fibre";

/// So many buildings at a step.
#[must_use]
pub fn in_phase(phase: Phase, count: i64) -> String {
    let number = web::french::count(&count.to_string());
    let plural = match phase {
        Phase::OnDemand => "sur demande",
        Phase::UnderWay => "en travaux",
        Phase::Deployed if count > 1 => "déployés",
        Phase::Planned if count > 1 => "prévus",
        Phase::Abandoned if count > 1 => "abandonnés",
        Phase::Deployed => "déployé",
        Phase::Planned => "prévu",
        Phase::Abandoned => "abandonné",
    };
    format!("{number} {plural}")
}

fn held(buildings: i64, dwellings: i64) -> String {
    let buildings = counted(buildings, "immeuble", "immeubles");
    format!(
        "{buildings}, {}",
        counted(dwellings, "logement", "logements")
    )
}

/// What a commune holds.
#[must_use]
pub fn commune_summary(commune: &super::atlas::Commune) -> String {
    format!(
        "Code INSEE {}. {}, {}, {}{}.",
        commune.insee,
        counted(commune.streets, "voie", "voies"),
        held(commune.buildings, commune.dwellings),
        counted(commune.pms, "PM", "PM"),
        in_base(commune.addresses),
    )
}

/// What a street holds.
#[must_use]
pub fn street_summary(street: &super::atlas::Street) -> String {
    let code = match street.rivoli.as_str() {
        "" => "Sans code RIVOLI".to_owned(),
        code => format!("Code RIVOLI {code}"),
    };
    let code = match street.hexacle.as_str() {
        "" => code,
        hexacle => format!("{code}, Hexaclé de la voie {hexacle}"),
    };
    let held = held(street.buildings, street.dwellings);
    let base = in_base(street.addresses);
    format!(
        "{} {}. {code}, {held}{base}.",
        street.postcode, street.commune
    )
}

/// So many addresses of the national base; nothing for none.
fn in_base(addresses: i64) -> String {
    match addresses {
        0 => String::new(),
        count => format!(", {}", counted(count, "adresse BAN", "adresses BAN")),
    }
}

/// What a place without a building has instead.
#[must_use]
pub fn unbuilt(addresses: i64) -> String {
    counted(
        addresses,
        "adresse BAN, aucun immeuble",
        "adresses BAN, aucun immeuble",
    )
}

/// An address of the national base on one line.
#[must_use]
pub fn base_address(address: &domain::address::Address) -> String {
    let number = format!("{} {}", address.number, address.complement);
    let street = format!("{} {}", number.trim(), address.street_name);
    let street = street.trim();
    format!("{street}, {} {}", address.postcode, address.commune)
}

/// A street's name.
#[must_use]
pub fn street(name: &str) -> String {
    match name {
        "" => NAMELESS.to_owned(),
        name => name.to_owned(),
    }
}

/// Number and letter.
#[must_use]
pub fn number(number: &str, complement: &str) -> String {
    match number {
        "" | "0" => "s. n.".to_owned(),
        number => format!("{number} {complement}").trim_end().to_owned(),
    }
}

/// An address on one line.
#[must_use]
pub fn address(building: &domain::building::Building) -> String {
    let number = match building.number.as_str() {
        "" | "0" => String::new(),
        number => format!("{number}{} ", building.complement),
    };
    format!(
        "{number}{} {}, {} {}",
        building.street_type, building.street_name, building.postcode, building.commune
    )
}

/// The address of a PM on one line; empty when it is not told.
#[must_use]
pub fn pm_address(at: &PmAddress) -> String {
    let join = |parts: &[&str]| {
        let said = parts.iter().copied().filter(|part| !part.is_empty());
        said.collect::<Vec<_>>().join(" ")
    };
    let number = format!("{}{}", at.number, at.complement);
    let street = join(&[&number, &at.street_type, &at.street_name]);
    let town = join(&[&at.postcode, &at.commune]);
    let parts = [street.as_str(), &at.batiment, &town];
    let said = parts.into_iter().filter(|part| !part.is_empty());
    said.collect::<Vec<_>>().join(", ")
}

/// A PM and where it stands, on a map.
#[must_use]
pub fn pm_mark(pm: &super::atlas::PmSpot) -> String {
    let name = at_pm(&pm.reference);
    match pm.address.as_str() {
        "" => name,
        address => titled(&name, address),
    }
}

/// Where a PM stands and what it can hold.
#[must_use]
pub fn pm_note(pm: &super::atlas::PmSpot) -> String {
    let mut words = vec![pm.kind.clone(), pm.address.clone()];
    if pm.capacity > 0 {
        words.push(counted(pm.capacity, "ligne au plus", "lignes au plus"));
    }
    if pm.dwellings > 0 {
        words.push(counted(pm.dwellings, "logement", "logements"));
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

/// The colour of a PM's state.
#[must_use]
pub fn pm_tone(state: domain::building::PmState) -> Tone {
    use domain::building::PmState;
    match state {
        PmState::Deployed => Tone::Ok,
        PmState::UnderWay => Tone::Warn,
        PmState::Planned => Tone::Neutral,
        PmState::Abandoned => Tone::Bad,
    }
}

/// Of which PM.
#[must_use]
pub fn at_pm(pm_ref: &str) -> String {
    format!("PM {pm_ref}")
}

/// Of which PBO.
#[must_use]
pub fn at_pbo(pbo_ref: &str, pm_ref: &str) -> String {
    format!("PBO {pbo_ref}, PM {pm_ref}")
}
/// Facts of a PM.
pub const PM_FACTS: [&str; 12] = [
    "Adresse",
    "Qualité de l’adresse",
    "Hexaclé",
    "Emplacement",
    "Capacité (lignes)",
    "Logements annoncés",
    "Derrière ce PM",
    "Ingénierie",
    "PM techniques",
    "Emplacement actif",
    "Brassage par l’OI seul",
    "Fichier d’origine",
];
/// Dates of a PM.
pub const PM_DATES: [&str; 3] = [
    "Installation",
    "Première mise à disposition",
    "Mise en service commerciale",
];
/// Facts of a PBO.
pub const PBO_FACTS: [&str; 5] = ["PM", "Type", "Capacité", "Dessert", "Fichier d’origine"];

/// What stands behind a PM.
#[must_use]
pub fn behind((buildings, dwellings): (i64, i64)) -> String {
    held(buildings, dwellings)
}

/// So many lines; nothing when unknown.
#[must_use]
pub fn lines(count: i64) -> String {
    match count {
        0 => String::new(),
        count => counted(count, "ligne", "lignes"),
    }
}

/// Kind and capacity of a PBO.
#[must_use]
pub fn pbo_note(kind: &str, capacity: i64) -> String {
    let words = [kind.to_owned(), lines(capacity)];
    let said: Vec<String> = words.into_iter().filter(|word| !word.is_empty()).collect();
    said.join(", ")
}

/// A fibre's state on screen.
#[must_use]
pub fn fibre(state: FibreState, dedicated: bool) -> &'static str {
    match (state, dedicated) {
        (FibreState::Available, false) => "Disponible",
        (FibreState::Reserved, false) => "Réservée",
        (FibreState::Occupied, false) => "Occupée",
        (FibreState::OutOfOrder, false) => "Hors service",
        (FibreState::Available, true) => "Dédiée disponible",
        (FibreState::Reserved, true) => "Dédiée réservée",
        (FibreState::Occupied, true) => "Dédiée occupée",
        (FibreState::OutOfOrder, true) => "Dédiée hors service",
    }
}
/// First facts of a building.
pub const BUILDING_FACTS: [&str; 6] = [
    "Type",
    "Logements (IPE)",
    "Logements décrits",
    "Lignes en service",
    "PM",
    "Zone",
];
/// Keys of an address.
pub const KEYS: [&str; 8] = [
    "Hexaclé du numéro",
    "Hexaclé de la voie",
    "Code INSEE",
    "Code RIVOLI",
    "Numéro",
    "Bâtiment",
    "Clé BAN",
    "Coordonnées",
];
/// Dates of a building.
pub const BUILDING_DATES: [&str; 7] = [
    "Livraison prévue",
    "Câblage",
    "Début d’acceptation des commandes",
    "Début de fourniture des CR",
    "Mise en service commerciale",
    "Signature de la convention",
    "Dernière modification",
];
/// A building's place in the network.
pub const NETWORK: [&str; 7] = [
    "PM",
    "PM technique",
    "Type de PBO",
    "Raccordement PBO à PTO",
    "Accord du gestionnaire nécessaire",
    "Gestionnaire",
    "Code OI",
];

/// House or flats, and whether it is new.
#[must_use]
pub fn kind(building: &domain::building::Building) -> String {
    let new = if building.is_new { ", neuf" } else { "" };
    format!("{}{new}", building.kind.label())
}

/// Coordinates as written, and their projection.
#[must_use]
pub fn place(x: f64, y: f64, projection: &str) -> String {
    format!("{x:.5} ; {y:.5} ({projection})").replace('.', ",")
}

/// Lines in service among those that have a PTO.
#[must_use]
pub fn lines_in_service(held: usize, lines: usize) -> String {
    format!("{held} sur {lines}")
}

/// So many dwellings.
#[must_use]
pub fn dwellings(count: usize) -> String {
    counted(i64::try_from(count).unwrap_or(i64::MAX), "ligne", "lignes")
}

/// A dwelling by its door, or by its rank.
#[must_use]
pub fn door(porte: &str, rank: i64) -> String {
    match porte {
        "" | NOT_APPLICABLE => format!("{DOOR} {rank}"),
        porte => format!("Porte {porte}"),
    }
}

/// Who holds a line, what is under way on it, and what the referential says otherwise.
#[must_use]
pub fn line_note(
    line: Option<&super::store::LineNow>,
    released: domain::building::DwellingState,
) -> String {
    use domain::building::DwellingState;
    use domain::line::LineState;
    let Some(line) = line else {
        return String::new();
    };
    let mut words = vec![line.holder.clone()];
    if line.pending {
        words.push("commande en cours".to_owned());
    }
    let same = matches!(
        (line.state, released),
        (LineState::InService, DwellingState::InService) | (LineState::Free, DwellingState::Free)
    );
    if !same {
        words.push(format!("référentiel : {}", released.label().to_lowercase()));
    }
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

/// The state of a copper line.
#[must_use]
pub fn copper(state: domain::address::CopperState) -> &'static str {
    match state {
        domain::address::CopperState::Active => "ligne cuivre active",
        domain::address::CopperState::Inactive => "ligne cuivre fermée",
    }
}
/// The map of everything.
pub const WHOLE: &str = "Tout le territoire";

/// The map of a place.
#[must_use]
pub fn map_of(place: &str) -> String {
    format!("Carte : {place}")
}

/// What the whole map shows.
#[must_use]
pub fn map_summary(communes: usize) -> String {
    let count = i64::try_from(communes).unwrap_or(i64::MAX);
    format!(
        "{} : de loin un rond par voie, de près un par immeuble.",
        counted(count, "commune", "communes")
    )
}

/// A name and what is said of it.
#[must_use]
pub fn titled(name: &str, said: &str) -> String {
    format!("{name} : {said}")
}
