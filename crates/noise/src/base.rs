//! An invented address base in the columns of the national one (BAN), made row by row: of any size
//! in the memory of one commune.

use std::io::{self, Write};

use crate::communes::{self, Commune, Tongue};
use crate::rng::Rng;
use crate::streets::{Maker, Street};
use crate::text;
use crate::words;

/// The 23 columns.
pub const HEADER: &str = "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;\
code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;\
libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;cad_parcelles";

/// Addresses a commune has on average before another one is taken.
const ADDRESSES_PER_COMMUNE: usize = 400;
const COMMUNES_MIN: usize = 60;
/// Communes of each special kind that even a small base has.
const OF_EACH_KIND: usize = 5;
/// A name in the post's form is not longer.
const AFNOR_MAX: usize = 32;

/// One address.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// Key.
    pub id: String,
    /// Street's key in the tax office's list; empty when it has none.
    pub id_fantoir: String,
    /// Number; 0 for a hamlet without numbers.
    pub number: u32,
    /// `bis`, `ter`, `a`…
    pub suffix: String,
    /// Street with its type, or hamlet.
    pub street: String,
    /// Postcode.
    pub postcode: String,
    /// INSEE code of the commune.
    pub insee: String,
    /// Name of the commune.
    pub commune: String,
    /// INSEE code of the commune it was in before a merger.
    pub old_insee: String,
    /// Name of that commune.
    pub old_commune: String,
    /// Longitude.
    pub lon: f64,
    /// Latitude.
    pub lat: f64,
    /// Where the point is.
    pub position: &'static str,
    /// Hamlet told besides the street.
    pub hamlet: String,
    /// Name of the delivery office.
    pub delivery: String,
    /// Street in the post's form.
    pub afnor: String,
    /// Who told.
    pub source: &'static str,
    /// Vouched for by the commune.
    pub certified: bool,
    /// Parcel, or nothing.
    pub parcel: String,
}

impl Row {
    /// The line, without its end.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let (x, y) = lambert93(self.lon, self.lat).unwrap_or_default();
        write!(
            out,
            "{};{};{};{};{};{};{};{};{};{};",
            self.id,
            self.id_fantoir,
            self.number,
            self.suffix,
            self.street,
            self.postcode,
            self.insee,
            self.commune,
            self.old_insee,
            self.old_commune,
        )?;
        match self.insee.starts_with("97") {
            true => out.write_all(b";;")?,
            false => write!(out, "{x:.2};{y:.2};")?,
        }
        write!(
            out,
            "{:.6};{:.6};{};;{};{};{};{};{};{};{}",
            self.lon,
            self.lat,
            self.position,
            self.hamlet,
            self.delivery,
            self.afnor,
            self.source,
            self.source,
            u8::from(self.certified),
            self.parcel,
        )
    }
}

/// Degrees to metres of the mainland's projection; `None` away from the mainland.
fn lambert93(lon: f64, lat: f64) -> Option<(f64, f64)> {
    const N: f64 = 0.725_607_765_053_267;
    const C: f64 = 11_754_255.426_096;
    const XS: f64 = 700_000.0;
    const YS: f64 = 12_655_612.049_876;
    const E: f64 = 0.081_819_191_042_816;
    if !(40.0..52.0).contains(&lat) {
        return None;
    }
    let phi = lat.to_radians();
    let sine = E * phi.sin();
    let isometric = (std::f64::consts::FRAC_PI_4 + phi / 2.0).tan().ln()
        - E / 2.0 * ((1.0 + sine) / (1.0 - sine)).ln();
    let radius = C * (-N * isometric).exp();
    let angle = N * (lon - 3.0).to_radians();
    Some((XS + radius * angle.sin(), YS - radius * angle.cos()))
}

/// Writes a base of `addresses` addresses as a CSV file with its header.
pub fn write_csv(addresses: usize, seed: u64, out: &mut impl Write) -> io::Result<()> {
    out.write_all(HEADER.as_bytes())?;
    out.write_all(b"\n")?;
    rows(addresses, seed, |row| {
        row.write(out)?;
        out.write_all(b"\n")
    })
}

/// Gives the rows of a base of `addresses` addresses, one by one; the first error ends it.
pub fn rows<E>(
    addresses: usize,
    seed: u64,
    mut each: impl FnMut(&Row) -> Result<(), E>,
) -> Result<(), E> {
    let chosen = chosen(addresses, seed);
    let weights: Vec<f64> = chosen
        .iter()
        .map(|one| 1.25_f64.powi(one.size as i32))
        .collect();
    let all: f64 = weights.iter().sum();
    let (mut before, mut given) = (0.0, 0);
    for (at, commune) in chosen.iter().enumerate() {
        before += weights[at];
        let until = match at + 1 == chosen.len() {
            true => addresses,
            false => ((before / all) * addresses as f64) as usize,
        };
        let rng = Rng::part(seed, 1, at as u64);
        of_commune(commune, until.saturating_sub(given), rng, &mut each)?;
        given = until.max(given);
    }
    Ok(())
}

/// The communes of a base of that size, by INSEE code: some of each kind first, then any.
fn chosen(addresses: usize, seed: u64) -> Vec<Commune> {
    let mut rest = communes::all();
    Rng::part(seed, 2, 0).shuffle(&mut rest);
    let count = (addresses / ADDRESSES_PER_COMMUNE).clamp(COMMUNES_MIN, rest.len());
    let kinds: [&dyn Fn(&Commune) -> bool; 9] = [
        &|one| one.tongue() == Tongue::Breton,
        &|one| one.tongue() == Tongue::Alsatian,
        &|one| one.tongue() == Tongue::Corsican,
        &|one| one.tongue() == Tongue::Overseas,
        &|one| one.name.contains("Arrondissement"),
        &|one| one.department() == "53" && one.size > 4,
        &|one| one.before.len() > 1,
        &|one| one.name == "Saint-Martin" || one.name == "Villeneuve",
        &|one| one.delivery != text::capitals(one.name),
    ];
    let mut chosen = Vec::with_capacity(count);
    for kind in kinds {
        for _ in 0..OF_EACH_KIND {
            if let Some(at) = rest.iter().position(kind) {
                chosen.push(rest.remove(at));
            }
        }
    }
    // Neighbours of one postcode come together.
    while chosen.len() < count && !rest.is_empty() {
        let first = rest.swap_remove(0);
        let near = |one: &Commune| one.postcodes[0] == first.postcodes[0];
        chosen.extend(rest.extract_if(.., |one| near(one)));
        chosen.push(first);
    }
    chosen.sort_by_key(|one| one.insee);
    chosen
}

/// The part of a commune that was a commune, or all of it.
struct Part<'a> {
    commune: &'a Commune,
    old: (&'static str, &'static str),
    /// Streets told so far in the whole commune.
    streets: usize,
    /// Streets have the base's own codes instead of the tax office's.
    own_codes: bool,
    /// Keys are UUIDs.
    uuids: bool,
    certified: bool,
    /// Where it lies.
    at: (f64, f64),
}

fn of_commune<E>(
    commune: &Commune,
    quota: usize,
    mut rng: Rng,
    each: &mut impl FnMut(&Row) -> Result<(), E>,
) -> Result<(), E> {
    let (lon, lat) = commune.centre();
    let spread = match commune.department() {
        "75" | "92" | "93" | "94" => 0.05,
        _ => 0.3,
    };
    let none = [("", "")];
    let parts = match commune.before.is_empty() {
        true => &none[..],
        false => &commune.before[..],
    };
    let mut part = Part {
        commune,
        old: none[0],
        streets: 0,
        own_codes: rng.chance(3),
        uuids: rng.chance(1),
        certified: rng.chance(60),
        at: (
            lon + (rng.unit() - 0.5) * spread,
            lat + (rng.unit() - 0.5) * spread,
        ),
    };
    let mut left = quota;
    for (i, old) in parts.iter().enumerate() {
        let share = match i + 1 == parts.len() {
            true => left,
            // What gave the commune its code is the largest.
            false if old.0 == commune.insee => left / 2,
            false => left / (parts.len() - i),
        };
        part.old = *old;
        let postcode = commune.postcodes[i % commune.postcodes.len()];
        of_part(&mut part, postcode, share, &mut rng, each)?;
        left -= share;
    }
    Ok(())
}

fn of_part<E>(
    part: &mut Part<'_>,
    postcode: &str,
    quota: usize,
    rng: &mut Rng,
    each: &mut impl FnMut(&Row) -> Result<(), E>,
) -> Result<(), E> {
    let commune = part.commune;
    let mut maker = Maker::new(Rng::new(rng.next_u64()), commune.tongue(), commune.size);
    let mut left = quota;
    while left > 0 {
        let street = maker.street();
        let mut numbers = numbers(rng, &street);
        numbers.truncate(left);
        left -= numbers.len();
        let mut row = street_row(part, &street, postcode, rng);
        if part.old.0.is_empty() && commune.postcodes.len() > 1 {
            row.postcode = rng.pick(&commune.postcodes).to_owned();
        }
        let code = row.id.clone();
        let (lon, lat) = (row.lon, row.lat);
        for (number, suffix) in numbers {
            row.id = match (part.uuids, suffix) {
                (true, _) => uuid(rng),
                (false, "") => format!("{}_{code}_{number:05}", commune.insee),
                (false, _) => format!("{}_{code}_{number:05}_{suffix}", commune.insee),
            };
            row.number = number;
            row.suffix.clear();
            row.suffix.push_str(suffix);
            row.lon = lon + f64::from(number) * 2e-5;
            row.lat = lat + f64::from(number % 2) * 1e-4;
            row.position = rng.pick(&["entrée", "entrée", "segment", "bâtiment", "parcelle", ""]);
            row.parcel = match rng.chance(60) {
                true => format!("{}000A{}0{:03}", row.insee, letter(rng), rng.below(1_000)),
                false => String::new(),
            };
            each(&row)?;
        }
    }
    Ok(())
}

/// What the addresses of a street share; the street's code stands for the key.
fn street_row(part: &mut Part<'_>, street: &Street, postcode: &str, rng: &mut Rng) -> Row {
    let commune = part.commune;
    let n = part.streets;
    part.streets += 1;
    let code = match street.hamlet {
        _ if part.own_codes => {
            let tail: String = (0..3)
                .map(|_| char::from(letter(rng).to_ascii_lowercase()))
                .collect();
            format!("x{}{tail}", base36(n))
        }
        true => format!("{}{:03}", char::from(b'B' + (n / 1_000) as u8), n % 1_000),
        false => format!("{:04}", n + 10),
    };
    let small_town = commune.size < 7 && !street.hamlet;
    let hamlet = match small_town && rng.chance(6) {
        true => rng.pick(crate::hamlets::FARMS).to_owned(),
        false => String::new(),
    };
    Row {
        id_fantoir: match part.own_codes {
            true => String::new(),
            false => format!("{}_{code}", commune.insee),
        },
        id: code,
        street: street.name.clone(),
        postcode: postcode.to_owned(),
        insee: commune.insee.to_owned(),
        commune: commune.name.to_owned(),
        old_insee: part.old.0.to_owned(),
        old_commune: part.old.1.to_owned(),
        lon: part.at.0 + (rng.unit() - 0.5) * 0.04,
        lat: part.at.1 + (rng.unit() - 0.5) * 0.03,
        hamlet,
        delivery: commune.delivery.clone(),
        afnor: afnor(&street.name),
        source: rng.pick(&["commune", "commune", "cadastre", "arcep", "inconnue"]),
        certified: part.certified,
        ..Row::default()
    }
}

/// Two characters.
fn base36(n: usize) -> String {
    let digit = |d: usize| char::from(b"0123456789abcdefghijklmnopqrstuvwxyz"[d % 36]);
    [digit(n / 36), digit(n)].iter().collect()
}

fn letter(rng: &mut Rng) -> u8 {
    b'A' + rng.below(26) as u8
}

fn uuid(rng: &mut Rng) -> String {
    let (a, b) = (rng.next_u64(), rng.next_u64());
    format!(
        "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
        a >> 32,
        (a >> 16) & 0xffff,
        a & 0xfff,
        (b >> 48) & 0xfff,
        b & 0xffff_ffff_ffff,
    )
}

/// The name as the post writes it: capitals, type and titles shortened when it is long.
fn afnor(name: &str) -> String {
    let mut words: Vec<String> = text::capitals(name).split(' ').map(str::to_owned).collect();
    let long = |words: &[String]| words.join(" ").len() > AFNOR_MAX;
    for at in 0..words.len() {
        if long(&words)
            && let Some(short) = words::shortest(&words[at].to_lowercase())
        {
            words[at] = short.to_uppercase();
        }
    }
    while long(&words) && words.len() > 2 {
        words.remove(1);
    }
    words.join(" ")
}

const NO_SUFFIX: &str = "";

/// The numbers of a street in order, with their suffixes.
fn numbers(rng: &mut Rng, street: &Street) -> Vec<(u32, &'static str)> {
    if street.hamlet && rng.chance(60) {
        return vec![(0, NO_SUFFIX)];
    }
    let count = match rng.below(100) {
        _ if street.hamlet => rng.between(1, 10),
        0..50 => rng.between(2, 12),
        50..85 => rng.between(8, 30),
        85..98 => rng.between(20, 80),
        _ => rng.between(100, 400),
    };
    let country = street.name.starts_with("Route") || street.name.starts_with("Chemin");
    let by_metres = country && rng.chance(35);
    let one_side = rng.chance(8);
    let mut numbers = Vec::with_capacity(count);
    let mut number = 0_u32;
    while numbers.len() < count {
        number += match rng.below(100) {
            step if by_metres => 7 + step as u32 % 60,
            // Gaps.
            0..4 => rng.between(2, 7) as u32,
            4..14 => 2,
            _ if one_side && number > 0 => 2,
            _ => 1,
        };
        if number > 9_000 {
            break;
        }
        // Now and then the number exists with its suffix alone.
        let suffixed = rng.chance(7);
        if !suffixed || rng.chance(92) {
            numbers.push((number, NO_SUFFIX));
        }
        if suffixed {
            let suffixes: &[&'static str] = match rng.below(10) {
                0..5 => &["bis"],
                5..7 => &["bis", "ter"],
                7 => &["bis", "ter", "quater"],
                8 => &["a", "b", "c", "d", "e", "f"],
                _ => &["b"],
            };
            let kept = rng.between(1, suffixes.len());
            numbers.extend(suffixes[..kept].iter().map(|suffix| (number, *suffix)));
        }
    }
    numbers
}

#[cfg(test)]
mod tests;
