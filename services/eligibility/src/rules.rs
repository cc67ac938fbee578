//! What the eligibility says of an order that nobody has placed yet. It decides nothing of its own:
//! it asks the order's control (E-1, D776 §4.3.2), and adds what only the CR would tell: whether a
//! fibre is left, whether another order is under way.

use domain::building::{BuildingState, Dwelling};
use domain::contract::Offer;
use domain::line::LiveLine;
use domain::order::rules::{self, Asker, Quoted, QuotedPto, Site, Spot};
use domain::order::{AddressKey, BuiltBy, WellFormed};
use jiff::civil::Date;
use kernel::{Refusal, codes};

/// What was asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The key that decides.
    pub key: AddressKey,
    /// `IdentifiantImmeuble` beside the key.
    pub building_ref: Option<String>,
    /// Block.
    pub batiment: Option<String>,
    /// Staircase.
    pub escalier: Option<String>,
    /// Floor.
    pub etage: Option<String>,
    /// `ReferencePrise`, normalised.
    pub pto_ref: Option<String>,
    /// Only an existing PTO, or only a line to build; either when not said.
    pub existing_pto: Option<bool>,
}

/// The verdict on one offer at one place.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It can be ordered now.
    Eligible,
    /// It can be ordered from a day on; until then an order is refused so.
    EligibleFrom(Date, Refusal),
    /// It cannot.
    NotEligible(Refusal),
}

impl Verdict {
    /// The refusal an order would meet today.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Eligible => None,
            Self::EligibleFrom(_, refusal) | Self::NotEligible(refusal) => Some(refusal),
        }
    }

    /// Better verdicts first.
    pub(crate) fn rank(&self) -> u8 {
        match self {
            Self::Eligible => 0,
            Self::EligibleFrom(..) => 1,
            Self::NotEligible(_) => 2,
        }
    }
}

/// One way of ordering at one place: building a line, or taking an existing PTO.
#[derive(Clone, Debug)]
pub struct Way {
    /// Where.
    pub spot: Spot,
    /// The door, when the referential names it.
    pub porte: String,
    /// The PBO that serves it.
    pub pbo_ref: String,
    /// The existing PTO; `None` for a line to build.
    pub pto_ref: Option<String>,
    /// Whether the PTO's line is in service, whoever holds it.
    pub in_service: bool,
    /// Fibres left at the PBO, for a line to build.
    pub free_fibres: i64,
    /// The verdict on each offer asked about, in the catalogue's order.
    pub verdicts: Vec<Verdict>,
}

/// Everything said of one building.
#[derive(Clone, Debug)]
pub struct Assessed {
    /// The building and what surrounds it.
    pub site: Site,
    /// Every way of ordering there that the question leaves open.
    pub ways: Vec<Way>,
    /// The best verdict on each offer, in the catalogue's order.
    pub best: Vec<Verdict>,
}

/// What is left at each PBO, and who holds which line.
#[derive(Clone, Debug, Default)]
pub struct Occupancy {
    /// Free fibres by PBO; a PBO that is not there has none.
    pub free: Vec<(String, i64)>,
    /// Lines of the building's PTOs.
    pub lines: Vec<LiveLine>,
}

impl Occupancy {
    fn free_at(&self, pbo_ref: &str) -> i64 {
        self.free
            .iter()
            .find(|(pbo, _)| pbo == pbo_ref)
            .map_or(0, |(_, free)| *free)
    }

    fn line(&self, pto_ref: &str) -> Option<&LiveLine> {
        self.lines.iter().find(|line| line.pto_ref == pto_ref)
    }
}

/// Assesses one building of those the question's key names.
#[must_use]
pub fn assess(
    question: &Question,
    sites: &[Site],
    at: usize,
    occupancy: &Occupancy,
    asker: &Asker,
    offers: &[Offer],
) -> Assessed {
    let site = sites[at].clone();
    let mut ways = ways_of(question, &site, occupancy);
    for way in &mut ways {
        way.verdicts = offers
            .iter()
            .map(|offer| judge(question, sites, &site, way, occupancy, asker, offer))
            .collect();
    }
    let best = offers
        .iter()
        .enumerate()
        .map(|(i, offer)| {
            let verdicts = ways.iter().map(|way| &way.verdicts[i]);
            verdicts
                .min_by_key(|verdict| verdict.rank())
                .cloned()
                .unwrap_or_else(|| {
                    // No way left open: what control says of the question as it stands.
                    let order = as_asked(question, &site, offer);
                    verdict_of(&order, sites, &Quoted::default(), asker, &site)
                })
        })
        .collect();
    Assessed { site, ways, best }
}

/// The ways of ordering in a building, of those the question leaves open.
fn ways_of(question: &Question, site: &Site, occupancy: &Occupancy) -> Vec<Way> {
    let wanted = |asked: &Option<String>, value: &str| asked.as_deref().is_none_or(|a| a == value);
    let open = |spot: &Spot| {
        wanted(&question.batiment, &spot.batiment)
            && wanted(&question.escalier, &spot.escalier)
            && wanted(&question.etage, &spot.etage)
    };
    let way = |spot: Spot, dwelling: Option<&Dwelling>, pto_ref: Option<String>| {
        let line = pto_ref.as_deref().and_then(|pto| occupancy.line(pto));
        let of_dwelling = dwelling.map(|d| d.pbo_ref.clone());
        let pbo_ref = of_dwelling
            .or_else(|| line.map(|l| l.pbo_ref.clone()))
            .unwrap_or_default();
        Way {
            free_fibres: occupancy.free_at(&pbo_ref),
            spot,
            porte: dwelling.map(|d| d.porte.clone()).unwrap_or_default(),
            pbo_ref,
            in_service: line.is_some_and(|line| line.state == domain::line::LineState::InService),
            pto_ref,
            verdicts: Vec::new(),
        }
    };
    let doors = site.doors().into_iter();
    let mut ways: Vec<Way> = doors
        .map(|door| way(door.spot, door.dwelling, door.pto_ref))
        .collect();
    ways.retain(|way| {
        let pto = question
            .pto_ref
            .as_ref()
            .is_none_or(|pto| way.pto_ref.as_ref() == Some(pto));
        let kind = question
            .existing_pto
            .is_none_or(|existing| existing == way.pto_ref.is_some());
        pto && kind && open(&way.spot)
    });
    ways
}

/// A well-formed order for a way: what an operator would send after reading the answer.
#[must_use]
pub fn order_for(question: &Question, site: &Site, way: &Way, offer: &Offer) -> WellFormed {
    WellFormed {
        batiment: Some(way.spot.batiment.clone()),
        escalier: Some(way.spot.escalier.clone()),
        etage: Some(way.spot.etage.clone()),
        existing_pto: way.pto_ref.is_some(),
        pto_ref: way.pto_ref.clone(),
        ..as_asked(question, site, offer)
    }
}

fn as_asked(question: &Question, site: &Site, offer: &Offer) -> WellFormed {
    WellFormed {
        reference: "ELIGIBILITE".to_owned(),
        key: question.key.clone(),
        building_ref: Some(site.building.reference.clone()),
        batiment: question.batiment.clone(),
        escalier: question.escalier.clone(),
        etage: question.etage.clone(),
        built_by: BuiltBy::Oc,
        existing_pto: question.existing_pto.unwrap_or(question.pto_ref.is_some()),
        pto_ref: question.pto_ref.clone(),
        pm_ref: None,
        pm_prestation: None,
        order_type: "LOCA".to_owned(),
        offer: offer.code.to_owned(),
    }
}

fn judge(
    question: &Question,
    sites: &[Site],
    site: &Site,
    way: &Way,
    occupancy: &Occupancy,
    asker: &Asker,
    offer: &Offer,
) -> Verdict {
    let order = order_for(question, site, way, offer);
    let mut quoted = Quoted::default();
    if let Some(pto_ref) = &way.pto_ref {
        let line = occupancy.line(pto_ref).cloned();
        quoted.pto = Some(Some(QuotedPto {
            spot: Some(way.spot.clone()),
            line,
        }));
    }
    let verdict = verdict_of(&order, sites, &quoted, asker, site);
    if verdict != Verdict::Eligible {
        return verdict;
    }
    let under_way = |line: &LiveLine| line.pending_order.is_some();
    match &way.pto_ref {
        None if way.free_fibres == 0 => Verdict::NotEligible(Refusal::new(&codes::FINT01)),
        Some(pto) if occupancy.line(pto).is_some_and(under_way) => {
            Verdict::NotEligible(Refusal::new(&codes::FINT06))
        }
        _ => Verdict::Eligible,
    }
}

fn verdict_of(
    order: &WellFormed,
    sites: &[Site],
    quoted: &Quoted,
    asker: &Asker,
    site: &Site,
) -> Verdict {
    match rules::admit(order, sites, quoted, asker) {
        Ok(_) => Verdict::Eligible,
        Err(rejection) => match opening(site, &rejection.refusal, asker) {
            Some(day) => Verdict::EligibleFrom(day, rejection.refusal),
            None => Verdict::NotEligible(rejection.refusal),
        },
    }
}

/// The day a refusal goes away by itself, when the referential knows it.
fn opening(site: &Site, refusal: &Refusal, asker: &Asker) -> Option<Date> {
    let building = &site.building;
    let orderable = matches!(
        building.state,
        BuildingState::Deployed | BuildingState::OnDemand
    );
    let day = match refusal.code.as_str() {
        "FIMP10" if orderable => building.orders_from,
        "FIMP09" if site.presence.is_some() => site.pm.as_ref().and_then(|pm| pm.opened_on),
        _ => None,
    };
    day.filter(|day| *day > asker.today)
}
