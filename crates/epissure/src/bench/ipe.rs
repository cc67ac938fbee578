//! An invented IPE of any size, written line by line: the same every time, sorted by street as an
//! OI's own export is.

use std::io::{self, Write};

/// Buildings of one PM.
const PM_BUILDINGS: u64 = 300;
/// Buildings of one street.
const STREET_BUILDINGS: u64 = 40;
/// Buildings of one commune.
const COMMUNE_BUILDINGS: u64 = 3_900;
/// One line in so many is another in a later edition.
const CHANGED_ONE_IN: u64 = 100;

/// 61 columns, 44 of which the platform reads.
const HEADER: &str = "IdentifiantImmeuble;EtatImmeuble;CoordonneeImmeubleX;CoordonneeImmeubleY;\
TypeProjectionGeographique;CodeVoieRivoliImmeuble;CodeInseeImmeuble;CodePostalImmeuble;\
CommuneImmeuble;CodeAdresseImmeuble;CodeHexacleVoie;CodeBAN;TypeVoieImmeuble;NomVoieImmeuble;\
NumeroVoieImmeuble;ComplementNumeroVoieImmeuble;BatimentImmeuble;TypeImmeuble;ImmeubleNeuf;\
NombreLogementsAdresseIPE;DateCablageAdresse;AccordGestionnaireImmeubleNecessaire;\
DateSignatureConvention;TypeZone;CodeOI;ReferencePM;ReferencePMTechnique;TypePBO;TypeRaccoPBPTO;\
DateDebutAcceptationCmdAcces;DateDebutFournitureCRCmdAcces;DateMiseEnServiceCommercialeImmeuble;\
DateDerniereModification;EtatPM;DateInstallationPM;TypeEmplacementPM;CapaciteMaxPM;\
TypeIngenierie;NombreLogementsPM;DatePremiereMADPM;DateMiseEnServiceCommercialePM;CodeInseePM;\
EmplacementActifDisponible;InfoObtentionAccord;IdentifiantGestionnaireImmeuble;\
NomGestionnaireImmeuble;CodeAdresseGestionnaireImmeuble;NumeroVoieGestionnaireImmeuble;\
TypeVoieGestionnaireImmeuble;NomVoieGestionnaireImmeuble;CodePostalGestionnaireImmeuble;\
CommuneGestionnaireImmeuble;ContactGestionnaireImmeuble;CodeAdressePM;CodeHexacleVoiePM;\
CodeVoieRivoliPM;CodePostalPM;CommunePM;TypeVoiePM;NomVoiePM;NumeroVoiePM";

const NAMES: [&str; 8] = [
    "DES TILLEULS",
    "DU GENERAL LECLERC",
    "DE LA REPUBLIQUE",
    "VICTOR HUGO",
    "DE L EGLISE",
    "DES ECOLES",
    "JEAN JAURES",
    "DU MOULIN NEUF",
];

/// The names of its columns.
#[must_use]
pub fn columns() -> Vec<&'static str> {
    HEADER.split(';').collect()
}

/// Which edition of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// The first.
    First,
    /// The next: in one street of a hundred, every building has more dwellings. Networks grow by
    /// streets.
    Next,
    /// The first, but for one line in each hundred: the most scattered one can think of.
    Scattered,
    /// The first, with a fault in some lines: [`fault`] tells which.
    Faulty,
}

/// Whether line `n` (from 0) of `edition` differs from the first edition.
#[must_use]
pub fn is_changed(n: u64, edition: Edition) -> bool {
    let of = match edition {
        Edition::Next => n / STREET_BUILDINGS,
        Edition::Scattered => n,
        Edition::First | Edition::Faulty => return false,
    };
    of % CHANGED_ONE_IN == 37
}

/// The reference of building `n`.
#[must_use]
pub fn reference(n: u64) -> String {
    format!("IMB/53901/C/{n:07}")
}

/// The faults that are planted: the column that is spoilt, with what, and how the line is refused.
pub const FAULTS: [(&str, &str, &str); 6] = [
    ("CodePostalImmeuble", "", "champ_manquant"),
    ("CodeInseeImmeuble", "5390", "format"),
    ("CoordonneeImmeubleX", "douze", "format"),
    ("DateDerniereModification", "99990231", "format"),
    ("EtatImmeuble", "DETRUIT", "valeur"),
    ("IdentifiantImmeuble", "", "doublon"),
];
/// One line in so many has a fault.
const FAULTY_ONE_IN: u64 = 1_000;

/// What is wrong with line `n` of the faulty edition.
#[must_use]
pub fn fault(n: u64) -> Option<(&'static str, &'static str, &'static str)> {
    let faulty = n % FAULTY_ONE_IN == 501;
    let which = usize::try_from(n / FAULTY_ONE_IN).unwrap_or(0) % FAULTS.len();
    faulty.then(|| FAULTS[which])
}

/// Writes `rows` lines under their header.
///
/// # Errors
/// As the writer's.
pub fn write(out: &mut dyn Write, rows: u64, edition: Edition) -> io::Result<()> {
    write!(out, "{HEADER}\r\n")?;
    for n in 0..rows {
        let line = line(n, edition);
        match fault(n).filter(|_| edition == Edition::Faulty) {
            None => write!(out, "{line}\r\n")?,
            Some((column, spoilt, _)) => write!(out, "{}\r\n", spoil(&line, column, spoilt, n))?,
        }
    }
    Ok(())
}

/// The line with a fault in one column; a fault of the key repeats an earlier line's.
fn spoil(line: &str, column: &str, spoilt: &str, n: u64) -> String {
    let at = HEADER.split(';').position(|name| name == column);
    let earlier = reference(n - 7);
    let spoilt = if column == "IdentifiantImmeuble" {
        &earlier
    } else {
        spoilt
    };
    let mut fields: Vec<&str> = line.split(';').collect();
    if let Some(field) = at.and_then(|at| fields.get_mut(at)) {
        *field = spoilt;
    }
    fields.join(";")
}

fn line(n: u64, edition: Edition) -> String {
    let (commune, street, pm) = (
        n / COMMUNE_BUILDINGS,
        n / STREET_BUILDINGS,
        n / PM_BUILDINGS,
    );
    let (insee, postcode) = (10_000 + commune, 20_000 + commune / 3 * 10);
    let number = n % STREET_BUILDINGS * 2 + 1;
    let name = NAMES[usize::try_from(street).unwrap_or(0) % NAMES.len()];
    let flats = n.is_multiple_of(9);
    let changed = u64::from(is_changed(n, edition));
    let dwellings = if flats { 4 + n % 29 } else { 1 } + changed;
    let kind = if flats { "I" } else { "P" };
    let agreement = if flats { "O;20240312" } else { "N;" };
    let manager = if flats {
        "OUI;G0412;SYNDIC DES DEUX VALLEES;;12;RUE;DU PORT;10000;LES DEUX VALLEES;0100000000"
    } else {
        ";;;;;;;;;"
    };
    let (x, y) = (650_000 + n % 100_000, 6_800_000 + n / 100_000 * 100);
    format!(
        "{};DEPLOYE;{x},37;{y},52;RGF93;{:04};{insee};{postcode};COMMUNE {commune};H{n:09};\
         V{street:09};{insee}_{:04}_{number:05};RUE;{name} {street};{number};;;{kind};N;\
         {dwellings};20250214;{agreement};3;F2;PM-{pm:06};PMT-{pm:06}-1;PBO EXTERIEUR;AERIEN;\
         20250301;20250301;20250601;20260105;DEPLOYE;20240901;ARMOIRE;720;MONO;{};20250115;\
         20250501;{insee};O;{manager};H{:09};V{street:09};{:04};{postcode};COMMUNE {commune};\
         RUE;{name} {street};1",
        reference(n),
        street % 10_000,
        street % 10_000,
        PM_BUILDINGS + 57,
        pm * PM_BUILDINGS,
        street % 10_000,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_has_the_columns_of_the_header() {
        let mut text = Vec::new();
        write(&mut text, 20_000, Edition::Faulty).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert_eq!(HEADER.split(';').count(), 61);
        for line in text.lines() {
            assert_eq!(line.split(';').count(), 61, "{line}");
        }
        for (_, spoilt, _) in FAULTS {
            assert!(text.contains(spoilt));
        }
    }
}
