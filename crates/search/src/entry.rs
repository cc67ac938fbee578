//! What the index is built from.

/// An address of the national base or of the referential of buildings. Texts are empty where the
/// source says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Entry<'a> {
    /// Key of the national base.
    pub ban_key: &'a str,
    /// INSEE code of the commune; an entry without one is left out.
    pub insee: &'a str,
    /// Postcode, five digits.
    pub postcode: &'a str,
    /// Name of the commune.
    pub commune: &'a str,
    /// INSEE code of the commune it was in before a merger.
    pub old_insee: &'a str,
    /// Name of that commune.
    pub old_commune: &'a str,
    /// Name of the delivery office.
    pub delivery_name: &'a str,
    /// FANTOIR (RIVOLI) code of the street, or the base's own.
    pub street_code: &'a str,
    /// Type of the street, when it is apart from its name.
    pub street_type: &'a str,
    /// Name of the street, in mixed case or capitals.
    pub street_name: &'a str,
    /// The same in capitals, shortened; used when there is no other.
    pub afnor_name: &'a str,
    /// Hamlet or place.
    pub place_name: &'a str,
    /// Number in the street; empty or `0` where there is none.
    pub number: &'a str,
    /// `bis`, `ter`, a letter... after the number.
    pub complement: &'a str,
    /// Hexaclé of the number.
    pub hexacle: &'a str,
    /// Longitude (WGS84, degrees).
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// Buildings that stand there.
    pub buildings: u32,
}
