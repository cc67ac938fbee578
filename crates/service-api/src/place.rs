//! What messages of several contracts say of a place, in the trade's words.

use domain::order::PlaceOrder;
use soap::{YesNo, message};

message! {
    /// The address keys given; the first in the trade's order decides.
    pub struct Address {
        building: Option<String> = "IdentifiantImmeuble",
        hexacle: Option<String> = "CodeAdresseImmeuble",
        insee: Option<String> = "CodeInseeImmeuble",
        rivoli: Option<String> = "CodeVoieRivoliImmeuble",
        number: Option<String> = "NumeroVoieImmeuble",
        complement: Option<String> = "ComplementNumeroVoieImmeuble",
    }

    /// Which of the three an order must name.
    pub struct Required {
        batiment: YesNo = "Batiment",
        escalier: YesNo = "Escalier",
        etage: YesNo = "Etage",
    }
}

/// The fields of a question as an order would say them: an address, and `others` by their names.
#[must_use]
pub fn fields(address: Option<&Address>, others: &[(&'static str, &Option<String>)]) -> PlaceOrder {
    let none = Address::default();
    let address = address.unwrap_or(&none);
    let keys = [
        ("IdentifiantImmeuble", &address.building),
        ("CodeAdresseImmeuble", &address.hexacle),
        ("CodeInseeImmeuble", &address.insee),
        ("CodeVoieRivoliImmeuble", &address.rivoli),
        ("NumeroVoieImmeuble", &address.number),
        ("ComplementNumeroVoieImmeuble", &address.complement),
    ];
    let all = keys.iter().chain(others);
    PlaceOrder::from_pairs(all.filter_map(|(name, value)| Some((*name, value.as_deref()?))))
}

impl From<[bool; 3]> for Required {
    /// From block, staircase and floor.
    fn from([batiment, escalier, etage]: [bool; 3]) -> Self {
        Self {
            batiment: YesNo(batiment),
            escalier: YesNo(escalier),
            etage: YesNo(etage),
        }
    }
}
