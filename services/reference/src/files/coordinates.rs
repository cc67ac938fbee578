//! Coordinates of a line, in whatever projection it names, as degrees of WGS84.

use domain::address::projection::Projection;

use super::Line;
use crate::report::{AnomalyCode, Reject};

/// Names the projection of the coordinates of the line.
pub const PROJECTION: &str = "TypeProjectionGeographique";

/// Where something is, if its line tells.
#[derive(Default)]
pub struct Place {
    /// Longitude (WGS84, degrees).
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// Why coordinates were not believed.
    pub doubt: Option<AnomalyCode>,
}

/// The place in columns `x` and `y`.
pub fn place(line: &Line<'_>, (x, y): (&'static str, &'static str)) -> Result<Place, Reject> {
    let (Some(easting), Some(northing)) = (line.decimal(x)?, line.decimal(y)?) else {
        return Ok(Place::default());
    };
    let doubt = |code| Place {
        doubt: Some(code),
        ..Place::default()
    };
    let Some(projection) = Projection::from_literal(line.raw(PROJECTION)) else {
        return Ok(doubt(AnomalyCode::UnknownProjection));
    };
    let Some((lon, lat)) = projection.to_degrees(easting, northing) else {
        return Ok(doubt(AnomalyCode::OutsideProjection));
    };
    Ok(Place {
        lon: Some(lon),
        lat: Some(lat),
        doubt: None,
    })
}
