//! From elements to their children and values.

use std::borrow::Cow;

use lmr_fhir::{Element, Kind as Json, Name};

use super::{Engine, EvalResult, SMALL, Sink};
use crate::item::{Item, element_type_name};
use crate::model::{Child, Model, TypeId, TypeKind, Typed, resource_type};
use crate::names;
use crate::untyped;
use crate::value::{CalendarUnit, Date, DateTime, Decimal, Quantity, Time, Unit};

impl<'a> Engine<'_, 'a> {
    /// Passes on the children of one item that have this name.
    pub(super) fn members(
        &self,
        item: &Item<'a>,
        name: &'a Name,
        type_like: bool,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        match item {
            Item::Element(typed) => {
                if type_like && self.is_named_type(*typed, name) {
                    return sink(item.clone());
                }
                if self.is_value_of_primitive(*typed, name) {
                    return self.value_of(item).map_or(Ok(true), sink);
                }
                self.named_children(*typed, name, sink)
            }
            Item::Type(info) => match name.as_str() {
                "name" => {
                    self.charge(info.name.len());
                    sink(Item::String(Cow::Owned(info.name.clone())))
                }
                "namespace" => sink(Item::from(info.namespace)),
                _ => Ok(true),
            },
            Item::Quantity(quantity) => {
                self.charge(quantity.size());
                match name.as_str() {
                    "value" => sink(Item::Decimal(quantity.value.clone())),
                    "unit" | "code" => sink(Item::String(Cow::Owned(quantity.code().to_owned()))),
                    _ => Ok(true),
                }
            }
            _ => Ok(true),
        }
    }

    /// Whether the name is `value` and the element a primitive: R4 defines the value as a child of
    /// every primitive type (<https://hl7.org/fhir/R4/datatypes.html#primitive>).
    fn is_value_of_primitive(&self, typed: Typed<'a>, name: &Name) -> bool {
        const VALUE: u32 = lmr_fhir::hash_name(b"value");
        name.hash() == VALUE && typed.element.has_value() && self.kind(typed).is_primitive()
    }

    /// Whether the path's first name is the type of what it starts from.
    fn is_named_type(&self, typed: Typed<'a>, name: &Name) -> bool {
        match self.env.model {
            Some(model) if typed.ty.is_known() => {
                model.type_named(name).is_some_and(|base| model.is_subtype(typed.ty, base))
            }
            _ => untyped::is_type(typed, name.as_str()),
        }
    }

    pub(super) fn named_children(
        &self,
        parent: Typed<'a>,
        name: &Name,
        sink: Sink<'_, 'a>,
    ) -> EvalResult<bool> {
        let Some(model) = self.env.model.filter(|_| parent.ty.is_known()) else {
            return untyped_children(parent.element, name, sink);
        };
        match model.child(parent.ty, name) {
            Some(Child::Element { ty, .. }) => {
                let resource = model.kind(ty) == TypeKind::Resource;
                for element in parent.element.children_named(name) {
                    let ty = if resource {
                        resource_type(element, Some(model)).unwrap_or(ty)
                    } else {
                        ty
                    };
                    if !sink(Item::Element(Typed { element, ty }))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Some(Child::Choice { .. }) => {
                for element in parent.element.children() {
                    let Some(own) = element.name() else { continue };
                    if own.len() > name.as_str().len()
                        && own.starts_with(name.as_str())
                        && let Some(Child::Variant { ty }) =
                            model.child_by_hash(parent.ty, element.name_hash(), own)
                        && !sink(Item::Element(Typed { element, ty }))?
                    {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Some(Child::Variant { ty }) if self.env.lenient_as => {
                for element in parent.element.children_named(name) {
                    if !sink(Item::Element(Typed { element, ty }))? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Some(Child::Variant { .. }) | None => Ok(true),
        }
    }

    /// Whether [`Self::named_children`] would find any, found without making items where the model
    /// knows the name for one plain element.
    pub(super) fn has_named_child(&self, parent: Typed<'a>, name: &Name) -> EvalResult<bool> {
        if self.is_value_of_primitive(parent, name) {
            return Ok(true);
        }
        if let Some(model) = self.env.model.filter(|_| parent.ty.is_known()) {
            match model.child(parent.ty, name) {
                Some(Child::Element { .. }) => return Ok(parent.element.child(name).is_some()),
                Some(Child::Variant { .. }) if self.env.lenient_as => {}
                Some(Child::Variant { .. }) | None => return Ok(false),
                Some(Child::Choice { .. }) => {}
            }
        }
        Ok(!self.named_children(parent, name, &mut |_| Ok(false))?)
    }

    /// All children.
    pub(super) fn children(&self, parent: Typed<'a>, sink: Sink<'_, 'a>) -> EvalResult<bool> {
        for element in parent.element.children() {
            let ty = self.type_of_child(parent, element);
            if !sink(Item::Element(Typed { element, ty }))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn type_of_child(&self, parent: Typed<'a>, element: Element<'a>) -> TypeId {
        let Some(model) = self.env.model.filter(|_| parent.ty.is_known()) else {
            return untyped_child_type(element);
        };
        let Some(name) = element.name() else { return TypeId::UNKNOWN };
        match model.child_by_hash(parent.ty, element.name_hash(), name) {
            Some(Child::Element { ty, .. } | Child::Variant { ty }) => {
                if model.kind(ty) == TypeKind::Resource {
                    resource_type(element, Some(model)).unwrap_or(ty)
                } else {
                    ty
                }
            }
            _ => TypeId::UNKNOWN,
        }
    }

    /// The kind of an element's type, by model or guessed.
    pub(super) fn kind(&self, typed: Typed<'a>) -> TypeKind {
        match self.env.model {
            Some(model) if typed.ty.is_known() => model.kind(typed.ty),
            _ => untyped_kind(typed),
        }
    }

    /// The value of an item in operators and functions: primitives give their System value,
    /// quantities theirs, other elements themselves; a primitive without a value gives nothing. Text
    /// that is not of the form its type demands stays text. What is made counts by its size.
    pub(super) fn value_of(&self, item: &Item<'a>) -> Option<Item<'a>> {
        let Item::Element(typed) = item else { return Some(self.copy(item)) };
        let kind = self.kind(*typed);
        if !kind.is_primitive() {
            if kind == TypeKind::Quantity
                && let Some(quantity) = self.quantity(*typed)
            {
                self.charge(quantity.size());
                return Some(Item::Quantity(Box::new(quantity)));
            }
            return Some(item.clone());
        }
        let text = typed.element.text()?;
        if text.len() > SMALL
            && (matches!(text, Cow::Owned(_))
                || matches!(kind, TypeKind::Integer | TypeKind::Decimal))
        {
            self.charge(text.len());
        }
        let value = match kind {
            TypeKind::Boolean => match &*text {
                "true" => Some(Item::Boolean(true)),
                "false" => Some(Item::Boolean(false)),
                _ => None,
            },
            TypeKind::Integer => match text.parse() {
                Ok(n) => Some(Item::Integer(n)),
                Err(_) => Decimal::parse(&text).map(Item::Decimal),
            },
            TypeKind::Decimal => Decimal::parse(&text).map(Item::Decimal),
            TypeKind::Date => Date::parse(&text).map(Item::Date),
            TypeKind::DateTime => DateTime::parse(&text).map(Item::DateTime),
            TypeKind::Time => Time::parse(&text).map(Item::Time),
            _ => None,
        };
        Some(value.unwrap_or(Item::String(text)))
    }

    /// A FHIR Quantity as a System one; `None` with a comparator or without a number.
    fn quantity(&self, typed: Typed<'a>) -> Option<Quantity> {
        let element = typed.element;
        if element.child(&names::COMPARATOR).is_some() {
            return None;
        }
        let value = Decimal::parse(&element.child(&names::VALUE)?.text()?)?;
        let text = |name: &Name| element.child(name).and_then(Element::text);
        let is_ucum = text(&names::SYSTEM).is_some_and(|s| s == "http://unitsofmeasure.org");
        let unit = match (text(&names::CODE).filter(|_| is_ucum), text(&names::UNIT)) {
            (Some(code), _) => match CalendarUnit::of_code(&code) {
                Some(unit) => Unit::Calendar(unit),
                None => Unit::Ucum(code.into()),
            },
            (None, Some(unit)) => Unit::Ucum(unit.into()),
            (None, None) => Unit::Ucum("1".into()),
        };
        Some(Quantity { value, unit })
    }

    /// The resource that holds the focus: the nearest, or the outermost that is not a bundle's entry.
    pub(super) fn enclosing_resource(&self, root: bool) -> Option<Typed<'a>> {
        let mut at = self.focus.first()?.as_element()?.element;
        loop {
            if at.resource_type().is_some() {
                let contained = at.name() == Some("contained");
                if !(root && contained) {
                    return Some(self.resource(at));
                }
            }
            at = at.parent()?;
        }
    }

    /// A resource with the type that it names.
    pub(super) fn resource(&self, element: Element<'a>) -> Typed<'a> {
        Typed::resource(element, self.env.model)
    }

    /// Its type's name.
    pub(super) fn element_type(&self, typed: Typed<'a>) -> Cow<'a, str> {
        element_type_name(typed, self.env.model)
    }
}

fn untyped_child_type(element: Element<'_>) -> TypeId {
    let Some(name) = element.name() else { return TypeId::UNKNOWN };
    let known = match name {
        "extension" | "modifierExtension" => "Extension",
        "coding" => "Coding",
        _ => match name.find(|c: char| c.is_ascii_uppercase()) {
            Some(n) => return untyped::suffix_type(&name[n..]).unwrap_or(TypeId::UNKNOWN),
            None => return TypeId::UNKNOWN,
        },
    };
    untyped::type_named(known).unwrap_or(TypeId::UNKNOWN)
}

/// The members of this name, else the one of a choice of this name.
fn untyped_children<'a>(parent: Element<'a>, name: &Name, sink: Sink<'_, 'a>) -> EvalResult<bool> {
    let mut any = false;
    for element in parent.children_named(name) {
        any = true;
        let ty = match name.as_str() {
            "extension" | "coding" => untyped_child_type(element),
            _ => TypeId::UNKNOWN,
        };
        if !sink(Item::Element(Typed { element, ty }))? {
            return Ok(false);
        }
    }
    if any {
        return Ok(true);
    }
    for element in parent.children() {
        let Some(suffix) = element.name().and_then(|n| n.strip_prefix(name.as_str())) else {
            continue;
        };
        if let Some(ty) = untyped::suffix_type(suffix)
            && !sink(Item::Element(Typed { element, ty }))?
        {
            return Ok(false);
        }
    }
    Ok(true)
}

fn untyped_kind(typed: Typed<'_>) -> TypeKind {
    if untyped::is_quantity(typed) {
        return TypeKind::Quantity;
    }
    match untyped::type_name(typed) {
        "boolean" => TypeKind::Boolean,
        "integer" | "positiveInt" | "unsignedInt" | "integer64" => TypeKind::Integer,
        "decimal" => TypeKind::Decimal,
        "date" => TypeKind::Date,
        "dateTime" | "instant" => TypeKind::DateTime,
        "time" => TypeKind::Time,
        _ => match typed.element.value().map(lmr_fhir::Node::kind) {
            // Only a primitive can be given by its companion alone.
            None | Some(Json::String | Json::Bare | Json::Number | Json::Boolean) => {
                TypeKind::String
            }
            _ if typed.element.resource_type().is_some() => TypeKind::Resource,
            _ => TypeKind::Complex,
        },
    }
}

/// Whether a model knows the type.
pub(super) fn known(model: Option<&dyn Model>, ty: TypeId) -> Option<&dyn Model> {
    model.filter(|_| ty.is_known())
}
