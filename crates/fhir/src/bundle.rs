//! A FHIR Bundle and its entries, as views of the document.

use std::borrow::Cow;
use std::sync::LazyLock;

use crate::document::Document;
use crate::element::Element;
use crate::name::Name;

macro_rules! names {
    ($($constant:ident = $text:literal),* $(,)?) => {
        $(static $constant: LazyLock<Name> = LazyLock::new(|| Name::new($text));)*
    };
}

names! {
    ENTRY = "entry", FULL_URL = "fullUrl", IDENTIFIER = "identifier", METHOD = "method",
    REQUEST = "request", RESOURCE = "resource", TIMESTAMP = "timestamp", TYPE = "type", URL = "url",
}

/// A resource of type Bundle (<https://hl7.org/fhir/R4/bundle.html>). Every part may be missing or
/// of the wrong kind: checking that is the validator's task.
#[derive(Clone, Copy, Debug)]
pub struct Bundle<'d> {
    element: Element<'d>,
}

impl<'d> Bundle<'d> {
    /// The document's outermost value, where its resourceType is Bundle.
    pub fn of(document: &'d Document<'d>) -> Option<Self> {
        let element = document.root_element();
        (element.resource_type()?.as_ref() == "Bundle").then_some(Self { element })
    }

    /// The Bundle as an element.
    pub fn element(self) -> Element<'d> {
        self.element
    }

    /// `Bundle.type`.
    pub fn kind(self) -> Option<Cow<'d, str>> {
        self.element.child(&TYPE)?.text()
    }

    /// `Bundle.identifier`.
    pub fn identifier(self) -> Option<Element<'d>> {
        self.element.child(&IDENTIFIER)
    }

    /// `Bundle.timestamp`.
    pub fn timestamp(self) -> Option<Cow<'d, str>> {
        self.element.child(&TIMESTAMP)?.text()
    }

    /// The entries in order.
    pub fn entries(self) -> impl Iterator<Item = BundleEntry<'d>> + Clone {
        self.element.children_named(&ENTRY).map(|element| BundleEntry { element })
    }
}

/// One `Bundle.entry`.
#[derive(Clone, Copy, Debug)]
pub struct BundleEntry<'d> {
    element: Element<'d>,
}

impl<'d> BundleEntry<'d> {
    /// The entry as an element.
    pub fn element(self) -> Element<'d> {
        self.element
    }

    /// `fullUrl`.
    pub fn full_url(self) -> Option<Cow<'d, str>> {
        self.element.child(&FULL_URL)?.text()
    }

    /// `resource`.
    pub fn resource(self) -> Option<Element<'d>> {
        self.element.child(&RESOURCE)
    }

    /// `request.method`.
    pub fn method(self) -> Option<Cow<'d, str>> {
        self.element.child(&REQUEST)?.child(&METHOD)?.text()
    }

    /// `request.url`.
    pub fn request_url(self) -> Option<Cow<'d, str>> {
        self.element.child(&REQUEST)?.child(&URL)?.text()
    }
}
