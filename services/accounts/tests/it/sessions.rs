//! Trust D17 and S3: a session closed is a session gone.

use accounts::usecases::{close_others, close_session, own_account, sign_out};

use crate::house::house;

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let house = house().await;
    let opened = house.enter("active@hiro.example").await;
    let (ctx, identity) = house.caller(&opened.token).await.unwrap();
    sign_out(&house.platform, &ctx, &identity.session)
        .await
        .unwrap();
    assert!(house.caller(&opened.token).await.is_none());
    sign_out(&house.platform, &ctx, &identity.session)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_providers_staff_sign_in_and_out_too() {
    let house = house().await;
    let opened = house.enter("active@f2v.example").await;
    let (ctx, identity) = house.caller(&opened.token).await.unwrap();
    assert!(identity.is_staff && ctx.staff().is_ok());
    assert_eq!(
        own_account(&house.platform, &ctx)
            .await
            .unwrap()
            .sessions
            .len(),
        1
    );
    sign_out(&house.platform, &ctx, &identity.session)
        .await
        .unwrap();
    assert!(house.caller(&opened.token).await.is_none());
}

#[tokio::test]
async fn another_session_of_ones_own_can_be_closed() {
    let house = house().await;
    let (here, there) = (
        house.enter("active@hiro.example").await,
        house.enter("active@hiro.example").await,
    );
    let (ctx, _) = house.caller(&here.token).await.unwrap();
    assert!(house.caller(&there.token).await.is_some());
    let own = own_account(&house.platform, &ctx).await.unwrap();
    assert_eq!(
        (own.sessions.len(), own.email.as_str()),
        (2, "active@hiro.example")
    );
    let closed = close_session(&house.platform, &ctx, there.session.as_str())
        .await
        .unwrap();
    assert_eq!(closed, Ok(()));
    assert!(house.caller(&there.token).await.is_none());
    assert!(house.caller(&here.token).await.is_some());
}

#[tokio::test]
async fn somebody_elses_session_is_answered_like_one_that_does_not_exist() {
    let house = house().await;
    let mine = house.enter("active@hiro.example").await;
    for login in [
        "active@linb.example",
        "colleague@hiro.example",
        "active@f2v.example",
    ] {
        let other = house.enter(login).await;
        let (ctx, _) = house.caller(&mine.token).await.unwrap();
        let foreign = close_session(&house.platform, &ctx, other.session.as_str()).await;
        let absent = close_session(&house.platform, &ctx, "ses_0").await;
        let (foreign, absent) = (foreign.unwrap(), absent.unwrap());
        assert_eq!(foreign, absent);
        assert_eq!(foreign.unwrap_err().code, "9");
        assert!(house.caller(&other.token).await.is_some(), "{login}");
    }
}

#[tokio::test]
async fn closing_all_others_keeps_this_one() {
    let house = house().await;
    let kept = house.enter("active@hiro.example").await;
    let (a, b) = (
        house.enter("active@hiro.example").await,
        house.enter("active@hiro.example").await,
    );
    let neighbour = house.enter("active@linb.example").await;
    let colleague = house.enter("colleague@hiro.example").await;
    let (ctx, identity) = house.caller(&kept.token).await.unwrap();
    close_others(&house.platform, &ctx, &identity.session)
        .await
        .unwrap();
    for gone in [a, b] {
        assert!(house.caller(&gone.token).await.is_none());
    }
    for live in [kept, neighbour, colleague] {
        assert!(house.caller(&live.token).await.is_some());
    }
}
