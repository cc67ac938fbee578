//! The life cycle of buildings and PMs in an IPE, its sums, its projections, its versions.

use domain::building::store as buildings;
use domain::building::{BuildingKind, BuildingState};
use domain::release::{Kind, Release};
use reference::report::{AnomalyCode, ImportReport, RejectCode};
use testkit::territory::Territory;

use crate::files::line_with;
use crate::support::{Store, small};

/// The territory's IPE with lines of its own after it: the first line with changes, and a PM of its
/// own so that what is said of it contradicts nobody.
fn ipe_with(cases: &[&[(&str, &str)]]) -> String {
    let mut text = small().file(Kind::Ipe);
    for (i, changes) in cases.iter().enumerate() {
        let (reference, pm) = (format!("IMB/NEUF/{i}"), format!("FI-NEUF-{i}"));
        let mut all = vec![
            ("IdentifiantImmeuble", reference.as_str()),
            ("ReferencePM", &pm),
        ];
        all.extend(*changes);
        text.push_str(&line_with(Kind::Ipe, &all));
        text.push_str("\r\n");
    }
    text
}

fn rejects(report: &ImportReport) -> Vec<(&'static str, RejectCode)> {
    report.rejects.iter().map(|r| (r.column, r.code)).collect()
}

#[tokio::test]
async fn what_contradicts_itself_refuses_the_line_with_a_code_of_its_own() {
    let Some(store) = Store::open() else { return };
    let report = store
        .publish(
            Kind::Ipe,
            &ipe_with(&[
                &[("ReferencePM", "")],
                &[
                    ("ReferencePM", ""),
                    ("EtatImmeuble", "RACCORDABLE DEMANDE"),
                    ("EtatPM", ""),
                ],
                &[
                    ("ReferencePM", ""),
                    ("EtatImmeuble", "CIBLE"),
                    ("EtatPM", "DEPLOYE"),
                ],
                &[("EtatImmeuble", "CIBLE"), ("EtatPM", "PLANIFIE")],
                &[("EtatPM", "EN COURS DE DEPLOIEMENT")],
                &[("EtatPM", "ABANDONNE")],
                // Nothing is wrong with these.
                &[
                    ("ReferencePM", ""),
                    ("EtatImmeuble", "CIBLE"),
                    ("EtatPM", ""),
                ],
                &[
                    ("ReferencePM", ""),
                    ("EtatImmeuble", "CIBLE"),
                    ("EtatPM", "PLANIFIE"),
                ],
                &[
                    ("EtatImmeuble", "EN COURS DE DEPLOIEMENT"),
                    ("EtatPM", "EN COURS DE DEPLOIEMENT"),
                ],
            ]),
        )
        .await
        .unwrap();
    let expected = [
        ("ReferencePM", RejectCode::PmMissing),
        ("ReferencePM", RejectCode::PmMissing),
        ("ReferencePM", RejectCode::PmMissing),
        ("ReferencePM", RejectCode::PmTooEarly),
        ("EtatPM", RejectCode::PmNotDeployed),
        ("EtatPM", RejectCode::PmNotDeployed),
    ];
    assert_eq!(rejects(&report), expected);
    let codes = expected.map(|(_, code)| code.as_str());
    assert_eq!(codes[0], "pm_absent");
    assert_eq!((codes[3], codes[4]), ("pm_premature", "pm_non_deploye"));
}

#[tokio::test]
async fn what_is_doubtful_is_told_and_kept() {
    let Some(store) = Store::open() else { return };
    let abandoned = |changed| {
        [
            ("EtatImmeuble", "ABANDONNE"),
            ("DateDerniereModification", changed),
        ]
    };
    let agreed = |needed| {
        let column = "AccordGestionnaireImmeubleNecessaire";
        [("EtatImmeuble", "SIGNE"), (column, needed)]
    };
    let opens = |on| {
        [
            ("DatePremiereMADPM", "20260331"),
            ("DateMiseEnServiceCommercialePM", on),
        ]
    };
    let place = |x, projection| {
        [
            ("CoordonneeImmeubleX", x),
            ("TypeProjectionGeographique", projection),
            ("CoordonneePMX", ""),
        ]
    };
    // Seen from 2026-11-23.
    let text = ipe_with(&[
        &agreed("N"),
        &agreed("O"),
        &abandoned("20260822"),
        &abandoned("20260823"),
        &opens("20260629"),
        &opens("20260630"),
        &place("3,5", "RGF93"),
        &place("419856,05", "LAMBERT2"),
        &place("419856,05", "RFG93"),
    ]);
    let report = store.publish(Kind::Ipe, &text).await.unwrap();
    assert_eq!(report.rejects, []);
    let found: Vec<_> = report
        .anomalies
        .iter()
        .map(|anomaly| (anomaly.key.as_str(), anomaly.code.as_str()))
        .collect();
    let expected = [
        ("IMB/NEUF/0", "signe_sans_accord"),
        ("IMB/NEUF/2", "abandon_perime"),
        ("FI-NEUF-4", "prevenance_courte"),
        ("IMB/NEUF/6", "coordonnees_hors_zone"),
        ("IMB/NEUF/7", "projection_inconnue"),
    ];
    assert_eq!(found, expected);
    let read = |reference: &'static str| {
        store
            .db
            .get(move |tx| buildings::building_by_reference(tx, Release(1), reference))
    };
    assert_eq!(read("IMB/NEUF/6").await.unwrap().unwrap().lon, None);
    assert!(read("IMB/NEUF/8").await.unwrap().unwrap().lon.is_some());
    // Told again as long as it lasts, by lines that have not changed.
    let again = store
        .publish(Kind::Ipe, &format!("{text}\r\n"))
        .await
        .unwrap();
    assert_eq!(again.anomalies, report.anomalies);
    assert_eq!((again.added, again.changed, again.removed), (0, 0, 0));
}

#[tokio::test]
async fn dwellings_are_counted_by_building_and_summed_by_hexacle() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    for kind in [Kind::Ipe, Kind::Structure] {
        store.publish(kind, &territory.file(kind)).await.unwrap();
    }
    let quiet = store
        .publish(Kind::Ipe, &format!("{}\r\n", territory.file(Kind::Ipe)))
        .await
        .unwrap();
    assert_eq!(quiet.anomalies, []);
    let deployed = |t: &Territory, i: usize| t.buildings[i].state == BuildingState::Deployed;
    // Two blocks of one address, of which one takes a dwelling from the other; and a house.
    let blocks = (1..territory.buildings.len()).find(|&i| {
        let same = territory.buildings[i].hexacle == territory.buildings[i - 1].hexacle;
        same && deployed(&territory, i) && deployed(&territory, i - 1)
    });
    let blocks = blocks.unwrap();
    let house = territory
        .buildings
        .iter()
        .position(|b| b.kind == BuildingKind::House && b.state == BuildingState::Deployed);
    let house = house.unwrap();
    let mut wrong = territory.clone();
    wrong.buildings[blocks - 1].dwellings += 1;
    wrong.buildings[blocks].dwellings -= 1;
    wrong.buildings[house].dwellings += 2;
    let report = store
        .publish(Kind::Ipe, &wrong.file(Kind::Ipe))
        .await
        .unwrap();
    let found: Vec<_> = report
        .anomalies
        .iter()
        .map(|a| (a.code, a.key.clone(), a.detail.clone()))
        .collect();
    let building = |i: usize| {
        let (said, counted) = (
            wrong.buildings[i].dwellings,
            territory.buildings[i].dwellings,
        );
        let key = territory.buildings[i].reference.clone();
        (
            AnomalyCode::DwellingsDiffer,
            key,
            format!("{said} / {counted}"),
        )
    };
    let mut expected = vec![building(blocks - 1), building(blocks), building(house)];
    expected
        .sort_by_key(|(_, key, _)| territory.buildings.iter().position(|b| b.reference == *key));
    let hexacle = territory.buildings[house].hexacle.clone();
    expected.push((AnomalyCode::DwellingSumDiffers, hexacle, "+2".to_owned()));
    assert_eq!(found, expected);
    assert_eq!((report.changed, report.rejected), (3, 0));
    // The structure changes, the IPE does not: its lines are compared all the same.
    let lines = territory.file(Kind::Structure);
    let gone = &territory.buildings[house].reference;
    let fewer: Vec<_> = lines
        .lines()
        .filter(|line| !line.contains(gone.as_str()))
        .collect();
    store
        .publish(Kind::Ipe, &territory.file(Kind::Ipe))
        .await
        .unwrap();
    store
        .publish(Kind::Structure, &fewer.join("\n"))
        .await
        .unwrap();
    let text = format!("{}\r\n\r\n", territory.file(Kind::Ipe));
    let report = store.publish(Kind::Ipe, &text).await.unwrap();
    let codes: Vec<_> = report.anomalies.iter().map(|a| a.code).collect();
    assert_eq!(
        codes,
        [
            AnomalyCode::DwellingsDiffer,
            AnomalyCode::DwellingSumDiffers
        ]
    );
}

#[tokio::test]
async fn an_ipe_of_version_2_lacks_what_version_3_added() {
    let Some(store) = Store::open() else { return };
    let text = "IdentifiantImmeuble;EtatImmeuble;CoordonneeImmeubleX;CoordonneeImmeubleY;\
        TypeProjectionGeographique;CodeVoieRivoliImmeuble;CodeInseeImmeuble;CodePostalImmeuble;\
        CommuneImmeuble;CodeAdresseImmeuble;TypeVoieImmeuble;NomVoieImmeuble;NumeroVoieImmeuble;\
        ComplementNumeroVoieImmeuble;BatimentImmeuble;TypeImmeuble;NombreLogementsAdresseIPE;\
        DateCablageAdresse;ReferencePM;EtatPM;NombreColonnesMontantesPM;FibreDedieeLibre\n\
        IMB/2;DEPLOYE;419313,005;6781104,275;RFG93;0010;53901;53990;VAL;5390112345;RUE;DU GUE;\
        166170;;;I;4;20150801;FI-2;DEPLOYE;2;N\n";
    let report = store.publish(Kind::Ipe, text).await.unwrap();
    assert_eq!(report.rejects, []);
    assert_eq!((report.added, report.unknown_columns.len()), (1, 0));
    let read = store
        .db
        .get(|tx| buildings::building_by_reference(tx, Release(1), "IMB/2"))
        .await;
    let building = read.unwrap().unwrap();
    assert_eq!((building.lon, building.lat), (Some(-0.77), Some(48.07)));
    assert_eq!(
        (building.orders_from, building.number.as_str()),
        (None, "166170")
    );
}

#[tokio::test]
async fn the_address_of_a_pm_the_delivery_of_a_building_and_its_manager_are_kept() {
    let Some(store) = Store::open() else { return };
    let told = [
        ("CodeAdressePM", "5390199999"),
        ("CodeHexacleVoiePM", "5390100010"),
        ("CodeBANPM", "53901_0010_00012"),
        ("CodeVoieRivoliPM", "0010"),
        ("NumeroVoiePM", "12"),
        ("ComplementNumeroVoiePM", "B"),
        ("TypeVoiePM", "PLACE"),
        ("NomVoiePM", "DU MARCHE"),
        ("BatimentPM", "ANGLE DU GYMNASE"),
        ("CodePostalPM", "53990"),
        ("CommunePM", "VAL DE LIERRE"),
        ("QualiteAdressePM", "APPROCHEE"),
        ("BrassageOIUniquement", "O"),
    ];
    let building = [
        ("DatePrevisionnelleLivraisonImmeubleNeuf", "20270415"),
        ("NomGestionnaireImmeuble", "SYNDIC DU GUE"),
    ];
    // Another line of the same PM says it stands elsewhere.
    let elsewhere = [("ReferencePM", "FI-NEUF-0"), ("NomVoiePM", "D EN FACE")];
    let elsewhere = [&told[..], &elsewhere].concat();
    let text = ipe_with(&[&[&told[..], &building].concat(), &elsewhere]);
    let report = store.publish(Kind::Ipe, &text).await.unwrap();
    assert_eq!((report.rejects.len(), report.unknown_columns.len()), (0, 0));
    let doubts = report.anomalies.iter();
    let doubts: Vec<_> = doubts
        .map(|a| (a.code, a.key.as_str(), a.detail.as_str()))
        .collect();
    let contradicted = (AnomalyCode::PmContradicted, "FI-NEUF-0", "NomVoiePM");
    assert!(doubts.contains(&contradicted), "{doubts:?}");

    let read = |tx: &mut dyn storage::Tx| {
        let pm = buildings::pm_by_reference(tx, Release(1), "FI-NEUF-0")?;
        let building = buildings::building_by_reference(tx, Release(1), "IMB/NEUF/0")?;
        Ok((pm, building))
    };
    let (pm, building) = store.db.get(read).await.unwrap();
    let (pm, building) = (pm.unwrap(), building.unwrap());
    let at = &pm.address;
    let kept = [
        &at.hexacle,
        &at.street_hexacle,
        &at.ban_key,
        &at.rivoli,
        &at.number,
        &at.complement,
        &at.street_type,
        &at.street_name,
        &at.batiment,
        &at.postcode,
        &at.commune,
        &at.quality,
    ];
    assert_eq!(kept[..], told.map(|(_, value)| value)[..12]);
    assert!(pm.oi_patching);
    assert_eq!(building.delivery_on, Some(jiff::civil::date(2027, 4, 15)));
    assert_eq!(building.manager, "SYNDIC DU GUE");

    let bad = [
        ("DatePrevisionnelleLivraisonImmeubleNeuf", "T2 2027"),
        ("BrassageOIUniquement", "PEUT-ETRE"),
    ];
    let cases: Vec<&[_]> = bad.iter().map(std::slice::from_ref).collect();
    let report = store.publish(Kind::Ipe, &ipe_with(&cases)).await.unwrap();
    let expected = [
        (bad[0].0, RejectCode::Format),
        (bad[1].0, RejectCode::Value),
    ];
    assert_eq!(rejects(&report), expected);
}
