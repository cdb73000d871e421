//! Invariants: parsed once per expression, with the cheap ones recognised.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use lmr_fhir::{Name, Node};
use lmr_fhirpath::Expression;

use crate::definitions::{self, Constraint, StructureDefinition, corrections};
use crate::issue::Severity;

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
    Expression(Arc<Shared>),
    /// Not valid FHIRPath: reported where it should have run.
    Broken(Arc<str>),
}

/// An expression shared by every profile that carries it.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) expression: Expression,
    /// Number of the expression, to tell equal ones apart quickly.
    pub(crate) number: u32,
    /// Sets of child names; without all of one set the expression is true.
    pub(crate) true_without: Box<[Box<[Name]>]>,
}

impl Shared {
    /// Whether the expression is known to hold of an object with these members.
    pub(crate) fn holds_without_looking(&self, object: Node<'_>) -> bool {
        self.true_without
            .iter()
            .any(|set| !object.members().any(|m| set.iter().any(|name| is_or_is_choice(m, name))))
    }
}

/// Whether a member is `name`, or a choice of it (`valueQuantity` of `value`).
fn is_or_is_choice(member: Node<'_>, name: &Name) -> bool {
    member.name_hash() == name.hash()
        || member.name().is_some_and(|text| {
            text.strip_prefix(name.as_str())
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        })
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
                    let true_without = expression.true_without().into_iter().map(Into::into).collect();
                    InvariantKind::Expression(Arc::new(Shared { expression, number, true_without }))
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
        definition: &StructureDefinition,
        expressions: &Expressions,
    ) -> Option<Self> {
        let expression = constraint.expression.as_ref()?;
        let kind = if &*constraint.key == "dom-3" {
            InvariantKind::ContainedReferenced
        } else {
            expressions.get(expression)
        };
        let source = constraint.source.as_ref().unwrap_or(&definition.url);
        Some(Self {
            key: Arc::clone(&constraint.key),
            id: format!("{source}#{}", constraint.key).into(),
            human: Arc::clone(&constraint.human),
            severity: match constraint.severity {
                definitions::Severity::Error => Severity::Error,
                definitions::Severity::Warning => Severity::Warning,
            },
            best_practice: constraint.is_best_practice,
            kind,
        })
    }
}
