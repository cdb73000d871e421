//! What a conversion must know of elements.

use std::collections::HashMap;
use std::sync::Arc;

/// How the value of a primitive is written in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Quoted.
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// What an element holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// No element in XML but an attribute: `id`, and `url` of an extension.
    Attribute,
    /// A value, an id and extensions.
    Primitive(ValueKind),
    /// A narrative: an element of XHTML, in JSON a text.
    Xhtml,
    /// A resource of any type.
    Resource,
    /// Elements: those of the shape with this name.
    Complex(Box<str>),
}

/// A child of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name; one for each type of a choice (`valueString`, `valueQuantity`).
    pub name: Box<str>,
    /// Whether JSON gives it as an array.
    pub repeats: bool,
    /// What it holds.
    pub content: Content,
}

/// The children of an element in the order of its definition.
#[derive(Debug, PartialEq, Eq)]
pub struct Shape {
    members: Vec<Member>,
    by_name: HashMap<Box<str>, usize>,
}

impl Shape {
    /// Takes the children in order; of a name that comes twice the first counts.
    #[must_use]
    pub fn new(members: Vec<Member>) -> Self {
        let mut by_name = HashMap::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            by_name.entry(member.name.clone()).or_insert(at);
        }
        Self { members, by_name }
    }

    /// The child with this name and its place in the order.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<(usize, &Member)> {
        let at = *self.by_name.get(name)?;
        Some((at, self.members.get(at)?))
    }
}

/// Knows the elements of types.
pub trait Shapes {
    /// The shape of a type (`Patient`, `Quantity`) or of a part of one (`Patient.contact`); `None` where
    /// there is no such type.
    fn shape(&self, name: &str) -> Option<Arc<Shape>>;
}
