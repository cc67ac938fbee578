//! Ann. 2 §3, trust D16 and S6: who gets in, and what everybody else is told.

use kernel::Millis;

use crate::house::{ELSEWHERE, HERE, PASSWORD, Trace, house};

#[tokio::test]
async fn the_right_password_opens_a_session_and_leaves_its_trace() {
    let house = house().await;
    let opened = house
        .sign_in(" Active@HIRO.example", PASSWORD, HERE)
        .await
        .unwrap();
    assert_eq!(opened.token.len(), 64);
    assert_ne!(opened.token, opened.csrf_token);
    let (ctx, identity) = house.caller(&opened.token).await.unwrap();
    assert_eq!(identity.login, "active@hiro.example");
    assert_eq!(identity.csrf_token, opened.csrf_token);
    assert_eq!(ctx.operator().unwrap().code(), "HIRO");
    assert!(house.caller(&opened.csrf_token).await.is_none());
    let expected = Trace {
        owner: house.hirondelle.to_string(),
        action: "comptes.sign_in".to_owned(),
        outcome: "accepted".to_owned(),
        code: String::new(),
        has_target: true,
    };
    assert_eq!(house.traces().await, [expected]);
}

#[tokio::test]
async fn unknown_wrong_disabled_and_unset_are_answered_alike_and_all_traced() {
    let house = house().await;
    let long = "a".repeat(2_000);
    let tries = [
        ("nobody@hiro.example", PASSWORD),
        ("active@hiro.example", "un renard traverse la court"),
        ("disabled@hiro.example", PASSWORD),
        ("created@hiro.example", PASSWORD),
        ("", ""),
        (&long, PASSWORD),
        ("active@linb.example", &long),
    ];
    for (login, password) in tries {
        let denied = house.sign_in(login, password, HERE).await.unwrap_err();
        assert_eq!(denied.refusal, kernel::Refusal::new(&kernel::codes::RC12));
        assert_eq!(denied.wait_seconds, 1, "{login:.40}");
    }
    let traces = house.traces().await;
    assert_eq!(traces.len(), tries.len());
    let denied = |t: &Trace| (t.outcome.as_str(), t.code.as_str()) == ("denied", "12");
    assert!(traces.iter().all(denied), "{traces:?}");
    let mut known = traces.iter().filter(|t| t.has_target);
    assert_eq!(known.clone().count(), 4);
    assert!(known.all(|t| t.owner != house.provider.as_str()));
    let mut unknown = traces.iter().filter(|t| !t.has_target);
    assert!(unknown.all(|t| t.owner == house.provider.as_str()));
}

#[tokio::test]
async fn each_failure_of_the_day_waits_longer_and_success_forgets_them() {
    let house = house().await;
    for failures in 1..=4 {
        let denied = house
            .sign_in("active@hiro.example", "faux", HERE)
            .await
            .unwrap_err();
        assert_eq!(denied.wait_seconds, 2 * failures - 1);
        house
            .clock
            .advance(i64::from(denied.wait_seconds) * Millis::SECOND);
    }
    house
        .sign_in("active@hiro.example", PASSWORD, HERE)
        .await
        .unwrap();
    let denied = house
        .sign_in("active@hiro.example", "faux", HERE)
        .await
        .unwrap_err();
    assert_eq!(denied.wait_seconds, 1);
}

#[tokio::test]
async fn during_the_delay_even_the_right_password_is_refused_and_insisting_changes_nothing() {
    let house = house().await;
    let login = "active@hiro.example";
    house.sign_in(login, "faux", HERE).await.unwrap_err();
    house.clock.advance(Millis::SECOND);
    house.sign_in(login, "faux", HERE).await.unwrap_err();
    for _ in 0..5 {
        let right = house.sign_in(login, PASSWORD, HERE).await.unwrap_err();
        let wrong = house.sign_in(login, "faux", HERE).await.unwrap_err();
        assert_eq!(right.refusal, wrong.refusal);
        assert_eq!((right.wait_seconds, wrong.wait_seconds), (3, 3));
    }
    house.clock.advance(3 * Millis::SECOND);
    house.sign_in(login, PASSWORD, HERE).await.unwrap();
}

#[tokio::test]
async fn a_stranger_elsewhere_never_delays_the_owner() {
    let house = house().await;
    let login = "active@hiro.example";
    for _ in 0..10 {
        house.sign_in(login, "faux", ELSEWHERE).await.unwrap_err();
        house.clock.advance(20 * Millis::SECOND);
    }
    house.sign_in(login, "faux", ELSEWHERE).await.unwrap_err();
    house.sign_in(login, PASSWORD, ELSEWHERE).await.unwrap_err();
    house.sign_in(login, PASSWORD, HERE).await.unwrap();
}

#[tokio::test]
async fn guesses_sent_together_count_as_one_try() {
    let house = house().await;
    let guess = |password| house.sign_in("active@hiro.example", password, HERE);
    let (a, b, c, d) = tokio::join!(guess("a"), guess("b"), guess("c"), guess("d"));
    for denied in [a, b, c, d] {
        assert_eq!(denied.unwrap_err().wait_seconds, 1);
    }
    house
        .sign_in("active@hiro.example", PASSWORD, HERE)
        .await
        .unwrap_err();
    house.clock.advance(Millis::SECOND);
    house
        .sign_in("active@hiro.example", PASSWORD, HERE)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_store_keeps_neither_the_token_nor_who_tried() {
    let house = house().await;
    let opened = house.enter("active@hiro.example").await;
    house
        .sign_in("canari@hiro.example", "canari-mot-de-passe", HERE)
        .await
        .unwrap_err();
    let kept = house.everything_stored();
    if kept.is_empty() {
        return;
    }
    let holds = |text: &str| kept.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds("active@hiro.example"), "the search itself works");
    for secret in [opened.token.as_str(), "canari", HERE, PASSWORD] {
        assert!(!holds(secret), "{secret}");
    }
}
