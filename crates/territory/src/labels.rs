//! French words of the invented files.

/// Where a BAN address is: at the door.
pub const ENTRANCE: &str = "entrée";
pub const FTTH_PASSIVE: &str = "Accès FTTH passif à la ligne";
pub const FTTH_ACTIVE: &str = "Accès FTTH activé";
pub const FTTE_PASSIVE: &str = "Accès FTTE passif";
pub const FTTH_TRIAL: &str = "Accès FTTH d’essai";
