//! The sealer and the verifier. One sealer, leased between nodes, chains audit rows and numbers
//! events behind the writers, so that neither ever makes two orders conflict.

use std::collections::HashMap;

use kernel::{Fault, Millis};
use ring::signature::{Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use storage::{Error, Lane, Tx};

use super::store::{self, Sealable};
use crate::access::{Ctx, Duty, SystemScope};
use crate::platform::hex;
use crate::{Platform, event};

/// How long the sealer's lease holds, in milliseconds of real time.
pub const LEASE_MS: i64 = 10 * Millis::SECOND;
/// Rows sealed and events numbered in one transaction at most.
const SLICE: i64 = 200;
/// Links read at once by the verifier.
const PAGE: i64 = 2_000;
/// The hash before the first link.
const GENESIS: &str = "epissure";

/// The hash of a row after `previous`. Each column is preceded by its length, so that no text can
/// move from one column to the next unseen.
#[must_use]
pub fn link_hash(previous: &str, columns: &[String]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(previous.as_bytes());
    for column in columns {
        hasher.update((column.len() as u64).to_be_bytes());
        hasher.update(column.as_bytes());
    }
    hex(&hasher.finalize())
}

/// Seals and numbers what is waiting, one slice; whether anything was left to do. Does nothing
/// while another node holds the lease.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn seal_slice(platform: &Platform, ctx: &Ctx, node: &str) -> Result<bool, Fault> {
    let (scope, real_now, node) = (
        ctx.duty(Duty::Sealer),
        platform.clock.real_now(),
        node.to_owned(),
    );
    let run = move |tx: &mut dyn Tx| {
        let until = real_now.plus(LEASE_MS);
        if store::take_lease(tx, &scope, "sealer", &node, real_now, until)?.is_none() {
            return Ok(false);
        }
        let sealed = seal_rows(tx, &scope)?;
        let numbered = number_events(tx, &scope)?;
        Ok(sealed == SLICE || numbered == SLICE)
    };
    Ok(platform.db.write(Lane::Background, None, run).await?)
}

fn seal_rows(tx: &mut dyn Tx, scope: &SystemScope) -> Result<i64, Error> {
    let rows = store::list_unsealed(tx, scope, SLICE)?;
    if rows.is_empty() {
        return Ok(0);
    }
    let (mut seq, mut hash) = store::head(tx, scope)?.unwrap_or((0, GENESIS.to_owned()));
    let mut done = 0;
    for row in rows {
        seq += 1;
        hash = link_hash(&hash, &row.columns);
        store::seal(tx, scope, seq, &row, &hash)?;
        done += 1;
    }
    Ok(done)
}

fn number_events(tx: &mut dyn Tx, scope: &SystemScope) -> Result<i64, Error> {
    let mut last = HashMap::new();
    let mut done = 0;
    for (operator, id) in event::store::list_unnumbered(tx, scope, SLICE)? {
        let n = match last.get(&operator) {
            Some(n) => n + 1,
            None => event::store::last_number(tx, scope, &operator)? + 1,
        };
        event::store::number(tx, scope, &operator, n, &id)?;
        last.insert(operator, n);
        done += 1;
    }
    Ok(done)
}

/// A signed head of the chain, kept elsewhere than the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Its place.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
    /// When it was signed, real time.
    pub real_at_ms: i64,
    /// Ed25519 over `seq:hash:real_at_ms`, in hexadecimal.
    pub signature: String,
}

fn signed_text(seq: i64, hash: &str, at: i64) -> String {
    format!("{seq}:{hash}:{at}")
}

/// The head of the chain as it stands, signed; `None` while the chain is empty.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn sign_head(
    platform: &Platform,
    ctx: &Ctx,
    key: &Ed25519KeyPair,
) -> Result<Option<Head>, Fault> {
    let scope = ctx.duty(Duty::Sealer);
    let head = platform.db.get(move |tx| store::head(tx, &scope)).await?;
    let real_at_ms = platform.clock.real_now().0;
    Ok(head.map(|(seq, hash)| {
        let signature = hex(key
            .sign(signed_text(seq, &hash, real_at_ms).as_bytes())
            .as_ref());
        Head {
            seq,
            hash,
            real_at_ms,
            signature,
        }
    }))
}

/// What the verifier found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// Links checked.
    pub links: i64,
    /// Signed heads checked.
    pub heads: usize,
    /// Rows that wait for their seal: written within the last second or so.
    pub unsealed: i64,
    /// What is wrong, one line each; empty when the journal is whole.
    pub faults: Vec<String>,
}

/// Reads the whole chain again, and compares it with the signed `heads`.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn verify(
    platform: &Platform,
    ctx: &Ctx,
    heads: &[Head],
    key: &Ed25519KeyPair,
) -> Result<Findings, Fault> {
    verify_tail(platform, ctx, heads, key, None).await
}

/// The same for the last `tail` links alone, the one before them being believed, and the heads
/// among them; for the whole chain when `None`.
///
/// # Errors
/// A fault when the store does not answer.
pub async fn verify_tail(
    platform: &Platform,
    ctx: &Ctx,
    heads: &[Head],
    key: &Ed25519KeyPair,
    tail: Option<i64>,
) -> Result<Findings, Fault> {
    let scope = ctx.duty(Duty::Sealer);
    let (start, believed) = match tail {
        None => (0, GENESIS.to_owned()),
        Some(tail) => link_before(platform, scope, tail).await?,
    };
    let heads: Vec<&Head> = heads.iter().filter(|head| head.seq > start).collect();
    let mut found = Findings {
        heads: heads.len(),
        ..Findings::default()
    };
    let mut expected: HashMap<i64, &Head> = HashMap::new();
    for head in &heads {
        if is_signed(head, key.public_key().as_ref()) {
            expected.insert(head.seq, head);
        } else {
            found
                .faults
                .push(format!("head {}: signature does not hold", head.seq));
        }
    }
    let (mut seq, mut hash) = (start, believed);
    loop {
        let links = platform
            .db
            .read(move |tx| store::list_links(tx, &scope, seq, PAGE))
            .await?;
        if links.is_empty() {
            break;
        }
        for link in links {
            check_link(&mut found.faults, &link, seq, &hash);
            (seq, hash) = (link.seq, link.hash);
            if expected.remove(&seq).is_some_and(|head| head.hash != hash) {
                found
                    .faults
                    .push(format!("link {seq}: differs from the signed head"));
            }
        }
    }
    found.links = seq - start;
    let mut missing: Vec<_> = expected.into_keys().collect();
    missing.sort_unstable();
    for seq in missing {
        found
            .faults
            .push(format!("head {seq}: no such link, the chain was cut"));
    }
    if tail.is_some() {
        return Ok(found);
    }
    let (unsealed, lost) = platform
        .db
        .read(move |tx| store::count_unsealed(tx, &scope))
        .await?;
    found.unsealed = unsealed;
    if lost > 0 {
        found.faults.push(format!(
            "{lost} rows have neither seal nor place in the queue"
        ));
    }
    Ok(found)
}

/// The link before the last `tail` ones, with its hash.
async fn link_before(
    platform: &Platform,
    scope: SystemScope,
    tail: i64,
) -> Result<(i64, String), Fault> {
    let find = move |tx: &mut dyn Tx| {
        let last = store::head(tx, &scope)?.map_or(0, |(seq, _)| seq);
        if last <= tail {
            return Ok(None);
        }
        Ok(store::list_links(tx, &scope, last - tail - 1, 1)?.pop())
    };
    let link = platform.db.read(find).await?;
    Ok(link.map_or((0, GENESIS.to_owned()), |link| (link.seq, link.hash)))
}

fn check_link(faults: &mut Vec<String>, link: &store::Link, seq: i64, previous: &str) {
    if link.seq != seq + 1 {
        faults.push(format!(
            "link {}: follows {seq}, some are missing",
            link.seq
        ));
    }
    match &link.row {
        None => faults.push(format!(
            "link {}: row {} was removed",
            link.seq, link.audit_id
        )),
        Some(Sealable { id, columns, .. }) => {
            if link_hash(previous, columns) != link.hash {
                faults.push(format!("link {}: row {id} was changed", link.seq));
            }
        }
    }
}

fn is_signed(head: &Head, public_key: &[u8]) -> bool {
    let Some(signature) = unhex(&head.signature) else {
        return false;
    };
    let text = signed_text(head.seq, &head.hash, head.real_at_ms);
    UnparsedPublicKey::new(&ring::signature::ED25519, public_key)
        .verify(text.as_bytes(), &signature)
        .is_ok()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_move_between_columns_unseen() {
        let split = |a: &str, b: &str| link_hash("x", &[a.to_owned(), b.to_owned()]);
        assert_ne!(split("ab", "c"), split("a", "bc"));
        assert_ne!(
            split("ab", "c"),
            link_hash("y", &["ab".to_owned(), "c".to_owned()])
        );
    }
}
