//! The answer to what cannot be answered: HTTP 500, `Client` or `Server`, and the trade's code in
//! the detail. Business refusals are normal responses and never come here (interfaces §0).

use kernel::Fault;
use quick_xml::escape::partial_escape;

use crate::contract::{COMMON_NAMESPACE, SchemaError};
use crate::envelope::Defect;
use crate::message::only_xml_characters;
use crate::{ENVELOPE_NAMESPACE, labels};

/// The return codes that are Faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultCode {
    /// 10: the platform is broken.
    Internal,
    /// 12: unknown or expired certificate.
    Authentication,
    /// 14: planned works, or something the platform stands on is away.
    Maintenance,
    /// 16: revoked or disabled certificate.
    Disabled,
    /// 18: no SOAP 1.1 message can be read.
    Unreadable,
    /// 22: the message is not one of the contract's.
    NotConformant,
}

impl FaultCode {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Internal,
        Self::Authentication,
        Self::Maintenance,
        Self::Disabled,
        Self::Unreadable,
        Self::NotConformant,
    ];

    /// The code as exchanged.
    #[must_use]
    pub fn number(self) -> u16 {
        match self {
            Self::Internal => 10,
            Self::Authentication => 12,
            Self::Maintenance => 14,
            Self::Disabled => 16,
            Self::Unreadable => 18,
            Self::NotConformant => 22,
        }
    }

    /// The local part of `faultcode`: whose fault it is.
    fn side(self) -> &'static str {
        match self {
            Self::Internal | Self::Maintenance => "Server",
            _ => "Client",
        }
    }
}

/// A SOAP Fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SoapFault {
    /// The trade's code.
    pub code: FaultCode,
    /// Its label and what is said of this very message, in French.
    pub message: String,
    /// What support will ask for: the request's id.
    pub request_id: Option<String>,
    /// Where the message leaves its contract, when that is the reason.
    pub schema: Option<SchemaError>,
    /// Where the message stops being readable, line and column from 1, when that is the reason.
    /// Boxed, for a Fault travels in every result.
    pub place: Option<Box<(usize, usize)>>,
}

impl SoapFault {
    /// HTTP status of every SOAP 1.1 Fault.
    pub const HTTP_STATUS: u16 = 500;

    /// The Fault of `code`, with the trade's label alone.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self {
            code,
            message: labels::fault(code).to_owned(),
            request_id: None,
            schema: None,
            place: None,
        }
    }

    /// The Fault of `code` with a French sentence, without personal data, about this message.
    #[must_use]
    pub fn because(code: FaultCode, detail: &str) -> Self {
        let mut fault = Self::new(code);
        fault.message = format!("{} : {detail}", labels::fault(code));
        fault
    }

    /// The Fault that answers an operation which the contract of the address does not have.
    #[must_use]
    pub fn unknown_operation(name: &str) -> Self {
        Self::because(
            FaultCode::NotConformant,
            &labels::unknown_operation(&shorten(name)),
        )
    }

    /// The same Fault, quoting the request's id.
    #[must_use]
    pub fn with_reference(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// The envelope to send.
    #[must_use]
    pub fn to_xml(&self) -> String {
        let label = only_xml_characters(partial_escape(self.message.as_str()).into_owned());
        let reference = self.request_id.as_deref().map_or_else(String::new, |id| {
            format!("<Reference>{}</Reference>", partial_escape(id))
        });
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <s:Envelope xmlns:s=\"{ENVELOPE_NAMESPACE}\"><s:Body><s:Fault>\
             <faultcode>s:{side}</faultcode><faultstring>{label}</faultstring>\
             <detail><Erreur xmlns=\"{COMMON_NAMESPACE}\"><Code>{code}</Code>\
             <Libelle>{label}</Libelle>{reference}</Erreur></detail>\
             </s:Fault></s:Body></s:Envelope>",
            side = self.code.side(),
            code = self.code.number(),
        )
    }
}

/// A name as it may be repeated in an answer: 80 characters at most.
pub(crate) fn shorten(name: &str) -> String {
    name.chars().take(80).collect()
}

impl From<SchemaError> for SoapFault {
    fn from(error: SchemaError) -> Self {
        let mut fault = Self::because(FaultCode::NotConformant, &labels::schema(&error));
        fault.schema = Some(error);
        fault
    }
}

impl From<Fault> for SoapFault {
    /// The chain stays in the log: the caller only sees the code.
    fn from(fault: Fault) -> Self {
        Self::new(match fault {
            Fault::Unavailable(_) => FaultCode::Maintenance,
            Fault::Internal(_) => FaultCode::Internal,
        })
    }
}

impl SoapFault {
    /// The Fault of a message that is not read, `place` being a line and a column when known.
    pub(crate) fn of_defect(defect: &Defect, place: Option<(usize, usize)>) -> Self {
        let code = match defect {
            Defect::BodyChildren(_) | Defect::MustUnderstand => FaultCode::NotConformant,
            _ => FaultCode::Unreadable,
        };
        let mut detail = labels::defect(defect);
        if let Some((line, column)) = place {
            detail.push_str(&labels::at(line, column));
        }
        let mut fault = Self::because(code, &detail);
        fault.place = place.map(Box::new);
        fault
    }
}
