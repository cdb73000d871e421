//! The FHIR view of the tree.

use std::borrow::Cow;
use std::ops::Range;

use crate::arena::{DUPLICATE, HAS_UNDERSCORE, Kind, NONE, NodeData, UNDERSCORE};
use crate::document::{Document, Members, Node};
use crate::location::SourceLocation;
use crate::name::{Name, hash_name};

/// One element of a resource: the value `x`, its companion `_x` (id and extensions of a primitive),
/// or both; one repetition of it where `x` is an array.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document<'d>,
    value: Option<&'d NodeData>,
    sibling: Option<&'d NodeData>,
    /// Which repetition, [`NONE`] outside arrays.
    index: u32,
}

impl<'d> Element<'d> {
    /// The element that this node belongs to; for an array's item it is that repetition. An array
    /// itself gives an element with the array as value, which is not a FHIR element: iterate instead.
    pub fn of(node: Node<'d>) -> Self {
        let document = node.document();
        let (owner, index) = match node.parent() {
            Some(array) if array.kind() == Kind::Array => {
                let index = node.ordinal().unwrap_or(0);
                (array, index as u32)
            }
            _ => (node, NONE),
        };
        let partner = owner.sibling().and_then(|other| match index {
            NONE => Some(other),
            i => nth(other, i),
        });
        let own = Some(node.data());
        let partner = partner.map(Node::data);
        if owner.is_underscore() {
            Self { document, value: partner, sibling: own, index }
        } else {
            Self { document, value: own, sibling: partner, index }
        }
    }

    /// The document that holds it.
    pub fn document(self) -> &'d Document<'d> {
        self.document
    }

    /// The node of `x`, absent where only `_x` is given. `null` in an array counts as absent.
    #[inline]
    pub fn value(self) -> Option<Node<'d>> {
        self.value.map(|data| Node::of(self.document, data))
    }

    /// The node of `_x`.
    #[inline]
    pub fn sibling(self) -> Option<Node<'d>> {
        self.sibling.map(|data| Node::of(self.document, data))
    }

    /// The node that represents the element in messages: the value, else the companion.
    #[inline]
    pub fn node(self) -> Node<'d> {
        match self.value().or(self.sibling()) {
            Some(node) => node,
            None => self.document.root(),
        }
    }

    /// Which repetition it is, from 0; `None` where it is not an item of an array.
    pub fn index(self) -> Option<u32> {
        (self.index != NONE).then_some(self.index)
    }

    fn member(self) -> Node<'d> {
        let node = self.node();
        match node.parent() {
            Some(array) if self.index != NONE && array.kind() == Kind::Array => array,
            _ => node,
        }
    }

    /// Its name, without underscore; `None` for the outermost element.
    pub fn name(self) -> Option<&'d str> {
        self.member().name()
    }

    /// The hash of its name ([`crate::hash_name`]); 0 for the outermost element.
    pub fn name_hash(self) -> u32 {
        self.member().name_hash()
    }

    /// Whether it has this name.
    pub fn is_named(self, name: &Name) -> bool {
        self.member().is_named(name)
    }

    /// The enclosing element.
    pub fn parent(self) -> Option<Element<'d>> {
        self.member().parent().map(Element::of)
    }

    /// `resourceType`, where the element is a resource.
    pub fn resource_type(self) -> Option<Cow<'d, str>> {
        self.value()?.resource_type()
    }

    /// A primitive's value as text ([`Node::text`]).
    pub fn text(self) -> Option<Cow<'d, str>> {
        self.value()?.text()
    }

    /// Whether it has a primitive value.
    pub fn has_value(self) -> bool {
        self.value().is_some_and(|v| !matches!(v.kind(), Kind::Object | Kind::Array | Kind::Null))
    }

    /// Its bytes in the source.
    pub fn span(self) -> Range<usize> {
        self.node().span()
    }

    /// Where it begins.
    pub fn start(self) -> SourceLocation {
        self.node().start()
    }

    /// Where it ends: the location just behind it.
    pub fn end(self) -> SourceLocation {
        self.node().end()
    }

    /// Its child elements in source order, `resourceType` left out, duplicate members left out, arrays
    /// flattened. A primitive's children (`id`, `extension`) come from its companion.
    pub fn children(self) -> Children<'d> {
        Children {
            members: self.first_object().map(Node::members),
            later: self.second_object().map(Node::members),
            run: Run::None,
        }
    }

    /// Its children of this name, in order; for `value[x]` ask for the full name.
    pub fn children_named(self, name: &Name) -> Repetitions<'d> {
        let member = self.member_called(name.hash(), name.as_str());
        Repetitions { run: member.map_or(Run::None, Run::of) }
    }

    /// Its first child of this name.
    pub fn child(self, name: &Name) -> Option<Element<'d>> {
        Run::first_of(self.member_called(name.hash(), name.as_str())?)
    }

    /// The text of its first child of this name; `None` without the child or without a value.
    ///
    /// For names that are known where the code is written. Compiled profiles and expressions keep a
    /// [`Name`] and use [`Element::child`].
    #[inline]
    pub fn child_text(self, name: &str) -> Option<Cow<'d, str>> {
        self.child_by_name(name)?.text()
    }

    /// Its first child of this name, looked up by text.
    #[inline]
    pub fn child_by_name(self, name: &str) -> Option<Element<'d>> {
        Run::first_of(self.member_called(hash_name(name.as_bytes()), name)?)
    }

    /// Its children of this name, looked up by text.
    #[inline]
    pub fn children_by_name(self, name: &str) -> Repetitions<'d> {
        let member = self.member_called(hash_name(name.as_bytes()), name);
        Repetitions { run: member.map_or(Run::None, Run::of) }
    }

    /// The member that holds its children of this name.
    fn member_called(self, hash: u32, name: &str) -> Option<Node<'d>> {
        let find = |object: Node<'d>| find_member(object, hash, name);
        self.first_object().and_then(find).or_else(|| self.second_object().and_then(find))
    }

    fn first_object(self) -> Option<Node<'d>> {
        self.value().filter(|v| v.kind() == Kind::Object)
    }

    fn second_object(self) -> Option<Node<'d>> {
        self.sibling().filter(|s| s.kind() == Kind::Object)
    }

    /// Whether both are the same element of the same document.
    pub fn is_same(self, other: Element<'_>) -> bool {
        let same = |a: Option<&NodeData>, b: Option<&NodeData>| match (a, b) {
            (Some(a), Some(b)) => std::ptr::eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        same(self.value, other.value) && same(self.sibling, other.sibling)
    }

    /// A path like `Bundle.entry[0].resource.name[0]` by member names, for messages where no
    /// definition is at hand.
    pub fn raw_path(self) -> String {
        let mut parts = Vec::new();
        let mut at = Some(self);
        while let Some(element) = at {
            match element.name() {
                Some(name) => parts.push(match element.index() {
                    Some(i) => format!("{name}[{i}]"),
                    None => name.to_owned(),
                }),
                None => {
                    parts.push(element.resource_type().unwrap_or(Cow::Borrowed("$")).into_owned())
                }
            }
            at = element.parent();
        }
        parts.reverse();
        parts.join(".")
    }
}

/// The member of this name in an object, `x` before `_x`.
fn find_member<'d>(object: Node<'d>, hash: u32, name: &str) -> Option<Node<'d>> {
    let found = object.members().find(|m| {
        let data = m.data();
        data.hash == hash && data.flags & DUPLICATE == 0 && m.is_called(name)
    })?;
    Some(if found.is_underscore() { found.sibling().unwrap_or(found) } else { found })
}

fn nth(node: Node<'_>, index: u32) -> Option<Node<'_>> {
    if node.kind() != Kind::Array {
        return None;
    }
    node.nth(index as usize).filter(|n| n.kind() != Kind::Null)
}

impl std::fmt::Debug for Element<'_> {
    /// Shows kind and bytes only: a value may be personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Element({:?})", self.node())
    }
}

/// One member's repetitions: the items of `x` and `_x` side by side, or the two as they are.
#[derive(Clone)]
enum Run<'d> {
    None,
    One(Element<'d>),
    Items {
        values: Option<Members<'d>>,
        siblings: Option<Members<'d>>,
        index: u32,
        document: &'d Document<'d>,
    },
}

impl<'d> Run<'d> {
    /// From the member `x`, or from `_x` where there is no `x`.
    #[inline]
    fn of(member: Node<'d>) -> Self {
        let data = member.data();
        // By far the most: one value, without companion.
        if data.sibling == NONE && data.flags & UNDERSCORE == 0 && data.kind != Kind::Array {
            let document = member.document();
            return match data.kind {
                Kind::Null => Run::None,
                _ => Run::One(Element { document, value: Some(data), sibling: None, index: NONE }),
            };
        }
        Self::of_any(member)
    }

    /// The first one of [`Self::of`].
    #[inline]
    fn first_of(member: Node<'d>) -> Option<Element<'d>> {
        let data = member.data();
        if data.sibling == NONE && data.flags & UNDERSCORE == 0 && data.kind != Kind::Array {
            let document = member.document();
            let is_there = data.kind != Kind::Null;
            let element = Element { document, value: Some(data), sibling: None, index: NONE };
            return is_there.then_some(element);
        }
        Self::of_any(member).next()
    }

    fn of_any(member: Node<'d>) -> Self {
        let document = member.document();
        let (value, sibling) = if member.is_underscore() {
            (member.sibling(), Some(member))
        } else {
            (Some(member), member.sibling())
        };
        let is_array = |n: Option<Node<'d>>| n.is_some_and(|n| n.kind() == Kind::Array);
        let repeats = is_array(value.or(sibling));
        if !repeats {
            return Run::One(Element {
                document,
                value: value.filter(|v| v.kind() != Kind::Null).map(Node::data),
                sibling: sibling.map(Node::data),
                index: NONE,
            });
        }
        Run::Items {
            values: value.map(Node::members),
            siblings: sibling.filter(|s| s.kind() == Kind::Array).map(Node::members),
            index: 0,
            document,
        }
    }

    #[inline]
    fn next(&mut self) -> Option<Element<'d>> {
        match self {
            Run::None => None,
            Run::One(element) => {
                let element = *element;
                *self = Run::None;
                (element.value.is_some() || element.sibling.is_some()).then_some(element)
            }
            Run::Items { values, siblings, index, document } => loop {
                let value = values.as_mut().and_then(Iterator::next);
                let sibling = siblings.as_mut().and_then(Iterator::next);
                if value.is_none() && sibling.is_none() {
                    return None;
                }
                let at = *index;
                *index += 1;
                let real =
                    |n: Option<Node<'d>>| n.map(Node::data).filter(|data| data.kind != Kind::Null);
                let element =
                    Element { document, value: real(value), sibling: real(sibling), index: at };
                if element.value.is_some() || element.sibling.is_some() {
                    return Some(element);
                }
            },
        }
    }
}

/// Iterates over the repetitions of one child.
#[derive(Clone)]
pub struct Repetitions<'d> {
    run: Run<'d>,
}

impl<'d> Iterator for Repetitions<'d> {
    type Item = Element<'d>;

    #[inline]
    fn next(&mut self) -> Option<Element<'d>> {
        self.run.next()
    }
}

/// Iterates over child elements.
#[derive(Clone)]
pub struct Children<'d> {
    members: Option<Members<'d>>,
    later: Option<Members<'d>>,
    run: Run<'d>,
}

impl<'d> Iterator for Children<'d> {
    type Item = Element<'d>;

    fn next(&mut self) -> Option<Element<'d>> {
        const RESOURCE_TYPE: u32 = hash_name(b"resourceType");
        loop {
            if let Some(element) = self.run.next() {
                return Some(element);
            }
            let Some(member) = self.members.as_mut().and_then(Iterator::next) else {
                self.members = Some(self.later.take()?);
                continue;
            };
            if member.is_duplicate()
                || (member.is_underscore() && member.sibling().is_some())
                || (member.name_hash() == RESOURCE_TYPE && member.name() == Some("resourceType"))
            {
                continue;
            }
            self.run = Run::of(member);
        }
    }
}

impl<'d> Node<'d> {
    /// The elements of an object's member: one, or the items of an array side by side with those of
    /// its companion. Items that are null in both are skipped; [`Element::index`] counts them.
    pub fn elements(self) -> Repetitions<'d> {
        Repetitions { run: Run::of(self) }
    }

    /// Whether an object has a member whose name begins with `_`.
    pub fn has_underscore_members(self) -> bool {
        self.data().flags & HAS_UNDERSCORE != 0
    }
}
