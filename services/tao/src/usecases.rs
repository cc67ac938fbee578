//! Reading the referential's addresses, the same through every door and for every operator.

use domain::access::Ctx;
use domain::order::{AddressKey, PlaceOrder, pto, usecases as orders};
use domain::release::Release;
use domain::{Platform, release};
use jiff::civil::Date;
use kernel::{Fault, Refusal, codes};
use storage::{Error, Tx};

use crate::labels;
use crate::rules::{self, Filter, Structure};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The key that decides; `None` when a PTO alone says where.
    pub key: Option<AddressKey>,
    /// What narrows the answer.
    pub filter: Filter,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Structures {
    /// Every building that the key names.
    pub buildings: Vec<Structure>,
    /// The extraction date of the data; `None` before the first import.
    pub extracted_on: Option<Date>,
}

/// Reads a question from the trade's own fields: the block, the staircase and the floor narrow it.
/// An order has no field for the door.
///
/// # Errors
/// FIMP15 without any key nor PTO, FIMP16 for a key that cannot be read.
pub fn question(fields: &PlaceOrder, porte: Option<&str>) -> Result<Question, Refusal> {
    let pto_ref = fields.given("ReferencePrise").map(pto::normalise);
    let keys = [
        "CodeAdresseImmeuble",
        "CodeInseeImmeuble",
        "CodeVoieRivoliImmeuble",
        "IdentifiantImmeuble",
    ];
    let names_place = keys.iter().any(|name| fields.given(name).is_some());
    let key = match names_place || pto_ref.is_none() {
        true => Some(domain::order::address_key(fields)?),
        false => None,
    };
    let porte = porte.map(str::trim).filter(|porte| !porte.is_empty());
    let given = |name: &str| fields.given(name).map(str::to_owned);
    let filter = Filter {
        batiment: given("Batiment"),
        escalier: given("Escalier"),
        etage: given("Etage"),
        porte: porte.map(str::to_owned),
        pto_ref,
    };
    Ok(Question { key, filter })
}

/// The structure of an address, of all its buildings.
///
/// # Errors
/// FADR01 when no building is known by the key, FIMP02 for a PTO that does not exist, 5 when no
/// dwelling there is in that part or has that door or PTO; a fault when the store does not answer.
pub async fn structures(
    platform: &Platform,
    ctx: &Ctx,
    question: Question,
) -> Result<Result<Structures, Refusal>, Fault> {
    let ctx = ctx.clone();
    Ok(platform.db.get(move |tx| read(tx, &ctx, &question)).await?)
}

/// The reading itself, within a transaction.
///
/// # Errors
/// Those of the store; the inner result is the answer or its refusal.
pub fn read(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    question: &Question,
) -> Result<Result<Structures, Refusal>, Error> {
    let code = match ctx.operator() {
        Ok(scope) => scope.code().to_owned(),
        Err(refusal) => return Ok(Err(refusal)),
    };
    let release = release::store::current(tx)?;
    let key = match key(tx, ctx, release, question)? {
        Ok(key) => key,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let sites = orders::load_sites(tx, ctx, release, &key, &code)?;
    if sites.is_empty() {
        return Ok(Err(Refusal::new(&codes::FADR01).on(key.field())));
    }
    let mut buildings = Vec::new();
    for site in &sites {
        let lines = orders::load_lines(tx, ctx, release, site)?;
        buildings.extend(rules::structure(site, &lines, &question.filter));
    }
    if buildings.is_empty() {
        let filter = &question.filter;
        let named = [
            (&filter.porte, "Porte"),
            (&filter.pto_ref, "ReferencePrise"),
            (&filter.etage, "Etage"),
            (&filter.escalier, "Escalier"),
        ];
        let narrowed = named.iter().find(|(value, _)| value.is_some());
        let field = narrowed.map_or("Batiment", |(_, field)| *field);
        let refusal = Refusal::new(&codes::RC05).on(field);
        return Ok(Err(refusal.because(labels::NOT_HERE)));
    }
    let extracted_on = orders::extraction_date(tx, release)?;
    Ok(Ok(Structures {
        buildings,
        extracted_on,
    }))
}

/// The key of the address, or of the building where the PTO is.
fn key(
    tx: &mut dyn Tx,
    ctx: &Ctx,
    release: Release,
    question: &Question,
) -> Result<Result<AddressKey, Refusal>, Error> {
    if let Some(pto_ref) = &question.filter.pto_ref {
        let unknown = Refusal::new(&codes::FIMP02).on("ReferencePrise");
        let Some(found) = orders::load_pto(tx, ctx, release, pto_ref)? else {
            return Ok(Err(unknown));
        };
        if question.key.is_none() {
            let place = found
                .spot
                .map(|spot| AddressKey::Building(spot.building_ref));
            return Ok(place.ok_or(unknown));
        }
    }
    Ok(match &question.key {
        Some(key) => Ok(key.clone()),
        None => Err(Refusal::new(&codes::FIMP15).on("CodeAdresseImmeuble")),
    })
}
