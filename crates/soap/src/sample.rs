//! Sample messages made from a contract's own schema: what a partner is shown, and what proves that
//! the structs which read and write a message know every element of it.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{COMMON_NAMESPACE, COMMON_XSD, Contract};
use crate::{ENVELOPE_NAMESPACE, Envelope, Limits, SoapFault};

/// Times a repeated element stands in a sample.
const REPEATED: usize = 2;

/// Samples made of one element, but for the fullest.
const SORTS: u64 = 40;

/// An element of a sequence.
#[derive(Clone, Debug, Default)]
struct Child {
    name: String,
    kind: String,
    optional: bool,
    repeated: bool,
}

/// A global element, or a type, of the parts of XML Schema that our contracts use.
#[derive(Clone, Debug, Default)]
struct Definition {
    base: Option<String>,
    children: Vec<Child>,
    values: Vec<String>,
}

/// The definitions of one document.
#[derive(Debug, Default)]
struct Document {
    elements: BTreeMap<String, Definition>,
    types: BTreeMap<String, Definition>,
}

/// What a message of our own may be: an answer to a lot is longer than any question.
const OURS: Limits = Limits {
    bytes: 16 * 1024 * 1024,
    nodes: 200_000,
    ..Limits::DEFAULT
};

impl Contract {
    /// An envelope holding `element` of this contract, with every element it requires and those for
    /// which `choose` says yes; `None` when the contract has no such element.
    #[must_use]
    pub fn sample(&self, element: &str, choose: &mut dyn FnMut() -> bool) -> Option<String> {
        let common = Document::read(COMMON_XSD)?;
        let own = Document::read(self.schema())?;
        let definition = own.elements.get(element)?;
        let mut writer = Writer {
            own: &own,
            common: &common,
            choose,
            out: String::new(),
        };
        writer.content(definition, false)?;
        let content = writer.out;
        Some(format!(
            "<s:Envelope xmlns:s=\"{ENVELOPE_NAMESPACE}\"><s:Body>\
             <{element} xmlns=\"{}\" xmlns:c=\"{COMMON_NAMESPACE}\">{content}</{element}>\
             </s:Body></s:Envelope>",
            self.namespace
        ))
    }

    /// Samples of `element`: all it may hold, all it must hold, then sorts in between.
    #[must_use]
    pub fn samples(&self, element: &str) -> Vec<String> {
        let mut choices: Vec<Box<dyn FnMut() -> bool>> =
            vec![Box::new(|| true), Box::new(|| false)];
        for seed in 1..SORTS {
            let mut bits = seed;
            choices.push(Box::new(move || {
                bits = bits
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(seed);
                bits >> 63 == 1
            }));
        }
        choices
            .iter_mut()
            .filter_map(|choose| self.sample(element, choose))
            .collect()
    }

    /// Proves that `T` is the whole body of a request: every sample is read into it and written
    /// again with nothing lost, and conforms to the contract both times.
    ///
    /// # Errors
    /// The first sample for which it is not so, and why.
    pub fn prove_request<T>(&self, operation: &str) -> Result<(), String>
    where
        T: DeserializeOwned + Serialize + PartialEq,
    {
        self.prove::<T>(operation, |sample| {
            self.write_request(operation, &sample.header()?, &sample.body::<T>()?)
                .map_err(SoapFault::from)
        })
    }

    /// Proves the same of the body of an answer.
    ///
    /// # Errors
    /// The first sample for which it is not so, and why.
    pub fn prove_answer<T>(&self, element: &str) -> Result<(), String>
    where
        T: DeserializeOwned + Serialize + PartialEq,
    {
        self.prove::<T>(element, |sample| {
            self.write_reply(element, &sample.head()?, &sample.body::<T>()?)
                .map_err(SoapFault::from)
        })
    }

    fn prove<T: DeserializeOwned + PartialEq>(
        &self,
        element: &str,
        rewrite: impl Fn(&Envelope) -> Result<String, SoapFault>,
    ) -> Result<(), String> {
        let tags = |xml: &str| xml.matches("</").count();
        let samples = self.samples(element);
        if samples.is_empty() {
            return Err(format!("no element {element}"));
        }
        for xml in samples {
            let same = || -> Result<bool, SoapFault> {
                let sample = self.accept(&xml)?;
                let written = rewrite(&sample)?;
                let again = self.accept(&written)?;
                Ok(tags(&written) == tags(&xml) && again.body::<T>()? == sample.body::<T>()?)
            };
            match same() {
                Ok(true) => {}
                Ok(false) => return Err(format!("something is lost of {xml}")),
                Err(fault) => return Err(format!("{}: {xml}", fault.message)),
            }
        }
        Ok(())
    }

    /// Reads and validates a message, as an edge does.
    ///
    /// # Errors
    /// Faults 18 and 22; 10 when the contract itself is broken.
    pub fn accept(&self, xml: &str) -> Result<Envelope, SoapFault> {
        let envelope = Envelope::read(xml.as_bytes(), &OURS)?;
        self.validate(&envelope)?;
        Ok(envelope)
    }

    /// The contract's global elements: its operations and their answers, by name.
    #[must_use]
    pub fn elements(&self) -> Vec<String> {
        Document::read(self.schema())
            .unwrap_or_default()
            .elements
            .into_keys()
            .collect()
    }
}

impl Document {
    fn read(xsd: &str) -> Option<Self> {
        let mut reader = Reader::from_str(xsd);
        reader.config_mut().expand_empty_elements = true;
        let mut document = Self::default();
        let mut open: Option<(bool, String, Definition)> = None;
        let mut depth = 0_usize;
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    depth += 1;
                    match &mut open {
                        Some((_, _, definition)) => definition.learn(&tag),
                        None if depth == 2 => {
                            let is_element = tag.local_name().into_inner() == "element";
                            open = attribute(&tag, "name")
                                .map(|name| (is_element, name, Definition::default()));
                        }
                        None => {}
                    }
                }
                Event::End(_) => {
                    depth -= 1;
                    if depth == 1
                        && let Some((is_element, name, definition)) = open.take()
                    {
                        let map = if is_element {
                            &mut document.elements
                        } else {
                            &mut document.types
                        };
                        map.insert(name, definition);
                    }
                }
                Event::Eof => return Some(document),
                _ => {}
            }
        }
    }
}

impl Definition {
    fn learn(&mut self, tag: &BytesStart<'_>) {
        match tag.local_name().into_inner() {
            "extension" | "restriction" => self.base = attribute(tag, "base"),
            "enumeration" => self.values.extend(attribute(tag, "value")),
            "element" => self.children.push(Child {
                name: attribute(tag, "name").unwrap_or_default(),
                kind: attribute(tag, "type").unwrap_or_default(),
                optional: attribute(tag, "minOccurs").as_deref() == Some("0"),
                repeated: attribute(tag, "maxOccurs").is_some_and(|most| most != "1"),
            }),
            _ => {}
        }
    }
}

fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name)
        .ok()?
        .map(|found| found.value.into_owned())
}

struct Writer<'a> {
    own: &'a Document,
    common: &'a Document,
    choose: &'a mut dyn FnMut() -> bool,
    out: String,
}

impl Writer<'_> {
    /// Writes the children of a definition of the common schema, or of the contract's own.
    fn content(&mut self, definition: &Definition, common: bool) -> Option<()> {
        if let Some(base) = &definition.base {
            let (base, from_common) = self.find(base, common)?;
            self.content(&base, from_common)?;
        }
        for child in &definition.children {
            let times = if child.optional && !(self.choose)() {
                0
            } else if child.repeated {
                REPEATED
            } else {
                1
            };
            for _ in 0..times {
                self.element(child, common)?;
            }
        }
        Some(())
    }

    fn element(&mut self, child: &Child, common: bool) -> Option<()> {
        let prefix = if common { "c:" } else { "" };
        let tag = format!("{prefix}{}", child.name);
        let start = self.out.len();
        self.out.push_str(&format!("<{tag}>"));
        let inside = self.out.len();
        self.value(&child.kind, common)?;
        if self.out.len() == inside && child.optional {
            self.out.truncate(start);
        } else {
            self.out.push_str(&format!("</{tag}>"));
        }
        Some(())
    }

    fn value(&mut self, kind: &str, common: bool) -> Option<()> {
        if let Some(text) = builtin(kind) {
            self.out.push_str(text);
            return Some(());
        }
        let (definition, from_common) = self.find(kind, common)?;
        if !definition.children.is_empty() {
            return self.content(&definition, from_common);
        }
        let picked = usize::from(definition.values.len() > 1 && (self.choose)());
        match definition.values.get(picked) {
            Some(value) => {
                self.out.push_str(value);
                Some(())
            }
            None => self.value(definition.base.as_deref()?, from_common),
        }
    }

    /// The type written `name` in one of the two documents, and whether the common one has it.
    fn find(&self, name: &str, common: bool) -> Option<(Definition, bool)> {
        let (document, local, from_common) = match name.strip_prefix("c:") {
            Some(local) => (self.common, local, true),
            None if common => (self.common, name, true),
            None => (self.own, name, false),
        };
        Some((document.types.get(local)?.clone(), from_common))
    }
}

/// A value of a built-in type.
fn builtin(kind: &str) -> Option<&'static str> {
    Some(match kind.strip_prefix("xs:")? {
        "string" => "\u{e9} &amp; &lt;x>",
        "dateTime" => "2026-11-23T01:07:26+01:00",
        "date" => "2026-11-23",
        _ => "7",
    })
}
