//! Comptes (A-4, Ann. 2 §3, Ann. 4): signing in and out, one's own sessions, the first page. It
//! needs no subscription: whoever has an account has it.
#![warn(missing_docs)]

pub mod labels;
pub mod pages;
pub mod password;
pub mod rules;
pub mod store;
pub mod usecases;
mod web;

use service_api::{Access, Audited, EService, MenuEntry, MenuGroup, Method, Repeat, Route};

const OWN: &str = "everybody sees their own account";
const NO_TRACE: &str = "shows its reader what they already may see";

/// The table of contents of the e-service.
pub static SERVICE: EService = EService {
    code: "comptes",
    title: labels::TITLE,
    clause: "Ann. 2 §3, Ann. 4",
    subscribed: false,
    routes: &[
        Route {
            method: Method::Get,
            path: "/connexion",
            access: Access::Public("the way in"),
            audit: Audited::Nothing("an empty form"),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::sign_in_page(call)),
        },
        Route {
            method: Method::Post,
            path: "/connexion",
            access: Access::Public("the way in"),
            audit: Audited::Unit(usecases::SIGN_IN),
            repeat: Repeat::Natural("each sign-in opens a session of its own"),
            handler: |call| Box::pin(web::sign_in(call)),
        },
        Route {
            method: Method::Post,
            path: "/deconnexion",
            access: Access::SignedIn(OWN),
            audit: Audited::Unit(usecases::SIGN_OUT),
            repeat: Repeat::Natural("a closed session is closed"),
            handler: |call| Box::pin(web::sign_out(call)),
        },
        Route {
            method: Method::Get,
            path: "/",
            access: Access::SignedIn("everybody's first page"),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::dashboard(call)),
        },
        Route {
            method: Method::Get,
            path: "/compte/presence",
            access: Access::SignedIn(OWN),
            audit: Audited::Nothing("says only that the session is open"),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::presence(call)),
        },
        Route {
            method: Method::Get,
            path: "/compte/outils",
            access: Access::SignedIn(OWN),
            audit: Audited::Nothing("links of the reader's own menu"),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::tools(call)),
        },
        Route {
            method: Method::Get,
            path: "/compte",
            access: Access::SignedIn(OWN),
            audit: Audited::Nothing(NO_TRACE),
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(web::account(call)),
        },
        Route {
            method: Method::Post,
            path: "/compte/sessions/{id}/fermer",
            access: Access::SignedIn(OWN),
            audit: Audited::Unit(usecases::CLOSE_SESSION),
            repeat: Repeat::Natural("a closed session is closed"),
            handler: |call| Box::pin(web::close_session(call)),
        },
        Route {
            method: Method::Post,
            path: "/compte/sessions/fermer",
            access: Access::SignedIn(OWN),
            audit: Audited::Unit(usecases::CLOSE_OTHERS),
            repeat: Repeat::Natural("closed sessions are closed"),
            handler: |call| Box::pin(web::close_others(call)),
        },
        Route {
            method: Method::Post,
            path: "/compte/theme",
            access: Access::SignedIn(OWN),
            audit: Audited::Nothing("a cookie of the browser's own"),
            repeat: Repeat::Natural("the same choice is the same cookie"),
            handler: |call| Box::pin(web::choose_theme(call)),
        },
    ],
    xml: None,
    jobs: &[],
    reconcilers: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[MenuEntry {
        group: MenuGroup::Home,
        label: labels::DASHBOARD,
        href: "/",
        icon: "layout-dashboard",
        access: Access::SignedIn("everybody's first page"),
        waiting: None,
    }],
    mails: &[],
};
