//! The browser's pages: plain data and their templates.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;
use kernel::Millis;
use web::{Form, ListQuery, Pager, Shell, Tag, Tone, filters};

/// A bar cut in parts; what it shows always stands in words beside it.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
{% for part in parts %}<rect class="{{ part.tone.class() }}" x="{{ part.from }}"
 width="{{ part.width }}" height="6"/>{% endfor %}</svg>"#
)]
pub struct Bar {
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
struct Part {
    tone: Tone,
    from: f64,
    width: f64,
}

impl HtmlSafe for Bar {}

impl Bar {
    /// A bar whose parts are as long as their counts.
    #[must_use]
    pub fn new(counts: &[(Tone, i64)]) -> Self {
        let total = counts.iter().map(|(_, count)| count).sum::<i64>().max(1);
        let mut from = 0.0;
        let mut parts = Vec::new();
        for (tone, count) in counts.iter().filter(|(_, count)| *count > 0) {
            let width = (*count as f64 * 1000.0 / total as f64).round() / 10.0;
            parts.push(Part {
                tone: *tone,
                from,
                width,
            });
            from = ((from + width) * 10.0).round() / 10.0;
        }
        Self { parts }
    }
}

/// A fact of an object.
#[derive(Clone, Debug, Default)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Where its object is shown, if anywhere.
    pub href: Option<String>,
    /// Whether it is a reference.
    pub mono: bool,
}

/// A colour of a tube or fibre.
#[derive(Clone, Debug)]
pub struct Colour {
    /// As the referential writes it: `3 VERT`.
    pub text: String,
    /// 1 to 12; 0 has no swatch.
    pub swatch: usize,
    /// From the thirteenth on a ring tells it from the first twelve.
    pub ringed: bool,
}

/// The file a kind of rows comes from.
#[derive(Clone, Debug)]
pub struct SourceRow {
    /// The kind.
    pub kind: &'static str,
    /// The date it was extracted.
    pub extracted: Date,
    /// Its name.
    pub file: String,
    /// Rows in force.
    pub rows: i64,
}

/// A choice of a filter, with what it would show.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its value in the address.
    pub value: &'static str,
    /// On screen.
    pub label: &'static str,
    /// How many.
    pub count: i64,
}

/// A place of a list: a commune or a street.
#[derive(Clone, Debug)]
pub struct PlaceRow {
    /// Its page.
    pub href: String,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: String,
    /// Streets and PMs of a commune.
    pub within: Option<(i64, i64)>,
    /// Buildings.
    pub buildings: i64,
    /// Dwellings.
    pub dwellings: i64,
    /// Buildings by state.
    pub bar: Bar,
    /// The same in words.
    pub states: String,
}

/// `/oi/referentiel`, and `/oi/referentiel?q=` when it finds several objects or none.
#[derive(Debug, Template)]
#[template(path = "territoire.html")]
pub struct TerritoryPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// The release in force; 0 before the first.
    pub release: i64,
    /// What the territory holds, in figures: label, count.
    pub figures: Vec<(&'static str, i64)>,
    /// Buildings by state, all of them first.
    pub states: Vec<Choice>,
    /// Communes.
    pub rows: Vec<PlaceRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// The files in force.
    pub sources: Vec<SourceRow>,
}

/// What a search found.
#[derive(Debug, Template)]
#[template(path = "territoire_recherche.html")]
pub struct SearchPage {
    /// The shell.
    pub shell: Shell,
    /// What was typed.
    pub typed: String,
    /// Objects that fit.
    pub hits: Vec<Hit>,
}

/// An object that a search found.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its kind.
    pub kind: &'static str,
    /// Its name or reference.
    pub label: String,
    /// Where it is.
    pub note: String,
    /// Its page.
    pub href: String,
}

/// `/oi/referentiel/communes/{insee}`: the streets of a commune.
#[derive(Debug, Template)]
#[template(path = "territoire_commune.html")]
pub struct CommunePage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// What the commune holds, in words.
    pub summary: String,
    /// Its map.
    pub map_href: String,
    /// Buildings by state, all of them first.
    pub states: Vec<Choice>,
    /// Streets.
    pub rows: Vec<PlaceRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// PMs of the commune.
    pub pms: Vec<PmRow>,
    /// PMs beyond those.
    pub more_pms: usize,
}

/// A PM of a commune.
#[derive(Clone, Debug)]
pub struct PmRow {
    /// Its reference.
    pub reference: String,
    /// Its page.
    pub href: String,
    /// Where it stands and what it can hold.
    pub note: String,
    /// How far it is.
    pub state: Tag,
}

/// `/oi/referentiel/voies/{insee}/{rivoli}`: the buildings of a street.
#[derive(Debug, Template)]
#[template(path = "voie.html")]
pub struct StreetPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// What the street holds, in words.
    pub summary: String,
    /// Its map.
    pub map_href: String,
    /// The whole of it.
    pub all_href: String,
    /// Buildings by state, all of them first, then addresses without one.
    pub states: Vec<Choice>,
    /// Buildings, and addresses of the national base without one.
    pub rows: Vec<PlotRow>,
    /// Where the page stands.
    pub pager: Pager,
}

/// A building of a street, or an address of the national base without one.
#[derive(Clone, Debug)]
pub struct PlotRow {
    /// Number and letter.
    pub number: String,
    /// Block, if any.
    pub batiment: String,
    /// IdentifiantImmeuble, or the key of the address.
    pub reference: String,
    /// The building's page.
    pub href: Option<String>,
    /// How far it is.
    pub state: Tag,
    /// Dwellings of a building.
    pub dwellings: Option<i64>,
    /// Its PM and its page.
    pub pm: Option<(String, String)>,
}

/// `/oi/referentiel/immeubles?ref=`. Long structures are shown a staircase at a time (`batiment`,
/// `escalier`).
#[derive(Debug, Template)]
#[template(path = "immeuble.html")]
pub struct BuildingPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked, for the files of its structure.
    pub query: ListQuery,
    /// IdentifiantImmeuble.
    pub reference: String,
    /// How far it is.
    pub state: Tag,
    /// Its freeze and its PM's.
    pub freeze: FreezePanel,
    /// The first facts one looks for.
    pub facts: Vec<Fact>,
    /// Every key of its address.
    pub keys: Vec<Fact>,
    /// Its dates.
    pub dates: Vec<Fact>,
    /// Its place in the network.
    pub network: Vec<Fact>,
    /// Its dwellings.
    pub blocks: Vec<Block>,
    /// NDs of its copper lines, state first.
    pub nds: Vec<(String, &'static str, String)>,
    /// Its map.
    pub map_href: Option<String>,
    /// Its history.
    pub history_href: String,
}

/// A freeze, as a sheet shows it.
#[derive(Clone, Debug)]
pub struct Frozen {
    /// Whether orders are refused now.
    pub in_force: bool,
    /// In force or to come.
    pub stage: Tag,
    /// What is frozen, and until when.
    pub sentence: String,
    /// Why.
    pub reason: String,
    /// Whether operators are not told why.
    pub internal: bool,
    /// Who put it and when; empty when that was not noted.
    pub by: String,
    /// The sheet of what is frozen, when it is another's.
    pub href: Option<String>,
}

/// What a sheet shows of freezes, and its form.
#[derive(Clone, Debug)]
pub struct FreezePanel {
    /// Building or PM, as forms name it.
    pub kind: &'static str,
    /// Its reference.
    pub reference: String,
    /// Its own freeze, in force or to come.
    pub own: Option<Frozen>,
    /// That of its PM.
    pub of_pm: Option<Frozen>,
    /// The form that puts or lifts its own.
    pub form: Form,
}

impl FreezePanel {
    /// The freezes because of which no order is taken now.
    #[must_use]
    pub fn in_force(&self) -> Vec<&Frozen> {
        let both = [&self.own, &self.of_pm].into_iter().flatten();
        both.filter(|frozen| frozen.in_force).collect()
    }
}

/// `/oi/gels`. Query: `etat`, `nature`, `q` (a reference's beginning), and the toolkit's.
#[derive(Debug, Template)]
#[template(path = "gels.html")]
pub struct FreezeList {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// Stages with their counts, all of them first.
    pub stages: Vec<Choice>,
    /// The rows of this page.
    pub rows: Vec<FreezeRow>,
    /// Where the page stands.
    pub pager: Pager,
}

/// A freeze of the list.
#[derive(Clone, Debug)]
pub struct FreezeRow {
    /// Building or PM.
    pub kind: &'static str,
    /// Its sheet.
    pub href: String,
    /// Its reference.
    pub reference: String,
    /// Why.
    pub reason: String,
    /// Whether operators are not told why.
    pub internal: bool,
    /// Where it stands.
    pub stage: Tag,
    /// From when.
    pub from: Millis,
    /// Until when it was meant to last, in words.
    pub until: String,
    /// Who put it and when.
    pub by: String,
    /// Who lifted it and when.
    pub lifted: Option<(String, Millis)>,
}

/// A block of a building.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name.
    pub label: String,
    /// What it holds.
    pub note: String,
    /// Its staircases.
    pub stairs: Vec<Stair>,
}

/// A staircase.
#[derive(Clone, Debug)]
pub struct Stair {
    /// Its name.
    pub label: String,
    /// What it holds.
    pub note: String,
    /// The page that shows its floors, when this one does not.
    pub href: Option<String>,
    /// Its floors.
    pub floors: Vec<Floor>,
}

/// A floor.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Its name.
    pub label: String,
    /// What it holds.
    pub note: String,
    /// Its dwellings.
    pub dwellings: Vec<DwellingRow>,
}

/// A dwelling and its line.
#[derive(Clone, Debug)]
pub struct DwellingRow {
    /// Its door, or its rank.
    pub label: String,
    /// Its PTO and the history of it.
    pub pto: Option<(String, String)>,
    /// Its line, now.
    pub state: Tag,
    /// Which operator holds it, what is under way, and what the referential says otherwise.
    pub note: String,
    /// Its PBO and its page.
    pub pbo: Option<(String, String)>,
    /// Whether it was asked for.
    pub selected: bool,
}

/// `/oi/referentiel/pm?ref=`.
#[derive(Debug, Template)]
#[template(path = "pm.html")]
pub struct PmPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// ReferencePM.
    pub reference: String,
    /// How far it is.
    pub state: Tag,
    /// Its freeze.
    pub freeze: FreezePanel,
    /// Its facts.
    pub facts: Vec<Fact>,
    /// Its fibres, counted by use.
    pub uses: Vec<Tag>,
    /// PBOs.
    pub rows: Vec<PboRow>,
    /// Where the page stands.
    pub pager: Pager,
    /// Operators present: code, prestations.
    pub presences: Vec<(String, Vec<String>)>,
    /// Its map.
    pub map_href: Option<String>,
    /// Its history.
    pub history_href: String,
}

/// A PBO of a PM.
#[derive(Clone, Debug)]
pub struct PboRow {
    /// ReferencePBO.
    pub reference: String,
    /// Its page.
    pub href: String,
    /// Kind and capacity.
    pub note: String,
    /// Fibres free for an order.
    pub free: i64,
    /// Fibres by use.
    pub bar: Bar,
    /// The same in words.
    pub uses: String,
}

/// `/oi/referentiel/pbo?pm=&ref=`.
#[derive(Debug, Template)]
#[template(path = "pm_pbo.html")]
pub struct PboPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked.
    pub query: ListQuery,
    /// ReferencePBO.
    pub reference: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its facts.
    pub facts: Vec<Fact>,
    /// Fibres by use.
    pub bar: Bar,
    /// The same in words, with their colours.
    pub uses: Vec<Tag>,
    /// Fibres, a group a tube when they are in the order of tubes.
    pub groups: Vec<TubeGroup>,
    /// Where the page stands.
    pub pager: Pager,
    /// Its history.
    pub history_href: String,
}

/// Fibres of one tube.
#[derive(Clone, Debug)]
pub struct TubeGroup {
    /// The tube; `None` when the list is in another order.
    pub tube: Option<Colour>,
    /// The cable.
    pub cable: String,
    /// Fibres.
    pub rows: Vec<FibreRow>,
}

/// A fibre.
#[derive(Clone, Debug)]
pub struct FibreRow {
    /// IdentifiantFibre.
    pub id: String,
    /// Its history.
    pub href: String,
    /// Its tube.
    pub tube: Colour,
    /// Its colour.
    pub colour: Colour,
    /// What the referential says.
    pub released: &'static str,
    /// What it is now.
    pub live: Tag,
    /// Whether both say the same.
    pub agrees: bool,
    /// The PTO it ends in, and the building's page.
    pub pto: Option<(String, String)>,
    /// The operator it was given to.
    pub holder: String,
}

/// `/oi/referentiel/historique?objet=&ref=`: `ref` as many times as the object's key has parts.
#[derive(Debug, Template)]
#[template(path = "objet_historique.html")]
pub struct HistoryPage {
    /// The shell.
    pub shell: Shell,
    /// What is asked, for the files.
    pub query: ListQuery,
    /// The object's page, when it has one.
    pub object_href: Option<String>,
    /// What happened, the latest first.
    pub events: Vec<EventRow>,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub struct EventRow {
    /// The release.
    pub release: i64,
    /// When it was published.
    pub published: Option<Millis>,
    /// Added, changed, removed.
    pub what: Tag,
    /// The file: name, kind, extraction date, first digits of its digest.
    pub file: Option<(String, &'static str, Date, String)>,
    /// Fields: label, what it was, what it is.
    pub fields: Vec<(String, Option<String>, String)>,
}

/// `/oi/referentiel/carte`.
#[derive(Debug, Template)]
#[template(path = "carte.html")]
pub struct MapPage {
    /// The shell.
    pub shell: Shell,
    /// What it shows, in words.
    pub summary: String,
    /// The drawing; `None` when nothing has coordinates.
    pub drawing: Option<super::drawing::Drawing>,
    /// Buildings by state: style class, label, count.
    pub legend: Vec<(&'static str, &'static str, Tone, i64)>,
    /// PMs shown, and PMs without coordinates.
    pub pms: (usize, usize),
    /// PBOs shown.
    pub pbos: usize,
    /// Other maps: label, address, whether it is this one.
    pub places: Vec<(String, String, bool)>,
    /// The lists of the same place.
    pub list_href: String,
}
