//! Names of the streets of a commune.

use std::collections::HashSet;

use crate::communes::Tongue;
use crate::hamlets;
use crate::names;
use crate::regions;
use crate::rng::Rng;

/// A street to number.
#[derive(Clone, Debug)]
pub struct Street {
    /// Name with its type.
    pub name: String,
    /// A hamlet: no type, few numbers or none.
    pub hamlet: bool,
}

/// Communes in a hundred that have a street that nearly every one has.
const STAPLES: usize = 40;

/// Makes the streets of one commune, or of the part of it that was one: no name twice.
pub struct Maker {
    rng: Rng,
    tongue: Tongue,
    /// Hamlets in a hundred names.
    hamlets: usize,
    taken: HashSet<String>,
    waiting: Vec<String>,
}

impl Maker {
    /// For a commune of `size` (see [`crate::communes::Commune::size`]).
    #[must_use]
    pub fn new(mut rng: Rng, tongue: Tongue, size: usize) -> Self {
        let mut waiting = Vec::new();
        for staple in names::STAPLES {
            if rng.chance(STAPLES) {
                waiting.push((*staple).to_owned());
            }
        }
        rng.shuffle(&mut waiting);
        Self {
            rng,
            tongue,
            hamlets: match size {
                0..=5 => 60,
                6..=7 => 35,
                8..=9 => 12,
                _ => 2,
            },
            taken: HashSet::new(),
            waiting,
        }
    }

    /// The next street.
    pub fn street(&mut self) -> Street {
        loop {
            if let Some(name) = self.waiting.pop() {
                if self.taken.insert(name.clone()) {
                    return Street {
                        name,
                        hamlet: false,
                    };
                }
                continue;
            }
            let hamlet = self.rng.chance(self.hamlets);
            let name = if hamlet {
                self.hamlet()
            } else {
                self.named_way()
            };
            if self.taken.insert(name.clone()) {
                if !hamlet {
                    self.neighbours(&name);
                }
                return Street { name, hamlet };
            }
        }
    }

    /// Streets that are easily taken for `name`, some of the time.
    fn neighbours(&mut self, name: &str) {
        let Some((first, rest)) = name.split_once(' ') else {
            return;
        };
        if !names::SIBLINGS.contains(&first) {
            return;
        }
        let rng = &mut self.rng;
        if rng.chance(14) {
            let other = rng.pick(names::SIBLINGS);
            self.waiting.push(format!("{other} {rest}"));
        }
        if rng.chance(3) {
            let (masculine, feminine) = names::APART[rng.below(names::APART.len())];
            let adjective = match rest.starts_with("de la ") {
                true => feminine,
                false => masculine,
            };
            let plain = ["du ", "de la ", "de l'"];
            if plain.iter().any(|article| rest.starts_with(article)) && !rest.contains('-') {
                self.waiting.push(format!("{name} {adjective}"));
            }
        }
        if rng.chance(2)
            && let Some(bare) = rest.strip_prefix("du ").or(rest.strip_prefix("de la "))
            && !bare.contains(' ')
        {
            self.waiting.push(format!("{first} {bare}"));
        }
    }

    fn hamlet(&mut self) -> String {
        let rng = &mut self.rng;
        match self.tongue {
            Tongue::Breton if rng.chance(60) => {
                let (ker, rest) = (rng.pick(regions::KER), rng.pick(regions::BREIZH));
                match rng.below(4) {
                    _ if rest.contains(' ') || ker.contains(' ') => format!("{ker} {rest}"),
                    0 => format!("{ker} {}", title(rest)),
                    _ => format!("{ker}{rest}"),
                }
            }
            Tongue::Corsican if rng.chance(60) => rng.pick(regions::CORSICA).to_owned(),
            Tongue::Overseas if rng.chance(70) => {
                let (place, rest) = (rng.pick(regions::CREOLE), rng.pick(regions::OF_CREOLE));
                format!("{place} {rest}")
            }
            _ if rng.chance(45) => rng.pick(hamlets::FARMS).to_owned(),
            _ => {
                let (place, rest) = (rng.pick(hamlets::HAMLETS), rng.pick(hamlets::OF_HAMLETS));
                format!("{place} {rest}")
            }
        }
    }

    fn named_way(&mut self) -> String {
        let rng = &mut self.rng;
        if rng.chance(35) {
            match self.tongue {
                Tongue::Breton if rng.chance(60) => {
                    let way = rng.pick(&["Hent", "Straed", "Hent", "Straed", "Plasenn"]);
                    return format!("{way} {}", rng.pick(regions::HENT));
                }
                Tongue::Alsatian => {
                    let (half, rest) = (rng.pick(regions::ELSASS), rng.pick(regions::GASSE));
                    return format!("{half}{rest}");
                }
                Tongue::Corsican => {
                    let place = rng.pick(regions::CORSICA);
                    return match rng.below(3) {
                        0 => place.to_owned(),
                        1 => format!("Route de {place}"),
                        _ => format!("Lotissement {place}"),
                    };
                }
                Tongue::Overseas => {
                    let (place, rest) = (rng.pick(regions::CREOLE), rng.pick(regions::OF_CREOLE));
                    return match rng.below(3) {
                        0 => format!("Rue {place} {rest}"),
                        1 => format!("Lotissement {place} {rest}"),
                        _ => format!("{place} {rest}"),
                    };
                }
                _ => {}
            }
        }
        french(rng)
    }
}

/// The first letter in capitals.
fn title(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + chars.as_str()
    })
}

/// A type of street, as often as it is met.
fn way_type(rng: &mut Rng) -> &'static str {
    let all = names::TYPES.iter().map(|(_, weight)| weight).sum();
    let mut left = rng.below(all);
    for &(name, weight) in names::TYPES {
        if left < weight {
            return name;
        }
        left -= weight;
    }
    "Rue"
}

fn french(rng: &mut Rng) -> String {
    let way = way_type(rng);
    match rng.below(100) {
        0..38 => format!("{way} {}", rng.pick(names::THINGS)),
        38..66 => format!("{way} {}", person(rng)),
        66..76 => {
            let title = rng.pick(names::TITLES);
            let of = match title {
                "Sœur" => "de la ",
                "Monseigneur" | "Maître" => "",
                _ if title.starts_with(['A', 'I', 'É']) => "de l'",
                _ => "du ",
            };
            let first = match rng.chance(25) {
                true => format!("{} ", rng.pick(names::FIRST_NAMES)),
                false => String::new(),
            };
            format!("{way} {of}{title} {first}{}", rng.pick(names::LAST_NAMES))
        }
        76..81 => format!("{way} {}", rng.pick(names::DATES)),
        81..89 => format!("{way} {}", rng.pick(names::BARE)),
        89..93 => {
            let rural = rng.pick(names::RURAL);
            match rural {
                "Route Départementale" => format!("{rural} {}", rng.between(1, 950)),
                "Voie Communale" => format!("{rural} n°{}", rng.between(1, 40)),
                _ => format!("{rural} {}", rng.pick(names::THINGS)),
            }
        }
        93..97 => {
            let farm = rng.pick(hamlets::FARMS);
            let way = rng.pick(&["Chemin", "Route", "Impasse"]);
            format!("{way} {}", of(farm))
        }
        _ => {
            let (place, rest) = (rng.pick(hamlets::HAMLETS), rng.pick(hamlets::OF_HAMLETS));
            format!("{way} {}", of(&format!("{place} {rest}")))
        }
    }
}

/// `de` before a name that may begin with its article.
fn of(place: &str) -> String {
    if let Some(rest) = place.strip_prefix("Le ") {
        return format!("du {rest}");
    }
    if let Some(rest) = place.strip_prefix("Les ") {
        return format!("des {rest}");
    }
    if let Some(rest) = place.strip_prefix("La ") {
        return format!("de la {rest}");
    }
    if let Some(rest) = place.strip_prefix("L'") {
        return format!("de l'{rest}");
    }
    format!("de {place}")
}

fn person(rng: &mut Rng) -> String {
    let (first, last) = (rng.pick(names::FIRST_NAMES), rng.pick(names::LAST_NAMES));
    match rng.below(12) {
        // Some streets bear the last name alone.
        0 => last.to_owned(),
        1 => {
            let second = rng.pick(names::FIRST_NAMES);
            format!("{first} {second} {last}")
        }
        2 => {
            let other = rng.pick(names::LAST_NAMES);
            format!("{first} et {} {other}", rng.pick(names::FIRST_NAMES))
        }
        _ => format!("{first} {last}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commune_has_no_two_streets_of_one_name() {
        for tongue in [
            Tongue::French,
            Tongue::Breton,
            Tongue::Alsatian,
            Tongue::Corsican,
            Tongue::Overseas,
        ] {
            let mut maker = Maker::new(Rng::new(4), tongue, 5);
            let names: HashSet<_> = (0..500).map(|_| maker.street().name).collect();
            assert_eq!(names.len(), 500, "{tongue:?}");
        }
    }

    #[test]
    fn some_streets_are_easily_taken_for_others() {
        let mut maker = Maker::new(Rng::new(5), Tongue::French, 9);
        let names: HashSet<_> = (0..2_000).map(|_| maker.street().name).collect();
        let twins = names.iter().filter(|name| {
            let rest = name.strip_prefix("Rue ");
            rest.is_some_and(|rest| names.contains(&format!("Impasse {rest}")))
        });
        assert!(twins.count() > 10);
    }
}
