//! Address anomalies (domain §1.3): an operator reports what is missing or wrong at an address, the
//! OI puts it right or says why not, and both follow it to its end.

pub mod desk;
pub mod labels;
pub mod pages;
pub mod rules;
pub mod states;
pub mod store;
pub mod usecases;
pub mod web;

use kernel::{AnomalyId, Millis, OperatorId};
use service_api::{
    Access, Audited, MailTemplate, MenuEntry, MenuGroup, Method, Permission, Reconciler, Repeat,
    Right, Route,
};
use storage::{Migration, Target, TenantTable};

use rules::{Complexity, Kind, Place, Reason};
use states::{Event, Status};

/// The kind of event that tells an operator's systems of its anomalies.
pub const TOLD: &str = "ANOMALIE_ADRESSE";
/// What a reference begins with; characters and the check character follow.
pub const PREFIX: &str = "ADR";
/// Characters of a reference between its prefix and its check character.
pub const REFERENCE_LEN: usize = 8;

/// An anomaly as it stands.
#[derive(Clone, Debug)]
pub struct Anomaly {
    /// Who reported it.
    pub operator: OperatorId,
    /// That operator's code.
    pub operator_code: String,
    /// And its name.
    pub operator_name: String,
    /// Its id.
    pub id: AnomalyId,
    /// What people call it by.
    pub reference: String,
    /// What is wrong.
    pub kind: Kind,
    /// How hard it is, once the OI has said so.
    pub complexity: Option<Complexity>,
    /// Where it stands.
    pub status: Status,
    /// How often it was written.
    pub version: i64,
    /// Where it is.
    pub place: Place,
    /// What two reports of it have in common.
    pub place_key: String,
    /// Block.
    pub batiment: String,
    /// Staircase.
    pub escalier: String,
    /// Floor.
    pub etage: String,
    /// Door.
    pub porte: String,
    /// PTO.
    pub pto_ref: String,
    /// What was typed when nothing fitting was found.
    pub typed: String,
    /// What the referential should say.
    pub expected: String,
    /// How many dwellings it should say.
    pub dwellings: Option<i64>,
    /// What else was said of it.
    pub comment: String,
    /// The release in force when it was reported.
    pub release: i64,
    /// What was done, once it was.
    pub resolution: String,
    /// The release in which that will be seen.
    pub seen_in: Option<i64>,
    /// Why it was refused, if it was.
    pub reason: Option<Reason>,
    /// The account that reported it; empty for a machine.
    pub account: String,
    /// Who reported it, by name.
    pub reporter: String,
    /// Through which door.
    pub channel: String,
    /// When, business time.
    pub created: Millis,
    /// When something last happened to it, business time.
    pub updated: Millis,
    /// When a resolution closes it by itself.
    pub lapses: Option<Millis>,
    /// Working time it waited to be taken, until `updated`, in milliseconds.
    pub acknowledged_ms: i64,
    /// Working time it was in the OI's hands, until `updated`, in milliseconds.
    pub in_progress_ms: i64,
    /// Working time it waited for its operator's answer, until `updated`, in milliseconds.
    pub pending_ms: i64,
}

/// A line of an anomaly's timeline.
#[derive(Clone, Debug)]
pub struct TimelineRow {
    /// Its place, from 1.
    pub seq: i64,
    /// When, business time.
    pub at: Millis,
    /// What happened.
    pub event: Event,
    /// Before; `None` when the anomaly began.
    pub from: Option<Status>,
    /// After.
    pub to: Status,
    /// Who, by name.
    pub actor: String,
    /// Through which door.
    pub channel: String,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// What was said.
    pub comment: String,
}

const VIEW: Permission = Permission::subscribed("tao", Right::View);
/// What reporting an anomaly needs.
pub(crate) const CREATE: Permission = Permission::subscribed("tao", Right::Create);
const MODIFY: Permission = Permission::subscribed("tao", Right::Modify);
const CLOSE: Permission = Permission::subscribed("tao", Right::Close);
const DESK: Permission = Permission::staff("tao", Right::View);
const HANDLE: Permission = Permission::staff("tao", Right::Modify);
const NO_TRACE: &str = "addresses and what is wrong with them: no customer";

macro_rules! route {
    ($name:ident, $method:ident $path:literal, $permission:ident, $audit:expr, $repeat:expr,
     $handler:path) => {
        pub(crate) const $name: Route = Route {
            method: Method::$method,
            path: $path,
            access: Access::Needs($permission),
            audit: $audit,
            repeat: $repeat,
            handler: |call| Box::pin($handler(call)),
        };
    };
}

use Audited::{Nothing, Unit};
use Repeat::{FormKey, ReadOnly};

route!(LIST, Get "/adresses/anomalies", VIEW, Nothing(NO_TRACE), ReadOnly, web::list);
route!(NEW, Get "/adresses/anomalies/nouvelle", CREATE, Nothing(NO_TRACE), ReadOnly, web::new);
route!(REPORT, Post "/adresses/anomalies", CREATE, Unit(usecases::REPORT), FormKey, web::report);
route!(SHEET, Get "/adresses/anomalies/{id}", VIEW, Nothing(NO_TRACE), ReadOnly, web::sheet);
route!(
    FOLLOW, Post "/adresses/anomalies/{id}", MODIFY, Unit(usecases::FOLLOW), FormKey, web::follow
);
route!(
    CANCEL, Post "/adresses/anomalies/{id}/annuler", CLOSE, Unit(usecases::FOLLOW), FormKey,
    web::cancel
);
route!(QUEUE, Get "/oi/anomalies", DESK, Nothing(NO_TRACE), ReadOnly, desk::queue);
route!(
    FIGURES, Get "/oi/anomalies/communes", DESK, Nothing(NO_TRACE), ReadOnly, desk::figures
);
route!(BATCH, Post "/oi/anomalies", HANDLE, Unit(usecases::HANDLE), FormKey, desk::batch);
route!(OI_SHEET, Get "/oi/anomalies/{id}", DESK, Nothing(NO_TRACE), ReadOnly, desk::sheet);
route!(OI_ACT, Post "/oi/anomalies/{id}", HANDLE, Unit(usecases::HANDLE), FormKey, desk::act);

/// The operators' entry of the menu.
pub(crate) const MENU: MenuEntry = MenuEntry {
    group: MenuGroup::Journey,
    label: labels::TITLE,
    href: "/adresses/anomalies",
    icon: "circle-alert",
    access: Access::Needs(VIEW),
    waiting: None,
};

/// The OI's entry of the menu.
pub(crate) const OI_MENU: MenuEntry = MenuEntry {
    group: MenuGroup::Network,
    label: labels::QUEUE,
    href: "/oi/anomalies",
    icon: "circle-alert",
    access: Access::Needs(DESK),
    waiting: None,
};

/// Closes what was resolved and left unanswered.
pub(crate) const LAPSE: Reconciler = Reconciler {
    name: "tao.lapse_anomalies",
    duty: service_api::Duty::AddressAnomalies,
    run: |platform, ctx| Box::pin(usecases::lapse(platform, ctx)),
};

/// The tables of anomalies.
pub(crate) const MIGRATION: Migration = Migration {
    owner: "tao",
    step: 1,
    name: "anomaly",
    sql: include_str!("../../migrations/0001_anomaly.sql"),
    postgres_sql: None,
    target: Target::Main,
};

/// What lists are searched in.
pub(crate) const SEARCHED: Migration = Migration {
    step: 2,
    name: "searched",
    sql: include_str!("../../migrations/0002_searched.sql"),
    ..MIGRATION
};

const DUTIES: &[&str] = &["address_anomalies"];

/// Who may read and write anomalies beside their operator and the OI's staff.
pub(crate) const TABLE: TenantTable = TenantTable {
    table: "tao_anomaly",
    operator_column: "operator_id",
    duties: DUTIES,
    append_only: false,
};

/// And their timelines.
pub(crate) const TIMELINE: TenantTable = TenantTable {
    table: "tao_anomaly_timeline",
    operator_column: "operator_id",
    duties: DUTIES,
    append_only: true,
};

macro_rules! mail {
    ($name:literal) => {
        MailTemplate {
            name: $name,
            subject: include_str!(concat!("../../mails/", $name, "/subject.txt")),
            text: include_str!(concat!("../../mails/", $name, "/body.txt")),
        }
    };
}

/// The OI asks something.
pub(crate) const MAIL_ASKED: MailTemplate = mail!("anomalie_question");
/// The OI resolved an anomaly.
pub(crate) const MAIL_RESOLVED: MailTemplate = mail!("anomalie_resolue");
/// The OI refused an anomaly.
pub(crate) const MAIL_REFUSED: MailTemplate = mail!("anomalie_refusee");
