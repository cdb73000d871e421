//! Contained resources: found by fragments, and referred to from their container.

use std::collections::HashMap;
use std::sync::LazyLock;

use lmr_fhir::{Element, Kind, Name};

use super::context::Context;
use super::narrative;
use crate::compile::Profile;
use crate::messages::Message;
use crate::options::ContainedPolicy;

static CONTAINED: LazyLock<Name> = LazyLock::new(|| Name::new("contained"));
static REFERENCE: LazyLock<Name> = LazyLock::new(|| Name::new("reference"));

/// The contained resource with this id; `#` alone is the container.
pub(crate) fn find<'a>(cx: &Context<'a>, id: &str) -> Option<Element<'a>> {
    if id.is_empty() {
        // Only from within a contained resource does `#` alone mean its container.
        return (!cx.container.is_same(cx.resource)).then_some(cx.container);
    }
    let node = cx.locals().get(id).copied().or_else(|| nested(cx, id))?;
    cx.shared.document.node(node).map(Element::of)
}

/// A resource that a contained one contains in its turn: that it does breaks dom-2, the reference is
/// none the worse for it.
fn nested(cx: &Context<'_>, id: &str) -> Option<u32> {
    let mut at = cx.resource;
    while !at.is_same(cx.container) {
        if at.resource_type().is_some()
            && let Some(found) = cx.shared.locals_of(at).get(id)
        {
            return Some(*found);
        }
        at = at.parent()?;
    }
    None
}

/// ref-1: a reference within the resource leads to a contained one, or to the container.
pub(crate) fn is_found<'a>(cx: &Context<'a>, item: Element<'a>) -> bool {
    let text = item.child(&REFERENCE).and_then(Element::text);
    let id = text.as_deref().and_then(|text| text.strip_prefix('#'));
    // `#` of a resource that is not contained is reported as a reference that leads nowhere.
    id.is_none_or(|id| id.is_empty() || cx.locals().contains_key(id))
}

/// Each id, and which contained resources name it: the first, and whether others do.
type Named = HashMap<String, (Option<usize>, bool)>;

/// Notes that an id is named inside a contained resource, or outside all of them.
fn note(named: &mut Named, id: &str, inside: Option<usize>) {
    match named.get_mut(id) {
        Some((first, others)) => *others |= *first != inside,
        None => drop(named.insert(id.to_owned(), (inside, false))),
    }
}

/// dom-3: every contained resource is referred to, or refers to its container. A narrative refers too: its
/// images may be contained (<https://hl7.org/fhir/R4/narrative.html#xhtml>).
pub(crate) fn check_referenced<'a>(cx: &mut Context<'a>, item: Element<'a>, profile: &Profile) {
    // What is not a resource is reported elsewhere.
    let contained: Vec<Element<'a>> = item
        .children_named(&CONTAINED)
        .filter(|c| {
            c.resource_type().is_some_and(|of| cx.profiles.definitions().is_resource_type(&of))
        })
        .collect();
    if contained.is_empty() || cx.options.contained == ContainedPolicy::Ignore {
        return;
    }
    let Some(root) = item.value() else { return };
    let id_of = |c: &Element<'a>| {
        c.child(&Name::new("id")).and_then(Element::text).map(std::borrow::Cow::into_owned)
    };
    let ids: Vec<Option<String>> = contained.iter().map(id_of).collect();
    let mut by_id: HashMap<&str, Vec<usize>> = HashMap::new();
    for (i, id) in ids.iter().enumerate() {
        by_id.entry(id.as_deref().unwrap_or("")).or_default().push(i);
    }
    let by_node: HashMap<u32, usize> =
        contained.iter().enumerate().map(|(i, c)| (c.node().index(), i)).collect();
    let mut named = Named::new();
    let mut used = vec![false; contained.len()];
    // All strings under the resource that are fragments, and those under each contained one.
    let mut stack = vec![(root, None::<usize>)];
    while let Some((node, inside)) = stack.pop() {
        match node.kind() {
            Kind::Object | Kind::Array => {
                for member in node.members() {
                    let inside = inside.or_else(|| by_node.get(&member.index()).copied());
                    stack.push((member, inside));
                }
            }
            Kind::String => {
                let Some(text) = node.as_str() else { continue };
                if node.name() == Some("div") {
                    for target in narrative::fragments(&text) {
                        note(&mut named, &target, inside);
                    }
                } else if let Some(target) = text.strip_prefix('#') {
                    if target.is_empty() {
                        if let Some(i) = inside {
                            used[i] = true;
                        }
                        continue;
                    }
                    note(&mut named, target, inside);
                }
            }
            _ => {}
        }
    }
    for (target, (first, others)) in named {
        for &i in by_id.get(target.as_str()).map_or(&[][..], |list| list.as_slice()) {
            used[i] |= others || first != Some(i);
        }
    }
    for (id, list) in by_id.iter().filter(|(id, _)| !id.is_empty()) {
        for &again in list.iter().skip(1) {
            cx.report(
                Message::DuplicateId { id: (*id).to_owned().into() },
                contained[again].node(),
                profile,
            );
        }
    }
    for ((resource, id), used) in contained.iter().zip(&ids).zip(used) {
        if !used {
            cx.report(
                Message::ContainedOrphan { id: id.clone().unwrap_or_default().into() },
                resource.node(),
                profile,
            );
        }
    }
}
