//! The French words of the e-service.

/// Its name.
pub const TITLE: &str = "Adresses (TAO)";
/// Why a door or a PTO finds nothing at an address.
pub const NOT_HERE: &str = "aucun logement de cette adresse";
