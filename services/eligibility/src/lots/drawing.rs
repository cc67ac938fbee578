//! The map of a lot as a drawing: north up, one scale, marks of bounded number. Pure.

use std::collections::BTreeMap;

use web::map::{self, SIZE};

use super::rules::Answered;
use super::store::Point;
use super::{labels, links};

/// Marks of a drawing at most: the page that holds it has a budget.
pub const MARKS_MAX: usize = 60;
/// Columns of the grids that group what is too much, the finest first; the last has no more cells
/// than there are marks.
const GRIDS: [i64; 6] = [72, 50, 34, 22, 13, 9];
/// Radius of the mark of one building.
const RADIUS: f64 = 7.0;

/// One mark.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
    /// Radius.
    pub r: f64,
    /// Style class: the answer most of its lines have.
    pub class: &'static str,
    /// How many lines are answered how.
    pub title: String,
    /// Where the building's test is; empty for a group.
    pub href: String,
}

/// A map, drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Buildings, or groups of them.
    pub marks: Vec<Mark>,
    /// Length of the scale, in units, and what it is on the ground.
    pub scale: (f64, String),
    /// Whether each mark is one place.
    pub single: bool,
}

/// Draws the buildings of a lot; `None` when none has coordinates.
#[must_use]
pub fn draw(points: &[Point]) -> Option<Drawing> {
    let degrees = |(lon, lat): (i64, i64)| (lon as f64 / 1e6, lat as f64 / 1e6);
    let places = points.iter().map(|point| degrees(point.place));
    let bounds = places.map(|(lon, lat)| [lon, lat, lon, lat]);
    let frame = map::framed(bounds.reduce(map::both)?);
    let at = |place| map::at(frame, degrees(place));
    let mut groups: BTreeMap<(i64, i64), Vec<&Point>> = BTreeMap::new();
    for point in points {
        groups.entry(point.place).or_default().push(point);
    }
    let single = groups.len() <= MARKS_MAX;
    for columns in GRIDS {
        if groups.len() <= MARKS_MAX {
            break;
        }
        groups.clear();
        let side = SIZE.0 / columns as f64;
        for point in points {
            let (x, y) = at(point.place);
            groups
                .entry((cell(x, side), cell(y, side)))
                .or_default()
                .push(point);
        }
    }
    let marks = groups.values().map(|group| {
        let places = group.iter().map(|point| at(point.place));
        let (x, y) = places.fold((0.0, 0.0), |sum, at| (sum.0 + at.0, sum.1 + at.1));
        let n = group.len() as f64;
        mark(group, ((x / n).round(), (y / n).round()), single)
    });
    Some(Drawing {
        marks: marks.collect(),
        scale: map::scale_of(frame),
        single,
    })
}

fn cell(at: f64, side: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the sheet, and a cast saturates"
    )]
    let whole = (at / side).floor() as i64;
    whole
}

fn mark(group: &[&Point], (x, y): (f64, f64), single: bool) -> Mark {
    let counts = Answered::ALL.map(|one| group.iter().filter(|p| p.verdict == one).count());
    let most = counts.iter().max().copied().unwrap_or(0);
    let first = Answered::ALL
        .into_iter()
        .zip(counts)
        .find(|(_, n)| *n == most);
    let building = group
        .first()
        .filter(|_| single)
        .map(|point| point.building.as_str());
    let grown = 5.0 + (group.len() as f64).sqrt();
    Mark {
        x,
        y,
        r: if single {
            RADIUS
        } else {
            (grown.min(30.0) * 10.0).round() / 10.0
        },
        class: first.map_or("", |(one, _)| one.tone().class()),
        title: match building {
            Some(building) => format!("{building} : {}", labels::mark(&counts)),
            None => labels::mark(&counts),
        },
        href: building.map_or(String::new(), links::building),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(n: i64, verdict: Answered) -> Point {
        Point {
            place: (-770_000 + n * 997, 48_070_000 + (n * n % 331) * 101),
            building: format!("FI-{n}"),
            verdict,
        }
    }

    #[test]
    fn marks_are_bounded_inside_the_sheet_and_count_every_line() {
        assert_eq!(draw(&[]), None);
        for n in [1, 2, MARKS_MAX as i64, 5_000] {
            let points: Vec<Point> = (0..n)
                .map(|at| point(at, Answered::ALL[(at % 5) as usize]))
                .collect();
            let drawn = draw(&points).unwrap();
            assert!(drawn.marks.len() <= MARKS_MAX, "{n}");
            assert_eq!(drawn.single, n <= MARKS_MAX as i64);
            for mark in &drawn.marks {
                assert!((0.0..=SIZE.0).contains(&mark.x), "{mark:?}");
                assert!((0.0..=SIZE.1).contains(&mark.y), "{mark:?}");
                assert_eq!(mark.href.is_empty(), !drawn.single);
            }
            assert!(drawn.scale.0 <= SIZE.0 / 5.0 + 1.0);
        }
    }

    #[test]
    fn a_place_of_several_lines_is_one_mark() {
        let twice = [point(1, Answered::Refused), point(1, Answered::Refused)];
        let drawn = draw(&twice).unwrap();
        assert_eq!(drawn.marks.len(), 1);
        assert!(
            drawn.marks[0].title.contains("2 lignes"),
            "{}",
            drawn.marks[0].title
        );
    }
}
