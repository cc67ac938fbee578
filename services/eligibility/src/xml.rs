//! `testerEligibilite` and `testerEligibiliteLot`: questions and answers in the contract's own
//! words.

use domain::order::PlaceOrder;
use jiff::civil::Date;
use kernel::{Refusal, working_time};
use soap::server::{XmlCall, XmlError};
use soap::{Day, Instant, YesNo};

use crate::messages::{
    Building, Dwelling, EligibilityTested, LotResult, LotTest, LotTested, Offer, Structure,
    TestEligibility, TestLot, Verdict,
};
use crate::rules::{Assessed, Verdict as Judged};
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
    let about = LotResult {
        rank,
        mark,
        ..LotResult::default()
    };
    match tested {
        Ok(tested) => LotResult {
            label: soap::ACCEPTED.to_owned(),
            buildings: answer(tested).buildings,
            ..about
        },
        Err(refusal) => LotResult {
            code: refusal.return_code(),
            label: refusal.message(),
            motive: Some(refusal.code.clone()),
            field: refusal.field.clone(),
            remedy: Some(refusal.remedy().to_owned()),
            who: Some(refusal.who_acts().label().to_owned()),
            ..about
        },
    }
}

fn extracted(tested: &Tested) -> Option<Instant> {
    let day = tested.extracted_on?;
    Some(Instant(working_time::start_of_day(day)))
}

fn fields(message: &TestEligibility) -> PlaceOrder {
    let address = message.address.clone().unwrap_or_default();
    let pairs = [
        ("IdentifiantImmeuble", &address.building),
        ("CodeAdresseImmeuble", &address.hexacle),
        ("CodeInseeImmeuble", &address.insee),
        ("CodeVoieRivoliImmeuble", &address.rivoli),
        ("NumeroVoieImmeuble", &address.number),
        ("ComplementNumeroVoieImmeuble", &address.complement),
        ("Batiment", &message.batiment),
        ("Escalier", &message.escalier),
        ("Etage", &message.etage),
        ("ReferencePrise", &message.pto),
        ("PriseExistante", &message.existing_pto),
    ];
    PlaceOrder::from_pairs(
        pairs
            .iter()
            .filter_map(|(name, v)| Some((*name, v.as_deref()?))),
    )
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

/// A state as the IPE spells it: `EN COURS DE DEPLOIEMENT`.
fn trade_state(stored: &str) -> String {
    stored.to_uppercase().replace('_', " ")
}

fn building(tested: &Tested, assessed: &Assessed) -> Building {
    let site = &assessed.site;
    let (building, pm) = (&site.building, site.pm.as_ref());
    let day = |date: Option<Date>| date.map(Day);
    Building {
        reference: building.reference.clone(),
        state: trade_state(building.state.as_str()),
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
        pm_state: pm.map(|pm| trade_state(pm.state.as_str())),
        pm_installed_on: day(pm.and_then(|pm| pm.installed_on)),
        pm_handed_over_on: day(pm.and_then(|pm| pm.first_handed_over_on)),
        pm_commercial_on: day(pm.and_then(|pm| pm.opened_on)),
        pm_service_reference: site.presence.as_ref().map(|p| p.prestation_ref.clone()),
        pbo_kind: some(&building.pbo_kind),
        orders_from: day(building.orders_from),
        reports_from: day(building.reports_from),
        structure: structure(assessed),
        dwellings: dwellings(assessed),
        offers: offers(tested, assessed),
    }
}

fn structure(assessed: &Assessed) -> Structure {
    let [batiment, escalier, etage] = assessed.site.required().map(YesNo);
    Structure {
        batiment,
        escalier,
        etage,
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
            pbo: some(&way.pbo_ref),
            existing_pto: YesNo(way.pto_ref.is_some()),
            pto: way.pto_ref.clone(),
            free_fibres: u32::try_from(way.free_fibres).ok(),
        })
        .collect()
}

fn offers(tested: &Tested, assessed: &Assessed) -> Vec<Offer> {
    let judged = tested.offers.iter().zip(&assessed.best);
    judged
        .map(|(offer, best)| {
            let refusal = best.refusal();
            let (verdict, from) = match best {
                Judged::Eligible => (Verdict::Eligible, None),
                Judged::EligibleFrom(day, _) => (Verdict::EligibleLe, Some(Day(*day))),
                Judged::NotEligible(_) => (Verdict::NonEligible, None),
            };
            Offer {
                code: offer.code.to_owned(),
                label: offer.label.to_owned(),
                verdict,
                eligible_on: from,
                motive: refusal.map(|r| r.code.clone()),
                motive_label: refusal.map(kernel::Refusal::message),
                remedy: refusal.map(|r| r.remedy().to_owned()),
                who: refusal.map(|r| r.who_acts().label().to_owned()),
            }
        })
        .collect()
}
