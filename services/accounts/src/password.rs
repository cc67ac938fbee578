//! Passwords: argon2id, as many at once as the machine has cores (trust D12), and the same work
//! whether the account exists or not (trust S6).

use std::num::NonZero;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use domain::account::PASSWORD_MAX_BYTES;
use kernel::Fault;
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19_456;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// What stands in for a salt when there is no account: it salts nothing that is kept.
const NOBODY: &[u8] = b"no such account.";

/// One memory area a core: more at once would only take longer and take memory.
static SLOTS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(2, NonZero::get)));

fn argon2id() -> Result<Argon2<'static>, Fault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Fault::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Runs `work` off the runtime when one of the slots is free.
async fn in_slot<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    let _slot = SLOTS.acquire().await.map_err(Fault::internal)?;
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Fault::internal)?
}

/// The PHC string to keep of `password`, which [`crate::rules::check_password`] has admitted.
///
/// # Errors
/// A fault when there is no randomness for the salt, or no memory.
pub async fn hash(password: &str) -> Result<String, Fault> {
    let password = password.to_owned();
    in_slot(move || {
        let hash = argon2id()?
            .hash_password(password.as_bytes())
            .map_err(Fault::internal)?;
        Ok(hash.to_string())
    })
    .await
}

/// Whether `password` is the one `stored` was made of; `None` does the same work and says no.
///
/// # Errors
/// A fault when there is no memory, or `stored` is not a PHC string.
pub async fn matches(password: &str, stored: Option<&str>) -> Result<bool, Fault> {
    let too_long = password.len() > PASSWORD_MAX_BYTES;
    let tried = if too_long {
        Vec::new()
    } else {
        password.as_bytes().to_vec()
    };
    let stored = stored.filter(|_| !too_long).map(str::to_owned);
    in_slot(move || {
        let argon2id = argon2id()?;
        let Some(stored) = stored else {
            let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
            argon2id
                .hash_password_into(&tried, NOBODY, &mut out)
                .map_err(Fault::internal)?;
            return Ok(false);
        };
        match argon2id.verify_password(&tried, stored.as_str()) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(Fault::internal(error)),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWORD: &str = "un renard traverse la cour";

    #[tokio::test]
    async fn a_password_opens_only_its_own_hash() {
        let stored = hash(PASSWORD).await.unwrap();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{stored}"
        );
        assert_ne!(
            stored,
            hash(PASSWORD).await.unwrap(),
            "each has a salt of its own"
        );
        assert!(matches(PASSWORD, Some(&stored)).await.unwrap());
        assert!(
            !matches("un renard traverse la court", Some(&stored))
                .await
                .unwrap()
        );
        assert!(!matches("", Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_has_a_password_and_a_huge_one_is_nobodys() {
        assert!(!matches(PASSWORD, None).await.unwrap());
        let stored = hash("").await.unwrap();
        let huge = "a".repeat(PASSWORD_MAX_BYTES + 1);
        assert!(!matches(&huge, Some(&stored)).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_cannot_be_read_is_a_fault_not_a_wrong_password() {
        assert!(matches(PASSWORD, Some("$argon2id$broken")).await.is_err());
    }
}
