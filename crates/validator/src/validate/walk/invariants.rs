//! Invariants of one element.

use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Kind, Node, Severity};
use lmr_fhirpath::{Date, DateTime, Expression, Model as _, Time, TypeId, TypeKind, Typed};

use super::{Def, ID, Walker, long};
use crate::check::links::Links;
use crate::compile::{Invariant, InvariantKind, NameSet, Profile, Shared};
use crate::messages::Message;
use crate::messages::field::Text;
use crate::options::BestPractice;

/// An element and everything below it.
static BELOW: LazyLock<Option<Expression>> =
    LazyLock::new(|| Expression::parse("$this.combine(descendants())").ok());

impl<'a> Walker<'a> {
    /// Runs the invariants of all rules and of the type, each expression once.
    pub(crate) fn invariants(
        &mut self,
        item: Element<'a>,
        defs: &[Def<'a>],
        type_def: Option<Def<'a>>,
        ty: TypeId,
    ) {
        // Nearly all elements are to have content, have some, and that is all.
        if defs.iter().chain(&type_def).all(|def| def.rule.only_content) && has_content(item) {
            return;
        }
        let mut done: smallvec::SmallVec<[(u32, Severity); 24]> = smallvec::SmallVec::new();
        let (mut content_done, mut extension_done, mut reference_done) = (false, false, false);
        // Which names there are is looked at once, when the first expression asks.
        let object = item.value().filter(|node| node.kind() == Kind::Object);
        let mut present = None;
        let mut ahead = self.verdicts_ahead(item, defs, type_def, ty);
        for def in defs.iter().chain(&type_def) {
            for invariant in &def.rule.invariants {
                if let Some(doubt) = &invariant.doubt
                    && !self.is_off(invariant)
                {
                    self.issue(
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
                            if !has_content(item) {
                                self.failed(invariant, item, def.profile);
                            }
                        }
                    }
                    InvariantKind::ExtensionOrValue => {
                        if !std::mem::replace(&mut extension_done, true)
                            && !extension_or_value(item)
                        {
                            self.failed(invariant, item, def.profile);
                        }
                    }
                    InvariantKind::LocalReference => {
                        if !std::mem::replace(&mut reference_done, true)
                            && !self.leads_to_contained(item)
                        {
                            self.failed(invariant, item, def.profile);
                        }
                    }
                    InvariantKind::ContainedReferenced => {
                        if self.leads || self.probes > 0 {
                            self.contained_referenced(item, def.profile);
                        }
                    }
                    InvariantKind::Expression(shared) => {
                        let mark = (shared.number, invariant.severity);
                        if done.contains(&mark) || self.is_off(invariant) {
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
                        if shared.asks_for_distinct_addresses && self.has_distinct_addresses(item) {
                            continue;
                        }
                        let test = || shared.expression.test(Typed::new(item, ty), &self.env);
                        let known = self.settled_with_list(shared.number, item).map(Ok);
                        let known = known.or_else(|| long::take(&mut ahead, shared.number));
                        match known.unwrap_or_else(test) {
                            Ok(true) => {}
                            Ok(false) => self.failed(invariant, item, def.profile),
                            Err(_) if self.is_malformed(Typed::new(item, ty)) => {
                                self.issue(
                                    Message::ConstraintMalformed { rule: (&invariant.key).into() },
                                    item.node(),
                                    def.profile,
                                );
                            }
                            Err(error) => {
                                self.issue(
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
                        if self.is_off(invariant) {
                            continue;
                        }
                        self.issue(
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

    /// Whether an expression is known to hold of an element without being evaluated.
    pub(super) fn holds_unasked(&self, shared: &Shared, item: Element<'a>) -> bool {
        let object = item.value().filter(|node| node.kind() == Kind::Object);
        object.is_some_and(|object| shared.holds_without_looking(NameSet::of(object)))
            || (shared.asks_for_distinct_addresses && self.has_distinct_addresses(item))
    }

    /// Whether the document's bundle is known to have no address twice.
    fn has_distinct_addresses(&self, item: Element<'a>) -> bool {
        let is_root = item.is_same(self.shared.document.root_element());
        is_root && self.shared.links.as_ref().is_some_and(Links::has_distinct_urls)
    }

    /// Whether the element, or something below it, is a primitive that is not what its type says:
    /// then it is not our fault that a rule cannot be evaluated.
    fn is_malformed(&self, item: Typed<'a>) -> bool {
        let Some(below) = &*BELOW else { return false };
        let model = &self.validator.model;
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
        below.evaluate(item, &self.env).is_ok_and(|items| {
            items.iter().any(|i| i.as_element().is_some_and(|typed| wrong(&typed)))
        })
    }

    pub(super) fn is_off(&self, invariant: &Invariant) -> bool {
        is_best_practice(invariant) && self.options.best_practice == BestPractice::Ignore
    }

    fn failed(&mut self, invariant: &Invariant, item: Element<'a>, profile: &Profile) {
        let severity = match (is_best_practice(invariant), self.options.best_practice) {
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
        let issue = self.shared.make(message, severity, item.node(), Some(profile));
        self.keep(issue);
    }
}

/// dom-6 is a recommendation, whether or not a package marks it.
fn is_best_practice(invariant: &Invariant) -> bool {
    invariant.best_practice || &*invariant.key == "dom-6"
}

/// ele-1: a value, or children besides `id`.
pub(crate) fn has_content(item: Element<'_>) -> bool {
    if item.has_value() {
        return true;
    }
    let object = |n: Node<'_>| {
        n.kind() == Kind::Object
            && n.members().any(|m| {
                m.name_hash() != ID
                    && m.name() != Some("resourceType")
                    && m.kind() != Kind::Null
                    && !(m.kind() == Kind::Array && m.members().next().is_none())
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
