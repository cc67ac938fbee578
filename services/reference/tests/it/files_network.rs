//! Files of PMs, PBOs, cables, routes, NDs, addresses and offers: what is kept of a line, and what
//! refuses it.

use domain::address::{CopperState, store as addresses};
use domain::building::{BuildingKind, BuildingState, PmState, store as buildings};
use domain::network::{ColourCode, ConnectorColour, store as network};
use domain::offer::{Family, store as offers};
use domain::release::store as releases;
use domain::release::{Kind, Release};
use jiff::civil::date;
use reference::report::{AnomalyCode, RejectCode};
use testkit::territory::Territory;

use crate::files::{check_rejects, line_with};
use crate::support::{DAY, Store, small};

/// Changes of the first line of the territory's file, the column at fault, and the code.
type Case<'a> = (&'a [(&'a str, &'a str)], &'static str, RejectCode);

/// Each case is a line of its own key, named by `key`.
async fn check(kind: Kind, key: &str, keys: impl Fn(usize) -> String, cases: &[Case<'_>]) {
    let lines: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(i, (changes, column, code))| {
            let own = keys(i);
            let mut all = vec![(key, own.as_str())];
            all.extend(*changes);
            (line_with(kind, &all), (*column, *code))
        })
        .collect();
    check_rejects(kind, &lines).await;
}

#[tokio::test]
async fn nds_are_refused_without_their_form_their_building_or_their_pto() {
    let cases: [Case; 6] = [
        (
            &[("NumeroDesignation", "0612345678")],
            "NumeroDesignation",
            RejectCode::Format,
        ),
        (
            &[("NumeroDesignation", "024300000")],
            "NumeroDesignation",
            RejectCode::Format,
        ),
        (
            &[("NumeroDesignation", "")],
            "NumeroDesignation",
            RejectCode::MissingField,
        ),
        (
            &[("IdentifiantImmeuble", "IMB/0")],
            "IdentifiantImmeuble",
            RejectCode::UnknownReference,
        ),
        (
            &[("EtatLigneCuivre", "COUPEE")],
            "EtatLigneCuivre",
            RejectCode::Value,
        ),
        (
            &[("EtatLigneCuivre", "")],
            "EtatLigneCuivre",
            RejectCode::MissingField,
        ),
    ];
    check(
        Kind::Nd,
        "NumeroDesignation",
        |i| format!("02430000{i:02}"),
        &cases,
    )
    .await;
}

#[tokio::test]
async fn addresses_are_refused_for_their_key_codes_and_degrees() {
    let cases: [Case; 9] = [
        (&[("id", "53901_10_00001")], "id", RejectCode::Format),
        (&[("numero", "12 bis")], "numero", RejectCode::Format),
        (&[("nom_voie", "")], "nom_voie", RejectCode::MissingField),
        (
            &[("code_postal", "5399A")],
            "code_postal",
            RejectCode::Format,
        ),
        (
            &[("code_insee", "539011")],
            "code_insee",
            RejectCode::Format,
        ),
        (
            &[("nom_commune", "")],
            "nom_commune",
            RejectCode::MissingField,
        ),
        (&[("lon", "181")], "lon", RejectCode::Value),
        (&[("lat", "-91.5")], "lat", RejectCode::Value),
        (
            &[("certification_commune", "oui")],
            "certification_commune",
            RejectCode::Value,
        ),
    ];
    check(Kind::Ban, "id", |i| format!("53901_9999_{i:05}"), &cases).await;
}

#[tokio::test]
async fn pbos_and_cables_are_refused_outside_known_pms() {
    let cases: [Case; 5] = [
        (
            &[("ReferencePM", "FI-0")],
            "ReferencePM",
            RejectCode::UnknownReference,
        ),
        (
            &[("ReferencePBO", "")],
            "ReferencePBO",
            RejectCode::MissingField,
        ),
        (
            &[("CapacitePBO", "douze")],
            "CapacitePBO",
            RejectCode::Format,
        ),
        (
            &[("CoordonneePBOX", "?")],
            "CoordonneePBOX",
            RejectCode::Format,
        ),
        (&[("TypePBO", "\u{7}")], "TypePBO", RejectCode::Format),
    ];
    check(
        Kind::Pbo,
        "ReferencePBO",
        |i| format!("PB-NEUF-{i}"),
        &cases,
    )
    .await;
    let cases: [Case; 5] = [
        (
            &[("ReferencePM", "FI-0")],
            "ReferencePM",
            RejectCode::UnknownReference,
        ),
        (
            &[("ReferencePM", "")],
            "ReferencePM",
            RejectCode::MissingField,
        ),
        (
            &[("CapaciteCable", "-1")],
            "CapaciteCable",
            RejectCode::Format,
        ),
        (&[("ModuloCable", "25")], "ModuloCable", RejectCode::Value),
        (
            &[("CodeCouleur", "ARC EN CIEL")],
            "CodeCouleur",
            RejectCode::Value,
        ),
    ];
    // The territory has few cables, and too many refusals would refuse the file.
    for cases in cases.chunks(3) {
        check(
            Kind::Cables,
            "ReferenceCable",
            |i| format!("CB-NEUF-{i}"),
            cases,
        )
        .await;
    }
}

#[tokio::test]
async fn routes_are_refused_beyond_four_and_outside_known_ptos_and_fibres() {
    let territory = small();
    let taken = territory.ptos[0].reference.clone();
    let cases: [Case; 9] = [
        (&[("Rang", "5")], "Rang", RejectCode::Value),
        (&[("Rang", "0")], "Rang", RejectCode::Value),
        (&[("Rang", "")], "Rang", RejectCode::MissingField),
        (&[("Rang", "un")], "Rang", RejectCode::Format),
        (
            &[("ReferencePM", "FI-0")],
            "ReferencePM",
            RejectCode::UnknownReference,
        ),
        (
            &[("NomModulePM", "")],
            "NomModulePM",
            RejectCode::MissingField,
        ),
        (
            &[("ConnecteurPriseCouleur", "NOIR")],
            "ConnecteurPriseCouleur",
            RejectCode::Value,
        ),
        (
            &[("ConnecteurPriseNumero", "5")],
            "ConnecteurPriseNumero",
            RejectCode::Value,
        ),
        (
            &[("IdentifiantFibre", "INCONNUE")],
            "IdentifiantFibre",
            RejectCode::UnknownReference,
        ),
    ];
    // A PTO the referential does not have, and one after the other the ranks of one it has.
    let ptos = |i: usize| territory.ptos[i].reference.clone();
    let mut lines: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(i, (changes, column, code))| {
            let own = ptos(i);
            let mut all = vec![("ReferencePrise", own.as_str()), ("Rang", "4")];
            all.extend(*changes);
            (line_with(Kind::Routes, &all), (*column, *code))
        })
        .collect();
    let unknown = [("ReferencePrise", "F2-0000-0000"), ("Rang", "1")];
    lines.push((
        line_with(Kind::Routes, &unknown),
        ("ReferencePrise", RejectCode::UnknownReference),
    ));
    let nobody = [("ReferencePrise", ""), ("IdentifiantFibre", "")];
    lines.push((
        line_with(Kind::Routes, &nobody),
        ("ReferencePrise", RejectCode::MissingField),
    ));
    let twice = [("ReferencePrise", taken.as_str()), ("Rang", "01")];
    lines.push((
        line_with(Kind::Routes, &twice),
        ("Rang", RejectCode::Duplicate),
    ));
    check_rejects(Kind::Routes, &lines).await;
}

#[tokio::test]
async fn offers_are_refused_for_values_out_of_their_lists() {
    let Some(store) = Store::open() else { return };
    let header = "CodeOffre;LibelleOffre;Famille;Technologie;Zones;EtatsImmeuble;TypesImmeuble;\
        AdductionNecessaire;DateDebut;DateFin\n";
    let cases = [
        (
            "A;;PASSIVE;FTTH;;;;;;",
            "LibelleOffre",
            RejectCode::MissingField,
        ),
        ("B;b;ROUGE;FTTH;;;;;;", "Famille", RejectCode::Value),
        ("C;c;ACTIVE;FTTH;1|4;;;;;", "Zones", RejectCode::Value),
        (
            "D;d;ACTIVE;FTTH;;DEPLOYE|PRESQUE;;;;",
            "EtatsImmeuble",
            RejectCode::Value,
        ),
        ("E;e;ACTIVE;FTTH;;;X;;;", "TypesImmeuble", RejectCode::Value),
        (
            "F;f;ACTIVE;FTTH;;;;OUI;;",
            "AdductionNecessaire",
            RejectCode::Value,
        ),
        (
            "G;g;ACTIVE;FTTH;;;;;20260101;20260101",
            "DateFin",
            RejectCode::Value,
        ),
        (
            "H;h;ACTIVE;FTTH;;;;;20261301;",
            "DateDebut",
            RejectCode::Format,
        ),
    ];
    let mut text = header.to_owned();
    for (line, ..) in cases {
        text.push_str(line);
        text.push('\n');
    }
    for n in 0..50 {
        text.push_str(&format!(
            "OFFRE{n};n;PASSIVE;FTTH; 3 | 1 ;DEPLOYE;P|I;O;20260101;\n"
        ));
    }
    let report = store.publish(Kind::Catalogue, &text).await.unwrap();
    let found: Vec<_> = report
        .rejects
        .iter()
        .map(|r| (r.line, r.column, r.code))
        .collect();
    let expected = (2..)
        .zip(cases)
        .map(|(n, (_, column, code))| (n, column, code));
    let expected: Vec<_> = expected.collect();
    assert_eq!(found, expected);
    let read = store
        .db
        .get(|tx| offers::offer_by_code(tx, Release(1), "OFFRE7"))
        .await;
    let offer = read.unwrap().unwrap();
    assert_eq!(offer.zones, ["1", "3"]);
    assert_eq!(offer.building_states, [BuildingState::Deployed]);
    assert_eq!(offer.building_kinds, BuildingKind::ALL);
    assert_eq!(
        (offer.family, offer.presence_needed),
        (Family::Passive, true)
    );
    assert_eq!(offer.from_day, Some(date(2026, 1, 1)));
}

#[tokio::test]
async fn pms_have_a_file_of_their_own() {
    let Some(store) = Store::open() else { return };
    let text = "ReferencePM;EtatPM;ReferencePMTechnique;TypeEmplacementPM;CapaciteMaxPM;\
        DatePremiereMADPM;DateMiseEnServiceCommercialePM;CoordonneePMX;CoordonneePMY;\
        TypeProjectionGeographique\n\
        FI-1;DEPLOYE;FI-1-T2|FI-1-T1;PMI;360;20260105;20260405;419313,005;6781104,275;RGF93\n\
        FI-2;PLANIFIE;;;;;;;;\n\
        FI-3;DEPLOYE;;;;20260105;20260404;;;\n\
        FI-4;DEPLOYE;;;;;;338568,315;7690475,437;RGF93\n\
        FI-5;DEPLOYE;;;;;;338568,315;7690475,437;RGR92\n\
        FI-6;DEPLOYE;;;;;;1,5;48,2;LAMBERT2\n\
        FI-7;ABSENT;;;;;;;;\n";
    let report = store.publish(Kind::Pm, text).await.unwrap();
    let rejects: Vec<_> = report
        .rejects
        .iter()
        .map(|r| (r.line, r.column, r.code))
        .collect();
    assert_eq!(rejects, [(8, "EtatPM", RejectCode::Value)]);
    let doubts = report.anomalies.iter().map(|a| (a.key.as_str(), a.code));
    let expected = [
        ("FI-3", AnomalyCode::NoticeTooShort),
        ("FI-4", AnomalyCode::OutsideProjection),
        ("FI-6", AnomalyCode::UnknownProjection),
    ];
    assert_eq!(doubts.collect::<Vec<_>>(), expected);
    let read = |reference: &'static str| {
        store
            .db
            .get(move |tx| buildings::pm_by_reference(tx, Release(1), reference))
    };
    let pm = read("FI-1").await.unwrap().unwrap();
    assert_eq!((pm.state, pm.origin), (PmState::Deployed, Kind::Pm));
    assert_eq!(pm.pmt_refs, ["FI-1-T1", "FI-1-T2"]);
    assert_eq!((pm.lon, pm.lat), (Some(-0.77), Some(48.07)));
    let pm = read("FI-5").await.unwrap().unwrap();
    assert_eq!((pm.lon, pm.lat), (Some(55.4481), Some(-20.8789)));
    let pm = read("FI-4").await.unwrap().unwrap();
    assert_eq!((pm.lon, pm.lat), (None, None));
}

#[tokio::test]
async fn what_the_files_said_is_read_back() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    for kind in Territory::KINDS {
        let report = store.publish(kind, &territory.file(kind)).await.unwrap();
        assert_eq!(report.rejects, [], "{kind:?}");
        assert_eq!(report.anomalies, [], "{kind:?}");
        assert_eq!(report.unknown_columns, [""; 0], "{kind:?}");
    }
    let (pbo, pto) = (territory.pbos[0].clone(), territory.ptos[0].clone());
    let free = territory
        .fibres
        .iter()
        .find(|fibre| fibre.pto_ref.is_empty());
    let free = free.unwrap().id.clone();
    let building = territory.dwellings[0].building_ref.clone();
    let street = territory.buildings[0].clone();
    store
        .db
        .get(move |tx| {
            let release = releases::current(tx)?;
            let found = network::pbo_by_reference(tx, release, &pbo.pm_ref, &pbo.reference)?;
            assert_eq!(found.as_ref(), Some(&pbo));
            assert!(pbo.lon.is_some());
            let here = network::list_pbos_of_building(tx, release, &pbo.pm_ref, &building)?;
            assert!(here.contains(&pbo));
            assert!(network::list_pbos_of_pm(tx, release, &pbo.pm_ref, "")?.contains(&pbo));
            let cables = network::list_cables_of_pm(tx, release, &pbo.pm_ref, "")?;
            assert_eq!(cables[0].colour_code, ColourCode::Orange);
            let cable = network::cable_by_reference(tx, release, &cables[0].reference)?;
            assert_eq!(cable.as_ref(), Some(&cables[0]));

            let routes = network::list_routes_of_pto(tx, release, &pto.reference)?;
            assert_eq!(routes.len(), 1);
            assert_eq!(routes[0].connector_colour, Some(ConnectorColour::Red));
            assert_eq!((&routes[0].fibre_id, routes[0].rank), (&pto.fibre_id, 1));
            let of_fibre = network::route_by_fibre(tx, release, &pto.fibre_id)?;
            assert_eq!(of_fibre.as_ref(), Some(&routes[0]));
            // A fibre that waits for its PTO has its module and position already.
            let waiting = network::route_by_fibre(tx, release, &free)?.unwrap();
            assert_eq!((waiting.pto_ref.as_str(), &waiting.fibre_id), ("", &free));
            assert!(waiting.module.starts_with("TIROIR "));

            let nds = addresses::list_nds_of_building(tx, release, &building)?;
            let nd = addresses::nd_by_number(tx, release, &nds[0].number)?;
            assert_eq!(nd.as_ref(), Some(&nds[0]));
            assert!(CopperState::ALL.contains(&nds[0].copper_state));
            let key = (street.insee.as_str(), street.rivoli.as_str());
            let known = addresses::list_addresses_of_street(tx, release, key, "")?;
            let address = addresses::address_by_key(tx, release, &street.ban_key)?.unwrap();
            assert!(known.contains(&address));
            assert_eq!((address.lon, address.lat), (street.lon, street.lat));
            let catalogue = offers::catalogue(tx, release)?;
            let sold = catalogue.iter().filter(|offer| offer.is_sold_on(DAY));
            let codes: Vec<_> = sold.map(|offer| offer.code.as_str()).collect();
            assert_eq!(codes, ["ACCES_FTTH", "FTTE_PASSIF", "FTTH_ACTIVE"]);
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_file_sent_again_changes_nothing() {
    let Some(store) = Store::open() else { return };
    let territory = small();
    for kind in Territory::KINDS {
        store.publish(kind, &territory.file(kind)).await.unwrap();
    }
    let before = store.contents().await;
    for kind in Territory::KINDS {
        // Another file of the same lines.
        let text = territory.file(kind);
        let report = store.publish(kind, &format!("{text}\r\n")).await.unwrap();
        let counts = (
            report.added,
            report.changed,
            report.removed,
            report.unchanged,
        );
        assert_eq!(counts, (0, 0, 0, report.read), "{kind:?}");
        assert_eq!(report.anomalies, [], "{kind:?}");
    }
    assert_eq!(store.contents().await, before);
}
