//! Answers and Faults are what the contract says, whatever they carry.

use kernel::{Millis, Refusal, codes};
use soap::{Envelope, FaultCode, Head, Instant, Limits, RequestHeader, SoapFault, Stamp};

use crate::{Line, Note, SAMPLE};

const AT: Instant = Instant(Millis(1_795_392_446_789));

fn header() -> RequestHeader {
    RequestHeader {
        version: "1.0".into(),
        requested_at: AT,
        request_id: Some("a<&>\"'".into()),
    }
}

fn stamp(request: &RequestHeader) -> Stamp<'_> {
    Stamp {
        request,
        answered_at: AT,
        reply_id: "req_1",
        extracted_at: Some(AT),
    }
}

/// Validates an answer of ours and reads it back.
fn back(xml: &str) -> Envelope {
    let envelope = Envelope::read(xml.as_bytes(), &Limits::DEFAULT).expect("an envelope");
    SAMPLE
        .validate(&envelope)
        .unwrap_or_else(|fault| panic!("{} in {xml}", fault.message));
    envelope
}

#[test]
fn an_answer_conforms_and_says_what_was_meant() {
    let request = header();
    let body = Note {
        text: Some("<b>&amp; \u{1}\u{FFFE} é</b>".into()),
        lines: vec![
            Line {
                rank: 1,
                label: None,
            },
            Line {
                rank: 2,
                label: Some("x".into()),
            },
        ],
    };
    let head = Head::accepted(&stamp(&request));
    let envelope = back(&SAMPLE.write_reply("noterReponse", &head, &body).unwrap());
    let read = envelope.head().unwrap();
    assert_eq!(
        (read.code, read.label.as_str()),
        (0, "AUCUNE ERREUR - ACQUITTE")
    );
    assert_eq!(read.header.request_id, request.request_id);
    assert!(
        envelope
            .text()
            .contains("<c:HorodatageReponse>2026-11-23T01:07:26+01:00<")
    );
    let answered: Note = envelope.body().unwrap();
    assert_eq!(
        answered.text.as_deref(),
        Some("<b>&amp; \u{FFFD}\u{FFFD} é</b>")
    );
    assert_eq!(answered.lines, body.lines);
}

#[test]
fn a_refusal_carries_its_return_code_motive_field_and_remedy() {
    let request = header();
    let refusal = Refusal::new(&codes::FADR01).on("CodeAdresseImmeuble");
    let head = Head::refused(&stamp(&request), &refusal);
    let envelope = back(&SAMPLE.write_reply("noterReponse", &head, &()).unwrap());
    let read = envelope.head().unwrap();
    assert_eq!(read.code, 8);
    assert_eq!(read.motive.as_deref(), Some("FADR01"));
    assert_eq!(read.field.as_deref(), Some("CodeAdresseImmeuble"));
    assert_eq!(read.label, refusal.message());
    assert_eq!(read.remedy.as_deref(), Some(refusal.remedy()));
    assert_eq!(read.who.as_deref(), Some("l’opérateur"));
}

#[test]
fn a_request_of_ours_conforms_and_comes_back() {
    let body = Note {
        text: Some("é & <è>".into()),
        lines: vec![],
    };
    let xml = SAMPLE.write_request("noter", &header(), &body).unwrap();
    let envelope = back(&xml);
    assert_eq!(envelope.body::<Note>().unwrap(), body);
    assert_eq!(envelope.header().unwrap().request_id, header().request_id);
}

#[test]
fn every_fault_has_the_shape_the_wsdl_declares() {
    let all = [
        (FaultCode::Internal, "10", "Server"),
        (FaultCode::Authentication, "12", "Client"),
        (FaultCode::Maintenance, "14", "Server"),
        (FaultCode::Disabled, "16", "Client"),
        (FaultCode::Unreadable, "18", "Client"),
        (FaultCode::NotConformant, "22", "Client"),
    ];
    for (code, number, side) in all {
        let fault = SoapFault::because(code, "<é> & \u{2}").with_reference("req_<1>");
        let envelope = back(&fault.to_xml());
        assert_eq!(envelope.name(), "Fault");
        let text = envelope.text();
        assert!(text.contains(&format!("<faultcode>s:{side}</faultcode>")));
        assert!(text.contains(&format!("<Code>{number}</Code>")));
        assert!(text.contains("<Reference>req_&lt;1&gt;</Reference>"));
        back(&SoapFault::new(code).to_xml());
    }
    let unknown = SoapFault::unknown_operation(&"x".repeat(1_000));
    assert!(unknown.message.len() < 200);
}

#[test]
fn the_contract_is_served_with_the_public_address() {
    let wsdl = SAMPLE
        .file("essai.wsdl", "https://ws.deuxvallees.example/ws/essai")
        .unwrap();
    assert!(wsdl.contains("location=\"https://ws.deuxvallees.example/ws/essai\""));
    assert!(
        SAMPLE
            .file("essai.xsd", "")
            .unwrap()
            .contains("targetNamespace")
    );
    assert!(
        SAMPLE
            .file("commun.xsd", "")
            .unwrap()
            .contains("urn:epissure:ws:commun:1")
    );
    for absent in ["", "essai", "essai.xsd.bak", "../Cargo.toml", "fci.xsd"] {
        assert_eq!(SAMPLE.file(absent, ""), None);
    }
}
