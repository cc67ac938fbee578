//! Files made to harm are refused with a clear word, within bounded reading.

use std::io::{Cursor, Read, Result, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::release::{Kind, Release};
use reference::usecases::Source;

use crate::support::{Store, refusal, request, small};

/// A line that never ends, and how much of it was asked for.
struct Endless(Arc<AtomicU64>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        buffer.fill(b'a');
        self.0.fetch_add(buffer.len() as u64, Ordering::Relaxed);
        Ok(buffer.len())
    }
}

impl Seek for Endless {
    fn seek(&mut self, _: SeekFrom) -> Result<u64> {
        Ok(0)
    }
}

/// How a file of a first import is refused, in its own words.
async fn word(store: &Store, source: Box<dyn Source>) -> String {
    let mut asked = request(Kind::Ipe, b"");
    asked.parts[0].source = source;
    let refusal = refusal(store.import(asked, None).await);
    assert_eq!(refusal.code, "EIMP01");
    assert_eq!(store.current().await, Release::EMPTY);
    refusal.detail.unwrap_or_default()
}

#[tokio::test]
async fn a_line_without_end_is_refused_after_its_first_bytes() {
    let Some(store) = Store::open() else { return };
    let asked_for = Arc::new(AtomicU64::new(0));
    let said = word(&store, Box::new(Endless(Arc::clone(&asked_for)))).await;
    assert_eq!(said, "ligne 1 illisible ou trop longue");
    assert!(asked_for.load(Ordering::Relaxed) < 1_000_000);
}

#[tokio::test]
async fn what_no_spreadsheet_writes_is_refused_with_the_line_at_fault() {
    let Some(store) = Store::open() else { return };
    let good = small().file(Kind::Ipe);
    let lines: Vec<&str> = good.lines().collect();
    let with = |at: usize, line: &[u8]| {
        let mut bytes = Vec::new();
        for (n, good) in lines.iter().enumerate() {
            let line = if n + 1 == at { line } else { good.as_bytes() };
            bytes.extend_from_slice(line);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    };
    let columns = format!("{}{}", lines[0], ";x".repeat(30_000));
    let mut mixed = with(4, "Évron".as_bytes());
    mixed.extend_from_slice(b"\xc9vron\r\n");
    let cases: [(Vec<u8>, String); 6] = [
        (
            b"PK\x03\x04\x00\x00".to_vec(),
            "ligne 1 illisible ou trop longue".to_owned(),
        ),
        (
            with(5, b"a;\0;b"),
            "ligne 5 illisible ou trop longue".to_owned(),
        ),
        (
            with(6, b"a;\"b;c"),
            "guillemet non fermé à la ligne 6".to_owned(),
        ),
        (with(1, columns.as_bytes()), {
            let count = columns.split(';').count();
            format!("{count} colonnes")
        }),
        (mixed, {
            let line = lines.len() + 1;
            format!("ligne {line} dans un autre codage de caractères que les précédentes")
        }),
        (Vec::new(), "aucune ligne de données".to_owned()),
    ];
    for (bytes, wanted) in cases {
        assert_eq!(word(&store, Box::new(Cursor::new(bytes))).await, wanted);
    }
}
