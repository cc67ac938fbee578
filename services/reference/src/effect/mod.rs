//! What a release does to what is live: orders under way and lines in service whose building, PM,
//! PTO or fibre it takes away. Lines in service are those of orders, and those that the referential
//! alone knows; an order handed over and not in service yet is under way.

pub mod store;

use std::collections::BTreeSet;

use domain::access::StaffScope;
use domain::release::{Release, ReleaseInfo, Table};
use kernel::Fault;
use storage::{Db, Error, Tx};

use crate::differences;

/// Beyond so many objects that a release ends or changes, lines are walked instead of being found
/// from them.
const MUCH: i64 = 200_000;
/// Rows counted at most; beyond, the answer says that there are more.
const COUNTED_MAX: usize = 10_000;
/// Rows read at once to be counted.
const COUNTED_PAGE: usize = 2_000;

/// Where what a release touches stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// An order that has not ended and whose line is not in service.
    UnderWay,
    /// A line in service.
    InService,
}

impl Part {
    /// Both, in the order of lists.
    pub const ALL: [Self; 2] = [Self::UnderWay, Self::InService];

    /// As named in addresses and files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay => "en_cours",
            Self::InService => "en_service",
        }
    }

    /// Reads what [`Part::as_str`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == text)
    }
}

/// Where a row stands in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// An order, by its operator's id and its own.
    Order(String, String),
    /// A line, by its PTO.
    Line(String),
}

impl Place {
    /// As written in addresses.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Order(operator, id) => format!("c~{operator}~{id}"),
            Self::Line(pto_ref) => format!("l~{pto_ref}"),
        }
    }

    /// Reads what [`Place::to_text`] wrote.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('~')? {
            ("c", rest) => {
                let (operator, id) = rest.split_once('~')?;
                Some(Self::Order(operator.to_owned(), id.to_owned()))
            }
            ("l", pto_ref) => Some(Self::Line(pto_ref.to_owned())),
            _ => None,
        }
    }
}

/// An order or a line in service that a release touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Which of both.
    pub part: Part,
    /// Its place in the list.
    pub place: Place,
    /// Code of the operator; empty when the referential does not say who holds a line.
    pub operator: String,
    /// The operator's reference; empty for a line that the referential alone knows.
    pub reference: String,
    /// Where the order stands, as stored.
    pub status: String,
    /// Its building.
    pub building_ref: String,
    /// Its PM.
    pub pm_ref: String,
    /// Its PTO.
    pub pto_ref: String,
    /// Its fibre.
    pub fibre_id: String,
    /// Whether its building goes, or no drop can be built there any more.
    pub by_building: bool,
    /// Whether its PM goes or is not deployed any more.
    pub by_pm: bool,
    /// Whether its PTO goes. Of none of the three, its fibre does.
    pub by_pto: bool,
}

impl Touched {
    /// The first of its objects that goes, the largest first.
    #[must_use]
    pub fn object(&self) -> &str {
        match (self.by_building, self.by_pm, self.by_pto) {
            (true, ..) => &self.building_ref,
            (_, true, _) => &self.pm_ref,
            (.., true) => &self.pto_ref,
            _ => &self.fibre_id,
        }
    }
}

/// Which of what a release touches is wanted.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those.
    pub part: Option<Part>,
    /// Only those of the operator of this code; empty for all.
    pub operator: String,
}

/// How much a release touches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Orders under way.
    pub under_way: usize,
    /// Lines in service.
    pub in_service: usize,
    /// Operators, those whose code the referential gives included.
    pub operators: usize,
    /// Whether counting stopped before the end.
    pub more: bool,
}

/// What a release does to what is live.
#[derive(Clone, Debug)]
pub struct Effect {
    staff: StaffScope,
    numbers: (Release, Release),
    much: bool,
}

impl Effect {
    /// That of a release whose rows are there.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn of(db: &Db, staff: StaffScope, info: &ReleaseInfo) -> Result<Self, Fault> {
        let changes = differences::changes_of(db, info.number).await?;
        let ended = changes.iter().map(|change| match change.table {
            Table::Building | Table::Pm | Table::Pto | Table::Fibre => {
                change.changed + change.removed
            }
            _ => 0,
        });
        Ok(Self {
            staff,
            numbers: (info.number, info.base),
            much: ended.sum::<i64>() > MUCH,
        })
    }

    /// At most `limit` of what it touches after a place: orders first, then lines. Fewer than
    /// `limit` is the end.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn page(
        &self,
        db: &Db,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Touched>, Fault> {
        let mut rows = Vec::new();
        if filter.part != Some(Part::InService) && !matches!(after, Some(Place::Line(_))) {
            rows = self.orders(db, filter, after, limit).await?;
        }
        if filter.part != Some(Part::UnderWay) && rows.len() < limit {
            let after = match after {
                Some(Place::Line(pto_ref)) => pto_ref,
                _ => "",
            };
            let left = limit - rows.len();
            rows.extend(self.lines(db, filter, after.to_owned(), left).await?);
        }
        Ok(rows)
    }

    async fn orders(
        &self,
        db: &Db,
        filter: &Filter,
        after: Option<&Place>,
        limit: usize,
    ) -> Result<Vec<Touched>, Fault> {
        let (owner, id) = match after {
            Some(Place::Order(owner, id)) => (owner.clone(), id.clone()),
            _ => (String::new(), String::new()),
        };
        let (staff, number, code) = (self.staff.clone(), self.numbers.0, filter.operator.clone());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let read = move |tx: &mut dyn Tx| {
            store::list_orders(tx, &staff, number, &code, (&owner, &id), limit)
        };
        Ok(db.read(read).await?)
    }

    async fn lines(
        &self,
        db: &Db,
        filter: &Filter,
        after: String,
        limit: usize,
    ) -> Result<Vec<Touched>, Fault> {
        let (staff, numbers, code) = (self.staff.clone(), self.numbers, filter.operator.clone());
        if !self.much {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let read =
                move |tx: &mut dyn Tx| store::list_lines(tx, &staff, numbers, &code, &after, limit);
            return Ok(db.read(read).await?);
        }
        let (mut rows, mut place) = (Vec::new(), after);
        while rows.len() < limit {
            let (staff, code, from) = (self.staff.clone(), code.clone(), place);
            let read = move |tx: &mut dyn Tx| {
                let Some(end) = store::line_slice_end(tx, &staff, &from)? else {
                    return Ok::<_, Error>(None);
                };
                let slice = (from.as_str(), end.as_str());
                let found = store::list_lines_of_slice(tx, &staff, numbers, &code, slice)?;
                Ok(Some((found, end)))
            };
            let Some((found, end)) = db.read(read).await? else {
                break;
            };
            rows.extend(found);
            place = end;
        }
        rows.truncate(limit);
        Ok(rows)
    }

    /// Counts what it touches.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn sum(&self, db: &Db) -> Result<Sum, Fault> {
        let (mut sum, mut operators) = (Sum::default(), BTreeSet::new());
        let mut after: Option<Place> = None;
        loop {
            let filter = Filter::default();
            let rows = self.page(db, &filter, after.as_ref(), COUNTED_PAGE).await?;
            for one in &rows {
                match one.part {
                    Part::UnderWay => sum.under_way += 1,
                    Part::InService => sum.in_service += 1,
                }
                operators.insert(one.operator.clone());
            }
            sum.operators = operators.len();
            after = rows.last().map(|one| one.place.clone());
            if rows.len() < COUNTED_PAGE {
                return Ok(sum);
            }
            if sum.under_way + sum.in_service >= COUNTED_MAX {
                sum.more = true;
                return Ok(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::order::Status;

    #[test]
    fn every_state_is_under_way_in_service_or_final() {
        let texts = storage::STATEMENTS.iter().map(|stmt| stmt.sql);
        let found: Vec<&str> = texts
            .filter(|text| text.contains("cross join access_order"))
            .collect();
        let [under_way] = found.as_slice() else {
            panic!("{found:?}");
        };
        for status in Status::ALL {
            let named = under_way.contains(&format!("'{}'", status.as_str()));
            let live = !status.is_final() && *status != Status::Mes;
            assert_eq!(named, live, "{status:?}");
        }
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let (operator, id) = ("opr_1".to_owned(), "ord_2".to_owned());
        for place in [Place::Order(operator, id), Place::Line("F2-0~1".to_owned())] {
            assert_eq!(Place::parse(&place.to_text()), Some(place));
        }
        for bad in ["", "x~1", "c~1", "l"] {
            assert_eq!(Place::parse(bad), None, "{bad}");
        }
    }
}
