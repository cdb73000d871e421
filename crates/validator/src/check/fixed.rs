//! Fixed values and patterns.
//! Rule: <https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_>;
//! numbers are compared as text, as the reference validator does.

pub(crate) mod messages;

use std::borrow::Cow;
use std::sync::LazyLock;

use lmr_fhir::{Element, Kind, Name, Node};

use super::context::Context;
use crate::compile::Def;
use crate::messages::Message;
use crate::messages::field::Defined;

static EXTENSION: LazyLock<Name> = LazyLock::new(|| Name::new("extension"));
static CODING: LazyLock<Name> = LazyLock::new(|| Name::new("coding"));

/// Fixed value, then pattern.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let element = def.element();
    if let Some(fixed) = &element.fixed {
        equals(cx, item, fixed.json(), false, def);
    }
    if let Some(pattern) = &element.pattern {
        equals(cx, item, pattern.json(), true, def);
    }
}

/// Reports where an element differs from a fixed value or pattern.
fn equals<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    want: Node<'_>,
    pattern: bool,
    def: Def<'a>,
) {
    let has_value = item.value().is_some();
    if !pattern && has_value && want.kind() != Kind::Object && item.child(&EXTENSION).is_some() {
        let source = format!("{}#{}", def.profile.definition.url, def.element().id);
        let message = Message::ExtFixedBanned { source: source.into() };
        cx.report(message, item.node(), def.profile);
    }
    let source = || Defined::from(format!("{}#{}", def.profile.definition.url, def.element().id));
    // The items of a list have one name and are reported as one.
    let mut before = None;
    match want.kind() {
        Kind::Object => {
            for member in want.members() {
                let key = member.key().unwrap_or_default();
                let name = key.trim_start_matches('_');
                if member.kind() == Kind::Array {
                    let here: Vec<Element<'a>> = item.children_named(&Name::new(name)).collect();
                    list(cx, item, &here, member, name, pattern, def);
                    continue;
                }
                match item.child_by_name(name) {
                    Some(found) => equals(cx, found, member, pattern, def),
                    None => {
                        absent(cx, item, name, source(), def);
                    }
                }
            }
            if !pattern {
                for child in item.children() {
                    let name = child.name().unwrap_or("");
                    if before == Some(name) {
                        continue;
                    }
                    before = Some(name);
                    let wanted = want
                        .members()
                        .any(|m| m.key().is_some_and(|k| k.trim_start_matches('_') == name));
                    if !wanted && name == "extension" {
                        let message = Message::ExtFixedBanned { source: source() };
                        cx.report(message, item.node(), def.profile);
                    } else if !wanted && name == "coding" {
                        let found = item.children_named(&CODING).count();
                        let message =
                            Message::FixedCodings { expected: 0, found, source: source() };
                        cx.report(message, item.node(), def.profile);
                    } else if !wanted && name != "id" {
                        cx.report(
                            Message::FixedNotAllowed {
                                element: name.to_owned().into(),
                                source: source(),
                            },
                            child.node(),
                            def.profile,
                        );
                    }
                }
            }
        }
        _ => {
            let found = item.text();
            if found.is_none() || found != want.text() {
                let expected = want.text().unwrap_or_default().into_owned().into();
                let found = item.value().map(|value| {
                    value.text().map_or_else(|| value.raw().to_owned(), Cow::into_owned)
                });
                let message =
                    Message::FixedWrong { found: found.into(), expected, source: source() };
                cx.report(message, item.node(), def.profile);
            }
        }
    }
}

/// Reports the location where a part of a value is missing.
fn absent<'a>(cx: &mut Context<'a>, item: Element<'a>, name: &str, source: Defined, def: Def<'a>) {
    let issue = cx.report(
        Message::FixedMissing { element: name.to_owned().into(), source },
        item.node(),
        def.profile,
    );
    for expression in [&mut issue.expression, &mut issue.local_expression] {
        expression.push('.');
        expression.push_str(name);
    }
}

fn list<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    here: &[Element<'a>],
    want: Node<'_>,
    name: &str,
    pattern: bool,
    def: Def<'a>,
) {
    let source = Defined::from(format!("{}#{}", def.profile.definition.url, def.element().id));
    let wanted: Vec<Node<'_>> = want.members().collect();
    let few = if pattern { here.len() < wanted.len() } else { here.len() != wanted.len() };
    if name == "extension" && few {
        let message = Message::ExtensionCount { expected: wanted.len(), found: here.len() };
        cx.report(message, item.node(), def.profile);
        return;
    }
    if name == "coding" && few {
        cx.report(
            Message::FixedCodings { expected: wanted.len(), found: here.len(), source },
            item.node(),
            def.profile,
        );
        return;
    }
    if pattern {
        for one in wanted {
            if here.iter().any(|h| matches(*h, one, true)) {
                continue;
            }
            if name == "coding" {
                let member =
                    |n: &str| one.member(n).and_then(Node::text).unwrap_or_default().into_owned();
                let expected = format!("{}#{}", member("system"), member("code")).into();
                cx.report(
                    Message::PatternCoding {
                        element: name.to_owned().into(),
                        source: source.clone(),
                        expected,
                    },
                    item.node(),
                    def.profile,
                );
            } else {
                absent(cx, item, name, source.clone(), def);
            }
        }
        return;
    }
    if few {
        absent(cx, item, name, source, def);
        return;
    }
    for (found, one) in here.iter().zip(wanted) {
        equals(cx, *found, one, false, def);
    }
}

/// Whether an element equals a value (or, as a pattern, has at least it).
pub(crate) fn matches(item: Element<'_>, want: Node<'_>, pattern: bool) -> bool {
    if want.kind() != Kind::Object {
        return item.text().is_some_and(|found| want.text().is_some_and(|want| found == want));
    }
    let has_all = want.members().all(|member| {
        let key = member.key().unwrap_or_default();
        let name = key.trim_start_matches('_');
        let here: smallvec::SmallVec<[Element<'_>; 4]> =
            item.children().filter(|c| c.name() == Some(name)).collect();
        if member.kind() == Kind::Array {
            let wanted: Vec<Node<'_>> = member.members().collect();
            if pattern {
                wanted.iter().all(|w| here.iter().any(|h| matches(*h, *w, true)))
            } else {
                wanted.len() == here.len()
                    && here.iter().zip(&wanted).all(|(h, w)| matches(*h, *w, false))
            }
        } else {
            here.first().is_some_and(|h| matches(*h, member, pattern))
        }
    });
    has_all
        && (pattern
            || item.children().all(|c| {
                let name = c.name().unwrap_or("");
                name == "id"
                    || name == "extension"
                    || want
                        .members()
                        .any(|m| m.key().is_some_and(|k| k.trim_start_matches('_') == name))
            }))
}
