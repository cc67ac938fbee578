//! How often one caller may ask (trust D15): a steady rate, and what was saved up to be spent at
//! once. No clock and no store here.

use kernel::Millis;

/// Seconds of the steady rate that a caller may spend at once after a rest.
pub const BURST_SECONDS: i64 = 20;

const SECOND_NS: i64 = 1_000_000_000;

/// What callers of one class are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// An operator's machines, by the operator.
    Machines,
    /// Somebody signed in, by the account.
    Account,
    /// A visitor of the portal, by the network address.
    Visitor,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Machines, Self::Account, Self::Visitor];

    /// As stored, and as the configuration names it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Machines => "machines",
            Self::Account => "account",
            Self::Visitor => "visitor",
        }
    }

    /// The class stored as `text`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Requests a second of each caller of a class, in the order of [`Class::ALL`]; 0 for any number.
pub type Allowances = [u32; Class::ALL.len()];

/// Until when a caller's past requests have used up its rate, in nanoseconds of real time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter(i64);

impl Meter {
    /// Takes one request at `now` of `per_second` (not 0).
    ///
    /// # Errors
    /// Nothing is taken; the whole seconds after which there is room again, at least 1.
    pub fn take(&mut self, per_second: u32, now: Millis) -> Result<(), i64> {
        let (at, cost) = (self.since(now), SECOND_NS / i64::from(per_second));
        let beyond = at + cost - nanos(now) - BURST_SECONDS * SECOND_NS;
        if beyond > 0 {
            self.0 = at;
            return Err((beyond + SECOND_NS - 1) / SECOND_NS);
        }
        self.0 = at + cost;
        Ok(())
    }

    /// Counts requests that were taken elsewhere.
    pub fn count(&mut self, per_second: u32, now: Millis, requests: i64) {
        let cost = SECOND_NS / i64::from(per_second);
        let all = requests.max(0).saturating_mul(cost);
        let full = nanos(now) + BURST_SECONDS * SECOND_NS;
        self.0 = self.since(now).saturating_add(all).min(full);
    }

    /// Whether all was saved up again.
    #[must_use]
    pub fn is_rested(&self, now: Millis) -> bool {
        self.0 <= nanos(now)
    }

    /// A clock that was set back shuts nobody out for longer than a burst takes.
    fn since(self, now: Millis) -> i64 {
        let now = nanos(now);
        self.0.clamp(now, now + BURST_SECONDS * SECOND_NS)
    }
}

fn nanos(at: Millis) -> i64 {
    at.0.saturating_mul(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_800_000_000_000);

    /// Requests taken of `asked` at one instant, and how long the first refused must wait.
    fn burst(meter: &mut Meter, per_second: u32, now: Millis, asked: usize) -> (usize, i64) {
        let mut taken = 0;
        for _ in 0..asked {
            match meter.take(per_second, now) {
                Ok(()) => taken += 1,
                Err(seconds) => return (taken, seconds),
            }
        }
        (taken, 0)
    }

    #[test]
    fn what_was_saved_up_is_spent_at_once_and_comes_back_at_the_steady_rate() {
        for per_second in [1, 3, 7, 100, 60_000] {
            let mut meter = Meter::default();
            let all = per_second as usize * BURST_SECONDS as usize;
            let (taken, wait) = burst(&mut meter, per_second, NOON, all + 100_000);
            assert!(
                (all..=all + 1 + all / 1_000).contains(&taken),
                "{per_second}: {taken}"
            );
            assert_eq!(wait, 1, "{per_second}");
            let later = NOON.plus(5 * Millis::SECOND);
            let (again, _) = burst(&mut meter, per_second, later, all + 100_000);
            let five = 5 * per_second as usize;
            assert!(
                (five..=five + 1 + five / 100).contains(&again),
                "{per_second}: {again}"
            );
            assert!(!meter.is_rested(later));
            assert!(meter.is_rested(later.plus((BURST_SECONDS + 1) * Millis::SECOND)));
        }
    }

    #[test]
    fn whoever_keeps_to_the_rate_is_never_refused() {
        let mut meter = Meter::default();
        for n in 0..10_000 {
            meter.take(10, NOON.plus(n * 100)).unwrap();
        }
    }

    #[test]
    fn what_was_taken_elsewhere_counts_and_never_beyond_a_burst() {
        let mut meter = Meter::default();
        meter.count(10, NOON, 150);
        assert_eq!(burst(&mut meter, 10, NOON, 1_000), (50, 1));
        meter.count(10, NOON, i64::MAX);
        assert_eq!(meter.take(10, NOON), Err(1));
        meter.take(10, NOON.plus(Millis::SECOND)).unwrap();
        meter.count(10, NOON, -5);
    }

    #[test]
    fn a_clock_set_back_shuts_nobody_out() {
        let mut meter = Meter::default();
        let (taken, _) = burst(&mut meter, 5, NOON, 1_000);
        assert_eq!(taken, 100);
        let before = NOON.plus(-Millis::DAY);
        assert_eq!(meter.take(5, before), Err(1));
        meter.take(5, before.plus(Millis::SECOND)).unwrap();
    }

    #[test]
    fn each_class_reads_back_as_it_is_stored() {
        for class in Class::ALL {
            assert_eq!(Class::parse(class.as_str()), Some(class));
        }
    }
}
