//! The OI's offers, with what makes a place eligible for each.

use domain::building::{BuildingKind, BuildingState};
use domain::offer::{Family, LIST_SEPARATOR, Offer};
use domain::release::{Released, Row, Table};

use super::{Columns, Line, RowReader};
use crate::compare::Known;
use crate::report::{ImportReport, Reject, RejectCode};

/// Zone types: very dense high, very dense low, less dense.
const ZONES: [&str; 3] = ["1", "2", "3"];

pub const OFFERS: Columns = Columns {
    required: &["CodeOffre", "LibelleOffre", "Famille", "Technologie"],
    optional: &[
        "Zones",
        "EtatsImmeuble",
        "TypesImmeuble",
        "AdductionNecessaire",
        "EmplacementActifNecessaire",
        "DateDebut",
        "DateFin",
    ],
};

/// Reads offers.
pub struct OfferReader;

impl RowReader for OfferReader {
    fn table(&self) -> Table {
        Table::Offer
    }

    fn key_column(&self) -> &'static str {
        "CodeOffre"
    }

    fn read(&mut self, line: &Line<'_>, _: &Known, _: &mut ImportReport) -> Result<Row, Reject> {
        let offer = Offer {
            code: line.required("CodeOffre", 30)?,
            label: line.required("LibelleOffre", 120)?,
            family: line.choice("Famille", Family::ALL, Family::literal)?,
            technology: line.required("Technologie", 20)?,
            zones: list(
                line,
                "Zones",
                &ZONES,
                |zone| (*zone).to_owned(),
                |zone| zone,
            )?,
            building_states: list(
                line,
                "EtatsImmeuble",
                BuildingState::ALL,
                |state| *state,
                |state| state.literal(),
            )?,
            building_kinds: list(
                line,
                "TypesImmeuble",
                BuildingKind::ALL,
                |kind| *kind,
                |kind| kind.literal(),
            )?,
            presence_needed: line.flag("AdductionNecessaire")?,
            active_place_needed: line.flag("EmplacementActifNecessaire")?,
            from_day: line.date("DateDebut")?,
            to_day: line.date("DateFin")?,
        };
        if let (Some(from), Some(to)) = (offer.from_day, offer.to_day)
            && to <= from
        {
            return Err(line.reject("DateFin", RejectCode::Value));
        }
        Ok(offer.to_row())
    }

    fn is_settled(&mut self, _: &Line<'_>, _: &Known, _: &mut ImportReport) -> bool {
        true
    }
}

/// The values of a field between `|`, in the order of `all`, each once.
fn list<T, V>(
    line: &Line<'_>,
    column: &'static str,
    all: &[T],
    value: impl Fn(&T) -> V,
    literal: impl Fn(&T) -> &'static str,
) -> Result<Vec<V>, Reject> {
    let parts = || {
        let parts = line.raw(column).split(LIST_SEPARATOR).map(str::trim);
        parts.filter(|part| !part.is_empty())
    };
    if parts().any(|part| !all.iter().any(|one| literal(one) == part)) {
        return Err(line.reject(column, RejectCode::Value));
    }
    let named = |one: &&T| parts().any(|part| part == literal(one));
    Ok(all.iter().filter(named).map(value).collect())
}
