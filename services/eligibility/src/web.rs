//! `/eligibilite`: the question is read, asked, and the answer laid out. No decision here.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Redirect, Response};
use domain::order::{PLACE_FIELDS, PlaceOrder, address_line};
use kernel::Refusal;
use service_api::{PageCall, PageError, PageResult};
use web::search_box::{self, Lead};
use web::{Form, RefusalView};

use crate::answer::{answer, candidate, chosen, json};
use crate::history;
use crate::labels;
use crate::pages::{Eligibility, Outcome};
use crate::surroundings;
use crate::usecases;

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
    let mut fields = fields;
    let (mut outcome, mut understood) = (None, None);
    if form.is("critere", "texte") && !call.asked(search_box::FIELD).trim().is_empty() {
        match search_box::lead(&call, "/eligibilite").await? {
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
            shell.title = web::french::address(&address_line(&only.site.building));
            let way = chosen(only, &fields);
            let ctx = call.ctx()?;
            let around = surroundings::read(&call.platform, ctx, only, way).await?;
            Outcome::Answer(Box::new(answer(&call, &fields, &tested, only, &around)?))
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

/// The neighbourhood of the one building that the question names, for the map that moves.
pub(crate) async fn plan(call: PageCall) -> PageResult {
    let fields = asked(&call);
    let question = usecases::question(&fields)?;
    let tested = usecases::test_eligibility(&call.platform, call.ctx()?, question).await??;
    let [only] = tested.buildings.as_slice() else {
        return Err(PageError::NotFound);
    };
    let way = chosen(only, &fields);
    let around = surroundings::read(&call.platform, call.ctx()?, only, way).await?;
    let text = surroundings::geojson(only, &around);
    Ok(([(CONTENT_TYPE, "application/geo+json")], text).into_response())
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
        "texte" => &PLACE_FIELDS,
        _ => &[],
    };
    let names = PLACE_FIELDS
        .into_iter()
        .filter(|name| !of_way.contains(name));
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
