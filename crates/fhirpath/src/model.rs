//! What the evaluator asks about types. The validator answers from its StructureDefinitions.

use lmr_fhir::{Element, Name};

/// A type of the model, by number: a data type, a resource, or the anonymous type of a backbone
/// element such as `Patient.contact`. What the numbers mean is the model's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

impl TypeId {
    /// Not known: the element is read by its JSON form alone.
    pub const UNKNOWN: Self = Self(u32::MAX);

    /// Whether it is known.
    pub fn is_known(self) -> bool {
        self != Self::UNKNOWN
    }
}

/// How values of a type behave in expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TypeKind {
    /// `boolean`
    Boolean,
    /// `integer`, `positiveInt`, `unsignedInt`, `integer64`
    Integer,
    /// `decimal`
    Decimal,
    /// `string` and all primitives that are written as text and not listed here.
    String,
    /// `date`
    Date,
    /// `dateTime`, `instant`
    DateTime,
    /// `time`
    Time,
    /// `Quantity` and its specialisations: they take part in arithmetic.
    Quantity,
    /// Any other data type, backbone elements included.
    Complex,
    /// A resource; also the abstract `Resource` and `DomainResource`.
    Resource,
}

impl TypeKind {
    /// Whether it is one of the primitives.
    pub fn is_primitive(self) -> bool {
        !matches!(self, Self::Quantity | Self::Complex | Self::Resource)
    }
}

/// The element of a type that a name refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child<'m> {
    /// An element of one type. Where that type is a resource, the real one follows from
    /// `resourceType`.
    Element {
        /// Its type; for a content reference that of the element referred to.
        ty: TypeId,
        /// Whether it may repeat.
        many: bool,
    },
    /// `value` of `value[x]`, asked for without `[x]`.
    Choice {
        /// The types that are allowed.
        types: &'m [TypeId],
        /// Whether it may repeat.
        many: bool,
    },
    /// `valueQuantity`: the JSON name of one type of a choice.
    Variant {
        /// The type that the name ends in.
        ty: TypeId,
    },
}

/// The types of a FHIR version. Look-ups happen during evaluation: they should cost nanoseconds.
pub trait Model: Sync {
    /// A type by its name (`Patient`, `code`, `Quantity`), not by URL.
    fn type_named(&self, name: &Name) -> Option<TypeId>;

    /// As [`Model::type_named`], for a `resourceType` met in a document.
    fn type_of_resource(&self, name: &str) -> Option<TypeId> {
        self.type_named(&Name::new(name))
    }

    /// The name that `type()` and results show: `Patient`, `code`; for a backbone element
    /// `BackboneElement` or `Element`.
    fn type_name(&self, ty: TypeId) -> &str;

    /// How its values behave.
    fn kind(&self, ty: TypeId) -> TypeKind;

    /// The element `name` of `parent`, inherited elements included.
    fn child(&self, parent: TypeId, name: &Name) -> Option<Child<'_>>;

    /// As [`Model::child`], for a member met in a document: by its hash ([`lmr_fhir::hash_name`])
    /// and text.
    fn child_by_hash(&self, parent: TypeId, hash: u32, name: &str) -> Option<Child<'_>>;

    /// The names of all elements of `parent`, a choice by its name without type: for
    /// suggestions.
    fn child_names(&self, parent: TypeId) -> Vec<&str>;

    /// Whether `ty` is `base` or derives from it: `Age` from `Quantity`, `Patient` from `Resource`,
    /// `code` from `string`.
    fn is_subtype(&self, ty: TypeId, base: TypeId) -> bool;
}

/// An element together with its type.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The element.
    pub element: Element<'a>,
    /// Its type, or [`TypeId::UNKNOWN`].
    pub ty: TypeId,
}

impl<'a> Typed<'a> {
    /// An element with a known type.
    pub fn new(element: Element<'a>, ty: TypeId) -> Self {
        Self { element, ty }
    }

    /// A resource: its type follows from `resourceType`.
    pub fn resource(element: Element<'a>, model: Option<&dyn Model>) -> Self {
        Self { element, ty: resource_type(element, model).unwrap_or(TypeId::UNKNOWN) }
    }
}

/// The type that `resourceType` names.
pub(crate) fn resource_type(element: Element<'_>, model: Option<&dyn Model>) -> Option<TypeId> {
    model?.type_of_resource(&element.resource_type()?)
}
