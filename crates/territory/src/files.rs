//! A territory written as its reference files.

use std::collections::HashMap;
use std::fmt::Write;

use domain::address::projection::Projection;
use domain::address::{Address, Nd};
use domain::building::{Building, Pm};
use domain::network::{Cable, OpticalRoute, Pbo};
use domain::offer::{LIST_SEPARATOR, Offer};
use domain::release::Kind;
use jiff::civil::Date;

use super::{PROVIDER_CODE, Territory, labels};

const IPE_HEADER: &str = "IdentifiantImmeuble;EtatImmeuble;CoordonneeImmeubleX;\
CoordonneeImmeubleY;TypeProjectionGeographique;CodeVoieRivoliImmeuble;CodeInseeImmeuble;\
CodePostalImmeuble;CommuneImmeuble;CodeAdresseImmeuble;CodeHexacleVoie;CodeBAN;TypeVoieImmeuble;\
NomVoieImmeuble;NumeroVoieImmeuble;ComplementNumeroVoieImmeuble;BatimentImmeuble;TypeImmeuble;\
ImmeubleNeuf;NombreLogementsAdresseIPE;DateCablageAdresse;AccordGestionnaireImmeubleNecessaire;\
DateSignatureConvention;TypeZone;CodeOI;ReferencePM;ReferencePMTechnique;TypePBO;TypeRaccoPBPTO;\
DateDebutAcceptationCmdAcces;DateDebutFournitureCRCmdAcces;DateMiseEnServiceCommercialeImmeuble;\
DateDerniereModification;DatePrevisionnelleLivraisonImmeubleNeuf;NomGestionnaireImmeuble;\
EtatPM;DateInstallationPM;TypeEmplacementPM;CapaciteMaxPM;\
TypeIngenierie;NombreLogementsPM;DatePremiereMADPM;DateMiseEnServiceCommercialePM;CodeInseePM;\
EmplacementActifDisponible;CodeAdressePM;CodeHexacleVoiePM;CodeBANPM;CodeVoieRivoliPM;\
NumeroVoiePM;ComplementNumeroVoiePM;TypeVoiePM;NomVoiePM;BatimentPM;CodePostalPM;CommunePM;\
QualiteAdressePM;BrassageOIUniquement;CoordonneePMX;CoordonneePMY";

/// Columns of a line that describe its PM.
const PM_COLUMNS: usize = 25;

const STRUCTURE_HEADER: &str = "IdentifiantImmeuble;Batiment;Escalier;Etage;Porte;ReferencePBO;\
ReferencePrise;EtatLigne";

const FIBRES_HEADER: &str = "ReferencePM;ReferencePBO;IdentifiantFibre;ReferenceCablePBO;\
InformationTubePBO;InformationFibrePBO;EtatFibre;ReferencePrise";

const PRISES_HEADER: &str =
    "ReferencePrise;ReferencePM;ReferencePBO;IdentifiantFibre;EtatLigne;CodeOC";

const ADDUCTION_HEADER: &str = "CodeOC;ReferencePM;ReferencePrestationPM";

const PBO_HEADER: &str = "ReferencePM;ReferencePBO;TypePBO;CapacitePBO;CoordonneePBOX;\
CoordonneePBOY;TypeProjectionGeographique";

const CABLES_HEADER: &str = "ReferenceCable;ReferencePM;ReferenceOrigine;ReferenceExtremite;\
CapaciteCable;ModuloCable;CodeCouleur";

const ROUTES_HEADER: &str = "ReferencePrise;Rang;ReferencePM;ReferencePBO;NomModulePM;\
PositionModulePM;ReferenceCableModulePM;InfoTubeModulePM;InfoFibreModulePM;ReferenceCablePBO;\
InformationTubePBO;InformationFibrePBO;IdentifiantFibre;ConnecteurPriseNumero;\
ConnecteurPriseCouleur";

const ND_HEADER: &str = "NumeroDesignation;IdentifiantImmeuble;EtatLigneCuivre";

const BAN_HEADER: &str = "id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;\
code_insee_ancienne_commune;nom_ancienne_commune;x;y;lon;lat;type_position;alias;nom_ld;\
libelle_acheminement;nom_afnor;source_position;source_nom_voie;certification_commune;cad_parcelles";

const CATALOGUE_HEADER: &str = "CodeOffre;LibelleOffre;Famille;Technologie;Zones;EtatsImmeuble;\
TypesImmeuble;AdductionNecessaire;EmplacementActifNecessaire;DateDebut;DateFin";

impl Territory {
    /// The kinds of file it is written as, each after those it refers to.
    pub const KINDS: [Kind; 11] = [
        Kind::Ipe,
        Kind::Structure,
        Kind::Fibres,
        Kind::Prises,
        Kind::Adduction,
        Kind::Pbo,
        Kind::Cables,
        Kind::Routes,
        Kind::Nd,
        Kind::Ban,
        Kind::Catalogue,
    ];

    /// The name of its file of `kind`, which carries its day.
    #[must_use]
    pub fn file_name(&self, kind: Kind) -> String {
        let day = compact(Some(self.day));
        match kind {
            Kind::Ipe => format!("{PROVIDER_CODE}_PM_IPEZMD_V31_{day}.csv"),
            other => format!("{PROVIDER_CODE}_{}_{day}.csv", other.as_str()),
        }
    }

    /// Its file of `kind`, one of [`Territory::KINDS`] (empty for another): UTF-8, `;`, CRLF,
    /// decimal comma but in the BAN.
    #[must_use]
    pub fn file(&self, kind: Kind) -> String {
        let (header, lines): (&str, Vec<String>) = match kind {
            Kind::Ipe => (IPE_HEADER, self.ipe_lines()),
            Kind::Structure => (STRUCTURE_HEADER, self.structure_lines()),
            Kind::Fibres => (FIBRES_HEADER, self.fibre_lines()),
            Kind::Prises => (PRISES_HEADER, self.pto_lines()),
            Kind::Adduction => (ADDUCTION_HEADER, self.presence_lines()),
            Kind::Pbo => (PBO_HEADER, self.pbos.iter().map(pbo_line).collect()),
            Kind::Cables => (CABLES_HEADER, self.cables.iter().map(cable_line).collect()),
            Kind::Routes => (ROUTES_HEADER, self.route_lines()),
            Kind::Nd => (ND_HEADER, self.nd_lines()),
            Kind::Ban => (BAN_HEADER, self.address_lines()),
            Kind::Catalogue => (
                CATALOGUE_HEADER,
                self.offers().iter().map(offer_line).collect(),
            ),
            Kind::Pm | Kind::Gracethd => return String::new(),
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
        // A PM stands where its first building does.
        let mut places: HashMap<&str, &Building> = HashMap::new();
        for building in self.buildings.iter().filter(|b| !b.pm_ref.is_empty()) {
            places.entry(&building.pm_ref).or_insert(building);
        }
        let line = |b: &Building| {
            let mut line = building_fields(b).join(";");
            match pms
                .get(b.pm_ref.as_str())
                .zip(places.get(b.pm_ref.as_str()))
            {
                Some((pm, place)) => line.extend([
                    ";",
                    &pm_fields(pm).join(";"),
                    ";",
                    &decimal(place.x),
                    ";",
                    &decimal(place.y),
                ]),
                None => line.push_str(&";".repeat(PM_COLUMNS)),
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

impl Territory {
    fn route_lines(&self) -> Vec<String> {
        let routes = (0..self.fibres.len()).filter_map(|i| self.route(i));
        let line = |r: OpticalRoute| {
            let (rank, connector) = (r.rank.to_string(), r.connector.to_string());
            let colour = r.connector_colour.map_or("", |colour| colour.literal());
            [
                &r.pto_ref,
                &rank,
                &r.pm_ref,
                &r.pbo_ref,
                &r.module,
                &r.position,
                &r.module_cable,
                &r.module_tube,
                &r.module_fibre,
                &r.cable_ref,
                &r.tube,
                &r.fibre,
                &r.fibre_id,
                connector.as_str(),
                colour,
            ]
            .join(";")
        };
        routes.map(line).collect()
    }

    fn nd_lines(&self) -> Vec<String> {
        let nds = (0..self.dwellings.len()).filter_map(|i| self.nd(i));
        let line = |nd: Nd| [&nd.number, &nd.building_ref, nd.copper_state.literal()].join(";");
        nds.map(line).collect()
    }

    fn address_lines(&self) -> Vec<String> {
        let all = 0..self.buildings.len();
        let addresses = all.filter_map(|i| Some((self.address(i)?, &self.buildings[i])));
        let line = |(a, b): (Address, &Building)| {
            let (x, y) = (
                decimal(b.x).replace(',', "."),
                decimal(b.y).replace(',', "."),
            );
            let (lon, lat) = (degrees(a.lon), degrees(a.lat));
            let fantoir = format!("{}_{}", a.insee, a.street_code);
            let certified = if a.certified { "1" } else { "0" };
            [
                &a.key,
                &fantoir,
                &a.number,
                &a.complement,
                &a.street_name,
                &a.postcode,
                &a.insee,
                &a.commune,
                &a.old_insee,
                &a.old_commune,
                &x,
                &y,
                &lon,
                &lat,
                labels::ENTRANCE,
                "",
                &a.place_name,
                &a.delivery_name,
                &a.afnor_name,
                "commune",
                "commune",
                certified,
                "",
            ]
            .join(";")
        };
        addresses.map(line).collect()
    }
}

fn pbo_line(pbo: &Pbo) -> String {
    [
        &pbo.pm_ref,
        &pbo.reference,
        &pbo.kind,
        pbo.capacity.to_string().as_str(),
        &degrees(pbo.lon).replace('.', ","),
        &degrees(pbo.lat).replace('.', ","),
        Projection::Wgs84.literal(),
    ]
    .join(";")
}

fn cable_line(cable: &Cable) -> String {
    [
        &cable.reference,
        &cable.pm_ref,
        &cable.from_ref,
        &cable.to_ref,
        cable.capacity.to_string().as_str(),
        cable.modulo.to_string().as_str(),
        cable.colour_code.literal(),
    ]
    .join(";")
}

fn offer_line(offer: &Offer) -> String {
    let states = offer.building_states.iter().map(|state| state.literal());
    let kinds = offer.building_kinds.iter().map(|kind| kind.literal());
    [
        &offer.code,
        &offer.label,
        offer.family.literal(),
        &offer.technology,
        &offer.zones.join(LIST_SEPARATOR),
        &states.collect::<Vec<_>>().join(LIST_SEPARATOR),
        &kinds.collect::<Vec<_>>().join(LIST_SEPARATOR),
        &flag(offer.presence_needed),
        &flag(offer.active_place_needed),
        &compact(offer.from_day),
        &compact(offer.to_day),
    ]
    .join(";")
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
        compact(b.delivery_on),
        b.manager.clone(),
    ]
}

fn pm_fields(pm: &Pm) -> Vec<String> {
    let at = &pm.address;
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
        at.hexacle.clone(),
        at.street_hexacle.clone(),
        at.ban_key.clone(),
        at.rivoli.clone(),
        at.number.clone(),
        at.complement.clone(),
        at.street_type.clone(),
        at.street_name.clone(),
        at.batiment.clone(),
        at.postcode.clone(),
        at.commune.clone(),
        at.quality.clone(),
        flag(pm.oi_patching),
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

/// Degrees as they are kept: seven decimals and a point.
fn degrees(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.7}")).unwrap_or_default()
}

fn decimal(value: Option<f64>) -> String {
    let mut text = String::new();
    if let Some(value) = value {
        // Writing to a String never fails.
        let _ = write!(text, "{value:.2}");
    }
    text.replace('.', ",")
}
