//! The eligibility test (E-1): the same data as the order's control, the same for every operator at
//! the same instant, with its extraction date (I-1).

use std::sync::Arc;

use domain::access::{Ctx, Duty};
use domain::offer::{self, Offer};
use domain::order::rules::Site;
use domain::order::{AddressKey, usecases as orders};
use domain::release::Release;
use domain::{Platform, line, release};
use jiff::civil::Date;
use kernel::{Fault, Refusal, codes};
use storage::{Error, Tx};

use crate::labels;
use crate::rules::{self, Assessed, Occupancy, Question};

/// What an eligibility test answers.
#[derive(Clone, Debug)]
pub struct Tested {
    /// Every building that the key names; never chosen among silently.
    pub buildings: Vec<Assessed>,
    /// The offers the verdicts are about, in their order.
    pub offers: Vec<Arc<Offer>>,
    /// The extraction date of the data; `None` before the first import.
    pub extracted_on: Option<Date>,
    /// The release they are of.
    pub release: Release,
}

/// Tests an address.
///
/// # Errors
/// FADR01 when no building is known by the key; FIMP02 for a PTO that does not exist; a fault when
/// the store does not answer.
pub async fn test_eligibility(
    platform: &Platform,
    ctx: &Ctx,
    question: Question,
) -> Result<Result<Tested, Refusal>, Fault> {
    let ctx = ctx.clone();
    Ok(platform.db.get(move |tx| test(tx, &ctx, &question)).await?)
}

/// The answers to several questions, in their order, each or its refusal.
pub type LotTested = Vec<Result<Tested, Refusal>>;

/// Questions of one lot at most.
pub const LOT_MAX: usize = 100;

/// Tests several addresses at one instant: the same data for all. A question that cannot be read
/// or answered is refused by itself.
///
/// # Errors
/// The whole lot is refused 1 when it is empty and 3 beyond [`LOT_MAX`] questions; a fault when the
/// store does not answer.
pub async fn test_lot(
    platform: &Platform,
    ctx: &Ctx,
    questions: Vec<Result<Question, Refusal>>,
) -> Result<Result<LotTested, Refusal>, Fault> {
    let code = match questions.len() {
        0 => Some(&codes::RC01),
        1..=LOT_MAX => None,
        _ => Some(&codes::RC03),
    };
    if let Some(code) = code {
        let refusal = Refusal::new(code)
            .on("Test")
            .because(labels::lot_size(LOT_MAX));
        return Ok(Err(refusal));
    }
    let ctx = ctx.clone();
    let tested = platform.db.read(move |tx| {
        let mut all = Vec::with_capacity(questions.len());
        for question in &questions {
            all.push(match question {
                Ok(question) => test(tx, &ctx, question)?,
                Err(refusal) => Err(refusal.clone()),
            });
        }
        Ok(all)
    });
    Ok(Ok(tested.await?))
}

/// The test itself, within a reading transaction.
///
/// # Errors
/// Those of the store; the inner result is the answer or its refusal.
pub fn test(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    question: &Question,
) -> Result<Result<Tested, Refusal>, Error> {
    let release = release::store::current(tx)?;
    test_in(tx, ctx, release, question)
}

/// The test in a release that is given: the one decision there is, for every door.
///
/// # Errors
/// As [`test`].
pub fn test_in(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    question: &Question,
) -> Result<Result<Tested, Refusal>, Error> {
    let scope = match ctx.operator() {
        Ok(scope) => scope.clone(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let sites = orders::load_sites(tx, ctx, release, &question.key, scope.code())?;
    if sites.is_empty() {
        return Ok(Err(Refusal::new(&codes::FADR01).on(question.key.field())));
    }
    if let Some(pto_ref) = &question.pto_ref
        && orders::load_pto(tx, ctx, release, pto_ref)?.is_none()
    {
        return Ok(Err(Refusal::new(&codes::FIMP02).on("ReferencePrise")));
    }
    let asker = orders::asker(tx, &scope, ctx.now)?;
    let mut offers = offer::store::catalogue(tx, release)?;
    // What is no longer sold is nobody's question, unless the operator still holds it.
    offers.retain(|offer| {
        let ended = offer.to_day.is_some_and(|day| day <= asker.today);
        !ended || asker.offers.contains(&offer.code)
    });
    let offers: Vec<Arc<Offer>> = offers.into_iter().map(Arc::new).collect();
    let named = |site: &Site| {
        question
            .building_ref
            .as_ref()
            .is_none_or(|wanted| *wanted == site.building.reference)
    };
    let mut buildings = Vec::new();
    for at in 0..sites.len() {
        if !named(&sites[at]) {
            continue;
        }
        let occupancy = load_occupancy(tx, ctx, release, &sites[at])?;
        buildings.push(rules::assess(
            question, &sites, at, &occupancy, &asker, &offers,
        ));
    }
    if buildings.is_empty() {
        return Ok(Err(Refusal::new(&codes::FIMP16).on("IdentifiantImmeuble")));
    }
    let extracted_on = orders::extraction_date(tx, release)?;
    Ok(Ok(Tested {
        buildings,
        offers,
        extracted_on,
        release,
    }))
}

fn load_occupancy(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    site: &Site,
) -> Result<Occupancy, Error> {
    let scope = ctx.duty(Duty::FibreOccupancy);
    let building = &site.building;
    let (pm, reference) = (building.pm_ref.as_str(), building.reference.as_str());
    let free = line::store::free_fibres_of_building(tx, &scope, release, pm, reference)?;
    let lines = orders::load_lines(tx, ctx, release, site)?;
    Ok(Occupancy { free, lines })
}

/// Reads a question from the trade's own fields, as an order would be read.
///
/// # Errors
/// FIMP15 without any key, FIMP16 for one that cannot be read.
pub fn question(fields: &domain::order::PlaceOrder) -> Result<Question, Refusal> {
    let key = domain::order::address_key(fields)?;
    let given = |name: &str| fields.given(name).map(str::to_owned);
    let building_ref = match key {
        AddressKey::Building(_) => None,
        _ => given("IdentifiantImmeuble"),
    };
    let existing_pto = domain::order::existing_pto(fields)?;
    Ok(Question {
        key,
        building_ref,
        batiment: given("Batiment"),
        escalier: given("Escalier"),
        etage: given("Etage"),
        pto_ref: fields
            .given("ReferencePrise")
            .map(domain::order::pto::normalise),
        existing_pto,
    })
}
