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
    let how = match error.rule {
        r if r.starts_with("cvc-elt.1") => "élément inconnu du contrat",
        r if r.starts_with("cvc-complex-type.2.4") => "élément inattendu, mal placé ou manquant",
        r if r.starts_with("cvc-complex-type.3") || r.starts_with("cvc-complex-type.4") => {
            "attribut inattendu ou manquant"
        }
        r if r.starts_with("cvc-elt.3") => "xsi:nil non admis",
        _ => "contenu non admis",
    };
    format!(
        "{how} : élément {}, ligne {}, colonne {} ({})",
        error.element, error.line, error.column, error.rule
    )
}

/// An operation the contract does not have.
pub(crate) fn unknown_operation(name: &str) -> String {
    format!("opération inconnue du contrat : élément {name}")
}

/// A line and a column.
pub(crate) fn at(line: usize, column: usize) -> String {
    format!(", ligne {line}, colonne {column}")
}
