//! Éligibilité Opérateur (E-1): from an address, what can be sold there, when, and why not.
#![warn(missing_docs)]

mod answer;
pub mod labels;
pub mod messages;
pub mod pages;
pub mod rules;
pub mod surroundings;
pub mod usecases;
mod web;
mod xml;

use service_api::{
    Access, Audited, EService, MenuEntry, MenuGroup, Method, Permission, Repeat, Right, Route,
    XmlOperation, XmlService,
};

/// What testing an address needs.
const VIEW: Permission = Permission::subscribed("eligibilite", Right::View);
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
            handler: |call| Box::pin(::web::search_box::suggestions(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/plan.geojson",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::plan(call)),
        },
    ],
    xml: Some(&XML),
    jobs: &[],
    reconcilers: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[MenuEntry {
        group: MenuGroup::Journey,
        label: labels::TITLE,
        href: "/eligibilite",
        icon: "map-pinned",
        access: Access::Needs(VIEW),
    }],
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
