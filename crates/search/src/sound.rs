//! How a French word sounds, coarsely: words that are written one for the other have one key.

/// Letters of a key at most; longer words are told apart well enough by their beginning.
pub(crate) const KEY_MAX: usize = 16;

/// A key of sounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sound {
    letters: [u8; KEY_MAX],
    len: u8,
}

impl Sound {
    pub fn as_bytes(&self) -> &[u8] {
        &self.letters[..usize::from(self.len)]
    }

    fn push(&mut self, letter: u8) {
        let at = usize::from(self.len);
        // Doubled sounds are one sound.
        if at < KEY_MAX && (at == 0 || self.letters[at - 1] != letter) {
            self.letters[at] = letter;
            self.len += 1;
        }
    }

    /// The key of a folded word. Capitals stand for sounds written with several letters: `A` an,
    /// `I` in, `O` on, `U` ou, `W` oi, `S` ch, `N` gn, `Y` ill.
    pub fn of(word: &[u8]) -> Self {
        let mut key = Self::default();
        let word = without_silent_end(word);
        let at = |i: usize| word.get(i).copied().unwrap_or(0);
        let vowel = |b: u8| matches!(b, b'a' | b'e' | b'i' | b'o' | b'u' | b'y');
        let soft = |b: u8| matches!(b, b'e' | b'i' | b'y');
        // Whether the `n` or `m` at `i` closes a nasal vowel.
        let nasal = |i: usize| {
            matches!(at(i), b'n' | b'm')
                && !vowel(at(i + 1))
                && !matches!(at(i + 1), b'n' | b'm' | b'h')
        };
        let mut i = 0;
        while i < word.len() {
            let (here, next, after) = (at(i), at(i + 1), at(i + 2));
            let (sound, taken) = match (here, next, after) {
                (b'e', b'a', b'u') => (b'o', 3),
                (b'a', b'u', _) => (b'o', 2),
                (b'o', b'e', b'u') => (b'e', 3),
                (b'a' | b'e', b'i' | b'y', _) if nasal(i + 2) => (b'I', 3),
                (b'o', b'i' | b'y', _) if nasal(i + 2) => (b'w', 3),
                (b'o', b'i' | b'y', _) => (b'W', 2),
                (b'o', b'u', _) => (b'U', 2),
                (b'a' | b'e', b'i' | b'y', b'l') if at(i + 3) == b'l' || i + 3 == word.len() => {
                    (b'Y', 3)
                }
                (b'a' | b'e', b'i' | b'y', _) => (b'e', 2),
                (b'e', b'u', _) | (b'o', b'e', _) => (b'e', 2),
                (b'i', b'e', _) if nasal(i + 2) => (b'I', 3),
                (b'a' | b'e', _, _) if nasal(i + 1) => (b'A', 2),
                (b'i' | b'y' | b'u', _, _) if nasal(i + 1) => (b'I', 2),
                (b'o', _, _) if nasal(i + 1) => (b'O', 2),
                (b'i', b'l', b'l') if vowel(at(i + 3)) => (b'Y', 3),
                (b'p', b'h', _) => (b'f', 2),
                (b's', b'c', b'h') => (b'S', 3),
                (b'c' | b's', b'h', _) => (b'S', 2),
                (b's', b'c', v) if soft(v) => (b's', 2),
                (b'c', b'c', v) if soft(v) => (b'x', 2),
                (b'c', b'q' | b'k', _) => (b'k', 2),
                (b'c', v, _) if soft(v) => (b's', 1),
                (b'c' | b'q', b'u', v) if here == b'q' && vowel(v) => (b'k', 2),
                (b'c' | b'q' | b'k', _, _) => (b'k', 1),
                (b'g', b'n', _) => (b'N', 2),
                (b'g', b'u', v) if soft(v) => (b'g', 2),
                (b'g', b'e', b'a' | b'o') => (b'j', 2),
                (b'g', v, _) if soft(v) => (b'j', 1),
                (b't', b'i', b'o') if i > 0 => (b's', 1),
                (b'w', _, _) => (b'v', 1),
                (b'z', _, _) => (b's', 1),
                (b'y', _, _) => (b'i', 1),
                (b'h', _, _) => (0, 1),
                (b'e', 0, _) => (0, 1),
                (b'm', b'n', _) => (b'n', 2),
                (other, _, _) => (other, 1),
            };
            if sound != 0 {
                key.push(sound);
            }
            i += taken;
        }
        key
    }
}

/// Without the letters that are written and not said at the end.
fn without_silent_end(word: &[u8]) -> &[u8] {
    let mut word = word;
    for ending in [b"ers".as_slice(), b"er", b"ez", b"ets", b"et"] {
        if word.len() > ending.len() + 1 && word.ends_with(ending) {
            // They sound like a closed e, which the key keeps as its `e`.
            return &word[..word.len() - ending.len() + 1];
        }
    }
    while let [.., before, b's' | b't' | b'd' | b'x' | b'z' | b'p' | b'e'] = word {
        // « fontaine » has no nasal: its last letter says so, and is dropped later.
        let sounded = word.ends_with(b"e") && matches!(before, b'n' | b'm');
        if sounded || word.len() <= 2 || (word.len() == 3 && *before != word[1]) {
            break;
        }
        word = &word[..word.len() - 1];
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(word: &str) -> Vec<u8> {
        Sound::of(word.as_bytes()).as_bytes().to_vec()
    }

    #[test]
    fn words_that_sound_alike_have_one_key() {
        for (one, other) in [
            ("tilleuls", "tilleul"),
            ("chateau", "chatau"),
            ("chateau", "chato"),
            ("philippe", "filipe"),
            ("pharmacie", "farmacie"),
            ("eglise", "eglize"),
            ("quai", "kai"),
            ("marechal", "marechale"),
            ("verdun", "verdin"),
            ("hotel", "otel"),
            ("theatre", "teatre"),
            ("champs", "chan"),
            ("moulin", "moulain"),
            ("fontaine", "fontene"),
            ("rossignol", "rosignol"),
            ("guillaume", "guillome"),
            ("lys", "lis"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn words_that_sound_otherwise_have_other_keys() {
        for (one, other) in [
            ("port", "pont"),
            ("mer", "mare"),
            ("paris", "pires"),
            ("lac", "lat"),
        ] {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
    }
}
