//! Where an element is, in FHIRPath.

use lmr_fhir::{Element, is_choice_of};

use crate::finding::ElementLocation;

/// Choice elements the register's own rules speak of, as FHIRPath names them.
const CHOICES: [&str; 4] = ["effective", "medication", "item", "value"];

/// A resource and what holds it: one entry of a bundle, or the document itself.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'d> {
    pub(crate) resource: Element<'d>,
    /// Which entry it is in. Given, not looked for: that would cost a walk through the bundle for
    /// every finding.
    pub(crate) entry: Option<usize>,
}

impl<'d> Scope<'d> {
    /// The location of an element of the resource (or of the resource itself).
    pub(crate) fn location(self, element: Element<'d>) -> ElementLocation {
        let mut parts = Vec::new();
        let mut at = element;
        while !at.is_same(self.resource) {
            let name = fhirpath_name(at.name().unwrap_or("$"));
            parts.push(match at.index() {
                Some(index) => format!("{name}[{index}]"),
                None => name.to_owned(),
            });
            let Some(parent) = at.parent() else { break };
            at = parent;
        }
        let kind = self.resource.resource_type().unwrap_or("Resource".into());
        let root = self
            .entry
            .map_or_else(|| kind.to_string(), |entry| format!("Bundle.entry[{entry}].resource"));
        let path =
            |root: &str| parts.iter().rev().fold(root.to_owned(), |path, part| path + "." + part);
        at_element(element, path(&kind), path(&root))
    }
}

/// The location of something outside the resources, whose path is known.
pub(crate) fn location_at(element: Element<'_>, path: impl Into<String>) -> ElementLocation {
    let path = path.into();
    at_element(element, path.clone(), path)
}

fn at_element(
    element: Element<'_>,
    expression: String,
    full_expression: String,
) -> ElementLocation {
    let (line, column) = (element.start().line, element.end().column);
    ElementLocation { expression, full_expression, line, column, span: Some(element.span()) }
}

/// `effectiveDateTime` is `effective` in FHIRPath.
fn fhirpath_name(name: &str) -> &str {
    CHOICES.into_iter().find(|choice| is_choice_of(name, choice)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, Name, ParseOptions};

    #[test]
    fn locations_are_given_from_the_resource_and_from_the_root() {
        let text = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"MedicationAdministration",
            "identifier":[{"value":"a"},{"value":"b"}],"effectivePeriod":{"start":"2025"}}}]}"#;
        let document = Document::parse(text, &ParseOptions::strict()).unwrap();
        let resource = document
            .root_element()
            .child(&Name::new("entry"))
            .and_then(|e| e.child(&Name::new("resource")))
            .unwrap();
        let scope = Scope { resource, entry: Some(0) };
        let start = resource
            .child(&Name::new("effectivePeriod"))
            .and_then(|e| e.child(&Name::new("start")))
            .unwrap();
        let location = scope.location(start);
        assert_eq!(location.expression, "MedicationAdministration.effective.start");
        assert_eq!(location.full_expression, "Bundle.entry[0].resource.effective.start");
        assert_eq!(location.line, 2);
        let second = resource.children_named(&Name::new("identifier")).nth(1).unwrap();
        let value = second.child(&Name::new("value")).unwrap();
        assert_eq!(
            scope.location(value).expression,
            "MedicationAdministration.identifier[1].value"
        );
        assert_eq!(scope.location(resource).full_expression, "Bundle.entry[0].resource");
    }
}
