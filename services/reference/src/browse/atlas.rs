//! The territory of one release, summed up by street: enough for lists of communes and streets, for
//! finding them by name and for a map seen from afar. Counting a million buildings takes seconds,
//! and a release never changes, so it is counted once a release.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use domain::Platform;
use domain::building::{BuildingState, PmState};
use domain::release::{Release, Source, store as releases};
use kernel::Fault;

use super::{labels, store};

/// West, south, east and north, in degrees.
pub type Bounds = [f64; 4];

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
    /// Buildings.
    pub buildings: i64,
    /// Dwellings.
    pub dwellings: i64,
    /// Buildings by state, in the order of [`BuildingState::ALL`].
    pub states: [i64; BuildingState::ALL.len()],
    /// Where its buildings stand, when any has coordinates.
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
    /// By INSEE and RIVOLI code.
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

fn communes(streets: &[Street], pms: &[PmSpot]) -> Vec<Commune> {
    let mut all: BTreeMap<&str, Commune> = BTreeMap::new();
    for street in streets {
        let commune = all.entry(&street.insee).or_insert_with(|| Commune {
            insee: street.insee.clone(),
            name: street.commune.clone(),
            streets: 0,
            buildings: 0,
            dwellings: 0,
            pms: 0,
            states: [0; BuildingState::ALL.len()],
        });
        commune.streets += 1;
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

    /// A street by its codes.
    #[must_use]
    pub fn street(&self, insee: &str, rivoli: &str) -> Option<&Street> {
        self.streets_of(insee).find(|s| s.rivoli == rivoli)
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
    all.reduce(|a, b| {
        [
            a[0].min(b[0]),
            a[1].min(b[1]),
            a[2].max(b[2]),
            a[3].max(b[3]),
        ]
    })
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
    fn bounds_grow_to_hold_all() {
        let all = [[0.0, 1.0, 2.0, 3.0], [-1.0, 2.0, 1.0, 5.0]];
        assert_eq!(union(all.into_iter()), Some([-1.0, 1.0, 2.0, 5.0]));
        assert_eq!(union(std::iter::empty()), None);
    }
}
