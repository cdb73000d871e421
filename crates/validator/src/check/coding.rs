//! A Coding by itself, whatever it is bound to: its system, its code, its display, its unit.

use std::borrow::Cow;
use std::sync::{Arc, LazyLock};

use lmr_fhir::{Element, Kind, Name, Severity, nearest};

use super::context::Context;
use super::grammar::{self, LANGUAGES, MEDIA_TYPES, UCUM, URIS};
use super::primitive;
use crate::compile::Def;
use crate::definitions::BindingStrength;
use crate::messages::Message;
use crate::messages::field::Hint;
use crate::messages::issue_code::IssueCode;
use crate::terminology::{CodeSystem, Concept, Content};

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const RXNORM: &str = "http://www.nlm.nih.gov/research/umls/rxnorm";

static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static CODE: LazyLock<Name> = LazyLock::new(|| Name::new("code"));
static CODING: LazyLock<Name> = LazyLock::new(|| Name::new("coding"));
static VERSION: LazyLock<Name> = LazyLock::new(|| Name::new("version"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| Name::new("display"));

/// Code systems whose content only a terminology server has. A concept with a code of theirs is not
/// checked any further, as with the reference.
const SERVER_SIDE: &[&str] = &[
    SNOMED,
    LOINC,
    "http://hl7.org/fhir/sid/cvx",
    RXNORM,
    "http://www.ama-assn.org/go/cpt",
    "http://hl7.org/fhir/ndfrt",
    "http://hl7.org/fhir/sid/ndc",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-9-cm",
    "http://hl7.org/fhir/sid/icd-10-cm",
];

/// Code systems that have a grammar or a register instead of a list. Their codes are not looked up,
/// and no warning says so.
const UNLISTED: &[&str] = &[
    UCUM,
    MEDIA_TYPES,
    LANGUAGES,
    URIS,
    "urn:iso:std:iso:3166",
    "urn:iso:std:iso:3166:-2",
    "urn:iso:std:iso:4217",
];

fn is_external(system: &str) -> bool {
    SERVER_SIDE.contains(&system) || UNLISTED.contains(&system)
}

/// A part of a coding or quantity that is not repeated. An array in its place is reported as such, and is
/// nothing that a code could be read from.
pub(crate) fn single<'a>(item: Element<'a>, name: &Name) -> Option<Element<'a>> {
    item.child(name).filter(|found| found.index().is_none())
}

/// Checks a Coding by itself, whatever it is bound to.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let in_concept = item.name() == Some("coding");
    match system_and_code(item) {
        (None, None) if !in_concept || is_bare(item) => {}
        (None, _) => {
            cx.report(Message::CodeNoSystem, item.node(), def.profile);
        }
        (Some(system), code) => {
            let part_of = if in_concept { Use::Concept } else { Use::Alone };
            check_code(cx, item, (system, code), def, part_of);
        }
    }
}

/// Whether a Coding says nothing of its own.
fn is_bare(item: Element<'_>) -> bool {
    item.children().all(|child| child.text().is_none_or(|text| text.is_empty()))
}

/// What a system and code are part of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// A coding of a concept.
    Concept,
    /// A Coding of its own.
    Alone,
    /// The unit of a quantity.
    Unit,
}

/// Checks the unit of a Quantity as a code of its system. That a unit without a system has no
/// meaning is an invariant of its own (qty-3), and a unit may be left out.
pub(crate) fn check_unit<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    let has_empty_system =
        single(item, &SYSTEM).and_then(Element::text).is_some_and(|system| system.is_empty());
    if has_empty_system && single(item, &CODE).is_some_and(Element::has_value) {
        cx.report(Message::SystemRelative, item.node(), def.profile);
    }
    if let (Some(system), code @ Some(_)) = system_and_code(item) {
        check_code(cx, item, (system, code), def, Use::Unit);
    }
}

/// Whether the address is one that only a code system of the core can have.
fn is_of_core(system: &str) -> bool {
    ["http://hl7.org/fhir", "https://hl7.org/fhir", "http://www.hl7.org/fhir"]
        .iter()
        .any(|start| system.starts_with(start))
        && !system.contains("/sid/")
        && !system.starts_with("http://hl7.org/fhir/test")
}

/// The well-known system that an address begins as and is not.
fn nearly_known(system: &str) -> Option<&'static str> {
    [SNOMED, LOINC, UCUM, RXNORM].into_iter().find(|known| {
        system.strip_prefix(known).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('|'))
    })
}

/// Checks a code of a system, and the system.
fn check_code<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    (system, code): (Cow<'a, str>, Option<Cow<'a, str>>),
    def: Def<'a>,
    part_of: Use,
) {
    let system_node = single(item, &SYSTEM).map_or(item.node(), Element::node);
    // What is not a string has been reported as such.
    if system_node.kind() != Kind::String && part_of != Use::Unit {
        return;
    }
    // A unit's system with white space behind it is nearly a known one, not a relative one.
    let is_nearly_known = part_of == Use::Unit && nearly_known(&system).is_some();
    if !primitive::is_absolute(&system) && !is_nearly_known {
        return relative(cx, item, &system, def, part_of);
    }
    let at = if is_bound(cx, def, part_of) { system_node } else { item.node() };
    if let Some(expected) = nearly_known(&system) {
        let message = Message::SystemInvalid { system: system.into(), expected: expected.into() };
        cx.report(message, at, def.profile);
        return;
    }
    if let Some(rest) = system.strip_prefix("https://") {
        let plain = format!("http://{rest}");
        if [SNOMED, LOINC, UCUM].contains(&&*plain)
            || cx.profiles.definitions().terminology().code_system(&plain).is_some()
        {
            let message = Message::SystemHttps { system: system.into_owned().into() };
            cx.report(message, item.node(), def.profile);
            return;
        }
    }
    if let Some(code) = &code
        && matches!(&*system, UCUM | LANGUAGES | URIS)
    {
        grammar::check(cx, single(item, &CODE).unwrap_or(item), &system, code, def);
    }
    let Some(known) = cx.profiles.definitions().terminology().code_system(&system) else {
        return unknown_system(cx, item, &system, def, part_of);
    };
    if let Some(fault) = known.fault() {
        let (system, reason) = (system.into_owned().into(), fault.to_string().into());
        cx.report(Message::CodeSystemUnusable { system, reason }, system_node, def.profile);
        return;
    }
    if known.content == Content::Supplement {
        let message = Message::SystemIsSupplement { system: system.into_owned().into() };
        cx.report(message, system_node, def.profile);
        return;
    }
    if part_of == Use::Concept && !known.is_complete() {
        return unknown_system(cx, item, &system, def, part_of);
    }
    if let Some(version) = version_of(item)
        && is_bound(cx, def, part_of)
        && cx
            .profiles
            .definitions()
            .terminology()
            .code_system(&format!("{system}|{version}"))
            .is_none()
    {
        if part_of != Use::Concept || !has_server_side(cx, item) {
            let message = Message::UnknownCodeSystemVersion {
                system: system.into_owned().into(),
                version: version.into(),
                known: known.version.as_deref().unwrap_or_default().into(),
            };
            cx.report(message, system_node, def.profile);
        }
        return;
    }
    match code {
        Some(code) => check_member(cx, item, &known, &system, &code, def),
        // A pattern has only the parts that it asks for.
        None if &*def.element().path == "ElementDefinition.pattern[x]" => {}
        None => no_code(cx, item, &known, &system, def),
    }
}

fn version_of(item: Element<'_>) -> Option<Cow<'_, str>> {
    single(item, &VERSION).and_then(Element::text).filter(|version| !version.is_empty())
}

/// A system that is no absolute address: wrong, and unknown.
fn relative<'a>(cx: &mut Context<'a>, item: Element<'a>, system: &str, def: Def<'a>, part_of: Use) {
    let is_bound = is_bound(cx, def, part_of);
    let system_node = single(item, &SYSTEM).map_or(item.node(), Element::node);
    let at = if is_bound { system_node } else { item.node() };
    cx.report(Message::SystemRelative, at, def.profile);
    if is_bound && part_of != Use::Concept {
        let message = Message::UnknownCodeSystem { system: system.to_owned().into() };
        cx.report(message, system_node, def.profile);
    }
}

/// Reports a system that is not at hand, unless nobody expects it to be.
fn unknown_system<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    system: &str,
    def: Def<'a>,
    part_of: Use,
) {
    let system_node = single(item, &SYSTEM).map_or(item.node(), Element::node);
    let is_bound = is_bound(cx, def, part_of);
    if cx.profiles.definitions().terminology().has_value_set(system) {
        let message = Message::SystemIsValueSet { system: system.to_owned().into() };
        let at = if is_bound { system_node } else { item.node() };
        cx.report(message, at, def.profile);
        return;
    }
    if is_of_core(system) && !is_bound {
        let message = Message::SystemUnknown { system: system.to_owned().into() };
        cx.report(message, item.node(), def.profile);
        return;
    }
    if is_external(system) || (part_of == Use::Concept && has_server_side(cx, item)) {
        return;
    }
    let message = match version_of(item) {
        Some(version) if is_bound => Message::UnknownCodeSystemVersionNone {
            system: system.to_owned().into(),
            version: version.into(),
        },
        _ => Message::UnknownCodeSystem { system: system.to_owned().into() },
    };
    let is_required = is_bound
        && part_of != Use::Concept
        && def.element().binding.as_ref().is_some_and(|b| b.strength == BindingStrength::Required);
    let issue = cx.report(message, system_node, def.profile);
    if is_required && is_of_hl7(system) {
        issue.severity = Severity::Error;
    }
    // With the reference, a Coding of its own that nothing binds is but noted.
    if !is_bound {
        (issue.severity, issue.code) = (Severity::Information, IssueCode::Unknown);
    }
}

/// Whether HL7 gives out the addresses of the kind: where a code of such a system is required, that the system
/// is not known is an error. Where in the address HL7's is does not matter, as with the reference, which looks for it
/// in the whole sentence that it reports: an address that merely contains it is an error too.
pub(super) fn is_of_hl7(system: &str) -> bool {
    system.contains("http://hl7.org/fhir") || system.contains("http://terminology.hl7.org")
}

fn no_code<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    known: &CodeSystem,
    system: &str,
    def: Def<'a>,
) {
    let system = system.to_owned().into();
    let message = match &known.version {
        Some(version) => Message::NoCodeProvidedVersion { system, version: version.into() },
        None => Message::NoCodeProvided { system },
    };
    let issue = cx.report(message, item.node(), def.profile);
    // The location where the code should stand.
    issue.expression.push_str(".code");
    issue.local_expression.push_str(".code");
}

/// What there is to say of a code that should no longer be used.
pub(crate) fn out_of_use(code: &str, is_inactive: bool, is_deprecated: bool) -> Option<Message> {
    let code = || code.to_owned().into();
    match (is_inactive, is_deprecated) {
        (true, _) => Some(Message::ConceptInactive { code: code() }),
        (false, true) => Some(Message::ConceptDeprecated { code: code() }),
        (false, false) => None,
    }
}

/// Whether a system has a code, whether the code is still in use, and what it is called.
fn check_member<'a>(
    cx: &mut Context<'a>,
    item: Element<'a>,
    known: &CodeSystem,
    system: &str,
    code: &str,
    def: Def<'a>,
) {
    let code_node = single(item, &CODE).map_or(item.node(), Element::node);
    let Some(concept) = known.concept(code) else {
        if known.is_complete() {
            let concepts = known.concepts();
            let near = cx
                .may_suggest(concepts.len())
                .then(|| nearest(code, concepts.iter().map(|concept| &*concept.code)));
            let hint = Hint::code(near.flatten());
            let (code, system) = (code.to_owned().into(), system.to_owned().into());
            let message = match &known.version {
                Some(version) => {
                    Message::UnknownCode { code, system, version: version.into(), hint }
                }
                None => Message::UnknownCodeNoVersion { code, system, hint },
            };
            cx.report(message, code_node, def.profile);
        } else if known.content == Content::Fragment {
            let (code, system) = (code.to_owned().into(), system.to_owned().into());
            cx.report(Message::CodeNotInPart { code, system }, code_node, def.profile);
        } else if !is_external(system) {
            let message = Message::CodeSystemNoContent { system: system.to_owned().into() };
            cx.report(message, code_node, def.profile);
        }
        return;
    };
    if let Some(message) = out_of_use(&concept.code, concept.is_inactive, concept.is_deprecated) {
        cx.report(message, item.node(), def.profile);
    }
    let Some(shown) = single(item, &DISPLAY) else { return };
    let Some(text) = shown.text().filter(|text| !text.is_empty()) else { return };
    if let Some(display) = wrong_display(cx, concept, &text) {
        let severity = cx.options.wrong_display;
        let message = Message::DisplayWrong {
            system: system.to_owned().into(),
            code: code.to_owned().into(),
            expected: display.to_string().into(),
            found: text.into_owned().into(),
        };
        cx.report(message, shown.node(), def.profile).severity = severity;
    }
}

/// Whether the codes are those of a value set that is at hand: then unknown systems are reported.
fn is_bound<'a>(cx: &Context<'a>, def: Def<'a>, part_of: Use) -> bool {
    part_of == Use::Concept
        || def.element().binding.as_ref().is_some_and(|binding| {
            binding.strength != BindingStrength::Example
                && binding.value_set.as_ref().is_some_and(|value_set| {
                    cx.profiles.definitions().terminology().has_value_set(value_set)
                })
        })
}

/// Codings that are looked through again for each of them.
const FEW: usize = 8;

/// Whether a coding of the same concept is one that only a terminology server can check.
fn has_server_side(cx: &Context<'_>, coding: Element<'_>) -> bool {
    let is_one = |one: Element<'_>| {
        single(one, &SYSTEM)
            .and_then(Element::text)
            .is_some_and(|system| SERVER_SIDE.contains(&&*system))
    };
    coding.parent().is_some_and(|concept| {
        let codings = || concept.children_named(&CODING);
        if codings().nth(FEW).is_none() {
            return codings().any(is_one);
        }
        *cx.shared.server_side.get(concept.node(), || codings().any(is_one))
    })
}

/// The right display of a concept, if it is known and another one is given.
fn wrong_display<'c>(cx: &Context<'_>, concept: &'c Concept, given: &str) -> Option<&'c Arc<str>> {
    concept.display.as_ref().filter(|display| {
        !same_display(display, given)
            && !concept.designations.iter().any(|known| same_display(known, given))
            && !is_supplemented(cx, concept, given)
            && !other_language(cx.options.language.as_deref())
    })
}

/// Whether a supplement calls a concept so in the language of the resource.
fn is_supplemented(cx: &Context<'_>, concept: &Concept, given: &str) -> bool {
    let language = |resource: Element<'_>| {
        resource.child_text("language").map(Cow::into_owned).filter(|tag| !tag.is_empty())
    };
    let language = language(cx.resource).or_else(|| language(cx.container));
    concept.supplemented(language.as_deref()).any(|known| same_display(known, given))
}

/// Whether a code of a known system is given another display than it has.
pub(crate) fn is_misnamed(cx: &Context<'_>, system: &str, code: &str, given: &str) -> bool {
    cx.profiles
        .definitions()
        .terminology()
        .code_system(system)
        .filter(|known| known.fault().is_none())
        .is_some_and(|known| {
            known.concept(code).is_some_and(|of| wrong_display(cx, of, given).is_some())
        })
}

/// Displays at hand are English; in another language they prove nothing.
fn other_language(language: Option<&str>) -> bool {
    language.is_some_and(|l| !l.split(',').any(|one| one.trim().starts_with("en")))
}

/// Case and white space do not matter.
pub(crate) fn same_display(a: &str, b: &str) -> bool {
    let norm = |s: &str| s.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    a == b || norm(a) == norm(b)
}

/// System and code of a Coding or Quantity.
pub(crate) fn system_and_code<'a>(
    item: Element<'a>,
) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
    let text = |n: &Name| single(item, n).and_then(Element::text).filter(|t| !t.is_empty());
    (text(&SYSTEM), text(&CODE))
}
