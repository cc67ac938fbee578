//! The place of a watch, and its verdict in one text.

use domain::order::PlaceOrder;
use jiff::civil::Date;
use kernel::{Refusal, codes};

use super::{Canon, NOTE_MAX_CHARS, REFERENCE_MAX_CHARS, State, labels};
use crate::rules::Verdict;
use crate::usecases::Tested;

/// The fields of a place, in the order of its key, with the characters each holds.
pub const FIELDS: [(&str, usize); 6] = [
    ("IdentifiantImmeuble", 30),
    ("Batiment", 60),
    ("Escalier", 25),
    ("Etage", 25),
    ("ReferencePrise", 30),
    ("PriseExistante", 1),
];

/// A place as asked for, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The key: the query that asks for it.
    pub query: String,
    /// Its fields.
    pub fields: PlaceOrder,
}

/// Reads the place that `value_of` names its fields' values of.
///
/// # Errors
/// FIMP15 without a building, FIMP16 for a value that is too long or holds control characters.
pub fn place<'a>(value_of: impl Fn(&str) -> &'a str) -> Result<Place, Refusal> {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for (name, max) in FIELDS {
        let value = value_of(name).trim();
        if value.chars().count() > max || value.chars().any(char::is_control) {
            let why = labels::at_most(max);
            return Err(Refusal::new(&codes::FIMP16).on(name).because(why));
        }
        match (name, value) {
            ("IdentifiantImmeuble", "") => {
                return Err(Refusal::new(&codes::FIMP15).on(name));
            }
            (_, "") => {}
            ("ReferencePrise", pto) => pairs.push((name, domain::order::pto::normalise(pto))),
            (_, value) => pairs.push((name, value.to_owned())),
        }
    }
    Ok(Place {
        query: serde_urlencoded::to_string(&pairs).unwrap_or_default(),
        fields: PlaceOrder::from_pairs(pairs.iter().map(|(n, v)| (*n, v.as_str()))),
    })
}

/// The fields of a place, from its key.
#[must_use]
pub fn fields(query: &str) -> PlaceOrder {
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    PlaceOrder::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())))
}

/// Reads what a person writes beside a watch: the own reference and the note.
///
/// # Errors
/// RC03 on the one that is too long or holds control characters.
pub fn remarks(reference: &str, note: &str) -> Result<(String, String), Refusal> {
    let read = |name: &str, text: &str, max: usize| {
        let text = text.trim();
        if text.chars().count() > max || text.chars().any(char::is_control) {
            let refusal = Refusal::new(&codes::RC03).on(name);
            return Err(refusal.because(labels::at_most(max)));
        }
        Ok(text.to_owned())
    };
    Ok((
        read("reference", reference, REFERENCE_MAX_CHARS)?,
        read("note", note, NOTE_MAX_CHARS)?,
    ))
}

/// The verdict of a test in one text: each offer with its state, day and code, in the catalogue's
/// order (`ACCES_FTTH later 2027-01-04 FIMP10;…`), or `refused` with the code of the refusal. What
/// does not decide, such as how many fibres are left, is not in it.
#[must_use]
pub fn canon(tested: &Result<Tested, Refusal>) -> Canon {
    let refused = |code: &str| Canon {
        text: format!("refused - {code}"),
        state: State::Refused,
        opens_on: None,
    };
    let tested = match tested {
        Ok(tested) => tested,
        Err(refusal) => return refused(&refusal.code),
    };
    // A building's reference names one building.
    let Some(assessed) = tested.buildings.first() else {
        return refused(codes::FADR01.code);
    };
    let judged = tested.offers.iter().zip(&assessed.best);
    let told: Vec<String> = judged
        .map(|(offer, best)| {
            let (state, day) = match best {
                Verdict::Eligible => (State::Eligible, None),
                Verdict::EligibleFrom(day, _) => (State::Later, Some(*day)),
                Verdict::NotEligible(_) => (State::NotEligible, None),
            };
            let day = day.map_or("-".to_owned(), |day| day.to_string());
            let code = best.refusal().map_or("-", |refusal| refusal.code.as_str());
            format!("{} {} {day} {code}", offer.code, state.as_str())
        })
        .collect();
    let best = assessed.best.iter().min_by_key(|verdict| verdict.rank());
    let opens = assessed.best.iter().filter_map(|verdict| match verdict {
        Verdict::EligibleFrom(day, _) => Some(*day),
        _ => None,
    });
    Canon {
        text: told.join(";"),
        state: match best {
            Some(Verdict::Eligible) => State::Eligible,
            Some(Verdict::EligibleFrom(..)) => State::Later,
            Some(Verdict::NotEligible(_)) | None => State::NotEligible,
        },
        opens_on: opens.min(),
    }
}

/// What a kept verdict says first: its best offer, the first of those alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Best {
    /// Whether.
    pub state: State,
    /// From when on.
    pub opens_on: Option<Date>,
    /// Why not; empty for nothing.
    pub code: String,
}

/// Reads the best of what [`canon`] wrote; `None` for no verdict at all.
#[must_use]
pub fn best(text: &str) -> Option<Best> {
    let read = |told: &str| {
        let mut words = told.rsplit(' ');
        let (code, day) = (words.next()?, words.next()?);
        Some(Best {
            state: State::parse(words.next()?)?,
            opens_on: day.parse().ok(),
            code: code.trim_start_matches('-').to_owned(),
        })
    };
    let rank = |best: &Best| State::ALL.iter().position(|state| *state == best.state);
    text.split(';').filter_map(read).min_by_key(rank)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn read(pairs: &[(&str, &str)]) -> Result<Place, Refusal> {
        place(|name| pairs.iter().find(|(n, _)| *n == name).map_or("", |p| p.1))
    }

    #[test]
    fn the_same_place_has_the_same_key_however_it_is_written() {
        let one = read(&[
            ("IdentifiantImmeuble", " IMB/1 & 2 "),
            ("ReferencePrise", "f2-ab12-cd34"),
            ("NomClient", "Marchand"),
        ]);
        let one = one.unwrap();
        let other = read(&[
            ("ReferencePrise", "F2-AB12-CD34"),
            ("IdentifiantImmeuble", "IMB/1 & 2"),
        ]);
        assert_eq!(one.query, other.unwrap().query);
        assert_eq!(fields(&one.query), one.fields);
        assert_eq!(one.fields.get("NomClient"), "");
    }

    #[test]
    fn a_place_without_a_building_or_beyond_its_bounds_is_refused_on_its_field() {
        let wrong = |pairs: &[(&str, &str)]| {
            let refusal = read(pairs).unwrap_err();
            (refusal.code.clone(), refusal.field.unwrap_or_default())
        };
        let missing = ("FIMP15".to_owned(), "IdentifiantImmeuble".to_owned());
        assert_eq!(wrong(&[("Batiment", "A")]), missing);
        let long = "x".repeat(31);
        let beyond = ("FIMP16".to_owned(), "IdentifiantImmeuble".to_owned());
        assert_eq!(wrong(&[("IdentifiantImmeuble", &long)]), beyond);
        let nul = [("IdentifiantImmeuble", "IMB"), ("Etage", "1\u{0}")];
        assert_eq!(wrong(&nul), ("FIMP16".to_owned(), "Etage".to_owned()));
        assert!(remarks("", &"n".repeat(100)).is_ok());
        let long = remarks("", &"n".repeat(101)).unwrap_err();
        assert_eq!(long.field.as_deref(), Some("note"));
        assert!(remarks("R\n1", "").is_err());
    }

    #[test]
    fn a_refused_test_is_one_text_and_is_read_back() {
        let gone = canon(&Err(Refusal::new(&codes::FADR01)));
        assert_eq!(gone.text, "refused - FADR01");
        let read = best(&gone.text).unwrap();
        assert_eq!((read.state, read.code.as_str()), (State::Refused, "FADR01"));
    }

    #[test]
    fn the_best_offer_of_a_kept_verdict_comes_first() {
        let text = "A not_eligible - FINT01;B later 2027-01-04 FIMP10;C not_eligible - FIMP09";
        let expected = Best {
            state: State::Later,
            opens_on: Some(date(2027, 1, 4)),
            code: "FIMP10".to_owned(),
        };
        assert_eq!(best(text), Some(expected));
        let now = best("A eligible - -;B later 2027-01-04 FIMP10").unwrap();
        assert_eq!((now.state, now.opens_on), (State::Eligible, None));
        assert_eq!(now.code, "");
        assert_eq!(best(""), None);
    }
}
