//! Reading reference files: `;` between fields, a header in any order, UTF-8 with or without byte
//! order mark or else Windows-1252 (of which Latin-1's texts are a part), decimal comma, dates
//! AAAAMMJJ. Column names are the trade's.

mod catalogue;
mod coordinates;
pub mod counts;
pub mod gracethd;
mod ipe;
mod lines;
mod names;
mod network;
mod places;
mod plant;
mod rules;

use domain::release::{Kind, Row, Table};
use jiff::civil::Date;

use crate::compare::Known;
use crate::report::{ImportReport, Reject};

pub use names::kind_of_name;

pub use lines::{Heading, Line, Lines, Raw, ReadError, Scan, Source, compact_date, scan};

/// The columns a kind of file has.
pub struct Columns {
    /// Without one of these, the file is of another kind.
    pub required: &'static [&'static str],
    /// Read when they are there.
    pub optional: &'static [&'static str],
}

/// The columns of `kind`. A GraceTHD folder is no file and is read in parts of other kinds.
pub fn columns(kind: Kind) -> Columns {
    match kind {
        Kind::Ipe => ipe::COLUMNS,
        Kind::Structure => network::STRUCTURE,
        Kind::Fibres => network::FIBRES,
        Kind::Prises => network::PRISES,
        Kind::Adduction => network::ADDUCTION,
        Kind::Pm => plant::PMS,
        Kind::Pbo => plant::PBOS,
        Kind::Cables => plant::CABLES,
        Kind::Routes => plant::ROUTES,
        Kind::Nd => places::NDS,
        Kind::Ban => places::ADDRESSES,
        Kind::Catalogue => catalogue::OFFERS,
        Kind::Gracethd => plant::PMS,
    }
}

/// Turns the lines of one kind of file into rows.
pub trait RowReader: Send {
    /// The table the rows go to.
    fn table(&self) -> Table;

    /// The key of a line, valid or not; called once a line, before [`RowReader::read`].
    /// Unless a reader says more, the text of its key column.
    fn key(&mut self, line: &Line<'_>) -> String {
        line.raw(self.key_column()).to_owned()
    }

    /// The row of a line, or why it is refused. Anomalies go to the report.
    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        report: &mut ImportReport,
    ) -> Result<Row, Reject>;

    /// The column that names the key in a refusal.
    fn key_column(&self) -> &'static str;

    /// Whether a line's key is its own, whatever lines came before it.
    fn has_own_keys(&self) -> bool {
        true
    }

    /// Called instead of [`RowReader::read`] for a line whose bytes are those its row in force was
    /// read from, without an anomaly then. True when nothing else than its bytes could refuse it or
    /// make an anomaly of it today; whatever the file as a whole needs of every line (PMs, sums,
    /// what was seen) is gathered here as [`RowReader::read`] would. False has it read in full,
    /// and then nothing may be gathered here.
    fn is_settled(&mut self, _line: &Line<'_>, _known: &Known, _report: &mut ImportReport) -> bool {
        false
    }

    /// Tells what only shows once all lines are read.
    fn finish(&mut self, _: &mut ImportReport) {}

    /// PM rows gathered from the lines read, for the one kind that describes PMs.
    fn take_pms(&mut self) -> Vec<Row> {
        Vec::new()
    }
}

/// The reader of `kind`.
pub fn reader(kind: Kind) -> Box<dyn RowReader> {
    match kind {
        Kind::Ipe => Box::<ipe::IpeReader>::default(),
        Kind::Structure => Box::<network::StructureReader>::default(),
        Kind::Fibres => Box::new(network::FibreReader),
        Kind::Prises => Box::new(network::PtoReader),
        Kind::Adduction => Box::new(network::PresenceReader),
        Kind::Pm | Kind::Gracethd => Box::new(plant::PmReader),
        Kind::Pbo => Box::new(plant::PboReader),
        Kind::Cables => Box::new(plant::CableReader),
        Kind::Routes => Box::new(plant::RouteReader),
        Kind::Nd => Box::new(places::NdReader),
        Kind::Ban => Box::new(places::AddressReader),
        Kind::Catalogue => Box::new(catalogue::OfferReader),
    }
}

/// The date a file's name carries: the last of its runs of eight digits that is one.
pub fn date_in_name(name: &str) -> Option<Date> {
    name.split(|c: char| !c.is_ascii_digit())
        .filter_map(compact_date)
        .next_back()
}
