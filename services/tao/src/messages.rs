//! The messages of the `tao` web service as plain data; names and order are those of
//! `contract/tao.xsd`.

use service_api::place::{Address, Required};
use soap::{Contract, YesNo, message};

use crate::anomaly::Anomaly;
use crate::anomaly::rules::Kind;

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

    /// Body of `signalerAnomalieAdresse`.
    pub struct AnomalyReport {
        kind: Option<String> = "TypeAnomalie",
        address: Option<Address> = "Adresse",
        postcode: Option<String> = "CodePostalImmeuble",
        commune: Option<String> = "CommuneImmeuble",
        street: Option<String> = "LibelleVoieImmeuble",
        batiment: Option<String> = "Batiment",
        escalier: Option<String> = "Escalier",
        etage: Option<String> = "Etage",
        porte: Option<String> = "Porte",
        pto: Option<String> = "ReferencePrise",
        dwellings: Option<String> = "NombreLogements",
        expected: Option<String> = "ValeurAttendue",
        typed: Option<String> = "TexteSaisi",
        comment: Option<String> = "Commentaire",
    }

    /// Body of `signalerAnomalieAdresseReponse`: the anomaly, new or open already (code 100).
    pub struct AnomalyReported {
        reference: Option<String> = "ReferenceAnomalie",
        status: Option<String> = "Statut",
    }
}

impl AnomalyReport {
    /// Every field that was given, by its trade name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let address = self.address.as_ref();
        let of = |part: fn(&Address) -> Option<&str>| address.and_then(part);
        let all = [
            ("TypeAnomalie", self.kind.as_deref()),
            ("IdentifiantImmeuble", of(|one| one.building.as_deref())),
            ("CodeAdresseImmeuble", of(|one| one.hexacle.as_deref())),
            ("CodeInseeImmeuble", of(|one| one.insee.as_deref())),
            ("CodeVoieRivoliImmeuble", of(|one| one.rivoli.as_deref())),
            ("NumeroVoieImmeuble", of(|one| one.number.as_deref())),
            (
                "ComplementNumeroVoieImmeuble",
                of(|one| one.complement.as_deref()),
            ),
            ("CodePostalImmeuble", self.postcode.as_deref()),
            ("CommuneImmeuble", self.commune.as_deref()),
            ("LibelleVoieImmeuble", self.street.as_deref()),
            ("Batiment", self.batiment.as_deref()),
            ("Escalier", self.escalier.as_deref()),
            ("Etage", self.etage.as_deref()),
            ("Porte", self.porte.as_deref()),
            ("ReferencePrise", self.pto.as_deref()),
            ("NombreLogements", self.dwellings.as_deref()),
            ("ValeurAttendue", self.expected.as_deref()),
            ("TexteSaisi", self.typed.as_deref()),
            ("Commentaire", self.comment.as_deref()),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }

    /// The message that reports the same as `anomaly`.
    #[must_use]
    pub fn of(anomaly: &Anomaly) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let place = &anomaly.place;
        let is_free = anomaly.kind == Kind::Creation;
        let free = |text: &str| some(text).filter(|_| is_free);
        // One building says it all; several have one address, which then is the key.
        let keyed = |text: &str| some(text).filter(|_| is_free || place.building_ref.is_empty());
        Self {
            kind: some(anomaly.kind.as_str()),
            address: Some(Address {
                building: some(&place.building_ref),
                hexacle: keyed(&place.hexacle),
                insee: keyed(&place.insee),
                rivoli: keyed(&place.rivoli),
                number: keyed(&place.number),
                complement: keyed(&place.complement),
            }),
            postcode: free(&place.postcode),
            commune: free(&place.commune),
            street: free(&place.street),
            batiment: some(&anomaly.batiment),
            escalier: some(&anomaly.escalier),
            etage: some(&anomaly.etage),
            porte: some(&anomaly.porte),
            pto: some(&anomaly.pto_ref),
            dwellings: anomaly.dwellings.map(|count| count.to_string()),
            expected: some(&anomaly.expected),
            typed: some(&anomaly.typed),
            comment: some(&anomaly.comment),
        }
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
        CONTRACT
            .prove_request::<AnomalyReport>("signalerAnomalieAdresse")
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
        CONTRACT
            .prove_answer::<AnomalyReported>("signalerAnomalieAdresseReponse")
            .unwrap();
    }

    #[test]
    fn the_wsdl_binds_every_operation() {
        let wsdl = CONTRACT
            .file("tao.wsdl", "https://ws.example/ws/t")
            .unwrap();
        assert!(wsdl.contains("location=\"https://ws.example/ws/t\""));
        for operation in [
            "rechercherAdresse",
            "consulterStructure",
            "signalerAnomalieAdresse",
        ] {
            let action = format!("soapAction=\"urn:epissure:ws:tao:1/{operation}\"");
            assert!(wsdl.contains(&action));
        }
    }
}
