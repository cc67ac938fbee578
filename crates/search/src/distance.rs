//! How far apart two short ASCII words are.

/// Letters that are compared; what is beyond does not count.
const LETTERS_MAX: usize = 40;

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`, or
/// `max + 1` when they are more than `max`.
pub(crate) fn edits(a: &[u8], b: &[u8], max: usize) -> usize {
    let (a, b) = (trim(a), trim(b));
    if a.len().abs_diff(b.len()) > max {
        return max + 1;
    }
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a
        .iter()
        .rev()
        .zip(b.iter().rev())
        .take_while(|(x, y)| x == y)
        .count();
    let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len()).min(max + 1);
    }
    let mut before = [0_usize; LETTERS_MAX + 1];
    let mut last = [0_usize; LETTERS_MAX + 1];
    let mut row = [0_usize; LETTERS_MAX + 1];
    for (j, cell) in last.iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut cell = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cell = cell.min(before[j - 2] + 1);
            }
            row[j] = cell;
            least = least.min(cell);
        }
        if least > max {
            return max + 1;
        }
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    last[b.len()].min(max + 1)
}

fn trim(word: &[u8]) -> &[u8] {
    &word[..word.len().min(LETTERS_MAX)]
}

/// A text to which many others are compared at once per letter (Myers' bit vectors).
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    masks: [u64; 36],
    len: u32,
}

impl Pattern {
    /// Of `text`, at most 64 letters.
    pub fn new(text: &[u8]) -> Self {
        let mut masks = [0; 36];
        let text = &text[..text.len().min(64)];
        for (i, letter) in text.iter().enumerate() {
            masks[slot(*letter)] |= 1 << i;
        }
        Self {
            masks,
            len: u32::try_from(text.len()).unwrap_or(0),
        }
    }

    /// Insertions, deletions and replacements between the pattern and `text`; the second is the
    /// least between the pattern and a beginning of `text`.
    pub fn distance<'a>(&self, text: impl Iterator<Item = &'a u8>) -> (u32, u32) {
        if self.len == 0 {
            return (u32::try_from(text.count()).unwrap_or(u32::MAX), 0);
        }
        let mut least = self.len;
        let top = 1_u64 << (self.len - 1);
        let (mut plus, mut minus, mut score) = (u64::MAX, 0_u64, self.len);
        for letter in text {
            let same = self.masks[slot(*letter)];
            let vertical = same | minus;
            let horizontal = ((same & plus).wrapping_add(plus) ^ plus) | same;
            let mut up = minus | !(horizontal | plus);
            let mut down = plus & horizontal;
            if up & top != 0 {
                score += 1;
            }
            if down & top != 0 {
                score -= 1;
            }
            up = (up << 1) | 1;
            down <<= 1;
            plus = down | !(vertical | up);
            minus = up & vertical;
            least = least.min(score);
        }
        (score, least)
    }
}

fn slot(letter: u8) -> usize {
    usize::from(match letter {
        b'a'..=b'z' => letter - b'a',
        b'0'..=b'9' => letter - b'0' + 26,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted_up_to_a_bound() {
        for (a, b, expected) in [
            ("tilleuls", "tilleuls", 0),
            ("tileuls", "tilleuls", 1),
            ("tillelus", "tilleuls", 1),
            ("tiuls", "tilleuls", 3),
            ("", "ab", 2),
            ("port", "pont", 1),
            ("abcdef", "ghijkl", 3),
        ] {
            assert_eq!(
                edits(a.as_bytes(), b.as_bytes(), 2).min(3),
                expected,
                "{a} {b}"
            );
        }
    }

    #[test]
    fn a_pattern_counts_as_the_table_does() {
        for (a, b) in [
            ("ruedestilleuls", "ruedetileuls"),
            ("kitten", "sitting"),
            ("a", "abc"),
            ("abc", ""),
        ] {
            let pattern = Pattern::new(a.as_bytes());
            let expected = edits(a.as_bytes(), b.as_bytes(), 9);
            assert_eq!(
                pattern.distance(b.as_bytes().iter()).0 as usize,
                expected,
                "{a} {b}"
            );
        }
    }
}
