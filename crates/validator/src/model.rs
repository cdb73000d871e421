//! The types of FHIR as FHIRPath asks for them, read from the definitions of
//! the base types on demand.

use std::sync::{Arc, OnceLock};

use lmr_fhir::{Name, hash_name};
use lmr_fhirpath::{Child, Model, TypeId, TypeKind};

use crate::compile::arena::{Arena, NameTable, Table};
use crate::definitions::{Definitions, StructureDefinition, StructureKind};

/// The data types of R4, sorted: known without reading their definitions.
const DATA_TYPES: &[&str] = &[
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "BackboneElement",
    "CodeableConcept",
    "Coding",
    "ContactDetail",
    "ContactPoint",
    "Contributor",
    "Count",
    "DataRequirement",
    "Distance",
    "Dosage",
    "Duration",
    "Element",
    "Expression",
    "Extension",
    "HumanName",
    "Identifier",
    "Meta",
    "Money",
    "Narrative",
    "ParameterDefinition",
    "Period",
    "Quantity",
    "Range",
    "Ratio",
    "Reference",
    "RelatedArtifact",
    "SampledData",
    "Signature",
    "Timing",
    "TriggerDefinition",
    "UsageContext",
    "base64Binary",
    "boolean",
    "canonical",
    "code",
    "date",
    "dateTime",
    "decimal",
    "id",
    "instant",
    "integer",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "xhtml",
];

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// [`Model`] over the structure definitions of base types.
#[derive(Debug)]
pub(crate) struct TypeModel {
    definitions: Arc<Definitions>,
    types: Arena<ModelType>,
    /// Type names and element paths (`Patient.contact`) to numbers.
    numbers: Table<TypeId>,
}

#[derive(Debug)]
struct ModelType {
    name: Box<str>,
    /// Path of the element in its definition: `Patient`, `Patient.contact`.
    path: Box<str>,
    kind: OnceLock<TypeKind>,
    children: OnceLock<NameTable<Entry>>,
}

#[derive(Debug)]
enum Entry {
    Element { ty: TypeId, many: bool },
    Choice { types: Box<[TypeId]>, many: bool },
    Variant { ty: TypeId },
}

impl TypeModel {
    pub(crate) fn new(definitions: Arc<Definitions>) -> Self {
        Self { definitions, types: Arena::new(), numbers: Table::new() }
    }

    fn definition(&self, type_name: &str) -> Option<Arc<StructureDefinition>> {
        self.definitions.structure(&format!("{BASE}{type_name}")).ok().flatten()
    }

    /// The type of an element of a base definition: by type name, or by path
    /// for a backbone element.
    pub(crate) fn type_at(&self, path: &str) -> Option<TypeId> {
        if let Some(known) = self.numbers.get(path) {
            return Some(*known);
        }
        let owner = path.split('.').next().unwrap_or(path);
        let known = DATA_TYPES.binary_search(&owner).is_ok()
            || self.definitions.is_resource_type(owner)
            || self.definition(owner).is_some();
        // What is not known is not kept: the sender's names must not fill the memory.
        if !known {
            return None;
        }
        let name = if path.contains('.') { "BackboneElement" } else { path };
        let number = TypeId(self.types.push(ModelType {
            name: name.into(),
            path: path.into(),
            kind: OnceLock::new(),
            children: OnceLock::new(),
        }));
        // Where two threads came at once, one of the two numbers is used by all.
        Some(*self.numbers.insert(path, number))
    }

    /// The type that a `resourceType` names. Paths are ours alone: a sender's
    /// must not fill the memory.
    pub(crate) fn resource_at(&self, name: &str) -> Option<TypeId> {
        if name.contains('.') { None } else { self.type_at(name) }
    }

    /// Path of a type's element: `Patient.contact`, `Quantity`.
    pub(crate) fn path(&self, ty: TypeId) -> Option<&str> {
        self.get(ty).map(|t| &*t.path)
    }

    fn get(&self, ty: TypeId) -> Option<&ModelType> {
        self.types.get(ty.0)
    }

    fn children(&self, ty: TypeId) -> Option<&NameTable<Entry>> {
        let model_type = self.get(ty)?;
        Some(model_type.children.get_or_init(|| self.build(model_type)))
    }

    fn build(&self, of: &ModelType) -> NameTable<Entry> {
        let owner = of.path.split('.').next().unwrap_or(&of.path);
        let Some(definition) = self.definition(owner) else { return NameTable::new(Vec::new()) };
        let depth = of.path.matches('.').count() + 1;
        let mut entries = Vec::new();
        for element in &definition.elements {
            let path = &*element.path;
            let is_child = path.strip_prefix(&*of.path).is_some_and(|rest| rest.starts_with('.'))
                && path.matches('.').count() == depth
                && element.slice_name.is_none();
            if !is_child {
                continue;
            }
            let name = element.name();
            let many = element.is_array();
            if let Some(stem) = name.strip_suffix("[x]") {
                let mut types = Vec::new();
                for t in element.types.iter() {
                    let Some(ty) = self.type_at(t.name()) else { continue };
                    types.push(ty);
                    entries.push((Name::new(&choice_name(stem, t.name())), Entry::Variant { ty }));
                }
                entries.push((Name::new(stem), Entry::Choice { types: types.into(), many }));
                continue;
            }
            let ty = match (&element.content_reference, element.types.first()) {
                (Some(reference), _) => {
                    self.type_at(reference.rsplit('#').next().unwrap_or(reference))
                }
                (None, Some(t)) if matches!(t.name(), "BackboneElement" | "Element") => {
                    self.type_at(path)
                }
                (None, Some(t)) => self.type_at(t.name()),
                (None, None) => None,
            };
            if let Some(ty) = ty {
                entries.push((Name::new(name), Entry::Element { ty, many }));
            }
        }
        NameTable::new(entries)
    }
}

/// `valueQuantity` of `value` and `Quantity`.
pub(crate) fn choice_name(stem: &str, type_name: &str) -> String {
    let mut name = String::with_capacity(stem.len() + type_name.len());
    name.push_str(stem);
    let mut chars = type_name.chars();
    if let Some(first) = chars.next() {
        name.push(first.to_ascii_uppercase());
    }
    name.push_str(chars.as_str());
    name
}

impl Model for TypeModel {
    fn type_named(&self, name: &Name) -> Option<TypeId> {
        self.resource_at(name.as_str())
    }

    fn type_of_resource(&self, name: &str) -> Option<TypeId> {
        self.resource_at(name)
    }

    fn type_name(&self, ty: TypeId) -> &str {
        self.get(ty).map_or("Element", |t| &t.name)
    }

    fn kind(&self, ty: TypeId) -> TypeKind {
        let Some(t) = self.get(ty) else { return TypeKind::Complex };
        *t.kind.get_or_init(|| match &*t.path {
            "boolean" => TypeKind::Boolean,
            "integer" | "positiveInt" | "unsignedInt" | "integer64" => TypeKind::Integer,
            "decimal" => TypeKind::Decimal,
            "date" => TypeKind::Date,
            "dateTime" | "instant" => TypeKind::DateTime,
            "time" => TypeKind::Time,
            "string" | "code" | "id" | "markdown" | "uri" | "url" | "canonical" | "oid"
            | "uuid" | "base64Binary" | "xhtml" => TypeKind::String,
            "Quantity" | "Age" | "Distance" | "Duration" | "Count" | "Money" | "SimpleQuantity"
            | "MoneyQuantity" => {
                if &*t.path == "Money" {
                    TypeKind::Complex
                } else {
                    TypeKind::Quantity
                }
            }
            path if path.contains('.') => TypeKind::Complex,
            path => match self.definition(path).map(|d| d.kind) {
                Some(StructureKind::Resource) => TypeKind::Resource,
                _ => TypeKind::Complex,
            },
        })
    }

    fn child(&self, parent: TypeId, name: &Name) -> Option<Child<'_>> {
        self.child_by_hash(parent, name.hash(), name.as_str())
    }

    fn child_by_hash(&self, parent: TypeId, hash: u32, name: &str) -> Option<Child<'_>> {
        Some(match self.children(parent)?.get(hash, name)? {
            Entry::Element { ty, many } => Child::Element { ty: *ty, many: *many },
            Entry::Choice { types, many } => Child::Choice { types, many: *many },
            Entry::Variant { ty } => Child::Variant { ty: *ty },
        })
    }

    fn child_names(&self, parent: TypeId) -> Vec<&str> {
        let children = self.children(parent).into_iter().flat_map(NameTable::iter);
        children
            .filter(|(_, entry)| !matches!(entry, Entry::Variant { .. }))
            .map(|(name, _)| name.as_str())
            .collect()
    }

    fn is_subtype(&self, ty: TypeId, base: TypeId) -> bool {
        if ty == base {
            return true;
        }
        let (Some(t), Some(b)) = (self.get(ty), self.get(base)) else { return false };
        if t.path.contains('.') {
            return matches!(&*b.path, "Element" | "BackboneElement");
        }
        let mut at = t.path.to_string();
        // No chain of base types is longer than this; a cycle ends here.
        for _ in 0..16 {
            let Some(definition) = self.definition(&at) else { return false };
            let Some(up) = definition.base.as_deref().and_then(|u| u.strip_prefix(BASE)) else {
                return false;
            };
            if up == &*b.path {
                return true;
            }
            at = up.to_owned();
        }
        false
    }
}

/// The hash under which documents file a name, for look-ups by text.
pub(crate) fn hash(name: &str) -> u32 {
    hash_name(name.as_bytes())
}
