//! What a differential says of one element, laid over the element.

use std::{cmp::Ordering, collections::HashMap, sync::Arc};

use super::{
    Bases,
    tighten::{self, Refused},
};
use crate::definitions::{
    rules::ElementRules,
    structure::{Constraint, ElementDefinition, TypeRef},
};

/// Lays rules over an element; `url` is the definition that has them. Returns the aspects whose
/// rules would have made the element looser, which were not applied.
pub(super) fn constrain(
    element: &mut ElementDefinition,
    rules: &ElementRules,
    url: &Arc<str>,
    bases: &dyn Bases,
    has_slices: bool,
) -> Refused {
    let mut refused = Refused::new();
    if let Some(min) = rules.min {
        tighten::min(&mut element.min, min, &mut refused);
    }
    if let Some(max) = rules.max {
        tighten::max(&mut element.max, max, &mut refused);
    }
    if let Some(types) = rules.types.as_ref().filter(|types| !types.is_empty()) {
        // An element that is defined by another one has that one's content, and no type of its own.
        if element.content_reference.is_some() {
            refused.push("type");
        } else if !element.path.contains('.') {
            // A root is of the type that the definition constrains, whatever it says.
            let name = &element.path;
            if !types.iter().any(|one| tighten::is_a(name, one.name(), bases)) {
                refused.push("type");
            }
        } else {
            element.types = tighten::types(&element.types, types, bases, &mut refused).into();
            // A binding goes with the types that it was for.
            if !refused.contains(&"type") && !is_bindable(&element.types) {
                element.binding = None;
            }
        }
    }
    if let Some(reference) = &rules.content_reference {
        match &element.content_reference {
            Some(before) if before == reference => {}
            None if element.types.is_empty() => element.content_reference = Some(reference.clone()),
            _ => refused.push("contentReference"),
        }
    }
    if let Some(value) = &rules.fixed {
        tighten::fixed(&mut element.fixed, value, &mut refused);
    }
    if let Some(value) = &rules.pattern {
        tighten::pattern(&mut element.pattern, value, &mut refused);
    }
    if let Some(value) = &rules.min_value {
        tighten::bound(&mut element.min_value, value, Ordering::Greater, "minValue", &mut refused);
    }
    if let Some(value) = &rules.max_value {
        tighten::bound(&mut element.max_value, value, Ordering::Less, "maxValue", &mut refused);
    }
    if let Some(length) = rules.min_length {
        element.min_length = Some(element.min_length.unwrap_or(0).max(length));
    }
    element.must_have_value |= rules.must_have_value;
    if !rules.value_alternatives.is_empty() {
        element.value_alternatives = rules.value_alternatives.as_slice().into();
    }
    if let Some(length) = rules.max_length {
        tighten::max_length(&mut element.max_length, length, &mut refused);
    }
    add_constraints(element, rules, url, &mut refused);
    if let Some(binding) = &rules.binding {
        let before = element.binding.as_deref();
        let mut made = binding.clone().over(before);
        tighten::binding(&mut made, before, bases, &mut refused);
        element.binding = Some(Arc::new(made));
    }
    if let Some(slicing) = &rules.slicing {
        tighten::slicing(&mut element.slicing, slicing, has_slices, &mut refused);
    }
    if let Some(is_modifier) = rules.is_modifier {
        tighten::flag(&mut element.is_modifier, is_modifier, "isModifier", &mut refused);
    }
    if let Some(must_support) = rules.must_support {
        tighten::flag(&mut element.must_support, must_support, "mustSupport", &mut refused);
    }
    for (slot, value, name) in [
        (&mut element.narrative_language, &rules.narrative_language, "narrative-language-control"),
        (&mut element.narrative_source, &rules.narrative_source, "narrative-source-control"),
        (&mut element.regex, &rules.regex, "regex"),
    ] {
        match (&slot, value) {
            (Some(before), Some(value)) if before != value => refused.push(name),
            (_, Some(_)) => slot.clone_from(value),
            (_, None) => {}
        }
    }
    refused
}

fn is_bindable(types: &[TypeRef]) -> bool {
    types.iter().any(TypeRef::is_bindable)
}

/// Adds constraints. One with the key of another one is that one again, or refused.
fn add_constraints(
    element: &mut ElementDefinition,
    rules: &ElementRules,
    url: &Arc<str>,
    refused: &mut Refused,
) {
    if rules.constraints.is_empty() {
        return;
    }
    let mut added: Vec<Arc<Constraint>> = Vec::new();
    let mut known: HashMap<&str, &Arc<Constraint>> = HashMap::new();
    for own in element.constraints.iter() {
        known.entry(&own.key).or_insert(own);
    }
    for constraint in &rules.constraints {
        if let Some(before) = known.get(&*constraint.key) {
            if before.expression != constraint.expression || before.severity != constraint.severity
            {
                refused.push("constraint");
            }
            continue;
        }
        known.insert(&constraint.key, constraint);
        added.push(match constraint.source {
            Some(_) => constraint.clone(),
            None => {
                Arc::new(Constraint { source: Some(url.clone()), ..Constraint::clone(constraint) })
            }
        });
    }
    if !added.is_empty() {
        element.constraints = element.constraints.iter().cloned().chain(added).collect();
    }
}

/// The profile of an element's type, if it has one type with one profile. What a reference
/// points at is not part of the element.
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
        element.min = element.min.max(root.min);
        element.max = tighten::smaller(element.max, root.max);
    }
    // The profile itself is applied to the instance too: what both say is kept as it is here.
    for (slot, value) in [
        (&mut element.fixed, &root.fixed),
        (&mut element.pattern, &root.pattern),
        (&mut element.min_value, &root.min_value),
        (&mut element.max_value, &root.max_value),
    ] {
        if slot.is_none() {
            slot.clone_from(value);
        }
    }
    if element.max_length.is_none() {
        element.max_length = root.max_length;
    }
    if element.binding.is_none() {
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
