//! The process: what it refuses to start on, how it ends, what its help says.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;

use storage::Engine;
use testkit::territory::Case;

use crate::races::{place, to_build};
use crate::server::{House, Process, Server, binary, engine, said, succeed};

/// An installation with the OI alone.
fn founded() -> Option<(House, std::path::PathBuf)> {
    let house = House::new(engine())?;
    let data = house.path("data");
    let login = "exploitation@f2v.example";
    let init = ["init", "--name", "F2V", "--code", "F2V", "--login", login];
    succeed(house.command(&data, &init));
    Some((house, data))
}

/// Two servers never share a folder, on any engine: its keys and its socket have one owner. A
/// command meanwhile goes through the server.
#[test]
fn a_folder_held_by_another_process_is_refused() {
    let Some((house, data)) = founded() else {
        return;
    };
    let first = Process::start(&house, &data).unwrap();
    let refused = Process::start(&house, &data).err().expect("refused");
    assert!(refused.contains("another"), "{refused}");
    let add = [
        "operator",
        "add",
        "HIRO",
        "--name",
        "H",
        "--email",
        "si@hiro.example",
    ];
    succeed(house.command(&data, &add));
    assert!(first.stop().success());
    assert!(Process::start(&house, &data).unwrap().stop().success());
}

/// What would undo the platform's protections is refused at start: on PostgreSQL a role that
/// row-level security does not bind; on each engine a key that others can read.
#[test]
fn a_store_or_a_key_that_protects_nothing_is_refused() {
    let Some((house, data)) = founded() else {
        return;
    };
    if let Some(database) = &house.database {
        let roles = [
            (&database.owner_url, "owns tables"),
            (&database.admin_url, "superuser"),
        ];
        for (url, why) in roles {
            let mut command = house.command(&data, &["serve"]);
            let output = command
                .env("EPISSURE__DATABASE__URL", url)
                .output()
                .unwrap();
            assert!(
                !output.status.success() && said(&output).contains(why),
                "{}",
                said(&output)
            );
        }
    }
    for key in ["audit.key", "tls/server.key"] {
        let key = data.join(key);
        fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
        let refused = Process::start(&house, &data).err().expect("refused");
        assert!(refused.contains("open to others"), "{refused}");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(Process::start(&house, &data).unwrap().stop().success());
}

#[test]
fn an_unknown_key_of_the_configuration_is_refused_with_the_nearest_one() {
    let Some(house) = House::new(Engine::Sqlite) else {
        return;
    };
    let data = house.path("data");
    let mut command = house.command(&data, &["check"]);
    let output = command.env("EPISSURE__PORTAL__PROT", "1").output().unwrap();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("did you mean portal.port?"),
        "{}",
        said(&output)
    );
    let file = house.path("epissure.toml");
    fs::write(&file, "[audit]\nhead_dri = \"/srv/heads\"\n").unwrap();
    let mut command = house.command(&data, &["check", "--config", file.to_str().unwrap()]);
    let output = command.output().unwrap();
    assert!(!output.status.success());
    assert!(
        said(&output).contains("did you mean audit.head_dir?"),
        "{}",
        said(&output)
    );
}

/// SIGTERM while orders arrive: what was acknowledged is there, the journal is sealed and signed to
/// its end, the socket is gone, and the server starts again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_told_to_end_answers_seals_signs_and_ends() {
    const ORDERS: usize = 16;
    let Some(mut server) = Server::start(engine()) else {
        return;
    };
    let spots = server.territory.spots(Case::Buildable, "HIRO");
    let mut senders = Vec::new();
    for i in 0..ORDERS {
        let spot = spots[i % spots.len()];
        let fields = to_build(&format!("FIN-{i}"), spot.building, spot.dwelling.unwrap());
        let mut machine = server.machine("HIRO");
        senders.push(tokio::spawn(async move {
            let reply = place(&mut machine, &fields[0].1, &fields).await.ok()?;
            (reply.text("EtatArCommandePrise") == "OK").then(|| fields[0].1.clone())
        }));
    }
    let mut acknowledged = vec![senders.remove(0).await.unwrap().expect("an answer")];
    assert!(server.stop().success());
    for sender in senders {
        acknowledged.extend(sender.await.unwrap());
    }
    let verified = server.run(&["audit", "verify"]);
    assert!(verified.contains("not yet sealed 0"), "{verified}");
    let last = server.count("select max(seq) from audit_seal");
    assert!(
        server
            .house
            .path(&format!("data-audit/head-{last}.json"))
            .exists()
    );
    assert!(!server.data.join("epissure.sock").exists());
    for reference in acknowledged {
        let stored = "select count(*) from access_order where reference =";
        assert_eq!(
            server.count(&format!("{stored} '{reference}'")),
            1,
            "{reference}"
        );
    }
    server.restart();
    let mut machine = server.machine("HIRO");
    let reply = machine.fci("listerEvenements", None, &[]).await.unwrap();
    assert_eq!(reply.text("CodeRetour"), "0");
}

/// Every command's help, as the binary prints it, ends with examples of that very command; that
/// each of them parses is proven beside their table.
#[test]
fn the_help_of_every_command_ends_with_examples() {
    fn walk(command: &clap::Command, path: &[&str]) {
        for below in command.get_subcommands().filter(|c| c.get_name() != "help") {
            let path = [path, &[below.get_name()]].concat();
            if below.has_subcommands() {
                walk(below, &path);
                continue;
            }
            let mut command = std::process::Command::new(binary());
            command.args(&path).arg("--help");
            let help = succeed(command);
            let of_it = format!("epissure {}", path.join(" "));
            let (_, examples) = help.split_once("Examples:\n").unwrap_or((&help, ""));
            assert!(
                examples.trim_start().starts_with(&of_it),
                "{of_it}: {examples}"
            );
        }
    }
    walk(&epissure::cli::command(), &[]);
}

/// A text a line in, an answer a line out, beside the server that holds the folder.
#[test]
fn a_stream_of_texts_is_answered_line_by_line() {
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let spot = server.territory.spots(Case::Buildable, "HIRO")[0];
    let address = domain::order::address_line(spot.building);
    let texts = [
        &address,
        "0199999999",
        "",
        &spot.building.reference,
        "\u{1}'\"",
    ]
    .join("\n");
    let mut command = server.command(&["search", "--jsonl"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(texts.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = said.lines().map(serde_json::from_str);
    let lines: Vec<serde_json::Value> = lines.collect::<Result<_, _>>().unwrap();
    assert_eq!(lines.len(), 5, "{said}");
    let ids = |at: usize| lines[at]["building_ids"].to_string();
    assert!(ids(0).contains(&spot.building.reference), "{}", lines[0]);
    assert_eq!(
        (&lines[1]["kind"], &lines[1]["verdict"]),
        (&"nd".into(), &"none".into())
    );
    assert_eq!(lines[2]["error"], "FIMP15");
    assert!(ids(3).contains(&spot.building.reference), "{}", lines[3]);
    assert_eq!(lines[4]["verdict"], "none");
    for (line, text) in lines.iter().zip(texts.split('\n')) {
        assert_eq!(line["query"], text);
    }
}
