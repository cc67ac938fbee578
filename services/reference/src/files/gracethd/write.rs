//! Writing a folder's network in the columns of our own kinds of file.

use std::collections::{BTreeSet, HashMap, HashSet};

use domain::building::PmState;
use domain::line::FibreState;
use domain::network::ColourCode;

use super::model::{At, Fibre, Model, Site};
use super::{Network, Way};

/// A file being written.
struct Out(csv::Writer<Vec<u8>>);

impl Out {
    fn new(header: &[&str]) -> Self {
        let mut out = Self(
            csv::WriterBuilder::new()
                .delimiter(b';')
                .from_writer(Vec::new()),
        );
        out.line(header);
        out
    }

    fn line(&mut self, fields: &[&str]) {
        // Writing to memory cannot fail, and all lines have the fields of the header.
        let _ = self.0.write_record(fields);
    }

    fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap_or_default()
    }
}

pub fn pms(network: &Network<'_>) -> Vec<u8> {
    let mut out = Out::new(&[
        "ReferencePM",
        "EtatPM",
        "TypeEmplacementPM",
        "DateInstallationPM",
        "CapaciteMaxPM",
    ]);
    for &pm in &network.pms {
        let site = &network.model.sites[pm];
        out.line(&[
            &site.reference,
            state(site).literal(),
            housing(&site.housing),
            &site.installed_on,
            &site.lines,
        ]);
    }
    out.bytes()
}

/// As far as the works went: studies, works, as built.
fn state(site: &Site) -> PmState {
    match site.status.as_str() {
        _ if site.abandoned => PmState::Abandoned,
        "REC" | "MCO" => PmState::Deployed,
        "EXE" | "TVX" => PmState::UnderWay,
        _ => PmState::Planned,
    }
}

fn housing(kind: &str) -> &'static str {
    match kind {
        "ADR" => "PME-Armoire de rue",
        "SHE" => "PME-Shelter",
        "BAT" => "PME-Local technique",
        _ => "",
    }
}

fn support(kind: &str) -> &'static str {
    match kind {
        "A" => "AERIEN POTEAU",
        "C" => "SOUTERRAIN CHAMBRE",
        "F" => "FACADE",
        "I" => "IMMEUBLE",
        _ => "",
    }
}

fn pm_ref(model: &Model, pm: Option<At>) -> &str {
    pm.map_or("", |pm| model.sites[pm].reference.as_str())
}

/// A count, or nothing where it is unknown.
fn known(count: usize) -> String {
    if count == 0 {
        String::new()
    } else {
        count.to_string()
    }
}

pub fn pbos(network: &Network<'_>) -> Vec<u8> {
    let mut out = Out::new(&["ReferencePM", "ReferencePBO", "TypePBO", "CapacitePBO"]);
    let boxes = network.model.boxes.iter().enumerate();
    for (at, pbo) in boxes.filter(|(_, b)| b.kind == "PBO" && !b.abandoned) {
        out.line(&[
            pm_ref(network.model, network.pm_of_pbo(at)),
            &pbo.reference,
            support(&pbo.support),
            &known(usize::try_from(pbo.capacity).unwrap_or(0)),
        ]);
    }
    out.bytes()
}

pub fn cables(network: &Network<'_>) -> Vec<u8> {
    let mut out = Out::new(&[
        "ReferenceCable",
        "ReferencePM",
        "ReferenceOrigine",
        "ReferenceExtremite",
        "CapaciteCable",
        "ModuloCable",
        "CodeCouleur",
    ]);
    for (at, cable) in network.model.cables.iter().enumerate() {
        let run = network.runs.get(&at);
        let pm = run.and_then(|run| run.pm).or(network.only_pm());
        // Between PMs, and nothing tells whose a cable is: it serves no dwelling.
        if cable.is_cord || cable.abandoned || pm.is_none() {
            continue;
        }
        let (from, to) = run.map_or(("", ""), |run| (&run.from, &run.to));
        out.line(&[
            &cable.reference,
            pm_ref(network.model, pm),
            from,
            to,
            &cable.capacity,
            &known(cable.modulo),
            colours(network.model, at).literal(),
        ]);
    }
    out.bytes()
}

fn colours(model: &Model, cable: At) -> ColourCode {
    match model.cables[cable].fotag {
        true => ColourCode::Fotag,
        false => ColourCode::Orange,
    }
}

/// Rank and colour of a fibre's tube, and of the fibre in it.
fn place(model: &Model, fibre: &Fibre) -> (String, String) {
    let code = colours(model, fibre.cable);
    let tube = code.place(fibre.tube).unwrap_or_default();
    let named = match fibre.colour.rsplit('.').next().map(str::parse::<usize>) {
        // `1.3` or `3`: a rank in the colour code, whatever the fibre's rank in its tube.
        Some(Ok(rank)) => code.place(rank),
        _ => code.place(fibre.rank),
    };
    let named = named.unwrap_or_default();
    let (_, colour) = named.split_once(' ').unwrap_or_default();
    (tube, format!("{} {colour}", fibre.rank))
}

pub fn fibres(network: &Network<'_>) -> Vec<u8> {
    let mut out = Out::new(&[
        "ReferencePM",
        "ReferencePBO",
        "IdentifiantFibre",
        "ReferenceCablePBO",
        "InformationTubePBO",
        "InformationFibrePBO",
        "EtatFibre",
        "ReferencePrise",
    ]);
    let model = network.model;
    let ways: HashMap<At, &Way> = network.ways.iter().map(|way| (way.fibre, way)).collect();
    for (fibre, pbo, pm) in at_pbos(network) {
        let way = ways.get(&fibre).copied();
        let (of, pto_ref) = (
            &model.fibres[fibre],
            way.map_or("", |way| network.pto_of(way)),
        );
        let state = match way {
            _ if of.broken => FibreState::OutOfOrder,
            None => FibreState::OutOfOrder,
            Some(way) => used(network, way),
        };
        let (tube, colour) = place(model, of);
        out.line(&[
            pm_ref(model, Some(pm)),
            &model.boxes[pbo].reference,
            &of.code,
            &model.cables[of.cable].reference,
            &tube,
            &colour,
            state.literal(false),
            pto_ref,
        ]);
    }
    out.bytes()
}

/// A PTO that nobody uses leaves its fibre free; a dwelling without one keeps it for itself.
fn used(network: &Network<'_>, way: &Way) -> FibreState {
    match way.suf.map(|suf| &network.model.sufs[suf]) {
        Some(suf) if suf.subscribed => FibreState::Occupied,
        Some(suf) if suf.pto_ref.is_empty() => FibreState::Reserved,
        _ => FibreState::Available,
    }
}

/// The fibres at each PBO: those joined there, and the others of a cable that leads to that PBO
/// alone. Each comes once, in the order of the PBOs and of the cable.
fn at_pbos(network: &Network<'_>) -> Vec<(At, At, At)> {
    let model = network.model;
    let mut pbos_of: HashMap<At, BTreeSet<At>> = HashMap::new();
    for way in &network.ways {
        let cable = model.fibres[way.fibre].cable;
        pbos_of.entry(cable).or_default().insert(way.pbo);
    }
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for way in &network.ways {
        let cable = model.fibres[way.fibre].cable;
        let alone = pbos_of.get(&cable).is_some_and(|pbos| pbos.len() == 1);
        let here: &[At] = match alone {
            true => &model.cables[cable].fibres,
            false => &[way.fibre],
        };
        let fresh = here.iter().filter(|fibre| seen.insert(**fibre));
        found.extend(fresh.map(|fibre| (*fibre, way.pbo, way.pm)));
    }
    found
}

pub fn routes(network: &Network<'_>) -> Vec<u8> {
    let mut out = Out::new(&[
        "ReferencePrise",
        "Rang",
        "ReferencePM",
        "ReferencePBO",
        "NomModulePM",
        "PositionModulePM",
        "ReferenceCableModulePM",
        "InfoTubeModulePM",
        "InfoFibreModulePM",
        "ReferenceCablePBO",
        "InformationTubePBO",
        "InformationFibrePBO",
        "IdentifiantFibre",
        "ConnecteurPriseNumero",
    ]);
    let model = network.model;
    let mut ranks: HashMap<&str, usize> = HashMap::new();
    for way in &network.ways {
        let pto_ref = network.pto_of(way);
        let rank = match pto_ref {
            "" => 1,
            pto_ref => {
                let rank = ranks.entry(pto_ref).or_default();
                *rank += 1;
                *rank
            }
        };
        let (at_pbo, at_pm) = (&model.fibres[way.fibre], &model.fibres[way.drawer_fibre]);
        let (tube, fibre) = place(model, at_pbo);
        let (module_tube, module_fibre) = place(model, at_pm);
        let rank = rank.to_string();
        out.line(&[
            pto_ref,
            &rank,
            pm_ref(model, Some(way.pm)),
            &model.boxes[way.pbo].reference,
            module(model, way),
            &model.positions[way.drawer_position].number,
            &model.cables[at_pm.cable].reference,
            &module_tube,
            &module_fibre,
            &model.cables[at_pbo.cable].reference,
            &tube,
            &fibre,
            &at_pbo.code,
            &rank,
        ]);
    }
    for code in &network.lost {
        let mut line = [""; 14];
        (line[1], line[12]) = ("1", code);
        out.line(&line);
    }
    out.bytes()
}

fn module<'a>(model: &'a Model, way: &Way) -> &'a str {
    match model.positions[way.drawer_position].place {
        super::Place::Drawer(drawer) => &model.drawers[drawer].reference,
        _ => "",
    }
}
