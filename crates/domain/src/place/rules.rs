//! What may be answered, and what only offered. Pure.

use search::NumberMatch;

use super::Verdict;

/// The verdict on an address whose best candidate bears its number so. Another house than the one
/// asked for is offered, never answered: somebody would order at the neighbour's.
#[must_use]
pub fn verdict(found: search::Verdict, best: Option<NumberMatch>) -> Verdict {
    let found = match found {
        search::Verdict::Certain => Verdict::Certain,
        search::Verdict::Probable => Verdict::Probable,
        search::Verdict::Ambiguous => Verdict::Ambiguous,
        search::Verdict::None => Verdict::None,
    };
    match (found, best) {
        (Verdict::None, _) => Verdict::None,
        (_, Some(number)) if !number.is_found() => Verdict::Ambiguous,
        (found, _) => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_house_is_never_answered() {
        use search::Verdict as Found;
        for (found, number, wanted) in [
            (Found::Certain, NumberMatch::Exact, Verdict::Certain),
            (Found::Probable, NumberMatch::SameSuffix, Verdict::Probable),
            (
                Found::Probable,
                NumberMatch::OtherSuffix,
                Verdict::Ambiguous,
            ),
            (Found::Probable, NumberMatch::Nearest, Verdict::Ambiguous),
            (Found::Certain, NumberMatch::NoNumbers, Verdict::Ambiguous),
            (Found::Ambiguous, NumberMatch::Exact, Verdict::Ambiguous),
            (Found::None, NumberMatch::Nearest, Verdict::None),
            (Found::Probable, NumberMatch::NotAsked, Verdict::Probable),
        ] {
            assert_eq!(verdict(found, Some(number)), wanted, "{found:?} {number:?}");
        }
        assert_eq!(verdict(Found::None, None), Verdict::None);
    }
}
