//! FCI (E-4): placing and following orders until delivery, by the portal and by XML. What is
//! decided is decided in `domain::order`, for every door.
#![warn(missing_docs)]

mod labels;
pub mod messages;
pub mod pages;
mod web;
mod xml;

use std::sync::Arc;

use domain::Platform;
use domain::access::Ctx;
use domain::order::usecases;
use kernel::{Fault, codes};
use service_api::{
    Access, Audited, EService, JobEnd, JobKind, MailTemplate, MenuEntry, MenuGroup, Method,
    Permission, Repeat, Right, Route, XmlOperation, XmlService,
};

const VIEW: Permission = Permission::subscribed("fci", Right::View);
const CREATE: Permission = Permission::subscribed("fci", Right::Create);
const MODIFY: Permission = Permission::subscribed("fci", Right::Modify);
const CLOSE: Permission = Permission::subscribed("fci", Right::Close);
const NO_TRACE: &str = "references and states only: no personal data";

macro_rules! route {
    ($method:ident $path:literal, $permission:ident, $audit:expr, $repeat:expr, $handler:path) => {
        Route {
            method: Method::$method,
            path: $path,
            access: Access::Needs($permission),
            audit: $audit,
            repeat: $repeat,
            handler: |call| Box::pin($handler(call)),
        }
    };
}

macro_rules! operation {
    (
        $element:literal, $permission:ident, $audit:expr, $repeat:expr, $refusals:expr,
        $handler:path
    ) => {
        XmlOperation {
            element: $element,
            permission: $permission,
            audit: $audit,
            repeat: $repeat,
            refusals: $refusals,
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

use Audited::{Consultation, Nothing, Unit};
use Repeat::{FormKey, MessageId, ReadOnly};

/// The table of contents of the e-service.
pub static SERVICE: EService = EService {
    code: "fci",
    title: labels::SERVICE_TITLE,
    clause: "Ann. 1, E-4",
    subscribed: true,
    routes: &[
        route!(Get "/commandes", VIEW, Nothing(NO_TRACE), ReadOnly, web::list),
        route!(Post "/commandes", CREATE, Unit("fci.place_order"), FormKey, web::place),
        route!(Get "/commandes/nouvelle", CREATE, Nothing(NO_TRACE), ReadOnly, web::new_order),
        route!(
            Get "/commandes/{id}", VIEW, Consultation("fci.consult_order"), ReadOnly, web::order
        ),
        route!(
            Post "/commandes/{id}/annuler", CLOSE, Unit("fci.cancel_order"), FormKey, web::cancel
        ),
        route!(
            Post "/commandes/{id}/cr-stoc", MODIFY, Unit("fci.report_connection"), FormKey,
            web::report_connection
        ),
        route!(
            Post "/commandes/{id}/cr-mes", MODIFY, Unit("fci.put_in_service"), FormKey,
            web::put_in_service
        ),
    ],
    xml: Some(&XML),
    jobs: &[
        JobKind {
            kind: usecases::REPORT_JOB,
            run: |p, c, order| Box::pin(report(p, c, order)),
        },
        JobKind {
            kind: usecases::HAND_OVER_JOB,
            run: |p, c, order| Box::pin(hand_over(p, c, order)),
        },
    ],
    reconcilers: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[MenuEntry {
        group: MenuGroup::Journey,
        label: labels::TITLE,
        href: "/commandes",
        icon: "clipboard-list",
        access: Access::Needs(VIEW),
        waiting: None,
    }],
    mails: &[
        mail!("ar_ok"),
        mail!("ar_ko"),
        mail!("cr_ok"),
        mail!("cr_ko"),
        mail!("stoc"),
        mail!("racco_ko"),
        mail!("mad"),
        mail!("annulee"),
        mail!("ecrasement"),
        mail!("ecrasement_ligne"),
    ],
};

static XML: XmlService = XmlService {
    contract: &messages::CONTRACT,
    operations: &[
        operation!(
            "deposerCommande",
            CREATE,
            Unit("fci.place_order"),
            MessageId,
            xml::place_codes,
            xml::place
        ),
        operation!(
            "consulterCommande",
            VIEW,
            Consultation("fci.consult_order"),
            ReadOnly,
            || vec![&codes::FIMP14, &codes::FIMP15],
            xml::consult
        ),
        operation!(
            "annulerCommande",
            CLOSE,
            Unit("fci.cancel_order"),
            MessageId,
            xml::move_codes,
            xml::cancel
        ),
        operation!(
            "deposerCrStoc",
            MODIFY,
            Unit("fci.report_connection"),
            MessageId,
            xml::move_codes,
            xml::report_connection
        ),
        operation!(
            "deposerCrMes",
            MODIFY,
            Unit("fci.put_in_service"),
            MessageId,
            xml::move_codes,
            xml::put_in_service
        ),
        operation!(
            "listerEvenements",
            VIEW,
            Nothing(NO_TRACE),
            ReadOnly,
            Vec::new,
            xml::list_events
        ),
    ],
};

async fn report(platform: Arc<Platform>, ctx: Arc<Ctx>, order: String) -> Result<JobEnd, Fault> {
    let outcome = usecases::report_order(&platform, &ctx, order).await?;
    Ok(end_of(outcome.into_result()))
}

async fn hand_over(platform: Arc<Platform>, ctx: Arc<Ctx>, order: String) -> Result<JobEnd, Fault> {
    let outcome = usecases::hand_over(&platform, &ctx, order).await?;
    Ok(end_of(outcome.into_result()))
}

/// A refused unit has rolled back nothing of the job's own end: it is done, or will never be.
fn end_of<T>(result: Result<T, kernel::Refusal>) -> JobEnd {
    match result {
        Ok(_) => JobEnd::Done,
        Err(refusal) => JobEnd::GiveUp(refusal.to_string()),
    }
}
