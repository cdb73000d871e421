//! Invariants: parsed once per expression, with the cheap ones recognised.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lmr_fhir::{Name, Node, Severity};
use lmr_fhirpath::Expression;

use super::Context;
use crate::definitions::{Constraint, ElementDefinition, StructureDefinition, corrections};

/// bdl-7 of R4.
const DISTINCT_ADDRESSES: &str = "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()";

/// Where the R4 core's constraints come from: they are published as they are.
const CORE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// One constraint of one element.
#[derive(Debug)]
pub(crate) struct Invariant {
    pub(crate) key: Arc<str>,
    /// `source#key`.
    pub(crate) id: Arc<str>,
    pub(crate) human: Arc<str>,
    pub(crate) severity: Severity,
    pub(crate) best_practice: bool,
    pub(crate) kind: InvariantKind,
    /// What its expression speaks of that is not defined: evaluated all the same, as the reference
    /// does, with a warning.
    pub(crate) doubt: Option<Arc<str>>,
}

/// How it is decided.
#[derive(Clone, Debug)]
pub(crate) enum InvariantKind {
    /// `hasValue() or (children().count() > id.count())`: decided by the shape.
    HasContent,
    /// `extension.exists() != value.exists()`.
    ExtensionOrValue,
    /// ref-1: coded, since looking through all contained resources for every reference takes
    /// time that grows with the square of their number.
    LocalReference,
    /// dom-3: coded, as in the reference validator.
    ContainedReferenced,
    /// Evaluated.
    Expression(Arc<SharedExpression>),
    /// Not valid FHIRPath: reported where it should have run.
    Broken(Arc<str>),
}

/// An expression shared by every profile that carries it.
#[derive(Debug)]
pub(crate) struct SharedExpression {
    pub(crate) expression: Expression,
    /// Number of the expression, to recognise equal ones quickly.
    pub(crate) number: u32,
    /// bdl-7: that entries differ in address and version, which the bundle's index nearly always
    /// knows already.
    pub(crate) asks_for_distinct_addresses: bool,
    /// Sets of child names; without all of one set the expression is true.
    true_without: Box<[NameSet]>,
}

impl SharedExpression {
    /// Whether the expression is known to hold of an object with members of these names.
    #[inline]
    pub(crate) fn holds_without_looking(&self, present: NameSet) -> bool {
        self.true_without.iter().any(|set| set.0 & present.0 == 0)
    }
}

/// Names, each filed under one bit of 64 by its first two bytes and its length up to the first
/// capital: a choice (`valueQuantity`) and its stem (`value`) share a bit. Two sets without a common
/// bit have no name in common; with one, they may have.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NameSet(u64);

impl NameSet {
    /// Any name may be there.
    pub(crate) const ANY: Self = Self(u64::MAX);

    /// One name, that of a choice without its type.
    pub(crate) fn of_name(name: &str) -> Self {
        Self(Self::bit(name))
    }

    /// The names of both.
    #[inline]
    pub(crate) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The names of an object's members.
    pub(crate) fn of(object: Node<'_>) -> Self {
        Self(
            object
                .members()
                .fold(0, |set, member| set | Self::bit(member.name().unwrap_or_default())),
        )
    }

    fn of_names(names: &[Name]) -> Self {
        Self(names.iter().fold(0, |set, name| set | Self::bit(name.as_str())))
    }

    fn bit(name: &str) -> u64 {
        let bytes = name.as_bytes();
        let ends = |byte: &u8| byte.is_ascii_uppercase() || *byte == b'\\';
        let stem = bytes.iter().position(ends).unwrap_or(bytes.len());
        // A name written with escapes may be any.
        if bytes.get(stem) == Some(&b'\\') || bytes.first() == Some(&b'_') {
            return u64::MAX;
        }
        let at = |i: usize| bytes.get(i).filter(|_| i < stem).map_or(0, |byte| u64::from(*byte));
        1 << ((at(0) * 7 + at(1) * 3 + at(2) + stem as u64) % 64)
    }
}

/// All expressions of a validator.
#[derive(Debug, Default)]
pub(crate) struct Expressions {
    known: Mutex<HashMap<Arc<str>, InvariantKind>>,
}

impl Expressions {
    fn get(&self, text: &Arc<str>) -> InvariantKind {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kind) = known.get(text) {
            return kind.clone();
        }
        let number = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let kind = match text.trim() {
            "hasValue() or (children().count() > id.count())"
            | "hasValue() or (children().count() > id.count()) or $this is Parameters" => {
                InvariantKind::HasContent
            }
            corrections::LOCAL_REFERENCE => InvariantKind::LocalReference,
            "extension.exists() != value.exists()" => InvariantKind::ExtensionOrValue,
            trimmed => match Expression::parse(trimmed) {
                Ok(expression) => {
                    let true_without = expression
                        .true_without()
                        .iter()
                        .map(|names| NameSet::of_names(names))
                        .collect();
                    InvariantKind::Expression(Arc::new(SharedExpression {
                        expression,
                        number,
                        asks_for_distinct_addresses: trimmed == DISTINCT_ADDRESSES,
                        true_without,
                    }))
                }
                Err(error) => InvariantKind::Broken(error.to_string().into()),
            },
        };
        known.insert(Arc::clone(text), kind.clone());
        kind
    }
}

impl Invariant {
    /// `None` for a constraint that has no expression: nothing to decide.
    pub(super) fn new(
        constraint: &Constraint,
        element: &ElementDefinition,
        definition: &StructureDefinition,
        context: &Context<'_>,
    ) -> Option<Self> {
        let expression = constraint.expression.as_ref()?;
        let kind = if &*constraint.key == "dom-3" {
            InvariantKind::ContainedReferenced
        } else {
            context.expressions.get(expression)
        };
        let source = constraint.source.as_ref().unwrap_or(&definition.url);
        let doubt = match &kind {
            InvariantKind::Expression(shared) if !source.starts_with(CORE) => {
                (context.doubt)(&shared.expression, element)
            }
            _ => None,
        };
        Some(Self {
            key: Arc::clone(&constraint.key),
            id: format!("{source}#{}", constraint.key).into(),
            human: Arc::clone(&constraint.human),
            severity: constraint.severity,
            best_practice: constraint.is_best_practice,
            kind,
            doubt,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use lmr_fhir::{Document, ParseOptions};

    fn may_have(text: &str, names: &[&str]) -> bool {
        let document = Document::parse(text, &ParseOptions::default()).expect("JSON");
        let names: Vec<Name> = names.iter().map(|name| Name::new(name)).collect();
        NameSet::of(document.root()).0 & NameSet::of_names(&names).0 != 0
    }

    #[test]
    fn a_name_that_is_there_is_never_missed() {
        for (text, name) in [
            (r#"{"value":1}"#, "value"),
            (r#"{"valueQuantity":{}}"#, "value"),
            (r#"{"multipleBirthBoolean":true}"#, "multipleBirth"),
            (r#"{"_birthDate":{}}"#, "birthDate"),
            (r#"{"v\u0061lue":1}"#, "value"),
            (r#"{"_v\u0061lueX":1}"#, "value"),
            (r#"{"valueQ\u0075antity":{}}"#, "value"),
        ] {
            assert!(may_have(text, &[name]), "{text}");
            assert!(may_have(text, &["zz", name]), "{text}");
        }
        assert!(!may_have("{}", &["value"]));
        assert!(!may_have(r#"{"id":"1"}"#, &["value", "start"]));
    }
}
