//! Addresses, buildings, PMs, dwellings and operators' presence at PMs, as the referential released
//! them.
//!
//! Texts are empty where the referential says nothing. References are kept exactly as the OI wrote
//! them: an order must quote them so.

pub mod labels;
pub mod store;

use jiff::civil::Date;
use storage::Value;

use crate::release::{Kind, Released, Table, stored_enum};

/// Not applicable: how the trade spells the block, staircase or floor of a house.
pub const NOT_APPLICABLE: &str = "_NA_";

stored_enum! {
    /// How far a building is: only the deployed and the connectable on demand may be ordered.
    BuildingState {
        /// Planned.
        Targeted = "cible",
        /// The manager's agreement is signed.
        Signed = "signe",
        /// Works under way.
        UnderWay = "en_cours_de_deploiement",
        /// Connectable on demand: its PBO is placed on order.
        OnDemand = "raccordable_demande",
        /// Its PBO was ordered and is being placed.
        OnDemandUnderWay = "rad_en_cours_de_deploiement",
        /// Deployed and handed over.
        Deployed = "deploye",
        /// Given up; stays in the files three months.
        Abandoned = "abandonne",
    }
}

stored_enum! {
    /// House or block of flats.
    BuildingKind {
        /// One dwelling.
        House = "house",
        /// Several dwellings.
        Flats = "flats",
    }
}

stored_enum! {
    /// How far a PM is.
    PmState {
        /// Planned.
        Planned = "planifie",
        /// Works under way.
        UnderWay = "en_cours_de_deploiement",
        /// Deployed.
        Deployed = "deploye",
        /// Given up.
        Abandoned = "abandonne",
    }
}

stored_enum! {
    /// What the referential says of a dwelling's line.
    DwellingState {
        /// No PTO yet.
        ToBuild = "a_construire",
        /// A PTO that nobody uses.
        Free = "libre",
        /// A PTO in service.
        InService = "en_service",
    }
}

/// A building of the IPE.
#[derive(Clone, Debug, PartialEq)]
pub struct Building {
    /// IdentifiantImmeuble, at most 30 characters.
    pub reference: String,
    /// How far it is.
    pub state: BuildingState,
    /// INSEE code of the commune.
    pub insee: String,
    /// RIVOLI code of the street.
    pub rivoli: String,
    /// Postcode.
    pub postcode: String,
    /// Name of the commune.
    pub commune: String,
    /// Hexaclé of the number (CodeAdresseImmeuble).
    pub hexacle: String,
    /// Hexaclé of the street.
    pub street_hexacle: String,
    /// Key of the national address base.
    pub ban_key: String,
    /// Street type.
    pub street_type: String,
    /// Street name without its type.
    pub street_name: String,
    /// Number in the street; `0` where the street has none.
    pub number: String,
    /// One letter after the number.
    pub complement: String,
    /// Name of the block, when the referential has one line a block.
    pub batiment: String,
    /// House or flats.
    pub kind: BuildingKind,
    /// New building.
    pub is_new: bool,
    /// Dwellings of this line.
    pub dwellings: i64,
    /// When it was or is to be wired.
    pub wired_on: Option<Date>,
    /// Whether the manager's agreement is needed.
    pub agreement_needed: bool,
    /// When it was signed.
    pub agreement_signed_on: Option<Date>,
    /// Zone type: 1, 2 or 3 (the less dense zone).
    pub zone: String,
    /// The OI's code.
    pub oi_code: String,
    /// Its PM, once that is being deployed.
    pub pm_ref: String,
    /// Its technical PM.
    pub pmt_ref: String,
    /// Kind of PBO.
    pub pbo_kind: String,
    /// How PBO and PTO are joined.
    pub connection_kind: String,
    /// Abscissa in `projection`.
    pub x: Option<f64>,
    /// Ordinate in `projection`.
    pub y: Option<f64>,
    /// Projection of the coordinates.
    pub projection: String,
    /// First day an order is accepted (DateDebutAcceptationCmdAcces).
    pub orders_from: Option<Date>,
    /// First day a CR is given (DateDebutFournitureCRCmdAcces).
    pub reports_from: Option<Date>,
    /// Commercial opening (DateMiseEnServiceCommercialeImmeuble).
    pub opened_on: Option<Date>,
    /// Last change of the line.
    pub changed_on: Option<Date>,
    /// Longitude (WGS84, degrees), when the coordinates could be read.
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// When a new building is to be handed over.
    pub delivery_on: Option<Date>,
    /// Name of whoever manages it, for the OI alone.
    pub manager: String,
}

/// Where a PM stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PmAddress {
    /// Hexaclé of the number (CodeAdressePM).
    pub hexacle: String,
    /// Hexaclé of the street.
    pub street_hexacle: String,
    /// Key of the national address base.
    pub ban_key: String,
    /// RIVOLI code of the street.
    pub rivoli: String,
    /// Number in the street.
    pub number: String,
    /// One letter after the number.
    pub complement: String,
    /// Street type.
    pub street_type: String,
    /// Street name without its type.
    pub street_name: String,
    /// Block, or where in the street, in the OI's words.
    pub batiment: String,
    /// Postcode.
    pub postcode: String,
    /// Name of the commune.
    pub commune: String,
    /// How far the address is to be believed (QualiteAdressePM).
    pub quality: String,
}

/// A PM.
#[derive(Clone, Debug, PartialEq)]
pub struct Pm {
    /// ReferencePM, at most 20 characters.
    pub reference: String,
    /// How far it is.
    pub state: PmState,
    /// Where it stands (PME-Armoire de rue, PMI...).
    pub kind: String,
    /// When it was or is to be installed.
    pub installed_on: Option<Date>,
    /// Lines it can hold; 0 unknown.
    pub capacity: i64,
    /// MONO, BI, QUADRI.
    pub engineering: String,
    /// Dwellings behind it; 0 unknown.
    pub dwellings: i64,
    /// First handing over to an operator.
    pub first_handed_over_on: Option<Date>,
    /// Commercial opening (MESC): three months later.
    pub opened_on: Option<Date>,
    /// INSEE code of its commune.
    pub insee: String,
    /// Whether active equipment can be hosted.
    pub active_place: bool,
    /// Its technical PMs, sorted.
    pub pmt_refs: Vec<String>,
    /// Longitude (WGS84, degrees).
    pub lon: Option<f64>,
    /// Latitude (WGS84, degrees).
    pub lat: Option<f64>,
    /// The kind of file it comes from.
    pub origin: Kind,
    /// Where it stands; `insee` is its commune's.
    pub address: PmAddress,
    /// Whether the OI alone patches there.
    pub oi_patching: bool,
}

/// A dwelling of a building, spelt as an order must spell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dwelling {
    /// Its building.
    pub building_ref: String,
    /// Block, or [`NOT_APPLICABLE`]; at most 60 characters.
    pub batiment: String,
    /// Staircase, or [`NOT_APPLICABLE`]; at most 25 characters.
    pub escalier: String,
    /// Floor, or [`NOT_APPLICABLE`]; at most 25 characters.
    pub etage: String,
    /// Door, if named; at most 25 characters.
    pub porte: String,
    /// From 1, among dwellings that are spelt alike.
    pub rank: i64,
    /// The PBO that serves it.
    pub pbo_ref: String,
    /// Its PTO, once built.
    pub pto_ref: String,
    /// What the referential says of its line.
    pub state: DwellingState,
}

/// An operator present at a PM, with its prestation there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The operator's code.
    pub oc_code: String,
    /// The PM.
    pub pm_ref: String,
    /// ReferencePrestationPM, at most 30 characters.
    pub prestation_ref: String,
}

fn day(date: Option<Date>) -> Value {
    date.map(|d| d.to_string()).into()
}

impl Released for Building {
    const TABLE: Table = Table::Building;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.reference).into(),
            self.state.as_str().into(),
            (&self.insee).into(),
            (&self.rivoli).into(),
            (&self.postcode).into(),
            (&self.commune).into(),
            (&self.hexacle).into(),
            (&self.street_hexacle).into(),
            (&self.ban_key).into(),
            (&self.street_type).into(),
            (&self.street_name).into(),
            (&self.number).into(),
            (&self.complement).into(),
            (&self.batiment).into(),
            self.kind.as_str().into(),
            self.is_new.into(),
            self.dwellings.into(),
            day(self.wired_on),
            self.agreement_needed.into(),
            day(self.agreement_signed_on),
            (&self.zone).into(),
            (&self.oi_code).into(),
            (&self.pm_ref).into(),
            (&self.pmt_ref).into(),
            (&self.pbo_kind).into(),
            (&self.connection_kind).into(),
            self.x.into(),
            self.y.into(),
            (&self.projection).into(),
            day(self.orders_from),
            day(self.reports_from),
            day(self.opened_on),
            day(self.changed_on),
            self.lon.into(),
            self.lat.into(),
            day(self.delivery_on),
            (&self.manager).into(),
        ]
    }
}

impl Released for Pm {
    const TABLE: Table = Table::Pm;

    fn values(&self) -> Vec<Value> {
        let at = &self.address;
        vec![
            (&self.reference).into(),
            self.state.as_str().into(),
            (&self.kind).into(),
            day(self.installed_on),
            self.capacity.into(),
            (&self.engineering).into(),
            self.dwellings.into(),
            day(self.first_handed_over_on),
            day(self.opened_on),
            (&self.insee).into(),
            self.active_place.into(),
            self.pmt_refs.join(store::LIST_SEPARATOR).into(),
            self.lon.into(),
            self.lat.into(),
            self.origin.as_str().into(),
            (&at.hexacle).into(),
            (&at.street_hexacle).into(),
            (&at.ban_key).into(),
            (&at.rivoli).into(),
            (&at.number).into(),
            (&at.complement).into(),
            (&at.street_type).into(),
            (&at.street_name).into(),
            (&at.batiment).into(),
            (&at.postcode).into(),
            (&at.commune).into(),
            (&at.quality).into(),
            self.oi_patching.into(),
        ]
    }
}

impl Released for Dwelling {
    const TABLE: Table = Table::Dwelling;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.building_ref).into(),
            (&self.batiment).into(),
            (&self.escalier).into(),
            (&self.etage).into(),
            (&self.porte).into(),
            self.rank.into(),
            (&self.pbo_ref).into(),
            (&self.pto_ref).into(),
            self.state.as_str().into(),
        ]
    }
}

impl Released for Presence {
    const TABLE: Table = Table::Presence;

    fn values(&self) -> Vec<Value> {
        vec![
            (&self.oc_code).into(),
            (&self.pm_ref).into(),
            (&self.prestation_ref).into(),
        ]
    }
}
