//! What this machine can do right now.

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use domain::release::Kind;
use serde_json::{Value, json};

use super::child::HELLO;
use super::client::{Reply, Target};
use super::load::{self, Series, Traffic};
use super::{Bench, say};

/// How long each measure takes.
const LASTS: Duration = Duration::from_millis(700);
/// Written before each `fdatasync`, as a small transaction does.
const BLOCK: [u8; 4_096] = [7; 4_096];
/// Clients of the server that says hello.
const CLIENTS: usize = 16;
/// Above this load average somebody else is at work too.
const QUIET: f64 = 0.5;

/// What was found.
pub struct Calibration {
    /// `fdatasync` of one small block, a second.
    pub fdatasync: f64,
    csv_mb: f64,
    hello: f64,
    load: f64,
}

/// Measures and prints.
///
/// # Errors
/// The disk or the other server fails.
pub async fn run(bench: &Bench, when: &str) -> Result<Calibration> {
    let load = load_average()?;
    let found = Calibration {
        fdatasync: fdatasync(bench)?,
        csv_mb: csv(bench)?,
        hello: hello(bench).await?,
        load,
    };
    let note = if load > QUIET { "  DISTURBED" } else { "" };
    say(&format!(
        "calibration {when:<8} fdatasync {:.0}/s  csv {:.0} MB/s  raw axum hello {:.0}/s  \
         load {load:.2}{note}",
        found.fdatasync, found.csv_mb, found.hello
    ))?;
    Ok(found)
}

impl Calibration {
    /// The same as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "fdatasync_per_s": self.fdatasync,
            "csv_mb_per_s": self.csv_mb,
            "raw_hello_per_s": self.hello,
            "load": self.load,
            "disturbed": self.load > QUIET,
        })
    }
}

/// Of the last minute, this bench's own load included.
fn load_average() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().parse()?)
}

fn fdatasync(bench: &Bench) -> Result<f64> {
    let path = bench.data.join("fdatasync");
    let mut file = File::create(&path)?;
    let (begun, mut count) = (Instant::now(), 0_u32);
    while begun.elapsed() < LASTS {
        file.write_all(&BLOCK)?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}

#[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
fn csv(bench: &Bench) -> Result<f64> {
    let text = bench.territory.file(Kind::Ipe);
    let (begun, mut read) = (Instant::now(), 0);
    while begun.elapsed() < LASTS {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .from_reader(text.as_bytes());
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record)? {
            black_box(&record);
        }
        read += text.len();
    }
    Ok(read as f64 / 1e6 / begun.elapsed().as_secs_f64())
}

/// Clients of the server that says hello.
pub struct Hello(Vec<u8>);

impl Hello {
    /// Its clients at `target`.
    #[must_use]
    pub fn at(target: &Target) -> Arc<Self> {
        Arc::new(Self(target.get("/", "")))
    }
}

impl Traffic for Hello {
    fn request(&self, _client: usize, _n: usize) -> Vec<u8> {
        self.0.clone()
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        reply.status == 200 && reply.body == HELLO.as_bytes()
    }
}

async fn hello(bench: &Bench) -> Result<f64> {
    let target = bench.hello_target()?;
    let measured = load::run(&target, &bench.hello, CLIENTS, LASTS, &Hello::at(&target)).await?;
    Ok(Series::of(&[measured]).rate())
}

impl Bench {
    /// The server that says hello.
    ///
    /// # Errors
    /// It did not start.
    pub fn hello_target(&self) -> Result<Target> {
        Target::new(
            &self.hello.url("hello")?,
            &self.data.join("acces/ca.pem"),
            None,
        )
    }
}
