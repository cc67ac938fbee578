//! What requests and answers are made of: the common headers, the return of an answer, and the
//! [`message!`](crate::message!) macro that declares the rest.

use kernel::{Fault, Refusal, codes};
use quick_xml::escape::partial_escape;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::contract::{COMMON_NAMESPACE, Contract};
use crate::time::{Day, Instant};
use crate::{ENVELOPE_NAMESPACE, labels};

/// What can stand in a message: told whether it is left out when written.
pub trait Field {
    /// Whether nothing is written for this value.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T> Field for Option<T> {
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<T> Field for Vec<T> {
    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

impl Field for String {}
impl Field for u16 {}
impl Field for u32 {}
impl Field for i64 {}
impl Field for Instant {}
impl Field for Day {}
impl Field for YesNo {}

/// `O` or `N`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct YesNo(pub bool);

impl Serialize for YesNo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(if self.0 { "O" } else { "N" })
    }
}

impl<'de> Deserialize<'de> for YesNo {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(from)? == "O"))
    }
}

/// Declares message structs: each field with its type and its element's name, in the order of the
/// contract. `Option` and empty `Vec` fields are left out; unknown elements are refused.
///
/// ```
/// soap::message! {
///     /// One of the two references.
///     pub struct FindOrder {
///         reference: Option<String> = "ReferenceCommandePriseInterneOC",
///         service_reference: Option<String> = "ReferencePrestationPrise",
///     }
/// }
/// let found = FindOrder { reference: Some("R1".into()), ..FindOrder::default() };
/// assert_eq!(found.service_reference, None);
/// ```
#[macro_export]
macro_rules! message {
    ($(
        $(#[$meta:meta])*
        pub struct $name:ident { $($field:ident: $kind:ty = $element:literal),* $(,)? }
    )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $name { $(
            #[doc = concat!("`", $element, "`.")]
            #[serde(rename = $element, skip_serializing_if = "soap::Field::is_absent")]
            pub $field: $kind,
        )* }
        impl soap::Field for $name {}
    )* };
}

/// The `Entete` of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestHeader {
    /// `VersionWS`, echoed.
    #[serde(rename = "VersionWS")]
    pub version: String,
    /// `HorodatageRequete`, echoed as the same instant.
    #[serde(rename = "HorodatageRequete")]
    pub requested_at: Instant,
    /// `IdentifiantRequete` as it was written.
    #[serde(rename = "IdentifiantRequete")]
    pub request_id: Option<String>,
}

impl RequestHeader {
    /// The idempotency key: `{UUID}`, `urn:uuid:UUID` and the bare UUID, in either case, are one
    /// key; any other text is itself.
    ///
    /// # Errors
    /// Return code 1 on `IdentifiantRequete` when it is missing.
    pub fn idempotency_key(&self) -> Result<String, Refusal> {
        let text = self
            .request_id
            .as_deref()
            .ok_or_else(|| Refusal::new(&codes::RC01).on("IdentifiantRequete"))?;
        let bare = text.strip_prefix("urn:uuid:").unwrap_or(text);
        let bare = bare
            .strip_prefix('{')
            .and_then(|b| b.strip_suffix('}'))
            .unwrap_or(bare);
        let uuid = bare.len() == 36
            && bare.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        Ok(if uuid {
            bare.to_ascii_lowercase()
        } else {
            text.to_owned()
        })
    }
}

/// What the header of an answer is made from.
#[derive(Clone, Debug)]
pub struct Stamp<'a> {
    /// The request's header.
    pub request: &'a RequestHeader,
    /// When the answer is made.
    pub answered_at: Instant,
    /// The answer's own id.
    pub reply_id: &'a str,
    /// The extraction date of the reference data the answer rests on.
    pub extracted_at: Option<Instant>,
}

/// The `Entete` of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyHeader {
    /// `VersionWS`.
    #[serde(rename(serialize = "c:VersionWS", deserialize = "VersionWS"))]
    pub version: String,
    /// `HorodatageRequete`: the request's, as an instant.
    #[serde(rename(serialize = "c:HorodatageRequete", deserialize = "HorodatageRequete"))]
    pub requested_at: Instant,
    /// `HorodatageReponse`.
    #[serde(rename(serialize = "c:HorodatageReponse", deserialize = "HorodatageReponse"))]
    pub answered_at: Instant,
    /// `IdentifiantRequete`, as it was written.
    #[serde(
        rename(serialize = "c:IdentifiantRequete", deserialize = "IdentifiantRequete"),
        skip_serializing_if = "Option::is_none"
    )]
    pub request_id: Option<String>,
    /// `IdentifiantReponse`.
    #[serde(rename(serialize = "c:IdentifiantReponse", deserialize = "IdentifiantReponse"))]
    pub reply_id: String,
    /// `DateExtraction` of the reference data.
    #[serde(
        rename(serialize = "c:DateExtraction", deserialize = "DateExtraction"),
        skip_serializing_if = "Option::is_none"
    )]
    pub extracted_at: Option<Instant>,
}

/// What every answer begins with: its header, then what became of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// `Entete`.
    #[serde(rename(serialize = "c:Entete", deserialize = "Entete"))]
    pub header: ReplyHeader,
    /// `CodeRetour`: 0, or the common return code (domain §5.3).
    #[serde(rename(serialize = "c:CodeRetour", deserialize = "CodeRetour"))]
    pub code: u16,
    /// `LibelleRetour`.
    #[serde(rename(serialize = "c:LibelleRetour", deserialize = "LibelleRetour"))]
    pub label: String,
    /// `Motif`: the trade's own code.
    #[serde(
        rename(serialize = "c:Motif", deserialize = "Motif"),
        skip_serializing_if = "Option::is_none"
    )]
    pub motive: Option<String>,
    /// `Champ`: the trade's name of the field at fault.
    #[serde(
        rename(serialize = "c:Champ", deserialize = "Champ"),
        skip_serializing_if = "Option::is_none"
    )]
    pub field: Option<String>,
    /// `Remede`: what the caller can do.
    #[serde(
        rename(serialize = "c:Remede", deserialize = "Remede"),
        skip_serializing_if = "Option::is_none"
    )]
    pub remedy: Option<String>,
    /// `QuiAgit`: who must act.
    #[serde(
        rename(serialize = "c:QuiAgit", deserialize = "QuiAgit"),
        skip_serializing_if = "Option::is_none"
    )]
    pub who: Option<String>,
}

/// What became of a request, or of one question of several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// `CodeRetour`.
    pub code: u16,
    /// `LibelleRetour`.
    pub label: String,
    /// `Motif`.
    pub motive: Option<String>,
    /// `Champ`.
    pub field: Option<String>,
    /// `Remede`.
    pub remedy: Option<String>,
    /// `QuiAgit`.
    pub who: Option<String>,
}

impl Return {
    /// It was carried out.
    #[must_use]
    pub fn accepted() -> Self {
        Self {
            code: 0,
            label: labels::ACCEPTED.to_owned(),
            motive: None,
            field: None,
            remedy: None,
            who: None,
        }
    }

    /// The business says no.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        Self {
            code: refusal.return_code(),
            label: refusal.message(),
            motive: Some(refusal.code.clone()),
            field: refusal.field.clone(),
            remedy: Some(refusal.remedy().to_owned()),
            who: Some(refusal.who_acts().label().to_owned()),
        }
    }
}

impl Head {
    /// The request was carried out.
    #[must_use]
    pub fn accepted(stamp: &Stamp<'_>) -> Self {
        Self::new(stamp, Return::accepted())
    }

    /// The business says no.
    #[must_use]
    pub fn refused(stamp: &Stamp<'_>, refusal: &Refusal) -> Self {
        Self::new(stamp, Return::refused(refusal))
    }

    fn new(stamp: &Stamp<'_>, told: Return) -> Self {
        let Return {
            code,
            label,
            motive,
            field,
            remedy,
            who,
        } = told;
        Self {
            header: ReplyHeader {
                version: stamp.request.version.clone(),
                requested_at: stamp.request.requested_at,
                answered_at: stamp.answered_at,
                request_id: stamp.request.request_id.clone(),
                reply_id: stamp.reply_id.to_owned(),
                extracted_at: stamp.extracted_at,
            },
            code,
            label,
            motive,
            field,
            remedy,
            who,
        }
    }
}

impl Contract {
    /// The envelope of an answer: `element` of the contract, holding the head then the fields of
    /// `body` (`&()` when there are none).
    ///
    /// # Errors
    /// When `body` is not made of plain fields: a defect of ours.
    pub fn write_reply<T: Serialize>(
        &self,
        element: &str,
        head: &Head,
        body: &T,
    ) -> Result<String, Fault> {
        let (head, body) = (fields(head)?, fields(body)?);
        let namespace = self.namespace;
        Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <s:Envelope xmlns:s=\"{ENVELOPE_NAMESPACE}\"><s:Body>\
             <{element} xmlns=\"{namespace}\" xmlns:c=\"{COMMON_NAMESPACE}\">{head}{body}\
             </{element}></s:Body></s:Envelope>"
        ))
    }

    /// The envelope of a request: a client's side, for tests and tools.
    ///
    /// # Errors
    /// When `body` is not made of plain fields.
    pub fn write_request<T: Serialize>(
        &self,
        operation: &str,
        header: &RequestHeader,
        body: &T,
    ) -> Result<String, Fault> {
        let id = header.request_id.as_deref().map_or_else(String::new, |id| {
            format!(
                "<c:IdentifiantRequete>{}</c:IdentifiantRequete>",
                partial_escape(id)
            )
        });
        Ok(format!(
            "<s:Envelope xmlns:s=\"{ENVELOPE_NAMESPACE}\"><s:Body>\
             <{operation} xmlns=\"{namespace}\" xmlns:c=\"{COMMON_NAMESPACE}\"><c:Entete>\
             <c:VersionWS>{version}</c:VersionWS>\
             <c:HorodatageRequete>{at}</c:HorodatageRequete>{id}</c:Entete>{body}</{operation}>\
             </s:Body></s:Envelope>",
            namespace = self.namespace,
            version = partial_escape(header.version.as_str()),
            at = header.requested_at,
            body = fields(body)?,
        ))
    }
}

/// The fields of `value`, written one after the other.
fn fields<T: Serialize>(value: &T) -> Result<String, Fault> {
    let element = quick_xml::se::to_string_with_root("r", value).map_err(Fault::internal)?;
    let inner = element
        .strip_prefix("<r>")
        .and_then(|rest| rest.strip_suffix("</r>"));
    Ok(only_xml_characters(inner.unwrap_or_default().to_owned()))
}

/// Puts U+FFFD for what XML cannot carry: text that came by another channel may hold it.
pub(crate) fn only_xml_characters(text: String) -> String {
    if text.chars().all(is_xml_character) {
        return text;
    }
    text.chars()
        .map(|c| if is_xml_character(c) { c } else { '\u{FFFD}' })
        .collect()
}

/// Whether XML 1.0 lets `c` stand in a document.
pub(crate) fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}
