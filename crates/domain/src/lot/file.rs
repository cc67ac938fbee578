//! The file of a lot: read through once when it is submitted, then slice by slice from where the
//! last one ended. One line is held at a time.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use csv::{ByteRecord, ReaderBuilder};

use super::labels;
use super::rules::{
    FileFault, LINE_BYTES, LINES_MAX, Layout, Line, decoded, is_garbled, layout, line,
};
use crate::upload::Readable;

type Bytes = BufReader<Box<dyn Readable>>;

/// The lines of a file, from any of them on.
pub struct Lines {
    layout: Layout,
    reader: csv::Reader<Bytes>,
    record: ByteRecord,
    /// Where reading began, in bytes.
    base: u64,
    /// The number of the line read last.
    number: u64,
}

/// Reads the heading of a file.
fn heading(file: &mut Box<dyn Readable>) -> io::Result<Result<Layout, FileFault>> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    // The heading with its end and a byte order mark, and one byte more, which is too many.
    let most = LINE_BYTES as u64 + 6;
    file.by_ref().take(most).read_to_end(&mut head)?;
    Ok(layout(&head))
}

impl Lines {
    /// The lines of `file` after the `done` first, which end at `at_byte`.
    ///
    /// # Errors
    /// It cannot be read; the inner result is why its heading is refused.
    pub fn open(
        mut file: Box<dyn Readable>,
        done: u64,
        at_byte: u64,
    ) -> io::Result<Result<Self, FileFault>> {
        let layout = match heading(&mut file)? {
            Ok(layout) => layout,
            Err(fault) => return Ok(Err(fault)),
        };
        let base = if done == 0 { layout.body } else { at_byte };
        file.seek(SeekFrom::Start(base))?;
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(layout.separator)
            .from_reader(BufReader::new(file));
        Ok(Ok(Self {
            layout,
            reader,
            record: ByteRecord::new(),
            base,
            number: done + 1,
        }))
    }

    /// Where the next line begins, in bytes, before the blank lines that are passed over.
    pub fn next_byte(&self) -> u64 {
        self.base + self.reader.position().byte()
    }

    /// Headings that are not read.
    pub fn unknown(&self) -> &[String] {
        &self.layout.unknown
    }

    /// The fields of the next line; `None` at the end.
    fn fields(&mut self) -> io::Result<Option<Vec<String>>> {
        if !self.reader.read_byte_record(&mut self.record)? {
            return Ok(None);
        }
        self.number += 1;
        let fields = self.record.iter().map(|field| decoded(field).0);
        Ok(Some(fields.collect()))
    }

    /// At most `limit` lines, and where the one after them begins.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn slice(&mut self, limit: usize) -> io::Result<(Vec<Line>, u64)> {
        let mut lines = Vec::new();
        while lines.len() < limit
            && let Some(fields) = self.fields()?
        {
            lines.push(line(&self.layout, self.number, &fields));
        }
        Ok((lines, self.next_byte()))
    }
}

/// Reads a whole file without keeping anything of it: how many lines it has, and the headings that
/// are not read.
///
/// # Errors
/// It cannot be read; the inner result is why it is refused, whole.
pub fn scan(file: Box<dyn Readable>) -> io::Result<Result<(u64, Vec<String>), FileFault>> {
    let mut lines = match Lines::open(file, 0, 0)? {
        Ok(lines) => lines,
        Err(fault) => return Ok(Err(fault)),
    };
    let mut count = 0;
    while let Some(fields) = lines.fields()? {
        count += 1;
        if count > LINES_MAX {
            return Ok(Err(FileFault::at(0, labels::many_lines(LINES_MAX))));
        }
        if lines.record.as_slice().len() + lines.record.len() > LINE_BYTES {
            return Ok(Err(FileFault::at(lines.number, labels::LONG_LINE)));
        }
        if fields.iter().any(|field| is_garbled(field)) {
            return Ok(Err(FileFault::at(lines.number, labels::GARBLED)));
        }
    }
    if count == 0 {
        return Ok(Err(FileFault::at(0, labels::NO_LINE)));
    }
    Ok(Ok((count, lines.unknown().to_vec())))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn scanned(text: &[u8]) -> Result<(u64, Vec<String>), String> {
        let read = scan(Box::new(Cursor::new(text.to_vec()))).unwrap();
        read.map_err(|fault| fault.refusal().detail.unwrap())
    }

    #[test]
    fn a_file_is_read_in_slices_of_any_size_as_it_is_read_whole() {
        let text = b"\xef\xbb\xbfReferenceClient;Adresse\r\nA;\"12 rue X; Laval\"\r\n\r\n\
                     B;\"deux\nlignes\"\nC;\xe9t\xe9\nD\n;fin";
        let whole = |size: usize| {
            let (mut all, mut done, mut at) = (Vec::new(), 0, 0);
            loop {
                // Each slice by a reader of its own, as after a restart.
                let file = Box::new(Cursor::new(text.to_vec()));
                let mut lines = Lines::open(file, done, at).unwrap().unwrap();
                let (slice, next) = lines.slice(size).unwrap();
                if slice.is_empty() {
                    return all;
                }
                (done, at) = (done + slice.len() as u64, next);
                all.extend(slice);
            }
        };
        let all = whole(100);
        let told: Vec<_> = all
            .iter()
            .map(|l| (l.number, l.reference.as_str(), l.address.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (2, "A", "12 rue X; Laval"),
                (3, "B", "deux\nlignes"),
                (4, "C", "été"),
                (5, "D", ""),
                (6, "", "fin"),
            ]
        );
        for size in 1..6 {
            assert_eq!(whole(size), all, "slices of {size}");
        }
    }

    #[test]
    fn lines_are_counted_and_one_too_many_refuses_the_file() {
        let file = |lines: u64| {
            let mut text = b"Adresse\n".to_vec();
            (0..lines).for_each(|_| text.extend_from_slice(b"x\n"));
            scanned(&text)
        };
        assert_eq!(file(1).unwrap().0, 1);
        assert_eq!(file(LINES_MAX).unwrap().0, LINES_MAX);
        assert!(file(LINES_MAX + 1).unwrap_err().contains("50000"));
        assert!(file(0).unwrap_err().contains("aucune ligne"));
    }

    #[test]
    fn hostile_files_are_refused_with_the_line_at_fault() {
        let long = format!("Adresse;Etage\nx;1\n{};2\n", "a".repeat(LINE_BYTES));
        assert!(scanned(long.as_bytes()).unwrap_err().contains("ligne 3"));
        let unclosed = format!("Adresse;Etage\n\"x;1\n{}", "b;2\n".repeat(5_000));
        assert!(
            scanned(unclosed.as_bytes())
                .unwrap_err()
                .contains("guillemet")
        );
        assert!(
            scanned(b"Adresse\nx\n\x81\x8d\n")
                .unwrap_err()
                .contains("ligne 3")
        );
        assert!(
            scanned(b"Adresse\nx\n\x01\n")
                .unwrap_err()
                .contains("ligne 3")
        );
        // What a spreadsheet would compute is a text like any other.
        assert_eq!(scanned(b"Adresse\n=1+1\n@x\n").unwrap().0, 2);
        let told = scanned(b"Adresse;Note;Autre\nx;y;z").unwrap();
        assert_eq!(told, (1, vec!["Note".to_owned(), "Autre".to_owned()]));
    }
}
