//! The life cycle of buildings and PMs in an IPE (D776, Interop "PM"): what contradicts itself
//! refuses the line, what is only doubtful is an anomaly.

use domain::building::{Building, BuildingState, Pm, PmState};
use jiff::civil::Date;
use kernel::working_time::add_months;

use crate::report::{AnomalyCode, RejectCode};

/// A line of an abandoned building stays so many months in the files.
const ABANDONED_MONTHS: i32 = 3;
/// Between the first handing over of a PM and its commercial opening (D776 art. 6).
const NOTICE_MONTHS: i32 = 3;

/// A rule broken: the column at fault, and what the rule says.
pub type Broken<Code> = (&'static str, Code);

/// A PM is named as soon as it is being deployed, and never before; a deployed building has a
/// deployed PM. `pm_state` is EtatPM, which a line may give before it names its PM.
pub fn contradiction(building: &Building, pm_state: Option<PmState>) -> Option<Broken<RejectCode>> {
    let under_way = matches!(
        building.state,
        BuildingState::UnderWay
            | BuildingState::OnDemand
            | BuildingState::OnDemandUnderWay
            | BuildingState::Deployed
    );
    let pm_under_way = matches!(pm_state, Some(PmState::UnderWay | PmState::Deployed));
    let named = !building.pm_ref.is_empty();
    if !named && (under_way || pm_under_way) {
        return Some(("ReferencePM", RejectCode::PmMissing));
    }
    if named && pm_state == Some(PmState::Planned) {
        return Some(("ReferencePM", RejectCode::PmTooEarly));
    }
    let deployed = building.state == BuildingState::Deployed;
    if deployed && pm_state.is_some_and(|state| state != PmState::Deployed) {
        return Some(("EtatPM", RejectCode::PmNotDeployed));
    }
    None
}

/// What is doubtful of a building, in a file extracted on `day`.
pub fn doubts(building: &Building, day: Date) -> Vec<Broken<AnomalyCode>> {
    let mut found = Vec::new();
    if building.state == BuildingState::Signed && !building.agreement_needed {
        let column = "AccordGestionnaireImmeubleNecessaire";
        found.push((column, AnomalyCode::SignedWithoutAgreement));
    }
    let stale = |changed| add_months(changed, ABANDONED_MONTHS) < day;
    if building.state == BuildingState::Abandoned && building.changed_on.is_some_and(stale) {
        found.push(("DateDerniereModification", AnomalyCode::AbandonedTooLong));
    }
    found
}

/// Whether a PM opens before its notice is over.
pub fn opens_early(pm: &Pm) -> bool {
    match (pm.first_handed_over_on, pm.opened_on) {
        (Some(handed_over), Some(opened)) => opened < add_months(handed_over, NOTICE_MONTHS),
        _ => false,
    }
}
