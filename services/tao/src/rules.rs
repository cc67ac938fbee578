//! The structure of a building as the referential spells it: block, staircase, floor, dwelling.
//! What stands here is never refused FADR02 to FADR04 when an order says it again.

use domain::building::Building;
use domain::line::{LineState, LiveLine};
use domain::order::rules::{Door, Site, Spot};

/// What narrows a structure. Names are the referential's, in any case.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The block.
    pub batiment: Option<String>,
    /// The staircase.
    pub escalier: Option<String>,
    /// The floor.
    pub etage: Option<String>,
    /// The door.
    pub porte: Option<String>,
    /// `ReferencePrise`, normalised.
    pub pto_ref: Option<String>,
}

/// A building and all that is known of its inside.
#[derive(Clone, Debug)]
pub struct Structure {
    /// The building.
    pub building: Building,
    /// Which of block, staircase and floor an order must name.
    pub required: [bool; 3],
    /// The building as a whole, whatever the filter keeps of it.
    pub whole: Whole,
    /// Its blocks, by name; none when the referential knows no structure.
    pub blocks: Vec<Block>,
}

/// What there is in a building.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    /// Dwellings, and lines of none.
    pub dwellings: usize,
    /// Those that have a PTO.
    pub ptos: usize,
    /// The PBOs that serve it, each once.
    pub pbos: Vec<String>,
    /// The names of its blocks, staircases and floors, each once, in the order of the tree.
    pub names: [Vec<String>; 3],
    /// `ReferencePrestationPm` of the asking operator itself at its PM; empty for none.
    pub presence: String,
}

/// A part of a building and what is in it, under the referential's name, `_NA_` for none.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub inside: Vec<T>,
}

/// `Batiment`: its staircases by name.
pub type Block = Part<Stair>;
/// `Escalier`: its floors from the lowest.
pub type Stair = Part<Floor>;
/// `Etage`: its dwellings by door.
pub type Floor = Part<Dwelling>;

/// A dwelling, or a line of one. Never who holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dwelling {
    /// The door; empty when it is not named.
    pub porte: String,
    /// The PBO that serves it; empty when unknown.
    pub pbo_ref: String,
    /// Its PTO, once there is one.
    pub pto: Option<Pto>,
}

/// A PTO.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pto {
    /// Its reference.
    pub reference: String,
    /// Its line, whoever holds it; free until something else is known.
    pub line: LineState,
}

/// The structure of a place, of which the filter keeps some dwellings; `None` when it keeps none of
/// those there are.
#[must_use]
pub fn structure(site: &Site, lines: &[LiveLine], filter: &Filter) -> Option<Structure> {
    let all = site.doors();
    let doors: Vec<&Door<'_>> = all.iter().filter(|door| keeps(filter, door)).collect();
    if doors.is_empty() && (!all.is_empty() || !filter.is_empty()) {
        return None;
    }
    let mut blocks: Vec<Block> = Vec::new();
    for door in doors {
        let block = part(&mut blocks, &door.spot.batiment);
        let stair = part(&mut block.inside, &door.spot.escalier);
        let floor = part(&mut stair.inside, &door.spot.etage);
        floor.inside.push(dwelling(door, lines));
    }
    Some(Structure {
        building: site.building.clone(),
        required: site.required(),
        whole: whole(site, &all, lines),
        blocks,
    })
}

fn whole(site: &Site, doors: &[Door<'_>], lines: &[LiveLine]) -> Whole {
    let presence = site.presence.as_ref();
    let mut whole = Whole {
        dwellings: doors.len(),
        presence: presence.map_or_else(String::new, |at| at.prestation_ref.clone()),
        ..Whole::default()
    };
    for door in doors {
        let dwelling = dwelling(door, lines);
        whole.ptos += usize::from(dwelling.pto.is_some());
        note(&mut whole.pbos, &dwelling.pbo_ref);
        let Spot {
            batiment,
            escalier,
            etage,
            ..
        } = &door.spot;
        for (known, name) in whole.names.iter_mut().zip([batiment, escalier, etage]) {
            note(known, name);
        }
    }
    whole
}

/// Adds what is new and not empty.
fn note(known: &mut Vec<String>, name: &str) {
    if !name.is_empty() && !known.iter().any(|one| one == name) {
        known.push(name.to_owned());
    }
}

/// The last of `all` when it has this name, else a new one.
fn part<'a, T>(all: &'a mut Vec<Part<T>>, name: &str) -> &'a mut Part<T> {
    let at = match all.last() {
        Some(last) if last.name == name => all.len() - 1,
        _ => all.len(),
    };
    if at == all.len() {
        all.push(Part {
            name: name.to_owned(),
            inside: Vec::new(),
        });
    }
    &mut all[at]
}

impl Filter {
    /// Whether everything is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let names = [&self.batiment, &self.escalier, &self.etage, &self.porte];
        self.pto_ref.is_none() && names.iter().all(|name| name.is_none())
    }
}

fn keeps(filter: &Filter, door: &Door<'_>) -> bool {
    let named = [
        (&filter.batiment, door.spot.batiment.as_str()),
        (&filter.escalier, &door.spot.escalier),
        (&filter.etage, &door.spot.etage),
        (&filter.porte, door.porte()),
    ];
    let same = |wanted: &str, name: &str| wanted.to_uppercase() == name.to_uppercase();
    named
        .iter()
        .all(|(wanted, name)| wanted.as_ref().is_none_or(|wanted| same(wanted, name)))
        && (filter.pto_ref.is_none() || door.pto_ref == filter.pto_ref)
}

fn dwelling(door: &Door<'_>, lines: &[LiveLine]) -> Dwelling {
    let line = |pto: &str| lines.iter().find(|line| line.pto_ref == pto);
    let pto = door.pto_ref.as_deref();
    let pbo = door.dwelling.map(|dwelling| dwelling.pbo_ref.clone());
    Dwelling {
        porte: door.porte().to_owned(),
        pbo_ref: pbo
            .or_else(|| Some(line(pto?)?.pbo_ref.clone()))
            .unwrap_or_default(),
        pto: pto.map(|reference| Pto {
            reference: reference.to_owned(),
            line: line(reference).map_or(LineState::Free, |line| line.state),
        }),
    }
}
