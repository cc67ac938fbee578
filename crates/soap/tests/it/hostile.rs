//! Hostile input: each is answered by the right Fault, without building what it asks for.

use proptest::prelude::*;
use soap::{Envelope, FaultCode, Limits};

use crate::{NOTE, accept, refused};

const OPEN: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>"#;
const CLOSE: &str = "</s:Body></s:Envelope>";

fn code(bytes: &[u8], limits: &Limits) -> FaultCode {
    Envelope::read(bytes, limits).expect_err("refused").code
}

#[test]
fn a_doctype_is_refused_with_all_its_laughs() {
    let mut laughs = String::from("<!DOCTYPE lolz [<!ENTITY lol0 \"lol\">");
    for level in 1..10 {
        let ten = format!("&lol{};", level - 1).repeat(10);
        laughs.push_str(&format!("<!ENTITY lol{level} \"{ten}\">"));
    }
    laughs.push_str("]>");
    let bomb = format!("{laughs}{}", NOTE.replace("bonjour", "&lol9;"));
    let fault = accept(&bomb).unwrap_err();
    assert_eq!(fault.code, FaultCode::Unreadable);
    assert!(fault.message.contains("DOCTYPE"));
    let external = "<!DOCTYPE s SYSTEM \"file:///etc/passwd\">";
    assert_eq!(refused(&format!("{external}{NOTE}")), FaultCode::Unreadable);
    assert_eq!(
        refused(&NOTE.replace("<Texte>", "<!DOCTYPE x><Texte>")),
        FaultCode::Unreadable
    );
}

#[test]
fn an_entity_of_its_own_is_refused_in_text_and_in_attributes() {
    for xml in [
        NOTE.replace("bonjour", "&xxe;"),
        NOTE.replace("bonjour", "&nbsp;"),
        NOTE.replace("<Texte>", "<Texte a='&xxe;'>"),
        NOTE.replace("bonjour", "&#0;"),
        NOTE.replace("bonjour", "&#x1F;"),
        NOTE.replace("bonjour", "a & b"),
    ] {
        assert_eq!(refused(&xml), FaultCode::Unreadable, "{xml}");
    }
}

#[test]
fn a_processing_instruction_is_refused() {
    let style = "<?xml-stylesheet href='x'?>";
    for xml in [
        format!("{style}{NOTE}"),
        format!("{NOTE}{style}"),
        NOTE.replace("bonjour", style),
    ] {
        assert_eq!(refused(&xml), FaultCode::Unreadable);
    }
}

#[test]
fn no_schema_named_by_a_message_is_fetched() {
    let xml = NOTE.replace(
        "<noter ",
        "<noter xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' \
         xsi:schemaLocation='urn:x file:///etc/passwd urn:y http://127.0.0.1:9/x.xsd' ",
    );
    assert!(accept(&xml).is_ok());
}

#[test]
fn a_depth_bomb_is_refused() {
    let deep = |n: usize| format!("{OPEN}{}{}{CLOSE}", "<a>".repeat(n), "</a>".repeat(n));
    assert!(Envelope::read(deep(62).as_bytes(), &Limits::DEFAULT).is_ok());
    assert_eq!(
        code(deep(63).as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
    assert_eq!(
        code(deep(140_000).as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
    let unclosed = format!("{OPEN}{}", "<a>".repeat(300_000));
    assert_eq!(
        code(unclosed.as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
}

#[test]
fn a_million_attributes_are_refused() {
    let many = |n: usize| {
        let attributes: String = (0..n).map(|i| format!(" a{i}=''")).collect();
        format!("{OPEN}<a{attributes}/>{CLOSE}")
    };
    assert!(Envelope::read(many(256).as_bytes(), &Limits::DEFAULT).is_ok());
    assert_eq!(
        code(many(257).as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
    let wide = Limits {
        bytes: usize::MAX,
        ..Limits::DEFAULT
    };
    let million = many(1_000_000);
    for limits in [wide, Limits::DEFAULT] {
        assert_eq!(code(million.as_bytes(), &limits), FaultCode::Unreadable);
    }
    let twice = format!("{OPEN}<a b='1' b='2'/>{CLOSE}");
    assert_eq!(
        code(twice.as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
}

#[test]
fn too_many_namespaces_nodes_or_too_much_text_are_refused() {
    let names: String = (0..65).map(|i| format!(" xmlns:n{i}='urn:{i}'")).collect();
    let nodes = format!("{OPEN}<a>{}</a>{CLOSE}", "<b/>".repeat(10_000));
    let comments = format!("{OPEN}<a>{}</a>{CLOSE}", "<!---->".repeat(10_000));
    let text = format!("{OPEN}<a><b>{}</b></a>{CLOSE}", "x".repeat(64 * 1024 + 1));
    let pieces = format!(
        "{OPEN}<a><b>{}</b></a>{CLOSE}",
        "<!-- -->x&lt;".repeat(8_000)
    );
    for xml in [format!("{OPEN}<a{names}/>{CLOSE}"), nodes, comments, text] {
        assert_eq!(
            code(xml.as_bytes(), &Limits::DEFAULT),
            FaultCode::Unreadable
        );
    }
    let small = Limits {
        text: 15_000,
        ..Limits::DEFAULT
    };
    assert_eq!(
        code(pieces.as_bytes(), &small),
        FaultCode::Unreadable,
        "in pieces too"
    );
    let huge = format!("{OPEN}<a>{}</a>{CLOSE}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(
        code(huge.as_bytes(), &Limits::DEFAULT),
        FaultCode::Unreadable
    );
}

#[test]
fn a_message_cut_anywhere_is_refused() {
    let bytes = NOTE.as_bytes();
    for end in 0..bytes.len() {
        assert_eq!(
            code(&bytes[..end], &Limits::DEFAULT),
            FaultCode::Unreadable,
            "cut at {end}"
        );
    }
}

#[test]
fn another_encoding_than_utf_8_is_refused() {
    let utf16: Vec<u8> = NOTE.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut marked = vec![0xFF, 0xFE];
    marked.extend(&utf16);
    let latin1: Vec<u8> = NOTE
        .replace("bonjour", "\u{1}")
        .bytes()
        .map(|b| if b == 1 { 0xE9 } else { b })
        .collect();
    for bytes in [utf16, marked, latin1] {
        assert_eq!(code(&bytes, &Limits::DEFAULT), FaultCode::Unreadable);
    }
    for declared in ["iso-8859-1", "UTF-16", "utf-7"] {
        let xml = format!("<?xml version='1.0' encoding='{declared}'?>{NOTE}");
        assert_eq!(refused(&xml), FaultCode::Unreadable);
    }
    assert_eq!(
        refused(&format!("<?xml version='1.1'?>{NOTE}")),
        FaultCode::Unreadable
    );
    assert_eq!(
        refused(&NOTE.replace("bonjour", "\u{8}")),
        FaultCode::Unreadable
    );
}

#[test]
fn a_body_without_exactly_one_element_is_fault_22() {
    for body in ["", " \n", "<a/><b/>", "<a/><a/>"] {
        assert_eq!(
            refused(&format!("{OPEN}{body}{CLOSE}")),
            FaultCode::NotConformant,
            "{body}"
        );
    }
}

#[test]
fn what_is_no_soap_1_1_envelope_is_fault_18() {
    let soap12 = NOTE.replace(
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
    );
    for xml in [
        String::new(),
        "{}".to_owned(),
        "<html/>".to_owned(),
        soap12,
        "<Envelope/>".to_owned(),
        format!("{NOTE}{NOTE}"),
        format!("{NOTE}x"),
        format!("x{NOTE}"),
        format!("{OPEN}texte<a/>{CLOSE}"),
        OPEN.replace("<s:Body>", "</s:Envelope>"),
        format!("{OPEN}<a/></s:Body><s:Body><a/>{CLOSE}"),
        format!("{OPEN}<a:b/>{CLOSE}"),
        format!("{OPEN}<a b:c='1'/>{CLOSE}"),
        format!("{OPEN}<1a/>{CLOSE}"),
        format!("{OPEN}<a b='<'/>{CLOSE}"),
        format!("{OPEN}<a>]]></a>{CLOSE}"),
        format!("{OPEN}<a></b>{CLOSE}"),
        format!("{OPEN}<a><!-- -- --></a>{CLOSE}"),
    ] {
        assert_eq!(refused(&xml), FaultCode::Unreadable, "{xml}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = Envelope::read(&bytes, &Limits::DEFAULT);
    }

    #[test]
    fn no_markup_makes_the_reader_or_the_validator_panic(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("<a>"), Just("</a>"), Just("<a/>"), Just("<!--"), Just("-->"), Just("&lt;"),
                Just("<![CDATA["), Just("]]>"), Just("<?x ?>"), Just("&x;"), Just("<!DOCTYPE x>"),
                Just(" b='c'"), Just(" xmlns='urn:epissure:ws:essai:1'"), Just("<Texte>"),
                Just("</Texte>"), Just("<Ligne>"), Just("</Ligne>"), Just("<Rang>1</Rang>"),
                Just("é"), Just("<"), Just(">"), Just("&"), Just("\""), Just("\r\n"), Just("&#9;"),
            ],
            0..24,
        ),
        whole: bool,
    ) {
        let middle = pieces.concat();
        let xml = if whole { format!("{OPEN}{middle}{CLOSE}") } else {
            NOTE.replace("<Texte>bonjour</Texte>", &middle)
        };
        if let Ok(envelope) = accept(&xml) {
            prop_assert!(envelope.header().is_ok());
            prop_assert!(envelope.body::<crate::Note>().is_ok());
        }
    }
}
