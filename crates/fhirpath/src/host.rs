//! A host that knows one document and nothing else.

use lmr_fhir::{Document, Element};

use crate::env::Host;
use crate::error::Unavailable;
use crate::model::{Model, Typed};
use crate::names;

/// Resolves references within a document: contained resources, and entries of a bundle. Refuses
/// everything that needs definitions or terminology.
pub struct DocumentHost<'a> {
    document: &'a Document<'a>,
    model: Option<&'a dyn Model>,
}

impl<'a> DocumentHost<'a> {
    /// For this document.
    pub fn new(document: &'a Document<'a>, model: Option<&'a dyn Model>) -> Self {
        Self { document, model }
    }

    /// `#id` in the nearest resource that holds the reference and contains any.
    fn contained(&self, id: &str, from: Option<Typed<'a>>) -> Option<Element<'a>> {
        let mut at = Some(from.map_or_else(|| self.document.root_element(), |t| t.element));
        while let Some(element) = at {
            if element.resource_type().is_some() && element.name() != Some("contained") {
                if id.is_empty() {
                    return Some(element);
                }
                return element.children_named(&names::CONTAINED).find(|c| {
                    c.child(&names::ID).and_then(Element::text).is_some_and(|i| i == id)
                });
            }
            at = element.parent();
        }
        None
    }

    /// By `fullUrl`, else, for a relative reference, by the end of it or by type and id.
    fn entry(&self, reference: &str) -> Option<Element<'a>> {
        let root = self.document.root_element();
        if root.resource_type().as_deref() != Some("Bundle") {
            return None;
        }
        let unversioned = reference.split("/_history/").next().unwrap_or(reference);
        let relative = !reference.contains(':');
        let (kind, id) = unversioned.rsplit_once('/').unwrap_or(("", unversioned));
        root.children_named(&names::ENTRY).find_map(|entry| {
            let resource = entry.child(&names::RESOURCE)?;
            let full_url = entry.child(&names::FULL_URL).and_then(Element::text);
            let by_url = full_url.is_some_and(|url| {
                url == unversioned
                    || (relative && url.strip_suffix(unversioned).is_some_and(|u| u.ends_with('/')))
            });
            let by_id = || {
                relative
                    && resource.resource_type().as_deref() == Some(kind)
                    && resource.child(&names::ID).and_then(Element::text).as_deref() == Some(id)
            };
            (by_url || by_id()).then_some(resource)
        })
    }
}

impl<'a> Host<'a> for DocumentHost<'a> {
    fn resolve(
        &self,
        reference: &str,
        from: Option<Typed<'a>>,
    ) -> Result<Option<Typed<'a>>, Unavailable> {
        let found = match reference.strip_prefix('#') {
            Some(id) => self.contained(id, from),
            None => self.entry(reference),
        };
        Ok(found.map(|element| Typed::resource(element, self.model)))
    }
}
