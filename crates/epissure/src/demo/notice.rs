//! What a visitor is told: on the terminal, in `<data>/acces/LISEZMOI.txt`, and as two requests
//! ready to be sent.

use std::fmt::Write;
use std::path::Path;

use anyhow::{Context, Result};
use territory::{Case, Spot, Territory};

use super::examples::{Cure, examples, order_at};
use super::history::{touched, tour};
use super::keys::DIR;
use super::people::{HIRONDELLE, LOGINS, OPERATORS};
use crate::files;

/// The request that tests an address.
const TEST_FILE: &str = "tester-eligibilite.xml";
/// The request that places an order.
const ORDER_FILE: &str = "deposer-commande.xml";
/// The notice itself.
const NOTICE_FILE: &str = "LISEZMOI.txt";

/// Where the demonstration answers.
pub struct Addresses<'a> {
    /// The portal.
    pub portal: &'a str,
    /// The XML web services.
    pub xml: &'a str,
}

/// Writes the two requests, whose answers depend on the territory.
///
/// # Errors
/// The folder cannot be written.
pub fn write_requests(data: &Path, territory: &Territory) -> Result<()> {
    let dir = data.join(DIR);
    let (spot, flat) = {
        let places = tour(&territory.seen_by(HIRONDELLE.code));
        let spot = places.first().copied().context("a house to build")?;
        let flat = places.last().copied().context("a flat to build")?;
        (spot, flat)
    };
    let text = eligibility_body(&spot.building.reference, "demo-eligibilite-1");
    files::write_whole(&dir.join(TEST_FILE), text.as_bytes(), 0o644)?;
    let dwelling = flat.dwelling.context("its dwelling")?;
    let order = order_at(&flat, dwelling)
        .with("ReferenceCommandePriseInterneOC", "CMD-XML-1")
        .with("ContactClient1", "0639980042");
    let fields: String = order.pairs().map(element).collect();
    let text = envelope("fci", "deposerCommande", "demo-commande-1", &fields);
    files::write_whole(&dir.join(ORDER_FILE), text.as_bytes(), 0o644)?;
    let notice = examples_notice(territory)?;
    files::write_whole(&dir.join(EXAMPLES_FILE), notice.as_bytes(), 0o644)
}

/// The refused orders and what cures each.
const EXAMPLES_FILE: &str = "REFUS.txt";

fn examples_notice(territory: &Territory) -> Result<String> {
    let mut text =
        "Commandes refusées d’Hirondelle Télécom, et ce qui change le verdict\n\n".to_owned();
    for example in examples(territory) {
        let reference = example.order.get("ReferenceCommandePriseInterneOC");
        let cure = match example.cure {
            Cure::Field(name, value) => format!("la même avec {name} = {value}"),
            Cure::Days(days) => format!("la même {days} jours plus tard"),
            Cure::Operator(code) => format!("la même déposée par {code}"),
        };
        writeln!(text, "{reference:<10} {:<7} passe : {cure}", example.code)?;
    }
    Ok(text)
}

/// A request that tests the building `place`.
#[must_use]
pub fn eligibility_body(place: &str, id: &str) -> String {
    let asked = format!("<Adresse><IdentifiantImmeuble>{place}</IdentifiantImmeuble></Adresse>");
    envelope("eligibilite", "testerEligibilite", id, &asked)
}

/// Orders wherever the first operator can have a line built and nothing happened yet: the parts of
/// a request between which its reference stands, once as its id and once as the order's own.
#[must_use]
pub fn order_bodies(territory: &Territory) -> Vec<[String; 3]> {
    let spots = territory.spots(Case::Buildable, HIRONDELLE.code);
    let body = |spot: &Spot<'_>| {
        let reference = "\0";
        let order =
            order_at(spot, spot.dwelling?).with("ReferenceCommandePriseInterneOC", reference);
        let fields: String = order.pairs().map(element).collect();
        let text = envelope("fci", "deposerCommande", reference, &fields);
        let mut parts = text.split(reference).map(str::to_owned);
        Some([parts.next()?, parts.next()?, parts.next()?])
    };
    let touched = touched(territory);
    let fresh = spots
        .iter()
        .filter(|spot| !touched.contains(&spot.building.reference));
    fresh.filter_map(body).collect()
}

fn element((name, value): (&str, &str)) -> String {
    format!("\n  <{name}>{value}</{name}>")
}

fn envelope(service: &str, operation: &str, id: &str, body: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:c="urn:epissure:ws:commun:1">
<s:Body><{operation} xmlns="urn:epissure:ws:{service}:1">
  <c:Entete>
    <c:VersionWS>1.0</c:VersionWS>
    <c:HorodatageRequete>2026-01-01T10:00:00+01:00</c:HorodatageRequete>
    <c:IdentifiantRequete>{id}</c:IdentifiantRequete>
  </c:Entete>
  {body}
</{operation}></s:Body>
</s:Envelope>
"#
    )
}

/// Writes the notice, whose addresses change with the ports.
///
/// # Errors
/// The folder cannot be written.
pub fn write_notice(data: &Path, at: &Addresses<'_>) -> Result<()> {
    let mut text = format!(
        "Démonstration d’Épissure : tout y est inventé.\n\n{}",
        logins()
    );
    writeln!(
        text,
        "\nCertificats clients (avec ca.pem pour vérifier le serveur)"
    )?;
    for operator in OPERATORS {
        let file = operator.file;
        writeln!(text, "  {file}.pem, {file}.key  {}", operator.name)?;
    }
    writeln!(
        text,
        "\nDepuis la racine du dépôt ou le dossier de la commande :\n"
    )?;
    text.push_str(&calls(data, at));
    writeln!(
        text,
        "\nMails : dossier mails/. Refus et leurs remèdes : {EXAMPLES_FILE}."
    )?;
    files::write_whole(&data.join(DIR).join(NOTICE_FILE), text.as_bytes(), 0o600)
}

fn logins() -> String {
    let mut text = String::new();
    let width = LOGINS
        .iter()
        .map(|l| l.login.len())
        .max()
        .unwrap_or_default();
    for login in &LOGINS {
        let (name, password) = (login.login, login.password);
        text.push_str(&format!("  {name:<width$}  {password}\n"));
    }
    text
}

fn calls(data: &Path, at: &Addresses<'_>) -> String {
    let dir = data.join(DIR).display().to_string();
    let (who, xml) = (HIRONDELLE.file, at.xml);
    let call = |service: &str, file: &str| {
        format!(
            "  curl --cacert {dir}/ca.pem --cert {dir}/{who}.pem --key {dir}/{who}.key \\\n    \
             -H 'Content-Type: text/xml' --data-binary @{dir}/{file} {xml}/ws/{service}\n"
        )
    };
    call("eligibilite", TEST_FILE) + &call("fci", ORDER_FILE)
}

/// What the terminal shows once the server answers.
#[must_use]
pub fn greeting(data: &Path, at: &Addresses<'_>, place: &str, ms: u128) -> String {
    let (portal, xml) = (at.portal, at.xml);
    let file = data.join(DIR).join(NOTICE_FILE);
    let page = format!("{portal}/eligibilite?critere=immeuble&IdentifiantImmeuble={place}");
    format!(
        "portal {portal}/\nxml    {xml}/ws/\nready in {ms} ms\n\n\
         Comptes ({}) :\n{}\n\
         Trois choses à essayer :\n  \
         1. tester une adresse : \
         {page}\n  \
         2. la commander, puis avancer d’un jour par le bandeau, ou par epissure demo clock +1d\n  \
         3. tester et commander par XML :\n{}",
        file.display(),
        logins(),
        calls(data, at)
    )
}
