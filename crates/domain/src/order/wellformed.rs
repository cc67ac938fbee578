//! FIMP15 and FIMP16: what can be said of an order by reading it alone.

use jiff::civil::DateTime;
use kernel::{Refusal, codes};
use serde::{Deserialize, Serialize};

use super::command::{FIELDS, PlaceOrder};
use super::labels::why;
use super::pto::normalise;

/// Who builds the drop: the OC as the OI's subcontractor (STOC), or the OI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BuiltBy {
    /// `OC`.
    Oc,
    /// `OI`.
    Oi,
}

impl BuiltBy {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Oc => "oc",
            Self::Oi => "oi",
        }
    }

    /// As stored, read back.
    #[must_use]
    pub fn from_store(text: &str) -> Self {
        if text == "oi" { Self::Oi } else { Self::Oc }
    }
}

/// How an address is named: the first key present, in the normative order, decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressKey {
    /// `CodeAdresseImmeuble`, the Hexaclé of the number: 10 characters.
    Hexacle(String),
    /// INSEE + RIVOLI + number + one-letter complement.
    Rivoli {
        /// `CodeInseeImmeuble`.
        insee: String,
        /// `CodeVoieRivoliImmeuble`.
        rivoli: String,
        /// `NumeroVoieImmeuble`.
        number: String,
        /// `ComplementNumeroVoieImmeuble`, empty for none.
        complement: String,
    },
    /// `IdentifiantImmeuble`.
    Building(String),
}

impl AddressKey {
    /// The trade's name of the field that decides.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Hexacle(_) => "CodeAdresseImmeuble",
            Self::Rivoli { .. } => "CodeVoieRivoliImmeuble",
            Self::Building(_) => "IdentifiantImmeuble",
        }
    }
}

/// An order whose every field can be read.
#[derive(Clone, Debug)]
pub struct WellFormed {
    /// The operator's reference.
    pub reference: String,
    /// The key that decides the address: the first present, in the normative order.
    pub key: AddressKey,
    /// `IdentifiantImmeuble`, when given beside the key.
    pub building_ref: Option<String>,
    /// Building, as sent.
    pub batiment: Option<String>,
    /// Staircase, as sent.
    pub escalier: Option<String>,
    /// Floor, as sent.
    pub etage: Option<String>,
    /// Who builds.
    pub built_by: BuiltBy,
    /// Whether it is for an existing PTO.
    pub existing_pto: bool,
    /// `ReferencePrise`, normalised.
    pub pto_ref: Option<String>,
    /// `ReferencePm`.
    pub pm_ref: Option<String>,
    /// `ReferencePrestationPm`.
    pub pm_prestation: Option<String>,
    /// `TypeCommandeDemande` as sent: an unknown one is FIMP12, later.
    pub order_type: String,
    /// `OffreAccesCommandee`; the only offer there is when it was left out.
    pub offer: String,
}

/// Fields every order needs, in the order in which the first missing one is named.
const MANDATORY: [&str; 6] = [
    "ReferenceCommandePriseInterneOC",
    "TypeRacco",
    "NomClient",
    "ContactClient1",
    "PriseExistante",
    "TypeCommandeDemande",
];
const OFFER_BY_DEFAULT: &str = crate::offer::ACCES_FTTH;

fn malformed(field: &str, why: &str) -> Refusal {
    Refusal::new(&codes::FIMP16).on(field).because(why)
}

/// Reads an order.
///
/// # Errors
/// FIMP15 naming the first missing field; FIMP16 naming the first that cannot be read or does not
/// go with another.
pub fn well_formed(order: &PlaceOrder) -> Result<WellFormed, Refusal> {
    for name in MANDATORY {
        if order.given(name).is_none() {
            return Err(Refusal::new(&codes::FIMP15).on(name));
        }
    }
    let key = address_key(order)?;
    for field in FIELDS {
        let value = order.get(field.name);
        if value.chars().count() > field.max {
            return Err(malformed(field.name, &why::at_most(field.max)));
        }
        if value
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t')
        {
            return Err(malformed(field.name, why::CONTROL_CHARACTER));
        }
    }
    check_formats(order)?;
    let existing_pto = order.get("PriseExistante") == "O";
    let pto_ref = match order.given("ReferencePrise") {
        None => None,
        Some(_) if !existing_pto => {
            return Err(malformed("ReferencePrise", why::PTO_WITHOUT_EXISTING));
        }
        Some(text) => Some(normalise(text)),
    };
    Ok(WellFormed {
        reference: order.get("ReferenceCommandePriseInterneOC").to_owned(),
        key,
        building_ref: order.given("IdentifiantImmeuble").map(str::to_owned),
        batiment: order.given("Batiment").map(str::to_owned),
        escalier: order.given("Escalier").map(str::to_owned),
        etage: order.given("Etage").map(str::to_owned),
        built_by: if order.get("TypeRacco") == "OI" {
            BuiltBy::Oi
        } else {
            BuiltBy::Oc
        },
        existing_pto,
        pto_ref,
        pm_ref: order.given("ReferencePm").map(str::to_owned),
        pm_prestation: order.given("ReferencePrestationPm").map(str::to_owned),
        order_type: order.get("TypeCommandeDemande").to_owned(),
        offer: order
            .given("OffreAccesCommandee")
            .unwrap_or(OFFER_BY_DEFAULT)
            .to_owned(),
    })
}

fn check_formats(order: &PlaceOrder) -> Result<(), Refusal> {
    let one_of = |name: &str, allowed: &[&str]| match order.given(name) {
        Some(value) if !allowed.contains(&value) => Err(malformed(name, &why::one_of(allowed))),
        _ => Ok(()),
    };
    one_of("TypeRacco", &["OC", "OI"])?;
    one_of("PriseExistante", &["O", "N"])?;
    let reference = order.get("ReferenceCommandePriseInterneOC");
    if !reference
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
    {
        return Err(malformed("ReferenceCommandePriseInterneOC", why::REFERENCE));
    }
    for (name, len) in [("CodePostalImmeuble", 5), ("CodeInseeImmeuble", 5)] {
        if order.given(name).is_some_and(|v| !is_code(v, len)) {
            return Err(malformed(name, &why::exactly(len)));
        }
    }
    let complement = order.get("ComplementNumeroVoieImmeuble");
    if !complement.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Err(malformed("ComplementNumeroVoieImmeuble", why::ONE_LETTER));
    }
    for name in ["DateInstall", "DateCommandePrise"] {
        if order.given(name).is_some_and(|v| file_date(v).is_none()) {
            return Err(malformed(name, why::DATE));
        }
    }
    for name in ["ContactClient1", "ContactClient2"] {
        let plain = |b: u8| b.is_ascii_digit() || b"+ .-()".contains(&b);
        let value = order.get(name);
        let digits = value.bytes().filter(u8::is_ascii_digit).count();
        if !value.is_empty() && (!value.bytes().all(plain) || !(6..=15).contains(&digits)) {
            return Err(malformed(name, why::PHONE));
        }
    }
    Ok(())
}

fn is_code(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// A date of the trade's files: `AAAAMMJJ` or `AAAAMMJJ HH:MM`.
#[must_use]
pub fn file_date(text: &str) -> Option<DateTime> {
    let format = if text.len() == 8 {
        "%Y%m%d"
    } else {
        "%Y%m%d %H:%M"
    };
    if text.len() == 8 {
        return jiff::civil::Date::strptime(format, text)
            .ok()
            .map(|d| d.at(0, 0, 0, 0));
    }
    DateTime::strptime(format, text).ok()
}

/// Whether a question is about existing PTOs alone, or lines to be built alone.
///
/// # Errors
/// FIMP16 when `PriseExistante` is neither `O` nor `N`.
pub fn existing_pto(fields: &PlaceOrder) -> Result<Option<bool>, Refusal> {
    match fields.get("PriseExistante") {
        "" => Ok(None),
        "O" => Ok(Some(true)),
        "N" => Ok(Some(false)),
        _ => Err(Refusal::new(&codes::FIMP16).on("PriseExistante")),
    }
}

/// The key that decides: Hexaclé, then INSEE + RIVOLI + number, then `IdentifiantImmeuble`. The
/// first *present* decides, right or wrong (FADR01 has no fallback to the next).
///
/// # Errors
/// FIMP15 when there is none, FIMP16 when the one that decides cannot be read.
pub fn address_key(order: &PlaceOrder) -> Result<AddressKey, Refusal> {
    if let Some(hexacle) = order.given("CodeAdresseImmeuble") {
        if !is_code(hexacle, 10) {
            return Err(malformed("CodeAdresseImmeuble", &why::exactly(10)));
        }
        return Ok(AddressKey::Hexacle(hexacle.to_ascii_uppercase()));
    }
    let rivoli = order.given("CodeVoieRivoliImmeuble");
    if let (Some(insee), Some(rivoli)) = (order.given("CodeInseeImmeuble"), rivoli) {
        let Some(number) = order.given("NumeroVoieImmeuble") else {
            return Err(Refusal::new(&codes::FIMP15).on("NumeroVoieImmeuble"));
        };
        if !is_code(rivoli, 4) {
            return Err(malformed("CodeVoieRivoliImmeuble", &why::exactly(4)));
        }
        if number.is_empty() || number.len() > 5 || !number.bytes().all(|b| b.is_ascii_digit()) {
            return Err(malformed("NumeroVoieImmeuble", why::NUMBER));
        }
        return Ok(AddressKey::Rivoli {
            insee: insee.to_ascii_uppercase(),
            rivoli: rivoli.to_ascii_uppercase(),
            number: number.to_owned(),
            complement: order
                .get("ComplementNumeroVoieImmeuble")
                .to_ascii_uppercase(),
        });
    }
    match order.given("IdentifiantImmeuble") {
        Some(identifiant) => Ok(AddressKey::Building(identifiant.to_owned())),
        None => Err(Refusal::new(&codes::FIMP15).on("CodeAdresseImmeuble")),
    }
}
