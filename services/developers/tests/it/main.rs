//! The validator against a small contract of its own, and what the e-service declares. The
//! registry's contracts, the log and the pages are proven in the binary's tests, on both engines.

use developers::validator::{BYTES_MAX, FINDINGS_MAX, check};
use developers::{SERVICE, labels};
use proptest::prelude::*;
use service_api::{Access, Audited, Permission, Repeat, Right, XmlOperation, XmlService};
use soap::Contract;

static CONTRACT: Contract = Contract::new(
    "essai",
    "urn:epissure:ws:essai:1",
    "<definitions/>",
    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:c='urn:epissure:ws:commun:1'
       targetNamespace='urn:epissure:ws:essai:1' elementFormDefault='qualified'>
     <xs:import namespace='urn:epissure:ws:commun:1' schemaLocation='commun.xsd'/>
     <xs:element name='noter'><xs:complexType><xs:complexContent><xs:extension base='c:Requete'>
       <xs:sequence><xs:element name='Texte' type='c:Champ' maxOccurs='unbounded'/></xs:sequence>
     </xs:extension></xs:complexContent></xs:complexType></xs:element></xs:schema>",
);

static XML: XmlService = XmlService {
    contract: &CONTRACT,
    operations: &[XmlOperation {
        element: "noter",
        permission: Permission::standing("essai", Right::Create),
        audit: Audited::Unit("essai.noter"),
        repeat: Repeat::MessageId,
        refusals: Vec::new,
        handler: |_| Box::pin(async { panic!("a validator carries nothing out") }),
    }],
};

const HEAD: &str = "<c:Entete><c:VersionWS>1</c:VersionWS>\
    <c:HorodatageRequete>2026-11-23T01:07:26</c:HorodatageRequete>\
    <c:IdentifiantRequete>1</c:IdentifiantRequete></c:Entete>";

fn note(content: &str) -> String {
    format!(
        "<noter xmlns='urn:epissure:ws:essai:1' xmlns:c='urn:epissure:ws:commun:1'>\n\
         {content}\n</noter>"
    )
}

fn codes(text: &str) -> Vec<String> {
    let findings = check(text.as_bytes(), &[&XML]).findings;
    findings.into_iter().map(|found| found.code).collect()
}

#[test]
fn every_entry_is_public_or_needs_the_one_permission_and_changes_nothing() {
    for route in SERVICE.routes {
        assert!(route.path.starts_with("/developpeurs"));
        assert!(matches!(route.audit, Audited::Nothing(_)), "{}", route.path);
        if let Access::Needs(permission) = route.access {
            assert_eq!(permission.to_string(), "developpeurs.view");
            assert!(!permission.subscribed && !permission.staff_only);
        }
    }
    assert!(labels::TABS.iter().all(|(href, _)| {
        *href == "/erreurs" || SERVICE.routes.iter().any(|route| route.path == *href)
    }));
}

#[test]
fn a_message_is_recognised_by_its_namespace_and_element_and_not_carried_out() {
    let sound = note(&format!("{HEAD}<Texte>a</Texte>"));
    let report = check(sound.as_bytes(), &[&XML]);
    assert!(report.is_valid(), "{report:?}");
    assert!(report.subject.contains("noter") && report.subject.contains("essai"));
    assert_eq!(
        codes(&sound.replace("<c:IdentifiantRequete>1</c:IdentifiantRequete>", "")),
        ["1"]
    );
    assert_eq!(codes(&sound.replace("noter", "rayer")), ["22"]);
    assert_eq!(codes(&sound.replace(":essai:1", ":essai:2")), ["22"]);
    assert_eq!(codes(&format!("<!DOCTYPE noter>{sound}")), ["18"]);
}

#[test]
fn findings_are_bounded_and_it_is_said_that_there_are_more() {
    let many = note(&format!(
        "{HEAD}{}",
        "<Texte lang='fr'>a</Texte>\n".repeat(500)
    ));
    let report = check(many.as_bytes(), &[&XML]);
    assert_eq!((report.findings.len(), report.more), (FINDINGS_MAX, true));
    assert_eq!(report.findings[1].line, report.findings[0].line + 1);
    let long = note(&format!("{HEAD}<Texte>{}</Texte>", "x".repeat(BYTES_MAX)));
    assert_eq!(codes(&long), ["18"]);
    let wide = note(&format!("{HEAD}<Texte>{}</Texte>", "é".repeat(300)));
    let report = check(wide.as_bytes(), &[&XML]);
    assert_eq!(report.findings[0].field, "Texte");
    assert!(report.findings[0].excerpt.chars().count() <= 160);
}

proptest! {
    /// Whatever is pasted is answered, and what is told of it is a place in it.
    #[test]
    fn anything_is_answered(
        text in "(<[!?/]?[a-z:]{0,6}|/?>|&[a-z#0-9]{0,4};|;|\n|[a-z\" ']{0,9}|<!--|\\]\\]>){0,40}"
    ) {
        let lines = text.matches('\n').count() + 1;
        for text in [text.clone(), note(&text), note(&format!("{HEAD}{text}"))] {
            let report = check(text.as_bytes(), &[&XML]);
            prop_assert!(report.findings.len() <= FINDINGS_MAX);
            for found in report.findings {
                prop_assert!(found.line <= lines + 2, "{:?}", found);
            }
        }
    }
}
