//! What surrounds a tested building: the map of its neighbourhood, and the way light takes from the
//! PM to a dwelling. The page shows both; no verdict rests on them.

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
/// Buildings of a map at most.
const NEIGHBOURS_MAX: i64 = 400;
/// Buildings whose numbers are written.
const NUMBERED_MAX: usize = 45;

/// What stands around a building, and the way to it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The frame of the map; `None` when the building has no coordinates.
    pub frame: Option<Bounds>,
    /// The buildings of the frame.
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
    let read = move |tx: &mut dyn Tx| {
        let release = release::store::current(tx)?;
        let (pm_ref, reference) = (building.pm_ref.as_str(), building.reference.as_str());
        let pbos = networks::list_pbos_of_building(tx, release, pm_ref, reference)?;
        let mut found = Surroundings {
            frame: place.map(|place| frame(place, pm, &pbos)),
            pbos,
            ..Surroundings::default()
        };
        if let Some(frame) = found.frame {
            let street = (building.insee.as_str(), building.rivoli.as_str());
            found.neighbours = list_near(tx, release, pm_ref, street, frame, NEIGHBOURS_MAX)?;
        }
        if let Some(way) = &way {
            (found.path, found.likely) = path(tx, &ctx, release, pm_ref, way)?;
        }
        Ok(found)
    };
    Ok(platform.db.read(read).await?)
}

/// The frame around a building that also holds its PBOs, and its PM unless that is far.
fn frame(place: (f64, f64), pm: Option<(f64, f64)>, pbos: &[Pbo]) -> Bounds {
    let placed = pbos.iter().filter_map(|pbo| pbo.lon.zip(pbo.lat));
    let near = |one: &(f64, f64)| {
        let reach = 4.0 * AROUND;
        (one.0 - place.0).abs() < reach && (one.1 - place.1).abs() < reach
    };
    let all = placed.chain(pm).filter(near);
    let half = AROUND / 2.0;
    let start = [
        place.0 - half,
        place.1 - half,
        place.0 + half,
        place.1 + half,
    ];
    map::framed(all.fold(start, |b, (lon, lat)| {
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

/// A map, drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// What the frame holds: `west,south,east,north`.
    pub bounds: String,
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
    let numbered = around.neighbours.len() <= NUMBERED_MAX;
    let mut buildings: Vec<Mark> = Vec::new();
    for one in by_importance(&around.neighbours, tested) {
        let own = one.reference == *tested;
        let (number, class) = (labels::number(one), Phase::of(one.state).tone().class());
        buildings.push(Mark {
            r: if own { 13.0 } else { 7.0 },
            ..mark(
                one.place,
                labels::neighbour(one),
                if numbered || own {
                    number
                } else {
                    String::new()
                },
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
    Some(Drawing {
        bounds: map::written(frame),
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
                let same = |one: &&Neighbour| Phase::of(one.state) == phase;
                let count = around.neighbours.iter().filter(same).count();
                (phase.code(), phase.label(), phase.tone(), count)
            })
            .into(),
    })
}

/// The tested building last, so that it is drawn over the others.
fn by_importance<'a>(
    neighbours: &'a [Neighbour],
    tested: &'a str,
) -> impl Iterator<Item = &'a Neighbour> {
    let own = move |one: &&Neighbour| one.reference == tested;
    let others = neighbours.iter().filter(move |one| !own(one));
    others.chain(neighbours.iter().filter(own))
}

fn href(one: &Neighbour) -> String {
    web::link("/eligibilite", &[("IdentifiantImmeuble", &one.reference)])
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
    for one in by_importance(&around.neighbours, tested) {
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

    fn pbo(lon: f64, lat: f64) -> Pbo {
        Pbo {
            pm_ref: "PM".to_owned(),
            reference: "PB".to_owned(),
            kind: String::new(),
            capacity: 0,
            lon: Some(lon),
            lat: Some(lat),
            origin: release::Kind::Ipe,
        }
    }

    #[test]
    fn the_frame_holds_the_building_its_pbos_and_a_pm_that_is_near() {
        let place = (-0.77, 48.07);
        let whole = frame(place, Some((-0.774, 48.072)), &[pbo(-0.7705, 48.0712)]);
        assert!(map::holds(whole, place) && map::holds(whole, (-0.774, 48.072)));
        assert!(map::holds(whole, (-0.7705, 48.0712)));
        let far = frame(place, Some((-0.5, 48.2)), &[]);
        assert!(!map::holds(far, (-0.5, 48.2)) && map::holds(far, place));
        let high_m = (far[3] - far[1]) * map::DEGREE_M;
        assert!((190.0..400.0).contains(&high_m), "{high_m}");
    }
}
