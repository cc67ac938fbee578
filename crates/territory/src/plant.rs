//! What is drawn from the fibres, dwellings and buildings of a territory: PBOs, cables, optical
//! routes, NDs, addresses of the national base, and the catalogue.

use std::collections::HashMap;

use domain::address::{Address, CopperState, Nd};
use domain::building::{Building, BuildingKind, BuildingState, DwellingState, PmAddress};
use domain::line::FibreState;
use domain::network::{Cable, ColourCode, ConnectorColour, OpticalRoute, Pbo};
use domain::offer::{Family, Offer};
use domain::release::Kind;
use jiff::ToSpan;
use jiff::civil::Date;

use super::build::PBO_FIBRES;
use super::{Territory, labels};

/// Fibres of a tube, tubes of a cable.
const MODULO: usize = 12;
/// One dwelling in so many has an ND.
const ND_ONE_IN: usize = 3;
/// Numbers set apart for works of fiction: they ring nowhere.
const ND_PREFIX: &str = "026191";
const NDS_MAX: usize = 10_000;

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The rank in `3 VERT`, from 0.
fn rank(text: &str) -> usize {
    let (rank, _) = text.split_once(' ').unwrap_or_default();
    rank.parse::<usize>().unwrap_or(1).saturating_sub(1)
}

impl Territory {
    /// PBOs and cables are found among the fibres, which lie together PBO by PBO; each stands where
    /// the first building it serves does.
    pub(super) fn draw_plant(&mut self) {
        let buildings: HashMap<&str, &Building> = self
            .buildings
            .iter()
            .map(|b| (b.reference.as_str(), b))
            .collect();
        let mut served: HashMap<&str, &Building> = HashMap::new();
        for dwelling in &self.dwellings {
            if let Some(building) = buildings.get(dwelling.building_ref.as_str()) {
                served.entry(&dwelling.pbo_ref).or_insert(building);
            }
        }
        let (mut pbos, mut cables) = (Vec::<Pbo>::new(), Vec::<Cable>::new());
        for fibre in self.fibres.iter().step_by(PBO_FIBRES) {
            let building = served.get(fibre.pbo_ref.as_str());
            pbos.push(Pbo {
                pm_ref: fibre.pm_ref.clone(),
                reference: fibre.pbo_ref.clone(),
                kind: building.map(|b| b.pbo_kind.clone()).unwrap_or_default(),
                capacity: whole(PBO_FIBRES),
                lon: building.and_then(|b| b.lon),
                lat: building.and_then(|b| b.lat),
                origin: Kind::Pbo,
            });
            let known = cables.iter_mut().rev().find(|c| c.reference == fibre.cable);
            match known {
                Some(cable) => cable.to_ref.clone_from(&fibre.pbo_ref),
                None => cables.push(Cable {
                    reference: fibre.cable.clone(),
                    pm_ref: fibre.pm_ref.clone(),
                    from_ref: fibre.pm_ref.clone(),
                    to_ref: fibre.pbo_ref.clone(),
                    capacity: whole(MODULO * MODULO),
                    modulo: whole(MODULO),
                    colour_code: ColourCode::Orange,
                    origin: Kind::Cables,
                }),
            }
        }
        let places = |pm_ref: &str| {
            let mut here = self.buildings.iter().filter(|b| b.pm_ref == pm_ref);
            here.find_map(|b| Some(((b.lon?, b.lat?), across(b))))
        };
        let places: Vec<_> = self.pms.iter().map(|pm| places(&pm.reference)).collect();
        (self.pbos, self.cables) = (pbos, cables);
        for (pm, place) in self.pms.iter_mut().zip(places) {
            let (place, address) = place.unzip();
            (pm.lon, pm.lat) = place.unzip();
            pm.address = address.unwrap_or_default();
        }
    }

    /// The route of the `i`-th fibre, unless it is broken: each tube has its row of the drawer of
    /// its cable.
    pub(super) fn route(&self, i: usize) -> Option<OpticalRoute> {
        let fibre = &self.fibres[i];
        if fibre.state == FibreState::OutOfOrder {
            return None;
        }
        let (_, drawer) = fibre.cable.rsplit_once('-').unwrap_or_default();
        let row = char::from(b"ABCDEFGHIJKL"[rank(&fibre.tube) % MODULO]);
        Some(OpticalRoute {
            pto_ref: fibre.pto_ref.clone(),
            rank: 1,
            pm_ref: fibre.pm_ref.clone(),
            pbo_ref: fibre.pbo_ref.clone(),
            module: format!("TIROIR {}", drawer.trim_start_matches('0')),
            position: format!("{row}{}", rank(&fibre.colour) + 1),
            module_cable: fibre.cable.clone(),
            module_tube: fibre.tube.clone(),
            module_fibre: fibre.colour.clone(),
            cable_ref: fibre.cable.clone(),
            tube: fibre.tube.clone(),
            fibre: fibre.colour.clone(),
            fibre_id: fibre.id.clone(),
            connector: 1,
            connector_colour: Some(ConnectorColour::Red),
            origin: Kind::Routes,
        })
    }

    /// The ND of the `i`-th dwelling, if it has one. A line in service by fibre has no copper left.
    pub(super) fn nd(&self, i: usize) -> Option<Nd> {
        let rank = i / ND_ONE_IN;
        if !i.is_multiple_of(ND_ONE_IN) || rank >= NDS_MAX {
            return None;
        }
        let dwelling = &self.dwellings[i];
        Some(Nd {
            number: format!("{ND_PREFIX}{rank:04}"),
            building_ref: dwelling.building_ref.clone(),
            pto_ref: String::new(),
            copper_state: match dwelling.state {
                DwellingState::InService => CopperState::Inactive,
                _ => CopperState::Active,
            },
        })
    }

    /// The address of the `i`-th building, unless the building before it had the same.
    pub(super) fn address(&self, i: usize) -> Option<Address> {
        let building = &self.buildings[i];
        if i > 0 && self.buildings[i - 1].ban_key == building.ban_key {
            return None;
        }
        let street = format!("{} {}", building.street_type, building.street_name);
        let complement = if building.complement.is_empty() {
            ""
        } else {
            "bis"
        };
        Some(Address {
            key: building.ban_key.clone(),
            insee: building.insee.clone(),
            street_code: building.rivoli.clone(),
            number: building.number.clone(),
            complement: complement.to_owned(),
            street_name: in_lower_case(&street),
            afnor_name: street,
            place_name: String::new(),
            postcode: building.postcode.clone(),
            commune: in_lower_case(&building.commune),
            delivery_name: building.commune.clone(),
            old_insee: String::new(),
            old_commune: String::new(),
            lon: building.lon,
            lat: building.lat,
            certified: !i.is_multiple_of(7),
        })
    }

    /// The catalogue: the access every test orders, and others that ask for more.
    #[must_use]
    pub fn offers(&self) -> Vec<Offer> {
        let open = vec![BuildingState::OnDemand, BuildingState::Deployed];
        let offer = |code: &str, label: &str, family, technology: &str| Offer {
            code: code.to_owned(),
            label: label.to_owned(),
            family,
            technology: technology.to_owned(),
            zones: vec!["3".to_owned()],
            building_states: open.clone(),
            building_kinds: Vec::new(),
            presence_needed: true,
            active_place_needed: false,
            from_day: Some(years_before(self.day, 4)),
            to_day: None,
        };
        let passive = offer("ACCES_FTTH", labels::FTTH_PASSIVE, Family::Passive, "FTTH");
        let activated = Offer {
            presence_needed: false,
            active_place_needed: true,
            ..offer("FTTH_ACTIVE", labels::FTTH_ACTIVE, Family::Active, "FTTH")
        };
        let business = Offer {
            building_states: vec![BuildingState::Deployed],
            building_kinds: vec![BuildingKind::Flats],
            ..offer("FTTE_PASSIF", labels::FTTE_PASSIVE, Family::Passive, "FTTE")
        };
        let ended = Offer {
            to_day: Some(years_before(self.day, 1)),
            ..offer("FTTH_ESSAI", labels::FTTH_TRIAL, Family::Passive, "FTTH")
        };
        vec![passive, activated, business, ended]
    }
}

fn years_before(day: Date, years: i32) -> Date {
    day.saturating_sub(years.years())
}

/// `RUE DES LINS` as `Rue des Lins`.
fn in_lower_case(text: &str) -> String {
    let small = |word: &&str| matches!(*word, "DE" | "DES" | "DU" | "LA" | "LE" | "SUR");
    let word = |(i, word): (usize, &str)| {
        let lower = word.to_lowercase();
        let mut letters = lower.chars();
        match letters.next() {
            Some(first) if i == 0 || !small(&word) => first.to_uppercase().chain(letters).collect(),
            _ => lower,
        }
    };
    let words: Vec<String> = text.split(' ').enumerate().map(word).collect();
    words.join(" ")
}

/// The address of a PM that stands in front of a building.
fn across(building: &Building) -> PmAddress {
    PmAddress {
        hexacle: building.hexacle.clone(),
        street_hexacle: building.street_hexacle.clone(),
        ban_key: building.ban_key.clone(),
        rivoli: building.rivoli.clone(),
        number: building.number.clone(),
        complement: building.complement.clone(),
        street_type: building.street_type.clone(),
        street_name: building.street_name.clone(),
        batiment: String::new(),
        postcode: building.postcode.clone(),
        commune: building.commune.clone(),
        quality: String::new(),
    }
}
