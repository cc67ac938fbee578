//! A base in memory: any file in the 23 columns of the national base, or an invented one.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::io::Read;

use crate::base;
use crate::fit::Words;
use crate::text::fold;

/// An address in its street.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    pub number: u32,
    suffix: u16,
    key_len: u16,
    key_at: u32,
}

/// A street, or a hamlet, in its place.
#[derive(Debug)]
pub(crate) struct Way {
    /// In [`Base::names`].
    pub name: u32,
    /// In [`Base::places`].
    pub place: u32,
    pub doors: Vec<Door>,
}

/// Where streets are: what a commune, its delivery office and its postcode are called there.
#[derive(Debug)]
pub(crate) struct Place {
    pub commune: String,
    pub postcode: String,
    pub delivery: String,
    pub old_commune: String,
    pub commune_words: Words,
    /// Other names by which people know it.
    pub others: Vec<Words>,
    /// In [`Base::ways`].
    pub ways: Vec<u32>,
    /// Hamlets told besides the streets, folded: people say them instead.
    pub hamlets: BTreeSet<String>,
}

/// The name of a street, once for all that bear it.
#[derive(Debug)]
pub(crate) struct Name {
    pub text: String,
    pub words: Words,
    /// In [`Base::ways`].
    pub ways: Vec<u32>,
}

/// Addresses by street and by place.
#[derive(Debug, Default)]
pub struct Base {
    pub(crate) names: Vec<Name>,
    pub(crate) places: Vec<Place>,
    pub(crate) ways: Vec<Way>,
    suffixes: Vec<String>,
    keys: String,
    doors: usize,
}

/// Why a file is no base.
#[derive(Debug)]
pub enum ReadError {
    /// It cannot be read as `;` separated text.
    Csv(csv::Error),
    /// The column is missing.
    Column(&'static str),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Csv(error) => error.fmt(f),
            Self::Column(column) => write!(f, "no column {column}"),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<csv::Error> for ReadError {
    fn from(error: csv::Error) -> Self {
        Self::Csv(error)
    }
}

/// What of a row is looked at.
struct Fields<'a> {
    key: &'a str,
    number: u32,
    suffix: &'a str,
    street: &'a str,
    postcode: &'a str,
    insee: &'a str,
    commune: &'a str,
    old_commune: &'a str,
    delivery: &'a str,
    hamlet: &'a str,
}

const COLUMNS: [&str; 10] = [
    "id",
    "numero",
    "rep",
    "nom_voie",
    "code_postal",
    "code_insee",
    "nom_commune",
    "nom_ancienne_commune",
    "libelle_acheminement",
    "nom_ld",
];

impl Base {
    /// The invented base of that size and seed.
    #[must_use]
    pub fn invented(addresses: usize, seed: u64) -> Self {
        let mut filling = Filling::default();
        let done = base::rows(addresses, seed, |row| {
            filling.add(&Fields {
                key: &row.id,
                number: row.number,
                suffix: &row.suffix,
                street: &row.street,
                postcode: &row.postcode,
                insee: &row.insee,
                commune: &row.commune,
                old_commune: &row.old_commune,
                delivery: &row.delivery,
                hamlet: &row.hamlet,
            });
            Ok::<_, Infallible>(())
        });
        match done {
            Ok(()) => filling.done(),
            Err(never) => match never {},
        }
    }

    /// From a file of the national base. Rows without number, street or commune are left out.
    pub fn read(input: impl Read) -> Result<Self, ReadError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .flexible(true)
            .from_reader(input);
        let headers = reader.headers()?.clone();
        let mut at = [0; COLUMNS.len()];
        for (place, column) in at.iter_mut().zip(COLUMNS) {
            let mut headers = headers.iter();
            let found = headers.position(|header| header.trim_start_matches('\u{feff}') == column);
            *place = found.ok_or(ReadError::Column(column))?;
        }
        let mut filling = Filling::default();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record)? {
            let field = |column: usize| record.get(at[column]).unwrap_or_default().trim();
            let Ok(number) = field(1).parse() else {
                continue;
            };
            if field(0).is_empty() || field(3).is_empty() || field(6).is_empty() {
                continue;
            }
            filling.add(&Fields {
                key: field(0),
                number,
                suffix: field(2),
                street: field(3),
                postcode: field(4),
                insee: field(5),
                commune: field(6),
                old_commune: field(7),
                delivery: field(8),
                hamlet: field(9),
            });
        }
        Ok(filling.done())
    }

    /// How many addresses there are.
    #[must_use]
    pub fn addresses(&self) -> usize {
        self.doors
    }

    /// How many streets there are, in their places.
    #[must_use]
    pub fn streets(&self) -> usize {
        self.ways.len()
    }

    pub(crate) fn key(&self, door: Door) -> &str {
        let at = door.key_at as usize;
        &self.keys[at..at + usize::from(door.key_len)]
    }

    /// What follows the number, folded.
    pub(crate) fn suffix(&self, door: Door) -> &str {
        &self.suffixes[usize::from(door.suffix)]
    }

    /// The way's name as it is written.
    pub(crate) fn name(&self, way: &Way) -> &Name {
        &self.names[way.name as usize]
    }

    pub(crate) fn place(&self, way: &Way) -> &Place {
        &self.places[way.place as usize]
    }
}

#[derive(Default)]
struct Filling {
    base: Base,
    names: HashMap<String, u32>,
    places: HashMap<String, u32>,
    ways: HashMap<(u32, u32), u32>,
    suffixes: HashMap<String, u16>,
}

impl Filling {
    fn add(&mut self, row: &Fields<'_>) {
        let name = self.name(row.street);
        let place = self.place(row);
        let base = &mut self.base;
        let way = *self.ways.entry((place, name)).or_insert_with(|| {
            let id = base.ways.len() as u32;
            base.names[name as usize].ways.push(id);
            base.places[place as usize].ways.push(id);
            base.ways.push(Way {
                name,
                place,
                doors: Vec::new(),
            });
            id
        });
        let suffix = fold(row.suffix);
        let next = base.suffixes.len() as u16;
        let suffix = match self.suffixes.get(&suffix) {
            Some(&known) => known,
            None => {
                base.suffixes.push(suffix.clone());
                self.suffixes.insert(suffix, next);
                next
            }
        };
        let key_at = base.keys.len() as u32;
        base.keys.push_str(row.key);
        base.ways[way as usize].doors.push(Door {
            number: row.number,
            suffix,
            key_len: row.key.len() as u16,
            key_at,
        });
        base.doors += 1;
        if !row.hamlet.is_empty() {
            base.places[place as usize].hamlets.insert(fold(row.hamlet));
        }
    }

    fn name(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.names.get(text) {
            return known;
        }
        let id = self.base.names.len() as u32;
        self.base.names.push(Name {
            text: text.to_owned(),
            words: Words::of_way(text),
            ways: Vec::new(),
        });
        self.names.insert(text.to_owned(), id);
        id
    }

    fn place(&mut self, row: &Fields<'_>) -> u32 {
        let key = [
            row.insee,
            row.commune,
            row.postcode,
            row.old_commune,
            row.delivery,
        ]
        .join(";");
        if let Some(&known) = self.places.get(&key) {
            return known;
        }
        let id = self.base.places.len() as u32;
        let mut others = vec![row.delivery.to_owned(), row.old_commune.to_owned()];
        if let Some(short) = row.commune.strip_suffix(" Arrondissement") {
            others.push(short.trim_end_matches(['e', 'r']).to_owned());
            others.push(short.to_owned());
        }
        others.retain(|other| !other.is_empty() && fold(other) != fold(row.commune));
        self.base.places.push(Place {
            commune: row.commune.to_owned(),
            postcode: row.postcode.to_owned(),
            delivery: row.delivery.to_owned(),
            old_commune: row.old_commune.to_owned(),
            commune_words: Words::of_place(row.commune),
            others: others.iter().map(|other| Words::of_place(other)).collect(),
            ways: Vec::new(),
            hamlets: BTreeSet::new(),
        });
        self.places.insert(key, id);
        id
    }

    fn done(self) -> Base {
        self.base
    }
}
