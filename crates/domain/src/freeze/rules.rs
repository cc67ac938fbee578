//! What a freeze may be.

use jiff::civil::Date;
use kernel::working_time::{paris_date, start_of_day};
use kernel::{Millis, Refusal, codes};

use super::{FOREVER, Freeze, NewFreeze, REASON_MAX, labels};

/// The freeze asked for at `now`.
///
/// # Errors
/// `1` without a reason, `3` for one that is too long or holds control characters, `2` for days
/// that are past or in the wrong order.
pub fn freeze(new: &NewFreeze, now: Millis) -> Result<Freeze, Refusal> {
    let reason = new.reason.trim();
    if reason.is_empty() {
        return Err(Refusal::new(&codes::RC01).on("motif"));
    }
    if reason.chars().count() > REASON_MAX || reason.chars().any(char::is_control) {
        let why = labels::at_most(REASON_MAX);
        return Err(Refusal::new(&codes::RC03).on("motif").because(why));
    }
    let today = paris_date(now);
    let first = new.from.unwrap_or(today);
    if first < today {
        return Err(Refusal::new(&codes::RC02).on("du").because(labels::PAST));
    }
    if new.until.is_some_and(|last| last < first) {
        let why = labels::BACKWARDS;
        return Err(Refusal::new(&codes::RC02).on("au").because(why));
    }
    Ok(Freeze {
        kind: new.kind,
        reference: new.reference.clone(),
        from: match first == today {
            true => now,
            false => start_of_day(first),
        },
        to: new.until.map_or(FOREVER, end_of),
        reason: reason.to_owned(),
        internal: new.internal,
    })
}

/// The first instant after a day.
fn end_of(day: Date) -> Millis {
    day.tomorrow().map_or(FOREVER, start_of_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::freeze::{FreezeKind, Stage};
    use jiff::civil::date;
    use kernel::working_time::at_paris;

    fn new(reason: &str, from: Option<Date>, until: Option<Date>) -> NewFreeze {
        NewFreeze {
            kind: FreezeKind::Pm,
            reference: "FI-53130-0001".to_owned(),
            reason: reason.to_owned(),
            internal: false,
            from,
            until,
        }
    }

    fn now() -> Millis {
        at_paris(date(2026, 11, 23).at(10, 0, 0, 0))
    }

    #[test]
    fn a_freeze_begins_at_once_or_with_a_day_and_ends_after_its_last_day() {
        let at_once = freeze(&new(" Travaux ", None, None), now()).unwrap();
        assert_eq!((at_once.from, at_once.to), (now(), FOREVER));
        assert_eq!(at_once.reason, "Travaux");
        assert_eq!(at_once.stage(now()), Stage::InForce);
        let today = Some(date(2026, 11, 23));
        let day = freeze(&new("x", today, today), now()).unwrap();
        assert_eq!(day.from, now());
        assert_eq!(day.to, start_of_day(date(2026, 11, 24)));
        assert_eq!(day.stage(day.to.plus(-1)), Stage::InForce);
        assert_eq!(day.stage(day.to), Stage::Over);
        let later = freeze(&new("x", Some(date(2026, 12, 1)), None), now()).unwrap();
        assert_eq!(later.stage(now()), Stage::ToCome);
        assert_eq!(later.stage(start_of_day(date(2026, 12, 1))), Stage::InForce);
        let cancelled = Freeze {
            to: later.from,
            ..later
        };
        assert_eq!(cancelled.stage(now()), Stage::Over);
    }

    #[test]
    fn a_freeze_without_reason_or_with_days_that_cannot_be_is_refused() {
        let yesterday = Some(date(2026, 11, 22));
        let refused = |new: NewFreeze| {
            let refusal = freeze(&new, now()).unwrap_err();
            (refusal.code, refusal.field.unwrap_or_default())
        };
        let told = |code: &str, field: &str| (code.to_owned(), field.to_owned());
        assert_eq!(refused(new(" ", None, None)), told("1", "motif"));
        assert_eq!(
            refused(new(&"x".repeat(REASON_MAX + 1), None, None)),
            told("3", "motif")
        );
        assert_eq!(refused(new("a\nb", None, None)), told("3", "motif"));
        assert_eq!(refused(new("x", yesterday, None)), told("2", "du"));
        assert_eq!(refused(new("x", None, yesterday)), told("2", "au"));
        let later = Some(date(2026, 12, 2));
        let wrong = new("x", later, Some(date(2026, 12, 1)));
        assert_eq!(refused(wrong), told("2", "au"));
    }

    #[test]
    fn an_operator_is_told_the_end_and_the_reason_unless_it_is_the_oi_s_own() {
        let until = Some(date(2026, 12, 13));
        let mut freeze = freeze(&new("Armoire à remplacer", None, until), now()).unwrap();
        assert_eq!(
            labels::told(&freeze),
            "Armoire à remplacer (PM gelé jusqu’au 13/12/2026 inclus)"
        );
        freeze.internal = true;
        assert_eq!(labels::told(&freeze), "PM gelé jusqu’au 13/12/2026 inclus");
        freeze.to = FOREVER;
        assert_eq!(labels::told(&freeze), "PM gelé sans date de fin annoncée");
        freeze.to = now();
        assert_eq!(labels::told(&freeze), "PM gelé jusqu’au 23/11/2026 à 10:00");
    }
}
