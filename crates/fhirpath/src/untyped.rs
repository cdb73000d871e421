//! Reads elements without a model: `resourceType`, the suffix of a choice, and the JSON form give
//! the type as far as they can.

use lmr_fhir::{Element, Kind};

use crate::model::{TypeId, Typed};

/// The data types that may follow `value` in `value[x]`.
const TYPES: [&str; 58] = [
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
    "integer64",
    "markdown",
    "oid",
    "positiveInt",
    "string",
    "time",
    "unsignedInt",
    "uri",
    "url",
    "uuid",
    "Address",
    "Age",
    "Annotation",
    "Attachment",
    "CodeableConcept",
    "CodeableReference",
    "Coding",
    "ContactDetail",
    "ContactPoint",
    "Contributor",
    "Count",
    "DataRequirement",
    "Distance",
    "Dosage",
    "Duration",
    "Expression",
    "Extension",
    "HumanName",
    "Identifier",
    "Meta",
    "Money",
    "MoneyQuantity",
    "Narrative",
    "ParameterDefinition",
    "Period",
    "Quantity",
    "Range",
    "Ratio",
    "RatioRange",
    "Reference",
    "RelatedArtifact",
    "SampledData",
    "Signature",
    "SimpleQuantity",
    "Timing",
    "TriggerDefinition",
    "UsageContext",
    "xhtml",
];

const QUANTITIES: [&str; 7] =
    ["Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"];

/// The type that `suffix` of a choice names (`DateTime` of `valueDateTime`).
pub(crate) fn suffix_type(suffix: &str) -> Option<TypeId> {
    let index = TYPES.iter().position(|name| {
        let mut have = name.chars();
        let mut wanted = suffix.chars();
        have.next().map(|c| c.to_ascii_uppercase()) == wanted.next()
            && have.as_str() == wanted.as_str()
    })?;
    u32::try_from(index).ok().map(TypeId)
}

/// The built-in type of this name.
pub(crate) fn type_named(name: &str) -> Option<TypeId> {
    TYPES.iter().position(|t| *t == name).and_then(|i| u32::try_from(i).ok()).map(TypeId)
}

/// The name of a type that [`suffix_type`] gave, else a guess by JSON form.
pub(crate) fn type_name(typed: Typed<'_>) -> &'static str {
    match TYPES.get(typed.ty.0 as usize) {
        Some(name) => name,
        None => guess(typed.element),
    }
}

pub(crate) fn is_quantity(typed: Typed<'_>) -> bool {
    QUANTITIES.contains(&type_name(typed))
}

/// Whether the element is of the named type or one below it.
pub(crate) fn is_type(typed: Typed<'_>, name: &str) -> bool {
    if let Some(resource) = typed.element.resource_type() {
        return match name {
            "Resource" => true,
            "DomainResource" => !matches!(&*resource, "Bundle" | "Parameters" | "Binary"),
            _ => resource == name,
        };
    }
    let own = type_name(typed);
    own == name || (name == "Quantity" && QUANTITIES.contains(&own)) || name == "Element"
}

fn guess(element: Element<'_>) -> &'static str {
    match element.value() {
        None => "Element",
        Some(node) => match node.kind() {
            Kind::Boolean => "boolean",
            Kind::Number if node.raw().bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
                "integer"
            }
            Kind::Number => "decimal",
            Kind::String | Kind::Bare => "string",
            Kind::Object | Kind::Array | Kind::Null => "Element",
        },
    }
}
