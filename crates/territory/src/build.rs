//! Inventing a territory.

use domain::address::projection::Projection;
use domain::building::{
    Building, BuildingKind, BuildingState, Dwelling, DwellingState, NOT_APPLICABLE, Pm, PmAddress,
    PmState, Presence,
};
use domain::freeze::{Freeze, FreezeKind};
use domain::line::{Fibre, FibreState, LineState, Pto};
use domain::network::ColourCode;
use domain::network::labels::COLOURS;
use domain::release::Kind;
use jiff::ToSpan;
use jiff::civil::Date;
use kernel::working_time::{add_months, start_of_day};

use super::{PROVIDER_CODE, Size, Territory};

/// Invented managers of blocks of flats.
const MANAGERS: [&str; 3] = [
    "SYNDIC DE LIERRE",
    "VAL HABITAT",
    "FONCIERE DES DEUX VALLEES",
];

/// Commune, its code, its postcode, and its share of the addresses in percent.
const COMMUNES: [(&str, &str, &str, usize); 3] = [
    ("VAL DE LIERRE", "53901", "53990", 50),
    ("ST AUBERT SUR BRUME", "53902", "53991", 30),
    ("LES HAUTES COUDRAIES", "53903", "53992", 20),
];

/// South-west corner of each commune in Lambert-93, in centimetres.
const CORNERS: [(u32, u32); 3] = [
    (41_760_000, 677_930_000),
    (42_390_000, 678_140_000),
    (41_490_000, 677_520_000),
];

const STREET_TYPES: [&str; 8] = [
    "RUE", "ALLEE", "AVENUE", "IMPASSE", "CHEMIN", "PLACE", "ROUTE", "SQUARE",
];

const STREET_NAMES: [&str; 40] = [
    "DES TILLEULS",
    "DU LAVOIR",
    "DE LA FONTAINE",
    "DES GENETS",
    "DU MOULIN NEUF",
    "DES FORGES",
    "DE LA CROIX VERTE",
    "DES HIRONDELLES",
    "DU PRE CARRE",
    "DES TISSERANDS",
    "DE L ETANG",
    "DES POMMIERS",
    "DU BOIS JOLI",
    "DE LA GARENNE",
    "DES AJONCS",
    "DU CHAMP DE FOIRE",
    "DES ROSEAUX",
    "DE LA TUILERIE",
    "DES CHATAIGNIERS",
    "DU PONT DE PIERRE",
    "DE LA BRUME",
    "DES ALOUETTES",
    "DU VIEUX PUITS",
    "DES NOISETIERS",
    "DE LA HAIE LONGUE",
    "DU COLOMBIER",
    "DES LINS BLEUS",
    "DE LA PETITE VALLEE",
    "DES SORBIERS",
    "DU FOUR A CHAUX",
    "DE LA METAIRIE",
    "DES FOUGERES",
    "DU GUE",
    "DE LA LANDE",
    "DES MERLES",
    "DU CLOS FLEURI",
    "DE LA BUTTE",
    "DES CARRIERS",
    "DU RUISSEAU",
    "DE LA ROSERAIE",
];

/// Fibres of a PBO: one tube.
pub(super) const PBO_FIBRES: usize = 12;
/// Dwellings a PBO serves at most.
const PBO_DWELLINGS: usize = 6;
/// Addresses of a street at most.
const STREET_ADDRESSES: usize = 40;
const STREETS_IN_ROW: usize = 12;
const ALPHABET: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// splitmix64: enough to invent with, and the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        x ^ (x >> 31)
    }

    /// From 0 up to, and without, `n`.
    fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.roll() % n.max(1) as u64).unwrap_or(0)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A day `from..from + span` days away from `day`.
    fn near(&mut self, day: Date, from: i32, span: usize) -> Date {
        let offset = from.saturating_add(i32::try_from(self.below(span)).unwrap_or(0));
        day.saturating_add(offset.days())
    }
}

/// `number` in 34 digits, `width` of them.
fn digits(mut number: u64, width: usize) -> String {
    let mut text = vec![b'0'; width];
    for place in text.iter_mut().rev() {
        *place = ALPHABET[usize::try_from(number % 34).unwrap_or(0)];
        number /= 34;
    }
    text.into_iter().map(char::from).collect()
}

/// A commune being built.
struct Commune {
    name: &'static str,
    insee: &'static str,
    postcode: &'static str,
    corner: (u32, u32),
}

impl Commune {
    /// Lambert-93 metres, to the centimetre: streets lie in rows, each a little askew, houses on
    /// both sides, each off its line by so many centimetres.
    fn place(&self, street: usize, place: usize, off: [usize; 2]) -> (f64, f64) {
        let east = 34_000 * (street % STREETS_IN_ROW) + 1_450 * (place / 2);
        let across = 1_600 * (place % 2);
        let askew = (street * 7 % 5) * 55 * (place / 2);
        let north = 11_500 * (street / STREETS_IN_ROW) + (street * 37 % 23) * 130 + askew + across;
        let metres = |corner: u32, offset: usize| {
            f64::from(corner + u32::try_from(offset).unwrap_or(0)) / 100.0
        };
        (
            metres(self.corner.0, east + off[0]),
            metres(self.corner.1, north + off[1]),
        )
    }
}

/// What sets a PM apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PmRole {
    Plain,
    /// The first operator is not present there.
    Deserted,
    Frozen,
    OpensLater,
    UnderWay,
}

/// A PBO being filled.
struct Pbo {
    pm: usize,
    reference: String,
    first_fibre: usize,
    used: usize,
    dwellings: usize,
}

struct Builder<'a> {
    dice: Dice,
    day: Date,
    oc_codes: &'a [&'a str],
    roles: Vec<PmRole>,
    pbos_of_pm: Vec<usize>,
    pbo: Option<Pbo>,
    pbos: usize,
    /// Houses and flats that have their state.
    settled: [usize; 2],
    /// Deployed buildings that have their dates.
    dated: usize,
    territory: Territory,
}

pub(super) fn territory(seed: u64, size: Size, day: Date, oc_codes: &[&str]) -> Territory {
    let mut builder = Builder {
        dice: Dice(seed),
        day,
        oc_codes,
        roles: Vec::new(),
        pbos_of_pm: Vec::new(),
        pbo: None,
        pbos: 0,
        settled: [0; 2],
        dated: 0,
        territory: Territory {
            day,
            buildings: Vec::new(),
            pms: Vec::new(),
            dwellings: Vec::new(),
            fibres: Vec::new(),
            ptos: Vec::new(),
            presences: Vec::new(),
            pbos: Vec::new(),
            cables: Vec::new(),
            freezes: Vec::new(),
        },
    };
    let pms = size.pms.max(Size::PMS_MIN);
    builder.add_pms(pms);
    let sizes = builder.sizes(size);
    let mut left = sizes.as_slice();
    let mut first_pm = 0;
    for (i, (name, insee, postcode, share)) in COMMUNES.into_iter().enumerate() {
        let last = i + 1 == COMMUNES.len();
        let count = if last {
            left.len()
        } else {
            (sizes.len() * share / 100).min(left.len())
        };
        let pm_count = if last {
            pms - first_pm
        } else {
            (pms * share / 100).max(1)
        };
        let (here, rest) = left.split_at(count);
        let commune = Commune {
            name,
            insee,
            postcode,
            corner: CORNERS[i],
        };
        builder.add_commune(&commune, here, first_pm..first_pm + pm_count);
        (left, first_pm) = (rest, first_pm + pm_count);
    }
    builder.finish()
}

impl Builder<'_> {
    /// Dwellings of each address: mostly houses, and flats that make up the number.
    fn sizes(&mut self, size: Size) -> Vec<usize> {
        let mut sizes = vec![1; size.addresses];
        let mut extra = size.dwellings.saturating_sub(size.addresses);
        while extra > 0 {
            let at = self.dice.below(sizes.len());
            if sizes[at] == 1 {
                let more = (3 + self.dice.below(13)).min(extra);
                sizes[at] += more;
                extra -= more;
            }
        }
        sizes
    }

    fn add_pms(&mut self, count: usize) {
        for i in 0..count {
            // The last PMs are the special ones; the second is deserted.
            let role = match count - i {
                1 => PmRole::UnderWay,
                2 => PmRole::OpensLater,
                3 => PmRole::Frozen,
                _ if i == 1 => PmRole::Deserted,
                _ => PmRole::Plain,
            };
            self.roles.push(role);
            self.pbos_of_pm.push(0);
            let handed_over = match role {
                PmRole::UnderWay => None,
                PmRole::OpensLater => Some(self.day.saturating_sub(50.days())),
                _ => Some(self.dice.near(self.day, -1_500, 1_300)),
            };
            let installed = match handed_over {
                Some(date) => date.saturating_sub(14.days()),
                None => self.dice.near(self.day, 40, 60),
            };
            let indoor = self.dice.percent(10);
            self.territory.pms.push(Pm {
                reference: String::new(),
                state: if handed_over.is_some() {
                    PmState::Deployed
                } else {
                    PmState::UnderWay
                },
                kind: if indoor { "PMI" } else { "PME-Armoire de rue" }.to_owned(),
                installed_on: Some(installed),
                capacity: [360, 432, 720][self.dice.below(3)],
                engineering: "MONO".to_owned(),
                dwellings: 0,
                first_handed_over_on: handed_over,
                opened_on: handed_over.map(|date| add_months(date, 3)),
                insee: String::new(),
                active_place: self.dice.percent(20),
                pmt_refs: Vec::new(),
                lon: None,
                lat: None,
                origin: Kind::Ipe,
                address: PmAddress::default(),
                oi_patching: self.territory.pms.len() % 5 == 3,
            });
        }
    }

    /// Streets of a commune, cut into the areas of its PMs one after the other.
    fn add_commune(&mut self, commune: &Commune, sizes: &[usize], pms: std::ops::Range<usize>) {
        let (insee, postcode) = (commune.insee, commune.postcode);
        for (rank, pm) in pms.clone().enumerate() {
            self.territory.pms[pm].reference = format!("FI-{insee}-{:04}", rank + 1);
            self.territory.pms[pm].insee = insee.to_owned();
        }
        for (i, &dwellings) in sizes.iter().enumerate() {
            let pm = pms.start + i * pms.len() / sizes.len();
            let street = i / STREET_ADDRESSES;
            let place = i % STREET_ADDRESSES;
            let street_type = STREET_TYPES[(street / STREET_NAMES.len()) % STREET_TYPES.len()];
            let street_name = STREET_NAMES[street % STREET_NAMES.len()];
            let rivoli = format!("{:04}", 10 + street * 5);
            // Every ninth address is the neighbour's "bis".
            let bis = place % 9 == 8;
            let number = if bis { place } else { place + 1 };
            let complement = if bis { "B" } else { "" };
            let suffix = if bis { "_bis" } else { "" };
            let kind = if dwellings > 1 {
                BuildingKind::Flats
            } else {
                BuildingKind::House
            };
            let is_new = self.dice.percent(3);
            let off = [self.dice.below(300), self.dice.below(300)];
            let (x, y) = commune.place(street, place, off);
            let (lon, lat) = Projection::Rgf93.to_degrees(x, y).unzip();
            let base = Building {
                reference: String::new(),
                state: BuildingState::Targeted,
                insee: insee.to_owned(),
                postcode: postcode.to_owned(),
                commune: commune.name.to_owned(),
                hexacle: format!("{insee}{}", digits(1_400_000 + i as u64, 5)),
                street_hexacle: format!("{insee}0{rivoli}"),
                ban_key: format!("{insee}_{rivoli}_{number:05}{suffix}"),
                rivoli,
                street_type: street_type.to_owned(),
                street_name: street_name.to_owned(),
                number: number.to_string(),
                complement: complement.to_owned(),
                batiment: String::new(),
                kind,
                is_new,
                dwellings: 0,
                wired_on: None,
                agreement_needed: kind == BuildingKind::Flats,
                agreement_signed_on: None,
                zone: "3".to_owned(),
                oi_code: PROVIDER_CODE.to_owned(),
                pm_ref: String::new(),
                pmt_ref: String::new(),
                pbo_kind: String::new(),
                connection_kind: String::new(),
                x: Some(x),
                y: Some(y),
                projection: Projection::Rgf93.literal().to_owned(),
                orders_from: None,
                reports_from: None,
                opened_on: None,
                changed_on: Some(self.dice.near(self.day, -60, 50)),
                lon,
                lat,
                delivery_on: None,
                manager: String::new(),
            };
            self.add_address(&base, pm, dwellings);
        }
    }

    /// The buildings of an address: a large one has two blocks, which are two buildings.
    fn add_address(&mut self, base: &Building, pm: usize, dwellings: usize) {
        let blocks: &[(&str, usize)] = match dwellings {
            1 => &[("", 1)],
            n if n > 12 => &[("A", n / 2), ("B", n - n / 2)],
            n => &[("", n)],
        };
        for (block, count) in blocks {
            let mut building = base.clone();
            let rank = self.territory.buildings.len() as u64;
            let spread = digits(rank.wrapping_mul(386_243) % 1_336_336, 4);
            building.reference = format!("IMB/{}/X/{spread}", base.insee);
            building.batiment = (*block).to_owned();
            building.dwellings = i64::try_from(*count).unwrap_or(0);
            self.settle(&mut building, pm);
            self.territory.buildings.push(building);
        }
    }

    /// Gives a building its state, its PM and its dates.
    fn settle(&mut self, building: &mut Building, pm: usize) {
        let role = self.roles[pm];
        let first_of_pm = self.territory.pms[pm].pmt_refs.is_empty();
        building.state = self.state(role, building.kind, first_of_pm);
        let state = building.state;
        let flats = building.kind == BuildingKind::Flats;
        if flats && state != BuildingState::Targeted {
            building.agreement_signed_on = Some(self.dice.near(self.day, -1_800, 1_000));
        }
        // A building only planned may not be told its PM yet; the first of a PM always is.
        if state == BuildingState::Targeted && !first_of_pm && self.dice.percent(50) {
            return;
        }
        self.join_pm(building, pm);
        building.wired_on = Some(match state {
            BuildingState::Deployed => self.dice.near(self.day, -1_000, 900),
            _ => self.dice.near(self.day, 30, 300),
        });
        if building.is_new && state != BuildingState::Deployed {
            building.delivery_on = building.wired_on;
        }
        if flats {
            let rank = self.territory.buildings.len() % MANAGERS.len();
            MANAGERS[rank].clone_into(&mut building.manager);
        }
        (building.pbo_kind, building.connection_kind) = match flats {
            true => (
                "IMMEUBLE".to_owned(),
                "IMMEUBLE COLONNE MONTANTE".to_owned(),
            ),
            false => [
                ("SOUTERRAIN CHAMBRE", "CONDUITE"),
                ("AERIEN POTEAU ENEDIS", "AERIEN POTEAU"),
                ("FACADE", "FACADE"),
            ]
            .map(|(pbo, connection)| (pbo.to_owned(), connection.to_owned()))[self.dice.below(3)]
            .clone(),
        };
        if state == BuildingState::Deployed {
            self.date(building, pm);
        }
        if matches!(
            state,
            BuildingState::Deployed | BuildingState::OnDemand | BuildingState::OnDemandUnderWay
        ) {
            self.add_dwellings(building, pm);
        }
    }

    /// A state for the next house or flats. Each kind goes through all states in turn, so that no
    /// seed misses one.
    fn state(&mut self, role: PmRole, kind: BuildingKind, first: bool) -> BuildingState {
        let flats = kind == BuildingKind::Flats;
        let settled = &mut self.settled[usize::from(flats)];
        *settled += 1;
        if first && role != PmRole::UnderWay {
            return BuildingState::Deployed;
        }
        // The step and the length of a round share no divisor; flats are few, so theirs is short.
        let turn = if flats {
            *settled * 7 % 20 * 5
        } else {
            *settled * 37 % 100
        };
        match (role, turn) {
            (PmRole::UnderWay, 0..40) => BuildingState::UnderWay,
            (PmRole::UnderWay, 40..80) if flats => BuildingState::Signed,
            (PmRole::UnderWay, _) => BuildingState::Targeted,
            (_, 0..76) => BuildingState::Deployed,
            (_, 76..80) => BuildingState::OnDemand,
            (_, 80) => BuildingState::OnDemandUnderWay,
            (_, 81..86) => BuildingState::UnderWay,
            (_, 86..92) if flats => BuildingState::Signed,
            (_, 86..98) => BuildingState::Targeted,
            _ => BuildingState::Abandoned,
        }
    }

    fn join_pm(&mut self, building: &mut Building, pm: usize) {
        let technical = if building.dwellings > 8 { 2 } else { 1 };
        let pm = &mut self.territory.pms[pm];
        pm.dwellings += building.dwellings;
        building.pm_ref.clone_from(&pm.reference);
        building.pmt_ref = format!("{}-T{technical}", pm.reference);
        if let Err(at) = pm.pmt_refs.binary_search(&building.pmt_ref) {
            pm.pmt_refs.insert(at, building.pmt_ref.clone());
        }
    }

    /// The dates of a deployed building.
    fn date(&mut self, building: &mut Building, pm: usize) {
        let (Some(handed_over), Some(opened)) = (
            self.territory.pms[pm].first_handed_over_on,
            self.territory.pms[pm].opened_on,
        ) else {
            return;
        };
        self.dated += 1;
        let (orders, reports) = match (self.roles[pm], self.dated * 37 % 100) {
            (PmRole::OpensLater, 0..50) => return,
            (PmRole::OpensLater, _) => (opened, opened),
            (_, 0..4) => {
                let later = self.dice.near(self.day, 5, 55);
                (later, later)
            }
            (_, 4..10) => (
                self.dice.near(self.day, -20, 15),
                self.dice.near(self.day, 3, 17),
            ),
            _ => {
                let orders = building.wired_on.unwrap_or(handed_over).max(handed_over);
                (orders, orders.max(opened))
            }
        };
        building.orders_from = Some(orders);
        building.reports_from = Some(reports);
        building.opened_on = Some(reports);
    }

    fn add_dwellings(&mut self, building: &Building, pm: usize) {
        let flats = building.kind == BuildingKind::Flats;
        if flats {
            // Flats have PBOs of their own.
            self.close_pbo();
        }
        let staircases = if building.dwellings > 5 { 2 } else { 1 };
        let count = usize::try_from(building.dwellings).unwrap_or(0);
        for i in 0..count {
            let (escalier, etage, porte) = match flats {
                false => (NOT_APPLICABLE.to_owned(), "RDC".to_owned(), String::new()),
                true => {
                    let floor = i / staircases / 2;
                    let floor = if floor == 0 {
                        "RDC".to_owned()
                    } else {
                        floor.to_string()
                    };
                    let escalier = match staircases {
                        1 => NOT_APPLICABLE.to_owned(),
                        _ => (i % staircases + 1).to_string(),
                    };
                    (escalier, floor, format!("{:02}", i + 1))
                }
            };
            let batiment = if building.batiment.is_empty() {
                NOT_APPLICABLE
            } else {
                &building.batiment
            };
            let (pbo_ref, pto_ref, state) = self.connect(pm, building.state);
            self.territory.dwellings.push(Dwelling {
                building_ref: building.reference.clone(),
                batiment: batiment.to_owned(),
                escalier,
                etage,
                porte,
                rank: 1,
                pbo_ref,
                pto_ref,
                state,
            });
        }
        if flats {
            self.close_pbo();
        }
    }

    /// Puts a dwelling on a PBO, and gives nearly half of the deployed ones a PTO.
    fn connect(&mut self, pm: usize, state: BuildingState) -> (String, String, DwellingState) {
        if self
            .pbo
            .as_ref()
            .is_some_and(|p| p.pm != pm || p.dwellings == PBO_DWELLINGS)
        {
            self.close_pbo();
        }
        let mut pbo = match self.pbo.take() {
            Some(pbo) => pbo,
            None => self.open_pbo(pm),
        };
        pbo.dwellings += 1;
        let built = state == BuildingState::Deployed && self.dice.percent(45);
        let (pto_ref, line) = match built {
            true => self.add_pto(&mut pbo),
            false => (String::new(), DwellingState::ToBuild),
        };
        let pbo_ref = pbo.reference.clone();
        self.pbo = Some(pbo);
        (pbo_ref, pto_ref, line)
    }

    fn open_pbo(&mut self, pm: usize) -> Pbo {
        self.pbos += 1;
        let in_pm = self.pbos_of_pm[pm];
        self.pbos_of_pm[pm] += 1;
        let (pm_ref, insee) = (
            self.territory.pms[pm].reference.clone(),
            self.territory.pms[pm].insee.clone(),
        );
        let reference = format!("PB-{insee}-{:05}", self.pbos);
        let first_fibre = self.territory.fibres.len();
        let (cable, tube) = (in_pm / COLOURS + 1, in_pm % COLOURS + 1);
        let named = |rank| ColourCode::Orange.place(rank).unwrap_or_default();
        for k in 1..=PBO_FIBRES {
            self.territory.fibres.push(Fibre {
                id: format!("{insee}{:05}F{k:02}", self.pbos),
                pm_ref: pm_ref.clone(),
                pbo_ref: reference.clone(),
                cable: format!("CB-{}-{cable:02}", &pm_ref[3..]),
                tube: named(tube),
                colour: named(k),
                state: FibreState::Available,
                dedicated: false,
                pto_ref: String::new(),
                origin: Kind::Fibres,
            });
        }
        Pbo {
            pm,
            reference,
            first_fibre,
            used: 0,
            dwellings: 0,
        }
    }

    /// Spoils some of the fibres nobody uses, and of one PBO in twenty all of them.
    fn close_pbo(&mut self) {
        let Some(pbo) = self.pbo.take() else { return };
        let saturated = self.pbos % 20 == 3;
        for i in pbo.first_fibre + pbo.used..pbo.first_fibre + PBO_FIBRES {
            let roll = if saturated {
                self.dice.below(5)
            } else {
                self.dice.below(100)
            };
            let fibre = &mut self.territory.fibres[i];
            match roll {
                0..4 => fibre.state = FibreState::OutOfOrder,
                4 => fibre.state = FibreState::Reserved,
                5 => fibre.dedicated = true,
                _ => {}
            }
        }
    }

    fn add_pto(&mut self, pbo: &mut Pbo) -> (String, DwellingState) {
        // 34^8 and the factor have no common divisor, so that no reference comes twice.
        let spread = (self.territory.ptos.len() as u64 + 7).wrapping_mul(1_000_000_007);
        let text = digits(spread % 34_u64.pow(8), 8);
        let reference = format!("F2-{}-{}", &text[..4], &text[4..]);
        let in_service = !self.oc_codes.is_empty() && self.dice.percent(60);
        let oc_code = match in_service {
            true => self.oc_codes[self.dice.below(self.oc_codes.len())].to_owned(),
            false => String::new(),
        };
        let fibre = &mut self.territory.fibres[pbo.first_fibre + pbo.used];
        pbo.used += 1;
        fibre.pto_ref.clone_from(&reference);
        if in_service {
            fibre.state = FibreState::Occupied;
        }
        self.territory.ptos.push(Pto {
            reference: reference.clone(),
            pm_ref: fibre.pm_ref.clone(),
            pbo_ref: fibre.pbo_ref.clone(),
            fibre_id: fibre.id.clone(),
            state: if in_service {
                LineState::InService
            } else {
                LineState::Free
            },
            oc_code,
        });
        let state = if in_service {
            DwellingState::InService
        } else {
            DwellingState::Free
        };
        (reference, state)
    }

    fn finish(mut self) -> Territory {
        self.close_pbo();
        for (i, pm) in self.territory.pms.iter().enumerate() {
            for (rank, oc_code) in self.oc_codes.iter().enumerate() {
                let deserted = self.roles[i] == PmRole::Deserted && rank == 0;
                if deserted || self.roles[i] == PmRole::UnderWay {
                    continue;
                }
                self.territory.presences.push(Presence {
                    oc_code: (*oc_code).to_owned(),
                    pm_ref: pm.reference.clone(),
                    prestation_ref: format!("P{oc_code}{}", pm.reference.replace('-', "")),
                });
            }
        }
        self.add_freezes();
        self.territory.draw_plant();
        self.territory
    }

    fn add_freezes(&mut self) {
        let from = start_of_day(self.day.saturating_sub(5.days()));
        let to = start_of_day(self.day.saturating_add(20.days()));
        let freeze = |kind, reference: &str, reason: &str| Freeze {
            kind,
            reference: reference.to_owned(),
            from,
            to,
            reason: reason.to_owned(),
            internal: false,
        };
        let frozen_pm = self.roles.iter().position(|role| *role == PmRole::Frozen);
        if let Some(pm) = frozen_pm {
            let reference = &self.territory.pms[pm].reference;
            let reason = "Remplacement de l'armoire";
            self.territory
                .freezes
                .push(freeze(FreezeKind::Pm, reference, reason));
        }
        let day = self.day;
        let plain = |b: &&Building| {
            b.orders_from.is_some_and(|from| from <= day)
                && frozen_pm.is_none_or(|pm| self.territory.pms[pm].reference != b.pm_ref)
        };
        let buildings: Vec<_> = self
            .territory
            .buildings
            .iter()
            .filter(plain)
            .step_by(97)
            .take(10)
            .collect();
        let frozen: Vec<_> = buildings
            .into_iter()
            .map(|b| {
                freeze(
                    FreezeKind::Building,
                    &b.reference,
                    "Ravalement de la colonne",
                )
            })
            .collect();
        self.territory.freezes.extend(frozen);
    }
}
