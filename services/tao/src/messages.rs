//! The messages of the `tao` web service as plain data; names and order are those of
//! `contract/tao.xsd`.

use service_api::place::{Address, Required};
use soap::{Contract, YesNo, message};

/// The published contract.
pub static CONTRACT: Contract = Contract::new(
    "tao",
    "urn:epissure:ws:tao:1",
    include_str!("../contract/tao.wsdl"),
    include_str!("../contract/tao.xsd"),
);

message! {
    /// Body of `rechercherAdresse`.
    pub struct SearchAddress {
        text: Option<String> = "Texte",
    }

    /// Body of `rechercherAdresseReponse`.
    pub struct AddressFound {
        verdict: Option<String> = "Verdict",
        proposals: Vec<Proposal> = "Proposition",
        alike: Vec<String> = "ReferenceVoisine",
        more: Option<YesNo> = "AutresPropositions",
    }

    /// A place that the text may name.
    pub struct Proposal {
        kind: String = "Nature",
        label: String = "Libelle",
        ban_key: Option<String> = "CleBan",
        insee: Option<String> = "CodeInseeImmeuble",
        other_number: YesNo = "AutreNumero",
        buildings: Vec<String> = "IdentifiantImmeuble",
        assumed: Vec<String> = "Suppose",
        unmatched: Vec<String> = "NonUtilise",
    }

    /// Body of `consulterStructure`.
    pub struct ReadStructure {
        address: Option<Address> = "Adresse",
        porte: Option<String> = "Porte",
        pto: Option<String> = "ReferencePrise",
    }

    /// Body of `consulterStructureReponse`; the extraction date is in the header.
    pub struct StructureRead {
        buildings: Vec<Building> = "Immeuble",
    }

    /// A building.
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
        dwellings_count: Option<u32> = "NombreLogements",
        required: Required = "StructureRequise",
        blocks: Vec<Block> = "Batiment",
    }

    /// A block.
    pub struct Block {
        name: String = "Nom",
        stairs: Vec<Stair> = "Escalier",
    }

    /// A staircase.
    pub struct Stair {
        name: String = "Nom",
        floors: Vec<Floor> = "Etage",
    }

    /// A floor.
    pub struct Floor {
        name: String = "Nom",
        dwellings: Vec<Dwelling> = "Logement",
    }

    /// A dwelling. Never who holds its line.
    pub struct Dwelling {
        porte: Option<String> = "Porte",
        pbo: Option<String> = "ReferencePBO",
        existing_pto: YesNo = "PtoExistante",
        pto: Option<String> = "ReferencePrise",
        line: Option<String> = "EtatLigne",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_read_and_written_whole() {
        CONTRACT
            .prove_request::<SearchAddress>("rechercherAdresse")
            .unwrap();
        CONTRACT
            .prove_request::<ReadStructure>("consulterStructure")
            .unwrap();
    }

    #[test]
    fn answers_are_written_and_read_whole() {
        CONTRACT
            .prove_answer::<AddressFound>("rechercherAdresseReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<StructureRead>("consulterStructureReponse")
            .unwrap();
    }

    #[test]
    fn the_wsdl_binds_every_operation() {
        let wsdl = CONTRACT
            .file("tao.wsdl", "https://ws.example/ws/t")
            .unwrap();
        assert!(wsdl.contains("location=\"https://ws.example/ws/t\""));
        for operation in ["rechercherAdresse", "consulterStructure"] {
            let action = format!("soapAction=\"urn:epissure:ws:tao:1/{operation}\"");
            assert!(wsdl.contains(&action));
        }
    }
}
