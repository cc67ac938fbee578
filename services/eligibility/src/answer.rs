//! What the page says of one building, laid out: the verdict, its reasons, the structure, the map,
//! the way of the light, and the call that asks the same. No decision here.

use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use domain::order::rules::Side;
use domain::order::{ADDRESS_KEYS, PlaceOrder};
use kernel::{Fault, Millis, Refusal};
use service_api::{PageCall, PageError, PageResult};
use web::search_box::Candidate;
use web::{RefusalView, Tag, Tone, link};

use crate::labels::{self, Level};
use crate::pages::{Answer, Building, Dwelling, Fact, Floor, Offer, Path, ReasonLine, Stair};
use crate::rules::{Assessed, Reason, Verdict, Way, refusal_of};
use crate::surroundings::{self, Surroundings};
use crate::usecases::Tested;

pub(crate) fn candidate(assessed: &Assessed) -> Candidate {
    let building = &assessed.site.building;
    let own = [("IdentifiantImmeuble", building.reference.as_str())];
    Candidate::of(building, link("/eligibilite", &own))
}

/// The way of ordering that the page follows: the PTO or dwelling asked about, else the first that
/// can be ordered, else the first there is.
pub(crate) fn chosen<'a>(assessed: &'a Assessed, fields: &PlaceOrder) -> Option<&'a Way> {
    let asked = fields.given("ReferencePrise");
    let named = |way: &&Way| asked.is_some() && way.pto_ref.as_deref() == asked;
    let ways = &assessed.ways;
    let found = ways.iter().find(named);
    found
        .or_else(|| ways.iter().find(|way| orderable(way)))
        .or_else(|| ways.first())
}

pub(crate) fn answer(
    call: &PageCall,
    fields: &PlaceOrder,
    tested: &Tested,
    assessed: &Assessed,
    around: &Surroundings,
) -> Result<Answer, PageError> {
    let site = &assessed.site;
    let building = &site.building;
    let best = assessed.best.iter().min_by_key(|v| rank(v));
    let open = assessed
        .best
        .iter()
        .filter(|v| **v == Verdict::Eligible)
        .count();
    let (tone, verdict, reason, refusal, waits_for) = match best {
        Some(Verdict::Eligible) | None => {
            let reason = labels::ELIGIBLE_REASON.to_owned();
            (
                Tone::Ok,
                labels::eligible(open),
                reason,
                None,
                String::new(),
            )
        }
        Some(Verdict::EligibleFrom(day, refusal)) => {
            let (banner, waits) = (labels::eligible_from(*day), labels::opens(*day));
            (Tone::Warn, banner, refusal.message(), Some(refusal), waits)
        }
        Some(Verdict::NotEligible(refusal)) => {
            let banner = labels::NOT_ELIGIBLE.to_owned();
            (
                Tone::Bad,
                banner,
                refusal.message(),
                Some(refusal),
                String::new(),
            )
        }
    };
    let first = assessed.ways.iter().find(|way| orderable(way));
    let blocks = blocks(assessed);
    Ok(Answer {
        identifier: building.reference.clone(),
        summary: labels::summary(building.dwellings, blocks.len()),
        at: call.ctx()?.now,
        tone,
        verdict,
        reason,
        refusal: refusal.map(RefusalView::from),
        waits_for,
        order_href: first.map(|way| order_href(assessed, way)),
        facts: facts(assessed),
        offers: offers(tested, assessed),
        required: required(assessed),
        structure: structure(assessed, &blocks, fields),
        path: path(assessed, around, fields),
        drawing: surroundings::draw(assessed, around),
        map_from: link("/eligibilite/plan.geojson", &query(fields)),
        share_href: link("/eligibilite", &query(fields)),
        anomaly_href: anomaly_href(fields, building),
        tao_href: link("/adresses", &[("IdentifiantImmeuble", &building.reference)]),
        xml: xml_call(fields, call.ctx()?.now),
        curl: call.curl("eligibilite"),
        json_href: format!("{}&format=json", link("/eligibilite", &query(fields))),
    })
}

fn query(fields: &PlaceOrder) -> Vec<(&'static str, &str)> {
    fields.pairs().collect()
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Eligible => 0,
        Verdict::EligibleFrom(..) => 1,
        Verdict::NotEligible(_) => 2,
    }
}

fn orderable(way: &Way) -> bool {
    way.verdicts.contains(&Verdict::Eligible)
}

fn order_href(assessed: &Assessed, way: &Way) -> String {
    let site = &assessed.site;
    let prestation = site
        .presence
        .as_ref()
        .map_or("", |p| p.prestation_ref.as_str());
    let existing = if way.pto_ref.is_some() { "O" } else { "N" };
    link(
        "/commandes/nouvelle",
        &[
            ("IdentifiantImmeuble", &site.building.reference),
            ("Batiment", &way.spot.batiment),
            ("Escalier", &way.spot.escalier),
            ("Etage", &way.spot.etage),
            ("PriseExistante", existing),
            ("ReferencePrise", way.pto_ref.as_deref().unwrap_or("")),
            ("ReferencePm", &site.building.pm_ref),
            ("ReferencePrestationPm", prestation),
        ],
    )
}

fn facts(assessed: &Assessed) -> Vec<Fact> {
    let site = &assessed.site;
    let building = &site.building;
    let fact = |label: &str, value: String, note: String| Fact {
        label: label.to_owned(),
        value,
        note,
    };
    let pm = site.pm.as_ref();
    let presence = site.presence.as_ref().map(|p| p.prestation_ref.clone());
    let mut facts = vec![
        fact(
            labels::FACT_STATE,
            building.state.label().to_owned(),
            labels::agreement(building),
        ),
        fact(
            labels::FACT_CONNECTION,
            labels::connection(building),
            pm.filter(|pm| pm.oi_patching)
                .map_or_else(String::new, |_| labels::OI_PATCHING.to_owned()),
        ),
        fact(
            labels::FACT_PM,
            building.pm_ref.clone(),
            pm.map(labels::pm_dates).unwrap_or_default(),
        ),
    ];
    if !building.pmt_ref.is_empty() {
        facts.push(fact(
            labels::FACT_PMT,
            building.pmt_ref.clone(),
            String::new(),
        ));
    }
    facts.extend([
        fact(
            labels::FACT_ORDERS,
            labels::since(building.orders_from),
            labels::reports(building.reports_from),
        ),
        fact(
            labels::FACT_PTOS,
            labels::ptos(assessed),
            match assessed.is_saturated() {
                true => labels::SATURATED.to_owned(),
                false => String::new(),
            },
        ),
        fact(
            labels::FACT_PRESENCE,
            presence.unwrap_or_else(|| labels::ABSENT.to_owned()),
            String::new(),
        ),
    ]);
    facts
}

fn offers(tested: &Tested, assessed: &Assessed) -> Vec<Offer> {
    let judged = tested.offers.iter().zip(&assessed.best);
    let judged = judged.zip(&assessed.reasons).enumerate();
    judged
        .map(|(i, ((offer, best), reasons))| {
            let way = assessed
                .ways
                .iter()
                .find(|way| way.verdicts[i] == Verdict::Eligible);
            let (verdict, from) = match best {
                Verdict::Eligible => (Tag::new(Tone::Ok, labels::TAG_ELIGIBLE), None),
                Verdict::EligibleFrom(day, _) => {
                    (Tag::new(Tone::Warn, labels::TAG_LATER), Some(*day))
                }
                Verdict::NotEligible(_) => (Tag::new(Tone::Bad, labels::TAG_NO), None),
            };
            Offer {
                label: offer.label.clone(),
                code: offer.code.clone(),
                verdict,
                technical: technical(best, reasons),
                commercial: commercial(reasons),
                from,
                refusal: best.refusal().map(RefusalView::from),
                reasons: reasons.iter().map(reason).collect(),
                order_href: way.map(|way| {
                    let href = order_href(assessed, way);
                    format!("{href}&OffreAccesCommandee={}", offer.code)
                }),
            }
        })
        .collect()
}

/// What the network says: later when a day alone is missing.
fn technical(best: &Verdict, reasons: &[Reason]) -> Tag {
    match (refusal_of(reasons, Side::Technical), best) {
        (None, _) => Tag::new(Tone::Ok, labels::COMPATIBLE),
        (Some(_), Verdict::EligibleFrom(..)) => Tag::new(Tone::Warn, labels::TAG_LATER),
        (Some(_), _) => Tag::new(Tone::Bad, labels::INCOMPATIBLE),
    }
}

/// What the operator's own contracts say.
fn commercial(reasons: &[Reason]) -> Tag {
    match refusal_of(reasons, Side::Commercial).map(|r| r.code.as_str()) {
        None => Tag::new(Tone::Ok, labels::CONTRACT),
        Some("FIMP09") => Tag::new(Tone::Bad, labels::NOT_AT_PM),
        Some(_) => Tag::new(Tone::Bad, labels::NOT_HELD),
    }
}

fn reason(reason: &Reason) -> ReasonLine {
    ReasonLine {
        kept: reason.said.is_ok(),
        label: labels::rule(reason.rule),
        side: labels::side(reason.rule.side()),
        refusal: reason.said.as_ref().err().map(RefusalView::from),
    }
}

fn required(assessed: &Assessed) -> Vec<String> {
    let names = ["Batiment", "Escalier", "Etage"]
        .into_iter()
        .zip(assessed.site.required());
    names
        .filter(|(_, needed)| *needed)
        .map(|(name, _)| name.to_owned())
        .collect()
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for value in values {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

fn blocks(assessed: &Assessed) -> Vec<&str> {
    distinct(assessed.ways.iter().map(|way| way.spot.batiment.as_str()))
}

fn structure(assessed: &Assessed, blocks: &[&str], fields: &PlaceOrder) -> Vec<Building> {
    let few = assessed.ways.len() <= UNFOLDED_MAX;
    let block = |block: &&str| {
        let ways: Vec<&Way> = assessed
            .ways
            .iter()
            .filter(|way| way.spot.batiment == **block)
            .collect();
        let stairs = distinct(ways.iter().map(|way| way.spot.escalier.as_str()));
        Building {
            label: labels::place(Level::Block, block),
            note: labels::lines(ways.len()),
            open: few || fields.given("Batiment") == Some(block),
            stairs: stairs
                .iter()
                .map(|stair| staircase(assessed, &ways, stair, fields))
                .collect(),
        }
    };
    blocks.iter().map(block).collect()
}

/// Trees of at most this many dwellings are shown unfolded.
const UNFOLDED_MAX: usize = 12;

fn staircase(assessed: &Assessed, ways: &[&Way], stair: &str, fields: &PlaceOrder) -> Stair {
    let few = assessed.ways.len() <= UNFOLDED_MAX;
    let ways: Vec<&Way> = ways
        .iter()
        .copied()
        .filter(|w| w.spot.escalier == stair)
        .collect();
    let floors = distinct(ways.iter().map(|way| way.spot.etage.as_str()));
    let floor = |floor: &&str| {
        let here: Vec<&Way> = ways
            .iter()
            .copied()
            .filter(|w| w.spot.etage == **floor)
            .collect();
        Floor {
            label: labels::place(Level::Floor, floor),
            note: labels::lines(here.len()),
            open: few || fields.given("Etage") == Some(floor),
            dwellings: here
                .iter()
                .map(|way| dwelling(assessed, way, fields))
                .collect(),
        }
    };
    Stair {
        label: labels::place(Level::Stair, stair),
        note: labels::lines(ways.len()),
        open: few || fields.given("Escalier") == Some(stair),
        floors: floors.iter().map(floor).collect(),
    }
}

fn dwelling(assessed: &Assessed, way: &Way, fields: &PlaceOrder) -> Dwelling {
    let state = match &way.pto_ref {
        Some(_) if way.in_service => Tag::new(Tone::Info, labels::BUSY_PTO),
        Some(_) => Tag::new(Tone::Ok, labels::FREE_PTO),
        None if way.free_fibres == 0 => Tag::new(Tone::Bad, labels::NO_FIBRE),
        None => Tag::new(Tone::Neutral, labels::TO_BUILD),
    };
    let label = labels::dwelling(&way.porte, &way.spot.etage);
    Dwelling {
        label,
        pto: way.pto_ref.clone(),
        state,
        order_href: orderable(way).then(|| order_href(assessed, way)),
        selected: way.pto_ref.is_some() && way.pto_ref.as_deref() == fields.given("ReferencePrise"),
    }
}

fn path(assessed: &Assessed, around: &Surroundings, fields: &PlaceOrder) -> Path {
    let way = chosen(assessed, fields);
    let likely = around.likely && around.path.is_some();
    Path {
        points: surroundings::points(assessed, around, way),
        note: if likely {
            labels::LIKELY.to_owned()
        } else {
            String::new()
        },
    }
}

/// « Signaler une anomalie », with the context of the question.
fn anomaly_href(fields: &PlaceOrder, building: &domain::building::Building) -> String {
    let asked = |name| fields.given(name).unwrap_or_default();
    link(
        "/adresses/anomalies/nouvelle",
        &[
            ("IdentifiantImmeuble", &building.reference),
            ("Batiment", asked("Batiment")),
            ("Escalier", asked("Escalier")),
            ("Etage", asked("Etage")),
            ("ReferencePrise", asked("ReferencePrise")),
        ],
    )
}

fn xml_call(fields: &PlaceOrder, now: Millis) -> String {
    let now = soap::Instant(now);
    let element = |(name, value): (&str, &str)| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        format!("        <{name}>{value}</{name}>\n")
    };
    let (address, rest): (Vec<_>, Vec<_>) = fields
        .pairs()
        .partition(|(name, _)| ADDRESS_KEYS.contains(name));
    let address: String = address.into_iter().map(element).collect();
    let rest: String = rest.into_iter().map(element).collect();
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">\n  <s:Body>\n    \
         <testerEligibilite xmlns=\"urn:epissure:ws:eligibilite:1\" \
         xmlns:c=\"urn:epissure:ws:commun:1\">\n      <c:Entete>\n        \
         <c:VersionWS>1</c:VersionWS>\n        \
         <c:HorodatageRequete>{now}</c:HorodatageRequete>\n      \
         </c:Entete>\n      <Adresse>\n{address}      </Adresse>\n{rest}    \
         </testerEligibilite>\n  </s:Body>\n</s:Envelope>"
    )
}

pub(crate) fn json(tested: &Tested) -> PageResult {
    let buildings: Vec<_> = tested
        .buildings
        .iter()
        .map(|b| building_json(tested, b))
        .collect();
    let value = serde_json::json!({
        "date_extraction": tested.extracted_on.map(|d| d.to_string()),
        "immeubles": buildings,
    });
    let text = serde_json::to_string_pretty(&value).map_err(Fault::internal)?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

fn building_json(tested: &Tested, assessed: &Assessed) -> serde_json::Value {
    let verdict = |verdict: &Verdict| match verdict {
        Verdict::Eligible => ("eligible", None),
        Verdict::EligibleFrom(day, _) => ("eligible_le", Some(day.to_string())),
        Verdict::NotEligible(_) => ("non_eligible", None),
    };
    let judged = tested.offers.iter().zip(&assessed.best);
    let offers = judged
        .zip(&assessed.reasons)
        .map(|((offer, best), reasons)| {
            let (name, from) = verdict(best);
            let code = |refusal: Option<&Refusal>| refusal.map(|r| r.code.clone());
            let rules = reasons.iter().map(|reason| {
                let motive = code(reason.said.as_ref().err());
                serde_json::json!({"regle": labels::rule(reason.rule), "motif": motive})
            });
            serde_json::json!({
                "code": offer.code, "verdict": name, "date": from, "motif": code(best.refusal()),
                "motif_technique": code(refusal_of(reasons, Side::Technical)),
                "motif_commercial": code(refusal_of(reasons, Side::Commercial)),
                "regles": rules.collect::<Vec<_>>(),
            })
        });
    let ways = assessed.ways.iter().map(|way| {
        serde_json::json!({
            "batiment": way.spot.batiment, "escalier": way.spot.escalier,
            "etage": way.spot.etage, "porte": way.porte, "pbo": way.pbo_ref,
            "pto": way.pto_ref, "fibres_libres": way.free_fibres,
            "etat_ligne": way.line().map(|line| line.literal()),
            "verdict": way.verdicts.first().map(|v| verdict(v).0),
            "motif": way.verdicts.first().and_then(Verdict::refusal).map(|r| r.code.clone()),
        })
    });
    let (offers, ways) = (offers.collect::<Vec<_>>(), ways.collect::<Vec<_>>());
    serde_json::json!({
        "identifiant_immeuble": assessed.site.building.reference,
        "etat": assessed.site.building.state.as_str(),
        "pm": assessed.site.building.pm_ref,
        "offres": offers,
        "logements": ways,
    })
}
