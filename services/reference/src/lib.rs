//! The OI's reference data: files of buildings, dwellings, fibres, PTOs and presences are checked
//! line by line, compared with what is in force, and published at one instant for every operator
//! as a numbered release with its extraction date (Art. 13, I-1).
#![warn(missing_docs)]

mod compare;
mod files;
pub mod labels;
pub mod report;
pub mod usecases;

use service_api::EService;

/// The table of contents of the area: its files come by the command line for now, so it has no
/// page, no operation and no table of its own.
pub static SERVICE: EService = EService {
    code: "referentiel",
    title: labels::TITLE,
    clause: "Art. 13, I-1",
    subscribed: false,
    routes: &[],
    xml: None,
    jobs: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[],
    mails: &[],
};
