//! Dwellings as TAO gives them, fibres of each PBO, PTOs, presences at PMs.

use std::collections::HashMap;

use domain::building::{Dwelling, DwellingState, Presence};
use domain::line::{Fibre, FibreState, LineState, Pto};
use domain::release::{Kind, Released, Row, Table, join_key};
use storage::Value;

use super::{Columns, Line, RowReader};
use crate::compare::Known;
use crate::hash::{QuickBuild, key_hash};
use crate::index::KeySet;
use crate::report::{AnomalyCode, ImportReport, Reject, RejectCode};

pub const STRUCTURE: Columns = Columns {
    required: &[
        "IdentifiantImmeuble",
        "Batiment",
        "Escalier",
        "Etage",
        "ReferencePBO",
        "ReferencePrise",
        "EtatLigne",
    ],
    optional: &["Porte"],
};

pub const FIBRES: Columns = Columns {
    required: &[
        "ReferencePM",
        "ReferencePBO",
        "IdentifiantFibre",
        "ReferenceCablePBO",
        "InformationTubePBO",
        "InformationFibrePBO",
        "EtatFibre",
    ],
    optional: &["ReferencePrise"],
};

pub const PRISES: Columns = Columns {
    required: &[
        "ReferencePrise",
        "ReferencePM",
        "ReferencePBO",
        "IdentifiantFibre",
        "EtatLigne",
        "CodeOC",
    ],
    optional: &[],
};

pub const ADDUCTION: Columns = Columns {
    required: &["CodeOC", "ReferencePM", "ReferencePrestationPM"],
    optional: &[],
};

/// Reads dwellings. Those spelt alike are told apart by their rank in the file.
#[derive(Default)]
pub struct StructureReader {
    /// How many dwellings were spelt so, by the hash of the spelling.
    ranks: HashMap<u64, u32, QuickBuild>,
    ptos: KeySet,
    rank: u32,
}

impl RowReader for StructureReader {
    fn table(&self) -> Table {
        Table::Dwelling
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        let mut parts: Vec<Value> = [
            "IdentifiantImmeuble",
            "Batiment",
            "Escalier",
            "Etage",
            "Porte",
        ]
        .map(|column| line.raw(column).into())
        .into();
        let spelling = key_hash(&join_key(&parts));
        let rank = self.ranks.entry(spelling).or_default();
        *rank += 1;
        self.rank = *rank;
        parts.push(self.rank.into());
        join_key(&parts)
    }

    fn has_own_keys(&self) -> bool {
        // The rank of a dwelling among those spelt alike counts the lines before it.
        false
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        if !known.buildings.contains(line.raw("IdentifiantImmeuble")) {
            return false;
        }
        match pto_ref(line) {
            Ok(pto) if pto.is_empty() => true,
            Ok(pto) => self.ptos.insert(key_hash(&pto)),
            Err(_) => false,
        }
    }

    fn key_column(&self) -> &'static str {
        "Porte"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        _: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let dwelling = Dwelling {
            building_ref: line.required("IdentifiantImmeuble", 30)?,
            batiment: line.required("Batiment", 60)?,
            escalier: line.required("Escalier", 25)?,
            etage: line.required("Etage", 25)?,
            porte: line.text("Porte", 25)?,
            rank: self.rank.into(),
            pbo_ref: line.text("ReferencePBO", 100)?,
            pto_ref: pto_ref(line)?,
            state: line.choice("EtatLigne", DwellingState::ALL, DwellingState::literal)?,
        };
        if !known.buildings.contains(&dwelling.building_ref) {
            return Err(line.reject("IdentifiantImmeuble", RejectCode::UnknownReference));
        }
        let has_pto = !dwelling.pto_ref.is_empty();
        match (dwelling.state, has_pto) {
            (DwellingState::ToBuild, true) => {
                return Err(line.reject("ReferencePrise", RejectCode::Value));
            }
            (DwellingState::Free | DwellingState::InService, false) => {
                return Err(line.reject("ReferencePrise", RejectCode::MissingField));
            }
            _ => {}
        }
        if has_pto && !self.ptos.insert(key_hash(&dwelling.pto_ref)) {
            return Err(line.reject("ReferencePrise", RejectCode::Duplicate));
        }
        // A door named twice is the same dwelling, unless it has two PTOs.
        if self.rank > 1 && !dwelling.porte.is_empty() && !has_pto {
            return Err(line.reject("Porte", RejectCode::Duplicate));
        }
        Ok(dwelling.to_row())
    }
}

/// Reads fibres.
pub struct FibreReader;

impl RowReader for FibreReader {
    fn table(&self) -> Table {
        Table::Fibre
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        let live = known.live_fibres.get(line.raw(self.key_column()));
        let same = live.is_none() || live == FibreState::from_literal(line.raw("EtatFibre"));
        same && known.pms.contains(line.raw("ReferencePM"))
    }

    fn key_column(&self) -> &'static str {
        "IdentifiantFibre"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let (state, dedicated) = FibreState::from_literal(line.raw("EtatFibre"))
            .ok_or_else(|| line.reject("EtatFibre", RejectCode::Value))?;
        let fibre = Fibre {
            id: line.required("IdentifiantFibre", 50)?,
            pm_ref: known_pm(line, known)?,
            pbo_ref: line.required("ReferencePBO", 100)?,
            cable: line.text("ReferenceCablePBO", 50)?,
            tube: line.text("InformationTubePBO", 30)?,
            colour: line.text("InformationFibrePBO", 30)?,
            state,
            dedicated,
            pto_ref: pto_ref(line)?,
            origin: Kind::Fibres,
        };
        if let Some((live_state, live_dedicated)) = known.live_fibres.get(&fibre.id)
            && (live_state, live_dedicated) != (state, dedicated)
        {
            let detail = live_state.literal(live_dedicated);
            report.anomaly(AnomalyCode::FibreStateDiffers, &fibre.id, detail);
        }
        Ok(fibre.to_row())
    }
}

/// Reads PTOs.
pub struct PtoReader;

impl RowReader for PtoReader {
    fn table(&self) -> Table {
        Table::Pto
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        pto_ref(line).unwrap_or_default()
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        let live = known.live_lines.get(&self.key(line));
        let same = live.is_none_or(|(state, code)| {
            state.literal() == line.raw("EtatLigne")
                && code.is_none_or(|code| code == line.raw("CodeOC"))
        });
        let fibre = line.raw("IdentifiantFibre");
        same && known.pms.contains(line.raw("ReferencePM"))
            && (fibre.is_empty() || known.fibres.contains(fibre))
    }

    fn key_column(&self) -> &'static str {
        "ReferencePrise"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let reference = pto_ref(line)?;
        if reference.is_empty() {
            return Err(line.reject("ReferencePrise", RejectCode::MissingField));
        }
        let pto = Pto {
            reference,
            pm_ref: known_pm(line, known)?,
            pbo_ref: line.required("ReferencePBO", 100)?,
            fibre_id: line.text("IdentifiantFibre", 50)?,
            state: line.choice("EtatLigne", LineState::ALL, LineState::literal)?,
            oc_code: line.text("CodeOC", 10)?,
        };
        if !pto.fibre_id.is_empty() && !known.fibres.contains(&pto.fibre_id) {
            return Err(line.reject("IdentifiantFibre", RejectCode::UnknownReference));
        }
        if pto.state == LineState::Free && !pto.oc_code.is_empty() {
            return Err(line.reject("CodeOC", RejectCode::Value));
        }
        if let Some((state, holder_code)) = known.live_lines.get(&pto.reference) {
            let other_holder = holder_code.is_some_and(|code| code != pto.oc_code);
            if state != pto.state || other_holder {
                report.anomaly(AnomalyCode::LineDiffers, &pto.reference, state.literal());
            }
        }
        Ok(pto.to_row())
    }
}

/// Reads presences.
pub struct PresenceReader;

const PRESENCE_KEY: [&str; 3] = ["CodeOC", "ReferencePM", "ReferencePrestationPM"];

impl RowReader for PresenceReader {
    fn table(&self) -> Table {
        Table::Presence
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        join_key(&PRESENCE_KEY.map(|column| line.raw(column).into()))
    }

    fn key_column(&self) -> &'static str {
        "ReferencePrestationPM"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        _: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let presence = Presence {
            oc_code: line.required("CodeOC", 10)?,
            pm_ref: known_pm(line, known)?,
            prestation_ref: line.required("ReferencePrestationPM", 30)?,
        };
        Ok(presence.to_row())
    }
}

pub fn known_pm(line: &Line<'_>, known: &Known) -> Result<String, Reject> {
    let pm_ref = line.required("ReferencePM", 20)?;
    if known.pms.contains(&pm_ref) {
        return Ok(pm_ref);
    }
    Err(line.reject("ReferencePM", RejectCode::UnknownReference))
}

/// A PTO's reference in capitals without blanks, whatever its format: old ones live on.
pub fn pto_ref(line: &Line<'_>) -> Result<String, Reject> {
    let text = line.text("ReferencePrise", 30)?;
    Ok(text.split_whitespace().collect::<String>().to_uppercase())
}
