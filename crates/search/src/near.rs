//! What is left of a word when letters go: two words that share a remainder are close.

/// Words from this length are kept by their remainders without two letters as well, letters.
pub(crate) const TWICE_FROM: usize = 6;
/// Longer words are cut before, letters.
pub(crate) const LETTERS_MAX: usize = 20;
/// Letters of a word that has remainders at least.
pub(crate) const LETTERS_MIN: usize = 3;

/// Calls `f` with `word` and with what is left of it without one letter.
pub(crate) fn once(word: &[u8], mut f: impl FnMut(&[u8])) {
    let word = &word[..word.len().min(LETTERS_MAX)];
    f(word);
    let mut rest = [0_u8; LETTERS_MAX];
    for skip in 0..word.len() {
        // A doubled letter leaves the same, whichever of the two goes.
        if skip > 0 && word[skip] == word[skip - 1] {
            continue;
        }
        rest[..skip].copy_from_slice(&word[..skip]);
        rest[skip..word.len() - 1].copy_from_slice(&word[skip + 1..]);
        f(&rest[..word.len() - 1]);
    }
}

/// Calls `f` with what is left of `word` without two letters.
pub(crate) fn twice(word: &[u8], mut f: impl FnMut(&[u8])) {
    let word = &word[..word.len().min(LETTERS_MAX)];
    let mut rest = [0_u8; LETTERS_MAX];
    for first in 0..word.len() {
        for second in first + 1..word.len() {
            let mut len = 0;
            for (at, letter) in word.iter().enumerate() {
                if at != first && at != second {
                    rest[len] = *letter;
                    len += 1;
                }
            }
            f(&rest[..len]);
        }
    }
}
