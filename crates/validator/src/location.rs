//! Where an issue lies: FHIRPath expressions made from the tree, only when an
//! issue is made, and names that contexts of extensions are held against.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::LazyLock;

use lmr_fhir::{Kind, Name, Node};
use lmr_fhirpath::{Child, Model, TypeId};
use smallvec::SmallVec;

use crate::messages::field::{WITHHELD, clipped};
use crate::model::TypeModel;

/// Characters that a location shows of one name or id: more than any valid one has.
const LONGEST: usize = 100;

static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));

/// One element on the way from the root to a node.
#[derive(Clone, Debug)]
pub(crate) struct Waypoint<'d> {
    /// Element name; for a choice without its type.
    pub(crate) name: &'d str,
    pub(crate) ty: TypeId,
    /// Type name of a choice (`Quantity` of `valueQuantity`).
    pub(crate) chosen: Option<&'d str>,
    /// Path by definition: `Patient.contact.name`, begun again in a data type.
    pub(crate) path: Cow<'d, str>,
}

/// The elements from the root to `node`, outermost first.
pub(crate) fn trail<'d>(node: Node<'d>, model: &'d TypeModel) -> Vec<Waypoint<'d>> {
    let mut nodes: SmallVec<[Node<'d>; 16]> = SmallVec::new();
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
        if i > 0 && owner.kind() == Kind::Array && i + 1 < nodes.len() {
            element = nodes[i + 1];
            i += 1;
        }
        i += 1;
        let resource = element.resource_type();
        let (name, mut ty, chosen, mut path) = match out.last() {
            None => {
                (resource.as_deref().map_or("$", |_| ""), TypeId::UNKNOWN, None, Cow::Borrowed(""))
            }
            Some(parent) => step(parent, owner.name().unwrap_or(""), model),
        };
        if let Some(resource) = &resource {
            ty = model.resource_at(resource).unwrap_or(TypeId::UNKNOWN);
            path = resource.clone();
        }
        out.push(Waypoint { name, ty, chosen, path });
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
                model
                    .path(ty)
                    .map_or_else(|| format!("{}.{member}", parent.path).into(), Cow::Borrowed)
            } else {
                Cow::Borrowed(name)
            };
            (member, ty, None, path)
        }
        _ if member == "extension" || member == "modifierExtension" => (
            member,
            model.type_at("Extension").unwrap_or(TypeId::UNKNOWN),
            None,
            Cow::Borrowed("Extension"),
        ),
        _ => (member, TypeId::UNKNOWN, None, format!("{}.{member}", parent.path).into()),
    }
}

/// The location of an element as FHIRPath, and its bundle entry.
#[derive(Clone, Debug, Default)]
pub(crate) struct ElementLocation {
    pub(crate) expression: String,
    pub(crate) local: String,
    pub(crate) entry: Option<usize>,
}

/// The way from the root down to an element, in words: what is found of a resource once and goes on
/// from there to each of its elements.
#[derive(Clone, Debug)]
pub(crate) struct Way<'d> {
    out: String,
    /// Where the way within the innermost entry's resource begins, and that resource's type.
    local_from: usize,
    local_type: Option<Cow<'d, str>>,
    entry: Option<usize>,
    ty: TypeId,
    /// How many elements have been named; from the outermost inwards.
    depth: usize,
    in_bundle: bool,
    in_entry: bool,
    /// With it, the comments with resource ids are left out, and so is every name that no definition
    /// has: it is the sender's text.
    redact: bool,
}

/// Room for one step of a way.
const STEP: usize = 24;

/// Describes where a node is.
pub(crate) fn locate<'d>(node: Node<'d>, model: &'d TypeModel, redact: bool) -> ElementLocation {
    Way::to(node, model, redact).location()
}

impl<'d> Way<'d> {
    fn start(redact: bool) -> Self {
        Self {
            out: String::new(),
            local_from: 0,
            local_type: None,
            entry: None,
            ty: TypeId::UNKNOWN,
            depth: 0,
            in_bundle: false,
            in_entry: false,
            redact,
        }
    }

    /// The way from the root to a node.
    pub(crate) fn to(node: Node<'d>, model: &'d TypeModel, redact: bool) -> Self {
        let mut nodes: SmallVec<[Node<'d>; 24]> = SmallVec::new();
        let mut at = Some(node);
        while let Some(n) = at {
            nodes.push(n);
            at = n.parent();
        }
        let mut way = Self::start(redact);
        way.out.reserve(STEP * nodes.len() + 48);
        way.follow(&nodes, model);
        way
    }

    /// The way to a node below the resource that this one leads to; `None` if it is not below it.
    pub(crate) fn onward(
        &self,
        resource: Node<'d>,
        node: Node<'d>,
        model: &'d TypeModel,
    ) -> Option<ElementLocation> {
        let mut nodes: SmallVec<[Node<'d>; 24]> = SmallVec::new();
        let mut at = node;
        while at != resource {
            nodes.push(at);
            at = at.parent()?;
        }
        let mut out = String::with_capacity(self.out.len() + STEP * nodes.len());
        out.push_str(&self.out);
        let mut way = Self { out, local_type: self.local_type.clone(), ..*self };
        way.follow(&nodes, model);
        Some(way.location())
    }

    /// Goes on through nodes, the outermost last.
    fn follow(&mut self, nodes: &[Node<'d>], model: &'d TypeModel) {
        let mut nodes = nodes.iter().rev().copied();
        while let Some(owner) = nodes.next() {
            let mut element = owner;
            let mut index = None;
            if self.depth > 0
                && owner.kind() == Kind::Array
                && let Some(item) = nodes.next()
            {
                element = item;
                index = element.ordinal();
            }
            self.step(owner, element, index, model);
        }
    }

    fn step(
        &mut self,
        owner: Node<'d>,
        element: Node<'d>,
        mut index: Option<usize>,
        model: &'d TypeModel,
    ) {
        let redact = self.redact;
        let resource = element.resource_type();
        if self.depth == 0 {
            let name = match resource.as_deref() {
                Some(name) if redact && model.resource_at(name).is_none() => WITHHELD,
                Some(name) => &clipped(name, LONGEST),
                None => "$",
            };
            self.out.push_str(name);
            self.in_bundle = resource.as_deref() == Some("Bundle");
        } else {
            let member = owner.name().unwrap_or("");
            let (name, chosen, child, many) = child_of(self.ty, owner, member, model);
            self.ty = child;
            if many && index.is_none() && owner.kind() != Kind::Array {
                // Validated as the one item of the array that is due.
                index = Some(0);
            }
            self.out.push('.');
            if redact && child == TypeId::UNKNOWN {
                self.out.push_str(WITHHELD);
            } else {
                self.out.push_str(&clipped(name, LONGEST));
            }
            if let Some(chosen) = chosen {
                self.out.push_str(".ofType(");
                self.out.push_str(chosen);
                self.out.push(')');
            }
            if let Some(index) = index {
                push_index(&mut self.out, index);
            }
            if let Some(resource) = &resource
                && !redact
            {
                let id = element.get(&ID).and_then(Node::as_str);
                let id = id.as_deref().unwrap_or("null");
                for part in ["/*", &clipped(resource, LONGEST), "/", &clipped(id, LONGEST), "*/"] {
                    self.out.push_str(part);
                }
            }
            if self.depth == 1 && self.in_bundle && name == "entry" {
                self.in_entry = true;
                self.entry = index;
            }
            if self.depth == 2 && self.in_entry && name == "resource" && resource.is_some() {
                self.local_from = self.out.len();
                self.local_type = match resource.as_deref() {
                    Some(name) if redact && model.resource_at(name).is_none() => {
                        Some(Cow::Borrowed(WITHHELD))
                    }
                    _ => resource.clone(),
                };
            }
        }
        if let Some(resource) = &resource {
            self.ty = model.resource_at(resource).unwrap_or(TypeId::UNKNOWN);
        }
        self.depth += 1;
    }

    fn location(self) -> ElementLocation {
        let local_type = clipped(self.local_type.as_deref().unwrap_or(""), LONGEST);
        let rest = &self.out[self.local_from..];
        let mut local = String::with_capacity(local_type.len() + rest.len());
        local.push_str(&local_type);
        local.push_str(rest);
        ElementLocation { local, expression: self.out, entry: self.entry }
    }
}

/// Name without the type of a choice, that type's name, the type, and whether it may repeat.
fn child_of<'d>(
    parent: TypeId,
    node: Node<'d>,
    member: &'d str,
    model: &'d TypeModel,
) -> (&'d str, Option<&'d str>, TypeId, bool) {
    match model.child_by_hash(parent, node.name_hash(), member) {
        Some(Child::Variant { ty }) => {
            let chosen = model.type_name(ty);
            (&member[..member.len().saturating_sub(chosen.len())], Some(chosen), ty, false)
        }
        Some(Child::Element { ty, many }) => (member, None, ty, many),
        _ if member == "extension" || member == "modifierExtension" => {
            (member, None, model.type_at("Extension").unwrap_or(TypeId::UNKNOWN), true)
        }
        _ => (member, None, TypeId::UNKNOWN, false),
    }
}

/// `value[x]` for `value.ofType(Quantity)`.
pub(crate) fn name_by_definition(expression: &mut String) {
    const TYPE: &str = ".ofType(";
    while let Some(at) = expression.find(TYPE) {
        let Some(length) = expression[at..].find(')') else { return };
        expression.replace_range(at..=at + length, "[x]");
    }
}

/// `name[0].given` for `name[0].given[1]`.
pub(crate) fn leave_item(expression: &mut String) {
    // What follows names the resource that is there.
    if let Some(named) = expression.ends_with("*/").then(|| expression.rfind("/*")).flatten() {
        expression.truncate(named);
    }
    if let Some((list, item)) = expression.strip_suffix(']').and_then(|e| e.rsplit_once('['))
        && item.bytes().all(|b| b.is_ascii_digit())
    {
        expression.truncate(list.len());
    }
}

fn push_index(out: &mut String, index: usize) {
    out.push('[');
    if index < 10 {
        out.push(char::from(b'0' + index as u8));
    } else {
        let _ = write!(out, "{index}");
    }
    out.push(']');
}
