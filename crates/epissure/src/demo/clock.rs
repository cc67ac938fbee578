//! The demonstration's day, which anyone may move forward: business time runs ahead of real time
//! by what the setting [`OFFSET`] says. Moving it stops at every instant at which something is due.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use domain::access::{Duty, system};
use domain::{Unit, Verdict, job, setting};
use kernel::{Clock, Fault, Millis};
use storage::Tx;
use tokio::sync::Mutex;
use web::server::AdvanceClock;

use super::simulator;
use crate::config::Config;
use crate::house;
use crate::workers::Crew;

/// The setting: milliseconds that business time is ahead.
pub const OFFSET: &str = "demo_clock_offset_ms";
/// Farthest one step goes.
const STEP_MAX_MS: i64 = 62 * Millis::DAY;
/// Wait before looking again at jobs that another worker runs.
const PAUSE: Duration = Duration::from_millis(10);
/// How often at most: a job that fails and waits for its next try holds nothing up.
const LOOKS_MAX: u32 = 500;

/// What moves the clock of the server that `crew` works for, one step at a time.
pub fn mover(crew: Crew) -> AdvanceClock {
    let turn = Arc::new(Mutex::new(()));
    Arc::new(move |delta_ms| {
        let (crew, turn) = (crew.clone(), Arc::clone(&turn));
        Box::pin(async move {
            let _turn = turn.lock().await;
            advance(&crew, delta_ms).await
        })
    })
}

/// Takes `clock` to where it was left.
///
/// # Errors
/// The store does not answer.
pub async fn restore(config: &Config, clock: &Arc<dyn Clock>) -> Result<()> {
    let platform = house::open_read_only(config, Arc::clone(clock))?;
    let (provider, _) = house::provider(&platform).await?;
    let scope = system(&platform, Duty::Demo, &provider)?.duty(Duty::Demo);
    let read = move |tx: &mut dyn Tx| setting::store::by_name(tx, &scope, OFFSET);
    let kept = platform.db.get(read).await?;
    clock.set_offset_ms(kept.and_then(|text| text.parse().ok()).unwrap_or_default());
    Ok(())
}

/// Moves business time forward by `delta_ms`, and does on the way all that comes due, in order.
///
/// # Errors
/// The store does not answer; time then stands where it had got to.
pub async fn advance(crew: &Crew, delta_ms: i64) -> Result<(), Fault> {
    let clock = &crew.platform.clock;
    let wanted = clock.offset_ms() + delta_ms.clamp(0, STEP_MAX_MS);
    loop {
        settle(crew).await?;
        let target = clock.real_now().plus(wanted);
        let Some(due) = next_due(crew).await?.filter(|due| *due < target) else {
            break;
        };
        // Time never goes back, even when real time has passed `due` meanwhile.
        clock.set_offset_ms(due.since(clock.real_now()).max(clock.offset_ms()));
    }
    clock.set_offset_ms(wanted);
    settle(crew).await?;
    keep(crew, wanted).await
}

async fn next_due(crew: &Crew) -> Result<Option<Millis>, Fault> {
    let scope = system(&crew.platform, Duty::Jobs, &crew.provider)?.duty(Duty::Jobs);
    let now = crew.platform.clock.business_now();
    Ok(crew
        .platform
        .db
        .get(move |tx| job::store::next_due(tx, &scope, now))
        .await?)
}

/// Runs what is due now, and what that makes due, until nothing is.
///
/// # Errors
/// The store does not answer.
pub async fn settle(crew: &Crew) -> Result<(), Fault> {
    let scope = system(&crew.platform, Duty::Jobs, &crew.provider)?.duty(Duty::Jobs);
    for _ in 0..LOOKS_MAX {
        let started = simulator::look(crew).await?;
        let ran = crew.run_due_jobs().await? + crew.reconcile().await?;
        if started + ran > 0 {
            continue;
        }
        let now = crew.platform.clock.business_now();
        let due = move |tx: &mut dyn Tx| job::store::count_due(tx, &scope, now);
        if crew.platform.db.get(due).await? == 0 {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

async fn keep(crew: &Crew, offset_ms: i64) -> Result<(), Fault> {
    let ctx = Arc::new(system(&crew.platform, Duty::Demo, &crew.provider)?);
    let unit = Unit::new(web::clock::ADVANCE);
    let outcome = domain::write(&crew.platform, &ctx, unit, move |work| {
        let scope = work.ctx.duty(Duty::Demo);
        setting::store::update(work.tx, &scope, OFFSET, &offset_ms.to_string())?;
        work.about(OFFSET);
        Ok(Verdict::Accepted(()))
    });
    outcome.await?.into_result().map_err(Fault::internal)
}

/// Reads `+3d`, `+5h`, `+1w`: a step forward, in milliseconds.
#[must_use]
pub fn parse_step(text: &str) -> Option<i64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit_ms = match unit {
        "h" => Millis::HOUR,
        "d" | "j" => Millis::DAY,
        "w" | "s" => 7 * Millis::DAY,
        _ => return None,
    };
    let step = i64::from(number.parse::<u16>().ok()?) * unit_ms;
    (1..=STEP_MAX_MS).contains(&step).then_some(step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_read_in_hours_days_and_weeks_and_goes_forward_only() {
        assert_eq!(parse_step("+3d"), Some(3 * Millis::DAY));
        assert_eq!(parse_step("5h"), Some(5 * Millis::HOUR));
        assert_eq!(parse_step("+1w"), Some(7 * Millis::DAY));
        for wrong in ["", "d", "-1d", "+0h", "+63d", "+1m", "1é"] {
            assert_eq!(parse_step(wrong), None, "{wrong}");
        }
    }
}
