//! The map as a drawing: north up, one scale, marks of bounded number.

use super::atlas::Bounds;
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
/// Width and height of a drawing, in its own units.
const SIZE: (f64, f64) = (1_000.0, 620.0);
/// Of the frame, left free on each side.
const MARGIN: f64 = 0.06;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 111_320.0;
/// A frame is at least this high, in degrees: about two hundred metres.
const HEIGHT_MIN: f64 = 0.002;

/// A mark of the drawing.
#[derive(Clone, Debug)]
pub struct Mark {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Radius.
    pub r: f64,
    /// Style classes.
    pub class: String,
    /// What a reader is told of it.
    pub title: String,
    /// What is written beside it; empty for nothing.
    pub text: String,
    /// Where it leads: its page, or the map of the group it stands for.
    pub href: String,
}

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

/// The frame of a drawing around `bounds`: a margin, and the shape of the sheet.
#[must_use]
pub fn framed([west, south, east, north]: Bounds) -> Bounds {
    let (lon, lat) = (f64::midpoint(west, east), f64::midpoint(south, north));
    let narrow = lat.to_radians().cos().max(0.01);
    let shape = SIZE.0 / SIZE.1;
    let high = ((north - south) * (1.0 + 2.0 * MARGIN)).max(HEIGHT_MIN);
    let wide = (east - west) * (1.0 + 2.0 * MARGIN) * narrow;
    let high = high.max(wide / shape);
    let half = (high * shape / narrow / 2.0, high / 2.0);
    [lon - half.0, lat - half.1, lon + half.0, lat + half.1]
}

/// Draws what a frame shows.
#[must_use]
pub fn draw(scene: &Scene, frame: Bounds) -> Drawing {
    let [west, south, east, north] = frame;
    let at = |(lon, lat): (f64, f64)| {
        let x = (lon - west) / (east - west) * SIZE.0;
        let y = (north - lat) / (north - south) * SIZE.1;
        (x.round(), y.round())
    };
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
                Some(reach) => links::map_of_frame(&written(framed(reach))),
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
        bounds: written(frame),
        scale: scale((north - south) * DEGREE_M / SIZE.1),
        close: scene.close,
    }
}

/// As addresses carry it.
fn written(frame: Bounds) -> String {
    frame.map(|degrees| format!("{degrees:.6}")).join(",")
}

/// A building's mark has one size; a street's grows with the square root of what it holds.
fn radius(spot: &Spot, close: bool) -> f64 {
    if close {
        return 7.0;
    }
    let grown = 4.0 + (spot.buildings() as f64).sqrt();
    (grown.min(26.0) * 10.0).round() / 10.0
}

/// A round length on the ground of at most a fifth of the sheet.
fn scale(metres_per_unit: f64) -> (f64, String) {
    let longest = metres_per_unit * SIZE.0 / 5.0;
    let rounds = (0..7).flat_map(|power| [1, 2, 5].map(|first| first * 10_i64.pow(power)));
    let metres = rounds
        .take_while(|metres| *metres as f64 <= longest)
        .fold(1, i64::max);
    let units = metres as f64 / metres_per_unit;
    (units.round(), labels::length(metres))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_holds_its_bounds_and_has_the_shape_of_the_sheet() {
        for bounds in [
            [-0.7, 48.0, -0.6, 48.01],
            [-0.7, 48.0, -0.69, 48.2],
            [-0.7, 48.0, -0.7, 48.0],
        ] {
            let [west, south, east, north] = framed(bounds);
            assert!(west <= bounds[0] && south <= bounds[1], "{bounds:?}");
            assert!(east >= bounds[2] && north >= bounds[3], "{bounds:?}");
            let narrow = f64::midpoint(south, north).to_radians().cos();
            let shape = (east - west) * narrow / (north - south);
            assert!((shape - SIZE.0 / SIZE.1).abs() < 0.01, "{shape}");
        }
    }

    #[test]
    fn the_scale_is_a_round_length() {
        assert_eq!(scale(1.0), (200.0, labels::length(200)));
        assert_eq!(scale(10.0), (200.0, labels::length(2_000)));
        assert_eq!(scale(0.3).1, labels::length(50));
    }
}
