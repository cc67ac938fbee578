//! Reads a SOAP 1.1 envelope in one pass, within [`Limits`], and keeps what the rest needs: the
//! text for the validator, the name of the body's element for dispatch, and its content
//! *flattened*: no prefix, no attribute, no comment, leaves trimmed and empty ones gone, so that
//! serde reads it.

use std::ops::Range;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::escape::{partial_escape, resolve_xml_entity};
use quick_xml::events::{BytesDecl, BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceError, ResolveResult};
use quick_xml::reader::NsReader;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::fault::{FaultCode, SoapFault};
use crate::message::{Head, RequestHeader, is_xml_character};
use crate::{ENVELOPE_NAMESPACE, labels};

/// What one message may hold (trust D14). Everything is refused as soon as it is passed.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of the whole message.
    pub bytes: usize,
    /// Nesting of elements, the envelope being the first.
    pub depth: usize,
    /// Elements, comments and CDATA sections.
    pub nodes: usize,
    /// Attributes of one element, namespace declarations included.
    pub attributes: usize,
    /// Namespace declarations in force at once.
    pub namespaces: usize,
    /// Bytes of the text of one element.
    pub text: usize,
}

impl Limits {
    /// The limits of every service.
    pub const DEFAULT: Self = Self {
        bytes: 1024 * 1024,
        depth: 64,
        nodes: 10_000,
        attributes: 256,
        namespaces: 64,
        text: 64 * 1024,
    };
}

/// Why a message is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    Size(usize),
    Encoding,
    Doctype,
    Instruction,
    Entity,
    Depth(usize),
    Nodes(usize),
    Attributes(usize),
    Namespaces(usize),
    Text(usize),
    Malformed,
    NotSoap,
    BodyChildren(usize),
    MustUnderstand,
}

/// A message that is an envelope with one element in its body. Nothing is known yet of whether its
/// contract allows it: [`Contract::validate`](crate::Contract::validate) comes first.
#[derive(Debug)]
pub struct Envelope {
    text: Arc<str>,
    namespace: String,
    name: String,
    plain: String,
    /// Where the element's own children begin in `plain`, after those of the common base type.
    own: usize,
}

impl Envelope {
    /// Reads `bytes`.
    ///
    /// # Errors
    /// Fault 18 when this is no SOAP 1.1 message or it passes `limits`; Fault 22 when its body does
    /// not have exactly one element, or a header it does not know must be understood.
    pub fn read(bytes: &[u8], limits: &Limits) -> Result<Self, SoapFault> {
        if bytes.len() > limits.bytes {
            return Err(SoapFault::of_defect(&Defect::Size(limits.bytes), None));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let text = std::str::from_utf8(bytes)
            .map_err(|_| SoapFault::of_defect(&Defect::Encoding, None))?;
        if let Some(at) = text.find(|c| !is_xml_character(c)) {
            return Err(SoapFault::of_defect(
                &Defect::Malformed,
                Some(line_column(text, at)),
            ));
        }
        let mut scan = Scan::new(text, limits);
        match scan.run() {
            Ok(()) => Ok(scan.finish()),
            Err(defect) => {
                let at = line_column(text, scan.at);
                Err(SoapFault::of_defect(&defect, Some(at)))
            }
        }
    }

    /// Namespace of the body's element.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Local name of the body's element: the operation, in a request.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The message itself, without byte-order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn shared_text(&self) -> Arc<str> {
        Arc::clone(&self.text)
    }

    /// The `Entete` of a request.
    ///
    /// # Errors
    /// Fault 22: only when the message was not validated, or holds a time that no calendar has.
    pub fn header(&self) -> Result<RequestHeader, SoapFault> {
        #[derive(Deserialize)]
        struct Base {
            #[serde(rename = "Entete")]
            header: RequestHeader,
        }
        read_plain::<Base>(&self.plain[..self.own]).map(|base| base.header)
    }

    /// What the operation adds to the common base of requests (or, in an answer, of responses).
    ///
    /// # Errors
    /// Fault 22: only when the message was not validated, or holds a time that no calendar has.
    pub fn body<T: DeserializeOwned>(&self) -> Result<T, SoapFault> {
        read_plain(&self.plain[self.own..])
    }

    /// What the operation adds to the common base, as text: one request sent twice differs at
    /// most in its header.
    #[must_use]
    pub fn own(&self) -> &str {
        &self.plain[self.own..]
    }

    /// The common base of an answer: a client's side, for tests and tools.
    ///
    /// # Errors
    /// Fault 22 when this is no answer.
    pub fn head(&self) -> Result<Head, SoapFault> {
        read_plain(&self.plain[..self.own])
    }
}

/// Reads a flattened fragment. What the reader says of it is not repeated: it may quote a value.
fn read_plain<T: DeserializeOwned>(content: &str) -> Result<T, SoapFault> {
    quick_xml::de::from_str(&format!("<r>{content}</r>"))
        .map_err(|_| SoapFault::because(FaultCode::NotConformant, labels::UNREADABLE_BODY))
}

/// Line and column, from 1, in characters, of byte `at` of `text`.
pub(crate) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.bytes().filter(|&b| b == b'\n').count() + 1;
    (line, before[start..].chars().count() + 1)
}

/// Where the scan stands among the envelope's own elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Prolog,
    Envelope,
    Header,
    Body,
    AfterBody,
    Epilog,
}

struct Scan<'t> {
    text: &'t str,
    limits: &'t Limits,
    reader: NsReader<&'t [u8]>,
    /// Byte where the event in hand begins, told when it is refused.
    at: usize,
    part: Part,
    depth: usize,
    nodes: usize,
    /// Bytes of text since the last tag.
    run: usize,
    has_body: bool,
    name: Option<(String, String)>,
    plain: String,
    /// Length of `plain` after the last tag: a leaf's text begins here.
    mark: usize,
    /// Elements open in `plain`: where each begins, and whether it has children.
    open: Vec<(Range<usize>, bool)>,
    own: Option<usize>,
}

impl<'t> Scan<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_comments = true;
        reader.config_mut().expand_empty_elements = true;
        reader
            .resolver_mut()
            .set_max_namespace_bindings(limits.namespaces);
        Self {
            text,
            limits,
            reader,
            at: 0,
            part: Part::Prolog,
            depth: 0,
            nodes: 0,
            run: 0,
            has_body: false,
            name: None,
            plain: String::new(),
            mark: 0,
            open: Vec::new(),
            own: None,
        }
    }

    fn finish(self) -> Envelope {
        let (namespace, name) = self.name.unwrap_or_default();
        let own = self.own.unwrap_or(self.plain.len());
        Envelope {
            text: self.text.into(),
            namespace,
            name,
            plain: self.plain,
            own,
        }
    }

    fn run(&mut self) -> Result<(), Defect> {
        loop {
            self.at = usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX);
            let event = self
                .reader
                .read_event()
                .map_err(|error| self.malformed(&error))?;
            match event {
                Event::Decl(decl) => self.declaration(&decl)?,
                Event::DocType(_) => return Err(Defect::Doctype),
                Event::PI(_) => return Err(Defect::Instruction),
                Event::Comment(_) => self.node()?,
                Event::Start(tag) | Event::Empty(tag) => self.start(&tag)?,
                Event::End(_) => self.end(),
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(Defect::Malformed);
                    }
                    self.characters(&text.xml10_content())?;
                }
                Event::CData(text) => {
                    self.node()?;
                    if self.depth == 0 {
                        return Err(Defect::Malformed);
                    }
                    self.characters(&text.xml10_content())?;
                }
                Event::GeneralRef(reference) => {
                    let resolved = match reference.resolve_char_ref() {
                        Ok(Some(c)) if is_xml_character(c) => c.to_string(),
                        Ok(None) => resolve_xml_entity(&reference).ok_or(Defect::Entity)?.into(),
                        _ => return Err(Defect::Malformed),
                    };
                    if self.depth == 0 {
                        return Err(Defect::Malformed);
                    }
                    self.characters(&resolved)?;
                }
                Event::Eof => return self.end_of_file(),
            }
        }
    }

    fn malformed(&self, error: &quick_xml::Error) -> Defect {
        match error {
            quick_xml::Error::Namespace(NamespaceError::TooManyBindings(..)) => {
                Defect::Namespaces(self.limits.namespaces)
            }
            _ => Defect::Malformed,
        }
    }

    fn declaration(&self, decl: &BytesDecl<'_>) -> Result<(), Defect> {
        if self.at != 0 || decl.version().ok().as_deref() != Some("1.0") {
            return Err(Defect::Malformed);
        }
        match decl.encoding() {
            None => Ok(()),
            Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
            Some(_) => Err(Defect::Encoding),
        }
    }

    fn node(&mut self) -> Result<(), Defect> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(Defect::Nodes(self.limits.nodes));
        }
        Ok(())
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<(), Defect> {
        self.node()?;
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(Defect::Depth(self.limits.depth));
        }
        let must_understand = self.attributes(tag)?;
        let (namespace, local) = self.reader.resolver().resolve_element(tag.name());
        let namespace = match namespace {
            ResolveResult::Bound(Namespace(uri)) => uri.to_owned(),
            ResolveResult::Unbound => String::new(),
            ResolveResult::Unknown(_) => return Err(Defect::Malformed),
        };
        let local = local.into_inner();
        if !is_name(tag.name().into_inner()) {
            return Err(Defect::Malformed);
        }
        self.run = 0;
        match (self.depth, self.part) {
            (1 | 2, _) => self.structure(&namespace, local),
            (3, Part::Header) if must_understand => Err(Defect::MustUnderstand),
            (3, Part::Body) if self.name.is_some() => Err(Defect::BodyChildren(2)),
            (3, Part::Body) => {
                self.name = Some((namespace, local.to_owned()));
                Ok(())
            }
            (_, Part::Body) => {
                self.open_plain(&namespace, local);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The envelope's own elements: one `Envelope`, at most one `Header`, one `Body`, in order.
    fn structure(&mut self, namespace: &str, local: &str) -> Result<(), Defect> {
        self.part = match (self.depth, self.part, local) {
            (1, Part::Epilog, _) => return Err(Defect::Malformed),
            _ if namespace != ENVELOPE_NAMESPACE => return Err(Defect::NotSoap),
            (1, Part::Prolog, "Envelope") => Part::Envelope,
            (2, Part::Envelope, "Header") => Part::Header,
            (2, Part::Envelope | Part::Header, "Body") => Part::Body,
            _ => return Err(Defect::NotSoap),
        };
        self.has_body |= self.part == Part::Body;
        Ok(())
    }

    /// Checks every attribute; true when one of them is SOAP's `mustUnderstand`.
    fn attributes(&self, tag: &BytesStart<'_>) -> Result<bool, Defect> {
        let mut must_understand = false;
        for (index, attribute) in tag.attributes().enumerate() {
            if index >= self.limits.attributes {
                return Err(Defect::Attributes(self.limits.attributes));
            }
            let attribute = attribute.map_err(|_| Defect::Malformed)?;
            if !is_name(attribute.key.into_inner()) || attribute.value.contains('<') {
                return Err(Defect::Malformed);
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| Defect::Entity)?;
            if attribute.key.as_namespace_binding().is_some() {
                continue;
            }
            match self.reader.resolver().resolve_attribute(attribute.key) {
                (ResolveResult::Unknown(_), _) => return Err(Defect::Malformed),
                (ResolveResult::Bound(Namespace(ENVELOPE_NAMESPACE)), name) => {
                    must_understand |= name.into_inner() == "mustUnderstand" && value.trim() == "1";
                }
                _ => {}
            }
        }
        Ok(must_understand)
    }

    fn open_plain(&mut self, namespace: &str, local: &str) {
        self.plain.truncate(self.mark);
        if let Some((_, has_children)) = self.open.last_mut() {
            *has_children = true;
        } else if self.name.as_ref().is_some_and(|(own, _)| own == namespace) {
            self.own.get_or_insert(self.plain.len());
        }
        let start = self.plain.len();
        self.plain.push('<');
        self.plain.push_str(local);
        self.plain.push('>');
        self.mark = self.plain.len();
        // The name stands one byte after the start and one before the end of its tag.
        self.open.push((start..self.mark, false));
    }

    fn end(&mut self) {
        self.run = 0;
        match (self.depth, self.part) {
            (1, _) => self.part = Part::Epilog,
            (2, Part::Body) => self.part = Part::AfterBody,
            (depth, Part::Body) if depth > 3 => self.close_plain(),
            _ => {}
        }
        self.depth = self.depth.saturating_sub(1);
    }

    fn close_plain(&mut self) {
        let Some((tag, has_children)) = self.open.pop() else {
            return;
        };
        if has_children {
            self.plain.truncate(self.mark);
        } else {
            let leaf = self.plain[self.mark..].trim_matches([' ', '\t', '\n', '\r']);
            if leaf.is_empty() {
                self.plain.truncate(tag.start);
                self.mark = tag.start;
                return;
            }
            let leaf = leaf.to_owned();
            self.plain.truncate(self.mark);
            self.plain.push_str(&leaf);
        }
        let name = self.plain[tag.start + 1..tag.end - 1].to_owned();
        self.plain.push_str("</");
        self.plain.push_str(&name);
        self.plain.push('>');
        self.mark = self.plain.len();
    }

    fn characters(&mut self, text: &str) -> Result<(), Defect> {
        self.run += text.len();
        if self.run > self.limits.text {
            return Err(Defect::Text(self.limits.text));
        }
        if self.depth > 3 && self.part == Part::Body {
            self.plain.push_str(&partial_escape(text));
            return Ok(());
        }
        if self.depth < 3 && !text.trim().is_empty() {
            return Err(if self.depth == 0 {
                Defect::Malformed
            } else {
                Defect::NotSoap
            });
        }
        Ok(())
    }

    fn end_of_file(&self) -> Result<(), Defect> {
        match self.part {
            Part::Epilog if self.name.is_some() => Ok(()),
            Part::Epilog if self.has_body => Err(Defect::BodyChildren(0)),
            Part::Epilog => Err(Defect::NotSoap),
            _ => Err(Defect::Malformed),
        }
    }
}

/// Whether `name` can name an element or an attribute: at most one colon, no digit first.
fn is_name(name: &str) -> bool {
    let ncname = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '·'))
    };
    match name.split_once(':') {
        Some((prefix, local)) => ncname(prefix) && ncname(local),
        None => ncname(name),
    }
}
