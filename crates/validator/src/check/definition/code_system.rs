//! CodeSystems: content, count, supplements, properties.
//! Rule: <https://hl7.org/fhir/R4/codesystem.html>.

use std::collections::HashMap;
use std::sync::LazyLock;

use lmr_fhir::{Element, Name};

use crate::check::context::Context;
use crate::compile::Profile;
use crate::messages::Message;

static CONCEPT: LazyLock<Name> = LazyLock::new(|| Name::new("concept"));
static PROPERTY: LazyLock<Name> = LazyLock::new(|| Name::new("property"));

/// Properties that every code system has (<https://hl7.org/fhir/R4/codesystem.html#defined-props>).
const DEFINED: &[&str] = &[
    "inactive",
    "deprecated",
    "deprecationDate",
    "retirementDate",
    "notSelectable",
    "parent",
    "child",
];

pub(super) fn check<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let system = cx.resource;
    let concepts = all_concepts(system);
    content(cx, system, &concepts, base);
    supplement(cx, system, &concepts, base);
    properties(cx, system, &concepts, base);
}

/// All concepts, nested ones too, in the order of the document.
fn all_concepts(system: Element<'_>) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut waiting: Vec<Element<'_>> = system.children_named(&CONCEPT).collect();
    waiting.reverse();
    while let Some(concept) = waiting.pop() {
        found.push(concept);
        let below = waiting.len();
        waiting.extend(concept.children_named(&CONCEPT));
        waiting[below..].reverse();
    }
    found
}

fn content<'a>(
    cx: &mut Context<'a>,
    system: Element<'a>,
    concepts: &[Element<'a>],
    base: &'a Profile,
) {
    let Some(content) = system.child_by_name("content") else { return };
    let kind = content.text().unwrap_or_default();
    let supplements = system.child_text("supplements").is_some_and(|of| !of.is_empty());
    if kind == "supplement" && !supplements {
        cx.report(Message::CodeSystemNoSupplemented, system.node(), base);
    }
    if kind != "supplement" && supplements {
        cx.report(Message::CodeSystemNotSupplement, content.node(), base);
    }
    if kind == "complete" && concepts.is_empty() {
        cx.report(Message::CodeSystemEmpty, system.node(), base);
    }
    if let Some(first) = concepts.first()
        && kind == "not-present"
    {
        cx.report(Message::CodeSystemContentPresent, first.node(), base);
    }
    let Some(count) = system.child_by_name("count") else { return };
    let Some(text) = count.text() else { return };
    let Ok(number) = text.parse::<usize>() else { return };
    let (stated, found) = (text.into_owned().into(), concepts.len());
    let message = match &*kind {
        "complete" if number != found => Message::CodeSystemCountWrong { stated, found },
        "example" | "fragment" if found >= number => {
            Message::CodeSystemFragmentWhole { stated, found }
        }
        _ => return,
    };
    cx.report(message, count.node(), base);
}

/// A supplement says more of the codes of another code system, and has none of its own.
/// Rule: <https://hl7.org/fhir/R4/codesystem.html#supplements>.
fn supplement<'a>(
    cx: &mut Context<'a>,
    system: Element<'a>,
    concepts: &[Element<'a>],
    base: &'a Profile,
) {
    if system.child_text("content").is_none_or(|kind| kind != "supplement") {
        return;
    }
    let Some(of) = system.child_text("supplements") else { return };
    let known = cx.profiles.definitions().terminology().code_system(&of);
    let Some(known) = known.filter(|known| known.is_complete() && known.fault().is_none()) else {
        return;
    };
    for concept in concepts {
        let code = concept.child_text("code").filter(|code| !code.is_empty());
        if let Some(code) = code.filter(|code| known.concept(code).is_none()) {
            let (code, system) = (code.into_owned().into(), of.to_string().into());
            cx.report(Message::CodeSystemSupplementCode { code, system }, concept.node(), base);
        }
    }
}

/// Concepts have the properties that the code system defines, with values of their types.
fn properties<'a>(
    cx: &mut Context<'a>,
    system: Element<'a>,
    concepts: &[Element<'a>],
    base: &'a Profile,
) {
    let mut defined: HashMap<String, String> = HashMap::new();
    for property in system.children_named(&PROPERTY) {
        let Some(code) = property.child_text("code") else { continue };
        let ty = property.child_text("type").unwrap_or_default().into_owned();
        if defined.insert(code.to_string(), ty).is_some() {
            let message = Message::CodeSystemPropertyTwice { code: code.into_owned().into() };
            cx.report(message, property.node(), base);
        }
    }
    // A supplement has the properties of the system that it is for.
    let is_supplement = system.child_text("content").is_some_and(|kind| kind == "supplement");
    for property in concepts.iter().flat_map(|concept| concept.children_named(&PROPERTY)) {
        let Some(code) = property.child_text("code") else { continue };
        let Some(wanted) = defined.get(&*code) else {
            if !is_supplement && !DEFINED.contains(&&*code) {
                let message =
                    Message::CodeSystemPropertyUndefined { code: code.into_owned().into() };
                cx.report(message, property.node(), base);
            }
            continue;
        };
        let value = property.children().find(|child| {
            child.name().is_some_and(|name| name.starts_with("value") && name.len() > 5)
        });
        let Some(value) = value else { continue };
        let found = cx.type_by_property(value);
        if found != *wanted {
            let message = Message::CodeSystemPropertyType {
                code: code.into_owned().into(),
                found: found.into(),
                wanted: wanted.clone().into(),
            };
            cx.report(message, property.node(), base);
        }
    }
}
