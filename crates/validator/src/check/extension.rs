//! Extensions: known, allowed here, of an allowed type.
//! Rule: <https://hl7.org/fhir/R4/extensibility.html>.

pub(crate) mod messages;

use std::borrow::Cow;
use std::sync::LazyLock;

use lmr_fhir::{Element, Name};
use lmr_fhirpath::{Item, Model as _, TypeId, Typed};
use smallvec::smallvec;

use super::context::Context;
use super::primitive;
use crate::canonical::split_canonical;
use crate::compile::{ContextExpressions, Def, Defs, Parsed, Profile};
use crate::definitions::{ContextKind, ExtensionContext};
use crate::location::{Waypoint, trail};
use crate::messages::Message;
use crate::messages::field::{Defined, Text};
use crate::model::TypeModel;

static URL: LazyLock<Name> = LazyLock::new(|| Name::new("url"));

/// Extensions of the specification's own tools: never unknown.
const TOOLS: &str = "http://hl7.org/fhir/tools/StructureDefinition/";

/// Extensions that may be in more places than their definitions say, as with the reference.
const EVERYWHERE: &[&str] = &[
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version",
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation",
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-prohibited",
];

/// Extensions that R4's own definitions have in one more place than they say, as with the reference.
const ALSO_AT: &[(&str, &str)] = &[
    (
        "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type",
        "ElementDefinition.type",
    ),
    ("http://hl7.org/fhir/StructureDefinition/regex", "ElementDefinition.type"),
];

/// An extension's url.
pub(crate) fn url_of(item: Element<'_>) -> Option<Cow<'_, str>> {
    item.child(&URL)?.text()
}

/// The definition of an extension by its url.
pub(crate) fn definition<'a>(cx: &Context<'a>, item: Element<'a>) -> Option<Def<'a>> {
    let url = url_of(item)?;
    let (url, _) = split_canonical(&url);
    if !primitive::is_absolute(url) {
        return None;
    }
    let id = cx.profiles.profile(url).ok()??;
    let profile = cx.profiles.get(id)?;
    (&*profile.definition.type_name == "Extension").then(|| Def { profile, rule: profile.root() })
}

/// Checks what an extension's own rules do not. `own` is its [`definition`].
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    own: Option<Def<'a>>,
    defs: &Defs<'a>,
    parent: Element<'a>,
    parent_def: Def<'a>,
) {
    let at = item.node();
    let def = defs[0];
    let Some(url) = url_of(item).filter(|u| !u.is_empty()) else {
        cx.report(Message::ExtUrlNotFound, at, def.profile);
        return;
    };
    let modifier = def.element().path.ends_with(".modifierExtension");
    if url.contains('|') {
        let known = own.map(|known| &known.profile.canonical);
        let message = match known {
            Some(known) if **known != *url => Message::ExtVersionOther { known: known.into() },
            _ => Message::ExtVersion { url: url.to_string().into() },
        };
        cx.report(message, at, def.profile);
        if known.is_none() {
            return;
        }
    }
    if !primitive::is_absolute(&url) {
        if !is_extension(parent, &cx.profiles.model) {
            cx.report(Message::ExtUrlAbsolute, at, def.profile);
        } else if defs.len() == 1 && parent_def.profile.definition.is_profile() {
            cx.report(
                Message::ExtSubInvalid {
                    url: url.into_owned().into(),
                    extension: (&parent_def.profile.canonical).into(),
                },
                at,
                def.profile,
            );
        }
        return;
    }
    let Some(own) = own else {
        if let Err(reason) = cx.profiles.profile(&url) {
            cx.report(
                Message::ProfileNoSnapshot {
                    profile: url.into_owned().into(),
                    reason: reason.bilingual().into(),
                },
                at,
                def.profile,
            );
            return;
        }
        let message = if may_be_unknown(cx, &url) {
            Message::ExtUnknown { url: url.into() }
        } else {
            Message::ExtUnknownNotHere { url: url.into() }
        };
        cx.report(message, at, def.profile);
        return;
    };
    let is_modifier = own.element().is_modifier;
    if modifier && !is_modifier {
        cx.report(Message::ExtModifierY { url: url.to_string().into() }, at, def.profile);
    } else if !modifier && is_modifier {
        cx.report(Message::ExtModifierN { url: url.to_string().into() }, at, def.profile);
    }
    value(cx, item, &url, own, def);
    context(cx, item, &url, own.profile, parent, parent_def, def);
}

/// A simple extension needs its value, a complex one has none.
fn value<'a>(cx: &mut Context<'a>, item: Element<'a>, url: &str, own: Def<'a>, def: Def<'a>) {
    let Some(children) = &own.rule.children else { return };
    let rule = children.slots.iter().find_map(|slot| {
        let rule = own.profile.rules.get(slot.rule as usize)?;
        own.profile.element(rule).path.ends_with(".value[x]").then_some(rule)
    });
    let Some(rule) = rule else { return };
    let (mut value, mut nested) = (None, false);
    for child in item.children() {
        match child.name() {
            Some("extension") => nested = true,
            Some(name) if name.starts_with("value") && name.len() > 5 => value = Some(child),
            _ => {}
        }
    }
    let url = || Defined::from(url);
    match (value, rule.max > 0) {
        (Some(value), false) => {
            cx.report(
                Message::ExtType {
                    url: url(),
                    allowed: String::new().into(),
                    found: cx.type_by_property(value).into(),
                },
                item.node(),
                def.profile,
            );
        }
        (None, true) => {
            let message = if nested {
                Message::ExtSimpleWrong { url: url() }
            } else {
                Message::ExtSimpleAbsent { url: url() }
            };
            cx.report(message, item.node(), def.profile);
        }
        _ => {}
    }
}

fn may_be_unknown<'a>(cx: &Context<'a>, url: &str) -> bool {
    cx.options.may_be_unknown(url)
        || url.starts_with(TOOLS)
        || (cx.options.example_urls
            && ["example.org", "acme.com", "nema.org"].iter().any(|d| url.contains(d)))
}

fn context<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    url: &str,
    own: &'a Profile,
    parent: Element<'a>,
    parent_def: Def<'a>,
    def: Def<'a>,
) {
    let definition = &own.definition;
    if EVERYWHERE.contains(&&*definition.url) {
        return;
    }
    if definition.contexts.is_empty() && definition.context_invariants.is_empty() {
        return;
    }
    let parent_element = parent_def.element();
    let plainly = definition.contexts.iter().any(|c| {
        c.kind == ContextKind::Element
            && holds_here(c)
            && (&*c.expression == "Element"
                || c.expression == parent_element.path
                || parent_element.base.as_ref().is_some_and(|b| b.path == c.expression)
                || parent_element.types.iter().any(|t| t.name() == &*c.expression))
    });
    if plainly && definition.context_invariants.is_empty() {
        return;
    }
    let model = &cx.profiles.model;
    // For a primitive the parent's node may be its companion: the same place.
    let way = trail(parent.node(), model);
    let Some((here, above)) = way.split_last() else { return };
    let names = names(here, above.last(), model);
    let is_also_here =
        |(of, at): &(&str, &str)| *of == &*definition.url && names.iter().any(|name| *name == *at);
    if ALSO_AT.iter().any(is_also_here) {
        return;
    }
    let expressions = own.contexts.get_or_init(|| ContextExpressions::of(definition));
    // A context that is not FHIRPath, or cannot be evaluated: the package's fault, not the sender's.
    let mut unknown: Option<(String, String)> = None;
    let fits = definition.contexts.is_empty()
        || definition.contexts.iter().zip(&expressions.paths).any(|(context, path)| match context
            .kind
        {
            _ if !holds_here(context) => false,
            ContextKind::Element => {
                let wanted =
                    context.expression.split_once('#').map_or(&*context.expression, |(_, p)| p);
                wanted == "Element"
                    || names.iter().any(|n| n == wanted || n.strip_suffix("[x]") == Some(wanted))
                    || wanted.strip_suffix("[x]").is_some_and(|w| names.iter().any(|n| n == w))
                    || is_base(here, wanted, model)
                    || has_interface(here, wanted, model)
                    || above_is_base(here, above.last(), wanted, model)
            }
            // The extension itself or its value, not what is below a part of it.
            ContextKind::Extension => {
                let wanted = Some(&*context.expression);
                url_of(parent).as_deref() == wanted
                    || (!is_extension(parent, model)
                        && parent.parent().is_some_and(|p| url_of(p).as_deref() == wanted))
            }
            ContextKind::Fhirpath => match path.as_ref().map(|path| selects(cx, path, parent)) {
                Some(Ok(selected)) => selected,
                Some(Err(reason)) => {
                    unknown = unknown.take().or(Some((context.expression.to_string(), reason)));
                    false
                }
                None => false,
            },
        });
    let is_unknown = unknown.is_some();
    if !fits && let Some((expression, reason)) = unknown {
        let (rule, reason) = (format!("{url}: {expression}").into(), Text::given(reason));
        cx.report(Message::ConstraintCannotEvaluate { rule, reason }, parent.node(), def.profile);
    } else if !fits {
        let contexts = &definition.contexts;
        let allowed: Vec<&str> =
            contexts.iter().filter(|c| holds_here(c)).map(|c| &*c.expression).collect();
        let (url, version) = (url.into(), definition.version.as_deref().unwrap_or("?").into());
        let (allowed, found) = (allowed.join(", ").into(), names.join(", ").into());
        let is_versioned = contexts.iter().any(|c| c.is_for_r4.is_some());
        let message = match (item.name() == Some("modifierExtension"), is_versioned) {
            (true, true) => Message::ExtModifierContextWrongVer { url, allowed, found, version },
            (true, false) => Message::ExtModifierContextWrong { url, allowed, found },
            (false, true) => Message::ExtContextWrongVer { url, allowed, found, version },
            (false, false) => Message::ExtContextWrong { url, allowed, found },
        };
        cx.report(message, parent.node(), def.profile);
    }
    // Conditions are those of the allowed contexts.
    if !fits && !is_unknown {
        return;
    }
    for (expression, parsed) in definition.context_invariants.iter().zip(&expressions.conditions) {
        let focus = Typed::new(parent, here.ty);
        let holds = match holds(cx, parsed, focus, item) {
            Ok(holds) => holds,
            Err(reason) => {
                let rule = format!("{url}: {expression}").into();
                let message =
                    Message::ConstraintCannotEvaluate { rule, reason: Text::given(reason) };
                cx.report(message, parent.node(), def.profile);
                continue;
            }
        };
        if !holds {
            cx.report(
                Message::ExtNotHere {
                    url: url.to_owned().into(),
                    condition: expression.to_string().into(),
                },
                parent.node(),
                def.profile,
            );
        }
    }
}

/// Whether a context counts in this version of FHIR.
fn holds_here(context: &ExtensionContext) -> bool {
    context.is_for_r4 != Some(false)
}

/// Whether a FHIRPath on the resource selects the element; why it cannot be evaluated otherwise.
fn selects<'a>(cx: &Context<'a>, path: &'a Parsed, element: Element<'a>) -> Result<bool, String> {
    let model: &dyn lmr_fhirpath::Model = &cx.profiles.model;
    let resource = Typed::resource(cx.resource, Some(model));
    let items = path
        .as_ref()
        .map_err(Clone::clone)?
        .evaluate(resource, &cx.env)
        .map_err(|error| error.to_string())?;
    Ok(items.iter().any(|i| matches!(i, Item::Element(t) if t.element.is_same(element))))
}

/// Whether a condition on the element that has the extension holds. `%extension` is the extension itself
/// (<https://hl7.org/fhir/R4/structuredefinition-definitions.html#StructureDefinition.contextInvariant>).
fn holds<'a>(
    cx: &Context<'a>,
    condition: &'a Parsed,
    focus: Typed<'a>,
    extension: Element<'a>,
) -> Result<bool, String> {
    let ty = cx.profiles.model.type_at("Extension").unwrap_or(TypeId::UNKNOWN);
    let mut env = cx.env.clone();
    env.define("extension", smallvec![Item::Element(Typed::new(extension, ty))]);
    condition.as_ref().map_err(Clone::clone)?.test(focus, &env).map_err(|error| error.to_string())
}

fn is_extension(parent: Element<'_>, model: &TypeModel) -> bool {
    matches!(parent.name(), Some("extension" | "modifierExtension"))
        || trail(parent.node(), model).last().is_some_and(|w| model.type_name(w.ty) == "Extension")
}

/// The names an element goes by in contexts: its type, its path from the
/// resource and from the data type that holds it.
fn names(here: &Waypoint<'_>, parent: Option<&Waypoint<'_>>, model: &TypeModel) -> Vec<String> {
    let mut out = vec![here.path.to_string()];
    if here.ty != TypeId::UNKNOWN {
        out.push(model.type_name(here.ty).to_owned());
    }
    if let Some(parent) = parent {
        out.push(format!("{}.{}", parent.path, here.name));
        if here.chosen.is_some() {
            out.push(format!("{}.{}[x]", parent.path, here.name));
        }
    }
    out.dedup();
    out
}

/// `CanonicalResource` and `MetadataResource`, which R5 defines as interfaces of the resources that
/// have a publisher, a status and a jurisdiction.
fn has_interface(here: &Waypoint<'_>, wanted: &str, model: &TypeModel) -> bool {
    matches!(wanted, "CanonicalResource" | "MetadataResource") && {
        let names = model.child_names(here.ty);
        ["publisher", "status", "jurisdiction"].iter().all(|name| names.contains(name))
    }
}

fn is_base(here: &Waypoint<'_>, wanted: &str, model: &TypeModel) -> bool {
    model.type_at(wanted).is_some_and(|base| model.is_subtype(here.ty, base))
}

/// `DomainResource.text` for `Patient.text`.
fn above_is_base(
    here: &Waypoint<'_>,
    parent: Option<&Waypoint<'_>>,
    wanted: &str,
    model: &TypeModel,
) -> bool {
    let (Some(parent), Some((owner, rest))) = (parent, wanted.split_once('.')) else {
        return false;
    };
    rest == here.name && model.type_at(owner).is_some_and(|base| model.is_subtype(parent.ty, base))
}
