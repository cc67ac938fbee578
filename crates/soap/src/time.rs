//! Instants and days as they stand in messages. Read: with an offset, with `Z`, or without either,
//! which means Paris; any number of decimals. Written: Paris time with its offset, whole seconds.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use kernel::{Millis, working_time};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant (`xs:dateTime`), kept to the millisecond.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub Millis);

/// A civil day in Paris (`xs:date`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl Instant {
    /// Reads `text`; `None` when it is no date and time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if !text.contains('T') {
            return None;
        }
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self(Millis(at.as_millisecond())));
        }
        let local: DateTime = text.parse().ok()?;
        Some(Self(working_time::at_paris(local)))
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_millisecond(self.0.0).unwrap_or(Timestamp::UNIX_EPOCH);
        let local = at.to_zoned(working_time::paris());
        write!(f, "{}", local.strftime("%Y-%m-%dT%H:%M:%S%:z"))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.strftime("%Y-%m-%d"))
    }
}

impl From<Millis> for Instant {
    fn from(at: Millis) -> Self {
        Self(at)
    }
}

impl From<Date> for Day {
    fn from(day: Date) -> Self {
        Self(day)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a date and time"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        // `xs:date` may carry an offset, which says nothing about a civil day.
        let day = text.trim().get(..10).unwrap_or_default();
        day.parse().map(Self).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        Instant::parse(text).map(|at| at.to_string())
    }

    #[test]
    fn every_way_clients_write_an_instant_is_read() {
        for text in [
            "2026-11-23T01:07:26+01:00",
            "2026-11-23T00:07:26Z",
            "2026-11-23T01:07:26",
            "2026-11-23T01:07:26.123456",
            "2026-11-23T00:07:26.999999Z",
            "2026-11-22T19:07:26-05:00",
            " 2026-11-23T01:07:26 ",
        ] {
            assert_eq!(
                read(text).as_deref(),
                Some("2026-11-23T01:07:26+01:00"),
                "{text}"
            );
        }
        assert_eq!(
            read("2026-07-14T12:00:00Z").as_deref(),
            Some("2026-07-14T14:00:00+02:00")
        );
    }

    #[test]
    fn what_is_no_instant_is_not_read() {
        for text in [
            "",
            "2026-11-23",
            "20261123 09:01",
            "demain",
            "2026-02-30T00:00:00Z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
