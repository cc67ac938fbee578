//! THE REGISTRY: every e-service of the platform, one line each.

use service_api::EService;

/// Every e-service, in the order of the menu and of the migrations.
#[rustfmt::skip]
pub static SERVICES: &[&EService] = &[
    &accounts::SERVICE,
    &eligibility::SERVICE,
    &fci::SERVICE,
    &reference::SERVICE,
    &tao::SERVICE,
    &developers::SERVICE,
];
