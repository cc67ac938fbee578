//! Éligibilité Opérateur (E-1): from an address, what can be sold there, when, and why not.
#![warn(missing_docs)]

pub mod labels;
pub mod lots;
pub mod messages;
pub mod pages;
pub mod rules;
mod search_box;
pub mod usecases;
mod web;
mod xml;

use domain::upload::Purpose;
use service_api::{
    Access, Audited, EService, MenuEntry, MenuGroup, Method, Permission, Repeat, Right, Route,
    XmlOperation, XmlService,
};

/// What testing an address needs.
const VIEW: Permission = Permission::subscribed("eligibilite", Right::View);
/// What submitting a lot needs.
pub(crate) const CREATE: Permission = Permission::subscribed("eligibilite", Right::Create);
/// What deleting one needs.
pub(crate) const CLOSE: Permission = Permission::subscribed("eligibilite", Right::Close);
const NO_TRACE: &str = "an address and what the network offers there: no personal data";

/// The table of contents of the e-service.
pub static SERVICE: EService = EService {
    code: "eligibilite",
    title: labels::TITLE,
    clause: "Ann. 1, E-1",
    subscribed: true,
    routes: &[
        Route {
            method: Method::Get,
            path: "/eligibilite",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::eligibility(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/suggestions",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(search_box::suggestions(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/lots",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(lots::web::list(call)),
        },
        Route {
            method: Method::Upload(Purpose::Lot),
            path: "/eligibilite/lots",
            access: Access::Needs(CREATE),
            audit: Audited::Unit("eligibility.submit_lot"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(lots::web::submit(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/lots/modele.csv",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(lots::web::model(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/lots/{id}",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(lots::web::lot(call)),
        },
        Route {
            method: Method::Post,
            path: "/eligibilite/lots/{id}/supprimer",
            access: Access::Needs(CLOSE),
            audit: Audited::Unit("eligibility.delete_lot"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(lots::web::delete(call)),
        },
    ],
    xml: Some(&XML),
    jobs: &[lots::JOB],
    reconcilers: &[lots::RECONCILER],
    migrations: &[lots::MIGRATION],
    tenant_tables: &lots::TABLES,
    menu: &[
        MenuEntry {
            group: MenuGroup::Journey,
            label: labels::TITLE,
            href: "/eligibilite",
            icon: "map-pinned",
            access: Access::Needs(VIEW),
        },
        MenuEntry {
            group: MenuGroup::Journey,
            label: lots::labels::TITLE,
            href: "/eligibilite/lots",
            icon: "file-text",
            access: Access::Needs(VIEW),
        },
    ],
    mails: &[],
};

static XML: XmlService = XmlService {
    contract: &messages::CONTRACT,
    operations: &[
        XmlOperation {
            element: "testerEligibilite",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(xml::test_eligibility(call)),
        },
        XmlOperation {
            element: "testerEligibiliteLot",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(xml::test_lot(call)),
        },
    ],
};
