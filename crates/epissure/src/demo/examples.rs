//! One order for each refusal that the demonstration shows, with the one thing that cures it.

use domain::building::Dwelling;
use domain::order::PlaceOrder;
use kernel::working_time;
use territory::{Case, Sight, Spot, Territory};

use super::people::{HIRONDELLE, LIN_BLEU};

/// An order that is refused.
pub struct Example {
    /// The code it gets.
    pub code: &'static str,
    /// The order, of [`HIRONDELLE`]; its reference is `EX-` and the code.
    pub order: PlaceOrder,
    /// What changes the verdict, all else being equal.
    pub cure: Cure,
}

/// The one thing that makes a refused order pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cure {
    /// Another value of one field.
    Field(&'static str, String),
    /// As many days later.
    Days(i32),
    /// Another operator, by its code.
    Operator(&'static str),
}

/// The fields of an order to build a line at `dwelling`.
pub fn order_at(spot: &Spot<'_>, dwelling: &Dwelling) -> PlaceOrder {
    let building = spot.building;
    PlaceOrder::from_pairs([
        ("CommuneImmeuble", building.commune.as_str()),
        ("CodePostalImmeuble", &building.postcode),
        ("NumeroVoieImmeuble", &building.number),
        ("ComplementNumeroVoieImmeuble", &building.complement),
        ("TypeVoieImmeuble", &building.street_type),
        ("LibelleVoieImmeuble", &building.street_name),
        ("CodeAdresseImmeuble", &building.hexacle),
        ("IdentifiantImmeuble", &building.reference),
        ("Batiment", &dwelling.batiment),
        ("Escalier", &dwelling.escalier),
        ("Etage", &dwelling.etage),
        ("TypeRacco", "OC"),
        ("PriseExistante", "N"),
        ("TypeCommandeDemande", "LOCA"),
        ("OffreAccesCommandee", "ACCES_FTTH"),
        ("NomClient", "Bellanger"),
        ("PrenomClient", "Rose"),
        ("ContactClient1", "0639980001"),
    ])
}

/// The examples that `territory` has room for: all ten in the demonstration's.
pub fn examples(territory: &Territory) -> Vec<Example> {
    let sought = Sought {
        territory,
        sight: territory.seen_by(HIRONDELLE.code),
    };
    let found = [
        sought.unknown_address(),
        sought.misplaced("FADR02", "Batiment", "Z"),
        sought.misplaced("FADR03", "Escalier", "99"),
        sought.misplaced("FADR04", "Etage", "99"),
        sought.pm("FIMP07", |_| Some("FI-53901-9999".to_owned())),
        sought.pm("FIMP08", |own| {
            let others = territory.pms.iter().map(|pm| &pm.reference);
            others.into_iter().find(|pm| *pm != own).cloned()
        }),
        sought.elsewhere("FIMP09", Case::NotPresent, |_| {
            Some(Cure::Operator(LIN_BLEU.code))
        }),
        sought.elsewhere("FIMP10", Case::OpensLater, |spot| {
            sought.days_until(spot.building.orders_from?)
        }),
        sought.elsewhere("FIMP11", Case::FrozenBuilding, |spot| {
            let mut freezes = territory.freezes.iter();
            let freeze = freezes.find(|f| f.reference == spot.building.reference)?;
            sought.days_until(working_time::paris_date(freeze.to))
        }),
        sought.saturated(),
    ];
    let named = |example: Example| {
        let reference = format!("EX-{}", example.code);
        let order = example
            .order
            .with("ReferenceCommandePriseInterneOC", &reference);
        Example { order, ..example }
    };
    found.into_iter().flatten().map(named).collect()
}

struct Sought<'a> {
    territory: &'a Territory,
    sight: Sight<'a>,
}

impl<'a> Sought<'a> {
    fn days_until(&self, day: jiff::civil::Date) -> Option<Cure> {
        let span = self.territory.day.until(day).ok()?;
        Some(Cure::Days(span.get_days()))
    }

    /// A dwelling of a block with several floors and staircases, where a line can be built.
    fn flat(&self) -> Option<(Spot<'a>, &'a Dwelling)> {
        let spots = self.sight.spots(Case::Buildable);
        let flats = spots
            .into_iter()
            .filter(|spot| !spot.building.batiment.is_empty());
        // From the end: the first ones are left to the visitor.
        flats
            .filter_map(|spot| Some((spot, spot.dwelling?)))
            .next_back()
    }

    fn unknown_address(&self) -> Option<Example> {
        let (spot, dwelling) = self.flat()?;
        let field = "CodeAdresseImmeuble";
        Some(Example {
            code: "FADR01",
            order: order_at(&spot, dwelling).with(field, "53901ZZZZZ"),
            cure: Cure::Field(field, spot.building.hexacle.clone()),
        })
    }

    fn misplaced(&self, code: &'static str, field: &'static str, wrong: &str) -> Option<Example> {
        let (spot, dwelling) = self.flat()?;
        let right = order_at(&spot, dwelling);
        let cure = Cure::Field(field, right.get(field).to_owned());
        Some(Example {
            code,
            order: right.with(field, wrong),
            cure,
        })
    }

    fn pm(&self, code: &'static str, wrong: impl Fn(&str) -> Option<String>) -> Option<Example> {
        let (spot, dwelling) = self.flat()?;
        let right = &spot.building.pm_ref;
        Some(Example {
            code,
            order: order_at(&spot, dwelling).with("ReferencePm", &wrong(right)?),
            cure: Cure::Field("ReferencePm", right.clone()),
        })
    }

    /// A place that shows `case` and where, but for that, a line could be built.
    fn elsewhere(
        &self,
        code: &'static str,
        case: Case,
        cure: impl Fn(&Spot<'_>) -> Option<Cure>,
    ) -> Option<Example> {
        let spots = self.sight.spots(case);
        spots.into_iter().find_map(|spot| {
            let dwelling = self.to_build(&spot)?;
            Some(Example {
                code,
                order: order_at(&spot, dwelling),
                cure: cure(&spot)?,
            })
        })
    }

    fn to_build(&self, spot: &Spot<'_>) -> Option<&Dwelling> {
        let here = |d: &&Dwelling| d.building_ref == spot.building.reference;
        self.territory
            .dwellings
            .iter()
            .filter(here)
            .find(|d| d.pto_ref.is_empty())
    }

    /// Flats where one floor's PBO has no free fibre and another's has.
    fn saturated(&self) -> Option<Example> {
        let free = self.sight.spots(Case::Buildable);
        let full = self.sight.spots(Case::Saturated);
        let floor = |d: &Dwelling| (d.escalier.clone(), d.etage.clone());
        full.into_iter().find_map(|spot| {
            let dwelling = spot.dwelling?;
            let here: Vec<&Dwelling> = free
                .iter()
                .filter(|other| other.building.reference == spot.building.reference)
                .filter_map(|other| other.dwelling)
                .collect();
            if here.iter().any(|other| floor(other) == floor(dwelling)) {
                return None;
            }
            let mut above = here
                .into_iter()
                .filter(|other| other.escalier == dwelling.escalier);
            let etage = above.next()?.etage.clone();
            let order = order_at(&spot, dwelling);
            Some(Example {
                code: "FINT01",
                order,
                cure: Cure::Field("Etage", etage),
            })
        })
    }
}
