//! An invented territory: communes, streets, buildings in every state, PMs, dwellings, fibres,
//! PTOs, presences and freezes, and what can be drawn from them: PBOs, cables, optical routes, NDs,
//! addresses, a catalogue. The same seed makes the same territory. It is written as the reference
//! files, or loaded directly for the demonstration and for tests.

mod build;
mod files;
pub mod gracethd;
mod labels;
mod load;
mod plant;

use std::collections::{HashMap, HashSet};

use domain::building::{Building, BuildingState, Dwelling, DwellingState, Pm, Presence};
use domain::freeze::{Freeze, FreezeKind};
use domain::line::{Fibre, FibreState, LineState, Pto};
use domain::network::{Cable, Pbo};
use jiff::civil::Date;

/// Code of the invented infrastructure operator.
pub const PROVIDER_CODE: &str = "F2V";

/// How large a territory is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Addresses.
    pub addresses: usize,
    /// Dwellings in all buildings, at least as many as addresses.
    pub dwellings: usize,
    /// PMs, at least [`Size::PMS_MIN`].
    pub pms: usize,
}

impl Size {
    /// Fewer PMs would not show every case.
    pub const PMS_MIN: usize = 6;
    /// The demonstration's.
    pub const DEMO: Self = Self {
        addresses: 12_000,
        dwellings: 18_000,
        pms: 30,
    };
    /// A small one that still shows every case.
    pub const SMALL: Self = Self {
        addresses: 400,
        dwellings: 700,
        pms: 6,
    };
}

/// An invented territory.
#[derive(Clone, Debug, PartialEq)]
pub struct Territory {
    /// The day it is seen from: earlier dates are past, later ones future.
    pub day: Date,
    /// Buildings; several may share one address.
    pub buildings: Vec<Building>,
    /// PMs.
    pub pms: Vec<Pm>,
    /// Dwellings of the buildings that can be ordered, now or later.
    pub dwellings: Vec<Dwelling>,
    /// Fibres.
    pub fibres: Vec<Fibre>,
    /// PTOs.
    pub ptos: Vec<Pto>,
    /// PBOs.
    pub pbos: Vec<Pbo>,
    /// Cables.
    pub cables: Vec<Cable>,
    /// Operators' presences at PMs.
    pub presences: Vec<Presence>,
    /// Freezes in force on [`Territory::day`].
    pub freezes: Vec<Freeze>,
}

/// A case the demonstration and the tests look for, as one operator sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// A line can be built: nothing stands in the way.
    Buildable,
    /// A line can be built on demand: nothing else stands in the way.
    OnDemand,
    /// A PTO that nobody holds, and nothing stands in the way.
    FreePto,
    /// A PTO held by another operator, and nothing else stands in the way.
    HeldByAnother,
    /// A PTO held by the operator itself (FIMP19).
    HeldByItself,
    /// Orders open on a later day (FIMP10 now).
    OpensLater,
    /// Orders are open, but no CR is given before a later day.
    ReportedLater,
    /// The building is not handed over (FIMP10).
    NotHandedOver,
    /// The PM is before its commercial opening and the building has no date (FIMP09 now).
    PmOpensLater,
    /// The operator is not present at the PM (FIMP09).
    NotPresent,
    /// The building is frozen (FIMP11).
    FrozenBuilding,
    /// The PM is frozen (FIMP11).
    FrozenPm,
    /// No fibre is free at the PBO (FINT01).
    Saturated,
    /// Several buildings stand at the address.
    SharedAddress,
}

/// A place that shows a case.
#[derive(Clone, Copy, Debug)]
pub struct Spot<'a> {
    /// The building.
    pub building: &'a Building,
    /// One of its dwellings, when the case needs one or the building has any.
    pub dwelling: Option<&'a Dwelling>,
}

impl Territory {
    /// Invents a territory seen from `day`, where the operators of `oc_codes` hold lines.
    #[must_use]
    pub fn generate(seed: u64, size: Size, day: Date, oc_codes: &[&str]) -> Self {
        build::territory(seed, size, day, oc_codes)
    }

    /// The territory as the operator `oc_code` sees it.
    #[must_use]
    pub fn seen_by(&self, oc_code: &str) -> Sight<'_> {
        Sight::new(self, oc_code)
    }

    /// The places that show `case` to the operator `oc_code`, in the order of the territory.
    #[must_use]
    pub fn spots(&self, case: Case, oc_code: &str) -> Vec<Spot<'_>> {
        self.seen_by(oc_code).spots(case)
    }
}

/// A territory as one operator sees it, ready to be asked for many cases.
pub struct Sight<'a> {
    oc_code: String,
    day: Date,
    /// Buildings in the order of the territory.
    buildings: Vec<SeenBuilding<'a>>,
    /// Dwellings in the order of the territory.
    dwellings: Vec<SeenDwelling<'a>>,
}

/// What stands in the way of an order at a building.
struct SeenBuilding<'a> {
    building: &'a Building,
    first: Option<&'a Dwelling>,
    present: bool,
    pm_opened: bool,
    building_frozen: bool,
    pm_frozen: bool,
    is_shared: bool,
}

struct SeenDwelling<'a> {
    dwelling: &'a Dwelling,
    /// Its building's place in [`Sight::buildings`].
    at: usize,
    /// Its PBO has a fibre left.
    room: bool,
    /// Its PTO, held or not.
    pto: Option<&'a Pto>,
}

impl<'a> Sight<'a> {
    fn new(territory: &'a Territory, oc_code: &str) -> Self {
        let (buildings, places) = see_buildings(territory, oc_code);
        let free =
            |f: &&Fibre| f.state == FibreState::Available && !f.dedicated && f.pto_ref.is_empty();
        let free: HashSet<&str> = territory
            .fibres
            .iter()
            .filter(free)
            .map(|f| f.pbo_ref.as_str())
            .collect();
        let ptos: HashMap<&str, &Pto> = territory
            .ptos
            .iter()
            .map(|pto| (pto.reference.as_str(), pto))
            .collect();
        let see = |dwelling: &'a Dwelling| {
            Some(SeenDwelling {
                dwelling,
                at: *places.get(dwelling.building_ref.as_str())?,
                room: free.contains(dwelling.pbo_ref.as_str()),
                pto: ptos.get(dwelling.pto_ref.as_str()).copied(),
            })
        };
        let mut sight = Self {
            oc_code: oc_code.to_owned(),
            day: territory.day,
            buildings,
            dwellings: territory.dwellings.iter().filter_map(see).collect(),
        };
        for seen in &sight.dwellings {
            sight.buildings[seen.at].first.get_or_insert(seen.dwelling);
        }
        sight
    }

    /// The places that show `case`, in the order of the territory.
    #[must_use]
    pub fn spots(&self, case: Case) -> Vec<Spot<'a>> {
        let dwellings = self.dwellings.iter().filter_map(|seen| {
            let of = &self.buildings[seen.at];
            self.shows_dwelling(case, of, seen).then_some(Spot {
                building: of.building,
                dwelling: Some(seen.dwelling),
            })
        });
        let buildings = self.buildings.iter().filter_map(|of| {
            self.shows_building(case, of).then_some(Spot {
                building: of.building,
                dwelling: of.first,
            })
        });
        dwellings.chain(buildings).collect()
    }

    fn shows_dwelling(&self, case: Case, of: &SeenBuilding<'_>, seen: &SeenDwelling<'_>) -> bool {
        let building = of.building;
        let deployed = building.state == BuildingState::Deployed;
        let reported = building.reports_from.is_none_or(|from| from <= self.day);
        let to_build = seen.dwelling.state == DwellingState::ToBuild;
        let (room, open) = (seen.room, of.is_open(self.day));
        let held = seen.pto.filter(|pto| pto.state == LineState::InService);
        let own = held.is_some_and(|pto| pto.oc_code == self.oc_code);
        match case {
            Case::Buildable => deployed && reported && to_build && room && open,
            Case::OnDemand => building.state == BuildingState::OnDemand && to_build && room && open,
            Case::FreePto => deployed && reported && open && seen.pto.is_some() && held.is_none(),
            Case::HeldByAnother => deployed && reported && open && held.is_some() && !own,
            Case::HeldByItself => open && own,
            Case::ReportedLater => deployed && !reported && to_build && room && open,
            Case::Saturated => deployed && reported && to_build && !room && open,
            _ => false,
        }
    }

    fn shows_building(&self, case: Case, of: &SeenBuilding<'_>) -> bool {
        let building = of.building;
        let deployed = building.state == BuildingState::Deployed;
        let dated = building.orders_from.is_some_and(|from| from <= self.day);
        let free = !of.building_frozen && !of.pm_frozen;
        match case {
            Case::OpensLater => {
                let later = building.orders_from.is_some_and(|from| from > self.day);
                deployed && of.present && free && later
            }
            Case::NotHandedOver => {
                let state = building.state;
                let open = matches!(state, BuildingState::Deployed | BuildingState::OnDemand);
                of.present && free && !open && of.pm_opened
            }
            Case::PmOpensLater => {
                let later = building.orders_from.is_none() && !of.pm_opened;
                deployed && of.present && free && later
            }
            Case::NotPresent => deployed && dated && free && !of.present && of.pm_opened,
            Case::FrozenBuilding => deployed && dated && of.present && of.building_frozen,
            Case::FrozenPm => {
                deployed && dated && of.present && of.pm_frozen && !of.building_frozen
            }
            Case::SharedAddress => deployed && dated && of.present && free && of.is_shared,
            _ => false,
        }
    }
}

impl SeenBuilding<'_> {
    /// Whether dates, freezes and presence let the operator order here on `day`.
    fn is_open(&self, day: Date) -> bool {
        let dated = self.building.orders_from.is_some_and(|from| from <= day);
        let on_demand = self.building.state == BuildingState::OnDemand && self.pm_opened;
        self.present && !self.building_frozen && !self.pm_frozen && (dated || on_demand)
    }
}

/// The buildings as the operator sees them, and the place of each by its reference.
fn see_buildings<'a>(
    territory: &'a Territory,
    oc_code: &str,
) -> (Vec<SeenBuilding<'a>>, HashMap<&'a str, usize>) {
    let mut addresses: HashMap<&str, usize> = HashMap::new();
    for building in &territory.buildings {
        *addresses.entry(building.hexacle.as_str()).or_default() += 1;
    }
    let opened = |pm: &&Pm| pm.opened_on.is_some_and(|on| on <= territory.day);
    let pms = territory.pms.iter().filter(opened);
    let opened: HashSet<&str> = pms.map(|pm| pm.reference.as_str()).collect();
    let here = territory.presences.iter().filter(|p| p.oc_code == oc_code);
    let present: HashSet<&str> = here.map(|p| p.pm_ref.as_str()).collect();
    let frozen = |kind, reference: &str| {
        let mut freezes = territory.freezes.iter();
        freezes.any(|f| f.kind == kind && f.reference == reference)
    };
    let see = |building: &'a Building| SeenBuilding {
        building,
        first: None,
        present: present.contains(building.pm_ref.as_str()),
        pm_opened: opened.contains(building.pm_ref.as_str()),
        building_frozen: frozen(FreezeKind::Building, &building.reference),
        pm_frozen: frozen(FreezeKind::Pm, &building.pm_ref),
        is_shared: addresses
            .get(building.hexacle.as_str())
            .is_some_and(|n| *n > 1),
    };
    let buildings = territory.buildings.iter().map(see).collect();
    let references = territory.buildings.iter().map(|b| b.reference.as_str());
    (
        buildings,
        references
            .enumerate()
            .map(|(at, text)| (text, at))
            .collect(),
    )
}
