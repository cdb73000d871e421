//! References: shape, target type, target profile, aggregation.
//! Rule: <https://hl7.org/fhir/R4/references.html>; the order of checks is the
//! reference validator's.

pub(crate) mod messages;

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Kind, Name, Node, Severity};
use smallvec::SmallVec;

use super::bundle::entries::{Sought, Unresolvable, type_and_id};
use super::contained;
use super::context::Context;
use super::outcome::PendingTarget;
use super::primitive;
use super::string::is_example;
use crate::compile::{Def, Targets, TypeRule};
use crate::definitions::Aggregation;
use crate::issue::reason_of;
use crate::messages::Message;
use crate::messages::field::{Defined, Text, Value};
use crate::messages::issue_code::IssueCode;
use crate::options::{Options, ReferenceCheck};

static ID: LazyLock<Name> = LazyLock::new(|| Name::new("id"));
static REFERENCE: LazyLock<Name> = LazyLock::new(|| Name::new("reference"));
static IDENTIFIER: LazyLock<Name> = LazyLock::new(|| Name::new("identifier"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| Name::new("display"));
static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static VALUE: LazyLock<Name> = LazyLock::new(|| Name::new("value"));
static TYPE: LazyLock<Name> = LazyLock::new(|| Name::new("type"));

const BASE: &str = "http://hl7.org/fhir/StructureDefinition/";

/// How many entries are named that nearly fit a reference.
const MAX_NEAR: usize = 20;

/// Where a reference leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TargetLocation {
    Contained,
    Bundled,
    Remote,
}

/// Checks a Reference: its target's type, aggregation and profiles.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, ty: &'a TypeRule) {
    let at = item.node();
    let Some(text) = reference_text(item) else {
        let has_text = |of: Element<'a>, name: &Name| {
            of.child(name).and_then(Element::text).is_some_and(|t| !t.is_empty())
        };
        let identified =
            item.child(&IDENTIFIER).is_some_and(|i| has_text(i, &SYSTEM) || has_text(i, &VALUE));
        if !identified && !has_text(item, &DISPLAY) {
            cx.report(Message::RefNoDisplay, at, def.profile);
        }
        return;
    };
    if cx.options.references == ReferenceCheck::Ignore {
        return;
    }
    let as_written = item.child(&REFERENCE).and_then(Element::text);
    if as_written.is_some_and(|written| written.contains(is_space)) {
        let message = Message::RefInvalid { reference: text.to_string().into() };
        cx.report(message, at, def.profile);
    } else if cx.options.assume_valid_rest_references && is_suspicious(cx, &text) {
        cx.report(Message::RefSuspicious { reference: text.to_string().into() }, at, def.profile);
    }
    if search_of(cx, &text).is_some_and(|query| !is_search(query)) {
        let message = Message::RefQueryInvalid { reference: text.to_string().into() };
        cx.report(message, at, def.profile);
    }
    let (found, location) = locate(cx, item, &text, def, true);
    if location == TargetLocation::Contained && found.is_none() {
        cx.report(Message::RefCantResolve { reference: text.to_string().into() }, at, def.profile);
        aggregation(cx, at, def, ty, &text, TargetLocation::Remote);
        return;
    }
    let exists = matches!(
        cx.options.references,
        ReferenceCheck::ExistsAndType | ReferenceCheck::ExistsAndValid
    );
    let external = if found.is_none() {
        external_type(cx, &text).or_else(|| own_type(cx, &text))
    } else {
        None
    };
    if found.is_none()
        && exists
        && external.is_none()
        && !text.contains('?')
        && !cx.options.assume_valid_rest_references
        && !(cx.options.example_urls && is_example(&text))
    {
        cx.report(Message::RefCantResolve { reference: text.to_string().into() }, at, def.profile);
    }
    // A type that does not exist is reported of the resource that claims it.
    let is_known = |of: &Cow<'_, str>| cx.profiles.definitions().is_resource_type(of);
    let target_type: Option<Cow<'_, str>> = match found {
        Some(found) => found.resource_type().filter(is_known),
        None => external.map(Cow::Owned),
    };
    check_type(cx, item, def, ty, &text, target_type.as_deref());
    aggregation(cx, at, def, ty, &text, location);
    if let Some(target) = found {
        target_profiles(cx, item, def, ty, target, location);
    } else {
        remote_profiles(cx, item, def, ty, &text);
    }
}

/// White space as the type `uri` has it (`\S*`, of XML Schema's expressions, in which a no-break space is none).
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\u{b}'
}

fn is_blank(text: &str) -> bool {
    text.chars().all(is_space)
}

/// The reference's text without spaces behind it; a list has none. A contained resource's id is taken as
/// it is written.
fn reference_text(item: Element<'_>) -> Option<Cow<'_, str>> {
    let reference = item.child(&REFERENCE).filter(|found| found.index().is_none())?;
    let text = match reference.text()? {
        text if text.ends_with(' ') && !text.starts_with('#') && !is_blank(&text) => {
            Cow::Owned(text.trim_end_matches(' ').to_owned())
        }
        text => text,
    };
    (!text.is_empty()).then_some(text)
}

/// The target profiles of a reference's type, looked up once.
fn targets<'a>(cx: &Context<'a>, ty: &'a TypeRule) -> &'a Targets {
    ty.targets.get_or_init(|| {
        let mut out = Targets::default();
        let mut any = ty.of.target_profiles.is_empty();
        for canonical in &ty.of.target_profiles {
            match cx.profiles.profile(canonical) {
                Ok(Some(id)) => {
                    let Some(profile) = cx.profiles.get(id) else { continue };
                    let of = &profile.definition.type_name;
                    any |= lmr_fhir::is_abstract_resource(of);
                    if !out.types.contains(of) {
                        out.types.push(Arc::clone(of));
                    }
                    out.profiles.push((Arc::clone(of), id, profile.definition.is_profile()));
                }
                Ok(None) => out.faults.push((Arc::clone(canonical), None)),
                Err(reason) => out.faults.push((Arc::clone(canonical), Some(reason))),
            }
        }
        out.any = any;
        out
    })
}

fn check_type<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    ty: &'a TypeRule,
    text: &str,
    found: Option<&str>,
) {
    let at = item.node();
    let targets = targets(cx, ty);
    let type_name = match found {
        Some(found) => Some(Cow::Borrowed(found)),
        None => type_and_id(without_version(text))
            .map(|(type_name, _)| type_name)
            .filter(|type_name| cx.profiles.definitions().is_resource_type(type_name))
            .map(Cow::Owned),
    };
    stated_type(cx, item, def, targets, type_name.as_deref());
    for (canonical, reason) in &targets.faults {
        let url = Defined::from(canonical);
        match reason {
            None => {
                let issue =
                    cx.report(Message::RefCantResolveProfile { profile: url }, at, def.profile);
                // The reference asks for the profile only when there is something to check.
                if found.is_none() {
                    issue.severity = Severity::Information;
                }
            }
            Some(reason) => {
                cx.report(
                    Message::ProfileNoSnapshot { profile: url, reason: reason.bilingual().into() },
                    at,
                    def.profile,
                );
            }
        };
    }
    let allowed = &targets.types;
    let Some(type_name) = type_name.filter(|t| !targets.any && !allowed.iter().any(|a| **a == **t))
    else {
        return;
    };
    if found.is_some() {
        let unknown = targets.faults.iter().map(|(canonical, _)| canonical);
        let wanted: Vec<&str> = allowed.iter().chain(unknown).map(|w| &**w).collect();
        cx.report(
            Message::RefBadTargetType {
                found: type_name.into_owned().into(),
                allowed: Text::defined(wanted.join(", ")),
            },
            at,
            def.profile,
        );
    } else if targets.faults.is_empty() {
        let assumed = cx.options.assume_valid_rest_references;
        let issue = cx.report(
            Message::RefBadTargetType2 {
                found: type_name.into_owned().into(),
                reference: text.to_owned().into(),
                allowed: allowed.join(", ").into(),
            },
            at,
            def.profile,
        );
        // What an address says is taken for true by option only.
        if !assumed {
            issue.severity = Severity::Information;
        }
    }
}

/// `Reference.type`: one that is allowed, and the target's.
fn stated_type<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    targets: &Targets,
    type_name: Option<&str>,
) {
    let Some(stated) = item.child(&TYPE).and_then(Element::text) else { return };
    // An empty value is reported as such.
    if stated.trim().is_empty() {
        return;
    }
    let at = item.node();
    // Relative to the addresses of FHIR's definitions; absolute ones are for logical models only
    // (https://hl7.org/fhir/R4/references.html#Reference).
    let relative = stated.strip_prefix(BASE).unwrap_or(&stated);
    if !targets.any && !targets.types.iter().any(|t| **t == *relative) {
        for (canonical, _) in &targets.faults {
            let url = Defined::from(canonical);
            cx.report(Message::RefCantResolveProfile { profile: url }, at, def.profile).code =
                IssueCode::NotFound;
        }
        cx.report(
            Message::RefWrongTarget {
                stated: relative.to_owned().into(),
                allowed: targets.types.join(", ").into(),
            },
            at,
            def.profile,
        );
    }
    if let Some(type_name) = type_name.filter(|type_name| *type_name != stated) {
        cx.report(
            Message::RefBadTargetType {
                found: type_name.to_owned().into(),
                allowed: Text::given(&*stated),
            },
            at,
            def.profile,
        );
    }
}

fn aggregation<'a>(
    cx: &mut Context<'a>,
    at: Node<'a>,
    def: Def<'a>,
    ty: &'a TypeRule,
    text: &str,
    location: TargetLocation,
) {
    let modes = &ty.of.aggregation;
    if modes.is_empty() || !cx.options.aggregation {
        return;
    }
    let is = match location {
        TargetLocation::Contained => Aggregation::Contained,
        TargetLocation::Bundled => Aggregation::Bundled,
        TargetLocation::Remote => Aggregation::Referenced,
    };
    if modes.contains(&is)
        || (is == Aggregation::Bundled && modes.contains(&Aggregation::Referenced))
    {
        return;
    }
    if location == TargetLocation::Remote && !modes.contains(&Aggregation::Referenced) {
        cx.report(
            Message::RefNotFoundBundle { reference: text.to_owned().into() },
            at,
            def.profile,
        );
        return;
    }
    let word = |a: &Aggregation| match a {
        Aggregation::Contained => "contained",
        Aggregation::Referenced => "referenced",
        Aggregation::Bundled => "bundled",
    };
    let allowed: Vec<&str> = modes.iter().map(word).collect();
    cx.report(
        Message::RefAggregation {
            found: word(&is).to_owned().into(),
            allowed: allowed.join(", ").into(),
        },
        at,
        def.profile,
    );
}

fn target_profiles<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    ty: &'a TypeRule,
    target: Element<'a>,
    location: TargetLocation,
) {
    let mut profiles = SmallVec::new();
    let found = target.resource_type();
    let mut is_profiled = false;
    for (of, id, more) in &targets(cx, ty).profiles {
        if lmr_fhir::is_abstract_resource(of) && !more {
            return;
        }
        if found.as_deref() == Some(&**of) || lmr_fhir::is_abstract_resource(of) {
            is_profiled |= *more;
            profiles.push(*id);
        }
    }
    // A base definition is met by whatever is of its type: its own issues are reported there.
    if !is_profiled {
        return;
    }
    let container = if location == TargetLocation::Contained { cx.container } else { target };
    cx.pending(PendingTarget { at: item, target, container, profiles, by: def.profile });
}

/// Finds the target inside the document; with `reports`, reports what is odd
/// about a reference in a bundle.
fn locate<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    text: &str,
    def: Def<'a>,
    reports: bool,
) -> (Option<Element<'a>>, TargetLocation) {
    if let Some(id) = text.strip_prefix('#') {
        return (contained::find(cx, id), TargetLocation::Contained);
    }
    let at = item.node();
    if let Some(found) = cx.shared.parameter_at(at, text) {
        return (Some(found), TargetLocation::Bundled);
    }
    let Some(links) = cx.shared.links_at(at) else {
        return (None, TargetLocation::Remote);
    };
    let Some(source) = links.entry_of(at) else {
        // A reference of the bundle itself (signature).
        let first = links.with_url(text).first().and_then(|i| links.entries[*i as usize].resource);
        return (
            first,
            if first.is_some() { TargetLocation::Bundled } else { TargetLocation::Remote },
        );
    };
    // The plain case: an address that one entry has.
    if let [one] = links.with_url(text)
        && primitive::is_absolute(text)
    {
        return (links.entries[*one as usize].resource, TargetLocation::Bundled);
    }
    let from = links.entries[source].full_url.as_deref();
    let sought = links.seek(text, from);
    let resource = sought
        .matches
        .first()
        .and_then(|i| links.entries.get(*i as usize))
        .and_then(|e| e.resource);
    if !reports {
        return (
            resource,
            if resource.is_some() { TargetLocation::Bundled } else { TargetLocation::Remote },
        );
    }
    let value = || Value::from(text);
    let transaction = matches!(&*links.kind, "transaction" | "batch");
    match sought.fault {
        Some(Unresolvable::NoFullUrl) => {
            let answer = matches!(&*links.kind, "batch-response" | "transaction-response");
            // Only a server that takes the entries together looks for what is asked for
            // (<https://hl7.org/fhir/R4/http.html#trules>).
            let conditional = links.kind == "transaction" && text.contains('?');
            if !answer && !conditional {
                cx.report(Message::BundleFullUrlMissing { reference: value() }, at, def.profile);
            }
            return (None, TargetLocation::Remote);
        }
        Some(Unresolvable::Shape) => {
            if transaction && search_of(cx, text).is_some_and(is_search) {
                return (None, TargetLocation::Remote);
            }
            let message = if transaction {
                Message::RefFormat1 { reference: value() }
            } else {
                Message::RefFormat2 { reference: value() }
            };
            cx.report(message, at, def.profile);
            return (None, TargetLocation::Remote);
        }
        None => {}
    }
    if sought.version.is_some()
        && !primitive::is_absolute(text)
        && let Some(url) = &sought.url
        && links.has_unversioned(url)
    {
        let full_url = url.clone().into();
        cx.report(Message::BundleNeedVersion { full_url }, at, def.profile);
    }
    if sought.matches.len() > 1 {
        cx.report(Message::BundleMultipleMatches { reference: value() }, at, def.profile);
    }
    let Some(resource) = resource else {
        // What follows type and id, be it a space, makes it another address.
        let written = item.child(&REFERENCE).and_then(Element::text).unwrap_or_default();
        near_misses(cx, at, &written, &sought, def);
        return (None, TargetLocation::Remote);
    };
    if let Some((type_name, _)) = &sought.type_and_id
        && !primitive::is_absolute(text)
        && let Some(found) = resource.resource_type()
        && found != *type_name
    {
        cx.report(
            Message::RefResourceType { reference: value(), found: found.into_owned().into() },
            at,
            def.profile,
        );
    }
    (Some(resource), TargetLocation::Bundled)
}

/// What in the bundle nearly fits a reference that fits nothing.
fn near_misses<'a>(cx: &mut Context<'a>, at: Node<'a>, text: &str, sought: &Sought, def: Def<'a>) {
    let Some(links) = cx.shared.links_at(at) else { return };
    if text.starts_with("urn:") {
        if cx.options.dangling_urn_is_error {
            cx.report(
                Message::RefCantResolve { reference: text.to_owned().into() },
                at,
                def.profile,
            );
        } else {
            cx.report(
                Message::BundleNotLocal { reference: text.to_owned().into() },
                at,
                def.profile,
            );
        }
    }
    // An absolute address is that of one server: another entry's id says nothing of it.
    if primitive::is_absolute(text) || text.contains(['#', ' ']) {
        return;
    }
    let Some((type_name, id)) = &sought.type_and_id else { return };
    let near = links.with_id(type_name, id);
    let (ambiguous, near): (bool, Vec<u32>) =
        (near.len() > 1, near.iter().take(MAX_NEAR).copied().collect());
    let url = sought.url.clone().unwrap_or_default();
    let short = match &sought.version {
        Some(version) => format!("{type_name}/{id}/_history/{version}"),
        None => format!("{type_name}/{id}"),
    };
    if ambiguous {
        cx.report(
            Message::BundlePossibleMatches {
                reference: url.clone().into(),
                target: short.clone().into(),
            },
            at,
            def.profile,
        );
    }
    for entry in near {
        let full_url = links.entries.get(entry as usize).and_then(|e| e.full_url.as_deref());
        let (entry, reference, expected) =
            (entry as usize, short.clone().into(), url.clone().into());
        let message = match full_url {
            Some(full_url) => {
                let full_url = full_url.to_owned().into();
                Message::BundlePossibleWrongUrl { entry, reference, full_url, expected }
            }
            None => Message::BundlePossibleNoUrl { entry, reference, expected },
        };
        cx.report(message, at, def.profile);
    }
}

/// What a conditional reference (`Patient?identifier=1`) searches for.
/// Rule: <https://hl7.org/fhir/R4/http.html#trules>.
fn search_of<'t>(cx: &Context<'_>, text: &'t str) -> Option<&'t str> {
    let (of, query) = text.split_once('?')?;
    cx.profiles.definitions().is_resource_type(of).then_some(query)
}

/// Whether it is a search by parameters, each with its name and its value.
fn is_search(query: &str) -> bool {
    query.split('&').all(|part| part.split_once('=').is_some_and(|(name, _)| !name.is_empty()))
}

/// Neither absolute, nor a fragment, nor `Type/id` (with a version or not), nor a search.
fn is_suspicious<'a>(cx: &Context<'a>, text: &str) -> bool {
    if primitive::is_absolute(text) || text.starts_with('#') || text.contains('?') {
        return false;
    }
    let is_type = |name: &str| cx.profiles.definitions().is_resource_type(name);
    match *text.split('/').collect::<SmallVec<[&str; 4]>>() {
        [of, id] => !is_type(of) || !primitive::is_id(id),
        [of, id, "_history", version] => {
            !is_type(of) || !primitive::is_id(id) || !primitive::is_id(version)
        }
        _ => true,
    }
}

/// The resource a Reference (or a reference text) leads to, quietly.
pub(crate) fn target_of<'a>(cx: &Context<'a>, item: Element<'a>) -> Option<Element<'a>> {
    let text = match item.value().map(Node::kind) {
        Some(Kind::Object) => item.child(&REFERENCE)?.text()?,
        _ => item.text()?,
    };
    if let Some(id) = text.strip_prefix('#') {
        return contained::find(cx, id);
    }
    cx.shared.target(&text, item.node())
}

/// Type of the document's own resource, if the reference leads there.
fn own_type<'a>(cx: &Context<'a>, text: &str) -> Option<String> {
    let (type_name, id) = text.split_once('/')?;
    let root = cx.shared.document.root_element();
    (root.resource_type()? == type_name && root.child(&ID)?.text()? == id)
        .then(|| type_name.to_owned())
}

/// Type of a target outside the document, if the caller gave it.
fn external_type<'a>(cx: &Context<'a>, text: &str) -> Option<String> {
    let document = cx.options.external_document(text)?;
    document.root_element().resource_type().map(Cow::into_owned)
}

/// Target profiles of a target outside the document, if the caller gave it.
fn remote_profiles<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    def: Def<'a>,
    ty: &'a TypeRule,
    text: &str,
) {
    if cx.options.references != ReferenceCheck::ExistsAndValid || cx.options.external_depth == 0 {
        return;
    }
    let document = cx.options.external_document(text);
    let found = match document {
        Some(document) => document.root_element().resource_type().map(Cow::into_owned),
        None => type_and_id(without_version(text)).map(|(t, _)| t),
    };
    let Some(found) = found else { return };
    let mut names = Vec::new();
    let mut inner = Vec::new();
    for canonical in &ty.of.target_profiles {
        let Ok(Some(id)) = cx.profiles.profile(canonical) else { continue };
        let Some(profile) = cx.profiles.get(id) else { continue };
        if *profile.definition.type_name != *found {
            continue;
        }
        if !profile.definition.is_profile() {
            return;
        }
        names.push(canonical.to_string());
        // What is not at hand cannot be shown to fit.
        let Some(document) = document else { continue };
        let options = Options {
            profiles: vec![canonical.to_string()],
            external_depth: cx.options.external_depth - 1,
            // Its time is that of the reference.
            statistics: None,
            ..cx.options.clone()
        };
        let issues = (cx.shared.validate)(cx.profiles, document, &options);
        if issues.iter().all(|i| !i.severity.is_error()) {
            return;
        }
        inner.extend(issues.into_iter().filter(|i| i.severity.is_error()));
    }
    if !names.is_empty() {
        let issue = cx.report(
            Message::RefCantMatchChoice {
                reference: text.to_owned().into(),
                profiles: names.join(", ").into(),
                because: reason_of(&inner),
            },
            item.node(),
            def.profile,
        );
        issue.severity = Severity::Error;
        issue.inner = inner;
    }
}

/// A reference without the version and the fragment that may follow type and id.
fn without_version(reference: &str) -> &str {
    let plain = reference.split('#').next().unwrap_or(reference);
    plain.split("/_history/").next().unwrap_or(plain)
}
