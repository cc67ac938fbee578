//! `rechercherAdresse`, `consulterStructure` and `signalerAnomalieAdresse`, in the contract's own
//! words.

use domain::place::usecases::find;
use domain::place::{self, Place};
use kernel::working_time;
use service_api::place::fields;
use soap::server::{XmlCall, XmlError};
use soap::{Instant, YesNo};

use crate::anomaly::rules::Sent;
use crate::anomaly::usecases as anomalies;
use crate::messages::{
    AddressFound, AnomalyReport, AnomalyReported, Block, Building, Dwelling, Floor, Proposal,
    ReadStructure, SearchAddress, Stair, StructureRead,
};
use crate::rules::{self, Structure};
use crate::usecases;

pub(crate) async fn search_address(call: XmlCall) -> Result<String, XmlError> {
    let message: SearchAddress = call.body()?;
    let text = message.text.unwrap_or_default();
    let found = find(&call.platform, &call.ctx, &text).await?;
    let place = found.map_err(|refusal| refusal.on("Texte"))?;
    call.accepted(&found_of(&place), None)
}

fn found_of(place: &Place) -> AddressFound {
    AddressFound {
        verdict: Some(place.verdict.as_str().to_owned()),
        proposals: place.candidates.iter().map(proposal).collect(),
        alike: place.alike.clone(),
        more: Some(YesNo(place.more)),
    }
}

fn proposal(candidate: &place::Candidate) -> Proposal {
    let buildings = candidate.buildings.iter();
    Proposal {
        kind: candidate.kind.label().to_owned(),
        label: candidate.label.clone(),
        ban_key: some(&candidate.ban_key),
        insee: some(&candidate.insee),
        other_number: YesNo(candidate.is_other_number),
        buildings: buildings.map(|one| one.reference.clone()).collect(),
        assumed: candidate.assumed.clone(),
        unmatched: candidate.unmatched.clone(),
    }
}

pub(crate) async fn read_structure(call: XmlCall) -> Result<String, XmlError> {
    let message: ReadStructure = call.body()?;
    let fields = fields(
        message.address.as_ref(),
        &[("ReferencePrise", &message.pto)],
    );
    let question = usecases::question(&fields, message.porte.as_deref())?;
    let read = usecases::structures(&call.platform, &call.ctx, question).await??;
    let extracted = read.extracted_on;
    let extracted = extracted.map(|day| Instant(working_time::start_of_day(day)));
    let buildings = read.buildings.iter().map(building).collect();
    call.accepted(&StructureRead { buildings }, extracted)
}

pub(crate) async fn report_anomaly(call: XmlCall) -> Result<String, XmlError> {
    let message: AnomalyReport = call.body()?;
    let sent = Sent::from_pairs(message.pairs());
    let outcome = anomalies::report(&call.platform, &call.ctx, sent, call.key()).await?;
    let reported = outcome.into_result()?;
    let body = AnomalyReported {
        reference: Some(reported.reference),
        status: Some(reported.status.to_uppercase()),
    };
    match &reported.refusal {
        Some(refusal) => call.refused(refusal, &body),
        None => call.accepted(&body, None),
    }
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn building(structure: &Structure) -> Building {
    let building = &structure.building;
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
        dwellings_count: u32::try_from(building.dwellings).ok(),
        required: structure.required.into(),
        blocks: structure.blocks.iter().map(block).collect(),
    }
}

fn block(block: &rules::Block) -> Block {
    Block {
        name: block.name.clone(),
        stairs: block.inside.iter().map(stair).collect(),
    }
}

fn stair(stair: &rules::Stair) -> Stair {
    let floors = stair.inside.iter().map(|floor| Floor {
        name: floor.name.clone(),
        dwellings: floor.inside.iter().map(dwelling).collect(),
    });
    Stair {
        name: stair.name.clone(),
        floors: floors.collect(),
    }
}

fn dwelling(dwelling: &rules::Dwelling) -> Dwelling {
    let pto = dwelling.pto.as_ref();
    Dwelling {
        porte: some(&dwelling.porte),
        pbo: some(&dwelling.pbo_ref),
        existing_pto: YesNo(pto.is_some()),
        pto: pto.map(|pto| pto.reference.clone()),
        line: pto.map(|pto| pto.line.literal().to_owned()),
    }
}
