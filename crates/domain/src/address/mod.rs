//! What leads to a building from outside the network: addresses of the national base (BAN), NDs of
//! copper lines; and where coordinates written in one of the trade's projections lie on Earth.

pub mod projection;
pub mod store;

use storage::Value;

use crate::release::{Released, Table, stored_enum};

stored_enum! {
    /// What the referential says of a copper line.
    CopperState {
        /// In service.
        Active = "active",
        /// Closed.
        Inactive = "inactive",
    }
}

impl CopperState {
    /// EtatLigneCuivre, as exchanged.
    #[must_use]
    pub fn literal(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
        }
    }
}

/// The ND of a copper line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nd {
    /// Ten digits.
    pub number: String,
    /// The building it leads to.
    pub building_ref: String,
    /// The PTO that took its place, if told.
    pub pto_ref: String,
    /// What the referential says of the line.
    pub copper_state: CopperState,
}

/// An address of the national base.
#[derive(Clone, Debug, PartialEq)]
pub struct Address {
    /// Its key, as the base writes it.
    pub key: String,
    /// INSEE code of the commune.
    pub insee: String,
    /// Street: FANTOIR code or the base's own, as in the key; empty when the key is a UUID and
    /// nothing else tells.
    pub street_code: String,
    /// Number in the street.
    pub number: String,
    /// `bis`, `ter`, a letter... after the number.
    pub complement: String,
    /// Street with its type, in mixed case.
    pub street_name: String,
    /// Street in capitals, shortened.
    pub afnor_name: String,
    /// Hamlet or place.
    pub place_name: String,
    /// Postcode.
    pub postcode: String,
    /// Name of the commune.
    pub commune: String,
    /// Name of the delivery office.
    pub delivery_name: String,
    /// INSEE code of the commune it was in before a merger.
    pub old_insee: String,
    /// Name of that commune.
    pub old_commune: String,
    /// Longitude (WGS84, degrees).
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// The commune vouches for it.
    pub certified: bool,
}

/// A street of the national base, summed up.
#[derive(Clone, Debug, PartialEq)]
pub struct Street {
    /// INSEE code of its commune.
    pub insee: String,
    /// Its code, as [`Address::street_code`]; empty for one that is told from others by its name.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Name of its commune.
    pub commune: String,
    /// Postcode.
    pub postcode: String,
    /// Addresses.
    pub addresses: i64,
    /// West, south, east and north (degrees), when any address has coordinates.
    pub bounds: Option<[f64; 4]>,
}

impl Released for Nd {
    const TABLE: Table = Table::Nd;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.number).into(),
            (&self.building_ref).into(),
            (&self.pto_ref).into(),
            self.copper_state.as_str().into(),
        ]
    }
}

impl Released for Address {
    const TABLE: Table = Table::Address;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.key).into(),
            (&self.insee).into(),
            (&self.street_code).into(),
            (&self.number).into(),
            (&self.complement).into(),
            (&self.street_name).into(),
            (&self.afnor_name).into(),
            (&self.place_name).into(),
            (&self.postcode).into(),
            (&self.commune).into(),
            (&self.delivery_name).into(),
            (&self.old_insee).into(),
            (&self.old_commune).into(),
            self.lon.into(),
            self.lat.into(),
            self.certified.into(),
        ]
    }
}

/// Whether `text` is an ND: ten digits, geographic (01 to 05) or 09.
#[must_use]
pub fn is_nd(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes.iter().all(u8::is_ascii_digit)
        && bytes[0] == b'0'
        && matches!(bytes[1], b'1'..=b'5' | b'9')
}

/// The street code a BAN key carries: its FANTOIR code or temporary identifier. `Some("")` for a
/// UUID, which carries none; `None` when `text` is no key of the base.
#[must_use]
pub fn street_of_key(text: &str) -> Option<&str> {
    if is_uuid(text) {
        return Some("");
    }
    let alnum = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    let mut parts = text.splitn(4, '_');
    let (insee, street, number) = (parts.next()?, parts.next()?, parts.next()?);
    let number_ok = number.len() == 5 && number.bytes().all(|b| b.is_ascii_digit());
    let complement = parts.next();
    let complement_ok = complement.is_none_or(|text| {
        let parts = || text.split('_');
        text.len() <= 20 && parts().all(|part| !part.is_empty() && alnum(part))
    });
    let street_ok = matches!(street.len(), 4 | 6) && alnum(street);
    (insee.len() == 5 && alnum(insee) && street_ok && number_ok && complement_ok).then_some(street)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nds_are_ten_digits_of_a_fixed_line() {
        for good in ["0243000000", "0199999999", "0912345678"] {
            assert!(is_nd(good), "{good}");
        }
        for bad in [
            "0612345678",
            "243000000",
            "02430000000",
            "02 4300000",
            "+33243000",
            "",
        ] {
            assert!(!is_nd(bad), "{bad}");
        }
    }

    #[test]
    fn keys_of_the_base_have_three_shapes() {
        assert_eq!(street_of_key("53130_0952_00005_bis"), Some("0952"));
        assert_eq!(street_of_key("01002_w4ld4h_00006"), Some("w4ld4h"));
        assert_eq!(street_of_key("2A004_0010_00001"), Some("0010"));
        let uuid = "3c87abe4-887b-46ee-9192-5c1b35a06625";
        assert_eq!(street_of_key(uuid), Some(""));
        for bad in [
            "53130_0952_5",
            "53130_09_00005",
            "53130_0952",
            "5313_0952_00005",
            "53130_0952_00005_",
            "3c87abe4-887b-46ee-9192-5c1b35a0662",
            "",
        ] {
            assert_eq!(street_of_key(bad), None, "{bad}");
        }
    }
}
