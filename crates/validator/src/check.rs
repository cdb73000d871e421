//! The checks, one subject a file, and the order in which they run.
//!
//! A check is a function `check(cx, item, def)`: it reads the definition of an element, looks at the
//! instance and reports to the [`Context`]. The walk calls the functions of this page for every
//! element it comes to; going down, and what is validated against what, is not the checks' matter.
//!
//! | of | run, in this order | called in |
//! |---|---|---|
//! | a primitive | [`primitive()`], its id and extensions, invariants, [`value`] | `walk/element.rs` |
//! | a complex element | its members, invariants, [`value`], profiles of the type, references, [`complex`] | `walk/element.rs` |
//! | a list | for each item its slice, then the item; then how many are in each slice | `walk/members.rs` |
//! | a resource | its members, invariants, [`value`]; once for all profiles [`resource`] | `walk.rs` |

pub(crate) mod attachment;
pub(crate) mod binding;
pub(crate) mod bundle;
pub(crate) mod coding;
pub(crate) mod contained;
pub(crate) mod context;
pub(crate) mod definition;
pub(crate) mod extension;
pub(crate) mod fixed;
pub(crate) mod grammar;
pub(crate) mod identifier;
pub(crate) mod invariant;
pub(crate) mod json;
pub(crate) mod length;
pub(crate) mod meta;
pub(crate) mod narrative;
pub(crate) mod observation;
pub(crate) mod outcome;
pub(crate) mod pattern;
pub(crate) mod presence;
pub(crate) mod primitive;
pub(crate) mod range;
pub(crate) mod reference;
pub(crate) mod resource_id;
pub(crate) mod shared;
pub(crate) mod slicing;
pub(crate) mod string;
pub(crate) mod structure;
pub(crate) mod xhtml;

use lmr_fhir::{Element, Kind};

use crate::compile::{Def, Defs, Profile, Special, TypeRule};
use crate::statistics::Measured;
use context::Context;
use outcome::Role;
use primitive::Primitive;

/// The value of a primitive element, before its id and extensions. Whether there is a value to go
/// on with.
pub(crate) fn primitive<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    defs: &Defs<'a>,
    ty: &'a TypeRule,
) -> bool {
    let def = defs[0];
    let Some(kind) = Primitive::of_element(def, ty) else { return false };
    let mut is_blank = true;
    if let Some(node) = item.value().filter(|node| node.kind() != Kind::Null) {
        let is_narrative = kind == Primitive::Xhtml;
        let measured = if is_narrative { Measured::Narrative } else { Measured::Primitive };
        let mark = cx.begin();
        if !json::check_simple(cx, node, def) {
            cx.end(mark, measured);
            return false;
        }
        if primitive::plain::is_right_value(kind, node, cx.limits) {
            // What kind of definition it leads to is not seen at a glance.
            if kind == Primitive::Canonical {
                string::check(cx, item, kind, &node.text().unwrap_or_default(), def);
            }
            json::check_value_or_extension(cx, item, def);
            cx.end(mark, measured);
            return true;
        }
        json::check_kind(cx, node, kind, def);
        // What is no text at all is no narrative either: one cause, one finding.
        if is_narrative && node.kind() != Kind::String {
            cx.end(mark, measured);
            return false;
        }
        let text = node.text().unwrap_or_default();
        // What has no text may still have extensions.
        is_blank = primitive::has_no_content(&text);
        if primitive::check(cx, item, node, kind, &text, def) {
            string::check(cx, item, kind, &text, def);
        }
        if !is_blank {
            string::check_characters(cx, item, &text, def);
        }
        cx.end(mark, measured);
    }
    if is_blank {
        binding::check_only_extended(cx, item, defs);
        presence::check(cx, item, defs);
    }
    json::check_value_or_extension(cx, item, def);
    true
}

/// The value of any element, by the rules of one definition.
pub(crate) fn value<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    ty: Option<&'a TypeRule>,
) {
    if !def.rule.has_value_rules {
        return;
    }
    if def.rule.has_fixed {
        let mark = cx.begin();
        fixed::check(cx, item, def);
        cx.end(mark, Measured::Fixed);
    }
    if def.rule.has_limits || ty.is_some_and(|ty| ty.of.regex.is_some()) {
        let mark = cx.begin();
        length::check(cx, item, def);
        pattern::check(cx, item, def, ty);
        range::check(cx, item, def);
        cx.end(mark, Measured::Limits);
    }
    if let Some(ty) = ty.filter(|_| def.rule.has_binding) {
        let mark = cx.begin();
        binding::check(cx, item, def, ty);
        cx.end(mark, Measured::Binding);
    }
}

/// A complex element, after its members and its values: what its type demands beyond its
/// definition. `extension` is an extension's own definition.
pub(crate) fn complex<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    special: Special,
    defs: &Defs<'a>,
    (parent, parent_def): (Element<'a>, Def<'a>),
    extension: Option<Def<'a>>,
) {
    let measured = match special {
        Special::Extension => Measured::Extension,
        Special::Coding | Special::Quantity | Special::Identifier => Measured::Coding,
        Special::Narrative => Measured::Narrative,
        Special::Attachment => Measured::Primitive,
        Special::None | Special::Reference => return,
    };
    let mark = cx.begin();
    match special {
        Special::Extension => extension::check(cx, item, extension, defs, parent, parent_def),
        Special::Coding => coding::check(cx, item, defs[0]),
        Special::Attachment => attachment::check(cx, item, defs[0]),
        Special::Identifier => identifier::check(cx, item, defs[0]),
        Special::Quantity => coding::check_unit(cx, item, defs[0]),
        Special::Narrative => narrative::check_controls(cx, item, defs),
        // A reference is checked by the rules of each definition: `reference::check`.
        Special::None | Special::Reference => {}
    }
    cx.end(mark, measured);
}

/// A resource as a whole, once however many profiles it is validated against.
pub(crate) fn resource<'a>(cx: &mut Context<'a>, role: Role) {
    let type_name = cx.resource.resource_type().unwrap_or_default();
    let base = cx.profiles.type_profile(&type_name).and_then(|id| cx.profiles.get(id));
    let Some(base) = base else { return };
    let mark = cx.begin();
    resource_id::check_duplicates(cx, base);
    resource_id::check_required(cx, role, base);
    meta::check_labels(cx, base);
    match &*type_name {
        "Bundle" => {
            let mark = cx.begin();
            bundle(cx, base);
            cx.end(mark, Measured::Bundle);
        }
        "Observation" => {
            observation::check_vital_sign(cx, role, base);
            observation::check_best_practice(cx, base);
        }
        other => definition::check(cx, other, base),
    }
    narrative::check_language(cx, base);
    cx.end(mark, Measured::Resource);
}

/// A bundle: the document, or one within it.
fn bundle<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let Some(entries) = bundle::entries_of(cx) else { return };
    let entries = &*entries;
    bundle::full_url::check(cx, entries, base);
    bundle::link::check(cx, entries, base);
    match &*entries.kind {
        "document" => bundle::led_by::check(cx, entries, "Composition", base),
        "message" => bundle::led_by::check(cx, entries, "MessageHeader", base),
        "searchset" => bundle::search::check(cx, entries, base),
        _ => {}
    }
}
