//! The projections of the IPE (TypeProjectionGeographique), turned into degrees of WGS84. The
//! French reference systems and WGS84 agree to well under a metre, which is less than what the
//! files mean by a coordinate.

use std::sync::LazyLock;

use proj4rs::Proj;
use proj4rs::adaptors::transform_xy;

/// What coordinates are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Degrees.
    Wgs84,
    /// Mainland: Lambert-93 metres, or degrees when they look so.
    Rgf93,
    /// French Guiana: UTM 22 north.
    Rgfg95,
    /// Réunion: UTM 40 south.
    Rgr92,
    /// Mayotte: UTM 38 south.
    Rgm04,
    /// Saint-Pierre-et-Miquelon: UTM 21 north.
    Rgspm06,
}

/// West, south, east and north of where a projection is used, in degrees.
type Bounds = [f64; 4];

/// Degrees go no further than this; metres of Lambert-93 and UTM do, everywhere in their area.
const DEGREES_MAX: f64 = 180.0;

static WGS84: LazyLock<Option<Proj>> = LazyLock::new(|| proj("+proj=longlat +ellps=GRS80"));
static LAMBERT_93: LazyLock<Option<Proj>> = LazyLock::new(|| {
    proj(
        "+proj=lcc +lat_0=46.5 +lon_0=3 +lat_1=49 +lat_2=44 +x_0=700000 +y_0=6600000 \
         +ellps=GRS80 +units=m",
    )
});
static UTM_22N: LazyLock<Option<Proj>> = LazyLock::new(|| proj("+proj=utm +zone=22 +ellps=GRS80"));
static UTM_40S: LazyLock<Option<Proj>> =
    LazyLock::new(|| proj("+proj=utm +zone=40 +south +ellps=GRS80"));
static UTM_38S: LazyLock<Option<Proj>> =
    LazyLock::new(|| proj("+proj=utm +zone=38 +south +ellps=GRS80"));
static UTM_21N: LazyLock<Option<Proj>> = LazyLock::new(|| proj("+proj=utm +zone=21 +ellps=GRS80"));

/// To the centimetre: what lies below depends on the machine, and would look like a change.
fn rounded(degrees: f64) -> f64 {
    (degrees * 1e7).round() / 1e7
}

/// The definitions are constants, and a test reads each of them.
fn proj(definition: &str) -> Option<Proj> {
    Proj::from_proj_string(definition).ok()
}

impl Projection {
    /// Every value.
    pub const ALL: &'static [Self] = &[
        Self::Wgs84,
        Self::Rgf93,
        Self::Rgfg95,
        Self::Rgr92,
        Self::Rgm04,
        Self::Rgspm06,
    ];

    /// As the trade writes it.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Wgs84 => "WGS84",
            Self::Rgf93 => "RGF93",
            Self::Rgfg95 => "RGFG95",
            Self::Rgr92 => "RGR92",
            Self::Rgm04 => "RGM04",
            Self::Rgspm06 => "RGSPM06",
        }
    }

    /// Reads what [`Projection::literal`] wrote, in any case, and `RFG93`, which a widespread
    /// specification misspelt.
    #[must_use]
    pub fn from_literal(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("RFG93") {
            return Some(Self::Rgf93);
        }
        let mut all = Self::ALL.iter().copied();
        all.find(|projection| projection.literal().eq_ignore_ascii_case(text))
    }

    /// Longitude and latitude (degrees) of `x` and `y`; `None` when they lie outside the area the
    /// projection is used in.
    #[must_use]
    pub fn to_degrees(self, x: f64, y: f64) -> Option<(f64, f64)> {
        let degrees = x.abs() <= DEGREES_MAX && y.abs() <= DEGREES_MAX;
        let (lon, lat) = match (self, degrees) {
            (Self::Wgs84 | Self::Rgf93, true) => (x, y),
            (Self::Wgs84, false) | (_, true) => return None,
            (_, false) => {
                let to = WGS84.as_ref()?;
                let (lon, lat) = transform_xy(self.metres()?, to, x, y).ok()?;
                (lon.to_degrees(), lat.to_degrees())
            }
        };
        let [west, south, east, north] = self.bounds();
        let inside = (west..=east).contains(&lon) && (south..=north).contains(&lat);
        inside.then(|| (rounded(lon), rounded(lat)))
    }

    /// The metres of a place given in degrees; the degrees themselves for [`Projection::Wgs84`].
    #[must_use]
    pub fn from_degrees(self, lon: f64, lat: f64) -> Option<(f64, f64)> {
        match self.metres() {
            None => Some((lon, lat)),
            Some(to) => {
                let from = WGS84.as_ref()?;
                transform_xy(from, to, lon.to_radians(), lat.to_radians()).ok()
            }
        }
    }

    fn metres(self) -> Option<&'static Proj> {
        match self {
            Self::Wgs84 => None,
            Self::Rgf93 => LAMBERT_93.as_ref(),
            Self::Rgfg95 => UTM_22N.as_ref(),
            Self::Rgr92 => UTM_40S.as_ref(),
            Self::Rgm04 => UTM_38S.as_ref(),
            Self::Rgspm06 => UTM_21N.as_ref(),
        }
    }

    fn bounds(self) -> Bounds {
        match self {
            // An OI may be anywhere French; only what is nowhere is out.
            Self::Wgs84 => [-180.0, -90.0, 180.0, 90.0],
            Self::Rgf93 => [-5.5, 41.0, 10.0, 51.5],
            Self::Rgfg95 => [-54.7, 2.0, -51.5, 6.0],
            Self::Rgr92 => [55.1, -21.5, 55.95, -20.8],
            Self::Rgm04 => [44.9, -13.1, 45.4, -12.5],
            Self::Rgspm06 => [-56.6, 46.7, -56.0, 47.2],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pair = (f64, f64);

    /// Metres and degrees of the same place. The first is the projection's origin; the others come
    /// from the closed formulae of Lambert and of Krüger, worked out apart from the library.
    const PLACES: [(Projection, Pair, Pair); 7] = [
        (Projection::Rgf93, (700_000.0, 6_600_000.0), (3.0, 46.5)),
        (
            Projection::Rgf93,
            (652_296.973, 6_861_636.359),
            (2.3499, 48.853),
        ),
        (
            Projection::Rgf93,
            (419_313.005, 6_781_104.275),
            (-0.77, 48.07),
        ),
        (
            Projection::Rgfg95,
            (352_935.847, 545_869.011),
            (-52.3264, 4.9372),
        ),
        (
            Projection::Rgr92,
            (338_568.315, 7_690_475.437),
            (55.4481, -20.8789),
        ),
        (
            Projection::Rgm04,
            (524_735.209, 8_586_927.817),
            (45.2279, -12.7823),
        ),
        (
            Projection::Rgspm06,
            (563_106.442, 5_181_170.800),
            (-56.1733, 46.7811),
        ),
    ];

    #[test]
    fn every_projection_gives_the_degrees_of_a_known_place_and_back() {
        for (projection, (x, y), (lon, lat)) in PLACES {
            let (found_lon, found_lat) = projection.to_degrees(x, y).unwrap();
            let near = (found_lon - lon).abs() < 2e-7 && (found_lat - lat).abs() < 2e-7;
            assert!(near, "{projection:?}: {found_lon} {found_lat}");
            let (back_x, back_y) = projection.from_degrees(found_lon, found_lat).unwrap();
            let near = (back_x - x).abs() < 0.02 && (back_y - y).abs() < 0.02;
            assert!(near, "{projection:?}: {back_x} {back_y}");
        }
    }

    #[test]
    fn degrees_are_taken_as_they_are_and_places_elsewhere_are_nowhere() {
        let rgf93 = Projection::from_literal("RFG93").unwrap();
        assert_eq!(rgf93, Projection::Rgf93);
        assert_eq!(rgf93.to_degrees(-0.77, 48.07), Some((-0.77, 48.07)));
        assert_eq!(rgf93.to_degrees(48.07, -0.77), None);
        assert_eq!(rgf93.to_degrees(6_779_082.28, 419_856.05), None);
        assert_eq!(rgf93.to_degrees(f64::MAX, 1.0), None);
        assert_eq!(Projection::Wgs84.to_degrees(419_856.05, 6_779_082.28), None);
        assert_eq!(Projection::Rgr92.to_degrees(55.45, -20.88), None);
        assert_eq!(Projection::from_literal("LAMBERT2"), None);
    }

    #[test]
    fn projections_are_read_as_written() {
        for projection in Projection::ALL {
            assert_eq!(
                Projection::from_literal(projection.literal()),
                Some(*projection)
            );
        }
    }
}
