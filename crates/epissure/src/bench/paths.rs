//! Whole paths: what a person's click and a machine's call cost from end to end, the page or the
//! message included, beside a signed-in page that does nothing, in the same minute.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use super::child::Child;
use super::client::{Reply, Target};
use super::http::{PAGE, Presence, encoded, right};
use super::load::{self, Series, Traffic};
use super::{Bench, say};

/// Clients at once.
const CLIENTS: usize = 16;
/// Between the places that neighbouring clients begin with: prime.
const STRIDE: usize = 7_919;

/// Requests made beforehand, each in turn, and what a right answer holds.
pub struct Prepared {
    requests: Vec<Vec<u8>>,
    holds: &'static str,
}

impl Traffic for Prepared {
    fn request(&self, client: usize, n: usize) -> Vec<u8> {
        self.requests[(client * STRIDE + n) % self.requests.len()].clone()
    }

    fn is_right(&self, reply: &Reply<'_>) -> bool {
        reply.status == 200 && String::from_utf8_lossy(reply.body).contains(self.holds)
    }
}

/// One path to measure.
pub struct Whole {
    name: &'static str,
    target: Target,
    traffic: Arc<Prepared>,
}

impl Whole {
    /// The eligibility page of what each of `texts` says, signed in, asked for as a browser does.
    pub fn page(portal: &Target, header: &str, texts: &[String]) -> Self {
        let header = format!("{header}accept: text/html,*/*;q=0.8\r\n");
        let request = |text: &String| {
            let path = format!("/eligibilite?critere=texte&q={}", encoded(text));
            portal.get(&path, &header)
        };
        Self::new("whole page", portal, texts.iter().map(request), "</html>")
    }

    /// `rechercherAdresse` of the same.
    pub fn search(xml: &Target, texts: &[String]) -> Self {
        let request = |text: &String| {
            let own = format!("<Texte>{}</Texte>", escaped(text));
            call(xml, "tao", "rechercherAdresse", &own)
        };
        let requests = texts.iter().map(request);
        Self::new("XML search", xml, requests, "<Verdict>")
    }

    /// `testerEligibilite` of buildings by their reference.
    pub fn test(xml: &Target, buildings: &[String]) -> Self {
        let request = |reference: &String| {
            let key = escaped(reference);
            let own =
                format!("<Adresse><IdentifiantImmeuble>{key}</IdentifiantImmeuble></Adresse>");
            call(xml, "eligibilite", "testerEligibilite", &own)
        };
        let requests = buildings.iter().map(request);
        Self::new("XML test", xml, requests, "<Verdict>")
    }

    fn new(
        name: &'static str,
        target: &Target,
        requests: impl Iterator<Item = Vec<u8>>,
        holds: &'static str,
    ) -> Self {
        Self {
            name,
            target: target.clone(),
            traffic: Arc::new(Prepared {
                requests: requests.collect(),
                holds,
            }),
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn call(xml: &Target, service: &str, operation: &str, own: &str) -> Vec<u8> {
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><{operation} \
         xmlns=\"urn:epissure:ws:{service}:1\" xmlns:c=\"urn:epissure:ws:commun:1\"><c:Entete>\
         <c:VersionWS>1</c:VersionWS><c:HorodatageRequete>2026-11-26T10:00:00+01:00\
         </c:HorodatageRequete></c:Entete>{own}</{operation}></s:Body></s:Envelope>"
    );
    let kind = "text/xml; charset=utf-8";
    xml.post(&format!("/ws/{service}"), "", kind, &body)
}

/// Measures each path and, in turns, the page that does nothing.
///
/// # Errors
/// The server cannot be reached, or answers wrong.
pub async fn run(
    bench: &Bench,
    server: &Child,
    (portal, header): (&Target, &str),
    paths: &[Whole],
    what: &str,
) -> Result<Value> {
    let presence = Arc::new(Presence(portal.get(PAGE, header)));
    let mut figures = Vec::new();
    for path in paths {
        let (mut ours, mut nothing) = (Vec::new(), Vec::new());
        for _ in 0..bench.effort.repetitions {
            let lasts = bench.effort.http;
            let idle = load::run(portal, server, CLIENTS, lasts, &presence).await?;
            nothing.push(right(idle)?);
            let whole = load::run(&path.target, server, CLIENTS, lasts, &path.traffic).await?;
            ours.push(right(whole)?);
        }
        let (ours, nothing) = (Series::of(&ours), Series::of(&nothing));
        let ratio = ours.rate() / nothing.rate();
        let name = path.name;
        say(&format!(
            "{what} {CLIENTS} clients  {name:<20}{}",
            ours.line()
        ))?;
        say(&format!(
            "{what} {CLIENTS} clients  {name}: {ratio:.2} of the no-op"
        ))?;
        figures.push(json!({
            "path": name, "measured": ours.json(), "no_op": nothing.json(), "ratio": ratio,
        }));
    }
    Ok(figures.into())
}
