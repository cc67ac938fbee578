//! The trade's own files. Runs only where `EPISSURE_TRADE` names their folder, which is no part of
//! the repository.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use domain::release::{Kind, Release, Table};
use reference::gracethd::Files;
use reference::kind_of_name;
use reference::usecases::Source;

use crate::gracethd::request;
use crate::support::Store;

fn folder(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("EPISSURE_TRADE")?;
    Some(PathBuf::from(folder).join("data").join(name))
}

fn opened(folder: &Path) -> Files {
    let open = |entry: fs::DirEntry| -> (String, Box<dyn Source>) {
        let name = entry.file_name().to_string_lossy().to_lowercase();
        (name, Box::new(File::open(entry.path()).unwrap()))
    };
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| open(entry.unwrap()))
        .collect()
}

#[tokio::test]
async fn the_sample_of_a_gracethd_folder_is_imported() {
    let Some(folder) = folder("gracethd-sample") else {
        println!("SKIPPED: the trade's files");
        return;
    };
    let Some(store) = Store::open() else { return };
    let report = store
        .import(request(opened(&folder)).unwrap(), None)
        .await
        .unwrap();
    assert_eq!(report.rejects, []);
    let contents = store.contents().await;
    let count = |table: Table| {
        let prefix = format!("{} ", table.name());
        contents
            .keys()
            .filter(|key| key.starts_with(&prefix))
            .count()
    };
    // One SRO; three PBOs, of cables of 12, 24 and 36 fibres; 22 cables that are no cords; four
    // dwellings with a route.
    let found = [
        Table::Pm,
        Table::Pbo,
        Table::Cable,
        Table::Fibre,
        Table::Route,
    ]
    .map(count);
    assert_eq!(found, [1, 3, 22, 72, 4]);
    let route = store
        .db
        .get(|tx| domain::network::store::route_by_fibre(tx, Release(1), "FO180030329001"))
        .await
        .unwrap()
        .unwrap();
    let at_pm = (
        route.module.as_str(),
        route.position.as_str(),
        route.module_cable.as_str(),
    );
    assert_eq!(at_pm, ("TI000180030519", "1", "CB000180030916"));
    let at_pbo = (
        route.pbo_ref.as_str(),
        route.cable_ref.as_str(),
        route.tube.as_str(),
    );
    assert_eq!(at_pbo, ("BP000180030675", "CB000180030329", "1 ROUGE"));
    assert_eq!(route.pto_ref, "CODE12");
}

#[tokio::test]
async fn the_synthetic_network_is_imported_by_the_names_of_its_files() {
    let Some(folder) = folder("synthetic") else {
        println!("SKIPPED: the trade's files");
        return;
    };
    let Some(store) = Store::open() else { return };
    for name in [
        "MAYE_PM_IPEZMD_V31_20261116.csv",
        "TAO_structure_verticale.csv",
        "fibres_pbo.csv",
        "prises.csv",
        "nd.csv",
    ] {
        let kind: Kind = kind_of_name(name).unwrap();
        let text = fs::read_to_string(folder.join(name)).unwrap();
        let report = store.publish(kind, &text).await.unwrap();
        assert_eq!(report.rejects, [], "{name}");
        assert_eq!(
            (report.added, &report.unknown_columns),
            (report.read, &Vec::new()),
            "{name}"
        );
    }
}
