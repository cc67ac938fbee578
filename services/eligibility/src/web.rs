//! `/eligibilite`: the question is read, asked, and the answer laid out. No decision here.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use domain::building::BuildingState;
use domain::order::{PlaceOrder, address_line};
use kernel::{Fault, Millis, Refusal};
use service_api::{PageCall, PageError, PageResult};
use web::{Form, RefusalView, Tag, Tone};

use crate::labels::{self, Level};
use crate::pages::{
    Answer, Building, Candidate, Dwelling, Eligibility, Fact, Floor, Offer, Outcome, Point, Stair,
};
use crate::rules::{Assessed, Verdict, Way};
use crate::search_box::{self, Lead};
use crate::usecases::{self, Tested};
use crate::{history, watches};

/// The fields of the question, by the trade's names.
const FIELDS: [&str; 11] = [
    "IdentifiantImmeuble",
    "CodeAdresseImmeuble",
    "CodeInseeImmeuble",
    "CodeVoieRivoliImmeuble",
    "NumeroVoieImmeuble",
    "ComplementNumeroVoieImmeuble",
    "Batiment",
    "Escalier",
    "Etage",
    "ReferencePrise",
    "PriseExistante",
];

pub(crate) async fn eligibility(call: PageCall) -> PageResult {
    let fields = asked(&call);
    if call.asked("critere") == "texte" && call.asked("format") == "json" {
        return search_box::json(&call).await;
    }
    let mut form = call.new_form()?.with_values(call.query.clone());
    if form.value("critere").is_empty() {
        form.set("critere", criterion(&fields));
    }
    let mut shell = call.shell(labels::TITLE);
    watches::web::badge(&call, &mut shell).await?;
    let mut fields = fields;
    let (mut outcome, mut understood) = (None, None);
    if form.is("critere", "texte") && !call.asked(search_box::FIELD).trim().is_empty() {
        match search_box::lead(&call).await? {
            Lead::Building(reference, how) => {
                fields = PlaceOrder::from_pairs([("IdentifiantImmeuble", reference.as_str())]);
                understood = how;
            }
            Lead::Buildings(references, how) => {
                outcome = Some(choice(&call, references).await?);
                understood = how;
            }
            Lead::Order(href) => return Ok(Redirect::to(&href).into_response()),
            Lead::Places(places) => outcome = Some(Outcome::Places(places)),
            Lead::Refused(refusal) => {
                history::web::told(&call, &fields, &Err(refusal.clone()));
                return Ok(refused(&call, form, &refusal));
            }
        }
    }
    if outcome.is_some() || fields.pairs().next().is_none() {
        history::web::led(&call, outcome.as_ref());
        return Ok(page(Eligibility {
            shell,
            form,
            outcome,
            understood,
        }));
    }
    let tested = match usecases::question(&fields) {
        Ok(question) => usecases::test_eligibility(&call.platform, call.ctx()?, question).await?,
        Err(refusal) => Err(refusal),
    };
    history::web::told(&call, &fields, &tested);
    let tested = match tested {
        Ok(tested) => tested,
        Err(refusal) if call.asked("format") == "json" => return Err(refusal.into()),
        Err(refusal) => return Ok(refused(&call, form, &refusal)),
    };
    if call.asked("format") == "json" {
        return json(&tested);
    }
    shell.extracted = tested.extracted_on;
    let outcome = match tested.buildings.as_slice() {
        [only] => {
            shell.title = address_line(&only.site.building);
            Outcome::Answer(Box::new(answer(&call, &fields, &tested, only)?))
        }
        several => Outcome::Choice(several.iter().map(candidate).collect()),
    };
    Ok(page(Eligibility {
        shell,
        form,
        outcome: Some(outcome),
        understood,
    }))
}

/// The buildings of one address, each tested.
async fn choice(call: &PageCall, references: Vec<String>) -> Result<Outcome, PageError> {
    let mut candidates = Vec::new();
    for reference in references {
        let fields = PlaceOrder::from_pairs([("IdentifiantImmeuble", reference.as_str())]);
        let Ok(question) = usecases::question(&fields) else {
            continue;
        };
        let tested = usecases::test_eligibility(&call.platform, call.ctx()?, question).await?;
        if let Ok(tested) = tested {
            candidates.extend(tested.buildings.iter().map(candidate));
        }
    }
    Ok(Outcome::Choice(candidates))
}

fn page(page: Eligibility) -> Response {
    web::page(StatusCode::OK, &page)
}

fn refused(call: &PageCall, mut form: Form, refusal: &Refusal) -> Response {
    form.refuse(refusal);
    let outcome = Some(Outcome::Refused(RefusalView::from(refusal)));
    let page = Eligibility {
        shell: call.shell(labels::TITLE),
        form,
        outcome,
        understood: None,
    };
    web::page(web::errors::status_of(refusal), &page)
}

/// The fields of the way chosen; the others keep what was typed, without deciding.
fn asked(call: &PageCall) -> PlaceOrder {
    let of_way: &[&str] = match call.asked("critere") {
        "immeuble" => &[
            "CodeAdresseImmeuble",
            "CodeInseeImmeuble",
            "CodeVoieRivoliImmeuble",
        ],
        "hexacle" => &["CodeInseeImmeuble", "CodeVoieRivoliImmeuble"],
        "adresse" => &["CodeAdresseImmeuble"],
        "texte" => &FIELDS,
        _ => &[],
    };
    let names = FIELDS.into_iter().filter(|name| !of_way.contains(name));
    PlaceOrder::from_pairs(names.map(|name| (name, call.asked(name))))
}

fn criterion(fields: &PlaceOrder) -> &'static str {
    if fields.given("CodeAdresseImmeuble").is_some() {
        "hexacle"
    } else if fields.given("CodeVoieRivoliImmeuble").is_some() {
        "adresse"
    } else if fields.given("IdentifiantImmeuble").is_some() {
        "immeuble"
    } else {
        "texte"
    }
}

fn state_tag(state: BuildingState) -> Tag {
    let tone = match state {
        BuildingState::Deployed => Tone::Ok,
        BuildingState::OnDemand | BuildingState::OnDemandUnderWay => Tone::Info,
        BuildingState::Abandoned => Tone::Bad,
        BuildingState::Targeted | BuildingState::Signed | BuildingState::UnderWay => Tone::Warn,
    };
    Tag::new(tone, state.label())
}

fn candidate(assessed: &Assessed) -> Candidate {
    let building = &assessed.site.building;
    let mut address = address_line(building);
    if !building.batiment.is_empty() {
        address = format!(
            "{address}, {}",
            labels::place(Level::Block, &building.batiment)
        );
    }
    Candidate {
        identifier: building.reference.clone(),
        address,
        dwellings: u64::try_from(building.dwellings).unwrap_or(0),
        state: state_tag(building.state),
        href: link(
            "/eligibilite",
            &[("IdentifiantImmeuble", &building.reference)],
        ),
    }
}

pub(crate) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let given: Vec<_> = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    format!(
        "{path}?{}",
        serde_urlencoded::to_string(given).unwrap_or_default()
    )
}

fn answer(
    call: &PageCall,
    fields: &PlaceOrder,
    tested: &Tested,
    assessed: &Assessed,
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
        network: network(assessed),
        xml: xml_call(fields, call.ctx()?.now),
        curl: curl(call),
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
    let pm_note = site
        .pm
        .as_ref()
        .map(|pm| format!("{}, {}", pm.state.label(), labels::since(pm.opened_on)));
    let presence = site.presence.as_ref().map(|p| p.prestation_ref.clone());
    vec![
        fact(
            labels::FACT_STATE,
            building.state.label().to_owned(),
            building.pbo_kind.clone(),
        ),
        fact(
            labels::FACT_PM,
            building.pm_ref.clone(),
            pm_note.unwrap_or_default(),
        ),
        fact(
            labels::FACT_ORDERS,
            labels::since(building.orders_from),
            String::new(),
        ),
        fact(
            labels::FACT_REPORTS,
            labels::since(building.reports_from),
            String::new(),
        ),
        fact(
            labels::FACT_PRESENCE,
            presence.unwrap_or_else(|| labels::ABSENT.to_owned()),
            String::new(),
        ),
    ]
}

fn offers(tested: &Tested, assessed: &Assessed) -> Vec<Offer> {
    let judged = tested.offers.iter().zip(&assessed.best).enumerate();
    judged
        .map(|(i, (offer, best))| {
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
                label: offer.label.to_owned(),
                code: offer.code.to_owned(),
                verdict,
                from,
                refusal: best.refusal().map(RefusalView::from),
                order_href: way.map(|way| order_href(assessed, way)),
            }
        })
        .collect()
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

fn network(assessed: &Assessed) -> Vec<Point> {
    let building = &assessed.site.building;
    let mut points = Vec::new();
    if let Some(pm) = &assessed.site.pm {
        points.push(Point {
            icon: "layers".to_owned(),
            title: format!("PM {}", pm.reference),
            note: pm.kind.clone(),
            state: Some(Tag::new(Tone::Neutral, pm.state.label())),
        });
    }
    for pbo in distinct(assessed.ways.iter().map(|way| way.pbo_ref.as_str())) {
        let way = assessed.ways.iter().find(|way| way.pbo_ref == pbo);
        let free = way.map_or(0, |way| way.free_fibres);
        let tone = if free == 0 { Tone::Bad } else { Tone::Ok };
        points.push(Point {
            icon: "plug".to_owned(),
            title: format!("PBO {pbo}"),
            note: building.pbo_kind.clone(),
            state: Some(Tag::new(tone, labels::free(free))),
        });
    }
    points
}

fn xml_call(fields: &PlaceOrder, now: Millis) -> String {
    let now = soap::Instant(now);
    const ADDRESS: [&str; 6] = [
        "IdentifiantImmeuble",
        "CodeAdresseImmeuble",
        "CodeInseeImmeuble",
        "CodeVoieRivoliImmeuble",
        "NumeroVoieImmeuble",
        "ComplementNumeroVoieImmeuble",
    ];
    let element = |(name, value): (&str, &str)| {
        let value = value.replace('&', "&amp;").replace('<', "&lt;");
        format!("        <{name}>{value}</{name}>\n")
    };
    let (address, rest): (Vec<_>, Vec<_>) =
        fields.pairs().partition(|(name, _)| ADDRESS.contains(name));
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

fn curl(call: &PageCall) -> String {
    let url = &call.site.xml_url;
    format!(
        "curl --cert client.pem --key client.key --cacert ca.pem \\\n  \
         --header 'Content-Type: text/xml; charset=utf-8' \\\n  \
         --data @demande.xml {url}/ws/eligibilite"
    )
}

fn json(tested: &Tested) -> PageResult {
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
    let offers = tested
        .offers
        .iter()
        .zip(&assessed.best)
        .map(|(offer, best)| {
            let (name, from) = verdict(best);
            let motive = best.refusal().map(|r| r.code.clone());
            serde_json::json!({"code": offer.code, "verdict": name, "date": from, "motif": motive})
        });
    let ways = assessed.ways.iter().map(|way| {
        serde_json::json!({
            "batiment": way.spot.batiment, "escalier": way.spot.escalier,
            "etage": way.spot.etage, "porte": way.porte, "pbo": way.pbo_ref,
            "pto": way.pto_ref, "fibres_libres": way.free_fibres,
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
