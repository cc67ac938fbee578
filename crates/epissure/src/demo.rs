//! The demonstration: one command that makes its own data, its certificate and its accounts, and
//! serves them (interfaces §0).

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, bail};
use domain::operator::usecases::{NewOperator, found_provider};
use kernel::{Clock, SystemClock};
use web::Environment;

use crate::config::{Config, Sources};
use crate::serve::{self, Stage};
use crate::{files, house, output};

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
    let marker = options.data.join(MARKER);
    if options.reset {
        reset(&config, &marker)?;
    }
    if !marker.exists() {
        make(&config, &marker, Arc::clone(&clock)).await?;
    }
    let stage = Stage {
        environment: Environment::Demo,
        ..Stage::default()
    };
    let running = serve::start(&config, clock, stage).await?;
    let (portal, xml) = (&running.portal_url, &running.xml_url);
    let ms = begun.elapsed().as_millis();
    output::data(&format!(
        "portal {portal}/\nxml    {xml}/ws/\nready in {ms} ms\n"
    ))?;
    serve::until_told().await?;
    running.stop().await
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
fn reset(config: &Config, marker: &Path) -> Result<()> {
    if !config.data.exists() {
        return Ok(());
    }
    if !marker.exists() {
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

async fn make(config: &Config, marker: &Path, clock: Arc<dyn Clock>) -> Result<()> {
    let platform = house::open(config, clock).await?;
    let provider = NewOperator {
        code: "F2V".to_owned(),
        name: "Fibre des Deux Vallées".to_owned(),
        contact_email: "exploitation@deuxvallees.example".to_owned(),
        sirens: Vec::new(),
    };
    // After a start that was cut short the provider is there already.
    let _ = found_provider(&platform, provider).await?;
    files::write_whole(marker, b"", 0o600)
}
