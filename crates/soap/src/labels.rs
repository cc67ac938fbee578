//! What a Fault says, in French: the trade's labels of the six codes that are Faults (domain §5.3),
//! and one sentence for each reason a message cannot be read. Values are never repeated, since they
//! may be personal data; names are.

use crate::contract::SchemaError;
use crate::envelope::Defect;
use crate::fault::FaultCode;

/// Label of return code 0.
pub(crate) const ACCEPTED: &str = "AUCUNE ERREUR - ACQUITTE";

/// Label of a Fault's code.
pub(crate) fn fault(code: FaultCode) -> &'static str {
    match code {
        FaultCode::Internal => "ERREUR SI INTERNE",
        FaultCode::Authentication => "ERREUR AUTHENTIFICATION",
        FaultCode::Maintenance => "SI EN MAINTENANCE",
        FaultCode::Disabled => "ACCES DESACTIVE",
        FaultCode::Unreadable => "ERREUR FORMAT",
        FaultCode::NotConformant => "INTERFACE INCORRECTE",
    }
}

/// A body that passed its schema and still cannot be read: a time that no calendar has.
pub(crate) const UNREADABLE_BODY: &str = "contenu illisible";

/// Why a message is not read.
pub(crate) fn defect(defect: &Defect) -> String {
    match defect {
        Defect::Size(max) => format!("message de plus de {max} octets"),
        Defect::Encoding => "le message n’est pas en UTF-8".to_owned(),
        Defect::Doctype => "DOCTYPE interdit".to_owned(),
        Defect::Instruction => "instruction de traitement interdite".to_owned(),
        Defect::Entity => "entité non prédéfinie interdite".to_owned(),
        Defect::Depth(max) => format!("plus de {max} niveaux d’éléments"),
        Defect::Nodes(max) => format!("plus de {max} nœuds"),
        Defect::Attributes(max) => format!("plus de {max} attributs sur un élément"),
        Defect::Namespaces(max) => format!("plus de {max} espaces de noms à la fois"),
        Defect::Text(max) => format!("texte de plus de {max} octets"),
        Defect::Malformed => "XML mal formé ou tronqué".to_owned(),
        Defect::NotSoap => "une enveloppe SOAP 1.1 est attendue".to_owned(),
        Defect::BodyChildren(0) => "le corps SOAP est vide".to_owned(),
        Defect::BodyChildren(_) => "le corps SOAP a plus d’un élément".to_owned(),
        Defect::MustUnderstand => "en-tête SOAP obligatoire inconnu".to_owned(),
    }
}

/// Where a message leaves its contract, and how.
pub(crate) fn schema(error: &SchemaError) -> String {
    format!(
        "{} : élément {}, ligne {}, colonne {} ({})",
        broken_rule(error.rule),
        error.element,
        error.line,
        error.column,
        error.rule
    )
}

/// What breaking a rule of XML Schema means.
#[must_use]
pub fn broken_rule(rule: &str) -> &'static str {
    match rule {
        r if r.starts_with("cvc-elt.1") => "élément inconnu du contrat",
        r if r.starts_with("cvc-complex-type.2.4") => "élément inattendu, mal placé ou manquant",
        r if r.starts_with("cvc-complex-type.3") || r.starts_with("cvc-complex-type.4") => {
            "attribut inattendu ou manquant"
        }
        r if r.starts_with("cvc-elt.3") => "xsi:nil non admis",
        _ => "contenu non admis",
    }
}

/// An operation the contract does not have.
pub(crate) fn unknown_operation(name: &str) -> String {
    format!("opération inconnue du contrat : élément {name}")
}

/// A line and a column.
pub(crate) fn at(line: usize, column: usize) -> String {
    format!(", ligne {line}, colonne {column}")
}

/// Value of an element of an example whose name says nothing.
pub(crate) const EXAMPLE: &str = "Exemple";

/// Whether an element only stands in the answer to what was refused.
pub(crate) fn is_of_refusal(name: &str) -> bool {
    let told = ["Motif", "LibelleMotif", "Champ", "Remede", "QuiAgit"];
    told.contains(&name) || name.starts_with("MotifKo")
}

/// The value of an element of an example, as the trade writes it.
pub(crate) fn example(name: &str) -> Option<&'static str> {
    Some(match name {
        "VersionWS" => "1",
        "IdentifiantRequete" => "6b1f2c9e-0d4a-4a57-9d0e-3f5a8c21b7d4",
        "IdentifiantReponse" | "Reference" => "req_019ac1f3a6c47b21",
        "CodeRetour" => "0",
        "LibelleRetour" => ACCEPTED,
        "ReferenceCommandePriseInterneOC" => "HT-778204",
        "ReferencePrestationPrise" => "PRS-0000004217",
        "ReferenceCommandeSousTraitantOI" => "STOC-0000004217",
        "IdentifiantImmeuble" | "Code" => "IMB/53130/X/0412",
        "CodeAdresseImmeuble" => "5313000412",
        "CodeInseeImmeuble" => "53130",
        "CodePostalImmeuble" => "53000",
        "CommuneImmeuble" => "Laval",
        "CodeVoieRivoliImmeuble" => "2185",
        "NumeroVoieImmeuble" => "12",
        "ComplementNumeroVoieImmeuble" => "B",
        "TypeVoieImmeuble" => "RUE",
        "LibelleVoieImmeuble" => "des Tanneurs",
        "Batiment" => "A",
        "Escalier" => "1",
        "Etage" => "3",
        "Porte" => "3B",
        "Nom" => "A",
        "Texte" | "Libelle" => "12 bis rue des Tanneurs, 53000 Laval",
        "TypeRacco" | "OC" => "OC",
        "NomClient" => "Martin",
        "PrenomClient" => "Claude",
        "ContactClient1" | "ContactClient2" => "02 99 00 00 00",
        "IdRdv" => "RDV-0000000123",
        "PriseExistante" => "O",
        "PrisePosee" => "OUI",
        "TypeCommandeDemande" | "TypeCommandeRetenu" => "LOCA",
        "OffreAccesCommandee" | "Offre" => "ACCES_FTTH",
        "ReferencePrise" | "ReferenceVoisine" => "FI-4K7Q-92PX",
        "ReferencePm" | "ReferencePM" => "FI-53130-0003",
        "ReferencePMTechnique" => "FI-53130-0003-1",
        "ReferencePBO" => "PBO-53130-0042",
        "ReferencePrestationPm" => "PM-0000000031",
        "CrRaccordementPrise" => "OK",
        "BilanOptique" => "12,4 dB",
        "Etat" | "Vers" => "MAD",
        "De" => "STOC_EMISE",
        "EtatImmeuble" | "EtatPM" => "DEPLOYE",
        "InformationTubePBO" => "2 BLEU",
        "InformationFibrePBO" => "7 ORANGE",
        "Canal" => "xml",
        name if name.starts_with("Date") => "20261126",
        _ => return None,
    })
}
