//! What the one box makes of addresses and references (E-1).

use domain::building::Building;
use domain::order::address_line;
use domain::place::usecases::find;
use domain::place::{Named, Place, Verdict};
use domain::release::Kind;
use testkit::territory::Case;

use crate::support::Park;

async fn place(park: &Park, text: &str) -> Place {
    let ctx = park.ctx().await;
    find(park.platform(), &ctx, text).await.unwrap().unwrap()
}

fn references(place: &Place) -> Vec<&str> {
    let best = place.best();
    let buildings = best.map_or(&[][..], |one| &one.buildings);
    buildings.iter().map(|one| one.reference.as_str()).collect()
}

#[tokio::test]
async fn every_building_is_found_by_its_address_and_never_another_instead() {
    let Some(park) = Park::open().await else {
        return;
    };
    let mut certain = 0;
    for building in &park.territory.buildings {
        let text = address_line(building);
        let found = place(&park, &text).await;
        let all = found.candidates.iter().flat_map(|one| &one.buildings);
        let there = all.clone().any(|one| one.reference == building.reference);
        assert!(there, "{text}: {found:?}");
        if found.verdict == Verdict::Certain {
            certain += 1;
            assert!(
                references(&found).contains(&building.reference.as_str()),
                "{text}"
            );
        }
    }
    let all = park.territory.buildings.len();
    assert!(
        certain * 10 > all * 9,
        "only {certain} of {all} are certain"
    );
}

#[tokio::test]
async fn each_reference_leads_to_its_building_and_is_named() {
    let Some(park) = Park::open().await else {
        return;
    };
    let spot = park.territory.spots(Case::FreePto, "HIRO")[0];
    let (building, dwelling) = (spot.building, spot.dwelling.unwrap());
    let spaced = dwelling.pto_ref.replace('-', " ").to_lowercase();
    for (text, named) in [
        (building.reference.to_lowercase(), Named::Building),
        (building.hexacle.clone(), Named::Hexacle),
        (dwelling.pto_ref.clone(), Named::Pto),
        (spaced, Named::Pto),
    ] {
        let found = place(&park, &text).await;
        assert_eq!(
            (found.verdict, found.named),
            (Verdict::Certain, Some(named)),
            "{text}"
        );
        assert!(
            references(&found).contains(&building.reference.as_str()),
            "{text}"
        );
    }
    let lines = park.territory.file(Kind::Nd);
    let line: Vec<&str> = lines.lines().nth(1).unwrap().split(';').collect();
    let (number, building_ref) = (line[0], line[1]);
    let pairs: Vec<&str> = (0..5).map(|at| &number[2 * at..2 * at + 2]).collect();
    for text in [pairs.join(" "), format!("+33 {}", &number[1..])] {
        let found = place(&park, &text).await;
        assert_eq!(found.named, Some(Named::Nd), "{text}");
        assert_eq!(references(&found), [building_ref], "{text}");
    }
    let (lon, lat) = (building.lon.unwrap(), building.lat.unwrap());
    let found = place(&park, &format!("{lat:.6}, {lon:.6}")).await;
    assert_eq!(
        (found.verdict, found.named),
        (Verdict::Ambiguous, Some(Named::Coordinates))
    );
    let near = found.candidates[0].buildings.iter();
    assert!(
        near.clone().any(|one| one.reference == building.reference),
        "{found:?}"
    );
    let pm = place(&park, &building.pm_ref).await;
    assert_eq!((pm.named, references(&pm).len()), (Some(Named::Pm), 0));
}

#[tokio::test]
async fn what_does_not_exist_is_never_certain_and_what_is_near_is_offered() {
    let Some(park) = Park::open().await else {
        return;
    };
    let building = park.territory.spots(Case::Buildable, "HIRO")[0].building;
    let mut absent = building.clone();
    absent.number = "9871".to_owned();
    let found = place(&park, &address_line(&absent)).await;
    assert_ne!(found.verdict, Verdict::Certain);
    assert!(found.candidates.iter().all(|one| !one.exact), "{found:?}");
    assert!(!found.candidates.is_empty(), "no number is offered");
    for text in [
        "0199999999",
        "ZZ-AAA1-BBB2",
        "IMB/99999/X/ABCD",
        "99999_0001_00001",
    ] {
        let found = place(&park, text).await;
        assert_eq!(found.verdict, Verdict::None, "{text}: {found:?}");
        assert!(found.named.is_some(), "{text} is not recognised");
    }
    // Read aloud, a zero is an O.
    let dwelling = park.territory.spots(Case::FreePto, "HIRO")[0]
        .dwelling
        .unwrap();
    let wrong = dwelling.pto_ref.replace('0', "O");
    if wrong != dwelling.pto_ref {
        let found = place(&park, &wrong).await;
        assert_eq!(found.alike, std::slice::from_ref(&dwelling.pto_ref));
    }
}

#[tokio::test]
async fn another_house_than_the_one_asked_for_is_a_choice_never_an_answer() {
    let Some(park) = Park::open().await else {
        return;
    };
    let plain = park.territory.buildings.iter().filter(|one| {
        let twin = |other: &&Building| {
            (&other.insee, &other.rivoli, &other.number) == (&one.insee, &one.rivoli, &one.number)
        };
        park.territory.buildings.iter().filter(twin).count() == 1 && one.complement.is_empty()
    });
    let (mut asked, mut offered) = (0, 0);
    for building in plain.take(40) {
        for (number, complement) in [(&*building.number, "T"), ("9871", "")] {
            let mut absent = building.clone();
            (absent.number, absent.complement) = (number.to_owned(), complement.to_owned());
            let text = address_line(&absent);
            let found = place(&park, &text).await;
            assert!(found.best().is_none(), "{text}: {found:?}");
            asked += 1;
            offered += usize::from(!found.candidates.is_empty());
        }
    }
    assert!(asked == 80 && offered == 80, "{offered} of {asked}");
}

#[tokio::test]
async fn any_text_is_answered_or_refused_with_a_code() {
    let Some(park) = Park::open().await else {
        return;
    };
    let ctx = park.ctx().await;
    for (text, code) in [
        ("", "FIMP15"),
        (" \t ", "FIMP15"),
        (&*"é".repeat(300), "FIMP16"),
    ] {
        let refusal = find(park.platform(), &ctx, text)
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(refusal.code, code);
    }
    for text in [
        "'; drop table building; --",
        "\u{0}",
        "🦀 rue",
        "%_%",
        "((((",
        "-",
        "1",
    ] {
        let found = find(park.platform(), &ctx, text).await.unwrap();
        assert!(
            found.is_err() || found.unwrap().verdict != Verdict::Certain,
            "{text}"
        );
    }
}
