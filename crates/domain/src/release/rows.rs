//! Rows of the released tables, all handled alike: a key, values, a digest to compare by.

use sha2::{Digest, Sha256};
use storage::Value;

/// Separates the parts of a key; importers refuse control characters, so no part holds it.
pub(super) const KEY_SEPARATOR: char = '\u{1f}';

/// A released table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// Buildings.
    Building,
    /// PMs.
    Pm,
    /// Dwellings.
    Dwelling,
    /// Fibres at a PBO.
    Fibre,
    /// PTOs.
    Pto,
    /// Operators' presence at PMs.
    Presence,
    /// PBOs.
    Pbo,
    /// Distribution cables.
    Cable,
    /// Optical routes.
    Route,
    /// NDs.
    Nd,
    /// Addresses of the national base.
    Address,
    /// Offers of the catalogue.
    Offer,
}

impl Table {
    /// All, in the order they may be loaded.
    pub const ALL: [Self; 12] = [
        Self::Pm,
        Self::Building,
        Self::Dwelling,
        Self::Fibre,
        Self::Pto,
        Self::Presence,
        Self::Pbo,
        Self::Cable,
        Self::Route,
        Self::Nd,
        Self::Address,
        Self::Offer,
    ];

    /// Those fed by several kinds of file: their rows say which, in the column `origin`.
    pub const SHARED: [Self; 5] = [Self::Pm, Self::Fibre, Self::Pbo, Self::Cable, Self::Route];

    /// Its name in the store.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Pm => "pm",
            Self::Dwelling => "dwelling",
            Self::Fibre => "fibre",
            Self::Pto => "pto",
            Self::Presence => "presence",
            Self::Pbo => "pbo",
            Self::Cable => "cable",
            Self::Route => "optical_route",
            Self::Nd => "nd",
            Self::Address => "ban_address",
            Self::Offer => "offer",
        }
    }

    /// How many of its first columns are its key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Building
            | Self::Pm
            | Self::Fibre
            | Self::Pto
            | Self::Cable
            | Self::Nd
            | Self::Address
            | Self::Offer => 1,
            Self::Pbo | Self::Route => 2,
            Self::Dwelling => 6,
            Self::Presence => 3,
        }
    }

    /// How many of its values have been there from the beginning.
    fn first_values(self) -> usize {
        match self {
            Self::Building => 35,
            Self::Pm => 15,
            other => other.columns().len() - 3,
        }
    }

    /// The columns an insert names: key, values, digest, `line_digest`,
    /// `from_release`.
    #[must_use]
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Building => &[
                "building_ref",
                "state",
                "insee",
                "rivoli",
                "postcode",
                "commune",
                "hexacle",
                "street_hexacle",
                "ban_key",
                "street_type",
                "street_name",
                "number",
                "complement",
                "batiment",
                "kind",
                "is_new",
                "dwellings",
                "wired_on",
                "agreement_needed",
                "agreement_signed_on",
                "zone",
                "oi_code",
                "pm_ref",
                "pmt_ref",
                "pbo_kind",
                "connection_kind",
                "x",
                "y",
                "projection",
                "orders_from",
                "reports_from",
                "opened_on",
                "changed_on",
                "lon",
                "lat",
                "delivery_on",
                "manager",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Pm => &[
                "pm_ref",
                "state",
                "kind",
                "installed_on",
                "capacity",
                "engineering",
                "dwellings",
                "first_handed_over_on",
                "opened_on",
                "insee",
                "active_place",
                "pmt_refs",
                "lon",
                "lat",
                "origin",
                "hexacle",
                "street_hexacle",
                "ban_key",
                "rivoli",
                "number",
                "complement",
                "street_type",
                "street_name",
                "batiment",
                "postcode",
                "commune",
                "address_quality",
                "oi_patching",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Dwelling => &[
                "building_ref",
                "batiment",
                "escalier",
                "etage",
                "porte",
                "rank",
                "pbo_ref",
                "pto_ref",
                "state",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Fibre => &[
                "fibre_id",
                "pm_ref",
                "pbo_ref",
                "cable",
                "tube",
                "colour",
                "state",
                "dedicated",
                "pto_ref",
                "origin",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Pto => &[
                "pto_ref",
                "pm_ref",
                "pbo_ref",
                "fibre_id",
                "state",
                "oc_code",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Presence => &[
                "oc_code",
                "pm_ref",
                "prestation_ref",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Pbo => &[
                "pm_ref",
                "pbo_ref",
                "kind",
                "capacity",
                "lon",
                "lat",
                "origin",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Cable => &[
                "cable_ref",
                "pm_ref",
                "from_ref",
                "to_ref",
                "capacity",
                "modulo",
                "colour_code",
                "origin",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Route => &[
                "pto_ref",
                "rank",
                "pm_ref",
                "pbo_ref",
                "module",
                "position",
                "module_cable",
                "module_tube",
                "module_fibre",
                "cable_ref",
                "tube",
                "fibre",
                "fibre_id",
                "connector",
                "connector_colour",
                "origin",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Nd => &[
                "nd",
                "building_ref",
                "pto_ref",
                "copper_state",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Address => &[
                "ban_key",
                "insee",
                "street_code",
                "number",
                "complement",
                "street_name",
                "afnor_name",
                "place_name",
                "postcode",
                "commune",
                "delivery_name",
                "old_insee",
                "old_commune",
                "lon",
                "lat",
                "certified",
                "digest",
                "line_digest",
                "from_release",
            ],
            Self::Offer => &[
                "code",
                "label",
                "family",
                "technology",
                "zones",
                "building_states",
                "building_kinds",
                "presence_needed",
                "active_place_needed",
                "from_day",
                "to_day",
                "digest",
                "line_digest",
                "from_release",
            ],
        }
    }

    /// The key columns of a [`Row::key`].
    #[must_use]
    pub fn key_values(self, key: &str) -> Vec<Value> {
        let mut values: Vec<Value> = key.split(KEY_SEPARATOR).map(Value::from).collect();
        if matches!(self, Self::Dwelling | Self::Route)
            && let Some(Value::Text(rank)) = values.last()
        {
            let rank = Value::Int(rank.parse().unwrap_or(0));
            values.pop();
            values.push(rank);
        }
        values
    }
}

/// A noun that is released.
pub trait Released {
    /// Its table.
    const TABLE: Table;

    /// Its values, in the order of [`Table::columns`], without digests and release.
    fn values(&self) -> Vec<Value>;

    /// The row to compare and to insert.
    fn to_row(&self) -> Row {
        let values = self.values();
        debug_assert_eq!(values.len() + 3, Self::TABLE.columns().len());
        Row {
            key: join_key(&values[..Self::TABLE.key_len()]),
            digest: digest(&values, Self::TABLE.first_values()),
            line_digest: 0,
            values,
        }
    }
}

/// One row on its way into a released table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its key, one text whatever the number of columns.
    pub key: String,
    /// What tells it from another version of itself.
    pub digest: i64,
    /// Of the bytes it was read from; 0 when it was not read from a line.
    pub line_digest: i64,
    /// Its values, key first.
    pub values: Vec<Value>,
}

impl Row {
    /// The same row, said by a file of the kind `origin`; as it is in a table fed by one kind.
    #[must_use]
    pub fn of_origin(mut self, table: Table, origin: super::Kind) -> Self {
        let place = table.columns().iter().position(|name| *name == "origin");
        if let Some(value) = place.and_then(|at| self.values.get_mut(at)) {
            *value = origin.as_str().into();
            self.digest = digest(&self.values, table.first_values());
        }
        self
    }
}

/// The first column of a key.
#[must_use]
pub fn first_part(key: &str) -> &str {
    key.split(KEY_SEPARATOR).next().unwrap_or_default()
}

/// The one text a key of several columns is handled as.
#[must_use]
pub fn join_key(values: &[Value]) -> String {
    let mut key = String::new();
    for (i, value) in values.iter().enumerate() {
        if i > 0 {
            key.push(KEY_SEPARATOR);
        }
        match value {
            Value::Text(text) => key.push_str(text),
            Value::Int(number) => key.push_str(&number.to_string()),
            // No key column has another type.
            _ => {}
        }
    }
    key
}

/// 64 bits of SHA-256 over the values. Rows are only compared with the same key's other versions,
/// so that two versions alike by chance are not to be feared. A value that came to its table later,
/// beyond the `first`, counts where it says something: rows of before it have the digest they had.
fn digest(values: &[Value], first: usize) -> i64 {
    let mut hash = Sha256::new();
    for (at, value) in values.iter().enumerate() {
        if at >= first {
            match value {
                Value::Null | Value::Bool(false) => continue,
                Value::Text(text) if text.is_empty() => continue,
                _ => hash.update([6, u8::try_from(at).unwrap_or(u8::MAX)]),
            }
        }
        add(&mut hash, value);
    }
    let mut head = [0; 8];
    head.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(head)
}

fn add(hash: &mut Sha256, value: &Value) {
    match value {
        Value::Null => hash.update([0]),
        Value::Text(text) => {
            hash.update([1]);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        Value::Int(number) => {
            hash.update([2]);
            hash.update(number.to_be_bytes());
        }
        Value::Bool(flag) => hash.update([3, u8::from(*flag)]),
        Value::Real(real) => {
            hash.update([4]);
            hash.update(real.to_be_bytes());
        }
        Value::Bytes(bytes) => {
            hash.update([5]);
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_that_comes_later_changes_the_digest_of_no_row_that_leaves_it_empty() {
        let row = || -> Vec<Value> {
            let number = Value::Int(3);
            vec![
                "FI-53130-0001".into(),
                Value::Null,
                number,
                true.into(),
                1.5.into(),
            ]
        };
        // As it is stored since the first version.
        let stored = 7_913_356_535_106_423_734;
        assert_eq!(digest(&row(), 5), stored);
        let with = |later: [Value; 3]| digest(&[row(), later.to_vec()].concat(), 5);
        assert_eq!(with(["".into(), Value::Null, false.into()]), stored);
        let others = [
            with(["x".into(), Value::Null, false.into()]),
            with(["".into(), "x".into(), false.into()]),
            with(["".into(), Value::Null, true.into()]),
        ];
        for (at, one) in others.iter().enumerate() {
            assert_ne!(*one, stored);
            assert!(!others[..at].contains(one), "{at}");
        }
    }

    #[test]
    fn columns_that_came_later_are_the_last() {
        for table in Table::ALL {
            let values = table.columns().len() - 3;
            assert!((table.key_len()..=values).contains(&table.first_values()));
        }
        assert_eq!(Table::Building.columns()[35], "delivery_on");
        assert_eq!(Table::Pm.columns()[15], "hexacle");
    }
}
