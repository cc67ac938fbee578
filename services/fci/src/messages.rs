//! The messages of the `fci` web service as plain data: what stands in the body after the common
//! header of a request, or after the common return of an answer (interfaces §0). Nothing is decided
//! here; names and order are those of `contract/fci.xsd`.

use serde::{Deserialize, Serialize};
use soap::{Contract, Instant, Pairs, message};

/// The published contract.
pub static CONTRACT: Contract = Contract::new(
    "fci",
    "urn:epissure:ws:fci:1",
    include_str!("../contract/fci.wsdl"),
    include_str!("../contract/fci.xsd"),
);

/// Body of `deposerCommande`: the columns of `CMD_ACCES` that were given.
pub type DepositOrder = Pairs;

/// Body of `deposerCrStoc`: the columns of `CR_STOC` that were given.
pub type DepositConnectionReport = Pairs;

/// What a flow answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// Taken.
    #[default]
    #[serde(rename = "OK")]
    Ok,
    /// Refused, with a motive.
    #[serde(rename = "KO")]
    Ko,
}

impl soap::Field for Outcome {}

message! {
    /// Body of `deposerCommandeReponse`; empty when the order was not taken at all.
    pub struct OrderDeposited {
        outcome: Option<Outcome> = "EtatArCommandePrise",
        motive: Option<String> = "MotifKoArCommandePrise",
        answered_at: Option<Instant> = "DateArCommandePrise",
        comment: Option<String> = "Commentaire",
        reference: Option<String> = "ReferenceCommandePriseInterneOC",
    }

    /// Body of `consulterCommande`: one of the two references.
    pub struct ConsultOrder {
        reference: Option<String> = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
    }

    /// Body of `consulterCommandeReponse`.
    pub struct OrderConsulted {
        order: Option<Order> = "Commande",
    }

    /// Body of `annulerCommande`.
    pub struct CancelOrder {
        reference: Option<String> = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
        comment: Option<String> = "Commentaire",
    }

    /// Body of `deposerCrMes`. The date is as sent: the use case reads it.
    pub struct DepositServiceReport {
        reference: Option<String> = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
        in_service_at: Option<String> = "DateMiseEnService",
    }

    /// Body of the answers to `annulerCommande`, `deposerCrStoc` and `deposerCrMes`.
    pub struct OrderMoved {
        progress: Option<Progress> = "Suivi",
    }

    /// Where the order stands after the operation.
    pub struct Progress {
        reference: Option<String> = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
        status: String = "Etat",
        since: Instant = "DateEtat",
    }

    /// Body of `listerEvenements`.
    pub struct ListEvents {
        after: Option<i64> = "DepuisNumero",
        limit: Option<u16> = "Limite",
    }

    /// Body of `listerEvenementsReponse`. The last number is what to ask from next.
    pub struct EventsListed {
        events: Vec<OrderEvent> = "Evenement",
        last: Option<i64> = "DernierNumero",
    }

    /// One event told to the operator.
    pub struct OrderEvent {
        number: i64 = "Numero",
        kind: String = "Type",
        at: Instant = "Date",
        reference: String = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
        code: Option<String> = "Code",
        comment: Option<String> = "Commentaire",
    }

    /// An order as it stands: what each flow said, the route, then the timeline, oldest first.
    pub struct Order {
        reference: String = "ReferenceCommandePriseInterneOC",
        service_reference: Option<String> = "ReferencePrestationPrise",
        status: String = "Etat",
        received_at: Instant = "DateReception",
        building: Option<String> = "IdentifiantImmeuble",
        batiment: Option<String> = "Batiment",
        escalier: Option<String> = "Escalier",
        etage: Option<String> = "Etage",
        pto: Option<String> = "ReferencePrise",
        existing_pto: Option<String> = "PriseExistante",
        order_type: Option<String> = "TypeCommandeDemande",
        offer: Option<String> = "OffreAccesCommandee",
        receipt: Option<Receipt> = "ArCommande",
        report: Option<Report> = "CrCommande",
        subcontract: Option<Subcontract> = "CmdStoc",
        connection: Option<Connection> = "CrStoc",
        handover: Option<Handover> = "CrMad",
        in_service: Option<InService> = "CrMes",
        routes: Vec<Route> = "RouteOptique",
        timeline: Vec<Step> = "Historique",
    }

    /// AR_CMD_ACCES.
    pub struct Receipt {
        outcome: Outcome = "EtatArCommandePrise",
        motive: Option<String> = "MotifKoArCommandePrise",
        at: Instant = "DateArCommandePrise",
        comment: Option<String> = "Commentaire",
    }

    /// CR_CMD_ACCES.
    pub struct Report {
        outcome: Outcome = "EtatCrCommandePrise",
        motive: Option<String> = "MotifKoCrCommandePrise",
        at: Instant = "DateCrCommandePrise",
        order_type: Option<String> = "TypeCommandeRetenu",
        pm: Option<String> = "ReferencePM",
        technical_pm: Option<String> = "ReferencePMTechnique",
        pbo: Option<String> = "ReferencePBO",
        comment: Option<String> = "Commentaire",
    }

    /// CMD_STOC.
    pub struct Subcontract {
        reference: String = "ReferenceCommandeSousTraitantOI",
        at: Instant = "DateCmdStoc",
    }

    /// CR_STOC as received.
    pub struct Connection {
        outcome: Outcome = "CrRaccordementPrise",
        motive: Option<String> = "MotifKoCrRaccordementPrise",
        pto: Option<String> = "ReferencePrise",
        connected_at: Option<Instant> = "DateRaccordementPrise",
        pto_installed: Option<String> = "PrisePosee",
        optical_report: Option<String> = "BilanOptique",
        comment: Option<String> = "Commentaire",
        reprovisioned: Option<String> = "NotificationReprovisioningHL",
        discharge: Option<String> = "NumeroDecharge",
        at: Instant = "DateCrStoc",
    }

    /// CR_MAD_LIGNE.
    pub struct Handover {
        pto: String = "ReferencePrise",
        at: Instant = "DateMiseADisposition",
    }

    /// CR_MES_LIGNE.
    pub struct InService {
        at: Instant = "DateMiseEnService",
    }

    /// One fibre of the PTO, from the PM to the connector.
    pub struct Route {
        operator: String = "OC",
        pm_module: String = "NomModulePM",
        pm_position: String = "PositionModulePM",
        pbo_cable: Option<String> = "ReferenceCablePBO",
        pbo_tube: String = "InformationTubePBO",
        pbo_fibre: String = "InformationFibrePBO",
        connector_number: Option<u16> = "ConnecteurPriseNumero",
        connector_colour: Option<String> = "ConnecteurPriseCouleur",
    }

    /// One line of the timeline.
    pub struct Step {
        at: Instant = "Date",
        kind: String = "Etape",
        from: Option<String> = "De",
        to: Option<String> = "Vers",
        channel: String = "Canal",
        actor: String = "Acteur",
        code: Option<String> = "Code",
        comment: Option<String> = "Commentaire",
    }
}

#[cfg(test)]
mod tests {
    use soap::RequestHeader;

    use super::*;

    #[test]
    fn every_request_of_the_contract_is_read_and_written_whole() {
        CONTRACT
            .prove_request::<DepositOrder>("deposerCommande")
            .unwrap();
        CONTRACT
            .prove_request::<ConsultOrder>("consulterCommande")
            .unwrap();
        CONTRACT
            .prove_request::<CancelOrder>("annulerCommande")
            .unwrap();
        CONTRACT
            .prove_request::<DepositConnectionReport>("deposerCrStoc")
            .unwrap();
        CONTRACT
            .prove_request::<DepositServiceReport>("deposerCrMes")
            .unwrap();
        CONTRACT
            .prove_request::<ListEvents>("listerEvenements")
            .unwrap();
    }

    #[test]
    fn every_answer_of_the_contract_is_written_and_read_whole() {
        CONTRACT
            .prove_answer::<OrderDeposited>("deposerCommandeReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<OrderConsulted>("consulterCommandeReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<OrderMoved>("annulerCommandeReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<OrderMoved>("deposerCrStocReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<OrderMoved>("deposerCrMesReponse")
            .unwrap();
        CONTRACT
            .prove_answer::<EventsListed>("listerEvenementsReponse")
            .unwrap();
    }

    #[test]
    fn the_contract_has_six_operations_and_the_wsdl_binds_each() {
        let elements = CONTRACT.elements();
        assert_eq!(elements.len(), 12);
        let wsdl = CONTRACT
            .file("fci.wsdl", "https://ws.example/ws/fci")
            .unwrap();
        assert!(wsdl.contains("location=\"https://ws.example/ws/fci\""));
        for operation in elements.iter().filter(|name| !name.ends_with("Reponse")) {
            assert!(wsdl.contains(&format!(
                "soapAction=\"{}/{operation}\"",
                CONTRACT.namespace
            )));
            assert!(elements.contains(&format!("{operation}Reponse")));
        }
    }

    #[test]
    fn an_order_with_missing_or_badly_written_trade_fields_passes_the_schema() {
        let header = RequestHeader {
            version: "1.0".into(),
            ..RequestHeader::default()
        };
        for pairs in [
            vec![],
            vec![
                ("ReferenceCommandePriseInterneOC", "R1"),
                ("DateInstall", "demain"),
            ],
            vec![
                ("CodeInseeImmeuble", "la commune de Laval"),
                ("PriseExistante", "peut-être"),
            ],
        ] {
            let order: DepositOrder = pairs.into_iter().collect();
            let xml = CONTRACT
                .write_request("deposerCommande", &header, &order)
                .unwrap();
            let read = CONTRACT.accept(&xml).unwrap();
            assert_eq!(read.body::<DepositOrder>().unwrap(), order);
        }
    }
}
