//! What lines of a file may refer to, and the platform's own state of what they describe.

use std::collections::HashMap;
use std::mem;

use domain::access::SystemScope;
use domain::line::store::{list_live_fibres, list_live_lines};
use domain::line::{FibreState, LineState};
use domain::release::store::{self as releases, InForce, PAGE_ROWS};
use domain::release::{Kind, Release, Table, first_part};
use storage::{Db, Error};

use crate::files::counts::DwellingCounts;
use crate::hash::{QuickBuild, key_hash};
use crate::index::{Entry, Index, KeySet};

/// What lines of a file may refer to.
#[derive(Default)]
pub struct Known {
    /// Buildings in force.
    pub buildings: KeySet,
    /// PMs in force.
    pub pms: KeySet,
    /// Fibres in force.
    pub fibres: KeySet,
    /// PTOs in force.
    pub ptos: KeySet,
    /// Dwellings of each building by the structure in force.
    pub dwellings: DwellingCounts,
    /// The platform's own state of fibres.
    pub live_fibres: LiveFibres,
    /// The platform's own state of lines.
    pub live_lines: LiveLines,
}

/// The keys that earlier parts of the same import add.
#[derive(Default)]
pub struct Added(Vec<(Table, KeySet)>);

impl Added {
    /// Notes the keys that a part adds to `table`.
    pub fn note(&mut self, table: Table, keys: KeySet) {
        self.0.push((table, keys));
    }

    fn of(&self, table: Table) -> impl Iterator<Item = &KeySet> {
        let same = move |(of, _): &&(Table, KeySet)| *of == table;
        self.0.iter().filter(same).map(|(_, keys)| keys)
    }
}

impl Known {
    /// Loads what files of `kind` refer to: what is in force at `base`, and what was `added` to it.
    pub async fn load(
        db: &Db,
        scope: SystemScope,
        kind: Kind,
        base: Release,
        added: &Added,
    ) -> Result<Self, Error> {
        let mut known = Self::default();
        match kind {
            Kind::Structure => known.buildings = keys(db, Table::Building, base, added).await?,
            Kind::Fibres => {
                known.pms = keys(db, Table::Pm, base, added).await?;
                known.live_fibres = live_fibres(db, scope).await?;
            }
            Kind::Prises => {
                known.pms = keys(db, Table::Pm, base, added).await?;
                known.fibres = keys(db, Table::Fibre, base, added).await?;
                known.live_lines = live_lines(db, scope).await?;
            }
            Kind::Ipe => known.dwellings = dwellings(db, base).await?,
            Kind::Adduction | Kind::Pbo | Kind::Cables => {
                known.pms = keys(db, Table::Pm, base, added).await?;
            }
            Kind::Routes => {
                known.pms = keys(db, Table::Pm, base, added).await?;
                known.ptos = keys(db, Table::Pto, base, added).await?;
                known.fibres = keys(db, Table::Fibre, base, added).await?;
            }
            Kind::Nd => {
                known.buildings = keys(db, Table::Building, base, added).await?;
                known.ptos = keys(db, Table::Pto, base, added).await?;
            }
            Kind::Pm | Kind::Ban | Kind::Catalogue | Kind::Gracethd => {}
        }
        Ok(known)
    }
}

/// Gives `take` what `of` makes of every row of `table` in force at `base`, by key.
async fn each_in_force<T: Send + 'static>(
    db: &Db,
    table: Table,
    base: Release,
    of: impl Fn(InForce<'_>) -> T + Copy + Send + 'static,
    mut take: impl FnMut(T),
) -> Result<(), Error> {
    // One page's room goes to and fro: a million rows take many, and what one thread frees for
    // another is not given back at once.
    let mut room = Vec::with_capacity(PAGE_ROWS);
    let mut next = Some(String::new());
    while let Some(after) = next {
        let page = db.read(move |tx| {
            room.clear();
            let next = releases::each_in_force(tx, table, base, &after, |row| {
                room.push(of(row));
                Ok(())
            })?;
            Ok((mem::take(&mut room), next))
        });
        (room, next) = page.await?;
        room.drain(..).for_each(&mut take);
    }
    Ok(())
}

async fn keys(db: &Db, table: Table, base: Release, added: &Added) -> Result<KeySet, Error> {
    let mut all = KeySet::default();
    let hash = |row: InForce<'_>| key_hash(row.key);
    each_in_force(db, table, base, hash, |hash| {
        all.insert(hash);
    })
    .await?;
    added.of(table).for_each(|keys| all.extend(keys));
    Ok(all)
}

async fn dwellings(db: &Db, base: Release) -> Result<DwellingCounts, Error> {
    let mut all = DwellingCounts::default();
    let building = |row: InForce<'_>| key_hash(first_part(row.key));
    each_in_force(db, Table::Dwelling, base, building, |hash| all.push(hash)).await?;
    all.sort();
    Ok(all)
}

/// The rows of `table` in force at `base`, about `rows` of them, to compare a file of the kind
/// `origin` with.
pub async fn index(
    db: &Db,
    table: Table,
    base: Release,
    origin: Kind,
    rows: usize,
) -> Result<Index, Error> {
    let mut entries = Vec::with_capacity(rows);
    let entry = move |row: InForce<'_>| Entry::new(&row, origin);
    each_in_force(db, table, base, entry, |entry| entries.push(entry)).await?;
    Ok(Index::new(entries))
}

/// The platform's own state of fibres.
#[derive(Default)]
pub struct LiveFibres(HashMap<u64, (FibreState, bool), QuickBuild>);

impl LiveFibres {
    /// The state of a fibre, and whether it is dedicated.
    #[must_use]
    pub fn get(&self, fibre_id: &str) -> Option<(FibreState, bool)> {
        self.0.get(&key_hash(fibre_id)).copied()
    }
}

async fn live_fibres(db: &Db, scope: SystemScope) -> Result<LiveFibres, Error> {
    let mut all = LiveFibres::default();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = db
            .read(move |tx| list_live_fibres(tx, &scope, &from))
            .await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after.clone_from(&last.fibre_id);
        let states = page
            .iter()
            .map(|live| (key_hash(&live.fibre_id), (live.state, live.dedicated)));
        all.0.extend(states);
    }
}

/// The platform's own state of lines.
#[derive(Default)]
pub struct LiveLines {
    lines: HashMap<u64, (LineState, Option<u32>), QuickBuild>,
    codes: Vec<String>,
}

impl LiveLines {
    /// The state of a PTO's line, with its holder's code when it came from the referential.
    #[must_use]
    pub fn get(&self, pto_ref: &str) -> Option<(LineState, Option<&str>)> {
        let (state, code) = self.lines.get(&key_hash(pto_ref)).copied()?;
        let code = code.and_then(|at| self.codes.get(at as usize));
        Some((state, code.map(String::as_str)))
    }

    fn code(&mut self, code: String) -> Option<u32> {
        let known = self.codes.iter().position(|one| *one == code);
        let at = known.unwrap_or_else(|| {
            self.codes.push(code);
            self.codes.len() - 1
        });
        u32::try_from(at).ok()
    }
}

async fn live_lines(db: &Db, scope: SystemScope) -> Result<LiveLines, Error> {
    let mut all = LiveLines::default();
    let mut after = String::new();
    loop {
        let from = after.clone();
        let page = db
            .read(move |tx| list_live_lines(tx, &scope, &from))
            .await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after.clone_from(&last.pto_ref);
        for live in page {
            let code = match live.holder {
                None => all.code(live.holder_code),
                Some(_) => None,
            };
            all.lines
                .insert(key_hash(&live.pto_ref), (live.state, code));
        }
    }
}
