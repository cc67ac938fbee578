//! What a call leaves for the operator's own developers: see [`domain::call`].

use std::borrow::Cow;
use std::time::Instant;

use domain::Platform;
use domain::access::Ctx;
use domain::call::rules::{Side, kept};
use domain::call::{self, Call, CallOutcome, Place, TEXT_MAX, Texts};
use quick_xml::escape::unescape;

use crate::SoapFault;
use crate::fault::shorten;

/// Characters of what is kept of an `IdentifiantRequete`, which the contract bounds likewise.
const KEY_MAX: usize = 255;
/// Characters of what is kept of an answer's label.
const MESSAGE_MAX: usize = 500;
/// Bytes of an answer among which its own return code is looked for: its head comes first.
const HEAD_MAX: usize = 4_096;

/// What is learnt of a call while it is served.
pub(crate) struct Trace {
    started: Instant,
    service: String,
    request: String,
    request_size: usize,
    operation: String,
    key: String,
}

impl Trace {
    /// Of a call of `service` that begins now.
    pub(crate) fn new(service: &str) -> Self {
        Self {
            started: Instant::now(),
            service: shorten(service),
            request: String::new(),
            request_size: 0,
            operation: String::new(),
            key: String::new(),
        }
    }

    /// The message has come whole. Time is counted from here: how long it took to come is the
    /// sender's line.
    pub(crate) fn received(&mut self, message: &[u8]) {
        self.started = Instant::now();
        self.request_size = message.len();
        self.request = kept(message, TEXT_MAX, Side::Request);
    }

    /// It is for this operation.
    pub(crate) fn operation(&mut self, name: &str) {
        self.operation = shorten(name);
    }

    /// It has this `IdentifiantRequete`.
    pub(crate) fn key(&mut self, key: Option<&str>) {
        self.key = key.unwrap_or_default().chars().take(KEY_MAX).collect();
    }

    /// Keeps the call, behind its answer.
    pub(crate) fn log(
        self,
        platform: &Platform,
        ctx: &Ctx,
        reply: &str,
        fault: Option<&SoapFault>,
    ) {
        let Some(certificate) = ctx.certificate() else {
            return;
        };
        let (outcome, code, message) = match fault {
            Some(fault) => {
                let code = fault.code.number().to_string();
                (CallOutcome::Fault, code, fault.message.clone())
            }
            None => told(reply),
        };
        let call = Call {
            id: ctx.request_id.clone(),
            at: ctx.now,
            real_at: ctx.real_now,
            service: self.service,
            operation: self.operation,
            certificate_id: certificate.clone(),
            certificate: ctx.actor.name.clone(),
            request_key: self.key,
            outcome,
            code,
            message: message.chars().take(MESSAGE_MAX).collect(),
            duration_us: i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX),
            request_size: whole(self.request_size),
            reply_size: whole(reply.len()),
            place: fault.and_then(place),
        };
        let texts = Texts {
            request: self.request,
            reply: kept(reply.as_bytes(), TEXT_MAX, Side::Answer),
        };
        call::log(platform, ctx, call, texts);
    }
}

fn whole(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn place(fault: &SoapFault) -> Option<Place> {
    let at = |(line, column), element: &str, rule: &str| Place {
        line: whole(line),
        column: whole(column),
        element: element.to_owned(),
        rule: rule.to_owned(),
    };
    match &fault.schema {
        Some(error) => Some(at((error.line, error.column), &error.element, error.rule)),
        None => fault.place.as_deref().map(|place| at(*place, "", "")),
    }
}

/// What an answer of ours says of itself.
fn told(reply: &str) -> (CallOutcome, String, String) {
    let mut end = reply.len().min(HEAD_MAX);
    while !reply.is_char_boundary(end) {
        end -= 1;
    }
    let value = |name: &str| {
        let (_, rest) = reply[..end].split_once(&format!("<c:{name}>"))?;
        let (value, _) = rest.split_once(&format!("</c:{name}>"))?;
        unescape(value).map(Cow::into_owned).ok()
    };
    let code = value("CodeRetour").unwrap_or_default();
    let message = value("LibelleRetour").unwrap_or_default();
    if code == "0" {
        return (CallOutcome::Accepted, code, message);
    }
    (
        CallOutcome::Refused,
        value("Motif").unwrap_or(code),
        message,
    )
}
