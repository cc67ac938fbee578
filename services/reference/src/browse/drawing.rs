//! The map as a drawing: north up, one scale, marks of bounded number.

use web::map::{self, Bounds, Mark};

use super::map::{Scene, Spot};
use super::{labels, links};

/// Spots of a drawing: the page that holds it has a budget.
pub const MARKS_MAX: usize = 120;
/// PMs or PBOs of a drawing, each.
const POINTS_MAX: usize = 60;
/// PMs that are named.
const NAMED_MAX: usize = 12;
/// Buildings whose numbers are written.
const NUMBERED_MAX: usize = 45;
/// A map, drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Streets or buildings.
    pub spots: Vec<Mark>,
    /// PMs.
    pub pms: Vec<Mark>,
    /// PBOs.
    pub pbos: Vec<Mark>,
    /// Names of communes.
    pub names: Vec<Mark>,
    /// What the frame holds: `west,south,east,north`.
    pub bounds: String,
    /// Length of the scale, in units, and what it is on the ground.
    pub scale: (f64, String),
    /// Whether each spot is one building.
    pub close: bool,
}

/// Draws what a frame shows.
#[must_use]
pub fn draw(scene: &Scene, frame: Bounds) -> Drawing {
    let at = |place| map::at(frame, place);
    let numbered = scene.close && scene.spots.len() <= NUMBERED_MAX;
    let spot = |spot: &Spot| {
        let (x, y) = at(spot.place);
        let phase = spot.phase();
        Mark {
            x,
            y,
            r: radius(spot, scene.close),
            class: phase.tone().class().to_owned(),
            title: spot.title.clone(),
            text: if numbered {
                spot.short.clone()
            } else {
                String::new()
            },
            href: match spot.reach {
                Some(reach) => links::map_of_frame(&map::written(map::framed(reach))),
                None => spot.href.clone(),
            },
        }
    };
    let point = |title: String, text: String, href: String, place| {
        let (x, y) = at(place);
        Mark {
            x,
            y,
            r: 0.0,
            class: String::new(),
            title,
            text,
            href,
        }
    };
    let named = scene.pms.len() <= NAMED_MAX;
    let pms = scene
        .pms
        .iter()
        .take(POINTS_MAX)
        .map(|(reference, title, place)| {
            let text = if named {
                reference.clone()
            } else {
                String::new()
            };
            point(title.clone(), text, links::pm(reference), *place)
        });
    let pbos = scene.pbos.iter().take(POINTS_MAX);
    let pbos = pbos.map(|(pm, pbo, place)| {
        let title = labels::at_pbo(pbo, pm);
        point(title, String::new(), links::pbo(pm, pbo), *place)
    });
    let names = scene.communes.iter().take(NAMED_MAX);
    let names =
        names.map(|(name, place)| point(String::new(), name.clone(), String::new(), *place));
    Drawing {
        spots: scene.spots.iter().map(spot).collect(),
        pms: pms.collect(),
        pbos: pbos.collect(),
        names: names.filter(|_| !scene.close).collect(),
        bounds: map::written(frame),
        scale: map::scale_of(frame),
        close: scene.close,
    }
}

/// A building's mark has one size; a street's grows with the square root of what it holds.
fn radius(spot: &Spot, close: bool) -> f64 {
    if close {
        return 7.0;
    }
    let grown = 4.0 + (spot.buildings() as f64).sqrt();
    (grown.min(26.0) * 10.0).round() / 10.0
}
