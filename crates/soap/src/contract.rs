//! A service's contract: its WSDL and XSD, served as files, and the validators compiled from them.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use kernel::Fault;
use xsd_schema::validation::{
    ElementStartView, EndElementInfo, SchemaValidator, ValidationError, ValidationEventHandler,
    ValidationFlags, ValidationSink, ValidationWarning, drive_quick_xml_with,
};
use xsd_schema::{SchemaSet, SchemaSetBuilder};

use crate::envelope::{Envelope, line_column};
use crate::fault::{FaultCode, SoapFault, shorten};

/// Namespace of what all our contracts share.
pub const COMMON_NAMESPACE: &str = "urn:epissure:ws:commun:1";

/// The schema all our contracts import, published beside each of them as `commun.xsd`.
pub const COMMON_XSD: &str = include_str!("../contract/commun.xsd");

const ENVELOPE_XSD: &str = include_str!("../contract/enveloppe.xsd");

/// Names a validator may learn from messages before it is made anew. It keeps every name it ever
/// saw; a sender who makes names up must not make it grow for ever.
const LEARNT_NAMES_MAX: usize = 2_000;

/// Most threads that validate for one contract.
const VALIDATORS_MAX: usize = 8;

/// Where a message leaves its schema. Values are not repeated: they may be personal data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    /// Line of the element, from 1.
    pub line: usize,
    /// Column of the element, from 1, in characters.
    pub column: usize,
    /// The element's local name, 80 characters of it at most.
    pub element: String,
    /// The rule of XML Schema that it breaks, as the recommendation names it.
    pub rule: &'static str,
}

/// The contract of one service.
///
/// A validator interns names without a lock and is costly to prepare, so it can neither be shared
/// between threads nor be made for each message: a few threads own one each, for the life of the
/// process, and [`Contract::validate`] waits for one of them.
#[derive(Debug)]
pub struct Contract {
    /// The service's name in its address, `fci`; its files are `fci.wsdl` and `fci.xsd`.
    pub service: &'static str,
    /// Its target namespace.
    pub namespace: &'static str,
    wsdl: &'static str,
    xsd: &'static str,
    validators: OnceLock<Result<Sender<Job>, String>>,
}

impl Contract {
    /// The contract made of the two files' text. The XSD imports `commun.xsd`, the WSDL both, and
    /// the WSDL's address is `https://localhost:8444/ws/<service>`.
    #[must_use]
    pub const fn new(
        service: &'static str,
        namespace: &'static str,
        wsdl: &'static str,
        xsd: &'static str,
    ) -> Self {
        Self {
            service,
            namespace,
            wsdl,
            xsd,
            validators: OnceLock::new(),
        }
    }

    /// Checks a message, request or answer, against the schema. Blocks for the time it takes, some
    /// tens of microseconds.
    ///
    /// # Errors
    /// Fault 22 with the place of the first error; Fault 10 when our own schema does not compile.
    pub fn validate(&self, envelope: &Envelope) -> Result<(), SoapFault> {
        match self.errors(envelope, 1)?.into_iter().next() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Where a message leaves the schema, in its order: the first `max` places, for those who
    /// correct it. One fault may bring others after it.
    ///
    /// # Errors
    /// Fault 18 when it is not well formed after all; Fault 10 when our own schema does not
    /// compile.
    pub fn errors(&self, envelope: &Envelope, max: usize) -> Result<Vec<SchemaError>, SoapFault> {
        let broken = || SoapFault::new(FaultCode::Internal);
        let (verdict, wait) = mpsc::sync_channel(1);
        let job = Job {
            text: envelope.shared_text(),
            max,
            verdict,
        };
        self.start()?.send(job).map_err(|_| broken())?;
        wait.recv().map_err(|_| broken())?
    }

    /// Compiles the schema and starts the validators, unless they are: called at start, so that
    /// the first message does not wait and a broken contract is found then.
    ///
    /// # Errors
    /// When the schema does not compile.
    pub fn warm(&self) -> Result<(), Fault> {
        self.start().map(|_| ())
    }

    fn start(&self) -> Result<&Sender<Job>, Fault> {
        let started = self.validators.get_or_init(|| {
            let (service, xsd) = (self.service, self.xsd);
            compile(service, xsd)?;
            let (jobs, queue) = mpsc::channel();
            let queue = Arc::new(Mutex::new(queue));
            let count = thread::available_parallelism().map_or(1, usize::from);
            for _ in 0..count.min(VALIDATORS_MAX) {
                let queue = Arc::clone(&queue);
                thread::Builder::new()
                    .name(format!("xsd-{service}"))
                    .spawn(move || serve(service, xsd, &queue))
                    .map_err(|error| error.to_string())?;
            }
            Ok(jobs)
        });
        started
            .as_ref()
            .map_err(|why| Fault::internal(format!("contract {}: {why}", self.service)))
    }

    /// The file published as `name` beside the service, with `location`, such as
    /// `https://host:port/ws/fci`, as the service's address; `None` when there is no such file.
    #[must_use]
    pub fn file(&self, name: &str, location: &str) -> Option<String> {
        if name == "commun.xsd" {
            return Some(COMMON_XSD.to_owned());
        }
        match name.strip_prefix(self.service)? {
            ".wsdl" => {
                let ours = format!("https://localhost:8444/ws/{}", self.service);
                let location = quick_xml::escape::escape(location);
                Some(self.wsdl.replace(&ours, &location))
            }
            ".xsd" => Some(self.xsd.to_owned()),
            _ => None,
        }
    }

    /// The contract's own WSDL.
    pub(crate) fn description(&self) -> &'static str {
        self.wsdl
    }

    /// The contract's own XSD.
    pub(crate) fn schema(&self) -> &'static str {
        self.xsd
    }
}

/// A message to validate, and where its verdict goes.
#[derive(Debug)]
struct Job {
    text: Arc<str>,
    max: usize,
    verdict: SyncSender<Result<Vec<SchemaError>, SoapFault>>,
}

/// Compiles a schema with what it stands on.
fn compile(service: &str, xsd: &str) -> Result<SchemaSet, String> {
    // Three documents under names of their own: an import finds them already there, so that nothing
    // is ever read from disk or network.
    let compiled = SchemaSetBuilder::new()
        .add_source(ENVELOPE_XSD, "/contract/enveloppe.xsd")
        .and_then(|set| set.add_source(COMMON_XSD, "/contract/commun.xsd"))
        .and_then(|set| set.add_source(xsd, &format!("/contract/{service}.xsd")))
        .and_then(SchemaSetBuilder::compile)
        .map_err(|error| error.to_string())?;
    match compiled.directive_failures().first() {
        Some(failure) => Err(format!("{failure:?}")),
        None => Ok(compiled.into_schema_set()),
    }
}

/// One validator's life: until the contract is dropped, which a static one never is.
fn serve(service: &str, xsd: &str, queue: &Mutex<Receiver<Job>>) {
    while let Ok(schema) = compile(service, xsd) {
        let known = schema.name_table.len();
        let validator = SchemaValidator::new(&schema, ValidationFlags::empty());
        while schema.name_table.len() - known <= LEARNT_NAMES_MAX {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(job) = next else { return };
            let all = || check(&validator, &schema, &job.text, job.max);
            let checked = catch_unwind(AssertUnwindSafe(all));
            let panicked = checked.is_err();
            let verdict = checked.unwrap_or_else(|_| Err(SoapFault::new(FaultCode::Internal)));
            // Whoever asked may be gone: then nobody needs the verdict.
            let _ = job.verdict.send(verdict);
            if panicked {
                break;
            }
        }
    }
}

fn check(
    validator: &SchemaValidator<'_>,
    schema: &SchemaSet,
    text: &str,
    max: usize,
) -> Result<Vec<SchemaError>, SoapFault> {
    let trail = Trail {
        max,
        ..Trail::default()
    };
    let mut runtime = validator.start_run(First {
        text,
        trail: &trail,
    });
    let mut handler = Follow {
        trail: &trail,
        at: 0,
    };
    let driven = drive_quick_xml_with(text.as_bytes(), &mut runtime, schema, &mut handler);
    let ended = runtime.end_validation();
    drop(runtime);
    let errors = trail.errors.into_inner();
    if !errors.is_empty() {
        return Ok(errors);
    }
    match (driven, ended) {
        (Ok(_), Ok(_)) => Ok(errors),
        // Not well formed in a way the envelope's own reader does not look for.
        _ => Err(SoapFault::new(FaultCode::Unreadable)),
    }
}

/// What the validator's two listeners share: the elements open now, and the first errors.
#[derive(Default)]
struct Trail {
    open: RefCell<Vec<(usize, String)>>,
    errors: RefCell<Vec<SchemaError>>,
    max: usize,
}

/// Keeps the first errors, each with the element it is about.
struct First<'a> {
    text: &'a str,
    trail: &'a Trail,
}

impl ValidationSink for First<'_> {
    fn on_error(&mut self, error: ValidationError) {
        let mut errors = self.trail.errors.borrow_mut();
        if errors.len() >= self.trail.max {
            return;
        }
        let open = self.trail.open.borrow();
        let (at, element) = open.last().cloned().unwrap_or_default();
        let (line, column) = line_column(self.text, at);
        let found = SchemaError {
            line,
            column,
            element: shorten(&element),
            rule: error.constraint,
        };
        // An element may break a rule in several ways; it is told once.
        if !errors.contains(&found) {
            errors.push(found);
        }
    }

    fn on_warning(&mut self, _warning: ValidationWarning) {}
}

/// Follows the elements that open and close; stops the run after the last error that is wanted.
struct Follow<'a> {
    trail: &'a Trail,
    at: usize,
}

/// The run needs not go on.
#[derive(Debug)]
struct Stop;

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("enough errors found")
    }
}

impl std::error::Error for Stop {}

impl ValidationEventHandler for Follow<'_> {
    type Error = Stop;

    fn on_element_start_offset(&mut self, at: usize) -> Result<(), Stop> {
        self.at = at;
        Ok(())
    }

    fn before_element(&mut self, view: ElementStartView<'_>) -> Result<(), Stop> {
        if self.trail.errors.borrow().len() >= self.trail.max {
            return Err(Stop);
        }
        self.trail
            .open
            .borrow_mut()
            .push((self.at, view.local_name.to_owned()));
        Ok(())
    }

    fn after_end_element(&mut self, _: &EndElementInfo, _depth: usize) -> Result<(), Stop> {
        self.trail.open.borrow_mut().pop();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_that_learnt_too_many_names_is_made_anew_and_still_answers() {
        let xsd = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a'/>\
                   </xs:schema>";
        let (jobs, queue) = mpsc::channel();
        let worker = thread::spawn(move || serve("vide", xsd, &Mutex::new(queue)));
        for round in 0..3 {
            let names: String = (0..3_000).map(|i| format!("<h{round}x{i}/>")).collect();
            let text = format!(
                "<s:Envelope xmlns:s='{}'><s:Body><a>{names}</a></s:Body></s:Envelope>",
                crate::ENVELOPE_NAMESPACE
            );
            let (verdict, wait) = mpsc::sync_channel(1);
            jobs.send(Job {
                text: text.into(),
                max: 1,
                verdict,
            })
            .unwrap();
            assert_eq!(wait.recv().unwrap(), Ok(Vec::new()));
        }
        drop(jobs);
        worker.join().unwrap();
    }
}
