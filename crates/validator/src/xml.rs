//! The R4 core's knowledge of elements, for turning FHIR XML into JSON and back.
//!
//! ```
//! use lmr_validator::xml::{to_json, to_xml};
//!
//! let xml = r#"<Patient xmlns="http://hl7.org/fhir"><name><family value="Berg"/></name></Patient>"#;
//! let converted = to_json(xml.as_bytes(), 100)?;
//! assert_eq!(converted.json, r#"{"resourceType":"Patient","name":[{"family":"Berg"}]}"#);
//! # Ok::<(), lmr_fhir::xml::XmlError>(())
//! ```

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use lmr_fhir::Node;
use lmr_fhir::xml::{
    Content, Converted, Member, Shape, Shapes, ValueKind, XmlError, XmlWriteError,
};

use crate::definitions::{
    Definitions, ElementDefinition, StructureDefinition, StructureKind, TypeRef,
};

/// Turns the XML of one resource into its JSON; at most `max_depth` elements inside one another.
///
/// # Errors
/// [`XmlError`].
pub fn to_json(bytes: &[u8], max_depth: usize) -> Result<Converted, XmlError> {
    lmr_fhir::xml::to_json(bytes, &*R4, max_depth)
}

/// Writes a resource as XML.
///
/// # Errors
/// [`XmlWriteError`].
pub fn to_xml(resource: Node<'_>) -> Result<String, XmlWriteError> {
    lmr_fhir::xml::to_xml(resource, &*R4)
}

static R4: LazyLock<R4Shapes> =
    LazyLock::new(|| R4Shapes { definitions: Definitions::r4(), made: RwLock::default() });

/// Shapes of the types of R4, made when they are first asked for.
struct R4Shapes {
    definitions: Definitions,
    made: RwLock<HashMap<String, Option<Arc<Shape>>>>,
}

impl Shapes for R4Shapes {
    fn shape(&self, name: &str) -> Option<Arc<Shape>> {
        if let Some(made) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(name) {
            return made.clone();
        }
        let made = self.make(name);
        // Names come from what is read: unknown ones are not kept, or they would fill the memory.
        if made.is_some() {
            let mut all = self.made.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(name.to_owned(), made.clone());
        }
        made
    }
}

impl R4Shapes {
    fn definition(&self, name: &str) -> Option<Arc<StructureDefinition>> {
        self.definitions.type_definition(name).ok().flatten()
    }

    fn make(&self, name: &str) -> Option<Arc<Shape>> {
        let definition = self.definition(name.split('.').next()?)?;
        let is_resource = definition.kind == StructureKind::Resource && !name.contains('.');
        let elements = &definition.elements;
        if name.contains('.') && !elements.iter().any(|element| &*element.path == name) {
            return None;
        }
        let is_child = |element: &&ElementDefinition| {
            element
                .path
                .strip_prefix(name)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| !rest.contains('.'))
        };
        let mut members = Vec::new();
        for element in elements.iter().filter(is_child) {
            let repeats = element.is_array();
            let own = element.name();
            let is_attribute =
                (own == "id" && !is_resource) || (own == "url" && name == "Extension");
            if let Some(stem) = own.strip_suffix("[x]") {
                for choice in &*element.types {
                    let mut type_name = choice.name().to_owned();
                    if let Some(first) = type_name.get_mut(..1) {
                        first.make_ascii_uppercase();
                    }
                    members.push(Member {
                        name: format!("{stem}{type_name}").into(),
                        repeats,
                        content: self.content(choice.name()),
                    });
                }
                continue;
            }
            let content = if is_attribute {
                Content::Attribute
            } else if let Some(reference) = &element.content_reference {
                let path = reference.rsplit('#').next().unwrap_or(reference);
                Content::Complex(path.into())
            } else {
                match element.types.first().map(TypeRef::name) {
                    Some("BackboneElement" | "Element") | None => {
                        Content::Complex((&*element.path).into())
                    }
                    Some(type_name) => self.content(type_name),
                }
            };
            members.push(Member { name: own.into(), repeats, content });
        }
        Some(Arc::new(Shape::new(members)))
    }

    fn content(&self, type_name: &str) -> Content {
        match type_name {
            "xhtml" => Content::Xhtml,
            "boolean" => Content::Primitive(ValueKind::Boolean),
            "decimal" | "integer" | "positiveInt" | "unsignedInt" => {
                Content::Primitive(ValueKind::Number)
            }
            name if lmr_fhir::is_abstract_resource(name) => Content::Resource,
            name => match self.definition(name).map(|definition| definition.kind) {
                Some(StructureKind::PrimitiveType) => Content::Primitive(ValueKind::String),
                _ => Content::Complex(name.into()),
            },
        }
    }
}
