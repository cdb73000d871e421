//! What stays of a published definition.
//!
//! A list of what is kept, never of what goes: prose that a later package version adds
//! cannot slip in.

use serde_json::{Map, Value};

const BEST_PRACTICE: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";

/// The properties of concepts that a filter, a hierarchy or a check of a code needs.
const CONCEPT_PROPERTIES: [&str; 7] =
    ["abstract", "child", "inactive", "notSelectable", "parent", "partOf", "status"];

/// A StructureDefinition with its snapshot and without its differential: the snapshots of
/// the core are kept as published, not generated.
pub(crate) fn structure_definition(source: &Value) -> Value {
    let mut kept = keep(
        source,
        &[
            "resourceType",
            "url",
            "version",
            "name",
            "status",
            "kind",
            "abstract",
            "context",
            "contextInvariant",
            "type",
            "baseDefinition",
            "derivation",
        ],
    );
    let elements: Vec<Value> =
        source["snapshot"]["element"].as_array().into_iter().flatten().map(element).collect();
    let mut snapshot = Map::new();
    snapshot.insert("element".into(), Value::Array(elements));
    kept.insert("snapshot".into(), Value::Object(snapshot));
    Value::Object(kept)
}

fn element(source: &Value) -> Value {
    let mut kept = Map::new();
    for (key, value) in members(source) {
        let value = match key.as_str() {
            "id" | "path" | "sliceName" | "min" | "max" | "base" | "contentReference"
            | "maxLength" => value.clone(),
            "isModifier" | "mustSupport" if value == &Value::Bool(true) => value.clone(),
            "slicing" => Value::Object(keep(value, &["discriminator", "ordered", "rules"])),
            "type" => each(value, |source| {
                with_extensions(
                    source,
                    &["code", "profile", "targetProfile", "aggregation", "versioning"],
                    &[FHIR_TYPE, REGEX],
                )
            }),
            "constraint" => each(value, |source| {
                with_extensions(
                    source,
                    &["key", "severity", "human", "expression", "source"],
                    &[BEST_PRACTICE],
                )
            }),
            "binding" => with_extensions(value, &["strength", "valueSet"], &[MAX_VALUE_SET]),
            fixed
                if ["fixed", "pattern", "minValue", "maxValue"]
                    .iter()
                    .any(|prefix| is_choice(fixed, prefix)) =>
            {
                value.clone()
            }
            _ => continue,
        };
        kept.insert(key.clone(), value);
    }
    Value::Object(kept)
}

/// A ValueSet with its definition; its published expansion only where it has no definition.
pub(crate) fn value_set(source: &Value) -> Value {
    let mut kept = keep(source, &["resourceType", "url", "version", "name", "title", "status"]);
    if let Some(compose) = source.get("compose") {
        let mut rules = keep(compose, &["inactive"]);
        for part in ["include", "exclude"] {
            if let Some(list) = compose.get(part) {
                rules.insert(part.into(), each(list, include));
            }
        }
        kept.insert("compose".into(), Value::Object(rules));
    } else if let Some(expansion) = source.get("expansion") {
        kept.insert("expansion".into(), Value::Object(keep(expansion, &["contains"])));
    }
    Value::Object(kept)
}

fn include(source: &Value) -> Value {
    let mut kept = keep(source, &["system", "version", "filter", "valueSet"]);
    if let Some(concepts) = source.get("concept") {
        let concepts = each(concepts, |concept| Value::Object(keep(concept, &["code", "display"])));
        kept.insert("concept".into(), concepts);
    }
    Value::Object(kept)
}

/// A CodeSystem with its codes, displays, hierarchy and the properties that rules use.
pub(crate) fn code_system(source: &Value) -> Value {
    let mut kept = keep(
        source,
        &[
            "resourceType",
            "url",
            "version",
            "name",
            "title",
            "status",
            "caseSensitive",
            "valueSet",
            "hierarchyMeaning",
            "content",
            "supplements",
        ],
    );
    if let Some(concepts) = source.get("concept") {
        kept.insert("concept".into(), each(concepts, concept));
    }
    Value::Object(kept)
}

fn concept(source: &Value) -> Value {
    let mut kept = keep(source, &["code", "display"]);
    let properties: Vec<Value> = source
        .get("property")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|property| is_kept_property(property))
        .cloned()
        .collect();
    if !properties.is_empty() {
        kept.insert("property".into(), Value::Array(properties));
    }
    if let Some(children) = source.get("concept") {
        kept.insert("concept".into(), each(children, concept));
    }
    Value::Object(kept)
}

/// `status = active` says what a missing status says too, and is on most v2 codes.
fn is_kept_property(property: &Value) -> bool {
    let code = property["code"].as_str().unwrap_or_default();
    CONCEPT_PROPERTIES.contains(&code)
        && !(code == "status"
            && property["valueCode"]
                .as_str()
                .is_some_and(|status| status.eq_ignore_ascii_case("active")))
}

fn members(source: &Value) -> impl Iterator<Item = (&String, &Value)> {
    source.as_object().into_iter().flatten()
}

/// The named members, in the order they have in the source.
fn keep(source: &Value, names: &[&str]) -> Map<String, Value> {
    members(source)
        .filter(|(key, _)| names.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn with_extensions(source: &Value, names: &[&str], extensions: &[&str]) -> Value {
    let mut kept = keep(source, names);
    let extensions: Vec<Value> = source
        .get("extension")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|extension| extension["url"].as_str().is_some_and(|url| extensions.contains(&url)))
        .cloned()
        .collect();
    if !extensions.is_empty() {
        kept.insert("extension".into(), Value::Array(extensions));
    }
    Value::Object(kept)
}

fn each(list: &Value, strip: impl Fn(&Value) -> Value) -> Value {
    Value::Array(list.as_array().into_iter().flatten().map(strip).collect())
}

/// Whether `name` is `prefix` followed by a type name, as in `fixedUri`.
fn is_choice(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}
