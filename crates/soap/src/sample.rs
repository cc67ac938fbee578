//! Sample messages made from a contract's own schema: what a partner is shown, and what proves that
//! the structs which read and write a message know every element of it.

use std::collections::BTreeMap;

use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::contract::{COMMON_NAMESPACE, COMMON_XSD, Contract};
use crate::{ENVELOPE_NAMESPACE, Envelope, Limits, SoapFault, labels};

/// Times a repeated element stands in a sample.
const REPEATED: usize = 2;

/// Samples made of one element, but for the fullest.
const SORTS: u64 = 40;

/// An element of a sequence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Child {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) optional: bool,
    pub(crate) max: String,
}

/// The facets of a restriction that say what a value may be, beside its enumeration.
const FACETS: [&str; 8] = [
    "length",
    "minLength",
    "maxLength",
    "pattern",
    "minInclusive",
    "maxInclusive",
    "fractionDigits",
    "totalDigits",
];

/// A global element, or a type, of the parts of XML Schema that our contracts use.
#[derive(Clone, Debug, Default)]
pub(crate) struct Definition {
    pub(crate) base: Option<String>,
    pub(crate) children: Vec<Child>,
    pub(crate) values: Vec<String>,
    pub(crate) facets: Vec<(String, String)>,
}

/// The definitions of one document.
#[derive(Debug, Default)]
pub(crate) struct Document {
    pub(crate) elements: BTreeMap<String, Definition>,
    pub(crate) types: BTreeMap<String, Definition>,
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
        self.written(element, choose, false)
    }

    /// A message that partners are shown: every element that a message which is accepted may hold,
    /// once, with values as the trade writes them, laid out for reading.
    #[must_use]
    pub fn example(&self, element: &str) -> Option<String> {
        let text = self.written(element, &mut || true, true)?;
        Some(crate::indented(&text))
    }

    fn written(
        &self,
        element: &str,
        choose: &mut dyn FnMut() -> bool,
        example: bool,
    ) -> Option<String> {
        let common = Document::read(COMMON_XSD)?;
        let own = Document::read(self.schema())?;
        let definition = own.elements.get(element)?;
        let mut writer = Writer {
            own: &own,
            common: &common,
            choose,
            example,
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
    pub(crate) fn read(xsd: &str) -> Option<Self> {
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
                max: attribute(tag, "maxOccurs").unwrap_or_else(|| "1".to_owned()),
            }),
            name if FACETS.contains(&name) => self
                .facets
                .extend(attribute(tag, "value").map(|value| (name.to_owned(), value))),
            _ => {}
        }
    }
}

pub(crate) fn attribute(tag: &BytesStart<'_>, name: &str) -> Option<String> {
    tag.try_get_attribute(name)
        .ok()?
        .map(|found| found.value.into_owned())
}

struct Writer<'a> {
    own: &'a Document,
    common: &'a Document,
    choose: &'a mut dyn FnMut() -> bool,
    /// Whether it is for reading: values of the trade, nothing twice, nothing of a refusal.
    example: bool,
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
            let left_out = match self.example {
                true => child.optional && labels::is_of_refusal(&child.name),
                false => child.optional && !(self.choose)(),
            };
            let times = if left_out {
                0
            } else if child.max != "1" && !self.example {
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
        self.value(&child.name, &child.kind, common)?;
        if self.out.len() == inside && child.optional {
            self.out.truncate(start);
        } else {
            self.out.push_str(&format!("</{tag}>"));
        }
        Some(())
    }

    fn value(&mut self, name: &str, kind: &str, common: bool) -> Option<()> {
        if let Some(text) = builtin(kind) {
            let example = match kind {
                "xs:string" | "xs:unsignedShort" => labels::example(name),
                _ => None,
            };
            self.out.push_str(match example.filter(|_| self.example) {
                Some(value) => value,
                None if self.example && kind == "xs:string" => labels::EXAMPLE,
                None => text,
            });
            return Some(());
        }
        let (definition, from_common) = self.find(kind, common)?;
        if !definition.children.is_empty() {
            return self.content(&definition, from_common);
        }
        let second = !self.example && definition.values.len() > 1 && (self.choose)();
        let picked = usize::from(second);
        match definition.values.get(picked) {
            Some(value) => {
                self.out.push_str(value);
                Some(())
            }
            None => self.value(name, definition.base.as_deref()?, from_common),
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
