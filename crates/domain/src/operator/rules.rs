//! What makes a SIREN, a code or an address well formed.

/// Whether `siren` is nine digits closed by their Luhn key.
#[must_use]
pub fn is_siren(siren: &str) -> bool {
    siren.len() == 9 && siren.bytes().all(|b| b.is_ascii_digit()) && luhn(siren)
}

fn luhn(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(i, b)| {
            let digit = u32::from(b - b'0');
            match (i % 2, digit) {
                (0, d) => d,
                (_, d) if d > 4 => 2 * d - 9,
                (_, d) => 2 * d,
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether `code` names an operator: 2 to 10 capital letters and digits.
#[must_use]
pub fn is_code(code: &str) -> bool {
    (2..=10).contains(&code.len())
        && code
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether `email` can be written to without being able to say anything else in a mail's head.
#[must_use]
pub fn is_email(email: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
    };
    email.len() <= 254
        && email
            .split_once('@')
            .is_some_and(|(name, host)| plain(name) && plain(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_siren_is_held_by_its_luhn_key() {
        for good in ["824481873", "380129866", "343059564", "421938861"] {
            assert!(is_siren(good), "{good}");
        }
        for bad in ["824481874", "38012986", "3801298660", "38012986A", ""] {
            assert!(!is_siren(bad), "{bad}");
        }
    }

    #[test]
    fn an_address_cannot_carry_a_second_header() {
        assert!(is_email("agent@hirondelle.example"));
        for bad in ["a@b\r\nBcc:x", "a b@c", "@b", "a@", "a@b@c"] {
            assert!(!is_email(bad), "{bad:?}");
        }
    }
}
