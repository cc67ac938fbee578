//! French public holidays and the contract's two calendars (Art. 1, Ann. 4): *jours ouvrables*,
//! Monday to Saturday, and *jours ouvrés*, Monday to Friday, both without public holidays; working
//! hours are 08:00 to 18:00 Europe/Paris on the former. Everything else in the platform that needs
//! Paris time or a holiday asks here.

use jiff::civil::{Date, DateTime, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::Millis;

/// First working hour, Europe/Paris (Art. 1).
pub const OPENS: Time = jiff::civil::time(8, 0, 0, 0);
/// End of the last working hour, Europe/Paris (Art. 1).
pub const CLOSES: Time = jiff::civil::time(18, 0, 0, 0);

/// Which days count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    /// Jours ouvrables: Monday to Saturday except public holidays (Art. 1).
    Ouvrables,
    /// Jours ouvrés: Monday to Friday except public holidays (Ann. 4).
    Ouvres,
}

/// The zone all French business rules are read in.
#[must_use]
pub fn paris() -> TimeZone {
    // The database is compiled in, so the zone is always found; UTC would only mis-date, not panic.
    TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)
}

/// The civil date and time in Paris at `at`.
#[must_use]
pub fn paris_datetime(at: Millis) -> DateTime {
    let at = Timestamp::from_millisecond(at.0).unwrap_or(Timestamp::UNIX_EPOCH);
    at.to_zoned(paris()).datetime()
}

/// The date in Paris at `at`.
#[must_use]
pub fn paris_date(at: Millis) -> Date {
    paris_datetime(at).date()
}

/// The instant of a civil time in Paris; in a spring gap the later reading, in an autumn fold the
/// earlier.
#[must_use]
pub fn at_paris(when: DateTime) -> Millis {
    let zoned = paris().to_ambiguous_zoned(when).compatible();
    Millis(zoned.map_or(0, |z| z.timestamp().as_millisecond()))
}

/// Midnight in Paris at the beginning of `day`.
#[must_use]
pub fn start_of_day(day: Date) -> Millis {
    at_paris(day.to_datetime(Time::midnight()))
}

/// Easter Sunday of `year`, by Meeus's Gregorian computus.
#[must_use]
pub fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let month = (h + l - 7 * m + 114) / 31;
    let day = (h + l - 7 * m + 114) % 31 + 1;
    // The computus yields a day of March or April of a year jiff can hold.
    date(
        year,
        i8::try_from(month).unwrap_or(4),
        i8::try_from(day).unwrap_or(1),
    )
}

/// Whether `day` is a public holiday in metropolitan France (without Alsace-Moselle's two).
#[must_use]
pub fn is_holiday(day: Date) -> bool {
    const FIXED: [(i8, i8); 8] = [
        (1, 1),
        (5, 1),
        (5, 8),
        (7, 14),
        (8, 15),
        (11, 1),
        (11, 11),
        (12, 25),
    ];
    if FIXED.contains(&(day.month(), day.day())) {
        return true;
    }
    let easter = easter(day.year());
    // Easter Monday, Ascension, Whit Monday.
    [1, 39, 50]
        .iter()
        .any(|&n| easter.saturating_add(n.days()) == day)
}

/// Whether `day` counts in `calendar`.
#[must_use]
pub fn counts(calendar: Calendar, day: Date) -> bool {
    let rest = match calendar {
        Calendar::Ouvrables => day.weekday() == Weekday::Sunday,
        Calendar::Ouvres => matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday),
    };
    !rest && !is_holiday(day)
}

/// The `n`-th counted day after `from`; the count starts the next day.
#[must_use]
pub fn add_days(calendar: Calendar, from: Date, n: u32) -> Date {
    let mut day = from;
    let mut left = n;
    while left > 0 {
        day = day.saturating_add(1.day());
        if counts(calendar, day) {
            left -= 1;
        }
    }
    day
}

/// `from` moved by `months` calendar months, clamped to the end of a shorter month.
#[must_use]
pub fn add_months(from: Date, months: i32) -> Date {
    from.saturating_add(months.months())
}

/// Whether `at` lies inside working hours: the first instant of 08:00 counts, 18:00 does not.
#[must_use]
pub fn is_working(at: Millis) -> bool {
    let local = paris_datetime(at);
    counts(Calendar::Ouvrables, local.date()) && local.time() >= OPENS && local.time() < CLOSES
}

/// Working time from `from` to `to`, in milliseconds; 0 when `to` is the earlier.
#[must_use]
pub fn working_ms_between(from: Millis, to: Millis) -> i64 {
    let mut total = 0;
    let mut day = paris_date(from);
    let last = paris_date(to);
    while day <= last {
        if counts(Calendar::Ouvrables, day) {
            let opens = at_paris(day.to_datetime(OPENS)).max(from);
            let closes = at_paris(day.to_datetime(CLOSES)).min(to);
            total += closes.since(opens).max(0);
        }
        day = day.saturating_add(1.day());
    }
    total
}

/// The instant at which `working_ms` of working time have passed since `from`.
#[must_use]
pub fn add_working_ms(from: Millis, working_ms: i64) -> Millis {
    let mut left = working_ms.max(0);
    let mut day = paris_date(from);
    loop {
        if counts(Calendar::Ouvrables, day) {
            let opens = at_paris(day.to_datetime(OPENS)).max(from);
            let closes = at_paris(day.to_datetime(CLOSES));
            let room = closes.since(opens).max(0);
            if left <= room && room > 0 {
                return opens.plus(left);
            }
            left -= room;
        }
        day = day.saturating_add(1.day());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_the_contract_hold() {
        for (from, ouvres, ouvrables) in [
            (date(2026, 5, 6), date(2026, 5, 15), date(2026, 5, 13)),
            (date(2026, 12, 23), date(2026, 12, 31), date(2026, 12, 30)),
            (date(2026, 11, 6), date(2026, 11, 16), date(2026, 11, 13)),
            (date(2027, 5, 4), date(2027, 5, 12), date(2027, 5, 12)),
        ] {
            assert_eq!(
                add_days(Calendar::Ouvres, from, 5),
                ouvres,
                "ouvrés from {from}"
            );
            assert_eq!(
                add_days(Calendar::Ouvrables, from, 5),
                ouvrables,
                "ouvrables from {from}"
            );
        }
    }

    #[test]
    fn three_months_of_notice_clamp_at_the_end_of_february() {
        assert_eq!(add_months(date(2026, 11, 30), 3), date(2027, 2, 28));
        assert_eq!(add_months(date(2027, 11, 30), 3), date(2028, 2, 29));
    }

    #[test]
    fn easter_is_where_the_church_put_it() {
        for (y, m, d) in [
            (2024, 3, 31),
            (2025, 4, 20),
            (2026, 4, 5),
            (2027, 3, 28),
            (2038, 4, 25),
        ] {
            assert_eq!(easter(y), date(y, m, d));
        }
    }

    #[test]
    fn saturday_counts_sunday_and_holidays_do_not_and_18_00_is_outside() {
        let at = |y, mo, d, h, mi| at_paris(date(y, mo, d).at(h, mi, 0, 0));
        assert!(is_working(at(2026, 11, 21, 8, 0)), "a Saturday at eight");
        assert!(
            !is_working(at(2026, 11, 21, 18, 0)),
            "eighteen hundred sharp"
        );
        assert!(is_working(at(2026, 11, 21, 17, 59)));
        assert!(!is_working(at(2026, 11, 22, 10, 0)), "a Sunday");
        assert!(!is_working(at(2026, 11, 11, 10, 0)), "Armistice day");
        assert!(
            !is_working(at(2026, 8, 15, 10, 0)),
            "a holiday on a Saturday"
        );
    }

    #[test]
    fn working_time_jumps_over_nights_sundays_holidays_and_the_change_of_hour() {
        let at = |d: Date, h, mi| at_paris(d.at(h, mi, 0, 0));
        // Saturday 24 October 2026 17:00 + 2 h; the clocks change that night.
        let from = at(date(2026, 10, 24), 17, 0);
        assert_eq!(
            add_working_ms(from, 2 * Millis::HOUR),
            at(date(2026, 10, 26), 9, 0)
        );
        assert_eq!(
            working_ms_between(from, at(date(2026, 10, 26), 9, 0)),
            2 * Millis::HOUR
        );
    }

    proptest! {
        #[test]
        fn adding_then_measuring_gives_the_same_working_time(
            start in 1_700_000_000_000_i64..1_900_000_000_000, hours in 0_i64..200
        ) {
            let from = Millis(start);
            let to = add_working_ms(from, hours * Millis::HOUR);
            prop_assert_eq!(working_ms_between(from, to), hours * Millis::HOUR);
        }
    }
}
