//! A simulated subcontractor: some working hours after an operator is asked to build a drop, it
//! reports in its stead that the drop is built. What it does is marked in the timeline.

use std::sync::Arc;
use std::time::Duration;

use domain::access::{Channel, Ctx, Duty, system};
use domain::order::store::Key;
use domain::order::usecases::{StocReport, report_connection};
use domain::{Platform, job};
use kernel::{Fault, IdSource, Millis, working_time};
use service_api::{EService, JobEnd, JobKind};
use storage::{Lane, Tx};

use super::store;
use crate::services::SERVICES;
use crate::tasks::Tasks;
use crate::workers::Crew;

/// Working time the simulated team takes, in milliseconds.
pub const TAKES_MS: i64 = 3 * Millis::HOUR;
/// The job that reports a drop built.
const REPORT_BUILT: &str = "demo.cr_stoc";
/// Who reports, as the timeline shows it.
const NAME: &str = "SIMULÉ : équipe de raccordement";
/// Between two looks at the orders.
const PAUSE: Duration = Duration::from_millis(500);
/// Orders looked at in one go.
const SLICE: i64 = 200;

/// The simulator as an e-service without entries: it only has a job.
static SERVICE: EService = EService {
    code: "demo",
    title: "Démonstration",
    clause: "interfaces §0",
    subscribed: false,
    routes: &[],
    xml: None,
    jobs: &[JobKind {
        kind: REPORT_BUILT,
        run: |platform, ctx, order| Box::pin(report_built(platform, ctx, order)),
    }],
    reconcilers: &[],
    migrations: &[],
    tenant_tables: &[],
    menu: &[],
    mails: &[],
};

/// The platform's e-services and the simulator.
pub fn services() -> Vec<&'static EService> {
    SERVICES.iter().copied().chain([&SERVICE]).collect()
}

/// Starts a job for each order whose drop is to be built and that has none; how many there were.
///
/// # Errors
/// The store does not answer.
pub async fn look(crew: &Crew) -> Result<usize, Fault> {
    let ctx = system(&crew.platform, Duty::Demo, &crew.provider)?;
    let scope = ctx.duty(Duty::Demo);
    let list = move |tx: &mut dyn Tx| store::list_subcontracted(tx, &scope, REPORT_BUILT, SLICE);
    let found = crew.platform.db.get(list).await?;
    let count = found.len();
    if count == 0 {
        return Ok(0);
    }
    let start = move |tx: &mut dyn Tx| {
        let mut ids: IdSource = ctx.ids();
        for one in &found {
            let new = job::New {
                kind: REPORT_BUILT,
                dedup_key: &one.order,
                payload: &one.order,
                track: job::Track::Quick,
            };
            let due = working_time::add_working_ms(one.since, TAKES_MS);
            job::store::insert(tx, &scope, &one.operator, &ids.next(), &new, due)?;
        }
        Ok(())
    };
    crew.platform
        .db
        .write(Lane::Background, None, start)
        .await?;
    Ok(count)
}

/// Looks at the orders for as long as the server runs.
pub fn start(tasks: &Tasks, crew: &Crew) {
    let (crew, mut stop) = (crew.clone(), tasks.stop());
    tasks.spawn(async move {
        while stop.pause(PAUSE).await {
            if let Err(error) = look(&crew).await {
                tracing::warn!(worker = "simulator", "failed: {error}");
            }
        }
    });
}

async fn report_built(
    platform: Arc<Platform>,
    ctx: Arc<Ctx>,
    order: String,
) -> Result<JobEnd, Fault> {
    let mut ctx = ctx.through(Channel::Simulator);
    NAME.clone_into(&mut ctx.actor.name);
    let report = StocReport {
        outcome: "OK".to_owned(),
        connected_on: file_day(ctx.now),
        ..StocReport::default()
    };
    let key = Key::Id(order);
    let outcome = report_connection(&platform, &Arc::new(ctx), key, report, None).await?;
    if let Err(refusal) = outcome.into_result() {
        // Its operator was faster, or the order was cancelled: there is nothing left to report.
        tracing::debug!("nothing to report: {refusal}");
    }
    Ok(JobEnd::Done)
}

/// The day of `at` in Paris, as the trade's files write it.
pub fn file_day(at: Millis) -> String {
    working_time::paris_date(at).strftime("%Y%m%d").to_string()
}
