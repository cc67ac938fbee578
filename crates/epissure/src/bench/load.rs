//! Load in a closed loop: each client sends its next request when it has read the last answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::child::Child;
use super::client::{Reply, Target};

/// What clients send, and which answers are right.
pub trait Traffic: Send + Sync + 'static {
    /// The `n`th request of a client.
    fn request(&self, client: usize, n: usize) -> Vec<u8>;
    /// Whether this is the right answer to it.
    fn is_right(&self, reply: &Reply<'_>) -> bool;
}

/// What was measured in one go.
#[derive(Default)]
pub struct Measured {
    /// How many right answers each client got.
    pub done: Vec<usize>,
    /// How long each took.
    pub latencies: Vec<Duration>,
    /// From the first request to the last answer.
    pub elapsed: Duration,
    /// Processor time that the server took meanwhile.
    pub cpu: Duration,
    /// What the first wrong answer was, if any.
    pub wrong: Option<String>,
}

/// Has `clients` send `traffic` to `target` for `lasts`; `server` is the process behind it.
///
/// # Errors
/// A connection fails.
pub async fn run(
    target: &Target,
    server: &Child,
    clients: usize,
    lasts: Duration,
    traffic: &Arc<impl Traffic>,
) -> Result<Measured> {
    let start = Arc::new(Barrier::new(clients + 1));
    let mut running = JoinSet::new();
    for client in 0..clients {
        let (target, start) = (target.clone(), Arc::clone(&start));
        let traffic = Arc::clone(traffic);
        running.spawn(async move { send(&target, &start, client, lasts, &*traffic).await });
    }
    start.wait().await;
    let (begun, cpu) = (Instant::now(), server.cpu()?);
    let mut all = Measured {
        done: vec![0; clients],
        ..Measured::default()
    };
    while let Some(ended) = running.join_next().await {
        let sent = ended??;
        all.done[sent.client] = sent.latencies.len();
        all.latencies.extend(sent.latencies);
        all.wrong = all.wrong.or(sent.wrong);
    }
    all.elapsed = begun.elapsed();
    all.cpu = server.cpu()?.saturating_sub(cpu);
    Ok(all)
}

/// Connections of [`steady`].
const STEADY_CLIENTS: usize = 16;

/// Sends `traffic` at so many requests a second as long as `goes_on`, whatever the answers take:
/// latencies count from when a request was due.
///
/// # Errors
/// A connection fails.
pub async fn steady(
    target: &Target,
    server: &Child,
    per_second: usize,
    traffic: &Arc<impl Traffic>,
    goes_on: &(dyn Fn(Instant) -> bool + Sync),
) -> Result<Measured> {
    let going = Arc::new(AtomicBool::new(true));
    let every =
        Duration::from_secs(1) * u32::try_from(STEADY_CLIENTS)? / u32::try_from(per_second)?;
    let (begun, cpu) = (Instant::now(), server.cpu()?);
    let mut running = JoinSet::new();
    for client in 0..STEADY_CLIENTS {
        let first = begun + every * u32::try_from(client)? / u32::try_from(STEADY_CLIENTS)?;
        let (target, traffic, going) = (target.clone(), Arc::clone(traffic), Arc::clone(&going));
        let place = (client, first, every);
        running.spawn(async move { send_when_due(&target, place, &going, &*traffic).await });
    }
    while goes_on(begun) {
        tokio::time::sleep(every).await;
    }
    going.store(false, Ordering::Relaxed);
    let mut all = Measured {
        done: vec![0; STEADY_CLIENTS],
        ..Measured::default()
    };
    while let Some(ended) = running.join_next().await {
        let sent = ended??;
        all.done[sent.client] = sent.latencies.len();
        all.latencies.extend(sent.latencies);
        all.wrong = all.wrong.or(sent.wrong);
    }
    all.elapsed = begun.elapsed();
    all.cpu = server.cpu()?.saturating_sub(cpu);
    Ok(all)
}

async fn send_when_due(
    target: &Target,
    (client, mut due, every): (usize, Instant, Duration),
    going: &AtomicBool,
    traffic: &impl Traffic,
) -> Result<Sent> {
    let mut connection = target.connect().await?;
    let mut sent = Sent {
        client,
        latencies: Vec::new(),
        wrong: None,
    };
    while going.load(Ordering::Relaxed) && sent.wrong.is_none() {
        tokio::time::sleep_until(due.into()).await;
        let request = traffic.request(client, sent.latencies.len());
        let reply = connection.exchange(&request).await?;
        sent.latencies.push(due.elapsed());
        if !traffic.is_right(&reply) {
            let body = String::from_utf8_lossy(reply.body);
            let shown: String = body.chars().take(2_000).collect();
            sent.wrong = Some(format!("{} {shown}", reply.status));
        }
        due += every;
    }
    Ok(sent)
}

struct Sent {
    client: usize,
    latencies: Vec<Duration>,
    wrong: Option<String>,
}

async fn send(
    target: &Target,
    start: &Barrier,
    client: usize,
    lasts: Duration,
    traffic: &impl Traffic,
) -> Result<Sent> {
    let connection = target.connect().await;
    // Also when it failed: the others wait.
    start.wait().await;
    let mut connection = connection?;
    let begun = Instant::now();
    let mut sent = Sent {
        client,
        latencies: Vec::new(),
        wrong: None,
    };
    while begun.elapsed() < lasts {
        let request = traffic.request(client, sent.latencies.len());
        let asked = Instant::now();
        let reply = connection.exchange(&request).await?;
        let took = asked.elapsed();
        if !traffic.is_right(&reply) {
            let body = String::from_utf8_lossy(reply.body);
            let shown: String = body.chars().take(2_000).collect();
            sent.wrong = Some(format!("{} {shown}", reply.status));
            break;
        }
        sent.latencies.push(took);
    }
    Ok(sent)
}

impl Measured {
    /// Right answers a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.latencies.len() as f64 / self.elapsed.as_secs_f64()
    }
}

/// Repetitions of one measure.
pub struct Series {
    rates: Vec<f64>,
    latencies: Vec<Duration>,
    cpu: Duration,
}

impl Series {
    /// The repetitions together.
    #[must_use]
    pub fn of(repetitions: &[Measured]) -> Self {
        let mut rates: Vec<f64> = repetitions.iter().map(Measured::rate).collect();
        rates.sort_by(f64::total_cmp);
        let all = repetitions.iter().flat_map(|one| &one.latencies);
        let mut latencies: Vec<Duration> = all.copied().collect();
        latencies.sort_unstable();
        Self {
            rates,
            latencies,
            cpu: repetitions.iter().map(|one| one.cpu).sum(),
        }
    }

    /// The middle rate.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rates
            .get(self.rates.len() / 2)
            .copied()
            .unwrap_or_default()
    }

    /// The latency that `percent` of the answers did not exceed.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = (self.latencies.len() * percent / 100).min(self.latencies.len().max(1) - 1);
        self.latencies.get(at).copied().unwrap_or_default()
    }

    fn cpu_us(&self) -> f64 {
        let count = u32::try_from(self.latencies.len().max(1)).unwrap_or(u32::MAX);
        self.cpu.as_secs_f64() * 1e6 / f64::from(count)
    }

    fn spread(&self) -> (f64, f64) {
        let at = |value: Option<&f64>| value.copied().unwrap_or_default();
        (at(self.rates.first()), at(self.rates.last()))
    }

    /// One line.
    #[must_use]
    pub fn line(&self) -> String {
        let (least, most) = self.spread();
        let us = |percent| self.percentile(percent).as_micros();
        format!(
            "{:>8.0}/s ({least:.0}..{most:.0})  p50 {} p90 {} p99 {} max {} us  cpu {:.1} us",
            self.rate(),
            us(50),
            us(90),
            us(99),
            us(100),
            self.cpu_us()
        )
    }

    /// The same as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let us = |percent| self.percentile(percent).as_secs_f64() * 1e6;
        json!({
            "rates": self.rates,
            "rate": self.rate(),
            "count": self.latencies.len(),
            "p50_us": us(50),
            "p90_us": us(90),
            "p99_us": us(99),
            "max_us": us(100),
            "cpu_us": self.cpu_us(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_tells_the_middle_rate_and_the_percentiles_of_all() {
        let one = |n: u64, ms: u64| Measured {
            latencies: (1..=n).map(Duration::from_millis).collect(),
            elapsed: Duration::from_millis(ms),
            cpu: Duration::from_millis(n),
            ..Measured::default()
        };
        let series = Series::of(&[one(100, 1_000), one(100, 500), one(100, 2_000)]);
        assert!((series.rate() - 100.0).abs() < 1e-9);
        assert_eq!(series.percentile(50), Duration::from_millis(51));
        assert_eq!(series.percentile(100), Duration::from_millis(100));
        assert!((series.cpu_us() - 1_000.0).abs() < 1e-6);
        assert_eq!(Series::of(&[]).percentile(99), Duration::ZERO);
    }
}
