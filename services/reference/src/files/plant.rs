//! PMs, PBOs, distribution cables and optical routes.

use domain::building::{Pm, PmAddress, PmState};
use domain::network::{Cable, ColourCode, ConnectorColour, OpticalRoute, Pbo, ROUTES_PER_PTO_MAX};
use domain::release::{Kind, Released, Row, Table, join_key};

use super::coordinates::{PROJECTION, place};
use super::network::{known_pm, pto_ref};
use super::{Columns, Line, RowReader, rules};
use crate::compare::Known;
use crate::report::{AnomalyCode, ImportReport, Reject, RejectCode};

/// Fibres of a tube at most.
const MODULO_MAX: i64 = 24;
/// Between the technical PMs of a PM.
const LIST_SEPARATOR: char = '|';

pub const PMS: Columns = Columns {
    required: &["ReferencePM", "EtatPM"],
    optional: &[
        "ReferencePMTechnique",
        "TypeEmplacementPM",
        "DateInstallationPM",
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
    ],
};

pub const PBOS: Columns = Columns {
    required: &["ReferencePM", "ReferencePBO"],
    optional: &[
        "TypePBO",
        "CapacitePBO",
        "CoordonneePBOX",
        "CoordonneePBOY",
        PROJECTION,
    ],
};

pub const CABLES: Columns = Columns {
    required: &["ReferenceCable", "ReferencePM"],
    optional: &[
        "ReferenceOrigine",
        "ReferenceExtremite",
        "CapaciteCable",
        "ModuloCable",
        "CodeCouleur",
    ],
};

pub const ROUTES: Columns = Columns {
    required: &[
        "ReferencePrise",
        "Rang",
        "ReferencePM",
        "ReferencePBO",
        "NomModulePM",
        "PositionModulePM",
        "ReferenceCablePBO",
        "InformationTubePBO",
        "InformationFibrePBO",
    ],
    optional: &[
        "ReferenceCableModulePM",
        "InfoTubeModulePM",
        "InfoFibreModulePM",
        "IdentifiantFibre",
        "ConnecteurPriseNumero",
        "ConnecteurPriseCouleur",
    ],
};

/// Tells why coordinates were not believed, if they were not.
fn tell_doubt(doubt: Option<AnomalyCode>, key: &str, column: &str, report: &mut ImportReport) {
    if let Some(code) = doubt {
        report.anomaly(code, key, column);
    }
}

/// Reads PMs.
pub struct PmReader;

impl RowReader for PmReader {
    fn table(&self) -> Table {
        Table::Pm
    }

    fn key_column(&self) -> &'static str {
        "ReferencePM"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        _: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let (pm, doubt) = pm(line, Kind::Pm)?;
        if rules::opens_early(&pm) {
            let column = "DateMiseEnServiceCommercialePM";
            report.anomaly(AnomalyCode::NoticeTooShort, &pm.reference, column);
        }
        tell_doubt(doubt, &pm.reference, "CoordonneePMX", report);
        Ok(pm.to_row())
    }

    fn is_settled(&mut self, _: &Line<'_>, _: &Known, _: &mut ImportReport) -> bool {
        true
    }
}

/// What a line says of a PM, and why its coordinates were not believed, if they were not.
pub(super) fn pm(line: &Line<'_>, origin: Kind) -> Result<(Pm, Option<AnomalyCode>), Reject> {
    let at = place(line, ("CoordonneePMX", "CoordonneePMY"))?;
    let pm = Pm {
        reference: line.required("ReferencePM", 20)?,
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
        pmt_refs: technical(line)?,
        lon: at.lon,
        lat: at.lat,
        origin,
        address: PmAddress {
            hexacle: line.text("CodeAdressePM", 10)?,
            street_hexacle: line.text("CodeHexacleVoiePM", 10)?,
            ban_key: line.text("CodeBANPM", 40)?,
            rivoli: line.text("CodeVoieRivoliPM", 4)?,
            number: line.text("NumeroVoiePM", 10)?,
            complement: line.text("ComplementNumeroVoiePM", 10)?,
            street_type: line.text("TypeVoiePM", 30)?,
            street_name: line.text("NomVoiePM", 120)?,
            batiment: line.text("BatimentPM", 60)?,
            postcode: line.text("CodePostalPM", 5)?,
            commune: line.text("CommunePM", 80)?,
            quality: line.text("QualiteAdressePM", 60)?,
        },
        oi_patching: line.flag("BrassageOIUniquement")?,
    };
    Ok((pm, at.doubt))
}

fn technical(line: &Line<'_>) -> Result<Vec<String>, Reject> {
    let text = line.text("ReferencePMTechnique", 500)?;
    let parts = text.split(LIST_SEPARATOR).map(str::trim);
    let mut all: Vec<String> = parts
        .filter(|pmt| !pmt.is_empty())
        .map(str::to_owned)
        .collect();
    if all.iter().any(|pmt| pmt.chars().count() > 50) {
        return Err(line.reject("ReferencePMTechnique", RejectCode::Format));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Reads PBOs.
pub struct PboReader;

impl RowReader for PboReader {
    fn table(&self) -> Table {
        Table::Pbo
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        join_key(&["ReferencePM", "ReferencePBO"].map(|column| line.raw(column).into()))
    }

    fn key_column(&self) -> &'static str {
        "ReferencePBO"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let at = place(line, ("CoordonneePBOX", "CoordonneePBOY"))?;
        let pbo = Pbo {
            pm_ref: known_pm(line, known)?,
            reference: line.required("ReferencePBO", 100)?,
            kind: line.text("TypePBO", 60)?,
            capacity: line.count("CapacitePBO")?,
            lon: at.lon,
            lat: at.lat,
            origin: Kind::Pbo,
        };
        tell_doubt(at.doubt, &pbo.reference, "CoordonneePBOX", report);
        Ok(pbo.to_row())
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        known.pms.contains(line.raw("ReferencePM"))
    }
}

/// Reads cables.
pub struct CableReader;

impl RowReader for CableReader {
    fn table(&self) -> Table {
        Table::Cable
    }

    fn key_column(&self) -> &'static str {
        "ReferenceCable"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        _: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let cable = Cable {
            reference: line.required("ReferenceCable", 50)?,
            pm_ref: known_pm(line, known)?,
            from_ref: line.text("ReferenceOrigine", 100)?,
            to_ref: line.text("ReferenceExtremite", 100)?,
            capacity: line.count("CapaciteCable")?,
            modulo: line.count("ModuloCable")?,
            colour_code: match line.raw("CodeCouleur") {
                "" => ColourCode::Orange,
                _ => line.choice("CodeCouleur", ColourCode::ALL, ColourCode::literal)?,
            },
            origin: Kind::Cables,
        };
        if cable.modulo > MODULO_MAX {
            return Err(line.reject("ModuloCable", RejectCode::Value));
        }
        Ok(cable.to_row())
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        known.pms.contains(line.raw("ReferencePM"))
    }
}

/// Reads optical routes. A fibre that waits for its PTO has a route too: the one a new line gets.
pub struct RouteReader;

impl RowReader for RouteReader {
    fn table(&self) -> Table {
        Table::Route
    }

    fn key(&mut self, line: &Line<'_>) -> String {
        let first = match pto_ref(line) {
            Ok(pto_ref) if !pto_ref.is_empty() => pto_ref,
            _ => line.raw("IdentifiantFibre").to_owned(),
        };
        // As it is kept: 01 is 1.
        match line.count("Rang") {
            Ok(rank) => join_key(&[first.into(), rank.into()]),
            Err(_) => join_key(&[first.into(), line.raw("Rang").into()]),
        }
    }

    fn key_column(&self) -> &'static str {
        "Rang"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let route = OpticalRoute {
            pto_ref: pto_ref(line)?,
            rank: rank(line)?,
            pm_ref: known_pm(line, known)?,
            pbo_ref: line.required("ReferencePBO", 100)?,
            module: line.required("NomModulePM", 50)?,
            position: line.required("PositionModulePM", 20)?,
            module_cable: line.text("ReferenceCableModulePM", 50)?,
            module_tube: line.text("InfoTubeModulePM", 30)?,
            module_fibre: line.text("InfoFibreModulePM", 30)?,
            cable_ref: line.text("ReferenceCablePBO", 50)?,
            tube: line.required("InformationTubePBO", 30)?,
            fibre: line.required("InformationFibrePBO", 30)?,
            fibre_id: line.text("IdentifiantFibre", 50)?,
            connector: line.count("ConnecteurPriseNumero")?,
            connector_colour: match line.raw("ConnecteurPriseCouleur") {
                "" => None,
                _ => Some(line.choice(
                    "ConnecteurPriseCouleur",
                    ConnectorColour::ALL,
                    ConnectorColour::literal,
                )?),
            },
            origin: Kind::Routes,
        };
        if route.key_ref().is_empty() {
            return Err(line.reject("ReferencePrise", RejectCode::MissingField));
        }
        if route.connector > ROUTES_PER_PTO_MAX {
            return Err(line.reject("ConnecteurPriseNumero", RejectCode::Value));
        }
        check_ends(line, &route, known, report)?;
        Ok(route.to_row())
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        let fibre = line.raw("IdentifiantFibre");
        let ends = pto_ref(line).is_ok_and(|pto| pto.is_empty() || known.ptos.contains(&pto))
            && (fibre.is_empty() || known.fibres.contains(fibre));
        ends && known.pms.contains(line.raw("ReferencePM"))
    }
}

fn rank(line: &Line<'_>) -> Result<i64, Reject> {
    let rank = line.count("Rang")?;
    match rank {
        _ if line.raw("Rang").is_empty() => Err(line.reject("Rang", RejectCode::MissingField)),
        1..=ROUTES_PER_PTO_MAX => Ok(rank),
        _ => Err(line.reject("Rang", RejectCode::Value)),
    }
}

/// The PTO and the fibre of a route are known. A GraceTHD folder comes before the PTOs it leads to
/// have their line: there it is an anomaly.
fn check_ends(
    line: &Line<'_>,
    route: &OpticalRoute,
    known: &Known,
    report: &mut ImportReport,
) -> Result<(), Reject> {
    let unknown_pto = !route.pto_ref.is_empty() && !known.ptos.contains(&route.pto_ref);
    let unknown_fibre = !route.fibre_id.is_empty() && !known.fibres.contains(&route.fibre_id);
    let column = match (unknown_pto, unknown_fibre) {
        (true, _) => "ReferencePrise",
        (_, true) => "IdentifiantFibre",
        _ => return Ok(()),
    };
    if report.kind != Kind::Gracethd {
        return Err(line.reject(column, RejectCode::UnknownReference));
    }
    report.anomaly(AnomalyCode::UnknownEnd, route.key_ref(), column);
    Ok(())
}
