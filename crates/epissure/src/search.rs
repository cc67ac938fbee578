//! `epissure search`: what a text leads to, one or a line each, from the release in force.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};

use anyhow::Result;
use domain::Platform;
use domain::access::Ctx;
use domain::place::{Place, Told, Verdict, usecases::find};
use kernel::Refusal;
use serde_json::json;

use crate::output::{self, Format};
use crate::request::{Answer, exit};

/// What the command line asks for.
#[derive(Debug, clap::Args)]
pub struct Asked {
    /// An address as people say it, an ND, a PTO, any reference
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl")]
    pub text: Vec<String>,
    /// Read a text a line on standard input, write a JSON object a line
    #[arg(long)]
    pub jsonl: bool,
}

/// What is read of a line, in bytes: more than any text that is searched.
const LINE_BYTES_MAX: u64 = 4_096;

/// Prints what `text` leads to.
///
/// # Errors
/// The store does not answer.
pub async fn one(platform: &Platform, ctx: &Ctx, text: &str, format: Format) -> Result<Answer> {
    let place = match find(platform, ctx, text).await? {
        Ok(place) => place,
        Err(refusal) => return Ok(Answer::refused(&refusal, "")),
    };
    let code = match place.verdict {
        Verdict::None => exit::NOT_FOUND,
        Verdict::Certain | Verdict::Probable | Verdict::Ambiguous => exit::OK,
    };
    if format == Format::Json {
        let told = serde_json::to_string_pretty(&Told::of(text, &place))?;
        output::data(&(told + "\n"))?;
        return Ok(Answer {
            code,
            ..Answer::default()
        });
    }
    Ok(Answer {
        notes: vec![format!("verdict {}", place.verdict)],
        code,
        ..table(&place)
    })
}

fn table(place: &Place) -> Answer {
    let columns = ["label", "kind", "ban_key", "buildings", "notes"];
    let rows = place.candidates.iter().map(|one| {
        let buildings = one.buildings.iter().map(|at| at.reference.as_str());
        let unused = one.unmatched.iter().map(|part| format!("« {part} » ?"));
        let notes: Vec<String> = one.assumed.iter().cloned().chain(unused).collect();
        [
            one.label.clone(),
            one.kind.label().to_owned(),
            one.ban_key.clone(),
            buildings.collect::<Vec<_>>().join(" "),
            notes.join(", "),
        ]
    });
    Answer::table(columns, rows.collect())
}

/// Reads a text a line on standard input, writes one JSON object a line; the order is kept. A line
/// that cannot be searched says so in its `error`, with its code.
///
/// # Errors
/// The store does not answer, or the reader is gone.
pub async fn lines(platform: &Platform, ctx: &Ctx) -> Result<()> {
    let mut input = BufReader::new(io::stdin());
    let mut out = BufWriter::new(io::stdout().lock());
    let mut bytes = Vec::new();
    while read_line(&mut input, &mut bytes)? {
        let text = String::from_utf8_lossy(&bytes);
        let told = match find(platform, ctx, &text).await? {
            Ok(place) => serde_json::to_string(&Told::of(&text, &place))?,
            Err(refusal) => unsearched(&text, &refusal),
        };
        writeln!(out, "{told}")?;
        // Whoever feeds us line by line waits for the answer.
        if !input.buffer().contains(&b'\n') {
            out.flush()?;
        }
    }
    Ok(out.flush()?)
}

/// Reads a line without its end, of a longer one its beginning; false when there is none.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<bool> {
    line.clear();
    let mut taken = input.by_ref().take(LINE_BYTES_MAX);
    if taken.read_until(b'\n', line)? == 0 {
        return Ok(false);
    }
    if taken.limit() == 0 && !line.ends_with(b"\n") {
        input.skip_until(b'\n')?;
    }
    while line
        .last()
        .is_some_and(|byte| matches!(byte, b'\n' | b'\r'))
    {
        line.pop();
    }
    Ok(true)
}

fn unsearched(text: &str, refusal: &Refusal) -> String {
    let message = refusal.message();
    json!({ "query": text, "verdict": "none", "error": refusal.code, "message": message })
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_in_bounds_whatever_they_hold() {
        let long = "x".repeat(10_000);
        let mut input = format!("rue\r\n\n{long}\nfin").into_bytes();
        input.insert(3, 0xff);
        let (mut input, mut line) = (&input[..], Vec::new());
        let mut lines = Vec::new();
        while read_line(&mut input, &mut line).unwrap() {
            lines.push((line.len(), line.first().copied()));
        }
        let wanted = [
            (4, Some(b'r')),
            (0, None),
            (4_096, Some(b'x')),
            (3, Some(b'f')),
        ];
        assert_eq!(lines, wanted);
    }
}
