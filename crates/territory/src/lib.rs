//! An invented territory: communes, streets, buildings in every state, PMs, dwellings, fibres,
//! PTOs, presences and freezes. The same seed makes the same territory. It is written as the five
//! reference files, or loaded directly for the demonstration and for tests.

mod build;
mod files;
mod load;

use std::collections::{HashMap, HashSet};

use domain::building::{
    Building, BuildingState, Dwelling, DwellingState, Freeze, FreezeKind, Pm, Presence,
};
use domain::line::{Fibre, FibreState, LineState, Pto};
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

    /// The places that show `case` to the operator `oc_code`, in the order of the territory.
    #[must_use]
    pub fn spots(&self, case: Case, oc_code: &str) -> Vec<Spot<'_>> {
        let sight = Sight::new(self, oc_code);
        let mut spots = Vec::new();
        let mut first: HashMap<&str, &Dwelling> = HashMap::new();
        for dwelling in &self.dwellings {
            first.entry(&dwelling.building_ref).or_insert(dwelling);
            let Some(&building) = sight.buildings.get(dwelling.building_ref.as_str()) else {
                continue;
            };
            if sight.shows_dwelling(case, building, dwelling) {
                spots.push(Spot {
                    building,
                    dwelling: Some(dwelling),
                });
            }
        }
        for building in &self.buildings {
            if sight.shows_building(case, building) {
                let dwelling = first.get(building.reference.as_str()).copied();
                spots.push(Spot { building, dwelling });
            }
        }
        spots
    }
}

/// A territory as one operator sees it.
struct Sight<'a> {
    day: Date,
    oc_code: String,
    buildings: HashMap<&'a str, &'a Building>,
    pms: HashMap<&'a str, &'a Pm>,
    present: HashSet<&'a str>,
    frozen: HashSet<(FreezeKind, &'a str)>,
    holders: HashMap<&'a str, &'a Pto>,
    free_pbos: HashSet<&'a str>,
    addresses: HashMap<&'a str, usize>,
}

impl<'a> Sight<'a> {
    fn new(territory: &'a Territory, oc_code: &str) -> Self {
        let mut addresses = HashMap::new();
        for building in &territory.buildings {
            *addresses.entry(building.hexacle.as_str()).or_default() += 1;
        }
        let free =
            |f: &&Fibre| f.state == FibreState::Available && !f.dedicated && f.pto_ref.is_empty();
        let present = territory.presences.iter().filter(|p| p.oc_code == oc_code);
        Self {
            day: territory.day,
            oc_code: oc_code.to_owned(),
            buildings: territory
                .buildings
                .iter()
                .map(|b| (b.reference.as_str(), b))
                .collect(),
            pms: territory
                .pms
                .iter()
                .map(|pm| (pm.reference.as_str(), pm))
                .collect(),
            present: present.map(|p| p.pm_ref.as_str()).collect(),
            frozen: territory
                .freezes
                .iter()
                .map(|f| (f.kind, f.reference.as_str()))
                .collect(),
            holders: territory
                .ptos
                .iter()
                .map(|pto| (pto.reference.as_str(), pto))
                .collect(),
            free_pbos: territory
                .fibres
                .iter()
                .filter(free)
                .map(|f| f.pbo_ref.as_str())
                .collect(),
            addresses,
        }
    }

    /// Whether dates, freezes and presence let the operator order here today.
    fn open(&self, building: &Building) -> bool {
        let dated = building.orders_from.is_some_and(|from| from <= self.day);
        let on_demand = building.state == BuildingState::OnDemand && self.pm_opened(building);
        self.present.contains(building.pm_ref.as_str())
            && !self
                .frozen
                .contains(&(FreezeKind::Building, &building.reference))
            && !self.frozen.contains(&(FreezeKind::Pm, &building.pm_ref))
            && (dated || on_demand)
    }

    fn pm_opened(&self, building: &Building) -> bool {
        let pm = self.pms.get(building.pm_ref.as_str());
        pm.and_then(|pm| pm.opened_on)
            .is_some_and(|opened| opened <= self.day)
    }

    fn shows_dwelling(&self, case: Case, building: &Building, dwelling: &Dwelling) -> bool {
        let deployed = building.state == BuildingState::Deployed;
        let reported = building.reports_from.is_none_or(|from| from <= self.day);
        let to_build = dwelling.state == DwellingState::ToBuild;
        let room = self.free_pbos.contains(dwelling.pbo_ref.as_str());
        let open = self.open(building);
        let holder = self.holders.get(dwelling.pto_ref.as_str());
        let held = holder.filter(|pto| pto.state == LineState::InService);
        match case {
            Case::Buildable => deployed && reported && to_build && room && open,
            Case::OnDemand => building.state == BuildingState::OnDemand && to_build && room && open,
            Case::FreePto => deployed && reported && open && holder.is_some() && held.is_none(),
            Case::HeldByAnother => {
                deployed && reported && open && held.is_some_and(|p| p.oc_code != self.oc_code)
            }
            Case::HeldByItself => open && held.is_some_and(|p| p.oc_code == self.oc_code),
            Case::ReportedLater => deployed && !reported && to_build && room && open,
            Case::Saturated => deployed && reported && to_build && !room && open,
            _ => false,
        }
    }

    fn shows_building(&self, case: Case, building: &Building) -> bool {
        let present = self.present.contains(building.pm_ref.as_str());
        let deployed = building.state == BuildingState::Deployed;
        let dated = building.orders_from.is_some_and(|from| from <= self.day);
        let building_frozen = self
            .frozen
            .contains(&(FreezeKind::Building, building.reference.as_str()));
        let pm_frozen = self
            .frozen
            .contains(&(FreezeKind::Pm, building.pm_ref.as_str()));
        let free = !building_frozen && !pm_frozen;
        match case {
            Case::OpensLater => {
                let later = building.orders_from.is_some_and(|from| from > self.day);
                deployed && present && free && later
            }
            Case::NotHandedOver => {
                let state = building.state;
                let open = matches!(state, BuildingState::Deployed | BuildingState::OnDemand);
                present && free && !open && self.pm_opened(building)
            }
            Case::PmOpensLater => {
                let later = building.orders_from.is_none() && !self.pm_opened(building);
                deployed && present && free && later
            }
            Case::NotPresent => deployed && dated && free && !present && self.pm_opened(building),
            Case::FrozenBuilding => deployed && dated && present && building_frozen,
            Case::FrozenPm => deployed && dated && present && pm_frozen && !building_frozen,
            Case::SharedAddress => {
                let here = self.addresses.get(building.hexacle.as_str()).copied();
                deployed && dated && present && free && here.is_some_and(|n| n > 1)
            }
            _ => false,
        }
    }
}
