//! The territory of one release, summed up by street, those of the national base included that have
//! no building: enough for lists of communes and streets, for
//! finding them by name and for a map seen from afar. Counting a million buildings takes seconds,
//! and a release never changes, so it is counted once a release.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::Platform;
use domain::address;
use domain::building::{BuildingState, PmState};
use domain::release::{Release, Source, store as releases};
use kernel::Fault;

use super::{labels, store};

pub use web::map::Bounds;

/// A street, summed up.
#[derive(Clone, Debug)]
pub struct Street {
    /// INSEE code of its commune.
    pub insee: String,
    /// RIVOLI code; empty for what has none.
    pub rivoli: String,
    /// Name of the commune.
    pub commune: String,
    /// Postcode.
    pub postcode: String,
    /// Type and name.
    pub name: String,
    /// Whether it is told from others by its name: the national base gives it no code.
    pub named: bool,
    /// Its Hexaclé; empty when no building tells it.
    pub hexacle: String,
    /// Addresses of the national base.
    pub addresses: i64,
    /// Buildings.
    pub buildings: i64,
    /// Dwellings.
    pub dwellings: i64,
    /// Buildings by state, in the order of [`BuildingState::ALL`].
    pub states: [i64; BuildingState::ALL.len()],
    /// Where its buildings stand, else its addresses, when any has coordinates.
    pub bounds: Option<Bounds>,
}

/// A commune, summed up.
#[derive(Clone, Debug)]
pub struct Commune {
    /// INSEE code.
    pub insee: String,
    /// Its name.
    pub name: String,
    /// Streets.
    pub streets: i64,
    /// Addresses of the national base.
    pub addresses: i64,
    /// Buildings.
    pub buildings: i64,
    /// Dwellings.
    pub dwellings: i64,
    /// PMs.
    pub pms: i64,
    /// Buildings by state, in the order of [`BuildingState::ALL`].
    pub states: [i64; BuildingState::ALL.len()],
}

/// A PM, as lists and maps show it.
#[derive(Clone, Debug)]
pub struct PmSpot {
    /// ReferencePM.
    pub reference: String,
    /// How far it is.
    pub state: PmState,
    /// Where it stands.
    pub kind: String,
    /// INSEE code of its commune.
    pub insee: String,
    /// Its address on one line; empty when it is not told.
    pub address: String,
    /// Lines it can hold; 0 unknown.
    pub capacity: i64,
    /// Dwellings behind it; 0 unknown.
    pub dwellings: i64,
    /// Longitude and latitude (degrees).
    pub place: Option<(f64, f64)>,
}

/// The territory of one release.
#[derive(Debug)]
pub struct Atlas {
    /// Which release.
    pub release: Release,
    /// The files it was made of.
    pub sources: Vec<Source>,
    /// By INSEE code.
    pub communes: Vec<Commune>,
    /// By INSEE and RIVOLI code, then those without a code by name.
    pub streets: Vec<Street>,
    /// By reference.
    pub pms: Vec<PmSpot>,
}

/// The atlas of the release in force of each platform of this process: one, but for tests.
static KEPT: Mutex<Vec<(Weak<Platform>, Arc<Atlas>)>> = Mutex::new(Vec::new());

/// The atlas of the release in force.
///
/// # Errors
/// Those of the store.
pub async fn in_force(platform: &Arc<Platform>) -> Result<Arc<Atlas>, Fault> {
    let release = platform.db.get(releases::current).await?;
    let me = Arc::downgrade(platform);
    let kept = |atlases: &[(Weak<Platform>, Arc<Atlas>)]| {
        let mut mine = atlases.iter().filter(|(owner, _)| owner.ptr_eq(&me));
        mine.find(|(_, atlas)| atlas.release == release)
            .map(|(_, atlas)| Arc::clone(atlas))
    };
    let known = kept(&KEPT.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(atlas) = known {
        return Ok(atlas);
    }
    let atlas = Arc::new(read(platform, release).await?);
    let mut all = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|(owner, _)| owner.strong_count() > 0 && !owner.ptr_eq(&me));
    all.push((me, Arc::clone(&atlas)));
    Ok(atlas)
}

async fn read(platform: &Platform, release: Release) -> Result<Atlas, Fault> {
    let mut streets: Vec<Street> = Vec::new();
    loop {
        let last = streets.last();
        let after = last.map_or_else(Default::default, |s| (s.insee.clone(), s.rivoli.clone()));
        let page =
            move |tx: &mut dyn storage::Tx| store::list_streets(tx, release, (&after.0, &after.1));
        let page = platform.db.read(page).await?;
        if page.is_empty() {
            break;
        }
        streets.extend(page);
    }
    let streets = with_addresses(streets, addresses(platform, release).await?);
    let mut pms: Vec<PmSpot> = Vec::new();
    loop {
        let after = pms.last().map_or_else(String::new, |p| p.reference.clone());
        let page = move |tx: &mut dyn storage::Tx| store::list_pms(tx, release, &after);
        let page = platform.db.read(page).await?;
        if page.is_empty() {
            break;
        }
        pms.extend(page);
    }
    let sources = move |tx: &mut dyn storage::Tx| releases::sources(tx, release);
    let mut sources = platform.db.get(sources).await?;
    sources.sort_by_key(|source| source.kind);
    Ok(Atlas {
        release,
        sources,
        communes: communes(&streets, &pms),
        streets,
        pms,
    })
}

/// The streets of the national base.
async fn addresses(platform: &Platform, release: Release) -> Result<Vec<address::Street>, Fault> {
    use address::store::{list_named_streets, list_streets};
    let (mut all, mut after) = (Vec::new(), (String::new(), String::new()));
    loop {
        let from = after.clone();
        // No INSEE code is empty: what has no street code comes after that place too.
        let page = move |tx: &mut dyn storage::Tx| list_streets(tx, release, (&from.0, &from.1));
        let page = platform.db.read(page).await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = (last.insee.clone(), last.code.clone());
        for street in page {
            if !street.code.is_empty() {
                all.push(street);
                continue;
            }
            let mut name: Option<String> = None;
            loop {
                let (insee, from) = (street.insee.clone(), name.clone());
                let page = move |tx: &mut dyn storage::Tx| {
                    list_named_streets(tx, release, &insee, from.as_deref())
                };
                let page = platform.db.read(page).await?;
                let Some(last) = page.last() else { break };
                name = Some(last.name.clone());
                all.extend(page);
            }
        }
    }
}

/// The streets of the buildings and those of the national base, put together by INSEE and RIVOLI
/// code. The buildings say how a street is called.
fn with_addresses(streets: Vec<Street>, addresses: Vec<address::Street>) -> Vec<Street> {
    type Key = (String, String, String);
    let mut all: BTreeMap<Key, Street> = BTreeMap::new();
    for street in streets {
        let key = (street.insee.clone(), street.rivoli.clone(), String::new());
        all.insert(key, street);
    }
    for of in addresses {
        let named = of.code.is_empty() && !of.name.is_empty();
        let name = if named {
            of.name.clone()
        } else {
            String::new()
        };
        let key = (of.insee.clone(), of.code.clone(), name);
        let street = all.entry(key).or_insert_with(|| Street {
            insee: of.insee,
            rivoli: of.code,
            commune: of.commune,
            postcode: of.postcode,
            name: String::new(),
            named,
            hexacle: String::new(),
            addresses: 0,
            buildings: 0,
            dwellings: 0,
            states: [0; BuildingState::ALL.len()],
            bounds: None,
        });
        street.addresses += of.addresses;
        street.bounds = street.bounds.or(of.bounds);
        if street.name.is_empty() {
            street.name = of.name;
        }
    }
    all.into_values().collect()
}

fn communes(streets: &[Street], pms: &[PmSpot]) -> Vec<Commune> {
    let mut all: BTreeMap<&str, Commune> = BTreeMap::new();
    for street in streets {
        let commune = all.entry(&street.insee).or_insert_with(|| Commune {
            insee: street.insee.clone(),
            name: street.commune.clone(),
            streets: 0,
            addresses: 0,
            buildings: 0,
            dwellings: 0,
            pms: 0,
            states: [0; BuildingState::ALL.len()],
        });
        if commune.buildings == 0 && street.buildings > 0 {
            commune.name.clone_from(&street.commune);
        }
        commune.streets += 1;
        commune.addresses += street.addresses;
        commune.buildings += street.buildings;
        commune.dwellings += street.dwellings;
        for (sum, count) in commune.states.iter_mut().zip(street.states) {
            *sum += count;
        }
    }
    for pm in pms {
        if let Some(commune) = all.get_mut(pm.insee.as_str()) {
            commune.pms += 1;
        }
    }
    all.into_values().collect()
}

impl Atlas {
    /// The commune of an INSEE code.
    #[must_use]
    pub fn commune(&self, insee: &str) -> Option<&Commune> {
        self.communes.iter().find(|commune| commune.insee == insee)
    }

    /// The streets of a commune.
    pub fn streets_of<'a, 'b>(
        &'a self,
        insee: &'b str,
    ) -> impl Iterator<Item = &'a Street> + use<'a, 'b> {
        let first = self.streets.partition_point(|s| s.insee.as_str() < insee);
        let rest = &self.streets[first..];
        rest.iter().take_while(move |street| street.insee == insee)
    }

    /// A street by its codes, or by its name when that is not empty.
    #[must_use]
    pub fn street(&self, insee: &str, rivoli: &str, name: &str) -> Option<&Street> {
        let mut all = self.streets_of(insee);
        match name {
            "" => all.find(|s| s.rivoli == rivoli && !s.named),
            name => all.find(|s| s.named && s.name == name),
        }
    }

    /// The communes and the streets one of whose words begins what is typed, at most `max` each.
    #[must_use]
    pub fn named(&self, typed: &str, max: usize) -> (Vec<&Commune>, Vec<&Street>) {
        let typed = labels::plain(typed);
        let fits = |name: &str| starts_a_word(&labels::plain(name), &typed);
        let communes = self.communes.iter().filter(|c| fits(&c.name));
        let streets = self.streets.iter().filter(|s| fits(&s.name));
        (communes.take(max).collect(), streets.take(max).collect())
    }

    /// Where the whole territory lies, when anything has coordinates.
    #[must_use]
    pub fn bounds(&self) -> Option<Bounds> {
        union(self.streets.iter().filter_map(|street| street.bounds))
    }
}

/// Whether `typed` begins `name` or the name from one of its later words on. Both are plain.
fn starts_a_word(name: &str, typed: &str) -> bool {
    let later = name.match_indices(' ').map(|(at, _)| &name[at + 1..]);
    !typed.is_empty()
        && [name]
            .into_iter()
            .chain(later)
            .any(|rest| rest.starts_with(typed))
}

/// The smallest bounds around all of them.
pub fn union(all: impl Iterator<Item = Bounds>) -> Option<Bounds> {
    all.reduce(web::map::both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_from_any_of_its_words_without_accents_or_case() {
        let plain = labels::plain;
        assert_eq!(plain("Rue de l’Église"), "RUE DE L EGLISE");
        let name = plain("RUE DU MOULIN NEUF");
        for typed in ["moulin", "rue du", "neuf", "Moulin n"] {
            assert!(starts_a_word(&name, &plain(typed)), "{typed}");
        }
        for typed in ["oulin", "moulin neuve", "", "-"] {
            assert!(!starts_a_word(&name, &plain(typed)), "{typed}");
        }
    }

    #[test]
    fn streets_of_both_sources_are_one_by_their_codes_and_others_by_their_names() {
        let built = |rivoli: &str, name: &str| Street {
            insee: "53130".to_owned(),
            rivoli: rivoli.to_owned(),
            commune: "LAVAL".to_owned(),
            postcode: "53000".to_owned(),
            name: name.to_owned(),
            named: false,
            hexacle: String::new(),
            addresses: 0,
            buildings: 2,
            dwellings: 2,
            states: [0; BuildingState::ALL.len()],
            bounds: Some([0.0, 0.0, 1.0, 1.0]),
        };
        let told = |insee: &str, code: &str, name: &str| address::Street {
            insee: insee.to_owned(),
            code: code.to_owned(),
            name: name.to_owned(),
            commune: "Laval".to_owned(),
            postcode: "53000".to_owned(),
            addresses: 3,
            bounds: Some([5.0, 5.0, 6.0, 6.0]),
        };
        let streets = vec![built("", ""), built("0010", "RUE DU GUE")];
        let addresses = vec![
            told("53000", "0001", "Rue seule"),
            told("53130", "", "Chemin sans code"),
            told("53130", "", "Sente sans code"),
            told("53130", "0010", "Rue du Gué"),
            told("53130", "w4ld4h", "Rue neuve"),
        ];
        let all = with_addresses(streets, addresses);
        let told: Vec<_> = all
            .iter()
            .map(|s| (s.rivoli.as_str(), s.name.as_str(), s.buildings, s.addresses))
            .collect();
        let expected = [
            ("0001", "Rue seule", 0, 3),
            ("", "", 2, 0),
            ("", "Chemin sans code", 0, 3),
            ("", "Sente sans code", 0, 3),
            ("0010", "RUE DU GUE", 2, 3),
            ("w4ld4h", "Rue neuve", 0, 3),
        ];
        assert_eq!(told, expected);
        assert_eq!(all[4].bounds, Some([0.0, 0.0, 1.0, 1.0]));
        let communes = communes(&all, &[]);
        let told: Vec<_> = communes
            .iter()
            .map(|c| (c.name.as_str(), c.streets, c.addresses))
            .collect();
        assert_eq!(told, [("Laval", 1, 3), ("LAVAL", 5, 12)]);
    }

    #[test]
    fn bounds_grow_to_hold_all() {
        let all = [[0.0, 1.0, 2.0, 3.0], [-1.0, 2.0, 1.0, 5.0]];
        assert_eq!(union(all.into_iter()), Some([-1.0, 1.0, 2.0, 5.0]));
        assert_eq!(union(std::iter::empty()), None);
    }
}
