//! French names of the wholesale offers.

/// The passive FTTH access, by the line.
pub const ACCES_FTTH: &str = "Accès FTTH passif à la ligne";
