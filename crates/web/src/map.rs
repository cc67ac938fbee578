//! Maps as drawings: north up, one scale, for paper and for browsers without JavaScript. The map
//! that moves (`map.js`) shows the same over them. Nothing comes from outside.

use domain::building::BuildingState;

use crate::{Tone, labels};

/// West, south, east and north, in degrees.
pub type Bounds = [f64; 4];

/// Width and height of a sheet, in its own units.
pub const SIZE: (f64, f64) = (1_000.0, 620.0);
/// Of the frame, left free on each side.
const MARGIN: f64 = 0.06;
/// Metres of a degree of latitude.
pub const DEGREE_M: f64 = 111_320.0;
/// A frame is at least this high, in degrees: about two hundred metres.
const HEIGHT_MIN: f64 = 0.002;

/// How far a building is, in the five steps that lists and maps tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Deployed.
    Deployed,
    /// Connectable on demand, its PBO placed or not.
    OnDemand,
    /// Works under way.
    UnderWay,
    /// Planned or signed.
    Planned,
    /// Given up.
    Abandoned,
}

impl Phase {
    /// Every step, the furthest first.
    pub const ALL: [Self; 5] = [
        Self::Deployed,
        Self::OnDemand,
        Self::UnderWay,
        Self::Planned,
        Self::Abandoned,
    ];

    /// The step of a state.
    #[must_use]
    pub fn of(state: BuildingState) -> Self {
        match state {
            BuildingState::Deployed => Self::Deployed,
            BuildingState::OnDemand | BuildingState::OnDemandUnderWay => Self::OnDemand,
            BuildingState::UnderWay => Self::UnderWay,
            BuildingState::Targeted | BuildingState::Signed => Self::Planned,
            BuildingState::Abandoned => Self::Abandoned,
        }
    }

    /// In addresses, style classes and GeoJSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Deployed => "deploye",
            Self::OnDemand => "demande",
            Self::UnderWay => "travaux",
            Self::Planned => "prevu",
            Self::Abandoned => "abandonne",
        }
    }

    /// On screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        labels::phase(self)
    }

    /// Its colour.
    #[must_use]
    pub fn tone(self) -> Tone {
        match self {
            Self::Deployed => Tone::Ok,
            Self::OnDemand => Tone::Info,
            Self::UnderWay => Tone::Warn,
            Self::Planned => Tone::Neutral,
            Self::Abandoned => Tone::Bad,
        }
    }

    /// How many of some buildings are at this step; `states` as an atlas counts them.
    #[must_use]
    pub fn count(self, states: &[i64; BuildingState::ALL.len()]) -> i64 {
        let counted = BuildingState::ALL.iter().zip(states);
        counted
            .filter(|(state, _)| Self::of(**state) == self)
            .map(|(_, count)| count)
            .sum()
    }
}

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

/// The smallest bounds around two.
#[must_use]
pub fn both(a: Bounds, b: Bounds) -> Bounds {
    [
        a[0].min(b[0]),
        a[1].min(b[1]),
        a[2].max(b[2]),
        a[3].max(b[3]),
    ]
}

/// Where a place (longitude, latitude) is on the sheet of a frame.
#[must_use]
pub fn at([west, south, east, north]: Bounds, (lon, lat): (f64, f64)) -> (f64, f64) {
    let x = (lon - west) / (east - west) * SIZE.0;
    let y = (north - lat) / (north - south) * SIZE.1;
    (x.round(), y.round())
}

/// A frame as addresses carry it.
#[must_use]
pub fn written(frame: Bounds) -> String {
    frame.map(|degrees| format!("{degrees:.6}")).join(",")
}

/// `west,south,east,north` in degrees, ordered.
#[must_use]
pub fn read(text: &str) -> Option<Bounds> {
    let parts: Option<Vec<f64>> = text.split(',').map(|part| part.parse().ok()).collect();
    let bounds: Bounds = parts?.try_into().ok()?;
    let [west, south, east, north] = bounds;
    let sound =
        west <= east && south <= north && bounds.iter().all(|degrees| degrees.abs() <= 180.0);
    sound.then_some(bounds)
}

/// Whether a place is in a frame.
#[must_use]
pub fn holds([west, south, east, north]: Bounds, (lon, lat): (f64, f64)) -> bool {
    (west..=east).contains(&lon) && (south..=north).contains(&lat)
}

/// The scale of a frame's sheet: the length of its bar, in units, and what it is on the ground.
#[must_use]
pub fn scale_of([_, south, _, north]: Bounds) -> (f64, String) {
    scale((north - south) * DEGREE_M / SIZE.1)
}

/// A round length on the ground of at most a fifth of the sheet.
fn scale(metres_per_unit: f64) -> (f64, String) {
    let longest = metres_per_unit * SIZE.0 / 5.0;
    let rounds = (0..7).flat_map(|power| [1, 2, 5].map(|first| first * 10_i64.pow(power)));
    let metres = rounds
        .take_while(|metres| *metres as f64 <= longest)
        .fold(1, i64::max);
    let units = metres as f64 / metres_per_unit;
    (units.round(), length(metres))
}

/// A length on the ground, from metres.
fn length(metres: i64) -> String {
    match metres {
        1_000.. => format!("{}\u{a0}km", metres / 1_000),
        _ => format!("{metres}\u{a0}m"),
    }
}

/// Metres of a street that one point of its sketch stands for.
const ROAD_STEP_M: f64 = 40.0;
/// A street shorter than that, or with fewer places, is not sketched.
const ROAD_MIN_M: f64 = 25.0;
const ROAD_PLACES_MIN: usize = 3;

/// A street sketched from the places (longitude and latitude, degrees) of its buildings: between
/// the houses of both sides, from the first to the last. Empty for too few or too near.
#[must_use]
pub fn road(places: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if places.len() < ROAD_PLACES_MIN {
        return Vec::new();
    }
    let n = places.len() as f64;
    let lon = places.iter().map(|place| place.0).sum::<f64>() / n;
    let lat = places.iter().map(|place| place.1).sum::<f64>() / n;
    let metres = (DEGREE_M * lat.to_radians().cos().max(0.01), DEGREE_M);
    let flat = |place: &(f64, f64)| ((place.0 - lon) * metres.0, (place.1 - lat) * metres.1);
    let all: Vec<(f64, f64)> = places.iter().map(flat).collect();
    // The direction in which its houses lie furthest apart.
    let sum = |of: fn(&(f64, f64)) -> f64| all.iter().map(of).sum::<f64>();
    let angle = sum(|(x, y)| 2.0 * x * y).atan2(sum(|(x, y)| x * x - y * y)) / 2.0;
    let (sin, cos) = angle.sin_cos();
    // Along the street and off it.
    let mut along: Vec<(f64, f64)> = all
        .iter()
        .map(|(x, y)| (x * cos + y * sin, y * cos - x * sin))
        .collect();
    along.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (first, last) = (along[0].0, along[along.len() - 1].0);
    if last - first < ROAD_MIN_M {
        return Vec::new();
    }
    // The middle between the sides, wherever houses stand, smoothed over three steps.
    let same_step = |a: &(f64, f64), b: &(f64, f64)| step(a.0 - first) == step(b.0 - first);
    let middles: Vec<(f64, f64)> = along
        .chunk_by(same_step)
        .map(|near| {
            let low = near.iter().map(|one| one.1).fold(f64::INFINITY, f64::min);
            let high = near
                .iter()
                .map(|one| one.1)
                .fold(f64::NEG_INFINITY, f64::max);
            let t = near.iter().map(|one| one.0).sum::<f64>() / near.len() as f64;
            (t, f64::midpoint(low, high))
        })
        .collect();
    let smooth = |i: usize| {
        let near = &middles[i.saturating_sub(1)..(i + 2).min(middles.len())];
        near.iter().map(|one| one.1).sum::<f64>() / near.len() as f64
    };
    let inner = middles
        .iter()
        .enumerate()
        .map(|(i, one)| (one.0, smooth(i)));
    let ends = (smooth(0), smooth(middles.len() - 1));
    let whole = [(first, ends.0)].into_iter().chain(inner);
    whole
        .chain([(last, ends.1)])
        .map(|(t, off)| (t * cos - off * sin, t * sin + off * cos))
        .map(|(x, y)| (lon + x / metres.0, lat + y / metres.1))
        .collect()
}

/// In which step of a street so many metres are.
fn step(metres: f64) -> i64 {
    (metres / ROAD_STEP_M) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_street_runs_between_its_houses_and_along_them() {
        // Twenty houses on each side of a street that runs north-east, eight metres off it.
        let at = |t: f64, off: f64| {
            let (x, y) = (t * 0.8 - off * 0.6, t * 0.6 + off * 0.8);
            let narrow = 48.07_f64.to_radians().cos();
            (-0.77 + x / DEGREE_M / narrow, 48.07 + y / DEGREE_M)
        };
        let sides = |i: i32| {
            let t = f64::from(i) * 14.0;
            [at(t, 8.0), at(t, -8.0)]
        };
        let places: Vec<(f64, f64)> = (0..20).flat_map(sides).collect();
        let road = road(&places);
        let off_m = |place: &(f64, f64)| {
            let (x, y) = (
                (place.0 + 0.77) * DEGREE_M * 48.07_f64.to_radians().cos(),
                (place.1 - 48.07) * DEGREE_M,
            );
            (y * 0.8 - x * 0.6).abs()
        };
        assert!(road.len() >= 5, "{road:?}");
        assert!(road.iter().all(|place| off_m(place) < 0.5), "{road:?}");
        let near =
            |a: (f64, f64), b: (f64, f64)| (a.0 - b.0).abs() < 1e-5 && (a.1 - b.1).abs() < 1e-5;
        let ends = (road[0], road[road.len() - 1]);
        assert!(
            near(ends.0, at(0.0, 0.0)) && near(ends.1, at(266.0, 0.0)),
            "{ends:?}"
        );
    }

    #[test]
    fn what_is_no_street_is_not_sketched() {
        assert!(road(&[]).is_empty());
        assert!(road(&[(-0.77, 48.07), (-0.769, 48.07)]).is_empty());
        let one = (-0.77, 48.07);
        assert!(road(&[one; 8]).is_empty());
    }

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
    fn a_frame_of_a_map_is_four_ordered_numbers() {
        assert_eq!(read("-1,47,0.5,48"), Some([-1.0, 47.0, 0.5, 48.0]));
        for bad in [
            "",
            "1,2,3",
            "0,47,-1,48",
            "0,0,1,1,1",
            "a,0,1,1",
            "0,0,NaN,1",
            "0,0,inf,1",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_scale_is_a_round_length() {
        assert_eq!(scale(1.0), (200.0, length(200)));
        assert_eq!(scale(10.0), (200.0, length(2_000)));
        assert_eq!(scale(0.3).1, length(50));
    }
}
