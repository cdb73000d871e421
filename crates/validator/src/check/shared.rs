//! What all tasks of one validation share, and how issues are made.

use std::collections::HashMap;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use lmr_fhir::{Bilingual, Document, Element, Kind, Name, Node, Severity};

use super::bundle::entries::{self, Links};
use super::primitive::plain;
use crate::compile::{Profile, ProfileId, Profiles};
use crate::issue::Issue;
use crate::location::{self, ElementLocation};
use crate::messages::Message;
use crate::messages::field::{Words, is_public_address};
use crate::options::Options;

static CONTAINED: LazyLock<Name> = LazyLock::new(|| Name::new("contained"));
static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));

/// What all tasks of one validation share.
pub(crate) struct Shared<'a> {
    pub(crate) profiles: &'a Profiles,
    pub(crate) document: &'a Document<'a>,
    pub(crate) options: &'a Options,
    pub(crate) limits: plain::Limits,
    /// References inside the bundle, where the document is one.
    pub(crate) links: Option<Links<'a>>,
    /// The same for the bundles inside the document, by node.
    nested_links: HashMap<u32, Links<'a>>,
    /// The resources of each Parameters resource in the document, by its node; each by `Type/id` and by
    /// address.
    parameters: HashMap<u32, HashMap<Box<str>, u32>>,
    /// What is in resources that others ask about, by the resource's node: contained ones
    /// share their container.
    pub(crate) anchors: Shelf<Anchors>,
    pub(crate) locals: Shelf<Locals>,
    /// Whether a concept with many codings has one of a system that only a terminology server has.
    pub(crate) server_side: Shelf<bool>,
    /// Which resources meet which profiles: node, container, profile, depth of asking.
    pub(crate) fitting: Mutex<HashMap<(u32, u32, ProfileId, usize), bool>>,
    /// What `conformsTo()` gave, by node and profile; `None` where it has no answer.
    pub(crate) conforming: Mutex<HashMap<(u32, ProfileId), Option<bool>>>,
    /// How many issues were made before the batch of tasks that is validated now: so what is kept does
    /// not depend on which thread is quicker.
    pub(crate) made: AtomicUsize,
    /// Validates another document: for references to what the caller gave beside this one.
    pub(crate) validate: Validate,
}

/// Validates a document.
pub(crate) type Validate = fn(&Profiles, &Document<'_>, &Options) -> Vec<Issue>;

/// Ids of elements, of data and of narratives, and how often each occurs.
pub(crate) type Anchors = HashMap<Box<str>, usize>;
/// Nodes of contained resources by id.
pub(crate) type Locals = HashMap<Box<str>, u32>;

/// Things made once for a node.
pub(crate) struct Shelf<T>(Mutex<HashMap<u32, Arc<T>>>);

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Shelf<T> {
    pub(crate) fn get(&self, node: Node<'_>, make: impl FnOnce() -> T) -> Arc<T> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known().get(&node.index()) {
            return Arc::clone(found);
        }
        let made = Arc::new(make());
        Arc::clone(known().entry(node.index()).or_insert(made))
    }
}

/// The resources of the document that hold others: bundles by their entries, Parameters by their parts.
#[derive(Default)]
struct Nested<'a> {
    links: HashMap<u32, Links<'a>>,
    parameters: HashMap<u32, HashMap<Box<str>, u32>>,
}

/// The bundles and Parameters inside a document: in entries of a bundle, in parameters, contained.
fn nested<'a>(root: Element<'a>, links: Option<&Links<'a>>, options: &Options) -> Nested<'a> {
    let mut out = Nested::default();
    let holds =
        |node: &Node<'a>| matches!(node.resource_type().as_deref(), Some("Bundle" | "Parameters"));
    let mut open: Vec<Node<'a>> = Vec::new();
    let mut look = |resource: Node<'a>| {
        if holds(&resource) {
            open.push(resource);
        } else if let Some(contained) = resource.get(&CONTAINED) {
            open.extend(contained.members().filter(holds));
        }
    };
    match links {
        Some(links) => {
            for entry in links.entries.iter().filter(|entry| entry.may_nest) {
                if let Some(resource) = entry.resource {
                    look(resource.node());
                }
            }
        }
        None => look(root.node()),
    }
    while let Some(node) = open.pop() {
        if let Some(links) = Links::of(Element::of(node), options) {
            out.links.insert(node.index(), links);
        } else if node.resource_type().as_deref() == Some("Parameters") {
            out.parameters.insert(node.index(), entries::parameters(Element::of(node)));
        }
        open.extend(node.members().filter(|m| matches!(m.kind(), Kind::Object | Kind::Array)));
    }
    out
}

impl<'a> Shared<'a> {
    pub(crate) fn new(
        profiles: &'a Profiles,
        document: &'a Document<'a>,
        options: &'a Options,
        validate: Validate,
    ) -> Self {
        let root = document.root_element();
        let links = Links::of(root, options);
        let nested = nested(root, links.as_ref(), options);
        Self {
            profiles,
            document,
            options,
            limits: plain::Limits::new(options),
            nested_links: nested.links,
            links,
            parameters: nested.parameters,
            anchors: Shelf::default(),
            locals: Shelf::default(),
            server_side: Shelf::default(),
            fitting: Mutex::default(),
            conforming: Mutex::default(),
            made: AtomicUsize::new(0),
            validate,
        }
    }

    /// The entries of the innermost bundle that holds a node: references are resolved among them.
    pub(crate) fn links_at(&self, node: Node<'_>) -> Option<&Links<'a>> {
        if self.nested_links.is_empty() {
            return self.links.as_ref();
        }
        let mut at = Some(node);
        while let Some(here) = at {
            if let Some(links) = self.nested_links.get(&here.index()) {
                return Some(links);
            }
            at = here.parent();
        }
        self.links.as_ref()
    }

    /// The resource that a reference leads to from a node, by the innermost Parameters or bundle that knows.
    pub(crate) fn target(&self, reference: &str, from: Node<'_>) -> Option<Element<'a>> {
        self.parameter_at(from, reference)
            .or_else(|| self.links_at(from)?.resolve(reference, from)?.resource)
    }

    /// The resource that a reference leads to among the parameters a node is in, no bundle between them.
    pub(crate) fn parameter_at(&self, node: Node<'_>, reference: &str) -> Option<Element<'a>> {
        if self.parameters.is_empty() {
            return None;
        }
        let mut at = Some(node);
        while let Some(here) = at {
            if self.nested_links.contains_key(&here.index()) {
                return None;
            }
            let known = self.parameters.get(&here.index());
            if let Some(found) = known.and_then(|known| known.get(reference)) {
                return self.document.node(*found).map(Element::of);
            }
            at = here.parent();
        }
        None
    }

    /// The resources contained in one, by id; of two with one id the first.
    pub(crate) fn locals_of(&self, resource: Element<'a>) -> Arc<Locals> {
        self.locals.get(resource.node(), || {
            let mut known = Locals::new();
            for one in resource.children_named(&CONTAINED) {
                if let Some(id) = one.child(&ID).and_then(Element::text) {
                    known.entry(Box::from(&*id)).or_insert(one.node().index());
                }
            }
            known
        })
    }

    pub(crate) fn issue(&self, message: Message, at: Node<'_>, profile: Option<&Profile>) -> Issue {
        let severity = message.severity();
        let location = location::locate(at, &self.profiles.model, self.options.redact_values);
        self.issue_at(message, severity, at, location, profile)
    }

    /// An issue of an element whose location is known.
    pub(crate) fn issue_at(
        &self,
        message: Message,
        severity: Severity,
        at: Node<'_>,
        location: ElementLocation,
        profile: Option<&Profile>,
    ) -> Issue {
        let (of_reading, of_list) = (message.is_of_reading(), message.is_of_list());
        let mut issue = self.make(message, severity, at, location, profile);
        if of_reading {
            for expression in [&mut issue.expression, &mut issue.local_expression] {
                location::name_by_definition(expression);
                if of_list {
                    location::leave_item(expression);
                }
            }
        }
        issue
    }

    fn make(
        &self,
        mut message: Message,
        severity: Severity,
        at: Node<'_>,
        location: ElementLocation,
        profile: Option<&Profile>,
    ) -> Issue {
        if self.options.redact_values {
            let shows = self.options.show_canonicals;
            message.redact(&|name| {
                self.profiles.definitions().is_resource_type(name)
                    || (shows && is_public_address(name))
            });
        }
        let span = at.span();
        let (start, end) = self.document.extent(&span);
        Issue {
            severity,
            code: message.code(),
            message,
            expression: location.expression,
            local_expression: location.local,
            entry: location.entry,
            line: start.line,
            column: end.column,
            span,
            profile: profile.map(|p| Arc::clone(&p.canonical)),
            inner: Vec::new(),
        }
    }
}

/// The JSON kind in words.
pub(crate) fn kind_name(kind: Kind) -> Words {
    Words::of(match kind {
        Kind::Object => &Bilingual { en: "an object", nb: "et objekt" },
        Kind::Array => &Bilingual { en: "an array", nb: "en liste" },
        Kind::String => &Bilingual { en: "a string", nb: "en tekst" },
        Kind::Number => &Bilingual { en: "a number", nb: "et tall" },
        Kind::Boolean => &Bilingual { en: "a boolean", nb: "true eller false" },
        Kind::Null => &Bilingual { en: "null", nb: "null" },
        Kind::Bare => &Bilingual { en: "a bare word", nb: "et ord uten anførselstegn" },
    })
}
