//! A commune as it was gathered: streets of several sources become one, addresses that are the same
//! become one, and all is put in order and laid out.

use std::collections::HashMap;

use crate::build::{Builder, Gathered, Key, Map, NOWHERE, Row, Texts, plain_key};
use crate::layout::to_u32;
use crate::names;
use crate::tables::{
    ADDRESS_HEXACLE, ADDRESS_KEY, ADDRESS_LETTER, ADDRESS_PLAIN_KEY, NONE, STREET_ALIAS,
    STREET_MEMBERS, SUFFIX_BITS, Tables,
};

/// What parts the addresses of a gathered street: its place in the index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    name: u32,
    group: u32,
    postcode: u32,
    old: u32,
}

/// Lays out what was gathered, and leaves nothing of it; one without addresses leaves no trace.
pub(crate) fn lay(b: &mut Builder) {
    let mut commune = std::mem::take(&mut b.commune);
    if commune.rows.is_empty() {
        return;
    }
    let mut rows = std::mem::take(&mut commune.rows);
    join_streets(&mut commune, &rows, &b.texts);
    for row in &mut rows {
        row.group = commune.root(row.group);
    }
    let rows = merge(&b.suffixes, rows);
    let towns = lay_towns(&mut b.t, &commune);
    lay_streets(b, &commune, &towns, rows);
    lay_commune(b, &commune);
}

/// Gathered streets of one name, of which one has a code of the tax office and the
/// other has none or one of the base's own, are the same unless old communes or postcodes differ.
fn join_streets(b: &mut Gathered, rows: &[Row], texts: &Texts) {
    let mut where_seen: Map<u32, (u32, u32)> = Map::default();
    for row in rows {
        let group = b.root(row.group);
        let (postcode, old) = where_seen.entry(group).or_insert((row.postcode, row.old));
        // Several at once: told apart from any single one.
        if *postcode != row.postcode && row.postcode != 0 {
            *postcode = if *postcode == 0 { row.postcode } else { NONE };
        }
        if *old != row.old && row.old != NONE {
            *old = if *old == NONE { row.old } else { NONE - 1 };
        }
    }
    let mut by_name: Map<u32, Vec<u32>> = Map::default();
    for group in 0..to_u32(b.groups.len()) {
        let root = b.root(group);
        let name = b.groups[group as usize].name;
        let list = by_name.entry(name).or_default();
        if !list.contains(&root) {
            list.push(root);
        }
    }
    for list in by_name.values().filter(|list| list.len() == 2) {
        let (one, other) = (list[0].min(list[1]), list[0].max(list[1]));
        let own = |group: u32| {
            let code = b.groups[group as usize].ban;
            let code = if code == NONE {
                b.groups[group as usize].rivoli
            } else {
                code
            };
            code == NONE || texts.at(code).len() != 4
        };
        let (Some(here), Some(there)) = (where_seen.get(&one), where_seen.get(&other)) else {
            continue;
        };
        let postcodes = here.0 == there.0 || here.0 == 0 || there.0 == 0;
        let olds = here.1 == there.1 || here.1 == NONE || there.1 == NONE;
        if own(one) != own(other) && postcodes && olds {
            b.groups[other as usize].same = one;
        }
    }
    for group in 0..to_u32(b.groups.len()) {
        let root = b.root(group);
        if root == group {
            continue;
        }
        let from = &mut b.groups[group as usize];
        let (ban, rivoli, name, rank) = (from.ban, from.rivoli, from.name, from.rank);
        let aliases = std::mem::take(&mut from.aliases);
        let into = &mut b.groups[root as usize];
        if into.ban == NONE {
            into.ban = ban;
        }
        if into.rivoli == NONE || texts.at(into.rivoli).len() > 4 {
            into.rivoli = if rivoli == NONE { into.rivoli } else { rivoli };
        }
        let mut others = aliases;
        if rank > into.rank {
            others.push(std::mem::replace(&mut into.name, name));
            into.rank = rank;
        } else {
            others.push(name);
        }
        for other in others {
            if other != into.name && !into.aliases.contains(&other) {
                into.aliases.push(other);
            }
        }
    }
}

/// The rows of each street, with those of the same address made one.
fn merge(suffixes: &[String], mut rows: Vec<Row>) -> Vec<Row> {
    let keyed = |row: &Row| row.key == Key::None;
    rows.sort_by_key(|row| (row.group, row.number, row.suffix, keyed(row)));
    letters_become_words(suffixes, &mut rows);
    rows.sort_by_key(|row| (row.group, row.number, row.suffix, keyed(row)));
    // What a street has once it has everywhere: buildings know no old commune.
    let mut out: Vec<Row> = Vec::with_capacity(rows.len());
    let mut at = 0;
    while at < rows.len() {
        let group = rows[at].group;
        let end = at
            + rows[at..]
                .iter()
                .take_while(|row| row.group == group)
                .count();
        complete(&mut rows[at..end]);
        for row in &rows[at..end] {
            let same = out.iter_mut().rev().take_while(|kept| {
                (kept.group, kept.number, kept.suffix) == (row.group, row.number, row.suffix)
            });
            let twin = same.into_iter().find(|kept| is_same(kept, row));
            match twin {
                Some(kept) => absorb(kept, row),
                None => out.push(row.clone()),
            }
        }
        at = end;
    }
    out
}

/// Buildings write `B` where the national base writes `bis`: theirs follow it, unless the base has
/// a `b` there too.
fn letters_become_words(suffixes: &[String], rows: &mut [Row]) {
    let find = |suffix: &str| suffixes.iter().position(|one| one == suffix).map(to_u32);
    for (letter, word) in [("b", "bis"), ("t", "ter"), ("q", "quater")] {
        let (Some(letter), Some(word)) = (find(letter), find(word)) else {
            continue;
        };
        let place = |row: &Row| (row.group, row.number);
        let mut at = 0;
        while at < rows.len() {
            let here = place(&rows[at]);
            let end = at
                + rows[at..]
                    .iter()
                    .take_while(|row| place(row) == here)
                    .count();
            let run = &mut rows[at..end];
            let has = |suffix| {
                run.iter()
                    .any(|row| row.suffix == suffix && row.key != Key::None)
            };
            if has(word) && !has(letter) {
                for row in run.iter_mut().filter(|row| row.suffix == letter) {
                    row.suffix = word;
                    row.letter = true;
                }
            }
            at = end;
        }
    }
}

/// Gives the rows of one street that lack a postcode or an old commune the only one there is.
fn complete(rows: &mut [Row]) {
    let mut postcodes: Vec<u32> = rows
        .iter()
        .map(|row| row.postcode)
        .filter(|p| *p != 0)
        .collect();
    postcodes.sort_unstable();
    postcodes.dedup();
    if let [only] = postcodes[..] {
        rows.iter_mut().for_each(|row| row.postcode = only);
    }
    let known = |row: &Row| row.key != Key::None;
    for postcode in postcodes {
        let mut olds: Vec<u32> = rows
            .iter()
            .filter(|r| known(r) && r.postcode == postcode)
            .map(|r| r.old)
            .collect();
        olds.sort_unstable();
        olds.dedup();
        if let [only] = olds[..] {
            let same = rows
                .iter_mut()
                .filter(|row| row.postcode == postcode && row.old == NONE);
            same.for_each(|row| row.old = only);
        }
    }
}

fn is_same(kept: &Row, row: &Row) -> bool {
    let one_key = kept.key == row.key || kept.key == Key::None || row.key == Key::None;
    let one_postcode = kept.postcode == row.postcode || kept.postcode == 0 || row.postcode == 0;
    let one_old = kept.old == row.old || row.old == NONE;
    one_key && one_postcode && one_old
}

fn absorb(kept: &mut Row, row: &Row) {
    if kept.key == Key::None {
        kept.key = row.key;
    }
    if kept.postcode == 0 {
        kept.postcode = row.postcode;
    }
    if kept.place == NONE {
        kept.place = row.place;
    }
    if kept.lon == NOWHERE {
        (kept.lon, kept.lat) = (row.lon, row.lat);
    }
    if kept.hexacle == NONE {
        kept.hexacle = row.hexacle;
    }
    kept.buildings = kept.buildings.saturating_add(row.buildings);
    kept.letter |= row.letter;
}

/// Lays out the names of the commune; what the number of each became.
fn lay_towns(t: &mut Tables, commune: &Gathered) -> Vec<u32> {
    let mut order: Vec<usize> = (0..commune.towns.len()).collect();
    order.sort_by_key(|town| commune.towns[*town].kind);
    let mut placed = vec![NONE; order.len()];
    for at in order {
        let town = &commune.towns[at];
        placed[at] = to_u32(t.town_text.len());
        t.town_text.push(town.text);
        t.town_commune.push(to_u32(t.commune_insee.len()));
        t.town_kind.push(town.kind);
        t.town_words.extend(&town.words);
        t.town_words_at.push(to_u32(t.town_words.len()));
    }
    placed
}

fn lay_streets(b: &mut Builder, commune: &Gathered, towns: &[u32], mut rows: Vec<Row>) {
    let part = |row: &Row| Part {
        name: commune.groups[row.group as usize].name,
        group: row.group,
        postcode: row.postcode,
        old: row.old,
    };
    rows.sort_by_cached_key(|row| (part(row), row.number, row.suffix));
    let mut places: HashMap<Part, Vec<u32>> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        if row.place != NONE {
            let place = Part {
                name: row.place,
                group: NONE,
                ..part(row)
            };
            places.entry(place).or_default().push(to_u32(at));
        }
    }
    let mut streets: Vec<(Part, usize, usize)> = Vec::new();
    let mut at = 0;
    for run in rows.chunk_by(|one, next| part(one) == part(next)) {
        streets.push((part(&run[0]), at, at + run.len()));
        at += run.len();
    }
    streets.extend(places.keys().map(|place| (*place, 0, 0)));
    streets.sort_unstable_by_key(|(part, from, _)| (*part, *from));
    // Where a row went, since streets of members come between.
    let mut moved = vec![0; rows.len()];
    let first = b.t.street_name.len();
    for (part, from, to) in &streets {
        lay_street(&mut b.t, commune, towns, part);
        let bounds = Bounds::of(&rows[*from..*to]);
        b.t.street_lon.push(bounds.lon);
        b.t.street_lat.push(bounds.lat);
        b.t.street_shift.push(bounds.shift);
        for at in *from..*to {
            moved[at] = to_u32(b.t.address_number.len());
            lay_address(b, &commune.insee, &rows[at], &bounds);
        }
        let t = &mut b.t;
        t.street_addresses_at.push(to_u32(t.address_number.len()));
        t.street_hexacles_at.push(to_u32(t.hexacle.len()));
    }
    let t = &mut b.t;
    for (at, (part, from, to)) in streets.iter().enumerate() {
        if from == to {
            let begin = t.street_members.len();
            let members = &places[part];
            t.street_members
                .extend(members.iter().map(|row| moved[*row as usize]));
            // A place gathers several streets: its members go by number again.
            t.street_members[begin..].sort_by_key(|at| (t.address_number[*at as usize], *at));
            t.street_flags[first + at] |= STREET_MEMBERS;
        }
        t.street_members_at.push(to_u32(t.street_members.len()));
    }
}

fn lay_street(t: &mut Tables, commune: &Gathered, towns: &[u32], part: &Part) {
    let street = to_u32(t.street_name.len());
    t.street_name.push(part.name);
    t.street_commune.push(to_u32(t.commune_insee.len()));
    t.street_postcode.push(part.postcode);
    // `NONE` is no town either.
    let old = towns.get(part.old as usize).copied();
    t.street_old.push(old.unwrap_or(NONE));
    let group = commune.groups.get(part.group as usize);
    t.street_ban.push(group.map_or(NONE, |group| group.ban));
    t.street_rivoli
        .push(group.map_or(NONE, |group| group.rivoli));
    let aliases = group.map_or(&[][..], |group| &group.aliases[..]);
    t.street_flags
        .push(if aliases.is_empty() { 0 } else { STREET_ALIAS });
    for alias in aliases {
        t.alias_street.push(street);
        t.alias_name.push(*alias);
    }
}

/// Where the addresses of a street are, and the unit that tells them apart.
struct Bounds {
    lon: i32,
    lat: i32,
    shift: u8,
}

impl Bounds {
    /// A place that is not known is written so.
    const NOWHERE: u16 = u16::MAX;

    fn of(rows: &[Row]) -> Self {
        let known = rows.iter().filter(|row| row.lon != NOWHERE);
        let lon = known.clone().map(|row| row.lon).min().unwrap_or(0);
        let lat = known.clone().map(|row| row.lat).min().unwrap_or(0);
        let width = known
            .map(|row| (row.lon - lon).max(row.lat - lat))
            .max()
            .unwrap_or(0);
        let mut shift = 0;
        while width >> shift >= i32::from(Self::NOWHERE) {
            shift += 1;
        }
        Self { lon, lat, shift }
    }

    fn of_row(&self, row: &Row) -> (u16, u16) {
        if row.lon == NOWHERE {
            return (Self::NOWHERE, Self::NOWHERE);
        }
        let short = |n: i32| u16::try_from(n >> self.shift).unwrap_or(Self::NOWHERE - 1);
        (short(row.lon - self.lon), short(row.lat - self.lat))
    }
}

/// Lays out an address of the street that was laid out last.
fn lay_address(b: &mut Builder, insee: &str, row: &Row, bounds: &Bounds) {
    let t = &mut b.t;
    let address = to_u32(t.address_number.len());
    t.address_number
        .push(row.number << SUFFIX_BITS | row.suffix);
    let (lon, lat) = bounds.of_row(row);
    t.address_lon.push(lon);
    t.address_lat.push(lat);
    t.address_buildings
        .push(u8::try_from(row.buildings).unwrap_or(u8::MAX));
    let mut flags = if row.letter { ADDRESS_LETTER } else { 0 };
    if row.hexacle != NONE {
        flags |= ADDRESS_HEXACLE;
        t.hexacle.push(row.hexacle);
    }
    match row.key {
        Key::None => {}
        Key::Plain(code) if t.street_ban.last() == Some(&code) => {
            flags |= ADDRESS_KEY | ADDRESS_PLAIN_KEY
        }
        Key::Plain(code) => {
            flags |= ADDRESS_KEY;
            let code = String::from_utf8_lossy(b.texts.at(code)).into_owned();
            let suffix = &b.suffixes[row.suffix as usize];
            let key = plain_key(insee, &code, row.number, suffix);
            t.odd_address.push(address);
            t.odd_text.push(b.texts.keep(&key));
        }
        Key::Text(text) => {
            flags |= ADDRESS_KEY;
            t.odd_address.push(address);
            t.odd_text.push(text);
        }
        Key::Uuid(uuid) => {
            flags |= ADDRESS_KEY;
            t.uuid_address.push(address);
            t.uuid.extend_from_slice(&uuid.to_be_bytes());
        }
    }
    t.address_flags.push(flags);
}

/// Closes the commune whose names and streets were laid out last.
fn lay_commune(b: &mut Builder, commune: &Gathered) {
    let t = &mut b.t;
    let first = t.commune_streets_at.last().copied().unwrap_or(0);
    let mut own: Vec<u32> = t.street_postcode[first as usize..].to_vec();
    own.sort_unstable();
    own.dedup();
    own.retain(|postcode| *postcode != 0);
    t.commune_postcodes.extend(own);
    t.commune_postcodes_at
        .push(to_u32(t.commune_postcodes.len()));
    t.commune_streets_at.push(to_u32(t.street_name.len()));
    t.commune_towns_at.push(to_u32(t.town_text.len()));
    t.commune_insee.push(b.texts.keep(&commune.insee));
    t.commune_part.push(names::part_of(&commune.insee));
}
