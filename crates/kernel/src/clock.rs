//! The two clocks. *Business time* decides deadlines, validity and dates shown to people; the
//! demonstration may move it forward. *Real time* decides sessions, throttles, tokens, TLS, leases
//! and retry delays, and nothing moves it.

use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

/// An instant, in milliseconds since 1970-01-01T00:00:00Z. The only time type that is stored.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// One second, in milliseconds.
    pub const SECOND: i64 = 1_000;
    /// One minute, in milliseconds.
    pub const MINUTE: i64 = 60 * Self::SECOND;
    /// One hour, in milliseconds.
    pub const HOUR: i64 = 60 * Self::MINUTE;
    /// One day of 24 hours, in milliseconds.
    pub const DAY: i64 = 24 * Self::HOUR;

    /// This instant moved by `delta_ms`, saturating.
    #[must_use]
    pub fn plus(self, delta_ms: i64) -> Self {
        Self(self.0.saturating_add(delta_ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when this one is the earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Where the time comes from. Chosen once by the binary or the test harness; everything else
/// receives instants.
pub trait Clock: Send + Sync + 'static {
    /// Real time: sessions, throttles, tokens, leases, retry delays.
    fn real_now(&self) -> Millis;
    /// Milliseconds that business time is ahead of real time; 0 outside the demonstration.
    fn offset_ms(&self) -> i64;
    /// Moves business time ahead of real time by `offset_ms` in all.
    fn set_offset_ms(&self, offset_ms: i64);
    /// Business time: real time plus the stored offset.
    fn business_now(&self) -> Millis {
        self.real_now().plus(self.offset_ms())
    }
}

/// The machine's clock.
#[derive(Debug, Default)]
pub struct SystemClock {
    offset_ms: AtomicI64,
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn real_now(&self) -> Millis {
        Millis(jiff::Timestamp::now().as_millisecond())
    }

    fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct FakeClock {
    real_ms: AtomicI64,
    offset_ms: AtomicI64,
}

impl FakeClock {
    /// A clock stopped at `start`.
    #[must_use]
    pub fn at(start: Millis) -> Self {
        Self {
            real_ms: AtomicI64::new(start.0),
            offset_ms: AtomicI64::new(0),
        }
    }

    /// Moves real and business time forward together.
    pub fn advance(&self, delta_ms: i64) {
        self.real_ms.fetch_add(delta_ms, Ordering::Relaxed);
    }
}

impl Clock for FakeClock {
    fn real_now(&self) -> Millis {
        Millis(self.real_ms.load(Ordering::Relaxed))
    }

    fn offset_ms(&self) -> i64 {
        self.offset_ms.load(Ordering::Relaxed)
    }

    fn set_offset_ms(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}
