//! A building: its keys, dates and dwellings, with the state of their lines now.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use domain::access::StaffScope;
use domain::address::{Nd, store as addresses};
use domain::building::{Building, Dwelling, store as buildings};
use domain::freeze::FreezeKind;
use domain::line::LineState;
use domain::release::{Release, Table};
use kernel::{Fault, Millis};
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Tx};
use web::export::Cell;
use web::{Form, ListQuery, Tag, Tone};

use super::labels::{self, Phase};
use super::objects::{day, fact, reference};
use super::pages::{Block, BuildingPage, DwellingRow, Fact, Floor, Stair};
use super::places::shell;
use super::store::{self, LineNow};
use super::{freezes, links, sheet};

/// Dwellings of a structure that is shown whole.
const WHOLE_MAX: usize = 40;

struct Seen {
    building: Building,
    dwellings: Vec<Dwelling>,
    lines: BTreeMap<String, LineNow>,
    nds: Vec<Nd>,
    freezes: freezes::Seen,
}

fn seen(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    release: Release,
    asked: &str,
    now: Millis,
) -> Result<Option<Seen>, Error> {
    let Some(building) = buildings::building_by_reference(tx, release, asked)? else {
        return Ok(None);
    };
    let lines = store::list_lines(tx, scope, release, asked)?;
    let object = (FreezeKind::Building, asked);
    Ok(Some(Seen {
        dwellings: buildings::dwellings_of(tx, release, asked)?,
        lines: lines
            .into_iter()
            .map(|line| (line.pto_ref.clone(), line))
            .collect(),
        nds: addresses::list_nds_of_building(tx, release, asked)?,
        freezes: freezes::seen(tx, object, &building.pm_ref, now)?,
        building,
    }))
}

pub(super) async fn building(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    building_page(&call, form, StatusCode::OK).await
}

/// The sheet of the building that the query names, with the form of its freeze.
pub(super) async fn building_page(call: &PageCall, form: Form, status: StatusCode) -> PageResult {
    let (scope, atlas) = super::open(call).await?;
    let asked = call.asked("ref").to_owned();
    let (release, now) = (atlas.release, call.ctx()?.now);
    let read = move |tx: &mut dyn Tx| seen(tx, &scope, release, &asked, now);
    let seen = call.platform.db.read(read).await.map_err(Fault::from)?;
    let seen = seen.ok_or(PageError::NotFound)?;
    let path = format!("{}/immeubles", links::TERRITORY);
    let query = ListQuery::parse(&path, call.query.clone(), &[], false);
    if let Some(format) = query.format {
        let (columns, cells) = (sheet::labels::DWELLING_COLUMNS, |d: &Dwelling| {
            cells(&seen, d)
        });
        return sheet::file(format, "structure", columns, &seen.dwellings, cells);
    }
    let b = &seen.building;
    let phase = Phase::of(b.state);
    let street = format!("{} {}", b.street_type, b.street_name);
    let page = BuildingPage {
        shell: shell(call, &atlas, &labels::address(b))
            .under(labels::TERRITORY, links::TERRITORY)
            .under(&b.commune, links::commune(&b.insee))
            .under(street.trim(), links::street(&b.insee, &b.rivoli)),
        reference: b.reference.clone(),
        state: Tag::new(phase.tone(), b.state.label()),
        freeze: {
            let object = (FreezeKind::Building, b.reference.as_str());
            freezes::panel(&seen.freezes, object, form, now)
        },
        facts: facts(&seen),
        keys: keys(b),
        dates: dates(b),
        network: network(b),
        blocks: blocks(&seen, &query, call.asked("pto")),
        nds: seen.nds.iter().map(nd).collect(),
        map_href: b.lon.map(|_| links::map(&b.insee, &b.rivoli)),
        history_href: links::history(Table::Building, &[&b.reference]),
        query,
    };
    Ok(web::page(status, &page))
}

fn nd(nd: &Nd) -> (String, &'static str, String) {
    let state = labels::copper(nd.copper_state);
    (
        nd.number.clone(),
        state,
        links::history(Table::Nd, &[&nd.number]),
    )
}

fn some(facts: impl IntoIterator<Item = Option<Fact>>) -> Vec<Fact> {
    facts.into_iter().flatten().collect()
}

fn facts(seen: &Seen) -> Vec<Fact> {
    let b = &seen.building;
    let [kind, dwellings, described, lines, pm, zone] = labels::BUILDING_FACTS;
    let count = |n: usize| web::french::count(&n.to_string());
    let held = seen
        .lines
        .values()
        .filter(|line| line.state == LineState::InService);
    let told = labels::lines_in_service(held.count(), seen.lines.len());
    some([
        fact(kind, labels::kind(b)),
        fact(dwellings, web::french::count(&b.dwellings.to_string())),
        fact(described, count(seen.dwellings.len())),
        fact(lines, told),
        reference(pm, &b.pm_ref, Some(links::pm(&b.pm_ref))),
        fact(zone, &b.zone),
    ])
}

fn keys(b: &Building) -> Vec<Fact> {
    let [hexacle, street, insee, rivoli, number, block, ban, place] = labels::KEYS;
    let at = match (b.x, b.y) {
        (Some(x), Some(y)) => labels::place(x, y, &b.projection),
        _ => String::new(),
    };
    some([
        reference(hexacle, &b.hexacle, None),
        reference(street, &b.street_hexacle, None),
        reference(insee, &b.insee, Some(links::commune(&b.insee))),
        reference(rivoli, &b.rivoli, Some(links::street(&b.insee, &b.rivoli))),
        fact(number, labels::number(&b.number, &b.complement)),
        fact(block, &b.batiment),
        reference(ban, &b.ban_key, None),
        reference(place, &at, None),
    ])
}

fn dates(b: &Building) -> Vec<Fact> {
    let [delivery, wired, orders, reports, opened, signed, changed] = labels::BUILDING_DATES;
    some([
        day(delivery, b.delivery_on),
        day(wired, b.wired_on),
        day(orders, b.orders_from),
        day(reports, b.reports_from),
        day(opened, b.opened_on),
        day(signed, b.agreement_signed_on),
        day(changed, b.changed_on),
    ])
}

fn network(b: &Building) -> Vec<Fact> {
    let [pm, pmt, pbo, joined, agreement, manager, oi] = labels::NETWORK;
    some([
        reference(pm, &b.pm_ref, Some(links::pm(&b.pm_ref))),
        reference(pmt, &b.pmt_ref, None),
        fact(pbo, &b.pbo_kind),
        fact(joined, &b.connection_kind),
        fact(agreement, web::labels::yes_no(b.agreement_needed)),
        fact(manager, &b.manager),
        reference(oi, &b.oi_code, None),
    ])
}

/// Groups that follow each other.
fn runs<'a>(
    dwellings: &[&'a Dwelling],
    of: impl Fn(&Dwelling) -> &str,
) -> Vec<(String, Vec<&'a Dwelling>)> {
    let mut runs: Vec<(String, Vec<&'a Dwelling>)> = Vec::new();
    for dwelling in dwellings {
        let name = of(dwelling);
        match runs.iter_mut().find(|(known, _)| known == name) {
            Some((_, run)) => run.push(dwelling),
            None => runs.push((name.to_owned(), vec![dwelling])),
        }
    }
    runs.sort_by(|(a, _), (b, _)| sheet::natural(labels::storey(a), labels::storey(b)));
    runs
}

fn blocks(seen: &Seen, query: &ListQuery, pto_ref: &str) -> Vec<Block> {
    let all: Vec<&Dwelling> = seen.dwellings.iter().collect();
    let open = open_stair(seen, query, pto_ref);
    let block = |(name, within): (String, Vec<&Dwelling>)| Block {
        label: labels::level(labels::LEVELS[0], &name),
        note: labels::dwellings(within.len()),
        stairs: runs(&within, |d| &d.escalier)
            .into_iter()
            .map(|(stair, within)| {
                let key = (name.as_str(), stair.as_str());
                let shown = open.is_none_or(|open| open == key);
                staircase(seen, key, &within, shown, pto_ref)
            })
            .collect(),
    };
    runs(&all, |d| &d.batiment).into_iter().map(block).collect()
}

/// The one staircase of a long structure that is shown: the one asked for, the one of the PTO asked
/// for, else the first. `None` when the structure is shown whole.
fn open_stair<'a>(
    seen: &'a Seen,
    query: &'a ListQuery,
    pto_ref: &str,
) -> Option<(&'a str, &'a str)> {
    if seen.dwellings.len() <= WHOLE_MAX {
        return None;
    }
    if !query.filter("escalier").is_empty() {
        return Some((query.filter("batiment"), query.filter("escalier")));
    }
    let of_pto = |d: &&Dwelling| !pto_ref.is_empty() && d.pto_ref == pto_ref;
    let found = seen.dwellings.iter().find(of_pto);
    let shown = found.or(seen.dwellings.first());
    shown.map(|d| (d.batiment.as_str(), d.escalier.as_str()))
}

fn staircase(
    seen: &Seen,
    (block, stair): (&str, &str),
    within: &[&Dwelling],
    shown: bool,
    pto_ref: &str,
) -> Stair {
    let floors = || {
        runs(within, |d| &d.etage)
            .into_iter()
            .map(|(floor, within)| Floor {
                label: labels::level(labels::LEVELS[2], &floor),
                note: labels::dwellings(within.len()),
                dwellings: within.iter().map(|d| row(seen, d, pto_ref)).collect(),
            })
    };
    Stair {
        label: labels::level(labels::LEVELS[1], stair),
        note: labels::dwellings(within.len()),
        href: (!shown).then(|| links::stair(&seen.building.reference, block, stair)),
        floors: shown.then(floors).into_iter().flatten().collect(),
    }
}

/// The PTO of a dwelling and its line, once the platform follows it.
fn line<'a>(seen: &'a Seen, dwelling: &Dwelling) -> Option<&'a LineNow> {
    seen.lines.get(&dwelling.pto_ref)
}

fn row(seen: &Seen, dwelling: &Dwelling, asked: &str) -> DwellingRow {
    let (pto, pbo) = (&dwelling.pto_ref, &dwelling.pbo_ref);
    let line = line(seen, dwelling);
    let pm = &seen.building.pm_ref;
    DwellingRow {
        label: labels::door(&dwelling.porte, dwelling.rank),
        pto: (!pto.is_empty()).then(|| (pto.clone(), links::history(Table::Pto, &[pto]))),
        state: match line.map(|line| line.state) {
            Some(LineState::InService) => Tag::new(Tone::Info, LineState::InService.label()),
            Some(LineState::Free) => Tag::new(Tone::Ok, LineState::Free.label()),
            None => Tag::new(Tone::Neutral, dwelling.state.label()),
        },
        note: labels::line_note(line, dwelling.state),
        pbo: (!pbo.is_empty()).then(|| (pbo.clone(), links::pbo(pm, pbo))),
        selected: !asked.is_empty() && pto == asked,
    }
}

fn cells(seen: &Seen, dwelling: &Dwelling) -> Vec<Cell> {
    let line = line(seen, dwelling);
    vec![
        dwelling.batiment.clone().into(),
        dwelling.escalier.clone().into(),
        dwelling.etage.clone().into(),
        dwelling.porte.clone().into(),
        dwelling.rank.into(),
        dwelling.pbo_ref.clone().into(),
        dwelling.pto_ref.clone().into(),
        dwelling.state.label().into(),
        line.map(|line| line.state.label()).into(),
        line.map(|line| line.holder.clone()).into(),
        line.map(|line| line.pending).into(),
    ]
}
