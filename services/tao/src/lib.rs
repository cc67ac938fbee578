//! TAO, Translation d'Adresses Opérateur (E-7): an address as it is said becomes the fields of an
//! order, and a building its structure exactly as the referential spells it.
#![warn(missing_docs)]

pub mod anomaly;
pub mod labels;
pub mod messages;
pub mod pages;
pub mod rules;
pub mod usecases;
mod web;
mod xml;

use kernel::codes;
use service_api::{
    Access, Audited, EService, MenuEntry, MenuGroup, Method, Permission, Repeat, Right, Route,
    XmlOperation, XmlService,
};

/// What reading the referential's addresses needs.
const VIEW: Permission = Permission::subscribed("tao", Right::View);
const NO_TRACE: &str = "addresses and what is built there: neither operator nor customer";

/// The table of contents of the e-service.
pub static SERVICE: EService = EService {
    code: "tao",
    title: labels::TITLE,
    clause: "Ann. 1, E-7",
    subscribed: true,
    routes: &[
        Route {
            method: Method::Get,
            path: "/adresses",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::addresses(call)),
        },
        Route {
            method: Method::Get,
            path: "/adresses/suggestions",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(::web::search_box::suggestions(call)),
        },
        anomaly::LIST,
        anomaly::NEW,
        anomaly::REPORT,
        anomaly::SHEET,
        anomaly::FOLLOW,
        anomaly::CANCEL,
        anomaly::QUEUE,
        anomaly::FIGURES,
        anomaly::BATCH,
        anomaly::OI_SHEET,
        anomaly::OI_ACT,
    ],
    xml: Some(&XML),
    jobs: &[],
    reconcilers: &[anomaly::LAPSE],
    migrations: &[anomaly::MIGRATION, anomaly::SEARCHED],
    tenant_tables: &[anomaly::TABLE, anomaly::TIMELINE],
    menu: &[
        MenuEntry {
            group: MenuGroup::Journey,
            label: labels::TITLE,
            href: "/adresses",
            icon: "building-2",
            access: Access::Needs(VIEW),
            waiting: None,
        },
        anomaly::MENU,
        anomaly::OI_MENU,
    ],
    mails: &[
        anomaly::MAIL_ASKED,
        anomaly::MAIL_RESOLVED,
        anomaly::MAIL_REFUSED,
    ],
};

static XML: XmlService = XmlService {
    contract: &messages::CONTRACT,
    operations: &[
        XmlOperation {
            element: "rechercherAdresse",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            refusals: || vec![&codes::FIMP15, &codes::FIMP16],
            handler: |call| Box::pin(xml::search_address(call)),
        },
        XmlOperation {
            element: "consulterStructure",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            refusals: || {
                let question = [&codes::FIMP15, &codes::FIMP16];
                let answer = [&codes::FADR01, &codes::FIMP02, &codes::RC05];
                question.into_iter().chain(answer).collect()
            },
            handler: |call| Box::pin(xml::read_structure(call)),
        },
        XmlOperation {
            element: "signalerAnomalieAdresse",
            permission: anomaly::CREATE,
            audit: Audited::Unit(anomaly::usecases::REPORT),
            repeat: Repeat::MessageId,
            refusals: || {
                let report = [&codes::FIMP15, &codes::FIMP16];
                report
                    .into_iter()
                    .chain([&codes::FADR01, &codes::RC100])
                    .collect()
            },
            handler: |call| Box::pin(xml::report_anomaly(call)),
        },
    ],
};
