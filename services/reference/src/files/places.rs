//! Addresses of the national base (BAN), and NDs of copper lines.

use domain::address::{Address, CopperState, Nd, is_nd, street_of_key};
use domain::release::{Released, Row, Table};

use super::network::pto_ref;
use super::{Columns, Line, RowReader};
use crate::compare::Known;
use crate::report::{ImportReport, Reject, RejectCode};

pub const NDS: Columns = Columns {
    required: &[
        "NumeroDesignation",
        "IdentifiantImmeuble",
        "EtatLigneCuivre",
    ],
    optional: &["ReferencePrise"],
};

/// The 23 columns of the BAN's CSV.
pub const ADDRESSES: Columns = Columns {
    required: &[
        "id",
        "numero",
        "rep",
        "nom_voie",
        "code_postal",
        "code_insee",
        "nom_commune",
        "lon",
        "lat",
    ],
    optional: &[
        "id_fantoir",
        "code_insee_ancienne_commune",
        "nom_ancienne_commune",
        "nom_ld",
        "libelle_acheminement",
        "nom_afnor",
        "certification_commune",
        // Told otherwise by the others, or of no use to an order.
        "x",
        "y",
        "type_position",
        "alias",
        "source_position",
        "source_nom_voie",
        "cad_parcelles",
    ],
};

/// Reads NDs.
pub struct NdReader;

impl RowReader for NdReader {
    fn table(&self) -> Table {
        Table::Nd
    }

    fn key_column(&self) -> &'static str {
        "NumeroDesignation"
    }

    fn read(
        &mut self,
        line: &Line<'_>,
        known: &Known,
        _: &mut ImportReport,
    ) -> Result<Row, Reject> {
        let nd = Nd {
            number: line.required("NumeroDesignation", 10)?,
            building_ref: line.required("IdentifiantImmeuble", 30)?,
            pto_ref: pto_ref(line)?,
            copper_state: line.choice("EtatLigneCuivre", CopperState::ALL, CopperState::literal)?,
        };
        if !is_nd(&nd.number) {
            return Err(line.reject("NumeroDesignation", RejectCode::Format));
        }
        if !known.buildings.contains(&nd.building_ref) {
            return Err(line.reject("IdentifiantImmeuble", RejectCode::UnknownReference));
        }
        if !nd.pto_ref.is_empty() && !known.ptos.contains(&nd.pto_ref) {
            return Err(line.reject("ReferencePrise", RejectCode::UnknownReference));
        }
        Ok(nd.to_row())
    }

    fn is_settled(&mut self, line: &Line<'_>, known: &Known, _: &mut ImportReport) -> bool {
        let building = line.raw("IdentifiantImmeuble");
        pto_ref(line).is_ok_and(|pto| pto.is_empty() || known.ptos.contains(&pto))
            && known.buildings.contains(building)
    }
}

/// Reads addresses.
pub struct AddressReader;

impl RowReader for AddressReader {
    fn table(&self) -> Table {
        Table::Address
    }

    fn key_column(&self) -> &'static str {
        "id"
    }

    fn read(&mut self, line: &Line<'_>, _: &Known, _: &mut ImportReport) -> Result<Row, Reject> {
        let key = line.required("id", 40)?;
        let street = street_of_key(&key).ok_or_else(|| line.reject("id", RejectCode::Format))?;
        let number = line.required("numero", 5)?;
        if !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(line.reject("numero", RejectCode::Format));
        }
        let address = Address {
            insee: line.required_code("code_insee", 5)?,
            street_code: match street {
                "" => fantoir(line)?,
                street => street.to_owned(),
            },
            number,
            complement: line.text("rep", 20)?,
            street_name: line.required("nom_voie", 150)?,
            afnor_name: line.text("nom_afnor", 100)?,
            place_name: line.text("nom_ld", 150)?,
            postcode: postcode(line)?,
            commune: line.required("nom_commune", 80)?,
            delivery_name: line.text("libelle_acheminement", 80)?,
            old_insee: line.code("code_insee_ancienne_commune", 5)?,
            old_commune: line.text("nom_ancienne_commune", 80)?,
            lon: within(line, "lon", 180.0)?,
            lat: within(line, "lat", 90.0)?,
            certified: match line.raw("certification_commune") {
                "1" => true,
                "0" | "" => false,
                _ => return Err(line.reject("certification_commune", RejectCode::Value)),
            },
            key,
        };
        Ok(address.to_row())
    }

    fn is_settled(&mut self, _: &Line<'_>, _: &Known, _: &mut ImportReport) -> bool {
        true
    }
}

/// The street by `id_fantoir`, with or without its commune (`53130_0952`).
fn fantoir(line: &Line<'_>) -> Result<String, Reject> {
    let text = line.text("id_fantoir", 12)?;
    let street = text.rsplit('_').next().unwrap_or_default();
    let alnum = street.bytes().all(|b| b.is_ascii_alphanumeric());
    if !street.is_empty() && (street.len() != 4 || !alnum) {
        return Err(line.reject("id_fantoir", RejectCode::Format));
    }
    Ok(street.to_owned())
}

/// Five digits, or nothing: some places have no postcode.
fn postcode(line: &Line<'_>) -> Result<String, Reject> {
    let text = line.code("code_postal", 5)?;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(text);
    }
    Err(line.reject("code_postal", RejectCode::Format))
}

/// Degrees, at most `max` on either side.
fn within(line: &Line<'_>, column: &'static str, max: f64) -> Result<Option<f64>, Reject> {
    let degrees = line.decimal(column)?;
    if degrees.is_some_and(|degrees| degrees.abs() > max) {
        return Err(line.reject(column, RejectCode::Value));
    }
    Ok(degrees)
}
