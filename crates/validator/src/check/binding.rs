//! Codes: bindings, code systems and displays, as far as content is at hand.
//! Rule: <https://hl7.org/fhir/R4/terminologies.html#strength>. What has no
//! content is reported as not checked.

pub(crate) mod messages;
mod reported;

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Name, Node, Severity, nearest};

use super::coding::{self, same_display, single, system_and_code};
use super::context::Context;
use super::grammar::{self, LANGUAGES, MEDIA_TYPES, UCUM};
use super::string::SYSTEM_TYPE;
use crate::canonical::split_canonical;
use crate::compile::{Def, Defs, TypeRule};
use crate::definitions::{Binding, BindingStrength};
use crate::messages::Message;
use crate::messages::field::{Defined, Hint, Value};
use crate::terminology::{Membership, MissingContent, ValueSet};
use reported::Reported;

/// What a binding has to say about one element.
#[derive(Clone, Copy)]
enum Kind {
    Code,
    Coding,
    Concept,
}

/// The value set of the types of FHIR.
const DEFINED_TYPES: &str = "http://hl7.org/fhir/ValueSet/defined-types";

/// What an element is bound to.
#[derive(Clone, Copy)]
struct Bound<'b> {
    strength: BindingStrength,
    canonical: &'b Arc<str>,
    set: &'b ValueSet,
    /// Whether nothing is reported of codes outside the value set.
    is_silent: bool,
}

/// Checks the binding of an element's rule.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
    let Some(binding) = &def.element().binding else { return };
    let kind = match ty.name() {
        "code" | "string" | "uri" | "url" | "canonical" => Kind::Code,
        "Coding" | "Quantity" | "Age" | "Duration" | "Distance" | "Count" | "SimpleQuantity"
        | "Money" => Kind::Coding,
        "CodeableConcept" => Kind::Concept,
        _ => return,
    };
    let is_profile = def.profile.definition.is_profile();
    let profiles = cx.profiles;
    let set_of = |canonical: &Arc<str>| {
        let terminology = profiles.definitions().terminology();
        &**def.rule.value_set.get_or_init(|| terminology.value_set(canonical))
    };
    // A value set that nobody knows asks for nothing.
    if binding.strength == BindingStrength::Required
        && is_profile
        && binding.value_set.as_ref().is_some_and(|canonical| !set_of(canonical).is_unknown())
        && of_type(cx, def).is_none_or(|own| own.strength != BindingStrength::Required)
    {
        cx.out.required.push(item.node().span());
    }
    let before = cx.out.issues.len();
    if let Some(canonical) = &binding.value_set
        && binding.strength != BindingStrength::Example
        && (binding.strength != BindingStrength::Preferred || is_profile)
    {
        let set = set_of(canonical);
        let is_silent = binding.strength == BindingStrength::Preferred && !is_own_binding(cx, def);
        let bound_to = Bound { strength: binding.strength, canonical, set, is_silent };
        bound(cx, item, def, kind, bound_to);
        if is_profile && set.is_unknown() {
            by_type(cx, item, def, kind, canonical);
        }
    } else if let Some(canonical) = &binding.value_set
        && binding.strength == BindingStrength::Example
        && is_profile
        && is_coded(item, kind)
        && !canonical.contains('?')
        && !cx.profiles.definitions().terminology().has_value_set(canonical)
    {
        // An example cannot be broken, but a profile that names it should come with it.
        let message = Message::ValueSetNotFound { value_set: canonical.to_string().into() };
        cx.report(message, item.node(), def.profile);
    }
    if binding.value_set.is_none()
        && binding.max_value_set.is_none()
        && binding.strength != BindingStrength::Example
    {
        cx.report(
            Message::BindingNoSource { element: def.element().id.to_string().into() },
            item.node(),
            def.profile,
        );
    }
    if let Some(canonical) = &binding.max_value_set {
        beyond(cx, item, def, kind, binding.strength, canonical, before);
    }
    for more in &binding.additional {
        let strength = match &*more.purpose {
            // What is not in a maximum set is not permitted.
            "required" | "maximum" => BindingStrength::Required,
            "extensible" => BindingStrength::Extensible,
            "preferred" => BindingStrength::Preferred,
            _ => continue,
        };
        let set = cx.profiles.definitions().terminology().value_set(&more.value_set);
        let bound_to = Bound { strength, canonical: &more.value_set, set: &set, is_silent: false };
        bound(cx, item, def, kind, bound_to);
    }
}

/// The type's own binding, where the profile names a value set that is not at hand: what the profile asks cannot
/// be shown, what the type asks can.
fn by_type<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    kind: Kind,
    instead_of: &Arc<str>,
) {
    let Some(own) = of_type(cx, def) else { return };
    let binds = matches!(own.strength, BindingStrength::Required | BindingStrength::Extensible);
    let Some(canonical) = own.value_set.as_ref().filter(|url| binds && *url != instead_of) else {
        return;
    };
    let set = cx.profiles.definitions().terminology().value_set(canonical);
    let bound_to = Bound { strength: own.strength, canonical, set: &set, is_silent: false };
    bound(cx, item, def, kind, bound_to);
}

/// Whether an element has something to look up.
fn is_coded(item: Element<'_>, kind: Kind) -> bool {
    match kind {
        Kind::Code => item.text().is_some_and(|code| !code.is_empty()),
        Kind::Coding => matches!(system_and_code(item), (Some(_), Some(_))),
        Kind::Concept => true,
    }
}

/// The maximum value set: which codes may come in place of those of an extensible binding's own set,
/// or of one that is preferred. A required set leaves no room for others. `before` is the number of
/// issues before the binding's own set was asked.
/// Rule: <https://hl7.org/fhir/R4/extension-elementdefinition-maxvalueset.html>.
fn beyond<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    kind: Kind,
    strength: BindingStrength,
    canonical: &Arc<str>,
    before: usize,
) {
    let set = || cx.profiles.definitions().terminology().value_set(canonical);
    match strength {
        BindingStrength::Required | BindingStrength::Example => {}
        BindingStrength::Extensible => {
            let own = cx.out.issues.get(before..).unwrap_or_default();
            if own.iter().any(|i| matches!(i.message, Message::CodeMissingExtensible { .. })) {
                let set = set();
                cx.out.issues.truncate(before);
                let message = Message::CodeMissingMaximum { value_set: named(&set, canonical) };
                cx.report(message, item.node(), def.profile);
                return;
            }
            let is_outside = own.iter().any(|i| {
                matches!(
                    i.message,
                    Message::CodeNotInExtensible { .. }
                        | Message::CodingNotInExtensible { .. }
                        | Message::OneCodingNotInExtensible { .. }
                        | Message::ConceptNotInExtensible { .. }
                )
            });
            if !is_outside {
                return;
            }
            let set = set();
            // Of a concept the reference reports both.
            if !matches!(kind, Kind::Concept) {
                cx.out.issues.truncate(before);
            }
            maximum(cx, item, def, kind, canonical, &set);
        }
        BindingStrength::Preferred => {
            let set = set();
            let before = cx.out.issues.len();
            maximum(cx, item, def, kind, canonical, &set);
            if matches!(kind, Kind::Code) {
                return;
            }
            // The reference asks it of bare codes only: no instance is refused for it.
            for issue in cx.out.issues.iter_mut().skip(before) {
                issue.severity = issue.severity.min(Severity::Warning);
            }
        }
    }
}

/// Whether a profile sets the value set. What the base definition recommends is not reported to anybody, and the
/// reference is silent about it.
fn is_own_binding<'a>(cx: &Context<'a>, def: Def<'a>) -> bool {
    let known = of_type(cx, def);
    known.map(|b| &b.value_set) != def.element().binding.as_ref().map(|b| &b.value_set)
}

/// The binding that the type itself gives an element, looked up once for each rule.
fn of_type<'a>(cx: &Context<'a>, def: Def<'a>) -> Option<&'a Arc<Binding>> {
    def.rule.type_binding.get_or_init(|| look_up_binding(cx, def)).as_ref()
}

fn look_up_binding<'a>(cx: &Context<'a>, def: Def<'a>) -> Option<Arc<Binding>> {
    let element = def.element();
    let path = element.base.as_ref().map_or(&*element.path, |base| &*base.path);
    let owner = path.split('.').next().unwrap_or(path);
    let base = cx.profiles.definitions().type_definition(owner).ok()??;
    base.elements.iter().find(|e| &*e.path == path)?.binding.clone()
}

fn bound<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, kind: Kind, to: Bound<'_>) {
    match kind {
        Kind::Code => bound_code(cx, item, def, to),
        Kind::Coding => bound_coding(cx, item, def, to),
        Kind::Concept => bound_concept(cx, item, def, to),
    }
}

fn bound_code<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, to: Bound<'_>) {
    let Bound { strength, canonical, set, is_silent } = to;
    // A code of white space alone has been reported as such.
    let Some(code) = item.text().filter(|t| !t.trim().is_empty()) else { return };
    // The types of FHIRPath are types of elements too; the value set does not list them.
    if code.starts_with(SYSTEM_TYPE) && canonical.starts_with(DEFINED_TYPES) {
        return;
    }
    let at = item.node();
    // Rule: <https://hl7.org/fhir/R4/capabilitystatement-definitions.html#CapabilityStatement.format>.
    if matches!(&*code, "xml" | "json" | "ttl")
        && def.element().path.starts_with("CapabilityStatement.format")
    {
        return;
    }
    match syntax(canonical, &code).unwrap_or_else(|| set.validate(None, &code)) {
        Membership::Member(member) => {
            if let Some(message) =
                coding::out_of_use(&code, member.is_inactive, member.is_deprecated)
            {
                cx.report(message, at, def.profile);
            }
        }
        _ if is_silent => {}
        Membership::Unknown(missing) => {
            report_missing_content(cx, at, def, strength, canonical, &missing)
        }
        Membership::NotMember => {
            let shown = Value::from(&*code);
            let named = named(set, canonical);
            match strength {
                BindingStrength::Required => {
                    let near = set.codes(2000);
                    let near = nearest(&code, near.iter().map(|(_, c, _)| &**c)).map(str::to_owned);
                    cx.report(
                        Message::InferCodeSystem { code: shown.clone(), value_set: named.clone() },
                        at,
                        def.profile,
                    );
                    cx.report(
                        Message::CodeNotInRequired {
                            code: shown,
                            value_set: named,
                            hint: Hint::code(near.as_deref()),
                        },
                        at,
                        def.profile,
                    );
                }
                BindingStrength::Extensible => {
                    cx.report(
                        Message::CodeNotInExtensible { code: shown, value_set: named },
                        at,
                        def.profile,
                    );
                }
                BindingStrength::Preferred => {
                    cx.report(
                        Message::CodeNotInPreferred { code: shown, value_set: named },
                        at,
                        def.profile,
                    );
                }
                BindingStrength::Example => {}
            }
        }
    }
}

fn bound_coding<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, to: Bound<'_>) {
    let Bound { strength, canonical, set, is_silent } = to;
    let at = item.node();
    let (system, code) = system_and_code(item);
    let Some(code) = code else {
        // A quantity without code has no coded unit; only a Coding must have one.
        if !is_silent && def.element().types.iter().any(|t| t.name() == "Coding") {
            no_code(cx, at, def, strength, canonical, set);
        }
        return;
    };
    // Without a system it has no meaning, which is reported.
    if system.is_none() {
        return;
    }
    let is_of_other_version = has_other_version(cx, item, system.as_deref());
    let mut reported = Reported::of(cx, at);
    if strength == BindingStrength::Required {
        reported.raise_system(item, system.as_deref());
        reported.settle(cx);
    }
    match set.validate(system.as_deref(), &code) {
        Membership::Member(member)
            if !is_of_other_version && !is_misnamed(cx, item, set, &member.system, &code) =>
        {
            reported.named_by(item, set, &member.system, &code);
            reported.settle(cx);
        }
        _ if is_silent => {}
        Membership::Unknown(missing) => {
            report_missing_content(cx, at, def, strength, canonical, &missing)
        }
        Membership::Member(_) | Membership::NotMember => {
            let code = Value::from(format!("{}#{code}", system.as_deref().unwrap_or("")));
            // Of a system of the set that nobody knows it can only be said that the set has not this code.
            let is_coding = !is_of_other_version
                && system.as_deref().is_some_and(|s| {
                    set.has_system(s) != Some(true)
                        || cx.profiles.definitions().terminology().code_system(s).is_some()
                });
            let value_set = named(set, canonical);
            let message = match (strength, is_coding) {
                (BindingStrength::Required, false) => {
                    Message::CodingNotInRequired { code, value_set }
                }
                (BindingStrength::Extensible, false) => {
                    Message::CodingNotInExtensible { code, value_set }
                }
                (BindingStrength::Preferred, false) => {
                    Message::CodingNotInPreferred { code, value_set }
                }
                (BindingStrength::Required, true) => {
                    Message::OneCodingNotInRequired { code, value_set }
                }
                (BindingStrength::Extensible, true) => {
                    Message::OneCodingNotInExtensible { code, value_set }
                }
                (BindingStrength::Preferred, true) => {
                    Message::OneCodingNotInPreferred { code, value_set }
                }
                (BindingStrength::Example, _) => return,
            };
            cx.report(message, at, def.profile);
        }
    }
}

fn bound_concept<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, to: Bound<'_>) {
    let Bound { strength, canonical, set, is_silent } = to;
    let at = item.node();
    let (mut any, mut member, mut unknown, mut undecided) = (false, false, None, false);
    let mut codes = Vec::new();
    let mut invalid = Vec::new();
    let mut reported = Reported::of(cx, at);
    for coding in item.children_named(&CODING) {
        let (system, code) = system_and_code(coding);
        if strength == BindingStrength::Required {
            reported.raise_system(coding, system.as_deref());
        }
        if coding.children().next().is_none() {
            continue;
        }
        any = true;
        if code.is_none()
            && system.as_deref().is_some_and(|system| {
                set.has_system(system) != Some(false)
                    && cx.profiles.definitions().terminology().code_system(system).is_none()
            })
        {
            // Of nothing in a system of the set that nobody knows there is nothing to say.
            undecided = true;
            continue;
        }
        let code = code.unwrap_or_default();
        let shown = || format!("{}#{code}", system.as_deref().unwrap_or(""));
        // A code without a system is a code of no value set.
        if system.is_none() {
            codes.push(shown());
            continue;
        }
        check_version(cx, coding, def, set, system.as_deref());
        match set.validate(system.as_deref(), &code) {
            Membership::Member(found) => {
                member = true;
                reported.named_by(coding, set, &found.system, &code);
            }
            Membership::Unknown(missing) => unknown = unknown.or(Some(missing)),
            Membership::NotMember => codes.push(shown()),
        }
        if let Some(display) = reported.wrong_display(coding) {
            invalid.push(format!("{} {display:?}", shown()));
        } else if reported.has_unknown_code(coding) {
            invalid.push(shown());
        }
    }
    reported.settle(cx);
    // With the reference, a concept of which one coding is misnamed or has a code that its system has not
    // has no valid coding.
    if member && invalid.is_empty() {
        return;
    }
    if member {
        codes = invalid;
        unknown = None;
    }
    if is_silent {
        return;
    }
    if !any {
        match set.missing_content() {
            Some(missing @ MissingContent::NoValueSet(_)) => {
                report_missing_content(cx, at, def, strength, canonical, missing);
            }
            _ => no_code(cx, at, def, strength, canonical, set),
        }
        return;
    }
    if let Some(missing) = unknown {
        return report_missing_content(cx, at, def, strength, canonical, &missing);
    }
    if undecided {
        return;
    }
    let (value_set, codes) = (named(set, canonical), codes.join(", ").into());
    let message = match strength {
        BindingStrength::Required => Message::ConceptNotInRequired { value_set, codes },
        BindingStrength::Extensible => Message::ConceptNotInExtensible { value_set, codes },
        BindingStrength::Preferred => Message::ConceptNotInPreferred { value_set, codes },
        BindingStrength::Example => return,
    };
    cx.report(message, at, def.profile);
}

/// Reports a Coding of another version of its system than the value set takes.
fn check_version<'a>(
    cx: &mut Context<'a>,
    coding: Element<'a>,
    def: Def<'a>,
    set: &ValueSet,
    system: Option<&str>,
) {
    if !has_other_version(cx, coding, system) {
        return;
    }
    let Some(system) = system.filter(|system| set.has_system(system) == Some(true)) else { return };
    let of = cx.profiles.definitions().terminology().code_system(system);
    let known = of.as_ref().and_then(|of| of.version.as_deref());
    let (Some(known), Some(version)) = (known, single(coding, &VERSION)) else { return };
    let message = Message::ValueSetOtherVersion {
        system: system.to_owned().into(),
        known: known.into(),
        version: version.text().unwrap_or_default().into(),
    };
    cx.report(message, version.node(), def.profile);
}

/// Whether a Coding is of a version that its known code system does not have.
fn has_other_version<'a>(cx: &Context<'a>, item: Element<'a>, system: Option<&str>) -> bool {
    let Some(version) = single(item, &VERSION).and_then(Element::text).filter(|v| !v.is_empty())
    else {
        return false;
    };
    let terminology = cx.profiles.definitions().terminology();
    system.is_some_and(|system| {
        terminology.code_system(system).is_some()
            && terminology.code_system(&format!("{system}|{version}")).is_none()
    })
}

/// Whether a Coding has a display that is an error: with the reference, it is then no valid member.
fn is_misnamed<'a>(
    cx: &Context<'a>,
    item: Element<'a>,
    set: &ValueSet,
    system: &str,
    code: &str,
) -> bool {
    let Some(text) = single(item, &DISPLAY).and_then(Element::text).filter(|t| !t.is_empty())
    else {
        return false;
    };
    cx.options.wrong_display.is_error()
        && coding::is_misnamed(cx, system, code, &text)
        && !set.texts(system, code).iter().any(|known| same_display(known, &text))
}

fn no_code<'a>(
    cx: &mut Context<'a>,
    at: Node<'a>,
    def: Def<'a>,
    strength: BindingStrength,
    canonical: &str,
    set: &ValueSet,
) {
    let message = match strength {
        BindingStrength::Required => {
            Message::CodeMissingRequired { value_set: named(set, canonical) }
        }
        BindingStrength::Extensible => {
            Message::CodeMissingExtensible { value_set: named(set, canonical) }
        }
        _ => return,
    };
    cx.report(message, at, def.profile);
}

fn maximum<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    kind: Kind,
    canonical: &Arc<str>,
    set: &ValueSet,
) {
    let at = item.node();
    let mut memberships = Vec::new();
    let shown = match kind {
        Kind::Code => {
            let Some(code) = item.text().filter(|t| !t.trim().is_empty()) else { return };
            memberships.push(syntax(canonical, &code).unwrap_or_else(|| set.validate(None, &code)));
            code.into_owned()
        }
        Kind::Coding => {
            let (system, Some(code)) = system_and_code(item) else { return };
            if system.is_none() && !def.element().types.iter().any(|t| t.name() == "Coding") {
                return;
            }
            memberships.push(set.validate(system.as_deref(), &code));
            code.into_owned()
        }
        Kind::Concept => {
            for coding in item.children_named(&CODING) {
                if let (system, Some(code)) = system_and_code(coding) {
                    memberships.push(set.validate(system.as_deref(), &code));
                }
            }
            String::new()
        }
    };
    if memberships.is_empty() || memberships.iter().any(|v| matches!(v, Membership::Member(_))) {
        return;
    }
    if let Some(Membership::Unknown(missing)) =
        memberships.iter().find(|v| matches!(v, Membership::Unknown(_)))
    {
        return report_missing_content(cx, at, def, BindingStrength::Required, canonical, missing);
    }
    let named = named(set, canonical);
    if matches!(kind, Kind::Concept) {
        cx.report(Message::CodingNotInMax { value_set: named }, at, def.profile);
    } else {
        cx.report(
            Message::CodingNotInMaxSingle { code: shown.into(), value_set: named },
            at,
            def.profile,
        );
    }
}

/// Reports that a value set could not be asked.
fn report_missing_content<'a>(
    cx: &mut Context<'a>,
    at: Node<'a>,
    def: Def<'a>,
    strength: BindingStrength,
    canonical: &Arc<str>,
    missing: &MissingContent,
) {
    match missing {
        MissingContent::NoValueSet(_)
            if cx.profiles.definitions().terminology().code_system(canonical).is_some() =>
        {
            let message = Message::BoundToCodeSystem { system: canonical.into() };
            cx.report(message, at, def.profile);
        }
        MissingContent::NoValueSet(part) if **part != **canonical => {
            let (value_set, part) = (canonical.into(), part.to_string().into());
            cx.report(Message::ValueSetPartUnknown { value_set, part }, at, def.profile);
        }
        MissingContent::NoValueSet(_) => {
            cx.report(Message::ValueSetNotFound { value_set: canonical.into() }, at, def.profile);
        }
        // Units have a grammar of their own, languages and media types too.
        MissingContent::NoCodeSystem(system)
            if matches!(system.as_str(), UCUM | MEDIA_TYPES | LANGUAGES) => {}
        missing => {
            let mut reason = String::with_capacity(canonical.len() + 64);
            // Writing to a text cannot fail.
            let _ = write!(reason, "{missing}");
            let issue = cx.report(
                Message::ValueSetNoContent { value_set: canonical.into(), reason: reason.into() },
                at,
                def.profile,
            );
            if strength != BindingStrength::Required {
                issue.severity = Severity::Information;
            }
        }
    }
}

/// Value sets that are a grammar, not a list.
fn syntax(canonical: &str, code: &str) -> Option<Membership> {
    let name = canonical.strip_prefix("http://hl7.org/fhir/ValueSet/")?;
    let valid = match split_canonical(name).0 {
        "mimetypes" => grammar::is_media_type(code),
        "all-languages" => grammar::is_language(code),
        _ => return None,
    };
    if valid {
        return Some(Membership::Unknown(MissingContent::NoCodeSystem(MEDIA_TYPES.to_owned())));
    }
    Some(Membership::NotMember)
}

/// A value set by its title or name, and its address.
fn named(set: &ValueSet, canonical: &str) -> Defined {
    let title: Option<&Arc<str>> = set.title.as_ref().or(set.name.as_ref());
    match title {
        Some(title) => format!("{title} ({canonical})").into(),
        None => canonical.into(),
    }
}

static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static VERSION: LazyLock<Name> = LazyLock::new(|| Name::new("version"));
static CODE: LazyLock<Name> = LazyLock::new(|| Name::new("code"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| Name::new("display"));
static CODING: LazyLock<Name> = LazyLock::new(|| Name::new("coding"));

/// A code that is required cannot be left to extensions.
pub(crate) fn check_only_extended<'a>(cx: &mut Context<'a>, item: Element<'a>, defs: &Defs<'a>) {
    for def in defs {
        if let Some(binding) = &def.element().binding
            && binding.strength == BindingStrength::Required
            && let Some(value_set) = &binding.value_set
        {
            cx.report(
                Message::CodeOnlyExtended { value_set: value_set.to_string().into() },
                item.node(),
                def.profile,
            );
        }
    }
}
