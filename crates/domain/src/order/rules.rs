//! The control of an order, in the trade's order (domain §3.5): FADR01-04, then the table of
//! [`Control`]s. The eligibility answers from these same rules, so that
//! what it calls eligible is never refused by an order on the same data (D776 §4.3.2).

use std::sync::Arc;

use jiff::civil::Date;
use kernel::{Code, OperatorId, Refusal, codes};

use super::labels::why;
use super::{AddressKey, TYPE_WHEN_AUTO, WellFormed};
use crate::building::{Building, Dwelling, NOT_APPLICABLE, Pm, Presence};
use crate::freeze::Freeze;
use crate::line::LiveLine;
use crate::offer::Offer;

mod controls;

pub use controls::{Case, Control, Side};

/// A building found by the key, with all that control needs to know of it.
#[derive(Clone, Debug)]
pub struct Site {
    /// The building.
    pub building: Building,
    /// Its dwellings, as the referential spells them; empty when their structure is not known.
    pub dwellings: Vec<Dwelling>,
    /// Its PM.
    pub pm: Option<Pm>,
    /// The asking operator's presence at that PM.
    pub presence: Option<Presence>,
    /// A freeze of the building or its PM, in force now.
    pub freeze: Option<Freeze>,
    /// PTOs built here by orders since the release was extracted.
    pub built: Vec<BuiltPto>,
}

/// A dwelling, or a PTO where the referential knows no dwelling.
#[derive(Clone, Debug)]
pub struct Door<'a> {
    /// Where, spelt as an order must spell it.
    pub spot: Spot,
    /// The dwelling; `None` for a PTO that an order built where none is known.
    pub dwelling: Option<&'a Dwelling>,
    /// Its PTO, once there is one.
    pub pto_ref: Option<String>,
}

impl Door<'_> {
    /// The door's name; empty when the referential names none.
    #[must_use]
    pub fn porte(&self) -> &str {
        self.dwelling.map_or("", |dwelling| dwelling.porte.as_str())
    }

    fn rank(&self) -> (&str, &str, i32, &str, &str, Option<&str>) {
        let Spot {
            batiment,
            escalier,
            etage,
            ..
        } = &self.spot;
        let pto = self.pto_ref.as_deref();
        (batiment, escalier, height(etage), etage, self.porte(), pto)
    }
}

/// How high a floor is, in half floors; what is no floor's usual name stands above all.
fn height(etage: &str) -> i32 {
    match etage.to_uppercase().as_str() {
        "RDC" => 0,
        "ENTRESOL" => 1,
        other => other.parse::<i16>().map_or(i32::MAX, |n| 2 * i32::from(n)),
    }
}

impl Site {
    /// Every dwelling with its PTO, the referential's or one that an order built there since, and
    /// the PTOs that are in no known dwelling: by block, staircase, floor from the lowest, door.
    #[must_use]
    pub fn doors(&self) -> Vec<Door<'_>> {
        let mut built: Vec<_> = self.built.iter().collect();
        let mut doors = Vec::with_capacity(self.dwellings.len() + built.len());
        for dwelling in &self.dwellings {
            let spot = Spot::from(dwelling);
            let released = Some(dwelling.pto_ref.clone()).filter(|pto| !pto.is_empty());
            let pto_ref = released.or_else(|| {
                let at = built.iter().position(|b| b.spot == spot)?;
                Some(built.remove(at).pto_ref.clone())
            });
            doors.push(Door {
                spot,
                dwelling: Some(dwelling),
                pto_ref,
            });
        }
        doors.extend(built.into_iter().map(|left| Door {
            spot: left.spot.clone(),
            dwelling: None,
            pto_ref: Some(left.pto_ref.clone()),
        }));
        doors.sort_by(|one, other| one.rank().cmp(&other.rank()));
        doors
    }

    /// Which of block, staircase and floor an order must name: those with more than one value.
    #[must_use]
    pub fn required(&self) -> [bool; 3] {
        let several = |value: fn(&Dwelling) -> &str| {
            let mut values: Vec<&str> = self.dwellings.iter().map(value).collect();
            values.sort_unstable();
            values.dedup();
            values.len() > 1
        };
        [
            several(|d| &d.batiment),
            several(|d| &d.escalier),
            several(|d| &d.etage),
        ]
    }
}

/// A PTO that an order built, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltPto {
    /// The PTO.
    pub pto_ref: String,
    /// Where.
    pub spot: Spot,
}

/// Where a PTO is, down to the floor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Its building.
    pub building_ref: String,
    /// Block.
    pub batiment: String,
    /// Staircase.
    pub escalier: String,
    /// Floor.
    pub etage: String,
}

impl From<&Dwelling> for Spot {
    fn from(dwelling: &Dwelling) -> Self {
        Self {
            building_ref: dwelling.building_ref.clone(),
            batiment: dwelling.batiment.clone(),
            escalier: dwelling.escalier.clone(),
            etage: dwelling.etage.clone(),
        }
    }
}

/// What the order quotes, looked up.
#[derive(Clone, Debug, Default)]
pub struct Quoted {
    /// Whether the quoted PM exists; `None` when none was quoted.
    pub pm_exists: Option<bool>,
    /// The quoted PM prestation, if it is one of the operator's own; outer `None` when none was
    /// quoted.
    pub prestation: Option<Option<Presence>>,
    /// Where the quoted PTO is, and who holds its line; outer `None` when none was quoted.
    pub pto: Option<Option<QuotedPto>>,
    /// The offer, as the catalogue in force describes it; `None` when it is not there.
    pub offer: Option<Arc<Offer>>,
}

/// A PTO of the referential.
#[derive(Clone, Debug)]
pub struct QuotedPto {
    /// Where it is.
    pub spot: Option<Spot>,
    /// Its line as it is now.
    pub line: Option<LiveLine>,
}

/// Who orders, on which day, and by which contracts.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The operator.
    pub operator: OperatorId,
    /// Its code in the referential.
    pub code: String,
    /// The offers it holds.
    pub offers: Vec<String>,
    /// Today in Paris.
    pub today: Date,
}

/// An order that control admits.
#[derive(Clone, Debug)]
pub struct Admission {
    /// Where.
    pub place: Place,
    /// The type retained.
    pub order_type: String,
}

/// The exact place an order is for, as the referential spells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The building.
    pub building: Building,
    /// Block.
    pub batiment: String,
    /// Staircase.
    pub escalier: String,
    /// Floor.
    pub etage: String,
    /// The dwellings there.
    pub dwellings: Vec<Dwelling>,
    /// How many of them got their PTO by an order since the release was extracted.
    pub built: usize,
}

impl Place {
    /// How many dwellings here are still without a PTO.
    #[must_use]
    pub fn to_build(&self) -> usize {
        let open = self
            .dwellings
            .iter()
            .filter(|d| d.pto_ref.is_empty())
            .count();
        open.saturating_sub(self.built)
    }
}

/// A refusal by control, with the place if it got that far.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// Why.
    pub refusal: Refusal,
    /// Where, once the address was understood.
    pub place: Option<Box<Place>>,
}

/// Controls a well-formed order.
///
/// # Errors
/// The first rule that refuses, in the trade's order.
pub fn admit(
    order: &WellFormed,
    sites: &[Site],
    quoted: &Quoted,
    asker: &Asker,
) -> Result<Admission, Rejection> {
    let (site, place) = locate(order, sites).map_err(|refusal| Rejection {
        refusal,
        place: None,
    })?;
    let case = Case {
        order,
        site,
        place: &place,
        quoted,
        asker,
    };
    if let Err(refusal) = Control::ALL.iter().try_for_each(|one| case.check(*one)) {
        return Err(Rejection {
            refusal,
            place: Some(Box::new(place)),
        });
    }
    let order_type = match order.order_type.as_str() {
        "AUTO" => TYPE_WHEN_AUTO.to_owned(),
        asked => asked.to_owned(),
    };
    Ok(Admission { place, order_type })
}

/// What [`locate`] refuses with.
pub static LOCATE_CODES: [&Code; 5] = [
    &codes::FADR01,
    &codes::FIMP16,
    &codes::FADR02,
    &codes::FADR03,
    &codes::FADR04,
];

/// FADR01 to FADR04: the building, then the block, the staircase and the floor.
///
/// # Errors
/// The first of them that cannot be told.
pub fn locate<'a>(order: &WellFormed, sites: &'a [Site]) -> Result<(&'a Site, Place), Refusal> {
    let key = order.key.field();
    if sites.is_empty() {
        return Err(Refusal::new(&codes::FADR01).on(key));
    }
    let named: Vec<&Site> = match (&order.key, &order.building_ref) {
        (AddressKey::Building(_), _) | (_, None) => sites.iter().collect(),
        (_, Some(wanted)) => sites
            .iter()
            .filter(|s| s.building.reference == *wanted)
            .collect(),
    };
    if named.is_empty() {
        return Err(Refusal::new(&codes::FIMP16)
            .on("IdentifiantImmeuble")
            .because(why::NOT_AT_ADDRESS));
    }
    let (site, batiment) = pick_block(order.batiment.as_deref(), &named)?;
    let of_block: Vec<&Dwelling> = site
        .dwellings
        .iter()
        .filter(|d| d.batiment == batiment)
        .collect();
    let stairs = of_block.iter().map(|d| d.escalier.as_str());
    let escalier = pick(order.escalier.as_deref(), stairs)
        .ok_or_else(|| Refusal::new(&codes::FADR03).on("Escalier"))?;
    let of_stair: Vec<&Dwelling> = of_block
        .into_iter()
        .filter(|d| d.escalier == escalier)
        .collect();
    let floors = of_stair.iter().map(|d| d.etage.as_str());
    let etage = pick(order.etage.as_deref(), floors)
        .ok_or_else(|| Refusal::new(&codes::FADR04).on("Etage"))?;
    let dwellings = of_stair
        .into_iter()
        .filter(|d| d.etage == etage)
        .cloned()
        .collect();
    let here = |built: &&BuiltPto| {
        let spot = &built.spot;
        spot.batiment == batiment && spot.escalier == escalier && spot.etage == etage
    };
    let built = site.built.iter().filter(here).count();
    let building = site.building.clone();
    Ok((
        site,
        Place {
            building,
            batiment,
            escalier,
            etage,
            dwellings,
            built,
        },
    ))
}

fn blocks(site: &Site) -> Vec<&str> {
    let mut all: Vec<&str> = site.dwellings.iter().map(|d| d.batiment.as_str()).collect();
    if all.is_empty() && !site.building.batiment.is_empty() {
        all.push(&site.building.batiment);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// The building and block meant: several buildings may share one number of a street.
fn pick_block<'a>(asked: Option<&str>, sites: &[&'a Site]) -> Result<(&'a Site, String), Refusal> {
    let refused = |why: &str| Refusal::new(&codes::FADR02).on("Batiment").because(why);
    let mut fitting = sites.iter().filter_map(|site| {
        let named = pick(asked, blocks(site).into_iter())?;
        Some((*site, named))
    });
    match (fitting.next(), fitting.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(refused(why::BLOCK_TO_NAME)),
        (Some(_), Some(_)) => Err(refused(why::SEVERAL_BUILDINGS)),
    }
}

/// The one value asked for among those that exist. Left out, it is understood when there is only
/// one; where the referential knows no structure, what was asked is taken as it is.
fn pick<'a>(asked: Option<&str>, existing: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut values: Vec<&str> = existing.collect();
    values.sort_unstable();
    values.dedup();
    match (asked, values.as_slice()) {
        (None, []) => Some(NOT_APPLICABLE.to_owned()),
        (Some(asked), []) => Some(asked.to_owned()),
        (None, [only]) => Some((*only).to_owned()),
        (None, _) => None,
        (Some(asked), values) => values.contains(&asked).then(|| asked.to_owned()),
    }
}

/// Whether the asking operator holds the line already.
#[must_use]
pub fn is_held_by(line: &LiveLine, asker: &Asker) -> bool {
    line.holder
        .as_ref()
        .is_some_and(|holder| *holder == asker.operator)
        || line.holder_code == asker.code
}

/// The PBOs of the dwellings that are still to build, without repeats.
#[must_use]
pub fn pbos_of(dwellings: &[Dwelling]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for dwelling in dwellings {
        let wanted = dwelling.pto_ref.is_empty() && !dwelling.pbo_ref.is_empty();
        if wanted && !all.contains(&dwelling.pbo_ref) {
            all.push(dwelling.pbo_ref.clone());
        }
    }
    all
}
