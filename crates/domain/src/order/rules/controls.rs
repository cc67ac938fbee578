//! The controls of an order whose place is understood, one by one and in the trade's order: an
//! order is refused by the first that says no, an eligibility shows what each of them says.

use kernel::{Code, Refusal, codes};

use super::{Asker, Place, Quoted, Site, WellFormed, is_held_by};
use crate::building::BuildingState;
use crate::freeze;
use crate::order::ORDER_TYPES;
use crate::order::labels::why;

/// On whose side a control stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The network allows it or not, whoever asks.
    Technical,
    /// The asking operator's own contracts and presence allow it or not.
    Commercial,
}

/// One control.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// FIMP07, FIMP08: the PM quoted exists and is the building's.
    QuotedPm,
    /// FIMP04, FIMP05: so is the PM prestation quoted, and it is the operator's own.
    QuotedPrestation,
    /// FIMP09: the operator is present at the PM, where the offer asks for it.
    Presence,
    /// FIMP09: the PM is open.
    PmOpening,
    /// FIMP10: the building is deployed or connectable on demand, behind a PM.
    BuildingState,
    /// FIMP10: its orders are accepted from a day that has come.
    OrdersFrom,
    /// FIMP11: neither building nor PM is frozen.
    Freeze,
    /// FIMP12: the type asked for is one of the trade's.
    OrderType,
    /// FIMP16: the offer is in the catalogue.
    OfferKnown,
    /// EOFF01: it is sold today.
    OfferSold,
    /// EOFF02: it is proposed at such a place.
    OfferHere,
    /// 15: the operator holds it.
    OfferHeld,
    /// FIMP01, FIMP02, FIMP03, FIMP19: the PTO quoted, or the lack of one.
    Pto,
}

impl Control {
    /// Every control, in the order in which they refuse.
    pub const ALL: [Self; 13] = [
        Self::QuotedPm,
        Self::QuotedPrestation,
        Self::Presence,
        Self::PmOpening,
        Self::BuildingState,
        Self::OrdersFrom,
        Self::Freeze,
        Self::OrderType,
        Self::OfferKnown,
        Self::OfferSold,
        Self::OfferHere,
        Self::OfferHeld,
        Self::Pto,
    ];

    /// The codes it refuses with.
    #[must_use]
    pub fn codes(self) -> Vec<&'static Code> {
        match self {
            Self::QuotedPm => vec![&codes::FIMP07, &codes::FIMP08],
            Self::QuotedPrestation => vec![&codes::FIMP04, &codes::FIMP05],
            Self::Presence | Self::PmOpening => vec![&codes::FIMP09],
            Self::BuildingState | Self::OrdersFrom => vec![&codes::FIMP10],
            Self::Freeze => vec![&codes::FIMP11],
            Self::OrderType => vec![&codes::FIMP12],
            Self::OfferKnown => vec![&codes::FIMP16],
            Self::OfferSold => vec![&codes::EOFF01],
            Self::OfferHere => vec![&codes::EOFF02],
            Self::OfferHeld => vec![&codes::RC15],
            Self::Pto => vec![
                &codes::FIMP01,
                &codes::FIMP02,
                &codes::FIMP03,
                &codes::FIMP19,
            ],
        }
    }

    /// On whose side it stands.
    #[must_use]
    pub fn side(self) -> Side {
        match self {
            Self::QuotedPrestation | Self::Presence | Self::OfferHeld => Side::Commercial,
            Self::QuotedPm
            | Self::PmOpening
            | Self::BuildingState
            | Self::OrdersFrom
            | Self::Freeze
            | Self::OrderType
            | Self::OfferKnown
            | Self::OfferSold
            | Self::OfferHere
            | Self::Pto => Side::Technical,
        }
    }
}

/// An order whose place is understood.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The order.
    pub order: &'a WellFormed,
    /// Its building.
    pub site: &'a Site,
    /// Where in it.
    pub place: &'a Place,
    /// What it quotes.
    pub quoted: &'a Quoted,
    /// Who orders.
    pub asker: &'a Asker,
}

impl Case<'_> {
    /// What one control says.
    ///
    /// # Errors
    /// The refusal an order would get, if no earlier control refused it.
    pub fn check(&self, control: Control) -> Result<(), Refusal> {
        match control {
            Control::QuotedPm => self.quoted_pm(),
            Control::QuotedPrestation => self.quoted_prestation(),
            Control::Presence => self.presence(),
            Control::PmOpening => self.pm_opening(),
            Control::BuildingState => self.building_state(),
            Control::OrdersFrom => self.orders_from(),
            Control::Freeze => match &self.site.freeze {
                Some(freeze) => {
                    Err(Refusal::new(&codes::FIMP11).because(freeze::labels::told(freeze)))
                }
                None => Ok(()),
            },
            Control::OrderType => match ORDER_TYPES.contains(&self.order.order_type.as_str()) {
                true => Ok(()),
                false => Err(Refusal::new(&codes::FIMP12).on("TypeCommandeDemande")),
            },
            Control::OfferKnown => match self.quoted.offer {
                Some(_) => Ok(()),
                None => Err(Refusal::new(&codes::FIMP16)
                    .on("OffreAccesCommandee")
                    .because(why::UNKNOWN_OFFER)),
            },
            Control::OfferSold => self.offer_sold(),
            Control::OfferHere => self.offer_here(),
            Control::OfferHeld => match self.asker.offers.contains(&self.order.offer) {
                true => Ok(()),
                false => Err(Refusal::new(&codes::RC15).on("OffreAccesCommandee")),
            },
            Control::Pto => self.pto(),
        }
    }

    fn quoted_pm(&self) -> Result<(), Refusal> {
        if self.quoted.pm_exists == Some(false) {
            return Err(Refusal::new(&codes::FIMP07).on("ReferencePm"));
        }
        let asked = self.order.pm_ref.as_ref();
        if asked.is_some_and(|pm| *pm != self.site.building.pm_ref) {
            return Err(Refusal::new(&codes::FIMP08).on("ReferencePm"));
        }
        Ok(())
    }

    fn quoted_prestation(&self) -> Result<(), Refusal> {
        match &self.quoted.prestation {
            Some(None) => Err(Refusal::new(&codes::FIMP04).on("ReferencePrestationPm")),
            Some(Some(presence)) if presence.pm_ref != self.site.building.pm_ref => {
                Err(Refusal::new(&codes::FIMP05).on("ReferencePrestationPm"))
            }
            Some(Some(_)) | None => Ok(()),
        }
    }

    fn presence(&self) -> Result<(), Refusal> {
        // An offer nobody knows is refused later, for what it is.
        let needed = self.quoted.offer.as_ref().is_none_or(|o| o.presence_needed);
        if needed && self.site.pm.is_some() && self.site.presence.is_none() {
            let why = why::NOT_PRESENT;
            return Err(Refusal::new(&codes::FIMP09).on("ReferencePm").because(why));
        }
        Ok(())
    }

    fn pm_opening(&self) -> Result<(), Refusal> {
        let Some(pm) = &self.site.pm else {
            return Ok(());
        };
        let open = pm.opened_on.is_some_and(|day| day <= self.asker.today);
        if self.site.building.orders_from.is_none() && !open {
            let why = why::PM_NOT_OPEN;
            return Err(Refusal::new(&codes::FIMP09).on("ReferencePm").because(why));
        }
        Ok(())
    }

    fn building_state(&self) -> Result<(), Refusal> {
        let state = self.site.building.state;
        let open = matches!(state, BuildingState::Deployed | BuildingState::OnDemand);
        match open && self.site.pm.is_some() {
            true => Ok(()),
            false => Err(Refusal::new(&codes::FIMP10).because(why::NOT_ORDERABLE)),
        }
    }

    fn orders_from(&self) -> Result<(), Refusal> {
        match self.site.building.orders_from {
            Some(day) if day > self.asker.today => {
                Err(Refusal::new(&codes::FIMP10).because(why::opens_on(day)))
            }
            _ => Ok(()),
        }
    }

    fn offer_sold(&self) -> Result<(), Refusal> {
        match &self.quoted.offer {
            Some(offer) if !offer.is_sold_on(self.asker.today) => {
                Err(Refusal::new(&codes::EOFF01).on("OffreAccesCommandee"))
            }
            _ => Ok(()),
        }
    }

    fn offer_here(&self) -> Result<(), Refusal> {
        let Some(offer) = &self.quoted.offer else {
            return Ok(());
        };
        let building = &self.site.building;
        let hosts = self.site.pm.as_ref().is_some_and(|pm| pm.active_place);
        let why = if !offer.zones.is_empty() && !offer.zones.contains(&building.zone) {
            why::OFFER_ZONE
        } else if !offer.building_states.is_empty()
            && !offer.building_states.contains(&building.state)
        {
            why::OFFER_STATE
        } else if !offer.building_kinds.is_empty() && !offer.building_kinds.contains(&building.kind)
        {
            why::OFFER_KIND
        } else if offer.active_place_needed && !hosts {
            why::OFFER_ACTIVE_PLACE
        } else {
            return Ok(());
        };
        Err(Refusal::new(&codes::EOFF02)
            .on("OffreAccesCommandee")
            .because(why))
    }

    fn pto(&self) -> Result<(), Refusal> {
        let refused = |code| Err(Refusal::new(code).on("ReferencePrise"));
        let place = self.place;
        if !self.order.existing_pto {
            if !place.dwellings.is_empty() && place.to_build() == 0 {
                return refused(&codes::FIMP01);
            }
            return Ok(());
        }
        let pto = match &self.quoted.pto {
            None => return refused(&codes::FIMP01),
            Some(None) => return refused(&codes::FIMP02),
            Some(Some(pto)) => pto,
        };
        let here = pto.spot.as_ref().is_some_and(|d| {
            d.building_ref == place.building.reference
                && d.batiment == place.batiment
                && d.escalier == place.escalier
                && d.etage == place.etage
        });
        if !here {
            return refused(&codes::FIMP03);
        }
        let held = |line| is_held_by(line, self.asker);
        if pto.line.as_ref().is_some_and(held) {
            return refused(&codes::FIMP19);
        }
        Ok(())
    }
}
