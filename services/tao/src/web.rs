//! `/adresses`: the question is read, asked, and the structure laid out. No decision here.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use domain::building::Building;
use domain::building::labels as words;
use domain::line::LineState;
use domain::order::{ADDRESS_KEYS, PlaceOrder, address_line, pto};
use kernel::{Fault, Refusal, codes};
use service_api::place::Address;
use service_api::{PageCall, PageError, PageResult};
use soap::{Instant, RequestHeader};
use web::export::{Cell, Column, Format, attachment};
use web::search_box::{self, Candidate, FIELD, Lead};
use web::{ListQuery, RefusalView, Tag, Tone, link};

use crate::labels;
use crate::messages::{CONTRACT, ReadStructure};
use crate::pages::{
    Actions, Addresses, Block, Dwelling, Fact, Floor, Next, Outcome, Part, Stair, Tree,
};
use crate::rules::{self, Structure};
use crate::usecases::{self, Structures};

const PAGE: &str = "/adresses";
/// What narrows a structure, by the trade's names and by the short ones of links.
const NARROWING: [(&str, &str); 5] = [
    ("Batiment", "batiment"),
    ("Escalier", "escalier"),
    ("Etage", "etage"),
    ("Porte", "porte"),
    ("ReferencePrise", "pto"),
];
/// Asks for everything unfolded.
const UNFOLDED: &str = "deplie";
/// Trees of at most this many dwellings are shown unfolded.
const UNFOLDED_MAX: usize = 12;
/// Beyond so many dwellings, each has its actions where it is shown alone.
const ACTIONS_MAX: usize = 12;
/// The same once something narrows the page: doors without a name cannot be told apart further.
const ACTIONS_NARROWED_MAX: usize = 40;
/// PBOs named in the summary.
const PBOS_SHOWN: usize = 2;

pub(crate) async fn addresses(call: PageCall) -> PageResult {
    let query = ListQuery::parse(PAGE, call.query.clone(), &[], false);
    let mut page = Addresses {
        shell: call.shell(labels::TITLE),
        form: call.new_form()?.with_values(call.query.clone()),
        by_fields: false,
        outcome: None,
        understood: None,
    };
    let narrowing = narrowing(&call);
    for (name, value) in &narrowing {
        page.form.set(name, *value);
    }
    let keys: Vec<(&str, &str)> = ADDRESS_KEYS
        .iter()
        .map(|name| (*name, call.asked(name)))
        .collect();
    let by_box = !call.asked(FIELD).trim().is_empty();
    page.by_fields = !by_box && keys.iter().any(|(_, value)| !value.is_empty());
    if !by_box && !page.by_fields && narrowing.iter().all(|(_, value)| value.is_empty()) {
        if query.format.is_some() {
            return Err(Refusal::new(&codes::FIMP15).on(FIELD).into());
        }
        return Ok(web::page(StatusCode::OK, &page));
    }
    let mut references = Vec::new();
    if by_box {
        match search_box::lead(&call, PAGE).await? {
            Lead::Building(reference, how) => {
                references.push(reference);
                page.understood = how;
            }
            Lead::Buildings(several, how) => {
                references = several;
                page.understood = how;
            }
            Lead::Order(href) => return Ok(Redirect::to(&href).into_response()),
            Lead::Places(_) if query.format == Some(Format::Json) => {
                return search_box::json(&call).await;
            }
            Lead::Places(_) if query.format.is_some() => {
                return Err(Refusal::new(&codes::FADR01).on(FIELD).into());
            }
            Lead::Places(lines) => {
                page.outcome = Some(Outcome::Places(lines));
                return Ok(web::page(StatusCode::OK, &page));
            }
            Lead::Refused(refusal) => return refused(page, &query, &refusal, None),
        }
    }
    let places: Vec<Vec<(&str, &str)>> = match by_box {
        true => references
            .iter()
            .map(|reference| vec![(ADDRESS_KEYS[0], reference.as_str())])
            .collect(),
        false => vec![keys],
    };
    let read = match read(&call, &places, &narrowing).await? {
        Ok(read) => read,
        Err(refusal) => {
            let whole = whole_href(&query, &narrowing);
            return refused(page, &query, &refusal, whole);
        }
    };
    if let Some(format) = query.format {
        return exported(format, &read);
    }
    page.shell.extracted = read.extracted_on;
    page.outcome = Some(match read.buildings.as_slice() {
        [only] => {
            page.shell = page.shell.under(labels::TITLE, PAGE);
            page.shell.title = web::french::address(&address_line(&only.building));
            Outcome::Tree(Box::new(tree(&call, &query, only, &narrowing)?))
        }
        several => {
            let candidates = several.iter().map(|one| {
                let href = of_building(&one.building, &narrowing);
                Candidate::of(&one.building, href)
            });
            Outcome::Choice(candidates.collect())
        }
    });
    Ok(web::page(StatusCode::OK, &page))
}

/// What narrows the structure, by the trade's names; empty values for what does not.
fn narrowing(call: &PageCall) -> Vec<(&'static str, &str)> {
    let value = |name: &str, short: &str| match call.asked(name) {
        "" => call.asked(short),
        value => value,
    };
    NARROWING
        .iter()
        .map(|(name, short)| (*name, value(name, short)))
        .collect()
}

/// The structures of every place, of those that what narrows leaves.
async fn read(
    call: &PageCall,
    places: &[Vec<(&str, &str)>],
    narrowing: &[(&str, &str)],
) -> Result<Result<Structures, Refusal>, PageError> {
    let mut all: Option<Structures> = None;
    let mut last = Refusal::new(&codes::FADR01).on(FIELD);
    let door = narrowing.iter().find(|(name, _)| *name == "Porte");
    for place in places {
        let fields = PlaceOrder::from_pairs(
            place
                .iter()
                .chain(narrowing)
                .copied()
                .filter(|(name, value)| *name != "Porte" && !value.is_empty()),
        );
        let answer = match usecases::question(&fields, door.map(|(_, value)| *value)) {
            Ok(question) => usecases::structures(&call.platform, call.ctx()?, question).await?,
            Err(refusal) => Err(refusal),
        };
        match (answer, &mut all) {
            (Ok(read), None) => all = Some(read),
            (Ok(read), Some(before)) => before.buildings.extend(read.buildings),
            (Err(refusal), _) => last = refusal,
        }
    }
    Ok(all.ok_or(last))
}

fn refused(
    mut page: Addresses,
    query: &ListQuery,
    refusal: &Refusal,
    whole: Option<String>,
) -> PageResult {
    if query.format.is_some() {
        return Err(refusal.clone().into());
    }
    page.form.refuse(refusal);
    page.outcome = Some(Outcome::Refused(RefusalView::from(refusal), whole));
    Ok(web::page(web::errors::status_of(refusal), &page))
}

/// The address without what narrows; `None` when nothing does, or nothing else would be left.
fn whole_href(query: &ListQuery, narrowing: &[(&str, &str)]) -> Option<String> {
    let place = ADDRESS_KEYS
        .iter()
        .chain([&FIELD])
        .map(|name| (*name, query.filter(name)));
    let place: Vec<_> = place.filter(|(_, value)| !value.is_empty()).collect();
    let narrowed = narrowing.iter().any(|(_, value)| !value.is_empty());
    (narrowed && !place.is_empty()).then(|| link(PAGE, &place))
}

/// The page of a building, with `more`.
fn of_building(building: &Building, more: &[(&str, &str)]) -> String {
    let mut pairs = vec![("IdentifiantImmeuble", building.reference.as_str())];
    pairs.extend_from_slice(more);
    link(PAGE, &pairs)
}

fn tree(
    call: &PageCall,
    query: &ListQuery,
    structure: &Structure,
    narrowing: &[(&str, &str)],
) -> Result<Tree, PageError> {
    let building = &structure.building;
    let kept = kept(structure);
    let narrowed = narrowing.iter().any(|(_, value)| !value.is_empty());
    let unfolded = kept <= UNFOLDED_MAX || !call.asked(UNFOLDED).is_empty();
    let mut laid = Laid {
        structure,
        unfolded,
        acts: kept
            <= if narrowed {
                ACTIONS_NARROWED_MAX
            } else {
                ACTIONS_MAX
            },
        asked: pto::normalise(call.asked(FIELD)),
        next: 0,
    };
    let whole = of_building(building, &[]);
    Ok(Tree {
        identifier: building.reference.clone(),
        facts: facts(structure),
        parts: parts(structure, narrowing),
        kept,
        total: structure.whole.dwellings,
        whole_href: narrowed.then_some(whole),
        unfold_href: (!unfolded).then(|| query.with(UNFOLDED, "oui")),
        test_href: link(
            "/eligibilite",
            &[("IdentifiantImmeuble", &building.reference)],
        ),
        blocks: structure.blocks.iter().map(|one| laid.block(one)).collect(),
        query: query.clone(),
        xml: xml(call, building, narrowing)?,
        curl: call.curl("tao"),
    })
}

fn dwellings(structure: &Structure) -> impl Iterator<Item = [&str; 3]> {
    structure.blocks.iter().flat_map(|block| {
        block.inside.iter().flat_map(|stair| {
            stair.inside.iter().flat_map(|floor| {
                let spot = [&block.name, &stair.name, &floor.name].map(String::as_str);
                std::iter::repeat_n(spot, floor.inside.len())
            })
        })
    })
}

fn kept(structure: &Structure) -> usize {
    dwellings(structure).count()
}

fn facts(structure: &Structure) -> Vec<Fact> {
    let (building, whole) = (&structure.building, &structure.whole);
    let fact = |label, value: String, note: String| Fact { label, value, note };
    let or_none = |value: String| match value.as_str() {
        "" => labels::NONE.to_owned(),
        _ => value,
    };
    let (pbos, more) = labels::some_of(&whole.pbos, PBOS_SHOWN);
    let names = ["Batiment", "Escalier", "Etage"].into_iter();
    let required = names.zip(structure.required).filter(|(_, needed)| *needed);
    let required: Vec<&str> = required.map(|(name, _)| name).collect();
    let required = match required.as_slice() {
        [] => labels::NOTHING_REQUIRED.to_owned(),
        some => some.join(", "),
    };
    vec![
        fact(
            labels::FACT_STATE,
            building.state.label().to_owned(),
            building.pbo_kind.clone(),
        ),
        fact(
            labels::FACT_DWELLINGS,
            building.dwellings.to_string(),
            labels::described(whole.dwellings),
        ),
        fact(
            labels::FACT_PTOS,
            whole.ptos.to_string(),
            labels::to_build(whole.dwellings - whole.ptos),
        ),
        fact(labels::FACT_PBOS, or_none(pbos), more),
        fact(
            labels::FACT_PM,
            or_none(building.pm_ref.clone()),
            String::new(),
        ),
        fact(labels::FACT_REQUIRED, required, String::new()),
    ]
}

/// A choice for each level that has several parts, or that was already chosen from.
fn parts(structure: &Structure, narrowing: &[(&str, &str)]) -> Vec<Part> {
    use words::Level;
    let levels = [Level::Block, Level::Stair, Level::Floor];
    let all = labels::ALL_PARTS.into_iter().zip(levels);
    let several = all
        .zip(&structure.whole.names)
        .filter(|(_, names)| names.len() > 1);
    several
        .map(|(((name, label), level), names)| {
            let asked = narrowing.iter().find(|(known, _)| *known == name);
            let asked = asked.map_or("", |(_, value)| *value).to_uppercase();
            let chosen = names.iter().find(|one| one.to_uppercase() == asked);
            let said = |one: &String| (one.clone(), words::place(level, one));
            Part {
                name,
                label,
                values: names.iter().map(said).collect(),
                chosen: chosen.cloned().unwrap_or_default(),
            }
        })
        .collect()
}

/// Lays out a structure.
struct Laid<'a> {
    structure: &'a Structure,
    unfolded: bool,
    /// Whether each dwelling has its actions here.
    acts: bool,
    /// The text of the box, which may be a PTO.
    asked: String,
    /// The next dwelling's place.
    next: usize,
}

impl Laid<'_> {
    fn block(&mut self, block: &rules::Block) -> Block {
        let inside = block.inside.iter().flat_map(|stair| &stair.inside);
        let count = inside.map(|floor| floor.inside.len()).sum();
        let stairs = block.inside.iter();
        Block {
            label: words::place(words::Level::Block, &block.name),
            name: block.name.clone(),
            note: words::lines(count),
            open: true,
            stairs: stairs.map(|stair| self.stair(block, stair)).collect(),
        }
    }

    fn stair(&mut self, block: &rules::Block, stair: &rules::Stair) -> Stair {
        let count = stair.inside.iter().map(|floor| floor.inside.len()).sum();
        let alone = block.inside.len() == 1;
        let floors = stair.inside.iter();
        let spot = [&block.name, &stair.name].map(String::as_str);
        Stair {
            label: words::place(words::Level::Stair, &stair.name),
            name: stair.name.clone(),
            note: words::lines(count),
            open: self.unfolded || alone,
            floors: floors.map(|floor| self.floor(spot, floor)).collect(),
        }
    }

    fn floor(&mut self, [batiment, escalier]: [&str; 2], floor: &rules::Floor) -> Floor {
        let spot = [batiment, escalier, floor.name.as_str()];
        let dwellings = floor.inside.iter();
        let dwellings: Vec<Dwelling> = dwellings.map(|one| self.dwelling(spot, one)).collect();
        Floor {
            label: words::place(words::Level::Floor, &floor.name),
            name: floor.name.clone(),
            note: words::lines(dwellings.len()),
            open: self.unfolded || dwellings.iter().any(|one| one.selected),
            dwellings,
        }
    }

    fn dwelling(&mut self, spot: [&str; 3], dwelling: &rules::Dwelling) -> Dwelling {
        self.next += 1;
        let pto = dwelling.pto.as_ref().map(|pto| pto.reference.clone());
        let state = match &dwelling.pto {
            None => Tag::new(Tone::Neutral, labels::TO_BUILD),
            Some(pto) if pto.line == LineState::Free => Tag::new(Tone::Ok, labels::FREE),
            Some(_) => Tag::new(Tone::Info, labels::IN_SERVICE),
        };
        let [batiment, escalier, etage] = spot;
        let next = if self.acts {
            Next::Here(Box::new(self.actions(spot, dwelling)))
        } else {
            let alone = [
                ("Batiment", batiment),
                ("Escalier", escalier),
                ("Etage", etage),
                ("Porte", dwelling.porte.as_str()),
                ("ReferencePrise", pto.as_deref().unwrap_or("")),
            ];
            Next::There(of_building(&self.structure.building, &alone))
        };
        Dwelling {
            label: words::dwelling(&dwelling.porte, etage),
            porte: dwelling.porte.clone(),
            selected: pto.as_ref().is_some_and(|pto| self.asked.contains(pto)),
            pto,
            pbo: dwelling.pbo_ref.clone(),
            state,
            next,
        }
    }

    fn actions(&self, [batiment, escalier, etage]: [&str; 3], one: &rules::Dwelling) -> Actions {
        let building = &self.structure.building;
        let pto = one.pto.as_ref().map_or("", |pto| pto.reference.as_str());
        let existing = if pto.is_empty() { "N" } else { "O" };
        let order = [
            ("IdentifiantImmeuble", building.reference.as_str()),
            ("Batiment", batiment),
            ("Escalier", escalier),
            ("Etage", etage),
            ("PriseExistante", existing),
            ("ReferencePrise", pto),
            ("ReferencePm", building.pm_ref.as_str()),
        ];
        let spot = &order[..4];
        let presence = (
            "ReferencePrestationPm",
            self.structure.whole.presence.as_str(),
        );
        let lines = order.iter().filter(|(_, value)| !value.is_empty());
        let lines: Vec<String> = lines
            .map(|(name, value)| format!("{name};{value}"))
            .collect();
        Actions {
            id: self.next,
            order_href: link("/commandes/nouvelle", &[&order[..], &[presence]].concat()),
            test_href: link("/eligibilite", &[spot, &[order[5]]].concat()),
            anomaly_href: link(
                "/adresses/anomalies/nouvelle",
                &[spot, &[("Porte", one.porte.as_str())]].concat(),
            ),
            copy: lines.join("\n"),
        }
    }
}

/// The same question as a message. A part narrows the page alone.
fn xml(
    call: &PageCall,
    building: &Building,
    narrowing: &[(&str, &str)],
) -> Result<String, PageError> {
    let given = |name: &str| {
        let found = narrowing.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| (*value).to_owned())
            .filter(|value| !value.is_empty())
    };
    let header = RequestHeader {
        version: "1".to_owned(),
        requested_at: Instant(call.ctx()?.now),
        request_id: None,
    };
    let body = ReadStructure {
        address: Some(Address {
            building: Some(building.reference.clone()),
            ..Address::default()
        }),
        porte: given("Porte"),
        pto: given("ReferencePrise"),
    };
    let message = CONTRACT.write_request("consulterStructure", &header, &body)?;
    Ok(soap::indented(&message))
}

/// The structures as a file, a row for each dwelling.
fn exported(format: Format, read: &Structures) -> Result<Response, PageError> {
    let columns = labels::COLUMNS.map(|(key, heading)| Column { key, heading });
    let rows: Vec<Vec<Cell>> = read
        .buildings
        .iter()
        .flat_map(|structure| rows(structure, read.extracted_on))
        .collect();
    Ok(attachment(format, labels::FILE, &columns, &rows).map_err(Fault::internal)?)
}

fn rows(structure: &Structure, extracted_on: Option<jiff::civil::Date>) -> Vec<Vec<Cell>> {
    let building = &structure.building;
    let inside = structure.blocks.iter().flat_map(|block| {
        let floors = block.inside.iter().flat_map(|stair| &stair.inside);
        floors.flat_map(|floor| &floor.inside)
    });
    let row = |([batiment, escalier, etage], one): ([&str; 3], &rules::Dwelling)| {
        let pto = one.pto.as_ref();
        let existing = if pto.is_some() { "O" } else { "N" };
        vec![
            building.reference.as_str().into(),
            building.state.literal().into(),
            building.pm_ref.as_str().into(),
            batiment.into(),
            escalier.into(),
            etage.into(),
            one.porte.as_str().into(),
            existing.into(),
            pto.map(|pto| pto.reference.as_str()).into(),
            pto.map(|pto| pto.line.literal()).into(),
            one.pbo_ref.as_str().into(),
            extracted_on.into(),
        ]
    };
    dwellings(structure).zip(inside).map(row).collect()
}
