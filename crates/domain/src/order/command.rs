//! `CMD_ACCES`: the fields of an order, in the trade's order and with the trade's names, the same
//! for every door. Nothing is decided here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One field of `CMD_ACCES`.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The trade's name.
    pub name: &'static str,
    /// Most characters it holds.
    pub max: usize,
    /// Whether it names or reaches an end customer: shown only to those who may.
    pub personal: bool,
}

const fn field(name: &'static str, max: usize) -> Field {
    Field {
        name,
        max,
        personal: false,
    }
}

const fn personal(name: &'static str, max: usize) -> Field {
    Field {
        name,
        max,
        personal: true,
    }
}

/// Every field, in the order of the file (domain §3.3).
pub const FIELDS: [Field; 37] = [
    field("ReferenceCommandePriseInterneOC", 30),
    field("CommuneImmeuble", 60),
    field("CodePostalImmeuble", 5),
    field("CodeInseeImmeuble", 5),
    field("CodeVoieRivoliImmeuble", 4),
    field("NumeroVoieImmeuble", 10),
    field("ComplementNumeroVoieImmeuble", 1),
    field("TypeVoieImmeuble", 30),
    field("LibelleVoieImmeuble", 80),
    field("CodeAdresseImmeuble", 10),
    field("Batiment", 60),
    field("Escalier", 25),
    field("Etage", 25),
    field("TypeRacco", 2),
    field("DateInstall", 14),
    personal("NomClient", 80),
    personal("PrenomClient", 80),
    personal("ContactClient1", 25),
    personal("ContactClient2", 25),
    field("IdRdv", 60),
    field("ReferencePrestationPm", 30),
    field("ReferencePm", 20),
    field("ReferencePrise", 30),
    field("PriseExistante", 1),
    field("TypeCommandeDemande", 4),
    field("DateCommandePrise", 14),
    personal("CommentaireCmdAcces", 512),
    field("InfoCmdAcces1", 80),
    field("InfoCmdAcces2", 80),
    field("InfoCmdAcces3", 80),
    field("InfoCmdAcces4", 80),
    field("InfoCmdAcces5", 80),
    field("InfoCmdAcces6", 80),
    field("InfoCmdAcces7", 80),
    field("InfoCmdAcces8", 80),
    field("IdentifiantImmeuble", 30),
    field("OffreAccesCommandee", 20),
];

/// The fields that ask for a place: those that name its address, then those that narrow it.
pub const PLACE_FIELDS: [&str; 11] = [
    "IdentifiantImmeuble",
    "CodeAdresseImmeuble",
    "CodeInseeImmeuble",
    "CodeVoieRivoliImmeuble",
    "NumeroVoieImmeuble",
    "ComplementNumeroVoieImmeuble",
    "Batiment",
    "Escalier",
    "Etage",
    "ReferencePrise",
    "PriseExistante",
];

/// Those of them that name an address.
pub const ADDRESS_KEYS: &[&str] = PLACE_FIELDS.split_at(6).0;

/// An order as somebody sent it: trade field names and their trimmed values, empty ones left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlaceOrder {
    values: BTreeMap<String, String>,
}

impl PlaceOrder {
    /// Reads an order from named values. Names that are not of the trade are ignored: each door's
    /// own schema or header refuses or reports them.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values = pairs
            .into_iter()
            .filter(|(name, value)| {
                !value.trim().is_empty() && FIELDS.iter().any(|field| field.name == *name)
            })
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Self { values }
    }

    /// The value of a field, empty when it was not given.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// The value of a field, when it was given.
    #[must_use]
    pub fn given(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The same order with one field changed; an empty value takes it out.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self.values.remove(name);
        } else {
            self.values.insert(name.to_owned(), value.to_owned());
        }
        self
    }

    /// Every field that was given, in the trade's order.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        FIELDS
            .iter()
            .filter_map(|field| Some((field.name, self.given(field.name)?)))
    }
}
