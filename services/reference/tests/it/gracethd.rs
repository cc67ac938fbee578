//! GraceTHD folders: what they become, what refuses them, and how they are imported.

use std::io::Cursor;

use domain::building::PmState;
use domain::building::store as buildings;
use domain::line::FibreState;
use domain::line::store as lines;
use domain::network::store as network;
use domain::release::{Kind, Release};
use reference::gracethd::{Files, GracethdFault, convert};
use reference::report::{ImportReport, RejectCode};
use reference::usecases::{ImportError, ImportRequest, Part};
use testkit::territory::gracethd::{Shape, Tables, folder};

use crate::support::{DAY, Store};

const SHAPE: Shape = Shape {
    pbos: 5,
    dwellings: 4,
};

pub fn opened(tables: &Tables) -> Files {
    let open =
        |(name, text): (&String, &String)| -> (String, Box<dyn reference::usecases::Source>) {
            (
                name.clone(),
                Box::new(Cursor::new(text.clone().into_bytes())),
            )
        };
    tables.iter().map(open).collect()
}

/// A request for the parts of a folder.
pub fn request(files: Files) -> Result<ImportRequest, GracethdFault> {
    let parts = convert(files)?.into_iter().map(|(kind, bytes)| Part {
        kind,
        source: Box::new(Cursor::new(bytes)),
    });
    let source = Box::new(Cursor::new(Vec::new()));
    let mut request = ImportRequest::new(Kind::Gracethd, "dossier".to_owned(), source);
    request.parts = parts.collect();
    (request.extracted_on, request.approve) = (Some(DAY), true);
    Ok(request)
}

async fn import(store: &Store, tables: &Tables) -> Result<ImportReport, ImportError> {
    store.import(request(opened(tables)).unwrap(), None).await
}

fn text_of(parts: &[(Kind, Vec<u8>)], kind: Kind) -> Vec<String> {
    let (_, bytes) = parts.iter().find(|(of, _)| *of == kind).unwrap();
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_folder_becomes_pms_pbos_cables_fibres_and_routes() {
    let parts = convert(opened(&folder(SHAPE))).unwrap();
    let kinds: Vec<_> = parts.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Pm,
            Kind::Pbo,
            Kind::Cables,
            Kind::Fibres,
            Kind::Routes
        ]
    );
    // The NRO is no PM.
    let pm = "SRO-1;DEPLOYE;PME-Armoire de rue;20240312;432";
    assert_eq!(text_of(&parts, Kind::Pm), [pm]);
    let pbos = text_of(&parts, Kind::Pbo);
    assert_eq!(
        (pbos.len(), pbos[0].as_str()),
        (5, "SRO-1;PBO-001;SOUTERRAIN CHAMBRE;12")
    );
    let cables = text_of(&parts, Kind::Cables);
    assert!(cables.contains(&"CBP002-01;SRO-1;BPE-1;PBO-002;12;6;ORANGE".to_owned()));
    assert!(cables.contains(&"CBD-01;SRO-1;SRO-1;BPE-1;60;6;ORANGE".to_owned()));
    assert!(
        !cables.iter().any(|line| line.starts_with("CJ")),
        "cords are no cables"
    );
    let fibres = text_of(&parts, Kind::Fibres);
    assert_eq!(fibres.len(), 5 * 12);
    let of = |id: &str| {
        fibres
            .iter()
            .find(|line| line.contains(id))
            .unwrap()
            .as_str()
    };
    let expected = [
        "SRO-1;PBO-002;CBP002F0001;CBP002-01;1 ROUGE;1 ROUGE;fibre occupée;F2-0002-0001",
        "SRO-1;PBO-002;CBP002F0002;CBP002-01;1 ROUGE;2 BLEU;fibre disponible;F2-0002-0002",
        "SRO-1;PBO-002;CBP002F0004;CBP002-01;1 ROUGE;4 JAUNE;fibre réservée;",
        // No splice leads them to the PM, and the last is broken as well.
        "SRO-1;PBO-002;CBP002F0009;CBP002-01;2 BLEU;3 VERT;fibre hors service;",
        "SRO-1;PBO-002;CBP002F0012;CBP002-01;2 BLEU;6 BLANC;fibre hors service;",
    ];
    for line in expected {
        let id = line.split(';').nth(2).unwrap();
        assert_eq!(of(id), line);
    }
    let routes = text_of(&parts, Kind::Routes);
    assert_eq!(routes.len(), 5 * 4);
    let route = "F2-0002-0003;1;SRO-1;PBO-002;TD-01;15;CBD-01;3 VERT;3 VERT;CBP002-01;1 ROUGE;\
        3 VERT;CBP002F0003;1";
    assert!(routes.contains(&route.to_owned()), "{routes:#?}");
}

#[tokio::test]
async fn a_folder_is_imported_as_one_release_and_removes_nothing() {
    let Some(store) = Store::open() else { return };
    let report = import(&store, &folder(SHAPE)).await.unwrap();
    assert_eq!(report.rejects, []);
    // One PM, 5 PBOs, 5 + 2 cables of the distribution, 20 drops, 60 fibres, 20 routes.
    assert_eq!((report.added, report.removed), (1 + 5 + 27 + 60 + 20, 0));
    store
        .db
        .get(|tx| {
            let release = Release(1);
            let pm = buildings::pm_by_reference(tx, release, "SRO-1")?.unwrap();
            assert_eq!((pm.state, pm.origin), (PmState::Deployed, Kind::Gracethd));
            let fibres = lines::fibres_of_pbo(tx, release, "SRO-1", "PBO-003")?;
            let free = fibres.iter().filter(|f| f.state == FibreState::Available);
            assert_eq!((fibres.len(), free.count()), (12, 2));
            let route = network::route_by_fibre(tx, release, "CBP003F0002")?.unwrap();
            assert_eq!(
                (route.module.as_str(), route.position.as_str()),
                ("TD-01", "26")
            );
            let kept = network::route_by_fibre(tx, release, "CBP003F0004")?.unwrap();
            assert_eq!(kept.pto_ref, "");
            Ok(())
        })
        .await
        .unwrap();
    // The next folder is that of another area.
    let smaller = Shape { pbos: 2, ..SHAPE };
    let report = import(&store, &folder(smaller)).await.unwrap();
    assert_eq!((report.added, report.removed, report.rejected), (0, 0, 0));
}

#[tokio::test]
async fn a_route_that_leads_nowhere_is_refused_as_a_line() {
    let Some(store) = Store::open() else { return };
    let mut tables = folder(SHAPE);
    let positions = tables.get_mut("t_position.csv").unwrap();
    // The splice of the second dwelling of the first PBO was forgotten.
    *positions = positions
        .lines()
        .filter(|line| !line.contains("SF00102"))
        .fold(String::new(), |text, line| text + line + "\n");
    let report = import(&store, &tables).await.unwrap();
    let rejects: Vec<_> = report.rejects.iter().map(|r| (r.column, r.code)).collect();
    assert_eq!(rejects, [("ReferencePM", RejectCode::MissingField)]);
}

fn fault(change: impl Fn(&mut Tables)) -> (GracethdFault, String) {
    let mut tables = folder(SHAPE);
    change(&mut tables);
    let fault = convert(opened(&tables)).map(|_| ()).unwrap_err();
    let detail = fault.detail();
    (fault, detail)
}

#[test]
fn a_folder_at_fault_is_refused_with_its_table_and_line() {
    let replace = |name: &'static str, from: &'static str, to: &'static str| {
        fault(move |tables| {
            let table = tables.get_mut(name).unwrap();
            assert!(table.contains(from), "{from}");
            *table = table.replacen(from, to, 1);
        })
    };
    let cases = [
        fault(|tables| drop(tables.remove("t_fibre.csv"))),
        replace("t_fibre.csv", "fo_cb_code", "fo_cable"),
        replace("t_fibre.csv", "CBDF0003;CBD;", "CBDF0003;CBX;"),
        replace("t_position.csv", ";CBDF0001;", ";CBDF9999;"),
        replace("t_cable.csv", "CBT;", "CBD;"),
        replace("t_ebp.csv", ";PT1;;\n", ";PT1\n"),
        fault(|tables| {
            let sites = tables.get_mut("t_sitetech.csv").unwrap();
            *sites = sites
                .replace(";SRO;", ";HEBERG;")
                .replace(";NRO;", ";HEBERG;");
        }),
        replace("t_suf.csv", "SF00101;AB", "SF00101;\"AB"),
    ];
    let said: Vec<_> = cases.iter().map(|(_, detail)| detail.as_str()).collect();
    let expected = [
        "table absente du dossier : t_fibre.csv",
        "t_fibre.csv : colonnes absentes : fo_cb_code",
        "t_fibre.csv, ligne 4, fo_cb_code : « CBX » n'existe pas",
        "t_position.csv, ligne 3, ps_1 : « CBDF9999 » n'existe pas",
        "t_cable.csv, ligne 3 : code vide ou en double « CBD »",
        "t_ebp.csv, ligne 2 : nombre de champs différent de l'en-tête",
        "aucun site SRO, SROL ou NRO dans t_sitetech.csv",
        "t_suf.csv : guillemet non fermé à la ligne 2",
    ];
    assert_eq!(said, expected);
}

#[test]
fn without_an_sro_the_nro_stands_for_the_pm() {
    let mut tables = folder(SHAPE);
    let sites = tables.get_mut("t_sitetech.csv").unwrap();
    *sites = sites
        .lines()
        .filter(|line| !line.contains("NRO-1"))
        .fold(String::new(), |text, line| {
            text + &line.replace(";SRO;", ";NRO;") + "\n"
        });
    for name in ["t_ltech.csv", "t_baie.csv", "t_tiroir.csv"] {
        let table = tables.get_mut(name).unwrap();
        let first = |line: &&str| !line.starts_with("LT1;") && !line.starts_with("BA1;");
        let kept = table
            .lines()
            .filter(first)
            .filter(|line| !line.ends_with("BA1"));
        *table = kept.fold(String::new(), |text, line| text + line + "\n");
    }
    let parts = convert(opened(&tables)).unwrap();
    assert!(text_of(&parts, Kind::Pm)[0].starts_with("SRO-1;DEPLOYE"));
    assert_eq!(text_of(&parts, Kind::Routes).len(), 20);
}
