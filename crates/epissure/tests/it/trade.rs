//! The trade's own files: a synthetic network is imported, a day's orders of operator FREE are
//! sent by zeep, and their verdicts are compared with the AR and CR files that go with them. Runs
//! only where `EPISSURE_TRADE` names the folder, which is no part of the repository.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::clients::python;
use crate::server::{House, Process, engine, succeed};

/// Who orders.
const OPERATOR: &str = "FREE";
/// When the network was extracted.
const EXTRACTED: &str = "20261116";

type Line = BTreeMap<String, String>;

/// The lines of a `;` separated text, by the names of its header.
fn lines(text: &str) -> Vec<Line> {
    let mut rows = text.trim_start_matches('\u{feff}').lines();
    let names: Vec<&str> = rows.next().unwrap().split(';').collect();
    let line = |row: &str| {
        let fields = row.split(';').map(str::to_owned);
        names
            .iter()
            .map(|name| (*name).to_owned())
            .zip(fields)
            .collect()
    };
    rows.map(line).collect()
}

struct Trade(PathBuf);

impl Trade {
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn lines(&self, name: &str) -> Vec<Line> {
        lines(&fs::read_to_string(self.file(name)).unwrap())
    }
}

const NETWORK: [(&str, &str); 4] = [
    ("ipe", "MAYE_PM_IPEZMD_V31_20261116.csv"),
    ("structure", "TAO_structure_verticale.csv"),
    ("fibres", "fibres_pbo.csv"),
    ("prises", "prises.csv"),
];
const ORDERS: &str = "FREE_MAYE_ACCES_V13_20261116_1.csv";
const RECEIPTS: &str = "MAYE_FREE_ARACCES_V13_20261116_1.csv";
const REPORTS: &str = "MAYE_FREE_CRACCES_V13_20261116_1.csv";

/// The network and the operator, by the command line.
fn prepare(house: &House, data: &Path, trade: &Trade) {
    let run = |args: &[&str]| succeed(house.command(data, args));
    let login = "exploitation@mayenne.example";
    run(&[
        "init",
        "--name",
        "Mayenne Fibre",
        "--code",
        "MAYE",
        "--login",
        login,
    ]);
    for (kind, name) in NETWORK {
        let file = trade.file(name);
        let import = ["import", kind, file.to_str().unwrap(), "--approve"];
        run(&[&import[..], &["--extracted-at", "2026-11-16"]].concat());
    }
    let buildings = trade.lines(NETWORK[0].1);
    let pms: BTreeSet<&str> = buildings
        .iter()
        .map(|line| line["ReferencePM"].as_str())
        .collect();
    let mut presences = String::from("CodeOC;ReferencePM;ReferencePrestationPM\r\n");
    for pm in pms.into_iter().filter(|pm| !pm.is_empty()) {
        presences.push_str(&format!("{OPERATOR};{pm};PPM{}\r\n", pm.replace('-', "")));
    }
    let adduction = house.path(&format!("MAYE_adduction_{EXTRACTED}.csv"));
    fs::write(&adduction, presences).unwrap();
    run(&[
        "import",
        "adduction",
        adduction.to_str().unwrap(),
        "--approve",
    ]);
    run(&[
        "operator",
        "add",
        OPERATOR,
        "--name",
        "Free",
        "--email",
        "si@free.example",
    ]);
    run(&["contract", "add", OPERATOR, "CO-1"]);
    run(&["subscribe", OPERATOR, "eligibilite", "fci"]);
    run(&["cert", "make", OPERATOR]);
    let pem = house.path("FREE.pem");
    run(&[
        "cert",
        "add",
        OPERATOR,
        pem.to_str().unwrap(),
        "--responsible",
        "Ana Ruiz",
    ]);
}

/// Sends a file of orders; the verdicts, one line per order.
fn send(house: &House, data: &Path, server: &Process, orders: &Path) -> Vec<Line> {
    let mut command = python("order_file_zeep.py").unwrap();
    command
        .arg("--wsdl")
        .arg(format!("{}/ws/fci?wsdl", server.xml_url));
    command.arg("--ca").arg(data.join("tls/server.pem"));
    command.arg("--cert").arg(house.path("FREE.pem"));
    command.arg("--key").arg(house.path("FREE.key"));
    command.arg(orders);
    lines(&succeed(command))
}

/// The PBOs that serve the place an order names: a place may be spelt alike for dwellings of two.
fn pbos<'a>(structure: &'a [Line], order: &Line) -> BTreeSet<&'a str> {
    let place = ["IdentifiantImmeuble", "Batiment", "Escalier", "Etage"];
    let here = |line: &&Line| place.iter().all(|name| line[*name] == order[*name]);
    structure
        .iter()
        .filter(here)
        .map(|line| line["ReferencePBO"].as_str())
        .collect()
}

#[test]
fn a_day_of_orders_gets_the_verdicts_of_its_ar_and_cr_files() {
    let Some(folder) = std::env::var_os("EPISSURE_TRADE") else {
        println!("SKIPPED: the trade's files");
        return;
    };
    let trade = Trade(PathBuf::from(folder).join("data/synthetic"));
    let (Some(_), Some(house)) = (python("order_file_zeep.py"), House::new(engine())) else {
        return;
    };
    let data = house.path("data");
    prepare(&house, &data, &trade);
    let server = Process::start(&house, &data).unwrap_or_else(|said| panic!("no server: {said}"));
    let verdicts = send(&house, &data, &server, &trade.file(ORDERS));

    let (orders, receipts) = (trade.lines(ORDERS), trade.lines(RECEIPTS));
    let reports = trade.lines(REPORTS);
    let structure = trade.lines(NETWORK[1].1);
    assert_eq!((orders.len(), receipts.len(), verdicts.len()), (60, 60, 60));
    let mut differences = Vec::new();
    let mut compared = 0;
    for ((order, receipt), verdict) in orders.iter().zip(&receipts).zip(&verdicts) {
        let reference = &order["ReferenceCommandePriseInterneOC"];
        let mut compare = |what: &str, wanted: &[&String], found: &[&String]| {
            if wanted != found {
                differences.push(format!("{reference} {what}: {wanted:?}, not {found:?}"));
            }
        };
        let of_receipt = [
            "EtatArCommandePrise",
            "MotifKoArCommandePrise",
            "Commentaire",
        ];
        let of_verdict = ["EtatAr", "MotifAr", "CommentaireAr"];
        compare(
            "AR",
            &of_receipt.map(|n| &receipt[n]),
            &of_verdict.map(|n| &verdict[n]),
        );
        if receipt["EtatArCommandePrise"] != "OK" {
            continue;
        }
        compared += 1;
        let report = |line: &&Line| line["ReferenceCommandePriseInterneOC"] == *reference;
        let report = reports.iter().find(report).unwrap();
        let of_report = ["EtatCrCommandePrise", "MotifKoCrCommandePrise"];
        let of_verdict = ["EtatCr", "MotifCr"];
        compare(
            "CR",
            &of_report.map(|n| &report[n]),
            &of_verdict.map(|n| &verdict[n]),
        );
        let state = match report["EtatCrCommandePrise"].as_str() {
            "OK" if order["PriseExistante"] == "O" => "MAD",
            "OK" => "STOC_EMISE",
            _ => "CR_KO",
        };
        compare("state", &[&state.to_owned()], &[&verdict["Etat"]]);
        let (wanted, found) = (&report["ReferencePBO"], &verdict["ReferencePBO"]);
        let served = pbos(&structure, order);
        // The file's choice among the PBOs of the place is one of several that are right.
        let chosen = order["PriseExistante"] == "N" && served.contains(found.as_str());
        if !(chosen && served.contains(wanted.as_str())) {
            compare("PBO", &[wanted], &[found]);
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert_eq!(compared, reports.len());

    assert_overwritten(&house, &data, &server, &trade);
}

/// The orders on a PTO that another operator held have taken the line over: to order it again is
/// now to order one's own line (FIMP19).
fn assert_overwritten(house: &House, data: &Path, server: &Process, trade: &Trade) {
    let ptos = trade.lines(NETWORK[3].1);
    let held = |reference: &str| {
        let pto = ptos.iter().find(|pto| pto["ReferencePrise"] == reference);
        pto.filter(|pto| pto["EtatLigne"] == "EN SERVICE" && pto["CodeOC"] != OPERATOR)
    };
    let text = fs::read_to_string(trade.file(ORDERS)).unwrap();
    let mut again: Vec<String> = text.lines().take(1).map(str::to_owned).collect();
    for (line, order) in text.lines().skip(1).zip(trade.lines(ORDERS)) {
        let mine = order["PriseExistante"] == "O" && held(&order["ReferencePrise"]).is_some();
        if mine {
            again.push(line.replacen("FREE20261116", "FREE20261117", 1));
        }
    }
    assert_eq!(again.len(), 3, "two orders overwrite: {again:?}");
    let file = house.path("FREE_MAYE_ACCES_V13_20261117_1.csv");
    fs::write(&file, again.join("\r\n")).unwrap();
    for verdict in send(house, data, server, &file) {
        let told = ["EtatAr", "MotifAr", "CommentaireAr"].map(|name| verdict[name].as_str());
        assert_eq!(told, ["KO", "FIMP19", "ReferencePrise"]);
    }
}
