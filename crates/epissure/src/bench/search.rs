//! `search`: what people type, over an invented national base that the index has never seen; how
//! often the right address comes first, how often a wrong one is called certain, what it costs;
//! then the same through the real server, beside a page that does nothing.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use noise::cases::{Case, cases};
use noise::read::Base;
use noise::score::{self, Score};
use search::{Builder, Entry, Index, Scratch, Verdict};
use serde_json::{Value, json};

use super::addok::{self, Addok};
use super::child::{Child, cpu_of};
use super::client::{Reply, Target};
use super::http::{Presence, encoded, right, sign_in};
use super::load::{self, Series, Traffic};
use super::paths::{self, Whole};
use super::{Bench, say};

/// Seeds that nothing was tuned on: of the base, and of what is typed.
const BASE_SEED: u64 = 501;
const TYPED_SEED: u64 = 907;
/// Clients at once.
const CLIENTS: usize = 16;
/// Addresses that the server is given.
const SERVED: usize = 200_000;
/// Microseconds of processor a query may take.
const CPU_US_MAX: f64 = 40.0;
/// Bytes an address may take.
const BYTES_MAX: f64 = 40.0;
/// Milliseconds from the start of the server to its first answer.
const FIRST_MS_MAX: u128 = 100;
/// Queries that a peer is asked: it is slower.
const PEER_TYPED: usize = 1_500;
/// How often the right address must come first, and among the hard ones.
const RECALL_MIN: f64 = 0.995;
const HARD_MIN: f64 = 0.97;
/// Milliseconds that suggestions may take.
const SUGGESTED_MS_MAX: u32 = 20;
/// What the search should reach of a page that does nothing.
const GOAL: f64 = 0.5;

/// Measures and prints.
///
/// # Errors
/// A wrong address is called certain more often than once in a thousand, the right one does not
/// come first often enough, the server cannot be reached, or answers wrong.
pub async fn run(bench: &Bench) -> Result<Value> {
    let mut figures = json!({ "sizes": [] });
    for &addresses in bench.effort.addresses {
        let one = library(bench, addresses)?;
        if let Some(all) = figures["sizes"].as_array_mut() {
            all.push(one);
        }
    }
    if let [.., few, many] = &figures["sizes"].as_array().cloned().unwrap_or_default()[..] {
        let cost = |one: &Value| one["cpu_us"].as_f64().unwrap_or_default();
        let ratio = cost(many) / cost(few);
        say(&format!(
            "search ten times the addresses cost {ratio:.2} times as much a query (goal 1.50)"
        ))?;
        figures["cost_ratio"] = ratio.into();
    }
    if bench.peer.is_some() {
        figures["addok"] = beside_addok(bench)?;
    }
    figures["server"] = served(bench).await?;
    Ok(figures)
}

/// What addok makes of the same base and queries.
fn beside_addok(bench: &Bench) -> Result<Value> {
    if !addok::is_installed() {
        say("search addok: not installed")?;
        return Ok(Value::Null);
    }
    let base = Base::invented(SERVED, BASE_SEED);
    let typed = cases(&base, PEER_TYPED, TYPED_SEED);
    let peer = Addok::measure(&bench.data.join("addok"), SERVED, BASE_SEED, &typed)?;
    say(&format!(
        "search addok, {SERVED} addresses, {} queries  recall {:.4}  hard {:.4}  {:.0}/s over \
         HTTP, one after the other  p50 {:.1} ms",
        typed.len(),
        peer.recall,
        peer.recall_hard,
        peer.per_second,
        peer.p50.as_secs_f64() * 1e3
    ))?;
    Ok(json!({
        "queries": typed.len(),
        "recall": peer.recall,
        "recall_hard": peer.recall_hard,
        "per_second": peer.per_second,
        "p50_ms": peer.p50.as_secs_f64() * 1e3,
    }))
}

/// The index alone, over so many addresses.
#[expect(
    clippy::cast_precision_loss,
    reason = "figures are read to three digits"
)]
fn library(bench: &Bench, addresses: usize) -> Result<Value> {
    let begun = Instant::now();
    let index = built(addresses)?;
    let build = begun.elapsed();
    let path = bench.data.join("bench.index");
    index.write(&mut BufWriter::new(File::create(&path)?))?;
    drop(index);
    let begun = Instant::now();
    let index = Index::open(&path)?;
    let open = begun.elapsed();
    let bytes = index.bytes() as f64 / index.addresses() as f64;
    fs::remove_file(&path)?;

    let typed = cases(
        &Base::invented(addresses, BASE_SEED),
        bench.effort.typed,
        TYPED_SEED,
    );
    let mut scratch = Scratch::default();
    let cpu = cpu_of("self")?;
    for case in &typed {
        std::hint::black_box(index.query(&mut scratch, &case.query));
    }
    let cpu = cpu_of("self")?.saturating_sub(cpu);
    let cpu_us = cpu.as_secs_f64() * 1e6 / typed.len() as f64;
    let score = judged(&index, &typed, &mut scratch)?;

    say(&format!(
        "search {addresses} addresses, {} queries\n{score}",
        typed.len()
    ))?;
    say(&format!(
        "search {addresses} addresses  {cpu_us:.1} us cpu a query (goal {CPU_US_MAX})  \
         {bytes:.1} bytes an address (goal {BYTES_MAX})  built in {:.1} s, opened in {} ms",
        build.as_secs_f64(),
        open.as_millis(),
    ))?;
    let (all, hard, wrong) = (score.existing(), score.hard(), score.wrongly_certain());
    ensure!(
        wrong * 1_000 <= typed.len(),
        "{wrong} wrong addresses of {} were called certain",
        typed.len()
    );
    ensure!(
        all.recall() >= RECALL_MIN && hard.recall() >= HARD_MIN,
        "the right address comes first {:.4} of the time, {:.4} among the hard ones",
        all.recall(),
        hard.recall()
    );
    let classes: serde_json::Map<String, Value> = score
        .classes()
        .iter()
        .map(|(class, count)| (class.name().to_owned(), count.recall().into()))
        .collect();
    Ok(json!({
        "addresses": addresses,
        "queries": typed.len(),
        "recall": all.recall(),
        "recall_hard": hard.recall(),
        "wrongly_certain": wrong,
        "classes": classes,
        "cpu_us": cpu_us,
        "bytes_an_address": bytes,
        "build_s": build.as_secs_f64(),
        "open_ms": open.as_secs_f64() * 1e3,
    }))
}

fn built(addresses: usize) -> Result<Index> {
    let mut builder = Builder::new();
    noise::base::rows(addresses, BASE_SEED, |row| {
        let number = row.number.to_string();
        builder.add(&Entry {
            ban_key: &row.id,
            insee: &row.insee,
            postcode: &row.postcode,
            commune: &row.commune,
            old_insee: &row.old_insee,
            old_commune: &row.old_commune,
            delivery_name: &row.delivery,
            street_code: domain::address::street_of_key(&row.id).unwrap_or_default(),
            street_name: &row.street,
            afnor_name: &row.afnor,
            place_name: &row.hamlet,
            number: &number,
            complement: &row.suffix,
            lon: Some(row.lon),
            lat: Some(row.lat),
            ..Entry::default()
        });
        anyhow::Ok(())
    })?;
    ensure!(builder.left_out() == 0, "addresses were left out");
    Ok(builder.finish())
}

fn judged(index: &Index, typed: &[Case], scratch: &mut Scratch) -> Result<Score> {
    let mut score = Score::new();
    for case in typed {
        let answer = index.query(scratch, &case.query);
        let keys: Vec<String> = answer
            .candidates
            .iter()
            .map(|one| index.found(one).ban_key())
            .collect();
        let candidates: Vec<&str> = keys.iter().map(String::as_str).collect();
        let verdict = match answer.verdict {
            Verdict::Certain => score::CERTAIN,
            Verdict::Probable => "probable",
            Verdict::Ambiguous => score::AMBIGUOUS,
            Verdict::None => "none",
        };
        let before = score.wrongly_certain();
        score.judge(
            case,
            &score::Answer {
                verdict,
                best: candidates.first().copied(),
                candidates: &candidates,
            },
        );
        if score.wrongly_certain() > before
            && let Some(best) = answer.candidates.first()
        {
            let best = index.found(best).label();
            let class = case.class.name();
            say(&format!(
                "wrongly certain, {class}: {} -> {best}",
                case.query
            ))?;
        }
    }
    Ok(score)
}

/// The same through the portal, signed in, beside a page that does nothing.
async fn served(bench: &Bench) -> Result<Value> {
    let file = bench.data.join("F2V_BAN_20261101.csv");
    noise::base::write_csv(SERVED, BASE_SEED, &mut BufWriter::new(File::create(&file)?))?;
    imported(&bench.data, &file)?;
    let base = Base::invented(SERVED, BASE_SEED);
    let typed = cases(&base, bench.effort.typed.min(5_000), TYPED_SEED);
    drop(base);

    let begun = Instant::now();
    let server = Child::serve(&bench.data)?;
    let ca = bench.data.join("acces/ca.pem");
    let target = Target::new(&server.url("portal")?, &ca, None)?;
    let cookie = sign_in(&target).await?;
    let header = format!("cookie: {cookie}\r\n");
    let signed_in = begun.elapsed();
    let queries = Arc::new(Typed::new(&target, &header, &typed));
    let asked = Instant::now();
    let mut connection = target.connect().await?;
    let reply = connection.exchange(&queries.request(0, 0)).await?;
    ensure!(
        queries.is_right(&reply),
        "the first answer is {}",
        reply.status
    );
    let first = asked.elapsed();

    let mut suggested = Vec::with_capacity(typed.len());
    for (n, case) in typed.iter().enumerate() {
        // Somebody in the middle of a text, each time at another place.
        let chars = case.query.chars().count();
        let so_far: String = case.query.chars().take(1 + n % chars.max(1)).collect();
        let path = format!("/eligibilite/suggestions?q={}", encoded(&so_far));
        let asked = Instant::now();
        let reply = connection.exchange(&target.get(&path, &header)).await?;
        suggested.push(asked.elapsed());
        ensure!(reply.status == 200, "suggestions: {}", reply.status);
    }
    suggested.sort_unstable();
    let ms = |share: usize| {
        let at = (suggested.len() * share / 1_000).min(suggested.len().saturating_sub(1));
        suggested.get(at).map_or(0.0, |one| one.as_secs_f64() * 1e3)
    };
    let suggestions = [500, 990, 1_000].map(ms);

    let presence = Arc::new(Presence(target.get(super::http::PAGE, &header)));
    let (mut ours, mut nothing) = (Vec::new(), Vec::new());
    for _ in 0..bench.effort.repetitions {
        let lasts = bench.effort.http;
        nothing.push(right(
            load::run(&target, &server, CLIENTS, lasts, &presence).await?,
        )?);
        ours.push(right(
            load::run(&target, &server, CLIENTS, lasts, &queries).await?,
        )?);
    }
    let (ours, nothing) = (Series::of(&ours), Series::of(&nothing));
    let ratio = ours.rate() / nothing.rate();
    say(&format!(
        "search {CLIENTS} clients  signed-in no-op  {}",
        nothing.line()
    ))?;
    say(&format!(
        "search {CLIENTS} clients  signed-in search {}",
        ours.line()
    ))?;
    say(&format!(
        "search {CLIENTS} clients  ratio {ratio:.2} (goal {GOAL:.2})"
    ))?;
    say(&format!(
        "search first answer {} ms after it was asked (goal {FIRST_MS_MAX} after the start), asked \
         {} ms after the start, once signed in",
        first.as_millis(),
        signed_in.as_millis()
    ))?;
    let texts: Vec<String> = typed.iter().map(|case| case.query.clone()).collect();
    let xml = super::http::xml_target(bench, &server)?;
    let whole = [
        Whole::page(&target, &header, &texts),
        Whole::search(&xml, &texts),
    ];
    let whole = paths::run(bench, &server, (&target, &header), &whole, "search").await?;
    let [p50, p99, max] = suggestions;
    say(&format!(
        "search suggestions  p50 {p50:.2} p99 {p99:.2} max {max:.2} ms, asked one after the other \
         (goal {SUGGESTED_MS_MAX})"
    ))?;
    Ok(json!({
        "suggestions_ms": { "p50": p50, "p99": p99, "max": max },
        "no_op": nothing.json(),
        "search": ours.json(),
        "ratio": ratio,
        "paths": whole,
        "first_answer_ms": first.as_secs_f64() * 1e3,
        "signed_in_ms": signed_in.as_secs_f64() * 1e3,
    }))
}

/// Has this program import `file` into `data`.
fn imported(data: &Path, file: &Path) -> Result<()> {
    let mut command = super::import::again(&["import", "ban"], data)?;
    command
        .arg(file)
        .args(["--approve", "--config", "/dev/null"]);
    let told = command.output().context("importing the base")?;
    let said = String::from_utf8_lossy(&told.stderr);
    ensure!(told.status.success(), "importing the base: {said}");
    Ok(fs::remove_file(file)?)
}

/// What people type, each text in turn.
struct Typed(Vec<Vec<u8>>);

impl Typed {
    fn new(target: &Target, header: &str, typed: &[Case]) -> Self {
        let request = |case: &Case| {
            let path = format!(
                "/eligibilite?critere=texte&format=json&q={}",
                encoded(&case.query)
            );
            target.get(&path, header)
        };
        Self(typed.iter().map(request).collect())
    }
}

impl Traffic for Typed {
    fn request(&self, client: usize, n: usize) -> Vec<u8> {
        self.0[(client * 7_919 + n) % self.0.len()].clone()
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        reply.status == 200 && String::from_utf8_lossy(reply.body).contains("\"verdict\"")
    }
}
