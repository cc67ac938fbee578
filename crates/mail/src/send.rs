//! Sending what waits: lease, render, hand over, settle. Nothing is lost when the process dies
//! between two of these: the lease runs out, and the mail leaves again under the same id.

use std::time::{Duration, Instant};

use domain::Platform;
use domain::access::{Duty, SystemScope, system};
use domain::outbox::store::{self, After};
use domain::outbox::{LEASE_MS, Leased, TRIED_FOR_MS, retry_delay_ms};
use kernel::{Fault, Millis, OperatorId};
use storage::{Lane, Tx};

use crate::{Error, Mail, Template, Transport, render};

/// Mails leased together.
const BATCH: i64 = 16;
/// Handing over stops after this part of the lease, so that a slow server never holds a mail
/// longer than it was leased for.
const HAND_OVER_MAX: Duration = Duration::from_millis(LEASE_MS.unsigned_abs() / 4);
/// Characters of an error that are kept.
const ERROR_MAX: usize = 300;

/// How a try ended.
enum Tried {
    Sent,
    Failed(String),
    Impossible(String),
}

/// Sends at most one batch of the mails that are due, from `from` (`Name <address>`), and answers
/// how many tries were settled: call again while it is not 0. `provider` is the OI's operator row.
///
/// A mail that cannot be made (unknown template, missing value, malformed address) is parked at
/// once; one that cannot be handed over is tried for 72 hours, at growing intervals, then parked.
///
/// # Errors
/// A fault when the store does not answer; the leases then run out by themselves.
pub async fn send_due(
    platform: &Platform,
    provider: &OperatorId,
    transport: &Transport,
    templates: &[Template],
    from: &str,
) -> Result<usize, Fault> {
    let ctx = system(platform, Duty::Outbox, provider)?;
    let scope = ctx.duty(Duty::Outbox);
    let (token, now) = (platform.token()?, ctx.real_now);
    let lease = move |tx: &mut dyn Tx| store::lease(tx, &scope, &token, now, BATCH);
    let leased = platform.db.write(Lane::Background, None, lease).await?;
    if leased.is_empty() {
        return Ok(0);
    }
    let made: Vec<_> = leased
        .into_iter()
        .map(|leased| {
            let mail = make(templates, &leased, from);
            (leased, mail)
        })
        .collect();
    let transport = transport.clone();
    let tried = tokio::task::spawn_blocking(move || hand_over(&transport, made))
        .await
        .map_err(Fault::internal)?;
    settle(platform, scope, tried).await
}

fn make(templates: &[Template], leased: &Leased, from: &str) -> Result<Mail, Error> {
    let name = &leased.message.template;
    let template = templates
        .iter()
        .find(|template| template.name == name)
        .ok_or_else(|| Error::UnknownTemplate(name.clone()))?;
    render(template, leased, from)
}

/// Tries each mail once, until the time is over; those not tried keep their lease until it ends.
fn hand_over(
    transport: &Transport,
    made: Vec<(Leased, Result<Mail, Error>)>,
) -> Vec<(Leased, Tried)> {
    let began = Instant::now();
    made.into_iter()
        .take_while(|_| began.elapsed() < HAND_OVER_MAX)
        .map(|(leased, mail)| {
            let tried = match mail.map(|mail| transport.deliver(&mail)) {
                Ok(Ok(())) => Tried::Sent,
                Ok(Err(error)) => Tried::Failed(shorten(&error)),
                Err(error) => Tried::Impossible(shorten(&error.to_string())),
            };
            (leased, tried)
        })
        .collect()
}

fn shorten(error: &str) -> String {
    error.chars().take(ERROR_MAX).collect()
}

async fn settle(
    platform: &Platform,
    scope: SystemScope,
    tried: Vec<(Leased, Tried)>,
) -> Result<usize, Fault> {
    let now = platform.clock.real_now();
    let run = move |tx: &mut dyn Tx| {
        let mut settled = 0;
        for (leased, tried) in &tried {
            let after = after(leased, tried, now);
            settled += usize::from(store::settle(tx, &scope, leased, &after)?);
        }
        Ok(settled)
    };
    Ok(platform.db.write(Lane::Background, None, run).await?)
}

fn after<'a>(leased: &Leased, tried: &'a Tried, now: Millis) -> After<'a> {
    match tried {
        Tried::Sent => After::Sent,
        Tried::Impossible(error) => After::Parked(error),
        Tried::Failed(error) if now.since(leased.created) >= TRIED_FOR_MS => After::Parked(error),
        Tried::Failed(error) => After::Again(now.plus(retry_delay_ms(leased.attempts)), error),
    }
}
