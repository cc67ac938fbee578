//! A PM, a PBO and the history of any object.

use axum::http::StatusCode;
use domain::access::StaffScope;
use domain::building::{Pm, store as buildings};
use domain::freeze::FreezeKind;
use domain::line::FibreState;
use domain::network::{Pbo, store as networks};
use domain::release::{Release, Table, join_key};
use jiff::civil::Date;
use kernel::{Fault, Millis};
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Tx, Value};
use web::export::Cell;
use web::{Form, ListQuery, Tag, Tone};

use super::atlas::Atlas;
use super::history::{Event, OBJECTS, What, events};
use super::pages::{
    Bar, Colour, EventRow, Fact, FibreRow, HistoryPage, PboPage, PboRow, PmPage, TubeGroup,
};
use super::places::shell;
use super::store::{self, FibreNow, PboUse};
use super::{freezes, labels, links, sheet};

pub(super) fn fact(label: &'static str, value: impl Into<String>) -> Option<Fact> {
    let value = value.into();
    (!value.is_empty()).then(|| Fact {
        label,
        value,
        ..Fact::default()
    })
}

pub(super) fn reference(label: &'static str, value: &str, href: Option<String>) -> Option<Fact> {
    fact(label, value).map(|fact| Fact {
        mono: true,
        href,
        ..fact
    })
}

pub(super) fn day(label: &'static str, day: Option<Date>) -> Option<Fact> {
    fact(label, day.map(web::french::date).unwrap_or_default())
}

struct PmSeen {
    pm: Pm,
    behind: (i64, i64),
    uses: Vec<PboUse>,
    pbos: Vec<Pbo>,
    presences: Vec<(String, String)>,
    freezes: freezes::Seen,
}

fn pm_seen(
    tx: &mut dyn Tx,
    scope: &StaffScope,
    release: Release,
    reference: &str,
    now: Millis,
) -> Result<Option<PmSeen>, Error> {
    let Some(pm) = buildings::pm_by_reference(tx, release, reference)? else {
        return Ok(None);
    };
    let mut pbos: Vec<Pbo> = Vec::new();
    loop {
        let after = pbos
            .last()
            .map_or("", |pbo| pbo.reference.as_str())
            .to_owned();
        let page = networks::list_pbos_of_pm(tx, release, reference, &after)?;
        let last = page.len() < networks::PAGE_ROWS;
        pbos.extend(page);
        if last || pbos.len() >= store::CHILDREN_MAX {
            break;
        }
    }
    Ok(Some(PmSeen {
        behind: store::count_behind_pm(tx, release, reference)?,
        uses: store::list_pbo_uses(tx, scope, release, reference)?,
        presences: store::list_presences(tx, release, reference)?,
        freezes: freezes::seen(tx, (FreezeKind::Pm, reference), "", now)?,
        pm,
        pbos,
    }))
}

/// A PBO as the network describes it and as its fibres are used; either may be unknown.
struct PboLine {
    reference: String,
    kind: String,
    capacity: i64,
    uses: PboUse,
}

fn pbo_lines(seen: &PmSeen) -> Vec<PboLine> {
    let mut lines: Vec<PboLine> = Vec::new();
    for pbo in &seen.pbos {
        lines.push(PboLine {
            reference: pbo.reference.clone(),
            kind: pbo.kind.clone(),
            capacity: pbo.capacity,
            uses: PboUse::default(),
        });
    }
    for uses in &seen.uses {
        match lines.binary_search_by(|line| line.reference.cmp(&uses.pbo_ref)) {
            Ok(at) => lines[at].uses = uses.clone(),
            Err(at) => {
                let line = PboLine {
                    reference: uses.pbo_ref.clone(),
                    kind: String::new(),
                    capacity: 0,
                    uses: uses.clone(),
                };
                lines.insert(at, line);
            }
        }
    }
    lines
}

fn counts(uses: &PboUse) -> [i64; 5] {
    [
        uses.free,
        uses.kept,
        uses.reserved,
        uses.occupied,
        uses.broken,
    ]
}

fn bar(counts: [i64; 5]) -> Bar {
    let toned = labels::USES.iter().zip(counts);
    Bar::new(
        &toned
            .map(|((_, _, tone), count)| (*tone, count))
            .collect::<Vec<_>>(),
    )
}

fn uses_in_words(counts: [i64; 5]) -> String {
    let said = labels::USES
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0);
    let words = said.map(|((one, many, _), count)| labels::counted(count, one, many));
    words.collect::<Vec<_>>().join(" · ")
}

fn uses_tagged(counts: [i64; 5]) -> Vec<Tag> {
    let said = labels::USES.iter().zip(counts);
    said.filter(|(_, count)| *count > 0)
        .map(|((one, many, tone), count)| Tag::new(*tone, labels::counted(count, one, many)))
        .collect()
}

pub(super) async fn pm(call: PageCall) -> PageResult {
    let form = call.new_form()?;
    pm_page(&call, form, StatusCode::OK).await
}

/// The sheet of the PM that the query names, with the form of its freeze.
pub(super) async fn pm_page(call: &PageCall, form: Form, status: StatusCode) -> PageResult {
    let (scope, atlas) = super::open(call).await?;
    let asked = call.asked("ref").to_owned();
    let (release, now) = (atlas.release, call.ctx()?.now);
    let read = {
        let asked = asked.clone();
        move |tx: &mut dyn Tx| pm_seen(tx, &scope, release, &asked, now)
    };
    let seen = call.platform.db.read(read).await.map_err(Fault::from)?;
    let seen = seen.ok_or(PageError::NotFound)?;
    let sortable = ["pbo", "libres", "occupees"];
    let path = format!("{}/pm", links::TERRITORY);
    let query = sheet::query(&path, call, &sortable);
    let all = pbo_lines(&seen);
    let typed = query.search().to_uppercase();
    let fits = |line: &PboLine| {
        line.reference.to_uppercase().contains(&typed)
            && match query.filter("etat") {
                "libres" => line.uses.free > 0,
                "satures" => line.uses.free == 0,
                "hs" => line.uses.broken > 0,
                _ => true,
            }
    };
    let totals = all.iter().fold([0; 5], |sum, line| {
        let counts = counts(&line.uses);
        std::array::from_fn(|at| sum[at] + counts[at])
    });
    let mut rows: Vec<PboLine> = all.into_iter().filter(fits).collect();
    sheet::sort(&mut rows, &query, |a, b| match query.sort.as_str() {
        "libres" => a.uses.free.cmp(&b.uses.free),
        "occupees" => a.uses.occupied.cmp(&b.uses.occupied),
        _ => a.reference.cmp(&b.reference),
    });
    if let Some(format) = query.format {
        return sheet::file(format, "pbo", sheet::labels::PBO_COLUMNS, &rows, pbo_cells);
    }
    let (rows, pager) = sheet::page(rows, &query, |line| line.reference.clone());
    let commune = atlas.commune(&seen.pm.insee);
    let mut shell =
        shell(call, &atlas, &labels::at_pm(&asked)).under(labels::TERRITORY, links::TERRITORY);
    if let Some(commune) = commune {
        shell = shell.under(&commune.name, links::commune(&commune.insee));
    }
    let located = atlas
        .pms
        .iter()
        .any(|pm| pm.reference == asked && pm.place.is_some());
    let page = PmPage {
        shell,
        state: Tag::new(labels::pm_tone(seen.pm.state), seen.pm.state.label()),
        facts: pm_facts(&seen),
        uses: uses_tagged(totals),
        rows: rows.iter().map(|line| pbo_row(&asked, line)).collect(),
        pager,
        presences: by_operator(&seen.presences),
        map_href: located.then(|| links::map_of_pm(&asked)),
        history_href: links::history(Table::Pm, &[&asked]),
        freeze: freezes::panel(&seen.freezes, (FreezeKind::Pm, &asked), form, now),
        reference: asked,
        query,
    };
    Ok(web::page(status, &page))
}

fn by_operator(presences: &[(String, String)]) -> Vec<(String, Vec<String>)> {
    let mut all: Vec<(String, Vec<String>)> = Vec::new();
    for (code, prestation) in presences {
        match all.last_mut().filter(|(last, _)| last == code) {
            Some((_, prestations)) => prestations.push(prestation.clone()),
            None => all.push((code.clone(), vec![prestation.clone()])),
        }
    }
    all
}

fn pm_facts(seen: &PmSeen) -> Vec<Fact> {
    let pm = &seen.pm;
    let number = |n: i64| match n {
        0 => String::new(),
        n => web::french::count(&n.to_string()),
    };
    let [
        address,
        quality,
        hexacle,
        where_it_stands,
        capacity,
        dwellings,
        behind,
        engineering,
        pmts,
        active,
        patching,
        origin,
    ] = labels::PM_FACTS;
    let [installed, handed_over, opened] = labels::PM_DATES;
    [
        fact(address, labels::pm_address(&pm.address)),
        fact(quality, &pm.address.quality),
        reference(hexacle, &pm.address.hexacle, None),
        fact(where_it_stands, &pm.kind),
        fact(capacity, number(pm.capacity)),
        fact(dwellings, number(pm.dwellings)),
        fact(behind, labels::behind(seen.behind)),
        fact(engineering, &pm.engineering),
        fact(pmts, pm.pmt_refs.join(", ")),
        fact(active, web::labels::yes_no(pm.active_place)),
        fact(patching, web::labels::yes_no(pm.oi_patching)),
        day(installed, pm.installed_on),
        day(handed_over, pm.first_handed_over_on),
        day(opened, pm.opened_on),
        fact(origin, pm.origin.label()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn pbo_row(pm_ref: &str, line: &PboLine) -> PboRow {
    let counts = counts(&line.uses);
    PboRow {
        reference: line.reference.clone(),
        href: links::pbo(pm_ref, &line.reference),
        note: labels::pbo_note(&line.kind, line.capacity),
        free: line.uses.free,
        bar: bar(counts),
        uses: uses_in_words(counts),
    }
}

fn pbo_cells(line: &PboLine) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        line.reference.clone().into(),
        line.kind.clone().into(),
        line.capacity.into(),
    ];
    cells.extend(counts(&line.uses).map(Cell::from));
    cells
}

struct PboSeen {
    pbo: Option<Pbo>,
    fibres: Vec<FibreNow>,
    buildings: Vec<(String, String)>,
}

pub(super) async fn pbo(call: PageCall) -> PageResult {
    let (scope, atlas) = super::open(&call).await?;
    let (pm_ref, asked) = (call.asked("pm").to_owned(), call.asked("ref").to_owned());
    let release = atlas.release;
    let read = {
        let (pm_ref, asked) = (pm_ref.clone(), asked.clone());
        move |tx: &mut dyn Tx| {
            let fibres = store::list_fibres(tx, &scope, release, (&pm_ref, &asked))?;
            Ok(PboSeen {
                pbo: networks::pbo_by_reference(tx, release, &pm_ref, &asked)?,
                buildings: ends(tx, release, &fibres)?,
                fibres,
            })
        }
    };
    let seen = call.platform.db.read(read).await.map_err(Fault::from)?;
    if seen.pbo.is_none() && seen.fibres.is_empty() {
        return Err(PageError::NotFound);
    }
    let sortable = ["tube", "fibre", "etat", "pto"];
    let path = format!("{}/pbo", links::TERRITORY);
    let query = sheet::query(&path, &call, &sortable);
    let totals = use_of(&seen.fibres);
    let wanted = FibreState::from_store(query.filter("etat")).ok();
    let typed = query.search().to_uppercase();
    let fits = |fibre: &&FibreNow| {
        (fibre.id.to_uppercase().contains(&typed) || fibre.pto_ref.contains(&typed))
            && wanted.is_none_or(|state| now(fibre).0 == state)
    };
    let mut rows: Vec<&FibreNow> = seen.fibres.iter().filter(fits).collect();
    sheet::sort(&mut rows, &query, |a, b| match query.sort.as_str() {
        "fibre" => a.id.cmp(&b.id),
        "etat" => now(a).0.cmp(&now(b).0),
        "pto" => a.pto_ref.cmp(&b.pto_ref),
        _ => a
            .cable
            .cmp(&b.cable)
            .then_with(|| sheet::natural(&a.tube, &b.tube))
            .then_with(|| sheet::natural(&a.colour, &b.colour)),
    });
    if let Some(format) = query.format {
        return sheet::file(format, "fibres", sheet::labels::FIBRE_COLUMNS, &rows, |f| {
            fibre_cells(f)
        });
    }
    let (rows, pager) = sheet::page(rows, &query, |fibre| fibre.id.clone());
    let page = PboPage {
        shell: pbo_shell(&call, &atlas, &pm_ref, &asked),
        facts: pbo_facts(&seen, &pm_ref),
        bar: bar(totals),
        uses: uses_tagged(totals),
        groups: groups(&rows, &seen.buildings, query.sort == "tube"),
        pager,
        history_href: links::history(Table::Pbo, &[&pm_ref, &asked]),
        reference: asked,
        pm_ref,
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn pbo_shell(call: &PageCall, atlas: &Atlas, pm_ref: &str, asked: &str) -> web::Shell {
    shell(call, atlas, &format!("PBO {asked}"))
        .under(labels::TERRITORY, links::TERRITORY)
        .under(labels::at_pm(pm_ref), links::pm(pm_ref))
}

/// The building that each PTO of the fibres leads to.
fn ends(
    tx: &mut dyn Tx,
    release: Release,
    fibres: &[FibreNow],
) -> Result<Vec<(String, String)>, Error> {
    let mut found = Vec::new();
    for fibre in fibres.iter().filter(|fibre| !fibre.pto_ref.is_empty()) {
        if let Some(dwelling) = buildings::dwelling_of_pto(tx, release, &fibre.pto_ref)? {
            found.push((fibre.pto_ref.clone(), dwelling.building_ref));
        }
    }
    Ok(found)
}

fn now(fibre: &FibreNow) -> (FibreState, bool) {
    fibre.live.unwrap_or(fibre.released)
}

fn use_of(fibres: &[FibreNow]) -> [i64; 5] {
    let mut totals = [0; 5];
    for fibre in fibres {
        let slot = match now(fibre) {
            (FibreState::Available, false) if fibre.pto_ref.is_empty() => 0,
            (FibreState::Available, _) => 1,
            (FibreState::Reserved, _) => 2,
            (FibreState::Occupied, _) => 3,
            (FibreState::OutOfOrder, _) => 4,
        };
        totals[slot] += 1;
    }
    totals
}

fn pbo_facts(seen: &PboSeen, pm_ref: &str) -> Vec<Fact> {
    let [pm, kind, capacity, buildings, origin] = labels::PBO_FACTS;
    let mut served: Vec<&str> = seen.buildings.iter().map(|(_, b)| b.as_str()).collect();
    served.sort_unstable();
    served.dedup();
    let told = |value: fn(&Pbo) -> String| seen.pbo.as_ref().map(value).unwrap_or_default();
    let count = i64::try_from(served.len()).unwrap_or(i64::MAX);
    [
        reference(pm, pm_ref, Some(links::pm(pm_ref))),
        fact(kind, told(|pbo| pbo.kind.clone())),
        fact(capacity, told(|pbo| labels::lines(pbo.capacity))),
        fact(buildings, labels::counted(count, "immeuble", "immeubles")).filter(|_| count > 0),
        fact(origin, told(|pbo| pbo.origin.label().to_owned())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn colour(text: &str) -> Colour {
    let (rank, name) = text.split_once(' ').unwrap_or(("", text));
    Colour {
        text: text.to_lowercase(),
        swatch: labels::swatch(name),
        ringed: rank.parse::<usize>().is_ok_and(|rank| rank > 12),
    }
}

fn groups(rows: &[&FibreNow], ends: &[(String, String)], by_tube: bool) -> Vec<TubeGroup> {
    let mut groups: Vec<TubeGroup> = Vec::new();
    let mut last = None;
    for fibre in rows {
        let place = (fibre.cable.as_str(), fibre.tube.as_str());
        if groups.is_empty() || (by_tube && last != Some(place)) {
            groups.push(TubeGroup {
                tube: by_tube.then(|| colour(&fibre.tube)),
                cable: fibre.cable.clone(),
                rows: Vec::new(),
            });
        }
        last = Some(place);
        if let Some(group) = groups.last_mut() {
            group.rows.push(fibre_row(fibre, ends));
        }
    }
    groups
}

fn fibre_row(fibre: &FibreNow, ends: &[(String, String)]) -> FibreRow {
    let (state, dedicated) = now(fibre);
    let building = ends.iter().find(|(pto, _)| *pto == fibre.pto_ref);
    let to = building.map(|(pto, building)| links::building(building, pto));
    FibreRow {
        id: fibre.id.clone(),
        href: links::history(Table::Fibre, &[&fibre.id]),
        tube: colour(&fibre.tube),
        colour: colour(&fibre.colour),
        released: labels::fibre(fibre.released.0, fibre.released.1),
        live: Tag::new(labels::fibre_tone(state), labels::fibre(state, dedicated)),
        agrees: fibre.live.is_none_or(|live| live == fibre.released),
        pto: (!fibre.pto_ref.is_empty()).then(|| {
            let history = || links::history(Table::Pto, &[&fibre.pto_ref]);
            (fibre.pto_ref.clone(), to.unwrap_or_else(history))
        }),
        holder: fibre.holder.clone(),
    }
}

fn fibre_cells(fibre: &FibreNow) -> Vec<Cell> {
    let (state, dedicated) = now(fibre);
    vec![
        fibre.id.clone().into(),
        fibre.cable.clone().into(),
        fibre.tube.clone().into(),
        fibre.colour.clone().into(),
        fibre.released.0.literal(fibre.released.1).into(),
        state.literal(dedicated).into(),
        fibre.pto_ref.clone().into(),
        fibre.holder.clone().into(),
    ]
}

pub(super) async fn history(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let parts: Vec<String> = call
        .query
        .iter()
        .filter(|(name, _)| name == "ref")
        .map(|(_, value)| value.trim().to_owned())
        .collect();
    let asked = call.asked("objet");
    let table = OBJECTS.iter().find(|(name, _)| *name == asked);
    let (_, table) = *table.ok_or(PageError::NotFound)?;
    if parts.len() != table.key_len() {
        return Err(PageError::NotFound);
    }
    let values: Vec<Value> = parts.iter().map(|part| part.as_str().into()).collect();
    let key = join_key(&values);
    let read = move |tx: &mut dyn Tx| store::versions(tx, table, &key);
    let versions = call.platform.db.read(read).await.map_err(Fault::from)?;
    if versions.is_empty() {
        return Err(PageError::NotFound);
    }
    let events = events(&versions);
    let query = ListQuery::parse(&call.path, call.query.clone(), &[], false);
    let spelt = parts.iter().filter(|part| !part.is_empty());
    let spelt = spelt.map(String::as_str).collect::<Vec<_>>().join(" · ");
    if let Some(format) = query.format {
        let rows: Vec<Vec<Cell>> = events
            .iter()
            .flat_map(|event| event_cells(table, event))
            .collect();
        let columns = sheet::labels::HISTORY_COLUMNS;
        return sheet::file(format, "historique", columns, &rows, Clone::clone);
    }
    let title = format!("{} : {} {spelt}", labels::HISTORY, labels::object(table));
    let page = HistoryPage {
        shell: shell(&call, &atlas, &title).under(labels::TERRITORY, links::TERRITORY),
        object_href: page_of(table, &parts),
        events: events.iter().map(|event| event_row(table, event)).collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn page_of(table: Table, key: &[String]) -> Option<String> {
    Some(match table {
        Table::Building | Table::Dwelling => links::building(&key[0], ""),
        Table::Pm => links::pm(&key[0]),
        Table::Pbo => links::pbo(&key[0], &key[1]),
        Table::Presence => links::pm(&key[1]),
        _ => return None,
    })
}

fn told(event: &Event) -> (Tag, &[super::history::Change]) {
    let [added, changed, removed] = labels::EVENTS;
    match &event.what {
        What::Added(fields) => (Tag::new(Tone::Ok, added), fields),
        What::Changed(fields) => (Tag::new(Tone::Info, changed), fields),
        What::Removed => (Tag::new(Tone::Bad, removed), &[]),
    }
}

/// Digits of a digest that are shown.
const DIGEST_SHOWN: usize = 12;

fn event_row(table: Table, event: &Event) -> EventRow {
    let (what, fields) = told(event);
    let value = |field, value: &Value| labels::value(table, field, value);
    EventRow {
        release: event.origin.info.number.0,
        published: event.origin.info.published_at,
        what,
        file: event.origin.source.as_ref().map(|source| {
            let digest = source.digest.chars().take(DIGEST_SHOWN).collect();
            (
                source.file_name.clone(),
                source.kind.label(),
                source.extracted_on,
                digest,
            )
        }),
        fields: fields
            .iter()
            .map(|change| {
                (
                    labels::field(change.field).to_owned(),
                    change.old.as_ref().map(|old| value(change.field, old)),
                    value(change.field, &change.new),
                )
            })
            .collect(),
    }
}

fn event_cells(table: Table, event: &Event) -> Vec<Vec<Cell>> {
    let row = event_row(table, event);
    let (file, extracted) = match row.file {
        Some((file, _, extracted, _)) => (Cell::from(file), Cell::from(extracted)),
        None => (Cell::Empty, Cell::Empty),
    };
    let line = |field: Cell, old: Cell, new: Cell| {
        vec![
            row.release.into(),
            row.published.into(),
            file.clone(),
            extracted.clone(),
            row.what.text.clone().into(),
            field,
            old,
            new,
        ]
    };
    if row.fields.is_empty() {
        return vec![line(Cell::Empty, Cell::Empty, Cell::Empty)];
    }
    let fields = row.fields.iter();
    fields
        .map(|(field, old, new)| line(field.clone().into(), old.clone().into(), new.clone().into()))
        .collect()
}
