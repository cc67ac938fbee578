//! What a password must be, how sign-in slows down, and where one may be sent after it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::access::store::Throttle;
use domain::account::{PASSWORD_MAX_BYTES, PASSWORD_MIN_CHARS};
use kernel::{Millis, Refusal, codes};

use crate::labels;

/// Longest login read, in bytes.
pub const LOGIN_MAX_BYTES: usize = 254;
/// Longest delay between two tries, in milliseconds (trust S6).
pub const DELAY_MAX_MS: i64 = 15 * Millis::MINUTE;
/// Longest address one is sent back to, in bytes.
pub const RETURN_TO_MAX_BYTES: usize = 2_000;
/// Fewest different characters of a password.
const PASSWORD_DIFFERENT_MIN: usize = 6;
/// Shortest login, or part of it before `@`, that a password may not contain, in characters.
const LOGIN_PART_MIN: usize = 4;

/// Passwords long enough but known to everybody, letters and digits only, in lower case.
const COMMON: &[&str] = &[
    "0123456789abcdef",
    "1234567890123456",
    "12345678901234567890",
    "1q2w3e4r5t6y7u8i",
    "1qaz2wsx3edc4rfv",
    "abcdefghijklmn",
    "abcdefghijklmnop",
    "abcdefghijklmnopqrstuvwxyz",
    "azertyuiop123456",
    "azertyuiopqsdfgh",
    "azertyuiopqsdfghjklm",
    "azertyuiopqsdfghjklmwxcvbn",
    "changezmoivite",
    "changezmotdepasse",
    "correcthorsebatterystaple",
    "jesuisunmotdepasse",
    "monmotdepasse1",
    "monmotdepasse123",
    "motdepasse1234",
    "motdepasse12345",
    "motdepasse123456",
    "motdepasseadmin",
    "passwordpassword",
    "password123456",
    "password1234567890",
    "qwertyuiop123456",
    "qwertyuiopasdf",
    "qwertyuiopasdfghjkl",
    "qwertyuiopasdfghjklzxcvbnm",
    "thisismypassword",
];

/// The login as it is stored: trimmed, in lower case; `None` when nobody can bear it.
#[must_use]
pub fn login(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = !text.is_empty()
        && text.len() <= LOGIN_MAX_BYTES
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    plain.then(|| text.to_lowercase())
}

/// Whether `password` may become the password of `login` (Ann. 4, level standard). Seven words are
/// at least fourteen characters, so that one measure serves both of the contract's.
///
/// # Errors
/// EMDP01, saying what is weak.
pub fn check_password(login: &str, password: &str) -> Result<(), Refusal> {
    let weak = |why: &str| Err(Refusal::new(&codes::EMDP01).on("mot_de_passe").because(why));
    if password.chars().count() < PASSWORD_MIN_CHARS {
        return weak(labels::TOO_SHORT);
    }
    if password.len() > PASSWORD_MAX_BYTES {
        return weak(labels::TOO_LONG);
    }
    let lower = password.to_lowercase();
    if holds_login(&lower, &login.to_lowercase()) {
        return weak(labels::HOLDS_LOGIN);
    }
    if is_common(&lower) {
        return weak(labels::TOO_COMMON);
    }
    Ok(())
}

fn holds_login(password: &str, login: &str) -> bool {
    let name = login.split_once('@').map_or(login, |(name, _)| name);
    [login, name]
        .iter()
        .any(|part| part.chars().count() >= LOGIN_PART_MIN && password.contains(part))
}

fn is_common(password: &str) -> bool {
    let bare: String = password.chars().filter(|c| c.is_alphanumeric()).collect();
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    different.len() < PASSWORD_DIFFERENT_MIN || COMMON.contains(&bare.as_str())
}

/// How long the next try waits after so many failures in one day: 1, 3, 5... seconds.
#[must_use]
pub fn delay_ms(failures: i64) -> i64 {
    if failures <= 0 {
        return 0;
    }
    let seconds = failures.saturating_mul(2).saturating_sub(1);
    seconds.saturating_mul(Millis::SECOND).min(DELAY_MAX_MS)
}

/// The throttle after one more failure at `now` (real time). The count begins again every day.
#[must_use]
pub fn after_failure(throttle: Throttle, now: Millis) -> Throttle {
    let day = |at: Millis| at.0.div_euclid(Millis::DAY);
    let before = if day(throttle.seen) == day(now) {
        throttle.failures
    } else {
        0
    };
    let failures = before.saturating_add(1);
    Throttle {
        failures,
        next: now.plus(delay_ms(failures)),
        seen: now,
    }
}

/// Whole seconds until a try is looked at again, rounded up; 0 when it is now.
#[must_use]
pub fn wait_seconds(throttle: Throttle, now: Millis) -> u32 {
    let left_ms = throttle.next.since(now).clamp(0, DELAY_MAX_MS);
    u32::try_from((left_ms + Millis::SECOND - 1) / Millis::SECOND).unwrap_or(0)
}

/// The network of a caller: what shares its first 24 bits, or 64 of an IPv6 address. A throttle
/// holds for one network, so that a stranger elsewhere never delays the account's owner.
#[must_use]
pub fn network(remote: &str) -> String {
    let address = remote
        .parse::<IpAddr>()
        .or_else(|_| remote.parse::<SocketAddr>().map(|address| address.ip()));
    match address.map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        Err(_) => String::new(),
    }
}

/// The page of this portal that `asked` names, else the first page: never another site, whatever a
/// browser makes of slashes, backslashes and control characters.
#[must_use]
pub fn return_to(asked: &str) -> &str {
    let path = asked.split(['?', '#']).next().unwrap_or("");
    let odd = |c: char| c == '\\' || c.is_control() || c.is_whitespace();
    let local = asked.starts_with('/')
        && !asked.starts_with("//")
        && asked.len() <= RETURN_TO_MAX_BYTES
        && asked.is_ascii()
        && !asked.contains(odd)
        && !["/connexion", "/deconnexion"].contains(&path);
    if local { asked } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = Millis(1_795_435_200_000);

    #[test]
    fn the_delay_grows_by_two_seconds_up_to_a_quarter_of_an_hour() {
        let seconds = |n| delay_ms(n) / Millis::SECOND;
        assert_eq!([0, 1, 2, 3, 4, 10].map(seconds), [0, 1, 3, 5, 7, 19]);
        assert_eq!(seconds(450), 899);
        assert_eq!([451, 10_000, i64::MAX].map(seconds), [900, 900, 900]);
    }

    #[test]
    fn failures_are_counted_by_day() {
        let mut throttle = Throttle::default();
        for failures in 1..=5 {
            throttle = after_failure(throttle, NOON);
            assert_eq!(throttle.failures, failures);
        }
        assert_eq!(wait_seconds(throttle, NOON), 9);
        assert_eq!(wait_seconds(throttle, NOON.plus(8_001)), 1);
        assert_eq!(wait_seconds(throttle, NOON.plus(9_000)), 0);
        let tomorrow = after_failure(throttle, NOON.plus(Millis::DAY));
        assert_eq!(tomorrow.failures, 1);
    }

    #[test]
    fn a_throttle_holds_for_a_network_and_no_wider() {
        let cases = [
            ("192.0.2.17", "192.0.2.0/24"),
            ("192.0.2.200:4711", "192.0.2.0/24"),
            ("::ffff:192.0.2.17", "192.0.2.0/24"),
            ("192.0.3.17", "192.0.3.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
            ("", ""),
            ("nonsense", ""),
        ];
        for (remote, expected) in cases {
            assert_eq!(network(remote), expected, "{remote}");
        }
    }

    #[test]
    fn one_is_sent_back_to_a_page_of_this_portal_only() {
        for good in [
            "/",
            "/commandes",
            "/commandes/cmd_1?x=1#cr-stoc",
            "/a?suite=//b.example",
        ] {
            assert_eq!(return_to(good), good);
        }
        let bad = [
            "",
            "commandes",
            "//b.example",
            "/\\b.example",
            "\\\\b.example",
            "/\t/b.example",
            "/\n/b.example",
            "https://b.example/",
            "javascript:alert(1)",
            "/a\r\nSet-Cookie: x=y",
            "/a b",
            "/é",
            "/connexion",
            "/connexion?suite=/connexion",
            "/deconnexion",
            "?x",
        ];
        for bad in bad {
            assert_eq!(return_to(bad), "/", "{bad:?}");
        }
        assert_eq!(return_to(&"/a".repeat(2_000)), "/");
    }

    #[test]
    fn a_login_is_read_as_it_is_stored() {
        assert_eq!(
            login(" Agent@Hirondelle.example ").unwrap(),
            "agent@hirondelle.example"
        );
        let long = "a".repeat(LOGIN_MAX_BYTES + 1);
        for bad in ["", "  ", "a b", "a\u{0}b", &long] {
            assert_eq!(login(bad), None);
        }
    }

    #[test]
    fn a_password_is_long_uncommon_and_not_the_login() {
        let good = [
            "un renard traverse la cour en silence",
            "sept-mots-de-demonstration",
            "Vc9!pL2#xQ8@mR",
            "ééàùçœ-éàùçœ-1",
        ];
        for good in good {
            assert_eq!(
                check_password("agent@hirondelle.example", good),
                Ok(()),
                "{good}"
            );
        }
        let long = "ab1-".repeat(300);
        let bad = [
            ("court mais bon", ""),
            ("Vc9!pL2#xQ8@m", labels::TOO_SHORT),
            (&long, labels::TOO_LONG),
            ("mon Agent@Hirondelle.example", labels::HOLDS_LOGIN),
            ("l agent et le soleil", labels::HOLDS_LOGIN),
            ("Mot-De-Passe-123456", labels::TOO_COMMON),
            ("aaaaaaaaaaaaaaaaaaaa", labels::TOO_COMMON),
            ("abcabcabcabcabcabc", labels::TOO_COMMON),
        ];
        for (password, why) in bad {
            let answer = check_password("agent@hirondelle.example", password);
            if why.is_empty() {
                assert_eq!(answer, Ok(()), "fourteen characters are enough");
                continue;
            }
            let refusal = answer.unwrap_err();
            assert_eq!(
                (refusal.code.as_str(), refusal.detail.as_deref()),
                ("EMDP01", Some(why))
            );
        }
    }

    #[test]
    fn the_common_list_holds_what_length_alone_would_let_through() {
        for common in COMMON {
            assert!(common.chars().count() >= PASSWORD_MIN_CHARS, "{common}");
            assert!(
                common
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            );
        }
    }
}
