//! The IPE as operators fetch it: the trade's columns, in the order of a setting, `;` between
//! fields, UTF-8, decimal comma, dates AAAAMMJJ, flags O and N. What a spreadsheet would compute is
//! neutralised in free texts; numbers, codes and references are written as they are, so that the
//! file can be imported elsewhere.

use domain::building::{BuildingKind, BuildingState, PmState};
use domain::release::Kind;
use storage::{Error, Row};
use web::export::neutralised;

use crate::files;
use crate::labels::flag;

/// How a column of the store is written.
#[derive(Clone, Copy, Debug)]
pub enum As {
    /// A code, a reference.
    Is,
    /// A text anybody may have typed.
    Free,
    /// A whole number; 0 stands for unknown.
    Count,
    /// A number with a decimal comma.
    Decimal,
    /// A date AAAAMMJJ.
    Day,
    /// O or N.
    Flag,
    /// EtatImmeuble.
    State,
    /// TypeImmeuble.
    Kind,
    /// EtatPM.
    PmState,
}

/// The columns of the file, in the order of the trade's: heading, column of the store, form.
const COLUMNS: &[(&str, &str, As)] = &[
    ("IdentifiantImmeuble", "building_ref", As::Is),
    ("CoordonneeImmeubleX", "x", As::Decimal),
    ("CoordonneeImmeubleY", "y", As::Decimal),
    ("TypeProjectionGeographique", "projection", As::Is),
    ("EtatImmeuble", "state", As::State),
    ("CodeAdresseImmeuble", "hexacle", As::Is),
    ("CodeHexacleVoie", "street_hexacle", As::Is),
    ("CodeBAN", "ban_key", As::Is),
    ("NumeroVoieImmeuble", "number", As::Is),
    ("ComplementNumeroVoieImmeuble", "complement", As::Is),
    ("TypeVoieImmeuble", "street_type", As::Free),
    ("NomVoieImmeuble", "street_name", As::Free),
    ("BatimentImmeuble", "batiment", As::Free),
    ("CodePostalImmeuble", "postcode", As::Is),
    ("CommuneImmeuble", "commune", As::Free),
    ("CodeInseeImmeuble", "insee", As::Is),
    ("CodeVoieRivoliImmeuble", "rivoli", As::Is),
    ("TypeImmeuble", "kind", As::Kind),
    ("ImmeubleNeuf", "is_new", As::Flag),
    (
        "DatePrevisionnelleLivraisonImmeubleNeuf",
        "delivery_on",
        As::Day,
    ),
    ("NombreLogementsAdresseIPE", "dwellings", As::Count),
    ("DateCablageAdresse", "wired_on", As::Day),
    (
        "AccordGestionnaireImmeubleNecessaire",
        "agreement_needed",
        As::Flag,
    ),
    ("DateSignatureConvention", "agreement_signed_on", As::Day),
    ("TypeZone", "zone", As::Is),
    ("CodeOI", "oi_code", As::Is),
    ("ReferencePM", "pm_ref", As::Is),
    ("ReferencePMTechnique", "pmt_ref", As::Is),
    ("EtatPM", "pm_state", As::PmState),
    ("DateInstallationPM", "installed_on", As::Day),
    ("TypeEmplacementPM", "pm_kind", As::Free),
    ("CapaciteMaxPM", "capacity", As::Count),
    ("TypeIngenierie", "engineering", As::Is),
    ("NombreLogementsPM", "pm_dwellings", As::Count),
    ("DatePremiereMADPM", "first_handed_over_on", As::Day),
    ("DateMiseEnServiceCommercialePM", "pm_opened_on", As::Day),
    ("EmplacementActifDisponible", "active_place", As::Flag),
    ("BrassageOIUniquement", "oi_patching", As::Flag),
    ("CodeAdressePM", "pm_hexacle", As::Is),
    ("CodeHexacleVoiePM", "pm_street_hexacle", As::Is),
    ("CodeBANPM", "pm_ban_key", As::Is),
    ("NumeroVoiePM", "pm_number", As::Free),
    ("ComplementNumeroVoiePM", "pm_complement", As::Free),
    ("TypeVoiePM", "pm_street_type", As::Free),
    ("NomVoiePM", "pm_street_name", As::Free),
    ("BatimentPM", "pm_batiment", As::Free),
    ("CodePostalPM", "pm_postcode", As::Is),
    ("CommunePM", "pm_commune", As::Free),
    ("CodeInseePM", "pm_insee", As::Is),
    ("CodeVoieRivoliPM", "pm_rivoli", As::Is),
    ("QualiteAdressePM", "address_quality", As::Free),
    ("TypePBO", "pbo_kind", As::Free),
    ("TypeRaccoPBPTO", "connection_kind", As::Free),
    ("DateDebutAcceptationCmdAcces", "orders_from", As::Day),
    ("DateDebutFournitureCRCmdAcces", "reports_from", As::Day),
    ("DateMiseEnServiceCommercialeImmeuble", "opened_on", As::Day),
    ("DateDerniereModification", "changed_on", As::Day),
];

/// Names between two of which a setting may put `;`, a comma or blanks.
const BETWEEN: [char; 4] = [';', ',', ' ', '\n'];
/// Without it nobody could tell the lines apart.
const KEY: &str = "IdentifiantImmeuble";

/// What is wrong with an order of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayoutFault {
    /// The trade has no such columns.
    Unknown(Vec<String>),
    /// This column stands twice.
    Repeated(String),
    /// This column must be there.
    Missing(&'static str),
}

/// Which columns a file has, in order: heading, and where it comes from. A column of the trade that
/// is not kept, or that operators are not told of, is there and empty.
#[derive(Clone, Debug)]
pub struct Layout(Vec<(&'static str, Option<(&'static str, As)>)>);

impl Default for Layout {
    fn default() -> Self {
        let kept = |(heading, column, form): &(_, _, _)| (*heading, Some((*column, *form)));
        Self(COLUMNS.iter().map(kept).collect())
    }
}

impl Layout {
    /// The layout that names these columns.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, LayoutFault> {
        let (mut layout, mut unknown) = (Self(Vec::new()), Vec::new());
        for name in text.split(BETWEEN).filter(|name| !name.is_empty()) {
            let Some(column) = column(name) else {
                unknown.push(name.to_owned());
                continue;
            };
            if layout.0.iter().any(|(known, _)| *known == column.0) {
                return Err(LayoutFault::Repeated(name.to_owned()));
            }
            layout.0.push(column);
        }
        if !unknown.is_empty() {
            return Err(LayoutFault::Unknown(unknown));
        }
        match layout.0.iter().any(|(name, _)| *name == KEY) {
            true => Ok(layout),
            false => Err(LayoutFault::Missing(KEY)),
        }
    }

    /// The layout of a setting; the usual one when there is none, or none that can be read.
    #[must_use]
    pub fn of_setting(text: Option<&str>) -> Self {
        text.and_then(|text| Self::parse(text).ok())
            .unwrap_or_default()
    }

    /// As a setting keeps it.
    #[must_use]
    pub fn to_text(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(heading, _)| *heading).collect();
        names.join(";")
    }

    /// A piece of the file, with the header when it is the first.
    ///
    /// # Errors
    /// A row lacks a column.
    pub fn ipe(&self, rows: &[Row], header: bool) -> Result<Vec<u8>, Error> {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(b';')
            .terminator(csv::Terminator::CRLF)
            .from_writer(Vec::new());
        let failed = |e: csv::Error| Error::Internal(format!("ipe: {e}"));
        if header {
            let headings = self.0.iter().map(|(heading, _)| heading);
            writer.write_record(headings).map_err(failed)?;
        }
        for row in rows {
            let cells = self.0.iter().map(|(_, from)| match from {
                Some((column, form)) => cell(row, column, *form),
                None => Ok(String::new()),
            });
            let cells = cells.collect::<Result<Vec<_>, _>>()?;
            writer.write_record(cells).map_err(failed)?;
        }
        writer
            .into_inner()
            .map_err(|e| Error::Internal(format!("ipe: {}", e.error())))
    }
}

/// A column of the trade's, however its letters are cased.
fn column(name: &str) -> Option<(&'static str, Option<(&'static str, As)>)> {
    let known = files::columns(Kind::Ipe);
    let mut all = known.required.iter().chain(known.optional);
    let heading = *all.find(|known| known.eq_ignore_ascii_case(name))?;
    let mut kept = COLUMNS.iter();
    let kept = kept.find(|(known, ..)| *known == heading);
    Some((heading, kept.map(|(_, column, form)| (*column, *form))))
}

fn cell(row: &Row, column: &str, form: As) -> Result<String, Error> {
    let text = || Ok::<_, Error>(row.opt_text(column)?.unwrap_or_default());
    Ok(match form {
        As::Is => text()?,
        As::Free => neutralised(&text()?),
        As::Day => text()?.replace('-', ""),
        As::Count => match row.opt_int(column)? {
            None | Some(0) => String::new(),
            Some(number) => number.to_string(),
        },
        As::Decimal => {
            let number = row.opt_real(column)?;
            number.map_or_else(String::new, |n| n.to_string().replace('.', ","))
        }
        As::Flag => match row.value(column)? {
            storage::Value::Null => String::new(),
            _ => flag(row.flag(column)?).to_owned(),
        },
        As::State => BuildingState::from_store(&text()?)?.literal().to_owned(),
        As::Kind => BuildingKind::from_store(&text()?)?.literal().to_owned(),
        As::PmState => match text()?.as_str() {
            "" => String::new(),
            state => PmState::from_store(state)?.literal().to_owned(),
        },
    })
}

/// A whole CSV text without its byte order mark and its first line: the next piece of a file.
pub fn without_header(text: Vec<u8>) -> Vec<u8> {
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => text[end + 1..].to_vec(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_the_file_is_one_that_an_import_reads() {
        for (heading, ..) in COLUMNS {
            assert!(
                column(heading).is_some_and(|(_, from)| from.is_some()),
                "{heading}"
            );
        }
    }

    #[test]
    fn a_layout_is_an_order_of_known_columns_each_once() {
        let text = "codeban, IDENTIFIANTIMMEUBLE;NomGestionnaireImmeuble\nInfoObtentionAccord";
        let layout = Layout::parse(text).unwrap();
        let kept = "CodeBAN;IdentifiantImmeuble;NomGestionnaireImmeuble;InfoObtentionAccord";
        assert_eq!(layout.to_text(), kept);
        let empty = layout.0.iter().filter(|(_, from)| from.is_none()).count();
        assert_eq!(empty, 2, "operators are told nothing of managers");
        let usual = Layout::default().to_text();
        assert_eq!(Layout::parse(&usual).unwrap().to_text(), usual);
        let fault = |text: &str| Layout::parse(text).unwrap_err();
        let unknown = ["Toto", "Titi"].map(str::to_owned).to_vec();
        let text = "IdentifiantImmeuble;Toto;CodeBAN;Titi";
        assert_eq!(fault(text), LayoutFault::Unknown(unknown));
        let twice = "IdentifiantImmeuble;CodeBAN;codeban";
        assert_eq!(fault(twice), LayoutFault::Repeated("codeban".to_owned()));
        assert_eq!(fault("CodeBAN"), LayoutFault::Missing(KEY));
        assert_eq!(fault(""), LayoutFault::Missing(KEY));
        for text in [None, Some(""), Some("Toto")] {
            assert_eq!(Layout::of_setting(text).to_text(), usual);
        }
    }
}
