//! The IPE: one line a building, which also describes its PM.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::building::{Building, BuildingKind, BuildingState, Pm, PmState};
use domain::release::{Kind, Released, Row, Table};

use super::coordinates::{PROJECTION, place};
use super::counts::Sums;
use super::{Columns, Line, RowReader, plant, rules};
use crate::compare::Known;
use crate::hash::hash;
use crate::report::{AnomalyCode, ImportReport, Reject, RejectCode};

/// Those of version 2 and of version 3, in any order. The ones that no noun keeps are listed too:
/// only what the trade does not know is reported as unknown.
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
    ],
    optional: &[
        "CoordonneeImmeubleX",
        "CoordonneeImmeubleY",
        PROJECTION,
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
        "CoordonneePMX",
        "CoordonneePMY",
        "TypePBO",
        "TypeRaccoPBPTO",
        "DateDebutAcceptationCmdAcces",
        "DateDebutFournitureCRCmdAcces",
        "DateMiseEnServiceCommercialeImmeuble",
        "DateDerniereModification",
        "DatePrevisionnelleLivraisonImmeubleNeuf",
        "NomGestionnaireImmeuble",
        "CodeAdressePM",
        "CodeHexacleVoiePM",
        "CodeBANPM",
        "CodeVoieRivoliPM",
        "NumeroVoiePM",
        "ComplementNumeroVoiePM",
        "TypeVoiePM",
        "NomVoiePM",
        "BatimentPM",
        "CodePostalPM",
        "CommunePM",
        "QualiteAdressePM",
        "BrassageOIUniquement",
        // Known to the trade, kept by nothing here.
        "InfoObtentionAccord",
        "IdentifiantGestionnaireImmeuble",
        "CodeAdresseGestionnaireImmeuble",
        "NumeroVoieGestionnaireImmeuble",
        "TypeVoieGestionnaireImmeuble",
        "NomVoieGestionnaireImmeuble",
        "CodePostalGestionnaireImmeuble",
        "CommuneGestionnaireImmeuble",
        "ContactGestionnaireImmeuble",
        "NombrePMTechniques",
        "NombreColonnesMontantesPM",
        "FibreDedieeLibre",
    ],
};

/// What a line says of its PM.
const PM_COLUMNS: [&str; 28] = [
    "ReferencePM",
    "ReferencePMTechnique",
    "EtatPM",
    "DateInstallationPM",
    "TypeEmplacementPM",
    "CapaciteMaxPM",
    "TypeIngenierie",
    "NombreLogementsPM",
    "DatePremiereMADPM",
    "DateMiseEnServiceCommercialePM",
    "CodeInseePM",
    "EmplacementActifDisponible",
    "CoordonneePMX",
    "CoordonneePMY",
    PROJECTION,
    "CodeAdressePM",
    "CodeHexacleVoiePM",
    "CodeBANPM",
    "CodeVoieRivoliPM",
    "NumeroVoiePM",
    "ComplementNumeroVoiePM",
    "TypeVoiePM",
    "NomVoiePM",
    "BatimentPM",
    "CodePostalPM",
    "CommunePM",
    "QualiteAdressePM",
    "BrassageOIUniquement",
];

/// Reads buildings, and gathers the PMs their lines describe.
#[derive(Default)]
pub struct IpeReader {
    pms: BTreeMap<String, Pm>,
    told: BTreeSet<(String, &'static str)>,
    /// Those of [`PM_COLUMNS`] that the file has, once its first line was read.
    columns: Vec<&'static str>,
    /// Hashes of what lines said of their PM.
    said: HashSet<u64>,
    sums: Sums,
}

impl RowReader for IpeReader {
    fn table(&self) -> Table {
        Table::Building
    }

    fn key_column(&self) -> &'static str {
        "IdentifiantImmeuble"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let mut building = building(line)?;
        let pm_state = pm_state(line)?;
        if let Some((column, code)) = rules::contradiction(&building, pm_state) {
            return Err(line.reject(column, code));
        }
        let at = place(line, ("CoordonneeImmeubleX", "CoordonneeImmeubleY"))?;
        self.gather_line(line, report)?;
        (building.lon, building.lat) = (at.lon, at.lat);
        if let Some(code) = at.doubt {
            report.anomaly(code, &building.reference, "CoordonneeImmeubleX");
        }
        for (column, code) in rules::doubts(&building, report.extracted_on) {
            report.anomaly(code, &building.reference, column);
        }
        self.count(&building, known, report);
        Ok(building.to_row())
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, report: &mut ImportReport) -> bool {
        // Time alone makes an abandoned building doubtful.
        if line.raw("EtatImmeuble") == BuildingState::Abandoned.literal() {
            return false;
        }
        let Ok(dwellings) = line.count("NombreLogementsAdresseIPE") else {
            return false;
        };
        let deployed = line.raw("EtatImmeuble") == BuildingState::Deployed.literal();
        let reference = line.raw("IdentifiantImmeuble");
        let differs = difference(known, reference, deployed, dwellings).is_some_and(|n| n != 0);
        !differs && self.gather_line(line, report).is_ok()
    }

    fn finish(&mut self, report: &mut ImportReport) {
        std::mem::take(&mut self.sums).tell(report);
    }

    fn take_pms(&mut self) -> Vec<Row> {
        std::mem::take(&mut self.pms)
            .values()
            .map(Released::to_row)
            .collect()
    }
}

impl IpeReader {
    /// Tells an anomaly of a PM once, however many lines show it.
    fn tell(
        &mut self,
        code: AnomalyCode,
        pm_ref: &str,
        column: &'static str,
        report: &mut ImportReport,
    ) {
        if self.told.insert((pm_ref.to_owned(), column)) {
            report.anomaly(code, pm_ref, column);
        }
    }

    /// Compares the dwellings of a building with the structure in force.
    fn count(&mut self, building: &Building, known: &Known, report: &mut ImportReport) {
        let (reference, dwellings) = (&building.reference, building.dwellings);
        let deployed = building.state == BuildingState::Deployed;
        let Some(difference) = difference(known, reference, deployed, dwellings) else {
            return;
        };
        self.sums.add(&building.hexacle, difference);
        if difference != 0 {
            let detail = format!("{dwellings} / {}", dwellings - difference);
            report.anomaly(AnomalyCode::DwellingsDiffer, reference, detail);
        }
    }

    /// Reads what a line says of its PM, unless a line before it said the same in the same words:
    /// nearly all do.
    fn gather_line(&mut self, line: &Line<'_>, report: &mut ImportReport) -> Result<(), Reject> {
        if line.raw("ReferencePM").is_empty() {
            return Ok(());
        }
        if self.columns.is_empty() {
            self.columns = PM_COLUMNS.into_iter().filter(|c| line.has(c)).collect();
        }
        let said = self.columns.iter().fold(0, |said, column| {
            // With its length, lest two fields share one text otherwise.
            let text = line.raw(column);
            hash(said ^ text.len() as u64, text.as_bytes())
        });
        if self.said.contains(&said) {
            return Ok(());
        }
        let (pm, doubt) = plant::pm(line, Kind::Ipe)?;
        if let Some(code) = doubt {
            self.tell(code, &pm.reference, "CoordonneePMX", report);
        }
        self.gather(pm, report);
        self.said.insert(said);
        Ok(())
    }

    /// Merges what a line says of its PM with what the lines before it said.
    fn gather(&mut self, new: Pm, report: &mut ImportReport) {
        let Some(pm) = self.pms.get_mut(&new.reference) else {
            if rules::opens_early(&new) {
                let column = "DateMiseEnServiceCommercialePM";
                self.tell(AnomalyCode::NoticeTooShort, &new.reference, column, report);
            }
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
            ("CoordonneePMX", (pm.lon, pm.lat) == (new.lon, new.lat)),
            (
                "EmplacementActifDisponible",
                pm.active_place == new.active_place,
            ),
            ("NomVoiePM", pm.address == new.address),
            ("BrassageOIUniquement", pm.oi_patching == new.oi_patching),
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
        projection: line.text(PROJECTION, 10)?,
        orders_from: line.date("DateDebutAcceptationCmdAcces")?,
        reports_from: line.date("DateDebutFournitureCRCmdAcces")?,
        opened_on: line.date("DateMiseEnServiceCommercialeImmeuble")?,
        changed_on: line.date("DateDerniereModification")?,
        lon: None,
        lat: None,
        delivery_on: line.date("DatePrevisionnelleLivraisonImmeubleNeuf")?,
        manager: line.text("NomGestionnaireImmeuble", 120)?,
    })
}

/// EtatPM; a line that names no PM may leave it empty.
fn pm_state(line: &Line<'_>) -> Result<Option<PmState>, Reject> {
    if line.raw("EtatPM").is_empty() {
        return Ok(None);
    }
    let state = line.choice("EtatPM", PmState::ALL, PmState::literal);
    state.map(Some)
}

/// How many dwellings more a line has than the structure in force; none when there is nothing to
/// compare with. Of a deployed building all are there, of another as soon as the first is.
fn difference(known: &Known, reference: &str, deployed: bool, dwellings: i64) -> Option<i64> {
    if known.dwellings.is_empty() {
        return None;
    }
    let structured = known.dwellings.of(reference);
    (deployed || structured > 0).then(|| dwellings - structured)
}
