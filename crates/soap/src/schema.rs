//! What a contract says of its own messages, for those who must write them: each element with its
//! type, its length and how often it may stand, and what the WSDL says each operation does.

use quick_xml::events::Event;
use quick_xml::reader::Reader;

use crate::contract::{COMMON_XSD, Contract};
use crate::sample::{Child, Definition, Document, attribute};

/// Levels of elements that are described; our contracts have fewer.
const DEPTH_MAX: usize = 12;

/// One element of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// How deep it stands; 0 directly in the message.
    pub depth: usize,
    /// Its name, which is the trade's.
    pub name: String,
    /// The built-in type of its value, without prefix; empty for one that holds elements.
    pub kind: String,
    /// What bounds the value: facets of XML Schema with their values (`maxLength`, `255`).
    pub facets: Vec<(String, String)>,
    /// The only values admitted, when they are listed.
    pub values: Vec<String>,
    /// Fewest times it stands.
    pub min: String,
    /// Most times it stands; `unbounded` for no bound.
    pub max: String,
    /// Whether it is of the common schema, `commun.xsd`.
    pub common: bool,
}

impl Contract {
    /// Every element that a message may hold, in the order of the contract.
    #[must_use]
    pub fn describe(&self, message: &str) -> Vec<Element> {
        let documents = Document::read(COMMON_XSD).zip(Document::read(self.schema()));
        let Some((common, own)) = documents else {
            return Vec::new();
        };
        let mut list = List {
            own: &own,
            common: &common,
            out: Vec::new(),
        };
        if let Some(definition) = own.elements.get(message) {
            list.content(definition, false, 0);
        }
        list.out
    }

    /// What the WSDL says that an operation does; empty when it says nothing.
    #[must_use]
    pub fn documentation(&self, operation: &str) -> String {
        self.find_documentation(operation).unwrap_or_default()
    }

    fn find_documentation(&self, operation: &str) -> Option<String> {
        let mut reader = Reader::from_str(self.description());
        let (mut port, mut wanted, mut inside) = (false, false, false);
        let mut text = String::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => match tag.local_name().into_inner() {
                    "portType" => port = true,
                    "operation" if port => {
                        wanted = attribute(&tag, "name").as_deref() == Some(operation);
                    }
                    "documentation" => inside = wanted,
                    _ => {}
                },
                Event::Text(part) if inside => text.push_str(&part),
                Event::End(tag) => match tag.local_name().into_inner() {
                    "documentation" if inside => {
                        return Some(text.split_whitespace().collect::<Vec<_>>().join(" "));
                    }
                    "portType" => return None,
                    _ => {}
                },
                Event::Eof => return None,
                _ => {}
            }
        }
    }
}

struct List<'a> {
    own: &'a Document,
    common: &'a Document,
    out: Vec<Element>,
}

impl List<'_> {
    fn content(&mut self, definition: &Definition, common: bool, depth: usize) {
        if depth > DEPTH_MAX {
            return;
        }
        if let Some((base, from_common)) = self.base(definition, common) {
            self.content(&base, from_common, depth);
        }
        for child in &definition.children {
            self.element(child, common, depth);
        }
    }

    fn base(&self, definition: &Definition, common: bool) -> Option<(Definition, bool)> {
        self.find(definition.base.as_deref()?, common)
    }

    fn element(&mut self, child: &Child, common: bool, depth: usize) {
        let mut element = Element {
            depth,
            name: child.name.clone(),
            kind: String::new(),
            facets: Vec::new(),
            values: Vec::new(),
            min: if child.optional { "0" } else { "1" }.to_owned(),
            max: child.max.clone(),
            common,
        };
        let (mut kind, mut from_common) = (child.kind.clone(), common);
        let mut holds = None;
        // From the element's type up to the built-in one.
        for _ in 0..DEPTH_MAX {
            if let Some(builtin) = kind.strip_prefix("xs:") {
                element.kind = builtin.to_owned();
                break;
            }
            let Some((definition, of_common)) = self.find(&kind, from_common) else {
                break;
            };
            if !definition.children.is_empty() {
                holds = Some((definition, of_common));
                break;
            }
            element.facets.extend(definition.facets.iter().cloned());
            element.values.extend(definition.values.iter().cloned());
            from_common = of_common;
            kind = definition.base.clone().unwrap_or_default();
        }
        self.out.push(element);
        if let Some((definition, of_common)) = holds {
            self.content(&definition, of_common, depth + 1);
        }
    }

    fn find(&self, name: &str, common: bool) -> Option<(Definition, bool)> {
        let (document, local, from_common) = match name.strip_prefix("c:") {
            Some(local) => (self.common, local, true),
            None => (if common { self.common } else { self.own }, name, common),
        };
        Some((document.types.get(local)?.clone(), from_common))
    }
}
