//! Backups of a real server under load, and what a restore gives back; what the doctor finds.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests panic like the tests themselves"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use domain::building::{Building, Dwelling};
use domain::release::Kind;
use storage::Engine;
use testkit::territory::{Case, Size, Territory};
use tokio::sync::watch;

use crate::races::{Fields, order, place};
use crate::server::{Client, House, Process, Server, engine, said, succeed, territory_of};

/// Clients that order at once.
const CLIENTS: usize = 4;
/// Backups taken while they do: an import takes its time on PostgreSQL.
fn backups() -> usize {
    match engine() {
        Engine::Sqlite => 3,
        Engine::Postgres => 2,
    }
}
/// Orders acknowledged before the first backup, and between two.
const BETWEEN: usize = 15;
/// Exit codes (interfaces §5).
const INVALID: i32 = 3;
const CONFLICT: i32 = 6;
const PROBLEMS: i32 = 9;
/// Fibres written in several slices, so that a backup meets an import half way.
const LARGE: Size = Size {
    addresses: 400,
    dwellings: 600,
    pms: 4,
};

/// An order that was acknowledged: what was sent, and the AR's state.
#[derive(Clone)]
struct Acknowledged {
    reference: String,
    fields: Fields,
    state: String,
}

/// What clients have been told so far.
type Told = Arc<Mutex<Vec<Acknowledged>>>;

/// Places where HIRO can have a line built.
fn places(territory: &Territory) -> Vec<(Building, Dwelling)> {
    let spots = territory.spots(Case::Buildable, "HIRO");
    let place =
        |s: &testkit::territory::Spot<'_>| (s.building.clone(), s.dwelling.unwrap().clone());
    spots.iter().map(place).collect()
}

async fn order_until(
    stop: Arc<AtomicBool>,
    number: usize,
    mut client: Client,
    places: Arc<Vec<(Building, Dwelling)>>,
    told: Told,
    count: watch::Sender<usize>,
) {
    for i in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let (building, dwelling) = &places[(number + i * CLIENTS) % places.len()];
        let reference = format!("SAUV-{number}-{i}");
        let fields = order(&reference, building, dwelling, "");
        let reply = place(&mut client, &reference, &fields).await.unwrap();
        // Told to come again, a partner does; here another order serves as well.
        let state = reply.text("EtatArCommandePrise").to_owned();
        if !state.is_empty() {
            told.lock().unwrap().push(Acknowledged {
                reference,
                fields,
                state,
            });
            count.send_modify(|count| *count += 1);
        }
    }
}

/// The `n`th file of fibres: a third of its lines are of cable `CABLE-n`.
fn write_fibres(base: &Territory, n: usize, path: &Path) {
    let mut territory = base.clone();
    for (i, fibre) in territory.fibres.iter_mut().enumerate() {
        if i % 3 == n % 3 {
            fibre.cable = format!("CABLE-{n}");
        }
    }
    fs::write(path, territory.file(Kind::Fibres)).unwrap();
}

fn import(house: &House, data: &Path, file: &Path) -> Output {
    let args = ["import", "fibres", file.to_str().unwrap(), "--approve"];
    let mut command = house.command(
        data,
        &[&args[..], &["--extracted-at", "2026-11-23"]].concat(),
    );
    command.output().unwrap()
}

/// A backup, with what had been acknowledged before it began.
struct Taken {
    file: PathBuf,
    before: Vec<Acknowledged>,
}

/// Takes backups while clients order and imports follow each other.
async fn backups_under_load(server: &Server) -> Vec<Taken> {
    let (stop, told): (_, Told) = (Arc::new(AtomicBool::new(false)), Told::default());
    let places = Arc::new(places(&server.territory));
    let (count, mut counted) = watch::channel(0);
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            let (stop, places, told) = (Arc::clone(&stop), Arc::clone(&places), Arc::clone(&told));
            let machine = server.machine("HIRO");
            tokio::spawn(order_until(stop, n, machine, places, told, count.clone()))
        })
        .collect();
    drop(count);
    let files: Vec<_> = (0..2)
        .map(|n| {
            let file = server.house.path(&format!("fibres-{n}.csv"));
            write_fibres(&server.territory, n + 1, &file);
            file
        })
        .collect();
    let taken = std::thread::scope(|scope| {
        let (ended, mut imports) = watch::channel(0);
        scope.spawn(|| {
            let ended = ended;
            while !stop.load(Ordering::Relaxed) {
                let file = &files[*ended.borrow() % 2];
                assert_code(&import(&server.house, &server.data, file), 0);
                ended.send_modify(|count| *count += 1);
            }
        });
        let mut taken = Vec::new();
        for n in 0..backups() {
            let wanted = *counted.borrow() + BETWEEN;
            let enough = async {
                counted.wait_for(|count| *count >= wanted).await.unwrap();
                // The first during the first import, the others once more of them went by.
                imports.wait_for(|count| *count >= n).await.unwrap();
            };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(enough));
            let before = told.lock().unwrap().clone();
            let file = server.house.path(&format!("sauvegarde-{n}.zip"));
            server.run(&["backup", "create", "--to", file.to_str().unwrap()]);
            taken.push(Taken { file, before });
        }
        stop.store(true, Ordering::Relaxed);
        taken
    });
    for client in clients {
        client.await.unwrap();
    }
    taken
}

type Rows = Vec<Vec<String>>;

/// Every order's timeline.
fn timelines(rows: Rows) -> BTreeMap<String, Rows> {
    let mut all: BTreeMap<String, Rows> = BTreeMap::new();
    for mut row in rows {
        all.entry(row.remove(0)).or_default().push(row);
    }
    all
}

const TIMELINES: &str = "select o.reference, t.seq, t.event, t.to_status, t.code, t.at_ms
    from access_order o
    join order_timeline t on t.operator_id = o.operator_id and t.order_id = o.id
    order by o.reference, t.seq";
const CABLES: &str = "select distinct f.cable from release_pointer p
    join fibre f on f.from_release <= p.number and f.to_release > p.number
    where f.cable in ('CABLE-1', 'CABLE-2')";

/// An installation of nobody yet.
fn empty() -> (House, PathBuf) {
    let house = House::new(engine()).unwrap();
    let data = house.path("data");
    (house, data)
}

fn run(house: &House, data: &Path, args: &[&str]) -> Output {
    house.command(data, args).output().unwrap()
}

#[track_caller]
fn assert_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{}", said(output));
}

/// Restores a backup elsewhere and compares it with the server it was taken from.
async fn assert_is_whole(taken: &Taken, source: &Server) {
    let (house, data) = empty();
    let file = taken.file.to_str().unwrap();
    assert_code(&run(&house, &data, &["backup", "verify", file]), 0);
    assert_code(&run(&house, &data, &["restore", file]), 0);
    assert_code(&run(&house, &data, &["audit", "verify"]), 0);
    assert_code(&run(&house, &data, &["doctor", "--full"]), 0);

    let (here, there) = (
        timelines(house.rows(&data, TIMELINES)),
        timelines(source.rows(TIMELINES)),
    );
    for order in &taken.before {
        assert!(
            here.contains_key(&order.reference),
            "{} is lost",
            order.reference
        );
    }
    for (reference, steps) in &here {
        let whole = &there[reference];
        assert!(
            whole.starts_with(steps),
            "{reference}: {steps:?} is no part of {whole:?}"
        );
    }
    // Each file names its own cable: one release is in force, not parts of two.
    let cables: BTreeSet<_> = house.rows(&data, CABLES).concat().into_iter().collect();
    assert!(cables.len() <= 1, "{cables:?}");

    let process = Process::start(&house, &data).unwrap();
    let (pem, key) = source.certificate("HIRO");
    let ca = data.join("tls/server.pem");
    let mut client = Client::new(&process.xml_url, &ca, Some((&pem, &key)));
    for order in taken.before.iter().step_by(7) {
        let reply = place(&mut client, &order.reference, &order.fields)
            .await
            .unwrap();
        assert_eq!(
            reply.text("EtatArCommandePrise"),
            order.state,
            "{}",
            reply.body
        );
    }
    // Whatever import was under way, the next one finds its place.
    let next = house.path("fibres-next.csv");
    write_fibres(&source.territory, 7, &next);
    assert_code(&import(&house, &data, &next), 0);
    assert!(process.stop().success());
    assert_code(&run(&house, &data, &["doctor", "--full"]), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_under_orders_and_imports_is_restored_whole() {
    let Some(mut server) = Server::start_in(engine(), territory_of(LARGE)) else {
        return;
    };
    let taken = backups_under_load(&server).await;
    assert!(server.stop().success());
    for taken in &taken {
        assert_is_whole(taken, &server).await;
    }
    let last = server.run(&["doctor", "--json"]);
    assert!(last.contains("0 days old"), "{last}");
}

/// An installation with the OI alone, and a backup of it.
struct Small {
    house: House,
    data: PathBuf,
    file: PathBuf,
}

impl Small {
    fn new() -> Option<Self> {
        let house = House::new(engine())?;
        let data = house.path("data");
        let login = "exploitation@f2v.example";
        let init = ["init", "--name", "F2V", "--code", "F2V", "--login", login];
        succeed(house.command(&data, &init));
        let file = house.path("a.zip");
        let small = Self { house, data, file };
        let file = small.file.to_str().unwrap();
        assert_code(&small.run(&["backup", "create", "--to", file]), 0);
        Some(small)
    }

    fn run(&self, args: &[&str]) -> Output {
        run(&self.house, &self.data, args)
    }

    fn file(&self) -> &str {
        self.file.to_str().unwrap()
    }
}

/// The checks that are not well, as `doctor --json` tells them: name and verdict.
fn unwell(output: &Output) -> BTreeMap<String, String> {
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let text = |check: &serde_json::Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = checks.as_array().unwrap().iter();
    let all = checks.map(|check| (text(check, "id"), text(check, "verdict")));
    all.filter(|(_, verdict)| verdict != "ok").collect()
}

#[test]
fn a_byte_changed_in_a_backup_is_found_and_nothing_is_restored_from_it() {
    let Some(small) = Small::new() else { return };
    let mode = fs::metadata(&small.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds keys");
    assert_code(&small.run(&["backup", "verify", small.file()]), 0);
    let whole = fs::read(&small.file).unwrap();
    for at in (0..8).map(|n| n * whole.len() / 8).chain([whole.len() - 1]) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        fs::write(&small.file, bytes).unwrap();
        assert_code(&small.run(&["backup", "verify", small.file()]), INVALID);
    }
    let elsewhere = small.house.path("elsewhere");
    assert_code(
        &run(&small.house, &elsewhere, &["restore", small.file()]),
        INVALID,
    );
    assert!(!elsewhere.exists());
    let left = fs::read_dir(small.house.path("")).unwrap().flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().ends_with(".part")),
        "{left:?}"
    );
}

/// Runs a command and kills it when it tells of `phase`.
fn kill_at(house: &House, data: &Path, args: &[&str], phase: &str) {
    let mut command = house.command(data, args);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let told = BufReader::new(child.stderr.take().unwrap());
    let mut told = told.lines().map(Result::unwrap);
    assert!(
        told.any(|line| line.starts_with(phase)),
        "{phase} is not told"
    );
    child.kill().unwrap();
    told.for_each(drop);
    child.wait().unwrap();
}

#[test]
fn a_restore_killed_half_way_leaves_nothing_that_starts() {
    let Some(small) = Small::new() else { return };
    for phase in ["unpacked", "verified", "ready", "in place"] {
        let (house, data) = empty();
        kill_at(&house, &data, &["restore", small.file()], phase);
        let works = run(&house, &data, &["check"]).status.success();
        if works {
            // It had come to its end before the kill did.
            assert!(["ready", "in place"].contains(&phase), "{phase}");
        } else {
            if engine() == Engine::Sqlite {
                assert!(Process::start(&house, &data).is_err(), "{phase}");
                fs::remove_dir_all(&data).unwrap();
            }
            assert_code(&run(&house, &data, &["restore", small.file()]), 0);
        }
        assert_code(&run(&house, &data, &["audit", "verify"]), 0);
        assert!(Process::start(&house, &data).unwrap().stop().success());
    }
}

#[test]
fn a_backup_killed_half_way_never_looks_whole() {
    let Some(small) = Small::new() else { return };
    let phase = match engine() {
        Engine::Sqlite => "copied",
        Engine::Postgres => "pg_dump",
    };
    let again = small.house.path("b.zip");
    let create = ["backup", "create", "--to", again.to_str().unwrap()];
    kill_at(&small.house, &small.data, &create, phase);
    if again.exists() {
        assert_code(
            &small.run(&["backup", "verify", again.to_str().unwrap()]),
            0,
        );
        fs::remove_file(&again).unwrap();
    }
    assert_code(&small.run(&create), 0);
    let refused = small.run(&create);
    assert!(
        !refused.status.success() && said(&refused).contains("already"),
        "{}",
        said(&refused)
    );
}

#[test]
fn a_restore_takes_the_place_of_nothing_unless_told_to() {
    let Some(small) = Small::new() else { return };
    assert_code(&small.run(&["restore", small.file()]), CONFLICT);
    let process = Process::start(&small.house, &small.data).unwrap();
    assert_code(&small.run(&["restore", small.file(), "--force"]), CONFLICT);
    assert!(process.stop().success());
    if engine() == Engine::Postgres {
        // Its database holds tables: nothing on disk has moved when that is refused.
        assert_code(&small.run(&["restore", small.file(), "--force"]), CONFLICT);
        assert!(small.data.join("audit.key").exists());
        return;
    }
    let restored = small.run(&["restore", small.file(), "--force"]);
    assert_code(&restored, 0);
    let moved = said(&restored);
    let moved: Vec<_> = moved
        .lines()
        .filter_map(|l| l.strip_prefix("moved away: "))
        .collect();
    assert!(
        Path::new(moved[0]).join("epissure.db").exists(),
        "{moved:?}"
    );
    assert_eq!(
        moved.len(),
        2,
        "the heads of the later history go with it: {moved:?}"
    );
    assert_code(&small.run(&["audit", "verify"]), 0);
}

#[test]
fn a_drill_never_touches_the_heads_of_the_platform_that_lives() {
    let Some(small) = Small::new() else { return };
    let add = [
        "operator",
        "add",
        "HIRO",
        "--name",
        "H",
        "--email",
        "si@hiro.example",
    ];
    assert_code(&small.run(&add), 0);
    let (heads, drill) = (small.house.path("data-audit"), small.house.path("drill"));
    let before = fs::read_dir(&heads).unwrap().count();
    let mut command = small.house.command(&drill, &["restore", small.file()]);
    command.env("EPISSURE__AUDIT__HEAD_DIR", &heads);
    assert_code(&command.output().unwrap(), CONFLICT);
    assert_eq!(fs::read_dir(&heads).unwrap().count(), before);
    assert!(!drill.exists());
}

#[test]
fn a_machine_without_pg_dump_is_told_what_to_do() {
    let Some(small) = Small::new().filter(|_| engine() == Engine::Postgres) else {
        return;
    };
    let mut command = small
        .house
        .command(&small.data, &["backup", "create", "--to", "c.zip"]);
    let refused = command.env("PATH", "/nowhere").output().unwrap();
    assert!(!refused.status.success());
    assert!(
        said(&refused).contains("postgresql-client"),
        "{}",
        said(&refused)
    );
    assert!(!small.house.path("c.zip").exists());
}

#[test]
fn the_doctor_names_what_is_broken() {
    let Some(small) = Small::new() else { return };
    let doctor = || small.run(&["doctor", "--json"]);
    let well = doctor();
    assert_code(&well, 0);
    let problems = |output: &Output| {
        let unwell = unwell(output).into_iter();
        unwell
            .filter(|(_, v)| v == "problem")
            .map(|(id, _)| id)
            .collect::<Vec<_>>()
    };
    let key = small.data.join("tls/server.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let output = doctor();
    assert_code(&output, PROBLEMS);
    assert_eq!(problems(&output), ["folder"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();

    let broken = [
        (
            "release",
            "update release_pointer set number = 5",
            "set number = 0",
        ),
        (
            "journal",
            "update audit set target = 'x' || target",
            "set target = replace(target, 'x', '')",
        ),
        (
            "migrations",
            "update migration_ledger set digest = 'x' || digest where step = 1",
            "set digest = replace(digest, 'x', '')",
        ),
        (
            "clock",
            "update audit set real_at_ms = real_at_ms + 9000000000",
            "set real_at_ms = real_at_ms - 9000000000",
        ),
    ];
    for (check, broken, mended) in broken {
        small.house.tamper(&small.data, broken);
        let output = doctor();
        assert_code(&output, PROBLEMS);
        assert!(
            problems(&output).contains(&check.to_owned()),
            "{}",
            said(&output)
        );
        let table = broken.split_whitespace().nth(1).unwrap();
        small
            .house
            .tamper(&small.data, &format!("update {table} {mended}"));
    }
    assert_code(&doctor(), 0);
    let missing = "insert into upload (operator_id, id, purpose, state, file_name, size, digest,
          scanner, finding, received_at_ms)
        select operator_id, 'upl_x', 'report', 'clean', 'x', 3, 'x', 'none', '', 0
        from audit limit 1";
    small.house.tamper(&small.data, missing);
    assert_eq!(problems(&doctor()), ["uploads"]);
}
