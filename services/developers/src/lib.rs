//! The developers' area (I-2, interfaces §4): the contracts and what they say, the operator's own
//! calls, and a validator that sends nothing. It needs no subscription: whoever may read a contract
//! may integrate it.
#![warn(missing_docs)]

mod calls;
mod explorer;
pub mod labels;
pub mod pages;
pub mod validator;

use std::sync::OnceLock;

use service_api::{
    Access, Audited, Duty, EService, MenuEntry, MenuGroup, Method, Permission, Reconciler, Repeat,
    Right, Route, XmlService,
};
use storage::{Migration, Target};

/// What reading the operator's own calls needs.
const VIEW: Permission = Permission::standing("developpeurs", Right::View);
const CONTRACTS: &str = "contracts are published: partners read them before they have an account";
const PUBLISHED: Audited = Audited::Nothing("shows what is published");
const MASKED: Audited =
    Audited::Nothing("the operator's own messages, personal data masked before they are kept");

macro_rules! public {
    ($path:literal, $handler:path) => {
        Route {
            method: Method::Get,
            path: $path,
            access: Access::Public(CONTRACTS),
            audit: PUBLISHED,
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin($handler(call)),
        }
    };
}

/// The right of accounts that were made before the area was there.
pub const MIGRATION: Migration = Migration {
    owner: "developpeurs",
    step: 1,
    name: "view",
    sql: include_str!("../migrations/0001_view.sql"),
    postgres_sql: None,
    target: Target::Main,
};

/// The table of contents of the e-service.
pub static SERVICE: EService = EService {
    code: "developpeurs",
    title: labels::TITLE,
    clause: "I-2",
    subscribed: false,
    routes: &[
        public!("/developpeurs", explorer::home),
        public!("/developpeurs/contrats", explorer::contracts),
        public!("/developpeurs/contrats/", explorer::contracts),
        public!(
            "/developpeurs/operations/{service}/{operation}",
            explorer::operation
        ),
        Route {
            method: Method::Get,
            path: "/developpeurs/appels",
            access: Access::Needs(VIEW),
            audit: MASKED,
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(calls::list(call)),
        },
        Route {
            method: Method::Get,
            path: "/developpeurs/appels/{id}",
            access: Access::Needs(VIEW),
            audit: MASKED,
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(calls::one(call)),
        },
        Route {
            method: Method::Get,
            path: "/developpeurs/validateur",
            access: Access::Needs(VIEW),
            audit: PUBLISHED,
            repeat: Repeat::ReadOnly,
            handler: |call| Box::pin(validator::web::form(call)),
        },
        Route {
            method: Method::Post,
            path: "/developpeurs/validateur",
            access: Access::Needs(VIEW),
            audit: Audited::Nothing("what is validated is neither carried out nor kept"),
            repeat: Repeat::Natural("nothing is changed"),
            handler: |call| Box::pin(validator::web::validate(call)),
        },
    ],
    xml: None,
    jobs: &[],
    reconcilers: &[Reconciler {
        name: "developpeurs.appels",
        duty: Duty::Upkeep,
        run: |platform, ctx| {
            Box::pin(async move { domain::call::purge(&platform, ctx.duty(Duty::Upkeep)).await })
        },
    }],
    migrations: &[MIGRATION],
    tenant_tables: &[],
    menu: &[MenuEntry {
        group: MenuGroup::Exchange,
        label: labels::TITLE,
        href: "/developpeurs",
        icon: "code-xml",
        access: Access::Public(CONTRACTS),
        waiting: None,
    }],
    mails: &[],
};

/// The e-services whose contracts are shown. E-services know nothing of each other: the program
/// that registers them all says which there are.
static PUBLISHED_SERVICES: OnceLock<Vec<&'static EService>> = OnceLock::new();

/// Shows the contracts of these e-services; only the first call of a process counts.
pub fn publish(services: &[&'static EService]) {
    let _ = PUBLISHED_SERVICES.set(services.to_vec());
}

/// Every e-service that has a web service, with it.
fn published() -> impl Iterator<Item = (&'static EService, &'static XmlService)> {
    let all = PUBLISHED_SERVICES.get().into_iter().flatten();
    all.filter_map(|service| Some((*service, service.xml?)))
}

/// The web services whose contracts are shown.
fn web_services() -> Vec<&'static XmlService> {
    published().map(|(_, xml)| xml).collect()
}
