//! Éligibilité Opérateur (E-1): from an address, what can be sold there, when, and why not.
#![warn(missing_docs)]

mod answer;
pub mod history;
pub mod labels;
pub mod lots;
pub mod messages;
pub mod pages;
pub mod rules;
pub mod surroundings;
pub mod usecases;
pub mod watches;
mod web;
mod xml;

use domain::upload::Purpose;
use kernel::codes;
use service_api::{
    Access, Audited, Duty, EService, JobKind, MailTemplate, MenuEntry, MenuGroup, Method,
    Permission, Reconciler, Repeat, Right, Route, XmlOperation, XmlService,
};
use storage::{Migration, Target, TenantTable};

/// What testing an address needs.
const VIEW: Permission = Permission::subscribed("eligibilite", Right::View);
/// What putting a place under watch, or submitting a lot, needs.
pub(crate) const CREATE: Permission = Permission::subscribed("eligibilite", Right::Create);
/// What marking a change as read needs.
const MODIFY: Permission = Permission::subscribed("eligibilite", Right::Modify);
/// What stopping a watch, or deleting a lot, needs.
pub(crate) const CLOSE: Permission = Permission::subscribed("eligibilite", Right::Close);
/// What marks an administrator, who is told of watches whose account is gone.
pub(crate) const ADMINISTER: Permission = Permission::subscribed("eligibilite", Right::Administer);
const NO_TRACE: &str = "an address and what the network offers there: no personal data";
const OWN_QUESTIONS: &str = "the operator's own questions of the last months: no customer's file";
const OWN_WATCHES: &str = "places and what the network offers there: no personal data";

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
        Route {
            method: Method::Get,
            path: "/eligibilite/historique",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(OWN_QUESTIONS),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(history::web::history(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/veilles",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(OWN_WATCHES),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(watches::web::list(call)),
        },
        Route {
            method: Method::Post,
            path: "/eligibilite/veilles",
            access: Access::Needs(CREATE),
            audit: Audited::Unit("eligibility.watch"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(watches::web::add(call)),
        },
        Route {
            method: Method::Post,
            path: "/eligibilite/veilles/lues",
            access: Access::Needs(MODIFY),
            audit: Audited::Unit("eligibility.read_watch"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(watches::web::mark_all_read(call)),
        },
        Route {
            method: Method::Get,
            path: "/eligibilite/veilles/{id}",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing(OWN_WATCHES),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(watches::web::show(call)),
        },
        Route {
            method: Method::Post,
            path: "/eligibilite/veilles/{id}/lire",
            access: Access::Needs(MODIFY),
            audit: Audited::Unit("eligibility.read_watch"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(watches::web::mark_read(call)),
        },
        Route {
            method: Method::Post,
            path: "/eligibilite/veilles/{id}/arreter",
            access: Access::Needs(CLOSE),
            audit: Audited::Unit("eligibility.stop_watch"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(watches::web::stop(call)),
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
            path: "/eligibilite/lots/{id}/veiller",
            access: Access::Needs(CREATE),
            audit: Audited::Unit("eligibility.watch"),
            repeat: Repeat::FormKey,
            handler: |call| Box::pin(lots::web::watch(call)),
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
    jobs: &[
        JobKind {
            kind: watches::EVALUATE_JOB,
            run: |platform, ctx, part| Box::pin(watches::usecases::evaluate(platform, ctx, part)),
        },
        lots::JOB,
    ],
    reconcilers: &[
        Reconciler {
            name: "eligibility history",
            duty: Duty::Upkeep,
            run: |platform, ctx| Box::pin(history::usecases::purge(platform, ctx)),
        },
        Reconciler {
            name: "eligibility watches",
            duty: Duty::Watch,
            run: |platform, ctx| Box::pin(watches::usecases::reconcile(platform, ctx)),
        },
        lots::RECONCILER,
    ],
    migrations: &[
        Migration {
            owner: "eligibility",
            step: 1,
            name: "history",
            sql: include_str!("../migrations/0001_history.sql"),
            postgres_sql: None,
            target: Target::Main,
        },
        Migration {
            owner: "eligibility",
            step: 2,
            name: "watch",
            sql: include_str!("../migrations/0002_watch.sql"),
            postgres_sql: None,
            target: Target::Main,
        },
        lots::MIGRATION,
        Migration {
            owner: "eligibility",
            step: 4,
            name: "watch_unread",
            sql: include_str!("../migrations/0004_watch_unread.sql"),
            postgres_sql: None,
            target: Target::Main,
        },
    ],
    tenant_tables: &[
        TenantTable {
            table: "eligibility_request",
            operator_column: "operator_id",
            duties: &["upkeep"],
            append_only: false,
        },
        TenantTable {
            table: "eligibility_watch",
            operator_column: "operator_id",
            duties: &["watch"],
            append_only: false,
        },
        TenantTable {
            table: "eligibility_watch_change",
            operator_column: "operator_id",
            duties: &[],
            append_only: true,
        },
        lots::TABLES[0],
        lots::TABLES[1],
    ],
    menu: &[
        MenuEntry {
            group: MenuGroup::Journey,
            label: labels::TITLE,
            href: "/eligibilite",
            icon: "map-pinned",
            access: Access::Needs(VIEW),
            waiting: None,
        },
        MenuEntry {
            group: MenuGroup::Journey,
            label: lots::labels::TITLE,
            href: "/eligibilite/lots",
            icon: "file-text",
            access: Access::Needs(VIEW),
            waiting: None,
        },
        MenuEntry {
            group: MenuGroup::Journey,
            label: watches::labels::TITLE,
            href: "/eligibilite/veilles",
            icon: "clock",
            access: Access::Needs(VIEW),
            waiting: Some(|platform, ctx| Box::pin(watches::web::waiting(platform, ctx))),
        },
        MenuEntry {
            group: MenuGroup::Journey,
            label: history::labels::MENU,
            href: "/eligibilite/historique",
            icon: "history",
            access: Access::Needs(VIEW),
            waiting: None,
        },
    ],
    mails: &[MailTemplate {
        name: "veille_changee",
        subject: include_str!("../mails/veille_changee/subject.txt"),
        text: include_str!("../mails/veille_changee/body.txt"),
    }],
};

static XML: XmlService = XmlService {
    contract: &messages::CONTRACT,
    operations: &[
        XmlOperation {
            element: "testerEligibilite",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            refusals: rules::refusals,
            handler: |call| Box::pin(xml::test_eligibility(call)),
        },
        XmlOperation {
            element: "testerEligibiliteLot",
            permission: VIEW,
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            refusals: || {
                let whole = [&codes::RC01, &codes::RC03];
                whole.into_iter().chain(rules::refusals()).collect()
            },
            handler: |call| Box::pin(xml::test_lot(call)),
        },
    ],
};
