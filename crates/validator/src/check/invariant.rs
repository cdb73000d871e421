//! Invariants of one element, and the profiles that carry them.

pub(crate) mod messages;

use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Kind, Name, Node, Severity, hash_name};
use lmr_fhirpath::{
    Date, DateTime, EvalError, EvalErrorKind, Expression, Model as _, Time, TypeId, TypeKind, Typed,
};

use super::bundle::entries::Links;
use super::contained;
use super::context::Context;
use crate::compile::{Def, Invariant, InvariantKind, NameSet, Profile, SharedExpression};
use crate::messages::Message;
use crate::messages::field::Text;
use crate::options::BestPractice;

const ID: u32 = hash_name(b"id");
const RESOURCE_TYPE: u32 = hash_name(b"resourceType");

static COMPARATOR: LazyLock<Name> = LazyLock::new(|| Name::new("comparator"));

/// A test of the document's resource, run before its turn.
pub(crate) struct Ahead<'a> {
    pub(crate) number: u32,
    pub(crate) expression: &'a Expression,
    pub(crate) id: &'a Arc<str>,
    pub(crate) result: Option<Result<bool, EvalError>>,
}

/// Takes the result of an expression out of those found before.
fn take(ahead: &mut [Ahead<'_>], number: u32) -> Option<Result<bool, EvalError>> {
    ahead.iter_mut().find(|one| one.number == number)?.result.take()
}

/// An element and everything below it.
static BELOW: LazyLock<Option<Expression>> =
    LazyLock::new(|| Expression::parse("$this.combine(descendants())").ok());

/// Runs the invariants of all rules and of the type, each expression once. `names` are those of the
/// members, where they are known.
pub(crate) fn check<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    defs: &[Def<'a>],
    type_def: Option<Def<'a>>,
    ty: TypeId,
    names: Option<NameSet>,
    ahead: &mut [Ahead<'a>],
) {
    // Nearly all elements are to have content, have some, and that is all.
    if defs.iter().chain(&type_def).all(|def| def.rule.only_content) && has_content(item) {
        return;
    }
    let mut done: smallvec::SmallVec<[(u32, Severity); 24]> = smallvec::SmallVec::new();
    let (mut content_done, mut extension_done, mut reference_done) = (false, false, false);
    // Which names there are is looked at once, when the first expression asks.
    let object = item.value().filter(|node| node.kind() == Kind::Object);
    let mut present = names;
    for def in defs.iter().chain(&type_def) {
        for invariant in &def.rule.invariants {
            if let Some(doubt) = &invariant.doubt
                && !is_off(cx, invariant)
            {
                cx.report(
                    Message::ConstraintDoubtful {
                        rule: (&invariant.key).into(),
                        profile: (&def.profile.canonical).into(),
                        reason: doubt.into(),
                    },
                    item.node(),
                    def.profile,
                );
            }
            match &invariant.kind {
                InvariantKind::HasContent => {
                    if !content_done {
                        content_done = true;
                        // An empty object is reported as such.
                        let is_empty = object.is_some_and(|o| o.members().next().is_none());
                        if !is_empty && !has_content(item) {
                            failed(cx, invariant, item, def.profile);
                        }
                    }
                }
                InvariantKind::ExtensionOrValue => {
                    if !std::mem::replace(&mut extension_done, true) && !extension_or_value(item) {
                        failed(cx, invariant, item, def.profile);
                    }
                }
                InvariantKind::LocalReference => {
                    if !std::mem::replace(&mut reference_done, true)
                        && !contained::is_found(cx, item)
                    {
                        failed(cx, invariant, item, def.profile);
                    }
                }
                InvariantKind::ContainedReferenced => {
                    if cx.leads || cx.probes > 0 {
                        contained::check_referenced(cx, item, def.profile);
                    }
                }
                InvariantKind::Expression(shared) => {
                    let mark = (shared.number, invariant.severity);
                    if done.contains(&mark) || is_off(cx, invariant) {
                        continue;
                    }
                    done.push(mark);
                    if let Some(object) = object
                        && shared.holds_without_looking(
                            *present.get_or_insert_with(|| NameSet::of(object)),
                        )
                    {
                        continue;
                    }
                    if shared.asks_for_distinct_addresses && has_distinct_addresses(cx, item) {
                        continue;
                    }
                    let known = known_with_list(cx, shared.number, item).map(Ok);
                    let known = known.or_else(|| take(ahead, shared.number));
                    let result = known.unwrap_or_else(|| {
                        let mark = cx.begin();
                        let result = shared.expression.test(Typed::new(item, ty), &cx.env);
                        cx.end_invariant(mark, &invariant.id);
                        result
                    });
                    match result {
                        Ok(true) => {}
                        Ok(false) => failed(cx, invariant, item, def.profile),
                        // The comparison gives nothing, and so here the whole expression: that is not true.
                        Err(error)
                            if is_of_quantities(&error)
                                && has_comparator(cx, Typed::new(item, ty)) =>
                        {
                            // The limits of a range have no comparator, which is reported as such.
                            if cx.profiles.model.type_name(ty) != "Range" {
                                failed(cx, invariant, item, def.profile);
                            }
                        }
                        Err(_) if is_malformed(cx, Typed::new(item, ty)) => {
                            cx.report(
                                Message::ConstraintMalformed { rule: (&invariant.key).into() },
                                item.node(),
                                def.profile,
                            );
                        }
                        Err(error) => {
                            cx.report(
                                Message::ConstraintCannotEvaluate {
                                    rule: (&invariant.key).into(),
                                    reason: Text::given(error.to_string()),
                                },
                                item.node(),
                                def.profile,
                            );
                        }
                    }
                }
                InvariantKind::Broken(reason) => {
                    if is_off(cx, invariant) {
                        continue;
                    }
                    cx.report(
                        Message::ConstraintSyntax {
                            rule: (&invariant.key).into(),
                            profile: (&def.profile.canonical).into(),
                            reason: reason.into(),
                        },
                        item.node(),
                        def.profile,
                    );
                }
            }
        }
    }
}

/// What testing a list's items found of an invariant of its owner.
fn known_with_list<'a>(cx: &Context<'a>, number: u32, owner: Element<'a>) -> Option<bool> {
    let known = cx.known_invariants.iter().find(|known| known.0 == number)?;
    owner.is_same(cx.resource).then_some(known.1)
}

/// Whether an expression is known to hold of an element without being evaluated.
pub(crate) fn holds_unasked<'a>(
    cx: &Context<'a>,
    shared: &SharedExpression,
    item: Element<'a>,
) -> bool {
    let object = item.value().filter(|node| node.kind() == Kind::Object);
    object.is_some_and(|object| shared.holds_without_looking(NameSet::of(object)))
        || (shared.asks_for_distinct_addresses && has_distinct_addresses(cx, item))
}

/// Whether the document's bundle is known to have no address twice.
fn has_distinct_addresses<'a>(cx: &Context<'a>, item: Element<'a>) -> bool {
    let is_root = item.is_same(cx.shared.document.root_element());
    is_root && cx.shared.links.as_ref().is_some_and(Links::has_distinct_urls)
}

/// Whether the element, or something below it, is a primitive that is not what its type says:
/// then it is not our fault that a rule cannot be evaluated.
fn is_malformed<'a>(cx: &Context<'a>, item: Typed<'a>) -> bool {
    let Some(below) = &*BELOW else { return false };
    let model = &cx.profiles.model;
    let wrong = |typed: &Typed<'a>| {
        let Some(text) = typed.element.text() else { return false };
        match model.kind(typed.ty) {
            TypeKind::Date => Date::parse(&text).is_none(),
            TypeKind::DateTime => DateTime::parse(&text).is_none(),
            TypeKind::Time => Time::parse(&text).is_none(),
            TypeKind::Boolean => !matches!(&*text, "true" | "false"),
            TypeKind::Integer => text.parse::<i64>().is_err(),
            _ => false,
        }
    };
    below
        .evaluate(item, &cx.env)
        .is_ok_and(|items| items.iter().any(|i| i.as_element().is_some_and(|typed| wrong(&typed))))
}

/// Whether an expression could not be evaluated since it asks for the order of a quantity.
fn is_of_quantities(error: &EvalError) -> bool {
    const QUANTITIES: [&str; 7] =
        ["Quantity", "Age", "Count", "Distance", "Duration", "MoneyQuantity", "SimpleQuantity"];
    const NUMBERS: [&str; 5] = ["Integer", "integer", "Decimal", "decimal", "positiveInt"];
    let EvalErrorKind::Types { left, right, .. } = &error.kind else { return false };
    let names = [left, right].map(|name| name.rsplit('.').next().unwrap_or(name));
    names.iter().any(|name| QUANTITIES.contains(name))
        && names.iter().all(|name| QUANTITIES.contains(name) || NUMBERS.contains(name))
}

/// Whether the element, or something below it, is a quantity with a comparator. It is no quantity of FHIRPath,
/// which has but a value and a unit, and has no order with another one
/// (<https://hl7.org/fhir/R4/fhirpath.html>).
fn has_comparator<'a>(cx: &Context<'a>, item: Typed<'a>) -> bool {
    let Some(below) = &*BELOW else { return false };
    let model = &cx.profiles.model;
    let Some(quantity) = model.type_at("Quantity") else { return false };
    let is_one = |typed: &Typed<'a>| {
        model.is_subtype(typed.ty, quantity) && typed.element.child(&COMPARATOR).is_some()
    };
    below
        .evaluate(item, &cx.env)
        .is_ok_and(|items| items.iter().any(|i| i.as_element().is_some_and(|typed| is_one(&typed))))
}

pub(crate) fn is_off<'a>(cx: &Context<'a>, invariant: &Invariant) -> bool {
    is_best_practice(invariant) && cx.options.best_practice == BestPractice::Ignore
}

fn failed<'a>(cx: &mut Context<'a>, invariant: &Invariant, item: Element<'a>, profile: &Profile) {
    let severity = match (is_best_practice(invariant), cx.options.best_practice) {
        (false, _) => invariant.severity,
        (true, BestPractice::Ignore) => return,
        (true, BestPractice::Hint) => Severity::Information,
        (true, BestPractice::Warning) => Severity::Warning,
        (true, BestPractice::Error) => Severity::Error,
    };
    let message = Message::Invariant {
        id: Arc::clone(&invariant.id),
        key: Arc::clone(&invariant.key),
        human: Arc::clone(&invariant.human),
    };
    cx.report_as(message, severity, item.node(), profile);
}

/// dom-6 is a recommendation, whether or not a package marks it.
fn is_best_practice(invariant: &Invariant) -> bool {
    invariant.best_practice || &*invariant.key == "dom-6"
}

/// ele-1: a value, or children other than `id`.
pub(crate) fn has_content(item: Element<'_>) -> bool {
    if item.value().is_some_and(|value| match value.kind() {
        Kind::String => value.span().len() > "\"\"".len(),
        Kind::Object | Kind::Array | Kind::Null => false,
        _ => true,
    }) {
        return true;
    }
    // Members that are empty or null are reported as such.
    let object = |n: Node<'_>| {
        n.kind() == Kind::Object
            && n.members().any(|m| {
                m.name_hash() != ID
                    && (m.name_hash() != RESOURCE_TYPE || m.name() != Some("resourceType"))
            })
    };
    item.value().is_some_and(object) || item.sibling().is_some_and(object)
}

/// ext-1: nested extensions or a value, not both and not neither.
fn extension_or_value(item: Element<'_>) -> bool {
    let Some(node) = item.value() else { return true };
    let (mut extension, mut value) = (false, false);
    for member in node.members() {
        match member.name() {
            Some("extension") => extension = member.members().next().is_some(),
            Some(name) if name.starts_with("value") && name.len() > 5 => {
                value |= member.kind() != Kind::Null;
            }
            _ => {}
        }
    }
    extension != value
}
