//! What surrounds a tested building: the map of its neighbourhood, and the way light takes from the
//! PM to a dwelling. The page shows both; no verdict rests on them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::access::{Ctx, Duty};
use domain::building::store::{Neighbour, list_near};
use domain::network::{OpticalRoute, Pbo, store as networks};
use domain::{Platform, line, release};
use kernel::Fault;
use serde_json::json;
use storage::{Error, Tx};
use web::map::{self, Bounds, Mark, Phase};
use web::{Colour, Tag};

use crate::labels;
use crate::rules::{Assessed, Way};

/// Around a building, in degrees of latitude: some two hundred metres.
const AROUND: f64 = 0.0018;
/// Buildings in reach that are looked at: more than a town has.
const NEIGHBOURS_MAX: i64 = 1_000;
/// Addresses around a building whose streets are looked at: those of more buildings than the
/// drawing shows.
const ADDRESSES_AROUND: usize = 48;
/// The nearest buildings, which the frame is laid around, and which the drawing shows: a page has
/// room for so many.
const FRAMED: usize = 40;
/// Width of a letter of a street's name, in units of the sheet.
const NAME_UNITS: f64 = 9.0;

/// What stands around a building, and the way to it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The frame of the map; `None` when the building has no coordinates.
    pub frame: Option<Bounds>,
    /// The buildings in reach of the one tested, the nearest first; the frame holds some of them.
    pub neighbours: Vec<Neighbour>,
    /// The PBOs that serve the building.
    pub pbos: Vec<Pbo>,
    /// The fibre an order would get, or the one that a PTO has.
    pub path: Option<OpticalRoute>,
    /// Whether that fibre is free, hence only likely.
    pub likely: bool,
}

/// Reads them for the way that was chosen.
///
/// # Errors
/// The store does not answer.
pub async fn read(
    platform: &Platform,
    ctx: &Ctx,
    assessed: &Assessed,
    way: Option<&Way>,
) -> Result<Surroundings, Fault> {
    let (ctx, building) = (ctx.clone(), assessed.site.building.clone());
    let way = way.cloned();
    let place = building.lon.zip(building.lat);
    let pm = assessed.site.pm.as_ref().and_then(|pm| pm.lon.zip(pm.lat));
    let places = Arc::clone(&platform.places);
    let read = move |tx: &mut dyn Tx| {
        let release = release::store::current(tx)?;
        let (pm_ref, reference) = (building.pm_ref.as_str(), building.reference.as_str());
        let pbos = networks::list_pbos_of_building(tx, release, pm_ref, reference)?;
        let mut found = Surroundings {
            pbos,
            ..Surroundings::default()
        };
        if let Some(place) = place {
            let own = (building.insee.clone(), building.rivoli.clone());
            // Until the index is there, the map is of the PM and of the building's own street.
            let index = places.loaded(release);
            let around =
                index.map(|index| index.streets_around(place.0, place.1, ADDRESSES_AROUND));
            let streets = [own].into_iter().chain(around.unwrap_or_default());
            found.neighbours = neighbours(tx, release, pm_ref, streets, place)?;
            let near = found.neighbours.iter().take(FRAMED).map(|one| one.place);
            let placed = found.pbos.iter().filter_map(|pbo| pbo.lon.zip(pbo.lat));
            found.frame = Some(frame(place, near.chain(placed).chain(pm)));
        }
        if let Some(way) = &way {
            (found.path, found.likely) = path(tx, &ctx, release, pm_ref, way)?;
        }
        Ok(found)
    };
    Ok(platform.db.read(read).await?)
}

/// The buildings behind a PM and of some streets that are in reach of a place, the nearest first.
fn neighbours(
    tx: &mut dyn Tx,
    release: release::Release,
    pm_ref: &str,
    streets: impl Iterator<Item = (String, String)>,
    place: (f64, f64),
) -> Result<Vec<Neighbour>, Error> {
    let reach = [
        place.0 - 2.0 * AROUND,
        place.1 - 2.0 * AROUND,
        place.0 + 2.0 * AROUND,
        place.1 + 2.0 * AROUND,
    ];
    let mut communes: Vec<(String, Vec<String>)> = Vec::new();
    for (insee, rivoli) in streets {
        match communes.iter_mut().find(|one| one.0 == insee) {
            Some((_, known)) if known.contains(&rivoli) => {}
            Some((_, known)) => known.push(rivoli),
            None => communes.push((insee, vec![rivoli])),
        }
    }
    let mut all: Vec<Neighbour> = Vec::new();
    for (insee, rivolis) in &communes {
        // The PM's own are asked for once, with the first streets.
        let behind = if all.is_empty() { pm_ref } else { "" };
        let streets = (insee.as_str(), rivolis.as_slice());
        all.extend(list_near(
            tx,
            release,
            behind,
            streets,
            reach,
            NEIGHBOURS_MAX,
        )?);
    }
    all.sort_by(|a, b| a.reference.cmp(&b.reference));
    all.dedup_by(|a, b| a.reference == b.reference);
    let narrow = place.1.to_radians().cos();
    let off = |one: &Neighbour| {
        let (east, north) = ((one.place.0 - place.0) * narrow, one.place.1 - place.1);
        east.mul_add(east, north * north)
    };
    all.sort_by(|a, b| off(a).total_cmp(&off(b)));
    Ok(all)
}

/// The frame around a building that holds what is near it of `others`.
fn frame(place: (f64, f64), others: impl Iterator<Item = (f64, f64)>) -> Bounds {
    let near = |one: &(f64, f64)| {
        let reach = 2.0 * AROUND;
        (one.0 - place.0).abs() < reach && (one.1 - place.1).abs() < reach
    };
    let start = [place.0, place.1, place.0, place.1];
    map::framed(others.filter(near).fold(start, |b, (lon, lat)| {
        [b[0].min(lon), b[1].min(lat), b[2].max(lon), b[3].max(lat)]
    }))
}

/// The route of the PTO, else that of the fibre which an order would take.
fn path(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: release::Release,
    pm_ref: &str,
    way: &Way,
) -> Result<(Option<OpticalRoute>, bool), Error> {
    if let Some(pto_ref) = &way.pto_ref {
        let routes = networks::list_routes_of_pto(tx, release, pto_ref)?;
        return Ok((routes.into_iter().next(), false));
    }
    let scope = ctx.duty(Duty::FibreOccupancy);
    let next = line::store::next_fibre(tx, &scope, release, pm_ref, &way.pbo_ref)?;
    let Some(fibre) = next else {
        return Ok((None, true));
    };
    let known = networks::route_by_fibre(tx, release, &fibre.id)?;
    let route = known.unwrap_or_else(|| OpticalRoute {
        pto_ref: String::new(),
        rank: 1,
        pm_ref: fibre.pm_ref.clone(),
        pbo_ref: fibre.pbo_ref.clone(),
        module: String::new(),
        position: String::new(),
        module_cable: String::new(),
        module_tube: String::new(),
        module_fibre: String::new(),
        cable_ref: fibre.cable.clone(),
        tube: fibre.tube.clone(),
        fibre: fibre.colour.clone(),
        fibre_id: fibre.id.clone(),
        connector: 0,
        connector_colour: None,
        origin: fibre.origin,
    });
    Ok((Some(route), true))
}

/// A street of a map.
#[derive(Clone, Debug)]
pub struct Road {
    /// The points of its line.
    pub points: String,
    /// Its name; empty where there is no room for it.
    pub name: String,
    /// The middle of what is seen of it, and how it lies there, in degrees.
    pub middle: (f64, f64, f64),
}

/// A map, drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// What the frame holds: `west,south,east,north`.
    pub bounds: String,
    /// Streets, sketched from their buildings.
    pub roads: Vec<Road>,
    /// Buildings; the tested one is the last.
    pub buildings: Vec<Mark>,
    /// PBOs that serve it.
    pub pbos: Vec<Mark>,
    /// Its PM, when it stands in the frame.
    pub pm: Option<Mark>,
    /// From the PM by the PBO to the building, as points of a line; empty without PBO.
    pub ways: Vec<String>,
    /// Length of the scale, in units, and what it is on the ground.
    pub scale: (f64, String),
    /// Buildings by step: code, label, tone, count.
    pub legend: Vec<(&'static str, &'static str, web::Tone, usize)>,
}

/// Draws the neighbourhood; `None` without coordinates.
#[must_use]
pub fn draw(assessed: &Assessed, around: &Surroundings) -> Option<Drawing> {
    let frame = around.frame?;
    let mark = |place, title: String, text: String, class: String, href: String| {
        let (x, y) = map::at(frame, place);
        Mark {
            x,
            y,
            r: 7.0,
            class,
            title,
            text,
            href,
        }
    };
    let tested = &assessed.site.building.reference;
    let seen: Vec<&Neighbour> = around
        .neighbours
        .iter()
        .filter(|one| map::holds(frame, one.place))
        .take(FRAMED)
        .collect();
    let mut buildings: Vec<Mark> = Vec::new();
    for one in by_importance(&seen, tested) {
        let own = one.reference == *tested;
        let (number, class) = (labels::number(one), Phase::of(one.state).tone().class());
        buildings.push(Mark {
            r: if own { 13.0 } else { 7.0 },
            ..mark(
                one.place,
                labels::neighbour(one),
                number,
                class.to_owned(),
                href(one),
            )
        });
    }
    let placed = |pbo: &Pbo| Some((pbo.reference.clone(), pbo.lon.zip(pbo.lat)?));
    let pbos: Vec<_> = around.pbos.iter().filter_map(placed).collect();
    let pm = assessed.site.pm.as_ref();
    let pm_place = pm.and_then(|pm| pm.lon.zip(pm.lat));
    let point = |place| {
        let (x, y) = map::at(frame, place);
        format!("{x},{y}")
    };
    let building = assessed.site.building.lon.zip(assessed.site.building.lat);
    let way = |pbo: &(String, (f64, f64))| {
        let all = pm_place.into_iter().chain([pbo.1]).chain(building);
        all.map(point).collect::<Vec<_>>().join(" ")
    };
    let none = String::new;
    let drawn = |(name, line): (String, Vec<(f64, f64)>)| road(frame, &name, &line);
    Some(Drawing {
        bounds: map::written(frame),
        roads: roads(&around.neighbours).into_iter().map(drawn).collect(),
        ways: pbos.iter().map(way).collect(),
        pbos: pbos
            .iter()
            .map(|(name, place)| mark(*place, labels::pbo(name), name.clone(), none(), none()))
            .collect(),
        pm: pm_place
            .filter(|place| map::holds(frame, *place))
            .zip(pm)
            .map(|(place, pm)| mark(place, labels::pm(pm), pm.reference.clone(), none(), none())),
        buildings,
        scale: map::scale_of(frame),
        legend: Phase::ALL
            .map(|phase| {
                let same = |one: &&&Neighbour| Phase::of(one.state) == phase;
                let count = seen.iter().filter(same).count();
                (phase.code(), phase.label(), phase.tone(), count)
            })
            .into(),
    })
}

/// The streets of some buildings: the name of each and its line, in degrees.
fn roads(neighbours: &[Neighbour]) -> Vec<(String, Vec<(f64, f64)>)> {
    let mut streets: BTreeMap<&(String, String), Vec<&Neighbour>> = BTreeMap::new();
    for one in neighbours {
        streets.entry(&one.street_key).or_default().push(one);
    }
    let sketched = streets.into_values().map(|all| {
        let places: Vec<_> = all.iter().map(|one| one.place).collect();
        (web::french::address(&all[0].street), map::road(&places))
    });
    sketched.filter(|(_, line)| !line.is_empty()).collect()
}

/// Draws a street, and its name where the frame shows enough of it.
fn road(frame: Bounds, name: &str, line: &[(f64, f64)]) -> Road {
    let points: Vec<_> = line.iter().map(|place| map::at(frame, *place)).collect();
    let on_sheet =
        |(x, y): &&(f64, f64)| (0.0..=map::SIZE.0).contains(x) && (0.0..=map::SIZE.1).contains(y);
    let mut seen = points.iter().filter(on_sheet);
    let ends = seen.next().zip(seen.next_back());
    let (from, to) = ends.map_or_else(Default::default, |(from, to)| (*from, *to));
    // Read from the left to the right.
    let (from, to) = if from.0 <= to.0 {
        (from, to)
    } else {
        (to, from)
    };
    let across = (to.0 - from.0, to.1 - from.1);
    let room = across.0.hypot(across.1) >= NAME_UNITS * name.chars().count() as f64;
    let text: Vec<String> = points.iter().map(|(x, y)| format!("{x},{y}")).collect();
    Road {
        points: text.join(" "),
        name: if room { name.to_owned() } else { String::new() },
        middle: (
            f64::midpoint(from.0, to.0).round(),
            f64::midpoint(from.1, to.1).round(),
            across.1.atan2(across.0).to_degrees().round(),
        ),
    }
}

/// The tested building last, so that it is drawn over the others.
fn by_importance<'a>(
    neighbours: &[&'a Neighbour],
    tested: &str,
) -> impl Iterator<Item = &'a Neighbour> {
    let own = |one: &&Neighbour| one.reference == tested;
    let (own, others): (Vec<_>, Vec<_>) = neighbours.iter().copied().partition(own);
    others.into_iter().chain(own)
}

/// Its page, from that of another building: a drawing has many, and is short of room.
fn href(one: &Neighbour) -> String {
    let query = web::link("", &[("IdentifiantImmeuble", &one.reference)]);
    query.replace("%2F", "/")
}

/// The same as GeoJSON, for the map that moves.
#[must_use]
pub fn geojson(assessed: &Assessed, around: &Surroundings) -> String {
    let point = |place: (f64, f64), properties: serde_json::Value| {
        json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [place.0, place.1]},
            "properties": properties,
        })
    };
    let tested = &assessed.site.building.reference;
    let mut features = Vec::new();
    let pm = assessed.site.pm.as_ref();
    let pm_place = pm.and_then(|pm| pm.lon.zip(pm.lat));
    let building = assessed.site.building.lon.zip(assessed.site.building.lat);
    for (name, line) in roads(&around.neighbours) {
        let line: Vec<_> = line.into_iter().map(|(lon, lat)| [lon, lat]).collect();
        features.push(json!({
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": line},
            "properties": {"genre": "rue", "court": name},
        }));
    }
    for pbo in &around.pbos {
        let Some(place) = pbo.lon.zip(pbo.lat) else {
            continue;
        };
        let way = pm_place.into_iter().chain([place]).chain(building);
        let way: Vec<_> = way.map(|(lon, lat)| [lon, lat]).collect();
        features.push(json!({
            "type": "Feature",
            "geometry": {"type": "LineString", "coordinates": way},
            "properties": {"genre": "trace"},
        }));
        let title = labels::pbo(&pbo.reference);
        let properties = json!({"genre": "pbo", "titre": title, "court": pbo.reference});
        features.push(point(place, properties));
    }
    let all: Vec<&Neighbour> = around.neighbours.iter().collect();
    for one in by_importance(&all, tested) {
        let phase = Phase::of(one.state);
        let properties = json!({
            "genre": "immeuble", "etat": phase.code(), "n": 1, "etats": {(phase.code()): 1},
            "titre": labels::neighbour(one), "court": labels::number(one), "lien": href(one),
            "ici": one.reference == *tested,
        });
        features.push(point(one.place, properties));
    }
    if let Some((pm, place)) = pm.zip(pm_place) {
        let properties = json!({"genre": "pm", "titre": labels::pm(pm), "court": pm.reference});
        features.push(point(place, properties));
    }
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

/// A point of the optical path.
#[derive(Clone, Debug)]
pub struct Point {
    /// Name of an icon.
    pub icon: &'static str,
    /// Its reference.
    pub title: String,
    /// Where it is, or its kind.
    pub note: String,
    /// The fibre that leaves it, by the names of its colours.
    pub colours: Vec<Colour>,
    /// Free fibres, saturation...
    pub state: Option<Tag>,
}

/// From the PM to the dwelling, by the colours that a technician reads.
#[must_use]
pub fn points(assessed: &Assessed, around: &Surroundings, way: Option<&Way>) -> Vec<Point> {
    let mut points = Vec::new();
    let colours = |tube: &str, fibre: &str| {
        let told = [("tube", tube), ("fibre", fibre)].into_iter();
        let told = told.filter(|(_, text)| !text.is_empty());
        told.map(|(of, text)| Colour::read(of, text)).collect()
    };
    let path = around.path.as_ref();
    if let Some(pm) = &assessed.site.pm {
        let place = path.map(labels::drawer).unwrap_or_default();
        points.push(Point {
            icon: "layers",
            title: format!("PM {}", pm.reference),
            note: [pm.kind.clone(), place]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(", "),
            colours: path
                .map(|path| colours(&path.module_tube, &path.module_fibre))
                .unwrap_or_default(),
            state: Some(Tag::new(web::Tone::Neutral, labels::capacity(pm.capacity))),
        });
    }
    let Some(way) = way else { return points };
    if !way.pbo_ref.is_empty() {
        let known = around.pbos.iter().find(|pbo| pbo.reference == way.pbo_ref);
        let kind = known.map_or_else(String::new, |pbo| pbo.kind.clone());
        let cable = path.map_or("", |path| path.cable_ref.as_str());
        points.push(Point {
            icon: "plug",
            title: format!("PBO {}", way.pbo_ref),
            note: labels::at_pbo(&kind, cable),
            colours: path
                .map(|path| colours(&path.tube, &path.fibre))
                .unwrap_or_default(),
            state: way
                .pto_ref
                .is_none()
                .then(|| labels::free_tag(way.free_fibres)),
        });
    }
    let connector = path.map(labels::connector).unwrap_or_default();
    points.push(Point {
        icon: "house",
        title: match &way.pto_ref {
            Some(pto_ref) => format!("PTO {pto_ref}"),
            None => labels::PTO_TO_BUILD.to_owned(),
        },
        note: labels::whole_spot(way, &connector),
        colours: Vec::new(),
        state: None,
    });
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frame_holds_the_building_and_what_is_near_it() {
        let place = (-0.77, 48.07);
        let (pm, pbo) = ((-0.774, 48.072), (-0.7705, 48.0712));
        let reach = |near: &[(f64, f64)]| frame(place, near.iter().copied());
        let near = reach(&[(-0.772, 48.0715), pbo]);
        assert!(map::holds(near, place) && map::holds(near, pbo));
        // A PM across the town does not make a map of the town.
        let far = reach(&[pm]);
        assert!(!map::holds(far, pm) && map::holds(far, place));
        let high_m = (far[3] - far[1]) * map::DEGREE_M;
        assert!((190.0..400.0).contains(&high_m), "{high_m}");
    }

    #[test]
    fn a_street_is_named_where_its_name_has_room() {
        let frame = map::framed([-0.772, 48.069, -0.768, 48.071]);
        let long = [(-0.7715, 48.0695), (-0.7685, 48.0705)];
        let drawn = road(frame, "Rue des Tilleuls", &long);
        assert_eq!(drawn.name, "Rue des Tilleuls");
        assert!((-45.0..0.0).contains(&drawn.middle.2), "{drawn:?}");
        let short = [(-0.7702, 48.07), (-0.7698, 48.07)];
        assert!(road(frame, "Rue des Tilleuls", &short).name.is_empty());
    }
}
