//! The geocoder of the national base, where it is installed with its France plugin and Redis: the
//! same addresses and the same queries, one after the other over plain HTTP.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use noise::base::Row;
use noise::cases::Case;
use noise::score::{self, Score};
use serde_json::{Value, json};

use super::http::encoded;

/// What a server may take to listen.
const PATIENCE: Duration = Duration::from_secs(20);
/// Its results for a query.
const RESULTS: usize = 5;

/// How it did.
pub struct Addok {
    /// The right address first, among those that exist and among the hard ones.
    pub recall: f64,
    pub recall_hard: f64,
    /// Queries a second.
    pub per_second: f64,
    /// The median of its answers.
    pub p50: Duration,
}

/// Whether it can be measured here.
pub fn is_installed() -> bool {
    let answers = |program: &str, arg: &str| {
        let mut command = Command::new(program);
        command.arg(arg).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    answers("addok", "--help") && answers("redis-server", "--version")
}

impl Addok {
    /// Loads the base of `seed` in the folder `dir`, then asks every query of `typed` in turn.
    ///
    /// # Errors
    /// It cannot be started or loaded, or answers anything but GeoJSON.
    pub fn measure(dir: &Path, addresses: usize, seed: u64, typed: &[Case]) -> Result<Self> {
        fs::create_dir_all(dir)?;
        let dir = &dir.canonicalize()?;
        let base = dir.join("addresses.jsonl");
        write_base(&base, addresses, seed)?;
        let (store, port) = (free_port()?, free_port()?);
        let settings = dir.join("addok.py");
        fs::write(&settings, settings_of(store))?;
        let addok = Program { dir, settings };
        let mut redis = Command::new("redis-server");
        redis
            .args(["--save", "", "--bind", "127.0.0.1", "--port"])
            .arg(store.to_string());
        let _redis = Running::start(redis.current_dir(dir), store)?;
        let base = base.display().to_string();
        addok.run(&["batch", &base])?;
        addok.run(&["ngrams"])?;
        let port_text = port.to_string();
        let mut serve = addok.command(&["serve", "--port", &port_text]);
        let _server = Running::start(&mut serve, port)?;

        let (mut score, mut took) = (Score::new(), Vec::with_capacity(typed.len()));
        let begun = Instant::now();
        for case in typed {
            let asked = Instant::now();
            let answer = ask(port, &case.query)?;
            took.push(asked.elapsed());
            let ids = ids_of(&answer)?;
            score.judge(
                case,
                &score::Answer {
                    verdict: "probable",
                    best: ids.first().copied(),
                    candidates: &ids,
                },
            );
        }
        let all = begun.elapsed();
        took.sort_unstable();
        Ok(Self {
            recall: score.existing().recall(),
            recall_hard: score.hard().recall(),
            #[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
            per_second: typed.len() as f64 / all.as_secs_f64(),
            p50: took.get(took.len() / 2).copied().unwrap_or_default(),
        })
    }
}

fn settings_of(store: u16) -> String {
    format!(
        "REDIS = {{'host': '127.0.0.1', 'port': {store}}}
QUERY_PROCESSORS_PYPATHS = [
    'addok.helpers.text.check_query_length', 'addok_france.extract_address',
    'addok_france.clean_query', 'addok_france.remove_leading_zeros']
PROCESSORS_PYPATHS = [
    'addok.helpers.text.tokenize', 'addok.helpers.text.normalize',
    'addok_france.glue_ordinal', 'addok_france.fold_ordinal',
    'addok_france.flag_housenumber', 'addok.helpers.text.synonymize']
SEARCH_RESULT_PROCESSORS_PYPATHS = [
    'addok.helpers.results.match_housenumber', 'addok_france.make_labels',
    'addok.helpers.results.score_by_importance',
    'addok.helpers.results.score_by_autocomplete_distance',
    'addok.helpers.results.score_by_ngram_distance',
    'addok.helpers.results.score_by_geo_distance', 'addok.helpers.results.adjust_scores']
"
    )
}

/// One document a street, with its numbers, as the national base gives it to geocoders.
fn write_base(path: &Path, addresses: usize, seed: u64) -> Result<()> {
    let mut streets: BTreeMap<String, Value> = BTreeMap::new();
    noise::base::rows(addresses, seed, |row| {
        if row.number == 0 {
            streets.insert(row.id.clone(), document(row, &row.id, "locality"));
            return anyhow::Ok(());
        }
        let key: Vec<&str> = row.id.splitn(3, '_').take(2).collect();
        let key = key.join("_");
        let street = streets.entry(key.clone());
        let street = street.or_insert_with(|| document(row, &key, "street"));
        let number = format!("{} {}", row.number, row.suffix);
        street["housenumbers"][number.trim_end()] =
            json!({ "id": row.id, "lat": row.lat, "lon": row.lon });
        Ok(())
    })?;
    let mut file = BufWriter::new(File::create(path)?);
    for street in streets.values() {
        writeln!(file, "{street}")?;
    }
    Ok(file.flush()?)
}

fn document(row: &Row, id: &str, kind: &str) -> Value {
    json!({
        "_id": id, "id": id, "type": kind, "name": row.street, "postcode": row.postcode,
        "city": row.commune, "citycode": row.insee, "lat": row.lat, "lon": row.lon,
        "importance": 0.3,
    })
}

/// The command, with the settings of this run.
struct Program<'a> {
    dir: &'a Path,
    settings: PathBuf,
}

impl Program<'_> {
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new("addok");
        command.arg("--config").arg(&self.settings).args(args);
        command.current_dir(self.dir).env("ADDOK_LOG_DIR", self.dir);
        command
    }

    fn run(&self, args: &[&str]) -> Result<()> {
        let ended = self.command(args).output().context("addok")?;
        let said = String::from_utf8_lossy(&ended.stderr);
        ensure!(ended.status.success(), "addok {args:?}: {said}");
        Ok(())
    }
}

/// A server of this run, ended with its handle.
struct Running(Child);

impl Running {
    /// Starts it and waits until it listens.
    fn start(command: &mut Command, port: u16) -> Result<Self> {
        let silent = command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = silent.stderr(Stdio::null()).spawn();
        let running = Self(child.with_context(|| format!("{:?}", command.get_program()))?);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            ensure!(
                begun.elapsed() < PATIENCE,
                "{:?} does not listen",
                command.get_program()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended, which is what is wanted.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn ask(port: u16, query: &str) -> Result<Value> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    let path = format!("/search/?limit={RESULTS}&q={}", encoded(query));
    let request = format!("GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    let mut reply = String::new();
    connection.read_to_string(&mut reply)?;
    let (head, body) = reply.split_once("\r\n\r\n").context("no answer")?;
    // It refuses some texts: that is no result.
    match head.split(' ').nth(1) {
        Some("200") => Ok(serde_json::from_str(body)?),
        Some("400" | "413") => Ok(json!({ "features": [] })),
        other => anyhow::bail!("addok answers {other:?} to {query:?}"),
    }
}

fn ids_of(answer: &Value) -> Result<Vec<&str>> {
    let found = answer["features"].as_array().context("no GeoJSON")?;
    let ids = found.iter().map(|one| one["properties"]["id"].as_str());
    ids.map(|id| id.context("a result without id")).collect()
}
