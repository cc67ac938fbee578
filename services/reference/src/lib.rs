//! The OI's reference data: files of buildings, dwellings, fibres, PTOs and presences are checked
//! line by line, compared with what is in force, and published at one instant for every operator
//! as a numbered release with its extraction date (Art. 13, I-1).
#![warn(missing_docs)]

mod browse;
mod compare;
pub mod differences;
pub mod effect;
mod files;
#[cfg(test)]
mod guide;
mod hash;
mod index;
mod jobs;
mod known;
pub mod labels;
mod outgoing;
mod pages;
pub mod publication;
pub mod report;
pub mod runs;
pub mod settings;
mod stage;
pub mod store;
pub mod usecases;
mod web;

pub use files::{gracethd, kind_of_name};

use service_api::{
    Access, Audited, EService, MailTemplate, MenuEntry, MenuGroup, Method, Permission, Repeat,
    Right, Route,
};
use storage::{Migration, Target, TenantTable};

/// What the OI's staff needs to look at the area.
pub(crate) const VIEW: Permission = Permission::staff("reseau", Right::View);
const CREATE: Permission = Permission::staff("reseau", Right::Create);
const MODIFY: Permission = Permission::staff("reseau", Right::Modify);
const CLOSE: Permission = Permission::staff("reseau", Right::Close);
/// What an operator's account needs to fetch what is in force.
const FETCH: Permission = Permission::standing("referentiel", Right::View);
/// What it needs to set who is told of a publication.
pub(crate) const MODIFY_NOTICE: Permission = Permission::standing("referentiel", Right::Modify);
const NO_TRACE: &str = "the network and its files: no personal data";

macro_rules! route {
    ($method:expr, $path:literal, $permission:ident, $audit:expr, $repeat:expr,
     $handler:path) => {
        Route {
            method: $method,
            path: $path,
            access: Access::Needs($permission),
            audit: $audit,
            repeat: $repeat,
            handler: |call| Box::pin($handler(call)),
        }
    };
}

macro_rules! mail {
    ($name:literal) => {
        MailTemplate {
            name: $name,
            subject: include_str!(concat!("../mails/", $name, "/subject.txt")),
            text: include_str!(concat!("../mails/", $name, "/body.txt")),
        }
    };
}

use Audited::{Nothing, Unit};
use Method::{Get, Post, Upload};
use Repeat::{FormKey, ReadOnly};
use domain::upload::Purpose;

/// The table of contents of the area.
pub static SERVICE: EService = EService {
    code: "referentiel",
    title: labels::TITLE,
    clause: "Art. 13, I-1",
    subscribed: false,
    routes: &[
        browse::TERRITORY,
        browse::COMMUNE,
        browse::STREET,
        browse::BUILDING,
        browse::PM,
        browse::PBO,
        browse::HISTORY,
        browse::MAP,
        browse::MAP_DATA,
        browse::FREEZES,
        route!(
            Post,
            "/oi/gels",
            MODIFY,
            Unit("reference.freeze"),
            FormKey,
            browse::freeze
        ),
        route!(
            Post,
            "/oi/gels/lever",
            MODIFY,
            Unit("reference.lift_freeze"),
            FormKey,
            browse::lift
        ),
        route!(
            Get,
            "/oi/imports",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::imports
        ),
        route!(
            Upload(Purpose::Reference),
            "/oi/imports",
            CREATE,
            Unit("reference.submit"),
            FormKey,
            web::upload
        ),
        route!(
            Get,
            "/oi/imports/{id}",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::import
        ),
        route!(
            Get,
            "/oi/imports/{id}/compte-rendu.csv",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::report
        ),
        route!(
            Get,
            "/oi/imports/{id}/rejets.csv",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::rejects
        ),
        route!(
            Get,
            "/oi/versions",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::releases
        ),
        route!(
            Get,
            "/oi/versions/{id}",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::release
        ),
        route!(
            Get,
            "/oi/versions/{id}/differences.csv",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::changes
        ),
        route!(
            Get,
            "/oi/versions/{id}/differences.json",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::changes
        ),
        route!(
            Get,
            "/oi/versions/{id}/commandes",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            web::touched
        ),
        route!(
            Post,
            "/oi/versions/{id}/approuver",
            MODIFY,
            Unit("reference.approve"),
            FormKey,
            web::approve
        ),
        route!(
            Post,
            "/oi/versions/{id}/refuser",
            CLOSE,
            Unit("reference.decline"),
            FormKey,
            web::decline
        ),
        route!(
            Post,
            "/oi/versions/{id}/retirer",
            CLOSE,
            Unit("reference.roll_back"),
            FormKey,
            web::roll_back
        ),
        route!(
            Get,
            "/referentiel",
            FETCH,
            Nothing(NO_TRACE),
            ReadOnly,
            web::public
        ),
        route!(
            Get,
            "/referentiel/ipe.csv",
            FETCH,
            Nothing(NO_TRACE),
            ReadOnly,
            web::ipe
        ),
        route!(
            Get,
            "/referentiel/differences/{fichier}",
            FETCH,
            Nothing(NO_TRACE),
            ReadOnly,
            web::differences
        ),
        route!(
            Post,
            "/referentiel/avis",
            MODIFY_NOTICE,
            Unit("reference.set_notice"),
            FormKey,
            web::notice
        ),
    ],
    xml: None,
    jobs: jobs::JOBS,
    reconcilers: &[],
    migrations: &[Migration {
        owner: "reference",
        step: 1,
        name: "import_run",
        sql: include_str!("../migrations/0001_import_run.sql"),
        postgres_sql: None,
        target: Target::Main,
    }],
    tenant_tables: &[TenantTable {
        table: "publication_notice",
        operator_column: "operator_id",
        duties: &["import"],
        append_only: false,
    }],
    menu: &[
        MenuEntry {
            group: MenuGroup::Exchange,
            label: labels::PUBLIC,
            href: "/referentiel",
            icon: "layers",
            access: Access::Needs(FETCH),
            waiting: None,
        },
        browse::MENU,
        browse::FREEZES_MENU,
        MenuEntry {
            group: MenuGroup::Network,
            label: labels::IMPORTS,
            href: "/oi/imports",
            icon: "folder-sync",
            access: Access::Needs(VIEW),
            waiting: None,
        },
        MenuEntry {
            group: MenuGroup::Network,
            label: labels::RELEASES,
            href: "/oi/versions",
            icon: "history",
            access: Access::Needs(VIEW),
            waiting: None,
        },
    ],
    mails: &[mail!("referentiel_publie"), mail!("referentiel_retire")],
};
