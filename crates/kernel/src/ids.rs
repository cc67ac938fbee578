//! Typed identifiers. Every kind stands in the one list at the bottom, so that a prefix is never
//! used twice and any id found in a log says what it names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Millis;

/// Makes ids for one unit of work: the same seed and the same order of calls give the same ids, so
/// that a unit which the store runs again writes the same rows.
#[derive(Clone, Debug)]
pub struct IdSource {
    at: Millis,
    seed: u64,
    counter: u64,
}

impl IdSource {
    /// A source whose ids carry the real time `at` and are otherwise drawn from `seed`.
    #[must_use]
    pub fn new(at: Millis, seed: u64) -> Self {
        Self {
            at,
            seed,
            counter: 0,
        }
    }

    /// The next UUIDv7: 48 bits of time, 12 bits of the counter, so that what one unit tells sorts
    /// in the order it was told, then a mix of seed and counter.
    fn next_uuid(&mut self) -> uuid::Uuid {
        self.counter += 1;
        let high = mix(self.seed ^ self.counter.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let low = mix(high ^ self.seed.rotate_left(32) ^ self.counter);
        let mut random = [0_u8; 10];
        // The four bits of the version lie over the highest of the counter's sixteen.
        random[..2].copy_from_slice(&self.counter.to_be_bytes()[6..]);
        random[2..].copy_from_slice(&low.to_be_bytes());
        let millis = u64::try_from(self.at.0).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// The next id of kind `T`.
    #[expect(
        clippy::should_implement_trait,
        reason = "it makes ids of any kind: no iterator"
    )]
    pub fn next<T: Id>(&mut self) -> T {
        T::from_uuid(self.next_uuid())
    }

    /// 64 pseudo-random bits for references people read; never for secrets.
    pub fn next_bits(&mut self) -> u64 {
        self.counter += 1;
        mix(self.seed ^ mix(self.counter))
    }
}

/// splitmix64's finaliser: spreads every input bit over the output.
fn mix(mut x: u64) -> u64 {
    x ^= x >> 30;
    x = x.wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^= x >> 27;
    x = x.wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

/// A typed identifier: a prefix that names its kind, an underscore, a UUIDv7 in hexadecimal.
pub trait Id: Sized + AsRef<str> {
    /// The kind's prefix.
    const PREFIX: &'static str;
    /// The id of this kind made of `uuid`.
    fn from_uuid(uuid: uuid::Uuid) -> Self;
    /// Reads an id of this kind; `None` when it is of another kind or malformed.
    fn parse(text: &str) -> Option<Self>;
}

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[doc = $doc])*
            #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(String);

            impl Id for $name {
                const PREFIX: &'static str = $prefix;
                fn from_uuid(uuid: uuid::Uuid) -> Self {
                    Self(format!("{}_{}", $prefix, uuid.simple()))
                }
                fn parse(text: &str) -> Option<Self> {
                    let rest = text.strip_prefix($prefix)?.strip_prefix('_')?;
                    let plain = rest.len() == 32
                        && rest.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
                    plain.then(|| Self(text.to_owned()))
                }
            }

            impl $name {
                /// The id as it is stored and shown.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
                /// An id read back from our own store, which wrote it well formed.
                #[must_use]
                pub fn from_store(text: String) -> Self {
                    Self(text)
                }
            }

            impl AsRef<str> for $name {
                fn as_ref(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }
        )*
        /// Prefix of every kind of id.
        pub const ID_PREFIXES: &[&str] = &[$($prefix),*];
    };
}

ids! {
    /// An organisation using the platform: an OC, or the OI itself.
    OperatorId = "opr";
    /// A person's account.
    AccountId = "cpt";
    /// A portal session.
    SessionId = "ses";
    /// A client certificate.
    CertificateId = "crt";
    /// A wholesale-offer contract.
    ContractId = "ctr";
    /// A subscription to an e-service.
    SubscriptionId = "sub";
    /// An FTTH access order.
    OrderId = "cmd";
    /// One line of an object's timeline.
    TimelineId = "tml";
    /// An audit row, which is also its unit's commit proof.
    AuditId = "aud";
    /// An event told to an operator.
    EventId = "evt";
    /// A message waiting to leave.
    OutboxId = "out";
    /// A job.
    JobId = "job";
    /// One request, whatever its channel.
    RequestId = "req";
    /// A release of the reference data.
    ReleaseId = "rel";
    /// A file received or made.
    UploadId = "fic";
    /// One import of a reference file.
    ImportId = "imp";
    /// An eligibility request kept in the operator's history.
    EligibilityId = "elg";
    /// A place whose verdict an operator watches.
    WatchId = "vei";
    /// One change of a watched verdict.
    WatchChangeId = "vch";
    /// A lot of eligibility tests, asked by a file.
    LotId = "lot";
    /// What an operator reports of an address.
    AnomalyId = "ano";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_prefix_is_used_twice() {
        let mut seen = ID_PREFIXES.to_vec();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), ID_PREFIXES.len());
    }

    #[test]
    fn the_same_seed_makes_the_same_ids_and_another_makes_others() {
        let at = Millis(1_700_000_000_000);
        let make = |seed| {
            let mut ids = IdSource::new(at, seed);
            (0..100).map(|_| ids.next::<OrderId>()).collect::<Vec<_>>()
        };
        assert_eq!(make(7), make(7));
        let (a, b) = (make(7), make(8));
        assert!(a.iter().all(|id| !b.contains(id)));
        assert!(
            a.is_sorted_by(|one, next| one < next),
            "ids of one unit sort as they were made"
        );
    }

    #[test]
    fn an_id_of_another_kind_is_not_read() {
        let id: OrderId = IdSource::new(Millis(1), 1).next();
        assert_eq!(OrderId::parse(id.as_str()), Some(id.clone()));
        assert_eq!(AccountId::parse(id.as_str()), None);
        assert_eq!(OrderId::parse("cmd_1"), None);
        assert_eq!(
            OrderId::parse("cmd_' or 1=1 --aaaaaaaaaaaaaaaaaaaaaa"),
            None
        );
    }
}
