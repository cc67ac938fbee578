//! What is said of a key that is not the sender's first use of it.

/// The key carried something else before.
pub const OTHER_REQUEST: &str = "cet identifiant a déjà porté une autre demande";
