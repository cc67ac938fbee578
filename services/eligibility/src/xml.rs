//! `testerEligibilite` and `testerEligibiliteLot`: questions and answers in the contract's own
//! words.

use domain::order::PlaceOrder;
use domain::order::rules::Side;
use jiff::civil::Date;
use kernel::{Refusal, working_time};
use service_api::place;
use soap::server::{XmlCall, XmlError};
use soap::{Day, Instant, Return, YesNo};

use crate::labels;
use crate::messages::{
    Building, Dwelling, EligibilityTested, LotResult, LotTest, LotTested, Offer, Reason,
    TestEligibility, TestLot, Verdict,
};
use crate::rules::{Assessed, Reason as Said, Verdict as Judged, refusal_of};
use crate::usecases::{self, Tested};

pub(crate) async fn test_eligibility(call: XmlCall) -> Result<String, XmlError> {
    let message: TestEligibility = call.body()?;
    let fields = fields(&message);
    let question = usecases::question(&fields)?;
    let tested = usecases::test_eligibility(&call.platform, &call.ctx, question).await??;
    call.accepted(&answer(&tested), extracted(&tested))
}

pub(crate) async fn test_lot(call: XmlCall) -> Result<String, XmlError> {
    let message: TestLot = call.body()?;
    let mut marks = Vec::with_capacity(message.tests.len());
    let mut questions = Vec::with_capacity(message.tests.len());
    for test in message.tests {
        let (mark, asked) = apart(test);
        marks.push(mark);
        questions.push(usecases::question(&fields(&asked)));
    }
    let tested = usecases::test_lot(&call.platform, &call.ctx, questions).await??;
    let extracted = tested.iter().flatten().find_map(extracted);
    let results = marks.into_iter().zip(&tested).zip(1..);
    let results = results.map(|((mark, tested), rank)| result(rank, mark, tested));
    let answer = LotTested {
        results: results.collect(),
    };
    call.accepted(&answer, extracted)
}

/// The caller's mark, and the question.
fn apart(test: LotTest) -> (Option<String>, TestEligibility) {
    let LotTest {
        mark,
        address,
        batiment,
        escalier,
        etage,
        pto,
        existing_pto,
    } = test;
    let asked = TestEligibility {
        address,
        batiment,
        escalier,
        etage,
        pto,
        existing_pto,
    };
    (mark, asked)
}

fn result(rank: u32, mark: Option<String>, tested: &Result<Tested, Refusal>) -> LotResult {
    let (told, buildings) = match tested {
        Ok(tested) => (Return::accepted(), answer(tested).buildings),
        Err(refusal) => (Return::refused(refusal), Vec::new()),
    };
    LotResult {
        rank,
        mark,
        code: told.code,
        label: told.label,
        motive: told.motive,
        field: told.field,
        remedy: told.remedy,
        who: told.who,
        buildings,
    }
}

fn extracted(tested: &Tested) -> Option<Instant> {
    let day = tested.extracted_on?;
    Some(Instant(working_time::start_of_day(day)))
}

fn fields(message: &TestEligibility) -> PlaceOrder {
    let others = [
        ("Batiment", &message.batiment),
        ("Escalier", &message.escalier),
        ("Etage", &message.etage),
        ("ReferencePrise", &message.pto),
        ("PriseExistante", &message.existing_pto),
    ];
    place::fields(message.address.as_ref(), &others)
}

fn answer(tested: &Tested) -> EligibilityTested {
    EligibilityTested {
        buildings: tested
            .buildings
            .iter()
            .map(|b| building(tested, b))
            .collect(),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn building(tested: &Tested, assessed: &Assessed) -> Building {
    let site = &assessed.site;
    let (building, pm) = (&site.building, site.pm.as_ref());
    let day = |date: Option<Date>| date.map(Day);
    Building {
        reference: building.reference.clone(),
        state: building.state.literal().to_owned(),
        hexacle: some(&building.hexacle),
        insee: some(&building.insee),
        postcode: some(&building.postcode),
        commune: some(&building.commune),
        rivoli: some(&building.rivoli),
        number: some(&building.number),
        complement: some(&building.complement),
        street_type: some(&building.street_type),
        street_name: some(&building.street_name),
        batiment: some(&building.batiment),
        dwellings_count: u32::try_from(building.dwellings).ok(),
        pm: some(&building.pm_ref),
        technical_pm: some(&building.pmt_ref),
        pm_state: pm.map(|pm| pm.state.literal().to_owned()),
        pm_installed_on: day(pm.and_then(|pm| pm.installed_on)),
        pm_handed_over_on: day(pm.and_then(|pm| pm.first_handed_over_on)),
        pm_commercial_on: day(pm.and_then(|pm| pm.opened_on)),
        pm_service_reference: site.presence.as_ref().map(|p| p.prestation_ref.clone()),
        pbo_kind: some(&building.pbo_kind),
        connection_kind: some(&building.connection_kind),
        oi_patching: pm.map(|pm| YesNo(pm.oi_patching)),
        saturated: YesNo(assessed.is_saturated()),
        orders_from: day(building.orders_from),
        reports_from: day(building.reports_from),
        structure: site.required().into(),
        dwellings: dwellings(assessed),
        offers: offers(tested, assessed),
    }
}

fn dwellings(assessed: &Assessed) -> Vec<Dwelling> {
    assessed
        .ways
        .iter()
        .map(|way| Dwelling {
            batiment: some(&way.spot.batiment),
            escalier: some(&way.spot.escalier),
            etage: some(&way.spot.etage),
            porte: some(&way.porte),
            pbo: some(&way.pbo_ref),
            existing_pto: YesNo(way.pto_ref.is_some()),
            pto: way.pto_ref.clone(),
            line: way.line().map(|state| state.literal().to_owned()),
            free_fibres: u32::try_from(way.free_fibres).ok(),
        })
        .collect()
}

fn offers(tested: &Tested, assessed: &Assessed) -> Vec<Offer> {
    let judged = tested.offers.iter().zip(&assessed.best);
    judged
        .zip(&assessed.reasons)
        .map(|((offer, best), reasons)| {
            let refusal = best.refusal();
            let (verdict, from) = match best {
                Judged::Eligible => (Verdict::Eligible, None),
                Judged::EligibleFrom(day, _) => (Verdict::EligibleLe, Some(Day(*day))),
                Judged::NotEligible(_) => (Verdict::NonEligible, None),
            };
            Offer {
                code: offer.code.clone(),
                label: offer.label.clone(),
                verdict,
                eligible_on: from,
                motive: refusal.map(|r| r.code.clone()),
                motive_label: refusal.map(kernel::Refusal::message),
                remedy: refusal.map(|r| r.remedy().to_owned()),
                who: refusal.map(|r| r.who_acts().label().to_owned()),
                technical: YesNo(refusal_of(reasons, Side::Technical).is_none()),
                commercial: YesNo(refusal_of(reasons, Side::Commercial).is_none()),
                reasons: reasons.iter().filter_map(reason).collect(),
            }
        })
        .collect()
}

fn reason(reason: &Said) -> Option<Reason> {
    let refusal = reason.said.as_ref().err()?;
    Some(Reason {
        label: labels::rule(reason.rule).to_owned(),
        motive: refusal.code.clone(),
        motive_label: refusal.message(),
    })
}
