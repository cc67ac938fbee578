//! What the crate promises, against a small contract of its own.

mod answers;
mod hostile;
mod reading;

use soap::{Contract, Envelope, FaultCode, Limits, SoapFault};

pub static SAMPLE: Contract = Contract::new(
    "essai",
    "urn:epissure:ws:essai:1",
    "<definitions location=\"https://localhost:8444/ws/essai\"/>",
    include_str!("essai.xsd"),
);

pub const NOTE: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"
    xmlns:c="urn:epissure:ws:commun:1"><s:Body>
  <noter xmlns="urn:epissure:ws:essai:1">
    <c:Entete><c:VersionWS>1.0</c:VersionWS>
      <c:HorodatageRequete>2026-11-23T01:07:26</c:HorodatageRequete>
      <c:IdentifiantRequete>{0F8FAD5B-D9CB-469F-A165-70867728950E}</c:IdentifiantRequete>
    </c:Entete>
    <Texte>bonjour</Texte>
    <Ligne><Rang>1</Rang><Libelle>un</Libelle></Ligne>
    <Ligne><Rang>2</Rang></Ligne>
  </noter></s:Body></s:Envelope>"#;

soap::message! {
    /// The sample request.
    pub struct Note {
        text: Option<String> = "Texte",
        lines: Vec<Line> = "Ligne",
    }
    /// One of its lines.
    pub struct Line {
        rank: u16 = "Rang",
        label: Option<String> = "Libelle",
    }
}

/// Reads and validates `xml`, as an edge does.
pub fn accept(xml: &str) -> Result<Envelope, SoapFault> {
    let envelope = Envelope::read(xml.as_bytes(), &Limits::DEFAULT)?;
    SAMPLE.validate(&envelope)?;
    Ok(envelope)
}

/// The code of the Fault that answers `xml`.
pub fn refused(xml: &str) -> FaultCode {
    accept(xml).expect_err("refused").code
}
