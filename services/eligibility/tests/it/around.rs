//! What surrounds a tested building: never without the building itself, and by the route that an
//! order would get.

use domain::order::PlaceOrder;
use eligibility::surroundings::{self, Surroundings};
use eligibility::usecases::{question, test_eligibility};
use testkit::territory::Case;

use crate::support::Park;

async fn around(park: &Park, case: Case) -> (eligibility::rules::Assessed, Surroundings) {
    let spot = park.territory.spots(case, "HIRO")[0];
    let mut asked = vec![("IdentifiantImmeuble", spot.building.reference.clone())];
    if let Some(dwelling) = spot
        .dwelling
        .filter(|dwelling| !dwelling.pto_ref.is_empty())
    {
        asked.push(("ReferencePrise", dwelling.pto_ref.clone()));
    }
    let pairs = asked.iter().map(|(name, value)| (*name, value.as_str()));
    let question = question(&PlaceOrder::from_pairs(pairs)).unwrap();
    let ctx = park.ctx().await;
    let tested = test_eligibility(park.platform(), &ctx, question);
    let assessed = tested.await.unwrap().unwrap().buildings.remove(0);
    let way = assessed.ways.first();
    let found = surroundings::read(park.platform(), &ctx, &assessed, way);
    let found = found.await.unwrap();
    (assessed, found)
}

#[tokio::test]
async fn the_map_holds_the_building_and_the_way_to_it() {
    let Some(park) = Park::open().await else {
        return;
    };
    let (assessed, found) = around(&park, Case::Buildable).await;
    let reference = &assessed.site.building.reference;
    assert!(
        found
            .neighbours
            .iter()
            .any(|one| one.reference == *reference)
    );
    assert!(found.neighbours.len() > 1, "a building without neighbours");
    let drawing = surroundings::draw(&assessed, &found).unwrap();
    assert_eq!(drawing.buildings.len(), found.neighbours.len());
    assert!(!drawing.ways.is_empty() && !drawing.pbos.is_empty());
    let counted: usize = drawing.legend.iter().map(|(.., count)| count).sum();
    assert_eq!(counted, found.neighbours.len());
    let geojson = surroundings::geojson(&assessed, &found);
    let value: serde_json::Value = serde_json::from_str(&geojson).unwrap();
    let here = value["features"].as_array().unwrap().iter();
    let here = here.filter(|feature| feature["properties"]["ici"] == true);
    assert_eq!(here.count(), 1);
}

#[tokio::test]
async fn the_path_is_told_by_the_names_of_its_colours() {
    let Some(park) = Park::open().await else {
        return;
    };
    for (case, likely) in [(Case::Buildable, true), (Case::FreePto, false)] {
        let (assessed, found) = around(&park, case).await;
        assert_eq!(found.likely, likely, "{case:?}");
        let path = found.path.as_ref().unwrap();
        let points = surroundings::points(&assessed, &found, assessed.ways.first());
        let pbo = points.iter().find(|point| point.icon == "plug").unwrap();
        assert_eq!(pbo.colours.len(), 2, "{case:?}: {path:?}");
        assert!(
            pbo.colours
                .iter()
                .all(|colour| colour.rank > 0 && !colour.name.is_empty())
        );
    }
}
