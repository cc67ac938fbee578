//! What every edge and worker shares: the store, the clock, randomness, and the short-lived cache
//! of who is who.

use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use kernel::{Clock, Fault, Id, IdSource, Millis, RequestId};
use ring::rand::{SecureRandom, SystemRandom};
use storage::Db;

use crate::access::{CertificateIdentity, SessionIdentity};
use crate::place::Indexes;
use crate::rate::{Allowances, Rates};
use crate::spool::Spool;
use crate::upload::{NoScanner, Scanner};

/// How long a resolved identity is believed, in milliseconds of real time (trust S3).
pub const IDENTITY_CACHE_MS: i64 = 1_000;
/// How many identities of one kind are kept at most.
const IDENTITY_CACHE_MAX: usize = 20_000;

/// Where the files of address indexes are, in a data folder.
const INDEX_FOLDER: &str = "search";

/// Randomness that a thread asks the kernel for at once, for the requests to come.
const SEEDS_BYTES: usize = 1_024;

thread_local! {
    static SEEDS: RefCell<Vec<u128>> = const { RefCell::new(Vec::new()) };
}

/// Identities resolved within the last second, bounded.
pub(crate) struct Cache<K, V> {
    entries: Mutex<HashMap<K, (Millis, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    fn new() -> Self {
        Self {
            entries: Mutex::new(HashMap::new()),
        }
    }

    pub(crate) fn get(&self, key: &K, real_now: Millis) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = entries.get(key)?;
        (0..IDENTITY_CACHE_MS)
            .contains(&real_now.since(*at))
            .then(|| value.clone())
    }

    pub(crate) fn put(&self, key: K, real_now: Millis, value: V) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= IDENTITY_CACHE_MAX {
            entries.retain(|_, (at, _)| real_now.since(*at) < IDENTITY_CACHE_MS);
        }
        if entries.len() < IDENTITY_CACHE_MAX {
            entries.insert(key, (real_now, value));
        }
    }

    fn clear(&self) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }
}

/// The running platform. Cheap to share behind an `Arc`.
pub struct Platform {
    /// The store.
    pub db: Db,
    /// Both clocks.
    pub clock: Arc<dyn Clock>,
    random: SystemRandom,
    scanner: Arc<dyn Scanner>,
    /// The address indexes of this process.
    pub places: Arc<Indexes>,
    /// Rows about what was looked at, to be written soon.
    pub spool: Spool,
    /// How often callers may ask.
    pub rates: Rates,
    ending: AtomicBool,
    pub(crate) sessions: Cache<String, Option<Arc<SessionIdentity>>>,
    pub(crate) certificates: Cache<String, Option<Arc<CertificateIdentity>>>,
    pub(crate) seen: Mutex<HashMap<String, Millis>>,
}

impl Platform {
    /// A platform over `db`, with its own caches.
    #[must_use]
    pub fn new(db: Db, clock: Arc<dyn Clock>) -> Self {
        let folder = db.folder().map(|folder| folder.join(INDEX_FOLDER));
        let places = Arc::new(Indexes::new(folder));
        Self {
            places,
            spool: Spool::default(),
            rates: Rates::default(),
            db,
            clock,
            random: SystemRandom::new(),
            scanner: Arc::new(NoScanner),
            ending: AtomicBool::new(false),
            sessions: Cache::new(),
            certificates: Cache::new(),
            seen: Mutex::new(HashMap::new()),
        }
    }

    /// The same platform with another scanner of what is uploaded.
    #[must_use]
    pub fn with_scanner(self, scanner: Arc<dyn Scanner>) -> Self {
        Self { scanner, ..self }
    }

    /// The same platform, which keeps the files of its address indexes under `data`: for a store
    /// that is no folder.
    #[must_use]
    pub fn with_indexes_in(self, data: &std::path::Path) -> Self {
        let places = Arc::new(Indexes::new(Some(data.join(INDEX_FOLDER))));
        Self { places, ..self }
    }

    /// The same platform, of which callers may ask so much a second.
    #[must_use]
    pub fn with_rates(self, allowances: Allowances) -> Self {
        let rates = Rates::new(allowances);
        Self { rates, ..self }
    }

    /// What looks at uploaded files.
    #[must_use]
    pub fn scanner(&self) -> &Arc<dyn Scanner> {
        &self.scanner
    }

    /// Asks long work to stop where it can be taken up again: the process is ending.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether long work is asked to stop.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }

    /// `N` unpredictable bytes.
    ///
    /// # Errors
    /// A fault when the machine gives no randomness.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.random
            .fill(&mut bytes)
            .map_err(|_| Fault::internal("no randomness"))?;
        Ok(bytes)
    }

    /// An unpredictable token of 256 bits, in hexadecimal.
    ///
    /// # Errors
    /// As [`Platform::random`].
    pub fn token(&self) -> Result<String, Fault> {
        Ok(hex(&self.random::<32>()?))
    }

    /// A request's reference and the seed of its ids. They name and are no secrets: the kernel is
    /// asked for many at once.
    ///
    /// # Errors
    /// As [`Platform::random`].
    pub fn new_request(&self) -> Result<(RequestId, u64), Fault> {
        let random = SEEDS.with_borrow_mut(|seeds| {
            if seeds.is_empty() {
                let bytes: [u8; SEEDS_BYTES] = self.random()?;
                let (halves, _) = bytes.as_chunks();
                seeds.extend(halves.iter().map(|half| u128::from_be_bytes(*half)));
            }
            seeds.pop().ok_or_else(|| Fault::internal("no seed"))
        })?;
        let (seed, other) = ((random >> 64) as u64, random as u64);
        let id = IdSource::new(self.clock.real_now(), other).next();
        debug_assert!(RequestId::parse(RequestId::as_str(&id)).is_some());
        Ok((id, seed))
    }

    /// Forgets every resolved identity at once: after a revocation made on this node.
    pub fn forget_identities(&self) {
        self.sessions.clear();
        self.certificates.clear();
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let halves = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves
        .map(|half| char::from(DIGITS[usize::from(half)]))
        .collect()
}
