//! The demonstration: one command that makes its own data, its certificate and its accounts, and
//! serves them (interfaces §0).

mod anomalies;
mod clock;
mod consultations;
mod examples;
mod history;
mod keys;
mod lots;
mod notice;
mod people;
mod simulator;
mod store;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use domain::access::{Duty, system};
use domain::operator::usecases::{NewOperator, found_provider};
use kernel::{Clock, Millis, SystemClock, working_time};
use territory::{Size, Territory};
use web::Environment;

use crate::config::{Config, Sources};
use crate::edges::Post;
use crate::serve::{self, Stage};
use crate::workers::{Crew, Signer};
use crate::{files, house, output};

pub use clock::{advance, parse_step, settle};
pub use examples::{Cure, Example, examples};
pub use keys::ClientKey;
pub use notice::{eligibility_body, order_bodies};
pub use people::{LOGINS, Login};
pub use simulator::services;

/// The folder when none is given.
pub const DEFAULT_DIR: &str = "epissure-demo";
/// In a folder that the demonstration made, and may empty.
const MARKER: &str = "demo";

/// What the command line asks for.
pub struct Options {
    /// The folder.
    pub data: PathBuf,
    /// Port of the portal.
    pub portal_port: Option<u16>,
    /// Port of the XML web services.
    pub xml_port: Option<u16>,
    /// Start over.
    pub reset: bool,
}

/// Makes the demonstration's data when there is none yet, then serves it until told to end.
///
/// # Errors
/// The folder is in use or holds something else, or the server cannot start.
pub async fn run(options: &Options) -> Result<()> {
    let begun = Instant::now();
    let config = config(options)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let marker = Marker(options.data.join(MARKER));
    if options.reset || marker.is_half_made() {
        reset(&config, &marker)?;
    }
    if !marker.is_made() {
        make(&config, &marker, Arc::clone(&clock)).await?;
    }
    clock::restore(&config, &clock).await?;
    let stage = Stage {
        environment: Environment::Demo,
        demo_logins: people::shown(),
        advance_clock: Some(clock::mover),
        services: Some(services().leak()),
        beside: Some(simulator::start),
    };
    let told = serve::Told::listen()?;
    let running = serve::start(&config, clock, stage).await?;
    let addresses = notice::Addresses {
        portal: &running.portal_url,
        xml: &running.xml_url,
    };
    notice::write_notice(&options.data, &addresses)?;
    let place = marker.place();
    let ms = begun.elapsed().as_millis();
    output::data(&notice::greeting(&options.data, &addresses, &place, ms))?;
    told.wait().await;
    running.stop().await
}

/// The file by which a folder is known to be the demonstration's; once the data is whole, it names
/// the building that the visitor is shown.
struct Marker(PathBuf);

impl Marker {
    fn place(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }

    fn is_made(&self) -> bool {
        !self.place().is_empty()
    }

    fn is_half_made(&self) -> bool {
        self.0.exists() && !self.is_made()
    }

    fn write(&self, place: &str) -> Result<()> {
        files::write_whole(&self.0, place.as_bytes(), 0o600)
    }
}

fn config(options: &Options) -> Result<Config> {
    let mut flags = vec![("data.dir", options.data.display().to_string())];
    let ports = [
        ("portal.port", options.portal_port),
        ("xml.port", options.xml_port),
    ];
    for (name, port) in ports {
        flags.extend(port.map(|port| (name, port.to_string())));
    }
    // Nothing but flags: a demonstration is the same on every machine.
    Config::load(&Sources {
        file: Some("/dev/null".into()),
        flags,
        env: Vec::new(),
    })
}

/// Empties the folder, if it is one of ours and nobody uses it.
fn reset(config: &Config, marker: &Marker) -> Result<()> {
    if !config.data.exists() {
        return Ok(());
    }
    if !marker.0.exists() {
        bail!(
            "{} was not made by the demonstration",
            config.data.display()
        );
    }
    drop(storage::Db::open(&config.store())?);
    fs::remove_dir_all(&config.data)?;
    if config.head_dir.exists() {
        fs::remove_dir_all(&config.head_dir)?;
    }
    Ok(())
}

/// Makes the demonstration's data in the new folder `data`, for something else than to show it.
///
/// # Errors
/// The folder cannot be written, or holds data already.
pub async fn prepare(data: &Path) -> Result<Arc<Territory>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    make(&config_of(data)?, &Marker(data.join(MARKER)), clock).await
}

/// The configuration of such a folder.
///
/// # Errors
/// None for a path that is text.
pub fn config_of(data: &Path) -> Result<Config> {
    config(&Options {
        data: data.to_owned(),
        portal_port: None,
        xml_port: None,
        reset: false,
    })
}

async fn make(config: &Config, marker: &Marker, clock: Arc<dyn Clock>) -> Result<Arc<Territory>> {
    if config.data.join("epissure.db").exists() {
        bail!(
            "{} holds data that the demonstration did not make",
            config.data.display()
        );
    }
    files::make_private_dir(&config.data)?;
    marker.write("")?;
    let keys = keys::make(&config.data, clock.real_now())?;
    let platform = house::open(config, clock).await?;
    let provider = NewOperator {
        code: people::PROVIDER.0.to_owned(),
        name: people::PROVIDER.1.to_owned(),
        contact_email: people::PROVIDER_EMAIL.to_owned(),
        sirens: Vec::new(),
    };
    let founded = found_provider(&platform, provider).await?.into_result();
    let all = services().leak();
    let crew = Crew {
        provider: founded.map_err(|refusal| anyhow!(refusal))?,
        services: all,
        signer: Arc::new(Signer::open(&config.data, &config.head_dir)?),
        post: Arc::new(Post::new(config, all)?),
        platform,
    };
    let territory = fill(&crew, Size::DEMO, &keys).await?;
    notice::write_requests(&config.data, &territory)?;
    let sight = territory.seen_by(people::HIRONDELLE.code);
    let place = history::tour(&sight)
        .first()
        .context("a place to show")?
        .building;
    marker.write(&place.reference)?;
    Ok(territory)
}

/// Fills an empty store, which has its provider, with the demonstration's operators, a territory
/// of `size` and its history; `keys` are the certificates of the operators.
///
/// # Errors
/// The store does not answer, or is not empty.
pub async fn fill(crew: &Crew, size: Size, keys: &[ClientKey]) -> Result<Arc<Territory>> {
    /// Makes the same territory every time.
    const SEED: u64 = 20_260_316;
    /// How long ago the operators signed.
    const SIGNED_MS: i64 = 300 * Millis::DAY;
    let day = working_time::paris_date(crew.platform.clock.business_now());
    let codes = people::OPERATORS.map(|operator| operator.code);
    let generate = move || Territory::generate(SEED, size, day, &codes);
    let territory = Arc::new(tokio::task::spawn_blocking(generate).await?);
    let mut ctx = system(&crew.platform, Duty::Demo, &crew.provider)?;
    let (now, import) = (ctx.now, ctx.duty(Duty::Import));
    ctx.now = now.plus(-SIGNED_MS);
    people::add(crew, ctx, keys.to_vec()).await?;
    Arc::clone(&territory)
        .load(&crew.platform.db, import, now)
        .await?;
    history::play(crew, &territory, keys).await?;
    anomalies::play(crew, &territory).await?;
    Ok(territory)
}
