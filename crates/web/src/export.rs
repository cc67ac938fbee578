//! Lists as files. One writer for all: it neutralises cells that a spreadsheet would compute
//! (trust D22), and answers as an attachment. Times carry their offset in text files and are Paris
//! times in workbooks.

use std::path::Path;

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use kernel::working_time::paris_datetime;
use kernel::{Millis, Refusal, codes};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format as CellFormat, Workbook, Worksheet, XlsxError,
    cell_autofit_width,
};
use serde_json::{Map, Value};

use crate::entry::PageError;
use crate::{french, labels};

/// The files a list can be had as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Semicolons and a byte order mark, as French spreadsheets expect.
    Csv,
    /// An Excel workbook.
    Xlsx,
    /// An array of objects.
    Json,
}

impl Format {
    /// The format of that name, as written in an address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Xlsx),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Json => "json",
        }
    }

    fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Json => "application/json",
        }
    }
}

/// A column: its name for machines and its heading for people.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Name in JSON.
    pub key: &'static str,
    /// Heading in CSV and XLSX, in French.
    pub heading: &'static str,
}

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// Text, neutralised where a spreadsheet would compute it.
    Text(String),
    /// A whole number.
    Number(i64),
    /// An instant.
    At(Millis),
    /// A day.
    Day(Date),
    /// A yes or no.
    Flag(bool),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

macro_rules! cells {
    ($($variant:ident($kind:ty)),*) => {
        $(impl From<$kind> for Cell {
            fn from(value: $kind) -> Self {
                Self::$variant(value)
            }
        })*
    };
}
cells!(Text(String), Number(i64), At(Millis), Day(Date), Flag(bool));

/// Why a file could not be made: a defect, told to the log.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The workbook could not be made (too many rows, a text beyond 32,767 characters).
    #[error("workbook: {0}")]
    Workbook(#[from] XlsxError),
    /// The text file could not be made.
    #[error("csv: {0}")]
    Csv(#[from] csv::Error),
    /// The JSON text could not be made.
    #[error("json: {0}")]
    Json(#[from] serde_json::Error),
}

/// Most rows of one file; a list that has more is to be narrowed first.
pub const ROWS_MAX: usize = 100_000;

/// Every row of a list that `fetch` reads page by page: from the beginning, then after the place
/// that `place_of` gives of the last row read. An empty page is the end.
///
/// # Errors
/// Refused `EEXP01` beyond `max` rows: part of a list must not pass for the whole. Those of
/// `fetch`.
pub async fn gather<T, P, Page>(
    max: usize,
    place_of: impl Fn(&T) -> P,
    mut fetch: impl FnMut(Option<P>) -> Page,
) -> Result<Vec<T>, PageError>
where
    Page: Future<Output = Result<Vec<T>, PageError>>,
{
    let mut rows: Vec<T> = Vec::new();
    loop {
        let page = fetch(rows.last().map(&place_of)).await?;
        if page.is_empty() {
            return Ok(rows);
        }
        rows.extend(page);
        if rows.len() > max {
            return Err(Refusal::new(&codes::EEXP01).into());
        }
    }
}

/// The rows as an attachment named `stem` with the format's extension.
///
/// # Errors
/// When the file cannot be made; see [`ExportError`].
pub fn attachment(
    format: Format,
    stem: &str,
    columns: &[Column],
    rows: &[Vec<Cell>],
) -> Result<Response, ExportError> {
    let body = match format {
        Format::Csv => csv(columns, rows)?,
        Format::Xlsx => xlsx(columns, rows)?,
        Format::Json => json(columns, rows)?,
    };
    Ok(attached(format, stem, body))
}

/// A file that was made, as an attachment named `stem` with the format's extension.
pub fn attached(format: Format, stem: &str, body: impl Into<Body>) -> Response {
    let safe: String = stem
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect();
    let name = format!("attachment; filename=\"{safe}.{}\"", format.extension());
    let disposition =
        HeaderValue::from_str(&name).unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static(format.content_type()),
        ),
        (CONTENT_DISPOSITION, disposition),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (StatusCode::OK, headers, body.into()).into_response()
}

/// A text that a spreadsheet will not compute: an apostrophe goes before `= + - @`, tab, carriage
/// return and line feed, and before their full-width forms.
#[must_use]
pub fn neutralised(text: &str) -> String {
    let risky = |c: char| "=+-@\t\r\n＝＋－＠".contains(c);
    if text.starts_with(risky) {
        return format!("'{text}");
    }
    text.to_owned()
}

/// The rows as CSV.
///
/// # Errors
/// When a record cannot be written.
pub fn csv(columns: &[Column], rows: &[Vec<Cell>]) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(columns.iter().map(|column| neutralised(column.heading)))?;
    for row in rows {
        writer.write_record(row.iter().map(plain))?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()).into())
}

fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Empty => String::new(),
        Cell::Text(text) => neutralised(text),
        Cell::Number(number) => number.to_string(),
        Cell::At(at) => french::iso(*at),
        Cell::Day(day) => day.to_string(),
        Cell::Flag(flag) => labels::yes_no(*flag).to_owned(),
    }
}

/// The rows as an Excel workbook of one sheet, its heading frozen and filterable.
///
/// # Errors
/// When the workbook cannot be made, for instance beyond 1,048,576 rows.
pub fn xlsx(columns: &[Column], rows: &[Vec<Cell>]) -> Result<Vec<u8>, ExportError> {
    let mut sheet = Sheet::new(columns, None)?;
    sheet.push(rows)?;
    sheet.finish()
}

/// A workbook that is written as its rows come: see [`xlsx`].
pub struct Sheet {
    workbook: Workbook,
    formats: Formats,
    /// Of each column, in pixels.
    widths: Vec<u32>,
    /// Rows written, the heading among them.
    rows: u32,
}

/// The room that Excel needs beside a heading for the arrow of its filter, in pixels.
const ARROW_PIXELS: u32 = 16;

impl Sheet {
    /// A workbook with its heading. With `scratch`, rows lie in a file without a name in that
    /// folder until the workbook is finished: memory holds one of them. Otherwise it holds all.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn new(columns: &[Column], scratch: Option<&Path>) -> Result<Self, ExportError> {
        let mut workbook = Workbook::new();
        let sheet = match scratch {
            Some(folder) => workbook
                .set_tempdir(folder)?
                .add_worksheet_with_constant_memory()?,
            None => workbook.add_worksheet(),
        };
        let formats = Formats {
            heading: CellFormat::new().set_bold(),
            at: CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
            day: CellFormat::new().set_num_format("yyyy-mm-dd"),
        };
        let mut widths = Vec::with_capacity(columns.len());
        for (c, column) in (0u16..).zip(columns) {
            let heading = neutralised(column.heading);
            widths.push(cell_autofit_width(&heading) + ARROW_PIXELS);
            sheet.write_string_with_format(0, c, heading, &formats.heading)?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(Self {
            workbook,
            formats,
            widths,
            rows: 1,
        })
    }

    /// The workbook says that it was made at `instant`, instead of now: the same rows then make the
    /// same bytes.
    ///
    /// # Errors
    /// A year before 1900.
    pub fn made_at(&mut self, instant: Millis) -> Result<(), ExportError> {
        let properties = DocProperties::new().set_creation_datetime(&excel_time(instant)?);
        self.workbook.set_properties(&properties);
        Ok(())
    }

    /// Writes rows after those that were written.
    ///
    /// # Errors
    /// Beyond 1,048,576 rows, a text beyond 32,767 characters.
    pub fn push(&mut self, rows: &[Vec<Cell>]) -> Result<(), ExportError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        for row in rows {
            for ((c, cell), width) in (0u16..).zip(row).zip(&mut self.widths) {
                let shown = write_cell(sheet, (self.rows, c), cell, &self.formats)?;
                *width = shown.max(*width);
            }
            self.rows += 1;
        }
        Ok(())
    }

    /// The workbook's bytes.
    ///
    /// # Errors
    /// What was set aside cannot be read back.
    pub fn finish(mut self) -> Result<Vec<u8>, ExportError> {
        let sheet = self.workbook.worksheet_from_index(0)?;
        let last_column = u16::try_from(self.widths.len().saturating_sub(1)).unwrap_or(u16::MAX);
        sheet.autofilter(0, 0, self.rows - 1, last_column)?;
        for (c, width) in (0u16..).zip(self.widths) {
            sheet.set_column_autofit_width(c, width)?;
        }
        Ok(self.workbook.save_to_buffer()?)
    }
}

struct Formats {
    heading: CellFormat,
    at: CellFormat,
    day: CellFormat,
}

/// Writes a cell; how wide it is shown, in pixels.
fn write_cell(
    sheet: &mut Worksheet,
    (r, c): (u32, u16),
    cell: &Cell,
    formats: &Formats,
) -> Result<u32, XlsxError> {
    let shown = match cell {
        Cell::Empty => return Ok(0),
        Cell::At(at) => {
            sheet.write_datetime_with_format(r, c, excel_time(*at)?, &formats.at)?;
            "0000-00-00 00:00:00".to_owned()
        }
        Cell::Day(day) => {
            sheet.write_datetime_with_format(r, c, excel_day(*day)?, &formats.day)?;
            "0000-00-00".to_owned()
        }
        Cell::Number(number) => {
            sheet.write_number(r, c, *number as f64)?;
            number.to_string()
        }
        Cell::Text(_) | Cell::Flag(_) => {
            let text = plain(cell);
            sheet.write_string(r, c, &text)?;
            text
        }
    };
    Ok(shown.lines().map(cell_autofit_width).max().unwrap_or(0))
}

fn excel_time(at: Millis) -> Result<ExcelDateTime, XlsxError> {
    let local = paris_datetime(at);
    let (hour, minute) = (unsigned(local.hour()), unsigned(local.minute()));
    excel_day(local.date())?.and_hms(hour, minute, local.second() as f64)
}

fn excel_day(day: Date) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(day.year()).unwrap_or(1900);
    ExcelDateTime::from_ymd(year, unsigned(day.month()), unsigned(day.day()))
}

fn unsigned<T: From<u8>>(small: i8) -> T {
    T::from(small.unsigned_abs())
}

/// The rows as an array of JSON objects, values verbatim.
///
/// # Errors
/// When the text cannot be written.
pub fn json(columns: &[Column], rows: &[Vec<Cell>]) -> Result<Vec<u8>, ExportError> {
    let object = |row: &Vec<Cell>| {
        let pairs = columns.iter().zip(row);
        Value::Object(
            pairs
                .map(|(column, cell)| (column.key.to_owned(), value(cell)))
                .collect::<Map<_, _>>(),
        )
    };
    let rows: Vec<Value> = rows.iter().map(object).collect();
    Ok(serde_json::to_vec_pretty(&rows)?)
}

fn value(cell: &Cell) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Number(number) => Value::from(*number),
        Cell::At(at) => Value::from(french::iso(*at)),
        Cell::Day(day) => Value::from(day.to_string()),
        Cell::Flag(flag) => Value::from(*flag),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Pages of two out of five rows.
    async fn gathered(max: usize) -> Result<Vec<usize>, PageError> {
        let page = async |from: usize| Ok((from..(from + 2).min(5)).collect());
        gather(max, |last| last + 1, |from| page(from.unwrap_or(0))).await
    }

    #[tokio::test]
    async fn a_file_holds_the_whole_list_or_is_refused() {
        assert_eq!(gathered(5).await.unwrap(), [0, 1, 2, 3, 4]);
        let Err(PageError::Refused(refusal)) = gathered(4).await else {
            panic!("part of the list passed for the whole");
        };
        assert_eq!(refusal.code, "EEXP01");
    }

    const COLUMNS: &[Column] = &[
        Column {
            key: "reference",
            heading: "Référence",
        },
        Column {
            key: "depot",
            heading: "Déposée le",
        },
        Column {
            key: "lignes",
            heading: "Lignes",
        },
    ];

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec!["=1+1;x".into(), Millis(1_795_421_640_000).into(), 3.into()],
            vec![Cell::Empty, date(2026, 11, 23).into(), (-4).into()],
        ]
    }

    #[test]
    fn a_cell_that_would_compute_is_neutralised() {
        for risky in ["=1", "+33", "-x", "@a", "\tx", "\rx", "\nx", "＝1"] {
            assert_eq!(neutralised(risky), format!("'{risky}"));
        }
        assert_eq!(neutralised("a=b"), "a=b");
        assert_eq!(neutralised(""), "");
    }

    #[test]
    fn csv_is_what_french_spreadsheets_open() {
        let text = String::from_utf8(csv(COLUMNS, &rows()).unwrap()).unwrap();
        let expected = "\u{feff}Référence;Déposée le;Lignes\r\n\
                        \"'=1+1;x\";2026-11-23T09:14:00+01:00;3\r\n;2026-11-23;-4\r\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn json_keeps_values_as_they_are() {
        let parsed: Value = serde_json::from_slice(&json(COLUMNS, &rows()).unwrap()).unwrap();
        assert_eq!(parsed[0]["reference"], "=1+1;x");
        assert_eq!(parsed[1]["reference"], Value::Null);
        assert_eq!(parsed[1]["lignes"], -4);
    }

    #[test]
    fn a_workbook_that_sets_its_rows_aside_is_the_same_bytes_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let made = |pages: &[&[Vec<Cell>]]| {
            let mut sheet = Sheet::new(COLUMNS, Some(folder.path())).unwrap();
            sheet.made_at(Millis(1_795_421_640_000)).unwrap();
            for page in pages {
                sheet.push(page).unwrap();
            }
            sheet.finish().unwrap()
        };
        let rows = rows();
        let whole = made(&[&rows]);
        assert!(whole.starts_with(b"PK"));
        assert!(whole == made(&[&rows[..1], &[], &rows[1..]]), "by pages");
        let left = std::fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(left, 0, "nothing stays behind");
    }

    #[test]
    fn a_workbook_is_a_zip_and_every_file_is_an_attachment() {
        assert!(xlsx(COLUMNS, &rows()).unwrap().starts_with(b"PK"));
        let answer = attachment(Format::Xlsx, "commandes \"é", COLUMNS, &rows()).unwrap();
        let headers = answer.headers();
        assert_eq!(
            headers[CONTENT_DISPOSITION],
            "attachment; filename=\"commandes---.xlsx\""
        );
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
    }
}
