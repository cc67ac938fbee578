//! The certificate port's edge: who calls is known by the client certificate before anything is
//! read, and its rate counted; then the envelope, the schema, the permission, the idempotency key,
//! the operation.
//! Business refusals are normal answers; a Fault is only ever 10, 12, 14, 16, 18 or 22
//! (interfaces §0).

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::access::entry::{Audited, Pending, Repeat};
use domain::access::{Ctx, Permission, authenticate_certificate, require};
use domain::rate::Class;
use domain::{Idempotency, Platform};
use kernel::{Code, Fault, Refusal, codes};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::journal::Trace;
use crate::{
    Contract, Envelope, FaultCode, Head, Instant, Limits, RequestHeader, SoapFault, Stamp,
};

/// The certificate presented on a connection, in DER; put in each request by whoever accepts it.
#[derive(Clone, Debug)]
pub struct ClientCertificate(pub Option<Arc<[u8]>>);

/// An e-service's XML web service, at `/ws/<service>` of the certificate port.
pub struct XmlService {
    /// Its contract.
    pub contract: &'static Contract,
    /// Its operations.
    pub operations: &'static [XmlOperation],
}

/// One operation of an XML web service.
pub struct XmlOperation {
    /// The body element, `deposerCommande`; the answer's is `deposerCommandeReponse`.
    pub element: &'static str,
    /// Who may call it.
    pub permission: Permission,
    /// What it leaves in the audit.
    pub audit: Audited,
    /// Why a repeat has one effect.
    pub repeat: Repeat,
    /// The codes of its own rules: what it refuses for, and what it says of a part of what was
    /// asked (an offer, a test of a lot). Those of this edge follow from the rest.
    pub refusals: fn() -> Vec<&'static Code>,
    /// What answers: the whole envelope, business refusals included.
    pub handler: fn(XmlCall) -> Pending<Result<String, XmlError>>,
}

impl XmlOperation {
    /// Every code it may answer, once, and whether as a Fault: those of this edge, which follow
    /// from what it declares, then those of its own rules, then the Faults.
    #[must_use]
    pub fn codes(&self) -> Vec<(&'static Code, bool)> {
        let mut answers = vec![&codes::RC11, &codes::RC15];
        if self.permission.subscribed {
            answers.push(&codes::RC19);
        }
        if matches!(self.repeat, Repeat::MessageId) {
            answers.extend([&codes::RC01, &codes::RC13]);
        }
        for code in (self.refusals)() {
            if !answers.iter().any(|known| known.code == code.code) {
                answers.push(code);
            }
        }
        let faults = FaultCode::ALL.iter().filter_map(|fault| {
            let code = codes::by_code(&fault.number().to_string())?;
            Some((code, true))
        });
        let answers = answers.into_iter().map(|code| (code, false));
        answers.chain(faults).collect()
    }
}

/// How an operation does not answer with an envelope of its own.
pub enum XmlError {
    /// The message cannot be read after all.
    Fault(SoapFault),
    /// The business says no, with nothing more to say.
    Refused(Refusal),
    /// The platform is broken.
    Broken(Fault),
}

impl From<SoapFault> for XmlError {
    fn from(fault: SoapFault) -> Self {
        Self::Fault(fault)
    }
}
impl From<Refusal> for XmlError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}
impl From<Fault> for XmlError {
    fn from(fault: Fault) -> Self {
        Self::Broken(fault)
    }
}

/// A call of an operation: certificate resolved, schema checked, permission required.
pub struct XmlCall {
    /// The platform.
    pub platform: Arc<Platform>,
    /// The request's context.
    pub ctx: Arc<Ctx>,
    /// The message.
    pub envelope: Envelope,
    /// Its header.
    pub header: RequestHeader,
    contract: &'static Contract,
    element: &'static str,
}

impl XmlCall {
    /// The operation's own part of the message.
    ///
    /// # Errors
    /// As [`Envelope::body`].
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, SoapFault> {
        self.envelope.body()
    }

    /// The idempotency key, with the digest of the operation's own part of the message, so that the
    /// time of sending may differ between two sendings of one request.
    #[must_use]
    pub fn key(&self) -> Option<Idempotency> {
        let key = self.header.idempotency_key().ok()?;
        let sent = format!("{} {}", self.element, self.envelope.own());
        Some(Idempotency::new(&key, sent.as_bytes()))
    }

    fn stamp(&self, extracted_at: Option<Instant>) -> Stamp<'_> {
        Stamp {
            request: &self.header,
            answered_at: Instant(self.ctx.now),
            reply_id: self.ctx.request_id.as_str(),
            extracted_at,
        }
    }

    fn element(&self) -> String {
        format!("{}Reponse", self.element)
    }

    /// The answer to a request that was carried out.
    ///
    /// # Errors
    /// A defect of ours.
    pub fn accepted<T: Serialize>(
        &self,
        body: &T,
        extracted_at: Option<Instant>,
    ) -> Result<String, XmlError> {
        let head = Head::accepted(&self.stamp(extracted_at));
        Ok(self.contract.write_reply(&self.element(), &head, body)?)
    }

    /// The answer to a request that the business refuses, with what there is to say beside.
    ///
    /// # Errors
    /// A defect of ours.
    pub fn refused<T: Serialize>(&self, refusal: &Refusal, body: &T) -> Result<String, XmlError> {
        let head = Head::refused(&self.stamp(None), refusal);
        Ok(self.contract.write_reply(&self.element(), &head, body)?)
    }
}

/// The router of the certificate port.
///
/// # Errors
/// A fault when a contract's schema does not compile.
pub fn router(
    platform: Arc<Platform>,
    services: &[&'static XmlService],
    public_url: &str,
) -> Result<Router, Fault> {
    for service in services {
        service.contract.warm()?;
    }
    let edge = Arc::new(Edge {
        platform,
        services: services.to_vec(),
        public_url: public_url.trim_end_matches('/').to_owned(),
    });
    let (reading, calling) = (Arc::clone(&edge), edge);
    let read = async move |params: RawPathParams, request: Request| {
        reading.file(&name_of(&params), request.uri().query().unwrap_or(""))
    };
    let call = async move |params: RawPathParams, request: Request| {
        calling.call(&name_of(&params), request).await
    };
    Ok(Router::new().route("/ws/{name}", get(read).post(call)))
}

fn name_of(params: &RawPathParams) -> String {
    params
        .iter()
        .next()
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default()
}

struct Edge {
    platform: Arc<Platform>,
    services: Vec<&'static XmlService>,
    public_url: String,
}

impl Edge {
    fn service(&self, name: &str) -> Option<&'static XmlService> {
        self.services
            .iter()
            .copied()
            .find(|service| service.contract.service == name)
    }

    /// `?wsdl`, and the schemas beside it.
    fn file(&self, name: &str, query: &str) -> Response {
        let (service, file) = match name.rsplit_once('.') {
            None if query.eq_ignore_ascii_case("wsdl") => (name, format!("{name}.wsdl")),
            Some(("commun", "xsd")) => {
                let first = self.services.first().map(|s| s.contract.service);
                (first.unwrap_or_default(), name.to_owned())
            }
            Some((service, "wsdl" | "xsd")) => (service, name.to_owned()),
            _ => return StatusCode::NOT_FOUND.into_response(),
        };
        let location = format!("{}/ws/{service}", self.public_url);
        let text = self
            .service(service)
            .and_then(|s| s.contract.file(&file, &location));
        match text {
            Some(text) => xml(StatusCode::OK, text),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    async fn call(&self, name: &str, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let certificate = parts
            .extensions
            .get::<ClientCertificate>()
            .and_then(|c| c.0.clone());
        let ctx = match self.identify(certificate.as_deref()).await {
            Ok(ctx) => Arc::new(ctx),
            Err(fault) => return unread(body, &fault).await,
        };
        if let Err(seconds) = self.meter(&ctx) {
            let told = domain::rate::labels::too_often(seconds);
            let fault = SoapFault::because(FaultCode::Maintenance, &told);
            let mut answer = unread(body, &fault).await;
            let after = HeaderValue::from(seconds);
            answer.headers_mut().insert(RETRY_AFTER, after);
            return answer;
        }
        let mut trace = Trace::new(name);
        let (status, fault, answer) = match self.service(name) {
            None => {
                let fault = SoapFault::unknown_operation(name);
                drop(to_bytes(body, Limits::DEFAULT.bytes).await);
                (StatusCode::NOT_FOUND, Some(fault), String::new())
            }
            Some(service) => match self.serve(service, &ctx, body, &mut trace).await {
                Ok(answer) => (StatusCode::OK, None, answer),
                Err(fault) => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    Some(fault),
                    String::new(),
                ),
            },
        };
        let fault = fault.map(|fault| fault.with_reference(ctx.request_id.as_str()));
        let answer = fault.as_ref().map_or(answer, SoapFault::to_xml);
        trace.log(&self.platform, &ctx, &answer, fault.as_ref());
        xml(status, answer)
    }

    async fn identify(&self, certificate: Option<&[u8]>) -> Result<Ctx, SoapFault> {
        let Some(der) = certificate else {
            return Err(SoapFault::new(FaultCode::Authentication));
        };
        match authenticate_certificate(&self.platform, der).await {
            Ok(Ok(ctx)) => Ok(ctx),
            Ok(Err(refusal)) if refusal.return_code() == 16 => {
                Err(SoapFault::new(FaultCode::Disabled))
            }
            Ok(Err(_)) => Err(SoapFault::new(FaultCode::Authentication)),
            Err(fault) => Err(broken(&fault)),
        }
    }

    /// Counts a call of an operator's machines (trust D15).
    ///
    /// # Errors
    /// Too many: the seconds after which there is room again.
    fn meter(&self, ctx: &Ctx) -> Result<(), i64> {
        let rates = &self.platform.rates;
        let Ok(scope) = ctx.operator() else {
            return Ok(());
        };
        rates.take(Class::Machines, scope.operator().as_str(), ctx.real_now)
    }

    async fn serve(
        &self,
        service: &'static XmlService,
        ctx: &Arc<Ctx>,
        body: Body,
        trace: &mut Trace,
    ) -> Result<String, SoapFault> {
        let limits = &Limits::DEFAULT;
        let bytes = to_bytes(body, limits.bytes + 1)
            .await
            .map_err(|_| SoapFault::new(FaultCode::Unreadable))?;
        trace.received(&bytes);
        let envelope = Envelope::read(&bytes, limits)?;
        drop(bytes);
        trace.operation(envelope.name());
        let known = |op: &&XmlOperation| {
            op.element == envelope.name() && envelope.namespace() == service.contract.namespace
        };
        let Some(operation) = service.operations.iter().find(known) else {
            return Err(SoapFault::unknown_operation(envelope.name()));
        };
        let checked = service.contract.validate(&envelope);
        let header = envelope.header();
        if let Ok(header) = &header {
            trace.key(header.request_id.as_deref());
        }
        checked?;
        let header = header?;
        let call = XmlCall {
            platform: Arc::clone(&self.platform),
            ctx: Arc::clone(ctx),
            envelope,
            header,
            contract: service.contract,
            element: operation.element,
        };
        let refusal = self.gate(operation, &call).await?;
        let contract = service.contract;
        let stamp_header = call.header.clone();
        let outcome = match refusal {
            Some(refusal) => Err(XmlError::Refused(refusal)),
            None => (operation.handler)(call).await,
        };
        match outcome {
            Ok(answer) => Ok(answer),
            Err(XmlError::Fault(fault)) => Err(fault),
            Err(XmlError::Broken(fault)) => {
                let operation = operation.element;
                tracing::error!(request = %ctx.request_id, operation, %fault, "failed");
                Err(broken(&fault))
            }
            Err(XmlError::Refused(refusal)) => {
                let stamp = Stamp {
                    request: &stamp_header,
                    answered_at: Instant(ctx.now),
                    reply_id: ctx.request_id.as_str(),
                    extracted_at: None,
                };
                let element = format!("{}Reponse", operation.element);
                let head = Head::refused(&stamp, &refusal);
                contract
                    .write_reply(&element, &head, &())
                    .map_err(|fault| broken(&fault))
            }
        }
    }

    /// Subscription and permission, then the idempotency key of what changes something.
    async fn gate(
        &self,
        operation: &XmlOperation,
        call: &XmlCall,
    ) -> Result<Option<Refusal>, SoapFault> {
        if let Err(refusal) = require(&call.ctx, operation.permission) {
            let element = operation.element;
            domain::consult(
                &self.platform,
                &call.ctx,
                "xml.denied",
                element,
                Some(&refusal),
            )
            .await
            .map_err(|fault| broken(&fault))?;
            return Ok(Some(refusal));
        }
        Ok(match operation.repeat {
            Repeat::MessageId => call.header.idempotency_key().err(),
            Repeat::ReadOnly | Repeat::FormKey | Repeat::Natural(_) => None,
        })
    }
}

fn broken(fault: &Fault) -> SoapFault {
    match fault {
        Fault::Unavailable(_) => SoapFault::new(FaultCode::Maintenance),
        Fault::Internal(_) => SoapFault::new(FaultCode::Internal),
    }
}

/// The answer to a message nobody looks at. It is received all the same: over HTTP/2 the reset of a
/// body left unread is a failure to some clients, which then never show the answer.
async fn unread(body: Body, fault: &SoapFault) -> Response {
    drop(to_bytes(body, Limits::DEFAULT.bytes).await);
    xml(StatusCode::INTERNAL_SERVER_ERROR, fault.to_xml())
}

fn xml(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, crate::CONTENT_TYPE)], text).into_response()
}
