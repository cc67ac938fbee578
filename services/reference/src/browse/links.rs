//! Addresses of the browser's pages. References are data: they are always encoded.

use domain::address::Address;
use domain::release::Table;

use super::atlas::Street;
use super::history::OBJECTS;

/// The first page.
pub const TERRITORY: &str = "/oi/referentiel";
/// The map.
pub const MAP: &str = "/oi/referentiel/carte";
/// Stands for an empty RIVOLI code in an address.
pub const NO_CODE: &str = "-";

fn with(path: &str, pairs: &[(&str, &str)]) -> String {
    let said = pairs.iter().filter(|(_, value)| !value.is_empty());
    let query = serde_urlencoded::to_string(said.collect::<Vec<_>>()).unwrap_or_default();
    format!("{TERRITORY}/{path}?{query}")
}

/// A commune's page.
pub fn commune(insee: &str) -> String {
    format!("{TERRITORY}/communes/{insee}")
}

/// A street's page.
pub fn street(insee: &str, rivoli: &str) -> String {
    let code = if rivoli.is_empty() { NO_CODE } else { rivoli };
    format!("{TERRITORY}/voies/{insee}/{code}")
}

/// The page of a street that the national base gives no code, by its name.
pub fn named_street(insee: &str, name: &str) -> String {
    with(&format!("voies/{insee}/{NO_CODE}"), &[("voie", name)])
}

/// The page of a street of either kind.
pub fn street_of(of: &Street) -> String {
    match of.named {
        true => named_street(&of.insee, &of.name),
        false => street(&of.insee, &of.rivoli),
    }
}

/// The page of the street of an address of the national base, at its number.
pub fn street_at(address: &Address) -> String {
    let name = match address.street_code.as_str() {
        "" => address.street_name.as_str(),
        _ => "",
    };
    let code = match address.street_code.as_str() {
        "" => NO_CODE,
        code => code,
    };
    let path = format!("voies/{}/{code}", address.insee);
    with(&path, &[("voie", name), ("q", &address.number)])
}

/// A building's page, with one of its PTOs pointed at.
pub fn building(reference: &str, pto_ref: &str) -> String {
    with("immeubles", &[("ref", reference), ("pto", pto_ref)])
}

/// A building's page, with one of its staircases shown.
pub fn stair(reference: &str, batiment: &str, escalier: &str) -> String {
    let pairs = [
        ("ref", reference),
        ("batiment", batiment),
        ("escalier", escalier),
    ];
    with("immeubles", &pairs)
}

/// A PM's page.
pub fn pm(reference: &str) -> String {
    with("pm", &[("ref", reference)])
}

/// A PBO's page.
pub fn pbo(pm_ref: &str, pbo_ref: &str) -> String {
    with("pbo", &[("pm", pm_ref), ("ref", pbo_ref)])
}

/// The map of a street, or of a commune without `rivoli`.
pub fn map(insee: &str, rivoli: &str) -> String {
    with("carte", &[("insee", insee), ("rivoli", rivoli)])
}

/// The map of a frame.
pub fn map_of_frame(frame: &str) -> String {
    with("carte", &[("cadre", frame)])
}

/// The map around a PM.
pub fn map_of_pm(reference: &str) -> String {
    with("carte", &[("pm", reference)])
}

/// The history of an object. `key` has every part, empty ones too.
pub fn history(table: Table, key: &[&str]) -> String {
    let name = OBJECTS.iter().find(|(_, known)| *known == table);
    let mut pairs = vec![("objet", name.map_or("", |(name, _)| name))];
    pairs.extend(key.iter().map(|part| ("ref", *part)));
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    format!("{TERRITORY}/historique?{query}")
}
