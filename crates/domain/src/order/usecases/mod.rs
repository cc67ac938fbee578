//! What is done with orders. Every door calls these; each is one unit of work.

mod change;
mod follow;
mod fulfil;
mod load;
mod place;
mod read;

pub use change::{
    Moved, StocReport, cancel_order, put_in_service, report_connection, report_own_connection,
};
pub use fulfil::{hand_over, report_order};
pub use load::{
    asker, control, extraction_date, load_lines, load_pto, load_sites, orderable_offers,
};
pub use place::{Acknowledged, place_order};
pub use read::{Consulted, consult_order, list_events, list_orders};

/// The job that gives the CR of an admitted order.
pub const REPORT_JOB: &str = "fci.compte_rendu";
/// The job that hands a line over.
pub const HAND_OVER_JOB: &str = "fci.mise_a_disposition";
/// The setting that holds the first two characters of PTOs built here.
pub const PTO_PREFIX_SETTING: &str = "pto_prefix";
