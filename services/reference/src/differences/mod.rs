//! What a release changes against the one it was built on: objects added, changed field by field,
//! removed. Read straight from the intervals, by key, so that a page costs the same whatever the
//! size of the release; counted once, when the release is complete.

pub mod store;

use domain::access::SystemScope;
use domain::release::{Release, Table, join_key};
use kernel::Fault;
use storage::{Db, Lane, Row, Tx, Value};

use crate::labels;
use crate::store::{Change, changes, insert_change};

/// Beyond so many changed objects of a table, its key is walked instead of being sorted.
const MUCH: i64 = 20_000;
/// Rows read from the store at once.
const SLICE: i64 = 2_000;
/// Rows looked at for one page at most, when a filter drops most of them.
const LOOKED_MAX: usize = 40_000;

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It was not in force.
    Added,
    /// Some of its fields are others.
    Changed,
    /// It is not in force any more.
    Removed,
}

impl What {
    /// Every one, in the order of the page.
    pub const ALL: [Self; 3] = [Self::Added, Self::Changed, Self::Removed];

    /// As named in addresses and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "ajout",
            Self::Changed => "modification",
            Self::Removed => "suppression",
        }
    }

    /// Reads what [`What::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.as_str() == text)
    }
}

/// One field of an object, before and after; empty where there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldChange {
    /// The column.
    pub field: &'static str,
    /// In the base.
    pub before: String,
    /// In the release.
    pub after: String,
}

/// One object that a release changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where it stands.
    pub table: Table,
    /// Its key, the place to go on from.
    pub key: String,
    /// What became of it.
    pub what: What,
    /// The fields that differ; all that are filled for an object added or removed.
    pub fields: Vec<FieldChange>,
}

impl Difference {
    /// Its key as people read it.
    #[must_use]
    pub fn name(&self) -> String {
        let parts = self.table.key_values(&self.key);
        let parts = parts.iter().map(shown).filter(|part| !part.is_empty());
        parts.collect::<Vec<_>>().join(" · ")
    }
}

/// Fields that operators are not told of.
const INTERNAL: [(Table, &str); 1] = [(Table::Building, "manager")];

/// The same difference as operators are told of it; `None` when they are not.
#[must_use]
pub fn public(mut one: Difference) -> Option<Difference> {
    let table = one.table;
    one.fields
        .retain(|change| !INTERNAL.contains(&(table, change.field)));
    (one.what != What::Changed || !one.fields.is_empty()).then_some(one)
}

/// Which differences are wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those.
    pub what: Option<What>,
    /// Only objects of which this column differs; empty for all.
    pub field: String,
    /// Only keys that begin so; empty for all.
    pub key: String,
}

impl Filter {
    fn admits(&self, one: &Difference) -> bool {
        self.what.is_none_or(|what| what == one.what)
            && (self.field.is_empty() || one.fields.iter().any(|f| f.field == self.field))
            && one.key.starts_with(&self.key)
    }
}

/// One page of differences.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The differences, by key.
    pub rows: Vec<Difference>,
    /// The key to go on from, when there may be more.
    pub next: Option<String>,
}

/// The columns of a table that may differ: all but its key.
#[must_use]
pub fn fields(table: Table) -> &'static [&'static str] {
    let columns = table.columns();
    &columns[table.key_len()..columns.len() - 3]
}

/// The columns by which a person knows an object that comes or goes, in the order of speech; none
/// where the first of its table do.
#[must_use]
pub fn telling(table: Table) -> &'static [&'static str] {
    match table {
        Table::Building => &[
            "number",
            "street_type",
            "street_name",
            "commune",
            "state",
            "dwellings",
            "pm_ref",
        ],
        _ => &[],
    }
}

/// At most `limit` differences of `release` in a table, after the key `after`. A page may be short
/// and have a next one: when a filter drops what was looked at.
///
/// # Errors
/// The store does not answer.
pub async fn page(
    db: &Db,
    release: Release,
    change: Change,
    filter: &Filter,
    after: &str,
    limit: usize,
) -> Result<Page, Fault> {
    let much = change.total() > MUCH;
    let (mut found, mut looked) = (Page::default(), 0);
    // A key that must begin so is looked for from there.
    let mut place = match after {
        "" => filter.key.clone(),
        after => after.to_owned(),
    };
    // The first slice after a prefix leaves the prefix itself out: it is looked up from below.
    if after.is_empty() && !place.is_empty() {
        place = below(change.table, &place);
    }
    loop {
        let from = place.clone();
        let read =
            move |tx: &mut dyn Tx| store::walk(tx, change.table, release, &from, SLICE, much);
        let rows = db.read(read).await?;
        let full = i64::try_from(rows.len()).is_ok_and(|n| n == SLICE);
        looked += rows.len();
        let mut slice = paired(change.table, release, &rows)?;
        if full && slice.len() > 1 {
            // The last key may have a second row that is in the next slice.
            slice.pop();
        }
        for one in slice {
            one.key.clone_into(&mut place);
            let past = !filter.key.is_empty() && !one.key.starts_with(&filter.key);
            if past && one.key > filter.key {
                return Ok(found);
            }
            if filter.admits(&one) {
                found.rows.push(one);
                if found.rows.len() == limit {
                    found.next = Some(place);
                    return Ok(found);
                }
            }
        }
        if !full {
            return Ok(found);
        }
        if looked >= LOOKED_MAX {
            found.next = Some(place);
            return Ok(found);
        }
    }
}

/// A key just below `prefix`, of the table's number of parts.
fn below(table: Table, prefix: &str) -> String {
    let mut text = prefix.to_owned();
    text.pop();
    let blanks = (1..table.key_len()).map(|_| Value::from(""));
    let parts: Vec<Value> = std::iter::once(Value::from(text)).chain(blanks).collect();
    join_key(&parts)
}

/// Rows of one key are neighbours: the ended one first.
fn paired(table: Table, release: Release, rows: &[Row]) -> Result<Vec<Difference>, Fault> {
    let mut all: Vec<Difference> = Vec::new();
    let columns = &table.columns()[..table.columns().len() - 3];
    let mut at = 0;
    while at < rows.len() {
        let key = key_of(table, &rows[at])?;
        let ended = rows[at].int("to_release").map_err(Fault::internal)? == release.0;
        let twin = rows.get(at + 1).filter(|_| ended);
        let twin = match twin {
            Some(row) if key_of(table, row)? == key => Some(row),
            _ => None,
        };
        at += 1 + usize::from(twin.is_some());
        let first = &rows[at - 1 - usize::from(twin.is_some())];
        let (what, before, after) = match twin {
            Some(row) => (What::Changed, Some(first), Some(row)),
            None if ended => (What::Removed, Some(first), None),
            None => (What::Added, None, Some(first)),
        };
        let fields = columns[table.key_len()..].iter().map(|field| {
            let text = |row: Option<&Row>| row.map_or(Ok(String::new()), |row| cell(row, field));
            Ok(FieldChange {
                field,
                before: text(before)?,
                after: text(after)?,
            })
        });
        let mut fields = fields.collect::<Result<Vec<_>, Fault>>()?;
        fields.retain(|field| field.before != field.after);
        all.push(Difference {
            table,
            key,
            what,
            fields,
        });
    }
    Ok(all)
}

fn key_of(table: Table, row: &Row) -> Result<String, Fault> {
    let values = table.columns()[..table.key_len()].iter();
    let values = values.map(|name| row.value(name).cloned());
    let values = values.collect::<Result<Vec<_>, _>>();
    Ok(join_key(&values.map_err(Fault::internal)?))
}

fn cell(row: &Row, field: &str) -> Result<String, Fault> {
    let value = row.value(field).map_err(Fault::internal)?;
    Ok(match value {
        // SQLite keeps flags as numbers; the columns that are flags are known by name.
        Value::Int(flag @ (0 | 1)) if labels::is_flag(field) => labels::flag(*flag == 1).to_owned(),
        other => shown(other),
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Real(real) => real.to_string().replace('.', ","),
        Value::Bool(flag) => labels::flag(*flag).to_owned(),
        Value::Null | Value::Bytes(_) => String::new(),
    }
}

/// What `release` changed, table by table; counted now where it was not when it was built.
///
/// # Errors
/// The store does not answer.
pub async fn changes_of(db: &Db, release: Release) -> Result<Vec<Change>, Fault> {
    let known = db.read(move |tx| changes(tx, release)).await?;
    if !known.is_empty() {
        return Ok(known);
    }
    let mut all = count(db, release).await?;
    all.retain(|change| change.total() > 0);
    Ok(all)
}

async fn count(db: &Db, release: Release) -> Result<Vec<Change>, Fault> {
    let mut all = Vec::new();
    for table in Table::ALL {
        all.push(db.read(move |tx| store::count(tx, table, release)).await?);
    }
    Ok(all)
}

/// Counts what a complete release changed and keeps it.
///
/// # Errors
/// The store does not answer.
pub async fn keep_count(db: &Db, scope: SystemScope, release: Release) -> Result<(), Fault> {
    let all = count(db, release).await?;
    let keep = move |tx: &mut dyn Tx| {
        all.iter()
            .try_for_each(|change| insert_change(tx, &scope, release, change).map(drop))
    };
    Ok(db.write(Lane::Background, None, keep).await?)
}
