//! Standard output is data, standard error is messages and progress.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};

use crate::request::{Answer, Progress};

/// Between two lines of progress when nobody watches.
const PROGRESS_EVERY: Duration = Duration::from_secs(30);

/// How tables are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people.
    #[default]
    Table,
    /// A JSON array of objects.
    Json,
    /// Comma-separated values.
    Csv,
}

/// Writes data.
///
/// # Errors
/// The reader is gone.
pub fn data(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a message. There is nobody to tell when that fails.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes an answer's table and messages.
///
/// # Errors
/// The reader is gone.
pub fn answer(answer: &Answer, format: Format) -> Result<()> {
    if !answer.columns.is_empty() {
        let text = match format {
            Format::Table => table(answer),
            Format::Json => json(answer)?,
            Format::Csv => csv(answer),
        };
        data(&text)?;
    }
    for line in &answer.notes {
        note(line);
    }
    Ok(())
}

fn table(answer: &Answer) -> String {
    let width = |i: usize| {
        let cells = answer
            .rows
            .iter()
            .filter_map(|row| row.get(i))
            .chain(answer.columns.get(i));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..answer.columns.len()).map(width).collect();
    let mut text = String::new();
    for row in std::iter::once(&answer.columns).chain(&answer.rows) {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn json(answer: &Answer) -> Result<String> {
    let object = |row: &Vec<String>| {
        let pairs = answer
            .columns
            .iter()
            .cloned()
            .zip(row.iter().cloned().map(Into::into));
        serde_json::Value::Object(pairs.collect())
    };
    let rows: Vec<_> = answer.rows.iter().map(object).collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}

fn csv(answer: &Answer) -> String {
    let cell = |text: &String| {
        let plain = !text.contains([',', '"', '\n', '\r']);
        if plain {
            text.clone()
        } else {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
    };
    let line = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(",") + "\r\n";
    std::iter::once(&answer.columns)
        .chain(&answer.rows)
        .map(line)
        .collect()
}

/// Shows how far a request is: a moving line on a terminal, else one line for each phase.
pub struct Meter {
    bar: Option<ProgressBar>,
    phase: String,
    last: Instant,
}

impl Meter {
    /// A meter on the standard error.
    #[must_use]
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} ({per_sec}, {eta})");
        let bar = io::stderr().is_terminal().then(ProgressBar::no_length);
        if let (Some(bar), Ok(style)) = (&bar, style) {
            bar.set_style(style);
        }
        Self {
            bar,
            phase: String::new(),
            last: Instant::now(),
        }
    }

    /// Shows `progress`.
    pub fn show(&mut self, progress: &Progress) {
        let Progress { phase, done, total } = progress;
        let begins = *phase != self.phase;
        if begins {
            self.phase.clone_from(phase);
        }
        if let Some(bar) = &self.bar {
            bar.set_message(phase.clone());
            bar.set_length((*total).max(*done));
            bar.set_position(*done);
        } else if begins || self.last.elapsed() >= PROGRESS_EVERY {
            self.last = Instant::now();
            let count = if *done > 0 {
                format!(" {done}")
            } else {
                String::new()
            };
            note(&format!("{phase}{count}"));
        }
    }
}

impl Default for Meter {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_same_rows_in_each_format() {
        let rows = vec![["HIRO".to_owned(), "Hirondelle, \"l'autre\"".to_owned()]];
        let answer = Answer::table(["code", "name"], rows);
        assert_eq!(
            table(&answer),
            "code  name\nHIRO  Hirondelle, \"l'autre\"\n"
        );
        assert_eq!(
            csv(&answer),
            "code,name\r\nHIRO,\"Hirondelle, \"\"l'autre\"\"\"\r\n"
        );
        let read: serde_json::Value = serde_json::from_str(&json(&answer).unwrap()).unwrap();
        assert_eq!(read[0]["code"], "HIRO");
    }
}
