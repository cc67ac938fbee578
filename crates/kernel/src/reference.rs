//! References that people read aloud: digits and capital letters without I and O, closed by an
//! ISO 7064 MOD 37,36 check character, so that one wrong character or one swap never names another
//! object.

/// What a reference is written with. The check character itself is drawn from all 36 characters of
/// the standard; a body whose check would be I or O is skipped by [`make`].
const BODY: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const STANDARD: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

fn rank(byte: u8) -> Option<u32> {
    STANDARD
        .iter()
        .position(|&b| b == byte)
        .and_then(|i| u32::try_from(i).ok())
}

/// The check character of `body`; `None` when it holds anything but digits and capital letters.
#[must_use]
pub fn check_character(body: &str) -> Option<char> {
    let mut product: u32 = 36;
    for byte in body.bytes() {
        let mut sum = (product + rank(byte)?) % 36;
        if sum == 0 {
            sum = 36;
        }
        product = (sum * 2) % 37;
    }
    let value = (37 - product) % 36;
    STANDARD.get(value as usize).map(|&b| char::from(b))
}

/// Whether `text` (without separators) ends with the check character of what stands before it.
#[must_use]
pub fn is_valid(text: &str) -> bool {
    let Some(last) = text.chars().last() else {
        return false;
    };
    text.len() > 1
        && text.is_ascii()
        && !text.contains(['I', 'O'])
        && check_character(&text[..text.len() - 1]) == Some(last)
}

/// `prefix` + `len` characters drawn from `bits` + the check character, which is never I nor O.
#[must_use]
pub fn make(prefix: &str, len: usize, mut bits: u64) -> String {
    loop {
        let mut body = String::from(prefix);
        let mut rest = bits;
        for _ in 0..len {
            body.push(char::from(BODY[(rest % 34) as usize]));
            rest /= 34;
        }
        match check_character(&body) {
            Some(check) if check != 'I' && check != 'O' => {
                body.push(check);
                return body;
            }
            _ => bits = bits.wrapping_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standard_s_own_example_holds() {
        // ISO 7064 annex: the check character of A12425GABC1234002 is M.
        assert_eq!(check_character("A12425GABC1234002"), Some('M'));
    }

    proptest! {
        #[test]
        fn one_wrong_character_is_always_found(bits: u64, at in 0_usize..10, other in 0_usize..34) {
            let good = make("PRS", 8, bits);
            prop_assert!(is_valid(&good));
            let mut bad = good.clone().into_bytes();
            let at = at % bad.len();
            if bad[at] != BODY[other] {
                bad[at] = BODY[other];
                prop_assert!(!is_valid(std::str::from_utf8(&bad).unwrap()));
            }
        }
    }
}
