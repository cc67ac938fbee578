//! Partners' own clients, zeep (Python) and the npm package `soap`, against a real server over
//! mutual TLS. The scripts stand in tests/clients; a scenario goes in, one JSON line per answer
//! comes out.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves, and say their skips"
)]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use testkit::territory::{Case, Spot};

use crate::server::{Server, Visitor, engine, succeed};

/// Whose client.
#[derive(Clone, Copy, Debug)]
enum Partner {
    Zeep,
    Node,
}

const PARTNERS: [Partner; 2] = [Partner::Zeep, Partner::Node];

/// A tool of the run, told by the environment; `None`, said as a skip, without it.
pub fn tool(variable: &str, name: &str) -> Option<PathBuf> {
    let found = std::env::var_os(variable).map(PathBuf::from);
    if found.is_none() {
        println!("SKIPPED: {name}");
    }
    found
}

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// A script of tests/clients, to be run by Python.
pub fn python(script: &str) -> Option<Command> {
    let mut command = Command::new(tool("EPISSURE_PYTHON", "zeep")?);
    command
        .arg("-B")
        .arg(repository("tests/clients").join(script));
    Some(command)
}

/// A script to be run by Node with the packages of the run.
pub fn node(script: &str) -> Option<Command> {
    let packages = tool("EPISSURE_NODE_MODULES", "node")?;
    let mut command = Command::new("node");
    command.arg(repository(script)).env("NODE_PATH", packages);
    Some(command)
}

/// Runs a command that reads `input` and must end well; its standard output.
pub fn fed(mut command: Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

impl Partner {
    fn script(self) -> Option<Command> {
        match self {
            Self::Zeep => python("soap_zeep.py"),
            Self::Node => node("tests/clients/soap_node.mjs"),
        }
    }

    /// Calls `service` with the certificate `name`, or none; the lines printed.
    fn play(self, server: &Server, service: &str, name: Option<&str>, calls: Value) -> Vec<Value> {
        let (cert, key) = name.map(|name| server.certificate(name)).unzip();
        let wsdl = format!("{}/ws/{service}?wsdl", server.xml_url());
        let scenario =
            json!({ "wsdl": wsdl, "ca": server.ca(), "cert": cert, "key": key, "calls": calls });
        let printed = fed(self.script().unwrap(), &scenario.to_string());
        printed
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// As HIRO.
    fn fci(self, server: &Server, calls: Value) -> Vec<Value> {
        self.play(server, "fci", Some("HIRO"), calls)
    }
}

/// Whether there is curl. Its lack is said as a skip.
pub fn curl_is_there() -> bool {
    let found = Command::new("curl").arg("--version").output().is_ok();
    if !found {
        println!("SKIPPED: curl");
    }
    found
}

/// The clients whose tools are there. A missing one is said as a skip.
fn partners() -> Vec<Partner> {
    PARTNERS
        .into_iter()
        .filter(|partner| partner.script().is_some())
        .collect()
}

/// What stands at a path of a line, as text; empty without it. One client reads numbers, the other
/// leaves them as text.
fn at(line: &Value, path: &str) -> String {
    match line.pointer(path) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// An order to build a line at `spot`.
fn order(server: &Server, spot: &Spot<'_>, reference: &str) -> Vec<(String, String)> {
    let (building, dwelling) = (spot.building, spot.dwelling.unwrap());
    let presence =
        |p: &&domain::building::Presence| p.oc_code == "HIRO" && p.pm_ref == building.pm_ref;
    let presence = server.territory.presences.iter().find(presence).unwrap();
    let fields = [
        ("ReferenceCommandePriseInterneOC", reference),
        ("CodeAdresseImmeuble", &building.hexacle),
        ("Batiment", &dwelling.batiment),
        ("Escalier", &dwelling.escalier),
        ("Etage", &dwelling.etage),
        ("TypeRacco", "OC"),
        ("NomClient", "Garnier"),
        ("ContactClient1", "0261910001"),
        ("ReferencePrestationPm", &presence.prestation_ref),
        ("ReferencePm", &building.pm_ref),
        ("PriseExistante", "N"),
        ("TypeCommandeDemande", "LOCA"),
        ("IdentifiantImmeuble", &building.reference),
    ];
    fields
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
}

fn named(reference: &str) -> Value {
    json!([["ReferenceCommandePriseInterneOC", reference]])
}

/// Consults until the order stands at `status`.
fn wait_for(reference: &str, status: &str) -> Value {
    json!({
        "operation": "consulterCommande",
        "arguments": named(reference),
        "until": ["Commande", "Etat", status],
    })
}

/// Checks envelopes as received against the schemas as published, by xmllint.
async fn conform(server: &Server, envelopes: &[PathBuf]) {
    let Some(xmllint) = tool("EPISSURE_XMLLINT", "xmllint") else {
        return;
    };
    let folder = server.house.path("schemas");
    std::fs::create_dir_all(&folder).unwrap();
    let mut machine = server.machine("HIRO");
    let mut imports = String::new();
    for (name, namespace) in [
        ("commun", "urn:epissure:ws:commun:1"),
        ("eligibilite", "urn:epissure:ws:eligibilite:1"),
        ("fci", "urn:epissure:ws:fci:1"),
        ("tao", "urn:epissure:ws:tao:1"),
    ] {
        let published = machine.get(&format!("/ws/{name}.xsd")).await.unwrap();
        assert_eq!(published.status, 200, "{name}.xsd");
        std::fs::write(folder.join(format!("{name}.xsd")), published.body).unwrap();
        let import = format!("<xs:import namespace='{namespace}' schemaLocation='{name}.xsd'/>");
        imports.push_str(&import);
    }
    let envelope = repository("crates/soap/contract/enveloppe.xsd");
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    let schema = folder.join("all.xsd");
    let text = format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>\
         <xs:import namespace='{soap}' schemaLocation='{}'/>{imports}</xs:schema>",
        envelope.display()
    );
    std::fs::write(&schema, text).unwrap();
    let mut command = Command::new(xmllint);
    command
        .args(["--noout", "--nonet", "--schema"])
        .arg(schema)
        .args(envelopes);
    succeed(command);
}

/// The operator sees each answered call in its log, under the reference that its client was given;
/// the other operator sees none of them.
async fn logged(server: &Server, answers: &[Value]) {
    let list = "/developpeurs/appels?format=json";
    let seen = Visitor::sign_in(server, "HIRO").await.get(list).await;
    let seen: Vec<Value> = serde_json::from_str(&seen.body).unwrap();
    for line in answers {
        let trace = at(line, "/answer/Entete/IdentifiantReponse");
        let row = seen
            .iter()
            .find(|row| row["identifiant_reponse"] == trace.as_str());
        let row = row.unwrap_or_else(|| panic!("{trace} of {line} is not in the log"));
        assert_eq!(row["operation"], line["operation"], "{row}");
        assert_eq!(row["code"], at(line, "/answer/CodeRetour"), "{row}");
        assert!(row["duree_us"].as_i64().unwrap() > 0, "{row}");
        let asked = at(line, "/answer/Entete/IdentifiantRequete");
        assert_eq!(row["identifiant_requete"], asked, "{row}");
    }
    let theirs = Visitor::sign_in(server, "LINB").await.get(list).await;
    assert_eq!(theirs.body.trim(), "[]");
}

/// The journey of two orders, one to service, one cancelled; the references end with `tail`.
async fn whole_journey(partner: Partner) {
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let spots = server.territory.spots(Case::Buildable, "HIRO");
    let (first, second) = (&spots[0], &spots[1]);
    let saved = |name: &str| server.house.path(&format!("{name}.xml"));
    let asked = json!([{
        "operation": "testerEligibilite",
        "arguments": [["Adresse", { "IdentifiantImmeuble": first.building.reference }]],
        "save": saved("eligibility"),
    }]);
    let tested = partner.play(&server, "eligibilite", Some("HIRO"), asked);
    assert_eq!(at(&tested[0], "/answer/CodeRetour"), "0", "{tested:?}");
    assert_eq!(
        at(&tested[0], "/answer/Immeuble/0/Offre/0/Verdict"),
        "eligible"
    );

    let asked = json!([{
        "operation": "testerEligibiliteLot",
        "arguments": [["Test", [
            { "Repere": "A", "Adresse": { "IdentifiantImmeuble": first.building.reference } },
            { "Repere": "B", "Adresse": { "IdentifiantImmeuble": "IMB/00000/X/0000" } },
        ]]],
        "save": saved("lot"),
    }]);
    let lot = partner.play(&server, "eligibilite", Some("HIRO"), asked);
    for (place, wanted) in [
        ("0/Repere", "A"),
        ("0/Immeuble/0/Offre/0/Verdict", "eligible"),
        ("1/Repere", "B"),
        ("1/Motif", "FADR01"),
    ] {
        let told = at(&lot[0], &format!("/answer/Resultat/{place}"));
        assert_eq!(told, wanted, "{lot:?}");
    }

    let asked = json!([{
        "operation": "consulterStructure",
        "arguments": [["Adresse", { "IdentifiantImmeuble": first.building.reference }]],
        "save": saved("structure"),
    }]);
    let structure = partner.play(&server, "tao", Some("HIRO"), asked);
    let floor = "/answer/Immeuble/0/Batiment/0/Escalier/0/Etage/0/Nom";
    assert!(!at(&structure[0], floor).is_empty(), "{structure:?}");

    let step = |operation: &str, arguments: Value| {
        let save = saved(operation);
        json!({ "operation": operation, "arguments": arguments, "save": save })
    };
    let connected = json!([
        ["ReferenceCommandePriseInterneOC", "OC-1"],
        ["CrRaccordementPrise", "OK"],
        ["DateRaccordementPrise", "20261123"],
    ]);
    let in_service = json!([
        ["ReferenceCommandePriseInterneOC", "OC-1"],
        ["DateMiseEnService", "20261123"]
    ]);
    let all_told = json!({ "operation": "listerEvenements", "until": ["DernierNumero", "13"],
        "save": saved("listerEvenements") });
    let mut last = wait_for("OC-1", "MES");
    last["save"] = json!(saved("consulterCommande"));
    let calls = json!([
        step("deposerCommande", json!(order(&server, first, "OC-1"))),
        wait_for("OC-1", "STOC_EMISE"),
        step("deposerCrStoc", connected),
        wait_for("OC-1", "MAD"),
        step("deposerCrMes", in_service),
        last,
        step("deposerCommande", json!(order(&server, second, "OC-2"))),
        wait_for("OC-2", "STOC_EMISE"),
        step("annulerCommande", named("OC-2")),
        wait_for("OC-2", "ANNULEE"),
        all_told,
    ]);
    let answers = partner.fci(&server, calls);
    for answer in &answers {
        assert_eq!(at(answer, "/answer/CodeRetour"), "0", "{answer}");
    }
    assert_eq!(at(&answers[0], "/answer/EtatArCommandePrise"), "OK");
    let delivered = |path: &str| at(&answers[5], &format!("/answer/Commande/{path}"));
    assert_eq!(delivered("CrCommande/EtatCrCommandePrise"), "OK");
    assert_eq!(
        delivered("CrMad/ReferencePrise"),
        delivered("ReferencePrise")
    );
    assert!(
        !delivered("RouteOptique/0/InformationFibrePBO").is_empty(),
        "{}",
        answers[5]
    );
    let events = answers[10]
        .pointer("/answer/Evenement")
        .and_then(Value::as_array)
        .unwrap();
    let told: Vec<_> = events
        .iter()
        .map(|event| (at(event, "/Numero"), at(event, "/Type")))
        .collect();
    let numbers: Vec<_> = told.iter().map(|(number, _)| number.as_str()).collect();
    let counted: Vec<_> = (1..=13).map(|n| n.to_string()).collect();
    assert_eq!(numbers, counted);
    // The network's five files were published first, and every operator was told.
    let kinds: Vec<_> = told.iter().skip(5).map(|(_, kind)| kind.as_str()).collect();
    let journey = ["AR_CMD_ACCES", "CR_CMD_ACCES", "CMD_STOC"];
    let ends = [
        &journey[..],
        &["CR_MAD_LIGNE"],
        &journey[..],
        &["CR_ANNUL_RESIL"],
    ]
    .concat();
    assert_eq!(kinds, ends);

    let wrong = json!([{
        "operation": "signalerAnomalieAdresse",
        "arguments": [
            ["TypeAnomalie", "modification"],
            ["Adresse", { "IdentifiantImmeuble": first.building.reference }],
            ["ValeurAttendue", "12 bis & suite"],
        ],
        "save": saved("signalerAnomalieAdresse"),
    }]);
    let reported = partner.play(&server, "tao", Some("HIRO"), wrong.clone());
    assert_eq!(at(&reported[0], "/answer/Statut"), "ACKNOWLEDGED");
    let named = at(&reported[0], "/answer/ReferenceAnomalie");
    assert!(named.starts_with("ADR"), "{reported:?}");
    let twice = partner.play(&server, "tao", Some("HIRO"), wrong);
    assert_eq!(at(&twice[0], "/answer/CodeRetour"), "100", "{twice:?}");
    assert_eq!(at(&twice[0], "/answer/ReferenceAnomalie"), named);

    let calls = [&tested, &lot, &structure, &answers, &reported, &twice];
    logged(&server, &calls.map(Vec::as_slice).concat()).await;

    let operations = [
        "deposerCommande",
        "deposerCrStoc",
        "deposerCrMes",
        "consulterCommande",
    ];
    let mut envelopes: Vec<_> = operations.map(saved).to_vec();
    envelopes.extend(["annulerCommande", "listerEvenements", "eligibility"].map(saved));
    envelopes.push(saved("signalerAnomalieAdresse"));
    conform(&server, &envelopes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zeep_runs_the_whole_journey() {
    if Partner::Zeep.script().is_some() {
        whole_journey(Partner::Zeep).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_npm_client_runs_the_whole_journey() {
    if Partner::Node.script().is_some() {
        whole_journey(Partner::Node).await;
    }
}

#[test]
fn the_certificate_decides_who_calls() {
    let partners = partners();
    let Some(server) = Server::start(engine()) else {
        return;
    };
    server.run(&["cert", "make", "stranger", "--dir", "acces"]);
    let ask = json!([{ "operation": "consulterCommande", "arguments": named("OC-1") }]);
    for partner in &partners {
        let line = &partner.play(&server, "fci", Some("stranger"), ask.clone())[0];
        assert_eq!(at(line, "/fault/Code"), "12", "{partner:?} {line}");
        let line = &partner.play(&server, "fci", None, ask.clone())[0];
        let alert = at(line, "/error").to_lowercase().replace('_', " ");
        assert!(alert.contains("certificate required"), "{partner:?} {line}");
    }
    let listed = server.run(&["cert", "list", "HIRO", "--output", "json"]);
    let listed: Value = serde_json::from_str(&listed).unwrap();
    server.run(&["cert", "revoke", listed[0]["fingerprint"].as_str().unwrap()]);
    for partner in &partners {
        let line = &partner.fci(&server, ask.clone())[0];
        assert_eq!(at(line, "/fault/Code"), "16", "{partner:?} {line}");
        let line = &partner.play(&server, "fci", Some("LINB"), ask.clone())[0];
        assert_eq!(at(line, "/answer/Motif"), "FIMP14", "{partner:?} {line}");
    }
}

/// Over HTTP/2 an answer may overtake the message it answers, and must be shown all the same.
#[test]
fn curl_shows_the_fault_that_a_stranger_is_answered() {
    if !curl_is_there() {
        return;
    }
    let Some(server) = Server::start(engine()) else {
        return;
    };
    server.run(&["cert", "make", "stranger", "--dir", "acces"]);
    let (cert, key) = server.certificate("stranger");
    let mut curl = Command::new("curl");
    // More than is sent before anything is read.
    let message = server.house.path("message");
    std::fs::write(&message, "x".repeat(300_000)).unwrap();
    curl.args(["-sS", "--http2", "--data-binary"])
        .arg(format!("@{}", message.display()));
    curl.arg("--cacert").arg(server.ca());
    curl.arg("--cert").arg(cert).arg("--key").arg(key);
    curl.arg(format!("{}/ws/fci", server.xml_url()));
    let answer = succeed(curl);
    assert!(answer.contains("<Code>12</Code>"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_a_fault_with_its_code() {
    let partners = partners();
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let envelope = |body: &str| {
        let soap = "http://schemas.xmlsoap.org/soap/envelope/";
        format!("<s:Envelope xmlns:s='{soap}'><s:Body>{body}</s:Body></s:Envelope>")
    };
    let empty = envelope("<consulterCommande xmlns='urn:epissure:ws:fci:1'/>");
    let unknown = envelope("<supprimerCommande xmlns='urn:epissure:ws:fci:1'/>");
    let doctype = format!("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>{empty}");
    let cases = [
        ("18", doctype),
        ("18", empty[..90].to_owned()),
        ("22", empty),
        ("22", unknown),
    ];
    let mut envelopes = Vec::new();
    for partner in partners {
        for (number, (code, raw)) in cases.iter().enumerate() {
            let save = server.house.path(&format!("{partner:?}-{number}.xml"));
            let calls = json!([{ "operation": "consulterCommande", "raw": raw, "save": save }]);
            let line = &partner.fci(&server, calls)[0];
            assert_eq!(at(line, "/fault/Code"), *code, "{partner:?} {raw}: {line}");
            assert!(at(line, "/fault/Reference").starts_with("req_"), "{line}");
            envelopes.push(save);
        }
    }
    conform(&server, &envelopes).await;
}

#[test]
fn a_request_sent_again_has_one_effect_and_the_same_answer() {
    let partners = partners();
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let spots = server.territory.spots(Case::Buildable, "HIRO");
    for (partner, spot) in partners.into_iter().zip(&spots) {
        let reference = format!("OC-{partner:?}");
        let first = order(&server, spot, &reference);
        let mut changed = first.clone();
        changed.retain(|(name, _)| name != "ContactClient1");
        let send = |id: &Value, fields: &[(String, String)]| {
            let operation = "deposerCommande";
            json!({ "operation": operation, "id": id, "arguments": fields })
        };
        let id = json!(format!("id-{partner:?}"));
        let calls = json!([
            send(&id, &first),
            send(&id, &first),
            send(&id, &changed),
            send(&Value::Null, &first),
            { "operation": "consulterCommande", "arguments": named(&reference) },
        ]);
        let lines = partner.fci(&server, calls);
        let told = |line: &Value| {
            [
                "EtatArCommandePrise",
                "DateArCommandePrise",
                "ReferenceCommandePriseInterneOC",
            ]
            .map(|name| at(line, &format!("/answer/{name}")))
        };
        assert_eq!(told(&lines[0])[0], "OK", "{partner:?} {}", lines[0]);
        assert_eq!(told(&lines[0]), told(&lines[1]), "{partner:?}");
        assert_eq!(
            at(&lines[2], "/answer/CodeRetour"),
            "13",
            "{partner:?} {}",
            lines[2]
        );
        assert_eq!(
            at(&lines[3], "/answer/CodeRetour"),
            "1",
            "{partner:?} {}",
            lines[3]
        );
        assert_eq!(
            at(&lines[4], "/answer/CodeRetour"),
            "0",
            "{partner:?} {}",
            lines[4]
        );
        let orders = format!("select count(*) from access_order where reference = '{reference}'");
        assert_eq!(server.count(&orders), 1);
    }
}
