//! The server: opens the store, listens, works, and ends in order.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use domain::{Platform, access};
use kernel::Clock;
use service_api::EService;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use web::server::{AdvanceClock, Site};
use web::{Brand, Environment};

use crate::config::{Config, Listen};
use crate::control;
use crate::edges::{self, Post};
use crate::house;
use crate::listen::{self, Served};
use crate::request::Desk;
use crate::services::SERVICES;
use crate::tasks::{Ender, Tasks};
use crate::tls::Identity;
use crate::workers::{self, Crew, Signer};

/// How long requests under way may take to end at shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// What distinguishes one kind of installation from another.
#[derive(Clone, Default)]
pub struct Stage {
    /// The badge on every page.
    pub environment: Environment,
    /// Accounts shown on the sign-in page: login, password, whose.
    pub demo_logins: Vec<(String, String, String)>,
    /// Makes what moves business time forward, where anything may.
    pub advance_clock: Option<fn(Crew) -> AdvanceClock>,
    /// E-services whose jobs run here, when they are not those of the registry.
    pub services: Option<&'static [&'static EService]>,
    /// Starts what works beside the platform's own workers.
    pub beside: Option<fn(&Tasks, &Crew)>,
}

/// A server that runs.
pub struct Running {
    /// The platform.
    pub platform: Arc<Platform>,
    /// Its workers' hands, for tests and the demonstration.
    pub crew: Crew,
    /// Where the portal listens.
    pub portal: SocketAddr,
    /// Where the XML web services listen.
    pub xml: SocketAddr,
    /// The portal's public address.
    pub portal_url: String,
    /// The public address of the XML web services.
    pub xml_url: String,
    ender: Ender,
    control: control::Socket,
}

/// Starts a server; when this answers, it is ready.
///
/// # Errors
/// The store, a key, a port or the control socket cannot be had.
pub async fn start(config: &Config, clock: Arc<dyn Clock>, stage: Stage) -> Result<Running> {
    let platform = house::open(config, clock).await?;
    let identity = Identity::load(&config.data, platform.clock.real_now())?;
    let (provider, name) = house::provider(&platform).await?;
    house::configure(&platform, config, &provider).await?;
    let crew = Crew {
        platform: Arc::clone(&platform),
        services: stage.services.unwrap_or(SERVICES),
        provider,
        signer: Arc::new(Signer::open(&config.data, &config.head_dir)?),
        post: Arc::new(Post::new(config, SERVICES)?),
    };
    let portal = listen::bind(&config.portal).await?;
    let xml = listen::bind(&config.xml).await?;
    let (portal_at, portal_url) = addresses(&portal, &config.portal)?;
    let (xml_at, xml_url) = addresses(&xml, &config.xml)?;
    let brand = if config.brand_name.is_empty() {
        name
    } else {
        config.brand_name.clone()
    };
    let advance_clock = stage.advance_clock.map(|make| make(crew.clone()));
    let site = Site {
        brand: Brand::new(brand),
        environment: stage.environment,
        menu: SERVICES.iter().flat_map(|service| service.menu).collect(),
        demo_logins: stage.demo_logins,
        advance_clock: advance_clock.clone(),
        xml_url: xml_url.clone(),
        contracts: edges::contracts(SERVICES, &xml_url)?,
    };
    let (tasks, ender) = Tasks::new();
    let portal_side = Served {
        tls: TlsAcceptor::from(identity.portal()?),
        router: edges::portal(&platform, SERVICES, site),
        stamp: edges::stamp_portal,
    };
    let services = edges::xml_services(SERVICES);
    let xml_side = Served {
        tls: TlsAcceptor::from(identity.machines()?),
        router: soap::server::router(Arc::clone(&platform), &services, &xml_url)?,
        stamp: edges::stamp_xml,
    };
    let desk = Desk::new(Arc::clone(&platform), SERVICES, portal_url.clone());
    let desk = desk.with_clock(advance_clock).with_backups(config, true);
    let control = control::listen(&tasks, &config.socket(), desk)?;
    listen::serve(&tasks, portal, &portal_side);
    listen::serve(&tasks, xml, &xml_side);
    workers::start(&tasks, &crew);
    if let Some(start) = stage.beside {
        start(&tasks, &crew);
    }
    Ok(Running {
        platform,
        crew,
        portal: portal_at,
        xml: xml_at,
        portal_url,
        xml_url,
        ender,
        control,
    })
}

fn addresses(listeners: &[TcpListener], listen: &Listen) -> Result<(SocketAddr, String)> {
    let at = listeners.first().context("no listener")?.local_addr()?;
    let url = match listen.public_url.as_str() {
        "" => format!("https://localhost:{}", at.port()),
        given => given.to_owned(),
    };
    Ok((at, url))
}

impl Running {
    /// Ends in order: no new request, those under way answered, the journal sealed and signed.
    ///
    /// # Errors
    /// The last seal could not be made; what was acknowledged is safe all the same.
    pub async fn stop(self) -> Result<()> {
        self.platform.end();
        if !self.ender.end(GRACE).await {
            tracing::warn!("some requests did not end in time");
        }
        drop(self.control);
        access::flush_seen(&self.platform).await?;
        self.crew.close_journal().await
    }
}

/// What tells a server to end: SIGTERM or SIGINT. Listened to before anybody is told that the
/// server is ready, for a signal that nobody listens to kills.
pub struct Told {
    term: Signal,
    int: Signal,
}

impl Told {
    /// Listens from now on.
    ///
    /// # Errors
    /// The signals cannot be listened to.
    pub fn listen() -> Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits until one of them comes.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
