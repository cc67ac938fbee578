use super::*;
use crate::cases::cases;
use crate::read::Base;

fn sample() -> Vec<Case> {
    cases(&Base::invented(10_000, 1), 700, 1)
}

fn judged(answer: impl Fn(&Case) -> (String, Option<String>)) -> Score {
    let mut score = Score::new();
    for case in sample() {
        let (verdict, best) = answer(&case);
        let best = best.as_deref();
        let candidates: Vec<&str> = best.into_iter().collect();
        score.judge(
            &case,
            &Answer {
                verdict: &verdict,
                best,
                candidates: &candidates,
            },
        );
    }
    score
}

#[test]
fn who_answers_all_rightly_has_nothing_against_it() {
    let score = judged(|case| {
        let verdict = match case.expect {
            Expect::Unique => CERTAIN,
            Expect::Ambiguous => AMBIGUOUS,
            Expect::Absent => "none",
        };
        (verdict.to_owned(), case.ban_key.clone())
    });
    assert_eq!(score.wrongly_certain(), 0);
    for count in [score.existing(), score.hard(), score.absent()] {
        assert!(count.all > 0 && count.right == count.all);
    }
    assert!(
        score
            .classes()
            .values()
            .all(|count| count.right == count.all)
    );
}

#[test]
fn who_is_always_certain_is_found_out() {
    let score = judged(|case| (CERTAIN.to_owned(), case.ban_key.clone()));
    let absent = score.absent();
    assert_eq!((absent.right, absent.certain_absent), (0, absent.all));
    assert!(score.existing().certain_ambiguous > 0);
    assert!(score.wrongly_certain() > absent.all);
}

#[test]
fn who_is_certain_of_another_address_is_found_out() {
    let score = judged(|_| (CERTAIN.to_owned(), Some("53130_0952_00005".to_owned())));
    assert_eq!(score.existing().right, 0);
    assert!(score.existing().certain_wrong > 0);
}

#[test]
fn who_says_that_all_is_ambiguous_finds_nothing() {
    let score = judged(|_| (AMBIGUOUS.to_owned(), None));
    assert_eq!(score.wrongly_certain(), 0);
    // What fits many addresses need not be listed; all else must.
    assert!(
        score.existing().recall() < 0.1,
        "{}",
        score.existing().recall()
    );
    let probable = judged(|_| ("probable".to_owned(), None));
    assert_eq!(probable.existing().right, 0);
}

#[test]
fn one_of_several_is_right_when_it_is_left_to_choose() {
    let case = Case {
        query: "1 rue du moulin".to_owned(),
        class: Class::NoPlace,
        hard: false,
        expect: Expect::Ambiguous,
        fits: 2,
        ban_key: Some("a".to_owned()),
    };
    let mut score = Score::new();
    let both = ["b", "a"];
    let answer = |verdict, best, candidates| Answer {
        verdict,
        best,
        candidates,
    };
    assert!(score.judge(&case, &answer(AMBIGUOUS, Some("b"), &both)));
    assert!(!score.judge(&case, &answer(AMBIGUOUS, Some("b"), &both[..1])));
    assert!(!score.judge(&case, &answer("probable", Some("b"), &both)));
    assert_eq!(score.wrongly_certain(), 0);
    score.judge(&case, &answer(CERTAIN, Some("a"), &both));
    assert_eq!(score.existing().certain_ambiguous, 1);
}

#[test]
fn the_table_has_a_line_for_each_class_and_the_sums() {
    let table = judged(|case| ("probable".to_owned(), case.ban_key.clone())).to_string();
    assert_eq!(table.lines().count(), 1 + Class::ALL.len() + 3);
    assert!(table.contains("= hard"));
}
