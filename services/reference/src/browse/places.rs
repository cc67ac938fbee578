//! Communes, streets, and finding anything by its reference or its name.

use std::collections::HashSet;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use domain::address::{self, Address};
use domain::building::{BuildingState, store as buildings};
use domain::line;
use domain::order::pto;
use domain::release::{Kind, Release};
use kernel::Fault;
use service_api::{PageCall, PageError, PageResult};
use storage::{Error, Tx};
use web::export::Cell;
use web::{ListQuery, Shell, Tag, Tone};

use super::atlas::{Atlas, Commune, Street};
use super::labels::{self, Phase};
use super::pages::{
    Bar, Choice, CommunePage, Hit, PlaceRow, PlotRow, PmRow, SearchPage, SourceRow, StreetPage,
    TerritoryPage,
};
use super::store::{self, BUILDINGS_PAGE, Plot};
use super::{links, sheet};

/// Communes and streets a search shows at most, each.
const NAMES_MAX: usize = 20;
/// Longest thing that is searched for, in bytes.
const TYPED_MAX: usize = 100;
/// PMs a commune's page shows.
const PMS_SHOWN: usize = 12;
/// How the filter names addresses without a building.
const UNBUILT: &str = "sans_immeuble";
/// Buildings of a street that are listed; a street without RIVOLI code may be a whole commune.
const PLOTS_MAX: usize = 20_000;

type States = [i64; BuildingState::ALL.len()];

/// The shell of a page of this area, with the extraction date of what it shows.
pub fn shell(call: &PageCall, atlas: &Atlas, title: &str) -> Shell {
    let mut shell = call.shell(title);
    let decisive = atlas.sources.iter();
    let decisive = decisive.filter(|source| Kind::DECISIVE.contains(&source.kind));
    shell.extracted = decisive.map(|source| source.extracted_on).min();
    shell
}

pub(super) async fn territory(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let sortable = ["nom", "immeubles", "logements", "pm", "deploye"];
    let query = sheet::query(links::TERRITORY, &call, &sortable);
    let typed: String = query.search().chars().take(TYPED_MAX).collect();
    if !typed.is_empty() {
        return search(&call, &atlas, typed).await;
    }
    let name = labels::plain(query.filter("nom"));
    let phase = phase(&query);
    let fits = |commune: &&Commune| {
        let named = labels::plain(&commune.name).contains(&name);
        (named || commune.insee.starts_with(&name)) && at(&commune.states, phase)
    };
    let mut rows: Vec<&Commune> = atlas.communes.iter().filter(fits).collect();
    sheet::sort(&mut rows, &query, |a, b| match query.sort.as_str() {
        "immeubles" => a.buildings.cmp(&b.buildings),
        "logements" => a.dwellings.cmp(&b.dwellings),
        "pm" => a.pms.cmp(&b.pms),
        "deploye" => Phase::Deployed
            .count(&a.states)
            .cmp(&Phase::Deployed.count(&b.states)),
        _ => (&a.name, &a.insee).cmp(&(&b.name, &b.insee)),
    });
    if let Some(format) = query.format {
        let columns = sheet::labels::COMMUNE_COLUMNS;
        return sheet::file(format, "communes", columns, &rows, |c| commune_cells(c));
    }
    let (rows, pager) = sheet::page(rows, &query, |commune| commune.insee.clone());
    let page = TerritoryPage {
        shell: shell(&call, &atlas, labels::TERRITORY),
        release: atlas.release.0,
        figures: figures(&atlas),
        states: choices(&sum(atlas.communes.iter().map(|c| &c.states))),
        rows: rows.into_iter().map(commune_row).collect(),
        pager,
        sources: atlas.sources.iter().map(source_row).collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn phase(query: &ListQuery) -> Option<Phase> {
    let asked = query.filter("etat");
    Phase::ALL.into_iter().find(|phase| phase.code() == asked)
}

fn at(states: &States, phase: Option<Phase>) -> bool {
    phase.is_none_or(|phase| phase.count(states) > 0)
}

fn sum<'a>(all: impl Iterator<Item = &'a States>) -> States {
    let mut total = [0; BuildingState::ALL.len()];
    for states in all {
        for (sum, count) in total.iter_mut().zip(states) {
            *sum += count;
        }
    }
    total
}

fn choices(states: &States) -> Vec<Choice> {
    let all = Choice {
        value: "",
        label: labels::ALL,
        count: states.iter().sum(),
    };
    let of = |phase: Phase| Choice {
        value: phase.code(),
        label: phase.label(),
        count: phase.count(states),
    };
    let each = Phase::ALL.into_iter().map(of);
    [all]
        .into_iter()
        .chain(each.filter(|choice| choice.count > 0))
        .collect()
}

fn figures(atlas: &Atlas) -> Vec<(&'static str, i64)> {
    let of = |count: fn(&Commune) -> i64| atlas.communes.iter().map(count).sum();
    let pms = i64::try_from(atlas.pms.len()).unwrap_or(i64::MAX);
    let counts = [
        of(|_| 1),
        of(|c| c.streets),
        of(|c| c.buildings),
        of(|c| c.dwellings),
        pms,
    ];
    labels::FIGURES.into_iter().zip(counts).collect()
}

fn source_row(source: &domain::release::Source) -> SourceRow {
    SourceRow {
        kind: source.kind.label(),
        extracted: source.extracted_on,
        file: source.file_name.clone(),
        rows: source.rows,
    }
}

fn bar(states: &States, addresses: i64) -> (Bar, String) {
    if states.iter().sum::<i64>() == 0 {
        return (Bar::new(&[]), labels::unbuilt(addresses));
    }
    let counts = Phase::ALL.map(|phase| (phase.tone(), phase.count(states)));
    let words = Phase::ALL.iter().zip(counts).filter(|(_, c)| c.1 > 0);
    let words = words.map(|(phase, (_, count))| labels::in_phase(*phase, count));
    (Bar::new(&counts), words.collect::<Vec<_>>().join(" · "))
}

fn commune_row(commune: &Commune) -> PlaceRow {
    let (bar, states) = bar(&commune.states, commune.addresses);
    PlaceRow {
        href: links::commune(&commune.insee),
        name: commune.name.clone(),
        code: commune.insee.clone(),
        within: Some((commune.streets, commune.pms)),
        buildings: commune.buildings,
        dwellings: commune.dwellings,
        bar,
        states,
    }
}

fn commune_cells(commune: &Commune) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        commune.insee.clone().into(),
        commune.name.clone().into(),
        commune.streets.into(),
        commune.buildings.into(),
        commune.dwellings.into(),
        commune.pms.into(),
    ];
    cells.extend(Phase::ALL.map(|phase| phase.count(&commune.states).into()));
    cells.push(commune.addresses.into());
    cells
}

pub(super) async fn commune(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let insee = call.param("insee");
    let commune = atlas.commune(insee).ok_or(PageError::NotFound)?;
    let sortable = ["nom", "immeubles", "logements", "deploye"];
    let path = links::commune(insee);
    let query = sheet::query(&path, &call, &sortable);
    let name = labels::plain(query.search());
    let phase = phase(&query);
    let fits = |street: &&Street| {
        let named = labels::plain(&street.name).contains(&name);
        let coded = street.rivoli.to_uppercase().starts_with(&name)
            || !name.is_empty() && street.hexacle.starts_with(&name);
        (named || coded) && at(&street.states, phase)
    };
    let mut rows: Vec<&Street> = atlas.streets_of(insee).filter(fits).collect();
    sheet::sort(&mut rows, &query, |a, b| match query.sort.as_str() {
        "immeubles" => a.buildings.cmp(&b.buildings),
        "logements" => a.dwellings.cmp(&b.dwellings),
        "deploye" => Phase::Deployed
            .count(&a.states)
            .cmp(&Phase::Deployed.count(&b.states)),
        _ => (&a.name, &a.rivoli).cmp(&(&b.name, &b.rivoli)),
    });
    if let Some(format) = query.format {
        let stem = format!("voies-{insee}");
        let columns = sheet::labels::STREET_COLUMNS;
        return sheet::file(format, &stem, columns, &rows, |s| street_cells(s));
    }
    let key = |street: &&Street| match street.named {
        true => format!("~{}", street.name),
        false => street.rivoli.clone(),
    };
    let (rows, pager) = sheet::page(rows, &query, key);
    let pms: Vec<_> = atlas.pms.iter().filter(|pm| pm.insee == insee).collect();
    let page = CommunePage {
        shell: shell(&call, &atlas, &commune.name).under(labels::TERRITORY, links::TERRITORY),
        summary: labels::commune_summary(commune),
        map_href: links::map(insee, ""),
        states: choices(&commune.states),
        rows: rows.into_iter().map(street_row).collect(),
        pager,
        more_pms: pms.len().saturating_sub(PMS_SHOWN),
        pms: pms.into_iter().take(PMS_SHOWN).map(pm_row).collect(),
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

fn pm_row(pm: &super::atlas::PmSpot) -> PmRow {
    PmRow {
        reference: pm.reference.clone(),
        href: links::pm(&pm.reference),
        note: labels::pm_note(pm),
        state: Tag::new(labels::pm_tone(pm.state), pm.state.label()),
    }
}

fn street_row(street: &Street) -> PlaceRow {
    let (bar, states) = bar(&street.states, street.addresses);
    PlaceRow {
        href: links::street_of(street),
        name: labels::street(&street.name),
        code: street.rivoli.clone(),
        within: None,
        buildings: street.buildings,
        dwellings: street.dwellings,
        bar,
        states,
    }
}

fn street_cells(street: &Street) -> Vec<Cell> {
    let mut cells: Vec<Cell> = vec![
        street.insee.clone().into(),
        street.rivoli.clone().into(),
        street.name.clone().into(),
        street.postcode.clone().into(),
        street.buildings.into(),
        street.dwellings.into(),
    ];
    cells.extend(Phase::ALL.map(|phase| phase.count(&street.states).into()));
    cells.push(street.hexacle.clone().into());
    cells.push(street.addresses.into());
    cells
}

/// A line of a street: a building, or an address of the national base without one.
struct Spot {
    number: String,
    complement: String,
    batiment: String,
    /// IdentifiantImmeuble; empty for an address.
    reference: String,
    ban_key: String,
    state: Option<BuildingState>,
    dwellings: i64,
    pm_ref: String,
}

impl From<Plot> for Spot {
    fn from(plot: Plot) -> Self {
        Self {
            number: plot.number,
            complement: plot.complement,
            batiment: plot.batiment,
            reference: plot.reference,
            ban_key: plot.ban_key,
            state: Some(plot.state),
            dwellings: plot.dwellings,
            pm_ref: plot.pm_ref,
        }
    }
}

impl From<Address> for Spot {
    fn from(address: Address) -> Self {
        Self {
            number: address.number,
            complement: address.complement,
            batiment: String::new(),
            reference: String::new(),
            ban_key: address.key,
            state: None,
            dwellings: 0,
            pm_ref: String::new(),
        }
    }
}

impl Spot {
    /// What tells it from the others of its street.
    fn key(&self) -> &str {
        match self.reference.as_str() {
            "" => &self.ban_key,
            reference => reference,
        }
    }
}

/// The letter that the trade puts after a number, of what the national base puts there.
fn letter(complement: &str) -> String {
    labels::plain(complement).chars().take(1).collect()
}

/// The buildings, and the addresses that none of them is at.
fn with_unbuilt(plots: Vec<Plot>, addresses: Vec<Address>) -> Vec<Spot> {
    let keys: HashSet<String> = plots.iter().map(|plot| plot.ban_key.clone()).collect();
    let numbers: HashSet<(String, String)> = plots
        .iter()
        .map(|plot| (plot.number.clone(), plot.complement.clone()))
        .collect();
    let unbuilt = addresses.into_iter().filter(|address| {
        let number = (address.number.clone(), letter(&address.complement));
        !keys.contains(&address.key) && !numbers.contains(&number)
    });
    let unbuilt: Vec<Spot> = unbuilt.map(Spot::from).collect();
    plots.into_iter().map(Spot::from).chain(unbuilt).collect()
}

pub(super) async fn street(call: PageCall) -> PageResult {
    let (_, atlas) = super::open(&call).await?;
    let (insee, name) = (call.param("insee"), call.asked("voie"));
    let rivoli = match call.param("rivoli") {
        links::NO_CODE => "",
        code => code,
    };
    let street = atlas.street(insee, rivoli, name);
    let street = street.ok_or(PageError::NotFound)?;
    let sortable = ["numero", "etat", "logements", "pm", "reference"];
    let path = links::street(insee, rivoli);
    let query = sheet::query(&path, &call, &sortable);
    let plots = match street.buildings {
        0 => Vec::new(),
        _ => plots(&call, atlas.release, insee, rivoli).await?,
    };
    let addresses = addresses(&call, atlas.release, street).await?;
    let all = with_unbuilt(plots, addresses);
    let unbuilt = all.iter().filter(|spot| spot.state.is_none()).count();
    let typed = query.search().to_uppercase();
    let phase = phase(&query);
    let fits = |spot: &Spot| {
        let number = format!("{}{}", spot.number, spot.complement).to_uppercase();
        let named = number.starts_with(&typed)
            || spot.reference.starts_with(&typed)
            || spot.ban_key.to_uppercase().starts_with(&typed);
        let staged = match (phase, spot.state) {
            (Some(phase), Some(state)) => phase == Phase::of(state),
            (Some(_), None) => false,
            (None, state) => query.filter("etat") != UNBUILT || state.is_none(),
        };
        named && staged && spot.pm_ref.starts_with(query.filter("pm"))
    };
    let mut rows: Vec<Spot> = all.into_iter().filter(fits).collect();
    sheet::sort(&mut rows, &query, |a, b| match query.sort.as_str() {
        "etat" => a.state.cmp(&b.state),
        "logements" => a.dwellings.cmp(&b.dwellings),
        "pm" => a.pm_ref.cmp(&b.pm_ref),
        "reference" => a.reference.cmp(&b.reference),
        _ => sheet::natural(&a.number, &b.number)
            .then_with(|| a.complement.cmp(&b.complement))
            .then_with(|| a.batiment.cmp(&b.batiment)),
    });
    if let Some(format) = query.format {
        let stem = format!("immeubles-{insee}-{rivoli}");
        return sheet::file(
            format,
            &stem,
            sheet::labels::PLOT_COLUMNS,
            &rows,
            spot_cells,
        );
    }
    let (rows, pager) = sheet::page(rows, &query, |spot| spot.key().to_owned());
    let mut states = choices(&street.states);
    if unbuilt > 0 {
        states.push(Choice {
            value: UNBUILT,
            label: labels::UNBUILT,
            count: i64::try_from(unbuilt).unwrap_or(i64::MAX),
        });
    }
    let page = StreetPage {
        shell: shell(&call, &atlas, &labels::street(&street.name))
            .under(labels::TERRITORY, links::TERRITORY)
            .under(&street.commune, links::commune(insee)),
        summary: labels::street_summary(street),
        map_href: links::map(insee, rivoli),
        all_href: links::street_of(street),
        states,
        rows: rows.iter().map(spot_row).collect(),
        pager,
        query,
    };
    Ok(web::page(StatusCode::OK, &page))
}

/// The addresses of a street in the national base, at most [`PLOTS_MAX`].
async fn addresses(
    call: &PageCall,
    release: Release,
    street: &Street,
) -> Result<Vec<Address>, PageError> {
    let mut all: Vec<Address> = Vec::new();
    while street.addresses > 0 && all.len() < PLOTS_MAX {
        let after = all.last().map_or_else(String::new, |a| a.key.clone());
        let (insee, code) = (street.insee.clone(), street.rivoli.clone());
        // Those without a code are told from others by their name, which may be none.
        let name = match (street.named, code.as_str()) {
            (true, _) => Some(street.name.clone()),
            (false, "") => Some(String::new()),
            (false, _) => None,
        };
        let read = move |tx: &mut dyn Tx| match &name {
            Some(name) => {
                let street = (insee.as_str(), name.as_str());
                address::store::list_addresses_of_named_street(tx, release, street, &after)
            }
            None => {
                let street = (insee.as_str(), code.as_str());
                address::store::list_addresses_of_street(tx, release, street, &after)
            }
        };
        let page = call.platform.db.read(read).await.map_err(Fault::from)?;
        let last = page.len() < address::store::PAGE_ROWS;
        all.extend(page);
        if last {
            break;
        }
    }
    Ok(all)
}

/// The buildings of a street, at most [`PLOTS_MAX`].
pub(super) async fn plots(
    call: &PageCall,
    release: Release,
    insee: &str,
    rivoli: &str,
) -> Result<Vec<Plot>, PageError> {
    let mut plots: Vec<Plot> = Vec::new();
    loop {
        let after = plots
            .last()
            .map_or_else(String::new, |p| p.reference.clone());
        let key = (insee.to_owned(), rivoli.to_owned());
        let read = move |tx: &mut dyn Tx| store::list_plots(tx, release, (&key.0, &key.1), &after);
        let page = call.platform.db.read(read).await.map_err(Fault::from)?;
        let last = page.len() < BUILDINGS_PAGE;
        plots.extend(page);
        if last || plots.len() >= PLOTS_MAX {
            return Ok(plots);
        }
    }
}

fn spot_row(spot: &Spot) -> PlotRow {
    let state = match spot.state {
        Some(state) => Tag::new(Phase::of(state).tone(), state.label()),
        None => Tag::new(Tone::Neutral, labels::UNBUILT),
    };
    let built = spot.state.is_some();
    PlotRow {
        number: labels::number(&spot.number, &spot.complement),
        batiment: spot.batiment.clone(),
        reference: spot.key().to_owned(),
        href: built.then(|| links::building(&spot.reference, "")),
        state,
        dwellings: built.then_some(spot.dwellings),
        pm: (!spot.pm_ref.is_empty()).then(|| (spot.pm_ref.clone(), links::pm(&spot.pm_ref))),
    }
}

fn spot_cells(spot: &Spot) -> Vec<Cell> {
    vec![
        spot.reference.clone().into(),
        spot.number.clone().into(),
        spot.complement.clone().into(),
        spot.batiment.clone().into(),
        spot.state
            .map_or(labels::UNBUILT, BuildingState::label)
            .into(),
        spot.state.map(|_| spot.dwellings).into(),
        spot.pm_ref.clone().into(),
        spot.ban_key.clone().into(),
    ]
}

/// One object leads to its page at once; several, or none, to a page that says so.
async fn search(call: &PageCall, atlas: &Atlas, typed: String) -> PageResult {
    let (release, text) = (atlas.release, typed.clone());
    let find = move |tx: &mut dyn Tx| find(tx, release, &text);
    let mut hits = call.platform.db.read(find).await.map_err(Fault::from)?;
    let (communes, streets) = atlas.named(&typed, NAMES_MAX);
    let by_code = atlas.commune(&typed).into_iter();
    hits.extend(by_code.chain(communes).map(|commune| Hit {
        kind: labels::COMMUNE,
        label: commune.name.clone(),
        note: labels::commune_summary(commune),
        href: links::commune(&commune.insee),
    }));
    let code = typed.to_uppercase();
    let by_hexacle = atlas.streets.iter();
    let by_hexacle = by_hexacle.filter(|street| street.hexacle == code);
    let streets = by_hexacle.take(NAMES_MAX).chain(streets);
    hits.extend(streets.map(|street| Hit {
        kind: labels::STREET,
        label: labels::street(&street.name),
        note: labels::street_summary(street),
        href: links::street_of(street),
    }));
    if let [only] = hits.as_slice() {
        return Ok(Redirect::to(&only.href).into_response());
    }
    let shell = shell(call, atlas, labels::RESULTS).under(labels::TERRITORY, links::TERRITORY);
    let page = SearchPage { shell, typed, hits };
    Ok(web::page(StatusCode::OK, &page))
}

/// The objects that carry exactly this reference, in capitals or as typed.
fn find(tx: &mut dyn Tx, release: Release, typed: &str) -> Result<Vec<Hit>, Error> {
    let upper = typed.to_uppercase();
    let mut spellings = vec![typed];
    if upper != typed {
        spellings.push(&upper);
    }
    for text in spellings {
        let mut hits = Vec::new();
        network_hits(tx, release, text, &mut hits)?;
        address_hits(tx, release, text, &mut hits)?;
        if !hits.is_empty() {
            return Ok(hits);
        }
    }
    Ok(Vec::new())
}

fn network_hits(
    tx: &mut dyn Tx,
    release: Release,
    text: &str,
    hits: &mut Vec<Hit>,
) -> Result<(), Error> {
    let mut hit = |kind, label: &str, note: String, href| {
        hits.push(Hit {
            kind,
            label: label.to_owned(),
            note,
            href,
        });
    };
    if let Some(pm) = buildings::pm_by_reference(tx, release, text)? {
        let note = pm.state.label().to_owned();
        hit("PM", text, note, links::pm(text));
    }
    for pm_ref in store::list_pms_of_pbo(tx, release, text)? {
        let note = labels::at_pm(&pm_ref);
        hit("PBO", text, note, links::pbo(&pm_ref, text));
    }
    if let Some(fibre) = line::store::fibre_by_id(tx, release, text)? {
        let note = labels::at_pbo(&fibre.pbo_ref, &fibre.pm_ref);
        let href = links::pbo(&fibre.pm_ref, &fibre.pbo_ref);
        hit(labels::FIBRE, text, note, href);
    }
    let pto_ref = pto::normalise(text);
    if let Some(dwelling) = buildings::dwelling_of_pto(tx, release, &pto_ref)? {
        let href = links::building(&dwelling.building_ref, &pto_ref);
        hit("PTO", &pto_ref, dwelling.building_ref, href);
    } else if let Some(found) = line::store::pto_by_reference(tx, release, &pto_ref)? {
        let note = labels::at_pbo(&found.pbo_ref, &found.pm_ref);
        let href = links::pbo(&found.pm_ref, &found.pbo_ref);
        hit("PTO", &pto_ref, note, href);
    }
    if let Some(nd) = address::store::nd_by_number(tx, release, text)? {
        let href = links::building(&nd.building_ref, &nd.pto_ref);
        hit("ND", text, nd.building_ref, href);
    }
    Ok(())
}

fn address_hits(
    tx: &mut dyn Tx,
    release: Release,
    text: &str,
    hits: &mut Vec<Hit>,
) -> Result<(), Error> {
    let mut found = Vec::new();
    let by_reference = buildings::building_by_reference(tx, release, text)?;
    found.extend(by_reference.map(|building| (labels::BUILDING, building)));
    let by_hexacle = buildings::buildings_by_hexacle(tx, release, text)?;
    let hexacle = |building| (labels::HEXACLE, building);
    found.extend(by_hexacle.into_iter().map(hexacle));
    if let Some(address) = address::store::address_by_key(tx, release, text)? {
        let street = (address.insee.as_str(), address.street_code.as_str());
        let letter = letter(&address.complement);
        let number = (address.number.as_str(), letter.as_str());
        let there = buildings::buildings_by_street_number(tx, release, street, number)?;
        if there.is_empty() {
            hits.push(Hit {
                kind: labels::BAN,
                label: address.key.clone(),
                note: labels::base_address(&address),
                href: links::street_at(&address),
            });
        }
        found.extend(there.into_iter().map(|building| (labels::BAN, building)));
    }
    hits.extend(found.into_iter().map(|(kind, building)| Hit {
        kind,
        label: building.reference.clone(),
        note: labels::address(&building),
        href: links::building(&building.reference, ""),
    }));
    Ok(())
}
