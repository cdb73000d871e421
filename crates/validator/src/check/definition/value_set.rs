//! ValueSets: the code systems they take codes from, the codes, the value sets they import.
//! Rule: <https://hl7.org/fhir/R4/valueset.html>.

use std::sync::LazyLock;

use lmr_fhir::{Element, Name};

use crate::canonical::split_canonical;
use crate::check::context::Context;
use crate::check::primitive::is_absolute;
use crate::check::string::kind_of_definition;
use crate::compile::Profile;
use crate::messages::Message;
use crate::terminology::{CodeSystem, Content};

static CONCEPT: LazyLock<Name> = LazyLock::new(|| Name::new("concept"));
static FILTER: LazyLock<Name> = LazyLock::new(|| Name::new("filter"));
static VALUE_SET: LazyLock<Name> = LazyLock::new(|| Name::new("valueSet"));

pub(super) fn check<'a>(cx: &mut Context<'a>, base: &'a Profile) {
    let Some(compose) = cx.resource.child_by_name("compose") else { return };
    for part in compose.children() {
        if matches!(part.name(), Some("include" | "exclude")) {
            system(cx, part, base);
            imports(cx, part, base);
        }
    }
}

fn system<'a>(cx: &mut Context<'a>, part: Element<'a>, base: &'a Profile) {
    let Some(system) = part.child_text("system").filter(|system| !system.is_empty()) else {
        return;
    };
    let shown = || system.to_string().into();
    if !is_absolute(&system) {
        let message = if system.starts_with('#') {
            Message::ValueSetSystemLocal { system: shown() }
        } else {
            Message::ValueSetSystemRelative { system: shown() }
        };
        cx.report(message, part.node(), base);
        return;
    }
    // It is an address, not a canonical: https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.compose.include.version
    if let (of, Some(version)) = split_canonical(&system) {
        let (of, version) = (of.to_owned().into(), version.to_owned().into());
        let message = match part.child_text("version") {
            Some(_) => Message::ValueSetSystemVersionTwice { system: of, version },
            None => Message::ValueSetSystemVersion { system: of, version },
        };
        cx.report(message, part.node(), base);
        return;
    }
    let terminology = cx.profiles.definitions().terminology();
    let canonical = match part.child_text("version") {
        Some(version) => format!("{system}|{version}"),
        None => system.to_string(),
    };
    let Some(known) = terminology.code_system(&canonical) else {
        if terminology.code_system(&system).is_none() && terminology.has_value_set(&system) {
            cx.report(Message::ValueSetSystemIsValueSet { system: shown() }, part.node(), base);
        }
        return;
    };
    if known.content == Content::Supplement {
        cx.report(Message::ValueSetSystemIsSupplement { system: shown() }, part.node(), base);
        return;
    }
    if !known.is_complete() || known.fault().is_some() {
        return;
    }
    for concept in part.children_named(&CONCEPT) {
        let Some(code) = concept.child_text("code").filter(|code| !code.is_empty()) else {
            continue;
        };
        if known.concept(&code).is_none() {
            let message =
                Message::ValueSetCodeUnknown { code: code.into_owned().into(), system: shown() };
            cx.report(message, concept.node(), base);
        }
    }
    for one in part.children_named(&FILTER) {
        filter(cx, one, &known, &system, base);
    }
}

/// The codes that a filter compares codes with are codes of the system.
/// Rule: <https://hl7.org/fhir/R4/valueset-filter-operator.html>.
fn filter<'a>(
    cx: &mut Context<'a>,
    filter: Element<'a>,
    known: &CodeSystem,
    system: &str,
    base: &'a Profile,
) {
    let text = |name: &str| filter.child_text(name).unwrap_or_default();
    if !matches!(&*text("property"), "concept" | "code") {
        return;
    }
    let value = text("value");
    let codes: Vec<&str> = match &*text("op") {
        "=" | "is-a" | "is-not-a" | "descendent-of" | "generalizes" => vec![&*value],
        "in" | "not-in" => value.split(',').map(str::trim).collect(),
        _ => return,
    };
    for code in codes.into_iter().filter(|code| !code.is_empty() && known.concept(code).is_none()) {
        let (code, system) = (code.to_owned().into(), system.to_owned().into());
        cx.report(Message::ValueSetFilterCode { code, system }, filter.node(), base);
    }
}

fn imports<'a>(cx: &mut Context<'a>, part: Element<'a>, base: &'a Profile) {
    for import in part.children_named(&VALUE_SET) {
        let Some(url) = import.text().filter(|url| !url.is_empty()) else { continue };
        if url.contains('?') || cx.profiles.definitions().terminology().has_value_set(&url) {
            continue;
        }
        let value_set = url.to_string().into();
        let message = match kind_of_definition(cx, split_canonical(&url).0) {
            Some(found) => Message::ValueSetImportWrong { value_set, found: found.into() },
            None => Message::ValueSetImportUnknown { value_set },
        };
        cx.report(message, import.node(), base);
    }
}
