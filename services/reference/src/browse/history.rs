//! What became of one object from release to release: its versions, told as events.

use domain::release::{ReleaseInfo, Source, Table};
use storage::Value;

/// The release by which something came about, and the file it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The release.
    pub info: ReleaseInfo,
    /// The file, when one of the kinds that feed the table is known.
    pub source: Option<Source>,
}

/// An object as it was over some releases.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Since when.
    pub begun: Origin,
    /// Until when; `None` when it still is.
    pub ended: Option<Origin>,
    /// Its fields, key aside.
    pub values: Vec<(&'static str, Value)>,
}

/// A field and what it became.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Its column.
    pub field: &'static str,
    /// What it was; `None` when the object is new.
    pub old: Option<Value>,
    /// What it is.
    pub new: Value,
}

/// What happened to an object.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// It came, with these fields.
    Added(Vec<Change>),
    /// These fields changed.
    Changed(Vec<Change>),
    /// It went.
    Removed,
}

/// One thing that happened, and by which release.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// By which.
    pub origin: Origin,
    /// What.
    pub what: What,
}

/// Objects that have a history: how an address names them, and their table.
pub const OBJECTS: [(&str, Table); 12] = [
    ("immeuble", Table::Building),
    ("pm", Table::Pm),
    ("logement", Table::Dwelling),
    ("fibre", Table::Fibre),
    ("pto", Table::Pto),
    ("adduction", Table::Presence),
    ("pbo", Table::Pbo),
    ("cable", Table::Cable),
    ("route", Table::Route),
    ("nd", Table::Nd),
    ("adresse", Table::Address),
    ("offre", Table::Offer),
];

/// What `versions`, oldest first, tell, newest first.
#[must_use]
pub fn events(versions: &[Version]) -> Vec<Event> {
    let mut events = Vec::new();
    for (at, version) in versions.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| &versions[before]);
        let number = version.begun.info.number;
        let before = before.filter(|before| ends_at(before, number));
        events.push(Event {
            origin: version.begun.clone(),
            what: match before {
                Some(before) => What::Changed(changes(before, version)),
                None => What::Added(fields(version)),
            },
        });
        let next = versions.get(at + 1);
        if let Some(ended) = &version.ended
            && next.is_none_or(|next| next.begun.info.number != ended.info.number)
        {
            events.push(Event {
                origin: ended.clone(),
                what: What::Removed,
            });
        }
    }
    events.reverse();
    events
}

fn ends_at(version: &Version, number: domain::release::Release) -> bool {
    let ended = version.ended.as_ref();
    ended.is_some_and(|ended| ended.info.number == number)
}

fn changes(before: &Version, after: &Version) -> Vec<Change> {
    let both = before.values.iter().zip(&after.values);
    let changed = both.filter(|((_, old), (_, new))| old != new);
    let change = |((_, old), (field, new)): (&(_, Value), &(&'static str, Value))| Change {
        field,
        old: Some(old.clone()),
        new: new.clone(),
    };
    changed.map(change).collect()
}

/// The fields that say something.
fn fields(version: &Version) -> Vec<Change> {
    let said = version.values.iter().filter(|(_, value)| match value {
        Value::Null => false,
        Value::Text(text) => !text.is_empty(),
        _ => true,
    });
    let field = |(field, new): &(&'static str, Value)| Change {
        field,
        old: None,
        new: new.clone(),
    };
    said.map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::release::{Kind, Release, ReleaseState};
    use kernel::Millis;

    fn by(number: i64) -> Origin {
        Origin {
            info: ReleaseInfo {
                number: Release(number),
                base: Release(number - 1),
                kind: Kind::Ipe,
                state: ReleaseState::Published,
                created_at: Millis(number),
                published_at: Some(Millis(number)),
            },
            source: None,
        }
    }

    fn version(begun: i64, ended: Option<i64>, state: &str) -> Version {
        Version {
            begun: by(begun),
            ended: ended.map(by),
            values: vec![("state", state.into()), ("zone", "".into())],
        }
    }

    #[test]
    fn an_object_comes_changes_goes_and_comes_back() {
        let versions = [
            version(1, Some(3), "cible"),
            version(3, Some(5), "deploye"),
            version(8, None, "deploye"),
        ];
        let told = events(&versions);
        let numbers: Vec<i64> = told.iter().map(|e| e.origin.info.number.0).collect();
        assert_eq!(numbers, [8, 5, 3, 1]);
        assert!(matches!(&told[0].what, What::Added(fields) if fields.len() == 1));
        assert_eq!(told[1].what, What::Removed);
        let change = Change {
            field: "state",
            old: Some("cible".into()),
            new: "deploye".into(),
        };
        assert_eq!(told[2].what, What::Changed(vec![change]));
        assert!(matches!(told[3].what, What::Added(_)));
        assert!(events(&[]).is_empty());
    }
}
