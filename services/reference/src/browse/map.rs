//! The map of the territory: what stands in a frame, at most so many marks of it, drawn here as SVG
//! for paper and for browsers without JavaScript, and given as GeoJSON to the map that moves. From
//! afar a mark is a street, or several; close by, a building. Nothing comes from outside.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use domain::building::BuildingState;
use domain::network::{Pbo, store as networks};
use domain::release::Release;
use kernel::{Fault, Refusal, codes};
use serde_json::json;
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Tx};
use web::map::holds;

use super::atlas::{Atlas, Bounds, Street, union};
use super::labels::{self, Phase};
use super::pages::MapPage;
use super::places::shell;
use super::store::{self, Plot};
use super::{drawing, links};

/// Buildings of a frame that are looked at one by one; beyond, streets stand for them.
const PLOTS_MAX: i64 = 2_500;
/// Marks that are sent to the map that moves.
pub const MARKS_MAX: usize = 900;
/// Streets of a frame that are marked one by one; more would hide each other.
const STREETS_MAX: usize = 200;
/// The same on the smallest screen; the map says how many its own has room for (`place`).
const STREETS_MIN: usize = 9;
/// PMs of a frame that are shown; beyond, none is.
const PMS_MAX: usize = 400;
/// PMs whose PBOs are looked for in one frame.
const PMS_OF_PBOS_MAX: usize = 30;
/// PBOs of a frame that are shown.
const PBOS_MAX: usize = 600;
/// Around a PM, in degrees.
const AROUND: f64 = 0.004;

type States = [i64; BuildingState::ALL.len()];

/// Something at a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Longitude and latitude (degrees).
    pub place: (f64, f64),
    /// Buildings there by state.
    pub states: States,
    /// Its name.
    pub title: String,
    /// A few characters to write beside it; empty for none.
    pub short: String,
    /// Its page; empty where several marks were put together.
    pub href: String,
    /// What those marks cover together.
    pub reach: Option<Bounds>,
}

impl Spot {
    /// The step most of its buildings are at.
    pub fn phase(&self) -> Phase {
        let most = |phase: &Phase| phase.count(&self.states);
        // Of equals `max_by_key` gives the last: the list is read from its end.
        let all = Phase::ALL.into_iter().rev();
        all.max_by_key(most).unwrap_or(Phase::Planned)
    }

    /// Buildings it stands for.
    pub fn buildings(&self) -> i64 {
        self.states.iter().sum()
    }
}

/// What a frame shows.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// Streets, groups of streets, or buildings.
    pub spots: Vec<Spot>,
    /// Whether the spots are buildings.
    pub close: bool,
    /// PMs: reference, what is said of it, place.
    pub pms: Vec<(String, String, (f64, f64))>,
    /// PBOs: PM, reference, place.
    pub pbos: Vec<(String, String, (f64, f64))>,
    /// Communes: name, place.
    pub communes: Vec<(String, (f64, f64))>,
}

fn meets(a: &Bounds, b: &Bounds) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

fn centre([west, south, east, north]: Bounds) -> (f64, f64) {
    (f64::midpoint(west, east), f64::midpoint(south, north))
}

/// What stands in `frame`, in at most `max` spots, or in `room` when they are no buildings.
async fn scene(
    call: &PageCall,
    atlas: &Atlas,
    frame: Bounds,
    (max, room): (usize, usize),
) -> Result<Scene, PageError> {
    let streets: Vec<&Street> = atlas
        .streets
        .iter()
        .filter(|street| street.buildings > 0)
        .filter(|street| street.bounds.is_some_and(|bounds| meets(&bounds, &frame)))
        .collect();
    let close = streets.iter().map(|s| s.buildings).sum::<i64>() <= PLOTS_MAX;
    let mut scene = Scene {
        close,
        pms: pms_in(atlas, &frame),
        communes: communes_in(atlas, &frame),
        ..Scene::default()
    };
    if close {
        let keys = streets.iter().map(|s| (s.insee.clone(), s.rivoli.clone()));
        let (keys, release) = (keys.collect::<Vec<_>>(), atlas.release);
        let read = move |tx: &mut dyn Tx| nearby(tx, release, &keys, &frame);
        let (plots, pbos) = call.platform.db.read(read).await.map_err(Fault::from)?;
        scene.spots = plots.iter().filter_map(plot_spot).collect();
        scene.pbos = pbos;
        scene.close = scene.spots.len() <= max;
    } else {
        scene.spots = streets.into_iter().filter_map(street_spot).collect();
        scene.spots.retain(|spot| holds(frame, spot.place));
    }
    let max = if scene.close { max } else { max.min(room) };
    if scene.spots.len() > max {
        scene.spots = grouped(&scene.spots, &frame, max);
    }
    Ok(scene)
}

fn pms_in(atlas: &Atlas, frame: &Bounds) -> Vec<(String, String, (f64, f64))> {
    let placed = atlas.pms.iter().filter_map(|pm| Some((pm, pm.place?)));
    let seen: Vec<_> = placed
        .filter(|(_, place)| holds(*frame, *place))
        .take(PMS_MAX + 1)
        .map(|(pm, place)| (pm.reference.clone(), labels::pm_mark(pm), place))
        .collect();
    if seen.len() > PMS_MAX {
        return Vec::new();
    }
    seen
}

/// Communes have no outline here: each is named amid its streets.
fn communes_in(atlas: &Atlas, frame: &Bounds) -> Vec<(String, (f64, f64))> {
    let middle = |insee: &str| {
        let all = atlas.streets_of(insee).filter_map(|street| street.bounds);
        union(all).map(centre)
    };
    let named = atlas.communes.iter();
    named
        .filter_map(|c| Some((c.name.clone(), middle(&c.insee)?)))
        .filter(|(_, place)| holds(*frame, *place))
        .take(MARKS_MAX)
        .collect()
}

type Nearby = (Vec<Plot>, Vec<(String, String, (f64, f64))>);

fn nearby(
    tx: &mut dyn Tx,
    release: Release,
    streets: &[(String, String)],
    frame: &Bounds,
) -> Result<Nearby, Error> {
    let mut plots = Vec::new();
    for (insee, rivoli) in streets {
        let mut after = String::new();
        loop {
            let page = store::list_plots(tx, release, (insee, rivoli), &after)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.reference);
            let here = |plot: &Plot| plot.place.is_some_and(|place| holds(*frame, place));
            plots.extend(page.into_iter().filter(here));
        }
    }
    let mut pm_refs: Vec<&str> = plots.iter().map(|plot| plot.pm_ref.as_str()).collect();
    pm_refs.sort_unstable();
    pm_refs.dedup();
    pm_refs.retain(|pm_ref| !pm_ref.is_empty());
    let mut pbos = Vec::new();
    for pm_ref in pm_refs.into_iter().take(PMS_OF_PBOS_MAX) {
        let mut after = String::new();
        loop {
            let page: Vec<Pbo> = networks::list_pbos_of_pm(tx, release, pm_ref, &after)?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.reference);
            let placed = page.into_iter().filter_map(|pbo| {
                let place = pbo.lon.zip(pbo.lat)?;
                holds(*frame, place).then_some((pbo.pm_ref, pbo.reference, place))
            });
            pbos.extend(placed);
        }
    }
    pbos.truncate(PBOS_MAX);
    Ok((plots, pbos))
}

fn street_spot(street: &Street) -> Option<Spot> {
    let count = labels::counted(street.buildings, "immeuble", "immeubles");
    Some(Spot {
        place: centre(street.bounds?),
        states: street.states,
        title: labels::titled(&labels::street(&street.name), &count),
        short: street.name.clone(),
        href: links::street(&street.insee, &street.rivoli),
        reach: None,
    })
}

fn plot_spot(plot: &Plot) -> Option<Spot> {
    let number = labels::number(&plot.number, &plot.complement);
    let place = format!("{number} {}", plot.batiment);
    Some(Spot {
        place: plot.place?,
        states: BuildingState::ALL
            .iter()
            .map(|state| i64::from(*state == plot.state))
            .collect::<Vec<_>>()
            .try_into()
            .ok()?,
        title: labels::titled(place.trim_end(), plot.state.label()),
        short: number,
        href: links::building(&plot.reference, ""),
        reach: None,
    })
}

/// The spots put together by the cells of a grid over the frame, at most `max` of them.
fn grouped(spots: &[Spot], [west, south, east, north]: &Bounds, max: usize) -> Vec<Spot> {
    let side = (1..)
        .take_while(|side| side * side <= max)
        .last()
        .unwrap_or(1);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a small grid, and what lies outside it is put on its edge"
    )]
    let cell = |value: f64, from: f64, to: f64| {
        let at = (value - from) / (to - from) * side as f64;
        (at as usize).min(side - 1)
    };
    let mut cells: Vec<Vec<&Spot>> = vec![Vec::new(); side * side];
    for spot in spots {
        let column = cell(spot.place.0, *west, *east);
        let line = cell(spot.place.1, *south, *north);
        cells[line * side + column].push(spot);
    }
    let filled = cells.into_iter().filter(|cell| !cell.is_empty());
    filled
        .map(|cell| match cell.as_slice() {
            [only] => (*only).clone(),
            several => together(several),
        })
        .collect()
}

/// One spot amid several, weighed by their buildings.
fn together(several: &[&Spot]) -> Spot {
    let mut states = [0; BuildingState::ALL.len()];
    let (mut lon, mut lat, mut weight) = (0.0, 0.0, 0.0);
    for spot in several {
        for (sum, count) in states.iter_mut().zip(spot.states) {
            *sum += count;
        }
        let own = spot.buildings().max(1) as f64;
        lon += spot.place.0 * own;
        lat += spot.place.1 * own;
        weight += own;
    }
    let count = states.iter().sum::<i64>();
    Spot {
        place: (lon / weight, lat / weight),
        states,
        title: labels::counted(count, "immeuble", "immeubles"),
        short: String::new(),
        href: String::new(),
        reach: union(several.iter().map(|spot| {
            let (lon, lat) = spot.place;
            spot.reach.unwrap_or([lon, lat, lon, lat])
        })),
    }
}

/// What the page's address asks to see: a frame, a street, a commune, the surroundings of a PM, or
/// all.
struct Asked {
    title: String,
    summary: String,
    bounds: Option<Bounds>,
    list_href: String,
    insee: String,
}

fn asked(call: &PageCall, atlas: &Atlas) -> Result<Asked, PageError> {
    let (insee, pm) = (call.asked("insee"), call.asked("pm"));
    if !call.asked("cadre").is_empty() {
        let frame = frame_of(call.asked("cadre"), "cadre")?;
        return Ok(Asked {
            title: labels::MAP.to_owned(),
            summary: labels::map_summary(atlas.communes.len()),
            bounds: Some(frame),
            list_href: links::TERRITORY.to_owned(),
            insee: String::new(),
        });
    }
    if !pm.is_empty() {
        let found = atlas.pms.iter().find(|known| known.reference == pm);
        let found = found.ok_or(PageError::NotFound)?;
        let around = |(lon, lat)| [lon - AROUND, lat - AROUND, lon + AROUND, lat + AROUND];
        return Ok(Asked {
            title: labels::map_of(&labels::at_pm(pm)),
            summary: labels::pm_note(found),
            bounds: found.place.map(around),
            list_href: links::pm(pm),
            insee: found.insee.clone(),
        });
    }
    if insee.is_empty() {
        return Ok(Asked {
            title: labels::MAP.to_owned(),
            summary: labels::map_summary(atlas.communes.len()),
            bounds: atlas.bounds(),
            list_href: links::TERRITORY.to_owned(),
            insee: String::new(),
        });
    }
    let commune = atlas.commune(insee).ok_or(PageError::NotFound)?;
    let named = call.query.iter().any(|(name, _)| name == "rivoli");
    if named {
        let street = atlas.street(insee, call.asked("rivoli"), "");
        let street = street.ok_or(PageError::NotFound)?;
        return Ok(Asked {
            title: labels::map_of(&labels::street(&street.name)),
            summary: labels::street_summary(street),
            bounds: street.bounds,
            list_href: links::street(insee, &street.rivoli),
            insee: insee.to_owned(),
        });
    }
    Ok(Asked {
        title: labels::map_of(&commune.name),
        summary: labels::commune_summary(commune),
        bounds: union(atlas.streets_of(insee).filter_map(|s| s.bounds)),
        list_href: links::commune(insee),
        insee: insee.to_owned(),
    })
}

pub(super) async fn page(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let asked = asked(&call, &atlas)?;
    let frame = asked.bounds.map(web::map::framed);
    let scene = match frame {
        Some(frame) => scene(&call, &atlas, frame, (drawing::MARKS_MAX, STREETS_MAX)).await?,
        None => Scene::default(),
    };
    let places = places(&atlas, &asked.insee, call.query.is_empty());
    let shown = Phase::ALL.map(|phase| {
        let counts = scene.spots.iter().map(|spot| phase.count(&spot.states));
        (phase.code(), phase.label(), phase.tone(), counts.sum())
    });
    let unplaced = atlas.pms.iter().filter(|pm| pm.place.is_none()).count();
    let page = MapPage {
        shell: shell(&call, &atlas, &asked.title).under(labels::TERRITORY, links::TERRITORY),
        summary: asked.summary,
        legend: shown.to_vec(),
        pms: (scene.pms.len(), unplaced),
        pbos: scene.pbos.len(),
        drawing: frame.map(|frame| drawing::draw(&scene, frame)),
        places,
        list_href: asked.list_href,
    };
    Ok(web::page(StatusCode::OK, &page))
}

/// Communes whose maps are linked from each map.
const PLACES_MAX: usize = 24;

fn places(atlas: &Atlas, insee: &str, whole: bool) -> Vec<(String, String, bool)> {
    let all = (
        labels::WHOLE.to_owned(),
        links::MAP.to_owned(),
        insee.is_empty() && whole,
    );
    let mut largest: Vec<_> = atlas.communes.iter().collect();
    largest.sort_by_key(|commune| std::cmp::Reverse(commune.buildings));
    let communes = largest.into_iter().take(PLACES_MAX).map(|commune| {
        let href = links::map(&commune.insee, "");
        (commune.name.clone(), href, commune.insee == insee)
    });
    [all].into_iter().chain(communes).collect()
}

pub(super) async fn data(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let frame = frame_of(call.asked("bbox"), "bbox")?;
    let room = call.asked("place").parse().unwrap_or(STREETS_MAX);
    let streets = room.clamp(STREETS_MIN, STREETS_MAX);
    let scene = scene(&call, &atlas, frame, (MARKS_MAX, streets)).await?;
    let text = geojson(&scene).to_string();
    Ok(([(CONTENT_TYPE, "application/geo+json")], text).into_response())
}

fn frame_of(text: &str, field: &'static str) -> Result<Bounds, Refusal> {
    web::map::read(text).ok_or_else(|| Refusal::new(&codes::RC03).on(field))
}

fn geojson(scene: &Scene) -> serde_json::Value {
    let feature = |(lon, lat): (f64, f64), properties: serde_json::Value| {
        json!({
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [rounded(lon), rounded(lat)]},
            "properties": properties,
        })
    };
    let mut features = Vec::new();
    for spot in &scene.spots {
        let kind = match (spot.href.is_empty(), scene.close) {
            (true, _) => "groupe",
            (false, true) => "immeuble",
            (false, false) => "voie",
        };
        let states = Phase::ALL.map(|phase| (phase.code(), phase.count(&spot.states)));
        let properties = json!({
            "genre": kind, "etat": spot.phase().code(), "n": spot.buildings(),
            "etats": states.into_iter().collect::<BTreeMap<_, _>>(),
            "titre": spot.title, "court": spot.short, "lien": spot.href,
        });
        features.push(feature(spot.place, properties));
    }
    for (reference, title, place) in &scene.pms {
        let href = links::pm(reference);
        let properties = json!({
            "genre": "pm", "titre": title, "court": reference, "lien": href,
        });
        features.push(feature(*place, properties));
    }
    for (pm_ref, reference, place) in &scene.pbos {
        let (title, href) = (
            labels::at_pbo(reference, pm_ref),
            links::pbo(pm_ref, reference),
        );
        let properties = json!({
            "genre": "pbo", "titre": title, "court": reference, "lien": href,
        });
        features.push(feature(*place, properties));
    }
    for (name, place) in &scene.communes {
        features.push(feature(*place, json!({"genre": "commune", "court": name})));
    }
    json!({"type": "FeatureCollection", "features": features})
}

/// To a decimetre.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spot(lon: f64, lat: f64, deployed: i64) -> Spot {
        let mut states = [0; BuildingState::ALL.len()];
        states[5] = deployed;
        states[0] = 1;
        Spot {
            place: (lon, lat),
            states,
            title: String::new(),
            short: String::new(),
            href: "/x".to_owned(),
            reach: None,
        }
    }

    #[test]
    fn marks_too_many_are_put_together_and_none_is_lost() {
        let spots: Vec<Spot> = (0..1_000)
            .map(|i| spot(f64::from(i % 100) / 100.0, f64::from(i / 100) / 10.0, 2))
            .collect();
        let frame = [0.0, 0.0, 1.0, 1.0];
        let few = grouped(&spots, &frame, 150);
        assert!(few.len() <= 150, "{}", few.len());
        let buildings: i64 = few.iter().map(Spot::buildings).sum();
        assert_eq!(buildings, 3_000);
        assert!(few.iter().all(|spot| spot.phase() == Phase::Deployed));
        assert!(few.iter().all(|spot| holds(frame, spot.place)));
    }

    #[test]
    fn of_equal_counts_the_furthest_step_stands() {
        assert_eq!(spot(0.0, 0.0, 1).phase(), Phase::Deployed);
        assert_eq!(spot(0.0, 0.0, 0).phase(), Phase::Planned);
    }
}
