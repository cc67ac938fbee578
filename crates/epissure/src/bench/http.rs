//! `http`: an authenticated page that does nothing, beside a server that only says hello, both
//! over the same TLS, in turns.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use super::calibrate::Hello;
use super::child::Child;
use super::client::{Connection, Reply, Target};
use super::load::{self, Measured, Series, Traffic};
use super::paths::{self, Whole};
use super::{Bench, say};
use crate::demo;

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// The page: the session is resolved, the permission checked, and that is all.
pub const PAGE: &str = "/compte/presence";
/// Whose certificate calls the web services.
const KEY: &str = "hirondelle";
/// What the authenticated page should reach of the other.
const GOAL: f64 = 0.6;

pub struct Presence(pub Vec<u8>);

impl Traffic for Presence {
    fn request(&self, _client: usize, _n: usize) -> Vec<u8> {
        self.0.clone()
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        // Whoever is not signed in is sent elsewhere.
        reply.status == 200
    }
}

/// Measures and prints.
///
/// # Errors
/// The server cannot be reached, or answers wrong.
pub async fn run(bench: &Bench) -> Result<Value> {
    let server = Child::serve(&bench.data)?;
    let target = Target::new(
        &server.url("portal")?,
        &bench.data.join("acces/ca.pem"),
        None,
    )?;
    let cookie = sign_in(&target).await?;
    let request = target.get(PAGE, &format!("cookie: {cookie}\r\n"));
    let presence = Arc::new(Presence(request));
    let raw = bench.hello_target()?;
    let hello = Hello::at(&raw);
    let mut levels = Vec::new();
    for clients in CLIENTS {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..bench.effort.repetitions {
            let lasts = bench.effort.http;
            theirs.push(right(
                load::run(&raw, &bench.hello, clients, lasts, &hello).await?,
            )?);
            ours.push(right(
                load::run(&target, &server, clients, lasts, &presence).await?,
            )?);
        }
        let (ours, theirs) = (Series::of(&ours), Series::of(&theirs));
        let ratio = ours.rate() / theirs.rate();
        say(&format!(
            "http {clients:>2} clients  raw axum hello      {}",
            theirs.line()
        ))?;
        say(&format!(
            "http {clients:>2} clients  authenticated no-op {}",
            ours.line()
        ))?;
        say(&format!(
            "http {clients:>2} clients  ratio {ratio:.2} (goal {GOAL:.2})"
        ))?;
        levels.push(json!({
            "clients": clients,
            "raw_hello": theirs.json(),
            "no_op": ours.json(),
            "ratio": ratio,
        }));
    }
    let header = format!("cookie: {cookie}\r\n");
    let xml = xml_target(bench, &server)?;
    let (texts, references) = places(bench);
    let paths = [
        Whole::page(&target, &header, &texts),
        Whole::search(&xml, &texts),
        Whole::test(&xml, &references),
    ];
    let whole = paths::run(bench, &server, (&target, &header), &paths, "http").await?;
    Ok(json!({ "levels": levels, "paths": whole }))
}

/// The certificate port, as an operator's system.
pub fn xml_target(bench: &Bench, server: &Child) -> Result<Target> {
    let dir = bench.data.join("acces");
    let ca = dir.join("ca.pem");
    Target::new(&server.url("xml")?, &ca, Some((&dir, KEY)))
}

/// Addresses as they are written, and the buildings there.
fn places(bench: &Bench) -> (Vec<String>, Vec<String>) {
    let buildings = bench.territory.buildings.iter();
    let both = buildings.map(|one| (domain::order::address_line(one), one.reference.clone()));
    both.unzip()
}

/// The same, unless an answer was wrong.
///
/// # Errors
/// One was.
pub fn right(measured: Measured) -> Result<Measured> {
    match &measured.wrong {
        None => Ok(measured),
        Some(wrong) => bail!("a wrong answer: {wrong}"),
    }
}

/// Signs in as a visitor does; the session's cookie.
pub async fn sign_in(target: &Target) -> Result<String> {
    let login = &demo::LOGINS[0];
    let mut connection = target.connect().await?;
    let (visitor, csrf) = first_page(target, &mut connection).await?;
    let fields = [
        ("csrf", csrf.as_str()),
        ("identifiant", login.login),
        ("mot_de_passe", login.password),
    ];
    let pair = |(name, value): (&str, &str)| format!("{name}={}", encoded(value));
    let body = fields.map(pair).join("&");
    let kind = "application/x-www-form-urlencoded";
    let request = target.post("/connexion", &format!("cookie: {visitor}\r\n"), kind, &body);
    let reply = connection.exchange(&request).await?;
    ensure!(reply.status == 303, "not signed in: {}", reply.status);
    let mut cookies = reply
        .header("set-cookie")
        .filter_map(|one| one.split(';').next());
    let session = cookies.find(|one| one.starts_with(web::server::SESSION_COOKIE));
    Ok(session.context("a session")?.to_owned())
}

async fn first_page(target: &Target, connection: &mut Connection) -> Result<(String, String)> {
    let reply = connection.exchange(&target.get("/connexion", "")).await?;
    let cookie = reply
        .header("set-cookie")
        .next()
        .and_then(|one| one.split(';').next());
    let cookie = cookie.context("a visitor's cookie")?.to_owned();
    let page = std::str::from_utf8(reply.body)?;
    let (_, after) = page
        .split_once("name=\"csrf\" value=\"")
        .context("a form")?;
    Ok((
        cookie,
        after.split('"').next().unwrap_or_default().to_owned(),
    ))
}

pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    let one = |byte: u8| match byte {
        byte if plain(byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}
