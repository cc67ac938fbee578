//! The messages of the `eligibilite` web service as plain data: what stands in the body after the
//! common header of a request, or after the common return of an answer (interfaces §0). Nothing is
//! decided here; names and order are those of `contract/eligibilite.xsd`.

use serde::{Deserialize, Serialize};
use service_api::place::{Address, Required};
use soap::{Contract, Day, YesNo, message};

/// The published contract.
pub static CONTRACT: Contract = Contract::new(
    "eligibilite",
    "urn:epissure:ws:eligibilite:1",
    include_str!("../contract/eligibilite.wsdl"),
    include_str!("../contract/eligibilite.xsd"),
);

/// Whether an offer can be ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Now.
    Eligible,
    /// From a date on.
    EligibleLe,
    /// No, for a motive.
    #[default]
    NonEligible,
}

impl soap::Field for Verdict {}

message! {
    /// Body of `testerEligibilite`.
    pub struct TestEligibility {
        address: Option<Address> = "Adresse",
        batiment: Option<String> = "Batiment",
        escalier: Option<String> = "Escalier",
        etage: Option<String> = "Etage",
        pto: Option<String> = "ReferencePrise",
        existing_pto: Option<String> = "PriseExistante",
    }

    /// Body of `testerEligibiliteLot`: at most 100 questions.
    pub struct TestLot {
        tests: Vec<LotTest> = "Test",
    }

    /// One of them: [`TestEligibility`] and a mark of the caller's own.
    pub struct LotTest {
        mark: Option<String> = "Repere",
        address: Option<Address> = "Adresse",
        batiment: Option<String> = "Batiment",
        escalier: Option<String> = "Escalier",
        etage: Option<String> = "Etage",
        pto: Option<String> = "ReferencePrise",
        existing_pto: Option<String> = "PriseExistante",
    }

    /// Body of `testerEligibiliteLotReponse`; the extraction date is in the header, the same for
    /// all.
    pub struct LotTested {
        results: Vec<LotResult> = "Resultat",
    }

    /// What `testerEligibilite` would have answered to one question.
    pub struct LotResult {
        rank: u32 = "Rang",
        mark: Option<String> = "Repere",
        code: u16 = "CodeRetour",
        label: String = "LibelleRetour",
        motive: Option<String> = "Motif",
        field: Option<String> = "Champ",
        remedy: Option<String> = "Remede",
        who: Option<String> = "QuiAgit",
        buildings: Vec<Building> = "Immeuble",
    }

    /// Body of `testerEligibiliteReponse`; the extraction date is in the header.
    pub struct EligibilityTested {
        buildings: Vec<Building> = "Immeuble",
    }

    /// A building that matches.
    pub struct Building {
        reference: String = "IdentifiantImmeuble",
        state: String = "EtatImmeuble",
        hexacle: Option<String> = "CodeAdresseImmeuble",
        insee: Option<String> = "CodeInseeImmeuble",
        postcode: Option<String> = "CodePostalImmeuble",
        commune: Option<String> = "CommuneImmeuble",
        rivoli: Option<String> = "CodeVoieRivoliImmeuble",
        number: Option<String> = "NumeroVoieImmeuble",
        complement: Option<String> = "ComplementNumeroVoieImmeuble",
        street_type: Option<String> = "TypeVoieImmeuble",
        street_name: Option<String> = "LibelleVoieImmeuble",
        batiment: Option<String> = "Batiment",
        dwellings_count: Option<u32> = "NombreLogements",
        pm: Option<String> = "ReferencePM",
        technical_pm: Option<String> = "ReferencePMTechnique",
        pm_state: Option<String> = "EtatPM",
        pm_installed_on: Option<Day> = "DateInstallationPM",
        pm_handed_over_on: Option<Day> = "DatePremiereMADPM",
        pm_commercial_on: Option<Day> = "DateMiseEnServiceCommercialePM",
        pm_service_reference: Option<String> = "ReferencePrestationPm",
        pbo_kind: Option<String> = "TypePBO",
        connection_kind: Option<String> = "TypeRaccoPBPTO",
        oi_patching: Option<YesNo> = "BrassageParOIUniquement",
        saturated: YesNo = "Sature",
        orders_from: Option<Day> = "DateDebutAcceptationCmdAcces",
        reports_from: Option<Day> = "DateDebutFournitureCRCmdAcces",
        structure: Required = "StructureRequise",
        dwellings: Vec<Dwelling> = "Logement",
        offers: Vec<Offer> = "Offre",
    }

    /// A dwelling, spelt as an order must spell it.
    pub struct Dwelling {
        batiment: Option<String> = "Batiment",
        escalier: Option<String> = "Escalier",
        etage: Option<String> = "Etage",
        porte: Option<String> = "Porte",
        pbo: Option<String> = "ReferencePBO",
        existing_pto: YesNo = "PtoExistante",
        pto: Option<String> = "ReferencePrise",
        line: Option<String> = "EtatLigne",
        free_fibres: Option<u32> = "FibresLibres",
    }

    /// What can be said of one offer.
    pub struct Offer {
        code: String = "Code",
        label: String = "Libelle",
        verdict: Verdict = "Verdict",
        eligible_on: Option<Day> = "DateEligibilite",
        motive: Option<String> = "Motif",
        motive_label: Option<String> = "LibelleMotif",
        remedy: Option<String> = "Remede",
        who: Option<String> = "QuiAgit",
        technical: YesNo = "CompatibiliteTechnique",
        commercial: YesNo = "CompatibiliteCommerciale",
        reasons: Vec<Reason> = "RegleNonRespectee",
    }

    /// A rule that refuses it.
    pub struct Reason {
        label: String = "Libelle",
        motive: String = "Motif",
        motive_label: String = "LibelleMotif",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_is_read_and_written_whole() {
        CONTRACT
            .prove_request::<TestEligibility>("testerEligibilite")
            .unwrap();
    }

    #[test]
    fn the_answer_is_written_and_read_whole() {
        CONTRACT
            .prove_answer::<EligibilityTested>("testerEligibiliteReponse")
            .unwrap();
    }

    #[test]
    fn a_lot_is_read_and_written_whole() {
        CONTRACT
            .prove_request::<TestLot>("testerEligibiliteLot")
            .unwrap();
        CONTRACT
            .prove_answer::<LotTested>("testerEligibiliteLotReponse")
            .unwrap();
    }

    #[test]
    fn the_contract_has_two_operations_and_the_wsdl_binds_them() {
        assert_eq!(
            CONTRACT.elements(),
            [
                "testerEligibilite",
                "testerEligibiliteLot",
                "testerEligibiliteLotReponse",
                "testerEligibiliteReponse"
            ]
        );
        let wsdl = CONTRACT
            .file("eligibilite.wsdl", "https://ws.example/ws/e")
            .unwrap();
        assert!(wsdl.contains("location=\"https://ws.example/ws/e\""));
        for operation in ["testerEligibilite", "testerEligibiliteLot"] {
            let action = format!("soapAction=\"urn:epissure:ws:eligibilite:1/{operation}\"");
            assert!(wsdl.contains(&action));
        }
    }
}
