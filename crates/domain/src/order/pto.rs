//! References of PTOs: `OO-XXXX-XXXX`, stable whatever happens to the PTO, its route or its OI
//! (D776 §4.1). I and O do occur (Orange's own prefix is FI), and old formats must be accepted, so
//! nothing here refuses a reference: what is unknown is FIMP02.

/// As the referential spells it: capitals, no blanks, hyphens back in place when ten characters
/// were given without them.
#[must_use]
pub fn normalise(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_uppercase();
    let bare: String = plain.chars().filter(|c| *c != '-').collect();
    if bare.len() == 10 && bare.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return format!("{}-{}-{}", &bare[..2], &bare[2..6], &bare[6..]);
    }
    plain
}

/// A new reference under the OI's own prefix of two characters.
#[must_use]
pub fn new_reference(prefix: &str, mut bits: u64) -> String {
    const LETTERS: &[u8; 34] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut text = prefix.to_owned();
    for i in 0..8 {
        if i % 4 == 0 {
            text.push('-');
        }
        text.push(char::from(LETTERS[(bits % 34) as usize]));
        bits /= 34;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pto_is_read_however_it_is_typed() {
        for typed in [
            "F2-7QK4-90LB",
            "f2-7qk4-90lb",
            " F2 7QK4 90LB ",
            "F27QK490LB",
        ] {
            assert_eq!(normalise(typed), "F2-7QK4-90LB");
        }
        assert_eq!(normalise("fi-5015-1795"), "FI-5015-1795");
        assert_eq!(normalise("old/12345"), "OLD/12345");
    }

    #[test]
    fn a_new_reference_has_the_trade_s_form() {
        let made = new_reference("F2", 0x0123_4567_89AB_CDEF);
        assert_eq!(made.len(), 12);
        assert_eq!(normalise(&made), made);
    }
}
