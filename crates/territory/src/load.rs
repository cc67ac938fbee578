//! Loading a territory without its files: one release, published at once.

use std::sync::Arc;

use domain::access::SystemScope;
use domain::freeze::store::insert as insert_freeze;
use domain::line::store::{seed_fibres, seed_lines};
use domain::release::store as releases;
use domain::release::{Kind, Release, Released, Row, Source, Table};
use kernel::Millis;
use storage::{Db, Error, Lane};

use super::Territory;

/// Rows written in one unit of work.
const SLICE_ROWS: usize = 5_000;
/// Comes after every key.
const LAST_KEY: &str = "~";

impl Territory {
    /// Publishes the territory as the first release of an empty store, with its live rows and its
    /// freezes.
    ///
    /// # Errors
    /// Those of the store; [`Error::Constraint`] when a release is already in force.
    pub async fn load(
        self: Arc<Self>,
        db: &Db,
        scope: SystemScope,
        now: Millis,
    ) -> Result<Release, Error> {
        let sources: Vec<Source> = Self::KINDS.iter().map(|kind| self.source(*kind)).collect();
        let number = db
            .write(Lane::Background, None, move |tx| {
                if releases::current(tx)? != Release::EMPTY {
                    return Err(Error::Constraint(
                        "a release is already in force".to_owned(),
                    ));
                }
                let number = releases::begin(tx, &scope, &sources[0], now)?.number;
                for source in &sources[1..] {
                    releases::insert_source(tx, &scope, number, source)?;
                }
                Ok(number)
            })
            .await?;
        db.write_reference(move |tx| releases::claim(tx, &scope, number, &[]))
            .await?;
        for table in Table::ALL {
            self.load_table(db, scope, table, number).await?;
        }
        db.write(Lane::Background, None, move |tx| {
            seed_fibres(tx, &scope, number, "", LAST_KEY)?;
            seed_lines(tx, &scope, number, "", LAST_KEY)?;
            for freeze in &self.freezes {
                insert_freeze(tx, &scope, freeze, ("", now))?;
            }
            releases::mark_ready(tx, &scope, number)?;
            releases::publish(tx, &scope, number, now)
        })
        .await?;
        Ok(number)
    }

    async fn load_table(
        self: &Arc<Self>,
        db: &Db,
        scope: SystemScope,
        table: Table,
        number: Release,
    ) -> Result<(), Error> {
        let count = self.count(table);
        for start in (0..count).step_by(SLICE_ROWS) {
            let territory = Arc::clone(self);
            let end = count.min(start + SLICE_ROWS);
            db.write_reference(move |tx| {
                let rows = &mut (start..end).filter_map(|i| territory.row(table, i));
                releases::insert(tx, &scope, table, rows, number)
            })
            .await?;
        }
        Ok(())
    }

    fn source(&self, kind: Kind) -> Source {
        let rows = match kind {
            Kind::Structure => self.dwellings.len(),
            Kind::Fibres => self.fibres.len(),
            Kind::Prises => self.ptos.len(),
            Kind::Adduction => self.presences.len(),
            Kind::Pbo => self.pbos.len(),
            Kind::Cables => self.cables.len(),
            Kind::Routes => self.rows(Table::Route),
            Kind::Nd => self.rows(Table::Nd),
            Kind::Ban => self.rows(Table::Address),
            Kind::Catalogue => self.rows(Table::Offer),
            Kind::Ipe | Kind::Pm | Kind::Gracethd => self.buildings.len(),
        };
        Source {
            kind,
            extracted_on: self.day,
            file_name: self.file_name(kind),
            digest: String::new(),
            rows: i64::try_from(rows).unwrap_or(i64::MAX),
        }
    }

    fn rows(&self, table: Table) -> usize {
        let all = 0..self.count(table);
        all.filter(|i| self.row(table, *i).is_some()).count()
    }

    /// How many rows of `table` to ask for.
    fn count(&self, table: Table) -> usize {
        match table {
            Table::Building | Table::Address => self.buildings.len(),
            Table::Pm => self.pms.len(),
            Table::Dwelling | Table::Nd => self.dwellings.len(),
            Table::Fibre | Table::Route => self.fibres.len(),
            Table::Pto => self.ptos.len(),
            Table::Presence => self.presences.len(),
            Table::Pbo => self.pbos.len(),
            Table::Cable => self.cables.len(),
            Table::Offer => self.offers().len(),
        }
    }

    fn row(&self, table: Table, i: usize) -> Option<Row> {
        Some(match table {
            Table::Building => self.buildings[i].to_row(),
            Table::Pm => self.pms[i].to_row(),
            Table::Dwelling => self.dwellings[i].to_row(),
            Table::Fibre => self.fibres[i].to_row(),
            Table::Pto => self.ptos[i].to_row(),
            Table::Presence => self.presences[i].to_row(),
            Table::Pbo => self.pbos[i].to_row(),
            Table::Cable => self.cables[i].to_row(),
            Table::Route => self.route(i)?.to_row(),
            Table::Nd => self.nd(i)?.to_row(),
            Table::Address => self.address(i)?.to_row(),
            Table::Offer => self.offers()[i].to_row(),
        })
    }
}
