//! StructureDefinitions: bases, bindings, profiles of types, values, constraints, discriminators.
//! Rules: <https://hl7.org/fhir/R4/structuredefinition.html>,
//! <https://hl7.org/fhir/R4/elementdefinition.html>.

use std::sync::LazyLock;

use lmr_fhir::{Element, Name, Node};
use lmr_fhirpath::{Child, Expression, Model as _, TypeId};

use crate::check::context::Context;
use crate::check::string::{SYSTEM_TYPE, kind_of_definition};
use crate::compile::Profile;
use crate::definitions::{
    BindingStrength, Mistyped, NotApplied, StructureDefinition, StructureKind,
};
use crate::messages::Message;
use crate::model::TypeModel;

static ELEMENT: LazyLock<Name> = LazyLock::new(|| Name::new("element"));
static TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("type"));
static PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("profile"));
static TARGET_PROFILE: LazyLock<Name> = LazyLock::new(|| Name::new("targetProfile"));
static CONSTRAINT: LazyLock<Name> = LazyLock::new(|| Name::new("constraint"));
static DISCRIMINATOR: LazyLock<Name> = LazyLock::new(|| Name::new("discriminator"));
static EXTENSION: LazyLock<Name> = LazyLock::new(|| Name::new("extension"));

const EXTENSION_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/Extension";

/// Types that can be bound to a value set, with those that derive from them
/// (<https://hl7.org/fhir/R4/terminologies.html#4.1>).
const BINDABLE: &[&str] =
    &["code", "Coding", "CodeableConcept", "Quantity", "Money", "string", "uri"];

/// The type of an element whose code is one of FHIRPath's.
const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";

pub(super) fn check<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let structure = cx.resource;
    of_base(cx, structure, base);
    extension_url(cx, structure, base);
    differential(cx, structure, base);
    let url = structure.child_text("url").unwrap_or_default().into_owned();
    let has_snapshot = structure.child_by_name("snapshot").is_some();
    for view in ["differential", "snapshot"] {
        let Some(list) = structure.child_by_name(view) else { continue };
        for element in list.children_named(&ELEMENT) {
            binding(cx, element, base);
            types(cx, element, base);
            // What a differential leaves out is in the snapshot.
            if view == "snapshot" {
                values(cx, element, base);
                bindable(cx, element, base);
            }
            if view == "snapshot" || !has_snapshot {
                constraints(cx, element, &url, base);
                discriminators(cx, element, base);
            }
        }
    }
}

/// The base is known, and of the type that is constrained.
fn of_base<'a>(cx: &mut Context<'a>, structure: Element<'a>, base: &'a Profile) {
    let Some(url) = structure.child_text("baseDefinition").filter(|url| !url.is_empty()) else {
        return;
    };
    let Some(of) = found(cx, &url) else {
        let message = Message::DefinitionNoBase { base: url.into_owned().into() };
        cx.report(message, structure.node(), base);
        return;
    };
    let is_constraint = structure.child_text("derivation").is_some_and(|d| d == "constraint");
    if let Some(own) = structure.child_text("type")
        && is_constraint
        && own != *of.type_name
    {
        let message = Message::DefinitionOtherType {
            found: own.into_owned().into(),
            base: (&of.type_name).into(),
        };
        cx.report(message, structure.node(), base);
    }
}

/// How many lines of a differential are named.
const MAX_LINES: usize = 20;

/// A profile speaks of what its base has, and only tightens it
/// (<https://hl7.org/fhir/R4/profiling.html#limits>). Of what would be looser, the limits and types of elements
/// that are no slices are reported, as with the reference, and that a required binding is no longer required; of
/// names of slices those that are no part of another one.
fn differential<'a>(cx: &mut Context<'a>, structure: Element<'a>, base: &'a Profile) {
    const ASPECTS: [&str; 5] =
        ["(min)", "(max)", "(type)", "(type.targetProfile)", "(binding.valueSet)"];
    let Some(written) = structure.value().map(Node::raw) else { return };
    let Some(NotApplied { unknown, looser, mistyped }) =
        cx.profiles.definitions().not_applied(written)
    else {
        return;
    };
    // A snapshot has the values with the types.
    if structure.child_by_name("snapshot").is_none() {
        for wrong in mistyped.iter().take(MAX_LINES) {
            mistyped_value(cx, structure, wrong, base);
        }
    }
    let shown = |lines: Vec<&str>| lines.into_iter().take(MAX_LINES).collect::<Vec<_>>().join(", ");
    let is_part = |line: &str| line.ends_with("(slicing)") && line.contains('/');
    let of = structure.child_text("baseDefinition").and_then(|url| found(cx, &url));
    let is_unbound = |line: &str| {
        let bound = line.strip_suffix(" (binding.strength)");
        let element = of.as_ref().zip(bound).and_then(|(of, id)| of.element(id));
        element
            .and_then(|element| element.binding.as_ref())
            .is_some_and(|binding| binding.strength == BindingStrength::Required)
    };
    let is_limit = |line: &str| {
        !line.contains(':')
            && (ASPECTS.iter().any(|aspect| line.ends_with(aspect)) || is_unbound(line))
    };
    let unknown: Vec<&str> =
        unknown.iter().map(|line| &**line).filter(|line| !is_part(line)).collect();
    let looser: Vec<&str> =
        looser.iter().map(|line| &**line).filter(|line| is_limit(line)).collect();
    if !unknown.is_empty() {
        let message = Message::DefinitionLinesUnknown { lines: shown(unknown).into() };
        cx.report(message, structure.node(), base);
    }
    if !looser.is_empty() {
        let message = Message::DefinitionLinesLooser { lines: shown(looser).into() };
        cx.report(message, structure.node(), base);
    }
}

/// Reports a value of a differential that is of another type than its element.
fn mistyped_value<'a>(
    cx: &mut Context<'a>,
    structure: Element<'a>,
    wrong: &Mistyped,
    base: &'a Profile,
) {
    let Some(list) = structure.child_by_name("differential") else { return };
    let value = list
        .children_named(&ELEMENT)
        .filter(|line| {
            let label = line.child_text("id").or_else(|| line.child_text("path"));
            label.is_some_and(|label| label == *wrong.line)
        })
        .flat_map(Element::children)
        .find(|value| {
            let name = value.name().unwrap_or_default();
            (has_stem(name, "fixed") || has_stem(name, "pattern"))
                && cx.type_by_property(*value) == *wrong.found
        });
    if let Some(value) = value {
        let message = Message::DefinitionValueType {
            found: wrong.found.to_string().into(),
            allowed: wrong.allowed.to_string().into(),
        };
        cx.report(message, value.node(), base);
    }
}

/// An extension is known by the value that it fixes its url to.
fn extension_url<'a>(cx: &mut Context<'a>, structure: Element<'a>, base: &'a Profile) {
    let is = |name: &str, text: &str| structure.child_text(name).is_some_and(|own| own == text);
    if !is("type", "Extension") || !is("baseDefinition", EXTENSION_TYPE) {
        return;
    }
    let Some(url) = structure.child_text("url") else { return };
    let Some(list) = structure.child_by_name("differential") else { return };
    let fixed = list
        .children_named(&ELEMENT)
        .find(|element| element.child_text("path").is_some_and(|path| path == "Extension.url"))
        .and_then(|element| element.child_text("fixedUri"));
    let url = url.into_owned().into();
    let message = match fixed {
        None => Message::DefinitionExtensionNoUrl { url },
        Some(fixed) if structure.child_text("url").as_ref() != Some(&fixed) => {
            Message::DefinitionExtensionOtherUrl { url, found: fixed.into_owned().into() }
        }
        Some(_) => return,
    };
    cx.report(message, structure.node(), base);
}

fn binding<'a>(cx: &mut Context<'a>, element: Element<'a>, base: &'a Profile) {
    let Some(binding) = element.child_by_name("binding") else { return };
    let Some(url) = binding.child_text("valueSet").filter(|url| !url.is_empty()) else { return };
    // Value sets that a code system implies are defined by it.
    if url.contains('?') || cx.profiles.definitions().terminology().has_value_set(&url) {
        return;
    }
    let value_set = url.to_string().into();
    let message = match kind_of_definition(cx, &url) {
        Some(found) => Message::DefinitionNotValueSet { value_set, found: found.into() },
        None => Message::DefinitionValueSetUnknown { value_set },
    };
    cx.report(message, binding.node(), base);
}

/// Only what has a code can be bound. R4's eld-11 is meant to say so, and holds of every list of types.
fn bindable<'a>(cx: &mut Context<'a>, element: Element<'a>, base: &'a Profile) {
    let Some(binding) = element.child_by_name("binding") else { return };
    let model = &cx.profiles.model;
    let coded: Vec<TypeId> = BINDABLE.iter().filter_map(|name| model.type_at(name)).collect();
    let codes = codes(element);
    let is_bindable = |code: &String| {
        model.type_at(code).is_none_or(|ty| coded.iter().any(|of| model.is_subtype(ty, *of)))
    };
    if !codes.is_empty() && !codes.iter().any(is_bindable) {
        let message = Message::DefinitionNotBindable { found: codes.join(", ").into() };
        cx.report(message, binding.node(), base);
    }
}

/// The profiles of types are at hand, and of these types.
fn types<'a>(cx: &mut Context<'a>, element: Element<'a>, base: &'a Profile) {
    for ty in element.children_named(&TYPE) {
        let Some(code) = ty.child_text("code") else { continue };
        for profile in ty.children_named(&PROFILE) {
            let Some(definition) = known(cx, profile, base) else { continue };
            if !is_of_type(cx, &definition, &code) {
                let message = Message::DefinitionProfileWrong {
                    profile: profile.text().unwrap_or_default().into_owned().into(),
                    found: (&definition.type_name).into(),
                    of: code.to_string().into(),
                };
                cx.report(message, profile.node(), base);
            }
        }
        for target in ty.children_named(&TARGET_PROFILE) {
            if !matches!(&*code, "Reference" | "canonical" | "CodeableReference") {
                let message = Message::DefinitionNoTarget { of: code.to_string().into() };
                cx.report(message, target.node(), base);
                continue;
            }
            let Some(definition) = known(cx, target, base) else { continue };
            if definition.kind != StructureKind::Resource {
                let message = Message::DefinitionTargetWrong {
                    profile: target.text().unwrap_or_default().into_owned().into(),
                    found: (&definition.type_name).into(),
                };
                cx.report(message, target.node(), base);
            }
        }
    }
}

/// The definition that an element names; that there is none is reported.
fn known<'a>(
    cx: &mut Context<'a>,
    canonical: Element<'a>,
    base: &'a Profile,
) -> Option<std::sync::Arc<StructureDefinition>> {
    let url = canonical.text().filter(|url| !url.is_empty())?;
    let own = cx.resource.child_text("url");
    if let Some(definition) = found(cx, &url) {
        return Some(definition);
    }
    // A definition may name itself before anybody else knows it, or the anchor of an element.
    if own.as_ref() != Some(&url) && !url.contains('#') {
        let message = Message::DefinitionProfileUnknown { profile: url.into_owned().into() };
        cx.report(message, canonical.node(), base);
    }
    None
}

fn found(cx: &Context<'_>, url: &str) -> Option<std::sync::Arc<StructureDefinition>> {
    cx.profiles.definitions().structure(url).ok().flatten()
}

/// Whether a definition is of a type, or of one that specialises it.
fn is_of_type(cx: &Context<'_>, definition: &StructureDefinition, code: &str) -> bool {
    let model = &cx.profiles.model;
    *definition.type_name == *code
        || match (model.type_at(&definition.type_name), model.type_at(code)) {
            (Some(own), Some(wanted)) => model.is_subtype(own, wanted),
            // Of what is not known there is nothing to say.
            _ => true,
        }
}

/// The codes of an element's types, those of FHIRPath by what they stand for.
fn codes(element: Element<'_>) -> Vec<String> {
    let code = |ty: Element<'_>| {
        let stated = ty.children_named(&EXTENSION).find_map(|extension| {
            let is_type = extension.child_text("url").is_some_and(|url| url == FHIR_TYPE);
            is_type
                .then(|| extension.child_text("valueUrl").or(extension.child_text("valueUri")))?
        });
        stated.or_else(|| ty.child_text("code")).map(std::borrow::Cow::into_owned)
    };
    element.children_named(&TYPE).filter_map(code).collect()
}

/// Fixed values, patterns and defaults are of a type of the element.
fn values<'a>(cx: &mut Context<'a>, element: Element<'a>, base: &'a Profile) {
    let id = element.child_text("id").unwrap_or_default();
    if !id.contains('.') {
        return;
    }
    let codes = codes(element);
    if codes.is_empty() {
        if element.child_by_name("contentReference").is_none() {
            let message = Message::DefinitionNoTypes { element: id.into_owned().into() };
            cx.report(message, element.node(), base);
        }
        return;
    }
    let repeats = element.child_text("max").is_some_and(|max| max != "0" && max != "1");
    for value in element.children() {
        let name = value.name().unwrap_or_default();
        let is_fixed = has_stem(name, "fixed");
        if !is_fixed && !has_stem(name, "pattern") && !has_stem(name, "defaultValue") {
            continue;
        }
        let found = cx.type_by_property(value);
        let at = value.node();
        if !codes.contains(&found) {
            let message = Message::DefinitionValueType {
                found: found.clone().into(),
                allowed: codes.join(", ").into(),
            };
            cx.report(message, at, base);
        }
        let is_primitive = found.starts_with(|c: char| c.is_ascii_lowercase());
        if has_stem(name, "defaultValue") {
        } else if is_primitive && repeats {
            cx.report(Message::DefinitionFixedRepeats, at, base);
        } else if is_fixed && !is_primitive {
            cx.report(Message::DefinitionComplexFixed { found: found.into() }, at, base);
        }
    }
}

/// Whether a name is that of a choice with this stem.
fn has_stem(name: &str, stem: &str) -> bool {
    name.strip_prefix(stem).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// The type in which paths of an element begin, if it is one.
fn type_of(cx: &Context<'_>, element: Element<'_>) -> Option<TypeId> {
    let path = element
        .child_by_name("base")
        .and_then(|of| of.child_text("path"))
        .or_else(|| element.child_text("path"))?;
    match &*codes(element) {
        [] => type_along(&cx.profiles.model, &path),
        [one] if one == "BackboneElement" || one == "Element" => {
            type_along(&cx.profiles.model, &path)
        }
        [one] if one.starts_with(SYSTEM_TYPE) => None,
        [one] => cx.profiles.model.type_at(one),
        _ => None,
    }
}

/// The type of what a path leads to by the base definitions, through types and content references: a
/// differential need not repeat either (`Questionnaire.item.item`, `Observation.code.coding`).
fn type_along(model: &TypeModel, path: &str) -> Option<TypeId> {
    let mut steps = path.split('.');
    let first = model.type_at(steps.next()?)?;
    steps.try_fold(first, |ty, step| {
        match model.child(ty, &Name::new(step.trim_end_matches("[x]")))? {
            Child::Element { ty, .. } | Child::Variant { ty } => Some(ty),
            Child::Choice { types: [one], .. } => Some(*one),
            Child::Choice { .. } => None,
        }
    })
}

/// The definition's own constraints can be evaluated.
fn constraints<'a>(cx: &mut Context<'a>, element: Element<'a>, url: &str, base: &'a Profile) {
    for constraint in element.children_named(&CONSTRAINT) {
        let is_own = constraint.child_text("source").is_none_or(|source| source == url);
        let Some(text) = constraint.child_text("expression").filter(|_| is_own) else { continue };
        let reason = match Expression::parse(&text) {
            Err(error) => error.to_string(),
            Ok(expression) => {
                let Some(of) = type_of(cx, element) else { continue };
                let Err(faults) = expression.check(&cx.profiles.model, of) else { continue };
                faults.first().map(ToString::to_string).unwrap_or_default()
            }
        };
        let message = Message::DefinitionConstraintWrong {
            key: constraint.child_text("key").unwrap_or_default().into_owned().into(),
            reason: reason.into(),
        };
        cx.report(message, constraint.node(), base);
    }
}

/// The paths of discriminators lead somewhere.
fn discriminators<'a>(cx: &mut Context<'a>, element: Element<'a>, base: &'a Profile) {
    let Some(slicing) = element.child_by_name("slicing") else { return };
    for discriminator in slicing.children_named(&DISCRIMINATOR) {
        let Some(text) = discriminator.child_text("path") else { continue };
        let path = text.to_string().into();
        let message = match Expression::parse(&text) {
            Err(error) => Message::DefinitionDiscriminatorUnreadable {
                path,
                reason: error.to_string().into(),
            },
            Ok(expression) => {
                let Some(of) = type_of(cx, element) else { continue };
                if expression.check(&cx.profiles.model, of).is_ok() {
                    continue;
                }
                let element = element.child_text("path").unwrap_or_default().into_owned().into();
                Message::DefinitionDiscriminatorWrong { path, element }
            }
        };
        cx.report(message, discriminator.node(), base);
    }
}
