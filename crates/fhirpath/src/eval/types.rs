//! `is`, `as`, `ofType`, `type()`.

use lmr_fhir::SourceLocation;

use super::elements::known;
use super::{Engine, EvalResult, ScalarResult, Scope};
use crate::error::EvalErrorKind;
use crate::item::{Item, TypeInfo};
use crate::syntax::{Expr, TypeSpec, TypeTest};
use crate::untyped;

/// The types of the System namespace.
pub(crate) const SYSTEM_TYPES: [&str; 11] = [
    "Any", "Boolean", "Integer", "Long", "Decimal", "String", "Date", "DateTime", "Time",
    "Quantity", "Ratio",
];

impl<'a> Engine<'_, 'a> {
    /// Whether an item is of a type. A bare name is looked for in FHIR, then in System.
    ///
    /// `is` takes specialisations for what they derive from. `as` and `ofType` do so for data types
    /// and resources, but not for primitives, where HL7's engine wants the very type: a `code` is
    /// not an `ofType(string)`.
    pub(super) fn is_of_type(
        &self,
        location: SourceLocation,
        item: &Item<'a>,
        test: TypeTest,
        spec: &TypeSpec,
    ) -> EvalResult<bool> {
        let name = spec.name.as_str();
        let namespace = spec.namespace.as_deref();
        let Item::Element(typed) = item else {
            if namespace == Some("FHIR") {
                return Ok(false);
            }
            let own = item.system_type();
            if own == Some(name) || name == "Any" {
                return Ok(true);
            }
            return match self.env.model {
                Some(model)
                    if model.type_named(&spec.name).is_none() && !SYSTEM_TYPES.contains(&name) =>
                {
                    self.fail(location, EvalErrorKind::UnknownType(name.to_owned()))
                }
                _ => Ok(false),
            };
        };
        if namespace == Some("System") {
            return Ok(false);
        }
        let Some(model) = self.env.model else {
            return Ok(untyped::is_type(*typed, name));
        };
        if typed.ty.is_known() && model.type_name(typed.ty) == name {
            return Ok(true);
        }
        if self.env.lenient_as
            && test == TypeTest::As
            && typed.ty.is_known()
            && model.type_name(typed.ty).eq_ignore_ascii_case(name)
        {
            return Ok(true);
        }
        let Some(wanted) = model.type_named(&spec.name) else {
            if namespace.is_none() && SYSTEM_TYPES.contains(&name) {
                return Ok(false);
            }
            return self.fail(location, EvalErrorKind::UnknownType(name.to_owned()));
        };
        let Some(model) = known(Some(model), typed.ty) else {
            return Ok(untyped::is_type(*typed, name));
        };
        if typed.ty == wanted {
            return Ok(true);
        }
        let exact = test != TypeTest::Is && model.kind(wanted).is_primitive();
        Ok(!exact && model.is_subtype(typed.ty, wanted))
    }

    /// `as` of one item: itself where it is of the type. An unknown type is reported before too many
    /// items are.
    pub(super) fn as_type(
        &self,
        location: SourceLocation,
        source: &'a Expr,
        spec: &TypeSpec,
        s: Scope<'_, 'a>,
    ) -> ScalarResult<'a> {
        let mut kept = None;
        let mut count = 0;
        self.stream(source, s, &mut |item| {
            self.step(location)?;
            count += 1;
            if self.is_of_type(location, &item, TypeTest::As, spec)? {
                kept = Some(item);
            }
            Ok(true)
        })?;
        if count > 1 {
            return self.fail(location, EvalErrorKind::NotSingle { what: "as", found: count });
        }
        Ok(kept)
    }

    /// The result of `type()` for an item.
    pub(super) fn type_of(&self, item: &Item<'a>) -> Item<'a> {
        let info = match item {
            Item::Element(typed) => {
                TypeInfo { namespace: "FHIR", name: self.element_type(*typed).into_owned() }
            }
            other => TypeInfo {
                namespace: "System",
                name: other.system_type().unwrap_or("Any").to_owned(),
            },
        };
        Item::Type(Box::new(info))
    }
}
