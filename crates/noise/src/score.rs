//! The judge of who searches: how often the right address comes first, by class, and how often a
//! wrong one is called certain.

use std::collections::BTreeMap;
use std::fmt;

use crate::cases::{Case, Class, Expect};

/// More addresses that fit equally need not all be listed: to say that it is ambiguous is enough.
pub const LISTED_MAX: usize = 5;

/// The verdict by which an answer claims to be the one.
pub const CERTAIN: &str = "certain";
/// The verdict by which an answer leaves the choice.
pub const AMBIGUOUS: &str = "ambiguous";

/// What was answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// [`CERTAIN`], [`AMBIGUOUS`] or another word.
    pub verdict: &'a str,
    /// Key of the best address.
    pub best: Option<&'a str>,
    /// Keys of all that are proposed, the best included or not.
    pub candidates: &'a [&'a str],
}

/// What of a set of cases was right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Cases.
    pub all: usize,
    /// Right ones.
    pub right: usize,
    /// Called certain, rightly or not.
    pub certain: usize,
    /// Another address than the one and only was called certain.
    pub certain_wrong: usize,
    /// Something was called certain though what was asked does not exist.
    pub certain_absent: usize,
    /// One of several that fit equally was called certain.
    pub certain_ambiguous: usize,
}

impl Count {
    /// Right ones among all, from 0 to 1; 1 when there are none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        match self.all {
            0 => 1.0,
            all => self.right as f64 / all as f64,
        }
    }

    /// All that must never be.
    #[must_use]
    pub fn wrongly_certain(&self) -> usize {
        self.certain_wrong + self.certain_absent + self.certain_ambiguous
    }

    fn add(&mut self, case: &Case, answer: &Answer<'_>) {
        self.all += 1;
        self.right += usize::from(is_right(case, answer));
        if answer.verdict != CERTAIN {
            return;
        }
        self.certain += 1;
        match case.expect {
            Expect::Unique => {
                self.certain_wrong += usize::from(answer.best != case.ban_key.as_deref());
            }
            Expect::Absent => self.certain_absent += 1,
            Expect::Ambiguous => self.certain_ambiguous += 1,
        }
    }
}

/// Whether the answer is one of those that are right.
fn is_right(case: &Case, answer: &Answer<'_>) -> bool {
    let expected = case.ban_key.as_deref();
    let first = expected.is_some() && answer.best == expected;
    match case.expect {
        Expect::Unique => first,
        Expect::Absent => answer.verdict != CERTAIN,
        Expect::Ambiguous if answer.verdict != AMBIGUOUS => first,
        Expect::Ambiguous => {
            let listed = expected.is_some_and(|key| answer.candidates.contains(&key));
            first || listed || case.fits > LISTED_MAX
        }
    }
}

/// Counts by class, for the hard set, and for all.
#[derive(Clone, Debug, Default)]
pub struct Score {
    classes: BTreeMap<Class, Count>,
    existing: Count,
    hard: Count,
    absent: Count,
}

impl Score {
    /// Nothing judged yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one answer into account, and says whether it was right.
    pub fn judge(&mut self, case: &Case, answer: &Answer<'_>) -> bool {
        self.classes
            .entry(case.class)
            .or_default()
            .add(case, answer);
        match case.expect {
            Expect::Absent => self.absent.add(case, answer),
            _ => self.existing.add(case, answer),
        }
        if case.hard {
            self.hard.add(case, answer);
        }
        is_right(case, answer)
    }

    /// By class.
    #[must_use]
    pub fn classes(&self) -> &BTreeMap<Class, Count> {
        &self.classes
    }

    /// Of queries whose address exists.
    #[must_use]
    pub fn existing(&self) -> Count {
        self.existing
    }

    /// Of the hard set.
    #[must_use]
    pub fn hard(&self) -> Count {
        self.hard
    }

    /// Of what does not exist.
    #[must_use]
    pub fn absent(&self) -> Count {
        self.absent
    }

    /// All that must never be, in all classes.
    #[must_use]
    pub fn wrongly_certain(&self) -> usize {
        self.existing.wrongly_certain() + self.absent.wrongly_certain()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16}{:>7}{:>9}{:>9}{:>9}{:>9}{:>9}",
            "class", "cases", "recall", "certain", "wrong", "absent", "ambig."
        )?;
        let named = self
            .classes
            .iter()
            .map(|(class, count)| (class.name(), count));
        let sums = [
            ("= existing", &self.existing),
            ("= hard", &self.hard),
            ("= absent", &self.absent),
        ];
        for (name, count) in named.chain(sums) {
            writeln!(
                f,
                "{name:<16}{:>7}{:>9.4}{:>9}{:>9}{:>9}{:>9}",
                count.all,
                count.recall(),
                count.certain,
                count.certain_wrong,
                count.certain_absent,
                count.certain_ambiguous,
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
