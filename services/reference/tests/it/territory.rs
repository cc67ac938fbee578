//! The invented territory shows what the demonstration and the tests need.

use std::collections::HashSet;

use domain::building::BuildingState;
use testkit::territory::{Case, Size, Territory};

use crate::support::{DAY, OPERATORS, small};

const CASES: [Case; 14] = [
    Case::Buildable,
    Case::OnDemand,
    Case::FreePto,
    Case::HeldByAnother,
    Case::HeldByItself,
    Case::OpensLater,
    Case::ReportedLater,
    Case::NotHandedOver,
    Case::PmOpensLater,
    Case::NotPresent,
    Case::FrozenBuilding,
    Case::FrozenPm,
    Case::Saturated,
    Case::SharedAddress,
];

#[test]
fn every_case_and_every_building_state_is_shown_whatever_the_seed() {
    let small = (0..20).map(|seed| (seed, Size::SMALL));
    for (seed, size) in small.chain([(1, Size::DEMO)]) {
        let territory = Territory::generate(seed, size, DAY, &OPERATORS);
        for case in CASES {
            let spots = territory.spots(case, "HIRO");
            assert!(!spots.is_empty(), "{case:?} with seed {seed} and {size:?}");
        }
        for state in BuildingState::ALL {
            assert!(
                territory.buildings.iter().any(|b| b.state == *state),
                "{state:?} with seed {seed}"
            );
        }
    }
}

#[test]
fn a_territory_has_the_size_asked_for_and_no_reference_twice() {
    let territory = Territory::generate(1, Size::DEMO, DAY, &OPERATORS);
    let dwellings: i64 = territory.buildings.iter().map(|b| b.dwellings).sum();
    let addresses: HashSet<_> = territory.buildings.iter().map(|b| &b.hexacle).collect();
    assert_eq!(dwellings, 18_000);
    assert_eq!(addresses.len(), 12_000);
    assert_eq!(territory.pms.len(), 30);
    let communes: HashSet<_> = territory.buildings.iter().map(|b| &b.insee).collect();
    assert_eq!(communes.len(), 3);
    let buildings: HashSet<_> = territory.buildings.iter().map(|b| &b.reference).collect();
    assert_eq!(buildings.len(), territory.buildings.len());
    let ptos: HashSet<_> = territory.ptos.iter().map(|pto| &pto.reference).collect();
    assert_eq!(ptos.len(), territory.ptos.len());
    let fibres: HashSet<_> = territory.fibres.iter().map(|fibre| &fibre.id).collect();
    assert_eq!(fibres.len(), territory.fibres.len());
}

#[test]
fn the_same_seed_makes_the_same_territory_and_another_makes_another() {
    assert_eq!(small(), small());
    assert_ne!(
        small(),
        Territory::generate(8, Size::SMALL, DAY, &OPERATORS)
    );
}
