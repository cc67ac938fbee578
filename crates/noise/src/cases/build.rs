//! Chooses addresses, does to them what the class does, and keeps the queries whose right answer is
//! clear.

use super::{Case, Class, Expect, apply};
use crate::communes;
use crate::fit::{self, Reader, Reading};
use crate::read::{Base, Door};
use crate::rng::Rng;
use crate::text::{self, fold};
use crate::typing::Typed;
use crate::words::{is_given, is_type};

/// Addresses tried for one query.
const TRIES: u64 = 150;
/// What stands for one query in so many.
const SCHEDULE_MIXED: usize = 5;
/// Distances: nothing so near exists when a number, a street or a commune is absent.
const NO_NUMBER: u32 = 2;
const NO_STREET: u32 = 5;

/// Classes that cannot be together.
const APART: &[(Class, Class)] = &[
    (Class::Glued, Class::Truncated),
    (Class::Glued, Class::NumberWords),
    (Class::NoType, Class::WrongType),
    (Class::NoType, Class::Truncated),
    (Class::NoCommune, Class::NoPostcode),
    (Class::NoCommune, Class::OldCommune),
    (Class::NoCommune, Class::WrongPostcode),
    (Class::NoPostcode, Class::WrongPostcode),
    (Class::OldCommune, Class::WrongPostcode),
    (Class::Decomposed, Class::NoAccents),
    (Class::Ligatures, Class::NoAccents),
    (Class::OneTypo, Class::TwoTypos),
    (Class::Phonetic, Class::TwoTypos),
    (Class::Truncated, Class::NumberWords),
    (Class::Truncated, Class::FirstName),
    (Class::Truncated, Class::OneTypo),
    (Class::Truncated, Class::Phonetic),
    (Class::Truncated, Class::Abbreviations),
    (Class::Suffix, Class::NumberWords),
];

/// What may be together, in the order in which it is done.
const TOGETHER: &[Class] = &[
    Class::OldCommune,
    Class::FirstName,
    Class::WrongType,
    Class::NoType,
    Class::Abbreviations,
    Class::OneTypo,
    Class::TwoTypos,
    Class::Phonetic,
    Class::Suffix,
    Class::Truncated,
    Class::WrongPostcode,
    Class::NoCommune,
    Class::NoPostcode,
    Class::NumberWords,
    Class::Swapped,
    Class::Glued,
    Class::Flat,
    Class::NoAccents,
    Class::Ligatures,
    Class::Capitals,
    Class::Decomposed,
    Class::Blanks,
];

/// `count` queries on `base`, every class as often as the others, mixed ones more. The same seed
/// makes the same ones. Fewer when the base has nothing of what a class needs.
#[must_use]
pub fn cases(base: &Base, count: usize, seed: u64) -> Vec<Case> {
    if base.addresses() == 0 {
        return Vec::new();
    }
    let mut schedule: Vec<Class> = Class::ALL.to_vec();
    schedule.extend([Class::Mixed; SCHEDULE_MIXED]);
    let mut builder = Builder::new(base);
    (0..count)
        .filter_map(|at| {
            let class = schedule[at % schedule.len()];
            (0..TRIES).find_map(|attempt| {
                let mut rng = Rng::part(seed, 3, at as u64 * TRIES + attempt);
                builder.case(class, &mut rng)
            })
        })
        .collect()
}

struct Builder<'a> {
    base: &'a Base,
    reader: Reader<'a>,
    /// Streets by what some classes need.
    suffixed: Vec<u32>,
    hamlets: Vec<u32>,
    merged: Vec<u32>,
    delivered: Vec<u32>,
    named: Vec<u32>,
    typed: Vec<u32>,
    ligatures: Vec<u32>,
    strangers: Vec<&'static str>,
}

impl<'a> Builder<'a> {
    fn new(base: &'a Base) -> Self {
        let having = |what: &dyn Fn(u32) -> bool| -> Vec<u32> {
            (0..base.ways.len() as u32)
                .filter(|&way| what(way))
                .collect()
        };
        let way = |way: u32| &base.ways[way as usize];
        let name = |id: u32| base.name(way(id)).text.as_str();
        let place = |id: u32| base.place(way(id));
        let given = |id: u32| fold(name(id)).split(' ').skip(1).any(is_given);
        let typed = |id: u32| is_type(fold(name(id)).split(' ').next().unwrap_or_default());
        let ligature = |id: u32| {
            let place = place(id);
            [name(id), &place.commune]
                .iter()
                .any(|text| text::without_ligatures(text) != **text)
        };
        let small = |id: u32| way(id).doors.len() <= 12;
        let differs =
            |other: &str, commune: &str| !other.is_empty() && fold(other) != fold(commune);
        let short = |text: &str| {
            fold(text)
                .replace("st ", "saint ")
                .replace("ste ", "sainte ")
        };
        Self {
            base,
            reader: Reader::new(base),
            suffixed: having(&|id| {
                let mut doors = way(id).doors.iter();
                doors.any(|&door| !base.suffix(door).is_empty())
            }),
            hamlets: having(&|id| fit::is_hamlet(base, way(id)) && small(id)),
            merged: having(&|id| differs(&place(id).old_commune, &place(id).commune)),
            delivered: having(&|id| {
                let place = place(id);
                differs(&short(&place.delivery), &short(&place.commune))
            }),
            named: having(&given),
            typed: having(&typed),
            ligatures: having(&ligature),
            strangers: communes::all().iter().map(|commune| commune.name).collect(),
        }
    }

    /// One query of `class`, if this draw makes a clear one.
    fn case(&mut self, class: Class, rng: &mut Rng) -> Option<Case> {
        match class {
            Class::AbsentNumber => self.absent_number(rng),
            Class::AbsentStreet => self.absent_street(rng),
            Class::AbsentCommune => self.absent_commune(rng),
            Class::Mixed => {
                let together = mixture(rng);
                self.present(class, &together, rng)
            }
            _ => self.present(class, &[class], rng),
        }
    }

    /// A street for what is done to it, and one of its numbers.
    fn target(&self, together: &[Class], rng: &mut Rng) -> Option<(u32, Door)> {
        let needed = together.iter().find_map(|class| match class {
            Class::Suffix => Some(&self.suffixed),
            Class::Hamlet => Some(&self.hamlets),
            Class::OldCommune => Some(&self.merged),
            Class::Delivery => Some(&self.delivered),
            Class::FirstName => Some(&self.named),
            Class::WrongType | Class::NoType => Some(&self.typed),
            Class::Ligatures if rng.chance(70) => Some(&self.ligatures),
            _ => None,
        });
        let way = match needed {
            Some(ways) => *ways.get(rng.below(ways.len()))?,
            None => rng.below(self.base.ways.len()) as u32,
        };
        let doors = &self.base.ways[way as usize].doors;
        let suffixed = together.contains(&Class::Suffix);
        let doors: Vec<Door> = doors
            .iter()
            .copied()
            .filter(|&door| !suffixed || !self.base.suffix(door).is_empty())
            .collect();
        Some((way, *doors.get(rng.below(doors.len()))?))
    }

    fn present(&mut self, class: Class, together: &[Class], rng: &mut Rng) -> Option<Case> {
        let base = self.base;
        let (way_id, door) = self.target(together, rng)?;
        let way = &base.ways[way_id as usize];
        let clean = Typed::clean(base, way, door);
        let mut typed = clean.clone();
        for &one in together {
            if !apply::to_parts(one, &mut typed, base.place(way), base, rng) {
                return None;
            }
        }
        let (expect, fits) = match self.reader.read(&typed.asked(), way_id, door) {
            Reading::Unique => (Expect::Unique, 1),
            Reading::Ambiguous(fits) => (Expect::Ambiguous, fits),
            Reading::Unclear => return None,
        };
        let query = match class {
            Class::Clean => typed.written(false),
            _ => written(&typed, together, rng)?,
        };
        if class != Class::Clean && query == clean.written(false) {
            return None;
        }
        Some(Case {
            query,
            class,
            hard: class.is_hard(),
            expect,
            fits,
            ban_key: Some(base.key(door).to_owned()),
        })
    }

    fn absent(&self, class: Class, typed: &Typed, rng: &mut Rng) -> Option<Case> {
        Some(Case {
            query: written(typed, &[class], rng)?,
            class,
            hard: false,
            expect: Expect::Absent,
            fits: 0,
            ban_key: None,
        })
    }

    fn absent_number(&mut self, rng: &mut Rng) -> Option<Case> {
        let base = self.base;
        let (way, door) = self.target(&[], rng)?;
        let way = &base.ways[way as usize];
        let mut typed = Typed::clean(base, way, door);
        let number = typed.number?;
        let last = way.doors.iter().map(|door| door.number).max()?;
        match rng.below(10) {
            0..5 => typed.number = Some(last + rng.between(2, 60) as u32),
            5..8 => typed.number = Some(rng.between(1, last as usize) as u32),
            _ => {
                typed.number = Some(number);
                rng.pick(&["bis", "ter", "quater", "c"])
                    .clone_into(&mut typed.suffix);
            }
        }
        if typed.number != Some(number) {
            typed.suffix.clear();
        }
        typed.show_number();
        let absent = self.reader.is_absent(&typed.asked(), NO_NUMBER);
        absent.then(|| self.absent(Class::AbsentNumber, &typed, rng))?
    }

    fn absent_street(&mut self, rng: &mut Rng) -> Option<Case> {
        let base = self.base;
        let (way, door) = self.target(&[], rng)?;
        let mut typed = Typed::clean(base, &base.ways[way as usize], door);
        typed.number?;
        let other = &base.ways[rng.below(base.ways.len())];
        typed.street.clone_from(&base.name(other).text);
        let absent = self.reader.is_no_street(&typed.asked(), NO_STREET);
        absent.then(|| self.absent(Class::AbsentStreet, &typed, rng))?
    }

    fn absent_commune(&mut self, rng: &mut Rng) -> Option<Case> {
        let base = self.base;
        let (way, door) = self.target(&[], rng)?;
        let mut typed = Typed::clean(base, &base.ways[way as usize], door);
        typed.commune = Some(match rng.chance(60) {
            true => rng.pick(&self.strangers).to_owned(),
            false => {
                let heads = [
                    "Saint-Ephrem",
                    "Montbrival",
                    "Villeroux",
                    "Castelbrun",
                    "Orvières",
                ];
                let tails = [
                    "les-Forges",
                    "sur-Veyle",
                    "le-Vieux",
                    "aux-Ormes",
                    "la-Combe",
                ];
                format!("{}-{}", rng.pick(&heads), rng.pick(&tails))
            }
        });
        typed.postcode = match rng.chance(50) {
            true => None,
            false => Some(format!(
                "{:02}{:03}",
                rng.between(1, 95),
                rng.between(1, 999)
            )),
        };
        let asked = typed.asked();
        let absent =
            self.reader.is_absent(&asked, NO_STREET) && self.reader.is_no_place(&asked, NO_STREET);
        absent.then(|| self.absent(Class::AbsentCommune, &typed, rng))?
    }
}

/// Two or three classes that go together, in the order in which they are done.
fn mixture(rng: &mut Rng) -> Vec<Class> {
    let count = match rng.chance(25) {
        true => 3,
        false => 2,
    };
    let mut chosen: Vec<Class> = Vec::new();
    while chosen.len() < count {
        let class = TOGETHER[rng.below(TOGETHER.len())];
        let apart = |&other: &Class| {
            other == class || APART.contains(&(class, other)) || APART.contains(&(other, class))
        };
        if !chosen.iter().any(apart) {
            chosen.push(class);
        }
    }
    chosen.sort_by_key(|class| TOGETHER.iter().position(|one| one == class));
    chosen
}

/// The parts in a row, in a hand of its own: small letters or not, commas or not.
fn written(typed: &Typed, together: &[Class], rng: &mut Rng) -> Option<String> {
    let mut text = typed.written(rng.chance(25));
    if rng.chance(25) {
        text = text.replace('-', " ");
    }
    if rng.chance(10) {
        text = text.replace('\'', " ");
    }
    if rng.chance(45) && !together.contains(&Class::Capitals) {
        text = text.to_lowercase();
    }
    for &class in together {
        text = apply::to_text(class, &text, rng)?;
    }
    Some(text)
}
