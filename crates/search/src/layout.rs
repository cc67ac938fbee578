//! From what was gathered to the tables: streets of several sources become one, addresses that are
//! the same become one, everything is put in order and laid out.

use std::collections::HashMap;

use crate::build::{Builder, Key, Map, NOWHERE, Row, TOWN_OLD, TOWN_TODAY, Texts, plain_key};
use crate::near;
use crate::sound::Sound;
use crate::tables::{
    ADDRESS_HEXACLE, ADDRESS_KEY, ADDRESS_LETTER, ADDRESS_PLAIN_KEY, NONE, PART, SOUND,
    STREET_ALIAS, STREET_MEMBERS, SUFFIX_BITS, Tables, WEIGHT_MAX, WHOLE, WORD_LITTLE, WORD_TYPE,
    hash, tag,
};
use crate::{lexicon, names};

/// What parts the addresses of a gathered street: its place in the index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Part {
    commune: u32,
    name: u32,
    group: u32,
    postcode: u32,
    old: u32,
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(NONE)
}

pub(crate) fn lay_out(mut b: Builder) -> Tables {
    let mut rows = std::mem::take(&mut b.rows);
    join_streets(&mut b, &rows);
    for row in &mut rows {
        row.group = b.root(row.group);
    }
    let rows = merge(&b, rows);
    let mut t = Tables::default();
    let order = Order::of(&b);
    lay_words(&mut t, &b, &order);
    lay_towns(&mut t, &b, &order);
    let mut texts = std::mem::take(&mut b.texts);
    lay_streets(&mut t, &b, &order, rows, &mut texts);
    lay_names(&mut t, &b, &order);
    lay_postings(&mut t);
    t.suffix_text = b
        .suffixes
        .iter()
        .map(|suffix| texts.keep_even_empty(suffix))
        .collect();
    t.text = texts.bytes;
    t
}

impl Texts {
    /// As [`Texts::keep`], with a place for the empty text.
    fn keep_even_empty(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            self.bytes.push(0);
            return to_u32(self.bytes.len() - 1);
        }
        self.keep(text)
    }
}

/// Gathered streets of one commune and one name, of which one has a code of the tax office and the
/// other has none or one of the base's own, are the same unless old communes or postcodes differ.
fn join_streets(b: &mut Builder, rows: &[Row]) {
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
    let mut by_name: Map<(u32, u32), Vec<u32>> = Map::default();
    for group in 0..to_u32(b.groups.len()) {
        let root = b.root(group);
        let found = &b.groups[group as usize];
        let list = by_name.entry((found.commune, found.name)).or_default();
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
            code == NONE || b.texts_at(code).len() != 4
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
        if into.rivoli == NONE || b_is_long(&b.texts.bytes, into.rivoli) {
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

fn b_is_long(texts: &[u8], code: u32) -> bool {
    texts[code as usize] > 4
}

impl Builder {
    fn texts_at(&self, at: u32) -> &[u8] {
        let at = at as usize;
        let length = usize::from(self.texts.bytes[at]);
        &self.texts.bytes[at + 1..at + 1 + length]
    }
}

/// The rows of each street, with those of the same address made one.
fn merge(b: &Builder, mut rows: Vec<Row>) -> Vec<Row> {
    let keyed = |row: &Row| row.key == Key::None;
    rows.sort_by_key(|row| (row.group, row.number, row.suffix, keyed(row)));
    letters_become_words(b, &mut rows);
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
fn letters_become_words(b: &Builder, rows: &mut [Row]) {
    let find = |suffix: &str| b.suffixes.iter().position(|one| one == suffix).map(to_u32);
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

/// New numbers of words and communes, in the order of the tables.
struct Order {
    words: Vec<Vec<u8>>,
    new_word: Vec<u32>,
    communes: Vec<u32>,
    new_commune: Vec<u32>,
    towns: Vec<u32>,
    new_town: Vec<u32>,
}

impl Order {
    fn of(b: &Builder) -> Self {
        let mut words: Vec<(&Vec<u8>, u32)> =
            b.words.iter().map(|(word, id)| (word, *id)).collect();
        words.sort_unstable();
        let mut new_word = vec![0; words.len()];
        for (at, (_, id)) in words.iter().enumerate() {
            new_word[*id as usize] = to_u32(at);
        }
        let words = words.into_iter().map(|(word, _)| word.clone()).collect();
        let mut communes: Vec<u32> = (0..to_u32(b.communes.len())).collect();
        communes.sort_by_key(|commune| &b.communes[*commune as usize].insee);
        let mut new_commune = vec![0; communes.len()];
        let mut towns = Vec::with_capacity(b.towns.len());
        for (at, commune) in communes.iter().enumerate() {
            new_commune[*commune as usize] = to_u32(at);
            let mut own = b.communes[*commune as usize].towns.clone();
            own.sort_by_key(|town| b.towns[*town as usize].kind);
            towns.extend(own);
        }
        let mut new_town = vec![0; b.towns.len()];
        for (at, town) in towns.iter().enumerate() {
            new_town[*town as usize] = to_u32(at);
        }
        Self {
            words,
            new_word,
            communes,
            new_commune,
            towns,
            new_town,
        }
    }
}

fn lay_words(t: &mut Tables, b: &Builder, order: &Order) {
    t.word_at.push(0);
    for word in &order.words {
        t.word_text.extend_from_slice(word);
        t.word_at.push(to_u32(t.word_text.len()));
        let little = if lexicon::is_little(word) {
            WORD_LITTLE
        } else {
            0
        };
        let full = if lexicon::is_full_type(word) {
            WORD_TYPE
        } else {
            0
        };
        t.word_flags.push(little | full);
    }
    let slots = (order.words.len() * 2 + 2).next_power_of_two();
    t.word_slots = vec![0; slots];
    for (word, text) in order.words.iter().enumerate() {
        let mut at = hash(text, WHOLE) as usize & (slots - 1);
        while t.word_slots[at] != 0 {
            at = (at + 1) & (slots - 1);
        }
        t.word_slots[at] = to_u32(word + 1);
    }
    debug_assert_eq!(b.words.len(), order.words.len());
    lay_remainders(t, &order.words);
}

fn lay_remainders(t: &mut Tables, words: &[Vec<u8>]) {
    let mut found: Vec<(u64, u32)> = Vec::new();
    for (id, word) in words.iter().enumerate() {
        let id = to_u32(id);
        if word.len() < near::LETTERS_MIN || word[0].is_ascii_digit() {
            continue;
        }
        near::once(word, |rest| found.push((hash(rest, PART), id)));
        if word.len() >= near::TWICE_FROM {
            near::twice(word, |rest| found.push((hash(rest, PART), id)));
        }
        let sound = Sound::of(word);
        if sound.as_bytes().len() >= 4 {
            near::once(sound.as_bytes(), |rest| found.push((hash(rest, SOUND), id)));
        } else {
            found.push((hash(sound.as_bytes(), SOUND), id));
        }
    }
    let buckets = (found.len() / 2).next_power_of_two().max(1);
    let mask = buckets as u64 - 1;
    found.sort_unstable_by_key(|(hash, id)| (hash & mask, *id, *hash));
    found.dedup();
    t.fuzzy_at = vec![0; buckets + 1];
    for (hash, id) in found {
        t.fuzzy_at[(hash & mask) as usize + 1] += 1;
        t.fuzzy.push(id | tag(hash) << 24);
    }
    sum_up(&mut t.fuzzy_at);
}

/// From counts, one after the other, to where each begins.
fn sum_up(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}

fn lay_towns(t: &mut Tables, b: &Builder, order: &Order) {
    t.town_words_at.push(0);
    for town in &order.towns {
        let town = &b.towns[*town as usize];
        t.town_text.push(town.text);
        t.town_commune
            .push(order.new_commune[town.commune as usize]);
        t.town_kind.push(town.kind);
        t.town_words
            .extend(town.words.iter().map(|word| order.new_word[*word as usize]));
        t.town_words_at.push(to_u32(t.town_words.len()));
    }
}

fn lay_names(t: &mut Tables, b: &Builder, order: &Order) {
    t.name_words_at.push(0);
    for name in &b.names {
        t.name_text.push(name.text);
        let mut letters = 0;
        for word in &name.words {
            let word = order.new_word[*word as usize];
            t.name_words.push(word);
            letters |= crate::letters(&order.words[word as usize]);
        }
        t.name_letters.push(letters);
        t.name_words_at.push(to_u32(t.name_words.len()));
    }
}

fn lay_streets(t: &mut Tables, b: &Builder, order: &Order, rows: Vec<Row>, texts: &mut Texts) {
    let part = |row: &Row| {
        let group = &b.groups[row.group as usize];
        Part {
            commune: order.new_commune[group.commune as usize],
            name: group.name,
            group: row.group,
            postcode: row.postcode,
            old: row.old,
        }
    };
    let mut rows: Vec<(Part, Row)> = rows.into_iter().map(|row| (part(&row), row)).collect();
    rows.sort_by(|(p, r), (q, s)| (p, r.number, r.suffix).cmp(&(q, s.number, s.suffix)));
    let mut places: HashMap<Part, Vec<u32>> = HashMap::new();
    for (at, (part, row)) in rows.iter().enumerate() {
        if row.place != NONE {
            let place = Part {
                name: row.place,
                group: NONE,
                ..*part
            };
            places.entry(place).or_default().push(to_u32(at));
        }
    }
    let mut streets: Vec<(Part, usize, usize)> = Vec::new();
    let mut at = 0;
    while at < rows.len() {
        let part = rows[at].0;
        let end = at + rows[at..].iter().take_while(|(p, _)| *p == part).count();
        streets.push((part, at, end));
        at = end;
    }
    streets.extend(places.keys().map(|place| (*place, 0, 0)));
    streets.sort_unstable_by_key(|(part, from, _)| (*part, *from));
    t.street_addresses_at.push(0);
    t.street_hexacles_at.push(0);
    t.street_members_at.push(0);
    // Where a row went, since streets of members come between.
    let mut moved = vec![0; rows.len()];
    for (part, from, to) in &streets {
        lay_street(t, b, order, part);
        let street = t.street_name.len() - 1;
        let bounds = Bounds::of(rows[*from..*to].iter().map(|(_, row)| row));
        t.street_lon.push(bounds.lon);
        t.street_lat.push(bounds.lat);
        t.street_shift.push(bounds.shift);
        for at in *from..*to {
            moved[at] = to_u32(t.address_number.len());
            lay_address(t, b, &rows[at].1, &bounds, street, texts);
        }
        t.street_addresses_at.push(to_u32(t.address_number.len()));
        t.street_hexacles_at.push(to_u32(t.hexacle.len()));
        t.street_members_at.push(0);
    }
    for (street, (part, from, to)) in streets.iter().enumerate() {
        if from == to {
            let members = &places[part];
            t.street_members
                .extend(members.iter().map(|row| moved[*row as usize]));
            // A place gathers several streets: its members go by number again.
            let begin = t.street_members_at[street] as usize;
            t.street_members[begin..].sort_by_key(|at| (t.address_number[*at as usize], *at));
            t.street_flags[street] |= STREET_MEMBERS;
        }
        t.street_members_at[street + 1] = to_u32(t.street_members.len());
    }
    lay_communes(t, b, order, texts);
}

fn lay_street(t: &mut Tables, b: &Builder, order: &Order, part: &Part) {
    let street = to_u32(t.street_name.len());
    t.street_name.push(part.name);
    t.street_commune.push(part.commune);
    t.street_postcode.push(part.postcode);
    let old = if part.old == NONE {
        NONE
    } else {
        order.new_town[part.old as usize]
    };
    t.street_old.push(old);
    let group = (part.group != NONE).then(|| &b.groups[part.group as usize]);
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

    fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Self {
        let known = rows.filter(|row| row.lon != NOWHERE);
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

fn lay_address(
    t: &mut Tables,
    b: &Builder,
    row: &Row,
    bounds: &Bounds,
    street: usize,
    texts: &mut Texts,
) {
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
        Key::Plain(code) if code == t.street_ban[street] => {
            flags |= ADDRESS_KEY | ADDRESS_PLAIN_KEY
        }
        Key::Plain(code) => {
            flags |= ADDRESS_KEY;
            let insee = &b.communes[b.groups[row.group as usize].commune as usize].insee;
            let at = code as usize;
            let code = &texts.bytes[at + 1..at + 1 + usize::from(texts.bytes[at])];
            let code = String::from_utf8_lossy(code).into_owned();
            let suffix = &b.suffixes[row.suffix as usize];
            t.odd_address.push(address);
            t.odd_text
                .push(texts.keep(&plain_key(insee, &code, row.number, suffix)));
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

fn lay_communes(t: &mut Tables, b: &Builder, order: &Order, texts: &mut Texts) {
    t.commune_towns_at.push(0);
    t.commune_streets_at.push(0);
    t.commune_postcodes_at.push(0);
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let (mut street, mut town) = (0, 0);
    for commune in 0..order.communes.len() {
        let begin = street;
        while t
            .street_commune
            .get(street)
            .is_some_and(|c| *c as usize == commune)
        {
            street += 1;
        }
        while t
            .town_commune
            .get(town)
            .is_some_and(|c| *c as usize == commune)
        {
            town += 1;
        }
        let mut own: Vec<u32> = t.street_postcode[begin..street].to_vec();
        own.sort_unstable();
        own.dedup();
        own.retain(|postcode| *postcode != 0);
        pairs.extend(own.iter().map(|postcode| (*postcode, to_u32(commune))));
        t.commune_postcodes.extend(own);
        t.commune_postcodes_at
            .push(to_u32(t.commune_postcodes.len()));
        t.commune_streets_at.push(to_u32(street));
        t.commune_towns_at.push(to_u32(town));
        let insee = &b.communes[order.communes[commune] as usize].insee;
        t.commune_insee.push(texts.keep(insee));
        t.commune_part.push(names::part_of(insee));
    }
    pairs.sort_unstable();
    for (postcode, commune) in pairs {
        if t.postcode.last() != Some(&postcode) {
            t.postcode.push(postcode);
            t.postcode_communes_at
                .push(to_u32(t.postcode_communes.len()));
        }
        t.postcode_communes.push(commune);
    }
    t.postcode_communes_at
        .push(to_u32(t.postcode_communes.len()));
}

/// Words lead to names, streets and towns; names lead to streets.
fn lay_postings(t: &mut Tables) {
    let words = t.word_flags.len();
    let names = t.name_text.len();
    let mut of_names = Vec::new();
    for (street, name) in t.street_name.iter().enumerate() {
        of_names.push((*name, to_u32(street)));
    }
    of_names.extend(
        t.alias_name
            .iter()
            .copied()
            .zip(t.alias_street.iter().copied()),
    );
    (t.name_streets_at, t.name_streets) = gathered(of_names, names);
    t.name_lasts = t
        .name_streets
        .iter()
        .map(|street| last_number(t, *street))
        .collect();
    let mut of_words = Vec::new();
    for name in 0..to_u32(names) {
        telling(t, name, |word| of_words.push((word, name)));
    }
    (t.word_names_at, t.word_names) = gathered(of_words, words);
    let mut of_words = Vec::new();
    for name in 0..to_u32(names) {
        let streets = t.name_streets(name);
        telling(t, name, |word| {
            of_words.extend(streets.iter().map(|street| (word, *street)))
        });
    }
    (t.word_streets_at, t.word_streets) = gathered(of_words, words);
    let mut of_words = Vec::new();
    for town in 0..to_u32(t.town_text.len()) {
        let words = t.town_words(town);
        let plain = |word: &&u32| t.word_flags[**word as usize] & WORD_LITTLE == 0;
        let only_little = !words.iter().any(|word| plain(&word));
        let told = words.iter().filter(|word| only_little || plain(word));
        of_words.extend(told.map(|word| (*word, town)));
    }
    (t.word_towns_at, t.word_towns) = gathered(of_words, words);
    let streets = t.street_name.len().max(1) as f64;
    for word in 0..words {
        let count = t.word_streets_at[word + 1] - t.word_streets_at[word];
        let count = f64::from(count.max(1));
        let weight = (7.0 * (streets / count).log2()).clamp(10.0, f64::from(WEIGHT_MAX));
        t.word_weight.push(weight as u8);
    }
}

/// The highest number of a street.
fn last_number(t: &Tables, street: u32) -> u32 {
    let end = t.street_addresses_at[street as usize + 1];
    let own = t.street_addresses_at[street as usize] < end;
    let address = if own {
        Some(end - 1)
    } else {
        t.members(street).last().copied()
    };
    address.map_or(0, |address| {
        t.address_number[address as usize] >> SUFFIX_BITS
    })
}

/// The words by which a name is found: neither little words nor its type, unless it has no other.
fn telling(t: &Tables, name: u32, mut f: impl FnMut(u32)) {
    let words = t.name_words(name);
    let flags = |word: u32| t.word_flags[word as usize];
    let type_at = words
        .iter()
        .position(|word| flags(*word) & WORD_LITTLE == 0);
    let type_at = type_at.filter(|at| flags(words[*at]) & WORD_TYPE != 0);
    let plain = |at: usize, word: u32| flags(word) & WORD_LITTLE == 0 && Some(at) != type_at;
    let any = words.iter().enumerate().any(|(at, word)| plain(at, *word));
    for (at, word) in words.iter().enumerate() {
        let seen = words[..at].contains(word);
        if !seen && (plain(at, *word) || (!any && (Some(at) == type_at || type_at.is_none()))) {
            f(*word);
        }
    }
}

/// Items by owner.
fn gathered(mut pairs: Vec<(u32, u32)>, owners: usize) -> (Vec<u32>, Vec<u32>) {
    pairs.sort_unstable();
    pairs.dedup();
    let mut at = vec![0; owners + 1];
    for (owner, _) in &pairs {
        at[*owner as usize + 1] += 1;
    }
    sum_up(&mut at);
    (at, pairs.into_iter().map(|(_, item)| item).collect())
}

const _: () = assert!(TOWN_TODAY < TOWN_OLD);
