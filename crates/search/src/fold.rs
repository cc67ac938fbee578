//! Texts made comparable: ASCII lower case without accents, cut into words that remember where
//! they stood. The index and the queries go through the same cut.

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// Where its folded letters are in [`Folded::text`], bytes.
    pub from: u16,
    pub to: u16,
    /// Where it stood in what was typed, bytes.
    pub typed_from: u32,
    pub typed_to: u32,
    /// Digits only; letters only otherwise.
    pub digits: bool,
    /// Nothing stood between it and the word before.
    pub glued: bool,
    /// A comma, a line or a bracket stood before it.
    pub after_break: bool,
    /// A dash or a slash stood before it.
    pub after_dash: bool,
}

/// A text cut into words.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folded {
    pub text: Vec<u8>,
    pub tokens: Vec<Token>,
}

impl Folded {
    pub fn clear(&mut self) {
        self.text.clear();
        self.tokens.clear();
    }

    pub fn word(&self, at: usize) -> &[u8] {
        let token = &self.tokens[at];
        &self.text[usize::from(token.from)..usize::from(token.to)]
    }

    /// Cuts `text`, of which at most `words_max` words are kept.
    pub fn read(&mut self, text: &str, words_max: usize) {
        self.clear();
        let mut open: Option<Token> = None;
        let (mut broken, mut dashed) = (false, false);
        let mut apart = true;
        for (at, typed) in text.char_indices() {
            let end = at + typed.len_utf8();
            let (letters, count) = fold(typed);
            if count == 0 {
                if is_mark(typed) {
                    // An accent written apart belongs to the letter before it.
                    if let Some(token) = &mut open {
                        token.typed_to = to_u32(end);
                    }
                    continue;
                }
                self.close(&mut open, words_max);
                broken |= matches!(
                    typed,
                    ',' | ';' | '\n' | '(' | ')' | '[' | ']' | '|' | '\u{2022}'
                );
                dashed |= matches!(typed, '-' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}');
                apart = true;
                continue;
            }
            let digit = letters[0].is_ascii_digit();
            if open.as_ref().is_some_and(|token| token.digits != digit) {
                self.close(&mut open, words_max);
            }
            if self.text.len() + 3 > usize::from(u16::MAX) {
                break;
            }
            let token = open.get_or_insert_with(|| Token {
                from: to_u16(self.text.len()),
                to: 0,
                typed_from: to_u32(at),
                typed_to: 0,
                digits: digit,
                glued: !apart,
                after_break: broken,
                after_dash: dashed,
            });
            self.text.extend_from_slice(&letters[..count]);
            token.to = to_u16(self.text.len());
            token.typed_to = to_u32(end);
            (broken, dashed) = (false, false);
            apart = false;
        }
        self.close(&mut open, words_max);
    }

    fn close(&mut self, open: &mut Option<Token>, words_max: usize) {
        if let Some(token) = open.take()
            && self.tokens.len() < words_max
        {
            self.tokens.push(token);
        }
    }
}

fn to_u16(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A combining accent or what shows nothing.
fn is_mark(c: char) -> bool {
    let accent = matches!(c, '\u{300}'..='\u{36f}');
    accent
        || matches!(
            c,
            '\u{200b}'..='\u{200d}' | '\u{ad}' | '\u{feff}' | '\u{fe0f}'
        )
}

/// The ASCII letters or digits for `c`, and how many; none for what parts words.
fn fold(c: char) -> ([u8; 3], usize) {
    let one = |b: u8| ([b, 0, 0], 1);
    let two = |a: u8, b: u8| ([a, b, 0], 2);
    match c {
        'a'..='z' | '0'..='9' => one(c as u8),
        'A'..='Z' => one(c as u8 | 0x20),
        '\0'..='\u{7f}' => ([0; 3], 0),
        'à'..='å' | 'À'..='Å' | 'ā' | 'Ā' | 'ă' | 'Ă' | 'ą' | 'Ą' | 'ª' | 'ᵃ' => {
            one(b'a')
        }
        'ç' | 'Ç' | 'ć' | 'Ć' | 'ĉ' | 'Ĉ' | 'č' | 'Č' => one(b'c'),
        'ď' | 'Ď' | 'đ' | 'Đ' | 'ð' | 'Ð' | 'ᵈ' => one(b'd'),
        'è'..='ë' | 'È'..='Ë' | 'ē'..='ě' | 'ᵉ' | 'ₑ' => one(b'e'),
        'ĝ' | 'Ĝ' | 'ğ' | 'Ğ' => one(b'g'),
        'ì'..='ï' | 'Ì'..='Ï' | 'ī' | 'Ī' | 'į' | 'Į' | 'ı' | 'İ' => one(b'i'),
        'ł' | 'Ł' => one(b'l'),
        'ñ' | 'Ñ' | 'ń' | 'Ń' | 'ň' | 'Ň' | 'ⁿ' => one(b'n'),
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' | 'ō' | 'Ō' | 'ő' | 'Ő' | 'ᵒ' => one(b'o'),
        'ř' | 'Ř' | 'ʳ' => one(b'r'),
        'ś' | 'Ś' | 'ŝ' | 'Ŝ' | 'ş' | 'Ş' | 'š' | 'Š' | 'ˢ' => one(b's'),
        'ţ' | 'Ţ' | 'ť' | 'Ť' => one(b't'),
        'ù'..='ü' | 'Ù'..='Ü' | 'ū' | 'Ū' | 'ů' | 'Ů' | 'ű' | 'Ű' => one(b'u'),
        'ŵ' | 'Ŵ' => one(b'w'),
        'ý' | 'ÿ' | 'Ý' | 'Ÿ' | 'ŷ' | 'Ŷ' => one(b'y'),
        'ź' | 'Ź' | 'ż' | 'Ż' | 'ž' | 'Ž' => one(b'z'),
        'œ' | 'Œ' => two(b'o', b'e'),
        'æ' | 'Æ' => two(b'a', b'e'),
        'ß' | 'ẞ' => two(b's', b's'),
        'þ' | 'Þ' => two(b't', b'h'),
        '\u{fb00}' => two(b'f', b'f'),
        '\u{fb01}' => two(b'f', b'i'),
        '\u{fb02}' => two(b'f', b'l'),
        '²' => one(b'2'),
        '³' => one(b'3'),
        '¹' => one(b'1'),
        // Full-width forms of what is pasted from elsewhere.
        '\u{ff10}'..='\u{ff19}' => one((c as u32 - 0xff10) as u8 + b'0'),
        '\u{ff21}'..='\u{ff3a}' => one((c as u32 - 0xff21) as u8 + b'a'),
        '\u{ff41}'..='\u{ff5a}' => one((c as u32 - 0xff41) as u8 + b'a'),
        _ => ([0; 3], 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut folded = Folded::default();
        folded.read(text, 64);
        let word = |i| String::from_utf8_lossy(folded.word(i)).into_owned();
        (0..folded.tokens.len()).map(word).collect()
    }

    #[test]
    fn texts_are_cut_into_plain_words() {
        for (text, expected) in [
            ("12bis, Rue de l’Église", "12 bis rue de l eglise"),
            (
                "E\u{301}glise du Sacre\u{301}-C\u{153}ur",
                "eglise du sacre coeur",
            ),
            ("  ALLÉE   DES ŒILLETS ", "allee des oeillets"),
            (
                "Plougastel-Daoulas / Kerc'hoat",
                "plougastel daoulas kerc hoat",
            ),
            ("Straße Niederbronn", "strasse niederbronn"),
            ("53000LAVAL", "53000 laval"),
            ("N° 3ᵉ", "n 3 e"),
            ("\u{1F600}\u{0}", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text:?}");
        }
    }

    #[test]
    fn a_word_remembers_where_it_stood() {
        let mut folded = Folded::default();
        let text = "8, E\u{301}glise";
        folded.read(text, 64);
        let token = folded.tokens[1];
        assert_eq!(
            &text[token.typed_from as usize..token.typed_to as usize],
            "E\u{301}glise"
        );
        assert!(token.after_break);
    }
}
