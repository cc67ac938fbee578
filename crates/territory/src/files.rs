//! A territory written as the five reference files.

use std::collections::HashMap;
use std::fmt::Write;

use domain::building::{Building, Pm};
use domain::release::Kind;
use jiff::civil::Date;

use super::{PROVIDER_CODE, Territory};

const IPE_HEADER: &str = "IdentifiantImmeuble;EtatImmeuble;CoordonneeImmeubleX;\
CoordonneeImmeubleY;TypeProjectionGeographique;CodeVoieRivoliImmeuble;CodeInseeImmeuble;\
CodePostalImmeuble;CommuneImmeuble;CodeAdresseImmeuble;CodeHexacleVoie;CodeBAN;TypeVoieImmeuble;\
NomVoieImmeuble;NumeroVoieImmeuble;ComplementNumeroVoieImmeuble;BatimentImmeuble;TypeImmeuble;\
ImmeubleNeuf;NombreLogementsAdresseIPE;DateCablageAdresse;AccordGestionnaireImmeubleNecessaire;\
DateSignatureConvention;TypeZone;CodeOI;ReferencePM;ReferencePMTechnique;TypePBO;TypeRaccoPBPTO;\
DateDebutAcceptationCmdAcces;DateDebutFournitureCRCmdAcces;DateMiseEnServiceCommercialeImmeuble;\
DateDerniereModification;EtatPM;DateInstallationPM;TypeEmplacementPM;CapaciteMaxPM;\
TypeIngenierie;NombreLogementsPM;DatePremiereMADPM;DateMiseEnServiceCommercialePM;CodeInseePM;\
EmplacementActifDisponible";

const STRUCTURE_HEADER: &str = "IdentifiantImmeuble;Batiment;Escalier;Etage;Porte;ReferencePBO;\
ReferencePrise;EtatLigne";

const FIBRES_HEADER: &str = "ReferencePM;ReferencePBO;IdentifiantFibre;ReferenceCablePBO;\
InformationTubePBO;InformationFibrePBO;EtatFibre;ReferencePrise";

const PRISES_HEADER: &str =
    "ReferencePrise;ReferencePM;ReferencePBO;IdentifiantFibre;EtatLigne;CodeOC";

const ADDUCTION_HEADER: &str = "CodeOC;ReferencePM;ReferencePrestationPM";

impl Territory {
    /// The name of its file of `kind`, which carries its day.
    #[must_use]
    pub fn file_name(&self, kind: Kind) -> String {
        let day = compact(Some(self.day));
        match kind {
            Kind::Ipe => format!("{PROVIDER_CODE}_PM_IPEZMD_V31_{day}.csv"),
            other => format!("{PROVIDER_CODE}_{}_{day}.csv", other.as_str()),
        }
    }

    /// Its file of `kind`: UTF-8, `;`, CRLF, decimal comma.
    #[must_use]
    pub fn file(&self, kind: Kind) -> String {
        let (header, lines): (&str, Vec<String>) = match kind {
            Kind::Ipe => (IPE_HEADER, self.ipe_lines()),
            Kind::Structure => (STRUCTURE_HEADER, self.structure_lines()),
            Kind::Fibres => (FIBRES_HEADER, self.fibre_lines()),
            Kind::Prises => (PRISES_HEADER, self.pto_lines()),
            Kind::Adduction => (ADDUCTION_HEADER, self.presence_lines()),
        };
        let mut text = String::new();
        for line in std::iter::once(header).chain(lines.iter().map(String::as_str)) {
            text.push_str(line);
            text.push_str("\r\n");
        }
        text
    }

    fn ipe_lines(&self) -> Vec<String> {
        let pms: HashMap<_, _> = self
            .pms
            .iter()
            .map(|pm| (pm.reference.as_str(), pm))
            .collect();
        let line = |b: &Building| {
            let mut line = building_fields(b).join(";");
            match pms.get(b.pm_ref.as_str()) {
                Some(pm) => line.extend([";", &pm_fields(pm).join(";")]),
                None => line.push_str(&";".repeat(10)),
            }
            line
        };
        self.buildings.iter().map(line).collect()
    }

    fn structure_lines(&self) -> Vec<String> {
        let line = |d: &domain::building::Dwelling| {
            let state = d.state.literal();
            [
                &d.building_ref,
                &d.batiment,
                &d.escalier,
                &d.etage,
                &d.porte,
                &d.pbo_ref,
                &d.pto_ref,
                state,
            ]
            .join(";")
        };
        self.dwellings.iter().map(line).collect()
    }

    fn fibre_lines(&self) -> Vec<String> {
        let line = |f: &domain::line::Fibre| {
            let state = f.state.literal(f.dedicated);
            [
                &f.pm_ref, &f.pbo_ref, &f.id, &f.cable, &f.tube, &f.colour, state, &f.pto_ref,
            ]
            .join(";")
        };
        self.fibres.iter().map(line).collect()
    }

    fn pto_lines(&self) -> Vec<String> {
        let line = |p: &domain::line::Pto| {
            let state = p.state.literal();
            [
                &p.reference,
                &p.pm_ref,
                &p.pbo_ref,
                &p.fibre_id,
                state,
                &p.oc_code,
            ]
            .join(";")
        };
        self.ptos.iter().map(line).collect()
    }

    fn presence_lines(&self) -> Vec<String> {
        self.presences
            .iter()
            .map(|p| [p.oc_code.as_str(), &p.pm_ref, &p.prestation_ref].join(";"))
            .collect()
    }
}

fn building_fields(b: &Building) -> Vec<String> {
    vec![
        b.reference.clone(),
        b.state.literal().to_owned(),
        decimal(b.x),
        decimal(b.y),
        b.projection.clone(),
        b.rivoli.clone(),
        b.insee.clone(),
        b.postcode.clone(),
        b.commune.clone(),
        b.hexacle.clone(),
        b.street_hexacle.clone(),
        b.ban_key.clone(),
        b.street_type.clone(),
        b.street_name.clone(),
        b.number.clone(),
        b.complement.clone(),
        b.batiment.clone(),
        b.kind.literal().to_owned(),
        flag(b.is_new),
        b.dwellings.to_string(),
        compact(b.wired_on),
        flag(b.agreement_needed),
        compact(b.agreement_signed_on),
        b.zone.clone(),
        b.oi_code.clone(),
        b.pm_ref.clone(),
        b.pmt_ref.clone(),
        b.pbo_kind.clone(),
        b.connection_kind.clone(),
        compact(b.orders_from),
        compact(b.reports_from),
        compact(b.opened_on),
        compact(b.changed_on),
    ]
}

fn pm_fields(pm: &Pm) -> Vec<String> {
    vec![
        pm.state.literal().to_owned(),
        compact(pm.installed_on),
        pm.kind.clone(),
        pm.capacity.to_string(),
        pm.engineering.clone(),
        pm.dwellings.to_string(),
        compact(pm.first_handed_over_on),
        compact(pm.opened_on),
        pm.insee.clone(),
        flag(pm.active_place),
    ]
}

fn flag(value: bool) -> String {
    if value { "O" } else { "N" }.to_owned()
}

/// A date as files write it; empty for none.
fn compact(date: Option<Date>) -> String {
    date.map(|d| d.to_string().replace('-', ""))
        .unwrap_or_default()
}

fn decimal(value: Option<f64>) -> String {
    let mut text = String::new();
    if let Some(value) = value {
        // Writing to a String never fails.
        let _ = write!(text, "{value:.2}");
    }
    text.replace('.', ",")
}
