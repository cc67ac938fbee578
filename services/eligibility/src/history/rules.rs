//! What is kept of a question, and what it led to.

use domain::building::NOT_APPLICABLE;
use domain::order::{PlaceOrder, address_line};
use kernel::Refusal;

use super::{End, Led, SHOWN_MAX_CHARS, VALUE_MAX_CHARS};
use crate::rules::Verdict;
use crate::usecases::Tested;

/// A question as it was asked, bounded and without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The query that asks it again.
    pub query: String,
    /// As people read it: the text, or the values of its fields.
    pub shown: String,
}

impl Question {
    /// A text put into the box.
    #[must_use]
    pub fn text(text: &str) -> Self {
        let text = clean(text, VALUE_MAX_CHARS);
        Self {
            query: encoded(&[("critere", "texte"), ("q", &text)]),
            shown: text,
        }
    }

    /// The trade's own fields.
    #[must_use]
    pub fn fields(fields: &PlaceOrder) -> Self {
        /// Values that need no name before them.
        const PLAIN: [&str; 3] = [
            "IdentifiantImmeuble",
            "CodeAdresseImmeuble",
            "ReferencePrise",
        ];
        let pairs: Vec<(&str, String)> = fields
            .pairs()
            .map(|(name, value)| (name, clean(value, VALUE_MAX_CHARS)))
            .collect();
        // What names the place comes first; what is said not to apply narrows nothing.
        let (keys, others): (Vec<_>, Vec<_>) =
            pairs.iter().partition(|(name, _)| PLAIN.contains(name));
        let keys = keys.into_iter().map(|(_, value)| value.clone());
        let others = others
            .into_iter()
            .filter(|(_, value)| value != NOT_APPLICABLE);
        let others = others.map(|(name, value)| format!("{name} {value}"));
        let shown: Vec<String> = keys.chain(others).collect();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
        Self {
            query: encoded(&pairs),
            shown: clean(&shown.join(", "), SHOWN_MAX_CHARS),
        }
    }
}

fn encoded(pairs: &[(&str, &str)]) -> String {
    serde_urlencoded::to_string(pairs).unwrap_or_default()
}

/// At most `max` characters of a text, its control characters made spaces.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.trim().chars().take(max).map(plain).collect()
}

/// What a test led to.
#[must_use]
pub fn led(tested: &Result<Tested, Refusal>) -> Led {
    let tested = match tested {
        Ok(tested) => tested,
        Err(refusal) => return refused(refusal),
    };
    let mut led = Led {
        buildings: i64::try_from(tested.buildings.len()).unwrap_or(i64::MAX),
        extracted_on: tested.extracted_on,
        release: tested.release.0,
        ..ended(End::Choice, "")
    };
    if let Some(first) = tested.buildings.first() {
        led.address = address_line(&first.site.building);
    }
    let [only] = tested.buildings.as_slice() else {
        return led;
    };
    led.building_ref.clone_from(&only.site.building.reference);
    let best = only.best.iter().min_by_key(|verdict| verdict.rank());
    (led.end, led.opens_on) = match best {
        Some(Verdict::Eligible) => (End::Eligible, None),
        Some(Verdict::EligibleFrom(day, _)) => (End::Later, Some(*day)),
        Some(Verdict::NotEligible(_)) | None => (End::NotEligible, None),
    };
    let refusal = best.and_then(Verdict::refusal);
    led.code = refusal.map(|r| r.code.clone()).unwrap_or_default();
    led
}

/// A question that was not answered.
#[must_use]
pub fn refused(refusal: &Refusal) -> Led {
    ended(End::Refused, &refusal.code)
}

/// A question that named `places` places, none of which is chosen.
#[must_use]
pub fn choice(places: usize) -> Led {
    Led {
        buildings: i64::try_from(places).unwrap_or(i64::MAX),
        ..ended(End::Choice, "")
    }
}

fn ended(end: End, code: &str) -> Led {
    Led {
        end,
        code: code.to_owned(),
        opens_on: None,
        building_ref: String::new(),
        address: String::new(),
        buildings: 0,
        extracted_on: None,
        release: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_bounded_and_asks_the_same_again() {
        let text = Question::text(" 12 rue\u{0}des Tilleuls, Laval & Cie ");
        assert_eq!(text.shown, "12 rue des Tilleuls, Laval & Cie");
        let query = "critere=texte&q=12+rue+des+Tilleuls%2C+Laval+%26+Cie";
        assert_eq!(text.query, query);
        let long = Question::text(&"é".repeat(5_000));
        assert_eq!(long.shown.chars().count(), VALUE_MAX_CHARS);

        let fields = PlaceOrder::from_pairs([
            ("Batiment", "A"),
            ("Escalier", "_NA_"),
            ("IdentifiantImmeuble", "IMB/53130/X/001A"),
            ("NomClient", ""),
        ]);
        let asked = Question::fields(&fields);
        assert_eq!(asked.shown, "IMB/53130/X/001A, Batiment A");
        let query = "Batiment=A&Escalier=_NA_&IdentifiantImmeuble=IMB%2F53130%2FX%2F001A";
        assert_eq!(asked.query, query);
    }

    #[test]
    fn a_refused_question_keeps_its_code_and_names_no_place() {
        let refusal = Refusal::new(&kernel::codes::FADR01).on("IdentifiantImmeuble");
        let led = led(&Err(refusal));
        assert_eq!((led.end, led.code.as_str()), (End::Refused, "FADR01"));
        assert_eq!((led.buildings, led.release), (0, 0));
        assert_eq!(choice(3).buildings, 3);
    }
}
