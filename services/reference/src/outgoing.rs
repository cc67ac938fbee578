//! The IPE as operators fetch it: the trade's columns, `;` between fields, UTF-8, decimal comma,
//! dates AAAAMMJJ, flags O and N. What a spreadsheet would compute is neutralised in free texts;
//! numbers, codes and references are written as they are, so that the file can be imported
//! elsewhere.

use domain::building::{BuildingKind, BuildingState, PmState};
use domain::release::Kind;
use storage::{Error, Row};
use web::export::neutralised;

use crate::files;
use crate::labels::flag;

/// How a column of the store is written.
#[derive(Clone, Copy)]
enum As {
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

/// A piece of the file, with the header when it is the first.
pub fn ipe(rows: &[Row], header: bool) -> Result<Vec<u8>, Error> {
    debug_assert!(COLUMNS.iter().all(|(heading, ..)| {
        let known = files::columns(Kind::Ipe);
        known
            .required
            .iter()
            .chain(known.optional)
            .any(|name| name == heading)
    }));
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let failed = |e: csv::Error| Error::Internal(format!("ipe: {e}"));
    if header {
        let headings = COLUMNS.iter().map(|(heading, ..)| heading);
        writer.write_record(headings).map_err(failed)?;
    }
    for row in rows {
        let cells = COLUMNS
            .iter()
            .map(|(_, column, form)| cell(row, column, *form));
        let cells = cells.collect::<Result<Vec<_>, _>>()?;
        writer.write_record(cells).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|e| Error::Internal(format!("ipe: {}", e.error())))
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
