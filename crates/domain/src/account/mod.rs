//! Accounts: a person, a login, a seat among the hundred an operator has, and what it may do.

pub mod store;
pub mod usecases;

use kernel::{AccountId, Millis};

/// Seats of one operator, all users and e-services together (Ann. 4).
pub const ACCOUNTS_PER_OPERATOR_MAX: i64 = 100;
/// Fewest characters of a password, single factor (Ann. 4, level standard).
pub const PASSWORD_MIN_CHARS: usize = 14;
/// Most bytes of a password that are hashed.
pub const PASSWORD_MAX_BYTES: usize = 1_024;

/// An account.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its login, in lower case.
    pub login: String,
    /// The person.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// Its seat, 1 to [`ACCOUNTS_PER_OPERATOR_MAX`].
    pub seat: i64,
    /// `created`, `active` or `disabled`.
    pub state: String,
    /// The password's PHC string, once set.
    pub password_hash: Option<String>,
    /// Made at, business time.
    pub created: Millis,
}
