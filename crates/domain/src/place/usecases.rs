//! Finding a place (E-1, E-7): the same answer for every door and, but for its own orders, for
//! every operator.

use std::sync::Arc;

use kernel::{Fault, Refusal, codes};
use search::{Assumption, Index, Kind, NumberMatch, QUERY_CHARS_MAX, Reading, Scratch, recognise};
use storage::{Error, Tx};

use super::{Candidate, Indexes, Named, Place, Verdict, labels, rules};
use crate::Platform;
use crate::access::Ctx;
use crate::address::projection::Projection;
use crate::address::store as addresses;
use crate::building::Building;
use crate::building::store as buildings;
use crate::line::store as lines;
use crate::network::store as network;
use crate::order::store::{Key, by_key};
use crate::order::{Order, address_line};
use crate::release::{Release, store as releases};

/// Candidates whose buildings are read.
pub const CANDIDATES_MAX: usize = 12;
/// Addresses offered around a point.
const AROUND_MAX: usize = 5;

/// Finds what `text` names, in the release in force.
///
/// # Errors
/// Refused FIMP15 for an empty text and FIMP16 for one of more than [`QUERY_CHARS_MAX`] characters;
/// a fault when the store does not answer.
pub async fn find(
    platform: &Platform,
    ctx: &Ctx,
    text: &str,
) -> Result<Result<Place, Refusal>, Fault> {
    if let Err(refusal) = readable(text) {
        return Ok(Err(refusal));
    }
    let (ctx, text) = (Arc::new(ctx.clone()), Arc::<str>::from(text));
    loop {
        let (ctx, text) = (Arc::clone(&ctx), Arc::clone(&text));
        let places = Arc::clone(&platform.places);
        // The pointer, the index and the rows are of one release, read at one instant.
        let found = platform.db.get(move |tx| {
            let release = releases::current(tx)?;
            Ok(found_in(tx, &ctx, &places, release, &text)?.ok_or(release))
        });
        match found.await? {
            Ok(place) => return Ok(Ok(place)),
            Err(release) => platform.places.of(&platform.db, release).await?,
        };
    }
}

/// As [`find`], in a release that is given, within a reading transaction; `None` when its index is
/// not in memory.
///
/// # Errors
/// Those of the store; the inner result is the place or why the text cannot be read.
pub fn find_in(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    places: &Indexes,
    release: Release,
    text: &str,
) -> Result<Option<Result<Place, Refusal>>, Error> {
    if let Err(refusal) = readable(text) {
        return Ok(Some(Err(refusal)));
    }
    Ok(found_in(tx, ctx, places, release, text)?.map(Ok))
}

/// Whether a text can be looked for.
///
/// # Errors
/// As [`find`].
pub fn readable(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(&codes::FIMP15).on("Adresse"));
    }
    if text.chars().count() > QUERY_CHARS_MAX {
        return Err(Refusal::new(&codes::FIMP16).on("Adresse"));
    }
    Ok(())
}

fn found_in(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    places: &Indexes,
    release: Release,
    text: &str,
) -> Result<Option<Place>, Error> {
    let Some(index) = places.loaded(release) else {
        return Ok(None);
    };
    let mut scratch = places.scratch();
    let mut finding = Finding {
        tx,
        ctx,
        release,
        index: &index,
    };
    let place = finding.place(text, &mut scratch)?;
    places.keep_scratch(scratch);
    Ok(Some(place))
}

/// What somebody who is typing `text` may go on to: at most `limit` places, in one line each.
///
/// # Errors
/// The store does not answer.
pub async fn suggest(platform: &Platform, text: &str, limit: usize) -> Result<Vec<String>, Fault> {
    if text.chars().count() > QUERY_CHARS_MAX {
        return Ok(Vec::new());
    }
    let release = platform.db.get(releases::current).await?;
    let index = platform.places.of(&platform.db, release).await?;
    let mut scratch = platform.places.scratch();
    let found = index.suggest(&mut scratch, text, limit);
    platform.places.keep_scratch(scratch);
    let mut labels: Vec<String> = Vec::new();
    for label in found.iter().map(|one| index.found(one).label()) {
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    Ok(labels)
}

struct Finding<'a> {
    tx: &'a mut dyn Tx,
    ctx: &'a Ctx,
    release: Release,
    index: &'a Index,
}

impl Finding<'_> {
    fn place(&mut self, text: &str, scratch: &mut Scratch) -> Result<Place, Error> {
        let mut unknown = None;
        for reading in recognise(text) {
            let found = match &reading {
                Reading::Address => Some(self.address(text, scratch)?),
                reference => self.reference(reference)?,
            };
            match found {
                Some(place) if place.verdict != Verdict::None => return Ok(place),
                // The likeliest reading tells what is unknown.
                Some(place) => unknown = unknown.or(Some(place)),
                None => {}
            }
        }
        Ok(unknown.unwrap_or_else(|| Place::unknown(None)))
    }

    /// What a reference leads to; `None` when the text need not be one.
    fn reference(&mut self, reading: &Reading) -> Result<Option<Place>, Error> {
        let (tx, release) = (&mut *self.tx, self.release);
        Ok(match reading {
            Reading::Nd { number } => {
                let line = addresses::nd_by_number(tx, release, number)?;
                let building = match line {
                    Some(line) => {
                        buildings::building_by_reference(tx, release, &line.building_ref)?
                    }
                    None => None,
                };
                Some(Place::of_building(Named::Nd, building))
            }
            Reading::Pto {
                reference,
                suggestions,
            } => {
                let building = pto_building(tx, release, reference)?;
                let mut place = Place::of_building(Named::Pto, building);
                if place.verdict == Verdict::None {
                    for twin in suggestions {
                        if lines::pto_by_reference(tx, release, twin)?.is_some() {
                            place.alike.push(twin.clone());
                        }
                    }
                }
                Some(place)
            }
            Reading::Building { reference } => {
                let building = buildings::building_by_reference(tx, release, reference)?;
                let shaped = reference.starts_with("IMB/");
                (shaped || building.is_some())
                    .then(|| Place::of_building(Named::Building, building))
            }
            Reading::Hexacle { code } => {
                let all = buildings::buildings_by_hexacle(tx, release, code)?;
                (!all.is_empty()).then(|| Place::of_buildings(Named::Hexacle, all))
            }
            Reading::BanKey { key } => {
                let address = addresses::address_by_key(tx, release, key)?;
                Some(match address {
                    None => Place::unknown(Some(Named::BanKey)),
                    Some(address) => {
                        let street = (address.insee.as_str(), address.street_code.as_str());
                        let complement = one_letter(&address.complement);
                        let number = (address.number.as_str(), complement.as_str());
                        let all =
                            buildings::buildings_by_street_number(tx, release, street, number)?;
                        let mut place = Place::of_buildings(Named::BanKey, all);
                        if let Some(first) = place.candidates.first_mut() {
                            first.ban_key.clone_from(&address.key);
                        }
                        place
                    }
                })
            }
            Reading::Pm { reference } => {
                let known = buildings::pm_exists(tx, release, reference)?;
                Some(Place::of_plant(Named::Pm, reference, known))
            }
            Reading::Pbo { reference } => {
                let known = network::pbo_exists(tx, release, reference)?;
                Some(Place::of_plant(Named::Pbo, reference, known))
            }
            Reading::Order { reference } => self.order(reference)?,
            Reading::Coordinates { lon, lat } => Some(self.around(*lon, *lat)?),
            Reading::Lambert93 { x, y } => match Projection::Rgf93.to_degrees(*x, *y) {
                Some((lon, lat)) => Some(self.around(lon, lat)?),
                None => Some(Place::unknown(Some(Named::Coordinates))),
            },
            Reading::Address => None,
        })
    }

    /// An order of the caller's own.
    fn order(&mut self, reference: &str) -> Result<Option<Place>, Error> {
        let Ok(scope) = self.ctx.operator() else {
            return Ok(None);
        };
        let keys = [Key::Reference, Key::Prestation];
        let mut found: Option<Order> = None;
        for key in keys {
            if found.is_none() {
                found = by_key(self.tx, scope, &key(reference.to_owned()))?;
            }
        }
        let Some(order) = found else {
            return Ok(None);
        };
        let building =
            buildings::building_by_reference(self.tx, self.release, &order.building_ref)?;
        let mut place = Place::of_building(Named::Order, building);
        (place.verdict, place.order) = (Verdict::Certain, Some(order.id.to_string()));
        Ok(Some(place))
    }

    /// Addresses around a point: never certain, since a point is nobody's address.
    fn around(&mut self, lon: f64, lat: f64) -> Result<Place, Error> {
        let near = self.index.nearest(lon, lat, AROUND_MAX);
        let mut place = Place::unknown(Some(Named::Coordinates));
        for (candidate, metres) in &near {
            let mut one = self.candidate(candidate)?;
            one.assumed = vec![labels::away(*metres)];
            place.candidates.push(one);
        }
        if !place.candidates.is_empty() {
            place.verdict = Verdict::Ambiguous;
        }
        Ok(place)
    }

    fn address(&mut self, text: &str, scratch: &mut Scratch) -> Result<Place, Error> {
        let answer = self.index.query(scratch, text);
        let mut place = Place::unknown(None);
        let best = answer.candidates.first().map(|one| one.number);
        place.verdict = rules::verdict(answer.verdict, best);
        place.more = answer.more || answer.candidates.len() > CANDIDATES_MAX;
        for candidate in answer.candidates.iter().take(CANDIDATES_MAX) {
            let mut one = self.candidate(candidate)?;
            if place.verdict == Verdict::Ambiguous {
                // Whoever chooses among communes assumes none.
                let told = candidate.assumed.iter();
                let told = told.filter(|one| !matches!(one, Assumption::CommuneGuessed { .. }));
                one.assumed = told.map(ToString::to_string).collect();
            }
            let parts = answer.unmatched(candidate).into_iter();
            one.unmatched = parts
                .filter_map(|part| text.get(part))
                .map(str::to_owned)
                .collect();
            place.candidates.push(one);
        }
        place.named = place.candidates.first().map(|one| one.kind);
        Ok(place)
    }

    fn candidate(&mut self, candidate: &search::Candidate) -> Result<Candidate, Error> {
        let found = self.index.found(candidate);
        let at = match candidate.kind {
            Kind::HouseNumber => self.standing(&found)?,
            Kind::Street | Kind::Place | Kind::Commune => Vec::new(),
        };
        Ok(Candidate {
            kind: match candidate.kind {
                Kind::HouseNumber => Named::Housenumber,
                Kind::Street => Named::Street,
                Kind::Place => Named::Place,
                Kind::Commune => Named::Commune,
            },
            label: found.label(),
            ban_key: found.ban_key(),
            insee: found.insee().to_owned(),
            unmatched: Vec::new(),
            assumed: candidate.assumed.iter().map(ToString::to_string).collect(),
            exact: candidate.number.is_found() && candidate.number != NumberMatch::NotAsked,
            is_other_number: !candidate.number.is_found(),
            buildings: at,
        })
    }

    /// The buildings of an address: by its street and number, else by its Hexaclé.
    fn standing(&mut self, found: &search::Found<'_>) -> Result<Vec<Building>, Error> {
        if found.buildings() == 0 {
            return Ok(Vec::new());
        }
        let (rivoli, hexacle) = (found.rivoli(), found.hexacle());
        if !rivoli.is_empty() {
            let number = found
                .number()
                .map_or("0".to_owned(), |number| number.to_string());
            let complement = found.building_complement();
            let street = (found.insee(), rivoli);
            let number = (number.as_str(), complement.as_str());
            let all = buildings::buildings_by_street_number(self.tx, self.release, street, number)?;
            if !all.is_empty() {
                return Ok(all);
            }
        }
        if hexacle.is_empty() {
            return Ok(Vec::new());
        }
        buildings::buildings_by_hexacle(self.tx, self.release, &hexacle)
    }
}

/// A complement as buildings have it: one capital letter.
fn one_letter(complement: &str) -> String {
    let first = complement.chars().next();
    first.map_or(String::new(), |c| c.to_ascii_uppercase().to_string())
}

fn pto_building(
    tx: &mut dyn Tx,
    release: Release,
    reference: &str,
) -> Result<Option<Building>, Error> {
    match buildings::dwelling_of_pto(tx, release, reference)? {
        Some(dwelling) => buildings::building_by_reference(tx, release, &dwelling.building_ref),
        None => Ok(None),
    }
}

impl Place {
    /// Nothing is known by what was recognised as `named`.
    fn unknown(named: Option<Named>) -> Self {
        Self {
            verdict: Verdict::None,
            candidates: Vec::new(),
            more: false,
            alike: Vec::new(),
            named,
            order: None,
        }
    }

    fn of_building(named: Named, building: Option<Building>) -> Self {
        Self::of_buildings(named, building.into_iter().collect())
    }

    /// A reference that leads to buildings of one address.
    fn of_buildings(named: Named, all: Vec<Building>) -> Self {
        let mut place = Self::unknown(Some(named));
        let Some(first) = all.first() else {
            return place;
        };
        place.verdict = Verdict::Certain;
        place.candidates.push(Candidate {
            kind: named,
            label: address_line(first),
            ban_key: first.ban_key.clone(),
            insee: first.insee.clone(),
            unmatched: Vec::new(),
            assumed: Vec::new(),
            exact: true,
            is_other_number: false,
            buildings: all,
        });
        place
    }

    /// A PM or PBO: it is known, and it is no address.
    fn of_plant(named: Named, reference: &str, known: bool) -> Self {
        let mut place = Self::unknown(Some(named));
        if known {
            place.verdict = Verdict::Certain;
            place.candidates.push(Candidate {
                kind: named,
                label: reference.to_owned(),
                ban_key: String::new(),
                insee: String::new(),
                unmatched: Vec::new(),
                assumed: Vec::new(),
                exact: true,
                is_other_number: false,
                buildings: Vec::new(),
            });
        }
        place
    }
}
