//! What is read of a file, line by line, and what refuses it whole.

use domain::building::store as buildings;
use domain::release::store as releases;
use domain::release::{Kind, Release};
use reference::report::{ImportReport, RejectCode};
use reference::usecases::ImportError;
use testkit::territory::Case;

use crate::support::{Store, refusal, request, small};

pub type Expected = (&'static str, RejectCode);

/// A store that holds what files of `kind` refer to.
async fn store_before(kind: Kind) -> Option<Store> {
    let store = Store::open()?;
    let territory = small();
    for earlier in Kind::DECISIVE
        .iter()
        .take_while(|earlier| **earlier != kind)
    {
        store
            .publish(*earlier, &territory.file(*earlier))
            .await
            .unwrap();
    }
    Some(store)
}

/// Adds the lines of `cases` to a file of the small territory: each must be refused as said.
pub async fn check_rejects(kind: Kind, cases: &[(String, Expected)]) {
    let Some(store) = store_before(kind).await else {
        return;
    };
    let mut text = small().file(kind);
    let first = text.lines().count() as u64 + 1;
    for (line, _) in cases {
        text.push_str(line);
        text.push_str("\r\n");
    }
    let report = store.publish(kind, &text).await.unwrap();
    let found: Vec<_> = report
        .rejects
        .iter()
        .map(|reject| (reject.line, (reject.column, reject.code)))
        .collect();
    let expected: Vec<_> = (first..)
        .zip(cases.iter().map(|(_, expected)| *expected))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(report.rejected, cases.len() as u64);
    assert_eq!(report.added + report.rejected, report.read);
    let mut csv = Vec::new();
    report.write_csv(&mut csv).unwrap();
    assert_eq!(
        String::from_utf8(csv).unwrap().lines().count(),
        cases.len() + 1
    );
}

/// The first data line of a file with some columns changed.
pub fn line_with(kind: Kind, changes: &[(&str, &str)]) -> String {
    let text = small().file(kind);
    let mut lines = text.lines();
    let header: Vec<_> = lines.next().unwrap().split(';').collect();
    let mut fields: Vec<_> = lines.next().unwrap().split(';').collect();
    for (column, value) in changes {
        let at = header.iter().position(|name| name == column).unwrap();
        fields[at] = value;
    }
    fields.join(";")
}

#[tokio::test]
async fn lines_of_an_ipe_are_refused_one_by_one_with_column_and_code() {
    let cases = [
        ("IdentifiantImmeuble", "", RejectCode::MissingField),
        ("EtatImmeuble", "PRESQUE", RejectCode::Value),
        ("CodeInseeImmeuble", "5390", RejectCode::Format),
        ("CodePostalImmeuble", "", RejectCode::MissingField),
        ("NumeroVoieImmeuble", "12 B", RejectCode::Format),
        ("ComplementNumeroVoieImmeuble", "BIS", RejectCode::Format),
        ("TypeImmeuble", "X", RejectCode::Value),
        ("NombreLogementsAdresseIPE", "-1", RejectCode::Format),
        ("CoordonneeImmeubleX", "4,2,0", RejectCode::Format),
        ("DateDerniereModification", "20260231", RejectCode::Format),
        ("ImmeubleNeuf", "OUI", RejectCode::Value),
        ("EtatPM", "", RejectCode::MissingField),
        (
            "ReferencePM",
            "FI-53901-0001-BEAUCOUP-TROP-LONG",
            RejectCode::Format,
        ),
    ];
    let same = (
        line_with(Kind::Ipe, &[]),
        ("IdentifiantImmeuble", RejectCode::Duplicate),
    );
    let lines = cases.iter().enumerate().map(|(i, (column, value, code))| {
        let reference = format!("IMB/NEUF/{i}");
        let changes = [
            ("IdentifiantImmeuble", reference.as_str()),
            (*column, *value),
        ];
        (line_with(Kind::Ipe, &changes), (*column, *code))
    });
    let all: Vec<_> = std::iter::once(same).chain(lines).collect();
    check_rejects(Kind::Ipe, &all).await;
}

#[tokio::test]
async fn dwellings_are_refused_outside_known_buildings_or_without_their_pto() {
    let territory = small();
    let building = &territory.spots(Case::Buildable, "HIRO")[0]
        .building
        .reference;
    let pto = &territory.ptos[0].reference;
    let cases = [
        (
            "IMB/0/X/0;_NA_;_NA_;RDC;;PB;;A CONSTRUIRE".to_owned(),
            ("IdentifiantImmeuble", RejectCode::UnknownReference),
        ),
        (
            format!("{building};Z;_NA_;RDC;;PB;;LIBRE"),
            ("ReferencePrise", RejectCode::MissingField),
        ),
        (
            format!("{building};Z;_NA_;RDC;;PB;{pto};LIBRE"),
            ("ReferencePrise", RejectCode::Duplicate),
        ),
        (
            format!("{building};Z;_NA_;RDC;;PB;F2-AAAA-AAAA;A CONSTRUIRE"),
            ("ReferencePrise", RejectCode::Value),
        ),
        (
            format!("{building};Z;_NA_;;;PB;;A CONSTRUIRE"),
            ("Etage", RejectCode::MissingField),
        ),
    ];
    check_rejects(Kind::Structure, &cases).await;
}

#[tokio::test]
async fn fibres_and_ptos_are_refused_outside_known_pms_and_fibres_and_known_states() {
    let territory = small();
    let (pm, fibre) = (&territory.pms[0].reference, &territory.fibres[0].id);
    let fibres = [
        (
            format!("{pm};PB;NOUVELLE 1;CB;1 ROUGE;1 ROUGE;fibre perdue;"),
            ("EtatFibre", RejectCode::Value),
        ),
        (
            "FI-0;PB;NOUVELLE 2;CB;1 ROUGE;1 ROUGE;fibre dédiée réservée;".to_owned(),
            ("ReferencePM", RejectCode::UnknownReference),
        ),
        (
            format!("{pm};PB;;CB;;;fibre disponible;"),
            ("IdentifiantFibre", RejectCode::MissingField),
        ),
    ];
    check_rejects(Kind::Fibres, &fibres).await;
    let ptos = [
        (
            format!("F2-AAAA-AAAA;{pm};PB;INCONNUE;LIBRE;"),
            ("IdentifiantFibre", RejectCode::UnknownReference),
        ),
        (
            format!("F2-AAAA-AAAB;{pm};PB;{fibre};LIBRE;HIRO"),
            ("CodeOC", RejectCode::Value),
        ),
        (
            format!("F2-AAAA-AAAC;{pm};PB;{fibre};A CONSTRUIRE;"),
            ("EtatLigne", RejectCode::Value),
        ),
    ];
    check_rejects(Kind::Prises, &ptos).await;
}

#[tokio::test]
async fn presences_are_refused_with_a_field_too_many_or_at_an_unknown_pm() {
    let pm = &small().pms[0].reference;
    let cases = [
        (format!("HIRO;{pm};PHIRO;DE TROP"), ("", RejectCode::Format)),
        (
            "HIRO;FI-0;PHIRO".to_owned(),
            ("ReferencePM", RejectCode::UnknownReference),
        ),
    ];
    check_rejects(Kind::Adduction, &cases).await;
}

#[tokio::test]
async fn dwellings_spelt_alike_are_kept_apart_and_a_named_door_is_one_dwelling() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    let building = territory.buildings[0].reference.clone();
    let text = format!(
        "EtatLigne;IdentifiantImmeuble;Batiment;Escalier;Etage;ReferencePBO;ReferencePrise;Porte\n\
         A CONSTRUIRE;{building};B;1;1;PB;;\n\
         A CONSTRUIRE;{building};B;1;1;PB;;\n\
         A CONSTRUIRE;{building};B;1;1;PB;;12\n\
         A CONSTRUIRE;{building};B;1;1;PB;;12\n\
         LIBRE;{building};B;1;1;PB; f2-aaaa-bbbb ;12\n"
    );
    let filler: String = (0..10)
        .map(|floor| format!("A CONSTRUIRE;{building};A;1;{floor};PB;;\n"))
        .collect();
    let report = store
        .publish(Kind::Structure, &format!("{text}{filler}"))
        .await
        .unwrap();
    assert_eq!((report.added, report.rejected), (14, 1));
    assert_eq!(report.rejects[0].code, RejectCode::Duplicate);
    let dwellings = store
        .db
        .get(move |tx| {
            let release = releases::current(tx)?;
            buildings::dwellings_of(tx, release, &building)
        })
        .await
        .unwrap();
    let ranks: Vec<_> = dwellings
        .iter()
        .filter(|dwelling| dwelling.batiment == "B")
        .map(|dwelling| {
            (
                dwelling.porte.as_str(),
                dwelling.rank,
                dwelling.pto_ref.as_str(),
            )
        })
        .collect();
    assert_eq!(
        ranks,
        [
            ("", 1, ""),
            ("", 2, ""),
            ("12", 1, ""),
            ("12", 3, "F2-AAAA-BBBB")
        ]
    );
}

#[tokio::test]
async fn a_refused_line_leaves_its_object_as_it_was() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    let good = territory.file(Kind::Ipe);
    store.publish(Kind::Ipe, &good).await.unwrap();
    let first = &territory.buildings[0];
    let spoilt = line_with(Kind::Ipe, &[("EtatImmeuble", "PRESQUE")]);
    let text: String = good
        .lines()
        .enumerate()
        .map(|(i, line)| format!("{}\n", if i == 1 { &spoilt } else { line }))
        .collect();
    let report = store.publish(Kind::Ipe, &text).await.unwrap();
    assert_eq!((report.rejected, report.kept, report.removed), (1, 1, 0));
    let reference = first.reference.clone();
    let found = store
        .db
        .get(move |tx| buildings::building_by_reference(tx, Release(2), &reference))
        .await
        .unwrap();
    assert_eq!(found.as_ref(), Some(first));
}

#[tokio::test]
async fn encodings_line_ends_column_order_and_unknown_columns_do_not_matter() {
    let text = "CodePostalImmeuble;EtatImmeuble;Nouveauté;IdentifiantImmeuble;CodeInseeImmeuble;\
        CommuneImmeuble;CodeVoieRivoliImmeuble;NumeroVoieImmeuble;TypeImmeuble;ReferencePM;\
        NombreLogementsAdresseIPE;EtatPM;DateDebutAcceptationCmdAcces;CoordonneeImmeubleX\n\
        53990;CIBLE;é;IMB/1;53901;VAL D’ÉTÉ;0010;5;P;;1;;;419856,05\n";
    let latin = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let with_bom = format!("\u{feff}{}", text.replace('\n', "\r\n"));
    for bytes in [text.as_bytes().to_vec(), latin, with_bom.into_bytes()] {
        let Some(store) = Store::open() else { return };
        let report = store
            .import(request(Kind::Ipe, &bytes), None)
            .await
            .unwrap();
        assert_eq!(
            (report.added, report.rejected),
            (1, 0),
            "{:?}",
            report.rejects
        );
        assert_eq!(report.unknown_columns, ["Nouveauté"]);
        let building = store
            .db
            .get(|tx| buildings::building_by_reference(tx, Release(1), "IMB/1"))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(building.commune, "VAL D’ÉTÉ");
        assert_eq!(building.x, Some(419_856.05));
    }
}

#[tokio::test]
async fn a_file_that_is_not_what_it_should_be_is_refused_whole() {
    let territory = small();
    let good = territory.file(Kind::Adduction);
    let pm = &territory.pms[0].reference;
    let spoilt = "HIRO;FI-INCONNU;P\n".repeat(1 + territory.presences.len() / 4 + 1);
    let long = format!(
        "CodeOC;ReferencePM;ReferencePrestationPM\n{}\n",
        "A".repeat(70_000)
    );
    let open_quote = format!("{good}HIRO;\"{pm};P1\nHIRO;{pm};P2\n");
    let cases: [(&str, Vec<u8>); 8] = [
        ("empty", Vec::new()),
        (
            "header alone",
            b"CodeOC;ReferencePM;ReferencePrestationPM\n".to_vec(),
        ),
        ("another kind", territory.file(Kind::Fibres).into_bytes()),
        ("binary", b"PK\x03\x04\x00\x00\x00".to_vec()),
        ("an endless line", long.into_bytes()),
        ("an open quote", open_quote.into_bytes()),
        (
            "a column twice",
            b"CodeOC;ReferencePM;ReferencePrestationPM;CodeOC\n".to_vec(),
        ),
        ("a fifth refused", format!("{good}{spoilt}").into_bytes()),
    ];
    let Some(store) = Store::open() else { return };
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    for (name, bytes) in cases {
        let result = store.import(request(Kind::Adduction, &bytes), None).await;
        if name == "a fifth refused" {
            let Err(ImportError::Refused {
                report: Some(report),
                ..
            }) = &result
            else {
                panic!("{result:?}");
            };
            check_counts(report);
        }
        let refusal = refusal(result);
        assert_eq!(refusal.code, "EIMP01", "{name}");
        assert!(refusal.detail.is_some(), "{name}");
    }
    assert_eq!(store.current().await, Release(1));
    assert_eq!(
        store
            .db
            .get(|tx| releases::list(tx, 10))
            .await
            .unwrap()
            .len(),
        1
    );
}

fn check_counts(report: &ImportReport) {
    assert!(report.rejected * 5 > report.read);
    assert_eq!(report.rejects[0].code, RejectCode::UnknownReference);
}
