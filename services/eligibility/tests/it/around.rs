//! What surrounds a tested building: never without the building itself, and by the route that an
//! order would get.

use std::collections::BTreeSet;

use domain::order::PlaceOrder;
use domain::release::store as releases;
use eligibility::rules::Assessed;
use eligibility::surroundings::{self, Surroundings};
use eligibility::usecases::{question, test_eligibility};
use testkit::territory::Case;

use crate::support::Park;

async fn around(park: &Park, case: Case, n: usize) -> (Assessed, Surroundings) {
    let spot = park.territory.spots(case, "HIRO")[n];
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
    let platform = park.platform();
    let release = platform.db.read(releases::current).await.unwrap();
    platform.places.of(&platform.db, release).await.unwrap();
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
    let (assessed, found) = around(&park, Case::Buildable, 0).await;
    let reference = &assessed.site.building.reference;
    assert!(
        found
            .neighbours
            .iter()
            .any(|one| one.reference == *reference)
    );
    assert!(found.neighbours.len() > 1, "a building without neighbours");
    let drawing = surroundings::draw(&assessed, &found).unwrap();
    let shown = drawing.buildings.len();
    assert!(shown > 1 && shown <= found.neighbours.len());
    assert!(!drawing.roads.is_empty(), "buildings without a street");
    assert!(!drawing.ways.is_empty() && !drawing.pbos.is_empty());
    let counted: usize = drawing.legend.iter().map(|(.., count)| count).sum();
    assert_eq!(counted, shown);
    let geojson = surroundings::geojson(&assessed, &found);
    let value: serde_json::Value = serde_json::from_str(&geojson).unwrap();
    let here = value["features"].as_array().unwrap().iter();
    let here = here.filter(|feature| feature["properties"]["ici"] == true);
    assert_eq!(here.count(), 1);
}

#[tokio::test]
async fn the_neighbourhood_crosses_the_street_and_the_areas_of_pms() {
    let Some(park) = Park::open().await else {
        return;
    };
    let (mut streets, mut pms) = (0, 0);
    for n in 0..park.territory.spots(Case::Buildable, "HIRO").len().min(40) {
        let (assessed, found) = around(&park, Case::Buildable, n).await;
        let of_pm = |pm: &str| {
            let all = &park.territory.buildings;
            all.iter()
                .filter(|b| b.pm_ref == pm)
                .map(|b| &b.reference)
                .collect::<BTreeSet<_>>()
        };
        let own = of_pm(&assessed.site.building.pm_ref);
        let keys: BTreeSet<_> = found.neighbours.iter().map(|one| &one.street_key).collect();
        streets = streets.max(keys.len());
        pms += found
            .neighbours
            .iter()
            .filter(|one| !own.contains(&one.reference))
            .count();
    }
    assert!(streets > 1, "never more than a street");
    assert!(pms > 0, "never a building of another PM");
}

#[tokio::test]
async fn the_path_is_told_by_the_names_of_its_colours() {
    let Some(park) = Park::open().await else {
        return;
    };
    for (case, likely) in [(Case::Buildable, true), (Case::FreePto, false)] {
        let (assessed, found) = around(&park, case, 0).await;
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
