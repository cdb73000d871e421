//! Items and collections: what expressions yield.

use std::borrow::Cow;

use smallvec::SmallVec;

use crate::model::{Model, Typed};
use crate::untyped;
use crate::value::{Date, DateTime, Decimal, Quantity, Time};

/// One item of a collection: an element of the data, or a computed value of a System type.
#[derive(Clone)]
pub enum Item<'a> {
    /// An element of the data.
    Element(Typed<'a>),
    /// `true` or `false`
    Boolean(bool),
    /// An integer; results of arithmetic stay within 32 bits.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// Text.
    String(Cow<'a, str>),
    /// A date.
    Date(Date),
    /// A date with or without time.
    DateTime(DateTime),
    /// A time of day.
    Time(Time),
    /// An amount with a unit.
    Quantity(Box<Quantity>),
    /// What `type()` yields.
    Type(Box<TypeInfo>),
}

impl std::fmt::Debug for Item<'_> {
    /// Names the type only: a value may be a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Element(typed) => write!(f, "Item({typed:?})"),
            other => write!(f, "Item({})", other.system_type().unwrap_or("type")),
        }
    }
}

/// Namespace and name of a type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TypeInfo {
    /// `FHIR` or `System`.
    pub namespace: &'static str,
    /// `Patient`, `Boolean`.
    pub name: String,
}

/// An ordered collection; one or two items stay off the heap.
pub type Collection<'a> = SmallVec<[Item<'a>; 2]>;

impl<'a> Item<'a> {
    /// The element, where it is one.
    pub fn as_element(&self) -> Option<Typed<'a>> {
        match self {
            Self::Element(typed) => Some(*typed),
            _ => None,
        }
    }

    /// Bytes or digits that a copy takes beyond the item itself.
    #[inline]
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::String(Cow::Owned(text)) => text.len(),
            Self::Decimal(d) => d.size(),
            Self::Quantity(q) => q.size(),
            Self::Type(info) => info.name.len(),
            _ => 0,
        }
    }

    /// The System type of a computed value.
    pub(crate) fn system_type(&self) -> Option<&'static str> {
        Some(match self {
            Self::Boolean(_) => "Boolean",
            Self::Integer(_) => "Integer",
            Self::Decimal(_) => "Decimal",
            Self::String(_) => "String",
            Self::Date(_) => "Date",
            Self::DateTime(_) => "DateTime",
            Self::Time(_) => "Time",
            Self::Quantity(_) => "Quantity",
            Self::Type(_) | Self::Element(_) => return None,
        })
    }

    /// The name of its type as results show it: FHIR elements keep their FHIR type (`code`, `Patient`),
    /// computed values have the lower-case name of the FHIR type that matches (`boolean`, `Quantity`).
    pub fn type_name(&self, model: Option<&dyn Model>) -> Cow<'a, str> {
        match self {
            Self::Element(typed) => element_type_name(*typed, model),
            Self::Boolean(_) => "boolean".into(),
            Self::Integer(_) => "integer".into(),
            Self::Decimal(_) => "decimal".into(),
            Self::String(_) => "string".into(),
            Self::Date(_) => "date".into(),
            Self::DateTime(_) => "dateTime".into(),
            Self::Time(_) => "time".into(),
            Self::Quantity(_) => "Quantity".into(),
            Self::Type(_) => "SimpleTypeInfo".into(),
        }
    }
}

impl From<bool> for Item<'_> {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl<'a> From<Typed<'a>> for Item<'a> {
    fn from(value: Typed<'a>) -> Self {
        Self::Element(value)
    }
}

impl<'a> From<&'a str> for Item<'a> {
    fn from(value: &'a str) -> Self {
        Self::String(Cow::Borrowed(value))
    }
}

/// The type an element has, by model, else by its JSON form.
pub(crate) fn element_type_name<'a>(typed: Typed<'a>, model: Option<&dyn Model>) -> Cow<'a, str> {
    if let Some(name) = typed.element.resource_type() {
        return name;
    }
    match model {
        Some(model) if typed.ty.is_known() => Cow::Owned(model.type_name(typed.ty).to_owned()),
        _ => Cow::Borrowed(untyped::type_name(typed)),
    }
}
