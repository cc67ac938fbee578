//! The IPE: one line a building, which also describes its PM.

use std::collections::{BTreeMap, BTreeSet};

use domain::building::{Building, BuildingKind, BuildingState, Pm, PmState};
use domain::release::{Released, Row, Table};

use super::{Columns, Line, RowReader};
use crate::compare::Known;
use crate::report::{AnomalyCode, ImportReport, Reject, RejectCode};

pub const COLUMNS: Columns = Columns {
    required: &[
        "IdentifiantImmeuble",
        "EtatImmeuble",
        "CodeInseeImmeuble",
        "CodePostalImmeuble",
        "CommuneImmeuble",
        "CodeVoieRivoliImmeuble",
        "NumeroVoieImmeuble",
        "TypeImmeuble",
        "NombreLogementsAdresseIPE",
        "ReferencePM",
        "EtatPM",
        "DateDebutAcceptationCmdAcces",
    ],
    optional: &[
        "CoordonneeImmeubleX",
        "CoordonneeImmeubleY",
        "TypeProjectionGeographique",
        "CodeAdresseImmeuble",
        "CodeHexacleVoie",
        "CodeBAN",
        "TypeVoieImmeuble",
        "NomVoieImmeuble",
        "ComplementNumeroVoieImmeuble",
        "BatimentImmeuble",
        "ImmeubleNeuf",
        "DateCablageAdresse",
        "AccordGestionnaireImmeubleNecessaire",
        "DateSignatureConvention",
        "TypeZone",
        "CodeOI",
        "ReferencePMTechnique",
        "DateInstallationPM",
        "TypeEmplacementPM",
        "CapaciteMaxPM",
        "TypeIngenierie",
        "NombreLogementsPM",
        "DatePremiereMADPM",
        "DateMiseEnServiceCommercialePM",
        "EmplacementActifDisponible",
        "CodeInseePM",
        "TypePBO",
        "TypeRaccoPBPTO",
        "DateDebutFournitureCRCmdAcces",
        "DateMiseEnServiceCommercialeImmeuble",
        "DateDerniereModification",
    ],
};

/// Reads buildings, and gathers the PMs their lines describe.
#[derive(Default)]
pub struct IpeReader {
    pms: BTreeMap<String, Pm>,
    told: BTreeSet<(String, &'static str)>,
}

impl RowReader for IpeReader {
    fn table(&self) -> Table {
        Table::Building
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        line.raw(self.key_column()).to_owned()
    }

    fn key_column(&self) -> &'static str {
        "IdentifiantImmeuble"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        _: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let building = building(line)?;
        let pm = if building.pm_ref.is_empty() {
            None
        } else {
            Some(pm(line, &building)?)
        };
        if building.state == BuildingState::Signed && !building.agreement_needed {
            let code = AnomalyCode::SignedWithoutAgreement;
            report.anomaly(
                code,
                &building.reference,
                "AccordGestionnaireImmeubleNecessaire",
            );
        }
        if let Some(pm) = pm {
            self.gather(pm, report);
        }
        Ok(building.to_row())
    }

    fn take_pms(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.pms)
            .values()
            .map(Released::to_row)
            .collect()
    }
}

impl IpeReader {
    /// Merges what a line says of its PM with what the lines before it said.
    fn gather(&mut self, new: Pm, report: &mut ImportReport) {
        let Some(pm) = self.pms.get_mut(&new.reference) else {
            self.pms.insert(new.reference.clone(), new);
            return;
        };
        let differing = [
            ("EtatPM", pm.state == new.state),
            ("TypeEmplacementPM", pm.kind == new.kind),
            ("DateInstallationPM", pm.installed_on == new.installed_on),
            ("CapaciteMaxPM", pm.capacity == new.capacity),
            ("TypeIngenierie", pm.engineering == new.engineering),
            ("NombreLogementsPM", pm.dwellings == new.dwellings),
            (
                "DatePremiereMADPM",
                pm.first_handed_over_on == new.first_handed_over_on,
            ),
            (
                "DateMiseEnServiceCommercialePM",
                pm.opened_on == new.opened_on,
            ),
            ("CodeInseePM", pm.insee == new.insee),
            (
                "EmplacementActifDisponible",
                pm.active_place == new.active_place,
            ),
        ];
        for (column, same) in differing {
            if !same && self.told.insert((pm.reference.clone(), column)) {
                report.anomaly(AnomalyCode::PmContradicted, &pm.reference, column);
            }
        }
        pm.capacity = pm.capacity.max(new.capacity);
        pm.dwellings = pm.dwellings.max(new.dwellings);
        for pmt in new.pmt_refs {
            if let Err(at) = pm.pmt_refs.binary_search(&pmt) {
                pm.pmt_refs.insert(at, pmt);
            }
        }
    }
}

fn building(line: &Line<'_>) -> Result<Building, Reject> {
    let postcode = line.required_code("CodePostalImmeuble", 5)?;
    let complement = line.text("ComplementNumeroVoieImmeuble", 1)?;
    let number = line.text("NumeroVoieImmeuble", 6)?;
    if !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(line.reject("NumeroVoieImmeuble", RejectCode::Format));
    }
    Ok(Building {
        reference: line.required("IdentifiantImmeuble", 30)?,
        state: line.choice("EtatImmeuble", BuildingState::ALL, BuildingState::literal)?,
        insee: line.required_code("CodeInseeImmeuble", 5)?,
        rivoli: line.code("CodeVoieRivoliImmeuble", 4)?,
        postcode,
        commune: line.required("CommuneImmeuble", 80)?,
        hexacle: line.code("CodeAdresseImmeuble", 10)?,
        street_hexacle: line.code("CodeHexacleVoie", 10)?,
        ban_key: line.text("CodeBAN", 40)?,
        street_type: line.text("TypeVoieImmeuble", 30)?,
        street_name: line.text("NomVoieImmeuble", 120)?,
        number,
        complement,
        batiment: line.text("BatimentImmeuble", 60)?,
        kind: line.choice("TypeImmeuble", BuildingKind::ALL, BuildingKind::literal)?,
        is_new: line.flag("ImmeubleNeuf")?,
        dwellings: line.count("NombreLogementsAdresseIPE")?,
        wired_on: line.date("DateCablageAdresse")?,
        agreement_needed: line.flag("AccordGestionnaireImmeubleNecessaire")?,
        agreement_signed_on: line.date("DateSignatureConvention")?,
        zone: line.text("TypeZone", 1)?,
        oi_code: line.text("CodeOI", 10)?,
        pm_ref: line.text("ReferencePM", 20)?,
        pmt_ref: line.text("ReferencePMTechnique", 50)?,
        pbo_kind: line.text("TypePBO", 60)?,
        connection_kind: line.text("TypeRaccoPBPTO", 60)?,
        x: line.decimal("CoordonneeImmeubleX")?,
        y: line.decimal("CoordonneeImmeubleY")?,
        projection: line.text("TypeProjectionGeographique", 10)?,
        orders_from: line.date("DateDebutAcceptationCmdAcces")?,
        reports_from: line.date("DateDebutFournitureCRCmdAcces")?,
        opened_on: line.date("DateMiseEnServiceCommercialeImmeuble")?,
        changed_on: line.date("DateDerniereModification")?,
    })
}

fn pm(line: &Line<'_>, building: &Building) -> Result<Pm, Reject> {
    Ok(Pm {
        reference: building.pm_ref.clone(),
        state: line.choice("EtatPM", PmState::ALL, PmState::literal)?,
        kind: line.text("TypeEmplacementPM", 40)?,
        installed_on: line.date("DateInstallationPM")?,
        capacity: line.count("CapaciteMaxPM")?,
        engineering: line.text("TypeIngenierie", 10)?,
        dwellings: line.count("NombreLogementsPM")?,
        first_handed_over_on: line.date("DatePremiereMADPM")?,
        opened_on: line.date("DateMiseEnServiceCommercialePM")?,
        insee: line.code("CodeInseePM", 5)?,
        active_place: line.flag("EmplacementActifDisponible")?,
        pmt_refs: Some(building.pmt_ref.clone())
            .filter(|pmt| !pmt.is_empty())
            .into_iter()
            .collect(),
    })
}
