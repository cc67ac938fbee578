//! One file, with its Rust taken apart far enough to tell code from comments and literals.

/// A tracked file.
pub struct File {
    /// From the root of the repository, with `/`.
    pub path: String,
    /// What it holds, byte for byte.
    pub bytes: Vec<u8>,
    /// The same as text; empty when it is not UTF-8.
    pub text: String,
    /// The text with comments and literals blanked, line for line; empty unless Rust.
    pub code: String,
    /// String literals with the line they begin at.
    pub literals: Vec<(usize, String)>,
    /// The first line of the file's test module; `usize::MAX` when it has none, 0 in a test file.
    tests_from: usize,
}

impl File {
    pub fn new(path: &str, bytes: Vec<u8>) -> Self {
        let text = String::from_utf8(bytes.clone()).unwrap_or_default();
        let (code, literals) = if path.ends_with(".rs") {
            take_apart(&text)
        } else {
            Default::default()
        };
        let tests_from = if is_test_path(path) {
            0
        } else {
            test_module_line(&code)
        };
        Self {
            path: path.to_owned(),
            bytes,
            text,
            code,
            literals,
            tests_from,
        }
    }

    /// The last part of the path.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// After the last dot of the name.
    pub fn extension(&self) -> &str {
        self.name()
            .rsplit_once('.')
            .map_or("", |(_, extension)| extension)
    }

    /// Files of others, kept as they are.
    pub fn is_vendored(&self) -> bool {
        self.path.contains("/vendor/")
    }

    /// Lines of code that are not tests, numbered from 1.
    pub fn product_code(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self.code.lines().enumerate().map(|(i, line)| (i + 1, line));
        numbered.take_while(|(line, _)| *line < self.tests_from)
    }

    /// Literals that are not in tests.
    pub fn product_literals(&self) -> impl Iterator<Item = &(usize, String)> {
        self.literals
            .iter()
            .take_while(|(line, _)| *line < self.tests_from)
    }
}

/// Tests, and what exists for them alone.
fn is_test_path(path: &str) -> bool {
    let folder = path.contains("/tests/") || path.starts_with("tests/");
    folder || path.ends_with("/tests.rs") || path.starts_with("crates/testkit/")
}

/// Whether `word` stands in `text` by itself.
pub fn has_word(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        !text[..at].ends_with(part_of_word) && !text[at + word.len()..].starts_with(part_of_word)
    })
}

/// The line of the first `#[cfg(test)]` that covers a module with a body. Clippy keeps items from
/// following it, so that what comes after is tests to the end.
fn test_module_line(code: &str) -> usize {
    let covers_module = |rest: &str| {
        let mut rest = rest.trim_start();
        while rest.starts_with("#[") {
            rest = rest
                .split_once(']')
                .map_or("", |(_, rest)| rest)
                .trim_start();
        }
        let end = rest.find(['{', ';']).unwrap_or(0);
        has_word(&rest[..end], "mod") && rest[end..].starts_with('{')
    };
    let attribute = "#[cfg(test)]";
    code.match_indices(attribute)
        .find(|(at, _)| covers_module(&code[at + attribute.len()..]))
        .map_or(usize::MAX, |(at, _)| code[..at].matches('\n').count() + 1)
}

/// Blanks comments and literals, and collects the string literals.
fn take_apart(text: &str) -> (String, Vec<(usize, String)>) {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut literals) = (String::with_capacity(text.len()), Vec::new());
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => end_of_line(&chars, at),
            '/' if chars.get(at + 1) == Some(&'*') => end_of_comment(&chars, at),
            '"' => {
                let (end, literal) = end_of_string(&chars, at, raw_hashes(&code));
                literals.push((line, literal));
                end
            }
            '\'' => end_of_char(&chars, at),
            _ => at,
        };
        if end == at {
            code.push(chars[at]);
            line += usize::from(chars[at] == '\n');
            at += 1;
            continue;
        }
        for &skipped in &chars[at..end] {
            code.push(if skipped == '\n' { '\n' } else { ' ' });
            line += usize::from(skipped == '\n');
        }
        at = end;
    }
    (code, literals)
}

fn end_of_line(chars: &[char], at: usize) -> usize {
    chars[at..]
        .iter()
        .position(|&c| c == '\n')
        .map_or(chars.len(), |length| at + length)
}

fn end_of_comment(chars: &[char], at: usize) -> usize {
    let (mut depth, mut at) = (0, at);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

/// For a quote that follows `code`: how many hashes close the raw string it opens, if it does.
fn raw_hashes(code: &str) -> Option<usize> {
    let before = code.trim_end_matches('#');
    let prefix = before
        .rsplit(|c: char| !c.is_alphanumeric() && c != '_')
        .next()
        .unwrap_or("");
    matches!(prefix, "r" | "br" | "cr").then_some(code.len() - before.len())
}

fn end_of_string(chars: &[char], open: usize, raw: Option<usize>) -> (usize, String) {
    let mut at = open + 1;
    while at < chars.len() {
        match (chars[at], raw) {
            ('\\', None) => at += 1,
            ('"', None) => break,
            ('"', Some(hashes)) if (1..=hashes).all(|i| chars.get(at + i) == Some(&'#')) => break,
            _ => {}
        }
        at += 1;
    }
    let close = at.min(chars.len());
    let end = (close + 1 + raw.unwrap_or(0)).min(chars.len());
    (end, chars[open + 1..close].iter().collect())
}

/// The end of a character literal, or `at` for a lifetime.
fn end_of_char(chars: &[char], at: usize) -> usize {
    match chars.get(at + 1) {
        Some('\\') => {
            let close = chars[at + 3..].iter().position(|&c| c == '\'');
            close.map_or(chars.len(), |length| at + 3 + length + 1)
        }
        Some(_) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rust(text: &str) -> File {
        File::new("crates/x/src/lib.rs", text.into())
    }

    #[test]
    fn comments_and_literals_are_told_from_code() {
        let file = rust(concat!(
            "// Tx here\nlet a = \"Tx \\\" there\"; /* Tx /* deep */ Tx */ let b = '\"';\n",
            "let c: &'static str = r#\"raw \"quoted\" text\"#; let d = b'\\''; let e = Db;\n",
        ));
        assert!(!has_word(&file.code, "Tx"));
        assert!(has_word(&file.code, "Db"));
        let expected = [
            (2, "Tx \\\" there".to_owned()),
            (3, "raw \"quoted\" text".to_owned()),
        ];
        assert_eq!(file.literals, expected);
        assert_eq!(file.code.lines().count(), file.text.lines().count());
    }

    #[test]
    fn a_test_module_is_not_product_code() {
        let body = "fn a() {}\n#[cfg(test)]\n#[expect(x, reason = \"y\")]\nmod tests { fn b() {} }";
        let file = rust(body);
        assert_eq!(file.product_code().count(), 1);
        let outside = rust("#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert_eq!(outside.product_code().count(), 3);
        assert_eq!(
            File::new("crates/x/tests/it/main.rs", body.into())
                .product_code()
                .count(),
            0
        );
    }

    #[test]
    fn a_word_is_not_a_part_of_another() {
        assert!(has_word("&mut dyn Tx,", "Tx"));
        assert!(!has_word("TxKind my_Tx", "Tx"));
    }
}
