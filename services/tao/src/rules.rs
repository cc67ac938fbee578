//! The structure of a building as the referential spells it: block, staircase, floor, dwelling.
//! What stands here is never refused FADR02 to FADR04 when an order says it again.

use domain::building::Building;
use domain::line::{LineState, LiveLine};
use domain::order::rules::{Door, Site};

/// What narrows a structure.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The door, as the referential names it, in any case.
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
    /// Its blocks, by name; none when the referential knows no structure.
    pub blocks: Vec<Block>,
}

/// A block: `Batiment`.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name, `_NA_` for none.
    pub name: String,
    /// Its staircases, by name.
    pub stairs: Vec<Stair>,
}

/// A staircase: `Escalier`.
#[derive(Clone, Debug)]
pub struct Stair {
    /// Its name, `_NA_` for none.
    pub name: String,
    /// Its floors, from the lowest.
    pub floors: Vec<Floor>,
}

/// A floor: `Etage`.
#[derive(Clone, Debug)]
pub struct Floor {
    /// Its name, `_NA_` for none.
    pub name: String,
    /// Its dwellings, by door.
    pub dwellings: Vec<Dwelling>,
}

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
    /// Its line is in service, whoever holds it.
    pub in_service: bool,
}

/// The structure of a place, of which the filter keeps some dwellings; `None` when it keeps none of
/// those there are.
#[must_use]
pub fn structure(site: &Site, lines: &[LiveLine], filter: &Filter) -> Option<Structure> {
    let doors = site.doors();
    let known = !doors.is_empty();
    let mut doors: Vec<Door<'_>> = doors
        .into_iter()
        .filter(|door| keeps(filter, door))
        .collect();
    if doors.is_empty() && (known || !filter.is_empty()) {
        return None;
    }
    doors.sort_by(|one, other| order_of(one).cmp(&order_of(other)));
    let mut blocks: Vec<Block> = Vec::new();
    for door in &doors {
        let block = last_named(&mut blocks, &door.spot.batiment, |name| Block {
            name,
            stairs: Vec::new(),
        });
        let stair = last_named(&mut block.stairs, &door.spot.escalier, |name| Stair {
            name,
            floors: Vec::new(),
        });
        let floor = last_named(&mut stair.floors, &door.spot.etage, |name| Floor {
            name,
            dwellings: Vec::new(),
        });
        floor.dwellings.push(dwelling(door, lines));
    }
    Some(Structure {
        building: site.building.clone(),
        required: site.required(),
        blocks,
    })
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.porte.is_none() && self.pto_ref.is_none()
    }
}

fn keeps(filter: &Filter, door: &Door<'_>) -> bool {
    let porte = door.dwelling.map_or("", |dwelling| dwelling.porte.as_str());
    let of_door = filter
        .porte
        .as_ref()
        .is_none_or(|wanted| wanted.to_uppercase() == porte.to_uppercase());
    of_door && (filter.pto_ref.is_none() || door.pto_ref == filter.pto_ref)
}

fn dwelling(door: &Door<'_>, lines: &[LiveLine]) -> Dwelling {
    let line = |pto: &str| lines.iter().find(|line| line.pto_ref == pto);
    let pto = door.pto_ref.as_deref();
    let pbo = door.dwelling.map(|dwelling| dwelling.pbo_ref.clone());
    Dwelling {
        porte: door
            .dwelling
            .map(|one| one.porte.clone())
            .unwrap_or_default(),
        pbo_ref: pbo
            .or_else(|| Some(line(pto?)?.pbo_ref.clone()))
            .unwrap_or_default(),
        pto: pto.map(|reference| Pto {
            reference: reference.to_owned(),
            in_service: line(reference).is_some_and(|line| line.state == LineState::InService),
        }),
    }
}

/// The last of `all` when it has this name, else a new one.
fn last_named<'a, T: Named>(
    all: &'a mut Vec<T>,
    name: &str,
    new: impl FnOnce(String) -> T,
) -> &'a mut T {
    let known = all.last().is_some_and(|last| last.name() == name);
    let at = if known { all.len() - 1 } else { all.len() };
    if !known {
        all.push(new(name.to_owned()));
    }
    &mut all[at]
}

trait Named {
    fn name(&self) -> &str;
}

impl Named for Block {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Stair {
    fn name(&self) -> &str {
        &self.name
    }
}

impl Named for Floor {
    fn name(&self) -> &str {
        &self.name
    }
}

/// What doors are sorted by.
fn order_of<'a>(door: &'a Door<'_>) -> (&'a str, &'a str, i32, &'a str, &'a str, &'a str) {
    let spot = &door.spot;
    let porte = door.dwelling.map_or("", |dwelling| dwelling.porte.as_str());
    let pto = door.pto_ref.as_deref().unwrap_or("");
    let (level, floor) = (level(&spot.etage), spot.etage.as_str());
    (&spot.batiment, &spot.escalier, level, floor, porte, pto)
}

/// How high a floor is, in half floors; what is no floor's usual name stands above all.
fn level(etage: &str) -> i32 {
    const NO_FLOOR: i32 = i32::MAX;
    match etage.to_uppercase().as_str() {
        "RDC" => 0,
        "ENTRESOL" => 1,
        other => other.parse::<i16>().map_or(NO_FLOOR, |n| 2 * i32::from(n)),
    }
}

#[cfg(test)]
mod tests {
    use super::level;

    #[test]
    fn floors_stand_from_the_lowest() {
        let mut floors = ["2", "TERRASSE", "10", "ENTRESOL", "RDC", "-1", "1", "-2"];
        floors.sort_by_key(|floor| level(floor));
        assert_eq!(
            floors,
            ["-2", "-1", "RDC", "ENTRESOL", "1", "2", "10", "TERRASSE"]
        );
    }
}
