//! Rows of the released tables, all handled alike: a key, values, a digest to compare by.

use sha2::{Digest, Sha256};
use storage::Value;

/// Separates the parts of a key; importers refuse control characters, so no part holds it.
const KEY_SEPARATOR: char = '\u{1f}';

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
}

impl Table {
    /// All, in the order they may be loaded.
    pub const ALL: [Self; 6] = [
        Self::Pm,
        Self::Building,
        Self::Dwelling,
        Self::Fibre,
        Self::Pto,
        Self::Presence,
    ];

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
        }
    }

    /// How many of its first columns are its key.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Building | Self::Pm | Self::Fibre | Self::Pto => 1,
            Self::Dwelling => 6,
            Self::Presence => 3,
        }
    }

    /// The columns an insert names: key, values, digest, `from_release`.
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
                "digest",
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
                "digest",
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
                "digest",
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
                "from_release",
            ],
            Self::Presence => &[
                "oc_code",
                "pm_ref",
                "prestation_ref",
                "digest",
                "from_release",
            ],
        }
    }

    /// The key columns of a [`Row::key`].
    #[must_use]
    pub fn key_values(self, key: &str) -> Vec<Value> {
        let mut values: Vec<Value> = key.split(KEY_SEPARATOR).map(Value::from).collect();
        if self == Self::Dwelling
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

    /// Its values, in the order of [`Table::columns`], without digest and release.
    fn values(&self) -> Vec<Value>;

    /// The row to compare and to insert.
    fn to_row(&self) -> Row {
        let values = self.values();
        debug_assert_eq!(values.len() + 2, Self::TABLE.columns().len());
        Row {
            key: join_key(&values[..Self::TABLE.key_len()]),
            digest: digest(&values),
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
    /// Its values, key first.
    pub values: Vec<Value>,
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
/// so that two versions alike by chance are not to be feared.
fn digest(values: &[Value]) -> i64 {
    let mut hash = Sha256::new();
    for value in values {
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
    let mut head = [0; 8];
    head.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(head)
}
