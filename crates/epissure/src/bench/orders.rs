//! `orders`: orders placed through the XML web service by mutual TLS, each acknowledged once it is
//! durable. The server is then cut off, started again, and asked what it has.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use domain::access::{OperatorScope, authenticate_certificate};
use domain::order::store::{Listing, Sort};
use domain::{Platform, order};
use kernel::{Clock, Millis, SystemClock};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use storage::Tx;

use super::calibrate::Calibration;
use super::child::Child;
use super::client::{Reply, Target};
use super::http::right;
use super::load::{self, Series, Traffic};
use super::{Bench, say};
use crate::{demo, house};

/// Clients at once.
const CLIENTS: usize = 64;
/// The client certificate they share.
pub const KEY: &str = "hirondelle";
/// Orders read back at once.
const PAGE: i64 = 2_000;
/// What an order that was admitted is answered.
const ADMITTED: &str = "<EtatArCommandePrise>OK</EtatArCommandePrise>";

/// Orders of every place in turn, with references of their own.
pub struct Orders {
    target: Target,
    repetition: usize,
    /// Bodies without their references, one a place, cut in three.
    places: Vec<[String; 3]>,
}

impl Orders {
    /// Orders whose references no other `repetition` has.
    #[must_use]
    pub fn new(target: &Target, repetition: usize, places: &[[String; 3]]) -> Self {
        Self {
            target: target.clone(),
            repetition,
            places: places.to_vec(),
        }
    }

    fn reference(&self, client: usize, n: usize) -> String {
        format!("BENCH-{}-{client}-{n}", self.repetition)
    }
}

impl Traffic for Orders {
    fn request(&self, client: usize, n: usize) -> Vec<u8> {
        let reference = self.reference(client, n);
        // A stride without common divisor: every place in turn, no two clients side by side.
        let place = (client * 7_919 + n * CLIENTS) % self.places.len();
        let body = self.places[place].join(&reference);
        self.target
            .post("/ws/fci", "", "text/xml; charset=utf-8", &body)
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        let text = String::from_utf8_lossy(reply.body);
        reply.status == 200 && text.contains(ADMITTED)
    }
}

/// What was measured.
pub struct Found(Series);

/// Measures, cuts the server off, and compares what it acknowledged with what it has.
///
/// # Errors
/// The server cannot be reached, answers wrong, lost an order or doubled one.
pub async fn run(bench: &Bench) -> Result<Found> {
    let server = Child::serve(&bench.data)?;
    let (ca, dir) = (bench.data.join("acces/ca.pem"), bench.data.join("acces"));
    let target = Target::new(&server.url("xml")?, &ca, Some((&dir, KEY)))?;
    let places = demo::order_bodies(&bench.territory);
    let (mut measured, mut acknowledged) = (Vec::new(), BTreeSet::new());
    for repetition in 0..bench.effort.repetitions {
        let orders = Arc::new(Orders::new(&target, repetition, &places));
        let lasts = bench.effort.orders;
        let one = right(load::run(&target, &server, CLIENTS, lasts, &orders).await?)?;
        for (client, done) in one.done.iter().enumerate() {
            acknowledged.extend((0..*done).map(|n| orders.reference(client, n)));
        }
        measured.push(one);
    }
    server.kill9()?;
    let again = Child::serve(&bench.data)?;
    again.url("xml")?;
    compare(bench, &acknowledged).await?;
    let series = Series::of(&measured);
    say(&format!(
        "orders {CLIENTS} clients  durable, acknowledged {}",
        series.line()
    ))?;
    say(&format!(
        "orders acknowledged {}, all there after kill -9, once",
        acknowledged.len()
    ))?;
    Ok(Found(series))
}

impl Found {
    /// The figures beside those of the disk in the same minute.
    ///
    /// # Errors
    /// The reader of the report is gone.
    pub fn compared(&self, calibrations: &[&Calibration]) -> Result<Value> {
        let count = f64::from(u32::try_from(calibrations.len())?);
        let disk = calibrations.iter().map(|one| one.fdatasync).sum::<f64>() / count;
        let ratio = self.0.rate() / disk;
        let waits = self.0.percentile(99).as_secs_f64() * disk;
        say(&format!(
            "orders ratio {ratio:.2} an fdatasync, p99 as long as {waits:.1} of them"
        ))?;
        let mut figures = self.0.json();
        figures["clients"] = CLIENTS.into();
        figures["per_fdatasync"] = ratio.into();
        figures["p99_in_fdatasync"] = waits.into();
        Ok(figures)
    }
}

/// Every acknowledged order is there, and none twice.
async fn compare(bench: &Bench, acknowledged: &BTreeSet<String>) -> Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let platform = house::open_read_only(&demo::config_of(&bench.data)?, clock)?;
    let pem = fs::read(bench.data.join(format!("acces/{KEY}.pem")))?;
    let der = CertificateDer::from_pem_slice(&pem)?;
    let known = authenticate_certificate(&platform, &der).await?;
    let ctx = known.map_err(|refusal| anyhow!("{refusal}"))?;
    let scope = ctx.operator().map_err(|refusal| anyhow!("{refusal}"))?;
    let mut stored = BTreeSet::new();
    let mut after = None;
    loop {
        let page = page(&platform, scope, after).await?;
        let Some(last) = page.last().cloned() else {
            break;
        };
        for (reference, _) in page {
            ensure!(
                stored.insert(reference.clone()),
                "{reference} is there twice"
            );
        }
        after = Some(last);
    }
    let lost = acknowledged.difference(&stored).next();
    ensure!(
        lost.is_none(),
        "{} was acknowledged and is lost",
        lost.context("one")?
    );
    Ok(())
}

/// References and ids after one of them.
async fn page(
    platform: &Platform,
    scope: &OperatorScope,
    after: Option<(String, String)>,
) -> Result<Vec<(String, String)>> {
    let listing = Listing {
        text: "BENCH-".to_owned(),
        to: Millis(i64::MAX),
        sort: Sort::Reference,
        after,
        limit: PAGE,
        ..Listing::default()
    };
    let scope = scope.clone();
    let read = move |tx: &mut dyn Tx| order::store::list(tx, &scope, &listing);
    let orders = platform.db.read(read).await?;
    Ok(orders
        .into_iter()
        .map(|one| (one.reference, one.id.to_string()))
        .collect())
}
