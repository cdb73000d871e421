//! A StructureDefinition in compact form.

use std::sync::Arc;

use lmr_fhir::{Document, Element, Node, Severity};

/// A profile, a resource, a data type or a logical model, its snapshot complete.
#[derive(Clone, Debug)]
pub struct StructureDefinition {
    /// Canonical URL without version.
    pub url: Arc<str>,
    /// Business version.
    pub version: Option<Arc<str>>,
    /// Computer-friendly name.
    pub name: Arc<str>,
    /// The type that is defined or constrained (`Patient`, `Quantity`; a URL for a logical model).
    pub type_name: Arc<str>,
    /// What kind of thing the type is.
    pub kind: StructureKind,
    /// `None` for the roots `Element` and `Resource`.
    pub derivation: Option<Derivation>,
    /// Whether instances of the type itself cannot exist.
    pub is_abstract: bool,
    /// Publication status (`draft`, `active`, `retired`, `unknown`).
    pub status: Option<Arc<str>>,
    /// Canonical of what is specialised or constrained.
    pub base: Option<Arc<str>>,
    /// Where an extension may be used.
    pub contexts: Vec<ExtensionContext>,
    /// FHIRPath that must hold where an extension is used.
    pub context_invariants: Vec<Arc<str>>,
    /// Canonicals of profiles that whatever meets this one has to meet too (extension
    /// structuredefinition-imposeProfile).
    pub imposed: Vec<Arc<str>>,
    /// The snapshot: the first element is the root, children follow their parent.
    pub elements: Vec<ElementDefinition>,
    /// Paths in the differential (its own or that of a profile below it) that name no element of
    /// the base. The snapshot is without them, as the reference validator's is.
    pub ignored: Vec<Arc<str>>,
    /// Rules in the differential (its own or that of a profile below it) that would allow more than
    /// the base does: element and aspect. The snapshot is without them.
    pub looser: Vec<Arc<str>>,
    /// Fixed values and patterns in its own differential that are of no type of their elements.
    pub(crate) mistyped: Vec<Mistyped>,
}

/// A fixed value or a pattern of a type that its element does not have.
#[derive(Clone, Debug)]
pub(crate) struct Mistyped {
    /// Id of the line, or its path.
    pub(crate) line: Arc<str>,
    /// The type of the value.
    pub(crate) found: Arc<str>,
    /// The types of the element.
    pub(crate) allowed: Arc<str>,
}

impl StructureDefinition {
    /// `url|version`, or the URL alone without version.
    pub fn canonical(&self) -> String {
        match &self.version {
            Some(version) => format!("{}|{version}", self.url),
            None => self.url.to_string(),
        }
    }

    /// The element of the type as a whole.
    pub fn root(&self) -> Option<&ElementDefinition> {
        self.elements.first()
    }

    /// The element with this id (`Patient.identifier:FNR.system`).
    pub fn element(&self, id: &str) -> Option<&ElementDefinition> {
        self.elements.iter().find(|element| &*element.id == id)
    }

    /// The elements right below the one with this id, slices included, in the order of the definition.
    pub fn children_of(&self, parent: &str) -> impl Iterator<Item = &ElementDefinition> {
        self.elements.iter().filter(move |element| {
            let below = element.id.strip_prefix(parent).and_then(|rest| rest.strip_prefix('.'));
            below.is_some_and(|rest| !rest.contains('.'))
        })
    }

    /// Whether it constrains a type, that is, is a profile or an extension.
    pub fn is_profile(&self) -> bool {
        self.derivation == Some(Derivation::Constraint)
    }
}

/// What is known of a structure definition before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StructureSummary<'a> {
    /// Canonical URL without version.
    pub url: &'a str,
    /// Business version.
    pub version: Option<&'a str>,
    /// Computer-friendly name.
    pub name: &'a str,
    /// The type that is defined or constrained.
    pub type_name: &'a str,
    /// Whether it constrains a type, that is, is a profile or an extension.
    pub is_profile: bool,
    /// Whether the type is a resource.
    pub is_resource: bool,
}

/// `StructureDefinition.kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StructureKind {
    /// Has a `value` and no other members but `id` and `extension`.
    PrimitiveType,
    /// A data type with members.
    ComplexType,
    /// Can be exchanged on its own, has a `resourceType`.
    Resource,
    /// A model that is not a FHIR type.
    Logical,
}

/// `StructureDefinition.derivation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Derivation {
    /// A new type.
    Specialization,
    /// A profile of a type.
    Constraint,
}

/// One context in which an extension may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionContext {
    /// How to read the expression.
    pub kind: ContextKind,
    /// An element path, an extension URL or FHIRPath.
    pub expression: Arc<str>,
    /// Whether the context holds for this version of FHIR; `None` if it names no version.
    pub is_for_r4: Option<bool>,
}

/// `StructureDefinition.context.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContextKind {
    /// A FHIRPath that selects the elements.
    Fhirpath,
    /// An element's id, or a type.
    Element,
    /// The URL of another extension.
    Extension,
}

/// One element of a snapshot.
#[derive(Clone, Debug)]
pub struct ElementDefinition {
    /// Path with slice names (`Patient.identifier:FNR.system`), unique in the definition.
    pub id: Arc<str>,
    /// Path without slice names (`Patient.identifier.system`).
    pub path: Arc<str>,
    /// Name of the slice that the element defines, if it defines one.
    pub slice_name: Option<Arc<str>>,
    /// How often at least.
    pub min: u32,
    /// How often at most.
    pub max: Max,
    /// What the element was before it was constrained.
    pub base: Option<ElementBase>,
    /// Permitted types; empty for a root and beside `content_reference`.
    pub types: Arc<[TypeRef]>,
    /// Id of the element whose children this one has (`Questionnaire.item`), without `#`.
    pub content_reference: Option<Arc<str>>,
    /// The value must be exactly this.
    pub fixed: Option<Arc<Value>>,
    /// The value must have at least this.
    pub pattern: Option<Arc<Value>>,
    /// Smallest value.
    pub min_value: Option<Arc<Value>>,
    /// Greatest value.
    pub max_value: Option<Arc<Value>>,
    /// Most characters of a string.
    pub max_length: Option<u32>,
    /// Least length in characters (extension minLength).
    pub min_length: Option<u32>,
    /// Whether a primitive must have a value, not only extensions (R5's mustHaveValue).
    pub must_have_value: bool,
    /// Extensions of which one must be there when there is no value (R5's valueAlternatives).
    pub value_alternatives: Arc<[Arc<str>]>,
    /// Invariants, inherited ones included.
    pub constraints: Arc<[Arc<Constraint>]>,
    /// Which codes are permitted.
    pub binding: Option<Arc<Binding>>,
    /// How the element's slices are distinguished; present on the element that is sliced.
    pub slicing: Option<Arc<Slicing>>,
    /// Whether it changes the meaning of what contains it.
    pub is_modifier: bool,
    /// Whether implementations must be able to handle it.
    pub must_support: bool,
    /// What the narrative must do about languages (extension narrative-language-control).
    pub narrative_language: Option<Arc<str>>,
    /// Whether parts of the narrative must name their source (extension narrative-source-control).
    pub narrative_source: Option<Arc<str>>,
    /// Regular expression that the whole value must meet (extension regex).
    pub regex: Option<Arc<str>>,
}

impl ElementDefinition {
    /// The last segment of the path, `value[x]` for a choice.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or(&self.path)
    }

    /// Whether JSON gives it as an array: what the type was before it was constrained decides.
    pub fn is_array(&self) -> bool {
        self.base.as_ref().map_or(self.max, |base| base.max) > Max::Count(1)
    }
}

/// `ElementDefinition.max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Max {
    /// So many.
    Count(u32),
    /// `*`
    Unbounded,
}

impl std::fmt::Display for Max {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Unbounded => f.write_str("*"),
        }
    }
}

/// `ElementDefinition.base`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementBase {
    /// Path in the type that introduced the element.
    pub path: Arc<str>,
    /// How often at least, there.
    pub min: u32,
    /// How often at most, there.
    pub max: Max,
}

/// One permitted type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeRef {
    /// Type name, or `http://hl7.org/fhirpath/System.String` and the like for a bare value.
    pub code: Arc<str>,
    /// For a bare value: the FHIR type that the value has (extension structuredefinition-fhir-type).
    pub fhir_type: Option<Arc<str>>,
    /// For the value of a primitive type: the expression that it must match as a whole.
    pub regex: Option<Arc<str>>,
    /// The value must conform to one of these, if there are any; `url#id` means an element of a
    /// profile.
    pub profiles: Vec<Arc<str>>,
    /// What a reference points at must conform to one of these, if there are any.
    pub target_profiles: Vec<Arc<str>>,
    /// How a referenced resource may be carried; any way if empty.
    pub aggregation: Vec<Aggregation>,
    /// Whether references carry versions.
    pub versioning: Option<Versioning>,
}

impl TypeRef {
    /// The type without profiles and other restrictions.
    pub fn new(code: impl Into<Arc<str>>) -> Self {
        Self {
            code: code.into(),
            fhir_type: None,
            regex: None,
            profiles: Vec::new(),
            target_profiles: Vec::new(),
            aggregation: Vec::new(),
            versioning: None,
        }
    }

    /// Whether it is a bare FHIRPath value, as `id` and `url` are, that takes no extensions.
    pub fn is_system(&self) -> bool {
        self.code.starts_with("http://hl7.org/fhirpath/System.")
    }

    /// Whether a binding can apply to its values.
    pub(crate) fn is_bindable(&self) -> bool {
        BINDABLE.contains(&self.name())
    }

    /// The FHIR type's name, for bare values too.
    pub fn name(&self) -> &str {
        if let Some(fhir_type) = &self.fhir_type {
            return fhir_type;
        }
        match self.code.strip_prefix("http://hl7.org/fhirpath/System.") {
            Some("String") => "string",
            Some("Boolean") => "boolean",
            Some("Integer") => "integer",
            Some("Decimal") => "decimal",
            Some("Date") => "date",
            Some("DateTime") => "dateTime",
            Some("Time") => "time",
            Some(other) => other,
            None => &self.code,
        }
    }
}

/// Types to whose values a binding can apply.
const BINDABLE: [&str; 14] = [
    "code",
    "Coding",
    "CodeableConcept",
    "CodeableReference",
    "Quantity",
    "Age",
    "Count",
    "Distance",
    "Duration",
    "Money",
    "string",
    "uri",
    "Extension",
    "markdown",
];

/// `ElementDefinition.type.aggregation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    /// In `contained` of the same resource.
    Contained,
    /// Elsewhere.
    Referenced,
    /// In the same bundle.
    Bundled,
}

/// `ElementDefinition.type.versioning`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Versioning {
    /// With or without.
    Either,
    /// Without a version.
    Independent,
    /// With a version.
    Specific,
}

/// `ElementDefinition.constraint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Unique among the element's constraints.
    pub key: Arc<str>,
    /// What a failure is: an error or a warning.
    pub severity: Severity,
    /// The rule in prose, as published.
    pub human: Arc<str>,
    /// The rule as FHIRPath, corrected where R4 published it wrong (see `definitions::corrections`).
    pub expression: Option<Arc<str>>,
    /// Canonical of the definition that introduced it.
    pub source: Option<Arc<str>>,
    /// Whether it is a recommendation only.
    pub is_best_practice: bool,
}

/// `ElementDefinition.binding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// How strict it is.
    pub strength: BindingStrength,
    /// Canonical of the value set.
    pub value_set: Option<Arc<str>>,
    /// Canonical of the value set outside which no code may lie, whatever the strength.
    pub max_value_set: Option<Arc<str>>,
    /// Further bindings (extension additional-binding, as `binding.additional` in R5).
    pub additional: Vec<AdditionalBinding>,
}

/// A further binding of the same element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdditionalBinding {
    /// What it is for: `required`, `maximum`, `extensible`, `candidate`, …
    pub purpose: Arc<str>,
    /// Canonical of the value set.
    pub value_set: Arc<str>,
}

/// `ElementDefinition.binding.strength`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingStrength {
    /// The code must be from the value set.
    Required,
    /// The code must be from the value set if it has a fitting one.
    Extensible,
    /// The value set is recommended.
    Preferred,
    /// The value set is an illustration.
    Example,
}

/// `ElementDefinition.slicing`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slicing {
    /// What distinguishes the slices; all must fit.
    pub discriminators: Vec<Discriminator>,
    /// Whether the slices must come in their order.
    pub ordered: bool,
    /// What is allowed beside the slices.
    pub rules: SlicingRules,
}

/// `ElementDefinition.slicing.discriminator`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Discriminator {
    /// What is compared.
    pub kind: DiscriminatorKind,
    /// Restricted FHIRPath from the sliced element to what is compared.
    pub path: Arc<str>,
}

/// `ElementDefinition.slicing.discriminator.type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DiscriminatorKind {
    /// The value, with the slice's fixed, pattern or required binding.
    Value,
    /// Whether there is one.
    Exists,
    /// As `Value`.
    Pattern,
    /// The type.
    Type,
    /// Whether it conforms to the profile.
    Profile,
    /// The index among the repetitions (R5).
    Position,
}

/// `ElementDefinition.slicing.rules`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlicingRules {
    /// Nothing.
    Closed,
    /// Anything, anywhere.
    Open,
    /// Anything, behind the slices.
    OpenAtEnd,
}

/// A fixed value, a pattern, or a smallest or greatest value.
#[derive(Debug)]
pub struct Value {
    type_name: Arc<str>,
    document: Document<'static>,
}

impl Value {
    pub(crate) fn new(type_name: Arc<str>, document: Document<'static>) -> Self {
        Self { type_name, document }
    }

    /// The type in the member's name: `uri` in `fixedUri`, `CodeableConcept` in
    /// `patternCodeableConcept`.
    pub fn type_name(&self) -> &str {
        &self.type_name
    }

    /// The value as JSON.
    pub fn json(&self) -> Node<'_> {
        self.document.root()
    }

    /// The value as an element.
    pub fn element(&self) -> Element<'_> {
        self.document.root_element()
    }
}

/// Equal texts are equal values; the order of members counts.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.type_name == other.type_name && same(self.json(), other.json())
    }
}

fn same(a: Node<'_>, b: Node<'_>) -> bool {
    a.kind() == b.kind()
        && a.key() == b.key()
        && a.text() == b.text()
        && a.members().count() == b.members().count()
        && a.members().zip(b.members()).all(|(a, b)| same(a, b))
}
