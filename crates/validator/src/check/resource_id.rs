//! Ids: one for the document's resource where it is asked for, none twice.

use std::collections::HashSet;

use lmr_fhir::{Name, Node};

use super::context::Context;
use super::outcome::Role;
use crate::compile::Profile;
use crate::messages::Message;

/// A contained resource is known by its id alone; the document's own has one by option.
pub(crate) fn check_required<'a>(cx: &mut Context<'a>, role: Role, base: &'a Profile) {
    let is_required = match role {
        Role::Root => cx.options.ids_required,
        Role::Contained => true,
        Role::Entry | Role::Parameter => false,
    };
    if is_required && cx.resource.child(&Name::new("id")).is_none() {
        cx.report(Message::ResourceIdMissing, cx.resource.node(), base);
    }
}

/// The id of an element occurs once in a resource. The resource's own id is another matter
/// (`Resource.id`, not `Element.id`): it names the resource where it is kept, not a part of it.
pub(crate) fn check_duplicates<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    if cx.ids.len() < 2 {
        return;
    }
    // Several rules may have looked at the same id.
    let mut places = HashSet::new();
    let mut seen = HashSet::new();
    let doubles: Vec<_> = cx
        .ids
        .iter()
        .copied()
        .filter(|n| places.insert(n.index()))
        .filter(|n| !seen.insert((view_of(*n), n.text())))
        .collect();
    for id in doubles {
        let at = id.parent().unwrap_or(id);
        cx.report(
            Message::DuplicateId { id: id.as_str().unwrap_or_default().into_owned().into() },
            at,
            base,
        );
    }
}

/// The view of a StructureDefinition that an element is defined in: the ids of snapshot and
/// differential are the same by intention.
fn view_of(id: Node<'_>) -> Option<&'static str> {
    let mut at = id.parent();
    while let Some(node) = at {
        match node.name() {
            Some("snapshot") => return Some("snapshot"),
            Some("differential") => return Some("differential"),
            _ => at = node.parent(),
        }
    }
    None
}
