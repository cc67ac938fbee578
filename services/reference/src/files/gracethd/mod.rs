//! A GraceTHD folder (`t_*.csv`) as files of our own kinds: PMs, PBOs, cables, fibres, routes.
//!
//! - A PM is a site (`t_sitetech`) of type SRO or SROL; where a folder has none, its NRO stands for
//!   it: the PM is inside.
//! - A PBO is a box (`t_ebp`) of that type; a PTO is the box of type PTO or DTI of a dwelling
//!   (`t_suf`), known by its line code.
//! - A cable is what is no patch cord (`t_cable`), between a PM and its dwellings.
//! - The fibres at a PBO are those of the cable that reaches it from its PM; the ones that no
//!   splice leads to the PM are out of order, for nobody could be served by them.
//! - A route is the way from a position (`t_position`) in a PBO up to the first drawer (`t_tiroir`)
//!   of the PM.
//!
//! `t_ropt` names routes but not their ends: the positions do, and each of its routes must pass
//! through one of ours, or else gives a line without module, which the import refuses and shows.
//! Where things stand is in shapefiles, which are not read: nothing here has coordinates.

mod model;
mod write;

use std::collections::{HashMap, HashSet};

use domain::release::Kind;

use self::model::{At, Model, Place};
pub use self::model::{Files, GracethdFault};

/// Cables between a PBO and its PM at most: more is a loop.
const HOPS_MAX: usize = 64;

/// The parts of an import that a folder is worth, each in the columns of its kind, in the order in
/// which they refer to each other.
///
/// # Errors
/// A table that is missing, malformed or too large; a code that names nothing; no site for the PM.
pub fn convert(mut files: Files) -> Result<Vec<(Kind, Vec<u8>)>, GracethdFault> {
    let model = Model::read(&mut files)?;
    let network = Network::of(&model)?;
    Ok(vec![
        (Kind::Pm, write::pms(&network)),
        (Kind::Pbo, write::pbos(&network)),
        (Kind::Cables, write::cables(&network)),
        (Kind::Fibres, write::fibres(&network)),
        (Kind::Routes, write::routes(&network)),
    ])
}

/// Where a fibre that arrives at a PBO leaves the PM.
struct Way {
    /// The fibre at the PBO.
    fibre: At,
    pbo: At,
    /// The connector in the drawer, and the fibre behind it.
    drawer_position: At,
    drawer_fibre: At,
    pm: At,
    suf: Option<At>,
}

/// Where a cable runs between two places, the PM's side first.
#[derive(Default)]
struct Run {
    from: String,
    to: String,
    pm: Option<At>,
}

/// A folder's network, followed from its PBOs to its PMs.
struct Network<'a> {
    model: &'a Model,
    /// Sites that are PMs.
    pms: Vec<At>,
    ways: Vec<Way>,
    /// By cable.
    runs: HashMap<At, Run>,
    /// Routes of the folder that pass through none of `ways`.
    lost: Vec<&'a str>,
}

impl<'a> Network<'a> {
    fn of(model: &'a Model) -> Result<Self, GracethdFault> {
        let of_kind = |kinds: &[&str]| {
            let sites = model.sites.iter().enumerate();
            let found = sites.filter(|(_, site)| kinds.contains(&site.kind.as_str()));
            found.map(|(at, _)| at).collect::<Vec<At>>()
        };
        let mut pms = of_kind(&["SRO", "SROL"]);
        if pms.is_empty() {
            pms = of_kind(&["NRO"]);
        }
        if pms.is_empty() {
            return Err(GracethdFault::NoPm);
        }
        let mut network = Self {
            model,
            pms,
            ways: Vec::new(),
            runs: HashMap::new(),
            lost: Vec::new(),
        };
        for position in 0..model.positions.len() {
            if let Place::Box(at) = model.positions[position].place
                && model.boxes[at].kind == "PBO"
                && !model.boxes[at].abandoned
            {
                network.follow(position, at);
            }
        }
        network.find_lost();
        Ok(network)
    }

    /// Follows the fibre of a splice in a PBO that leads to the PM, if one does.
    fn follow(&mut self, position: At, pbo: At) {
        let ends = self.model.positions[position].ends;
        for fibre in ends.into_iter().flatten() {
            let Some((path, drawer_position)) = self.path(position, fibre) else {
                continue;
            };
            let Place::Drawer(drawer) = self.model.positions[drawer_position].place else {
                continue;
            };
            let pm = self.model.drawers[drawer].site;
            self.note_runs(pm, &path);
            let suf = path
                .iter()
                .find_map(|(_, at)| self.model.positions[*at].suf);
            self.ways.push(Way {
                fibre,
                pbo,
                drawer_position,
                drawer_fibre: path.last().map_or(fibre, |(fibre, _)| *fibre),
                pm,
                suf,
            });
            return;
        }
    }

    /// The fibres from a splice up to the first drawer of a PM, each with the position it is
    /// entered by, and the position in that drawer.
    fn path(&self, from: At, fibre: At) -> Option<(Vec<(At, At)>, At)> {
        let (mut position, mut fibre) = (from, fibre);
        let mut path = Vec::new();
        while path.len() < HOPS_MAX {
            path.push((fibre, position));
            let onward = |at: &&At| **at != position;
            let next = *self.model.fibres[fibre].positions.iter().find(onward)?;
            let here = &self.model.positions[next];
            if let Place::Drawer(drawer) = here.place
                && self.pms.contains(&self.model.drawers[drawer].site)
            {
                return Some((path, next));
            }
            let [one, other] = here.ends;
            fibre = if one == Some(fibre) { other? } else { one? };
            position = next;
        }
        None
    }

    fn note_runs(&mut self, pm: At, path: &[(At, At)]) {
        let box_of = |position: At| match self.model.positions[position].place {
            Place::Box(at) => self.model.boxes[at].reference.clone(),
            _ => String::new(),
        };
        let sides = path.iter().map(|(fibre, entered)| (*fibre, *entered));
        let ups = path.iter().skip(1).map(|(_, entered)| box_of(*entered));
        let pm_ref = self.model.sites[pm].reference.clone();
        for ((fibre, entered), up) in sides.zip(ups.chain([pm_ref])) {
            let run = self.runs.entry(self.model.fibres[fibre].cable).or_default();
            if run.pm.is_none() {
                *run = Run {
                    from: up,
                    to: box_of(entered),
                    pm: Some(pm),
                };
            }
        }
    }

    fn find_lost(&mut self) {
        let served: HashSet<At> = self.ways.iter().map(|way| way.fibre).collect();
        let routes = self.model.routes.iter();
        let lost = routes.filter(|(_, fibres)| !fibres.iter().any(|at| served.contains(at)));
        self.lost = lost.map(|(code, _)| code.as_str()).collect();
    }

    /// The PM of a PBO: the one its fibres lead to, or the only one there is.
    fn pm_of_pbo(&self, pbo: At) -> Option<At> {
        let way = self.ways.iter().find(|way| way.pbo == pbo);
        way.map(|way| way.pm).or(self.only_pm())
    }

    fn only_pm(&self) -> Option<At> {
        match self.pms.as_slice() {
            [pm] => Some(*pm),
            _ => None,
        }
    }

    /// The PTO a way ends in; empty when it is not built.
    fn pto_of(&self, way: &Way) -> &'a str {
        way.suf.map_or("", |suf| &self.model.sufs[suf].pto_ref)
    }
}
