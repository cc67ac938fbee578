//! Rate limits (trust D15): what one operator's machines, one account or one visitor may ask of the
//! platform each second, through whichever door, so that nobody's haste is felt by others. They are
//! about its strength alone: no use of an e-service is counted towards a price.
//!
//! Each node counts for itself at once, and tells the others of the same store each second what it
//! let through: together they let through a second's haste too much, and no more.

pub mod labels;
mod rules;
pub mod store;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use kernel::{Fault, Millis, Refusal, codes};
use storage::Lane;

use rules::Meter;
pub use rules::{Allowances, BURST_SECONDS, Class};

use crate::Platform;

/// Callers of one class that are counted at once; those beyond are let through.
const CALLERS_MAX: usize = 50_000;
/// Callers told of, and read of, at once.
const TOLD_MAX: usize = 5_000;
/// How long what a node told is looked at by the others, in milliseconds of real time.
const LOOKED_AT_MS: i64 = 10 * Millis::SECOND;
/// How long it is kept.
const KEPT_MS: i64 = 10 * Millis::MINUTE;

/// What a node let through of one caller since it counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Of which class the caller is.
    pub class: Class,
    /// The operator, the account or the address.
    pub whose: String,
    /// Requests.
    pub used: i64,
}

#[derive(Default)]
struct Caller {
    meter: Meter,
    used: i64,
    /// Of them, those that the other nodes know of.
    told: i64,
}

type Callers = Mutex<HashMap<String, Caller>>;

/// What other nodes said last, by node and caller; `None` before anything was read.
type Heard = Mutex<Option<HashMap<(String, Class, String), i64>>>;

/// The rate limits of a process.
#[derive(Default)]
pub struct Rates {
    allowances: Allowances,
    callers: [Callers; Class::ALL.len()],
    heard: Heard,
}

impl Rates {
    /// With these allowances; those of [`Rates::default`] let everything through.
    #[must_use]
    pub fn new(allowances: Allowances) -> Self {
        Self {
            allowances,
            ..Self::default()
        }
    }

    fn of(&self, class: Class) -> (u32, &Callers) {
        (
            self.allowances[class as usize],
            &self.callers[class as usize],
        )
    }

    /// Lets one request through.
    ///
    /// # Errors
    /// Too many: the whole seconds after which there is room again.
    pub fn take(&self, class: Class, whose: &str, real_now: Millis) -> Result<(), i64> {
        let (per_second, callers) = self.of(class);
        if per_second == 0 {
            return Ok(());
        }
        let mut callers = callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(caller) = callers.get_mut(whose) {
            caller.meter.take(per_second, real_now)?;
            caller.used += 1;
            return Ok(());
        }
        if callers.len() >= CALLERS_MAX {
            callers.retain(|_, one| !one.meter.is_rested(real_now) || one.told < one.used);
        }
        if callers.len() < CALLERS_MAX {
            let caller = callers.entry(whose.to_owned()).or_default();
            caller.meter.take(per_second, real_now)?;
            caller.used = 1;
        }
        Ok(())
    }

    /// What the other nodes do not know of yet.
    fn to_tell(&self) -> Vec<Taken> {
        let mut all = Vec::new();
        for class in Class::ALL {
            let (_, callers) = self.of(class);
            let mut callers = callers.lock().unwrap_or_else(PoisonError::into_inner);
            for (whose, caller) in callers.iter_mut().filter(|(_, one)| one.told < one.used) {
                if all.len() == TOLD_MAX {
                    return all;
                }
                caller.told = caller.used;
                all.push(Taken {
                    class,
                    whose: whose.clone(),
                    used: caller.used,
                });
            }
        }
        all
    }

    /// Counts what other nodes let through. What they had let through before this one first heard
    /// of any is past.
    fn hear(&self, others: Vec<(String, Taken)>, real_now: Millis) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard
            .as_ref()
            .is_some_and(|known| known.len() > CALLERS_MAX)
        {
            *heard = None;
        }
        let is_first = heard.is_none();
        let known = heard.get_or_insert_default();
        for (node, Taken { class, whose, used }) in others {
            let before = known
                .insert((node, class, whose.clone()), used)
                .unwrap_or(0);
            // A node that began again counts from nothing.
            let new = if used < before { used } else { used - before };
            let (per_second, callers) = self.of(class);
            if is_first || new == 0 || per_second == 0 {
                continue;
            }
            let mut callers = callers.lock().unwrap_or_else(PoisonError::into_inner);
            if callers.len() < CALLERS_MAX || callers.contains_key(&whose) {
                let caller = callers.entry(whose).or_default();
                caller.meter.count(per_second, real_now, new);
            }
        }
    }
}

/// The refusal of a caller that asks too often, with how long to wait.
#[must_use]
pub fn refusal(seconds: i64) -> Refusal {
    Refusal::new(&codes::RC07).because(labels::wait(seconds))
}

/// Tells the other nodes of one store what `node` let through, and counts what they did.
///
/// # Errors
/// The store does not answer.
pub async fn share(platform: &Platform, node: &str) -> Result<(), Fault> {
    let (rates, real_now) = (&platform.rates, platform.clock.real_now());
    let (taken, me) = (rates.to_tell(), node.to_owned());
    if !taken.is_empty() {
        let tell = move |tx: &mut dyn storage::Tx| {
            store::delete_stale(tx, real_now.plus(-KEPT_MS))?;
            store::put(tx, &me, &taken, real_now)
        };
        platform.db.write(Lane::Background, None, tell).await?;
    }
    let (me, since) = (node.to_owned(), real_now.plus(-LOOKED_AT_MS));
    let limit = i64::try_from(TOLD_MAX).unwrap_or(i64::MAX);
    let others = move |tx: &mut dyn storage::Tx| store::list_others(tx, &me, since, limit);
    rates.hear(platform.db.read(others).await?, real_now);
    Ok(())
}
