//! What a differential says of one element, laid over the element.

use std::sync::Arc;

use crate::definitions::{
    rules::ElementRules,
    structure::{Constraint, ElementDefinition, TypeRef},
};

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

/// Lays rules over an element. `url` is the definition that has them.
pub(super) fn constrain(element: &mut ElementDefinition, rules: &ElementRules, url: &Arc<str>) {
    if let Some(min) = rules.min {
        element.min = min;
    }
    if let Some(max) = rules.max {
        element.max = max;
    }
    if let Some(types) = rules.types.as_ref().filter(|types| !types.is_empty()) {
        element.types = types.clone();
        if element.binding.is_some() && !types.iter().any(|one| BINDABLE.contains(&one.name())) {
            element.binding = None;
        }
    }
    if rules.content_reference.is_some() {
        element.content_reference.clone_from(&rules.content_reference);
    }
    for (slot, value) in [
        (&mut element.fixed, &rules.fixed),
        (&mut element.pattern, &rules.pattern),
        (&mut element.min_value, &rules.min_value),
        (&mut element.max_value, &rules.max_value),
    ] {
        if value.is_some() {
            slot.clone_from(value);
        }
    }
    if rules.max_length.is_some() {
        element.max_length = rules.max_length;
    }
    let added: Vec<Arc<Constraint>> = rules
        .constraints
        .iter()
        .filter(|constraint| !element.constraints.iter().any(|before| before.key == constraint.key))
        .map(|constraint| match constraint.source {
            Some(_) => constraint.clone(),
            None => {
                Arc::new(Constraint { source: Some(url.clone()), ..Constraint::clone(constraint) })
            }
        })
        .collect();
    if !added.is_empty() {
        element.constraints = element.constraints.iter().cloned().chain(added).collect();
    }
    if let Some(binding) = &rules.binding {
        element.binding = Some(Arc::new(binding.clone().over(element.binding.as_deref())));
    }
    if rules.slicing.is_some() {
        element.slicing.clone_from(&rules.slicing);
    }
    if let Some(is_modifier) = rules.is_modifier {
        element.is_modifier = is_modifier;
    }
    if rules.narrative_language.is_some() {
        element.narrative_language.clone_from(&rules.narrative_language);
    }
    if rules.narrative_source.is_some() {
        element.narrative_source.clone_from(&rules.narrative_source);
    }
    if rules.regex.is_some() {
        element.regex.clone_from(&rules.regex);
    }
    if let Some(must_support) = rules.must_support {
        element.must_support = must_support;
    }
}

/// The profile of an element's type, if it has one type with one profile. What a reference
/// points at is no part of the element.
pub(super) fn single_profile(types: &[TypeRef]) -> Option<&Arc<str>> {
    match types {
        [one] if &*one.code != "Reference" => match one.profiles.as_slice() {
            [profile] => Some(profile),
            _ => None,
        },
        _ => None,
    }
}

/// Makes an element be what the root of its type's profile is, keeping what the element says
/// beyond that. An extension takes its profile's cardinality too.
pub(super) fn adopt_root(
    element: &mut ElementDefinition,
    root: &ElementDefinition,
    is_extension: bool,
) {
    if is_extension {
        element.min = root.min;
        element.max = root.max;
    }
    for (slot, value) in [
        (&mut element.fixed, &root.fixed),
        (&mut element.pattern, &root.pattern),
        (&mut element.min_value, &root.min_value),
        (&mut element.max_value, &root.max_value),
    ] {
        if value.is_some() {
            slot.clone_from(value);
        }
    }
    if root.max_length.is_some() {
        element.max_length = root.max_length;
    }
    if root.binding.is_some() {
        element.binding.clone_from(&root.binding);
    }
    let missing = element
        .constraints
        .iter()
        .filter(|own| !root.constraints.iter().any(|other| other.key == own.key));
    element.constraints = root.constraints.iter().chain(missing).cloned().collect();
    element.is_modifier |= root.is_modifier;
    element.must_support |= root.must_support;
}
