//! What the operators looked at before the visitor came: the test before each order, and two
//! places under watch, of which one has opened since.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use domain::Platform;
use domain::access::Ctx;
use domain::building::Building;
use domain::order::PlaceOrder;
use eligibility::history::{self, Question};
use eligibility::usecases::{question, test_eligibility};
use eligibility::watches::rules::{FIELDS, place};
use eligibility::watches::usecases::{NewWatch, watch as begin};
use jiff::Span;
use jiff::civil::Date;
use kernel::{Millis, working_time};
use territory::{Case, Territory};

use super::people::HIRONDELLE;
use crate::workers::Crew;

/// How long before an opening its place is put under watch, in milliseconds.
const AHEAD_MS: i64 = 9 * Millis::DAY;
/// How long ago an opening may lie, in days: the contracts are hardly older.
const OPENED_MAX_DAYS: i64 = 270;

/// Tests the place of an order that is about to be placed, as its operator would.
///
/// # Errors
/// The store does not answer.
pub async fn ask(platform: &Platform, ctx: &Ctx, order: &PlaceOrder) -> Result<()> {
    let keys = ["CodeAdresseImmeuble"].into_iter();
    let names = keys.chain(FIELDS.map(|(name, _)| name));
    let asked = PlaceOrder::default();
    let fields = names.fold(asked, |asked, name| asked.with(name, order.get(name)));
    let tested = match question(&fields) {
        Ok(question) => test_eligibility(platform, ctx, question).await?,
        Err(refusal) => Err(refusal),
    };
    history::told(platform, ctx, Question::fields(&fields), &tested);
    Ok(())
}

/// Puts two places under watch through the eyes of the first operator's agent, whom `agent` makes
/// act at an instant: one that opened lately, and one that is still to open.
///
/// # Errors
/// The store does not answer.
pub async fn watch(
    crew: &Crew,
    territory: &Territory,
    agent: &impl AsyncFn(Millis) -> Result<Arc<Ctx>>,
) -> Result<()> {
    let (clock, now) = (&crew.platform.clock, crew.platform.clock.business_now());
    let sight = territory.seen_by(HIRONDELLE.code);
    let of = |case| {
        let spots = sight.spots(case).into_iter();
        let dated = |building: &Building| building.orders_from;
        spots.filter_map(move |spot| Some((dated(spot.building)?, spot.building)))
    };
    let lately = |day: &Date| {
        let oldest = territory
            .day
            .saturating_sub(Span::new().days(OPENED_MAX_DAYS));
        *day > oldest
    };
    let opened = of(Case::Buildable).filter(|(day, _)| lately(day));
    if let Some((day, building)) = opened.max_by_key(|(day, _)| *day) {
        let opening = working_time::start_of_day(day);
        let ctx = agent(opening.plus(-AHEAD_MS)).await?;
        put(
            &crew.platform,
            &ctx,
            building,
            "PROSPECT-118",
            "Rappeler à l’ouverture",
        )
        .await?;
        clock.set_offset_ms(opening.plus(Millis::HOUR).since(clock.real_now()));
        while crew.reconcile().await? + crew.run_due_jobs().await? > 0 {}
    }
    if let Some((_, building)) = of(Case::OpensLater).max_by_key(|(day, _)| *day) {
        let ctx = agent(now.plus(-AHEAD_MS)).await?;
        put(&crew.platform, &ctx, building, "", "Salon des maires").await?;
    }
    Ok(())
}

async fn put(
    platform: &Platform,
    ctx: &Arc<Ctx>,
    building: &Building,
    reference: &str,
    note: &str,
) -> Result<()> {
    let value = |name: &str| match name {
        "IdentifiantImmeuble" => building.reference.as_str(),
        _ => "",
    };
    let new = NewWatch {
        place: place(value).map_err(|refusal| anyhow!("{refusal}"))?,
        reference: reference.to_owned(),
        note: note.to_owned(),
    };
    let watched = begin(platform, ctx, new, None).await?;
    watched
        .into_result()
        .map_err(|refusal| anyhow!("{refusal}"))?;
    Ok(())
}
