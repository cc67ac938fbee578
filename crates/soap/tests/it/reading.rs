//! Every legal way of writing a message is read the same.

use crate::{Line, NOTE, Note, SAMPLE, accept, refused};
use soap::{Contract, Envelope, FaultCode, Limits};

fn note(xml: &str) -> Note {
    let envelope = accept(xml).expect("accepted");
    assert_eq!(envelope.namespace(), SAMPLE.namespace);
    assert_eq!(envelope.name(), "noter");
    let header = envelope.header().expect("a header");
    assert_eq!(header.version, "1.0");
    assert_eq!(header.requested_at.to_string(), "2026-11-23T01:07:26+01:00");
    assert_eq!(
        header.idempotency_key().expect("a key"),
        "0f8fad5b-d9cb-469f-a165-70867728950e"
    );
    envelope.body().expect("a note")
}

#[test]
fn a_message_is_read_whatever_its_prefixes_comments_and_spaces() {
    let expected = Note {
        text: Some("bonjour".into()),
        lines: vec![
            Line {
                rank: 1,
                label: Some("un".into()),
            },
            Line {
                rank: 2,
                label: None,
            },
        ],
    };
    let prefixed = NOTE
        .replace("<s:", "<SOAP-ENV:")
        .replace("</s:", "</SOAP-ENV:")
        .replace("xmlns:s=", "xmlns:SOAP-ENV=")
        .replace("<Texte>", "<z:Texte xmlns:z='urn:epissure:ws:essai:1'>")
        .replace("</Texte>", "</z:Texte>");
    for xml in [
        NOTE.to_owned(),
        format!(
            "\u{FEFF}<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<!-- a -->{NOTE}<!-- b -->\n"
        ),
        NOTE.replace("bonjour", "<!-- x -->bon<![CDATA[jour]]>"),
        NOTE.replace("bonjour", "\n  bonj&#111;ur\t"),
        NOTE.replace("<Rang>2</Rang>", "<Rang>2</Rang><Libelle/>"),
        NOTE.replace(
            "{0F8FAD5B-D9CB-469F-A165-70867728950E}",
            "urn:uuid:0f8fad5b-d9cb-469f-a165-70867728950e",
        ),
        NOTE.replace("2026-11-23T01:07:26<", "2026-11-23T00:07:26.123456Z<"),
        prefixed,
    ] {
        assert_eq!(note(&xml), expected, "{xml}");
    }
}

#[test]
fn escaped_text_is_read_as_it_was_meant() {
    let xml = NOTE.replace(
        "bonjour",
        "<![CDATA[a < b]]> &amp; c &lt;d&gt; &#x20AC;&quot;",
    );
    assert_eq!(note(&xml).text.as_deref(), Some("a < b & c <d> \u{20AC}\""));
}

#[test]
fn a_missing_request_id_passes_the_schema_and_is_return_code_1() {
    let start = NOTE.find("<c:IdentifiantRequete>").unwrap();
    let end = NOTE.find("</c:IdentifiantRequete>").unwrap() + "</c:IdentifiantRequete>".len();
    let without = format!("{}{}", &NOTE[..start], &NOTE[end..]);
    let empty = format!("{}<c:IdentifiantRequete/>{}", &NOTE[..start], &NOTE[end..]);
    for xml in [without, empty] {
        let refusal = accept(&xml)
            .unwrap()
            .header()
            .unwrap()
            .idempotency_key()
            .unwrap_err();
        assert_eq!(refusal.return_code(), 1);
        assert_eq!(refusal.field.as_deref(), Some("IdentifiantRequete"));
    }
}

#[test]
fn a_message_outside_its_contract_is_fault_22_with_the_place() {
    let cases = [
        (
            NOTE.replace("<Rang>2</Rang>", "<Rang>deux</Rang>"),
            "Rang",
            10,
            12,
        ),
        (
            NOTE.replace("<Rang>2</Rang>", "<Libelle>x</Libelle>"),
            "Libelle",
            10,
            12,
        ),
        (NOTE.replace("<Rang>2</Rang>", ""), "Ligne", 10, 5),
        (
            NOTE.replace("<Texte>bonjour</Texte>", "<Inconnu/>"),
            "Inconnu",
            8,
            5,
        ),
        (
            NOTE.replace("<Texte>", "<Texte couleur='bleu'>"),
            "Texte",
            8,
            5,
        ),
        (NOTE.replace("bonjour", &"x".repeat(4097)), "Texte", 8, 5),
        (NOTE.replace("noter", "effacer"), "effacer", 3, 3),
    ];
    for (xml, element, line, column) in cases {
        let fault = accept(&xml).unwrap_err();
        assert_eq!(fault.code, FaultCode::NotConformant);
        let schema = fault.schema.unwrap();
        assert_eq!(
            (schema.element.as_str(), schema.line, schema.column),
            (element, line, column)
        );
        assert!(
            fault
                .message
                .contains(&format!("élément {element}, ligne {line}"))
        );
        assert!(
            !fault.message.contains("deux"),
            "values stay out of answers"
        );
    }
}

#[test]
fn a_type_named_by_the_message_is_not_a_way_around_the_contract() {
    let xml = NOTE
        .replace(
            "<noter ",
            "<noter xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='NoteLongue' ",
        )
        .replace("</noter>", "<Suite>x</Suite></noter>");
    let envelope = accept(&xml).unwrap();
    let fault = envelope.body::<Note>().unwrap_err();
    assert_eq!(fault.code, FaultCode::NotConformant);
}

#[test]
fn a_header_that_must_be_understood_is_refused_and_others_are_ignored() {
    let with = |attribute: &str| {
        let header =
            format!("<s:Header><x:Sec xmlns:x='urn:x' {attribute}><y/>t</x:Sec></s:Header>");
        NOTE.replace("<s:Body>", &format!("{header}<s:Body>"))
    };
    assert!(accept(&with("")).is_ok());
    assert!(accept(&with("s:mustUnderstand='0'")).is_ok());
    assert_eq!(
        refused(&with("s:mustUnderstand='1'")),
        FaultCode::NotConformant
    );
}

#[test]
fn messages_are_validated_at_once_on_many_threads() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert!(accept(NOTE).is_ok());
                }
            });
        }
    });
}

#[test]
fn a_broken_contract_is_a_fault_of_ours() {
    static BROKEN: Contract = Contract::new("casse", "urn:x", "", "<xs:schema");
    assert!(BROKEN.warm().is_err());
    let envelope = Envelope::read(NOTE.as_bytes(), &Limits::DEFAULT).unwrap();
    assert_eq!(
        BROKEN.validate(&envelope).unwrap_err().code,
        FaultCode::Internal
    );
    static ELSEWHERE: Contract = Contract::new(
        "ailleurs",
        "urn:x",
        "",
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\
         <xs:include schemaLocation='absent.xsd'/></xs:schema>",
    );
    assert!(
        ELSEWHERE.warm().is_err(),
        "a schema that needs a file we do not have"
    );
}
