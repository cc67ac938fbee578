//! A lot of eligibility tests that a visitor finds done.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use domain::Platform;
use domain::access::Ctx;
use domain::order::address_line;
use domain::upload::{Purpose, Receiver, UploadError};
use eligibility::lots::usecases::submit;
use territory::Territory;

/// Buildings of the file: one in so many of the territory.
const EVERY: usize = 9;
/// Lines of the file at most.
const LINES_MAX: usize = 180;

/// A file as a sales team keeps it: addresses as they are said, some by their building, some wrong.
fn file(territory: &Territory) -> String {
    let mut text = "ReferenceClient;Adresse;IdentifiantImmeuble;Commercial\r\n".to_owned();
    let buildings = territory.buildings.iter().step_by(EVERY).take(LINES_MAX);
    for (n, building) in (1..).zip(buildings) {
        let address = match n % 7 {
            0 => String::new(),
            3 => building.street_name.clone(),
            5 => format!("9871 {} {}", building.street_name, building.commune),
            _ => address_line(building),
        };
        let reference = if n % 7 == 0 {
            building.reference.as_str()
        } else {
            ""
        };
        let agent = ["Anaïs", "Bilal"][n % 2];
        let _ = write!(
            text,
            "PROSPECT-{n:04};\"{address}\";{reference};{agent}\r\n"
        );
    }
    text
}

/// Submits the lot as `ctx`; the jobs that follow carry it out.
///
/// # Errors
/// The store does not answer, or refuses what it must take.
pub async fn play(platform: &Platform, ctx: &Arc<Ctx>, territory: &Territory) -> Result<()> {
    let told = |error: UploadError| anyhow!("{error}");
    let begun = Receiver::begin(platform, ctx, Purpose::Lot, "prospection-novembre.csv");
    let mut receiver = begun.map_err(told)?;
    let text = file(territory);
    receiver.push(text.as_bytes()).await.map_err(told)?;
    let sent = receiver.finish().await.map_err(told)?;
    let lot = submit(platform, ctx, sent, None).await?;
    lot.map(drop)
        .map_err(|refusal| anyhow!("the lot: {refusal}"))
}
