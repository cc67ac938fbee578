//! Bounds of a text file, checked while it is received: nothing that breaks them is kept.

/// What a text file may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Longest line, in bytes, its end included.
    pub line_bytes: u64,
    /// Most fields of a line.
    pub columns: u32,
    /// Most lines.
    pub rows: u64,
}

impl Bounds {
    /// Of a reference file: the largest known have ten million lines and some sixty columns.
    pub const REFERENCE: Self = Self {
        line_bytes: 64 * 1024,
        columns: 400,
        rows: 30_000_000,
    };

    /// Of a lot of eligibility tests: its heading and fifty thousand lines, each ended.
    pub const LOT: Self = Self {
        line_bytes: 4 * 1024,
        columns: 100,
        rows: 50_002,
    };
}

/// What breaks the bounds, with the line where it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextFault {
    /// A NUL byte.
    Binary(u64),
    /// A line beyond the bound.
    LongLine(u64),
    /// More fields than the bound.
    ManyColumns(u64),
    /// More lines than this.
    ManyRows(u64),
}

impl TextFault {
    /// The line where the bound is broken.
    #[must_use]
    pub fn line(&self) -> u64 {
        match self {
            Self::Binary(line) | Self::LongLine(line) | Self::ManyColumns(line) => *line,
            // The first beyond the bound.
            Self::ManyRows(rows) => rows + 1,
        }
    }
}

/// Looks at a file piece by piece, in memory that does not depend on it.
#[derive(Debug)]
pub struct Checker {
    bounds: Bounds,
    line: u64,
    length: u64,
    separators: u32,
}

impl Checker {
    /// Before the first byte.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            line: 1,
            length: 0,
            separators: 0,
        }
    }

    /// Looks at the next bytes.
    ///
    /// # Errors
    /// The first bound they break.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), TextFault> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.length += piece.len() as u64;
            if piece.contains(&0) {
                return Err(TextFault::Binary(self.line));
            }
            if self.length > self.bounds.line_bytes {
                return Err(TextFault::LongLine(self.line));
            }
            // A comma may stand in a text; `;` and tab are what separates fields here.
            let count = piece.iter().filter(|b| matches!(b, b';' | b'\t')).count();
            self.separators += u32::try_from(count).unwrap_or(u32::MAX);
            if self.separators >= self.bounds.columns {
                return Err(TextFault::ManyColumns(self.line));
            }
            if piece.ends_with(b"\n") {
                (self.length, self.separators) = (0, 0);
                self.line += 1;
                if self.line > self.bounds.rows {
                    return Err(TextFault::ManyRows(self.bounds.rows));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        line_bytes: 10,
        columns: 3,
        rows: 4,
    };

    fn check(pieces: &[&[u8]]) -> Result<(), TextFault> {
        let mut checker = Checker::new(BOUNDS);
        pieces.iter().try_for_each(|piece| checker.feed(piece))
    }

    #[test]
    fn bounds_hold_wherever_the_pieces_are_cut() {
        assert_eq!(check(&[b"a;b;c\n1;2;3\n"]), Ok(()));
        assert_eq!(
            check(&[b"a;b\n01234", b"567890\n"]),
            Err(TextFault::LongLine(2))
        );
        assert_eq!(check(&[b"a;b;", b"c;d\n"]), Err(TextFault::ManyColumns(1)));
        assert_eq!(check(&[b"a\nb\0\n"]), Err(TextFault::Binary(2)));
        assert_eq!(check(&[b"1\n2\n3\n", b"4\n"]), Err(TextFault::ManyRows(4)));
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_is_held() {
        let mut checker = Checker::new(Bounds::REFERENCE);
        let piece = vec![b'a'; 40 * 1024];
        assert_eq!(checker.feed(&piece), Ok(()));
        assert_eq!(checker.feed(&piece), Err(TextFault::LongLine(1)));
    }
}
