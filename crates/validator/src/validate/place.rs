//! Where an issue lies: FHIRPath expressions made from the tree, only when an
//! issue is made.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use lmr_fhir::{Kind, Name, Node};
use lmr_fhirpath::{Child, Model, TypeId};

use crate::model::TypeModel;

static RESOURCE_TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("resourceType"));
static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));

/// One element on the way from the root to a node.
#[derive(Clone, Debug)]
pub(crate) struct Waypoint<'d> {
    /// Element name; for a choice without its type.
    pub(crate) name: &'d str,
    pub(crate) node: Node<'d>,
    pub(crate) index: Option<usize>,
    pub(crate) ty: TypeId,
    /// Type name of a choice (`Quantity` of `valueQuantity`).
    pub(crate) chosen: Option<&'d str>,
    /// Resource type where the element is a resource.
    pub(crate) resource: Option<Cow<'d, str>>,
    /// Path by definition: `Patient.contact.name`, begun anew in a data type.
    pub(crate) path: Cow<'d, str>,
}

/// The elements from the root to `node`, outermost first.
pub(crate) fn trail<'d>(node: Node<'d>, model: &'d TypeModel) -> Vec<Waypoint<'d>> {
    let mut nodes: smallvec::SmallVec<[Node<'d>; 16]> = smallvec::SmallVec::new();
    let mut at = Some(node);
    while let Some(n) = at {
        nodes.push(n);
        at = n.parent();
    }
    nodes.reverse();
    let mut out: Vec<Waypoint<'d>> = Vec::with_capacity(nodes.len());
    let mut i = 0;
    while i < nodes.len() {
        let owner = nodes[i];
        let mut element = owner;
        let mut index = None;
        if i > 0 && owner.kind() == Kind::Array && i + 1 < nodes.len() {
            element = nodes[i + 1];
            index = element.ordinal();
            i += 1;
        }
        i += 1;
        let resource = resource_type(element);
        let (name, mut ty, chosen, mut path) = match out.last() {
            None => (resource.as_deref().map_or("$", |_| ""), TypeId::UNKNOWN, None, Cow::Borrowed("")),
            Some(parent) => step(parent, owner.name().unwrap_or(""), model),
        };
        if let Some(resource) = &resource {
            ty = model.type_at(resource).unwrap_or(TypeId::UNKNOWN);
            path = resource.clone();
        }
        out.push(Waypoint { name, node: element, index, ty, chosen, resource, path });
    }
    out
}

fn step<'d>(
    parent: &Waypoint<'_>,
    member: &'d str,
    model: &'d TypeModel,
) -> (&'d str, TypeId, Option<&'d str>, Cow<'d, str>) {
    let hash = crate::model::hash(member);
    match model.child_by_hash(parent.ty, hash, member) {
        Some(Child::Variant { ty }) => {
            let chosen = model.type_name(ty);
            let stem = &member[..member.len().saturating_sub(chosen.len())];
            (stem, ty, Some(chosen), Cow::Borrowed(chosen))
        }
        Some(Child::Element { ty, .. }) => {
            let name = model.type_name(ty);
            let path = if name == "BackboneElement" || name == "Resource" {
                model.path(ty).map_or_else(|| format!("{}.{member}", parent.path).into(), Cow::Borrowed)
            } else {
                Cow::Borrowed(name)
            };
            (member, ty, None, path)
        }
        _ if member == "extension" || member == "modifierExtension" => {
            (member, model.type_at("Extension").unwrap_or(TypeId::UNKNOWN), None, Cow::Borrowed("Extension"))
        }
        _ => (member, TypeId::UNKNOWN, None, format!("{}.{member}", parent.path).into()),
    }
}

fn resource_type(node: Node<'_>) -> Option<Cow<'_, str>> {
    node.get(&RESOURCE_TYPE)?.as_str()
}

/// Expressions and entry of a place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    pub(crate) expression: String,
    pub(crate) local: String,
    pub(crate) entry: Option<usize>,
}

/// Describes a node's place. With `redact`, resource ids are left out of the
/// comments and odd property names out of the path.
pub(crate) fn place<'d>(node: Node<'d>, model: &'d TypeModel, redact: bool) -> Place {
    let trail = trail(node, model);
    let mut out = Place { expression: String::with_capacity(96), ..Place::default() };
    let mut local_from = 0;
    for (i, point) in trail.iter().enumerate() {
        if i == 0 {
            out.expression.push_str(point.resource.as_deref().unwrap_or("$"));
            continue;
        }
        out.expression.push('.');
        let odd = redact && !point.name.bytes().all(|b| b.is_ascii_alphabetic());
        out.expression.push_str(if odd { "***" } else { point.name });
        if let Some(chosen) = &point.chosen {
            let _ = write!(out.expression, ".ofType({chosen})");
        }
        if let Some(index) = point.index {
            let _ = write!(out.expression, "[{index}]");
        }
        if let Some(resource) = &point.resource {
            if !redact {
                let id = point.node.get(&ID).and_then(Node::as_str);
                let _ = write!(out.expression, "/*{resource}/{}*/", id.as_deref().unwrap_or("null"));
            }
            let in_bundle_entry = i == 2
                && trail[0].resource.as_deref() == Some("Bundle")
                && trail[1].name == "entry"
                && point.name == "resource";
            if in_bundle_entry {
                local_from = out.expression.len();
                out.local.push_str(resource);
            }
        }
        if i == 1 && trail[0].resource.as_deref() == Some("Bundle") && point.name == "entry" {
            out.entry = point.index;
        }
    }
    if local_from > 0 {
        out.local.push_str(&out.expression[local_from..]);
    } else {
        out.local.clone_from(&out.expression);
    }
    out
}
