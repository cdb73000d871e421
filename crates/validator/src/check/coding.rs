//! A Coding by itself, whatever it is bound to: its system, its code, its display, its unit.

use std::borrow::Cow;
use std::sync::LazyLock;

use lmr_fhir::{Element, Name, Severity, nearest};

use super::context::Context;
use super::grammar::{self, LANGUAGES, MEDIA_TYPES, UCUM, URIS};
use super::primitive;
use crate::compile::Def;
use crate::definitions::BindingStrength;
use crate::messages::Message;
use crate::messages::issue_code::IssueCode;
use crate::terminology::Content;

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";

static SYSTEM: LazyLock<Name> = LazyLock::new(|| Name::new("system"));
static CODE: LazyLock<Name> = LazyLock::new(|| Name::new("code"));
static DISPLAY: LazyLock<Name> = LazyLock::new(|| Name::new("display"));

/// Code systems that are never part of a package. Their codes are not checked, and no warning
/// says so.
const EXTERNAL: &[&str] = &[
    SNOMED,
    LOINC,
    UCUM,
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.ama-assn.org/go/cpt",
    "http://hl7.org/fhir/sid/icd-10",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-9-cm",
    "http://hl7.org/fhir/sid/ndc",
    "http://hl7.org/fhir/sid/cvx",
    "http://hl7.org/fhir/sid/mvx",
    "http://hl7.org/fhir/ndfrt",
    "http://fdasis.nlm.nih.gov",
    "http://dicom.nema.org/resources/ontology/DCM",
    "http://nucc.org/provider-taxonomy",
    "http://www.whocc.no/atc",
    MEDIA_TYPES,
    LANGUAGES,
    URIS,
    "urn:iso:std:iso:3166",
    "urn:iso:std:iso:3166:-2",
    "urn:iso:std:iso:4217",
    "urn:iso:std:iso:11073:10101",
];
/// Checks a Coding by itself, whatever it is bound to.
pub(crate) fn check<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    match system_and_code(item) {
        (Some(_), None) if item.child(&SYSTEM).is_some() => check_code(cx, item, def, true),
        (None, Some(_)) => {
            cx.report(Message::CodeNoSystem, item.node(), def.profile);
        }
        (None, None) => {}
        _ => check_code(cx, item, def, true),
    }
}

/// Checks the unit of a Quantity as a code of its system. That a unit without a system has no
/// meaning is an invariant of its own (qty-3), and a unit may be left out.
pub(crate) fn check_unit<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>) {
    if let (Some(_), Some(_)) = system_and_code(item) {
        check_code(cx, item, def, false);
    }
}

/// The well-known system that an address begins as and is not.
fn nearly_known(system: &str) -> Option<&'static str> {
    [SNOMED, LOINC, UCUM].into_iter().find(|known| {
        system.strip_prefix(known).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('|'))
    })
}

fn check_code<'a>(cx: &mut Context<'a>, item: Element<'a>, def: Def<'a>, code_is_due: bool) {
    let system_at = item.child(&SYSTEM);
    let code_at = item.child(&CODE);
    let (Some(system), code) = system_and_code(item) else { return };
    let system_node = system_at.map_or(item.node(), Element::node);
    if !primitive::is_absolute(&system) {
        cx.report(Message::SystemRelative, system_node, def.profile);
        return;
    }
    if let Some(expected) = nearly_known(&system) {
        let message = Message::SystemInvalid { system: system.into(), expected: expected.into() };
        cx.report(message, system_node, def.profile);
        return;
    }
    if let Some(code) = &code
        && matches!(&*system, UCUM | LANGUAGES | URIS)
    {
        grammar::check(cx, code_at.unwrap_or(item), &system, code, def);
    }
    let terminology = cx.profiles.definitions().terminology();
    let Some(known) = terminology.code_system(&system) else {
        if terminology.has_value_set(&system) {
            cx.report(
                Message::SystemIsValueSet { system: system.into_owned().into() },
                system_node,
                def.profile,
            );
        } else if !EXTERNAL.contains(&&*system) {
            let element = def.element();
            let is_bound = element.name() == "coding"
                || element.binding.as_ref().is_some_and(|b| b.strength != BindingStrength::Example);
            let issue = cx.report(
                Message::UnknownCodeSystem { system: system.into_owned().into() },
                system_node,
                def.profile,
            );
            // With the reference, a Coding of its own that nothing binds is but noted.
            if !is_bound {
                (issue.severity, issue.code) = (Severity::Information, IssueCode::Unknown);
            }
        }
        return;
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
    let Some(code) = code else {
        if !code_is_due {
            return;
        }
        let issue = cx.report(
            Message::NoCodeProvided { system: system.into_owned().into() },
            item.node(),
            def.profile,
        );
        // The place where the code should stand.
        issue.expression.push_str(".code");
        issue.local_expression.push_str(".code");
        return;
    };
    let code_node = code_at.map_or(item.node(), Element::node);
    match known.concept(&code) {
        None if known.is_complete() => {
            let near = nearest(&code, known.concepts().iter().map(|c| &*c.code));
            let hint = near.into();
            let (code, system) = (code.into(), system.into_owned().into());
            match &known.version {
                Some(version) => {
                    cx.report(
                        Message::UnknownCode { code, system, version: version.into(), hint },
                        code_node,
                        def.profile,
                    );
                }
                None => {
                    cx.report(
                        Message::UnknownCodeNoVersion { code, system, hint },
                        code_node,
                        def.profile,
                    );
                }
            }
        }
        None => {
            if !EXTERNAL.contains(&&*system) {
                cx.report(
                    Message::CodeSystemNoContent { system: system.into_owned().into() },
                    code_node,
                    def.profile,
                );
            }
        }
        Some(concept) => {
            let Some(shown) = item.child(&DISPLAY) else { return };
            let Some(text) = shown.text() else { return };
            if let Some(display) = &concept.display
                && !same_display(display, &text)
                && !concept.designations.iter().any(|known| same_display(known, &text))
                && !other_language(cx.options.language.as_deref())
            {
                let severity = cx.options.wrong_display;
                cx.report(
                    Message::DisplayWrong {
                        system: system.into_owned().into(),
                        code: code.into_owned().into(),
                        expected: display.to_string().into(),
                        found: text.into_owned().into(),
                    },
                    shown.node(),
                    def.profile,
                )
                .severity = severity;
            }
        }
    }
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
    let text = |n: &Name| item.child(n).and_then(Element::text).filter(|t| !t.is_empty());
    (text(&SYSTEM), text(&CODE))
}
