//! From the address to the service, through both doors.

use axum::http::StatusCode;
use testkit::territory::Case;

use crate::house::{HIRO, House, order_at};

#[tokio::test]
async fn a_house_opens_and_closes() {
    let house = House::new().await;
    let mut browser = house.sign_in("agent", HIRO).await;
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let order = order_at(&house.spot(Case::Buildable), "R-1");
    let answer = house.place(HIRO, &order).await;
    assert_eq!(answer.code(), 0, "{}", answer.body);
    house.run_jobs().await;
    assert_eq!(house.state(HIRO, "R-1").await, "STOC_EMISE");
    house.close().await;
}
