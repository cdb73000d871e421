//! Reads a StructureDefinition from JSON.

use std::{borrow::Cow, sync::Arc};

use lmr_fhir::{Document, Node, ParseOptions, Severity};

use super::{
    corrections,
    error::DefinitionError,
    rules::{BindingRules, ElementRules},
    structure::{
        AdditionalBinding, Aggregation, BindingStrength, Constraint, ContextKind, Derivation,
        Discriminator, DiscriminatorKind, ElementBase, ExtensionContext, Max, Slicing,
        SlicingRules, StructureKind, TypeRef, Value, Versioning,
    },
    written::Written,
};
use crate::{
    canonical::contained_url,
    json::{flag, items, text, value_text},
};

const ADDITIONAL_BINDINGS: [&str; 2] = [
    "http://hl7.org/fhir/tools/StructureDefinition/additional-binding",
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.binding.additional",
];
const BEST_PRACTICE: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
const IMPOSE_PROFILE: &str =
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile";
const MAX_VALUE_SET: &str = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
const NARRATIVE_LANGUAGE: &str =
    "http://hl7.org/fhir/StructureDefinition/narrative-language-control";
const NARRATIVE_SOURCE: &str = "http://hl7.org/fhir/StructureDefinition/narrative-source-control";
const PROFILE_ELEMENT: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-profile-element";
const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
const MIN_LENGTH: &str = "http://hl7.org/fhir/StructureDefinition/minLength";
/// Members of R5's ElementDefinition, as R4 writes them.
const MUST_HAVE_VALUE: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.mustHaveValue";
const VALUE_ALTERNATIVES: &str =
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ElementDefinition.valueAlternatives";

/// Reads the JSON of a StructureDefinition.
pub(crate) fn structure(json: &str) -> Result<Written, DefinitionError> {
    let document =
        Document::parse(Cow::Borrowed(json), &ParseOptions::default()).map_err(|error| {
            DefinitionError::NotJson {
                what: "a StructureDefinition".into(),
                reason: error.to_string(),
            }
        })?;
    let root = document.root();
    let url = text(root, "url").ok_or(DefinitionError::NoUrl)?;
    let defines_type = text(root, "derivation").as_deref() != Some("constraint");
    let reader = Reader { url: &url, defines_type };
    let kind = match text(root, "kind").as_deref() {
        Some("primitive-type") => StructureKind::PrimitiveType,
        Some("complex-type") => StructureKind::ComplexType,
        Some("resource") => StructureKind::Resource,
        Some("logical") => StructureKind::Logical,
        other => return Err(reader.unreadable("kind", other)),
    };
    let derivation = match text(root, "derivation").as_deref() {
        Some("specialization") => Some(Derivation::Specialization),
        Some("constraint") => Some(Derivation::Constraint),
        None => None,
        other => return Err(reader.unreadable("derivation", other)),
    };
    let type_name = text(root, "type").ok_or_else(|| reader.unreadable("type", None))?;
    let mut contexts = Vec::new();
    for context in items(root, "context") {
        contexts.push(reader.context(context)?);
    }
    Ok(Written {
        version: text(root, "version"),
        name: text(root, "name").unwrap_or_else(|| type_name.clone()),
        type_name,
        kind,
        derivation,
        is_abstract: flag(root, "abstract").unwrap_or(false),
        status: text(root, "status"),
        base: text(root, "baseDefinition"),
        contexts,
        context_invariants: items(root, "contextInvariant").filter_map(value_text).collect(),
        imposed: items(root, "extension")
            .filter(|extension| text(*extension, "url").as_deref() == Some(IMPOSE_PROFILE))
            .filter_map(|extension| text(extension, "valueCanonical"))
            .collect(),
        snapshot: reader.elements(root, "snapshot")?,
        differential: reader.elements(root, "differential")?,
        url: url.clone(),
    })
}

struct Reader<'a> {
    url: &'a str,
    /// Whether it defines a type. Then its constraints without a source are its own, also where a
    /// profile inherits them.
    defines_type: bool,
}

impl Reader<'_> {
    fn unreadable(&self, member: &'static str, value: Option<&str>) -> DefinitionError {
        DefinitionError::Unreadable {
            url: self.url.into(),
            member,
            value: value.map(|value| value.chars().take(80).collect()),
        }
    }

    fn context(&self, node: Node<'_>) -> Result<ExtensionContext, DefinitionError> {
        let kind = match text(node, "type").as_deref() {
            Some("fhirpath") => ContextKind::Fhirpath,
            Some("element") => ContextKind::Element,
            Some("extension") => ContextKind::Extension,
            other => return Err(self.unreadable("context.type", other)),
        };
        let expression =
            text(node, "expression").ok_or_else(|| self.unreadable("context.expression", None))?;
        Ok(ExtensionContext { kind, expression, is_for_r4: is_for_r4(node) })
    }

    fn elements(&self, root: Node<'_>, part: &str) -> Result<Vec<ElementRules>, DefinitionError> {
        let Some(part) = root.member(part) else { return Ok(Vec::new()) };
        items(part, "element").map(|element| self.element(element)).collect()
    }

    fn element(&self, node: Node<'_>) -> Result<ElementRules, DefinitionError> {
        let mut rules = ElementRules::default();
        for member in node.members() {
            let Some(key) = member.key() else { continue };
            match &*key {
                "id" => rules.id = value_text(member),
                "path" => rules.path = value_text(member).unwrap_or_default(),
                "sliceName" => rules.slice_name = value_text(member),
                "min" => rules.min = Some(self.number(member, "element.min")?),
                "max" => rules.max = Some(self.max(member, "element.max")?),
                "base" => rules.base = Some(self.base(member)?),
                "contentReference" => {
                    rules.content_reference = value_text(member).map(|reference| {
                        reference.rsplit('#').next().map_or_else(|| reference.clone(), Arc::from)
                    });
                }
                "type" => rules.types = Some(self.types(member)?.into()),
                "maxLength" => rules.max_length = Some(self.number(member, "element.maxLength")?),
                "constraint" => {
                    for constraint in member.members() {
                        rules.constraints.push(Arc::new(self.constraint(constraint)?));
                    }
                }
                "binding" => rules.binding = Some(self.binding(member)?),
                "slicing" => rules.slicing = Some(Arc::new(self.slicing(member)?)),
                "isModifier" => rules.is_modifier = member.as_bool(),
                "mustSupport" => rules.must_support = member.as_bool(),
                "extension" => {
                    rules.narrative_language = extension_text(node, NARRATIVE_LANGUAGE);
                    rules.narrative_source = extension_text(node, NARRATIVE_SOURCE);
                    rules.regex = extension_text(node, REGEX);
                    rules.min_length =
                        extension_text(node, MIN_LENGTH).and_then(|length| length.parse().ok());
                    rules.must_have_value =
                        extension_text(node, MUST_HAVE_VALUE).as_deref() == Some("true");
                    rules.value_alternatives = extension_texts(node, VALUE_ALTERNATIVES).collect();
                }
                other => {
                    let slot = [
                        ("fixed", &mut rules.fixed),
                        ("pattern", &mut rules.pattern),
                        ("minValue", &mut rules.min_value),
                        ("maxValue", &mut rules.max_value),
                    ]
                    .into_iter()
                    .find_map(|(prefix, slot)| Some((choice_type(other, prefix)?, slot)));
                    if let Some((type_name, slot)) = slot {
                        *slot = Some(Arc::new(self.value(type_name, member)?));
                    }
                }
            }
        }
        if rules.path.is_empty() {
            return Err(self.unreadable("element.path", None));
        }
        Ok(rules)
    }

    fn number(&self, node: Node<'_>, member: &'static str) -> Result<u32, DefinitionError> {
        let text = value_text(node);
        text.as_deref()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| self.unreadable(member, text.as_deref()))
    }

    fn max(&self, node: Node<'_>, member: &'static str) -> Result<Max, DefinitionError> {
        if value_text(node).as_deref() == Some("*") {
            return Ok(Max::Unbounded);
        }
        self.number(node, member).map(Max::Count)
    }

    fn base(&self, node: Node<'_>) -> Result<ElementBase, DefinitionError> {
        let missing = |member| self.unreadable(member, None);
        Ok(ElementBase {
            path: text(node, "path").ok_or_else(|| missing("element.base.path"))?,
            min: match node.member("min") {
                Some(min) => self.number(min, "element.base.min")?,
                None => return Err(missing("element.base.min")),
            },
            max: match node.member("max") {
                Some(max) => self.max(max, "element.base.max")?,
                None => return Err(missing("element.base.max")),
            },
        })
    }

    /// Older snapshots repeat a type for each of its profiles; such entries are kept apart, since
    /// what is compared and reported is what was written.
    fn types(&self, node: Node<'_>) -> Result<Vec<TypeRef>, DefinitionError> {
        node.members().map(|node| self.type_ref(node)).collect()
    }

    fn type_ref(&self, node: Node<'_>) -> Result<TypeRef, DefinitionError> {
        let code = text(node, "code")
            .or_else(|| {
                // STU3-style R4 definitions give the code as an extension on `_code`.
                node.member("_code").and_then(|code| extension_text(code, FHIR_TYPE))
            })
            .ok_or_else(|| self.unreadable("element.type.code", None))?;
        let mut aggregation = Vec::new();
        for item in items(node, "aggregation") {
            aggregation.push(match value_text(item).as_deref() {
                Some("contained") => Aggregation::Contained,
                Some("referenced") => Aggregation::Referenced,
                Some("bundled") => Aggregation::Bundled,
                other => return Err(self.unreadable("element.type.aggregation", other)),
            });
        }
        let versioning = match text(node, "versioning").as_deref() {
            None => None,
            Some("either") => Some(Versioning::Either),
            Some("independent") => Some(Versioning::Independent),
            Some("specific") => Some(Versioning::Specific),
            other => return Err(self.unreadable("element.type.versioning", other)),
        };
        Ok(TypeRef {
            code,
            fhir_type: extension_text(node, FHIR_TYPE),
            regex: extension_text(node, REGEX),
            profiles: profiles(node),
            target_profiles: items(node, "targetProfile").filter_map(value_text).collect(),
            aggregation,
            versioning,
        })
    }

    fn constraint(&self, node: Node<'_>) -> Result<Constraint, DefinitionError> {
        let severity = match text(node, "severity").as_deref() {
            Some("error") => Severity::Error,
            Some("warning") => Severity::Warning,
            other => return Err(self.unreadable("element.constraint.severity", other)),
        };
        let mut constraint = Constraint {
            key: text(node, "key")
                .ok_or_else(|| self.unreadable("element.constraint.key", None))?,
            severity,
            human: text(node, "human").unwrap_or_default(),
            expression: text(node, "expression").filter(|text| !text.trim().is_empty()),
            source: text(node, "source").or_else(|| self.defines_type.then(|| Arc::from(self.url))),
            is_best_practice: extension_text(node, BEST_PRACTICE).as_deref() == Some("true"),
        };
        corrections::correct(&mut constraint);
        Ok(constraint)
    }

    fn binding(&self, node: Node<'_>) -> Result<BindingRules, DefinitionError> {
        let strength = match text(node, "strength").as_deref() {
            Some("required") => Some(BindingStrength::Required),
            Some("extensible") => Some(BindingStrength::Extensible),
            Some("preferred") => Some(BindingStrength::Preferred),
            Some("example") => Some(BindingStrength::Example),
            None => None,
            other => return Err(self.unreadable("element.binding.strength", other)),
        };
        let strength = corrections::strength(strength, text(node, "valueSet").as_deref());
        let additional = items(node, "extension")
            .filter(|extension| {
                text(*extension, "url").is_some_and(|url| ADDITIONAL_BINDINGS.contains(&&*url))
            })
            .filter_map(|extension| {
                Some(AdditionalBinding {
                    purpose: extension_text(extension, "purpose")?,
                    value_set: self.value_set(extension_text(extension, "valueSet")?),
                })
            })
            .collect();
        Ok(BindingRules {
            strength,
            value_set: text(node, "valueSet").map(|url| self.value_set(url)),
            max_value_set: extension_text(node, MAX_VALUE_SET).map(|url| self.value_set(url)),
            additional,
        })
    }

    /// `#id` is a value set contained in this definition.
    fn value_set(&self, canonical: Arc<str>) -> Arc<str> {
        match canonical.strip_prefix('#') {
            Some(id) => contained_url(self.url, id).into(),
            None => canonical,
        }
    }

    fn slicing(&self, node: Node<'_>) -> Result<Slicing, DefinitionError> {
        let mut discriminators = Vec::new();
        for item in items(node, "discriminator") {
            let kind = match text(item, "type").as_deref() {
                Some("value") => DiscriminatorKind::Value,
                Some("exists") => DiscriminatorKind::Exists,
                Some("pattern") => DiscriminatorKind::Pattern,
                Some("type") => DiscriminatorKind::Type,
                Some("profile") => DiscriminatorKind::Profile,
                Some("position") => DiscriminatorKind::Position,
                other => return Err(self.unreadable("element.slicing.discriminator.type", other)),
            };
            let path = text(item, "path")
                .ok_or_else(|| self.unreadable("element.slicing.discriminator.path", None))?;
            discriminators.push(Discriminator { kind, path });
        }
        let rules = match text(node, "rules").as_deref() {
            Some("closed") => SlicingRules::Closed,
            // Differentials of the standard's own test cases leave it out.
            Some("open") | None => SlicingRules::Open,
            Some("openAtEnd") => SlicingRules::OpenAtEnd,
            other => return Err(self.unreadable("element.slicing.rules", other)),
        };
        Ok(Slicing { discriminators, ordered: flag(node, "ordered").unwrap_or(false), rules })
    }

    fn value(&self, type_name: Arc<str>, node: Node<'_>) -> Result<Value, DefinitionError> {
        let document =
            Document::parse(node.raw().to_owned(), &ParseOptions::default()).map_err(|error| {
                DefinitionError::NotJson { what: self.url.to_owned(), reason: error.to_string() }
            })?;
        Ok(Value::new(type_name, document))
    }
}

/// Canonicals of a type's profiles; where one means an element of a profile (extension
/// elementdefinition-profile-element), `url#element id`.
fn profiles(node: Node<'_>) -> Vec<Arc<str>> {
    let companions: Vec<Node<'_>> = items(node, "_profile").collect();
    let urls = items(node, "profile").filter_map(value_text);
    urls.enumerate()
        .map(|(at, url)| {
            match companions.get(at).and_then(|one| extension_text(*one, PROFILE_ELEMENT)) {
                Some(element) => format!("{url}#{element}").into(),
                None => url,
            }
        })
        .collect()
}

/// The type in a member's name: `uri` in `fixedUri`, `CodeableConcept` in
/// `patternCodeableConcept`.
fn choice_type(member: &str, prefix: &str) -> Option<Arc<str>> {
    let name = member.strip_prefix(prefix)?;
    let first = name.chars().next().filter(char::is_ascii_uppercase)?;
    if is_primitive_in_choice(name) {
        return Some(format!("{}{}", first.to_ascii_lowercase(), &name[1..]).into());
    }
    Some(name.into())
}

/// Whether a type name in a choice, capitalised, is that of a primitive type. Complex types keep
/// their capital letter.
pub(crate) fn is_primitive_in_choice(name: &str) -> bool {
    matches!(
        name,
        "Base64Binary"
            | "Boolean"
            | "Canonical"
            | "Code"
            | "Date"
            | "DateTime"
            | "Decimal"
            | "Id"
            | "Instant"
            | "Integer"
            | "Integer64"
            | "Markdown"
            | "Oid"
            | "PositiveInt"
            | "String"
            | "Time"
            | "UnsignedInt"
            | "Uri"
            | "Url"
            | "Uuid"
            | "Xhtml"
    )
}

/// The value of the extension with this URL, as text.
fn extension_text(node: Node<'_>, url: &str) -> Option<Arc<str>> {
    extension_texts(node, url).next()
}

fn extension_texts<'d>(node: Node<'d>, url: &'d str) -> impl Iterator<Item = Arc<str>> + 'd {
    items(node, "extension")
        .filter(move |extension| {
            extension.member("url").and_then(Node::text).as_deref() == Some(url)
        })
        .filter_map(|extension| {
            extension
                .members()
                .find(|member| member.name().is_some_and(|name| name.starts_with("value")))
                .and_then(value_text)
        })
}

/// Whether the versions that a context names (extension `version-specific-use`) include R4.
fn is_for_r4(context: Node<'_>) -> Option<bool> {
    let url = |node: Node<'_>| text(node, "url");
    let use_of = items(context, "extension")
        .find(|one| url(*one).is_some_and(|url| url.ends_with("/version-specific-use")))?;
    let bound = |name: &str| {
        let part = items(use_of, "extension").find(|part| url(*part).as_deref() == Some(name))?;
        let version = text(part, "valueCode")?;
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        Some((parts.next()?, parts.next().unwrap_or(0)))
    };
    let starts = bound("startFhirVersion").is_none_or(|version| version <= (4, 0));
    let ends = bound("endFhirVersion").is_none_or(|version| version >= (4, 0));
    Some(starts && ends)
}
