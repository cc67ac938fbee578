//! The box that takes anything: an address as it was said over the phone, or a reference. Every
//! page that has one leads by it to the buildings that were meant; what was assumed on the way is
//! said, and nothing is chosen where several places fit.

mod labels;

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use domain::building::{Building, labels as words};
use domain::order::address_line;
use domain::place::usecases::{find, suggest};
use domain::place::{self, Named, Place, Told, Verdict};
use kernel::{Fault, Refusal, codes};

use crate::entry::{PageCall, PageError, PageResult};
use crate::{RefusalView, Tag, link};

/// The field of the box.
pub const FIELD: &str = "q";
/// Suggestions under the box.
const SUGGESTIONS: usize = 8;
/// Other places shown beside an answer.
const OTHERS_MAX: usize = 5;

/// What the text of the box was taken for; shown by `lieux.html`.
#[derive(Debug)]
pub struct Understood {
    /// What it is: `adresse`, `prise (PTO)`.
    pub kind: &'static str,
    /// The place.
    pub label: String,
    /// What was assumed, in French.
    pub assumed: Vec<String>,
    /// Parts of the text that were not used.
    pub unmatched: Vec<String>,
    /// Other places that may have been meant.
    pub others: Vec<PlaceLine>,
}

/// Places that a text may mean.
#[derive(Debug)]
pub struct Places {
    /// How many, or that there is none.
    pub title: String,
    /// What to do.
    pub note: String,
    /// The code an order would get, where none is certain.
    pub refusal: Option<RefusalView>,
    /// The places, best first.
    pub lines: Vec<PlaceLine>,
    /// There are more.
    pub more: bool,
}

/// One place that may be meant.
#[derive(Debug)]
pub struct PlaceLine {
    /// In one line.
    pub label: String,
    /// What it is.
    pub kind: &'static str,
    /// What was assumed, what is not explained, what stands there.
    pub notes: Vec<String>,
    /// The same page, about this place.
    pub href: String,
}

/// A building among several of one address: a person chooses, the platform never does.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Its IdentifiantImmeuble.
    pub identifier: String,
    /// Its address and block, on one line.
    pub address: String,
    /// Its dwellings.
    pub dwellings: u64,
    /// Its state.
    pub state: Tag,
    /// The same page, for this building alone.
    pub href: String,
}

impl Candidate {
    /// A building whose page is at `href`.
    #[must_use]
    pub fn of(building: &Building, href: String) -> Self {
        let mut address = address_line(building);
        if !building.batiment.is_empty() {
            let block = words::place(words::Level::Block, &building.batiment);
            address = format!("{address}, {block}");
        }
        Self {
            identifier: building.reference.clone(),
            address,
            dwellings: u64::try_from(building.dwellings).unwrap_or(0),
            state: Tag::of_building(building.state),
            href,
        }
    }
}

/// Where a text leads.
#[derive(Debug)]
pub enum Lead {
    /// To one building, with what was assumed on the way.
    Building(String, Option<Understood>),
    /// To several buildings of one address.
    Buildings(Vec<String>, Option<Understood>),
    /// To an order of the operator's own.
    Order(String),
    /// To a choice, or nowhere.
    Places(Places),
    /// Nowhere: the text cannot be read.
    Refused(Refusal),
}

/// Finds what the box was given, for the page at `page`.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn lead(call: &PageCall, page: &str) -> Result<Lead, PageError> {
    let text = call.asked(FIELD);
    let place = match find(&call.platform, call.ctx()?, text).await? {
        Ok(place) => place,
        Err(refusal) => return Ok(Lead::Refused(refusal.on(FIELD))),
    };
    if let Some(order) = &place.order {
        return Ok(Lead::Order(format!("/commandes/{order}")));
    }
    let Some(best) = place.best() else {
        return Ok(Lead::Places(places(page, &place)));
    };
    let mut references: Vec<String> = best
        .buildings
        .iter()
        .map(|one| one.reference.clone())
        .collect();
    // An address found as it was typed needs no word; a reference is named.
    let plain = place.verdict == Verdict::Certain && best.kind == Named::Housenumber;
    let understood = (!plain).then(|| understood(page, &place, best));
    Ok(match references.len() {
        0 => Lead::Places(places(page, &place)),
        1 => Lead::Building(references.remove(0), understood),
        _ => Lead::Buildings(references, understood),
    })
}

/// The answer to the box as JSON.
///
/// # Errors
/// The refusal of a text that cannot be read; a fault when the store does not answer.
pub async fn json(call: &PageCall) -> PageResult {
    let text = call.asked(FIELD);
    let place = find(&call.platform, call.ctx()?, text).await?;
    let body = match &place {
        Ok(place) => serde_json::to_string(&Told::of(text, place)),
        Err(refusal) => return Err(refusal.clone().into()),
    };
    Ok(as_json(body.map_err(Fault::internal)?))
}

/// What is suggested under the box: lines to put into it.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn suggestions(call: PageCall) -> PageResult {
    let found = suggest(&call.platform, call.asked(FIELD), SUGGESTIONS).await?;
    let body = serde_json::to_string(&found).map_err(Fault::internal)?;
    Ok(as_json(body))
}

fn as_json(body: String) -> Response {
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

fn understood(page: &str, place: &Place, best: &place::Candidate) -> Understood {
    let others = place.candidates.iter().skip(1).take(OTHERS_MAX);
    Understood {
        kind: best.kind.label(),
        label: best.label.clone(),
        assumed: best.assumed.clone(),
        unmatched: best.unmatched.clone(),
        others: others.map(|one| line(page, one)).collect(),
    }
}

fn places(page: &str, place: &Place) -> Places {
    let lines: Vec<PlaceLine> = place
        .candidates
        .iter()
        .map(|one| line(page, one))
        .chain(place.alike.iter().map(|reference| PlaceLine {
            label: reference.clone(),
            kind: Named::Pto.label(),
            notes: vec![labels::ALIKE.to_owned()],
            href: link(page, &[(FIELD, reference)]),
        }))
        .collect();
    let known = place.best().map(|best| best.kind);
    let other_numbers = !place.candidates.is_empty()
        && place
            .candidates
            .iter()
            .all(|one| one.kind == Named::Housenumber && one.is_other_number);
    let (title, note) = match other_numbers {
        true => (
            labels::NUMBER_UNKNOWN.0.to_owned(),
            labels::NUMBER_UNKNOWN.1,
        ),
        false => labels::places(place.verdict, known, place.named, lines.len()),
    };
    let unknown =
        other_numbers || place.verdict == Verdict::None || known == Some(Named::Housenumber);
    Places {
        title,
        note: note.to_owned(),
        refusal: unknown.then(|| RefusalView::from(&Refusal::new(&codes::FADR01).on(FIELD))),
        lines,
        more: place.more,
    }
}

fn line(page: &str, candidate: &place::Candidate) -> PlaceLine {
    let mut notes = candidate.assumed.clone();
    if !candidate.unmatched.is_empty() {
        notes.push(labels::unmatched(&candidate.unmatched));
    }
    if candidate.kind == Named::Housenumber {
        notes.push(labels::standing(candidate.buildings.len()));
    }
    let href = match candidate.buildings.as_slice() {
        [only] => link(page, &[("IdentifiantImmeuble", &only.reference)]),
        _ => link(page, &[(FIELD, &candidate.label)]),
    };
    PlaceLine {
        label: candidate.label.clone(),
        kind: candidate.kind.label(),
        notes,
        href,
    }
}
