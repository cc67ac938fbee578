//! What an import answers: counts, refused lines, anomalies.

use std::borrow::Cow;
use std::io::{self, Write};

use domain::release::{Kind, Release};
use jiff::civil::Date;

/// Refused lines kept in a report; beyond, they are only counted.
pub const REJECTS_KEPT_MAX: usize = 10_000;
/// Anomalies kept in a report; beyond, they are only counted.
pub const ANOMALIES_KEPT_MAX: usize = 10_000;

/// Why a line is refused. The codes are stable: partners' tools read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RejectCode {
    /// A field that must be filled is empty.
    MissingField,
    /// A field is malformed or too long, or the line has another number of fields than the header.
    Format,
    /// A field has a value out of its list, or that contradicts another field.
    Value,
    /// Its key, or its PTO, was on an earlier line.
    Duplicate,
    /// It names an object the referential does not have.
    UnknownReference,
    /// A building or a PM being deployed, and no ReferencePM.
    PmMissing,
    /// A ReferencePM before the PM is being deployed.
    PmTooEarly,
    /// A deployed building at a PM that is not.
    PmNotDeployed,
}

impl RejectCode {
    /// Every code.
    pub const ALL: [Self; 8] = [
        Self::MissingField,
        Self::Format,
        Self::Value,
        Self::Duplicate,
        Self::UnknownReference,
        Self::PmMissing,
        Self::PmTooEarly,
        Self::PmNotDeployed,
    ];

    /// As written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingField => "champ_manquant",
            Self::Format => "format",
            Self::Value => "valeur",
            Self::Duplicate => "doublon",
            Self::UnknownReference => "reference_inconnue",
            Self::PmMissing => "pm_absent",
            Self::PmTooEarly => "pm_premature",
            Self::PmNotDeployed => "pm_non_deploye",
        }
    }
}

/// A refused line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Line of the file, from 1, the header being line 1.
    pub line: u64,
    /// The column at fault; empty for the whole line.
    pub column: &'static str,
    /// Why.
    pub code: RejectCode,
}

/// What an import notices and does not correct.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnomalyCode {
    /// Lines of one PM say different things of it; the first, or the largest figure, was kept.
    PmContradicted,
    /// A building is signed although no agreement is needed.
    SignedWithoutAgreement,
    /// A building was abandoned more than three months ago and is still there.
    AbandonedTooLong,
    /// A building has another number of dwellings than the structure in force.
    DwellingsDiffer,
    /// The buildings of a Hexaclé together have another number than the structure in force.
    DwellingSumDiffers,
    /// A PM opens less than three months after its first handing over.
    NoticeTooShort,
    /// Coordinates in a projection that the trade does not have.
    UnknownProjection,
    /// Coordinates outside of the area of their projection.
    OutsideProjection,
    /// A route leads to a PTO or comes from a fibre that the referential does not have.
    UnknownEnd,
    /// The file says another state of a fibre than the platform's own, which stays.
    FibreStateDiffers,
    /// The file says another state or holder of a line than the platform's own, which stays.
    LineDiffers,
    /// Another kind of file brought the object: from now on it is this one's.
    OriginDiffers,
    /// The file was extracted before the one in force.
    OlderExtraction,
}

impl AnomalyCode {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::PmContradicted,
        Self::SignedWithoutAgreement,
        Self::AbandonedTooLong,
        Self::DwellingsDiffer,
        Self::DwellingSumDiffers,
        Self::NoticeTooShort,
        Self::UnknownProjection,
        Self::OutsideProjection,
        Self::UnknownEnd,
        Self::FibreStateDiffers,
        Self::LineDiffers,
        Self::OriginDiffers,
        Self::OlderExtraction,
    ];

    /// As written in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PmContradicted => "pm_contradictoire",
            Self::SignedWithoutAgreement => "signe_sans_accord",
            Self::AbandonedTooLong => "abandon_perime",
            Self::DwellingsDiffer => "logements_differents",
            Self::DwellingSumDiffers => "somme_logements",
            Self::NoticeTooShort => "prevenance_courte",
            Self::UnknownProjection => "projection_inconnue",
            Self::OutsideProjection => "coordonnees_hors_zone",
            Self::UnknownEnd => "extremite_inconnue",
            Self::FibreStateDiffers => "etat_fibre_different",
            Self::LineDiffers => "ligne_differente",
            Self::OriginDiffers => "origine_differente",
            Self::OlderExtraction => "extraction_plus_ancienne",
        }
    }
}

/// One anomaly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly {
    /// What.
    pub code: AnomalyCode,
    /// The object: PM, building, fibre, PTO or file.
    pub key: String,
    /// The column or value in question.
    pub detail: String,
}

/// Where an import ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportOutcome {
    /// Nothing was written.
    Checked,
    /// The release waits for approval.
    Waiting(Release),
    /// The release is in force.
    Published(Release),
}

/// The report of one import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportReport {
    /// The kind of file.
    pub kind: Kind,
    /// Its name.
    pub file_name: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub digest: String,
    /// When the OI extracted it.
    pub extracted_on: Date,
    /// Data lines read.
    pub read: u64,
    /// Objects that were not in force.
    pub added: u64,
    /// Objects that change.
    pub changed: u64,
    /// Objects in force that the file no longer has.
    pub removed: u64,
    /// Objects that stay as they are.
    pub unchanged: u64,
    /// Refused lines.
    pub rejected: u64,
    /// Among them, those whose object stays in force as it was.
    pub kept: u64,
    /// The refused lines, at most [`REJECTS_KEPT_MAX`].
    pub rejects: Vec<Reject>,
    /// Columns the platform does not read.
    pub unknown_columns: Vec<String>,
    /// How many anomalies were seen.
    pub anomaly_count: u64,
    /// The anomalies, at most [`ANOMALIES_KEPT_MAX`].
    pub anomalies: Vec<Anomaly>,
    /// Releases never published that this import withdrew.
    pub superseded: Vec<Release>,
    /// Live rows seeded.
    pub seeded: u64,
    /// Where it ended.
    pub outcome: ImportOutcome,
}

impl ImportReport {
    pub(crate) fn new(kind: Kind, file_name: String, digest: String, extracted_on: Date) -> Self {
        Self {
            kind,
            file_name,
            digest,
            extracted_on,
            read: 0,
            added: 0,
            changed: 0,
            removed: 0,
            unchanged: 0,
            rejected: 0,
            kept: 0,
            rejects: Vec::new(),
            unknown_columns: Vec::new(),
            anomaly_count: 0,
            anomalies: Vec::new(),
            superseded: Vec::new(),
            seeded: 0,
            outcome: ImportOutcome::Checked,
        }
    }

    pub(crate) fn reject(&mut self, reject: Reject) {
        self.rejected += 1;
        if self.rejects.len() < REJECTS_KEPT_MAX {
            self.rejects.push(reject);
        }
    }

    pub(crate) fn anomaly(&mut self, code: AnomalyCode, key: &str, detail: impl Into<String>) {
        self.anomaly_count += 1;
        if self.anomalies.len() < ANOMALIES_KEPT_MAX {
            let (key, detail) = (key.to_owned(), detail.into());
            self.anomalies.push(Anomaly { code, key, detail });
        }
    }

    /// Writes refused lines and anomalies as CSV, one each.
    ///
    /// # Errors
    /// As the writer's.
    pub fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut csv = csv::WriterBuilder::new().delimiter(b';').from_writer(out);
        csv.write_record(crate::labels::REPORT_HEADER)?;
        for reject in &self.rejects {
            let line = reject.line.to_string();
            let code = reject.code;
            csv.write_record([&line, reject.column, code.as_str(), code.label(), ""])?;
        }
        for anomaly in &self.anomalies {
            let code = anomaly.code;
            csv.write_record([
                "",
                &inert(&anomaly.key),
                code.as_str(),
                code.label(),
                &anomaly.detail,
            ])?;
        }
        csv.flush()
    }
}

/// A text that a spreadsheet does not take for a formula.
fn inert(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@']) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}
