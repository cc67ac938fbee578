//! A place under watch, from the release that changes it to what its operator is told: a page, a
//! mail, a numbered event that `listerEvenements` gives.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::sync::Arc;

use axum::http::StatusCode;
use domain::access::{Ctx, authenticate_local};
use domain::building::BuildingState;
use domain::release::Kind;
use domain::upload::{Purpose, Receiver};
use reference::runs::store as runs;
use reference::runs::usecases::{Submission, approve_release, submit};
use storage::Tx;
use testkit::territory::Case;

use crate::house::{HIRO, House, LINB, TODAY, house};

async fn staff(house: &House, name: &str) -> Arc<Ctx> {
    let ctx = authenticate_local(&house.platform, name, "essai").await;
    Arc::new(ctx.unwrap())
}

/// Jobs and reconcilers until nothing is due.
async fn settle(house: &House) {
    loop {
        house.run_jobs().await;
        if house.crew.reconcile().await.unwrap() == 0 {
            return;
        }
    }
}

/// Imports an IPE as the OI's staff does, and has another person publish it.
async fn publish(house: &House, text: &str) {
    let (platform, alice) = (&house.platform, staff(house, "alice").await);
    let name = "ipe.csv".to_owned();
    let mut receiver = Receiver::begin(platform, &alice, Purpose::Reference, &name).unwrap();
    receiver.push(text.as_bytes()).await.unwrap();
    let new = Submission {
        kind: Kind::Ipe,
        file_name: name,
        uploads: vec![receiver.finish().await.unwrap()],
        extracted_on: Some(TODAY),
        dry_run: false,
        approve: false,
    };
    let id = submit(platform, &alice, new, None).await.unwrap();
    let id = id.into_result().unwrap().to_string();
    house.run_jobs().await;
    let find = move |tx: &mut dyn Tx| runs::by_id(tx, &id);
    let run = platform.db.get(find).await.unwrap().unwrap();
    let number = run.release.unwrap_or_else(|| panic!("{run:?}"));
    let bob = staff(house, "bob").await;
    let approved = approve_release(platform, &bob, number, None).await.unwrap();
    approved.into_result().unwrap();
    settle(house).await;
}

#[tokio::test]
async fn a_publication_that_changes_a_watched_place_is_told_by_page_mail_and_feed() {
    let house = house!();
    let spot = house.spot(Case::Buildable);
    let building = spot.building.reference.clone();
    let mut agent = house.sign_in("agent", HIRO).await;

    // From the answer's own page, by its form.
    let asked = crate::house::encode(&[("IdentifiantImmeuble", &building)]);
    let answer = agent.get(&format!("/eligibilite?{asked}")).await;
    let key = answer.input("cle");
    let fields = [("cle", key.as_str()), ("IdentifiantImmeuble", &building)];
    let kept = agent.post("/eligibilite/veilles", &fields).await;
    assert_eq!(kept.status, StatusCode::SEE_OTHER, "{}", kept.body);
    settle(&house).await;

    let mut territory = (*house.territory).clone();
    let mut all = territory.buildings.iter_mut();
    let found = all.find(|one| one.reference == building).unwrap();
    found.state = BuildingState::Abandoned;
    publish(&house, &territory.file(Kind::Ipe)).await;

    let mails = house.mails().await;
    let ours: Vec<_> = mails
        .iter()
        .filter(|mail| mail.subject.contains("en veille"))
        .collect();
    assert_eq!(ours.len(), 1, "{mails:?}");
    assert_eq!(ours[0].to, "agent@hiro.example");
    assert!(
        ours[0].text.contains("éligible → non éligible"),
        "{}",
        ours[0].text
    );
    assert!(!ours[0].subject.contains(&building));

    house.seal().await;
    let feed = house.feed(HIRO).await;
    let told: Vec<_> = feed
        .iter()
        .filter(|(_, kind, _)| kind == "veille_eligibilite")
        .collect();
    assert_eq!(told.len(), 1, "{feed:?}");
    assert_eq!(told[0].2, building);
    let after = [("DepuisNumero", "0"), ("Limite", "100")];
    let listed = house.fci(HIRO, "listerEvenements", &after).await;
    assert!(
        listed.body.contains("éligible → non éligible"),
        "{}",
        listed.body
    );
    let theirs = house.feed(LINB).await;
    assert!(
        theirs
            .iter()
            .all(|(_, kind, _)| kind != "veille_eligibilite")
    );

    let list = agent.get("/eligibilite/veilles?lecture=non").await;
    assert!(list.body.contains("Un verdict a changé"), "{}", list.body);
    let history = agent.get("/eligibilite/historique").await;
    assert!(history.body.contains(&building));
    settle(&house).await;
    assert_eq!(house.mails().await.len(), 0);
    house.close().await;
}
