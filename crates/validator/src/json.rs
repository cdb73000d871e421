//! Members of JSON nodes as definitions need them.

use std::{borrow::Cow, sync::Arc};

use lmr_fhir::{Kind, Node};

/// The text of a member; of a number or boolean, what is written.
pub(crate) fn text(node: Node<'_>, member: &str) -> Option<Arc<str>> {
    node.member(member).and_then(value_text)
}

/// The text of a value; of a number or boolean, what is written.
pub(crate) fn value_text(node: Node<'_>) -> Option<Arc<str>> {
    node.text().map(|text| match text {
        Cow::Borrowed(text) => Arc::from(text),
        Cow::Owned(text) => Arc::from(text),
    })
}

/// The value of a boolean member.
pub(crate) fn flag(node: Node<'_>, member: &str) -> Option<bool> {
    node.member(member).and_then(Node::as_bool)
}

/// The items of an array member; a single value counts as an array of one.
pub(crate) fn items<'d>(node: Node<'d>, member: &str) -> impl Iterator<Item = Node<'d>> + use<'d> {
    let found = node.member(member);
    let (single, list) = match found {
        Some(node) if node.kind() == Kind::Array => (None, Some(node.members())),
        other => (other, None),
    };
    single.into_iter().chain(list.into_iter().flatten())
}
