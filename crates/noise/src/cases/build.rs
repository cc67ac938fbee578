//! Chooses addresses, does to them what the class does, and keeps the queries whose right answer is
//! clear.

use std::collections::HashMap;

use super::{Case, Class, Expect, apply};
use crate::communes;
use crate::fit::{self, Asked, Reader, Reading};
use crate::read::{Base, Door, Way};
use crate::rng::Rng;
use crate::text::{self, fold};
use crate::typing::Typed;
use crate::words::{is_given, is_type};

/// Addresses tried for one query.
const TRIES: u64 = 150;
/// What stands for one query in so many.
const SCHEDULE_MIXED: usize = 5;
/// Streets in a hundred that are easily taken for another one of the place.
const SIBLINGS: usize = 15;
/// Districts of cities in a hundred that are written in short.
const SHORT_CITY: usize = 70;
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
                builder.case(class, &mut rng).map(|(case, _)| case)
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
    arrondissements: Vec<u32>,
    /// Streets whose name, but for its type or for all of it, another one of the place bears.
    siblings: Vec<u32>,
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
        let called = |id: u32| {
            let articles = ["Le ", "La ", "Les ", "L'"];
            let whole = way(id).doors.iter().any(|door| door.number == 0);
            whole || articles.iter().any(|article| name(id).starts_with(article))
        };
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
            hamlets: having(&|id| fit::is_hamlet(base, way(id)) && small(id) && called(id)),
            merged: having(&|id| differs(&place(id).old_commune, &place(id).commune)),
            delivered: having(&|id| {
                let place = place(id);
                !place.commune.ends_with("Arrondissement")
                    && differs(&short(&place.delivery), &short(&place.commune))
            }),
            arrondissements: having(&|id| place(id).commune.ends_with("Arrondissement")),
            siblings: siblings(base),
            named: having(&given),
            typed: having(&typed),
            ligatures: having(&ligature),
            strangers: {
                let names = communes::all().into_iter().map(|commune| commune.name);
                // A district that is not there is a city that may be.
                names
                    .filter(|name| !name.ends_with("Arrondissement"))
                    .collect()
            },
        }
    }

    /// One query of `class` and how it is read, if this draw makes a clear one.
    fn case(&mut self, class: Class, rng: &mut Rng) -> Option<(Case, Asked)> {
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
            Class::Delivery if rng.chance(30) => Some(&self.arrondissements),
            Class::Delivery => Some(&self.delivered),
            Class::FirstName => Some(&self.named),
            Class::WrongType | Class::NoType => Some(&self.typed),
            Class::Ligatures if rng.chance(70) => Some(&self.ligatures),
            _ => None,
        });
        let siblings = rng.chance(SIBLINGS) && !self.siblings.is_empty();
        let needed = match needed {
            None if siblings => Some(&self.siblings),
            needed => needed,
        };
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

    fn present(
        &mut self,
        class: Class,
        together: &[Class],
        rng: &mut Rng,
    ) -> Option<(Case, Asked)> {
        let base = self.base;
        let (way_id, door) = self.target(together, rng)?;
        let way = &base.ways[way_id as usize];
        let clean = Typed::clean(base, way, door);
        let mut typed = clean.clone();
        if class != Class::Clean && rng.chance(SHORT_CITY) {
            short_city(&mut typed, rng);
        }
        for &one in together {
            if !apply::to_parts(one, &mut typed, base.place(way), base, rng) {
                return None;
            }
        }
        let asked = typed.asked();
        let (expect, fits) = match self.reader.read(&asked, way_id, door) {
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
        let case = Case {
            query,
            class,
            hard: class.is_hard(),
            expect,
            fits,
            ban_key: Some(base.key(door).to_owned()),
        };
        Some((case, asked))
    }

    fn absent(&self, class: Class, typed: &Typed, rng: &mut Rng) -> Option<(Case, Asked)> {
        let case = Case {
            query: written(typed, &[class], rng)?,
            class,
            hard: false,
            expect: Expect::Absent,
            fits: 0,
            ban_key: None,
        };
        Some((case, typed.asked()))
    }

    fn absent_number(&mut self, rng: &mut Rng) -> Option<(Case, Asked)> {
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

    fn absent_street(&mut self, rng: &mut Rng) -> Option<(Case, Asked)> {
        let base = self.base;
        let (way, door) = self.target(&[], rng)?;
        let mut typed = Typed::clean(base, &base.ways[way as usize], door);
        typed.number?;
        let other = &base.ways[rng.below(base.ways.len())];
        typed.street.clone_from(&base.name(other).text);
        let hamlets = &base.place(&base.ways[way as usize]).hamlets;
        let absent = !hamlets.contains(&fold(&typed.street))
            && self.reader.is_no_street(&typed.asked(), NO_STREET);
        absent.then(|| self.absent(Class::AbsentStreet, &typed, rng))?
    }

    fn absent_commune(&mut self, rng: &mut Rng) -> Option<(Case, Asked)> {
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

/// A city's district as people call it: `Paris`, `Paris 10e`, `Paris 10`.
fn short_city(typed: &mut Typed, rng: &mut Rng) {
    let Some(commune) = &mut typed.commune else {
        return;
    };
    let Some(district) = commune.strip_suffix(" Arrondissement") else {
        return;
    };
    let city = district.split(' ').next().unwrap_or_default();
    *commune = match rng.below(4) {
        0 => district.to_owned(),
        1 => district.trim_end_matches(['e', 'r']).to_owned(),
        _ => city.to_owned(),
    };
}

/// Streets of one postcode and commune that share their name, or all of it but the first word.
fn siblings(base: &Base) -> Vec<u32> {
    let key = |way: &Way| {
        let place = base.place(way);
        let name = fold(&base.name(way).text);
        let rest = name.split_once(' ').map_or("", |(_, rest)| rest);
        (!rest.is_empty()).then(|| format!("{};{};{rest}", place.commune, place.postcode))
    };
    let mut counts: HashMap<String, u32> = HashMap::new();
    for key in base.ways.iter().filter_map(key) {
        *counts.entry(key).or_default() += 1;
    }
    (0..base.ways.len() as u32)
        .filter(|&way| {
            let key = key(&base.ways[way as usize]);
            key.is_some_and(|key| counts[&key] > 1)
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_unique_ambiguous_or_absent_is_so_when_every_address_is_looked_at() {
        let base = Base::invented(3_000, 11);
        let mut builder = Builder::new(&base);
        let mut counts = [0; 3];
        for at in 0..300 {
            let class = Class::ALL[at % Class::ALL.len()];
            let mut rng = Rng::part(5, 1, at as u64);
            let Some((case, asked)) = builder.case(class, &mut rng) else {
                continue;
            };
            counts[case.expect as usize] += 1;
            let read = |key: &str| fit::read_all(&base, &asked, key);
            match (case.expect, case.ban_key.as_deref()) {
                (Expect::Unique, Some(key)) => assert_eq!(read(key), Reading::Unique, "{case:?}"),
                (Expect::Ambiguous, Some(key)) => {
                    assert_eq!(read(key), Reading::Ambiguous(case.fits), "{case:?}");
                }
                (Expect::Absent, None) => {
                    assert!(fit::nearest_of_all(&base, &asked) > NO_NUMBER, "{case:?}");
                }
                _ => panic!("{case:?}"),
            }
        }
        assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
    }
}
