//! What the eligibility says of an order that nobody has placed yet. It decides nothing of its own:
//! it asks the order's control (E-1, D776 §4.3.2), and adds what only the CR would tell: whether a
//! fibre is left, whether another order is under way.

use std::sync::Arc;

use domain::building::{BuildingState, Dwelling};
use domain::line::{LineState, LiveLine};
use domain::offer::Offer;
use domain::order::rules::{self, Asker, Control, Quoted, QuotedPto, Side, Site, Spot};
use domain::order::{AddressKey, BuiltBy, WellFormed};
use jiff::civil::Date;
use kernel::{Code, Refusal, codes};

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

impl Way {
    /// The state of its line, when there is a PTO.
    #[must_use]
    pub fn line(&self) -> Option<LineState> {
        self.pto_ref.as_ref()?;
        Some(match self.in_service {
            true => LineState::InService,
            false => LineState::Free,
        })
    }
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
    /// Rule by rule, why the best verdict on each offer is what it is.
    pub reasons: Vec<Vec<Reason>>,
}

impl Assessed {
    /// Whether lines are to be built here and no fibre is left for any of them.
    #[must_use]
    pub fn is_saturated(&self) -> bool {
        let mut to_build = self
            .ways
            .iter()
            .filter(|way| way.pto_ref.is_none())
            .peekable();
        to_build.peek().is_some() && to_build.all(|way| way.free_fibres == 0)
    }
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
    offers: &[Arc<Offer>],
) -> Assessed {
    let site = sites[at].clone();
    let mut ways = ways_of(question, &site, occupancy);
    let judging = Judging {
        question,
        sites,
        site: &site,
        occupancy,
        asker,
    };
    for way in &mut ways {
        way.verdicts = offers
            .iter()
            .map(|offer| judging.verdict(Some(way), offer))
            .collect();
    }
    let (mut best, mut reasons) = (Vec::new(), Vec::new());
    for (i, offer) in offers.iter().enumerate() {
        let way = ways.iter().min_by_key(|way| way.verdicts[i].rank());
        best.push(match way {
            Some(way) => way.verdicts[i].clone(),
            // No way left open: what control says of the question as it stands.
            None => judging.verdict(None, offer),
        });
        reasons.push(judging.reasons(way, offer));
    }
    Assessed {
        site,
        ways,
        best,
        reasons,
    }
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
            in_service: line.is_some_and(|line| line.state == LineState::InService),
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
        offer: offer.code.clone(),
    }
}

/// What a verdict rests on.
struct Judging<'a> {
    question: &'a Question,
    sites: &'a [Site],
    site: &'a Site,
    occupancy: &'a Occupancy,
    asker: &'a Asker,
}

impl Judging<'_> {
    /// The order that would be placed, and what it quotes.
    fn order(&self, way: Option<&Way>, offer: &Arc<Offer>) -> (WellFormed, Quoted) {
        let mut quoted = Quoted {
            offer: Some(Arc::clone(offer)),
            ..Quoted::default()
        };
        let Some(way) = way else {
            return (as_asked(self.question, self.site, offer), quoted);
        };
        if let Some(pto_ref) = &way.pto_ref {
            quoted.pto = Some(Some(QuotedPto {
                spot: Some(way.spot.clone()),
                line: self.occupancy.line(pto_ref).cloned(),
            }));
        }
        (order_for(self.question, self.site, way, offer), quoted)
    }

    /// The verdict on an offer, one way or as the question stands.
    fn verdict(&self, way: Option<&Way>, offer: &Arc<Offer>) -> Verdict {
        let (order, quoted) = self.order(way, offer);
        let refusal = match rules::admit(&order, self.sites, &quoted, self.asker) {
            Err(rejection) => Some(rejection.refusal),
            Ok(_) => way.and_then(|way| self.left(way).err()),
        };
        match refusal {
            None => Verdict::Eligible,
            Some(refusal) => match opening(self.site, offer, &refusal, self.asker) {
                Some(day) => self.later(way, offer, day, refusal),
                None => Verdict::NotEligible(refusal),
            },
        }
    }

    /// What is refused until a day is eligible from then on if nothing else is in the way: an offer
    /// that the operator does not hold does not open with its building.
    fn later(&self, way: Option<&Way>, offer: &Arc<Offer>, day: Date, refusal: Refusal) -> Verdict {
        let asker = Asker {
            today: day,
            ..self.asker.clone()
        };
        let then = Judging {
            asker: &asker,
            ..*self
        };
        match then.verdict(way, offer) {
            Verdict::Eligible => Verdict::EligibleFrom(day, refusal),
            Verdict::EligibleFrom(day, _) => Verdict::EligibleFrom(day, refusal),
            Verdict::NotEligible(_) => Verdict::NotEligible(refusal),
        }
    }

    /// What only the report would tell: a fibre is left, no other order is under way on the line.
    fn left(&self, way: &Way) -> Result<(), Refusal> {
        let under_way = |line: &LiveLine| line.pending_order.is_some();
        match &way.pto_ref {
            None if way.free_fibres == 0 => Err(Refusal::new(&codes::FINT01)),
            Some(pto) if self.occupancy.line(pto).is_some_and(under_way) => {
                Err(Refusal::new(&codes::FINT06))
            }
            _ => Ok(()),
        }
    }

    /// What each rule says of one way, those after a refusal too.
    fn reasons(&self, way: Option<&Way>, offer: &Arc<Offer>) -> Vec<Reason> {
        let (order, quoted) = self.order(way, offer);
        let mut reasons = vec![Reason {
            rule: Rule::Address,
            said: Ok(()),
        }];
        let located = rules::locate(&order, self.sites);
        reasons.push(Reason {
            rule: Rule::Structure,
            said: located.as_ref().map(drop).map_err(Clone::clone),
        });
        if let Ok((site, place)) = &located {
            let case = rules::Case {
                order: &order,
                site,
                place,
                quoted: &quoted,
                asker: self.asker,
            };
            reasons.extend(SHOWN.iter().map(|control| Reason {
                rule: Rule::Control(*control),
                said: case.check(*control),
            }));
        }
        reasons.extend(way.map(|way| Reason {
            rule: Rule::Left,
            said: self.left(way),
        }));
        reasons
    }
}

/// The controls that say something of a place: a question quotes neither PM nor type.
const SHOWN: [Control; 9] = [
    Control::Presence,
    Control::PmOpening,
    Control::BuildingState,
    Control::OrdersFrom,
    Control::Freeze,
    Control::OfferSold,
    Control::OfferHere,
    Control::OfferHeld,
    Control::Pto,
];

/// Every code of a test: what it is refused for, and what is said of an offer.
#[must_use]
pub fn refusals() -> Vec<&'static Code> {
    let question = [&codes::FIMP15, &codes::FIMP16, &codes::FIMP02];
    let left = [&codes::FINT01, &codes::FINT06];
    let shown = SHOWN.iter().flat_map(|control| control.codes());
    let all = rules::LOCATE_CODES.into_iter().chain(shown);
    question.into_iter().chain(all).chain(left).collect()
}

/// A rule that a verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// FADR01: a building stands at the address.
    Address,
    /// FADR02 to FADR04: block, staircase and floor are told, or need not be.
    Structure,
    /// One of the order's controls.
    Control(Control),
    /// FINT01, FINT06: a fibre is left, or the line is nobody's order under way.
    Left,
}

impl Rule {
    /// On whose side it stands.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::Address | Self::Structure | Self::Left => Side::Technical,
            Self::Control(control) => control.side(),
        }
    }
}

/// What a rule says.
#[derive(Clone, Debug)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// Its refusal, if it refuses.
    pub said: Result<(), Refusal>,
}

/// The first refusal of one side, if it refuses at all.
#[must_use]
pub fn refusal_of(reasons: &[Reason], side: Side) -> Option<&Refusal> {
    let mut of_side = reasons.iter().filter(|reason| reason.rule.side() == side);
    of_side.find_map(|reason| reason.said.as_ref().err())
}

/// The day a refusal goes away by itself, when the referential knows it.
fn opening(site: &Site, offer: &Offer, refusal: &Refusal, asker: &Asker) -> Option<Date> {
    let building = &site.building;
    let orderable = matches!(
        building.state,
        BuildingState::Deployed | BuildingState::OnDemand
    );
    let day = match refusal.code.as_str() {
        "FIMP10" if orderable => building.orders_from,
        "EOFF01" => offer.from_day,
        "FIMP09" if site.presence.is_some() => site.pm.as_ref().and_then(|pm| pm.opened_on),
        _ => None,
    };
    day.filter(|day| *day > asker.today)
}
