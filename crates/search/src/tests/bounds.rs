//! Whatever is typed, an answer comes, within bounds.

use proptest::prelude::*;

use super::{ask, index};
use crate::{
    CANDIDATES_MAX, QUERY_CHARS_MAX, Refused, SUGGESTIONS_MAX, Scratch, Verdict, recognise,
};

#[test]
fn too_much_and_nothing_are_refused() {
    let index = index();
    for (text, refused) in [
        ("", Some(Refused::Empty)),
        ("   ", Some(Refused::Empty)),
        ("\u{1f600} - ' .", Some(Refused::Empty)),
        (&"a".repeat(QUERY_CHARS_MAX + 1), Some(Refused::TooLong)),
        (&"a".repeat(QUERY_CHARS_MAX), None),
        (&"a ".repeat(QUERY_CHARS_MAX / 2), None),
        (&"1 ".repeat(QUERY_CHARS_MAX / 2), None),
        (&"rue de ".repeat(30), None),
    ] {
        let answer = ask(&index, text);
        assert_eq!(answer.refused, refused, "{text}");
        assert!(answer.refused.is_none() || answer.verdict == Verdict::None);
    }
}

fn typed() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[a-z]{1,12}",
        "[0-9]{1,9}",
        Just("rue".to_owned()),
        Just("des tilleuls".to_owned()),
        Just("ruedestilleuls".to_owned()),
        Just("53000".to_owned()),
        Just("laval".to_owned()),
        Just("bis".to_owned()),
        Just("étage".to_owned()),
        Just("vingt et un".to_owned()),
        Just("chez".to_owned()),
        Just("paris 12e".to_owned()),
    ];
    let gap = prop_oneof![
        Just(" "),
        Just(""),
        Just(", "),
        Just("-"),
        Just("'"),
        Just("\u{301}")
    ];
    let words = proptest::collection::vec((word, gap), 0..24);
    words.prop_map(|words| {
        words
            .into_iter()
            .flat_map(|(word, gap)| [word, gap.into()])
            .collect()
    })
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,300}") {
        check(&text);
    }

    #[test]
    fn any_address_like_text_is_answered(text in typed()) {
        check(&text);
    }
}

fn check(text: &str) {
    let index = index();
    let mut scratch = Scratch::new();
    let answer = index.query(&mut scratch, text);
    assert!(answer.candidates.len() <= CANDIDATES_MAX);
    for candidate in &answer.candidates {
        let found = index.found(candidate);
        assert!(!found.label().is_empty());
        assert!(found.commune().len() + found.ban_key().len() + found.hexacle().len() > 0);
        for part in answer.unmatched(candidate) {
            assert!(text.get(part).is_some());
        }
        for assumption in &candidate.assumed {
            assert!(!assumption.to_string().is_empty());
        }
    }
    let again = index.query(&mut scratch, text);
    assert_eq!(
        answer, again,
        "a scratch keeps nothing from one query to the next"
    );
    assert!(index.suggest(&mut scratch, text, 50).len() <= SUGGESTIONS_MAX);
    assert!(recognise(text).len() <= 8);
}
